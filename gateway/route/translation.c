/* translation.c - the addresses in an envelope that passes a route: in the words of the other side.
 *
 * Happy path: what could hold an address of the kind is rewritten, and counted. Failure modes: no
 * XML, no memory, too large: the envelope stays, and the log says so, at most once a minute. */
#include "route/translation.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/record.h"
#include "soap/rewrite.h"

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

static void count(const struct gw_exchange *exchange, const struct gw_rewrite_result *result)
{
    gw_record_event(GW_EVENT_REWRITTEN_WSDL, result->wsdl);
    gw_record_event(GW_EVENT_REWRITTEN_XADDR, result->xaddr);
    gw_record_event(GW_EVENT_REWRITTEN_WSA, result->wsa);
    if (!result->is_signed)
        return;
    gw_record_event(GW_EVENT_SIGNED, 1);
    gw_log_rarely("signed request", GW_LOG_WARNING,
                  "route \"%s\": a signed envelope keeps its addresses (rewrite-signed)",
                  gw_pattern_text(exchange->route->pattern));
}

static void rewrite(const struct gw_exchange *exchange, gw_rewrite_fn *map, char **envelope,
                    size_t *bytes)
{
    struct gw_address_map addresses = gw_translation_map(exchange);
    const struct gw_rewriting rewriting = {.config = &exchange->route->rewrite,
                                           .map = map,
                                           .user = &addresses,
                                           .transport = GW_REWRITE_HTTP};
    struct gw_rewrite_result result = {0};
    char why[256];
    size_t out_bytes;
    char *out = gw_rewrite(&rewriting, *envelope, *bytes, exchange->config->limits.body_bytes,
                           &out_bytes, &result, why, sizeof why);
    if (!out) {
        gw_log_rarely("rewrite request", GW_LOG_WARNING, "route \"%s\": addresses stay: %s",
                      gw_pattern_text(exchange->route->pattern), why);
        return;
    }
    count(exchange, &result);
    free(*envelope);
    *envelope = out;
    *bytes = out_bytes;
}

static bool is_on(const struct gw_exchange *exchange)
{
    const struct gw_rewrite_config *config = &exchange->route->rewrite;
    return (config->categories || config->elements.count) && *gw_request_base(exchange->request);
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
        rewrite(exchange, gw_address_to_xmpp, envelope, bytes);
}

void gw_translation_answer(const struct gw_exchange *exchange, char **envelope, size_t *bytes)
{
    if (is_on(exchange) && has(*envelope, *bytes, "xmpp:"))
        rewrite(exchange, gw_address_to_http, envelope, bytes);
}
