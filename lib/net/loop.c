/* loop.c - the thread that calls libstrophe: attempts, rounds, timers, wake-ups.
 *
 * Invariant: what was posted to a session is written in that session, in its order, or never.
 *
 * Happy path: start -> attempt: look up, try_address -> run_connection: send the inbox, a round of
 * libstrophe, what is due, sleep ... -> on_offline -> wait for the next attempt. Failure: each ends
 * the attempt, and on_offline is told why and says when to try again. A server that sends us
 * elsewhere is left for there, in the same attempt, or in the next one if it was online.
 *
 * Signs of life: liveness.c knows when to ask and when to give up; here the ping is written, past
 * the inbox, whose bounds are for what others post, and the connection ended.
 *
 * The wake-up protocol: who posts appends to the inbox, then writes the eventfd unless `signaled`
 * says that somebody has since the loop last looked. The loop clears `signaled` before it takes the
 * inbox, so an item is either taken or its wake-up still pending. An idle link is never woken.
 */
#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>
#include <sys/select.h>
#include <unistd.h>

#include "wire/jid.h"
#include "base/clock.h"
#include "base/thread.h"
#include "net/allocator.h"
#include "net/attempt.h"
#include "net/descriptor.h"
#include "net/flight.h"
#include "net/inbox.h"
#include "net/liveness.h"
#include "net/login_facts.h"
#include "net/meter.h"
#include "net/outflow.h"

enum {
    STROPHE_TICK_MS = 50,     /* libstrophe has timers of its own while closing */
    LOGIN_TICK_MS = 1000,     /* and while it logs in; they last for seconds */
    CLOSE_GRACE_US = 1500000, /* for </stream:stream> to come back */
    FRESH_LOOK_UP_US = 1000000,
    MAX_REFUSED_POSTS = 100,
    BACKLOG_BYTES = 49152, /* blocks are added to less, so that small stanzas have room */
    ROUNDS_AT_ONCE = 16,   /* then the others get their turn, however fast the server sends */
};

struct sx_loop {
    /* immutable */
    const struct sx_config *config;
    const struct sx_trace *trace;
    struct sx_loop_callbacks callbacks;
    struct sx_descriptor descriptor; /* its eventfd wakes the loop */
    pthread_t thread;
    bool started;
    struct sx_inbox inbox; /* has a lock of its own; so has facts */
    struct sx_login_facts facts;
    /* atomic */
    atomic_bool signaled, interrupted;
    atomic_ulong wakeups;
    /* under mu */
    pthread_mutex_t mu;
    size_t server_max_bytes; /* 0: unknown */
    bool kicked, stopping;
    int64_t stop_deadline;
    /* loop thread */
    xmpp_ctx_t *ctx;                  /* of the attempt */
    struct sx_connection *connection; /* NULL between attempts */
    uint64_t last_session;
    struct sx_meter meter;          /* while online */
    struct sx_sasl_memory memory;   /* of all logins; wiped at the end */
    struct sx_tls_context *context; /* of the last attempt, before it that of the open */
    struct sx_outflow outflow;
    struct sx_liveness liveness; /* while online */
    bool is_unnamed;             /* the server doesn't know its name: once more, without */
    struct sx_attempt attempt;
    unsigned refused_posts; /* of the loop thread, one after the other, for lack of room */
};

static _Thread_local struct sx_loop *self;

static void wake(struct sx_loop *loop)
{
    uint64_t one = 1;
    ssize_t written;
    if (atomic_exchange(&loop->signaled, true))
        return;
    do
        written = write(loop->descriptor.eventfd, &one, sizeof one);
    while (written < 0 && errno == EINTR);
}

/* ---- what goes out ---- */

enum sx_err sx_loop_post(struct sx_loop *loop, uint64_t session, char *stanza, size_t len,
                         bool keeps_order, int64_t deadline)
{
    enum sx_err err;
    if (self == loop) {
        err = sx_loop_post_again(loop, session, stanza, len, keeps_order);
        loop->refused_posts += err == SX_EROOM;
        return err;
    }
    err = sx_inbox_post(&loop->inbox, session, stanza, len, keeps_order, deadline);
    if (err == SX_OK)
        wake(loop);
    return err;
}

enum sx_err sx_loop_post_again(struct sx_loop *loop, uint64_t session, char *stanza, size_t len,
                               bool keeps_order)
{
    enum sx_err err;
    assert(self == loop);
    err = sx_inbox_post(&loop->inbox, session, stanza, len, keeps_order, SX_INBOX_NO_WAIT);
    if (err == SX_OK)
        loop->refused_posts = 0;
    return err;
}

