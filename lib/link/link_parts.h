/* link_parts.h - the inside of a link, for link.c, api.c, call.c, answer.c, limit.c,
 * message_call.c, ping.c, fallback.c, announcement.c, routing.c and shipment.c alone. */
#ifndef SX_LINK_LINK_PARTS_H
#define SX_LINK_LINK_PARTS_H

#include <stdatomic.h>

#include "request/access.h"
#include "wire/jid.h"
#include "net/backoff.h"
#include "peers/policy.h"
#include "config/config.h"
#include "peers/features.h"
#include "link/receive.h"
#include "request/journal.h"
#include "link/link.h"
#include "link/session.h"
#include "net/loop.h"
#include "peers/roster.h"
#include "wire/stanza.h"

struct sx_shipments;
struct sx_payload;

struct soap_xmpp_link {
    /* immutable */
    struct sx_session *session;
    struct sx_reader_limits reading_limits;
    struct sx_exchange *exchange;
    struct sx_queue *inbound;
    struct sx_features *disco;
    struct sx_journal *journal;
    struct sx_access *access;
    struct sx_shipments *shipments;
    struct sx_roster *presence; /* NULL: the link takes no notice of it */
    struct sx_policy *choice;   /* with presence */
    struct sx_message_ids *names;
    /* atomic */
    atomic_uint references;
    atomic_bool told_nobody_may;
    /* loop thread */
    int64_t online_since_us; /* of the last session */
    struct sx_backoff backoff;
    struct sx_iq_refusals refusals, askers; /* askers: of those who want to see our presence */
    struct sx_checker *checker;
    int64_t doubted_us;
    bool told_to_serve; /* by the presence sent last */
    bool owes_greeting; /* that wasn't posted */
    unsigned unknown_names;
};

/* What is said to who has none: soap_xmpp_open() has returned NULL. */
#define SX_LINK_NONE "there is no link"

/* ---- call.c ---- */

struct sx_head sx_link_reply_head(const struct soap_xmpp_link *link,
                                  const struct sx_request *request);

/* Asks for disco#info, once online, and waits for the answer until the deadline, answer_us at most
 * (< 0: no less); remembers it. On SX_OK the reply is the caller's to fini. */
enum sx_err sx_link_ask(struct soap_xmpp_link *link, const char *jid, int64_t deadline,
                        int64_t answer_us, struct sx_reply *reply, char *why, size_t why_bytes);

/* It hasn't answered that: for some seconds it lists nothing, then it is asked again. */
void sx_link_note_silence(struct soap_xmpp_link *link, const char *jid);

/* Posts the kept calls that are due; when the next one is. Loop thread. */
int64_t sx_link_resend(struct soap_xmpp_link *link, uint64_t session);

/* What a call carries: its envelope packed, or checked and plain. SX_OK, else a clause in why:
 * SX_ETOOBIG over max_message_bytes, and what payload.h says. */
enum sx_err sx_link_make_payload(struct soap_xmpp_link *link, const struct sx_outgoing *out,
                                 bool packs, struct sx_payload *payload, char *why,
                                 size_t why_bytes);

/* ---- answer.c ---- */

/* Answers that the request was not run and won't be, and forgets it. */
void sx_link_decline(struct soap_xmpp_link *link, struct sx_request *request, const char *condition,
                     const char *text, int64_t deadline);

/* ---- limit.c ---- */

/* The largest stanza that may leave, as the servers may rewrite it; whether our server set the
 * limit (NULL allowed). */
size_t sx_link_outgoing_limit(struct soap_xmpp_link *link, bool *is_servers);

/* Whether a plain payload fits into a stanza that no server refuses, and into the queue; a message
 * with whatever id. False: why says size and limit. */
bool sx_link_may_send(struct soap_xmpp_link *link, const struct sx_payload *payload,
                      const struct sx_head *head, char *why, size_t why_bytes);

/* Whether it goes out in one stanza, with so many bytes more; false: why says why not. One that is
 * loose is too large even packed, and whoever asks can't send it in pieces. */
bool sx_link_fits(struct soap_xmpp_link *link, const char *what, const struct sx_payload *payload,
                  const struct sx_head *head, size_t more_bytes, bool is_message, char *why,
                  size_t why_bytes);

/* SX_ETOOBIG, with size and limit (max_message_bytes) in why. */
enum sx_err sx_link_refuse_size(struct soap_xmpp_link *link, const char *what, size_t bytes,
                                char *why, size_t why_bytes);

/* ---- message_call.c, called by call.c ---- */

/* sx_link_request for a message. */
enum sx_err sx_link_mail(struct soap_xmpp_link *link, const struct sx_outgoing *out,
                         struct soap_xmpp_call **call, char *why, size_t why_bytes);

/* ---- fallback.c, called by link.c on the loop thread ---- */

/* Asks the peer again what it understands, unless it has been asked just now. */
void sx_link_doubt(struct soap_xmpp_link *link, uint64_t session, const char *peer);

/* Calls that went out packed to this peer go out plain. */
void sx_link_fall_back(struct soap_xmpp_link *link, const char *peer);

/* ---- announcement.c, called by link.c on the loop thread ---- */

/* The session's presence, as the first stanza in it; again when serving has begun or ended. */
void sx_link_greet(struct soap_xmpp_link *link, uint64_t session);
void sx_link_greet_again(struct soap_xmpp_link *link, uint64_t session);

/* This bare JID asks to see our presence. */
void sx_link_admit(struct soap_xmpp_link *link, uint64_t session, const char *who);

/* ---- routing.c, called by call.c on any thread, by link.c on the loop thread ---- */

/* Whether a call to this JID goes to whichever resource of it is there. */
bool sx_link_roams(const struct soap_xmpp_link *link, const char *to, bool any_resource);

/* If so: the resource, malloc'ed; NULL: nobody known to be there serves, the default one it is. May
 * ask those who don't say whether they serve, until the deadline. *version is that of the company
 * from which it was chosen (roster.h). */
char *sx_link_choose(struct soap_xmpp_link *link, const char *to, int64_t deadline,
                     uint64_t *version);

/* What was chosen (NULL: the default one) of this version isn't there. Whether another choice is
 * worth it: there is one less to choose from, or somebody has come. */
bool sx_link_choose_again(struct soap_xmpp_link *link, const char *to, const char *chosen,
                          uint64_t version, int64_t deadline);

/* An error has come for a call. Whether that has moved on to another resource, and the error is of
 * no interest any longer. */
bool sx_link_give_way(struct soap_xmpp_link *link, const char *from, const char *id,
                      const struct sx_reply *reply);

/* A <presence/> has come. */
void sx_link_attend(struct soap_xmpp_link *link, uint64_t session, struct sx_element *stanza);

#endif
