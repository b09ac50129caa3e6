/* shipments.c - calls and answers whose bytes go ahead of them.
 *
 * Invariants and paths: shipments.h. Any thread adds a shipment to the inbox; from then on it
 * is the loop thread's. A call's shipment keeps its bytes until the call ends, since the peer may
 * lose what it has received.
 *
 * Calls and answers have places of their own, so that calls to a slow service take none from
 * answers. An account has half of either. Answers that are taken slowly make room for those of
 * others (answer_room.h), in memory as well. One that finds no memory is added all the same, not
 * counted: the loop thread looks at once whether others make room, and fails it otherwise.
 *
 * Blocks are posted only while little waits to be written, so that a small call posted meanwhile
 * waits for a few blocks and not for the whole window.
 */
#include "link/shipments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "exchange/hold.h"
#include "link/answer_patience.h"
#include "link/answer_room.h"
#include "link/lateness.h"
#include "link/shipment_inbox.h"
#include "link/shipment_table.h"
#include "transfer/share.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"

enum {
    MAX_CALLS = 64,          /* that are being sent */
    MAX_REFUSALS = 2,        /* ends of a stream that a transfer may have caused */
    LOOK_AGAIN_US = 1000000, /* a call that has ended elsewhere gives its bytes back before long */
    SPARED = SX_ANSWER_ROOM_PLACES / 2, /* no account gets more places */
    SLOW_SILENCE_US = 60000000,         /* from a peer, behind a server that is slow */
    SWEPT = 2 * MAX_CALLS,              /* calls looked at in one turn of the loop, and ... */
    SWEEP_ON_US = 10000,                /* ... when to go on: of 10,000 each has its turn in time */
};

struct sx_shipments {
    /* immutable */
    struct sx_session *session;
    struct sx_exchange *exchange;
    struct sx_journal *journal;
    struct sx_shipment_inbox inbox; /* any thread */
    /* loop thread */
    int64_t online_since_us;
    struct sx_shipment_table table;
    struct sx_senders *senders;
    struct sx_share call_share; /* of the senders */
    int64_t late_us;            /* when to look for late calls again */
    struct sx_answer_room answer_room;
};

struct sx_shipments *sx_shipments_new(struct sx_session *session, struct sx_exchange *exchange,
                                      struct sx_journal *journal)
{
    struct sx_shipments *shipments = calloc(1, sizeof *shipments);
    if (!shipments)
        return NULL;
    shipments->session = session;
    shipments->exchange = exchange;
    shipments->journal = journal;
    sx_shipment_table_init(&shipments->table);
    sx_share_init(&shipments->call_share, MAX_CALLS, SIZE_MAX);
    sx_answer_room_init(&shipments->answer_room, session, &shipments->table.answers.list);
    shipments->senders = sx_senders_new(MAX_CALLS + SX_ANSWER_ROOM_PLACES);
    if (shipments->senders && sx_shipment_inbox_init(&shipments->inbox))
        return shipments;
    sx_senders_free(shipments->senders);
    free(shipments);
    return NULL;
}

static struct sx_share *share_of(struct sx_shipments *shipments, const struct sx_shipment *shipment)
{
    return shipment->call_number ? &shipments->call_share : &shipments->answer_room.share;
}

/* It is out of the table of senders. */
static void leave(struct sx_shipments *shipments, struct sx_shipment *shipment)
{
    shipment->is_sending = false;
    sx_share_leave(share_of(shipments, shipment), shipment->account,
                   sx_sender_size(shipment->sender));
}

static void withdraw(struct sx_shipments *shipments, struct sx_shipment *shipment,
                     struct sx_buffer *last)
{
    if (!shipment->is_sending)
        return;
    sx_senders_remove(shipments->senders, shipment->sender, last);
    leave(shipments, shipment);
}

static void free_round(struct sx_shipments *shipments, struct sx_shipment_round *round)
{
    struct sx_shipment *shipment;
    while ((shipment = TAILQ_FIRST(&round->list))) {
        sx_shipment_table_remove(&shipments->table, shipment);
        withdraw(shipments, shipment, NULL);
        sx_shipment_free(shipment);
    }
}

