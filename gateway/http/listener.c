/* listener.c - one address that is listened on.
 *
 * A connection is accepted with whatever descriptor is free, gets another from 1,100 on, and is
 * given to libmicrohttpd with that, since a link of XMPP needs one below 1,024 when it comes back.
 *
 * Failures: an address that is in use or can't be read is a sentence at the start. Later: without a
 * descriptor connections wait in the kernel's queue, without a high one they are closed. */
#include "http/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/log.h"

enum {
    BACKLOG = 1024,
    POOL_EXTRA_BYTES =
        8192, /* beside limits.header: what libmicrohttpd notes, and a body's piece */
    LONGEST_HOST = 256
};

/* How strictly requests are read. */
#if MHD_VERSION >= 0x00097701
#define STRICTNESS MHD_OPTION_CLIENT_DISCIPLINE_LVL
#else
#define STRICTNESS MHD_OPTION_STRICT_FOR_CLIENT
#endif

/* What browsers and SOAP stacks of the last ten years speak. */
static const char PRIORITIES[] = "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1";

static const char BUSY[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
                           "Retry-After: 5\r\nContent-Length: 0\r\n\r\n";

static int fail(int fd, char *why, size_t why_bytes, const char *address, const char *what)
{
    if (fd >= 0)
        close(fd);
    snprintf(why, why_bytes, "can't listen on %s: %s", address, what);
    return -1;
}

/* Whether a unix socket is there that nobody listens on. */
static bool is_left_over(const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(address->sun_path, &status) || !S_ISSOCK(status.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_dead = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) &&
                   errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return is_dead;
}

static int open_unix(struct gw_listener *listener, const char *path, char *why, size_t why_bytes)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return fail(-1, why, why_bytes, path, "the path is too long");
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (is_left_over(&address))
        unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) || chmod(path, 0660) ||
        listen(fd, BACKLOG))
        return fail(fd, why, why_bytes, path, strerror(errno));
    listener->fd = fd;
    return 0;
}

static unsigned read_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address;
    socklen_t bytes = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(fd, &address.any, &bytes))
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.six.sin6_port : address.four.sin_port);
}

/* "HOST:PORT", "[HOST]:PORT" */
static bool split(const char *address, char host[LONGEST_HOST], const char **port)
{
    const char *colon = strrchr(address, ':'), *start = address, *end = colon;
    if (!colon)
        return false;
    if (*address == '[') {
        start++;
        end--;
        if (end <= start || *end != ']')
            return false;
    }
    if (end - start >= LONGEST_HOST)
        return false;
    memcpy(host, start, (size_t)(end - start));
    host[end - start] = '\0';
    *port = colon + 1;
    return true;
}

static int open_tcp(struct gw_listener *listener, const char *address, char *why, size_t why_bytes)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    char host[LONGEST_HOST];
    const char *port;
    int one = 1;
    if (!split(address, host, &port))
        return fail(-1, why, why_bytes, address, "it is no HOST:PORT");
    int error = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (error)
        return fail(-1, why, why_bytes, address, gai_strerror(error));
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_open = fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) &&
                   !bind(fd, found->ai_addr, found->ai_addrlen) && !listen(fd, BACKLOG);
    int why_not = errno;
    freeaddrinfo(found);
    if (!is_open)
        return fail(fd, why, why_bytes, address, strerror(why_not));
    listener->port = read_port(fd);
    listener->fd = fd;
    return 0;
}

static struct MHD_Daemon *start_daemon(struct gw_listener *listener, const struct gw_limits *limits)
{
    struct gw_arrival *arrival = &listener->arrival;
    const char *trusted = arrival->tls ? gw_tls_trusted(arrival->tls) : NULL;
    struct MHD_OptionItem of_tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)gw_arrival_present},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)PRIORITIES},
        {trusted ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, (void *)trusted},
        {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC |
                     MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    return MHD_start_daemon(
        flags | (arrival->tls ? MHD_USE_TLS : 0), 0, NULL, NULL, gw_arrival_take, arrival,
        MHD_OPTION_EXTERNAL_LOGGER, gw_arrival_log, arrival, MHD_OPTION_CONNECTION_LIMIT,
        limits->connections, MHD_OPTION_CONNECTION_TIMEOUT, (limits->idle_ms + 999) / 1000,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits->header_bytes + POOL_EXTRA_BYTES, STRICTNESS, 1,
        MHD_OPTION_URI_LOG_CALLBACK, gw_arrival_begin, arrival, MHD_OPTION_NOTIFY_COMPLETED,
        gw_arrival_end, arrival, MHD_OPTION_NOTIFY_CONNECTION, gw_arrival_connect, arrival,
        MHD_OPTION_ARRAY, arrival->tls ? of_tls : none, MHD_OPTION_END);
}

