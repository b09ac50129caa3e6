/* link.c - one persistent stream: its states, and what its loop has to say to its parts.
 *
 * Invariant: set_state() alone changes the state; STOPPING and CLOSED are never left for others.
 *
 * States, and who moves between them (the loop thread unless said otherwise):
 *
 *   BACKING_OFF -> CONNECTING -> ONLINE -> BACKING_OFF ...      attempts, by the loop
 *   any -> FAILED       an error that waiting can't mend: no further attempt
 *   FAILED -> CONNECTING  soap_xmpp_kick, which tells the loop to try again
 *   any -> STOPPING     soap_xmpp_stop (any thread), soap_xmpp_interrupt
 *   STOPPING -> CLOSED  soap_xmpp_stop, when the loop has ended
 *
 * Each transition is told, to the trace and to the program's callback, without a lock and in order:
 * it is queued together with the change, and whoever finds nobody telling tells until the queue is
 * empty. The queue is short: while the loop tells, only a stop can add to it (STOPPING); while a
 * stop tells that, only CLOSED can follow, when the loop has ended.
 *
 * Who waits for whom: a request waits for ONLINE, for a place in the exchange and for room in the
 * loop, each with its deadline; every change of state wakes the first, the end of a call the
 * second, written bytes the third. When a session ends the loop refuses posts to it before the
 * exchange fails its calls: a call that was entered too late to be failed is refused by the loop.
 */
#include "link/link_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "request/access.h"
#include "wire/jid.h"
#include "net/backoff.h"
#include "base/clock.h"
#include "link/receive.h"
#include "link/shipment.h"

enum {
    LONG_ONLINE_US = 60000000, /* a connection that lived so long resets the back-off */
    CLOSE_US = 3000000,        /* what a stop may take beyond its drain_ms, see soap_xmpp.h */
    SMALL_BYTES = 10000,       /* each server takes as much (RFC 6120 13.12) */
    UNKNOWN_NAMES = 5,         /* in a row: then the server's name is taken for a mistake */
};

/* ---- state ---- */

static bool is_stopped_locked(const struct soap_xmpp_link *link)
{
    return link->state == SOAP_XMPP_STOPPING || link->state == SOAP_XMPP_CLOSED;
}

static void tell(const struct soap_xmpp_link *link, const struct sx_transition *transition)
{
    sx_trace(&link->trace,
             transition->after == SOAP_XMPP_FAILED ? SOAP_XMPP_TRACE_ERROR : SOAP_XMPP_TRACE_INFO,
             "%s -> %s%s%s", soap_xmpp_state_text(transition->before),
             soap_xmpp_state_text(transition->after), transition->reason[0] ? ": " : "",
             transition->reason);
    if (link->config.state_callback)
        link->config.state_callback(link->config.state_user, transition->after, transition->reason);
}

/* Unless another thread is at it, which then goes on with what was added here. */
static void tell_transitions(struct soap_xmpp_link *link)
{
    struct sx_transition transition;
    pthread_mutex_lock(&link->mu);
    while (!link->telling && link->untold_count > 0) {
        transition = link->untold[0];
        link->untold_count--;
        memmove(link->untold, link->untold + 1, link->untold_count * sizeof link->untold[0]);
        link->telling = true;
        pthread_mutex_unlock(&link->mu);
        tell(link, &transition);
        pthread_mutex_lock(&link->mu);
        link->telling = false;
        pthread_cond_broadcast(&link->changed);
    }
    pthread_mutex_unlock(&link->mu);
}

/* The only place where the state changes. STOPPING and CLOSED are never left for others. */
static bool set_state(struct soap_xmpp_link *link, enum soap_xmpp_state_value state,
                      const struct sx_failure *failure)
{
    enum soap_xmpp_state_value before;
    bool moved;
    pthread_mutex_lock(&link->mu);
    before = link->state;
    moved = state == SOAP_XMPP_CLOSED || !is_stopped_locked(link);
    if (moved) {
        link->state = state;
        if (state == SOAP_XMPP_CONNECTING || state == SOAP_XMPP_ONLINE)
            link->kicked = false;
        if (failure)
            link->failure = *failure;
        pthread_cond_broadcast(&link->changed);
    }
    if (moved && before != state) {
        struct sx_transition *last = &link->untold[link->untold_count++];
        assert(link->untold_count <= SX_LINK_MAX_UNTOLD);
        last->before = before;
        last->after = state;
        snprintf(last->reason, sizeof last->reason, "%s", failure ? failure->text : "");
    }
    pthread_mutex_unlock(&link->mu);
    tell_transitions(link);
    return moved;
}

