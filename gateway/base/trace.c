/* trace.c - W3C Trace Context: a traceparent, carried or made.
 *
 * Source: Trace Context 3.2. Failure modes: what isn't valid is passed over, and the reader makes
 * its own, as 3.2.2 wants it. */
#include "base/trace.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

enum { ID_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, BYTES = 55 };

static bool is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789abcdef") >= len;
}

static bool is_zero(const char *text, size_t len)
{
    return strspn(text, "0") >= len;
}

static bool is_valid(const char *parent)
{
    size_t len = strlen(parent);
    return len >= BYTES && is_hex(parent, 2) && strncmp(parent, "ff", 2) != 0 &&
           parent[ID_AT - 1] == '-' && is_hex(parent + ID_AT, 32) && !is_zero(parent + ID_AT, 32) &&
           parent[SPAN_AT - 1] == '-' && is_hex(parent + SPAN_AT, 16) &&
           !is_zero(parent + SPAN_AT, 16) && parent[FLAGS_AT - 1] == '-' &&
           is_hex(parent + FLAGS_AT, 2) &&
           (len == BYTES || (parent[BYTES] == '-' && strncmp(parent, "00", 2) != 0));
}

static void keep(struct gw_trace *trace, const char *parent)
{
    snprintf(trace->parent, sizeof trace->parent, "00%.*s", BYTES - 2, parent + 2);
    snprintf(trace->id, sizeof trace->id, "%.32s", parent + ID_AT);
}

bool gw_trace_read(struct gw_trace *trace, const char *parent)
{
    if (!parent || !is_valid(parent))
        return false;
    keep(trace, parent);
    return true;
}

void gw_trace_make(struct gw_trace *trace)
{
    unsigned char bytes[24];
    char parent[BYTES + 1] = "00-";
    if (getrandom(bytes, sizeof bytes, 0) !=
        sizeof bytes) { /* ENOSYS: unique is all it has to be */
        unsigned long long seed =
            (unsigned long long)gw_clock_us() ^ (unsigned long long)(size_t)trace;
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (unsigned char)((seed = seed * 6364136223846793005ULL + 1) >> 56);
    }
    bytes[0] |= 1; /* neither is all zeros */
    bytes[16] |= 1;
    size_t len = ID_AT;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 16)
            parent[len++] = '-';
        len += (size_t)snprintf(parent + len, sizeof parent - len, "%02x", bytes[i]);
    }
    snprintf(parent + len, sizeof parent - len, "-00");
    keep(trace, parent);
}
