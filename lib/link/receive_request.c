/* receive_request.c - gets and sets: requests to serve, blocks of bytestreams, questions.
 *
 * Invariant: a get or set leaves here answered, or in the queue of requests with its envelope.
 *
 * Happy path: envelope in a set -> admission -> queue; a question -> answered here. A later copy of
 * a request -> what the journal knows of the first.
 *
 * Failure: what the parser judged (verdict), more or less than one payload, an envelope that nobody
 * serves or that is malformed: the stanza error that RFC 6120 8.3.3 has for it. An Envelope of no
 * version of SOAP: the fault for that.
 */
#include "link/reception.h"

#include <string.h>

#include "base/clock.h"
#include "link/glance.h"
#include "link/mismatch.h"
#include "link/size_limit.h"
#include "wire/disco.h"
#include "wire/jid.h"
#include "wire/namespaces.h"
#include "wire/request_id.h"

enum {
    MAX_ITEMS_BYTES = 131072, /* of disco#items, whatever servers take */
    FRAME_BYTES = 4096        /* an iq around them */
};

/* ---- requests ---- */

static void receive_envelope(const struct sx_reception *reception,
                             const struct sx_incoming *incoming, struct sx_envelope *envelope)
{
    struct sx_admission *admission = reception->admission;
    if (strcmp(incoming->type, "set") != 0)
        sx_admission_refuse(admission, incoming, "bad-request",
                            "a SOAP envelope belongs into an iq of type set");
    else if (!sx_queue_was_opened(reception->queue))
        sx_admission_refuse(admission, incoming, "service-unavailable", NULL);
    else if (envelope->err != SX_OK)
        sx_admission_refuse(admission, incoming, sx_fault_condition(envelope->err), envelope->why);
    else
        sx_admission_admit(admission, incoming, envelope);
    sx_envelope_fini(envelope);
}

/* As receive_envelope, but what a caller of this library has sent is refused in a way that it can
 * rely on. */
static void receive_packed(const struct sx_reception *reception, const struct sx_incoming *incoming,
                           const struct sx_element *element, struct sx_stream *stream)
{
    struct sx_admission *admission = reception->admission;
    struct sx_envelope envelope = {0};
    if (strcmp(incoming->type, "set") != 0) {
        sx_admission_refuse(admission, incoming, "bad-request",
                            "a packed envelope belongs into an iq of type set");
        return;
    }
    if (!sx_queue_was_opened(reception->queue)) {
        sx_admission_refuse(admission, incoming, "service-unavailable", NULL);
        return;
    }
    sx_glance_take(reception, incoming, element, stream, &envelope);
    if (envelope.err == SX_OK)
        sx_admission_admit(admission, incoming, &envelope);
    else if (envelope.err == SX_EVERSION)
        sx_mismatch_answer_packed(reception, incoming, envelope.why);
    else
        sx_admission_decline(admission, incoming, sx_fault_condition(envelope.err), envelope.why);
    sx_envelope_fini(&envelope);
}

/* NULL: it holds none. */
static const struct sx_element *find_mismatch(const struct sx_reception *reception,
                                              const struct sx_incoming *incoming,
                                              const struct sx_element *stanza)
{
    bool may_be = strcmp(incoming->type, "set") == 0 && sx_queue_was_opened(reception->queue);
    return may_be ? sx_mismatch_find(stanza) : NULL;
}

/* ---- questions ---- */

/* payload NULL: an empty result. */
static void answer(const struct sx_reception *reception, const struct sx_incoming *incoming,
                   const struct sx_buffer *payload)
{
    const struct sx_head head = sx_admission_head(reception->admission, incoming);
    struct sx_buffer out = {0};
    if (payload && payload->failed)
        out.failed = true;
    else
        sx_stanza_result(&out, &head, payload ? payload->bytes : NULL, payload ? payload->len : 0);
    sx_admission_post(reception->admission, incoming, &out);
}

/* How much an answer's payload may have, whatever it would say. */
static size_t find_room(const struct sx_reception *reception, const struct sx_incoming *incoming,
                        size_t most)
{
    size_t frame_bytes = FRAME_BYTES + (incoming->from ? strlen(incoming->from) : 0);
    size_t limit = sx_size_limit_outgoing(reception->session, NULL);
    size_t room = limit > frame_bytes ? limit - frame_bytes : 0;
    return room < most ? room : most;
}

