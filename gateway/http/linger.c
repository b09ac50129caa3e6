/* linger.c - connections that are closed, and whose client still sends.
 *
 * Bounded by places and time; the bytes are dropped in the kernel (MSG_TRUNC). */
#include "http/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"

enum { LINGER_MS = 2000 };

/* Keys of connections have a generation there, of 31 bits. */
static const uint64_t KEY = UINT64_C(1) << 63;

void gw_linger_init(struct gw_linger *linger, int epoll)
{
    pthread_mutex_init(&linger->mutex, NULL);
    linger->epoll = epoll;
    for (size_t i = 0; i < GW_LINGER_PLACES; i++)
        linger->ends[i].fd = -1;
}

/* What is thrown away goes nowhere, but the kernel wants to know a place. */
static char nowhere[1 << 16];

static void end(struct gw_linger_end *of)
{
    close(of->fd);
    of->fd = -1;
}

void gw_linger_fini(struct gw_linger *linger)
{
    for (size_t i = 0; i < GW_LINGER_PLACES; i++)
        if (linger->ends[i].fd >= 0)
            end(&linger->ends[i]);
    pthread_mutex_destroy(&linger->mutex);
}

void gw_linger_add(struct gw_linger *linger, int fd)
{
    pthread_mutex_lock(&linger->mutex);
    for (size_t i = 0; i < GW_LINGER_PLACES; i++) {
        struct gw_linger_end *of = &linger->ends[i];
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.u64 = KEY | i};
        if (of->fd >= 0)
            continue;
        of->fd = fcntl(fd, F_DUPFD_CLOEXEC, GW_DESCRIPTOR_LEAST);
        of->until_ms = gw_clock_ms() + LINGER_MS;
        if (of->fd >= 0 && epoll_ctl(linger->epoll, EPOLL_CTL_ADD, of->fd, &event))
            end(of);
        break;
    }
    pthread_mutex_unlock(&linger->mutex);
}

int gw_linger_is_key(uint64_t key)
{
    return (key & KEY) != 0;
}

void gw_linger_read(struct gw_linger *linger, uint64_t key)
{
    pthread_mutex_lock(&linger->mutex);
    struct gw_linger_end *of = &linger->ends[(key & ~KEY) % GW_LINGER_PLACES];
    if (of->fd >= 0) {
        ssize_t got = recv(of->fd, nowhere, sizeof nowhere, MSG_TRUNC | MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            end(of);
    }
    pthread_mutex_unlock(&linger->mutex);
}

void gw_linger_expire(struct gw_linger *linger, long long now_ms)
{
    pthread_mutex_lock(&linger->mutex);
    for (size_t i = 0; i < GW_LINGER_PLACES; i++)
        if (linger->ends[i].fd >= 0 && linger->ends[i].until_ms <= now_ms)
            end(&linger->ends[i]);
    pthread_mutex_unlock(&linger->mutex);
}
