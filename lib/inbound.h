/* inbound.h - requests that arrived: a bounded queue, each request answered exactly once.
 *
 * Invariant: a request that was added is owned by the queue until a worker takes it, then by that
 * worker until sx_request_free; `answered` goes from false to true once. The owner of the queue
 * (link.c) sends; this file only keeps count.
 *
 * Happy path: the loop thread adds -> a worker takes -> the link answers -> the worker frees.
 * Stop: close refuses what arrives later; workers take what is left, then get NULL;
 *       drained waits until nothing is queued or running.
 * Thread: any; one mutex, no call out with it held.
 */
#ifndef SX_INBOUND_H
#define SX_INBOUND_H

#include <stdint.h>

#include "envelope.h"
#include "fault.h"

struct sx_request {
    char *from, *to, *id; /* owned; from is the stamped JID */
    struct sx_envelope envelope;
    uint64_t session; /* of the link, when it arrived: the answer belongs to it */
    bool answered;
    int64_t arrived_us;
    struct sx_inbound *queue; /* set when added */
    struct sx_request *next;  /* the queue's */
};

struct sx_inbound;

struct sx_inbound_counts {
    unsigned long queued, running, added, refused;
};

struct sx_inbound *sx_inbound_new(unsigned max_requests); /* NULL: no memory */
void sx_inbound_free(struct sx_inbound *inbound); /* asserts that nothing is queued or running */

/* A request with copies of the three strings; NULL: no memory. */
struct sx_request *sx_request_new(const char *from, const char *to, const char *id);
/* Also counts it as no longer running if it had been taken. NULL allowed. */
void sx_request_free(struct sx_request *request);
/* Marks it answered; true the first time only: then the caller sends the answer. */
bool sx_request_answer_once(struct sx_request *request);

/* Marks that somebody serves: before it, requests are no business of this link (SX_ENOTSOAP). */
void sx_inbound_open(struct sx_inbound *inbound);
bool sx_inbound_is_open(struct sx_inbound *inbound);
bool sx_inbound_was_opened(struct sx_inbound *inbound);
/* stays true after close */ /* opened, and not closed yet */

/* Takes ownership on SX_OK only. SX_EFULL: queue full; SX_ESTOPPED: closed; SX_ENOTSOAP: nobody
 * serves here. */
enum sx_err sx_inbound_add(struct sx_inbound *inbound, struct sx_request *request);

/* The oldest request, now running; NULL at the deadline, or when closed and empty (*closed true).
 * The queue outlives its requests: see free. */
struct sx_request *sx_inbound_take(struct sx_inbound *inbound, int64_t deadline, bool *closed);

/* Refuses additions, wakes every taker. Idempotent. */
void sx_inbound_close(struct sx_inbound *inbound);

/* After close: waits until nothing is queued or running; false at the deadline. */
bool sx_inbound_drained(struct sx_inbound *inbound, int64_t deadline);

/* Takes all queued requests at once, as a list by next, counted as running; NULL if none. For the
 * owner, to refuse them when a drain is over. */
struct sx_request *sx_inbound_take_all(struct sx_inbound *inbound);

void sx_inbound_count(struct sx_inbound *inbound, struct sx_inbound_counts *counts);

#endif
