/* message_call.h - answers that were found, on their way to next_done and out of the exchange.
 *
 * For exchange.c alone; what the link and gSOAP call of message_call.c stands in exchange.h.
 */
#ifndef SX_EXCHANGE_MESSAGE_CALL_H
#define SX_EXCHANGE_MESSAGE_CALL_H

#include "exchange/table.h"

/* What next_done returns is the program's, with the mutex held. */
void sx_message_call_take_locked(struct soap_xmpp_call *call);

/* Frees those that nobody took; the exchange is about to be freed. */
void sx_message_call_drop_all(struct sx_exchange *exchange);

#endif
