/* preparation.c - posted calls begin, wait, and take their steps. Invariant: preparation.h.
 *
 * Happy path: post: the forms of its envelope -> begun -> a first step -> sent. Else parked -> what
 * it waits for comes -> step -> another step. Failure: what can't be begun is refused. The link's
 * state may change while one is posted: it is looked at again once the call is parked, since
 * whoever changed it saw those alone.
 */
#include "link/preparation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/draft.h"
#include "exchange/message_call.h"
#include "link/size_limit.h"
#include "link/posting_step.h"

enum {
    PORTION = 64,   /* calls in one step */
    ROOM_US = 20000 /* when to look again whether there is room */
};

/* Gives it to its call, which waits; or frees it, if the call has ended. */
static void park(const struct sx_posting_step *step)
{
    char bare[SX_JID_BYTES];
    const char *jid = step->jid;
    if (step->wait == WAIT_PRESENCE) {
        sx_jid_bare(step->posting->to, bare, sizeof bare);
        jid = bare;
    }
    if (!sx_draft_park(step->calls->exchange, sx_posting_step_id(step->posting), step->posting,
                       sx_posting_free, step->wait, jid))
        sx_posting_free(step->posting);
}

/* A step on the loop thread, of one that was taken. Whether there is no room. */
static bool take_step(struct sx_preparation *preparation, uint64_t number,
                      struct sx_posting *posting, unsigned word)
{
    struct sx_posting_step step = {
        .calls = preparation->calls,
        .inquiries = &preparation->inquiries,
        .posting = posting,
        .number = number,
        .settled_us = preparation->online_since_us + SX_ROUTING_SETTLE_US,
    };
    if (sx_posting_step_take(&step, (enum sx_posting_word)word) == SX_POSTING_WAITS) {
        park(&step);
        return step.wait == WAIT_ROOM;
    }
    sx_posting_free(posting);
    return false;
}

/* ---- it is posted ---- */

/* Online: *number is the session's; it can still come online: 0. */
static enum sx_err check_link(const struct sx_calls *calls, uint64_t *number, char *why,
                              size_t why_bytes)
{
    enum sx_err err;
    *number = 0;
    err = sx_session_await_online(calls->session, 0, number, why, why_bytes);
    return err == SX_EOFFLINE ? SX_OK : err;
}

static enum sx_err check(const struct sx_calls *calls, const struct sx_outgoing *out,
                         uint64_t *number, char *why, size_t why_bytes)
{
    enum sx_err err = SX_OK;
    if (sx_session_config(calls->session)->is_shared) {
        snprintf(why, why_bytes, "%s", sx_fault_text(SX_ESHARED));
        return SX_ESHARED;
    }
    if (out->is_message)
        err = sx_message_call_check(calls, out->to, why, why_bytes);
    return err == SX_OK ? check_link(calls, number, why, why_bytes) : err;
}

static enum sx_err make_message(const struct sx_posting_step *step, const struct sx_outgoing *out,
                                char *why, size_t why_bytes)
{
    const struct sx_calls *calls = step->calls;
    struct sx_posting *posting = step->posting;
    const struct sx_head head = {.from = sx_posting_from(calls->session, posting),
                                 .to = out->to,
                                 .id = "",
                                 .is_message = true};
    size_t whole_bytes = sx_message_call_whole_bytes(calls, out->to);
    enum sx_err err = whole_bytes ? sx_posting_add_packed(calls, out, posting, why, why_bytes)
                                  : sx_posting_add_plain(calls, out, posting, why, why_bytes);
    if (err != SX_OK)
        return err;
    if (whole_bytes && !sx_payload_may_join(&posting->packed, whole_bytes))
        return sx_message_call_refuse_size(calls, out->envelope_len, posting->packed.len, why,
                                           why_bytes);
    if (!whole_bytes &&
        !sx_size_limit_allows(calls->session, &posting->plain, &head, why, why_bytes))
        return SX_ETOOBIG;
    return SX_OK;
}

/* Whether nothing is to be asked before it is sent; and then whether its peer takes packed
 * envelopes. */
static bool is_peer_known(struct sx_posting_step *step, bool *packs)
{
    const struct sx_calls *calls = step->calls;
    char incarnation[SX_INCARNATION_BYTES];
    int known;
    if (!step->number || sx_posting_step_choose(step) != SX_POSTING_GOES_ON)
        return false;
    known = sx_query_look_up(calls->query, sx_posting_step_peer(step->posting), incarnation);
    if (known < 0)
        return false;
    *packs = sx_call_whole_bytes(calls, sx_posting_step_peer(step->posting),
                                 known == 1 ? incarnation : NULL);
    return true;
}

