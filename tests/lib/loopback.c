/* loopback.c - two links that are each other's server, without a server.
 *
 * Invariant: as with any link, a call completes exactly once and a request is answered at most
 * once; the exchange and the queue see to it.
 *
 * Happy path: a call that is sent on one link is added to its peer's queue of requests, in the
 * sender's thread; an answer there completes the call here.
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

#include "base/clock.h"
#include "config/config.h"
#include "exchange/draft.h"
#include "link/link_state.h"
#include "soap/payload.h"

enum { MAX_DEPTH = 256, MAX_LINKS = 16, WAIT_US = 10000000 };

enum reaction { NORMALLY, WITH_ERROR, WITH_BYTES, WITH_NOTHING };

/* Beside a link: where its stanzas go. */
static struct loopback {
    /* immutable */
    const struct soap_xmpp_link *link; /* NULL: the place is free; it may have been closed */
    const struct sx_session *session;  /* the link's */
    struct soap_xmpp_link *peer;
    pthread_mutex_t mu;
    pthread_cond_t sent; /* on a request */
    /* under mu */
    int offline_times;
    enum sx_err offline;
    enum reaction reaction;
    char *error_condition, *error_text, *bytes;
    char *action; /* beside requests from here; NULL: none */
    char *last_envelope, *last_to, *last_action, *last_name;
    int64_t last_online_us, last_room_us;
    unsigned long sent_count;
    enum sx_grant grant; /* of requests from here */
} loopbacks[MAX_LINKS];

static struct loopback *find(const struct soap_xmpp_link *link)
{
    int i;
    for (i = 0; i < MAX_LINKS; i++)
        if (loopbacks[i].link == link)
            return &loopbacks[i];
    abort();
}

static struct loopback *find_session(const struct sx_session *session)
{
    int i;
    for (i = 0; i < MAX_LINKS; i++)
        if (loopbacks[i].link && loopbacks[i].session == session)
            return &loopbacks[i];
    abort();
}

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
    scan->has_passed_server = true;
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

static struct soap_xmpp_link *make_link(const char *jid)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    char why[400];
    soap_xmpp_config_init(&config);
    config.jid = jid;
    config.password = "secret";
    config.host = "127.0.0.1";
    config.tls = SOAP_XMPP_TLS_OFF;
    config.name_key = "secret";
    config.max_depth = MAX_DEPTH;
    config.max_requests = 10000; /* a caller gets half of them */
    config.max_request_bytes = 64 << 20;
    config.trace = SOAP_XMPP_TRACE_DEBUG;
    config.trace_callback = ignore_trace;
    link = sx_link_new(&config, why, sizeof why);
    if (!link || sx_exchange_set_own_jid(link->exchange, jid))
        abort();
    sx_session_begin(link->session, 1, jid);
    sx_session_set_state(link->session, SOAP_XMPP_ONLINE, NULL);
    return link;
}

static void give_place_back(struct loopback *loopback)
{
    if (!loopback->link)
        return;
    free(loopback->error_condition);
    free(loopback->error_text);
    free(loopback->bytes);
    free(loopback->last_envelope);
    free(loopback->last_to);
    free(loopback->last_action);
    free(loopback->last_name);
    free(loopback->action);
    pthread_cond_destroy(&loopback->sent);
    pthread_mutex_destroy(&loopback->mu);
    loopback->link = NULL;
}

/* No other thread runs then. */
struct soap_xmpp_link *loopback_new(const char *jid)
{
    static unsigned next;
    struct soap_xmpp_link *link = make_link(jid);
    struct loopback *loopback = &loopbacks[next++ % MAX_LINKS];
    int i;
    for (i = 0; i < MAX_LINKS; i++) /* one that was closed may have had the same address */
        if (loopbacks[i].link == link || loopbacks[i].session == link->session)
            give_place_back(&loopbacks[i]);
    give_place_back(loopback);
    *loopback =
        (struct loopback){.link = link, .session = link->session, .grant = SX_GRANT_EVERYTHING};
    pthread_mutex_init(&loopback->mu, NULL);
    sx_clock_cond_init(&loopback->sent);
    return link;
}

void loopback_pair(struct soap_xmpp_link *a, struct soap_xmpp_link *b)
{
    find(a)->peer = b;
    find(b)->peer = a;
}

/* ---- requests -------------------------------------------------------------------------------- */

/* In the place of session.c's (--wrap): offline when the test wants it. */
__typeof__(sx_session_await) __wrap_sx_session_await, __real_sx_session_await,
    __wrap_sx_session_await_online, __real_sx_session_await_online;

