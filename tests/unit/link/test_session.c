/* The low half of a link, whose loop isn't started: states, who waits for them, posts, pings. */
#include "link/session.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "../../lib/posted.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_session[];

enum { QUEUED_BYTES = 1 << 20, LONG_US = 20000000 };

static const int64_t PAST = 1; /* microsecond after boot */

/* What was told, a word for each state: "online stopping ". */
static char told[200];

static void tell(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    (void)user, (void)reason;
    strncat(told, soap_xmpp_state_text(state), sizeof told - strlen(told) - 2);
    strcat(told, " ");
}

/* What the trace got. */
static char lines[1000];

static void keep_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user, (void)level;
    snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s\n", line);
}

static struct sx_session *make(const char *jid)
{
    static const struct sx_loop_callbacks callbacks;
    struct soap_xmpp_config config;
    struct sx_session *session;
    char why[400];
    soap_xmpp_config_init(&config);
    config.jid = jid;
    config.password = "secret";
    config.host = "127.0.0.1";
    config.port = 5347;
    config.tls = SOAP_XMPP_TLS_OFF;
    config.max_calls = 1;
    config.max_stanza_bytes = config.max_queued_bytes = QUEUED_BYTES;
    config.state_callback = tell;
    config.trace_callback = keep_line;
    told[0] = '\0';
    session = sx_session_new(&config, &callbacks, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(session);
    return session;
}

static enum sx_err await(struct sx_session *session, int64_t deadline, char why[200])
{
    uint64_t number = 0;
    enum sx_err err = sx_session_await(session, deadline, &number, why, 200);
    CU_ASSERT_EQUAL(number, err == SX_OK ? 7 : 0);
    return err;
}

static void who_asks_learns_the_session_or_why_there_is_none(void)
{
    static const struct sx_failure refused = {SX_EAUTH, "the password is wrong"};
    struct sx_session *session = make("alice@example.org/desk");
    char why[200] = "";
    CU_ASSERT_EQUAL(await(session, PAST, why), SX_EOFFLINE);
    ASSERT_CONTAINS(why, ": still connecting");
    sx_session_begin(session, 7, "alice@example.org/other");
    CU_ASSERT_TRUE(sx_session_set_state(session, SOAP_XMPP_ONLINE, NULL));
    CU_ASSERT_EQUAL(await(session, PAST, why), SX_OK);
    ASSERT_TEXT(sx_session_own_jid(session), "alice@example.org/other");
    CU_ASSERT_TRUE(sx_session_set_state(session, SOAP_XMPP_FAILED, &refused));
    CU_ASSERT_EQUAL(await(session, SX_NEVER, why), SX_EAUTH); /* at once */
    ASSERT_CONTAINS(why, ": the password is wrong");
    sx_session_reason(session, why, sizeof why);
    ASSERT_TEXT(why, "the password is wrong");
    CU_ASSERT_EQUAL(sx_session_for_answer(session, PAST), 7); /* a post to it tells */
    CU_ASSERT_TRUE(sx_session_kick(session));
    CU_ASSERT_EQUAL(await(session, PAST, why), SX_EOFFLINE); /* it is worth waiting again */
    sx_session_free(session);
}

static enum sx_err await_online(struct sx_session *session, int64_t deadline)
{
    uint64_t number;
    char why[200];
    return sx_session_await_online(session, deadline, &number, why, sizeof why);
}

/* Until the link has been online once: afterwards a server that is started anew looks like that. */
static void who_waits_learns_at_once_that_no_server_of_ours_answers(void)
{
    static const struct sx_failure web = {SX_EMISDIRECTED, "a web server answers there"},
                                   closed = {SX_EREFUSED, "no connection: Connection refused"},
                                   silent = {SX_ECONNECT, "it took too long"};
    struct sx_session *session = make("alice@example.org/desk");
    char why[200] = "";
    sx_session_set_state(session, SOAP_XMPP_CONNECTING, NULL);
    sx_session_set_state(session, SOAP_XMPP_BACKING_OFF, &silent);
    CU_ASSERT_EQUAL(await(session, PAST, why), SX_EOFFLINE);
    sx_session_set_state(session, SOAP_XMPP_CONNECTING, NULL);
    sx_session_set_state(session, SOAP_XMPP_BACKING_OFF, &web);
    CU_ASSERT_EQUAL(await(session, SX_NEVER, why), SX_EMISDIRECTED);
    ASSERT_CONTAINS(why, ": a web server answers there");
    CU_ASSERT_EQUAL(await_online(session, SX_NEVER), SX_EMISDIRECTED);
    sx_session_set_state(session, SOAP_XMPP_CONNECTING, NULL);
    CU_ASSERT_EQUAL(await(session, PAST, why), SX_EOFFLINE); /* the attempt ends soon */
    sx_session_set_state(session, SOAP_XMPP_BACKING_OFF, &closed);
    CU_ASSERT_EQUAL(await(session, SX_NEVER, why), SX_EREFUSED);
    CU_ASSERT_EQUAL(await_online(session, PAST), SX_EOFFLINE);
    CU_ASSERT_TRUE(sx_session_kick(session));
    CU_ASSERT_EQUAL(await(session, PAST, why), SX_EOFFLINE);
    sx_session_begin(session, 7, "alice@example.org/desk");
    sx_session_set_state(session, SOAP_XMPP_ONLINE, NULL);
    sx_session_set_state(session, SOAP_XMPP_BACKING_OFF, &closed);
    CU_ASSERT_EQUAL(await(session, PAST, why), SX_EOFFLINE);
    ASSERT_CONTAINS(why, ": no connection: Connection refused");
    sx_session_free(session);
}

/* Once for each reason: an attempt follows each minute. */
static void a_trace_without_a_level_tells_it_once(void)
{
    static const struct sx_failure web = {SX_EMISDIRECTED, "a web server answers there"},
                                   closed = {SX_EREFUSED, "no connection: Connection refused"};
    static const struct sx_failure *const failures[] = {&web, &web, &closed, &closed, &web};
    struct sx_session *session = make("alice@example.org/desk");
    size_t i;
    lines[0] = '\0';
    for (i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        sx_session_set_state(session, SOAP_XMPP_CONNECTING, NULL);
        sx_session_set_state(session, SOAP_XMPP_BACKING_OFF, failures[i]);
    }
    ASSERT_TEXT(lines,
                "alice@example.org: connecting -> backing off: a web server answers there\n"
                "alice@example.org: connecting -> backing off: no connection: Connection "
                "refused\n"
                "alice@example.org: connecting -> backing off: a web server answers there\n");
    sx_session_begin(session, 7, "alice@example.org/desk");
    sx_session_set_state(session, SOAP_XMPP_ONLINE, NULL);
    lines[0] = '\0';
    sx_session_set_state(session, SOAP_XMPP_BACKING_OFF, &closed);
    ASSERT_TEXT(lines, "");
    sx_session_free(session);
}

static void a_link_that_stops_does_nothing_else(void)
{
    struct sx_session *session = make("alice@example.org/desk");
    char why[200];
    CU_ASSERT_TRUE(sx_session_set_state(session, SOAP_XMPP_ONLINE, NULL));
    CU_ASSERT_TRUE(sx_session_begin_stop(session));
    CU_ASSERT_FALSE(sx_session_begin_stop(session));
    CU_ASSERT_FALSE(sx_session_set_state(session, SOAP_XMPP_ONLINE, NULL));
    CU_ASSERT_FALSE(sx_session_kick(session));
    CU_ASSERT_EQUAL(await(session, SX_NEVER, why), SX_ESTOPPED);
    CU_ASSERT_EQUAL(sx_session_state(session), SOAP_XMPP_STOPPING);
    CU_ASSERT_TRUE(sx_session_set_state(session, SOAP_XMPP_CLOSED, NULL));
    sx_session_await_closed(session, SX_NEVER);
    ASSERT_TEXT(told, "online stopping closed ");
    sx_session_free(session);
}

/* Whoever looks whether this one waits has its place for a moment. */
static void *await_long(void *arg)
{
    int64_t deadline = sx_clock_deadline(LONG_US);
    enum sx_err err = SX_EFULL;
    char why[200];
    while (err == SX_EFULL)
        err = await(arg, deadline, why);
    return (void *)(intptr_t)err;
}

static void no_more_calls_wait_than_may_be_under_way(void)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    struct sx_session *session = make("alice@example.org/desk");
    int64_t deadline = sx_clock_deadline(LONG_US);
    pthread_t waiter;
    enum sx_err err = SX_EOFFLINE;
    void *ended;
    char why[200] = "";
    CU_ASSERT_EQUAL_FATAL(pthread_create(&waiter, NULL, await_long, session), 0);
    while (err == SX_EOFFLINE && sx_clock_now_us() < deadline) { /* until that one waits */
        err = await(session, PAST, why);
        nanosleep(&pause, NULL); /* without it that one may never find the place free */
    }
    CU_ASSERT_EQUAL(err, SX_EFULL);
    ASSERT_CONTAINS(why, "1 calls wait for that already (max_calls)");
    sx_session_begin(session, 7, "alice@example.org/desk");
    sx_session_set_state(session, SOAP_XMPP_ONLINE, NULL);
    pthread_join(waiter, &ended);
    CU_ASSERT_EQUAL((intptr_t)ended, SX_OK);
    CU_ASSERT_EQUAL(await(session, PAST, why), SX_OK);
    sx_session_free(session);
}

