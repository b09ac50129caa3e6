#include "serve/addresses.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/record.h"
#include "soap/rewrite.h"

static void count(const struct gw_backend *backend, const struct gw_rewrite_result *result)
{
    gw_record_event(GW_EVENT_REWRITTEN_WSDL, result->wsdl);
    gw_record_event(GW_EVENT_REWRITTEN_XADDR, result->xaddr);
    gw_record_event(GW_EVENT_REWRITTEN_WSA, result->wsa);
    if (!result->is_signed)
        return;
    gw_record_event(GW_EVENT_SIGNED, 1);
    gw_log_rarely("signed", GW_LOG_WARNING,
                  "serve \"%s\": a signed envelope keeps its addresses (rewrite-signed)",
                  gw_pattern_text(backend->service->serve->pattern));
}

static void rewrite(const struct gw_backend *backend, gw_rewrite_fn *map, char **envelope,
                    size_t *bytes, size_t most_bytes)
{
    const struct gw_rewriting rewriting = {
        .config = &backend->service->serve->rewrite, .map = map, .user = (void *)backend};
    struct gw_rewrite_result result = {0};
    char why[300], *out;
    size_t out_bytes;
    if (rewriting.config->categories == 0 && rewriting.config->elements.count == 0)
        return;
    out =
        gw_rewrite(&rewriting, *envelope, *bytes, most_bytes, &out_bytes, &result, why, sizeof why);
    if (!out) {
        gw_log_rarely("rewrite", GW_LOG_WARNING, "serve \"%s\": addresses stay as they are: %s",
                      gw_pattern_text(backend->service->serve->pattern), why);
        return;
    }
    count(backend, &result);
    free(*envelope);
    *envelope = out;
    *bytes = out_bytes;
}

/* Most requests have no address of ours in them. */
void gw_addresses_request(const struct gw_backend *backend, char **envelope, size_t *bytes,
                          size_t most_bytes)
{
    if (memmem(*envelope, *bytes, "xmpp:", 5))
        rewrite(backend, gw_backend_to_http, envelope, bytes, most_bytes);
}

void gw_addresses_answer(const struct gw_backend *backend, char **envelope, size_t *bytes,
                         size_t most_bytes)
{
    rewrite(backend, gw_backend_to_xmpp, envelope, bytes, most_bytes);
}
