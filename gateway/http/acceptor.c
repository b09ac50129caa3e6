/* acceptor.c - the thread that accepts connections, and looks after those that exist.
 *
 * One epoll has the listeners' sockets, the descriptors of requests under way (for hang-ups) and an
 * eventfd that wakes the thread. Once a second it ends the connections that are too slow.
 *
 * Failure: without a free descriptor the listeners rest for 100 ms, and are tried again. */
#include "http/acceptor.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { EVENTS = 64, TURN_MS = 1000, PAUSE_MS = 100, ACCEPTS_A_TURN = 64 };

/* Keys of events that aren't a connection's, whose descriptor would be too low for one. */
static const uint64_t WAKE = 1000;

int gw_acceptor_init(struct gw_acceptor *acceptor)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = WAKE};
    memset(acceptor, 0, sizeof *acceptor);
    acceptor->epoll = epoll_create1(EPOLL_CLOEXEC);
    acceptor->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (acceptor->epoll >= 0 && acceptor->wake >= 0 &&
        epoll_ctl(acceptor->epoll, EPOLL_CTL_ADD, acceptor->wake, &event) == 0)
        return 0;
    int why_not = errno;
    gw_acceptor_fini(acceptor);
    errno = why_not;
    return -1;
}

/* Whether the listeners' sockets are in the epoll. */
static void listen_again(struct gw_acceptor *acceptor, bool is_on)
{
    for (size_t i = 0; i < acceptor->count; i++) {
        struct epoll_event event = {.events = is_on ? EPOLLIN : 0, .data.u64 = i};
        if (acceptor->listeners[i].fd >= 0)
            epoll_ctl(acceptor->epoll, EPOLL_CTL_MOD, acceptor->listeners[i].fd, &event);
    }
}

static void accept_some(struct gw_acceptor *acceptor, struct gw_listener *listener)
{
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        if (listener->fd < 0)
            return;
        if (gw_listener_accept(listener, acceptor->most_connections))
            continue;
        if (errno == EAGAIN)
            return;
        gw_log_rarely("accept", GW_LOG_WARNING, "can't accept a connection: %s", strerror(errno));
        acceptor->paused_until_ms = gw_clock_ms() + PAUSE_MS;
        listen_again(acceptor, false);
        return;
    }
}

static void wake_up(struct gw_acceptor *acceptor)
{
    uint64_t count;
    ssize_t got = read(acceptor->wake, &count, sizeof count);
    (void)got;
    if (atomic_load(&acceptor->is_draining))
        for (size_t i = 0; i < acceptor->count; i++)
            gw_listener_close(&acceptor->listeners[i]);
}

static void see(struct gw_acceptor *acceptor, struct gw_intake *intake, uint64_t key)
{
    if (key == WAKE)
        wake_up(acceptor);
    else if (key < acceptor->count)
        accept_some(acceptor, &acceptor->listeners[key]);
    else if (gw_linger_is_key(key))
        gw_linger_read(&intake->linger, key);
    else
        gw_connections_tell(&intake->connections, key);
}

/* What is due by time alone. */
static void look_around(struct gw_acceptor *acceptor, struct gw_intake *intake, long long now_ms)
{
    if (acceptor->paused_until_ms && acceptor->paused_until_ms <= now_ms) {
        acceptor->paused_until_ms = 0;
        listen_again(acceptor, true);
    }
    if (now_ms - acceptor->looked_ms < TURN_MS)
        return;
    gw_intake_count_refused(intake, 408, gw_connections_expire(&intake->connections, now_ms));
    gw_linger_expire(&intake->linger, now_ms);
    acceptor->looked_ms = now_ms;
}

static void *run(void *user)
{
    struct gw_acceptor *acceptor = user;
    struct gw_intake *intake = acceptor->listeners[0].arrival.intake;
    while (!atomic_load(&acceptor->is_stopping)) {
        struct epoll_event events[EVENTS];
        int wait_ms = acceptor->paused_until_ms ? PAUSE_MS : TURN_MS;
        int count = epoll_wait(acceptor->epoll, events, EVENTS, wait_ms);
        long long now_ms = gw_clock_ms();
        atomic_store(&acceptor->turned_ms, now_ms);
        for (int i = 0; i < count; i++)
            see(acceptor, intake, events[i].data.u64);
        look_around(acceptor, intake, now_ms);
    }
    return NULL;
}

int gw_acceptor_start(struct gw_acceptor *acceptor, struct gw_listener *listeners, size_t count,
                      size_t most_connections)
{
    acceptor->listeners = listeners;
    acceptor->count = count;
    acceptor->most_connections = most_connections;
    acceptor->turned_ms = gw_clock_ms();
    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
        if (epoll_ctl(acceptor->epoll, EPOLL_CTL_ADD, listeners[i].fd, &event))
            return -1;
    }
    errno = pthread_create(&acceptor->thread, NULL, run, acceptor);
    acceptor->is_running = errno == 0;
    return acceptor->is_running ? 0 : -1;
}

static void wake(struct gw_acceptor *acceptor)
{
    uint64_t one = 1;
    ssize_t written = write(acceptor->wake, &one, sizeof one);
    (void)written;
}

void gw_acceptor_drain(struct gw_acceptor *acceptor)
{
    atomic_store(&acceptor->is_draining, true);
    wake(acceptor);
}

void gw_acceptor_stop(struct gw_acceptor *acceptor)
{
    if (!acceptor->is_running)
        return;
    atomic_store(&acceptor->is_stopping, true);
    wake(acceptor);
    pthread_join(acceptor->thread, NULL);
    acceptor->is_running = false;
}

void gw_acceptor_fini(struct gw_acceptor *acceptor)
{
    if (acceptor->epoll >= 0)
        close(acceptor->epoll);
    if (acceptor->wake >= 0)
        close(acceptor->wake);
    acceptor->epoll = acceptor->wake = -1;
}
