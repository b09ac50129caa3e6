/* What goes along with an envelope comes out as it was put in, and so does the envelope. */
#include "../../lib/suite.h"
#include "shortage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/text.h"
#include "soap/cargo.h"

enum { MOST = 1 << 20 };

#define NS11 "http://schemas.xmlsoap.org/soap/envelope/"
#define NS12 "http://www.w3.org/2003/05/soap-envelope"
#define G    "xmlns:g=\"urn:soap-xmpp:gateway:1\""

static struct gw_part parts[] = {
    {"photo@shop", "image/jpeg", "\x00\xFF\x10", 3},
    {"", "", "", 0},
    {"a&b<c>\"'", "text/plain; charset=\"utf-8\"", "0123456789", 10},
};
static const struct gw_cargo nothing = {.path = ""}, path = {.path = "/onvif/media?a=1&b=\"2\""},
                             both = {.path = "/x", .parts = parts, .part_count = 3};

static const struct {
    int version;
    const char *envelope;
} envelopes[] = {
    {11, "<s:Envelope xmlns:s='" NS11 "'><s:Body/></s:Envelope>"},
    {11, "<s:Envelope xmlns:s='" NS11 "'>\n <s:Body/>\n</s:Envelope>\n"},
    {12, "<s:Envelope xmlns:s='" NS12 "'><s:Header/><s:Body/></s:Envelope>"},
    {12, "<s:Envelope xmlns:s='" NS12 "'> <s:Header a='/'\n /><s:Body/></s:Envelope>"},
    {12, "<s:Envelope xmlns:s='" NS12 "'><s:Header\n/><s:Body/></s:Envelope>"},
    {11, "<s:Envelope xmlns:s='" NS11 "'><s:Header></s:Header><s:Body/></s:Envelope>"},
    {11, "<s:Envelope xmlns:s='" NS11 "'><s:Header> </s:Header ><s:Body/></s:Envelope>"},
    {12, "<Envelope xmlns=\"" NS12 "\"><Body><a xmlns='urn:a'/></Body></Envelope>"},
    {12, "<Envelope xmlns=\"" NS12 "\"><Header/><Body/></Envelope>"},
    {11, "<Envelope xmlns=\"" NS11 "\"><Header><a xmlns=''>b</a></Header><Body/></Envelope>"},
    {12, "\xEF\xBB\xBF<?xml version='1.0'?><!--a--><e:Envelope xmlns:e='" NS12 "'><!--b-->"
         "<e:Header><w:Security xmlns:w='urn:w' e:mustUnderstand='1'><Signature "
         "xmlns='http://www.w3.org/2000/09/xmldsig#'>c</Signature></w:Security><!--d-->"
         "</e:Header>\r\n<e:Body Id='x'>\xC3\xA4<![CDATA[]]></e:Body></e:Envelope><!--e-->"},
    {11, "<s:Envelope xmlns:s='" NS11 "'><q:Header xmlns:q='" NS11 "'/><s:Body/></s:Envelope>"},
    {11, "<s:Envelope xmlns:s='" NS11 "'><Header xmlns='urn:x'/><s:Body/></s:Envelope>"},
    {11, "<s:Envelope xmlns:s='" NS11 "'><s:Header><cargo xmlns='urn:x'/></s:Header><s:Body/>"
         "</s:Envelope>"},
};

static char *put(const struct gw_cargo *cargo, int version, const char *envelope, size_t most,
                 char *why, size_t why_bytes)
{
    size_t bytes = strlen(envelope), out_bytes = 0;
    char *copy = malloc(bytes);
    memcpy(copy, envelope, bytes);
    char *out = gw_cargo_put(cargo, version, copy, bytes, most, &out_bytes, why, why_bytes);
    free(copy);
    if (out)
        CU_ASSERT_EQUAL(out_bytes, strlen(out));
    return out;
}

static char *take(struct gw_cargo *cargo, const char *envelope, size_t most, char *why,
                  size_t why_bytes)
{
    size_t bytes = strlen(envelope), out_bytes = 0;
    char *copy = malloc(bytes ? bytes : 1);
    memcpy(copy, envelope, bytes);
    char *out = gw_cargo_take(cargo, copy, bytes, most, &out_bytes, why, why_bytes);
    free(copy);
    if (out)
        CU_ASSERT_EQUAL(out_bytes, strlen(out));
    return out;
}

