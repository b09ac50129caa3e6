/* Text of others: whole characters of UTF-8, none of which commands a terminal. */
#include <stdio.h>
#include <string.h>

#include "../lib/suite.h"
#include "contract/plain.h"

static void test_length(void)
{
    static const struct {
        const char *text;
        size_t len;
        unsigned code;
    } rows[] = {
        {"a", 1, 'a'},
        {"\x7f", 1, 0x7F},
        {"\xC2\x80", 2, 0x80},
        {"\xDF\xBF", 2, 0x7FF},
        {"\xE0\xA0\x80", 3, 0x800},
        {"\xEF\xBF\xBF", 3, 0xFFFF},
        {"\xF0\x90\x80\x80", 4, 0x10000},
        {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
        {"\x80", 0, 0},             /* begins nowhere */
        {"\xC1\xBF", 0, 0},         /* longer than it need be */
        {"\xE0\x9F\xBF", 0, 0},     /* likewise */
        {"\xF0\x8F\xBF\xBF", 0, 0}, /* likewise */
        {"\xED\xA0\x80", 0, 0},     /* a surrogate */
        {"\xF4\x90\x80\x80", 0, 0}, /* beyond Unicode */
        {"\xF8\x88\x80\x80\x80", 0, 0},
        {"\xE2\x82", 0, 0}, /* cut */
        {"\xC3"
         "a",
         0, 0},
    };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned code = 0;
        CU_ASSERT_EQUAL(ct_plain_character(rows[i].text, &code), rows[i].len);
        CU_ASSERT_EQUAL(code, rows[i].code);
    }
}

static void test_make(void)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x93\xB7",
         "plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x93\xB7"},
        {"a\nb\tc\x1b[31m\x7f", "a?b?c?[31m?"},
        {"\xC2\x9B"
         "31m\xC2\xA0",
         "??31m\xC2\xA0"},
        {"\xFF\xFE\xED\xA0\x80 caf\xE9", "????? caf?"},
    };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s", rows[i][0]);
        ct_plain_make(text);
        ASSERT_TEXT(text, rows[i][1]);
        ct_plain_make(text);
        ASSERT_TEXT(text, rows[i][1]);
    }
}

/* A text with a character of each length, cut at each byte. */
static void test_cut(void)
{
    static const char whole[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x93\xB7";
    static const int kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
    char text[sizeof whole];
    size_t len;
    for (len = 0; len < sizeof kept / sizeof *kept; len++) {
        snprintf(text, sizeof text, "%.*s", (int)len, whole);
        ct_plain_cut(text);
        CU_ASSERT_EQUAL((int)strlen(text), kept[len]);
    }
}

extern CU_TestInfo contract_tests_plain[];
CU_TestInfo contract_tests_plain[] = {
    {"a character's length is its own, and 0 of what is none", test_length},
    {"plain text has no control character, and stays plain", test_make},
    {"a text that was cut ends with a whole character", test_cut},
    CU_TEST_INFO_NULL,
};
