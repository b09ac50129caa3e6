/* Unit tests of lib/soap/scan.c: what one pass over an envelope finds. */
#include "../envelope_fixture.h"

#define FAULT11(code) ROOT11 BODY "<E:Fault>" code "</E:Fault>" TAIL
#define FAULT12(code) ROOT12 BODY "<E:Fault>" code "</E:Fault>" TAIL

static void test_findings(void)
{
    static const struct {
        const char *bytes;
        int version;
        const char *operation;
        bool is_fault;
        const char *fault_code;
    } rows[] = {
        {ROOT11 BODY TAIL, 11, "", false, ""},
        {ROOT12 BODY "<a/>" TAIL, 12, "a", false, ""},
        {ROOT11 BODY "<n:add xmlns:n='urn:n'><x/></n:add><n2/>" TAIL, 11, "add", false, ""},
        {ROOT11 BODY "<Fault><faultcode>x</faultcode></Fault>" TAIL, 11, "Fault", false, ""},
        {FAULT11("<faultcode>E:Client</faultcode>"), 11, "Fault", true, "Client"},
        {FAULT11("<faultcode> \n E:Client.Auth\t</faultcode>"), 11, "Fault", true, "Client.Auth"},
        {FAULT11("<faultcode>Server</faultcode>"), 11, "Fault", true, "Server"},
        {FAULT11("<faultcode xmlns='urn:x'>E:Server</faultcode>"), 11, "Fault", true, "Server"},
        {FAULT11("<faultstring>E:x</faultstring>"), 11, "Fault", true, ""},
        {FAULT11("<detail><faultcode>E:x</faultcode></detail>"), 11, "Fault", true, ""},
        {FAULT11("<E:Code><E:Value>E:x</E:Value></E:Code>"), 11, "Fault", true, ""},
        {FAULT12("<E:Code><E:Value>E:Sender</E:Value><E:Subcode><E:Value>E:No</E:Value>"
                 "</E:Subcode></E:Code>"),
         12, "Fault", true, "Sender"},
        {FAULT12("<E:Reason><E:Value>no</E:Value></E:Reason>"
                 "<E:Code><E:Value>E:Receiver</E:Value></E:Code>"),
         12, "Fault", true, "Receiver"},
        {FAULT12("<faultcode>E:x</faultcode>"), 12, "Fault", true, ""},
        {ROOT11 BODY "<E:Fault/><a><faultcode>E:x</faultcode></a>" TAIL, 11, "Fault", true, ""},
        {FAULT12("<E:Code/><E:Reason><E:Value>no</E:Value></E:Reason>"), 12, "Fault", true, ""},
        {ROOT11 BODY "<a/><E:Fault><faultcode>E:x</faultcode></E:Fault>" TAIL, 11, "a", false, ""},
    };
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct sx_scan *scan = scan_of(checker, rows[i].bytes);
        CU_ASSERT_EQUAL(scan->version, rows[i].version);
        ASSERT_TEXT(scan->operation, rows[i].operation);
        CU_ASSERT_EQUAL(scan->is_fault, rows[i].is_fault);
        ASSERT_TEXT(scan->fault_code, rows[i].fault_code);
    }
    sx_checker_free(checker);
}

static void test_action(void)
{
    static const struct {
        const char *bytes, *action;
        bool has_header;
    } rows[] = {
        {ROOT11 BODY ACTION("no") TAIL, "", false},
        {ROOT11 "<E:Header/>" BODY TAIL, "", true},
        {ROOT11 "<E:Header>" ACTION(" urn:do&amp;it ") "</E:Header>" BODY TAIL, "urn:do&it", true},
        {ROOT11 "<E:Header><x/>" ACTION("1") ACTION("2") "</E:Header>" BODY TAIL, "1", true},
        {ROOT11 "<E:Header><x>" ACTION("no") "</x></E:Header>" BODY TAIL, "", true},
        {ROOT11 "<E:Header><soapAction>no</soapAction></E:Header>" BODY TAIL, "", true},
    };
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct sx_scan *scan = scan_of(checker, rows[i].bytes);
        ASSERT_TEXT(scan->action, rows[i].action);
        CU_ASSERT_EQUAL(scan->has_header, rows[i].has_header);
    }
    sx_checker_free(checker);
}

