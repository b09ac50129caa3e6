/* bench_count.h - what a bench is to do, and what it has counted. */
#ifndef SOAP_XMPP_TOOL_BENCH_COUNT_H
#define SOAP_XMPP_TOOL_BENCH_COUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "histogram.h"
#include "soap_xmpp.h"

struct run;
struct report;

struct bench_plan {
    unsigned long most; /* 0: as many as fit in duration_ms */
    long duration_ms;   /* 0: no matter how long */
    size_t outstanding;
    unsigned rate; /* a second; 0: as many as go */
    long long begun_us;
};

void bench_plan_begin(struct bench_plan *plan);
/* Whether another one is to be sent behind so many. */
bool bench_plan_has_more(const struct bench_plan *plan, unsigned long sent);
/* When the next one is due, microseconds of deadline_now_us(); 0: at once. */
long long bench_plan_due_us(const struct bench_plan *plan, unsigned long sent);

enum { BENCH_ENDS = SOAP_XMPP_END_BAD + 1, BENCH_TEXT_BYTES = 512 };

/* Zeroed, nothing has been counted. One thread at a time. */
struct bench_count {
    struct histogram times; /* of those that were answered, a fault or an empty answer included */
    unsigned long total, ends[BENCH_ENDS], outcomes[3];
    size_t abandoned;               /* under way when it was interrupted */
    char failure[BENCH_TEXT_BYTES]; /* what the last one that failed has said */
    double seconds;
    long long shown_us; /* private */
};

void bench_count_call(struct bench_count *count, enum soap_xmpp_end_value end,
                      enum soap_xmpp_outcome_value outcome, unsigned long long us,
                      const char *text);
void bench_count_end(struct bench_count *count, long long begun_us);

/* On a terminal: how far it is, at most ten times a second. */
void bench_count_show(struct bench_count *count, const struct report *report);

/* Prints it, or sets the report's members. Returns the exit code of the worst end. */
int bench_count_report(const struct bench_count *count, struct run *run,
                       const struct bench_plan *plan, bool is_call);

#endif
