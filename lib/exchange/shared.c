/* shared.c - kept calls to a JID that several processes share.
 *
 * Why: the server deals the stanzas to such a JID out, each to another of the processes (XEP-0114
 * components of one name). A copy that is sent again mostly meets one that has never seen the
 * first, and which one has, nobody says.
 *
 * Invariant: under one id there is one first copy in the world, X~any, and only that is ever run.
 * sent says whether it may be there. Later copies, X~again, carry no request: they ask what became
 * of the first. So what is said of X~any is said of the request, and what is said of X~again is
 * said by one process of itself.
 *
 * Happy path: keep -> X~any is posted -> answered; nothing here runs.
 * Lost:       X~again, until it meets who knows: the answer, or running: it will come.
 * Denied:     stale, by one who doesn't know. The next is dealt to another one, soon. What comes
 * only by chance has to be tried often: with d who have said no, another one who gets each copy
 * with the same chance would have been missed so often in (d / (d + 1)) ^ 10 (d + 1) of all cases,
 * less than one in 20,000. Then nobody is taken to know, and the call ends, outcome unknown. A copy
 * to which nothing is said, or that bounced, may have gone to the one who knows: counted anew.
 * Unrun:      a bounce or a refusal of X~any, or stale from a process that shares no JID: nothing
 * has run nor will. Refused for good, the call ends; otherwise another X~any, under another id.
 */
#include "exchange/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/request_id.h"
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

void sx_dealt_begin_locked(struct soap_xmpp_call *call, const char *incarnation)
{
    call->dealt = sx_request_id_is_any(incarnation);
    call->asked = false;
    count_anew_locked(call);
}

bool sx_dealt_is_again_locked(const struct soap_xmpp_call *call, const char *id)
{
    size_t stem = sx_request_id_stem_len(id);
    return call->dealt && sx_request_id_is_again(id) && stem == sx_request_id_stem_len(call->id) &&
           strncmp(call->id, id, stem) == 0;
}

bool sx_dealt_copy_locked(struct soap_xmpp_call *call, struct sx_copy *copy)
{
    bool is_first = call->sent == 0;
    char id[ID_BYTES];
    snprintf(id, sizeof id, "%.*s%s%s", (int)sx_request_id_stem_len(call->id), call->id,
             SX_REQUEST_ID_MARK, is_first ? SX_REQUEST_ID_ANY : SX_REQUEST_ID_AGAIN);
    if (!sx_copy_init(copy, call->peer, id, is_first ? call->payload : SX_STANZA_AGAIN,
                      is_first ? call->payload_len : strlen(SX_STANZA_AGAIN)))
        return false;
    if (!is_first && call->asked)
        count_anew_locked(call);
    call->asked = !is_first;
    call->sent = 1;
    return true;
}

void sx_dealt_restart_locked(struct soap_xmpp_call *call)
{
    call->sent = 0;
    sx_table_rename_locked(call, SX_REQUEST_ID_ANY);
}

static bool deny_locked(struct soap_xmpp_call *call, struct sx_reply *reply)
{
    int64_t pause_us = (int64_t)PAUSE_US * (1 + call->denials / DENIALS_A_PAUSE);
    unsigned deniers;
    call->asked = false;
    call->denials++;
    call->deniers |= UINT64_C(1) << reply->delivery.denier % 64;
    deniers = (unsigned)__builtin_popcountll(call->deniers);
    if (call->denials < DENIALS_A_PROCESS * (deniers + 1)) {
        call->interval_us = SX_KEPT_INTERVAL_US;
        sx_kept_set_due_locked(call, sx_clock_now_us() + pause_us);
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
static bool retry_again_locked(struct soap_xmpp_call *call, struct sx_reply *reply)
{
    if (call->is_last || call->sent == 0)
        return true; /* another payload waits for what becomes of the first copy */
    if (reply->delivery.stale_for[0] || reply->delivery.refused)
        return deny_locked(call, reply);
    if (!reply->delivery.running && !sx_reply_is_bounce(reply))
        return false;
    count_anew_locked(call);
    call->asked = false;
    if (!reply->delivery.running)
        sx_kept_await_return_locked(call);
    return true;
}

/* The request hasn't been run and won't be under this id: whether another first copy is worth it.
 */
static bool retry_unrun_locked(struct soap_xmpp_call *call, const struct sx_reply *reply)
{
    bool stops = reply->delivery.refused && strcmp(reply->condition, "service-unavailable") == 0;
    call->sent = 0;
    if (reply->delivery.stale_for[0])
        return sx_kept_renew_locked(call, reply->delivery.stale_for);
    if ((!stops && !sx_reply_is_bounce(reply)) || call->is_out)
        return false;
    sx_dealt_restart_locked(call);
    if (call->is_last)
        sx_kept_set_due_locked(call, 0);
    else
        sx_kept_await_return_locked(call);
    return true;
}

bool sx_dealt_retry_locked(struct soap_xmpp_call *call, const char *id, struct sx_reply *reply)
{
    if (sx_request_id_is_again(id))
        return retry_again_locked(call, reply);
    if (reply->delivery.running || sx_request_id_is_any(reply->delivery.stale_for))
        return reply->delivery.running; /* no process says so of a first copy that it met once */
    if (reply->delivery.refused || reply->delivery.stale_for[0] ||
        sx_reply_is_unrun(reply->condition))
        return retry_unrun_locked(call, reply);
    return sx_reply_is_bounce(reply) && !call->is_out;
}