static enum sx_err check_state_locked(const struct soap_xmpp_link *link)
{
    switch (link->state) {
    case SOAP_XMPP_ONLINE:
        return SX_OK;
    case SOAP_XMPP_FAILED:
        return link->kicked ? SX_EOFFLINE : link->failure.err;
    case SOAP_XMPP_STOPPING:
    case SOAP_XMPP_CLOSED:
        return SX_ESTOPPED;
    case SOAP_XMPP_BACKING_OFF:
    case SOAP_XMPP_CONNECTING:
        break;
    }
    return SX_EOFFLINE;
}

/* Waits until online, or until waiting is pointless. *session and why are set as the result wants.
 */
enum sx_err sx_link_await_online(struct soap_xmpp_link *link, int64_t deadline, uint64_t *session,
                                 char *why, size_t why_bytes)
{
    int64_t begun_us = sx_clock_now_us();
    struct sx_failure failure;
    enum sx_err err;
    bool in_time = true;
    pthread_mutex_lock(&link->mu);
    while ((err = check_state_locked(link)) == SX_EOFFLINE && in_time)
        in_time = sx_clock_cond_wait(&link->changed, &link->mu, deadline);
    failure = link->failure;
    if (err == SX_OK)
        *session = link->session;
    pthread_mutex_unlock(&link->mu);
    if (err == SX_OK)
        return SX_OK;
    if (err == SX_ESTOPPED)
        snprintf(why, why_bytes, "the link was stopped");
    else
        snprintf(why, why_bytes, "not online after %.3f s: %s",
                 (double)(sx_clock_now_us() - begun_us) / 1e6,
                 failure.err == SX_OK ? "still connecting" : failure.text);
    return err;
}

/* Takes a place among the calls that wait, if this one has to. */
static bool admit_waiting(struct soap_xmpp_link *link, bool *waits)
{
    bool admitted;
    pthread_mutex_lock(&link->mu);
    *waits = check_state_locked(link) == SX_EOFFLINE;
    admitted = !*waits || link->waiting_calls < link->config.max_calls;
    if (*waits && admitted)
        link->waiting_calls++;
    pthread_mutex_unlock(&link->mu);
    return admitted;
}

enum sx_err sx_link_await_session(struct soap_xmpp_link *link, int64_t deadline, uint64_t *session,
                                  char *why, size_t why_bytes)
{
    enum sx_err err;
    bool waits;
    if (!admit_waiting(link, &waits)) {
        snprintf(why, why_bytes, "not online, and %u calls wait for that already (max_calls)",
                 link->config.max_calls);
        return SX_EFULL;
    }
    err = sx_link_await_online(link, deadline, session, why, why_bytes);
    if (waits) {
        pthread_mutex_lock(&link->mu);
        link->waiting_calls--;
        pthread_mutex_unlock(&link->mu);
    }
    return err;
}

/* ---- callbacks of the loop ---- */

static void on_connecting(void *user)
{
    set_state(user, SOAP_XMPP_CONNECTING, NULL);
}

static void on_online(void *user, uint64_t session, const char *bound_jid)
{
    struct soap_xmpp_link *link = user;
    snprintf(link->own_jid, sizeof link->own_jid, "%s", bound_jid);
    /* A component has no account: nothing comes to it without `from`. */
    if (!link->config.is_component && sx_exchange_set_own_jid(link->exchange, bound_jid) != SX_OK)
        sx_trace(&link->trace, SOAP_XMPP_TRACE_ERROR, "no memory to remember %s", bound_jid);
    link->online_since_us = sx_clock_now_us();
    pthread_mutex_lock(&link->mu);
    link->session = session;
    snprintf(link->bound_jid, sizeof link->bound_jid, "%s", bound_jid);
    pthread_mutex_unlock(&link->mu);
    if (link->presence)
        sx_roster_begin(link->presence, link->online_since_us);
    sx_link_greet(link, session);
    sx_shipments_online(link->shipments);
    set_state(link, SOAP_XMPP_ONLINE, NULL);
}

