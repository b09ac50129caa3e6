/* The table "from HTTP to XMPP" of docs/porting.md: what a program has set up for HTTP neither
 * travels nor harms. */
#include "ground.h"

#include <stdlib.h>
#include <string.h>

/* ---- a client ---- */

static void set_proxy(struct soap *soap)
{
    soap->proxy_host = "127.0.0.1";
    soap->proxy_port = 1;
    soap->proxy_userid = "proxy-user";
    soap->proxy_passwd = "proxy-secret";
}

static void set_credentials(struct soap *soap)
{
    soap->userid = "http-user";
    soap->passwd = "http-secret";
    soap->authrealm = "realm";
}

static void set_bearer(struct soap *soap)
{
    soap->bearer = "http-token";
}

static void set_header(struct soap *soap)
{
    soap->http_extra_header = "X-Extra: http-extra\r\nCookie: http-cookie=1";
    soap->http_content = "text/html";
    soap->http_version = "1.0";
}

static void set_keep_alive(struct soap *soap)
{
    soap_set_mode(soap, SOAP_IO_KEEPALIVE);
    soap->tcp_keep_alive = 1;
    soap->max_keep_alive = 3;
}

static void set_socket(struct soap *soap)
{
    soap->client_addr = "192.0.2.1";
    soap->client_port = 1;
    soap->override_host = "127.0.0.1";
    soap->override_port = 1;
    soap->socket_flags = MSG_NOSIGNAL;
}

static void (*const settings[])(struct soap *) = {set_proxy,  set_credentials, set_bearer,
                                                  set_header, set_keep_alive,  set_socket};

static void settings_of_http(void)
{
    size_t i;
    char *plain;
    ASSERT_ADD(ground.client, CALC, 1, 2);
    plain = strdup(loopback_last_envelope(ground.near));
    for (i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        struct soap *soap = ground_context(ground.near, SOAP_IO_DEFAULT);
        settings[i](soap);
        ASSERT_ADD(soap, CALC, 1, 2);
        ASSERT_TEXT(loopback_last_envelope(ground.near), plain);
        ASSERT_TEXT(loopback_last_to(ground.near), "calc@example.org/soap");
        ground_free(soap);
    }
    free(plain);
}

static void other_methods(void)
{
    struct soap *soap = ground.client;
    CU_ASSERT_EQUAL(soap_GET(soap, CALC, NULL), SOAP_HTTP_METHOD);
    ASSERT_CONTAINS(ground_fault(soap), "only SOAP calls go over XMPP");
    CU_ASSERT_EQUAL(soap_PUT(soap, CALC, NULL, "text/xml"), SOAP_HTTP_METHOD);
    CU_ASSERT_EQUAL(soap_POST(soap, CALC, NULL, "text/xml"), SOAP_HTTP_METHOD);
    CU_ASSERT_EQUAL(soap_PATCH(soap, CALC, NULL, "text/xml"), SOAP_HTTP_METHOD);
    CU_ASSERT_EQUAL(soap_DELETE(soap, CALC), SOAP_HTTP_METHOD);
    ASSERT_ADD(ground.client, CALC, 1, 2);
}

/* What HTTP would send as a query is refused before anything is sent. */
static void queries(void)
{
    double sum;
    CU_ASSERT_EQUAL(soap_call_calc__add(ground.client, CALC "?wsdl", NULL, 1, 2, &sum),
                    SOAP_USER_ERROR);
    ASSERT_CONTAINS(ground_fault(ground.client), "another query (?) than ?message");
}

/* ---- a service ---- */

static int fget(struct soap *soap)
{
    (void)soap;
    abort();
}

/* The service serves a call like this; what its stub returns. */
static int end_of(int (*serve)(struct soap *))
{
    struct soap *soap = ground.service;
    double sum;
    soap->fget = soap->fput = soap->fdel = soap->fhead = soap->fopt = soap->fform = fget;
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, -1), SOAP_TCP_ERROR);
    CU_ASSERT_EQUAL_FATAL(soap_send_calc__add(ground.client, CALC, NULL, 1, 2), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, 10), SOAP_OK);
    (void)serve(soap);
    soap_end(soap);
    return soap_recv_calc__add(ground.client, &sum);
}

static int returned; /* by the operation */

static int serve_returning(struct soap *soap)
{
    int err = soap_begin_serve(soap);
    if (!err)
        err = soap->error = returned;
    return err ? soap_send_fault(soap) : SOAP_OK;
}

/* A status that an operation returns is a fault, whose text is HTTP's. */
static void returned_statuses(void)
{
    static const struct {
        int returned;
        const char *text;
    } rows[] = {{401, "HTTP 401 Unauthorized"},
                {403, "HTTP 403 Forbidden"},
                {404, "HTTP 404 Not Found"},
                {500, "HTTP 500 Internal Server Error"},
                {503, "HTTP 503 Service Unavailable"}};
    size_t i;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        returned = rows[i].returned;
        CU_ASSERT_EQUAL(end_of(serve_returning), SOAP_CLI_FAULT);
        ASSERT_CONTAINS(ground_fault(ground.client), rows[i].text);
        ASSERT_TEXT(soap_xmpp_condition(ground.client), "");
        CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_EXECUTED);
    }
}

static int serve_page(struct soap *soap)
{
    if (soap_begin_serve(soap))
        return soap->error;
    soap->http_content = "text/html";
    return soap_response(soap, SOAP_HTML) || soap_send(soap, "<p>a page</p>") ||
           soap_end_send(soap);
}

static void pages(void)
{
    CU_ASSERT_EQUAL(end_of(serve_page), 500);
    ASSERT_TEXT(soap_xmpp_condition(ground.client), "internal-server-error");
    ASSERT_CONTAINS(ground_fault(ground.client), "the answer's envelope can't be carried");
}

static int serve_nothing(struct soap *soap)
{
    return soap_begin_serve(soap) ? soap->error : soap_send_empty_response(soap, SOAP_OK);
}

static void empty_responses(void)
{
    CU_ASSERT_EQUAL(end_of(serve_nothing), 202);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(ground.client), SOAP_XMPP_EXECUTED);
}

CU_TestInfo tests_porting[] = {
    {"what HTTP is set up with neither travels nor harms", settings_of_http},
    {"other methods than POST are refused", other_methods},
    {"a query other than ?message is refused", queries},
    CU_TEST_INFO_NULL,
};

CU_TestInfo tests_porting_by_hand[] = {
    {"a status that an operation returns is a fault", returned_statuses},
    {"an answer that is no envelope is an internal server error", pages},
    {"an empty response is an empty result", empty_responses},
    CU_TEST_INFO_NULL,
};
