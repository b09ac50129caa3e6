/* Every error that a user can act on, produced on purpose: one telling line each. */
#include "soapH.h"
#include "laboratory.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "../lib/suite.h"
#include "scale.h"

extern char **environ;

enum {
    SHORT_US = 300000,
    LONG_S = 20,   /* for what the link knows to be final at once */
    RETRIED_S = 3, /* for what it tries again */
};

/* Opens a link as account says, calls through it, and returns the fault's text. */
static const char *call_as(const struct site_account *account, const char *endpoint, int timeout_s,
                           int *err)
{
    struct soap_xmpp_link *link;
    struct soap *soap;
    const char *fault;
    char why[400] = "";
    double sum;
    link = soap_xmpp_open(&account->config, why, sizeof why);
    if (!link) {
        printf("no link: %s\n", why);
        CU_FAIL("no link");
        return "";
    }
    soap = laboratory_client(link, SOAP_IO_DEFAULT);
    soap->connect_timeout = timeout_s;
    *err = soap_call_lab__add(soap, endpoint, NULL, 1, 2, &sum);
    fault = laboratory_fault(soap);
    printf("\n    %s", strchr(fault, '"') ? strchr(fault, '"') : fault);
    laboratory_client_free(soap);
    soap_xmpp_close(link);
    return fault;
}

static struct soap_xmpp_link *open_account(const struct site_account *account)
{
    struct soap_xmpp_link *link = soap_xmpp_open(&account->config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    return link;
}

/* ---- the endpoint ---- */

static void call_badly(const struct site *site)
{
    static const char *const endpoints[][2] = {
        {"xmpp:", "domain"},
        {"xmpp:@example.org", "node"},
        {"xmpp:a b@example.org", ""},
        {"xmpp:a@example.org/%zz", "%"},
        {"xmpp://a@example.org", "names an account"},
    };
    struct pair pair;
    size_t i;
    if (pair_open(&pair, site, 1))
        return;
    for (i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        double sum;
        int err = soap_call_lab__add(pair.soap, endpoints[i][0], NULL, 1, 2, &sum);
        CU_ASSERT_NOT_EQUAL(err, SOAP_OK);
        ASSERT_CONTAINS(laboratory_fault(pair.soap), "xmpp:");
        ASSERT_CONTAINS(laboratory_fault(pair.soap), endpoints[i][1]);
    }
    pair_close(&pair);
}

static void a_bad_endpoint_is_named_with_its_reason(void)
{
    site_each(call_badly);
}

static void call_absent(const struct site *site)
{
    struct pair pair;
    char endpoint[200];
    double sum;
    if (pair_open(&pair, site, 1))
        return;
    CU_ASSERT_EQUAL(
        soap_call_lab__add(pair.soap, site_endpoint(site, "bob", "absent"), NULL, 1, 2, &sum), 503);
    ASSERT_TEXT(soap_xmpp_condition(pair.soap), "service-unavailable");
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "/absent: add: nobody is online as bob@");
    ASSERT_CONTAINS(laboratory_fault(pair.soap),
                    "/absent, or it serves no SOAP: service-unavailable (503)");
    snprintf(endpoint, sizeof endpoint, "xmpp:bob@unknown.invalid/soap");
    CU_ASSERT_NOT_EQUAL(soap_call_lab__add(pair.soap, endpoint, NULL, 1, 2, &sum), SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "unknown.invalid");
    CU_ASSERT_NOT_EQUAL(soap_xmpp_condition(pair.soap)[0], '\0');
    pair_close(&pair);
}

static void an_absent_service_and_an_unknown_domain_are_told(void)
{
    site_each(call_absent);
}

/* ---- the connection ---- */

static void log_in_wrongly(const struct site *site)
{
    struct site_account account;
    int err;
    const char *fault;
    site_account(site, "alice", "desk", &account);
    account.config.password = "not the password";
    fault = call_as(&account, site_endpoint(site, "bob", "soap"), LONG_S, &err);
    CU_ASSERT_EQUAL(err, SOAP_TCP_ERROR);
    ASSERT_CONTAINS(fault, "refused the login of alice@");
    ASSERT_CONTAINS(fault, "not-authorized");
    ASSERT_LACKS(fault, "not the password");
}

static void a_wrong_password_is_told(void)
{
    site_each(log_in_wrongly);
}

