/* http_tls.h - certificates in files, and a client that speaks TLS. */
#ifndef TESTS_GATEWAY_HTTP_TLS_H
#define TESTS_GATEWAY_HTTP_TLS_H

#include <gnutls/gnutls.h>

/* A folder with two authorities, "ca" and "other", and what they signed: "server", "client" (whose
 * common name is "cam 1") by ca, "stranger" by other. Each is NAME.pem with NAME.key. */
struct http_pki {
    char folder[32];
    char path[64]; /* http_pki_path() */
    char client_sha256[65];
};
void http_pki_make(struct http_pki *pki);
const char *http_pki_path(struct http_pki *pki, const char *file); /* the last one alone */
/* Makes server.pem and server.key anew, for this common name. */
void http_pki_renew(struct http_pki *pki, const char *common_name);
void http_pki_remove(struct http_pki *pki);

/* Connects to port, with a client certificate of pki or NULL; says text, and gives what comes until
 * `until` has come or the end, in a static buffer. "" when the handshake fails. server: the common
 * name of the server's certificate, if not NULL. */
const char *http_tls_ask(struct http_pki *pki, int port, const char *certificate, const char *text,
                         const char *until, char server[64]);

#endif
