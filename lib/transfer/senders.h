/* senders.h - the transfers on their way out on one link, taking turns by the block.
 *
 * Noun: the table of transfers. Invariant: a transfer is in it from add until it is DONE or FAILED
 * (reply, closed) or removed; of those that have something to send none sends twice before each of
 * the others has sent once. At most max at a time.
 *
 * How it hangs on a link: while online and with room for a stanza of
 * sx_transfers_stanza_bytes(), post what next gives, until it gives none; look again at due_us, and
 * after every reply, closed, add and online. A stanza that next gave and that wasn't posted counts
 * as lost: its attempt ends after SX_TRANSFER_SILENCE_US. What waits in the link's queue for so
 * long looks the same from here: better ask next late than fill a long queue.
 *
 * Thread: one at a time, no lock inside: the link's loop thread. Nothing blocks, nothing is called.
 */
#ifndef SX_TRANSFER_SENDERS_H
#define SX_TRANSFER_SENDERS_H

#include "transfer/sender.h"

struct sx_transfers;

/* NULL: no memory. */
struct sx_transfers *sx_transfers_new(unsigned max);
/* Every transfer must be out; asserts it. NULL allowed. */
void sx_transfers_free(struct sx_transfers *transfers);

/* The transfer (still its owner's, to be freed after it is out) begins, or begins again if it was
 * in a table before. SX_EFULL. */
enum sx_err sx_transfers_add(struct sx_transfers *transfers, struct sx_transfer *transfer,
                             int64_t now_us);

/* The owner gives up; out gets a <close/> to post if a session is open, else nothing. out may be
 * NULL. A transfer that is not in the table is left alone. */
void sx_transfers_remove(struct sx_transfers *transfers, struct sx_transfer *transfer,
                         struct sx_buffer *out);

/* Any transfer in the table, NULL if none is: for a link that ends. */
struct sx_transfer *sx_transfers_first(const struct sx_transfers *transfers);
unsigned sx_transfers_count(const struct sx_transfers *transfers);

/* The link is online (again) or it is not (session over). Offline at the beginning. */
void sx_transfers_online(struct sx_transfers *transfers);
void sx_transfers_lost(struct sx_transfers *transfers, int64_t now_us);

/* Appends one whole stanza to out; false: nothing to send now (offline, or it all waits), or no
 * memory (out->failed), which due_us knows of. */
bool sx_transfers_next(struct sx_transfers *transfers, int64_t now_us, struct sx_buffer *out);

/* When to ask next again: 0 for at once, SX_NEVER for not before something happens. */
int64_t sx_transfers_due_us(const struct sx_transfers *transfers);

/* No stanza of these transfers is longer, with base64 and an iq around it. */
size_t sx_transfers_stanza_bytes(const struct sx_transfers *transfers);

/* A result or error came, from `from` (NULL: our own server). False: its id is none of these
 * transfers', it is for somebody else. *moved (NULL if none did): the transfer whose state or
 * done_bytes may have changed by it; one that is DONE or FAILED now is out of the table. */
bool sx_transfers_reply(struct sx_transfers *transfers, const char *from, const char *id,
                        const struct sx_transfer_reply *reply, int64_t now_us,
                        struct sx_transfer **moved);

/* `from` sent <close sid/>: true, to be answered with a result, if that is a session of ours
 * (*moved as above); false: not ours, ask receiver.h. */
bool sx_transfers_closed(struct sx_transfers *transfers, const char *from, const char *sid,
                         int64_t now_us, struct sx_transfer **moved);

#endif
