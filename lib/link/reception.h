/* reception.h - whom a stanza that came may concern, and what is done with one of each kind. For
 * receive.c and receive_*.c, and for link.c, which fills the struct; the loop thread.
 */
#ifndef SX_LINK_RECEPTION_H
#define SX_LINK_RECEPTION_H

#include "link/admission.h"
#include "link/announcement.h"
#include "link/bytestream.h"
#include "link/content.h"
#include "link/describer.h"
#include "link/fallback.h"
#include "link/incoming.h"
#include "link/preparation.h"
#include "link/routing.h"
#include "wire/message_id.h"

/* A longer id is nobody's honest one, and its stanza is ignored: the answer would begin with a tag
 * as long, which a server whose expat defers its parsing holds back until twice as many bytes have
 * come, with the answers to everybody else behind it. */
enum { SX_RECEIVE_ID_BYTES = 255 };

/* Whom a stanza may concern. Immutable; all outlive it. */
struct sx_reception {
    struct sx_session *session;
    struct sx_exchange *exchange;
    struct sx_queue *queue;
    struct sx_journal *journal;
    struct sx_access *access;
    struct sx_features *features;
    struct sx_message_ids *names; /* whose answers are in messages */
    struct sx_shipments *shipments;
    struct sx_announcement *announcement;
    struct sx_fallback *fallback;
    struct sx_preparation *preparation;
    const struct sx_routing *routing;
    const struct sx_content *content;
    struct sx_admission *admission;
    const struct sx_bytestream *bytestream;
    struct sx_describer *describer;
};

/* ---- by kind, each in its file ---- */

/* An iq of type result or error: completes its call, or is dropped and traced. */
void sx_receive_reply(const struct sx_reception *reception, const struct sx_incoming *incoming,
                      const struct sx_element *stanza, struct sx_stream *stream);

/* An iq of type get or set: answered, or in the queue of requests with its envelope. */
void sx_receive_request(const struct sx_reception *reception, const struct sx_incoming *incoming,
                        const struct sx_element *stanza, struct sx_stream *stream);

/* A <message/>: an answer for a call, a request to serve, or noise, which is ignored. */
void sx_receive_message(const struct sx_reception *reception, const struct sx_incoming *incoming,
                        const struct sx_element *stanza, struct sx_stream *stream);

/* A <presence/>, where the link takes notice of them. */
void sx_receive_presence(const struct sx_reception *reception, uint64_t number,
                         const struct sx_element *stanza);

#endif
