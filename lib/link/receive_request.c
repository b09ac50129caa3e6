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

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "link/glance.h"
#include "wire/disco.h"
#include "wire/namespaces.h"
#include "wire/request_id.h"

enum { SHOWN_BYTES = 200 /* of a namespace */ };

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
    else
        sx_admission_decline(admission, incoming, sx_fault_condition(envelope.err), envelope.why);
    sx_envelope_fini(&envelope);
}

static bool is_mismatched(const struct sx_reception *reception, const struct sx_incoming *incoming,
                          const struct sx_element *payload)
{
    return payload && strcmp(incoming->type, "set") == 0 &&
           strcmp(sx_element_name(payload), "Envelope") == 0 &&
           sx_queue_was_opened(reception->queue);
}

/* SOAP 1.2 5.4.7, as gSOAP answers over HTTP: by SOAP 1.1, which both versions read. Nobody's rules
 * are asked, since nothing is run. */
static void answer_mismatch(const struct sx_reception *reception,
                            const struct sx_incoming *incoming, const struct sx_element *payload)
{
    const struct sx_head head = sx_admission_head(reception->admission, incoming);
    char ns[SHOWN_BYTES];
    struct sx_buffer fault = {0}, out = {0};
    snprintf(ns, sizeof ns, "%s", sx_element_ns(payload));
    sx_utf8_drop_broken(ns);
    sx_trace(sx_session_trace(reception->session), SOAP_XMPP_TRACE_DEBUG,
             "iq %s from %s: its Envelope is of no version of SOAP, but in \"%s\"", incoming->id,
             sx_incoming_text(incoming->from), ns);
    sx_buffer_add_text(&fault, "<e:Envelope xmlns:e='" SX_NS_SOAP11 "'><e:Body><e:Fault>"
                               "<faultcode>e:VersionMismatch</faultcode><faultstring>");
    sx_buffer_add_escaped(&fault, "an Envelope of SOAP is in " SX_NS_SOAP11 " or " SX_NS_SOAP12
                                  ", and not in \"");
    sx_buffer_add_escaped(&fault, ns);
    sx_buffer_add_escaped(&fault, "\"");
    sx_buffer_add_text(&fault, "</faultstring></e:Fault></e:Body></e:Envelope>");
    if (fault.failed)
        out.failed = true;
    else
        sx_stanza_fault(&out, &head, fault.bytes, fault.len, "VersionMismatch");
    sx_buffer_fini(&fault);
    sx_admission_post(reception->admission, incoming, &out);
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

static void answer_info(const struct sx_reception *reception, const struct sx_incoming *incoming)
{
    bool is_plain = sx_session_config(reception->session)->plain_delivery;
    /* Who shares its JID speaks for the others, too: before it serves, and while it stops. */
    bool serves = sx_queue_is_open(reception->queue) || sx_journal_is_shared(reception->journal);
    char incarnation[SX_INCARNATION_BYTES];
    struct sx_buffer out = {0};
    sx_journal_incarnation(reception->journal, sx_clock_now_us(), incarnation);
    sx_disco_format_info(&out, serves, is_plain ? NULL : incarnation, reception->content->packs);
    answer(reception, incoming, &out);
    sx_buffer_fini(&out);
}

static void receive_question(const struct sx_reception *reception,
                             const struct sx_incoming *incoming, const struct sx_element *payload)
{
    struct sx_buffer out = {0};
    bool is_get = strcmp(incoming->type, "get") == 0;
    if (is_get && sx_element_is(payload, "query", SX_NS_DISCO_INFO)) {
        if (sx_element_attribute(payload, "node"))
            sx_admission_refuse(reception->admission, incoming, "item-not-found", NULL);
        else
            answer_info(reception, incoming);
    } else if (is_get && sx_element_is(payload, "query", SX_NS_DISCO_ITEMS)) {
        sx_buffer_add_text(&out, "<query xmlns='" SX_NS_DISCO_ITEMS "'/>");
        answer(reception, incoming, &out);
        sx_buffer_fini(&out);
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
    else if (is_mismatched(reception, incoming, payload))
        answer_mismatch(reception, incoming, payload);
    else if (packs && sx_bytestream_is(payload))
        sx_bytestream_receive(reception->bytestream, incoming, payload, stream);
    else
        receive_question(reception, incoming, payload);
}
