/* loopback.c - two links that are each other's server, without a server.
 *
 * Invariant: as in link.c, a call completes exactly once and a request is answered at most once;
 * exchange and queue see to it.
 *
 * Happy path: sx_link_request on one link adds to the inbound queue of its peer, in the sender's
 * thread; sx_link_answer there completes the call here.
 * Failure modes: what the test asked for with loopback_answer_*() and loopback_set_offline().
 *
 * Thread: any; mu guards the test's orders and the record of what was sent.
 */
#include "loopback.h"

#include <expat.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "base/clock.h"
#include "config/config.h"
#include "soap/payload.h"

enum { MAX_DEPTH = 256, MAX_CALLS = 10000, MAX_REQUESTS = 10000, TIMEOUT_US = 60000000 };
enum { MAX_REQUEST_BYTES = 64 << 20 };
enum { WAIT_US = 10000000 };

enum reaction { NORMALLY, WITH_ERROR, WITH_BYTES, WITH_NOTHING };

struct soap_xmpp_link {
    /* immutable */
    char *jid;
    struct soap_xmpp_link *peer;
    struct sx_exchange *exchange;
    struct sx_queue *inbound;
    struct sx_trace trace;
    pthread_mutex_t mu;
    pthread_cond_t sent; /* on a request */
    /* under mu */
    int references, offline_times;
    enum sx_err offline;
    bool stopped;
    enum reaction reaction;
    char *error_condition, *error_text, *bytes;
    char *last_envelope, *last_to, *last_action, *last_name;
    int64_t timeout_us, last_online_us, last_room_us;
    unsigned long sent_count;
};

/* ---- envelopes as a peer would read them ---- */

static void on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    sx_scan_start(user, name, attributes);
}

static void on_end(void *user, const XML_Char *name)
{
    (void)name;
    sx_scan_end(user);
}

static void on_text(void *user, const XML_Char *text, int len)
{
    sx_scan_text(user, text, len);
}

/* What stream.c does with a stanza's envelope. */
static void read_envelope(const char *bytes, size_t len, struct sx_envelope *envelope)
{
    struct sx_scan *scan = calloc(1, sizeof *scan);
    XML_Parser parser = XML_ParserCreate("UTF-8");
    char *copy = malloc(len + 1);
    if (!scan || !parser || !copy)
        abort();
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    sx_scan_init(scan, MAX_DEPTH);
    XML_SetUserData(parser, scan);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    if (XML_Parse(parser, bytes, (int)len, 1) != XML_STATUS_OK && !scan->err) {
        scan->err = SX_EMALFORMED;
        snprintf(scan->why, sizeof scan->why, "%s", XML_ErrorString(XML_GetErrorCode(parser)));
    }
    sx_envelope_set(envelope, copy, len, scan);
    XML_ParserFree(parser);
    sx_scan_fini(scan);
    free(scan);
}

/* ---- links ----------------------------------------------------------------------------------- */

static char *copy_text(const char *text)
{
    char *copy = strdup(text ? text : "");
    if (!copy)
        abort();
    return copy;
}

static void set_text(char **where, const char *text)
{
    free(*where);
    *where = copy_text(text);
}

static void ignore_trace(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user;
    (void)level;
    (void)line;
}

struct soap_xmpp_link *loopback_new(const char *jid)
{
    struct soap_xmpp_link *link = calloc(1, sizeof *link);
    if (!link)
        abort();
    link->jid = copy_text(jid);
    link->exchange = sx_exchange_new(MAX_CALLS, link);
    link->inbound = sx_queue_new(MAX_REQUESTS, MAX_REQUEST_BYTES, 0);
    if (!link->exchange || !link->inbound || sx_exchange_set_own_jid(link->exchange, jid))
        abort();
    sx_trace_init(&link->trace, SOAP_XMPP_TRACE_DEBUG, ignore_trace, NULL, jid);
    pthread_mutex_init(&link->mu, NULL);
    sx_clock_cond_init(&link->sent);
    link->references = 1;
    link->timeout_us = TIMEOUT_US;
    return link;
}

