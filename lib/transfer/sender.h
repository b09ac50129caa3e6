/* sender.h - one big message on its way out, as an In-Band Bytestream (XEP-0047).
 *
 * Noun: the sender of one transfer: these bytes, to that full JID. It is tried in *attempts*, an
 * IBB session each, with a sid of its own; the answer to each open says how much the receiver holds
 * already, and the attempt goes on from there. So whatever ends a session (connection, block, order
 * or receiver lost) is mended the same way: open again after a pause.
 *
 * Invariant: a stanza of ours is answered to the attempt in which it went out, or ignored. At most
 *            `window` blocks are under way. done <= size; the transfer is DONE only after the
 *            receiver has acknowledged every byte.
 *
 * Happy path: new -> next (open) -> reply -> next (blocks) <-> reply -> next (close) -> reply:
 *             DONE.
 * Failure: lost, a reply that says nobody is there or not now, or no reply for
 * SX_SENDER_SILENCE_US: WAITING for the next attempt. A refusal: FAILED, with its condition and
 * text. There is no deadline in here: the owner gives up when it likes.
 *
 * No I/O, no clock (`now_us` is the caller's, sx_clock_now_us), no lock: one thread at a time, once
 * it is in a table (senders.h) the link's loop thread. sx_sender_new may run anywhere: it
 * hashes the bytes. Nothing blocks.
 *
 * Folder transfer/: messages too big for a stanza, as In-Band Bytestreams, out (sender.h,
 * senders.h, window.h) and in (receiver.h); how fast they must get on (pace.h), and who makes room
 * for whom (share.h). Machines without I/O, clock or lock: they are told what came and what time it
 * is, and say what is to be sent. Nothing in here knows what the bytes are. May include base, wire
 * and soap; of the outside OpenSSL's digests.
 */
#ifndef SX_TRANSFER_SENDER_H
#define SX_TRANSFER_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "soap/pack.h"
#include "transfer/pace.h"

enum {
    SX_SENDER_ID_BYTES = 33,  /* 128 random bits in hex, and NUL */
    SX_SHA256_HEX_BYTES = 65, /* with NUL */
    SX_SENDER_LEAST_BLOCK_BYTES = 1024,
    SX_SENDER_MOST_BLOCK_BYTES = 65535, /* XEP-0047 2.1 */
    SX_SENDER_SILENCE_US = 10000000
};

enum sx_sender_state {
    SX_SENDER_WAITING, /* for its time to open (again), and for the link to be online */
    SX_SENDER_OPENING, /* the open is under way */
    SX_SENDER_SENDING, /* blocks to send, or under way */
    SX_SENDER_CLOSING, /* every byte is acknowledged, the close to send or under way */
    SX_SENDER_DONE,
    SX_SENDER_FAILED /* refused: see sx_sender_condition */
};

struct sx_sender_settings {
    unsigned window;  /* blocks under way at most, 1 to SX_WINDOW_MOST */
    bool adapts;      /* as many of them as disturb nobody (window.h), otherwise always window */
    const char *from; /* as in stanza.h; copied */
    const char *operation; /* that the receiver may ask its rules about; copied, NULL for none */
    const char *sha256; /* of the bytes, if it is known (sx_sender_hash); copied. NULL: it isn't */
    size_t block_bytes; /* before base64; SX_SENDER_LEAST_BLOCK_BYTES.._MOST_BLOCK_BYTES. Tests
                         * may go below; it halves when the receiver wants smaller ones. */
};

/* What came back for one of our stanzas, borrowed from its tree. */
struct sx_sender_reply {
    const char *condition; /* of an error; NULL: a result */
    const char *type;      /* of <error/>: "wait", "modify", ...; NULL: none */
    const char *text;      /* for a human; NULL: none */
    const char *received;  /* of <packed received='...'/> in a result; NULL: none */
};

struct sx_sender;

/* The digest of bytes as the receiver gets to read it; false: it can't be had. A long one takes
 * time: who must not stop has it made elsewhere, before. */
bool sx_sender_hash(const char *bytes, size_t size, char out[SX_SHA256_HEX_BYTES]);

/* to: a full JID (copied). bytes: malloc'ed, size of them, 1 at least; the transfer's on success,
 * still the caller's otherwise. user is given back by sx_sender_user. NULL: no memory, no random
 * numbers. */
