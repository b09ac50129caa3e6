/* Answers that go to another endpoint than the caller, as gSOAP's wsa plugin asks for it. */
#include "ground.h"

#include <string.h>

#include "base/clock.h"

#define THIRD "xmpp:third@example.org/desk"

static char *text(const char *constant)
{
    return (char *)(size_t)constant;
}

static int call(const char *how)
{
    double sum;
    return soap_call_calc__relay(ground.client, CALC, NULL, text(how), 40, 2, &sum);
}

static void assert_accepted(int err)
{
    CU_ASSERT_EQUAL(err, 202);
    ASSERT_TEXT(ground_fault(ground.client), CALC ": relay: accepted, without an answer");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_EXECUTED);
}

static void answer_goes_elsewhere(void)
{
    loopback_answer_bytes(ground.far, NULL);
    assert_accepted(call("answer " THIRD));
    ASSERT_TEXT(loopback_last_to(ground.far), "third@example.org/desk");
    ASSERT_TEXT(loopback_last_action(ground.far), "urn:elsewhere");
    ASSERT_CONTAINS(loopback_last_envelope(ground.far), "relayResponse");
    ASSERT_CONTAINS(loopback_last_envelope(ground.far), "<sum>42</sum>");
    ASSERT_ADD(ground.client, CALC, 1, 2);
}

static void fault_goes_elsewhere(void)
{
    loopback_answer_bytes(ground.far, NULL);
    assert_accepted(call("fault " THIRD));
    CU_ASSERT(loopback_wait_sent(ground.far, 1));
    ASSERT_TEXT(loopback_last_to(ground.far), "third@example.org/desk");
    ASSERT_CONTAINS(loopback_last_envelope(ground.far), "it is elsewhere");
    ASSERT_ADD(ground.client, CALC, 1, 2);
}

static void no_endpoint(void)
{
    CU_ASSERT_EQUAL(call("answer xmpp:@example.org"), SOAP_SVR_FAULT);
    ASSERT_CONTAINS(ground_fault(ground.client), "xmpp:@example.org: ");
    CU_ASSERT_EQUAL(call("answer http://127.0.0.1:1"), SOAP_SVR_FAULT);
    ASSERT_CONTAINS(ground_fault(ground.client), "a service operation can't call on the struct");
    loopback_set_offline(ground.far, SX_EOFFLINE);
    CU_ASSERT_EQUAL(call("answer " THIRD), SOAP_SVR_FAULT);
    ASSERT_CONTAINS(ground_fault(ground.client), THIRD ": ");
    assert_accepted(call("fault " THIRD)); /* it was told so before */
    ASSERT_ADD(ground.client, CALC, 1, 2);
}

static void uncarriable(void)
{
    char *said;
    CU_ASSERT_EQUAL(soap_call_calc__say(ground.client, CALC, NULL, text(THIRD), 1, &said), 500);
    ASSERT_TEXT(soap_xmpp_condition(ground.client), "internal-server-error");
    ASSERT_CONTAINS(ground_fault(ground.client), "the answer didn't reach the endpoint it was to "
                                                 "go to: ");
    ASSERT_CONTAINS(ground_fault(ground.client), "the envelope can't be carried: byte ");
    CU_ASSERT_FALSE(loopback_wait_sent(ground.far, 0) && *loopback_last_to(ground.far));
    ASSERT_ADD(ground.client, CALC, 1, 2);
}

CU_TestInfo tests_relay[] = {
    {"an answer goes to another endpoint, the caller is told 202", answer_goes_elsewhere},
    {"a fault goes to another endpoint, behind the caller's 202", fault_goes_elsewhere},
    {"an endpoint that can't be one is the operation's to report", no_endpoint},
    {"an answer that can't be carried there is an internal server error", uncarriable},
    CU_TEST_INFO_NULL,
};

/* ---- by hand --------------------------------------------------------------------------------- */

static void send_relay(const char *how)
{
    CU_ASSERT_EQUAL_FATAL(soap_send_calc__relay(ground.client, CALC, NULL, text(how), 40, 2),
                          SOAP_OK);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_accept(ground.service, 10), SOAP_OK);
}

static int receive(void)
{
    double sum;
    return soap_recv_calc__relay(ground.client, &sum);
}

static void open_far(void)
{
    CU_ASSERT_EQUAL(soap_xmpp_accept(ground.service, -1), SOAP_TCP_ERROR);
}

