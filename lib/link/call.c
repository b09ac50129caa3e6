/* call.c - a call goes out as an iq. Invariant: call.h.
 *
 * Happy path: choose a resource -> learn whether the peer runs each id once, one question per peer
 * -> payload -> await a session -> begin -> keep -> post, or keep held until its bytes have gone
 * ahead.
 * Failure: before anything is posted the caller hears why; a kept call whose session ended in
 * between goes out with the next.
 *
 * Modelled in tests/model: iq.pml, liveness.pml.
 */
#include "link/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "exchange/reroute.h"
#include "exchange/hold.h"
#include "exchange/retry.h"
#include "link/lateness.h"
#include "link/size_limit.h"
#include "net/outlet.h"
#include "wire/namespaces.h"
#include "wire/request_id.h"
#include "wire/stanza.h"

/* A call before it is entered. */
struct draft {
    const char *to, *operation;
    const char *payload;
    size_t payload_len;
    bool any_resource;       /* to is one of several */
    const char *incarnation; /* of a peer that runs each id once; NULL: it is sent once */
    int64_t online_deadline, room_deadline;
    struct sx_shipment *shipment; /* goes ahead; NULL: nothing does */
};

/* ---- the stanza ---- */

static enum sx_err post_copy(const struct sx_calls *calls, const struct draft *draft,
                             const char *id, uint64_t number)
{
    const struct sx_head head = {
        .from = sx_session_stamp(calls->session), .to = draft->to, .id = id};
    struct sx_buffer stanza = {0};
    bool is_large;
    enum sx_err err;
    sx_stanza_request(&stanza, "set", &head, draft->payload, draft->payload_len);
    is_large = stanza.len > SX_OUTLET_PROMPT_BYTES;
    err = sx_session_post(calls->session, number, &stanza, draft->room_deadline);
    if (err == SX_OK && is_large)
        sx_retry_note_post(calls->exchange, id);
    return err;
}

static enum sx_err keep(const struct draft *draft, struct soap_xmpp_call *call)
{
    if (!draft->incarnation)
        return SX_OK;
    return (draft->shipment ? sx_hold_keep : sx_retry_keep)(call, draft->incarnation,
                                                            draft->payload, draft->payload_len);
}

/* False: nothing is to be posted under it any longer. */
static bool copy_id(const struct draft *draft, struct soap_xmpp_call *call,
                    char id[SX_EXCHANGE_ID_BYTES])
{
    if (draft->incarnation && !draft->shipment)
        return sx_retry_first_id(call, id);
    sx_exchange_copy_id(call, id);
    return true;
}

static enum sx_err post_call(const struct sx_calls *calls, const struct draft *draft,
                             struct soap_xmpp_call *call, uint64_t number)
{
    char id[SX_EXCHANGE_ID_BYTES];
    enum sx_err err = keep(draft, call);
    if (err != SX_OK)
        return err;
    if (!copy_id(draft, call, id))
        return SX_OK; /* the call has been renewed, and goes out when it is due */
    sx_trace(sx_session_trace(calls->session), SOAP_XMPP_TRACE_DEBUG, "call %s to %s: %s", id,
             draft->to, draft->operation);
    if (draft->shipment) {
        sx_shipments_add_call(calls->shipments, draft->shipment, sx_exchange_number(call));
        return SX_OK;
    }
    err = post_copy(calls, draft, id, number);
    if (err != SX_OK && draft->incarnation && sx_retry_unpost(call, err))
        err = SX_OK;
    return err;
}

static enum sx_err enter_in_session(const struct sx_calls *calls, const struct draft *draft,
                                    uint64_t number, struct soap_xmpp_call **out)
{
    struct soap_xmpp_call *call = NULL;
    enum sx_err err = sx_exchange_begin(calls->exchange, draft->to, draft->operation,
                                        draft->room_deadline, &call);
    if (err == SX_OK && draft->any_resource)
        sx_reroute_allow(call);
    if (err == SX_OK)
        err = post_call(calls, draft, call, number);
    if (err == SX_OK)
        *out = call;
    else
        sx_exchange_release(call);
    return err;
}

/* Once online, enters and posts it; why is a clause. A call that would be kept is lost with a
 * session that ends after it was entered and before it is kept: nothing of it was posted, so it is
 * entered again. */
