/* request.c - a request that arrived.
 *
 * Invariant: one that was added to a queue is counted out of it when it is freed, and not before.
 *
 * Happy path: new -> the envelope is set -> a queue -> a worker: answer_once, free. Failure: no
 * memory: nothing is made.
 */
#include "request/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* NULL stays NULL. */
static bool copy_text(const char *text, char **copy)
{
    *copy = text ? strdup(text) : NULL;
    return *copy || !text;
}

struct sx_request *sx_request_new(const char *from, const char *to, const char *id)
{
    struct sx_request *request = calloc(1, sizeof *request);

    if (!request)
        return NULL;
    if (!copy_text(from, &request->from) || !copy_text(to, &request->to) ||
        !copy_text(id, &request->id)) {
        sx_request_free(request);
        return NULL;
    }
    request->arrived_us = sx_clock_now_us();
    return request;
}

void sx_request_free(struct sx_request *request)
{
    struct sx_queue *queue;
    struct sx_caller *caller;
    void (*count_out)(struct sx_queue *, struct sx_caller *);
    if (!request)
        return;
    queue = request->queue;
    caller = request->caller;
    count_out = request->count_out;
    free(request->from);
    free(request->to);
    free(request->id);
    sx_envelope_fini(&request->envelope);
    free(request);
    if (queue)
        count_out(queue, caller);
}

/* Atomic rather than under a lock: a request may be refused before it ever has a queue. */
bool sx_request_answer_once(struct sx_request *request)
{
    return !__atomic_exchange_n(&request->answered, true, __ATOMIC_ACQ_REL);
}
