/* Posted calls: what they wait for, how they go on, and how they end before they are sent. */
#include <pthread.h>
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

extern CU_TestInfo tests_preparation[];

static struct responder responder;
static int64_t now_us;
static unsigned long ended[SOAP_XMPP_END_BAD + 1]; /* calls, of this link */

/* ---- the link ---- */

static void start(const struct soap_xmpp_config *config)
{
    responder_start(&responder, config);
    memset(ended, 0, sizeof ended);
    now_us = sx_clock_now_us();
    stopped_clock_set(now_us);
}

static void go_online(void)
{
    CU_ASSERT_TRUE(sx_session_set_state(responder.link->session, SOAP_XMPP_ONLINE, NULL));
    sx_preparation_online(&responder.link->preparation);
}

static void go_offline(void)
{
    const struct sx_failure failure = {.err = SX_ESTREAM, .text = "the server has gone"};
    (void)sx_session_set_state(responder.link->session, SOAP_XMPP_BACKING_OFF, &failure);
    sx_retry_lose(responder.link->exchange, SX_ELOST, failure.text, SIZE_MAX);
    sx_preparation_lost(&responder.link->preparation);
}

static void setup(void)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    start(&config);
    go_online();
}

static void setup_with_presence(void)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.presence = 1;
    start(&config);
    if (responder.link->roster)
        sx_roster_begin(responder.link->roster, sx_clock_now_us());
    go_online();
}

static void setup_component(void)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.jid = "gate.example.org";
    config.port = 5347;
    start(&config);
    go_online();
}

static void teardown(void)
{
    stopped_clock_release();
    posted_refuse(sx_session_loop(responder.link->session), SX_OK);
    responder_stop(&responder);
}

static void pass(int64_t us)
{
    now_us += us;
    stopped_clock_set(now_us);
}

/* What is posted from here on is all that said() tells. */
static void forget(void)
{
    sx_buffer_clear(&responder.posted);
    responder.posts = 0;
}

static int64_t step(void)
{
    int64_t due_us;
    int turns = 0;
    do
        due_us = sx_preparation_step(&responder.link->preparation, 1);
    while (due_us == 0 && ++turns < 1000);
    CU_ASSERT(turns < 1000);
    return due_us;
}

static unsigned long under_way(void)
{
    struct sx_exchange_counts counts;
    sx_exchange_count(responder.link->exchange, &counts);
    return counts.under_way;
}

static size_t held_bytes(void)
{
    struct sx_memory_counts counts;
    sx_memory_count(sx_session_memory(responder.link->session), &counts);
    return counts.held_bytes;
}

/* ---- calls ---- */

static struct soap_xmpp_post make_post(const char *endpoint)
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

