/* Addresses are replaced where they stand, and nothing else changes. */
#include "../../lib/suite.h"
#include "shortage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "contract/text.h"
#include "soap/rewrite.h"

enum { MOST = 1 << 20 };

#define ENVELOPE(INSIDE)                                                                           \
    "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' "                               \
    "xmlns:tds='http://www.onvif.org/ver10/device/wsdl' "                                          \
    "xmlns:tt='http://www.onvif.org/ver10/schema' "                                                \
    "xmlns:trt='http://www.onvif.org/ver10/media/wsdl' "                                           \
    "xmlns:tr2='http://www.onvif.org/ver20/media/wsdl' "                                           \
    "xmlns:w4='http://schemas.xmlsoap.org/ws/2004/08/addressing' "                                 \
    "xmlns:w5='http://www.w3.org/2005/08/addressing' "                                             \
    "xmlns:w='http://schemas.xmlsoap.org/wsdl/' "                                                  \
    "xmlns:w11='http://schemas.xmlsoap.org/wsdl/soap/' "                                           \
    "xmlns:w12='http://schemas.xmlsoap.org/wsdl/soap12/' "                                         \
    "xmlns:xs='http://www.w3.org/2001/XMLSchema' "                                                 \
    "xmlns:mex='http://schemas.xmlsoap.org/ws/2004/09/mex' "                                       \
    "xmlns:ds='http://www.w3.org/2000/09/xmldsig#' xmlns:x='urn:x'>" INSIDE "</s:Envelope>"

/* "http://cam/..." becomes "xmpp:cam@x/...&"; "long" has no room. */
static int map(void *user, const char *address, char *out, size_t out_bytes)
{
    size_t *asked = user;
    if (asked)
        ++*asked;
    if (strcmp(address, "long") == 0)
        return -1;
    CU_ASSERT(strncasecmp(address, "rtsp", 4) != 0);
    if (strcmp(address, "section") == 0)
        return snprintf(out, out_bytes, "]]>") < (int)out_bytes;
    if (strncmp(address, "http://cam", 10) != 0)
        return 0;
    return snprintf(out, out_bytes, "xmpp:cam@x%s&", address + 10) < (int)out_bytes ? 1 : -1;
}

static int map_import(void *user, const char *address, char *out, size_t out_bytes)
{
    (void)user;
    return snprintf(out, out_bytes, "?xsd=%s", address) < (int)out_bytes ? 1 : -1;
}

/* Allocated to its size, so that a sanitizer sees what is read beyond it. */
static char *rewrite(const struct gw_rewriting *rewriting, const char *document,
                     struct gw_rewrite_result *result, char *why, size_t why_bytes)
{
    size_t bytes = strlen(document), out_bytes = 0;
    char *copy = malloc(bytes ? bytes : 1);
    memcpy(copy, document, bytes);
    char *out = gw_rewrite(rewriting, copy, bytes, MOST, &out_bytes, result, why, why_bytes);
    free(copy);
    if (out)
        CU_ASSERT_EQUAL(out_bytes, strlen(out));
    return out;
}

static struct gw_rewrite_result expect(const struct gw_rewrite_config *config, const char *document,
                                       const char *expected)
{
    struct gw_rewriting rewriting = {.config = config, .map = map, .transport = GW_REWRITE_HTTP};
    struct gw_rewrite_result result = {0};
    char why[256] = "";
    char *out = rewrite(&rewriting, document, &result, why, sizeof why);
    ASSERT_TEXT(why, "");
    ASSERT_TEXT(out, expected);
    free(out);
    return result;
}

#define BECOMES(BEFORE, AFTER)                                                                     \
    {                                                                                              \
        ENVELOPE(BEFORE), ENVELOPE(AFTER), true                                                    \
    }
#define STAYS(BEFORE)                                                                              \
    {                                                                                              \
        ENVELOPE(BEFORE), ENVELOPE(BEFORE), false                                                  \
    }
#define COUNT(CASES) (sizeof(CASES) / sizeof *(CASES))