static void post_answer(void *user, uint64_t session, char *stanza, size_t len)
{
    sx_link_post_answer(user, session, stanza, len, 0);
}

static void post_answer_again(void *user, uint64_t session, char *stanza, size_t len)
{
    struct soap_xmpp_link *link = user;
    sx_loop_post_again(link->loop, session, stanza, len);
}

static void doubt(void *user, uint64_t session, const char *peer)
{
    sx_link_doubt(user, session, peer);
}

static void fall_back(void *user, const char *peer)
{
    sx_link_fall_back(user, peer);
}

static bool give_way(void *user, const char *from, const char *id, const struct sx_reply *reply)
{
    return sx_link_give_way(user, from, id, reply);
}

static void on_stanza(void *user, uint64_t session, struct sx_element *stanza,
                      struct sx_stream *stream)
{
    struct soap_xmpp_link *link = user;
    const struct sx_iq_ends ends = {
        .exchange = link->exchange,
        .inbound = link->inbound,
        .journal = link->journal,
        .access = link->access,
        .shipments = link->shipments,
        .refusals = &link->refusals,
        .disco = link->disco,
        .trace = &link->trace,
        .user = link,
        .post = post_answer,
        .repeat = post_answer_again,
        .doubt = doubt,
        .fall_back = fall_back,
        .give_way = give_way,
        .names = link->names,
        .messages = link->config.messages,
        .max_age_us = link->config.max_age_us,
        .is_component = link->config.is_component,
        .own_jid = link->own_jid,
        .plain = link->config.plain_delivery,
        .packs = link->config.packs,
        .checker = link->checker,
        .max_message_bytes = link->config.max_message_bytes,
    };
    if (link->presence && stanza && strcmp(sx_stream_name(stream), "presence") == 0)
        sx_link_attend(link, session, stanza);
    else
        sx_iq_receive(&ends, session, stanza, stream);
}

/* When to try again after a session that lasted so long (0: after a failed attempt), and whether it
 * was given up for its silence. */
static int64_t next_attempt(struct soap_xmpp_link *link, bool silent, int64_t online_us)
{
    uint64_t random = 0;
    int64_t now = sx_clock_now_us();
    if (silent || online_us >= LONG_ONLINE_US)
        sx_backoff_reset(&link->backoff);
    if (silent) /* it has been waited long enough to find that out */
        return now;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        random = (uint64_t)now;
    return now + sx_backoff_next_us(&link->backoff, random);
}

/* A name that doesn't exist may have been mistyped, or not yet have reached every name server. */
static bool is_hopeless(struct soap_xmpp_link *link, const struct sx_failure *failure,
                        struct sx_failure *last)
{
    link->unknown_names = failure->err == SX_ENOHOST ? link->unknown_names + 1 : 0;
    if (link->unknown_names < UNKNOWN_NAMES)
        return false;
    link->unknown_names = 0; /* a kick begins anew */
    last->err = failure->err;
    snprintf(last->text, sizeof last->text, "stopped trying: %.300s", failure->text);
    return true;
}

static int64_t on_offline(void *user, uint64_t session, const struct sx_failure *failure)
{
    struct soap_xmpp_link *link = user;
    struct sx_failure last;
    bool permanent = sx_fault_permanent(failure->err);
    size_t most_bytes = SIZE_MAX; /* of what is sent again */
    int64_t online_us = session ? sx_clock_now_us() - link->online_since_us : 0;
    if (is_hopeless(link, failure, &last)) {
        permanent = true;
        failure = &last;
    }
    if (link->presence)
        sx_roster_begin(link->presence, 0);
    sx_shipments_lost(link->shipments, permanent, failure->err == SX_EPOLICY);
    if (!set_state(link, permanent ? SOAP_XMPP_FAILED : SOAP_XMPP_BACKING_OFF, failure))
        sx_trace(&link->trace, SOAP_XMPP_TRACE_DEBUG, "offline: %s", failure->text);
    if (failure->err == SX_EPOLICY) {
        /* A large one, sent again, would cost one session after the other. */
        most_bytes = SMALL_BYTES;
        sx_journal_shrink(link->journal, most_bytes);
    }
    if (permanent)
        sx_exchange_fail_all(link->exchange, SX_ELOST, failure->text);
    else
        sx_exchange_lose(link->exchange, SX_ELOST, failure->text, most_bytes);
    return permanent ? SX_NEVER : next_attempt(link, failure->err == SX_ESILENT, online_us);
}

