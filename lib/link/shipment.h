/* shipment.h - a call or an answer whose packed bytes are too large for a stanza, with the sender
 * (transfer/sender.h) that carries them.
 *
 * Invariant: it has a sender, and with that all of the bytes, from new to free. What it is a
 * shipment of, a call or an answer, is said when it is added to its link's (shipments.h); from then
 * on it is the loop thread's.
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
    bool is_new;     /* it hasn't asked for a place in it yet ... */
    bool waits;      /* ... or waits for one */
    int64_t added_us;
    unsigned refusals;    /* sessions that ended over what was sent, while it was sent */
    size_t told_bytes;    /* of its progress */
    uint64_t call_number; /* 0: it is an answer */
    struct sx_share_account *account; /* of its receiver, while it is in the table of senders */
    /* of an answer */
    char *id;
    struct sx_response *response; /* refers to the bytes */
    bool is_uncounted;            /* there was no memory for it */
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

/* What an answer, which has its response, keeps while it is on its way. Takes as much of the
 * memory; false: there is no room, and it is uncounted. */
size_t sx_shipment_bytes(const struct sx_shipment *shipment);
bool sx_shipment_charge(const struct sx_session *session, struct sx_shipment *shipment);

/* Whether both go to the same account. */
bool sx_shipment_is_akin(const struct sx_shipment *shipment, const struct sx_shipment *other);

/* ---- loop thread ---- */

/* A copy of the request with this id came from there: if it is that one's answer, it goes there
 * from now on, if it went to another resource of that account. */
void sx_shipment_readdress(struct sx_shipment *shipment, const char *from, const char *id);

/* Tells the program's callback how far a big message is, in either direction, if this is a whole
 * percent more than before. */
void sx_shipment_tell(const struct sx_session *session, const char *peer, bool outgoing,
                      size_t before, size_t done, size_t size);

#endif
