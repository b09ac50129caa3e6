/* speed.h - how fast the server reads what we send, and whether a large stanza may begin.
 *
 * Noun: the speed of one link's server. TCP acknowledges for a server that doesn't read: so the
 * owner puts a *mark* behind what it has written, a ping, whose answer proves that all before it
 * was read. Bytes by time from proof to proof are a *sample*.
 *
 * Invariant: read <= written. At most one mark is out. The verdict is FAST only after
 * SX_SPEED_FAST_BYTES in a row at SX_SPEED_SLOW_BYTES_PER_S or more, which is more than servers let
 * through before they begin to throttle; verdict and rate outlive a session.
 *
 * Happy path: begin -> may_write -> write ... -> wants_mark -> mark -> answer -> ...
 * Failure: a mark that isn't answered for long makes the verdict SLOW; one that is never answered,
 * by a server that knows no pings, counts as answered after the time that liveness.h grants to
 * read so much, and SX_SPEED_PATIENCE_US. Nothing here ends a connection.
 *
 * No I/O, no clock: now_us is the caller's. One thread at a time.
 */
#ifndef SX_NET_SPEED_H
#define SX_NET_SPEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SX_SPEED_SLOW_BYTES_PER_S = 32768, /* less than that is slow */
    SX_SPEED_FAST_BYTES = 32768,
    SX_SPEED_BURST_BYTES = 32768, /* that a slow server may take at once, after a rest */
    SX_SPEED_PATIENCE_US = 30000000
};

enum sx_speed_verdict { SX_SPEED_UNKNOWN, SX_SPEED_FAST, SX_SPEED_SLOW };

struct sx_speed {
    enum sx_speed_verdict verdict;
    /* speed.c's */
    int64_t round_trip_us; /* TCP's */
    /* Bytes of this session: handed over, known to be read, and before the last mark; then the same
     * of the large stanzas among them. */
    uint64_t written, read, marked;
    uint64_t large, large_read, large_marked;
    uint64_t last_large_end; /* where the last large one ended, in written, */
    size_t last_large_bytes; /* its length, */
    int64_t last_large_us;   /* and when it was written */
    /* When the oldest large one was posted that isn't proved: before the mark, and behind the last
     * one. 0: there is none. */
    int64_t oldest_marked_us, oldest_us;
    bool is_asked;         /* a mark behind the latter is wanted */
    bool is_marked;        /* a mark is out, */
    int64_t marked_us;     /* since then */
    bool is_running;       /* what is measured has begun, */
    uint64_t run;          /* behind so many bytes, */
    int64_t run_us;        /* at this time */
    uint64_t prompt_bytes; /* in a row, at a good speed */
    int64_t answered_us;   /* when a mark was answered last */
    unsigned slow_samples; /* since the server was fast; their sums, older ones less: */
    uint64_t slow_bytes;
    int64_t slow_us;
    uint64_t longest_bytes; /* the one of them that took longest, */
    int64_t longest_us;
    int64_t sampled_us; /* and when the last was taken */
};

/* A session begins. */
void sx_speed_begin(struct sx_speed *speed, int64_t round_trip_us, int64_t now_us);

/* Whether a large stanza may begin now. */
bool sx_speed_may_write(const struct sx_speed *speed);

/* A stanza was handed over. */
void sx_speed_write(struct sx_speed *speed, size_t bytes, bool is_large, int64_t now_us);

/* When the large one that was just handed over had been posted. */
void sx_speed_note_post(struct sx_speed *speed, int64_t posted_us);

/* Large ones that were posted before this are known to be read; SX_NEVER: all that were written. */
int64_t sx_speed_unread_us(const struct sx_speed *speed);

/* Whether those have been read is to be known: a mark is wanted, if none is out. */
void sx_speed_ask(struct sx_speed *speed);

/* Whether a mark is to be put behind what was written; is_waiting: a large stanza may not begin. */
bool sx_speed_wants_mark(const struct sx_speed *speed, bool is_waiting);

/* A ping of so many bytes was handed over, and is the mark. */
void sx_speed_mark(struct sx_speed *speed, size_t bytes, int64_t now_us);

/* The mark was answered; nothing if there is none. */
void sx_speed_answer(struct sx_speed *speed, int64_t now_us);

/* The mark counts as answered, and says nothing. */
void sx_speed_pass(struct sx_speed *speed, int64_t now_us);

/* Judges a mark that isn't answered yet; when to look again at the latest, or SX_NEVER. */
int64_t sx_speed_look(struct sx_speed *speed, int64_t now_us);

/* What the server reads; 0: it isn't slow, or that isn't measured well enough, or too long ago. */
unsigned sx_speed_bytes_per_s(const struct sx_speed *speed, int64_t now_us);

#endif
