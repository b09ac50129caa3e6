/* Unit tests of lib/soap/repair.c and lib/soap/vocabulary.c: prefixes of values that are bound
 * anew. */
#include "../envelope_fixture.h"

#include "soap/repair.h"

#define XSI   "http://www.w3.org/2001/XMLSchema-instance"
#define XSD   "http://www.w3.org/2001/XMLSchema"
#define ENC11 "http://schemas.xmlsoap.org/soap/encoding/"
#define ENC12 "http://www.w3.org/2003/05/soap-encoding"

/* ---- receivers ---- */

struct row {
    const char *prefix, *uri;
};

static const struct row lone[] = {{"SOAP-ENV", URI11}, {"SOAP-ENC", ENC11},       {"xsi", XSI},
                                  {"xsd", XSD},        {"ns", "urn:a?b=1&c='\""}, {NULL, NULL}};
static const struct row several[] = {
    {"SOAP-ENV", URI11}, {"n", "urn:n"}, {"ns2", "urn:two"}, {"none", ""}, {NULL, NULL}};
static const struct row odd[] = {{"xsd", "http://www.w3.org/1999/XMLSchema"}, {NULL, NULL}};

static bool read_row(void *user, size_t number, const char **prefix, const char **uri)
{
    const struct row *row = (const struct row *)user + number;
    *prefix = row->prefix;
    *uri = row->uri;
    return row->prefix != NULL;
}

/* As the stanza builder does it. */
static struct sx_envelope envelope_of(const char *bytes)
{
    struct sx_markup markup = {0};
    struct sx_scan scan = {0};
    struct sx_envelope envelope = {0};
    CU_ASSERT_TRUE(sx_markup_init(&markup, MAX_DEPTH));
    sx_scan_init(&scan, MAX_DEPTH);
    scan.has_passed_server = true;
    CU_ASSERT_TRUE(sx_scan_markup(&scan, &markup, bytes, strlen(bytes)));
    ASSERT_TEXT(scan.why, "");
    sx_envelope_set(&envelope, strdup(bytes), strlen(bytes), &scan);
    sx_scan_fini(&scan);
    sx_markup_fini(&markup);
    return envelope;
}

/* ---- what is told ---- */

static unsigned told;
static char last_line[512];

static void hear(void *user, enum soap_xmpp_trace_level level, const char *text)
{
    (void)user;
    CU_ASSERT_EQUAL(level, SOAP_XMPP_TRACE_DEBUG);
    told++;
    snprintf(last_line, sizeof last_line, "%s", text);
}

static struct sx_repair repair_with(const struct row *rows, struct sx_trace *trace)
{
    sx_trace_init(trace, SOAP_XMPP_TRACE_DEBUG, hear, NULL, "us@example.org");
    told = 0;
    return (struct sx_repair){rows ? read_row : NULL, (void *)rows, trace, "them@example.org/x"};
}

static void expect_lines(const struct row *rows, const char *bytes, const char *expected,
                         unsigned lines)
{
    struct sx_trace trace = {0};
    struct sx_repair repair = repair_with(rows, &trace);
    struct sx_envelope envelope = envelope_of(bytes);
    char why[SX_REPAIR_WHY_BYTES];
    CU_ASSERT_EQUAL(sx_repair_envelope(&repair, &envelope, why), SX_OK);
    ASSERT_TEXT(why, "");
    ASSERT_TEXT(envelope.bytes, expected);
    CU_ASSERT_EQUAL(envelope.len, strlen(expected));
    CU_ASSERT_EQUAL(told, lines);
    CU_ASSERT_EQUAL(sx_repair_envelope(&repair, &envelope, why), SX_OK);
    ASSERT_TEXT(envelope.bytes, expected);
    sx_envelope_fini(&envelope);
}

static unsigned count_declarations(const char *bytes)
{
    unsigned count = 0;
    for (; (bytes = strstr(bytes, " xmlns:")); bytes++)
        count++;
    return count;
}

