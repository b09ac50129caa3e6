/* Calls through real servers: every message pattern of gSOAP's stubs. */
#include "soapH.h"
#include "laboratory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/suite.h"
#include "scale.h"

static const struct Namespace soap12[] = {
    {"SOAP-ENV", "http://www.w3.org/2003/05/soap-envelope",
     "http://schemas.xmlsoap.org/soap/envelope/", NULL},
    {"SOAP-ENC", "http://www.w3.org/2003/05/soap-encoding",
     "http://schemas.xmlsoap.org/soap/encoding/", NULL},
    {"xsi", "http://www.w3.org/2001/XMLSchema-instance", NULL, NULL},
    {"xsd", "http://www.w3.org/2001/XMLSchema", NULL, NULL},
    {"lab", "urn:soapxmpp:lab", NULL, NULL},
    {NULL, NULL, NULL, NULL}};

static void assert_adds(struct soap *soap, const char *endpoint)
{
    double sum = 0;
    int err = soap_call_lab__add(soap, endpoint, NULL, 1, 2, &sum);
    if (err)
        soap_print_fault(soap, stdout);
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

/* ---- answers and faults ---- */

static void call_and_answer(const struct site *site)
{
    struct pair pair;
    if (pair_open(&pair, site, 2))
        return;
    assert_adds(pair.soap, pair.endpoint);
    CU_ASSERT_EQUAL(pair.soap->version, 1);
    soap_set_namespaces(pair.soap, soap12);
    assert_adds(pair.soap, pair.endpoint);
    CU_ASSERT_EQUAL(pair.soap->version, 2);
    pair_close(&pair);
}

static void a_call_in_soap_1_1_and_1_2_brings_its_answer(void)
{
    site_each(call_and_answer);
}

static void call_and_fault(const struct site *site)
{
    struct pair pair;
    double quotient;
    if (pair_open(&pair, site, 2))
        return;
    CU_ASSERT_EQUAL(soap_call_lab__divide(pair.soap, pair.endpoint, NULL, 1, 0, &quotient),
                    SOAP_CLI_FAULT);
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "SOAP-ENV:Client");
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "division by zero");
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "divisor");
    ASSERT_TEXT(soap_xmpp_condition(pair.soap), "");
    soap_set_namespaces(pair.soap, soap12);
    CU_ASSERT_EQUAL(soap_call_lab__divide(pair.soap, pair.endpoint, NULL, 1, 0, &quotient),
                    SOAP_CLI_FAULT);
    ASSERT_CONTAINS(laboratory_fault(pair.soap), "SOAP-ENV:Sender");
    assert_adds(pair.soap, pair.endpoint);
    pair_close(&pair);
}

static void a_fault_arrives_with_code_reason_and_detail(void)
{
    site_each(call_and_fault);
}

static void call_one_way(const struct site *site)
{
    struct pair pair;
    int notes = laboratory_notes();
    if (pair_open(&pair, site, 2))
        return;
    CU_ASSERT_EQUAL(soap_send_lab__note(pair.soap, pair.endpoint, NULL, "hello"), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_empty_response(pair.soap), SOAP_OK);
    CU_ASSERT_EQUAL(laboratory_notes(), notes + 1);
    /* The sender need not wait for the empty result; the next call does not mind. */
    CU_ASSERT_EQUAL(soap_send_lab__note(pair.soap, pair.endpoint, NULL, "again"), SOAP_OK);
    assert_adds(pair.soap, pair.endpoint);
    CU_ASSERT_TRUE(laboratory_await_notes(notes + 2));
    pair_close(&pair);
}

static void a_one_way_operation_runs_and_is_acknowledged(void)
{
    site_each(call_one_way);
}

/* ---- what the operation sees ---- */