/* The forms that it may be sent in: one, if it can be sent at once. */
static enum sx_err make_forms(struct sx_posting_step *step, const struct sx_outgoing *out,
                              char *why, size_t why_bytes)
{
    const struct sx_calls *calls = step->calls;
    const struct sx_config *config = sx_session_config(calls->session);
    struct sx_posting *posting = step->posting;
    bool is_known, packs = true;
    enum sx_err err;
    if (out->is_message)
        return make_message(step, out, why, why_bytes);
    is_known = is_peer_known(step, &packs);
    if (!config->packs || config->plain_delivery || !packs)
        return sx_posting_add_plain(calls, out, posting, why, why_bytes);
    err = sx_posting_add_packed(calls, out, posting, why, why_bytes);
    if (err == SX_OK && !is_known)
        sx_posting_try_plain(calls, out, posting);
    return err;
}

/* It can't be sent at once, so that its peer may be another one when it is. */
static void make_other_form(const struct sx_calls *calls, const struct sx_outgoing *out,
                            struct sx_posting *posting)
{
    const struct sx_config *config = sx_session_config(calls->session);
    char why[200];
    if (out->is_message || !config->packs || config->plain_delivery)
        return;
    if (!posting->packed.bytes)
        (void)sx_posting_add_packed(calls, out, posting, why, sizeof why);
    else if (!posting->plain.bytes && posting->plain_err == SX_OK)
        sx_posting_try_plain(calls, out, posting);
}

static enum sx_err name_message(const struct sx_calls *calls, const struct sx_outgoing *out,
                                struct sx_posting *posting, struct soap_xmpp_call *call)
{
    char receipt_id[SX_RECEIPT_ID_BYTES];
    enum sx_err err = sx_message_call_assign_id(calls, out, call);
    if (err != SX_OK)
        return err;
    sx_message_call_receipt_id(call, receipt_id);
    posting->message_id = strdup(sx_exchange_id(call));
    posting->receipt_id = strdup(receipt_id);
    return posting->message_id && posting->receipt_id ? SX_OK : SX_ENOMEM;
}

static enum sx_err begin(const struct sx_calls *calls, const struct sx_outgoing *out,
                         struct sx_posting *posting, struct soap_xmpp_call **call, char *why,
                         size_t why_bytes)
{
    struct soap_xmpp_call *begun = NULL;
    enum sx_err err = sx_draft_begin(calls->exchange, out->to, posting->operation, out->from,
                                     out->is_one_way && out->is_message, &begun);
    if (err == SX_OK && out->is_message)
        err = name_message(calls, out, posting, begun);
    if (err == SX_OK) {
        snprintf(posting->id, sizeof posting->id, "%s",
                 out->is_message ? "" : sx_exchange_id(begun));
        *call = begun;
        sx_exchange_detach(begun, out->answer_deadline, out->user);
        return SX_OK;
    }
    sx_exchange_release(begun);
    if (err == SX_EFULL)
        snprintf(why, why_bytes, "%u calls are under way already (max_calls)",
                 sx_session_config(calls->session)->max_calls);
    else
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
    return err;
}

/* Its first step. The link's state may have changed since it was looked at, and whoever changed it
 * saw only the calls that were parked by then. */
static void start(struct sx_posting_step *step, const struct sx_outgoing *out)
{
    const struct sx_calls *calls = step->calls;
    char id[SX_EXCHANGE_ID_BYTES] = "", *message_id = step->posting->message_id, why[400] = "";
    uint64_t number;
    step->wait = WAIT_LINK;
    if (step->number && sx_posting_step_take(step, SX_POSTING_NOTHING) != SX_POSTING_WAITS) {
        sx_posting_free(step->posting);
        return;
    }
    make_other_form(calls, out, step->posting);
    if (message_id)
        message_id = strdup(message_id);
    snprintf(id, sizeof id, "%s", step->posting->id);
    park(step);
    if (check_link(calls, &number, why, sizeof why) != SX_OK)
        sx_draft_end(calls->exchange, message_id ? message_id : id, SX_ELOST, why);
    else if (number)
        sx_loop_wake(sx_session_loop(calls->session));
    free(message_id);
}

enum sx_err sx_preparation_post(struct sx_preparation *preparation, const struct sx_outgoing *out,
                                struct soap_xmpp_call **call, char *why, size_t why_bytes)
{
    const struct sx_calls *calls = preparation->calls;
    struct sx_posting_step step = {.calls = preparation->calls};
    char clause[400] = "";
    enum sx_err err = check(calls, out, &step.number, clause, sizeof clause);
    if (err == SX_OK) {
        step.posting = sx_posting_new(out);
        err = step.posting ? SX_OK : SX_ENOMEM;
    }
    if (err == SX_OK) {
        sx_posting_step_begin_anew(step.posting, step.number);
        err = make_forms(&step, out, clause, sizeof clause);
    }
    if (err == SX_OK)
        err = begin(calls, out, step.posting, call, clause, sizeof clause);
    if (err == SX_OK) {
        start(&step, out);
        return SX_OK;
    }
    snprintf(why, why_bytes, "xmpp:%s: %s%s%s", out->to,
             step.posting && step.posting->operation ? step.posting->operation : "",
             step.posting && step.posting->operation ? ": " : "",
             *clause ? clause : sx_fault_text(err));
    sx_posting_free(step.posting);
    return err;
}

