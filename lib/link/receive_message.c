/* receive_message.c - one <message/> at a time (XEP-0072 3.2.2): an answer, a request, or noise.
 *
 * Invariant: noise is never answered, nor is an error, nor an answer. A request leaves here queued,
 * refused by a message of type error, or dropped as a second copy.
 *
 * The message's id says whether its envelope is an answer or a request: an id that the exchange
 * gave out, or one with this account's tag, is an answer's; every other is a request's. Noise is
 * what holds no envelope directly: bodies, chat states, carbons (XEP-0280) and archives (XEP-0313),
 * whose envelopes are wrapped.
 *
 * Happy path: an answer -> exchange, under way or found by its name; a request -> its age -> as an
 * IQ's. Failure: an answer that nobody awaits and whose name isn't proven is dropped; a request is
 * refused (or dropped, if others may have it) where messages aren't taken, older than max_age_s, or
 * for an IQ's reasons; an Envelope of no version of SOAP is one where messages are taken, and noise
 * elsewhere.
 *
 * Modelled in tests/model: message.pml.
 */
#include "link/reception.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "link/glance.h"
#include "link/mismatch.h"
#include "wire/jid.h"
#include "wire/timestamp.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"
#include "exchange/message_call.h"

static bool is_type(const struct sx_incoming *message, const char *type)
{
    return message->type && strcmp(message->type, type) == 0;
}

/* ---- answers ---- */

static void read_envelope(const struct sx_reception *reception, const struct sx_incoming *message,
                          const struct sx_element *stanza, struct sx_stream *stream,
                          struct sx_reply *reply)
{
    const struct sx_element *packed;
    if (sx_stream_envelope(stream, &reply->envelope)) {
        sx_content_judge(reply);
    } else if (sx_content_find_packed(reception->content, stanza, stream, &packed) &&
               !sx_content_is_reference(packed)) {
        sx_content_take_packed(reception->content, message->from, packed, stream, &reply->envelope);
        sx_content_judge(reply);
    } else {
        reply->err = SX_ENOTSOAP;
    }
}

static void read_reply(const struct sx_reception *reception, const struct sx_incoming *message,
                       const struct sx_element *stanza, struct sx_stream *stream,
                       struct sx_reply *reply)
{
    bool is_error = is_type(message, "error");
    if (stream->verdict != SX_OK) {
        sx_content_verdict(is_error, stream, reply);
    } else if (is_error) {
        sx_content_error(reception->content, message->from, true, stanza, stream, reply);
        reply->delivery.stale_for[0] = '\0';
    } else {
        read_envelope(reception, message, stanza, stream, reply);
    }
}

static void drop(const struct sx_reception *reception, const struct sx_incoming *message,
                 const char *why)
{
    sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_DEBUG,
             "message %s from %s dropped: %s", message->id, message->from, why);
}

/* An answer to a call under way, of an earlier process, or to one that was given up. */
static void take_named(const struct sx_reception *reception, const struct sx_incoming *message,
                       const char *name, struct sx_reply *reply)
{
    bool found = false;
    enum sx_err err = sx_message_call_complete(reception->exchange, message->from, message->id,
                                               name, reply, &found);
    if (err != SX_OK)
        sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_ERROR,
                 "the answer \"%s\" from %s is lost: %s", name, message->from, sx_fault_text(err));
    else if (found)
        sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_DEBUG,
                 "message %s from %s answers \"%s\"", message->id, message->from, name);
}

static void receive_answer(const struct sx_reception *reception, const struct sx_incoming *message,
                           const char *name, const struct sx_element *stanza,
                           struct sx_stream *stream)
{
    struct sx_reply reply = {0};
    if (!name && !sx_exchange_expects(reception->exchange, message->from, message->id)) {
        drop(reception, message, "an answer, late, or to nobody here");
        return;
    }
    if (name && !sx_message_ids_is_first(reception->names, message->id)) {
        drop(reception, message, "its answer was here before");
        return;
    }
    read_reply(reception, message, stanza, stream, &reply);
    sx_content_take_room(reception->content, message->from, &reply);
    if (name)
        take_named(reception, message, name, &reply);
    else
        (void)sx_exchange_complete(reception->exchange, message->from, message->id, &reply);
}

