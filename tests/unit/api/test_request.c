/* Requests as bytes: taken, read, answered, on a link that nothing connects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/namespaces.h"
#include "../../lib/suite.h"
#include "../link/responder.h"

extern CU_TestInfo tests_request[];

#define BOB            "bob@example.org/x"
#define REFUSED        "<refused xmlns='" SX_NS_DELIVERY "' copies='all'/>"
#define TRACE          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define SOAP(NS, BODY) "<e:Envelope xmlns:e='" NS "'><e:Body>" BODY "</e:Body></e:Envelope>"
#define ADD            "<c:add xmlns:c='urn:c'/>"
#define SUM            "<c:sum xmlns:c='urn:c'>3</c:sum>"
#define ANSWER         SOAP(SX_NS_SOAP12, SUM)
#define STREAMED                                                                                   \
    "<e:Envelope xmlns=\"jabber:client\" xmlns:stream=\"http://etherx.jabber.org/streams\" "       \
    "xmlns:e='" SX_NS_SOAP12 "'><e:Body>" ADD "</e:Body></e:Envelope>"
#define FAULT                                                                                      \
    SOAP(SX_NS_SOAP12, "<e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text "   \
                       "xml:lang='en'>no</e:Text></e:Reason></e:Fault>")

static struct soap_xmpp_request *look(struct responder *responder)
{
    responder_hear(responder, " ", 1); /* forgets what was said */
    return soap_xmpp_take(responder->link, 0, NULL);
}

