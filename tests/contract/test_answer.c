/* Answers as values, JSON, body, fault. */
#include "../lib/suite.h"
#include "plant.h"

#include <stdlib.h>
#include <string.h>

#include "contract/envelope.h"

#define ANSWER                                                                                     \
    "<p:startResponse xmlns:p='urn:plant' xmlns:t='urn:plant:types' "                              \
    "xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><p:ok>1</p:ok><p:started>5</p:started>"   \
    "<p:valve id='3'><name>a.b</name><width unit='m'>1.50</width></p:valve>"                       \
    "<p:shape i:type='t:Circle'><name>x</name><t:r>0.10</t:r></p:shape><p:load>+.5</p:load>"       \
    "</p:startResponse>"

static void a_leaf_is_a_line(void)
{
    ASSERT_TEXT(plant_values("start", ANSWER),
                "ok=1\nstarted=5\nvalve[1].@id=3\nvalve[1].name=a.b\n"
                "valve[1].width=1.50\nvalve[1].width.@unit=m\n"
                "shape<Circle>.name=x\nshape<Circle>.r=0.10\n"
                "load=+.5\n");
    ASSERT_TEXT(plant_values("Control.ping", "<pingResponse xmlns='urn:plant'>5</pingResponse>"),
                "pingResponse=5\n");
    ASSERT_TEXT(plant_values("nothing", ""), "");
    ASSERT_TEXT(plant_values("find", "<n:findResponse xmlns:n='urn:plant:archive'><count>7</count>"
                                     "</n:findResponse>"),
                "count=7\n");
    ASSERT_TEXT(plant_values("set", "<p:set xmlns:p='urn:plant'><key.name>a</key.name><level>1"
                                    "</level><level xmlns='urn:plant:types'>2</level></p:set>"),
                "key\\.name=a\nlevel=1\n{urn:plant:types}level=2\n");
}

static void the_contract_decides_what_json_is(void)
{
    ASSERT_TEXT(plant_json("start", ANSWER),
                "{\"ok\": true, \"started\": \"5\", \"valve\": [{\"@id\": 3, \"name\": \"a.b\", "
                "\"width\": {\"@unit\": \"m\", \"#text\": \"1.50\"}}], \"shape\": {\"@xsi:type\": "
                "\"Circle\", \"name\": \"x\", \"r\": 0.10}, \"load\": 0.5}");
    ASSERT_TEXT(plant_json("plan",
                           "<p:planResponse xmlns:p='urn:plant'><name/><child><name>5</name>"
                           "</child></p:planResponse>"),
                "{\"name\": \"\", \"child\": [{\"name\": \"5\"}]}");
    ASSERT_TEXT(plant_json("Control.ping", "<pingResponse xmlns='urn:plant'> 5\n</pingResponse>"),
                "{\"pingResponse\": 5}");
    ASSERT_TEXT(plant_json("start",
                           "<startResponse xmlns='urn:plant'><load>INF</load><load>1e5</load>"
                           "</startResponse>"),
                "{\"load\": [\"INF\", 1e5]}");
}

static void what_may_come_twice_is_an_array(void)
{
    ASSERT_TEXT(plant_json("start", "<twice xmlns='urn:plant'><a>1</a><width>2</width></twice>"),
                "{\"a\": [1], \"width\": {\"#text\": \"2\"}}");
}

static void without_a_contract_all_is_text(void)
{
    ASSERT_TEXT(plant_values(NULL, ANSWER),
                "ok=1\nstarted=5\nvalve.@id=3\nvalve.name=a.b\nvalve.width=1.50\n"
                "valve.width.@unit=m\nshape<Circle>.name=x\nshape<Circle>.r=0.10\nload=+.5\n");
    ASSERT_TEXT(plant_json(NULL, "<r><a>1</a><b><c/></b><a>2</a><d> x <e/></d></r>"),
                "{\"a\": [\"1\", \"2\"], \"b\": {\"c\": \"\"}, \"d\": {\"e\": \"\", \"#text\": "
                "\" x \"}}");
    ASSERT_TEXT(plant_json(NULL, "<r><a>1</a><a xmlns='urn:x'>2</a></r>"),
                "{\"a\": \"1\", \"{urn:x}a\": \"2\"}");
    ASSERT_TEXT(plant_json(NULL, "<r>x</r>"), "{\"r\": \"x\"}");
    ASSERT_TEXT(plant_json(NULL, "<r/>"), "{}");
    ASSERT_TEXT(plant_json(NULL, "<a>1</a><b>2</b>"), "{\"a\": \"1\", \"b\": \"2\"}");
    ASSERT_TEXT(plant_values(NULL, "<r><a>1</a><a>2</a><p><x>1</x></p><p><x>2</x></p></r>"),
                "a=1\na=2\np[1].x=1\np[2].x=2\n");
}

