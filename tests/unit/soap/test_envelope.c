/* Unit tests of lib/soap/envelope.c: what is inserted and repaired. */
#include "../envelope_fixture.h"

/* ---- format ---- */

static void expect_blocks(const char *bytes, const char *action, const char *traceparent,
                          const char *expected)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_buffer out = {0};
    const struct sx_scan *scan = scan_of(checker, bytes);
    size_t len = strlen(bytes);
    char *copy = malloc(len);
    memcpy(copy, bytes, len);
    sx_buffer_add_text(&out, "<iq>");
    sx_envelope_format(&out, copy, len, scan, action, traceparent);
    CU_ASSERT_FALSE(out.failed);
    ASSERT_TEXT(out.bytes + 4, expected);
    free(copy);
    sx_buffer_fini(&out);
    sx_checker_free(checker);
}

static void expect_format(const char *bytes, const char *action, const char *expected)
{
    expect_blocks(bytes, action, NULL, expected);
}

#define DECLARED11  "<E:Envelope xmlns=\"\" xmlns:E='" URI11 "'>"
#define BLOCK(text) "<soapAction xmlns=\"" SX_NS_ACTION "\">" text "</soapAction>"

static void test_format_root(void)
{
    expect_format(ROOT11 BODY TAIL, NULL, DECLARED11 BODY TAIL);
    expect_format(ROOT11 BODY TAIL, "", DECLARED11 BODY TAIL);
    expect_format(" \n" ROOT11 BODY "<a/> " TAIL "\r\n", NULL, DECLARED11 BODY "<a/> " TAIL);
    expect_format("<E:Envelope\n\txmlns:E='" URI11 "' >" BODY TAIL, NULL,
                  "<E:Envelope xmlns=\"\"\n\txmlns:E='" URI11 "' >" BODY TAIL);
    expect_format("<Envelope xmlns='" URI11 "'><Body/></Envelope>", NULL,
                  "<Envelope xmlns='" URI11 "'><Body/></Envelope>");
    expect_format("<E:Envelope xmlns='' xmlns:E='" URI11 "'>" BODY TAIL, NULL,
                  "<E:Envelope xmlns='' xmlns:E='" URI11 "'>" BODY TAIL);
}

static void test_format_new_header(void)
{
    expect_format(ROOT11 BODY TAIL, "urn:act",
                  DECLARED11 "<E:Header>" BLOCK("urn:act") "</E:Header>" BODY TAIL);
    expect_format("<Envelope xmlns='" URI11 "'> <Body/></Envelope>", "a<b>&\"'",
                  "<Envelope xmlns='" URI11
                  "'><Header>" BLOCK("a&lt;b&gt;&amp;&quot;&apos;") "</Header> <Body/></Envelope>");
    expect_format("<E:Envelope a='>/' b=\"'/>\" xmlns:E='" URI11 "'>" BODY TAIL, "x",
                  "<E:Envelope xmlns=\"\" a='>/' b=\"'/>\" xmlns:E='" URI11
                  "'><E:Header>" BLOCK("x") "</E:Header>" BODY TAIL);
}

static void test_format_old_header(void)
{
    expect_format(" " ROOT11 "<E:Header><h/></E:Header>" BODY TAIL, "x",
                  DECLARED11 "<E:Header>" BLOCK("x") "<h/></E:Header>" BODY TAIL);
    expect_format(ROOT11 "\n<E:Header a='/>' b=\">'\" ></E:Header>" BODY TAIL, "x",
                  DECLARED11 "\n<E:Header a='/>' b=\">'\" >" BLOCK("x") "</E:Header>" BODY TAIL);
    expect_format(ROOT11 "<E:Header/>" BODY TAIL, "x",
                  DECLARED11 "<E:Header>" BLOCK("x") "</E:Header>" BODY TAIL);
    expect_format(ROOT11 "<E:Header a='/>' />" BODY TAIL, "x",
                  DECLARED11 "<E:Header a='/>' >" BLOCK("x") "</E:Header>" BODY TAIL);
    expect_format(" \r\n" ROOT11 "<E:Header/>" BODY TAIL, "x",
                  DECLARED11 "<E:Header>" BLOCK("x") "</E:Header>" BODY TAIL);
    expect_format("<Envelope xmlns='" URI12 "'><Header/><Body/></Envelope>", "x",
                  "<Envelope xmlns='" URI12 "'><Header>" BLOCK("x") "</Header><Body/></Envelope>");
    /* not the first Header, but the Envelope's own */
    expect_format(ROOT11 "<Header a='>'/><E:Header/>" BODY TAIL, "x",
                  DECLARED11 "<Header a='>'/><E:Header>" BLOCK("x") "</E:Header>" BODY TAIL);
}

