/* query.c - disco#info and other questions, asked and awaited.
 *
 * Happy path: await a session -> begin -> post -> wait -> remember. Failure: before anything is
 * posted the caller hears why; what comes instead of an answer stands in its reply.
 */
#include "link/query.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "link/size_limit.h"
#include "wire/disco.h"
#include "wire/jid.h"
#include "wire/request_id.h"
#include "wire/stanza.h"

/* A peer that doesn't answer is taken for a foreign one for so long: it may just as well be one of
 * ours behind a network that stood still. */
enum { SILENCE_S = 10 };

/* ---- asking ---- */

static void format(const struct sx_query *query, const char *id, const char *jid,
                   const char *element, struct sx_buffer *stanza)
{
    const struct sx_head head = {.from = sx_session_stamp(query->session), .to = jid, .id = id};
    sx_stanza_request(stanza, "get", &head, element, strlen(element));
}

/* Posts it. *call is the caller's on SX_OK. */
static enum sx_err post(const struct sx_query *query, const struct sx_query_question *question,
                        uint64_t number, int64_t deadline, struct soap_xmpp_call **call, char *why,
                        size_t why_bytes)
{
    const struct sx_head head = {.to = question->jid, .id = ""};
    struct sx_buffer stanza = {0};
    enum sx_err err;
    if (!sx_size_limit_fits_element(query->session, "the question", question->element, &head, why,
                                    why_bytes))
        return SX_ETOOBIG;
    err = sx_question_begin(query->exchange, question->jid, question->what, question->interest,
                            deadline, call);
    if (err == SX_OK) {
        format(query, sx_exchange_id(*call), question->jid, question->element, &stanza);
        err = sx_session_post(query->session, number, &stanza, deadline);
        if (err != SX_OK) {
            sx_exchange_release(*call);
            sx_buffer_fini(&stanza);
        }
    }
    if (err != SX_OK)
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
    return err;
}

static enum sx_err begin(const struct sx_query *query, const struct sx_query_question *question,
                         int64_t deadline, struct soap_xmpp_call **call, char *why,
                         size_t why_bytes)
{
    uint64_t number;
    enum sx_err err;
    if (sx_session_config(query->session)->is_shared) {
        snprintf(why, why_bytes, "%s", sx_fault_text(SX_ESHARED));
        return SX_ESHARED;
    }
    err = sx_session_await(query->session, deadline, &number, why, why_bytes);
    if (err == SX_OK)
        err = post(query, question, number, deadline, call, why, why_bytes);
    if (err == SX_OK)
        sx_trace(sx_session_trace(query->session), SOAP_XMPP_TRACE_DEBUG, "call %s to %s: %s",
                 sx_exchange_id(*call), question->jid, question->what);
    return err;
}

enum sx_err sx_query_ask(const struct sx_query *query, const char *jid, int64_t deadline,
                         int64_t answer_us, struct sx_reply *reply, char *why, size_t why_bytes)
{
    const struct sx_query_question question = {
        .jid = jid, .what = "disco#info", .element = SX_DISCO_INFO_QUESTION};
    struct soap_xmpp_call *call;
    int64_t answer_deadline;
    enum sx_err err = begin(query, &question, deadline, &call, why, why_bytes);
    if (err != SX_OK)
        return err;
    answer_deadline = sx_clock_deadline(answer_us);
    sx_exchange_wait(call, answer_deadline < deadline ? answer_deadline : deadline, reply);
    sx_exchange_release(call);
    if (reply->err == SX_OK && reply->features)
        sx_features_put(query->features, jid, reply->features, sx_clock_now_us());
    return SX_OK;
}

enum sx_err sx_query_put(const struct sx_query *query, const struct sx_query_question *question,
                         int64_t deadline, struct sx_reply *reply, int64_t *answer_us, char *why,
                         size_t why_bytes)
{
    struct sx_query_question addressed = *question;
    struct soap_xmpp_call *call;
    char domain[SX_JID_BYTES];
    enum sx_err err;
    if (!addressed.jid) {
        /* Of a component that is itself: the server sends it back, and it answers (session.c). */
        sx_jid_domain(sx_session_config(query->session)->jid, domain, sizeof domain);
        addressed.jid = domain;
    }
    err = begin(query, &addressed, deadline, &call, why, why_bytes);
    if (err != SX_OK)
        return err;
    sx_exchange_wait(call, deadline, reply);
    *answer_us = sx_clock_now_us() - sx_exchange_begun_us(call);
    sx_exchange_release(call);
    return SX_OK;
}

