/* From a name to a stream: several addresses, resolvers that hang, versions of TLS. */
#include "soapH.h"
#include "laboratory.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "../lib/hoard.h"
#include "../lib/hostile.h"
#include "../lib/names.h"
#include "../lib/proxy.h"
#include "../lib/rerun.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"
#include "link.h"

#define DOMAIN "connect.example"

enum { LONG_US = 20000000, TICK_MS = 20 };

static const struct hostile_step login_plain[] = {{HOSTILE_PLAY, .steps = hostile_login_plain},
                                                  {HOSTILE_END}};
static const struct hostile_step login_tls[] = {{HOSTILE_PLAY, .steps = hostile_login_tls},
                                                {HOSTILE_END}};

/* To loopback by the name "localhost", which the table of names says how to find. */
static struct soap_xmpp_config config_for(int port)
{
    struct soap_xmpp_config config;
    soap_xmpp_config_init(&config);
    config.jid = "alice@" DOMAIN "/desk";
    config.password = "secret";
    config.host = "localhost";
    config.port = port;
    config.tls = SOAP_XMPP_TLS_OFF;
    config.timeout_ms = TCP_LONG_MS;
    return config;
}

static struct hostile *start_server(const struct hostile_step *script, const char *pem)
{
    struct hostile *hostile = hostile_start(script, pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    return hostile;
}

/* The reason of a failure that the link doesn't think final. */
static void assert_reason(const struct soap_xmpp_config *config, const char *reason)
{
    struct soap_xmpp_link *link = link_open(config);
    link_await_reason(link, reason);
    soap_xmpp_close(link);
}

/* ---- addresses ---- */

static void the_next_address_is_tried_when_one_refuses(void)
{
    static const struct names_row names[] = {{"localhost", "127.0.0.2 127.0.0.3 127.0.0.1", 0},
                                             {0}};
    struct hostile *hostile = start_server(login_plain, NULL);
    struct soap_xmpp_config config = config_for(hostile_port(hostile));
    names_set(names);
    link_assert_online(&config);
    CU_ASSERT_EQUAL(names_asked("localhost"), 1);
    names_set(NULL);
    hostile_stop(hostile);
}

/* A backlog of one that is taken: further connections are neither accepted nor refused. */
static int silent_address(struct sockaddr_in *address, int fillers[8])
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), i;
    socklen_t len = sizeof *address;
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)address, len), 0);
    CU_ASSERT_EQUAL_FATAL(listen(fd, 0), 0);
    for (i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fillers[i], (struct sockaddr *)address, len);
    }
    return fd;
}

static void an_address_that_does_not_answer_leaves_time_for_the_next(void)
{
    static const struct names_row names[] = {{"localhost", "127.0.0.2 127.0.0.1", 0}, {0}};
    struct hostile *hostile = start_server(login_plain, NULL);
    struct soap_xmpp_config config = config_for(hostile_port(hostile));
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1),
                                  .sin_port = htons((uint16_t)config.port)};
    int fillers[8], i, fd = silent_address(&address, fillers);
    config.connect_timeout_ms = 4800; /* libstrophe would give the first address all of it */
    names_set(names);
    link_assert_online(&config);
    CU_ASSERT_EQUAL(names_asked("localhost"), 1);
    names_set(NULL);
    for (i = 0; i < 8; i++)
        close(fillers[i]);
    close(fd);
    hostile_stop(hostile);
}

static void when_no_address_answers_host_number_and_reason_are_told(void)
{
    static const struct names_row names[] = {{"localhost", "127.0.0.2 127.0.0.3", 0}, {0}};
    struct hostile *hostile = start_server(login_plain, NULL);
    struct soap_xmpp_config config = config_for(hostile_port(hostile));
    char expected[200];
    snprintf(expected, sizeof expected,
             "no connection to localhost port %d (2 addresses, the last one 127.0.0.3 port %d): "
             "Connection refused",
             config.port, config.port);
    names_set(names);
    assert_reason(&config, expected);
    names_set(NULL);
    hostile_stop(hostile);
}

