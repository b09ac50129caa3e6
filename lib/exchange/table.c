/* table.c - calls by id and peer: their ids, phases, lists and ends.
 *
 * Invariant: a call is in the table (buckets, order, and timed if it has a deadline of its own)
 * exactly while it is under way, and end_locked() is the one way out. It is in `done` only while it
 * is detached, ended and not yet returned by next_done; `done` is in the order of endings. Only
 * sx_table_set_phase_locked changes a phase; what is FOUND begins so (message_call.c). A call is in
 * a load's list exactly while it is what that list holds: file_locked() sees to it whenever
 * something changes that decides about it.
 *
 * Happy path: make -> enter -> found by its id -> answer -> await moves the reply out -> free.
 * Failure: no memory for a reply: the call ends with its error and no text.
 *
 * Modelled in tests/model: iq.pml.
 */
#include "exchange/table.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/probe.h"
#include "base/hex.h"
#include "soap/payload.h"

/* ---- phases ---- */

bool sx_table_is_under_way_locked(const struct soap_xmpp_call *call)
{
    return call->phase < PHASE_ENDED;
}

bool sx_table_is_kept_locked(const struct soap_xmpp_call *call)
{
    return sx_table_is_under_way_locked(call) && call->payload;
}

/* The bounce that is heard just now is still counted: it accounts for one copy. */
bool sx_table_may_move_locked(const struct soap_xmpp_call *call, unsigned bounced)
{
    return call->is_any_resource && call->kind == CALL_KEPT && sx_table_is_kept_locked(call) &&
           call->phase == PHASE_SENT && !call->holds && call->sent <= bounced &&
           call->moves < MOST_MOVES;
}

/* Puts the call into the lists of its loads in which it belongs. */
static void file_locked(struct soap_xmpp_call *call)
{
    bool is_packed =
        call->load && call->is_packed && !call->falls_back && sx_table_is_kept_locked(call);
    bool is_absent =
        call->account_load && call->absence_us > 0 && sx_table_may_move_locked(call, 0);
    if (is_packed && !call->is_in_packed)
        TAILQ_INSERT_TAIL(&call->load->list, call, in_packed);
    if (!is_packed && call->is_in_packed)
        TAILQ_REMOVE(&call->load->list, call, in_packed);
    if (is_absent && !call->is_in_absent)
        TAILQ_INSERT_TAIL(&call->account_load->list, call, in_absent);
    if (!is_absent && call->is_in_absent)
        TAILQ_REMOVE(&call->account_load->list, call, in_absent);
    call->is_in_packed = is_packed;
    call->is_in_absent = is_absent;
}

void sx_table_set_phase_locked(struct soap_xmpp_call *call, enum call_phase phase)
{
    if (call->phase == phase)
        return;
    assert(sx_phase_may_follow(call->phase, phase));
    assert(sx_phase_fits(phase, call->kind));
    if (phase == PHASE_ENDED)
        call->ended_in = call->phase;
    call->phase = phase;
    file_locked(call);
}

static void set_kind_locked(struct soap_xmpp_call *call, enum call_kind kind)
{
    assert(sx_phase_fits(call->phase, kind));
    call->kind = kind;
    file_locked(call);
}

void sx_table_set_payload_locked(struct soap_xmpp_call *call, char *payload, size_t len)
{
    call->posted_us = 0;
    free(call->payload);
    call->payload = payload;
    call->payload_len = len;
    call->is_packed = payload && sx_payload_is_packed(payload);
    file_locked(call);
}

void sx_table_fall_back_locked(struct soap_xmpp_call *call)
{
    call->falls_back = true;
    file_locked(call);
}

void sx_table_set_sent_locked(struct soap_xmpp_call *call, unsigned sent)
{
    call->sent = sent;
    if (sent > 0 && !call->first_sent.boot_us)
        call->first_sent = sx_clock_moment();
    file_locked(call);
}

void sx_table_take_copy_back_locked(struct soap_xmpp_call *call)
{
    if (call->sent > 0)
        sx_table_set_sent_locked(call, call->sent - 1);
}

void sx_table_set_absence_locked(struct soap_xmpp_call *call, int64_t absence_us)
{
    call->absence_us = absence_us;
    file_locked(call);
}

/* ---- where it is counted ---- */

static struct sx_load *count_account(struct sx_loads *loads, const char *jid)
{
    char bare[SX_JID_BYTES];
    sx_jid_bare(jid, bare, sizeof bare);
    return sx_load_add(loads, bare);
}

