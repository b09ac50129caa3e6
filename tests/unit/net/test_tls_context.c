/* Links share a context by what their files say; a bad file is told; libstrophe writes to none. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/tls_context.h"
#include "../../lib/hostile.h"
#include "../../lib/suite.h"
#include "attempt.h"

extern CU_TestInfo tests_tls_context[];

enum { WHY_BYTES = 512, FILE_BYTES = 400, TEXT_BYTES = 16384 };

/* A CA, a certificate by it with its key in one file, and a file to write. */
struct files {
    struct hostile_certificates certificates;
    char scratch[FILE_BYTES];
    struct sx_config config;
};

static void make_files(struct files *files)
{
    *files = (struct files){0};
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&files->certificates, "example.org", 1), 0);
    snprintf(files->scratch, sizeof files->scratch, "%s/scratch", files->certificates.dir);
    files->config.ca_file = files->certificates.ca_file;
}

/* No context is left behind. */
static void remove_files(struct files *files)
{
    CU_ASSERT_EQUAL(sx_tls_context_count(), 0);
    unlink(files->scratch);
    hostile_remove_certificates(&files->certificates);
}

static void read_text(const char *file, char text[TEXT_BYTES])
{
    FILE *in = fopen(file, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    text[fread(text, 1, TEXT_BYTES - 1, in)] = '\0';
    fclose(in);
}

static void write_texts(const char *file, const char *first, const char *second)
{
    FILE *out = fopen(file, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(first, out);
    fputs(second, out);
    fclose(out);
}

static void renew(struct sx_tls_context **context, const struct sx_config *config)
{
    char why[WHY_BYTES] = "";
    CU_ASSERT_EQUAL_FATAL(sx_tls_context_renew(context, config, why, sizeof why), SX_OK);
    ASSERT_TEXT(why, "");
}

/* ---- who shares which ---- */

static void test_same_files(void)
{
    struct sx_tls_context *one = NULL, *other = NULL, *third = NULL;
    char text[TEXT_BYTES];
    struct files files;
    struct sx_config copy;
    make_files(&files);
    renew(&one, &files.config);
    renew(&other, &files.config);
    CU_ASSERT_PTR_EQUAL(one, other);
    copy = files.config;
    copy.ca_file = files.scratch;
    read_text(files.certificates.ca_file, text);
    write_texts(files.scratch, text, "");
    renew(&third, &copy);
    CU_ASSERT_PTR_EQUAL(one, third);
    CU_ASSERT_EQUAL(sx_tls_context_count(), 1);
    renew(&third, &copy); /* of its own, once more */
    sx_tls_context_give_back(one);
    sx_tls_context_give_back(other);
    CU_ASSERT_EQUAL(sx_tls_context_count(), 1);
    sx_tls_context_give_back(third);
    sx_tls_context_give_back(NULL);
    remove_files(&files);
}

/* One that is ours, and what the next one to ask gets after an attempt with it. */
static void check_next(const struct hostile_step *script, bool is_trusted, enum sx_err err)
{
    struct attempt attempt = {.timeout_ms = err == SX_ECONNECT ? 200 : 60000};
    struct attempt_server server;
    struct sx_tls_context *mine = NULL, *next = NULL;
    struct files files;
    make_files(&files);
    attempt_server_start(&server, script, &attempt, SOAP_XMPP_TLS_REQUIRED);
    if (!is_trusted)
        attempt.config.ca_file = files.certificates.ca_file;
    renew(&mine, &attempt.config);
    attempt_run(&attempt);
    CU_ASSERT_EQUAL(attempt.connection.failure.err, err);
    renew(&next, &attempt.config);
    CU_ASSERT_EQUAL(next == mine, err != SX_ECERT);
    sx_tls_context_give_back(next);
    sx_tls_context_give_back(mine);
    attempt_server_stop(&server);
    remove_files(&files);
}

static void test_refused(void)
{
    static const struct hostile_step honest[] = {{HOSTILE_PLAY, .steps = hostile_login_tls},
                                                 {HOSTILE_END}};
    static const struct hostile_step brief[] = {{HOSTILE_PLAY, .steps = hostile_offer_tls},
                                                {HOSTILE_END}};
    check_next(honest, false, SX_ECERT);
    check_next(honest, true, SX_ESTOPPED);
    check_next(brief, true, SX_ECONNECT);
}

static void test_other_files(void)
{
    struct sx_tls_context *contexts[4] = {NULL};
    struct files files, others;
    struct sx_config config = {0};
    size_t i, j;
    make_files(&files);
    make_files(&others);
    renew(&contexts[0], &config);
    renew(&contexts[1], &files.config);
    renew(&contexts[2], &others.config);
    files.config.cert_file = files.config.key_file = files.certificates.pem;
    renew(&contexts[3], &files.config);
    for (i = 0; i < 4; i++)
        for (j = 0; j < i; j++)
            CU_ASSERT_PTR_NOT_EQUAL(contexts[i], contexts[j]);
    CU_ASSERT_EQUAL(sx_tls_context_count(), 4);
    for (i = 0; i < 4; i++)
        sx_tls_context_give_back(contexts[i]);
    unlink(others.scratch);
    hostile_remove_certificates(&others.certificates);
    remove_files(&files);
}

/* Written within one tick of the clock, and of the same length: what is in it counts. */
static void test_written_anew(void)
{
    struct sx_tls_context *context = NULL, *before = NULL;
    char text[TEXT_BYTES], *letter;
    struct files files;
    make_files(&files);
    read_text(files.certificates.ca_file, text);
    write_texts(files.scratch, "a comment\n", text);
    files.config.ca_file = files.scratch;
    renew(&context, &files.config);
    renew(&before, &files.config);
    write_texts(files.scratch, "another..\n", text);
    renew(&context, &files.config);
    CU_ASSERT_PTR_NOT_EQUAL(context, before);
    CU_ASSERT_EQUAL(sx_tls_context_count(), 2);
    sx_tls_context_give_back(before);
    CU_ASSERT_EQUAL(sx_tls_context_count(), 1);
    letter = strchr(strchr(text, '\n') + 1, 'A'); /* of base64 */
    *letter = '!';
    write_texts(files.scratch, text, "");
    before = context;
    CU_ASSERT_EQUAL(sx_tls_context_renew(&context, &files.config, NULL, 0), SX_EFILE);
    CU_ASSERT_PTR_EQUAL(context, before);
    sx_tls_context_give_back(context);
    remove_files(&files);
}

/* What the system trusts is compared by name and time: a context would trust for ever what it has
 * read of it. */
static void test_other_system(void)
{
    struct sx_tls_context *context = NULL, *other = NULL;
    struct files files;
    make_files(&files);
    write_texts(files.scratch, "", "");
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    renew(&context, &files.config);
    setenv("SSL_CERT_FILE", files.scratch, 1);
    renew(&other, &files.config);
    CU_ASSERT_PTR_NOT_EQUAL(context, other);
    unsetenv("SSL_CERT_FILE");
    sx_tls_context_give_back(context);
    sx_tls_context_give_back(other);
    remove_files(&files);
}

static void set_time(const char *folder, int64_t days)
{
    const struct timespec times[2] = {{.tv_sec = days * 86400}, {.tv_sec = days * 86400}};
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, folder, times, 0), 0);
}

