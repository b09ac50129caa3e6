/* content.c - what a stanza that came holds: an envelope, packed or not, or an error.
 *
 * Invariant: what is taken out of the stream is in the envelope, or freed. Nothing is answered
 * here.
 *
 * Happy path: find_packed -> glance; an error -> its fault's envelope, or its condition. Failure: a
 * packed envelope that can't be one has err and why, which go into the answer.
 */
#include "link/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "soap/pack.h"
#include "wire/delivery.h"
#include "soap/payload.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"

const struct sx_element *sx_content_child(const struct sx_element *stanza, unsigned *count)
{
    const struct sx_element *first = stanza ? sx_element_first(stanza) : NULL, *child = first;
    for (*count = 0; child; child = sx_element_next(child))
        ++*count;
    return first;
}

void sx_content_condition(const struct sx_element *error, struct sx_reply *reply)
{
    const struct sx_element *child = error ? sx_element_first(error) : NULL;
    snprintf(reply->condition, sizeof reply->condition, "undefined-condition");
    for (; child; child = sx_element_next(child)) {
        const char *name = sx_element_name(child);
        sx_delivery_read(child, &reply->delivery);
        if (strcmp(sx_element_ns(child), SX_NS_STANZAS) != 0)
            continue;
        if (strcmp(name, "text") == 0)
            snprintf(reply->text, sizeof reply->text, "%s", sx_element_text(child));
        else
            snprintf(reply->condition, sizeof reply->condition, "%s", name);
    }
}

bool sx_content_is_packed_alone(const struct sx_element *stanza, const struct sx_stream *stream)
{
    return !stanza && stream->binary;
}

const char *sx_content_attribute(const struct sx_element *element, const struct sx_stream *stream,
                                 const char *name)
{
    return element ? sx_element_attribute(element, name) : sx_stream_packed_attribute(stream, name);
}

bool sx_content_is_reference(const struct sx_element *packed)
{
    return packed && sx_element_attribute(packed, "transfer");
}

/* What the <packed/> refers to, moved out (malloc'ed, the caller's); false: it isn't here. */
static bool take_referred(const struct sx_content *content, const char *from,
                          const struct sx_element *packed, char **bytes, size_t *len)
{
    const char *transfer = sx_element_attribute(packed, "transfer");
    const char *sha256 = sx_element_attribute(packed, "sha256");
    size_t size;
    if (!from || !transfer || !sha256 ||
        !sx_sender_parse_number(sx_element_attribute(packed, "size"), SIZE_MAX, &size) ||
        !sx_receiver_take(content->receiver, from, transfer, size, sha256, bytes))
        return false;
    *len = size;
    return true;
}

/* As much as a line holds. Without its end, or damaged, it is still redacted. */
static void trace_unpacked(const struct sx_content *content, const struct sx_envelope *envelope)
{
    struct sx_unpacker *unpacker;
    char *text;
    size_t len = 0, got = 1, room;
    if (!content->trace || !sx_trace_on(content->trace, SOAP_XMPP_TRACE_STANZA))
        return;
    room = content->trace->max_bytes + 1; /* one more shows that it is cut */
    unpacker =
        sx_unpacker_new(envelope->form, envelope->bytes, envelope->len, content->max_message_bytes);
    text = malloc(room);
    while (unpacker && text && got && len < room) {
        if (sx_unpacker_read(unpacker, text + len, room - len, &got))
            break;
        len += got;
    }
    if (len)
        sx_trace_stanza(content->trace, "unpacked envelope", text, len);
    free(text);
    sx_unpacker_free(unpacker);
}

void sx_content_take_packed(const struct sx_content *content, const char *from,
                            const struct sx_element *element, struct sx_stream *stream,
                            struct sx_envelope *envelope)
{
    const char *action = sx_content_attribute(element, stream, "action");
    const char *traceparent = sx_content_attribute(element, stream, "traceparent");
    bool refers = sx_content_is_reference(element), has_bytes;
    *envelope = (struct sx_envelope){
        .form = sx_payload_form(sx_content_attribute(element, stream, "form")),
    };
    if (action && strlen(action) < sizeof envelope->action)
        snprintf(envelope->action, sizeof envelope->action, "%s", action);
    if (sx_traceparent_is_valid(traceparent))
        snprintf(envelope->traceparent, sizeof envelope->traceparent, "%s", traceparent);
    if (refers)
        has_bytes = take_referred(content, from, element, &envelope->bytes, &envelope->len);
    else
        has_bytes = sx_stream_binary(stream, &envelope->bytes, &envelope->len) && envelope->bytes;
    if (has_bytes && envelope->form) {
        trace_unpacked(content, envelope);
        return;
    }
    envelope->err = refers && !has_bytes ? SX_EABSENT : SX_EMALFORMED;
    snprintf(envelope->why, sizeof envelope->why, "%s",
             !envelope->form ? "its form is unknown"
             : refers        ? sx_fault_text(SX_EABSENT)
                             : "the packed envelope is empty");
}

