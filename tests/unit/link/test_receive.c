/* Who is let in: what becomes of a request before it is queued, by rule, by id and by caller.
 *
 * Stanzas as a server would deliver them go through the parser to sx_receive_stanza(); what it
 * posts, queues and traces is looked at. Time is the refusals' own: a test moves it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "soap/pack.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"
#include "exchange/retry.h"
#include "../../lib/suite.h"
#include "responder.h"

#define ALICE "alice@example.org/desk"

#define INCARNATION "0123456789abcdef.1"

enum { MANY = 200, PAST = 0 };

/* An id as callers of this library make it. */
static const char *tagged(const struct responder *responder, const char *text)
{
    static char id[600];
    char incarnation[SX_INCARNATION_BYTES];
    sx_journal_incarnation(responder->link->journal, sx_clock_now_us(), incarnation);
    snprintf(id, sizeof id, "%s" SX_REQUEST_ID_MARK "%s", text, incarnation);
    return id;
}

static void start(struct responder *responder, const char *rules, unsigned remembered)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.allow = rules;
    config.max_calls = 1;
    config.max_remembered = remembered;
    config.packing = SOAP_XMPP_PACKING_NEVER;
    responder_start(responder, &config);
}

static void serve(struct responder *responder, const char *rules)
{
    start(responder, rules, MANY);
    sx_queue_open(responder->link->queue);
}

/* The same, and it takes packed envelopes. */
static void serve_packed(struct responder *responder, const char *rules)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.allow = rules;
    config.max_message_bytes = 100000;
    responder_start(responder, &config);
    sx_queue_open(responder->link->queue);
}

/* from: NULL for the own server. What is posted for it alone is in posted afterwards. */
static void ask(struct responder *responder, const char *from, const char *id,
                const char *operation)
{
    struct sx_buffer iq = {0};
    sx_buffer_add_format(&iq, "<iq type='set' to='calc@example.org/soap' id='%s'", id);
    if (from)
        sx_buffer_add_format(&iq, " from='%s'", from);
    sx_buffer_add_format(&iq,
                         "><e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body><c:%s xmlns:c='urn:c'/>"
                         "</e:Body></e:Envelope></iq>",
                         operation);
    CU_ASSERT_FATAL(!iq.failed);
    responder_hear(responder, iq.bytes, iq.len);
    sx_buffer_fini(&iq);
}

static unsigned long remembered(const struct responder *responder)
{
    struct sx_journal_counts counts;
    sx_journal_count(responder->link->journal, &counts);
    return counts.entries;
}

/* ---- by rule ---- */

