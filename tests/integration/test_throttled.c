/* Servers as Debian configures them, which read 10,000 (Prosody) or 3,000 (ejabberd) bytes a second
 * from a client: what is large takes its time, and no connection is lost over it.
 *
 * Beside other servers there is nothing to do.
 */
#include "soapH.h"
#include "laboratory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "../lib/suite.h"
#include "link.h"
#include "witness.h"
#include "scale.h"

enum {
    PATIENCE_S = 360, /* ejabberd needs 118 s for 200,000 bytes on a quiet machine */
    PING_TIMEOUT_MS = 1000,
    MOST_CALLS = 6,
    MOST_SMALL_CALLS = 10000,
    LATE_BYTES = 200000
};
enum { ADVISED_US = 30000000 }; /* for 200,000 bytes: with the defaults they take 40 s, or 118 s */

/* A service and a caller that take a server for dead after a second, not ten. */
struct throttled {
    struct witness caller_witness, service_witness;
    struct soap_xmpp_link *caller, *service;
    struct laboratory *laboratory;
    struct soap *soap;
};

static struct soap_xmpp_link *open_link(const struct site *site, const char *user,
                                        const char *resource, struct witness *witness)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    witness_init(witness);
    witness_watch(witness, &account.config);
    account.config.ping_timeout_ms = PING_TIMEOUT_MS;
    account.config.keepalive_ms = PING_TIMEOUT_MS;
    account.config.plain_delivery = 0;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

static void throttled_open(struct throttled *throttled, const struct site *site)
{
    throttled->service = open_link(site, "bob", "soap", &throttled->service_witness);
    throttled->caller = open_link(site, "alice", "desk", &throttled->caller_witness);
    throttled->laboratory = laboratory_start(throttled->service, 2);
    throttled->soap = laboratory_client(throttled->caller, SOAP_IO_DEFAULT);
    throttled->soap->send_timeout = throttled->soap->recv_timeout = PATIENCE_S;
}

static void assert_never_lost(struct witness *witness)
{
    ASSERT_TEXT(witness->states.bytes, "connecting\nonline\nstopping\nclosed\n");
    witness_fini(witness);
}

static void throttled_close(struct throttled *throttled)
{
    laboratory_client_free(throttled->soap);
    CU_ASSERT_EQUAL(laboratory_stop(throttled->laboratory, 5000), SOAP_OK);
    soap_xmpp_stop(throttled->caller, 0);
    assert_never_lost(&throttled->caller_witness);
    assert_never_lost(&throttled->service_witness);
    soap_xmpp_close(throttled->service);
    soap_xmpp_close(throttled->caller);
}

static const struct site *find_throttled(const char *label)
{
    if (scale_is_small())
        return site_find(label);
    printf("\n    skipped: this %s takes what comes; make run-throttled\n    ", label);
    return NULL;
}

/* What docs/servers.md says is set (CONFIG=advised): nothing is slow. */
static bool is_advised(void)
{
    const char *config = getenv("SOAPXMPP_TEST_PROSODY_CONFIG");
    return config && strcmp(config, "advised") == 0;
}

/* The request is slow, and then the answer is: some 4 s each. */
static void say_much(const char *label, size_t text_bytes)
{
    const struct site *site = find_throttled(label);
    struct throttled throttled;
    char *text, *said = NULL;
    int64_t begun_us, took_us;
    int runs = laboratory_runs();
    if (!site)
        return;
    text = laboratory_random_text(text_bytes);
    throttled_open(&throttled, site);
    begun_us = sx_clock_now_us();
    CU_ASSERT_EQUAL(
        soap_call_lab__say(throttled.soap, site_endpoint(site, "bob", "soap"), NULL, text, &said),
        SOAP_OK);
    if (throttled.soap->error)
        printf("\n    %s", laboratory_fault(throttled.soap));
    else
        ASSERT_TEXT(said, text);
    took_us = sx_clock_now_us() - begun_us;
    printf("\n    %s: %zu bytes there and back in %.1f s\n    ", label, text_bytes,
           (double)took_us / 1e6);
    CU_ASSERT_TRUE(!is_advised() || took_us < ADVISED_US);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(throttled.soap), SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    throttled_close(&throttled);
    free(text);
}

