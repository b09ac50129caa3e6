/* tls.c - a listener's certificate and key, and whose certificate a client has.
 *
 * libmicrohttpd keeps the certificate that it was started with; it asks us for each handshake
 * instead, and clients' certificates are verified here, so that files may change. Files that were
 * taken once are kept until the end, since a handshake may be using them; a reload that finds them
 * unchanged takes none.
 *
 * Failure: a file that can't be read is a sentence, and what was there before goes on. */
#include "http/tls.h"

#include <gnutls/x509.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/file.h"

enum { MOST_BYTES = 1 << 20, MOST_CHAIN = 10 };

struct gw_tls_files {
    struct gw_tls_files *older;
    char *cert, *key, *trusted; /* as they were read; trusted: NULL without client-ca */
    gnutls_pcert_st chain[MOST_CHAIN];
    unsigned count;
    gnutls_privkey_t private_key;
    gnutls_x509_trust_list_t trust;
};

struct gw_tls {
    pthread_mutex_t mutex;
    struct gw_tls_files *files; /* the newest; under mutex, what it points to is constant */
};

static int fail(char *why, size_t why_bytes, const char *file, int error)
{
    snprintf(why, why_bytes, "%s: %s", file, gnutls_strerror(error));
    return -1;
}

static gnutls_datum_t datum_of(const char *text)
{
    gnutls_datum_t datum = {(unsigned char *)text, (unsigned)strlen(text)};
    return datum;
}

/* Whether the key is the certificate's: GnuTLS looks when both are put together. */
static int check_pair(const struct gw_tls_files *files)
{
    gnutls_certificate_credentials_t credentials;
    gnutls_datum_t cert = datum_of(files->cert), key = datum_of(files->key);
    int error = gnutls_certificate_allocate_credentials(&credentials);
    if (error)
        return error;
    error = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(credentials);
    return error < 0 ? error : 0;
}

