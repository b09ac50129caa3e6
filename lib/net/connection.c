/* connection.c - one attempt with libstrophe: from TCP to online to over, and why.
 *
 * Invariant: failure is what happened first, and is never overwritten. libstrophe gets no more
 * rounds once it is over. No round waits for the server, and none takes long: SCRAM's hashing goes
 * in slices.
 *
 * Happy path: open -> round, round, ... -> on_online -> round ... -> close -> over -> fini.
 * Failure: abort (when the deadline has passed, for instance) notes why and shuts the socket down,
 * so that the next round finds the attempt over. If nobody has noted why, fini finds it out from
 * what stream and TLS have seen.
 */
#include "net/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <strophe.h>
#include <sys/socket.h>

#include "wire/domain.h"
#include "wire/jid.h"
#include "wire/namespaces.h"
#include "base/clock.h"
#include "net/allocator.h"
#include "net/descriptor.h"
#include "net/stream_header.h"

/* What a server says during the login fits into so many nodes, features of all kinds included. */
enum { MAX_NODES = 2000, MOST_TCP_US = 4900000, READ_BYTES = 4096 /* libstrophe's buffer */ };

/* libstrophe gives its socket's callback no user pointer. */
static _Thread_local struct sx_connection *current;

void sx_connection_abort(struct sx_connection *connection, enum sx_err err, const char *text)
{
    sx_failure_set(&connection->failure, err, "%s", text);
    if (connection->fd >= 0 && !connection->over)
        shutdown(connection->fd, SHUT_RDWR);
}

/* ---- libstrophe's callbacks ---- */