static struct soap_xmpp_request *take(struct responder *responder)
{
    struct soap_xmpp_request *request = look(responder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    return request;
}

static void answer(struct soap_xmpp_request *request, const char *envelope)
{
    char why[300] = "";
    CU_ASSERT_EQUAL(
        soap_xmpp_answer(request, envelope, envelope ? strlen(envelope) : 0, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
}

/* In pieces of so many bytes. A plain one has the stream's declarations. */
static void assert_reads(struct soap_xmpp_request *request, const char *expected, size_t piece)
{
    char text[1000], why[300] = "";
    size_t len = 0;
    long got;
    while ((got = soap_xmpp_request_read(request, text + len, piece, why, sizeof why)) > 0) {
        CU_ASSERT(got <= (long)piece);
        len += (size_t)got;
        CU_ASSERT_FATAL(len + piece < sizeof text);
    }
    CU_ASSERT_EQUAL(got, 0);
    text[len] = '\0';
    ASSERT_TEXT(text, expected);
    ASSERT_TEXT(why, "");
    CU_ASSERT_EQUAL(soap_xmpp_request_read(request, text, piece, why, sizeof why), 0); /* still */
}

static void say_packed(struct responder *responder, const char *id, const char *envelope,
                       const char *attribute)
{
    char *packed = responder_pack(envelope), *tag_end = strchr(packed, '>');
    struct sx_buffer out = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(tag_end);
    sx_buffer_add(&out, packed, (size_t)(tag_end - packed));
    sx_buffer_add_text(&out, attribute);
    sx_buffer_add_text(&out, tag_end);
    responder_say(responder, "set", id, out.bytes);
    sx_buffer_fini(&out);
    free(packed);
}

/* ---- what is taken ---- */

TEST(a_request_is_taken_with_what_it_says_of_itself)
{
    struct responder responder;
    struct soap_xmpp_request *request;
    int is_stopped = 7;
    responder_serve(&responder, "*");
    CU_ASSERT_PTR_NULL(soap_xmpp_take(responder.link, 0, &is_stopped));
    CU_ASSERT_EQUAL(is_stopped, 0);
    responder_ask(&responder, RESPONDER_PEER, "id-1", "add");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = soap_xmpp_take(responder.link, -1, &is_stopped));
    CU_ASSERT_EQUAL(is_stopped, 0);
    ASSERT_TEXT(soap_xmpp_request_from(request), RESPONDER_PEER);
    ASSERT_TEXT(soap_xmpp_request_to(request), "calc@example.org/soap");
    ASSERT_TEXT(soap_xmpp_request_id(request), "id-1");
    ASSERT_TEXT(soap_xmpp_request_action(request), "");
    ASSERT_TEXT(soap_xmpp_request_operation(request), "add");
    ASSERT_TEXT(soap_xmpp_request_namespace(request), "urn:c");
    ASSERT_TEXT(soap_xmpp_request_traceparent(request), "");
    CU_ASSERT_EQUAL(soap_xmpp_request_version(request), 12);
    CU_ASSERT_EQUAL(soap_xmpp_request_is_message(request), 0);
    assert_reads(request, STREAMED, 7);
    answer(request, ANSWER);
    ASSERT_CONTAINS(responder_said(&responder), "type='result' to='" RESPONDER_PEER "' id='id-1'");
    ASSERT_CONTAINS(responder_said(&responder), SUM);
    responder_stop(&responder);
}

TEST(a_packed_request_is_read_byte_for_byte)
{
    static const char envelope[] =
        "<e:Envelope xmlns:e='" SX_NS_SOAP11 "'><e:Body>" ADD "<!-- as it is --></e:Body>"
        "</e:Envelope>\n";
    struct responder responder;
    struct soap_xmpp_request *request;
    responder_serve(&responder, "*");
    say_packed(&responder, "1", envelope, "");
    request = take(&responder);
    ASSERT_TEXT(soap_xmpp_request_action(request), "urn:a");
    CU_ASSERT_EQUAL(soap_xmpp_request_version(request), 11);
    assert_reads(request, envelope, 1);
    answer(request, NULL);
    ASSERT_CONTAINS(responder_said(&responder), "type='result'");
    responder_stop(&responder);
}

TEST(a_traceparent_comes_along_if_it_is_one)
{
    static const struct {
        const char *attribute, *text;
    } rows[] = {
        {" traceparent='" TRACE "'", TRACE},
        {" traceparent='00-0'", ""},
        {" traceparent='&lt;&apos;'", ""},
        {" traceparent=''", ""},
        {" x='1' y='2'", ""},
    };
    struct responder responder;
    size_t i;
    responder_serve(&responder, "*");
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct soap_xmpp_request *request;
        say_packed(&responder, "1", SOAP(SX_NS_SOAP12, ADD), rows[i].attribute);
        request = take(&responder);
        ASSERT_TEXT(soap_xmpp_request_traceparent(request), rows[i].text);
        answer(request, NULL);
    }
    responder_stop(&responder);
}

/* Its caller may call everything, and the loop thread had no budget for a look. */
TEST(what_nobody_has_looked_into_is_looked_into)
{
    struct responder responder;
    struct soap_xmpp_request *request;
    struct sx_request *seen, *unseen;
    responder_serve(&responder, "*");
    CU_ASSERT_PTR_NULL(look(&responder)); /* the rules change no more */
    say_packed(&responder, "1", SOAP(SX_NS_SOAP11, ADD), "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(seen = responder_take(&responder));
    CU_ASSERT_PTR_NOT_NULL_FATAL(unseen = sx_request_new(seen->from, seen->to, seen->id));
    unseen->envelope.bytes = seen->envelope.bytes;
    unseen->envelope.len = seen->envelope.len;
    unseen->envelope.form = seen->envelope.form;
    unseen->grant = SX_GRANT_EVERYTHING;
    unseen->rules_version = sx_access_version(responder.link->access);
    seen->envelope.bytes = NULL;
    sx_request_free(seen);
    CU_ASSERT_EQUAL_FATAL(sx_queue_add(responder.link->queue, unseen), SX_OK);
    request = take(&responder);
    CU_ASSERT_EQUAL(soap_xmpp_request_version(request), 11);
    ASSERT_TEXT(soap_xmpp_request_operation(request), "add");
    answer(request, NULL);
    responder_stop(&responder);
}

TEST(damaged_bytes_show_while_they_are_read)
{
    struct responder responder;
    struct soap_xmpp_request *request;
    char out[100], why[300] = "";
    responder_serve(&responder, "*");
    say_packed(&responder, "1", SOAP(SX_NS_SOAP12, ADD "<!DOCTYPE x>"), "");
    request = take(&responder);
    while (soap_xmpp_request_read(request, out, 10, why, sizeof why) > 0)
        ;
    CU_ASSERT_EQUAL(soap_xmpp_request_read(request, out, 10, why, sizeof why), -1);
    ASSERT_TEXT(why, "request 1 of " RESPONDER_PEER ": the envelope is malformed");
    CU_ASSERT_EQUAL(soap_xmpp_request_read(request, out, 10, NULL, 0), -1);
    soap_xmpp_decline(request, "bad-request", why);
    ASSERT_CONTAINS(responder_said(&responder), "<bad-request ");
    responder_stop(&responder);
}

TEST(a_type_that_a_server_has_robbed_of_its_prefix_is_bound_again_or_refused)
{
    struct responder responder;
    struct soap_xmpp_request *request;
    char out[1000] = "";
    long got;
    responder_serve(&responder, "*");
    responder_say(&responder, "set", "1",
                  SOAP(SX_NS_SOAP12, "<c:add xmlns:c='urn:c' xmlns:i='" SX_NS_XSI "' "
                                     "i:type='xsd:int'/>"));
    request = take(&responder);
    got = soap_xmpp_request_read(request, out, sizeof out - 1, NULL, 0);
    CU_ASSERT(got > 0);
    ASSERT_CONTAINS(out, " xmlns:xsd=\"" SX_NS_XSD "\"");
    answer(request, NULL);
    responder_say(&responder, "set", "2",
                  SOAP(SX_NS_SOAP12, "<add xmlns='' xmlns:i='" SX_NS_XSI "' i:type='q:Point'/>"));
    CU_ASSERT_PTR_NULL(soap_xmpp_take(responder.link, 0, NULL));
    ASSERT_CONTAINS(responder_said(&responder), "<bad-request ");
    responder_stop(&responder);
}

/* ---- whose ---- */

TEST(what_no_rule_lets_pass_any_longer_is_not_taken)
{
    struct responder responder;
    struct soap_xmpp_request *request;
    responder_serve(&responder, "*");
    CU_ASSERT_PTR_NULL(look(&responder));
    CU_ASSERT_EQUAL(
        soap_xmpp_set_rules(responder.link, "alice@example.org bob@example.org", NULL, 0), 0);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    responder_ask(&responder, BOB, responder_tag(&responder, "2"), "add");
    CU_ASSERT_EQUAL(soap_xmpp_disallow(responder.link, "alice@example.org", NULL, NULL, 0), 0);
    request = take(&responder);
    ASSERT_TEXT(soap_xmpp_request_from(request), BOB);
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden ");
    ASSERT_CONTAINS(responder_said(&responder), REFUSED);
    CU_ASSERT_EQUAL(soap_xmpp_disallow(responder.link, "bob@example.org", NULL, NULL, 0), 0);
    answer(request, ANSWER); /* it was begun */
    ASSERT_CONTAINS(responder_said(&responder), SUM);
    responder_stop(&responder);
}

/* What serves the bytes may choose by an action, or run an operation without input for what it
 * doesn't know. */
TEST(a_rule_without_a_namespace_means_none_that_nobody_has_named)
{
    struct responder responder;
    struct soap_xmpp_request *request;
    responder_serve(&responder, "alice@example.org:add");
    CU_ASSERT_PTR_NULL(look(&responder));
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden ");
    ASSERT_CONTAINS(responder.lines[responder.line_count - 1],
                    "allow it with SOAP_XMPP_ALLOW=alice@example.org:{urn:c}add");
    responder_say(&responder, "set", responder_tag(&responder, "2"),
                  SOAP(SX_NS_SOAP12, "<add xmlns=''/>"));
    request = take(&responder);
    ASSERT_TEXT(soap_xmpp_request_operation(request), "add");
    ASSERT_TEXT(soap_xmpp_request_namespace(request), "");
    answer(request, NULL);
    /* a rule names it, for whomever */
    CU_ASSERT_EQUAL(soap_xmpp_allow(responder.link, "carol@example.org", "{urn:c}x", NULL, 0), 0);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "3"), "add");
    answer(take(&responder), NULL);
    responder_stop(&responder);
}