/* ---- requests ---- */

/* How old it is by the oldest of its stamps (XEP-0203): each server that kept it back sets one.
 * 0: it has none; SX_NEVER: one of them can't be read. */
static int64_t measure_age(const struct sx_element *stanza, int64_t now_us)
{
    const struct sx_element *child = stanza ? sx_element_first(stanza) : NULL;
    int64_t age_us = 0, stamp_us;
    for (; child; child = sx_element_next(child)) {
        const char *stamp;
        if (!sx_element_is(child, "delay", SX_NS_DELAY))
            continue;
        stamp = sx_element_attribute(child, "stamp");
        if (!stamp || !sx_timestamp_parse(stamp, &stamp_us))
            return SX_NEVER;
        if (now_us - stamp_us > age_us)
            age_us = now_us - stamp_us;
    }
    return age_us;
}

static bool is_too_old(const struct sx_reception *reception, const struct sx_element *stanza,
                       char *why, size_t why_bytes)
{
    int64_t now_us = sx_timestamp_now_us(), age_us = measure_age(stanza, now_us);
    int64_t max_age_us = sx_session_config(reception->session)->max_age_us;
    long long max_s = (long long)(max_age_us / 1000000);
    char sent[SX_TIMESTAMP_BYTES];
    if (max_age_us == SX_NEVER || age_us <= max_age_us)
        return false;
    if (age_us == SX_NEVER) {
        snprintf(why, why_bytes,
                 "the request has a delay without a readable stamp (XEP-0203), and none older than "
                 "%lld s is served here (max_age_s)",
                 max_s);
        return true;
    }
    sx_timestamp_write(now_us - age_us, sent);
    snprintf(why, why_bytes,
             "the request is of %s, %lld s old; none older than %lld s is served here (max_age_s)",
             sent, (long long)(age_us / 1000000), max_s);
    return true;
}

/* Later there may be time or memory for a second copy, which must not run then. What else is wrong
 * with it is wrong with each copy, and takes no place in the journal. */
static void decline_unread(const struct sx_reception *reception, const struct sx_incoming *message,
                           enum sx_err err, const char *why)
{
    bool passes = err == SX_EFULL || err == SX_ENOMEM;
    if (passes && sx_admission_is_known(reception->admission, message))
        drop(reception, message, "it came again");
    else if (passes && sx_access_may_know(reception->access, message->from))
        sx_admission_decline_copies(reception->admission, message, sx_fault_condition(err), why);
    else
        sx_admission_decline(reception->admission, message, sx_fault_condition(err), why);
}

static void admit(const struct sx_reception *reception, const struct sx_incoming *message,
                  const struct sx_element *stanza, struct sx_envelope *envelope)
{
    char why[256];
    if (envelope->err == SX_EVERSION) {
        sx_mismatch_answer_packed(reception, message, envelope->why);
        return;
    }
    if (envelope->err != SX_OK) {
        decline_unread(reception, message, envelope->err, envelope->why);
        return;
    }
    /* Whoever may not call is told that alone, below. A second copy isn't declined, which would say
     * that the request was not run: the first copy may have been. */
    if (is_too_old(reception, stanza, why, sizeof why) &&
        sx_access_grant(reception->access, message->from, envelope->operation_uri,
                        envelope->operation) != SX_GRANT_NONE) {
        if (sx_admission_is_known(reception->admission, message)) {
            drop(reception, message, "it came again");
            return;
        }
        sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_INFO,
                 "%s of %s isn't run: %s", envelope->operation, message->from, why);
        sx_admission_decline_copies(reception->admission, message, "not-acceptable", why);
        return;
    }
    sx_admission_admit(reception->admission, message, envelope);
}

/* What is for the account goes to other resources as well (RFC 6121 8.5.2): one that takes requests
 * may run it, and its caller must not be told that it is not run. What is for this resource, or for
 * a component, nobody else has. */
static bool is_ours_alone(const struct sx_reception *reception, const struct sx_incoming *message)
{
    return sx_session_config(reception->session)->is_component ||
           (message->to && sx_jid_equal(message->to, sx_session_own_jid(reception->session)));
}

