/* tls.c - stands between libstrophe and OpenSSL: handshakes, goodbyes.
 *
 * Invariant: the server's certificate names the JID's domain (identity.h), whatever libstrophe
 * compares. Neither the handshake nor the goodbye of the thread's own connection waits; those of
 * any other do what OpenSSL does.
 *
 * Happy path: libstrophe calls SSL_connect() -> is told that the handshake is done, which its next
 * SSL_write() and SSL_read() begin and end: OpenSSL writes nothing in clear, and they say "later"
 * for as long as it takes. Failure: an alert, a refused certificate, no memory: noted, and told
 * once the connection is over.
 */
#include "net/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net/identity.h"
#include "net/openssl_error.h"
#include "net/protocol.h"

int __real_SSL_connect(SSL *ssl);
int __wrap_SSL_connect(SSL *ssl);
int __real_SSL_shutdown(SSL *ssl);
int __wrap_SSL_shutdown(SSL *ssl);
void __real_SSL_free(SSL *ssl);
void __wrap_SSL_free(SSL *ssl);

/* The connection between sx_tls_begin() and sx_tls_end(). */
static _Thread_local struct {
    bool has_fd;
    int fd;
    SSL *ssl;         /* on fd; NULL before the handshake and once it is freed */
    bool established; /* its handshake was done, once */
    bool is_verified; /* the server's certificate was found to be good */
    bool is_asked;    /* behind that the server asked for ours */
    int alert;        /* as the callback gets it, 0 for none */
    bool received;
    const struct sx_tls_server *server; /* NULL: nobody has said who it is */
    enum sx_err refusal;
    char why[320];
    bool is_short;                       /* of memory, once */
    char first[SX_PROTOCOL_FIRST_BYTES]; /* that came */
    size_t first_len;
} seen;

/* ---- alerts ---- */

/* OpenSSL says so in its queue alone. */
static void look_for_shortage(void)
{
    seen.is_short |= sx_openssl_error_is_shortage();
}

static void note(const SSL *ssl, int where, int value)
{
    look_for_shortage();
    if ((where & SSL_CB_HANDSHAKE_DONE) && ssl == seen.ssl)
        seen.established = true;
    if (!(where & SSL_CB_ALERT) || value >> 8 != SSL3_AL_FATAL)
        return; /* after a warning, and close_notify is one, the other side goes on */
    seen.alert = value;
    seen.received = (where & SSL_CB_READ) != 0;
}

void sx_tls_begin(void)
{
    sx_tls_end();
    seen.established = seen.is_verified = seen.is_asked = false;
    seen.alert = 0;
    seen.first_len = 0;
    seen.refusal = SX_OK;
    seen.is_short = false;
    ERR_clear_error();
}

void sx_tls_end(void)
{
    seen.has_fd = false;
    seen.ssl = NULL;
    seen.server = NULL;
}

void sx_tls_clear_errors(void)
{
    if (ERR_peek_error() == 0) /* as in nearly each pass of the loop */
        return;
    look_for_shortage();
    if (!seen.is_short)
        ERR_clear_error();
}

bool sx_tls_look(void)
{
    char byte;
    int read, error;
    if (!seen.ssl || !seen.established)
        return true;
    sx_tls_clear_errors();
    read = SSL_peek(seen.ssl, &byte, 1);
    error = SSL_get_error(seen.ssl, read);
    look_for_shortage();
    ERR_clear_error(); /* SSL_get_error() looks at it after libstrophe's next call */
    return read > 0 || error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

bool sx_tls_is_short(void)
{
    look_for_shortage();
    return seen.is_short;
}

int sx_tls_alert(void)
{
    return seen.alert ? seen.alert & 0xff : -1;
}

const char *sx_tls_alert_text(void)
{
    if (sx_tls_alert() == SSL_AD_CERTIFICATE_REQUIRED)
        return "certificate required"; /* OpenSSL 3.0 has no words for it */
    return SSL_alert_desc_string_long(seen.alert);
}

bool sx_tls_is_name_unknown(void)
{
    return seen.received && sx_tls_alert() == SSL_AD_UNRECOGNIZED_NAME;
}

bool sx_tls_is_too_old(void)
{
    return sx_tls_alert() == SSL_AD_PROTOCOL_VERSION;
}

bool sx_tls_is_about_us(void)
{
    if (!seen.received || !(seen.established || (seen.is_verified && seen.is_asked)))
        return false;
    switch (sx_tls_alert()) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
        return true;
    case SSL_AD_HANDSHAKE_FAILURE: /* TLS 1.2 has no other for one that is missing */
        return seen.is_asked;
    default:
        return false;
    }
}

