/* See addresses.h. Failures: see soap/replacement.h. */
#include "serve/addresses.h"

#include <string.h>

#include "soap/replacement.h"

static void replace(const struct gw_backend *backend, gw_rewrite_fn *map, char **envelope,
                    size_t *bytes, size_t most_bytes)
{
    const struct gw_serve_config *serve = backend->service->serve;
    const struct gw_replacement replacement = {
        .side = GW_REPLACEMENT_SERVE,
        .pattern = gw_pattern_text(serve->pattern),
        .rewriting = {.config = &serve->rewrite, .map = map, .user = (void *)backend},
        .most_bytes = most_bytes,
    };
    if (gw_replacement_is_on(&serve->rewrite))
        gw_replacement_make(&replacement, envelope, bytes);
}

/* Most requests have no address of ours in them. */
void gw_addresses_request(const struct gw_backend *backend, char **envelope, size_t *bytes,
                          size_t most_bytes)
{
    if (memmem(*envelope, *bytes, "xmpp:", 5))
        replace(backend, gw_backend_to_http, envelope, bytes, most_bytes);
}

void gw_addresses_answer(const struct gw_backend *backend, char **envelope, size_t *bytes,
                         size_t most_bytes)
{
    replace(backend, gw_backend_to_xmpp, envelope, bytes, most_bytes);
}