static enum sx_err await(__typeof__(sx_session_await) *real, struct sx_session *session,
                         int64_t deadline, uint64_t *number, char *why, size_t why_bytes)
{
    struct loopback *loopback = find_session(session);
    enum sx_err err;
    pthread_mutex_lock(&loopback->mu);
    loopback->last_online_us = deadline - sx_clock_now_us();
    err = loopback->offline;
    if (err && loopback->offline_times && --loopback->offline_times == 0)
        loopback->offline = SX_OK;
    pthread_mutex_unlock(&loopback->mu);
    if (!err)
        return real(session, deadline, number, why, why_bytes);
    snprintf(why, why_bytes, "%s", sx_fault_text(err));
    return err;
}

enum sx_err __wrap_sx_session_await(struct sx_session *session, int64_t deadline, uint64_t *number,
                                    char *why, size_t why_bytes)
{
    return await(__real_sx_session_await, session, deadline, number, why, why_bytes);
}

enum sx_err __wrap_sx_session_await_online(struct sx_session *session, int64_t deadline,
                                           uint64_t *number, char *why, size_t why_bytes)
{
    return await(__real_sx_session_await_online, session, deadline, number, why, why_bytes);
}

static void complete_error(const struct soap_xmpp_link *link, const char *from, const char *id,
                           const char *condition, const char *text)
{
    struct sx_reply reply = {.err = SX_ESTANZA};
    snprintf(reply.condition, sizeof reply.condition, "%s", condition);
    snprintf(reply.text, sizeof reply.text, "%s", text ? text : "");
    sx_exchange_complete(link->exchange, from, id, &reply);
}

static void complete_bytes(const struct soap_xmpp_link *link, const char *from, const char *id,
                           const char *bytes, size_t len)
{
    struct sx_reply reply = {.err = SX_OK};
    if (bytes)
        read_envelope(bytes, len, &reply.envelope);
    sx_exchange_complete(link->exchange, from, id, &reply);
}

static void deliver(struct loopback *loopback, const char *to, const char *id, const char *bytes,
                    size_t len)
{
    const char *from = sx_session_own_jid(loopback->session);
    struct sx_request *request = sx_request_new(from, to, id);
    enum sx_err err;
    if (!request)
        abort();
    if (bytes)
        read_envelope(bytes, len, &request->envelope);
    pthread_mutex_lock(&loopback->mu);
    request->grant = loopback->grant;
    if (loopback->action)
        snprintf(request->envelope.action, sizeof request->envelope.action, "%s", loopback->action);
    pthread_mutex_unlock(&loopback->mu);
    request->arrived_us = sx_clock_now_us();
    err = loopback->peer ? sx_queue_add(loopback->peer->queue, request) : SX_ENOTSOAP;
    if (!err)
        return;
    complete_error(loopback->link, to, id, sx_fault_condition(err), sx_fault_text(err));
    sx_request_free(request);
}

/* Carries out the test's order. */
static void react(struct loopback *loopback, const char *to, const char *id,
                  const struct sx_payload *payload)
{
    enum reaction reaction;
    char *condition, *text, *bytes;
    pthread_mutex_lock(&loopback->mu);
    reaction = loopback->reaction;
    condition = copy_text(loopback->error_condition);
    text = copy_text(loopback->error_text);
    bytes = loopback->bytes ? copy_text(loopback->bytes) : NULL;
    pthread_mutex_unlock(&loopback->mu);
    if (reaction == NORMALLY)
        deliver(loopback, to, id, payload->bytes, payload->len);
    else if (reaction == WITH_ERROR)
        complete_error(loopback->link, to, id, condition, text);
    else if (reaction == WITH_BYTES)
        complete_bytes(loopback->link, to, id, bytes, bytes ? strlen(bytes) : 0);
    free(condition);
    free(text);
    free(bytes);
}

static void record(struct loopback *loopback, const struct sx_outgoing *out,
                   const struct sx_payload *payload)
{
    pthread_mutex_lock(&loopback->mu);
    set_text(&loopback->last_envelope, payload->bytes);
    set_text(&loopback->last_to, out->to);
    set_text(&loopback->last_action, out->action);
    set_text(&loopback->last_name, out->name);
    loopback->last_room_us = out->room_deadline - sx_clock_now_us();
    loopback->sent_count++;
    pthread_cond_broadcast(&loopback->sent);
    pthread_mutex_unlock(&loopback->mu);
}

