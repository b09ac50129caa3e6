/* signer.c - makes a key of its own for each test, valid for a while around now. */
#include "signer.h"

#include <CUnit/CUnit.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIFETIME_S = 600, KEY_BITS = 2048 };

struct signer signer;

void signer_make(void)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    FILE *file;
    int fd;
    signer.key = EVP_RSA_gen(KEY_BITS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(signer.key);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -LIFETIME_S);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 100 * LIFETIME_S);
    X509_set_pubkey(certificate, signer.key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"signer", -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    CU_ASSERT_TRUE_FATAL(X509_sign(certificate, signer.key, EVP_sha256()) > 0);
    signer.certificate = certificate;
    strcpy(signer.file, "/tmp/signer.XXXXXX");
    fd = mkstemp(signer.file);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    file = fdopen(fd, "w");
    CU_ASSERT_EQUAL(PEM_write_X509(file, certificate), 1);
    fclose(file);
}

void signer_drop(void)
{
    unlink(signer.file);
    X509_free(signer.certificate);
    EVP_PKEY_free(signer.key);
    signer.key = NULL;
}
