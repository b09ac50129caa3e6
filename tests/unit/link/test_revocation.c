/* Requests that were let in, and whose rule is taken back before a thread takes them. What arrives
 * in pieces is test_link_bytestream.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/namespaces.h"
#include "../../lib/suite.h"
#include "../response_fixture.h"
#include "responder.h"

#define BOB "bob@example.org/x"
#define FORBIDDEN                                                                                  \
    "<forbidden xmlns='" SX_NS_STANZAS "'/><text xmlns='" SX_NS_STANZAS                            \
    "'>the caller may not call this operation</text>"
#define REFUSED "<refused xmlns='" SX_NS_DELIVERY "' copies='all'/>"

static void disallow(const struct responder *responder, const char *who, const char *operation)
{
    CU_ASSERT_EQUAL(soap_xmpp_disallow(responder->link, who, operation, NULL, 0), 0);
}

static void set_rules(const struct responder *responder, const char *rules)
{
    CU_ASSERT_EQUAL(soap_xmpp_set_rules(responder->link, rules, NULL, 0), 0);
}

/* As a worker does; what is said to its caller is responder_said(). NULL: it was declined. */
static struct sx_request *take(struct responder *responder)
{
    struct sx_request *request = responder_take(responder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    responder_hear(responder, " ", 1); /* forgets what was said */
    if (sx_link_may_run(responder->link, request)) {
        ASSERT_TEXT(responder_said(responder), "");
        return request;
    }
    CU_ASSERT_TRUE(request->answered);
    sx_request_free(request);
    return NULL;
}

static unsigned long remembered(const struct responder *responder)
{
    struct sx_journal_counts counts;
    sx_journal_count(responder->link->journal, &counts);
    return counts.entries;
}

TEST(a_request_whose_rule_is_gone_is_refused_and_was_not_run)
{
    struct responder responder;
    responder_serve(&responder, "alice@example.org bob@example.org:add");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    responder_ask(&responder, BOB, "2", "add");
    CU_ASSERT_EQUAL(remembered(&responder), 1);
    disallow(&responder, "alice@example.org", NULL);
    CU_ASSERT_PTR_NULL(take(&responder));
    ASSERT_CONTAINS(responder_said(&responder), FORBIDDEN);
    ASSERT_CONTAINS(responder_said(&responder), REFUSED);
    ASSERT_CONTAINS(responder_said(&responder), "to='" RESPONDER_PEER "'");
    CU_ASSERT_EQUAL(remembered(&responder), 1);
    sx_request_free(take(&responder));
    /* Its copy isn't run once it may: that was promised. Another request is. */
    CU_ASSERT_EQUAL(soap_xmpp_allow(responder.link, "alice@example.org", "add", NULL, 0), 0);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), FORBIDDEN);
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "2"), "add");
    sx_request_free(take(&responder));
    responder_stop(&responder);
}

TEST(rules_are_about_operations)
{
    struct responder responder;
    responder_serve(&responder, "alice@example.org:add+sub");
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    responder_ask(&responder, RESPONDER_PEER, "2", "sub");
    disallow(&responder, "alice@example.org", "add");
    CU_ASSERT_PTR_NULL(take(&responder));
    ASSERT_CONTAINS(responder_said(&responder), "id='1'");
    sx_request_free(take(&responder));
    responder_stop(&responder);
}

TEST(a_request_that_new_rules_allow_runs_as_they_say)
{
    struct responder responder;
    struct sx_request *request;
    responder_serve(&responder, "alice@example.org");
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    responder_ask(&responder, RESPONDER_PEER, "2", "add");
    set_rules(&responder, "alice@example.org:add");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = take(&responder));
    CU_ASSERT_EQUAL(request->grant, SX_GRANT_LOCAL); /* gSOAP is watched from now on */
    sx_request_free(request);
    set_rules(&responder, "*@example.org:{urn:c}add");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = take(&responder));
    CU_ASSERT_EQUAL(request->grant, SX_GRANT_NAMED);
    sx_request_free(request);
    responder_stop(&responder);
}