static void count(void *user, uint64_t number, char *stanza, size_t len)
{
    size_t *bytes = user;
    CU_ASSERT_EQUAL(number, 7);
    *bytes += len;
    free(stanza);
}

static void what_never_finds_room_isnt_posted(void)
{
    struct sx_session *session = make("alice@example.org/desk");
    struct sx_buffer stanza = {0};
    size_t bytes = 0;
    posted_take(sx_session_loop(session), count, &bytes);
    sx_buffer_add_text(&stanza, "<presence/>");
    CU_ASSERT_EQUAL(sx_session_post(session, 7, &stanza, PAST), SX_OK);
    CU_ASSERT_EQUAL(bytes, strlen("<presence/>"));
    sx_buffer_add_format(&stanza, "%*s", QUEUED_BYTES + 1, "");
    CU_ASSERT_EQUAL(sx_session_post(session, 7, &stanza, SX_NEVER), SX_ETOOBIG);
    stanza.failed = true;
    CU_ASSERT_EQUAL(sx_session_post(session, 7, &stanza, SX_NEVER), SX_ENOMEM);
    CU_ASSERT_EQUAL(bytes, strlen("<presence/>"));
    posted_take(sx_session_loop(session), NULL, NULL);
    sx_session_free(session);
}

static void pings_are_known_by_id_and_sender(void)
{
    struct sx_session *client = make("alice@example.org/desk");
    struct sx_session *component = make("calc.example.org");
    char *ping, *own_ping;
    size_t len;
    unsigned long number = 0;
    sx_session_begin(client, 7, "alice@example.org/desk");
    ping = sx_session_ping(client, &number, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ping);
    ASSERT_CONTAINS(ping, "<iq type='get' to='example.org' id='ping-1'>");
    free(ping);
    CU_ASSERT_TRUE(sx_session_is_pong(client, "example.org", "ping-1", &number));
    CU_ASSERT_TRUE(sx_session_is_pong(client, NULL, "ping-1", &number));
    CU_ASSERT_FALSE(sx_session_is_pong(client, "bob@example.org/x", "ping-1", &number));
    CU_ASSERT_FALSE(sx_session_is_pong(client, "example.org", "pong-1", &number));
    CU_ASSERT_TRUE(sx_session_is_pinged(client, "example.org"));
    CU_ASSERT_TRUE(sx_session_is_pinged(client, NULL));
    CU_ASSERT_FALSE(sx_session_is_pinged(client, "bob@example.org/x"));
    CU_ASSERT_FALSE(sx_session_is_pinged(client, "@"));
    own_ping = sx_session_ping(component, &number, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(own_ping);
    ASSERT_CONTAINS(own_ping, " from='calc.example.org'");
    free(own_ping);
    CU_ASSERT_TRUE(sx_session_is_pong(component, "example.org", "ping-1", &number));
    sx_session_begin(component, 7, "calc.example.org");
    CU_ASSERT_TRUE(sx_session_is_pinged(component, "calc.example.org"));
    CU_ASSERT_TRUE(sx_session_is_pinged(component, NULL));
    CU_ASSERT_FALSE(sx_session_is_pinged(component, "example.org"));
    CU_ASSERT_FALSE(sx_session_is_pinged(component, "bob@calc.example.org"));
    sx_session_free(client);
    sx_session_free(component);
}

CU_TestInfo tests_session[] = {
    {"who asks learns the session, or why there is none",
     who_asks_learns_the_session_or_why_there_is_none},
    {"who waits learns at once that no server of ours answers, until the link was online once",
     who_waits_learns_at_once_that_no_server_of_ours_answers},
    {"and so does a trace without a level, once for each reason",
     a_trace_without_a_level_tells_it_once},
    {"a link that stops does nothing else", a_link_that_stops_does_nothing_else},
    {"no more calls wait for a session than may be under way",
     no_more_calls_wait_than_may_be_under_way},
    {"what never finds room isn't posted", what_never_finds_room_isnt_posted},
    {"pings are known by id and sender", pings_are_known_by_id_and_sender},
    CU_TEST_INFO_NULL,
};
