/* senders.h - the transfers on their way out on one link, taking turns by the block.
 *
 * Noun: the table of transfers. Invariant: a transfer is in it from add until it is DONE or FAILED
 * (reply, closed) or removed; of those that have something to send none sends twice before each of
 * the others has sent once. At most max at a time.
 *
 * How a link uses it: while online and with room for a stanza, post what next gives, until it gives
 * none; look again at due_us, and after every reply, closed, add and online. A stanza that next
 * gave and that wasn't posted counts as lost: its attempt ends after SX_SENDER_SILENCE_US. What
 * waits in the link's queue for so long looks the same from here: better ask next late than fill a
 * long queue.
 *
 * Thread: one at a time, no lock inside: the link's loop thread. Nothing blocks, nothing is called.
 */
#ifndef SX_TRANSFER_SENDERS_H
#define SX_TRANSFER_SENDERS_H

#include "transfer/sender.h"

struct sx_senders;

/* NULL: no memory. */
struct sx_senders *sx_senders_new(unsigned max);
/* Every transfer must be out; asserts it. NULL allowed. */
void sx_senders_free(struct sx_senders *senders);

/* The transfer (still its owner's, to be freed after it is out) begins, or begins again if it was
 * in a table before. SX_EFULL. */
enum sx_err sx_senders_add(struct sx_senders *senders, struct sx_sender *sender, int64_t now_us);

/* The owner gives up; out gets a <close/> to post if a session is open, else nothing. out may be
 * NULL. A transfer that is not in the table is left alone. */
void sx_senders_remove(struct sx_senders *senders, struct sx_sender *sender, struct sx_buffer *out);

/* How long a receiver may be silent: SX_SENDER_SILENCE_US at the beginning. */
void sx_senders_set_silence(struct sx_senders *senders, int64_t silence_us);

unsigned sx_senders_count(const struct sx_senders *senders);

/* The link is online (again) or it is not (session over). Offline at the beginning. */
void sx_senders_online(struct sx_senders *senders);
void sx_senders_lost(struct sx_senders *senders, int64_t now_us);

/* Appends one whole stanza to out; false: nothing to send now (offline, or it all waits), or no
 * memory (out->failed), which due_us knows of. */
bool sx_senders_next(struct sx_senders *senders, int64_t now_us, struct sx_buffer *out);

/* When to ask next again: 0 for at once, SX_NEVER for not before something happens. */
int64_t sx_senders_due_us(const struct sx_senders *senders);

/* A result or error came, from `from` (NULL: our own server). False: its id is none of these
 * transfers', it is for somebody else. *moved (NULL if none did): the transfer whose state or
 * done_bytes may have changed by it; one that is DONE or FAILED now is out of the table. */
bool sx_senders_reply(struct sx_senders *senders, const char *from, const char *id,
                      const struct sx_sender_reply *reply, int64_t now_us,
                      struct sx_sender **moved);

/* `from` sent <close sid/>: true, to be answered with a result, if that is a session of ours
 * (*moved as above); false: not ours, ask receiver.h. */
bool sx_senders_closed(struct sx_senders *senders, const char *from, const char *sid,
                       int64_t now_us, struct sx_sender **moved);

#endif
