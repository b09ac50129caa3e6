/* A link's life: its states and who hears of them, kicks, signs of life, and when it tries again.
 */
#include "soapH.h"
#include "laboratory.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"
#include "../lib/hostile.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"
#include "../lib/waiting.h"
#include "witness.h"

#define HOST "alive.example"
#define PONG "<iq type='result' id='$ID' from='$TO' to='$JID'/>"

enum { SHORT_MS = 200, ENOUGH_US = 15000000 };

/* A link to a scripted server, and what it tells. */
struct stage {
    struct hostile *hostile;
    struct witness witness;
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
};

static void stage_prepare(struct stage *stage, const struct hostile_step *script)
{
    stage->hostile = hostile_start(script, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->hostile);
    witness_init(&stage->witness);
    soap_xmpp_config_init(&stage->config);
    witness_watch(&stage->witness, &stage->config);
    stage->config.jid = "alice@" HOST "/desk";
    stage->config.password = "secret";
    stage->config.host = "127.0.0.1";
    stage->config.port = hostile_port(stage->hostile);
    stage->config.tls = SOAP_XMPP_TLS_OFF;
    stage->config.timeout_ms = TCP_LONG_MS;
    stage->config.plain_delivery = 1;
}

static void stage_open(struct stage *stage)
{
    stage->link = soap_xmpp_open(&stage->config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->link);
    stage->witness.link = stage->link;
}

static void stage_close(struct stage *stage)
{
    soap_xmpp_close(stage->link);
    hostile_stop(stage->hostile);
    witness_fini(&stage->witness);
}

static const struct hostile_step login[] = {
    {HOSTILE_PLAY, .steps = hostile_login_plain},
    {HOSTILE_END},
};

/* ---- states ---- */

static void states_have_words(void)
{
    ASSERT_TEXT(soap_xmpp_state_text(SOAP_XMPP_BACKING_OFF), "backing off");
    ASSERT_TEXT(soap_xmpp_state_text(SOAP_XMPP_CONNECTING), "connecting");
    ASSERT_TEXT(soap_xmpp_state_text(SOAP_XMPP_ONLINE), "online");
    ASSERT_TEXT(soap_xmpp_state_text(SOAP_XMPP_FAILED), "failed");
    ASSERT_TEXT(soap_xmpp_state_text(SOAP_XMPP_STOPPING), "stopping");
    ASSERT_TEXT(soap_xmpp_state_text(SOAP_XMPP_CLOSED), "closed");
    ASSERT_TEXT(soap_xmpp_state_text((enum soap_xmpp_state_value)99), "unknown");
}

/* What a callback may ask: with a lock held it would never get an answer. */
static void ask_back(struct witness *witness, enum soap_xmpp_state_value state)
{
    char text[400];
    if (state != SOAP_XMPP_STOPPING && state != SOAP_XMPP_CLOSED)
        return; /* the others may be left before it is asked */
    CU_ASSERT_EQUAL(soap_xmpp_state(witness->link), state);
    soap_xmpp_reason(witness->link, text, sizeof text);
    ASSERT_TEXT(text, soap_xmpp_state_text(state));
    soap_xmpp_jid(witness->link, text, sizeof text);
    ASSERT_TEXT(text, "alice@" HOST "/desk");
    soap_xmpp_kick(witness->link);
}

static void each_change_is_told_from_connecting_to_closed(void)
{
    struct stage stage;
    char *reasons, *trace;
    stage_prepare(&stage, login);
    stage.witness.on_state = ask_back;
    stage_open(&stage);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(stage.link, -1), 0);
    witness_expect(&stage.witness, "connecting\nonline\n");
    CU_ASSERT_EQUAL(soap_xmpp_state(stage.link), SOAP_XMPP_ONLINE);
    soap_xmpp_stop(stage.link, 0);
    ASSERT_TEXT(stage.witness.states.bytes, "connecting\nonline\nstopping\nclosed\n");
    CU_ASSERT_EQUAL(soap_xmpp_state(stage.link), SOAP_XMPP_CLOSED);
    reasons = witness_reasons(&stage.witness);
    ASSERT_TEXT(reasons, "\n\n\n\n");
    free(reasons);
    trace = witness_trace(&stage.witness);
    ASSERT_CONTAINS(trace, "backing off -> connecting\n");
    ASSERT_CONTAINS(trace, "connecting -> online\n");
    ASSERT_CONTAINS(trace, "online -> stopping\n");
    ASSERT_CONTAINS(trace, "stopping -> closed\n");
    free(trace);
    stage_close(&stage);
}

