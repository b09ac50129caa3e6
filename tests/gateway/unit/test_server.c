/* Requests come whole, and are answered once, by any thread. */
#include "../../lib/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../lib/tcp.h"
#include "base/descriptor.h"
#include "http_site.h"

#define HOST "Host: gw.example.org\r\n"

static void test_a_request_is_told_whole_and_answered(void)
{
    struct http_site site;
    http_site_init(&site);
    http_site_start(&site);
    const char *heard = http_site_ask(
        &site, "POST /calc/a%20b?wsdl&x=%2F HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello",
        "hello");
    ASSERT_CONTAINS(heard, "HTTP/1.1 200 OK\r\n");
    ASSERT_CONTAINS(heard, "\r\nContent-Type: text/plain\r\n");
    ASSERT_CONTAINS(heard, "\r\n\r\nPOST /calc/a b ?wsdl&x=%2F hello");
    http_site_stop(&site);
}

static void test_a_chunked_body_is_whole_too(void)
{
    struct http_site site;
    http_site_init(&site);
    http_site_start(&site);
    const char *heard =
        http_site_ask(&site,
                      "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                      "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
                      "0123456789");
    ASSERT_CONTAINS(heard, "POST / ? abc0123456789");
    ASSERT_CONTAINS(heard, "\r\nConnection: close\r\n");
    http_site_stop(&site);
}

static void test_a_connection_serves_one_request_after_the_other(void)
{
    struct http_site site;
    http_site_init(&site);
    http_site_start(&site);
    int fd = http_site_connect(&site);
    for (int i = 0; i < 3; i++) {
        tcp_say(fd, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nok");
        ASSERT_CONTAINS(tcp_hear_until(fd, "?"), "POST /x ?");
    }
    close(fd);
    http_site_stop(&site);
}

static void test_the_client_waits_until_another_thread_answers(void)
{
    struct http_site site;
    struct gw_server_counts counts;
    http_site_init(&site);
    http_site_keep(&site, true);
    http_site_start(&site);
    int fd = http_site_connect(&site), other = http_site_connect(&site);
    tcp_say(fd, "POST /first HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n1");
    struct gw_request *first = http_site_next(&site);
    tcp_say(other, "POST /second HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n2");
    struct gw_request *second = http_site_next(&site);
    tcp_assert_quiet(fd);
    gw_server_count(site.server, &counts);
    CU_ASSERT_EQUAL(counts.requests_under_way, 2);
    CU_ASSERT_EQUAL(gw_server_busy(site.server), 2);

    http_site_echo(second);
    ASSERT_CONTAINS(tcp_hear_until(other, " 2"), "POST /second ? 2");
    tcp_assert_quiet(fd);
    http_site_echo(first);
    ASSERT_CONTAINS(tcp_hear_until(fd, " 1"), "POST /first ? 1");
    CU_ASSERT_EQUAL(gw_server_busy(site.server), 0);
    close(fd);
    close(other);
    http_site_stop(&site);
}

static void *answer_all(void *user)
{
    struct http_site *site = user;
    for (int i = 0; i < 3; i++)
        http_site_echo(http_site_next(site));
    return NULL;
}

static void test_a_stop_waits_for_those_that_are_not_answered(void)
{
    struct http_site site;
    pthread_t thread;
    int fds[3];
    http_site_init(&site);
    http_site_keep(&site, true);
    http_site_start(&site);
    for (int i = 0; i < 3; i++) {
        fds[i] = http_site_connect(&site);
        tcp_say(fds[i], "GET /held HTTP/1.1\r\n" HOST "\r\n");
    }
    http_site_await(&site, 3);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, answer_all, &site), 0);
    http_site_stop(&site);
    pthread_join(thread, NULL);
    for (int i = 0; i < 3; i++) {
        ASSERT_CONTAINS(tcp_hear_until(fds[i], "held"), "GET /held");
        close(fds[i]);
    }
}

static void test_a_server_that_drains_takes_no_more(void)
{
    struct http_site site;
    http_site_init(&site);
    http_site_start(&site);
    int fd = http_site_connect(&site);
    tcp_say(fd, "GET /1 HTTP/1.1\r\n" HOST "\r\n");
    ASSERT_CONTAINS(tcp_hear_until(fd, "/1"), "200 OK");
    gw_server_drain(site.server);
    tcp_say(fd, "GET /2 HTTP/1.1\r\n" HOST "\r\n");
    const char *heard = tcp_hear_until(fd, "stopping");
    ASSERT_CONTAINS(heard, "HTTP/1.1 503 ");
    ASSERT_CONTAINS(heard, "\r\nConnection: close\r\n");
    close(fd);
    http_site_stop(&site);
}

static void test_a_body_over_its_limit_is_refused_before_it_is_read(void)
{
    struct http_site site;
    http_site_init(&site);
    site.config.limits.body_bytes = 10;
    http_site_start(&site);
    const char *heard = http_site_ask(&site,
                                      "POST / HTTP/1.1\r\n" HOST "Content-Length: 11\r\n"
                                      "Expect: 100-continue\r\n\r\n",
                                      "taken");
    ASSERT_CONTAINS(heard, "HTTP/1.1 413 ");
    ASSERT_LACKS(heard, "100 Continue");
    heard = http_site_ask(&site,
                          "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                          "9\r\n123456789\r\n2\r\nab\r\n",
                          "than 10 bytes");
    ASSERT_CONTAINS(heard, "HTTP/1.1 413 ");
    ASSERT_CONTAINS(heard, "413 the body has more than 10 bytes");
    http_site_stop(&site);
}

