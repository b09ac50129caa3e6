/* iq.pml - one call by iq to a peer that runs each id once, from its first copy to its end.
 *
 * With RESOURCES=2 it goes to whichever resource of an account is there. With BIG its bytes must be
 * there before it. With FALLS_BACK its envelope is packed, while another program takes the peer's
 * place, which runs each plain copy that comes.
 *
 * Stands for, in lib/:
 *   link/call.c         post_call
 *   link/fallback.c     sx_fallback_replace
 *   link/routing.c      sx_routing_move move_call move_waiting find_incarnation
 *   link/admission.c    sx_admission_admit settle answer_known answer_stale queue_request
 *   link/answer.c       give sx_answer_decline
 *   exchange/retry.c    sx_retry_keep sx_retry_first_id sx_retry_unpost sx_retry_take_due
 *                       sx_retry_put_back sx_retry_decide decide_locked decide_stale_locked
 *                       sx_retry_replace replace_locked decide_last_locked
 *   exchange/hold.c     sx_hold_keep sx_hold_end sx_hold_again sx_hold_refuse
 *   exchange/reroute.c  sx_reroute_judge sx_reroute_find sx_reroute_move
 *   exchange/due.c      sx_due_renew_locked
 *   exchange/table.c    sx_table_find_locked sx_table_rename_locked sx_table_may_move_locked
 *   exchange/exchange.c sx_exchange_may_have_run
 *   exchange/reply.c    sx_reply_is_unrun
 *   request/journal.c   enter_locked repeat_locked is_accepted begin_epoch_locked
 *                       raise_floor_locked give_way_locked find_end_locked sx_journal_answer
 *                       sx_journal_forget sx_journal_decline
 *   request/journal_entries.c sx_journal_entries_drop
 *
 * Bounds: COPIES of the request in all, IDS of the call (the first, and one for each renewal or
 * move), PROCESSES in all, EPOCHS of each of them.
 *
 * The network is a bag: any copy and any word may be lost, or overtaken by all others. A copy may
 * reach any process that ever had its resource: one that its server has thrown out may still run.
 * Any copy may bounce. What is said under an id that the call has no longer is dropped, and so is
 * all that is said once it has ended (sx_table_find_locked): such words aren't made.
 */
#include "promise.pml"

#ifndef RESOURCES
#define RESOURCES 1
#endif
#ifndef BIG
#define BIG 0
#endif
#ifndef FALLS_BACK
#define FALLS_BACK 0
#endif

/* Mistakes in the code: */
#define RENEWS_WITH_TWO    1  /* iq: a call is renewed while another copy is out */
#define SINCE_LAST_COPY    2  /* iq: the end of an epoch is compared with the last copy's time, not with the first's */
#define SINCE_ANYBODY      3  /* iq: another process is believed when the epoch of an id ended */
#define HEARS_OLD_IDS      4  /* iq: a bounce counts under an id that the call has no longer */
#define LOSS_PROVES        5  /* iq: a copy is taken back when the connection is lost */
#define FORGETS_ENTRIES    6  /* iq: the journal makes room by forgetting requests that ran */
#define ACCEPTS_TOO_MANY   7  /* iq: an epoch is accepted though requests of it are forgotten */
#define RUNS_FOR_OTHERS    8  /* iq: a process runs what is meant for another one */
#define FORGETS_RUNNING    9  /* iq: a request that runs is forgotten when it is refused */
#define UNPOSTS_ANY_ID     10 /* iq: a copy that was not posted is taken back though the call has another id by now */
#define POSTS_ANY_ID       11 /* iq: the first copy is posted under an id by which it isn't counted */
#define MOVES_WITH_TWO     12 /* roaming: a call moves while another copy is out */
#define HOLDS_ALL          13 /* big: a call that waits again for its bytes takes all copies back */
#define LACK_PROVES        14 /* big: bytes that can't be brought prove that the one copy out isn't run */
#define LAST_GOES_EARLY    18 /* fallback: a plain copy goes out while a packed one may run */
#define LAST_GOES_AGAIN    19 /* fallback: a plain copy goes out again after it was lost */
#define FORGETS_DECLINED   20 /* iq: what was declined for all copies is forgotten */
#define REFUSES_FOR_ALL    21 /* iq: a copy that was refused, and not let in, is taken for all */
/* Mistakes of servers, which the promise doesn't stand: */
#define DOUBLES_REQUEST    15 /* iq: a server makes two of a request */
#define DOUBLES_BOUNCE     16 /* iq: a server makes two of a bounce */
#define RETURNS_DELIVERED  17 /* iq: a server returns as undelivered what it has delivered */

