/* replacement.h - the addresses of an envelope that passes, replaced as the configuration wants it.
 *
 * Noun: the replacement. Invariant: an envelope whose addresses can't be replaced passes as it is.
 * What was replaced, and what wasn't since it is signed, is counted; the log says so at most once a
 * minute. Any thread; takes as long as the envelope's bytes want. */
#ifndef GW_REPLACEMENT_H
#define GW_REPLACEMENT_H

#include "soap/rewrite.h"

enum gw_replacement_side { GW_REPLACEMENT_ROUTE, GW_REPLACEMENT_SERVE };

struct gw_replacement {
    enum gw_replacement_side side;
    const char *pattern; /* the route's or the serve's, for the log */
    struct gw_rewriting rewriting;
    size_t most_bytes; /* of the envelope that comes out */
};

/* Whether the configuration lists anything to replace. */
bool gw_replacement_is_on(const struct gw_rewrite_config *config);
/* *envelope is malloc'ed; it is freed, and another one put there, if it can be replaced. */
void gw_replacement_make(const struct gw_replacement *replacement, char **envelope, size_t *bytes);

#endif
