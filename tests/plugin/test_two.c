/* Two services, each from its own contract, on one link. */
#include "ground.h"

/* The SOAP header and fault are those of ground.h's contract: defined once. */
#define WITH_NOGLOBAL
#include "aH.h"
#include "bH.h"
#include "a.nsmap"
#include "b.nsmap"

int a__ping(struct soap *soap, char *text, char **answer)
{
    *answer = soap_strdup(soap, text);
    return SOAP_OK;
}

int b__pong(struct soap *soap, char *text, char **answer)
{
    *answer = soap_strdup(soap, *text ? "pong" : "");
    return SOAP_OK;
}

static struct Namespace both[] = {{"SOAP-ENV", "http://schemas.xmlsoap.org/soap/envelope/",
                                   "http://www.w3.org/*/soap-envelope", NULL},
                                  {"SOAP-ENC", "http://schemas.xmlsoap.org/soap/encoding/",
                                   "http://www.w3.org/*/soap-encoding", NULL},
                                  {"xsi", "http://www.w3.org/2001/XMLSchema-instance", NULL, NULL},
                                  {"xsd", "http://www.w3.org/2001/XMLSchema", NULL, NULL},
                                  {"a", "urn:soapxmpp:test:a", NULL, NULL},
                                  {"b", "urn:soapxmpp:test:b", NULL, NULL},
                                  {NULL, NULL, NULL, NULL}};

static int serve_both(struct soap *soap)
{
    if (soap_begin_serve(soap))
        return soap->error;
    if (a_serve_request(soap) == SOAP_NO_METHOD) {
        soap->error = SOAP_OK;
        (void)b_serve_request(soap);
    }
    if (soap->error && soap->error < SOAP_STOP)
        return soap_send_fault(soap);
    return SOAP_OK;
}

static void *serve(void *arg)
{
    CU_ASSERT_EQUAL(soap_xmpp_serve(arg, serve_both, 2), SOAP_OK);
    return NULL;
}

static void both_answer(void)
{
    struct soap *client = ground.client, *service = ground.service;
    char *answer = NULL;
    pthread_t thread;
    soap_set_namespaces(service, both);
    sx_queue_open(sx_link_queue(ground.far)); /* the thread may come late */
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, serve, service), 0);
    soap_set_namespaces(client, a_namespaces);
    CU_ASSERT_EQUAL(soap_call_a__ping(client, CALC, NULL, (char *)"hello", &answer), SOAP_OK);
    ASSERT_TEXT(answer, "hello");
    soap_set_namespaces(client, b_namespaces);
    CU_ASSERT_EQUAL(soap_call_b__pong(client, CALC, NULL, (char *)"x", &answer), SOAP_OK);
    ASSERT_TEXT(answer, "pong");
    sx_queue_close(sx_link_queue(ground.far));
    pthread_join(thread, NULL);
}

CU_TestInfo tests_two[] = {
    {"both services behind one link answer", both_answer},
    CU_TEST_INFO_NULL,
};
