/* Clients that go, that are slow, that are many. */
#include "../../lib/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../lib/tcp.h"
#include "base/descriptor.h"
#include "http_site.h"

#define HELD "POST /held HTTP/1.1\r\nHost: gw\r\nContent-Length: 2\r\n\r\nhi"

static struct gw_server_counts count(struct http_site *site)
{
    struct gw_server_counts counts;
    gw_server_count(site->server, &counts);
    return counts;
}

/* Waits until it is so; the server's threads come to it when they do. */
#define AWAIT(CONDITION)                                                                           \
    do {                                                                                           \
        for (int ms = 0; ms < TCP_LONG_MS && !(CONDITION); ms++)                                   \
            poll(NULL, 0, 1);                                                                      \
        CU_ASSERT(CONDITION);                                                                      \
    } while (0)

static void test_who_hangs_up_is_noticed(void)
{
    struct http_site site;
    http_site_init(&site);
    http_site_keep(&site, true);
    http_site_start(&site);
    int stays = http_site_connect(&site), goes = http_site_connect(&site);
    tcp_say(stays, HELD);
    struct gw_request *of_stays = http_site_next(&site);
    tcp_say(goes, HELD);
    struct gw_request *of_goes = http_site_next(&site);
    CU_ASSERT_FALSE(gw_request_is_gone(of_goes));
    close(goes);
    AWAIT(gw_request_is_gone(of_goes));
    CU_ASSERT_FALSE(gw_request_is_gone(of_stays));
    CU_ASSERT_EQUAL(gw_server_busy(site.server), 2); /* the call goes on */
    http_site_echo(of_goes);
    CU_ASSERT_EQUAL(count(&site).abandoned, 1);
    http_site_echo(of_stays);
    ASSERT_CONTAINS(tcp_hear_until(stays, "? hi"), "200 OK");
    CU_ASSERT_EQUAL(count(&site).abandoned, 1);
    close(stays);
    http_site_stop(&site);
}

static void test_a_half_that_is_closed_still_reads_its_answer(void)
{
    struct http_site site;
    http_site_init(&site);
    http_site_keep(&site, true);
    http_site_start(&site);
    int fd = http_site_connect(&site);
    tcp_say(fd, HELD);
    shutdown(fd, SHUT_WR);
    http_site_echo(http_site_next(&site));
    ASSERT_CONTAINS(tcp_hear_until(fd, "? hi"), "200 OK");
    close(fd);
    http_site_stop(&site);
}

/* Says a byte of text at a time, until it is closed; whether it was. */
static bool is_cut_off(int fd, const char *text)
{
    for (const char *at = text; *at; at++) {
        if (send(fd, at, 1, MSG_NOSIGNAL) < 0 || tcp_is_ready(fd, POLLIN, 50))
            return true;
    }
    return false;
}

static void test_a_request_that_comes_byte_by_byte_is_cut_off(void)
{
    struct http_site site;
    char text[2000];
    http_site_init(&site);
    site.config.limits.idle_ms = 1000;
    http_site_start(&site);
    int quick = http_site_connect(&site);
    /* Each byte is in time, the header never ends. */
    int fd = http_site_connect(&site);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    tcp_say(fd, "POST / HTTP/1.1\r\nHost: gw\r\nX: ");
    CU_ASSERT(is_cut_off(fd, text));
    ASSERT_CONTAINS(tcp_hear_until(fd, NULL), "HTTP/1.1 408 ");
    close(fd);
    AWAIT(count(&site).refused[2] == 1);
    /* The same with a body. */
    fd = http_site_connect(&site);
    tcp_say(fd, "POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 10000\r\n\r\n");
    CU_ASSERT(is_cut_off(fd, text));
    close(fd);
    AWAIT(count(&site).refused[2] == 2);
    /* And with a first line. */
    fd = http_site_connect(&site);
    CU_ASSERT(is_cut_off(fd, text));
    close(fd);
    /* One that says nothing is closed, too, without a word. */
    tcp_assert_ends(quick, "", 0);
    close(quick);
    AWAIT(count(&site).connections == 0);
    http_site_stop(&site);
}

