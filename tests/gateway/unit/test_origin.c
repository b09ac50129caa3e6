/* Who has sent a request, and how it reaches us. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/tcp.h"
#include "http_site.h"

struct origin {
    const char *headers; /* behind the first line */
    const char *base, *address;
};

static void assert_origins(struct http_site *site, const struct origin *origins, size_t count)
{
    http_site_keep(site, true);
    http_site_start(site);
    for (size_t i = 0; i < count; i++) {
        char text[1024];
        int fd = http_site_connect(site);
        snprintf(text, sizeof text, "GET /x HTTP/1.1\r\n%s\r\n", origins[i].headers);
        tcp_say(fd, text);
        struct gw_request *request = http_site_next(site);
        CU_ASSERT_EQUAL(gw_request_refusal(request), 0);
        ASSERT_TEXT(gw_request_base(request), origins[i].base);
        ASSERT_TEXT(gw_request_address(request), origins[i].address);
        http_site_echo(request);
        ASSERT_CONTAINS(tcp_hear_until(fd, "/x"), "200 OK");
        close(fd);
    }
    http_site_stop(site);
}

static void test_host_is_how_we_are_reached(void)
{
    static const struct origin origins[] = {
        {"Host: gw.example.org\r\n", "http://gw.example.org", "127.0.0.1"},
        {"Host: gw.example.org:8080\r\n", "http://gw.example.org:8080", "127.0.0.1"},
        {"Host: [2001:db8::1]:80\r\n", "http://[2001:db8::1]:80", "127.0.0.1"},
        {"Host:\r\n", "", "127.0.0.1"},
        /* Nobody has said that 127.0.0.1 is a proxy. */
        {"Host: gw\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\n"
         "X-Forwarded-For: 192.0.2.1\r\n",
         "http://gw", "127.0.0.1"}};
    struct http_site site;
    http_site_init(&site);
    assert_origins(&site, origins, sizeof origins / sizeof *origins);
}

static void test_a_trusted_proxy_knows_better(void)
{
    static char self[] = "127.0.0.1", inner[] = "10.0.0.1", six[] = "2001:DB8:0:0::1";
    static char *proxies[] = {self, inner, six, NULL};
    static const struct origin origins[] = {
        {"Host: gw\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example.org\r\n"
         "X-Forwarded-For: 192.0.2.1\r\n",
         "https://shop.example.org", "192.0.2.1"},
        {"Host: gw\r\nX-Forwarded-Host: evil.example.org, shop.example.org:444\r\n",
         "http://shop.example.org:444", "127.0.0.1"},
        {"Host: gw\r\nX-Forwarded-Host: a/b\r\n", "", "127.0.0.1"},
        {"Host: gw\r\nX-Forwarded-Proto: gopher\r\n", "http://gw", "127.0.0.1"},
        /* What a client has written itself stands on the left. */
        {"Host: gw\r\nX-Forwarded-For: 198.51.100.1, 192.0.2.1, 10.0.0.1\r\n", "http://gw",
         "192.0.2.1"},
        {"Host: gw\r\nX-Forwarded-For: 192.0.2.1,2001:db8::1 , 10.0.0.1\r\n", "http://gw",
         "192.0.2.1"},
        {"Host: gw\r\nX-Forwarded-For: 10.0.0.1\r\n", "http://gw", "10.0.0.1"},
        {"Host: gw\r\nX-Forwarded-For: 192.0.2.1, unknown\r\n", "http://gw", "127.0.0.1"},
        {"Host: gw\r\nX-Forwarded-For: \r\n", "http://gw", "127.0.0.1"},
        {"Host: gw\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n", "http://gw",
         "127.0.0.1"}};
    struct http_site site;
    http_site_init(&site);
    site.config.trusted_proxies = (struct gw_strings){proxies, 3};
    assert_origins(&site, origins, sizeof origins / sizeof *origins);
}

static void test_a_public_url_is_what_it_says(void)
{
    static char url[] = "https://gw.example.org:8443";
    static const struct origin origins[] = {{"Host: other\r\n", url, "127.0.0.1"}};
    struct http_site site;
    http_site_init(&site);
    site.config.public_url = url;
    assert_origins(&site, origins, 1);
}

static void test_a_target_may_be_absolute(void)
{
    static const char *const cases[][2] = {
        {"GET http://gw:80/a%20b?c=d HTTP/1.1\r\nHost: gw:80\r\n\r\n", "GET /a b ?c=d"},
        {"GET HTTPS://GW HTTP/1.1\r\nHost: gw\r\n\r\n", "GET / ?"},
        {"GET http://gw?x HTTP/1.1\r\nHost: gw\r\n\r\n", "GET / ?x"},
        {"GET http://gw/ HTTP/1.1\r\nHost: other\r\n\r\n", "400 Host isn't the one"},
        {"GET http://g/ HTTP/1.1\r\nHost: gw\r\n\r\n", "400 Host isn't the one"},
        {"GET http:///x HTTP/1.1\r\nHost: gw\r\n\r\n", "400 Host isn't the one"},
        {"GET ftp://gw/ HTTP/1.1\r\nHost: gw\r\n\r\n", "400 the path"}};
    struct http_site site;
    http_site_init(&site);
    http_site_start(&site);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ASSERT_CONTAINS(http_site_ask(&site, cases[i][0], cases[i][1]), cases[i][1]);
    http_site_stop(&site);
}

CU_TestInfo gateway_tests_origin[] = {
    {"Host is how we are reached", test_host_is_how_we_are_reached},
    {"a trusted proxy knows better", test_a_trusted_proxy_knows_better},
    {"a public URL is what it says", test_a_public_url_is_what_it_says},
    {"a target may be absolute", test_a_target_may_be_absolute},
    CU_TEST_INFO_NULL,
};