static void find_by_srv(const struct site *site)
{
    char records[200], direct[200];
    const struct names_row names[] = {
        {site->domain, NULL, EAI_NONAME},
        {"_xmpp-client._tcp.xmpp.test", records, 0},
        {"_xmpps-client._tcp.xmpp.test", direct, 0},
        {"server.example", "127.0.0.1", 0},
        {0},
    };
    struct site_account account;
    ASSERT_TEXT(site->domain, "xmpp.test");
    snprintf(records, sizeof records, "2 0 %d server.example, 1 0 1 server.example", site->port);
    /* The link that requires TLS finds either kind. */
    snprintf(direct, sizeof direct, "1 0 %d server.example", site->direct_tls_port);
    site_account(site, "alice", "desk", &account);
    account.config.host = NULL;
    account.config.port = 0;
    names_set(names);
    link_assert_online(&account.config);
    account.config.tls = SOAP_XMPP_TLS_DIRECT;
    link_assert_online(&account.config);
    CU_ASSERT_EQUAL(names_asked("_xmpps-client._tcp.xmpp.test"), 2);
    CU_ASSERT_EQUAL(names_asked("_xmpp-client._tcp.xmpp.test"), 1);
    CU_ASSERT_EQUAL(names_asked(site->domain), 0);
    names_set(NULL);
}

static void a_domain_is_found_by_its_srv_records(void)
{
    site_each(find_by_srv);
}

/* ---- the resolver ---- */

static const struct names_row hanging[] = {{"localhost", NULL, NAMES_HANG}, {0}};

static void a_resolver_that_hangs_is_given_up_in_time(void)
{
    struct soap_xmpp_config config = config_for(5222);
    config.connect_timeout_ms = 200;
    names_set(hanging);
    assert_reason(&config, "looking up the name localhost took longer than 0.200 s");
    names_release();
    names_set(NULL);
}

static void a_resolver_that_hangs_holds_up_no_stop(void)
{
    struct soap_xmpp_config config = config_for(5222);
    struct soap_xmpp_link *link;
    int64_t begun_us;
    config.connect_timeout_ms = 3 * TCP_LONG_MS;
    names_set(hanging);
    link = link_open(&config);
    CU_ASSERT_TRUE(names_await_hanging(1));
    begun_us = sx_clock_now_us();
    soap_xmpp_close(link);
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < LONG_US);
    CU_ASSERT_EQUAL(names_hanging(), 1);
    names_release();
    names_set(NULL);
}

static void a_kick_leaves_a_look_up_that_hangs_for_a_new_one(void)
{
    static const struct names_row names[] = {{"localhost", "127.0.0.1", 0}, {0}};
    struct hostile *hostile = start_server(login_plain, NULL);
    struct soap_xmpp_config config = config_for(hostile_port(hostile));
    struct soap_xmpp_link *link;
    config.connect_timeout_ms = 3 * TCP_LONG_MS;
    names_set(hanging);
    link = link_open(&config);
    CU_ASSERT_TRUE(names_await_hanging(1));
    names_set(names);
    soap_xmpp_kick(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, TCP_LONG_MS), 0);
    ASSERT_TEXT(link_reason(link), "online");
    CU_ASSERT_EQUAL(names_hanging(), 1);
    names_release();
    names_set(NULL);
    soap_xmpp_close(link);
    hostile_stop(hostile);
}

static const struct names_row unknown[] = {{"localhost", NULL, EAI_NONAME}, {0}};

static void a_name_that_stays_unknown_is_given_up(void)
{
    struct soap_xmpp_config config = config_for(5222);
    names_set(unknown);
    link_assert_final(&config, "", "the name localhost is unknown");
    CU_ASSERT_EQUAL(names_asked("localhost"), 5);
    names_set(NULL);
}

/* Kicks the link until the name was asked for so often. */
static void kick_until_asked(struct soap_xmpp_link *link, unsigned count)
{
    int64_t deadline = sx_clock_deadline(LONG_US);
    while (names_asked("localhost") < count && sx_clock_now_us() < deadline) {
        soap_xmpp_kick(link);
        poll(NULL, 0, TICK_MS);
        CU_ASSERT_NOT_EQUAL(soap_xmpp_state(link), SOAP_XMPP_FAILED);
    }
    CU_ASSERT_TRUE(names_asked("localhost") >= count);
}

