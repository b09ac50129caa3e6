/* arrival.c - how requests arrive: the callbacks of libmicrohttpd.
 *
 * For each request, on the listener's thread: its first line (begin), once its header is whole
 * (take, which looks at it), then its body in pieces and its end (take again, which tells), and
 * when its connection is done with it (end). take is called once more for a request that was
 * suspended and has its answer.
 *
 * Failures: what is wrong with a request is told to its taker, before its body is read where that
 * is known from the header. A client that leaves before its request is whole isn't told of. */
#include "http/arrival.h"

#include <gnutls/gnutls.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/fields.h"
#include "http/framing.h"
#include "http/header_text.h"
#include "http/identity.h"
#include "http/origin.h"
#include "http/packing.h"
#include "http/path.h"
#include "http/request_state.h"

/* How fast a body must come, on average, beyond limits.idle. */
enum { SLOWEST_BYTES_PER_MS = 16 };

void gw_arrival_connect(void *user, struct MHD_Connection *mhd, void **socket_context,
                        enum MHD_ConnectionNotificationCode code)
{
    struct gw_arrival *arrival = user;
    struct gw_connections *connections = &arrival->intake->connections;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        gw_connection_remove(connections, *socket_context);
        *socket_context = NULL;
        return;
    }
    struct gw_config *config = gw_intake_config(arrival->intake);
    /* Later versions have one place for all that they tell of a connection: one after the other. */
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    int fd = info->connect_fd;
    info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    *socket_context = gw_connection_add(connections, fd, info->client_addr, arrival->tls,
                                        gw_clock_ms() + config->limits.idle_ms);
    gw_config_release(config);
}

static struct gw_connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *context =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return context ? context->socket_context : NULL;
}

int gw_arrival_present(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                       const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                       gnutls_pcert_st **chain, unsigned *count, gnutls_privkey_t *key)
{
    /* libmicrohttpd makes its connection the session's pointer. */
    struct gw_connection *connection = connection_of(gnutls_session_get_ptr(session));
    (void)names, (void)name_count, (void)algorithms, (void)algorithm_count;
    return connection ? gw_tls_present(connection->tls, chain, count, key) : -1;
}

/* A request is due limits.idle after its first line, and later the longer its body is. */
static void set_deadline(struct gw_request *request)
{
    long long deadline_ms = request->begun_ms + request->config->limits.idle_ms +
                            (long long)(request->received_bytes / SLOWEST_BYTES_PER_MS);
    gw_connection_set_deadline(&request->intake->connections, request->connection, deadline_ms);
}

void *gw_arrival_begin(void *user, const char *target, struct MHD_Connection *mhd)
{
    struct gw_arrival *arrival = user;
    struct gw_intake *intake = arrival->intake;
    struct gw_connection *connection = connection_of(mhd);
    struct gw_request *request =
        connection ? gw_request_new(intake, mhd, connection, target) : NULL;
    if (!request) {
        gw_intake_count_refused(intake, 503, 1);
        return NULL;
    }
    set_deadline(request);
    gw_connection_set_asking(&intake->connections, connection, true);
    return request;
}

static void refuse_body(struct gw_request *request, int status)
{
    const struct gw_limits *limits = &request->config->limits;
    if (status == 413)
        gw_request_refuse(request, 413, "the body has more than %zu bytes", limits->body_bytes);
    else if (status == 503)
        gw_request_refuse(request, 503, "all requests together hold more than %zu bytes",
                          limits->memory_bytes);
    else if (status == 415)
        gw_request_refuse(request, 415, "Content-Encoding is neither gzip nor deflate");
    else if (status)
        gw_request_refuse(request, status, "the body isn't what Content-Encoding says");
}

/* More of the body. libmicrohttpd takes no answer in the middle of a body: gw_request_answer() then
 * makes one that is sent around it. */
static void read_body(struct gw_request *request, const char *bytes, size_t count)
{
    request->received_bytes += count;
    set_deadline(request);
    refuse_body(request, gw_body_add(&request->body, bytes, count));
    if (!request->refusal)
        return;
    request->is_midway = request->is_last = true;
    gw_request_tell(request);
}

static void end_body(struct gw_request *request)
{
    refuse_body(request, gw_body_end(&request->body));
    gw_request_tell(request);
}

/* The header is looked at, and so is who has sent it. */
static void go_on(struct gw_request *request)
{
    const char *encoding = gw_request_header(request, "Content-Encoding");
    request->phase = GW_PHASE_BODY;
    set_deadline(request);
    if (!request->refusal && encoding)
        refuse_body(request, gw_body_unpack(&request->body, encoding));
    if (!request->refusal)
        return;
    request->is_last |= request->is_chunked || request->announced_bytes > 0;
    gw_request_tell(request);
}

