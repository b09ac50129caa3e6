/* call.c - what a link sends on behalf of others: calls and questions.
 *
 * Noun: what goes out. link.c says when there is a session, loop.c carries the bytes; here a call
 * gets its id and, if its peer runs each id once, is kept to be sent again (retry.c).
 *
 * Invariant: a call is entered before its stanza is posted, so that no reply comes too early.
 *
 * Happy path: await a session -> learn the peer's incarnation, once per peer -> begin -> keep ->
 * post. Failure: before anything is posted the caller hears why; a kept call whose session ended in
 * between goes out with the next.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"
#include "base/clock.h"
#include "link/receive.h"
#include "link/link_parts.h"
#include "soap/payload.h"
#include "link/shipment.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"
#include "exchange/failover.h"
#include "exchange/hold.h"
#include "exchange/retry.h"
#include "wire/disco.h"

enum {
    /* Whether ids are still up to date is worth waiting for, but not for long. */
    RENEWAL_US = 1000000,
    /* A peer that doesn't answer disco#info for so long is taken for a foreign one, ... */
    FIRST_QUESTION_US = 5000000,
    /* ... for so long: it may just as well be one of ours behind a network that stood still. */
    SILENCE_S = 10
};

/* ---- who speaks ---- */

struct sx_head sx_link_reply_head(const struct soap_xmpp_link *link,
                                  const struct sx_request *request)
{
    return (struct sx_head){
        .from = sx_session_config(link->session)->is_component ? request->to : NULL,
        .to = request->from,
        .id = request->id,
        .is_message = request->is_message,
    };
}

/* ---- calls ---- */

struct question {
    const char *to, *operation, *type;
    const char *payload;
    size_t payload_len;
    bool roams; /* to is one of several */
    const char
        *incarnation; /* of a peer that runs each id once; NULL: sent once, for better or worse */
    int64_t online_deadline, room_deadline;
    struct sx_shipment *shipment; /* goes ahead; NULL: nothing does */
};

static enum sx_err post_copy(struct soap_xmpp_link *link, const struct question *question,
                             const struct soap_xmpp_call *call, uint64_t session)
{
    const struct sx_head head = {
        .from = sx_session_stamp(link->session), .to = question->to, .id = sx_exchange_id(call)};
    struct sx_buffer stanza = {0};
    sx_stanza_request(&stanza, question->type, &head, question->payload, question->payload_len);
    return sx_session_post(link->session, session, &stanza, question->room_deadline);
}

static enum sx_err post_call(struct soap_xmpp_link *link, const struct question *question,
                             struct soap_xmpp_call *call, uint64_t session)
{
    enum sx_err err = SX_OK;
    if (question->incarnation)
        err = sx_retry_keep(call, question->incarnation, question->payload, question->payload_len);
    if (err != SX_OK)
        return err;
    sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_DEBUG, "call %s to %s: %s",
             sx_exchange_id(call), question->to, question->operation);
    if (question->shipment) {
        sx_hold_begin(call);
        sx_shipments_add_call(link->shipments, question->shipment, sx_exchange_number(call));
        return SX_OK;
    }
    err = post_copy(link, question, call, session);
    if (err != SX_OK && question->incarnation && sx_retry_unpost(call, err))
        err = SX_OK;
    return err;
}

static enum sx_err post_question(struct soap_xmpp_link *link, const struct question *question,
                                 struct soap_xmpp_call **out, char *why, size_t why_bytes)
{
    struct soap_xmpp_call *call = NULL;
    uint64_t session;
    enum sx_err err;
    if (sx_session_config(link->session)->is_shared) {
        snprintf(why, why_bytes, "%s", sx_fault_text(SX_ESHARED));
        return SX_ESHARED;
    }
    err = sx_session_await(link->session, question->online_deadline, &session, why, why_bytes);
    if (err != SX_OK)
        return err;
    err = sx_exchange_begin(link->exchange, question->to, question->operation,
                            question->room_deadline, &call);
    if (err == SX_OK && question->roams)
        sx_failover_allow(call);
    if (err == SX_OK)
        err = post_call(link, question, call, session);
    if (err != SX_OK) {
        sx_exchange_release(call);
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
        return err;
    }
    *out = call;
    return SX_OK;
}

