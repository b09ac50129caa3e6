/* A request for metadata as it is read, and its answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soap/metadata.h"
#include "soap/scan.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#define GET   "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
#define WSA04 "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define WSA05 "http://www.w3.org/2005/08/addressing"
#define ENVELOPE(soap, header, body)                                                               \
    "<s:Envelope xmlns:s='" soap "'>" header "<s:Body>" body "</s:Body></s:Envelope>"
#define ASK(arguments) "<m:GetMetadata xmlns:m='" SX_NS_MEX "'>" arguments "</m:GetMetadata>"

/* As svcutil writes it. */
#define SVCUTIL                                                                                    \
    "<s:Envelope xmlns:a=\"" WSA05 "\" xmlns:s=\"" SX_NS_SOAP12 "\"><s:Header><a:Action "          \
    "s:mustUnderstand=\"1\">" GET "</a:Action><a:MessageID>urn:uuid:1</a:MessageID><a:ReplyTo>"    \
    "<a:Address>" WSA05 "/anonymous</a:Address></a:ReplyTo><a:To s:mustUnderstand=\"1\">"          \
    "xmpp:calc@example.org</a:To></s:Header><s:Body/></s:Envelope>"

#define WSDL                                                                                       \
    "<w:definitions xmlns:w='" SX_NS_WSDL "' targetNamespace='urn:t'><w:types><schema "            \
    "xmlns='" SX_NS_XSD "'><import schemaLocation='b.xsd'/></schema></w:types></w:definitions>"
#define SCHEMA "<schema xmlns='" SX_NS_XSD "' targetNamespace='urn:b'/>"

static enum sx_err read_file(void *user, const char *path, size_t max_bytes, char **bytes,
                             size_t *len, size_t *read_bytes, char *why, size_t why_bytes)
{
    (void)user, (void)max_bytes, (void)why, (void)why_bytes;
    *bytes = strdup(strcmp(path, "b.xsd") == 0 ? SCHEMA : WSDL);
    *len = *read_bytes = *bytes ? strlen(*bytes) : 0;
    return *bytes ? SX_OK : SX_ENOMEM;
}

/* What the service of the WSDL above answers, malloc'ed; NULL: nothing, the request is none. */
static char *answer(const char *envelope)
{
    const struct sx_wsdl_set_source source = {read_file, NULL};
    struct sx_metadata_question question;
    struct sx_wsdl_text texts[SX_WSDL_SET_DOCUMENTS];
    struct sx_wsdl_set set;
    struct sx_buffer out = {0};
    char why[400];
    size_t len, i;
    if (sx_metadata_read(&question, envelope, strlen(envelope)) != SX_OK)
        return NULL;
    CU_ASSERT_EQUAL_FATAL(sx_wsdl_set_load(&set, "a.wsdl", &source, why, sizeof why), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_wsdl_texts_make(texts, &set), SX_OK);
    sx_metadata_write(&out, &question, &set, texts, "xmpp:calc@example.org/soap");
    for (i = 0; i < set.count; i++)
        sx_wsdl_text_fini(&texts[i]);
    sx_wsdl_set_fini(&set);
    return sx_buffer_take(&out, &len);
}

static void expect(const char *envelope, const char *part)
{
    char *text = answer(envelope);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    ASSERT_CONTAINS(text, part);
    free(text);
}

static void expect_lack(const char *envelope, const char *part)
{
    char *text = answer(envelope);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    ASSERT_LACKS(text, part);
    free(text);
}

static void a_question_is_recognized(void)
{
    CU_ASSERT_TRUE(sx_metadata_is_asked(SX_NS_MEX, "GetMetadata", "", ""));
    CU_ASSERT_FALSE(sx_metadata_is_asked("urn:x", "GetMetadata", "", ""));
    CU_ASSERT_FALSE(sx_metadata_is_asked(SX_NS_MEX, "Get", "", ""));
    CU_ASSERT_TRUE(sx_metadata_is_asked("", "", GET, ""));
    CU_ASSERT_TRUE(sx_metadata_is_asked("", "", "", GET));
    CU_ASSERT_FALSE(sx_metadata_is_asked("", "", "", ""));
    CU_ASSERT_FALSE(sx_metadata_is_asked("urn:c", "add", GET, GET));
}

