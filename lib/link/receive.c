/* receive.c - one IQ at a time, from the tree libstrophe made of it to whoever it is for. Messages
 * go on to receive_message.c.
 *
 * Invariant: a get or set leaves here answered, or in the queue of requests with its envelope; a
 * result or error leaves here completed, or dropped and traced.
 *
 * Happy path: reply -> exchange; envelope in a set -> inbound; a question -> answered here. A later
 * copy of a request -> what the journal knows of the first.
 *
 * Forbidden: no rule allows the caller the operation. Asked here, on the loop thread, before the
 * request costs memory or a worker; while nobody serves there is nothing to be forbidden.
 *
 * Failure: what the parser judged (verdict), more or less than one payload, an envelope that nobody
 * serves or that is malformed: the stanza error that RFC 6120 8.3.3 has for it. No memory for an
 * answer is traced: there is nothing to say it with.
 */
#include "link/incoming.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/denial.h"
#include "wire/jid.h"
#include "base/clock.h"
#include "wire/delivery.h"
#include "soap/payload.h"
#include "link/shipment.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"
#include "exchange/retry.h"
#include "wire/disco.h"

enum {
    TELL_INTERVAL_US = 1000000, /* between two lines about forbidden requests */
    REFUSAL_BYTES = 900,        /* of such a line; trace.h cuts at 1,000, name and count included */
};

/* libstrophe's own questions: the answer to its resource binding passes here, too. */
#define STROPHE_ID_PREFIX "_xmpp_"

/* Of what answers it. A component has many JIDs, and answers as the one that was asked. */
static struct sx_head reply_head(const struct sx_iq_ends *ends, const struct iq *iq)
{
    return (struct sx_head){
        .from = !ends->is_component ? NULL
                : iq->to            ? iq->to
                                    : ends->own_jid,
        .to = iq->from,
        .id = iq->id,
        .is_message = iq->is_message,
    };
}

/* ---- answers of our own ---- */

static void post(const struct sx_iq_ends *ends, const struct iq *iq, struct sx_buffer *out)
{
    size_t len;
    char *bytes = sx_buffer_take(out, &len);
    if (!bytes) {
        sx_trace(ends->trace, SOAP_XMPP_TRACE_ERROR, "no memory to answer %s of %s", iq->id,
                 sx_iq_text(iq->from));
        return;
    }
    ends->post(ends->user, iq->session, bytes, len);
}

void sx_iq_refuse(const struct sx_iq_ends *ends, const struct iq *iq, const char *condition,
                  const char *text)
{
    const struct sx_head head = reply_head(ends, iq);
    struct sx_buffer out = {0};
    sx_trace(ends->trace, SOAP_XMPP_TRACE_DEBUG, "%s %s from %s refused: %s%s%s",
             iq->is_message ? "message" : "iq", iq->id, sx_iq_text(iq->from), condition,
             text ? ": " : "", sx_iq_text(text));
    sx_stanza_error(&out, &head, condition, text);
    post(ends, iq, &out);
}

static void answer(const struct sx_iq_ends *ends, const struct iq *iq, struct sx_buffer *payload)
{
    const struct sx_head head = reply_head(ends, iq);
    struct sx_buffer out = {0};
    if (payload && payload->failed)
        out.failed = true;
    else
        sx_stanza_result(&out, &head, payload ? payload->bytes : NULL, payload ? payload->len : 0);
    post(ends, iq, &out);
}

/* ---- children ---- */

static struct sx_element *only_child_element(struct sx_element *stanza, unsigned *count)
{
    struct sx_element *child = stanza ? sx_element_first(stanza) : NULL, *first = NULL;
    *count = 0;
    for (; child; child = sx_element_next(child)) {
        if (!first)
            first = child;
        ++*count;
    }
    return first;
}

/* XEP-0047 */
static bool is_bytestream(struct sx_element *element)
{
    return sx_content_is(element, "data", SX_NS_IBB) || sx_content_is(element, "open", SX_NS_IBB) ||
           sx_content_is(element, "close", SX_NS_IBB);
}

