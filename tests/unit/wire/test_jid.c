/* xmpp: URIs and JIDs: what is normal, what is refused and why, what is equal. */
#include "../../lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct accepted {
    const char *text, *jid;
};

struct refused {
    const char *text, *why;
};

typedef enum sx_err parse_fn(const char *text, char **jid, char *why, size_t why_bytes);

static enum sx_err parse_bare(const char *text, char **jid, char *why, size_t why_bytes)
{
    return sx_jid_parse(text, NULL, jid, why, why_bytes);
}

static enum sx_err parse_with_default(const char *text, char **jid, char *why, size_t why_bytes)
{
    return sx_jid_parse(text, "desk", jid, why, why_bytes);
}

static void accept_all(parse_fn *parse, const struct accepted *rows, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        char *jid = NULL, *again = NULL, why[128] = "";
        CU_ASSERT_EQUAL(parse(rows[i].text, &jid, why, sizeof why), SX_OK);
        ASSERT_TEXT(jid, rows[i].jid);
        ASSERT_TEXT(why, "");
        CU_ASSERT_EQUAL(sx_jid_parse(jid ? jid : "", NULL, &again, why, sizeof why), SX_OK);
        ASSERT_TEXT(again, jid);
        free(jid);
        free(again);
    }
}

static void refuse_all(parse_fn *parse, const struct refused *rows, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        char untouched[] = "untouched", *jid = untouched, why[128] = "";
        CU_ASSERT_EQUAL(parse(rows[i].text, &jid, why, sizeof why), SX_EENDPOINT);
        CU_ASSERT_PTR_EQUAL(jid, untouched);
        ASSERT_TEXT(why, rows[i].why);
        if (jid != untouched)
            free(jid);
    }
}

static void jids_become_normal(void)
{
    static const struct accepted rows[] = {
        {"romeo@example.net", "romeo@example.net"},
        {"Romeo@EXAMPLE.net/Orchard", "romeo@example.net/Orchard"},
        {"example.net", "example.net"},
        {"example.net/Room", "example.net/Room"},
        {"example.net.", "example.net"},
        {"a@example.net./r", "a@example.net/r"},
        {"a@b/c@d/e", "a@b/c@d/e"},
        {"b/c@d", "b/c@d"},
        {"a@127.0.0.1", "a@127.0.0.1"},
        {"a@[::1]/r", "a@[::1]/r"},
        {"a@[2001:DB8::1]", "a@[2001:db8::1]"},
        {"a@xmpp_server-1.local", "a@xmpp_server-1.local"},
        {"a!#$%()*+,-.;=?[\\]^_`{|}~@b", "a!#$%()*+,-.;=?[\\]^_`{|}~@b"},
        {"a@b/ with spaces & \"quotes\" <>", "a@b/ with spaces & \"quotes\" <>"},
        {"a%2Fb@c", "a%2fb@c"},
        /* U+00D6 U+00FC; U+0416; U+023A, whose lower case Unicode 3.2 doesn't know */
        {"\xC3\x96\xC3\xBC@M\xC3\x9CNCHEN.de/\xC3\x96",
         "\xC3\xB6\xC3\xBC@m\xC3\xBCnchen.de/\xC3\x96"},
        {"\xD0\x96@x", "\xD0\xB6@x"},
        {"\xC8\xBA@x", "\xC8\xBA@x"},
        /* decomposed; U+00DF, in a node ss, in a domain itself; soft hyphen, full width, no-break
         * space */
        {"mu\xCC\x88ller@bu\xCC\x88"
         "cher.de/u\xCC\x88",
         "m\xC3\xBCller@b\xC3\xBC"
         "cher.de/\xC3\xBC"},
        {"stra\xC3\x9F"
         "e@fa\xC3\x9F.de/stra\xC3\x9F"
         "e",
         "strasse@fa\xC3\x9F.de/stra\xC3\x9F"
         "e"},
        {"a\xC2\xAD"
         "b@x/c\xC2\xAD"
         "d",
         "ab@x/cd"},
        {"\xEF\xBC\xA1@x/\xEF\xBC\xA1", "a@x/A"},
        {"a@x/b\xC2\xA0"
         "c",
         "a@x/b c"},
        {"a@\xEF\xBC\x91.2.3.4", "a@1.2.3.4"},
        {"a@xn--bcher-kva.de", "a@xn--bcher-kva.de"},
        {"a@b/\xF0\x9F\x98\x80", "a@b/\xF0\x9F\x98\x80"},
    };
    accept_all(parse_bare, rows, COUNT(rows));
}

