/* Short memory while a link connects: allocation number N fails, libstrophe's own among them, for
 * every N.
 *
 * Like test_shortage.c.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/connection.h"
#include "net/allocator.h"
#include "../lib/hostile.h"
#include "../lib/shortage.h"
#include "../lib/suite.h"

extern CU_TestInfo tests_shortage_connect[];

/* A port of 127.0.0.1 on which nobody listens, taken until *fd is closed. */
static int closed_port(int *fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(*fd >= 0);
    CU_ASSERT_FATAL(bind(*fd, (struct sockaddr *)&address, len) == 0);
    CU_ASSERT_FATAL(getsockname(*fd, (struct sockaddr *)&address, &len) == 0);
    return ntohs(address.sin_port);
}

static int port; /* while a test runs */

static bool was_short; /* at the end of a round */

static void part_at_once(void *user, const char *bound_jid)
{
    (void)bound_jid;
    CU_ASSERT_FALSE(was_short);
    sx_connection_close(user);
}

static void ignore_stanza(void *user, const struct sx_element *stanza, struct sx_stream *stream)
{
    (void)user;
    (void)stanza;
    (void)stream;
}

static void run_connection(struct sx_connection *connection)
{
    xmpp_ctx_t *ctx = sx_allocator_reserve() ? xmpp_ctx_new(&sx_allocator, NULL) : NULL;

    sx_connection_open(connection, ctx);
    was_short = false;
    while (!connection->over) {
        struct pollfd socket = {connection->fd, sx_connection_events(connection), 0};
        if (!sx_connection_round(connection, ctx))
            poll(&socket, 1, 50);
        was_short |= sx_allocator_is_short();
    }
    sx_connection_fini(connection);
    if (ctx)
        xmpp_ctx_free(ctx);
    sx_allocator_sweep();
}

static struct sx_config config_of_login(enum soap_xmpp_tls tls, char *ca_file)
{
    static char jid[] = "alice@example.org/desk", password[] = "secret";

    return (struct sx_config){.jid = jid,
                              .password = password,
                              .tls = tls,
                              .ca_file = ca_file,
                              .ping_timeout_us = 10000000,
                              .max_stanza_bytes = 1 << 20,
                              .max_depth = 64};
}

/* Ends as it would with memory enough, or for the lack of it. */
static bool connect_short(struct shortage shortage, const struct sx_config *config,
                          enum sx_err expected)
{
    struct sx_trace trace;
    struct sx_addresses addresses = {1, {{"127.0.0.1", port}}};
    struct sx_connection connection = {.config = config,
                                       .trace = &trace,
                                       .addresses = &addresses,
                                       .deadline = sx_clock_deadline(60000000),
                                       .user = &connection,
                                       .on_online = part_at_once,
                                       .on_stanza = ignore_stanza};
    bool has_failed;

    signal(SIGPIPE, SIG_IGN); /* blocked on the loop thread */
    sx_trace_init(&trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    shortage_begin(shortage);
    run_connection(&connection);
    has_failed = shortage_end();
    if (!has_failed || connection.failure.err != SX_ENOMEM)
        CU_ASSERT_EQUAL(connection.failure.err, expected);
    return has_failed;
}

static bool attempt_connect(struct shortage shortage)
{
    const struct sx_config config = config_of_login(SOAP_XMPP_TLS_OFF, NULL);

    return connect_short(shortage, &config, SX_EUNREACHABLE);
}

static void test_connect(void)
{
    int fd;

    port = closed_port(&fd);
    xmpp_initialize();
    CU_ASSERT(shortage_sweep(attempt_connect) >= 15);
    close(fd);
}

static bool attempt_login(struct shortage shortage)
{
    const struct sx_config config = config_of_login(SOAP_XMPP_TLS_OFF, NULL);

    return connect_short(shortage, &config, SX_ESTOPPED);
}

static void log_in_short(const struct hostile_step *script, unsigned least)
{
    struct hostile *hostile = hostile_start(script, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    port = hostile_port(hostile);
    xmpp_initialize();
    CU_ASSERT(shortage_sweep(attempt_login) >= least);
    hostile_stop(hostile);
}

static void test_login(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_END},
    };