/* ---- answers to our calls ---- */

static void read_result(const struct sx_iq_ends *ends, const char *from, struct sx_element *stanza,
                        struct sx_stream *stream, struct sx_reply *reply)
{
    unsigned count;
    struct sx_element *payload = only_child_element(stanza, &count);
    bool is_alone = sx_content_is_packed_alone(stanza, stream);
    if (sx_stream_envelope(stream, &reply->envelope)) {
        reply->err = reply->envelope.err;
        snprintf(reply->text, sizeof reply->text, "%s", reply->envelope.why);
    } else if (ends->packs && (is_alone || sx_content_is(payload, "packed", SX_NS_PACKED))) {
        sx_content_take_packed(ends, from, payload, stream, &reply->envelope);
        reply->err = reply->envelope.err;
        snprintf(reply->text, sizeof reply->text, "%s", reply->envelope.why);
    } else if (sx_content_is(payload, "query", SX_NS_DISCO_INFO)) {
        reply->features = sx_disco_parse_features(payload);
        reply->err = reply->features ? SX_OK : SX_ENOMEM;
    } else if (payload || is_alone) {
        reply->err = SX_ENOTSOAP;
        snprintf(reply->text, sizeof reply->text, "it holds <%.60s xmlns='%.120s'>",
                 is_alone ? "packed" : sx_iq_text(sx_element_name(payload)),
                 is_alone ? SX_NS_PACKED : sx_iq_text(sx_element_ns(payload)));
    }
}

static bool is_pong(const struct sx_iq_ends *ends, const struct iq *iq)
{
    char own[SX_JID_BYTES];
    if (strncmp(iq->id, SX_PING_ID, sizeof SX_PING_ID - 1) != 0)
        return false;
    if (ends->is_component)
        return true; /* who answers depends on the server, see sx_link_ping() */
    sx_jid_domain(ends->own_jid, own, sizeof own);
    return !iq->from || strcmp(iq->from, own) == 0;
}

/* What a bytestream's receiver says to a stanza of ours. */
static bool answers_shipment(const struct sx_iq_ends *ends, const struct iq *iq,
                             struct sx_element *stanza, const struct sx_stream *stream)
{
    struct sx_element *error = stanza ? sx_element_child(stanza, "error") : NULL;
    struct sx_element *packed;
    bool is_packed = sx_content_find_packed(ends, stanza, stream, &packed);
    struct sx_reply said = {0};
    struct sx_sender_reply reply = {0};
    if (strcmp(iq->type, "error") == 0) {
        sx_content_condition(error, &said);
        reply.condition = said.condition;
        reply.type = error ? sx_element_attribute(error, "type") : NULL;
        reply.text = said.text;
    } else if (is_packed) {
        reply.received = sx_content_attribute(packed, stream, "received");
    }
    return sx_shipments_reply(ends->shipments, iq->session, iq->from, iq->id, &reply);
}

