/* Tests of gateway/soap/glance.c: what is seen of an envelope. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/suite.h"
#include "soap/glance.h"

#define OPEN_11 "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'>"
#define OPEN_12 "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'>"
#define CLOSE   "</s:Envelope>"
#define WSA     "xmlns:a='http://www.w3.org/2005/08/addressing'"

static struct gw_glance glance;
static char why[256];

static int look(const char *envelope)
{
    why[0] = '\0';
    return gw_glance_read(&glance, envelope, strlen(envelope), why, sizeof why);
}

static void test_version_and_operation(void)
{
    CU_ASSERT_EQUAL(look(OPEN_11 "<s:Body><c:add xmlns:c='urn:calc'><c:a>1</c:a></c:add>"
                                 "<c:other xmlns:c='urn:o'/></s:Body>" CLOSE),
                    0);
    CU_ASSERT_EQUAL(glance.version, 11);
    ASSERT_TEXT(glance.operation, "add");
    ASSERT_TEXT(glance.namespace_, "urn:calc");
    CU_ASSERT_EQUAL(glance.fault, GW_FAULT_NONE);
    CU_ASSERT_EQUAL(look(OPEN_12 "<s:Body/>" CLOSE), 0);
    CU_ASSERT_EQUAL(glance.version, 12);
    ASSERT_TEXT(glance.operation, "");
    CU_ASSERT_EQUAL(look(OPEN_12 "<s:Body><go/></s:Body>" CLOSE), 0);
    ASSERT_TEXT(glance.operation, "go");
    ASSERT_TEXT(glance.namespace_, "");
}

static void test_addressing(void)
{
    CU_ASSERT_EQUAL(look(OPEN_12 "<s:Header><a:MessageID " WSA "> urn:uuid:1\n</a:MessageID>"
                                 "<a:Action " WSA ">urn:&lt;go</a:Action>"
                                 "<x><a:MessageID " WSA ">deep</a:MessageID></x></s:Header>"
                                 "<s:Body><a:MessageID " WSA ">no</a:MessageID></s:Body>" CLOSE),
                    0);
    ASSERT_TEXT(glance.message_id, "urn:uuid:1");
    CU_ASSERT_FALSE(glance.has_long_id);
    ASSERT_TEXT(glance.action, "urn:<go");
    CU_ASSERT_EQUAL(look(OPEN_11 "<s:Header><MessageID xmlns='http://schemas.xmlsoap.org/ws/2004/"
                                 "08/addressing'>2</MessageID></s:Header><s:Body/>" CLOSE),
                    0);
    ASSERT_TEXT(glance.message_id, "2");
    CU_ASSERT_FALSE(glance.is_signed);
}

static void test_a_text_that_is_too_long_is_none(void)
{
    char *envelope;
    CU_ASSERT_FATAL(asprintf(&envelope,
                             OPEN_12 "<s:Header><a:MessageID " WSA ">%0300d</a:MessageID>"
                                     "</s:Header><s:Body><o%0300d xmlns='%0300d'/></s:Body>" CLOSE,
                             1, 2, 3) > 0);
    CU_ASSERT_EQUAL(look(envelope), 0);
    ASSERT_TEXT(glance.message_id, "");
    CU_ASSERT_TRUE(glance.has_long_id);
    CU_ASSERT_EQUAL(strlen(glance.operation), sizeof glance.operation - 1);
    ASSERT_TEXT(glance.namespace_, "");
    free(envelope);
}

static void test_faults_say_whom_they_blame(void)
{
    static const struct {
        const char *envelope;
        enum gw_fault_code code;
    } rows[] = {
        {OPEN_11 "<s:Body><s:Fault><faultcode>s:Client</faultcode></s:Fault></s:Body>" CLOSE,
         GW_FAULT_SENDER},
        {OPEN_11 "<s:Body><s:Fault><faultcode>Client.Auth</faultcode></s:Fault></s:Body>" CLOSE,
         GW_FAULT_SENDER},
        {OPEN_11 "<s:Body><s:Fault><faultcode> s:Server </faultcode></s:Fault></s:Body>" CLOSE,
         GW_FAULT_RECEIVER},
        {OPEN_11
         "<s:Body><s:Fault><faultcode>s:MustUnderstand</faultcode></s:Fault></s:Body>" CLOSE,
         GW_FAULT_MUST_UNDERSTAND},
        {OPEN_12
         "<s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>x:Receiver"
         "</s:Value></s:Subcode></s:Code></s:Fault></s:Body>" CLOSE,
         GW_FAULT_SENDER},
        {OPEN_12
         "<s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code></s:Fault></s:Body>" CLOSE,
         GW_FAULT_RECEIVER},
        {OPEN_12 "<s:Body><s:Fault/></s:Body>" CLOSE, GW_FAULT_OTHER},
        {OPEN_12 "<s:Body><Fault/></s:Body>" CLOSE, GW_FAULT_NONE},
        {OPEN_12 "<s:Body><a/><s:Fault/></s:Body>" CLOSE, GW_FAULT_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(look(rows[i].envelope), 0);
        CU_ASSERT_EQUAL(glance.fault, rows[i].code);
    }
}

static void test_a_cargo_is_seen_in_the_header(void)
{
#define CARGO "<c:cargo xmlns:c='urn:soap-xmpp:gatewa&#121;:1'/>"
    CU_ASSERT_EQUAL(look(OPEN_11 "<s:Header>" CARGO "</s:Header><s:Body/>" CLOSE), 0);
    CU_ASSERT_TRUE(glance.has_cargo);
    CU_ASSERT_EQUAL(
        look(OPEN_12 "<s:Header><x>" CARGO "</x></s:Header><s:Body>" CARGO "</s:Body>" CLOSE), 0);
    CU_ASSERT_FALSE(glance.has_cargo);
}

static void test_a_signature_is_seen_wherever_it_is(void)
{
    CU_ASSERT_EQUAL(look(OPEN_11 "<s:Header><w><Signature xmlns='http://www.w3.org/2000/09/"
                                 "xmldsig#'/></w></s:Header><s:Body/>" CLOSE),
                    0);
    CU_ASSERT_TRUE(glance.is_signed);
}

static void test_what_is_no_envelope_is_told(void)
{
    static const struct {
        const char *envelope, *told;
    } rows[] = {
        {"", "it is no XML"},
        {"hello", "it is no XML"},
        {"<html/>", "no envelope of SOAP 1.1 or 1.2"},
        {"<Envelope xmlns='urn:other'><Body/></Envelope>", "no envelope of SOAP 1.1 or 1.2"},
        {OPEN_11 "<s:Header/>" CLOSE, "has no Body"},
        {OPEN_11 "<s:Body>", "it is no XML: "},
        {OPEN_11 "<Body/>" CLOSE, "has no Body"},
        {"<!DOCTYPE a [<!ENTITY b 'c'>]>" OPEN_11 "<s:Body>&b;</s:Body>" CLOSE, "DOCTYPE"},
        {OPEN_11 "<s:Body>&b;</s:Body>" CLOSE, "it is no XML"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(look(rows[i].envelope), -1);
        ASSERT_CONTAINS(why, rows[i].told);
    }
}

static void test_depth_is_bounded(void)
{
    enum { DEEP = 300 };
    char envelope[DEEP * 8 + 512] = OPEN_11 "<s:Body>";
    for (int i = 0; i < DEEP; i++)
        strcat(envelope, "<a>");
    for (int i = 0; i < DEEP; i++)
        strcat(envelope, "</a>");
    strcat(envelope, "</s:Body>" CLOSE);
    CU_ASSERT_EQUAL(look(envelope), -1);
    ASSERT_CONTAINS(why, "more than 256 elements");
}

CU_TestInfo gateway_tests_glance[] = {
    {"version and operation", test_version_and_operation},
    {"addressing", test_addressing},
    {"a text that is too long is none", test_a_text_that_is_too_long_is_none},
    {"faults say whom they blame", test_faults_say_whom_they_blame},
    {"a cargo is seen in the header", test_a_cargo_is_seen_in_the_header},
    {"a signature is seen wherever it is", test_a_signature_is_seen_wherever_it_is},
    {"what is no envelope is told", test_what_is_no_envelope_is_told},
    {"depth is bounded", test_depth_is_bounded},
    CU_TEST_INFO_NULL,
};
