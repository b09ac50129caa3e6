/* Name servers that answer, and those that don't: each is asked no more than it is worth. */
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <string.h>

#include "base/clock.h"
#include "net/dns.h"
#include "../../lib/name_server.h"
#include "../../lib/suite.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { LONG_US = 20000000, SHORT_US = 200000, SHARE_US = 2000000, MOST = SX_DNS_SERVERS };

struct office {
    struct name_server *servers[MOST];
    struct sx_dns dns;
    unsigned char answer[SX_DNS_ANSWER_BYTES];
};

static void point_to(struct sx_dns *dns, int port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    memcpy(&dns->servers[dns->count++].address, &address, sizeof address);
}

static void open_office(struct office *office, const enum name_server_manner *manners,
                        unsigned count, int64_t time_us)
{
    unsigned i;
    *office =
        (struct office){.dns = {.deadline = sx_clock_deadline(time_us), .most_share_us = LONG_US}};
    for (i = 0; i < count; i++) {
        office->servers[i] = name_server_start(manners[i]);
        point_to(&office->dns, name_server_port(office->servers[i]));
    }
}

static void close_office(struct office *office)
{
    unsigned i;
    for (i = 0; i < MOST && office->servers[i]; i++)
        name_server_stop(office->servers[i]);
}

static int ask(struct office *office)
{
    return sx_dns_ask(&office->dns, "_xmpp-client._tcp.example.org", ns_t_srv, office->answer);
}

static unsigned asked(const struct office *office, unsigned number)
{
    return name_server_asked(office->servers[number]);
}

/* How many records an answer has. */
static unsigned records(const struct office *office, int len)
{
    ns_msg message;
    CU_ASSERT_EQUAL_FATAL(ns_initparse(office->answer, len, &message), 0);
    return ns_msg_count(message, ns_s_an);
}

static void test_good(void)
{
    static const enum name_server_manner manners[] = {NAME_SERVER_GOOD, NAME_SERVER_GOOD};
    struct office office;
    char name[1024];
    open_office(&office, manners, 2, LONG_US);
    CU_ASSERT_EQUAL(records(&office, ask(&office)), 1);
    CU_ASSERT_EQUAL(asked(&office, 0), 1);
    CU_ASSERT_EQUAL(asked(&office, 1), 0);
    name_server_last(office.servers[0], name);
    ASSERT_TEXT(name, "_xmpp-client._tcp.example.org");
    close_office(&office);
}

/* The second question knows what the first has cost. */
static void test_one_silent(void)
{
    static const enum name_server_manner manners[] = {NAME_SERVER_SILENT, NAME_SERVER_GOOD};
    struct office office;
    open_office(&office, manners, 2, LONG_US);
    office.dns.most_share_us = SHARE_US;
    CU_ASSERT_EQUAL(records(&office, ask(&office)), 1);
    CU_ASSERT_TRUE(office.dns.servers[0].is_silent);
    CU_ASSERT_EQUAL(records(&office, ask(&office)), 1);
    CU_ASSERT_EQUAL(asked(&office, 0), 2);
    CU_ASSERT_EQUAL(asked(&office, 1), 2);
    close_office(&office);
}

static void test_all_silent(void)
{
    static const enum name_server_manner manners[] = {NAME_SERVER_SILENT, NAME_SERVER_ONLY_FORGES,
                                                      NAME_SERVER_SILENT};
    struct office office;
    unsigned i;
    open_office(&office, manners, 3, SHORT_US);
    CU_ASSERT_EQUAL(ask(&office), -1);
    CU_ASSERT_TRUE(sx_clock_now_us() >= office.dns.deadline - SHORT_US / 2);
    office.dns.deadline = sx_clock_deadline(LONG_US);
    CU_ASSERT_EQUAL(ask(&office), -1);
    CU_ASSERT_EQUAL(asked(&office, 0), 2);
    for (i = 1; i < 3; i++)
        CU_ASSERT_TRUE(asked(&office, i) <= 2); /* the time may be over, on a busy machine */
    close_office(&office);
}

static void test_late(void)
{
    static const enum name_server_manner manners[] = {NAME_SERVER_GOOD};
    struct office office;
    open_office(&office, manners, 1, LONG_US);
    office.dns.deadline = sx_clock_now_us();
    CU_ASSERT_EQUAL(ask(&office), -1);
    CU_ASSERT_EQUAL(asked(&office, 0), 0);
    close_office(&office);
}

static void test_lost(void)
{
    static const enum name_server_manner manners[] = {NAME_SERVER_LOSES};
    struct office office;
    open_office(&office, manners, 1, LONG_US);
    office.dns.most_share_us = SHARE_US;
    CU_ASSERT_EQUAL(records(&office, ask(&office)), 1);
    CU_ASSERT_EQUAL(asked(&office, 0), 2);
    close_office(&office);
}