static void receive_reply(const struct sx_iq_ends *ends, const struct iq *iq,
                          struct sx_element *stanza, struct sx_stream *stream)
{
    struct sx_reply reply = {0};
    const char *why_stale;
    bool is_doubtful;
    if (sx_request_id_is_message(iq->id)) {
        sx_trace(ends->trace, SOAP_XMPP_TRACE_DEBUG, "%s %s from %s dropped: a message was asked",
                 iq->type, iq->id, sx_iq_text(iq->from));
        return;
    }
    if (is_pong(ends, iq) || sx_exchange_take_receipt(ends->exchange, iq->id) ||
        (ends->packs && !sx_exchange_gave_out(ends->exchange, iq->id) &&
         answers_shipment(ends, iq, stanza, stream)))
        return;
    if (stream->verdict != SX_OK) {
        /* Servers send the request back in their errors (RFC 6120 8.3.1): that one is too large to
         * be read doesn't mean that anybody has answered. */
        reply.err = strcmp(iq->type, "error") == 0 ? SX_ESTANZA : stream->verdict;
        snprintf(reply.condition, sizeof reply.condition, "undefined-condition");
        snprintf(reply.text, sizeof reply.text, "%s", stream->verdict_why);
    } else if (strcmp(iq->type, "error") == 0) {
        sx_content_error(ends, iq->from, sx_exchange_expects(ends->exchange, iq->from, iq->id),
                         stanza, stream, &reply);
    } else {
        read_result(ends, iq->from, stanza, stream, &reply);
    }
    why_stale = sx_delivery_judge(iq->id, &reply.delivery);
    if (why_stale)
        snprintf(reply.text, sizeof reply.text, "%s", why_stale);
    if (reply.delivery.stale_for[0] && iq->from)
        sx_features_renew(ends->disco, iq->from, reply.delivery.stale_for, sx_clock_now_us());
    if (reply.delivery.refused && strcmp(reply.condition, "item-not-found") == 0 && ends->packs &&
        sx_shipments_again(ends->shipments, iq->session, iq->from, iq->id)) {
        sx_reply_fini(&reply);
        return;
    }
    if (ends->give_way && ends->give_way(ends->user, iq->from, iq->id, &reply)) {
        sx_reply_fini(&reply);
        return;
    }
    is_doubtful = strcmp(reply.condition, "service-unavailable") == 0 &&
                  sx_retry_is_packed(ends->exchange, iq->from, iq->id);
    if (sx_retry_decide(ends->exchange, iq->from, iq->id, &reply)) {
        sx_trace(ends->trace, SOAP_XMPP_TRACE_DEBUG, "%s of %s: to be sent again: %s", iq->id,
                 sx_iq_text(iq->from), reply.condition);
        /* Nobody there, or one who doesn't know <packed/> (RFC 6120 8.4): which, disco#info tells.
         */
        if (is_doubtful)
            ends->doubt(ends->user, iq->session, iq->from);
        sx_reply_fini(&reply);
        return;
    }
    /* Late or not, it is what that peer says of itself. */
    if (reply.features && iq->from && sx_exchange_gave_out(ends->exchange, iq->id)) {
        sx_features_put(ends->disco, iq->from, reply.features, sx_clock_now_us());
        if (ends->packs && !sx_disco_list_has(reply.features, SX_NS_PACKED))
            ends->fall_back(ends->user, iq->from);
    }
    if (!sx_exchange_complete(ends->exchange, iq->from, iq->id, &reply) &&
        strncmp(iq->id, STROPHE_ID_PREFIX, sizeof STROPHE_ID_PREFIX - 1) != 0)
        sx_trace(ends->trace, SOAP_XMPP_TRACE_DEBUG,
                 "%s %s from %s dropped: late, or not what was asked", iq->type, iq->id,
                 sx_iq_text(iq->from));
}

/* ---- requests ---- */

/* Says that the request was not run, in a way that callers of this library can rely on. */
void sx_iq_decline(const struct sx_iq_ends *ends, const struct iq *iq, const char *condition,
                   const char *text)
{
    const struct sx_head head = reply_head(ends, iq);
    struct sx_buffer out = {0};
    sx_trace(ends->trace, SOAP_XMPP_TRACE_DEBUG, "request %s from %s declined: %s", iq->id,
             sx_iq_text(iq->from), condition);
    sx_stanza_refusal(&out, &head, condition, text);
    post(ends, iq, &out);
}

bool sx_iq_is_telling_due(const struct sx_iq_ends *ends, int64_t now_us)
{
    return !ends->refusals->told_us || now_us - ends->refusals->told_us >= TELL_INTERVAL_US;
}

