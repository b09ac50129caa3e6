/* shared.pml - one call by iq to a JID that several processes share, and that perhaps one has alone
 * before, meanwhile or after.
 *
 * Processes 0, 1 and 2 share it; number 3 has it alone, and is another program: a service that
 * changes over is both for a while. Any copy may reach any process. Bounds: IDS of the call, COPIES
 * under ids for process 3. Of an id for all processes there is one first copy, X~any.
 *
 * Stands for, in lib/:
 *   exchange/shared.c   sx_shared_make_copy_locked sx_shared_decide_locked decide_again_locked
 *                       decide_unrun_locked sx_shared_restart_locked
 *   exchange/retry.c    sx_retry_keep sx_retry_unpost sx_retry_take_due sx_retry_put_back
 *   exchange/exchange.c sx_exchange_may_have_run
 *   link/admission.c    sx_admission_admit sx_admission_answer_again answer_known
 *   request/journal.c   may_run_locked repeat_locked look_locked sx_journal_forget
 *
 * Later copies, X~again, are questions. A process that knows the answer gives it; no other reply
 * tells the caller anything about the first copy. So the questions aren't modelled, only what comes
 * of them: the answer, or the end of the caller's patience after some denials (give_up). The network
 * is as in iq.pml.
 */
#include "promise.pml"

/* Mistakes in the code: */
#define RUNS_QUESTIONS     1  /* shared: a later copy is run by who doesn't know the first */
#define BELIEVES_QUESTIONS 2  /* shared: the bounce of a later copy is taken for the first one's */
#define BELIEVES_DENIALS   3  /* shared: who doesn't know the first copy is taken to speak for all */
#define SENDS_FIRST_TWICE  4  /* shared: a later copy is sent as the first was */
#define RENEWS_WITH_TWO    5  /* shared: a call to one process alone is renewed while another copy is out */
#define RUNS_FOR_OTHERS    6  /* shared: a process that shares its JID runs what is meant for one alone */
/* Mistakes of servers, which the promise doesn't stand: */
#define DOUBLES_REQUEST    7  /* shared: a server makes two of a request */
#define DOUBLES_BOUNCE     8  /* shared: a server makes two of a bounce */
#define RETURNS_DELIVERED  9  /* shared: a server returns as undelivered what it has delivered */

#define PROCESSES 4
#define ALONE     3
#define SHARES(p) ((p) != ALONE)

/* ---- the caller: lib/exchange/shared.c, and retry.c for ids of process 3 ---- */

byte id, sent, copies;
bool posting;
bool is_any[IDS]; /* the id is X~any; otherwise it carries the incarnation of process 3 */

/* ---- under way ---- */

byte copies_of[IDS];
bool answer, refusal, stop;
byte bounces;
bool stale_any, stale_alone; /* said by a process that shares the JID; by process 3 */

/* ---- processes ---- */

bool has_started[PROCESSES];

#define NONE     0
#define QUEUED   1
#define RUNNING  2
#define ANSWERED 3
byte entry[IDS], where[IDS]; /* in the journal of which process */

#define IS_MINE(n) (call == UNDER_WAY && id == n)
#define IS_LAST_ID (id + 1 == IDS)

inline drop_words()
{
    d_step {
        answer = false; refusal = false; stop = false; stale_any = false; stale_alone = false;
        bounces = 0
    }
}
inline end(outcome) { end_call(outcome); drop_words(); sent = 0 }

/* sx_exchange_may_have_run. Of a call to all processes `sent` says it all. */
inline end_by_itself() { if :: sent > 0 -> end(UNKNOWN) :: else -> end(NOT_EXECUTED) fi }
inline end_by_word()
{
    if :: sent > (is_any[id] -> 0 : 1) -> end(UNKNOWN) :: else -> end(NOT_EXECUTED) fi
}

inline take_copy_back() { sent = sent - (sent > 0) }

/* sx_table_rename_locked; if it has happened too often the call ends. */
inline rename(for_all)
{
    if
    :: !IS_LAST_ID -> drop_words(); id++; sent = 0; is_any[id] = for_all;
        SAY("  its next id is %d\n", id)
    :: IS_LAST_ID -> end_by_word()
    fi
}

/* ---- the program's thread ---- */