static enum sx_err enter(const struct sx_calls *calls, const struct draft *draft,
                         struct soap_xmpp_call **out, char *why, size_t why_bytes)
{
    uint64_t number;
    enum sx_err err;
    if (sx_session_config(calls->session)->is_shared) {
        snprintf(why, why_bytes, "%s", sx_fault_text(SX_ESHARED));
        return SX_ESHARED;
    }
    do {
        err = sx_session_await(calls->session, draft->online_deadline, &number, why, why_bytes);
        if (err != SX_OK)
            return err;
        err = enter_in_session(calls, draft, number, out);
    } while (err == SX_ELOST && draft->incarnation);
    if (err != SX_OK)
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
    return err;
}

/* The same for a call whose packed bytes go ahead of it. */
static enum sx_err enter_held(const struct sx_calls *calls, struct draft *draft, const char *action,
                              struct sx_payload *payload, struct soap_xmpp_call **call, char *why,
                              size_t why_bytes)
{
    struct sx_buffer reference = {0};
    struct sx_shipment *shipment = NULL;
    enum sx_err err = sx_shipment_new(calls->session, payload, sx_session_stamp(calls->session),
                                      draft->to, draft->operation, action, &reference, &shipment);
    if (err != SX_OK || reference.failed) {
        err = SX_ENOMEM;
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
    } else {
        draft->payload = reference.bytes;
        draft->payload_len = reference.len;
        draft->shipment = shipment;
        err = enter(calls, draft, call, why, why_bytes);
    }
    if (err != SX_OK)
        sx_shipment_free(shipment);
    sx_buffer_fini(&reference);
    return err;
}

/* ---- the payload ---- */

enum sx_err sx_call_make_payload(const struct sx_calls *calls, const struct sx_outgoing *out,
                                 size_t whole_bytes, struct sx_payload *payload, char *why,
                                 size_t why_bytes)
{
    bool packs = whole_bytes > 0;
    const struct sx_config *config = sx_session_config(calls->session);
    char clause[300] = "";
    enum sx_err err;
    if (packs && out->envelope_len > config->max_message_bytes)
        return sx_size_limit_refuse(calls->session, "the envelope", out->envelope_len, why,
                                    why_bytes);
    if (packs)
        err = sx_payload_packed(payload, out->checker, out->envelope, out->envelope_len,
                                out->action, whole_bytes, clause, sizeof clause);
    else
        err = sx_payload_plain(payload, out->checker, out->envelope, out->envelope_len,
                               config->soap_action ? out->action : NULL,
                               config->trace_context ? out->traceparent : NULL, clause,
                               sizeof clause);
    if (packs && !err)
        sx_trace_stanza(sx_session_trace(calls->session), "packed envelope", out->envelope,
                        out->envelope_len);
    if (err == SX_ENOMEM)
        snprintf(why, why_bytes, "%s", clause);
    else if (err)
        snprintf(why, why_bytes, "the envelope can't be carried: %s", clause);
    return err;
}

size_t sx_call_whole_bytes(const struct sx_calls *calls, const char *to, const char *incarnation)
{
    if (!sx_session_config(calls->session)->packs || !incarnation ||
        sx_features_has(calls->features, to, SX_NS_PACKED, sx_clock_now_us()) != 1)
        return 0;
    if (sx_request_id_is_any(incarnation)) /* of several processes none gets all pieces */
        return sx_size_limit_outgoing(calls->session, NULL);
    return sx_size_limit_whole(calls->session);
}

/* In one stanza or in pieces; why is a clause. */
static enum sx_err send_payload(const struct sx_calls *calls, const struct sx_outgoing *out,
                                bool any_resource, const char *incarnation,
                                struct sx_payload *payload, struct soap_xmpp_call **call, char *why,
                                size_t why_bytes)
{
    const struct sx_head head = {.from = sx_session_stamp(calls->session), .to = out->to, .id = ""};
    /* The name of where it may move to can be longer. */
    size_t more_bytes = any_resource ? SX_ROSTER_RESOURCE_BYTES * sizeof "&apos;" : 0;
    struct draft draft = {
        .to = out->to,
        .operation = payload->scan->operation,
        .payload = payload->bytes,
        .payload_len = payload->len,
        .any_resource = any_resource,
        .incarnation = incarnation,
        .online_deadline = out->online_deadline,
        .room_deadline = out->room_deadline,
    };
    /* Until when it is waited for isn't known yet, and can still be told on the way. */
    if (payload->is_loose && !sx_request_id_is_any(incarnation))
        return enter_held(calls, &draft, out->action, payload, call, why, why_bytes);
    if (sx_lateness_is_certain(calls->session, payload, out->answer_deadline, why, why_bytes))
        return SX_ESLOW;
    if (!sx_size_limit_fits(calls->session, "the envelope", payload, &head, more_bytes, why,
                            why_bytes))
        return SX_ETOOBIG;
    return enter(calls, &draft, call, why, why_bytes);
}

