/* queue.c - the bounded queue of requests, caller by caller, and the count of those worked on.
 *
 * Invariant: queued + running is the number of requests that were added and not yet freed; a
 * request's `queue` is set exactly while it is counted in one of the two. A caller is there exactly
 * while it has a request queued or running, and in `turns` exactly while one of its requests may be
 * taken.
 *
 * Happy path: add appends to its caller's -> take: the first in turns gives its oldest and goes to
 * the end -> sx_request_free counts it out, which may give its caller a turn again. Failure modes:
 * no room, no memory, closed or not serving: add refuses and the request stays the caller's.
 */
#include "request/queue.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/probe.h"
#include "wire/jid.h"

/* Somebody who has requests queued or running. */
struct sx_caller {
    STAILQ_HEAD(request_list, sx_request) queued;
    unsigned long queued_count, running_count;
    size_t queued_bytes;
    bool has_turn; /* it is in turns */
    TAILQ_ENTRY(sx_caller) in_turns, in_callers;
    char jid[]; /* bare */
};

TAILQ_HEAD(caller_list, sx_caller);

struct sx_queue {
    /* immutable */
    unsigned max_requests, max_running;
    size_t max_bytes;

    /* under mu */
    pthread_mutex_t mu;
    pthread_cond_t arrived;   /* a caller has a turn, or nothing will come any more */
    pthread_cond_t drained;   /* nothing is queued or running */
    struct caller_list turns; /* those with a request to take, whose turn it is first */
    struct caller_list callers;
    void *by_jid; /* a tree, see tsearch(3): no peer can make it lopsided */
    int workers;
    bool open, closed, expected, suspended;
    unsigned long suspensions; /* so far */
    bool is_looked_at;         /* by those who poll, and then take */
    struct sx_readiness_source readiness;
    char reason[SX_QUEUE_REASON_BYTES];
    struct sx_queue_counts counts;
};

struct sx_queue *sx_queue_new(unsigned max_requests, size_t max_bytes, unsigned max_running)
{
    struct sx_queue *queue = calloc(1, sizeof *queue);

    if (!queue)
        return NULL;
    queue->max_requests = max_requests;
    queue->max_bytes = max_bytes;
    queue->max_running = max_running;
    TAILQ_INIT(&queue->turns);
    TAILQ_INIT(&queue->callers);
    if (pthread_mutex_init(&queue->mu, NULL))
        goto err_after_alloc;
    if (sx_clock_cond_init(&queue->arrived))
        goto err_after_mutex;
    if (sx_clock_cond_init(&queue->drained))
        goto err_after_arrived;
    return queue;

err_after_arrived:
    pthread_cond_destroy(&queue->arrived);
err_after_mutex:
    pthread_mutex_destroy(&queue->mu);
err_after_alloc:
    free(queue);
    return NULL;
}

/* Nothing is left to take, and nobody is to wait for more. */
static bool is_over_locked(const struct sx_queue *queue)
{
    return (queue->closed || queue->suspended) && queue->counts.queued == 0;
}

/* Whether who polls is to look. While nobody takes by looking, what is queued is none of theirs;
 * that the link ends is. */
static bool is_ready_locked(const struct sx_queue *queue)
{
    if (!queue->is_looked_at)
        return queue->closed;
    return !TAILQ_EMPTY(&queue->turns) || is_over_locked(queue);
}

/* Every change leaves the lock by this. */
static void unlock(struct sx_queue *queue)
{
    sx_readiness_set(&queue->readiness, is_ready_locked(queue));
    pthread_mutex_unlock(&queue->mu);
}

void sx_queue_join(struct sx_queue *queue, struct sx_readiness *readiness)
{
    pthread_mutex_lock(&queue->mu);
    sx_readiness_join(&queue->readiness, readiness);
    unlock(queue);
}

void sx_queue_look(struct sx_queue *queue)
{
    pthread_mutex_lock(&queue->mu);
    queue->is_looked_at = true;
    unlock(queue);
}

