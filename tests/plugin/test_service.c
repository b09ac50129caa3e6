/* Requests that are served by workers, and by hand. */
#include "ground.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TO "calc@example.org/soap"

static void names_the_caller(void)
{
    char *names = NULL;
    CU_ASSERT_EQUAL(soap_call_calc__who(ground.client, CALC, NULL, (char *)"hello", &names),
                    SOAP_OK);
    ASSERT_TEXT(names, "hello alice@example.org/desk calc@example.org/soap id");
    CU_ASSERT_PTR_NULL(soap_xmpp_from(ground.client));
    CU_ASSERT_PTR_NULL(soap_xmpp_to(ground.service));
    CU_ASSERT_PTR_NULL(soap_xmpp_id(ground.service));
    CU_ASSERT_PTR_NULL(soap_xmpp_traceparent(ground.service));
}

static void an_operation_knows_the_trace(void)
{
    static const char request[] =
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header>"
        "<trace xmlns='urn:soap-xmpp:trace:1' "
        "parent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'/></e:Header><e:Body>"
        "<c:who "
        "xmlns:c='urn:soapxmpp:test:calc'><greeting>hello</greeting></c:who></e:Body></e:Envelope>";
    struct sx_reply reply;
    loopback_request_bytes(ground.near, TO, request, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reply.envelope.bytes);
    ASSERT_CONTAINS(reply.envelope.bytes,
                    "id 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01</");
    sx_reply_fini(&reply);
}

static void bad_requests(void)
{
    static const char *const bad[] = {
        "<foo/>",
        "<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/"
        "soap/envelope/'><SOAP-ENV:Body>",
        "<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/"
        "soap/envelope/'/>",
        "GET / HTTP/1.1\r\n\r\n", NULL};
    size_t i;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sx_reply reply;
        loopback_request_bytes(ground.near, TO, bad[i], &reply);
        CU_ASSERT_EQUAL(reply.err, SX_ESTANZA);
        ASSERT_TEXT(reply.condition, "bad-request");
        CU_ASSERT(reply.text[0] != '\0');
        sx_reply_fini(&reply);
    }
    ASSERT_ADD(ground.client, CALC, 1, 2);
}

static void unknown_operation(void)
{
    struct sx_reply reply;
    loopback_request_bytes(ground.near, TO,
                           "<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/soap/"
                           "envelope/'><SOAP-ENV:Body><nope xmlns='urn:soapxmpp:test:calc'/>"
                           "</SOAP-ENV:Body></SOAP-ENV:Envelope>",
                           &reply);
    CU_ASSERT_EQUAL(reply.err, SX_OK);
    CU_ASSERT(reply.envelope.is_fault);
    ASSERT_CONTAINS(reply.envelope.bytes, "not implemented");
    ASSERT_LACKS(reply.envelope.bytes, "<?xml");
    sx_reply_fini(&reply);
}

static void uncarriable_answer(void)
{
    char *said;
    CU_ASSERT_EQUAL(soap_call_calc__say(ground.client, CALC, NULL, (char *)"control", 1, &said),
                    500);
    ASSERT_TEXT(soap_xmpp_condition(ground.client), "internal-server-error");
    ASSERT_CONTAINS(ground_fault(ground.client),
                    CALC ": say: calc@example.org/soap failed at the request or its answer: "
                         "internal-server-error (500): the answer's envelope can't be "
                         "carried: byte ");
}

static void large_answer(void)
{
    char *said = NULL;
    CU_ASSERT_EQUAL(
        soap_call_calc__say(ground.client, CALC, NULL, (char *)"0123456789", 100000, &said),
        SOAP_OK);
    CU_ASSERT(said && strlen(said) == 1000000);
}

static void relays(void)
{
    double sum = 0;
    struct soap *other = ground_context(ground.near, SOAP_IO_DEFAULT);
    /* The service calls its caller: a link is duplex. */
    loopback_answer_bytes(ground.far, ADD_RESPONSE("42"));
    CU_ASSERT_EQUAL(soap_call_calc__relay(other, CALC, NULL, (char *)"xmpp:alice@example.org/desk",
                                          40, 2, &sum),
                    SOAP_OK);
    CU_ASSERT_EQUAL(sum, 42);
    loopback_answer_error(ground.far, "forbidden", "");
    CU_ASSERT_EQUAL(soap_call_calc__relay(other, CALC, NULL, (char *)"xmpp:alice@example.org/desk",
                                          40, 2, &sum),
                    SOAP_SVR_FAULT);
    ASSERT_TEXT(ground_fault(other),
                "xmpp:alice@example.org/desk: add: alice@example.org/desk doesn't let us "
                "call this: forbidden (403)");
    ground_free(other);
}

