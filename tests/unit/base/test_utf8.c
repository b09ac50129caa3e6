/* utf8.c: every character and back, what is none, and cuts. */
#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

#include "../../lib/suite.h"

static void every_character_is_written_and_read(void)
{
    unsigned long lost = 0;
    uint32_t c, back;
    for (c = 1; c <= 0x10FFFF; c++) {
        char text[SX_UTF8_CHAR_BYTES + 1] = {0};
        bool is_surrogate = c >= 0xD800 && c <= 0xDFFF;
        size_t len = sx_utf8_encode(c, text);
        size_t read = sx_utf8_decode(text, &back);
        lost += is_surrogate ? read != 0 : read != len || back != c;
    }
    CU_ASSERT_EQUAL(lost, 0);
}

static void what_is_no_character_has_no_length(void)
{
    static const char *const texts[] = {
        "\x80", "\xC0\x80",     "\xC1\xBF",         "\xE0\x9F\xBF",
        "\xC3", "\xE2\x82",     "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xFF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xC3("};
    uint32_t c = 7;
    size_t i;
    for (i = 0; i < sizeof texts / sizeof *texts; i++)
        CU_ASSERT_EQUAL(sx_utf8_decode(texts[i], &c), 0);
    CU_ASSERT_EQUAL(c, 7);
}

static void a_byte_that_begins_no_character_stands_for_itself(void)
{
    const char *text = "\xFF\xC3\xA4";
    CU_ASSERT_EQUAL(sx_utf8_next(&text), 0x110000 + 0xFF);
    CU_ASSERT_EQUAL(sx_utf8_next(&text), 0xE4);
    CU_ASSERT_EQUAL(*text, '\0');
}

static void xml_allows_fewer(void)
{
    static const char *const allowed[] = {"\t",   "\n",       "\r",          " ",
                                          "\x7F", "\xC2\x80", "\xEF\xBF\xBD"};
    static const char *const forbidden[] = {"",    "\x01", "\x1F", "\xEF\xBF\xBE", "\xEF\xBF\xBF",
                                            "\xFF"};
    size_t i;
    for (i = 0; i < sizeof allowed / sizeof *allowed; i++)
        CU_ASSERT_EQUAL(sx_utf8_xml_len(allowed[i]), strlen(allowed[i]));
    for (i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        CU_ASSERT_EQUAL(sx_utf8_xml_len(forbidden[i]), 0);
}

static void spaces_of_unicode_are_spaces(void)
{
    CU_ASSERT_TRUE(sx_utf8_is_space(' '));
    CU_ASSERT_TRUE(sx_utf8_is_space(0xA0));
    CU_ASSERT_TRUE(sx_utf8_is_space(0x3000));
    CU_ASSERT_FALSE(sx_utf8_is_space('\t'));
    CU_ASSERT_FALSE(sx_utf8_is_space(0x200B));
}

static void a_cut_splits_no_character(void)
{
    const char *text = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80";
    static const size_t left[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
    size_t len;
    for (len = 0; len < sizeof left / sizeof *left; len++)
        CU_ASSERT_EQUAL(sx_utf8_cut(text, len), left[len]);
    CU_ASSERT_EQUAL(sx_utf8_cut("\x80\x80\x80\x80\x80", 5), 5);
}

static void what_a_cut_has_split_is_taken_out(void)
{
    static const struct {
        const char *text, *whole;
    } cases[] = {
        {"", ""},
        {"a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"a\xC3: b", "a: b"},
        {"\xE2\x82\xF0\x9F\x98x", "x"},
        {"\x80\xBF\xFF", ""},
        {"a\xF0\x9F\x98", "a"},
    };
    char text[32];
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        strcpy(text, cases[i].text);
        sx_utf8_drop_broken(text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].whole);
    }
}

CU_TestInfo tests_utf8[] = {
    {"every character is written and read", every_character_is_written_and_read},
    {"what is no character has no length", what_is_no_character_has_no_length},
    {"a byte that begins no character stands for itself",
     a_byte_that_begins_no_character_stands_for_itself},
    {"XML allows fewer", xml_allows_fewer},
    {"spaces beyond ASCII are spaces", spaces_of_unicode_are_spaces},
    {"a cut splits no character", a_cut_splits_no_character},
    {"what a cut has split is taken out", what_a_cut_has_split_is_taken_out},
    CU_TEST_INFO_NULL,
};
