/* Short memory while a link connects: allocation number N fails, libstrophe's own among them, for
 * every N.
 *
 * Like test_shortage.c.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/hostile_steps.h"
#include "../lib/shortage.h"
#include "../lib/suite.h"
#include "net/attempt.h"

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

/* Ends as it would with memory enough, or for the lack of it. */
static bool connect_short(struct shortage shortage, const struct sx_config *config,
                          enum sx_err expected)
{
    struct attempt attempt = {.config = *config, .port = port, .timeout_ms = 60000};
    bool has_failed;

    shortage_begin(shortage);
    attempt_run(&attempt);
    has_failed = shortage_end();
    if (!has_failed || attempt.connection.failure.err != SX_ENOMEM)
        CU_ASSERT_EQUAL(attempt.connection.failure.err, expected);
    return has_failed;
}

static bool attempt_connect(struct shortage shortage)
{
    const struct sx_config config = attempt_config(SOAP_XMPP_TLS_OFF, NULL);

    return connect_short(shortage, &config, SX_EREFUSED);
}

static void test_connect(void)
{
    int fd;

    port = closed_port(&fd);
    CU_ASSERT(shortage_sweep(attempt_connect) >= 15);
    close(fd);
}

static bool attempt_login(struct shortage shortage)
{
    const struct sx_config config = attempt_config(SOAP_XMPP_TLS_OFF, NULL);

    return connect_short(shortage, &config, SX_ESTOPPED);
}

static void log_in_short(const struct hostile_step *script, unsigned least)
{
    struct hostile *hostile = hostile_start(script, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    port = hostile_port(hostile);
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
    struct sx_config config = attempt_config(SOAP_XMPP_TLS_OFF, NULL);

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
    CU_ASSERT(shortage_sweep(attempt_component) >= 50);
    hostile_stop(hostile);
}

static const struct hostile_step scram[] = {
    {HOSTILE_EXPECT, .text = "<stream:stream"},
    {HOSTILE_SEND, .text = HOSTILE_OFFER_SASL("SCRAM-SHA-1")},
    {.kind = HOSTILE_SCRAM},
    {HOSTILE_PLAY, .steps = hostile_bind},
    {HOSTILE_END},
};

static void test_scram(void)
{
    log_in_short(scram, 100);
}

static struct hostile_certificates certificates; /* while a test with TLS runs */

static struct hostile *begin_tls(const struct hostile_step *script, const char *host)
{
    struct hostile *hostile;

    CU_ASSERT_FATAL(hostile_make_certificates(&certificates, host, 1) == 0);
    /* A thousand attempts need not read the system's certificates each. */
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    hostile = hostile_start(script, certificates.pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    port = hostile_port(hostile);
    return hostile;
}

static void end_tls(struct hostile *hostile)
{
    hostile_stop(hostile);
    hostile_remove_certificates(&certificates);
    unsetenv("SSL_CERT_FILE");
}

static bool attempt_tls(struct shortage shortage)
{
    const struct sx_config config = attempt_config(SOAP_XMPP_TLS_REQUIRED, certificates.ca_file);

    return connect_short(shortage, &config, SX_ESTOPPED);
}

static bool attempt_distrust(struct shortage shortage)
{
    const struct sx_config config = attempt_config(SOAP_XMPP_TLS_REQUIRED, NULL);

    return connect_short(shortage, &config, SX_ECERT);
}

static void test_tls(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_tls},
        {HOSTILE_END},
    };
    struct hostile *hostile = begin_tls(script, "example.org");

    CU_ASSERT(shortage_sweep(attempt_tls) >= 150);
    CU_ASSERT(shortage_sweep(attempt_distrust) >= 50);
    end_tls(hostile);
}

static bool attempt_idn(struct shortage shortage)
{
    static char jid[] = "alice@b\xC3\xBC"
                        "cher.example/desk";
    struct sx_config config = attempt_config(SOAP_XMPP_TLS_REQUIRED, certificates.ca_file);

    config.jid = jid;
    return connect_short(shortage, &config, SX_ESTOPPED);
}

/* The domain is compared with the certificate by its A-labels, which take memory. */
static void test_idn(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_tls},
        {HOSTILE_END},
    };
    struct hostile *hostile = begin_tls(script, "xn--bcher-kva.example");

    CU_ASSERT(shortage_sweep(attempt_idn) >= 150);
    end_tls(hostile);
}

static const struct hostile_step external[] = {
    TLS,
    OPENED("<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
           "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>"),
    AWAIT("</auth>"),
    SEND("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"),
    PLAY(hostile_bind),
    END,
};