/* At once, and it may know another name. */
static void test_errors(void)
{
    static const enum name_server_manner errors[] = {
        NAME_SERVER_FORMERR, NAME_SERVER_SERVFAIL, NAME_SERVER_REFUSED, NAME_SERVER_REFUSES_BARELY};
    unsigned i;
    for (i = 0; i < COUNT(errors); i++) {
        const enum name_server_manner manners[] = {errors[i], NAME_SERVER_GOOD};
        struct office office;
        open_office(&office, manners, 2, LONG_US);
        CU_ASSERT_EQUAL(records(&office, ask(&office)), 1);
        CU_ASSERT_EQUAL(records(&office, ask(&office)), 1);
        CU_ASSERT_FALSE(office.dns.servers[0].is_silent);
        CU_ASSERT_EQUAL(asked(&office, 0), 2);
        CU_ASSERT_EQUAL(asked(&office, 1), 2);
        close_office(&office);
        open_office(&office, manners, 1, LONG_US);
        CU_ASSERT_EQUAL(ask(&office), -1);
        close_office(&office);
    }
}

static void test_closed(void)
{
    struct name_server *closed = name_server_start(NAME_SERVER_GOOD);
    struct name_server *good = name_server_start(NAME_SERVER_GOOD);
    struct sx_dns dns = {.deadline = sx_clock_deadline(LONG_US), .most_share_us = LONG_US};
    unsigned char answer[SX_DNS_ANSWER_BYTES];
    point_to(&dns, name_server_port(closed));
    point_to(&dns, name_server_port(good));
    name_server_stop(closed);
    CU_ASSERT_TRUE(sx_dns_ask(&dns, "example.org", ns_t_srv, answer) > 0);
    CU_ASSERT_FALSE(dns.servers[0].is_silent);
    name_server_stop(good);
}

/* Nobody else is asked. */
static void test_nothing(void)
{
    static const enum name_server_manner absent[] = {NAME_SERVER_NXDOMAIN, NAME_SERVER_GOOD};
    static const enum name_server_manner empty[] = {NAME_SERVER_EMPTY, NAME_SERVER_GOOD};
    struct office office;
    open_office(&office, absent, 2, LONG_US);
    CU_ASSERT_EQUAL(ask(&office), 0);
    CU_ASSERT_EQUAL(asked(&office, 1), 0);
    close_office(&office);
    open_office(&office, empty, 2, LONG_US);
    CU_ASSERT_EQUAL(records(&office, ask(&office)), 0);
    CU_ASSERT_EQUAL(asked(&office, 1), 0);
    close_office(&office);
}

static void test_forged(void)
{
    static const enum name_server_manner manners[] = {NAME_SERVER_FORGES};
    struct office office;
    int len;
    open_office(&office, manners, 1, LONG_US);
    len = ask(&office);
    CU_ASSERT_EQUAL(records(&office, len), 1);
    CU_ASSERT_EQUAL(asked(&office, 0), 1);
    close_office(&office);
}

static void test_truncated(void)
{
    static const enum name_server_manner whole[] = {NAME_SERVER_TRUNCATES};
    static const enum name_server_manner too_long[] = {NAME_SERVER_TCP_LONG};
    struct office office;
    open_office(&office, whole, 1, LONG_US);
    CU_ASSERT_EQUAL(records(&office, ask(&office)), 1);
    CU_ASSERT_EQUAL(name_server_asked_by_tcp(office.servers[0]), 1);
    close_office(&office);
    open_office(&office, too_long, 1, LONG_US);
    CU_ASSERT_EQUAL(ask(&office), SX_DNS_ANSWER_BYTES);
    close_office(&office);
}

static void test_no_tcp(void)
{
    static const enum name_server_manner failures[] = {NAME_SERVER_TCP_CLOSES,
                                                       NAME_SERVER_TCP_SILENT};
    unsigned i;
    for (i = 0; i < COUNT(failures); i++) {
        const enum name_server_manner manners[] = {failures[i], NAME_SERVER_GOOD};
        struct office office;
        open_office(&office, manners, 2, LONG_US);
        office.dns.most_share_us = SHARE_US;
        CU_ASSERT_EQUAL(records(&office, ask(&office)), 1);
        CU_ASSERT_EQUAL(name_server_asked_by_tcp(office.servers[0]), 1);
        CU_ASSERT_EQUAL(asked(&office, 1), 1);
        CU_ASSERT_EQUAL(office.dns.servers[0].is_silent, failures[i] == NAME_SERVER_TCP_SILENT);
        close_office(&office);
        open_office(&office, manners, 1, SHORT_US);
        CU_ASSERT_EQUAL(ask(&office), -1);
        close_office(&office);
    }
}

/* It holds nobody longer than silence does. */
static void test_flood(void)
{
    static const enum name_server_manner manners[] = {NAME_SERVER_FLOODS, NAME_SERVER_GOOD};
    struct office office;
    open_office(&office, manners, 2, SHORT_US);
    ask(&office);
    CU_ASSERT_TRUE(sx_clock_now_us() < office.dns.deadline + LONG_US);
    CU_ASSERT_TRUE(office.dns.servers[0].is_silent);
    close_office(&office);
}

