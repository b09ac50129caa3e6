/* The gauge: what it counts, in whatever pieces, and what it doesn't let pass. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "xml/gauge.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_gauge[];

struct counts {
    unsigned deepest, attributes, declarations;
};

static const struct sx_gauge_limits wide = {.max_depth = 1000};

/* What a piece of just that size leaves, so that a byte read beyond it shows under a sanitizer. */
static enum sx_err feed(struct sx_gauge *gauge, const char *bytes, size_t len)
{
    char *copy = malloc(len ? len : 1);
    enum sx_err err;

    CU_ASSERT_FATAL(copy != NULL);
    if (len)
        memcpy(copy, bytes, len);
    err = sx_gauge_feed(gauge, copy, len);
    free(copy);
    return err;
}

/* Byte by byte: the depth is looked at after each. */
static enum sx_err count_bytes(const char *text, size_t len, struct counts *counts)
{
    struct sx_gauge gauge;
    size_t i;

    *counts = (struct counts){0};
    sx_gauge_init(&gauge, &wide);
    for (i = 0; i < len && !gauge.err; i++) {
        feed(&gauge, text + i, 1);
        if (gauge.depth > counts->deepest)
            counts->deepest = gauge.depth;
    }
    counts->attributes = gauge.attributes;
    counts->declarations = gauge.declarations;
    return gauge.err;
}

/* In one piece, in two of every kind, and in pieces of every size. */
static void assert_pieces(const char *text, enum sx_err expected)
{
    size_t len = strlen(text), at, size;
    struct sx_gauge whole, parts;

    sx_gauge_init(&whole, &wide);
    CU_ASSERT_EQUAL(feed(&whole, text, len), expected);
    for (size = 1; size <= len; size++) {
        sx_gauge_init(&parts, &wide);
        for (at = 0; at < len; at += size)
            feed(&parts, text + at, size < len - at ? size : len - at);
        CU_ASSERT(memcmp(&parts, &whole, sizeof whole) == 0 || whole.err);
        CU_ASSERT_EQUAL(parts.err, expected);
        sx_gauge_init(&parts, &wide);
        feed(&parts, text, size);
        CU_ASSERT_EQUAL(feed(&parts, text + size, len - size), expected);
        CU_ASSERT(parts.depth == whole.depth && parts.attributes == whole.attributes);
    }
}

static void assert_counts(const char *text, struct counts expected)
{
    struct counts counts;

    CU_ASSERT_EQUAL(count_bytes(text, strlen(text), &counts), SX_OK);
    if (memcmp(&counts, &expected, sizeof counts) != 0)
        ASSERT_TEXT(text, "counted right");
    assert_pieces(text, SX_OK);
}

static void assert_refused(const char *text)
{
    struct counts counts;

    if (count_bytes(text, strlen(text), &counts) != SX_EMALFORMED)
        ASSERT_TEXT(text, "refused");
    assert_pieces(text, SX_EMALFORMED);
}

static void test_counts(void)
{
    assert_counts("<a/>", (struct counts){1, 0, 0});
    assert_counts("<a><b/><c></c><b><d/></b></a>", (struct counts){3, 0, 0});
    assert_counts("<a x='1' y = \"2\"\n z='3'/>", (struct counts){1, 3, 0});
    assert_counts("<a xmlns='u' xmlns:p='v' p:xmlns='w' xmlnsx='1' xmln='2' xml:lang='en'/>",
                  (struct counts){1, 4, 2});
    assert_counts(
        "<?xml version='1.0' encoding=\"UTF-8\"?>\n<e:a xmlns:e='u'><b\n>t</b\t></e:a >\r\n",
        (struct counts){2, 0, 1});
    assert_counts("<a><b>1</b><c>2</c><dd>three</dd><e x='4'>5</e><f/></a>",
                  (struct counts){2, 1, 0});
    assert_counts("<\xC3\xA4 \xC3\xB6='\xE2\x82\xAC'>\xF0\x9F\x98\x80</\xC3\xA4>",
                  (struct counts){1, 1, 0});
}