static void expect_same(const struct gw_cargo *cargo, const struct gw_cargo *expected)
{
    ASSERT_TEXT(cargo->path, expected->path);
    CU_ASSERT_EQUAL_FATAL(cargo->part_count, expected->part_count);
    for (size_t i = 0; i < cargo->part_count; i++) {
        ASSERT_TEXT(cargo->parts[i].id, expected->parts[i].id);
        ASSERT_TEXT(cargo->parts[i].type, expected->parts[i].type);
        CU_ASSERT_EQUAL_FATAL(cargo->parts[i].len, expected->parts[i].len);
        CU_ASSERT(memcmp(cargo->parts[i].bytes, expected->parts[i].bytes, expected->parts[i].len) ==
                  0);
        CU_ASSERT_EQUAL(cargo->parts[i].bytes[cargo->parts[i].len], '\0');
    }
}

static void test_there_and_back(void)
{
    const struct gw_cargo *cargoes[] = {&nothing, &path, &both};
    for (size_t i = 0; i < sizeof envelopes / sizeof *envelopes; i++)
        for (size_t c = 0; c < 3; c++) {
            char why[256] = "";
            struct gw_cargo taken;
            char *out =
                put(cargoes[c], envelopes[i].version, envelopes[i].envelope, MOST, why, sizeof why);
            ASSERT_TEXT(why, "");
            CU_ASSERT_PTR_NOT_NULL_FATAL(out);
            char *back = take(&taken, out, MOST, why, sizeof why);
            ASSERT_TEXT(why, "");
            ASSERT_TEXT(back, envelopes[i].envelope);
            expect_same(&taken, cargoes[c]);
            gw_cargo_free(&taken);
            free(back);
            free(out);
        }
}

static void test_without_a_cargo(void)
{
    for (size_t i = 0; i < sizeof envelopes / sizeof *envelopes; i++) {
        char why[256] = "";
        struct gw_cargo taken;
        char *out = take(&taken, envelopes[i].envelope, MOST, why, sizeof why);
        ASSERT_TEXT(out, envelopes[i].envelope);
        expect_same(&taken, &nothing);
        gw_cargo_free(&taken);
        free(out);
    }
}

static void expect_put(const char *envelope, const struct gw_cargo *cargo, const char *expected)
{
    char why[256] = "";
    char *out = put(cargo, 11, envelope, MOST, why, sizeof why);
    ASSERT_TEXT(out, expected);
    free(out);
}

static void test_the_block_as_it_is_written(void)
{
    struct gw_cargo one = {.parts = parts, .part_count = 1};
    struct gw_cargo short_path = {.path = "/a"};
    expect_put("<s:Envelope xmlns:s='" NS11 "'><s:Body/></s:Envelope>", &one,
               "<s:Envelope xmlns:s='" NS11 "'><s:Header><g:cargo " G " xmlns:e=\"" NS11
               "\" e:mustUnderstand=\"1\" header=\"none\"><g:part id=\"photo@shop\" "
               "type=\"image/jpeg\">AP8Q</g:part></g:cargo></s:Header><s:Body/></s:Envelope>");
    expect_put("<s:Envelope xmlns:s='" NS11 "'><s:Header ></s:Header ><s:Body/></s:Envelope>",
               &short_path,
               "<s:Envelope xmlns:s='" NS11 "'><s:Header ><g:cargo " G
               " path=\"/a\"></g:cargo></s:Header ><s:Body/></s:Envelope>");
    expect_put("<Envelope xmlns='" NS11 "'><Header a='b'/><Body/></Envelope>", &short_path,
               "<Envelope xmlns='" NS11 "'><Header a='b'><g:cargo " G
               " path=\"/a\" header=\"empty\"></g:cargo></Header><Body/></Envelope>");
}

