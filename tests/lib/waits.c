/* waits.c - looks at each call that could wait, and makes it.
 *
 * Invariant: a call does what it would do without this file.
 */
#include "waits.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static _Thread_local bool begun;
static _Thread_local unsigned count;
static _Thread_local const char *last = "";

int __real_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __real_select(int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout);
int __wrap_select(int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout);
int __real_usleep(useconds_t us);
int __wrap_usleep(useconds_t us);
int __real_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);
ssize_t __real_recv(int fd, void *out, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *out, size_t len, int flags);
ssize_t __real_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);

ssize_t __real_writev(int fd, const struct iovec *parts, int parts_count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int parts_count);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

void waits_begin(void)
{
    begun = true;
    count = 0;
    last = "";
}

unsigned waits_end(void)
{
    begun = false;
    return count;
}

const char *waits_last(void)
{
    return last;
}

static void note(const char *call, bool waits)
{
    if (!begun || !waits)
        return;
    count++;
    last = call;
}

static bool is_blocking(int fd)
{
    int flags = begun ? fcntl(fd, F_GETFL) : -1;
    return flags >= 0 && !(flags & O_NONBLOCK);
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    note("poll", timeout_ms != 0);
    return __real_poll(fds, n, timeout_ms);
}

int __wrap_select(int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout)
{
    note("select", !timeout || timeout->tv_sec || timeout->tv_usec);
    return __real_select(n, in, out, except, timeout);
}

int __wrap_usleep(useconds_t us)
{
    note("usleep", true);
    return __real_usleep(us);
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    note("connect", is_blocking(fd));
    return __real_connect(fd, address, len);
}

ssize_t __wrap_recv(int fd, void *out, size_t len, int flags)
{
    note("recv", !(flags & MSG_DONTWAIT) && is_blocking(fd));
    return __real_recv(fd, out, len, flags);
}

ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags)
{
    note("send", !(flags & MSG_DONTWAIT) && is_blocking(fd));
    return __real_send(fd, bytes, len, flags);
}

ssize_t __wrap_writev(int fd, const struct iovec *parts, int parts_count)
{
    note("writev", is_blocking(fd));
    return __real_writev(fd, parts, parts_count);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    note("sendmsg", !(flags & MSG_DONTWAIT) && is_blocking(fd));
    return __real_sendmsg(fd, message, flags);
}