    log_in_short(script, 100);
}

static bool attempt_component(struct shortage shortage)
{
    static char domain[] = "calc.example.org";
    struct sx_config config = config_of_login(SOAP_XMPP_TLS_OFF, NULL);

    config.jid = domain;
    config.is_component = true;
    return connect_short(shortage, &config, SX_ESTOPPED);
}

static void test_component(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_EXPECT, .text = "<stream:stream"},
        {HOSTILE_SEND, .text = "<stream:stream xmlns='jabber:component:accept' "
                               "xmlns:stream='http://etherx.jabber.org/streams' id='1'>"},
        {HOSTILE_EXPECT, .text = "</handshake>"},
        {HOSTILE_SEND, .text = "<handshake/>"},
        {HOSTILE_END},
    };
    struct hostile *hostile = hostile_start(script, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    port = hostile_port(hostile);
    xmpp_initialize();
    CU_ASSERT(shortage_sweep(attempt_component) >= 50);
    hostile_stop(hostile);
}

/* r=x,s=c2FsdA==,i=1 */
static void test_scram(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_EXPECT, .text = "<stream:stream"},
        {HOSTILE_SEND, .text = HOSTILE_OFFER_SASL("SCRAM-SHA-1")},
        {HOSTILE_EXPECT, .text = "</auth>"},
        {HOSTILE_SEND, .text = "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
                               "cj14LHM9YzJGc2RBPT0saT0x</challenge>"},
        {HOSTILE_EXPECT, .text = "</response>"},
        {HOSTILE_SEND, .text = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"},
        {HOSTILE_EXPECT, .text = "<stream:stream"},
        {HOSTILE_SEND, .text = HOSTILE_STREAM "<stream:features><bind xmlns='urn:ietf:params:xml:"
                                              "ns:xmpp-bind'/></stream:features>"},
        {HOSTILE_EXPECT, .text = "</iq>"},
        {HOSTILE_SEND, .text = "<iq type='result' id='$ID'><bind xmlns='urn:ietf:params:xml:ns:"
                               "xmpp-bind'><jid>alice@example.org/desk</jid></bind></iq>"},
        {HOSTILE_END},
    };

    log_in_short(script, 100);
}

static struct hostile_certificates certificates; /* while a test with TLS runs */

static bool attempt_tls(struct shortage shortage)
{
    const struct sx_config config = config_of_login(SOAP_XMPP_TLS_REQUIRED, certificates.ca_file);

    return connect_short(shortage, &config, SX_ESTOPPED);
}

static bool attempt_distrust(struct shortage shortage)
{
    const struct sx_config config = config_of_login(SOAP_XMPP_TLS_REQUIRED, NULL);

    return connect_short(shortage, &config, SX_ECERT);
}

static void test_tls(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_tls},
        {HOSTILE_END},
    };
    struct hostile *hostile;

    CU_ASSERT_FATAL(hostile_make_certificates(&certificates, "example.org", 1) == 0);
    /* A thousand attempts need not read the system's certificates each. */
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    hostile = hostile_start(script, certificates.pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    port = hostile_port(hostile);
    xmpp_initialize();
    CU_ASSERT(shortage_sweep(attempt_tls) >= 150);
    CU_ASSERT(shortage_sweep(attempt_distrust) >= 50);
    hostile_stop(hostile);
    hostile_remove_certificates(&certificates);
    unsetenv("SSL_CERT_FILE");
}

CU_TestInfo tests_shortage_connect[] = {
    {"a connect attempt fails when memory is short", test_connect},
    {"a login fails when memory is short", test_login},
    {"a component's login fails when memory is short", test_component},
    {"a login by SCRAM fails when memory is short", test_scram},
    {"a login over TLS fails when memory is short", test_tls},
    CU_TEST_INFO_NULL,
};
