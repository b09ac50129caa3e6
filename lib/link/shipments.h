/* shipments.h - big messages of one link on their way out: what goes ahead of a call or an answer
 * as a bytestream.
 *
 * Noun: the shipments (shipment.h) of a link. Messages that arrive this way are bytestream.h's.
 *
 * Invariant: a stanza that refers to bytes goes out only after the peer has acknowledged them all.
 * A shipment lives as long as its call is wanted, or until its answer has gone out or is given up.
 *
 * Happy path: a call is held (hold.c) and added -> step posts its blocks -> delivered: the call is
 * let go. An answer is added -> step -> delivered: it is remembered (journal.h) and posted.
 * Failure: the peer lost the bytes: the call is held again, and the same bytes are sent again.
 * Refused: the call ends with the peer's condition; an answer becomes internal-server-error. So
 * does an answer that gets no place or memory (answer_room.h), has to give it up to others, or is
 * not taken or taken too slowly (answer_patience.h).
 *
 * Only sx_shipments_drained blocks.
 */
#ifndef SX_LINK_SHIPMENTS_H
#define SX_LINK_SHIPMENTS_H

#include "exchange/exchange.h"
#include "link/session.h"
#include "link/shipment.h"
#include "request/journal.h"
#include "transfer/senders.h"

struct sx_shipments;

/* NULL: no memory. All three must outlive it. */
struct sx_shipments *sx_shipments_new(struct sx_session *session, struct sx_exchange *exchange,
                                      struct sx_journal *journal);
void sx_shipments_free(struct sx_shipments *shipments); /* after the loop; NULL allowed */

/* ---- any thread ---- */

/* It travels on behalf of this call, which is held. Takes the shipment. */
void sx_shipments_add_call(struct sx_shipments *shipments, struct sx_shipment *shipment,
                           uint64_t call_number);

/* It travels ahead of response, the answer to this id, which refers to its bytes. Takes the
 * shipment and one more reference to response; the caller's own stays the caller's. On SX_ENOMEM,
 * SX_EFULL (too many answers) or SX_ETAKEN the shipment is still the caller's. While few answers
 * wait without memory, one more is taken: at the next step answers of others make room for it, or
 * it becomes internal-server-error. */
enum sx_err sx_shipments_add_answer(struct sx_shipments *shipments, struct sx_shipment *shipment,
                                    const char *id, struct sx_response *response);

/* Whether there is a place for an answer that could go without. */
bool sx_shipments_have_spare(struct sx_shipments *shipments);

/* Waits until no answer is on its way any more; false at the deadline, or as soon as the link is
 * not to come online again. */
bool sx_shipments_drained(struct sx_shipments *shipments, int64_t deadline);

/* ---- loop thread ---- */

void sx_shipments_online(struct sx_shipments *shipments);
/* permanent: the link won't come back by itself; refused: the server ended it over what was sent.
 */
void sx_shipments_lost(struct sx_shipments *shipments, bool permanent, bool refused);

/* Posts what is to go out now. Returns when it wants to be asked again (sx_clock_now_us), or
 * SX_NEVER. */
int64_t sx_shipments_step(struct sx_shipments *shipments, uint64_t number);

/* A result or error: whether it answers a stanza of a shipment, and whether it says that nobody is
 * there who understands it: a peer that isn't there, or one that knows no bytestreams. */
enum sx_shipments_said { SX_SHIPMENTS_NOT_OURS, SX_SHIPMENTS_OURS, SX_SHIPMENTS_UNAVAILABLE };
enum sx_shipments_said sx_shipments_reply(struct sx_shipments *shipments, uint64_t number,
                                          const char *from, const char *id,
                                          const struct sx_sender_reply *reply);

/* The peer lacks the bytes of the call that it refused under this id: true if they go out again,
 * and the call waits for that. */
bool sx_shipments_again(struct sx_shipments *shipments, uint64_t number, const char *from,
                        const char *id);

/* The packed bytes that travel ahead of this call, which stay the shipment's; NULL: there are none.
 */
const char *sx_shipments_look(struct sx_shipments *shipments, uint64_t call_number, size_t *len);

/* A later copy of the request with this id came from `from`: what travels ahead of its answer to
 * another resource of that account goes to `from` from now on. */
void sx_shipments_readdress(struct sx_shipments *shipments, const char *from, const char *id);

/* The peer closes a bytestream: true if it is one of ours. *moved (or NULL) is to be noted once the
 * peer has its answer. */
bool sx_shipments_close(struct sx_shipments *shipments, const char *from, const char *sid,
                        struct sx_sender **moved);

/* A sender has got on, or has ended: does what follows from that. */
void sx_shipments_note(struct sx_shipments *shipments, uint64_t number, struct sx_sender *moved);

#endif
