/* fuzz_pattern.c - patterns of paths and JIDs (gateway/config/pattern.h).
 *
 * Input: a pattern, a NUL, a path or JID, a NUL, another pattern.
 * Claims: what a pattern matches is the pattern with its names replaced, and what is left over;
 * values are what names may stand for; the order of two patterns is the same from both sides.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/pattern.h"
#include "fuzz.h"

static void claim_values(const struct gw_pattern *pattern, const struct gw_match *match)
{
    for (size_t i = 0; i < match->count; i++) {
        char name[64];
        size_t len = strlen(match->values[i]);
        CLAIM(len >= 1 && len < GW_PATTERN_VALUE_BYTES);
        for (size_t at = 0; at < len; at++) {
            char c = match->values[i][at];
            CLAIM(isalnum((unsigned char)c) || strchr("._~-", c));
        }
        CLAIM(strlen(match->names[i]) + 3 < sizeof name);
        strcat(strcpy(name, "{"), match->names[i]);
        strcat(name, "}");
        CLAIM(strstr(gw_pattern_text(pattern), name));
        CLAIM(gw_pattern_covers(pattern, name, false, name, sizeof name));
    }
}

static void match(const struct gw_pattern *pattern, const char *text, bool is_jid)
{
    struct gw_match match;
    char out[2048], why[64];
    const char *written = gw_pattern_text(pattern);
    bool is_root = strcmp(written, "/") == 0 && !is_jid;
    size_t len;
    if (!(is_jid ? gw_pattern_match_jid(pattern, text, &match)
                 : gw_pattern_match_path(pattern, text, &match)))
        return;
    claim_values(pattern, &match);
    CLAIM(gw_pattern_covers(pattern, written, false, why, sizeof why));
    CLAIM(gw_pattern_expand(written, &match, NULL, out, sizeof out));
    len = is_root && *match.rest ? 0 : strlen(out);
    CLAIM((is_jid ? strncasecmp : strncmp)(out, text, len) == 0);
    CLAIM(match.rest == text + len);
    CLAIM(*match.rest == '\0' || (!is_jid && *match.rest == '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char why[128] = "", *copy = fuzz_text(bytes, len), *end = copy + len;
    char *text = copy + strlen(copy) < end ? copy + strlen(copy) + 1 : end;
    char *second = text + strlen(text) < end ? text + strlen(text) + 1 : end;
    struct gw_pattern *pattern = gw_pattern_new(copy, why, sizeof why), *other;
    CLAIM(pattern || *why);
    if (pattern) {
        match(pattern, text, false);
        match(pattern, text, true);
        CLAIM(gw_pattern_compare(pattern, pattern) == 0);
        other = gw_pattern_new(second, why, sizeof why);
        if (other) {
            int order = gw_pattern_compare(pattern, other);
            int back = gw_pattern_compare(other, pattern);
            CLAIM((order < 0) == (back > 0) && (order == 0) == (back == 0));
        }
        gw_pattern_free(other);
    }
    gw_pattern_free(pattern);
    free(copy);
    return 0;
}
