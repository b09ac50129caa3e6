#include "tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "suite.h"

int tcp_listen(int backlog, int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, backlog) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

int tcp_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

bool tcp_is_ready(int fd, short events, int timeout_ms)
{
    struct pollfd polled = {.fd = fd, .events = events};
    return poll(&polled, 1, timeout_ms) == 1;
}

int tcp_accept(int listener)
{
    int fd;
    CU_ASSERT_TRUE_FATAL(tcp_is_ready(listener, POLLIN, TCP_LONG_MS));
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

void tcp_say(int fd, const char *text)
{
    CU_ASSERT_EQUAL(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads until text has come (NULL: until the end) or out is full; *error as in tcp_assert_ends(),
 * ETIMEDOUT if the time was up. */
static void hear(int fd, const char *text, char *out, size_t out_bytes, int *error)
{
    size_t len = 0;
    ssize_t n = 1;
    *error = ETIMEDOUT;
    out[0] = '\0';
    while (n > 0 && len + 1 < out_bytes && !(text && strstr(out, text)) &&
           tcp_is_ready(fd, POLLIN, TCP_LONG_MS)) {
        n = recv(fd, out + len, out_bytes - 1 - len, 0);
        if (n > 0)
            len += (size_t)n;
        else
            *error = n < 0 ? errno : 0;
        out[len] = '\0';
    }
}

const char *tcp_hear_until(int fd, const char *text)
{
    static char heard[65536];
    int error;
    hear(fd, text, heard, sizeof heard, &error);
    return heard;
}

void tcp_assert_hears(int fd, const char *text)
{
    char heard[1024];
    int error;
    size_t len = strlen(text);
    CU_ASSERT_FATAL(len < sizeof heard);
    /* No more than this: what comes behind it is for the next one. */
    hear(fd, NULL, heard, len + 1, &error);
    ASSERT_TEXT(heard, text);
}

void tcp_assert_ends(int fd, const char *text, int error)
{
    char heard[1024];
    int end;
    hear(fd, NULL, heard, sizeof heard, &end);
    ASSERT_TEXT(heard, text);
    CU_ASSERT_EQUAL(end, error);
}

void tcp_assert_quiet(int fd)
{
    CU_ASSERT_FALSE(tcp_is_ready(fd, POLLIN, TCP_QUIET_MS));
}

int tcp_read_to_end(int fd)
{
    char ignored[4096];
    ssize_t n = 1;
    while (n > 0) {
        if (!tcp_is_ready(fd, POLLIN, TCP_LONG_MS))
            return ETIMEDOUT;
        n = recv(fd, ignored, sizeof ignored, 0);
    }
    return n < 0 ? errno : 0;
}
