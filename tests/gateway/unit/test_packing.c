/* Bodies that come or go packed. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "../../lib/tcp.h"
#include "contract/text.h"
#include "http/packing.h"
#include "http/unpacking.h"
#include "http_site.h"

enum { GZIP = 15 + 16, ZLIB = 15, BARE = -15 };

static void pack(struct ct_text *out, const char *text, size_t bytes, int window)
{
    unsigned char piece[4096];
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)text, .avail_in = (uInt)bytes};
    int result;
    CU_ASSERT_EQUAL_FATAL(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY),
                          Z_OK);
    do {
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        result = deflate(&stream, Z_FINISH);
        ct_text_add(out, (char *)piece, sizeof piece - stream.avail_out);
    } while (result == Z_OK);
    deflateEnd(&stream);
}

/* Sends a body with this Content-Encoding; what comes to the end. */
static const char *post(struct http_site *site, const char *encoding, const struct ct_text *body,
                        size_t bytes)
{
    char header[256];
    int fd = http_site_connect(site);
    sprintf(header,
            "POST / HTTP/1.1\r\nHost: gw\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n"
            "Connection: close\r\n\r\n",
            encoding, bytes);
    tcp_say(fd, header);
    for (size_t at = 0; at < bytes;) {
        ssize_t sent = send(fd, body->bytes + at, bytes - at, MSG_NOSIGNAL);
        if (sent <= 0)
            break;
        at += (size_t)sent;
    }
    const char *heard = tcp_hear_until(fd, NULL);
    close(fd);
    return heard;
}

static void test_what_comes_packed_is_unpacked(void)
{
    static const struct {
        const char *encoding;
        int window;
    } ways[] = {
        {"gzip", GZIP}, {"GZip", GZIP}, {"x-gzip", GZIP}, {"deflate", ZLIB}, {"deflate", BARE}};
    struct http_site site;
    http_site_init(&site);
    http_site_start(&site);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct ct_text body = {0};
        pack(&body, "an envelope", 11, ways[i].window);
        ASSERT_CONTAINS(post(&site, ways[i].encoding, &body, body.len), "POST / ? an envelope");
        ASSERT_CONTAINS(post(&site, ways[i].encoding, &body, body.len - 1), "HTTP/1.1 400 ");
        body.bytes[body.len / 2] ^= 0x55;
        ASSERT_LACKS(post(&site, ways[i].encoding, &body, body.len), "an envelope");
        ct_text_fini(&body);
    }
    struct ct_text plain = {0};
    ct_text_put(&plain, "not packed");
    ASSERT_CONTAINS(post(&site, "gzip", &plain, plain.len), "HTTP/1.1 400 ");
    ASSERT_CONTAINS(post(&site, "br", &plain, plain.len), "HTTP/1.1 415 ");
    ASSERT_CONTAINS(post(&site, "gzip, gzip", &plain, plain.len), "HTTP/1.1 415 ");
    ASSERT_CONTAINS(post(&site, "identity", &plain, plain.len), "POST / ? not packed");
    ASSERT_CONTAINS(post(&site, "gzip", &plain, 0), "POST / ? ");
    /* Something behind the end. */
    ct_text_clear(&plain);
    pack(&plain, "an envelope", 11, GZIP);
    ct_text_put(&plain, "more");
    ASSERT_CONTAINS(post(&site, "gzip", &plain, plain.len), "HTTP/1.1 400 ");
    ct_text_fini(&plain);
    http_site_stop(&site);
}

static void test_a_bomb_is_refused_when_it_is_too_large(void)
{
    struct http_site site;
    struct ct_text bomb = {0};
    size_t bytes = 50 << 20;
    char *zeros = calloc(1, bytes);
    http_site_init(&site);
    site.config.limits.body_bytes = 100000;
    http_site_start(&site);
    pack(&bomb, zeros, bytes, GZIP); /* about 50 kB */
    CU_ASSERT(bomb.len < 100000);
    ASSERT_CONTAINS(post(&site, "gzip", &bomb, bomb.len),
                    "413 the body has more than 100000 bytes");
    free(zeros);
    ct_text_fini(&bomb);
    http_site_stop(&site);
}

static void test_all_bodies_together_have_a_limit(void)
{
    struct http_site site;
    struct ct_text body = {0};
    char *text = calloc(1, 100001);
    http_site_init(&site);
    site.config.limits.memory_bytes = 200000;
    http_site_keep(&site, true);
    http_site_start(&site);
    memset(text, 'x', 100000);
    ct_text_put(&body, text);
    int fd = http_site_connect(&site);
    tcp_say(fd, "POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 100000\r\n\r\n");
    tcp_say(fd, text);
    struct gw_request *first = http_site_next(&site);
    CU_ASSERT_EQUAL(gw_request_refusal(first), 0);
    http_site_keep(&site, false);
    ASSERT_CONTAINS(post(&site, "identity", &body, body.len), "HTTP/1.1 503 ");
    gw_request_answer(first, 200, NULL, NULL, 0);
    ASSERT_CONTAINS(tcp_hear_until(fd, "\r\n\r\n"), "200 OK");
    ASSERT_CONTAINS(post(&site, "identity", &body, body.len), "HTTP/1.1 200 ");
    close(fd);
    free(text);
    ct_text_fini(&body);
    http_site_stop(&site);
}

