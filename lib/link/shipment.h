/* shipment.h - a call or an answer whose packed bytes are too large for a stanza, with the sender
 * (transfer/sender.h) that carries them.
 *
 * Noun: the shipment. Invariant: it has a sender, which owns the bytes, from new to free. Whether
 * it is of a call or of an answer is decided when it is added to the link's shipments
 * (shipments.h); from then on it belongs to the loop thread.
 *
 * Happy path: new -> added -> sent -> freed by shipments.c. Failure: no memory: there is none.
 */
#ifndef SX_LINK_SHIPMENT_H
#define SX_LINK_SHIPMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/memory.h"
#include "link/session.h"
#include "soap/payload.h"
#include "transfer/sender.h"
#include "transfer/share.h"
#include "request/response.h"

/* shipments.c's, but for the sender. */
struct sx_shipment {
    struct sx_sender *sender;
    TAILQ_ENTRY(sx_shipment) in_list;
    bool is_sending; /* in the table of senders */
    bool is_new;     /* it hasn't asked for a place in that table yet */
    bool waits;      /* for a place in it */
    int64_t added_us;
    unsigned refusals;    /* how often a server ended the session over what was sent meanwhile */
    size_t told_bytes;    /* how far it is, as the program's callback was told */
    uint64_t call_number; /* 0: it is an answer */
    struct sx_share_account *account; /* of its receiver, while it is in the table of senders */
    /* of an answer */
    char *id;
    struct sx_response *response; /* refers to the bytes */
    bool is_uncounted;            /* charge is empty: there was no room */
    struct sx_charge charge;
};

TAILQ_HEAD(sx_shipment_list, sx_shipment);

/* ---- any thread ---- */

/* Takes the loose payload's bytes, and makes the reference that will follow them (appended to
 * reference). from: as in stanza.h. operation: a call's, for the receiver's rules; action: or NULL.
 * SX_ENOMEM: the payload is as it was. */
enum sx_err sx_shipment_new(const struct sx_session *session, struct sx_payload *payload,
                            const char *from, const char *to, const char *operation,
                            const char *action, struct sx_buffer *reference,
                            struct sx_shipment **shipment);
void sx_shipment_free(struct sx_shipment *shipment); /* one that wasn't added; NULL allowed */

/* The bytes that an answer holds while it is on its way, with its response. charge takes as many
 * from the link's memory (base/memory.h); false: there is no room, and is_uncounted is set. */
size_t sx_shipment_bytes(const struct sx_shipment *shipment);
bool sx_shipment_charge(const struct sx_session *session, struct sx_shipment *shipment);

/* Whether both go to the same account. */
bool sx_shipment_is_akin(const struct sx_shipment *shipment, const struct sx_shipment *other);

/* ---- loop thread ---- */

/* A later copy of the request with this id came from `from`. If the shipment is the answer to it
 * and is on its way to another resource of that account, it goes to `from` from now on. */
void sx_shipment_readdress(struct sx_shipment *shipment, const char *from, const char *id);

/* Tells the program's callback how far a big message is, in either direction, if this is a whole
 * percent more than before. */
void sx_shipment_tell(const struct sx_session *session, const char *peer, bool outgoing,
                      size_t before, size_t done, size_t size);

#endif