static void describe(struct responder *responder, const char *second_uri)
{
    struct soap_xmpp_description description;
    char wsdl[2000];
    snprintf(wsdl, sizeof wsdl,
             "<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/' xmlns:t='urn:c' "
             "xmlns:u='%s' targetNamespace='urn:c'>"
             "<w:message name='m'><w:part name='p' element='t:add'/></w:message>"
             "<w:message name='n'><w:part name='p' element='u:sub'/></w:message>"
             "<w:portType name='p'><w:operation name='add'><w:input message='t:m'/></w:operation>"
             "<w:operation name='sub'><w:input message='t:n'/></w:operation></w:portType>"
             "</w:definitions>",
             second_uri);
    soap_xmpp_description_init(&description);
    description.wsdl = wsdl;
    description.wsdl_bytes = strlen(wsdl);
    CU_ASSERT_EQUAL(soap_xmpp_describe(responder->link, &description, NULL, 0), 0);
}

TEST(a_wsdl_names_the_namespace_of_its_operations)
{
    struct responder responder;
    responder_serve(&responder, "alice@example.org:add");
    CU_ASSERT_PTR_NULL(look(&responder));
    describe(&responder, "urn:other"); /* two don't */
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden ");
    describe(&responder, "urn:c");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "2"), "add");
    answer(take(&responder), NULL);
    responder_say(&responder, "set", responder_tag(&responder, "3"),
                  SOAP(SX_NS_SOAP12, "<c:add xmlns:c='urn:other'/>"));
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden ");
    responder_stop(&responder);
}