static void distrust(const struct site *site)
{
    struct site_account account;
    int err;
    const char *fault;
    site_account(site, "alice", "desk", &account);
    account.config.ca_file = NULL;
    fault = call_as(&account, site_endpoint(site, "bob", "soap"), LONG_S, &err);
    CU_ASSERT_EQUAL(err, SOAP_TCP_ERROR);
    ASSERT_CONTAINS(fault, "is not trusted: ");
    ASSERT_CONTAINS(fault, scale_is_small() ? "unable to get local issuer certificate"
                                            : "self-signed certificate in certificate chain");
}

static void an_unknown_ca_is_told(void)
{
    site_each(distrust);
}

static void try_certificate(const char *label, const char *reason)
{
    const struct site *site = site_find(label);
    struct site_account account;
    int err = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(site);
    site_account(site, "alice", "desk", &account);
    ASSERT_CONTAINS(call_as(&account, site_endpoint(site, "bob", "soap"), LONG_S, &err), reason);
    CU_ASSERT_EQUAL(err, SOAP_TCP_ERROR);
}

static void a_bad_certificate_is_told_with_the_reason(void)
{
    try_certificate("expired", "is not trusted: certificate has expired");
    try_certificate("selfsigned", "is not trusted: self-signed certificate");
    try_certificate("wronghost", "certificate is not for");
}

/* A port on which nobody listens any more. */
static int closed_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void an_unreachable_server_is_told(void)
{
    const struct site *site = site_any();
    struct site_account account;
    int err = 0;
    const char *fault;
    site_account(site, "alice", "desk", &account);
    account.config.port = closed_port();
    fault = call_as(&account, site_endpoint(site, "bob", "soap"), RETRIED_S, &err);
    CU_ASSERT_EQUAL(err, SOAP_TCP_ERROR);
    ASSERT_CONTAINS(fault, "no connection to 127.0.0.1 port");
    ASSERT_CONTAINS(fault, "Connection refused");
}

static void a_server_name_that_nobody_knows_is_told(void)
{
    const struct site *site = site_any();
    struct site_account account;
    int err = 0;
    const char *fault;
    site_account(site, "alice", "desk", &account);
    account.config.host = "no-such-host.invalid";
    fault = call_as(&account, site_endpoint(site, "bob", "soap"), RETRIED_S, &err);
    CU_ASSERT_EQUAL(err, SOAP_TCP_ERROR);
    ASSERT_CONTAINS(fault, "no-such-host.invalid");
}

/* Accepts and says nothing: TCP is up, XMPP never answers. */
static int silent_listener(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL(listen(fd, 5), 0);
    CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void wait_for_silence(enum soap_xmpp_tls tls)
{
    const struct site *site = site_any();
    struct site_account account;
    struct soap_xmpp_link *link;
    int fd;
    char why[300];
    int64_t begun_us = sx_clock_now_us();
    site_account(site, "alice", "desk", &account);
    account.config.tls = tls;
    account.config.connect_timeout_ms = 200;
    fd = silent_listener(&account.config.port);
    link = open_account(&account);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, RETRIED_S * 1000), -1);
    soap_xmpp_reason(link, why, sizeof why);
    ASSERT_CONTAINS(why, "took longer than 0.200 s");
    soap_xmpp_close(link);
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < 10000000);
    close(fd);
}

static void a_server_that_says_nothing_is_given_up_in_every_phase(void)
{
    wait_for_silence(SOAP_XMPP_TLS_REQUIRED);
    wait_for_silence(SOAP_XMPP_TLS_DIRECT);
}

static void a_stop_need_not_wait_for_a_handshake_that_hangs(void)
{
    const struct site *site = site_any();
    struct site_account account;
    struct soap_xmpp_link *link;
    int fd, accepted;
    int64_t begun_us;
    site_account(site, "alice", "desk", &account);
    account.config.tls = SOAP_XMPP_TLS_DIRECT;
    fd = silent_listener(&account.config.port);
    link = open_account(&account);
    /* Blocks until the link has connected, so that the handshake is under way. */
    accepted = accept(fd, NULL, NULL);
    CU_ASSERT_TRUE(accepted >= 0);
    begun_us = sx_clock_now_us();
    soap_xmpp_close(link);
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < 10000000);
    close(accepted);
    close(fd);
}

static void call_on_stopped(const struct site *site)
{
    struct pair pair;
    double sum;
    if (pair_open(&pair, site, 1))
        return;
    soap_xmpp_stop(pair.caller, 0);
    CU_ASSERT_EQUAL(soap_call_lab__add(pair.soap, pair.endpoint, NULL, 1, 2, &sum), SOAP_TCP_ERROR);
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "stopped");
    pair_close(&pair);
}

