/* posting_step.c - one step of a posted call: chosen for, learnt about, sent; or what it waits for
 * next.
 *
 * Invariant: posting_step.h. Each part of it goes on to the next, or says what is to be waited for.
 *
 * Happy path: choose -> learn -> send -> posted.
 * Failure: nobody there: another resource, or whoever comes in the first seconds after a login. No
 * room: tried again when some may be there. What can't be sent at all ends, with the reason.
 */
#include "link/posting_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/draft.h"
#include "exchange/retry.h"
#include "link/lateness.h"
#include "link/size_limit.h"
#include "net/outlet.h"
#include "wire/request_id.h"
#include "wire/stanza.h"

enum {
    MOST_LOOKS = 128, /* for a resource: twice as many as an account can have */
    HEAD_BYTES = 8192 /* around a payload at most */
};

static enum sx_posting_next await(struct sx_posting_step *step, enum call_wait wait,
                                  const char *jid)
{
    step->wait = wait;
    step->jid = jid;
    return SX_POSTING_WAITS;
}

const char *sx_posting_step_id(const struct sx_posting *posting)
{
    return posting->message_id ? posting->message_id : posting->id;
}

const char *sx_posting_step_peer(const struct sx_posting *posting)
{
    return posting->progress.chosen ? posting->progress.chosen : posting->to;
}

static bool is_routed(const struct sx_posting_step *step)
{
    return sx_routing_applies(step->calls->routing, step->posting->to, step->posting->any_resource);
}

/* ---- whom it goes to ---- */

static enum sx_posting_next await_peer(struct sx_posting_step *step, const char *jid)
{
    if (!step->inquiries)
        return await(step, WAIT_LINK, NULL);
    if (!jid || !sx_inquiry_ask(step->inquiries, step->number, jid, false))
        return await(step, WAIT_ROOM, NULL);
    return await(step, WAIT_PEER, jid);
}

static void ask_resource(void *user, const char *jid)
{
    const struct sx_posting_step *step = user;
    (void)sx_inquiry_ask(step->inquiries, step->number, jid, false);
}

enum sx_posting_next sx_posting_step_choose(struct sx_posting_step *step)
{
    struct sx_posting_progress *progress = &step->posting->progress;
    if (progress->has_choice || !is_routed(step))
        return SX_POSTING_GOES_ON;
    free(progress->chosen);
    free(progress->unknown);
    progress->chosen = progress->unknown = NULL;
    if (progress->looks++ < MOST_LOOKS &&
        !sx_routing_look(step->calls->routing, step->posting->to,
                         step->inquiries ? ask_resource : NULL, step, &progress->chosen,
                         &progress->version, &progress->unknown))
        return await_peer(step, progress->unknown);
    progress->has_choice = true;
    return SX_POSTING_GOES_ON;
}

/* ---- what that is ---- */

static enum sx_posting_next renew(struct sx_posting_step *step)
{
    struct sx_posting_progress *progress = &step->posting->progress;
    progress->wants_renewal = true;
    if (!step->inquiries)
        return await(step, WAIT_LINK, NULL);
    progress->is_renewed = true;
    if (sx_inquiry_ask(step->inquiries, step->number, sx_posting_step_peer(step->posting), true))
        return await(step, WAIT_PEER, sx_posting_step_peer(step->posting));
    return SX_POSTING_GOES_ON;
}

/* incarnation: "" of a peer to which it is sent once. */
static enum sx_posting_next learn(struct sx_posting_step *step,
                                  char incarnation[SX_INCARNATION_BYTES])
{
    const struct sx_calls *calls = step->calls;
    const struct sx_posting_progress *progress = &step->posting->progress;
    const char *peer = sx_posting_step_peer(step->posting);
    int known;
    incarnation[0] = '\0';
    if (step->posting->is_message || progress->is_foreign ||
        sx_session_config(calls->session)->plain_delivery)
        return SX_POSTING_GOES_ON;
    known = sx_query_look_up(calls->query, peer, incarnation);
    if (known < 0)
        return await_peer(step, peer);
    if (known == 1 && !progress->is_renewed &&
        (progress->wants_renewal || sx_query_is_old(calls->query, peer, incarnation)))
        return renew(step);
    if (known == 0)
        incarnation[0] = '\0';
    return SX_POSTING_GOES_ON;
}

/* ---- what it has heard ---- */

/* Nobody is where it was to go. */
static void hear_of_absence(struct sx_posting_step *step)
{
    struct sx_posting_progress *progress = &step->posting->progress;
    const struct sx_routing *routing = step->calls->routing;
    bool is_another = is_routed(step);
    if (is_another && progress->chosen)
        sx_roster_take_out(routing->roster, progress->chosen);
    if (is_another &&
        (progress->chosen || sx_routing_has_come(routing, step->posting->to, progress->version)))
        progress->has_choice = false;
    else if (is_another && sx_clock_now_us() < step->settled_us)
        progress->awaits_absent = true;
    else
        progress->is_foreign = true;
}

