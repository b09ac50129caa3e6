/* link.c - one link of the gateway.
 *
 * Invariant: link.h. `calls` counts those that were begun and whose done() hasn't returned.
 *
 * Happy path: open -> the first thread polls, ends calls and takes requests, a bounded number in
 *             one turn -> stop: what is under way gets its time, then the library ends the rest,
 *             and the thread tells it -> close.
 * Failure modes: while too many requests are held (answers.h) none is taken, and the descriptor,
 * which would be readable all the time, isn't polled; calls that end are looked for every 20 ms
 * then. A link that was refused for good (give_up) is looked at every second. */
#include "link/link.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "link/answers.h"
#include "link/call.h"
#include "link/incoming.h"
#include "link/settings.h"

enum {
    TURN_MOST = 64,  /* calls, and requests, in one turn */
    FULL_MS = 20,    /* between looks while no request is taken, and while it drains */
    IDLE_MS = 1000,  /* between turns of a link that has nothing to do */
    HELD_FACTOR = 4, /* envelopes of the greatest size that are held at once */
    TEXT_BYTES = 300
};

struct gw_link {
    /* immutable */
    char *name;
    size_t most_bytes;
    gw_link_take_fn *take;
    void *user;
    struct soap_xmpp_link *xmpp;
    int fd; /* the library's */
    struct gw_answers *answers;
    pthread_t thread;
    /* atomic */
    atomic_llong turned_ms;
    atomic_bool is_draining; /* no new calls, no new requests */
    atomic_bool is_ending;   /* the library has ended all calls */
    /* under mu */
    pthread_mutex_t mu;
    pthread_cond_t idle;
    size_t calls;
    bool is_idle, is_stopped;
};

/* ---- words ---- */

const char *gw_link_outcome_text(enum gw_outcome outcome)
{
    static const char *const texts[] = {
        [GW_EXECUTED] = "executed", [GW_NOT_EXECUTED] = "not-executed", [GW_UNKNOWN] = "unknown"};
    return texts[outcome];
}

const char *gw_link_end_text(enum gw_end end)
{
    static const char *const texts[] = {
        [GW_END_ANSWER] = "answer",   [GW_END_FAULT] = "fault",     [GW_END_EMPTY] = "empty",
        [GW_END_REFUSED] = "refused", [GW_END_TIMEOUT] = "timeout", [GW_END_LOST] = "lost",
        [GW_END_STOPPED] = "stopped", [GW_END_BAD] = "bad"};
    return texts[end];
}

/* ---- the first thread ---- */

static void count_call(struct gw_link *link, bool has_begun)
{
    pthread_mutex_lock(&link->mu);
    link->calls += has_begun ? 1 : (size_t)-1;
    pthread_mutex_unlock(&link->mu);
}

static unsigned end_calls(struct gw_link *link, unsigned most)
{
    struct soap_xmpp_call *call;
    unsigned count = 0;

    while (count < most && (call = soap_xmpp_wait(link->xmpp, 0)) != NULL) {
        count++;
        if (gw_call_end(call, link->most_bytes))
            count_call(link, false);
    }
    return count;
}

static void take_one(struct gw_link *link, struct soap_xmpp_request *request)
{
    struct gw_incoming *incoming = gw_incoming_take(link->answers, request, link->most_bytes);

    if (!incoming)
        return;
    if (atomic_load(&link->is_draining))
        gw_incoming_decline(incoming, "service-unavailable", "the gateway is being stopped");
    else
        link->take(link->user, link, incoming);
}

/* *is_over: no more will come, for now. */
static unsigned take_requests(struct gw_link *link, bool *is_over)
{
    struct soap_xmpp_request *request = NULL;
    unsigned count = 0;
    int is_stopped = 0;

    while (link->take && count < TURN_MOST && !gw_answers_is_full(link->answers) &&
           (request = soap_xmpp_take(link->xmpp, 0, &is_stopped)) != NULL) {
        count++;
        take_one(link, request);
    }
    *is_over = is_stopped != 0;
    return count;
}

