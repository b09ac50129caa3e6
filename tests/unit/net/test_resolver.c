/* A server's addresses, from a name service that says what the test wants. */
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/resolver.h"
#include "../../lib/name_server.h"
#include "../../lib/names.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_resolver[];

enum { LONG_MS = 20000, LONG_US = 20000000, SHORT_US = 300000, SRV_TRIES = 200 };

/* What a look-up has brought: "literal:port ...", or its error and clause. */
struct outcome {
    enum sx_err err;
    char text[1024];
    struct sx_addresses addresses;
};

static int64_t look_up_us = LONG_US;
static const struct sx_redirect_target *redirect_target;

static struct sx_config config_for(char *host, int port, enum soap_xmpp_tls tls)
{
    static char jid[] = "alice@example.org/desk";
    return (struct sx_config){.jid = jid, .host = host, .port = port, .tls = tls};
}

/* Threads that were left behind by what went before may be on their last steps, and still count. */
static struct sx_resolver *start(const struct sx_config *config, int wake_fd)
{
    int64_t deadline = sx_clock_now_us() + INT64_C(20000000);
    struct sx_resolver *resolve = NULL;
    char why[200] = "";
    enum sx_err err = SX_EUNRESOLVED;
    while (!resolve && err == SX_EUNRESOLVED && sx_clock_now_us() < deadline) {
        resolve = sx_resolver_start(config, redirect_target, sx_clock_deadline(look_up_us), wake_fd,
                                    &err, why, sizeof why);
        sched_yield();
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(resolve);
    return resolve;
}

static int make_wake_fd(void)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

static void describe(struct outcome *outcome)
{
    size_t at = 0;
    unsigned i;
    if (outcome->err != SX_OK)
        return;
    for (i = 0; i < outcome->addresses.count; i++)
        at +=
            (size_t)snprintf(outcome->text + at, sizeof outcome->text - at, "%s%s:%d", i ? " " : "",
                             outcome->addresses.at[i].literal, outcome->addresses.at[i].port);
}

static struct outcome look_up(const struct sx_config *config)
{
    struct outcome outcome = {.err = SX_OK};
    int fd = make_wake_fd();
    struct sx_resolver *resolve = start(config, fd);
    struct pollfd wake = {fd, POLLIN, 0};
    if (!sx_resolver_is_done(resolve))
        CU_ASSERT_EQUAL(poll(&wake, 1, LONG_MS), 1);
    CU_ASSERT_TRUE_FATAL(sx_resolver_is_done(resolve));
    outcome.err =
        sx_resolver_answer(resolve, &outcome.addresses, outcome.text, sizeof outcome.text);
    sx_resolver_free(resolve);
    close(fd);
    describe(&outcome);
    return outcome;
}

static struct outcome look_up_host(char *host)
{
    struct sx_config config = config_for(host, 0, SOAP_XMPP_TLS_REQUIRED);
    return look_up(&config);
}

static struct outcome look_up_domain(void)
{
    return look_up_host(NULL);
}

/* ---- hosts ---- */

static void test_literal(void)
{
    static const struct names_row nobody[] = {{0}};
    struct sx_config config = config_for("127.0.0.1", 1234, SOAP_XMPP_TLS_REQUIRED);
    struct sx_resolver *resolve;
    int fd = make_wake_fd();
    names_set(nobody);
    resolve = start(&config, fd);
    CU_ASSERT_TRUE(sx_resolver_is_done(resolve));
    sx_resolver_free(resolve);
    close(fd);
    ASSERT_TEXT(look_up(&config).text, "127.0.0.1:1234");
    ASSERT_TEXT(look_up_host("::1").text, "::1:5222");
    config.port = 0;
    config.tls = SOAP_XMPP_TLS_DIRECT;
    ASSERT_TEXT(look_up(&config).text, "127.0.0.1:5223");
    names_set(NULL);
}

static void test_host(void)
{
    static const struct names_row names[] = {
        {"server.example", "192.0.2.1 2001:db8::1 192.0.2.1 192.0.2.2", 0},
        {"_xmpp-client._tcp.example.org", "1 1 5222 wrong.example", 0},
        {0},
    };
    struct sx_config config = config_for("server.example", 1234, SOAP_XMPP_TLS_REQUIRED);
    names_set(names);
    ASSERT_TEXT(look_up(&config).text, "192.0.2.1:1234 2001:db8::1:1234 192.0.2.2:1234");
    CU_ASSERT_EQUAL(names_asked("_xmpp-client._tcp.example.org"), 0);
    ASSERT_TEXT(look_up_host("server.example").text,
                "192.0.2.1:5222 2001:db8::1:5222 192.0.2.2:5222");
    names_set(NULL);
}

/* It isn't the name that makes a host loopback. */
static void test_localhost(void)
{
    static const struct names_row away[] = {{"localhost", "192.0.2.1 2001:db8::1", 0}, {0}};
    static const struct names_row both[] = {{"localhost", "192.0.2.1 127.0.0.3 ::1", 0}, {0}};
    static const enum soap_xmpp_tls with_tls[] = {SOAP_XMPP_TLS_REQUIRED, SOAP_XMPP_TLS_DIRECT};
    struct sx_config config = config_for("localhost", 1234, SOAP_XMPP_TLS_OFF);
    struct outcome outcome;
    size_t i;
    names_set(away);
    outcome = look_up(&config);
    CU_ASSERT_EQUAL(outcome.err, SX_ENOHOST);
    ASSERT_CONTAINS(outcome.text, "localhost stands for 192.0.2.1, which is another machine");
    for (i = 0; i < 2; i++) {
        config.tls = with_tls[i];
        ASSERT_TEXT(look_up(&config).text, "192.0.2.1:1234 2001:db8::1:1234");
    }
    names_set(both);
    config.tls = SOAP_XMPP_TLS_OFF;
    ASSERT_TEXT(look_up(&config).text, "127.0.0.3:1234 ::1:1234");
    config.host = "server.example"; /* a component's, by trusted_host */
    names_set((const struct names_row[]){{"server.example", "192.0.2.1", 0}, {0}});
    ASSERT_TEXT(look_up(&config).text, "192.0.2.1:1234");
    names_set(NULL);
}

static void test_many(void)
{
    static const struct names_row names[] = {
        {"server.example",
         "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.8 "
         "192.0.2.9 192.0.2.10 192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.14 192.0.2.15 "
         "192.0.2.16 192.0.2.17 192.0.2.18",
         0},
        {"_xmpp-client._tcp.example.org",
         "1 1 1 server.example, 1 1 2 server.example, 1 1 3 server.example, "
         "1 1 4 server.example, 1 1 5 server.example, 1 1 6 server.example, "
         "1 1 7 server.example, 1 1 8 server.example, 1 1 9 server.example, "
         "1 1 10 server.example, 1 1 11 server.example, 1 1 12 server.example, "
         "1 1 13 server.example, 1 1 14 server.example, 1 1 15 server.example, "
         "1 1 16 server.example, 1 1 17 server.example, 1 1 18 server.example",
         0},
        {0},
    };
    struct outcome outcome;
    names_set(names);
    outcome = look_up_host("server.example");
    CU_ASSERT_EQUAL(outcome.addresses.count, SX_RESOLVER_ADDRESSES);
    ASSERT_LACKS(outcome.text, "192.0.2.17");
    CU_ASSERT_EQUAL(look_up_domain().addresses.count, SX_RESOLVER_ADDRESSES);
    names_set(NULL);
}

static void test_errors(void)
{
    static const struct names_row names[] = {
        {"gone.example", NULL, EAI_NONAME},  {"empty.example", NULL, EAI_NODATA},
        {"slow.example", NULL, EAI_AGAIN},   {"broken.example", NULL, EAI_FAIL},
        {"short.example", NULL, EAI_MEMORY}, {0},
    };
    struct outcome outcome;
    names_set(names);
    outcome = look_up_host("gone.example");
    CU_ASSERT_EQUAL(outcome.err, SX_ENOHOST);
    ASSERT_CONTAINS(outcome.text, "the name gone.example is unknown");
    CU_ASSERT_EQUAL(look_up_host("empty.example").err, SX_ENOHOST);
    outcome = look_up_host("slow.example");
    CU_ASSERT_EQUAL(outcome.err, SX_EUNRESOLVED);
    ASSERT_CONTAINS(outcome.text, "the name slow.example can't be resolved now");
    CU_ASSERT_EQUAL(look_up_host("broken.example").err, SX_EUNRESOLVED);
    CU_ASSERT_EQUAL(look_up_host("short.example").err, SX_ENOMEM);
    names_set(NULL);
}

/* ---- SRV records ---- */

static void test_priority(void)
{
    static const struct names_row names[] = {
        {"_xmpp-client._tcp.example.org",
         "20 0 5269 third.example, 5 0 5224 first.example, 10 0 5223 gone.example, "
         "15 0 5222 second.example",
         0},
        {"_xmpps-client._tcp.example.org", "1 1 443 first.example", 0},
        {"first.example", "192.0.2.1 2001:db8::1", 0},
        {"second.example", "192.0.2.2", 0},
        {"third.example", "192.0.2.3", 0},
        {0},
    };
    struct sx_config direct = config_for(NULL, 0, SOAP_XMPP_TLS_DIRECT);
    names_set(names);
    ASSERT_TEXT(look_up_domain().text,
                "192.0.2.1:443 2001:db8::1:443 192.0.2.1:5224 2001:db8::1:5224 192.0.2.2:5222 "
                "192.0.2.3:5269");
    ASSERT_TEXT(look_up(&direct).text, "192.0.2.1:443 2001:db8::1:443");
    names_set(NULL);
}

/* The kinds of a domain's services are one list. */
static void test_kinds(void)
{
    static const struct names_row names[] = {
        {"_xmpp-client._tcp.example.org", "5 0 5222 first.example, 30 0 5222 third.example", 0},
        {"_xmpps-client._tcp.example.org", "10 0 443 second.example", 0},
        {"first.example", "192.0.2.1", 0},
        {"second.example", "192.0.2.2", 0},
        {"third.example", "192.0.2.3", 0},
        {0},
    };
    static const struct names_row one_is_away[] = {
        {"_xmpp-client._tcp.example.org", "5 0 5222 first.example", 0},
        {"_xmpps-client._tcp.example.org", "0 0 0 .", 0},
        {"first.example", "192.0.2.1", 0},
        {0},
    };
    static const struct names_row one_is_silent[] = {
        {"_xmpp-client._tcp.example.org", "5 0 5222 first.example", 0},
        {"_xmpps-client._tcp.example.org", NULL, TRY_AGAIN},
        {"first.example", "192.0.2.1", 0},
        {0},
    };
    struct sx_config off = config_for(NULL, 0, SOAP_XMPP_TLS_OFF);
    struct outcome outcome;
    names_set(names);
    outcome = look_up_domain();
    ASSERT_TEXT(outcome.text, "192.0.2.1:5222 192.0.2.2:443 192.0.2.3:5222");
    ASSERT_TEXT(outcome.addresses.source, "SRV");
    CU_ASSERT_FALSE(outcome.addresses.at[0].is_direct_tls);
    CU_ASSERT_TRUE(outcome.addresses.at[1].is_direct_tls);
    CU_ASSERT_FALSE(outcome.addresses.at[2].is_direct_tls);
    ASSERT_TEXT(look_up(&off).text, "192.0.2.1:5222 192.0.2.3:5222");
    names_set(one_is_away);
    ASSERT_TEXT(look_up_domain().text, "192.0.2.1:5222");
    names_set(one_is_silent);
    ASSERT_TEXT(look_up_domain().text, "192.0.2.1:5222");
    names_set(NULL);
}

static void test_weight(void)
{
    static const struct names_row names[] = {
        {"_xmpp-client._tcp.example.org", "1 10 1 light.example, 1 90 2 heavy.example", 0},
        {"light.example", "192.0.2.1", 0},
        {"heavy.example", "192.0.2.2", 0},
        {0},
    };
    unsigned heavy = 0, i;
    names_set(names);
    for (i = 0; i < SRV_TRIES; i++) {
        struct outcome outcome = look_up_domain();
        CU_ASSERT_EQUAL(outcome.addresses.count, 2);
        heavy += outcome.addresses.at[0].port == 2;
    }
    CU_ASSERT_TRUE(heavy > SRV_TRIES / 2 && heavy < SRV_TRIES);
    names_set(NULL);
}

static void test_no_records(void)
{
    static const struct names_row none[] = {{"example.org", "192.0.2.1", 0}, {0}};
    static const struct names_row silent[] = {
        {"_xmpp-client._tcp.example.org", NULL, TRY_AGAIN}, {"example.org", "192.0.2.1", 0}, {0}};
    static const struct names_row nothing[] = {{0}};
    static const struct names_row nobody_can_tell[] = {
        {"_xmpp-client._tcp.example.org", NULL, TRY_AGAIN}, {0}};
    struct sx_config direct = config_for(NULL, 0, SOAP_XMPP_TLS_DIRECT);
    names_set(none);
    ASSERT_TEXT(look_up_domain().text, "192.0.2.1:5222");
    CU_ASSERT_PTR_NULL(look_up_domain().addresses.source);
    ASSERT_TEXT(look_up(&direct).text, "192.0.2.1:5223");
    names_set(silent);
    ASSERT_TEXT(look_up_domain().text, "192.0.2.1:5222");
    names_set(nothing);
    CU_ASSERT_EQUAL(look_up_domain().err, SX_ENOHOST);
    names_set(nobody_can_tell);
    CU_ASSERT_EQUAL(look_up_domain().err, SX_EUNRESOLVED);
    names_set(NULL);
}

static void test_refusal(void)
{
    static const struct names_row names[] = {
        {"_xmpp-client._tcp.example.org", "0 0 0 .", 0}, {"example.org", "192.0.2.1", 0}, {0}};
    struct outcome outcome;
    names_set(names);
    outcome = look_up_domain();
    CU_ASSERT_EQUAL(outcome.err, SX_ENOHOST);
    ASSERT_CONTAINS(outcome.text, "example.org offers no such service");
    CU_ASSERT_EQUAL(names_asked("example.org"), 0);
    names_set(NULL);
}

static void test_cut(void)
{
    static const struct names_row names[] = {
        {"_xmpp-client._tcp.example.org", "1 0 1 first.example, 2 0 2 second.example", 0},
        {"first.example", "192.0.2.1", 0},
        {"second.example", "192.0.2.2", 0},
        {"example.org", "192.0.2.3", 0},
        {0},
    };
    int bytes;
    names_set(names);
    for (bytes = 0; bytes < 200; bytes++) {
        names_cut(bytes);
        CU_ASSERT_TRUE(look_up_domain().addresses.count >= 1);
    }
    names_cut(-1);
    ASSERT_TEXT(look_up_domain().text, "192.0.2.1:1 192.0.2.2:2");
    names_set(NULL);
}

/* What nobody can read says nothing about the domain. */
static void test_unreadable(void)
{
    static const struct names_row names[] = {
        {"_xmpp-client._tcp.example.org", "1 0 1 first.example", 0},
        {"_xmpps-client._tcp.example.org", "1 0 1 first.example", 0},
        {0},
    };
    int bytes;
    names_set(names);
    for (bytes = 1; bytes < 60; bytes++) {
        names_cut(bytes);
        CU_ASSERT_EQUAL(look_up_domain().err, SX_EUNRESOLVED);
    }
    names_cut(-1);
    CU_ASSERT_EQUAL(look_up_domain().err, SX_ENOHOST);
    names_set(NULL);
}

/* ---- where a server sends us ---- */

static struct outcome look_up_target(const char *host, bool is_direct)
{
    struct sx_config config = config_for(NULL, 0, SOAP_XMPP_TLS_REQUIRED);
    struct sx_redirect_target target = {.is_direct = is_direct};
    struct outcome outcome;
    snprintf(target.host, sizeof target.host, "%s", host);
    redirect_target = &target;
    outcome = look_up(&config);
    redirect_target = NULL;
    return outcome;
}

/* Both kinds of TLS by one answer, with room for each. */
static void test_target(void)
{
    static const struct names_row names[] = {
        {"node2.example", "192.0.2.1 2001:db8::1", 0},
        {"many.example",
         "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.8 "
         "192.0.2.9 192.0.2.10 192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.14 192.0.2.15 "
         "192.0.2.16 192.0.2.17 192.0.2.18",
         0},
        {0},
    };
    struct outcome outcome;
    unsigned i, direct = 0;
    names_set(names);
    ASSERT_TEXT(look_up_target("node2.example", true).text,
                "192.0.2.1:5223 2001:db8::1:5223 192.0.2.1:5222 2001:db8::1:5222");
    CU_ASSERT_EQUAL(names_asked("node2.example"), 1);
    ASSERT_TEXT(look_up_target("node2.example", false).text, "192.0.2.1:5222 2001:db8::1:5222");
    outcome = look_up_target("many.example", true);
    CU_ASSERT_EQUAL(outcome.addresses.count, SX_RESOLVER_ADDRESSES);
    for (i = 0; i < outcome.addresses.count; i++)
        direct += outcome.addresses.at[i].is_direct_tls;
    CU_ASSERT_EQUAL(direct, SX_RESOLVER_ADDRESSES / 2);
    CU_ASSERT_EQUAL(look_up_target("many.example", false).addresses.count, SX_RESOLVER_ADDRESSES);
    CU_ASSERT_EQUAL(look_up_target("gone.example", true).err, SX_ENOHOST);
    names_set(NULL);
}

/* ---- name servers ---- */

/* One silent server, and one that knows. The C library, which asks for the target's addresses, is
 * told who is silent; by /etc/nsswitch.conf it may ask others than name servers. */
static void test_silent_server(void)
{
    struct name_server *silent = name_server_start(NAME_SERVER_SILENT);
    struct name_server *good = name_server_start(NAME_SERVER_GOOD);
    const int ports[] = {name_server_port(silent), name_server_port(good), 0};
    struct outcome outcome;
    names_servers(ports);
    outcome = look_up_domain();
    CU_ASSERT_EQUAL(name_server_asked(silent), 2);
    CU_ASSERT_TRUE(name_server_asked(good) >= 2);
    if (name_server_asked(good) > 2)
        ASSERT_TEXT(outcome.text, "192.0.2.1:5222 192.0.2.1:5222");
    names_servers(NULL);
    name_server_stop(silent);
    name_server_stop(good);
}

/* They take a part of the time, and then the domain itself is asked for. */
static void test_silent_servers(void)
{
    static const enum name_server_manner manners[] = {NAME_SERVER_SILENT, NAME_SERVER_SERVFAIL,
                                                      NAME_SERVER_REFUSED, NAME_SERVER_ONLY_FORGES};
    static const struct names_row names[] = {{"example.org", "192.0.2.9", 0}, {0}};
    static const struct names_row nothing[] = {{0}};
    size_t i;
    for (i = 0; i < sizeof manners / sizeof *manners; i++) {
        struct name_server *first = name_server_start(manners[i]);
        struct name_server *second = name_server_start(manners[i]);
        const int ports[] = {name_server_port(first), name_server_port(second), 0};
        names_servers(ports);
        names_set(names);
        look_up_us = i == 0 || i == 3 ? SHORT_US : LONG_US;
        ASSERT_TEXT(look_up_domain().text, "192.0.2.9:5222");
        CU_ASSERT_EQUAL(name_server_asked(first), 2);
        /* of a short time none may be left, on a busy machine */
        CU_ASSERT_TRUE(name_server_asked(second) == 2 || look_up_us == SHORT_US);
        if (i == 1) { /* as uncertain as before */
            names_set(nothing);
            CU_ASSERT_EQUAL(look_up_domain().err, SX_EUNRESOLVED);
        }
        look_up_us = LONG_US;
        names_servers(NULL);
        names_set(NULL);
        name_server_stop(first);
        name_server_stop(second);
    }
}

static void test_labels(void)
{
    static char jid[] = "alice@b\303\274cher.test/desk";
    static const struct names_row names[] = {{"one.example", "192.0.2.1", 0}, {0}};
    struct name_server *server = name_server_start(NAME_SERVER_GOOD);
    const int ports[] = {name_server_port(server), 0};
    struct sx_config config = config_for(NULL, 0, SOAP_XMPP_TLS_REQUIRED);
    char name[1024];
    config.jid = jid;
    names_set(names);
    names_servers(ports);
    ASSERT_TEXT(look_up(&config).text, "192.0.2.1:5222 192.0.2.1:5222");
    name_server_last(server, name);
    ASSERT_TEXT(name, "_xmpp-client._tcp.xn--bcher-kva.test");
    names_servers(NULL);
    names_set(NULL);
    name_server_stop(server);
}

/* ---- the hosts file ---- */

static void test_hosts_file(void)
{
    static const struct names_row names[] = {
        {"_xmpp-client._tcp.example.org", "0 0 1 one.example", 0},
        {"_xmpps-client._tcp.example.org", "0 0 1 one.example", 0},
        {"example.org", "192.0.2.2", 0},
        {"one.example", "192.0.2.1", 0},
        {0},
    };
    struct sx_config direct = config_for(NULL, 0, SOAP_XMPP_TLS_DIRECT);
    char path[] = "/tmp/hosts-XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_TRUE(dprintf(fd, "2001:db8::7 other.example\n192.0.2.7 EXAMPLE.org\n"
                               "2001:db8::7 example.org\n192.0.2.8 one.example\n") > 0);
    close(fd);
    names_set(names);
    names_hosts(path);
    ASSERT_TEXT(look_up_domain().text, "192.0.2.7:5222 2001:db8::7:5222");
    ASSERT_TEXT(look_up_domain().addresses.source, "/etc/hosts");
    CU_ASSERT_FALSE(look_up_domain().addresses.at[0].is_direct_tls);
    ASSERT_TEXT(look_up(&direct).text, "192.0.2.7:5223 2001:db8::7:5223");
    CU_ASSERT_EQUAL(names_asked("_xmpp-client._tcp.example.org"), 0);
    CU_ASSERT_EQUAL(names_asked("_xmpps-client._tcp.example.org"), 0);
    CU_ASSERT_EQUAL(names_asked("example.org"), 0);
    /* A host that the program gives is looked up as the system does it. */
    ASSERT_TEXT(look_up_host("one.example").text, "192.0.2.1:5222");
    names_hosts(NULL);
    names_set(NULL);
    unlink(path);
}

