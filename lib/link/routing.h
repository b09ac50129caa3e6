/* routing.h - calls to a bare JID: which of its live resources they go to, and when they go
 * elsewhere.
 *
 * Noun: the routing. roster.h knows who is there, policy.h which of them has its turn, reroute.h
 * when a call may move; here they meet.
 *
 * Invariant: a resource is chosen only if it serves: it says so in its presence, or has listed SOAP
 * in disco#info, for which those without a mark are asked only while nobody of the account has one.
 * Who has answered service-unavailable isn't chosen again before it has sent presence anew.
 *
 * Thread: applies, choose, look, has_come and choose_again on the caller's, all else on the loop
 * thread.
 */
#ifndef SX_LINK_ROUTING_H
#define SX_LINK_ROUTING_H

#include "link/backlog.h"
#include "link/query.h"
#include "peers/policy.h"
#include "peers/roster.h"

/* Immutable; all outlive it. */
struct sx_routing {
    struct sx_session *session;
    struct sx_exchange *exchange;
    struct sx_features *features;
    const struct sx_query *query;
    struct sx_roster *roster; /* NULL: the link takes no notice of presence; so policy */
    struct sx_policy *policy;
    struct sx_backlog *backlog; /* accounts with more calls to move than a portion; loop thread */
};

/* ---- a call begins ---- */

/* Whether a call to this JID goes to whichever resource of it is there. */
bool sx_routing_applies(const struct sx_routing *routing, const char *to, bool any_resource);

/* If so: the resource, malloc'ed; NULL: nobody known to be there serves, the default one it is. May
 * ask those who don't say whether they serve, until the deadline. *version is that of the list from
 * which it was chosen (roster.h). */
char *sx_routing_choose(const struct sx_routing *routing, const char *to, int64_t deadline,
                        uint64_t *version);

/* The same without asking anybody. False: that isn't known before the resource *unknown (malloc'ed;
 * NULL: no memory) has said whether it serves; each of those is told to ask, unless that is NULL.
 */
typedef void sx_routing_ask_fn(void *user, const char *jid);
bool sx_routing_look(const struct sx_routing *routing, const char *to, sx_routing_ask_fn *ask,
                     void *user, char **chosen, uint64_t *version, char **unknown);

/* Whether somebody of that account has come since that version. */
bool sx_routing_has_come(const struct sx_routing *routing, const char *to, uint64_t version);

/* After a login: until when it isn't known who is there. */
enum { SX_ROUTING_SETTLE_US = 2000000 };

/* What was chosen (NULL: the default one) of this version isn't there. Whether another choice is
 * worth it: there is one less to choose from, or somebody has come. */
bool sx_routing_choose_again(const struct sx_routing *routing, const char *to, const char *chosen,
                             uint64_t version, int64_t deadline);

/* ---- a call moves ---- */

/* An error has come for a call. Whether that has moved to another resource, and the error is of no
 * interest any longer. */
bool sx_routing_move(const struct sx_routing *routing, const char *from, const char *id,
                     const struct sx_reply *reply);

/* Somebody is there (a full JID), or isn't any longer (a bare JID: all of its resources). Calls
 * that wait for a resource that is gone move, a portion of them at once, the rest with the next
 * steps. */
void sx_routing_note_available(const struct sx_routing *routing, const char *jid,
                               const struct sx_presence_mark *mark);
void sx_routing_note_gone(const struct sx_routing *routing, const char *jid);

/* Moves the next portion. When to ask again: 0 (at once), or SX_NEVER if nothing is left. */
int64_t sx_routing_step(const struct sx_routing *routing);

#endif
