/* fuzz_pattern.c - patterns of a configuration, and the paths and JIDs of strangers.
 *
 * Input: a pattern, a NUL, a path or JID.
 * Claims: a pattern is refused with a clause or keeps its text. What its names match is what a name
 * may match, and put in their places it is what was matched: of a path all but the rest, of a JID
 * all, but for the case of literals.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/pattern.h"
#include "fuzz.h"

enum { OUT_BYTES = 1024 };

static void claim_values(const struct gw_match *match)
{
    CLAIM(match->count <= GW_PATTERN_NAMES);
    for (size_t i = 0; i < match->count; i++) {
        size_t len = strlen(match->values[i]);
        CLAIM(len >= 1 && len < GW_PATTERN_VALUE_BYTES && *match->names[i]);
        CLAIM(strspn(match->values[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789._~-") == len);
    }
}

static void match_path(const struct gw_pattern *pattern, const char *text, const char *path)
{
    struct gw_match match = {0};
    char out[OUT_BYTES];
    if (!gw_pattern_match_path(pattern, path, &match))
        return;
    claim_values(&match);
    CLAIM(match.rest >= path && match.rest <= path + strlen(path));
    CLAIM(!*match.rest || *match.rest == '/' || strcmp(text, "/") == 0);
    if (strstr(text, "{user}") || !gw_pattern_expand(text, &match, "", out, sizeof out))
        return;
    size_t len = (size_t)(match.rest - path);
    CLAIM(strncmp(out, path, len) == 0 && (!out[len] || strcmp(out + len, "/") == 0));
}

static void match_jid(const struct gw_pattern *pattern, const char *text, const char *jid)
{
    struct gw_match match = {0};
    char out[OUT_BYTES];
    if (!gw_pattern_match_jid(pattern, jid, &match))
        return;
    claim_values(&match);
    if (!strstr(text, "{user}") && gw_pattern_expand(text, &match, "", out, sizeof out))
        CLAIM(strcasecmp(out, jid) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const uint8_t *nul = len ? memchr(bytes, 0, len) : NULL;
    size_t text_len = nul ? (size_t)(nul - bytes) : len;
    char *text = fuzz_text(bytes, text_len);
    char *other = fuzz_text(nul ? nul + 1 : bytes + len, nul ? len - text_len - 1 : 0);
    char why[256] = "";
    struct gw_pattern *pattern = gw_pattern_new(text, why, sizeof why);
    CLAIM(pattern || *why);
    if (pattern) {
        CLAIM(strcmp(gw_pattern_text(pattern), text) == 0);
        CLAIM(gw_pattern_compare(pattern, pattern) == 0);
        CLAIM(gw_pattern_covers(pattern, text, true, why, sizeof why));
        match_path(pattern, text, other);
        match_jid(pattern, text, other);
    }
    gw_pattern_free(pattern);
    free(text);
    free(other);
    return 0;
}
