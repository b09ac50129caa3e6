/* negotiation.h - the server's own stanzas: SASL, stream features, stream errors.
 *
 * Thread: the loop thread.
 */
#ifndef SX_NEGOTIATION_H
#define SX_NEGOTIATION_H

#include "stream.h"

/* Records what <success/>, <failure/> (RFC 6120 6), <stream:error/> (4.9) and the limits in the
 * features (XEP-0478) tell, each time the newest. SX_OK: give the stanza to libstrophe.
 * SX_ESTREAM, SX_EPROTOCOL, with *why one clause: libstrophe 0.12.2 would crash on it. */
enum sx_err sx_negotiation_inspect(struct sx_stream *stream, xmpp_stanza_t *stanza,
                                   const char **why);

#endif
