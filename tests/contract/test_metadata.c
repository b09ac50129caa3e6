/* What a service says of itself. */
#include "../lib/suite.h"

#include <string.h>

#include "contract/metadata.h"

#define ENVELOPE(inside)                                                                           \
    "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope' xmlns:t='urn:t' "               \
    "xmlns:m='http://schemas.xmlsoap.org/ws/2004/09/mex'><e:Body>" inside "</e:Body></e:Envelope>"
#define WSDL "http://schemas.xmlsoap.org/wsdl/"

static void sections_are_documents_that_stand_alone(void)
{
    static const char answer[] = ENVELOPE(
        "<m:Metadata><m:MetadataSection Dialect='" WSDL "' Identifier='urn:t'><w:definitions "
        "xmlns:w='" WSDL "' targetNamespace='urn:t'><w:binding type='t:x'/></w:definitions>"
        "</m:MetadataSection><m:MetadataSection Dialect='http://www.w3.org/2001/XMLSchema'>"
        "<m:Location>http://h/a.xsd</m:Location></m:MetadataSection></m:Metadata>");
    struct ct_metadata metadata;
    struct ct_error error;
    CU_ASSERT_EQUAL_FATAL(ct_metadata_read(answer, sizeof answer - 1, &metadata, &error), CT_OK);
    CU_ASSERT_EQUAL_FATAL(metadata.count, 2);
    ASSERT_TEXT(metadata.sections[0].dialect, WSDL);
    ASSERT_TEXT(metadata.sections[0].identifier, "urn:t");
    ASSERT_CONTAINS(metadata.sections[0].bytes, "xmlns:t=\"urn:t\"");
    CU_ASSERT_EQUAL(metadata.sections[0].len, strlen(metadata.sections[0].bytes));
    CU_ASSERT_PTR_NULL(metadata.sections[1].bytes);
    ASSERT_TEXT(metadata.sections[1].location, "http://h/a.xsd");
    ct_metadata_fini(&metadata);
}

static void a_document_has_the_name_that_others_import_it_by(void)
{
    static const char answer[] = ENVELOPE(
        "<m:Metadata xmlns:d='urn:soap-xmpp:service:1'><m:MetadataSection d:location='a/b.wsdl'>"
        "<w:definitions xmlns:w='" WSDL "'/></m:MetadataSection><m:MetadataSection location='c'>"
        "<w:definitions xmlns:w='" WSDL "'/></m:MetadataSection></m:Metadata>");
    struct ct_metadata metadata;
    struct ct_error error;
    CU_ASSERT_EQUAL_FATAL(ct_metadata_read(answer, sizeof answer - 1, &metadata, &error), CT_OK);
    CU_ASSERT_EQUAL_FATAL(metadata.count, 2);
    ASSERT_TEXT(metadata.sections[0].location, "a/b.wsdl");
    ASSERT_TEXT(metadata.sections[1].location, "");
    ct_metadata_fini(&metadata);
}

static void a_wsdl_alone_is_a_section(void)
{
    static const char answer[] =
        ENVELOPE("<w:definitions xmlns:w='" WSDL "' targetNamespace='urn:t'/>");
    struct ct_metadata metadata;
    struct ct_error error;
    CU_ASSERT_EQUAL_FATAL(ct_metadata_read(answer, sizeof answer - 1, &metadata, &error), CT_OK);
    CU_ASSERT_EQUAL(metadata.count, 1);
    ASSERT_TEXT(metadata.sections[0].dialect, WSDL);
    ASSERT_TEXT(metadata.sections[0].identifier, "urn:t");
    ct_metadata_fini(&metadata);
}

static void others_are_refused(void)
{
    static const char *const answers[] = {ENVELOPE("<t:x/>"), ENVELOPE(""),
                                          ENVELOPE("<m:Metadata/>")};
    static const char *const sentences[] = {
        "the answer holds no description of the service, but {urn:t}x",
        "the answer's Body is empty", "the service's description of itself is empty"};
    for (size_t i = 0; i < 3; i++) {
        struct ct_metadata metadata;
        struct ct_error error;
        CU_ASSERT_EQUAL(ct_metadata_read(answers[i], strlen(answers[i]), &metadata, &error),
                        CT_EANSWER);
        ASSERT_TEXT(error.text, sentences[i]);
    }
}

CU_TestInfo contract_tests_metadata[] = {
    {"sections are documents that stand alone", sections_are_documents_that_stand_alone},
    {"a document has the name that others import it by",
     a_document_has_the_name_that_others_import_it_by},
    {"a WSDL alone is a section", a_wsdl_alone_is_a_section},
    {"others are refused", others_are_refused},
    CU_TEST_INFO_NULL,
};
