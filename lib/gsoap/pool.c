/* pool.c - accepts requests, by hand or with a pool of workers; begins to listen for them before.
 *
 * Noun: the pool, some threads that serve the same link until it is closed.
 *
 * Invariant: nothing is accepted before all workers exist: one that waited for requests could be
 * stopped only by closing the link's queue, and that can't be undone. So they wait at a gate.
 *
 * Happy path: make a copy of soap for each worker -> start them -> open the gate -> each accepts,
 * serves and forgets one request after the other -> the queue is closed -> join them.
 * Failure modes: a request that holds no whole envelope is refused as bad-request, one to an
 * address that is longer than struct soap's as policy-violation, and one whose rule was taken back
 * while it waited as forbidden; a worker that can't be had ends the pool before it has accepted
 * anything.
 *
 * Thread: each worker owns its soap_copy and blocks all signals; the pool is shared under mu.
 */
#include "gsoap/context.h"
#include "gsoap/mapping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "config/config.h"
#include "wire/jid.h"
#include "wire/uri.h"

enum { WHY_BYTES = 512 };

/* ---- rules ----------------------------------------------------------------------------------- */

/* Before the link serves, its rules know in which namespaces soap's operations are. */
static int tell_namespaces(struct soap *soap, struct sx_context *context)
{
    const struct Namespace *row = soap->namespaces;
    const char **patterns;
    size_t rows = 0;
    enum sx_err err;
    if (!row || row == context->told_namespaces)
        return SOAP_OK;
    while (row[rows].id)
        rows++;
    patterns = calloc(3 * rows + 1, sizeof *patterns);
    if (!patterns)
        return soap->error = SOAP_EOM;
    err = sx_link_serve_namespaces(context->link, patterns, sx_mapping_collect(row, patterns));
    free(patterns);
    if (err)
        return soap->error = SOAP_EOM;
    context->told_namespaces = row;
    return SOAP_OK;
}

/* ---- accept ---------------------------------------------------------------------------------- */

static struct sx_request *take_any(struct sx_queue *queue, const unsigned long *suspensions,
                                   int64_t deadline, bool *closed)
{
    return suspensions ? sx_queue_take_since(queue, *suspensions, deadline, closed)
                       : sx_queue_take(queue, deadline, closed);
}

/* Whether it can be served: it holds an envelope, and its address fits into struct soap, where a
 * cut one would be another one's. Others are refused here. */
static bool admit(struct soap_xmpp_link *link, struct sx_request *request)
{
    char why[WHY_BYTES];
    size_t address_bytes = sx_uri_write(request->to, NULL, 0);
    if (!request->envelope.bytes || request->envelope.err) {
        sx_link_refuse(link, request, "bad-request",
                       request->envelope.err ? request->envelope.why : sx_fault_text(SX_ENOTSOAP));
        return false;
    }
    if (address_bytes < SOAP_TAGLEN)
        return true;
    snprintf(why, sizeof why, "the address that was called has %zu bytes; the limit is %d",
             address_bytes, SOAP_TAGLEN - 1);
    sx_link_refuse(link, request, "policy-violation", why);
    return false;
}

static struct sx_request *take_request(struct soap_xmpp_link *link,
                                       const unsigned long *suspensions, int64_t deadline,
                                       bool *closed)
{
    struct sx_request *request;
    while ((request = take_any(sx_link_queue(link), suspensions, deadline, closed))) {
        if (sx_link_may_run(link, request) && admit(link, request))
            return request;
        sx_request_free(request);
    }
    return NULL;
}

/* suspensions: that the queue had when a pool began to serve; NULL: that it has now. */
static int accept_since(struct soap *soap, struct sx_context *context,
                        const unsigned long *suspensions, int64_t deadline)
{
    bool closed = false;
    sx_context_release(soap, context);
    if (sx_link_is_forked(context->link))
        return sx_context_fail_forked(soap, "soap_xmpp_accept");
    if (tell_namespaces(soap, context))
        return soap->error;
    sx_link_serve(context->link);
    context->request = take_request(context->link, suspensions, deadline, &closed);
    soap->errnum = 0;
    if (!context->request)
        return soap->error = closed ? SOAP_STOP : SOAP_TCP_ERROR;
    sx_context_park(soap, context);
    sx_context_park_descriptors(soap, context);
    soap->status = SOAP_OK; /* of the call before, if this context makes some */
    sx_context_set_role(context, SX_ROLE_SERVING);
    return soap->error = SOAP_OK;
}

int soap_xmpp_accept(struct soap *soap, int timeout)
{
    struct sx_context *context = sx_context_of(soap);
    int64_t deadline = sx_clock_deadline(sx_config_timeout_us(timeout, -1));
    if (!context)
        return soap->error = SOAP_PLUGIN_ERROR;
    return accept_since(soap, context, NULL, deadline);
}

/* ---- listen ---------------------------------------------------------------------------------- */

/* The link's address as it is called by. */
static int tell_endpoint(struct soap *soap, struct soap_xmpp_link *link)
{
    char jid[SX_JID_BYTES], endpoint[sizeof soap->endpoint];
    size_t len;
    soap_xmpp_jid(link, jid, sizeof jid);
    len = sx_uri_write(jid, endpoint, sizeof endpoint);
    if (len >= sizeof endpoint)
        return sx_context_fail(soap, SOAP_LENGTH,
                               "soap_xmpp_listen: the address has %zu bytes, and soap->endpoint "
                               "room for %zu",
                               len, sizeof endpoint - 1);
    memcpy(soap->endpoint, endpoint, len + 1);
    return SOAP_OK;
}