void loopback_pair(struct soap_xmpp_link *a, struct soap_xmpp_link *b)
{
    a->peer = b;
    b->peer = a;
}

struct soap_xmpp_link *sx_link_ref(struct soap_xmpp_link *link)
{
    pthread_mutex_lock(&link->mu);
    link->references++;
    pthread_mutex_unlock(&link->mu);
    return link;
}

void sx_link_unref(struct soap_xmpp_link *link)
{
    int left;
    pthread_mutex_lock(&link->mu);
    left = --link->references;
    pthread_mutex_unlock(&link->mu);
    if (left)
        return;
    sx_exchange_free(link->exchange);
    sx_queue_free(link->inbound);
    pthread_cond_destroy(&link->sent);
    pthread_mutex_destroy(&link->mu);
    free(link->jid);
    free(link->error_condition);
    free(link->error_text);
    free(link->bytes);
    free(link->last_envelope);
    free(link->last_to);
    free(link->last_action);
    free(link->last_name);
    free(link);
}

void soap_xmpp_stop(struct soap_xmpp_link *link, int drain_ms)
{
    struct sx_request *request, *next;
    pthread_mutex_lock(&link->mu);
    link->stopped = true;
    pthread_mutex_unlock(&link->mu);
    sx_queue_close(link->inbound);
    (void)sx_queue_drained(link->inbound,
                           sx_clock_deadline(sx_config_timeout_ms(drain_ms, link->timeout_us)));
    for (request = sx_queue_take_all(link->inbound); request; request = next) {
        next = request->next;
        sx_link_refuse(link, request, "service-unavailable", "the link was stopped");
        sx_request_free(request);
    }
    sx_exchange_stop(link->exchange, SX_ESTOPPED, "the link was stopped");
}

void soap_xmpp_close(struct soap_xmpp_link *link)
{
    if (!link)
        return;
    soap_xmpp_stop(link, 0);
    sx_link_unref(link);
}

struct sx_exchange *sx_link_exchange(struct soap_xmpp_link *link)
{
    return link->exchange;
}

struct soap_xmpp_link *sx_link_of(const struct soap_xmpp_call *call)
{
    return sx_exchange_owner(call);
}

struct sx_queue *sx_link_queue(struct soap_xmpp_link *link)
{
    return link->inbound;
}

bool sx_link_may_name(const struct soap_xmpp_link *link)
{
    (void)link;
    return true;
}

void sx_link_serve(struct soap_xmpp_link *link)
{
    sx_queue_open(link->inbound);
}

const struct sx_trace *sx_link_trace(struct soap_xmpp_link *link)
{
    return &link->trace;
}

int64_t sx_link_timeout_us(struct soap_xmpp_link *link)
{
    return link->timeout_us;
}

unsigned sx_link_max_depth(struct soap_xmpp_link *link)
{
    (void)link;
    return MAX_DEPTH;
}

/* ---- requests -------------------------------------------------------------------------------- */

enum sx_err sx_link_wait_online(struct soap_xmpp_link *link, int64_t deadline, char *why,
                                size_t why_bytes)
{
    enum sx_err err;
    pthread_mutex_lock(&link->mu);
    link->last_online_us = deadline - sx_clock_now_us();
    err = link->stopped ? SX_ESTOPPED : link->offline;
    if (err && link->offline_times && --link->offline_times == 0)
        link->offline = SX_OK;
    pthread_mutex_unlock(&link->mu);
    if (err)
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
    return err;
}

static void complete_error(struct soap_xmpp_link *link, const char *from, const char *id,
                           const char *condition, const char *text)
{
    struct sx_reply reply = {.err = SX_ESTANZA};
    snprintf(reply.condition, sizeof reply.condition, "%s", condition);
    snprintf(reply.text, sizeof reply.text, "%s", text ? text : "");
    sx_exchange_complete(link->exchange, from, id, &reply);
}

static void complete_bytes(struct soap_xmpp_link *link, const char *from, const char *id,
                           const char *bytes, size_t len)
{
    struct sx_reply reply = {.err = SX_OK};
    if (bytes)
        read_envelope(bytes, len, &reply.envelope);
    sx_exchange_complete(link->exchange, from, id, &reply);
}