/* Whoever may call everything may send it; whoever may call some operations may not. */
TEST(what_can_be_read_in_two_ways_is_declined)
{
    struct responder responder;
    responder_serve(&responder, "alice@example.org");
    responder_say(&responder, "set", responder_tag(&responder, "1"),
                  "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Header><a xmlns='urn:a'>/></a>"
                  "</e:Header><e:Body><c:add xmlns:c='urn:c'/></e:Body></e:Envelope>");
    set_rules(&responder, "alice@example.org:add");
    CU_ASSERT_PTR_NULL(take(&responder));
    ASSERT_CONTAINS(responder_said(&responder), "<bad-request ");
    ASSERT_CONTAINS(responder_said(&responder), REFUSED);
    responder_stop(&responder);
}

/* The loop thread had no budget for a look, and needed none. */
TEST(a_packed_request_is_looked_into_when_its_operation_matters)
{
    char *packed = responder_pack("<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body><c:add "
                                  "xmlns:c='urn:c'/></e:Body></e:Envelope>");
    struct responder responder;
    struct sx_request *request;
    int i;
    responder_serve(&responder, "alice@example.org");
    for (i = 0; i < 3; i++)
        responder_say(&responder, "set", i == 0 ? "1" : i == 1 ? "2" : "3", packed);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    request->envelope.operation[0] = '\0';
    set_rules(&responder, "alice@example.org:add");
    CU_ASSERT_TRUE(sx_link_may_run(responder.link, request));
    ASSERT_TEXT(request->envelope.operation, "add");
    sx_request_free(request);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    request->envelope.operation[0] = '\0';
    set_rules(&responder, "alice@example.org:sub");
    CU_ASSERT_FALSE(sx_link_may_run(responder.link, request));
    ASSERT_CONTAINS(responder_said(&responder), FORBIDDEN);
    sx_request_free(request);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    request->envelope.operation[0] = '\0';
    memset(request->envelope.bytes, 'x', request->envelope.len);
    responder_hear(&responder, " ", 1);
    CU_ASSERT_FALSE(sx_link_may_run(responder.link, request));
    ASSERT_CONTAINS(responder_said(&responder), "<bad-request ");
    sx_request_free(request);
    free(packed);
    responder_stop(&responder);
}

TEST(what_was_begun_is_finished_and_its_answer_kept)
{
    struct responder responder;
    struct sx_request *request;
    char why[100];
    responder_serve(&responder, "alice@example.org:add");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = take(&responder));
    disallow(&responder, "alice@example.org", NULL);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_TEXT(responder_said(&responder), ""); /* it still runs */
    CU_ASSERT_EQUAL(sx_link_answer(responder.link, request, NULL, NULL, 0, why, sizeof why), SX_OK);
    ASSERT_CONTAINS(responder_said(&responder), "type='result'");
    sx_request_free(request);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "type='result'");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "2"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden ");
    responder_stop(&responder);
}

TEST(a_request_by_message_is_refused_by_message)
{
    struct responder responder;
    struct soap_xmpp_config config;
    static const char stanza[] =
        "<message to='calc@example.org/soap' from='" RESPONDER_PEER "' id='1'><e:Envelope "
        "xmlns:e='" SX_NS_SOAP12 "'><e:Body><c:add xmlns:c='urn:c'/></e:Body></e:Envelope>"
        "</message>";
    responder_configure(&config);
    config.messages = 1;
    config.timeout_ms = 100; /* nobody is there to take the answer */
    config.allow = "alice@example.org:add";
    responder_serve_with(&responder, &config);
    responder_hear(&responder, stanza, sizeof stanza - 1);
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    disallow(&responder, "alice@example.org", "add");
    CU_ASSERT_PTR_NULL(take(&responder));
    ASSERT_CONTAINS(responder_said(&responder), "<message type='error' to='" RESPONDER_PEER "'");
    ASSERT_CONTAINS(responder_said(&responder), FORBIDDEN);
    responder_stop(&responder);
}

CU_TestInfo tests_revocation[] = {
    {"a request whose rule is gone is refused, and was not run",
     a_request_whose_rule_is_gone_is_refused_and_was_not_run},
    {"rules are about operations", rules_are_about_operations},
    {"a request that new rules allow runs as they say",
     a_request_that_new_rules_allow_runs_as_they_say},
    {"what can be read in two ways is declined", what_can_be_read_in_two_ways_is_declined},
    {"a packed request is looked into when its operation matters",
     a_packed_request_is_looked_into_when_its_operation_matters},
    {"what was begun is finished, and its answer kept",
     what_was_begun_is_finished_and_its_answer_kept},
    {"a request by message is refused by message", a_request_by_message_is_refused_by_message},
    CU_TEST_INFO_NULL,
};