static void answer_info(const struct sx_reception *reception, const struct sx_incoming *incoming)
{
    size_t room = find_room(reception, incoming, SX_DESCRIPTION_INFO_BYTES);
    bool is_plain = sx_session_config(reception->session)->plain_delivery;
    /* Who shares its JID speaks for the others, too: before it serves, and while it stops. */
    bool serves = sx_queue_is_open(reception->queue) || sx_journal_is_shared(reception->journal);
    char incarnation[SX_INCARNATION_BYTES];
    struct sx_buffer out = {0};
    sx_journal_incarnation(reception->journal, sx_clock_now_us(), incarnation);
    sx_disco_begin_info(&out, serves, is_plain ? NULL : incarnation, reception->content->packs);
    if (serves && room > out.len + sizeof "</query>")
        sx_describer_write_form(reception->describer, incoming->from, room - sizeof "</query>",
                                &out);
    sx_disco_end_info(&out);
    answer(reception, incoming, &out);
    sx_buffer_fini(&out);
}

/* A component's devices; of anybody else, and to whom no rule names, there are none. */
static void answer_items(const struct sx_reception *reception, const struct sx_incoming *incoming)
{
    const struct sx_session *session = reception->session;
    size_t room = find_room(reception, incoming, MAX_ITEMS_BYTES);
    struct sx_buffer items = {0}, out = {0};
    if (sx_session_config(session)->is_component && incoming->to &&
        sx_jid_equal(incoming->to, sx_session_own_jid(session)) && room &&
        !sx_describer_write_items(reception->describer, incoming->from, room, &items))
        sx_trace(sx_session_trace(session), SOAP_XMPP_TRACE_INFO,
                 "%s was told a part of the items: all of them don't fit into a stanza",
                 sx_incoming_text(incoming->from));
    sx_buffer_add_text(&out, "<query xmlns='" SX_NS_DISCO_ITEMS "'");
    if (items.len) {
        sx_buffer_add_text(&out, ">");
        sx_buffer_add(&out, items.bytes, items.len);
        sx_buffer_add_text(&out, "</query>");
    } else {
        sx_buffer_add_text(&out, "/>");
    }
    out.failed = out.failed || items.failed;
    answer(reception, incoming, &out);
    sx_buffer_fini(&items);
    sx_buffer_fini(&out);
}

static void receive_question(const struct sx_reception *reception,
                             const struct sx_incoming *incoming, const struct sx_element *payload)
{
    bool is_get = strcmp(incoming->type, "get") == 0;
    if (is_get && sx_element_is(payload, "query", SX_NS_DISCO_INFO)) {
        if (sx_element_attribute(payload, "node"))
            sx_admission_refuse(reception->admission, incoming, "item-not-found", NULL);
        else
            answer_info(reception, incoming);
    } else if (is_get && sx_element_is(payload, "query", SX_NS_DISCO_ITEMS)) {
        answer_items(reception, incoming);
    } else if (is_get && sx_element_is(payload, "ping", SX_NS_PING)) {
        answer(reception, incoming, NULL);
    } else {
        sx_admission_refuse(reception->admission, incoming, "service-unavailable", NULL);
    }
}

void sx_receive_request(const struct sx_reception *reception, const struct sx_incoming *incoming,
                        const struct sx_element *stanza, struct sx_stream *stream)
{
    bool packs = reception->content->packs;
    struct sx_envelope envelope;
    unsigned count;
    const struct sx_element *payload = sx_content_child(stanza, &count);
    if (!stanza && (stream->envelope || stream->binary))
        count = 1; /* for which no tree was made */
    if (stream->verdict != SX_OK)
        sx_admission_refuse(reception->admission, incoming, sx_fault_condition(stream->verdict),
                            stream->verdict_why);
    else if (count != 1)
        sx_admission_refuse(reception->admission, incoming, "bad-request",
                            "an iq of type get or set has exactly one payload");
    else if (sx_stream_envelope(stream, &envelope))
        receive_envelope(reception, incoming, &envelope);
    else if (packs && (sx_content_is_packed_alone(stanza, stream) ||
                       sx_element_is(payload, "packed", SX_NS_PACKED)))
        receive_packed(reception, incoming, payload, stream);
    else if (sx_element_is(payload, "again", SX_NS_DELIVERY) &&
             sx_request_id_is_tagged(incoming->id))
        sx_admission_answer_again(reception->admission, incoming);
    else if (find_mismatch(reception, incoming, stanza))
        sx_mismatch_answer(reception, incoming, payload);
    else if (packs && sx_bytestream_is(payload))
        sx_bytestream_receive(reception->bytestream, incoming, payload, stream);
    else
        receive_question(reception, incoming, payload);
}
