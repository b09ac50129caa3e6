/* session.c - states, who waits for them, what is posted, and who speaks.
 *
 * Invariant: set_state alone changes the state; STOPPING and CLOSED are never left for others.
 *
 * States, and who moves between them (the loop thread unless said otherwise):
 *
 *   BACKING_OFF -> CONNECTING -> ONLINE -> BACKING_OFF ...      attempts, by the loop
 *   any -> FAILED       a refusal, which seldom ends by itself: the next attempt is far away
 *   FAILED -> CONNECTING  that attempt; soap_xmpp_kick, which tells the loop to try again
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
 * second, written bytes the third. When a connection ends the loop refuses posts to it before the
 * exchange fails its calls: a call that was entered too late to be failed is refused by the loop.
 */
#include "link/session.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/probe.h"
#include "config/password.h"
#include "wire/jid.h"
#include "wire/stanza.h"

/* How the ids of our own pings begin. */
#define PING_ID "ping-"

enum { MAX_UNTOLD = 2 };

/* A change of state that is still to be told. */
struct transition {
    enum soap_xmpp_state_value before, after;
    bool is_error; /* somebody has to mend it */
    char reason[sizeof((struct sx_failure *)0)->text];
};

struct sx_session {
    /* immutable */
    struct sx_config config; /* but for the password, which is the loop thread's */
    struct sx_trace trace;
    struct sx_memory *memory;
    struct sx_loop *loop;
    /* loop thread */
    unsigned long pings;
    char own_jid[SX_JID_BYTES];
    /* under mu */
    pthread_mutex_t mu;
    pthread_cond_t changed;
    enum soap_xmpp_state_value state;
    uint64_t number; /* the newest */
    struct sx_failure failure;
    char bound_jid[SX_JID_BYTES];
    bool was_online; /* ever */
    bool kicked;     /* another attempt is certain, whatever the state says */
    bool stop_begun;
    unsigned waiting_calls; /* for ONLINE */
    struct transition untold[MAX_UNTOLD];
    unsigned untold_count;
    bool telling;
};

/* ---- made and freed ---- */

static void init_trace(struct sx_session *session)
{
    char name[SX_JID_BYTES];
    sx_jid_bare(session->config.jid, name, sizeof name);
    sx_trace_init(&session->trace, session->config.trace, session->config.trace_callback,
                  session->config.trace_user, name);
    session->trace.log = session->config.log;
    session->trace.max_bytes = session->config.max_trace_bytes;
}

struct sx_session *sx_session_new(const struct soap_xmpp_config *config,
                                  const struct sx_loop_callbacks *callbacks, char *why,
                                  size_t why_bytes)
{
    struct sx_session *session = calloc(1, sizeof *session);
    char reason[sizeof((struct sx_failure *)0)->text] = "no memory for a link";
    if (!session) {
        sx_session_say(why, why_bytes, reason);
        return NULL;
    }
    if (sx_config_make(config, &session->config, why, why_bytes) != SX_OK)
        goto err_after_alloc;
    init_trace(session);
    snprintf(session->bound_jid, sizeof session->bound_jid, "%s", session->config.jid);
    if (pthread_mutex_init(&session->mu, NULL))
        goto err_after_config;
    if (sx_clock_cond_init(&session->changed))
        goto err_after_mutex;
    session->memory = sx_memory_new(session->config.peer_memory_bytes, &session->trace);
    if (!session->memory)
        goto err_after_cond;
    session->loop =
        sx_loop_new(&session->config, &session->trace, callbacks, reason, sizeof reason);
    if (!session->loop)
        goto err_after_memory;
    sx_session_say(why, why_bytes, "");
    return session;

err_after_memory:
    sx_memory_free(session->memory);
err_after_cond:
    pthread_cond_destroy(&session->changed);
err_after_mutex:
    pthread_mutex_destroy(&session->mu);
err_after_config:
    sx_session_say(why, why_bytes, reason);
    sx_config_fini(&session->config);
err_after_alloc:
    free(session);
    return NULL;
}

