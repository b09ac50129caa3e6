/* access.c: who is named by any rule at all, asked before an envelope costs a glance. */
#include "request/access.h"

#include <stdio.h>

#include "../../lib/suite.h"

static void test_named(void)
{
    struct sx_access *access = sx_access_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(access);
    CU_ASSERT_FALSE(sx_access_may_know(access, "alice@example.org/desk"));
    CU_ASSERT_EQUAL(sx_access_parse(access,
                                    "alice@example.org:add bob@example.org/home *@other.org:x",
                                    NULL, 0),
                    SX_OK);
    CU_ASSERT_TRUE(sx_access_may_know(access, "alice@example.org/desk"));
    CU_ASSERT_TRUE(sx_access_may_know(access, "Alice@EXAMPLE.org/desk"));
    CU_ASSERT_TRUE(sx_access_may_know(access, "bob@example.org/home"));
    CU_ASSERT_FALSE(sx_access_may_know(access, "bob@example.org/work"));
    CU_ASSERT_TRUE(sx_access_may_know(access, "anybody@other.org/x"));
    CU_ASSERT_FALSE(sx_access_may_know(access, "other.org"));
    CU_ASSERT_FALSE(sx_access_may_know(access, "carol@example.org/desk"));
    CU_ASSERT_FALSE(sx_access_may_know(access, ""));
    sx_access_free(access);
}

static void test_everybody(void)
{
    struct sx_access *access = sx_access_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(access);
    CU_ASSERT_EQUAL(sx_access_allow(access, "*", "ping", NULL, 0), SX_OK);
    CU_ASSERT_TRUE(sx_access_may_know(access, "carol@example.org/desk"));
    sx_access_free(access);
}

/* These two had the same key once. */
static void test_another_name(void)
{
    struct sx_access *access = sx_access_new();
    char name[64];
    int i, known = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(access);
    CU_ASSERT_EQUAL(sx_access_allow(access, "alice@example.org", NULL, NULL, 0), SX_OK);
    CU_ASSERT_FALSE(sx_access_may_know(access, "m18050@example.org/x"));
    for (i = 0; i < 200000; i++) {
        snprintf(name, sizeof name, "m%d@example.org/x", i);
        known += sx_access_may_know(access, name);
    }
    CU_ASSERT_EQUAL(known, 0);
    sx_access_free(access);
}

CU_TestInfo tests_acquaintance[] = {
    {"whom a rule names, for whatever, may be known; others aren't", test_named},
    {"nobody is taken for somebody else", test_another_name},
    {"a rule for everybody knows everybody", test_everybody},
    CU_TEST_INFO_NULL,
};
