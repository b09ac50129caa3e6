/* trust_fixture.h - a CA with an old certificate and a new one, a server's certificate by it, and a
 * file for what the system trusts.
 */
#ifndef TESTS_UNIT_NET_TRUST_FIXTURE_H
#define TESTS_UNIT_NET_TRUST_FIXTURE_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/trust.h"
#include "../../lib/suite.h"

enum { SECONDS_PER_DAY = 86400 };

/* One CA key with an old certificate and its successor, of the same name, and a server's. */
struct trust {
    EVP_PKEY *key;
    X509 *old, *successor, *server;
    char path[64]; /* of the system's file */
    char *was;     /* SSL_CERT_FILE before */
    SSL_CTX *ctx;
};

static inline X509 *make_certificate(EVP_PKEY *key, const char *subject, long first_day,
                                     long last_day, const char *constraints)
{
    X509 *certificate = X509_new();
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, constraints);
    X509_NAME *issuer = X509_NAME_new();
    CU_ASSERT_FATAL(certificate && extension && issuer);
    X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_ASC, (const unsigned char *)"CA", -1, -1, 0);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)subject, -1, -1, 0);
    X509_set_issuer_name(certificate, issuer);
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), first_day * SECONDS_PER_DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), last_day * SECONDS_PER_DAY);
    X509_set_pubkey(certificate, key);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:chat.example.org");
    X509_add_ext(certificate, extension, -1);
    CU_ASSERT_FATAL(X509_sign(certificate, key, EVP_sha256()) > 0);
    X509_EXTENSION_free(extension);
    X509_NAME_free(issuer);
    return certificate;
}

/* file: what the system trusts, NULL for nothing. */
static inline void write_system_file(struct trust *trust, X509 *file)
{
    FILE *out;
    int fd;
    snprintf(trust->path, sizeof trust->path, "/tmp/soapxmpp-tls-XXXXXX");
    fd = mkstemp(trust->path);
    out = fd < 0 ? NULL : fdopen(fd, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    if (file)
        CU_ASSERT_FATAL(PEM_write_X509(out, file) == 1);
    fclose(out);
    trust->was = getenv("SSL_CERT_FILE") ? strdup(getenv("SSL_CERT_FILE")) : NULL;
    setenv("SSL_CERT_FILE", trust->path, 1);
}

static inline void make_certificates(struct trust *trust)
{
    *trust = (struct trust){.key = EVP_EC_gen("P-256")};
    CU_ASSERT_PTR_NOT_NULL_FATAL(trust->key);
    trust->old = make_certificate(trust->key, "CA", -20, -10, "critical,CA:TRUE");
    trust->successor = make_certificate(trust->key, "CA", -15, 10, "critical,CA:TRUE");
    trust->server = make_certificate(trust->key, "server", -1, 10, "CA:FALSE");
}

/* ca_file: what is in it, NULL for none. */
static inline void set_up_context(struct trust *trust, X509 *ca_file)
{
    const struct sx_pem no_file = {0};
    char why[256];
    trust->ctx = SSL_CTX_new(TLS_client_method());
    CU_ASSERT_PTR_NOT_NULL_FATAL(trust->ctx);
    CU_ASSERT_EQUAL(sx_trust_fill(SSL_CTX_get_cert_store(trust->ctx), &no_file, why, sizeof why),
                    SX_OK);
    if (ca_file)
        CU_ASSERT_EQUAL(X509_STORE_add_cert(SSL_CTX_get_cert_store(trust->ctx), ca_file), 1);
}

static inline void tear_down(struct trust *trust)
{
    SSL_CTX_free(trust->ctx);
    unlink(trust->path);
    if (trust->was)
        setenv("SSL_CERT_FILE", trust->was, 1);
    else
        unsetenv("SSL_CERT_FILE");
    free(trust->was);
    X509_free(trust->old);
    X509_free(trust->successor);
    X509_free(trust->server);
    EVP_PKEY_free(trust->key);
}

#endif