static struct soap_xmpp_call *post_it(const struct soap_xmpp_post *post)
{
    char why[400] = "?";
    struct soap_xmpp_call *call = soap_xmpp_post(responder.link, post, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    ASSERT_TEXT(why, "");
    return call;
}

static struct soap_xmpp_call *post_to(const char *endpoint)
{
    const struct soap_xmpp_post post = make_post(endpoint);
    return post_it(&post);
}

static void expect_refusal(const struct soap_xmpp_post *post, const char *reason)
{
    char why[400] = "";
    unsigned long calls = under_way();
    CU_ASSERT_PTR_NULL(soap_xmpp_post(responder.link, post, why, sizeof why));
    ASSERT_CONTAINS(why, reason);
    CU_ASSERT_EQUAL(under_way(), calls);
}

/* The call that is done, which must be this one. */
static void expect_done(struct soap_xmpp_call *call)
{
    CU_ASSERT_PTR_EQUAL_FATAL(soap_xmpp_wait(responder.link, 0), call);
}

/* The link counts a call by the end that it tells. */
static void expect_counted(enum soap_xmpp_end_value end)
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

static void expect_end(struct soap_xmpp_call *call, enum soap_xmpp_end_value end,
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
static const char *find_id(const char *type, const char *peer)
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

static unsigned count(const char *part)
{
    const char *at = responder_said(&responder);
    unsigned found = 0;
    for (; (at = strstr(at, part)) != NULL; at++)
        found++;
    return found;
}

static void say(const char *from, const char *type, const char *id, const char *content)
{
    struct sx_buffer iq = {0};
    sx_buffer_add_format(&iq, "<iq type='%s' from='%s' to='" OWN "' id='%s'>", type, from, id);
    sx_buffer_add_text(&iq, content);
    sx_buffer_add_text(&iq, "</iq>");
    responder_hear(&responder, iq.bytes, iq.len);
    sx_buffer_fini(&iq);
}

/* The peer, which was asked, says what it is. */
static void describe(const char *peer, const char *query)
{
    char id[200];
    snprintf(id, sizeof id, "%s", find_id("get", peer));
    CU_ASSERT_TRUE_FATAL(*id);
    say(peer, strncmp(query, "<error", 6) == 0 ? "error" : "result", id, query);
    step();
}

/* The peer answers the call that went out to it last. */
static void answer(const char *peer, const char *content)
{
    char id[200];
    snprintf(id, sizeof id, "%s", find_id("set", peer));
    CU_ASSERT_TRUE_FATAL(*id);
    say(peer, strncmp(content, "<error", 6) == 0 ? "error" : "result", id, content);
}

static void get_acquainted(const char *peer, const char *query)
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

static void come(const char *jid, bool serves)
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
static struct soap_xmpp_call *begin_wait(enum wait wait)
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

static void each_wait_is_what_it_says(void)
{
    static const enum call_wait waits[KINDS] = {WAIT_LINK, WAIT_PEER, WAIT_PRESENCE, WAIT_ROOM};
    int kind;
    for (kind = 0; kind < KINDS; kind++) {
        struct soap_xmpp_call *call = begin_wait((enum wait)kind);
        CU_ASSERT_TRUE(sx_draft_waits(responder.link->exchange, waits[kind], NULL));
        CU_ASSERT(held_bytes() > 0);
        soap_xmpp_cancel(call);
        teardown();
    }
}

static void a_deadline_says_what_was_waited_for(void)
{
    static const struct {
        enum soap_xmpp_end_value end;
        const char *text;
    } rows[KINDS] = {
        {SOAP_XMPP_END_LOST, "not sent within 30.000 s: it waited for the link to be online (not "
                             "executed)"},
        {SOAP_XMPP_END_TIMEOUT, "for the service to say what it understands"},
        {SOAP_XMPP_END_TIMEOUT, "for somebody of the account to be there"},
        {SOAP_XMPP_END_TIMEOUT, "for room in the outgoing queue"},
    };
    int kind;
    for (kind = 0; kind < KINDS; kind++) {
        struct soap_xmpp_call *call = begin_wait((enum wait)kind);
        pass(29000000);
        CU_ASSERT_PTR_NULL(soap_xmpp_wait(responder.link, 0));
        pass(1100000);
        expect_end(call, rows[kind].end, SOAP_XMPP_NOT_EXECUTED, rows[kind].text);
        step();
        CU_ASSERT_EQUAL(count("<iq type='set'"), 0);
        CU_ASSERT_EQUAL(under_way(), 0);
        teardown();
    }
}

static void a_cancel_leaves_nothing_behind(void)
{
    int kind;
    for (kind = 0; kind < KINDS; kind++) {
        soap_xmpp_cancel(begin_wait((enum wait)kind));
        CU_ASSERT_EQUAL(under_way(), 0);
        posted_refuse(sx_session_loop(responder.link->session), SX_OK);
        if (kind == FOR_LINK)
            go_online();
        pass(6000000);
        step();
        CU_ASSERT_EQUAL(count("<iq type='set'"), 0);
        teardown();
    }
}

static void a_stop_ends_it(void)
{
    int kind;
    for (kind = 0; kind < KINDS; kind++) {
        struct soap_xmpp_call *call = begin_wait((enum wait)kind);
        const struct soap_xmpp_post post = make_post("xmpp:" PEER);
        sx_exchange_stop(responder.link->exchange, SX_ESTOPPED, "the link was stopped");
        expect_end(call, SOAP_XMPP_END_STOPPED, SOAP_XMPP_NOT_EXECUTED, "the link was stopped");
        step();
        expect_refusal(&post, "the link was stopped");
        teardown();
    }
}

/* What was learnt before doesn't count, but what others say of themselves is still remembered. */
static void a_lost_session_costs_it_nothing(void)
{
    int kind;
    for (kind = 0; kind < KINDS; kind++) {
        struct soap_xmpp_call *call = begin_wait((enum wait)kind);
        const char *peer = kind == FOR_PRESENCE ? ACCOUNT "/soap" : PEER;
        go_offline();
        posted_refuse(sx_session_loop(responder.link->session), SX_OK);
        forget();
        CU_ASSERT_PTR_NULL(soap_xmpp_wait(responder.link, 0));
        CU_ASSERT_TRUE(sx_draft_waits(responder.link->exchange, WAIT_LINK, NULL));
        go_online();
        step();
        if (kind != FOR_ROOM)
            describe(peer, PACKS);
        CU_ASSERT_EQUAL(count("<iq type='set'"), 1);
        answer(peer, ENVELOPE("2"));
        expect_end(call, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED, "");
        teardown();
    }
}

static void a_refusal_of_the_link_ends_it(void)
{
    const struct sx_failure failure = {.err = SX_EAUTH, .text = "the password is wrong"};
    const struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *call = begin_wait(FOR_LINK);
    (void)sx_session_set_state(responder.link->session, SOAP_XMPP_FAILED, &failure);
    sx_preparation_lost(&responder.link->preparation);
    expect_end(call, SOAP_XMPP_END_LOST, SOAP_XMPP_NOT_EXECUTED, "the password is wrong");
    expect_refusal(&post, "the password is wrong");
    teardown();
}

/* ---- it is sent ---- */

static void the_first_call_asks_and_is_sent(void)
{
    struct soap_xmpp_call *call;
    char bytes[400] = "", why[200];
    long got;
    setup();
    call = post_to("xmpp:" PEER);
    CU_ASSERT_EQUAL(responder.posts, 0);
    step();
    CU_ASSERT_EQUAL(responder.posts, 1);
    describe(PEER, PACKS);
    CU_ASSERT_EQUAL(responder.posts, 1);
    ASSERT_CONTAINS(responder_said(&responder), "<packed xmlns=");
    ASSERT_CONTAINS(responder_said(&responder), "~" FIRST "'");
    answer(PEER, ENVELOPE("2"));
    expect_done(call);
    CU_ASSERT_EQUAL(soap_xmpp_call_end(call), SOAP_XMPP_END_ANSWER);
    CU_ASSERT_EQUAL(soap_xmpp_call_outcome(call), SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(soap_xmpp_call_version(call), 12);
    CU_ASSERT_FALSE(soap_xmpp_call_is_packed(call));
    ASSERT_TEXT(soap_xmpp_call_text(call), "");
    ASSERT_TEXT(soap_xmpp_call_condition(call), "");
    ASSERT_TEXT(soap_xmpp_call_peer(call), PEER);
    got = soap_xmpp_call_read(call, bytes, sizeof bytes - 1, why, sizeof why);
    CU_ASSERT_EQUAL(got, (long)strlen(bytes));
    ASSERT_CONTAINS(bytes, "<e:Body><c:add xmlns:c='urn:c'>2</c:add></e:Body></e:Envelope>");
    CU_ASSERT_EQUAL(soap_xmpp_call_read(call, bytes, sizeof bytes, why, sizeof why), 0);
    soap_xmpp_cancel(call);
    teardown();
}

static void the_next_one_is_sent_at_once(void)
{
    struct soap_xmpp_call *call;
    setup();
    get_acquainted(PEER, PACKS);
    call = post_to("xmpp:" PEER);
    CU_ASSERT_EQUAL(count("<iq type='set'"), 1);
    answer(PEER, "");
    expect_end(call, SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED, "");
    teardown();
}

static void a_packed_answer_is_read_as_it_was_written(void)
{
    static const char envelope[] = ENVELOPE("&#13; a ") " ";
    struct soap_xmpp_call *call;
    char *packed = responder_pack(envelope), bytes[400] = "", *broken;
    long got, len = 0;
    setup();
    get_acquainted(PEER, PACKS);
    call = post_to("xmpp:" PEER);
    answer(PEER, packed);
    expect_done(call);
    CU_ASSERT_EQUAL(soap_xmpp_call_version(call), 12);
    CU_ASSERT_EQUAL(soap_xmpp_call_version(call), 12);
    CU_ASSERT_TRUE(soap_xmpp_call_is_packed(call));
    while ((got = soap_xmpp_call_read(call, bytes + len, 7, NULL, 0)) > 0)
        len += got;
    ASSERT_TEXT(bytes, envelope);
    soap_xmpp_cancel(call);
    call = post_to("xmpp:" PEER);
    broken = strchr(packed, '>') + 9;
    memcpy(broken, "AAAA", 4);
    answer(PEER, packed);
    expect_done(call);
    CU_ASSERT_EQUAL(soap_xmpp_call_version(call), 0);
    CU_ASSERT_EQUAL(soap_xmpp_call_read(call, bytes, sizeof bytes, bytes, sizeof bytes), -1);
    ASSERT_CONTAINS(bytes, "the answer is bad: ");
    CU_ASSERT_EQUAL(soap_xmpp_call_read(call, bytes, sizeof bytes, NULL, 0), -1);
    soap_xmpp_cancel(call);
    free(packed);
    teardown();
}

static void a_foreign_peer_gets_it_plain(void)
{
    struct soap_xmpp_call *call;
    setup();
    call = post_to("xmpp:" PEER);
    step();
    describe(PEER, FOREIGN);
    ASSERT_CONTAINS(responder_said(&responder), "<e:Envelope ");
    answer(PEER, ERROR("forbidden"));
    expect_done(call);
    CU_ASSERT_EQUAL(soap_xmpp_call_end(call), SOAP_XMPP_END_REFUSED);
    ASSERT_TEXT(soap_xmpp_call_condition(call), "forbidden");
    ASSERT_CONTAINS(soap_xmpp_call_text(call), "xmpp:" PEER ": add: ");
    soap_xmpp_cancel(call);
    teardown();
}

/* Servers would end the stream over it; packed, nobody minds. */
static void what_only_the_packed_form_carries_is_not_sent_plain(void)
{
    static const char envelope[] = "<?xml version='1.0'?>" ENVELOPE("<!-- -->");
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *call;
    setup();
    post.envelope = envelope;
    post.envelope_bytes = sizeof envelope - 1;
    call = soap_xmpp_post(responder.link, &post, NULL, 0);
    if (call) { /* else not even packed */
        step();
        describe(PEER, FOREIGN);
        CU_ASSERT_EQUAL(count("<iq type='set'"), 0);
        expect_end(call, SOAP_XMPP_END_BAD, SOAP_XMPP_NOT_EXECUTED,
                   "the service takes no packed envelopes; plain, ");
    }
    teardown();
}

static void a_silent_peer_is_asked_once(void)
{
    struct soap_xmpp_call *calls[SEVERAL], *other;
    int i;
    setup();
    get_acquainted(OTHER, PACKS);
    for (i = 0; i < SEVERAL; i++)
        calls[i] = post_to("xmpp:" PEER);
    step();
    CU_ASSERT_EQUAL(count("<iq type='get'"), 1);
    other = post_to("xmpp:" OTHER);
    CU_ASSERT_EQUAL(count("<iq type='set' to='" OTHER "'"), 1);
    answer(OTHER, "");
    expect_end(other, SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED, "");
    CU_ASSERT_EQUAL(step(), now_us + SX_QUERY_FIRST_US);
    pass(SX_QUERY_FIRST_US);
    step();
    CU_ASSERT_EQUAL(count("<iq type='set' to='" PEER "'"), SEVERAL);
    for (i = 0; i < SEVERAL; i++)
        soap_xmpp_cancel(calls[i]);
    teardown();
}

static void all_that_wait_hear_the_answer(void)
{
    struct soap_xmpp_call *calls[SEVERAL];
    int i;
    setup();
    for (i = 0; i < SEVERAL; i++)
        calls[i] = post_to("xmpp:" PEER);
    step();
    describe(PEER, PACKS);
    CU_ASSERT_EQUAL(count("<packed "), SEVERAL);
    for (i = 0; i < SEVERAL; i++)
        soap_xmpp_cancel(calls[i]);
    teardown();
}

/* Whatever is said instead of an answer, it isn't asked twice by the same call. */
static void an_error_is_an_answer(void)
{
    struct soap_xmpp_call *call;
    setup();
    call = post_to("xmpp:" PEER);
    step();
    describe(PEER, ERROR("forbidden"));
    CU_ASSERT_EQUAL(count("<iq type='set'"), 1);
    CU_ASSERT_EQUAL(count("<iq type='get'"), 0);
    soap_xmpp_cancel(call);
    teardown();
}

static void without_room_it_is_sent_later_and_once(void)
{
    static const char *const queries[] = {PACKS, FOREIGN};
    int i;
    for (i = 0; i < 2; i++) {
        struct soap_xmpp_call *call;
        setup();
        get_acquainted(PEER, queries[i]);
        posted_refuse(sx_session_loop(responder.link->session), SX_EROOM);
        call = post_to("xmpp:" PEER);
        CU_ASSERT(step() <= now_us + 100000);
        CU_ASSERT_EQUAL(responder.posts, 0);
        posted_refuse(sx_session_loop(responder.link->session), SX_OK);
        step();
        CU_ASSERT_EQUAL(count("<iq type='set'"), 1);
        CU_ASSERT_EQUAL(sx_retry_due_us(responder.link->exchange) == SX_NEVER, i == 1);
        answer(PEER, "");
        expect_end(call, SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED, "");
        teardown();
    }
}

/* An id that was made but never posted is nobody's to answer. */
static void no_answer_fits_before_it_is_sent(void)
{
    struct sx_reply reply = {0};
    struct soap_xmpp_call *call = begin_wait(FOR_PEER);
    CU_ASSERT_FALSE(
        sx_exchange_complete(responder.link->exchange, PEER, sx_exchange_id(call), &reply));
    CU_ASSERT_EQUAL(under_way(), 1);
    soap_xmpp_cancel(call);
    teardown();
}

static void an_incarnation_is_asked_for_again(void)
{
    struct soap_xmpp_call *call;
    setup();
    get_acquainted(PEER, PACKS);
    pass((int64_t)SX_FEATURES_FRESH_S * 1000000 + 1);
    call = post_to("xmpp:" PEER);
    step();
    CU_ASSERT_EQUAL(count("<iq type='get'"), 1);
    CU_ASSERT_EQUAL(count("<iq type='set'"), 0);
    pass(SX_QUERY_RENEWAL_US);
    step();
    CU_ASSERT_EQUAL(count("<packed "), 1);
    soap_xmpp_cancel(call);
    teardown();
}

/* ---- resources ---- */

static void it_goes_to_who_serves(void)
{
    struct soap_xmpp_call *call;
    setup_with_presence();
    come(ACCOUNT "/phone", false);
    come(ACCOUNT "/server", true);
    call = post_to("xmpp:" ACCOUNT);
    step();
    describe(ACCOUNT "/server", PACKS);
    CU_ASSERT_EQUAL(count("<iq type='set' to='" ACCOUNT "/server'"), 1);
    answer(ACCOUNT "/server", "");
    expect_end(call, SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED, "");
    teardown();
}

static void those_without_a_mark_are_asked_all_at_once(void)
{
    struct soap_xmpp_call *call;
    setup_with_presence();
    come(ACCOUNT "/a", false);
    come(ACCOUNT "/b", false);
    call = post_to("xmpp:" ACCOUNT);
    step();
    CU_ASSERT_EQUAL(count("<iq type='get'"), 2);
    say(ACCOUNT "/b", "result", find_id("get", ACCOUNT "/b"), PACKS);
    step();
    CU_ASSERT_EQUAL(count("<iq type='set'"), 0);
    pass(SX_QUERY_FIRST_US);
    step();
    CU_ASSERT_EQUAL(count("<iq type='set' to='" ACCOUNT "/b'"), 1);
    soap_xmpp_cancel(call);
    teardown();
}

static void who_is_gone_is_not_chosen_again(void)
{
    struct soap_xmpp_call *call;
    setup_with_presence();
    come(ACCOUNT "/a", true);
    call = post_to("xmpp:" ACCOUNT);
    step();
    CU_ASSERT_EQUAL(count("<iq type='get' to='" ACCOUNT "/a'"), 1);
    describe(ACCOUNT "/a", ERROR("service-unavailable"));
    CU_ASSERT_EQUAL(count("<iq type='get' to='" ACCOUNT "/soap'"), 1);
    soap_xmpp_cancel(call);
    teardown();
}

static void who_comes_after_the_login_gets_it(void)
{
    struct soap_xmpp_call *call = begin_wait(FOR_PRESENCE);
    come(ACCOUNT "/late", true);
    describe(ACCOUNT "/late", PACKS);
    CU_ASSERT_EQUAL(count("<iq type='set' to='" ACCOUNT "/late'"), 1);
    soap_xmpp_cancel(call);
    teardown();
}

static void if_nobody_comes_the_default_gets_it(void)
{
    struct soap_xmpp_call *call = begin_wait(FOR_PRESENCE);
    CU_ASSERT_EQUAL(step(), now_us + SX_ROUTING_SETTLE_US);
    pass(SX_ROUTING_SETTLE_US);
    step();
    CU_ASSERT_EQUAL(count("<iq type='set' to='" ACCOUNT "/soap'"), 1);
    answer(ACCOUNT "/soap", ERROR("service-unavailable"));
    expect_end(call, SOAP_XMPP_END_REFUSED, SOAP_XMPP_NOT_EXECUTED, "service-unavailable");
    teardown();
}

/* ---- by message ---- */

#define BY_MESSAGE "xmpp:" ACCOUNT "?message"

static void a_message_waits_for_the_link_alone(void)
{
    struct soap_xmpp_post post = make_post(BY_MESSAGE);
    struct soap_xmpp_config config;
    struct soap_xmpp_counts counts;
    struct soap_xmpp_call *call;
    char receipt[200];
    responder_configure(&config);
    start(&config);
    post.is_one_way = 1;
    call = post_it(&post);
    CU_ASSERT_EQUAL(responder.posts, 0);
    go_online();
    posted_refuse(sx_session_loop(responder.link->session), SX_EROOM);
    step();
    posted_refuse(sx_session_loop(responder.link->session), SX_OK);
    step();
    CU_ASSERT_EQUAL(count("<message to='" ACCOUNT "'"), 1);
    snprintf(receipt, sizeof receipt, "%s", find_id("get", "example.org'"));
    CU_ASSERT_TRUE(*receipt);
    say("example.org", "result", receipt, "");
    expect_end(call, SOAP_XMPP_END_EMPTY, SOAP_XMPP_UNKNOWN, "");
    soap_xmpp_count(responder.link, &counts);
    CU_ASSERT(counts.calls_empty == 1 && counts.calls_unknown == 1 && counts.calls_executed == 0);
    teardown();
}

static void a_message_has_a_name_if_there_is_a_key(void)
{
    struct soap_xmpp_post post = make_post(BY_MESSAGE);
    struct soap_xmpp_config config;
    struct soap_xmpp_call *call;
    setup();
    post.name = "order 7";
    expect_refusal(&post, "name_key");
    post.endpoint = "xmpp:" ACCOUNT;
    expect_refusal(&post, "?message");
    teardown();
    responder_configure(&config);
    config.name_key = "0123456789abcdef0123456789abcdef";
    start(&config);
    go_online();
    post.endpoint = BY_MESSAGE;
    call = post_it(&post);
    ASSERT_TEXT(soap_xmpp_call_name(call), "order 7");
    CU_ASSERT_EQUAL(count("<message to='" ACCOUNT "'"), 1);
    soap_xmpp_cancel(call);
    teardown();
}

/* ---- a component ---- */

static void a_component_calls_as_anybody_of_its_domain(void)
{
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *call;
    struct sx_buffer iq = {0};
    struct sx_copy copy;
    char id[200];
    setup_component();
    get_acquainted(PEER, PACKS);
    post.from = "Lamp7@gate.example.org/x";
    call = post_it(&post);
    CU_ASSERT_EQUAL(count(" from='lamp7@gate.example.org/x'"), 1);
    snprintf(id, sizeof id, "%s", find_id("set", ""));
    pass(2100000);
    forget();
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(responder.link->exchange, now_us, &copy));
    ASSERT_TEXT(copy.from, "lamp7@gate.example.org/x");
    sx_copy_fini(&copy);
    say(PEER, "result", id, ""); /* to another name of the component */
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(responder.link, 0));
    sx_buffer_add_format(&iq,
                         "<iq type='result' from='" PEER "' to='lamp7@gate.example.org/x' "
                         "id='%s'/>",
                         id);
    responder_hear(&responder, iq.bytes, iq.len);
    sx_buffer_fini(&iq);
    expect_end(call, SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED, "");
    teardown();
}

static void nobody_else_can_be_named(void)
{
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    setup_component();
    post.from = "lamp7@example.org";
    expect_refusal(&post, "isn't of the component's domain");
    post.from = "@gate.example.org";
    expect_refusal(&post, "from is @gate.example.org");
    teardown();
    setup();
    post.from = OWN;
    expect_refusal(&post, "this link is an account's");
    teardown();
}

/* ---- what goes along ---- */

static void a_trace_goes_along_with_the_packed_form(void)
{
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *call;
    setup();
    get_acquainted(PEER, PACKS);
    post.traceparent = TRACE;
    post.action = "urn:add";
    call = post_it(&post);
    ASSERT_CONTAINS(responder_said(&responder), " action='urn:add' traceparent='" TRACE "'>");
    soap_xmpp_cancel(call);
    get_acquainted(OTHER, FOREIGN);
    post.endpoint = "xmpp:" OTHER;
    call = post_it(&post);
    ASSERT_LACKS(responder_said(&responder), "traceparent");
    soap_xmpp_cancel(call);
    post.traceparent = "00-1";
    expect_refusal(&post, "traceparent is none");
    teardown();
}

/* ---- in pieces ---- */

static void a_big_one_goes_in_pieces(void)
{
    enum { BIG_BYTES = 300000 };
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct sx_buffer envelope = {0};
    struct soap_xmpp_call *call;
    uint32_t state = 1;
    size_t len = 0;
    setup();
    sx_buffer_add_text(&envelope, "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body><c:add "
                                  "xmlns:c='urn:c'>");
    while (envelope.len < BIG_BYTES) {
        char letter = (char)('0' + (state >> 16) % 64);
        state = state * 1664525U + 1013904223U;
        if (letter != '<' && letter != '>')
            sx_buffer_add(&envelope, &letter, 1);
    }
    sx_buffer_add_text(&envelope, "</c:add></e:Body></e:Envelope>");
    post.envelope = envelope.bytes;
    post.envelope_bytes = envelope.len;
    post.traceparent = TRACE;
    call = post_it(&post);
    sx_buffer_fini(&envelope);
    CU_ASSERT(held_bytes() > BIG_BYTES / 2);
    step();
    describe(PEER, PACKS);
    CU_ASSERT_EQUAL(count("<iq type='set'"), 0);
    CU_ASSERT(held_bytes() < BIG_BYTES / 2);
    (void)sx_shipments_step(responder.link->shipments, 1);
    CU_ASSERT_PTR_NOT_NULL(
        sx_shipments_look(responder.link->shipments, sx_exchange_number(call), &len));
    CU_ASSERT(len > BIG_BYTES / 2);
    soap_xmpp_cancel(call);
    teardown();
}

/* ---- bounds ---- */

static void no_more_than_max_calls_are_under_way(void)
{
    struct soap_xmpp_config config;
    const struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *calls[2];
    responder_configure(&config);
    config.max_calls = 2;
    start(&config);
    calls[0] = post_it(&post);
    calls[1] = post_it(&post);
    expect_refusal(&post, "2 calls are under way already (max_calls)");
    soap_xmpp_cancel(calls[0]);
    calls[0] = post_it(&post);
    soap_xmpp_cancel(calls[0]);
    soap_xmpp_cancel(calls[1]);
    teardown();
}

static void what_waits_is_counted_in_the_memory(void)
{
    struct sx_memory_counts counts;
    struct sx_charge charge = {0};
    const struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct sx_memory *memory;
    setup();
    memory = sx_session_memory(responder.link->session);
    sx_memory_count(memory, &counts);
    CU_ASSERT_TRUE(sx_memory_take(memory, SX_MEMORY_CALL, "mallory@example.net",
                                  counts.free_bytes[SX_MEMORY_CALL], &charge));
    expect_refusal(&post, "max_memory_bytes");
    sx_memory_give(&charge);
    CU_ASSERT_EQUAL(held_bytes(), 0);
    teardown();
}

static void what_is_wrong_is_said(void)
{
    struct soap_xmpp_post post;
    char why[400] = "";
    setup();
    CU_ASSERT_PTR_NULL(soap_xmpp_post(NULL, NULL, why, sizeof why));
    ASSERT_CONTAINS(why, "there is no link");
    CU_ASSERT_PTR_NULL(soap_xmpp_post(responder.link, NULL, NULL, 0));
    post = make_post(NULL);
    expect_refusal(&post, "no endpoint");
    post = make_post("http://example.org");
    expect_refusal(&post, "http://example.org");
    post = make_post("xmpp:" PEER);
    post.envelope = NULL;
    expect_refusal(&post, "no envelope");
    post = make_post("xmpp:" PEER);
    post.envelope_bytes = 0;
    expect_refusal(&post, "the envelope can't be carried: byte 0: it is empty");
    post = make_post("xmpp:" PEER);
    post.size = 3;
    expect_refusal(&post, "soap_xmpp_post_init()");
    post.size = sizeof post + sizeof(void *);
    expect_refusal(&post, "later version");
    CU_ASSERT_EQUAL(soap_xmpp_call_end(NULL), SOAP_XMPP_END_BAD);
    ASSERT_TEXT(soap_xmpp_call_condition(NULL), "");
    CU_ASSERT_EQUAL(soap_xmpp_call_read(NULL, why, sizeof why, NULL, 0), 0);
    teardown();
}

/* ---- short memory ---- */

/* Whatever fails: the call ends, or goes out, and nothing is lost. */
static bool attempt_post(struct shortage shortage)
{
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *call;
    char why[400] = "";
    bool has_failed;
    setup();
    post.traceparent = TRACE;
    post.action = "urn:add";
    shortage_begin(shortage);
    call = soap_xmpp_post(responder.link, &post, why, sizeof why);
    has_failed = shortage_end();
    if (!call)
        CU_ASSERT(has_failed && *why);
    step();
    if (call && *find_id("get", ""))
        describe(PEER, PACKS);
    soap_xmpp_cancel(call);
    CU_ASSERT_EQUAL(under_way(), 0);
    teardown();
    return has_failed;
}
SHORTAGE_TEST(post, 5)

static bool attempt_step(struct shortage shortage)
{
    struct soap_xmpp_call *call;
    bool has_failed;
    int i;
    setup_with_presence();
    come(ACCOUNT "/a", false);
    come(ACCOUNT "/b", true);
    call = post_to("xmpp:" ACCOUNT);
    shortage_begin(shortage);
    (void)sx_preparation_step(&responder.link->preparation, 1);
    has_failed = shortage_end();
    if (responder.posted.failed) /* the question is lost here */
        forget();
    for (i = 0; i < 5 && !*find_id("set", ""); i++) {
        if (*find_id("get", ACCOUNT "/b"))
            describe(ACCOUNT "/b", PACKS);
        else if (*find_id("get", ACCOUNT "/soap")) /* the list of resources found no memory */
            describe(ACCOUNT "/soap", PACKS);
        pass(SX_QUERY_FIRST_US); /* the question may be what found no memory */
        step();
    }
    CU_ASSERT_EQUAL(count("<iq type='set' to='" ACCOUNT), 1);
    soap_xmpp_cancel(call);
    CU_ASSERT_EQUAL(under_way(), 0);
    teardown();
    return has_failed;
}
SHORTAGE_TEST(step, 3)

static bool attempt_send(struct shortage shortage)
{
    struct soap_xmpp_call *call;
    bool has_failed;
    setup();
    call = post_to("xmpp:" PEER);
    step();
    say(PEER, "result", find_id("get", ""), PACKS);
    shortage_begin(shortage);
    (void)sx_preparation_step(&responder.link->preparation, 1);
    has_failed = shortage_end();
    pass(50000);
    step();
    if (!*find_id("set", ""))
        expect_end(call, SOAP_XMPP_END_BAD, SOAP_XMPP_NOT_EXECUTED, "memory");
    else
        soap_xmpp_cancel(call);
    CU_ASSERT_EQUAL(under_way(), 0);
    teardown();
    return has_failed;
}
SHORTAGE_TEST(send, 3)

/* ---- threads ---- */

static void drop_stanza(void *user, uint64_t session, char *stanza, size_t len)
{
    (void)user, (void)session, (void)len;
    free(stanza);
}

enum { THREADS = 3, POSTS = 200 };

/* Posts, and cancels at once or takes whatever is done. */
static void *post_and_go(void *user)
{
    const struct soap_xmpp_post post = make_post(user);
    struct soap_xmpp_call *call;
    char bytes[100];
    int i;
    for (i = 0; i < POSTS; i++) {
        call = soap_xmpp_post(responder.link, &post, NULL, 0);
        if (i % 3 == 0)
            soap_xmpp_cancel(call);
        call = soap_xmpp_wait(responder.link, 0);
        if (call && soap_xmpp_call_end(call) == SOAP_XMPP_END_ANSWER)
            while (soap_xmpp_call_read(call, bytes, sizeof bytes, NULL, 0) > 0)
                ;
        soap_xmpp_cancel(call);
    }
    return NULL;
}

/* The loop's part is played here, with sessions that come and go. */
static void threads_post_while_the_loop_goes_on(void)
{
    static char endpoints[THREADS][100] = {"xmpp:" PEER, "xmpp:" OTHER, "xmpp:" ACCOUNT};
    struct soap_xmpp_config config;
    struct soap_xmpp_call *call;
    pthread_t threads[THREADS];
    int i;
    responder_configure(&config);
    config.presence = 1;
    responder_start(&responder, &config);
    sx_roster_begin(responder.link->roster, sx_clock_now_us());
    posted_take(sx_session_loop(responder.link->session), drop_stanza, NULL);
    go_online();
    for (i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, post_and_go, endpoints[i]), 0);
    for (i = 0; i < 300; i++) {
        const struct sx_reply reply = {.err = SX_ESTANZA};
        (void)sx_preparation_step(&responder.link->preparation, 1);
        (void)sx_preparation_take_answer(&responder.link->preparation, PEER, "no", &reply);
        sx_preparation_note_available(&responder.link->preparation, ACCOUNT "/a");
        if (i % 50 == 20)
            sx_features_put(responder.link->features, i % 100 < 50 ? PEER : OTHER, "x\0",
                            sx_clock_now_us());
        if (i % 50 == 49) {
            go_offline();
            go_online();
        }
    }
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    sx_exchange_stop(responder.link->exchange, SX_ESTOPPED, "stop");
    while ((call = soap_xmpp_wait(responder.link, 0)) != NULL)
        soap_xmpp_cancel(call);
    CU_ASSERT_EQUAL(under_way(), 0);
    responder_stop(&responder);
}