static void the_wsdl_has_its_schemas_inside(void)
{
    static const char whole[] =
        "<s:Envelope xmlns:s=\"" SX_NS_SOAP12 "\"><s:Body><mex:Metadata xmlns:mex=\"" SX_NS_MEX
        "\"><mex:MetadataSection Dialect='" SX_NS_WSDL "' Identifier='urn:t' d:location='a.wsdl' "
        "xmlns:d=\"urn:soap-xmpp:service:1\"><w:definitions xmlns:w='" SX_NS_WSDL
        "' targetNamespace='urn:t'><w:types><schema xmlns='" SX_NS_XSD "'><import/></schema>" SCHEMA
        "</w:types></w:definitions></mex:MetadataSection>"
        "</mex:Metadata></s:Body></s:Envelope>";
    char *text = answer(ENVELOPE(SX_NS_SOAP12, "", ASK("")));
    ASSERT_TEXT(text, whole);
    free(text);
}

static void a_dialect_is_what_is_wanted(void)
{
    static const char wsdl[] = ENVELOPE(
        SX_NS_SOAP11, "", ASK("<m:Dialect> http://schemas.xmlsoap.org/wsdl/\n</m:Dialect>"));
    static const char xsd[] =
        ENVELOPE(SX_NS_SOAP11, "", ASK("<m:Dialect>" SX_NS_XSD "</m:Dialect>"));
    static const char other[] = ENVELOPE(SX_NS_SOAP11, "", ASK("<m:Dialect>urn:x</m:Dialect>"));
    expect(wsdl, "Identifier='urn:t'");
    expect(wsdl, "<s:Envelope xmlns:s=\"" SX_NS_SOAP11 "\">");
    expect_lack(wsdl, "Identifier='urn:b'");
    expect(xsd, "Identifier='urn:b' d:location='b.xsd'");
    expect(xsd, SCHEMA "</mex:MetadataSection>");
    expect_lack(xsd, "Identifier='urn:t'");
    expect(other, "<mex:Metadata xmlns:mex=\"" SX_NS_MEX "\"></mex:Metadata>");
}

static void an_identifier_is_one_document(void)
{
    expect(ENVELOPE(SX_NS_SOAP12, "", ASK("<m:Identifier>urn:t</m:Identifier>")), "definitions");
    expect_lack(ENVELOPE(SX_NS_SOAP12, "", ASK("<m:Identifier>urn:u</m:Identifier>")),
                "definitions");
}

static void a_get_of_ws_transfer_is_answered(void)
{
    expect(SVCUTIL, "<s:Header><a:Action xmlns:a=\"" WSA05 "\">" GET "Response</a:Action>"
                    "<a:RelatesTo xmlns:a=\"" WSA05 "\">urn:uuid:1</a:RelatesTo>"
                    "<a:To xmlns:a=\"" WSA05 "\">" WSA05 "/anonymous</a:To></s:Header>");
    expect(SVCUTIL, "<s:Body><mex:Metadata");
    expect(ENVELOPE(SX_NS_SOAP11, "<s:Header/>", ""), "<s:Body><mex:Metadata");
}

static void ws_addressing_is_answered_in_its_version(void)
{
    expect(ENVELOPE(SX_NS_SOAP12,
                    "<s:Header><a:MessageID xmlns:a='" WSA04 "'>a&amp;b</a:MessageID></s:Header>",
                    ASK("")),
           "<a:Action xmlns:a=\"" WSA04 "\">" SX_NS_MEX "/GetMetadata/Response</a:Action>"
           "<a:RelatesTo xmlns:a=\"" WSA04 "\">a&amp;b</a:RelatesTo>"
           "<a:To xmlns:a=\"" WSA04 "\">" WSA04 "/role/anonymous</a:To>");
    expect_lack(ENVELOPE(SX_NS_SOAP12, "", ASK("")), "Header");
}