static void test_no_markup(void)
{
    assert_counts("<a x='>' y=\"/>'\" z='\">'>\"'>/>]]></a>", (struct counts){1, 3, 0});
    assert_counts("<a><!-- <b c='d'> - -><e> --><f/></a>", (struct counts){2, 0, 0});
    assert_counts("<a><![CDATA[<b c='d'>]]]]]><f/><![CDATA[]]></a>", (struct counts){2, 0, 0});
    assert_counts("<a><?pi b c='d' ? e?><f/></a>", (struct counts){2, 0, 0});
    assert_counts("<a>&lt;b c=&quot;d&quot;&gt;&#60;&#x3c;&amp;<f x='&lt;&#10;'/></a>",
                  (struct counts){2, 1, 0});
    assert_counts("<!----><a/><!--b--><?c?>", (struct counts){1, 0, 0});
}

static void test_doctype(void)
{
    assert_refused("<!DOCTYPE a><a/>");
    assert_refused("<!DOCTYPE a [<!ENTITY b '<c><c><c>'>]><a>&b;</a>");
    assert_refused("<a><!ELEMENT b ANY></a>");
    assert_refused("<?xml version='1.0'?><!doctype a><a/>");
}

/* What gSOAP reads otherwise than XML has it, or XML has not at all: gauge.c says why each. */
static const char *const traps[] = {
    "<a>&<b></a>",
    "<a>&</a><b>",
    "<a>&lt </a>",
    "<a>&#-2;b x='1'></a>",
    "<a>&;</a>",
    "<a x='&'/>",
    "<a x='&\"'>",
    "<a x='<b>'/>",
    "<a x='<!--'/>",
    "<a x=<b>",
    "<a x=1>",
    "<a x>",
    "<a x/>",
    "<a x />",
    "<a x y='1'/>",
    "<a x='1'y='2'/>",
    "<a 'x'/>",
    "<a =''/>",
    "<a / >",
    "<a /x>",
    "<a/b>",
    "<a<b>",
    "< a>",
    "<\n/a>",
    "<a>< /a></a>",
    "<a></ a></a>",
    "<a></></a>",
    "<a></a x='1'>",
    "<%a>",
    "<=>",
    "<1>",
    "<>",
    "<a><!--- --- --></a>",
    "<a><!-- -- <b> --></a>",
    "<a><!-a--></a>",
    "<a><![cdata[]]></a>",
    "<a><![x[<b>]]></a>",
    "<![CDATA[]]><a/>",
    "<a><?p <b> ?></a>",
    "<a><?p ? > <b> ?></a>",
    "<?>",
    "x<a/>",
    "--x\r\n<a/>",
    "\x1F\x8B",
    "HTTP/1.1 200 OK\r\n\r\n<a/>",
    "&#32;<a/>",
    "\xEF\xBB\xBF<a/>",
    "<a/>x",
    "</a>",
    "<a></a></a>",
    "<a>\x01</a>",
    "<a\x01x='1'/>",
    "<a x='\x02'/>",
    "<a>\xE2\x82</a>",
    "<a>\x80</a>",
    "<a>\xC0\xBC</a>",
    "<a>\xF8\x88\x80\x80\x80</a>",
    "<a x='\xE2\x82'/>",
    "<a><![CDATA[\xE2\x82]]></a>",
    "<a>\xC3<b></a>",
    "\xFF\xFE<",
};

static void test_traps(void)
{
    size_t i;

    for (i = 0; i < sizeof traps / sizeof traps[0]; i++)
        assert_refused(traps[i]);
}

static void test_nul(void)
{
    static const char *const texts[] = {"<a>", "<a", "<a x", "<a x='", "<a><![CDATA[", "", "</a"};
    struct sx_gauge gauge;
    size_t i;

    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        sx_gauge_init(&gauge, &wide);
        feed(&gauge, texts[i], strlen(texts[i]));
        CU_ASSERT_EQUAL(feed(&gauge, "\0", 1), SX_EMALFORMED);
    }
}

