/* proxy.c - accepts, lends each connection its time, carries out the test's orders.
 *
 * Invariant: only the proxy's thread touches sockets and passages. It never blocks but in poll(),
 * which an order interrupts, so that an order is waited for no longer than one round takes.
 *
 * Happy path: proxy_start -> accepted, tended, over ... -> proxy_stop.
 * Failure modes: no memory or no descriptor in the middle of a test: the program ends, for a test
 *                that ran on would test something else.
 *
 * Bounds: MAX_PASSAGES at once, others wait in the listener's backlog.
 */
#include "proxy.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "passage.h"
#include "tcp.h"

enum { MAX_PASSAGES = 64, BACKLOG = 64, US_PER_MS = 1000 };

enum order_kind { STRIKE, ABANDON, HOLE, RESUME, CALM, COUNT, STOP };

struct order {
    enum order_kind kind;
    struct proxy_fault fault; /* STRIKE */
    bool calm;                /* CALM */
    unsigned hit;
    bool done; /* under mu */
};

struct proxy {
    /* immutable */
    struct proxy_plan plan;
    int target_port, port, listen_fd, wake_fd;
    pthread_t thread;
    pthread_mutex_t mu;
    pthread_cond_t changed; /* an order came to its end, or a count grew */
    /* the proxy's thread */
    struct passage *passages[MAX_PASSAGES];
    size_t count;
    bool hole, calm;
    /* under mu */
    struct order *order;
    struct proxy_counts counts;
};

/* ---- the proxy's thread ---- */

static void take_counts(struct proxy *proxy, struct passage *passage)
{
    struct proxy_counts *counts = &proxy->counts;
    int kind;
    pthread_mutex_lock(&proxy->mu);
    counts->bytes += passage->counts.bytes;
    counts->refused += passage->counts.refused;
    for (kind = 0; kind < PROXY_KINDS; kind++)
        counts->faults[kind] += passage->counts.faults[kind];
    if (passage->over)
        counts->open--;
    pthread_cond_broadcast(&proxy->changed);
    pthread_mutex_unlock(&proxy->mu);
    passage->counts = (struct proxy_counts){0};
}

static void forget_ended(struct proxy *proxy)
{
    size_t i = 0;
    while (i < proxy->count) {
        struct passage *passage = proxy->passages[i];
        take_counts(proxy, passage);
        if (!passage->over) {
            i++;
            continue;
        }
        passage_free(passage);
        proxy->passages[i] = proxy->passages[--proxy->count];
    }
}

static void add_passage(struct proxy *proxy, int client)
{
    struct passage *passage;
    uint64_t number;
    pthread_mutex_lock(&proxy->mu);
    number = proxy->counts.connections++;
    proxy->counts.open++;
    pthread_mutex_unlock(&proxy->mu);
    passage = passage_new(&proxy->plan, number, client, proxy->target_port);
    if (!passage)
        abort();
    if (proxy->calm)
        passage_set_calm(passage, true);
    proxy->passages[proxy->count++] = passage;
}

static void accept_all(struct proxy *proxy)
{
    while (proxy->count < MAX_PASSAGES) {
        int client = accept4(proxy->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) {
            add_passage(proxy, client);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            perror("proxy: accept");
            abort();
        }
    }
}

static void wait_for_work(struct proxy *proxy)
{
    struct pollfd polls[2 + 2 * MAX_PASSAGES];
    nfds_t polled = 1;
    int64_t deadline = SX_NEVER;
    uint64_t ignored;
    size_t i;
    polls[0] = (struct pollfd){.fd = proxy->wake_fd, .events = POLLIN};
    if (!proxy->hole) {
        int fd = proxy->count < MAX_PASSAGES ? proxy->listen_fd : -1;
        polls[1] = (struct pollfd){.fd = fd, .events = POLLIN};
        for (i = 0; i < proxy->count; i++)
            passage_watch(proxy->passages[i], &polls[2 + 2 * i], &deadline);
        polled = 2 + 2 * proxy->count;
    }
    poll(polls, polled, sx_clock_poll_ms(deadline));
    if (polls[0].revents && read(proxy->wake_fd, &ignored, sizeof ignored) < 0)
        abort();
}

static void make_round(struct proxy *proxy)
{
    size_t i;
    if (proxy->hole)
        return;
    accept_all(proxy);
    for (i = 0; i < proxy->count; i++)
        passage_tend(proxy->passages[i]);
    forget_ended(proxy);
}

static void carry_out(struct proxy *proxy, struct order *order)
{
    size_t i;
    /* A strike is for everyone who was there before it. */
    if (order->kind == STRIKE || order->kind == ABANDON)
        make_round(proxy);
    if (order->kind == HOLE || order->kind == RESUME)
        proxy->hole = order->kind == HOLE;
    if (order->kind == CALM)
        proxy->calm = order->calm;
    for (i = 0; i < proxy->count; i++) {
        struct passage *passage = proxy->passages[i];
        if ((order->kind == STRIKE && passage_strike(passage, &order->fault)) ||
            (order->kind == ABANDON && passage_abandon(passage)))
            order->hit++;
        else if (order->kind == RESUME)
            passage_resume(passage);
        else if (order->kind == CALM)
            passage_set_calm(passage, order->calm);
        else if (order->kind == STOP)
            passage_end(passage, false);
    }
    forget_ended(proxy);
}

/* False after the order to stop. */
static bool obey(struct proxy *proxy)
{
    struct order *order;
    bool go_on;
    pthread_mutex_lock(&proxy->mu);
    order = proxy->order;
    pthread_mutex_unlock(&proxy->mu);
    if (!order)
        return true;
    go_on = order->kind != STOP;
    carry_out(proxy, order);
    pthread_mutex_lock(&proxy->mu);
    order->done = true;
    proxy->order = NULL;
    pthread_cond_broadcast(&proxy->changed);
    pthread_mutex_unlock(&proxy->mu);
    return go_on;
}

