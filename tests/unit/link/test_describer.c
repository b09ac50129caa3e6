/* What a service says of itself, to whom, and what it is to those who aren't told. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/namespaces.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"
#include "responder.h"

#define MEX  "http://schemas.xmlsoap.org/ws/2004/09/mex"
#define GET  "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
#define WSDL "http://schemas.xmlsoap.org/wsdl/"
#define ENVELOPE(header, body)                                                                     \
    "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'>" header "<e:Body>" body "</e:Body></e:Envelope>"
#define GET_METADATA ENVELOPE("", "<m:GetMetadata xmlns:m='" MEX "'/>")
#define INFO         "<query xmlns='" SX_NS_DISCO_INFO "'/>"
#define ITEMS        "<query xmlns='" SX_NS_DISCO_ITEMS "'/>"
#define FORM         "<x xmlns='jabber:x:data' type='result'>"

/* What an older peer gets, byte for byte, as it did before there were descriptions. */
#define PLAIN_INFO                                                                                 \
    "<query xmlns='" SX_NS_DISCO_INFO "'><identity category='automation' type='soap' "             \
    "name='soapxmpp'/><feature var='" SX_NS_DISCO_INFO "'/><feature var='" SX_NS_SOAP "'/>"        \
    "<feature var='" SX_NS_DELIVERY "'/><feature var='" SX_NS_DELIVERY "#%s'/>"                    \
    "<feature var='" SX_NS_PACKED "'/><feature var='" SX_NS_PING "'/></query></iq>"

static const char wsdl[] =
    "<w:definitions xmlns:w='" WSDL "' xmlns:t='urn:c' targetNamespace='urn:c'>"
    "<w:message name='m'><w:part element='t:add'/></w:message>"
    "<w:portType name='p'><w:operation name='add'><w:input message='t:m'/></w:operation>"
    "</w:portType><w:service><w:port><s:address xmlns:s='" WSDL "soap/' location='x'/></w:port>"
    "</w:service></w:definitions>";