static void uncount_locked(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    sx_load_drop(call->kind == CALL_BY_MESSAGE ? &exchange->mail : &exchange->peers, call->load);
    sx_load_drop(&exchange->resources, call->resource_load);
    sx_load_drop(&exchange->accounts, call->account_load);
    call->load = call->resource_load = call->account_load = NULL;
}

bool sx_table_set_message_locked(struct soap_xmpp_call *call)
{
    struct sx_load *load = count_account(&call->exchange->mail, call->peer);
    if (!load)
        return false;
    sx_load_drop(&call->exchange->peers, call->load);
    call->load = load;
    set_kind_locked(call, CALL_BY_MESSAGE);
    return true;
}

void sx_table_allow_any_resource_locked(struct soap_xmpp_call *call)
{
    call->is_any_resource = true;
    if (!sx_table_is_under_way_locked(call) || call->resource_load)
        return;
    call->resource_load = sx_load_add(&call->exchange->resources, call->peer);
    if (sx_jid_resource(call->peer))
        call->account_load = count_account(&call->exchange->accounts, call->peer);
}

static struct former_peer *make_peer(const char *jid)
{
    size_t bytes = strlen(jid) + 1;
    struct former_peer *peer = malloc(sizeof *peer + bytes);
    if (peer)
        memcpy(peer->jid, jid, bytes);
    return peer;
}

/* In the same account: account_load stays. */
bool sx_table_set_peer_locked(struct soap_xmpp_call *call, const char *peer)
{
    struct sx_exchange *exchange = call->exchange;
    struct former_peer *name = make_peer(peer);
    struct sx_load *load = name ? sx_load_add(&exchange->peers, peer) : NULL, *old = call->load;
    if (!load) {
        free(name);
        return false;
    }
    name->next = call->former_peers;
    call->former_peers = name;
    call->peer = name->jid;
    sx_load_drop(&exchange->resources, call->resource_load);
    call->resource_load = sx_load_add(&exchange->resources, peer);
    if (call->is_in_packed) {
        TAILQ_REMOVE(&old->list, call, in_packed);
        TAILQ_INSERT_TAIL(&load->list, call, in_packed);
    }
    call->load = load;
    sx_load_drop(&exchange->peers, old);
    return true;
}

void sx_table_add_hold_locked(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    if (call->holds++ == 0)
        LIST_INSERT_HEAD(&exchange->holds[call->number & exchange->bucket_mask], call, in_holds);
    file_locked(call);
}

void sx_table_drop_hold_locked(struct soap_xmpp_call *call)
{
    if (call->holds)
        LIST_REMOVE(call, in_holds);
    call->holds = 0;
    file_locked(call);
}

struct soap_xmpp_call *sx_table_find_hold_locked(struct sx_exchange *exchange, uint64_t number)
{
    struct soap_xmpp_call *call;
    LIST_FOREACH(call, &exchange->holds[number & exchange->bucket_mask], in_holds)
    {
        exchange->steps++;
        if (call->number == number)
            return call;
    }
    return NULL;
}

/* ---- waiting to be sent ---- */

void sx_table_begin_wait_locked(struct soap_xmpp_call *call, enum call_wait wait, const char *jid)
{
    struct sx_exchange *exchange = call->exchange;
    assert(call->phase == PHASE_PREPARED && !call->is_waiting);
    if (wait == WAIT_PEER || wait == WAIT_PRESENCE)
        call->awaited = sx_load_add(&exchange->awaited[wait], jid);
    call->wait = jid && !call->awaited ? WAIT_ROOM : wait;
    call->is_waiting = true;
    atomic_fetch_add(&exchange->waiting, 1);
    TAILQ_INSERT_TAIL(&exchange->waits[call->wait], call, in_wait);
    if (call->awaited)
        TAILQ_INSERT_TAIL(&call->awaited->list, call, in_awaited);
}

void sx_table_end_wait_locked(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    if (!call->is_waiting)
        return;
    TAILQ_REMOVE(&exchange->waits[call->wait], call, in_wait);
    if (call->awaited)
        TAILQ_REMOVE(&call->awaited->list, call, in_awaited);
    sx_load_drop(&exchange->awaited[call->wait], call->awaited);
    call->awaited = NULL;
    call->is_waiting = false;
    atomic_fetch_sub(&exchange->waiting, 1);
}

/* ---- ids ---- */