void sx_shipments_free(struct sx_shipments *shipments)
{
    if (!shipments)
        return;
    sx_shipment_inbox_fini(&shipments->inbox);
    free_round(shipments, &shipments->table.calls);
    free_round(shipments, &shipments->table.answers);
    sx_senders_free(shipments->senders);
    sx_share_fini(&shipments->call_share);
    sx_answer_room_fini(&shipments->answer_room);
    free(shipments);
}

/* ---- any thread ---- */

static void add(struct sx_shipments *shipments, struct sx_shipment *shipment)
{
    sx_shipment_inbox_add(&shipments->inbox, shipment);
    sx_loop_wake(sx_session_loop(shipments->session));
}

void sx_shipments_add_call(struct sx_shipments *shipments, struct sx_shipment *shipment,
                           uint64_t call_number)
{
    shipment->call_number = call_number;
    add(shipments, shipment);
}

enum sx_err sx_shipments_add_answer(struct sx_shipments *shipments, struct sx_shipment *shipment,
                                    const char *id, struct sx_response *response)
{
    if (sx_shipment_inbox_is_full(&shipments->inbox))
        return SX_EFULL;
    shipment->response = sx_response_ref(response);
    if (!sx_shipment_charge(shipments->session, shipment) &&
        sx_shipment_inbox_is_short(&shipments->inbox))
        return SX_ETAKEN;
    shipment->id = strdup(id);
    if (!shipment->id)
        return SX_ENOMEM;
    add(shipments, shipment);
    return SX_OK;
}

bool sx_shipments_have_spare(struct sx_shipments *shipments)
{
    return sx_shipment_inbox_answers(&shipments->inbox) < SPARED;
}

bool sx_shipments_drained(struct sx_shipments *shipments, int64_t deadline)
{
    return sx_shipment_inbox_drained(&shipments->inbox, deadline);
}

/* ---- endings ---- */

static void post(struct sx_shipments *shipments, uint64_t number, struct sx_buffer *stanza)
{
    size_t len;
    char *bytes = sx_buffer_take(stanza, &len);
    if (bytes && number)
        sx_session_post_answer(shipments->session, number, bytes, len, 0);
    else
        free(bytes);
}

static void end(struct sx_shipments *shipments, uint64_t number, struct sx_shipment *shipment)
{
    struct sx_buffer last = {0};
    withdraw(shipments, shipment, &last);
    if (last.len)
        post(shipments, number, &last);
    sx_buffer_fini(&last);
    sx_shipment_table_remove(&shipments->table, shipment);
    if (!shipment->call_number)
        sx_shipment_inbox_end_answer(&shipments->inbox);
    sx_shipment_free(shipment);
}

/* The one answer of a request that has run: remembered, then posted. NULL: no memory. */
static void answer(struct sx_shipments *shipments, uint64_t number, struct sx_shipment *shipment,
                   struct sx_response *response)
{
    const struct sx_head head = {.from = sx_sender_from(shipment->sender),
                                 .to = sx_sender_to(shipment->sender),
                                 .id = shipment->id};
    struct sx_buffer stanza = {0};
    sx_journal_answer(shipments->journal, head.to, shipment->id, response, sx_clock_now_us());
    if (response) {
        sx_response_write(response, &head, &stanza);
        post(shipments, number, &stanza);
    }
    end(shipments, number, shipment);
}

static void fail(struct sx_shipments *shipments, uint64_t number, struct sx_shipment *shipment,
                 const char *condition, const char *why)
{
    struct sx_response *error;
    char text[300];
    snprintf(text, sizeof text, "%zu bytes of the %s could not be brought there: %s%s%s",
             sx_sender_size(shipment->sender), shipment->call_number ? "call" : "answer", condition,
             *why ? ": " : "", why);
    sx_trace(sx_session_trace(shipments->session), SOAP_XMPP_TRACE_INFO, "%s: %s",
             sx_sender_to(shipment->sender), text);
    if (shipment->call_number) {
        sx_hold_refuse(shipments->exchange, shipment->call_number, condition, text);
        end(shipments, number, shipment);
        return;
    }
    /* The condition isn't the peer's, which may mean that nothing was run: the request has run. */
    error = sx_response_error("internal-server-error", text);
    answer(shipments, number, shipment, error);
    sx_response_unref(error);
}

