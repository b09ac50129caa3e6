/* A WSDL and what belongs to it: loaded from a folder, and given away. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "soap/wsdl_operations.h"
#include "soap/wsdl_text.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#define XSD   "xmlns='http://www.w3.org/2001/XMLSchema'"
#define BEGIN "<w:definitions xmlns:w='" SX_NS_WSDL "' targetNamespace='urn:t'>"
#define TYPES(a)                                                                                   \
    BEGIN "<w:types><schema " XSD " targetNamespace='urn:t'>" a                                    \
          "</schema></w:types></w:definitions>"
#define IMPORT(a)    "<import schemaLocation='" a "'/>"
#define INCLUDE(a)   "<include schemaLocation='" a "'/>"
#define SCHEMA(u, a) "<schema " XSD " targetNamespace='" u "'>" a "</schema>"

/* A folder: names and what they hold, NULL ends it. */
struct file {
    const char *path, *bytes;
};

static char asked[400]; /* for what was not there */

static enum sx_err read_file(void *user, const char *path, size_t max_bytes, char **bytes,
                             size_t *len, size_t *read_bytes, char *why, size_t why_bytes)
{
    const struct file *file = user;
    while (file->path && strcmp(file->path, path) != 0)
        file++;
    if (!file->path) {
        snprintf(asked, sizeof asked, "%s", path);
        snprintf(why, why_bytes, "there is none");
        return SX_EFILE;
    }
    *len = *read_bytes = strlen(file->bytes);
    if (*len > max_bytes) {
        snprintf(why, why_bytes, "too much");
        return SX_ETOOBIG;
    }
    *bytes = strdup(file->bytes);
    return *bytes ? SX_OK : SX_ENOMEM;
}

static enum sx_err load(struct sx_wsdl_set *set, const struct file *folder, char *why,
                        size_t why_bytes)
{
    const struct sx_wsdl_set_source source = {read_file, (void *)folder};
    asked[0] = '\0';
    return sx_wsdl_set_load(set, "a.wsdl", &source, why, why_bytes);
}

/* The text of one document, malloc'ed. */
static char *text_of(const struct file *folder, size_t number)
{
    struct sx_wsdl_text texts[SX_WSDL_SET_DOCUMENTS];
    struct sx_wsdl_set set;
    struct sx_buffer out = {0};
    char why[400] = "";
    size_t i, len;
    CU_ASSERT_EQUAL_FATAL(load(&set, folder, why, sizeof why), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_wsdl_texts_make(texts, &set), SX_OK);
    CU_ASSERT_FATAL(number < set.count);
    sx_wsdl_text_write(&texts[number], "xmpp:a&b@c", &out);
    for (i = 0; i < set.count; i++)
        sx_wsdl_text_fini(&texts[i]);
    sx_wsdl_set_fini(&set);
    return sx_buffer_take(&out, &len);
}

static void expect_text(const struct file *folder, size_t number, const char *expected)
{
    char *text = text_of(folder, number);
    ASSERT_TEXT(text, expected);
    free(text);
}

static void a_circle_of_imports_ends(void)
{
    static const struct file folder[] = {
        {"a.wsdl", TYPES(IMPORT("d/b.xsd"))},
        {"d/b.xsd", SCHEMA("urn:b", IMPORT("../c.xsd"))},
        {"c.xsd", SCHEMA("urn:c", IMPORT("d/./b.xsd"))},
        {NULL, NULL},
    };
    expect_text(folder, 0,
                BEGIN "<w:types><schema " XSD " targetNamespace='urn:t'><import/></schema>"
                      "<schema " XSD " targetNamespace='urn:b'><import/></schema>"
                      "<schema " XSD " targetNamespace='urn:c'><import/></schema>"
                      "</w:types></w:definitions>");
    expect_text(folder, 1, folder[1].bytes);
}

static void a_schema_keeps_what_its_names_mean(void)
{
    static const struct file folder[] = {
        {"a.wsdl", TYPES(INCLUDE("b.xsd") IMPORT("c.xsd"))},
        {"b.xsd", "<x:schema xmlns:x='http://www.w3.org/2001/XMLSchema'><x:include "
                  "schemaLocation='b.xsd'/></x:schema>"},
        {"c.xsd", "<x:schema xmlns:x='http://www.w3.org/2001/XMLSchema'><x:include "
                  "schemaLocation='b.xsd'/></x:schema>"},
        {NULL, NULL},
    };
    /* the chameleon once in either namespace, with its own include of itself gone */
    expect_text(folder, 0,
                BEGIN "<w:types><schema " XSD " targetNamespace='urn:t'><import/></schema>"
                      "<x:schema xmlns='urn:t' targetNamespace='urn:t' "
                      "xmlns:x='http://www.w3.org/2001/XMLSchema'></x:schema>"
                      "<x:schema xmlns='' xmlns:x='http://www.w3.org/2001/XMLSchema'></x:schema>"
                      "<x:schema xmlns='' xmlns:x='http://www.w3.org/2001/XMLSchema'></x:schema>"
                      "</w:types></w:definitions>");
}

