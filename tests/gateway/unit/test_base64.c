/* Base64 in pieces, and which of it is canonical. */
#include "../../lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "soap/base64.h"

static void test_written_as_rfc_4648_says(void)
{
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"},
                                             {"\xFB\xFF\xBF", "+/+/"}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct ct_text text = {0};
        gw_base64_put(&text, vectors[i][0], strlen(vectors[i][0]));
        CU_ASSERT_EQUAL(text.len, gw_base64_size(strlen(vectors[i][0])));
        ASSERT_TEXT(text.bytes ? text.bytes : "", vectors[i][1]);
        CU_ASSERT(gw_base64_is_canonical(vectors[i][1], strlen(vectors[i][1])));
        ct_text_fini(&text);
    }
}

/* Whether it can be read in pieces of that size; the bytes in out. */
static bool read_in(const char *chars, size_t piece, struct ct_text *out)
{
    struct gw_base64 base64 = {0};
    size_t len = strlen(chars);
    for (size_t at = 0; at < len; at += piece) {
        size_t now = len - at < piece ? len - at : piece, got = 0;
        char *room = malloc(GW_BASE64_ROOM(now));
        bool is_read = gw_base64_read(&base64, chars + at, now, room, &got);
        if (is_read)
            ct_text_add(out, room, got);
        free(room);
        if (!is_read)
            return false;
    }
    return gw_base64_is_whole(&base64);
}

static void test_read_in_pieces_of_any_size(void)
{
    struct ct_text bytes = {0}, chars = {0};
    for (unsigned i = 0; i < 4000; i++) {
        char byte = (char)(i * 7 % 256);
        ct_text_add(&bytes, &byte, 1);
    }
    gw_base64_put(&chars, bytes.bytes, bytes.len);
    for (size_t piece = 1; piece < 70; piece += 3) {
        struct ct_text out = {0};
        CU_ASSERT(read_in(chars.bytes, piece, &out));
        CU_ASSERT_EQUAL(out.len, bytes.len);
        CU_ASSERT(memcmp(out.bytes, bytes.bytes, bytes.len) == 0);
        ct_text_fini(&out);
    }
    ct_text_fini(&bytes);
    ct_text_fini(&chars);
}

static void test_what_is_none_is_refused(void)
{
    static const char *const none[] = {"Z",        "Zg",   "Zg=",   "Zg===",      "Z===", "====",
                                       "Zg==Zg==", "Zg=a", "Zm9v-", "Zm\xC3\xA4", "Zm9_"};
    static const char *const spaced[] = {" Zm\r\n9v\tYg = =\n", "\n"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct ct_text out = {0};
        CU_ASSERT(!read_in(none[i], 100, &out));
        CU_ASSERT(!gw_base64_is_canonical(none[i], strlen(none[i])));
        ct_text_fini(&out);
    }
    for (size_t i = 0; i < sizeof spaced / sizeof *spaced; i++) {
        struct ct_text out = {0};
        CU_ASSERT(read_in(spaced[i], 100, &out));
        CU_ASSERT(!gw_base64_is_canonical(spaced[i], strlen(spaced[i])));
        ct_text_fini(&out);
    }
}

static void test_bits_of_no_byte_make_it_not_canonical(void)
{
    CU_ASSERT(!gw_base64_is_canonical("Zh==", 4));
    CU_ASSERT(!gw_base64_is_canonical("Zm9=", 4));
    CU_ASSERT(gw_base64_is_canonical("Zm8=", 4));
}

CU_TestInfo gateway_tests_base64[] = {
    {"written as RFC 4648 says", test_written_as_rfc_4648_says},
    {"read in pieces of any size", test_read_in_pieces_of_any_size},
    {"what is none is refused", test_what_is_none_is_refused},
    {"bits that belong to no byte make it not canonical",
     test_bits_of_no_byte_make_it_not_canonical},
    CU_TEST_INFO_NULL,
};