struct example {
    const char *before, *after;
    bool is_counted;
};

static const struct example wsdl_cases[] = {
    BECOMES("<w11:address a='b' location='http://cam/a'/>",
            "<w11:address a='b' location='xmpp:cam@x/a&amp;'/>"),
    BECOMES("<w12:address\n location = \"\thttp://cam/?a&amp;b&#x20;\n\" />",
            "<w12:address\n location = \"\txmpp:cam@x/?a&amp;b&amp;\n\" />"),
    BECOMES("<address xmlns='http://schemas.xmlsoap.org/wsdl/soap/' location='http://cam'/>",
            "<address xmlns='http://schemas.xmlsoap.org/wsdl/soap/' location='xmpp:cam@x&amp;'/>"),
    BECOMES("<w:import namespace='http://cam/' location='http://cam/b'/>",
            "<w:import namespace='http://cam/' location='xmpp:cam@x/b&amp;'/>"),
    BECOMES("<xs:import namespace='http://cam/' schemaLocation='http://cam/c'/>",
            "<xs:import namespace='http://cam/' schemaLocation='xmpp:cam@x/c&amp;'/>"),
    BECOMES("<xs:include schemaLocation='http://cam/c'/>",
            "<xs:include schemaLocation='xmpp:cam@x/c&amp;'/>"),
    BECOMES("<xs:redefine schemaLocation='http://cam/c'/>",
            "<xs:redefine schemaLocation='xmpp:cam@x/c&amp;'/>"),
    BECOMES("<mex:Location>http://cam/d</mex:Location>",
            "<mex:Location>xmpp:cam@x/d&amp;</mex:Location>"),
    BECOMES("<w11:binding style='rpc' transport='http://jabber.org/protocol/soap'/>",
            "<w11:binding style='rpc' transport='http://schemas.xmlsoap.org/soap/http'/>"),
    BECOMES("<w12:binding transport='http://jabber.org/protocol/soap'></w12:binding>",
            "<w12:binding transport='http://schemas.xmlsoap.org/soap/http'></w12:binding>"),
    BECOMES("<w:port><w5:EndpointReference><w5:Address>http://cam/e</w5:Address>"
            "</w5:EndpointReference></w:port>",
            "<w:port><w5:EndpointReference><w5:Address>xmpp:cam@x/e&amp;</w5:Address>"
            "</w5:EndpointReference></w:port>"),
    STAYS("<w:port/><w5:Address>http://cam/e</w5:Address>"),
    STAYS("<w11:binding transport='http://www.w3.org/2003/05/soap/bindings/HTTP/'/>"),
    STAYS("<w11:binding transport='http://www.w3.org/2010/soapjms/'/>"),
    STAYS("<w11:binding/><w11:address/><w11:address location=''/><xs:import namespace='urn:b'/>"),
    STAYS("<w11:address location='http://elsewhere/'/><x:address location='http://cam/'/>"),
    STAYS("<w11:address x:location='http://cam/' Location='http://cam/'/>"),
    STAYS("<tt:XAddr>http://cam/</tt:XAddr><w5:To>http://cam/</w5:To>"),
};

