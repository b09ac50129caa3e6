/* Big messages while connections break on either side on a seeded schedule, and one as large as it
 * gets.
 */
#include "soapH.h"
#include "laboratory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "scale.h"

enum {
    MOST_CALLS = 4,
    STORM_SEED = 47,
    HUGE_LIMIT = 128 << 20,
};

#define STORM_CALLS (int)scale_of(MOST_CALLS, 2)
#define STORM_BYTES scale_bytes(1 << 20)
#define HUGE_BYTES  scale_bytes(100 << 20)
#define CALL_S      scale_seconds(60)

/* A fault each 700 KB or so, so that a message meets a few of them. */
static const struct proxy_plan weather = {
    .weights = {[PROXY_CUT] = 3, [PROXY_RESET] = 3, [PROXY_STALL] = 2, [PROXY_SPLIT] = 2},
    .min_gap_bytes = 300000,
    .max_gap_bytes = 1500000,
    .min_gap_ms = 500,
    .max_gap_ms = 3000,
    .min_hold_ms = 20,
    .max_hold_ms = 200,
};

struct end {
    struct proxy *proxy;
    struct soap_xmpp_link *link;
};

static void get_up(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    struct end *end = user;
    (void)reason;
    if (state == SOAP_XMPP_BACKING_OFF)
        soap_xmpp_kick(end->link);
}

static void end_open(struct end *end, const struct site *site, const char *user,
                     const char *resource, unsigned seed)
{
    struct site_account account;
    struct proxy_plan plan = weather;
    plan.seed = seed;
    plan.min_gap_bytes = (unsigned)(scale_of(1, 2) * scale_bytes(plan.min_gap_bytes));
    plan.max_gap_bytes = (unsigned)(scale_of(1, 2) * scale_bytes(plan.max_gap_bytes));
    plan.min_gap_ms *= (int)scale_of(1, 4);
    plan.max_gap_ms *= (int)scale_of(1, 4);
    site_account(site, user, resource, &account);
    end->proxy = proxy_start(site->port, &plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(end->proxy);
    proxy_set_calm(end->proxy, true);
    account.config.port = proxy_port(end->proxy);
    account.config.plain_delivery = 0;
    account.config.timeout_ms = CALL_S * 1000;
    account.config.max_outgoing_bytes = scale_outgoing_bytes();
    account.config.trace = SOAP_XMPP_TRACE_NONE;
    account.config.state_callback = get_up;
    account.config.state_user = end;
    end->link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(end->link);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(end->link, -1), 0);
}

static void end_close(struct end *end)
{
    soap_xmpp_close(end->link);
    proxy_stop(end->proxy);
}

static unsigned breaks(const struct end *end)
{
    struct proxy_counts counts;
    proxy_counts(end->proxy, &counts);
    return counts.faults[PROXY_CUT] + counts.faults[PROXY_RESET];
}

struct speech {
    pthread_t thread;
    struct soap *soap;
    const char *endpoint;
    char *text;
    bool is_right;
    char fault[600];
};

static void *speak(void *argument)
{
    struct speech *speech = argument;
    char *said = NULL;
    if (soap_call_lab__say(speech->soap, speech->endpoint, NULL, speech->text, &said))
        soap_sprint_fault(speech->soap, speech->fault, sizeof speech->fault);
    else
        speech->is_right = said && strcmp(said, speech->text) == 0;
    return NULL;
}

