/* retry.h - kept calls: to a peer that runs each id once, so that they may be sent again.
 *
 * A kept call holds its payload. The loss of the connection doesn't end it, nor does a bounce from
 * a server on the way. It is due again: at once on the next connection, else after 2 s, 4 s, ... 30
 * s without an answer, until its deadline. Thread: any; the exchange's mutex.
 */
#ifndef SX_EXCHANGE_RETRY_H
#define SX_EXCHANGE_RETRY_H

#include "exchange/copy.h"
#include "exchange/exchange.h"

/* Before the stanza is posted for the first time: keeps a copy of payload, and makes the id carry
 * the peer's incarnation ("any": several processes share the peer's JID). SX_ENOMEM: the call is as
 * it was. Another error: it has ended meanwhile with this, and must not be posted. */
enum sx_err sx_retry_keep(struct soap_xmpp_call *call, const char *incarnation, const char *payload,
                          size_t len);

/* The id under which the first copy of a kept call is counted, and may be posted. False, id is
 * untouched: the call was renewed meanwhile, and goes out under its new id when it is due. */
bool sx_retry_first_id(struct soap_xmpp_call *call, char id[SX_EXCHANGE_ID_BYTES]);

/* The kept call's first stanza could not be posted, because of err. Whether the call goes on all
 * the same: a lost connection makes it due, and a copy may have gone out meanwhile. Otherwise none
 * will: it is the caller's to release. */
bool sx_retry_unpost(struct soap_xmpp_call *call, enum sx_err err);

/* The connection is gone: kept calls with so much payload at most are due, the others end with err
 * and text. */
void sx_retry_lose(struct sx_exchange *exchange, enum sx_err err, const char *text,
                   size_t max_payload_bytes);

/* When the next kept call is due; SX_NEVER if none is. */
int64_t sx_retry_due_us(struct sx_exchange *exchange);

/* A copy (the caller's to fini) of a kept call that is due now, whose next time is set. False if
 * none is, or no memory. A copy that couldn't be posted is put back: it isn't under way. */
bool sx_retry_take_due(struct sx_exchange *exchange, int64_t now_us, struct sx_copy *copy);
void sx_retry_put_back(struct sx_exchange *exchange, const struct sx_copy *copy);

/* A copy of that call, by its id, was posted by now and may stand unread for long. */
void sx_retry_note_post(struct sx_exchange *exchange, const char *id);

/* Of what was posted before unread_us our server has read all. Calls that are due by now and of
 * which a copy isn't read are put off; once it is, their interval begins. Whether another call is
 * due. */
bool sx_retry_await_read(struct sx_exchange *exchange, int64_t now_us, int64_t unread_us);

/* Whether the reply (an error) leaves the call under way: a server's bounce, or a stale id while
 * the request can't have been run; in that case it is due again, with the peer's new incarnation.
 * If a call to a shared JID ends, reply's text may tell more. */
bool sx_retry_decide(struct sx_exchange *exchange, const char *from, const char *id,
                     struct sx_reply *reply);

/* ---- kept calls that fall back to plain envelopes ---- */

/* Whether this is a kept call with a packed payload (soap/payload.h), or a reference to one, to
 * that peer (NULL: to nobody). */
bool sx_retry_is_packed(struct sx_exchange *exchange, const char *peer, const char *id);

/* A copy of the first of those to that peer, which is one of them no longer: sx_retry_replace
 * follows. False: there is none, or no memory. */
bool sx_retry_take_packed(struct sx_exchange *exchange, const char *peer, struct sx_copy *copy);

/* In its place another payload (malloc'ed, taken), due at once. Unless the peer runs_once each id
 * it goes out once more at most, when no other copy can have been run. With payload NULL the call
 * ends with err and text instead. Once the call has ended nothing happens. */
void sx_retry_replace(struct sx_exchange *exchange, const char *id, char *payload, size_t len,
                      bool runs_once, enum sx_err err, const char *text);

/* The peer has this incarnation now: a call of which no copy is out gets another id for it, rather
 * than be called stale. */
void sx_retry_renew(struct sx_exchange *exchange, const char *id, const char *incarnation);

#endif