/* A server had stored it. */
TEST(what_came_before_anybody_took_is_judged_as_what_comes_later)
{
    static const char stanza[] =
        "<message to='calc@example.org/soap' from='" RESPONDER_PEER "' id='m'><e:Envelope "
        "xmlns:e='" SX_NS_SOAP12 "'><e:Body>" ADD "</e:Body></e:Envelope></message>";
    struct soap_xmpp_config config;
    struct responder responder;
    responder_configure(&config);
    config.messages = 1;
    config.timeout_ms = 50; /* nobody is there to take the answer */
    config.allow = "alice@example.org:add";
    responder_start(&responder, &config);
    responder_hear(&responder, stanza, sizeof stanza - 1);
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    CU_ASSERT_PTR_NULL(look(&responder));
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden ");
    responder_stop(&responder);
}

TEST(an_action_is_told_of_callers_that_may_call_everything)
{
    struct responder responder;
    struct soap_xmpp_request *request;
    responder_serve(&responder, "alice@example.org:{urn:c}add");
    CU_ASSERT_PTR_NULL(look(&responder));
    say_packed(&responder, "1", SOAP(SX_NS_SOAP12, ADD), "");
    request = take(&responder);
    ASSERT_TEXT(soap_xmpp_request_action(request), "");
    answer(request, NULL);
    CU_ASSERT_EQUAL(soap_xmpp_allow(responder.link, "*", NULL, NULL, 0), 0);
    say_packed(&responder, "2", SOAP(SX_NS_SOAP12, ADD), "");
    request = take(&responder);
    ASSERT_TEXT(soap_xmpp_request_action(request), "urn:a");
    answer(request, NULL);
    responder_stop(&responder);
}

/* As a link with those rules would: whoever may call everything here may not at each service. */
TEST(other_rules_admit_a_request_that_was_taken)
{
    static const char misleading[] =
        "<e:Envelope xmlns:e='" SX_NS_SOAP12
        "'><e:Header><x xmlns:z='urn:Soap-Envelope'/></e:Header><e:Body>" ADD
        "</e:Body></e:Envelope>";
    static const struct {
        const char *rules, *envelope, *action;
        int expected;
    } rows[] = {
        {"*", SOAP(SX_NS_SOAP12, ADD), "urn:a", 1},
        {"*:{urn:c}add", SOAP(SX_NS_SOAP12, ADD), "", 1},
        {"*:{urn:c}sub", SOAP(SX_NS_SOAP12, ADD), "urn:a", 0},
        {"*", misleading, "urn:a", 1},
        {"*:{urn:c}add", misleading, "urn:a", 0},
    };
    struct responder responder;
    size_t i;
    responder_serve(&responder, "*");
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct soap_xmpp_rules *rules = soap_xmpp_rules_read(rows[i].rules, NULL, 0);
        struct soap_xmpp_request *request;
        char id[] = {(char)('0' + i), 0};
        say_packed(&responder, id, rows[i].envelope, "");
        request = take(&responder);
        CU_ASSERT_EQUAL(soap_xmpp_rules_admit(rules, request), rows[i].expected);
        ASSERT_TEXT(soap_xmpp_request_action(request), rows[i].action);
        CU_ASSERT_EQUAL(soap_xmpp_rules_admit(NULL, request), 0);
        answer(request, NULL);
        soap_xmpp_rules_free(rules);
    }
    CU_ASSERT_EQUAL(soap_xmpp_rules_admit(NULL, NULL), 0);
    responder_stop(&responder);
}

