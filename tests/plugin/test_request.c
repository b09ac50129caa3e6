/* What an operation finds in its struct soap: the address that was called, and nothing of a request
 * that came before, by HTTP. */
#include "ground.h"

#include <stdlib.h>
#include <string.h>

static struct {
    char path[SOAP_TAGLEN], endpoint[SOAP_TAGLEN], host[SOAP_TAGLEN];
    unsigned ip, ip6[4];
    int port;
    size_t peer_bytes;
    const char *userid, *passwd, *authrealm, *bearer, *proxy_from, *origin, *http_content;
} seen;

static void look(struct soap *soap)
{
    memset(&seen, 0, sizeof seen);
    memcpy(seen.path, soap->path, sizeof seen.path);
    memcpy(seen.endpoint, soap->endpoint, sizeof seen.endpoint);
    memcpy(seen.host, soap->host, sizeof seen.host);
    seen.ip = soap->ip;
    memcpy(seen.ip6, soap->ip6, sizeof seen.ip6);
    seen.port = soap->port;
    seen.peer_bytes = soap->peerlen;
    seen.userid = soap->userid;
    seen.passwd = soap->passwd;
    seen.authrealm = soap->authrealm;
    seen.bearer = soap->bearer;
    seen.proxy_from = soap->proxy_from;
    seen.origin = soap->origin;
    seen.http_content = soap->http_content;
}

/* The service accepts one call and serves it. */
static void serve_one(const char *endpoint)
{
    struct soap *soap = ground.service;
    double sum = 0;
    ground_change(look);
    CU_ASSERT_EQUAL_FATAL(soap_send_calc__add(ground.client, endpoint, NULL, 1, 2), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, 10), SOAP_OK);
    CU_ASSERT_EQUAL(soap_serve(soap), SOAP_OK);
    soap_destroy(soap);
    soap_end(soap);
    CU_ASSERT_EQUAL(soap_recv_calc__add(ground.client, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

static void begin_to_serve(void)
{
    CU_ASSERT_EQUAL(soap_xmpp_accept(ground.service, -1), SOAP_TCP_ERROR);
}

static void expect_path(const char *endpoint, const char *path)
{
    serve_one(endpoint);
    ASSERT_TEXT(seen.path, path);
}

static void path_is_the_resource(void)
{
    begin_to_serve();
    strcpy(ground.service->path, "/of/an/http/request");
    expect_path("xmpp:cam1@svc.example", "/");
    expect_path("xmpp:svc.example", "/");
    expect_path("xmpp:cam1@svc.example/onvif/media", "/onvif/media");
    expect_path("xmpp:cam1@svc.example/onvif%2Fmedia", "/onvif/media");
    expect_path("xmpp:cam1@svc.example/soap/onvif/media", "/onvif/media");
    expect_path("xmpp:cam1@svc.example/a%20b%3Fwsdl", "/a%20b%3Fwsdl");
    ASSERT_TEXT(seen.endpoint, "xmpp:cam1@svc.example/a%20b%3Fwsdl");
    CU_ASSERT_PTR_NULL(soap_query(ground.service));
}

/* The longest address that still is a text of gSOAP's; one byte more is refused, and not run. */
static void long_addresses_are_refused(void)
{
    static const char begin[] = "xmpp:svc.example/";
    char endpoint[SOAP_TAGLEN + 2], escaped[2 * SOAP_TAGLEN] = "";
    double sum;
    size_t i;
    begin_to_serve();
    memset(endpoint, 'x', sizeof endpoint);
    memcpy(endpoint, begin, strlen(begin));
    endpoint[SOAP_TAGLEN - 1] = '\0';
    expect_path(endpoint, endpoint + strlen("xmpp:svc.example"));
    ASSERT_TEXT(seen.endpoint, endpoint);
    endpoint[SOAP_TAGLEN - 1] = 'x';
    endpoint[SOAP_TAGLEN] = '\0';
    strcat(escaped, begin);
    for (i = 0; i < SOAP_TAGLEN / 3; i++)
        strcat(escaped, "%20");
    for (i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL_FATAL(
            soap_send_calc__add(ground.client, i ? escaped : endpoint, NULL, 1, 2), SOAP_OK);
        CU_ASSERT_EQUAL(soap_xmpp_accept(ground.service, -100000), SOAP_TCP_ERROR);
        CU_ASSERT_NOT_EQUAL(soap_recv_calc__add(ground.client, &sum), SOAP_OK);
        ASSERT_TEXT(soap_xmpp_condition(ground.client), "policy-violation");
        ASSERT_CONTAINS(ground_fault(ground.client), "the address that was called has ");
        CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_NOT_EXECUTED);
    }
}

/* A program that trusts an address, or what an HTTP header says, trusts that request alone. */
static void nothing_of_http_is_left(void)
{
    struct soap *soap = ground.service;
    static const unsigned none[4] = {0};
    begin_to_serve();
    soap->ip = 0x7F000001;
    soap->ip6[2] = 0xFFFF;
    soap->ip6[3] = soap->ip;
    soap->port = 40000;
    soap->peerlen = 16;
    strcpy(soap->host, "127.0.0.1");
    soap->userid = "admin";
    soap->passwd = "secret";
    soap->authrealm = "realm";
    soap->bearer = "token";
    soap->proxy_from = "10.0.0.1";
    soap->origin = soap->cors_origin = "http://example.org";
    soap->http_content = "text/xml";
    serve_one(CALC);
    CU_ASSERT_EQUAL(seen.ip, 0);
    CU_ASSERT_EQUAL(memcmp(seen.ip6, none, sizeof none), 0);
    CU_ASSERT_EQUAL(seen.port, 0);
    CU_ASSERT_EQUAL(seen.peer_bytes, 0);
    ASSERT_TEXT(seen.host, "");
    CU_ASSERT_PTR_NULL(seen.userid);
    CU_ASSERT_PTR_NULL(seen.passwd);
    CU_ASSERT_PTR_NULL(seen.authrealm);
    CU_ASSERT_PTR_NULL(seen.bearer);
    CU_ASSERT_PTR_NULL(seen.proxy_from);
    CU_ASSERT_PTR_NULL(seen.origin);
    CU_ASSERT_PTR_NULL(seen.http_content);
}

CU_TestInfo tests_request[] = {
    {"what stands behind the resource is the path", path_is_the_resource},
    {"an address that is too long for struct soap is refused", long_addresses_are_refused},
    {"nothing is left of a request by HTTP", nothing_of_http_is_left},
    CU_TEST_INFO_NULL,
};