static void test_names(void)
{
    static const enum name_server_manner manners[] = {NAME_SERVER_GOOD};
    struct office office;
    char label[65], name[600] = "";
    open_office(&office, manners, 1, LONG_US);
    memset(label, 'a', sizeof label);
    label[sizeof label - 1] = '\0';
    CU_ASSERT_EQUAL(sx_dns_ask(&office.dns, label, ns_t_srv, office.answer), 0);
    while (strlen(name) < 300)
        strcat(name, "twenty-bytes-a-label.");
    CU_ASSERT_EQUAL(sx_dns_ask(&office.dns, name, ns_t_srv, office.answer), 0);
    CU_ASSERT_EQUAL(asked(&office, 0), 0);
    close_office(&office);
}

/* ---- what the C library asks afterwards ---- */

/* In a thread that ends: the state is of the thread. */
static void *ask_tuned(void *argument)
{
    struct office *office = argument;
    sx_dns_tune(&office->dns, sx_clock_deadline(LONG_US));
    CU_ASSERT_EQUAL(_res.nscount, 3);
    CU_ASSERT_TRUE(_res.retrans >= 1 && _res.retrans <= 5);
    CU_ASSERT_TRUE(_res.retry >= 1 && _res.retry <= 2);
    CU_ASSERT_EQUAL(res_nquery(&_res, "example.org", ns_c_in, ns_t_a, office->answer,
                               sizeof office->answer) > 0,
                    1);
    sx_dns_tune(&office->dns, sx_clock_now_us());
    CU_ASSERT_EQUAL(_res.retrans, 1);
    return NULL;
}

static void test_tune(void)
{
    static const enum name_server_manner manners[] = {NAME_SERVER_SILENT, NAME_SERVER_SILENT,
                                                      NAME_SERVER_GOOD};
    struct office office;
    pthread_t thread;
    open_office(&office, manners, 3, LONG_US);
    office.dns.servers[0].is_silent = office.dns.servers[1].is_silent = true;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, ask_tuned, &office), 0);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(asked(&office, 0), 0);
    CU_ASSERT_EQUAL(asked(&office, 1), 0);
    CU_ASSERT_EQUAL(asked(&office, 2), 1);
    close_office(&office);
}

/* An address that is wider than the one in whose place it comes. */
static void *tune_wide(void *argument)
{
    const struct sockaddr_in6 wide = {
        .sin6_family = AF_INET6, .sin6_port = htons(53), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sx_dns dns = *(struct sx_dns *)argument;
    unsigned char answer[SX_DNS_ANSWER_BYTES];
    memcpy(&dns.servers[0].address, &wide, sizeof wide);
    dns.servers[0].is_silent = true;
    sx_dns_tune(&dns, sx_clock_deadline(LONG_US));
    CU_ASSERT_TRUE(res_nquery(&_res, "example.org", ns_c_in, ns_t_a, answer, sizeof answer) > 0);
    return NULL;
}

static void test_tune_wide(void)
{
    static const enum name_server_manner manners[] = {NAME_SERVER_SILENT, NAME_SERVER_GOOD};
    struct office office;
    pthread_t thread;
    open_office(&office, manners, 2, LONG_US);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, tune_wide, &office.dns), 0);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(asked(&office, 1), 1);
    close_office(&office);
}

static void test_begin(void)
{
    struct __res_state state = {0};
    struct sx_dns dns;
    CU_ASSERT_EQUAL_FATAL(res_ninit(&state), 0);
    sx_dns_begin(&dns, 7);
    CU_ASSERT_EQUAL(dns.deadline, 7);
    CU_ASSERT_EQUAL(dns.most_share_us, SHARE_US);
    CU_ASSERT_EQUAL(dns.count, (unsigned)state.nscount);
    res_nclose(&state);
}

CU_TestInfo tests_dns[] = {
    {"the first server that answers is the only one asked", test_good},
    {"one that is silent is asked for one question", test_one_silent},
    {"silent ones take no longer than they may, once", test_all_silent},
    {"after the deadline nobody is asked", test_late},
    {"a datagram that was lost is sent again", test_lost},
    {"an error leaves the question to the next one", test_errors},
    {"so does a server that isn't there", test_closed},
    {"a name that doesn't exist, or has no records, is an answer", test_nothing},
    {"what answers another question is passed over", test_forged},
    {"a flood of what is no answer counts as silence", test_flood},
    {"what was truncated comes by TCP", test_truncated},
    {"a server without TCP leaves it to the next one", test_no_tcp},
    {"what is no name of DNS isn't asked for", test_names},
    {"the C library asks the silent ones last", test_tune},
    {"also where addresses differ in kind", test_tune_wide},
    {"the servers are those of the system", test_begin},
    CU_TEST_INFO_NULL,
};