/* The limit itself passes, one more doesn't; in one piece and byte by byte. */
static void assert_limit(struct sx_gauge_limits limits, const char *passes, const char *more,
                         enum sx_err expected)
{
    struct sx_buffer whole = {0};
    struct sx_gauge gauge;
    size_t i;

    sx_buffer_add_format(&whole, "%s%s</a></a>", passes, more);
    sx_gauge_init(&gauge, &limits);
    CU_ASSERT_EQUAL(feed(&gauge, whole.bytes, whole.len), expected);
    sx_buffer_fini(&whole);
    sx_gauge_init(&gauge, &limits);
    CU_ASSERT_EQUAL(feed(&gauge, passes, strlen(passes)), SX_OK);
    CU_ASSERT_EQUAL(feed(&gauge, more, strlen(more)), expected);
    CU_ASSERT_EQUAL(feed(&gauge, "</a>", 4), expected);
    sx_gauge_init(&gauge, &limits);
    for (i = 0; passes[i]; i++)
        CU_ASSERT_EQUAL(feed(&gauge, passes + i, 1), SX_OK);
    for (i = 0; more[i]; i++)
        feed(&gauge, more + i, 1);
    CU_ASSERT_EQUAL(gauge.err, expected);
}

static void test_limits(void)
{
    assert_limit((struct sx_gauge_limits){.max_depth = 3}, "<a><b><c/><c></c><c>", "<d>",
                 SX_EDEPTH);
    assert_limit((struct sx_gauge_limits){.max_depth = 3}, "<a><b><c>", "<d/>", SX_EDEPTH);
    assert_limit((struct sx_gauge_limits){.max_depth = 0}, " ", "<a>", SX_EDEPTH);
    assert_limit((struct sx_gauge_limits){9, 3, 1}, "<a x='' y='' xmlns='u'><b z=''>", "<c v='1'>",
                 SX_ETOOBIG);
    assert_limit((struct sx_gauge_limits){9, 3, 1}, "<a x='' y='' xmlns='u'><b z=''>",
                 "<c xmlns:v='1'>", SX_ETOOBIG);
}

/* In one element or one for each depth; what closes gives its own back, however it is written. */
static void test_declarations_in_scope(void)
{
    static const char *const forms[] = {"<a%s></a>", "<a%s/>", "<a%s></a >", "<a%s><b></b></a>"};
    struct sx_buffer text = {0};
    struct sx_gauge gauge;
    size_t i;
    unsigned n;

    for (n = SX_GAUGE_SCOPE - 1; n <= SX_GAUGE_SCOPE; n++) {
        sx_buffer_clear(&text);
        sx_buffer_add_text(&text, "<r xmlns='u'><s");
        for (i = 0; i < n; i++)
            sx_buffer_add_format(&text, " xmlns:p%zu='u'", i);
        sx_buffer_add_text(&text, "></s></r>");
        sx_gauge_init(&gauge, &wide);
        CU_ASSERT_EQUAL(feed(&gauge, text.bytes, text.len),
                        n < SX_GAUGE_SCOPE ? SX_OK : SX_ETOOBIG);
    }
    for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        sx_buffer_clear(&text);
        sx_buffer_add_text(&text, "<r xmlns='u'>");
        for (n = 0; n < 10 * SX_GAUGE_SCOPE; n++)
            sx_buffer_add_format(&text, forms[i], " xmlns:p='u' xmlns:q='u'");
        sx_gauge_init(&gauge, &wide);
        CU_ASSERT_EQUAL(feed(&gauge, text.bytes, text.len), SX_OK);
        CU_ASSERT_EQUAL(gauge.in_scope, 1);
        CU_ASSERT_EQUAL(gauge.depth, 1);
    }
    sx_buffer_clear(&text);
    for (n = 0; n < SX_GAUGE_SCOPE; n++)
        sx_buffer_add_text(&text, "<a xmlns='u'><b>");
    sx_gauge_init(&gauge, &wide);
    CU_ASSERT_EQUAL(feed(&gauge, text.bytes, text.len), SX_OK);
    CU_ASSERT_EQUAL(feed(&gauge, "</b></a><a xmlns='u'>", 21), SX_OK);
    CU_ASSERT_EQUAL(feed(&gauge, "<b xmlns='u'>", 13), SX_ETOOBIG);
    sx_buffer_fini(&text);
}