/* The header is whole. */
static void look(struct gw_arrival *arrival, struct gw_request *request, const char *method,
                 const char *version)
{
    if (snprintf(request->method, sizeof request->method, "%s", method) >=
        (int)sizeof request->method)
        gw_request_refuse(request, 400, "the method is too long");
    request->is_http_1_0 = strcmp(version, "HTTP/1.0") == 0;
    gw_header_text_check(request, method, version);
    gw_fields_read(request);
    if (!gw_fields_is_token(method))
        gw_request_refuse(request, 400, "the method is no word");
    if (!gw_fields_is_value(request->query))
        gw_request_refuse(request, 400, "the query has a control character");
    if (!gw_path_unescape(request->raw_path, request->path)) {
        gw_request_refuse(request, 400, "the path can be read in two ways");
        request->path[0] = '\0';
    }
    request->takes_gzip =
        !request->is_http_1_0 && gw_packing_is_taken(gw_request_header(request, "Accept-Encoding"));
    gw_framing_check(request);
    gw_origin_read(request, arrival->tls);
    pthread_mutex_lock(&request->intake->mutex);
    request->users = gw_users_hold(arrival->users);
    pthread_mutex_unlock(&request->intake->mutex);
    if (gw_intake_is_draining(request->intake))
        gw_request_refuse(request, 503, "the gateway is stopping");
    if (request->refusal || gw_identity_check(arrival->tls, arrival->passwords, request))
        go_on(request);
    else
        gw_connection_set_deadline(&request->intake->connections, request->connection, 0);
}

/* What finds no room in the socket is lost: such an answer is short, and the first of many bytes.
 */
static void send_midway(const struct gw_request *request)
{
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    ssize_t sent = 0;
    if (request->midway_answer && tls && tls->tls_session)
        sent = gnutls_record_send(tls->tls_session, request->midway_answer, request->midway_bytes);
    else if (request->midway_answer)
        sent = send(request->connection->fd, request->midway_answer, request->midway_bytes,
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent;
}

/* Sends the answer, if it is there. */
static enum MHD_Result send_answer(struct gw_request *request)
{
    struct gw_intake *intake = request->intake;
    pthread_mutex_lock(&intake->mutex);
    bool is_answered = request->phase == GW_PHASE_ANSWERED;
    if (is_answered)
        request->phase = GW_PHASE_SENT;
    pthread_mutex_unlock(&intake->mutex);
    if (!is_answered)
        return MHD_YES;
    gw_connection_unwatch(&intake->connections, request->connection);
    if (request->refusal && request->is_last)
        gw_linger_add(&intake->linger, request->connection->fd);
    if (request->is_midway)
        send_midway(request);
    if (request->is_midway || !request->response)
        return MHD_NO;
    return MHD_queue_response(request->mhd, (unsigned)request->status, request->response);
}

enum MHD_Result gw_arrival_take(void *user, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *bytes,
                                size_t *count, void **context)
{
    struct gw_arrival *arrival = user;
    struct gw_request *request = *context;
    (void)mhd, (void)url;
    if (!request)
        return MHD_NO;
    atomic_store(&arrival->entered_ms, gw_clock_ms());
    if (request->phase == GW_PHASE_HEADER) {
        look(arrival, request, method, version);
    } else if (request->phase == GW_PHASE_CHECKED) {
        gw_identity_conclude(request);
        go_on(request);
    } else if (request->phase == GW_PHASE_BODY) {
        if (*count)
            read_body(request, bytes, *count);
        else
            end_body(request);
    }
    if (!request->refusal)
        *count = 0;
    enum MHD_Result result = send_answer(request);
    atomic_store(&arrival->entered_ms, 0);
    return result;
}

void gw_arrival_end(void *user, struct MHD_Connection *mhd, void **context,
                    enum MHD_RequestTerminationCode code)
{
    struct gw_arrival *arrival = user;
    struct gw_intake *intake = arrival->intake;
    struct gw_request *request = *context;
    (void)mhd;
    if (!request)
        return;
    *context = NULL;
    pthread_mutex_lock(&intake->mutex);
    bool was_told = request->phase >= GW_PHASE_TELLING;
    bool is_lost = was_told && code != MHD_REQUEST_TERMINATED_COMPLETED_OK && !request->is_midway &&
                   !request->is_abandoned;
    intake->counts.abandoned += is_lost;
    if (was_told) {
        intake->unsent--;
        pthread_cond_broadcast(&intake->change);
    }
    pthread_mutex_unlock(&intake->mutex);
    if (!was_told && code == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED)
        gw_intake_count_refused(intake, 408, 1);
    gw_connection_set_asking(&intake->connections, request->connection, false);
    gw_connection_set_deadline(&intake->connections, request->connection,
                               gw_clock_ms() + request->config->limits.idle_ms);
    gw_request_free(request);
}

void gw_arrival_log(void *user, const char *format, va_list arguments)
{
    static const char REFUSED[] = "Error processing request (HTTP response code is %u";
    struct gw_arrival *arrival = user;
    if (strncmp(format, REFUSED, sizeof REFUSED - 1) == 0)
        gw_intake_count_refused(arrival->intake, (int)va_arg(arguments, unsigned), 1);
}