static void default_resource_is_for_nodes(void)
{
    static const struct accepted rows[] = {
        {"a@b", "a@b/desk"},
        {"a@b/c", "a@b/c"},
        {"b", "b"},
        {"b/c", "b/c"},
    };
    accept_all(parse_with_default, rows, COUNT(rows));
}

static void bad_jids_are_refused(void)
{
    static const struct refused rows[] = {
        {"", "the domain is empty"},
        {"@b", "the node is empty"},
        {"a@", "the domain is empty"},
        {"a@.", "the domain is empty"},
        {"/r", "the domain is empty"},
        {"a@/r", "the domain is empty"},
        {"a@b/", "the resource is empty"},
        {"a b@c", "the node has a space"},
        {"a\xC2\xA0@c", "the node has a space"},
        {"a:b@c", "the node has one of \" & ' / : < > @"},
        {"a&b@c", "the node has one of \" & ' / : < > @"},
        {"a'b@c", "the node has one of \" & ' / : < > @"},
        {"a\"b@c", "the node has one of \" & ' / : < > @"},
        {"a<b@c", "the node has one of \" & ' / : < > @"},
        {"a>b@c", "the node has one of \" & ' / : < > @"},
        {"a\tb@c", "the node has a control character"},
        {"a@b/\x7F", "the resource has a control character"},
        {"a@b/\xC2\x85", "the resource has a control character"},
        {"a@b/\xEF\xBF\xBE", "the resource has a character that XML forbids"},
        {"a@b/\xEF\xB7\x90", "the resource has a character that XML forbids"},
        {"a@b@c", "the domain has a character that domain names forbid"},
        {"a@b..c", "the domain has an empty label"},
        {"a@.b", "the domain has an empty label"},
        {"a@b..", "the domain has an empty label"},
        {"a@-b", "the domain has a label that begins or ends with a hyphen"},
        {"a@b-.c", "the domain has a label that begins or ends with a hyphen"},
        {"a@b c", "the domain has a character that domain names forbid"},
        {"a@b:5222", "the domain has a character that domain names forbid"},
        {"a@b\xE3\x80\x80", "the domain has a character that domain names forbid"},
        {"a@1.2.3.400", "the domain is no IPv4 address"},
        {"a@1.2.3", "the domain is no IPv4 address"},
        {"a@[::1", "the domain is no IPv6 address in brackets"},
        {"a@[]", "the domain is no IPv6 address in brackets"},
        {"a@[1.2.3.4]", "the domain is no IPv6 address in brackets"},
        {"a@[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]",
         "the domain is no IPv6 address in brackets"},
        {"a@::1", "the domain has a character that domain names forbid"},
        {"a@i\xE2\x9D\xA4.ws", "the domain has a label that IDNA forbids"},
        {"\xC2\xAD@b", "the node is empty"},
        {"a@\xC2\xAD", "the domain is empty"},
        {"a@b/\xC2\xAD", "the resource is empty"},
        {"a\xEF\xBC\xA0@b", "the node has characters that nodeprep (RFC 3920) prohibits"},
        {"\xD7\x90"
         "a@b",
         "the node has characters that nodeprep (RFC 3920) prohibits"},
        {"a@b/\xD7\x90"
         "a",
         "the resource has characters that resourceprep (RFC 3920) prohibits"},
    };
    refuse_all(parse_bare, rows, COUNT(rows));
}