/* The answer to a call that was detached; false: it is an error. */
static bool attach_and_compare(struct soap *soap, struct soap_xmpp_call *call, const char *text)
{
    char *said = NULL;
    bool is_equal;
    if (soap_xmpp_attach(soap, call) != SOAP_OK || soap_recv_lab__say(soap, &said) != SOAP_OK) {
        printf("\n    %s", laboratory_fault(soap));
        return false;
    }
    is_equal = strcmp(said, text) == 0;
    soap_end(soap);
    return is_equal;
}

/* Once the link knows how slow its server is, what can't be in time isn't sent, or ends soon after
 * it was begun: in pieces it goes before its answer is awaited. */
static void expect_late(struct soap *soap, const char *endpoint)
{
    char *text = laboratory_random_text(LATE_BYTES), *said = NULL;
    int runs = laboratory_runs(), err;
    const char *fault;
    soap->recv_timeout = 5;
    err = soap_call_lab__say(soap, endpoint, NULL, text, &said);
    CU_ASSERT(err == SOAP_TCP_ERROR || err == SOAP_EOF);
    fault = laboratory_fault(soap);
    /* A machine that is as slow itself finds out too late, and the deadline comes first. */
    if (!strstr(fault, "no answer within 5.000 s"))
        ASSERT_CONTAINS(fault, "the server reads too slowly for the deadline: ");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    free(text);
}

/* Small calls are answered while large ones are under way, whose answers come as well. */
static void overtake(const char *label, unsigned count, size_t text_bytes)
{
    const struct site *site = find_throttled(label);
    const char *endpoint;
    struct throttled throttled;
    struct soap_xmpp_call *calls[MOST_CALLS];
    struct soap *small;
    char *text;
    unsigned i, answered = 0, smalls = 0;
    double sum = 0;
    if (!site)
        return;
    text = laboratory_random_text(text_bytes);
    throttled_open(&throttled, site);
    throttled.soap->send_timeout = throttled.soap->recv_timeout = 10 * PATIENCE_S;
    endpoint = site_endpoint(site, "bob", "soap");
    small = laboratory_client(throttled.caller, SOAP_IO_DEFAULT);
    small->recv_timeout = PATIENCE_S;
    for (i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(soap_send_lab__say(throttled.soap, endpoint, NULL, text), SOAP_OK);
        calls[i] = soap_xmpp_detach(throttled.soap);
        CU_ASSERT_PTR_NOT_NULL_FATAL(calls[i]);
    }
    do {
        CU_ASSERT_EQUAL(soap_call_lab__add(small, endpoint, NULL, 1, 2, &sum), SOAP_OK);
        CU_ASSERT_EQUAL(sum, 3);
        smalls++;
    } while (!soap_xmpp_wait(throttled.caller, 1000) && smalls < MOST_SMALL_CALLS);
    CU_ASSERT_TRUE(smalls > 1 || is_advised());
    for (i = 0; i < count; i++)
        answered += (unsigned)attach_and_compare(throttled.soap, calls[i], text);
    CU_ASSERT_EQUAL(answered, count);
    if (!is_advised())
        expect_late(throttled.soap, endpoint);
    laboratory_client_free(small);
    throttled_close(&throttled);
    free(text);
}