TEST(what_no_rule_allows_is_forbidden)
{
    struct responder responder;
    serve(&responder, "");
    ask(&responder, ALICE, "1", "add");
    ASSERT_TEXT(responder_said(&responder),
                "<iq type='error' to='" ALICE "' id='1'><error type='auth' code='403'>"
                "<forbidden xmlns='" SX_NS_STANZAS "'/><text xmlns='" SX_NS_STANZAS
                "'>the caller may not call this operation</text></error></iq>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

TEST(a_rule_is_for_its_caller_and_operation)
{
    struct responder responder;
    serve(&responder, "alice@example.org:add+sub *@b.org:mul");
    ask(&responder, ALICE, "1", "add");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    ask(&responder, ALICE, "2", "mul");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    ask(&responder, "x@b.org/y", "3", "mul");
    CU_ASSERT_EQUAL(responder_queued(&responder), 2);
    ask(&responder, "x@b.org/y", "4", "add");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    CU_ASSERT_EQUAL(responder_queued(&responder), 2);
    responder_stop(&responder);
}

TEST(a_rule_that_is_added_holds_at_once)
{
    struct responder responder;
    serve(&responder, "");
    ask(&responder, ALICE, tagged(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    CU_ASSERT_EQUAL(sx_access_allow(responder.link->access, "alice@example.org", NULL, NULL, 0),
                    SX_OK);
    /* the very same request, for it was never run */
    ask(&responder, ALICE, tagged(&responder, "1"), "add");
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

TEST(the_own_server_is_its_domain)
{
    struct responder responder;
    serve(&responder, "example.org");
    ask(&responder, NULL, "1", "add");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    ask(&responder, ALICE, "2", "add");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

TEST(while_nobody_serves_nothing_is_forbidden)
{
    struct responder responder;
    start(&responder, "", MANY);
    ask(&responder, ALICE, "1", "add");
    ASSERT_CONTAINS(responder_said(&responder), "<service-unavailable");
    ASSERT_LACKS(responder_said(&responder), "forbidden");
    CU_ASSERT_EQUAL(responder.line_count, 0);
    responder_stop(&responder);
}

/* ---- by id ---- */

TEST(a_forbidden_request_says_that_it_was_not_run)
{
    struct responder responder;
    serve(&responder, "");
    ask(&responder, ALICE, tagged(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    responder_stop(&responder);
}

TEST(a_request_that_ran_is_answered_again)
{
    static const char answer[] = "<iq type='result' id='1'/>";
    struct responder responder;
    struct sx_request *request;
    serve(&responder, "alice@example.org:add");
    ask(&responder, ALICE, tagged(&responder, "1"), "add");
    /* While it runs and afterwards nobody is told that this id was not run, whatever is asked. */
    ask(&responder, ALICE, tagged(&responder, "1"), "sub");
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_EQUAL(remembered(&responder), 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    sx_journal_answer(responder.link->journal, request->from, request->id, answer, strlen(answer),
                      sx_clock_now_us());
    sx_request_free(request);
    ask(&responder, ALICE, tagged(&responder, "1"), "add");
    ASSERT_TEXT(responder_said(&responder), answer);
    ask(&responder, ALICE, tagged(&responder, "1"), "sub");
    ASSERT_TEXT(responder_said(&responder), answer);
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

/* Another process, which may have had other rules, may have run it. */
TEST(a_stale_request_is_stale_whoever_calls)
{
    struct responder responder;
    serve(&responder, "");
    ask(&responder, ALICE, "1" SX_REQUEST_ID_MARK "0123456789abcdef.1", "add");
    ASSERT_CONTAINS(responder_said(&responder), "<stale ");
    ASSERT_LACKS(responder_said(&responder), "forbidden");
    CU_ASSERT_EQUAL(responder.line_count, 0);
    responder_stop(&responder);
}

TEST(a_forbidden_request_takes_no_room_among_those_remembered)
{
    struct responder responder;
    char long_text[SX_RECEIVE_ID_BYTES - SX_INCARNATION_BYTES], before[SX_INCARNATION_BYTES],
        incarnation[SX_INCARNATION_BYTES], id[16];
    int i;
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    start(&responder, "alice@example.org", 3);
    sx_queue_open(responder.link->queue);
    sx_journal_incarnation(responder.link->journal, sx_clock_now_us(), before);
    ask(&responder, ALICE, tagged(&responder, "1"), "add");
    CU_ASSERT_EQUAL(remembered(&responder), 1);
    for (i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "%d", i);
        ask(&responder, "mallory@example.org/x", tagged(&responder, id), "add");
        ask(&responder, "mallory@example.org/x", tagged(&responder, long_text), "add");
        ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    }
    CU_ASSERT_EQUAL(remembered(&responder), 1);
    /* Had room been made for them, what honest callers hold would be stale by now. */
    sx_journal_incarnation(responder.link->journal, sx_clock_now_us(), incarnation);
    ASSERT_TEXT(incarnation, before);
    responder_stop(&responder);
}

/* ---- the trace ---- */

static void let_a_second_pass(struct responder *responder)
{
    responder->link->admission.refusals.told_us -= 1000000;
}

TEST(the_trace_says_who_was_refused_and_which_rule_would_help)
{
    struct responder responder;
    serve(&responder, "bob@example.org");
    ask(&responder, ALICE, "1", "add");
    CU_ASSERT_EQUAL_FATAL(responder.line_count, 1);
    ASSERT_TEXT(responder.lines[0], "calc@example.org: " ALICE " may not call add: allow it with "
                                    "SOAP_XMPP_ALLOW=alice@example.org:add or soap_xmpp_allow()");
    responder_stop(&responder);
}

TEST(who_hammers_fills_a_line_a_second_and_is_counted)
{
    struct responder responder;
    int i;
    serve(&responder, "");
    for (i = 0; i < MANY; i++)
        ask(&responder, ALICE, "1", "add");
    CU_ASSERT_EQUAL(responder.all_posts, MANY);
    /* A machine that takes seconds for this writes more lines. */
    CU_ASSERT_TRUE(responder.line_count < RESPONDER_LINES / 2);
    ASSERT_LACKS(responder.lines[0], "left out");
    responder.line_count = 0;
    responder.link->admission.refusals =
        (struct sx_trace_rate){.told_us = sx_clock_now_us() + 1000000000};
    for (i = 0; i < MANY; i++)
        ask(&responder, ALICE, "1", "add");
    CU_ASSERT_EQUAL(responder.line_count, 0);
    responder.link->admission.refusals.told_us = sx_clock_now_us();
    let_a_second_pass(&responder);
    ask(&responder, "bob@example.org/x", "1", "sub");
    CU_ASSERT_EQUAL_FATAL(responder.line_count, 1);
    ASSERT_CONTAINS(responder.lines[0], "bob@example.org/x may not call sub");
    ASSERT_CONTAINS(responder.lines[0], " (200 other refusals left out)");
    let_a_second_pass(&responder);
    ask(&responder, ALICE, "1", "add");
    CU_ASSERT_EQUAL_FATAL(responder.line_count, 2);
    ASSERT_LACKS(responder.lines[1], "left out");
    responder_stop(&responder);
}

TEST(the_longest_advice_is_whole)
{
    struct responder responder;
    char from[800], operation[124];
    memset(from, '(', sizeof from); /* written in three bytes each */
    snprintf(from + 110, sizeof from - 110, "@example.org/%0400d", 1);
    memset(operation, 'o', sizeof operation - 1);
    operation[sizeof operation - 1] = '\0';
    serve(&responder, "");
    responder.link->admission.refusals.left_out = ~0ul;
    ask(&responder, from, "1", operation);
    CU_ASSERT_EQUAL_FATAL(responder.line_count, 1);
    ASSERT_CONTAINS(responder.lines[0], "%28@example.org:oooo");
    ASSERT_CONTAINS(responder.lines[0], "oo or soap_xmpp_allow() (18446744073709551615 other");
    ASSERT_CONTAINS(responder.lines[0], "left out)");
    responder_stop(&responder);
}

/* ---- packed ---- */

#define NS_PACKED "urn:soap-xmpp:packed:1"
#define ENVELOPE(body)                                                                             \
    "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body>" body "</e:Body></e:Envelope>"
#define FAULT "<e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code></e:Fault>"

/* The element for an envelope, malloc'ed. */
static char *packed(const char *envelope)
{
    struct sx_buffer bytes = {0}, out = {0};
    enum sx_form form;
    size_t len;
    CU_ASSERT_EQUAL_FATAL(sx_pack(envelope, strlen(envelope), &bytes, &form), SX_OK);
    sx_buffer_add_format(&out, "<packed xmlns='" NS_PACKED "' action='urn:a'%s>",
                         form == SX_FORM_STORED ? " form='stored'" : "");
    sx_base64_add(&out, bytes.bytes, bytes.len);
    sx_buffer_add_text(&out, "</packed>");
    sx_buffer_fini(&bytes);
    return sx_buffer_take(&out, &len);
}

static void say(struct responder *responder, const char *type, const char *id, const char *content)
{
    struct sx_buffer iq = {0};
    sx_buffer_add_format(&iq, "<iq type='%s' to='calc@example.org/soap' from='" ALICE "' id='%s'>",
                         type, id);
    sx_buffer_add_text(&iq, content);
    sx_buffer_add_text(&iq, "</iq>");
    responder_hear(responder, iq.bytes, iq.len);
    sx_buffer_fini(&iq);
}

static void ask_packed(struct responder *responder, const char *id, const char *envelope)
{
    char *element = packed(envelope);
    say(responder, "set", id, element);
    free(element);
}

TEST(a_packed_request_is_queued_as_it_came)
{
    struct responder responder;
    struct sx_request *request;
    serve_packed(&responder, "alice@example.org:add");
    ask_packed(&responder, tagged(&responder, "1"), ENVELOPE("<c:add xmlns:c='urn:c'/>"));
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    CU_ASSERT_NOT_EQUAL(request->envelope.form, SX_FORM_PLAIN);
    ASSERT_TEXT(request->envelope.operation, "add");
    ASSERT_TEXT(request->envelope.action, "urn:a");
    CU_ASSERT_EQUAL(request->envelope.err, SX_OK);
    sx_journal_answer(responder.link->journal, request->from, request->id, "<iq/>", 5,
                      sx_clock_now_us());
    sx_request_free(request);
    /* a second copy gets the first one's answer, plain or packed */
    ask_packed(&responder, tagged(&responder, "1"), ENVELOPE("<c:add xmlns:c='urn:c'/>"));
    ASSERT_TEXT(responder_said(&responder), "<iq/>");
    ask(&responder, ALICE, tagged(&responder, "1"), "add");
    ASSERT_TEXT(responder_said(&responder), "<iq/>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

TEST(a_packed_operation_is_what_the_rules_are_asked_about)
{
    struct responder responder;
    serve_packed(&responder, "alice@example.org:add");
    ask_packed(&responder, tagged(&responder, "1"),
               ENVELOPE("<c:sub xmlns:c='urn:c'/><c:add xmlns:c='urn:c'/>"));
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

/* A glance costs the loop thread time that a stranger may not have. */
TEST(a_strangers_envelope_is_looked_at_when_the_trace_tells)
{
    struct responder responder;
    serve_packed(&responder, "bob@example.org");
    ask_packed(&responder, tagged(&responder, "1"), "<a/>");
    ASSERT_CONTAINS(responder_said(&responder), "<bad-request");
    responder.link->admission.refusals.told_us = sx_clock_now_us();
    ask_packed(&responder, tagged(&responder, "2"), "<a/>");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    responder_stop(&responder);
}

TEST(what_is_no_packed_envelope_is_refused)
{
    static const struct {
        const char *type, *content, *answer;
    } rows[] = {
        {"set", "<packed xmlns='" NS_PACKED "'/>", "the packed envelope is empty"},
        {"set", "<packed xmlns='" NS_PACKED "'>AAA</packed>", "base64"},
        {"set", "<packed xmlns='" NS_PACKED "'>AA AA</packed>", "base64"},
        {"set", "<packed xmlns='" NS_PACKED "'>AAAA</packed>", "<bad-request"},
        {"set", "<packed xmlns='" NS_PACKED "' form='lzma'>AAAA</packed>", "its form is unknown"},
        {"set", "<packed xmlns='" NS_PACKED "' form=''>AAAA</packed>", "its form is unknown"},
        {"set", "<packed xmlns='" NS_PACKED "' form='stored'>AAAA</packed>", "<bad-request"},
        {"set",
         "<packed xmlns='" NS_PACKED "'>AAAA</packed><packed xmlns='" NS_PACKED "'>AAAA</packed>",
         "two packed envelopes"},
        {"set", "<packed xmlns='" NS_PACKED "'>AAAA</packed>" ENVELOPE("<x/>"), "one payload"},
        {"get", "<packed xmlns='" NS_PACKED "'>AAAA</packed>", "iq of type set"},
        {"set", "<packed xmlns='urn:other'>AAAA</packed>", "<service-unavailable"},
        {"set", "<packed>AAAA</packed>", "<service-unavailable"},
    };
    struct responder responder;
    size_t i;
    serve_packed(&responder, "*");
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        say(&responder, rows[i].type, tagged(&responder, "1"), rows[i].content);
        CU_ASSERT_EQUAL(responder.posts, 1);
        ASSERT_CONTAINS(responder_said(&responder), "type='error'");
        ASSERT_CONTAINS(responder_said(&responder), rows[i].answer);
        CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    }
    responder_stop(&responder);
}

TEST(a_declined_packed_request_says_that_it_was_not_run)
{
    struct responder responder;
    serve_packed(&responder, "*");
    ask_packed(&responder, tagged(&responder, "1"), "<a/>");
    ASSERT_CONTAINS(responder_said(&responder), "<bad-request");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    responder.link->content.max_message_bytes = 10;
    ask_packed(&responder, tagged(&responder, "1"), ENVELOPE("<add/>"));
    ASSERT_CONTAINS(responder_said(&responder), "<policy-violation");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    responder_stop(&responder);
}

TEST(who_does_not_pack_does_not_know_the_element)
{
    struct responder responder;
    serve_packed(&responder, "*");
    responder.link->content.packs = false;
    ask_packed(&responder, tagged(&responder, "1"), ENVELOPE("<add/>"));
    ASSERT_CONTAINS(responder_said(&responder), "<service-unavailable");
    ASSERT_LACKS(responder_said(&responder), "<refused");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

/* ---- packed, and answered ---- */

static struct soap_xmpp_call *begin_packed(struct responder *responder)
{
    struct soap_xmpp_call *call = NULL;
    char *element = packed(ENVELOPE("<add/>"));
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(responder->link->exchange, ALICE, "add", PAST, &call),
                          SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, INCARNATION, element, strlen(element)), SX_OK);
    free(element);
    return call;
}

static void end_packed(struct soap_xmpp_call *call, struct sx_reply *reply)
{
    sx_exchange_wait(call, PAST, reply);
    sx_exchange_release(call);
}

TEST(a_packed_answer_completes_its_call)
{
    static const struct {
        const char *type, *envelope, *error;
        enum sx_err err;
    } rows[] = {
        {"result", ENVELOPE("<added/>"), "", SX_OK},
        {"error", ENVELOPE(FAULT), "<error type='modify'/>", SX_OK},
        {"error", ENVELOPE("<add/>"),
         "<error type='cancel'><gone xmlns='" SX_NS_STANZAS "'/></error>", SX_ESTANZA},
    };
    struct responder responder;
    size_t i;
    serve_packed(&responder, "*");
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct soap_xmpp_call *call = begin_packed(&responder);
        struct sx_buffer content = {0};
        struct sx_reply reply;
        char *element = packed(rows[i].envelope);
        sx_buffer_add_text(&content, element);
        sx_buffer_add_text(&content, rows[i].error);
        say(&responder, rows[i].type, sx_exchange_id(call), content.bytes);
        ASSERT_TEXT(responder_said(&responder), ""); /* the peer isn't doubted */
        end_packed(call, &reply);
        CU_ASSERT_EQUAL(reply.err, rows[i].err);
        CU_ASSERT_EQUAL(reply.envelope.bytes != NULL, rows[i].err == SX_OK);
        CU_ASSERT_EQUAL(reply.envelope.is_fault, i == 1);
        sx_reply_fini(&reply);
        free(element);
        sx_buffer_fini(&content);
    }
    responder_stop(&responder);
}

TEST(who_refuses_a_packed_call_like_a_stranger_is_doubted)
{
    static const char unavailable[] =
        "<error type='cancel'><service-unavailable xmlns='" SX_NS_STANZAS "'/></error>";
    struct responder responder;
    struct soap_xmpp_call *call;
    struct sx_reply reply;
    serve_packed(&responder, "*");
    call = begin_packed(&responder);
    say(&responder, "error", sx_exchange_id(call), unavailable);
    CU_ASSERT_EQUAL(responder.posts, 1);
    ASSERT_CONTAINS(responder_said(&responder), "<iq type='get' to='" ALICE "' id='");
    ASSERT_CONTAINS(responder_said(&responder), "<query xmlns='" SX_NS_DISCO_INFO "'/>");
    say(&responder, "error", sx_exchange_id(call), unavailable);
    ASSERT_TEXT(responder_said(&responder), ""); /* it was asked just now */
    responder.link->fallback.asked_us = 0;
    say(&responder, "error", sx_exchange_id(call),
        "<error type='cancel'><service-unavailable xmlns='" SX_NS_STANZAS
        "'/><refused xmlns='" SX_NS_DELIVERY "'/></error>");
    ASSERT_TEXT(responder_said(&responder), "");
    end_packed(call, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ESTANZA);
    sx_reply_fini(&reply);
    responder_stop(&responder);
}

/* It says so when it is asked. */
static void say_features(struct responder *responder, const char *feature)
{
    struct sx_buffer query = {0};
    struct soap_xmpp_call *call;
    struct sx_reply reply;
    CU_ASSERT_EQUAL_FATAL(
        sx_exchange_begin(responder->link->exchange, ALICE, "disco#info", PAST, &call), SX_OK);
    sx_buffer_add_format(&query,
                         "<query xmlns='" SX_NS_DISCO_INFO "'><feature var='" SX_NS_SOAP
                         "'/><feature var='" SX_NS_DELIVERY "'/><feature var='" SX_NS_DELIVERY
                         "#" INCARNATION "'/><feature var='%s'/></query>",
                         feature);
    say(responder, "result", sx_exchange_id(call), query.bytes);
    sx_buffer_fini(&query);
    end_packed(call, &reply);
    sx_reply_fini(&reply);
}

TEST(a_peer_that_says_it_does_not_pack_gets_its_calls_plain)
{
    struct responder responder;
    struct soap_xmpp_call *call;
    struct sx_exchange *exchange;
    struct sx_copy copy;
    serve_packed(&responder, "*");
    exchange = responder.link->exchange;
    call = begin_packed(&responder);
    say_features(&responder, SX_NS_PACKED);
    CU_ASSERT_TRUE(sx_retry_is_packed(exchange, ALICE, sx_exchange_id(call)));
    say_features(&responder, "urn:x");
    CU_ASSERT_FALSE(sx_retry_is_packed(exchange, ALICE, sx_exchange_id(call)));
    sx_retry_lose(exchange, SX_ELOST, "", SIZE_MAX);
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(exchange, sx_clock_now_us(), &copy));
    ASSERT_CONTAINS(copy.payload, "<add/>");
    sx_copy_fini(&copy);
    sx_exchange_release(call);
    responder_stop(&responder);
}

CU_TestInfo tests_receive[] = {
    {"what no rule allows is forbidden", what_no_rule_allows_is_forbidden},
    {"a rule is for its caller and operation", a_rule_is_for_its_caller_and_operation},
    {"a rule that is added holds at once", a_rule_that_is_added_holds_at_once},
    {"a request without a caller is the own server's, known by its domain",
     the_own_server_is_its_domain},
    {"while nobody serves nothing is forbidden, and no rule advised",
     while_nobody_serves_nothing_is_forbidden},
    {"a forbidden request says that it was not run", a_forbidden_request_says_that_it_was_not_run},
    {"a request that ran is answered again and never called forbidden",
     a_request_that_ran_is_answered_again},
    {"a stale request is stale whoever calls", a_stale_request_is_stale_whoever_calls},
    {"a forbidden request takes no room among those remembered",
     a_forbidden_request_takes_no_room_among_those_remembered},
    {"the trace says who was refused and which rule would help",
     the_trace_says_who_was_refused_and_which_rule_would_help},
    {"who hammers fills one line a second, and the others are counted",
     who_hammers_fills_a_line_a_second_and_is_counted},
    {"the longest advice is whole", the_longest_advice_is_whole},
    {"a packed request is queued as it came, and answered once",
     a_packed_request_is_queued_as_it_came},
    {"a packed operation is what the rules are asked about",
     a_packed_operation_is_what_the_rules_are_asked_about},
    {"a stranger's envelope is looked at when the trace tells of them",
     a_strangers_envelope_is_looked_at_when_the_trace_tells},
    {"what is no packed envelope is refused", what_is_no_packed_envelope_is_refused},
    {"a declined packed request says that it was not run",
     a_declined_packed_request_says_that_it_was_not_run},
    {"who doesn't pack doesn't know the element", who_does_not_pack_does_not_know_the_element},
    {"a packed answer completes its call", a_packed_answer_completes_its_call},
    {"who refuses a packed call like a stranger is doubted",
     who_refuses_a_packed_call_like_a_stranger_is_doubted},
    {"a peer that says it doesn't pack gets its calls plain",
     a_peer_that_says_it_does_not_pack_gets_its_calls_plain},
    CU_TEST_INFO_NULL,
};