static const struct example xaddr_cases[] = {
    BECOMES("<tds:XAddr>http://cam/a</tds:XAddr>", "<tds:XAddr>xmpp:cam@x/a&amp;</tds:XAddr>"),
    BECOMES("<tt:XAddr> \r\n http://cam/a?b=1&amp;c&#61;2\t</tt:XAddr >",
            "<tt:XAddr> \r\n xmpp:cam@x/a?b=1&amp;c=2&amp;\t</tt:XAddr >"),
    BECOMES("<trt:GetSnapshotUriResponse><trt:MediaUri><tt:Uri>http://cam/s.jpg</tt:Uri>"
            "</trt:MediaUri></trt:GetSnapshotUriResponse>",
            "<trt:GetSnapshotUriResponse><trt:MediaUri><tt:Uri>xmpp:cam@x/s.jpg&amp;</tt:Uri>"
            "</trt:MediaUri></trt:GetSnapshotUriResponse>"),
    BECOMES("<tr2:GetSnapshotUriResponse><tr2:Uri>http://cam/s</tr2:Uri>"
            "</tr2:GetSnapshotUriResponse>",
            "<tr2:GetSnapshotUriResponse><tr2:Uri>xmpp:cam@x/s&amp;</tr2:Uri>"
            "</tr2:GetSnapshotUriResponse>"),
    STAYS("<trt:GetSnapshotUriResponse/><tt:Uri>http://cam/s</tt:Uri>"),
    STAYS("<trt:GetStreamUriResponse><tt:Uri>http://cam/s</tt:Uri></trt:GetStreamUriResponse>"),
    STAYS("<tt:XAddr>rtsp://cam/s</tt:XAddr><tt:XAddr>RTSPS://cam/s</tt:XAddr>"),
    STAYS("<tt:XAddr/><tt:XAddr></tt:XAddr><tt:XAddr>  </tt:XAddr><x:XAddr>http://cam/</x:XAddr>"),
    STAYS("<tt:XAddr>http://cam/<x:a/></tt:XAddr><tt:XAddr><x:a/>http://cam/</tt:XAddr>"),
    STAYS("<w11:address location='http://cam/'/><w5:To>http://cam/</w5:To>"),
};

static const struct example wsa_cases[] = {
    BECOMES("<w4:To>http://cam/a</w4:To>", "<w4:To>xmpp:cam@x/a&amp;</w4:To>"),
    BECOMES("<w5:To s:mustUnderstand='1'>http://cam/a</w5:To>",
            "<w5:To s:mustUnderstand='1'>xmpp:cam@x/a&amp;</w5:To>"),
    BECOMES("<w4:ReplyTo><w4:Address>http://cam/a</w4:Address></w4:ReplyTo>",
            "<w4:ReplyTo><w4:Address>xmpp:cam@x/a&amp;</w4:Address></w4:ReplyTo>"),
    BECOMES("<w5:FaultTo><w5:Address>http://cam/a</w5:Address></w5:FaultTo>",
            "<w5:FaultTo><w5:Address>xmpp:cam@x/a&amp;</w5:Address></w5:FaultTo>"),
    BECOMES("<x:SubscriptionReference><w5:Address>http://cam/a</w5:Address>"
            "<w5:ReferenceParameters><x:i>http://cam/</x:i></w5:ReferenceParameters>"
            "</x:SubscriptionReference>",
            "<x:SubscriptionReference><w5:Address>xmpp:cam@x/a&amp;</w5:Address>"
            "<w5:ReferenceParameters><x:i>http://cam/</x:i></w5:ReferenceParameters>"
            "</x:SubscriptionReference>"),
    STAYS("<w5:ReplyTo><w5:Address>http://www.w3.org/2005/08/addressing/anonymous</w5:Address>"
          "</w5:ReplyTo><w5:Action>http://cam/</w5:Action>"),
};

static void expect_all(const struct example *examples, size_t count, unsigned category)
{
    struct gw_rewrite_config config = {.categories = category};
    for (size_t i = 0; i < count; i++) {
        struct gw_rewrite_result result = expect(&config, examples[i].before, examples[i].after);
        unsigned long counted = category == GW_REWRITE_WSDL    ? result.wsdl
                                : category == GW_REWRITE_XADDR ? result.xaddr
                                                               : result.wsa;
        CU_ASSERT_EQUAL(counted, examples[i].is_counted);
        CU_ASSERT_EQUAL(result.wsdl + result.xaddr + result.wsa + result.other, counted);
        struct gw_rewrite_config none = {0};
        expect(&none, examples[i].before, examples[i].before);
    }
}

static void test_contracts(void)
{
    expect_all(wsdl_cases, COUNT(wsdl_cases), GW_REWRITE_WSDL);
}

static void test_onvif(void)
{
    expect_all(xaddr_cases, COUNT(xaddr_cases), GW_REWRITE_XADDR);
}

static void test_addressing(void)
{
    expect_all(wsa_cases, COUNT(wsa_cases), GW_REWRITE_WSA);
}

