/* Two hexadecimal digits are a byte. */
#include "../../lib/suite.h"
#include "base/hex.h"

static void two_digits_are_a_byte(void)
{
    CU_ASSERT_EQUAL(gw_hex_byte("00"), 0);
    CU_ASSERT_EQUAL(gw_hex_byte("7f and more"), 0x7F);
    CU_ASSERT_EQUAL(gw_hex_byte("aF"), 0xAF);
    CU_ASSERT_EQUAL(gw_hex_byte("Fa"), 0xFA);
    CU_ASSERT_EQUAL(gw_hex_byte("99"), 0x99);
}

static void all_else_is_none(void)
{
    static const char *const rows[] = {"",   "a",  "0",  "g0", "0g", "/0",
                                       "0:", "@A", "A`", " 1", "-1"};
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(gw_hex_byte(rows[i]), -1);
}

extern CU_TestInfo gateway_tests_hex[];
CU_TestInfo gateway_tests_hex[] = {
    {"two digits of either case are a byte", two_digits_are_a_byte},
    {"all else is none, also a text that ends", all_else_is_none},
    CU_TEST_INFO_NULL,
};
