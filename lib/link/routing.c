/* routing.c - calls to a bare JID: which of its resources they go to, and when they go elsewhere.
 *
 * Noun: the roaming call, as the link sees it. roster.c knows who is there, policy.c the policy,
 * failover.c when a call may move; here they meet.
 *
 * Invariant: a resource is chosen only if it serves: it says so in its presence, or has listed SOAP
 * in disco#info, for which those without a mark are asked only while nobody of the account has one.
 * Who has answered service-unavailable isn't chosen again before it has sent presence anew.
 *
 * Happy path: choose -> the call goes there. It comes back: give_way -> another one. Somebody comes
 * or goes: attend -> those who wait for nobody move.
 * Nobody known, or nobody who serves: the default resource. Just after a login that may be because
 * not everybody has been told of yet; so who comes is waited for, but only if the default resource
 * isn't there either.
 *
 * Thread: choose and choose_again on the caller's, all else on the loop thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "link/link_parts.h"
#include "peers/roster.h"
#include "wire/namespaces.h"
#include "exchange/failover.h"
#include "wire/disco.h"

enum {
    SETTLE_US = 2000000, /* after a login: presence of those who are there has mostly come */
    ANSWER_US = 5000000  /* of who is asked whether it serves */
};

/* ---- candidates ---- */

typedef bool fits_fn(struct soap_xmpp_link *link, const struct sx_resource *resource, void *user);

/* Leaves only those that fit; how many. */
static unsigned sift(struct soap_xmpp_link *link, struct sx_roster_view *company, fits_fn *fits,
                     void *user)
{
    unsigned i, left = 0;
    for (i = 0; i < company->count; i++) {
        struct sx_resource resource = company->resources[i];
        bool stays = fits(link, &resource, user);
        if (stays)
            company->resources[left++] = resource;
        else
            free(resource.jid);
    }
    company->count = left;
    return left;
}

static bool is_marked(struct soap_xmpp_link *link, const struct sx_resource *resource, void *user)
{
    (void)link;
    (void)user;
    return resource->mark.serves;
}

/* A person's client, or a service of another make. */
static bool lists_soap(struct soap_xmpp_link *link, const struct sx_resource *resource, void *user)
{
    const int64_t *deadline = user;
    int listed = sx_features_has(link->disco, resource->jid, SX_NS_SOAP, sx_clock_now_us());
    struct sx_reply reply = {0};
    char why[1];
    if (listed >= 0)
        return listed == 1;
    if (sx_link_ask(link, resource->jid, *deadline, ANSWER_US, &reply, why, sizeof why) != SX_OK)
        return false;
    listed = reply.err == SX_OK && sx_disco_list_has(reply.features, SX_NS_SOAP);
    if (reply.err == SX_ETIMEOUT || reply.err == SX_ESTANZA)
        sx_link_note_silence(link, resource->jid);
    sx_reply_fini(&reply);
    return listed;
}

static bool is_marked_any(const struct sx_roster_view *company)
{
    unsigned i;
    for (i = 0; i < company->count; i++)
        if (company->resources[i].mark.serves)
            return true;
    return false;
}

/* One of them by the policy, malloc'ed; NULL: there is none, or no memory. */
static char *pick(struct soap_xmpp_link *link, const char *bare,
                  const struct sx_roster_view *company)
{
    const char *jids[SX_ROSTER_RESOURCES];
    unsigned loads[SX_ROSTER_RESOURCES] = {0}, i;
    if (company->count == 0)
        return NULL;
    for (i = 0; i < company->count; i++)
        jids[i] = company->resources[i].jid;
    if (sx_session_config(link->session)->policy == SOAP_XMPP_POLICY_LEAST_OUTSTANDING)
        sx_failover_loads(link->exchange, jids, loads, company->count);
    i = sx_policy_choose(link->choice, bare, jids, loads, company->count, sx_random_number());
    return strdup(jids[i]);
}

/* ---- a call begins ---- */

bool sx_link_roams(const struct soap_xmpp_link *link, const char *to, bool any_resource)
{
    return link->presence && any_resource && strchr(to, '@');
}

char *sx_link_choose(struct soap_xmpp_link *link, const char *to, int64_t deadline,
                     uint64_t *version)
{
    struct sx_roster_view company;
    char bare[SX_JID_BYTES], *chosen;
    sx_jid_bare(to, bare, sizeof bare);
    sx_roster_list(link->presence, bare, &company);
    *version = company.version;
    if (is_marked_any(&company))
        sift(link, &company, is_marked, NULL);
    else
        sift(link, &company, lists_soap, &deadline);
    chosen = pick(link, bare, &company);
    sx_roster_view_fini(&company);
    return chosen;
}

bool sx_link_choose_again(struct soap_xmpp_link *link, const char *to, const char *chosen,
                          uint64_t version, int64_t deadline)
{
    char bare[SX_JID_BYTES];
    if (chosen) {
        sx_roster_take_out(link->presence, chosen);
        return sx_clock_now_us() < deadline;
    }
    sx_jid_bare(to, bare, sizeof bare);
    return sx_roster_await(link->presence, bare, version, SETTLE_US, deadline);
}

