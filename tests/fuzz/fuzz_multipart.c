/* fuzz_multipart.c - bodies of parts, and packages of MTOM, from strangers.
 *
 * Input: a Content-Type, a NUL, then a body.
 * Claims: each ends in a sentence or can be read. What was read and is written again is read as the
 * same parts. A package becomes an envelope, or a sentence; and what is taken out of an envelope is
 * put in again byte for byte.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "soap/mtom.h"

enum { MOST_BYTES = 1 << 22 };

static void claim_same(const struct gw_multipart *a, const struct gw_multipart *b)
{
    CLAIM(a->envelope_bytes == b->envelope_bytes && a->part_count == b->part_count);
    CLAIM(memcmp(a->envelope, b->envelope, a->envelope_bytes) == 0);
    for (size_t i = 0; i < a->part_count; i++) {
        CLAIM(strcmp(a->parts[i].id, b->parts[i].id) == 0 && a->parts[i].len == b->parts[i].len);
        CLAIM(memcmp(a->parts[i].bytes, b->parts[i].bytes, a->parts[i].len) == 0);
        CLAIM(strcmp(a->parts[i].type, b->parts[i].type) == 0 || !*b->parts[i].type);
    }
}

static void write_again(const struct gw_multipart *multipart)
{
    for (int version = 11; version <= 12; version++) {
        char content_type[2048], why[256] = "";
        struct gw_media_type type;
        struct gw_multipart again;
        size_t len = 0;
        char *body = gw_multipart_write(multipart, version, "urn:\"a\\", &len, content_type,
                                        sizeof content_type);
        CLAIM(body && body[len] == '\0');
        CLAIM(gw_media_type_read(&type, content_type, why, sizeof why) == 0);
        char *exact = fuzz_bytes(body, len);
        CLAIM(gw_multipart_read(&again, &type, exact, len, why, sizeof why) == 0);
        claim_same(&again, multipart);
        CLAIM(again.is_xop == multipart->is_xop);
        gw_multipart_free(&again);
        free(exact);
        free(body);
    }
}

static void pack(const struct gw_multipart *multipart)
{
    static char *listed[] = {"{urn:a}b", NULL};
    static const struct gw_strings elements = {listed, 1};
    char why[256] = "";
    struct gw_multipart package;
    size_t len = 0;
    char *text = gw_mtom_put(multipart, MOST_BYTES, &len, why, sizeof why);
    CLAIM(text ? len <= MOST_BYTES && text[len] == '\0' : *why);
    free(text);
    *why = '\0';
    if (gw_mtom_take(&package, &elements, multipart->envelope, multipart->envelope_bytes, why,
                     sizeof why)) {
        CLAIM(*why && !package.envelope && !package.parts);
        return;
    }
    text = gw_mtom_put(&package, MOST_BYTES, &len, why, sizeof why);
    CLAIM(text && len == multipart->envelope_bytes);
    CLAIM(memcmp(text, multipart->envelope, len) == 0);
    write_again(&package);
    free(text);
    gw_multipart_free(&package);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const uint8_t *nul = len ? memchr(bytes, 0, len) : NULL;
    char *content_type = nul ? fuzz_text(bytes, (size_t)(nul - bytes))
                             : fuzz_text("multipart/related; boundary=b", 29);
    size_t skip = nul ? (size_t)(nul - bytes) + 1 : 0;
    char *body = fuzz_bytes(bytes + skip, len - skip);
    struct gw_media_type type;
    struct gw_multipart multipart;
    char why[256] = "";
    if (gw_media_type_read(&type, content_type, why, sizeof why) == 0) {
        if (gw_multipart_read(&multipart, &type, body, len - skip, why, sizeof why) == 0) {
            write_again(&multipart);
            pack(&multipart);
        } else {
            CLAIM(*why && !multipart.envelope && !multipart.parts);
        }
        gw_multipart_free(&multipart);
    } else {
        CLAIM(*why);
    }
    free(content_type);
    free(body);
    return 0;
}
