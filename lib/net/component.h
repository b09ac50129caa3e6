/* component.h - a link whose JID is a domain: a component of its server (XEP-0114).
 *
 * Noun: the component. It logs in by a secret that it shares with its server, on a port of its own,
 * without TLS and without binding a resource; all that is addressed to the domain, whatever node or
 * resource, is handed to it, and it says itself which of these JIDs speaks (struct sx_head).
 *
 * Thread: any. Nothing blocks.
 */
#ifndef SX_NET_COMPONENT_H
#define SX_NET_COMPONENT_H

#include <stdbool.h>

#include "base/fault.h"

enum { SX_COMPONENT_HANDSHAKE_BYTES = 41 }; /* SHA-1 in hexadecimal digits, with NUL */

/* What <handshake/> says: that we know the secret, for the stream of this id (XEP-0114 3). False:
 * no memory. */
bool sx_component_prove(const char *id, const char *secret, char out[SX_COMPONENT_HANDSHAKE_BYTES]);

/* What a stream error (RFC 6120 4.9.3) says about an attempt to log in: SX_EAUTH for a secret that
 * is refused; a domain that another process holds is SX_ESTREAM, as everything else, because that
 * process may be a dead one that the server hasn't noticed yet. */
enum sx_err sx_component_judge_login(const char *condition);

/* One clause on it for who reads traces: "" if the condition says all there is. */
const char *sx_component_explain_login(const char *condition);

#endif