/* Small calls, all under way at once, then some one by one. */
static void call_often(const char *label)
{
    enum { CALLS = 100, ONE_BY_ONE = 20 };
    const struct site *site = find_throttled(label);
    struct throttled throttled;
    int64_t begun_us, all_us;
    double sum = 0;
    int i, err = SOAP_OK;
    if (!site)
        return;
    throttled_open(&throttled, site);
    begun_us = sx_clock_now_us();
    for (i = 0; i < CALLS && !err; i++) {
        err = soap_send_lab__add(throttled.soap, site_endpoint(site, "bob", "soap"), NULL, i, 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(soap_xmpp_detach(throttled.soap));
    }
    for (i = 0; i < CALLS && !err; i++) {
        struct soap_xmpp_call *call = soap_xmpp_wait(throttled.caller, PATIENCE_S * 1000);
        CU_ASSERT_PTR_NOT_NULL_FATAL(call);
        CU_ASSERT_EQUAL(soap_xmpp_attach(throttled.soap, call), SOAP_OK);
        err = soap_recv_lab__add(throttled.soap, &sum);
    }
    all_us = sx_clock_now_us() - begun_us;
    begun_us = sx_clock_now_us();
    for (i = 0; i < ONE_BY_ONE && !err; i++)
        err = soap_call_lab__add(throttled.soap, site_endpoint(site, "bob", "soap"), NULL, i, 1,
                                 &sum);
    if (err)
        printf("\n    %s", laboratory_fault(throttled.soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(sum, ONE_BY_ONE);
    printf("\n    %s: %d small calls in %.2f s, one by one %.1f ms each\n    ", label, CALLS,
           (double)all_us / 1e6, (double)(sx_clock_now_us() - begun_us) / 1e3 / ONE_BY_ONE);
    throttled_close(&throttled);
}

/* THROTTLED_BYTES=200000: the long form, minutes. */
static size_t text_bytes(size_t usual_bytes)
{
    const char *said = getenv("THROTTLED_BYTES");
    return said ? (size_t)atoi(said) : usual_bytes;
}

static void what_is_large_gets_through_prosody_and_back(void)
{
    say_much("prosody", text_bytes(45000));
}

static void what_is_large_gets_through_ejabberd_and_back(void)
{
    say_much("ejabberd", text_bytes(40000));
}

/* THROTTLED_CALLS=6, with 150,000 bytes each: ten minutes. */
static unsigned call_count(unsigned usual_count)
{
    const char *said = getenv("THROTTLED_CALLS");
    unsigned count = said ? (unsigned)atoi(said) : usual_count;
    return count < MOST_CALLS ? count : MOST_CALLS;
}

static void small_calls_overtake_large_ones_at_prosody(void)
{
    overtake("prosody", call_count(2), text_bytes(40000));
}

static void small_calls_overtake_large_ones_at_ejabberd(void)
{
    overtake("ejabberd", call_count(1), text_bytes(40000));
}

/* Debian's ejabberd has mod_fail2ban. */
static void fail_to_log_in(const struct site *site)
{
    enum { FAILURES = 20 };
    struct site_account account;
    struct soap_xmpp_link *link;
    bool is_out = false;
    int i;
    site_account(site, "alice", "desk", &account);
    account.config.trace = SOAP_XMPP_TRACE_NONE;
    account.config.password = "not the password";
    for (i = 0; i < FAILURES && !is_out; i++) {
        link = link_open(&account.config);
        link_await_reason(link, "127.0.0.1 port"); /* whom it asked, and what that said */
        is_out = strstr(link_reason(link), "Too many") != NULL;
        soap_xmpp_close(link);
    }
    CU_ASSERT_TRUE(i > 10);
    account.config.password = account.password;
    link = link_open(&account.config);
    link_await_reason(link, "Too many (20) failed authentications from this IP address");
    site_restart(site); /* it forgets */
    soap_xmpp_kick(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, PATIENCE_S * 1000), 0);
    soap_xmpp_close(link);
}

static void who_is_shut_out_is_told(void)
{
    const struct site *site = site_find("frail");
    if (site && scale_is_small())
        fail_to_log_in(site);
}

static void many_small_calls_get_through(void)
{
    call_often("prosody");
    call_often("ejabberd");
}

CU_TestInfo tests_throttled[] = {
    {"what is large gets through Prosody and back", what_is_large_gets_through_prosody_and_back},
    {"what is large gets through ejabberd and back", what_is_large_gets_through_ejabberd_and_back},
    {"small calls overtake large ones at Prosody", small_calls_overtake_large_ones_at_prosody},
    {"small calls overtake large ones at ejabberd", small_calls_overtake_large_ones_at_ejabberd},
    {"many small calls get through both", many_small_calls_get_through},
    {"who failed to log in too often is told that it is shut out", who_is_shut_out_is_told},
    CU_TEST_INFO_NULL,
};
