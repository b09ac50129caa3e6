/* preparation_fixture.h - a link that nothing connects, calls that are posted on it, and what its
 * server and its peers say; time stands still. For test_preparation.c, test_preparation_peer.c and
 * test_preparation_bounds.c; one thread. */
#ifndef TESTS_PREPARATION_FIXTURE_H
#define TESTS_PREPARATION_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/draft.h"
#include "exchange/retry.h"
#include "wire/namespaces.h"
#include "../../lib/shortage.h"
#include "../../lib/stopped_clock.h"
#include "../../lib/suite.h"
#include "responder.h"

#define PEER             RESPONDER_PEER
#define OTHER            "carol@example.org/desk"
#define ACCOUNT          "bob@example.org"
#define OWN              "calc@example.org/soap"
#define SEVERAL          64
#define FEATURE(f)       "<feature var='" f "'/>"
#define QUERY(more)      "<query xmlns='" SX_NS_DISCO_INFO "'>" FEATURE(SX_NS_SOAP) more "</query>"
#define FIRST            "0123456789abcdef.1"
#define ONCE             FEATURE(SX_NS_DELIVERY) FEATURE(SX_NS_DELIVERY "#" FIRST)
#define PACKS            QUERY(ONCE FEATURE(SX_NS_PACKED))
#define FOREIGN          QUERY("")
#define ERROR(condition) "<error type='cancel'><" condition " xmlns='" SX_NS_STANZAS "'/></error>"
#define ENVELOPE(inner)                                                                            \
    "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body><c:add xmlns:c='urn:c'>" inner                 \
    "</c:add></e:Body></e:Envelope>"
#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static struct responder responder;
static int64_t now_us;
static unsigned long ended[SOAP_XMPP_END_BAD + 1]; /* calls, of this link */

/* ---- the link ---- */

static inline void start(const struct soap_xmpp_config *config)
{
    responder_start(&responder, config);
    memset(ended, 0, sizeof ended);
    now_us = sx_clock_now_us();
    stopped_clock_set(now_us);
}

static inline void go_online(void)
{
    CU_ASSERT_TRUE(sx_session_set_state(responder.link->session, SOAP_XMPP_ONLINE, NULL));
    sx_preparation_online(&responder.link->preparation);
}

static inline void go_offline(void)
{
    const struct sx_failure failure = {.err = SX_ESTREAM, .text = "the server has gone"};
    (void)sx_session_set_state(responder.link->session, SOAP_XMPP_BACKING_OFF, &failure);
    sx_retry_lose(responder.link->exchange, SX_ELOST, failure.text, SIZE_MAX);
    sx_preparation_lost(&responder.link->preparation);
}

static inline void setup(void)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    start(&config);
    go_online();
}

static inline void setup_with_presence(void)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.presence = 1;
    start(&config);
    if (responder.link->roster)
        sx_roster_begin(responder.link->roster, sx_clock_now_us());
    go_online();
}

static inline void setup_component(void)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.jid = "gate.example.org";
    config.port = 5347;
    start(&config);
    go_online();
}

static inline void teardown(void)
{
    stopped_clock_release();
    posted_refuse(sx_session_loop(responder.link->session), SX_OK);
    responder_stop(&responder);
}

static inline void pass(int64_t us)
{
    now_us += us;
    stopped_clock_set(now_us);
}

/* What is posted from here on is all that said() tells. */
static inline void forget(void)
{
    sx_buffer_clear(&responder.posted);
    responder.posts = 0;
}

static inline int64_t step(void)
{
    int64_t due_us;
    int turns = 0;
    do
        due_us = sx_preparation_step(&responder.link->preparation, 1);
    while (due_us == 0 && ++turns < 1000);
    CU_ASSERT(turns < 1000);
    return due_us;
}

static inline unsigned long under_way(void)
{
    struct sx_exchange_counts counts;
    sx_exchange_count(responder.link->exchange, &counts);
    return counts.under_way;
}

static inline size_t held_bytes(void)
{
    struct sx_memory_counts counts;
    sx_memory_count(sx_session_memory(responder.link->session), &counts);
    return counts.held_bytes;
}

/* ---- calls ---- */

static inline struct soap_xmpp_post make_post(const char *endpoint)
{
    static const char envelope[] = ENVELOPE("1");
    struct soap_xmpp_post post;
    soap_xmpp_post_init(&post);
    post.endpoint = endpoint;
    post.envelope = envelope;
    post.envelope_bytes = sizeof envelope - 1;
    post.timeout_ms = 30000;
    return post;
}