void sx_queue_free(struct sx_queue *queue)
{
    if (!queue)
        return;
    assert(queue->counts.queued == 0 && queue->counts.running == 0);
    assert(TAILQ_EMPTY(&queue->callers) && !queue->by_jid);
    pthread_cond_destroy(&queue->drained);
    pthread_cond_destroy(&queue->arrived);
    pthread_mutex_destroy(&queue->mu);
    free(queue);
}

/* ---- callers ---- */

static int compare_callers(const void *a, const void *b)
{
    return strcmp(((const struct sx_caller *)a)->jid, ((const struct sx_caller *)b)->jid);
}

/* The caller from belongs to, entered if it is a new one. NULL: no memory. */
static struct sx_caller *find_caller_locked(struct sx_queue *queue, const char *from)
{
    size_t jid_bytes = (from ? strlen(from) : 0) + 1;
    struct sx_caller *caller = calloc(1, sizeof *caller + jid_bytes), **node;

    if (!caller)
        return NULL;
    if (from)
        sx_jid_bare(from, caller->jid, jid_bytes);
    node = tsearch(caller, &queue->by_jid, compare_callers);
    if (!node || *node != caller) {
        free(caller);
        return node ? *node : NULL;
    }
    STAILQ_INIT(&caller->queued);
    TAILQ_INSERT_TAIL(&queue->callers, caller, in_callers);
    queue->counts.callers++;
    return caller;
}

/* Call it whenever a count of the caller has changed. */
static void drop_idle_caller_locked(struct sx_queue *queue, struct sx_caller *caller)
{
    if (caller->queued_count || caller->running_count)
        return;
    tdelete(caller, &queue->by_jid, compare_callers);
    TAILQ_REMOVE(&queue->callers, caller, in_callers);
    queue->counts.callers--;
    free(caller);
}

static unsigned long max_running_locked(const struct sx_queue *queue)
{
    if (queue->max_running)
        return queue->max_running;
    return queue->workers >= 3 ? (unsigned long)queue->workers - 1 : ULONG_MAX;
}

/* Gives the caller a place behind the others if there is something of it to take now. */
static void queue_for_turn_locked(struct sx_queue *queue, struct sx_caller *caller)
{
    if (caller->has_turn || !caller->queued_count ||
        caller->running_count >= max_running_locked(queue))
        return;
    caller->has_turn = true;
    TAILQ_INSERT_TAIL(&queue->turns, caller, in_turns);
    pthread_cond_signal(&queue->arrived);
}

static bool is_drained_locked(const struct sx_queue *queue)
{
    return queue->counts.queued == 0 && queue->counts.running == 0;
}

/* The caller's request has been freed, which was running. */
static void count_out(struct sx_queue *queue, struct sx_caller *caller)
{
    pthread_mutex_lock(&queue->mu);
    assert(queue->counts.running > 0 && caller->running_count > 0);
    queue->counts.running--;
    caller->running_count--;
    queue_for_turn_locked(queue, caller);
    drop_idle_caller_locked(queue, caller);
    if (is_drained_locked(queue))
        pthread_cond_broadcast(&queue->drained);
    unlock(queue);
}

/* ---- requests ---- */

void sx_queue_expect(struct sx_queue *queue)
{
    pthread_mutex_lock(&queue->mu);
    queue->expected = true;
    pthread_mutex_unlock(&queue->mu);
}

void sx_queue_open(struct sx_queue *queue)
{
    pthread_mutex_lock(&queue->mu);
    queue->open = true;
    pthread_mutex_unlock(&queue->mu);
}

bool sx_queue_is_open(struct sx_queue *queue)
{
    bool open;

    pthread_mutex_lock(&queue->mu);
    open = queue->open && !queue->closed;
    pthread_mutex_unlock(&queue->mu);
    return open;
}

bool sx_queue_was_opened(struct sx_queue *queue)
{
    bool open;

    pthread_mutex_lock(&queue->mu);
    open = queue->open;
    pthread_mutex_unlock(&queue->mu);
    return open;
}