void sx_session_free(struct sx_session *session)
{
    sx_loop_free(session->loop);
    sx_memory_free(session->memory);
    pthread_cond_destroy(&session->changed);
    pthread_mutex_destroy(&session->mu);
    sx_config_fini(&session->config);
    free(session);
}

void sx_session_abandon(struct sx_session *session)
{
    sx_loop_abandon(session->loop);
    sx_config_wipe(&session->config);
}

/* ---- what never changes ---- */

const struct sx_config *sx_session_config(const struct sx_session *session)
{
    return &session->config;
}

const struct sx_trace *sx_session_trace(const struct sx_session *session)
{
    return &session->trace;
}

struct sx_memory *sx_session_memory(const struct sx_session *session)
{
    return session->memory;
}

struct sx_loop *sx_session_loop(const struct sx_session *session)
{
    return session->loop;
}

bool sx_session_is_slow(const struct sx_session *session)
{
    unsigned bytes_per_s;
    return sx_loop_speed(session->loop, &bytes_per_s) == SX_SPEED_SLOW;
}

int64_t sx_session_timeout_us(const struct sx_session *session)
{
    return session->config.timeout_us;
}

void sx_session_say(char *why, size_t why_bytes, const char *text)
{
    if (why && why_bytes)
        snprintf(why, why_bytes, "%s", text);
}

/* ---- the password of an attempt ---- */

bool sx_session_renew_password(struct sx_session *session, struct sx_failure *failure)
{
    char why[sizeof failure->text] = "";
    enum sx_err err = sx_password_renew(&session->config, why, sizeof why);
    if (err)
        sx_failure_set(failure, err, "%s", err == SX_ENOMEM ? "memory ran short" : why);
    else if (*why)
        sx_trace(&session->trace, SOAP_XMPP_TRACE_ERROR, "%s", why);
    return !err;
}

void sx_session_forget_password(struct sx_session *session)
{
    sx_password_forget(&session->config);
}

/* ---- states ---- */

static bool is_stopped_locked(const struct sx_session *session)
{
    return session->state == SOAP_XMPP_STOPPING || session->state == SOAP_XMPP_CLOSED;
}

static void tell(const struct sx_session *session, const struct transition *transition)
{
    SX_PROBE3(link__state, session->config.jid, transition->before, transition->after);
    sx_trace(&session->trace, transition->is_error ? SOAP_XMPP_TRACE_ERROR : SOAP_XMPP_TRACE_INFO,
             "%s -> %s%s%s", soap_xmpp_state_text(transition->before),
             soap_xmpp_state_text(transition->after), transition->reason[0] ? ": " : "",
             transition->reason);
    if (session->config.state_callback)
        session->config.state_callback(session->config.state_user, transition->after,
                                       transition->reason);
}

/* Unless another thread is at it, which then goes on with what was added here. */
static void tell_transitions(struct sx_session *session)
{
    struct transition transition;
    pthread_mutex_lock(&session->mu);
    while (!session->telling && session->untold_count > 0) {
        transition = session->untold[0];
        session->untold_count--;
        memmove(session->untold, session->untold + 1,
                session->untold_count * sizeof session->untold[0]);
        session->telling = true;
        pthread_mutex_unlock(&session->mu);
        tell(session, &transition);
        pthread_mutex_lock(&session->mu);
        session->telling = false;
        pthread_cond_broadcast(&session->changed);
    }
    pthread_mutex_unlock(&session->mu);
}

/* A link that was online once comes back. Until then somebody may have mistyped something, and gets
 * to read each reason once, however many attempts end with it. */
static bool is_error_locked(const struct sx_session *session, enum soap_xmpp_state_value state,
                            const struct sx_failure *failure)
{
    if (state == SOAP_XMPP_FAILED)
        return true;
    return state == SOAP_XMPP_BACKING_OFF && failure && !session->was_online &&
           sx_fault_is_misdirected(failure->err) &&
           strcmp(failure->text, session->failure.text) != 0;
}