/* ---- the caller: lib/exchange ---- */

byte id;                /* which of its ids the call has now */
byte sent, copies;      /* copies that may be run under it; copies of all ids */
bool posting;           /* the program's thread has kept the call, and not posted it yet */
bool was_over;          /* when the first copy under the id went out, the id's epoch had ended */
bool held, absent;      /* the call waits for its bytes to arrive; for its peer to come back */

/* It falls back: one plain copy may go out, none after it. 0: it doesn't. */
#define LAST      1
#define LAST_SENT 2
byte phase;
bool plain;             /* that copy is under way */

byte process_of[IDS], epoch_of[IDS]; /* what each id says: its incarnation */

/* ---- under way ---- */

byte copies_of[IDS];                /* of the request, by id */
bool answer, refusal;
bool declined;                      /* for all copies, <refused copies='all'/> */
bool stop;                          /* refused by a process that stops, with service-unavailable */
bool stale[PROCESSES];              /* which process says so */
byte bounces, lacks;                /* lacks: refused for want of the bytes, item-not-found */

/* ---- processes: lib/request, lib/link; number p has resource p % RESOURCES ---- */

byte epoch[PROCESSES];              /* 0: it hasn't started yet */
byte floor[PROCESSES];              /* from this caller no id of an earlier epoch is accepted */
bool has_bytes[PROCESSES];

/* What the process that an id is meant for has in its journal. */
#define NONE     0
#define QUEUED   1
#define RUNNING  2
#define ANSWERED 3
#define DECLINED 4
byte entry[IDS], answered_in[IDS];  /* in which epoch */

#define IS_MINE(n)          (call == UNDER_WAY && id == n)
#define IS_LAST_ID          (id + 1 == IDS)
#define IS_ACCEPTED(n, p)   (floor[p] <= epoch_of[n] && epoch_of[n] <= epoch[p])
#define TAKES(n, p)         (IS_ACCEPTED(n, p) || mistake == ACCEPTS_TOO_MANY)

/* ---- how a call ends ---- */

hidden byte i;
inline drop_words()
{
    d_step {
        answer = false; refusal = false; declined = false; stop = false; lacks = 0;
        if :: mistake != HEARS_OLD_IDS -> bounces = 0 :: else fi;
        i = 0;
        do :: i < PROCESSES -> stale[i] = false; i++ :: else -> break od
    }
}

inline end(outcome)
{
    end_call(outcome);
    drop_words();
    d_step { bounces = 0; sent = 0; was_over = false; held = false; absent = false; phase = 0 }
}

/* sx_exchange_may_have_run: what ends the call says of a copy that it was not run, */
inline end_by_word() { if :: sent > 1 -> end(UNKNOWN) :: else -> end(NOT_EXECUTED) fi }

/* or says nothing of any copy: a deadline, a cancel, a stop, bytes that can't be brought. */
inline end_by_itself() { if :: sent > 0 -> end(UNKNOWN) :: else -> end(NOT_EXECUTED) fi }

/* ---- copies and ids ---- */

inline take_copy_back() { sent = sent - (sent > 0) }

/* The first copy was counted when the call was kept, under the id that it had then. */
inline take_unposted_back()
{
    if :: id == 0 || mistake == UNPOSTS_ANY_ID -> take_copy_back() :: else fi
}