TEST(a_caller_over_its_share_waits_until_one_of_its_requests_has_ended)
{
    struct soap_xmpp_request *alices[2], *bobs;
    struct soap_xmpp_config config;
    struct responder responder;
    responder_configure(&config);
    config.allow = "*";
    config.max_running = 2;
    responder_serve_with(&responder, &config);
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    responder_ask(&responder, RESPONDER_PEER, "2", "add");
    responder_ask(&responder, RESPONDER_PEER, "3", "add");
    alices[0] = take(&responder);
    alices[1] = take(&responder);
    CU_ASSERT_PTR_NULL(look(&responder));
    responder_ask(&responder, BOB, "4", "add");
    bobs = take(&responder);
    ASSERT_TEXT(soap_xmpp_request_from(bobs), BOB);
    soap_xmpp_decline(bobs, NULL, NULL);
    CU_ASSERT_PTR_NULL(look(&responder));
    soap_xmpp_refuse(alices[1], NULL);
    alices[1] = take(&responder);
    ASSERT_TEXT(soap_xmpp_request_id(alices[1]), "3");
    answer(alices[0], NULL);
    answer(alices[1], NULL);
    responder_stop(&responder);
}

/* ---- how it ends ---- */

TEST(a_fault_goes_out_as_one)
{
    struct responder responder;
    responder_serve(&responder, "*");
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    answer(take(&responder), FAULT);
    ASSERT_CONTAINS(responder_said(&responder), "<iq type='error'");
    ASSERT_CONTAINS(responder_said(&responder), "<e:Value>e:Sender</e:Value>");
    ASSERT_CONTAINS(responder_said(&responder), "<Sender xmlns='" SX_NS_SOAP_FAULT "'/>");
    responder_stop(&responder);
}

static void hear_message(struct responder *responder, const char *id)
{
    struct sx_buffer out = {0};
    sx_buffer_add_format(&out,
                         "<message to='calc@example.org/soap' from='" RESPONDER_PEER "' id='%s'>"
                         "%s</message>",
                         id, SOAP(SX_NS_SOAP12, ADD));
    responder_hear(responder, out.bytes, out.len);
    sx_buffer_fini(&out);
}

TEST(a_request_by_message_is_answered_by_message)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_request *request;
    struct responder responder;
    responder_configure(&config);
    config.allow = "*";
    config.messages = 1;
    config.timeout_ms = 50; /* nobody is there to take the answer */
    responder_serve_with(&responder, &config);
    hear_message(&responder, "1");
    request = take(&responder);
    CU_ASSERT_EQUAL(soap_xmpp_request_is_message(request), 1);
    answer(request, ANSWER);
    ASSERT_CONTAINS(responder_said(&responder), "<message to='" RESPONDER_PEER "' id='1'>");
    hear_message(&responder, "2");
    answer(take(&responder), FAULT);
    ASSERT_CONTAINS(responder_said(&responder), "<message type='error'");
    ASSERT_CONTAINS(responder_said(&responder), "<e:Value>e:Sender</e:Value>");
    hear_message(&responder, "3");
    answer(take(&responder), NULL);
    ASSERT_TEXT(responder_said(&responder), ""); /* one-way */
    responder_stop(&responder);
}

