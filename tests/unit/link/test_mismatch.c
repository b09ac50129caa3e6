/* An Envelope of no version of SOAP: its sender learns that it is the version, in each way in which
 * a request comes. Nothing is queued.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "wire/namespaces.h"
#include "../../lib/suite.h"
#include "responder.h"

static const char *const envelopes[] = {
    "<Envelope xmlns=''><Body/></Envelope>",
    "<e:Envelope xmlns:e='urn:other'><e:Body/></e:Envelope>",
    "<Envelope/>",
    ("<e:Envelope xmlns:e='" SX_NS_SOAP11 "/'><e:Body/></e:Envelope>"),
    "<e:Envelope xmlns:e='http://www.w3.org/2001/12/soap-envelope'><e:Body/></e:Envelope>",
    "<e:Envelope xmlns:e='http://www.w3.org/ANY/soap-envelope'><e:Body/></e:Envelope>",
    "<e:Envelope xmlns:e='&quot;&lt;'/>",
};
enum { ENVELOPES = sizeof envelopes / sizeof *envelopes };

static void assert_fault(const struct responder *responder, const char *stanza)
{
    const char *said = responder_said(responder);
    CU_ASSERT_EQUAL(responder->posts, 1);
    ASSERT_CONTAINS(said, stanza);
    ASSERT_CONTAINS(said, "<e:Envelope xmlns='' xmlns:e='" SX_NS_SOAP11 "'>");
    ASSERT_CONTAINS(said, "<faultcode>e:VersionMismatch</faultcode>");
    ASSERT_CONTAINS(said, "<faultstring>an Envelope of SOAP is not in &quot;");
    ASSERT_CONTAINS(said, "but in " SX_NS_SOAP11 " or " SX_NS_SOAP12 "</faultstring>");
    ASSERT_CONTAINS(said, "<VersionMismatch xmlns='" SX_NS_SOAP_FAULT "'/>");
}

/* With the rules "alice@example.org:add" and messages. */
static void serve(struct responder *responder)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.allow = "alice@example.org:add";
    config.messages = 1;
    responder_serve_with(responder, &config);
}

static void stop(struct responder *responder)
{
    CU_ASSERT_EQUAL(responder_queued(responder), 0);
    responder_stop(responder);
}

TEST(in_an_iq)
{
    struct responder responder;
    size_t i;
    serve(&responder);
    for (i = 0; i < ENVELOPES; i++) {
        responder_say(&responder, "set", "v", envelopes[i]);
        assert_fault(&responder, "<iq type='error' ");
    }
    ASSERT_CONTAINS(responder_said(&responder), "not in &quot;&quot;&lt;&quot;");
    responder_say(&responder, "get", "v", envelopes[1]);
    ASSERT_CONTAINS(responder_said(&responder), "<service-unavailable");
    responder_say(&responder, "set", "v", "<e:Letter xmlns:e='urn:other'/>");
    ASSERT_CONTAINS(responder_said(&responder), "<service-unavailable");
    stop(&responder);
}

static char *make_packed(const char *envelope)
{
    struct sx_buffer out = {0};
    size_t len;
    sx_buffer_add_text(&out, "<packed xmlns='" SX_NS_PACKED "' form='stored'>");
    sx_base64_add(&out, envelope, strlen(envelope));
    sx_buffer_add_text(&out, "</packed>");
    CU_ASSERT_FALSE_FATAL(out.failed);
    return sx_buffer_take(&out, &len);
}

TEST(packed)
{
    struct responder responder;
    char *content;
    size_t i;
    serve(&responder);
    for (i = 0; i < ENVELOPES; i++) {
        content = make_packed(envelopes[i]);
        responder_say(&responder, "set", "v", content);
        assert_fault(&responder, "<iq type='error' ");
        free(content);
    }
    content = make_packed("<e:Letter xmlns:e='urn:other'/>");
    responder_say(&responder, "set", "v", content);
    ASSERT_CONTAINS(responder_said(&responder), "<bad-request");
    ASSERT_CONTAINS(responder_said(&responder), "is no SOAP 1.1 or 1.2 Envelope");
    free(content);
    stop(&responder);
}

static void say_message(struct responder *responder, const char *to, const char *attributes,
                        const char *content)
{
    char *text = NULL;
    int len = asprintf(&text, "<message from='" RESPONDER_PEER "' to='%s' id='m' %s>%s</message>",
                       to, attributes, content);
    CU_ASSERT_FATAL(len > 0);
    responder_hear(responder, text, (size_t)len);
    free(text);
}

#define OURS "calc@example.org/soap"

TEST(in_a_message)
{
    struct responder responder;
    char *content;
    size_t i;
    serve(&responder);
    for (i = 0; i < ENVELOPES; i++) {
        say_message(&responder, OURS, "", envelopes[i]);
        assert_fault(&responder, "<message type='error' ");
        content = make_packed(envelopes[i]);
        say_message(&responder, OURS, "type='chat'", content);
        assert_fault(&responder, "<message type='error' ");
        free(content);
    }
    say_message(&responder, OURS, "", "<thread>1</thread><Envelope xmlns='urn:other'/>");
    assert_fault(&responder, "<message type='error' ");
    stop(&responder);
}

/* Another resource may know what that is; noise, and errors, are never answered. */
TEST(in_a_message_that_may_be_noise)
{
    static const struct {
        const char *to, *attributes, *content;
    } rows[] = {
        {"calc@example.org", "", "<Envelope xmlns='urn:other'/>"},
        {OURS, "type='error'", "<Envelope xmlns='urn:other'/>"},
        {OURS, "type='groupchat'", "<Envelope xmlns='urn:other'/>"},
        {OURS, "type='headline'", "<Envelope xmlns='urn:other'/>"},
        {OURS, "", "<Letter xmlns='urn:other'/>"},
        {OURS, "", "<a xmlns='urn:a'><Envelope xmlns='urn:other'/></a>"},
    };
    struct responder responder;
    size_t i;
    serve(&responder);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        say_message(&responder, rows[i].to, rows[i].attributes, rows[i].content);
        ASSERT_TEXT(responder_said(&responder), "");
    }
    stop(&responder);
}

TEST(where_messages_are_not_taken)
{
    struct responder responder;
    responder_serve(&responder, "*");
    say_message(&responder, OURS, "", envelopes[1]);
    ASSERT_TEXT(responder_said(&responder), "");
    stop(&responder);
}

TEST(where_nobody_serves)
{
    struct responder responder;
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.messages = 1;
    responder_start(&responder, &config);
    responder_say(&responder, "set", "v", envelopes[1]);
    ASSERT_CONTAINS(responder_said(&responder), "<service-unavailable");
    say_message(&responder, OURS, "", envelopes[1]);
    ASSERT_TEXT(responder_said(&responder), "");
    responder_stop(&responder);
}

CU_TestInfo tests_mismatch[] = {
    {"an Envelope of no version of SOAP gets VersionMismatch in an iq", in_an_iq},
    {"and packed", packed},
    {"and in a message for this resource, where they are taken", in_a_message},
    {"but not in a message that may be noise", in_a_message_that_may_be_noise},
    {"nor in one where messages aren't taken", where_messages_are_not_taken},
    {"who serves nobody knows no version of SOAP", where_nobody_serves},
    CU_TEST_INFO_NULL,
};
