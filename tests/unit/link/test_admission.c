/* Who is let in: what becomes of a request before it is queued, by rule, by id and by caller. Time
 * is the refusals' own: a test moves it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/namespaces.h"
#include "wire/stanza.h"
#include "../../lib/suite.h"
#include "../response_fixture.h"
#include "responder.h"

enum { MANY = 200 };

/* A service that takes no packed envelopes, and serves when it is told so. */
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
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    ASSERT_TEXT(responder_said(&responder),
                "<iq type='error' to='" RESPONDER_PEER "' id='1'><error type='auth' code='403'>"
                "<forbidden xmlns='" SX_NS_STANZAS "'/><text xmlns='" SX_NS_STANZAS
                "'>the caller may not call this operation</text></error></iq>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

TEST(a_rule_is_for_its_caller_and_operation)
{
    struct responder responder;
    serve(&responder, "alice@example.org:add+sub *@b.org:mul");
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_ask(&responder, RESPONDER_PEER, "2", "mul");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    responder_ask(&responder, "x@b.org/y", "3", "mul");
    CU_ASSERT_EQUAL(responder_queued(&responder), 2);
    responder_ask(&responder, "x@b.org/y", "4", "add");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    CU_ASSERT_EQUAL(responder_queued(&responder), 2);
    responder_stop(&responder);
}

TEST(a_rule_that_is_added_holds_at_once)
{
    struct responder responder;
    serve(&responder, "");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    CU_ASSERT_EQUAL(sx_access_allow(responder.link->access, "alice@example.org", NULL, NULL, 0),
                    SX_OK);
    /* the very same request, for it was never run */
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

TEST(the_own_server_is_its_domain)
{
    struct responder responder;
    serve(&responder, "example.org");
    responder_ask(&responder, NULL, "1", "add");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_ask(&responder, RESPONDER_PEER, "2", "add");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

TEST(while_nobody_serves_nothing_is_forbidden)
{
    struct responder responder;
    start(&responder, "", MANY);
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    ASSERT_CONTAINS(responder_said(&responder), "<service-unavailable");
    ASSERT_LACKS(responder_said(&responder), "forbidden");
    CU_ASSERT_EQUAL(responder.line_count, 0);
    responder_stop(&responder);
}

/* ---- what gSOAP could read otherwise ---- */

#define SOAP12 "http://www.w3.org/2003/05/soap-envelope"
#define ATTACK                                                                                     \
    "<e:Envelope xmlns:e='" SOAP12 "' xmlns='' xmlns:p='" SOAP12 "'><e:Header>"                    \
    "<u xmlns='urn:u' xmlns:p='urn:x'><w><y>/>/></y></w><p:Body><c:add xmlns:c='urn:c'/></p:Body>" \
    "</u></e:Header><e:Body><c:sub xmlns:c='urn:c'/></e:Body></e:Envelope>"

TEST(what_can_be_read_in_two_ways_is_declined)
{
    struct responder responder;
    serve(&responder, "alice@example.org:sub");
    responder_say(&responder, "set", responder_tag(&responder, "1"), ATTACK);
    ASSERT_CONTAINS(responder_said(&responder), "<bad-request");
    ASSERT_CONTAINS(responder_said(&responder), "before the operation");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    CU_ASSERT_EQUAL(remembered(&responder), 0);
    responder_stop(&responder);
}

/* It is between the caller and the service how it is read. */
TEST(who_may_call_everything_is_queued_all_the_same)
{
    struct responder responder;
    struct sx_request *request;
    serve(&responder, "alice@example.org");
    responder_say(&responder, "set", "1", ATTACK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    CU_ASSERT_EQUAL(request->grant, SX_GRANT_EVERYTHING);
    sx_request_free(request);
    responder_stop(&responder);
}

TEST(a_namespace_of_no_service_is_forbidden_and_told)
{
    static const char *const table[] = {"urn:c"};
    struct responder responder;
    struct sx_request *request;
    serve(&responder, "alice@example.org:sub");
    CU_ASSERT_EQUAL(sx_link_serve_namespaces(responder.link, table, 1), SX_OK);
    responder_say(&responder, "set", "1",
                  "<Envelope xmlns='" SOAP12 "'><Body><sub xmlns='urn:x'/></Body></Envelope>");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    CU_ASSERT_EQUAL(responder.line_count, 1);
    ASSERT_CONTAINS(responder.lines[0], "SOAP_XMPP_ALLOW=alice@example.org:{urn:x}sub ");
    responder_say(&responder, "set", "2",
                  "<Envelope xmlns='" SOAP12 "'><Body><sub xmlns='urn:c'/></Body></Envelope>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    CU_ASSERT_EQUAL(request->grant, SX_GRANT_LOCAL);
    sx_request_free(request);
    responder_stop(&responder);
}

/* ---- by id ---- */

TEST(a_forbidden_request_says_that_it_was_not_run)
{
    struct responder responder;
    serve(&responder, "");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    responder_stop(&responder);
}

TEST(a_request_that_ran_is_answered_again)
{
    struct responder responder;
    struct sx_request *request;
    char answer[300];
    serve(&responder, "alice@example.org:add");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    /* While it runs and afterwards nobody is told that this id was not run, whatever is asked. */
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "sub");
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_EQUAL(remembered(&responder), 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    snprintf(answer, sizeof answer, "<iq type='result' to='" RESPONDER_PEER "' id='%s'><a/></iq>",
             request->id);
    response_remember(responder.link->journal, request->from, request->id, "<a/>",
                      sx_clock_now_us());
    sx_request_free(request);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_TEXT(responder_said(&responder), answer);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "sub");
    ASSERT_TEXT(responder_said(&responder), answer);
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

/* A server may give it another one when it comes back. */
TEST(who_comes_back_with_another_resource_gets_its_answer)
{
    struct responder responder;
    struct sx_request *request;
    serve(&responder, "alice@example.org:add");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    sx_answer_refuse(&responder.link->answers, request, "internal-server-error", "forgotten");
    sx_request_free(request);
    responder_ask(&responder, "alice@example.org/8415", responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "<iq type='error' to='alice@example.org/8415' ");
    ASSERT_CONTAINS(responder_said(&responder), "<internal-server-error ");
    ASSERT_CONTAINS(responder_said(&responder), ">forgotten</text>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

/* Larger than its server takes, it would end the stream of the service. */
TEST(an_answer_that_is_too_large_for_a_longer_name_is_refused)
{
    char name[901], payload[9500];
    struct responder responder;
    struct soap_xmpp_config config;
    struct sx_request *request;
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    memcpy(name, "alice@example.org/", 18);
    memset(payload, 'y', sizeof payload);
    payload[sizeof payload - 1] = '\0';
    responder_configure(&config);
    config.allow = "alice@example.org";
    config.max_outgoing_bytes = 10000;
    responder_serve_with(&responder, &config);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    response_remember(responder.link->journal, request->from, request->id, payload,
                      sx_clock_now_us());
    sx_request_free(request);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), payload);
    responder_ask(&responder, name, responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "<internal-server-error ");
    ASSERT_CONTAINS(responder_said(&responder), name);
    ASSERT_LACKS(responder_said(&responder), payload);
    responder_stop(&responder);
}

/* Another process, which may have had other rules, may have run it. */
TEST(a_stale_request_is_stale_whoever_calls)
{
    struct responder responder;
    serve(&responder, "");
    responder_ask(&responder, RESPONDER_PEER, "1" SX_REQUEST_ID_MARK "0123456789abcdef.1", "add");
    ASSERT_CONTAINS(responder_said(&responder), "<stale ");
    ASSERT_LACKS(responder_said(&responder), "forbidden");
    CU_ASSERT_EQUAL(responder.line_count, 0);
    responder_stop(&responder);
}

TEST(a_stale_request_of_this_process_is_told_since_when)
{
    struct responder responder;
    char incarnation[SX_INCARNATION_BYTES], id[100];
    int64_t now_us = sx_clock_now_us();
    serve(&responder, "alice@example.org");
    sx_journal_incarnation(responder.link->journal, now_us - 1200 * INT64_C(1000000), incarnation);
    snprintf(id, sizeof id, "1" SX_REQUEST_ID_MARK "%s", incarnation);
    responder_ask(&responder, RESPONDER_PEER, id, "add");
    ASSERT_CONTAINS(responder_said(&responder), ".3' since='600");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
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
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    CU_ASSERT_EQUAL(remembered(&responder), 1);
    for (i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "%d", i);
        responder_ask(&responder, "mallory@example.org/x", responder_tag(&responder, id), "add");
        responder_ask(&responder, "mallory@example.org/x", responder_tag(&responder, long_text),
                      "add");
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
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    CU_ASSERT_EQUAL_FATAL(responder.line_count, 1);
    ASSERT_TEXT(responder.lines[0],
                "calc@example.org: " RESPONDER_PEER " may not call add: allow it with "
                "SOAP_XMPP_ALLOW=alice@example.org:add or soap_xmpp_allow()");
    responder_stop(&responder);
}

TEST(who_hammers_fills_a_line_a_second_and_is_counted)
{
    struct responder responder;
    int i;
    serve(&responder, "");
    for (i = 0; i < MANY; i++)
        responder_ask(&responder, RESPONDER_PEER, "1", "add");
    CU_ASSERT_EQUAL(responder.all_posts, MANY);
    /* A machine that takes seconds for this writes more lines. */
    CU_ASSERT_TRUE(responder.line_count < RESPONDER_LINES / 2);
    ASSERT_LACKS(responder.lines[0], "left out");
    responder.line_count = 0;
    responder.link->admission.refusals =
        (struct sx_trace_rate){.told_us = sx_clock_now_us() + 1000000000};
    for (i = 0; i < MANY; i++)
        responder_ask(&responder, RESPONDER_PEER, "1", "add");
    CU_ASSERT_EQUAL(responder.line_count, 0);
    responder.link->admission.refusals.told_us = sx_clock_now_us();
    let_a_second_pass(&responder);
    responder_ask(&responder, "bob@example.org/x", "1", "sub");
    CU_ASSERT_EQUAL_FATAL(responder.line_count, 1);
    ASSERT_CONTAINS(responder.lines[0], "bob@example.org/x may not call sub");
    ASSERT_CONTAINS(responder.lines[0], " (200 other refusals left out)");
    let_a_second_pass(&responder);
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
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
    responder_ask(&responder, from, "1", operation);
    CU_ASSERT_EQUAL_FATAL(responder.line_count, 1);
    ASSERT_CONTAINS(responder.lines[0], "%28@example.org:oooo");
    ASSERT_CONTAINS(responder.lines[0], "oo or soap_xmpp_allow() (18446744073709551615 other");
    ASSERT_CONTAINS(responder.lines[0], "left out)");
    responder_stop(&responder);
}

CU_TestInfo tests_admission[] = {
    {"what no rule allows is forbidden", what_no_rule_allows_is_forbidden},
    {"a rule is for its caller and operation", a_rule_is_for_its_caller_and_operation},
    {"a rule that is added holds at once", a_rule_that_is_added_holds_at_once},
    {"a request without a caller is the own server's, known by its domain",
     the_own_server_is_its_domain},
    {"while nobody serves nothing is forbidden, and no rule advised",
     while_nobody_serves_nothing_is_forbidden},
    {"what can be read in two ways is declined", what_can_be_read_in_two_ways_is_declined},
    {"but not of who may call everything", who_may_call_everything_is_queued_all_the_same},
    {"a namespace of no service is forbidden, and the rule told that names it",
     a_namespace_of_no_service_is_forbidden_and_told},
    {"a forbidden request says that it was not run", a_forbidden_request_says_that_it_was_not_run},
    {"a request that ran is answered again and never called forbidden",
     a_request_that_ran_is_answered_again},
    {"who comes back with another resource gets its answer there",
     who_comes_back_with_another_resource_gets_its_answer},
    {"an answer that is too large for a longer name is refused",
     an_answer_that_is_too_large_for_a_longer_name_is_refused},
    {"a stale request is stale whoever calls", a_stale_request_is_stale_whoever_calls},
    {"of a stale request of this process it is told since when it is",
     a_stale_request_of_this_process_is_told_since_when},
    {"a forbidden request takes no room among those remembered",
     a_forbidden_request_takes_no_room_among_those_remembered},
    {"the trace says who was refused and which rule would help",
     the_trace_says_who_was_refused_and_which_rule_would_help},
    {"who hammers fills one line a second, and the others are counted",
     who_hammers_fills_a_line_a_second_and_is_counted},
    {"the longest advice is whole", the_longest_advice_is_whole},
    CU_TEST_INFO_NULL,
};
