/* Unit tests of lib/base/buffer.c. */
#include "../../lib/suite.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

static void test_appends(void)
{
    struct sx_buffer buffer = {0};
    sx_buffer_add(&buffer, "abcdef", 3);
    sx_buffer_add_text(&buffer, "-");
    sx_buffer_add_format(&buffer, "%s%d", "x", 7);
    sx_buffer_add(&buffer, "", 0);
    ASSERT_TEXT(buffer.bytes, "abc-x7");
    CU_ASSERT_EQUAL(buffer.len, 6);
    CU_ASSERT_FALSE(buffer.failed);
    sx_buffer_fini(&buffer);
    CU_ASSERT_PTR_NULL(buffer.bytes);
    CU_ASSERT_EQUAL(buffer.capacity, 0);
}

static void test_grows(void)
{
    struct sx_buffer buffer = {0};
    size_t i, wrong = 0;
    for (i = 0; i < 5000; i++)
        sx_buffer_add(&buffer, &"0123456789"[i % 10], 1);
    CU_ASSERT_EQUAL(buffer.len, 5000);
    CU_ASSERT_EQUAL(strlen(buffer.bytes), 5000);
    for (i = 0; i < 5000; i++)
        wrong += buffer.bytes[i] != (char)('0' + i % 10);
    CU_ASSERT_EQUAL(wrong, 0);
    sx_buffer_fini(&buffer);
}

static void test_nul_bytes(void)
{
    struct sx_buffer buffer = {0};
    sx_buffer_add(&buffer, "a\0b", 3);
    CU_ASSERT_EQUAL(buffer.len, 3);
    CU_ASSERT_EQUAL(memcmp(buffer.bytes, "a\0b", 4), 0);
    sx_buffer_fini(&buffer);
}

static void test_reserve(void)
{
    struct sx_buffer buffer = {0};
    char *bytes;
    size_t i;
    CU_ASSERT_TRUE(sx_buffer_reserve(&buffer, 1000));
    bytes = buffer.bytes;
    ASSERT_TEXT(bytes, "");
    for (i = 0; i < 1000; i++)
        sx_buffer_add_text(&buffer, "x");
    CU_ASSERT_PTR_EQUAL(buffer.bytes, bytes);
    CU_ASSERT_EQUAL(strlen(buffer.bytes), 1000);
    sx_buffer_fini(&buffer);
}

static void test_clear(void)
{
    struct sx_buffer buffer = {0};
    size_t capacity;
    sx_buffer_clear(&buffer);
    sx_buffer_add_text(&buffer, "one");
    capacity = buffer.capacity;
    buffer.failed = true;
    sx_buffer_clear(&buffer);
    CU_ASSERT_EQUAL(buffer.len, 0);
    CU_ASSERT_EQUAL(buffer.capacity, capacity);
    ASSERT_TEXT(buffer.bytes, "");
    sx_buffer_add_text(&buffer, "two");
    ASSERT_TEXT(buffer.bytes, "two");
    sx_buffer_fini(&buffer);
}

static void test_escapes(void)
{
    static const struct {
        const char *text, *escaped;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"<a b='c' d=\"e\">&", "&lt;a b=&apos;c&apos; d=&quot;e&quot;&gt;&amp;"},
        {"]]>", "]]&gt;"},
        {"\t\n\r", "&#9;&#10;&#13;"},
        {"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80",
         "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80"},
        {"\xEF\xBF\xBD\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF",
         "\xEF\xBF\xBD\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"},
    };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sx_buffer buffer = {0};
        char *bytes;
        sx_buffer_add_escaped(&buffer, rows[i].text);
        bytes = sx_buffer_take(&buffer, NULL);
        ASSERT_TEXT(bytes, rows[i].escaped);
        free(bytes);
    }
}

#define NONE "\xEF\xBF\xBD" /* U+FFFD */

static void test_escapes_what_ends_a_stream(void)
{
    static const struct {
        const char *text, *escaped;
    } rows[] = {
        {"a\x01z", "a" NONE "z"},
        {"\x1F\x0B", NONE NONE},
        {"\xFF\xFE", NONE NONE},
        {"\x80", NONE},
        {"\xC0\xAF", NONE NONE},                   /* overlong '/' */
        {"\xE0\x9F\xBF", NONE NONE NONE},          /* overlong U+07FF */
        {"\xF0\x8F\xBF\xBF", NONE NONE NONE NONE}, /* overlong U+FFFF */
        {"\xED\xA0\x80", NONE NONE NONE},          /* a surrogate */
        {"\xF4\x90\x80\x80", NONE NONE NONE NONE}, /* over U+10FFFF */
        {"\xEF\xBF\xBE", NONE NONE NONE},          /* U+FFFE */
        {"\xC3", NONE},                            /* cut off */
        {"\xE2\x82", NONE NONE},
        {"\xF0\x9F\x98", NONE NONE NONE},
        {"\xE2\x82<", NONE NONE "&lt;"},
    };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sx_buffer buffer = {0};
        /* A copy of the exact size shows reads beyond the end to the sanitizer. */
        char *text = strdup(rows[i].text);
        sx_buffer_add_escaped(&buffer, text);
        ASSERT_TEXT(buffer.bytes, rows[i].escaped);
        sx_buffer_fini(&buffer);
        free(text);
    }
}

static void test_failure_sticks(void)
{
    struct sx_buffer buffer = {0};
    size_t len = 42;
    sx_buffer_add_text(&buffer, "kept");
    CU_ASSERT_FALSE(sx_buffer_reserve(&buffer, SIZE_MAX));
    CU_ASSERT_TRUE(buffer.failed);
    sx_buffer_add_text(&buffer, "1");
    sx_buffer_add_escaped(&buffer, "2");
    sx_buffer_add_format(&buffer, "%d", 3);
    CU_ASSERT_FALSE(sx_buffer_reserve(&buffer, 1));
    ASSERT_TEXT(buffer.bytes, "kept");
    CU_ASSERT_EQUAL(buffer.len, 4);
    CU_ASSERT_PTR_NULL(sx_buffer_take(&buffer, &len));
    CU_ASSERT_EQUAL(len, 42);
    CU_ASSERT_PTR_NULL(buffer.bytes);
    CU_ASSERT_FALSE(buffer.failed);
}

static void test_take(void)
{
    struct sx_buffer buffer = {0};
    size_t len = 42;
    char *bytes = sx_buffer_take(&buffer, &len);
    ASSERT_TEXT(bytes, "");
    CU_ASSERT_EQUAL(len, 0);
    free(bytes);
    sx_buffer_add_text(&buffer, "mine");
    bytes = sx_buffer_take(&buffer, &len);
    ASSERT_TEXT(bytes, "mine");
    CU_ASSERT_EQUAL(len, 4);
    CU_ASSERT_PTR_NULL(buffer.bytes);
    CU_ASSERT_EQUAL(buffer.len, 0);
    free(bytes);
}

CU_TestInfo tests_buffer[] = {
    {"appends bytes, text and formatted text", test_appends},
    {"keeps what it holds while it grows", test_grows},
    {"holds NUL bytes", test_nul_bytes},
    {"doesn't move within what was reserved", test_reserve},
    {"is empty and usable after a clear, with its memory", test_clear},
    {"escapes markup and white space other than blanks, and no other character", test_escapes},
    {"replaces bytes that would end a stream by U+FFFD", test_escapes_what_ends_a_stream},
    {"stays as it was after a failed append, and take tells", test_failure_sticks},
    {"gives its bytes away, an allocated empty text if it has none", test_take},
    CU_TEST_INFO_NULL,
};