TEST(an_answer_that_cannot_be_carried_is_told_and_another_one_follows)
{
    static const struct {
        const char *envelope, *why;
    } rows[] = {
        {"<e:Envelope", "the answer to 1 of " RESPONDER_PEER " can't be carried: byte "},
        {"", "can't be carried: byte 0: "},
        {SOAP(SX_NS_SOAP11, SUM), "can't be carried: it is SOAP 1.1, and the request is SOAP 1.2"},
        {SOAP("urn:other", SUM), "can't be carried: byte "},
        {SOAP(SX_NS_SOAP12, "<!-- -->" SUM), "can't be carried: byte "},
    };
    struct responder responder;
    struct soap_xmpp_request *request;
    char why[300];
    size_t i;
    responder_serve(&responder, "*");
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    request = take(&responder);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(
            soap_xmpp_answer(request, rows[i].envelope, strlen(rows[i].envelope), why, sizeof why),
            -1);
        ASSERT_CONTAINS(why, rows[i].why);
        CU_ASSERT_EQUAL(
            soap_xmpp_answer(request, rows[i].envelope, strlen(rows[i].envelope), NULL, 0), -1);
        ASSERT_TEXT(responder_said(&responder), "");
    }
    answer(request, ANSWER);
    ASSERT_CONTAINS(responder_said(&responder), SUM);
    responder_stop(&responder);
}

/* Its caller takes no pieces. */
TEST(an_answer_that_is_too_large_is_told)
{
    struct responder responder;
    struct soap_xmpp_request *request;
    struct sx_buffer large = {0};
    char why[300] = "";
    size_t i;
    responder_serve(&responder, "*");
    sx_buffer_add_text(&large,
                       "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body><c:s xmlns:c='urn:c'>");
    for (i = 0; i < 30000; i++)
        sx_buffer_add_text(&large, "0123456789");
    sx_buffer_add_text(&large, "</c:s></e:Body></e:Envelope>");
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    request = take(&responder);
    CU_ASSERT_EQUAL(soap_xmpp_answer(request, large.bytes, large.len, why, sizeof why), -1);
    ASSERT_CONTAINS(why, "can't be carried: the answer ");
    ASSERT_CONTAINS(why, "262144");
    ASSERT_TEXT(responder_said(&responder), "");
    soap_xmpp_refuse(request, why);
    ASSERT_CONTAINS(responder_said(&responder), "<internal-server-error ");
    sx_buffer_fini(&large);
    responder_stop(&responder);
}

TEST(what_is_refused_may_have_run)
{
    struct responder responder;
    responder_serve(&responder, "*");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    soap_xmpp_refuse(take(&responder), "the disk is <full>");
    ASSERT_CONTAINS(responder_said(&responder), "<internal-server-error ");
    ASSERT_CONTAINS(responder_said(&responder), ">the disk is &lt;full&gt;</text>");
    ASSERT_LACKS(responder_said(&responder), REFUSED);
    /* and its copy is told the same */
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "the disk is &lt;full&gt;");
    CU_ASSERT_PTR_NULL(look(&responder));
    responder_stop(&responder);
}

TEST(what_is_declined_has_not_run)
{
    struct responder responder;
    responder_serve(&responder, "*");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    soap_xmpp_decline(take(&responder), NULL, NULL);
    ASSERT_CONTAINS(responder_said(&responder), "<service-unavailable ");
    ASSERT_CONTAINS(responder_said(&responder), REFUSED);
    ASSERT_LACKS(responder_said(&responder), "<text");
    /* nor will its copy, which is told the same */
    responder_hear(&responder, " ", 1);
    ASSERT_TEXT(responder_said(&responder), "");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), "<service-unavailable ");
    ASSERT_CONTAINS(responder_said(&responder), REFUSED);
    CU_ASSERT_PTR_NULL(look(&responder));
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "2"), "add");
    soap_xmpp_decline(take(&responder), "item-not-found", "no such camera");
    ASSERT_CONTAINS(responder_said(&responder), "<item-not-found ");
    ASSERT_CONTAINS(responder_said(&responder), ">no such camera</text>");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "3"), "add");
    soap_xmpp_decline(take(&responder), "'/><x", "");
    ASSERT_CONTAINS(responder_said(&responder), "<service-unavailable ");
    responder_stop(&responder);
}

/* Who sends an id that isn't of this library sends it once, and nothing is remembered. */
TEST(a_foreign_request_that_is_declined_is_told_of_no_copies)
{
    struct responder responder;
    responder_serve(&responder, "*");
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    soap_xmpp_decline(take(&responder), NULL, NULL);
    ASSERT_LACKS(responder_said(&responder), "<refused");
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    soap_xmpp_decline(take(&responder), NULL, NULL);
    responder_stop(&responder);
}

