/* checker.c: what is refused, and where. */
#include "../envelope_fixture.h"

struct refusal {
    const char *bytes;
    size_t len, bad_byte;
    const char *why;
};

#define REFUSAL(bytes, bad_byte, why)                                                              \
    {                                                                                              \
        bytes, sizeof bytes - 1, bad_byte, why                                                     \
    }

static void expect_refusals(const struct refusal *rows, size_t count)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    size_t i;
    for (i = 0; i < count; i++) {
        struct verdict verdict = check(checker, rows[i].bytes, rows[i].len);
        CU_ASSERT_EQUAL(verdict.err, SX_EUNCARRIABLE);
        CU_ASSERT_PTR_NULL(verdict.scan);
        ASSERT_CONTAINS(verdict.why, rows[i].why);
        CU_ASSERT_EQUAL(verdict.bad_byte, rows[i].bad_byte);
        if (verdict.bad_byte != rows[i].bad_byte)
            printf("\n    byte %zu, want %zu: %s", verdict.bad_byte, rows[i].bad_byte,
                   rows[i].bytes);
    }
    sx_checker_free(checker);
}

#define EXPECT_REFUSALS(rows) expect_refusals((rows), sizeof(rows) / sizeof *(rows))

static void test_refuses_markup(void)
{
    static const struct refusal rows[] = {
        REFUSAL("<?xml version='1.0'?>" ROOT11 BODY TAIL, 0, "XML declaration"),
        REFUSAL("\n <?xml version='1.0'?>" ROOT11 BODY TAIL, 2, "XML declaration"),
        REFUSAL("<!DOCTYPE E:Envelope>" ROOT11 BODY TAIL, 0, "DOCTYPE"),
        REFUSAL(" <!DOCTYPE E [<!ENTITY a 'aa'>]>" ROOT11 BODY "&a;" TAIL, 1, "DOCTYPE"),
        REFUSAL("<!DOCTYPE E SYSTEM 'http://example.org/'>" ROOT11 BODY TAIL, 0, "DOCTYPE"),
        REFUSAL("<!-- c -->" ROOT11 BODY TAIL, 0, "comments"),
        REFUSAL(ROOT11 BODY "<a><!-- c --></a>" TAIL, AT + 3, "comments"),
        REFUSAL(ROOT11 BODY TAIL "<!-- c -->", AT + sizeof TAIL - 1, "comments"),
        REFUSAL("<?p i?>" ROOT11 BODY TAIL, 0, "processing instructions"),
        REFUSAL(ROOT11 BODY "<a/><?p?>" TAIL, AT + 4, "processing instructions"),
    };
    EXPECT_REFUSALS(rows);
}

static void test_refuses_characters(void)
{
    static const struct refusal rows[] = {
        REFUSAL(ROOT11 BODY "<a>x&#x1;</a>" TAIL, AT + 4, "character of this reference"),
        REFUSAL(ROOT11 BODY "<a>&#0;</a>" TAIL, AT + 3, "character of this reference"),
        REFUSAL(ROOT11 BODY "<a>&#xD800;</a>" TAIL, AT + 3, "character of this reference"),
        REFUSAL(ROOT11 BODY "<a>&#xFFFE;</a>" TAIL, AT + 3, "character of this reference"),
        REFUSAL(ROOT11 BODY "<a>&#x110000;</a>" TAIL, AT + 3, "character of this reference"),
        REFUSAL(ROOT11 BODY "<a b='&#x1F;'/>" TAIL, AT + 6, "character of this reference"),
        REFUSAL(ROOT11 BODY "<a>x\x01</a>" TAIL, AT + 4, "character U+0001"),
        REFUSAL(ROOT11 BODY "<a b='x\x0B'/>" TAIL, AT + 7, "character U+000B"),
        REFUSAL(ROOT11 BODY "<a>x\0</a>" TAIL, AT + 4, "character U+0000"),
        REFUSAL(ROOT11 BODY "<a>x\xFF</a>" TAIL, AT + 4, "byte 0xFF"),
        REFUSAL(ROOT11 BODY "<a>x\x80</a>" TAIL, AT + 4, "byte 0x80"),
        REFUSAL(ROOT11 BODY "<a>\xEF\xBF\xBE</a>" TAIL, AT + 3, "byte 0xEF"),     /* U+FFFE */
        REFUSAL(ROOT11 BODY "<a>\xEF\xBF\xBF</a>" TAIL, AT + 3, "byte 0xEF"),     /* U+FFFF */
        REFUSAL(ROOT11 BODY "<a>\xC0\xAF</a>" TAIL, AT + 3, "byte 0xC0"),         /* overlong */
        REFUSAL(ROOT11 BODY "<a>\xE0\x80\xAF</a>" TAIL, AT + 3, "byte 0xE0"),     /* overlong */
        REFUSAL(ROOT11 BODY "<a>\xF0\x80\x80\xAF</a>" TAIL, AT + 3, "byte 0xF0"), /* overlong */
        REFUSAL(ROOT11 BODY "<a>\xED\xA0\x80</a>" TAIL, AT + 3, "byte 0xED"),     /* surrogates */
        REFUSAL(ROOT11 BODY "<a>\xED\xBF\xBF</a>" TAIL, AT + 3, "byte 0xED"),
        REFUSAL(ROOT11 BODY "<a>\xF4\x90\x80\x80</a>" TAIL, AT + 3, "byte 0xF4"), /* > U+10FFFF */
        REFUSAL(ROOT11 BODY "<a>x\xE2\x82", AT + 4, "byte 0xE2"),                 /* cut off */
        REFUSAL("<\0E\0", 1, "character U+0000"),                                 /* UTF-16 */
        REFUSAL("\xFE\xFF\0<", 0, "doesn't begin with an element"),
        REFUSAL("\xEF\xBB\xBF" ROOT11 BODY TAIL, 0, "doesn't begin with an element"),
    };
    EXPECT_REFUSALS(rows);
}