static void bad_utf8_is_refused(void)
{
    static const char *const rows[] = {
        "a@b/\x80",             /* continuation alone */
        "a@b/\xBF\x80",         /* two continuations */
        "a@b/\xC3",             /* cut */
        "a@b/\xE2\x82",         /* cut */
        "a@b/\xF0\x9F\x98",     /* cut */
        "a@b/\xC0\xAF",         /* overlong */
        "a@b/\xE0\x80\xAF",     /* overlong */
        "a@b/\xF0\x80\x80\xAF", /* overlong */
        "a@b/\xED\xA0\x80",     /* surrogate */
        "a@b/\xF4\x90\x80\x80", /* beyond U+10FFFF */
        "a@b/\xFF",
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct refused row = {rows[i], "the resource is not valid UTF-8"};
        refuse_all(parse_bare, &row, 1);
    }
}

static void parts_have_at_most_1023_bytes(void)
{
    char text[SX_JID_BYTES], *jid = NULL, why[128];
    size_t len = SX_JID_PART_BYTES;
    memset(text, 'n', len);
    strcpy(text + len, "@b");
    CU_ASSERT_EQUAL(parse_bare(text, &jid, why, sizeof why), SX_OK);
    ASSERT_TEXT(jid, text);
    free(jid);
    memset(text, 'n', len + 1);
    strcpy(text + len + 1, "@b");
    refuse_all(parse_bare, &(struct refused){text, "the node is longer than 1,023 bytes"}, 1);
    strcpy(text, "b/");
    memset(text + 2, 'r', len + 1);
    text[len + 3] = '\0';
    refuse_all(parse_bare, &(struct refused){text, "the resource is longer than 1,023 bytes"}, 1);
}

static void a_label_has_at_most_63_bytes(void)
{
    char text[80] = "a@";
    memset(text + 2, 'b', 63);
    accept_all(parse_bare, &(struct accepted){text, text}, 1);
    text[65] = 'b';
    refuse_all(parse_bare, &(struct refused){text, "the domain has a label longer than 63 bytes"},
               1);
}

static void the_limit_of_a_label_counts_what_becomes_ascii(void)
{
    char text[80] = "a@\xE2\x84\xAA"; /* U+212A, the Kelvin sign, whose lower case is k */
    char folded[80] = "a@k";
    memset(text + 5, 'b', 62);
    memset(folded + 3, 'b', 62);
    accept_all(parse_bare, &(struct accepted){text, folded}, 1);
    text[67] = 'b';
    refuse_all(parse_bare, &(struct refused){text, "the domain has a label longer than 63 bytes"},
               1);
}

static void preparing_cannot_grow_beyond_the_limit(void)
{
    char text[SX_JID_BYTES] = "";
    size_t i;
    for (i = 0; i < 56; i++)
        strcat(text, "\xE3\x8C\x96"); /* U+3316, which becomes six characters, 18 bytes */
    strcat(text, "\xC2\xB5\xC2\xB5\xC2\xB5\xC2\xB5\xC2\xB5\xC2\xB5\xC2\xB5@b");
    CU_ASSERT_EQUAL(strlen(text), 56 * 3 + 7 * 2 + 2);
    {
        char *jid = NULL;
        CU_ASSERT_EQUAL(parse_bare(text, &jid, NULL, 0), SX_OK);
        CU_ASSERT_EQUAL(jid ? strlen(jid) : 0, 56 * 18 + 7 * 2 + 2);
        free(jid);
    }
    strcpy(text + strlen(text) - 2, "\xC2\xB5@b");
    refuse_all(parse_bare, &(struct refused){text, "the node is longer than 1,023 bytes"}, 1);
}

