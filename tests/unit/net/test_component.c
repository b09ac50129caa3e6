/* Unit tests of lib/net/component.c: a link that is a component, against a server that plays
 * XEP-0114 by script. libstrophe crashes at the first byte that a component sends if it isn't
 * helped.
 */
#include "../../lib/suite.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "net/component.h"
#include "net/connection.h"
#include "net/allocator.h"
#include "../../lib/hostile.h"
#include "../../lib/hostile_link.h"
#include "../../lib/tcp.h"

extern CU_TestInfo tests_component[];

#define STREAM                                                                                     \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "                         \
    "xmlns:stream='http://etherx.jabber.org/streams' id='3BF96D32' from='calc.example.org'>"
#define STREAM_ERROR(condition)                                                                    \
    "<stream:error><" condition " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
#define TEXT(text) "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>" text "</text>"
#define END        "</stream:error></stream:stream>"

/* The proof of "secret": printf 3BF96D32secret | sha1sum */
#define HANDSHAKE "b09ea9b3b7f586be8a08d0a3dd7466f110aeb136</handshake>"

static const struct hostile_step log_in[] = {
    {HOSTILE_EXPECT, .text = "xmlns=\"jabber:component:accept\""},
    {HOSTILE_SEND, .text = STREAM},
    {HOSTILE_EXPECT, .text = HANDSHAKE},
    {HOSTILE_SEND, .text = "<handshake/>"},
    {HOSTILE_END},
};

struct stage {
    struct hostile *hostile;
    struct soap_xmpp_link *link;
};

static void stage_open(struct stage *stage, const struct hostile_step *script)
{
    struct soap_xmpp_config config;
    stage->hostile = hostile_start(script, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->hostile);
    hostile_link_config(stage->hostile, &config);
    config.jid = "calc.example.org";
    stage->link = soap_xmpp_open(&config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->link);
}

static void stage_close(struct stage *stage)
{
    soap_xmpp_close(stage->link);
    hostile_stop(stage->hostile);
}

static void expect_played(struct stage *stage)
{
    char failure[200];
    CU_ASSERT_TRUE(hostile_await_played(stage->hostile, 1, TCP_LONG_MS));
    hostile_failure(stage->hostile, failure, sizeof failure);
    ASSERT_TEXT(failure, "");
}

static void a_component_comes_online(void)
{
    struct stage stage;
    char jid[64], *received;
    stage_open(&stage, log_in);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(stage.link, -1), 0);
    expect_played(&stage);
    soap_xmpp_jid(stage.link, jid, sizeof jid);
    ASSERT_TEXT(jid, "calc.example.org");
    received = hostile_received(stage.hostile);
    ASSERT_CONTAINS(received, "to=\"calc.example.org\"");
    ASSERT_LACKS(received, "secret");
    free(received);
    stage_close(&stage);
}

static void every_question_is_answered_by_the_one_that_was_asked(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = log_in},
        {HOSTILE_SEND, .text = "<iq type='get' id='p1' from='a@b/c' to='lamp@calc.example.org/x'>"
                               "<ping xmlns='urn:xmpp:ping'/></iq>"},
        {HOSTILE_EXPECT, .text = "<iq type='result' from='lamp@calc.example.org/x' to='a@b/c' "
                                 "id='p1'/>"},
        {HOSTILE_SEND, .text = "<iq type='get' id='p2' from='a@b/c' to='calc.example.org'>"
                               "<query xmlns='http://jabber.org/protocol/disco#items'/></iq>"},
        {HOSTILE_EXPECT, .text = "<iq type='result' from='calc.example.org' to='a@b/c' id='p2'>"},
        {HOSTILE_SEND, .text = "<iq type='set' id='p3' from='a@b/c' to='x@calc.example.org'>"
                               "<unknown xmlns='urn:x'/></iq>"},
        {HOSTILE_EXPECT, .text = "<iq type='error' from='x@calc.example.org' to='a@b/c' id='p3'>"},
        {HOSTILE_END},
    };
    struct stage stage;
    stage_open(&stage, script);
    expect_played(&stage);
    stage_close(&stage);
}

/* It can't come from an account's server, and an answer without `to` would end the stream. */
static void what_comes_without_from_is_ignored(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = log_in},
        {HOSTILE_SEND, .text = "<iq type='get' id='nobody' to='calc.example.org'>"
                               "<ping xmlns='urn:xmpp:ping'/></iq>"
                               "<iq type='set' id='nobody' to='calc.example.org'>"
                               "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'>"
                               "<e:Body/></e:Envelope></iq>"
                               "<iq type='get' id='p1' from='a@b/c' to='calc.example.org'>"
                               "<ping xmlns='urn:xmpp:ping'/></iq>"},
        {HOSTILE_EXPECT, .text = "id='p1'/>"},
        {HOSTILE_END},
    };
    struct stage stage;
    char *received;
    stage_open(&stage, script);
    expect_played(&stage);
    received = hostile_received(stage.hostile);
    ASSERT_LACKS(received, "nobody");
    free(received);
    stage_close(&stage);
}

/* ---- refusals ---- */

static void part_at_once(void *user, const char *bound_jid)
{
    (void)bound_jid;
    sx_connection_close(user);
}

static void ignore_stanza(void *user, const struct sx_element *stanza, struct sx_stream *stream)
{
    (void)user;
    (void)stanza;
    (void)stream;
}

static void run(struct sx_connection *connection)
{
    xmpp_ctx_t *ctx = sx_allocator_reserve() ? xmpp_ctx_new(&sx_allocator, NULL) : NULL;
    sx_connection_open(connection, ctx);
    while (!connection->over) {
        struct pollfd socket = {connection->fd, sx_connection_events(connection), 0};
        if (!sx_connection_round(connection, ctx))
            poll(&socket, 1, 50);
    }
    sx_connection_fini(connection);
    xmpp_ctx_free(ctx);
    sx_allocator_sweep();
}