static int on_socket(xmpp_conn_t *conn, void *socket)
{
    int fd = *(int *)socket, one = 1;
    (void)conn;
    if (fd >= FD_SETSIZE) { /* select() would write beyond its fd_set; descriptor.h prevents it */
        sx_failure_set(&current->failure, SX_EUNREACHABLE,
                       "libstrophe's select() has no room for descriptor %d", fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    /* A child that the program execs must not keep the connection alive. */
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    current->fd = fd;
    current->has_socket = true;
    sx_tls_take(fd);
    return 0;
}

static void trace_stanza(struct sx_connection *connection, const struct sx_element *stanza)
{
    struct sx_buffer text = {0};
    if (!sx_trace_on(connection->trace, SOAP_XMPP_TRACE_STANZA))
        return;
    sx_element_write(stanza, &text);
    if (!text.failed)
        sx_trace_stanza(connection->trace, "received", text.bytes, text.len);
    sx_buffer_fini(&text);
    if (connection->stream.envelope && connection->stream.envelope->bytes)
        sx_trace_stanza(connection->trace, "received envelope", connection->stream.envelope->bytes,
                        connection->stream.envelope->len);
}

static void on_stanza(void *user, const struct sx_element *stanza)
{
    struct sx_connection *connection = user;
    trace_stanza(connection, stanza);
    if (connection->failure.err == SX_OK)
        connection->on_stanza(connection->user, stanza, &connection->stream);
}

/* Where we were sent, or what the configuration names; NULL: the domain's own servers. */
static const char *host_of(const struct sx_connection *connection)
{
    return connection->target ? connection->target->host : connection->config->host;
}

static bool is_direct(const struct sx_connection *connection)
{
    return connection->addresses->at[connection->address].is_direct_tls;
}

/* "host port 5222", or the domain whose SRV records were asked. */
static void describe_server(struct sx_connection *connection)
{
    const char *host = host_of(connection);
    if (host)
        snprintf(connection->server, sizeof connection->server, "%.200s port %d", host,
                 connection->addresses->at[connection->address].port);
    else
        snprintf(connection->server, sizeof connection->server, "%.200s", connection->domain);
}

/* ---- the login ---- */

static void tell_account(struct sx_connection *connection)
{
    const struct sx_sasl *sasl = &connection->login.sasl;
    const char *binding = sx_sasl_binding_name(sasl);
    bool has_tls = connection->login.channel.has_tls;
    sx_trace(connection->trace, SOAP_XMPP_TRACE_INFO, "logged in by %s over %s; the server %s%s%s",
             sx_mechanism_name(sasl->choice.mechanism), has_tls ? sx_tls_version() : "no TLS",
             sasl->has_proof ? "proved that it knows the password"
             : has_tls       ? "proved nothing beyond its certificate"
                             : "proved nothing",
             binding ? ", bound to TLS by " : "", binding ? binding : "");
    if (sasl->note[0])
        sx_trace(connection->trace, SOAP_XMPP_TRACE_INFO, "%s", sasl->note);
}

static void tell_login(struct sx_connection *connection)
{
    if (connection->config->is_component)
        sx_trace(connection->trace, SOAP_XMPP_TRACE_INFO,
                 "logged in as a component, by the secret, without TLS");
    else
        tell_account(connection);
}

static void go_online(struct sx_connection *connection)
{
    tell_login(connection);
    connection->online = true;
    connection->stream.wants_trees = sx_trace_on(connection->trace, SOAP_XMPP_TRACE_STANZA);
    connection->stream.on_stanza = on_stanza;
    connection->on_online(connection->user, connection->login.jid);
}

static void open_stream(struct sx_connection *connection, bool is_private)
{
    if (!sx_stream_header_send(connection->conn, connection->config, connection->domain,
                               is_private))
        sx_connection_abort(connection, SX_ENOMEM, "memory ran short");
}

/* What was said in clear is forgotten (RFC 6120 5.4.3.3). The header waits for the end of the
 * handshake, and so for the server's certificate. */
static void begin_tls(struct sx_connection *connection)
{
    connection->stream.negotiation = (struct sx_negotiation){0};
    if (xmpp_conn_tls_start(connection->conn) != XMPP_EOK)
        sx_failure_explain_tls(&connection->failure, connection->server,
                               connection->stream.fed_bytes > 0);
    else
        open_stream(connection, true);
}

static void send_out(struct sx_connection *connection)
{
    struct sx_buffer *out = &connection->login.out;
    if (out->len && !out->failed)
        xmpp_send_raw(connection->conn, out->bytes, out->len);
    sx_buffer_wipe(out);
}

static void follow(struct sx_connection *connection, enum sx_login_step step)
{
    const struct sx_login *login = &connection->login;
    connection->is_hashing = step == SX_LOGIN_HASH;
    send_out(connection);
    switch (step) {
    case SX_LOGIN_WAIT:
    case SX_LOGIN_HASH:
        break;
    case SX_LOGIN_OPEN:
        open_stream(connection, sx_tls_is_established());
        break;
    case SX_LOGIN_TLS:
        begin_tls(connection);
        break;
    case SX_LOGIN_ONLINE:
        go_online(connection);
        break;
    case SX_LOGIN_END:
        memcpy(connection->redirect, login->redirect, sizeof connection->redirect);
        sx_connection_abort(connection, login->err, login->why);
        break;
    }
}

/* Whether the login goes on: it may have been ended by what stood before this in the same bytes. */
static bool is_logging_in(const struct sx_connection *connection)
{
    return connection->failure.err == SX_OK && !connection->over && !connection->online;
}

static void look_at_channel(struct sx_connection *connection)
{
    struct sx_sasl_channel *channel = &connection->login.channel;
    channel->has_tls = sx_tls_is_established();
    /* The configuration allows no TLS on this machine alone. */
    channel->may_send_password = channel->has_tls || connection->config->tls == SOAP_XMPP_TLS_OFF;
    channel->read_binding = sx_tls_read_binding;
}

static void on_header(void *user, const char *id)
{
    struct sx_connection *connection = user;
    if (is_logging_in(connection))
        follow(connection, sx_login_header(&connection->login, id));
}

static void explain_verdict(struct sx_connection *connection)
{
    char text[320];
    snprintf(text, sizeof text, "%.100s sent <%.40s> in the login: %.150s", connection->server,
             sx_stream_name(&connection->stream), connection->stream.verdict_why);
    sx_connection_abort(connection, SX_EPROTOCOL, text);
}

static void on_login(void *user, const struct sx_element *stanza, bool has_more)
{
    struct sx_connection *connection = user;
    if (!is_logging_in(connection))
        return;
    if (connection->stream.verdict != SX_OK) { /* what is left of it would say something else */
        explain_verdict(connection);
        return;
    }
    look_at_channel(connection);
    if (connection->login.is_authenticated && sx_element_is(stanza, "features", SX_NS_STREAMS))
        sx_negotiation_note_features(stanza, &connection->facts);
    follow(connection,
           sx_login_stanza(&connection->login, stanza, has_more, &connection->stream.negotiation));
}

static void on_event(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
                     xmpp_stream_error_t *stream_error, void *user)
{
    struct sx_connection *connection = user;
    (void)conn;
    (void)stream_error; /* negotiation.c has seen it, with its condition's name */
    if (event == XMPP_CONN_RAW_CONNECT) {
        follow(connection, sx_login_begin(&connection->login, is_direct(connection)));
    } else if (event != XMPP_CONN_CONNECT) {
        connection->strophe_error = error;
        connection->over = true;
        connection->fd = -1;
    }
}

/* ---- the attempt ---- */

static xmpp_conn_t *new_conn(struct sx_connection *connection, xmpp_ctx_t *ctx)
{
    xmpp_conn_t *conn;
    sx_stream_arm(&connection->stream);
    conn = xmpp_conn_new(ctx);
    sx_stream_arm(NULL);
    if (!conn)
        return NULL;
    if (connection->stream.err != SX_OK) {
        /* libstrophe doesn't look whether it got a parser */
        xmpp_conn_release(conn);
        return NULL;
    }
    xmpp_conn_set_jid(conn, connection->domain);
    xmpp_conn_set_sockopt_callback(conn, on_socket);
    return conn;
}

void sx_connection_give_up(struct sx_connection *connection, int64_t silent_us)
{
    char text[320];
    snprintf(text, sizeof text, "no sign of life from %s for %.1f s", connection->server,
             (double)silent_us / 1e6);
    sx_connection_abort(connection, SX_ESILENT, text);
}

/* An address that doesn't answer, or whose direct TLS doesn't come about, leaves the later ones
 * their share of the time. libstrophe waits for TCP no longer than 5 s. */
static void share_time(struct sx_connection *connection)
{
    int64_t now_us = sx_clock_now_us();
    int64_t share_us = (connection->deadline - now_us) /
                       (int64_t)(connection->addresses->count - connection->address);
    connection->tcp_deadline = now_us + (share_us < MOST_TCP_US ? share_us : MOST_TCP_US);
    if (is_direct(connection))
        connection->deadline = now_us + share_us;
}

/* libstrophe gets a literal address: given a name it would wait for the resolver, outside of every
 * deadline. */
static void connect_to_address(struct sx_connection *connection)
{
    const struct sx_resolver_address *address = &connection->addresses->at[connection->address];
    unsigned short port = (unsigned short)address->port;
    int result;
    errno = 0;
    sx_descriptor_lend(true);
    result = xmpp_connect_raw(connection->conn, address->literal, port, on_event, connection);
    sx_descriptor_lend(false);
    if (result == XMPP_EOK)
        return;
    /* connect() on loopback can fail at once. */
    connection->tcp_errno = errno;
    connection->fd = -1;
    connection->over = true;
}

/* Whom the certificate has to name, whatever host it is (RFC 6120 13.7.2.1). */
static enum sx_err expect_server(struct sx_connection *connection)
{
    enum sx_err err = sx_domain_to_ascii(connection->domain, connection->ascii);
    if (err == SX_ENOMEM)
        return err;
    if (err)
        connection->ascii[0] = '\0'; /* no certificate names it so */
    connection->expected = (struct sx_tls_server){
        .domain = connection->domain,
        .ascii = connection->ascii,
        .is_unnamed = connection->is_unnamed,
        .is_direct = is_direct(connection),
    };
    sx_tls_expect(&connection->expected);
    return SX_OK;
}

/* Sets no failure behind the login, and where it is the right protocol. */
static bool explain_protocol(struct sx_connection *connection)
{
    return !connection->online && !connection->login.is_authenticated &&
           sx_failure_explain_protocol(&connection->failure, &connection->stream,
                                       connection->server, is_direct(connection));
}

/* What the parser ended, and which server sent it. */
static void explain_stream(struct sx_connection *connection)
{
    char text[512];
    (void)explain_protocol(connection); /* the first sentence stays */
    snprintf(text, sizeof text, "%s: %s", connection->server, connection->stream.why);
    sx_connection_abort(connection, connection->stream.err, text);
}

/* Before TLS is up, where it is wanted, anybody on the way could say it: that stops no link. */
static enum sx_err judge_stream_error(const struct sx_connection *connection,
                                      const struct sx_negotiation_condition *error,
                                      const char **clause)
{
    if (connection->config->tls != SOAP_XMPP_TLS_OFF && !sx_tls_is_established())
        return sx_login_judge_misdirection(error, clause);
    return sx_login_judge_error(&connection->login, error, clause);
}

/* False: the server hasn't sent us elsewhere, or not so that we would go there. A redirect during
 * the login is login.c's to tell. */
static bool explain_redirect(struct sx_connection *connection)
{
    const char *other_host = connection->stream.negotiation.other_host;
    char text[600];
    if (!connection->online || !other_host[0] || !connection->login.channel.has_tls ||
        connection->failure.err != SX_OK)
        return false;
    snprintf(connection->redirect, sizeof connection->redirect, "%s", other_host);
    snprintf(text, sizeof text, "%s sends us to %s", connection->server, other_host);
    sx_connection_abort(connection, SX_ESTREAM, text);
    return true;
}

/* Whether the server has closed behind it or not. */
static void explain_stream_error(struct sx_connection *connection)
{
    const struct sx_negotiation_condition *error = &connection->stream.negotiation.error;
    const struct sx_config *config = connection->config;
    const char *separator = error->text[0] ? ": " : "", *clause;
    bool is_refused = config->is_component && !connection->online;
    enum sx_err err;
    char text[640];
    if (explain_redirect(connection))
        return;
    err = judge_stream_error(connection, error, &clause);
    snprintf(text, sizeof text, "%s %s%.100s: %s%s%s%s%s", connection->server,
             is_refused ? "refused the component " : "closed the stream",
             is_refused ? config->jid : "", error->name, *clause ? ", " : "", clause, separator,
             error->text);
    sx_connection_abort(connection, err, text);
}

/* What the files say now, who we are and whom we trust. */
static bool lend_context(struct sx_connection *connection)
{
    const struct sx_config *config = connection->config;
    char why[sizeof connection->failure.text];
    enum sx_err err = SX_OK;
    if (config->tls == SOAP_XMPP_TLS_OFF) {
        sx_tls_context_lend(NULL);
        return true;
    }
    err = sx_tls_context_renew(connection->context, config, why, sizeof why);
    if (!err)
        err = sx_tls_context_check_dates(*connection->context, config, why, sizeof why);
    if (err) {
        sx_failure_set(&connection->failure, err, "%s", why);
        return false;
    }
    sx_tls_context_lend(*connection->context);
    return true;
}

void sx_connection_open(struct sx_connection *connection, xmpp_ctx_t *ctx)
{
    const struct sx_config *config = connection->config;
    connection->fd = -1;
    sx_jid_domain(config->jid, connection->domain, sizeof connection->domain);
    describe_server(connection);
    connection->login.config = config;
    connection->login.server = connection->server;
    connection->login.memory = connection->memory;
    connection->stream.user = connection;
    connection->stream.on_header = on_header;
    connection->stream.on_login = on_login;
    share_time(connection);
    connection->stream.limits.max_stanza_bytes = config->max_stanza_bytes;
    connection->stream.limits.max_depth = config->max_depth;
    connection->stream.limits.max_nodes = MAX_NODES;
    connection->stream.limits.recycle_bytes = (size_t)8 << 20;
    connection->stream.limits.max_attributes = config->max_attributes;
    connection->stream.limits.max_namespaces = config->max_namespaces;
    current = connection;
    sx_tls_begin();
    if (expect_server(connection) != SX_OK) {
        sx_failure_set(&connection->failure, SX_ENOMEM, "memory ran short");
        connection->over = true;
        return;
    }
    if (!lend_context(connection)) {
        connection->over = true;
        return;
    }
    connection->conn = ctx ? new_conn(connection, ctx) : NULL;
    if (!connection->conn) {
        sx_failure_set(&connection->failure, SX_ENOMEM, "no memory for a connection");
        connection->over = true;
        return;
    }
    connect_to_address(connection);
}

short sx_connection_events(const struct sx_connection *connection)
{
    if (connection->fd < 0 || connection->over)
        return 0;
    if (!connection->tcp)
        return POLLIN | POLLOUT;
    if (sx_tls_is_in_handshake()) /* what libstrophe has to write waits for its end */
        return sx_tls_wants_to_write() ? POLLIN | POLLOUT : POLLIN;
    return sx_allocator_unsent_bytes() > 0 ? POLLIN | POLLOUT : POLLIN;
}

/* Whether libstrophe has anything to do: TCP is established, or has failed. It keeps the error of a
 * failed connect() for itself, and with direct TLS a handshake follows in the same pass: so this is
 * found out before. */
static bool is_tcp_settled(struct sx_connection *connection)
{
    struct pollfd socket = {connection->fd, POLLOUT, 0};
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer, error_len = sizeof connection->tcp_errno;
    if (connection->tcp || connection->fd < 0)
        return true;
    if (poll(&socket, 1, 0) == 0) {
        if (sx_clock_now_us() < connection->tcp_deadline)
            return false;
        connection->tcp_errno = ETIMEDOUT;
        shutdown(connection->fd, SHUT_RDWR);
        return true;
    }
    connection->tcp = getpeername(connection->fd, (struct sockaddr *)&peer, &len) == 0;
    if (!connection->tcp && connection->tcp_errno == 0)
        getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &connection->tcp_errno, &error_len);
    return true;
}

/* Neither TLS nor stream header nor SASL has a timer in libstrophe. */
static void check_deadline(struct sx_connection *connection)
{
    const struct sx_sasl *sasl = &connection->login.sasl;
    char text[400], clause[120] = "";
    if (connection->online || sx_clock_now_us() < connection->deadline)
        return;
    if (connection->is_hashing)
        snprintf(clause, sizeof clause, ": of %lu iterations of SCRAM %lu were left",
                 sasl->scram.iterations, sasl->salted.left);
    snprintf(text, sizeof text, "connecting to %s took longer than %.3f s%s", connection->server,
             (double)connection->config->connect_timeout_us / 1e6, clause);
    sx_connection_abort(connection, SX_ECONNECT, text);
}

/* Each step of a login is a question and its answer. A server whose TCP keeps the second half of
 * one back until the first is acknowledged (Nagle) would wait 40 ms for our delayed
 * acknowledgement. The kernel forgets it, so that it is told before each pass. */
static void acknowledge_at_once(const struct sx_connection *connection)
{
    int one = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
}

/* A server that doesn't take us may be gone before we write: its alert says why. libstrophe looks
 * for the end of TLS only when the socket has an event, and sx_tls_look() may have taken it: to
 * shut TCP down makes another one. Whom that doesn't reach, because OpenSSL says that there is
 * nothing to read yet, as it may once memory has failed it, is not waited for. */
static void run_once(struct sx_connection *connection, xmpp_ctx_t *ctx)
{
    bool is_watched = !connection->online && !connection->login.is_authenticated;
    bool has_ended = is_watched && !sx_tls_look();
    bool is_aborted = connection->failure.err != SX_OK && !connection->closing;
    if (!connection->online && connection->tcp)
        acknowledge_at_once(connection);
    if (has_ended)
        shutdown(connection->fd, SHUT_RDWR);
    sx_tls_clear_errors();
    xmpp_run_once(ctx, 0);
    connection->over |= has_ended || is_aborted;
}

/* While it logs in, libstrophe queues its answers as it reads, and writes them in the next pass. It
 * queues its stream header when TCP is up, and when the handshake has ended, even if that read had
 * nothing for it. Later on we write, and what is read short of READ_BYTES was all: TLS keeps
 * nothing back but the rest of a record that was longer. */
static bool is_pass_due(bool is_logged_in, bool is_new, uint64_t read_bytes)
{
    return is_logged_in ? read_bytes >= READ_BYTES : read_bytes || is_new;
}

bool sx_connection_round(struct sx_connection *connection, xmpp_ctx_t *ctx)
{
    uint64_t fed_bytes = connection->stream.fed_bytes;
    bool was_tcp = connection->tcp, was_online = connection->online;
    bool was_established = sx_tls_is_established();
    check_deadline(connection);
    if (!is_tcp_settled(connection))
        return false;
    if (connection->is_hashing && is_logging_in(connection))
        follow(connection, sx_login_hash(&connection->login));
    run_once(connection, ctx);
    if (connection->over)
        return false;
    if (sx_allocator_is_short())
        sx_connection_abort(connection, SX_ENOMEM, "memory ran short");
    else if (connection->stream.err != SX_OK)
        explain_stream(connection);
    else if (connection->stream.negotiation.error.name[0] && !connection->closing)
        explain_stream_error(connection);
    else if (connection->failure.err != SX_OK && !connection->closing)
        sx_connection_abort(connection, connection->failure.err, connection->failure.text);
    return (connection->is_hashing && is_logging_in(connection)) ||
           is_pass_due(was_online,
                       connection->tcp != was_tcp || sx_tls_is_established() != was_established,
                       connection->stream.fed_bytes - fed_bytes);
}

void sx_connection_close(struct sx_connection *connection)
{
    if (connection->closing || connection->over)
        return;
    connection->closing = true;
    sx_failure_set(&connection->failure, SX_ESTOPPED, "the link was stopped");
    xmpp_disconnect(connection->conn);
}

/* ---- why it ended ---- */

static void explain_login(struct sx_connection *connection, const char *server)
{
    bool wants_tls = connection->config->tls != SOAP_XMPP_TLS_OFF;
    if (sx_failure_explain_certificate(&connection->failure, connection->config, server) ||
        explain_protocol(connection))
        return;
    if (connection->login.err) /* that of a first refusal, after which it closed */
        sx_failure_set(&connection->failure, connection->login.err, "%s", connection->login.why);
    if (wants_tls && !is_direct(connection) && !connection->stream.fed_bytes)
        sx_failure_set(&connection->failure, SX_ETLS,
                       "no TLS with %s: it closed the connection without a word, as a port for "
                       "direct TLS does (tls=direct)",
                       server);
    else if (wants_tls && !sx_tls_is_established())
        sx_failure_explain_tls(&connection->failure, server, connection->stream.fed_bytes > 0);
    else
        sx_failure_set(&connection->failure, SX_ELOST, "%s closed the connection during the login",
                       server);
}

static void explain_tcp(struct sx_connection *connection, const char *server)
{
    int error = connection->tcp_errno ? connection->tcp_errno : connection->strophe_error;
    sx_failure_explain_tcp(&connection->failure, server, connection->addresses, connection->address,
                           host_of(connection), error);
}

static void explain(struct sx_connection *connection)
{
    const struct sx_stream *stream = &connection->stream;
    const char *server = connection->server;
    if (sx_allocator_is_short() || sx_tls_is_short())
        sx_failure_set(&connection->failure, SX_ENOMEM, "memory ran short");
    if (stream->err != SX_OK)
        explain_stream(connection);
    else if (stream->negotiation.error.name[0])
        explain_stream_error(connection);
    else if (connection->online)
        sx_failure_set(&connection->failure, SX_ELOST, "the connection to %s was lost", server);
    else if (connection->tcp || stream->fed_bytes)
        explain_login(connection, server);
    else
        explain_tcp(connection, server);
}

void sx_connection_fini(struct sx_connection *connection)
{
    explain(connection);
    if (connection->failure.err == SX_ECERT)
        sx_tls_context_doubt(*connection->context);
    if (connection->conn)
        xmpp_conn_release(connection->conn);
    connection->conn = NULL;
    sx_login_fini(&connection->login);
    sx_buffer_fini(&connection->facts.bytes);
    sx_tls_context_withdraw();
    sx_tls_end();
    current = NULL;
}

bool sx_connection_was_misnamed(const struct sx_connection *connection)
{
    return !connection->is_unnamed && !sx_tls_is_established() && sx_tls_is_name_unknown();
}

bool sx_connection_had_tls(const struct sx_connection *connection)
{
    return connection->has_socket && sx_tls_is_established();
}

static bool is_unconnected(enum sx_err err)
{
    return err == SX_EUNREACHABLE || err == SX_EREFUSED;
}

bool sx_connection_was_useless(const struct sx_connection *connection)
{
    bool has_no_tls = is_direct(connection) && connection->tcp && !sx_tls_is_established();
    if (connection->failure.err == SX_ESTOPPED || connection->failure.err == SX_ENOMEM)
        return false;
    return connection->has_socket &&
           (has_no_tls || (!connection->tcp && is_unconnected(connection->failure.err)));
}