bool sx_loop_wants_block(struct sx_loop *loop)
{
    return sx_inbox_backlog_bytes(&loop->inbox) < BACKLOG_BYTES &&
           (sx_outflow_is_fast(&loop->outflow) ||
            !(sx_outflow_has_large(&loop->outflow) || sx_inbox_has_ordered(&loop->inbox)));
}

/* What a poster meant for another session is freed. */
static struct sx_inbox_item *take_inbox(struct sx_loop *loop)
{
    struct sx_inbox_item *items = sx_inbox_take(&loop->inbox);
    if (!items || (loop->connection->online && items->session == loop->last_session))
        return items;
    sx_inbox_free_items(items);
    return NULL;
}

static void send_out(struct sx_loop *loop)
{
    struct sx_inbox_item *items = take_inbox(loop);
    int64_t now_us;
    if (!items && !sx_outflow_is_ready(&loop->outflow))
        return;
    now_us = sx_clock_now_us();
    sx_outflow_add(&loop->outflow, items);
    if (sx_outflow_send(&loop->outflow, now_us))
        sx_liveness_send(&loop->liveness, now_us);
}

void sx_loop_note_pong(struct sx_loop *loop, unsigned long number)
{
    assert(self == loop);
    if (sx_outflow_answer(&loop->outflow, number, sx_clock_now_us()))
        loop->refused_posts = 0; /* it does read, as slowly as it may */
}

int64_t sx_loop_unread_us(struct sx_loop *loop)
{
    assert(self == loop);
    return sx_outflow_unread_us(&loop->outflow);
}

enum sx_speed_verdict sx_loop_speed(struct sx_loop *loop, unsigned *bytes_per_s)
{
    return sx_outflow_speed(&loop->outflow, sx_clock_now_us(), bytes_per_s);
}

/* ---- one connection ---- */

static struct sx_flight look_at_flight(const struct sx_loop *loop, int64_t now_us)
{
    return sx_flight_look(loop->connection->fd, sx_allocator_unsent_bytes(), now_us);
}

static void go_online(void *user, const char *bound_jid)
{
    struct sx_loop *loop = user;
    int64_t now_us = sx_clock_now_us();
    struct sx_flight flight = look_at_flight(loop, now_us);
    sx_liveness_begin(&loop->liveness, loop->config->keepalive_us, loop->config->ping_timeout_us,
                      loop->connection->stream.fed_bytes, flight.acked_bytes, now_us);
    sx_outflow_begin(&loop->outflow, loop->connection->conn, flight.round_trip_us, now_us);
    pthread_mutex_lock(&loop->mu);
    loop->server_max_bytes = loop->connection->stream.negotiation.server_max_bytes;
    pthread_mutex_unlock(&loop->mu);
    sx_login_facts_gather(&loop->facts, loop->connection,
                          loop->attempt.deadline - loop->config->connect_timeout_us,
                          flight.round_trip_us);
    sx_inbox_open(&loop->inbox, ++loop->last_session);
    loop->callbacks.on_online(loop->callbacks.user, loop->last_session, bound_jid);
}

static void pass_stanza(void *user, const struct sx_element *stanza, struct sx_stream *stream)
{
    struct sx_loop *loop = user;
    loop->callbacks.on_stanza(loop->callbacks.user, loop->last_session, stanza, stream);
}

/* The stop first, then the inbox: what was posted before the stop is in it, or with libstrophe
 * already. */
static bool is_stopping(struct sx_loop *loop, int64_t *deadline, bool *has_posts)
{
    bool stopping;
    pthread_mutex_lock(&loop->mu);
    stopping = loop->stopping;
    *deadline = loop->stop_deadline;
    pthread_mutex_unlock(&loop->mu);
    *has_posts = stopping && !sx_inbox_is_empty(&loop->inbox);
    return stopping;
}

static void notice_interrupt(struct sx_loop *loop)
{
    if (atomic_exchange(&loop->interrupted, false))
        loop->callbacks.on_interrupt(loop->callbacks.user);
}

