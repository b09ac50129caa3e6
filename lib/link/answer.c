/* answer.c - what a link answers: envelopes, faults, refusals.
 *
 * Invariant: a request is answered once. The answer is in the journal before it is posted, so that
 * losing it loses nothing.
 *
 * Happy path: an envelope -> its payload -> remembered -> posted to the session of the moment.
 * Failure: an answer that may not leave becomes internal-server-error, since the request has run.
 *
 * Modelled in tests/model: iq.pml, liveness.pml.
 */
#include "link/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/probe.h"
#include "link/size_limit.h"
#include "soap/payload.h"
#include "wire/stanza.h"

static struct sx_head head_of(const struct sx_answers *answers, const struct sx_request *request)
{
    return (struct sx_head){
        .from = sx_session_config(answers->session)->is_component ? request->to : NULL,
        .to = request->from,
        .id = request->id,
        .is_message = request->is_message,
    };
}

/* The answer to a message isn't kept in the journal, so that it waits for the next session. */
static uint64_t session_for(const struct sx_answers *answers, const struct sx_request *request,
                            int64_t deadline)
{
    return sx_session_for_answer(answers->session, request->is_message ? deadline : 0);
}

/* The stanza's bytes; NULL: no memory. */
static char *write(const struct sx_answers *answers, const struct sx_request *request,
                   const struct sx_response *response, size_t *len)
{
    const struct sx_head head = head_of(answers, request);
    struct sx_buffer stanza = {0};
    sx_response_write(response, &head, &stanza);
    return sx_buffer_take(&stanza, len);
}

/* One that is larger than the queue of unwritten bytes could never be sent: its caller gets an
 * error instead. */
static char *write_small(const struct sx_answers *answers, const struct sx_request *request,
                         struct sx_response **response, size_t *len)
{
    char *bytes = *response ? write(answers, request, *response, len) : NULL;
    if (!bytes || *len <= sx_session_config(answers->session)->max_queued_bytes)
        return bytes;
    free(bytes);
    sx_response_unref(*response);
    *response = sx_response_error("internal-server-error",
                                  "the answer is larger than the service's max_queued_bytes");
    return *response ? write(answers, request, *response, len) : NULL;
}

/* The one answer of a request that has run: remembered, then posted. Takes the response; NULL: no
 * memory. */
static void give(const struct sx_answers *answers, const struct sx_request *request,
                 struct sx_response *response)
{
    int64_t deadline = sx_clock_deadline(sx_session_timeout_us(answers->session));
    size_t len;
    char *bytes = write_small(answers, request, &response, &len);
    /* A message isn't sent again, so that nobody asks twice for its answer. */
    sx_journal_answer(answers->journal, request->from, request->id,
                      request->is_message ? NULL : response, sx_clock_now_us());
    if (bytes)
        sx_session_post_answer(answers->session, session_for(answers, request, deadline), bytes,
                               len, deadline);
    else
        sx_trace(sx_session_trace(answers->session), SOAP_XMPP_TRACE_ERROR,
                 "no memory to answer %s of %s", request->id, request->from);
    sx_response_unref(response);
}

/* The condition isn't resource-constraint, after which a caller may send the request again: it has
 * run. */
static struct sx_response *refuse(const struct sx_answers *answers,
                                  const struct sx_request *request, const char *why)
{
    sx_trace_peer(sx_session_trace(answers->session), sx_clock_now_us(),
                  "request %.80s of %.200s: %s", request->id, request->from, why);
    return sx_response_error("internal-server-error", why);
}

static const char *fault_code(const struct sx_payload *payload)
{
    return payload->bytes && payload->scan->is_fault ? payload->scan->fault_code : NULL;
}

static void count(const struct sx_answers *answers, const struct sx_request *request, bool is_fault)
{
    if (answers->statistics && request->taken_us)
        sx_statistics_note(answers->statistics, request->envelope.operation_uri,
                           request->envelope.operation, is_fault,
                           sx_clock_now_us() - request->taken_us);
}

/* The answer's packed bytes go ahead of it. */
static void ship_answer(const struct sx_answers *answers, struct sx_request *request,
                        struct sx_payload *payload)
{
    const struct sx_head head = head_of(answers, request);
    const char *code = fault_code(payload);
    struct sx_buffer reference = {0};
    struct sx_shipment *shipment = NULL;
    struct sx_response *response = NULL;
    enum sx_err err = SX_ENOMEM;
    size_t len;
    char *bytes;
    if (sx_shipment_new(answers->session, payload, head.from, head.to, NULL, NULL, &reference,
                        &shipment) == SX_OK &&
        (bytes = sx_buffer_take(&reference, &len)) != NULL)
        response = sx_response_new(bytes, len, len, code);
    sx_buffer_fini(&reference);
    if (response)
        err = sx_shipments_add_answer(answers->shipments, shipment, request->id, response);
    sx_response_unref(response);
    if (err == SX_OK)
        return;
    sx_shipment_free(shipment);
    if (err == SX_ETAKEN)
        response = refuse(answers, request, sx_fault_text(err));
    else if (err == SX_EFULL)
        response = refuse(answers, request, "too many large answers are on their way");
    else
        response = NULL;
    give(answers, request, response);
}

/* Takes the payload's bytes. */
static struct sx_response *respond(struct sx_payload *payload)
{
    const char *code = fault_code(payload);
    char *bytes = payload->bytes;
    payload->bytes = NULL;
    return sx_response_new(bytes, payload->len, payload->rewritten_bytes, code);
}

