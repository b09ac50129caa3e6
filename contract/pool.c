/* See pool.h. */
#include "contract/pool.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16 * 1024 };

struct ct_pool_block {
    struct ct_pool_block *next;
    alignas(max_align_t) char bytes[];
};

void ct_pool_fini(struct ct_pool *pool)
{
    struct ct_pool_block *block = pool->blocks;
    while (block) {
        struct ct_pool_block *next = block->next;
        free(block);
        block = next;
    }
    *pool = (struct ct_pool){0};
}

static bool add_block(struct ct_pool *pool, size_t bytes)
{
    size_t wanted = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    if (wanted > (pool->limit ? pool->limit : CT_POOL_BYTES) - pool->taken_bytes) {
        pool->over_limit = true;
        return false;
    }
    struct ct_pool_block *block = calloc(1, sizeof *block + wanted);
    if (!block) {
        pool->no_memory = true;
        return false;
    }
    block->next = pool->blocks;
    pool->blocks = block;
    pool->free_from = block->bytes;
    pool->free_bytes = wanted;
    pool->taken_bytes += wanted;
    return true;
}

void *ct_pool_take(struct ct_pool *pool, size_t bytes)
{
    size_t limit = pool->limit ? pool->limit : CT_POOL_BYTES;
    if (bytes > limit) {
        pool->over_limit = true;
        return NULL;
    }
    bytes = (bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (bytes > pool->free_bytes && !add_block(pool, bytes))
        return NULL;
    void *taken = pool->free_from;
    pool->free_from += bytes;
    pool->free_bytes -= bytes;
    return taken;
}

char *ct_pool_copy(struct ct_pool *pool, const char *text, size_t len)
{
    char *copy = ct_pool_take(pool, len + 1);
    if (copy)
        memcpy(copy, text, len);
    return copy;
}

enum ct_err ct_pool_error(const struct ct_pool *pool, const char *what, struct ct_error *error)
{
    if (!pool->over_limit)
        return ct_error_no_memory(error);
    return ct_error_set(error, CT_ELIMIT, "%s would take more than %zu bytes of memory", what,
                        pool->limit ? pool->limit : (size_t)CT_POOL_BYTES);
}
