/* thread.h - a thread that no signal interrupts, and what it may not hold at a fork.
 *
 * The program's signal handlers run on the program's own threads: every thread that this library
 * starts has all signals blocked, SIGPIPE as well, without which a write to a dead connection would
 * end the process.
 */
#ifndef SX_BASE_THREAD_H
#define SX_BASE_THREAD_H

#include <pthread.h>

/* As pthread_create(), whose errors it returns: on 0 *thread is to be joined or detached. The
 * caller's own signal mask is as before. Any thread; doesn't block. */
int sx_thread_start(pthread_t *thread, void *(*run)(void *), void *user);

/* For the mutex of what all links share: no other thread holds it at a fork, so that the child can
 * open links of its own. Whoever forks waits for it. Held for a moment only, and never two of them
 * by one thread. While the library is loaded. */
void sx_thread_hold_at_fork(pthread_mutex_t *mu);

#endif