static void tell_forbidden(const struct sx_iq_ends *ends, const char *from, const char *operation)
{
    struct sx_iq_refusals *refusals = ends->refusals;
    int64_t now_us = sx_clock_now_us();
    char text[REFUSAL_BYTES], more[64] = "";
    if (!sx_iq_is_telling_due(ends, now_us)) {
        refusals->left_out++;
        return;
    }
    if (refusals->left_out)
        snprintf(more, sizeof more, " (%lu other refusals left out)", refusals->left_out);
    sx_denial_describe(from, operation, text, sizeof text);
    sx_trace(ends->trace, SOAP_XMPP_TRACE_INFO, "%s%s", text, more);
    *refusals = (struct sx_iq_refusals){.told_us = now_us};
}

static void forbid(const struct sx_iq_ends *ends, const struct iq *iq, const char *from,
                   const char *operation)
{
    tell_forbidden(ends, from, operation);
    sx_iq_decline(ends, iq, sx_fault_condition(SX_EFORBIDDEN), sx_fault_text(SX_EFORBIDDEN));
}

static void queue_request(const struct sx_iq_ends *ends, const struct iq *iq, const char *from,
                          struct sx_envelope *envelope)
{
    struct sx_request *request = sx_request_new(from, iq->to ? iq->to : ends->own_jid, iq->id);
    enum sx_err err = SX_ENOMEM;
    if (request) {
        request->envelope = *envelope;
        *envelope = (struct sx_envelope){0};
        request->is_message = iq->is_message;
        request->arrived_us = sx_clock_now_us();
        err = sx_queue_add(ends->inbound, request);
    }
    if (err != SX_OK) {
        sx_journal_forget(ends->journal, from, iq->id);
        sx_iq_decline(ends, iq, sx_fault_condition(err), sx_fault_text(err));
        sx_request_free(request);
    }
}

static void answer_stale(const struct sx_iq_ends *ends, const struct iq *iq)
{
    const struct sx_head head = reply_head(ends, iq);
    struct sx_buffer out = {0};
    char incarnation[SX_INCARNATION_BYTES];
    sx_journal_incarnation(ends->journal, sx_clock_now_us(), incarnation);
    sx_stanza_stale(&out, &head, incarnation,
                    sx_journal_is_shared(ends->journal) ? sx_journal_process(ends->journal) : 0);
    post(ends, iq, &out);
}

/* What the journal knows of a request that isn't to be run now. Takes again. */
static void answer_known(const struct sx_iq_ends *ends, const struct iq *iq,
                         enum sx_journal_verdict verdict, char *again, size_t again_len)
{
    const char *trace = verdict == SX_JOURNAL_RUNNING    ? ", it still runs"
                        : verdict == SX_JOURNAL_ANSWERED ? ", so its answer does"
                        : verdict == SX_JOURNAL_SPENT    ? ", its answer is forgotten"
                                                         : ", it is unknown here";
    sx_trace(ends->trace, SOAP_XMPP_TRACE_DEBUG, "request %s came again%s", iq->id, trace);
    if (verdict == SX_JOURNAL_ANSWERED)
        ends->repeat(ends->user, iq->session, again, again_len);
    else if (verdict == SX_JOURNAL_SPENT)
        sx_iq_refuse(ends, iq, "internal-server-error",
                     "the request was run, but its answer isn't remembered any longer");
    else if (verdict != SX_JOURNAL_RUNNING)
        answer_stale(ends, iq);
}

/* A later copy of a request to a JID that several processes share: whoever knows the first. */
static void receive_again(const struct sx_iq_ends *ends, const struct iq *iq)
{
    const struct sx_head head = reply_head(ends, iq);
    struct sx_buffer out = {0};
    char *again = NULL;
    size_t again_len = 0;
    enum sx_journal_verdict verdict = sx_journal_look(ends->journal, sx_iq_text(iq->from), iq->id,
                                                      sx_clock_now_us(), &again, &again_len);
    answer_known(ends, iq, verdict, again, again_len);
    if (verdict != SX_JOURNAL_RUNNING)
        return;
    sx_stanza_running(&out, &head);
    post(ends, iq, &out);
}