static void a_schema_stands_in_the_first_wsdl_that_needs_it(void)
{
    static const struct file folder[] = {
        {"a.wsdl", BEGIN "<w:import location='b.wsdl'/><w:types><schema " XSD
                         ">" IMPORT("s.xsd") "</schema></w:types></w:definitions>"},
        {"b.wsdl", TYPES(IMPORT("s.xsd"))},
        {"s.xsd", SCHEMA("urn:s", "")},
        {NULL, NULL},
    };
    expect_text(folder, 0,
                BEGIN "<w:import location='b.wsdl'/><w:types><schema " XSD "><import/></schema>"
                      "<schema " XSD " targetNamespace='urn:s'></schema></w:types>"
                      "</w:definitions>");
    expect_text(folder, 1, TYPES("<import/>"));
}

static void the_address_is_the_services(void)
{
    static const struct file folder[] = {
        {"a.wsdl", BEGIN "<w:service xmlns:s='" SX_NS_WSDL_SOAP11 "' xmlns:z='" SX_NS_WSDL_SOAP12
                         "'><w:port><s:address location='x'/></w:port><w:port><z:address "
                         "location=\"\"/></w:port></w:service></w:definitions>"},
        {NULL, NULL},
    };
    expect_text(folder, 0,
                BEGIN "<w:service xmlns:s='" SX_NS_WSDL_SOAP11 "' xmlns:z='" SX_NS_WSDL_SOAP12
                      "'><w:port><s:address location='xmpp:a&amp;b@c'/></w:port><w:port><z:address "
                      "location=\"xmpp:a&amp;b@c\"/></w:port></w:service></w:definitions>");
}

static void nothing_outside_of_the_folder_is_asked_for(void)
{
    static const char *const locations[] = {"../b.xsd",     "/etc/passwd", "d/../../b.xsd",
                                            "%2e%2e/b.xsd", "..",          "d/%2E./b.xsd/../../.."};
    size_t i;
    for (i = 0; i < sizeof locations / sizeof *locations; i++) {
        char wsdl[600], why[400] = "";
        struct file folder[] = {{"a.wsdl", wsdl}, {NULL, NULL}};
        struct sx_wsdl_set set;
        snprintf(wsdl, sizeof wsdl, TYPES(IMPORT("%s")), locations[i]);
        CU_ASSERT_EQUAL(load(&set, folder, why, sizeof why), SX_EFILE);
        ASSERT_CONTAINS(why, "which isn't in the WSDL's folder");
        ASSERT_TEXT(asked, "");
    }
}

static void no_url_is_followed(void)
{
    static const struct file folder[] = {
        {"a.wsdl", TYPES(IMPORT("http://example.org/b.xsd") IMPORT("//example.org/c.xsd")
                             IMPORT("file:///etc/passwd") "<import namespace='urn:d'/>")},
        {NULL, NULL},
    };
    expect_text(folder, 0, folder[0].bytes);
}

static void a_file_that_is_missing_is_named(void)
{
    static const struct file folder[] = {{"a.wsdl", TYPES(IMPORT("d/b%20c.xsd#e"))}, {NULL, NULL}};
    struct sx_wsdl_set set;
    char why[400] = "";
    CU_ASSERT_EQUAL(load(&set, folder, why, sizeof why), SX_EFILE);
    ASSERT_TEXT(why, "d/b c.xsd: there is none");
    CU_ASSERT_EQUAL(set.count, 0);
}

static void kinds_are_checked(void)
{
    static const struct file schema[] = {{"a.wsdl", SCHEMA("urn:t", "")}, {NULL, NULL}};
    static const struct file wsdl[] = {
        {"a.wsdl", TYPES(IMPORT("a.wsdl"))},
        {NULL, NULL},
    };
    struct sx_wsdl_set set;
    char why[400] = "";
    CU_ASSERT_EQUAL(load(&set, schema, why, sizeof why), SX_EMALFORMED);
    ASSERT_TEXT(why, "a.wsdl: it is a schema, not a WSDL");
    CU_ASSERT_EQUAL(load(&set, wsdl, why, sizeof why), SX_EMALFORMED);
    ASSERT_TEXT(why, "a.wsdl: it is no schema");
}