/* A server may prepare by another profile than ours: what it stamps stays two if it is two. */
static void what_is_stamped_stays_as_it_is(void)
{
    static const struct accepted rows[] = {
        {"Calc@Example.org./Desk", "calc@example.org/Desk"},
        {"stra\xC3\x9F"
         "e@fa\xC3\x9F.de/x",
         "stra\xC3\x9F"
         "e@fa\xC3\x9F.de/x"},
        {"\xC3\x96@b", "\xC3\x96@b"},
        {"mu\xCC\x88@b/u\xCC\x88", "mu\xCC\x88@b/u\xCC\x88"},
        {"a@i\xE2\x9D\xA4.ws", "a@i\xE2\x9D\xA4.ws"},
    };
    static const char *const refused[] = {"",     "a@",       "a@.",  "a b@c",
                                          "a@b/", "a@b/\x80", "a@-b", "a@b..c"};
    size_t i;
    char *jid = NULL;
    for (i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_EQUAL(sx_jid_read(rows[i].text, &jid), SX_OK);
        ASSERT_TEXT(jid, rows[i].jid);
        free(jid);
        jid = NULL;
    }
    for (i = 0; i < COUNT(refused); i++)
        CU_ASSERT_EQUAL(sx_jid_read(refused[i], &jid), SX_EENDPOINT);
    CU_ASSERT_PTR_NULL(jid);
}

static void uris_are_decoded(void)
{
    static const struct accepted rows[] = {
        {"xmpp:calc@example.org/soap", "calc@example.org/soap"},
        {"xmpp:calc@example.org", "calc@example.org/soap"},
        {"XMPP:Calc@Example.ORG", "calc@example.org/soap"},
        {"xmpp:example.org", "example.org"},
        {"xmpp:example.org/r", "example.org/r"},
        {"xmpp:a@b/my%20desk", "a@b/my desk"},
        {"xmpp:a@b/c%2Fd", "a@b/c/d"},
        {"xmpp:a@b/c%3fd%23", "a@b/c?d#"},
        {"xmpp:a%25b@c/d", "a%b@c/d"},
        {"xmpp:%C3%96@m%c3%bcnchen.de/%C3%96", "\xC3\xB6@m\xC3\xBCnchen.de/\xC3\x96"},
    };
    accept_all(sx_jid_parse_uri, rows, COUNT(rows));
}

static void a_given_resource_is_told(void)
{
    static const struct {
        const char *uri, *jid;
        bool has_resource;
    } rows[] = {
        {"xmpp:calc@example.org", "calc@example.org/soap", false},
        {"xmpp:calc@example.org/soap", "calc@example.org/soap", true},
        {"xmpp:calc@example.org/a%2Fb", "calc@example.org/a/b", true},
        {"xmpp:example.org", "example.org", false},
        {"xmpp:example.org/r", "example.org/r", true},
    };
    struct sx_endpoint endpoint = {0};
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_EQUAL(sx_jid_parse_endpoint(rows[i].uri, &endpoint, NULL, 0), SX_OK);
        ASSERT_TEXT(endpoint.jid, rows[i].jid);
        CU_ASSERT_EQUAL(endpoint.has_resource, rows[i].has_resource);
        free(endpoint.jid);
    }
    endpoint.jid = NULL;
    CU_ASSERT_EQUAL(sx_jid_parse_endpoint("xmpp:a@b/", &endpoint, NULL, 0), SX_EENDPOINT);
    CU_ASSERT_PTR_NULL(endpoint.jid);
}