/* One line for each prefix that is declared. */
static void expect(const struct row *rows, const char *bytes, const char *expected)
{
    expect_lines(rows, bytes, expected, count_declarations(expected) - count_declarations(bytes));
}

static void expect_refusal(const struct row *rows, const char *bytes, const char *name)
{
    struct sx_trace trace = {0};
    struct sx_repair repair = repair_with(rows, &trace);
    struct sx_envelope envelope = envelope_of(bytes);
    char why[SX_REPAIR_WHY_BYTES];
    CU_ASSERT_EQUAL(sx_repair_envelope(&repair, &envelope, why), SX_EMALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, name));
    ASSERT_TEXT(envelope.bytes, bytes);
    sx_envelope_fini(&envelope);
}

/* ---- values of any kind ---- */

#define REPAIRED(declared) "<E:Envelope" declared " xmlns:E='" URI11 "'>"

static void test_values(void)
{
    expect(lone, ROOT11 BODY "<a>x</a>" TAIL, ROOT11 BODY "<a>x</a>" TAIL);
    expect(lone, ROOT11 BODY "<a>ns:x</a>" TAIL,
           REPAIRED(" xmlns:ns=\"urn:a?b=1&amp;c=&apos;&quot;\"") BODY "<a>ns:x</a>" TAIL);
    expect(NULL, ROOT11 BODY "<a>ns:x</a>" TAIL, ROOT11 BODY "<a>ns:x</a>" TAIL);
    expect(several, ROOT11 BODY "<a>none:x</a>" TAIL, ROOT11 BODY "<a>none:x</a>" TAIL);
    expect(odd, ROOT11 BODY "<a b='xsd:int'/>" TAIL,
           REPAIRED(" xmlns:xsd=\"http://www.w3.org/1999/XMLSchema\"") BODY
           "<a b='xsd:int'/>" TAIL);
    expect(NULL, ROOT11 BODY "<a b='xsd:int'/><a b='xs:int'/>" TAIL,
           REPAIRED(" xmlns:xsd=\"" XSD "\" xmlns:xs=\"" XSD "\"") BODY
           "<a b='xsd:int'/><a b='xs:int'/>" TAIL);
}

static void test_version(void)
{
    const struct row *rows[] = {NULL, lone};
    size_t i;
    for (i = 0; i < 2; i++) {
        expect(rows[i], ROOT11 BODY "<a>SOAP-ENV:Client</a>" TAIL,
               REPAIRED(" xmlns:SOAP-ENV=\"" URI11 "\"") BODY "<a>SOAP-ENV:Client</a>" TAIL);
        expect(rows[i], "<Envelope xmlns='" URI12 "'><Body>SOAP-ENV:Sender</Body></Envelope>",
               "<Envelope xmlns:SOAP-ENV=\"" URI12 "\" xmlns='" URI12
               "'><Body>SOAP-ENV:Sender</Body></Envelope>");
        expect(rows[i], "<Envelope xmlns='" URI12 "'><Body>SOAP-ENC:Array</Body></Envelope>",
               "<Envelope xmlns:SOAP-ENC=\"" ENC12 "\" xmlns='" URI12
               "'><Body>SOAP-ENC:Array</Body></Envelope>");
    }
}

static void test_usual_names(void)
{
    static const char *const prefixes[] = {"SOAP-ENV", "soap", "soapenv", "env",     "s",
                                           "S",        "enc",  "xsi",     "xsd",     "xs",
                                           "wsu",      "wsse", "wsa",     "SOAP-ENC"};
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    size_t i;
    for (i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        const struct sx_repair repair = {0};
        char bytes[256], why[SX_REPAIR_WHY_BYTES];
        struct sx_envelope envelope;
        snprintf(bytes, sizeof bytes, ROOT12 BODY "%s:x" TAIL, prefixes[i]);
        envelope = envelope_of(bytes);
        CU_ASSERT_EQUAL(sx_repair_envelope(&repair, &envelope, why), SX_OK);
        ASSERT_TEXT(scan_of(checker, envelope.bytes)->unbound, "");
        sx_envelope_fini(&envelope);
    }
    sx_checker_free(checker);
}

