/* The handshake with a server, from the name that it is told to the certificate that it shows. */
#include <openssl/err.h>
#include <sys/socket.h>

#include "net/failure.h"
#include "net/tls.h"
#include "trust_fixture.h"

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

/* ---- alerts about our certificate ---- */

static const unsigned char about_us[] = {42, 43, 44, 45, 46, 48, 49, 116};
static char own_file[] = "alice.pem";

static void send_alert_in_clear(const struct ends *ends, unsigned char number)
{
    const unsigned char alert[] = {21, 3, 3, 0, 2, 2, number};
    CU_ASSERT_EQUAL(write(ends->fds[1], alert, sizeof alert), (ssize_t)sizeof alert);
}

/* Whoever is on the way can send one, before the server has shown anything. */
static void test_alert_of_a_stranger(void)
{
    struct sx_config config = {.cert_file = own_file};
    size_t i;
    for (i = 0; i < sizeof about_us; i++) {
        struct sx_failure failure = {SX_OK, ""};
        struct ends ends;
        struct trust trust;
        open_ends(&ends, &trust);
        begin(&ends, &chat);
        CU_ASSERT_EQUAL(SSL_write(ends.client, "x", 1), -1);
        send_alert_in_clear(&ends, about_us[i]);
        CU_ASSERT_FALSE(shake_hands(&ends));
        CU_ASSERT_EQUAL(sx_tls_alert(), about_us[i]);
        CU_ASSERT_FALSE(sx_tls_is_about_us());
        CU_ASSERT_FALSE(sx_failure_explain_certificate(&failure, &config, "HOST"));
        sx_tls_end();
        ERR_clear_error();
        close_ends(&ends, &trust);
    }
}

/* The server wants a certificate, and gets none. */
static void want_certificate(int version, bool has_file, enum sx_err err, const char *sentence)
{
    struct sx_config config = {.cert_file = has_file ? own_file : NULL};
    struct sx_failure failure = {SX_OK, ""};
    struct ends ends;
    struct trust trust;
    open_ends(&ends, &trust);
    SSL_set_max_proto_version(ends.client, version);
    SSL_set_verify(ends.server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    begin(&ends, &chat);
    while (shake_hands(&ends) && sx_tls_look())
        (void)SSL_accept(ends.server);
    CU_ASSERT_TRUE(sx_tls_is_about_us());
    CU_ASSERT_TRUE(sx_failure_explain_certificate(&failure, &config, "HOST"));
    CU_ASSERT_EQUAL(failure.err, err);
    CU_ASSERT_STRING_EQUAL(failure.text, sentence);
    sx_tls_end();
    ERR_clear_error();
    close_ends(&ends, &trust);
}

/* With TLS 1.2 it is in clear. Files are read anew, so that they may be mended before the next. */
static void test_wanted_certificate(void)
{
    want_certificate(TLS1_3_VERSION, false, SX_ECLIENTCERT,
                     "HOST wants a client certificate: certificate required");
    want_certificate(TLS1_2_VERSION, false, SX_ETLS,
                     "HOST wants a client certificate: handshake failure");
    want_certificate(TLS1_3_VERSION, true, SX_EFILE,
                     "HOST doesn't take the client certificate alice.pem: certificate required");
}

CU_TestInfo tests_tls[] = {
    {"a certificate for another name is refused, and says whose it is", test_another_name},
    {"a certificate that nobody vouches for is refused", test_stranger},
    {"a server that nobody has named is refused", test_nobody_expected},
    {"the server is told its name in A-labels, and the protocol", test_hello},
    {"that it doesn't know its name is noticed", test_unknown_name},
    {"an alert of who has shown no certificate isn't about ours", test_alert_of_a_stranger},
    {"a certificate that is wanted is told", test_wanted_certificate},
    {"a handshake that isn't the link's own is OpenSSL's", test_others},
    {"the link's own is shaken as it reads and writes", test_handshake},
    {"it waits to write only if the socket takes nothing", test_full_socket},
    CU_TEST_INFO_NULL,
};
