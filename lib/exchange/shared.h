/* shared.h - kept calls to a JID that several processes share.
 *
 * For the files of exchange/ alone. All functions: with the exchange's mutex held, of calls of kind
 * SHARED that are under way.
 */
#ifndef SX_EXCHANGE_SHARED_H
#define SX_EXCHANGE_SHARED_H

#include "exchange/copy.h"
#include "exchange/table.h"

/* The copy that is due: id and payload are those of a first copy or of a later one, as it needs
 * them. It counts as sent, false: no memory, nothing has changed. */
bool sx_shared_make_copy_locked(struct soap_xmpp_call *call, struct sx_copy *copy);

/* Whether the error, to the copy with this id, leaves the call under way. If it ends for want of
 * anyone who knows, reply's text says so. */
bool sx_shared_decide_locked(struct soap_xmpp_call *call, const char *id, struct sx_reply *reply);

/* Nothing of this call is in the world any more: the next copy is a first one, under another id. */
void sx_shared_restart_locked(struct soap_xmpp_call *call);

#endif