static void hear(struct sx_posting_step *step, enum sx_posting_word word)
{
    struct sx_posting_progress *progress = &step->posting->progress;
    const struct sx_query *query = step->calls->query;
    char incarnation[SX_INCARNATION_BYTES];
    if (word == SX_POSTING_NOTHING)
        return;
    if (progress->awaits_absent) {
        progress->awaits_absent = false;
        progress->has_choice = word != SX_POSTING_SAID;
        progress->is_foreign = word != SX_POSTING_SAID;
    } else if (is_routed(step) && !progress->has_choice) {
        if (progress->unknown && (word == SX_POSTING_ABSENT || word == SX_POSTING_REFUSED))
            sx_query_note_silence(query, progress->unknown);
    } else if (sx_query_look_up(query, sx_posting_step_peer(step->posting), incarnation) < 0) {
        if (word == SX_POSTING_ABSENT)
            hear_of_absence(step);
        else
            progress->is_foreign = true; /* whatever it has said, it isn't asked twice */
    }
}

/* ---- it is sent ---- */

static enum sx_posting_next give_up(const struct sx_posting_step *step, enum sx_err err,
                                    const char *clause)
{
    sx_draft_end(step->calls->exchange, sx_posting_step_id(step->posting), err, clause);
    return SX_POSTING_IS_OVER;
}

static struct sx_head make_head(const struct sx_posting_step *step, const char *id)
{
    return (struct sx_head){
        .from = sx_posting_from(step->calls->session, step->posting),
        .to = sx_posting_step_peer(step->posting),
        .id = id,
        .is_message = step->posting->is_message,
    };
}

/* Whether it may leave in one stanza; otherwise why says what is in the way. */
static enum sx_err check_size(const struct sx_posting_step *step, const struct sx_payload *payload,
                              char *why, size_t why_bytes)
{
    const struct sx_calls *calls = step->calls;
    struct sx_session *session = calls->session;
    const struct sx_head head = make_head(step, "");
    size_t queued = sx_session_config(session)->max_queued_bytes;
    size_t more_bytes = is_routed(step) ? SX_ROSTER_RESOURCE_BYTES * sizeof "&apos;" : 0;
    if (head.is_message && payload->is_loose)
        return sx_message_call_refuse_size(calls, payload->len, payload->len, why, why_bytes);
    if (sx_lateness_is_certain(session, payload, step->posting->deadline, why, why_bytes))
        return SX_ESLOW;
    if (head.is_message)
        return sx_size_limit_allows(session, payload, &head, why, why_bytes) ? SX_OK : SX_ETOOBIG;
    if (!sx_size_limit_fits(session, "the envelope", payload, &head, more_bytes, why, why_bytes))
        return SX_ETOOBIG;
    if (payload->len + HEAD_BYTES <= queued)
        return SX_OK;
    snprintf(why, why_bytes, "the envelope is %zu bytes; the limit is %zu (max_queued_bytes)",
             payload->len, queued);
    return SX_ETOOBIG;
}

static bool has_room(const struct sx_posting_step *step, size_t bytes)
{
    const struct sx_session *session = step->calls->session;
    size_t queued = sx_loop_backlog_bytes(sx_session_loop(session));
    return !queued || queued + bytes <= sx_session_config(session)->max_queued_bytes;
}

static void post_receipt(const struct sx_posting_step *step)
{
    const struct sx_calls *calls = step->calls;
    if (sx_message_call_post_receipt(calls, step->posting->receipt_id, step->number, 0) != SX_OK)
        sx_trace(sx_session_trace(calls->session), SOAP_XMPP_TRACE_INFO,
                 "call %s: nobody asks whether the server has taken it", step->posting->message_id);
}

static enum sx_err post_stanza(const struct sx_posting_step *step, const struct sx_payload *payload)
{
    const struct sx_calls *calls = step->calls;
    const struct sx_posting *posting = step->posting;
    const struct sx_head head = make_head(step, sx_posting_step_id(posting));
    struct sx_buffer stanza = {0};
    bool is_large;
    enum sx_err err;
    sx_trace(sx_session_trace(calls->session), SOAP_XMPP_TRACE_DEBUG, "call %s to %s%s: %s",
             head.id, head.to, head.is_message ? ", by message" : "", posting->operation);
    if (head.is_message)
        sx_stanza_message(&stanza, &head, payload->bytes, payload->len);
    else
        sx_stanza_request(&stanza, "set", &head, payload->bytes, payload->len);
    is_large = stanza.len > SX_OUTLET_PROMPT_BYTES;
    err = step->inquiries ? sx_session_post_again(calls->session, step->number, &stanza)
                          : sx_session_post(calls->session, step->number, &stanza, 0);
    if (err == SX_OK && head.is_message)
        post_receipt(step);
    else if (err == SX_OK && is_large)
        sx_retry_note_post(calls->exchange, head.id);
    return err;
}

