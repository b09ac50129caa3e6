/* shared.c - kept calls to a JID that several processes share.
 *
 * Why: the server deals the stanzas to such a JID out, each to another of the processes (XEP-0114
 * components of one name). A copy that is sent again mostly meets one that has never seen the
 * first, and which one has, nobody says.
 *
 * Invariant: under one id there is one first copy in the world, X~any, and only that is ever run.
 * `sent` is 1 while it may be there, else 0. Later copies, X~again, carry no request: they ask what
 * became of the first. So what is said of X~any is said of the request, and what is said of X~again
 * is said by one process of itself. The call is ASKED while a later copy is out to which nothing
 * was said yet.
 *
 * Happy path: keep -> X~any is posted -> answered; nothing here runs.
 * Lost:       X~again, until it meets who knows: the answer, or running: it will come.
 * Denied:     stale, by one who doesn't know. The next copy goes to another one, soon. What comes
 *             only by chance has to be tried often: with d who have said no, another one who gets
 *             each copy with the same chance would have been missed so often in
 *             (d / (d + 1)) ^ 10 (d + 1) of all cases, less than one in 20,000. Then nobody is
 * taken to know, and the call ends, outcome unknown. A copy to which nothing is said, or that
 *             bounced, may have gone to the one who knows: counted anew.
 * Unrun:      a bounce or a refusal of X~any, or stale from a process that shares no JID: nothing
 *             has run nor will. Refused for good, the call ends; otherwise another X~any, under
 *             another id.
 *
 * Modelled in tests/model: shared.pml.
 */
#include "exchange/shared.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/due.h"
#include "wire/stanza.h"

enum {
    PAUSE_US = 50000,      /* after the first denials; */
    DENIALS_A_PAUSE = 5,   /* so many, then it grows by itself */
    DENIALS_A_PROCESS = 10 /* see above */
};

static void count_anew_locked(struct soap_xmpp_call *call)
{
    call->denials = 0;
    call->deniers = 0;
}

/* Something was said to the later copy that was out. */
static void note_word_locked(struct soap_xmpp_call *call)
{
    if (call->phase == PHASE_ASKED)
        sx_table_set_phase_locked(call, PHASE_SENT);
}

bool sx_shared_make_copy_locked(struct soap_xmpp_call *call, struct sx_copy *copy)
{
    bool is_first = call->sent == 0;
    char id[ID_BYTES];
    snprintf(id, sizeof id, "%.*s%s%s", (int)sx_request_id_stem_len(call->id), call->id,
             SX_REQUEST_ID_MARK, is_first ? SX_REQUEST_ID_ANY : SX_REQUEST_ID_AGAIN);
    if (!sx_copy_init(copy, call->from, call->peer, id, is_first ? call->payload : SX_STANZA_AGAIN,
                      is_first ? call->payload_len : strlen(SX_STANZA_AGAIN)))
        return false;
    if (is_first)
        note_word_locked(call);
    else if (call->phase == PHASE_ASKED)
        count_anew_locked(call);
    else
        sx_table_set_phase_locked(call, PHASE_ASKED);
    sx_table_set_sent_locked(call, 1);
    return true;
}

void sx_shared_restart_locked(struct soap_xmpp_call *call)
{
    sx_table_set_sent_locked(call, 0);
    sx_table_rename_locked(call, SX_REQUEST_ID_ANY);
}

static bool deny_locked(struct soap_xmpp_call *call, struct sx_reply *reply)
{
    int64_t pause_us = (int64_t)PAUSE_US * (1 + call->denials / DENIALS_A_PAUSE);
    unsigned deniers;
    note_word_locked(call);
    call->denials++;
    call->deniers |= UINT64_C(1) << reply->delivery.denier % 64;
    deniers = (unsigned)__builtin_popcountll(call->deniers);
    if (call->denials < DENIALS_A_PROCESS * (deniers + 1)) {
        sx_due_restart_locked(call, sx_clock_now_us() + pause_us);
        return true;
    }
    snprintf(reply->text, sizeof reply->text,
             "the service is several processes; asked %u times what became of the request, those "
             "that run (%u or more) don't know: the one that got it has ended, or isn't reached "
             "from here any longer",
             call->denials, deniers);
    return false;
}

/* An error to a later copy. */
static bool decide_again_locked(struct soap_xmpp_call *call, struct sx_reply *reply)
{
    if (call->phase == PHASE_LAST || call->phase == PHASE_LAST_SENT || call->sent == 0)
        return true; /* another payload waits for what becomes of the first copy */
    if (reply->delivery.stale_for[0] || reply->delivery.refused)
        return deny_locked(call, reply);
    if (!reply->delivery.running && !sx_reply_is_bounce(reply))
        return false;
    count_anew_locked(call);
    note_word_locked(call);
    if (!reply->delivery.running)
        sx_due_await_return_locked(call);
    return true;
}

/* The request hasn't been run and won't be under this id: whether another first copy is worth it.
 */
static bool decide_unrun_locked(struct soap_xmpp_call *call, const struct sx_reply *reply)
{
    bool stops = reply->delivery.refused && strcmp(reply->condition, "service-unavailable") == 0;
    sx_table_set_sent_locked(call, 0);
    if (reply->delivery.stale_for[0])
        return sx_due_renew_locked(call, reply->delivery.stale_for);
    if ((!stops && !sx_reply_is_bounce(reply)) || call->phase == PHASE_LAST_SENT)
        return false;
    sx_shared_restart_locked(call);
    if (call->phase == PHASE_LAST)
        sx_due_set_locked(call, 0);
    else
        sx_due_await_return_locked(call);
    return true;
}

bool sx_shared_decide_locked(struct soap_xmpp_call *call, const char *id, struct sx_reply *reply)
{
    if (sx_request_id_is_again(id))
        return decide_again_locked(call, reply);
    if (reply->delivery.running || sx_request_id_is_any(reply->delivery.stale_for))
        return reply->delivery.running; /* no process says so of a first copy that it met once */
    if (reply->delivery.refused || reply->delivery.stale_for[0] ||
        sx_reply_is_unrun(reply->condition))
        return decide_unrun_locked(call, reply);
    return sx_reply_is_bounce(reply) && call->phase != PHASE_LAST_SENT;
}
