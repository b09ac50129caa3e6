/* What is posted together reaches the server whole and in its order, however it is written.
 *
 * The stanzas are posted on the loop thread when the link goes online, so that they wait together.
 */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "net/loop.h"
#include "../../lib/hostile.h"
#include "../../lib/suite.h"

enum { AWAIT_MS = 10000, TIMEOUT_US = 10000000, SILENT_US = 1500000, SILENT_WAKEUPS = 15 };

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
        CU_ASSERT_EQUAL(sx_loop_post(poster->loop, session, bytes, len, 0), SX_OK);
    }
}

static void ignore(void *user)
{
    (void)user;
}

static void ignore_stanza(void *user, uint64_t session, const struct sx_element *stanza,
                          struct sx_stream *stream)
{
    (void)user, (void)session, (void)stanza, (void)stream;
}

static int64_t stay_offline(void *user, uint64_t session, const struct sx_failure *failure)
{
    (void)user, (void)session, (void)failure;
    return SX_NEVER;
}

static int64_t want_nothing(void *user, uint64_t session)
{
    (void)user, (void)session;
    return SX_NEVER;
}

static char *say_nothing(void *user, size_t *len)
{
    (void)user, (void)len;
    return NULL;
}

static void run_loop(struct poster *poster, const struct sx_config *config, struct hostile *hostile,
                     const char *last)
{
    const struct sx_loop_callbacks callbacks = {poster,        ignore,       post_all,
                                                ignore_stanza, stay_offline, want_nothing,
                                                ignore,        say_nothing,  ignore};
    struct sx_trace trace;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    poster->loop = sx_loop_new(config, &trace, &callbacks);
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
    static char jid[] = "alice@example.org/desk", password[] = "secret", host[] = "127.0.0.1";
    struct hostile *hostile = hostile_start(script, NULL);
    struct poster poster = {.lengths = lengths};
    char *received;
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    const struct sx_config config = {.jid = jid,
                                     .password = password,
                                     .host = host,
                                     .port = hostile_port(hostile),
                                     .tls = SOAP_XMPP_TLS_OFF,
                                     .connect_timeout_us = TIMEOUT_US,
                                     .keepalive_us = TIMEOUT_US,
                                     .ping_timeout_us = TIMEOUT_US,
                                     .max_queued_bytes = 1 << 20,
                                     .max_stanza_bytes = 1 << 20,
                                     .max_depth = 64};
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

static int64_t note_offline(void *user, uint64_t session, const struct sx_failure *failure)
{
    (void)session, (void)failure;
    sem_post(user);
    return SX_NEVER;
}

static void go_nowhere(void *user, uint64_t session, const char *bound_jid)
{
    (void)user, (void)session, (void)bound_jid;
}

static void test_silent_server(void)
{
    static const struct hostile_step script[] = {{.kind = HOSTILE_SILENCE_MS}, {HOSTILE_END}};
    static char jid[] = "alice@example.org/desk", password[] = "secret", host[] = "127.0.0.1";
    struct hostile *hostile = hostile_start(script, NULL);
    sem_t offline;
    const struct sx_loop_callbacks callbacks = {&offline,      ignore,       go_nowhere,
                                                ignore_stanza, note_offline, want_nothing,
                                                ignore,        say_nothing,  ignore};
    struct sx_trace trace;
    struct sx_loop *loop;
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    const struct sx_config config = {.jid = jid,
                                     .password = password,
                                     .host = host,
                                     .port = hostile_port(hostile),
                                     .tls = SOAP_XMPP_TLS_OFF,
                                     .connect_timeout_us = SILENT_US,
                                     .max_queued_bytes = 1 << 20,
                                     .max_stanza_bytes = 1 << 20,
                                     .max_depth = 64};
    sem_init(&offline, 0, 0);
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    loop = sx_loop_new(&config, &trace, &callbacks);
    CU_ASSERT_PTR_NOT_NULL_FATAL(loop);
    CU_ASSERT_EQUAL_FATAL(sx_loop_start(loop), 0);
    while (sem_wait(&offline) != 0)
        ;
    CU_ASSERT(sx_loop_wakeups(loop) < SILENT_WAKEUPS);
    sx_loop_stop(loop, sx_clock_deadline(TIMEOUT_US));
    sx_loop_free(loop);
    sem_destroy(&offline);
    hostile_stop(hostile);
}

CU_TestInfo tests_loop[] = {
    {"small stanzas that wait together arrive in their order", test_small},
    {"a large one between them keeps its place", test_large_between_small},
    {"a large one is the last", test_large_last},
    {"one alone arrives", test_single},
    {"a server that takes its time is waited for asleep", test_silent_server},
    CU_TEST_INFO_NULL,
};
