/* tls_context.c - makes contexts, finds those that there are, and stands before libstrophe.
 *
 * Invariant: each context of the table has an owner, and no two that aren't doubted have the same
 * digest.
 *
 * Happy path: files are read -> their digest is looked for -> none has it: a new one is made,
 * without the lock -> it joins the table, unless another thread was faster -> lend -> libstrophe
 * calls SSL_CTX_new() and gets it -> what it sets goes nowhere, and what it wants is set already ->
 * it calls SSL_new() and SSL_CTX_free() -> the last owner gives it back: it is freed once no
 * connection uses it any more.
 * Failure modes: a file that is no PEM, a key that is another certificate's, no memory: nothing is
 * made, and the context of before stays.
 */
#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "net/openssl_error.h"
#include "net/pem.h"
#include "net/trust.h"

SSL_CTX *__real_SSL_CTX_new(const SSL_METHOD *method);
SSL_CTX *__wrap_SSL_CTX_new(const SSL_METHOD *method);
uint64_t __real_SSL_CTX_set_options(SSL_CTX *ctx, uint64_t options);
uint64_t __wrap_SSL_CTX_set_options(SSL_CTX *ctx, uint64_t options);
long __real_SSL_CTX_ctrl(SSL_CTX *ctx, int command, long number, void *pointer);
long __wrap_SSL_CTX_ctrl(SSL_CTX *ctx, int command, long number, void *pointer);
int __real_SSL_CTX_set_default_verify_paths(SSL_CTX *ctx);
int __wrap_SSL_CTX_set_default_verify_paths(SSL_CTX *ctx);
typedef int client_certificate_callback(SSL *ssl, X509 **certificate, EVP_PKEY **key);
void __real_SSL_CTX_set_client_cert_cb(SSL_CTX *ctx, client_certificate_callback *callback);
void __wrap_SSL_CTX_set_client_cert_cb(SSL_CTX *ctx, client_certificate_callback *callback);
void __real_SSL_CTX_set_keylog_callback(SSL_CTX *ctx, SSL_CTX_keylog_cb_func callback);
void __wrap_SSL_CTX_set_keylog_callback(SSL_CTX *ctx, SSL_CTX_keylog_cb_func callback);

enum { DIGEST_BYTES = 32 };

struct sx_tls_context {
    /* immutable */
    unsigned char digest[DIGEST_BYTES]; /* of the files, and of where the system's are */
    SSL_CTX *ctx;
    /* under mu */
    unsigned owners;
    bool is_doubted; /* nobody else finds it */
    struct sx_tls_context *next;
};

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static struct sx_tls_context *contexts;

__attribute__((constructor)) static void hold_at_fork(void)
{
    sx_thread_hold_at_fork(&mu);
}

struct files {
    struct sx_pem ca, cert, key;
};

/* ---- the table ---- */

static struct sx_tls_context *find_locked(const unsigned char digest[DIGEST_BYTES])
{
    struct sx_tls_context *context = contexts;
    while (context && (context->is_doubted || memcmp(context->digest, digest, DIGEST_BYTES) != 0))
        context = context->next;
    if (context)
        context->owners++;
    return context;
}

static struct sx_tls_context *find(const unsigned char digest[DIGEST_BYTES])
{
    struct sx_tls_context *context;
    pthread_mutex_lock(&mu);
    context = find_locked(digest);
    pthread_mutex_unlock(&mu);
    return context;
}

static void free_context(struct sx_tls_context *context)
{
    SSL_CTX_free(context->ctx);
    free(context);
}

/* Takes what was made; gives it, or the one that another thread has made meanwhile. */
static struct sx_tls_context *join(struct sx_tls_context *made)
{
    struct sx_tls_context *found;
    pthread_mutex_lock(&mu);
    found = find_locked(made->digest);
    if (!found) {
        made->owners = 1;
        made->next = contexts;
        contexts = made;
    }
    pthread_mutex_unlock(&mu);
    if (!found)
        return made;
    free_context(made);
    return found;
}

void sx_tls_context_give_back(struct sx_tls_context *context)
{
    struct sx_tls_context **link = &contexts;
    bool is_last;
    if (!context)
        return;
    pthread_mutex_lock(&mu);
    is_last = --context->owners == 0;
    while (is_last && *link != context)
        link = &(*link)->next;
    if (is_last)
        *link = context->next;
    pthread_mutex_unlock(&mu);
    if (is_last)
        free_context(context);
}

void sx_tls_context_doubt(struct sx_tls_context *context)
{
    pthread_mutex_lock(&mu);
    context->is_doubted = true;
    pthread_mutex_unlock(&mu);
}

size_t sx_tls_context_count(void)
{
    const struct sx_tls_context *context;
    size_t count = 0;
    pthread_mutex_lock(&mu);
    for (context = contexts; context; context = context->next)
        count++;
    pthread_mutex_unlock(&mu);
    return count;
}

