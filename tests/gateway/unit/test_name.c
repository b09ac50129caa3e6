/* Tests of gateway/route/name.c: an Idempotency-Key as clients write it. */
#include <stdlib.h>
#include <string.h>

#include "../../lib/suite.h"
#include "route/name.h"

static void test_a_key_is_quoted_or_bare(void)
{
    static const struct {
        const char *key, *text;
    } rows[] = {
        {"\"8e03978e-40d5\"", "8e03978e-40d5"},
        {"8e03978e-40d5", "8e03978e-40d5"},
        {"  a b  ", "a b"},
        {"\"a\\\"b\\\\c\"", "a\"b\\c"},
        {"\"", "\""},
        {"a\\b", "a\\b"},
    };
    struct gw_name name;
    char why[128] = "";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(gw_name_read_key(&name, rows[i].key, why, sizeof why), 0);
        ASSERT_TEXT(name.text, rows[i].text);
        ASSERT_TEXT(name.kind, "key");
    }
}

static void test_a_key_that_cannot_be_read_is_refused(void)
{
    static const struct {
        const char *key, *told;
    } rows[] = {
        {"", "it is empty"},    {"\"\"", "it is empty"},   {"   ", "it is empty"},
        {"a\x01", "printable"}, {"\xC3\xA4", "printable"},
    };
    struct gw_name name;
    char why[128] = "", long_key[300];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(gw_name_read_key(&name, rows[i].key, why, sizeof why), 400);
        ASSERT_CONTAINS(why, rows[i].told);
        CU_ASSERT_PTR_NULL(name.kind);
    }
    memset(long_key, 'a', sizeof long_key);
    long_key[256] = '\0';
    CU_ASSERT_EQUAL(gw_name_read_key(&name, long_key, why, sizeof why), 400);
    ASSERT_CONTAINS(why, "longer than 255");
    long_key[255] = '\0';
    CU_ASSERT_EQUAL(gw_name_read_key(&name, long_key, why, sizeof why), 0);
}

CU_TestInfo gateway_tests_name[] = {
    {"a key is quoted or bare", test_a_key_is_quoted_or_bare},
    {"a key that can't be read is refused", test_a_key_that_cannot_be_read_is_refused},
    CU_TEST_INFO_NULL,
};