static void on_kick(void *user)
{
    struct soap_xmpp_link *link = user;
    sx_backoff_reset(&link->backoff);
}

static int64_t on_timer(void *user, uint64_t session)
{
    struct soap_xmpp_link *link = user;
    sx_link_greet_again(link, session);
    /* First what may make a call due. */
    int64_t shipments_us = sx_shipments_step(link->shipments, session);
    int64_t resend_us = sx_link_resend(link, session);
    return shipments_us < resend_us ? shipments_us : resend_us;
}

static char *on_silence(void *user, size_t *len)
{
    struct soap_xmpp_link *link = user;
    return sx_link_ping(link, ++link->pings, len);
}

static void on_interrupt(void *user)
{
    struct soap_xmpp_link *link = user;
    set_state(link, SOAP_XMPP_STOPPING, NULL);
    sx_queue_close(link->inbound);
}

/* ---- open and close ---- */

static void free_link(struct soap_xmpp_link *link)
{
    sx_loop_free(link->loop);
    sx_queue_free(link->inbound);
    sx_exchange_free(link->exchange);
    sx_features_free(link->disco);
    sx_journal_free(link->journal);
    sx_access_free(link->access);
    sx_checker_free(link->checker);
    sx_shipments_free(link->shipments);
    sx_roster_free(link->presence);
    sx_policy_free(link->choice);
    sx_message_ids_free(link->names);
    pthread_cond_destroy(&link->changed);
    pthread_mutex_destroy(&link->mu);
    sx_config_fini(&link->config);
    free(link);
}

static bool make_parts(struct soap_xmpp_link *link)
{
    const struct sx_loop_callbacks callbacks = {
        .user = link,
        .on_connecting = on_connecting,
        .on_online = on_online,
        .on_stanza = on_stanza,
        .on_offline = on_offline,
        .on_timer = on_timer,
        .on_kick = on_kick,
        .on_silence = on_silence,
        .on_interrupt = on_interrupt,
    };
    link->exchange = sx_exchange_new(link->config.max_calls, link);
    link->inbound = sx_queue_new(link->config.max_requests, link->config.max_request_bytes,
                                 link->config.max_running);
    link->disco = sx_features_new(link->config.max_peers);
    link->journal = sx_journal_new(link->config.max_remembered, link->config.max_remembered_bytes);
    if (link->journal && link->config.is_shared)
        sx_journal_share(link->journal);
    link->checker = sx_checker_new(link->config.max_depth);
    link->shipments = sx_shipments_new(link);
    link->names = sx_message_ids_new(link->config.name_key, link->config.jid);
    link->loop = sx_loop_new(&link->config, &link->trace, &callbacks);
    if (link->config.presence && !link->config.is_component) {
        link->presence = sx_roster_new(link->config.max_peers);
        link->choice = sx_policy_new(link->config.policy, link->config.max_peers);
        if (!link->presence || !link->choice)
            return false;
    }
    if (!link->exchange || !link->inbound || !link->disco || !link->journal || !link->checker ||
        !link->shipments || !link->names || !link->loop)
        return false;
    if (link->config.messages)
        sx_queue_expect(link->inbound);
    if (link->config.name_key)
        sx_exchange_expect_found(link->exchange, link->config.max_request_bytes);
    return true;
}

static void free_parts(struct soap_xmpp_link *link)
{
    sx_loop_free(link->loop);
    if (link->inbound)
        sx_queue_free(link->inbound);
    if (link->exchange)
        sx_exchange_free(link->exchange);
    sx_features_free(link->disco);
    sx_journal_free(link->journal);
    sx_access_free(link->access);
    sx_checker_free(link->checker);
    sx_shipments_free(link->shipments);
    sx_roster_free(link->presence);
    sx_policy_free(link->choice);
    sx_message_ids_free(link->names);
}

