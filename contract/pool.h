/* pool.h - memory that is taken piece by piece and freed all at once, up to a limit.
 *
 * Noun: the pool. Invariant: what it gave stays where it is until ct_pool_fini(). One thread at a
 * time. Zeroed is an empty one with CT_POOL_BYTES. */
#ifndef CT_POOL_H
#define CT_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/error.h"

enum { CT_POOL_BYTES = 128 * 1024 * 1024 };

struct ct_pool_block;

struct ct_pool {
    struct ct_pool_block *blocks;
    char *free_from;
    size_t free_bytes, taken_bytes;
    size_t limit;               /* bytes; 0: CT_POOL_BYTES */
    bool no_memory, over_limit; /* why it gave NULL */
};

void ct_pool_fini(struct ct_pool *pool);
/* Zeroed, aligned for anything. NULL: no memory, or over the limit. */
void *ct_pool_take(struct ct_pool *pool, size_t bytes);
/* The first len bytes of text, NUL-terminated. NULL as above. */
char *ct_pool_copy(struct ct_pool *pool, const char *text, size_t len);
/* CT_ENOMEM or CT_ELIMIT with a sentence about what could not be held: "the contract". */
enum ct_err ct_pool_error(const struct ct_pool *pool, const char *what, struct ct_error *error);

#endif
