/* memory.h - what all requests to backends hold together, and the most of it. Any thread. */
#ifndef GW_MEMORY_H
#define GW_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct gw_memory {
    atomic_size_t bytes;
    size_t most_bytes;
};

/* false: there is no room for so many, and none are taken. */
bool gw_memory_take(struct gw_memory *memory, size_t bytes);
void gw_memory_give(struct gw_memory *memory, size_t bytes);

#endif