void sx_link_say(char *why, size_t why_bytes, const char *text)
{
    if (why && why_bytes)
        snprintf(why, why_bytes, "%s", text);
}

/* The rules of the configuration. why as soap_xmpp_open()'s. */
static bool make_access(struct soap_xmpp_link *link, char *why, size_t why_bytes)
{
    const char *rules = link->config.allow ? link->config.allow : "";
    char clause[256] = "";
    enum sx_err err;
    link->access = sx_access_new();
    if (!link->access)
        return false;
    err = sx_access_parse(link->access, rules, clause, sizeof clause);
    if ((err == SX_ECONFIG || err == SX_EFULL) && why && why_bytes)
        snprintf(why, why_bytes,
                 "allow (SOAP_XMPP_ALLOW) fails at %s; allowed: WHO or WHO:OPERATION, where WHO is "
                 "a JID, *@DOMAIN or *",
                 clause);
    return err == SX_OK;
}

struct soap_xmpp_link *soap_xmpp_open(const struct soap_xmpp_config *config, char *why,
                                      size_t why_bytes)
{
    struct soap_xmpp_link *link = calloc(1, sizeof *link);
    char name[SX_JID_BYTES];
    int err;
    if (!link) {
        sx_link_say(why, why_bytes, "no memory for a link");
        return NULL;
    }
    if (sx_config_make(config, &link->config, why, why_bytes) != SX_OK)
        goto err_after_alloc;
    link->reading_limits = (struct sx_reader_limits){
        .max_bytes = link->config.max_message_bytes,
        .gauge = {link->config.max_depth, link->config.max_attributes, link->config.max_namespaces},
    };
    sx_jid_bare(link->config.jid, name, sizeof name);
    sx_trace_init(&link->trace, link->config.trace, link->config.trace_callback,
                  link->config.trace_user, name);
    link->trace.max_bytes = link->config.max_trace_bytes;
    snprintf(link->bound_jid, sizeof link->bound_jid, "%s", link->config.jid);
    atomic_init(&link->references, 1);
    atomic_init(&link->told_nobody_may, false);
    sx_link_say(why, why_bytes, "no memory or descriptors for a link");
    if (pthread_mutex_init(&link->mu, NULL))
        goto err_after_config;
    if (sx_clock_cond_init(&link->changed))
        goto err_after_mutex;
    if (!make_access(link, why, why_bytes) || !make_parts(link))
        goto err_after_parts;
    err = sx_loop_start(link->loop);
    if (err) {
        if (why && why_bytes)
            snprintf(why, why_bytes, "no thread for the link: %s", strerror(err));
        goto err_after_parts;
    }
    sx_link_say(why, why_bytes, "");
    return link;

err_after_parts:
    free_parts(link);
    pthread_cond_destroy(&link->changed);
err_after_mutex:
    pthread_mutex_destroy(&link->mu);
err_after_config:
    sx_config_fini(&link->config);
err_after_alloc:
    free(link);
    return NULL;
}

struct soap_xmpp_link *sx_link_ref(struct soap_xmpp_link *link)
{
    atomic_fetch_add(&link->references, 1);
    return link;
}

void sx_link_unref(struct soap_xmpp_link *link)
{
    if (atomic_fetch_sub(&link->references, 1) == 1)
        free_link(link);
}

/* Whether this stop is the first, which does the work. */
static bool begin_stop(struct soap_xmpp_link *link)
{
    bool first;
    pthread_mutex_lock(&link->mu);
    first = !link->stop_begun;
    link->stop_begun = true;
    pthread_mutex_unlock(&link->mu);
    if (first)
        set_state(link, SOAP_XMPP_STOPPING, NULL);
    return first;
}

/* Until the link is closed, and that was told. */
static void await_closed(struct soap_xmpp_link *link, int64_t deadline)
{
    bool in_time = true;
    pthread_mutex_lock(&link->mu);
    while ((link->state != SOAP_XMPP_CLOSED || link->telling || link->untold_count > 0) && in_time)
        in_time = sx_clock_cond_wait(&link->changed, &link->mu, deadline);
    pthread_mutex_unlock(&link->mu);
}