/* ---- whose certificate it is ---- */

void sx_tls_expect(const struct sx_tls_server *server)
{
    seen.server = server;
}

enum sx_err sx_tls_refusal(const char **why)
{
    *why = seen.why;
    return seen.refusal;
}

static void refuse_names(const X509 *certificate)
{
    char names[112];
    sx_identity_list(certificate, names, sizeof names);
    seen.refusal = SX_EHOSTNAME;
    snprintf(seen.why, sizeof seen.why, "the server's certificate is not for %.130s; it names %s%s",
             seen.server->domain, names[0] ? "only " : "no domain at all", names);
}

/* In the place of libstrophe's: for each certificate of the chain, the server's own last. */
static int check_certificate(int is_trusted, X509_STORE_CTX *ctx)
{
    const X509 *certificate = X509_STORE_CTX_get_current_cert(ctx);
    const struct sx_tls_server *server = seen.server;
    if (!is_trusted) {
        int error = X509_STORE_CTX_get_error(ctx);
        const char *reason = X509_verify_cert_error_string(error);
        seen.is_short |= error == X509_V_ERR_OUT_OF_MEM;
        seen.refusal = SX_ECERT;
        snprintf(seen.why, sizeof seen.why, "the certificate of %.150s is not trusted: %.130s",
                 server ? server->domain : "nobody", reason);
        return 0;
    }
    if (X509_STORE_CTX_get_error_depth(ctx) > 0)
        return 1;
    seen.is_verified = server && sx_identity_matches(certificate, server->domain, server->ascii);
    if (seen.is_verified)
        return 1;
    if (server)
        refuse_names(certificate);
    X509_STORE_CTX_set_error(ctx, X509_V_ERR_HOSTNAME_MISMATCH);
    return 0;
}

/* An address is no name (RFC 6066 3). */
static bool has_name(const struct sx_tls_server *server)
{
    struct in_addr address;
    return server->ascii[0] && !strchr(server->ascii, ':') &&
           inet_pton(AF_INET, server->ascii, &address) != 1;
}

static int note_request(SSL *ssl, void *user)
{
    (void)user;
    seen.is_asked |= ssl == seen.ssl;
    return 1;
}

/* OpenSSL has read the five bytes that head a record. If they don't, the rest says what it is. */
static long note_first(BIO *bio, int operation, const char *bytes, size_t len, int number,
                       long other, int result, size_t *read_bytes)
{
    size_t room;
    ssize_t more;
    (void)len, (void)number, (void)other;
    if (operation != (BIO_CB_READ | BIO_CB_RETURN) || result <= 0 || !read_bytes || !*read_bytes)
        return result;
    seen.first_len = *read_bytes < sizeof seen.first ? *read_bytes : sizeof seen.first;
    memcpy(seen.first, bytes, seen.first_len);
    room = sizeof seen.first - seen.first_len;
    more = recv(seen.fd, seen.first + seen.first_len, room, MSG_PEEK | MSG_DONTWAIT);
    seen.first_len += more > 0 ? (size_t)more : 0;
    BIO_set_callback_ex(bio, NULL);
    return result;
}

size_t sx_tls_first(const char **bytes)
{
    *bytes = seen.first;
    return seen.first_len;
}

/* libstrophe has told OpenSSL to compare the name that it has, and has sent it. */
static void introduce(SSL *ssl)
{
    static const unsigned char protocols[] = "\013xmpp-client"; /* its length first */
    const struct sx_tls_server *server = seen.server;
    SSL_set_info_callback(ssl, note);
    BIO_set_callback_ex(SSL_get_rbio(ssl), note_first);
    SSL_set_cert_cb(ssl, note_request, NULL);
    X509_VERIFY_PARAM_set1_host(SSL_get0_param(ssl), NULL, 0);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, check_certificate);
    SSL_set_tlsext_host_name(ssl, NULL);
    if (server && !server->is_unnamed && has_name(server))
        SSL_set_tlsext_host_name(ssl, (char *)server->ascii); /* which copies it */
    if (server && server->is_direct)
        SSL_set_alpn_protos(ssl, protocols, sizeof protocols - 1);
}

/* ---- the handshake and the goodbye ---- */

void sx_tls_take(int fd)
{
    seen.has_fd = true;
    seen.fd = fd;
}

bool sx_tls_is_established(void)
{
    return seen.established;
}

bool sx_tls_is_in_handshake(void)
{
    return seen.ssl && !seen.established;
}

