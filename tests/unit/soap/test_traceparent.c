/* The grammar of a traceparent. */
#include <stdio.h>
#include <string.h>

#include "soap/traceparent.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_traceparent[];

#define TRACE  "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static void one_of_version_00_is_valid(void)
{
    CU_ASSERT_TRUE(sx_traceparent_is_valid("00-" TRACE "-" PARENT "-01"));
    CU_ASSERT_TRUE(sx_traceparent_is_valid("00-" TRACE "-" PARENT "-00"));
}

static void none_is_not_valid(void)
{
    CU_ASSERT_FALSE(sx_traceparent_is_valid(NULL));
    CU_ASSERT_FALSE(sx_traceparent_is_valid(""));
    CU_ASSERT_FALSE(sx_traceparent_is_valid("00"));
}

static void a_part_of_one_is_not_valid(void)
{
    static const char whole[] = "00-" TRACE "-" PARENT "-01";
    char part[sizeof whole];
    size_t len;
    for (len = 0; len < sizeof whole - 1; len++) {
        snprintf(part, sizeof part, "%.*s", (int)len, whole);
        CU_ASSERT_FALSE(sx_traceparent_is_valid(part));
    }
}

static void each_character_counts(void)
{
    static const char whole[] = "00-" TRACE "-" PARENT "-01";
    char other[sizeof whole];
    size_t i;
    for (i = 0; i < sizeof whole - 1; i++) {
        memcpy(other, whole, sizeof whole);
        other[i] = 'g';
        CU_ASSERT_FALSE(sx_traceparent_is_valid(other));
        other[i] = '\'';
        CU_ASSERT_FALSE(sx_traceparent_is_valid(other));
    }
}

static void ids_of_zeros_are_none(void)
{
    CU_ASSERT_FALSE(sx_traceparent_is_valid("00-00000000000000000000000000000000-" PARENT "-01"));
    CU_ASSERT_FALSE(sx_traceparent_is_valid("00-" TRACE "-0000000000000000-01"));
}

static void upper_case_is_not_valid(void)
{
    CU_ASSERT_FALSE(sx_traceparent_is_valid("00-4BF92f3577b34da6a3ce929d0e0e4736-" PARENT "-01"));
    CU_ASSERT_FALSE(sx_traceparent_is_valid("00-" TRACE "-" PARENT "-0A"));
}

static void nothing_follows_in_version_00(void)
{
    CU_ASSERT_FALSE(sx_traceparent_is_valid("00-" TRACE "-" PARENT "-01-"));
    CU_ASSERT_FALSE(sx_traceparent_is_valid("00-" TRACE "-" PARENT "-010"));
    CU_ASSERT_FALSE(sx_traceparent_is_valid("00-" TRACE "-" PARENT "-01 "));
}

static void a_later_version_may_have_more(void)
{
    CU_ASSERT_TRUE(sx_traceparent_is_valid("01-" TRACE "-" PARENT "-01"));
    CU_ASSERT_TRUE(sx_traceparent_is_valid("cc-" TRACE "-" PARENT "-01-what.the-future=Brings"));
    CU_ASSERT_FALSE(sx_traceparent_is_valid("cc-" TRACE "-" PARENT "-01.what"));
    CU_ASSERT_FALSE(sx_traceparent_is_valid("cc-" TRACE "-" PARENT "-01-a b"));
    CU_ASSERT_FALSE(sx_traceparent_is_valid("cc-" TRACE "-" PARENT "-01-a<b"));
    CU_ASSERT_FALSE(sx_traceparent_is_valid("cc-" TRACE "-" PARENT "-01-\xC3\xBC"));
    CU_ASSERT_FALSE(sx_traceparent_is_valid("ff-" TRACE "-" PARENT "-01"));
}

static void one_that_does_not_fit_is_not_valid(void)
{
    char text[SX_TRACEPARENT_BYTES + 1];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memcpy(text, "01-" TRACE "-" PARENT "-01-", 56);
    CU_ASSERT_FALSE(sx_traceparent_is_valid(text));
    text[SX_TRACEPARENT_BYTES - 1] = '\0';
    CU_ASSERT_TRUE(sx_traceparent_is_valid(text));
}

CU_TestInfo tests_traceparent[] = {
    {"one of version 00 is valid", one_of_version_00_is_valid},
    {"none is not valid", none_is_not_valid},
    {"a part of one is not valid", a_part_of_one_is_not_valid},
    {"each character counts", each_character_counts},
    {"ids of zeros are none", ids_of_zeros_are_none},
    {"upper case is not valid", upper_case_is_not_valid},
    {"nothing follows in version 00", nothing_follows_in_version_00},
    {"a later version may have more", a_later_version_may_have_more},
    {"one that does not fit is not valid", one_that_does_not_fit_is_not_valid},
    CU_TEST_INFO_NULL,
};