static void deliver(struct sx_shipments *shipments, uint64_t number, struct sx_shipment *shipment)
{
    leave(shipments, shipment);
    if (shipment->call_number)
        sx_hold_end(shipments->exchange, shipment->call_number);
    else
        answer(shipments, number, shipment, shipment->response);
}

/* ---- on their way ---- */

/* Whether half of the places are taken by its account already. */
static bool has_half(struct sx_shipments *shipments, const struct sx_shipment *shipment)
{
    const struct sx_share *share = share_of(shipments, shipment);
    const struct sx_share_account *own = sx_share_find(share, sx_sender_to(shipment->sender));
    return own && own->places >= share->max_places / 2;
}

static void give_up(struct sx_shipments *shipments, uint64_t number,
                    const struct sx_answer_room_yielders *yielders, const char *why)
{
    unsigned i;
    for (i = 0; i < yielders->count; i++)
        fail(shipments, number, yielders->list[i], "resource-constraint", why);
}

/* For an answer that found no memory when it was added. */
static bool find_memory(struct sx_shipments *shipments, uint64_t number,
                        struct sx_shipment *shipment)
{
    struct sx_answer_room_yielders yielders;
    if (sx_shipment_charge(shipments->session, shipment))
        return true;
    if (!sx_answer_room_make_memory(&shipments->answer_room, shipment, &yielders))
        return false;
    give_up(shipments, number, &yielders, "others need its memory");
    return sx_shipment_charge(shipments->session, shipment);
}

static bool has_place(struct sx_shipments *shipments, uint64_t number,
                      const struct sx_shipment *shipment)
{
    struct sx_answer_room_yielders yielders;
    if (has_half(shipments, shipment))
        return false;
    if (sx_share_has_room(share_of(shipments, shipment), sx_sender_to(shipment->sender), 0,
                          sx_clock_now_us()))
        return true;
    if (shipment->call_number ||
        !sx_answer_room_make_place(&shipments->answer_room, shipment, &yielders))
        return false;
    give_up(shipments, number, &yielders, "others need its place");
    return true;
}

static bool begin(struct sx_shipments *shipments, struct sx_shipment *shipment)
{
    struct sx_share *share = share_of(shipments, shipment);
    size_t size = sx_sender_size(shipment->sender);
    shipment->account = sx_share_enter(share, sx_sender_to(shipment->sender), size);
    if (!shipment->account)
        return false;
    if (sx_senders_add(shipments->senders, shipment->sender, sx_clock_now_us()) == SX_OK)
        return true;
    sx_share_leave(share, shipment->account, size);
    return false;
}

/* Gets a place, or waits for one. A call may wait, as its caller does. An answer may wait if its
 * account is within its share, since then others have its place; otherwise it gets one at once or
 * fails. False: it has ended. */
static bool start(struct sx_shipments *shipments, uint64_t number, struct sx_shipment *shipment)
{
    bool may = shipment->call_number || shipment->waits ||
               sx_answer_room_may_wait(&shipments->answer_room, shipment);
    shipment->is_new = false;
    if (shipment->is_uncounted && !find_memory(shipments, number, shipment)) {
        fail(shipments, number, shipment, "resource-constraint", sx_fault_text(SX_ETAKEN));
        return false;
    }
    shipment->waits = !has_place(shipments, number, shipment) || !begin(shipments, shipment);
    if (shipment->waits && may)
        return true;
    if (shipment->waits) {
        fail(shipments, number, shipment, "resource-constraint", SX_ANSWER_ROOM_FULL);
        return false;
    }
    shipment->is_sending = true;
    sx_trace(sx_session_trace(shipments->session), SOAP_XMPP_TRACE_DEBUG,
             "transfer %s: %zu bytes to %s", sx_sender_id(shipment->sender),
             sx_sender_size(shipment->sender), sx_sender_to(shipment->sender));
    return true;
}

/* Ends it if it is no longer wanted: the shipment of a call that has ended, or an answer whose
 * bytes nobody takes. In how long to look again, SX_NEVER: it has ended. */
