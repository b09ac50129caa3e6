/* Requests that two readers could read in two ways, or that want more than there is: 4xx or a
 * closed connection, no second request out of their bytes, and nothing lost for others. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../lib/tcp.h"
#include "contract/text.h"
#include "http_site.h"

#define POST  "POST /x HTTP/1.1\r\nHost: gw\r\n"
#define NEXT  "GET /smuggled HTTP/1.1\r\nHost: gw\r\n\r\n"
#define CHUNK "Transfer-Encoding: chunked\r\n"

struct hostile {
    const char *name, *text;
    size_t bytes;
    bool may_be_served; /* its connection is closed behind it then */
};
#define CASE(name, text)                                                                           \
    {                                                                                              \
        name, text, sizeof(text) - 1, false                                                        \
    }
#define SERVED(name, text)                                                                         \
    {                                                                                              \
        name, text, sizeof(text) - 1, true                                                         \
    }

/* Each ends with a request that no one may see as one. */
static const struct hostile CASES[] = {
    CASE("both lengths", POST "Content-Length: 4\r\n" CHUNK "\r\n0\r\n\r\n" NEXT),
    CASE("both lengths, the other way round", POST CHUNK "Content-Length: 4\r\n\r\n0\r\n\r\n" NEXT),
    CASE("two lengths", POST "Content-Length: 3\r\nContent-Length: 0\r\n\r\nabc" NEXT),
    CASE("the same length twice", POST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a list of lengths", POST "Content-Length: 0, 0\r\n\r\n" NEXT),
    CASE("a negative length", POST "Content-Length: -1\r\n\r\n" NEXT),
    CASE("a length with a plus", POST "Content-Length: +0\r\n\r\n" NEXT),
    CASE("a length in hexadecimal digits", POST "Content-Length: 0x0\r\n\r\n" NEXT),
    CASE("an empty length", POST "Content-Length:\r\n\r\n" NEXT),
    CASE("a length beyond 64 bits", POST "Content-Length: 18446744073709551616\r\n\r\n" NEXT),
    CASE("a length beyond the limit", POST "Content-Length: 18446744073709551615\r\n\r\n" NEXT),
    CASE("a length with a blank before the colon", POST "Content-Length : 0\r\n\r\n" NEXT),
    CASE("a length with a letter of another alphabet",
         POST "C\xd0\xbentent-Length: 40\r\n\r\n" NEXT),
    CASE("an encoding that isn't known", POST "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n" NEXT),
    CASE("two encodings", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" NEXT),
    CASE("chunked twice", POST CHUNK CHUNK "\r\n0\r\n\r\n" NEXT),
    CASE("chunked and identity", POST CHUNK "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" NEXT),
    CASE("chunked with a tab inside", POST "Transfer-Encoding: chun\tked\r\n\r\n0\r\n\r\n" NEXT),
    CASE("chunked with a vertical tab", POST "Transfer-Encoding:\vchunked\r\n\r\n0\r\n\r\n" NEXT),
    CASE("chunked in quotes", POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" NEXT),
    CASE("an empty encoding", POST "Transfer-Encoding:\r\n\r\n0\r\n\r\n" NEXT),
    CASE("chunked by HTTP/1.0", "POST /x HTTP/1.0\r\nHost: gw\r\n" CHUNK "\r\n0\r\n\r\n" NEXT),
    CASE("LF alone behind the first line",
         "POST /x HTTP/1.1\nHost: gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("LF alone behind a field", "POST /x HTTP/1.1\r\nHost: gw\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("LF alone behind the header", POST "Content-Length: 0\r\n\n" NEXT),
    CASE("LF alone everywhere", "POST /x HTTP/1.1\nHost: gw\nContent-Length: 0\n\n" NEXT),
    CASE("CR alone behind a field", "POST /x HTTP/1.1\r\nHost: gw\rContent-Length: 0\r\n\r\n" NEXT),
    CASE("CR twice", "POST /x HTTP/1.1\r\nHost: gw\r\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a line that goes on", POST "X: a\r\n b\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("an encoding that goes on", POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" NEXT),
    CASE("a first field that goes on from nowhere",
         "POST /x HTTP/1.1\r\n Host: gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a NUL in a value", POST "X: a\0b\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a NUL before a length", POST "X: a\0Content-Length: 5\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a NUL in a name", POST "X\0Y: a\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a NUL in the path", "POST /x\0y HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a NUL in the method", "PO\0ST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a control character in a value", POST "X: a\x01\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("no colon", POST "Content-Length 0\r\n\r\n" NEXT),
    CASE("no name", POST ": 0\r\n\r\n" NEXT),
    CASE("a name in parentheses", POST "(X): 0\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("two hosts", POST "Host: other\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("no host", "POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a host with a path", "POST /x HTTP/1.1\r\nHost: gw/y\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a host with a user", "POST /x HTTP/1.1\r\nHost: a@gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("two blanks in the first line",
         "POST  /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a blank in the path", "POST /x y HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a blank behind the first line",
         "POST /x HTTP/1.1 \r\nHost: gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a tab in the first line",
         "POST\t/x HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("no version", "POST /x\r\nHost: gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("HTTP/0.9", "GET /x\r\n"),
    CASE("HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" NEXT),
    CASE("HTTP/1.10", "POST /x HTTP/1.10\r\nHost: gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("another protocol", "POST /x JTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("a method that is none", "P(ST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n" NEXT),
    CASE("TRACE", "TRACE /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n"),
    CASE("CONNECT", "CONNECT gw:443 HTTP/1.1\r\nHost: gw\r\n\r\n"),
    CASE("a path with dots", "POST /a/../x HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n"),
    CASE("a path with coded dots",
         "POST /a/%2e%2E/x HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n"),
    CASE("a path with a coded NUL", "POST /a%00 HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n"),
    CASE("a path with a coded LF", "POST /a%0a HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n"),
    CASE("a path with half a code", "POST /a%2 HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n"),
    CASE("a path with a backslash", "POST /a\\b HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n"),
    CASE("a path that isn't UTF-8", "POST /%ff HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n"),
    CASE("an expectation that isn't known",
         POST "Content-Length: 1\r\nExpect: miracles\r\n\r\n" NEXT),
    CASE("a chunk without a size", POST CHUNK "\r\n;x\r\n\r\n" NEXT),
    CASE("a chunk of a negative size", POST CHUNK "\r\n-1\r\n\r\n" NEXT),
    CASE("a chunk of 2^64", POST CHUNK "\r\n10000000000000000\r\n" NEXT),
    CASE("a chunk of 2^64 - 1", POST CHUNK "\r\nffffffffffffffff\r\n" NEXT),
    CASE("a chunk with 0x", POST CHUNK "\r\n0x1\r\na\r\n0\r\n\r\n" NEXT),
    CASE("a chunk with a blank before its size", POST CHUNK "\r\n 1\r\na\r\n0\r\n\r\n" NEXT),
    CASE("a chunk longer than its size", POST CHUNK "\r\n1\r\nab\r\n0\r\n\r\n" NEXT),
    SERVED("LF alone behind a chunk's size", POST CHUNK "\r\n1\na\r\n0\r\n\r\n" NEXT),
    SERVED("LF alone behind a chunk", POST CHUNK "\r\n1\r\na\n0\r\n\r\n" NEXT),
    SERVED("LF alone in a chunk's extension", POST CHUNK "\r\n1;x\na\r\n0\r\n\r\n" NEXT),
    SERVED("a length behind the last chunk", POST CHUNK "\r\n0\r\nContent-Length: 50\r\n\r\n" NEXT),
};

/* Says it, whole or byte by byte; what comes to the end. */
static const char *attack(struct http_site *site, const struct hostile *of, bool in_bytes)
{
    int fd = http_site_connect(site);
    size_t piece = in_bytes ? 1 : of->bytes;
    for (size_t at = 0; at < of->bytes; at += piece)
        if (send(fd, of->text + at, piece, MSG_NOSIGNAL) < 0)
            break; /* it was closed already */
    shutdown(fd, SHUT_WR);
    const char *heard = tcp_hear_until(fd, NULL);
    close(fd);
    return heard;
}

static void test_what_can_be_read_in_two_ways_is_refused(void)
{
    struct http_site site;
    http_site_init(&site);
    http_site_start(&site);
    int other = http_site_connect(&site);
    for (size_t i = 0; i < 2 * sizeof CASES / sizeof *CASES; i++) {
        const struct hostile *of = &CASES[i / 2];
        const char *heard = attack(&site, of, i % 2);
        bool is_refused = !*heard || strncmp(heard, "HTTP/1.1 4", 10) == 0 ||
                          strncmp(heard, "HTTP/1.1 505 ", 13) == 0;
        bool is_closed = of->may_be_served && strstr(heard, "Connection: close\r\n");
        if (!is_refused && !is_closed)
            printf("\n    %s: %s\n", of->name, heard);
        CU_ASSERT(is_refused || is_closed);
        ASSERT_LACKS(heard, "/smuggled");
        tcp_say(other, POST "Content-Length: 2\r\n\r\nok");
        ASSERT_CONTAINS(tcp_hear_until(other, "? ok"), "200 OK");
    }
    close(other);
    http_site_stop(&site);
}

static void test_a_header_over_its_limit_is_431(void)
{
    struct http_site site;
    struct gw_server_counts counts;
    http_site_init(&site);
    site.config.limits.header_bytes = 4096;
    http_site_start(&site);
    char *text = calloc(1, 40000);
    for (size_t size = 4000; size < 34000; size += 10000) {
        int at = sprintf(text, "POST /x HTTP/1.1\r\nHost: gw\r\nX: ");
        memset(text + at, 'x', size);
        strcpy(text + at + size, "\r\nContent-Length: 0\r\n\r\n");
        const char *heard = http_site_ask(&site, text, "\r\n\r\n");
        ASSERT_CONTAINS(heard, size < 4096 ? "HTTP/1.1 200 " : "HTTP/1.1 431 ");
    }
    gw_server_count(site.server, &counts);
    CU_ASSERT_EQUAL(counts.refused[4], 2);
    /* Many small fields. */
    int at = sprintf(text, "POST /x HTTP/1.1\r\nHost: gw\r\n");
    for (int i = 0; i < 300; i++)
        at += sprintf(text + at, "a:b\r\n");
    strcpy(text + at, "\r\n");
    ASSERT_CONTAINS(http_site_ask(&site, text, "\r\n\r\n"), "HTTP/1.1 431 ");
    /* A path. */
    at = sprintf(text, "POST /");
    memset(text + at, 'x', 30000);
    strcpy(text + at + 30000, " HTTP/1.1\r\nHost: gw\r\n\r\n");
    ASSERT_CONTAINS(http_site_ask(&site, text, "\r\n\r\n"), "HTTP/1.1 4");
    free(text);
    http_site_stop(&site);
}

static void *answer_a_hundred(void *user)
{
    for (int i = 0; i < 100; i++)
        http_site_echo(http_site_next(user));
    return NULL;
}

/* Answered at once, and by another thread. */
static void test_a_hundred_requests_in_one_piece_are_answered_in_order(void)
{
    for (int by_thread = 0; by_thread < 2; by_thread++) {
        struct http_site site;
        char text[100 * 80], expected[32];
        pthread_t thread;
        int at = 0;
        http_site_init(&site);
        http_site_keep(&site, by_thread);
        http_site_start(&site);
        if (by_thread)
            CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, answer_a_hundred, &site), 0);
        for (int i = 0; i < 100; i++)
            at += sprintf(text + at,
                          "POST /%02d HTTP/1.1\r\nHost: gw\r\nContent-Length: 2\r\n\r\n%02d", i, i);
        int fd = http_site_connect(&site);
        tcp_say(fd, text);
        const char *heard = tcp_hear_until(fd, "/99 ? 99");
        for (int i = 0; i < 100; i++) {
            sprintf(expected, "POST /%02d ? %02d", i, i);
            heard = strstr(heard, expected);
            CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
        }
        if (by_thread)
            pthread_join(thread, NULL);
        close(fd);
        http_site_stop(&site);
    }
}

/* A request that nothing is wrong with, of a random shape; its path and body are its number. */
static void put_request(struct ct_text *out, unsigned *seed, int number)
{
    static const char *const values[] = {
        "", " ", "x", "  two  words \t", "\xc3\xa9", "a:b,c;d=\"e\""};
    unsigned fields = rand_r(seed) % 4 ? rand_r(seed) % 5 : rand_r(seed) % 60;
    ct_text_print(out, "POST /%d?q=%%20%u HTTP/1.1\r\nHost: gw:%u\r\n", number, rand_r(seed) % 100,
                  1 + rand_r(seed) % 65535);
    for (unsigned i = 0; i < fields; i++) {
        unsigned length = rand_r(seed) % 8 ? rand_r(seed) % 20 : rand_r(seed) % 200;
        ct_text_print(out, "X-%u:%s", rand_r(seed) % 1000, values[rand_r(seed) % 6]);
        while (length-- > 0)
            ct_text_put(out, "y");
        ct_text_put(out, "\r\n");
    }
    ct_text_print(out, "Content-Length: %d\r\n\r\n%08d", 8, number);
}

/* The header is looked at where libmicrohttpd has received it, wherever that is. */
static void test_requests_of_any_shape_are_served(void)
{
    enum { CONNECTIONS = 60, REQUESTS = 12 };
    unsigned seed = 1;
    struct http_site site;
    http_site_init(&site);
    http_site_start(&site);
    for (int c = 0; c < CONNECTIONS; c++) {
        struct ct_text text = {0};
        char last[32];
        int fd = http_site_connect(&site), first = c * REQUESTS;
        for (int i = 0; i < REQUESTS; i++)
            put_request(&text, &seed, first + i);
        for (size_t at = 0; at < text.len;) {
            size_t piece = 1 + rand_r(&seed) % (rand_r(&seed) % 2 ? 40 : 20000);
            piece = piece < text.len - at ? piece : text.len - at;
            CU_ASSERT_EQUAL(send(fd, text.bytes + at, piece, MSG_NOSIGNAL), (ssize_t)piece);
            at += piece;
        }
        sprintf(last, " %08d", first + REQUESTS - 1);
        const char *heard = tcp_hear_until(fd, last);
        for (int i = 0; i < REQUESTS; i++) {
            char expected[64];
            sprintf(expected, "POST /%d ?q=", first + i);
            const char *found = strstr(heard, expected);
            CU_ASSERT_PTR_NOT_NULL_FATAL(found);
            heard = found;
        }
        ASSERT_LACKS(heard, "HTTP/1.1 4");
        close(fd);
        ct_text_fini(&text);
    }
    http_site_stop(&site);
}

CU_TestInfo gateway_tests_hostile[] = {
    {"what can be read in two ways is refused", test_what_can_be_read_in_two_ways_is_refused},
    {"a header over its limit is 431", test_a_header_over_its_limit_is_431},
    {"a hundred requests in one piece are answered in order",
     test_a_hundred_requests_in_one_piece_are_answered_in_order},
    {"requests of any shape are served", test_requests_of_any_shape_are_served},
    CU_TEST_INFO_NULL,
};