static void lost(void)
{
    struct soap *soap = ground.service;
    int (*fresponse)(struct soap *, int, ULONG64) = soap->fresponse;
    open_far();
    loopback_answer_error(ground.far, "forbidden", "not you");
    send_relay("answer " THIRD);
    CU_ASSERT_EQUAL(soap_serve(soap), 403);
    ASSERT_TEXT(soap_xmpp_condition(soap), "forbidden");
    ASSERT_TEXT(ground_fault(soap),
                THIRD ": relayResponse: third@example.org/desk doesn't let us call this: "
                      "forbidden (403): not you");
    soap_end(soap);
    CU_ASSERT_PTR_NULL(soap_xmpp_from(soap));
    CU_ASSERT(soap->fresponse == fresponse);
    CU_ASSERT_EQUAL(soap->omode, SOAP_IO_DEFAULT);
    assert_accepted(receive());
}

static void answered_with_fault(void)
{
    struct soap *soap = ground.service;
    open_far();
    loopback_answer_bytes(ground.far,
                          "<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/soap/"
                          "envelope/'><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Client"
                          "</faultcode><faultstring>no</faultstring></SOAP-ENV:Fault>"
                          "</SOAP-ENV:Body></SOAP-ENV:Envelope>");
    send_relay("answer " THIRD);
    CU_ASSERT_EQUAL(soap_serve(soap), SOAP_SVR_FAULT);
    ASSERT_CONTAINS(ground_fault(soap), THIRD ": relayResponse: it was answered with a fault");
    soap_end(soap);
    assert_accepted(receive());
}

static void silence(void)
{
    struct soap *soap = ground.service;
    open_far();
    loopback_answer_nothing(ground.far);
    soap->recv_timeout = -1000;
    send_relay("answer " THIRD);
    CU_ASSERT_EQUAL(soap_serve(soap), SOAP_EOF);
    ASSERT_CONTAINS(ground_fault(soap), "no answer within 0.001 s");
    soap_end(soap);
    assert_accepted(receive());
}

static void *serve_one(void *arg)
{
    (void)soap_serve(arg);
    return NULL;
}

/* Nobody serves on near before the call is over: the service must not wait for it before. */
static void caller_itself(void)
{
    struct soap *near = ground_context(ground.near, SOAP_IO_DEFAULT);
    pthread_t thread;
    open_far();
    CU_ASSERT_EQUAL(soap_xmpp_accept(near, -1), SOAP_TCP_ERROR);
    send_relay("answer xmpp:alice@example.org/desk");
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, serve_one, ground.service), 0);
    assert_accepted(receive());
    CU_ASSERT_EQUAL(soap_xmpp_accept(near, 10), SOAP_OK);
    ASSERT_TEXT(soap_xmpp_from(near), "calc@example.org/soap");
    CU_ASSERT_EQUAL(soap_begin_serve(near), SOAP_OK);
    (void)soap_send_empty_response(near, 202);
    soap_end(near);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(ground.service->error, SOAP_OK);
    soap_end(ground.service);
    ground_free(near);
}

/* A context whose relay failed without a word of gSOAP's is free for calls after soap_end(). */
static void calls_after(void)
{
    double sum = 0;
    open_far();
    send_relay("fault xmpp:@example.org");
    (void)soap_serve(ground.service);
    soap_end(ground.service);
    assert_accepted(receive());
    loopback_answer_bytes(ground.far, ADD_RESPONSE("7"));
    CU_ASSERT_EQUAL(soap_call_calc__add(ground.service, THIRD, NULL, 1, 6, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 7);
}

/* Begun and forgotten: the caller hears of it. */
static int serve_half_way(struct soap *soap)
{
    if (soap_begin_serve(soap))
        return soap->error;
    return soap_connect(soap, THIRD, NULL);
}

static void forgotten(void)
{
    open_far();
    send_relay("answer " THIRD);
    CU_ASSERT_EQUAL(serve_half_way(ground.service), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_accept(ground.service, -1), SOAP_TCP_ERROR);
    CU_ASSERT_EQUAL(receive(), 500);
    ASSERT_TEXT(soap_xmpp_condition(ground.client), "internal-server-error");
}

CU_TestInfo tests_relay_by_hand[] = {
    {"an answer that was lost on its way elsewhere is the serving context's error", lost},
    {"one that was answered with a fault, too", answered_with_fault},
    {"one that nobody answers ends with its time", silence},
    {"the endpoint may be the caller, who waits for its result first", caller_itself},
    {"after a relay that failed the context calls like any other", calls_after},
    {"a relay that was begun and forgotten is refused", forgotten},
    CU_TEST_INFO_NULL,
};
