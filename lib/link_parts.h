/* link_parts.h - the parts of a link, for link.c, outbound.c, fallback.c and shipment.c alone. */
#ifndef SX_LINK_PARTS_H
#define SX_LINK_PARTS_H

#include "config.h"
#include "disco.h"
#include "journal.h"
#include "link.h"
#include "loop.h"

const struct sx_config *sx_link_config(struct soap_xmpp_link *link);
struct sx_loop *sx_link_loop(struct soap_xmpp_link *link);
struct sx_disco *sx_link_disco(struct soap_xmpp_link *link);
struct sx_journal *sx_link_journal(struct soap_xmpp_link *link);

/* Waits until online, or until waiting is pointless. SX_OK and *session, else the reason with one
 * clause in why. */
enum sx_err sx_link_await_session(struct soap_xmpp_link *link, int64_t deadline, uint64_t *session,
                                  char *why, size_t why_bytes);

/* text into why, if the program wants it (NULL, 0 allowed). */
void sx_link_say(char *why, size_t why_bytes, const char *text);

/* ---- outbound.c, called by link.c ---- */

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

/* The stanza of a ping for our own server (malloc'ed, NULL: no memory). */
char *sx_link_ping(const char *own_jid, unsigned long number, size_t *len);

/* Posts the kept calls that are due; when the next one is. Loop thread. */
int64_t sx_link_resend(struct soap_xmpp_link *link, uint64_t session);

/* ---- fallback.c, called by link.c on the loop thread ---- */

/* Asks the peer again what it understands, unless it has been asked just now. */
void sx_link_doubt(struct soap_xmpp_link *link, uint64_t session, const char *peer);

/* Calls that went out packed to this peer go out plain. */
void sx_link_fall_back(struct soap_xmpp_link *link, const char *peer);

struct sx_shipments;
struct sx_shipments *sx_link_shipments(struct soap_xmpp_link *link);
struct sx_checker *sx_link_loop_checker(struct soap_xmpp_link *link); /* the loop thread's */
/* When sx_link_doubt() asked last. */
int64_t *sx_link_doubted_us(struct soap_xmpp_link *link);

#endif
