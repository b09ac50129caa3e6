/* TLS: the listener's certificate, and those of clients. */
#include "../../lib/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/tcp.h"
#include "http_site.h"
#include "http_tls.h"

#define REQUEST                                                                                    \
    "POST /x HTTP/1.1\r\nHost: gw.example.org:8443\r\nContent-Length: 2\r\nConnection: close\r\n"  \
    "\r\nhi"

struct tls {
    struct http_site site;
    struct http_pki pki;
    char cert[64], key[64], ca[64], users[64];
    struct gw_auth auth;
};

static void init(struct tls *tls, bool asks_clients)
{
    static char none[] = "";
    http_site_init(&tls->site);
    http_pki_make(&tls->pki);
    strcpy(tls->cert, http_pki_path(&tls->pki, "server.pem"));
    strcpy(tls->key, http_pki_path(&tls->pki, "server.key"));
    strcpy(tls->ca, http_pki_path(&tls->pki, "ca.pem"));
    tls->site.listen.cert_file = tls->cert;
    tls->site.listen.key_file = tls->key;
    tls->site.listen.client_ca_file = asks_clients ? tls->ca : none;
    tls->auth = (struct gw_auth){.name = none, .type = GW_AUTH_CERTIFICATE, .file = none};
}

static void stop(struct tls *tls)
{
    http_site_stop(&tls->site);
    http_pki_remove(&tls->pki);
}

static const char *ask(struct tls *tls, const char *certificate)
{
    return http_tls_ask(&tls->pki, tls->site.port, certificate, REQUEST, NULL, NULL);
}

static void test_a_request_comes_by_tls(void)
{
    struct tls tls;
    init(&tls, false);
    http_site_start(&tls.site);
    ASSERT_CONTAINS(ask(&tls, NULL), "POST /x ? hi");
    /* Without TLS nothing is heard of it, and nothing else is lost. */
    ASSERT_LACKS(http_site_ask(&tls.site, REQUEST, NULL), "HTTP/1.1 200");
    ASSERT_CONTAINS(ask(&tls, NULL), "POST /x ? hi");
    stop(&tls);
}

static void test_a_handshake_that_does_not_end_is_cut_off(void)
{
    struct tls tls;
    init(&tls, false);
    tls.site.config.limits.idle_ms = 1000;
    http_site_start(&tls.site);
    int silent = http_site_connect(&tls.site), slow = http_site_connect(&tls.site);
    tcp_say(slow, "\x16\x03\x01"); /* a record of a handshake, and no more of it */
    CU_ASSERT_NOT_EQUAL(tcp_read_to_end(silent), ETIMEDOUT); /* an alert may come before */
    CU_ASSERT_NOT_EQUAL(tcp_read_to_end(slow), ETIMEDOUT);
    ASSERT_CONTAINS(ask(&tls, NULL), "POST /x ? hi");
    close(silent);
    close(slow);
    stop(&tls);
}

static void test_a_body_that_grows_too_large_is_refused_by_tls_too(void)
{
    struct tls tls;
    init(&tls, false);
    tls.site.config.limits.body_bytes = 10;
    http_site_start(&tls.site);
    ASSERT_CONTAINS(http_tls_ask(&tls.pki, tls.site.port, NULL,
                                 "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "9\r\n123456789\r\n9\r\n123456789\r\n",
                                 NULL, NULL),
                    "413 the body has more than 10 bytes");
    stop(&tls);
}

static void test_a_reload_has_another_certificate(void)
{
    struct tls tls;
    char server[64], why[256] = "";
    init(&tls, false);
    http_site_start(&tls.site);
    http_tls_ask(&tls.pki, tls.site.port, NULL, REQUEST, NULL, server);
    ASSERT_TEXT(server, "first");
    http_pki_renew(&tls.pki, "second");
    http_tls_ask(&tls.pki, tls.site.port, NULL, REQUEST, NULL, server);
    ASSERT_TEXT(server, "first");
    CU_ASSERT_EQUAL(
        gw_server_reload(tls.site.server, &tls.site.config, &tls.site.listen, 1, why, sizeof why),
        0);
    ASSERT_TEXT(why, "");
    http_tls_ask(&tls.pki, tls.site.port, NULL, REQUEST, NULL, server);
    ASSERT_TEXT(server, "second");

    /* A key that isn't the certificate's: all is as before. */
    strcpy(tls.key, http_pki_path(&tls.pki, "ca.key"));
    CU_ASSERT_EQUAL(
        gw_server_reload(tls.site.server, &tls.site.config, &tls.site.listen, 1, why, sizeof why),
        -1);
    ASSERT_CONTAINS(why, "ca.key: ");
    http_tls_ask(&tls.pki, tls.site.port, NULL, REQUEST, NULL, server);
    ASSERT_TEXT(server, "second");
    stop(&tls);
}

static void refuse(void *user, struct gw_request *request)
{
    (void)user;
    gw_request_answer(request, 404, NULL, NULL, 0);
}

