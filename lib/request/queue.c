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
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "base/clock.h"

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
    bool open, closed, expected;
    struct sx_queue_counts counts;
};

struct sx_queue *sx_queue_new(unsigned max_requests, size_t max_bytes, unsigned max_running)
{
    struct sx_queue *inbound = calloc(1, sizeof *inbound);

    if (!inbound)
        return NULL;
    inbound->max_requests = max_requests;
    inbound->max_bytes = max_bytes;
    inbound->max_running = max_running;
    TAILQ_INIT(&inbound->turns);
    TAILQ_INIT(&inbound->callers);
    if (pthread_mutex_init(&inbound->mu, NULL))
        goto err_after_alloc;
    if (sx_clock_cond_init(&inbound->arrived))
        goto err_after_mutex;
    if (sx_clock_cond_init(&inbound->drained))
        goto err_after_arrived;
    return inbound;

err_after_arrived:
    pthread_cond_destroy(&inbound->arrived);
err_after_mutex:
    pthread_mutex_destroy(&inbound->mu);
err_after_alloc:
    free(inbound);
    return NULL;
}

void sx_queue_free(struct sx_queue *inbound)
{
    if (!inbound)
        return;
    assert(inbound->counts.queued == 0 && inbound->counts.running == 0);
    assert(TAILQ_EMPTY(&inbound->callers) && !inbound->by_jid);
    pthread_cond_destroy(&inbound->drained);
    pthread_cond_destroy(&inbound->arrived);
    pthread_mutex_destroy(&inbound->mu);
    free(inbound);
}

/* ---- callers ---- */

static int compare_callers(const void *a, const void *b)
{
    return strcmp(((const struct sx_caller *)a)->jid, ((const struct sx_caller *)b)->jid);
}

/* The caller from belongs to, entered if it is a new one. NULL: no memory. */
static struct sx_caller *find_caller_locked(struct sx_queue *inbound, const char *from)
{
    size_t jid_bytes = (from ? strlen(from) : 0) + 1;
    struct sx_caller *caller = calloc(1, sizeof *caller + jid_bytes), **node;

    if (!caller)
        return NULL;
    if (from)
        sx_jid_bare(from, caller->jid, jid_bytes);
    node = tsearch(caller, &inbound->by_jid, compare_callers);
    if (!node || *node != caller) {
        free(caller);
        return node ? *node : NULL;
    }
    STAILQ_INIT(&caller->queued);
    TAILQ_INSERT_TAIL(&inbound->callers, caller, in_callers);
    inbound->counts.callers++;
    return caller;
}

/* Call it whenever a count of the caller has changed. */
static void drop_idle_caller_locked(struct sx_queue *inbound, struct sx_caller *caller)
{
    if (caller->queued_count || caller->running_count)
        return;
    tdelete(caller, &inbound->by_jid, compare_callers);
    TAILQ_REMOVE(&inbound->callers, caller, in_callers);
    inbound->counts.callers--;
    free(caller);
}

static unsigned long max_running_locked(const struct sx_queue *inbound)
{
    if (inbound->max_running)
        return inbound->max_running;
    return inbound->workers >= 3 ? (unsigned long)inbound->workers - 1 : ULONG_MAX;
}

/* Gives the caller a place behind the others if there is something of it to take now. */
static void queue_for_turn_locked(struct sx_queue *inbound, struct sx_caller *caller)
{
    if (caller->has_turn || !caller->queued_count ||
        caller->running_count >= max_running_locked(inbound))
        return;
    caller->has_turn = true;
    TAILQ_INSERT_TAIL(&inbound->turns, caller, in_turns);
    pthread_cond_signal(&inbound->arrived);
}

/* ---- request ---- */

/* NULL stays NULL: libstrophe gives no string for an attribute that isn't there. */
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

static bool is_drained_locked(const struct sx_queue *inbound)
{
    return inbound->counts.queued == 0 && inbound->counts.running == 0;
}