static void deliver(struct soap_xmpp_link *link, const char *to, const char *id, const char *bytes,
                    size_t len)
{
    struct sx_request *request = sx_request_new(link->jid, to, id);
    enum sx_err err;
    if (!request)
        abort();
    if (bytes)
        read_envelope(bytes, len, &request->envelope);
    request->arrived_us = sx_clock_now_us();
    err = link->peer ? sx_queue_add(link->peer->inbound, request) : SX_ENOTSOAP;
    if (!err)
        return;
    complete_error(link, to, id, sx_fault_condition(err), sx_fault_text(err));
    sx_request_free(request);
}

/* Carries out the test's order. */
static void react(struct soap_xmpp_link *link, const char *to, const char *id,
                  const struct sx_payload *payload)
{
    enum reaction reaction;
    char *condition, *text, *bytes;
    pthread_mutex_lock(&link->mu);
    reaction = link->reaction;
    condition = copy_text(link->error_condition);
    text = copy_text(link->error_text);
    bytes = link->bytes ? copy_text(link->bytes) : NULL;
    pthread_mutex_unlock(&link->mu);
    if (reaction == NORMALLY)
        deliver(link, to, id, payload->bytes, payload->len);
    else if (reaction == WITH_ERROR)
        complete_error(link, to, id, condition, text);
    else if (reaction == WITH_BYTES)
        complete_bytes(link, to, id, bytes, bytes ? strlen(bytes) : 0);
    free(condition);
    free(text);
    free(bytes);
}

static void record(struct soap_xmpp_link *link, const struct sx_outgoing *out,
                   const struct sx_payload *payload)
{
    pthread_mutex_lock(&link->mu);
    set_text(&link->last_envelope, payload->bytes);
    set_text(&link->last_to, out->to);
    set_text(&link->last_action, out->action);
    set_text(&link->last_name, out->name);
    link->last_room_us = out->room_deadline - sx_clock_now_us();
    link->sent_count++;
    pthread_cond_broadcast(&link->sent);
    pthread_mutex_unlock(&link->mu);
}

enum sx_err sx_link_request(struct soap_xmpp_link *link, const struct sx_outgoing *out,
                            struct soap_xmpp_call **call, char *why, size_t why_bytes)
{
    struct sx_payload payload = {0};
    char reason[200] = "", clause[200] = "";
    /* As with the default configuration: the soapAction stays here. */
    enum sx_err err = sx_payload_plain(&payload, out->checker, out->envelope, out->envelope_len,
                                       NULL, clause, sizeof clause);
    if (err) {
        snprintf(why, why_bytes, "xmpp:%s: the envelope can't be carried: %s", out->to, clause);
        return err;
    }
    err = sx_link_wait_online(link, out->online_deadline, reason, sizeof reason);
    if (!err)
        err = sx_exchange_begin(link->exchange, out->to, payload.scan->operation,
                                out->room_deadline, call);
    if (err) {
        snprintf(why, why_bytes, "xmpp:%s: %s: %s", out->to, payload.scan->operation,
                 *reason ? reason : sx_fault_text(err));
    } else {
        record(link, out, &payload);
        react(link, out->to, sx_exchange_id(*call), &payload);
    }
    sx_payload_fini(&payload);
    return err;
}

void loopback_request_bytes(struct soap_xmpp_link *link, const char *to, const char *envelope,
                            struct sx_reply *reply)
{
    struct soap_xmpp_call *call;
    int64_t deadline = sx_clock_deadline(WAIT_US);
    if (sx_exchange_begin(link->exchange, to, "", deadline, &call))
        abort();
    deliver(link, to, sx_exchange_id(call), envelope, envelope ? strlen(envelope) : 0);
    sx_exchange_wait(call, deadline, reply);
    sx_exchange_release(call);
}

enum sx_err sx_link_answer(struct soap_xmpp_link *link, struct sx_request *request,
                           struct sx_checker *checker, const char *envelope, size_t envelope_len,
                           char *why, size_t why_bytes)
{
    struct sx_payload payload = {0};
    enum sx_err err = SX_OK;
    if (envelope)
        err = sx_payload_plain(&payload, checker, envelope, envelope_len, NULL, why, why_bytes);
    if (err == SX_OK && sx_request_answer_once(request))
        complete_bytes(link->peer, request->to, request->id, payload.bytes, payload.len);
    sx_payload_fini(&payload);
    return err;
}

