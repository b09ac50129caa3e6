/* Tests of gateway/route/single.c: a contract of several documents as one. */
#include "shortage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/suite.h"
#include "contract/contract.h"
#include "route/single.h"

#define WSDL_NS   "http://schemas.xmlsoap.org/wsdl/"
#define SCHEMA_NS "http://www.w3.org/2001/XMLSchema"
#define OPEN      "<w:definitions xmlns:w='" WSDL_NS "' xmlns:x='" SCHEMA_NS "'>"
#define CLOSE     "</w:definitions>"

enum { MOST = 6 };

static struct ct_metadata_section sections[MOST];
static struct ct_metadata metadata;
static char why[512];

/* Adds a document. */
static void add(const char *dialect, const char *location, const char *bytes)
{
    sections[metadata.count] = (struct ct_metadata_section){.dialect = (char *)dialect,
                                                            .identifier = "urn:nameless",
                                                            .location = (char *)location,
                                                            .bytes = (char *)bytes,
                                                            .len = strlen(bytes)};
    metadata.sections = sections;
    metadata.count++;
}

static void begin(const char *wsdl)
{
    metadata.count = 0;
    add(WSDL_NS, "s.wsdl", wsdl);
}

static void check(const char *expected)
{
    size_t bytes = 0;
    why[0] = '\0';
    char *text = gw_single_write(&metadata, 0, &bytes, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strlen(text), bytes);
    ASSERT_TEXT(text, expected);
    free(text);
}

static void check_refused(const char *told)
{
    size_t bytes;
    CU_ASSERT_PTR_NULL(gw_single_write(&metadata, 0, &bytes, why, sizeof why));
    ASSERT_CONTAINS(why, told);
}

static void test_a_schema_stands_in_the_types(void)
{
    begin(OPEN "<w:types><x:schema><x:import namespace='urn:a' schemaLocation='t/a.xsd' id='i'/>"
               "</x:schema></w:types> <w:message/>" CLOSE);
    add(SCHEMA_NS, "t/a.xsd",
        "<x:schema xmlns:x='" SCHEMA_NS "' targetNamespace='urn:a'><x:element/></x:schema>");
    check(OPEN "<w:types><x:schema><x:import namespace='urn:a' id='i'/></x:schema>"
               "<x:schema xmlns:x='" SCHEMA_NS "' targetNamespace='urn:a'><x:element/></x:schema>"
               "</w:types> <w:message/>" CLOSE);
}

static void test_what_includes_another_one_needs_it_no_more(void)
{
    begin(OPEN "<w:types><x:schema targetNamespace='urn:a'><x:include schemaLocation='a.xsd'>"
               "<x:annotation/></x:include><x:include schemaLocation='a.xsd'/>"
               "<x:include schemaLocation='http://x/'/></x:schema></w:types>" CLOSE);
    add(SCHEMA_NS, "a.xsd",
        "<schema xmlns='" SCHEMA_NS "' targetNamespace='urn:a'><include schemaLocation='a.xsd'/>"
        "</schema>");
    check(OPEN "<w:types><x:schema targetNamespace='urn:a'>"
               "<x:include schemaLocation='http://x/'/></x:schema>"
               "<schema xmlns='" SCHEMA_NS "' targetNamespace='urn:a'></schema></w:types>" CLOSE);
}

static void test_a_schema_without_a_namespace_gets_that_of_who_includes_it(void)
{
    begin(OPEN "<w:types><x:schema targetNamespace='urn:a'><x:include schemaLocation='c.xsd'/>"
               "</x:schema><x:schema targetNamespace='urn:b&amp;'><x:include "
               "schemaLocation='c.xsd'/></x:schema></w:types>" CLOSE);
    add(SCHEMA_NS, "c.xsd", "<y:schema xmlns:y='" SCHEMA_NS "'><y:element type='t'/></y:schema>");
    check(OPEN "<w:types><x:schema targetNamespace='urn:a'></x:schema>"
               "<x:schema targetNamespace='urn:b&amp;'></x:schema>"
               "<y:schema xmlns:y='" SCHEMA_NS "' targetNamespace=\"urn:a\" xmlns=\"urn:a\">"
               "<y:element type='t'/></y:schema>"
               "<y:schema xmlns:y='" SCHEMA_NS
               "' targetNamespace=\"urn:b&amp;\" xmlns=\"urn:b&amp;\">"
               "<y:element type='t'/></y:schema></w:types>" CLOSE);
}

static void test_schemas_that_have_no_location_come_along(void)
{
    begin(OPEN "<w:types a='b'/>" CLOSE);
    add(SCHEMA_NS, "", "<x:schema xmlns:x='" SCHEMA_NS "' targetNamespace='urn:nameless'/>");
    check(OPEN "<w:types a='b'><x:schema xmlns:x='" SCHEMA_NS
               "' targetNamespace='urn:nameless'/></w:types>" CLOSE);
}

static void test_one_document_stays_as_it_is(void)
{
    static const char wsdl[] = OPEN "<!-- c --><w:types><x:schema><x:import namespace='urn:a'/>"
                                    "<x:import schemaLocation='b.xsd'/></x:schema></w:types>" CLOSE;
    begin(wsdl);
    check(wsdl);
    begin(OPEN CLOSE);
    check(OPEN CLOSE);
}

static void test_what_cannot_be_one_document_is_told(void)
{
    begin(OPEN "<w:import location='b.wsdl'/>" CLOSE);
    add(WSDL_NS, "b.wsdl", OPEN CLOSE);
    check_refused("its WSDL imports another one");
    begin(OPEN
          "<w:types><x:schema><x:redefine schemaLocation='a.xsd'/></x:schema></w:types>" CLOSE);
    check_refused("it redefines a schema");
    begin(OPEN CLOSE);
    add(SCHEMA_NS, "", "<x:schema xmlns:x='" SCHEMA_NS "'/>");
    check_refused("its WSDL has no types");
    begin(OPEN "<w:types><x:schema><x:import schemaLocation='a.xsd'/></x:schema></w:types>" CLOSE);
    add(SCHEMA_NS, "a.xsd", "<x:schema>");
    check_refused("the contract");
    begin("no XML");
    check_refused("the contract");
}

static bool attempt(unsigned number, bool lasts)
{
    size_t bytes;
    shortage_begin(number, lasts);
    char *text = gw_single_write(&metadata, 0, &bytes, why, sizeof why);
    bool has_failed = shortage_end();
    CU_ASSERT_EQUAL(text == NULL, has_failed);
    free(text);
    return has_failed;
}

static void test_shortages_of_memory_are_told(void)
{
    begin(OPEN "<w:types><x:schema><x:import schemaLocation='a.xsd'/></x:schema></w:types>" CLOSE);
    add(SCHEMA_NS, "a.xsd", "<x:schema xmlns:x='" SCHEMA_NS "'/>");
    CU_ASSERT_TRUE(shortage_sweep(attempt) > 5);
}

CU_TestInfo gateway_tests_single[] = {
    {"a schema stands in the types", test_a_schema_stands_in_the_types},
    {"what includes another one needs it no more", test_what_includes_another_one_needs_it_no_more},
    {"a schema without a namespace gets that of who includes it",
     test_a_schema_without_a_namespace_gets_that_of_who_includes_it},
    {"schemas that have no location come along", test_schemas_that_have_no_location_come_along},
    {"one document stays as it is", test_one_document_stays_as_it_is},
    {"what can't be one document is told", test_what_cannot_be_one_document_is_told},
    {"shortages of memory are told", test_shortages_of_memory_are_told},
    CU_TEST_INFO_NULL,
};