void sx_queue_add_workers(struct sx_queue *queue, int count)
{
    struct sx_caller *caller;

    pthread_mutex_lock(&queue->mu);
    queue->workers += count;
    TAILQ_FOREACH(caller, &queue->callers, in_callers)
        queue_for_turn_locked(queue, caller);
    unlock(queue);
}

static enum sx_err check_open_locked(const struct sx_queue *queue)
{
    if (!queue->open && !queue->expected)
        return SX_ENOTSOAP;
    return queue->closed ? SX_ESTOPPED : SX_OK;
}

static bool has_room_locked(const struct sx_queue *queue, const struct sx_caller *caller,
                            size_t bytes)
{
    size_t free_bytes = queue->max_bytes - queue->counts.queued_bytes;

    if (caller->queued_count >= queue->max_requests - queue->counts.queued)
        return false;
    if (bytes > free_bytes)
        return false;
    return !caller->queued_count || caller->queued_bytes + bytes <= free_bytes;
}

static void append_locked(struct sx_queue *queue, struct sx_caller *caller,
                          struct sx_request *request)
{
    request->queue = queue;
    request->caller = caller;
    request->count_out = count_out;
    request->next = NULL;
    STAILQ_INSERT_TAIL(&caller->queued, request, in_caller);
    caller->queued_count++;
    caller->queued_bytes += request->envelope.len;
    queue->counts.queued++;
    queue->counts.queued_bytes += request->envelope.len;
    queue->counts.added++;
    queue_for_turn_locked(queue, caller);
}

static enum sx_err add_locked(struct sx_queue *queue, struct sx_request *request)
{
    enum sx_err err = check_open_locked(queue);
    struct sx_caller *caller;

    if (err != SX_OK)
        return err;
    caller = find_caller_locked(queue, request->from);
    if (!caller)
        return SX_ENOMEM;
    if (has_room_locked(queue, caller, request->envelope.len))
        append_locked(queue, caller, request);
    else
        err = SX_EFULL;
    drop_idle_caller_locked(queue, caller);
    return err;
}

enum sx_err sx_queue_add(struct sx_queue *queue, struct sx_request *request)
{
    enum sx_err err;

    pthread_mutex_lock(&queue->mu);
    err = add_locked(queue, request);
    if (err != SX_OK)
        queue->counts.refused++;
    unlock(queue);
    return err;
}

/* Nothing is to be taken by who began to serve after so many suspensions: one that was resumed ends
 * the serving of all who were there, also of those who come back late. */
static bool is_over_for_locked(const struct sx_queue *queue, unsigned long suspensions)
{
    return is_over_locked(queue) || (!queue->suspended && queue->suspensions != suspensions);
}

/* The caller's oldest request, counted as running. */
static struct sx_request *take_from_locked(struct sx_queue *queue, struct sx_caller *caller)
{
    struct sx_request *request = STAILQ_FIRST(&caller->queued);

    STAILQ_REMOVE_HEAD(&caller->queued, in_caller);
    caller->queued_count--;
    caller->queued_bytes -= request->envelope.len;
    caller->running_count++;
    request->taken_us = sx_clock_now_us();
    SX_PROBE3(request__begin, request->id, request->from, request->envelope.operation);
    queue->counts.queued--;
    queue->counts.queued_bytes -= request->envelope.len;
    queue->counts.running++;
    /* The others wait for requests that nobody can take now. */
    if (is_over_locked(queue))
        pthread_cond_broadcast(&queue->arrived);
    return request;
}

static struct sx_caller *next_turn_locked(struct sx_queue *queue)
{
    struct sx_caller *caller = TAILQ_FIRST(&queue->turns);

    if (caller) {
        TAILQ_REMOVE(&queue->turns, caller, in_turns);
        caller->has_turn = false;
    }
    return caller;
}