static int unpack_to_text(void *user, const char *bytes, size_t count)
{
    ct_text_add(user, bytes, count);
    return 0;
}

/* What the body of an answer is, unpacked; chunked or not. */
static void unpack_answer(const char *heard, size_t bytes, struct ct_text *out)
{
    const char *end = heard + bytes, *at = memmem(heard, bytes, "\r\n\r\n", 4);
    bool is_chunked = strstr(heard, "Transfer-Encoding: chunked") != NULL;
    struct gw_unpacking *unpacking = gw_unpacking_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    for (at += 4; at < end;) {
        char *data = NULL;
        size_t size = is_chunked ? strtoul(at, &data, 16) : (size_t)(end - at);
        at = is_chunked ? data + 2 : at;
        if (!size)
            break;
        CU_ASSERT_EQUAL_FATAL(gw_unpacking_add(unpacking, at, size, unpack_to_text, out), 0);
        at += size + (is_chunked ? 2 : 0);
    }
    CU_ASSERT(gw_unpacking_is_whole(unpacking));
    gw_unpacking_free(unpacking);
}

static void test_answers_go_packed_to_who_takes_them(void)
{
    static const size_t sizes[] = {500, 5000, 60000, 70000, 3000000};
    struct http_site site;
    http_site_init(&site);
    http_site_keep(&site, true);
    http_site_start(&site);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct ct_text text = {0}, unpacked = {0}, heard = {0};
        for (unsigned n = 0; text.len < sizes[i]; n++)
            ct_text_print(&text, "<item>%u</item>", n);
        size_t length = text.len;
        char *body = ct_text_take(&text), *copy = strdup(body);
        int fd = http_site_connect(&site);
        tcp_say(fd, "GET / HTTP/1.1\r\nHost: gw\r\nAccept-Encoding: deflate, gzip;q=0.5\r\n"
                    "Connection: close\r\n\r\n");
        gw_request_answer(http_site_next(&site), 200, NULL, body, length);
        char piece[65536];
        for (ssize_t got; (got = recv(fd, piece, sizeof piece, 0)) > 0;)
            ct_text_add(&heard, piece, (size_t)got);
        if (sizes[i] > 1000) {
            ASSERT_CONTAINS(heard.bytes, "\r\nContent-Encoding: gzip\r\n");
            ASSERT_CONTAINS(heard.bytes, "\r\nVary: Accept-Encoding\r\n");
            CU_ASSERT(heard.len < length / 2);
            unpack_answer(heard.bytes, heard.len, &unpacked);
            CU_ASSERT_EQUAL(unpacked.len, length);
            CU_ASSERT(unpacked.len == length && memcmp(unpacked.bytes, copy, length) == 0);
        } else {
            ASSERT_LACKS(heard.bytes, "Content-Encoding");
            ASSERT_CONTAINS(heard.bytes, copy);
        }
        free(copy);
        close(fd);
        ct_text_fini(&heard);
        ct_text_fini(&unpacked);
    }
    http_site_stop(&site);
}

static void test_who_takes_gzip_says_so(void)
{
    CU_ASSERT(gw_packing_is_taken("gzip"));
    CU_ASSERT(gw_packing_is_taken("GZIP"));
    CU_ASSERT(gw_packing_is_taken("br, gzip"));
    CU_ASSERT(gw_packing_is_taken("deflate;q=1,\tgzip ; q=0.001"));
    CU_ASSERT(gw_packing_is_taken("x-gzip"));
    CU_ASSERT_FALSE(gw_packing_is_taken(NULL));
    CU_ASSERT_FALSE(gw_packing_is_taken(""));
    CU_ASSERT_FALSE(gw_packing_is_taken("gzip;q=0"));
    CU_ASSERT_FALSE(gw_packing_is_taken("gzip;q=0.000, br;q=1"));
    CU_ASSERT_FALSE(gw_packing_is_taken("gzipped"));
    CU_ASSERT_FALSE(gw_packing_is_taken("identity"));
}

CU_TestInfo gateway_tests_packing[] = {
    {"what comes packed is unpacked", test_what_comes_packed_is_unpacked},
    {"a bomb is refused when it is too large", test_a_bomb_is_refused_when_it_is_too_large},
    {"all bodies together have a limit", test_all_bodies_together_have_a_limit},
    {"answers go packed to who takes them", test_answers_go_packed_to_who_takes_them},
    {"who takes gzip says so", test_who_takes_gzip_says_so},
    CU_TEST_INFO_NULL,
};