static void tell_idle(struct gw_link *link)
{
    size_t held = gw_answers_held(link->answers);

    pthread_mutex_lock(&link->mu);
    link->is_idle = !link->calls && !held;
    if (link->is_idle)
        pthread_cond_broadcast(&link->idle);
    pthread_mutex_unlock(&link->mu);
}

static void await(struct gw_link *link, bool is_over)
{
    struct pollfd fds[] = {{.fd = gw_answers_fd(link->answers), .events = POLLIN},
                           {.fd = link->fd, .events = POLLIN}};
    bool is_full = link->take && gw_answers_is_full(link->answers);
    int timeout_ms = is_full || atomic_load(&link->is_draining) ? FULL_MS : IDLE_MS;

    poll(fds, is_full || is_over ? 1 : 2, timeout_ms);
    gw_answers_clear(link->answers);
}

static void *run(void *user)
{
    struct gw_link *link = user;
    bool is_over = false;

    while (!atomic_load(&link->is_ending)) {
        unsigned ended = end_calls(link, TURN_MOST);
        unsigned taken = take_requests(link, &is_over);
        atomic_store(&link->turned_ms, gw_clock_ms());
        if (atomic_load(&link->is_draining))
            tell_idle(link);
        if (!ended && !taken)
            await(link, is_over);
    }
    end_calls(link, (unsigned)-1);
    return NULL;
}

/* ---- opening ---- */

static bool init_locks(struct gw_link *link)
{
    pthread_condattr_t monotonic;

    if (pthread_mutex_init(&link->mu, NULL))
        return false;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    if (!pthread_cond_init(&link->idle, &monotonic)) {
        pthread_condattr_destroy(&monotonic);
        return true;
    }
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_destroy(&link->mu);
    return false;
}

static void free_link(struct gw_link *link)
{
    pthread_cond_destroy(&link->idle);
    pthread_mutex_destroy(&link->mu);
    free(link->name);
    free(link);
}

static struct gw_link *make(const char *name, size_t most_bytes, gw_link_take_fn *take, void *user)
{
    struct gw_link *link = calloc(1, sizeof *link);

    if (!link)
        return NULL;
    if (!init_locks(link)) {
        free(link);
        return NULL;
    }
    link->most_bytes = most_bytes;
    link->take = take;
    link->user = user;
    link->name = strdup(name);
    atomic_store(&link->turned_ms, gw_clock_ms());
    if (link->name)
        return link;
    free_link(link);
    return NULL;
}

int gw_link_check(const struct gw_link_config *config, char *why, size_t why_bytes)
{
    struct soap_xmpp_config settings;
    char clause[TEXT_BYTES] = "", name[] = "";

    if (gw_settings_make(config, name, 0, &settings, clause, sizeof clause) == 0)
        return 0;
    snprintf(why, why_bytes, "%s:%d: %s", config->file, config->line, clause);
    return -1;
}

/* The link of the library, with its rules and its descriptor. */
static int open_xmpp(struct gw_link *link, const struct gw_link_config *config, const char *rules,
                     char *why, size_t why_bytes)
{
    struct soap_xmpp_config settings;
    char clause[TEXT_BYTES] = "";

    if (gw_settings_make(config, gw_answers_name(link->answers), link->most_bytes, &settings, why,
                         why_bytes))
        return -1;
    link->xmpp = soap_xmpp_open(&settings, clause, sizeof clause);
    if (!link->xmpp) {
        snprintf(why, why_bytes, "link \"%s\": %s", link->name, clause);
        return -1;
    }
    if (rules && gw_link_set_rules(link, rules, why, why_bytes))
        return -1;
    link->fd = soap_xmpp_fd(link->xmpp);
    if (link->fd >= 0)
        return 0;
    snprintf(why, why_bytes, "link \"%s\": no descriptor is to be had: %s", link->name,
             strerror(errno));
    return -1;
}