static void test_bindings_stay(void)
{
    static const char bytes[] =
        ROOT11 BODY "<a xmlns:xsd='urn:mine'><b>xsd:x</b></a><a>xsd:y</a>" TAIL;
    expect(NULL, bytes,
           REPAIRED(" xmlns:xsd=\"" XSD "\"") BODY
           "<a xmlns:xsd='urn:mine'><b>xsd:x</b></a><a>xsd:y</a>" TAIL);
    expect(lone, ROOT11 BODY "<a xmlns:i='" XSI "' xmlns:b='urn:x' i:type='b:int'/>" TAIL,
           ROOT11 BODY "<a xmlns:i='" XSI "' xmlns:b='urn:x' i:type='b:int'/>" TAIL);
}

static void test_broken(void)
{
    const struct sx_repair repair = {0};
    char why[SX_REPAIR_WHY_BYTES];
    struct sx_envelope empty = {0};
    struct sx_envelope envelope = envelope_of(ROOT11 BODY "xsd:x" TAIL);
    CU_ASSERT_EQUAL(sx_repair_envelope(&repair, &empty, why), SX_OK);
    CU_ASSERT_PTR_NULL(empty.bytes);
    envelope.err = SX_EMALFORMED;
    CU_ASSERT_EQUAL(sx_repair_envelope(&repair, &envelope, why), SX_OK);
    ASSERT_TEXT(envelope.bytes, ROOT11 BODY "xsd:x" TAIL);
    sx_envelope_fini(&envelope);
}

/* ---- types ---- */

/* As Prosody writes them: no element has a prefix, and each attribute's is made up. */
#define P_ROOT(declared) "<Envelope" declared " xmlns='" URI11 "'><Body>"
#define P_TAIL           "</Body></Envelope>"
#define P_TYPE(name)     " xmlns:ns1='" XSI "' ns1:type='" name "'"
#define P_PAIR(inside)   "<pair xmlns='urn:n'>" inside "</pair>"

static void test_schema_types(void)
{
    /* WCF's, and a numbered one that isn't Prosody's */
    expect_lines(several, P_ROOT("") P_PAIR("<q" P_TYPE("b:int") "/>") P_TAIL,
                 P_ROOT(" xmlns:b=\"" XSD "\"") P_PAIR("<q" P_TYPE("b:int") "/>") P_TAIL, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(last_line, "them@example.org/x"));
    CU_ASSERT_PTR_NOT_NULL(strstr(last_line, "b:int"));
    CU_ASSERT_PTR_NOT_NULL(strstr(last_line, XSD));
    expect_lines(lone,
                 P_ROOT("") P_PAIR("<q" P_TYPE("p7:double") "/><q" P_TYPE(" p7:int ") "/>") P_TAIL,
                 P_ROOT(" xmlns:p7=\"" XSD "\"")
                     P_PAIR("<q" P_TYPE("p7:double") "/><q" P_TYPE(" p7:int ") "/>") P_TAIL,
                 2);
    /* the table's prefix, for a type of XML Schema's */
    expect_lines(several, P_ROOT("") P_PAIR("<q" P_TYPE("n:base64Binary") "/>") P_TAIL,
                 P_ROOT(" xmlns:n=\"" XSD "\"") P_PAIR("<q" P_TYPE("n:base64Binary") "/>") P_TAIL,
                 1);
    /* Axis */
    expect_lines(
        lone, P_ROOT("") P_PAIR("<q" P_TYPE("soapenc:string") "/>") P_TAIL,
        P_ROOT(" xmlns:soapenc=\"" XSD "\"") P_PAIR("<q" P_TYPE("soapenc:string") "/>") P_TAIL, 1);
}