static void a_resolver_in_passing_trouble_is_not_given_up(void)
{
    static const struct names_row troubled[] = {{"localhost", NULL, EAI_AGAIN}, {0}};
    struct soap_xmpp_config config = config_for(5222);
    struct soap_xmpp_link *link;
    names_set(troubled);
    link = link_open(&config);
    kick_until_asked(link, 8);
    ASSERT_CONTAINS(link_reason(link), "the name localhost can't be resolved now");
    soap_xmpp_close(link);
    names_set(NULL);
}

/* ---- TCP ---- */

/* Nothing waits for more to go with it; and it isn't TCP that ends a connection, which would take a
 * server that reads slowly for a dead one. */
static void tcp_neither_waits_nor_gives_up(void)
{
    struct hostile *hostile = start_server(login_plain, NULL);
    struct soap_xmpp_config config = config_for(hostile_port(hostile));
    struct soap_xmpp_link *link;
    struct sockaddr_in peer;
    int fd, found = 0;
    config.host = "127.0.0.1"; /* no table of names here */
    link = link_open(&config);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, TCP_LONG_MS), 0);
    for (fd = 3; fd < 1024; fd++) {
        socklen_t len = sizeof peer, option_len = sizeof(int);
        int timeout_ms = -1, no_delay = 0;
        if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0 || peer.sin_family != AF_INET ||
            ntohs(peer.sin_port) != config.port)
            continue;
        found++;
        getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, &option_len);
        getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &option_len);
        CU_ASSERT_EQUAL(timeout_ms, 0);
        CU_ASSERT_NOT_EQUAL(no_delay, 0);
    }
    CU_ASSERT_EQUAL(found, 1);
    soap_xmpp_close(link);
    hostile_stop(hostile);
}

/* ---- TLS ---- */

typedef int make_certificate(struct hostile_certificates *certificates, const char *host);

static int make_alternative(struct hostile_certificates *certificates, const char *host)
{
    return hostile_make_certificates(certificates, host, 1);
}

static void check_name(make_certificate *make, const char *certificate_for, const char *reason)
{
    static const struct names_row names[] = {{"server.example", "127.0.0.1", 0}, {0}};
    struct hostile_certificates certificates;
    struct soap_xmpp_config config;
    struct hostile *hostile;
    CU_ASSERT_EQUAL_FATAL(make(&certificates, certificate_for), 0);
    hostile = start_server(login_tls, certificates.pem);
    config = config_for(hostile_port(hostile));
    config.host = "server.example";
    config.tls = SOAP_XMPP_TLS_REQUIRED;
    config.ca_file = certificates.ca_file;
    names_set(names);
    if (reason)
        link_assert_final(&config, reason, DOMAIN);
    else
        link_assert_online(&config);
    names_set(NULL);
    hostile_stop(hostile);
    hostile_remove_certificates(&certificates);
}

static void the_certificate_must_be_that_of_the_domain_not_of_host_or_address(void)
{
    check_name(make_alternative, DOMAIN, NULL);
    check_name(make_alternative, "server.example", "certificate is not for");
    check_name(make_alternative, "127.0.0.1", "certificate is not for");
}

static void a_common_name_is_no_name(void)
{
    check_name(hostile_make_common_name, DOMAIN, "certificate is not for");
}

/* Past --wrap: as libstrophe would have it. */
SSL_CTX *__real_SSL_CTX_new(const SSL_METHOD *method);

/* The version that an unlimited client gets from the server that takes it straight to TLS. */
static int version_without_limit(int port)
{
    SSL_CTX *ctx = __real_SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    int fd = tcp_connect(port), version = -1;
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) == 1)
        version = SSL_version(ssl);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    return version;
}

static void meet_old_tls(enum soap_xmpp_tls tls, const struct hostile_step *script)
{
    struct hostile_certificates certificates;
    struct soap_xmpp_config config;
    struct hostile *hostile;
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&certificates, DOMAIN, 1), 0);
    hostile = start_server(script, certificates.pem);
    config = config_for(hostile_port(hostile));
    config.host = "127.0.0.1";
    config.tls = tls;
    config.ca_file = certificates.ca_file;
    if (tls == SOAP_XMPP_TLS_DIRECT)
        CU_ASSERT_EQUAL(version_without_limit(config.port), TLS1_1_VERSION);
    assert_reason(&config, "it offers nothing from TLS 1.2 on");
    hostile_stop(hostile);
    hostile_remove_certificates(&certificates);
}