/* A copy is out from now on. The first one's time stays, until the id changes. */
inline count_copy()
{
    if
    :: sent == 0 || mistake == SINCE_LAST_COPY ->
        was_over = !IS_ACCEPTED(id, process_of[id])
    :: else
    fi;
    sent++
}

/* sx_table_rename_locked: for that process, in an epoch that it has or had. */
inline rename(p)
{
    drop_words();
    id++; sent = 0; was_over = false; absent = false;
    if :: phase == LAST_SENT -> phase = LAST :: else fi; /* sx_due_renew_locked */
    process_of[id] = p;
    if
    :: epoch_of[id] = epoch[p]
    :: epoch[p] > 1 -> epoch_of[id] = 1
    fi;
    SAY("  its next id is %d, for epoch %d of process %d\n", id, epoch_of[id], p)
}

/* ---- the program's thread: link/call.c ---- */

/* post_call: under the id that the call had when it was kept, sx_retry_first_id. It may have ended. */
inline post_first()
{
    posting -> SAY("the first copy is posted\n");
    posting = false; copies++;
    if :: mistake == POSTS_ANY_ID -> copies_of[id]++ :: else -> copies_of[0]++ fi
}

/* sx_retry_unpost, SX_ELOST: the call is due. */
inline lose_first()
{
    posting -> SAY("the first copy was not posted: the connection was lost\n");
    posting = false;
    if :: call == UNDER_WAY -> take_unposted_back() :: else fi
}

/* sx_retry_unpost, another error: it goes on if another copy went out, else it is the program's. */
inline fail_first()
{
    posting -> SAY("the first copy was not posted: there was no room\n");
    posting = false;
    if :: call == UNDER_WAY -> take_unposted_back(); if :: sent == 0 -> end(NOT_EXECUTED) :: else fi
       :: else
    fi
}

inline give_up() { call == UNDER_WAY -> SAY("deadline, cancel or stop\n"); end_by_itself() }

/* ---- the loop's thread: what is due, and what was said ---- */

/* sx_retry_take_due. One that can't be posted is put back: as if nothing had been. */
inline post_due()
{
    call == UNDER_WAY && !held && phase == 0 && copies + posting < COPIES ->
    count_copy(); copies++; copies_of[id]++;
    SAY("a copy of id %d is posted, sent %d\n", id, sent)
}

inline hear_answer() { answer -> SAY("the caller hears the answer\n"); end(EXECUTED) }
inline hear_refusal() { refusal -> SAY("the caller hears a refusal, sent %d\n", sent); end_by_word() }
inline hear_decline()
{
    declined -> SAY("the caller hears that no copy is run, sent %d\n", sent);
    if :: end(NOT_EXECUTED) :: RESOURCES > 1 && !IS_LAST_ID -> move() fi
}

#define MAY_MOVE (RESOURCES > 1 && !IS_LAST_ID && sent <= (mistake == MOVES_WITH_TWO -> 2 : 1))

/* sx_reroute_move: to any process that there ever was, since presence may be old. */
inline move()
{
    if
    :: epoch[0] > 0 -> rename(0)
    :: epoch[1] > 0 -> rename(1)
#if PROCESSES > 2
    :: epoch[2] > 0 -> rename(2)
#endif
#if PROCESSES > 3
    :: epoch[3] > 0 -> rename(3)
#endif
    fi
}

inline hear_stop() { stop -> SAY("the caller hears that a process stops, sent %d\n", sent); if :: MAY_MOVE -> move() :: end_by_word() fi }

/* decide_locked. Not all bounces move a call, nor is there always another resource. */
inline hear_bounce()
{
    bounces > 0 -> bounces--;
    SAY("the caller hears a bounce, sent %d\n", sent);
    if
    :: phase == LAST_SENT && sent <= 1 -> take_copy_back(); end_by_itself()
    :: phase != LAST_SENT || sent > 1 -> if :: MAY_MOVE -> move() :: take_copy_back(); absent = (sent == 0) fi
    fi
}