static void test_a_reload_finds_listeners_by_their_address(void)
{
    static char other[] = "127.0.0.2:0", none[] = "";
    struct tls tls;
    char server[64], why[256] = "";
    init(&tls, false);
    struct gw_listen plain = {
        .address = other, .cert_file = none, .key_file = none, .client_ca_file = none};
    struct gw_listen before[] = {tls.site.listen, plain}, after[] = {plain, tls.site.listen};
    struct gw_server *two =
        gw_server_start(&tls.site.config, before, 2, refuse, NULL, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(two);
    http_pki_renew(&tls.pki, "second");
    CU_ASSERT_EQUAL(gw_server_reload(two, &tls.site.config, after, 2, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
    http_tls_ask(&tls.pki, (int)gw_server_port(two, 0), NULL, REQUEST, NULL, server);
    ASSERT_TEXT(server, "second");
    CU_ASSERT_EQUAL(gw_server_reload(two, &tls.site.config, after, 1, why, sizeof why), -1);
    ASSERT_CONTAINS(why, "listen \"127.0.0.1:0\" has changed");
    gw_server_stop(two);
    http_pki_remove(&tls.pki);
}

static void test_a_client_certificate_says_who_it_is(void)
{
    struct tls tls;
    init(&tls, true);
    http_site_start(&tls.site); /* no auth: whoever has one comes in */
    ASSERT_CONTAINS(ask(&tls, "client"), "POST /x ? hi");
    ASSERT_CONTAINS(ask(&tls, "stranger"), "HTTP/1.1 401 ");
    ASSERT_CONTAINS(ask(&tls, NULL), "HTTP/1.1 401 ");
    stop(&tls);
}

static void test_a_client_is_known_by_its_name_or_its_digest(void)
{
    for (int with_file = 0; with_file < 2; with_file++) {
        struct tls tls;
        init(&tls, true);
        if (with_file) {
            snprintf(tls.users, sizeof tls.users, "%s/users", tls.pki.folder);
            FILE *file = fopen(tls.users, "w");
            CU_ASSERT_PTR_NOT_NULL_FATAL(file);
            fprintf(file, "door:%s\n", tls.pki.client_sha256);
            fclose(file);
            tls.auth.file = tls.users;
        }
        tls.site.listen.auth = &tls.auth;
        http_site_keep(&tls.site, true);
        http_site_start(&tls.site);
        pthread_t thread;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, http_site_echo_one, &tls.site), 0);
        ASSERT_CONTAINS(ask(&tls, "client"), with_file ? "user door" : "user cam 1");
        pthread_join(thread, NULL);
        http_site_keep(&tls.site, false);
        if (with_file) /* ca has signed it, but the file doesn't have it */
            ASSERT_CONTAINS(ask(&tls, "server"), "HTTP/1.1 401 ");
        if (with_file)
            unlink(tls.users);
        stop(&tls);
    }
}

static void test_files_that_are_wrong_are_told(void)
{
    struct tls tls;
    char why[256] = "";
    init(&tls, true);
    strcpy(tls.cert, "/nonexistent/server.pem");
    CU_ASSERT_PTR_NULL(
        gw_server_start(&tls.site.config, &tls.site.listen, 1, NULL, NULL, why, sizeof why));
    ASSERT_CONTAINS(why, "/nonexistent/server.pem");
    strcpy(tls.cert, http_pki_path(&tls.pki, "server.key"));
    CU_ASSERT_PTR_NULL(
        gw_server_start(&tls.site.config, &tls.site.listen, 1, NULL, NULL, why, sizeof why));
    ASSERT_CONTAINS(why, "server.key: ");
    strcpy(tls.cert, http_pki_path(&tls.pki, "server.pem"));
    strcpy(tls.ca, http_pki_path(&tls.pki, "ca.key"));
    CU_ASSERT_PTR_NULL(
        gw_server_start(&tls.site.config, &tls.site.listen, 1, NULL, NULL, why, sizeof why));
    ASSERT_CONTAINS(why, "ca.key: ");
    http_pki_remove(&tls.pki);
}

CU_TestInfo gateway_tests_tls[] = {
    {"a request comes by TLS", test_a_request_comes_by_tls},
    {"a handshake that doesn't end is cut off", test_a_handshake_that_does_not_end_is_cut_off},
    {"a body that grows too large is refused by TLS, too",
     test_a_body_that_grows_too_large_is_refused_by_tls_too},
    {"a reload has another certificate", test_a_reload_has_another_certificate},
    {"a reload finds listeners by their address", test_a_reload_finds_listeners_by_their_address},
    {"a client certificate says who it is", test_a_client_certificate_says_who_it_is},
    {"a client is known by its name or its digest",
     test_a_client_is_known_by_its_name_or_its_digest},
    {"files that are wrong are told", test_files_that_are_wrong_are_told},
    CU_TEST_INFO_NULL,
};
