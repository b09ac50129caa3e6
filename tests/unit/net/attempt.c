#include "attempt.h"

#include <poll.h>
#include <signal.h>
#include <strophe.h>
#include <time.h>

#include "base/clock.h"
#include "net/allocator.h"
#include "../../lib/suite.h"
#include "../../lib/waits.h"

enum { TICK_MS = 50, US_PER_MS = 1000 };

struct sx_config attempt_config(enum soap_xmpp_tls tls, char *ca_file)
{
    static char jid[] = "alice@example.org/desk", password[] = "secret";

    return (struct sx_config){.jid = jid,
                              .password = password,
                              .mechanisms = SX_MECHANISM_ALL,
                              .tls = tls,
                              .ca_file = ca_file,
                              .ping_timeout_us = 10000000,
                              .max_stanza_bytes = 1 << 20,
                              .max_depth = 64};
}

static void note_online(void *user, const char *bound_jid)
{
    struct attempt *attempt = user;

    (void)bound_jid;
    CU_ASSERT_FALSE(attempt->was_short);
    attempt->was_online = true;
    if (!attempt->stays)
        sx_connection_close(&attempt->connection);
}

static void ignore_stanza(void *user, const struct sx_element *stanza, struct sx_stream *stream)
{
    (void)user;
    (void)stanza;
    (void)stream;
}

static int64_t processor_us(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* Whether the next is due at once. */
static bool run_round(struct attempt *attempt, xmpp_ctx_t *ctx)
{
    int64_t begun_us = processor_us(), took_us;
    bool again;

    waits_begin();
    again = sx_connection_round(&attempt->connection, ctx);
    attempt->waits += waits_end();
    took_us = processor_us() - begun_us;
    if (took_us > attempt->longest_us)
        attempt->longest_us = took_us;
    attempt->rounds++;
    attempt->was_short |= sx_allocator_is_short();
    if (attempt->on_round)
        attempt->on_round(attempt);
    return again;
}

static void run_connection(struct attempt *attempt)
{
    struct sx_connection *connection = &attempt->connection;
    xmpp_ctx_t *ctx = sx_allocator_reserve() ? xmpp_ctx_new(&sx_allocator, NULL) : NULL;

    sx_connection_open(connection, ctx);
    while (!connection->over) {
        struct pollfd socket = {connection->fd, sx_connection_events(connection), 0};
        if (!run_round(attempt, ctx))
            attempt->vain +=
                poll(&socket, 1, attempt->is_patient ? attempt->timeout_ms : TICK_MS) == 0;
    }
    sx_connection_fini(connection);
    if (ctx)
        xmpp_ctx_free(ctx);
    sx_allocator_sweep();
}

void attempt_run(struct attempt *attempt)
{
    struct sx_addresses addresses = {
        .count = 1,
        .at = {{"127.0.0.1", attempt->port, attempt->config.tls == SOAP_XMPP_TLS_DIRECT}}};
    struct sx_tls_context *context = NULL;
    struct sx_trace trace;

    signal(SIGPIPE, SIG_IGN); /* blocked on the loop thread */
    xmpp_initialize();
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    attempt->connection = (struct sx_connection){
        .config = &attempt->config,
        .trace = &trace,
        .addresses = &addresses,
        .deadline = sx_clock_deadline((int64_t)attempt->timeout_ms * US_PER_MS),
        .memory = &attempt->memory,
        .context = &context,
        .user = attempt,
        .on_online = note_online,
        .on_stanza = ignore_stanza};
    run_connection(attempt);
    sx_tls_context_give_back(context);
    attempt->connection.context = NULL;
    attempt->connection.trace = NULL;
    attempt->connection.addresses = NULL;
}

void attempt_server_start(struct attempt_server *server, const struct hostile_step *script,
                          struct attempt *attempt, enum soap_xmpp_tls tls)
{
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&server->certificates, "example.org", 1), 0);
    server->hostile = hostile_start(script, server->certificates.pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server->hostile);
    attempt->port = hostile_port(server->hostile);
    attempt->config = attempt_config(tls, server->certificates.ca_file);
}

void attempt_server_stop(struct attempt_server *server)
{
    hostile_stop(server->hostile);
    hostile_remove_certificates(&server->certificates);
}