/* Each of several counts, as OpenSSL reads them. */
static void test_system_folders(void)
{
    struct sx_tls_context *context = NULL, *same = NULL;
    char one[] = "/tmp/soapxmpp-a.XXXXXX", other[] = "/tmp/soapxmpp-b.XXXXXX", list[80];
    const char *const folders[] = {one, other};
    struct files files;
    size_t i;
    make_files(&files);
    CU_ASSERT_FATAL(mkdtemp(one) && mkdtemp(other));
    snprintf(list, sizeof list, "%s::/nonexistent:%s", one, other);
    setenv("SSL_CERT_DIR", list, 1);
    renew(&context, &files.config);
    for (i = 0; i < 2; i++) {
        renew(&same, &files.config);
        CU_ASSERT_PTR_EQUAL(same, context);
        set_time(folders[i], 1);
        renew(&same, &files.config);
        CU_ASSERT_PTR_NOT_EQUAL(same, context);
        renew(&context, &files.config);
    }
    unsetenv("SSL_CERT_DIR");
    sx_tls_context_give_back(context);
    sx_tls_context_give_back(same);
    rmdir(one);
    rmdir(other);
    remove_files(&files);
}

/* ---- bad files ---- */

static void expect_refusal(const struct sx_config *config, const char *member, const char *file,
                           const char *what)
{
    struct sx_tls_context *context = NULL;
    char why[WHY_BYTES] = "", begin[WHY_BYTES];
    snprintf(begin, sizeof begin, "%s is \"%s\", which %s", member, file, what);
    CU_ASSERT_EQUAL(sx_tls_context_renew(&context, config, why, sizeof why), SX_EFILE);
    CU_ASSERT_PTR_NULL(context);
    ASSERT_CONTAINS(why, begin);
    ASSERT_CONTAINS(why, "; it must be a PEM file");
    CU_ASSERT(strlen(why) < 320); /* an event's text */
}

