/* message_id.h - the names of calls by message, in their ids: whose call it is, and by what name
 * its caller knows the answer after a restart.
 *
 * A message's id is HEAD.TAG~message, or HEAD.TAG.NAME.PROOF~message: HEAD is what the exchange
 * gives each call; TAG, a digest of the caller's bare JID, tells an answer to an account from a
 * request of another; NAME is the program's own, in hex; PROOF is an HMAC-SHA256 (128 bits of it),
 * keyed with config.name_key, of the caller, the peer, HEAD and NAME. So an answer that nobody
 * asked for can't be made up, nor can the answer to one call pass for that to another; only the
 * peer that was asked can answer again, and that is remembered for as long as this process lives,
 * KEPT_PROOFS deep.
 *
 * Invariant: outputs are written only on success.
 * Thread: write and read any, the rest the loop thread.
 */
#ifndef SX_WIRE_MESSAGE_ID_H
#define SX_WIRE_MESSAGE_ID_H

#include "base/buffer.h"
#include "base/fault.h"

enum { SX_MESSAGE_ID_BYTES = 64 }; /* the longest name, without NUL */

struct sx_message_ids;

/* key NULL: nothing can be named. own_jid: a normal JID. NULL: no memory. */
struct sx_message_ids *sx_message_ids_new(const char *key, const char *own_jid);
void sx_message_ids_free(struct sx_message_ids *ids); /* NULL allowed; wipes the key */
void sx_message_ids_wipe(struct sx_message_ids *ids); /* the key is "" from then on */

/* Whether there is a key. */
bool sx_message_ids_has_key(const struct sx_message_ids *ids);

/* Appends what follows HEAD in the id of a call to peer (a normal JID); name NULL: it has none.
 * Errors show in out->failed. */
void sx_message_ids_write(const struct sx_message_ids *ids, struct sx_buffer *out, const char *head,
                          const char *name, const char *peer);

enum sx_message_id_kind {
    SX_MESSAGE_ID_NONE,  /* not the id of a message that this account has sent */
    SX_MESSAGE_ID_OURS,  /* of one of this account, if the tag can be believed */
    SX_MESSAGE_ID_PROVEN /* of one with a name, and asked of this peer: that is certain */
};

/* What the id of a message from `from` tells; name: with SX_MESSAGE_ID_PROVEN. */
enum sx_message_id_kind sx_message_ids_read(const struct sx_message_ids *ids, const char *id,
                                            const char *from, char name[SX_MESSAGE_ID_BYTES + 1]);

/* True the first time that this is asked about a proven id. */
bool sx_message_ids_is_first(struct sx_message_ids *ids, const char *id);

#endif