enum sx_err sx_link_ask(struct soap_xmpp_link *link, const char *jid, int64_t deadline,
                        int64_t answer_us, struct sx_reply *reply, char *why, size_t why_bytes)
{
    struct sx_buffer payload = {0};
    struct soap_xmpp_call *call;
    int64_t answer_deadline;
    enum sx_err err = SX_ENOMEM;
    sx_disco_format_question(&payload);
    snprintf(why, why_bytes, "%s", sx_fault_text(err));
    if (!payload.failed) {
        const struct question question = {
            .to = jid,
            .operation = "disco#info",
            .type = "get",
            .payload = payload.bytes,
            .payload_len = payload.len,
            .online_deadline = deadline,
            .room_deadline = deadline,
        };
        err = post_question(link, &question, &call, why, why_bytes);
    }
    sx_buffer_fini(&payload);
    if (err != SX_OK)
        return err;
    answer_deadline = sx_clock_deadline(answer_us);
    sx_exchange_wait(call, answer_deadline < deadline ? answer_deadline : deadline, reply);
    sx_exchange_release(call);
    if (reply->err == SX_OK && reply->features)
        sx_features_put(link->disco, jid, reply->features, sx_clock_now_us());
    return SX_OK;
}

void sx_link_note_silence(struct soap_xmpp_link *link, const char *jid)
{
    int64_t forgotten_us = sx_clock_now_us() + SILENCE_S * INT64_C(1000000);
    sx_features_put(link->disco, jid, "", forgotten_us - SX_FEATURES_TTL_S * INT64_C(1000000));
}

static int look_up(struct soap_xmpp_link *link, const char *to,
                   char incarnation[SX_INCARNATION_BYTES])
{
    return sx_features_incarnation(link->disco, to, sx_clock_now_us(), incarnation,
                                   SX_INCARNATION_BYTES);
}

enum standing {
    FOREIGN,
    RUNS_ONCE,
    ABSENT /* as far as a server knows; for a peer whose resource was given: as good as foreign */
};

static bool is_absent(const struct sx_reply *reply)
{
    return reply->err == SX_ESTANZA && (strcmp(reply->condition, "service-unavailable") == 0 ||
                                        strcmp(reply->condition, "recipient-unavailable") == 0);
}

/* Whether the peer runs each id once, and its incarnation. Asks an unknown peer; a connection that
 * breaks meanwhile costs nothing but the question. */
static enum standing learn_incarnation(struct soap_xmpp_link *link, const char *to,
                                       int64_t deadline, char incarnation[SX_INCARNATION_BYTES])
{
    struct sx_reply reply;
    char why[400];
    enum sx_err err;
    bool absent = false;
    int known;
    if (sx_session_config(link->session)->plain_delivery ||
        sx_session_config(link->session)->is_shared)
        return FOREIGN;
    known = look_up(link, to, incarnation);
    if (known == 1 && !sx_request_id_is_any(incarnation) &&
        sx_features_is_worn(link->disco, to, sx_clock_now_us())) {
        if (sx_link_ask(link, to, deadline, RENEWAL_US, &reply, why, sizeof why) == SX_OK)
            sx_reply_fini(&reply);
        known = look_up(link, to, incarnation);
    }
    if (known >= 0)
        return known == 1 ? RUNS_ONCE : FOREIGN;
    do {
        err = sx_link_ask(link, to, deadline, FIRST_QUESTION_US, &reply, why, sizeof why);
        if (err != SX_OK)
            continue; /* the session ended before the question was in it */
        err = reply.err;
        if (err == SX_ETIMEOUT && look_up(link, to, incarnation) < 0)
            sx_link_note_silence(link, to);
        absent = is_absent(&reply);
        sx_reply_fini(&reply);
    } while (err == SX_ELOST && sx_clock_now_us() < deadline);
    /* Whatever it has answered, it isn't asked twice. */
    if (err == SX_OK && look_up(link, to, incarnation) == 1)
        return RUNS_ONCE;
    return absent ? ABSENT : FOREIGN;
}

