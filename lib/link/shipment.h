/* shipment.h - big messages of one link: what goes ahead of a call or an answer as a bytestream,
 * and what has come so.
 *
 * Noun: the shipment, a call or an answer whose packed bytes are too large for a stanza, with the
 * transfer (sender.h) that carries them. What arrives waits in the intake (receiver.h) until the
 * stanza comes that refers to it.
 *
 * Invariant: a stanza that refers to bytes goes out only after the peer has acknowledged them all.
 * A shipment lives as long as its call is wanted, or until its answer has gone out or is given up.
 *
 * Happy path: a call is held (hold.c) and added -> step posts its blocks -> delivered: the call is
 * let go. An answer is added -> step -> delivered: it is remembered (journal.h) and posted.
 * Failure: the peer lost the bytes: the call is held again, the same bytes travel anew. Refused:
 * the call ends with the peer's condition; an answer becomes internal-server-error. Nobody
 * acknowledges an answer's bytes for timeout_ms: the same.
 */
#ifndef SX_LINK_SHIPMENT_H
#define SX_LINK_SHIPMENT_H

#include "wire/element.h"

#include "link/link_parts.h"
#include "soap/payload.h"
#include "transfer/senders.h"

struct sx_shipments;

/* NULL: no memory. The link must outlive it. */
struct sx_shipments *sx_shipments_new(struct soap_xmpp_link *link);
void sx_shipments_free(struct sx_shipments *shipments); /* after the loop; NULL allowed */

/* ---- any thread ---- */

/* A message that is about to leave. */
struct sx_shipment;

/* Takes the loose payload's bytes, and makes the reference that will follow them (appended to
 * reference). from: as in stanza.h. operation: a call's, for the receiver's rules; action: or NULL.
 * SX_ENOMEM: the payload is as it was. */
enum sx_err sx_shipment_new(struct soap_xmpp_link *link, struct sx_payload *payload,
                            const char *from, const char *to, const char *operation,
                            const char *action, struct sx_buffer *reference,
                            struct sx_shipment **shipment);
void sx_shipment_free(struct sx_shipment *shipment); /* one that wasn't added; NULL allowed */

/* It travels on behalf of this call, which is held. */
void sx_shipments_add_call(struct sx_shipments *shipments, struct sx_shipment *shipment,
                           uint64_t call_number);

/* It travels ahead of the answer to this id: the stanza that refers to it (malloc'ed). SX_ENOMEM
 * or SX_EFULL: neither is taken. */
enum sx_err sx_shipments_add_answer(struct sx_shipments *shipments, struct sx_shipment *shipment,
                                    const char *id, char *stanza, size_t stanza_len);

/* Waits until no answer is on its way any more; false at the deadline, or as soon as the link is
 * not to come online again. */
bool sx_shipments_drained(struct sx_shipments *shipments, int64_t deadline);

/* ---- loop thread ---- */

void sx_shipments_online(struct sx_shipments *shipments);
/* permanent: the link won't come back by itself; refused: the server ended it over what was sent.
 */
void sx_shipments_lost(struct sx_shipments *shipments, bool permanent, bool refused);

/* Posts what is to go out now; when it wants to be asked again. */
int64_t sx_shipments_step(struct sx_shipments *shipments, uint64_t session);

/* A result or error: true if it answers a stanza of ours. */
bool sx_shipments_reply(struct sx_shipments *shipments, uint64_t session, const char *from,
                        const char *id, const struct sx_sender_reply *reply);

/* The peer lacks the bytes of the call that it refused under this id: true if they go out again,
 * and the call waits for that. */
bool sx_shipments_again(struct sx_shipments *shipments, uint64_t session, const char *from,
                        const char *id);

/* <open/>, <data/> or <close/> of XEP-0047 in an iq of type set, with the bytes of <data/> (NULL:
 * no base64): answered here, with this head, whose `to` is the sender. */
void sx_shipments_receive(struct sx_shipments *shipments, uint64_t session,
                          const struct sx_head *reply, struct sx_element *element,
                          const char *bytes, size_t len);

/* What the <packed/> refers to, moved out (malloc'ed, the caller's); false: it isn't here. */
bool sx_shipments_take(struct sx_shipments *shipments, const char *from, struct sx_element *packed,
                       char **bytes, size_t *len);

#endif