static void call_whoami(const struct site *site)
{
    struct pair pair;
    struct lab__Seen seen;
    char expected[300];
    if (pair_open(&pair, site, 1))
        return;
    CU_ASSERT_EQUAL(soap_call_lab__whoami(pair.soap, pair.endpoint, NULL, &seen), SOAP_OK);
    snprintf(expected, sizeof expected, "alice@%s/desk", site->domain);
    ASSERT_TEXT(seen.from, expected);
    snprintf(expected, sizeof expected, "bob@%s/soap", site->domain);
    ASSERT_TEXT(seen.to, expected);
    CU_ASSERT_PTR_NOT_NULL(seen.id);
    CU_ASSERT_TRUE(seen.id && strlen(seen.id) > 32);
    CU_ASSERT_PTR_NULL(seen.action);
    CU_ASSERT_PTR_NULL(soap_xmpp_from(pair.soap));
    pair_close(&pair);
}

static void an_operation_sees_who_calls_whom_under_which_id(void)
{
    site_each(call_whoami);
}

static void call_with_action(const struct site *site)
{
    struct pair pair;
    struct site_account account;
    struct soap_xmpp_link *link;
    struct soap *soap;
    struct lab__Seen seen = {0};
    if (pair_open(&pair, site, 1))
        return;
    site_account(site, "alice", "action", &account);
    account.config.soap_action = 1;
    link = soap_xmpp_open(&account.config, NULL, 0);
    soap = laboratory_client(link, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(soap_call_lab__whoami(soap, pair.endpoint, "urn:my#action", &seen), SOAP_OK);
    ASSERT_TEXT(seen.action, "urn:my#action");
    laboratory_client_free(soap);
    soap_xmpp_close(link);
    pair_close(&pair);
}

static void the_soap_action_travels_when_switched_on(void)
{
    site_each(call_with_action);
}

/* ---- many calls ---- */

#define OUTSTANDING scale_calls(1000)
#define CALLS_EACH  scale_calls(50)
enum { CALLERS = 8 };

static void call_a_thousand(const struct site *site)
{
    struct pair pair;
    char *seen = calloc(OUTSTANDING, 1);
    int i, right = 0;
    if (pair_open(&pair, site, 4)) {
        free(seen);
        return;
    }
    for (i = 0; i < OUTSTANDING; i++) {
        pair.soap->user = &seen[i];
        if (soap_send_lab__add(pair.soap, pair.endpoint, NULL, i, 0.5) ||
            !soap_xmpp_detach(pair.soap))
            break;
    }
    CU_ASSERT_EQUAL(i, OUTSTANDING);
    for (; i > 0; i--) {
        struct soap_xmpp_call *call = soap_xmpp_wait(pair.caller, -1);
        double sum = 0;
        char *mine;
        if (!call)
            break;
        mine = soap_xmpp_call_user(call);
        soap_xmpp_attach(pair.soap, call);
        if (soap_recv_lab__add(pair.soap, &sum) == SOAP_OK && sum == (double)(mine - seen) + 0.5 &&
            !*mine)
            right++;
        *mine = 1;
        soap_end(pair.soap);
    }
    CU_ASSERT_EQUAL(right, OUTSTANDING);
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(pair.caller, 0));
    pair_close(&pair);
    free(seen);
}

static void a_thousand_calls_under_way_on_one_context_each_get_their_own_answer(void)
{
    site_each(call_a_thousand);
}

struct caller {
    struct soap_xmpp_link *link;
    const char *endpoint;
    pthread_t thread;
    int right;
};

static void *call_often(void *arg)
{
    struct caller *caller = arg;
    struct soap *soap = laboratory_client(caller->link, SOAP_IO_DEFAULT);
    int i;
    for (i = 0; i < CALLS_EACH; i++) {
        double sum = 0;
        if (soap_call_lab__add(soap, caller->endpoint, NULL, i, 1000, &sum) == SOAP_OK &&
            sum == i + 1000)
            caller->right++;
        soap_end(soap);
    }
    laboratory_client_free(soap);
    return NULL;
}

static void call_from_threads(const struct site *site)
{
    struct pair pair;
    struct caller callers[CALLERS];
    int i;
    if (pair_open(&pair, site, 4))
        return;
    for (i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.link = pair.caller, .endpoint = pair.endpoint};
        pthread_create(&callers[i].thread, NULL, call_often, &callers[i]);
    }
    for (i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        CU_ASSERT_EQUAL(callers[i].right, CALLS_EACH);
    }
    pair_close(&pair);
}

static void eight_threads_share_one_link(void)
{
    site_each(call_from_threads);
}