/* In a process whose OpenSSL is configured to take anything, as Debian's isn't. */
static void meet_old_tls_of_both_kinds(void)
{
    static const struct hostile_step direct[] = {
        {.kind = HOSTILE_TLS_OLD},
        {.kind = HOSTILE_TLS},
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_END},
    };
    static const struct hostile_step upgraded[] = {
        {.kind = HOSTILE_TLS_OLD},
        {HOSTILE_PLAY, .steps = hostile_login_tls},
        {HOSTILE_END},
    };
    meet_old_tls(SOAP_XMPP_TLS_DIRECT, direct);
    meet_old_tls(SOAP_XMPP_TLS_REQUIRED, upgraded);
}

#define OLD_TLS_TEST "a server that knows no newer TLS than 1.1 is refused"

static void a_server_that_knows_no_newer_tls_is_refused(void)
{
    if (rerun_is_here())
        meet_old_tls_of_both_kinds();
    else
        rerun_with_openssl(OLD_TLS_TEST,
                           "MinProtocol = TLSv1\nCipherString = DEFAULT@SECLEVEL=0\n");
}

/* ---- who waits learns at once what is wrong ---- */

/* Fails long before its time is up. */
static void assert_learns(const struct soap_xmpp_config *config, const char *reason)
{
    struct soap_xmpp_link *link = link_open(config);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, 30 * TCP_LONG_MS), -1);
    ASSERT_CONTAINS(link_reason(link), reason);
    CU_ASSERT_NOT_EQUAL(soap_xmpp_state(link), SOAP_XMPP_FAILED);
    soap_xmpp_close(link);
}

static void meet_the_wrong_port(const struct site *site)
{
    struct site_account account;
    site_account(site, "alice", "desk", &account);
    account.config.port = site->direct_tls_port;
    assert_learns(&account.config, "direct TLS");
    account.config.port = site->port;
    account.config.tls = SOAP_XMPP_TLS_DIRECT;
    assert_learns(&account.config, ": this looks like XMPP without direct TLS: tls=required");
    account.config.tls = SOAP_XMPP_TLS_REQUIRED;
    account.config.jid = "alice@nobody.test/desk";
    assert_learns(&account.config, "host-unknown, the domain of the JID is none of that server's");
}

static void the_port_of_another_kind_of_tls_and_a_foreign_domain_are_told_at_once(void)
{
    site_each(meet_the_wrong_port);
}

/* The link goes on trying, and gets there. */
static void a_call_learns_at_once_that_the_port_is_closed(void)
{
    struct hostile *hostile = start_server(login_plain, NULL);
    struct soap_xmpp_config config = config_for(hostile_port(hostile));
    struct soap_xmpp_link *link;
    struct soap *soap = soap_new();
    double sum;
    hostile_stop(hostile);
    config.host = "127.0.0.1";
    config.timeout_ms = 30 * TCP_LONG_MS;
    link = link_open(&config);
    CU_ASSERT_EQUAL_FATAL(soap_register_plugin_arg(soap, soap_xmpp, link), SOAP_OK);
    CU_ASSERT_EQUAL(soap_call_lab__add(soap, "xmpp:bank@example.org/soap", NULL, 1, 2, &sum),
                    SOAP_TCP_ERROR);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
    ASSERT_CONTAINS(*soap_faultstring(soap), ": Connection refused");
    CU_ASSERT_NOT_EQUAL(soap_xmpp_state(link), SOAP_XMPP_FAILED);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, TCP_QUIET_MS), -1); /* that one waits */
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    soap_xmpp_close(link);
}

/* ---- a process with many descriptors ---- */

