/* link_parts.h - the inside of a link, for link.c, owner.c, outbound.c, fallback.c, greeting.c and
 * shipment.c alone. */
#ifndef SX_LINK_PARTS_H
#define SX_LINK_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "access.h"
#include "address.h"
#include "backoff.h"
#include "config.h"
#include "disco.h"
#include "iq.h"
#include "journal.h"
#include "link.h"
#include "loop.h"
#include "stanza.h"

enum { SX_LINK_MAX_UNTOLD = 2 };

/* A change of state that is still to be told. */
struct sx_transition {
    enum soap_xmpp_state_value before, after;
    char reason[sizeof((struct sx_failure *)0)->text];
};

struct sx_shipments;

struct soap_xmpp_link {
    /* immutable */
    struct sx_config config;
    struct sx_reading_limits reading_limits;
    struct sx_trace trace;
    struct sx_loop *loop;
    struct sx_exchange *exchange;
    struct sx_inbound *inbound;
    struct sx_disco *disco;
    struct sx_journal *journal;
    struct sx_access *access;
    struct sx_shipments *shipments;
    /* atomic */
    atomic_uint references;
    atomic_bool told_nobody_may;
    /* loop thread */
    int64_t online_since_us; /* of the last session */
    struct sx_backoff backoff;
    unsigned long pings;
    struct sx_iq_refusals refusals;
    struct sx_checker *checker;
    int64_t doubted_us;
    unsigned unknown_names;
    char own_jid[SX_JID_BYTES];
    /* under mu */
    pthread_mutex_t mu;
    pthread_cond_t changed;
    enum soap_xmpp_state_value state;
    uint64_t session; /* while ONLINE */
    struct sx_failure failure;
    char bound_jid[SX_JID_BYTES];
    bool kicked; /* another attempt is certain, whatever the state says */
    bool stop_begun;
    unsigned waiting_calls; /* for ONLINE */
    struct sx_transition untold[SX_LINK_MAX_UNTOLD];
    unsigned untold_count;
    bool telling;
};

/* ---- link.c ---- */

/* Waits until online, or until waiting is pointless. SX_OK and *session, else the reason with one
 * clause in why. */
enum sx_err sx_link_await_session(struct soap_xmpp_link *link, int64_t deadline, uint64_t *session,
                                  char *why, size_t why_bytes);

/* The same for who asks nothing of the link: it isn't counted among the calls that wait. */
enum sx_err sx_link_await_online(struct soap_xmpp_link *link, int64_t deadline, uint64_t *session,
                                 char *why, size_t why_bytes);

/* text into why, if the program wants it (NULL, 0 allowed). */
void sx_link_say(char *why, size_t why_bytes, const char *text);

/* ---- outbound.c, called by link.c ---- */

/* What a stanza of ours says it is from: NULL, but for a component (see stanza.h). A call; the
 * answer to a request. */
const char *sx_link_stamp(const struct soap_xmpp_link *link);
struct sx_head sx_link_reply_head(const struct soap_xmpp_link *link,
                                  const struct sx_request *request);

/* Posts an answer (malloc'ed, taken); one that can't be posted is traced. */
void sx_link_post_answer(struct soap_xmpp_link *link, uint64_t session, char *stanza, size_t len,
                         int64_t deadline);

/* The largest stanza that may leave, as the servers may rewrite it; whether our server set the
 * limit (NULL allowed). */
size_t sx_link_outgoing_limit(struct soap_xmpp_link *link, bool *is_servers);

/* Whether a plain payload fits into a stanza that no server refuses, and into the queue; false: why
 * says size and limit. */
struct sx_payload;
bool sx_link_may_send(struct soap_xmpp_link *link, const struct sx_payload *payload, const char *to,
                      const char *id, char *why, size_t why_bytes);

/* Answers that the request was not run and won't be, and forgets it. */
void sx_link_decline(struct soap_xmpp_link *link, struct sx_request *request, const char *condition,
                     const char *text, int64_t deadline);

/* The stanza of a ping for our own server (malloc'ed, NULL: no memory). Loop thread. */
char *sx_link_ping(struct soap_xmpp_link *link, unsigned long number, size_t *len);

/* Posts the kept calls that are due; when the next one is. Loop thread. */
int64_t sx_link_resend(struct soap_xmpp_link *link, uint64_t session);

/* ---- fallback.c, called by link.c on the loop thread ---- */

/* Asks the peer again what it understands, unless it has been asked just now. */
void sx_link_doubt(struct soap_xmpp_link *link, uint64_t session, const char *peer);

/* Calls that went out packed to this peer go out plain. */
void sx_link_fall_back(struct soap_xmpp_link *link, const char *peer);

/* ---- greeting.c, called by link.c on the loop thread ---- */

/* The session's presence, as the first stanza in it. */
void sx_link_greet(struct soap_xmpp_link *link, uint64_t session);

#endif
