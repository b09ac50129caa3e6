/* Whom a server's certificate is trusted by: ca_file's CAs, and the system's, which are read once
 * they are needed. SSL_CERT_FILE stands for the system's file. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls.h"
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

static X509 *make_certificate(EVP_PKEY *key, const char *subject, long first_day, long last_day,
                              const char *constraints)
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
static void write_system_file(struct trust *trust, X509 *file)
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

static void make_certificates(struct trust *trust)
{
    *trust = (struct trust){.key = EVP_EC_gen("P-256")};
    CU_ASSERT_PTR_NOT_NULL_FATAL(trust->key);
    trust->old = make_certificate(trust->key, "CA", -20, -10, "critical,CA:TRUE");
    trust->successor = make_certificate(trust->key, "CA", -15, 10, "critical,CA:TRUE");
    trust->server = make_certificate(trust->key, "server", -1, 10, "CA:FALSE");
}

/* As libstrophe does: the system's, then ca_file's. */
static void set_up_context(struct trust *trust, X509 *ca_file)
{
    trust->ctx = SSL_CTX_new(TLS_client_method());
    CU_ASSERT_PTR_NOT_NULL_FATAL(trust->ctx);
    CU_ASSERT_EQUAL(SSL_CTX_set_default_verify_paths(trust->ctx), 1);
    if (ca_file)
        CU_ASSERT_EQUAL(X509_STORE_add_cert(SSL_CTX_get_cert_store(trust->ctx), ca_file), 1);
}

static void tear_down(struct trust *trust)
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

static void test_idle(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    CU_ASSERT_PTR_NOT_NULL_FATAL(ctx);
    CU_ASSERT(SSL_CTX_get_mode(ctx) & SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_free(ctx);
}

/* ---- handshakes ---- */

/* Two ends of one socket in one thread, neither of which waits. */
struct ends {
    int fds[2];
    SSL_CTX *server_ctx;
    SSL *client, *server;
};

static void open_ends(struct ends *ends, struct trust *trust)
{
    make_certificates(trust);
    write_system_file(trust, trust->successor);
    set_up_context(trust, NULL);
    ends->server_ctx = SSL_CTX_new(TLS_server_method());
    CU_ASSERT_PTR_NOT_NULL_FATAL(ends->server_ctx);
    CU_ASSERT_EQUAL_FATAL(SSL_CTX_use_certificate(ends->server_ctx, trust->server), 1);
    CU_ASSERT_EQUAL_FATAL(SSL_CTX_use_PrivateKey(ends->server_ctx, trust->key), 1);
    CU_ASSERT_EQUAL_FATAL(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends->fds), 0);
    ends->client = SSL_new(trust->ctx);
    ends->server = SSL_new(ends->server_ctx);
    CU_ASSERT_FATAL(ends->client && ends->server);
    SSL_set_fd(ends->client, ends->fds[0]);
    SSL_set_fd(ends->server, ends->fds[1]);
}

static void close_ends(struct ends *ends, struct trust *trust)
{
    SSL_free(ends->client);
    SSL_free(ends->server);
    SSL_CTX_free(ends->server_ctx);
    close(ends->fds[0]);
    close(ends->fds[1]);
    tear_down(trust);
}

static void test_others(void)
{
    struct ends ends;
    struct trust trust;
    open_ends(&ends, &trust);
    sx_tls_begin();
    CU_ASSERT_EQUAL(SSL_connect(ends.client), -1);
    CU_ASSERT_EQUAL(SSL_get_error(ends.client, -1), SSL_ERROR_WANT_READ);
    CU_ASSERT_EQUAL(SSL_shutdown(ends.client), -1);
    ERR_clear_error();
    sx_tls_take(ends.fds[1]); /* somebody else's */
    CU_ASSERT_EQUAL(SSL_connect(ends.client), -1);
    CU_ASSERT_FALSE(sx_tls_is_in_handshake());
    while (SSL_connect(ends.client) != 1)
        (void)SSL_accept(ends.server);
    CU_ASSERT_FALSE(sx_tls_is_established());
    CU_ASSERT_EQUAL(SSL_shutdown(ends.client), 0);
    sx_tls_end();
    close_ends(&ends, &trust);
}