bool sx_session_set_state(struct sx_session *session, enum soap_xmpp_state_value state,
                          const struct sx_failure *failure)
{
    enum soap_xmpp_state_value before;
    bool moved, is_error;
    pthread_mutex_lock(&session->mu);
    before = session->state;
    moved = state == SOAP_XMPP_CLOSED || !is_stopped_locked(session);
    is_error = is_error_locked(session, state, failure);
    if (moved) {
        session->state = state;
        session->was_online |= state == SOAP_XMPP_ONLINE;
        if (state == SOAP_XMPP_CONNECTING || state == SOAP_XMPP_ONLINE)
            session->kicked = false;
        if (failure)
            session->failure = *failure;
        pthread_cond_broadcast(&session->changed);
    }
    if (moved && before != state) {
        struct transition *last = &session->untold[session->untold_count++];
        assert(session->untold_count <= MAX_UNTOLD);
        last->before = before;
        last->after = state;
        last->is_error = is_error;
        snprintf(last->reason, sizeof last->reason, "%s", failure ? failure->text : "");
    }
    pthread_mutex_unlock(&session->mu);
    tell_transitions(session);
    return moved;
}

enum soap_xmpp_state_value sx_session_state(struct sx_session *session)
{
    enum soap_xmpp_state_value state;
    pthread_mutex_lock(&session->mu);
    state = session->state;
    pthread_mutex_unlock(&session->mu);
    return state;
}

void sx_session_reason(struct sx_session *session, char *text, size_t text_bytes)
{
    struct sx_failure failure;
    enum soap_xmpp_state_value state;
    pthread_mutex_lock(&session->mu);
    state = session->state;
    failure = session->failure;
    pthread_mutex_unlock(&session->mu);
    if (state == SOAP_XMPP_ONLINE || failure.err == SX_OK || state == SOAP_XMPP_STOPPING ||
        state == SOAP_XMPP_CLOSED)
        sx_session_say(text, text_bytes, soap_xmpp_state_text(state));
    else
        sx_session_say(text, text_bytes, failure.text);
}

void sx_session_begin(struct sx_session *session, uint64_t number, const char *bound_jid)
{
    snprintf(session->own_jid, sizeof session->own_jid, "%s", bound_jid);
    pthread_mutex_lock(&session->mu);
    session->number = number;
    snprintf(session->bound_jid, sizeof session->bound_jid, "%s", bound_jid);
    pthread_mutex_unlock(&session->mu);
}

unsigned long sx_session_reconnects(struct sx_session *session)
{
    uint64_t number;
    pthread_mutex_lock(&session->mu);
    number = session->number;
    pthread_mutex_unlock(&session->mu);
    return number > 0 ? (unsigned long)number - 1 : 0;
}

void sx_session_jid(struct sx_session *session, char *jid, size_t jid_bytes)
{
    pthread_mutex_lock(&session->mu);
    sx_session_say(jid, jid_bytes, session->bound_jid);
    pthread_mutex_unlock(&session->mu);
}

const char *sx_session_own_jid(const struct sx_session *session)
{
    return session->own_jid;
}

bool sx_session_kick(struct sx_session *session)
{
    bool stopped;
    pthread_mutex_lock(&session->mu);
    stopped = is_stopped_locked(session);
    if (!stopped && session->state != SOAP_XMPP_ONLINE)
        session->kicked = true;
    pthread_mutex_unlock(&session->mu);
    return !stopped;
}

bool sx_session_is_kicked(struct sx_session *session)
{
    bool kicked;
    pthread_mutex_lock(&session->mu);
    kicked = session->kicked;
    pthread_mutex_unlock(&session->mu);
    return kicked;
}

bool sx_session_begin_stop(struct sx_session *session)
{
    bool first;
    pthread_mutex_lock(&session->mu);
    first = !session->stop_begun;
    session->stop_begun = true;
    pthread_mutex_unlock(&session->mu);
    if (first)
        sx_session_set_state(session, SOAP_XMPP_STOPPING, NULL);
    return first;
}

void sx_session_await_closed(struct sx_session *session, int64_t deadline)
{
    bool in_time = true;
    pthread_mutex_lock(&session->mu);
    while ((session->state != SOAP_XMPP_CLOSED || session->telling || session->untold_count > 0) &&
           in_time)
        in_time = sx_clock_cond_wait(&session->changed, &session->mu, deadline);
    pthread_mutex_unlock(&session->mu);
}