static void test_refuses_syntax(void)
{
    static const struct refusal rows[] = {
        REFUSAL("", 0, "is empty"),
        REFUSAL(" \r\n", 3, "is empty"),
        REFUSAL("text", 0, "doesn't begin with an element"),
        REFUSAL("<", 0, "not well-formed"),
        REFUSAL(ROOT11 BODY, AT, "not well-formed"),
        REFUSAL(ROOT11 BODY "<a></b>" TAIL, AT + 5, "mismatched tag"),
        REFUSAL(ROOT11 BODY "<a b='1' b='2'/>" TAIL, AT + 9, "duplicate attribute"),
        REFUSAL(ROOT11 BODY "<a b='<'/>" TAIL, AT + 6, "not well-formed"),
        REFUSAL(ROOT11 BODY "&nbsp;" TAIL, AT, "undefined entity"),
        REFUSAL(ROOT11 BODY TAIL "x", AT + sizeof TAIL - 1, "junk"),
        REFUSAL(ROOT11 BODY TAIL "<a/>", AT + sizeof TAIL - 1, "junk"),
        REFUSAL(ROOT11 BODY TAIL "\0", AT + sizeof TAIL - 1, "U+0000"),
    };
    EXPECT_REFUSALS(rows);
}

static void test_refuses_names(void)
{
    static const struct refusal rows[] = {
        REFUSAL(ROOT11 BODY "<q:a/>" TAIL, AT, "the prefix of <q:a> is bound nowhere"),
        REFUSAL(ROOT11 BODY "<a b='' q:c=''/>" TAIL, AT, "attribute q:c is bound nowhere"),
        REFUSAL(ROOT11 BODY "<a xmlns:q='urn:q'/><q:a/>" TAIL, AT + 20, "<q:a> is bound nowhere"),
        REFUSAL(ROOT11 BODY "<a xmlns:q=''/>" TAIL, AT, "<a> declares a prefix"),
        REFUSAL(ROOT11 BODY "<a xmlns:xmlns='urn:q'/>" TAIL, AT, "<a> declares a prefix"),
        REFUSAL(ROOT11 BODY "<E:a:b/>" TAIL, AT, "<E:a:b>"),
        REFUSAL(ROOT11 BODY "<a xmlns:p='u' xmlns:q='u' p:b='' b='' p:c='' q:b=''/>" TAIL, AT,
                "the attribute q:b stands there under another prefix, too"),
        REFUSAL(ROOT11 BODY "<a xmlns:p='u' xmlns:q='u' p:a='' p:b='' p:c='' p:d='' p:e='' p:f='' "
                            "p:g='' p:h='' p:i='' p:j='' p:k='' p:l='' p:m='' p:n='' p:o='' p:p='' "
                            "p:q='' q:h=''/>" TAIL,
                AT, "stands there under another prefix, too"),
    };
    EXPECT_REFUSALS(rows);
}

static void test_refuses_other_roots(void)
{
    static const struct refusal rows[] = {
        REFUSAL("<Envelope><Body/></Envelope>", 0, "an Envelope of SOAP is not in \"\""),
        REFUSAL(" <Envelope xmlns='urn:other'/>", 1, "an Envelope of SOAP is not in \"urn:other\""),
        REFUSAL("<Body xmlns='" URI11 "'/>", 0, "<Body> is no SOAP"),
        REFUSAL("\n<Envelope xmlns='" URI11 "'/>", 1, "no Body"),
        REFUSAL("<Envelope xmlns='" URI11 "'><a><Bodies/></a></Envelope>", 0, "no Body"),
        REFUSAL("<Envelope xmlns='" URI12 "'><Body xmlns='" URI11 "'/></Envelope>", 58,
                "isn't in the Envelope's namespace"),
    };
    EXPECT_REFUSALS(rows);
}

