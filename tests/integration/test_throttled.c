/* Servers as Debian configures them, which read 10,000 (Prosody) or 3,000 (ejabberd) bytes a second
 * from a client: what is large takes its time, and no connection is lost over it.
 *
 * make run-throttled starts them, under labels of their own; beside others there is nothing to do.
 */
#include "soapH.h"
#include "laboratory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/suite.h"
#include "witness.h"

enum {
    PATIENCE_S = 120,
    PING_TIMEOUT_MS = 1000,
    MOST_CALLS = 6,
    MOST_SMALL_CALLS = 10000
};

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

/* The request is slow, and then the answer is: some 4 s each. */
static void say_much(const char *label, size_t text_bytes)
{
    const struct site *site = site_find(label);
    struct throttled throttled;
    char *text, *said = NULL;
    int runs = laboratory_runs();
    if (!site) {
        printf("\n    skipped: %s isn't here, make run-throttled starts it\n    ", label);
        return;
    }
    text = laboratory_random_text(text_bytes);
    throttled_open(&throttled, site);
    CU_ASSERT_EQUAL(
        soap_call_lab__say(throttled.soap, site_endpoint(site, "bob", "soap"), NULL, text, &said),
        SOAP_OK);
    if (throttled.soap->error)
        printf("\n    %s", laboratory_fault(throttled.soap));
    else
        ASSERT_TEXT(said, text);
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

/* Small calls are answered while large ones are under way, whose answers come as well. */
static void overtake(const char *label, unsigned count, size_t text_bytes)
{
    const struct site *site = site_find(label);
    const char *endpoint;
    struct throttled throttled;
    struct soap_xmpp_call *calls[MOST_CALLS];
    struct soap *small;
    char *text;
    unsigned i, answered = 0, smalls = 0;
    double sum = 0;
    if (!site) {
        printf("\n    skipped: %s isn't here, make run-throttled starts it\n    ", label);
        return;
    }
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
    CU_ASSERT_TRUE(smalls > 1);
    for (i = 0; i < count; i++)
        answered += (unsigned)attach_and_compare(throttled.soap, calls[i], text);
    CU_ASSERT_EQUAL(answered, count);
    laboratory_client_free(small);
    throttled_close(&throttled);
    free(text);
}

/* THROTTLED_BYTES=200000: the long form, minutes. */
static size_t text_bytes(size_t usual_bytes)
{
    const char *said = getenv("THROTTLED_BYTES");
    return said ? (size_t)atoi(said) : usual_bytes;
}

static void what_is_large_gets_through_prosody_and_back(void)
{
    say_much("tardy", text_bytes(45000));
}

static void what_is_large_gets_through_ejabberd_and_back(void)
{
    say_much("sluggish", text_bytes(32000));
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
    overtake("tardy", call_count(2), text_bytes(40000));
}

static void small_calls_overtake_large_ones_at_ejabberd(void)
{
    overtake("sluggish", call_count(1), text_bytes(40000));
}

CU_TestInfo tests_throttled[] = {
    {"what is large gets through Prosody and back", what_is_large_gets_through_prosody_and_back},
    {"what is large gets through ejabberd and back", what_is_large_gets_through_ejabberd_and_back},
    {"small calls overtake large ones at Prosody", small_calls_overtake_large_ones_at_prosody},
    {"small calls overtake large ones at ejabberd", small_calls_overtake_large_ones_at_ejabberd},
    CU_TEST_INFO_NULL,
};
