/* Whom a server's certificate is trusted by: ca_file's CAs, and the system's, which are read once
 * they are needed. SSL_CERT_FILE stands for the system's file. */
#include <openssl/err.h>
#include <sys/resource.h>

#include "net/openssl_error.h"
#include "../../lib/rerun.h"
#include "../../lib/shortage.h"
#include "trust_fixture.h"

extern CU_TestInfo tests_trust[];

static int verify(const struct trust *trust, X509 *certificate)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int error;
    CU_ASSERT_FATAL(
        ctx && X509_STORE_CTX_init(ctx, SSL_CTX_get_cert_store(trust->ctx), certificate, NULL));
    X509_verify_cert(ctx);
    error = X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    return error;
}

static int count_read(const struct trust *trust)
{
    return sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(trust->ctx)));
}

static void test_system_file(void)
{
    struct trust trust;
    make_certificates(&trust);
    write_system_file(&trust, trust.successor);
    set_up_context(&trust, NULL);
    CU_ASSERT_EQUAL(count_read(&trust), 0);
    CU_ASSERT_EQUAL(verify(&trust, trust.server), X509_V_OK);
    CU_ASSERT_EQUAL(verify(&trust, trust.server), X509_V_OK);
    CU_ASSERT_EQUAL(count_read(&trust), 1);
    tear_down(&trust);
}

static void test_ca_file(void)
{
    struct trust trust;
    make_certificates(&trust);
    write_system_file(&trust, trust.old);
    set_up_context(&trust, trust.successor);
    CU_ASSERT_EQUAL(verify(&trust, trust.server), X509_V_OK);
    CU_ASSERT_EQUAL(count_read(&trust), 1);
    tear_down(&trust);
}

static void test_successor(void)
{
    struct trust trust;
    make_certificates(&trust);
    write_system_file(&trust, trust.successor);
    set_up_context(&trust, trust.old);
    CU_ASSERT_EQUAL(verify(&trust, trust.server), X509_V_OK);
    CU_ASSERT_EQUAL(count_read(&trust), 2);
    tear_down(&trust);
}

static void test_nobody(void)
{
    struct trust trust;
    make_certificates(&trust);
    write_system_file(&trust, NULL);
    set_up_context(&trust, NULL);
    CU_ASSERT_EQUAL(verify(&trust, trust.server), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    CU_ASSERT_EQUAL(verify(&trust, trust.successor), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
    tear_down(&trust);
}

static void test_itself(void)
{
    struct trust trust;
    make_certificates(&trust);
    write_system_file(&trust, trust.successor);
    set_up_context(&trust, NULL);
    CU_ASSERT_EQUAL(verify(&trust, trust.successor), X509_V_OK);
    tear_down(&trust);
}

/* ---- what is short ---- */

static struct trust short_trust; /* while such a test runs */
static unsigned untold;          /* refusals that don't say that it was memory */

struct verdict {
    int error;
    bool is_short, has_failed; /* memory, as it was told, and as it was */
};

/* As a handshake does it. */
static struct verdict verify_short(struct shortage shortage)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509 *server = X509_dup(short_trust.server); /* each handshake has its own */
    struct verdict verdict = {.error = X509_V_OK};
    CU_ASSERT_FATAL(
        ctx && X509_STORE_CTX_init(ctx, SSL_CTX_get_cert_store(short_trust.ctx), server, NULL));
    ERR_clear_error();
    shortage_begin(shortage);
    if (X509_verify_cert(ctx) != 1)
        verdict.error = X509_STORE_CTX_get_error(ctx);
    verdict.has_failed = shortage_end();
    verdict.is_short = sx_openssl_error_is_shortage() || verdict.error == X509_V_ERR_OUT_OF_MEM;
    X509_STORE_CTX_free(ctx);
    X509_free(server);
    ERR_clear_error();
    return verdict;
}

/* Whoever is missed without a word that it was memory is found in another store. */
static bool attempt_verify(struct shortage shortage)
{
    struct verdict verdict;
    set_up_context(&short_trust, NULL);
    verdict = verify_short(shortage);
    untold += verdict.error != X509_V_OK && !verdict.is_short;
    if (verify(&short_trust, short_trust.server) != X509_V_OK) {
        SSL_CTX_free(short_trust.ctx);
        set_up_context(&short_trust, NULL);
        CU_ASSERT_EQUAL(verify(&short_trust, short_trust.server), X509_V_OK);
    }
    SSL_CTX_free(short_trust.ctx);
    short_trust.ctx = NULL;
    return verdict.has_failed;
}

/* The server's CA is the last in the file. */
static void write_bundle(void)
{
    FILE *out = fopen(short_trust.path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(PEM_write_X509(out, short_trust.old), 1);
    CU_ASSERT_EQUAL(PEM_write_X509(out, short_trust.server), 1);
    CU_ASSERT_EQUAL(PEM_write_X509(out, short_trust.successor), 1);
    fclose(out);
}

/* OpenSSL says of most that it was memory. */
static void sweep(void)
{
    const char *variable = getenv("SHORTAGE_STRIDE");
    unsigned stride = variable ? (unsigned)atoi(variable) : 13, points;
    CU_ASSERT_FALSE(attempt_verify((struct shortage){.is_openssl = true}));
    untold = 0;
    points = shortage_sweep_openssl(attempt_verify, stride);
    CU_ASSERT(points >= 300);
    CU_ASSERT(untold * stride < points);
}

static void test_short_file(void)
{
    make_certificates(&short_trust);
    write_system_file(&short_trust, NULL);
    write_bundle();
    sweep();
    tear_down(&short_trust);
}

static void test_short_folder(void)
{
    char folder[] = "/tmp/soapxmpp-tls-XXXXXX", path[64];
    FILE *out;
    make_certificates(&short_trust);
    write_system_file(&short_trust, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/%08lx.0", folder,
             X509_subject_name_hash(short_trust.successor));
    out = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(PEM_write_X509(out, short_trust.successor), 1);
    fclose(out);
    setenv("SSL_CERT_DIR", folder, 1);
    sweep();
    unsetenv("SSL_CERT_DIR");
    unlink(path);
    rmdir(folder);
    tear_down(&short_trust);
}

static void test_no_descriptor(void)
{
    static const struct shortage none = {.number = 1000000};
    struct rlimit before, few;
    struct verdict verdict;
    int free_number;
    make_certificates(&short_trust);
    write_system_file(&short_trust, NULL);
    write_bundle();
    set_up_context(&short_trust, NULL);
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    free_number = dup(0);
    close(free_number);
    few = (struct rlimit){(rlim_t)free_number, before.rlim_max};
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &few), 0);
    verdict = verify_short(none);
    setrlimit(RLIMIT_NOFILE, &before);
    CU_ASSERT_NOT_EQUAL(verdict.error, X509_V_OK);
    CU_ASSERT_TRUE(verdict.is_short);
    CU_ASSERT_EQUAL(verify(&short_trust, short_trust.server), X509_V_OK);
    tear_down(&short_trust);
}

