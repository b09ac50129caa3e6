/* delivery.h - what a responder of this library says about one copy of a request, beside the
 * condition of a stanza error.
 *
 * Noun: the delivery: <refused/>, <stale/> or <running/> in SX_NS_DELIVERY (stanza.h writes them).
 * Pure functions, any thread.
 */
#ifndef SX_WIRE_DELIVERY_H
#define SX_WIRE_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/element.h"
#include "wire/request_id.h"

/* All zero: nothing was said. */
struct sx_delivery {
    bool refused;                         /* this copy was not run, */
    bool refused_all;                     /* nor was or will be any other with this id */
    bool running;                         /* what was asked about runs there */
    char stale_for[SX_INCARNATION_BYTES]; /* the peer's incarnation is this one, not the id's */
    uint64_t denier;  /* with that: which of several processes says so, 0: unknown */
    int64_t since_ms; /* with that, if the id is of the same process: for how long it has let in no
                       * request with an id of that epoch; 0: it doesn't say */
};

/* Reads a child of <error/>, whatever it is; what has another form changes nothing. */
void sx_delivery_read(const struct sx_element *child, struct sx_delivery *delivery);

/* Once the whole error is read: what nobody can have said of a copy with such an id is taken out.
 * Of a stale copy a clause is returned, a constant, that tells the caller what has become of it;
 * NULL for all others. */
const char *sx_delivery_judge(const char *id, struct sx_delivery *delivery);

#endif
