/* Several services behind one link, as in gSOAP's chaining sample: each of a contract of its own,
 * asked one after the other whether the request is theirs.
 *
 * Invariant: what is answered over HTTP is answered over XMPP.
 */
#include "both.h"
#include "chain.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "../lib/suite.h"

extern CU_TestInfo tests_chaining[];

static void expect_ping(struct soap *soap, const char *endpoint, const char *text)
{
    char *answer = NULL;
    soap_set_namespaces(soap, a_namespaces);
    CU_ASSERT_EQUAL(soap_call_a__ping(soap, endpoint, NULL, (char *)text, &answer), SOAP_OK);
    ASSERT_TEXT(answer, text);
}

static void expect_pong(struct soap *soap, const char *endpoint, const char *text)
{
    char *answer = NULL;
    soap_set_namespaces(soap, b_namespaces);
    CU_ASSERT_EQUAL(soap_call_b__pong(soap, endpoint, NULL, (char *)text, &answer), SOAP_OK);
    ASSERT_TEXT(answer, text);
}

static void expect_swap(struct soap *soap, const char *endpoint)
{
    struct w__Files in = {0}, out = {.__size = -1};
    soap_set_namespaces(soap, namespaces);
    CU_ASSERT_EQUAL(soap_call_w__swap(soap, endpoint, NULL, &in, &out), SOAP_OK);
    CU_ASSERT_EQUAL(out.__size, 0);
}

static void run_each(struct both *both, const char *endpoint)
{
    int i;
    for (i = 0; i < 3; i++) {
        expect_ping(both->client, endpoint, "first");
        expect_swap(both->client, endpoint);
        expect_pong(both->client, endpoint, "second");
        both_forget(both);
    }
}

/* A fault of the first service, of the second, and of none. */
static void collect_faults(struct both *both, const char *endpoint, char *faults, size_t size)
{
    static struct Namespace nobody[] = {
        {"SOAP-ENV", "http://schemas.xmlsoap.org/soap/envelope/", NULL, NULL},
        {"a", "urn:soapxmpp:test:nobody", NULL, NULL},
        {NULL, NULL, NULL, NULL}};
    struct soap *soap = both->client;
    char *answer, text[3][400] = {"", "", ""};
    soap_set_namespaces(soap, a_namespaces);
    CU_ASSERT_EQUAL(soap_call_a__ping(soap, endpoint, NULL, (char *)"", &answer), SOAP_CLI_FAULT);
    soap_sprint_fault(soap, text[0], sizeof text[0]);
    soap_set_namespaces(soap, b_namespaces);
    CU_ASSERT_EQUAL(soap_call_b__pong(soap, endpoint, NULL, (char *)"", &answer), SOAP_CLI_FAULT);
    soap_sprint_fault(soap, text[1], sizeof text[1]);
    soap_set_namespaces(soap, nobody);
    CU_ASSERT_EQUAL(soap_call_a__ping(soap, endpoint, NULL, (char *)"x", &answer), SOAP_CLI_FAULT);
    soap_sprint_fault(soap, text[2], sizeof text[2]);
    snprintf(faults, size, "%s%s%s", text[0], text[1], text[2]);
    both_forget(both);
}

static void run_chain(const struct site *site)
{
    struct both both;
    char by_http[1200], by_xmpp[1200];
    both_open(&both, site, SOAP_XMPP_PACKING_AUTO, SOAP_IO_DEFAULT, chain_serve);
    run_each(&both, both.http);
    run_each(&both, both.xmpp);
    collect_faults(&both, both.http, by_http, sizeof by_http);
    collect_faults(&both, both.xmpp, by_xmpp, sizeof by_xmpp);
    ASSERT_TEXT(by_xmpp, by_http);
    ASSERT_CONTAINS(by_xmpp, "nothing to answer");
    ASSERT_CONTAINS(by_xmpp, "not implemented");
    run_each(&both, both.xmpp);
    both_close(&both);
}

static void chained_services_answer(void)
{
    site_each(run_chain);
}

CU_TestInfo tests_chaining[] = {
    {"three services behind one serve function answer as over HTTP, faults too",
     chained_services_answer},
    CU_TEST_INFO_NULL,
};
