/* test_descriptors.c - a process that has 2,000 other descriptors: the links that it had before
 * them call, serve and reconnect like others'. A link that is opened behind them has no place for
 * its socket (below 1,024), and says so.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "envelope.h"
#include "pair.h"

extern CU_TestInfo tests_descriptors[];

enum { DESCRIPTORS = 2000, ROOM = 500 };

static int descriptors[DESCRIPTORS];

static void call_once(struct bytes_pair *pair)
{
    struct reply reply;
    reply_ask(pair->caller, pair->endpoint, envelope_write(12, "echo", ""), &reply);
    reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
    reply_free(&reply);
}

static int proxied_port;

static void go_by_the_proxy(struct soap_xmpp_config *config)
{
    config->plain_delivery = 0;
    config->trace = SOAP_XMPP_TRACE_NONE;
    config->port = proxied_port;
}

static void open_many(void)
{
    int i;
    for (i = 0; i < DESCRIPTORS; i++) {
        descriptors[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        CU_ASSERT_TRUE(descriptors[i] >= 0);
    }
}

static void close_many(void)
{
    int i;
    for (i = 0; i < DESCRIPTORS; i++)
        close(descriptors[i]);
}

static void assert_no_place(const struct site *site)
{
    struct site_account account;
    char why[256] = "";
    site_account(site, "alice", "late", &account);
    CU_ASSERT_PTR_NULL(soap_xmpp_open(&account.config, why, sizeof why));
    ASSERT_CONTAINS(why, "no descriptor below 1024 is left for a link");
}

static void try_many(const struct site *site)
{
    struct proxy *proxy = proxy_start(site->port, NULL);
    struct bytes_pair pair;
    CU_ASSERT_PTR_NOT_NULL_FATAL(proxy);
    proxied_port = proxy_port(proxy);
    bytes_pair_open(&pair, site, go_by_the_proxy);
    open_many();
    call_once(&pair);
    CU_ASSERT_EQUAL(proxy_cut_now(proxy), 2);
    call_once(&pair); /* it outlives the connection */
    assert_no_place(site);
    close_many();
    bytes_pair_close(&pair);
    proxy_stop(proxy);
}

static void two_thousand_other_descriptors_are_no_matter(void)
{
    struct rlimit before, wanted;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    wanted = before;
    wanted.rlim_cur = DESCRIPTORS + ROOM;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &wanted), 0);
    site_each(try_many);
    setrlimit(RLIMIT_NOFILE, &before);
}

CU_TestInfo tests_descriptors[] = {
    {"2,000 other descriptors are no matter", two_thousand_other_descriptors_are_no_matter},
    CU_TEST_INFO_NULL,
};