enum sx_err sx_link_make_payload(struct soap_xmpp_link *link, const struct sx_outgoing *out,
                                 bool packs, struct sx_payload *payload, char *why,
                                 size_t why_bytes)
{
    const struct sx_config *config = sx_session_config(link->session);
    char clause[300] = "";
    enum sx_err err;
    if (packs && out->envelope_len > config->max_message_bytes)
        return sx_link_refuse_size(link, "the envelope", out->envelope_len, why, why_bytes);
    if (packs)
        err =
            sx_payload_packed(payload, out->checker, out->envelope, out->envelope_len, out->action,
                              sx_link_outgoing_limit(link, NULL), clause, sizeof clause);
    else
        err = sx_payload_plain(payload, out->checker, out->envelope, out->envelope_len,
                               config->soap_action ? out->action : NULL, clause, sizeof clause);
    if (err == SX_ENOMEM)
        snprintf(why, why_bytes, "%s", clause);
    else if (err)
        snprintf(why, why_bytes, "the envelope can't be carried: %s", clause);
    return err;
}

/* Packed if it understands that, and would fall back. */
static bool packs_for(struct soap_xmpp_link *link, const char *to, bool runs_once)
{
    return sx_session_config(link->session)->packs && runs_once &&
           sx_features_has(link->disco, to, SX_NS_PACKED, sx_clock_now_us()) == 1;
}

/* As post_question, for a call whose packed bytes go ahead of it. */
static enum sx_err ship(struct soap_xmpp_link *link, struct question *question,
                        const struct sx_outgoing *out, struct sx_payload *payload,
                        struct soap_xmpp_call **call, char *why, size_t why_bytes)
{
    struct sx_buffer reference = {0};
    struct sx_shipment *shipment = NULL;
    enum sx_err err = sx_shipment_new(link, payload, sx_session_stamp(link->session), out->to,
                                      question->operation, out->action, &reference, &shipment);
    if (err != SX_OK || reference.failed) {
        err = SX_ENOMEM;
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
    } else {
        question->payload = reference.bytes;
        question->payload_len = reference.len;
        question->shipment = shipment;
        err = post_question(link, question, call, why, why_bytes);
    }
    if (err != SX_OK)
        sx_shipment_free(shipment);
    sx_buffer_fini(&reference);
    return err;
}

/* incarnation NULL: it is sent once. */
static enum sx_err request(struct soap_xmpp_link *link, const struct sx_outgoing *out, bool roams,
                           const char *incarnation, struct soap_xmpp_call **call, char *why,
                           size_t why_bytes)
{
    const struct sx_head head = {.from = sx_session_stamp(link->session), .to = out->to, .id = ""};
    struct sx_payload payload = {0};
    char clause[400] = "";
    /* The name of where it may move to can be longer. */
    size_t more_bytes = roams ? SX_ROSTER_RESOURCE_BYTES * sizeof "&apos;" : 0;
    bool ships;
    enum sx_err err = sx_link_make_payload(link, out, packs_for(link, out->to, incarnation != NULL),
                                           &payload, clause, sizeof clause);
    if (err != SX_OK) {
        snprintf(why, why_bytes, "xmpp:%s: %s", out->to, clause);
        return err;
    }
    ships = payload.is_loose && !sx_request_id_is_any(incarnation);
    if (!ships && !sx_link_fits(link, "the envelope", &payload, &head, more_bytes, false, clause,
                                sizeof clause)) {
        err = SX_ETOOBIG;
    } else {
        struct question question = {
            .to = out->to,
            .operation = payload.scan->operation,
            .type = "set",
            .payload = payload.bytes,
            .payload_len = payload.len,
            .roams = roams,
            .incarnation = incarnation,
            .online_deadline = out->online_deadline,
            .room_deadline = out->room_deadline,
        };
        err = ships ? ship(link, &question, out, &payload, call, clause, sizeof clause)
                    : post_question(link, &question, call, clause, sizeof clause);
    }
    if (err != SX_OK)
        snprintf(why, why_bytes, "xmpp:%s: %s: %s", out->to, payload.scan->operation, clause);
    sx_payload_fini(&payload);
    return err;
}

enum sx_err sx_link_request(struct soap_xmpp_link *link, const struct sx_outgoing *out,
                            struct soap_xmpp_call **call, char *why, size_t why_bytes)
{
    struct sx_outgoing aimed = *out;
    char incarnation[SX_INCARNATION_BYTES], *chosen = NULL;
    bool roams = sx_link_roams(link, out->to, out->any_resource);
    enum standing standing;
    uint64_t version = 0;
    enum sx_err err;
    if (out->is_message)
        return sx_link_mail(link, out, call, why, why_bytes);
    do {
        free(chosen);
        chosen = roams ? sx_link_choose(link, out->to, out->online_deadline, &version) : NULL;
        aimed.to = chosen ? chosen : out->to;
        standing = learn_incarnation(link, aimed.to, out->online_deadline, incarnation);
    } while (standing == ABSENT && roams &&
             sx_link_choose_again(link, out->to, chosen, version, out->online_deadline));
    err = request(link, &aimed, roams, standing == RUNS_ONCE ? incarnation : NULL, call, why,
                  why_bytes);
    free(chosen);
    return err;
}

