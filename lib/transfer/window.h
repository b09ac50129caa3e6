/* window.h - how many blocks of a transfer may be under way, so that others on the connection
 * hardly notice it.
 *
 * Noun: the window. One that is too large fills the queues of ours, the servers and the peer, and
 * every small call waits in them; one that is too small leaves a distant peer idle. A block that is
 * answered about as fast as the fastest one has met no queue: the window grows. If it takes longer,
 * the window shrinks.
 *
 * Invariant: least <= blocks <= most. No clock: now_us is the caller's. One thread at a time.
 */
#ifndef SX_TRANSFER_WINDOW_H
#define SX_TRANSFER_WINDOW_H

#include <stddef.h>
#include <stdint.h>

enum { SX_WINDOW_MOST = 64 };

struct sx_window {
    unsigned blocks; /* may be under way */
    /* window.c's */
    unsigned least, most, fast;
    int64_t least_us;                /* that a block has taken; 0: none is back yet */
    size_t judged;                   /* the last block that changed the window */
    int64_t sent_us[SX_WINDOW_MOST]; /* of the blocks under way, by number */
};

/* 1 <= least <= most <= SX_WINDOW_MOST; it begins with least. */
void sx_window_begin(struct sx_window *window, unsigned least, unsigned most);

/* Blocks are numbered from 1, no more than `blocks` of them are under way. The answer to a block
 * answers those before it. */
void sx_window_sent(struct sx_window *window, size_t block, int64_t now_us);
void sx_window_answered(struct sx_window *window, size_t block, size_t last_sent, int64_t now_us);

/* The blocks are numbered anew. */
void sx_window_restart(struct sx_window *window);

#endif