static int start(struct gw_link *link, const struct gw_link_config *config, const char *rules,
                 char *why, size_t why_bytes)
{
    int err;

    link->answers = gw_answers_start(link->name, HELD_FACTOR * link->most_bytes, why, why_bytes);
    if (!link->answers)
        return -1;
    if (open_xmpp(link, config, rules, why, why_bytes))
        goto err_after_answers;
    err = pthread_create(&link->thread, NULL, run, link);
    if (!err)
        return 0;
    snprintf(why, why_bytes, "link \"%s\": a thread can't be started: %s", link->name,
             strerror(err));
err_after_answers:
    gw_answers_stop(link->answers);
    soap_xmpp_close(link->xmpp);
    gw_answers_release(link->answers);
    return -1;
}

struct gw_link *gw_link_open(const struct gw_link_config *config, const char *rules,
                             size_t most_bytes, gw_link_take_fn *take, void *user, char *why,
                             size_t why_bytes)
{
    struct gw_link *link = make(config->name, most_bytes, take, user);

    if (!link) {
        snprintf(why, why_bytes, "link \"%s\": memory is short", config->name);
        return NULL;
    }
    if (start(link, config, rules, why, why_bytes)) {
        free_link(link);
        return NULL;
    }
    return link;
}

/* ---- what it is, and does ---- */

int gw_link_set_rules(struct gw_link *link, const char *rules, char *why, size_t why_bytes)
{
    char clause[TEXT_BYTES] = "";

    if (!soap_xmpp_set_rules(link->xmpp, rules, clause, sizeof clause))
        return 0;
    snprintf(why, why_bytes, "link \"%s\": %s", link->name, clause);
    return -1;
}

const char *gw_link_name(const struct gw_link *link)
{
    return link->name;
}

bool gw_link_is_online(struct gw_link *link)
{
    return soap_xmpp_state(link->xmpp) == SOAP_XMPP_ONLINE;
}

void gw_link_reason(struct gw_link *link, char *text, size_t text_bytes)
{
    soap_xmpp_reason(link->xmpp, text, text_bytes);
}

void gw_link_kick(struct gw_link *link)
{
    soap_xmpp_kick(link->xmpp);
    gw_answers_wake(link->answers); /* it may have given up */
}

struct soap_xmpp_link *gw_link_of(struct gw_link *link)
{
    return link->xmpp;
}

long long gw_link_turned_ms(const struct gw_link *link)
{
    return atomic_load(&link->turned_ms);
}

int gw_link_call(struct gw_link *link, const struct gw_outgoing *outgoing, const char **condition,
                 char *why, size_t why_bytes)
{
    if (atomic_load(&link->is_draining)) {
        *condition = "service-unavailable";
        snprintf(why, why_bytes, "the gateway is being stopped");
        return -1;
    }
    count_call(link, true);
    if (!gw_call_begin(link->xmpp, outgoing, condition, why, why_bytes))
        return 0;
    count_call(link, false);
    return -1;
}

/* ---- its end ---- */

static struct timespec deadline_of(unsigned ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Until nothing is under way. */
static void drain(struct gw_link *link, unsigned drain_ms)
{
    const struct timespec deadline = deadline_of(drain_ms);

    atomic_store(&link->is_draining, true);
    gw_answers_wake(link->answers);
    pthread_mutex_lock(&link->mu);
    while (!link->is_idle && pthread_cond_timedwait(&link->idle, &link->mu, &deadline) == 0)
        ;
    pthread_mutex_unlock(&link->mu);
}

void gw_link_stop(struct gw_link *link, unsigned drain_ms)
{
    bool was_stopped;

    if (!link)
        return;
    pthread_mutex_lock(&link->mu);
    was_stopped = link->is_stopped;
    link->is_stopped = true;
    pthread_mutex_unlock(&link->mu);
    if (was_stopped)
        return;
    drain(link, drain_ms);
    /* Ends all calls; soap_xmpp_wait() returns them still. */
    soap_xmpp_stop(link->xmpp, 0);
    atomic_store(&link->is_ending, true);
    gw_answers_wake(link->answers);
    pthread_join(link->thread, NULL);
}

void gw_link_close(struct gw_link *link)
{
    if (!link)
        return;
    gw_link_stop(link, 0);
    gw_answers_stop(link->answers);
    soap_xmpp_close(link->xmpp);
    gw_answers_release(link->answers);
    free_link(link);
}