/* Sleeps until the socket, a poster or the deadline wants something. */
static void wait_for_events(struct sx_loop *loop, int timeout_ms)
{
    struct pollfd fds[2] = {{loop->descriptor.eventfd, POLLIN, 0}, {-1, 0, 0}};
    struct sx_connection *connection = loop->connection;
    uint64_t count;
    if (connection && connection->fd >= 0) {
        fds[1].fd = connection->fd;
        fds[1].events = sx_connection_events(connection);
    }
    if (poll(fds, 2, timeout_ms) < 0)
        return;
    atomic_fetch_add(&loop->wakeups, 1);
    if (fds[0].revents && read(loop->descriptor.eventfd, &count, sizeof count) < 0)
        assert(errno == EAGAIN || errno == EINTR);
    atomic_store(&loop->signaled, false);
    notice_interrupt(loop);
}

/* Ends the connection in good order: first what is queued goes out. */
static void end_connection(struct sx_loop *loop, int64_t deadline, bool has_posts)
{
    struct sx_connection *connection = loop->connection;
    int64_t now = sx_clock_now_us();
    if (!connection->online) {
        sx_connection_abort(connection, SX_ESTOPPED, "the link was stopped");
    } else if (!has_posts && !connection->closing &&
               (sx_outflow_unsent_bytes(&loop->outflow) == 0 || now >= deadline)) {
        sx_outflow_release(&loop->outflow, now);
        sx_connection_close(connection);
    }
    if (deadline != SX_NEVER && now >= deadline + CLOSE_GRACE_US)
        sx_connection_abort(connection, SX_ESTOPPED, "the link was stopped");
}

/* A server that asks and doesn't read: the answers to it must not pile up here. */
static void end_unread(struct sx_loop *loop)
{
    if (loop->refused_posts >= MAX_REFUSED_POSTS && !loop->connection->over)
        sx_connection_abort(loop->connection, SX_ELOST,
                            "the server sends questions and doesn't read the answers");
}

/* Takes a kick, if there is one. */
static bool take_kick(struct sx_loop *loop)
{
    bool kicked;
    pthread_mutex_lock(&loop->mu);
    kicked = loop->kicked;
    loop->kicked = false;
    pthread_mutex_unlock(&loop->mu);
    if (kicked)
        loop->callbacks.on_kick(loop->callbacks.user);
    return kicked;
}

static void send_ping(struct sx_loop *loop, int64_t now_us)
{
    struct sx_flight flight;
    if (!sx_outflow_ping(&loop->outflow))
        return; /* asked for again before long */
    flight = look_at_flight(loop, now_us);
    sx_liveness_ask(&loop->liveness, &flight, now_us);
}

/* Asks for a sign of life, or gives up, when it is time. Returns when to look again. */
static int64_t check_liveness(struct sx_loop *loop)
{
    struct sx_liveness *liveness = &loop->liveness;
    int64_t now_us = sx_clock_now_us(), due_us;
    if (sx_liveness_wants_flight(liveness, now_us)) {
        struct sx_flight flight = look_at_flight(loop, now_us);
        sx_liveness_see(liveness, &flight, now_us);
    }
    sx_liveness_hear(liveness, loop->connection->stream.fed_bytes, now_us);
    if (take_kick(loop))
        sx_liveness_want(liveness);
    switch (sx_liveness_look(liveness, now_us, &due_us)) {
    case SX_LIVENESS_CALM:
        break;
    case SX_LIVENESS_ASK:
        send_ping(loop, now_us);
        break;
    case SX_LIVENESS_GONE:
        sx_connection_give_up(loop->connection, now_us - liveness->heard_us);
        break;
    }
    return due_us;
}

/* What an attempt waits for is the socket, which wakes the loop. A server that thousands come back
 * to is slow, and they mostly wait. */
static int connecting_sleep_ms(const struct sx_connection *connection)
{
    int ms = sx_clock_poll_ms(connection->tcp ? connection->deadline : connection->tcp_deadline);
    if (ms < 0 || ms > LOGIN_TICK_MS)
        return LOGIN_TICK_MS;
    return ms < STROPHE_TICK_MS ? STROPHE_TICK_MS : ms;
}

static int64_t earlier(int64_t one_us, int64_t other_us)
{
    return one_us < other_us ? one_us : other_us;
}

