/* queue.h - requests that arrived: a bounded queue, each request answered exactly once.
 *
 * Invariant: a request that was added is owned by the queue until a worker takes it, then by that
 * worker until sx_request_free. The owner of the queue sends; this file only keeps count.
 *
 * Fairness: a caller is a bare JID, so that an account's many resources are one.
 *   - Callers take turns: each take gives out the oldest request of the caller whose turn it is.
 *   - A caller has at most max_running requests running; its others wait while callers behind it
 *     are served.
 *   - A caller may queue a request only while it holds fewer places than are free, and, unless it
 *     holds none, while its bytes with the new ones are no more than the bytes that are free. So
 *     one caller gets half of the queue at most, the next one half of what is left, and so on: of
 *     1,000 places one is left for a newcomer unless about ten callers fill the queue together.
 *
 * Who polls (base/readiness.h) is told of what can be taken at once, and of the end.
 *
 * Happy path: the loop thread adds -> a worker takes -> the link answers -> the worker frees.
 * Stop: close refuses what arrives later; workers take what is left, then get NULL;
 *       drained waits until nothing is queued or running.
 * Thread: any; one mutex, no call out with it held.
 */
#ifndef SX_REQUEST_QUEUE_H
#define SX_REQUEST_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/readiness.h"
#include "request/request.h"

struct sx_queue;

enum { SX_QUEUE_REASON_BYTES = 400 };

struct sx_queue_counts {
    unsigned long queued, running, added, refused;
    unsigned long taken;   /* one by one, to be run */
    unsigned long callers; /* with a request queued or running */
    size_t queued_bytes;   /* of envelopes */
};

/* max_running: of one caller at once, 0: the workers but one, where there are three or more.
 * NULL: no memory. */
struct sx_queue *sx_queue_new(unsigned max_requests, size_t max_bytes, unsigned max_running);
void sx_queue_free(struct sx_queue *queue); /* asserts that nothing is queued or running */

/* Marks that somebody serves: before it, requests are no business of this link (SX_ENOTSOAP). */
void sx_queue_open(struct sx_queue *queue);
/* Requests are queued before somebody serves, for who will: those that a server has stored come as
 * soon as the link is online. */
void sx_queue_expect(struct sx_queue *queue);
/* Opened, and not closed yet. */
bool sx_queue_is_open(struct sx_queue *queue);
bool sx_queue_was_opened(struct sx_queue *queue); /* stays true after close */

/* From now on the readiness tells when there is something to take, or never will be again; a second
 * time with the same one it does nothing. Requests that max_running holds back are none, and others
 * count only once somebody has begun to look for them. */
void sx_queue_join(struct sx_queue *queue, struct sx_readiness *readiness);
void sx_queue_look(struct sx_queue *queue);

/* So many threads more, or less, take requests until the queue is closed. Those who take by hand
 * don't count. */
void sx_queue_add_workers(struct sx_queue *queue, int count);

/* Takes ownership on SX_OK only. SX_EFULL: no room for this caller; SX_ESTOPPED: closed;
 * SX_ENOTSOAP: nobody serves here; SX_ENOMEM. */
enum sx_err sx_queue_add(struct sx_queue *queue, struct sx_request *request);

/* The next request, now running; NULL at the deadline, or when closed or suspended, and empty
 * (*closed true), or when it was suspended and resumed meanwhile (*closed true).
 * The queue outlives its requests: see free. */
struct sx_request *sx_queue_take(struct sx_queue *queue, int64_t deadline, bool *closed);

/* The same for one of several that leave together: since it read sx_queue_suspensions(), rather
 * than since this call. */
struct sx_request *sx_queue_take_since(struct sx_queue *queue, unsigned long suspensions,
                                       int64_t deadline, bool *closed);
unsigned long sx_queue_suspensions(struct sx_queue *queue);

/* Refuses additions, wakes every taker. Idempotent. */
void sx_queue_close(struct sx_queue *queue);

/* Wakes every taker, too: until resume, or close, takers of an empty queue get NULL at once, with
 * *closed true; who waits now gets it even if resume follows at once. Additions go on. Idempotent.
 */
void sx_queue_suspend(struct sx_queue *queue, const char *reason);
void sx_queue_resume(struct sx_queue *queue);
/* Of the last suspension, "" before the first; a longer one was cut. */
void sx_queue_reason(struct sx_queue *queue, char reason[SX_QUEUE_REASON_BYTES]);

/* After close: waits until nothing is queued or running; false at the deadline. */
bool sx_queue_drained(struct sx_queue *queue, int64_t deadline);

/* Takes all queued requests at once, caller by caller, as a list by next, counted as running; NULL
 * if none. For the owner, to refuse them when a drain is over. */
struct sx_request *sx_queue_take_all(struct sx_queue *queue);

void sx_queue_count(struct sx_queue *queue, struct sx_queue_counts *counts);

#endif
