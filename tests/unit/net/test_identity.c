/* Whose a certificate is: what its subjectAltName says, case by case. */
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "net/identity.h"
#include "../../lib/suite.h"

/* One name of a certificate: of DNS, an address, or another kind with its text. */
struct name {
    int kind; /* GEN_DNS, GEN_IPADD, GEN_URI, or NID_SRVName, NID_XmppAddr */
    const char *text;
    int len; /* 0: all of it */
};

static ASN1_STRING *make_string(int type, const struct name *name)
{
    ASN1_STRING *string = ASN1_STRING_type_new(type);
    int len = name->len ? name->len : (int)strlen(name->text);
    CU_ASSERT_FATAL(string && ASN1_STRING_set(string, name->text, len));
    return string;
}

static GENERAL_NAME *make_name(const struct name *name)
{
    GENERAL_NAME *out = GENERAL_NAME_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    if (name->kind == GEN_DNS || name->kind == GEN_URI) {
        GENERAL_NAME_set0_value(out, name->kind, make_string(V_ASN1_IA5STRING, name));
    } else if (name->kind == GEN_IPADD) {
        GENERAL_NAME_set0_value(out, GEN_IPADD, a2i_IPADDRESS(name->text));
    } else {
        int type = name->kind == NID_SRVName ? V_ASN1_IA5STRING : V_ASN1_UTF8STRING;
        ASN1_TYPE *value = ASN1_TYPE_new();
        ASN1_TYPE_set(value, type, make_string(type, name));
        GENERAL_NAME_set0_othername(out, OBJ_nid2obj(name->kind), value);
    }
    return out;
}

/* names end with a text of NULL; common_name NULL: none. */
static X509 *make_certificate(const struct name *names, const char *common_name)
{
    X509 *certificate = X509_new();
    GENERAL_NAMES *all = GENERAL_NAMES_new();
    CU_ASSERT_FATAL(certificate && all);
    X509_set_version(certificate, 2);
    if (common_name)
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                   (const unsigned char *)common_name, -1, -1, 0);
    for (; names && names->text; names++)
        sk_GENERAL_NAME_push(all, make_name(names));
    if (sk_GENERAL_NAME_num(all))
        CU_ASSERT_EQUAL(X509_add1_ext_i2d(certificate, NID_subject_alt_name, all, 0, 0), 1);
    GENERAL_NAMES_free(all);
    return certificate;
}

struct identity_case {
    const char *domain, *ascii;
    struct name names[3];
    const char *common_name;
    bool matches;
};

#define A "chat.example.org", "chat.example.org"
#define IDN                                                                                        \
    "b\xc3\xbc"                                                                                    \
    "cher.test",                                                                                   \
        "xn--bcher-kva.test"
#define DNS(text)                                                                                  \
    {                                                                                              \
        GEN_DNS, text, 0                                                                           \
    }
#define SRV(text)                                                                                  \
    {                                                                                              \
        NID_SRVName, text, 0                                                                       \
    }
#define JID(text)                                                                                  \
    {                                                                                              \
        NID_XmppAddr, text, 0                                                                      \
    }
#define IP(text)                                                                                   \
    {                                                                                              \
        GEN_IPADD, text, 0                                                                         \
    }