static int open_files(struct gw_arrival *arrival, struct gw_config *config,
                      const struct gw_listen *listen, char *why, size_t why_bytes)
{
    if (listen->cert_file[0] && !(arrival->tls = gw_tls_new(listen, why, why_bytes)))
        return -1;
    if (listen->auth && !(arrival->users = gw_users_read(config, listen->auth, why, why_bytes)))
        return -1;
    return 0;
}

int gw_listener_open(struct gw_listener *listener, struct gw_intake *intake,
                     struct gw_passwords *passwords, struct gw_config *config,
                     const struct gw_listen *listen, char *why, size_t why_bytes)
{
    memset(listener, 0, sizeof *listener);
    listener->fd = -1;
    listener->arrival.intake = intake;
    listener->arrival.passwords = passwords;
    listener->address = strdup(listen->address);
    if (!listener->address)
        return fail(-1, why, why_bytes, listen->address, "memory is short");
    int (*open_socket)(struct gw_listener *, const char *, char *, size_t) =
        listen->address[0] == '/' ? open_unix : open_tcp;
    if (open_files(&listener->arrival, config, listen, why, why_bytes) ||
        open_socket(listener, listen->address, why, why_bytes)) {
        gw_listener_fini(listener);
        return -1;
    }
    listener->daemon = start_daemon(listener, &config->limits);
    if (listener->daemon)
        return 0;
    gw_listener_fini(listener);
    return fail(-1, why, why_bytes, listen->address, "libmicrohttpd doesn't start");
}

int gw_listener_read(struct gw_config *config, const struct gw_listen *listen,
                     struct gw_listener_files *files, char *why, size_t why_bytes)
{
    memset(files, 0, sizeof *files);
    if (listen->cert_file[0] && !(files->tls = gw_tls_read(listen, why, why_bytes)))
        return -1;
    if (!listen->auth || (files->users = gw_users_read(config, listen->auth, why, why_bytes)))
        return 0;
    gw_listener_throw_away(files);
    return -1;
}

void gw_listener_take(struct gw_listener *listener, struct gw_listener_files *files)
{
    struct gw_arrival *arrival = &listener->arrival;
    if (files->tls && arrival->tls)
        gw_tls_take(arrival->tls, files->tls);
    else
        gw_tls_throw_away(files->tls);
    files->tls = NULL;
    pthread_mutex_lock(&arrival->intake->mutex);
    struct gw_users *before = arrival->users;
    arrival->users = files->users;
    pthread_mutex_unlock(&arrival->intake->mutex);
    files->users = before;
    gw_listener_throw_away(files);
}

void gw_listener_throw_away(struct gw_listener_files *files)
{
    gw_tls_throw_away(files->tls);
    gw_users_release(files->users);
    memset(files, 0, sizeof *files);
}

bool gw_listener_accept(struct gw_listener *listener, size_t most_connections)
{
    struct sockaddr_storage address = {0};
    socklen_t bytes = sizeof address;
    int one = 1;
    int low =
        accept4(listener->fd, (struct sockaddr *)&address, &bytes, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (low < 0)
        return errno == ECONNABORTED || errno == EINTR;
    int fd = fcntl(low, F_DUPFD_CLOEXEC, GW_DESCRIPTOR_LEAST);
    int why_not = errno;
    close(low);
    if (fd < 0) {
        errno = why_not;
        return false;
    }
    struct gw_intake *intake = listener->arrival.intake;
    if (gw_connections_count(&intake->connections) >= most_connections) {
        ssize_t sent = listener->arrival.tls
                           ? 0
                           : send(fd, BUSY, sizeof BUSY - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)sent;
        close(fd);
        gw_intake_count_refused(intake, 503, 1);
        gw_log_rarely("connections", GW_LOG_WARNING, "more than %zu connections: refused one",
                      most_connections);
        return true;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    /* It closes the descriptor if it fails. */
    MHD_add_connection(listener->daemon, fd, (struct sockaddr *)&address, bytes);
    return true;
}

void gw_listener_close(struct gw_listener *listener)
{
    if (listener->fd >= 0)
        close(listener->fd);
    if (listener->fd >= 0 && listener->address[0] == '/')
        unlink(listener->address);
    listener->fd = -1;
}

void gw_listener_fini(struct gw_listener *listener)
{
    gw_listener_close(listener);
    if (listener->daemon)
        MHD_stop_daemon(listener->daemon);
    listener->daemon = NULL;
    gw_tls_free(listener->arrival.tls);
    listener->arrival.tls = NULL;
    gw_users_release(listener->arrival.users);
    listener->arrival.users = NULL;
    free(listener->address);
    listener->address = NULL;
}
