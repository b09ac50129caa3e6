/* receive.h - what a stanza that came means: an answer for a call, a request to serve, a question,
 * presence.
 *
 * Noun: the reception, by name and type of the stanza: receive_reply.c, receive_request.c,
 * receive_message.c, receive_presence.c; receive.c chooses among them.
 *
 * Invariant: every get and set is answered exactly once (RFC 6120 8.2.3): here at once, or by the
 * worker to which the request was handed. Results and errors are never answered, nor is what comes
 * to a component without `from`: it has no account whose server that could be.
 *
 * Thread: the loop thread.
 */
#ifndef SX_LINK_RECEIVE_H
#define SX_LINK_RECEIVE_H

#include "link/reception.h"

/* The stanza that the stream delivers in the session of this number; stanza is its tree, NULL when
 * it holds nothing but, perhaps, an envelope. */
void sx_receive_stanza(const struct sx_reception *reception, uint64_t number,
                       const struct sx_element *stanza, struct sx_stream *stream);

#endif
