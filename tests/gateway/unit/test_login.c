/* Who may come in: passwords and groups. */
#include "../../lib/suite.h"

#include <crypt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/tcp.h"
#include "http/passwords.h"
#include "http/users.h"
#include "http_site.h"

#define HOST "Host: gw.example.org\r\n"

static char file_path[] = "/tmp/gw-users-XXXXXX";
static char auth_name[] = "staff";

/* A file of users; the caller unlinks it. */
static void write_file(char *path, const char *text)
{
    strcpy(path, "/tmp/gw-users-XXXXXX");
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static const char *hash_of(const char *password)
{
    static struct crypt_data data[4];
    static unsigned which;
    return crypt_r(password, "$5$rounds=1000$salt$", &data[which++ % 4]);
}

static struct gw_users *read_users(enum gw_auth_type type, const char *text, char *why)
{
    static struct gw_config config;
    static struct gw_auth auth;
    struct gw_users *users;
    config.references = 1000;
    write_file(file_path, text);
    auth = (struct gw_auth){.name = auth_name, .type = type, .file = file_path};
    why[0] = '\0';
    users = gw_users_read(&config, &auth, why, 256);
    unlink(file_path);
    return users;
}

static void assert_refused(enum gw_auth_type type, const char *text, const char *reason)
{
    char why[256];
    CU_ASSERT_PTR_NULL(read_users(type, text, why));
    ASSERT_CONTAINS(why, reason);
}

static void test_a_file_of_users_is_read_whole_or_not(void)
{
    char why[256], text[512];
    const char *other;
    snprintf(text, sizeof text, "# staff\n\nbob:%s\r\n  alice:%s\n", hash_of("b"), hash_of("a"));
    struct gw_users *users = read_users(GW_AUTH_BASIC, text, why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(users);
    ASSERT_TEXT(gw_users_find_hash(users, "bob", &other), hash_of("b"));
    ASSERT_TEXT(gw_users_find_hash(users, "alice", &other), hash_of("a"));
    CU_ASSERT_PTR_NULL(gw_users_find_hash(users, "bo", &other));
    CU_ASSERT_PTR_NOT_NULL(other);
    gw_users_release(users);

    assert_refused(GW_AUTH_BASIC, "\nalice\n", ":2: there is no ':'");
    assert_refused(GW_AUTH_BASIC, "alice:secret\n", ":1: what stands behind the name is no hash");
    assert_refused(GW_AUTH_BASIC, "alice:\n", ":1: what stands behind the name is no hash");
    snprintf(text, sizeof text, ":%s\n", hash_of("a"));
    assert_refused(GW_AUTH_BASIC, text, ":1: the name is missing");
    snprintf(text, sizeof text, "a\001:%s\n", hash_of("a"));
    assert_refused(GW_AUTH_BASIC, text, ":1: the name has a control character");
    snprintf(text, sizeof text, "a:%s\nb:%s\na:%s\n", hash_of("a"), hash_of("a"), hash_of("a"));
    assert_refused(GW_AUTH_BASIC, text, ":3: the same stands in line 1");
    assert_refused(GW_AUTH_CERTIFICATE, "a:0123\n",
                   ":1: what stands behind the name is no SHA-256");
}

static void test_a_certificate_is_found_by_its_digest(void)
{
    static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    char why[256];
    struct gw_users *users = read_users(
        GW_AUTH_CERTIFICATE,
        "cam:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:"
        "89:AB:CD:EF\n",
        why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(users);
    ASSERT_TEXT(gw_users_find_certificate(users, digest, "x"), "cam");
    CU_ASSERT_PTR_NULL(gw_users_find_certificate(users, "0123", "cam"));
    gw_users_release(users);
}

/* A site whose listener asks for alice's and bob's passwords. */
struct login {
    struct http_site site;
    struct gw_auth auth;
    char path[sizeof file_path];
    char *groups[3];
};

static void start(struct login *login)
{
    static char ops[] = "ops=bob, alice", guests[] = "guests=bob";
    char text[512];
    snprintf(text, sizeof text, "alice:%s\nbob:%s\n", hash_of("wonder:land"), hash_of("b"));
    write_file(login->path, text);
    http_site_init(&login->site);
    login->groups[0] = ops;
    login->groups[1] = guests;
    login->groups[2] = NULL;
    login->auth = (struct gw_auth){.name = auth_name,
                                   .type = GW_AUTH_BASIC,
                                   .file = login->path,
                                   .groups = {login->groups, 2}};
    login->site.listen.auth = &login->auth;
    http_site_start(&login->site);
}

static void stop(struct login *login)
{
    http_site_stop(&login->site);
    unlink(login->path);
}

/* The status line of a request with these credentials, in base64. */
static const char *enter(struct login *login, const char *credentials)
{
    char request[512];
    snprintf(request, sizeof request,
             "POST / HTTP/1.1\r\n" HOST "%s%s%sContent-Length: 0\r\nConnection: close\r\n\r\n",
             credentials ? "Authorization: Basic " : "", credentials ? credentials : "",
             credentials ? "\r\n" : "");
    return http_site_ask(&login->site, request, NULL);
}

#define ALICE     "YWxpY2U6d29uZGVyOmxhbmQ=" /* alice:wonder:land */
#define ALICE_BAD "YWxpY2U6d29uZGVy"         /* alice:wonder */
#define MALLORY   "bWFsbG9yeTp4"             /* mallory:x */

static void test_who_knows_its_password_comes_in(void)
{
    struct login login;
    start(&login);
    http_site_keep(&login.site, true);
    int fd = http_site_connect(&login.site);
    for (int i = 0; i < 2; i++) { /* looked into, and remembered */
        tcp_say(fd, "POST / HTTP/1.1\r\n" HOST "Authorization: basic  " ALICE
                    "\r\nContent-Length: 2\r\n\r\nhi");
        struct gw_request *request = http_site_next(&login.site);
        CU_ASSERT_EQUAL(gw_request_refusal(request), 0);
        ASSERT_TEXT(gw_request_user(request), "alice");
        CU_ASSERT(gw_request_is_in_group(request, "ops"));
        CU_ASSERT_FALSE(gw_request_is_in_group(request, "guests"));
        CU_ASSERT_FALSE(gw_request_is_in_group(request, "op"));
        http_site_echo(request);
        ASSERT_CONTAINS(tcp_hear_until(fd, " hi"), "200 OK");
    }
    close(fd);
    stop(&login);
}

static void test_who_does_not_is_asked(void)
{
    struct login login;
    const char *const wrong[] = {NULL, ALICE_BAD, MALLORY, "", "YWxpY2U=", "!!!", "OmE="};
    start(&login);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *heard = enter(&login, wrong[i]);
        ASSERT_CONTAINS(heard, "HTTP/1.1 401 ");
        ASSERT_CONTAINS(heard, "\r\nWWW-Authenticate: Basic realm=\"soapxmpp\", charset=\"UTF-8\"");
    }
    ASSERT_CONTAINS(enter(&login, ALICE), "HTTP/1.1 200 ");
    stop(&login);
}

static void test_a_stranger_sends_no_body(void)
{
    struct login login;
    static const char *const words[] = {ALICE_BAD, ALICE};
    start(&login);
    for (int i = 0; i < 2; i++) {
        char text[256];
        int fd = http_site_connect(&login.site);
        sprintf(text,
                "POST / HTTP/1.1\r\n" HOST "Authorization: Basic %s\r\nContent-Length: 2\r\n"
                "Expect: 100-continue\r\n\r\n",
                words[i]);
        tcp_say(fd, text);
        ASSERT_CONTAINS(tcp_hear_until(fd, "\r\n\r\n"),
                        i ? "HTTP/1.1 100 Continue" : "HTTP/1.1 401 ");
        if (i) {
            tcp_say(fd, "hi");
            ASSERT_CONTAINS(tcp_hear_until(fd, "? hi"), "200 OK");
        }
        close(fd);
    }
    stop(&login);
}

static void test_many_wrong_passwords_are_braked(void)
{
    struct login login;
    start(&login);
    ASSERT_CONTAINS(enter(&login, ALICE), "HTTP/1.1 200 ");
    for (int i = 0; i < 10; i++)
        ASSERT_CONTAINS(enter(&login, MALLORY), "must be right");
    ASSERT_CONTAINS(enter(&login, MALLORY), "too many wrong passwords");
    ASSERT_CONTAINS(enter(&login, "Ym9iOmI="), "too many wrong passwords"); /* bob:b */
    ASSERT_CONTAINS(enter(&login, ALICE), "HTTP/1.1 200 ");
    stop(&login);
}

static void test_a_network_of_ipv6_is_braked_as_one(void)
{
    static char self[] = "127.0.0.1", *proxies[] = {self, NULL};
    struct login login;
    start(&login);
    login.site.config.trusted_proxies = (struct gw_strings){proxies, 1};
    for (int i = 0; i <= 11; i++) {
        char text[256];
        sprintf(text,
                "POST / HTTP/1.1\r\n" HOST "Authorization: Basic " MALLORY
                "\r\nX-Forwarded-For: 2001:db8:0:%d::%d\r\nConnection: close\r\n\r\n",
                i == 11, i + 1);
        ASSERT_CONTAINS(http_site_ask(&login.site, text, NULL),
                        i == 10 ? "too many wrong passwords" : "must be right");
    }
    stop(&login);
}

static void test_a_reload_has_other_users(void)
{
    struct login login;
    char why[256] = "", text[256];
    start(&login);
    ASSERT_CONTAINS(enter(&login, ALICE), "HTTP/1.1 200 ");
    FILE *file = fopen(login.path, "w");
    fputs("nonsense\n", file);
    fclose(file);
    CU_ASSERT_EQUAL(gw_server_reload(login.site.server, &login.site.config, &login.site.listen, 1,
                                     why, sizeof why),
                    -1);
    ASSERT_CONTAINS(why, ":1: there is no ':'");
    ASSERT_CONTAINS(enter(&login, ALICE), "HTTP/1.1 200 ");
    snprintf(text, sizeof text, "alice:%s\n", hash_of("wonder"));
    file = fopen(login.path, "w");
    fputs(text, file);
    fclose(file);
    CU_ASSERT_EQUAL(gw_server_reload(login.site.server, &login.site.config, &login.site.listen, 1,
                                     why, sizeof why),
                    0);
    ASSERT_CONTAINS(enter(&login, ALICE), "HTTP/1.1 401 ");
    ASSERT_CONTAINS(enter(&login, ALICE_BAD), "HTTP/1.1 200 ");
    stop(&login);
}

struct reloading {
    struct login *login;
    atomic_bool is_over;
    unsigned failures;
};

static void *reload_again_and_again(void *user)
{
    struct reloading *reloading = user;
    struct http_site *site = &reloading->login->site;
    char why[256];
    while (!atomic_load(&reloading->is_over))
        reloading->failures +=
            gw_server_reload(site->server, &site->config, &site->listen, 1, why, sizeof why) != 0;
    return NULL;
}

static void test_reloads_under_load_lose_nothing(void)
{
    struct login login;
    struct reloading reloading = {.login = &login};
    pthread_t thread;
    start(&login);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, reload_again_and_again, &reloading), 0);
    for (int i = 0; i < 200; i++)
        ASSERT_CONTAINS(enter(&login, ALICE), "HTTP/1.1 200 ");
    atomic_store(&reloading.is_over, true);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(reloading.failures, 0);
    stop(&login);
}

CU_TestInfo gateway_tests_login[] = {
    {"a file of users is read whole or not", test_a_file_of_users_is_read_whole_or_not},
    {"a certificate is found by its digest", test_a_certificate_is_found_by_its_digest},
    {"who knows its password comes in", test_who_knows_its_password_comes_in},
    {"who doesn't is asked", test_who_does_not_is_asked},
    {"a stranger sends no body", test_a_stranger_sends_no_body},
    {"many wrong passwords are braked", test_many_wrong_passwords_are_braked},
    {"a network of IPv6 is braked as one", test_a_network_of_ipv6_is_braked_as_one},
    {"a reload has other users", test_a_reload_has_other_users},
    {"reloads under load lose nothing", test_reloads_under_load_lose_nothing},
    CU_TEST_INFO_NULL,
};