/* It counts as sent before it is posted: its answer, or its end, can come at once. */
static enum sx_posting_next post(struct sx_posting_step *step, const struct sx_payload *payload,
                                 const char *incarnation)
{
    struct sx_exchange *exchange = step->calls->exchange;
    struct sx_posting *posting = step->posting;
    const struct sx_draft_way way = {
        .peer = sx_posting_step_peer(posting),
        .any_resource = is_routed(step),
        .incarnation = incarnation,
        .payload = payload->bytes,
        .payload_len = payload->len,
    };
    char id[SX_EXCHANGE_ID_BYTES] = "";
    uint64_t number;
    enum sx_err err;
    if (!has_room(step, payload->len + HEAD_BYTES))
        return await(step, WAIT_ROOM, NULL);
    err = sx_draft_send(exchange, sx_posting_step_id(posting), &way, id, &number);
    if (err == SX_ENOMEM)
        return give_up(step, err, sx_fault_text(err));
    if (err != SX_OK)
        return SX_POSTING_IS_OVER;
    if (!posting->is_message)
        memcpy(posting->id, id, sizeof id);
    err = post_stanza(step, payload);
    if (err == SX_OK || !sx_draft_unsend(exchange, sx_posting_step_id(posting)))
        return SX_POSTING_IS_OVER;
    return await(step, err == SX_ELOST ? WAIT_LINK : WAIT_ROOM, NULL);
}

/* The bytes go ahead of it, in pieces. */
static enum sx_posting_next hold(struct sx_posting_step *step, const char *incarnation)
{
    const struct sx_calls *calls = step->calls;
    struct sx_posting *posting = step->posting;
    struct sx_buffer reference = {0};
    struct sx_shipment *shipment = NULL;
    char id[SX_EXCHANGE_ID_BYTES] = "";
    uint64_t number = 0;
    enum sx_err err = sx_shipment_new(
        calls->session, &posting->packed, sx_posting_from(calls->session, posting),
        sx_posting_step_peer(posting), posting->operation, posting->action, &reference, &shipment);
    sx_payload_add_traceparent(&reference, posting->traceparent);
    if (err == SX_OK && reference.failed)
        err = SX_ENOMEM;
    if (err == SX_OK) {
        const struct sx_draft_way way = {
            .peer = sx_posting_step_peer(posting),
            .any_resource = is_routed(step),
            .incarnation = incarnation,
            .payload = reference.bytes,
            .payload_len = reference.len,
            .is_held = true,
        };
        err = sx_draft_send(calls->exchange, sx_posting_step_id(posting), &way, id, &number);
    }
    sx_buffer_fini(&reference);
    if (err == SX_OK) {
        sx_trace(sx_session_trace(calls->session), SOAP_XMPP_TRACE_DEBUG, "call %s to %s: %s", id,
                 sx_posting_step_peer(posting), posting->operation);
        sx_shipments_add_call(calls->shipments, shipment, number);
        return SX_POSTING_IS_OVER;
    }
    sx_shipment_free(shipment);
    return err == SX_ENOMEM ? give_up(step, err, sx_fault_text(err)) : SX_POSTING_IS_OVER;
}

/* incarnation NULL: it is sent once. */
static enum sx_posting_next send(struct sx_posting_step *step, const char *incarnation)
{
    const struct sx_calls *calls = step->calls;
    const struct sx_posting *posting = step->posting;
    size_t whole_bytes =
        posting->is_message
            ? sx_size_limit_outgoing(calls->session, NULL)
            : sx_call_whole_bytes(calls, sx_posting_step_peer(posting), incarnation);
    struct sx_payload payload = {0};
    char clause[400] = "";
    bool is_made;
    enum sx_posting_next next;
    enum sx_err err =
        sx_posting_open(posting, whole_bytes, &payload, &is_made, clause, sizeof clause);
    if (err != SX_OK)
        return give_up(step, err, clause);
    if (payload.is_loose && incarnation && !sx_request_id_is_any(incarnation))
        return hold(step, incarnation);
    err = check_size(step, &payload, clause, sizeof clause);
    next = err == SX_OK ? post(step, &payload, incarnation) : give_up(step, err, clause);
    if (is_made)
        sx_payload_fini(&payload);
    return next;
}

/* ---- the step ---- */

void sx_posting_step_begin_anew(struct sx_posting *posting, uint64_t number)
{
    free(posting->progress.chosen);
    free(posting->progress.unknown);
    posting->progress = (struct sx_posting_progress){.session = number};
}

enum sx_posting_next sx_posting_step_take(struct sx_posting_step *step, enum sx_posting_word word)
{
    char incarnation[SX_INCARNATION_BYTES];
    enum sx_posting_next next;
    if (step->posting->progress.session != step->number || word == SX_POSTING_LOST)
        sx_posting_step_begin_anew(step->posting, step->number);
    else
        hear(step, word);
    if (step->posting->progress.awaits_absent)
        return await(step, WAIT_PRESENCE, NULL);
    next = step->posting->is_message ? SX_POSTING_GOES_ON : sx_posting_step_choose(step);
    if (next == SX_POSTING_GOES_ON)
        next = learn(step, incarnation);
    if (next == SX_POSTING_GOES_ON)
        next = send(step, incarnation[0] ? incarnation : NULL);
    return next;
}
