/* A document of a contract as it is read: where it may change, and what it tells. */
#include <stdlib.h>
#include <string.h>

#include "soap/wsdl.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#define WSDL                                                                                       \
    "<w:definitions xmlns:w='" SX_NS_WSDL "' xmlns:s='" SX_NS_WSDL_SOAP11 "' xmlns:t='urn:t' "     \
    "xmlns:x='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:t'>"                          \
    "<w:import namespace='urn:u' location='u.wsdl'/>"                                              \
    "<w:types><x:schema targetNamespace='urn:t'>"                                                  \
    "<x:import namespace='urn:a' schemaLocation='a&amp;b.xsd'/>"                                   \
    "<x:include schemaLocation='c.xsd'><x:annotation/></x:include></x:schema></w:types>"           \
    "<w:message name='in'><w:part element='t:add'/><w:part element='t:more'/></w:message>"         \
    "<w:portType name='P'><w:operation name='add'><w:input message='t:in'/></w:operation>"         \
    "</w:portType>"                                                                                \
    "<w:binding type='t:P'><w:operation name='add'><s:operation/><w:input><s:body "                \
    "namespace='urn:rpc'/></w:input></w:operation></w:binding>"                                    \
    "<w:service><w:port><s:address a='' location = \"http://x?a=1&amp;b='2'\" /></w:port>"         \
    "<s:address location='not here'/></w:service></w:definitions>"

static void expect_place(const struct sx_wsdl *wsdl, size_t number, enum sx_wsdl_place_kind kind,
                         const char *bytes, const char *location)
{
    const struct sx_wsdl_place *place = &wsdl->places[number];
    char text[200] = "";
    CU_ASSERT_FATAL(number < wsdl->place_count);
    CU_ASSERT_EQUAL(place->kind, kind);
    CU_ASSERT_FATAL(place->len < sizeof text);
    memcpy(text, WSDL + place->at, place->len);
    ASSERT_TEXT(text, bytes);
    if (location)
        ASSERT_TEXT(place->location, location);
    else
        CU_ASSERT_PTR_NULL(place->location);
}

static void places_are_found(void)
{
    struct sx_wsdl wsdl;
    char why[200] = "";
    CU_ASSERT_EQUAL_FATAL(sx_wsdl_read(&wsdl, WSDL, sizeof WSDL - 1, why, sizeof why), SX_OK);
    CU_ASSERT_FALSE(wsdl.is_schema);
    ASSERT_TEXT(wsdl.target_namespace, "urn:t");
    CU_ASSERT_EQUAL(wsdl.place_count, 6);
    expect_place(&wsdl, 0, SX_WSDL_ROOT_NAME, "", NULL);
    expect_place(&wsdl, 1, SX_WSDL_IMPORT, "<w:import namespace='urn:u' location='u.wsdl'/>",
                 "u.wsdl");
    expect_place(&wsdl, 2, SX_WSDL_XSD_IMPORT, " schemaLocation='a&amp;b.xsd'", "a&b.xsd");
    expect_place(&wsdl, 3, SX_WSDL_XSD_INCLUDE,
                 "<x:include schemaLocation='c.xsd'><x:annotation/></x:include>", "c.xsd");
    ASSERT_TEXT(wsdl.places[3].namespace_uri, "urn:t");
    expect_place(&wsdl, 4, SX_WSDL_TYPES_END, "", NULL);
    CU_ASSERT(strncmp(WSDL + wsdl.places[4].at, "</w:types>", 10) == 0);
    expect_place(&wsdl, 5, SX_WSDL_ADDRESS, "http://x?a=1&amp;b='2'", NULL);
    sx_wsdl_fini(&wsdl);
}

