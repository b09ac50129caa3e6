/* service.c - requests served with gSOAP's skeletons: accept, answer, a pool of workers.
 *
 * Noun: the service of one struct soap. The callbacks in plugin.c carry the bytes; here a request
 * becomes that struct soap's and leaves it.
 *
 * Invariant: an accepted request is answered exactly once: with what the operation wrote, with an
 * empty result if it wrote nothing, or with a stanza error if neither can be had.
 *
 * Happy path: soap_xmpp_accept -> soap_serve (begin, operation, answer) -> soap_end drops it.
 * Failure modes: an answer that a stanza can't carry, an operation that fails without a fault, and
 * a request that its owner forgot become internal-server-error; a malformed request bad-request. A
 * worker thread that can't be had ends the pool before it has accepted anything.
 *
 * Thread: each worker owns its soap_copy; the pool is shared under mu.
 */
#include "gsoap/plugin.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/config.h"

enum { WHY_BYTES = 256, TEXT_BYTES = 400 };

/* ---- envelopes, of answers too ---- */

static const char *find_namespace(void *user, const char *prefix)
{
    const struct soap *soap = user;
    const struct Namespace *row = soap->namespaces;
    for (; row && row->id; row++)
        if (strcmp(row->id, prefix) == 0)
            return row->ns;
    return NULL;
}

enum sx_err sx_service_repair(struct soap *soap, struct sx_envelope *envelope)
{
    return sx_envelope_repair(envelope, find_namespace, soap);
}

bool sx_service_refers_to_attachments(const struct soap *soap)
{
    return (soap->mode & SOAP_ENC_DIME) && !(soap->omode & SOAP_XML_TREE) &&
           (soap->encodingStyle || (soap->omode & SOAP_XML_GRAPH));
}

/* ---- one request ----------------------------------------------------------------------------- */

int sx_service_refuse_call(struct soap *soap, const char *endpoint)
{
    return sx_plugin_fail(soap, SOAP_USER_ERROR,
                          "%.200s: a service operation can't call on the struct soap that serves "
                          "it: call on a soap_copy() of it",
                          endpoint);
}

int sx_service_begin(struct soap *soap, struct sx_plugin *plugin)
{
    const struct sx_request *request = plugin->request;
    plugin->is_begun = true;
    sx_reader_fini(&plugin->reading);
    soap->keep_alive = 0; /* soap_serve() has set it, and would ask for the next request */
    soap->buflen = soap->bufidx = 0;
    soap->ahead = 0;
    soap->fform = NULL;
    soap->action = *request->envelope.action ? soap_strdup(soap, request->envelope.action) : NULL;
    soap_strcpy(soap->endpoint, sizeof soap->endpoint, "xmpp:");
    soap_strcpy(soap->endpoint + 5, sizeof soap->endpoint - 5, request->to);
    if (sx_service_repair(soap, &plugin->request->envelope))
        return soap->error = SOAP_EOM;
    return SOAP_OK;
}

void sx_service_prepare(struct soap *soap, struct sx_plugin *plugin)
{
    sx_buffer_clear(&plugin->out);
    plugin->has_attachments = sx_service_refers_to_attachments(soap);
    /* Serialising attachment types has set SOAP_ENC_DIME whatever omode says. */
    soap->mode &= ~(soap_mode)SX_ATTACHMENT_MODES;
    if (!soap->fpreparesend)
        soap->mode &= ~(soap_mode)SOAP_IO_LENGTH;
}

/* SOAP_STOP and 2xx are how operations say that all is well. */
static bool is_failure(int error)
{
    return error && error != SOAP_STOP && (error < 200 || error > 299);
}

static void answer_envelope(struct sx_plugin *plugin)
{
    struct sx_checker *checker = sx_plugin_checker(plugin);
    char why[WHY_BYTES] = "", text[TEXT_BYTES];
    enum sx_err err = checker ? SX_OK : SX_ENOMEM;
    if (!err && plugin->has_attachments) {
        err = SX_EUNCARRIABLE;
        snprintf(why, sizeof why, "it refers to attachments (XEP-0072 3.3)");
    }
    if (!err)
        err = sx_link_answer(plugin->link, plugin->request, checker, plugin->out.bytes,
                             plugin->out.len, why, sizeof why);
    if (!err)
        return;
    snprintf(text, sizeof text, "the answer's envelope can't be carried: %s",
             *why ? why : sx_fault_text(err));
    sx_trace(sx_link_trace(plugin->link), SOAP_XMPP_TRACE_ERROR, "request %.80s of %.200s: %s",
             plugin->request->id, plugin->request->from, text);
    sx_link_refuse(plugin->link, plugin->request, "internal-server-error", text);
}