static struct sx_request *take_locked(struct sx_queue *queue, unsigned long suspensions,
                                      int64_t deadline, bool *closed)
{
    struct sx_request *request = NULL;
    struct sx_caller *caller;
    bool in_time = true;

    while (TAILQ_EMPTY(&queue->turns) && !is_over_for_locked(queue, suspensions) && in_time)
        in_time = sx_clock_cond_wait(&queue->arrived, &queue->mu, deadline);
    caller = is_over_for_locked(queue, suspensions) ? NULL : next_turn_locked(queue);
    if (caller) {
        request = take_from_locked(queue, caller);
        queue->counts.taken++;
        queue_for_turn_locked(queue, caller);
    }
    *closed = !request && is_over_for_locked(queue, suspensions);
    return request;
}

struct sx_request *sx_queue_take(struct sx_queue *queue, int64_t deadline, bool *closed)
{
    struct sx_request *request;

    pthread_mutex_lock(&queue->mu);
    request = take_locked(queue, queue->suspensions, deadline, closed);
    unlock(queue);
    return request;
}

struct sx_request *sx_queue_take_since(struct sx_queue *queue, unsigned long suspensions,
                                       int64_t deadline, bool *closed)
{
    struct sx_request *request;

    pthread_mutex_lock(&queue->mu);
    request = take_locked(queue, suspensions, deadline, closed);
    unlock(queue);
    return request;
}

unsigned long sx_queue_suspensions(struct sx_queue *queue)
{
    unsigned long suspensions;

    pthread_mutex_lock(&queue->mu);
    suspensions = queue->suspensions;
    pthread_mutex_unlock(&queue->mu);
    return suspensions;
}

void sx_queue_suspend(struct sx_queue *queue, const char *reason)
{
    pthread_mutex_lock(&queue->mu);
    snprintf(queue->reason, sizeof queue->reason, "%s", reason);
    queue->suspensions += !queue->suspended;
    queue->suspended = true;
    pthread_cond_broadcast(&queue->arrived);
    unlock(queue);
}

void sx_queue_resume(struct sx_queue *queue)
{
    pthread_mutex_lock(&queue->mu);
    /* Who was there and waited on, as requests were left that nobody could take, leaves now: none
     * of those may take the signal of a request that is another's. */
    if (queue->suspended)
        pthread_cond_broadcast(&queue->arrived);
    queue->suspended = false;
    unlock(queue);
}

void sx_queue_reason(struct sx_queue *queue, char reason[SX_QUEUE_REASON_BYTES])
{
    pthread_mutex_lock(&queue->mu);
    memcpy(reason, queue->reason, sizeof queue->reason);
    pthread_mutex_unlock(&queue->mu);
}

void sx_queue_close(struct sx_queue *queue)
{
    pthread_mutex_lock(&queue->mu);
    queue->closed = true;
    pthread_cond_broadcast(&queue->arrived);
    unlock(queue);
}

bool sx_queue_drained(struct sx_queue *queue, int64_t deadline)
{
    bool drained, in_time = true;

    pthread_mutex_lock(&queue->mu);
    while (!is_drained_locked(queue) && in_time)
        in_time = sx_clock_cond_wait(&queue->drained, &queue->mu, deadline);
    drained = is_drained_locked(queue);
    pthread_mutex_unlock(&queue->mu);
    return drained;
}

struct sx_request *sx_queue_take_all(struct sx_queue *queue)
{
    struct sx_request *list = NULL, **end = &list;
    struct sx_caller *caller;

    pthread_mutex_lock(&queue->mu);
    while (next_turn_locked(queue))
        ;
    TAILQ_FOREACH(caller, &queue->callers, in_callers)
        while (caller->queued_count) {
            *end = take_from_locked(queue, caller);
            end = &(*end)->next;
        }
    unlock(queue);
    return list;
}

void sx_queue_count(struct sx_queue *queue, struct sx_queue_counts *counts)
{
    pthread_mutex_lock(&queue->mu);
    *counts = queue->counts;
    pthread_mutex_unlock(&queue->mu);
}
