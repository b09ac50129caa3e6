/* message.pml - one call by message: sent once, stored and forwarded, perhaps handed over twice.
 *
 * Servers may make two of a message (docs/messages.md), may lose each, and may return one as an
 * error, if they made one. The account of the service may have another process online, which takes
 * no messages and gets a copy as well, if its priority says so (a link with name_key).
 *
 * Stands for, in lib/:
 *   link/message_call.c     post_message post_receipt
 *   link/receive_message.c  admit decline_untaken receive_request
 *   link/admission.c        sx_admission_admit sx_admission_decline_copies refuse_unremembered forbid
 *   link/announcement.c     post_mark
 *   exchange/message_call.c sx_message_call_take_receipt sx_message_call_wait_received
 *   exchange/retry.c        survives_locked
 *   exchange/exchange.c     sx_exchange_may_have_run
 *   request/journal.c       sx_journal_forget repeat_locked
 *   request/refusals.c      sx_refusals_note sx_refusals_has
 *
 * The service remembers each id for as long as copies come, while its rules change. It isn't
 * restarted between two copies: then both may run, as docs/messages.md says.
 */
#include "promise.pml"

/* Mistakes in the code: */
#define FORGETS_DECLINED   1 /* message: a message that was declined is forgotten */
#define OTHERS_DECLINE     2 /* message: a process that takes no messages declines what another one runs */
#define DECLINES_UNKNOWN   3 /* message: a message is declined that the journal has no room to remember */
#define DECLINES_SECOND    4 /* message: a second copy is declined for its age, though the first was let in */
#define DOUBT_PROVES       5 /* message: an error proves it unrun that a process gives when it fails half-way */
#define ENDS_AS_UNSENT     6 /* message: a message that is lost with its connection counts as not sent */
/* Mistakes of servers, which the promise doesn't stand: */
#define RETURNS_DELIVERED  7 /* message: a server returns one of two messages and delivers the other */
/* What isn't promised: */
#define RESTARTS           8 /* message: the service is restarted between two copies */
#define TWO_SERVE          9 /* message: two processes of the account take messages */

/* ---- the caller: link/message_call.c, exchange/message_call.c ---- */

bool is_posted, is_received;    /* the message; its receipt has come */
bool is_one_way;

/* ---- under way ---- */

byte messages, others;          /* to the service; to the account's other process */
bool has_doubled, has_forked;
bool receipt, answer, refusal, doubt;
/* refusal: an error that proves it unrun; doubt: one that proves nothing */

/* ---- the service ---- */

#define NONE     0
#define QUEUED   1
#define RUNNING  2
#define ANSWERED 3 /* or declined: known */
byte entry;
bool is_forbidden;              /* its rules don't allow the caller now */
bool has_restarted;

inline end(outcome)
{
    end_call(outcome);
    d_step { receipt = false; answer = false; refusal = false; doubt = false }
}
inline refuse() { if :: call == UNDER_WAY -> refusal = true :: else fi }

/* ---- the caller ---- */

inline post() { !is_posted -> SAY("message and receipt are posted\n"); is_posted = true; messages = 1; receipt = true }

/* sx_exchange_may_have_run: it is posted, sent is 1. */
inline give_up()
{
    is_posted && call == UNDER_WAY -> SAY("deadline, cancel or stop\n");
    end(UNKNOWN)
}

/* survives_locked: only one that our server has outlives the connection. */
inline lose_connection()
{
    is_posted && !is_received && call == UNDER_WAY -> SAY("the connection is lost\n");
    if :: mistake == ENDS_AS_UNSENT -> end(NOT_EXECUTED) :: else -> end(UNKNOWN) fi
}
inline hear_receipt() { receipt -> SAY("our server has it\n"); receipt = false; is_received = true }

/* sx_message_call_wait_received: nobody waits for an answer. */
inline leave_one_way() { is_one_way && is_received && call == UNDER_WAY -> end(UNKNOWN) }

