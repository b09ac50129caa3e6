/* Contracts and answers that are made to be large, deep, or to take long. */
#include "../lib/suite.h"
#include "plant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "contract/parameter.h"
#include "contract/request.h"
#include "contract/template.h"

#define HEAD                                                                                       \
    "<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/' xmlns:x='urn:x' "                   \
    "xmlns:s='http://schemas.xmlsoap.org/wsdl/soap12/' "                                           \
    "xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:x'><w:types>"                \
    "<xs:schema targetNamespace='urn:x'>"
#define TAIL                                                                                       \
    "</xs:schema></w:types><w:message name='m'><w:part name='b' element='x:op'/></w:message>"      \
    "<w:portType name='T'><w:operation name='op'><w:input message='x:m'/></w:operation>"           \
    "</w:portType><w:binding name='B' type='x:T'><s:binding/><w:operation name='op'><w:input>"     \
    "<s:body use='literal'/></w:input></w:operation></w:binding></w:definitions>"

/* Of processor time, with sanitizers and on a slow machine: what is quadratic takes minutes. */
enum { MANY = 10000, MOST_SECONDS = 20 };

static clock_t begun;

static void begin(void)
{
    begun = clock();
}

static void expect_soon(void)
{
    CU_ASSERT((clock() - begun) / CLOCKS_PER_SEC < MOST_SECONDS);
}

static enum ct_err read_types(const struct ct_text *types, struct ct_contract **contract,
                              struct ct_error *error)
{
    struct ct_text wsdl = {0};
    *error = (struct ct_error){0};
    *contract = NULL;
    ct_text_put(&wsdl, HEAD);
    ct_text_add(&wsdl, types->bytes, types->len);
    ct_text_put(&wsdl, TAIL);
    struct ct_source source = {"a.wsdl", wsdl.bytes, wsdl.len};
    enum ct_err err =
        ct_contract_read(&(struct ct_reading){&source, 1, NULL, NULL}, contract, error);
    ct_text_fini(&wsdl);
    return err;
}

static bool count(void *context, const struct ct_parameter *parameter)
{
    CU_ASSERT_PTR_NOT_NULL(parameter->path);
    ++*(unsigned *)context;
    return true;
}

/* Writes all that can be written of the operation of these types, and frees the text. Each of them
 * ends, in one of the ends that a stranger's contract may have. */
static void write_all(struct ct_text *types, const char *argument)
{
    struct ct_contract *contract;
    struct ct_error error;
    enum ct_err err = read_types(types, &contract, &error);
    ct_text_fini(types);
    CU_ASSERT_EQUAL(err, CT_OK);
    ASSERT_TEXT(error.text, "");
    if (err)
        return;
    const struct ct_operation *operation = ct_contract_operation(contract, 0);
    const struct ct_template_form forms[] = {{0}, {.is_sample = true}, {.is_minimal = true}};
    struct ct_request_form form = {0};
    struct ct_text text = {0};
    unsigned told = 0;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        err = ct_template_write(contract, operation, &forms[i], &text, &error);
        CU_ASSERT(err == CT_OK || err == CT_ELIMIT || err == CT_EUNSUPPORTED ||
                  err == CT_ECONTRACT);
        CU_ASSERT(err || text.len <= CT_TEMPLATE_BYTES);
        ct_text_clear(&text);
    }
    ct_parameter_list(contract, operation, false, count, &told, &error);
    CU_ASSERT(told <= CT_PARAMETER_COUNT);
    ct_request_write(contract, operation, &form, &argument, argument ? 1 : 0, &text, &error);
    ct_text_fini(&text);
    ct_contract_free(contract);
    expect_soon();
}

static void ten_thousand_types_are_read(void)
{
    struct ct_text types = {0};
    begin();
    ct_text_put(&types, "<xs:element name='op'><xs:complexType><xs:sequence>");
    for (int i = 0; i < MANY; i++)
        ct_text_print(&types, "<xs:element name='e%d' type='x:t%d' minOccurs='0'/>", i, i);
    ct_text_put(&types, "</xs:sequence></xs:complexType></xs:element>");
    for (int i = 0; i < MANY; i++)
        ct_text_print(&types,
                      "<xs:complexType name='t%d'><xs:sequence><xs:element name='v' "
                      "type='xs:int'/></xs:sequence></xs:complexType>",
                      i);
    write_all(&types, "e9999.v=1");
}