void sx_service_answer(struct soap *soap, struct sx_plugin *plugin)
{
    char text[TEXT_BYTES], fault[TEXT_BYTES / 2];
    if (!plugin->is_begun)
        return; /* soap_end() before soap_serve(): the next accept refuses it */
    sx_plugin_set_role(plugin, SX_ROLE_ANSWERED);
    if (plugin->out.failed) {
        /* Not resource-constraint, which says that nothing ran. */
        sx_link_refuse(plugin->link, plugin->request, "internal-server-error",
                       sx_fault_text(SX_ENOMEM));
    } else if (plugin->out.len) {
        answer_envelope(plugin);
    } else if (is_failure(soap->error)) {
        /* soapcpp2 generates soap_fault_string() and the like anew for each program, in C++ under
         * another linker name: only the runtime's functions are the same everywhere. */
        soap_sprint_fault(soap, fault, sizeof fault);
        snprintf(text, sizeof text, "the operation failed: %s (%d)", fault, soap->error);
        sx_link_refuse(plugin->link, plugin->request, "internal-server-error", text);
    } else {
        (void)sx_link_answer(plugin->link, plugin->request, NULL, NULL, 0, text, sizeof text);
    }
}

void sx_service_drop(struct sx_plugin *plugin)
{
    if (!plugin->request)
        return;
    if (plugin->role == SX_ROLE_SERVING || plugin->role == SX_ROLE_RELAYING)
        sx_link_refuse(plugin->link, plugin->request, "internal-server-error",
                       "the request was not served");
    sx_request_free(plugin->request);
    plugin->request = NULL;
    plugin->name[0] = '\0'; /* of a relay that failed */
    plugin->is_begun = plugin->was_answered = plugin->has_attachments = false;
}

/* ---- accept ---------------------------------------------------------------------------------- */

/* The next request that holds an envelope; others are refused here. */
static struct sx_request *take_request(struct soap_xmpp_link *link, int64_t deadline, bool *closed)
{
    struct sx_request *request;
    while ((request = sx_queue_take(sx_link_inbound(link), deadline, closed))) {
        if (request->envelope.bytes && !request->envelope.err)
            return request;
        sx_link_refuse(link, request, "bad-request",
                       request->envelope.err ? request->envelope.why : sx_fault_text(SX_ENOTSOAP));
        sx_request_free(request);
    }
    return NULL;
}

int soap_xmpp_accept(struct soap *soap, int timeout)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    bool closed = false;
    int64_t deadline = sx_clock_deadline(sx_config_timeout_us(timeout, -1));
    if (!plugin)
        return soap->error = SOAP_PLUGIN_ERROR;
    sx_plugin_release(soap, plugin);
    sx_link_serve(plugin->link);
    plugin->request = take_request(plugin->link, deadline, &closed);
    soap->errnum = 0;
    if (!plugin->request)
        return soap->error = closed ? SOAP_STOP : SOAP_TCP_ERROR;
    sx_plugin_park(soap, plugin);
    soap->status = SOAP_OK; /* of the call before, if this context makes some */
    sx_plugin_set_role(plugin, SX_ROLE_SERVING);
    return soap->error = SOAP_OK;
}

const char *soap_xmpp_from(struct soap *soap)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    return plugin && plugin->request ? plugin->request->from : NULL;
}

const char *soap_xmpp_to(struct soap *soap)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    return plugin && plugin->request ? plugin->request->to : NULL;
}

const char *soap_xmpp_id(struct soap *soap)
{
    struct sx_plugin *plugin = sx_plugin_of(soap);
    return plugin && plugin->request ? plugin->request->id : NULL;
}

/* ---- workers --------------------------------------------------------------------------------- */

struct worker {
    struct pool *pool;
    struct soap *soap; /* a copy, the worker's alone */
    pthread_t thread;
};

/* Workers wait at a gate until all of them exist: one that waited for requests could be stopped
 * only by closing the link's queue, and that can't be undone. */
struct pool {
    /* immutable once a worker runs */
    int (*serve)(struct soap *);
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
    struct soap *soap = worker->soap;
    if (!pass_gate(worker->pool))
        return NULL;
    while (soap_xmpp_accept(soap, 0) == SOAP_OK) {
        (void)worker->pool->serve(soap);
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
        if (pthread_create(&pool->workers[i].thread, NULL, run_worker, &pool->workers[i]))
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

int soap_xmpp_serve(struct soap *soap, int (*serve)(struct soap *), int threads)
{
    struct pool pool = {.serve = serve, .count = threads};
    struct sx_plugin *plugin = sx_plugin_of(soap);
    int err;
    if (!plugin)
        return soap->error = SOAP_PLUGIN_ERROR;
    if (threads < 1)
        return sx_plugin_fail(soap, SOAP_USER_ERROR, "soap_xmpp_serve: %d threads can't serve",
                              threads);
    sx_plugin_release(soap, plugin);
    pool.workers = calloc((size_t)threads, sizeof *pool.workers);
    if (!pool.workers)
        return soap->error = SOAP_EOM;
    pthread_mutex_init(&pool.mu, NULL);
    pthread_cond_init(&pool.opened, NULL);
    err = make_workers(soap, &pool);
    sx_queue_add_workers(sx_link_inbound(plugin->link), pool.running);
    if (err == SOAP_OK) /* not before: what nobody serves must not be queued */
        sx_link_serve(plugin->link);
    run_workers(&pool, err != SOAP_OK);
    sx_queue_add_workers(sx_link_inbound(plugin->link), -pool.running);
    pthread_cond_destroy(&pool.opened);
    pthread_mutex_destroy(&pool.mu);
    free(pool.workers);
    return soap->error = err;
}
