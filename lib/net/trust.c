/* trust.c - fills OpenSSL's stores of CAs.
 *
 * Invariant: once filled, a store is changed by X509_STORE_add_cert() and _add_crl() alone, which
 * lock it; whether the system's file was read is its ex_data, under mu.
 *
 * Happy path: fill -> a chain that isn't complete -> find_issuer() looks in the store and the
 * folder -> the system's file is read -> it looks again. Failure: that there is no such file is no
 * failure of the handshake. That there is no memory or descriptor for it is one, of which OpenSSL's
 * queue tells; the next chain asks for it again, and what was read twice is there once. A CA that
 * OpenSSL decodes while memory is short may lose its key or what its extensions say, without a
 * word: whoever is refused for it finds another store at its next attempt (tls_context.h).
 */
#include "net/trust.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/thread.h"
#include "net/openssl_error.h"

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static int read_index = -1; /* of a store's ex_data: not NULL once the system's file was read */

__attribute__((constructor)) static void hold_at_fork(void)
{
    sx_thread_hold_at_fork(&mu);
}

/* Made by the first one that finds memory for it. */
static bool has_index(void)
{
    bool is_made;
    pthread_mutex_lock(&mu);
    if (read_index < 0)
        read_index = X509_STORE_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    is_made = read_index >= 0;
    pthread_mutex_unlock(&mu);
    return is_made;
}

/* ---- the system's ---- */

enum reading { READ, NOT_READ, SHORT };

/* That there is no such file, or none that can be understood, leaves no trace; a shortage does. Of
 * a file in which a shortage ended it OpenSSL says that it was read. */
static enum reading load_system_file_locked(X509_STORE *store)
{
    X509_LOOKUP *lookup;
    bool is_loaded;
    ERR_set_mark();
    lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file()); /* the one that it has */
    is_loaded = lookup && X509_LOOKUP_load_file(lookup, NULL, X509_FILETYPE_DEFAULT) == 1;
    if (sx_openssl_error_is_shortage()) {
        ERR_clear_last_mark();
        return SHORT;
    }
    ERR_pop_to_mark();
    return is_loaded ? READ : NOT_READ;
}

/* Now or before: another thread may have read it since the store was searched. */
static enum reading read_system_file(X509_STORE *store)
{
    enum reading reading = READ;
    pthread_mutex_lock(&mu);
    if (!X509_STORE_get_ex_data(store, read_index)) {
        reading = load_system_file_locked(store);
        if (reading == READ)
            X509_STORE_set_ex_data(store, read_index, store);
    }
    pthread_mutex_unlock(&mu);
    return reading;
}

static bool is_valid_now(const X509 *certificate)
{
    return X509_cmp_timeframe(NULL, X509_get0_notBefore(certificate),
                              X509_get0_notAfter(certificate)) == 0;
}

/* 1: one that is valid now, the caller's to free. 0: there is none. -1: nobody can tell, and
 * OpenSSL's queue says why. */
static int search(X509 **issuer, X509_STORE_CTX *ctx, X509 *certificate)
{
    int found = X509_STORE_CTX_get1_issuer(issuer, ctx, certificate);
    if (found == 1 && !is_valid_now(*issuer)) {
        X509_free(*issuer);
        found = 0;
    }
    return found == 0 && sx_openssl_error_is_shortage() ? -1 : found;
}

/* Asked for every chain that isn't complete. An issuer out of date may have a successor of its name
 * in the file. */
static int find_issuer(X509 **issuer, X509_STORE_CTX *ctx, X509 *certificate)
{
    int found = search(issuer, ctx, certificate);
    enum reading reading = found ? NOT_READ : read_system_file(X509_STORE_CTX_get0_store(ctx));
    if (reading == READ)
        found = search(issuer, ctx, certificate);
    if (reading == SHORT)
        found = -1;
    return found ? found : X509_STORE_CTX_get1_issuer(issuer, ctx, certificate); /* out of date */
}

/* What X509_STORE_set_default_paths() adds besides, a store by URI, is this folder once more. That
 * there is no folder is no failure. */
