/* receive_reply.c - results and errors: answers to our calls and questions, and to the stanzas of
 * our bytestreams.
 *
 * Invariant: a reply leaves here having completed its call, having made it due again, or dropped
 * and traced. Nothing is answered.
 *
 * Happy path: its content -> exchange.
 *
 * Failure: an error by which nothing was run: the bytes that the peer lacks go out again, or the
 * call moves to another resource, or is sent again; who may not understand packed envelopes is
 * asked.
 */
#include "link/reception.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "wire/disco.h"
#include "exchange/question.h"
#include "exchange/retry.h"
#include "wire/namespaces.h"
#include "wire/request_id.h"
#include "exchange/message_call.h"

/* libstrophe's own questions: the answer to its resource binding passes here, too. */
#define STROPHE_ID_PREFIX "_xmpp_"

static bool is_error(const struct sx_incoming *incoming)
{
    return strcmp(incoming->type, "error") == 0;
}

/* ---- what it says ---- */

/* The element and those behind it as XML, malloc'ed; NULL: no memory. */
static char *write_all(const struct sx_element *element)
{
    struct sx_buffer xml = {0};
    size_t len;
    for (; element; element = sx_element_next(element))
        sx_element_write(element, &xml);
    return sx_buffer_take(&xml, &len);
}

/* A question of the program's wants more of it than its features. */
static void keep_payload(const struct sx_reception *reception, const struct sx_incoming *incoming,
                         const struct sx_element *payload, struct sx_reply *reply)
{
    switch (sx_question_find_interest(reception->exchange, incoming->from, incoming->id)) {
    case SX_INTEREST_NONE:
        return;
    case SX_INTEREST_XML:
        reply->xml = write_all(payload);
        reply->err = reply->xml ? SX_OK : SX_ENOMEM;
        reply->text[0] = '\0';
        return;
    case SX_INTEREST_FACTS:
        if (!sx_element_is(payload, "query", SX_NS_DISCO_INFO) &&
            !sx_element_is(payload, "query", SX_NS_DISCO_ITEMS))
            return;
        reply->facts = sx_disco_parse_facts(payload);
        reply->err = reply->facts ? SX_OK : SX_ENOMEM;
        return;
    }
}

static void read_payload(const struct sx_reception *reception, const struct sx_incoming *incoming,
                         const struct sx_element *payload, bool is_alone, struct sx_reply *reply)
{
    if (sx_element_is(payload, "query", SX_NS_DISCO_INFO)) {
        reply->features = sx_disco_parse_features(payload);
        reply->err = reply->features ? SX_OK : SX_ENOMEM;
    } else if (payload || is_alone) {
        reply->err = SX_ENOTSOAP;
        snprintf(reply->text, sizeof reply->text, "it holds <%.60s xmlns='%.120s'>",
                 is_alone ? "packed" : sx_element_name(payload),
                 is_alone ? SX_NS_PACKED : sx_element_ns(payload));
    }
    if (reply->err != SX_ENOMEM && !is_alone) /* whose bytes are in no element */
        keep_payload(reception, incoming, payload, reply);
}

static void read_result(const struct sx_reception *reception, const struct sx_incoming *incoming,
                        const struct sx_element *stanza, struct sx_stream *stream,
                        struct sx_reply *reply)
{
    unsigned count;
    const struct sx_element *payload = sx_content_child(stanza, &count);
    bool is_alone = sx_content_is_packed_alone(stanza, stream);
    if (sx_stream_envelope(stream, &reply->envelope)) {
        sx_content_judge(reply);
    } else if (reception->content->packs &&
               (is_alone || sx_element_is(payload, "packed", SX_NS_PACKED))) {
        sx_content_take_packed(reception->content, incoming->from, payload, stream,
                               &reply->envelope);
        sx_content_judge(reply);
    } else {
        read_payload(reception, incoming, payload, is_alone, reply);
    }
}

static void read_reply(const struct sx_reception *reception, const struct sx_incoming *incoming,
                       const struct sx_element *stanza, struct sx_stream *stream,
                       struct sx_reply *reply)
{
    bool is_awaited;
    if (stream->verdict != SX_OK) {
        sx_content_verdict(is_error(incoming), stream, reply);
    } else if (is_error(incoming)) {
        is_awaited = sx_exchange_expects(reception->exchange, incoming->from, incoming->id);
        sx_content_error(reception->content, incoming->from, is_awaited, stanza, stream, reply);
    } else {
        read_result(reception, incoming, stanza, stream, reply);
    }
}

/* What a bytestream's receiver says to a stanza of ours. */
static enum sx_shipments_said reply_to_shipment(const struct sx_reception *reception,
                                                const struct sx_incoming *incoming,
                                                const struct sx_element *stanza,
                                                const struct sx_stream *stream)
{
    const struct sx_element *error = stanza ? sx_element_child(stanza, "error") : NULL;
    const struct sx_element *packed;
    bool is_packed = sx_content_find_packed(reception->content, stanza, stream, &packed);
    struct sx_reply said = {0};
    struct sx_sender_reply reply = {0};
    if (is_error(incoming)) {
        sx_content_condition(error, &said);
        reply.condition = said.condition;
        reply.type = error ? sx_element_attribute(error, "type") : NULL;
        reply.text = said.text;
    } else if (is_packed) {
        reply.received = sx_content_attribute(packed, stream, "received");
    }
    return sx_shipments_reply(reception->shipments, incoming->number, incoming->from, incoming->id,
                              &reply);
}

/* ---- whose it is ---- */

/* True: our own server says that it has taken a message. A peer that was called once can tell the
 * ids of other calls. */