static void test_bad_ca_file(void)
{
    static const struct {
        const char *text, *what;
    } rows[] = {
        {"", "is empty"},
        {"rubbish\n", "holds no certificate"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "can't be understood: "},
        {"-----BEGIN CERTIFICATE-----\n", "can't be understood: "},
        {"\x30\x82\x01\x01", "is in DER"},
        {"\xFF\xFE-\x01", "holds no certificate"},
    };
    static const char member[] = "ca_file (SOAP_XMPP_CAFILE)";
    struct files files;
    size_t i;
    make_files(&files);
    files.config.ca_file = files.scratch;
    expect_refusal(&files.config, member, files.scratch, "can't be read: No such file");
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_texts(files.scratch, rows[i].text, "");
        expect_refusal(&files.config, member, files.scratch, rows[i].what);
    }
    remove_files(&files);
}

/* One good certificate doesn't hide a bad one behind it. */
static void test_half_bad_ca_file(void)
{
    char text[TEXT_BYTES];
    struct files files;
    make_files(&files);
    read_text(files.certificates.ca_file, text);
    write_texts(files.scratch, text,
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    files.config.ca_file = files.scratch;
    expect_refusal(&files.config, "ca_file (SOAP_XMPP_CAFILE)", files.scratch,
                   "can't be understood: ");
    remove_files(&files);
}

static void write_key(const char *file, EVP_PKEY *key, const char *passphrase)
{
    FILE *out = fopen(file, "w");
    CU_ASSERT_FATAL(out && key);
    CU_ASSERT_EQUAL(PEM_write_PKCS8PrivateKey(out, key, passphrase ? EVP_aes_128_cbc() : NULL,
                                              passphrase, passphrase ? (int)strlen(passphrase) : 0,
                                              NULL, NULL),
                    1);
    fclose(out);
    EVP_PKEY_free(key);
}

static void test_bad_certificate(void)
{
    static const char cert[] = "cert_file (SOAP_XMPP_CERTFILE)";
    char text[TEXT_BYTES];
    struct files files;
    make_files(&files);
    files.config.key_file = files.certificates.pem;
    files.config.cert_file = files.scratch;
    expect_refusal(&files.config, cert, files.scratch, "can't be read: No such file");
    write_texts(files.scratch, "rubbish", "");
    expect_refusal(&files.config, cert, files.scratch, "holds no certificate");
    read_text(files.certificates.pem, text);
    write_texts(files.scratch, text,
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect_refusal(&files.config, cert, files.scratch, "can't be understood: ");
    remove_files(&files);
}

static void test_bad_key(void)
{
    static const char key[] = "key_file (SOAP_XMPP_KEYFILE)";
    struct files files;
    make_files(&files);
    files.config.cert_file = files.certificates.pem;
    files.config.key_file = files.scratch;
    expect_refusal(&files.config, key, files.scratch, "can't be read: No such file");
    files.config.key_file = files.certificates.ca_file;
    expect_refusal(&files.config, key, files.certificates.ca_file, "holds no private key");
    files.config.key_file = files.scratch;
    write_key(files.scratch, EVP_EC_gen("P-256"), NULL);
    expect_refusal(&files.config, key, files.scratch, "isn't the key of cert_file");
    write_key(files.scratch, EVP_RSA_gen(2048), NULL); /* another kind than the certificate's */
    expect_refusal(&files.config, key, files.scratch, "isn't the key of cert_file");
    write_key(files.scratch, EVP_EC_gen("P-256"), "secret");
    expect_refusal(&files.config, key, files.scratch, "needs a passphrase, and there is none");
    remove_files(&files);
}

static void test_mark(void)
{
    struct sx_tls_context *context = NULL, *marked = NULL;
    char text[TEXT_BYTES];
    struct files files;
    make_files(&files);
    files.config.cert_file = files.config.key_file = files.certificates.pem;
    renew(&context, &files.config);
    read_text(files.certificates.pem, text);
    write_texts(files.scratch, "\xEF\xBB\xBF", text);
    files.config.cert_file = files.scratch;
    renew(&marked, &files.config);
    CU_ASSERT_PTR_EQUAL(context, marked);
    sx_tls_context_give_back(context);
    sx_tls_context_give_back(marked);
    remove_files(&files);
}

static void check_dates(int days_valid, const char *expected)
{
    struct hostile_certificates certificates;
    struct sx_tls_context *context = NULL;
    struct sx_config config = {0};
    char why[WHY_BYTES] = "";
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&certificates, "example.org", days_valid), 0);
    config.cert_file = config.key_file = certificates.pem;
    renew(&context, &config); /* clocks are set right, and certificates renewed */
    CU_ASSERT_EQUAL(sx_tls_context_check_dates(context, &config, why, sizeof why),
                    expected ? SX_EFILE : SX_OK);
    ASSERT_CONTAINS(why, expected ? expected : "");
    sx_tls_context_give_back(context);
    hostile_remove_certificates(&certificates);
}

