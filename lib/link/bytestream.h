/* bytestream.h - big messages that arrive in pieces, as a bytestream (XEP-0047).
 *
 * Noun: the bytestream that a peer opens here. Its bytes wait in the receiver
 * (transfer/receiver.h) until the stanza comes that refers to them. A stanza that closes one may
 * also be about a bytestream of ours (shipments.h).
 *
 * Invariant: each stanza of a bytestream is answered, once.
 *
 * Happy path: open, if its sender may send bytes here -> data ... -> close. Failure: refused with
 * the condition that XEP-0047 has for it.
 *
 * Thread: the loop thread.
 */
#ifndef SX_LINK_BYTESTREAM_H
#define SX_LINK_BYTESTREAM_H

#include "link/admission.h"
#include "link/incoming.h"
#include "link/shipments.h"
#include "transfer/receiver.h"

/* Immutable; all outlive it. */
struct sx_bytestream {
    struct sx_session *session;
    struct sx_exchange *exchange;
    struct sx_queue *queue;
    struct sx_journal *journal;
    struct sx_access *access;
    struct sx_shipments *shipments;
    struct sx_receiver *receiver;
    struct sx_admission *admission;
};

/* The receiver that a link needs; NULL: no memory. The exchange outlives it. */
struct sx_receiver *sx_bytestream_new_receiver(const struct sx_session *session,
                                               struct sx_exchange *exchange);

/* Whether it is <open/>, <data/> or <close/>. NULL is none. */
bool sx_bytestream_is(const struct sx_element *element);

/* Answers an iq that holds such an element. */
void sx_bytestream_receive(const struct sx_bytestream *bytestream,
                           const struct sx_incoming *incoming, const struct sx_element *element,
                           struct sx_stream *stream);

/* Gives up what nobody has gone on with; when it wants to be asked again. */
int64_t sx_bytestream_step(const struct sx_bytestream *bytestream);

#endif