/* Holds the link's thread in ONLINE until another thread's stop has begun. */
static void hold_online(struct witness *witness, enum soap_xmpp_state_value state)
{
    int64_t deadline = sx_clock_deadline(ENOUGH_US);
    struct soap_xmpp_link *link;
    if (state != SOAP_XMPP_ONLINE)
        return;
    while (!(link = __atomic_load_n((struct soap_xmpp_link **)&witness->user, __ATOMIC_ACQUIRE)))
        sched_yield();
    while (soap_xmpp_state(link) != SOAP_XMPP_STOPPING && sx_clock_now_us() < deadline)
        sched_yield();
    CU_ASSERT_EQUAL(soap_xmpp_state(link), SOAP_XMPP_STOPPING);
}

static void a_stop_during_a_callback_is_told_after_it(void)
{
    struct stage stage;
    stage_prepare(&stage, login);
    stage.witness.on_state = hold_online;
    stage_open(&stage);
    CU_ASSERT_TRUE(witness_await(&stage.witness, SOAP_XMPP_ONLINE));
    __atomic_store_n(&stage.witness.user, stage.link, __ATOMIC_RELEASE);
    soap_xmpp_stop(stage.link, 0);
    ASSERT_TEXT(stage.witness.states.bytes, "connecting\nonline\nstopping\nclosed\n");
    stage_close(&stage);
}

static void an_interrupt_is_told_too(void)
{
    struct stage stage;
    stage_prepare(&stage, login);
    stage_open(&stage);
    CU_ASSERT_TRUE(witness_await(&stage.witness, SOAP_XMPP_ONLINE));
    soap_xmpp_interrupt(stage.link);
    witness_expect(&stage.witness, "connecting\nonline\nstopping\n");
    stage_close(&stage);
}

/* ---- what waiting can't mend ---- */

static const struct hostile_step refuses_once[] = {
    {HOSTILE_EXPECT, .text = "<stream:stream"},
    {HOSTILE_SEND, .text = HOSTILE_OFFER_SASL("PLAIN")},
    {HOSTILE_EXPECT, .text = "</auth>"},
    {HOSTILE_SEND, .text = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
                           "<not-authorized/></failure></stream:stream>"},
    {.kind = HOSTILE_CLOSE},
    {.kind = HOSTILE_NEXT},
    {HOSTILE_PLAY, .steps = hostile_login_plain},
    {HOSTILE_END},
};

static const struct hostile_step conflicts_once[] = {
    {HOSTILE_PLAY, .steps = hostile_login_plain},
    {HOSTILE_SEND, .text = "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                           "</stream:error></stream:stream>"},
    {.kind = HOSTILE_CLOSE},
    {.kind = HOSTILE_NEXT},
    {HOSTILE_PLAY, .steps = hostile_login_plain},
    {HOSTILE_END},
};

static void fail_and_revive(const struct hostile_step *script, const char *reason)
{
    struct stage stage;
    char *reasons;
    stage_prepare(&stage, script);
    stage_open(&stage);
    CU_ASSERT_TRUE(witness_await(&stage.witness, SOAP_XMPP_FAILED));
    CU_ASSERT_EQUAL(soap_xmpp_state(stage.link), SOAP_XMPP_FAILED);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(stage.link, -1), -1);
    reasons = witness_reasons(&stage.witness);
    ASSERT_CONTAINS(reasons, reason);
    free(reasons);
    CU_ASSERT_FALSE(hostile_await_connections(stage.hostile, 2, 2 * SHORT_MS));
    witness_clear(&stage.witness);
    soap_xmpp_kick(stage.link);
    /* It must not see the failure that the kick is about to undo. */
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(stage.link, -1), 0);
    witness_expect(&stage.witness, "connecting\nonline\n");
    stage_close(&stage);
}