static void test_dates(void)
{
    struct sx_tls_context *context = NULL;
    struct sx_config config = {0};
    char why[WHY_BYTES] = "";
    check_dates(1, NULL);
    check_dates(-1, "/server.pem has expired");
    renew(&context, &config);
    CU_ASSERT_EQUAL(sx_tls_context_check_dates(context, &config, why, sizeof why), SX_OK);
    sx_tls_context_give_back(context);
}

/* ---- what libstrophe gets ---- */

static void test_lent(void)
{
    struct sx_tls_context *context = NULL;
    struct sx_config config = {0};
    SSL_CTX *ctx, *again;
    renew(&context, &config);
    sx_tls_context_lend(context);
    ctx = SSL_CTX_new(TLS_client_method());
    again = SSL_CTX_new(TLS_client_method());
    CU_ASSERT_PTR_NOT_NULL_FATAL(ctx);
    CU_ASSERT_PTR_EQUAL(ctx, again);
    SSL_CTX_free(again);
    sx_tls_context_withdraw();
    again = SSL_CTX_new(TLS_client_method());
    CU_ASSERT_PTR_NOT_EQUAL(ctx, again);
    SSL_CTX_free(again);
    sx_tls_context_lend(NULL);
    CU_ASSERT_PTR_NULL(SSL_CTX_new(TLS_client_method()));
    sx_tls_context_withdraw();
    sx_tls_context_give_back(context); /* the connection still has it */
    CU_ASSERT_EQUAL(SSL_CTX_get_min_proto_version(ctx), TLS1_2_VERSION);
    SSL_CTX_free(ctx);
}

static int never_called(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    (void)ssl;
    (void)certificate;
    (void)key;
    return 0;
}

static void never_logged(const SSL *ssl, const char *line)
{
    (void)ssl;
    (void)line;
}

static void write_all(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_TLSv1_3);
    SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY | SSL_MODE_ASYNC);
    SSL_CTX_set_client_cert_cb(ctx, never_called);
    SSL_CTX_set_keylog_callback(ctx, never_logged);
    CU_ASSERT_EQUAL(SSL_CTX_set_default_verify_paths(ctx), 1);
}

