/* Requests of a caller that may run one operation: gSOAP runs that one or nothing. */
#include "ground.h"

#include <string.h>

#define TO       "calc@example.org/soap"
#define SOAP11   "http://schemas.xmlsoap.org/soap/envelope/"
#define CALC_URI "urn:soapxmpp:test:calc"
#define ROOT     "<e:Envelope xmlns:e='" SOAP11 "' xmlns:p='" SOAP11 "' xmlns:c='" CALC_URI "'>"
#define ADD      "<c:add><a>40</a><b>2</b></c:add>"
#define DIV      "<c:div><a>40</a><b>2</b></c:div>"
#define END      "</e:Envelope>"

static void ask(enum sx_grant grant, const char *envelope, struct sx_reply *reply)
{
    loopback_grant(ground.near, grant);
    loopback_request_bytes(ground.near, TO, envelope, reply);
    loopback_grant(ground.near, SX_GRANT_EVERYTHING);
}

static void assert_runs(const char *envelope, const char *response)
{
    struct sx_reply reply;
    ask(SX_GRANT_LOCAL, envelope, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_OK);
    CU_ASSERT_FALSE(reply.envelope.is_fault);
    ASSERT_CONTAINS(reply.envelope.bytes ? reply.envelope.bytes : "", response);
    sx_reply_fini(&reply);
}

static void assert_refused(const char *envelope)
{
    struct sx_reply reply;
    ask(SX_GRANT_LOCAL, envelope, &reply);
    CU_ASSERT_TRUE(reply.err != SX_OK || reply.envelope.is_fault);
    if (reply.envelope.bytes)
        ASSERT_LACKS(reply.envelope.bytes, "Response");
    sx_reply_fini(&reply);
}

static void what_is_allowed_runs(void)
{
    assert_runs(ROOT "<e:Body>" ADD "</e:Body>" END, "addResponse");
    assert_runs(ROOT "\r\n<e:Header>\n<u xmlns='urn:u' a='b'><v/>x</u> </e:Header>\n<e:Body>\n" DIV
                     "\n</e:Body>\n" END,
                "divResponse");
    assert_runs("<Envelope xmlns='" SOAP11 "'><Header/><Body a=\"'>'\"><add xmlns='" CALC_URI
                "'/></Body></Envelope>",
                "addResponse");
}

/* gSOAP would end the Header at the second "/>", and run what it finds inside. */
static void a_header_that_ends_early(void)
{
    static const char attack[] =
        ROOT "<e:Header><u xmlns='urn:u' xmlns:p='urn:x'><w><y>/>/></y></w><p:Body>" ADD
             "</p:Body></u></e:Header><e:Body>" DIV "</e:Body>" END;
    struct sx_reply reply;
    ask(SX_GRANT_LOCAL, attack, &reply);
    ASSERT_CONTAINS(reply.envelope.bytes ? reply.envelope.bytes : "",
                    "the request's envelope is bad: gSOAP finds another operation in it than the "
                    "one that the caller may run");
    sx_reply_fini(&reply);
    assert_refused(attack);
    assert_refused(ROOT
                   "<e:Header><u xmlns='urn:u' xmlns:p='urn:x'><w><y a='/>/>'>x</y></w><p:Body>" ADD
                   "</p:Body></u></e:Header><e:Body>" DIV "</e:Body>" END);
    assert_refused(ROOT "<e:Header><u xmlns='urn:u' xmlns:p='urn:x'><w><y><![CDATA[/>/>]]></y></w>"
                        "<p:Body>" ADD "</p:Body></u></e:Header><e:Body>" DIV "</e:Body>" END);
}

static void another_namespace(void)
{
    assert_refused(ROOT "<e:Body><add xmlns='urn:other'><a>1</a></add></e:Body>" END);
    assert_refused(ROOT "<e:Body><add><a>1</a></add></e:Body>" END);
    assert_refused(ROOT "<e:Body><c:add xmlns:c='" CALC_URI " '/></e:Body>" END);
}

static void text_before_the_operation(void)
{
    assert_refused(ROOT "<e:Body>x" ADD "</e:Body>" END);
    assert_refused(ROOT "<e:Body><![CDATA[]]>" ADD "</e:Body>" END);
    assert_refused(ROOT "<e:Body/><e:Body>" ADD "</e:Body>" END);
    assert_refused(ROOT "<e:Body></e:Body>" END);
}

/* The operation sees it, gSOAP's choice doesn't. */
static void the_action_comes_later(void)
{
    loopback_set_action(ground.near, "urn:soapxmpp:test:calc#div");
    assert_runs(ROOT "<e:Body><c:say><text>action</text><count>1</count></c:say></e:Body>" END,
                "urn:soapxmpp:test:calc#div");
    loopback_set_action(ground.near, "");
}

/* For who may call everything gSOAP reads as ever, and so may the program. */
static void everything_is_left_alone(void)
{
    struct sx_reply reply;
    ask(SX_GRANT_EVERYTHING, ROOT "<e:Header><u>/></u></e:Header><e:Body>" ADD "</e:Body>" END,
        &reply);
    CU_ASSERT_EQUAL(reply.err, SX_OK);
    sx_reply_fini(&reply);
    ask(SX_GRANT_NONE, ROOT "<e:Body><c:nope/></e:Body>" END, &reply);
    CU_ASSERT_TRUE(reply.err != SX_OK || reply.envelope.is_fault);
    sx_reply_fini(&reply);
    ASSERT_ADD(ground.client, CALC, 1, 2);
}

CU_TestInfo tests_gate[] = {
    {"what is allowed runs, whatever its envelope looks like", what_is_allowed_runs},
    {"a Header that gSOAP ends early runs nothing", a_header_that_ends_early},
    {"an element of another namespace runs nothing", another_namespace},
    {"text before the operation, or no operation, runs nothing", text_before_the_operation},
    {"the operation sees the action, after gSOAP has chosen it", the_action_comes_later},
    {"who may call everything isn't looked at", everything_is_left_alone},
    CU_TEST_INFO_NULL,
};
