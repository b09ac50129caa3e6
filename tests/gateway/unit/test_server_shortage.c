/* Memory that runs short in a server: one request is lost at most, and nothing leaks. */
#include "../../lib/suite.h"
#include "shortage.h"

#include <crypt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/tcp.h"
#include "http_site.h"
#include "http_tls.h"

#define POST                                                                                       \
    "POST /x HTTP/1.1\r\nHost: gw\r\nX: y\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n"  \
    "Accept-Encoding: gzip\r\n\r\nhi"

static void test_a_server_starts_whole_or_not(void)
{
    static char cert[64], key[64], path[64], name[] = "staff";
    struct gw_auth auth = {.name = name, .type = GW_AUTH_BASIC, .file = path};
    struct http_site site;
    struct http_pki pki;
    http_site_init(&site);
    http_pki_make(&pki);
    strcpy(cert, http_pki_path(&pki, "server.pem"));
    strcpy(key, http_pki_path(&pki, "server.key"));
    strcpy(path, http_pki_path(&pki, "users"));
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file, "alice:%s\n", crypt("a", "$5$rounds=1000$salt$"));
    fclose(file);
    site.listen.cert_file = cert;
    site.listen.key_file = key;
    site.listen.auth = &auth;

    for (unsigned number = 1, failed = 1; failed; number++) {
        char why[256] = "";
        int references = site.config.references;
        shortage_begin(number, false);
        struct gw_server *server =
            gw_server_start(&site.config, &site.listen, 1, NULL, NULL, why, sizeof why);
        failed = shortage_end();
        CU_ASSERT(failed ? server || *why : server != NULL);
        if (server)
            gw_server_stop(server);
        CU_ASSERT_EQUAL(site.config.references, references);
        CU_ASSERT(failed || number > 10);
    }
    unlink(path);
    http_pki_remove(&pki);
}

static void test_an_answer_is_whole_or_its_connection_closed(void)
{
    static const struct gw_header headers[] = {{"Content-Type", "text/xml"}, {NULL, NULL}};
    struct http_site site;
    http_site_init(&site);
    http_site_keep(&site, true);
    http_site_start(&site);
    for (unsigned number = 1, failed = 1; failed; number++) {
        size_t bytes = number % 2 ? 5000 : 100000;
        char *body = malloc(bytes);
        memset(body, 'x', bytes);
        int fd = http_site_connect(&site);
        tcp_say(fd, POST);
        struct gw_request *request = http_site_next(&site);
        shortage_begin(number, true);
        gw_request_answer(request, 200, headers, body, bytes);
        failed = shortage_end();
        const char *heard = tcp_hear_until(fd, "\r\n\r\n");
        CU_ASSERT(!*heard || strstr(heard, "200 OK"));
        CU_ASSERT(failed || *heard);
        close(fd);
    }
    http_site_stop(&site);
}

/* The listener's own thread: the taker, which runs there, begins and ends the shortage. */
struct arming {
    struct gw_server *server;
    atomic_uint number; /* what fails next; 0: it ends */
    atomic_bool failed;
};

static void arm(void *user, struct gw_request *request)
{
    struct arming *arming = user;
    if (shortage_end())
        arming->failed = true;
    unsigned number = atomic_exchange(&arming->number, 0);
    http_site_echo(request);
    if (number)
        shortage_begin(number, false);
}

static const char *ask(int port, const char *text)
{
    int fd = tcp_connect(port);
    CU_ASSERT_FATAL(fd >= 0);
    tcp_say(fd, text);
    const char *heard = tcp_hear_until(fd, "\r\n\r\n");
    close(fd);
    return heard;
}

static void test_a_request_is_told_whole_or_refused(void)
{
    struct http_site site;
    struct arming arming = {.number = 0};
    char why[256];
    http_site_init(&site);
    arming.server = gw_server_start(&site.config, &site.listen, 1, arm, &arming, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(arming.server);
    int port = (int)gw_server_port(arming.server, 0);
    unsigned number = 0;
    do {
        arming.failed = false;
        arming.number = ++number;
        ASSERT_CONTAINS(ask(port, POST), "200 OK");
        const char *heard = ask(port, POST);
        CU_ASSERT(!*heard || strstr(heard, "200 OK") || strstr(heard, "503 "));
        ASSERT_CONTAINS(ask(port, POST), "200 OK");
    } while (arming.failed);
    CU_ASSERT(number > 8);
    gw_server_stop(arming.server);
}

CU_TestInfo gateway_tests_server_shortage[] = {
    {"a server starts whole or not", test_a_server_starts_whole_or_not},
    {"an answer is whole or its connection closed",
     test_an_answer_is_whole_or_its_connection_closed},
    {"a request is told whole or refused", test_a_request_is_told_whole_or_refused},
    CU_TEST_INFO_NULL,
};