static int load_pair(struct gw_tls_files *files, const struct gw_listen *listen, char *why,
                     size_t why_bytes)
{
    gnutls_datum_t cert = datum_of(files->cert), key = datum_of(files->key);
    unsigned count = MOST_CHAIN;
    int error =
        gnutls_pcert_list_import_x509_raw(files->chain, &count, &cert, GNUTLS_X509_FMT_PEM, 0);
    if (error < 0)
        return fail(why, why_bytes, listen->cert_file, error);
    files->count = count;
    error = gnutls_privkey_init(&files->private_key);
    if (!error)
        error =
            gnutls_privkey_import_x509_raw(files->private_key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (error < 0)
        return fail(why, why_bytes, listen->key_file, error);
    error = check_pair(files);
    return error ? fail(why, why_bytes, listen->key_file, error) : 0;
}

static int load_trust(struct gw_tls_files *files, const struct gw_listen *listen, char *why,
                      size_t why_bytes)
{
    gnutls_datum_t pem = datum_of(files->trusted);
    int error = gnutls_x509_trust_list_init(&files->trust, 0);
    if (!error)
        error = gnutls_x509_trust_list_add_trust_mem(files->trust, &pem, NULL, GNUTLS_X509_FMT_PEM,
                                                     0, 0);
    if (error < 0)
        return fail(why, why_bytes, listen->client_ca_file, error);
    if (error > 0)
        return 0;
    snprintf(why, why_bytes, "%s: there is no certificate in it", listen->client_ca_file);
    return -1;
}

static int read_files(struct gw_tls_files *files, const struct gw_listen *listen, char *why,
                      size_t why_bytes)
{
    size_t length;
    if (ct_file_read(NULL, listen->cert_file, MOST_BYTES, &files->cert, &length, why, why_bytes) ||
        ct_file_read(NULL, listen->key_file, MOST_BYTES, &files->key, &length, why, why_bytes) ||
        load_pair(files, listen, why, why_bytes))
        return -1;
    if (!listen->client_ca_file[0])
        return 0;
    if (ct_file_read(NULL, listen->client_ca_file, MOST_BYTES, &files->trusted, &length, why,
                     why_bytes))
        return -1;
    return load_trust(files, listen, why, why_bytes);
}

struct gw_tls_files *gw_tls_read(const struct gw_listen *listen, char *why, size_t why_bytes)
{
    struct gw_tls_files *files = calloc(1, sizeof *files);
    if (!files) {
        snprintf(why, why_bytes, "memory is short");
        return NULL;
    }
    if (read_files(files, listen, why, why_bytes) == 0)
        return files;
    gw_tls_throw_away(files);
    return NULL;
}

void gw_tls_throw_away(struct gw_tls_files *files)
{
    if (!files)
        return;
    for (unsigned i = 0; i < files->count; i++)
        gnutls_pcert_deinit(&files->chain[i]);
    if (files->private_key)
        gnutls_privkey_deinit(files->private_key);
    if (files->trust)
        gnutls_x509_trust_list_deinit(files->trust, 1);
    if (files->key)
        explicit_bzero(files->key, strlen(files->key));
    free(files->cert);
    free(files->key);
    free(files->trusted);
    free(files);
}

static bool is_same(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

void gw_tls_take(struct gw_tls *tls, struct gw_tls_files *files)
{
    pthread_mutex_lock(&tls->mutex);
    struct gw_tls_files *before = tls->files;
    bool has_changed = !before || !is_same(before->cert, files->cert) ||
                       !is_same(before->key, files->key) ||
                       !is_same(before->trusted, files->trusted);
    if (has_changed) {
        files->older = before;
        tls->files = files;
    }
    pthread_mutex_unlock(&tls->mutex);
    if (!has_changed)
        gw_tls_throw_away(files);
}

struct gw_tls *gw_tls_new(const struct gw_listen *listen, char *why, size_t why_bytes)
{
    struct gw_tls_files *files = gw_tls_read(listen, why, why_bytes);
    if (!files)
        return NULL;
    struct gw_tls *tls = calloc(1, sizeof *tls);
    if (!tls) {
        snprintf(why, why_bytes, "memory is short");
        gw_tls_throw_away(files);
        return NULL;
    }
    pthread_mutex_init(&tls->mutex, NULL);
    gw_tls_take(tls, files);
    return tls;
}

void gw_tls_free(struct gw_tls *tls)
{
    if (!tls)
        return;
    while (tls->files) {
        struct gw_tls_files *files = tls->files;
        tls->files = files->older;
        gw_tls_throw_away(files);
    }
    pthread_mutex_destroy(&tls->mutex);
    free(tls);
}

static struct gw_tls_files *newest(struct gw_tls *tls)
{
    pthread_mutex_lock(&tls->mutex);
    struct gw_tls_files *files = tls->files;
    pthread_mutex_unlock(&tls->mutex);
    return files;
}

const char *gw_tls_trusted(struct gw_tls *tls)
{
    return newest(tls)->trusted;
}

int gw_tls_present(struct gw_tls *tls, gnutls_pcert_st **chain, unsigned *count,
                   gnutls_privkey_t *key)
{
    struct gw_tls_files *files = newest(tls);
    *chain = files->chain;
    *count = files->count;
    *key = files->private_key;
    return 0;
}

static bool is_trusted(gnutls_x509_trust_list_t trust, gnutls_x509_crt_t *chain, unsigned count)
{
    gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                     .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT};
    unsigned status = 0;
    return gnutls_x509_trust_list_verify_crt2(trust, chain, count, &purpose, 1, 0, &status, NULL) ==
               0 &&
           status == 0;
}

static bool describe(gnutls_x509_crt_t certificate, struct gw_tls_client *client)
{
    unsigned char digest[32];
    size_t bytes = sizeof digest, name_bytes = sizeof client->common_name, second_bytes = 0;
    if (gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, digest, &bytes))
        return false;
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(client->sha256 + 2 * i, 3, "%02x", digest[i]);
    bool has_name = gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0,
                                                  client->common_name, &name_bytes) == 0;
    bool has_second =
        gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 1, 0, NULL,
                                      &second_bytes) != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
    /* A NUL within would make another name of it. */
    if (!has_name || has_second || strlen(client->common_name) != name_bytes)
        client->common_name[0] = '\0';
    for (const char *c = client->common_name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            client->common_name[0] = '\0';
    return true;
}

bool gw_tls_find_client(struct gw_tls *tls, gnutls_session_t session, struct gw_tls_client *client)
{
    unsigned count = 0, imported = 0;
    gnutls_x509_crt_t chain[MOST_CHAIN];
    const gnutls_datum_t *sent = gnutls_certificate_get_peers(session, &count);
    struct gw_tls_files *files = newest(tls);
    bool is_right = sent && count > 0 && count <= MOST_CHAIN && files->trust;

    memset(client, 0, sizeof *client);
    for (; is_right && imported < count; imported++) {
        if (gnutls_x509_crt_init(&chain[imported]))
            break;
        if (gnutls_x509_crt_import(chain[imported], &sent[imported], GNUTLS_X509_FMT_DER)) {
            gnutls_x509_crt_deinit(chain[imported]);
            break;
        }
    }
    is_right = is_right && imported == count && is_trusted(files->trust, chain, count) &&
               describe(chain[0], client);
    while (imported > 0)
        gnutls_x509_crt_deinit(chain[--imported]);
    return is_right;
}