/* How long the loop may sleep; what the timer posts goes out first. */
static int sleep_ms(struct sx_loop *loop, bool stopping)
{
    int64_t due_us;
    if (stopping || loop->connection->closing)
        return STROPHE_TICK_MS;
    if (!loop->connection->online)
        return connecting_sleep_ms(loop->connection);
    due_us = loop->callbacks.on_timer(loop->callbacks.user, loop->last_session);
    due_us = earlier(due_us, check_liveness(loop));
    due_us = earlier(due_us, sx_outflow_look(&loop->outflow, sx_clock_now_us()));
    if (sx_outflow_is_ready(&loop->outflow) || !sx_inbox_is_empty(&loop->inbox))
        return 0;
    return sx_clock_poll_ms(due_us);
}

static void run_connection(struct sx_loop *loop)
{
    struct sx_connection *connection = loop->connection;
    while (!connection->over) {
        int64_t deadline = SX_NEVER;
        bool again = true, stopping, has_posts;
        int rounds;
        for (rounds = 0; again && rounds < ROUNDS_AT_ONCE && !connection->over; rounds++) {
            send_out(loop);
            again = sx_connection_round(connection, loop->ctx);
        }
        sx_meter_note(&loop->meter, connection->online, connection->stream.fed_bytes);
        sx_inbox_set_unsent(&loop->inbox, sx_outflow_unsent_bytes(&loop->outflow));
        end_unread(loop);
        stopping = is_stopping(loop, &deadline, &has_posts);
        if (stopping && !connection->over)
            end_connection(loop, deadline, has_posts);
        if (!connection->over && !(stopping && has_posts)) {
            /* Also when bytes never cease to come: what is due is done. */
            int ms = sleep_ms(loop, stopping);
            wait_for_events(loop, again ? 0 : ms);
        }
    }
}

/* Connects to one address, from TCP to offline. */
static void connect_once(struct sx_loop *loop, const struct sx_addresses *addresses,
                         unsigned address, const struct sx_redirect_target *target)
{
    struct sx_connection connection = {
        .config = loop->config,
        .trace = loop->trace,
        .addresses = addresses,
        .address = address,
        .target = target,
        .is_unnamed = loop->is_unnamed,
        .deadline = loop->attempt.deadline,
        .memory = &loop->memory,
        .context = &loop->context,
        .user = loop,
        .on_online = go_online,
        .on_stanza = pass_stanza,
    };
    loop->connection = &connection;
    loop->ctx = sx_allocator_reserve() ? xmpp_ctx_new(&sx_allocator, NULL) : NULL;
    sx_connection_open(&connection, loop->ctx);
    run_connection(loop);
    loop->connection = NULL;
    sx_outflow_end(&loop->outflow);
    sx_inbox_close(&loop->inbox);
    sx_login_facts_forget(&loop->facts);
    loop->refused_posts = 0;
    sx_connection_fini(&connection);
    if (loop->ctx)
        xmpp_ctx_free(loop->ctx);
    loop->ctx = NULL;
    sx_allocator_sweep();
    loop->is_unnamed = sx_connection_was_misnamed(&connection);
    sx_attempt_note(&loop->attempt, &connection, connection.online ? loop->last_session : 0,
                    sx_clock_now_us());
}

static void try_address(struct sx_loop *loop, const struct sx_addresses *addresses,
                        unsigned address, const struct sx_redirect_target *target)
{
    connect_once(loop, addresses, address, target);
    if (loop->is_unnamed)
        connect_once(loop, addresses, address, target);
}

/* Why a look-up is of no use any longer. */
static enum sx_err check_look_up(struct sx_loop *loop, int64_t begun_us, int64_t deadline)
{
    int64_t now_us = sx_clock_now_us();
    bool stopping, kicked;
    pthread_mutex_lock(&loop->mu);
    stopping = loop->stopping;
    /* One that has just begun asks the network that the kick is about. */
    kicked = loop->kicked && now_us - begun_us >= FRESH_LOOK_UP_US;
    pthread_mutex_unlock(&loop->mu);
    if (stopping)
        return SX_ESTOPPED;
    if (kicked)
        return SX_EUNRESOLVED;
    return now_us >= deadline ? SX_ECONNECT : SX_OK;
}

/* The addresses of target, or of the link's own server; false with the failure. A resolver that
 * hangs is left behind. */
