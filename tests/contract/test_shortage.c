/* Memory that runs short, at each allocation of ours and many of libxml2's. */
#include "../lib/suite.h"
#include "plant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/xmlmemory.h>

#include "contract/metadata.h"
#include "contract/parameter.h"
#include "contract/request.h"
#include "contract/template.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

static unsigned left; /* until the one that fails; 0: none does */
static bool has_failed;

static bool fails(void)
{
    if (left == 0 || --left > 0)
        return false;
    has_failed = true;
    return true;
}

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails() ? NULL : __real_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return fails() ? NULL : __real_strndup(text, len);
}

static const char wsdl[] =
    "<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/' xmlns:x='urn:x' "
    "xmlns:s='http://schemas.xmlsoap.org/wsdl/soap12/' xmlns:xs='http://www.w3.org/2001/XMLSchema' "
    "targetNamespace='urn:x'><w:types><xs:schema targetNamespace='urn:x'><xs:element name='op'>"
    "<xs:complexType><xs:sequence><xs:element name='a' type='xs:int' maxOccurs='9'/></xs:sequence>"
    "<xs:attribute name='b'/></xs:complexType></xs:element></xs:schema></w:types>"
    "<w:message name='m'><w:part name='b' element='x:op'/></w:message><w:portType name='T'>"
    "<w:operation name='op'><w:input message='x:m'/><w:output message='x:m'/></w:operation>"
    "</w:portType><w:binding name='B' type='x:T'><s:binding/><w:operation name='op'><w:input>"
    "<s:body use='literal'/></w:input><w:output><s:body use='literal'/></w:output></w:operation>"
    "</w:binding></w:definitions>";

/* Everything once; the first error. */
static enum ct_err do_all(struct ct_error *error)
{
    struct ct_source source = {"a.wsdl", wsdl, sizeof wsdl - 1};
    struct ct_reading reading = {&source, 1, NULL, NULL};
    struct ct_contract *contract = NULL;
    struct ct_answer *answer = NULL;
    struct ct_text text = {0}, envelope = {0};
    const char *const arguments[] = {"a=1", "a=2", "@b=3"};
    enum ct_err err = ct_contract_read(&reading, &contract, error);
    const struct ct_operation *operation = err ? NULL : ct_contract_operation(contract, 0);
    if (!err)
        err = ct_request_write(contract, operation, &(struct ct_request_form){0}, arguments, 3,
                               &envelope, error);
    if (!err)
        err = ct_template_write(contract, operation, &(struct ct_template_form){0}, &text, error);
    if (!err)
        err = ct_parameter_write_line(contract, operation, 100, &text, error);
    if (!err)
        err = ct_answer_read(contract, operation, envelope.bytes, envelope.len, &answer, error);
    if (!err)
        err = ct_answer_write_json(answer, 0, &text, error);
    if (!err)
        err = ct_answer_write_values(answer, &text, error);
    if (!err)
        err = ct_answer_write_body(answer, true, &text, error);
    ct_answer_free(answer);
    ct_text_fini(&text);
    ct_text_fini(&envelope);
    ct_contract_free(contract);
    return err;
}

/* Lets the number-th allocation fail. Returns whether there was one. */
static bool attempt(unsigned number)
{
    struct ct_error error = {0};
    has_failed = false;
    left = number;
    enum ct_err err = do_all(&error);
    left = 0;
    CU_ASSERT(err == CT_OK || has_failed);
    CU_ASSERT((err == CT_OK) == (error.text[0] == '\0'));
    return has_failed;
}

static void each_of_ours_can_fail(void)
{
    unsigned number = 1;
    struct ct_error error = {0};
    CU_ASSERT_EQUAL(do_all(&error), CT_OK); /* libxml2's own are made once */
    while (attempt(number))
        number++;
    CU_ASSERT(number > 10);
}

CU_TestInfo contract_tests_shortage[] = {
    {"each allocation of ours can fail", each_of_ours_can_fail},
    CU_TEST_INFO_NULL,
};