static void a_call_on_a_stopped_link_is_told_so(void)
{
    site_each(call_on_stopped);
}

/* ---- the answer ---- */

static void wait_in_vain(const struct site *site)
{
    struct pair pair;
    int waited_ms;
    if (pair_open(&pair, site, 1))
        return;
    pair.soap->recv_timeout = -SHORT_US;
    CU_ASSERT_EQUAL(soap_call_lab__delay(pair.soap, pair.endpoint, NULL, 15000, &waited_ms),
                    SOAP_EOF);
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "/soap: delay: no answer within 0.300 s");
    laboratory_hurry();
    pair_close(&pair);
}

static void no_answer_in_time_names_peer_operation_and_time(void)
{
    site_each(wait_in_vain);
}

static void lose_the_connection(const struct site *site)
{
    struct pair pair;
    struct soap_xmpp_link *rival;
    int waited_ms, runs = laboratory_runs();
    if (pair_open(&pair, site, 1))
        return;
    CU_ASSERT_EQUAL(soap_send_lab__delay(pair.soap, pair.endpoint, NULL, 15000), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
    rival = site_open(site, "alice", "desk");
    CU_ASSERT_EQUAL(soap_recv_lab__delay(pair.soap, &waited_ms), SOAP_EOF);
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "conflict");
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(pair.caller, 20000), -1);
    laboratory_hurry();
    soap_xmpp_close(rival);
    pair_close(&pair);
}

static void a_second_login_under_the_same_jid_ends_calls_and_is_not_fought(void)
{
    site_each(lose_the_connection);
}

static void a_server_that_goes_away_ends_calls_and_the_link_comes_back_by_itself(void)
{
    const struct site *site = site_find("fragile");
    struct pair pair;
    double sum = 0;
    int waited_ms, runs = laboratory_runs();
    CU_ASSERT_PTR_NOT_NULL_FATAL(site);
    if (pair_open(&pair, site, 1))
        return;
    CU_ASSERT_EQUAL(soap_send_lab__delay(pair.soap, pair.endpoint, NULL, 15000), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
    site_restart(site);
    CU_ASSERT_EQUAL(soap_recv_lab__delay(pair.soap, &waited_ms), SOAP_EOF);
    printf("\n    %s", laboratory_fault(pair.soap));
    laboratory_hurry();
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(pair.service, 20000), 0);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(pair.caller, 20000), 0);
    CU_ASSERT_EQUAL(soap_call_lab__add(pair.soap, pair.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    pair_close(&pair);
}

/* ---- the envelope ---- */

static void send_uncarriable(const struct site *site)
{
    struct pair pair;
    char *said = NULL;
    double sum = 0;
    if (pair_open(&pair, site, 1))
        return;
    CU_ASSERT_NOT_EQUAL(soap_call_lab__say(pair.soap, pair.endpoint, NULL, "bell \a", &said),
                        SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "can't be carried: byte ");
    /* Nothing was sent: the stream and the other calls are unharmed. */
    CU_ASSERT_EQUAL(soap_call_lab__add(pair.soap, pair.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    pair_close(&pair);
}

static void an_envelope_that_xmpp_cannot_carry_is_refused_with_the_byte(void)
{
    site_each(send_uncarriable);
}

/* ---- passwords that change ---- */

static void write_password(const char *path, const char *password)
{
    FILE *file = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(password, file);
    fclose(file);
}

/* The file is in rotation, then there again. */
static void rotate_file(const struct site *site)
{
    char path[] = "/tmp/test_failure_XXXXXX", reason[400];
    struct site_account account;
    struct soap_xmpp_link *link;
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    site_account(site, "alice", "rotates", &account);
    write_password(path, "another one");
    account.config.password = NULL;
    account.config.password_file = path;
    link = open_account(&account);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, 2000), -1);
    soap_xmpp_reason(link, reason, sizeof reason);
    ASSERT_LACKS(reason, "another one");
    write_password(path, account.password);
    soap_xmpp_kick(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, LONG_S * 1000), 0);
    soap_xmpp_close(link);
    unlink(path);
}

static void a_password_file_is_read_anew(void)
{
    site_each(rotate_file);
}

struct vault {
    const char *password;
    atomic_int asked;
};

