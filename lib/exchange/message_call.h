/* message_call.h - calls whose stanza is a message.
 *
 * Sent once, since servers store and forward a message. An iq behind it, to our own server, is its
 * *receipt*: when that is answered the message has been taken, and from then on the loss of the
 * connection doesn't end the call. Its answer may come from any resource of the account that was
 * asked, and to another process than the one that asked: that answer is *found*.
 *
 * Thread: any; the exchange's mutex.
 */
#ifndef SX_EXCHANGE_MESSAGE_CALL_H
#define SX_EXCHANGE_MESSAGE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "exchange/reply.h"

struct soap_xmpp_call;
struct sx_exchange;

/* Before the stanza is posted: it is a message. Its id is that of now with suffix behind it; name
 * (NULL: none) is what next_done's caller gets to read. Both are copied. SX_ENOMEM: the call is as
 * it was. Another error: it has ended meanwhile with this, and must not be posted. */
enum sx_err sx_message_call_set(struct soap_xmpp_call *call, const char *suffix, const char *name);

bool sx_message_call_is_one(const struct soap_xmpp_call *call);
const char *sx_message_call_name(const struct soap_xmpp_call *call); /* "" if it has none */

/* Writes the receipt's id. */
enum { SX_RECEIPT_ID_BYTES = 128 };
void sx_message_call_receipt_id(const struct soap_xmpp_call *call, char id[SX_RECEIPT_ID_BYTES]);

/* Whether the answer of an iq, which must be our own server's, is that to a receipt; the call is
 * then received, if it is under way. */
bool sx_message_call_take_receipt(struct sx_exchange *exchange, const char *id);

/* As wait, but no longer than until the call is received: SX_OK, the reply is empty, and the call
 * goes on. */
void sx_message_call_wait_received(struct soap_xmpp_call *call, int64_t deadline,
                                   struct sx_reply *reply);

/* From now on next_done waits even if no call is under way, for answers to calls of an earlier
 * process of the program, up to so many bytes of envelopes and max_calls of them at once. */
void sx_message_call_expect_found(struct sx_exchange *exchange, size_t max_bytes);

/* An answer whose name is proven has come: completes the call under way with this id, if it is from
 * its peer. Otherwise it answers a call of an earlier process, or one that was given up: next_done
 * returns it as a call by that name to `from`, which is done, and *found is true. Takes over what
 * reply owns in any case. SX_EFULL, SX_ENOMEM, SX_ESTOPPED: it is lost, and SX_ENOMEM ends a call
 * under way. */
enum sx_err sx_message_call_complete(struct sx_exchange *exchange, const char *from, const char *id,
                                     const char *name, struct sx_reply *reply, bool *found);

/* Of a call that complete has found, when next_done has returned it: true once, since nobody
 * holds a reference to the owner for it yet. */
bool sx_message_call_claim(struct soap_xmpp_call *call);

/* ---- for exchange.c ---- */

/* What next_done returns is the program's. With the mutex held. */
void sx_message_call_take_locked(struct soap_xmpp_call *call);

/* Frees those that were found and that nobody took; the exchange is about to be freed. */
void sx_message_call_drop_all(struct sx_exchange *exchange);

#endif
