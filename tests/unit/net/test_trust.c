/* Whom a server's certificate is trusted by: ca_file's CAs, and the system's, which are read once
 * they are needed. SSL_CERT_FILE stands for the system's file. */
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

CU_TestInfo tests_trust[] = {
    {"a CA of the system's file is trusted, and the file read once", test_system_file},
    {"the system's file isn't read for what ca_file has", test_ca_file},
    {"a CA out of date in ca_file gives way to the system's", test_successor},
    {"nobody is trusted by neither", test_nobody},
    {"what is in the system's file is trusted itself", test_itself},
    CU_TEST_INFO_NULL,
};
