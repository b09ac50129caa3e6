/* What is posted together reaches the server whole and in its order, however it is written.
 *
 * The stanzas are posted on the loop thread when the link goes online, so that they wait together.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "net/loop.h"
#include "../../lib/hoard.h"
#include "../../lib/hostile.h"
#include "../../lib/suite.h"
#include "owner.h"

enum { AWAIT_MS = 10000, TIMEOUT_US = 10000000, SILENT_US = 1500000, SILENT_WAKEUPS = 15 };

static struct sx_config config_for(const struct hostile *hostile, enum soap_xmpp_tls tls,
                                   int64_t connect_timeout_us)
{
    static char jid[] = "alice@example.org/desk", password[] = "secret", host[] = "127.0.0.1";
    return (struct sx_config){.jid = jid,
                              .password = password,
                              .mechanisms = SX_MECHANISM_ALL,
                              .host = host,
                              .port = hostile_port(hostile),
                              .tls = tls,
                              .connect_timeout_us = connect_timeout_us,
                              .keepalive_us = TIMEOUT_US,
                              .ping_timeout_us = TIMEOUT_US,
                              .max_queued_bytes = 1 << 20,
                              .max_stanza_bytes = 1 << 20,
                              .max_depth = 64};
}

/* Lengths of what is posted, the last one 0. */
struct poster {
    struct sx_loop *loop;
    const size_t *lengths;
    struct sx_buffer expected;
};

/* "<message id='N'>xxx</message>" */
static void add_stanza(struct sx_buffer *out, size_t number, size_t len)
{
    sx_buffer_add_format(out, "<message id='%zu'>", number);
    while (len--)
        sx_buffer_add_text(out, "x");
    sx_buffer_add_text(out, "</message>");
}

static void post_all(void *user, uint64_t session, const char *bound_jid)
{
    struct poster *poster = user;
    size_t i, len;
    (void)bound_jid;
    for (i = 0; poster->lengths[i]; i++) {
        struct sx_buffer stanza = {0};
        char *bytes;
        add_stanza(&stanza, i, poster->lengths[i]);
        sx_buffer_add(&poster->expected, stanza.bytes, stanza.len);
        bytes = sx_buffer_take(&stanza, &len);
        CU_ASSERT_EQUAL(sx_loop_post(poster->loop, session, bytes, len, false, 0), SX_OK);
    }
}