static void operations_are_told(void)
{
    struct sx_wsdl wsdl;
    char why[200] = "";
    CU_ASSERT_EQUAL_FATAL(sx_wsdl_read(&wsdl, WSDL, sizeof WSDL - 1, why, sizeof why), SX_OK);
    CU_ASSERT_EQUAL_FATAL(wsdl.message_count, 1);
    ASSERT_TEXT(wsdl.messages[0].name, "{urn:t}in");
    ASSERT_TEXT(wsdl.messages[0].element, "{urn:t}add");
    CU_ASSERT_EQUAL_FATAL(wsdl.operation_count, 1);
    ASSERT_TEXT(wsdl.operations[0].port_type, "{urn:t}P");
    ASSERT_TEXT(wsdl.operations[0].name, "add");
    ASSERT_TEXT(wsdl.operations[0].message, "{urn:t}in");
    CU_ASSERT_EQUAL_FATAL(wsdl.binding_count, 1);
    ASSERT_TEXT(wsdl.bindings[0].port_type, "{urn:t}P");
    ASSERT_TEXT(wsdl.bindings[0].operation, "add");
    ASSERT_TEXT(wsdl.bindings[0].body_uri, "urn:rpc");
    sx_wsdl_fini(&wsdl);
}

static void a_schema_is_a_document_too(void)
{
    static const char schema[] = "<schema xmlns='http://www.w3.org/2001/XMLSchema'/>";
    struct sx_wsdl wsdl;
    char why[200] = "";
    CU_ASSERT_EQUAL_FATAL(sx_wsdl_read(&wsdl, schema, sizeof schema - 1, why, sizeof why), SX_OK);
    CU_ASSERT_TRUE(wsdl.is_schema);
    CU_ASSERT_TRUE(wsdl.declares_default);
    ASSERT_TEXT(wsdl.target_namespace, "");
    sx_wsdl_fini(&wsdl);
}

static void what_is_none_is_refused(void)
{
    static const struct {
        const char *bytes, *why;
    } rows[] = {
        {"", "not well-formed"},
        {"<schema xmlns='http://www.w3.org/2001/XMLSchema'>", "not well-formed at line 1"},
        {"<a/>", "neither a WSDL 1.1 document nor a schema"},
        {"<description xmlns='http://www.w3.org/ns/wsdl'/>", "neither a WSDL 1.1"},
        {"<x:a/>", "bound nowhere"},
        {"<a xmlns:x=''/>", "namespace declarations"},
        {"<!DOCTYPE a><a/>", "DOCTYPE"},
        {"<schema xmlns='http://www.w3.org/2001/XMLSchema'><redefine schemaLocation='a'/></schema>",
         "redefines"},
    };
    struct sx_wsdl wsdl;
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[200] = "";
        CU_ASSERT_EQUAL(sx_wsdl_read(&wsdl, rows[i].bytes, strlen(rows[i].bytes), why, sizeof why),
                        SX_EMALFORMED);
        ASSERT_CONTAINS(why, rows[i].why);
        CU_ASSERT_PTR_NULL(wsdl.places);
    }
}

static void depth_is_bounded(void)
{
    enum { DEPTH = 400 };
    static char deep[DEPTH * 3 + 1];
    struct sx_wsdl wsdl;
    char why[200] = "";
    size_t i;
    for (i = 0; i < DEPTH; i++)
        memcpy(deep + 3 * i, "<a>", 3);
    memcpy(deep, "<schema xmlns='http://www.w3.org/2001/XMLSchema'>", 49);
    for (i = 49; i % 3; i++)
        deep[i] = ' ';
    CU_ASSERT_EQUAL(sx_wsdl_read(&wsdl, deep, sizeof deep - 1, why, sizeof why), SX_EDEPTH);
}

static bool attempt_reading(struct shortage shortage)
{
    struct sx_wsdl wsdl;
    char why[200] = "";
    enum sx_err err;
    bool has_failed;
    shortage_begin(shortage);
    err = sx_wsdl_read(&wsdl, WSDL, sizeof WSDL - 1, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    sx_wsdl_fini(&wsdl);
    return has_failed;
}

SHORTAGE_TEST(reading, 20)

CU_TestInfo tests_wsdl[] = {
    {"places are found", places_are_found},
    {"operations are told", operations_are_told},
    {"a schema is a document, too", a_schema_is_a_document_too},
    {"what is none is refused", what_is_none_is_refused},
    {"depth is bounded", depth_is_bounded},
    {"short memory is told", test_reading},
    CU_TEST_INFO_NULL,
};
