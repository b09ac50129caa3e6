/* exchange.h - one call: its envelope goes out, and whatever its end is becomes an answer here. */
#ifndef SOAP_XMPP_TOOL_EXCHANGE_H
#define SOAP_XMPP_TOOL_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "soap_xmpp.h"

struct run;

struct exchange_answer {
    enum soap_xmpp_end_value end;
    enum soap_xmpp_outcome_value outcome;
    char *envelope; /* malloc'ed, NUL-terminated; NULL without one */
    size_t envelope_bytes;
    bool is_packed;
    char peer[3200];
    char condition[64]; /* RFC 6120 8.3.3, or "" */
    char text[1024];    /* one clause for a human: "service-unavailable (503): nobody is there" */
    double ms;          /* from posting to the end */
};

/* Makes the call and waits for its end, at most for what is left of the command's deadline; the
 * link is online. post's timeout_ms is set here; operation, or NULL, is left out of the text.
 * Returns the exit code that its end stands for (report.h), and the caller calls exchange_free(). A
 * call that wasn't posted is REPORT_USAGE when it can't be (why is the answer's text). */
int exchange_make(struct run *run, struct soap_xmpp_link *link, struct soap_xmpp_post *post,
                  const char *operation, struct exchange_answer *answer);
void exchange_free(struct exchange_answer *answer);

/* The same of a call that was posted before and that soap_xmpp_wait() has returned: takes it. */
int exchange_take(struct soap_xmpp_call *call, const char *operation,
                  struct exchange_answer *answer);

/* A word for an end: "answer", "fault", "empty", "refused", "timeout", "lost", "stopped", "bad". */
const char *exchange_end_word(enum soap_xmpp_end_value end);

/* "service-unavailable" as "service-unavailable (503)", by XEP-0086's numbers; always terminated.
 */
void exchange_write_condition(const char *condition, char *out, size_t out_bytes);

/* A W3C traceparent: a new span of the trace that the environment's TRACEPARENT names, or of a new
 * one. Returns 0, or -1 without random numbers. */
enum { EXCHANGE_TRACEPARENT_BYTES = 56 };
int exchange_write_traceparent(char out[EXCHANGE_TRACEPARENT_BYTES]);

#endif