static void test_own_types(void)
{
    static const char uri[] = "urn:a?b=1&amp;c=&apos;&quot;";
    char expected[512];
    snprintf(expected, sizeof expected, "%s%s%s%s", "<Envelope xmlns:x=\"", uri,
             "\" xmlns='" URI11 "'><Body>", P_PAIR("<q" P_TYPE("x:Special") "/>") P_TAIL);
    expect_lines(lone, P_ROOT("") P_PAIR("<q" P_TYPE("x:Special") "/>") P_TAIL, expected, 1);
    /* several: the table's prefix, else the Body's child */
    expect_lines(several, P_ROOT("") P_PAIR("<q" P_TYPE("ns2:Special") "/>") P_TAIL,
                 P_ROOT(" xmlns:ns2=\"urn:two\"") P_PAIR("<q" P_TYPE("ns2:Special") "/>") P_TAIL,
                 1);
    expect_lines(several, P_ROOT("") P_PAIR("<q" P_TYPE("x:Special") "/>") P_TAIL,
                 P_ROOT(" xmlns:x=\"urn:n\"") P_PAIR("<q" P_TYPE("x:Special") "/>") P_TAIL, 1);
    /* no table */
    expect_lines(NULL, P_ROOT("") P_PAIR("<q" P_TYPE("x:Special") "/>") P_TAIL,
                 P_ROOT(" xmlns:x=\"urn:n\"") P_PAIR("<q" P_TYPE("x:Special") "/>") P_TAIL, 1);
    /* xsd is the sender's own */
    expect_lines(several, P_ROOT("") P_PAIR("<q" P_TYPE("xsd:Special") "/><r>xsd:x</r>") P_TAIL,
                 P_ROOT(" xmlns:xsd=\"urn:n\"") P_PAIR("<q" P_TYPE("xsd:Special") "/><r>xsd:x</r>")
                     P_TAIL,
                 1);
}

/* A sender binds one prefix anew further inside. */
static void test_two_meanings(void)
{
    expect_lines(several,
                 P_ROOT("") P_PAIR("<q" P_TYPE("x:Special") "><r" P_TYPE("x:int") "/></q><r" P_TYPE(
                     "x:Special") "/><s" P_TYPE("y:int") "/>") P_TAIL,
                 P_ROOT(" xmlns:x=\"urn:n\" xmlns:qa0=\"" XSD "\" xmlns:y=\"" XSD "\"")
                     P_PAIR("<q" P_TYPE("x:Special") "><r" P_TYPE("qa0:int") "/></q><r" P_TYPE(
                         "x:Special") "/><s" P_TYPE("y:int") "/>") P_TAIL,
                 3);
}

#define P_ARRAY(type, of)                                                                          \
    " xmlns:ns1='" XSI "' ns1:type='" type "' xmlns:ns2='" ENC11 "' ns2:arrayType='" of "'"