static int64_t look_at(struct sx_shipments *shipments, uint64_t number,
                       struct sx_shipment *shipment, int64_t now_us)
{
    const char *condition = "policy-violation";
    const char *why = "the server closed the stream over what was sent to it";
    int64_t rest_us = LOOK_AGAIN_US;
    if (shipment->call_number && !sx_hold_is_wanted(shipments->exchange, shipment->call_number)) {
        end(shipments, number, shipment);
        return SX_NEVER;
    }
    if ((shipment->waits || shipment->is_new) && !start(shipments, number, shipment))
        return SX_NEVER;
    if (shipment->is_sending && shipment->refusals >= MAX_REFUSALS)
        rest_us = 0;
    else if (!shipment->call_number)
        rest_us = sx_answer_patience_left_us(shipments->session, shipment,
                                             shipments->online_since_us, now_us, &condition, &why);
    if (rest_us > 0)
        return rest_us;
    fail(shipments, number, shipment, condition, why);
    return SX_NEVER;
}

static void note_due(int64_t *due_us, int64_t now_us, int64_t rest_us)
{
    if (rest_us != SX_NEVER && now_us + rest_us < *due_us)
        *due_us = now_us + rest_us;
}

/* Looks at all, or at no more than `most`, so that others don't wait long. Returns when to go on at
 * the latest. */
static int64_t sweep(struct sx_shipments *shipments, uint64_t number,
                     struct sx_shipment_round *round, unsigned most)
{
    int64_t now_us = sx_clock_now_us();
    bool are_many = round->count > most;
    int64_t due_us = are_many ? now_us + SWEEP_ON_US : SX_NEVER;
    unsigned left = are_many ? most : round->count;
    struct sx_shipment *shipment;
    while (left-- && (shipment = sx_shipment_table_next(round)))
        note_due(&due_us, now_us, look_at(shipments, number, shipment, now_us));
    return due_us;
}

/* Takes over what was added, and looks at it. */
static int64_t take_added(struct sx_shipments *shipments, uint64_t number)
{
    int64_t now_us = sx_clock_now_us(), due_us = SX_NEVER;
    struct sx_shipment_list added;
    struct sx_shipment *shipment;
    TAILQ_INIT(&added);
    sx_shipment_inbox_take(&shipments->inbox, &added);
    while ((shipment = TAILQ_FIRST(&added))) {
        TAILQ_REMOVE(&added, shipment, in_list);
        sx_shipment_table_enter(&shipments->table, shipment);
        shipment->added_us = now_us;
        shipment->is_new = true;
        note_due(&due_us, now_us, look_at(shipments, number, shipment, now_us));
    }
    return due_us;
}

/* Those that wait for a place come before those that were added just now. */
static int64_t look(struct sx_shipments *shipments, uint64_t number)
{
    int64_t calls_us = sweep(shipments, number, &shipments->table.calls, SWEPT);
    int64_t replies_us =
        sweep(shipments, number, &shipments->table.answers, SX_SHIPMENT_INBOX_ANSWERS);
    int64_t added_us = take_added(shipments, number);
    int64_t due_us = calls_us < replies_us ? calls_us : replies_us;
    return added_us < due_us ? added_us : due_us;
}

/* A call whose deadline can't be met leaves the others its share. When to look again. */
static int64_t end_late(struct sx_shipments *shipments, uint64_t number)
{
    int64_t now_us = sx_clock_now_us();
    unsigned bytes_per_s;
    char why[200];
    struct sx_shipment *late;
    sx_loop_speed(sx_session_loop(shipments->session), &bytes_per_s);
    if (!bytes_per_s || sx_senders_count(shipments->senders) == 0)
        return SX_NEVER;
    if (now_us < shipments->late_us)
        return shipments->late_us;
    late = sx_lateness_find(shipments->session, shipments->exchange, &shipments->table, why,
                            sizeof why);
    if (late) {
        sx_hold_give_up(shipments->exchange, late->call_number, why);
        end(shipments, number, late);
    }
    shipments->late_us = now_us + LOOK_AGAIN_US;
    return shipments->late_us;
}

/* What a block waits for in a queue of ours is no silence of its receiver. */
static void grant_silence(struct sx_shipments *shipments)
{
    bool is_slow = sx_session_is_slow(shipments->session);
    sx_senders_set_silence(shipments->senders, is_slow ? SLOW_SILENCE_US : SX_SENDER_SILENCE_US);
}

static bool has_room(struct sx_shipments *shipments)
{
    return sx_loop_wants_block(sx_session_loop(shipments->session));
}

