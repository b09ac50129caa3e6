/* What a certificate says of itself. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "net/certificate.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_certificate[];

static void add(X509_NAME *name, const char *field, const char *text)
{
    CU_ASSERT_EQUAL(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                               (const unsigned char *)text, -1, -1, 0),
                    1);
}

static X509 *make(const char *organization)
{
    X509 *x509 = X509_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(x509);
    add(X509_get_subject_name(x509), "O", organization);
    add(X509_get_subject_name(x509), "CN", "example.org");
    add(X509_get_issuer_name(x509), "CN", "A CA");
    CU_ASSERT_EQUAL(ASN1_TIME_set_string(X509_getm_notBefore(x509), "20260102030405Z"), 1);
    CU_ASSERT_EQUAL(ASN1_TIME_set_string(X509_getm_notAfter(x509), "20991231235959Z"), 1);
    return x509;
}

static void it_says_whose_it_is_and_until_when(void)
{
    struct sx_certificate certificate;
    X509 *x509 = make("Us");
    sx_certificate_describe(x509, &certificate);
    ASSERT_TEXT(certificate.subject, "CN=example.org,O=Us");
    ASSERT_TEXT(certificate.issuer, "CN=A CA");
    ASSERT_TEXT(certificate.begins, "2026-01-02T03:04:05Z");
    ASSERT_TEXT(certificate.expires, "2099-12-31T23:59:59Z");
    X509_free(x509);
}

/* It comes from whoever has made it. */
static void a_name_does_no_harm_on_a_terminal(void)
{
    struct sx_certificate certificate;
    char longest[65];
    const char *at;
    X509 *x509;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    x509 = make("\x1b[31m\xC3\xA4\n");
    add(X509_get_subject_name(x509), "OU", longest);
    add(X509_get_subject_name(x509), "OU", longest);
    add(X509_get_subject_name(x509), "OU", longest);
    add(X509_get_subject_name(x509), "OU", longest);
    sx_certificate_describe(x509, &certificate);
    CU_ASSERT_EQUAL(strlen(certificate.subject), sizeof certificate.subject - 1);
    for (at = certificate.subject; *at; at++)
        CU_ASSERT(*at >= ' ' && *at <= '~');
    X509_free(x509);
}

static void what_it_lacks_is_left_out(void)
{
    struct sx_certificate certificate;
    X509 *x509 = X509_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(x509);
    sx_certificate_describe(x509, &certificate);
    ASSERT_TEXT(certificate.subject, "");
    ASSERT_TEXT(certificate.issuer, "");
    CU_ASSERT_EQUAL(ERR_peek_error(), 0);
    X509_free(x509);
}

CU_TestInfo tests_certificate[] = {
    {"it says whose it is, and until when", it_says_whose_it_is_and_until_when},
    {"a name does no harm on a terminal", a_name_does_no_harm_on_a_terminal},
    {"what it lacks is left out", what_it_lacks_is_left_out},
    CU_TEST_INFO_NULL,
};