enum sx_err sx_call_send(const struct sx_calls *calls, const struct sx_outgoing *out,
                         struct soap_xmpp_call **call, char *why, size_t why_bytes)
{
    struct loopback *loopback = find_session(calls->session);
    struct sx_payload payload = {0};
    char reason[200] = "", clause[200] = "";
    uint64_t number;
    /* As with the default configuration: the soapAction stays here. */
    enum sx_err err = sx_payload_plain(&payload, out->checker, out->envelope, out->envelope_len,
                                       NULL, NULL, clause, sizeof clause);
    if (err) {
        snprintf(why, why_bytes, "xmpp:%s: the envelope can't be carried: %s", out->to, clause);
        return err;
    }
    err = sx_session_await(calls->session, out->online_deadline, &number, reason, sizeof reason);
    if (!err)
        err = sx_exchange_begin(calls->exchange, out->to, payload.scan->operation,
                                out->room_deadline, call);
    if (err) {
        snprintf(why, why_bytes, "xmpp:%s: %s: %s", out->to, payload.scan->operation,
                 *reason ? reason : sx_fault_text(err));
    } else {
        record(loopback, out, &payload);
        react(loopback, out->to, sx_exchange_id(*call), &payload);
    }
    sx_payload_fini(&payload);
    return err;
}

enum sx_err sx_message_call_send(const struct sx_calls *calls, const struct sx_outgoing *out,
                                 struct soap_xmpp_call **call, char *why, size_t why_bytes)
{
    return sx_call_send(calls, out, call, why, why_bytes);
}

int64_t sx_call_post_due(const struct sx_calls *calls, uint64_t number)
{
    (void)calls;
    (void)number;
    return SX_NEVER;
}

/* ---- nothing is posted without a stub here ---- */

void sx_preparation_init(struct sx_preparation *preparation, const struct sx_calls *calls)
{
    preparation->calls = calls;
}

void sx_preparation_fini(struct sx_preparation *preparation)
{
    preparation->calls = NULL;
}

enum sx_err sx_preparation_post(struct sx_preparation *preparation, const struct sx_outgoing *out,
                                struct soap_xmpp_call **call, char *why, size_t why_bytes)
{
    enum sx_err err = sx_draft_begin(preparation->calls->exchange, out->to, "", NULL, false, call);
    snprintf(why, why_bytes, "%s", sx_fault_text(err));
    if (err == SX_OK)
        sx_exchange_detach(*call, out->answer_deadline, out->user);
    return err;
}

int64_t sx_preparation_step(struct sx_preparation *preparation, uint64_t number)
{
    (void)preparation, (void)number;
    return SX_NEVER;
}

void sx_preparation_online(struct sx_preparation *preparation)
{
    preparation->online_since_us = sx_clock_now_us();
}

void sx_preparation_lost(struct sx_preparation *preparation)
{
    preparation->online_since_us = 0;
}

bool sx_preparation_take_answer(struct sx_preparation *preparation, const char *from,
                                const char *id, const struct sx_reply *reply)
{
    (void)preparation, (void)from, (void)id, (void)reply;
    return false;
}

void sx_preparation_note_available(struct sx_preparation *preparation, const char *jid)
{
    (void)preparation, (void)jid;
}

void loopback_request_bytes(struct soap_xmpp_link *link, const char *to, const char *envelope,
                            struct sx_reply *reply)
{
    struct soap_xmpp_call *call;
    int64_t deadline = sx_clock_deadline(WAIT_US);
    if (sx_exchange_begin(link->exchange, to, "", deadline, &call))
        abort();
    deliver(find(link), to, sx_exchange_id(call), envelope, envelope ? strlen(envelope) : 0);
    sx_exchange_wait(call, deadline, reply);
    sx_exchange_release(call);
}

enum sx_err sx_answer_send(const struct sx_answers *answers, struct sx_request *request,
                           struct sx_checker *checker, const char *envelope, size_t envelope_len,
                           char *why, size_t why_bytes)
{
    struct sx_payload payload = {0};
    enum sx_err err = SX_OK;
    if (envelope)
        err =
            sx_payload_plain(&payload, checker, envelope, envelope_len, NULL, NULL, why, why_bytes);
    if (err == SX_OK && sx_request_answer_once(request))
        complete_bytes(find_session(answers->session)->peer, request->to, request->id,
                       payload.bytes, payload.len);
    sx_payload_fini(&payload);
    return err;
}

