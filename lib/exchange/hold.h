/* hold.h - calls whose bytes must be with the peer before they are sent themselves.
 *
 * Their payload is a reference to bytes that travel ahead (XEP-0047). Such a call is known by its
 * number (sx_exchange_number), since its id may change. Each function does nothing once the call
 * has ended. Thread: any; the exchange's mutex.
 */
#ifndef SX_EXCHANGE_HOLD_H
#define SX_EXCHANGE_HOLD_H

#include "exchange/exchange.h"

/* As sx_retry_keep, but no copy goes out before sx_hold_end. To keep and to hold are one step:
 * between two, a copy could go out while the caller's thread stands still. */
enum sx_err sx_hold_keep(struct soap_xmpp_call *call, const char *incarnation, const char *payload,
                         size_t len);

/* For the files of exchange/: to hold a call that is kept since just now. With the mutex held. */
void sx_hold_begin_locked(struct soap_xmpp_call *call);

/* The bytes have arrived: the call is due at once. */
void sx_hold_end(struct sx_exchange *exchange, uint64_t number);

/* The peer has refused a copy of the call under this id, because it lacks the bytes. True: the call
 * waits again (or still does, if that was said of an older copy), and *number is its number. False:
 * it is no such call, or this has happened too often. */
bool sx_hold_again(struct sx_exchange *exchange, const char *from, const char *id,
                   uint64_t *number);

/* Whether the call is under way, and has waited for its bytes or does so: they are wanted. */
bool sx_hold_is_wanted(struct sx_exchange *exchange, uint64_t number);

/* When the call ends at the latest; SX_NEVER: it has ended, or nobody waits for it yet. */
int64_t sx_hold_deadline(struct sx_exchange *exchange, uint64_t number);

/* The bytes won't be there in time: the call ends with SX_ESLOW. As below, it counts as not
 * executed only if no copy of it is out. */
void sx_hold_give_up(struct sx_exchange *exchange, uint64_t number, const char *text);

/* The bytes can't be brought to the peer: the call ends with the condition. It counts as not
 * executed only if no copy of it is out: a copy that still arrives may find the bytes there. */
void sx_hold_refuse(struct sx_exchange *exchange, uint64_t number, const char *condition,
                    const char *text);

#endif
