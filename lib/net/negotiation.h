/* negotiation.h - the server's own stanzas: TLS, SASL, features, resource binding, stream errors.
 *
 * Thread: the loop thread.
 */
#ifndef SX_NET_NEGOTIATION_H
#define SX_NET_NEGOTIATION_H

#include "net/stream.h"
#include "wire/element.h"

/* Records what the features with their limits (XEP-0478), <success/>, <failure/> (RFC 6120 6), a
 * refused <bind/> (7.7.2) and <stream:error/> (4.9) tell, each time the newest. SX_OK: give the
 * stanza to libstrophe. SX_ESTREAM, SX_EPROTOCOL, SX_ETLS, SX_ENOMEM, with *why one clause:
 * libstrophe 0.12.2 would crash on it, or be kept busy, or wait in vain. */
enum sx_err sx_negotiation_inspect(struct sx_stream *stream, const struct sx_element *stanza,
                                   const char **why);

/* Whether libstrophe begins the TLS handshake with this stanza. */
bool sx_negotiation_begins_tls(const struct sx_stream *stream, const struct sx_element *stanza);

#endif
