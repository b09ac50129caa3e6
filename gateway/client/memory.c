/* See memory.h. Added first and looked at then: of two that want the last bytes both may be
 * refused, never both let in. */
#include "client/memory.h"

bool gw_memory_take(struct gw_memory *memory, size_t bytes)
{
    size_t before = atomic_fetch_add(&memory->bytes, bytes);
    if (before + bytes <= memory->most_bytes)
        return true;
    atomic_fetch_sub(&memory->bytes, bytes);
    return false;
}

void gw_memory_give(struct gw_memory *memory, size_t bytes)
{
    atomic_fetch_sub(&memory->bytes, bytes);
}
