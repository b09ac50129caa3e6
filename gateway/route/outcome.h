/* outcome.h - which HTTP status a call ends with: the table.
 *
 * Noun: the outcome in the words of HTTP. Invariant: each end of a call, and each condition, has
 * one row; what no row names falls to its end's last one. Pure; any thread. */
#ifndef GW_OUTCOME_H
#define GW_OUTCOME_H

#include <stdbool.h>

#include "link/link.h"
#include "soap/glance.h"

struct gw_outcome_row {
    int status;
    bool is_sender; /* the fault that goes with it blames the client */
    bool may_retry; /* later, so it has a Retry-After */
};

/* Of a call that has ended without an envelope; condition "" or of RFC 6120 8.3.3. A fault's status
 * is gw_outcome_of_fault()'s. */
struct gw_outcome_row gw_outcome_of_end(enum gw_end end, enum gw_outcome outcome,
                                        const char *condition);
/* Of a call that gw_link_call() hasn't begun. */
struct gw_outcome_row gw_outcome_of_refusal(const char *condition);
/* Of a SOAP fault from the service: 500 in SOAP 1.1 (6.2); in 1.2 400 if it blames the sender, else
 * 500 (part 2, 7.5.2.2). wanted: what the route says for all of them, or 0. */
int gw_outcome_of_fault(int version, enum gw_fault_code code, int wanted);
/* Of an HTTP status that a request was refused with before it came whole: what its fault blames. */
struct gw_outcome_row gw_outcome_of_status(int status);
/* What such a fault's detail says as condition. */
const char *gw_outcome_condition(int status);

#endif