static void begin(struct ends *ends, const struct sx_tls_server *server)
{
    sx_tls_begin();
    sx_tls_take(ends->fds[0]);
    sx_tls_expect(server);
    CU_ASSERT_EQUAL(SSL_connect(ends->client), 1);
}

/* As libstrophe does, until something is written, or can't be. */
static bool shake_hands(struct ends *ends)
{
    int result;
    while ((result = SSL_write(ends->client, "x", 1)) != 1) {
        int error = SSL_get_error(ends->client, result);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
            return false;
        if (SSL_accept(ends->server) != 1)
            ERR_clear_error();
    }
    return true;
}

static const struct sx_tls_server chat = {.domain = "chat.example.org",
                                          .ascii = "chat.example.org"};

static void test_handshake(void)
{
    struct ends ends;
    struct trust trust;
    char byte;
    open_ends(&ends, &trust);
    begin(&ends, &chat);
    CU_ASSERT(sx_tls_is_in_handshake());
    CU_ASSERT_FALSE(sx_tls_wants_to_write());
    CU_ASSERT(shake_hands(&ends));
    CU_ASSERT(sx_tls_is_established());
    CU_ASSERT_FALSE(sx_tls_is_in_handshake());
    while (SSL_read(ends.server, &byte, 1) != 1)
        ;
    CU_ASSERT_EQUAL(byte, 'x');
    CU_ASSERT_EQUAL(SSL_shutdown(ends.client), 1);
    CU_ASSERT_EQUAL(SSL_get_error(ends.server, SSL_read(ends.server, &byte, 1)),
                    SSL_ERROR_ZERO_RETURN);
    SSL_free(ends.client);
    ends.client = NULL;
    CU_ASSERT(sx_tls_is_established());
    sx_tls_look(); /* at nothing */
    sx_tls_end();
    close_ends(&ends, &trust);
}

/* Only then the loop is to wait until the socket takes something. */
static void test_full_socket(void)
{
    static const char junk[4096];
    struct ends ends;
    struct trust trust;
    open_ends(&ends, &trust);
    while (write(ends.fds[0], junk, sizeof junk) > 0)
        ;
    sx_tls_begin();
    sx_tls_take(ends.fds[0]);
    CU_ASSERT_EQUAL(SSL_connect(ends.client), 1);
    CU_ASSERT_EQUAL(SSL_write(ends.client, "x", 1), -1);
    CU_ASSERT(sx_tls_wants_to_write());
    CU_ASSERT_EQUAL(SSL_shutdown(ends.client), 1);
    SSL_free(ends.client);
    ends.client = NULL;
    CU_ASSERT_FALSE(sx_tls_is_in_handshake());
    CU_ASSERT_FALSE(sx_tls_wants_to_write());
    CU_ASSERT_FALSE(sx_tls_is_established());
    sx_tls_end();
    close_ends(&ends, &trust);
}

/* A handshake that ends with the server's certificate. */
static void check_refusal(struct ends *ends, const struct sx_tls_server *server, enum sx_err err,
                          const char *expected)
{
    const char *why;
    begin(ends, server);
    CU_ASSERT_FALSE(shake_hands(ends));
    CU_ASSERT_FALSE(sx_tls_is_established());
    CU_ASSERT_EQUAL(sx_tls_refusal(&why), err);
    CU_ASSERT_STRING_EQUAL(why, expected);
    sx_tls_end();
    ERR_clear_error();
}

static void test_another_name(void)
{
    static const struct sx_tls_server other = {.domain = "example.org", .ascii = "example.org"};
    struct ends ends;
    struct trust trust;
    const char *why;
    open_ends(&ends, &trust);
    check_refusal(&ends, &other, SX_EHOSTNAME,
                  "the server's certificate is not for example.org; it names only "
                  "chat.example.org");
    sx_tls_begin();
    CU_ASSERT_EQUAL(sx_tls_refusal(&why), SX_OK);
    close_ends(&ends, &trust);
}

