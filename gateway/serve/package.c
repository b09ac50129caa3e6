/* See package.h. */
#include "serve/package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/addresses.h"
#include "soap/cargo.h"
#include "soap/fault.h"
#include "soap/mtom.h"
#include "soap/multipart.h"

/* The envelope without its cargo, if it can have one. NULL with one sentence in why. */
static char *take_cargo(struct gw_cargo *cargo, const struct gw_incoming *incoming,
                        size_t most_bytes, size_t *bytes, char *why, size_t why_bytes)
{
    const char *came = gw_incoming_envelope(incoming, bytes);
    char *copy;
    if (memmem(came, *bytes, GW_FAULT_NAMESPACE, sizeof GW_FAULT_NAMESPACE - 1))
        return gw_cargo_take(cargo, came, *bytes, most_bytes, bytes, why, why_bytes);
    copy = malloc(*bytes + 1);
    if (!copy) {
        snprintf(why, why_bytes, "there is no memory left");
        return NULL;
    }
    memcpy(copy, came, *bytes);
    copy[*bytes] = '\0';
    return copy;
}

/* The path of an account's device, which has one resource for all of them. */
static int take_path(struct gw_backend *backend, const char *path, const char **condition,
                     char *why, size_t why_bytes)
{
    if (!path || !*path)
        return 0;
    if (backend->service->serve->path == GW_PATH_HEADER)
        return gw_backend_set_path(backend, path, condition, why, why_bytes);
    *condition = "item-not-found";
    snprintf(why, why_bytes, "this service has no paths");
    return -1;
}

/* The envelope with attachments, or with parts made of its large elements, as one body. */
static int make_multipart(struct gw_package *package, struct gw_multipart *parts,
                          const struct gw_incoming *incoming, char *why, size_t why_bytes)
{
    char *body =
        gw_multipart_write(parts, gw_incoming_version(incoming), gw_incoming_action(incoming),
                           &package->bytes, package->content_type, sizeof package->content_type);
    if (!body) {
        snprintf(why, why_bytes, "there is no memory left");
        return -1;
    }
    free(package->body);
    package->body = body;
    return 0;
}

static int add_parts(struct gw_package *package, const struct gw_backend *backend,
                     const struct gw_cargo *cargo, const struct gw_incoming *incoming, char *why,
                     size_t why_bytes)
{
    struct gw_multipart parts = {0};
    int result;
    if (cargo->part_count > 0) {
        parts.envelope = package->body;
        parts.envelope_bytes = package->bytes;
        parts.parts = cargo->parts;
        parts.part_count = cargo->part_count;
        package->body = NULL;
        result = make_multipart(package, &parts, incoming, why, why_bytes);
        free(parts.envelope);
        return result;
    }
    if (backend->service->serve->mtom.count == 0)
        return 0;
    result = gw_mtom_take(&parts, &backend->service->serve->mtom, package->body, package->bytes,
                          why, why_bytes);
    if (result == 0 && parts.part_count > 0)
        result = make_multipart(package, &parts, incoming, why, why_bytes);
    gw_multipart_free(&parts);
    return result;
}

int gw_package_make(struct gw_package *package, struct gw_backend *backend,
                    const struct gw_incoming *incoming, size_t most_bytes, const char **condition,
                    char *why, size_t why_bytes)
{
    struct gw_cargo cargo = {0};
    int result = -1;
    memset(package, 0, sizeof *package);
    *condition = "bad-request";
    package->body = take_cargo(&cargo, incoming, most_bytes, &package->bytes, why, why_bytes);
    if (package->body &&
        (result = take_path(backend, cargo.path, condition, why, why_bytes)) == 0) {
        gw_addresses_request(backend, &package->body, &package->bytes, most_bytes);
        result = add_parts(package, backend, &cargo, incoming, why, why_bytes);
    }
    gw_cargo_free(&cargo);
    if (result != 0)
        gw_package_fini(package);
    return result;
}

void gw_package_fini(struct gw_package *package)
{
    free(package->body);
    memset(package, 0, sizeof *package);
}