static inline struct soap_xmpp_call *post_it(const struct soap_xmpp_post *post)
{
    char why[400] = "?";
    struct soap_xmpp_call *call = soap_xmpp_post(responder.link, post, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    ASSERT_TEXT(why, "");
    return call;
}

static inline struct soap_xmpp_call *post_to(const char *endpoint)
{
    const struct soap_xmpp_post post = make_post(endpoint);
    return post_it(&post);
}

static inline void expect_refusal(const struct soap_xmpp_post *post, const char *reason)
{
    char why[400] = "";
    unsigned long calls = under_way();
    CU_ASSERT_PTR_NULL(soap_xmpp_post(responder.link, post, why, sizeof why));
    ASSERT_CONTAINS(why, reason);
    CU_ASSERT_EQUAL(under_way(), calls);
}

/* The call that is done, which must be this one. */
static inline void expect_done(struct soap_xmpp_call *call)
{
    CU_ASSERT_PTR_EQUAL_FATAL(soap_xmpp_wait(responder.link, 0), call);
}

/* The link counts a call by the end that it tells. */
static inline void expect_counted(enum soap_xmpp_end_value end)
{
    struct soap_xmpp_counts counts;
    soap_xmpp_count(responder.link, &counts);
    const unsigned long numbers[SOAP_XMPP_END_BAD + 1] = {
        [SOAP_XMPP_END_ANSWER] = counts.calls_answered,
        [SOAP_XMPP_END_FAULT] = counts.calls_faulted,
        [SOAP_XMPP_END_EMPTY] = counts.calls_empty,
        [SOAP_XMPP_END_REFUSED] = counts.calls_refused,
        [SOAP_XMPP_END_TIMEOUT] = counts.calls_timed_out,
        [SOAP_XMPP_END_LOST] = counts.calls_lost,
        [SOAP_XMPP_END_STOPPED] = counts.calls_stopped,
        [SOAP_XMPP_END_BAD] = counts.calls_bad,
    };
    CU_ASSERT(numbers[end] >= ++ended[end]);
}

static inline void expect_end(struct soap_xmpp_call *call, enum soap_xmpp_end_value end,
                              enum soap_xmpp_outcome_value outcome, const char *text)
{
    expect_done(call);
    expect_counted(end);
    CU_ASSERT_EQUAL(soap_xmpp_call_end(call), end);
    CU_ASSERT_EQUAL(soap_xmpp_call_outcome(call), outcome);
    if (*text)
        ASSERT_CONTAINS(soap_xmpp_call_text(call), text);
    else
        ASSERT_TEXT(soap_xmpp_call_text(call), "");
    soap_xmpp_cancel(call);
}

/* ---- what the link says, and hears ---- */

/* The id of the last iq of that type to whom it begins so; "": there is none. */
static inline const char *find_id(const char *type, const char *peer)
{
    static char id[200];
    const char *at = responder_said(&responder);
    char beginning[40], to[200], tag[600];
    snprintf(beginning, sizeof beginning, "<iq type='%s'", type);
    snprintf(to, sizeof to, " to='%s", peer);
    id[0] = '\0';
    for (; (at = strstr(at, beginning)) != NULL; at++) {
        snprintf(tag, sizeof tag, "%.*s", (int)strcspn(at, ">"), at);
        if (strstr(tag, to) && strstr(tag, " id='"))
            snprintf(id, sizeof id, "%.*s", (int)strcspn(strstr(tag, " id='") + 5, "'"),
                     strstr(tag, " id='") + 5);
    }
    return id;
}

static inline unsigned count(const char *part)
{
    const char *at = responder_said(&responder);
    unsigned found = 0;
    for (; (at = strstr(at, part)) != NULL; at++)
        found++;
    return found;
}

static inline void say(const char *from, const char *type, const char *id, const char *content)
{
    struct sx_buffer iq = {0};
    sx_buffer_add_format(&iq, "<iq type='%s' from='%s' to='" OWN "' id='%s'>", type, from, id);
    sx_buffer_add_text(&iq, content);
    sx_buffer_add_text(&iq, "</iq>");
    responder_hear(&responder, iq.bytes, iq.len);
    sx_buffer_fini(&iq);
}

/* The peer, which was asked, says what it is. */
static inline void describe(const char *peer, const char *query)
{
    char id[200];
    snprintf(id, sizeof id, "%s", find_id("get", peer));
    CU_ASSERT_TRUE_FATAL(*id);
    say(peer, strncmp(query, "<error", 6) == 0 ? "error" : "result", id, query);
    step();
}

/* The peer answers the call that went out to it last. */
static inline void answer(const char *peer, const char *content)
{
    char id[200];
    snprintf(id, sizeof id, "%s", find_id("set", peer));
    CU_ASSERT_TRUE_FATAL(*id);
    say(peer, strncmp(content, "<error", 6) == 0 ? "error" : "result", id, content);
}

static inline void get_acquainted(const char *peer, const char *query)
{
    char endpoint[200];
    struct soap_xmpp_call *call;
    snprintf(endpoint, sizeof endpoint, "xmpp:%s", peer);
    call = post_to(endpoint);
    step();
    describe(peer, query);
    soap_xmpp_cancel(call);
    forget();
}

static inline void come(const char *jid, bool serves)
{
    char stanza[400];
    snprintf(stanza, sizeof stanza, "<presence from='%s' to='" OWN "'>%s</presence>", jid,
             serves ? "<soap xmlns='" SX_NS_PRESENCE "' incarnation='" FIRST "'/>" : "");
    responder_hear(&responder, stanza, strlen(stanza));
    step();
}

/* ---- each wait ---- */

enum wait { FOR_LINK, FOR_PEER, FOR_PRESENCE, FOR_ROOM, KINDS };

/* A link, and a call that waits so. */
static inline struct soap_xmpp_call *begin_wait(enum wait wait)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_call *call;
    switch (wait) {
    case FOR_LINK:
        responder_configure(&config);
        start(&config);
        return post_to("xmpp:" PEER);
    case FOR_PEER:
        setup();
        call = post_to("xmpp:" PEER);
        step();
        CU_ASSERT_EQUAL(count("<iq type='get'"), 1);
        return call;
    case FOR_PRESENCE:
        setup_with_presence();
        call = post_to("xmpp:" ACCOUNT);
        step();
        describe(ACCOUNT "/soap", ERROR("service-unavailable"));
        CU_ASSERT_EQUAL(responder.posts, 0);
        return call;
    default:
        setup();
        get_acquainted(PEER, PACKS);
        posted_refuse(sx_session_loop(responder.link->session), SX_EROOM);
        call = post_to("xmpp:" PEER);
        CU_ASSERT_EQUAL(responder.posts, 0);
        return call;
    }
}

#endif