static void test_elements_of_the_configuration(void)
{
    char *list[] = {"{urn:x}link", "{}plain", NULL};
    struct gw_rewrite_config config = {.elements = {list, 2}};
    struct gw_rewrite_result result =
        expect(&config,
               ENVELOPE("<x:link>http://cam/a</x:link><plain>http://cam/b</plain>"
                        "<link>http://cam/c</link><x:plain>http://cam/</x:plain>"),
               ENVELOPE("<x:link>xmpp:cam@x/a&amp;</x:link><plain>xmpp:cam@x/b&amp;</plain>"
                        "<link>http://cam/c</link><x:plain>http://cam/</x:plain>"));
    CU_ASSERT_EQUAL(result.other, 2);
}

static void test_cdata_and_comments(void)
{
    static const struct example cases[] = {
        BECOMES("<w5:To><![CDATA[http://cam/?a&b]]></w5:To>",
                "<w5:To><![CDATA[xmpp:cam@x/?a&b&]]></w5:To>"),
        BECOMES("<w5:To> <![CDATA[ http://cam]]>/a </w5:To>",
                "<w5:To> <![CDATA[ ]]>xmpp:cam@x/a&amp; </w5:To>"),
        BECOMES("<w5:To>http:<![CDATA[//cam/ ]]></w5:To>",
                "<w5:To>xmpp:cam@x/&amp;<![CDATA[ ]]></w5:To>"),
        BECOMES("<w5:To><![CDATA[http:]]>//c<![CDATA[am]]></w5:To>",
                "<w5:To><![CDATA[]]>xmpp:cam@x&amp;<![CDATA[]]></w5:To>"),
        BECOMES("<w5:To><!--a-->http://<!--b-->cam/<?c?></w5:To>",
                "<w5:To><!--a-->xmpp:cam@x/&amp;<?c?></w5:To>"),
        BECOMES("<w5:To>&#32;&#104;ttp://cam/&#x41;&#32;</w5:To>",
                "<w5:To>&#32;xmpp:cam@x/A&amp;&#32;</w5:To>"),
        STAYS("<x:a><![CDATA[<w5:To>http://cam/</w5:To>]]></x:a>"),
    };
    expect_all(cases, COUNT(cases), GW_REWRITE_WSA);
}

static void test_a_replacement_that_ends_a_section(void)
{
    struct gw_rewrite_config config = {.categories = GW_REWRITE_WSA};
    expect(&config, ENVELOPE("<w5:To><![CDATA[http://cam/]]>]]&gt;<![CDATA[]]></w5:To>"),
           ENVELOPE("<w5:To><![CDATA[]]>xmpp:cam@x/]]&gt;&amp;<![CDATA[]]></w5:To>"));
    expect(&config, ENVELOPE("<w5:To><![CDATA[section]]></w5:To>"),
           ENVELOPE("<w5:To><![CDATA[]]>]]&gt;<![CDATA[]]></w5:To>"));
}

static void test_signed_envelopes_are_left_alone(void)
{
    static const char document[] =
        ENVELOPE("<w5:To>http://cam/</w5:To><ds:Signature/><tt:XAddr>http://cam/</tt:XAddr>");
    struct gw_rewrite_config config = {.categories = GW_REWRITE_WSA | GW_REWRITE_XADDR};
    struct gw_rewrite_result result = expect(&config, document, document);
    CU_ASSERT(result.is_signed);
    CU_ASSERT_EQUAL(result.wsa, 0);
    config.of_signed = true;
    result = expect(&config, document,
                    ENVELOPE("<w5:To>xmpp:cam@x/&amp;</w5:To><ds:Signature/>"
                             "<tt:XAddr>xmpp:cam@x/&amp;</tt:XAddr>"));
    CU_ASSERT(!result.is_signed);
    CU_ASSERT_EQUAL(result.wsa, 1);
    CU_ASSERT_EQUAL(result.xaddr, 1);
    result = expect(&config, ENVELOPE("<x:Signature/>"), ENVELOPE("<x:Signature/>"));
    CU_ASSERT(!result.is_signed);
}

