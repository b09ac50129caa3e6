/* Channel bindings: both ends of a handshake compute the same, where they are defined. */
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls.h"
#include "../../lib/suite.h"

/* Two ends of one socket in one thread, neither of which waits. */
struct ends {
    int fds[2];
    EVP_PKEY *key;
    X509 *certificate;
    SSL_CTX *client_ctx, *server_ctx;
    SSL *client, *server;
};

/* hash NULL: the key's own. */
static X509 *sign(EVP_PKEY *key, const EVP_MD *hash, bool is_pss)
{
    X509 *certificate = X509_new();
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *params;
    CU_ASSERT_FATAL(certificate && md);
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -1000);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 1000);
    X509_set_pubkey(certificate, key);
    CU_ASSERT_EQUAL_FATAL(EVP_DigestSignInit(md, &params, hash, NULL, key), 1);
    if (is_pss)
        CU_ASSERT_FATAL(EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) > 0);
    CU_ASSERT_FATAL(X509_sign_ctx(certificate, md) > 0);
    EVP_MD_CTX_free(md);
    return certificate;
}

/* Takes the key. */
static void open_ends(struct ends *ends, EVP_PKEY *key, const EVP_MD *hash, bool is_pss,
                      int version)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    ends->key = key;
    ends->certificate = sign(key, hash, is_pss);
    ends->client_ctx = SSL_CTX_new(TLS_client_method());
    ends->server_ctx = SSL_CTX_new(TLS_server_method());
    CU_ASSERT_FATAL(ends->client_ctx && ends->server_ctx);
    SSL_CTX_set_security_level(ends->client_ctx, 0); /* SHA-1 */
    SSL_CTX_set_security_level(ends->server_ctx, 0);
    SSL_CTX_set_max_proto_version(ends->server_ctx, version);
    CU_ASSERT_EQUAL_FATAL(SSL_CTX_use_certificate(ends->server_ctx, ends->certificate), 1);
    CU_ASSERT_EQUAL_FATAL(SSL_CTX_use_PrivateKey(ends->server_ctx, key), 1);
}

static bool has(enum sx_binding binding)
{
    unsigned char data[SX_BINDING_BYTES];
    size_t len;
    return sx_tls_read_binding(binding, data, &len);
}

static void shake_hands(struct ends *ends, SSL_SESSION *session)
{
    CU_ASSERT_EQUAL_FATAL(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends->fds), 0);
    ends->client = SSL_new(ends->client_ctx);
    ends->server = SSL_new(ends->server_ctx);
    CU_ASSERT_FATAL(ends->client && ends->server);
    SSL_set_fd(ends->client, ends->fds[0]);
    SSL_set_fd(ends->server, ends->fds[1]);
    if (session)
        SSL_set_session(ends->client, session);
    sx_tls_begin();
    sx_tls_take(ends->fds[0]);
    CU_ASSERT_EQUAL(SSL_connect(ends->client), 1);
    SSL_set_verify(ends->client, SSL_VERIFY_NONE, NULL);
    CU_ASSERT_FALSE(has(SX_BINDING_EXPORTER) || has(SX_BINDING_UNIQUE) ||
                    has(SX_BINDING_END_POINT));
    CU_ASSERT_STRING_EQUAL(sx_tls_version(), "no TLS");
    while (SSL_write(ends->client, "x", 1) != 1) {
        CU_ASSERT_FATAL(sx_tls_is_in_handshake());
        (void)SSL_accept(ends->server);
    }
    while (SSL_accept(ends->server) != 1)
        ;
    ERR_clear_error();
}

static void part(struct ends *ends)
{
    SSL_free(ends->client);
    SSL_free(ends->server);
    close(ends->fds[0]);
    close(ends->fds[1]);
    sx_tls_end();
}

static void close_ends(struct ends *ends)
{
    part(ends);
    SSL_CTX_free(ends->client_ctx);
    SSL_CTX_free(ends->server_ctx);
    X509_free(ends->certificate);
    EVP_PKEY_free(ends->key);
}

static bool is_exporter_common(const struct ends *ends)
{
    unsigned char ours[SX_BINDING_BYTES], theirs[32];
    size_t len;
    return sx_tls_read_binding(SX_BINDING_EXPORTER, ours, &len) && len == sizeof theirs &&
           SSL_export_keying_material(ends->server, theirs, sizeof theirs,
                                      "EXPORTER-Channel-Binding", 24, NULL, 0, 1) == 1 &&
           memcmp(ours, theirs, len) == 0;
}

static bool is_end_point_hashed(const struct ends *ends, const EVP_MD *hash)
{
    unsigned char ours[SX_BINDING_BYTES], theirs[EVP_MAX_MD_SIZE];
    unsigned theirs_len;
    size_t len;
    return sx_tls_read_binding(SX_BINDING_END_POINT, ours, &len) &&
           X509_digest(ends->certificate, hash, theirs, &theirs_len) && len == theirs_len &&
           memcmp(ours, theirs, len) == 0;
}

