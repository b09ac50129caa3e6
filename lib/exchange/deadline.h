/* deadline.h - when a call's time is over, and waiting until then.
 *
 * For the files of exchange/ alone. All functions: with the exchange's mutex held; the two that
 * wait let it go meanwhile.
 */
#ifndef SX_EXCHANGE_DEADLINE_H
#define SX_EXCHANGE_DEADLINE_H

#include "exchange/table.h"

/* Ends those whose own deadline has passed: to be called first by whatever looks at what has ended.
 */
void sx_deadline_expire_locked(struct sx_exchange *exchange);

/* From now on readiness tells when a detached call has ended, at its deadline at the latest. */
void sx_deadline_join_locked(struct sx_exchange *exchange, struct sx_readiness *readiness);

/* Sets its own deadline; who waits for the first of them wakes up. */
void sx_deadline_set_locked(struct soap_xmpp_call *call, int64_t deadline);

/* Waits for cond, or until there is something to expire; false once the deadline has passed. */
bool sx_deadline_wait_locked(struct sx_exchange *exchange, pthread_cond_t *cond, int64_t deadline);

/* Waits until the call has ended, or (until_received) is received if that is sooner, or the
 * deadline, which ends it. Then moves its reply out; if there is none *reply is zero but for err.
 */
void sx_deadline_await_locked(struct soap_xmpp_call *call, int64_t deadline, bool until_received,
                              struct sx_reply *reply);

#endif