/* ---- waiting ---- */

static enum sx_err check_state_locked(const struct sx_session *session)
{
    switch (session->state) {
    case SOAP_XMPP_ONLINE:
        return SX_OK;
    case SOAP_XMPP_FAILED:
        return session->kicked ? SX_EOFFLINE : session->failure.err;
    case SOAP_XMPP_STOPPING:
    case SOAP_XMPP_CLOSED:
        return SX_ESTOPPED;
    case SOAP_XMPP_BACKING_OFF:
        if (!session->was_online && !session->kicked &&
            sx_fault_is_misdirected(session->failure.err))
            return session->failure.err;
        break;
    case SOAP_XMPP_CONNECTING:
        break;
    }
    return SX_EOFFLINE;
}

/* SX_EOFFLINE: it is worth waiting. */
static enum sx_err check_locked(const struct sx_session *session, bool is_patient)
{
    enum sx_err err = check_state_locked(session);
    return is_patient && err == SX_EREFUSED ? SX_EOFFLINE : err;
}

static enum sx_err await(struct sx_session *session, int64_t deadline, bool is_patient,
                         uint64_t *number, char *why, size_t why_bytes)
{
    int64_t begun_us = sx_clock_now_us();
    struct sx_failure failure;
    enum sx_err err;
    bool in_time = true;
    pthread_mutex_lock(&session->mu);
    while ((err = check_locked(session, is_patient)) == SX_EOFFLINE && in_time)
        in_time = sx_clock_cond_wait(&session->changed, &session->mu, deadline);
    failure = session->failure;
    if (err == SX_OK)
        *number = session->number;
    pthread_mutex_unlock(&session->mu);
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

enum sx_err sx_session_await_online(struct sx_session *session, int64_t deadline, uint64_t *number,
                                    char *why, size_t why_bytes)
{
    return await(session, deadline, true, number, why, why_bytes);
}

/* Takes a place among the calls that wait, if this one has to. */
static bool take_place(struct sx_session *session, bool *waits)
{
    bool has_place;
    pthread_mutex_lock(&session->mu);
    *waits = check_state_locked(session) == SX_EOFFLINE;
    has_place = !*waits || session->waiting_calls < session->config.max_calls;
    if (*waits && has_place)
        session->waiting_calls++;
    pthread_mutex_unlock(&session->mu);
    return has_place;
}

enum sx_err sx_session_await(struct sx_session *session, int64_t deadline, uint64_t *number,
                             char *why, size_t why_bytes)
{
    enum sx_err err;
    bool waits;
    if (!take_place(session, &waits)) {
        snprintf(why, why_bytes, "not online, and %u calls wait for that already (max_calls)",
                 session->config.max_calls);
        return SX_EFULL;
    }
    err = await(session, deadline, false, number, why, why_bytes);
    if (waits) {
        pthread_mutex_lock(&session->mu);
        session->waiting_calls--;
        pthread_mutex_unlock(&session->mu);
    }
    return err;
}

/* An id belongs to the two full JIDs (RFC 6120 8.1.3), and ours is the same in every session: an
 * answer that is ready after a reconnect is still awaited. A link that is stopping may be online
 * all the same; if it isn't, a post to its last session tells. */
uint64_t sx_session_for_answer(struct sx_session *session, int64_t deadline)
{
    uint64_t number;
    char why[1];
    if (sx_session_await(session, deadline, &number, why, sizeof why) == SX_OK)
        return number;
    pthread_mutex_lock(&session->mu);
    number = session->number;
    pthread_mutex_unlock(&session->mu);
    return number;
}

/* ---- posting ---- */

const char *sx_session_stamp(const struct sx_session *session)
{
    return session->config.is_component ? session->config.jid : NULL;
}

static enum sx_err post(struct sx_session *session, uint64_t number, struct sx_buffer *stanza,
                        bool keeps_order, int64_t deadline)
{
    size_t len;
    char *bytes = sx_buffer_take(stanza, &len);
    if (!bytes)
        return SX_ENOMEM;
    if (len > session->config.max_queued_bytes) { /* room for it would be waited for in vain */
        free(bytes);
        return SX_ETOOBIG;
    }
    return sx_loop_post(session->loop, number, bytes, len, keeps_order, deadline);
}

enum sx_err sx_session_post(struct sx_session *session, uint64_t number, struct sx_buffer *stanza,
                            int64_t deadline)
{
    return post(session, number, stanza, false, deadline);
}

enum sx_err sx_session_post_in_order(struct sx_session *session, uint64_t number,
                                     struct sx_buffer *stanza, int64_t deadline)
{
    return post(session, number, stanza, true, deadline);
}

static enum sx_err post_again(struct sx_session *session, uint64_t number, struct sx_buffer *stanza,
                              bool keeps_order)
{
    size_t len;
    char *bytes = sx_buffer_take(stanza, &len);
    return bytes ? sx_loop_post_again(session->loop, number, bytes, len, keeps_order) : SX_ENOMEM;
}

enum sx_err sx_session_post_again(struct sx_session *session, uint64_t number,
                                  struct sx_buffer *stanza)
{
    return post_again(session, number, stanza, false);
}

void sx_session_post_block(struct sx_session *session, uint64_t number, struct sx_buffer *stanza)
{
    (void)post_again(session, number, stanza, true);
}

void sx_session_post_answer(struct sx_session *session, uint64_t number, char *stanza, size_t len,
                            int64_t deadline)
{
    enum sx_err err = sx_loop_post(session->loop, number, stanza, len, false, deadline);
    if (err != SX_OK)
        sx_trace(&session->trace, SOAP_XMPP_TRACE_INFO, "an answer wasn't sent: %s",
                 sx_fault_text(err));
}

/* ---- pings ---- */

/* Whom to ask so that the server says something on this very stream; it depends on the
 * configuration alone, so that any thread may ask. A component's domain is the component itself:
 * its ping comes back, as a question, then as its own answer. Whose the domain above it is nobody
 * knows. One that shares its domain might see its ping go to another process; an address that is
 * none is refused by the server itself (RFC 6120 8.3.3.8). */
static const char *choose_pinged(const struct sx_session *session, char domain[SX_JID_BYTES])
{
    sx_jid_domain(session->config.jid, domain, SX_JID_BYTES);
    return session->config.is_component && session->config.is_shared ? "@" : domain;
}

/* XEP-0199 4.2: any server answers it, with an error at least. */
void sx_session_write_ping(const struct sx_session *session, const char *id, struct sx_buffer *out)
{
    static const char ping[] = "<ping xmlns='" SX_NS_PING "'/>";
    char domain[SX_JID_BYTES];
    const struct sx_head head = {
        .from = sx_session_stamp(session), .to = choose_pinged(session, domain), .id = id};
    sx_stanza_request(out, "get", &head, ping, sizeof ping - 1);
}

char *sx_session_ping(struct sx_session *session, unsigned long *number, size_t *len)
{
    struct sx_buffer stanza = {0};
    char id[sizeof PING_ID + 24];
    *number = ++session->pings;
    snprintf(id, sizeof id, PING_ID "%lu", *number);
    sx_session_write_ping(session, id, &stanza);
    return sx_buffer_take(&stanza, len);
}

bool sx_session_is_pinged(const struct sx_session *session, const char *from)
{
    char own[SX_JID_BYTES];
    sx_jid_domain(session->own_jid, own, sizeof own);
    return !from || sx_jid_equal(from, own);
}

bool sx_session_is_pong(const struct sx_session *session, const char *from, const char *id,
                        unsigned long *number)
{
    char own[SX_JID_BYTES];
    if (strncmp(id, PING_ID, sizeof PING_ID - 1) != 0)
        return false;
    *number = strtoul(id + sizeof PING_ID - 1, NULL, 10);
    if (session->config.is_component)
        return true; /* who answers depends on the server, see choose_pinged() */
    sx_jid_domain(session->own_jid, own, sizeof own);
    return !from || strcmp(from, own) == 0;
}