static void run_loop(struct poster *poster, const struct sx_config *config, struct hostile *hostile,
                     const char *last)
{
    struct sx_loop_callbacks callbacks = owner_callbacks(poster);
    struct sx_trace trace;
    callbacks.on_online = post_all;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    poster->loop = sx_loop_new(config, &trace, &callbacks, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(poster->loop);
    CU_ASSERT_EQUAL_FATAL(sx_loop_start(poster->loop), 0);
    CU_ASSERT(hostile_await(hostile, last, AWAIT_MS));
    sx_loop_stop(poster->loop, sx_clock_deadline(TIMEOUT_US));
    sx_loop_free(poster->loop);
}

static void expect_in_order(const size_t *lengths, const char *last)
{
    static const struct hostile_step script[] = {{HOSTILE_PLAY, .steps = hostile_login_plain},
                                                 {HOSTILE_END}};
    struct hostile *hostile = hostile_start(script, NULL);
    struct poster poster = {.lengths = lengths};
    char *received;
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    const struct sx_config config = config_for(hostile, SOAP_XMPP_TLS_OFF, TIMEOUT_US);
    run_loop(&poster, &config, hostile, last);
    received = hostile_received(hostile);
    CU_ASSERT(received && strstr(received, poster.expected.bytes));
    free(received);
    sx_buffer_fini(&poster.expected);
    hostile_stop(hostile);
}

static void test_small(void)
{
    expect_in_order((const size_t[]){1, 100, 3, 0}, "<message id='2'>xxx</message>");
}

static void test_large_between_small(void)
{
    expect_in_order((const size_t[]){10, 20000, 10, 9000, 9000, 16000, 5, 0},
                    "<message id='6'>xxxxx</message>");
}

static void test_large_last(void)
{
    expect_in_order((const size_t[]){7000, 7000, 7000, 20000, 0}, "<message id='3'>x");
}

static void test_single(void)
{
    expect_in_order((const size_t[]){20, 0}, "<message id='0'>x");
}

/* ---- a server that takes its time ---- */

/* Told on the loop's thread. */
struct patience {
    sem_t offline, interrupted;
    struct sx_failure failure;
};

static int64_t note_offline(void *user, uint64_t session, const struct sx_failure *failure)
{
    struct patience *patience = user;
    (void)session;
    patience->failure = *failure;
    sem_post(&patience->offline);
    return SX_NEVER;
}

static void note_interrupt(void *user)
{
    struct patience *patience = user;
    sem_post(&patience->interrupted);
}

static bool is_told(sem_t *sem)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += AWAIT_MS / 1000;
    while (sem_timedwait(sem, &until) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

static void open_loop(struct patience *patience, const struct sx_config *config,
                      const struct sx_trace *trace, struct sx_loop **loop)
{
    struct sx_loop_callbacks callbacks = owner_callbacks(patience);
    callbacks.on_offline = note_offline;
    callbacks.on_interrupt = note_interrupt;
    sem_init(&patience->offline, 0, 0);
    sem_init(&patience->interrupted, 0, 0);
    *loop = sx_loop_new(config, trace, &callbacks, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(*loop);
    CU_ASSERT_EQUAL_FATAL(sx_loop_start(*loop), 0);
}

static void close_loop(struct patience *patience, struct sx_loop *loop)
{
    sx_loop_stop(loop, sx_clock_deadline(TIMEOUT_US));
    sx_loop_free(loop);
    sem_destroy(&patience->offline);
    sem_destroy(&patience->interrupted);
}

static const struct hostile_step silence[] = {{.kind = HOSTILE_SILENCE_MS}, {HOSTILE_END}};
static const struct hostile_step silence_after_proceed[] = {
    {HOSTILE_PLAY, .steps = hostile_offer_tls},
    {HOSTILE_EXPECT, .text = "<starttls"},
    {HOSTILE_SEND, .text = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
    {.kind = HOSTILE_SILENCE_MS},
    {HOSTILE_END}};

/* The deadline ends it, and the loop has slept until then. */
static void wait_in_vain(const struct hostile_step *script, enum soap_xmpp_tls tls)
{
    struct hostile *hostile = hostile_start(script, NULL);
    struct patience patience;
    struct sx_trace trace;
    struct sx_loop *loop;
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    const struct sx_config config = config_for(hostile, tls, SILENT_US);
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    open_loop(&patience, &config, &trace, &loop);
    CU_ASSERT(is_told(&patience.offline));
    CU_ASSERT_EQUAL(patience.failure.err, SX_ECONNECT);
    ASSERT_TEXT(strstr(patience.failure.text, "took"), "took longer than 1.500 s");
    CU_ASSERT(sx_loop_wakeups(loop) < SILENT_WAKEUPS);
    close_loop(&patience, loop);
    hostile_stop(hostile);
}

static void test_silent_server(void)
{
    wait_in_vain(silence, SOAP_XMPP_TLS_OFF);
}

static void test_silent_handshake(void)
{
    wait_in_vain(silence, SOAP_XMPP_TLS_DIRECT);
    wait_in_vain(silence_after_proceed, SOAP_XMPP_TLS_REQUIRED);
}

/* Were the thread inside of a handshake that waits, it would hear nothing before the deadline. */
static void interrupt_handshake(const struct hostile_step *script, enum soap_xmpp_tls tls)
{
    static const char client_hello[] = "\x16\x03\x01";
    struct hostile *hostile = hostile_start(script, NULL);
    struct patience patience;
    struct sx_trace trace;
    struct sx_loop *loop;
    int i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    const struct sx_config config = config_for(hostile, tls, 60 * (int64_t)TIMEOUT_US);
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    open_loop(&patience, &config, &trace, &loop);
    CU_ASSERT(hostile_await(hostile, client_hello, AWAIT_MS));
    for (i = 0; i < 3; i++) {
        sx_loop_interrupt(loop);
        CU_ASSERT(is_told(&patience.interrupted));
    }
    close_loop(&patience, loop);
    CU_ASSERT_EQUAL(patience.failure.err, SX_ESTOPPED);
    hostile_stop(hostile);
}

static void test_interrupted_handshake(void)
{
    interrupt_handshake(silence, SOAP_XMPP_TLS_DIRECT);
    interrupt_handshake(silence_after_proceed, SOAP_XMPP_TLS_REQUIRED);
}

/* ---- a process with many descriptors ---- */

struct visitor {
    struct sx_loop *loop;
    sem_t online;
    uint64_t session;
};

static void note_online(void *user, uint64_t session, const char *bound_jid)
{
    struct visitor *visitor = user;
    (void)bound_jid;
    visitor->session = session;
    sem_post(&visitor->online);
}

static int64_t come_back(void *user, uint64_t session, const struct sx_failure *failure)
{
    (void)user, (void)session, (void)failure;
    return 0;
}

static void test_many_descriptors(void)
{
    static const struct hostile_step script[] = {{HOSTILE_PLAY, .steps = hostile_login_plain},
                                                 {HOSTILE_EXPECT, .text = "<message"},
                                                 {.kind = HOSTILE_CLOSE},
                                                 {.kind = HOSTILE_NEXT},
                                                 {HOSTILE_PLAY, .steps = hostile_login_plain},
                                                 {HOSTILE_EXPECT, .text = "<message"},
                                                 {.kind = HOSTILE_RESET},
                                                 {.kind = HOSTILE_NEXT},
                                                 {HOSTILE_PLAY, .steps = hostile_login_plain},
                                                 {HOSTILE_END}};
    struct hostile *hostile = hostile_start(script, NULL);
    struct visitor visitor = {0};
    struct sx_loop_callbacks callbacks = owner_callbacks(&visitor);
    struct sx_trace trace;
    struct hoard *hoard;
    int i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    const struct sx_config config = config_for(hostile, SOAP_XMPP_TLS_OFF, TIMEOUT_US);
    callbacks.on_online = note_online;
    callbacks.on_offline = come_back;
    sem_init(&visitor.online, 0, 0);
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    visitor.loop = sx_loop_new(&config, &trace, &callbacks, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(visitor.loop);
    hoard = hoard_start();
    if (!hoard)
        CU_PASS("the limit of descriptors is too low here");
    CU_ASSERT_EQUAL_FATAL(sx_loop_start(visitor.loop), 0);
    for (i = 0; i < 3; i++) {
        CU_ASSERT_FATAL(is_told(&visitor.online));
        if (i < 2)
            CU_ASSERT_EQUAL(sx_loop_post(visitor.loop, visitor.session, strdup("<message/>"),
                                         strlen("<message/>"), false, SX_NEVER),
                            SX_OK);
    }
    sx_loop_stop(visitor.loop, sx_clock_deadline(TIMEOUT_US));
    sx_loop_free(visitor.loop);
    sem_destroy(&visitor.online);
    hoard_stop(hoard);
    hostile_stop(hostile);
}

static void test_no_low_descriptor(void)
{
    static const struct sx_loop_callbacks callbacks;
    static const struct sx_config config = {.max_queued_bytes = 1 << 20};
    struct hoard *hoard = hoard_start();
    struct sx_trace trace;
    char why[160];
    if (!hoard) {
        CU_PASS("the limit of descriptors is too low here");
        return;
    }
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    CU_ASSERT_PTR_NULL(sx_loop_new(&config, &trace, &callbacks, why, sizeof why));
    ASSERT_TEXT(why, "no descriptor below 1024 is left for a link: close some, or open the link "
                     "before them");
    CU_ASSERT_PTR_NULL(sx_loop_new(&config, &trace, &callbacks, NULL, 0));
    hoard_stop(hoard);
}

/* ---- what is asked before an attempt ---- */

enum { ASKED_TIMEOUT_US = 1000000 };

/* A vault, or a person, who needs longer than a connection may. */
static bool think_for_long(void *user, struct sx_failure *failure)
{
    int64_t deadline = sx_clock_deadline(ASKED_TIMEOUT_US);
    (void)user, (void)failure;
    while (sx_clock_now_us() <= deadline)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return true;
}

static void test_long_thought(void)
{
    static const struct hostile_step script[] = {{HOSTILE_PLAY, .steps = hostile_login_plain},
                                                 {HOSTILE_END}};
    static const size_t lengths[] = {1, 0};
    struct hostile *hostile = hostile_start(script, NULL);
    struct poster poster = {.lengths = lengths};
    struct sx_loop_callbacks callbacks = owner_callbacks(&poster);
    struct sx_trace trace;
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    const struct sx_config config = config_for(hostile, SOAP_XMPP_TLS_OFF, ASKED_TIMEOUT_US);
    callbacks.on_connecting = think_for_long;
    callbacks.on_online = post_all;
    callbacks.on_offline = come_back;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    poster.loop = sx_loop_new(&config, &trace, &callbacks, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(poster.loop);
    CU_ASSERT_EQUAL_FATAL(sx_loop_start(poster.loop), 0);
    CU_ASSERT_TRUE(hostile_await(hostile, "<message id='0'>x</message>", AWAIT_MS));
    sx_loop_stop(poster.loop, sx_clock_deadline(TIMEOUT_US));
    sx_loop_free(poster.loop);
    sx_buffer_fini(&poster.expected);
    hostile_stop(hostile);
}

/* ---- a server that asks, and reads slowly ---- */

enum { WAITING_BYTES = 20000, REFUSED_BYTES = 40000, REFUSED_AT_ONCE = 60 };

struct asked {
    struct sx_loop *loop;
    struct sx_failure failure;
};

static enum sx_err post_filled(struct sx_loop *loop, uint64_t session, size_t number, size_t len)
{
    struct sx_buffer stanza = {0};
    char *bytes;
    add_stanza(&stanza, number, len);
    bytes = sx_buffer_take(&stanza, &len);
    return sx_loop_post(loop, session, bytes, len, false, 0);
}

static void refuse_posts(struct asked *asked, uint64_t session)
{
    int i;
    for (i = 0; i < REFUSED_AT_ONCE; i++)
        CU_ASSERT_EQUAL(post_filled(asked->loop, session, 9, REFUSED_BYTES), SX_EROOM);
}

static void fill_queue(void *user, uint64_t session, const char *bound_jid)
{
    struct asked *asked = user;
    (void)bound_jid;
    CU_ASSERT_EQUAL(post_filled(asked->loop, session, 1, WAITING_BYTES), SX_OK);
    CU_ASSERT_EQUAL(post_filled(asked->loop, session, 2, WAITING_BYTES), SX_OK);
    refuse_posts(asked, session);
}

static char *write_mark(void *user, unsigned long *number, size_t *len)
{
    (void)user;
    *number = 7;
    *len = strlen("<iq id='mark'/>");
    return strdup("<iq id='mark'/>");
}

/* The first stanza answers the mark; the second is for the test to know that the link lives. */
static void hear_answer(void *user, uint64_t session, const struct sx_element *stanza,
                        struct sx_stream *stream)
{
    struct asked *asked = user;
    (void)stanza, (void)stream;
    sx_loop_note_pong(asked->loop, 7);
    refuse_posts(asked, session);
}

static int64_t keep_failure(void *user, uint64_t session, const struct sx_failure *failure)
{
    struct asked *asked = user;
    (void)session;
    asked->failure = *failure;
    return SX_NEVER;
}

/* Room is short as long as it reads; that it does is seen by its answer to the mark. */
static void test_slow_reader(void)
{
    static const struct hostile_step script[] = {{HOSTILE_PLAY, .steps = hostile_login_plain},
                                                 {HOSTILE_EXPECT, .text = "id='mark'"},
                                                 {HOSTILE_SEND, .text = "<iq type='result'/>"},
                                                 {HOSTILE_END}};
    struct hostile *hostile = hostile_start(script, NULL);
    struct asked asked = {0};
    struct sx_loop_callbacks callbacks = owner_callbacks(&asked);
    struct sx_config config;
    struct sx_trace trace;
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    config = config_for(hostile, SOAP_XMPP_TLS_OFF, TIMEOUT_US);
    config.max_queued_bytes = 2 * WAITING_BYTES + 1000;
    callbacks.on_online = fill_queue;
    callbacks.on_stanza = hear_answer;
    callbacks.on_ping = write_mark;
    callbacks.on_offline = keep_failure;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    asked.loop = sx_loop_new(&config, &trace, &callbacks, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(asked.loop);
    CU_ASSERT_EQUAL_FATAL(sx_loop_start(asked.loop), 0);
    CU_ASSERT(hostile_await(hostile, "<message id='2'>x", AWAIT_MS));
    sx_loop_stop(asked.loop, sx_clock_deadline(TIMEOUT_US));
    CU_ASSERT_PTR_NULL(strstr(asked.failure.text, "doesn't read"));
    sx_loop_free(asked.loop);
    hostile_stop(hostile);
}

/* No mark is answered, and there is no time left: what was posted leaves all the same. */
static void test_stop_at_once(void)
{
    static const struct hostile_step script[] = {{HOSTILE_PLAY, .steps = hostile_login_plain},
                                                 {HOSTILE_END}};
    struct hostile *hostile = hostile_start(script, NULL);
    struct poster poster = {.lengths = (const size_t[]){20000, 20000, 20000, 0}};
    struct sx_loop_callbacks callbacks = owner_callbacks(&poster);
    struct sx_config config;
    struct sx_trace trace;
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    config = config_for(hostile, SOAP_XMPP_TLS_OFF, TIMEOUT_US);
    callbacks.on_online = post_all;
    callbacks.on_ping = write_mark;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    poster.loop = sx_loop_new(&config, &trace, &callbacks, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(poster.loop);
    CU_ASSERT_EQUAL_FATAL(sx_loop_start(poster.loop), 0);
    CU_ASSERT(hostile_await(hostile, "<message id='0'>x", AWAIT_MS));
    sx_loop_stop(poster.loop, sx_clock_now_us());
    CU_ASSERT(hostile_await(hostile, "<message id='2'>x", AWAIT_MS));
    sx_loop_free(poster.loop);
    sx_buffer_fini(&poster.expected);
    hostile_stop(hostile);
}

CU_TestInfo tests_loop[] = {
    {"a stop lets no stanza wait for a slow server", test_stop_at_once},
    {"a server that reads slowly is no server that doesn't read", test_slow_reader},
    {"what takes long before an attempt takes nothing of its time", test_long_thought},
    {"a link comes back in a process without low descriptors", test_many_descriptors},
    {"one that would have none isn't opened", test_no_low_descriptor},
    {"small stanzas that wait together arrive in their order", test_small},
    {"a large one between them keeps its place", test_large_between_small},
    {"a large one is the last", test_large_last},
    {"one alone arrives", test_single},
    {"a server that takes its time is waited for asleep", test_silent_server},
    {"so is one that is silent in the handshake", test_silent_handshake},
    {"the loop hears others while a handshake hangs, and a stop ends it",
     test_interrupted_handshake},
    CU_TEST_INFO_NULL,
};