enum sx_err sx_query_post_under(const struct sx_query *query, uint64_t number, const char *jid,
                                char id[SX_EXCHANGE_ID_BYTES])
{
    struct sx_buffer stanza = {0};
    sx_exchange_make_id(query->exchange, id);
    format(query, id, jid, SX_DISCO_INFO_QUESTION, &stanza);
    return sx_session_post_again(query->session, number, &stanza);
}

void sx_query_post(const struct sx_query *query, uint64_t number, const char *jid)
{
    char id[SX_EXCHANGE_ID_BYTES];
    (void)sx_query_post_under(query, number, jid, id);
}

void sx_query_note_silence(const struct sx_query *query, const char *jid)
{
    int64_t forgotten_us = sx_clock_now_us() + SILENCE_S * INT64_C(1000000);
    sx_features_put(query->features, jid, "", forgotten_us - SX_FEATURES_TTL_S * INT64_C(1000000));
}

/* ---- what a peer is to a call ---- */

int sx_query_look_up(const struct sx_query *query, const char *jid,
                     char incarnation[SX_INCARNATION_BYTES])
{
    return sx_features_incarnation(query->features, jid, sx_clock_now_us(), incarnation,
                                   SX_INCARNATION_BYTES);
}

bool sx_query_is_old(const struct sx_query *query, const char *jid, const char *incarnation)
{
    return !sx_request_id_is_any(incarnation) &&
           sx_features_is_old(query->features, jid, sx_clock_now_us());
}

bool sx_query_is_absent(const struct sx_reply *reply)
{
    return reply->err == SX_ESTANZA && (strcmp(reply->condition, "service-unavailable") == 0 ||
                                        strcmp(reply->condition, "recipient-unavailable") == 0);
}

/* Its ids may soon be stale: asks it again, and lets it be if it is slow. */
static void renew(const struct sx_query *query, const char *jid, int64_t deadline)
{
    struct sx_reply reply;
    char why[400];
    if (sx_query_ask(query, jid, deadline, SX_QUERY_RENEWAL_US, &reply, why, sizeof why) == SX_OK)
        sx_reply_fini(&reply);
}

static enum sx_query_peer ask_unknown(const struct sx_query *query, const char *jid,
                                      int64_t deadline, char incarnation[SX_INCARNATION_BYTES])
{
    struct sx_reply reply;
    char why[400];
    enum sx_err err;
    bool absent = false;
    do {
        err = sx_query_ask(query, jid, deadline, SX_QUERY_FIRST_US, &reply, why, sizeof why);
        if (err != SX_OK)
            continue; /* the session ended before the question was in it */
        err = reply.err;
        if (err == SX_ETIMEOUT && sx_query_look_up(query, jid, incarnation) < 0)
            sx_query_note_silence(query, jid);
        absent = sx_query_is_absent(&reply);
        sx_reply_fini(&reply);
    } while (err == SX_ELOST && sx_clock_now_us() < deadline);
    /* Whatever it has answered, it isn't asked twice. */
    if (err == SX_OK && sx_query_look_up(query, jid, incarnation) == 1)
        return SX_QUERY_RUNS_ONCE;
    return absent ? SX_QUERY_ABSENT : SX_QUERY_FOREIGN;
}

enum sx_query_peer sx_query_learn(const struct sx_query *query, const char *jid, int64_t deadline,
                                  char incarnation[SX_INCARNATION_BYTES])
{
    const struct sx_config *config = sx_session_config(query->session);
    int known;
    if (config->plain_delivery || config->is_shared)
        return SX_QUERY_FOREIGN;
    known = sx_query_look_up(query, jid, incarnation);
    if (known == 1 && sx_query_is_old(query, jid, incarnation)) {
        renew(query, jid, deadline);
        known = sx_query_look_up(query, jid, incarnation);
    }
    if (known >= 0)
        return known == 1 ? SX_QUERY_RUNS_ONCE : SX_QUERY_FOREIGN;
    return ask_unknown(query, jid, deadline, incarnation);
}
