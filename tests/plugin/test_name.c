/* Names of calls by message: whose they are, and how long; answers that were found. */
#include "ground.h"
#include "exchange/message_call.h"

#include <stdlib.h>
#include <string.h>

#define MAIL  CALC "?message"
#define OTHER "xmpp:other@example.org?message"

static int add(const char *endpoint)
{
    double sum;
    return soap_call_calc__add(ground.client, endpoint, NULL, 1, 2, &sum);
}

static int name(const char *text)
{
    return soap_xmpp_name(ground.client, text);
}

static void one_call(void)
{
    CU_ASSERT_EQUAL(name("job 1"), SOAP_OK);
    CU_ASSERT_EQUAL(add(MAIL), SOAP_OK);
    ASSERT_TEXT(loopback_last_name(ground.near), "job 1");
    CU_ASSERT_EQUAL(add(MAIL), SOAP_OK);
    ASSERT_TEXT(loopback_last_name(ground.near), "");
}

static void a_call_that_failed(void)
{
    CU_ASSERT_EQUAL(name("job 1"), SOAP_OK);
    loopback_set_offline(ground.near, SX_EOFFLINE);
    CU_ASSERT_EQUAL(add(MAIL), SOAP_TCP_ERROR);
    loopback_set_offline(ground.near, SX_OK);
    CU_ASSERT_EQUAL(add(MAIL), SOAP_OK);
    ASSERT_TEXT(loopback_last_name(ground.near), "");
    CU_ASSERT_EQUAL(name("job 2"), SOAP_OK);
    CU_ASSERT_NOT_EQUAL(add("xmpp:@example.org?message"), SOAP_OK);
    CU_ASSERT_EQUAL(add(MAIL), SOAP_OK);
    ASSERT_TEXT(loopback_last_name(ground.near), "");
}

static void a_list_of_endpoints(void)
{
    CU_ASSERT_EQUAL(name("job 1"), SOAP_OK);
    loopback_set_offline_times(ground.near, SX_EOFFLINE, 1);
    CU_ASSERT_EQUAL(add(OTHER " " MAIL), SOAP_OK);
    ASSERT_TEXT(loopback_last_name(ground.near), "job 1");
}

static void other_endpoints(void)
{
    static const char *const endpoints[] = {CALC, "http://127.0.0.1:1/"};
    size_t i;
    for (i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(name("job 1"), SOAP_OK);
        CU_ASSERT_EQUAL(add(endpoints[i]), SOAP_USER_ERROR);
        ASSERT_CONTAINS(ground_fault(ground.client), endpoints[i]);
        ASSERT_CONTAINS(ground_fault(ground.client), ": only calls by message have names");
        CU_ASSERT_EQUAL(add(MAIL), SOAP_OK);
        ASSERT_TEXT(loopback_last_name(ground.near), "");
    }
}

/* ---- found ---- */

static void find(const char *text)
{
    struct sx_reply reply = {0};
    bool found = false;
    reply.envelope.bytes = strdup(ADD_RESPONSE("7"));
    reply.envelope.len = strlen(ADD_RESPONSE("7"));
    CU_ASSERT_EQUAL(sx_message_call_complete(sx_link_exchange(ground.near),
                                             "other@example.org/desk", "an earlier one's", text,
                                             &reply, &found),
                    SX_OK);
    CU_ASSERT_TRUE(found);
}

static void found(void)
{
    int references = loopback_references(ground.near);
    struct soap_xmpp_call *call;
    double sum = 0;
    sx_message_call_expect_found(sx_link_exchange(ground.near), 1000);
    find("job 1");
    find("job 2");
    call = soap_xmpp_wait(ground.near, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    ASSERT_TEXT(soap_xmpp_call_name(call), "job 1");
    ASSERT_TEXT(soap_xmpp_call_peer(call), "other@example.org/desk");
    CU_ASSERT_EQUAL(soap_xmpp_attach(ground.client, call), SOAP_OK);
    CU_ASSERT_PTR_EQUAL(soap_xmpp_detach(ground.client), call);
    CU_ASSERT_EQUAL(loopback_references(ground.near), references + 1);
    soap_xmpp_cancel(soap_xmpp_wait(ground.near, 0)); /* job 2 may come first */
    call = soap_xmpp_wait(ground.near, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    CU_ASSERT_EQUAL(soap_xmpp_attach(ground.client, call), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 7);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(loopback_references(ground.near), references);
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(ground.near, 0));
}

CU_TestInfo tests_name[] = {
    {"a name is one call's", one_call},
    {"a call that failed has used it up", a_call_that_failed},
    {"a list of endpoints is one call", a_list_of_endpoints},
    {"a call to another endpoint fails, and has used it up", other_endpoints},
    {"an answer that was found is read like any other, even detached once more", found},
    CU_TEST_INFO_NULL,
};