/* One attempt: how it ends. reason comes behind the server's name and port. */
static void expect_end(const struct hostile_step *script, enum sx_err err, const char *reason)
{
    static char jid[] = "calc.example.org", password[] = "secret", host[] = "127.0.0.1";
    struct hostile *hostile = hostile_start(script, NULL);
    struct sx_config config = {.jid = jid,
                               .password = password,
                               .host = host,
                               .is_component = true,
                               .tls = SOAP_XMPP_TLS_OFF,
                               .ping_timeout_us = 10000000,
                               .max_stanza_bytes = 1 << 20,
                               .max_depth = 64};
    struct sx_trace trace;
    struct sx_addresses addresses = {.count = 1};
    struct sx_connection connection = {.config = &config,
                                       .trace = &trace,
                                       .addresses = &addresses,
                                       .deadline = sx_clock_deadline(TCP_LONG_MS * 1000LL),
                                       .user = &connection,
                                       .on_online = part_at_once,
                                       .on_stanza = ignore_stanza};
    char expected[400];
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    config.port = addresses.at[0].port = hostile_port(hostile);
    snprintf(addresses.at[0].literal, sizeof addresses.at[0].literal, "%s", host);
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    xmpp_initialize();
    signal(SIGPIPE, SIG_IGN); /* blocked on the loop thread */
    run(&connection);
    CU_ASSERT_EQUAL(connection.failure.err, err);
    if (reason) {
        snprintf(expected, sizeof expected, "127.0.0.1 port %d %s", config.port, reason);
        ASSERT_TEXT(connection.failure.text, expected);
    }
    hostile_stop(hostile);
}

static void expect_refusal(const char *answer, enum sx_err err, const char *reason)
{
    const struct hostile_step script[] = {
        {HOSTILE_EXPECT, .text = "xmlns=\"jabber:component:accept\""},
        {HOSTILE_SEND, .text = STREAM},
        {HOSTILE_EXPECT, .text = "</handshake>"},
        {HOSTILE_SEND, .text = answer},
        {.kind = HOSTILE_CLOSE},
        {HOSTILE_END},
    };
    expect_end(script, err, reason);
}

static void a_refusal_says_what_is_to_be_done(void)
{
    expect_refusal(STREAM_ERROR("not-authorized") END, SX_EAUTH,
                   "refused the component calc.example.org: not-authorized, the server knows "
                   "another secret for it, or none");
    expect_refusal(STREAM_ERROR("conflict") TEXT("already connected") END, SX_ESTREAM,
                   "refused the component calc.example.org: conflict, another process holds it: "
                   "already connected");
    expect_refusal(STREAM_ERROR("host-unknown") END, SX_EMISDIRECTED,
                   "refused the component calc.example.org: host-unknown, there is no such "
                   "component at that port");
    expect_refusal(STREAM_ERROR("invalid-namespace") END, SX_EMISDIRECTED,
                   "refused the component calc.example.org: invalid-namespace, this is no port for "
                   "components");
    expect_refusal(STREAM_ERROR("system-shutdown") END, SX_ESTREAM,
                   "refused the component calc.example.org: system-shutdown");
    expect_refusal("</stream:stream>", SX_ELOST, "closed the connection during the login");
    expect_refusal("<stream:error/>", SX_ESTREAM, NULL);
    expect_refusal("<failure xmlns='urn:x'/></stream:stream>", SX_ELOST,
                   "closed the connection during the login");
    CU_ASSERT_TRUE(sx_fault_permanent(SX_EAUTH));
    CU_ASSERT_FALSE(sx_fault_permanent(SX_ESTREAM));
}

static void a_stream_without_id_is_given_up(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_EXPECT, .text = "xmlns=\"jabber:component:accept\""},
        {HOSTILE_SEND, .text = "<stream:stream xmlns='jabber:component:accept' "
                               "xmlns:stream='http://etherx.jabber.org/streams'>"},
        {HOSTILE_END},
    };
    expect_end(script, SX_EPROTOCOL,
               "sent a stream without an id, for which calc.example.org can't prove that it knows "
               "the secret");
}

/* Prosody does so if it is configured to: two that threw each other out would both be of no use. */
static void one_that_is_thrown_out_for_another_stays_away(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = log_in},
        {HOSTILE_SEND, .text = STREAM_ERROR("conflict") END},
        {.kind = HOSTILE_CLOSE},
        {HOSTILE_END},
    };
    struct stage stage;
    char why[400];
    stage_open(&stage, script);
    expect_played(&stage);
    while (soap_xmpp_wait_online(stage.link, -1) == 0)
        sched_yield(); /* until the end of it is noticed */
    CU_ASSERT_EQUAL(soap_xmpp_state(stage.link), SOAP_XMPP_FAILED);
    soap_xmpp_reason(stage.link, why, sizeof why);
    ASSERT_CONTAINS(why, "closed the stream: conflict");
    stage_close(&stage);
}

CU_TestInfo tests_component[] = {
    {"a component comes online", a_component_comes_online},
    {"every question is answered by the one that was asked",
     every_question_is_answered_by_the_one_that_was_asked},
    {"what comes without from is ignored", what_comes_without_from_is_ignored},
    {"a refusal says what is to be done", a_refusal_says_what_is_to_be_done},
    {"a stream without id is given up", a_stream_without_id_is_given_up},
    {"one that is thrown out for another stays away",
     one_that_is_thrown_out_for_another_stays_away},
    CU_TEST_INFO_NULL,
};