/* sx_reroute_find: somebody has come. */
inline move_waiting() { absent && sent == 0 && MAY_MOVE -> SAY("somebody has come\n"); move() }

/* sx_hold_again, unless the bytes have been lost too often. */
inline hear_lack()
{
    lacks > 0 -> lacks--;
    SAY("the caller hears that the bytes are not there, sent %d\n", sent);
    if
    :: held = true; if :: mistake == HOLDS_ALL -> sent = 0 :: else -> take_copy_back() fi
    :: !held -> end_by_word()
    fi
}

#define IS_ALONE         (sent <= (mistake == RENEWS_WITH_TWO -> 2 : 1))
#define CAME_TOO_LATE(p) (p == process_of[id] -> was_over : mistake == SINCE_ANYBODY)

/* decide_stale_locked. If the first copy came too late for its epoch, so did all, and none was let in
 * or will be. The caller compares times to find that out, and doesn't always: the word may have been
 * long under way. */
inline hear_stale(p)
{
    stale[p] -> stale[p] = false;
    SAY("the caller hears from process %d that id %d is stale, sent %d\n", p, id, sent);
    if :: CAME_TOO_LATE(p) -> sent = 0 :: skip fi;
    if
    :: IS_ALONE && !IS_LAST_ID -> rename(p)
    :: !IS_ALONE || IS_LAST_ID -> end_by_word()
    fi
}

/* ---- falling back: link/fallback.c, for a peer that doesn't run each id once ---- */

inline fall_back()
{
    call == UNDER_WAY && phase == 0 -> phase = LAST; held = false;
    SAY("the peer takes nothing packed any longer, sent %d\n", sent)
}

/* sx_retry_take_due: once no packed copy can have been run. */
inline post_last()
{
    call == UNDER_WAY && phase == LAST && sent <= (mistake == LAST_GOES_EARLY) && !plain ->
    phase = LAST_SENT; sent++; plain = true;
    SAY("the plain copy is posted\n")
}
inline post_last_again()
{
    mistake == LAST_GOES_AGAIN && call == UNDER_WAY && phase == LAST_SENT && !plain -> plain = true
}

/* At the other program; or at one like the caller's, which takes the id for what it is. */
inline arrive_plain()
{
    plain -> plain = false;
    SAY("the plain copy arrives\n");
    if
    :: SAY("  the other program runs it\n"); execute();
        if :: call == UNDER_WAY -> answer = true :: else fi
    :: call == UNDER_WAY -> bounces++
    :: copies_of[id]++
    :: call == UNDER_WAY -> refusal = true
    fi
}

/* ---- bytes that go ahead: link/shipments.c ---- */

inline deliver_bytes(p) { 
    held && epoch[p] > 0 -> has_bytes[p] = true; held = false;
    SAY("the bytes have arrived at process %d\n", p)
 }
inline lose_bytes(p)
{
    has_bytes[p] -> has_bytes[p] = false;
    SAY("process %d has dropped the bytes\n", p)
}
inline refuse_bytes()
{
    held -> SAY("the bytes can't be brought there, sent %d\n", sent);
    if :: mistake == LACK_PROVES -> end_by_word() :: else -> end_by_itself() fi
}

/* ---- servers ---- */

/* Nobody is there, or a process that doesn't serve yet. */
inline bounce(n)
{
    copies_of[n] > 0 && call == UNDER_WAY && (id == n || mistake == HEARS_OLD_IDS) ->
    copies_of[n]--; bounces++;
    SAY("a copy of id %d bounces\n", n)
}

/* ---- processes: link/admission.c, request/journal.c ---- */

inline say_stale(n, p) { SAY("  it is stale\n"); if :: IS_MINE(n) -> stale[p] = true :: else fi }