/* incarnation NULL: it is sent once. */
static enum sx_err send(const struct sx_calls *calls, const struct sx_outgoing *out,
                        bool any_resource, const char *incarnation, struct soap_xmpp_call **call,
                        char *why, size_t why_bytes)
{
    size_t whole_bytes = sx_call_whole_bytes(calls, out->to, incarnation);
    struct sx_payload payload = {0};
    char clause[400] = "";
    enum sx_err err =
        sx_call_make_payload(calls, out, whole_bytes, &payload, clause, sizeof clause);
    if (err != SX_OK) {
        snprintf(why, why_bytes, "xmpp:%s: %s", out->to, clause);
        return err;
    }
    err =
        send_payload(calls, out, any_resource, incarnation, &payload, call, clause, sizeof clause);
    if (err != SX_OK)
        snprintf(why, why_bytes, "xmpp:%s: %s: %s", out->to, payload.scan->operation, clause);
    sx_payload_fini(&payload);
    return err;
}

/* ---- the way ---- */

enum sx_err sx_call_send(const struct sx_calls *calls, const struct sx_outgoing *out,
                         struct soap_xmpp_call **call, char *why, size_t why_bytes)
{
    struct sx_outgoing routed = *out;
    char incarnation[SX_INCARNATION_BYTES], *chosen = NULL;
    bool any_resource = sx_routing_applies(calls->routing, out->to, out->any_resource);
    enum sx_query_peer peer;
    uint64_t version = 0;
    enum sx_err err;
    do {
        free(chosen);
        chosen = any_resource
                     ? sx_routing_choose(calls->routing, out->to, out->online_deadline, &version)
                     : NULL;
        routed.to = chosen ? chosen : out->to;
        peer = sx_query_learn(calls->query, routed.to, out->online_deadline, incarnation);
    } while (
        peer == SX_QUERY_ABSENT && any_resource &&
        sx_routing_choose_again(calls->routing, out->to, chosen, version, out->online_deadline));
    err = send(calls, &routed, any_resource, peer == SX_QUERY_RUNS_ONCE ? incarnation : NULL, call,
               why, why_bytes);
    free(chosen);
    return err;
}

/* Without room it has its turn again after its interval. */
static void post_again(const struct sx_calls *calls, uint64_t number, const struct sx_copy *copy)
{
    const struct sx_head head = {
        .from = copy->from ? copy->from : sx_session_stamp(calls->session),
        .to = copy->peer,
        .id = copy->id,
    };
    struct sx_buffer stanza = {0};
    bool is_large;
    sx_trace(sx_session_trace(calls->session), SOAP_XMPP_TRACE_DEBUG, "call %s goes out again",
             copy->id);
    sx_stanza_request(&stanza, "set", &head, copy->payload, copy->payload_len);
    is_large = stanza.len > SX_OUTLET_PROMPT_BYTES;
    if (sx_session_post_again(calls->session, number, &stanza) != SX_OK)
        sx_retry_put_back(calls->exchange, copy);
    else if (is_large)
        sx_retry_note_post(calls->exchange, copy->id);
}

int64_t sx_call_post_due(const struct sx_calls *calls, uint64_t number)
{
    struct sx_exchange *exchange = calls->exchange;
    int64_t now_us = sx_clock_now_us(), unread_us;
    struct sx_copy copy;
    if (sx_retry_due_us(exchange) > now_us)
        return sx_retry_due_us(exchange);
    unread_us = sx_loop_unread_us(sx_session_loop(calls->session));
    while (sx_retry_await_read(exchange, now_us, unread_us) &&
           sx_retry_take_due(exchange, now_us, &copy)) {
        post_again(calls, number, &copy);
        sx_copy_fini(&copy);
    }
    return sx_retry_due_us(exchange);
}
