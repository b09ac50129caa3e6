/* Many calls under way from one struct soap. */
#include "ground.h"

#include <stdint.h>
#include <string.h>

#include "base/clock.h"

enum { MANY = 1000 };

static struct soap_xmpp_call *send_slow(struct soap *soap, double a, double b)
{
    CU_ASSERT_EQUAL(soap_send_calc__slow(soap, CALC, NULL, a, b), SOAP_OK);
    return soap_xmpp_detach(soap);
}

static void many(void)
{
    static bool seen[MANY];
    struct soap *soap = ground.client;
    struct soap_xmpp_call *call;
    intptr_t i, n, done = 0;
    double sum;
    memset(seen, 0, sizeof seen);
    ground_shut_gate();
    for (i = 0; i < MANY; i++) {
        soap->user = (void *)i;
        CU_ASSERT_PTR_NOT_NULL_FATAL(send_slow(soap, (double)i, 1));
        soap_end(soap);
    }
    ground_open_gate();
    while ((call = soap_xmpp_wait(ground.near, 10000))) {
        n = (intptr_t)soap_xmpp_call_user(call);
        CU_ASSERT_FATAL(n >= 0 && n < MANY && !seen[n]);
        seen[n] = true;
        CU_ASSERT_EQUAL(soap_xmpp_attach(soap, call), SOAP_OK);
        if (!soap_recv_calc__slow(soap, &sum) && sum == (double)n + 1)
            done++;
        soap_destroy(soap);
        soap_end(soap);
    }
    CU_ASSERT_EQUAL(done, MANY);
}

