/* inbound.c - the bounded queue of requests, and the count of those being worked on.
 *
 * Invariant: queued + running is the number of requests that were added and not yet freed; a
 * request's `queue` is set exactly while it is counted in one of the two.
 *
 * Happy path: add appends -> take moves the oldest from queued to running -> sx_request_free counts
 *             it out.
 * Failure modes: full, closed or not serving: add refuses and the request stays the caller's.
 */
#include "inbound.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

struct sx_inbound {
    /* immutable */
    unsigned max_requests;

    /* under mu */
    pthread_mutex_t mu;
    pthread_cond_t arrived; /* a request was added, or the queue was closed */
    pthread_cond_t drained; /* nothing is queued or running */
    struct sx_request *oldest, *newest;
    bool open, closed;
    struct sx_inbound_counts counts;
};

struct sx_inbound *sx_inbound_new(unsigned max_requests)
{
    struct sx_inbound *inbound = calloc(1, sizeof *inbound);

    if (!inbound)
        return NULL;
    inbound->max_requests = max_requests;
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

void sx_inbound_free(struct sx_inbound *inbound)
{
    if (!inbound)
        return;
    assert(!inbound->oldest && inbound->counts.queued == 0 && inbound->counts.running == 0);
    pthread_cond_destroy(&inbound->drained);
    pthread_cond_destroy(&inbound->arrived);
    pthread_mutex_destroy(&inbound->mu);
    free(inbound);
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

static bool is_drained_locked(const struct sx_inbound *inbound)
{
    return inbound->counts.queued == 0 && inbound->counts.running == 0;
}

void sx_request_free(struct sx_request *request)
{
    struct sx_inbound *inbound;

    if (!request)
        return;
    inbound = request->queue;
    free(request->from);
    free(request->to);
    free(request->id);
    sx_envelope_fini(&request->envelope);
    free(request);
    if (!inbound)
        return;
    pthread_mutex_lock(&inbound->mu);
    assert(inbound->counts.running > 0);
    inbound->counts.running--;
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

void sx_inbound_open(struct sx_inbound *inbound)
{
    pthread_mutex_lock(&inbound->mu);
    inbound->open = true;
    pthread_mutex_unlock(&inbound->mu);
}

bool sx_inbound_is_open(struct sx_inbound *inbound)
{
    bool open;

    pthread_mutex_lock(&inbound->mu);
    open = inbound->open && !inbound->closed;
    pthread_mutex_unlock(&inbound->mu);
    return open;
}

bool sx_inbound_was_opened(struct sx_inbound *inbound)
{
    bool open;

    pthread_mutex_lock(&inbound->mu);
    open = inbound->open;
    pthread_mutex_unlock(&inbound->mu);
    return open;
}

static enum sx_err check_room_locked(const struct sx_inbound *inbound)
{
    if (!inbound->open)
        return SX_ENOTSOAP;
    if (inbound->closed)
        return SX_ESTOPPED;
    return inbound->counts.queued < inbound->max_requests ? SX_OK : SX_EFULL;
}

static void append_locked(struct sx_inbound *inbound, struct sx_request *request)
{
    request->queue = inbound;
    request->next = NULL;
    if (inbound->newest)
        inbound->newest->next = request;
    else
        inbound->oldest = request;
    inbound->newest = request;
    inbound->counts.queued++;
    inbound->counts.added++;
    pthread_cond_signal(&inbound->arrived);
}

enum sx_err sx_inbound_add(struct sx_inbound *inbound, struct sx_request *request)
{
    enum sx_err err;

    pthread_mutex_lock(&inbound->mu);
    err = check_room_locked(inbound);
    if (err == SX_OK)
        append_locked(inbound, request);
    else
        inbound->counts.refused++;
    pthread_mutex_unlock(&inbound->mu);
    return err;
}

static struct sx_request *take_oldest_locked(struct sx_inbound *inbound)
{
    struct sx_request *request = inbound->oldest;

    if (!request)
        return NULL;
    inbound->oldest = request->next;
    if (!inbound->oldest)
        inbound->newest = NULL;
    request->next = NULL;
    inbound->counts.queued--;
    inbound->counts.running++;
    return request;
}

struct sx_request *sx_inbound_take(struct sx_inbound *inbound, int64_t deadline, bool *closed)
{
    struct sx_request *request;
    bool in_time = true;

    pthread_mutex_lock(&inbound->mu);
    while (!inbound->oldest && !inbound->closed && in_time)
        in_time = sx_clock_cond_wait(&inbound->arrived, &inbound->mu, deadline);
    request = take_oldest_locked(inbound);
    *closed = !request && inbound->closed;
    pthread_mutex_unlock(&inbound->mu);
    return request;
}

void sx_inbound_close(struct sx_inbound *inbound)
{
    pthread_mutex_lock(&inbound->mu);
    inbound->closed = true;
    pthread_cond_broadcast(&inbound->arrived);
    pthread_mutex_unlock(&inbound->mu);
}

bool sx_inbound_drained(struct sx_inbound *inbound, int64_t deadline)
{
    bool drained, in_time = true;

    pthread_mutex_lock(&inbound->mu);
    while (!is_drained_locked(inbound) && in_time)
        in_time = sx_clock_cond_wait(&inbound->drained, &inbound->mu, deadline);
    drained = is_drained_locked(inbound);
    pthread_mutex_unlock(&inbound->mu);
    return drained;
}

struct sx_request *sx_inbound_take_all(struct sx_inbound *inbound)
{
    struct sx_request *list;

    pthread_mutex_lock(&inbound->mu);
    list = inbound->oldest;
    inbound->oldest = inbound->newest = NULL;
    inbound->counts.running += inbound->counts.queued;
    inbound->counts.queued = 0;
    pthread_mutex_unlock(&inbound->mu);
    return list;
}

void sx_inbound_count(struct sx_inbound *inbound, struct sx_inbound_counts *counts)
{
    pthread_mutex_lock(&inbound->mu);
    *counts = inbound->counts;
    pthread_mutex_unlock(&inbound->mu);
}
