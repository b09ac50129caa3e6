/* tls.h - what libstrophe leaves out of TLS: a handshake that doesn't wait, whose certificate it
 * is, alerts in words.
 *
 * Noun: TLS as OpenSSL does it. The linker hands SSL_connect(), SSL_shutdown() and SSL_free() of
 * what is linked statically to tls.c (--wrap). For connections that aren't a link's, a program's
 * own among them, these three do what OpenSSL does.
 *
 * Thread: any; alerts are those of the calling thread.
 */
#ifndef SX_NET_TLS_H
#define SX_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "net/binding.h"
#include "net/certificate.h"

/* begin, before a connection: forgets what was seen of the one before, and OpenSSL's errors. end,
 * once the connection is over and its failure explained: the thread has no connection. */
void sx_tls_begin(void);
void sx_tls_end(void);

/* The thread's connection is on this descriptor. All functions below are about the TLS that
 * libstrophe begins on it. */
void sx_tls_take(int fd);

/* The server that the connection is to, as its certificate must name it (identity.h). */
struct sx_tls_server {
    const char *domain; /* the JID's */
    const char
        *ascii;      /* the same in A-labels; sent as the server's name (SNI), unless an address */
    bool is_direct;  /* no STARTTLS before: the protocol is named (ALPN, XEP-0368) */
    bool is_unnamed; /* without SNI: the server doesn't know the name */
};

/* Says who it is, before the handshake; it must live as long as the connection. A server that
 * nobody has named isn't trusted. */
void sx_tls_expect(const struct sx_tls_server *server);

/* Why its certificate was refused: SX_ECERT, SX_EHOSTNAME, with a clause in *why; SX_OK: it wasn't.
 */
enum sx_err sx_tls_refusal(const char **why);

/* Whether its handshake was done, the certificate's check included; stays true when it is over. */
bool sx_tls_is_established(void);

/* How many bytes came first, in the handshake or in its place; *bytes: valid until the next
 * connection begins. */
size_t sx_tls_first(const char **bytes);

/* Whether the handshake is under way: libstrophe's next reads and writes go on with it, and what
 * libstrophe wants to write waits for its end. And whether OpenSSL waits until the socket can be
 * written. False once libstrophe has freed the SSL. */
bool sx_tls_is_in_handshake(void);
bool sx_tls_wants_to_write(void);

/* Whether OpenSSL has been short of memory since sx_tls_begin(): what it says of certificates and
 * alerts then means nothing. */
bool sx_tls_is_short(void);

/* The newest fatal alert since sx_tls_begin (RFC 8446 6.2), by either side: its description's
 * number, -1 if there was none. */
int sx_tls_alert(void);

/* That alert in a few words: "unknown CA". Never NULL. */
const char *sx_tls_alert_text(void);

/* Forgets what the program's own calls on this thread have left in OpenSSL's queue, which
 * SSL_get_error() would take for the connection's: to be called before whoever reads or writes. */
void sx_tls_clear_errors(void);

/* Takes in what has come on the established connection, so that an alert is seen; the next reader
 * still gets all of it. To be called before a write: once that has failed, libstrophe reads no
 * more, and with TLS 1.3 a server refuses our certificate when we take the handshake for done (RFC
 * 8446 4.4.2.4). False: nothing more comes, by an alert, close_notify or what is no TLS. That
 * end has no further event of the socket, so the caller ends TCP; data need none, since libstrophe
 * asks OpenSSL. */
bool sx_tls_look(void);

/* Whether it says that the server doesn't know the name that was sent (RFC 6066 3). */
bool sx_tls_is_name_unknown(void);

/* Whether it says that the server has no version of TLS that we speak; that it doesn't take our
 * certificate, or wants one that we don't have. The latter is believed once the server has shown
 * its own certificate and asked for ours. With TLS 1.3 it comes when TLS is established, with 1.2
 * before that, in clear: anybody on the way could send it. */
bool sx_tls_is_too_old(void);
bool sx_tls_is_about_us(void);

/* Once it is established: "TLS 1.3". Never NULL. */
const char *sx_tls_version(void);

/* Once it is established: the cipher suite, as IANA calls it, "" before; whether it goes on with a
 * session of before; what the server's certificate says, false if there is none. */
const char *sx_tls_cipher(void);
bool sx_tls_is_resumed(void);
bool sx_tls_describe(struct sx_certificate *certificate);

/* The data of a channel binding; false: it isn't defined for this TLS, none is established, or
 * memory is short. The exporter is defined for TLS 1.3, or 1.2 whose master secret is bound to the
 * handshake (RFC 9266 4.2, RFC 7627). unique: for the latter alone, and no resumed session, whose
 * Finished messages servers confuse. The end point: if the server's certificate is signed with one
 * hash, unlike those of Ed25519 (RFC 5929 4.1). */
bool sx_tls_read_binding(enum sx_binding binding, unsigned char out[SX_BINDING_BYTES], size_t *len);

#endif