/* One of those whose key nobody can read stays what it is. */
static void test_unreadable(void)
{
    X509_PUBKEY *key;
    X509 *changed, *unreadable;
    make_certificates(&short_trust);
    write_system_file(&short_trust, NULL);
    changed = X509_dup(short_trust.successor);
    key = X509_get_X509_PUBKEY(changed);
    CU_ASSERT_EQUAL_FATAL(X509_PUBKEY_set0_param(key, OBJ_txt2obj("1.2.3.4", 1), V_ASN1_UNDEF, NULL,
                                                 OPENSSL_zalloc(8), 8),
                          1);
    i2d_re_X509_tbs(changed, NULL); /* it isn't as it was decoded */
    unreadable = X509_dup(changed);
    CU_ASSERT_PTR_NULL(X509_get0_pubkey(unreadable));
    set_up_context(&short_trust, unreadable);
    CU_ASSERT_EQUAL(verify(&short_trust, short_trust.server),
                    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    X509_free(changed);
    X509_free(unreadable);
    tear_down(&short_trust);
}

static enum sx_err fill_short(struct shortage shortage)
{
    const struct sx_pem no_file = {0};
    X509_STORE *store = X509_STORE_new();
    enum sx_err err;
    char why[256];
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    shortage_begin(shortage);
    err = sx_trust_fill(store, &no_file, why, sizeof why);
    shortage_end();
    X509_STORE_free(store);
    return err;
}

/* What is made once for the process, in a process that hasn't made it. */
static void test_short_first(void)
{
    struct shortage shortage = {.number = 1, .lasts = true, .is_openssl = true};
    if (!rerun_is_here()) {
        rerun_with_openssl("a trust that found no memory at first finds it later", "");
        return;
    }
    CU_ASSERT_EQUAL(fill_short(shortage), SX_ENOMEM);
    while (shortage.number < 1000 && fill_short(shortage) == SX_ENOMEM)
        shortage.number++;
    CU_ASSERT(shortage.number < 1000);
}

CU_TestInfo tests_trust[] = {
    {"a CA of the system's file is trusted, and the file read once", test_system_file},
    {"the system's file isn't read for what ca_file has", test_ca_file},
    {"a CA out of date in ca_file gives way to the system's", test_successor},
    {"nobody is trusted by neither", test_nobody},
    {"what is in the system's file is trusted itself", test_itself},
    {"memory that is short while the system's file is read hides no CA for long", test_short_file},
    {"nor does it in the system's folder", test_short_folder},
    {"nor do descriptors", test_no_descriptor},
    {"a CA whose key can't be read is passed over", test_unreadable},
    {"a trust that found no memory at first finds it later", test_short_first},
    CU_TEST_INFO_NULL,
};