static void test_imports_have_a_map_of_their_own(void)
{
    struct gw_rewrite_config config = {.categories = GW_REWRITE_WSDL};
    struct gw_rewriting rewriting = {.config = &config, .map = map, .map_import = map_import};
    struct gw_rewrite_result result;
    char why[256] = "";
    char *out = rewrite(&rewriting,
                        ENVELOPE("<xs:import schemaLocation='a.xsd'/><w:import location='b'/>"
                                 "<w11:address location='c'/><w11:binding "
                                 "transport='http://jabber.org/protocol/soap'/>"),
                        &result, why, sizeof why);
    ASSERT_TEXT(out, ENVELOPE("<xs:import schemaLocation='?xsd=a.xsd'/><w:import "
                              "location='?xsd=b'/><w11:address location='c'/><w11:binding "
                              "transport='http://jabber.org/protocol/soap'/>"));
    CU_ASSERT_EQUAL(result.wsdl, 2);
    free(out);
}

static void test_a_document_that_is_no_envelope(void)
{
    struct gw_rewrite_config config = {.categories = GW_REWRITE_WSDL};
    expect(&config,
           "\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?>\n<!-- \xC3\xA4 -->\n<definitions "
           "xmlns='http://schemas.xmlsoap.org/wsdl/'><port><soap:address "
           "xmlns:soap='http://schemas.xmlsoap.org/wsdl/soap/' location='http://cam'/></port>"
           "</definitions>\n<!-- end -->\n",
           "\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?>\n<!-- \xC3\xA4 -->\n<definitions "
           "xmlns='http://schemas.xmlsoap.org/wsdl/'><port><soap:address "
           "xmlns:soap='http://schemas.xmlsoap.org/wsdl/soap/' location='xmpp:cam@x&amp;'/></port>"
           "</definitions>\n<!-- end -->\n");
}

static void expect_error(const char *document, size_t most_bytes, const char *sentence)
{
    struct gw_rewrite_config config = {.categories = GW_REWRITE_WSA};
    struct gw_rewriting rewriting = {.config = &config, .map = map};
    struct gw_rewrite_result result;
    size_t out_bytes = 77;
    char why[256] = "";
    errno = 0;
    CU_ASSERT_PTR_NULL(gw_rewrite(&rewriting, document, strlen(document), most_bytes, &out_bytes,
                                  &result, why, sizeof why));
    CU_ASSERT_EQUAL(errno, strstr(sentence, "than") ? EFBIG : EINVAL);
    ASSERT_TEXT(why, sentence);
    CU_ASSERT_EQUAL(out_bytes, 77);
    CU_ASSERT_EQUAL(result.wsa, 0);
}

static void test_errors(void)
{
    expect_error("<a><b></a>", MOST, "the document is no XML: mismatched tag at byte 8");
    expect_error(ENVELOPE("<w5:To>http://cam</w5:To>"), 600,
                 "the document would have more than 600 bytes");
    expect_error(ENVELOPE("<w5:To>long</w5:To>"), MOST,
                 "an address would become longer than 4095 bytes");
}

/* Put together of `count` times one text. */
static char *repeat(const char *head, const char *one, size_t count, const char *tail)
{
    struct ct_text text = {0};
    ct_text_put(&text, head);
    for (size_t i = 0; i < count; i++)
        ct_text_put(&text, one);
    ct_text_put(&text, tail);
    return ct_text_take(&text);
}

