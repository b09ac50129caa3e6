/* liveness.pml - while nothing dies, connections come back and no deadline passes, a call that is
 * kept is answered: docs/guarantees.md, 2.
 *
 * Our connection ends CUTS times, the peer's PEER_CUTS times, each with any part of what is under way;
 * our server may give us another resource then. Each part of the world does its step in the end
 * (weak fairness), so each part is a process here. At most MOST stanzas of a kind are under way.
 *
 * Stands for, in lib/:
 *   link/call.c       enter enter_in_session post_call sx_call_post_due
 *   link/reconnect.c  sx_reconnect_lost
 *   link/admission.c  answer_known repeat
 *   link/answer.c     give
 *   exchange/retry.c  sx_retry_keep sx_retry_unpost sx_retry_lose sx_retry_take_due decide_locked
 *                     was_never_accepted_locked
 *   exchange/due.c    sx_due_put_off_locked sx_due_renew_locked
 *   request/journal.c sx_journal_answer repeat_locked
 *
 * The epoch of the id may have ended before the first copy went out: the call must get on all the
 * same. Nothing is promised if an epoch ends between two copies (EPOCH_ENDS below), or if an answer
 * is dropped for want of room.
 */
#include "promise.pml"

/* Mistakes in the code: */
#define BEGINS_ONCE        1 /* liveness: a call ends that is lost after it was begun and before it is kept */
#define ANSWERS_OLD        2 /* liveness: an answer is repeated to the resource of the first copy */
#define RENEWS_SINGLE      3 /* liveness: a stale call is renewed only while one copy is out */
#define GOES_OUT_ONCE      4 /* liveness: a kept call isn't sent again */
#define BOUNCE_ENDS        5 /* liveness: a bounce ends the call */
#define FORGETS_ANSWER     6 /* liveness: an answer that was given isn't kept */
/* What isn't promised: */
#define EPOCH_ENDS         7 /* liveness: the epoch ends between two copies of which the first was lost */
#define STAYS_OFFLINE      8 /* liveness: a connection doesn't come back */

#define RESOURCES 2
#define MOST 2

/* ---- the caller ---- */

bool is_begun, is_kept, is_online = true;
byte sent, resource, cuts, session;

/* ---- under way, by the resource that the caller had, or has ---- */

byte copies[RESOURCES], answers[RESOURCES], bounces[RESOURCES], stales[RESOURCES];

/* ---- the service ---- */

#define NONE     0
#define RUNNING  1
#define ANSWERED 2
byte entry, asked_by; /* the resource of the first copy */
bool is_peer_online = true;
bool is_late;                    /* the id's epoch is over, and nothing runs under it */
bool is_in_time;                 /* but it wasn't when the first copy went out */
byte peer_cuts;

#define ENDED 4 /* not answered: whatever the outcome */

hidden byte i;
inline lose_some(stanzas) { do :: stanzas > 0 -> stanzas-- :: break od }
inline lose(r)
{
    lose_some(copies[r]); lose_some(answers[r])
}
inline lose_words(r)
{
    lose_some(bounces[r]); lose_some(stales[r])
}
inline drop_all()
{
    d_step {
        i = 0;
        do
        :: i < RESOURCES -> copies[i] = 0; answers[i] = 0; bounces[i] = 0; stales[i] = 0; i++
        :: else -> break
        od
    }
}
inline say(stanzas) { if :: stanzas < MOST -> stanzas++ :: else fi }

/* link/call.c: enter, post_call. */
proctype program()
{
    byte begun_in;
again:
    atomic { is_online -> begun_in = session };
    atomic { is_begun = true; sent = 1 }; /* sx_exchange_begin */
    if
    :: atomic { is_begun -> is_kept = true } /* sx_retry_keep */
    :: atomic { !is_begun -> SAY("the call was lost before it was kept\n");
        if :: mistake == BEGINS_ONCE -> call = ENDED; goto over :: else -> goto again fi }
    fi;
    atomic {
        if
        :: is_online && session == begun_in -> SAY("the first copy is posted\n"); copies[resource]++
        :: else -> if :: call == UNDER_WAY -> sent = sent - (sent > 0) :: else fi /* sx_retry_unpost */
        fi
    };
over:
    skip
}