static void a_refused_login_is_told_and_not_repeated_until_a_kick(void)
{
    fail_and_revive(refuses_once, "refused the login");
}

static void a_conflict_is_told_and_not_fought_until_a_kick(void)
{
    fail_and_revive(conflicts_once, "conflict");
}

/* ---- kicks ---- */

static void kick_failed(struct witness *witness, enum soap_xmpp_state_value state)
{
    struct soap_xmpp_link *link;
    if (state != SOAP_XMPP_FAILED)
        return;
    while (!(link = __atomic_load_n((struct soap_xmpp_link **)&witness->user, __ATOMIC_ACQUIRE)))
        sched_yield();
    soap_xmpp_kick(link);
}

static void a_kick_from_the_callback_brings_another_attempt(void)
{
    struct stage stage;
    stage_prepare(&stage, refuses_once);
    stage.witness.on_state = kick_failed;
    stage_open(&stage);
    __atomic_store_n(&stage.witness.user, stage.link, __ATOMIC_RELEASE);
    witness_expect(&stage.witness, "connecting\nfailed\nconnecting\nonline\n");
    stage_close(&stage);
}

enum { KICKS = 30, MORE_ATTEMPTS = 4 };

static void kick_often(struct witness *witness, enum soap_xmpp_state_value state)
{
    struct soap_xmpp_link *link;
    unsigned *kicks = witness->user;
    if (state != SOAP_XMPP_BACKING_OFF || *kicks == KICKS)
        return;
    while (!(link = __atomic_load_n(&witness->link, __ATOMIC_ACQUIRE)))
        sched_yield();
    ++*kicks;
    soap_xmpp_kick(link);
}

/* Without kicks so many attempts take a quarter of an hour, and four more, were the back-off not
 * reset, two minutes. */
static void a_kick_ends_the_back_off_and_begins_it_anew(void)
{
    static const struct hostile_step script[] = {{.kind = HOSTILE_RESET}, {HOSTILE_END}};
    struct stage stage;
    unsigned kicks = 0;
    stage_prepare(&stage, script);
    stage.witness.user = &kicks;
    stage.witness.on_state = kick_often;
    stage.link = soap_xmpp_open(&stage.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage.link);
    __atomic_store_n(&stage.witness.link, stage.link, __ATOMIC_RELEASE);
    CU_ASSERT_TRUE(hostile_await_connections(stage.hostile, KICKS, TCP_LONG_MS));
    CU_ASSERT_TRUE(hostile_await_connections(stage.hostile, KICKS + MORE_ATTEMPTS, TCP_LONG_MS));
    stage_close(&stage);
}

static void nothing_happens_when_a_stopped_link_is_kicked(void)
{
    struct stage stage;
    stage_prepare(&stage, login);
    stage_open(&stage);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(stage.link, -1), 0);
    soap_xmpp_stop(stage.link, 0);
    soap_xmpp_kick(stage.link);
    CU_ASSERT_EQUAL(soap_xmpp_state(stage.link), SOAP_XMPP_CLOSED);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(stage.link, -1), -1);
    CU_ASSERT_FALSE(hostile_await_connections(stage.hostile, 2, SHORT_MS));
    stage_close(&stage);
}

static void a_kick_online_asks_for_a_sign_at_once(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_EXPECT, .text = "<ping"},
        {HOSTILE_SEND, .text = PONG},
        {HOSTILE_END},
    };
    struct stage stage;
    stage_prepare(&stage, script);
    stage_open(&stage);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(stage.link, -1), 0);
    soap_xmpp_kick(stage.link);
    CU_ASSERT_TRUE(hostile_await_played(stage.hostile, 1, TCP_LONG_MS));
    stage_close(&stage);
}

/* ---- signs of life ---- */