static void types_in_each_other_grow_to_a_limit(void)
{
    struct ct_text types = {0};
    begin();
    ct_text_put(&types, "<xs:element name='op' type='x:t0'/>");
    for (int i = 0; i < 30; i++) {
        ct_text_print(&types, "<xs:complexType name='t%d'><xs:sequence>", i);
        for (int j = 0; j < 10; j++)
            ct_text_print(&types, "<xs:element name='e%d' type='x:t%d'/>", j, i + 1);
        ct_text_put(&types, "</xs:sequence></xs:complexType>");
    }
    ct_text_put(&types, "<xs:complexType name='t30'/>");
    write_all(&types, "e1.e1=");
}

static void groups_in_each_other_grow_to_a_limit(void)
{
    struct ct_text types = {0};
    begin();
    ct_text_put(&types, "<xs:element name='op'><xs:complexType><xs:group ref='x:g0'/>"
                        "<xs:attributeGroup ref='x:a0'/></xs:complexType></xs:element>");
    for (int i = 0; i < 30; i++) {
        ct_text_print(&types, "<xs:group name='g%d'><xs:sequence>", i);
        for (int j = 0; j < 10; j++)
            ct_text_print(&types, "<xs:group ref='x:g%d'/>", i + 1);
        ct_text_print(&types, "</xs:sequence></xs:group><xs:attributeGroup name='a%d'>", i);
        for (int j = 0; j < 10; j++)
            ct_text_print(&types, "<xs:attributeGroup ref='x:a%d'/>", i + 1);
        ct_text_put(&types, "</xs:attributeGroup>");
    }
    ct_text_put(&types, "<xs:group name='g30'><xs:sequence/></xs:group>"
                        "<xs:attributeGroup name='a30'/>");
    write_all(&types, NULL);
}

static void circles_end(void)
{
    struct ct_text types = {0};
    begin();
    ct_text_put(&types, "<xs:element name='op' type='x:a'/><xs:complexType name='a'>"
                        "<xs:complexContent><xs:extension base='x:b'/></xs:complexContent>"
                        "</xs:complexType><xs:complexType name='b'><xs:complexContent>"
                        "<xs:extension base='x:a'/></xs:complexContent></xs:complexType>");
    write_all(&types, "x=1");
    ct_text_put(&types, "<xs:element name='op' type='x:a'/><xs:simpleType name='a'>"
                        "<xs:restriction base='x:b'/></xs:simpleType><xs:simpleType name='b'>"
                        "<xs:restriction base='x:a'/></xs:simpleType>");
    write_all(&types, "op=1");
    ct_text_put(&types, "<xs:element name='op'><xs:complexType><xs:group ref='x:g'/>"
                        "</xs:complexType></xs:element><xs:group name='g'><xs:sequence>"
                        "<xs:group ref='x:g'/></xs:sequence></xs:group>");
    write_all(&types, "x=1");
    ct_text_put(&types, "<xs:element name='op' type='x:t'/><xs:complexType name='t'><xs:sequence>"
                        "<xs:element name='e' type='x:t'/></xs:sequence></xs:complexType>");
    write_all(&types, "e.e.e.e=");
}

static void unions_of_unions_are_looked_at_to_a_limit(void)
{
    struct ct_text types = {0};
    begin();
    ct_text_put(&types, "<xs:element name='op' type='x:u0'/>");
    for (int i = 0; i < 2; i++) {
        ct_text_print(&types, "<xs:simpleType name='u%d'><xs:union memberTypes='", i);
        for (int j = 0; j < MANY; j++)
            ct_text_print(&types, "x:u%d ", i + 1);
        ct_text_put(&types, "'/></xs:simpleType>");
    }
    ct_text_put(&types, "<xs:simpleType name='u2'><xs:restriction base='xs:int'/></xs:simpleType>");
    write_all(&types, "op=x");
}

/* Five sequences in each other around the element, each as often as can be. */
static void write_nested(const char *element, const char *argument)
{
    struct ct_text types = {0};
    begin();
    ct_text_put(&types, "<xs:element name='op'><xs:complexType>");
    for (int i = 0; i < 5; i++)
        ct_text_put(&types, "<xs:sequence minOccurs='999999' maxOccurs='999999'>");
    ct_text_put(&types, element);
    for (int i = 0; i < 5; i++)
        ct_text_put(&types, "</xs:sequence>");
    ct_text_put(&types, "</xs:complexType></xs:element>");
    write_all(&types, argument);
}

static void occurrences_of_nothing_are_not_counted_out(void)
{
    write_nested("<xs:element name='e' type='xs:int' default='1' minOccurs='999999' "
                 "maxOccurs='999999'/>",
                 "e=1");
    write_nested("<xs:element name='e' type='xs:int' minOccurs='0'/>", NULL);
}