static void test_format_same_action(void)
{
    expect_format(ROOT11 "<E:Header>" ACTION("old") "</E:Header>" BODY TAIL, "new",
                  DECLARED11 "<E:Header>" ACTION("old") "</E:Header>" BODY TAIL);
}

#define TRACEPARENT   "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define TRACE(parent) "<t:trace xmlns:t=\"" SX_NS_TRACE "\" parent=\"" parent "\"/>"

static void test_format_trace(void)
{
    static const char other[] = ROOT11
        "<E:Header><x:trace xmlns:x='" SX_NS_TRACE
        "' parent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'/></E:Header>" BODY TAIL;
    expect_blocks(ROOT11 BODY TAIL, NULL, TRACEPARENT,
                  DECLARED11 "<E:Header>" TRACE(TRACEPARENT) "</E:Header>" BODY TAIL);
    expect_blocks(ROOT11 "<E:Header/>" BODY TAIL, "", TRACEPARENT,
                  DECLARED11 "<E:Header>" TRACE(TRACEPARENT) "</E:Header>" BODY TAIL);
    expect_blocks(ROOT11 "<E:Header><h/></E:Header>" BODY TAIL, "x", TRACEPARENT,
                  DECLARED11 "<E:Header>" BLOCK("x")
                      TRACE(TRACEPARENT) "<h/></E:Header>" BODY TAIL);
    expect_blocks(ROOT11 BODY TAIL, NULL, "", DECLARED11 BODY TAIL);
    expect_blocks(
        other, NULL, TRACEPARENT,
        DECLARED11
        "<E:Header><x:trace xmlns:x='" SX_NS_TRACE
        "' parent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'/></E:Header>" BODY
            TAIL);
}

static void test_format_is_checked_again(void)
{
    static const char bytes[] = ROOT12 "<E:Header/>" BODY "<a/>" TAIL;
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_buffer out = {0};
    const struct sx_scan *scan = scan_of(checker, bytes);
    sx_envelope_format(&out, bytes, sizeof bytes - 1, scan, "urn:act \xC3\xBC <1>", TRACEPARENT);
    scan = scan_of(checker, out.bytes);
    ASSERT_TEXT(scan->traceparent, TRACEPARENT);
    ASSERT_TEXT(scan->action, "urn:act \xC3\xBC <1>");
    ASSERT_TEXT(scan->operation, "a");
    CU_ASSERT_TRUE(scan->root_declares_default);
    sx_buffer_fini(&out);
    sx_checker_free(checker);
}

/* ---- in ---- */

static struct sx_envelope envelope_of(const char *bytes)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_envelope envelope = {0};
    sx_envelope_set(&envelope, strdup(bytes), strlen(bytes), scan_of(checker, bytes));
    sx_checker_free(checker);
    return envelope;
}

static void expect_trace(const char *inside, const char *traceparent)
{
    char bytes[1000];
    struct sx_envelope envelope;
    snprintf(bytes, sizeof bytes, ROOT12 "%s" TAIL, inside);
    envelope = envelope_of(bytes);
    CU_ASSERT_EQUAL(envelope.err, SX_OK);
    ASSERT_TEXT(envelope.traceparent, traceparent);
    sx_envelope_fini(&envelope);
}

static bool is_envelope(const char *bytes)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    const struct sx_scan *scan;
    size_t bad_byte;
    char why[200];
    enum sx_err err =
        sx_checker_check(checker, bytes, strlen(bytes), &scan, &bad_byte, why, sizeof why);
    sx_checker_free(checker);
    return err == SX_OK;
}