static void test_tls13(void)
{
    struct ends ends;
    open_ends(&ends, EVP_EC_gen("P-256"), EVP_sha256(), false, TLS1_3_VERSION);
    shake_hands(&ends, NULL);
    CU_ASSERT_STRING_EQUAL(sx_tls_version(), "TLS 1.3");
    CU_ASSERT(is_exporter_common(&ends));
    CU_ASSERT(is_end_point_hashed(&ends, EVP_sha256()));
    CU_ASSERT_FALSE(has(SX_BINDING_UNIQUE));
    close_ends(&ends);
}

static void test_tls12(void)
{
    unsigned char ours[SX_BINDING_BYTES], theirs[SX_BINDING_BYTES];
    struct ends ends;
    size_t len;
    open_ends(&ends, EVP_EC_gen("P-256"), EVP_sha384(), false, TLS1_2_VERSION);
    shake_hands(&ends, NULL);
    CU_ASSERT_STRING_EQUAL(sx_tls_version(), "TLS 1.2");
    CU_ASSERT(is_exporter_common(&ends));
    CU_ASSERT(is_end_point_hashed(&ends, EVP_sha384()));
    CU_ASSERT_FATAL(sx_tls_read_binding(SX_BINDING_UNIQUE, ours, &len));
    CU_ASSERT_EQUAL(SSL_get_peer_finished(ends.server, theirs, sizeof theirs), len);
    CU_ASSERT_EQUAL(memcmp(ours, theirs, len), 0);
    close_ends(&ends);
}

/* RFC 7627: without it, another connection can be made to have the same master secret. */
static void test_no_extended_master_secret(void)
{
    struct ends ends;
    open_ends(&ends, EVP_EC_gen("P-256"), EVP_sha256(), false, TLS1_2_VERSION);
    SSL_CTX_set_options(ends.server_ctx, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    shake_hands(&ends, NULL);
    CU_ASSERT_FALSE(has(SX_BINDING_EXPORTER));
    CU_ASSERT_FALSE(has(SX_BINDING_UNIQUE));
    CU_ASSERT(has(SX_BINDING_END_POINT));
    close_ends(&ends);
}

static void test_resumed(void)
{
    struct ends ends;
    SSL_SESSION *session;
    open_ends(&ends, EVP_EC_gen("P-256"), EVP_sha256(), false, TLS1_2_VERSION);
    SSL_CTX_set_session_id_context(ends.server_ctx, (const unsigned char *)"x", 1);
    shake_hands(&ends, NULL);
    session = SSL_get1_session(ends.client);
    SSL_set_shutdown(ends.client, SSL_SENT_SHUTDOWN); /* else it may not be resumed */
    SSL_set_shutdown(ends.server, SSL_SENT_SHUTDOWN);
    part(&ends);
    shake_hands(&ends, session);
    CU_ASSERT(SSL_session_reused(ends.client));
    CU_ASSERT_FALSE(has(SX_BINDING_UNIQUE));
    CU_ASSERT(is_exporter_common(&ends));
    CU_ASSERT(is_end_point_hashed(&ends, EVP_sha256()));
    SSL_SESSION_free(session);
    close_ends(&ends);
}

static void test_sha1(void)
{
    struct ends ends;
    open_ends(&ends, EVP_EC_gen("P-256"), EVP_sha1(), false, TLS1_3_VERSION);
    shake_hands(&ends, NULL);
    CU_ASSERT(is_end_point_hashed(&ends, EVP_sha256()));
    close_ends(&ends);
}

static void test_pss(void)
{
    struct ends ends;
    open_ends(&ends, EVP_RSA_gen(2048), EVP_sha512(), true, TLS1_3_VERSION);
    shake_hands(&ends, NULL);
    CU_ASSERT(is_end_point_hashed(&ends, EVP_sha512()));
    close_ends(&ends);
}

static void test_ed25519(void)
{
    struct ends ends;
    open_ends(&ends, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, false, TLS1_3_VERSION);
    shake_hands(&ends, NULL);
    CU_ASSERT_FALSE(has(SX_BINDING_END_POINT));
    CU_ASSERT(is_exporter_common(&ends));
    close_ends(&ends);
}

CU_TestInfo tests_tls_binding[] = {
    {"TLS 1.3 has the exporter and the end point", test_tls13},
    {"TLS 1.2 has unique as well", test_tls12},
    {"a master secret of old binds nothing but the end point", test_no_extended_master_secret},
    {"a resumed session has no unique", test_resumed},
    {"an end point signed with SHA-1 is hashed with SHA-256", test_sha1},
    {"an end point signed with RSA-PSS is hashed with its hash", test_pss},
    {"a certificate signed without a hash is no end point", test_ed25519},
    CU_TEST_INFO_NULL,
};