static bool add_lookups(X509_STORE *store)
{
    X509_LOOKUP *folder = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
    bool is_short;
    if (!folder || !X509_STORE_add_lookup(store, X509_LOOKUP_file()))
        return false;
    ERR_set_mark();
    is_short = X509_LOOKUP_add_dir(folder, NULL, X509_FILETYPE_DEFAULT) != 1 &&
               sx_openssl_error_is_shortage();
    ERR_pop_to_mark();
    return !is_short;
}

/* As the environment has it, or as OpenSSL was built. */
static const char *path_of(const char *variable, const char *otherwise)
{
    const char *path = secure_getenv(variable); /* as OpenSSL does */
    return path ? path : otherwise;
}

static bool digest_place(EVP_MD_CTX *md, const char *path)
{
    struct stat status = {0};
    if (stat(path, &status) != 0)
        memset(&status, 0, sizeof status);
    return EVP_DigestUpdate(md, &status.st_dev, sizeof status.st_dev) == 1 &&
           EVP_DigestUpdate(md, &status.st_ino, sizeof status.st_ino) == 1 &&
           EVP_DigestUpdate(md, &status.st_size, sizeof status.st_size) == 1 &&
           EVP_DigestUpdate(md, &status.st_mtim, sizeof status.st_mtim) == 1;
}

/* Names of folders between colons. */
static bool digest_folders(EVP_MD_CTX *md, const char *list)
{
    size_t len;
    for (; *list; list += len + (list[len] == ':')) {
        char path[PATH_MAX];
        len = strcspn(list, ":");
        snprintf(path, sizeof path, "%.*s", (int)len, list);
        if (!digest_place(md, len < sizeof path ? path : "")) /* too long a name is nobody's */
            return false;
    }
    return true;
}

bool sx_trust_digest_system(EVP_MD_CTX *md)
{
    return digest_place(md,
                        path_of(X509_get_default_cert_file_env(), X509_get_default_cert_file())) &&
           digest_folders(md,
                          path_of(X509_get_default_cert_dir_env(), X509_get_default_cert_dir()));
}

/* ---- ca_file's ---- */

/* What a certificate's extensions say OpenSSL finds out once, at the first chain: here it is before
 * other threads see it. */
static bool add_certificate(X509_STORE *store, X509 *certificate)
{
    X509_check_purpose(certificate, -1, 0);
    return !sx_openssl_error_is_shortage() && X509_STORE_add_cert(store, certificate) == 1;
}

/* How many certificates there were; -1: OpenSSL takes one of them or a revocation list for none. */
static int add_all(X509_STORE *store, STACK_OF(X509_INFO) * infos)
{
    int i, count = 0;
    for (i = 0; i < sk_X509_INFO_num(infos); i++) {
        const X509_INFO *info = sk_X509_INFO_value(infos, i);
        if (info->x509 && !add_certificate(store, info->x509))
            return -1;
        if (info->crl && X509_STORE_add_crl(store, info->crl) != 1)
            return -1;
        count += info->x509 != NULL;
    }
    return count;
}

static enum sx_err add_file(X509_STORE *store, const struct sx_pem *ca, char *why, size_t why_bytes)
{
    BIO *bio = sx_pem_open(ca);
    STACK_OF(X509_INFO) *infos =
        bio ? PEM_X509_INFO_read_bio(bio, NULL, sx_pem_give_no_passphrase, NULL) : NULL;
    int count = infos ? add_all(store, infos) : -1;
    enum sx_err err = bio ? SX_OK : SX_ENOMEM;
    if (bio && count < 0)
        err = sx_pem_refuse_text(ca, why, why_bytes);
    else if (count == 0)
        err = sx_pem_refuse(ca, why, why_bytes, "holds no certificate");
    sk_X509_INFO_pop_free(infos, X509_INFO_free);
    BIO_free(bio);
    return err;
}

enum sx_err sx_trust_fill(X509_STORE *store, const struct sx_pem *ca, char *why, size_t why_bytes)
{
    if (!has_index() || !add_lookups(store))
        return SX_ENOMEM;
    X509_STORE_set_get_issuer(store, find_issuer);
    return ca->file ? add_file(store, ca, why, why_bytes) : SX_OK;
}