const struct sx_reader_limits *sx_link_reading_limits(struct soap_xmpp_link *link)
{
    static const struct sx_reader_limits limits = {1 << 26, {256, 0, 0}};
    (void)link;
    return &limits;
}

void sx_link_refuse(struct soap_xmpp_link *link, struct sx_request *request, const char *condition,
                    const char *text)
{
    if (sx_request_answer_once(request))
        complete_error(link->peer, request->to, request->id, condition, text);
}

/* ---- orders ---------------------------------------------------------------------------------- */

void loopback_set_offline_times(struct soap_xmpp_link *link, enum sx_err err, int times)
{
    pthread_mutex_lock(&link->mu);
    link->offline = err;
    link->offline_times = times;
    pthread_mutex_unlock(&link->mu);
}

void loopback_set_offline(struct soap_xmpp_link *link, enum sx_err err)
{
    loopback_set_offline_times(link, err, 0);
}

static void set_reaction(struct soap_xmpp_link *link, enum reaction reaction)
{
    pthread_mutex_lock(&link->mu);
    link->reaction = reaction;
    pthread_mutex_unlock(&link->mu);
}

void loopback_answer_error(struct soap_xmpp_link *link, const char *condition, const char *text)
{
    pthread_mutex_lock(&link->mu);
    set_text(&link->error_condition, condition);
    set_text(&link->error_text, text);
    pthread_mutex_unlock(&link->mu);
    set_reaction(link, WITH_ERROR);
}

void loopback_answer_bytes(struct soap_xmpp_link *link, const char *envelope)
{
    pthread_mutex_lock(&link->mu);
    free(link->bytes);
    link->bytes = envelope ? copy_text(envelope) : NULL;
    pthread_mutex_unlock(&link->mu);
    set_reaction(link, WITH_BYTES);
}

void loopback_answer_nothing(struct soap_xmpp_link *link)
{
    set_reaction(link, WITH_NOTHING);
}

void loopback_answer_normally(struct soap_xmpp_link *link)
{
    set_reaction(link, NORMALLY);
}

void loopback_set_timeout_us(struct soap_xmpp_link *link, int64_t timeout_us)
{
    link->timeout_us = timeout_us;
}

void loopback_break(struct soap_xmpp_link *link)
{
    sx_exchange_fail_all(link->exchange, SX_ELOST, "the connection was lost");
}

/* ---- records --------------------------------------------------------------------------------- */

const char *loopback_last_envelope(struct soap_xmpp_link *link)
{
    return link->last_envelope ? link->last_envelope : "";
}

const char *loopback_last_to(struct soap_xmpp_link *link)
{
    return link->last_to ? link->last_to : "";
}

const char *loopback_last_action(struct soap_xmpp_link *link)
{
    return link->last_action ? link->last_action : "";
}

const char *loopback_last_name(struct soap_xmpp_link *link)
{
    return link->last_name ? link->last_name : "";
}

int64_t loopback_last_online_us(struct soap_xmpp_link *link)
{
    return link->last_online_us;
}

int64_t loopback_last_room_us(struct soap_xmpp_link *link)
{
    return link->last_room_us;
}

int loopback_references(struct soap_xmpp_link *link)
{
    int references;
    pthread_mutex_lock(&link->mu);
    references = link->references;
    pthread_mutex_unlock(&link->mu);
    return references;
}

bool loopback_wait_sent(struct soap_xmpp_link *link, unsigned long count)
{
    int64_t deadline = sx_clock_deadline(WAIT_US);
    bool in_time = true;
    pthread_mutex_lock(&link->mu);
    while (link->sent_count < count && in_time)
        in_time = sx_clock_cond_wait(&link->sent, &link->mu, deadline);
    in_time = link->sent_count >= count;
    pthread_mutex_unlock(&link->mu);
    return in_time;
}