static const struct identity_case cases[] = {
    {A, {DNS("chat.example.org")}, NULL, true},
    {A, {DNS("Chat.EXAMPLE.org")}, NULL, true},
    {A, {DNS("example.org")}, NULL, false},
    {A, {DNS("chat.example.org.")}, NULL, false},
    {A, {DNS("other.example"), DNS("chat.example.org")}, NULL, true},
    {A, {DNS("*.example.org")}, NULL, true},
    {A, {DNS("c*.example.org")}, NULL, false},
    {A, {DNS("*t.example.org")}, NULL, false},
    {A, {DNS("*.org")}, NULL, false},
    {A, {DNS("*")}, NULL, false},
    {A, {DNS("*.*.org")}, NULL, false},
    {A, {DNS("chat.*.org")}, NULL, false},
    {"example.org", "example.org", {DNS("*.org")}, NULL, false},
    {"example.org", "example.org", {DNS("*.example.org")}, NULL, false},
    {"a.b.example.org", "a.b.example.org", {DNS("*.example.org")}, NULL, false},
    {A, {{GEN_DNS, "chat.example.org\0.evil.example", 30}}, NULL, false},
    {IDN, {DNS("xn--bcher-kva.test")}, NULL, true},
    {IDN,
     {DNS("b\xc3\xbc"
          "cher.test")},
     NULL,
     false},
    {A, {SRV("_xmpp-client.chat.example.org")}, NULL, true},
    {A, {SRV("_xmpps-client.CHAT.example.org")}, NULL, true},
    {A, {SRV("_xmpp-server.chat.example.org")}, NULL, false},
    {A, {SRV("_xmpp-client.example.org")}, NULL, false},
    {A, {SRV("_xmpp-client.*.example.org")}, NULL, false},
    {A, {{NID_SRVName, "_xmpp-client.chat.example.org\0x", 31}}, NULL, false},
    {A, {JID("chat.example.org")}, NULL, true},
    {A, {JID("alice@chat.example.org")}, NULL, false},
    {A, {JID("*.example.org")}, NULL, false},
    {IDN,
     {JID("b\xc3\xbc"
          "cher.test")},
     NULL,
     true},
    {IDN, {JID("xn--bcher-kva.test")}, NULL, true},
    {"192.0.2.7", "192.0.2.7", {IP("192.0.2.7")}, NULL, true},
    {"192.0.2.7", "192.0.2.7", {IP("192.0.2.8")}, NULL, false},
    {"192.0.2.7", "192.0.2.7", {DNS("192.0.2.7")}, NULL, false},
    {"192.0.2.7", "192.0.2.7", {DNS("*.0.2.7")}, NULL, false},
    {"[2001:db8::7]", "[2001:db8::7]", {IP("2001:db8:0::7")}, NULL, true},
    {"[2001:db8::7]", "2001:db8::7", {IP("2001:db8::7")}, NULL, true},
    {A, {IP("192.0.2.7")}, NULL, false},
    {A, {{0}}, "chat.example.org", false},
    {A, {DNS("other.example")}, "chat.example.org", false},
    {A, {{GEN_URI, "xmpp:chat.example.org", 0}}, NULL, false},
    {A, {{GEN_URI, "https://chat.example.org", 0}}, NULL, false},
    {A, {{0}}, NULL, false},
    {"a b.example", "", {DNS("")}, NULL, false},
    {"a b.example", "", {SRV("_xmpp-client."), JID("")}, NULL, false},
};

static void test_matches(void)
{
    size_t i;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct identity_case *c = &cases[i];
        X509 *certificate = make_certificate(c->names, c->common_name);
        if (sx_identity_matches(certificate, c->domain, c->ascii) != c->matches) {
            fprintf(stderr, "case %zu: %s\n", i, c->names[0].text ? c->names[0].text : "none");
            CU_FAIL("a certificate is taken or refused wrongly");
        }
        X509_free(certificate);
    }
}

static void check_list(const struct name *names, size_t out_bytes, const char *expected)
{
    X509 *certificate = make_certificate(names, "chat.example.org");
    char out[160];
    sx_identity_list(certificate, out, out_bytes);
    CU_ASSERT_STRING_EQUAL(out, expected);
    X509_free(certificate);
}

static void test_list(void)
{
    static const struct name none[] = {{0}}, uri[] = {{GEN_URI, "xmpp:a", 0}, {0}};
    static const struct name all[] = {DNS("*.a.example"), SRV("_xmpp-client.a"), JID("b\xc3\xbc"),
                                      IP("192.0.2.7"),    IP("2001:db8::7"),     {0}};
    check_list(none, 160, "");
    check_list(uri, 160, "");
    check_list(all, 160, "*.a.example, _xmpp-client.a, b\?\?, 192.0.2.7, 2001:db8::7");
    check_list(all, 40, "*.a.example, _xmpp-client.a, b\?\?, ...");
    check_list(all, 10, "...");
}

static void test_harm(void)
{
    static const struct name names[] = {DNS("\033[2J\na b\177"), {GEN_DNS, "a\0b", 3}, {0}};
    check_list(names, 160, "?[2J?a?b?, a?b");
}

CU_TestInfo tests_identity[] = {
    {"a certificate names its domains in subjectAltName alone", test_matches},
    {"its names are listed, as many as there is room for", test_list},
    {"what it says can do no harm on a terminal", test_harm},
    CU_TEST_INFO_NULL,
};
