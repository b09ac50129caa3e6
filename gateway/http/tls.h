/* tls.h - a listener's certificate and key, and whose certificate a client has.
 *
 * Noun: the TLS of a listener. Invariant: a handshake that has begun keeps the certificate that it
 * began with; what is read anew holds for the next one. Any thread. */
#ifndef GW_TLS_H
#define GW_TLS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>

#include "config/config.h"

struct gw_tls;

/* Reads the files. NULL with one sentence in why: one can't be read, or they don't fit together.
 * Blocks while they are read. */
struct gw_tls *gw_tls_new(const struct gw_listen *listen, char *why, size_t why_bytes);
void gw_tls_free(struct gw_tls *tls); /* no session is left; NULL is fine */
/* The files of another configuration, in two steps: what is read is taken, or thrown away. */
struct gw_tls_files;
struct gw_tls_files *gw_tls_read(const struct gw_listen *listen, char *why, size_t why_bytes);
void gw_tls_take(struct gw_tls *tls, struct gw_tls_files *files); /* which become tls's */
void gw_tls_throw_away(struct gw_tls_files *files);               /* NULL is fine */

/* The certificates that clients' ones are asked for by, as PEM; NULL: none are asked for. Lives
 * until the next gw_tls_take(). */
const char *gw_tls_trusted(struct gw_tls *tls);
/* The certificate and key for a handshake; -1: there is none. As GnuTLS's retrieve function. */
int gw_tls_present(struct gw_tls *tls, gnutls_pcert_st **chain, unsigned *count,
                   gnutls_privkey_t *key);

enum { GW_TLS_NAME_BYTES = 256, GW_TLS_SHA256_BYTES = 65 };
struct gw_tls_client {
    char common_name[GW_TLS_NAME_BYTES]; /* "": none, two, or with control characters */
    char sha256[GW_TLS_SHA256_BYTES];    /* of the certificate, 64 digits of lower case */
};
/* Whose certificate the client of a session has shown; false: none, or none that is trusted now. */
bool gw_tls_find_client(struct gw_tls *tls, gnutls_session_t session, struct gw_tls_client *client);

#endif