/* ---- our certificate ---- */

static enum sx_err refuse_block(const struct sx_pem *pem, char *why, size_t why_bytes)
{
    if (sx_openssl_error_is_end_of_pem())
        return sx_pem_refuse(pem, why, why_bytes, "holds no certificate");
    return sx_pem_refuse_text(pem, why, why_bytes);
}

/* The certificates of intermediate CAs, which follow ours, are sent along. */
static enum sx_err use_chain(SSL_CTX *ctx, BIO *bio, const struct sx_pem *cert, char *why,
                             size_t why_bytes)
{
    X509 *issuer;
    while ((issuer = PEM_read_bio_X509(bio, NULL, sx_pem_give_no_passphrase, NULL)))
        if (SSL_CTX_add0_chain_cert(ctx, issuer) != 1) {
            X509_free(issuer);
            return refuse_block(cert, why, why_bytes);
        }
    if (!sx_openssl_error_is_end_of_pem())
        return refuse_block(cert, why, why_bytes);
    ERR_clear_error();
    return SX_OK;
}

static enum sx_err use_certificate(SSL_CTX *ctx, const struct sx_pem *cert, char *why,
                                   size_t why_bytes)
{
    BIO *bio = sx_pem_open(cert);
    X509 *own = bio ? PEM_read_bio_X509_AUX(bio, NULL, sx_pem_give_no_passphrase, NULL) : NULL;
    enum sx_err err = bio ? SX_OK : SX_ENOMEM;
    if (bio && (!own || SSL_CTX_use_certificate(ctx, own) != 1))
        err = refuse_block(cert, why, why_bytes);
    if (!err)
        err = use_chain(ctx, bio, cert, why, why_bytes);
    X509_free(own);
    BIO_free(bio);
    return err;
}

static enum sx_err use_key(SSL_CTX *ctx, const struct files *files, char *why, size_t why_bytes)
{
    bool wants_passphrase = false;
    BIO *bio = sx_pem_open(&files->key);
    EVP_PKEY *key =
        bio ? PEM_read_bio_PrivateKey(bio, NULL, sx_pem_give_no_passphrase, &wants_passphrase)
            : NULL;
    enum sx_err err = SX_OK;
    if (!bio)
        err = SX_ENOMEM;
    else if (wants_passphrase)
        err = sx_pem_refuse(&files->key, why, why_bytes, "needs a passphrase, and there is none");
    else if (!key && !strstr(files->key.text.bytes, "PRIVATE KEY-----"))
        err = sx_pem_refuse(&files->key, why, why_bytes, "holds no private key");
    else if (key && X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) != 1)
        err = sx_pem_refuse(&files->key, why, why_bytes, "isn't the key of %s", files->cert.member);
    else if (!key || SSL_CTX_use_PrivateKey(ctx, key) != 1)
        err = refuse_block(&files->key, why, why_bytes);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return err;
}

enum sx_err sx_tls_context_check_dates(const struct sx_tls_context *context,
                                       const struct sx_config *config, char *why, size_t why_bytes)
{
    const X509 *own = SSL_CTX_get0_certificate(context->ctx);
    if (!own)
        return SX_OK;
    if (X509_cmp_current_time(X509_get0_notAfter(own)) < 0)
        snprintf(why, why_bytes, "the client certificate %.150s has expired", config->cert_file);
    else if (X509_cmp_current_time(X509_get0_notBefore(own)) > 0)
        snprintf(why, why_bytes, "the client certificate %.150s is not yet valid",
                 config->cert_file);
    else
        return SX_OK;
    return SX_EFILE;
}

/* ---- a new one ---- */

/* All that libstrophe would set, and what it leaves out. */
static bool set_up(SSL_CTX *ctx)
{
    if (SSL_CTX_get_min_proto_version(ctx) < TLS1_2_VERSION &&
        !SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION))
        return false; /* OpenSSL was built without it */
    SSL_CTX_set_options(ctx, SSL_OP_ALL);
    /* An idle link has nothing to read and nothing to write: it needs no two records' room, 33 KiB.
     */
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return true;
}

static enum sx_err fill(SSL_CTX *ctx, const struct files *files, char *why, size_t why_bytes)
{
    enum sx_err err = sx_trust_fill(SSL_CTX_get_cert_store(ctx), &files->ca, why, why_bytes);
    if (!err && files->cert.file)
        err = use_certificate(ctx, &files->cert, why, why_bytes);
    if (!err && files->key.file)
        err = use_key(ctx, files, why, why_bytes);
    return err;
}

static enum sx_err make(const struct files *files, const unsigned char digest[DIGEST_BYTES],
                        struct sx_tls_context **out, char *why, size_t why_bytes)
{
    struct sx_tls_context *context = calloc(1, sizeof *context);
    enum sx_err err = SX_ENOMEM;
    if (!context)
        return SX_ENOMEM;
    memcpy(context->digest, digest, DIGEST_BYTES);
    context->ctx = __real_SSL_CTX_new(TLS_client_method());
    if (context->ctx && set_up(context->ctx))
        err = fill(context->ctx, files, why, why_bytes);
    if (err)
        free_context(context);
    else
        *out = join(context);
    return err;
}