static void come_back_to_a_full_process(const struct site *site)
{
    struct pair pair;
    struct hoard *hoard;
    double sum = 0;
    if (pair_open(&pair, site, 1))
        return;
    CU_ASSERT_EQUAL(soap_call_lab__add(pair.soap, pair.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    hoard = hoard_start();
    if (!hoard)
        CU_PASS("the limit of descriptors is too low here");
    site_kill(site);
    site_restart(site);
    /* A caller that is back first is told that nobody is there. */
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(pair.service, 3 * TCP_LONG_MS), 0);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(pair.caller, 3 * TCP_LONG_MS), 0);
    CU_ASSERT_EQUAL(soap_call_lab__add(pair.soap, pair.endpoint, NULL, 20, 22, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 42);
    hoard_stop(hoard);
    pair_close(&pair);
}

static void a_link_comes_back_where_no_low_descriptor_is_free(void)
{
    site_each_fragile(come_back_to_a_full_process);
}

static void a_link_without_a_low_descriptor_is_not_opened(void)
{
    struct soap_xmpp_config config = config_for(1);
    struct hoard *hoard = hoard_start();
    char why[200];
    if (!hoard) {
        CU_PASS("the limit of descriptors is too low here");
        return;
    }
    CU_ASSERT_PTR_NULL(soap_xmpp_open(&config, why, sizeof why));
    ASSERT_CONTAINS(why, "no descriptor below 1024 is left");
    CU_ASSERT_PTR_NULL(soap_xmpp_open(&config, NULL, 0));
    hoard_stop(hoard);
}

/* ---- logins that come in pieces ---- */

static void log_in_by_pieces(const struct site *site, enum soap_xmpp_tls tls, int port)
{
    static const struct proxy_plan pieces = {.weights = {[PROXY_SPLIT] = 1},
                                             .min_gap_bytes = 1,
                                             .max_gap_bytes = 1,
                                             .min_gap_ms = TCP_LONG_MS,
                                             .max_gap_ms = TCP_LONG_MS};
    struct proxy *proxy = proxy_start(port, &pieces);
    struct proxy_counts counts;
    struct site_account account;
    CU_ASSERT_PTR_NOT_NULL_FATAL(proxy);
    site_account(site, "alice", "desk", &account);
    account.config.port = proxy_port(proxy);
    account.config.tls = tls;
    link_assert_online(&account.config);
    proxy_counts(proxy, &counts);
    CU_ASSERT_EQUAL(counts.connections, 1);
    CU_ASSERT(counts.faults[PROXY_SPLIT] > 1);
    proxy_stop(proxy);
}

static void log_in_by_pieces_at(const struct site *site)
{
    log_in_by_pieces(site, SOAP_XMPP_TLS_REQUIRED, site->port);
    log_in_by_pieces(site, SOAP_XMPP_TLS_DIRECT, site->direct_tls_port);
}

static void a_handshake_that_comes_by_a_few_bytes_is_shaken(void)
{
    site_each(log_in_by_pieces_at);
}

CU_TestInfo tests_connect[] = {
    {"the next address is tried when one refuses", the_next_address_is_tried_when_one_refuses},
    {"an address that does not answer leaves time for the next",
     an_address_that_does_not_answer_leaves_time_for_the_next},
    {"when no address answers host, number and reason are told",
     when_no_address_answers_host_number_and_reason_are_told},
    {"a domain is found by its SRV records", a_domain_is_found_by_its_srv_records},
    {"a resolver that hangs is given up in time", a_resolver_that_hangs_is_given_up_in_time},
    {"a resolver that hangs holds up no stop", a_resolver_that_hangs_holds_up_no_stop},
    {"a kick leaves a look-up that hangs for a new one",
     a_kick_leaves_a_look_up_that_hangs_for_a_new_one},
    {"a name that stays unknown is given up", a_name_that_stays_unknown_is_given_up},
    {"a resolver in passing trouble is not given up",
     a_resolver_in_passing_trouble_is_not_given_up},
    {"TCP neither waits nor gives up", tcp_neither_waits_nor_gives_up},
    {"the certificate must be that of the domain, not of host or address",
     the_certificate_must_be_that_of_the_domain_not_of_host_or_address},
    {"a certificate with the domain as its common name alone is refused", a_common_name_is_no_name},
    {"a link comes back where no low descriptor is free",
     a_link_comes_back_where_no_low_descriptor_is_free},
    {"a link without a low descriptor is not opened",
     a_link_without_a_low_descriptor_is_not_opened},
    {"a handshake that comes by a few bytes is shaken",
     a_handshake_that_comes_by_a_few_bytes_is_shaken},
    {"the port of another kind of TLS, and a foreign domain, are told at once",
     the_port_of_another_kind_of_tls_and_a_foreign_domain_are_told_at_once},
    {"a call learns at once that the port is closed",
     a_call_learns_at_once_that_the_port_is_closed},
    {OLD_TLS_TEST, a_server_that_knows_no_newer_tls_is_refused},
    CU_TEST_INFO_NULL,
};