static void expect_limit(struct ct_text *types, const char *sentence)
{
    struct ct_contract *contract;
    struct ct_error error;
    begin();
    CU_ASSERT_EQUAL(read_types(types, &contract, &error), CT_ELIMIT);
    ASSERT_TEXT(error.text, sentence);
    ct_contract_free(contract);
    ct_text_fini(types);
    expect_soon();
}

static void documents_have_limits(void)
{
    struct ct_text types = {0};
    for (int i = 0; i < 300; i++)
        ct_text_put(&types, "<a>");
    expect_limit(&types, "a.wsdl, line 1: elements nested too deep");
    for (int i = 0; i < 300000; i++)
        ct_text_put(&types, "<a/>");
    expect_limit(&types, "a.wsdl, line 1: too many elements");
    for (int i = 0; i < 5 * 1024; i++)
        ct_text_print(&types, "<!--%1024s-->", "");
    expect_limit(&types, "the contract's documents have more than 4194304 bytes");
    ct_text_put(&types, "<a");
    for (int i = 0; i < 200000; i++)
        ct_text_print(&types, " a%d=''", i);
    ct_text_put(&types, "/>");
    expect_limit(&types, "a.wsdl has an element with more than 256 attributes");
    for (int i = 0; i < 100; i++) {
        ct_text_put(&types, "<a");
        for (int j = 0; j < 100; j++)
            ct_text_print(&types, " xmlns:p%d_%d='u'", i, j);
        ct_text_put(&types, ">");
    }
    expect_limit(&types, "a.wsdl, line 1: too many prefixes in scope");
}

static int fetch_more(void *context, const char *location, size_t most_bytes, char **bytes,
                      size_t *len, char *why, size_t why_bytes)
{
    struct ct_text text = {0};
    unsigned *asked = context;
    (void)location, (void)most_bytes, (void)why, (void)why_bytes;
    ++*asked;
    ct_text_print(&text,
                  "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:include "
                  "schemaLocation='%u.xsd'/><xs:include schemaLocation='%u.xsd'/>"
                  "</xs:schema>",
                  *asked, *asked);
    *len = text.len;
    *bytes = ct_text_take(&text);
    return *bytes ? 0 : -1;
}

static void imports_have_an_end(void)
{
    static const char wsdl[] = HEAD "<xs:include schemaLocation='0.xsd'/>" TAIL;
    struct ct_source source = {"a.wsdl", wsdl, sizeof wsdl - 1};
    unsigned asked = 0;
    struct ct_reading reading = {&source, 1, fetch_more, &asked};
    struct ct_contract *contract = NULL;
    struct ct_error error;
    CU_ASSERT_EQUAL(ct_contract_read(&reading, &contract, &error), CT_ELIMIT);
    ASSERT_TEXT(error.text, "the contract has more than 32 documents: 31.xsd");
    CU_ASSERT_EQUAL(asked, 32);
}

static void answers_have_limits(void)
{
    struct ct_text text = {0};
    struct ct_answer *answer = NULL;
    struct ct_error error;
    begin();
    ct_text_put(&text, "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body>");
    for (int i = 0; i < 600000; i++)
        ct_text_put(&text, "<a/>");
    CU_ASSERT_EQUAL(ct_answer_read(NULL, NULL, text.bytes, text.len, &answer, &error), CT_ELIMIT);
    ASSERT_TEXT(error.text, "the answer, line 1: too many elements");
    ct_text_clear(&text);
    ct_text_put(&text, "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body>");
    for (int i = 0; i < 5 * MANY; i++)
        ct_text_print(&text, "<a%d/>", i);
    ct_text_put(&text, "</e:Body></e:Envelope>");
    CU_ASSERT_EQUAL(ct_answer_read(NULL, NULL, text.bytes, text.len, &answer, &error), CT_OK);
    ct_text_clear(&text);
    CU_ASSERT_EQUAL(ct_answer_write_json(answer, 2, &text, &error), CT_OK);
    ct_answer_free(answer);
    ct_text_fini(&text);
    expect_soon();
}

CU_TestInfo contract_tests_hostile[] = {
    {"ten thousand types are read", ten_thousand_types_are_read},
    {"types in each other grow to a limit", types_in_each_other_grow_to_a_limit},
    {"groups in each other grow to a limit", groups_in_each_other_grow_to_a_limit},
    {"circles end", circles_end},
    {"unions of unions are looked at to a limit", unions_of_unions_are_looked_at_to_a_limit},
    {"occurrences of nothing are not counted out", occurrences_of_nothing_are_not_counted_out},
    {"documents have limits", documents_have_limits},
    {"imports have an end", imports_have_an_end},
    {"answers have limits", answers_have_limits},
    CU_TEST_INFO_NULL,
};