static void describe_with(struct responder *responder, struct soap_xmpp_description *description)
{
    char why[400] = "";
    CU_ASSERT_EQUAL(soap_xmpp_describe(responder->link, description, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
}

static void describe(struct responder *responder)
{
    struct soap_xmpp_description description;
    soap_xmpp_description_init(&description);
    description.name = "calc<";
    description.version = "1.2";
    description.wsdl = wsdl;
    description.wsdl_bytes = sizeof wsdl - 1;
    describe_with(responder, &description);
}

/* Until the describer's thread has answered. */
static const char *said_by_describer(const struct responder *responder)
{
    CU_ASSERT_TRUE(sx_queue_drained(sx_describer_queue(responder->link->describer),
                                    sx_clock_deadline(60000000)));
    return responder_said(responder);
}

static void ask(struct responder *responder, const char *envelope)
{
    responder_say(responder, "set", responder_tag(responder, "1"), envelope);
}

static void expect_plain_info(struct responder *responder)
{
    char incarnation[SX_INCARNATION_BYTES], info[1000];
    sx_journal_incarnation(responder->link->journal, sx_clock_now_us(), incarnation);
    snprintf(info, sizeof info, PLAIN_INFO, incarnation);
    responder_say(responder, "get", "1", INFO);
    ASSERT_CONTAINS(responder_said(responder), info);
}

TEST(without_a_description_all_is_as_before)
{
    struct responder responder;
    responder_serve(&responder, "alice@example.org");
    expect_plain_info(&responder);
    responder_say(&responder, "get", "1", ITEMS);
    ASSERT_CONTAINS(responder_said(&responder), ITEMS);
    ask(&responder, GET_METADATA);
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

TEST(whom_a_rule_names_is_told_what_the_service_is)
{
    struct responder responder;
    responder_serve(&responder, "alice@example.org:add");
    describe(&responder);
    responder_say(&responder, "get", "1", INFO);
    ASSERT_CONTAINS(responder_said(&responder),
                    "<feature var='" SX_NS_PING "'/>" FORM "<field var='FORM_TYPE' type='hidden'>"
                    "<value>" SOAP_XMPP_SERVICE_FORM "</value></field><field var='name'><value>"
                    "calc&lt;</value></field><field var='version'><value>1.2</value></field>"
                    "<field var='started'><value>2");
    ASSERT_CONTAINS(responder_said(&responder), "<field var='wsdl-sha256'><value>");
    ASSERT_CONTAINS(responder_said(&responder),
                    "<field var='operations'><value>{urn:c}add</value></field></x></query></iq>");
    ASSERT_LACKS(responder_said(&responder), "statistics");
    responder_stop(&responder);
}

TEST(whom_no_rule_names_is_told_nothing)
{
    struct responder responder;
    responder_serve(&responder, "bob@example.org");
    describe(&responder);
    expect_plain_info(&responder);
    ask(&responder, GET_METADATA);
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    ask(&responder,
        ENVELOPE("<e:Header><a:Action xmlns:a='http://www.w3.org/2005/08/addressing'>" GET
                 "</a:Action></e:Header>",
                 ""));
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

TEST(metadata_are_answered_before_the_program)
{
    struct soap_xmpp_counts counts;
    struct responder responder;
    char *packed = responder_pack(GET_METADATA);
    responder_serve(&responder, "alice@example.org:add");
    describe(&responder);
    ask(&responder, GET_METADATA);
    ASSERT_CONTAINS(said_by_describer(&responder), "<iq type='result' ");
    ASSERT_CONTAINS(said_by_describer(&responder), "<mex:MetadataSection Dialect='" WSDL "'");
    ASSERT_CONTAINS(said_by_describer(&responder), "location='xmpp:calc@example.org/soap'/>");
    responder_say(&responder, "set", responder_tag(&responder, "2"), packed);
    ASSERT_CONTAINS(said_by_describer(&responder), "<iq type='result' ");
    ASSERT_CONTAINS(said_by_describer(&responder), "<packed xmlns='" SX_NS_PACKED "'>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    soap_xmpp_count(responder.link, &counts); /* neither was taken by who serves */
    CU_ASSERT(counts.requests_taken == 0 && counts.requests_answered == 0);
    free(packed);
    responder_stop(&responder);
}

#define ACTION(uri) "<e:Header><a:Action xmlns:a='" uri "'> " GET " </a:Action></e:Header>"

TEST(a_get_is_known_by_its_action)
{
    static const char *const envelopes[] = {
        ENVELOPE(ACTION("http://www.w3.org/2005/08/addressing"), ""),
        ENVELOPE(ACTION("http://schemas.xmlsoap.org/ws/2004/08/addressing"), " "),
        ENVELOPE("<e:Header><soapAction xmlns='" SX_NS_ACTION "'>" GET "</soapAction></e:Header>",
                 ""),
    };
    struct responder responder;
    size_t i;
    responder_serve(&responder, "alice@example.org");
    describe(&responder);
    for (i = 0; i < sizeof envelopes / sizeof *envelopes; i++) {
        char id[20], *packed = responder_pack(envelopes[i]);
        snprintf(id, sizeof id, "a%zu", i);
        responder_say(&responder, "set", responder_tag(&responder, id), envelopes[i]);
        ASSERT_CONTAINS(said_by_describer(&responder), "<mex:MetadataSection");
        snprintf(id, sizeof id, "b%zu", i);
        responder_say(&responder, "set", responder_tag(&responder, id), packed);
        /* a soapAction goes along in the element's attribute, not in a packed header */
        if (i < 2)
            ASSERT_CONTAINS(said_by_describer(&responder), "<iq type='result' ");
        free(packed);
    }
    responder_stop(&responder);
}

TEST(other_requests_go_to_the_program)
{
    static const char *const envelopes[] = {
        ENVELOPE(ACTION("http://www.w3.org/2005/08/addressing"), "<c:add xmlns:c='urn:c'/>"),
        ENVELOPE(ACTION("urn:other"), ""),
        ENVELOPE("", ""),
        ENVELOPE("", "<m:GetMetadata xmlns:m='urn:other'/>"),
        ENVELOPE("", "<m:add xmlns:m='" MEX "'/>"),
    };
    struct responder responder;
    size_t i;
    responder_serve(&responder, "alice@example.org");
    describe(&responder);
    for (i = 0; i < sizeof envelopes / sizeof *envelopes; i++) {
        char id[20];
        snprintf(id, sizeof id, "a%zu", i);
        responder_say(&responder, "set", responder_tag(&responder, id), envelopes[i]);
        CU_ASSERT_EQUAL(responder_queued(&responder), i + 1);
    }
    responder_stop(&responder);
}

TEST(a_message_is_answered_by_one)
{
    static const char message[] = "<message id='m1" SX_REQUEST_ID_MARK "m' from='" RESPONDER_PEER
                                  "' to='calc@example.org/soap'>" GET_METADATA "</message>";
    struct soap_xmpp_config config;
    struct responder responder;
    responder_configure(&config);
    config.allow = "alice@example.org:add";
    config.messages = 1;
    responder_serve_with(&responder, &config);
    describe(&responder);
    /* its answer waits for a session */
    sx_session_set_state(responder.link->session, SOAP_XMPP_ONLINE, NULL);
    responder_hear(&responder, message, sizeof message - 1);
    ASSERT_CONTAINS(said_by_describer(&responder), "<message ");
    ASSERT_CONTAINS(said_by_describer(&responder), "<mex:MetadataSection");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

TEST(a_later_copy_gets_the_same_answer)
{
    struct responder responder;
    responder_serve(&responder, "alice@example.org");
    describe(&responder);
    ask(&responder, GET_METADATA);
    ASSERT_CONTAINS(said_by_describer(&responder), "<mex:MetadataSection");
    ask(&responder, GET_METADATA);
    ASSERT_CONTAINS(responder_said(&responder), "<mex:MetadataSection"); /* out of the journal */
    responder_stop(&responder);
}

TEST(while_nobody_serves_nothing_is_said)
{
    struct soap_xmpp_config config;
    struct responder responder;
    responder_configure(&config);
    config.allow = "*";
    responder_start(&responder, &config);
    describe(&responder);
    responder_say(&responder, "get", "1", INFO);
    ASSERT_LACKS(responder_said(&responder), FORM);
    ask(&responder, GET_METADATA);
    ASSERT_CONTAINS(responder_said(&responder), "<service-unavailable");
    responder_stop(&responder);
}

TEST(what_is_too_large_to_be_a_question_is_declined)
{
    struct responder responder;
    static char envelope[70000];
    char *packed;
    int len = snprintf(envelope, sizeof envelope, "%s", GET_METADATA);
    memset(envelope + len, ' ', sizeof envelope - (size_t)len - 1);
    packed = responder_pack(envelope);
    responder_serve(&responder, "*");
    describe(&responder);
    ask(&responder, packed);
    ASSERT_CONTAINS(said_by_describer(&responder), "<bad-request");
    ASSERT_CONTAINS(said_by_describer(&responder),
                    "<refused xmlns='" SX_NS_DELIVERY "' copies='all'/>");
    free(packed);
    responder_stop(&responder);
}

TEST(a_description_is_replaced)
{
    struct responder responder;
    struct soap_xmpp_description description;
    responder_serve(&responder, "*");
    describe(&responder);
    soap_xmpp_description_init(&description);
    description.name = "other";
    describe_with(&responder, &description);
    responder_say(&responder, "get", "1", INFO);
    ASSERT_CONTAINS(responder_said(&responder), "<value>other</value>");
    ASSERT_LACKS(responder_said(&responder), "operations");
    ASSERT_LACKS(responder_said(&responder), "wsdl-sha256");
    ask(&responder, GET_METADATA);
    ASSERT_CONTAINS(said_by_describer(&responder),
                    "<mex:Metadata xmlns:mex=\"" MEX "\"></mex:Meta");
    responder_stop(&responder);
}

TEST(what_cannot_be_said_changes_nothing)
{
    static char long_name[300];
    static const struct {
        struct soap_xmpp_description said;
        const char *why;
    } rows[] = {
        {{.name = long_name}, "longer than 256 bytes"},
        {{.wsdl = "<a/>", .wsdl_bytes = 4}, "neither a WSDL 1.1 document nor a schema"},
        {{.wsdl = "<a>", .wsdl_bytes = 3}, "the WSDL can't be given away: "},
        {{.wsdl = wsdl, .wsdl_file = "x"}, "both given"},
        {{.wsdl_file = "/nowhere/a.wsdl"}, "a.wsdl: No such file"},
        {{.wsdl_file = "/tmp"}, "Is a directory"},
        {{.wsdl_file = "/dev/null"}, "no regular file"},
    };
    struct responder responder;
    struct soap_xmpp_description description;
    char why[600];
    size_t i;
    memset(long_name, 'n', sizeof long_name - 1);
    responder_serve(&responder, "*");
    describe(&responder);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        description = rows[i].said;
        description.size = sizeof description;
        CU_ASSERT_EQUAL(soap_xmpp_describe(responder.link, &description, why, sizeof why), -1);
        ASSERT_CONTAINS(why, rows[i].why);
        CU_ASSERT_EQUAL(soap_xmpp_describe(responder.link, &description, NULL, 0), -1);
    }
    soap_xmpp_description_init(&description);
    description.size++;
    CU_ASSERT_EQUAL(soap_xmpp_describe(responder.link, &description, why, sizeof why), -1);
    ASSERT_CONTAINS(why, "soap_xmpp_description_init()");
    description.size = offsetof(struct soap_xmpp_description, wsdl) + 1; /* half of a member */
    CU_ASSERT_EQUAL(soap_xmpp_describe(responder.link, &description, why, sizeof why), -1);
    ASSERT_CONTAINS(why, "soap_xmpp_description_init()");
    CU_ASSERT_EQUAL(soap_xmpp_describe(responder.link, NULL, why, sizeof why), -1);
    CU_ASSERT_EQUAL(soap_xmpp_describe(NULL, &description, why, sizeof why), -1);
    ASSERT_TEXT(why, "there is no link");
    responder_say(&responder, "get", "1", INFO);
    ASSERT_CONTAINS(responder_said(&responder), "<value>calc&lt;</value>");
    responder_stop(&responder);
}

TEST(a_file_is_named_by_the_configuration)
{
    struct responder responder;
    struct soap_xmpp_config config;
    struct soap_xmpp_description description;
    char why[600] = "";
    responder_configure(&config);
    config.allow = "*";
    config.wsdl_file = "tests/wsdl/shop.wsdl";
    responder_serve_with(&responder, &config);
    responder_say(&responder, "get", "1", INFO);
    ASSERT_CONTAINS(responder_said(&responder), "<value>{urn:shop:orders}Order</value>");
    /* what the program says besides leaves the operator's WSDL alone */
    soap_xmpp_description_init(&description);
    description.name = "shop";
    describe_with(&responder, &description);
    responder_say(&responder, "get", "1", INFO);
    ASSERT_CONTAINS(responder_said(&responder), "<value>{urn:shop:orders}Order</value>");
    ASSERT_CONTAINS(responder_said(&responder), "<value>shop</value>");
    responder_stop(&responder);
    config.wsdl_file = "tests/wsdl/money.xsd";
    CU_ASSERT_PTR_NULL(sx_link_new(&config, why, sizeof why));
    ASSERT_TEXT(why, "wsdl_file (SOAP_XMPP_WSDL): the WSDL tests/wsdl/money.xsd can't be given "
                     "away: money.xsd: it is a schema, not a WSDL");
    config.wsdl_file = "";
    CU_ASSERT_PTR_NULL(sx_link_new(&config, why, sizeof why));
    ASSERT_CONTAINS(why, "wsdl_file (SOAP_XMPP_WSDL) is \"\"");
}

/* ---- statistics ---- */

static void answer(struct responder *responder, const char *operation, bool is_fault)
{
    struct sx_checker *checker = sx_checker_new(64);
    struct sx_request *request;
    char id[40], why[200];
    static unsigned number;
    snprintf(id, sizeof id, "s%u", ++number);
    responder_ask(responder, RESPONDER_PEER, id, operation);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(responder));
    if (is_fault)
        sx_answer_refuse(&responder->link->answers, request, "internal-server-error", NULL);
    else
        CU_ASSERT_EQUAL(sx_answer_send(&responder->link->answers, request, checker,
                                       ENVELOPE("", "<a/>"), sizeof ENVELOPE("", "<a/>") - 1, why,
                                       sizeof why),
                        SX_OK);
    sx_request_free(request);
    sx_checker_free(checker);
}

TEST(statistics_are_told_if_wanted)
{
    struct responder responder;
    struct soap_xmpp_description description;
    responder_serve(&responder, "*");
    soap_xmpp_description_init(&description);
    description.wsdl = wsdl;
    description.wsdl_bytes = sizeof wsdl - 1;
    description.has_statistics = 1;
    describe_with(&responder, &description);
    answer(&responder, "add", false);
    answer(&responder, "add", true);
    answer(&responder, "made-up", false);
    ask(&responder, GET_METADATA); /* the service hasn't run this one */
    ASSERT_CONTAINS(said_by_describer(&responder), "<mex:MetadataSection");
    responder_say(&responder, "get", "1", INFO);
    ASSERT_CONTAINS(responder_said(&responder), "<field var='statistics'><value>calls=1 faults=0 ");
    ASSERT_CONTAINS(responder_said(&responder), " *</value><value>calls=2 faults=1 sum-ms=");
    ASSERT_CONTAINS(responder_said(&responder), " {urn:c}add</value></field></x></query></iq>");
    responder_stop(&responder);
}

/* ---- sizes ---- */

static char *write_large_wsdl(size_t *len)
{
    struct sx_buffer many = {0};
    unsigned i;
    sx_buffer_add_text(&many, "<w:definitions xmlns:w='" WSDL "' targetNamespace='urn:c'>"
                              "<w:portType>");
    for (i = 0; i < 1000; i++)
        sx_buffer_add_format(&many,
                             "<w:operation name='operation%u'><w:input message='m'/>"
                             "</w:operation>",
                             i);
    sx_buffer_add_text(&many, "</w:portType></w:definitions>");
    CU_ASSERT_FALSE_FATAL(many.failed);
    return sx_buffer_take(&many, len);
}

static void expect_form_within(size_t max_outgoing_bytes, size_t most)
{
    struct responder responder;
    struct soap_xmpp_config config;
    struct soap_xmpp_description description;
    char *many;
    responder_configure(&config);
    config.allow = "*";
    config.max_outgoing_bytes = max_outgoing_bytes;
    responder_serve_with(&responder, &config);
    soap_xmpp_description_init(&description);
    description.wsdl = many = write_large_wsdl(&description.wsdl_bytes);
    describe_with(&responder, &description);
    responder_say(&responder, "get", "1", INFO);
    ASSERT_CONTAINS(responder_said(&responder), "operation50<");
    ASSERT_LACKS(responder_said(&responder), "operation900<");
    ASSERT_CONTAINS(responder_said(&responder), "</value></field></x></query></iq>");
    CU_ASSERT(responder.posted.len <= most);
    responder_stop(&responder);
    free(many);
}

TEST(a_form_fits_in_a_small_stanza)
{
    expect_form_within(0, SX_DESCRIPTION_INFO_BYTES + 200);
    expect_form_within(10000, 10000);
}

/* ---- a component's items ---- */

static void tell_devices(void *user, soap_xmpp_fact_fn *each, void *each_user)
{
    const unsigned *count = user;
    unsigned i;
    char jid[100];
    CU_ASSERT_EQUAL(each(each_user, "other", "cam@cams.example.org", ""), 0);
    for (i = 0; i < *count; i++) {
        snprintf(jid, sizeof jid, "cam%u@cams.example.org", i);
        if (each(each_user, "item", jid, i == 0 ? "Door & gate" : i == 1 ? "" : NULL))
            break;
    }
}

static void ask_items(struct responder *responder, const char *to, const char *from)
{
    char iq[400];
    snprintf(iq, sizeof iq, "<iq type='get' id='1' to='%s' from='%s'>" ITEMS "</iq>", to, from);
    responder_hear(responder, iq, strlen(iq));
}

TEST(a_component_tells_its_devices)
{
    struct responder responder;
    struct soap_xmpp_config config;
    struct soap_xmpp_description description;
    unsigned count = 2;
    responder_configure(&config);
    config.jid = "cams.example.org";
    config.allow = "alice@example.org";
    responder_serve_with(&responder, &config);
    soap_xmpp_description_init(&description);
    description.items = tell_devices;
    description.items_user = &count;
    describe_with(&responder, &description);
    ask_items(&responder, "cams.example.org", RESPONDER_PEER);
    ASSERT_CONTAINS(responder_said(&responder),
                    "<query xmlns='" SX_NS_DISCO_ITEMS "'><item jid='cam0@cams.example.org' "
                    "name='Door &amp; gate'/><item jid='cam1@cams.example.org'/></query>");
    ask_items(&responder, "cam1@cams.example.org", RESPONDER_PEER);
    ASSERT_CONTAINS(responder_said(&responder), ITEMS);
    ask_items(&responder, "cams.example.org", "mallory@example.org/x");
    ASSERT_CONTAINS(responder_said(&responder), ITEMS);
    count = 100000;
    ask_items(&responder, "cams.example.org", RESPONDER_PEER);
    ASSERT_CONTAINS(responder_said(&responder), "<item jid='cam999@cams.example.org'/></query>");
    ASSERT_CONTAINS(responder.lines[responder.line_count - 1], "was told a part of the items");
    responder_stop(&responder);
}

TEST(an_account_has_no_items)
{
    struct responder responder;
    struct soap_xmpp_description description;
    unsigned count = 2;
    responder_serve(&responder, "*");
    soap_xmpp_description_init(&description);
    description.items = tell_devices;
    description.items_user = &count;
    describe_with(&responder, &description);
    responder_say(&responder, "get", "1", ITEMS);
    ASSERT_CONTAINS(responder_said(&responder), ITEMS);
    responder_stop(&responder);
}

/* ---- short memory ---- */

static bool attempt_description(struct shortage shortage)
{
    struct soap_xmpp_description said;
    struct sx_description *description;
    char why[600] = "";
    bool has_failed;
    soap_xmpp_description_init(&said);
    said.name = "shop";
    said.wsdl_file = "tests/wsdl/shop.wsdl";
    shortage_begin(shortage);
    description = sx_description_new(&said, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(description == NULL, has_failed);
    if (!description)
        ASSERT_CONTAINS(why, "memory is short");
    sx_description_unref(description);
    return has_failed;
}

SHORTAGE_TEST(description, 50)

CU_TestInfo tests_describer[] = {
    {"without a description all is as before", without_a_description_all_is_as_before},
    {"whom a rule names is told what the service is",
     whom_a_rule_names_is_told_what_the_service_is},
    {"whom no rule names is told nothing", whom_no_rule_names_is_told_nothing},
    {"metadata are answered before the program", metadata_are_answered_before_the_program},
    {"a Get is known by its action", a_get_is_known_by_its_action},
    {"other requests go to the program", other_requests_go_to_the_program},
    {"a message is answered by one", a_message_is_answered_by_one},
    {"a later copy gets the same answer", a_later_copy_gets_the_same_answer},
    {"while nobody serves nothing is said", while_nobody_serves_nothing_is_said},
    {"what is too large to be a question is declined",
     what_is_too_large_to_be_a_question_is_declined},
    {"a description is replaced", a_description_is_replaced},
    {"what can't be said changes nothing", what_cannot_be_said_changes_nothing},
    {"a file is named by the configuration", a_file_is_named_by_the_configuration},
    {"statistics are told if wanted", statistics_are_told_if_wanted},
    {"a form fits in a small stanza", a_form_fits_in_a_small_stanza},
    {"a component tells its devices", a_component_tells_its_devices},
    {"an account has no items", an_account_has_no_items},
    {"short memory is told", test_description},
    CU_TEST_INFO_NULL,
};