static void nested_call(void)
{
    static const char *const endpoints[] = {"same xmpp:alice@example.org/desk",
                                            "same http://127.0.0.1:1"};
    double sum;
    size_t i;
    for (i = 0; i < 2; i++) {
        CU_ASSERT_NOT_EQUAL(soap_call_calc__relay(ground.client, CALC, NULL,
                                                  (char *)(size_t)endpoints[i], 1, 2, &sum),
                            SOAP_OK);
        ASSERT_CONTAINS(ground_fault(ground.client), "a service operation can't call on the struct "
                                                     "soap that serves it: call on a soap_copy()");
        ASSERT_TEXT(soap_xmpp_condition(ground.client), ""); /* a SOAP fault, not a stanza error */
    }
    ASSERT_ADD(ground.client, CALC, 1, 2);
}

static void serve_errors(void)
{
    struct soap *soap = soap_new();
    CU_ASSERT_EQUAL(soap_xmpp_serve(soap, soap_serve, 1), SOAP_PLUGIN_ERROR);
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, 1), SOAP_PLUGIN_ERROR);
    CU_ASSERT_PTR_NULL(soap_xmpp_from(soap));
    ASSERT_TEXT(soap_xmpp_condition(soap), "");
    CU_ASSERT_EQUAL(soap_xmpp_serve(ground.client, soap_serve, 0), SOAP_USER_ERROR);
    ASSERT_CONTAINS(ground_fault(ground.client), "0 threads");
    ground_free(soap);
}

CU_TestInfo tests_service[] = {
    {"an operation knows caller, callee and id, others don't", names_the_caller},
    {"an operation knows the trace of its call", an_operation_knows_the_trace},
    {"what isn't a whole envelope is a bad request", bad_requests},
    {"an unknown operation is a SOAP fault", unknown_operation},
    {"an answer that can't be carried is an internal server error with the byte",
     uncarriable_answer},
    {"a large answer arrives", large_answer},
    {"an operation calls others on a copy of its context", relays},
    {"a call on the serving context itself is refused with a fault that says how", nested_call},
    {"serving without plugin or threads is refused", serve_errors},
    CU_TEST_INFO_NULL,
};

/* ---- by hand --------------------------------------------------------------------------------- */

static void send_add(void)
{
    CU_ASSERT_EQUAL_FATAL(soap_send_calc__add(ground.client, CALC, NULL, 1, 2), SOAP_OK);
}

static void assert_sum(void)
{
    double sum = 0;
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

static void accepts(void)
{
    struct soap *soap = ground.service;
    int i;
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, -1000), SOAP_TCP_ERROR);
    CU_ASSERT_EQUAL(soap->errnum, 0);
    for (i = 0; i < 3; i++) {
        send_add();
        CU_ASSERT_EQUAL(soap_xmpp_accept(soap, 10), SOAP_OK);
        ASSERT_TEXT(soap_xmpp_from(soap), "alice@example.org/desk");
        CU_ASSERT_EQUAL(soap_serve(soap), SOAP_OK);
        soap_destroy(soap);
        soap_end(soap);
        CU_ASSERT_PTR_NULL(soap_xmpp_from(soap));
        CU_ASSERT_EQUAL(soap->omode, SOAP_IO_DEFAULT);
        assert_sum();
    }
}

static void nobody_serves(void)
{
    double sum;
    send_add();
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), 503);
    ASSERT_TEXT(soap_xmpp_condition(ground.client), "service-unavailable");
}

static void assert_dropped(void)
{
    double sum;
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), 500);
    ASSERT_TEXT(soap_xmpp_condition(ground.client), "internal-server-error");
}

/* Whoever has begun to read it must come to its end, or answer: no answer isn't "accepted". */
static void let_be(void)
{
    struct soap *soap = ground.service;
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, -1), SOAP_TCP_ERROR);
    send_add();
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, 10), SOAP_OK);
    CU_ASSERT_EQUAL(soap_begin_serve(soap), SOAP_OK);
    soap_end(soap);
    assert_dropped();
    ASSERT_CONTAINS(ground_fault(ground.client), "the request was not served");
}

/* gSOAP reads and writes there when it has no socket: what is made of soap meanwhile must not. */
static void descriptors(void)
{
    struct soap *soap = ground.service, *copy;
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, -1), SOAP_TCP_ERROR);
    soap->sendfd = 7;
    soap->recvfd = 8;
    send_add();
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, 10), SOAP_OK);
    CU_ASSERT_EQUAL(soap->sendfd, -1);
    CU_ASSERT_EQUAL(soap->recvfd, -1);
    copy = soap_copy(soap);
    CU_ASSERT_EQUAL(copy->sendfd, 7); /* an operation may print, and read */
    CU_ASSERT_EQUAL(copy->recvfd, 8);
    ground_free(copy);
    CU_ASSERT_EQUAL(soap_serve(soap), SOAP_OK);
    assert_sum();
    soap_end(soap);
    CU_ASSERT_EQUAL(soap->sendfd, 7);
    CU_ASSERT_EQUAL(soap->recvfd, 8);
    soap->sendfd = 1;
    soap->recvfd = 0;
}