/* ---- one link, both roles; the other way to encrypt; discovery ---- */

static void call_both_ways(const struct site *site)
{
    struct pair pair;
    struct laboratory *back;
    struct soap *soap;
    if (pair_open(&pair, site, 2))
        return;
    back = laboratory_start(pair.caller, 2);
    soap = laboratory_client(pair.service, SOAP_IO_DEFAULT);
    assert_adds(pair.soap, pair.endpoint);
    assert_adds(soap, site_endpoint(site, "alice", "desk"));
    assert_adds(pair.soap, pair.endpoint);
    laboratory_client_free(soap);
    CU_ASSERT_EQUAL(laboratory_stop(back, 5000), SOAP_OK);
    laboratory_client_free(pair.soap);
    pair.soap = soap_new();
    pair_close(&pair);
}

static void a_link_serves_and_calls_at_once(void)
{
    site_each(call_both_ways);
}

static void call_over_direct_tls(const struct site *site)
{
    struct pair pair;
    struct site_account account;
    struct soap_xmpp_link *link;
    struct soap *soap;
    if (pair_open(&pair, site, 1))
        return;
    site_account(site, "alice", "direct", &account);
    account.config.tls = SOAP_XMPP_TLS_DIRECT;
    account.config.port = site->direct_tls_port;
    link = soap_xmpp_open(&account.config, NULL, 0);
    soap = laboratory_client(link, SOAP_IO_DEFAULT);
    assert_adds(soap, pair.endpoint);
    laboratory_client_free(soap);
    soap_xmpp_close(link);
    pair_close(&pair);
}

static void a_call_goes_over_direct_tls(void)
{
    site_each(call_over_direct_tls);
}

static void discover(const struct site *site)
{
    struct pair pair;
    char why[300] = "";
    if (pair_open(&pair, site, 1))
        return;
    CU_ASSERT_EQUAL(
        soap_xmpp_discover(pair.caller, pair.endpoint, SOAP_XMPP_FEATURE, -1, why, sizeof why), 1);
    CU_ASSERT_EQUAL(
        soap_xmpp_discover(pair.caller, pair.endpoint, "urn:no:such", -1, why, sizeof why), 0);
    CU_ASSERT_EQUAL(soap_xmpp_discover(pair.service, site_endpoint(site, "alice", "desk"),
                                       SOAP_XMPP_FEATURE, -1, why, sizeof why),
                    0);
    CU_ASSERT_EQUAL(soap_xmpp_discover(pair.caller, site_endpoint(site, "bob", "absent"),
                                       SOAP_XMPP_FEATURE, -1, why, sizeof why),
                    -1);
    ASSERT_CONTAINS(why, "service-unavailable");
    CU_ASSERT_EQUAL(
        soap_xmpp_discover(pair.caller, "xmpp:@", SOAP_XMPP_FEATURE, -1, why, sizeof why), -1);
    pair_close(&pair);
}

static void a_caller_can_ask_whether_an_endpoint_speaks_soap(void)
{
    site_each(discover);
}

CU_TestInfo tests_call[] = {
    {"a call in SOAP 1.1 and 1.2 brings its answer", a_call_in_soap_1_1_and_1_2_brings_its_answer},
    {"a fault arrives with code, reason and detail", a_fault_arrives_with_code_reason_and_detail},
    {"a one-way operation runs and is acknowledged", a_one_way_operation_runs_and_is_acknowledged},
    {"an operation sees who calls whom under which id",
     an_operation_sees_who_calls_whom_under_which_id},
    {"the soapAction travels when switched on", the_soap_action_travels_when_switched_on},
    {"a thousand calls under way on one context each get their own answer",
     a_thousand_calls_under_way_on_one_context_each_get_their_own_answer},
    {"eight threads share one link", eight_threads_share_one_link},
    {"a link serves and calls at once", a_link_serves_and_calls_at_once},
    {"a call goes over direct TLS", a_call_goes_over_direct_tls},
    {"a caller can ask whether an endpoint speaks SOAP",
     a_caller_can_ask_whether_an_endpoint_speaks_soap},
    CU_TEST_INFO_NULL,
};