bool sx_table_gave_out(const struct sx_exchange *exchange, const char *id)
{
    return id && strncmp(id, exchange->prefix, PREFIX_LEN) == 0;
}

uint64_t sx_table_number(const char *id)
{
    uint64_t number = 0;
    (void)sx_hex_parse_number(id + PREFIX_LEN, &number);
    return number;
}

/* Numbers are ours and consecutive, so that no peer can make buckets long. */
struct bucket *sx_table_bucket(struct sx_exchange *exchange, uint64_t number)
{
    return &exchange->buckets[number & exchange->bucket_mask];
}

/* Whether the id, which isn't the call's own, is that of its later copies. */
static bool is_again_locked(const struct soap_xmpp_call *call, const char *id)
{
    size_t stem_len = sx_request_id_stem_len(id);
    return call->kind == CALL_SHARED && sx_request_id_is_again(id) &&
           stem_len == sx_request_id_stem_len(call->id) && strncmp(call->id, id, stem_len) == 0;
}

struct soap_xmpp_call *sx_table_find_locked(struct sx_exchange *exchange, const char *id)
{
    struct soap_xmpp_call *call;
    if (!sx_table_gave_out(exchange, id))
        return NULL;
    LIST_FOREACH(call, sx_table_bucket(exchange, sx_table_number(id)), in_bucket)
    {
        exchange->steps++;
        if (strcmp(call->message_id ? call->message_id : call->id, id) == 0 ||
            is_again_locked(call, id))
            return call;
    }
    return NULL;
}

uint64_t sx_table_make_id_locked(struct sx_exchange *exchange, char id[ID_BYTES])
{
    uint64_t number = exchange->next_number++;
    memcpy(id, exchange->prefix, PREFIX_LEN);
    *sx_hex_format_number(number, id + PREFIX_LEN) = '\0';
    return number;
}

void sx_table_rename_locked(struct soap_xmpp_call *call, const char *incarnation)
{
    uint64_t number = sx_table_make_id_locked(call->exchange, call->id);
    size_t len = strlen(call->id);
    LIST_REMOVE(call, in_bucket);
    LIST_INSERT_HEAD(sx_table_bucket(call->exchange, number), call, in_bucket);
    snprintf(call->id + len, sizeof call->id - len, "%s%s", SX_REQUEST_ID_MARK, incarnation);
    call->first_sent = (struct sx_clock_moment){0};
    call->denials = 0;
    call->deniers = 0;
    if (call->phase == PHASE_ASKED)
        sx_table_set_phase_locked(call, PHASE_SENT);
    set_kind_locked(call, sx_request_id_is_any(incarnation) ? CALL_SHARED : CALL_KEPT);
}

enum sx_err sx_table_keep(struct soap_xmpp_call *call, const char *incarnation, const char *payload,
                          size_t len, unsigned sent,
                          void (*begin_locked)(struct soap_xmpp_call *call))
{
    struct sx_exchange *exchange = call->exchange;
    enum sx_err err = SX_OK;
    char *copy = malloc(len + 1);
    if (!copy)
        return SX_ENOMEM;
    memcpy(copy, payload, len);
    copy[len] = '\0';
    pthread_mutex_lock(&exchange->mu);
    if (sx_table_is_under_way_locked(call)) {
        sx_table_set_payload_locked(call, copy, len);
        sx_table_rename_locked(call, incarnation);
        sx_table_set_sent_locked(call, sent);
        begin_locked(call);
        copy = NULL;
    } else {
        err = call->err;
    }
    pthread_mutex_unlock(&exchange->mu);
    free(copy);
    return err;
}

/* ---- whose word it is ---- */

static bool is_ours_locked(const struct sx_exchange *exchange, const char *jid)
{
    return sx_jid_equal(jid, exchange->own.bare) || sx_jid_equal(jid, exchange->own.full) ||
           sx_jid_equal(jid, exchange->own.domain);
}

/* RFC 6121 8.5: a server may hand a message for one resource to another, and one for an account to
 * any. */
static bool is_from_account(const struct soap_xmpp_call *call, const char *from)
{
    char peer[SX_JID_BYTES], bare[SX_JID_BYTES];
    if (!from)
        return false;
    sx_jid_bare(call->peer, peer, sizeof peer);
    sx_jid_bare(from, bare, sizeof bare);
    return sx_jid_equal(peer, bare);
}

/* RFC 6120 8.1.2.1: what comes without `from` comes from our account, and servers answer for the
 * account, for its connected resource and for themselves under any of these names. */
