/* envelope.c - an envelope that came as an answer, as an HTTP client gets it.
 *
 * Happy path: a look for a cargo; its parts and the envelope become a multipart. Failure modes: a
 * cargo that is none. */
#include "route/envelope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soap/cargo.h"
#include "soap/fault.h"
#include "soap/media_type.h"
#include "soap/mtom.h"
#include "soap/multipart.h"

/* Writes a multipart in the envelope's place; -1: no memory, and nothing has changed. */
static int write_multipart(struct gw_envelope *envelope, const struct gw_multipart *multipart)
{
    char content_type[GW_ENVELOPE_TYPE_BYTES];
    size_t len;
    char *bytes = gw_multipart_write(multipart, envelope->version, "", &len, content_type,
                                     sizeof content_type);
    if (!bytes)
        return -1;
    free(envelope->bytes);
    envelope->bytes = bytes;
    envelope->len = len;
    memcpy(envelope->content_type, content_type, sizeof content_type);
    return 0;
}

int gw_envelope_unload(struct gw_envelope *envelope, size_t most_bytes, char *why, size_t why_bytes)
{
    struct gw_cargo cargo = {0};
    size_t len;
    if (!memmem(envelope->bytes, envelope->len, GW_FAULT_NAMESPACE, strlen(GW_FAULT_NAMESPACE)))
        return 0;
    char *alone =
        gw_cargo_take(&cargo, envelope->bytes, envelope->len, most_bytes, &len, why, why_bytes);
    if (!alone)
        return -1;
    int result = 0;
    if (cargo.part_count) {
        const struct gw_multipart multipart = {.envelope = alone,
                                               .envelope_bytes = len,
                                               .parts = cargo.parts,
                                               .part_count = cargo.part_count};
        result = write_multipart(envelope, &multipart);
        if (result)
            snprintf(why, why_bytes, "no memory for the attachments");
        free(alone);
    } else {
        free(envelope->bytes);
        envelope->bytes = alone;
        envelope->len = len;
    }
    gw_cargo_free(&cargo);
    return result;
}

void gw_envelope_pack(struct gw_envelope *envelope, const struct gw_strings *elements)
{
    struct gw_multipart package;
    char why[256];
    if (gw_mtom_take(&package, elements, envelope->bytes, envelope->len, why, sizeof why))
        return;
    write_multipart(envelope, &package);
    gw_multipart_free(&package);
}
