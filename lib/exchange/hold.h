/* hold.h - calls whose bytes must be with the peer before they are sent themselves.
 *
 * Their payload is a reference to bytes that travel ahead (XEP-0047). Such a call is known by its
 * number (sx_exchange_number), since its id may change. Each function does nothing once the call
 * has ended. Thread: any; the exchange's mutex.
 */
#ifndef SX_EXCHANGE_HOLD_H
#define SX_EXCHANGE_HOLD_H

#include "exchange/exchange.h"

/* After sx_retry_keep, in the place of the first post: the call isn't due before sx_hold_end.
 * False: its bytes aren't wanted, since it has ended, or has fallen back to a plain payload and may
 * be due.
 */
bool sx_hold_begin(struct soap_xmpp_call *call);

/* The bytes have arrived: the call is due at once. */
void sx_hold_end(struct sx_exchange *exchange, uint64_t number);

/* The peer has refused the call under this id, because it lacks the bytes. True: the call waits
 * again (or still does, if that was said of an older copy), and *number is its number. False: it is
 * no such call, or this has happened too often. */
bool sx_hold_again(struct sx_exchange *exchange, const char *from, const char *id,
                   uint64_t *number);

/* Whether the call is under way, and has waited for its bytes or does so: they are wanted. */
bool sx_hold_is_wanted(struct sx_exchange *exchange, uint64_t number);

/* The bytes can't be brought to the peer: the call ends as refused by it, not executed. */
void sx_hold_refuse(struct sx_exchange *exchange, uint64_t number, const char *condition,
                    const char *text);

#endif