static void test_a_request_that_waits_is_not_cut_off(void)
{
    struct http_site site;
    http_site_init(&site);
    site.config.limits.idle_ms = 1000;
    http_site_keep(&site, true);
    http_site_start(&site);
    int fd = http_site_connect(&site);
    tcp_say(fd, HELD);
    struct gw_request *request = http_site_next(&site);
    CU_ASSERT_FALSE(tcp_is_ready(fd, POLLIN, 3500));
    http_site_echo(request);
    ASSERT_CONTAINS(tcp_hear_until(fd, "? hi"), "200 OK");
    /* What has been answered may wait as long again. */
    tcp_say(fd, HELD);
    http_site_echo(http_site_next(&site));
    ASSERT_CONTAINS(tcp_hear_until(fd, "? hi"), "200 OK");
    close(fd);
    http_site_stop(&site);
}

static void test_who_is_refused_while_it_sends_reads_the_answer(void)
{
    static char piece[65536];
    static const char *const headers[] = {
        "POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 8388608\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n800000\r\n"};
    struct http_site site;
    http_site_init(&site);
    http_site_start(&site);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        int fd = http_site_connect(&site);
        size_t sent = 0;
        tcp_say(fd, headers[i]);
        while (sent < 8 << 20) {
            ssize_t some = send(fd, piece, sizeof piece, MSG_NOSIGNAL);
            if (some <= 0)
                break;
            sent += (size_t)some;
        }
        CU_ASSERT_EQUAL(sent, 8 << 20);
        ASSERT_CONTAINS(tcp_hear_until(fd, NULL), "HTTP/1.1 413 ");
        close(fd);
    }
    http_site_stop(&site);
}

static void test_more_connections_than_the_limit_are_told(void)
{
    struct http_site site;
    int fds[8];
    http_site_init(&site);
    site.config.limits.connections = 8;
    http_site_start(&site);
    for (int i = 0; i < 8; i++) {
        fds[i] = http_site_connect(&site);
        tcp_say(fds[i], HELD);
        ASSERT_CONTAINS(tcp_hear_until(fds[i], "? hi"), "200 OK");
    }
    int more = http_site_connect(&site);
    ASSERT_CONTAINS(tcp_hear_until(more, NULL), "HTTP/1.1 503 ");
    close(more);
    AWAIT(count(&site).refused[5] == 1);
    for (int i = 1; i < 8; i++)
        close(fds[i]);
    AWAIT(count(&site).connections <= 1);
    ASSERT_CONTAINS(http_site_ask(&site, HELD, "? hi"), "200 OK");
    tcp_say(fds[0], HELD);
    ASSERT_CONTAINS(tcp_hear_until(fds[0], "? hi"), "200 OK");
    close(fds[0]);
    http_site_stop(&site);
}

static void test_without_descriptors_those_that_are_there_are_served(void)
{
    struct http_site site;
    struct rlimit before, few;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    http_site_init(&site);
    http_site_start(&site);
    few = before;
    few.rlim_cur = GW_DESCRIPTOR_LEAST + 1;
    int one = http_site_connect(&site);
    tcp_say(one, HELD);
    ASSERT_CONTAINS(tcp_hear_until(one, "? hi"), "200 OK");
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &few), 0);
    int two = http_site_connect(&site);
    ASSERT_TEXT(tcp_hear_until(two, NULL), "");
    tcp_say(one, HELD);
    ASSERT_CONTAINS(tcp_hear_until(one, "? hi"), "200 OK");
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(two);
    two = http_site_connect(&site); /* once the listeners have rested */
    tcp_say(two, HELD);
    ASSERT_CONTAINS(tcp_hear_until(two, "? hi"), "200 OK");
    close(one);
    close(two);
    http_site_stop(&site);
}