static void test_made_up(void)
{
    /* on the same element; further inside; on the root; the attribute's name stays */
    expect_lines(several, P_ROOT("") P_PAIR("<q" P_TYPE("ns1:Special") "/>") P_TAIL,
                 P_ROOT(" xmlns:qa0=\"urn:n\"") P_PAIR("<q" P_TYPE("qa0:Special") "/>") P_TAIL, 1);
    expect_lines(several,
                 P_ROOT("") P_PAIR("<q" P_ARRAY("SOAP-ENC:Array", "ns1:Item[2]") "><i" P_TYPE(
                     "ns1:Item") "/><i" P_TYPE("ns2:int") "/></q>") P_TAIL,
                 P_ROOT(" xmlns:SOAP-ENC=\"" ENC11 "\" xmlns:qa0=\"urn:n\" xmlns:qa1=\"" XSD "\"")
                     P_PAIR("<q" P_ARRAY("SOAP-ENC:Array", "qa0:Item[2]") "><i" P_TYPE(
                         "qa0:Item") "/><i" P_TYPE("qa1:int") "/></q>") P_TAIL,
                 3);
    expect_lines(several,
                 "<Envelope xmlns='" URI11 "' xmlns:ns1='" URI11 "' ns1:encodingStyle='" ENC11
                 "'><Body>" P_PAIR("<q xmlns:ns2='" XSI "' ns2:type='ns1:Item'/>") P_TAIL,
                 "<Envelope xmlns:qa0=\"urn:n\" xmlns='" URI11 "' xmlns:ns1='" URI11
                 "' ns1:encodingStyle='" ENC11
                 "'><Body>" P_PAIR("<q xmlns:ns2='" XSI "' ns2:type='qa0:Item'/>") P_TAIL,
                 1);
    /* of any other attribute, in an envelope that Prosody has written */
    expect_lines(several,
                 P_ROOT("") P_PAIR("<q xmlns:ns1='urn:id' ns1:Id='7'><r xmlns:ns2='" XSI
                                   "' ns2:type='ns1:Item'/></q>") P_TAIL,
                 P_ROOT(" xmlns:qa0=\"urn:n\"")
                     P_PAIR("<q xmlns:ns1='urn:id' ns1:Id='7'><r xmlns:ns2='" XSI
                            "' ns2:type='qa0:Item'/></q>") P_TAIL,
                 1);
}

static void test_not_made_up(void)
{
    static const char *const bytes[] = {
        /* another toolkit's, through ejabberd */
        "<Envelope xmlns='" URI11 "' xmlns:ns1='urn:mine' xmlns:i='" XSI
        "'><Body>" P_PAIR("<q i:type='ns1:Item'/>") P_TAIL,
        "<ns0:Envelope xmlns:ns0='" URI11 "' xmlns:ns1='urn:mine' xmlns:ns2='" XSI
        "'><ns0:Body><a ns2:type='ns1:Item'/></ns0:Body></ns0:Envelope>",
        "<Envelope xmlns='" URI11 "' xmlns:ns1='" ENC11 "' xmlns:i='" XSI
        "'><Body>" P_PAIR("<q i:type='ns1:Array' ns1:arrayType='ns1:string[1]'/>") P_TAIL,
        /* of which only those are numbered that it declares: Prosody declares none that the next
         * attribute doesn't use */
        "<Envelope xmlns='" URI11 "' xmlns:ns1='urn:two' xmlns:ns3='" XSI
        "'><Body>" P_PAIR("<q ns3:type='ns1:Item'/>") P_TAIL,
        "<Envelope xmlns='" URI11
        "'><Body>" P_PAIR("<q xmlns:ns3='" XSI "' xmlns:ns1='urn:two' ns3:type='ns1:Item'/>")
            P_TAIL,
        /* neither a type nor a code */
        P_ROOT("") P_PAIR("<q xmlns:ns1='urn:id' ns1:Id='7'>ns1:Item</q>") P_TAIL,
        P_ROOT("") P_PAIR("<q" P_TYPE("Item") " type='b:int'/>") P_TAIL};
    size_t i;
    for (i = 0; i < sizeof bytes / sizeof *bytes; i++)
        expect(several, bytes[i], bytes[i]);
}

static void test_header(void)
{
    static const char block[] = "</Body></Envelope>";
    char bytes[1024], expected[1024];
    snprintf(bytes, sizeof bytes,
             "<Envelope xmlns='" URI11 "'><Header><t xmlns='urn:two'" P_TYPE("t:int") "><u" P_TYPE(
                 "t:Token") "/></t></Header><Body><pair xmlns='urn:n'/>%s",
             block);
    snprintf(expected, sizeof expected,
             "<Envelope xmlns:t=\"" XSD "\" xmlns:qa0=\"urn:n\" xmlns='" URI11
             "'><Header><t xmlns='urn:two'" P_TYPE("t:int") "><u" P_TYPE(
                 "qa0:Token") "/></t></Header><Body><pair xmlns='urn:n'/>%s",
             block);
    expect_lines(several, bytes, expected, 2);
}

