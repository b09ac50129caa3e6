/* readiness.c - an eventfd that counts and a timerfd, in an epoll descriptor. Invariant:
 * readiness.h.
 *
 * Happy path: new -> join -> set, alarm -> free. Failure: no descriptors: nothing is made. A write
 * or a read of a count can't fail, nor can a timer be refused: they are the readiness' own.
 */
#include "base/readiness.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { US_PER_S = 1000000, NS_PER_US = 1000 };

struct sx_readiness {
    int epoll, events, timer;
};

static void close_all(const struct sx_readiness *readiness)
{
    const int fds[] = {readiness->epoll, readiness->events, readiness->timer};
    int saved = errno;
    size_t i;
    for (i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    errno = saved;
}

static bool watch(const struct sx_readiness *readiness, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(readiness->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool make(struct sx_readiness *readiness)
{
    readiness->events = readiness->timer = -1;
    readiness->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (readiness->epoll >= 0)
        readiness->events = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
    if (readiness->events >= 0)
        readiness->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return readiness->timer >= 0 && watch(readiness, readiness->events) &&
           watch(readiness, readiness->timer);
}

struct sx_readiness *sx_readiness_new(void)
{
    struct sx_readiness *readiness = malloc(sizeof *readiness);
    if (readiness && !make(readiness)) {
        close_all(readiness);
        free(readiness);
        return NULL;
    }
    return readiness;
}

void sx_readiness_free(struct sx_readiness *readiness)
{
    if (!readiness)
        return;
    close_all(readiness);
    free(readiness);
}

int sx_readiness_descriptor(const struct sx_readiness *readiness)
{
    return readiness->epoll;
}

void sx_readiness_join(struct sx_readiness_source *source, struct sx_readiness *readiness)
{
    if (source->readiness)
        return;
    source->readiness = readiness;
    source->is_ready = false;
    source->alarm_us = SX_NEVER;
}

/* As a semaphore the eventfd gives one of its count to each read. */
void sx_readiness_set(struct sx_readiness_source *source, bool is_ready)
{
    uint64_t one = 1;
    ssize_t done;
    if (!source->readiness || source->is_ready == is_ready)
        return;
    source->is_ready = is_ready;
    if (is_ready)
        done = write(source->readiness->events, &one, sizeof one);
    else
        done = read(source->readiness->events, &one, sizeof one);
    assert(done == sizeof one);
    (void)done;
}

static void set_timer(struct sx_readiness_source *source, int64_t at_us)
{
    struct itimerspec spec = {0}; /* of zeros: off */
    int err;
    source->alarm_us = at_us;
    if (at_us != SX_NEVER) {
        int64_t us = at_us > 0 ? at_us : 1;
        spec.it_value.tv_sec = (time_t)(us / US_PER_S);
        spec.it_value.tv_nsec = (long)(us % US_PER_S) * NS_PER_US;
    }
    err = timerfd_settime(source->readiness->timer, TFD_TIMER_ABSTIME, &spec, NULL);
    assert(err == 0);
    (void)err;
}

void sx_readiness_alarm(struct sx_readiness_source *source, int64_t first_us)
{
    if (source->readiness && first_us < source->alarm_us)
        set_timer(source, first_us);
}

void sx_readiness_realarm(struct sx_readiness_source *source, int64_t first_us, int64_t now_us)
{
    if (source->readiness && source->alarm_us <= now_us)
        set_timer(source, first_us);
}
