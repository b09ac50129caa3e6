#include "scale.h"

#include "site.h"

enum { BYTES_PART = 64, MOST_BYTES = 1 << 16, CALLS_PART = 10, LEAST_OUTGOING_BYTES = 10000 };

bool scale_is_small(void)
{
    return site_any()->is_debian;
}

size_t scale_of(size_t full, size_t small)
{
    return scale_is_small() ? small : full;
}

size_t scale_bytes(size_t bytes)
{
    size_t part = bytes / BYTES_PART;
    return scale_of(bytes, part < MOST_BYTES ? part : MOST_BYTES);
}

int scale_calls(int calls)
{
    return scale_is_small() ? (calls + CALLS_PART - 1) / CALLS_PART : calls;
}

size_t scale_outgoing_bytes(void)
{
    return scale_of(0, LEAST_OUTGOING_BYTES);
}

/* Slower, though fewer. */
int scale_seconds(int seconds)
{
    return scale_is_small() ? 2 * seconds : seconds;
}