void sx_request_free(struct sx_request *request)
{
    struct sx_queue *inbound;
    struct sx_caller *caller;

    if (!request)
        return;
    inbound = request->queue;
    caller = request->caller;
    free(request->from);
    free(request->to);
    free(request->id);
    sx_envelope_fini(&request->envelope);
    free(request);
    if (!inbound)
        return;
    pthread_mutex_lock(&inbound->mu);
    assert(inbound->counts.running > 0 && caller->running_count > 0);
    inbound->counts.running--;
    caller->running_count--;
    queue_for_turn_locked(inbound, caller);
    drop_idle_caller_locked(inbound, caller);
    if (is_drained_locked(inbound))
        pthread_cond_broadcast(&inbound->drained);
    pthread_mutex_unlock(&inbound->mu);
}

/* Atomic rather than under mu: a request may be refused before it ever has a queue. */
bool sx_request_answer_once(struct sx_request *request)
{
    return !__atomic_exchange_n(&request->answered, true, __ATOMIC_ACQ_REL);
}

/* ---- queue ---- */

void sx_queue_expect(struct sx_queue *inbound)
{
    pthread_mutex_lock(&inbound->mu);
    inbound->expected = true;
    pthread_mutex_unlock(&inbound->mu);
}

void sx_queue_open(struct sx_queue *inbound)
{
    pthread_mutex_lock(&inbound->mu);
    inbound->open = true;
    pthread_mutex_unlock(&inbound->mu);
}

bool sx_queue_is_open(struct sx_queue *inbound)
{
    bool open;

    pthread_mutex_lock(&inbound->mu);
    open = inbound->open && !inbound->closed;
    pthread_mutex_unlock(&inbound->mu);
    return open;
}

bool sx_queue_was_opened(struct sx_queue *inbound)
{
    bool open;

    pthread_mutex_lock(&inbound->mu);
    open = inbound->open;
    pthread_mutex_unlock(&inbound->mu);
    return open;
}

void sx_queue_add_workers(struct sx_queue *inbound, int count)
{
    struct sx_caller *caller;

    pthread_mutex_lock(&inbound->mu);
    inbound->workers += count;
    TAILQ_FOREACH(caller, &inbound->callers, in_callers)
        queue_for_turn_locked(inbound, caller);
    pthread_mutex_unlock(&inbound->mu);
}

static enum sx_err check_open_locked(const struct sx_queue *inbound)
{
    if (!inbound->open && !inbound->expected)
        return SX_ENOTSOAP;
    return inbound->closed ? SX_ESTOPPED : SX_OK;
}

static bool has_room_locked(const struct sx_queue *inbound, const struct sx_caller *caller,
                            size_t bytes)
{
    size_t free_bytes = inbound->max_bytes - inbound->counts.queued_bytes;

    if (caller->queued_count >= inbound->max_requests - inbound->counts.queued)
        return false;
    if (bytes > free_bytes)
        return false;
    return !caller->queued_count || caller->queued_bytes + bytes <= free_bytes;
}

static void append_locked(struct sx_queue *inbound, struct sx_caller *caller,
                          struct sx_request *request)
{
    request->queue = inbound;
    request->caller = caller;
    request->next = NULL;
    STAILQ_INSERT_TAIL(&caller->queued, request, in_caller);
    caller->queued_count++;
    caller->queued_bytes += request->envelope.len;
    inbound->counts.queued++;
    inbound->counts.queued_bytes += request->envelope.len;
    inbound->counts.added++;
    queue_for_turn_locked(inbound, caller);
}

static enum sx_err add_locked(struct sx_queue *inbound, struct sx_request *request)
{
    enum sx_err err = check_open_locked(inbound);
    struct sx_caller *caller;