static void test_unbound(void)
{
    static const struct {
        const char *content, *unbound; /* separated by blanks */
    } rows[] = {
        {"<a b='xsd:int'/>", "xsd"},
        {"<a b=' xsd:int\n'/>", "xsd"},
        {"<a>\r\n xsd:int </a>", "xsd"},
        {"<a b='xsd:int[2,3]'/>", "xsd"},
        {"<a><b>p:a</b><b>q:a</b><b>p:b</b></a>", "p q"},
        {"<a>E:Client</a>", ""},
        {"<a xmlns:p='urn:p' b='p:x'>p:y</a>", ""},
        {"<a xmlns:p='urn:p'><b>p:y</b></a><a>p:z</a>", "p"},
        {"<a><b xmlns:p='urn:p'><c>p:y</c></b></a>", ""},
        {"<a>gr\xC3\xBC\xC3\x9F:a</a>", "gr\xC3\xBC\xC3\x9F"},
        {"<a>p&#58;x</a>", "p"},
        {"<a><![CDATA[p:x]]></a>", "p"},
        {"<a>p:x<b/></a>", ""},
        {"<a><b/>p:x</a>", ""},
        {"<a b='12:30'/><a>a:</a><a>:b</a><a>a:b:c</a><a>a b:c</a><a>a: b</a>", ""},
        {"<a>http://example.org/</a><a>a:1</a><a>a:b/</a><a>a:b[</a><a>a:b[x]</a>", ""},
        {"<a>urn:x</a><a>xmpp:x</a><a>mailto:x</a><a>uuid:x</a><a>xmlns:x</a><a>xml:x</a>", ""},
    };
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        char bytes[1024], joined[128] = "";
        const char *prefix;
        snprintf(bytes, sizeof bytes, ROOT11 BODY "%s" TAIL, rows[i].content);
        for (prefix = scan_of(checker, bytes)->unbound; *prefix; prefix += strlen(prefix) + 1) {
            if (*joined)
                strcat(joined, " ");
            strcat(joined, prefix);
        }
        ASSERT_TEXT(joined, rows[i].unbound);
    }
    sx_checker_free(checker);
}

static void test_action_is_no_qname(void)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    const struct sx_scan *scan =
        scan_of(checker, ROOT11 "<E:Header>" ACTION("xsd:int") "</E:Header>" BODY TAIL);
    ASSERT_TEXT(scan->action, "xsd:int");
    ASSERT_TEXT(scan->unbound, "");
    sx_checker_free(checker);
}

static void test_unbound_is_bounded(void)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_buffer bytes = {0};
    const struct sx_scan *scan;
    const char *prefix;
    unsigned i, count = 0;
    sx_buffer_add_text(&bytes, ROOT11 BODY);
    for (i = 0; i < 1000; i++)
        sx_buffer_add_format(&bytes, "<a b='p%03u:x'/>", i);
    sx_buffer_add_text(&bytes, TAIL);
    scan = scan_of(checker, bytes.bytes);
    for (prefix = scan->unbound; *prefix; prefix += strlen(prefix) + 1)
        count++;
    CU_ASSERT_EQUAL(count, (SX_SCAN_UNBOUND_BYTES - 1) / 5);
    sx_buffer_fini(&bytes);
    sx_checker_free(checker);
}

static char *repeat(size_t len, const char *pattern)
{
    struct sx_buffer text = {0};
    while (text.len < len)
        sx_buffer_add_text(&text, pattern);
    return sx_buffer_take(&text, NULL);
}

static void test_cuts(void)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_buffer bytes = {0};
    char *name = repeat(252, "\xE4\xB8\xAD"), *text = repeat(SX_SCAN_ACTION_BYTES, "a");
    struct verdict verdict;
    const struct sx_scan *scan;
    sx_buffer_add_format(&bytes, ROOT11 "<E:Header>" ACTION("%s") "</E:Header>" BODY, text);
    sx_buffer_add_format(&bytes, "<_%s/>" TAIL, name);
    scan = scan_of(checker, bytes.bytes);
    CU_ASSERT_EQUAL(strlen(scan->operation), 1 + 42 * 3);
    ASSERT_TEXT(scan->action, "");
    sx_buffer_clear(&bytes);
    sx_buffer_add_format(&bytes, ROOT11 BODY "<%s/>" TAIL, name);
    CU_ASSERT_EQUAL(strlen(scan_of(checker, bytes.bytes)->operation), 42 * 3);
    sx_buffer_clear(&bytes);
    /* 64 bytes of a name are quoted, and the 22nd of these characters would be cut in two. */
    sx_buffer_add_format(&bytes, ROOT11 BODY "<%s:%s/>" TAIL, name, name);
    verdict = check(checker, bytes.bytes, bytes.len);
    CU_ASSERT_EQUAL(verdict.err, SX_EUNCARRIABLE);
    ASSERT_CONTAINS(verdict.why, "\xE4\xB8\xAD> is bound nowhere");
    CU_ASSERT_EQUAL(strlen(verdict.why), strlen("the prefix of <> is bound nowhere") + 63);
    free(name);
    free(text);
    sx_buffer_fini(&bytes);
    sx_checker_free(checker);
}

