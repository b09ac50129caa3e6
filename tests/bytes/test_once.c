/* test_once.c - a request runs once at most, whatever breaks, moves or deals it out, and what its
 * call says of it is true.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../integration/witness.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "envelope.h"
#include "pair.h"

extern CU_TestInfo tests_once[];

enum { OUTSTANDING = 20 };

static void begin_tick(struct soap_xmpp_link *link, const char *endpoint, int number)
{
    struct soap_xmpp_post post;
    char inside[40], *envelope;
    snprintf(inside, sizeof inside, "<number>%d</number>", number);
    envelope = envelope_write(12, "tick", inside);
    soap_xmpp_post_init(&post);
    post.endpoint = endpoint;
    post.envelope = envelope;
    post.envelope_bytes = strlen(envelope);
    post.user = (void *)(intptr_t)number;
    reply_post(link, &post);
    free(envelope);
}

static int ticks_at(struct desk *const *desks, int desk_count, int number)
{
    int ticks = 0, i;
    for (i = 0; i < desk_count; i++)
        ticks += desk_ticks(desks[i], number);
    return ticks;
}

/* Calls number by number, some at a time; how many were executed. */
static int tick_all(struct soap_xmpp_link *link, const char *endpoint, int count,
                    struct desk *const *desks, int desk_count)
{
    int begun = 0, ended, executed = 0;
    for (ended = 0; ended < count; ended++) {
        struct reply reply;
        int number;
        while (begun < count && begun - ended < OUTSTANDING)
            begin_tick(link, endpoint, begun++);
        reply_await(link, &reply);
        number = (int)(intptr_t)reply.user;
        switch (reply.outcome) {
        case SOAP_XMPP_EXECUTED:
            CU_ASSERT_EQUAL(reply.end, SOAP_XMPP_END_ANSWER);
            CU_ASSERT_EQUAL(ticks_at(desks, desk_count, number), 1);
            executed++;
            break;
        case SOAP_XMPP_NOT_EXECUTED:
            CU_ASSERT_EQUAL(ticks_at(desks, desk_count, number), 0);
            break;
        default:
            break;
        }
        reply_free(&reply);
    }
    for (begun = 0; begun < count; begun++)
        CU_ASSERT_TRUE(ticks_at(desks, desk_count, begun) <= 1);
    return executed;
}

/* ---- broken ---- */

enum { BROKEN_CALLS = 150 };

static void try_breaks(const struct site *site)
{
    static const struct proxy_plan plan = {.seed = 14,
                                           .weights = {[PROXY_CUT] = 2, [PROXY_RESET] = 1},
                                           .min_gap_bytes = 40000,
                                           .max_gap_bytes = 80000,
                                           .min_gap_ms = 60000,
                                           .max_gap_ms = 60000};
    struct proxy *near = proxy_start(site->port, &plan), *far = proxy_start(site->port, &plan);
    struct soap_xmpp_link *service, *caller;
    struct proxy_counts counts;
    struct site_account account;
    struct desk *desk;
    int executed;
    CU_ASSERT_TRUE_FATAL(near && far);
    site_account(site, "bob", "soap", &account);
    account.config.plain_delivery = 0;
    account.config.trace = SOAP_XMPP_TRACE_NONE;
    account.config.port = proxy_port(far);
    service = reply_open(&account);
    desk = desk_start(service);
    site_account(site, "alice", "desk", &account);
    account.config.plain_delivery = 0;
    account.config.timeout_ms = 60000;
    account.config.trace = SOAP_XMPP_TRACE_NONE;
    account.config.port = proxy_port(near);
    caller = reply_open(&account);
    executed = tick_all(caller, site_endpoint(site, "bob", "soap"), BROKEN_CALLS, &desk, 1);
    CU_ASSERT_EQUAL(executed, BROKEN_CALLS); /* both live on, so that nothing stays unknown */
    proxy_counts(near, &counts);
    CU_ASSERT_TRUE(counts.connections > 1);
    proxy_counts(far, &counts);
    CU_ASSERT_TRUE(counts.connections > 1);
    desk_stop(desk);
    soap_xmpp_close(service);
    soap_xmpp_close(caller);
    proxy_stop(near);
    proxy_stop(far);
}