static bool goes_in_pieces(const struct sx_answers *answers, const struct sx_request *request,
                           const struct sx_payload *payload)
{
    return payload->is_loose && !sx_session_config(answers->session)->is_shared &&
           !request->is_message;
}

/* Whether it can go; false: why says size and limit. */
static bool fits(const struct sx_answers *answers, const struct sx_request *request,
                 const struct sx_payload *payload, char *why, size_t why_bytes)
{
    const struct sx_head head = head_of(answers, request);
    return !payload->bytes || goes_in_pieces(answers, request, payload) ||
           sx_size_limit_fits(answers->session, "the answer", payload, &head, 0, why, why_bytes);
}

static void answer(const struct sx_answers *answers, struct sx_request *request,
                   struct sx_payload *payload)
{
    char why[300];
    if (request->is_message && !payload->bytes) {
        /* One-way: nobody waits for an answer. */
        sx_journal_answer(answers->journal, request->from, request->id, NULL, sx_clock_now_us());
        return;
    }
    if (goes_in_pieces(answers, request, payload))
        ship_answer(answers, request, payload);
    else if (!fits(answers, request, payload, why, sizeof why))
        give(answers, request, refuse(answers, request, why));
    else
        give(answers, request, respond(payload));
}

/* Up to which size it goes in one stanza. One that needn't go in pieces isn't to be refused because
 * too many do. */
static size_t choose_whole_bytes(const struct sx_answers *answers, const struct sx_request *request)
{
    bool is_whole = sx_session_config(answers->session)->is_shared || request->is_message ||
                    !sx_shipments_have_spare(answers->shipments);
    return is_whole ? sx_size_limit_outgoing(answers->session, NULL)
                    : sx_size_limit_whole(answers->session);
}

/* Another version of SOAP than the caller's, which would not read it. */
static bool is_mismatched(const struct sx_request *request, const struct sx_payload *payload)
{
    return payload->bytes && payload->scan->version &&
           payload->scan->version != request->envelope.version;
}

/* What is told to a strict request's owner, in the place of its caller. */
static enum sx_err judge(const struct sx_answers *answers, const struct sx_request *request,
                         const struct sx_payload *payload, char *why, size_t why_bytes)
{
    if (is_mismatched(request, payload)) {
        snprintf(why, why_bytes, "it is SOAP 1.%d, and the request is SOAP 1.%d",
                 payload->scan->version % 10, request->envelope.version % 10);
        return SX_EVERSION;
    }
    return fits(answers, request, payload, why, why_bytes) ? SX_OK : SX_ETOOBIG;
}

enum sx_err sx_answer_send(const struct sx_answers *answers, struct sx_request *request,
                           struct sx_checker *checker, const char *envelope, size_t envelope_len,
                           char *why, size_t why_bytes)
{
    struct sx_payload payload = {0};
    enum sx_err err = SX_OK;
    if (envelope && request->envelope.form == SX_FORM_PLAIN)
        err =
            sx_payload_plain(&payload, checker, envelope, envelope_len, NULL, NULL, why, why_bytes);
    else if (envelope && envelope_len > sx_session_config(answers->session)->max_message_bytes)
        err = sx_size_limit_refuse(answers->session, "the answer", envelope_len, why, why_bytes);
    else if (envelope)
        err = sx_payload_packed(&payload, checker, envelope, envelope_len, NULL,
                                choose_whole_bytes(answers, request), why, why_bytes);
    if (err == SX_OK && payload.bytes && request->envelope.form != SX_FORM_PLAIN)
        sx_trace_stanza(sx_session_trace(answers->session), "packed envelope", envelope,
                        envelope_len);
    if (err == SX_OK && request->is_strict)
        err = judge(answers, request, &payload, why, why_bytes);
    if (err == SX_OK && sx_request_answer_once(request)) {
        count(answers, request, fault_code(&payload) != NULL);
        SX_PROBE2(request__done, request->id, fault_code(&payload) ? 1 : 0);
        if (fault_code(&payload))
            SX_TALLY_ADD(answers->tally, faulted);
        else
            SX_TALLY_ADD(answers->tally, answered);
        answer(answers, request, &payload);
    }
    sx_payload_fini(&payload);
    return err;
}

void sx_answer_refuse(const struct sx_answers *answers, struct sx_request *request,
                      const char *condition, const char *text)
{
    if (!sx_request_answer_once(request))
        return;
    sx_trace(sx_session_trace(answers->session), SOAP_XMPP_TRACE_DEBUG,
             "request %s of %s refused: %s", request->id, request->from, text ? text : condition);
    count(answers, request, true);
    SX_PROBE2(request__done, request->id, 2);
    SX_TALLY_ADD(answers->tally, refused);
    give(answers, request, sx_response_error(condition, text));
}

void sx_answer_decline(const struct sx_answers *answers, struct sx_request *request,
                       const char *condition, const char *text, int64_t deadline)
{
    const struct sx_head head = head_of(answers, request);
    struct sx_buffer stanza = {0};
    struct sx_response *response;
    size_t len;
    char *bytes;
    if (!sx_request_answer_once(request))
        return;
    SX_PROBE2(request__done, request->id, 3);
    SX_TALLY_ADD(answers->tally, declined);
    response = sx_response_decline(condition, text);
    if (sx_journal_decline(answers->journal, request->from, request->id, response,
                           sx_clock_now_us()))
        sx_stanza_refusal_of_all(&stanza, &head, condition, text);
    else
        sx_stanza_refusal(&stanza, &head, condition, text);
    sx_response_unref(response);
    bytes = sx_buffer_take(&stanza, &len);
    if (bytes)
        sx_session_post_answer(answers->session, session_for(answers, request, deadline), bytes,
                               len, deadline);
}
