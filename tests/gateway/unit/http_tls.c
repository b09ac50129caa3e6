/* See http_tls.h. */
#include "http_tls.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/suite.h"
#include "../../lib/tcp.h"

static const char *const NAMES[] = {"ca", "other", "server", "client", "stranger"};

struct identity {
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
};

const char *http_pki_path(struct http_pki *pki, const char *file)
{
    snprintf(pki->path, sizeof pki->path, "%s/%s", pki->folder, file);
    return pki->path;
}

static void write_file(struct http_pki *pki, const char *name, const char *type,
                       const gnutls_datum_t *text)
{
    char file[32];
    snprintf(file, sizeof file, "%s.%s", name, type);
    FILE *stream = fopen(http_pki_path(pki, file), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    fwrite(text->data, 1, text->size, stream);
    fclose(stream);
}

static void save(struct http_pki *pki, const char *name, const struct identity *identity)
{
    gnutls_datum_t text;
    CU_ASSERT_EQUAL_FATAL(
        gnutls_x509_crt_export2(identity->certificate, GNUTLS_X509_FMT_PEM, &text), 0);
    write_file(pki, name, "pem", &text);
    gnutls_free(text.data);
    CU_ASSERT_EQUAL_FATAL(gnutls_x509_privkey_export2(identity->key, GNUTLS_X509_FMT_PEM, &text),
                          0);
    write_file(pki, name, "key", &text);
    gnutls_free(text.data);
}

/* by NULL: it is an authority, and signs itself. */
static void make(struct identity *identity, const char *common_name, const struct identity *by)
{
    static unsigned char serial;
    gnutls_x509_crt_t certificate;
    CU_ASSERT_EQUAL_FATAL(gnutls_x509_privkey_init(&identity->key), 0);
    CU_ASSERT_EQUAL_FATAL(
        gnutls_x509_privkey_generate(identity->key, GNUTLS_PK_ECDSA,
                                     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
        0);
    CU_ASSERT_EQUAL_FATAL(gnutls_x509_crt_init(&certificate), 0);
    serial++;
    gnutls_x509_crt_set_version(certificate, 3);
    gnutls_x509_crt_set_serial(certificate, &serial, 1);
    gnutls_x509_crt_set_activation_time(certificate, time(NULL) - 60);
    gnutls_x509_crt_set_expiration_time(certificate, time(NULL) + 3600);
    gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
                                  (unsigned)strlen(common_name));
    gnutls_x509_crt_set_key(certificate, identity->key);
    gnutls_x509_crt_set_basic_constraints(certificate, !by, -1);
    identity->certificate = certificate;
    if (!by)
        by = identity;
    CU_ASSERT_EQUAL_FATAL(
        gnutls_x509_crt_sign2(certificate, by->certificate, by->key, GNUTLS_DIG_SHA256, 0), 0);
}

static void forget(struct identity *identity)
{
    gnutls_x509_crt_deinit(identity->certificate);
    gnutls_x509_privkey_deinit(identity->key);
}

void http_pki_make(struct http_pki *pki)
{
    static const char *const common_names[] = {"ca", "other", "first", "cam 1", "stranger"};
    struct identity made[5];
    unsigned char digest[32];
    size_t bytes = sizeof digest;
    memset(pki, 0, sizeof *pki);
    strcpy(pki->folder, "/tmp/gw-pki-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(pki->folder));
    for (int i = 0; i < 5; i++) {
        make(&made[i], common_names[i], i < 2 ? NULL : &made[i == 4]);
        save(pki, NAMES[i], &made[i]);
    }
    gnutls_x509_crt_get_fingerprint(made[3].certificate, GNUTLS_DIG_SHA256, digest, &bytes);
    for (size_t i = 0; i < bytes; i++)
        snprintf(pki->client_sha256 + 2 * i, 3, "%02x", digest[i]);
    for (int i = 0; i < 5; i++)
        forget(&made[i]);
}

void http_pki_renew(struct http_pki *pki, const char *common_name)
{
    struct identity made;
    make(&made, common_name, NULL);
    save(pki, "server", &made);
    forget(&made);
}

void http_pki_remove(struct http_pki *pki)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char file[32];
        snprintf(file, sizeof file, "%s.pem", NAMES[i]);
        unlink(http_pki_path(pki, file));
        snprintf(file, sizeof file, "%s.key", NAMES[i]);
        unlink(http_pki_path(pki, file));
    }
    rmdir(pki->folder);
}

static void read_server_name(gnutls_session_t session, char server[64])
{
    unsigned count = 0;
    size_t bytes = 64;
    gnutls_x509_crt_t certificate;
    const gnutls_datum_t *peers = gnutls_certificate_get_peers(session, &count);
    server[0] = '\0';
    if (!count || gnutls_x509_crt_init(&certificate))
        return;
    if (gnutls_x509_crt_import(certificate, peers, GNUTLS_X509_FMT_DER) == 0)
        gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, server,
                                      &bytes);
    gnutls_x509_crt_deinit(certificate);
}

static void hear(gnutls_session_t session, const char *until, char *out, size_t room)
{
    size_t length = 0;
    ssize_t got = 1;
    out[0] = '\0';
    while (got > 0 && length + 1 < room && !(until && strstr(out, until))) {
        do
            got = gnutls_record_recv(session, out + length, room - 1 - length);
        while (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED);
        if (got > 0)
            length += (size_t)got;
        out[length] = '\0';
    }
}

const char *http_tls_ask(struct http_pki *pki, int port, const char *certificate, const char *text,
                         const char *until, char server[64])
{
    static char heard[65536];
    char pem[96], key[96];
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t session;
    struct timeval long_time = {TCP_LONG_MS / 1000, 0};
    int fd = tcp_connect(port), error;

    heard[0] = '\0';
    CU_ASSERT_FATAL(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &long_time, sizeof long_time);
    gnutls_certificate_allocate_credentials(&credentials);
    if (certificate) {
        snprintf(pem, sizeof pem, "%s/%s.pem", pki->folder, certificate);
        snprintf(key, sizeof key, "%s/%s.key", pki->folder, certificate);
        CU_ASSERT_EQUAL(
            gnutls_certificate_set_x509_key_file(credentials, pem, key, GNUTLS_X509_FMT_PEM), 0);
    }
    /* A client sends no certificate of another authority than is asked for unless it is forced. */
    gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT);
    gnutls_set_default_priority(session);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
    gnutls_transport_set_int(session, fd);
    do
        error = gnutls_handshake(session);
    while (error < 0 && !gnutls_error_is_fatal(error));
    if (error == 0) {
        if (server)
            read_server_name(session, server);
        gnutls_record_send(session, text, strlen(text));
        hear(session, until, heard, sizeof heard);
    }
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(credentials);
    close(fd);
    return heard;
}