static void test_depth(void)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    static const char at_limit[] = ROOT11 BODY "<a><b><c><d/></c></b></a>" TAIL;
    static const char over_limit[] = ROOT11 BODY "<a><b><c><d/><d><e/></d></c></b></a>" TAIL;
    struct verdict verdict = check(checker, at_limit, sizeof at_limit - 1);
    CU_ASSERT_EQUAL(verdict.err, SX_OK);
    verdict = check(checker, over_limit, sizeof over_limit - 1);
    CU_ASSERT_EQUAL(verdict.err, SX_EDEPTH);
    CU_ASSERT_EQUAL(verdict.bad_byte, AT + 16);
    ASSERT_TEXT(verdict.why, "elements are nested deeper than 6");
    sx_checker_free(checker);
}

static void test_accepts(void)
{
    static const char *const rows[] = {
        ROOT11 BODY TAIL,
        ROOT12 BODY TAIL,
        " \t\r\n" ROOT11 BODY TAIL "\r\n",
        "<Envelope xmlns='" URI12 "'><Body/></Envelope>",
        ROOT11 BODY "<a>&#9;&#10;&#13; &lt;&amp;&gt;&quot;&apos; &#x1F600;</a>" TAIL,
        ROOT11 BODY "<a>\xC3\xBC \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF \x7F</a>" TAIL,
        ROOT11 BODY "<![CDATA[<!-- <?no?> -->]]>" TAIL,
        ROOT11 BODY "<a xml:lang='en' b=\">'\"/>" TAIL,
        ROOT11 BODY "<gr\xC3\xBC\xC3\x9F \xC3\xA9='1'/>" TAIL,
    };
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct verdict verdict = check(checker, rows[i], strlen(rows[i]));
        CU_ASSERT_EQUAL(verdict.err, SX_OK);
        CU_ASSERT_PTR_NOT_NULL(verdict.scan);
        CU_ASSERT_EQUAL(verdict.bad_byte, 4242);
        ASSERT_TEXT(verdict.why, "untouched");
    }
    sx_checker_free(checker);
}

static void test_recovers(void)
{
    static const char good[] = ROOT11 BODY "<a xmlns:p='urn:p'/>" TAIL;
    static const char unbound[] = ROOT12 BODY "<a xmlns:p='urn:p'><b c='z:z'/><z:b/></a>" TAIL;
    static const char stale[] = ROOT11 BODY "<p:a/>" TAIL;
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct verdict verdict = check(checker, unbound, sizeof unbound - 1);
    CU_ASSERT_EQUAL(verdict.err, SX_EUNCARRIABLE);
    verdict = check(checker, stale, sizeof stale - 1);
    CU_ASSERT_EQUAL(verdict.err, SX_EUNCARRIABLE);
    verdict = check(checker, good, sizeof good - 1);
    CU_ASSERT_EQUAL_FATAL(verdict.err, SX_OK);
    CU_ASSERT_EQUAL(verdict.scan->version, 11);
    ASSERT_TEXT(verdict.scan->operation, "a");
    ASSERT_TEXT(verdict.scan->unbound, "");
    sx_checker_free(checker);
}

/* The receiver's limit counts those of the stream and the stanza, too, and of sx_envelope_format.
 */
static void test_leaves_room_for_declarations(void)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_buffer bytes = {0};
    unsigned more;
    for (more = 0; more < 2; more++) {
        struct verdict verdict;
        unsigned i;
        sx_buffer_clear(&bytes);
        sx_buffer_add_text(&bytes, "<E:Envelope xmlns:E='" URI11 "'");
        for (i = 1; i < SX_NAMESPACES_COUNT - 16 + more; i++)
            sx_buffer_add_format(&bytes, " xmlns:p%u='urn:p'", i);
        sx_buffer_add_text(&bytes, ">" BODY TAIL);
        verdict = check(checker, bytes.bytes, bytes.len);
        CU_ASSERT_EQUAL(verdict.err, more ? SX_EUNCARRIABLE : SX_OK);
        ASSERT_CONTAINS(verdict.why, more ? "too many namespace declarations" : "untouched");
    }
    sx_buffer_fini(&bytes);
    sx_checker_free(checker);
}

CU_TestInfo tests_checker[] = {
    {"refuses declarations, DOCTYPEs, comments and instructions", test_refuses_markup},
    {"refuses characters that UTF-8 or XML 1.0 forbid, with their byte", test_refuses_characters},
    {"refuses what is not well-formed, with its byte", test_refuses_syntax},
    {"refuses prefixes bound nowhere and forbidden bindings", test_refuses_names},
    {"refuses what is no SOAP envelope or has no Body", test_refuses_other_roots},
    {"refuses elements over the depth limit, not those at it", test_depth},
    {"accepts all that a stanza can carry and touches no other output", test_accepts},
    {"leaves room for the declarations that others add", test_leaves_room_for_declarations},
    {"a checker forgets the envelope before", test_recovers},
    CU_TEST_INFO_NULL,
};