inline post_first() { posting -> SAY("the first copy is posted\n"); posting = false; copies_of[0]++ }
inline lose_first()
{
    posting -> SAY("the first copy was not posted: the connection was lost\n");
    posting = false;
    if :: call == UNDER_WAY && id == 0 -> take_copy_back() :: else fi
}
inline fail_first()
{
    posting -> SAY("the first copy was not posted: there was no room\n");
    posting = false;
    if :: call == UNDER_WAY && id == 0 -> take_copy_back(); if :: sent == 0 -> end(NOT_EXECUTED) :: else fi
       :: else
    fi
}
inline give_up() { call == UNDER_WAY -> SAY("deadline, cancel or stop, or enough denials\n"); end_by_itself() }

/* ---- the loop's thread ---- */

/* sx_shared_make_copy_locked: a first copy, unless that is out; or take_locked of retry.c. */
inline post_due()
{
    if
    :: call == UNDER_WAY && is_any[id] && (sent == 0 || (mistake == SENDS_FIRST_TWICE && sent == 1)) ->
        sent = sent + 1 - (sent > 0)
    :: call == UNDER_WAY && !is_any[id] && copies < COPIES -> copies++; sent++
    fi;
    copies_of[id]++;
    SAY("a copy of id %d is posted, sent %d\n", id, sent)
}

inline hear_answer() { answer -> SAY("the caller hears the answer\n"); end(EXECUTED) }

/* decide_unrun_locked: of the first copy, so of the request. */
inline hear_refusal()
{
    refusal -> SAY("the caller hears a refusal, sent %d\n", sent);
    if :: is_any[id] -> sent = 0 :: else fi;
    end_by_word()
}
inline hear_stop()
{
    stop -> SAY("the caller hears that a process stops, sent %d\n", sent);
    if :: is_any[id] -> sent = 0; rename(true) :: !is_any[id] -> end_by_word() fi
}
inline hear_bounce()
{
    bounces > 0 -> bounces--;
    SAY("the caller hears a bounce, sent %d\n", sent);
    if
    :: is_any[id] -> sent = 0; rename(true)
    :: !is_any[id] -> take_copy_back()
    fi
}

#define IS_ALONE (sent <= (mistake == RENEWS_WITH_TWO -> 2 : 1))
inline hear_stale_alone()
{
    stale_alone -> stale_alone = false;
    SAY("the caller hears from process 3 that id %d is stale, sent %d\n", id, sent);
    if
    :: is_any[id] -> sent = 0; rename(false)
    :: !is_any[id] && IS_ALONE -> rename(false)
    :: !is_any[id] && !IS_ALONE -> end_by_word()
    fi
}
inline hear_stale_any()
{
    stale_any -> stale_any = false;
    SAY("the caller hears from who shares the JID that id %d is stale, sent %d\n", id, sent);
    if
    :: !is_any[id] && IS_ALONE -> rename(true)
    :: is_any[id] || !IS_ALONE -> end_by_word()
    fi
}

/* decide_again_locked: a question has been asked, and who knows the first copy answers it. */
inline ask()
{
    IS_MINE(id) && is_any[id] && sent > 0 && entry[id] == ANSWERED -> answer = true;
    SAY("a later copy of id %d is answered\n", id)
}

/* ---- servers ---- */

inline bounce(n)
{
    copies_of[n] > 0 && IS_MINE(n) -> copies_of[n]--; bounces++;
    SAY("a copy of id %d bounces\n", n)
}

/* ---- processes: link/admission.c, request/journal.c ---- */

/* Whether what was entered under the id is known to process p. */
#define IS_KNOWN(n, p) (entry[n] != NONE && where[n] == p)
#define MAY_RUN(n, p)  (is_any[n] == SHARES(p) || mistake == RUNS_FOR_OTHERS)

inline say_stale(n, p)
{
    SAY("  it is stale\n");
    if
    :: IS_MINE(n) && SHARES(p) -> stale_any = true
    :: IS_MINE(n) && !SHARES(p) -> stale_alone = true
    :: !IS_MINE(n)
    fi
}

