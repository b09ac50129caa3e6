/* watchdog.h - the deadline of one connect attempt, enforced from another thread.
 *
 * Why a thread: libstrophe's TLS handshake blocks inside xmpp_run_once without limit, and neither
 * the stream header nor SASL has a timer. shutdown() on the socket from outside ends each of them.
 *
 * Invariant: the watchdog only ever touches its own duplicate of the descriptor, so it can't hit a
 * number that was closed and given to somebody else.
 */
#ifndef SX_NET_WATCHDOG_H
#define SX_NET_WATCHDOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct sx_watchdog {
    pthread_t thread;
    bool joined; /* by the thread that started it */
    /* under mu */
    pthread_mutex_t mu;
    pthread_cond_t changed;
    int64_t deadline;
    int fd; /* our duplicate, -1 before the first socket */
    bool done, fired;
};

/* Starts to watch. Returns 0 or an errno; nothing is to be undone then. */
int sx_watchdog_start(struct sx_watchdog *watchdog, int64_t deadline);

/* The attempt goes on with this socket (duplicated). False when the deadline has passed or no
 * descriptor is left: give the attempt up. */
bool sx_watchdog_watch(struct sx_watchdog *watchdog, int fd);

/* As if the deadline were over, from any thread: somebody wants the attempt to end. */
void sx_watchdog_fire(struct sx_watchdog *watchdog);

/* Ends the watch: joins the thread; returns whether it had fired. Idempotent. */
bool sx_watchdog_stop(struct sx_watchdog *watchdog);

/* Stops it and frees what start made. */
void sx_watchdog_fini(struct sx_watchdog *watchdog);

#endif
