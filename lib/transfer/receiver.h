/* receiver.h - big messages that arrive as In-Band Bytestreams (XEP-0047), until they are asked
 * for.
 *
 * Noun: the receiver: (full JID, transfer id) -> the bytes so far. An IBB session carries bytes of
 * one transfer; when it ends too early the bytes stay, and the next session of the transfer goes on
 * behind them.
 *
 * Invariant: bytes are kept in order and without gap; what is handed out has the size and SHA-256
 * that were announced. Sizes announced of all transfers together never exceed max_bytes, and memory
 * is only taken in steps, as bytes arrive: so what was let in has room to be finished, and an
 * announcement costs the announcer's share, not memory. One account has at most half of the places
 * and, unless it has none, half of the bytes. Where there is no room, transfers make it that have
 * had their time and whose accounts have more than their share (share.h). Answers to calls under
 * way don't: their requests have run, and a sender that began again from nothing would be given up
 * (sender.h). The memory for peers (base/memory.h) may have no room for a block of what was let in:
 * then the block is refused for now, and its sender comes again.
 *
 * Happy path: open (result: received='0') -> data ... data -> close -> the request that refers to
 *             it comes: take.
 * Failure: gap, spoilt base64, too large a block: refused, that session is over (`closes`), the
 * bytes stay for the next one. More bytes than announced, or others: the transfer is gone. Too slow
 * (pace.h), complete and not taken in SX_PACE_PAUSE_US, or to make room for others: the same,
 * silently. No room: resource-constraint.
 *
 * The loss of our own connection is no event here: what got lost with it shows as a gap.
 *
 * No I/O, no clock (`now_us` is the caller's), no lock: the link's loop thread. Nothing blocks.
 */
#ifndef SX_TRANSFER_RECEIVER_H
#define SX_TRANSFER_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/buffer.h"
#include "wire/stanza.h"
#include "transfer/sender.h"

enum {
    SX_RECEIVER_ID_BYTES = 64, /* of a transfer's id at most, without NUL */
    SX_RECEIVER_SID_BYTES = 96 /* of a sid */
};

struct sx_receiver_limits {
    size_t max_message_bytes; /* of one transfer */
    size_t max_bytes;         /* of all together, as announced */
    size_t max_block_bytes;   /* of one block before base64; a sender who wants larger ones is told
                               * to halve them */
    unsigned max_transfers;
};

/* The attributes of <open/> and of its child <packed/>, as they came; NULL: absent. */
struct sx_receiver_open {
    const char *sid, *block_size, *stanza; /* of <open/> */
    const char *transfer, *size, *sha256;  /* of <packed/>; all NULL: it isn't there */
};

/* What to answer, and where the transfer stands. */
struct sx_receiver_answer {
    const char *condition; /* NULL: a result */
    const char *type;      /* of the error; static like condition */
    char text[160];        /* for a human, may be "" */
    bool is_open;          /* a result of open: received goes into it */
    bool closes;           /* the session ended by this: format_close follows (XEP-0047 2.2) */
    /* What a progress callback gets to see; "" and 0 when no transfer is concerned. */
    char transfer[SX_RECEIVER_ID_BYTES + 1];
    size_t received, size;
};

struct sx_receiver;

/* NULL: no memory. */
struct sx_receiver *sx_receiver_new(const struct sx_receiver_limits *limits);
void sx_receiver_free(struct sx_receiver *receiver); /* NULL allowed */

/* To be called before the first transfer. Received bytes are counted in memory, which outlives the
 * receiver. */
void sx_receiver_use_memory(struct sx_receiver *receiver, struct sx_memory *memory);

/* Whether a call of ours to this full JID is under way. Must not come back here, nor block. */
typedef bool sx_receiver_awaits_fn(void *user, const char *from);

/* To be called before the first transfer. user outlives the receiver. */
void sx_receiver_ask_awaited(struct sx_receiver *receiver, sx_receiver_awaits_fn *awaits,
                             void *user);

/* <open/>, <data/> or <close/> came from a full JID. Each fills *answer, which is to be sent (the
 * same way for all: sx_receiver_format_answer). from NULL: refused. */
void sx_receiver_open(struct sx_receiver *receiver, const char *from,
                      const struct sx_receiver_open *open, int64_t now_us,
                      struct sx_receiver_answer *answer);

/* sid and seq: as they came, NULL: absent. bytes: decoded, copied; NULL: what came was no base64.
 */
void sx_receiver_data(struct sx_receiver *receiver, const char *from, const char *sid,
                      const char *seq, const char *bytes, size_t len, int64_t now_us,
                      struct sx_receiver_answer *answer);
void sx_receiver_close(struct sx_receiver *receiver, const char *from, const char *sid,
                       struct sx_receiver_answer *answer);

/* Appends the answer, with this head. Errors show in out->failed. */
void sx_receiver_format_answer(struct sx_buffer *out, const struct sx_head *head,
                               const struct sx_receiver_answer *answer);

/* Appends what is to be sent behind an answer that closes: an iq with <close/>. Its id is
 * "SID.closed", the rest of its head that of the answer; what is replied means nothing. sid: of the
 * <data/> that was answered. */
void sx_receiver_format_close(struct sx_buffer *out, const struct sx_head *answered,
                              const char *sid);

/* The transfer may be the answer to a call of ours: its bytes count as SX_MEMORY_REPLY, and it
 * makes no room for others as long as a call to its peer is under way. Unknown ones are ignored. */
void sx_receiver_await(struct sx_receiver *receiver, const char *from, const char *transfer);

/* Moves the bytes out (malloc'ed, the caller's; size of them). False: unknown here (any more), not
 * complete, or of another size or hash: *bytes untouched, the transfer stays as it is. */
bool sx_receiver_take(struct sx_receiver *receiver, const char *from, const char *transfer,
                      size_t size, const char *sha256, char **bytes);

/* The transfer isn't wanted any more: its request was refused, say. Unknown ones are ignored. */
void sx_receiver_drop(struct sx_receiver *receiver, const char *from, const char *transfer);

/* Whether transfers of this full JID may go on. Must not come back here, nor block. */
typedef bool sx_receiver_keeps_fn(void *user, const char *from);

/* Drops the transfers that keeps doesn't; how many. Their senders learn it by their next block. */
unsigned sx_receiver_revoke(struct sx_receiver *receiver, sx_receiver_keeps_fn *keeps, void *user);

/* How far a transfer is; false: unknown, outputs untouched. */
bool sx_receiver_progress(const struct sx_receiver *receiver, const char *from,
                          const char *transfer, size_t *received, size_t *size);

/* Forgets transfers that are too slow; returns how many. open does it, too. */
unsigned sx_receiver_expire(struct sx_receiver *receiver, int64_t now_us);
int64_t sx_receiver_due_us(const struct sx_receiver *receiver); /* of the next expiry; SX_NEVER */

struct sx_receiver_counts {
    unsigned transfers;
    size_t announced_bytes, held_bytes; /* held: memory taken for message bytes */
    unsigned long completed, taken, expired, displaced, refused;
};
void sx_receiver_count(const struct sx_receiver *receiver, struct sx_receiver_counts *counts);

#endif