static void bad_uris_are_refused(void)
{
    static const struct refused rows[] = {
        {"http://example.org", "the endpoint does not begin with xmpp:"},
        {"", "the endpoint does not begin with xmpp:"},
        {"xmpp", "the endpoint does not begin with xmpp:"},
        {"xmpp:", "the domain is empty"},
        {"xmpp://me@example.org/calc@example.org",
         "the endpoint names an account to call from (xmpp://), but it is the link's"},
        {"xmpp:a@b#c", "the endpoint has a fragment (#), which no service has"},
        {"xmpp:a@b?message;body=x", "the endpoint has another query (?) than ?message"},
        {"xmpp:a@b/c d", "the endpoint has a space, which is written %20"},
        {"xmpp:a%2Fb@c/d", "the node has one of \" & ' / : < > @"},
        {"xmpp:a%40b@c/d", "the node has one of \" & ' / : < > @"},
        {"xmpp:a%20b@c/d", "the node has a space"},
        {"xmpp:a@b%2Fc", "the domain has a character that domain names forbid"},
        {"xmpp:a@b/%zz", "the resource has a % without two hexadecimal digits"},
        {"xmpp:a@b/%4", "the resource has a % without two hexadecimal digits"},
        {"xmpp:a@b/%", "the resource has a % without two hexadecimal digits"},
        {"xmpp:a%4@b", "the node has a % without two hexadecimal digits"},
        {"xmpp:a@b/%00", "the resource has a NUL (%00)"},
        {"xmpp:a@b/%0A", "the resource has a control character"},
        {"xmpp:a@b/%C3", "the resource is not valid UTF-8"},
        {"xmpp:a@b/", "the resource is empty"},
    };
    refuse_all(sx_jid_parse_uri, rows, COUNT(rows));
}

static void the_reason_may_be_left_out(void)
{
    char *jid = NULL;
    CU_ASSERT_EQUAL(sx_jid_parse_uri("xmpp:", &jid, NULL, 0), SX_EENDPOINT);
    CU_ASSERT_EQUAL(sx_jid_parse("@", NULL, &jid, NULL, 0), SX_EENDPOINT);
    CU_ASSERT_PTR_NULL(jid);
}

static void scheme_in_any_case(void)
{
    CU_ASSERT_TRUE(sx_jid_is_xmpp("xmpp:a@b"));
    CU_ASSERT_TRUE(sx_jid_is_xmpp("Xmpp:"));
    CU_ASSERT_FALSE(sx_jid_is_xmpp("xmpp"));
    CU_ASSERT_FALSE(sx_jid_is_xmpp("xmpps:a@b"));
    CU_ASSERT_FALSE(sx_jid_is_xmpp(" xmpp:a@b"));
    CU_ASSERT_FALSE(sx_jid_is_xmpp("http://xmpp:a@b"));
    CU_ASSERT_FALSE(sx_jid_is_xmpp(NULL));
}

static void equal_folds_all_but_the_resource(void)
{
    static const struct {
        const char *jid, *other;
        bool equal;
    } rows[] = {
        {"a@b/c", "a@b/c", true},
        {"A@B/c", "a@b/c", true},
        {"a@b/C", "a@b/c", false},
        {"a@b.", "a@b", true},
        {"a@b./c", "a@b/c", true},
        {"a@b", "a@b/c", false},
        {"a@b/c", "a@b/cd", false},
        {"a@b", "a@bc", false},
        {"a@bc", "a@b", false},
        {"b", "a@b", false},
        {"b", "B", true},
        {"\xC3\xB6@b", "\xC3\xB6@B", true},
        {"\xC3\x96@b", "\xC3\xB6@B", false},
        /* U+1C92 and U+10D2, U+2C60 and U+2C61: accounts of their own on a server */
        {"\xE1\xB2\x92@b", "\xE1\x83\x92@b", false},
        {"\xE2\xB1\xA0@b", "\xE2\xB1\xA1@b", false},
        {"\xE2\x84\xAA@b", "k@b", false},
        {"\xC3\x96@b", "\xC3\x9C@b", false},
        {"\xFF@b", "\xFF@B", true},
        {"\xFF@b", "\xFE@b", false},
        {"\xE9@b", "\xC3\xA9@b", false},
        {"a@b\xC3", "a@b", false},
        {"", "", true},
        {"", "a", false},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_EQUAL(sx_jid_equal(rows[i].jid, rows[i].other), rows[i].equal);
        CU_ASSERT_EQUAL(sx_jid_equal(rows[i].other, rows[i].jid), rows[i].equal);
    }
    CU_ASSERT_FALSE(sx_jid_equal(NULL, NULL));
    CU_ASSERT_FALSE(sx_jid_equal("a", NULL));
    CU_ASSERT_FALSE(sx_jid_equal(NULL, "a"));
}