TEST(a_long_or_broken_text_is_no_harm)
{
    struct responder responder;
    char text[5000];
    responder_serve(&responder, "*");
    memset(text, 0xC3, sizeof text - 1);
    text[0] = '\x01';
    text[sizeof text - 1] = '\0';
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    soap_xmpp_refuse(take(&responder), text);
    ASSERT_CONTAINS(responder_said(&responder), "</text>");
    ASSERT_LACKS(responder_said(&responder), "\x01");
    ASSERT_LACKS(responder_said(&responder), "\xC3\xC3");
    CU_ASSERT(strlen(responder_said(&responder)) < 2000);
    responder_stop(&responder);
}

TEST(a_long_text_is_cut_between_characters)
{
    struct responder responder;
    char text[2][1002];
    size_t i, start;
    responder_serve(&responder, "*");
    for (start = 0; start < 2; start++) {
        memset(text[start], 'x', sizeof text[start]);
        for (i = start; i + 2 < sizeof text[start]; i += 2)
            memcpy(text[start] + i, "\xC3\xBC", 2);
        text[start][i] = '\0';
        responder_ask(&responder, RESPONDER_PEER, start ? "1" : "2", "add");
        soap_xmpp_refuse(take(&responder), text[start]);
        ASSERT_CONTAINS(responder_said(&responder), "\xC3\xBC</text>");
        ASSERT_LACKS(responder_said(&responder), "\xEF\xBF\xBD");
    }
    responder_stop(&responder);
}

TEST(a_copy_of_a_request_gets_its_answer_and_is_not_taken)
{
    struct responder responder;
    struct soap_xmpp_request *request;
    responder_serve(&responder, "*");
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    request = take(&responder);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_PTR_NULL(look(&responder));
    answer(request, ANSWER);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "add");
    ASSERT_CONTAINS(responder_said(&responder), SUM);
    CU_ASSERT_PTR_NULL(look(&responder));
    responder_stop(&responder);
}

/* ---- its link ---- */

TEST(a_request_outlives_the_reference_of_the_program_to_its_link)
{
    struct responder responder;
    struct soap_xmpp_request *request;
    char out[1000] = "";
    responder_serve(&responder, "*");
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    request = take(&responder);
    posted_take(sx_session_loop(responder.link->session), NULL, NULL);
    soap_xmpp_close(responder.link);
    ASSERT_TEXT(soap_xmpp_request_from(request), RESPONDER_PEER);
    CU_ASSERT(soap_xmpp_request_read(request, out, sizeof out - 1, NULL, 0) > 0);
    ASSERT_TEXT(out, STREAMED);
    answer(request, ANSWER); /* which goes nowhere */
    parser_free(responder.parser);
    sx_buffer_fini(&responder.posted);
}

TEST(a_stopped_link_has_nothing_to_take_but_what_waited)
{
    struct responder responder;
    struct soap_xmpp_request *request;
    int is_stopped = 7;
    responder_serve(&responder, "*");
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    sx_queue_close(responder.link->queue);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = soap_xmpp_take(responder.link, -1, &is_stopped));
    CU_ASSERT_EQUAL(is_stopped, 0);
    CU_ASSERT_PTR_NULL(soap_xmpp_take(responder.link, -1, &is_stopped));
    CU_ASSERT_EQUAL(is_stopped, 1);
    answer(request, NULL);
    responder_stop(&responder);
}

