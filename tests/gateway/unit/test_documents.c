/* A WSDL with what it imports, and how it is given away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/documents.h"
#include "serve/metadata.h"
#include "serving.h"
#include "shortage.h"
#include "suite.h"

#define WSDL_NS "http://schemas.xmlsoap.org/wsdl/"
#define XSD_NS  "http://www.w3.org/2001/XMLSchema"
#define BASE    "http://cam1.lan/onvif/device_service?wsdl"

static struct gw_backend backend;

static const char wsdl[] =
    "<?xml version='1.0'?><w:definitions xmlns:w='" WSDL_NS "' xmlns:x='" XSD_NS
    "' targetNamespace='urn:t'><w:import namespace='urn:u' location='http://cam1.lan/two.wsdl'/>"
    "<w:types><x:schema><x:import namespace='urn:a' schemaLocation='?xsd=1'/><x:import "
    "namespace='urn:b' schemaLocation='http://b.test/b.xsd'/></x:schema></w:types><w:service "
    "name='s'><w:port name='p'><s:address xmlns:s='http://schemas.xmlsoap.org/wsdl/soap/' "
    "location='http://cam1.lan/onvif/device_service'/></w:port></w:service></w:definitions>";

static void locations_are_made_absolute(void)
{
    static const char *const rows[][2] = {
        {"?xsd=1", "http://cam1.lan/onvif/device_service?xsd=1"},
        {"a.xsd", "http://cam1.lan/onvif/a.xsd"},
        {"./a.xsd", "http://cam1.lan/onvif/a.xsd"},
        {"x/../../a.xsd?b=/../c", "http://cam1.lan/a.xsd?b=/../c"},
        {"../../../etc/passwd", "http://cam1.lan/etc/passwd"},
        {"/a.xsd#x", "http://cam1.lan/a.xsd"},
        {"http://cam1.lan/a.xsd", "http://cam1.lan/a.xsd"},
        {"http://192.168.1.10/a.xsd", "http://cam1.lan/a.xsd"},
        {"http://cam1.lan", "http://cam1.lan/"},
        {"..", "http://cam1.lan/"},
        {"http://b.test/a.xsd", NULL},
        {"http://cam1.lan.b.test/a.xsd", NULL},
        {"http://cam1.lan@b.test/a.xsd", NULL},
        {"//b.test/a.xsd", NULL},
        {"file:///etc/passwd", NULL},
        {"urn:a", NULL},
        {"#x", NULL},
        {"", NULL},
    };
    static char *aliases[] = {"192.168.1.10"};
    char out[200];
    serving_begin(&backend)->aliases = (struct gw_strings){aliases, 1};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool is_located = gw_documents_locate(&backend, BASE, rows[i][0], out, sizeof out);
        if (is_located != (rows[i][1] != NULL))
            printf("\n%s", rows[i][0]);
        CU_ASSERT_EQUAL(is_located, rows[i][1] != NULL);
        if (is_located)
            ASSERT_TEXT(out, rows[i][1]);
    }
    CU_ASSERT_FALSE(gw_documents_locate(&backend, BASE, "a.xsd", out, 20));
    serving_end();
}

static int put(struct gw_documents *documents, const char *text)
{
    char why[300] = "";
    int result = gw_documents_put(documents, &backend, text, strlen(text), NULL, why, sizeof why);
    CU_ASSERT_EQUAL(result != 0, *why != '\0');
    return result;
}

static struct gw_documents *read_all(void)
{
    struct gw_documents *documents = gw_documents_new(BASE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(documents);
    ASSERT_TEXT(gw_documents_next(documents), BASE);
    CU_ASSERT_EQUAL(put(documents, wsdl), 0);
    ASSERT_TEXT(gw_documents_next(documents), "http://cam1.lan/two.wsdl");
    CU_ASSERT_EQUAL(put(documents, "<html/>"), -1);
    ASSERT_TEXT(gw_documents_next(documents), "http://cam1.lan/onvif/device_service?xsd=1");
    CU_ASSERT_EQUAL(put(documents, "<x:schema xmlns:x='" XSD_NS "' targetNamespace='urn:a'>"
                                   "<x:include schemaLocation='?xsd=1'/></x:schema>"),
                    0);
    CU_ASSERT_PTR_NULL(gw_documents_next(documents));
    return documents;
}

static void each_location_is_wanted_once_and_has_a_name(void)
{
    struct gw_documents *documents;
    serving_begin(&backend);
    documents = read_all();
    CU_ASSERT_EQUAL(documents->count, 3);
    ASSERT_CONTAINS(documents->list[0].bytes, "location='xmpp:cam1@cams.test'");
    ASSERT_CONTAINS(documents->list[0].bytes, "schemaLocation='import-2.xml'");
    ASSERT_CONTAINS(documents->list[0].bytes, "schemaLocation='http://b.test/b.xsd'");
    ASSERT_CONTAINS(documents->list[2].bytes, "schemaLocation='import-2.xml'");
    CU_ASSERT_TRUE(documents->list[1].is_missing);
    CU_ASSERT_TRUE(documents->list[2].is_schema);
    gw_documents_free(documents);
    serving_end();
}

static void documents_and_bytes_are_bounded(void)
{
    struct gw_documents *documents;
    char *text = malloc(5000000);
    int used;
    serving_begin(&backend);
    documents = gw_documents_new(BASE);
    used = sprintf(text, "<w:definitions xmlns:w='" WSDL_NS "'>");
    for (int i = 0; i < 50; i++)
        used += sprintf(text + used, "<w:import location='%d.wsdl'/>", i);
    sprintf(text + used, "</w:definitions>");
    CU_ASSERT_EQUAL(put(documents, text), 0);
    CU_ASSERT_EQUAL(documents->count, CT_CONTRACT_DOCUMENTS);
    ASSERT_CONTAINS(documents->list[0].bytes, "location='31.wsdl'"); /* stays */
    memset(text, ' ', 4999999);
    text[4999999] = '\0';
    CU_ASSERT_EQUAL(put(documents, text), -1);
    gw_documents_free(documents);
    free(text);
    serving_end();
}

