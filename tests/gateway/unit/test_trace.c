/* Tests of gateway/base/trace.c: a traceparent, carried or made. */
#include <string.h>

#include "../../lib/suite.h"
#include "base/trace.h"

#define ID "0af7651916cd43dd8448eb211c80319c"

static void test_a_valid_one_is_carried(void)
{
    struct gw_trace trace = {0};
    CU_ASSERT_TRUE(gw_trace_read(&trace, "00-" ID "-b7ad6b7169203331-01"));
    ASSERT_TEXT(trace.parent, "00-" ID "-b7ad6b7169203331-01");
    ASSERT_TEXT(trace.id, ID);
    /* of a later version, what version 00 knows of it */
    CU_ASSERT_TRUE(gw_trace_read(&trace, "cc-" ID "-b7ad6b7169203331-01-what-comes"));
    ASSERT_TEXT(trace.parent, "00-" ID "-b7ad6b7169203331-01");
}

static void test_others_are_none(void)
{
    static const char *const wrong[] = {
        "",
        "00",
        "00-" ID "-b7ad6b7169203331-0",
        "00-" ID "-b7ad6b7169203331-01-more",
        "00-" ID "-b7ad6b7169203331-01\r\nX: y",
        "ff-" ID "-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-" ID "-0000000000000000-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00_" ID "-b7ad6b7169203331-01",
    };
    struct gw_trace trace = {.parent = "untouched"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_FALSE(gw_trace_read(&trace, wrong[i]));
    CU_ASSERT_FALSE(gw_trace_read(&trace, NULL));
    ASSERT_TEXT(trace.parent, "untouched");
}

static void test_one_that_is_made_is_valid_and_new(void)
{
    struct gw_trace one, other, read = {0};
    gw_trace_make(&one);
    gw_trace_make(&other);
    CU_ASSERT_TRUE(gw_trace_read(&read, one.parent));
    ASSERT_TEXT(read.parent, one.parent);
    ASSERT_TEXT(read.id, one.id);
    CU_ASSERT_NOT_EQUAL(strcmp(one.id, other.id), 0);
}

CU_TestInfo gateway_tests_trace[] = {
    {"a valid one is carried", test_a_valid_one_is_carried},
    {"others are none", test_others_are_none},
    {"one that is made is valid and new", test_one_that_is_made_is_valid_and_new},
    CU_TEST_INFO_NULL,
};