/* sx_admission_admit. What has no answer any longer, for want of room, is stale. */
inline admit(n, p)
{
    if
    :: entry[n] == NONE && TAKES(n, p) && (!BIG || has_bytes[p]) ->
        SAY("  it is let in\n");
        entry[n] = QUEUED; has_bytes[p] = false
    :: entry[n] == NONE && TAKES(n, p) && BIG && !has_bytes[p] ->
        SAY("  it is refused, its bytes are not there\n");
        if :: IS_MINE(n) -> lacks++ :: else fi
    :: entry[n] == NONE && !TAKES(n, p) -> say_stale(n, p)
    :: entry[n] == QUEUED || entry[n] == RUNNING -> SAY("  it is known\n") /* its answer will do */
    :: entry[n] == ANSWERED -> say_stale(n, p)
    :: entry[n] == ANSWERED && IS_MINE(n) -> SAY("  it is answered again\n"); answer = true
    :: entry[n] == DECLINED -> say_stale(n, p)
    :: entry[n] == DECLINED && IS_MINE(n) -> SAY("  it is declined again\n"); declined = true
    :: IS_MINE(n) && mistake == REFUSES_FOR_ALL -> declined = true
    :: IS_MINE(n) -> SAY("  it is refused\n"); refusal = true /* no rule, no room, a limit: of this copy alone */
    :: entry[n] == NONE && RESOURCES > 1 && IS_MINE(n) -> SAY("  it is refused by one that stops\n"); stop = true
    fi
}

inline arrive(n, p)
{
    copies_of[n] > 0 && epoch[p] > 0 && process_of[n] % RESOURCES == p % RESOURCES ->
    copies_of[n]--;
    SAY("a copy of id %d arrives at process %d\n", n, p);
    if
    :: process_of[n] == p -> admit(n, p)
    :: process_of[n] != p -> say_stale(n, p)
    :: process_of[n] != p && mistake == RUNS_FOR_OTHERS -> execute()
    fi
}

/* What an application and its queue do. */
inline serve(n)
{
    entry[n] == QUEUED -> entry[n] = RUNNING;
    SAY("id %d runs at process %d\n", n, process_of[n]);
    execute()
}
/* sx_journal_decline: what was let in is remembered like an answer. Older builds forget it, and so
 * does who finds no room before it is queued. */
inline decline(n)
{
    entry[n] == QUEUED ->
    entry[n] = (mistake == FORGETS_DECLINED -> NONE : DECLINED);
    answered_in[n] = epoch[process_of[n]];
    SAY("process %d declines id %d for all copies\n", process_of[n], n);
    if :: IS_MINE(n) -> declined = true :: else fi
}
inline take_back(n)
{
    entry[n] == QUEUED || (entry[n] == RUNNING && mistake == FORGETS_RUNNING) -> entry[n] = NONE;
    SAY("process %d declines id %d, and forgets it\n", process_of[n], n);
    if
    :: IS_MINE(n) -> refusal = true
    :: IS_MINE(n) && RESOURCES > 1 -> stop = true
    :: !IS_MINE(n)
    fi
}
inline finish(n)
{
    entry[n] == RUNNING -> entry[n] = ANSWERED; answered_in[n] = epoch[process_of[n]];
    SAY("process %d answers id %d\n", process_of[n], n);
    if :: IS_MINE(n) -> answer = true :: else fi
}

/* begin_epoch_locked: that ends none. */
inline begin_epoch(p)
{
    epoch[p] > 0 && epoch[p] < EPOCHS -> epoch[p]++;
    SAY("epoch %d of process %d begins\n", epoch[p], p)
}

#define IS_OLD(n, p) (entry[n] >= ANSWERED && process_of[n] == p && answered_in[n] < floor[p])
inline forget(n) { entry[n] = NONE; answered_in[n] = 0 }

/* raise_floor_locked, give_way_locked: after minutes, or earlier, for want of room. */
inline raise_floor(p)
{
    floor[p] < epoch[p] -> floor[p]++;
    SAY("process %d forgets what it answered before epoch %d, and accepts no such id\n", p, floor[p]);
    i = 0;
    do :: i < IDS -> if :: IS_OLD(i, p) -> forget(i) :: else fi; i++ :: else -> break od
}

