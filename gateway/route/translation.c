/* translation.c - the addresses in an envelope that passes a route: in the words of the other side.
 *
 * Happy path: an envelope that could hold an address of the kind is given to soap/replacement.h,
 * with what an address becomes. Failure modes: see there. */
#include "route/translation.h"

#include <string.h>

#include "soap/replacement.h"

struct gw_address_map gw_translation_map(const struct gw_exchange *exchange)
{
    return (struct gw_address_map){
        .config = exchange->config,
        .route = exchange->route,
        .base = gw_request_base(exchange->request),
        .host = gw_request_header(exchange->request, "Host"),
        .user = gw_request_user(exchange->request),
    };
}

static void replace(const struct gw_exchange *exchange, gw_rewrite_fn *map, char **envelope,
                    size_t *bytes)
{
    struct gw_address_map addresses = gw_translation_map(exchange);
    const struct gw_replacement replacement = {
        .side = GW_REPLACEMENT_ROUTE,
        .pattern = gw_pattern_text(exchange->route->pattern),
        .rewriting = {.config = &exchange->route->rewrite,
                      .map = map,
                      .user = &addresses,
                      .transport = GW_REWRITE_HTTP},
        .most_bytes = exchange->config->limits.body_bytes,
    };
    gw_replacement_make(&replacement, envelope, bytes);
}

static bool is_on(const struct gw_exchange *exchange)
{
    return gw_replacement_is_on(&exchange->route->rewrite) && *gw_request_base(exchange->request);
}

static bool has(const char *envelope, size_t bytes, const char *text)
{
    return text && *text && memmem(envelope, bytes, text, strlen(text));
}

/* Most envelopes have no such address in them. */
void gw_translation_request(const struct gw_exchange *exchange, char **envelope, size_t *bytes)
{
    const char *authority = strstr(gw_request_base(exchange->request), "//");
    if (is_on(exchange) && (has(*envelope, *bytes, authority) ||
                            has(*envelope, *bytes, gw_request_header(exchange->request, "Host"))))
        replace(exchange, gw_address_to_xmpp, envelope, bytes);
}

void gw_translation_answer(const struct gw_exchange *exchange, char **envelope, size_t *bytes)
{
    if (is_on(exchange) && has(*envelope, *bytes, "xmpp:"))
        replace(exchange, gw_address_to_http, envelope, bytes);
}
