/* listener.h - one address that is listened on: its socket, and the daemon of libmicrohttpd that
 * gets its connections.
 *
 * Noun: the listener. Invariant: the socket is the accept thread's, which hands each connection
 * over with a high descriptor. */
#ifndef GW_LISTENER_H
#define GW_LISTENER_H

#include "config/config.h"
#include "http/arrival.h"

struct gw_listener {
    struct gw_arrival arrival;
    int fd;        /* -1: closed. The accept thread's, once that runs */
    unsigned port; /* 0: a unix socket */
    char *address; /* as the configuration says it */
    struct MHD_Daemon *daemon;
};

/* 0, or -1 with one sentence in why, and nothing is left. passwords: NULL if no listener asks for
 * one. */
int gw_listener_open(struct gw_listener *listener, struct gw_intake *intake,
                     struct gw_passwords *passwords, struct gw_config *config,
                     const struct gw_listen *listen, char *why, size_t why_bytes);
/* The files of another configuration, in two steps: what is read is taken, or thrown away. */
struct gw_listener_files {
    struct gw_tls_files *tls;
    struct gw_users *users;
};
int gw_listener_read(struct gw_config *config, const struct gw_listen *listen,
                     struct gw_listener_files *files, char *why, size_t why_bytes);
void gw_listener_take(struct gw_listener *listener, struct gw_listener_files *files);
void gw_listener_throw_away(struct gw_listener_files *files);
/* Takes one connection; false with errno: there is none, or no descriptor for it. One that can't
 * be served is closed. */
bool gw_listener_accept(struct gw_listener *listener, size_t most_connections);
/* No more connections. */
void gw_listener_close(struct gw_listener *listener);
/* Ends its daemon: no request is busy. Blocks. */
void gw_listener_fini(struct gw_listener *listener);

#endif