    if (err != SX_OK)
        return err;
    caller = find_caller_locked(inbound, request->from);
    if (!caller)
        return SX_ENOMEM;
    if (has_room_locked(inbound, caller, request->envelope.len))
        append_locked(inbound, caller, request);
    else
        err = SX_EFULL;
    drop_idle_caller_locked(inbound, caller);
    return err;
}

enum sx_err sx_queue_add(struct sx_queue *inbound, struct sx_request *request)
{
    enum sx_err err;

    pthread_mutex_lock(&inbound->mu);
    err = add_locked(inbound, request);
    if (err != SX_OK)
        inbound->counts.refused++;
    pthread_mutex_unlock(&inbound->mu);
    return err;
}

/* The caller's oldest request, counted as running. */
static struct sx_request *take_from_locked(struct sx_queue *inbound, struct sx_caller *caller)
{
    struct sx_request *request = STAILQ_FIRST(&caller->queued);

    STAILQ_REMOVE_HEAD(&caller->queued, in_caller);
    caller->queued_count--;
    caller->queued_bytes -= request->envelope.len;
    caller->running_count++;
    inbound->counts.queued--;
    inbound->counts.queued_bytes -= request->envelope.len;
    inbound->counts.running++;
    /* The others wait for requests that nobody can take now. */
    if (inbound->closed && inbound->counts.queued == 0)
        pthread_cond_broadcast(&inbound->arrived);
    return request;
}

static struct sx_caller *next_turn_locked(struct sx_queue *inbound)
{
    struct sx_caller *caller = TAILQ_FIRST(&inbound->turns);

    if (caller) {
        TAILQ_REMOVE(&inbound->turns, caller, in_turns);
        caller->has_turn = false;
    }
    return caller;
}

struct sx_request *sx_queue_take(struct sx_queue *inbound, int64_t deadline, bool *closed)
{
    struct sx_request *request = NULL;
    struct sx_caller *caller;
    bool in_time = true;

    pthread_mutex_lock(&inbound->mu);
    while (TAILQ_EMPTY(&inbound->turns) && !(inbound->closed && inbound->counts.queued == 0) &&
           in_time)
        in_time = sx_clock_cond_wait(&inbound->arrived, &inbound->mu, deadline);
    caller = next_turn_locked(inbound);
    if (caller) {
        request = take_from_locked(inbound, caller);
        queue_for_turn_locked(inbound, caller);
    }
    *closed = !request && inbound->closed && inbound->counts.queued == 0;
    pthread_mutex_unlock(&inbound->mu);
    return request;
}

void sx_queue_close(struct sx_queue *inbound)
{
    pthread_mutex_lock(&inbound->mu);
    inbound->closed = true;
    pthread_cond_broadcast(&inbound->arrived);
    pthread_mutex_unlock(&inbound->mu);
}

bool sx_queue_drained(struct sx_queue *inbound, int64_t deadline)
{
    bool drained, in_time = true;

    pthread_mutex_lock(&inbound->mu);
    while (!is_drained_locked(inbound) && in_time)
        in_time = sx_clock_cond_wait(&inbound->drained, &inbound->mu, deadline);
    drained = is_drained_locked(inbound);
    pthread_mutex_unlock(&inbound->mu);
    return drained;
}

struct sx_request *sx_queue_take_all(struct sx_queue *inbound)
{
    struct sx_request *list = NULL, **end = &list;
    struct sx_caller *caller;

    pthread_mutex_lock(&inbound->mu);
    while (next_turn_locked(inbound))
        ;
    TAILQ_FOREACH(caller, &inbound->callers, in_callers)
        while (caller->queued_count) {
            *end = take_from_locked(inbound, caller);
            end = &(*end)->next;
        }
    pthread_mutex_unlock(&inbound->mu);
    return list;
}

void sx_queue_count(struct sx_queue *inbound, struct sx_queue_counts *counts)
{
    pthread_mutex_lock(&inbound->mu);
    *counts = inbound->counts;
    pthread_mutex_unlock(&inbound->mu);
}