static void test_stranger(void)
{
    struct ends ends;
    struct trust trust;
    open_ends(&ends, &trust);
    unlink(trust.path);
    check_refusal(&ends, &chat, SX_ECERT,
                  "the certificate of chat.example.org is not trusted: unable to get local issuer "
                  "certificate");
    close_ends(&ends, &trust);
}

static void test_nobody_expected(void)
{
    struct ends ends;
    struct trust trust;
    open_ends(&ends, &trust);
    begin(&ends, NULL);
    CU_ASSERT_FALSE(shake_hands(&ends));
    CU_ASSERT_FALSE(sx_tls_is_established());
    sx_tls_end();
    close_ends(&ends, &trust);
}

static int note_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                         const unsigned char *in, unsigned in_len, void *user)
{
    (void)ssl;
    (void)out;
    (void)out_len;
    snprintf(user, 32, "%.*s", (int)in_len - 1, (const char *)in + 1);
    return SSL_TLSEXT_ERR_NOACK;
}

static void check_hello(const struct sx_tls_server *server, const char *name, const char *protocol)
{
    char seen_protocol[32] = "";
    const char *seen_name;
    struct ends ends;
    struct trust trust;
    open_ends(&ends, &trust);
    SSL_CTX_set_alpn_select_cb(ends.server_ctx, note_protocol, seen_protocol);
    begin(&ends, server);
    (void)shake_hands(&ends);
    seen_name = SSL_get_servername(ends.server, TLSEXT_NAMETYPE_host_name);
    CU_ASSERT_STRING_EQUAL(seen_name ? seen_name : "none", name);
    CU_ASSERT_STRING_EQUAL(seen_protocol, protocol);
    sx_tls_end();
    ERR_clear_error();
    close_ends(&ends, &trust);
}

static void test_hello(void)
{
    struct sx_tls_server server = {.domain = "b\xc3\xbc.test", .ascii = "xn--b-xga.test"};
    check_hello(&server, "xn--b-xga.test", "");
    server.is_direct = true;
    check_hello(&server, "xn--b-xga.test", "xmpp-client");
    server.is_unnamed = true;
    check_hello(&server, "none", "xmpp-client");
    server = (struct sx_tls_server){.domain = "192.0.2.7", .ascii = "192.0.2.7"};
    check_hello(&server, "none", "");
    server = (struct sx_tls_server){.domain = "[2001:db8::7]", .ascii = "[2001:db8::7]"};
    check_hello(&server, "none", "");
}

/* RFC 6066 3: the server has no certificate for the name. */
static int refuse_name(SSL *ssl, int *alert, void *user)
{
    (void)ssl;
    (void)user;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void test_unknown_name(void)
{
    struct ends ends;
    struct trust trust;
    open_ends(&ends, &trust);
    SSL_CTX_set_tlsext_servername_callback(ends.server_ctx, refuse_name);
    begin(&ends, &chat);
    CU_ASSERT_FALSE(shake_hands(&ends));
    CU_ASSERT(sx_tls_is_name_unknown());
    sx_tls_end();
    ERR_clear_error();
    close_ends(&ends, &trust);
}

CU_TestInfo tests_tls[] = {
    {"a certificate for another name is refused, and says whose it is", test_another_name},
    {"a certificate that nobody vouches for is refused", test_stranger},
    {"a server that nobody has named is refused", test_nobody_expected},
    {"the server is told its name in A-labels, and the protocol", test_hello},
    {"that it doesn't know its name is noticed", test_unknown_name},
    {"a handshake that isn't the link's own is OpenSSL's", test_others},
    {"the link's own is shaken as it reads and writes", test_handshake},
    {"it waits to write only if the socket takes nothing", test_full_socket},
    {"a CA of the system's file is trusted, and the file read once", test_system_file},
    {"the system's file isn't read for what ca_file has", test_ca_file},
    {"a CA out of date in ca_file gives way to the system's", test_successor},
    {"nobody is trusted by neither", test_nobody},
    {"what is in the system's file is trusted itself", test_itself},
    {"a connection at rest keeps no room for records", test_idle},
    CU_TEST_INFO_NULL,
};
