/* thread.h - a thread that no signal interrupts.
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

#endif