static void what_is_none_has_nothing(void)
{
    char why[300] = "";
    int is_stopped = 7;
    CU_ASSERT_PTR_NULL(soap_xmpp_take(NULL, -1, &is_stopped));
    CU_ASSERT_EQUAL(is_stopped, 1);
    CU_ASSERT_PTR_NULL(soap_xmpp_take(NULL, -1, NULL));
    ASSERT_TEXT(soap_xmpp_request_from(NULL), "");
    ASSERT_TEXT(soap_xmpp_request_to(NULL), "");
    ASSERT_TEXT(soap_xmpp_request_id(NULL), "");
    ASSERT_TEXT(soap_xmpp_request_action(NULL), "");
    ASSERT_TEXT(soap_xmpp_request_operation(NULL), "");
    ASSERT_TEXT(soap_xmpp_request_namespace(NULL), "");
    ASSERT_TEXT(soap_xmpp_request_traceparent(NULL), "");
    CU_ASSERT_EQUAL(soap_xmpp_request_version(NULL), 0);
    CU_ASSERT_EQUAL(soap_xmpp_request_is_message(NULL), 0);
    CU_ASSERT_EQUAL(soap_xmpp_request_read(NULL, why, 1, why, sizeof why), -1);
    ASSERT_TEXT(why, "there is no request");
    CU_ASSERT_EQUAL(soap_xmpp_answer(NULL, NULL, 0, why, sizeof why), -1);
    ASSERT_TEXT(why, "there is no request");
    soap_xmpp_refuse(NULL, NULL);
    soap_xmpp_decline(NULL, NULL, NULL);
}

TEST(bytes_need_room)
{
    struct responder responder;
    struct soap_xmpp_request *request;
    char why[300] = "";
    responder_serve(&responder, "*");
    responder_ask(&responder, RESPONDER_PEER, "1", "add");
    request = take(&responder);
    CU_ASSERT_EQUAL(soap_xmpp_request_read(request, why, 0, why, sizeof why), -1);
    ASSERT_TEXT(why, "there is no room for the bytes");
    CU_ASSERT_EQUAL(soap_xmpp_request_read(request, NULL, 9, NULL, 0), -1);
    answer(request, NULL);
    responder_stop(&responder);
}

CU_TestInfo tests_request[] = {
    {"a request is taken with what it says of itself",
     a_request_is_taken_with_what_it_says_of_itself},
    {"a packed request is read byte for byte", a_packed_request_is_read_byte_for_byte},
    {"a traceparent comes along if it is one", a_traceparent_comes_along_if_it_is_one},
    {"what nobody has looked into is looked into", what_nobody_has_looked_into_is_looked_into},
    {"damaged bytes show while they are read", damaged_bytes_show_while_they_are_read},
    {"a type that a server has robbed of its prefix is bound again, or refused",
     a_type_that_a_server_has_robbed_of_its_prefix_is_bound_again_or_refused},
    {"what no rule lets pass any longer is not taken",
     what_no_rule_lets_pass_any_longer_is_not_taken},
    {"a rule without a namespace means none that nobody has named",
     a_rule_without_a_namespace_means_none_that_nobody_has_named},
    {"a WSDL names the namespace of its operations", a_wsdl_names_the_namespace_of_its_operations},
    {"what came before anybody took is judged as what comes later",
     what_came_before_anybody_took_is_judged_as_what_comes_later},
    {"an action is told of callers that may call everything",
     an_action_is_told_of_callers_that_may_call_everything},
    {"other rules admit a request that was taken", other_rules_admit_a_request_that_was_taken},
    {"a caller over its share waits until one of its requests has ended",
     a_caller_over_its_share_waits_until_one_of_its_requests_has_ended},
    {"a fault goes out as one", a_fault_goes_out_as_one},
    {"a request by message is answered by message", a_request_by_message_is_answered_by_message},
    {"an answer that cannot be carried is told, and another one follows",
     an_answer_that_cannot_be_carried_is_told_and_another_one_follows},
    {"an answer that is too large is told", an_answer_that_is_too_large_is_told},
    {"what is refused may have run", what_is_refused_may_have_run},
    {"what is declined has not run", what_is_declined_has_not_run},
    {"a foreign request that is declined is told of no copies",
     a_foreign_request_that_is_declined_is_told_of_no_copies},
    {"a long or broken text is no harm", a_long_or_broken_text_is_no_harm},
    {"a long text is cut between characters", a_long_text_is_cut_between_characters},
    {"a copy of a request gets its answer and is not taken",
     a_copy_of_a_request_gets_its_answer_and_is_not_taken},
    {"a request outlives the reference of the program to its link",
     a_request_outlives_the_reference_of_the_program_to_its_link},
    {"a stopped link has nothing to take but what waited",
     a_stopped_link_has_nothing_to_take_but_what_waited},
    {"what is none has nothing", what_is_none_has_nothing},
    {"bytes need room", bytes_need_room},
    CU_TEST_INFO_NULL,
};
