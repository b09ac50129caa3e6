/* pattern.h - a path or JID with names in braces: "/cam/{name}", "{node}@cams.example.org".
 *
 * A name takes as much as stands before the next occurrence of the literal behind it, or before the
 * last literal of its segment; a match is one pass. Literals of a JID have no case.
 *
 * Noun: the pattern. Invariant: a name matches 1 to 64 of [A-Za-z0-9._~-] within one segment; what
 * it matched is never read as a pattern again. Constant once it is made; any thread. */
#ifndef GW_PATTERN_H
#define GW_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

enum { GW_PATTERN_NAMES = 4, GW_PATTERN_VALUE_BYTES = 65 };

struct gw_pattern;

/* What the names of a pattern stand for. */
struct gw_match {
    size_t count;
    const char *names[GW_PATTERN_NAMES]; /* the pattern's */
    char values[GW_PATTERN_NAMES][GW_PATTERN_VALUE_BYTES];
    const char *rest; /* of a path: what stands behind the pattern, "" or "/..."; the text's */
};

/* NULL with a clause in why: it is empty or over 512 bytes, an empty name, one twice, two without
 * anything between them, a brace without its other, more than GW_PATTERN_NAMES; no memory. */
struct gw_pattern *gw_pattern_new(const char *text, char *why, size_t why_bytes);
void gw_pattern_free(struct gw_pattern *pattern);
const char *gw_pattern_text(const struct gw_pattern *pattern);

/* Whether each {name} in text is one of the pattern's (NULL: it has none), or {user} where that is
 * known; else false with a clause in why. */
bool gw_pattern_covers(const struct gw_pattern *pattern, const char *text, bool with_user,
                       char *why, size_t why_bytes);
/* < 0: a is to be tried before b, since it has more segments, or a literal where b has a name; 0:
 * they match the same, whatever their names are called. */
int gw_pattern_compare(const struct gw_pattern *a, const struct gw_pattern *b);

/* Whether a path begins with the pattern and goes on with '/' or ends there; it is percent-decoded
 * already. Of two patterns that match the first by gw_pattern_compare() is meant. */
bool gw_pattern_match_path(const struct gw_pattern *pattern, const char *path,
                           struct gw_match *match);
/* Whether a bare JID is the pattern, all of it. */
bool gw_pattern_match_jid(const struct gw_pattern *pattern, const char *jid,
                          struct gw_match *match);
/* Writes text with each {name} in it replaced, and {user} by user; false: no room, or a name that
 * match doesn't have (gw_config_read() has looked). */
bool gw_pattern_expand(const char *text, const struct gw_match *match, const char *user, char *out,
                       size_t out_bytes);

#endif
