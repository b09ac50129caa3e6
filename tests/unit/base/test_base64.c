/* Base64: RFC 4648 section 4, and nothing else. */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_base64[];

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool decodes(const char *text, size_t text_len, struct sx_buffer *out)
{
    size_t len = 99;
    bool is_base64;

    sx_buffer_clear(out);
    sx_buffer_add(out, text, text_len);
    if (!text_len)
        sx_buffer_reserve(out, 1);
    is_base64 = sx_base64_decode(out->bytes, text_len, &len);
    if (is_base64)
        out->len = len;
    else
        CU_ASSERT_EQUAL(len, 99);
    return is_base64;
}

static void assert_refused(const char *text)
{
    struct sx_buffer out = {0};

    if (decodes(text, strlen(text), &out))
        ASSERT_TEXT(text, "refused");
    sx_buffer_fini(&out);
}

static void test_vectors(void)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xFB\xFF\xBF", "+/+/"},
    };
    struct sx_buffer out = {0};
    size_t i;

    for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        sx_buffer_clear(&out);
        sx_base64_add(&out, pairs[i][0], strlen(pairs[i][0]));
        ASSERT_TEXT(out.bytes ? out.bytes : "", pairs[i][1]);
        CU_ASSERT_EQUAL(sx_base64_len(strlen(pairs[i][0])), strlen(pairs[i][1]));
        CU_ASSERT(decodes(pairs[i][1], strlen(pairs[i][1]), &out));
        CU_ASSERT_EQUAL(out.len, strlen(pairs[i][0]));
        CU_ASSERT(memcmp(out.bytes, pairs[i][0], out.len) == 0);
    }
    sx_buffer_fini(&out);
}

/* Bit by bit, as RFC 4648 section 4 says it. */
static void encode_slowly(const unsigned char *bytes, size_t len, char *out)
{
    size_t bit, i;
    for (bit = 0; bit < 8 * len; bit += 6) {
        unsigned letter = 0;
        for (i = bit; i < bit + 6; i++)
            letter = letter << 1 | (i < 8 * len ? bytes[i / 8] >> (7 - i % 8) & 1u : 0);
        *out++ = alphabet[letter];
    }
    for (i = len; i % 3; i++)
        *out++ = '=';
    *out = '\0';
}

static void test_lengths(void)
{
    unsigned char bytes[300];
    char expected[450];
    struct sx_buffer text = {0}, back = {0};
    size_t len, i;

    for (i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 167 + (i >> 3));
    for (len = 0; len <= sizeof bytes; len++) {
        sx_buffer_clear(&text);
        sx_buffer_add_text(&text, "before");
        sx_base64_add(&text, (char *)bytes, len);
        encode_slowly(bytes, len, expected);
        ASSERT_TEXT(text.bytes + 6, expected);
        CU_ASSERT_EQUAL(text.len, 6 + sx_base64_len(len));
        CU_ASSERT(decodes(text.bytes + 6, text.len - 6, &back));
        CU_ASSERT_EQUAL(back.len, len);
        CU_ASSERT(memcmp(back.bytes, bytes, len) == 0);
    }
    sx_buffer_fini(&text);
    sx_buffer_fini(&back);
}

static void test_other_letters(void)
{
    char text[] = "QUJDREVGR0hJSktM";
    struct sx_buffer out = {0};
    size_t at, last = strlen(text) - 1;
    int byte;

    for (at = 0; at <= last; at++)
        for (byte = 0; byte < 256; byte++) {
            char kept = text[at];
            bool is_letter = byte && strchr(alphabet, byte);

            if (byte == '=' && at == last) /* padding */
                continue;
            text[at] = (char)byte;
            CU_ASSERT_EQUAL(decodes(text, sizeof text - 1, &out), is_letter);
            text[at] = kept;
        }
    sx_buffer_fini(&out);
}

static void test_padding(void)
{
    static const char *const texts[] = {
        "Z",    "Zg",       "Zg=",      "Zg===",  "=",      "==",    "===",          "====",
        "Z===", "Zg==Zg==", "Zm8=Zm8=", "Zg=v",   "=Zg=",   "Zm9v=", "Zm9v====",     "Z=g=",
        "Zm=v", "Zg== ",    " Zg==",    "Zg==\n", "Zm9v\n", "Zm 9v", "Zm9v\r\nZm9v",
    };
    size_t i;

    for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_refused(texts[i]);
}

/* Each text has one encoding: what else would name the same bytes is refused. */
static void test_left_over_bits(void)
{
    char one[] = "A?==", two[] = "AA?=";
    struct sx_buffer out = {0};
    unsigned i;

    for (i = 0; i < 64; i++) {
        one[1] = two[2] = alphabet[i];
        CU_ASSERT_EQUAL(decodes(one, 4, &out), i % 16 == 0);
        CU_ASSERT_EQUAL(decodes(two, 4, &out), i % 4 == 0);
    }
    sx_buffer_fini(&out);
}

static bool attempt_add(struct shortage shortage)
{
    struct sx_buffer out = {0};
    bool has_failed;

    shortage_begin(shortage);
    sx_base64_add(&out, "foobar", 6);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(out.failed, has_failed);
    CU_ASSERT_EQUAL(out.len, has_failed ? 0 : 8);
    sx_buffer_fini(&out);
    return has_failed;
}
SHORTAGE_TEST(add, 1)

/* The letters behind the text would make it whole. */
static void test_cut(void)
{
    size_t text_len, len;

    for (text_len = 1; text_len < 8; text_len++) {
        char text[] = "Zm9vZm9v";

        CU_ASSERT_EQUAL(sx_base64_decode(text, text_len, &len), text_len == 4);
    }
}

/* Of a text that is converted in several pieces. */
static void test_long_texts(void)
{
    static const size_t places[] = {0, 4, 4092, 4096, 8188, 8192, 9996};
    char *bytes = calloc(1, 7500);
    struct sx_buffer text = {0}, out = {0};
    size_t i;

    sx_base64_add(&text, bytes, 7500);
    CU_ASSERT_EQUAL_FATAL(text.len, 10000);
    CU_ASSERT_EQUAL(strspn(text.bytes, "A"), 10000);
    CU_ASSERT(decodes(text.bytes, text.len, &out) && out.len == 7500);
    CU_ASSERT(memcmp(out.bytes, bytes, 7500) == 0);
    for (i = 0; i < sizeof places / sizeof *places; i++) {
        memcpy(text.bytes + places[i], "    ", 4);
        CU_ASSERT_FALSE(decodes(text.bytes, text.len, &out));
        memcpy(text.bytes + places[i], "----", 4);
        CU_ASSERT_FALSE(decodes(text.bytes, text.len, &out));
        memcpy(text.bytes + places[i], "AA==", 4);
        CU_ASSERT_EQUAL(decodes(text.bytes, text.len, &out), places[i] == 9996);
        memcpy(text.bytes + places[i], "AAAA", 4);
    }
    sx_buffer_fini(&text);
    sx_buffer_fini(&out);
    free(bytes);
}

CU_TestInfo tests_base64[] = {
    {"the RFC's test vectors come out, and go back", test_vectors},
    {"any length is encoded bit by bit as the RFC says, and comes back", test_lengths},
    {"a byte outside the alphabet is refused wherever it stands", test_other_letters},
    {"padding that is missing, misplaced or followed is refused", test_padding},
    {"bits left over in the last letter are refused", test_left_over_bits},
    {"without memory the buffer is as it was, and failed", test_add},
    {"a text that is cut off is refused, whatever stands behind it", test_cut},
    {"long texts are held to the same", test_long_texts},
    CU_TEST_INFO_NULL,
};