static bool is_second_copy(enum sx_journal_verdict verdict)
{
    return verdict == SX_JOURNAL_RUNNING || verdict == SX_JOURNAL_ANSWERED ||
           verdict == SX_JOURNAL_STALE || verdict == SX_JOURNAL_SPENT;
}

/* A first copy runs if a rule allows it; a second one doesn't. The rules are asked before the
 * journal takes the request in, but what the journal knows goes first: forbidden means that the
 * request was never run, and of a stale one nobody knows. */
void sx_iq_admit(const struct sx_iq_ends *ends, const struct iq *iq, struct sx_envelope *envelope)
{
    char own_domain[SX_JID_BYTES], *again = NULL;
    const char *from = iq->from;
    size_t again_len = 0;
    enum sx_journal_verdict verdict;
    bool is_allowed;
    if (!from) {
        sx_jid_domain(ends->own_jid, own_domain, sizeof own_domain);
        from = own_domain;
    }
    is_allowed = sx_access_allows(ends->access, from, envelope->operation);
    verdict = (is_allowed ? sx_journal_enter : sx_journal_look)(
        ends->journal, from, iq->id, sx_clock_now_us(), &again, &again_len);
    if (iq->is_message && is_second_copy(verdict)) {
        sx_trace(ends->trace, SOAP_XMPP_TRACE_DEBUG, "message %s of %s came again: dropped", iq->id,
                 from);
        free(again);
        return;
    }
    switch (verdict) {
    case SX_JOURNAL_FRESH:
    case SX_JOURNAL_FOREIGN:
        if (is_allowed)
            queue_request(ends, iq, from, envelope);
        else
            forbid(ends, iq, from, envelope->operation);
        break;
    case SX_JOURNAL_RUNNING: /* its answer will do */
    case SX_JOURNAL_ANSWERED:
    case SX_JOURNAL_STALE:
    case SX_JOURNAL_SPENT:
        answer_known(ends, iq, verdict, again, again_len);
        break;
    case SX_JOURNAL_FULL:
        sx_iq_decline(ends, iq, "resource-constraint", "too many requests are remembered");
        break;
    }
}

static void receive_envelope(const struct sx_iq_ends *ends, const struct iq *iq,
                             struct sx_envelope *envelope)
{
    if (strcmp(iq->type, "set") != 0)
        sx_iq_refuse(ends, iq, "bad-request", "a SOAP envelope belongs into an iq of type set");
    else if (!sx_queue_was_opened(ends->inbound))
        sx_iq_refuse(ends, iq, "service-unavailable", NULL);
    else if (envelope->err != SX_OK)
        sx_iq_refuse(ends, iq, sx_fault_condition(envelope->err), envelope->why);
    else
        sx_iq_admit(ends, iq, envelope);
    sx_envelope_fini(envelope);
}

bool sx_iq_is_known(const struct sx_iq_ends *ends, const struct iq *iq)
{
    char *again = NULL;
    size_t again_len;
    enum sx_journal_verdict verdict = sx_journal_look(ends->journal, sx_iq_text(iq->from), iq->id,
                                                      sx_clock_now_us(), &again, &again_len);
    free(again);
    return verdict != SX_JOURNAL_FRESH && verdict != SX_JOURNAL_FOREIGN;
}

/* As receive_envelope, but what a caller of this library has sent is refused in a way that it can
 * rely on. */