static char *ask(const char *action, const char *header, const char *body, bool is_get)
{
    char envelope[1000], why[200];
    struct gw_metadata_of of = {.version = 12,
                                .operation = is_get ? "" : "GetMetadata",
                                .namespace_ =
                                    is_get ? "" : "http://schemas.xmlsoap.org/ws/2004/09/mex",
                                .action = action,
                                .envelope = envelope};
    struct gw_documents *documents = read_all();
    struct gw_metadata_question question;
    char *answer;
    size_t bytes;
    of.bytes = (size_t)snprintf(
        envelope, sizeof envelope,
        "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope' "
        "xmlns:a='http://www.w3.org/2005/08/addressing' "
        "xmlns:m='http://schemas.xmlsoap.org/ws/2004/09/mex'><e:Header>%s</e:Header><e:Body>%s"
        "</e:Body></e:Envelope>",
        header, body);
    CU_ASSERT_TRUE(gw_metadata_is_asked(&of));
    CU_ASSERT_EQUAL_FATAL(gw_metadata_read(&question, &of, why, sizeof why), 0);
    answer = gw_metadata_write(&question, documents, &bytes);
    CU_ASSERT_EQUAL(strlen(answer), bytes);
    gw_documents_free(documents);
    return answer;
}

static void a_question_gets_the_documents_of_its_dialect(void)
{
    char *answer;
    serving_begin(&backend);
    answer = ask("", "", "<m:GetMetadata/>", false);
    ASSERT_CONTAINS(answer,
                    "Dialect=\"" WSDL_NS "\" Identifier=\"urn:t\" d:location=\"service.wsdl\"");
    ASSERT_CONTAINS(answer,
                    "Dialect=\"" XSD_NS "\" Identifier=\"urn:a\" d:location=\"import-2.xml\"");
    ASSERT_LACKS(answer, "Header");
    free(answer);
    answer =
        ask("", "", "<m:GetMetadata><m:Dialect> " XSD_NS "\n</m:Dialect></m:GetMetadata>", false);
    ASSERT_LACKS(answer, "service.wsdl");
    ASSERT_CONTAINS(answer, "import-2.xml");
    free(answer);
    answer =
        ask("", "", "<m:GetMetadata><m:Identifier>urn:t</m:Identifier></m:GetMetadata>", false);
    ASSERT_CONTAINS(answer, "service.wsdl");
    ASSERT_LACKS(answer, "<x:include");
    free(answer);
    serving_end();
}

static void a_get_with_addressing_is_related(void)
{
    char *answer;
    serving_begin(&backend);
    answer = ask("",
                 "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/Get</a:Action>"
                 "<a:MessageID>urn:&lt;1</a:MessageID>",
                 "", true);
    ASSERT_CONTAINS(answer, "transfer/GetResponse</a:Action>");
    ASSERT_CONTAINS(answer,
                    "<a:RelatesTo xmlns:a=\"http://www.w3.org/2005/08/addressing\">urn:&lt;1<");
    free(answer);
    answer = ask("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", "", "", true);
    ASSERT_LACKS(answer, "RelatesTo");
    free(answer);
    serving_end();
}

static void others_ask_for_nothing(void)
{
    static const struct gw_metadata_of others[] = {
        {11, "GetMetadata", "urn:other", "", "<x/>", 4},
        {11, "Get", "", "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", "<x/>", 4},
        {11, "", "", "", "<x/>", 4},
        {11, "", "", "", "<http://schemas.xmlsoap.org/ws/2004/09/transfer", 48},
        {11, "", "", "", "<a b='http://schemas.xmlsoap.org/ws/2004/09/transfer'/>", 55},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CU_ASSERT_FALSE(gw_metadata_is_asked(&others[i]));
}

static bool put_short(unsigned number, bool lasts)
{
    struct gw_documents *documents;
    char why[300];
    bool failed;
    shortage_begin(number, lasts);
    documents = gw_documents_new(BASE);
    if (documents)
        gw_documents_put(documents, &backend, wsdl, sizeof wsdl - 1, NULL, why, sizeof why);
    failed = shortage_end();
    gw_documents_free(documents);
    return failed;
}

static void without_memory_nothing_is_left(void)
{
    serving_begin(&backend);
    CU_ASSERT(shortage_sweep(put_short) > 0);
    serving_end();
}

CU_TestInfo gateway_tests_documents[] = {
    {"locations are made absolute", locations_are_made_absolute},
    {"each location is wanted once, and has a name", each_location_is_wanted_once_and_has_a_name},
    {"documents and bytes are bounded", documents_and_bytes_are_bounded},
    {"a question gets the documents of its dialect", a_question_gets_the_documents_of_its_dialect},
    {"a Get with addressing is related", a_get_with_addressing_is_related},
    {"others ask for nothing", others_ask_for_nothing},
    {"without memory nothing is left", without_memory_nothing_is_left},
    CU_TEST_INFO_NULL,
};