inline hear_answer() { answer -> SAY("the caller hears the answer\n"); end(EXECUTED) }
inline hear_refusal() { refusal -> SAY("the caller hears a refusal\n"); end(NOT_EXECUTED) }
inline hear_doubt()
{
    doubt -> SAY("the caller hears of a failure\n");
    if :: mistake == DOUBT_PROVES -> end(NOT_EXECUTED) :: else -> end(UNKNOWN) fi
}

/* ---- servers ---- */

inline double() { messages > 0 && !has_doubled -> SAY("a server makes two of it\n"); has_doubled = true; messages++ }
inline give_back()
{
    messages > 0 && (!has_doubled || mistake == RETURNS_DELIVERED) ->
    SAY("a server returns it\n");
    messages--;
    has_doubled = true; /* what is returned is not made two of */
    refuse()
}
inline fork() { messages > 0 && !has_forked -> SAY("the account's other process gets it, too\n"); has_forked = true; others = 1 }

/* ---- processes ---- */

/* decline_untaken of link/receive_message.c. */
inline arrive_elsewhere()
{
    others > 0 -> SAY("it arrives at the other process\n");
    others = 0;
    if
    :: mistake == OTHERS_DECLINE -> refuse()
    :: mistake == TWO_SERVE -> execute()
    :: else
    fi
}

/* sx_journal_forget and sx_admission_decline, which remember messages. */
inline forget_declined()
{
    if :: mistake == FORGETS_DECLINED -> entry = NONE :: else -> entry = ANSWERED fi
}

/* admit of link/receive_message.c, sx_admission_admit. */
inline arrive()
{
    messages > 0 -> SAY("it arrives at the service\n");
    messages--;
    if
    :: entry != NONE -> SAY("  it came again: dropped\n")
    :: entry != NONE && mistake == DECLINES_SECOND -> refuse()
    :: entry == NONE && is_forbidden -> SAY("  it is forbidden\n"); refuse(); forget_declined()
    :: entry == NONE && !is_forbidden -> SAY("  it is queued\n"); entry = QUEUED
    :: entry == NONE && !is_forbidden -> SAY("  the queue is full, or it is too old\n");
        refuse(); forget_declined()
    :: entry == NONE && !is_forbidden -> SAY("  the journal is full\n");
        if
        :: mistake == DECLINES_UNKNOWN -> refuse()
        :: else -> if :: call == UNDER_WAY -> doubt = true :: else fi
        fi
    fi
}
inline serve() { entry == QUEUED -> SAY("it runs\n"); entry = RUNNING; execute() }
inline decline() { entry == QUEUED -> SAY("it is declined\n"); refuse(); forget_declined() }

/* A one-way operation answers nothing, but it may fail. */
inline finish()
{
    entry == RUNNING -> SAY("it is answered\n");
    entry = ANSWERED;
    if
    :: !is_one_way && call == UNDER_WAY -> answer = true
    :: call == UNDER_WAY -> doubt = true
    :: is_one_way || call != UNDER_WAY
    fi
}

/* ---- all that can happen ---- */

#define STEP(s) :: atomic { s }

active proctype world()
{
    atomic {
        READ_MISTAKE;
        if :: is_one_way = true :: skip fi;
        if :: is_forbidden = true :: skip fi
    }
    endless:
    do
    STEP(post())
    STEP(give_up())
    STEP(lose_connection())
    STEP(hear_receipt())
    STEP(leave_one_way())
    STEP(hear_answer())
    STEP(hear_refusal())
    STEP(hear_doubt())
    STEP(double())
    STEP(give_back())
    STEP(fork())
    STEP(arrive_elsewhere())
    STEP(arrive())
    STEP(serve())
    STEP(decline())
    STEP(finish())
    STEP(messages > 0 -> is_forbidden = !is_forbidden)
    STEP(mistake == RESTARTS && !has_restarted -> has_restarted = true; entry = NONE)
    od
}
