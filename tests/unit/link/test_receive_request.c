/* Requests with packed envelopes: queued as they came, or refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/namespaces.h"
#include "wire/stanza.h"
#include "../../lib/suite.h"
#include "../response_fixture.h"
#include "responder.h"

#define ENVELOPE(body)                                                                             \
    "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body>" body "</e:Body></e:Envelope>"

static void ask_packed(struct responder *responder, const char *id, const char *envelope)
{
    char *element = responder_pack(envelope);
    responder_say(responder, "set", id, element);
    free(element);
}

TEST(a_packed_request_is_queued_as_it_came)
{
    struct responder responder;
    struct sx_request *request;
    responder_serve(&responder, "alice@example.org:add");
    ask_packed(&responder, responder_tag(&responder, "1"), ENVELOPE("<c:add xmlns:c='urn:c'/>"));
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    CU_ASSERT_NOT_EQUAL(request->envelope.form, SX_FORM_PLAIN);
    ASSERT_TEXT(request->envelope.operation, "add");
    ASSERT_TEXT(request->envelope.action, "urn:a");
    CU_ASSERT_EQUAL(request->envelope.err, SX_OK);
    response_remember(responder.link->journal, request->from, request->id, "<a/>",
                      sx_clock_now_us());
    sx_request_free(request);
    /* a second copy gets the first one's answer, plain or packed */
    ask_packed(&responder, responder_tag(&responder, "1"), ENVELOPE("<c:add xmlns:c='urn:c'/>"));
    ASSERT_CONTAINS(responder_said(&responder), "<iq type='result' ");
    ASSERT_CONTAINS(responder_said(&responder), "<a/>");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "<iq type='result' ");
    ASSERT_CONTAINS(responder_said(&responder), "<a/>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

TEST(a_packed_operation_is_what_the_rules_are_asked_about)
{
    struct responder responder;
    responder_serve(&responder, "alice@example.org:add");
    ask_packed(&responder, responder_tag(&responder, "1"),
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
    responder_serve(&responder, "bob@example.org");
    ask_packed(&responder, responder_tag(&responder, "1"), "<a/>");
    ASSERT_CONTAINS(responder_said(&responder), "<bad-request");
    responder.link->admission.refusals.told_us = sx_clock_now_us();
    ask_packed(&responder, responder_tag(&responder, "2"), "<a/>");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    responder_stop(&responder);
}

TEST(what_is_no_packed_envelope_is_refused)
{
    static const struct {
        const char *type, *content, *answer;
    } rows[] = {
        {"set", "<packed xmlns='" SX_NS_PACKED "'/>", "the packed envelope is empty"},
        {"set", "<packed xmlns='" SX_NS_PACKED "'>AAA</packed>", "base64"},
        {"set", "<packed xmlns='" SX_NS_PACKED "'>AA AA</packed>", "base64"},
        {"set", "<packed xmlns='" SX_NS_PACKED "'>AAAA</packed>", "<bad-request"},
        {"set", "<packed xmlns='" SX_NS_PACKED "' form='lzma'>AAAA</packed>",
         "its form is unknown"},
        {"set", "<packed xmlns='" SX_NS_PACKED "' form=''>AAAA</packed>", "its form is unknown"},
        {"set", "<packed xmlns='" SX_NS_PACKED "' form='stored'>AAAA</packed>", "<bad-request"},
        {"set",
         "<packed xmlns='" SX_NS_PACKED "'>AAAA</packed><packed xmlns='" SX_NS_PACKED
         "'>AAAA</packed>",
         "two packed envelopes"},
        {"set", "<packed xmlns='" SX_NS_PACKED "'>AAAA</packed>" ENVELOPE("<x/>"), "one payload"},
        {"get", "<packed xmlns='" SX_NS_PACKED "'>AAAA</packed>", "iq of type set"},
        {"set", "<packed xmlns='urn:other'>AAAA</packed>", "<service-unavailable"},
        {"set", "<packed>AAAA</packed>", "<service-unavailable"},
    };
    struct responder responder;
    size_t i;
    responder_serve(&responder, "*");
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        responder_say(&responder, rows[i].type, responder_tag(&responder, "1"), rows[i].content);
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
    responder_serve(&responder, "*");
    ask_packed(&responder, responder_tag(&responder, "1"), "<a/>");
    ASSERT_CONTAINS(responder_said(&responder), "<bad-request");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    responder.link->content.max_message_bytes = 10;
    ask_packed(&responder, responder_tag(&responder, "1"), ENVELOPE("<add/>"));
    ASSERT_CONTAINS(responder_said(&responder), "<policy-violation");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    responder_stop(&responder);
}

TEST(who_does_not_pack_does_not_know_the_element)
{
    struct responder responder;
    responder_serve(&responder, "*");
    responder.link->content.packs = false;
    ask_packed(&responder, responder_tag(&responder, "1"), ENVELOPE("<add/>"));
    ASSERT_CONTAINS(responder_said(&responder), "<service-unavailable");
    ASSERT_LACKS(responder_said(&responder), "<refused");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

struct line {
    unsigned count;
    char last[1000];
};

static void keep_last(void *user, enum soap_xmpp_trace_level level, const char *text)
{
    struct line *line = user;
    CU_ASSERT_EQUAL(level, SOAP_XMPP_TRACE_STANZA);
    line->count++;
    snprintf(line->last, sizeof line->last, "%s", text);
}

/* A human wants to read what came, without its secrets, even if it is cut in the middle of one. */
TEST(a_packed_envelope_is_traced_unpacked)
{
    static const char envelope[] = ENVELOPE("<c:add xmlns:c='urn:c'><Password>s3cr3t"
                                            "</Password><b>2</b></c:add>");
    struct responder responder;
    struct line line = {0};
    struct sx_trace trace;
    size_t max;
    responder_serve(&responder, "*");
    sx_trace_init(&trace, SOAP_XMPP_TRACE_DEBUG, keep_last, &line, "calc");
    responder.link->content.trace = &trace;
    ask_packed(&responder, responder_tag(&responder, "1"), envelope);
    CU_ASSERT_EQUAL(line.count, 0);
    trace.level = SOAP_XMPP_TRACE_STANZA;
    ask_packed(&responder, responder_tag(&responder, "2"), envelope);
    CU_ASSERT_EQUAL(line.count, 1);
    ASSERT_CONTAINS(line.last, "calc: unpacked envelope <e:Envelope ");
    ASSERT_CONTAINS(line.last, "<Password>***</Password><b>2</b></c:add>");
    for (max = 40; max < sizeof envelope; max++) {
        trace.max_bytes = max;
        ask_packed(&responder, responder_tag(&responder, "3"), envelope);
        ASSERT_LACKS(line.last, "s3");
        CU_ASSERT_TRUE(strlen(line.last) <= max);
    }
    line.count = 0;
    responder_say(&responder, "set", responder_tag(&responder, "4"),
                  "<packed xmlns='" SX_NS_PACKED "'>AAAA</packed>");
    CU_ASSERT_EQUAL(line.count, 0);
    responder_stop(&responder);
}

CU_TestInfo tests_receive_request[] = {
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
    {"a packed envelope is traced unpacked, without its secrets",
     a_packed_envelope_is_traced_unpacked},
    CU_TEST_INFO_NULL,
};