/* Plain, it would end a stream. Whether its peer takes packed envelopes isn't known yet. */
static void what_goes_packed_alone_waits_for_its_peer(void)
{
    static const char envelope[] = ENVELOPE("<!-- 1 -->");
    struct soap_xmpp_post post = make_post("xmpp:" PEER);
    struct soap_xmpp_call *call;
    post.envelope = envelope;
    post.envelope_bytes = sizeof envelope - 1;
    setup();
    call = post_it(&post);
    step();
    describe(PEER, PACKS);
    CU_ASSERT_EQUAL(count("<packed xmlns='" SX_NS_PACKED "'"), 1);
    soap_xmpp_cancel(call);
    teardown();
    setup();
    call = post_it(&post);
    step();
    describe(PEER, FOREIGN);
    expect_end(call, SOAP_XMPP_END_BAD, SOAP_XMPP_NOT_EXECUTED, "XMPP forbids comments");
    teardown();
}

/* Another thread takes the answer, and cancels the call, before the posting is over. */
static void cancel_when_answered(void *user, uint64_t session, char *stanza, size_t len)
{
    char id[200] = "";
    const char *at = strstr(stanza, " id='");
    (void)user, (void)session, (void)len;
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    snprintf(id, sizeof id, "%.*s", (int)strcspn(at + 5, "'"), at + 5);
    say(PEER, "result", id, "");
    soap_xmpp_cancel(soap_xmpp_wait(responder.link, 0));
    CU_ASSERT_EQUAL(atomic_load(&responder.link->references), 2);
}