static void waits_after_attach(void)
{
    struct soap *soap = ground.client;
    struct soap_xmpp_call *first, *second;
    double sum = 0;
    ground_shut_gate();
    first = send_slow(soap, 1, 1);
    second = send_slow(soap, 2, 2);
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(ground.near, 0));
    ASSERT_ADD(soap, CALC, 5, 5); /* the context is free meanwhile */
    soap->recv_timeout = -1;      /* not theirs: they have that of their detach */
    ground_open_gate();
    CU_ASSERT_EQUAL(soap_xmpp_attach(soap, second), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_calc__slow(soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 4);
    CU_ASSERT_EQUAL(soap_xmpp_attach(soap, first), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_calc__slow(soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 2);
    CU_ASSERT_EQUAL(soap->omode, SOAP_IO_DEFAULT);
}

static void other_context(void)
{
    struct soap *soap = ground_context(ground.near, SOAP_ENC_MTOM | SOAP_IO_KEEPALIVE);
    struct soap_xmpp_call *call = send_slow(ground.client, 3, 4);
    double sum = 0;
    CU_ASSERT_EQUAL(soap_xmpp_attach(soap, call), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_calc__slow(soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 7);
    CU_ASSERT_EQUAL(soap->omode, SOAP_ENC_MTOM | SOAP_IO_KEEPALIVE);
    ground_free(soap);
}

static struct soap_xmpp_call *post_slow(void)
{
    struct soap_xmpp_post post;
    struct soap_xmpp_call *call;
    soap_xmpp_post_init(&post);
    post.endpoint = CALC;
    post.envelope = "<a/>";
    post.envelope_bytes = 4;
    call = soap_xmpp_post(ground.near, &post, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL(call);
    return call;
}

static void wrong_context(void)
{
    struct soap *plain = soap_new(), *service = ground_context(ground.far, SOAP_IO_DEFAULT);
    struct sx_exchange_counts counts;
    CU_ASSERT_EQUAL(soap_xmpp_attach(service, send_slow(ground.client, 1, 1)), SOAP_PLUGIN_ERROR);
    ASSERT_TEXT(ground_fault(service), "xmpp:calc@example.org/soap: can't attach: the call belongs "
                                       "to another link than the context");
    CU_ASSERT_EQUAL(soap_xmpp_attach(ground.client, post_slow()), SOAP_PLUGIN_ERROR);
    ASSERT_CONTAINS(ground_fault(ground.client), "can't attach: it was made by soap_xmpp_post()");
    CU_ASSERT_EQUAL(soap_xmpp_attach(plain, send_slow(ground.client, 1, 1)), SOAP_PLUGIN_ERROR);
    CU_ASSERT_EQUAL(soap_xmpp_attach(ground.client, NULL), SOAP_USER_ERROR);
    CU_ASSERT_PTR_NULL(soap_xmpp_detach(plain));
    sx_exchange_count(sx_link_exchange(ground.near), &counts);
    CU_ASSERT_EQUAL(counts.under_way, 0);
    ground_free(service);
    ground_free(plain);
}

static void nothing_to_detach(void)
{
    CU_ASSERT_PTR_NULL(soap_xmpp_detach(ground.client));
    ASSERT_ADD(ground.client, CALC, 1, 1);
    CU_ASSERT_PTR_NULL(soap_xmpp_detach(ground.client));
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(ground.near, 10000)); /* at once: no call is under way */
}

static void own_deadline(void)
{
    struct soap *soap = ground.client;
    struct soap_xmpp_call *call, *done;
    double sum;
    ground_shut_gate();
    soap->recv_timeout = -20000;
    call = send_slow(soap, 1, 1);
    soap->recv_timeout = 3600;
    done = soap_xmpp_wait(ground.near, 10000);
    CU_ASSERT_PTR_EQUAL(done, call);
    CU_ASSERT_EQUAL(soap_xmpp_attach(soap, call), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_calc__slow(soap, &sum), SOAP_EOF);
    ASSERT_CONTAINS(ground_fault(soap), CALC ": slow: no answer");
    ASSERT_LACKS(ground_fault(soap), "3600");
    soap->recv_timeout = -20000;
    call = send_slow(soap, 1, 1);
    CU_ASSERT_EQUAL(soap_xmpp_attach(soap, call), SOAP_OK); /* before it is over */
    CU_ASSERT_EQUAL(soap_recv_calc__slow(soap, &sum), SOAP_EOF);
    ground_open_gate();
}

static void cancels(void)
{
    struct soap_xmpp_call *call;
    struct sx_exchange_counts counts;
    ground_shut_gate();
    call = send_slow(ground.client, 1, 1);
    soap_xmpp_cancel(call);
    sx_exchange_count(sx_link_exchange(ground.near), &counts);
    CU_ASSERT_EQUAL(counts.under_way, 0);
    call = send_slow(ground.client, 1, 1);
    CU_ASSERT_EQUAL(soap_xmpp_attach(ground.client, call), SOAP_OK);
    soap_end(ground.client);
    sx_exchange_count(sx_link_exchange(ground.near), &counts);
    CU_ASSERT_EQUAL(counts.under_way, 0);
    soap_xmpp_cancel(NULL);
    ground_open_gate();
}

static void copies(void)
{
    enum { COPIES = 30 };
    struct soap *copy[COPIES];
    double sum;
    int i;
    for (i = 0; i < COPIES; i++) {
        copy[i] = soap_copy(ground.client);
        CU_ASSERT_EQUAL(soap_send_calc__add(copy[i], CALC, NULL, i, 1000), SOAP_OK);
    }
    for (i = COPIES - 1; i >= 0; i--) {
        CU_ASSERT_EQUAL(soap_recv_calc__add(copy[i], &sum), SOAP_OK);
        CU_ASSERT_EQUAL(sum, i + 1000);
        ground_free(copy[i]);
    }
}

static void fault_after_attach(void)
{
    struct soap *soap = ground.client;
    struct soap_xmpp_call *call;
    double quotient;
    CU_ASSERT_EQUAL(soap_send_calc__div(soap, CALC, NULL, 1, 0), SOAP_OK);
    call = soap_xmpp_detach(soap);
    CU_ASSERT_EQUAL(soap_xmpp_attach(soap, call), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_calc__div(soap, &quotient), SOAP_CLI_FAULT);
    ASSERT_TEXT(ground_fault(soap), "division by zero");
    CU_ASSERT_EQUAL(soap_send_calc__note(soap, CALC, NULL, (char *)"fault"), SOAP_OK);
    call = soap_xmpp_detach(soap);
    CU_ASSERT_EQUAL(soap_xmpp_attach(soap, call), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_empty_response(soap), SOAP_SVR_FAULT);
    ASSERT_TEXT(ground_fault(soap), "the note is lost");
}

static void *call_in_thread(void *arg)
{
    struct soap *soap = arg;
    double sum;
    intptr_t i, wrong = 0;
    for (i = 0; i < 200; i++)
        if (soap_call_calc__add(soap, CALC, NULL, (double)i, 1, &sum) || sum != (double)i + 1)
            wrong++;
    return (void *)wrong;
}

static void threads(void)
{
    enum { THREADS = 4 };
    pthread_t thread[THREADS];
    struct soap *soap[THREADS];
    void *wrong;
    int i;
    for (i = 0; i < THREADS; i++) {
        soap[i] = soap_copy(ground.client);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, call_in_thread, soap[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(thread[i], &wrong);
        CU_ASSERT_PTR_NULL(wrong);
        ground_free(soap[i]);
    }
}

CU_TestInfo tests_call[] = {
    {"a thousand calls from one context end in any order", many},
    {"an attached call waits for its answer, the context was free meanwhile", waits_after_attach},
    {"another context of the link takes a call over and keeps its modes", other_context},
    {"a context of another link, or without the plugin, is refused", wrong_context},
    {"without a request there is nothing to detach and nothing to wait for", nothing_to_detach},
    {"a detached call has the deadline of its detach", own_deadline},
    {"a cancelled call is gone", cancels},
    {"thirty copies have a call under way each", copies},
    {"faults arrive after an attach", fault_after_attach},
    {"threads share a link, each with its context", threads},
    CU_TEST_INFO_NULL,
};
