/* Base64 into an envelope and out of it. */
#include "../../lib/suite.h"
#include "shortage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/text.h"
#include "soap/base64.h"
#include "soap/mtom.h"

enum { MOST = 1 << 20 };

#define XOP           "http://www.w3.org/2004/08/xop/include"
#define INCLUDE(HREF) "<xop:Include href='" HREF "'/>"
#define ENVELOPE(INSIDE)                                                                           \
    "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' xmlns:xop='" XOP              \
    "' xmlns:m='http://www.w3.org/2005/05/xmlmime' xmlns:x='urn:x'><s:Body>" INSIDE                \
    "</s:Body></s:Envelope>"

static struct gw_part parts[] = {{"a@b", "", "\x00\x01\xFF\xFE", 4}, {"c", "", "", 0}};

static char *put(const char *envelope, size_t part_count, size_t most, char *why, size_t why_bytes)
{
    size_t len = strlen(envelope), bytes = 0;
    struct gw_multipart package = {.envelope = malloc(len),
                                   .envelope_bytes = len,
                                   .is_xop = true,
                                   .parts = parts,
                                   .part_count = part_count};
    memcpy(package.envelope, envelope, len);
    char *out = gw_mtom_put(&package, most, &bytes, why, why_bytes);
    free(package.envelope);
    if (out)
        CU_ASSERT_EQUAL(bytes, strlen(out));
    return out;
}