static void whatever_the_server_answers_is_a_sign_of_life(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_EXPECT, .text = "to='" HOST "'"},
        {HOSTILE_EXPECT, .text = "<ping xmlns='urn:xmpp:ping'/>"},
        {HOSTILE_SEND, .text = PONG},
        {HOSTILE_EXPECT, .text = "<ping"},
        {HOSTILE_SEND, .text = "<iq type='error' id='$ID' from='$TO' to='$JID'>"
                               "<error type='cancel'><service-unavailable "
                               "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"},
        {HOSTILE_EXPECT, .text = "<ping"},
        {HOSTILE_SEND, .text = " "}, /* no answer at all, but a byte */
        {HOSTILE_EXPECT, .text = "<ping"},
        {HOSTILE_SEND, .text = PONG},
        {HOSTILE_END},
    };
    struct stage stage;
    char failure[200], *trace;
    stage_prepare(&stage, script);
    stage.config.keepalive_ms = SHORT_MS;
    stage_open(&stage);
    CU_ASSERT_TRUE(hostile_await_played(stage.hostile, 1, TCP_LONG_MS));
    hostile_failure(stage.hostile, failure, sizeof failure);
    ASSERT_TEXT(failure, "");
    soap_xmpp_stop(stage.link, 0);
    ASSERT_TEXT(stage.witness.states.bytes, "connecting\nonline\nstopping\nclosed\n");
    trace = witness_trace(&stage.witness);
    ASSERT_LACKS(trace, "dropped");
    free(trace);
    stage_close(&stage);
}

static void a_server_that_stays_silent_is_left_and_the_link_comes_back(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {.kind = HOSTILE_SILENCE_MS},
        {.kind = HOSTILE_NEXT},
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_END},
    };
    struct stage stage;
    char expected[100], *reasons;
    stage_prepare(&stage, script);
    stage.config.keepalive_ms = stage.config.ping_timeout_ms = SHORT_MS;
    stage_open(&stage);
    witness_expect(&stage.witness, "connecting\nonline\nbacking off\nconnecting\nonline\n");
    reasons = witness_reasons(&stage.witness);
    snprintf(expected, sizeof expected, "no sign of life from 127.0.0.1 port %d for ",
             hostile_port(stage.hostile));
    ASSERT_CONTAINS(reasons, expected);
    ASSERT_CONTAINS(reasons, " s\n");
    free(reasons);
    stage_close(&stage);
}

static void a_call_that_waits_for_a_dead_server_ends_with_the_connection(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {.kind = HOSTILE_SILENCE_MS},
        {HOSTILE_END},
    };
    struct stage stage;
    struct soap *soap;
    double sum;
    stage_prepare(&stage, script);
    stage.config.keepalive_ms = stage.config.ping_timeout_ms = 5 * SHORT_MS;
    stage_open(&stage);
    soap = laboratory_client(stage.link, SOAP_IO_DEFAULT);
    soap->recv_timeout = 60;
    CU_ASSERT_EQUAL(soap_call_lab__add(soap, "xmpp:bob@" HOST "/soap", NULL, 1, 2, &sum), SOAP_EOF);
    ASSERT_CONTAINS(laboratory_fault(soap), "no sign of life from 127.0.0.1");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_UNKNOWN);
    laboratory_client_free(soap);
    stage_close(&stage);
}

/* It reads nothing for longer than a ping may take, so that its window shuts over what was sent
 * before, with the ping behind. Then it goes on. */
static void read_late(unsigned unread_ms, size_t call_bytes)
{
    const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_UNREAD_MS, .count = unread_ms},
        {HOSTILE_EXPECT, .text = "</iq>"},
        {HOSTILE_SEND, .text = "<iq type='error' id='$ID' from='$TO' to='$JID'>"
                               "<error type='cancel'><service-unavailable "
                               "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"},
        {HOSTILE_EXPECT, .text = "<ping"},
        {HOSTILE_SEND, .text = PONG},
        {HOSTILE_END},
    };
    char *text = laboratory_random_text(call_bytes), *said, failure[200];
    struct stage stage;
    struct soap *soap;
    stage_prepare(&stage, script);
    stage.config.keepalive_ms = stage.config.ping_timeout_ms = SHORT_MS;
    stage_open(&stage);
    soap = laboratory_client(stage.link, SOAP_IO_DEFAULT);
    CU_ASSERT_NOT_EQUAL(soap_call_lab__say(soap, "xmpp:bob@" HOST "/soap", NULL, text, &said),
                        SOAP_OK);
    ASSERT_TEXT(soap_xmpp_condition(soap), "service-unavailable");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
    hostile_failure(stage.hostile, failure, sizeof failure);
    ASSERT_TEXT(failure, "");
    laboratory_client_free(soap);
    soap_xmpp_stop(stage.link, 0);
    ASSERT_TEXT(stage.witness.states.bytes, "connecting\nonline\nstopping\nclosed\n");
    stage_close(&stage);
    free(text);
}

