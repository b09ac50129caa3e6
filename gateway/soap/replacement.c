/* replacement.c - the addresses of an envelope that passes, replaced as the configuration wants it.
 *
 * Happy path: gw_rewrite() makes another envelope, its replacements are counted, it takes the
 * first one's place. Failure modes: no XML, no memory, too large: the envelope stays. */
#include "soap/replacement.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/record.h"

/* What the log limits one by one, so that a route's sentences don't hide a serve's. */
static const struct words {
    const char *side, *if_signed, *if_failed;
} WORDS[] = {
    [GW_REPLACEMENT_ROUTE] = {"route", "signed route", "rewrite route"},
    [GW_REPLACEMENT_SERVE] = {"serve", "signed serve", "rewrite serve"},
};

static void count(const struct gw_replacement *replacement, const struct gw_rewrite_result *result)
{
    const struct words *words = &WORDS[replacement->side];
    gw_record_event(GW_EVENT_REWRITTEN_WSDL, result->wsdl);
    gw_record_event(GW_EVENT_REWRITTEN_XADDR, result->xaddr);
    gw_record_event(GW_EVENT_REWRITTEN_WSA, result->wsa);
    if (!result->is_signed)
        return;
    gw_record_event(GW_EVENT_SIGNED, 1);
    gw_log_rarely(words->if_signed, GW_LOG_WARNING,
                  "%s \"%s\": a signed envelope keeps its addresses (rewrite-signed)", words->side,
                  replacement->pattern);
}

bool gw_replacement_is_on(const struct gw_rewrite_config *config)
{
    return config->categories || config->elements.count;
}

void gw_replacement_make(const struct gw_replacement *replacement, char **envelope, size_t *bytes)
{
    const struct words *words = &WORDS[replacement->side];
    struct gw_rewrite_result result = {0};
    char why[300];
    size_t out_bytes;
    char *out = gw_rewrite(&replacement->rewriting, *envelope, *bytes, replacement->most_bytes,
                           &out_bytes, &result, why, sizeof why);
    if (!out) {
        gw_log_rarely(words->if_failed, GW_LOG_WARNING, "%s \"%s\": addresses stay: %s",
                      words->side, replacement->pattern, why);
        return;
    }
    count(replacement, &result);
    free(*envelope);
    *envelope = out;
    *bytes = out_bytes;
}
