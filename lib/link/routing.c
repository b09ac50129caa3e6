/* routing.c - calls to a bare JID: which resource, and when another. Invariant: routing.h.
 *
 * Happy path: choose -> the call goes there. It comes back: move -> another one. Somebody comes or
 * goes: note -> the calls that wait for nobody move.
 * Failure: nobody known, or nobody who serves: the default resource. Just after a login that may be
 * because we haven't been told of everybody yet. So a call waits for somebody to come, but only if
 * the default resource isn't there either.
 *
 * Modelled in tests/model: iq.pml.
 */
#include "link/routing.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/disco.h"
#include "base/random.h"
#include "exchange/reroute.h"
#include "wire/jid.h"
#include "wire/namespaces.h"

enum {
    ANSWER_US = 5000000, /* of who is asked whether it serves */
    PORTION_CALLS = 16   /* each is chosen for among all resources of the account */
};

/* ---- candidates ---- */

typedef bool fits_fn(const struct sx_routing *routing, const struct sx_resource *resource,
                     const void *user);

/* Leaves only those that fit. */
static void keep(const struct sx_routing *routing, struct sx_roster_view *view, fits_fn *fits,
                 const void *user)
{
    unsigned i, left = 0;
    for (i = 0; i < view->count; i++) {
        struct sx_resource resource = view->resources[i];
        bool stays = fits(routing, &resource, user);
        if (stays)
            view->resources[left++] = resource;
        else
            free(resource.jid);
    }
    view->count = left;
}

static bool is_marked(const struct sx_routing *routing, const struct sx_resource *resource,
                      const void *user)
{
    (void)routing;
    (void)user;
    return resource->mark.serves;
}

/* A client for people, or a service of another make. */
static bool lists_soap(const struct sx_routing *routing, const struct sx_resource *resource,
                       const void *user)
{
    const int64_t *deadline = user;
    int listed = sx_features_has(routing->features, resource->jid, SX_NS_SOAP, sx_clock_now_us());
    struct sx_reply reply = {0};
    char why[1];
    if (listed >= 0)
        return listed == 1;
    if (sx_query_ask(routing->query, resource->jid, *deadline, ANSWER_US, &reply, why,
                     sizeof why) != SX_OK)
        return false;
    listed = reply.err == SX_OK && sx_disco_list_has(reply.features, SX_NS_SOAP);
    if (reply.err == SX_ETIMEOUT || reply.err == SX_ESTANZA)
        sx_query_note_silence(routing->query, resource->jid);
    sx_reply_fini(&reply);
    return listed;
}

static bool is_marked_any(const struct sx_roster_view *view)
{
    unsigned i;
    for (i = 0; i < view->count; i++)
        if (view->resources[i].mark.serves)
            return true;
    return false;
}

/* One of them by the policy, malloc'ed; NULL: there is none, or no memory. */
static char *pick(const struct sx_routing *routing, const char *bare,
                  const struct sx_roster_view *view)
{
    const char *jids[SX_ROSTER_RESOURCES];
    unsigned loads[SX_ROSTER_RESOURCES] = {0}, i;
    if (view->count == 0)
        return NULL;
    for (i = 0; i < view->count; i++)
        jids[i] = view->resources[i].jid;
    if (sx_session_config(routing->session)->policy == SOAP_XMPP_POLICY_LEAST_OUTSTANDING)
        sx_reroute_loads(routing->exchange, jids, loads, view->count);
    i = sx_policy_choose(routing->policy, bare, jids, loads, view->count, sx_random_number());
    return strdup(jids[i]);
}

/* ---- a call begins ---- */

bool sx_routing_applies(const struct sx_routing *routing, const char *to, bool any_resource)
{
    return routing->roster && any_resource && strchr(to, '@');
}

char *sx_routing_choose(const struct sx_routing *routing, const char *to, int64_t deadline,
                        uint64_t *version)
{
    struct sx_roster_view view;
    char bare[SX_JID_BYTES], *chosen;
    sx_jid_bare(to, bare, sizeof bare);
    sx_roster_list(routing->roster, bare, &view);
    *version = view.version;
    if (is_marked_any(&view))
        keep(routing, &view, is_marked, NULL);
    else
        keep(routing, &view, lists_soap, &deadline);
    chosen = pick(routing, bare, &view);
    sx_roster_view_fini(&view);
    return chosen;
}

static bool is_known_to_serve(const struct sx_routing *routing, const struct sx_resource *resource,
                              const void *user)
{
    (void)user;
    return sx_features_has(routing->features, resource->jid, SX_NS_SOAP, sx_clock_now_us()) == 1;
}

/* Tells all of those that don't say whether they serve; whether there are any, and the first. */
static bool find_unknown(const struct sx_routing *routing, const struct sx_roster_view *view,
                         sx_routing_ask_fn *ask, void *user, char **unknown)
{
    const char *first = NULL;
    unsigned i;
    for (i = 0; i < view->count; i++) {
        const char *jid = view->resources[i].jid;
        if (sx_features_has(routing->features, jid, SX_NS_SOAP, sx_clock_now_us()) >= 0)
            continue;
        if (!first)
            first = jid;
        if (ask)
            ask(user, jid);
    }
    *unknown = first ? strdup(first) : NULL;
    return first != NULL;
}

bool sx_routing_look(const struct sx_routing *routing, const char *to, sx_routing_ask_fn *ask,
                     void *user, char **chosen, uint64_t *version, char **unknown)
{
    struct sx_roster_view view;
    char bare[SX_JID_BYTES];
    bool is_any_marked, is_known;
    sx_jid_bare(to, bare, sizeof bare);
    sx_roster_list(routing->roster, bare, &view);
    *version = view.version;
    is_any_marked = is_marked_any(&view);
    is_known = is_any_marked || !find_unknown(routing, &view, ask, user, unknown);
    if (is_known) {
        keep(routing, &view, is_any_marked ? is_marked : is_known_to_serve, NULL);
        *chosen = pick(routing, bare, &view);
    }
    sx_roster_view_fini(&view);
    return is_known;
}