static bool take_receipt(const struct sx_reception *reception, const struct sx_incoming *incoming)
{
    return sx_session_is_pinged(reception->session, incoming->from) &&
           sx_message_call_take_receipt(reception->exchange, incoming->id);
}

/* True: it answered a stanza of a bytestream of ours. */
static bool take_for_shipment(const struct sx_reception *reception,
                              const struct sx_incoming *incoming, const struct sx_element *stanza,
                              const struct sx_stream *stream)
{
    enum sx_shipments_said said;
    if (!reception->content->packs || sx_exchange_gave_out(reception->exchange, incoming->id))
        return false;
    said = reply_to_shipment(reception, incoming, stanza, stream);
    /* Nobody there, or one who doesn't know bytestreams: which, disco#info tells. */
    if (said == SX_SHIPMENTS_UNAVAILABLE && incoming->from)
        sx_fallback_doubt(reception->fallback, incoming->number, incoming->from);
    return said != SX_SHIPMENTS_NOT_OURS;
}

/* True: the peer lacks the bytes that the call refers to, and they go out again. */
static bool ship_again(const struct sx_reception *reception, const struct sx_incoming *incoming,
                       const struct sx_reply *reply)
{
    return reply->delivery.refused && !reply->delivery.refused_all &&
           strcmp(reply->condition, "item-not-found") == 0 && reception->content->packs &&
           sx_shipments_again(reception->shipments, incoming->number, incoming->from, incoming->id);
}

/* True: the call is sent again, to the same peer. */
static bool send_again(const struct sx_reception *reception, const struct sx_incoming *incoming,
                       struct sx_reply *reply)
{
    bool is_doubtful = strcmp(reply->condition, "service-unavailable") == 0 &&
                       sx_retry_is_packed(reception->exchange, incoming->from, incoming->id);
    if (!sx_retry_decide(reception->exchange, incoming->from, incoming->id, reply))
        return false;
    sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_DEBUG,
             "%s of %s: to be sent again: %s", incoming->id, sx_incoming_text(incoming->from),
             reply->condition);
    /* Nobody there, or one who doesn't know <packed/> (RFC 6120 8.4): which, disco#info tells. */
    if (is_doubtful)
        sx_fallback_doubt(reception->fallback, incoming->number, incoming->from);
    return true;
}

/* Late or not, it is what that peer says of itself. */
static void remember_features(const struct sx_reception *reception,
                              const struct sx_incoming *incoming, const struct sx_reply *reply)
{
    if (!reply->features || !incoming->from ||
        !sx_exchange_gave_out(reception->exchange, incoming->id))
        return;
    sx_features_put(reception->features, incoming->from, reply->features, sx_clock_now_us());
    if (reception->content->packs && !sx_disco_list_has(reply->features, SX_NS_PACKED))
        sx_fallback_replace(reception->fallback, incoming->from);
}

static void complete(const struct sx_reception *reception, const struct sx_incoming *incoming,
                     struct sx_reply *reply)
{
    sx_content_take_room(reception->content, incoming->from, reply);
    remember_features(reception, incoming, reply);
    if (sx_preparation_take_answer(reception->preparation, incoming->from, incoming->id, reply)) {
        sx_reply_fini(reply);
        return;
    }
    if (!sx_exchange_complete(reception->exchange, incoming->from, incoming->id, reply) &&
        strncmp(incoming->id, STROPHE_ID_PREFIX, sizeof STROPHE_ID_PREFIX - 1) != 0)
        sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_DEBUG,
                 "%s %s from %s dropped: late, or not what was asked", incoming->type, incoming->id,
                 sx_incoming_text(incoming->from));
}

/* A component speaks for all of its domain: what answers a call made in one name is no answer when
 * it comes to another one. */
static bool came_to_another(const struct sx_reception *reception,
                            const struct sx_incoming *incoming)
{
    if (!sx_session_config(reception->session)->is_component ||
        sx_exchange_is_for(reception->exchange, incoming->id, incoming->to))
        return false;
    sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_DEBUG,
             "%s %s from %s dropped: it came to %s", incoming->type, incoming->id,
             sx_incoming_text(incoming->from), sx_incoming_text(incoming->to));
    return true;
}

void sx_receive_reply(const struct sx_reception *reception, const struct sx_incoming *incoming,
                      const struct sx_element *stanza, struct sx_stream *stream)
{
    struct sx_reply reply = {0};
    const char *why_stale;
    unsigned long number;
    if (sx_session_is_pong(reception->session, incoming->from, incoming->id, &number)) {
        sx_loop_note_pong(sx_session_loop(reception->session), number);
        return;
    }
    if (came_to_another(reception, incoming))
        return;
    if (sx_request_id_is_message(incoming->id)) {
        sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_DEBUG,
                 "%s %s from %s dropped: a message was asked", incoming->type, incoming->id,
                 sx_incoming_text(incoming->from));
        return;
    }
    if (take_receipt(reception, incoming) || take_for_shipment(reception, incoming, stanza, stream))
        return;
    read_reply(reception, incoming, stanza, stream, &reply);
    why_stale = sx_delivery_judge(incoming->id, &reply.delivery);
    if (why_stale)
        snprintf(reply.text, sizeof reply.text, "%s", why_stale);
    if (reply.delivery.stale_for[0] && incoming->from)
        sx_features_renew(reception->features, incoming->from, reply.delivery.stale_for,
                          sx_clock_now_us());
    if (ship_again(reception, incoming, &reply) ||
        sx_routing_move(reception->routing, incoming->from, incoming->id, &reply) ||
        send_again(reception, incoming, &reply))
        sx_reply_fini(&reply);
    else
        complete(reception, incoming, &reply);
}