int soap_xmpp_listen(struct soap *soap)
{
    struct sx_context *context = sx_context_of(soap);
    char why[WHY_BYTES] = "";
    int64_t us;
    enum sx_err err;
    if (!context)
        return soap->error = SOAP_PLUGIN_ERROR;
    if (sx_link_is_forked(context->link))
        return sx_context_fail_forked(soap, "soap_xmpp_listen");
    us = sx_config_timeout_us(soap->connect_timeout, sx_link_timeout_us(context->link));
    err = sx_link_wait_online(context->link, false, sx_clock_deadline(us), why, sizeof why);
    if (err)
        return sx_context_fail(soap, sx_fault_soap_code(err), "soap_xmpp_listen: %s",
                               *why ? why : sx_fault_text(err));
    if (tell_endpoint(soap, context->link) || tell_namespaces(soap, context))
        return soap->error;
    sx_link_serve(context->link);
    return soap->error = SOAP_OK;
}

/* ---- workers --------------------------------------------------------------------------------- */

struct worker {
    struct pool *pool;
    struct soap *soap; /* a copy, the worker's alone */
    pthread_t thread;
};

struct pool {
    /* immutable once a worker runs */
    int (*serve)(struct soap *);
    unsigned long suspensions; /* of the queue: they end the pool as one, whoever kicks the link */
    struct worker *workers;
    int count, running;
    /* under mu */
    pthread_mutex_t mu;
    pthread_cond_t opened;
    enum { GATE_SHUT, GATE_OPEN, GATE_GIVEN_UP } gate;
};

static bool pass_gate(struct pool *pool)
{
    bool open;
    pthread_mutex_lock(&pool->mu);
    while (pool->gate == GATE_SHUT)
        pthread_cond_wait(&pool->opened, &pool->mu);
    open = pool->gate == GATE_OPEN;
    pthread_mutex_unlock(&pool->mu);
    return open;
}

/* As soap_end(), but for what each soap_begin() and soap_begin_recv() frees again: walking gSOAP's
 * empty tables a third time would be a sixth of all that a small request costs. */
static void forget_request(struct soap *soap)
{
    soap_destroy(soap);
    soap_dealloc(soap, NULL);
    (void)soap_closesock(soap);
}

static void *run_worker(void *arg)
{
    struct worker *worker = arg;
    struct pool *pool = worker->pool;
    struct soap *soap = worker->soap;
    struct sx_context *context = sx_context_of(soap);
    if (!pass_gate(pool))
        return NULL;
    while (accept_since(soap, context, &pool->suspensions, SX_NEVER) == SOAP_OK) {
        (void)pool->serve(soap);
        forget_request(soap);
    }
    return NULL;
}

static int make_workers(struct soap *soap, struct pool *pool)
{
    int i;
    for (i = 0; i < pool->count; i++) {
        pool->workers[i].pool = pool;
        pool->workers[i].soap = soap_copy(soap);
        if (!pool->workers[i].soap)
            return SOAP_EOM;
    }
    for (i = 0; i < pool->count; i++, pool->running++)
        if (sx_thread_start(&pool->workers[i].thread, run_worker, &pool->workers[i]))
            return SOAP_EOM;
    return SOAP_OK;
}

static void run_workers(struct pool *pool, bool given_up)
{
    int i;
    pthread_mutex_lock(&pool->mu);
    pool->gate = given_up ? GATE_GIVEN_UP : GATE_OPEN;
    pthread_cond_broadcast(&pool->opened);
    pthread_mutex_unlock(&pool->mu);
    for (i = 0; i < pool->running; i++)
        pthread_join(pool->workers[i].thread, NULL);
    for (i = 0; i < pool->count; i++) {
        if (!pool->workers[i].soap)
            continue;
        soap_destroy(pool->workers[i].soap);
        soap_end(pool->workers[i].soap);
        soap_free(pool->workers[i].soap);
    }
}

/* The link is stopped, or has given up: with its reason. */
static int tell_end(struct soap *soap, const struct sx_context *context)
{
    struct sx_queue *queue = sx_link_queue(context->link);
    char reason[SX_QUEUE_REASON_BYTES];
    if (!sx_queue_is_open(queue))
        return SOAP_OK;
    sx_queue_reason(queue, reason);
    return sx_context_fail(soap, SOAP_TCP_ERROR, "the link has given up: %s", reason);
}

int soap_xmpp_serve(struct soap *soap, int (*serve)(struct soap *), int threads)
{
    struct pool pool = {.serve = serve, .count = threads};
    struct sx_context *context = sx_context_of(soap);
    int err;
    if (!context)
        return soap->error = SOAP_PLUGIN_ERROR;
    if (threads < 1)
        return sx_context_fail(soap, SOAP_USER_ERROR, "soap_xmpp_serve: %d threads can't serve",
                               threads);
    sx_context_release(soap, context);
    if (sx_link_is_forked(context->link))
        return sx_context_fail_forked(soap, "soap_xmpp_serve");
    if (tell_namespaces(soap, context))
        return soap->error;
    pool.workers = calloc((size_t)threads, sizeof *pool.workers);
    if (!pool.workers)
        return soap->error = SOAP_EOM;
    pthread_mutex_init(&pool.mu, NULL);
    pthread_cond_init(&pool.opened, NULL);
    pool.suspensions = sx_queue_suspensions(sx_link_queue(context->link));
    err = make_workers(soap, &pool);
    sx_queue_add_workers(sx_link_queue(context->link), pool.running);
    if (err == SOAP_OK) /* not before: what nobody serves must not be queued */
        sx_link_serve(context->link);
    run_workers(&pool, err != SOAP_OK);
    sx_queue_add_workers(sx_link_queue(context->link), -pool.running);
    pthread_cond_destroy(&pool.opened);
    pthread_mutex_destroy(&pool.mu);
    free(pool.workers);
    return soap->error = err ? err : tell_end(soap, context);
}