static bool look_up(struct sx_loop *loop, const struct sx_redirect_target *target,
                    struct sx_addresses *addresses)
{
    struct sx_failure *failure = &loop->attempt.failure;
    int64_t begun_us = sx_clock_now_us(), deadline = loop->attempt.deadline;
    struct sx_resolver *resolver;
    failure->err = SX_OK;
    resolver = sx_resolver_start(loop->config, target, deadline, loop->descriptor.eventfd,
                                 &failure->err, failure->text, sizeof failure->text);
    if (!resolver)
        return false;
    while (!sx_resolver_is_done(resolver) &&
           (failure->err = check_look_up(loop, begun_us, deadline)) == SX_OK) {
        int64_t fresh_until_us = begun_us + FRESH_LOOK_UP_US; /* a kick may wait for that */
        bool fresh = sx_clock_now_us() < fresh_until_us && fresh_until_us < deadline;
        wait_for_events(loop, sx_clock_poll_ms(fresh ? fresh_until_us : deadline));
    }
    if (failure->err == SX_OK)
        failure->err = sx_resolver_answer(resolver, addresses, failure->text, sizeof failure->text);
    else
        sx_attempt_explain_look_up(&loop->attempt, loop->config, target);
    sx_resolver_free(resolver);
    return failure->err == SX_OK;
}

static void try_target(struct sx_loop *loop, const struct sx_redirect_target *target)
{
    struct sx_attempt *attempt = &loop->attempt;
    struct sx_addresses addresses = {0};
    unsigned i;
    if (look_up(loop, target, &addresses))
        for (i = 0; i < addresses.count && attempt->may_go_on; i++)
            try_address(loop, &addresses, i, target);
    else
        attempt->may_go_on =
            attempt->failure.err != SX_ESTOPPED && attempt->failure.err != SX_ECONNECT;
    if (attempt->may_go_on)
        sx_attempt_give_up_target(attempt);
}

/* Goes where a server sends us to, and where that one does. */
static void follow_redirects(struct sx_loop *loop)
{
    while (sx_attempt_has_redirect(&loop->attempt)) {
        const struct sx_redirect_target *target = sx_attempt_follow(&loop->attempt);
        if (target)
            try_target(loop, target);
    }
}

/* One attempt, from the look-up to offline. Returns when to try again. */
static int64_t attempt_once(struct sx_loop *loop)
{
    struct sx_attempt *attempt = &loop->attempt;
    struct sx_addresses addresses = {0};
    struct sx_failure failure = {0}; /* the attempt's is still the last one's */
    unsigned i;
    if (!loop->callbacks.on_connecting(loop->callbacks.user, &failure))
        return loop->callbacks.on_offline(loop->callbacks.user, 0, &failure);
    /* Not before: it may have asked a person for a password. */
    sx_attempt_begin(attempt, sx_clock_deadline(loop->config->connect_timeout_us));
    follow_redirects(loop); /* that the last session ended with */
    if (attempt->may_go_on && look_up(loop, NULL, &addresses))
        for (i = 0; i < addresses.count && attempt->may_go_on; i++) {
            try_address(loop, &addresses, i, NULL);
            follow_redirects(loop);
        }
    return loop->callbacks.on_offline(loop->callbacks.user, attempt->session, &attempt->failure);
}

/* ---- thread ---- */

/* Waits until the next attempt is due; false when the loop is to end. */
static bool wait_for_attempt(struct sx_loop *loop, int64_t when)
{
    for (;;) {
        int64_t look_us = SX_NEVER;
        bool stopping;
        pthread_mutex_lock(&loop->mu);
        stopping = loop->stopping;
        pthread_mutex_unlock(&loop->mu);
        if (stopping)
            return false;
        if (take_kick(loop) || sx_clock_now_us() >= when)
            return true;
        if (loop->callbacks.on_wait && loop->callbacks.on_wait(loop->callbacks.user, &look_us))
            return true;
        wait_for_events(loop, sx_clock_poll_ms(look_us < when ? look_us : when));
    }
}

static void *run(void *arg)
{
    struct sx_loop *loop = arg;
    int64_t when = 0;
    self = loop;
    sx_descriptor_use(&loop->descriptor);
    while (wait_for_attempt(loop, when))
        when = attempt_once(loop);
    return NULL;
}

static void initialize_strophe(void)
{
    xmpp_initialize();
}

static void explain_none(int err, char *why, size_t why_bytes)
{
    if (err == ERANGE)
        snprintf(why, why_bytes,
                 "no descriptor below %d is left for a link: close some, or open the link before "
                 "them",
                 FD_SETSIZE);
    else
        snprintf(why, why_bytes, "no link: %s", strerror(err));
}