static void a_header_that_must_be_understood_is_a_fault(void)
{
#define SECURITY(attributes) "<s:Header><x:Security xmlns:x='urn:x' " attributes "/></s:Header>"
    expect(ENVELOPE(SX_NS_SOAP12, SECURITY("s:mustUnderstand='true'"), ASK("")),
           "<s:Value>s:MustUnderstand</s:Value></s:Code><s:Reason><s:Text xml:lang=\"en\">the "
           "header block &lt;Security&gt; isn&apos;t understood</s:Text>");
    expect(ENVELOPE(SX_NS_SOAP11, SECURITY("s:mustUnderstand='1'"), ASK("")),
           "<s:Fault><faultcode>s:MustUnderstand</faultcode><faultstring>");
    expect_lack(ENVELOPE(SX_NS_SOAP11, SECURITY("s:mustUnderstand='0'"), ASK("")), "Fault");
    expect_lack(ENVELOPE(SX_NS_SOAP11, SECURITY("s:mustUnderstand='1' s:actor='urn:a'"), ASK("")),
                "Fault");
    expect_lack(ENVELOPE(SX_NS_SOAP12, SECURITY("mustUnderstand='1'"), ASK("")), "Fault");
}

static void a_get_with_a_body_is_a_fault(void)
{
    expect(ENVELOPE(SX_NS_SOAP12, "", "<x:a xmlns:x='urn:x'/>"), "<s:Value>s:Sender</s:Value>");
    expect(ENVELOPE(SX_NS_SOAP11, "", "<x:a xmlns:x='urn:x'/>"), "<faultcode>s:Client</faultcode>");
}

static void what_is_too_long_is_none(void)
{
    static const char head[] = "<s:Header><a:MessageID xmlns:a='" WSA05 "'>";
    static char envelope[4000];
    char id[SX_METADATA_TEXT_BYTES + 1];
    memset(id, 'i', sizeof id);
    snprintf(envelope, sizeof envelope,
             ENVELOPE(SX_NS_SOAP12, "%s%.*s</a:MessageID></s:Header>", ASK("")), head,
             SX_METADATA_TEXT_BYTES, id);
    expect_lack(envelope, "RelatesTo");
    snprintf(envelope, sizeof envelope,
             ENVELOPE(SX_NS_SOAP12, "%s%.*s</a:MessageID></s:Header>", ASK("")), head,
             SX_METADATA_TEXT_BYTES - 1, id);
    expect(envelope, "RelatesTo");
}

static const char commented[] = "<s:Envelope xmlns:s='" SX_NS_SOAP12 "'><!-- --></s:Envelope>";

static void what_is_no_envelope_is_refused(void)
{
    static const char *const rows[] = {"", "<a/>", "<a", "<x:a/>", commented, "<!DOCTYPE a><a/>"};
    struct sx_metadata_question question;
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(sx_metadata_read(&question, rows[i], strlen(rows[i])), SX_EMALFORMED);
    CU_ASSERT_EQUAL(sx_metadata_read(&question, SVCUTIL "\0", sizeof SVCUTIL), SX_EMALFORMED);
}

static bool attempt_question(struct shortage shortage)
{
    struct sx_metadata_question question;
    enum sx_err err;
    bool has_failed;
    shortage_begin(shortage);
    err = sx_metadata_read(&question, SVCUTIL, sizeof SVCUTIL - 1);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    return has_failed;
}

SHORTAGE_TEST(question, 5)

CU_TestInfo tests_metadata[] = {
    {"a question is recognized", a_question_is_recognized},
    {"the WSDL has its schemas inside", the_wsdl_has_its_schemas_inside},
    {"a dialect is what is wanted", a_dialect_is_what_is_wanted},
    {"an identifier is one document", an_identifier_is_one_document},
    {"a Get of WS-Transfer is answered", a_get_of_ws_transfer_is_answered},
    {"WS-Addressing is answered in its version", ws_addressing_is_answered_in_its_version},
    {"a header that must be understood is a fault", a_header_that_must_be_understood_is_a_fault},
    {"a Get with a body is a fault", a_get_with_a_body_is_a_fault},
    {"what is too long is none", what_is_too_long_is_none},
    {"what is no envelope is refused", what_is_no_envelope_is_refused},
    {"short memory is told", test_question},
    CU_TEST_INFO_NULL,
};
