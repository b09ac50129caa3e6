/* acceptor.h - the thread that accepts connections, and looks after those that exist.
 *
 * Noun: the acceptor. It blocks in epoll alone, for a second at most. */
#ifndef GW_ACCEPTOR_H
#define GW_ACCEPTOR_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/listener.h"

struct gw_acceptor {
    struct gw_listener *listeners;
    size_t count;
    size_t most_connections;
    int epoll, wake;
    atomic_bool is_draining, is_stopping;
    atomic_llong turned_ms;
    pthread_t thread;
    bool is_running;
    long long looked_ms;       /* the thread's: when it looked after connections */
    long long paused_until_ms; /* the thread's: there was no descriptor; 0: it accepts */
};

/* 0, or -1 with errno. Then listeners are opened, and it is started. */
int gw_acceptor_init(struct gw_acceptor *acceptor);
int gw_acceptor_start(struct gw_acceptor *acceptor, struct gw_listener *listeners, size_t count,
                      size_t most_connections);
void gw_acceptor_drain(struct gw_acceptor *acceptor); /* closes the listeners, soon */
void gw_acceptor_stop(struct gw_acceptor *acceptor);  /* waits for the thread */
void gw_acceptor_fini(struct gw_acceptor *acceptor);

#endif