inline arrive(n, p)
{
    copies_of[n] > 0 && has_started[p] -> copies_of[n]--;
    SAY("a copy of id %d arrives at process %d\n", n, p);
    if
    :: IS_KNOWN(n, p) && entry[n] == ANSWERED && IS_MINE(n) -> answer = true
    :: IS_KNOWN(n, p) && entry[n] == ANSWERED && !SHARES(p) -> say_stale(n, p)
    :: IS_KNOWN(n, p) -> SAY("  it is known\n")
    :: !IS_KNOWN(n, p) && MAY_RUN(n, p) -> SAY("  it is let in\n"); entry[n] = QUEUED; where[n] = p
    :: !IS_KNOWN(n, p) && !MAY_RUN(n, p) -> say_stale(n, p)
    :: IS_MINE(n) -> SAY("  it is refused\n"); refusal = true
    :: !IS_KNOWN(n, p) && IS_MINE(n) -> SAY("  it is refused by one that stops\n"); stop = true
    fi
}

inline serve(n)
{
    entry[n] == QUEUED -> entry[n] = RUNNING;
    SAY("id %d runs at process %d\n", n, where[n]);
    execute()
}
inline decline(n)
{
    entry[n] == QUEUED -> entry[n] = NONE;
    SAY("process %d declines id %d\n", where[n], n);
    if :: IS_MINE(n) -> refusal = true :: IS_MINE(n) -> stop = true :: !IS_MINE(n) fi
}
inline finish(n)
{
    entry[n] == RUNNING -> entry[n] = ANSWERED;
    SAY("process %d answers id %d\n", where[n], n);
    if :: IS_MINE(n) -> answer = true :: else fi
}
/* A shared journal may forget at any time what was answered. The other one forgets as in iq.pml. */
inline forget(n)
{
    entry[n] == ANSWERED && SHARES(where[n]) -> entry[n] = NONE;
    SAY("process %d forgets id %d\n", where[n], n)
}
inline start(p) { !has_started[p] -> has_started[p] = true; SAY("process %d starts\n", p) }

/* ---- all that can happen ---- */

#define STEP(s) :: atomic { s }
#if IDS == 3
#define EACH_ID(s) STEP(s(0)) STEP(s(1)) STEP(s(2))
#define EACH_ID_AT(s, p) STEP(s(0, p)) STEP(s(1, p)) STEP(s(2, p))
#else
#define EACH_ID(s) STEP(s(0)) STEP(s(1)) STEP(s(2)) STEP(s(3))
#define EACH_ID_AT(s, p) STEP(s(0, p)) STEP(s(1, p)) STEP(s(2, p)) STEP(s(3, p))
#endif

active proctype world()
{
    atomic {
        READ_MISTAKE;
        if :: is_any[0] = true; has_started[0] = true :: has_started[3] = true fi;
        posting = true; sent = 1;
        copies = 1 /* sx_retry_keep */
    }
    endless:
    do
    STEP(post_first())
    STEP(lose_first())
    STEP(fail_first())
    STEP(give_up())
    STEP(post_due())
    STEP(hear_answer())
    STEP(hear_refusal())
    STEP(hear_stop())
    STEP(hear_bounce())
    STEP(hear_stale_alone())
    STEP(hear_stale_any())
    STEP(ask())
    EACH_ID(bounce)
    EACH_ID_AT(arrive, 0)
    EACH_ID_AT(arrive, 1)
    EACH_ID_AT(arrive, 2)
    EACH_ID_AT(arrive, 3)
    EACH_ID(serve)
    EACH_ID(decline)
    EACH_ID(finish)
    EACH_ID(forget)
    STEP(start(0))
    STEP(start(1))
    STEP(start(2))
    STEP(start(3))
    /* Mistakes that are steps of their own. A question may be answered so by who doesn't know: */
    STEP(mistake == RUNS_QUESTIONS && is_any[id] && sent > 0 && call == UNDER_WAY -> execute())
    STEP(mistake == BELIEVES_QUESTIONS && is_any[id] && sent > 0 && call == UNDER_WAY -> sent = 0; rename(true))
    STEP(mistake == BELIEVES_DENIALS && is_any[id] && sent > 0 && call == UNDER_WAY -> sent = 0; end_by_word())
    STEP(mistake == DOUBLES_REQUEST && copies_of[0] == 1 -> copies_of[0]++)
    STEP(mistake == DOUBLES_BOUNCE && bounces == 1 -> bounces++)
    STEP(mistake == RETURNS_DELIVERED && entry[0] == QUEUED && IS_MINE(0) && bounces == 0 -> bounces++)
    od
}