/* ---- what takes too long ---- */

static const struct names_row hanging[] = {
    {"slow.example", NULL, NAMES_HANG}, {"fast.example", "192.0.2.1", 0}, {0}};

static void test_left_behind(void)
{
    struct sx_config config = config_for("slow.example", 0, SOAP_XMPP_TLS_REQUIRED);
    struct sx_resolver *resolve;
    int fd = make_wake_fd();
    struct pollfd wake = {fd, POLLIN, 0};
    names_set(hanging);
    resolve = start(&config, fd);
    CU_ASSERT_TRUE(names_await_hanging(1));
    CU_ASSERT_FALSE(sx_resolver_is_done(resolve));
    sx_resolver_free(resolve);
    CU_ASSERT_EQUAL(names_hanging(), 1);
    names_release();
    CU_ASSERT_EQUAL(poll(&wake, 1, 0), 0);
    close(fd);
    names_set(NULL);
}

/* Its thread has ended when nobody holds what would have been written to. */
static void test_left_behind_asks_no_more(void)
{
    static const struct names_row names[] = {
        {"_xmpp-client._tcp.example.org", "0 0 1 slow.example, 1 0 1 fast.example", 0},
        {"slow.example", NULL, NAMES_HANG},
        {"fast.example", "192.0.2.1", 0},
        {0}};
    struct sx_config config = config_for(NULL, 0, SOAP_XMPP_TLS_REQUIRED);
    struct sx_resolver *resolve;
    struct pollfd end;
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    names_set(names);
    resolve = start(&config, ends[1]);
    close(ends[1]);
    CU_ASSERT_TRUE(names_await_hanging(1));
    sx_resolver_free(resolve);
    names_release();
    end = (struct pollfd){ends[0], POLLIN, 0};
    CU_ASSERT_EQUAL(poll(&end, 1, LONG_MS), 1);
    CU_ASSERT_EQUAL(end.revents, POLLHUP);
    CU_ASSERT_EQUAL(names_asked("fast.example"), 0);
    close(ends[0]);
    names_set(NULL);
}

