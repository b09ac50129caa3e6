/* connection.h - the connections of a server, by descriptor: who hangs up, who is too slow.
 *
 * Noun: the connection. Invariant: a descriptor in the table is open, since libmicrohttpd closes it
 * only after gw_connection_remove(); what is done to one by its number is done under the lock. */
#ifndef GW_CONNECTION_H
#define GW_CONNECTION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct gw_tls;
struct gw_connection {
    int fd;
    uint32_t generation;   /* tells it from one that had the same descriptor */
    char address[46];      /* the client's, as text; "" over a unix socket */
    struct gw_tls *tls;    /* the listener's; NULL: a sentence of ours can be put on the wire */
    bool is_asking;        /* a request line has come, and not all that belongs to it */
    bool is_gone;          /* the client has hung up */
    bool is_watched;       /* for that */
    long long deadline_ms; /* when what it says must be whole; 0: it has nothing to say */
};

struct gw_connections {
    pthread_mutex_t mutex;
    struct gw_connection **by_fd; /* under mutex, as all that follows */
    size_t room, count;
    uint32_t generations;
    int epoll; /* the accept thread's */
};

void gw_connections_init(struct gw_connections *connections, int epoll);
void gw_connections_fini(struct gw_connections *connections); /* all are removed */
size_t gw_connections_count(struct gw_connections *connections);

/* A new one; NULL without memory. */
struct gw_connection *gw_connection_add(struct gw_connections *connections, int fd,
                                        const struct sockaddr *address, struct gw_tls *tls,
                                        long long deadline_ms);
void gw_connection_remove(struct gw_connections *connections, struct gw_connection *connection);
void gw_connection_set_deadline(struct gw_connections *connections,
                                struct gw_connection *connection, long long deadline_ms);
void gw_connection_set_asking(struct gw_connections *connections, struct gw_connection *connection,
                              bool is_asking);

/* Its hang-up is looked for by the accept thread, which gets gw_connection_key() as the event's
 * data. Without memory in the kernel it isn't: the answer will fail then. */
void gw_connection_watch(struct gw_connections *connections, struct gw_connection *connection);
void gw_connection_unwatch(struct gw_connections *connections, struct gw_connection *connection);
bool gw_connection_is_gone(struct gw_connections *connections,
                           const struct gw_connection *connection);
/* An event of a watched one. */
void gw_connections_tell(struct gw_connections *connections, uint64_t key);
/* Ends those whose client has ended in the middle of a request, and those whose deadline is over,
 * with 408 where one can be put on the wire; returns how many of the latter were in the middle of a
 * request. */
size_t gw_connections_expire(struct gw_connections *connections, long long now_ms);

#endif