/* The one before may still run. */
inline start(p)
{
    epoch[p] == 0 && (p < RESOURCES || epoch[p - RESOURCES] > 0) -> epoch[p] = 1; floor[p] = 1;
    SAY("process %d starts\n", p)
}

/* ---- all that can happen ---- */

#define STEP(s) :: atomic { s }
#if IDS == 2
#define EACH_ID(s) STEP(s(0)) STEP(s(1))
#define EACH_ID_AT(s, p) STEP(s(0, p)) STEP(s(1, p))
#else
#define EACH_ID(s) STEP(s(0)) STEP(s(1)) STEP(s(2))
#define EACH_ID_AT(s, p) STEP(s(0, p)) STEP(s(1, p)) STEP(s(2, p))
#endif
#if PROCESSES == 2
#define EACH_PROCESS(s) STEP(s(0)) STEP(s(1))
#define EACH_ARRIVAL EACH_ID_AT(arrive, 0) EACH_ID_AT(arrive, 1)
#elif PROCESSES == 3
#define EACH_PROCESS(s) STEP(s(0)) STEP(s(1)) STEP(s(2))
#define EACH_ARRIVAL EACH_ID_AT(arrive, 0) EACH_ID_AT(arrive, 1) EACH_ID_AT(arrive, 2)
#else
#define EACH_PROCESS(s) STEP(s(0)) STEP(s(1)) STEP(s(2)) STEP(s(3))
#define EACH_ARRIVAL EACH_ID_AT(arrive, 0) EACH_ID_AT(arrive, 1) EACH_ID_AT(arrive, 2) EACH_ID_AT(arrive, 3)
#endif

active proctype world()
{
    atomic {
        READ_MISTAKE;
        epoch[0] = 1; floor[0] = 1; epoch_of[0] = 1; process_of[0] = 0;
        /* What was learnt of the peer may be old. */
        if :: skip :: epoch[0] = 2; floor[0] = 2 fi;
#if BIG
        held = true /* sx_hold_keep */
#else
        posting = true; count_copy() /* sx_retry_keep */
#endif
    }
    endless:
    do
#if BIG
    EACH_PROCESS(deliver_bytes)
    EACH_PROCESS(lose_bytes)
    STEP(hear_lack())
    STEP(refuse_bytes())
#else
    STEP(post_first())
    STEP(lose_first())
    STEP(fail_first())
#endif
#if FALLS_BACK
    STEP(fall_back())
    STEP(post_last())
    STEP(post_last_again())
    STEP(arrive_plain())
#endif
    STEP(give_up())
    STEP(post_due())
    STEP(hear_answer())
    STEP(hear_refusal())
    STEP(hear_decline())
    STEP(hear_bounce())
    EACH_PROCESS(hear_stale)
#if RESOURCES > 1
    STEP(hear_stop())
    STEP(move_waiting())
#endif
    EACH_ID(bounce)
    EACH_ARRIVAL
    EACH_ID(serve)
    EACH_ID(decline)
    EACH_ID(take_back)
    EACH_ID(finish)
    EACH_PROCESS(begin_epoch)
    EACH_PROCESS(raise_floor)
    EACH_PROCESS(start)
    /* Mistakes that are steps of their own. */
    STEP(mistake == LOSS_PROVES && call == UNDER_WAY && sent > 0 -> take_copy_back())
    STEP(mistake == FORGETS_ENTRIES && entry[0] == ANSWERED -> forget(0))
    STEP(mistake == DOUBLES_REQUEST && copies_of[0] == 1 -> copies_of[0]++)
    STEP(mistake == DOUBLES_BOUNCE && bounces == 1 -> bounces++)
    STEP(mistake == RETURNS_DELIVERED && entry[0] == QUEUED && IS_MINE(0) && bounces == 0 -> bounces++)
    od
}