static void parts_are_found(void)
{
    char out[SX_JID_BYTES];
    sx_jid_bare("a@b/c/d", out, sizeof out);
    ASSERT_TEXT(out, "a@b");
    sx_jid_bare("b", out, sizeof out);
    ASSERT_TEXT(out, "b");
    sx_jid_domain("a@b/c@d", out, sizeof out);
    ASSERT_TEXT(out, "b");
    sx_jid_domain("b/c@d", out, sizeof out);
    ASSERT_TEXT(out, "b");
    ASSERT_TEXT(sx_jid_resource("a@b/c/d"), "c/d");
    CU_ASSERT_PTR_NULL(sx_jid_resource("a@b"));
    CU_ASSERT_PTR_NULL(sx_jid_resource("a@b/"));
}

static void small_outputs_are_cut_between_characters(void)
{
    char out[5] = "????";
    sx_jid_bare("abcdef@b/c", out, sizeof out);
    ASSERT_TEXT(out, "abcd");
    sx_jid_bare("abc\xC3\x96@b", out, sizeof out);
    ASSERT_TEXT(out, "abc");
    sx_jid_domain("a@\xE2\x82\xAC\xE2\x82\xAC", out, sizeof out);
    ASSERT_TEXT(out, "\xE2\x82\xAC");
    sx_jid_bare("a@b", out, 1);
    ASSERT_TEXT(out, "");
    memcpy(out, "keep", 5);
    sx_jid_bare("a@b", out, 0);
    ASSERT_TEXT(out, "keep");
}

static void loopback_is_known(void)
{
    static const char *const loopback[] = {
        "localhost", "LocalHost", "127.0.0.1", "127.255.3.4", "::1", "[::1]", "0:0:0:0:0:0:0:1"};
    static const char *const other[] = {
        "",      "example.org",           "128.0.0.1", "10.0.0.127",           "::2", "[::1", "[]",
        "127.1", "localhost.example.org", "::",        "127.0.0.1.example.org"};
    size_t i;
    for (i = 0; i < COUNT(loopback); i++)
        CU_ASSERT_TRUE(sx_jid_is_loopback(loopback[i]));
    for (i = 0; i < COUNT(other); i++)
        CU_ASSERT_FALSE(sx_jid_is_loopback(other[i]));
}

CU_TestInfo tests_jid[] = {
    {"a JID becomes normal", jids_become_normal},
    {"the default resource is for JIDs with a node and without a resource",
     default_resource_is_for_nodes},
    {"a JID that is none is refused with a clause", bad_jids_are_refused},
    {"invalid UTF-8 is refused", bad_utf8_is_refused},
    {"each part has at most 1,023 bytes", parts_have_at_most_1023_bytes},
    {"a label of a domain has at most 63 bytes", a_label_has_at_most_63_bytes},
    {"the limit of a label counts what becomes ASCII",
     the_limit_of_a_label_counts_what_becomes_ascii},
    {"preparing can't make a part longer than the limit", preparing_cannot_grow_beyond_the_limit},
    {"what a server stamps stays as it is but for ASCII", what_is_stamped_stays_as_it_is},
    {"a URI is decoded after it was split", uris_are_decoded},
    {"a resource that was given is told from the default one", a_given_resource_is_told},
    {"a URI that is none is refused with a clause", bad_uris_are_refused},
    {"the reason may be left out", the_reason_may_be_left_out},
    {"the scheme xmpp: is known in any case", scheme_in_any_case},
    {"JIDs are equal after folding ASCII in all but the resource",
     equal_folds_all_but_the_resource},
    {"bare JID, domain and resource are found", parts_are_found},
    {"an output too small is cut between two characters", small_outputs_are_cut_between_characters},
    {"loopback hosts are known", loopback_is_known},
    CU_TEST_INFO_NULL,
};
