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

enum { PATIENCE_S = 120, PING_TIMEOUT_MS = 1000, PIECES_BEYOND_BYTES = 16384 };

/* A service and a caller that take a server for dead after a second, not ten. */
struct throttled {
    struct witness caller_witness, service_witness;
    struct soap_xmpp_link *caller, *service;
    struct laboratory *laboratory;
    struct soap *soap;
};

static struct soap_xmpp_link *open_link(const struct site *site, const char *user,
                                        const char *resource, int max_outgoing_bytes,
                                        struct witness *witness)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    witness_init(witness);
    witness_watch(witness, &account.config);
    account.config.ping_timeout_ms = PING_TIMEOUT_MS;
    account.config.keepalive_ms = PING_TIMEOUT_MS;
    account.config.plain_delivery = 0;
    account.config.max_outgoing_bytes = max_outgoing_bytes;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

static void throttled_open(struct throttled *throttled, const struct site *site,
                           int max_outgoing_bytes)
{
    throttled->service =
        open_link(site, "bob", "soap", max_outgoing_bytes, &throttled->service_witness);
    throttled->caller =
        open_link(site, "alice", "desk", max_outgoing_bytes, &throttled->caller_witness);
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
    throttled_open(&throttled, site, 0);
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

/* With max_outgoing_bytes what is larger goes in pieces, and small calls between them. */
static void overtake(const char *label, size_t text_bytes)
{
    const struct site *site = site_find(label);
    struct throttled throttled;
    struct soap_xmpp_call *large;
    struct soap *small;
    char *text, *said = NULL;
    double sum = 0;
    if (!site) {
        printf("\n    skipped: %s isn't here, make run-throttled starts it\n    ", label);
        return;
    }
    text = laboratory_random_text(text_bytes);
    throttled_open(&throttled, site, PIECES_BEYOND_BYTES);
    small = laboratory_client(throttled.caller, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(
        soap_send_lab__say(throttled.soap, site_endpoint(site, "bob", "soap"), NULL, text),
        SOAP_OK);
    large = soap_xmpp_detach(throttled.soap);
    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    CU_ASSERT_EQUAL(soap_call_lab__add(small, site_endpoint(site, "bob", "soap"), NULL, 1, 2, &sum),
                    SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(throttled.caller, 0)); /* the large one isn't answered yet */
    CU_ASSERT_EQUAL(soap_xmpp_attach(throttled.soap, large), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_lab__say(throttled.soap, &said), SOAP_OK);
    if (throttled.soap->error)
        printf("\n    %s", laboratory_fault(throttled.soap));
    else
        ASSERT_TEXT(said, text);
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

static void small_calls_overtake_a_large_one_in_pieces(void)
{
    overtake("tardy", text_bytes(30000));
    overtake("sluggish", text_bytes(20000));
}

CU_TestInfo tests_throttled[] = {
    {"what is large gets through Prosody and back", what_is_large_gets_through_prosody_and_back},
    {"what is large gets through ejabberd and back", what_is_large_gets_through_ejabberd_and_back},
    {"small calls overtake a large one in pieces", small_calls_overtake_a_large_one_in_pieces},
    CU_TEST_INFO_NULL,
};
