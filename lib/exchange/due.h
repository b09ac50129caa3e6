/* due.h - when a kept call goes out again, as far as the clock decides.
 *
 * For the files of exchange/ alone. All functions: with the exchange's mutex held, of calls that
 * are kept (sx_table_is_kept_locked).
 */
#ifndef SX_EXCHANGE_DUE_H
#define SX_EXCHANGE_DUE_H

#include "exchange/table.h"

/* The first one, if it is due by now. NULL: none is. */
struct soap_xmpp_call *sx_due_first_locked(const struct sx_exchange *exchange, int64_t now_us);

/* A call gets its payload: due after the first interval. */
void sx_due_begin_locked(struct soap_xmpp_call *call);

/* Another time; SX_NEVER: not by the clock. A HELD call stays out: it is never due. */
void sx_due_set_locked(struct soap_xmpp_call *call, int64_t due_us);

/* A copy goes out, or can't for want of memory: the next one is due after the interval, which
 * doubles, up to 30 s. */
void sx_due_put_off_locked(struct soap_xmpp_call *call, int64_t now_us);

/* The call is due. Whether it waits all the same: our server hasn't read its copy, or had not when
 * this was asked before, so that the interval begins now. Of what was posted before unread_us all
 * has been read. */
bool sx_due_await_read_locked(struct soap_xmpp_call *call, int64_t now_us, int64_t unread_us);

/* As put_off, but the interval begins anew. */
void sx_due_restart_locked(struct soap_xmpp_call *call, int64_t due_us);

/* The peer is absent: due again soon, then ever more seldom. */
void sx_due_await_return_locked(struct soap_xmpp_call *call);

/* The copy that the peer calls stale is the only one: another id for that incarnation, due at once;
 * false if this has happened too often. */
bool sx_due_renew_locked(struct soap_xmpp_call *call, const char *incarnation);

#endif
