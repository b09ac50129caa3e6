/* trust.c - fills OpenSSL's stores of CAs.
 *
 * Invariant: once filled, a store is changed by X509_STORE_add_cert() and _add_crl() alone, which
 * lock it; whether the system's file was read is its ex_data, under mu.
 *
 * Happy path: fill -> a chain that isn't complete -> find_issuer() looks in the store and the
 * folder -> the system's file is read -> it looks again. Failure: that there is no such file, or no
 * memory for it, is no failure of the handshake; the next chain asks for it again.
 */
#include "net/trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "net/openssl_error.h"

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static int read_index = -1; /* of a store's ex_data: not NULL once the system's file was read */

static void make_index(void)
{
    read_index = X509_STORE_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* ---- the system's ---- */

static bool load_system_file_locked(X509_STORE *store)
{
    X509_LOOKUP *lookup;
    bool is_loaded;
    ERR_set_mark();
    lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file()); /* the one that it has */
    is_loaded = lookup && X509_LOOKUP_load_file(lookup, NULL, X509_FILETYPE_DEFAULT) == 1;
    ERR_pop_to_mark();
    return is_loaded;
}

/* Whether it has been, now or before: another thread may have read it since the store was searched.
 */
static bool read_system_file(X509_STORE *store)
{
    bool is_read;
    pthread_mutex_lock(&mu);
    is_read = X509_STORE_get_ex_data(store, read_index) != NULL;
    if (!is_read && load_system_file_locked(store)) {
        is_read = true;
        X509_STORE_set_ex_data(store, read_index, store);
    }
    pthread_mutex_unlock(&mu);
    return is_read;
}

/* Asked for every chain that isn't complete. An issuer out of date may have a successor of its name
 * in the file. */
static int find_issuer(X509 **issuer, X509_STORE_CTX *ctx, X509 *certificate)
{
    int found = X509_STORE_CTX_get1_issuer(issuer, ctx, certificate);
    if (found == 1 &&
        X509_cmp_timeframe(NULL, X509_get0_notBefore(*issuer), X509_get0_notAfter(*issuer)) == 0)
        return 1;
    if (!read_system_file(X509_STORE_CTX_get0_store(ctx)))
        return found;
    if (found == 1)
        X509_free(*issuer);
    return X509_STORE_CTX_get1_issuer(issuer, ctx, certificate);
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

static void look_at(const char *variable, const char *otherwise, struct sx_trust_place *place)
{
    const char *path = secure_getenv(variable); /* as OpenSSL does */
    struct stat status;
    if (stat(path ? path : otherwise, &status) != 0)
        return;
    place->device = status.st_dev;
    place->inode = status.st_ino;
    place->bytes = status.st_size;
    place->written = status.st_mtim;
}

void sx_trust_look_at_system(struct sx_trust_system *system)
{
    memset(system, 0, sizeof *system); /* padding, too */
    look_at(X509_get_default_cert_file_env(), X509_get_default_cert_file(), &system->file);
    look_at(X509_get_default_cert_dir_env(), X509_get_default_cert_dir(), &system->folder);
}

/* ---- ca_file's ---- */

/* Without it OpenSSL would ask at the terminal, for a key that has no business here. */
static int give_no_passphrase(char *out, int out_bytes, int is_writing, void *user)
{
    (void)out;
    (void)out_bytes;
    (void)is_writing;
    (void)user;
    return -1;
}

/* How many certificates there were; -1: OpenSSL takes one of them or a revocation list for none. */
static int add_all(X509_STORE *store, STACK_OF(X509_INFO) * infos)
{
    int i, count = 0;
    for (i = 0; i < sk_X509_INFO_num(infos); i++) {
        const X509_INFO *info = sk_X509_INFO_value(infos, i);
        if (info->x509 && X509_STORE_add_cert(store, info->x509) != 1)
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
        bio ? PEM_X509_INFO_read_bio(bio, NULL, give_no_passphrase, NULL) : NULL;
    int count = infos ? add_all(store, infos) : -1;
    enum sx_err err = bio ? SX_OK : SX_ENOMEM;
    if (bio && count < 0)
        err = sx_pem_refuse(ca, why, why_bytes, "can't be understood: %.80s",
                            sx_openssl_error_reason());
    else if (count == 0)
        err = sx_pem_refuse(ca, why, why_bytes, "holds no certificate");
    sk_X509_INFO_pop_free(infos, X509_INFO_free);
    BIO_free(bio);
    return err;
}

enum sx_err sx_trust_fill(X509_STORE *store, const struct sx_pem *ca, char *why, size_t why_bytes)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_index);
    if (read_index < 0 || !add_lookups(store))
        return SX_ENOMEM;
    X509_STORE_set_get_issuer(store, find_issuer);
    return ca->file ? add_file(store, ca, why, why_bytes) : SX_OK;
}
