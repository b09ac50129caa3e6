/* connection.c - the connections of a server, by descriptor.
 *
 * libmicrohttpd tells of a connection's start and end on its own thread. The accept thread looks
 * for two things that libmicrohttpd doesn't: whether the client of a request that is under way has
 * hung up (the descriptor isn't read meanwhile), and whether a request comes byte by byte, each one
 * in time. An event carries descriptor and generation instead of a pointer, so that one that comes
 * late finds nothing.
 *
 * Failure: without memory a connection isn't taken. */
#include "http/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

static const char TOO_SLOW[] =
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

void gw_connections_init(struct gw_connections *connections, int epoll)
{
    memset(connections, 0, sizeof *connections);
    pthread_mutex_init(&connections->mutex, NULL);
    connections->epoll = epoll;
}

void gw_connections_fini(struct gw_connections *connections)
{
    free(connections->by_fd);
    pthread_mutex_destroy(&connections->mutex);
}

size_t gw_connections_count(struct gw_connections *connections)
{
    pthread_mutex_lock(&connections->mutex);
    size_t count = connections->count;
    pthread_mutex_unlock(&connections->mutex);
    return count;
}

static bool make_room(struct gw_connections *connections, size_t fd)
{
    if (fd < connections->room)
        return true;
    size_t room = (fd + 1) * 2;
    struct gw_connection **by_fd = realloc(connections->by_fd, room * sizeof(void *));
    if (!by_fd)
        return false;
    memset(by_fd + connections->room, 0, (room - connections->room) * sizeof(void *));
    connections->by_fd = by_fd;
    connections->room = room;
    return true;
}

static void write_address(const struct sockaddr *address, char *text, size_t bytes)
{
    text[0] = '\0';
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text,
                  (socklen_t)bytes);
    if (address && address->sa_family == AF_INET6) {
        const struct in6_addr *six =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(six))
            inet_ntop(AF_INET, six->s6_addr + 12, text, (socklen_t)bytes);
        else
            inet_ntop(AF_INET6, six, text, (socklen_t)bytes);
    }
}

struct gw_connection *gw_connection_add(struct gw_connections *connections, int fd,
                                        const struct sockaddr *address, struct gw_tls *tls,
                                        long long deadline_ms)
{
    struct gw_connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return NULL;
    connection->fd = fd;
    connection->tls = tls;
    connection->deadline_ms = deadline_ms;
    write_address(address, connection->address, sizeof connection->address);
    pthread_mutex_lock(&connections->mutex);
    bool has_room = make_room(connections, (size_t)fd);
    if (has_room) {
        connection->generation = connections->generations =
            (connections->generations + 1) & INT32_MAX;
        connections->by_fd[fd] = connection;
        connections->count++;
    }
    pthread_mutex_unlock(&connections->mutex);
    if (has_room)
        return connection;
    free(connection);
    return NULL;
}

static void unwatch(struct gw_connections *connections, struct gw_connection *connection)
{
    if (connection->is_watched)
        epoll_ctl(connections->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    connection->is_watched = false;
}

void gw_connection_remove(struct gw_connections *connections, struct gw_connection *connection)
{
    if (!connection)
        return;
    pthread_mutex_lock(&connections->mutex);
    unwatch(connections, connection);
    connections->by_fd[connection->fd] = NULL;
    connections->count--;
    pthread_mutex_unlock(&connections->mutex);
    free(connection);
}

void gw_connection_set_deadline(struct gw_connections *connections,
                                struct gw_connection *connection, long long deadline_ms)
{
    pthread_mutex_lock(&connections->mutex);
    connection->deadline_ms = deadline_ms;
    pthread_mutex_unlock(&connections->mutex);
}

void gw_connection_set_asking(struct gw_connections *connections, struct gw_connection *connection,
                              bool is_asking)
{
    pthread_mutex_lock(&connections->mutex);
    connection->is_asking = is_asking;
    pthread_mutex_unlock(&connections->mutex);
}

void gw_connection_watch(struct gw_connections *connections, struct gw_connection *connection)
{
    pthread_mutex_lock(&connections->mutex);
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT};
    event.data.u64 = (uint64_t)connection->generation << 32 | (uint32_t)connection->fd;
    connection->is_watched =
        epoll_ctl(connections->epoll, EPOLL_CTL_ADD, connection->fd, &event) == 0;
    pthread_mutex_unlock(&connections->mutex);
}

void gw_connection_unwatch(struct gw_connections *connections, struct gw_connection *connection)
{
    pthread_mutex_lock(&connections->mutex);
    unwatch(connections, connection);
    pthread_mutex_unlock(&connections->mutex);
}

bool gw_connection_is_gone(struct gw_connections *connections,
                           const struct gw_connection *connection)
{
    pthread_mutex_lock(&connections->mutex);
    bool is_gone = connection->is_gone;
    pthread_mutex_unlock(&connections->mutex);
    return is_gone;
}

void gw_connections_tell(struct gw_connections *connections, uint64_t key)
{
    size_t fd = (uint32_t)key;
    pthread_mutex_lock(&connections->mutex);
    struct gw_connection *connection = fd < connections->room ? connections->by_fd[fd] : NULL;
    if (connection && connection->generation == key >> 32)
        connection->is_gone = true;
    pthread_mutex_unlock(&connections->mutex);
}

/* Whether the client has ended its side in the middle of a request, with nothing more to read.
 * libmicrohttpd doesn't see an end that came together with bytes. */
static bool has_ended(const struct gw_connection *connection)
{
    char byte;
    return connection->is_asking && recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

size_t gw_connections_expire(struct gw_connections *connections, long long now_ms)
{
    size_t expired = 0;
    pthread_mutex_lock(&connections->mutex);
    for (size_t fd = 0; fd < connections->room; fd++) {
        struct gw_connection *connection = connections->by_fd[fd];
        if (!connection || !connection->deadline_ms)
            continue;
        bool is_over = connection->deadline_ms <= now_ms;
        if (!is_over && !has_ended(connection))
            continue;
        if (is_over && connection->is_asking) {
            expired++;
            if (!connection->tls) {
                ssize_t sent = send(connection->fd, TOO_SLOW, sizeof TOO_SLOW - 1,
                                    MSG_DONTWAIT | MSG_NOSIGNAL);
                (void)sent; /* it goes either way */
            }
        }
        shutdown(connection->fd, SHUT_RDWR);
        connection->deadline_ms = 0;
    }
    pthread_mutex_unlock(&connections->mutex);
    return expired;
}
