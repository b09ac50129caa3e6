/* hostile_certificates.c - a throw-away CA and a server certificate by it, in a folder of their
 * own.
 *
 * Invariant: a folder that was made and not returned to the caller is removed.
 *
 * Happy path: folder -> CA key and certificate -> perhaps those of an intermediate CA -> server key
 * and certificate -> two files.
 * Failure modes: OpenSSL or the file system refuses: one line on standard error, -1.
 */
#include "hostile.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECONDS_PER_DAY = 86400, CA_DAYS = 30 };

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;
    bool added;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    added = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

static bool set_validity(X509 *certificate, int days_valid)
{
    int begin_days = days_valid < 0 ? days_valid - 1 : -1;
    return X509_gmtime_adj(X509_getm_notBefore(certificate), (long)begin_days * SECONDS_PER_DAY) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), (long)days_valid * SECONDS_PER_DAY);
}

/* The serial number is that of nobody else by this CA: 1 the CA's own, 2 the server's,
 * 3 the intermediate CA's. */
static bool set_names(X509 *certificate, const char *subject, const X509 *issuer, long serial)
{
    return X509_set_version(certificate, 2) &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial) &&
           X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                      (const unsigned char *)subject, -1, -1, 0) &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer : certificate));
}

/* By itself, or by another one. */
static bool make_ca(struct identity *ca, const struct identity *by)
{
    X509 *certificate = ca->certificate = X509_new();
    ca->key = EVP_EC_gen("P-256");
    return certificate && ca->key &&
           set_names(certificate, by ? "intermediate CA" : "throw-away CA",
                     by ? by->certificate : NULL, by ? 3 : 1) &&
           set_validity(certificate, CA_DAYS) && X509_set_pubkey(certificate, ca->key) &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           X509_sign(certificate, by ? by->key : ca->key, EVP_sha256()) > 0;
}

/* common_name NULL: host is a subjectAltName. A common name holds 64 bytes, a host name 253. */
static bool make_server(struct identity *server, const struct identity *ca, const char *common_name,
                        const char *host, int days_valid)
{
    X509 *certificate = server->certificate = X509_new();
    char names[300];
    server->key = EVP_EC_gen("P-256");
    if (snprintf(names, sizeof names, "DNS:%s", host) >= (int)sizeof names)
        return false;
    return certificate && server->key &&
           set_names(certificate, common_name ? common_name : "hostile", ca->certificate, 2) &&
           set_validity(certificate, days_valid) && X509_set_pubkey(certificate, server->key) &&
           add_extension(certificate, NID_basic_constraints, "CA:FALSE") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth,clientAuth") &&
           (common_name || add_extension(certificate, NID_subject_alt_name, names)) &&
           X509_sign(certificate, ca->key, EVP_sha256()) > 0;
}

static bool write_ca(const char *path, const struct identity *ca)
{
    FILE *file = fopen(path, "w");
    bool written;
    if (!file)
        return false;
    written = PEM_write_X509(file, ca->certificate) == 1;
    return fclose(file) == 0 && written;
}

static bool write_server(const char *path, const struct identity *server,
                         const struct identity *intermediate)
{
    FILE *file = fopen(path, "w");
    bool written;
    if (!file)
        return false;
    written = PEM_write_X509(file, server->certificate) &&
              (!intermediate->certificate || PEM_write_X509(file, intermediate->certificate)) &&
              PEM_write_PKCS8PrivateKey(file, server->key, NULL, NULL, 0, NULL, NULL);
    return fclose(file) == 0 && written;
}

static void free_identity(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
}

static int make_folder(struct hostile_certificates *certificates)
{
    const char *parent = getenv("TMPDIR");
    snprintf(certificates->dir, sizeof certificates->dir, "%s/hostile.XXXXXX",
             parent && *parent ? parent : "/tmp");
    if (!mkdtemp(certificates->dir))
        return -1;
    snprintf(certificates->ca_file, sizeof certificates->ca_file, "%s/ca.crt", certificates->dir);
    snprintf(certificates->pem, sizeof certificates->pem, "%s/server.pem", certificates->dir);
    return 0;
}

static int make_certificates(struct hostile_certificates *certificates, const char *common_name,
                             const char *host, int days_valid, bool has_intermediate)
{
    struct hostile_certificates made;
    struct identity ca = {0}, intermediate = {0}, server = {0};
    bool done;
    if (make_folder(&made)) {
        perror("hostile: folder for certificates");
        return -1;
    }
    done = make_ca(&ca, NULL) && (!has_intermediate || make_ca(&intermediate, &ca)) &&
           make_server(&server, has_intermediate ? &intermediate : &ca, common_name, host,
                       days_valid) &&
           write_ca(made.ca_file, &ca) && write_server(made.pem, &server, &intermediate);
    free_identity(&ca);
    free_identity(&intermediate);
    free_identity(&server);
    if (!done) {
        fprintf(stderr, "hostile: no certificate for %s\n", host);
        ERR_print_errors_fp(stderr);
        hostile_remove_certificates(&made);
        return -1;
    }
    *certificates = made;
    return 0;
}

int hostile_make_certificates(struct hostile_certificates *certificates, const char *host,
                              int days_valid)
{
    return make_certificates(certificates, NULL, host, days_valid, false);
}

int hostile_make_common_name(struct hostile_certificates *certificates, const char *host)
{
    return make_certificates(certificates, host, host, 1, false);
}

int hostile_make_chain(struct hostile_certificates *certificates, const char *host)
{
    return make_certificates(certificates, NULL, host, 1, true);
}

void hostile_remove_certificates(const struct hostile_certificates *certificates)
{
    unlink(certificates->ca_file);
    unlink(certificates->pem);
    rmdir(certificates->dir);
}
