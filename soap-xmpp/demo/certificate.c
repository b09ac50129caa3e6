/* certificate.c - a certificate of the demo's own: for localhost, signed by itself.
 *
 * Invariant: the key never leaves its file. It is its own CA: who trusts it trusts nobody else.
 *
 * Failure modes: no memory, no random numbers, no room on the disk: -1. */
#include "demo/certificate.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

enum { DAYS_S = 30 * 24 * 3600, SINCE_S = -3600, SERIAL_BITS = 64 };

static int add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    int added;
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    added = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

static int set_serial(X509 *certificate)
{
    BIGNUM *number = BN_new();
    int set = number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
              BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return set;
}

static X509 *make(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = certificate ? X509_get_subject_name(certificate) : NULL;
    if (name && X509_set_version(certificate, X509_VERSION_3) && set_serial(certificate) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), SINCE_S) &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), DAYS_S) &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   (const unsigned char *)"soap-xmpp demo", -1, -1, 0) &&
        X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key) &&
        add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
        add_extension(certificate, NID_subject_alt_name, "DNS:localhost") &&
        X509_sign(certificate, key, EVP_sha256()))
        return certificate;
    X509_free(certificate);
    return NULL;
}

static FILE *create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out && fd >= 0)
        close(fd);
    return out;
}

int certificate_write(const char *key_path, const char *certificate_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key ? make(key) : NULL;
    FILE *key_out = create(key_path), *out = create(certificate_path);
    int written = certificate && key_out && out &&
                  PEM_write_PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL) &&
                  PEM_write_X509(out, certificate);
    if (key_out && fclose(key_out))
        written = 0;
    if (out && fclose(out))
        written = 0;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return written ? 0 : -1;
}
