/* place.h - where something stands in a file, and a sentence about it: "gateway.conf:3: ...". */
#ifndef GW_PLACE_H
#define GW_PLACE_H

#include <stddef.h>

#include "contract/pool.h"

struct gw_place {
    const char *path;
    int line; /* 0: the file as a whole */
};

/* Where a sentence goes. */
struct gw_why {
    char *text;
    size_t bytes;
};

/* Writes one sentence, made fit for a line; returns -1. */
int gw_place_tell(struct gw_place place, const struct gw_why *why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for memory that ran short, which is no file's fault. */
int gw_place_no_memory(const struct gw_why *why);

/* A path beside the file that names it, absolute; in the pool; NULL: no memory. */
const char *gw_place_path(struct gw_place place, const char *path, struct ct_pool *pool);

#endif
