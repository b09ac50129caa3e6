/* trace.h - W3C Trace Context: a traceparent, carried or made.
 *
 * Noun: the trace. Invariant: what is carried on is valid: "00-", 32 and 16 hex digits in lower
 * case, neither all zeros, two of flags. */
#ifndef GW_TRACE_H
#define GW_TRACE_H

#include <stdbool.h>

enum { GW_TRACE_PARENT_BYTES = 56, GW_TRACE_ID_BYTES = 33 };

struct gw_trace {
    char parent[GW_TRACE_PARENT_BYTES];
    char id[GW_TRACE_ID_BYTES]; /* the 32 digits of all that belongs together */
};

/* Reads a traceparent; one of a later version is read as far as version 00 goes (3.2.4). false:
 * there is none (NULL, "") or it isn't valid, and trace is untouched. Any thread. */
bool gw_trace_read(struct gw_trace *trace, const char *parent);
/* A new one, random, not sampled. */
void gw_trace_make(struct gw_trace *trace);

#endif
