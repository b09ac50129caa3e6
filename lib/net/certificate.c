/* certificate.c - a certificate's names and times, in words.
 *
 * Failure: what can't be told is "".
 */
#include "net/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

static void write_time(const ASN1_TIME *time, char out[SX_TIMESTAMP_BYTES])
{
    struct tm parts;
    out[0] = '\0';
    if (time && ASN1_TIME_to_tm(time, &parts) == 1)
        sx_timestamp_write((int64_t)timegm(&parts) * 1000000, out);
}

/* OpenSSL escapes what isn't ASCII. A name that is too long is cut. */
static void write_name(const X509_NAME *name, char *out, size_t out_bytes)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int len = 0;
    char *at;
    out[0] = '\0';
    if (bio && name && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
        len = BIO_read(bio, out, (int)out_bytes - 1);
    out[len > 0 ? len : 0] = '\0';
    for (at = out; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    BIO_free(bio);
}

void sx_certificate_describe(const X509 *x509, struct sx_certificate *certificate)
{
    write_name(X509_get_subject_name(x509), certificate->subject, sizeof certificate->subject);
    write_name(X509_get_issuer_name(x509), certificate->issuer, sizeof certificate->issuer);
    write_time(X509_get0_notBefore(x509), certificate->begins);
    write_time(X509_get0_notAfter(x509), certificate->expires);
    ERR_clear_error();
}
