/* Unit tests of lib/wire/stanza.c: the exact bytes of every kind of IQ. */
#include "../../lib/suite.h"

#include <stdint.h>
#include <string.h>

#include "wire/stanza.h"

#define TO   "bob@example.org/soap"
#define HEAD "to='bob@example.org/soap' id='x1'"
#define TAIL "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"

static void expect(struct sx_buffer *out, const char *expected)
{
    CU_ASSERT_FALSE(out->failed);
    ASSERT_TEXT(out->bytes, expected);
    sx_buffer_fini(out);
}

static void test_request(void)
{
    struct sx_buffer out = {0};
    sx_stanza_request(&out, "set", &(struct sx_head){.to = TO, .id = "x1"}, "<E/>junk", 4);
    expect(&out, "<iq type='set' " HEAD "><E/></iq>");
    sx_stanza_request(&out, "get", &(struct sx_head){.to = NULL, .id = "x1"}, "<q/>", 4);
    expect(&out, "<iq type='get' id='x1'><q/></iq>");
}

static void test_result(void)
{
    struct sx_buffer out = {0};
    sx_stanza_result(&out, &(struct sx_head){.to = TO, .id = "x1"}, "<E/>", 4);
    expect(&out, "<iq type='result' " HEAD "><E/></iq>");
    sx_stanza_result(&out, &(struct sx_head){.to = TO, .id = "x1"}, NULL, 0);
    expect(&out, "<iq type='result' " HEAD "/>");
}

static void test_fault(void)
{
    static const struct {
        const char *code, *error, *element;
    } rows[] = {
        {"Sender", "<error type='modify' code='400'>", "<Sender "},
        {"Client.Auth", "<error type='modify' code='400'>", "<Sender "},
        {"Receiver", " code='500'>", "<Receiver "},
        {"MustUnderstand", " code='500'>", "<MustUnderstand "},
        {"", " code='500'>", "<Receiver "},
    };
    struct sx_buffer out = {0};
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        sx_stanza_fault(&out, &(struct sx_head){.to = TO, .id = "x1"}, "<E/>", 4, rows[i].code);
        ASSERT_CONTAINS(out.bytes, "<iq type='error' " HEAD "><E/><error type='");
        ASSERT_CONTAINS(out.bytes, rows[i].error);
        ASSERT_CONTAINS(out.bytes, rows[i].element);
        sx_buffer_clear(&out);
    }
    sx_stanza_fault(&out, &(struct sx_head){.to = TO, .id = "x1"}, "<E/>", 4, "Sender");
    expect(&out, "<iq type='error' " HEAD "><E/><error type='modify' code='400'>"
                 "<undefined-condition " TAIL
                 "<Sender xmlns='http://jabber.org/protocol/soap#fault'/></error></iq>");
}

static void test_error(void)
{
    struct sx_buffer out = {0};
    sx_stanza_error(&out, &(struct sx_head){.to = TO, .id = "x1"}, "service-unavailable", NULL);
    expect(&out, "<iq type='error' " HEAD
                 "><error type='cancel' code='503'><service-unavailable " TAIL "</error></iq>");
    sx_stanza_error(&out, &(struct sx_head){.to = TO, .id = "x1"}, "resource-constraint", "1 < 2");
    expect(&out,
           "<iq type='error' " HEAD "><error type='wait' code='500'><resource-constraint " TAIL
           "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>1 &lt; 2</text></error></iq>");
}

static void test_escapes(void)
{
    struct sx_buffer out = {0};
    sx_stanza_result(&out, &(struct sx_head){.to = "a@b/'><x y=\"&\n", .id = "'/><iq id='"}, NULL,
                     0);
    expect(&out, "<iq type='result' to='a@b/&apos;&gt;&lt;x y=&quot;&amp;&#10;' "
                 "id='&apos;/&gt;&lt;iq id=&apos;'/>");
    sx_stanza_error(&out, &(struct sx_head){.to = TO, .id = "x1"}, "bad-request", "a\x01\xFFz");
    ASSERT_CONTAINS(out.bytes, ">a\xEF\xBF\xBD\xEF\xBF\xBDz</text>");
    sx_buffer_fini(&out);
}

static void test_appends(void)
{
    struct sx_buffer out = {0};
    sx_stanza_result(&out, &(struct sx_head){.to = NULL, .id = "1"}, NULL, 0);
    sx_stanza_result(&out, &(struct sx_head){.to = NULL, .id = "2"}, NULL, 0);
    expect(&out, "<iq type='result' id='1'/><iq type='result' id='2'/>");
}

static void test_failure(void)
{
    struct sx_buffer out = {0};
    CU_ASSERT_FALSE(sx_buffer_reserve(&out, SIZE_MAX));
    sx_stanza_fault(&out, &(struct sx_head){.to = TO, .id = "x1"}, "<E/>", 4, "Sender");
    CU_ASSERT_TRUE(out.failed);
    CU_ASSERT_EQUAL(out.len, 0);
    sx_buffer_fini(&out);
}

CU_TestInfo tests_stanza[] = {
    {"a request carries its payload, to the own server without `to`", test_request},
    {"a result carries its payload, or nothing", test_result},
    {"a fault has its envelope first, then undefined-condition and the code", test_fault},
    {"a transport error is the condition alone, with text if there is one", test_error},
    {"hostile addresses, ids and texts stay inside their place", test_escapes},
    {"several stanzas stand in one buffer", test_appends},
    {"a failed buffer stays failed", test_failure},
    CU_TEST_INFO_NULL,
};
