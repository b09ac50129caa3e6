/* turn.h - one at a time in a call that may block, without waiting for who is stuck in it.
 *
 * Noun: the turn. Threads get it in the order in which they came. Whoever waits while one and the
 * same holder keeps it for SX_TURN_WAIT_MS gives up, and so do all others, at once, until that
 * holder gives it back. Holders that follow each other, however many, make nobody give up.
 *
 * A process that was forked meanwhile begins anew: the holder isn't there.
 *
 * Thread: any. Zero isn't a turn: sx_turn_init first. Nothing to free.
 */
#ifndef SX_BASE_TURN_H
#define SX_BASE_TURN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SX_TURN_WAIT_MS = 100 };

struct sx_turn {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    /* under mu */
    pid_t process;
    bool is_taken;  /* somebody has it */
    bool is_passed; /* it was given back to those who wait: nobody else takes it */
    bool is_stuck;  /* somebody has given up on this holder */
    unsigned waiters;
    uint64_t number; /* of the holder */
    unsigned long lost;
};

/* False: the system has no condition variable left. */
bool sx_turn_init(struct sx_turn *turn);

/* True: the turn is the caller's, which gives it back with sx_turn_end, and *lost callers have been
 * turned away since the last one. False: this one is turned away, and counted. */
bool sx_turn_begin(struct sx_turn *turn, unsigned long *lost);
void sx_turn_end(struct sx_turn *turn);

#endif