/* ---- the loop thread ---- */

void sx_preparation_init(struct sx_preparation *preparation, const struct sx_calls *calls)
{
    *preparation = (struct sx_preparation){.calls = calls};
    sx_inquiry_init(&preparation->inquiries, calls->query,
                    sx_session_config(calls->session)->max_calls);
}

void sx_preparation_fini(struct sx_preparation *preparation)
{
    sx_inquiry_fini(&preparation->inquiries);
}

static void note_silences(struct sx_preparation *preparation)
{
    struct sx_exchange *exchange = preparation->calls->exchange;
    int64_t now_us = sx_clock_now_us();
    char *jid;
    while ((jid = sx_inquiry_take_silent(&preparation->inquiries, now_us)) != NULL) {
        sx_draft_wake(exchange, WAIT_PEER, jid, SX_POSTING_SILENCE);
        free(jid);
    }
    if (now_us >= preparation->online_since_us + SX_ROUTING_SETTLE_US)
        sx_draft_wake(exchange, WAIT_PRESENCE, NULL, SX_POSTING_SILENCE);
}

static int64_t next_step(const struct sx_preparation *preparation)
{
    struct sx_exchange *exchange = preparation->calls->exchange;
    int64_t due_us = sx_inquiry_due_us(&preparation->inquiries), other_us;
    if (sx_draft_waits(exchange, WAIT_LINK, NULL))
        return 0;
    other_us = preparation->online_since_us + SX_ROUTING_SETTLE_US;
    if (other_us < due_us && sx_draft_waits(exchange, WAIT_PRESENCE, NULL))
        due_us = other_us;
    other_us = sx_clock_now_us() + ROOM_US;
    if (other_us < due_us && sx_draft_waits(exchange, WAIT_ROOM, NULL))
        due_us = other_us;
    return due_us;
}

int64_t sx_preparation_step(struct sx_preparation *preparation, uint64_t number)
{
    struct sx_exchange *exchange = preparation->calls->exchange;
    struct sx_posting *posting;
    unsigned word, turns = 0;
    if (!sx_draft_is_any(exchange) && !preparation->inquiries.count)
        return SX_NEVER;
    note_silences(preparation);
    while (turns++ < PORTION && (posting = sx_draft_take(exchange, WAIT_ROOM, &word)) != NULL)
        if (take_step(preparation, number, posting, word))
            break;
    while (turns++ < PORTION && (posting = sx_draft_take(exchange, WAIT_LINK, &word)) != NULL)
        (void)take_step(preparation, number, posting, word);
    return next_step(preparation);
}

void sx_preparation_online(struct sx_preparation *preparation)
{
    preparation->online_since_us = sx_clock_now_us();
}

void sx_preparation_lost(struct sx_preparation *preparation)
{
    const struct sx_calls *calls = preparation->calls;
    char why[400] = "";
    uint64_t number;
    preparation->online_since_us = 0;
    sx_inquiry_forget(&preparation->inquiries);
    sx_draft_wake(calls->exchange, WAIT_PEER, NULL, SX_POSTING_LOST);
    sx_draft_wake(calls->exchange, WAIT_PRESENCE, NULL, SX_POSTING_LOST);
    sx_draft_wake(calls->exchange, WAIT_ROOM, NULL, SX_POSTING_LOST);
    if (check_link(calls, &number, why, sizeof why) != SX_OK)
        sx_draft_end_all(calls->exchange, SX_ELOST, why);
}

bool sx_preparation_take_answer(struct sx_preparation *preparation, const char *from,
                                const char *id, const struct sx_reply *reply)
{
    enum sx_posting_word word = SX_POSTING_REFUSED;
    if (!sx_inquiry_take(&preparation->inquiries, from, id))
        return false;
    if (reply->err == SX_OK)
        word = SX_POSTING_SAID;
    else if (sx_query_is_absent(reply))
        word = SX_POSTING_ABSENT;
    sx_draft_wake(preparation->calls->exchange, WAIT_PEER, from, word);
    return true;
}

void sx_preparation_note_available(struct sx_preparation *preparation, const char *jid)
{
    char bare[SX_JID_BYTES];
    sx_jid_bare(jid, bare, sizeof bare);
    sx_draft_wake(preparation->calls->exchange, WAIT_PRESENCE, bare, SX_POSTING_SAID);
}