static void unanswered(void)
{
    struct soap *soap = ground.service, *third;
    struct sx_queue_counts counts;
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, -1), SOAP_TCP_ERROR);
    send_add();
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, 10), SOAP_OK);
    soap_end(soap); /* answers nothing: the operation may still come */
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, -1), SOAP_TCP_ERROR);
    assert_dropped();
    third = ground_context(ground.far, SOAP_IO_DEFAULT);
    send_add();
    CU_ASSERT_EQUAL(soap_xmpp_accept(third, 10), SOAP_OK);
    soap_dealloc(third, NULL);
    soap_free(third);
    assert_dropped();
    sx_queue_count(sx_link_queue(ground.far), &counts);
    CU_ASSERT_EQUAL(counts.running, 0);
}

static int serve_nothing(struct soap *soap)
{
    if (soap_begin_serve(soap))
        return soap->error;
    soap->error = SOAP_EOF; /* gSOAP sends no fault for it when timeouts are set */
    return soap_send_fault(soap);
}

static void failure_without_fault(void)
{
    double sum;
    CU_ASSERT_EQUAL(soap_xmpp_accept(ground.service, -1), SOAP_TCP_ERROR);
    send_add();
    CU_ASSERT_EQUAL(soap_xmpp_accept(ground.service, 10), SOAP_OK);
    (void)serve_nothing(ground.service);
    soap_end(ground.service);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), 500);
    ASSERT_CONTAINS(ground_fault(ground.client), "the operation failed: ");
}

/* Writes half an answer, then fails. */
static int serve_half(struct soap *soap)
{
    size_t i;
    if (soap_begin_serve(soap))
        return soap->error;
    soap->encodingStyle = NULL;
    soap_serializeheader(soap);
    (void)soap_begin_count(soap);
    (void)soap_end_count(soap);
    if (soap_response(soap, SOAP_OK) || soap_envelope_begin_out(soap) || soap_putheader(soap) ||
        soap_body_begin_out(soap))
        return soap->error;
    for (i = 0; i < 2 * SOAP_BUFLEN / 10; i++)
        if (soap_send_raw(soap, "<x>half</x>", 11))
            return soap->error;
    soap->error = soap_receiver_fault(soap, "half-way", NULL);
    return soap_send_fault(soap);
}

static void half_answer(void)
{
    double sum;
    CU_ASSERT_EQUAL(soap_xmpp_accept(ground.service, -1), SOAP_TCP_ERROR);
    send_add();
    CU_ASSERT_EQUAL(soap_xmpp_accept(ground.service, 10), SOAP_OK);
    (void)serve_half(ground.service);
    soap_end(ground.service);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), SOAP_SVR_FAULT);
    ASSERT_TEXT(ground_fault(ground.client), "half-way");
}

static void drains(void)
{
    struct soap *soap = ground.service;
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, -1), SOAP_TCP_ERROR);
    send_add();
    sx_queue_close(sx_link_queue(ground.far));
    CU_ASSERT_EQUAL(soap_xmpp_serve(soap, soap_serve, 3), SOAP_OK);
    assert_sum();
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, 0), SOAP_STOP);
}

static void clients_while_serving(void)
{
    struct soap *soap = ground.service;
    double sum = 0;
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, -1), SOAP_TCP_ERROR);
    /* A context that waits for an answer and then serves cancels the call. */
    loopback_answer_nothing(ground.far);
    CU_ASSERT_EQUAL(soap_send_calc__add(soap, "xmpp:x@example.org/soap", NULL, 1, 1), SOAP_OK);
    send_add();
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, 10), SOAP_OK);
    CU_ASSERT_EQUAL(soap_serve(soap), SOAP_OK);
    soap_end(soap);
    assert_sum();
    loopback_answer_bytes(ground.far, ADD_RESPONSE("7"));
    CU_ASSERT_EQUAL(soap_call_calc__add(soap, "xmpp:x@example.org/soap", NULL, 1, 6, &sum),
                    SOAP_OK);
    CU_ASSERT_EQUAL(sum, 7);
}

CU_TestInfo tests_accept[] = {
    {"accept, serve and end answer one request after the other", accepts},
    {"a link that nobody serves on is no SOAP entity", nobody_serves},
    {"a request that was accepted and forgotten is refused", unanswered},
    {"so is one that was begun and let be", let_be},
    {"what serves reads and writes nowhere else", descriptors},
    {"an operation that fails without a fault is refused", failure_without_fault},
    {"a fault takes the place of half an answer", half_answer},
    {"workers serve what has arrived and end when the queue is closed", drains},
    {"one context calls and serves in turn", clients_while_serving},
    CU_TEST_INFO_NULL,
};