struct sx_sender *sx_sender_new(const char *to, char *bytes, size_t size,
                                const struct sx_sender_settings *settings, void *user);
void sx_sender_free(struct sx_sender *sender); /* out of its table; NULL allowed */

/* ---- questions; texts are valid until free ---- */

enum sx_sender_state sx_sender_state(const struct sx_sender *sender);
const char *sx_sender_id(const struct sx_sender *sender);
const char *sx_sender_sha256(const struct sx_sender *sender); /* lower-case hex */
const char *sx_sender_from(const struct sx_sender *sender);
const char *sx_sender_to(const struct sx_sender *sender);
void *sx_sender_user(const struct sx_sender *sender);
size_t sx_sender_size(const struct sx_sender *sender);
const char *sx_sender_bytes(const struct sx_sender *sender); /* so many */

/* Bytes that the receiver has acknowledged. Falls when a receiver has lost what it had. */
size_t sx_sender_done_bytes(const struct sx_sender *sender);

/* Bytes that weren't handed out yet. */
size_t sx_sender_unsent_bytes(const struct sx_sender *sender);

/* Whether a block could leave at once, if only it had its turn. */
bool sx_sender_has_block(const struct sx_sender *sender);

/* Microseconds since more bytes were acknowledged than ever before (or the transfer was begun). */
int64_t sx_sender_stalled_us(const struct sx_sender *sender, int64_t now_us);

/* Its pace since it was begun. The sender's. */
const struct sx_pace *sx_sender_pace(const struct sx_sender *sender);

/* Why the last attempt ended: a stanza error condition ("": none yet, or the connection was lost),
 * and what a human gets to read ("" if nothing). When FAILED: the refusal. */
const char *sx_sender_condition(const struct sx_sender *sender);
const char *sx_sender_text(const struct sx_sender *sender);

/* ---- the machine; senders.c's, and its tests' ---- */

/* How long the receiver may be silent: SX_SENDER_SILENCE_US unless this was called. */
void sx_sender_set_silence(struct sx_sender *sender, int64_t silence_us);

/* Begins, or begins again what is DONE or FAILED: the receiver has lost it meanwhile, say. */
void sx_sender_begin(struct sx_sender *sender, int64_t now_us);

/* Appends the stanza that is to go out now, while online; false: none, or no memory (out->failed):
 * then nothing has happened, ask again later. Ends an attempt that has been silent too long. */
bool sx_sender_next(struct sx_sender *sender, int64_t now_us, struct sx_buffer *out);

/* When next has something to do: a time, 0 for at once, SX_NEVER. While online. */
int64_t sx_sender_due_us(const struct sx_sender *sender);

/* Whether the id is that of a stanza of this transfer, whichever attempt's. */
bool sx_sender_gave_out(const struct sx_sender *sender, const char *id);

/* A result or an error came, from `from` (NULL: our own server). Ignored, false, unless it is from
 * the receiver and answers what is under way; true if state or done_bytes may have changed. */
bool sx_sender_reply(struct sx_sender *sender, const char *from, const char *id,
                     const struct sx_sender_reply *reply, int64_t now_us);

/* `from` closes the session sid: whether that is the one under way here. It is over then. */
bool sx_sender_closed(struct sx_sender *sender, const char *from, const char *sid, int64_t now_us);

/* The receiver has asked anew for what this is part of. If it has another JID now (copied), it
 * still holds what it got under the one before: the next attempt begins at once, and goes to the
 * new one; without memory nothing changes. Under the same JID its connection may be another one,
 * too, and what is under way lost with the one before: an attempt that is due begins at once, and
 * one under way ends if nothing is answered for a fifth of the silence that is allowed. */
void sx_sender_readdress(struct sx_sender *sender, const char *to, int64_t now_us);

/* Our connection is gone. */
void sx_sender_lost(struct sx_sender *sender, int64_t now_us);

/* Appends <close/> for the session that is open, if one may be: the owner gives up, and a receiver
 * that gets it drops what it holds. Otherwise nothing. */
void sx_sender_format_close(const struct sx_sender *sender, struct sx_buffer *out);

/* ---- what both ends write and read ---- */

/* A decimal number from 0 to most, digits only; false otherwise: *number untouched. NULL is none.
 */
bool sx_sender_parse_number(const char *text, size_t most, size_t *number);

void sx_sender_format_sha256(const unsigned char digest[32], char out[SX_SHA256_HEX_BYTES]);

#endif
