/* failover.c - roaming calls: those to a bare JID, which may move on to another of its resources.
 *
 * Invariant: a call moves only while it is certain that none of its copies has been run, or will
 * be: it is kept, and each copy that was sent has come back undelivered or refused. It then gets
 * another peer, an id with that peer's incarnation, and is due; to all else it is a kept call
 * (retry.c). What the old id may still hear is late.
 *
 * Happy path: roam -> keep -> posted -> service-unavailable -> judge -> move -> due -> answered.
 * Nobody else there: it stays where it is, and is sent again as any kept call; stranded, until
 * somebody comes.
 * Never moved: calls sent once (to foreign peers; what their server returns as undelivered may have
 * been run, XEP-0198 section 8), those whose bytes went ahead of them: they are at the peer; and
 * dealt ones, whose peer is many processes already.
 *
 * Loads: how many roaming calls are under way to each full JID. A call counts until it ends.
 */
#include "exchange/failover.h"
#include "exchange/table.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soap/payload.h"

enum { MOST_MOVES = 32 }; /* names of former peers stay until the call is released */

_Static_assert(ID_BYTES <= sizeof((struct sx_failover *)0)->id, "ids fit");

/* How many calls there are to one peer. */
struct sx_load {
    unsigned count;
    const char *jid; /* text */
    char text[];
};

struct sx_former_peer {
    struct sx_former_peer *next;
    char jid[];
};

static int compare_loads(const void *a, const void *b)
{
    return strcmp(((const struct sx_load *)a)->jid, ((const struct sx_load *)b)->jid);
}

static struct sx_load *find_load_locked(struct sx_exchange *exchange, const char *jid)
{
    const struct sx_load key = {.jid = jid};
    struct sx_load **node = tfind(&key, &exchange->loads, compare_loads);
    return node ? *node : NULL;
}

/* NULL: no memory; the call isn't counted. */
static struct sx_load *enter_load_locked(struct sx_exchange *exchange, const char *jid)
{
    size_t bytes = strlen(jid) + 1;
    struct sx_load *load = calloc(1, sizeof *load + bytes);
    if (!load)
        return NULL;
    load->jid = memcpy(load->text, jid, bytes);
    if (tsearch(load, &exchange->loads, compare_loads))
        return load;
    free(load);
    return NULL;
}

static void count_locked(struct soap_xmpp_call *call)
{
    call->load = find_load_locked(call->exchange, call->peer);
    if (!call->load)
        call->load = enter_load_locked(call->exchange, call->peer);
    if (call->load)
        call->load->count++;
}

void sx_table_uncount_locked(struct soap_xmpp_call *call)
{
    struct sx_load *load = call->load;
    call->load = NULL;
    if (!load || --load->count > 0)
        return;
    tdelete(load, &call->exchange->loads, compare_loads);
    free(load);
}

void sx_table_forget_peers(struct soap_xmpp_call *call)
{
    struct sx_former_peer *former;
    while ((former = call->former_peers) != NULL) {
        call->former_peers = former->next;
        free(former);
    }
}

void sx_failover_allow(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    pthread_mutex_lock(&exchange->mu);
    call->roams = true;
    if (call->state == CALL_UNDER_WAY)
        count_locked(call);
    pthread_mutex_unlock(&exchange->mu);
}

bool sx_failover_is_allowed(const struct soap_xmpp_call *call)
{
    bool roams;
    pthread_mutex_lock(&call->exchange->mu);
    roams = call->roams;
    pthread_mutex_unlock(&call->exchange->mu);
    return roams;
}

void sx_failover_loads(struct sx_exchange *exchange, const char *const *jids, unsigned *loads,
                       unsigned count)
{
    unsigned i;
    pthread_mutex_lock(&exchange->mu);
    for (i = 0; i < count; i++) {
        const struct sx_load *load = find_load_locked(exchange, jids[i]);
        loads[i] = load ? load->count : 0;
    }
    pthread_mutex_unlock(&exchange->mu);
}

/* bounced: of the copies that were sent, those that have just come back. Of a dealt call that may
 * be a later copy, which says nothing of the first. */
static bool may_move_locked(const struct soap_xmpp_call *call, unsigned bounced)
{
    return call->roams && call->payload && !call->holds && !call->dealt && !call->is_last &&
           call->sent <= bounced && call->moves < MOST_MOVES;
}

static void describe_locked(const struct soap_xmpp_call *call, struct sx_failover *mover)
{
    mover->is_packed = call->payload && sx_payload_is_packed(call->payload);
    snprintf(mover->id, sizeof mover->id, "%s", call->id);
    snprintf(mover->peer, sizeof mover->peer, "%s", call->peer);
}

bool sx_failover_judge(struct sx_exchange *exchange, const char *from, const char *id,
                       struct sx_failover *mover)
{
    struct soap_xmpp_call *call;
    bool roams;
    *mover = (struct sx_failover){0};
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    roams = call && call->roams && sx_table_is_from_peer_locked(call, from);
    if (roams) {
        mover->may_move = may_move_locked(call, 1);
        describe_locked(call, mover);
        if (call->payload)
            exchange->may_be_stranded = true;
    }
    pthread_mutex_unlock(&exchange->mu);
    return roams;
}

/* Whether nothing of it is in the world: it waits for its peer to come back. */
static bool is_stranded_locked(const struct soap_xmpp_call *call, const char *bare, size_t len)
{
    return call->absence_us > 0 && strncmp(call->peer, bare, len) == 0 && call->peer[len] == '/' &&
           may_move_locked(call, 0);
}

bool sx_failover_find(struct sx_exchange *exchange, const char *bare, struct sx_failover *mover)
{
    struct soap_xmpp_call *call = NULL;
    size_t len = strlen(bare);
    bool any = false;
    *mover = (struct sx_failover){0};
    pthread_mutex_lock(&exchange->mu);
    if (exchange->may_be_stranded) {
        TAILQ_FOREACH(call, &exchange->kept, in_kept) {
            any = any || (call->roams && call->absence_us > 0);
            if (is_stranded_locked(call, bare, len))
                break;
        }
        exchange->may_be_stranded = call || any;
    }
    if (call) {
        mover->may_move = true;
        describe_locked(call, mover);
    }
    pthread_mutex_unlock(&exchange->mu);
    return call != NULL;
}

static bool set_peer_locked(struct soap_xmpp_call *call, const char *peer)
{
    size_t bytes = strlen(peer) + 1;
    struct sx_former_peer *name = malloc(sizeof *name + bytes);
    if (!name)
        return false;
    memcpy(name->jid, peer, bytes);
    name->next = call->former_peers;
    call->former_peers = name;
    call->peer = name->jid;
    return true;
}

bool sx_failover_move(struct sx_exchange *exchange, const char *id, unsigned bounced,
                      const char *peer, const char *incarnation)
{
    struct soap_xmpp_call *call;
    bool moves;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    moves = call && may_move_locked(call, bounced) && set_peer_locked(call, peer);
    if (moves) {
        sx_table_uncount_locked(call);
        count_locked(call);
        call->moves++;
        call->sent = 0;
        call->renewals = 0;
        call->absence_us = 0;
        call->interval_us = SX_KEPT_INTERVAL_US;
        call->due_us = 0;
        TAILQ_REMOVE(&exchange->kept, call, in_kept);
        TAILQ_INSERT_HEAD(&exchange->kept, call, in_kept);
        sx_table_rename_locked(call, incarnation);
    }
    pthread_mutex_unlock(&exchange->mu);
    return moves;
}