/* The server's own certificate is as good as any to a server that doesn't look at it. */
static struct sx_config external_config(void)
{
    static char none[] = "";
    struct sx_config config = attempt_config(SOAP_XMPP_TLS_REQUIRED, certificates.ca_file);

    config.cert_file = config.key_file = certificates.pem;
    config.password = none;
    return config;
}

static bool attempt_external(struct shortage shortage)
{
    const struct sx_config config = external_config();

    return connect_short(shortage, &config, SX_ESTOPPED);
}

static void test_external(void)
{
    struct hostile *hostile = begin_tls(external, "example.org");

    CU_ASSERT(shortage_sweep(attempt_external) >= 150);
    end_tls(hostile);
}

/* OpenSSL doesn't always say that it was memory, for a signature or a key; nor may it say that the
 * server's CA isn't known. */
static bool connect_openssl_short(struct shortage shortage, const struct sx_config *config)
{
    struct attempt attempt = {.config = *config, .port = port, .timeout_ms = 60000};
    bool has_failed;

    shortage_begin(shortage);
    attempt_run(&attempt);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(attempt.was_online, attempt.connection.failure.err == SX_ESTOPPED);
    CU_ASSERT(attempt.was_online || has_failed);
    return has_failed;
}

static bool attempt_openssl_scram(struct shortage shortage)
{
    const struct sx_config config = attempt_config(SOAP_XMPP_TLS_REQUIRED, certificates.ca_file);

    return connect_openssl_short(shortage, &config);
}

static bool attempt_openssl_external(struct shortage shortage)
{
    const struct sx_config config = external_config();

    return connect_openssl_short(shortage, &config);
}

/* The server's CA is the system's. */
static bool attempt_openssl_system(struct shortage shortage)
{
    const struct sx_config config = attempt_config(SOAP_XMPP_TLS_REQUIRED, NULL);
    bool has_failed;

    setenv("SSL_CERT_FILE", certificates.ca_file, 1);
    has_failed = connect_openssl_short(shortage, &config);
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    return has_failed;
}

static void sweep_openssl(bool (*attempt)(struct shortage), const struct hostile_step *script)
{
    const char *stride = getenv("SHORTAGE_STRIDE");
    struct hostile *hostile = begin_tls(script, "example.org");

    CU_ASSERT_FALSE(attempt((struct shortage){.is_openssl = true}));
    CU_ASSERT(shortage_sweep_openssl(attempt, stride ? (unsigned)atoi(stride) : 97) >= 1000);
    end_tls(hostile);
}

static void test_openssl(void)
{
    static const struct hostile_step script[] = {TLS, PLAY(scram), END};

    sweep_openssl(attempt_openssl_scram, script);
    sweep_openssl(attempt_openssl_system, script);
    sweep_openssl(attempt_openssl_external, external);
}

/* Of what OpenSSL can't allocate it may say that the file is bad. */
static bool attempt_context(struct shortage shortage)
{
    struct sx_config config = attempt_config(SOAP_XMPP_TLS_REQUIRED, certificates.ca_file);
    struct sx_tls_context *context = NULL;
    char why[320] = "";
    enum sx_err err;
    bool has_failed;

    config.cert_file = config.key_file = certificates.pem;
    shortage_begin(shortage);
    err = sx_tls_context_renew(&context, &config, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err == SX_OK, context != NULL);
    CU_ASSERT_EQUAL(err == SX_OK, !why[0]);
    CU_ASSERT(err == SX_OK || has_failed);
    CU_ASSERT(err == SX_OK || err == SX_ENOMEM || shortage.is_openssl);
    sx_tls_context_give_back(context);
    CU_ASSERT_EQUAL(sx_tls_context_count(), 0);
    return has_failed;
}

static void test_context(void)
{
    CU_ASSERT_FATAL(hostile_make_chain(&certificates, "example.org") == 0);
    CU_ASSERT_FALSE(attempt_context((struct shortage){.is_openssl = true}));
    CU_ASSERT(shortage_sweep(attempt_context) >= 4);
    CU_ASSERT(shortage_sweep_openssl(attempt_context, 11) >= 100);
    hostile_remove_certificates(&certificates);
}

CU_TestInfo tests_shortage_connect[] = {
    {"a context is made as a whole or not at all when memory is short", test_context},
    {"a connect attempt fails when memory is short", test_connect},
    {"a login fails when memory is short", test_login},
    {"a component's login fails when memory is short", test_component},
    {"a login by SCRAM fails when memory is short", test_scram},
    {"a login over TLS fails when memory is short", test_tls},
    {"a login at a domain beyond ASCII fails when memory is short", test_idn},
    {"a login by a certificate fails when memory is short", test_external},
    {"a login by SCRAM or a certificate fails when OpenSSL's memory is short", test_openssl},
    CU_TEST_INFO_NULL,
};