static void test_version_12(void)
{
    expect_lines(several,
                 "<Envelope xmlns='" URI12 "'><Body>" P_PAIR("<q" P_TYPE(
                     "e:Array") "><i xmlns:ns1='" ENC12 "' ns1:itemType='ns1:Item'/>"
                                "<i xmlns:ns1='" ENC12 "' ns1:itemType='k:long'/></q>") P_TAIL,
                 "<Envelope xmlns:e=\"" ENC12 "\" xmlns:qa0=\"urn:n\" xmlns:k=\"" XSD
                 "\" xmlns='" URI12 "'><Body>" P_PAIR("<q" P_TYPE(
                     "e:Array") "><i xmlns:ns1='" ENC12 "' ns1:itemType='qa0:Item'/>"
                                "<i xmlns:ns1='" ENC12 "' ns1:itemType='k:long'/></q>") P_TAIL,
                 3);
}

static void test_unbound_xsi(void)
{
    static const char bytes[] =
        ROOT11 BODY "<E:a xsi:type='xsd:int' xsi:nil='true'/><E:a xsi:type='xsi:Item'/>" TAIL;
    expect_lines(lone, bytes,
                 REPAIRED(" xmlns:xsd=\"" XSD "\" xmlns:qa0=\"urn:a?b=1&amp;c=&apos;&quot;\""
                          " xmlns:xsi=\"" XSI "\"") BODY
                 "<E:a xsi:type='xsd:int' xsi:nil='true'/><E:a xsi:type='qa0:Item'/>" TAIL,
                 3);
    expect(NULL, ROOT11 BODY "<a xsi:nil='1'/>" TAIL,
           REPAIRED(" xmlns:xsi=\"" XSI "\"") BODY "<a xsi:nil='1'/>" TAIL);
}

/* ---- fault codes ---- */

#define P_FAULT(code) "<Fault><faultcode xmlns=''>" code "</faultcode></Fault>"
#define P_CODE(code, subcode)                                                                      \
    "<Fault><Code><Value>" code "</Value><Subcode><Value>" subcode                                 \
    "</Value></Subcode></Code><Detail><Value xmlns=''>" code "</Value></Detail></Fault>"

static void test_codes(void)
{
    static const char *const codes[] = {"q:Client",         "q:Server",       "q:VersionMismatch",
                                        "q:MustUnderstand", "q:Client.Login", "q:Other"};
    char bytes[512], expected[512];
    size_t i;
    for (i = 0; i < sizeof codes / sizeof *codes; i++) {
        snprintf(bytes, sizeof bytes, "%s<Fault><faultcode xmlns=''> %s </faultcode></Fault>%s",
                 P_ROOT(""), codes[i], P_TAIL);
        snprintf(expected, sizeof expected,
                 "%s<Fault><faultcode xmlns=''> %s </faultcode></Fault>%s",
                 P_ROOT(" xmlns:q=\"" URI11 "\""), codes[i], P_TAIL);
        expect_lines(several, bytes, expected, 1);
    }
    expect_lines(several, P_ROOT("") P_FAULT("n:Sold") P_TAIL,
                 P_ROOT(" xmlns:n=\"urn:n\"") P_FAULT("n:Sold") P_TAIL, 1);
    /* the table binds the prefix to something else */
    expect_lines(several, P_ROOT("") P_FAULT("n:Client") P_TAIL,
                 P_ROOT(" xmlns:n=\"" URI11 "\"") P_FAULT("n:Client") P_TAIL, 1);
}