static void receive_packed(const struct sx_iq_ends *ends, const struct iq *iq,
                           struct sx_element *element, struct sx_stream *stream)
{
    struct sx_envelope envelope = {0};
    if (strcmp(iq->type, "set") != 0) {
        sx_iq_refuse(ends, iq, "bad-request", "a packed envelope belongs into an iq of type set");
        return;
    }
    if (!sx_queue_was_opened(ends->inbound)) {
        sx_iq_refuse(ends, iq, "service-unavailable", NULL);
        return;
    }
    /* Whom no rule names at all isn't worth a glance, unless somebody is to read which rule that
     * would be. What the journal knows of the id goes first: the bytes may have been taken by a
     * first copy. */
    if (iq->from && !sx_access_may_know(ends->access, iq->from) &&
        !sx_iq_is_telling_due(ends, sx_clock_now_us()))
        envelope.form = SX_FORM_ZSTD;
    else if (!sx_content_is_reference(element) || !sx_iq_is_known(ends, iq))
        sx_content_glance(ends, iq->from, element, stream, &envelope);
    if (envelope.err == SX_OK)
        sx_iq_admit(ends, iq, &envelope);
    else
        sx_iq_decline(ends, iq, sx_fault_condition(envelope.err), envelope.why);
    sx_envelope_fini(&envelope);
}

/* Whether the sender may send bytes here: those of an answer that we wait for, or of a request,
 * whose own operation is what counts in the end. Otherwise refused. */
static bool admit_bytestream(const struct sx_iq_ends *ends, const struct iq *iq,
                             struct sx_element *element)
{
    struct sx_element *packed = sx_element_child_of(element, "packed", SX_NS_PACKED);
    const char *operation = packed ? sx_element_attribute(packed, "operation") : NULL;
    bool serves = sx_queue_is_open(ends->inbound);
    if (sx_exchange_awaits(ends->exchange, iq->from) ||
        (serves && sx_access_allows(ends->access, iq->from, operation)))
        return true;
    if (operation && !serves) {
        /* Not yet, or no longer: a caller may come again, as with any request. */
        sx_iq_refuse(ends, iq, "service-unavailable", NULL);
        return false;
    }
    if (operation)
        tell_forbidden(ends, iq->from, operation);
    sx_iq_refuse(ends, iq, sx_fault_condition(SX_EFORBIDDEN), sx_fault_text(SX_EFORBIDDEN));
    return false;
}

static void receive_bytestream(const struct sx_iq_ends *ends, const struct iq *iq,
                               struct sx_element *element, struct sx_stream *stream)
{
    const struct sx_head head = reply_head(ends, iq);
    char *bytes = NULL;
    size_t len = 0;
    if (strcmp(iq->type, "set") != 0 || !iq->from) {
        sx_iq_refuse(ends, iq, "bad-request", "a bytestream belongs into an iq of type set");
        return;
    }
    if (sx_journal_is_shared(ends->journal)) {
        sx_iq_refuse(
            ends, iq, "feature-not-implemented",
            "several processes share this JID, and its server deals the stanzas of a bytestream "
            "out among them");
        return;
    }
    if (sx_content_is(element, "open", SX_NS_IBB) && !admit_bytestream(ends, iq, element))
        return;
    /* Without text there are no bytes, which is no mistake yet. */
    if (sx_stream_binary(stream, &bytes, &len) && !bytes)
        bytes = strdup("");
    sx_shipments_receive(ends->shipments, iq->session, &head, element, bytes, len);
    free(bytes);
}

static void receive_question(const struct sx_iq_ends *ends, const struct iq *iq,
                             struct sx_element *payload)
{
    struct sx_buffer out = {0};
    char incarnation[SX_INCARNATION_BYTES];
    bool is_get = strcmp(iq->type, "get") == 0;
    if (is_get && sx_content_is(payload, "query", SX_NS_DISCO_INFO)) {
        if (sx_element_attribute(payload, "node")) {
            sx_iq_refuse(ends, iq, "item-not-found", NULL);
            return;
        }
        sx_journal_incarnation(ends->journal, sx_clock_now_us(), incarnation);
        /* Who shares its JID speaks for the others, too: before it serves, and while it stops. */
        sx_disco_format_info(&out,
                             sx_queue_is_open(ends->inbound) || sx_journal_is_shared(ends->journal),
                             ends->plain ? NULL : incarnation, ends->packs);
        answer(ends, iq, &out);
    } else if (is_get && sx_content_is(payload, "query", SX_NS_DISCO_ITEMS)) {
        sx_buffer_add_text(&out, "<query xmlns='" SX_NS_DISCO_ITEMS "'/>");
        answer(ends, iq, &out);
    } else if (is_get && sx_content_is(payload, "ping", SX_NS_PING)) {
        answer(ends, iq, NULL);
    } else {
        sx_iq_refuse(ends, iq, "service-unavailable", NULL);
    }
    sx_buffer_fini(&out);
}

