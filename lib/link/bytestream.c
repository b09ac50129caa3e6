/* bytestream.c - big messages that arrive in pieces. Invariant and paths: bytestream.h. */
#include "link/bytestream.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "link/content.h"
#include "wire/namespaces.h"

enum { MAX_TRANSFERS = 64 /* that arrive at once */ };

static bool awaits(void *exchange, const char *from)
{
    return sx_exchange_awaits(exchange, from);
}

struct sx_receiver *sx_bytestream_new_receiver(const struct sx_session *session,
                                               struct sx_exchange *exchange)
{
    const struct sx_config *config = sx_session_config(session);
    const struct sx_receiver_limits limits = {
        .max_message_bytes = config->max_message_bytes,
        .max_bytes = 2 * config->max_message_bytes,
        .max_block_bytes = SX_SENDER_MOST_BLOCK_BYTES,
        .max_transfers = MAX_TRANSFERS,
    };
    struct sx_receiver *receiver = sx_receiver_new(&limits);
    if (!receiver)
        return NULL;
    sx_receiver_use_memory(receiver, sx_session_memory(session));
    sx_receiver_ask_awaited(receiver, awaits, exchange);
    return receiver;
}

bool sx_bytestream_is(const struct sx_element *element)
{
    return sx_element_is(element, "data", SX_NS_IBB) || sx_element_is(element, "open", SX_NS_IBB) ||
           sx_element_is(element, "close", SX_NS_IBB);
}

/* ---- who may send bytes ---- */

/* Whether the sender may send bytes here: those of an answer that we wait for, or of a request,
 * whose own operation is what counts in the end. Otherwise refused. */
static bool admit(const struct sx_bytestream *bytestream, const struct sx_incoming *incoming,
                  const struct sx_element *element)
{
    struct sx_admission *admission = bytestream->admission;
    const struct sx_element *packed = sx_element_child_of(element, "packed", SX_NS_PACKED);
    const char *operation = packed ? sx_element_attribute(packed, "operation") : NULL;
    bool serves = sx_queue_is_open(bytestream->queue);
    if (sx_exchange_awaits(bytestream->exchange, incoming->from) ||
        (serves && sx_access_allows(bytestream->access, incoming->from, operation)))
        return true;
    if (operation && !serves) {
        /* Not yet, or no longer: a caller may come again, as with any request. */
        sx_admission_refuse(admission, incoming, "service-unavailable", NULL);
        return false;
    }
    if (operation)
        sx_admission_tell_forbidden(admission, incoming->from, operation);
    sx_admission_refuse(admission, incoming, sx_fault_condition(SX_EFORBIDDEN),
                        sx_fault_text(SX_EFORBIDDEN));
    return false;
}

/* ---- its stanzas ---- */

static void open_stream(const struct sx_bytestream *bytestream, const char *from,
                        const struct sx_element *element, struct sx_receiver_answer *answer)
{
    const struct sx_element *packed = sx_element_child_of(element, "packed", SX_NS_PACKED);
    struct sx_receiver_open open = {
        .sid = sx_element_attribute(element, "sid"),
        .block_size = sx_element_attribute(element, "block-size"),
        .stanza = sx_element_attribute(element, "stanza"),
    };
    if (packed) {
        open.transfer = sx_element_attribute(packed, "transfer");
        open.size = sx_element_attribute(packed, "size");
        open.sha256 = sx_element_attribute(packed, "sha256");
    }
    sx_receiver_open(bytestream->receiver, from, &open, sx_clock_now_us(), answer);
    if (sx_exchange_awaits(bytestream->exchange, from))
        sx_receiver_await(bytestream->receiver, from, open.transfer);
}

static void take_block(const struct sx_bytestream *bytestream, const char *from,
                       const struct sx_element *element, struct sx_stream *stream,
                       struct sx_receiver_answer *answer)
{
    char *bytes = NULL;
    size_t len = 0;
    /* Without text there are no bytes, which is no mistake yet. */
    if (sx_stream_binary(stream, &bytes, &len) && !bytes)
        bytes = strdup("");
    sx_receiver_data(bytestream->receiver, from, sx_element_attribute(element, "sid"),
                     sx_element_attribute(element, "seq"), bytes, len, sx_clock_now_us(), answer);
    free(bytes);
    if (!answer->condition && answer->size)
        sx_shipment_tell(bytestream->session, from, false, answer->received - len, answer->received,
                         answer->size);
}

/* Whether the answer hides what its sender has to know: the bytes that it goes on about are gone,
 * and no rule lets it send others. It would come again. */
static bool is_revoked(const struct sx_bytestream *bytestream, const char *from,
                       const struct sx_receiver_answer *answer)
{
    return answer->condition && strcmp(answer->condition, "item-not-found") == 0 &&
           !sx_access_may_know(bytestream->access, from) &&
           !sx_exchange_awaits(bytestream->exchange, from);
}

/* With what has come before, it makes sense or not. */
static void receive(const struct sx_bytestream *bytestream, const struct sx_incoming *incoming,
                    const struct sx_element *element, struct sx_stream *stream)
{
    const struct sx_head head = sx_admission_head(bytestream->admission, incoming);
    const char *sid = sx_element_attribute(element, "sid");
    struct sx_receiver_answer answer = {0};
    struct sx_sender *moved = NULL;
    struct sx_buffer stanza = {0};
    if (sx_element_is(element, "open", SX_NS_IBB))
        open_stream(bytestream, incoming->from, element, &answer);
    else if (sx_element_is(element, "data", SX_NS_IBB))
        take_block(bytestream, incoming->from, element, stream, &answer);
    else if (!sid || !sx_shipments_close(bytestream->shipments, incoming->from, sid, &moved))
        sx_receiver_close(bytestream->receiver, incoming->from, sid, &answer);
    if (sx_element_is(element, "data", SX_NS_IBB) &&
        is_revoked(bytestream, incoming->from, &answer)) {
        sx_admission_refuse(bytestream->admission, incoming, sx_fault_condition(SX_EFORBIDDEN),
                            sx_fault_text(SX_EFORBIDDEN));
        return;
    }
    sx_receiver_format_answer(&stanza, &head, &answer);
    sx_admission_post(bytestream->admission, incoming, &stanza);
    if (answer.closes && sid) {
        sx_receiver_format_close(&stanza, &head, sid);
        sx_admission_post(bytestream->admission, incoming, &stanza);
    }
    if (moved)
        sx_shipments_note(bytestream->shipments, incoming->number, moved);
}

void sx_bytestream_receive(const struct sx_bytestream *bytestream,
                           const struct sx_incoming *incoming, const struct sx_element *element,
                           struct sx_stream *stream)
{
    struct sx_admission *admission = bytestream->admission;
    if (strcmp(incoming->type, "set") != 0 || !incoming->from) {
        sx_admission_refuse(admission, incoming, "bad-request",
                            "a bytestream belongs into an iq of type set");
        return;
    }
    if (sx_journal_is_shared(bytestream->journal)) {
        sx_admission_refuse(admission, incoming, "feature-not-implemented",
                            "several processes share this JID, and its server deals the stanzas of "
                            "a bytestream out among them");
        return;
    }
    if (sx_element_is(element, "open", SX_NS_IBB) && !admit(bytestream, incoming, element))
        return;
    receive(bytestream, incoming, element, stream);
}

int64_t sx_bytestream_step(const struct sx_bytestream *bytestream)
{
    sx_receiver_expire(bytestream->receiver, sx_clock_now_us());
    return sx_receiver_due_us(bytestream->receiver);
}