/* ---- a call moves on ---- */

/* What a call can move to without a question: who runs each id once, and says under which
 * incarnation. An old one costs another copy: the peer says stale, and the new one. */
struct wish {
    bool is_packed;
};

static bool can_take_over(struct soap_xmpp_link *link, const struct sx_resource *resource,
                          void *user)
{
    const struct wish *wish = user;
    (void)link;
    return resource->mark.serves && resource->mark.incarnation[0] &&
           (resource->mark.packs || !wish->is_packed);
}

/* The freshest incarnation known of it. */
static void find_incarnation(struct soap_xmpp_link *link, const struct sx_roster_view *company,
                             const char *jid, char incarnation[SX_INCARNATION_BYTES])
{
    unsigned i;
    if (sx_features_incarnation(link->disco, jid, sx_clock_now_us(), incarnation,
                                SX_INCARNATION_BYTES) == 1)
        return;
    for (i = 0; i < company->count; i++)
        if (strcmp(company->resources[i].jid, jid) == 0)
            memcpy(incarnation, company->resources[i].mark.incarnation, SX_INCARNATION_BYTES);
}

static bool move(struct soap_xmpp_link *link, const struct sx_failover *mover, unsigned bounced)
{
    struct wish wish = {.is_packed = mover->is_packed};
    char incarnation[SX_INCARNATION_BYTES] = "", bare[SX_JID_BYTES], *chosen;
    struct sx_roster_view company;
    bool moved = false;
    sx_jid_bare(mover->peer, bare, sizeof bare);
    sx_roster_list(link->presence, bare, &company);
    sift(link, &company, can_take_over, &wish);
    chosen = pick(link, bare, &company);
    if (chosen) {
        find_incarnation(link, &company, chosen, incarnation);
        moved = sx_failover_move(link->exchange, mover->id, bounced, chosen, incarnation);
    }
    if (moved)
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_DEBUG, "call %s moves on to %s",
                 mover->id, chosen);
    free(chosen);
    sx_roster_view_fini(&company);
    return moved;
}

bool sx_link_give_way(struct soap_xmpp_link *link, const char *from, const char *id,
                      const struct sx_reply *reply)
{
    struct sx_failover mover;
    /* Of all conditions this one says that this resource is of no use, and others may be. */
    if (!link->presence || !from || reply->err != SX_ESTANZA || reply->delivery.stale_for[0] ||
        strcmp(reply->condition, "service-unavailable") != 0 ||
        !sx_failover_judge(link->exchange, from, id, &mover))
        return false;
    sx_roster_take_out(link->presence, mover.peer);
    return mover.may_move && move(link, &mover, 1);
}

/* ---- somebody comes or goes ---- */

static void move_stranded(struct soap_xmpp_link *link, const char *bare)
{
    struct sx_failover mover;
    bool moved = true;
    while (moved && sx_failover_find(link->exchange, bare, &mover))
        moved = move(link, &mover, 0);
}

static void note_available(struct soap_xmpp_link *link, const char *jid,
                           const struct sx_presence_mark *mark)
{
    char bare[SX_JID_BYTES];
    if (sx_jid_equal(jid, sx_session_own_jid(link->session)))
        return; /* our own, which the server sends back (RFC 6121 4.2.2) */
    sx_roster_put(link->presence, jid, mark);
    sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_DEBUG, "%.300s is there%s", jid,
             mark->serves ? ", and serves" : "");
    sx_jid_bare(jid, bare, sizeof bare);
    if (mark->serves)
        move_stranded(link, bare);
}

static void note_gone(struct soap_xmpp_link *link, const char *jid)
{
    char bare[SX_JID_BYTES];
    if (!sx_roster_take_out(link->presence, jid))
        return;
    sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_DEBUG, "%.300s is gone", jid);
    sx_features_forget(link->disco, jid); /* who comes back may be another process */
    sx_jid_bare(jid, bare, sizeof bare);
    move_stranded(link, bare);
}

void sx_link_attend(struct soap_xmpp_link *link, uint64_t session, struct sx_element *stanza)
{
    const char *from = sx_element_attribute(stanza, "from");
    struct sx_presence_mark mark;
    enum sx_presence_kind kind = sx_presence_read(stanza, &mark);
    char *jid = NULL, bare[SX_JID_BYTES];
    if (!from || sx_jid_parse(from, NULL, &jid, NULL, 0) != SX_OK)
        return;
    sx_jid_bare(jid, bare, sizeof bare);
    switch (kind) {
    case SX_PRESENCE_AVAILABLE:
        note_available(link, jid, &mark);
        break;
    case SX_PRESENCE_GONE:
        note_gone(link, jid);
        break;
    case SX_PRESENCE_SUBSCRIBE:
        sx_link_admit(link, session, bare);
        break;
    case SX_PRESENCE_SUBSCRIBED:
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_INFO,
                 "%.200s lets us see its presence", bare);
        break;
    case SX_PRESENCE_UNSUBSCRIBED:
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_INFO,
                 "%.200s doesn't let us see its presence", bare);
        note_gone(link, bare);
        break;
    case SX_PRESENCE_NONE:
        break;
    }
    free(jid);
}