static void test_scan_counts_on(void)
{
    static const char *none[] = {NULL};
    struct sx_scan scan = {0};
    const char *root[] = {"xmlns", URI11, NULL};
    sx_scan_init(&scan, MAX_DEPTH);
    CU_ASSERT_EQUAL(sx_scan_start(&scan, "Envelope", root), SX_OK);
    CU_ASSERT_EQUAL(sx_scan_start(&scan, "q:a", none), SX_EMALFORMED);
    CU_ASSERT_EQUAL(sx_scan_start(&scan, "b", none), SX_EMALFORMED);
    CU_ASSERT_EQUAL(sx_scan_text(&scan, "x", 1), SX_EMALFORMED);
    CU_ASSERT_EQUAL(scan.depth, 3);
    sx_scan_end(&scan);
    sx_scan_end(&scan);
    CU_ASSERT_EQUAL(sx_scan_end(&scan), SX_EMALFORMED);
    CU_ASSERT_EQUAL(scan.depth, 0);
    ASSERT_TEXT(scan.why, "the prefix of <q:a> is bound nowhere");
    sx_scan_fini(&scan);
}

static void test_scan_knows_ancestors(void)
{
    static const char *none[] = {NULL};
    const char *stream[] = {"xmlns:p", "urn:p", NULL}, *root[] = {"xmlns:E", URI11, NULL};
    struct sx_scan scan = {0};
    unsigned i;
    sx_scan_init(&scan, MAX_DEPTH);
    CU_ASSERT_EQUAL(sx_namespaces_push(&scan.namespaces, 1, stream), SX_OK);
    for (i = 0; i < 2; i++) {
        sx_scan_reset(&scan, 2);
        CU_ASSERT_EQUAL(sx_scan_start(&scan, "E:Envelope", root), SX_OK);
        CU_ASSERT_EQUAL(sx_scan_start(&scan, "p:a", none), SX_OK);
    }
    sx_scan_reset(&scan, 2);
    CU_ASSERT_EQUAL(scan.namespaces.count, 1);
    CU_ASSERT_EQUAL(sx_scan_start(&scan, "E:Envelope", none), SX_EMALFORMED);
    sx_scan_fini(&scan);
}

/* What was sent, and what Prosody and ejabberd made of it. */
static void test_rewritten_bytes(void)
{
    static const struct {
        const char *sent, *prosody;
    } rows[] = {
        {"", ""},
        {"<a/>", "<a xmlns=''/>"},
        {"<a></a>", "<a xmlns=''/>"},
        {"<a><b>x</b></a>", "<a xmlns=''><b>x</b></a>"},
        {"<a xmlns='u'><b>x</b></a>", "<a xmlns='u'><b>x</b></a>"},
        {"<p:a xmlns:p='u'><p:b/><p:b/></p:a>", "<a xmlns='u'><b/><b/></a>"},
        {"<a>'\"&amp;&lt;&gt;></a>", "<a xmlns=''>&apos;&quot;&amp;&lt;&gt;&gt;</a>"},
        {"<a><![CDATA[<b>'</b>]]></a>", "<a xmlns=''>&lt;b&gt;&apos;&lt;/b&gt;</a>"},
        {"<a b=\"'\" c='>'/>", "<a xmlns='' b='&apos;' c='&gt;'/>"},
        {"<a b='&#9;&#10;&#13;'/>", "<a xmlns='' b='&#x9;&#xa;&#xd;'/>"},
        {"<a xmlns:p='u' p:b='1' p:c='2'/>",
         "<a xmlns='' xmlns:ns1='u' ns1:b='1' xmlns:ns2='u' ns2:c='2'/>"},
        {"<a xml:lang='de'/>", "<a xmlns='' xml:lang='de'/>"},
        {"<a>&#x1F600;&#228;</a>", "<a xmlns=''>\xF0\x9F\x98\x80\xC3\xA4</a>"},
    };
    static const char frame[] = "<Envelope xmlns='" URI11 "'><Body></Body></Envelope>";
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_buffer bytes = {0};
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t most, least = sizeof frame - 1 + strlen(rows[i].prosody);
        sx_buffer_clear(&bytes);
        sx_buffer_add_format(&bytes, ROOT11 BODY "%s" TAIL, rows[i].sent);
        most = scan_of(checker, bytes.bytes)->rewritten_bytes;
        CU_ASSERT_TRUE(most >= least);
        /* not much more: declarations, prefixes, end tags */
        CU_ASSERT_TRUE(most <= least + 120);
        if (most < least || most > least + 120)
            printf("\n    %zu and not %zu to %zu: %s", most, least, least + 120, rows[i].sent);
    }
    sx_buffer_fini(&bytes);
    sx_checker_free(checker);
}