static void a_link_outlives_a_posting_whose_call_has_gone(void)
{
    setup();
    get_acquainted(PEER, PACKS);
    responder.pass = cancel_when_answered;
    (void)post_to("xmpp:" PEER);
    responder.pass = NULL;
    CU_ASSERT_EQUAL(under_way(), 0);
    CU_ASSERT_EQUAL(atomic_load(&responder.link->references), 1);
    teardown();
}

CU_TestInfo tests_preparation[] = {
    {"a link outlives a posting whose call has gone",
     a_link_outlives_a_posting_whose_call_has_gone},
    {"what goes packed alone waits for its peer", what_goes_packed_alone_waits_for_its_peer},
    {"each wait is what it says", each_wait_is_what_it_says},
    {"a deadline says what was waited for", a_deadline_says_what_was_waited_for},
    {"a cancel leaves nothing behind", a_cancel_leaves_nothing_behind},
    {"a stop ends it", a_stop_ends_it},
    {"a lost session costs it nothing", a_lost_session_costs_it_nothing},
    {"a refusal of the link ends it", a_refusal_of_the_link_ends_it},
    {"the first call asks, and is sent", the_first_call_asks_and_is_sent},
    {"the next one is sent at once", the_next_one_is_sent_at_once},
    {"a packed answer is read as it was written", a_packed_answer_is_read_as_it_was_written},
    {"a foreign peer gets it plain", a_foreign_peer_gets_it_plain},
    {"what only the packed form carries isn't sent plain",
     what_only_the_packed_form_carries_is_not_sent_plain},
    {"a silent peer is asked once, and nobody else waits", a_silent_peer_is_asked_once},
    {"all that wait hear the answer", all_that_wait_hear_the_answer},
    {"an error is an answer", an_error_is_an_answer},
    {"without room it is sent later, and once", without_room_it_is_sent_later_and_once},
    {"no answer fits before it is sent", no_answer_fits_before_it_is_sent},
    {"an incarnation is asked for again", an_incarnation_is_asked_for_again},
    {"it goes to who serves", it_goes_to_who_serves},
    {"those without a mark are asked, all at once", those_without_a_mark_are_asked_all_at_once},
    {"who is gone isn't chosen again", who_is_gone_is_not_chosen_again},
    {"who comes after the login gets it", who_comes_after_the_login_gets_it},
    {"if nobody comes the default resource gets it", if_nobody_comes_the_default_gets_it},
    {"a message waits for the link and room alone", a_message_waits_for_the_link_alone},
    {"a message has a name if there is a key", a_message_has_a_name_if_there_is_a_key},
    {"a component calls as anybody of its domain", a_component_calls_as_anybody_of_its_domain},
    {"nobody else can be named", nobody_else_can_be_named},
    {"a trace goes along with the packed form", a_trace_goes_along_with_the_packed_form},
    {"a big one goes in pieces", a_big_one_goes_in_pieces},
    {"no more than max_calls are under way", no_more_than_max_calls_are_under_way},
    {"what waits is counted in the memory", what_waits_is_counted_in_the_memory},
    {"what is wrong is said", what_is_wrong_is_said},
    {"short memory: posting", test_post},
    {"short memory: a turn", test_step},
    {"short memory: sending", test_send},
    {"threads post while the loop goes on", threads_post_while_the_loop_goes_on},
    CU_TEST_INFO_NULL,
};
