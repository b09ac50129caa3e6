/* One program, one implementation, two ways to it: HTTP and XMPP, each with a struct soap of its
 * own. */
#include "stage.h"

#include <arpa/inet.h>
#include <string.h>

#include "operations.h"

/* Both ways come here. */
static int serve(struct soap *soap)
{
    j::adderService adder(soap);
    return adder.serve();
}

struct Http {
    struct soap *soap;
    pthread_t thread;
    int port;
};

/* As docs/porting.md has it. */
static void *serve_http(void *arg)
{
    struct soap *soap = static_cast<struct soap *>(arg);
    while (soap_valid_socket(soap_accept(soap))) {
        serve(soap);
        soap_destroy(soap);
        soap_end(soap);
    }
    return NULL;
}

static void http_open(Http *http)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    http->soap = soap_new();
    http->soap->accept_timeout = STAGE_TIMEOUT_S;
    CU_ASSERT_FATAL(soap_valid_socket(soap_bind(http->soap, "127.0.0.1", 0, 10)));
    CU_ASSERT_EQUAL_FATAL(
        getsockname(http->soap->master, reinterpret_cast<struct sockaddr *>(&address), &len), 0);
    http->port = ntohs(address.sin_port);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&http->thread, NULL, serve_http, http->soap), 0);
}

static void http_close(Http *http)
{
    shutdown(http->soap->master, SHUT_RDWR);
    pthread_join(http->thread, NULL);
    soap_destroy(http->soap);
    soap_end(http->soap);
    soap_free(http->soap);
}

static void expect(struct soap *client, const std::string &endpoint, const char *path)
{
    j::adderProxy adder(client);
    char question[] = "?", *answer = NULL;
    int sum = 0;
    CU_ASSERT_EQUAL(adder.add(endpoint.c_str(), NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    CU_ASSERT_EQUAL(adder.add(endpoint.c_str(), NULL, 0x7FFFFFFF, 1, &sum), SOAP_CLI_FAULT);
    ASSERT_CONTAINS(stage_fault(client).c_str(), "the sum is too large");
    CU_ASSERT_EQUAL(adder.path(endpoint.c_str(), NULL, question, &answer), SOAP_OK);
    ASSERT_TEXT(answer, path);
}

static void run_both_ways(const struct site *site)
{
    static const char *const paths[] = {"/onvif/media", "/", "/a%20b%3F"};
    Stage stage;
    Http http;
    stage_open(&stage, site, NULL);
    stage_serve(&stage, serve, 2);
    http_open(&http);
    for (const char *path : paths) {
        std::string host = "http://127.0.0.1:" + std::to_string(http.port);
        expect(stage.client, host + path, path);
        expect(stage.client, stage_endpoint(&stage, strcmp(path, "/") == 0 ? "" : path), path);
    }
    http_close(&http);
    stage_close(&stage);
}

static void both_ways_lead_there(void)
{
    site_each(run_both_ways);
}

CU_TestInfo tests_http[] = {
    {"HTTP and XMPP lead to one service, path included", both_ways_lead_there},
    CU_TEST_INFO_NULL,
};