int64_t sx_link_resend(struct soap_xmpp_link *link, uint64_t session)
{
    struct sx_exchange *exchange = link->exchange;
    struct sx_copy due;
    while (sx_retry_take_due(exchange, sx_clock_now_us(), &due)) {
        const struct sx_head head = {
            .from = sx_session_stamp(link->session), .to = due.peer, .id = due.id};
        struct sx_buffer stanza = {0};
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_DEBUG, "call %s goes out again",
                 due.id);
        sx_stanza_request(&stanza, "set", &head, due.payload, due.payload_len);
        /* Without room it has its turn again after its interval. */
        if (sx_session_post_again(link->session, session, &stanza) != SX_OK)
            sx_retry_put_back(exchange, &due);
        sx_copy_fini(&due);
    }
    return sx_retry_due_us(exchange);
}

/* ---- discovery ---- */

static int ask_feature(struct soap_xmpp_link *link, const char *jid, const char *feature,
                       int64_t deadline, char *why, size_t why_bytes)
{
    struct sx_reply reply = {0};
    char clause[400] = "";
    int listed = -1;
    if (sx_link_ask(link, jid, deadline, -1, &reply, clause, sizeof clause) == SX_OK) {
        if (reply.err == SX_OK && reply.features)
            listed = sx_disco_list_has(reply.features, feature);
        else
            snprintf(clause, sizeof clause, "%s%s%s",
                     reply.err == SX_ESTANZA ? reply.condition : sx_fault_text(reply.err),
                     reply.text[0] ? ": " : "", reply.text);
        sx_reply_fini(&reply);
    }
    if (listed < 0 && why && why_bytes)
        snprintf(why, why_bytes, "%s: %s", jid, clause);
    return listed;
}

/* What of the endpoint's JID is to be asked: malloc'ed. */
static enum sx_err read_entity(const char *endpoint, struct sx_endpoint *entity, char *why,
                               size_t why_bytes)
{
    enum sx_err err;
    if (sx_jid_is_xmpp(endpoint))
        return sx_jid_parse_endpoint(endpoint, entity, why, why_bytes);
    err = sx_jid_parse(endpoint, "soap", &entity->jid, why, why_bytes);
    entity->has_resource = err == SX_OK && strchr(endpoint, '/');
    return err;
}

int soap_xmpp_discover(struct soap_xmpp_link *link, const char *endpoint, const char *feature,
                       int timeout_ms, char *why, size_t why_bytes)
{
    int64_t deadline;
    struct sx_endpoint entity = {0};
    char clause[200] = "", *chosen = NULL;
    const char *jid;
    uint64_t version;
    int listed;
    enum sx_err err;
    if (!link || !endpoint || !feature) {
        sx_session_say(why, why_bytes,
                       !link       ? SX_LINK_NONE
                       : !endpoint ? "no endpoint was given"
                                   : "no feature was given");
        return -1;
    }
    deadline = sx_clock_deadline(sx_config_timeout_ms(timeout_ms, sx_link_timeout_us(link)));
    err = read_entity(endpoint, &entity, clause, sizeof clause);
    if (err != SX_OK) {
        if (why && why_bytes)
            snprintf(why, why_bytes, "%s: %s", endpoint,
                     err == SX_ENOMEM ? sx_fault_text(err) : clause);
        return -1;
    }
    sx_session_say(why, why_bytes, "");
    sx_link_ref(link); /* the program may close the link meanwhile */
    if (sx_link_roams(link, entity.jid, !entity.has_resource))
        chosen = sx_link_choose(link, entity.jid, deadline, &version);
    jid = chosen ? chosen : entity.jid;
    listed = sx_features_has(link->disco, jid, feature, sx_clock_now_us());
    if (listed < 0)
        listed = ask_feature(link, jid, feature, deadline, why, why_bytes);
    sx_link_unref(link);
    free(chosen);
    free(entity.jid);
    return listed;
}