/* sx_call_post_due: after a lost connection, or after its interval. */
proctype loop()
{
    do
    :: atomic { is_online && call == UNDER_WAY && is_kept && mistake != GOES_OUT_ONCE &&
                copies[resource] + answers[resource] + bounces[resource] + stales[resource] < MOST ->
        SAY("a copy is posted from resource %d\n", resource);
        copies[resource]++;
        if :: sent < 3 -> sent++ :: else fi }
    :: atomic { call != UNDER_WAY -> break }
    od
}

/* link/receive_reply.c. What is for a resource that we have no longer, nobody hears. */
proctype hear_answers()
{
    do :: atomic { is_online && answers[resource] > 0 && call == UNDER_WAY ->
            SAY("the caller hears the answer\n"); call = EXECUTED }
       :: call != UNDER_WAY -> break
    od
}
proctype hear_bounces()
{
    do :: atomic { is_online && bounces[resource] > 0 && call == UNDER_WAY ->
            SAY("the caller hears a bounce\n");
            bounces[resource]--; sent = sent - (sent > 0);
            if :: mistake == BOUNCE_ENDS -> call = ENDED :: else fi }
       :: call != UNDER_WAY -> break
    od
}
/* decide_locked, sx_due_renew_locked. What is under way under the old id is dropped. */
proctype hear_stales()
{
    do :: atomic { is_online && stales[resource] > 0 && call == UNDER_WAY ->
            SAY("the caller hears that the id is stale, sent %d\n", sent);
            stales[resource]--;
            if
            :: sent <= 1 || (is_late && !is_in_time && mistake != RENEWS_SINGLE) ->
                drop_all(); sent = 0; entry = NONE; is_late = false; is_in_time = false
            :: else -> call = ENDED
            fi }
       :: call != UNDER_WAY -> break
    od
}

/* sx_admission_admit */
inline arrive(r)
{
    copies[r] > 0 -> copies[r]--;
    SAY("a copy from resource %d arrives\n", r);
    if
    :: !is_peer_online -> say(bounces[r])
    :: is_peer_online && entry == NONE && !is_late -> entry = RUNNING; asked_by = r
    :: is_peer_online && entry == NONE && is_late -> say(stales[r])
    :: is_peer_online && entry == RUNNING -> skip
    :: is_peer_online && entry == ANSWERED ->
        if
        :: mistake == FORGETS_ANSWER -> say(stales[r])
        :: mistake == ANSWERS_OLD -> say(answers[asked_by])
        :: else -> say(answers[r])
        fi
    fi
}
proctype servers(byte r)
{
    do :: atomic { arrive(r) }
       :: call != UNDER_WAY -> break
    od
}
/* An answer that finds no session is in the journal. */
proctype worker()
{
    do :: atomic { entry == RUNNING -> entry = ANSWERED;
            SAY("the request is answered to resource %d\n", asked_by);
            if :: is_peer_online -> say(answers[asked_by]) :: else fi }
       :: call != UNDER_WAY -> break
    od
}

/* sx_retry_lose: a call that isn't kept ends, and what is under way is lost, or not. */
proctype faults()
{
    do
    :: atomic { is_online && cuts < CUTS -> cuts++; is_online = false;
        SAY("the caller's connection ends\n");
        lose(0); lose(1); lose_words(0); lose_words(1);
        if :: is_begun && !is_kept -> is_begun = false :: else fi }
    :: atomic { is_peer_online && peer_cuts < PEER_CUTS -> peer_cuts++; is_peer_online = false;
        SAY("the service's connection ends\n");
        lose(0); lose(1) }
    :: atomic { mistake == EPOCH_ENDS && entry == NONE && sent > 0 && !is_late -> is_late = true; is_in_time = true }
    :: break
    od
}
proctype reconnect()
{
    do :: atomic { !is_online && mistake != STAYS_OFFLINE -> is_online = true; session++;
            if :: resource = 1 :: skip fi;
            SAY("the caller is back, as resource %d\n", resource) }
       :: call != UNDER_WAY -> break
    od
}
proctype peer_reconnect()
{
    do :: atomic { !is_peer_online -> SAY("the service is back\n"); is_peer_online = true }
       :: call != UNDER_WAY -> break
    od
}

init
{
    atomic {
        READ_MISTAKE;
        if :: is_late = true :: skip fi;
        run program(); run loop(); run hear_answers(); run hear_bounces(); run hear_stales();
        run servers(0); run servers(1); run worker(); run faults(); run reconnect();
        run peer_reconnect()
    }
}

ltl answered { <> (call == EXECUTED) }
