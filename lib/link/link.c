/* link.c - one persistent stream: what its loop has to say to its parts.
 *
 * Invariant: the parts are made before the loop starts and freed after it has ended.
 *
 * Happy path: open -> online -> stanzas come, calls and answers go -> stop: what was queued is
 * answered, the exchange ends its calls, then the loop. Failure: a session that is lost is begun
 * anew by the loop, unless waiting can't help (session.c).
 */
#include "link/link_parts.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/access.h"
#include "wire/jid.h"
#include "net/backoff.h"
#include "base/clock.h"
#include "base/random.h"
#include "link/receive.h"
#include "link/shipment.h"
#include "exchange/retry.h"

enum {
    LONG_ONLINE_US = 60000000, /* a connection that lived so long resets the back-off */
    CLOSE_US = 3000000,        /* what a stop may take beyond its drain_ms, see soap_xmpp.h */
    SMALL_BYTES = 10000,       /* each server takes as much (RFC 6120 13.12) */
    UNKNOWN_NAMES = 5,         /* in a row: then the server's name is taken for a mistake */
};

/* ---- callbacks of the loop ---- */

static void on_connecting(void *user)
{
    struct soap_xmpp_link *link = user;
    sx_session_set_state(link->session, SOAP_XMPP_CONNECTING, NULL);
}

static void on_online(void *user, uint64_t session, const char *bound_jid)
{
    struct soap_xmpp_link *link = user;
    sx_session_begin(link->session, session, bound_jid);
    /* A component has no account: nothing comes to it without `from`. */
    if (!sx_session_config(link->session)->is_component &&
        sx_exchange_set_own_jid(link->exchange, bound_jid) != SX_OK)
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_ERROR, "no memory to remember %s",
                 bound_jid);
    link->online_since_us = sx_clock_now_us();
    if (link->presence)
        sx_roster_begin(link->presence, link->online_since_us);
    sx_link_greet(link, session);
    sx_shipments_online(link->shipments);
    sx_session_set_state(link->session, SOAP_XMPP_ONLINE, NULL);
}

static void post_answer(void *user, uint64_t session, char *stanza, size_t len)
{
    struct soap_xmpp_link *link = user;
    sx_session_post_answer(link->session, session, stanza, len, 0);
}

static void post_answer_again(void *user, uint64_t session, char *stanza, size_t len)
{
    struct soap_xmpp_link *link = user;
    sx_loop_post_again(sx_session_loop(link->session), session, stanza, len);
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
        .trace = sx_session_trace(link->session),
        .user = link,
        .post = post_answer,
        .repeat = post_answer_again,
        .doubt = doubt,
        .fall_back = fall_back,
        .give_way = give_way,
        .names = link->names,
        .messages = sx_session_config(link->session)->messages,
        .max_age_us = sx_session_config(link->session)->max_age_us,
        .is_component = sx_session_config(link->session)->is_component,
        .own_jid = sx_session_own_jid(link->session),
        .plain = sx_session_config(link->session)->plain_delivery,
        .packs = sx_session_config(link->session)->packs,
        .checker = link->checker,
        .max_message_bytes = sx_session_config(link->session)->max_message_bytes,
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
    int64_t now = sx_clock_now_us();
    if (silent || online_us >= LONG_ONLINE_US)
        sx_backoff_reset(&link->backoff);
    if (silent) /* it has been waited long enough to find that out */
        return now;
    return now + sx_backoff_next_us(&link->backoff, sx_random_number());
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
    if (!sx_session_set_state(link->session, permanent ? SOAP_XMPP_FAILED : SOAP_XMPP_BACKING_OFF,
                              failure))
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_DEBUG, "offline: %s",
                 failure->text);
    if (failure->err == SX_EPOLICY) {
        /* A large one, sent again, would cost one session after the other. */
        most_bytes = SMALL_BYTES;
        sx_journal_shrink(link->journal, most_bytes);
    }
    if (permanent)
        sx_exchange_fail_all(link->exchange, SX_ELOST, failure->text);
    else
        sx_retry_lose(link->exchange, SX_ELOST, failure->text, most_bytes);
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
    return sx_session_ping(link->session, len);
}

static void on_interrupt(void *user)
{
    struct soap_xmpp_link *link = user;
    sx_session_set_state(link->session, SOAP_XMPP_STOPPING, NULL);
    sx_queue_close(link->inbound);
}

/* ---- open and close ---- */

static bool make_parts(struct soap_xmpp_link *link)
{
    link->exchange = sx_exchange_new(sx_session_config(link->session)->max_calls, link);
    link->inbound = sx_queue_new(sx_session_config(link->session)->max_requests,
                                 sx_session_config(link->session)->max_request_bytes,
                                 sx_session_config(link->session)->max_running);
    link->disco = sx_features_new(sx_session_config(link->session)->max_peers);
    link->journal = sx_journal_new(sx_session_config(link->session)->max_remembered,
                                   sx_session_config(link->session)->max_remembered_bytes);
    if (link->journal && sx_session_config(link->session)->is_shared)
        sx_journal_share(link->journal);
    link->checker = sx_checker_new(sx_session_config(link->session)->max_depth);
    link->shipments = sx_shipments_new(link);
    link->names = sx_message_ids_new(sx_session_config(link->session)->name_key,
                                     sx_session_config(link->session)->jid);
    if (sx_session_config(link->session)->presence &&
        !sx_session_config(link->session)->is_component) {
        link->presence = sx_roster_new(sx_session_config(link->session)->max_peers);
        link->choice = sx_policy_new(sx_session_config(link->session)->policy,
                                     sx_session_config(link->session)->max_peers);
        if (!link->presence || !link->choice)
            return false;
    }
    if (!link->exchange || !link->inbound || !link->disco || !link->journal || !link->checker ||
        !link->shipments || !link->names)
        return false;
    if (sx_session_config(link->session)->messages)
        sx_queue_expect(link->inbound);
    if (sx_session_config(link->session)->name_key)
        sx_exchange_expect_found(link->exchange,
                                 sx_session_config(link->session)->max_request_bytes);
    return true;
}