static void a_server_with_a_shut_window_is_not_dead(void)
{
    read_late(8 * SHORT_MS, 240000);
}

/* Its TCP took all of it. */
static void a_server_that_has_not_read_yet_is_not_dead(void)
{
    read_late(8 * SHORT_MS, 20000);
}

/* Few: the timer, the written ping, the answer. The look every 50 ms of a link that connects, or
 * libstrophe's own every millisecond, would be many. */
static void an_idle_link_wakes_for_its_keepalive_alone(void)
{
    enum { PINGS = 3, WAKEUPS_PER_PING = 8 };
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_EXPECT, .text = "<ping"},
        {HOSTILE_SEND, .text = PONG},
        {HOSTILE_EXPECT, .text = "<ping"},
        {HOSTILE_SEND, .text = PONG},
        {HOSTILE_EXPECT, .text = "<ping"},
        {HOSTILE_SEND, .text = PONG},
        {HOSTILE_END},
    };
    struct stage stage;
    unsigned long before;
    stage_prepare(&stage, script);
    stage.config.keepalive_ms = 800;
    stage_open(&stage);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(stage.link, -1), 0);
    before = sx_loop_wakeups(sx_session_loop(stage.link->session));
    CU_ASSERT_TRUE(hostile_await_played(stage.hostile, 1, TCP_LONG_MS));
    CU_ASSERT_TRUE(sx_loop_wakeups(sx_session_loop(stage.link->session)) - before <
                   PINGS * WAKEUPS_PER_PING);
    stage_close(&stage);
}

/* ---- a black hole ---- */

struct hole {
    struct proxy *near, *far;
    struct witness caller_witness, service_witness;
    struct soap_xmpp_link *caller, *service;
    struct laboratory *laboratory;
    struct soap *soap;
};

static struct soap_xmpp_link *open_through(const struct site *site, const struct proxy *proxy,
                                           const char *user, const char *resource,
                                           struct witness *witness)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    witness_init(witness);
    witness_watch(witness, &account.config);
    account.config.port = proxy_port(proxy);
    account.config.plain_delivery = 0;
    account.config.keepalive_ms = account.config.ping_timeout_ms = 5 * SHORT_MS;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