static void *run(void *arg)
{
    struct proxy *proxy = arg;
    while (obey(proxy)) {
        make_round(proxy);
        wait_for_work(proxy);
    }
    return NULL;
}

/* ---- the test's threads ---- */

static unsigned give_order(struct proxy *proxy, struct order order)
{
    uint64_t one = 1;
    pthread_mutex_lock(&proxy->mu);
    while (proxy->order)
        pthread_cond_wait(&proxy->changed, &proxy->mu);
    proxy->order = &order;
    if (write(proxy->wake_fd, &one, sizeof one) != sizeof one)
        abort();
    while (!order.done)
        pthread_cond_wait(&proxy->changed, &proxy->mu);
    pthread_mutex_unlock(&proxy->mu);
    return order.hit;
}

static unsigned strike_all(struct proxy *proxy, struct proxy_fault fault)
{
    return give_order(proxy, (struct order){.kind = STRIKE, .fault = fault});
}

unsigned proxy_cut_now(struct proxy *proxy)
{
    return strike_all(proxy, (struct proxy_fault){.kind = PROXY_CUT});
}

unsigned proxy_reset_now(struct proxy *proxy)
{
    return strike_all(proxy, (struct proxy_fault){.kind = PROXY_RESET});
}

unsigned proxy_half_close_now(struct proxy *proxy, bool to_client)
{
    return strike_all(proxy,
                      (struct proxy_fault){.kind = PROXY_HALF_CLOSE, .to_client = to_client});
}

unsigned proxy_stall_now(struct proxy *proxy, int hold_ms)
{
    return strike_all(proxy, (struct proxy_fault){.kind = PROXY_STALL, .hold_ms = hold_ms});
}

unsigned proxy_delay_now(struct proxy *proxy, int hold_ms)
{
    return strike_all(proxy, (struct proxy_fault){.kind = PROXY_DELAY, .hold_ms = hold_ms});
}

unsigned proxy_split_now(struct proxy *proxy)
{
    return strike_all(proxy, (struct proxy_fault){.kind = PROXY_SPLIT});
}

unsigned proxy_abandon_now(struct proxy *proxy)
{
    return give_order(proxy, (struct order){.kind = ABANDON});
}

void proxy_black_hole(struct proxy *proxy)
{
    give_order(proxy, (struct order){.kind = HOLE});
}

void proxy_resume(struct proxy *proxy)
{
    give_order(proxy, (struct order){.kind = RESUME});
}

void proxy_set_calm(struct proxy *proxy, bool calm)
{
    give_order(proxy, (struct order){.kind = CALM, .calm = calm});
}

void proxy_counts(struct proxy *proxy, struct proxy_counts *counts)
{
    /* The thread may have done something that the test sees, and not have counted it yet. */
    give_order(proxy, (struct order){.kind = COUNT});
    pthread_mutex_lock(&proxy->mu);
    *counts = proxy->counts;
    pthread_mutex_unlock(&proxy->mu);
}

bool proxy_await(struct proxy *proxy, enum proxy_kind kind, unsigned count, int timeout_ms)
{
    int64_t deadline = sx_clock_deadline((int64_t)timeout_ms * US_PER_MS);
    bool in_time = true, reached;
    pthread_mutex_lock(&proxy->mu);
    while (proxy->counts.faults[kind] < count && in_time)
        in_time = sx_clock_cond_wait(&proxy->changed, &proxy->mu, deadline);
    reached = proxy->counts.faults[kind] >= count;
    pthread_mutex_unlock(&proxy->mu);
    return reached;
}

/* ---- start and stop ---- */

static void announce(const struct proxy *proxy)
{
    struct proxy_fault first;
    if (proxy_schedule(&proxy->plan, 0, &first, 1))
        printf("[proxy %d -> %d: seed %" PRIu64 "] ", proxy->port, proxy->target_port,
               proxy->plan.seed);
}

/* The program's signal handlers run on the program's threads. */
static int start_thread(struct proxy *proxy)
{
    sigset_t all, before;
    int err;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&proxy->thread, NULL, run, proxy);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

struct proxy *proxy_start(int target_port, const struct proxy_plan *plan)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    if (!proxy)
        return NULL;
    if (plan)
        proxy->plan = *plan;
    proxy->target_port = target_port;
    proxy->listen_fd = tcp_listen(BACKLOG, &proxy->port);
    if (proxy->listen_fd < 0)
        goto err_after_alloc;
    proxy->wake_fd = eventfd(0, EFD_CLOEXEC);
    if (proxy->wake_fd < 0)
        goto err_after_listen;
    if (pthread_mutex_init(&proxy->mu, NULL))
        goto err_after_wake;
    if (sx_clock_cond_init(&proxy->changed))
        goto err_after_mutex;
    announce(proxy);
    if (start_thread(proxy))
        goto err_after_cond;
    return proxy;

err_after_cond:
    pthread_cond_destroy(&proxy->changed);
err_after_mutex:
    pthread_mutex_destroy(&proxy->mu);
err_after_wake:
    close(proxy->wake_fd);
err_after_listen:
    close(proxy->listen_fd);
err_after_alloc:
    free(proxy);
    return NULL;
}

int proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

void proxy_stop(struct proxy *proxy)
{
    if (!proxy)
        return;
    give_order(proxy, (struct order){.kind = STOP});
    pthread_join(proxy->thread, NULL);
    pthread_cond_destroy(&proxy->changed);
    pthread_mutex_destroy(&proxy->mu);
    close(proxy->wake_fd);
    close(proxy->listen_fd);
    free(proxy);
}