/* ---- which one ---- */

static struct files name_files(const struct sx_config *config)
{
    return (struct files){
        .ca = {.member = "ca_file (SOAP_XMPP_CAFILE)", .file = config->ca_file},
        .cert = {.member = "cert_file (SOAP_XMPP_CERTFILE)", .file = config->cert_file},
        .key = {.member = "key_file (SOAP_XMPP_KEYFILE)", .file = config->key_file},
    };
}

static enum sx_err read_files(struct files *files, char *why, size_t why_bytes)
{
    enum sx_err err = sx_pem_read(&files->ca, why, why_bytes);
    if (!err)
        err = sx_pem_read(&files->cert, why, why_bytes);
    return err ? err : sx_pem_read(&files->key, why, why_bytes);
}

static bool add_text(EVP_MD_CTX *md, const struct sx_pem *pem)
{
    return EVP_DigestUpdate(md, &pem->text.len, sizeof pem->text.len) == 1 &&
           (!pem->text.len || EVP_DigestUpdate(md, pem->text.bytes, pem->text.len) == 1);
}

static enum sx_err digest_files(const struct files *files, unsigned char digest[DIGEST_BYTES])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool is_made;
    is_made = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 && add_text(md, &files->ca) &&
              add_text(md, &files->cert) && add_text(md, &files->key) &&
              sx_trust_digest_system(md) && EVP_DigestFinal_ex(md, digest, NULL) == 1;
    EVP_MD_CTX_free(md);
    return is_made ? SX_OK : SX_ENOMEM;
}

enum sx_err sx_tls_context_renew(struct sx_tls_context **context, const struct sx_config *config,
                                 char *why, size_t why_bytes)
{
    unsigned char digest[DIGEST_BYTES];
    struct files files = name_files(config);
    struct sx_tls_context *found = NULL;
    enum sx_err err;
    ERR_clear_error();
    err = read_files(&files, why, why_bytes);
    if (!err)
        err = digest_files(&files, digest);
    if (!err && !(found = find(digest)))
        err = make(&files, digest, &found, why, why_bytes);
    sx_pem_wipe(&files.ca);
    sx_pem_wipe(&files.cert);
    sx_pem_wipe(&files.key);
    ERR_clear_error();
    if (err == SX_ENOMEM)
        snprintf(why, why_bytes, "memory ran short");
    if (err)
        return err;
    sx_tls_context_give_back(*context);
    *context = found;
    return SX_OK;
}

/* ---- libstrophe's ---- */

static _Thread_local struct {
    bool is_under_way; /* between lend and withdraw */
    SSL_CTX *ctx;
} lent;

void sx_tls_context_lend(const struct sx_tls_context *context)
{
    lent.is_under_way = true;
    lent.ctx = context ? context->ctx : NULL;
}

void sx_tls_context_withdraw(void)
{
    lent.is_under_way = false;
    lent.ctx = NULL;
}

static bool is_lent(const SSL_CTX *ctx)
{
    return ctx && ctx == lent.ctx;
}

SSL_CTX *__wrap_SSL_CTX_new(const SSL_METHOD *method)
{
    if (!lent.is_under_way)
        return __real_SSL_CTX_new(method);
    return lent.ctx && SSL_CTX_up_ref(lent.ctx) == 1 ? lent.ctx : NULL;
}

uint64_t __wrap_SSL_CTX_set_options(SSL_CTX *ctx, uint64_t options)
{
    return is_lent(ctx) ? SSL_CTX_get_options(ctx) : __real_SSL_CTX_set_options(ctx, options);
}

/* SSL_CTX_set_mode() among others. */
long __wrap_SSL_CTX_ctrl(SSL_CTX *ctx, int command, long number, void *pointer)
{
    return is_lent(ctx) ? 1 : __real_SSL_CTX_ctrl(ctx, command, number, pointer);
}

int __wrap_SSL_CTX_set_default_verify_paths(SSL_CTX *ctx)
{
    return is_lent(ctx) ? 1 : __real_SSL_CTX_set_default_verify_paths(ctx);
}

void __wrap_SSL_CTX_set_client_cert_cb(SSL_CTX *ctx, client_certificate_callback *callback)
{
    if (!is_lent(ctx))
        __real_SSL_CTX_set_client_cert_cb(ctx, callback);
}

/* libstrophe 0.14 sets one if the environment asks for the secrets of the connection. */
void __wrap_SSL_CTX_set_keylog_callback(SSL_CTX *ctx, SSL_CTX_keylog_cb_func callback)
{
    if (!is_lent(ctx))
        __real_SSL_CTX_set_keylog_callback(ctx, callback);
}