/* Whole, or as far as it was made. */
static void free_link(struct soap_xmpp_link *link)
{
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
    sx_session_free(link->session);
    free(link);
}

/* The rules of the configuration. why as soap_xmpp_open()'s. */
static bool make_access(struct soap_xmpp_link *link, char *why, size_t why_bytes)
{
    const char *rules =
        sx_session_config(link->session)->allow ? sx_session_config(link->session)->allow : "";
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

static struct sx_reader_limits make_limits(const struct sx_config *config)
{
    return (struct sx_reader_limits){
        .max_bytes = config->max_message_bytes,
        .gauge = {config->max_depth, config->max_attributes, config->max_namespaces},
    };
}

struct soap_xmpp_link *soap_xmpp_open(const struct soap_xmpp_config *config, char *why,
                                      size_t why_bytes)
{
    struct soap_xmpp_link *link = calloc(1, sizeof *link);
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
    int err;
    if (!link) {
        sx_session_say(why, why_bytes, "no memory for a link");
        return NULL;
    }
    link->session = sx_session_new(config, &callbacks, why, why_bytes);
    if (!link->session) {
        free(link);
        return NULL;
    }
    link->reading_limits = make_limits(sx_session_config(link->session));
    atomic_init(&link->references, 1);
    atomic_init(&link->told_nobody_may, false);
    sx_session_say(why, why_bytes, "no memory for a link");
    if (!make_access(link, why, why_bytes) || !make_parts(link))
        goto err_after_session;
    err = sx_loop_start(sx_session_loop(link->session));
    if (err) {
        if (why && why_bytes)
            snprintf(why, why_bytes, "no thread for the link: %s", strerror(err));
        goto err_after_session;
    }
    sx_session_say(why, why_bytes, "");
    return link;

err_after_session:
    free_link(link);
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
    assert(!sx_loop_is_self(sx_session_loop(link->session)));
    sx_link_ref(link); /* another thread may close the link as soon as it is closed */
    deadline = sx_clock_deadline(
        sx_config_timeout_ms(drain_ms, sx_session_config(link->session)->timeout_us));
    if (!sx_session_begin_stop(link->session)) {
        sx_session_await_closed(link->session, deadline + CLOSE_US);
        sx_link_unref(link);
        return;
    }
    sx_queue_close(link->inbound);
    sx_loop_wake(sx_session_loop(link->session));
    if (!sx_queue_was_opened(link->inbound)) /* and won't be */
        refuse_queued(link, deadline);
    if (!sx_queue_drained(link->inbound, deadline) ||
        !sx_shipments_drained(link->shipments, deadline))
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_INFO,
                 "stopped before every request was answered");
    refuse_queued(link, deadline);
    sx_exchange_stop(link->exchange, SX_ESTOPPED, "the link was stopped");
    sx_loop_stop(sx_session_loop(link->session), deadline);
    sx_session_set_state(link->session, SOAP_XMPP_CLOSED, NULL);
    sx_session_await_closed(link->session, SX_NEVER);
    sx_link_unref(link);
}

void soap_xmpp_kick(struct soap_xmpp_link *link)
{
    if (link && sx_session_kick(link->session))
        sx_loop_kick(sx_session_loop(link->session));
}

void soap_xmpp_interrupt(struct soap_xmpp_link *link)
{
    if (link)
        sx_loop_interrupt(sx_session_loop(link->session));
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
    sx_loop_wake(sx_session_loop(link->session)); /* presence tells that */
    if (!sx_access_has_rules(link->access) && !atomic_exchange(&link->told_nobody_may, true))
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_ERROR,
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
    return sx_session_trace(link->session);
}

int64_t sx_link_timeout_us(struct soap_xmpp_link *link)
{
    return sx_session_config(link->session)->timeout_us;
}

const struct sx_reader_limits *sx_link_reading_limits(struct soap_xmpp_link *link)
{
    return &link->reading_limits;
}

unsigned sx_link_max_depth(struct soap_xmpp_link *link)
{
    return sx_session_config(link->session)->max_depth;
}

enum sx_err sx_link_wait_online(struct soap_xmpp_link *link, int64_t deadline, char *why,
                                size_t why_bytes)
{
    uint64_t session;
    if (sx_session_config(link->session)->is_shared) {
        snprintf(why, why_bytes, "%s", sx_fault_text(SX_ESHARED));
        return SX_ESHARED;
    }
    return sx_session_await(link->session, deadline, &session, why, why_bytes);
}