struct sx_loop *sx_loop_new(const struct sx_config *config, const struct sx_trace *trace,
                            const struct sx_loop_callbacks *callbacks, char *why, size_t why_bytes)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sx_loop *loop = calloc(1, sizeof *loop);
    int err;
    if (!loop) {
        snprintf(why, why_bytes, "no memory for a link");
        return NULL;
    }
    pthread_once(&once, initialize_strophe);
    loop->config = config;
    loop->trace = trace;
    loop->callbacks = *callbacks;
    /* Also without TLS: files that are named are to be of use. */
    if (!config->is_component &&
        sx_tls_context_renew(&loop->context, config, why, why_bytes) != SX_OK) {
        free(loop);
        return NULL;
    }
    err = sx_descriptor_take(&loop->descriptor);
    if (err)
        goto err_after_context;
    err = pthread_mutex_init(&loop->mu, NULL);
    if (err)
        goto err_after_descriptor;
    err = sx_inbox_init(&loop->inbox, config->max_queued_bytes);
    if (err)
        goto err_after_mutex;
    err = sx_outflow_init(&loop->outflow, trace, callbacks->on_ping, callbacks->user);
    if (err)
        goto err_after_inbox;
    err = sx_login_facts_init(&loop->facts);
    if (err)
        goto err_after_outflow;
    return loop;

err_after_outflow:
    sx_outflow_fini(&loop->outflow);
err_after_inbox:
    sx_inbox_fini(&loop->inbox);
err_after_mutex:
    pthread_mutex_destroy(&loop->mu);
err_after_descriptor:
    sx_descriptor_give_back(&loop->descriptor);
err_after_context:
    explain_none(err, why, why_bytes);
    sx_tls_context_give_back(loop->context);
    free(loop);
    return NULL;
}

int sx_loop_start(struct sx_loop *loop)
{
    int err = sx_thread_start(&loop->thread, run, loop);
    loop->started = err == 0;
    return err;
}

size_t sx_loop_server_max_bytes(struct sx_loop *loop)
{
    size_t max_bytes;
    pthread_mutex_lock(&loop->mu);
    max_bytes = loop->server_max_bytes;
    pthread_mutex_unlock(&loop->mu);
    return max_bytes;
}

size_t sx_loop_backlog_bytes(struct sx_loop *loop)
{
    return sx_inbox_backlog_bytes(&loop->inbox);
}

void sx_loop_bytes(struct sx_loop *loop, unsigned long *in, unsigned long *out)
{
    *in = atomic_load(&loop->meter.bytes);
    *out = atomic_load(&loop->outflow.writer.bytes);
}

char *sx_loop_facts(struct sx_loop *loop)
{
    return sx_login_facts_copy(&loop->facts);
}

void sx_loop_wake(struct sx_loop *loop)
{
    wake(loop);
}

void sx_loop_kick(struct sx_loop *loop)
{
    pthread_mutex_lock(&loop->mu);
    loop->kicked = true;
    pthread_mutex_unlock(&loop->mu);
    wake(loop);
}

void sx_loop_interrupt(struct sx_loop *loop)
{
    int saved = errno;
    atomic_store(&loop->interrupted, true);
    wake(loop);
    errno = saved;
}

void sx_loop_stop(struct sx_loop *loop, int64_t deadline)
{
    assert(!sx_loop_is_self(loop));
    if (!loop->started)
        return;
    pthread_mutex_lock(&loop->mu);
    loop->stopping = true;
    loop->stop_deadline = deadline;
    pthread_mutex_unlock(&loop->mu);
    wake(loop);
    pthread_join(loop->thread, NULL);
    loop->started = false;
}

void sx_loop_free(struct sx_loop *loop)
{
    if (!loop)
        return;
    assert(!loop->started);
    sx_inbox_fini(&loop->inbox);
    sx_login_facts_fini(&loop->facts);
    pthread_mutex_destroy(&loop->mu);
    sx_descriptor_give_back(&loop->descriptor);
    sx_outflow_fini(&loop->outflow);
    sx_sasl_memory_wipe(&loop->memory);
    sx_tls_context_give_back(loop->context);
    free(loop);
}

void sx_loop_abandon(struct sx_loop *loop)
{
    sx_descriptor_abandon(&loop->descriptor);
    sx_sasl_memory_wipe(&loop->memory);
}

bool sx_loop_is_self(const struct sx_loop *loop)
{
    return self == loop;
}

unsigned long sx_loop_wakeups(const struct sx_loop *loop)
{
    return atomic_load(&loop->wakeups);
}
