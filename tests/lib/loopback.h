/* loopback.h - what goes out of a link, within one process, for tests of gsoap/.
 *
 * Two links are paired: what one sends the other serves. They are real links that nothing connects
 * (sx_link_new); what stands here in the place of call.c, message_call.c and answer.c brings calls
 * and answers to the other one, without a server, without XML in between. For programs linked
 * without those three, and with --wrap=sx_session_await and --wrap=sx_session_await_online
 * (mk/tests.mk).
 */
#ifndef TESTS_LOOPBACK_H
#define TESTS_LOOPBACK_H

#include "link/link.h"

/* Ends like any link, with soap_xmpp_close(). Paired links must both be there while either sends.
 */
struct soap_xmpp_link *loopback_new(const char *jid);
void loopback_pair(struct soap_xmpp_link *a, struct soap_xmpp_link *b);

/* From now on requests fail as if the link weren't online. */
void loopback_set_offline(struct soap_xmpp_link *link, enum sx_err err);

/* What the next requests sent on this link get instead of reaching their peer: a stanza error, an
 * answer that is these bytes (NULL: empty), or silence. */
void loopback_answer_error(struct soap_xmpp_link *link, const char *condition, const char *text);
void loopback_answer_bytes(struct soap_xmpp_link *link, const char *envelope);
void loopback_answer_nothing(struct soap_xmpp_link *link);
void loopback_answer_normally(struct soap_xmpp_link *link);

/* The last request's envelope as it would go on the wire (sx_envelope_format's), its recipient and
 * action; valid until the next. */
const char *loopback_last_envelope(struct soap_xmpp_link *link);
const char *loopback_last_to(struct soap_xmpp_link *link);

/* Like the last recipient: the soapAction that came along, "" if none. */
const char *loopback_last_action(struct soap_xmpp_link *link);

/* Likewise the name that it got, "" if it has none. */
const char *loopback_last_name(struct soap_xmpp_link *link);

/* How many of the next attempts find the link offline before it is online again. */
void loopback_set_offline_times(struct soap_xmpp_link *link, enum sx_err err, int times);

/* A request with these very bytes, as a foreign program may send them (NULL: none); waits for the
 * reply. The caller ends reply with sx_reply_fini(). */
void loopback_request_bytes(struct soap_xmpp_link *link, const char *to, const char *envelope,
                            struct sx_reply *reply);

/* What the rules of the service let this link's requests do from now on: everything, unless set. */
void loopback_grant(struct soap_xmpp_link *link, enum sx_grant grant);

/* The action that they come with, beside their envelopes. */
void loopback_set_action(struct soap_xmpp_link *link, const char *action);

/* What a gSOAP timeout of 0 means; 60 s unless set. */
void loopback_set_timeout_us(struct soap_xmpp_link *link, int64_t timeout_us);

/* The last deadlines a request came with, as time left then. */
int64_t loopback_last_online_us(struct soap_xmpp_link *link);
int64_t loopback_last_room_us(struct soap_xmpp_link *link);

/* How many references to the link there are. */
int loopback_references(struct soap_xmpp_link *link);

/* Blocks until count requests were sent on the link, ever; false after 10 s. */
bool loopback_wait_sent(struct soap_xmpp_link *link, unsigned long count);

/* Completes every call under way with SX_ELOST. */
void loopback_break(struct soap_xmpp_link *link);

#endif
