/* hex.c: digits and back. */
#include "base/hex.h"

#include <string.h>

#include "../../lib/suite.h"

static void bytes_become_digits_and_back(void)
{
    const unsigned char bytes[] = {0x00, 0x1F, 0xA0, 0xFF};
    unsigned char back[sizeof bytes] = {0};
    char text[2 * sizeof bytes + 1];
    sx_hex_format(bytes, sizeof bytes, text);
    CU_ASSERT_STRING_EQUAL(text, "001fa0ff");
    CU_ASSERT_TRUE(sx_hex_parse(text, sizeof bytes, back));
    CU_ASSERT_EQUAL(memcmp(back, bytes, sizeof bytes), 0);
}

static void what_is_no_digit_is_refused(void)
{
    unsigned char out[2];
    CU_ASSERT_FALSE(sx_hex_parse("00A0", 2, out));
    CU_ASSERT_FALSE(sx_hex_parse("00g0", 2, out));
    CU_ASSERT_FALSE(sx_hex_parse("000", 2, out));
    CU_ASSERT_FALSE(sx_hex_parse("", 1, out));
    CU_ASSERT_TRUE(sx_hex_parse("", 0, out));
    CU_ASSERT_EQUAL(sx_hex_digit('F'), -1);
    CU_ASSERT_EQUAL(sx_hex_digit('\0'), -1);
}

static void check_number(uint64_t number, const char *expected)
{
    char text[SX_HEX_NUMBER_DIGITS + 1];
    uint64_t back = ~number;
    const char *end;
    *sx_hex_format_number(number, text) = '\0';
    CU_ASSERT_STRING_EQUAL(text, expected);
    end = sx_hex_parse_number(text, &back);
    CU_ASSERT_TRUE(end && !*end);
    CU_ASSERT_EQUAL(back, number);
}

static void numbers_have_no_leading_zeros(void)
{
    check_number(0, "0");
    check_number(15, "f");
    check_number(16, "10");
    check_number(UINT64_MAX, "ffffffffffffffff");
}

static void a_number_ends_where_its_digits_do(void)
{
    const char *text = "1a.5";
    uint64_t number = 7;
    CU_ASSERT_PTR_EQUAL(sx_hex_parse_number(text, &number), text + 2);
    CU_ASSERT_EQUAL(number, 0x1a);
    CU_ASSERT_PTR_NULL(sx_hex_parse_number(".5", &number));
    CU_ASSERT_PTR_NULL(sx_hex_parse_number("00000000000000001", &number));
    CU_ASSERT_EQUAL(number, 0x1a);
}

CU_TestInfo tests_hex[] = {
    {"bytes become digits and back", bytes_become_digits_and_back},
    {"what is no digit is refused", what_is_no_digit_is_refused},
    {"numbers have no leading zeros", numbers_have_no_leading_zeros},
    {"a number ends where its digits do", a_number_ends_where_its_digits_do},
    CU_TEST_INFO_NULL,
};