/* Attributes that come back are one name, and elements are counted for those that came before. */
static void test_names(void)
{
    struct sx_buffer text = {0};
    struct sx_gauge gauge;
    unsigned n;

    sx_buffer_add_text(&text, "<a>");
    for (n = 0; n < 5000; n++)
        sx_buffer_add_format(&text, "<b x%u='' y =''/>", n % 500);
    sx_gauge_init(&gauge, &wide);
    CU_ASSERT_EQUAL(feed(&gauge, text.bytes, text.len), SX_OK);
    CU_ASSERT_EQUAL(gauge.names.count, 501);
    for (n = 0; n < 500; n++)
        CU_ASSERT_EQUAL(sx_gauge_feed(&gauge, "<b/>", 4), SX_OK);
    for (n = 0; n < 100000 && !gauge.err; n++)
        sx_gauge_feed(&gauge, "<b></b>", 7);
    CU_ASSERT_EQUAL(gauge.err, SX_ETOOBIG);
    sx_buffer_clear(&text);
    for (n = 0; n <= SX_NAMES_COUNT; n++)
        sx_buffer_add_format(&text, "%s x%u=''", n ? "" : "<a", n);
    sx_gauge_init(&gauge, &wide);
    CU_ASSERT_EQUAL(feed(&gauge, text.bytes, text.len), SX_ETOOBIG);
    sx_buffer_fini(&text);
}

static void test_depth_of_many(void)
{
    struct sx_gauge gauge;
    unsigned i;

    sx_gauge_init(&gauge, &(struct sx_gauge_limits){.max_depth = 100000});
    for (i = 0; i < 100000; i++)
        CU_ASSERT_FATAL(sx_gauge_feed(&gauge, "<a>", 3) == SX_OK);
    CU_ASSERT_EQUAL(gauge.depth, 100000);
    CU_ASSERT_EQUAL(sx_gauge_feed(&gauge, "<a>", 3), SX_EDEPTH);
}

/* Long runs of text take another path than short ones. */
static void test_long_text(void)
{
    static const char *const bad[] = {"<1", "&<", "\x01", "\xC3(", "\x80"};
    struct sx_buffer text = {0};
    struct sx_gauge gauge;
    size_t len, i;

    for (len = 0; len < 40; len++)
        for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            sx_buffer_clear(&text);
            sx_buffer_add_format(&text, "<a>%.*s\n\t\r\x7F%s%.*s", (int)len,
                                 "0123456789012345678901234567890123456789", bad[i], (int)len,
                                 "abcdefghijklmnopqrstuvwxyzabcdefghijklmn");
            sx_gauge_init(&gauge, &wide);
            CU_ASSERT_EQUAL(feed(&gauge, text.bytes, text.len), SX_EMALFORMED);
            text.len -= len + strlen(bad[i]);
            sx_gauge_init(&gauge, &wide);
            CU_ASSERT_EQUAL(feed(&gauge, text.bytes, text.len), SX_OK);
        }
    sx_buffer_fini(&text);
}

CU_TestInfo tests_gauge[] = {
    {"elements, attributes and declarations are counted, in whatever pieces", test_counts},
    {"what only looks like markup isn't counted", test_no_markup},
    {"a DOCTYPE is refused", test_doctype},
    {"what gSOAP would read otherwise is refused", test_traps},
    {"a NUL byte is refused wherever it stands", test_nul},
    {"what the limits allow passes, one more doesn't", test_limits},
    {"declarations in scope are bounded", test_declarations_in_scope},
    {"attribute names are bounded, and elements for them", test_names},
    {"a document may be as deep as it is allowed to be", test_depth_of_many},
    {"long texts are looked at to their last byte", test_long_text},
    CU_TEST_INFO_NULL,
};