static void receive_request(const struct sx_iq_ends *ends, const struct iq *iq,
                            struct sx_element *stanza, struct sx_stream *stream)
{
    struct sx_envelope envelope;
    unsigned count;
    struct sx_element *payload = only_child_element(stanza, &count);
    if (!stanza && (stream->envelope || stream->binary))
        count = 1; /* for which no tree was made */
    if (stream->verdict != SX_OK)
        sx_iq_refuse(ends, iq, sx_fault_condition(stream->verdict), stream->verdict_why);
    else if (count != 1)
        sx_iq_refuse(ends, iq, "bad-request", "an iq of type get or set has exactly one payload");
    else if (sx_stream_envelope(stream, &envelope))
        receive_envelope(ends, iq, &envelope);
    else if (ends->packs && (sx_content_is_packed_alone(stanza, stream) ||
                             sx_content_is(payload, "packed", SX_NS_PACKED)))
        receive_packed(ends, iq, payload, stream);
    else if (sx_content_is(payload, "again", SX_NS_DELIVERY) && sx_request_id_is_tagged(iq->id))
        receive_again(ends, iq);
    else if (ends->packs && is_bytestream(payload))
        receive_bytestream(ends, iq, payload, stream);
    else
        receive_question(ends, iq, payload);
}

void sx_iq_receive(const struct sx_iq_ends *ends, uint64_t session, struct sx_element *stanza,
                   struct sx_stream *stream)
{
    const char *name = sx_stream_name(stream);
    struct iq iq = {
        .type = sx_stream_attribute(stream, "type"),
        .id = sx_stream_attribute(stream, "id"),
        .from = sx_stream_attribute(stream, "from"),
        .to = sx_stream_attribute(stream, "to"),
        .session = session,
    };
    if (strcmp(name, "message") == 0) {
        iq.is_message = true;
        sx_message_receive(ends, &iq, stanza, stream);
        return;
    }
    if (strcmp(name, "iq") != 0) {
        sx_trace(ends->trace, SOAP_XMPP_TRACE_DEBUG, "<%s> from %s ignored", name,
                 sx_iq_text(iq.from));
        return;
    }
    if (!iq.id || !iq.type) {
        /* Without an id nobody could tell what an error answers (RFC 6120 8.1.3). */
        sx_trace(ends->trace, SOAP_XMPP_TRACE_DEBUG, "iq from %s without %s ignored",
                 sx_iq_text(iq.from), iq.id ? "type" : "id");
        return;
    }
    if (!iq.from && ends->is_component) {
        sx_trace(ends->trace, SOAP_XMPP_TRACE_DEBUG, "iq %s without from ignored", iq.id);
        return;
    }
    if (strlen(iq.id) > SX_IQ_ID_BYTES) {
        sx_trace(ends->trace, SOAP_XMPP_TRACE_DEBUG, "iq from %s ignored: its id is %zu bytes long",
                 sx_iq_text(iq.from), strlen(iq.id));
        return;
    }
    if (strcmp(iq.type, "result") == 0 || strcmp(iq.type, "error") == 0)
        receive_reply(ends, &iq, stanza, stream);
    else if (strcmp(iq.type, "get") == 0 || strcmp(iq.type, "set") == 0)
        receive_request(ends, &iq, stanza, stream);
    else
        sx_iq_refuse(ends, &iq, "bad-request", "an iq is of type get, set, result or error");
}