void sx_answer_refuse(const struct sx_answers *answers, struct sx_request *request,
                      const char *condition, const char *text)
{
    if (sx_request_answer_once(request))
        complete_error(find_session(answers->session)->peer, request->to, request->id, condition,
                       text);
}

void sx_answer_decline(const struct sx_answers *answers, struct sx_request *request,
                       const char *condition, const char *text, int64_t deadline)
{
    (void)deadline;
    sx_answer_refuse(answers, request, condition, text);
}

/* ---- orders ---------------------------------------------------------------------------------- */

void loopback_set_offline_times(struct soap_xmpp_link *link, enum sx_err err, int times)
{
    struct loopback *loopback = find(link);
    pthread_mutex_lock(&loopback->mu);
    loopback->offline = err;
    loopback->offline_times = times;
    pthread_mutex_unlock(&loopback->mu);
}

void loopback_set_offline(struct soap_xmpp_link *link, enum sx_err err)
{
    loopback_set_offline_times(link, err, 0);
}

static void set_reaction(struct soap_xmpp_link *link, enum reaction reaction)
{
    struct loopback *loopback = find(link);
    pthread_mutex_lock(&loopback->mu);
    loopback->reaction = reaction;
    pthread_mutex_unlock(&loopback->mu);
}

void loopback_answer_error(struct soap_xmpp_link *link, const char *condition, const char *text)
{
    struct loopback *loopback = find(link);
    pthread_mutex_lock(&loopback->mu);
    set_text(&loopback->error_condition, condition);
    set_text(&loopback->error_text, text);
    pthread_mutex_unlock(&loopback->mu);
    set_reaction(link, WITH_ERROR);
}

void loopback_answer_bytes(struct soap_xmpp_link *link, const char *envelope)
{
    struct loopback *loopback = find(link);
    pthread_mutex_lock(&loopback->mu);
    free(loopback->bytes);
    loopback->bytes = envelope ? copy_text(envelope) : NULL;
    pthread_mutex_unlock(&loopback->mu);
    set_reaction(link, WITH_BYTES);
}

void loopback_grant(struct soap_xmpp_link *link, enum sx_grant grant)
{
    struct loopback *loopback = find(link);
    pthread_mutex_lock(&loopback->mu);
    loopback->grant = grant;
    pthread_mutex_unlock(&loopback->mu);
}

void loopback_set_action(struct soap_xmpp_link *link, const char *action)
{
    struct loopback *loopback = find(link);
    pthread_mutex_lock(&loopback->mu);
    set_text(&loopback->action, action);
    pthread_mutex_unlock(&loopback->mu);
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
    ((struct sx_config *)(uintptr_t)sx_session_config(link->session))->timeout_us = timeout_us;
}

void loopback_break(struct soap_xmpp_link *link)
{
    sx_exchange_fail_all(link->exchange, SX_ELOST, "the connection was lost");
}

/* ---- records --------------------------------------------------------------------------------- */

const char *loopback_last_envelope(struct soap_xmpp_link *link)
{
    struct loopback *loopback = find(link);
    return loopback->last_envelope ? loopback->last_envelope : "";
}

const char *loopback_last_to(struct soap_xmpp_link *link)
{
    struct loopback *loopback = find(link);
    return loopback->last_to ? loopback->last_to : "";
}

const char *loopback_last_action(struct soap_xmpp_link *link)
{
    struct loopback *loopback = find(link);
    return loopback->last_action ? loopback->last_action : "";
}

const char *loopback_last_name(struct soap_xmpp_link *link)
{
    struct loopback *loopback = find(link);
    return loopback->last_name ? loopback->last_name : "";
}

int64_t loopback_last_online_us(struct soap_xmpp_link *link)
{
    struct loopback *loopback = find(link);
    return loopback->last_online_us;
}

int64_t loopback_last_room_us(struct soap_xmpp_link *link)
{
    struct loopback *loopback = find(link);
    return loopback->last_room_us;
}

int loopback_references(struct soap_xmpp_link *link)
{
    return (int)atomic_load(&link->references);
}

bool loopback_wait_sent(struct soap_xmpp_link *link, unsigned long count)
{
    struct loopback *loopback = find(link);
    int64_t deadline = sx_clock_deadline(WAIT_US);
    bool in_time = true;
    pthread_mutex_lock(&loopback->mu);
    while (loopback->sent_count < count && in_time)
        in_time = sx_clock_cond_wait(&loopback->sent, &loopback->mu, deadline);
    in_time = loopback->sent_count >= count;
    pthread_mutex_unlock(&loopback->mu);
    return in_time;
}