static void decline_untaken(const struct sx_reception *reception, const struct sx_incoming *message)
{
    if (is_ours_alone(reception, message))
        sx_admission_decline(reception->admission, message, "service-unavailable",
                             "requests that come as messages aren't served here");
    else
        drop(reception, message, "a request, and messages aren't served here");
}

static void receive_request(const struct sx_reception *reception, const struct sx_incoming *message,
                            const struct sx_element *stanza, struct sx_stream *stream)
{
    struct sx_envelope envelope = {0};
    const struct sx_element *packed;
    if (!sx_session_config(reception->session)->messages) {
        decline_untaken(reception, message);
        return;
    }
    if (sx_stream_envelope(stream, &envelope)) {
        admit(reception, message, stanza, &envelope);
    } else if (stream->verdict != SX_OK) {
        decline_unread(reception, message, stream->verdict, stream->verdict_why);
    } else if (sx_content_find_packed(reception->content, stanza, stream, &packed)) {
        if (sx_content_is_reference(packed)) {
            sx_admission_decline(reception->admission, message, "bad-request",
                                 "no message refers to a bytestream");
            return;
        }
        sx_glance_take(reception, message, packed, stream, &envelope);
        admit(reception, message, stanza, &envelope);
    } else {
        sx_admission_decline(reception->admission, message, "service-unavailable",
                             "packed envelopes aren't taken here");
    }
    sx_envelope_fini(&envelope);
}

/* ---- messages ---- */

/* Where the parser has judged the stanza, or nobody unpacks here, what the message held is gone; by
 * its id it was this library's, and then it held an envelope. */
static bool holds_envelope(const struct sx_reception *reception, const struct sx_incoming *message,
                           const struct sx_element *stanza, const struct sx_stream *stream)
{
    const struct sx_element *packed;
    return stream->envelope ||
           sx_content_find_packed(reception->content, stanza, stream, &packed) ||
           ((stream->verdict != SX_OK || stream->binary) && sx_request_id_is_message(message->id));
}

/* NULL: it holds none that is answered. */
static const struct sx_element *find_mismatch(const struct sx_reception *reception,
                                              const struct sx_incoming *message,
                                              const struct sx_element *stanza)
{
    bool may_be = sx_session_config(reception->session)->messages && !is_type(message, "error") &&
                  sx_queue_was_opened(reception->queue) && is_ours_alone(reception, message);
    return may_be ? sx_mismatch_find(stanza) : NULL;
}

static bool is_noise(const struct sx_reception *reception, const struct sx_incoming *message,
                     const struct sx_element *stanza, const struct sx_stream *stream)
{
    return !message->id || !message->from || strlen(message->id) > SX_RECEIVE_ID_BYTES ||
           is_type(message, "groupchat") || is_type(message, "headline") ||
           (!is_type(message, "error") && !holds_envelope(reception, message, stanza, stream) &&
            !find_mismatch(reception, message, stanza));
}

void sx_receive_message(const struct sx_reception *reception, const struct sx_incoming *message,
                        const struct sx_element *stanza, struct sx_stream *stream)
{
    char name[SX_MESSAGE_ID_BYTES + 1];
    enum sx_message_id_kind kind = SX_MESSAGE_ID_NONE;
    const struct sx_element *mismatch = NULL;
    if (is_noise(reception, message, stanza, stream)) {
        sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_DEBUG,
                 "<message> from %s ignored", sx_incoming_text(message->from));
        return;
    }
    kind = sx_message_ids_read(reception->names, message->id, message->from, name);
    if (!holds_envelope(reception, message, stanza, stream))
        mismatch = find_mismatch(reception, message, stanza);
    if (is_type(message, "error") || kind != SX_MESSAGE_ID_NONE ||
        sx_exchange_gave_out(reception->exchange, message->id))
        receive_answer(reception, message, kind == SX_MESSAGE_ID_PROVEN ? name : NULL, stanza,
                       stream);
    else if (mismatch)
        sx_mismatch_answer(reception, message, mismatch);
    else
        receive_request(reception, message, stanza, stream);
}