static void documents_are_bounded(void)
{
    enum { FILES = SX_WSDL_SET_DOCUMENTS + 1 };
    static char names[FILES][16], texts[FILES][400];
    struct file folder[FILES + 1] = {{"a.wsdl", TYPES(IMPORT("1.xsd"))}};
    struct sx_wsdl_set set;
    char why[400] = "", *large = calloc(1, SX_WSDL_SET_BYTES + 1000);
    int i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    for (i = 1; i < FILES; i++) {
        snprintf(names[i], sizeof names[i], "%d.xsd", i);
        snprintf(texts[i], sizeof texts[i],
                 i + 1 < FILES ? SCHEMA("urn:s", IMPORT("%d.xsd")) : SCHEMA("urn:s%d", ""), i + 1);
        folder[i] = (struct file){names[i], texts[i]};
    }
    CU_ASSERT_EQUAL(load(&set, folder, why, sizeof why), SX_ETOOBIG);
    ASSERT_CONTAINS(why, "more than 32 documents");
    snprintf(texts[FILES - 2], sizeof texts[0], SCHEMA("urn:s", ""));
    CU_ASSERT_EQUAL_FATAL(load(&set, folder, why, sizeof why), SX_OK);
    CU_ASSERT_EQUAL(set.count, SX_WSDL_SET_DOCUMENTS);
    sx_wsdl_set_fini(&set);
    /* all bytes together */
    i = snprintf(large, 400, "%s", SCHEMA("urn:s", ""));
    memset(large + i, ' ', SX_WSDL_SET_BYTES - (size_t)i);
    folder[1].bytes = large;
    CU_ASSERT_EQUAL(load(&set, folder, why, sizeof why), SX_ETOOBIG);
    ASSERT_TEXT(why, "1.xsd: too much");
    free(large);
}

static void operations_are_those_of_bodies(void)
{
    static const struct file folder[] = {
        {"a.wsdl", BEGIN "<w:import location='b.wsdl'/></w:definitions>"},
        {"b.wsdl",
         "<w:definitions xmlns:w='" SX_NS_WSDL "' xmlns:s='" SX_NS_WSDL_SOAP11
         "' xmlns:b='urn:b' xmlns:e='urn:e' targetNamespace='urn:b'>"
         "<w:message name='m'><w:part element='e:Ask'/></w:message>"
         "<w:message name='r'><w:part type='e:T'/></w:message>"
         "<w:portType name='P'>"
         "<w:operation name='ask'><w:input message='b:m'/></w:operation>"
         "<w:operation name='ask2'><w:input message='b:m'/></w:operation>"
         "<w:operation name='rpc'><w:input message='b:r'/></w:operation>"
         "<w:operation name='bare'><w:input message='b:none'/></w:operation>"
         "<w:operation name='tells'><w:output message='b:m'/></w:operation></w:portType>"
         "<w:binding type='b:P'><w:operation name='rpc'><w:input><s:body namespace='urn:rpc'/>"
         "</w:input></w:operation></w:binding></w:definitions>"},
        {NULL, NULL},
    };
    struct sx_wsdl_set set;
    struct sx_buffer list = {0};
    char why[400] = "";
    CU_ASSERT_EQUAL_FATAL(load(&set, folder, why, sizeof why), SX_OK);
    sx_wsdl_operations_list(&set, &list);
    CU_ASSERT_EQUAL(list.len, sizeof "{urn:e}Ask\0{urn:rpc}rpc\0{urn:b}bare");
    CU_ASSERT(memcmp(list.bytes, "{urn:e}Ask\0{urn:rpc}rpc\0{urn:b}bare\0",
                     sizeof "{urn:e}Ask\0{urn:rpc}rpc\0{urn:b}bare") == 0);
    sx_buffer_fini(&list);
    sx_wsdl_set_fini(&set);
}

static bool attempt_loading(struct shortage shortage)
{
    static const struct file folder[] = {
        {"a.wsdl", TYPES(INCLUDE("b.xsd") IMPORT("c.xsd"))},
        {"b.xsd", "<schema " XSD "/>"},
        {"c.xsd", SCHEMA("urn:c", INCLUDE("b.xsd"))},
        {NULL, NULL},
    };
    struct sx_wsdl_text texts[SX_WSDL_SET_DOCUMENTS];
    struct sx_wsdl_set set;
    char why[400] = "";
    enum sx_err err, made = SX_OK;
    bool has_failed;
    size_t i;
    shortage_begin(shortage);
    err = load(&set, folder, why, sizeof why);
    if (err == SX_OK)
        made = sx_wsdl_texts_make(texts, &set);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err != SX_OK || made != SX_OK, has_failed);
    if (has_failed)
        CU_ASSERT_EQUAL(err != SX_OK ? err : made, SX_ENOMEM);
    if (err == SX_OK && made == SX_OK)
        for (i = 0; i < set.count; i++)
            sx_wsdl_text_fini(&texts[i]);
    sx_wsdl_set_fini(&set);
    return has_failed;
}

SHORTAGE_TEST(loading, 30)

CU_TestInfo tests_wsdl_set[] = {
    {"a circle of imports ends", a_circle_of_imports_ends},
    {"a schema keeps what its names mean", a_schema_keeps_what_its_names_mean},
    {"a schema stands in the first WSDL that needs it",
     a_schema_stands_in_the_first_wsdl_that_needs_it},
    {"the address is the service's", the_address_is_the_services},
    {"nothing outside of the folder is asked for", nothing_outside_of_the_folder_is_asked_for},
    {"no URL is followed", no_url_is_followed},
    {"a file that is missing is named", a_file_that_is_missing_is_named},
    {"kinds are checked", kinds_are_checked},
    {"documents are bounded", documents_are_bounded},
    {"operations are those of bodies", operations_are_those_of_bodies},
    {"short memory is told", test_loading},
    CU_TEST_INFO_NULL,
};