static void many_names_are_grouped_as_few(void)
{
    ASSERT_TEXT(plant_json(NULL,
                           "<r><a>1</a><b>1</b><c>1</c><d>1</d><e>1</e><f>1</f><g>1</g><h>1</h>"
                           "<i>1</i><j>1</j><a>2</a><j>2</j><j xmlns='urn:x'>3</j></r>"),
                "{\"a\": [\"1\", \"2\"], \"b\": \"1\", \"c\": \"1\", \"d\": \"1\", \"e\": \"1\", "
                "\"f\": \"1\", \"g\": \"1\", \"h\": \"1\", \"i\": \"1\", \"j\": [\"1\", \"2\"], "
                "\"{urn:x}j\": \"3\"}");
}

static void nil_is_null(void)
{
#define NIL "xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'"
    ASSERT_TEXT(plant_json(NULL, "<r><a " NIL "/></r>"), "{\"a\": null}");
    ASSERT_TEXT(plant_values(NULL, "<r><a " NIL "/></r>"), "a:=\n");
    ASSERT_TEXT(plant_json(NULL, "<r><a b='1' " NIL "/></r>"),
                "{\"a\": {\"@b\": \"1\", \"#text\": null}}");
}

static void an_answer_commands_no_terminal(void)
{
    ASSERT_TEXT(plant_values(NULL, "<r><a>1\n\xC2\x9B\x7F\\</a></r>"), "a=1\\n\\u009b\\x7f\\\\\n");
    ASSERT_TEXT(plant_json(NULL, "<r><a>1\n\xC2\x9B\x7F\\</a></r>"),
                "{\"a\": \"1\\n\\u009b\\u007f\\\\\"}");
    ASSERT_TEXT(plant_values(NULL, "<r><a xmlns:i='http://www.w3.org/2001/XMLSchema-instance' "
                                   "i:type='x&#xA;y'>1</a></r>"),
                "a<x>=1\n");
}