/* It has none of the threads that hang. */
static void assert_child_may_ask(const struct sx_config *config, int fd)
{
#ifndef __SANITIZE_THREAD__ /* it lets no child of a process with threads have threads */
    char why[200] = "";
    enum sx_err err = SX_OK;
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        suite_end_child(!sx_resolver_start(config, NULL, sx_clock_deadline(LONG_US), fd, &err, why,
                                           sizeof why));
    CU_ASSERT_TRUE_FATAL(child > 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
#else
    (void)config, (void)fd;
#endif
}

static void test_bound(void)
{
    struct sx_config slow = config_for("slow.example", 0, SOAP_XMPP_TLS_REQUIRED);
    char why[200] = "";
    enum sx_err err = SX_OK;
    int fd = make_wake_fd();
    unsigned i;
    names_set(hanging);
    for (i = 0; i < SX_RESOLVER_ABANDONED; i++)
        sx_resolver_free(start(&slow, fd));
    CU_ASSERT_PTR_NULL(
        sx_resolver_start(&slow, NULL, sx_clock_deadline(LONG_US), fd, &err, why, sizeof why));
    CU_ASSERT_EQUAL(err, SX_EUNRESOLVED);
    ASSERT_CONTAINS(why, "the resolver hangs");
    CU_ASSERT_TRUE(names_await_hanging(SX_RESOLVER_ABANDONED));
    ASSERT_TEXT(look_up_host("192.0.2.9").text, "192.0.2.9:5222"); /* nobody is asked */
    assert_child_may_ask(&slow, fd);
    names_release();
    /* Their threads are on their last steps. */
    while (err == SX_EUNRESOLVED) {
        struct sx_resolver *resolve =
            sx_resolver_start(&slow, NULL, sx_clock_deadline(LONG_US), fd, &err, why, sizeof why);
        if (resolve)
            err = SX_OK;
        sx_resolver_free(resolve);
    }
    CU_ASSERT_TRUE(names_await_hanging(1));
    names_release();
    ASSERT_TEXT(look_up_host("fast.example").text, "192.0.2.1:5222");
    close(fd);
    names_set(NULL);
}

static bool attempt_start(struct shortage shortage)
{
    struct sx_config config = config_for("fast.example", 0, SOAP_XMPP_TLS_REQUIRED);
    char why[200] = "unchanged";
    enum sx_err err = SX_OK;
    struct sx_resolver *resolve;
    int fd = make_wake_fd();
    bool has_failed;
    sx_resolver_free(start(&config, fd));
    shortage_begin(shortage);
    resolve =
        sx_resolver_start(&config, NULL, sx_clock_deadline(LONG_US), fd, &err, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(resolve == NULL, has_failed);
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    if (has_failed)
        ASSERT_CONTAINS(why, "no memory");
    sx_resolver_free(resolve);
    close(fd);
    return has_failed;
}

static void test_shortage(void)
{
    names_set(hanging);
    CU_ASSERT(shortage_sweep(attempt_start) >= 1);
    names_set(NULL);
}

CU_TestInfo tests_resolver[] = {
    {"a literal address is its own answer, at once", test_literal},
    {"a host has its addresses in order, each once, and no SRV records", test_host},
    {"without TLS localhost is this machine alone", test_localhost},
    {"no more than so many addresses are kept", test_many},
    {"a name that doesn't exist is told from one that nobody can resolve now", test_errors},
    {"SRV targets come by priority, those without an address left out", test_priority},
    {"_xmpps-client and _xmpp-client are one list", test_kinds},
    {"of SRV targets with one priority the heavier comes first more often", test_weight},
    {"a domain without SRV records is the host itself", test_no_records},
    {"an SRV record that says there is no service is believed", test_refusal},
    {"an SRV answer that ends too soon does no harm", test_cut},
    {"an SRV answer that nobody can read leaves it open whether there is a server",
     test_unreadable},
    {"a target is looked up once for both kinds of TLS", test_target},
    {"a silent name server is asked for one question", test_silent_server},
    {"name servers that say nothing leave time to ask for the domain itself", test_silent_servers},
    {"name servers are asked in A-labels", test_labels},
    {"the hosts file wins over SRV records", test_hosts_file},
    {"a look-up that hangs is left behind at once", test_left_behind},
    {"and asks no more then", test_left_behind_asks_no_more},
    {"only so many look-ups are left behind", test_bound},
    {"a look-up that finds no memory says so", test_shortage},
    CU_TEST_INFO_NULL,
};
