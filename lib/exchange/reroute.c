/* reroute.c - calls to a bare JID, which may move to another of its resources.
 *
 * Invariant: a call moves only while it is certain that none of its copies has been run, or will
 * be: it is kept, and each copy that was sent has come back undelivered or refused. It then gets
 * another peer, an id with that peer's incarnation, and is due; to all else it is a kept call
 * (retry.c). What the old id may still hear is late.
 *
 * Happy path: allow -> keep -> posted -> service-unavailable -> judge -> move -> due -> answered.
 * Nobody else there: it stays where it is, and is sent again as any kept call; `find` finds it when
 * somebody comes.
 * Never moved: calls sent once (to foreign peers: what their server returns as undelivered may have
 * been run, XEP-0198 section 8), those whose bytes went ahead of them: they are at the peer; and
 * those to a shared JID, whose peer is many processes already.
 *
 * Modelled in tests/model: iq.pml.
 */
#include "exchange/reroute.h"

#include <stdio.h>

#include "exchange/due.h"
#include "exchange/table.h"

void sx_reroute_allow(struct soap_xmpp_call *call)
{
    struct sx_exchange *exchange = call->exchange;
    pthread_mutex_lock(&exchange->mu);
    sx_table_allow_any_resource_locked(call);
    pthread_mutex_unlock(&exchange->mu);
}

bool sx_reroute_is_allowed(const struct soap_xmpp_call *call)
{
    return call->is_any_resource;
}

void sx_reroute_loads(struct sx_exchange *exchange, const char *const *jids, unsigned *loads,
                      unsigned count)
{
    unsigned i;
    pthread_mutex_lock(&exchange->mu);
    for (i = 0; i < count; i++)
        loads[i] = sx_load_count(&exchange->resources, jids[i]);
    pthread_mutex_unlock(&exchange->mu);
}

static void describe_locked(const struct soap_xmpp_call *call, struct sx_reroute *reroute)
{
    reroute->is_packed = call->is_packed;
    snprintf(reroute->id, sizeof reroute->id, "%s", call->id);
    snprintf(reroute->peer, sizeof reroute->peer, "%s", call->peer);
}

/* Of a call to a shared JID the error may be to a later copy, which says nothing of the first:
 * sx_table_may_move_locked takes none of those. */
bool sx_reroute_judge(struct sx_exchange *exchange, const char *from, const char *id,
                      unsigned bounced, struct sx_reroute *reroute)
{
    const struct soap_xmpp_call *call;
    bool is_allowed;
    *reroute = (struct sx_reroute){0};
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    is_allowed = call && call->is_any_resource && sx_table_is_from_peer_locked(call, from);
    if (is_allowed) {
        reroute->may_move = sx_table_may_move_locked(call, bounced);
        describe_locked(call, reroute);
    }
    pthread_mutex_unlock(&exchange->mu);
    return is_allowed;
}

bool sx_reroute_find(struct sx_exchange *exchange, const char *bare, struct sx_reroute *reroute)
{
    const struct soap_xmpp_call *call;
    const struct sx_load *load;
    *reroute = (struct sx_reroute){0};
    pthread_mutex_lock(&exchange->mu);
    load = sx_load_find(&exchange->accounts, bare);
    call = load ? TAILQ_FIRST(&load->list) : NULL;
    if (call) {
        reroute->may_move = true;
        describe_locked(call, reroute);
    }
    pthread_mutex_unlock(&exchange->mu);
    return call != NULL;
}

static void move_locked(struct soap_xmpp_call *call, const char *incarnation)
{
    call->moves++;
    call->exchange->ends.moves++;
    call->renewals = 0;
    sx_table_set_sent_locked(call, 0);
    sx_table_set_absence_locked(call, 0);
    sx_table_rename_locked(call, incarnation);
    sx_due_restart_locked(call, 0);
}

bool sx_reroute_move(struct sx_exchange *exchange, const char *id, unsigned bounced,
                     const char *peer, const char *incarnation)
{
    struct soap_xmpp_call *call;
    bool moves;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    moves = call && sx_table_may_move_locked(call, bounced) && sx_table_set_peer_locked(call, peer);
    if (moves)
        move_locked(call, incarnation);
    pthread_mutex_unlock(&exchange->mu);
    return moves;
}