bool sx_content_find_packed(const struct sx_content *content, const struct sx_element *stanza,
                            const struct sx_stream *stream, const struct sx_element **element)
{
    *element = content->packs && stanza ? sx_element_first(stanza) : NULL;
    while (*element && !sx_element_is(*element, "packed", SX_NS_PACKED))
        *element = sx_element_next(*element);
    return *element || (content->packs && sx_content_is_packed_alone(stanza, stream));
}

/* What is awaited is paid from its peer's budget alone: if others could use it up, the text of a
 * fault would be lost. */
static void glance(const struct sx_content *content, const char *payer, bool is_awaited,
                   struct sx_envelope *envelope)
{
    int64_t now_us = sx_clock_now_us();
    unsigned long left, steps;
    if (envelope->err)
        return;
    left = (is_awaited ? sx_budget_left_awaited : sx_budget_left)(content->budget, payer, now_us);
    steps = sx_envelope_glance(envelope, content->checker, content->max_message_bytes, left);
    (is_awaited ? sx_budget_spend_awaited : sx_budget_spend)(content->budget, payer, steps, now_us);
}

void sx_content_glance(const struct sx_content *content, const char *from, const char *payer,
                       const struct sx_element *element, struct sx_stream *stream,
                       struct sx_envelope *envelope)
{
    sx_content_take_packed(content, from, element, stream, envelope);
    glance(content, payer, false, envelope);
}

void sx_content_error(const struct sx_content *content, const char *from, bool is_awaited,
                      const struct sx_element *stanza, struct sx_stream *stream,
                      struct sx_reply *reply)
{
    const struct sx_element *packed;
    bool is_packed = sx_content_find_packed(content, stanza, stream, &packed), has_envelope = true;
    /* A SOAP fault travels as an error with an envelope (XEP-0072 6): the fault is the answer. */
    if (is_packed && !is_awaited) {
        has_envelope = false; /* not worth a glance: nobody waits for it */
    } else if (is_packed) {
        sx_content_take_packed(content, from, packed, stream, &reply->envelope);
        glance(content, from, true, &reply->envelope);
    } else {
        has_envelope = sx_stream_envelope(stream, &reply->envelope);
    }
    if (has_envelope) {
        if (reply->envelope.err == SX_OK && reply->envelope.is_fault)
            return;
        /* Many servers send the request back with a transport error (RFC 6120 8.3.1). */
        sx_envelope_fini(&reply->envelope);
    }
    reply->err = SX_ESTANZA;
    sx_content_condition(stanza ? sx_element_child(stanza, "error") : NULL, reply);
}

void sx_content_verdict(bool is_error, const struct sx_stream *stream, struct sx_reply *reply)
{
    reply->err = is_error ? SX_ESTANZA : stream->verdict;
    snprintf(reply->condition, sizeof reply->condition, "undefined-condition");
    snprintf(reply->text, sizeof reply->text, "%s", stream->verdict_why);
}

void sx_content_take_room(const struct sx_content *content, const char *from,
                          struct sx_reply *reply)
{
    size_t len = reply->envelope.len;
    if (sx_memory_take(content->memory, SX_MEMORY_REPLY, from, len, &reply->envelope.charge))
        return;
    sx_envelope_fini(&reply->envelope);
    reply->err = SX_ETAKEN;
    snprintf(reply->text, sizeof reply->text, "an answer of %zu bytes came, and %s", len,
             sx_fault_text(SX_ETAKEN));
}

void sx_content_judge(struct sx_reply *reply)
{
    reply->err = reply->envelope.err;
    snprintf(reply->text, sizeof reply->text, "%s", reply->envelope.why);
}