static size_t resident_bytes(void)
{
    unsigned long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%lu %lu", &pages, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* Sanitizers and valgrind have memory of their own. */
static bool is_measured(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#else
    return !strstr(getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : "", "valgrind");
#endif
}

/* The second request of a connection: libmicrohttpd has touched all of its memory by then. */
static void test_a_thousand_wait_within_their_memory(void)
{
    enum { MANY = 1000, KIB_EACH = 32 };
    struct http_site site;
    int *fds = calloc(MANY, sizeof *fds), high = 0;
    struct rlimit limit;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    http_site_init(&site);
    site.config.limits.idle_ms =
        600000; /* on a slow machine the first one waits long for the last */
    http_site_start(&site);
    size_t before = resident_bytes();
    for (int i = 0; i < MANY; i++) {
        /* The clients' ends make room, too, for descriptors that a link needs. */
        int fd = http_site_connect(&site);
        fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, GW_DESCRIPTOR_LEAST);
        close(fd);
        CU_ASSERT_FATAL(fds[i] >= 0);
        tcp_say(fds[i], HELD);
        ASSERT_CONTAINS(tcp_hear_until(fds[i], "? hi"), "200 OK");
    }
    http_site_keep(&site, true);
    for (int i = 0; i < MANY; i++)
        tcp_say(fds[i], HELD);
    http_site_await(&site, MANY);
    CU_ASSERT_EQUAL(gw_server_busy(site.server), MANY);
    size_t more = resident_bytes() - before;
    CU_ASSERT(!is_measured() || more < (size_t)MANY * KIB_EACH * 1024);
    /* A new descriptor is low as ever. */
    high = dup(0);
    CU_ASSERT(high < GW_DESCRIPTOR_LEAST);
    close(high);
    for (int i = 0; i < MANY; i++)
        http_site_echo(http_site_next(&site));
    for (int i = 0; i < MANY; i++) {
        ASSERT_CONTAINS(tcp_hear_until(fds[i], "? hi"), "200 OK");
        close(fds[i]);
    }
    free(fds);
    http_site_stop(&site);
}

static void test_a_path_is_a_unix_socket(void)
{
    static char path[] = "/tmp/gw-http-test.socket";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct http_site site;
    char why[256] = "";
    sprintf(path, "/tmp/gw-%07d.socket", (int)getpid());
    http_site_init(&site);
    site.listen.address = path;
    strcpy(address.sun_path, path);
    for (int i = 0; i < 2; i++) { /* the second finds one that was left over */
        if (i == 1) {
            int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            CU_ASSERT_EQUAL(bind(left, (struct sockaddr *)&address, sizeof address), 0);
            close(left);
        }
        http_site_start(&site);
        CU_ASSERT_PTR_NULL(
            gw_server_start(&site.config, &site.listen, 1, NULL, NULL, why, sizeof why));
        ASSERT_CONTAINS(why, "Address already in use");
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
        tcp_say(fd, HELD);
        ASSERT_CONTAINS(tcp_hear_until(fd, "? hi"), "200 OK");
        close(fd);
        gw_server_stop(site.server);
        CU_ASSERT_EQUAL(access(path, F_OK), -1);
    }
}

static void test_an_address_that_can_not_be_had_is_told(void)
{
    static const char *const cases[][2] = {
        {"nonsense", "can't listen on nonsense: it is no HOST:PORT"},
        {"[::1:80", "can't listen on [::1:80: it is no HOST:PORT"},
        {"127.0.0.1:http-not", "can't listen on 127.0.0.1:http-not: Servname not supported"},
        {"192.0.2.1:80", "can't listen on 192.0.2.1:80: Cannot assign requested address"},
        {"/nonexistent/socket", "can't listen on /nonexistent/socket: No such file"}};
    struct http_site site;
    char why[256], address[64];
    http_site_init(&site);
    site.listen.address = address;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        strcpy(address, cases[i][0]);
        CU_ASSERT_PTR_NULL(
            gw_server_start(&site.config, &site.listen, 1, NULL, NULL, why, sizeof why));
        ASSERT_CONTAINS(why, cases[i][1]);
    }
    site.config.limits.connections = 2000000000;
    CU_ASSERT_PTR_NULL(gw_server_start(&site.config, &site.listen, 1, NULL, NULL, why, sizeof why));
    ASSERT_CONTAINS(why, "2000000000 connections need 2000001612 descriptors, and the limit is ");
}

CU_TestInfo gateway_tests_connections[] = {
    {"who hangs up is noticed", test_who_hangs_up_is_noticed},
    {"a half that is closed still reads its answer",
     test_a_half_that_is_closed_still_reads_its_answer},
    {"a request that comes byte by byte is cut off",
     test_a_request_that_comes_byte_by_byte_is_cut_off},
    {"a request that waits isn't cut off", test_a_request_that_waits_is_not_cut_off},
    {"who is refused while it sends reads the answer",
     test_who_is_refused_while_it_sends_reads_the_answer},
    {"more connections than the limit are told", test_more_connections_than_the_limit_are_told},
    {"without descriptors those that are there are served",
     test_without_descriptors_those_that_are_there_are_served},
    {"a thousand wait within their memory", test_a_thousand_wait_within_their_memory},
    {"a path is a unix socket", test_a_path_is_a_unix_socket},
    {"an address that can't be had is told", test_an_address_that_can_not_be_had_is_told},
    CU_TEST_INFO_NULL,
};