static void test_parts_take_the_place_of_their_include(void)
{
    static const struct {
        const char *before, *after;
        size_t parts;
    } cases[] = {
        {ENVELOPE("<x:a>" INCLUDE("cid:a@b") "</x:a>"), ENVELOPE("<x:a>AAH//g==</x:a>"), 1},
        {ENVELOPE("<x:a>\n " INCLUDE("cid:a%40b") "\n</x:a><x:b>" INCLUDE("cid:c") "</x:b>"),
         ENVELOPE("<x:a>\n AAH//g==\n</x:a><x:b></x:b>"), 2},
        {ENVELOPE("<x:a><Include xmlns='" XOP "' href='cid:a@b' x:y='z'><x:z/>t</Include ></x:a>"),
         ENVELOPE("<x:a>AAH//g==</x:a>"), 1},
        {ENVELOPE("<x:a>" INCLUDE("cid:a@b") "</x:a><x:a>" INCLUDE("cid:a@b") "</x:a>"),
         ENVELOPE("<x:a>AAH//g==</x:a><x:a>AAH//g==</x:a>"), 1},
        {ENVELOPE("<x:Include href='cid:a@b'/><!--" INCLUDE("cid:a@b") "-->"),
         ENVELOPE("<x:Include href='cid:a@b'/><!--" INCLUDE("cid:a@b") "-->"), 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[256] = "";
        char *out = put(cases[i].before, cases[i].parts, MOST, why, sizeof why);
        ASSERT_TEXT(why, "");
        ASSERT_TEXT(out, cases[i].after);
        free(out);
    }
}

static void expect_no_put(const char *envelope, size_t part_count, size_t most,
                          const char *sentence)
{
    char why[256] = "";
    errno = 0;
    CU_ASSERT_PTR_NULL(put(envelope, part_count, most, why, sizeof why));
    CU_ASSERT_EQUAL(errno, strstr(sentence, "bytes") ? EFBIG : EINVAL);
    ASSERT_CONTAINS(why, sentence);
}

static void test_packages_that_are_none(void)
{
    struct ct_text many = {0};
    ct_text_put(&many, "<e xmlns:xop='" XOP "'>");
    for (int i = 0; i <= GW_CARGO_PARTS; i++)
        ct_text_put(&many, "<a>" INCLUDE("cid:c") "</a>");
    ct_text_put(&many, "</e>");
    expect_no_put(many.bytes, 2, MOST, "more than 1,000 xop:Includes");
    ct_text_fini(&many);
    expect_no_put("<a>", 0, MOST, "no XML");
    expect_no_put(ENVELOPE(""), 1, MOST, "no xop:Include names one of the parts");
    expect_no_put(ENVELOPE("<x:a>" INCLUDE("cid:d") "</x:a>"), 1, MOST, "isn't there");
    expect_no_put(ENVELOPE("<x:a><xop:Include/></x:a>"), 1, MOST, "isn't there");
    expect_no_put("<Include xmlns='" XOP "' href='cid:a@b'/>", 1, MOST, "isn't alone");
    expect_no_put(ENVELOPE("<x:a><x:b/>" INCLUDE("cid:a@b") "</x:a>"), 1, MOST, "isn't alone");
    expect_no_put(ENVELOPE("<x:a>" INCLUDE("cid:a@b") "<x:b/></x:a>"), 1, MOST, "isn't alone");
    expect_no_put(ENVELOPE("<x:a>" INCLUDE("cid:a@b") INCLUDE("cid:a@b") "</x:a>"), 1, MOST,
                  "isn't alone");
    expect_no_put(ENVELOPE("<x:a>" INCLUDE("cid:a@b") "</x:a>"), 1, 100, "more than 100 bytes");
}

/* One part that is named often must not become more than the limit. */
static void test_a_part_named_often_is_bounded(void)
{
    struct ct_text envelope = {0};
    struct gw_part part = {"a", "", calloc(1, 100000), 100000};
    ct_text_put(&envelope, "<e xmlns:xop='" XOP "'>");
    for (int i = 0; i < GW_CARGO_PARTS; i++)
        ct_text_put(&envelope, "<a>" INCLUDE("cid:a") "</a>");
    ct_text_put(&envelope, "</e>");
    struct gw_multipart package = {.envelope = envelope.bytes,
                                   .envelope_bytes = envelope.len,
                                   .parts = &part,
                                   .part_count = 1};
    char why[256] = "";
    size_t bytes;
    CU_ASSERT_PTR_NULL(gw_mtom_put(&package, MOST, &bytes, why, sizeof why));
    ASSERT_CONTAINS(why, "more than 1048576 bytes");
    free(part.bytes);
    ct_text_fini(&envelope);
}

/* As many characters of base64, of bytes that differ. */
static char *base64_of(size_t chars)
{
    struct ct_text bytes = {0}, text = {0};
    for (size_t i = 0; i < chars / 4 * 3; i++) {
        char byte = (char)(i * 31 % 256);
        ct_text_add(&bytes, &byte, 1);
    }
    gw_base64_put(&text, bytes.bytes ? bytes.bytes : "", bytes.len);
    ct_text_fini(&bytes);
    return ct_text_take(&text);
}

static char *listed[] = {"{urn:x}data", NULL};
static const struct gw_strings elements = {listed, 1};

static void expect_take(const char *head, const char *text, const char *tail, size_t part_count,
                        const char *type)
{
    struct ct_text envelope = {0};
    struct gw_multipart package;
    char why[256] = "";
    size_t bytes = 0;
    ct_text_print(&envelope, "%s%s%s", head, text, tail);
    char *copy = malloc(envelope.len);
    memcpy(copy, envelope.bytes, envelope.len);
    CU_ASSERT_FATAL(gw_mtom_take(&package, &elements, copy, envelope.len, why, sizeof why) == 0);
    free(copy);
    CU_ASSERT(package.is_xop);
    CU_ASSERT_EQUAL_FATAL(package.part_count, part_count);
    if (part_count) {
        ASSERT_TEXT(package.parts[0].type, type);
        ASSERT_TEXT(package.parts[0].id, "part1@soap-xmpp");
        ASSERT_LACKS(package.envelope, text);
    } else {
        ASSERT_TEXT(package.envelope, envelope.bytes);
    }
    char *back = gw_mtom_put(&package, MOST, &bytes, why, sizeof why);
    ASSERT_TEXT(why, "");
    ASSERT_TEXT(back, envelope.bytes);
    free(back);
    gw_multipart_free(&package);
    ct_text_fini(&envelope);
}

#define HEAD                                                                                       \
    "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' "                             \
    "xmlns:m='http://www.w3.org/2005/05/xmlmime' xmlns:x='urn:x'><s:Body>"
#define TAIL "</s:Body></s:Envelope>"

static void test_large_base64_becomes_a_part(void)
{
    char *large = base64_of(GW_MTOM_PART_CHARS), *small = base64_of(GW_MTOM_PART_CHARS - 4);
    expect_take(HEAD "<x:data>", large, "</x:data>" TAIL, 1, "application/octet-stream");
    expect_take(HEAD "<a m:contentType='image/png'>", large, "</a>" TAIL, 1, "image/png");
    expect_take(HEAD "<a xmlns:n='http://www.w3.org/2004/11/xmlmime' n:contentType='a/b'>", large,
                "</a>" TAIL, 1, "a/b");
    expect_take(HEAD "<a m:contentType='a/b&#13;&#10;C: d'>", large, "</a>" TAIL, 1,
                "application/octet-stream");
    expect_take(HEAD "<a m:contentType='a/b '>", large, "</a>" TAIL, 1, "application/octet-stream");
    expect_take(HEAD "<a m:contentType=''>", large, "</a>" TAIL, 1, "application/octet-stream");
    expect_take(HEAD "<x:data>", small, "</x:data>" TAIL, 0, NULL);
    expect_take(HEAD "<data>", large, "</data>" TAIL, 0, NULL);
    expect_take(HEAD "<a contentType='a/b'>", large, "</a>" TAIL, 0, NULL);
    free(large);
    free(small);
}

static void test_what_is_not_canonical_stays(void)
{
    char *large = base64_of(2048);
    expect_take(HEAD "<x:data> ", large, "</x:data>" TAIL, 0, NULL);
    expect_take(HEAD "<x:data>", large, "\n</x:data>" TAIL, 0, NULL);
    expect_take(HEAD "<x:data>", large, "A</x:data>" TAIL, 0, NULL);
    expect_take(HEAD "<x:data>", large, "Zh==</x:data>" TAIL, 0, NULL);
    expect_take(HEAD "<x:data>", large, "Zg==</x:data>" TAIL, 1, "application/octet-stream");
    expect_take(HEAD "<x:data><![CDATA[", large, "]]></x:data>" TAIL, 0, NULL);
    expect_take(HEAD "<x:data>", large, "<!----></x:data>" TAIL, 0, NULL);
    expect_take(HEAD "<x:data>", large, "<b/></x:data>" TAIL, 0, NULL);
    expect_take(HEAD "<x:data><b/>", large, "</x:data>" TAIL, 0, NULL);
    expect_take(HEAD "<x:data/>", large, TAIL, 0, NULL);
    free(large);
}

static void test_no_more_than_a_thousand_parts(void)
{
    struct ct_text envelope = {0};
    struct gw_multipart package;
    char why[256] = "", *large = base64_of(GW_MTOM_PART_CHARS);
    ct_text_put(&envelope, HEAD);
    for (int i = 0; i < GW_CARGO_PARTS + 2; i++)
        ct_text_print(&envelope, "<x:data>%s</x:data>", large);
    ct_text_put(&envelope, TAIL);
    CU_ASSERT(gw_mtom_take(&package, &elements, envelope.bytes, envelope.len, why, sizeof why) ==
              0);
    CU_ASSERT_EQUAL(package.part_count, GW_CARGO_PARTS);
    gw_multipart_free(&package);
    free(large);
    ct_text_fini(&envelope);
}

static void test_envelopes_that_no_package_can_hold(void)
{
    static const char *const cases[][2] = {
        {"<a>", "no XML"}, {ENVELOPE("<x:a>" INCLUDE("cid:a") "</x:a>"), "has an xop:Include"}};
    for (size_t i = 0; i < 2; i++) {
        struct gw_multipart package;
        char why[256] = "";
        CU_ASSERT(gw_mtom_take(&package, &elements, cases[i][0], strlen(cases[i][0]), why,
                               sizeof why) == -1);
        ASSERT_CONTAINS(why, cases[i][1]);
        CU_ASSERT(!package.envelope && !package.parts);
    }
}

static char *long_data;

static bool attempt_both(unsigned number, bool lasts)
{
    struct gw_multipart package;
    char why[256] = "", *back = NULL;
    size_t bytes = 0;
    shortage_begin(number, lasts);
    int result = gw_mtom_take(&package, &elements, long_data, strlen(long_data), why, sizeof why);
    if (result == 0)
        back = gw_mtom_put(&package, MOST, &bytes, why, sizeof why);
    int error = errno;
    bool has_failed = shortage_end();
    CU_ASSERT(!has_failed || error == ENOMEM);
    CU_ASSERT((back == NULL) == has_failed);
    if (has_failed)
        ASSERT_CONTAINS(why, "there is no memory");
    free(back);
    gw_multipart_free(&package);
    return has_failed;
}

static void test_shortages_of_memory_are_told(void)
{
    char *large = base64_of(GW_MTOM_PART_CHARS);
    struct ct_text envelope = {0};
    ct_text_print(&envelope, HEAD "<x:data>%s</x:data>" TAIL, large);
    long_data = envelope.bytes;
    CU_ASSERT(shortage_sweep(attempt_both) > 20);
    free(large);
    ct_text_fini(&envelope);
}

CU_TestInfo gateway_tests_mtom[] = {
    {"parts take the place of their Include", test_parts_take_the_place_of_their_include},
    {"packages that are none", test_packages_that_are_none},
    {"a part that is named often is bounded", test_a_part_named_often_is_bounded},
    {"large base64 becomes a part, and back", test_large_base64_becomes_a_part},
    {"what is not canonical stays", test_what_is_not_canonical_stays},
    {"no more than a thousand parts", test_no_more_than_a_thousand_parts},
    {"envelopes that no package can hold", test_envelopes_that_no_package_can_hold},
    {"shortages of memory are told", test_shortages_of_memory_are_told},
    CU_TEST_INFO_NULL,
};