bool sx_table_is_from_peer_locked(const struct soap_xmpp_call *call, const char *from)
{
    if (call->phase == PHASE_PREPARED)
        return false; /* nothing of it is known there */
    if (call->message_id)
        return is_from_account(call, from);
    if (!from)
        return !*call->peer || is_ours_locked(call->exchange, call->peer);
    if (!*call->peer)
        return is_ours_locked(call->exchange, from);
    return sx_jid_equal(from, call->peer);
}

static bool is_counted(struct sx_loads *loads, const char *jid)
{
    return jid && sx_load_count(loads, jid) > 0;
}

/* sx_table_is_from_peer_locked of all calls, without looking at any. */
bool sx_table_awaits_locked(struct sx_exchange *exchange, const char *from)
{
    const struct own_jid *own = &exchange->own;
    char bare[SX_JID_BYTES];
    if (!from)
        return is_counted(&exchange->peers, "") || is_counted(&exchange->peers, own->bare) ||
               is_counted(&exchange->peers, own->full) || is_counted(&exchange->peers, own->domain);
    sx_jid_bare(from, bare, sizeof bare);
    return (*bare && is_counted(&exchange->peers, from)) ||
           (is_ours_locked(exchange, from) && is_counted(&exchange->peers, "")) ||
           is_counted(&exchange->mail, bare);
}

/* ---- making, entering, ending ---- */

struct soap_xmpp_call *sx_table_make(struct sx_exchange *exchange, const char *peer,
                                     const char *operation)
{
    size_t peer_bytes = strlen(peer) + 1, operation_bytes = strlen(operation) + 1;
    struct soap_xmpp_call *call = calloc(1, sizeof *call + peer_bytes + operation_bytes);
    if (!call)
        return NULL;
    call->peer = memcpy(call->text, peer, peer_bytes);
    call->operation = memcpy(call->text + peer_bytes, operation, operation_bytes);
    call->exchange = exchange;
    call->sent = 1;
    sx_heap_entry_init(&call->deadline);
    sx_heap_entry_init(&call->due);
    return call;
}

void sx_table_free(struct soap_xmpp_call *call)
{
    struct former_peer *former;
    if (!call)
        return;
    while ((former = call->former_peers) != NULL) {
        call->former_peers = former->next;
        free(former);
    }
    if (call->draft)
        call->free_draft(call->draft);
    if (call->ending)
        call->free_ending(call->ending);
    sx_reply_free(call->reply);
    free(call->from);
    free(call->message_id);
    free(call->name);
    free(call);
}

bool sx_table_enter_locked(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    call->load = sx_load_add(&exchange->peers, call->peer);
    if (!call->load)
        return false;
    call->begun_us = sx_clock_now_us();
    call->number = sx_table_make_id_locked(exchange, call->id);
    LIST_INSERT_HEAD(sx_table_bucket(exchange, call->number), call, in_bucket);
    TAILQ_INSERT_TAIL(&exchange->order, call, in_order);
    exchange->under_way++;
    exchange->unreleased++;
    SX_PROBE3(call__begin, call->id, &call->text[0], call->number);
    return true;
}

static void tell_done_locked(struct sx_exchange *exchange)
{
    sx_readiness_set(&exchange->readiness, !TAILQ_EMPTY(&exchange->done));
}

/* Almost always at the tail: a call that was detached before its reply came ends after all those
 * that are there. */
void sx_table_add_done_locked(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    struct soap_xmpp_call *before = TAILQ_LAST(&exchange->done, call_list);
    while (before && before->ended_number > call->ended_number) {
        exchange->steps++;
        before = TAILQ_PREV(before, call_list, in_done);
    }
    if (before)
        TAILQ_INSERT_AFTER(&exchange->done, before, call, in_done);
    else
        TAILQ_INSERT_HEAD(&exchange->done, call, in_done);
    tell_done_locked(exchange);
    pthread_cond_signal(&exchange->done_grew);
}

static void leave_detached_under_way_locked(struct sx_exchange *exchange)
{
    /* those who find nothing must not wait for what can't come */
    if (--exchange->detached_under_way == 0)
        pthread_cond_broadcast(&exchange->done_grew);
}

void sx_table_attach_locked(struct soap_xmpp_call *call)
{
    if (!call->is_detached)
        return;
    call->is_detached = false;
    if (sx_table_is_under_way_locked(call)) {
        leave_detached_under_way_locked(call->exchange);
        return;
    }
    TAILQ_REMOVE(&call->exchange->done, call, in_done);
    tell_done_locked(call->exchange);
}

