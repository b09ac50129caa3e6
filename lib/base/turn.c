/* turn.c - one at a time in a call that may block, without waiting for who is stuck in it.
 *
 * Invariant: at most one thread is between begin and end. While the turn is passed, only one of
 * those that wait takes it, so that who comes again and again starves nobody.
 *
 * Happy path: begin -> the call -> end. Failure: the wait for one holder takes too long: that
 * holder is stuck, and nobody waits for it any longer.
 */
#include "base/turn.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"

bool sx_turn_init(struct sx_turn *turn)
{
    memset(turn, 0, sizeof *turn);
    turn->process = getpid();
    return pthread_mutex_init(&turn->mu, NULL) == 0 && sx_clock_cond_init(&turn->changed) == 0;
}

static void leave_locked(struct sx_turn *turn)
{
    turn->waiters--;
    if (!turn->waiters)
        turn->is_passed = false;
}

/* Waits at least for one signal, which goes to those that came before; false: the holder is stuck.
 */
static bool wait_locked(struct sx_turn *turn)
{
    uint64_t number = turn->number;
    int64_t deadline = sx_clock_deadline(SX_TURN_WAIT_MS * INT64_C(1000));
    if (turn->is_stuck)
        return false;
    turn->waiters++;
    do {
        bool in_time = sx_clock_cond_wait(&turn->changed, &turn->mu, deadline);
        if (turn->number != number) { /* another holder: it has as long again */
            number = turn->number;
            deadline = sx_clock_deadline(SX_TURN_WAIT_MS * INT64_C(1000));
        } else if (!in_time && turn->is_taken) {
            turn->is_stuck = true;
            pthread_cond_broadcast(&turn->changed); /* the others give up, too */
        }
    } while (turn->is_taken && !turn->is_stuck);
    leave_locked(turn);
    return !turn->is_taken;
}

bool sx_turn_begin(struct sx_turn *turn, unsigned long *lost)
{
    bool is_ours;
    if (turn->process != getpid())
        (void)sx_turn_init(turn);
    pthread_mutex_lock(&turn->mu);
    is_ours = (!turn->is_taken && !turn->is_passed) || wait_locked(turn);
    if (is_ours) {
        turn->is_taken = true;
        turn->is_passed = turn->is_stuck = false;
        turn->number++;
        *lost = turn->lost;
        turn->lost = 0;
    } else {
        turn->lost++;
    }
    pthread_mutex_unlock(&turn->mu);
    return is_ours;
}

void sx_turn_end(struct sx_turn *turn)
{
    pthread_mutex_lock(&turn->mu);
    turn->is_taken = turn->is_stuck = false;
    turn->is_passed = turn->waiters > 0;
    pthread_cond_signal(&turn->changed);
    pthread_mutex_unlock(&turn->mu);
}