static void refuse_queued(struct soap_xmpp_link *link, int64_t deadline)
{
    struct sx_request *request = sx_queue_take_all(link->inbound);
    while (request) {
        struct sx_request *next = request->next;
        sx_link_decline(link, request, "service-unavailable", "the service is stopping", deadline);
        sx_request_free(request);
        request = next;
    }
}

void soap_xmpp_stop(struct soap_xmpp_link *link, int drain_ms)
{
    int64_t deadline;
    if (!link)
        return;
    assert(!sx_loop_is_self(link->loop));
    sx_link_ref(link); /* another thread may close the link as soon as it is closed */
    deadline = sx_clock_deadline(sx_config_timeout_ms(drain_ms, link->config.timeout_us));
    if (!begin_stop(link)) {
        await_closed(link, deadline + CLOSE_US);
        sx_link_unref(link);
        return;
    }
    sx_queue_close(link->inbound);
    sx_loop_wake(link->loop);
    if (!sx_queue_was_opened(link->inbound)) /* and won't be */
        refuse_queued(link, deadline);
    if (!sx_queue_drained(link->inbound, deadline) ||
        !sx_shipments_drained(link->shipments, deadline))
        sx_trace(&link->trace, SOAP_XMPP_TRACE_INFO, "stopped before every request was answered");
    refuse_queued(link, deadline);
    sx_exchange_stop(link->exchange, SX_ESTOPPED, "the link was stopped");
    sx_loop_stop(link->loop, deadline);
    set_state(link, SOAP_XMPP_CLOSED, NULL);
    await_closed(link, SX_NEVER);
    sx_link_unref(link);
}

void soap_xmpp_kick(struct soap_xmpp_link *link)
{
    bool stopped;
    if (!link)
        return;
    pthread_mutex_lock(&link->mu);
    stopped = is_stopped_locked(link);
    if (!stopped && link->state != SOAP_XMPP_ONLINE)
        link->kicked = true;
    pthread_mutex_unlock(&link->mu);
    if (!stopped)
        sx_loop_kick(link->loop);
}

void soap_xmpp_interrupt(struct soap_xmpp_link *link)
{
    if (link)
        sx_loop_interrupt(link->loop);
}

void soap_xmpp_close(struct soap_xmpp_link *link)
{
    if (!link)
        return;
    soap_xmpp_stop(link, 0);
    sx_link_unref(link); /* NOLINT(clang-analyzer-unix.Malloc): the reference of the caller */
}

void sx_link_serve(struct soap_xmpp_link *link)
{
    sx_queue_open(link->inbound);
    sx_loop_wake(link->loop); /* presence tells that */
    if (!sx_access_has_rules(link->access) && !atomic_exchange(&link->told_nobody_may, true))
        sx_trace(&link->trace, SOAP_XMPP_TRACE_ERROR,
                 "nobody may call the service: allow callers with SOAP_XMPP_ALLOW, "
                 "e.g. SOAP_XMPP_ALLOW=alice@example.org, with config.allow or soap_xmpp_allow()");
}

bool sx_link_may_name(const struct soap_xmpp_link *link)
{
    return sx_message_ids_has_key(link->names);
}

struct sx_exchange *sx_link_exchange(struct soap_xmpp_link *link)
{
    return link->exchange;
}

struct soap_xmpp_link *sx_link_of(const struct soap_xmpp_call *call)
{
    return sx_exchange_owner(call);
}

struct sx_queue *sx_link_inbound(struct soap_xmpp_link *link)
{
    return link->inbound;
}

const struct sx_trace *sx_link_trace(struct soap_xmpp_link *link)
{
    return &link->trace;
}

int64_t sx_link_timeout_us(struct soap_xmpp_link *link)
{
    return link->config.timeout_us;
}

const struct sx_reader_limits *sx_link_reading_limits(struct soap_xmpp_link *link)
{
    return &link->reading_limits;
}

unsigned sx_link_max_depth(struct soap_xmpp_link *link)
{
    return link->config.max_depth;
}

enum sx_err sx_link_wait_online(struct soap_xmpp_link *link, int64_t deadline, char *why,
                                size_t why_bytes)
{
    uint64_t session;
    if (link->config.is_shared) {
        snprintf(why, why_bytes, "%s", sx_fault_text(SX_ESHARED));
        return SX_ESHARED;
    }
    return sx_link_await_session(link, deadline, &session, why, why_bytes);
}