static void leave_locked(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    LIST_REMOVE(call, in_bucket);
    TAILQ_REMOVE(&exchange->order, call, in_order);
    sx_heap_set(&exchange->timed, &call->deadline, SX_NEVER);
    sx_heap_set(&exchange->due, &call->due, SX_NEVER);
    sx_table_set_payload_locked(call, NULL, 0);
    sx_table_drop_hold_locked(call);
    sx_table_end_wait_locked(call);
    sx_table_set_phase_locked(call, PHASE_ENDED);
    uncount_locked(call);
    exchange->under_way--;
    exchange->questions -= call->is_question;
}

bool sx_table_may_have_run_locked(const struct soap_xmpp_call *call, enum sx_err err,
                                  const struct sx_reply *reply)
{
    if (call->phase == PHASE_ENDED && call->ended_in == PHASE_PREPARED)
        return false;
    if (sx_fault_is_answered(err))
        return true;
    /* Nothing was said of a copy; or shared.c has judged it, and `sent` says what came of it. */
    if (err != SX_ESTANZA || !reply || reply->is_own || call->kind == CALL_SHARED)
        return call->sent > 0;
    if (reply->delivery.refused_all)
        return false;
    /* The copy of which this is said is still counted. It says nothing of another: one that was
     * refused is forgotten, and the next may have been let in. */
    if (reply->delivery.refused || reply->delivery.stale_for[0])
        return call->sent > 1;
    return call->sent > 1 || !sx_reply_is_unrun(reply->condition);
}

static bool is_lost(const struct soap_xmpp_call *call, enum sx_err err,
                    const struct sx_reply *reply)
{
    if (err == SX_ETIMEOUT)
        return call->ended_in == PHASE_PREPARED && call->wait == WAIT_LINK;
    return err == SX_ESTANZA && reply && reply->delivery.stale_for[0];
}

static enum soap_xmpp_outcome_value note_end_locked(const struct soap_xmpp_call *call,
                                                    enum sx_err err, const struct sx_reply *reply)
{
    struct sx_ends *ends = &call->exchange->ends;
    if (err == SX_OK && call->is_one_way && !reply)
        return sx_ends_note_taken(ends);
    if (err == SX_OK)
        return sx_ends_note_result(ends, reply);
    if (call->is_cancelled)
        return sx_ends_note_cancel(ends, sx_table_may_have_run_locked(call, err, reply));
    return sx_ends_note(ends, err, is_lost(call, err, reply),
                        sx_table_may_have_run_locked(call, err, reply));
}

static void count_end_locked(const struct soap_xmpp_call *call, enum sx_err err,
                             const struct sx_reply *reply)
{
    enum soap_xmpp_outcome_value outcome;
    int64_t us;
    if (call->is_question)
        return;
    us = sx_clock_now_us() - call->begun_us;
    outcome = note_end_locked(call, err, reply);
    sx_ends_note_time(&call->exchange->ends, us);
    SX_PROBE3(call__done, call->id, outcome, us);
}

/* The one way out of the table. Takes reply (NULL: err tells all). */
static void end_locked(struct soap_xmpp_call *call, enum sx_err err, struct sx_reply *reply)
{
    struct sx_exchange *exchange = call->exchange;
    assert(sx_table_is_under_way_locked(call));
    leave_locked(call);
    count_end_locked(call, err, reply);
    call->err = err;
    call->reply = reply;
    call->ended_number = exchange->endings++;
    if (call->waiter)
        pthread_cond_signal(call->waiter);
    if (call->is_detached) {
        sx_table_add_done_locked(call);
        leave_detached_under_way_locked(exchange);
    }
    pthread_cond_signal(&exchange->room);
}

void sx_table_end_locked(struct soap_xmpp_call *call, enum sx_err err, const char *text)
{
    end_locked(call, err, sx_reply_failure(err, text));
}

void sx_table_answer_locked(struct soap_xmpp_call *call, enum sx_err err, struct sx_reply *reply)
{
    call->exchange->completed++;
    end_locked(call, err, reply);
}

void sx_table_time_out_locked(struct soap_xmpp_call *call)
{
    int64_t now_us = sx_clock_now_us();
    int64_t until_us = call->deadline.at_us < now_us ? call->deadline.at_us : now_us;
    call->timeout_us = until_us - call->begun_us;
    call->exchange->timed_out++;
    end_locked(call, SX_ETIMEOUT, NULL);
}