/* What is too long to be an address isn't asked about, and whatever is asked about is once. */
static void test_long_texts_are_no_addresses(void)
{
    struct gw_rewrite_config config = {.categories = GW_REWRITE_WSA};
    static const struct {
        const char *head, *one, *tail;
        size_t count, asked;
    } cases[] = {
        {"<To xmlns='http://www.w3.org/2005/08/addressing'>", "a", "</To>", 4095, 1},
        {"<To xmlns='http://www.w3.org/2005/08/addressing'>", "a", "</To>", 4096, 0},
        {"<To xmlns='http://www.w3.org/2005/08/addressing'>", "&amp;", "</To>", 100000, 0},
        {"<To xmlns='http://www.w3.org/2005/08/addressing'>", " ", "a</To>", 100000, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *document = repeat(cases[i].head, cases[i].one, cases[i].count, cases[i].tail);
        size_t asked = 0;
        struct gw_rewriting rewriting = {.config = &config, .map = map, .user = &asked};
        struct gw_rewrite_result result;
        char why[256] = "";
        char *out = rewrite(&rewriting, document, &result, why, sizeof why);
        ASSERT_TEXT(why, "");
        CU_ASSERT(out && strcmp(out, document) == 0);
        CU_ASSERT_EQUAL(asked, cases[i].asked);
        free(out);
        free(document);
    }
}

/* The map is asked as often as there are addresses, and memory grows by doubling. */
static void test_many_addresses_take_few_allocations(void)
{
    struct gw_rewrite_config config = {.categories = GW_REWRITE_WSA};
    unsigned allocations[2];
    for (size_t i = 0; i < 2; i++) {
        size_t count = 4000 << i, asked = 0;
        char *document = repeat("<a xmlns='http://www.w3.org/2005/08/addressing'>",
                                "<To>http://cam/</To>", count, "</a>");
        struct gw_rewriting rewriting = {.config = &config, .map = map, .user = &asked};
        struct gw_rewrite_result result;
        char why[256] = "";
        shortage_begin(0, false);
        char *out = rewrite(&rewriting, document, &result, why, sizeof why);
        shortage_end();
        allocations[i] = shortage_count();
        CU_ASSERT_EQUAL(asked, count);
        CU_ASSERT_EQUAL(result.wsa, count);
        free(out);
        free(document);
    }
    CU_ASSERT(allocations[1] <= allocations[0] + 4);
}

static bool attempt_rewriting(unsigned number, bool lasts)
{
    static const char document[] = ENVELOPE("<w5:To>http://cam/</w5:To>");
    struct gw_rewrite_config config = {.categories = GW_REWRITE_WSA};
    struct gw_rewriting rewriting = {.config = &config, .map = map};
    struct gw_rewrite_result result;
    size_t out_bytes = 0;
    char why[256] = "";
    shortage_begin(number, lasts);
    char *out = gw_rewrite(&rewriting, document, strlen(document), MOST, &out_bytes, &result, why,
                           sizeof why);
    int error = errno;
    bool has_failed = shortage_end();
    CU_ASSERT(!has_failed || error == ENOMEM);
    CU_ASSERT((out == NULL) == has_failed);
    if (has_failed)
        ASSERT_CONTAINS(why, "there is no memory");
    free(out);
    return has_failed;
}

static void test_a_shortage_of_memory_is_told(void)
{
    CU_ASSERT(shortage_sweep(attempt_rewriting) > 10);
}

CU_TestInfo gateway_tests_rewrite[] = {
    {"addresses, imports and transports of contracts", test_contracts},
    {"ONVIF's XAddr and the Uri of a snapshot, never rtsp", test_onvif},
    {"WS-Addressing of 2004 and 2005", test_addressing},
    {"elements that the configuration lists", test_elements_of_the_configuration},
    {"CDATA, comments and references in an address", test_cdata_and_comments},
    {"a replacement that would end a CDATA section", test_a_replacement_that_ends_a_section},
    {"signed envelopes are left alone, unless that is asked for",
     test_signed_envelopes_are_left_alone},
    {"imports have a map of their own", test_imports_have_a_map_of_their_own},
    {"a document with a declaration, comments and a byte order mark",
     test_a_document_that_is_no_envelope},
    {"errors are told, and leave what they were given", test_errors},
    {"long texts are no addresses", test_long_texts_are_no_addresses},
    {"many addresses take few allocations", test_many_addresses_take_few_allocations},
    {"a shortage of memory is told", test_a_shortage_of_memory_is_told},
    CU_TEST_INFO_NULL,
};