/* Has none at first. */
static int open_vault(void *user, char *password, size_t password_bytes)
{
    struct vault *vault = user;
    if (atomic_fetch_add(&vault->asked, 1) == 0)
        return -1;
    snprintf(password, password_bytes, "%s", vault->password);
    return 0;
}

static void ask_vault(const struct site *site)
{
    struct vault vault;
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, "alice", "asks", &account);
    vault.password = account.password;
    atomic_init(&vault.asked, 0);
    account.config.password = NULL;
    account.config.password_callback = open_vault;
    account.config.password_user = &vault;
    link = open_account(&account);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, LONG_S * 1000), 0);
    CU_ASSERT_EQUAL(atomic_load(&vault.asked), 2);
    soap_xmpp_close(link);
}

static void a_program_is_asked_for_the_password_at_each_attempt(void)
{
    site_each(ask_vault);
}

/* A child that hangs is ended by its alarm. */
static int use_in_child(struct pair *pair)
{
    double sum;
    alarm(LONG_S);
    if (soap_call_lab__add(pair->soap, pair->endpoint, NULL, 1, 2, &sum) == SOAP_OK)
        return 1;
    if (!strstr(laboratory_fault(pair->soap), "the link was opened before a fork"))
        return 2;
    if (soap_xmpp_outcome(pair->soap) != SOAP_XMPP_NOT_EXECUTED)
        return 3;
    soap_xmpp_kick(pair->caller);
    soap_xmpp_close(pair->service);
    laboratory_client_free(pair->soap);
    soap_xmpp_close(pair->caller);
    return 0;
}

static void fork_while_online(const struct site *site)
{
    struct pair pair;
    double sum;
    int i, status = -1;
    if (pair_open(&pair, site, 1))
        return;
    for (i = 0; i < 5; i++) {
        pid_t child = fork();
        if (child == 0)
            suite_end_child(use_in_child(&pair));
        CU_ASSERT_TRUE_FATAL(child > 0);
        CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
        CU_ASSERT_EQUAL(status, 0);
        /* The same connections: one that had to be made anew would be missed at once. */
        CU_ASSERT_EQUAL(soap_xmpp_state(pair.caller), SOAP_XMPP_ONLINE);
        CU_ASSERT_EQUAL(soap_xmpp_state(pair.service), SOAP_XMPP_ONLINE);
        CU_ASSERT_EQUAL(soap_call_lab__add(pair.soap, pair.endpoint, NULL, 1, i, &sum), SOAP_OK);
        CU_ASSERT_EQUAL(sum, 1 + i);
    }
    pair_close(&pair);
}

static void a_forked_child_leaves_the_connection_alone(void)
{
    site_each(fork_while_online);
}

CU_TestInfo tests_failure[] = {
    {"a bad endpoint is named with its reason", a_bad_endpoint_is_named_with_its_reason},
    {"an absent service and an unknown domain are told",
     an_absent_service_and_an_unknown_domain_are_told},
    {"a wrong password is told", a_wrong_password_is_told},
    {"an unknown CA is told", an_unknown_ca_is_told},
    {"a bad certificate is told with the reason", a_bad_certificate_is_told_with_the_reason},
    {"an unreachable server is told", an_unreachable_server_is_told},
    {"a server name that nobody knows is told", a_server_name_that_nobody_knows_is_told},
    {"a server that says nothing is given up in every phase",
     a_server_that_says_nothing_is_given_up_in_every_phase},
    {"a stop need not wait for a handshake that hangs",
     a_stop_need_not_wait_for_a_handshake_that_hangs},
    {"a call on a stopped link is told so", a_call_on_a_stopped_link_is_told_so},
    {"no answer in time names peer, operation and time",
     no_answer_in_time_names_peer_operation_and_time},
    {"a second login under the same JID ends calls and is not fought",
     a_second_login_under_the_same_jid_ends_calls_and_is_not_fought},
    {"a server that goes away ends calls and the link comes back by itself",
     a_server_that_goes_away_ends_calls_and_the_link_comes_back_by_itself},
    {"an envelope that XMPP cannot carry is refused with the byte",
     an_envelope_that_xmpp_cannot_carry_is_refused_with_the_byte},
    {"a password file is read anew", a_password_file_is_read_anew},
    {"a program is asked for the password at each attempt",
     a_program_is_asked_for_the_password_at_each_attempt},
    {"a forked child leaves the connection alone", a_forked_child_leaves_the_connection_alone},
    CU_TEST_INFO_NULL,
};
