/* Domains: normal forms, A-labels, what IDNA forbids. */
#include "../../lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "wire/domain.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct row {
    const char *domain, *normal, *ascii;
};

static void assert_ascii(const char *domain, const char *ascii)
{
    char out[SX_DOMAIN_ASCII_BYTES] = "untouched";
    CU_ASSERT_EQUAL(sx_domain_to_ascii(domain, out), ascii ? SX_OK : SX_EENDPOINT);
    ASSERT_TEXT(out, ascii ? ascii : "untouched");
}

static void domains_have_a_normal_form_and_one_in_ascii(void)
{
    static const struct row rows[] = {
        {"b\xC3\xBC"
         "cher.test",
         "b\xC3\xBC"
         "cher.test",
         "xn--bcher-kva.test"},
        {"B\xC3\x9C"
         "CHER.Test.",
         "b\xC3\xBC"
         "cher.test",
         "xn--bcher-kva.test"},
        {"bu\xCC\x88"
         "cher.test",
         "b\xC3\xBC"
         "cher.test",
         "xn--bcher-kva.test"},
        {"fa\xC3\x9F.de", "fa\xC3\x9F.de", "xn--fa-hia.de"},
        {"fass.de", "fass.de", "fass.de"},
        {"\xCF\x82.gr", "\xCF\x82.gr", "xn--3xa.gr"},
        {"b\xC3\xBC"
         "cher\xE3\x80\x82test",
         "b\xC3\xBC"
         "cher.test",
         "xn--bcher-kva.test"},
        {"b\xC2\xAD\xC3\xBC.x", "b\xC3\xBC.x", "xn--b-eha.x"},
        {"\xE2\x84\xAA.x", "k.x", "k.x"},
        {"xmpp_server.b\xC3\xBC"
         "cher",
         "xmpp_server.b\xC3\xBC"
         "cher",
         "xmpp_server.xn--bcher-kva"},
        {"XN--bcher-kva.test", "xn--bcher-kva.test", "xn--bcher-kva.test"},
        {"b\xC3\xBC.xn--bcher-kva.x",
         "b\xC3\xBC.b\xC3\xBC"
         "cher.x",
         "xn--b-eha.xn--bcher-kva.x"},
        {"Example.ORG.", "example.org", "example.org"},
        {"127.0.0.1", "127.0.0.1", "127.0.0.1"},
        {"[2001:DB8::1]", "[2001:db8::1]", "[2001:db8::1]"},
        {"\xD7\x90\xD7\x91.x", "\xD7\x90\xD7\x91.x", "xn--4dbc.x"},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        const char *why = "";
        char *normal = NULL, *again = NULL;
        CU_ASSERT_EQUAL(sx_domain_prep(rows[i].domain, &normal, &why), SX_OK);
        ASSERT_TEXT(normal, rows[i].normal);
        CU_ASSERT_PTR_NULL(sx_domain_check(rows[i].normal));
        CU_ASSERT_EQUAL(sx_domain_prep(rows[i].normal, &again, &why), SX_OK);
        ASSERT_TEXT(again, rows[i].normal);
        assert_ascii(rows[i].domain, rows[i].ascii);
        assert_ascii(rows[i].normal, rows[i].ascii);
        free(normal);
        free(again);
    }
}

static void what_is_no_domain_is_refused(void)
{
    static const struct {
        const char *domain, *why;
    } rows[] = {
        {"i\xE2\x9D\xA4.ws", "has a label that IDNA forbids"},
        {"a\xD7\x91.x", "has a label that IDNA forbids"},
        {"ab--c\xC3\xBC.x", "has a label that IDNA forbids"},
        {"xn--zzzz99999.\xC3\xBC", "has a label that IDNA forbids"},
        {"b\xC3", "has a label that IDNA forbids"},
        {"-b\xC3\xBC.x", "has a label that begins or ends with a hyphen"},
        {"b\xC3\xBC-.x", "has a label that begins or ends with a hyphen"},
        {"b\xC3\xBC..x", "has an empty label"},
        {"\xC2\xAD.x", "has an empty label"},
        {"\xC2\xAD", "is empty"},
        {"\xE3\x80\x82", "is empty"},
        {"a b.\xC3\xBC", "has a character that domain names forbid"},
        {"a\xEF\xBC\x8F"
         "b",
         "has a character that domain names forbid"},
        {"a\xEF\xBC\xA0"
         "b",
         "has a character that domain names forbid"},
        {"\xEF\xBC\x91.2.3", "is no IPv4 address"},
        /* an A-label that decodes to a space */
        {"xn--cherbcher-kv-cherbcher-kva.\xC3\xBC", "has a character that domain names forbid"},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        const char *why = "";
        char untouched[] = "untouched", *normal = untouched;
        CU_ASSERT_EQUAL(sx_domain_prep(rows[i].domain, &normal, &why), SX_EENDPOINT);
        ASSERT_TEXT(why, rows[i].why);
        ASSERT_TEXT(normal, "untouched");
        assert_ascii(rows[i].domain, NULL);
    }
}

static void the_form_in_ascii_has_dns_limits(void)
{
    char label[80] = "\xC3\xBC", name[300] = "", out[SX_DOMAIN_ASCII_BYTES];
    const char *why = "";
    char *normal = NULL;
    size_t i;
    /* "xn--", the letters, "-", and where U+00FC is */
    while (strlen(label) < 63 && sx_domain_to_ascii(label, out) == SX_OK)
        strcat(label, "a");
    CU_ASSERT_EQUAL(strlen(out), 63);
    CU_ASSERT(strlen(label) < 63);
    CU_ASSERT_EQUAL(sx_domain_prep(label, &normal, &why), SX_EENDPOINT);
    ASSERT_TEXT(why, "has a label longer than 63 bytes");
    for (i = 0; i < 127; i++)
        strcat(name, "a.");
    strcat(name, "a");
    assert_ascii(name, name);
    strcat(name, "a");
    assert_ascii(name, NULL);
}

static void names_for_dns_may_be_hosts(void)
{
    assert_ascii("::1", "::1");
    assert_ascii("LOCALHOST.", "localhost");
    assert_ascii("", NULL);
    assert_ascii(".", NULL);
    assert_ascii("a..b", NULL);
    assert_ascii(".a", NULL);
    assert_ascii("a..", NULL);
}

CU_TestInfo tests_domain[] = {
    {"a domain has a normal form and one in ASCII", domains_have_a_normal_form_and_one_in_ascii},
    {"what is no domain is refused", what_is_no_domain_is_refused},
    {"the form in ASCII has DNS's limits", the_form_in_ascii_has_dns_limits},
    {"a host's name or address has one, too", names_for_dns_may_be_hosts},
    CU_TEST_INFO_NULL,
};