static void test_a_refusal_midway_may_be_answered_later(void)
{
    struct http_site site;
    http_site_init(&site);
    site.config.limits.body_bytes = 10;
    http_site_keep(&site, true);
    http_site_start(&site);
    int fd = http_site_connect(&site);
    tcp_say(fd, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                "5\r\n12345\r\n6\r\n123456\r\n");
    struct gw_request *request = http_site_next(&site);
    CU_ASSERT_EQUAL(gw_request_refusal(request), 413);
    tcp_say(fd, "7\r\n1234567\r\n");
    tcp_assert_quiet(fd);
    http_site_echo(request);
    const char *heard = tcp_hear_until(fd, NULL);
    ASSERT_CONTAINS(heard, "HTTP/1.1 413 ");
    ASSERT_CONTAINS(heard, "413 the body has more than 10 bytes");
    close(fd);
    http_site_stop(&site);
}

static void test_who_waits_for_100_gets_it(void)
{
    struct http_site site;
    http_site_init(&site);
    http_site_start(&site);
    int fd = http_site_connect(&site);
    tcp_say(fd, "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    ASSERT_CONTAINS(tcp_hear_until(fd, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n");
    tcp_say(fd, "ok");
    ASSERT_CONTAINS(tcp_hear_until(fd, "? ok"), "POST / ? ok");
    close(fd);
    http_site_stop(&site);
}

static void test_head_has_no_body(void)
{
    struct http_site site;
    http_site_init(&site);
    http_site_start(&site);
    const char *heard =
        http_site_ask(&site, "HEAD /x HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", NULL);
    ASSERT_CONTAINS(heard, "HTTP/1.1 200 OK\r\n");
    ASSERT_CONTAINS(heard, "\r\nContent-Length: 10\r\n");
    ASSERT_LACKS(heard, "HEAD /x");
    http_site_stop(&site);
}

static void test_http_1_0_is_served(void)
{
    struct http_site site;
    http_site_init(&site);
    http_site_start(&site);
    const char *heard =
        http_site_ask(&site, "POST /x HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", NULL);
    ASSERT_CONTAINS(heard, " 200 OK\r\n");
    ASSERT_CONTAINS(heard, "POST /x ? hi");
    http_site_stop(&site);
}

static void test_an_answer_has_only_fit_fields(void)
{
    static const struct gw_header headers[] = {
        {"X-Good", "a"}, {"X-Empty", ""}, {"X-Bad", "b\r\nX-Injected: c"},
        {"X\n", "d"},    {"X-Last", "e"}, {NULL, NULL}};
    struct http_site site;
    http_site_init(&site);
    http_site_keep(&site, true);
    http_site_start(&site);
    int fd = http_site_connect(&site);
    tcp_say(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    gw_request_answer(http_site_next(&site), 204, headers, NULL, 0);
    const char *heard = tcp_hear_until(fd, "\r\n\r\n");
    ASSERT_CONTAINS(heard, "HTTP/1.1 204 No Content\r\n");
    ASSERT_CONTAINS(heard, "\r\nX-Good: a\r\n");
    ASSERT_CONTAINS(heard, "\r\nX-Last: e\r\n");
    ASSERT_LACKS(heard, "X-Empty");
    ASSERT_LACKS(heard, "X-Bad");
    ASSERT_LACKS(heard, "Injected");
    close(fd);
    http_site_stop(&site);
}

static void test_a_connection_has_a_high_descriptor(void)
{
    struct http_site site;
    http_site_init(&site);
    http_site_keep(&site, true);
    http_site_start(&site);
    int fd = http_site_connect(&site);
    tcp_say(fd, "GET / HTTP/1.1\r\n" HOST "\r\n");
    struct gw_request *request = http_site_next(&site);
    CU_ASSERT_EQUAL(fcntl(GW_DESCRIPTOR_LEAST, F_GETFD), FD_CLOEXEC);
    http_site_echo(request);
    ASSERT_CONTAINS(tcp_hear_until(fd, "GET /"), "200 OK");
    close(fd);
    http_site_stop(&site);
}

CU_TestInfo gateway_tests_server[] = {
    {"a request is told whole and answered", test_a_request_is_told_whole_and_answered},
    {"a chunked body is whole, too", test_a_chunked_body_is_whole_too},
    {"a connection serves one request after the other",
     test_a_connection_serves_one_request_after_the_other},
    {"the client waits until another thread answers",
     test_the_client_waits_until_another_thread_answers},
    {"a stop waits for those that are not answered",
     test_a_stop_waits_for_those_that_are_not_answered},
    {"a server that drains takes no more", test_a_server_that_drains_takes_no_more},
    {"a body over its limit is refused before it is read",
     test_a_body_over_its_limit_is_refused_before_it_is_read},
    {"a refusal midway may be answered later", test_a_refusal_midway_may_be_answered_later},
    {"who waits for 100 gets it", test_who_waits_for_100_gets_it},
    {"HEAD has no body", test_head_has_no_body},
    {"HTTP/1.0 is served", test_http_1_0_is_served},
    {"an answer has only fit fields", test_an_answer_has_only_fit_fields},
    {"a connection has a high descriptor", test_a_connection_has_a_high_descriptor},
    CU_TEST_INFO_NULL,
};