static struct ct_answer *read_envelope(const char *envelope)
{
    struct ct_answer *answer = NULL;
    struct ct_error error = {0};
    ct_answer_read(plant_contract(), NULL, envelope, strlen(envelope), &answer, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
    return answer;
}

static void expect_output(const struct ct_answer *answer, const char *values, const char *json)
{
    struct ct_text text = {0};
    struct ct_error error;
    CU_ASSERT_EQUAL(ct_answer_write_values(answer, &text, &error), CT_OK);
    ASSERT_TEXT(text.bytes, values);
    ct_text_clear(&text);
    CU_ASSERT_EQUAL(ct_answer_write_json(answer, 0, &text, &error), CT_OK);
    ASSERT_TEXT(text.bytes, json);
    ct_text_fini(&text);
}

static void a_fault_of_1_2_is_read(void)
{
    struct ct_answer *answer = read_envelope(
        "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope' xmlns:p='urn:plant'><e:Body>"
        "<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>p:Bad</e:Value><e:Subcode>"
        "<e:Value>p:Worse</e:Value></e:Subcode></e:Subcode></e:Code><e:Reason><e:Text "
        "xml:lang='de'>"
        "nein</e:Text><e:Text xml:lang='en-GB'> no </e:Text></e:Reason><e:Node>urn:n</e:Node>"
        "<e:Detail><p:trouble><p:level>3</p:level></p:trouble></e:Detail></e:Fault></e:Body>"
        "</e:Envelope>");
    const struct ct_fault *fault = ct_answer_fault(answer);
    CU_ASSERT_PTR_NOT_NULL_FATAL(fault);
    CU_ASSERT_EQUAL(fault->version, CT_SOAP_12);
    ASSERT_TEXT(fault->code, "Sender");
    ASSERT_TEXT(fault->subcode, "p:Bad/p:Worse");
    ASSERT_TEXT(fault->reason, "no");
    ASSERT_TEXT(fault->node, "urn:n");
    ASSERT_TEXT(fault->role, "");
    ASSERT_CONTAINS(fault->detail, "xmlns:p=\"urn:plant\"");
    ASSERT_CONTAINS(fault->detail, "<p:level>3</p:level></p:trouble>");
    expect_output(answer,
                  "code=Sender\nsubcode=p:Bad/p:Worse\nreason=no\nnode=urn:n\n"
                  "detail.trouble.level=3\n",
                  "{\"code\": \"Sender\", \"subcode\": \"p:Bad/p:Worse\", \"reason\": \"no\", "
                  "\"node\": \"urn:n\", \"detail\": {\"trouble\": {\"level\": 3}}}");
    ct_answer_free(answer);
}

static void a_fault_of_1_1_is_read(void)
{
    struct ct_answer *answer = read_envelope(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><e:Fault>"
        "<faultcode>e:Client.Auth</faultcode><faultstring>no</faultstring><faultactor>urn:a"
        "</faultactor><detail>why</detail></e:Fault></e:Body></e:Envelope>");
    const struct ct_fault *fault = ct_answer_fault(answer);
    CU_ASSERT_PTR_NOT_NULL_FATAL(fault);
    CU_ASSERT_EQUAL(ct_answer_version(answer), CT_SOAP_11);
    ASSERT_TEXT(fault->code, "Client");
    ASSERT_TEXT(fault->subcode, "Auth");
    ASSERT_TEXT(fault->node, "urn:a");
    expect_output(answer, "code=Client\nsubcode=Auth\nreason=no\nnode=urn:a\ndetail=why\n",
                  "{\"code\": \"Client\", \"subcode\": \"Auth\", \"reason\": \"no\", \"node\": "
                  "\"urn:a\", \"detail\": \"why\"}");
    ct_answer_free(answer);
}

static void the_body_stands_alone(void)
{
    struct ct_answer *answer = read_envelope(
        "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope' xmlns:p='urn:p'><e:Body>"
        "<a t='p:x'>\n<b> 1 </b></a></e:Body></e:Envelope>");
    struct ct_text text = {0};
    struct ct_error error;
    CU_ASSERT_EQUAL(ct_answer_write_body(answer, true, &text, &error), CT_OK);
    ASSERT_CONTAINS(text.bytes, "xmlns:p=\"urn:p\"");
    ASSERT_CONTAINS(text.bytes, ">\n  <b> 1 </b>\n</a>\n");
    ct_text_clear(&text);
    CU_ASSERT_EQUAL(ct_answer_write_body(answer, false, &text, &error), CT_OK);
    ASSERT_CONTAINS(text.bytes, ">\n<b> 1 </b></a>\n");
    ct_text_clear(&text);
    text.limit = 10;
    CU_ASSERT_EQUAL(ct_answer_write_body(answer, false, &text, &error), CT_ELIMIT);
    CU_ASSERT_EQUAL(text.len, 0);
    ct_text_fini(&text);
    ct_answer_free(answer);
}

static void expect_refusal(const char *envelope, const char *sentence)
{
    struct ct_answer *answer = NULL;
    struct ct_error error = {0};
    CU_ASSERT_EQUAL(ct_answer_read(NULL, NULL, envelope, strlen(envelope), &answer, &error),
                    CT_EANSWER);
    CU_ASSERT_PTR_NULL(answer);
    ASSERT_CONTAINS(error.text, sentence);
}

static void what_is_no_answer_is_refused(void)
{
    expect_refusal("", "the answer is empty");
    expect_refusal("<aa>", "the answer is no well-formed XML: line 1: ");
    expect_refusal("<a/>", "the answer is no SOAP envelope: its root is a");
    expect_refusal("<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'/>",
                   "the answer's envelope has no Body");
    expect_refusal("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
                   "the answer has a DOCTYPE, which is refused");
}

static void content_is_wrapped_as_it_is(void)
{
    struct ct_text text = {0};
    struct ct_error error = {0};
    enum ct_version version;
    CU_ASSERT_EQUAL(ct_envelope_wrap(CT_SOAP_11, "<h/>", "<?xml version='1.0'?><a> x</a><b/>", "f",
                                     &text, &error),
                    CT_OK);
    ASSERT_CONTAINS(text.bytes, "<SOAP-ENV:Header><h/></SOAP-ENV:Header><SOAP-ENV:Body><a> x</a>"
                                "<b/></SOAP-ENV:Body>");
    CU_ASSERT_EQUAL(ct_envelope_look(text.bytes, text.len, "f", &version, &error), CT_OK);
    CU_ASSERT_EQUAL(version, CT_SOAP_11);
    ct_text_clear(&text);
    CU_ASSERT_EQUAL(
        ct_envelope_wrap(CT_SOAP_12, NULL, "<a/></content><content>", "f.xml", &text, &error),
        CT_EUSAGE);
    ASSERT_CONTAINS(error.text, "f.xml is no well-formed XML");
    CU_ASSERT_EQUAL(text.len, 0);
    ct_text_fini(&text);
}

CU_TestInfo contract_tests_answer[] = {
    {"a leaf is a line", a_leaf_is_a_line},
    {"the contract decides what JSON is", the_contract_decides_what_json_is},
    {"what may come twice is an array", what_may_come_twice_is_an_array},
    {"without a contract all is text", without_a_contract_all_is_text},
    {"many names are grouped as few are", many_names_are_grouped_as_few},
    {"nil is null", nil_is_null},
    {"an answer commands no terminal", an_answer_commands_no_terminal},
    {"a fault of SOAP 1.2 is read", a_fault_of_1_2_is_read},
    {"a fault of SOAP 1.1 is read", a_fault_of_1_1_is_read},
    {"the body stands alone", the_body_stands_alone},
    {"what is no answer is refused", what_is_no_answer_is_refused},
    {"content is wrapped as it is", content_is_wrapped_as_it_is},
    CU_TEST_INFO_NULL,
};