static void test_codes_12(void)
{
    expect_lines(several,
                 "<Envelope xmlns='" URI12 "'><Body>" P_CODE("q:Sender", "wsa:Late") P_TAIL,
                 "<Envelope xmlns:q=\"" URI12
                 "\" xmlns:wsa=\"http://www.w3.org/2005/08/addressing\" xmlns='" URI12
                 "'><Body>" P_CODE("q:Sender", "wsa:Late") P_TAIL,
                 2);
    /* a code that Prosody's own prefix is in the way of, and data of the same name */
    expect_lines(
        several,
        "<Envelope xmlns='" URI12 "'><Body>"
        "<Fault><Code xmlns:ns1='urn:id' ns1:Id='1'><Value>ns1:Receiver</Value></Code>"
        "<Detail xmlns:ns1='urn:id' ns1:Id='1'><Value>ns1:x</Value></Detail></Fault>" P_TAIL,
        "<Envelope xmlns:qa0=\"" URI12 "\" xmlns='" URI12 "'><Body>"
        "<Fault><Code xmlns:ns1='urn:id' ns1:Id='1'><Value>qa0:Receiver</Value></Code>"
        "<Detail xmlns:ns1='urn:id' ns1:Id='1'><Value>ns1:x</Value></Detail></Fault>" P_TAIL,
        1);
}

/* ---- what can't be repaired ---- */

static void test_unknown(void)
{
    static const char in_detail[] = P_ROOT("") "<Fault><detail><d xmlns='urn:x'" P_TYPE(
        "x:Special") "/></detail></Fault>" P_TAIL;
    expect_refusal(several, P_ROOT("") "<op><q" P_TYPE("x:Special") "/></op>" P_TAIL, "x:Special");
    expect_refusal(several,
                   P_ROOT("") "<op xmlns='urn:x'><q" P_TYPE("ns1:Special") "/></op>" P_TAIL,
                   "ns1:Special");
    expect_refusal(NULL, P_ROOT("") "<op xmlns=''><q" P_TYPE("x:Special") "/></op>" P_TAIL,
                   "x:Special");
    expect_lines(several, in_detail, in_detail, 1);
}

static void test_too_many(void)
{
    struct sx_buffer bytes = {0};
    unsigned i;
    sx_buffer_add_text(&bytes, P_ROOT("") "<pair xmlns='urn:n'>");
    for (i = 0; i <= SX_REPAIR_MEANINGS; i++)
        sx_buffer_add_format(&bytes, "<a" P_TYPE("x:T%u") "/>", i);
    sx_buffer_add_text(&bytes, "</pair>" P_TAIL);
    sx_buffer_add(&bytes, "", 1);
    expect_refusal(several, bytes.bytes, "more than 64");
    sx_buffer_fini(&bytes);
}

CU_TestInfo tests_repair[] = {
    {"repair declares what the table or the usual names know", test_values},
    {"repair declares SOAP's prefixes in the envelope's own version", test_version},
    {"repair knows every usual name", test_usual_names},
    {"repair never changes a binding that is there", test_bindings_stay},
    {"repair leaves broken and absent envelopes alone", test_broken},
    {"a type of XML Schema's has its namespace, whatever the prefix", test_schema_types},
    {"a type of the receiver's own has the table's or the Body's child's", test_own_types},
    {"a prefix that means two things gets a new one in the value", test_two_meanings},
    {"a prefix that Prosody made up isn't the value's", test_made_up},
    {"numbered prefixes of other toolkits keep their bindings", test_not_made_up},
    {"header blocks' types are repaired as well", test_header},
    {"SOAP 1.2's encoding has a namespace of its own", test_version_12},
    {"xsi without a declaration is bound to what everybody means", test_unbound_xsi},
    {"a fault code is the envelope's, unless it is somebody else's", test_codes},
    {"SOAP 1.2's codes and subcodes are repaired, a detail isn't", test_codes_12},
    {"a type that stays unknown is refused, but for a fault's detail", test_unknown},
    {"names that need a repair are counted", test_too_many},
    CU_TEST_INFO_NULL,
};