bool sx_tls_wants_to_write(void)
{
    return seen.ssl && SSL_want_write(seen.ssl);
}

/* libstrophe would call it again and again, until the handshake is done or has failed. */
int __wrap_SSL_connect(SSL *ssl)
{
    if (!seen.has_fd || SSL_get_fd(ssl) != seen.fd)
        return __real_SSL_connect(ssl);
    seen.ssl = ssl;
    introduce(ssl);
    SSL_set_connect_state(ssl);
    return 1;
}

/* libstrophe would wait for the peer's close_notify, up to a second. After </stream:stream> there
 * is nothing left that somebody could cut off. */
int __wrap_SSL_shutdown(SSL *ssl)
{
    if (ssl != seen.ssl)
        return __real_SSL_shutdown(ssl);
    if (SSL_is_init_finished(ssl))
        (void)__real_SSL_shutdown(ssl);
    ERR_clear_error();
    return 1;
}

void __wrap_SSL_free(SSL *ssl)
{
    if (ssl == seen.ssl)
        seen.ssl = NULL;
    __real_SSL_free(ssl);
}

/* ---- channel bindings ---- */

static bool is_tls13(void)
{
    return SSL_version(seen.ssl) >= TLS1_3_VERSION;
}

static bool is_established(void)
{
    return seen.ssl && seen.established;
}

const char *sx_tls_version(void)
{
    if (!is_established())
        return "no TLS";
    return is_tls13() ? "TLS 1.3" : "TLS 1.2";
}

const char *sx_tls_cipher(void)
{
    const char *name =
        is_established() ? SSL_CIPHER_standard_name(SSL_get_current_cipher(seen.ssl)) : NULL;
    return name ? name : "";
}

bool sx_tls_is_resumed(void)
{
    return is_established() && SSL_session_reused(seen.ssl) == 1;
}

bool sx_tls_describe(struct sx_certificate *certificate)
{
    const X509 *x509 = is_established() ? SSL_get0_peer_certificate(seen.ssl) : NULL;
    if (!x509)
        return false;
    look_for_shortage(); /* describing forgets it */
    sx_certificate_describe(x509, certificate);
    return true;
}

static bool has_exporter(void)
{
    return is_tls13() || SSL_get_extms_support(seen.ssl) == 1;
}

static bool has_unique(void)
{
    return !is_tls13() && SSL_get_extms_support(seen.ssl) == 1 && !SSL_session_reused(seen.ssl);
}

/* The hash that the certificate is signed with, but none of those that are broken. */
static const EVP_MD *end_point_hash(X509 *certificate)
{
    int hash;
    if (!X509_get_signature_info(certificate, &hash, NULL, NULL, NULL) || hash == NID_undef)
        return NULL;
    return hash == NID_md5 || hash == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(hash);
}

static bool read_end_point(unsigned char out[SX_BINDING_BYTES], size_t *len)
{
    X509 *certificate = SSL_get0_peer_certificate(seen.ssl);
    const EVP_MD *hash = certificate ? end_point_hash(certificate) : NULL;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len;
    if (!hash || X509_digest(certificate, hash, digest, &digest_len) != 1)
        return false;
    memcpy(out, digest, digest_len);
    *len = digest_len;
    return true;
}

static bool read_exporter(unsigned char out[SX_BINDING_BYTES], size_t *len)
{
    static const char label[] = "EXPORTER-Channel-Binding"; /* RFC 9266 2 */
    const unsigned char *no_context = (const unsigned char *)"";
    enum { EXPORTER_BYTES = 32 };
    if (SSL_export_keying_material(seen.ssl, out, EXPORTER_BYTES, label, strlen(label), no_context,
                                   0, 1) != 1)
        return false;
    *len = EXPORTER_BYTES;
    return true;
}

static bool read_unique(unsigned char out[SX_BINDING_BYTES], size_t *len)
{
    *len = SSL_get_finished(seen.ssl, out, SX_BINDING_BYTES);
    return *len > 0;
}

bool sx_tls_read_binding(enum sx_binding binding, unsigned char out[SX_BINDING_BYTES], size_t *len)
{
    bool has_data = false;
    if (!is_established())
        return false;
    if (binding == SX_BINDING_EXPORTER)
        has_data = has_exporter() && read_exporter(out, len);
    else if (binding == SX_BINDING_END_POINT)
        has_data = read_end_point(out, len);
    else if (binding == SX_BINDING_UNIQUE)
        has_data = has_unique() && read_unique(out, len);
    ERR_clear_error();
    return has_data;
}
