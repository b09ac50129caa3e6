/* component.h - a link whose JID is a domain: a component of its server (XEP-0114).
 *
 * Noun: the component. It logs in by a secret that it shares with its server, on a port of its own,
 * without TLS and without binding a resource; all that is addressed to the domain, whatever node or
 * resource, is handed to it, and it says itself which of these JIDs speaks (struct sx_head).
 */
#ifndef SX_NET_COMPONENT_H
#define SX_NET_COMPONENT_H

#include <stdbool.h>
#include <strophe.h>

#include "base/fault.h"

/* As xmpp_connect_client(), with the address of the server; ctx is conn's own. conn has JID and
 * password. XMPP_EOK, or another value: nothing was begun, and what memory was short of, or the
 * socket, is for the caller to find out. Loop thread. */
int sx_component_connect(xmpp_conn_t *conn, xmpp_ctx_t *ctx, const char *literal,
                         unsigned short port, xmpp_conn_handler handler, void *user);

/* What a stream error (RFC 6120 4.9.3) says about an attempt to log in: SX_EAUTH for a secret that
 * is refused; a domain that another process holds is SX_ESTREAM, as everything else, because that
 * process may be a dead one that the server hasn't noticed yet. */
enum sx_err sx_component_judge_login(const char *condition);

/* One clause on it for who reads traces: "" if the condition says all there is. */
const char *sx_component_explain_login(const char *condition);

#endif