static bool has_written(SSL_CTX *ctx)
{
    return (SSL_CTX_get_options(ctx) & SSL_OP_NO_TLSv1_3) ||
           (SSL_CTX_get_mode(ctx) & SSL_MODE_ASYNC) ||
           SSL_CTX_get_client_cert_cb(ctx) == never_called ||
           SSL_CTX_get_keylog_callback(ctx) == never_logged;
}

static void test_not_written(void)
{
    struct sx_tls_context *context = NULL;
    struct sx_config config = {0};
    SSL_CTX *ctx, *own = SSL_CTX_new(TLS_client_method());
    renew(&context, &config);
    sx_tls_context_lend(context);
    ctx = SSL_CTX_new(TLS_client_method());
    CU_ASSERT_FATAL(ctx && own);
    write_all(ctx);
    write_all(own); /* somebody else's */
    sx_tls_context_withdraw();
    CU_ASSERT_FALSE(has_written(ctx));
    CU_ASSERT(has_written(own));
    SSL_CTX_free(own);
    SSL_CTX_free(ctx);
    sx_tls_context_give_back(context);
}

static void test_set_up(void)
{
    struct sx_tls_context *context = NULL;
    struct sx_config config = {0};
    SSL_CTX *ctx;
    renew(&context, &config);
    sx_tls_context_lend(context);
    ctx = SSL_CTX_new(TLS_client_method());
    sx_tls_context_withdraw();
    CU_ASSERT_PTR_NOT_NULL_FATAL(ctx);
    CU_ASSERT(SSL_CTX_get_min_proto_version(ctx) >= TLS1_2_VERSION);
    CU_ASSERT(SSL_CTX_get_mode(ctx) & SSL_MODE_RELEASE_BUFFERS);
    CU_ASSERT(SSL_CTX_get_mode(ctx) & SSL_MODE_ENABLE_PARTIAL_WRITE);
    CU_ASSERT_EQUAL(SSL_CTX_get_session_cache_mode(ctx), SSL_SESS_CACHE_OFF);
    SSL_CTX_free(ctx);
    sx_tls_context_give_back(context);
}

/* ---- handshakes with a server in the same thread, each of the two asking for a certificate ----
 */

static SSL_CTX *make_server(const struct hostile_certificates *certificates)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    CU_ASSERT_PTR_NOT_NULL_FATAL(ctx);
    CU_ASSERT_EQUAL_FATAL(SSL_CTX_use_certificate_chain_file(ctx, certificates->pem), 1);
    CU_ASSERT_EQUAL_FATAL(SSL_CTX_use_PrivateKey_file(ctx, certificates->pem, SSL_FILETYPE_PEM), 1);
    CU_ASSERT_EQUAL_FATAL(SSL_CTX_load_verify_locations(ctx, certificates->ca_file, NULL), 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return ctx;
}

/* As libstrophe makes one. */
static SSL *make_client(const struct sx_tls_context *context)
{
    SSL_CTX *ctx;
    SSL *ssl;
    sx_tls_context_lend(context);
    ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_options(ctx, SSL_OP_ALL);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_client_cert_cb(ctx, NULL);
    SSL_CTX_set_default_verify_paths(ctx);
    ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    sx_tls_context_withdraw();
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    return ssl;
}

static bool shake_hands(const struct sx_tls_context *context, SSL_CTX *server_ctx)
{
    SSL *client = make_client(context), *server = SSL_new(server_ctx);
    BIO *near, *far;
    int step;
    bool done = false;
    BIO_new_bio_pair(&near, 0, &far, 0);
    SSL_set_bio(client, near, near);
    SSL_set_bio(server, far, far);
    for (step = 0; step < 100 && !done; step++) {
        (void)SSL_connect(client);
        (void)SSL_accept(server);
        ERR_clear_error();
        done = SSL_is_init_finished(client) && SSL_is_init_finished(server);
    }
    SSL_free(client);
    SSL_free(server);
    return done;
}

