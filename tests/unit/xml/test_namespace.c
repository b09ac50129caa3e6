/* Unit tests of lib/xml/namespace.c. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <string.h>

#include "xml/namespace.h"

static const char *lookup(const struct sx_namespaces *ns, const char *prefix)
{
    return sx_namespaces_lookup(ns, prefix, strlen(prefix));
}

static enum sx_err push(struct sx_namespaces *ns, unsigned depth, const char *name,
                        const char *value)
{
    const char *attributes[] = {name, value, NULL};
    return sx_namespaces_push(ns, depth, attributes);
}

static void test_push(void)
{
    struct sx_namespaces ns = {0};
    const char *attributes[] = {"a",       "1",     "xmlns", "urn:d", "xmlnsx", "2",
                                "xmlns:p", "urn:p", "p:b",   "3",     NULL};
    CU_ASSERT_EQUAL(sx_namespaces_push(&ns, 0, attributes), SX_OK);
    CU_ASSERT_EQUAL(ns.count, 2);
    ASSERT_TEXT(lookup(&ns, ""), "urn:d");
    ASSERT_TEXT(lookup(&ns, "p"), "urn:p");
    CU_ASSERT_PTR_NULL(lookup(&ns, "x"));
    CU_ASSERT_PTR_NULL(lookup(&ns, "pp"));
    sx_namespaces_fini(&ns);
    CU_ASSERT_PTR_NULL(ns.items);
}

static void test_shadowing(void)
{
    struct sx_namespaces ns = {0};
    push(&ns, 1, "xmlns:p", "urn:outer");
    push(&ns, 2, "xmlns:p", "urn:inner");
    push(&ns, 4, "xmlns:q", "urn:q");
    ASSERT_TEXT(lookup(&ns, "p"), "urn:inner");
    sx_namespaces_pop(&ns, 5);
    ASSERT_TEXT(lookup(&ns, "q"), "urn:q");
    sx_namespaces_pop(&ns, 3);
    CU_ASSERT_PTR_NULL(lookup(&ns, "q"));
    ASSERT_TEXT(lookup(&ns, "p"), "urn:inner");
    sx_namespaces_pop(&ns, 2);
    ASSERT_TEXT(lookup(&ns, "p"), "urn:outer");
    sx_namespaces_pop(&ns, 0);
    CU_ASSERT_PTR_NULL(lookup(&ns, "p"));
    CU_ASSERT_EQUAL(ns.count, 0);
    sx_namespaces_fini(&ns);
}

static void test_default(void)
{
    struct sx_namespaces ns = {0};
    ASSERT_TEXT(lookup(&ns, ""), "");
    push(&ns, 0, "xmlns", "urn:d");
    ASSERT_TEXT(lookup(&ns, ""), "urn:d");
    CU_ASSERT_EQUAL(push(&ns, 1, "xmlns", ""), SX_OK);
    ASSERT_TEXT(lookup(&ns, ""), "");
    sx_namespaces_pop(&ns, 1);
    ASSERT_TEXT(lookup(&ns, ""), "urn:d");
    sx_namespaces_fini(&ns);
}

static void test_prefix_is_part_of_text(void)
{
    struct sx_namespaces ns = {0};
    push(&ns, 0, "xmlns:ab", "urn:ab");
    ASSERT_TEXT(sx_namespaces_lookup(&ns, "ab:name", 2), "urn:ab");
    CU_ASSERT_PTR_NULL(sx_namespaces_lookup(&ns, "ab:name", 1));
    CU_ASSERT_PTR_NULL(sx_namespaces_lookup(&ns, "ab:name", 3));
    ASSERT_TEXT(sx_namespaces_lookup(&ns, "xml:lang", 3), "http://www.w3.org/XML/1998/namespace");
    sx_namespaces_fini(&ns);
}

static void test_forbidden(void)
{
    static const char xml[] = "http://www.w3.org/XML/1998/namespace";
    static const char xmlns[] = "http://www.w3.org/2000/xmlns/";
    const struct {
        const char *name, *value;
        enum sx_err err;
    } rows[] = {
        {"xmlns:p", "", SX_EMALFORMED},
        {"xmlns:xml", "urn:x", SX_EMALFORMED},
        {"xmlns:xml", xml, SX_OK},
        {"xmlns:p", xml, SX_EMALFORMED},
        {"xmlns", xml, SX_EMALFORMED},
        {"xmlns:xmlns", "urn:x", SX_EMALFORMED},
        {"xmlns:xmlns", xmlns, SX_EMALFORMED},
        {"xmlns:p", xmlns, SX_EMALFORMED},
        {"xmlns", xmlns, SX_EMALFORMED},
        {"xmlns:", "urn:x", SX_EMALFORMED},
        {"xmlns:a:b", "urn:x", SX_EMALFORMED},
        {"xmlns", "", SX_OK},
    };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sx_namespaces ns = {0};
        CU_ASSERT_EQUAL(push(&ns, 0, rows[i].name, rows[i].value), rows[i].err);
        CU_ASSERT_EQUAL(ns.count, rows[i].err == SX_OK);
        sx_namespaces_fini(&ns);
    }
}

static void test_bound(void)
{
    struct sx_namespaces ns = {.max_count = 2};
    const char *attributes[] = {"xmlns:a", "urn:a", "xmlns:b", "urn:b", NULL};
    push(&ns, 0, "xmlns", "urn:d");
    CU_ASSERT_EQUAL(sx_namespaces_push(&ns, 1, attributes), SX_ETOOBIG);
    CU_ASSERT_EQUAL(ns.count, 2);
    sx_namespaces_pop(&ns, 1);
    CU_ASSERT_EQUAL(ns.count, 1);
    ASSERT_TEXT(lookup(&ns, ""), "urn:d");
    CU_ASSERT_EQUAL(push(&ns, 1, "xmlns:a", "urn:a"), SX_OK);
    sx_namespaces_fini(&ns);
}

static void test_default_bound(void)
{
    struct sx_namespaces ns = {0};
    unsigned i;
    enum sx_err err = SX_OK;
    for (i = 0; i < 5000 && err == SX_OK; i++) {
        char name[32];
        snprintf(name, sizeof name, "xmlns:p%u", i);
        err = push(&ns, 0, name, "urn:p");
    }
    CU_ASSERT_EQUAL(err, SX_ETOOBIG);
    CU_ASSERT_EQUAL(ns.count, SX_NAMESPACES_COUNT);
    ASSERT_TEXT(lookup(&ns, "p0"), "urn:p");
    sx_namespaces_pop(&ns, 0);
    CU_ASSERT_EQUAL(ns.count, 0);
    CU_ASSERT_PTR_NULL(lookup(&ns, "p0"));
    sx_namespaces_fini(&ns);
}

static void test_resolve(void)
{
    static const struct {
        const char *qname;
        bool is_attribute;
        const char *local_name, *uri; /* NULL: unbound */
    } rows[] = {
        {"a", false, "a", "urn:d"},
        {"a", true, "a", ""},
        {"p:a", false, "a", "urn:p"},
        {"p:a", true, "a", "urn:p"},
        {"xml:lang", true, "lang", "http://www.w3.org/XML/1998/namespace"},
        {"q:a", false, NULL, NULL},
        {"q:a", true, NULL, NULL},
        {":a", false, NULL, NULL},
        {":a", true, NULL, NULL},
        {"p:", false, NULL, NULL},
        {"p:a:b", false, NULL, NULL},
    };
    struct sx_namespaces ns = {0};
    size_t i;
    push(&ns, 0, "xmlns", "urn:d");
    push(&ns, 0, "xmlns:p", "urn:p");
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *uri = "untouched";
        const char *local_name =
            sx_namespaces_resolve(&ns, rows[i].qname, rows[i].is_attribute, &uri);
        if (rows[i].local_name)
            ASSERT_TEXT(local_name, rows[i].local_name);
        else
            CU_ASSERT_PTR_NULL(local_name);
        ASSERT_TEXT(uri, rows[i].uri ? rows[i].uri : "untouched");
    }
    sx_namespaces_fini(&ns);
}

CU_TestInfo tests_namespace[] = {
    {"finds the declarations among attributes", test_push},
    {"binds the innermost declaration in scope", test_shadowing},
    {"undeclares the default namespace by an empty one", test_default},
    {"looks up a prefix inside a longer text", test_prefix_is_part_of_text},
    {"refuses what Namespaces in XML forbids", test_forbidden},
    {"refuses more declarations than its bound, and recovers by a pop", test_bound},
    {"has a bound by default", test_default_bound},
    {"resolves qualified names of elements and attributes", test_resolve},
    CU_TEST_INFO_NULL,
};