static void ride_out(const struct site *site)
{
    struct end near, far;
    struct laboratory *laboratory;
    struct speech speeches[MOST_CALLS];
    char *text = laboratory_random_text(STORM_BYTES);
    int runs = laboratory_runs(), i;
    int64_t begun_us;
    end_open(&far, site, "bob", "soap", 2 * STORM_SEED);
    end_open(&near, site, "alice", "desk", 2 * STORM_SEED + 1);
    laboratory = laboratory_start(far.link, 4);
    proxy_set_calm(near.proxy, false);
    proxy_set_calm(far.proxy, false);
    begun_us = sx_clock_now_us();
    for (i = 0; i < STORM_CALLS; i++) {
        struct soap *soap = laboratory_client(near.link, SOAP_IO_DEFAULT);
        soap->connect_timeout = soap->send_timeout = soap->recv_timeout = CALL_S;
        speeches[i] = (struct speech){
            .soap = soap, .endpoint = site_endpoint(site, "bob", "soap"), .text = text};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&speeches[i].thread, NULL, speak, &speeches[i]), 0);
    }
    for (i = 0; i < STORM_CALLS; i++) {
        CU_ASSERT_EQUAL(pthread_join(speeches[i].thread, NULL), 0);
        CU_ASSERT_TRUE(speeches[i].is_right);
        if (!speeches[i].is_right)
            printf("\n    %s", speeches[i].fault);
        laboratory_client_free(speeches[i].soap);
    }
    printf("\n    %s: %d calls of %zu bytes there and back in %.1f s, %u + %u broken connections\n "
           "   ",
           site->label, STORM_CALLS, STORM_BYTES, (double)(sx_clock_now_us() - begun_us) / 1e6,
           breaks(&near), breaks(&far));
    CU_ASSERT_TRUE(breaks(&near) > 0 && breaks(&far) > 0);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + STORM_CALLS);
    proxy_set_calm(near.proxy, true);
    proxy_set_calm(far.proxy, true);
    CU_ASSERT_EQUAL(laboratory_stop(laboratory, 5000), SOAP_OK);
    end_close(&far);
    end_close(&near);
    free(text);
}

/* BIG_STORM=0: under a sanitizer each takes minutes, and their parts are tested elsewhere. */
static bool is_left_out(void)
{
    const char *wanted = getenv("BIG_STORM");
    return wanted && strcmp(wanted, "0") == 0;
}

static void big_calls_are_answered_and_run_once(void)
{
    if (is_left_out())
        return;
    site_each(ride_out);
}

/* ---- as large as it gets ---- */

static struct soap_xmpp_link *open_huge(const struct site *site, const char *user,
                                        const char *resource)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.plain_delivery = 0;
    account.config.timeout_ms = CALL_S * 1000;
    account.config.max_outgoing_bytes = scale_outgoing_bytes();
    account.config.max_message_bytes = HUGE_LIMIT;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

static long most_kib(void)
{
    struct rusage usage;
    CU_ASSERT_EQUAL(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static void a_hundred_megabytes_go_through(void)
{
    const struct site *site = site_find("ejabberd");
    struct soap_xmpp_link *service, *caller;
    struct laboratory *laboratory;
    struct soap *soap;
    char *text;
    long before_kib;
    int64_t begun_us;
    int notes = laboratory_notes(), err;
    if (is_left_out())
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(site);
    service = open_huge(site, "bob", "soap");
    caller = open_huge(site, "alice", "desk");
    laboratory = laboratory_start(service, 1);
    soap = laboratory_client(caller, SOAP_IO_DEFAULT);
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = CALL_S;
    text = laboratory_random_text(HUGE_BYTES);
    before_kib = most_kib();
    begun_us = sx_clock_now_us();
    err = soap_send_lab__note(soap, site_endpoint(site, "bob", "soap"), NULL, text);
    if (err == SOAP_OK)
        err = soap_recv_empty_response(soap);
    CU_ASSERT_EQUAL(err, SOAP_OK);
    if (err)
        printf("\n    %s", laboratory_fault(soap));
    CU_ASSERT_EQUAL(laboratory_notes(), notes + 1);
    printf(
        "\n    %zu bytes in %.1f s; the process grew by %ld KiB, caller and service together\n    ",
        HUGE_BYTES, (double)(sx_clock_now_us() - begun_us) / 1e6, most_kib() - before_kib);
    CU_ASSERT_TRUE(most_kib() - before_kib < (long)scale_of(800 << 10, 8 << 10));
    laboratory_client_free(soap);
    CU_ASSERT_EQUAL(laboratory_stop(laboratory, 5000), SOAP_OK);
    soap_xmpp_close(caller);
    soap_xmpp_close(service);
    free(text);
}

CU_TestInfo tests_big_storm[] = {
    {"under a storm big calls are answered, and run once", big_calls_are_answered_and_run_once},
    {"a hundred megabytes go through", a_hundred_megabytes_go_through},
    CU_TEST_INFO_NULL,
};