static void test_chain(void)
{
    struct hostile_certificates chain, leaf;
    struct sx_tls_context *context = NULL;
    struct sx_config config = {0};
    char text[TEXT_BYTES], *second;
    SSL_CTX *server;
    CU_ASSERT_EQUAL_FATAL(hostile_make_chain(&chain, "example.org"), 0);
    leaf = chain;
    snprintf(leaf.pem, sizeof leaf.pem, "%.250s/leaf.pem", chain.dir);
    read_text(chain.pem, text);
    second = strstr(text + 1, "-----BEGIN CERTIFICATE");
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    server = make_server(&chain);
    config.ca_file = chain.ca_file;
    config.cert_file = config.key_file = chain.pem;
    renew(&context, &config);
    CU_ASSERT(shake_hands(context, server));
    *second = '\0';
    write_texts(leaf.pem, text, "");
    config.cert_file = leaf.pem; /* without the intermediate CA's certificate */
    renew(&context, &config);
    CU_ASSERT_FALSE(shake_hands(context, server));
    sx_tls_context_give_back(context);
    SSL_CTX_free(server);
    unlink(leaf.pem);
    hostile_remove_certificates(&chain);
}

/* ---- many threads ---- */

enum { THREADS = 8, LOGINS = 20 };

struct crowd {
    struct hostile_certificates certificates;
    struct sx_config by_file, by_system; /* who vouches for the server */
    pthread_barrier_t begin;
    atomic_uint succeeded;
};

static void *log_in(void *arg)
{
    struct crowd *crowd = arg;
    SSL_CTX *server = make_server(&crowd->certificates);
    struct sx_tls_context *context = NULL;
    char why[WHY_BYTES];
    int i;
    pthread_barrier_wait(&crowd->begin);
    for (i = 0; i < LOGINS; i++) {
        const struct sx_config *config = i % 4 ? &crowd->by_system : &crowd->by_file;
        if (sx_tls_context_renew(&context, config, why, sizeof why) == SX_OK &&
            shake_hands(context, server))
            atomic_fetch_add(&crowd->succeeded, 1);
        if (i % 8 == 7) { /* now and then nobody has one */
            sx_tls_context_give_back(context);
            context = NULL;
        }
    }
    sx_tls_context_give_back(context);
    SSL_CTX_free(server);
    return NULL;
}

static void test_crowd(void)
{
    struct crowd crowd = {0};
    pthread_t threads[THREADS];
    int i;
    CU_ASSERT_EQUAL_FATAL(hostile_make_chain(&crowd.certificates, "example.org"), 0);
    setenv("SSL_CERT_FILE", crowd.certificates.ca_file, 1);
    crowd.by_system.cert_file = crowd.by_system.key_file = crowd.certificates.pem;
    crowd.by_file = crowd.by_system;
    crowd.by_file.ca_file = crowd.certificates.ca_file;
    pthread_barrier_init(&crowd.begin, NULL, THREADS);
    for (i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, log_in, &crowd), 0);
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(atomic_load(&crowd.succeeded), THREADS * LOGINS);
    CU_ASSERT_EQUAL(sx_tls_context_count(), 0);
    pthread_barrier_destroy(&crowd.begin);
    unsetenv("SSL_CERT_FILE");
    hostile_remove_certificates(&crowd.certificates);
}

CU_TestInfo tests_tls_context[] = {
    {"the same files give the same context, the last owner frees it", test_same_files},
    {"one that refused a server is given to nobody else", test_refused},
    {"other files give another context", test_other_files},
    {"a file that is written anew gives another context, a bad one none", test_written_anew},
    {"what the system trusts belongs to it", test_other_system},
    {"each of several folders that the system trusts counts", test_system_folders},
    {"a bad ca_file is told with file and reason", test_bad_ca_file},
    {"a ca_file that is bad behind a good certificate is refused", test_half_bad_ca_file},
    {"a bad cert_file is told with file and reason", test_bad_certificate},
    {"a bad key_file is told with file and reason", test_bad_key},
    {"a byte order mark is no part of a PEM file", test_mark},
    {"a certificate out of date is told when it is to be shown", test_dates},
    {"while it is lent, libstrophe gets it and nothing else", test_lent},
    {"libstrophe writes to none that is shared", test_not_written},
    {"it is set up for links that rest", test_set_up},
    {"the certificates of intermediate CAs are sent along", test_chain},
    {"many threads log in with contexts that come and go", test_crowd},
    CU_TEST_INFO_NULL,
};