static void hole_open(struct hole *hole, const struct site *site)
{
    hole->near = proxy_start(site->port, NULL);
    hole->far = proxy_start(site->port, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(hole->near);
    CU_ASSERT_PTR_NOT_NULL_FATAL(hole->far);
    hole->service = open_through(site, hole->far, "bob", "soap", &hole->service_witness);
    hole->caller = open_through(site, hole->near, "alice", "desk", &hole->caller_witness);
    hole->laboratory = laboratory_start(hole->service, 2);
    hole->soap = laboratory_client(hole->caller, SOAP_IO_DEFAULT);
    hole->soap->recv_timeout = 60;
}

static void hole_close(struct hole *hole)
{
    laboratory_client_free(hole->soap);
    CU_ASSERT_EQUAL(laboratory_stop(hole->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(hole->service);
    soap_xmpp_close(hole->caller);
    proxy_stop(hole->near);
    proxy_stop(hole->far);
    witness_fini(&hole->caller_witness);
    witness_fini(&hole->service_witness);
}

/* One side's connection falls silent with a call under way; TCP says ESTABLISHED all the time. */
static void fall_silent(const struct site *site, bool far)
{
    struct hole hole;
    struct witness *witness = far ? &hole.service_witness : &hole.caller_witness;
    struct proxy *proxy;
    int waited_ms, runs = laboratory_runs();
    int64_t begun_us;
    char *reasons;
    hole_open(&hole, site);
    proxy = far ? hole.far : hole.near;
    CU_ASSERT_EQUAL(
        soap_send_lab__delay(hole.soap, site_endpoint(site, "bob", "soap"), NULL, 60000), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
    witness_clear(witness);
    begun_us = sx_clock_now_us();
    proxy_black_hole(proxy);
    CU_ASSERT_TRUE(witness_await(witness, SOAP_XMPP_CONNECTING));
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < ENOUGH_US);
    reasons = witness_reasons(witness);
    ASSERT_CONTAINS(reasons, "no sign of life from 127.0.0.1 port ");
    free(reasons);
    laboratory_hurry();
    proxy_resume(proxy);
    CU_ASSERT_EQUAL(soap_recv_lab__delay(hole.soap, &waited_ms), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(hole.soap), SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    hole_close(&hole);
}

static void silence_the_caller(const struct site *site)
{
    fall_silent(site, false);
}

static void silence_the_service(const struct site *site)
{
    fall_silent(site, true);
}

static void a_caller_in_a_black_hole_notices_and_gets_its_answer_later(void)
{
    site_each(silence_the_caller);
}

static void a_service_in_a_black_hole_notices_and_gives_its_answer_later(void)
{
    site_each(silence_the_service);
}

/* A server's own pings and pongs, on a link that has nothing else to say. */
static void stay_online(const struct site *site)
{
    struct site_account account;
    struct witness witness;
    struct soap_xmpp_link *link;
    char *trace;
    int i;
    site_account(site, "alice", "desk", &account);
    witness_init(&witness);
    witness_watch(&witness, &account.config);
    account.config.trace = SOAP_XMPP_TRACE_STANZA;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    for (i = 1; i <= 3; i++) {
        char ping[20];
        snprintf(ping, sizeof ping, "ping-%d", i);
        soap_xmpp_kick(link);
        CU_ASSERT_TRUE(witness_await_trace(&witness, "received", ping));
    }
    soap_xmpp_stop(link, 0);
    ASSERT_TEXT(witness.states.bytes, "connecting\nonline\nstopping\nclosed\n");
    trace = witness_trace(&witness);
    ASSERT_LACKS(trace, "dropped");
    free(trace);
    soap_xmpp_close(link);
    witness_fini(&witness);
}

static void real_servers_answer_pings_and_nothing_is_said_of_it(void)
{
    site_each(stay_online);
}

/* ---- waiting and stopping ---- */

struct waiter {
    struct soap_xmpp_link *link;
    enum sx_err err;
};

static void *wait_for_link(void *arg)
{
    struct waiter *waiter = arg;
    char why[400];
    waiter->err =
        sx_link_wait_online(waiter->link, true, sx_clock_deadline(ENOUGH_US), why, sizeof why);
    return NULL;
}

/* Until all places are taken; a call that finds one gives it back. */
static void await_refusal(struct soap *soap)
{
    int64_t deadline = sx_clock_deadline(ENOUGH_US);
    double sum;
    do {
        CU_ASSERT_EQUAL(soap_call_lab__add(soap, "xmpp:bob@" HOST, NULL, 1, 2, &sum),
                        SOAP_TCP_ERROR);
        CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
    } while (!strstr(laboratory_fault(soap), "max_calls") && sx_clock_now_us() < deadline);
    ASSERT_CONTAINS(laboratory_fault(soap), "2 calls wait for that already (max_calls)");
}

static void calls_that_wait_for_the_link_are_bounded_in_number(void)
{
    struct stage stage;
    struct proxy *proxy;
    struct soap *soap;
    struct waiter waiters[2];
    pthread_t threads[2];
    char why[400];
    int i;
    stage_prepare(&stage, login);
    proxy = proxy_start(hostile_port(stage.hostile), NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(proxy);
    proxy_black_hole(proxy);
    stage.config.port = proxy_port(proxy);
    stage.config.max_calls = 2;
    stage_open(&stage);
    for (i = 0; i < 2; i++) {
        waiters[i] = (struct waiter){stage.link, SX_ESTOPPED};
        threads[i] = start_waiting(wait_for_link, &waiters[i]);
    }
    soap = laboratory_client(stage.link, SOAP_IO_DEFAULT);
    soap->connect_timeout = -1000;
    await_refusal(soap);
    proxy_resume(proxy);
    for (i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(waiters[i].err, SX_OK);
    }
    CU_ASSERT_EQUAL(sx_link_wait_online(stage.link, true, 0, why, sizeof why), SX_OK);
    laboratory_client_free(soap);
    soap_xmpp_close(stage.link);
    proxy_stop(proxy);
    hostile_stop(stage.hostile);
    witness_fini(&stage.witness);
}

static void *stop_patiently(void *link)
{
    soap_xmpp_stop(link, 60000);
    return NULL;
}

static void a_second_stop_waits_no_longer_than_it_would_itself(void)
{
    struct pair pair;
    pthread_t thread;
    int waited_ms, runs = laboratory_runs();
    int64_t begun_us = sx_clock_now_us();
    if (pair_open(&pair, site_any(), 1))
        return;
    CU_ASSERT_EQUAL(soap_send_lab__delay(pair.soap, pair.endpoint, NULL, 60000), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
    thread = start_waiting(stop_patiently, pair.service);
    while (soap_xmpp_state(pair.service) != SOAP_XMPP_STOPPING)
        sched_yield();
    soap_xmpp_stop(pair.service, 0);
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < 2 * ENOUGH_US);
    /* The first one still drains. */
    CU_ASSERT_EQUAL(soap_xmpp_state(pair.service), SOAP_XMPP_STOPPING);
    laboratory_hurry();
    CU_ASSERT_EQUAL(soap_recv_lab__delay(pair.soap, &waited_ms), SOAP_OK);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(soap_xmpp_state(pair.service), SOAP_XMPP_CLOSED);
    pair_close(&pair);
}

CU_TestInfo tests_liveness[] = {
    {"states have words", states_have_words},
    {"each change is told, from connecting to closed",
     each_change_is_told_from_connecting_to_closed},
    {"a stop during a callback is told after it", a_stop_during_a_callback_is_told_after_it},
    {"an interrupt is told, too", an_interrupt_is_told_too},
    {"a refused login is told and not repeated until a kick",
     a_refused_login_is_told_and_not_repeated_until_a_kick},
    {"a conflict is told and not fought until a kick",
     a_conflict_is_told_and_not_fought_until_a_kick},
    {"a kick from the callback brings another attempt",
     a_kick_from_the_callback_brings_another_attempt},
    {"a kick ends the back-off and begins it anew", a_kick_ends_the_back_off_and_begins_it_anew},
    {"nothing happens when a stopped link is kicked",
     nothing_happens_when_a_stopped_link_is_kicked},
    {"a kick online asks for a sign at once", a_kick_online_asks_for_a_sign_at_once},
    {"whatever the server answers is a sign of life",
     whatever_the_server_answers_is_a_sign_of_life},
    {"a server that stays silent is left, and the link comes back",
     a_server_that_stays_silent_is_left_and_the_link_comes_back},
    {"a call that waits for a dead server ends with the connection",
     a_call_that_waits_for_a_dead_server_ends_with_the_connection},
    {"a server with a shut window is not dead", a_server_with_a_shut_window_is_not_dead},
    {"a server that has not read yet is not dead", a_server_that_has_not_read_yet_is_not_dead},
    {"an idle link wakes for its keep-alive alone", an_idle_link_wakes_for_its_keepalive_alone},
    {"a caller in a black hole notices, and gets its answer later",
     a_caller_in_a_black_hole_notices_and_gets_its_answer_later},
    {"a service in a black hole notices, and gives its answer later",
     a_service_in_a_black_hole_notices_and_gives_its_answer_later},
    {"real servers answer pings, and nothing is said of it",
     real_servers_answer_pings_and_nothing_is_said_of_it},
    {"calls that wait for the link are bounded in number",
     calls_that_wait_for_the_link_are_bounded_in_number},
    {"a second stop waits no longer than it would itself",
     a_second_stop_waits_no_longer_than_it_would_itself},
    CU_TEST_INFO_NULL,
};