static void test_set_trace(void)
{
    expect_trace("<E:Header>" TRACE(TRACEPARENT) "</E:Header>" BODY "<a/>", TRACEPARENT);
    expect_trace("<E:Header><h/><trace a='1' parent='" TRACEPARENT "' xmlns='" SX_NS_TRACE
                 "'><x/></trace></E:Header>" BODY "<a/>",
                 TRACEPARENT);
    expect_trace("<E:Header>" TRACE("00-0") TRACE(TRACEPARENT) "</E:Header>" BODY "<a/>",
                 TRACEPARENT);
    expect_trace("<E:Header>" TRACE("00-0") "</E:Header>" BODY "<a/>", "");
    expect_trace("<E:Header><trace xmlns='" SX_NS_TRACE "'/></E:Header>" BODY "<a/>", "");
    expect_trace("<E:Header><trace xmlns='urn:x' parent='" TRACEPARENT "'/></E:Header>" BODY "<a/>",
                 "");
    expect_trace("<E:Header><h>" TRACE(TRACEPARENT) "</h></E:Header>" BODY "<a/>", "");
    expect_trace(BODY TRACE(TRACEPARENT), "");
    expect_trace("<E:Header><trace xmlns='" SX_NS_TRACE "' xmlns:x='urn:x' x:parent='" TRACEPARENT
                 "'/></E:Header>" BODY "<a/>",
                 "");
    CU_ASSERT_FALSE(is_envelope(ROOT12 "<E:Header><trace xmlns='" SX_NS_TRACE
                                       "' parent='" TRACEPARENT "' parent='" TRACEPARENT
                                       "'/></E:Header>" BODY "<a/>" TAIL));
}

static void test_set(void)
{
    struct sx_envelope envelope = envelope_of(
        ROOT12 "<E:Header>" ACTION("act") "</E:Header>" BODY "<E:Fault>p:x</E:Fault>" TAIL);
    CU_ASSERT_EQUAL(envelope.err, SX_OK);
    CU_ASSERT_EQUAL(envelope.version, 12);
    CU_ASSERT_TRUE(envelope.has_body);
    CU_ASSERT_TRUE(envelope.is_fault);
    ASSERT_TEXT(envelope.operation, "Fault");
    ASSERT_TEXT(envelope.action, "act");
    ASSERT_TEXT(envelope.unbound, "p");
    CU_ASSERT_EQUAL(envelope.len, strlen(envelope.bytes));
    sx_envelope_fini(&envelope);
    CU_ASSERT_PTR_NULL(envelope.bytes);
    CU_ASSERT_EQUAL(envelope.version, 0);
}

static void test_set_without_body(void)
{
    const char *root[] = {"xmlns", URI11, NULL};
    struct sx_envelope envelope = {0};
    struct sx_scan scan = {0};
    sx_scan_init(&scan, MAX_DEPTH);
    sx_scan_start(&scan, "Envelope", root);
    sx_scan_end(&scan);
    sx_envelope_set(&envelope, strdup("<Envelope/>"), 11, &scan);
    CU_ASSERT_EQUAL(envelope.err, SX_EMALFORMED);
    ASSERT_TEXT(envelope.why, "the envelope has no Body");
    sx_envelope_fini(&envelope);
    sx_scan_fini(&scan);
}

CU_TestInfo tests_envelope[] = {
    {"format undeclares the default namespace on the root unless it has one", test_format_root},
    {"format puts the action into a new Header", test_format_new_header},
    {"format puts the action first into a Header that is there", test_format_old_header},
    {"format keeps an action that is there already", test_format_same_action},
    {"format puts a trace into the Header, unless there is one", test_format_trace},
    {"a trace is read in the Header, if it is one", test_set_trace},
    {"what format wrote passes the check", test_format_is_checked_again},
    {"an envelope takes over what the scan told", test_set},
    {"an envelope without a Body is malformed", test_set_without_body},
    CU_TEST_INFO_NULL,
};