/* Each envelope is measured anew, and names and texts of any length count whole. */
static void test_rewritten_in_proportion(void)
{
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_buffer bytes = {0};
    char *quotes = repeat(10000, "'");
    size_t empty = scan_of(checker, ROOT11 BODY "<a></a>" TAIL)->rewritten_bytes;
    sx_buffer_add_format(&bytes, ROOT11 BODY "<a>%s</a>" TAIL, quotes);
    CU_ASSERT_EQUAL(scan_of(checker, bytes.bytes)->rewritten_bytes, empty + 60000);
    CU_ASSERT_EQUAL(scan_of(checker, ROOT11 BODY "<a></a>" TAIL)->rewritten_bytes, empty);
    free(quotes);
    sx_buffer_fini(&bytes);
    sx_checker_free(checker);
}

static void test_body_of_another_namespace(void)
{
    static const char *const envelopes[] = {
        ROOT12 "<F:Body xmlns:F='" URI11 "'><forbidden/></F:Body>" BODY "<op/>" TAIL,
        ROOT11 "<F:Body xmlns:F='http://www.w3.org/any/soap-envelope'><forbidden/></F:Body>" BODY
               "<op/>" TAIL,
        ROOT11 "<Body><forbidden/></Body>" BODY "<op/>" TAIL,
    };
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    size_t i;
    for (i = 0; i < sizeof envelopes / sizeof *envelopes; i++) {
        struct verdict verdict = check(checker, envelopes[i], strlen(envelopes[i]));
        CU_ASSERT_EQUAL(verdict.err, SX_EUNCARRIABLE);
        ASSERT_TEXT(verdict.why, "the <Body> isn't in the Envelope's namespace");
    }
    sx_checker_free(checker);
}

/* Seen from gSOAP: tests/integration/test_packed.c. */
static void test_names_that_gsoap_reads_otherwise(void)
{
    static const struct {
        const char *format, *why;
        unsigned name_bytes;
    } rows[] = {
        {ROOT11 "<E:Header>%.0s<E:Body><op/></E:Body></E:Header>" BODY "<op/>" TAIL,
         "a <E:Body> stands inside of another element", 0},
        {ROOT11 "<E:Header>%.0s<a><Body xmlns=''/></a></E:Header>" BODY "<op/>" TAIL,
         "a <Body> stands inside of another element", 0},
        {ROOT11 "<E:Header>%.0s<Body xmlns='urn:x'/></E:Header>" BODY "<E:Body/>" TAIL, NULL, 0},
        {ROOT11 "<E:%s/>" BODY "<op/>" TAIL, NULL, SX_SCAN_QNAME_BYTES - 2},
        {ROOT11 "<E:%s/>" BODY "<op/>" TAIL, "...> is too long", SX_SCAN_QNAME_BYTES - 1},
        {ROOT11 BODY "<%s/>" TAIL, NULL, SX_SCAN_QNAME_BYTES},
        {ROOT11 BODY "<%s/>" TAIL, "...> is too long", SX_SCAN_QNAME_BYTES + 1},
        {ROOT11 BODY "<op><%s/></op>" TAIL, NULL, SX_SCAN_QNAME_BYTES + 1},
    };
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    char envelope[2000];
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *name = repeat(rows[i].name_bytes, "n");
        struct verdict verdict;
        snprintf(envelope, sizeof envelope, rows[i].format, name);
        verdict = check(checker, envelope, strlen(envelope));
        CU_ASSERT_EQUAL(verdict.err, rows[i].why ? SX_EUNCARRIABLE : SX_OK);
        if (rows[i].why)
            ASSERT_CONTAINS(verdict.why, rows[i].why);
        free(name);
    }
    sx_checker_free(checker);
}

CU_TestInfo tests_scan[] = {
    {"finds version, operation, fault and fault code", test_findings},
    {"finds the action in our header block only", test_action},
    {"records prefixes of QName-like values that are bound nowhere there", test_unbound},
    {"takes no action for a QName", test_action_is_no_qname},
    {"stops recording prefixes at its bound", test_unbound_is_bounded},
    {"cuts long names between characters", test_cuts},
    {"counts depth after an error and changes nothing else", test_scan_counts_on},
    {"knows the declarations of the ancestors and keeps them", test_scan_knows_ancestors},
    {"what a server makes of an envelope is no larger than was estimated", test_rewritten_bytes},
    {"the estimate grows with what is in the envelope", test_rewritten_in_proportion},
    {"a Body that gSOAP may take for the envelope's is refused", test_body_of_another_namespace},
    {"so are names that gSOAP would read otherwise", test_names_that_gsoap_reads_otherwise},
    CU_TEST_INFO_NULL,
};