int64_t sx_shipments_step(struct sx_shipments *shipments, uint64_t number)
{
    struct sx_buffer stanza = {0};
    int64_t due_us, other_us;
    grant_silence(shipments);
    due_us = look(shipments, number);
    other_us = end_late(shipments, number);
    if (other_us < due_us)
        due_us = other_us;
    while (has_room(shipments) && sx_senders_next(shipments->senders, sx_clock_now_us(), &stanza))
        sx_session_post_block(shipments->session, number, &stanza);
    sx_buffer_fini(&stanza);
    /* Otherwise the socket says when there is room again. */
    other_us = has_room(shipments) ? sx_senders_due_us(shipments->senders) : SX_NEVER;
    return other_us < due_us ? other_us : due_us;
}

void sx_shipments_online(struct sx_shipments *shipments)
{
    shipments->online_since_us = sx_clock_now_us();
    sx_senders_online(shipments->senders);
    sx_shipment_inbox_set_hopeless(&shipments->inbox, false);
}

void sx_shipments_lost(struct sx_shipments *shipments, bool permanent, bool refused)
{
    if (refused)
        sx_shipment_table_note_refusal(&shipments->table);
    sx_senders_lost(shipments->senders, sx_clock_now_us());
    sx_shipment_inbox_set_hopeless(&shipments->inbox, permanent);
}

void sx_shipments_note(struct sx_shipments *shipments, uint64_t number, struct sx_sender *moved)
{
    struct sx_shipment *shipment = sx_sender_user(moved);
    size_t done = sx_sender_done_bytes(moved), size = sx_sender_size(moved);
    if (done > shipment->told_bytes)
        sx_shipment_tell(shipments->session, sx_sender_to(moved), true, shipment->told_bytes, done,
                         size);
    shipment->told_bytes = done;
    switch (sx_sender_state(moved)) {
    case SX_SENDER_DONE:
        deliver(shipments, number, shipment);
        break;
    case SX_SENDER_FAILED:
        leave(shipments, shipment);
        fail(shipments, number, shipment, sx_sender_condition(moved), sx_sender_text(moved));
        break;
    default:
        break;
    }
}

enum sx_shipments_said sx_shipments_reply(struct sx_shipments *shipments, uint64_t number,
                                          const char *from, const char *id,
                                          const struct sx_sender_reply *reply)
{
    struct sx_sender *moved = NULL;
    if (!sx_senders_reply(shipments->senders, from, id, reply, sx_clock_now_us(), &moved))
        return SX_SHIPMENTS_NOT_OURS;
    if (moved)
        sx_shipments_note(shipments, number, moved);
    return reply->condition && strcmp(reply->condition, "service-unavailable") == 0
               ? SX_SHIPMENTS_UNAVAILABLE
               : SX_SHIPMENTS_OURS;
}

bool sx_shipments_again(struct sx_shipments *shipments, uint64_t number, const char *from,
                        const char *id)
{
    struct sx_shipment *shipment;
    uint64_t call_number;
    if (!sx_hold_again(shipments->exchange, from, id, &call_number))
        return false;
    shipment = sx_shipment_table_find(&shipments->table, call_number);
    if (shipment && !shipment->is_sending)
        start(shipments, number, shipment);
    if (!shipment)
        sx_hold_refuse(shipments->exchange, call_number, "item-not-found",
                       "the service has lost the call's bytes");
    return true;
}

const char *sx_shipments_look(struct sx_shipments *shipments, uint64_t call_number, size_t *len)
{
    struct sx_shipment *shipment = sx_shipment_table_find(&shipments->table, call_number);
    if (!shipment)
        shipment = sx_shipment_inbox_find(&shipments->inbox, call_number);
    if (!shipment)
        return NULL;
    *len = sx_sender_size(shipment->sender);
    return sx_sender_bytes(shipment->sender);
}

void sx_shipments_readdress(struct sx_shipments *shipments, const char *from, const char *id)
{
    struct sx_shipment *shipment;
    sx_shipment_inbox_readdress(&shipments->inbox, from, id);
    TAILQ_FOREACH(shipment, &shipments->table.answers.list, in_list)
        sx_shipment_readdress(shipment, from, id);
}

bool sx_shipments_close(struct sx_shipments *shipments, const char *from, const char *sid,
                        struct sx_sender **moved)
{
    return sx_senders_closed(shipments->senders, from, sid, sx_clock_now_us(), moved);
}