/* What another program has put beside it stays. */
static void test_a_header_that_others_have_added_to(void)
{
    static const char *const cases[][2] = {
        {"<s:Envelope xmlns:s='" NS11 "'><s:Header><a/><g:cargo " G
         " header='none'/></s:Header><s:Body/></s:Envelope>",
         "<s:Envelope xmlns:s='" NS11 "'><s:Header><a/></s:Header><s:Body/></s:Envelope>"},
        {"<s:Envelope xmlns:s='" NS11 "'><s:Header><g:cargo " G
         " header='empty'/> </s:Header><s:Body/></s:Envelope>",
         "<s:Envelope xmlns:s='" NS11 "'><s:Header> </s:Header><s:Body/></s:Envelope>"},
        {"<s:Envelope xmlns:s='" NS11 "'><s:Header><cargo xmlns='urn:soap-xmpp:gateway:1' "
         "header='other'>\n<part id='a'> \n</part>\n</cargo></s:Header><s:Body/></s:Envelope>",
         "<s:Envelope xmlns:s='" NS11 "'><s:Header></s:Header><s:Body/></s:Envelope>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[256] = "";
        struct gw_cargo taken;
        char *out = take(&taken, cases[i][0], MOST, why, sizeof why);
        ASSERT_TEXT(why, "");
        ASSERT_TEXT(out, cases[i][1]);
        gw_cargo_free(&taken);
        free(out);
    }
}

static void expect_no_take(const char *envelope, size_t most, const char *sentence)
{
    struct gw_cargo taken = {.path = (char *)1};
    char why[256] = "";
    errno = 0;
    CU_ASSERT_PTR_NULL(take(&taken, envelope, most, why, sizeof why));
    CU_ASSERT_EQUAL(errno, strstr(sentence, "bytes") ? EFBIG : EINVAL);
    ASSERT_CONTAINS(why, sentence);
    CU_ASSERT(!taken.path && !taken.parts && !taken.part_count);
}

#define WITH(BLOCKS)                                                                               \
    "<s:Envelope xmlns:s='" NS12 "' " G "><s:Header>" BLOCKS "</s:Header><s:Body/></s:Envelope>"

static void test_what_is_none_is_refused(void)
{
    expect_no_take("", MOST, "no XML");
    expect_no_take("<a/>", MOST, "no SOAP envelope");
    expect_no_take("<Envelope xmlns='urn:x'/>", MOST, "no SOAP envelope");
    expect_no_take("<Envelope xmlns='" NS11 "'/>", MOST, "has no Body");
    expect_no_take("<Envelope xmlns='" NS11 "'><Header></Envelope", MOST, "no XML");
    expect_no_take(WITH("<g:cargo/><g:cargo/>"), MOST, "two cargoes");
    expect_no_take(WITH("<g:cargo><g:other/></g:cargo>"), MOST, "parts alone");
    expect_no_take(WITH("<g:cargo><part/></g:cargo>"), MOST, "parts alone");
    expect_no_take(WITH("<g:cargo><g:part><g:part/></g:part></g:cargo>"), MOST, "isn't base64");
    expect_no_take(WITH("<g:cargo><g:part>A</g:part></g:cargo>"), MOST, "isn't base64");
    expect_no_take(WITH("<g:cargo><g:part>A===</g:part></g:cargo>"), MOST, "isn't base64");
    expect_no_take(WITH("<g:cargo><g:part>AAA&#228;</g:part></g:cargo>"), MOST, "isn't base64");
    expect_no_take(WITH("<g:cargo><g:part id='a&#13;&#10;B: c'/></g:cargo>"), MOST,
                   "can't be written");
    expect_no_take(WITH("<g:cargo><g:part type='\xC3\xA4'/></g:cargo>"), MOST, "can't be written");
    expect_no_take(WITH("<g:cargo><g:part>AAAA</g:part><g:part>AAAA</g:part></g:cargo>"), 5,
                   "more than 5 bytes");
}

static void test_too_many_parts(void)
{
    struct ct_text text = {0};
    ct_text_put(&text, "<s:Envelope xmlns:s='" NS12 "' " G "><s:Header><g:cargo>");
    for (int i = 0; i <= GW_CARGO_PARTS; i++)
        ct_text_put(&text, "<g:part/>");
    ct_text_put(&text, "</g:cargo></s:Header><s:Body/></s:Envelope>");
    expect_no_take(text.bytes, MOST, "more than 1,000 parts");
    ct_text_fini(&text);
}

static void expect_no_put(const struct gw_cargo *cargo, int version, const char *envelope,
                          size_t most, const char *sentence)
{
    char why[256] = "";
    errno = 0;
    CU_ASSERT_PTR_NULL(put(cargo, version, envelope, most, why, sizeof why));
    CU_ASSERT_EQUAL(errno, strstr(sentence, "bytes") ? EFBIG : EINVAL);
    ASSERT_CONTAINS(why, sentence);
}

static void test_what_cannot_be_put(void)
{
    static const char envelope[] = "<s:Envelope xmlns:s='" NS11 "'><s:Body/></s:Envelope>";
    struct gw_part line = {"a\nb", "", "", 0}, foreign = {"", "\xC3\xA4", "", 0};
    struct gw_cargo with_line = {.parts = &line, .part_count = 1},
                    with_foreign = {.parts = &foreign, .part_count = 1},
                    with_control = {.path = "/\x01"};
    expect_no_put(&path, 12, envelope, MOST, "no SOAP envelope");
    expect_no_put(&path, 11, "<a/>", MOST, "no SOAP envelope");
    expect_no_put(&path, 12, WITH("<g:cargo/>"), MOST, "holds a cargo already");
    expect_no_put(&path, 11, envelope, 120, "more than 120 bytes");
    expect_no_put(&with_line, 11, envelope, MOST, "printable");
    expect_no_put(&with_foreign, 11, envelope, MOST, "printable");
    expect_no_put(&with_control, 11, envelope, MOST, "can't be written in XML");
}

/* The Body isn't read, and a part's bytes grow by doubling: text that comes in many pieces takes
 * few allocations. */
static void test_large_parts_take_few_allocations(void)
{
    unsigned allocations[2];
    for (unsigned i = 0; i < 2; i++) {
        struct ct_text text = {0};
        struct gw_cargo taken;
        char why[256] = "";
        ct_text_put(&text, "<s:Envelope xmlns:s='" NS12 "' " G "><s:Header><g:cargo><g:part>");
        for (unsigned line = 0; line < 2000U << i; line++)
            ct_text_put(&text, "AAAA\n");
        ct_text_put(&text, "</g:part></g:cargo></s:Header><s:Body>");
        shortage_begin(0, false);
        char *out = take(&taken, text.bytes, MOST, why, sizeof why);
        shortage_end();
        allocations[i] = shortage_count();
        ASSERT_CONTAINS(out, "<s:Header></s:Header>");
        CU_ASSERT_EQUAL_FATAL(taken.part_count, 1);
        CU_ASSERT_EQUAL(taken.parts[0].len, 6000U << i);
        gw_cargo_free(&taken);
        free(out);
        ct_text_fini(&text);
    }
    CU_ASSERT(allocations[1] <= allocations[0] + 4);
}

static bool attempt_putting(unsigned number, bool lasts)
{
    static const char envelope[] = "<s:Envelope xmlns:s='" NS11 "'><s:Body/></s:Envelope>";
    size_t out_bytes = 0;
    char why[256] = "";
    shortage_begin(number, lasts);
    char *out =
        gw_cargo_put(&both, 11, envelope, strlen(envelope), MOST, &out_bytes, why, sizeof why);
    int error = errno;
    bool has_failed = shortage_end();
    CU_ASSERT(!has_failed || error == ENOMEM);
    CU_ASSERT((out == NULL) == has_failed);
    if (has_failed)
        ASSERT_CONTAINS(why, "there is no memory");
    free(out);
    return has_failed;
}

static bool attempt_taking(unsigned number, bool lasts)
{
    static const char envelope[] =
        WITH("<g:cargo path='/a'><g:part id='a'>QUJD</g:part><g:part/></g:cargo>");
    struct gw_cargo taken;
    size_t out_bytes = 0;
    char why[256] = "";
    shortage_begin(number, lasts);
    char *out =
        gw_cargo_take(&taken, envelope, strlen(envelope), MOST, &out_bytes, why, sizeof why);
    int error = errno;
    bool has_failed = shortage_end();
    CU_ASSERT(!has_failed || error == ENOMEM);
    CU_ASSERT((out == NULL) == has_failed);
    if (has_failed) {
        ASSERT_CONTAINS(why, "there is no memory");
        CU_ASSERT_PTR_NULL(taken.parts);
    }
    gw_cargo_free(&taken);
    free(out);
    return has_failed;
}

static void test_shortages_of_memory_are_told(void)
{
    CU_ASSERT(shortage_sweep(attempt_putting) > 10);
    CU_ASSERT(shortage_sweep(attempt_taking) > 15);
}

CU_TestInfo gateway_tests_cargo[] = {
    {"there and back, byte for byte", test_there_and_back},
    {"an envelope without a cargo", test_without_a_cargo},
    {"the block as it is written", test_the_block_as_it_is_written},
    {"what others have added to the Header stays", test_a_header_that_others_have_added_to},
    {"what is no cargo is refused", test_what_is_none_is_refused},
    {"too many parts", test_too_many_parts},
    {"what cannot be put is told", test_what_cannot_be_put},
    {"large parts take few allocations", test_large_parts_take_few_allocations},
    {"shortages of memory are told", test_shortages_of_memory_are_told},
    CU_TEST_INFO_NULL,
};
