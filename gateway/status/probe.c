/* probe.c - GET /readyz, by a socket of our own.
 *
 * Invariant: one connection, one request, and what comes back is bounded in bytes and time.
 *
 * Happy path: connect -> send -> read to the end -> the status line says it. Failure: no listener,
 * no answer in time, no HTTP: it isn't ready, and the reason is told. */
#include "status/probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

enum { PROBE_MS = 10000, ANSWER_BYTES = 16 * 1024, HOST_BYTES = 256 };

static int fail(char *why, size_t why_bytes, const char *address, const char *what)
{
    snprintf(why, why_bytes, "%s: %s", address, what);
    return -1;
}

static int connect_path(const char *path, char *why, size_t why_bytes)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return fail(why, why_bytes, path, "too long a path for a socket");
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int failure = errno;
    if (fd >= 0)
        close(fd);
    return fail(why, why_bytes, path, strerror(failure));
}

/* "127.0.0.1:9180" or "[::1]:9180" into host and port. */
static bool split(const char *address, char host[HOST_BYTES], const char **port)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : 0;
    if (!len || len >= HOST_BYTES || !colon[1])
        return false;
    if (address[0] == '[' && colon[-1] == ']')
        address++, len -= 2;
    memcpy(host, address, len);
    host[len] = '\0';
    *port = colon + 1;
    return true;
}

/* The connection may still be under way: who writes to it waits for that. */
static int connect_port(const char *address, char *why, size_t why_bytes)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV},
                    *found;
    char host[HOST_BYTES];
    const char *port;
    if (!split(address, host, &port) || getaddrinfo(host, port, &hints, &found) != 0)
        return fail(why, why_bytes, address, "not an address and port, as 127.0.0.1:9180");
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int result = fd < 0 ? -1 : connect(fd, found->ai_addr, found->ai_addrlen), failure = errno;
    freeaddrinfo(found);
    if (fd >= 0 && (result == 0 || failure == EINPROGRESS))
        return fd;
    if (fd >= 0)
        close(fd);
    return fail(why, why_bytes, address, strerror(failure));
}

static bool wait_for(int fd, short event, long long end_ms)
{
    struct pollfd poller = {.fd = fd, .events = event};
    long long left_ms = end_ms - gw_clock_ms();
    return left_ms > 0 && poll(&poller, 1, (int)left_ms) == 1;
}

/* Sends a request, which is smaller than any socket's buffer, and reads what comes until the end of
 * it, or of answer. */
static bool exchange(int fd, const char *request, char *answer, size_t answer_bytes)
{
    long long end_ms = gw_clock_ms() + PROBE_MS;
    size_t len = 0;
    ssize_t more = 0;
    if (!wait_for(fd, POLLOUT, end_ms) ||
        send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
        return false;
    while (len < answer_bytes - 1 && wait_for(fd, POLLIN, end_ms) &&
           (more = recv(fd, answer + len, answer_bytes - 1 - len, 0)) > 0)
        len += (size_t)more;
    answer[len] = '\0';
    if (len == 0)
        errno = more == 0 ? ETIMEDOUT : errno;
    return len > 0;
}

/* The first line of the body. */
static void read_body(const char *answer, char *why, size_t why_bytes)
{
    const char *body = strstr(answer, "\r\n\r\n");
    body = body ? body + 4 : "";
    snprintf(why, why_bytes, "%.*s", (int)strcspn(body, "\r\n"), body);
}

bool gw_probe_ready(const char *address, char *why, size_t why_bytes)
{
    static const char request[] =
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char answer[ANSWER_BYTES];
    int fd = address[0] == '/' ? connect_path(address, why, why_bytes)
                               : connect_port(address, why, why_bytes);
    int status = 0;
    if (fd < 0)
        return false;
    if (!exchange(fd, request, answer, sizeof answer))
        fail(why, why_bytes, address, strerror(errno));
    else if (sscanf(answer, "HTTP/1.%*1[01] %d", &status) != 1)
        fail(why, why_bytes, address, "this is no HTTP");
    else
        read_body(answer, why, why_bytes);
    close(fd);
    return status == 200;
}
