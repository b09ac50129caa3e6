/* source.h - the files that a configuration is in: gateway.conf, and what is included.
 *
 * Noun: the source. Invariant: no file is read twice, so that one which includes itself ends; a
 * file's text is wiped when it isn't needed any more, since there may be passwords in it. 256
 * files, 1 MiB each. */
#ifndef GW_SOURCE_H
#define GW_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/place.h"

struct gw_sources;

/* One that waits to be read; NULL with a sentence. Paths live in the pool. */
struct gw_sources *gw_sources_new(const char *path, struct ct_pool *pool, const struct gw_why *why);
void gw_sources_free(struct gw_sources *sources);
/* How many there are, those that were read among them. */
size_t gw_sources_count(const struct gw_sources *sources);
/* More of them, behind the others: what pattern matches, beside the file that has it. A pattern
 * with '*', '?' or '[' may match nothing. 0, or -1 with a sentence. */
int gw_sources_add(struct gw_sources *sources, const char *pattern, struct gw_place named,
                   const struct gw_why *why);

struct gw_source_text {
    const char *path;  /* the source's */
    const char *begin; /* NUL-terminated, behind a byte order mark */
    bool is_private;   /* others may do nothing with the file */
    char *bytes;
    size_t len;
};

/* The text of one, for gw_source_text_fini(). 0, or -1 with a sentence: it can't be read, is no
 * regular file, too large, no text, or was read already. Blocks. */
int gw_sources_read(struct gw_sources *sources, size_t which, struct gw_source_text *text,
                    const struct gw_why *why);
void gw_source_text_fini(struct gw_source_text *text); /* wipes */

#endif
