/* A service whose table of namespaces has one version of SOAP, and a call in the other one: over
 * HTTP, where gSOAP takes its Envelope for no SOAP and closes the connection, and over XMPP.
 */
#include "ground.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define NS_SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define NS_SOAP12 "http://www.w3.org/2003/05/soap-envelope"

/* Without the pattern that lets gSOAP take the other version's names for this one's. */
#define ONLY(version, encoding)                                                                    \
    {                                                                                              \
        {"SOAP-ENV", version, NULL, NULL}, {"SOAP-ENC", encoding, NULL, NULL},                     \
            {"xsi", "http://www.w3.org/2001/XMLSchema-instance", NULL, NULL},                      \
            {"xsd", "http://www.w3.org/2001/XMLSchema", NULL, NULL},                               \
            {"calc", "urn:soapxmpp:test:calc", NULL, NULL},                                        \
        {                                                                                          \
            NULL, NULL, NULL, NULL                                                                 \
        }                                                                                          \
    }
static struct Namespace only_soap11[] =
    ONLY(NS_SOAP11, "http://schemas.xmlsoap.org/soap/encoding/");
static struct Namespace only_soap12[] = ONLY(NS_SOAP12, "http://www.w3.org/2003/05/soap-encoding");

/* Calls in SOAP 1.1, and reads both. */
static struct Namespace soap11[] = {
    {"SOAP-ENV", NS_SOAP11, NS_SOAP12, NULL},
    {"SOAP-ENC", "http://schemas.xmlsoap.org/soap/encoding/",
     "http://www.w3.org/2003/05/soap-encoding", NULL},
    {"xsi", "http://www.w3.org/2001/XMLSchema-instance", NULL, NULL},
    {"xsd", "http://www.w3.org/2001/XMLSchema", NULL, NULL},
    {"calc", "urn:soapxmpp:test:calc", NULL, NULL},
    {NULL, NULL, NULL, NULL}};

static void *serve_twice(void *arg)
{
    struct soap *soap = arg;
    int calls;
    for (calls = 0; calls < 2 && soap_valid_socket(soap_accept(soap)); calls++) {
        (void)soap_serve(soap);
        soap_destroy(soap);
        soap_end(soap);
    }
    return NULL;
}

/* What the call ends with. */
static int call(const char *endpoint, const struct Namespace *namespaces)
{
    struct soap *soap = ground_context(ground.near, SOAP_IO_DEFAULT);
    double sum = 0;
    int err;
    soap_set_namespaces(soap, namespaces);
    err = soap_call_calc__add(soap, endpoint, NULL, 1, 2, &sum);
    if (err == SOAP_VERSIONMISMATCH)
        ASSERT_CONTAINS(ground_fault(soap), "SOAP version mismatch");
    CU_ASSERT_EQUAL(sum, err ? 0 : 3);
    ground_free(soap);
    return err;
}

/* gSOAP 2.8.124 says nothing to whom it doesn't understand, 2.8.135 does. */
enum { OVER_HTTP = GSOAP_VERSION < 208135 ? SOAP_EOF : SOAP_VERSIONMISMATCH };

static void serve_one_version(const struct Namespace *served, const struct Namespace *other)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    struct soap *http = soap_new1(SOAP_IO_DEFAULT);
    char endpoint[64];
    pthread_t thread;
    http->accept_timeout = http->recv_timeout = 10;
    soap_set_namespaces(http, served);
    soap_set_namespaces(ground.service, served);
    if (!soap_valid_socket(soap_bind(http, "127.0.0.1", 0, 10)) ||
        getsockname(http->master, (struct sockaddr *)&address, &len) ||
        pthread_create(&thread, NULL, serve_twice, http))
        abort();
    ground_serve();
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", ntohs(address.sin_port));
    CU_ASSERT_EQUAL(call(endpoint, other), OVER_HTTP);
    CU_ASSERT_EQUAL(call(CALC, other), SOAP_VERSIONMISMATCH);
    CU_ASSERT_EQUAL(call(endpoint, served), SOAP_OK);
    CU_ASSERT_EQUAL(call(CALC, served), SOAP_OK);
    pthread_join(thread, NULL);
    ground_free(http);
}

static void only_11(void)
{
    serve_one_version(only_soap11, ground_soap12);
}

static void only_12(void)
{
    serve_one_version(only_soap12, soap11);
}

CU_TestInfo tests_version[] = {
    {"a service of SOAP 1.1 alone tells a caller in 1.2", only_11},
    {"a service of SOAP 1.2 alone tells a caller in 1.1", only_12},
    CU_TEST_INFO_NULL,
};