bool sx_routing_has_come(const struct sx_routing *routing, const char *to, uint64_t version)
{
    char bare[SX_JID_BYTES];
    sx_jid_bare(to, bare, sizeof bare);
    return sx_roster_await(routing->roster, bare, version, 0, 0);
}

bool sx_routing_choose_again(const struct sx_routing *routing, const char *to, const char *chosen,
                             uint64_t version, int64_t deadline)
{
    char bare[SX_JID_BYTES];
    if (chosen) {
        sx_roster_take_out(routing->roster, chosen);
        return sx_clock_now_us() < deadline;
    }
    sx_jid_bare(to, bare, sizeof bare);
    return sx_roster_await(routing->roster, bare, version, SX_ROUTING_SETTLE_US, deadline);
}

/* ---- a call moves ---- */

/* Whether a call can move there without a question: to who runs each id once, and says under which
 * incarnation. An old one costs another copy: the peer says stale, and the new one. */
static bool can_take(const struct sx_routing *routing, const struct sx_resource *resource,
                     const void *user)
{
    const struct sx_reroute *reroute = user;
    (void)routing;
    return resource->mark.serves && resource->mark.incarnation[0] &&
           (resource->mark.packs || !reroute->is_packed);
}

/* The freshest incarnation known of it. */
static void find_incarnation(const struct sx_routing *routing, const struct sx_roster_view *view,
                             const char *jid, char incarnation[SX_INCARNATION_BYTES])
{
    unsigned i;
    if (sx_features_incarnation(routing->features, jid, sx_clock_now_us(), incarnation,
                                SX_INCARNATION_BYTES) == 1)
        return;
    for (i = 0; i < view->count; i++)
        if (strcmp(view->resources[i].jid, jid) == 0)
            memcpy(incarnation, view->resources[i].mark.incarnation, SX_INCARNATION_BYTES);
}

static bool move_call(const struct sx_routing *routing, const struct sx_reroute *reroute,
                      unsigned bounced)
{
    char incarnation[SX_INCARNATION_BYTES] = "", bare[SX_JID_BYTES], *chosen;
    struct sx_roster_view view;
    bool moved = false;
    sx_jid_bare(reroute->peer, bare, sizeof bare);
    sx_roster_list(routing->roster, bare, &view);
    keep(routing, &view, can_take, reroute);
    chosen = pick(routing, bare, &view);
    if (chosen) {
        find_incarnation(routing, &view, chosen, incarnation);
        moved = sx_reroute_move(routing->exchange, reroute->id, bounced, chosen, incarnation);
    }
    if (moved)
        sx_trace(sx_session_trace(routing->session), SOAP_XMPP_TRACE_DEBUG,
                 "call %s moves on to %s", reroute->id, chosen);
    free(chosen);
    sx_roster_view_fini(&view);
    return moved;
}

bool sx_routing_move(const struct sx_routing *routing, const char *from, const char *id,
                     const struct sx_reply *reply)
{
    unsigned bounced = reply->delivery.refused_all ? SX_REROUTE_ALL : SX_REROUTE_ONE;
    struct sx_reroute reroute;
    /* Of all conditions this one says that this resource is of no use, and others may be. */
    if (!routing->roster || !from || reply->err != SX_ESTANZA || reply->delivery.stale_for[0] ||
        strcmp(reply->condition, "service-unavailable") != 0 ||
        !sx_reroute_judge(routing->exchange, from, id, bounced, &reroute))
        return false;
    sx_roster_take_out(routing->roster, reroute.peer);
    return reroute.may_move && move_call(routing, &reroute, bounced);
}

/* ---- somebody comes or goes ---- */

static bool move_portion(const void *user, const char *bare)
{
    const struct sx_routing *routing = user;
    struct sx_reroute reroute;
    unsigned calls;
    for (calls = 0; calls < PORTION_CALLS; calls++)
        if (!sx_reroute_find(routing->exchange, bare, &reroute) || !move_call(routing, &reroute, 0))
            return false;
    return true;
}

static void move_waiting(const struct sx_routing *routing, const char *bare)
{
    sx_backlog_begin(routing->backlog, bare, move_portion, routing);
}

void sx_routing_note_available(const struct sx_routing *routing, const char *jid,
                               const struct sx_presence_mark *mark)
{
    char bare[SX_JID_BYTES];
    if (sx_jid_equal(jid, sx_session_own_jid(routing->session)))
        return; /* our own, which the server sends back (RFC 6121 4.2.2) */
    sx_roster_put(routing->roster, jid, mark);
    sx_trace(sx_session_trace(routing->session), SOAP_XMPP_TRACE_DEBUG, "%.300s is there%s", jid,
             mark->serves ? ", and serves" : "");
    sx_jid_bare(jid, bare, sizeof bare);
    if (mark->serves)
        move_waiting(routing, bare);
}

void sx_routing_note_gone(const struct sx_routing *routing, const char *jid)
{
    char bare[SX_JID_BYTES];
    if (!sx_roster_take_out(routing->roster, jid))
        return;
    sx_trace(sx_session_trace(routing->session), SOAP_XMPP_TRACE_DEBUG, "%.300s is gone", jid);
    sx_features_forget(routing->features, jid); /* who comes back may be another process */
    sx_jid_bare(jid, bare, sizeof bare);
    move_waiting(routing, bare);
}

int64_t sx_routing_step(const struct sx_routing *routing)
{
    return sx_backlog_step(routing->backlog, move_portion, routing);
}
