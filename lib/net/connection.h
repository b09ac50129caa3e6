/* connection.h - one libstrophe connection, from the attempt to its end; why it ended.
 *
 * Noun: the connection. A link has one after the other; each address that is tried gets a fresh one
 * (and a fresh xmpp_conn_t, which libstrophe can't reuse safely).
 *
 * Invariant: `over` becomes true exactly once, after which libstrophe has closed the socket and
 * `failure` says why, in words a user can act on.
 *
 * Happy path: open -> poll for events, round ... -> online -> round ... -> close -> over -> fini.
 * Failure: whatever ends the attempt sets `failure` first and wins: deadline, certificate, parser,
 *          stream error, SASL failure; sx_connection_fini's explanation covers the rest.
 * Thread: the loop thread only.
 */
#ifndef SX_NET_CONNECTION_H
#define SX_NET_CONNECTION_H

#include "config/config.h"
#include "base/fault.h"
#include "net/tls_context.h"
#include "net/failure.h"
#include "net/login.h"
#include "net/redirect.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "net/tls.h"
#include "base/trace.h"
#include "wire/domain.h"

enum { SX_CONNECTION_DOMAIN_BYTES = 1024 }; /* RFC 6122 2.2 */

struct _xmpp_conn_t; /* libstrophe's, whose header is for net/ alone */
struct _xmpp_ctx_t;

struct sx_connection {
    /* immutable */
    const struct sx_config *config;
    const struct sx_trace *trace;
    const struct sx_addresses *addresses;
    unsigned address; /* which of them */
    /* that a server has sent us to; NULL: the link's own. The certificate has to name the JID's
     * domain all the same. */
    const struct sx_redirect_target *target;
    bool is_unnamed;                 /* the server of it doesn't know its name: without SNI */
    int64_t deadline;                /* for the whole attempt, those after this one included */
    struct sx_sasl_memory *memory;   /* the link's */
    struct sx_tls_context **context; /* the link's; renewed by each attempt with TLS */
    void *user;
    void (*on_online)(void *user, const char *bound_jid);
    /* stanza NULL: see sx_stream.on_stanza */
    void (*on_stanza)(void *user, const struct sx_element *stanza, struct sx_stream *stream);
    /* loop thread */
    struct _xmpp_conn_t *conn;
    struct sx_stream stream;
    struct sx_login login;
    char server[256]; /* "host port 5222", or the domain whose SRV records were asked */
    char domain[SX_CONNECTION_DOMAIN_BYTES], ascii[SX_DOMAIN_ASCII_BYTES]; /* the JID's */
    struct sx_tls_server expected;
    int fd; /* libstrophe's, -1 before and after */
    int64_t tcp_deadline;
    bool has_socket, tcp, is_hashing, online, closing, over;
    int tcp_errno, strophe_error;
    struct sx_facts facts; /* the features that the server offers once we have logged in */
    struct sx_failure failure;
    /* with a failure: where the server sends us to, over TLS; a component's never does */
    char redirect[SX_NEGOTIATION_HOST_BYTES];
};

/* Begins; the immutable members are set by the caller, the rest zero, and sx_allocator_reserve()
 * was called. May be over at once. ctx NULL: there was no memory for one, and so that is the
 * failure.
 */
void sx_connection_open(struct sx_connection *connection, struct _xmpp_ctx_t *ctx);

/* What to poll the socket for; 0 events when there is none. */
short sx_connection_events(const struct sx_connection *connection);

/* One pass of libstrophe, which doesn't block; true if another one is due at once, without an
 * event. Ends the attempt once its deadline has passed. */
bool sx_connection_round(struct sx_connection *connection, struct _xmpp_ctx_t *ctx);

/* Sends </stream:stream> (RFC 6120 4.4). The server answers with its own, or libstrophe gives up
 * after 2 s. */
void sx_connection_close(struct sx_connection *connection);

/* Ends it because the server has been silent for so long. */
void sx_connection_give_up(struct sx_connection *connection, int64_t silent_us);

/* Ends it at once, for this reason unless there is one already. */
void sx_connection_abort(struct sx_connection *connection, enum sx_err err, const char *text);

/* After over: frees what open made and completes failure. */
void sx_connection_fini(struct sx_connection *connection);

/* After fini: it didn't know the name that it was told with TLS, and may do without (is_unnamed).
 */
bool sx_connection_was_misnamed(const struct sx_connection *connection);

/* After fini: TLS with somebody whom the link trusts came about. */
bool sx_connection_had_tls(const struct sx_connection *connection);

/* After fini: no TCP connection came about, or no TLS where it begins at once, so that the next
 * address may do better. */
bool sx_connection_was_useless(const struct sx_connection *connection);

#endif