static void connections_break_and_each_request_runs_once(void)
{
    site_each(try_breaks);
}

/* ---- moved ---- */

enum { MOVED_CALLS = 20 };

static struct soap_xmpp_link *open_present(const struct site *site, const char *user,
                                           const char *resource, struct witness *witness)
{
    struct site_account account;
    site_account(site, user, resource, &account);
    account.config.plain_delivery = 0;
    account.config.presence = 1;
    account.config.policy = SOAP_XMPP_POLICY_ROUND_ROBIN;
    if (witness)
        witness_watch(witness, &account.config);
    return reply_open(&account);
}

static void try_moves(const struct site *site)
{
    struct soap_xmpp_link *caller, *services[2];
    struct witness witness;
    struct desk *desks[2];
    char why[300] = "", endpoint[256];
    int i;
    witness_init(&witness);
    snprintf(endpoint, sizeof endpoint, "%s", site_endpoint(site, "bob", NULL));
    services[0] = open_present(site, "bob", "first", NULL);
    services[1] = open_present(site, "bob", "second", NULL);
    for (i = 0; i < 2; i++)
        desks[i] = desk_start(services[i]);
    caller = open_present(site, "alice", "desk", &witness);
    CU_ASSERT_EQUAL(soap_xmpp_subscribe(caller, endpoint, why, sizeof why), 0);
    CU_ASSERT_TRUE(witness_await_trace(&witness, "/first ", "is there, and serves"));
    CU_ASSERT_TRUE(witness_await_trace(&witness, "/second ", "is there, and serves"));
    CU_ASSERT_EQUAL(tick_all(caller, endpoint, MOVED_CALLS, desks, 2), MOVED_CALLS);
    CU_ASSERT_TRUE(desk_runs(desks[0]) > 0 && desk_runs(desks[1]) > 0); /* they take turns */
    desk_close_window(desks[0]); /* what comes here is declined from now on, and moves */
    i = desk_runs(desks[0]);
    CU_ASSERT_EQUAL(desk_runs(desks[1]), MOVED_CALLS - i);
    for (; i < MOVED_CALLS; i++) {
        struct reply reply;
        reply_ask(caller, endpoint, envelope_write(12, "echo", ""), &reply);
        reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
        ASSERT_CONTAINS(reply.peer, "/second");
        reply_free(&reply);
    }
    for (i = 0; i < 2; i++) {
        desk_stop(desks[i]);
        soap_xmpp_close(services[i]);
    }
    soap_xmpp_close(caller);
    witness_fini(&witness);
}

static void what_one_resource_declines_moves_to_another(void)
{
    site_each(try_moves);
}

/* ---- dealt ---- */

/* The server draws lots: once in a million one of the three gets none of so many. */
enum { PROCESSES = 3, DEALT_CALLS = 40 };

static void a_shared_component_deals_its_requests_out(void)
{
    const struct site *site = site_find("ejabberd");
    struct soap_xmpp_link *caller, *services[PROCESSES];
    struct desk *desks[PROCESSES];
    struct site_account account;
    char endpoint[300];
    int i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(site);
    site_component(site, &account);
    account.config.plain_delivery = 0;
    account.config.shared_jid = 1;
    snprintf(endpoint, sizeof endpoint, "xmpp:desk@%s/soap", account.jid);
    for (i = 0; i < PROCESSES; i++) {
        services[i] = reply_open(&account);
        desks[i] = desk_start(services[i]);
    }
    site_account(site, "alice", "desk", &account);
    account.config.plain_delivery = 0;
    caller = reply_open(&account);
    CU_ASSERT_EQUAL(tick_all(caller, endpoint, DEALT_CALLS, desks, PROCESSES), DEALT_CALLS);
    for (i = 0; i < PROCESSES; i++) {
        CU_ASSERT_TRUE(desk_runs(desks[i]) > 0);
        desk_stop(desks[i]);
        soap_xmpp_close(services[i]);
    }
    soap_xmpp_close(caller);
}

CU_TestInfo tests_once[] = {
    {"connections break, and each request runs once", connections_break_and_each_request_runs_once},
    {"what one resource declines moves to another", what_one_resource_declines_moves_to_another},
    {"a shared component deals its requests out", a_shared_component_deals_its_requests_out},
    CU_TEST_INFO_NULL,
};
