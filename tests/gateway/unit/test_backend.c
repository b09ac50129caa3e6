/* Which backend a request is for, and its addresses on both sides. */
#include <stdio.h>
#include <string.h>

#include "serve/backend.h"
#include "soap/rewrite.h"
#include "suite.h"

static struct gw_link_config component = {.name = "main", .is_component = true};
static char *aliases[] = {"192.168.1.10", "cam.old:81", "{node}.inner"};
static struct gw_serve_config serve;
static struct gw_service service;
static struct gw_services services = {.list = &service, .count = 1};

static void set_up(const char *pattern, const char *url)
{
    char why[200];
    serve = (struct gw_serve_config){
        .url = (char *)url, .link = &component, .path = GW_PATH_RESOURCE, .aliases = {aliases, 3}};
    serve.pattern = gw_pattern_new(pattern, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(serve.pattern);
    service.serve = &serve;
}

static void tear_down(void)
{
    gw_pattern_free(serve.pattern);
}

static const char *find(struct gw_backend *backend, const char *to)
{
    static char why[300];
    const char *condition = "";
    int result = gw_backend_find(backend, &services, "main", to, &condition, why, sizeof why);
    return result == 0 ? backend->url : condition;
}

static void the_resource_is_the_path(void)
{
    static const struct {
        const char *to, *url;
    } rows[] = {
        {"cam1@cams.test", "http://cam1.lan/onvif/device_service"},
        {"cam1@cams.test/soap", "http://cam1.lan/onvif/device_service"},
        {"cam1@cams.test/", "http://cam1.lan/onvif/device_service"},
        {"cam1@cams.test/onvif/media service", "http://cam1.lan/onvif/media%20service"},
        {"cam1@cams.test/soap/onvif/media", "http://cam1.lan/onvif/media"},
        {"cam1@cams.test/cgi-bin/x", "item-not-found"},
        {"cam1@cams.test/onvif/../x", "item-not-found"},
        {"cam1@cams.test/onvif/x?y", "item-not-found"},
        {"cam1@other.test", "item-not-found"},
        {"..@cams.test", "item-not-found"},
        {"a..b@cams.test", "item-not-found"},
        {"evil.test#@cams.test", "item-not-found"},
        {"cams.test", "item-not-found"},
    };
    struct gw_backend backend;
    set_up("{node}@cams.test", "http://{node}.lan/onvif/device_service");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ASSERT_TEXT(find(&backend, rows[i].to), rows[i].url);
    tear_down();
}

static void a_serve_of_another_link_isnt_meant(void)
{
    struct gw_backend backend;
    const char *condition = "";
    char why[300];
    set_up("{node}@cams.test", "http://{node}.lan/");
    CU_ASSERT_EQUAL(
        gw_backend_find(&backend, &services, "other", "a@cams.test", &condition, why, sizeof why),
        -1);
    tear_down();
}

static void assert_mapped(struct gw_backend *backend, gw_rewrite_fn *map, const char *address,
                          const char *expected)
{
    char out[GW_REWRITE_ADDRESS_BYTES] = "";
    int result = map(backend, address, out, sizeof out);
    if (result != (expected ? 1 : 0))
        printf("\n%s: %d %s", address, result, out);
    CU_ASSERT_EQUAL(result, expected ? 1 : 0);
    if (expected && result == 1)
        ASSERT_TEXT(out, expected);
}

static void urls_of_the_backend_become_addresses(void)
{
    static const char *const rows[][2] = {
        {"http://cam1.lan/onvif/device_service", "xmpp:cam1@cams.test"},
        {"http://CAM1.lan:80/onvif/media%20x", "xmpp:cam1@cams.test/onvif/media%20x"},
        {"http://192.168.1.10/onvif/ptz", "xmpp:cam1@cams.test/onvif/ptz"},
        {"https://192.168.1.10/onvif/ptz", "xmpp:cam1@cams.test/onvif/ptz"},
        {"http://cam.old:81/onvif/ptz", "xmpp:cam1@cams.test/onvif/ptz"},
        {"http://cam1.inner/onvif/ptz", "xmpp:cam1@cams.test/onvif/ptz"},
        {"http://cam2.inner/onvif/ptz", NULL},
        {"http://cam.old/onvif/ptz", NULL},
        {"http://192.168.1.10:8080/onvif/ptz", NULL},
        {"https://cam1.lan/onvif/ptz", NULL},
        {"http://cam1.lan/cgi-bin/snapshot", NULL},
        {"http://cam1.lan/onvif/../x", NULL},
        {"http://cam1.lan/onvif/snap?ch=1", NULL},
        {"http://cam1.lan.evil.test/onvif/", NULL},
        {"http://user@cam1.lan/onvif/", NULL},
        {"http://", NULL},
        {"rtsp://cam1.lan/onvif/", NULL},
        {"http://www.w3.org/2005/08/addressing/anonymous", NULL},
        {"urn:uuid:1", NULL},
        {"", NULL},
    };
    struct gw_backend backend;
    set_up("{node}@cams.test", "http://{node}.lan/onvif/device_service");
    ASSERT_TEXT(find(&backend, "cam1@cams.test/onvif/media"), "http://cam1.lan/onvif/media");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_mapped(&backend, gw_backend_to_xmpp, rows[i][0], rows[i][1]);
    serve.with_query = true;
    assert_mapped(&backend, gw_backend_to_xmpp, "http://cam1.lan/onvif/snap?ch=1&x=%26",
                  "xmpp:cam1@cams.test/onvif/snap%3Fch=1%26x=%2526");
    serve.path = GW_PATH_NONE;
    assert_mapped(&backend, gw_backend_to_xmpp, "http://cam1.lan/onvif/ptz", NULL);
    assert_mapped(&backend, gw_backend_to_xmpp, "http://cam1.lan/onvif/device_service",
                  "xmpp:cam1@cams.test");
    tear_down();
}

static void addresses_of_ours_become_urls(void)
{
    static const char *const rows[][2] = {
        {"xmpp:cam1@cams.test", "http://cam1.lan/onvif/device_service"},
        {"xmpp:cam1@cams.test/soap", "http://cam1.lan/onvif/device_service"},
        {"XMPP:CAM1@cams.test/onvif/ptz", "http://cam1.lan/onvif/ptz"},
        {"xmpp:cam1@cams.test/onvif%2Fptz", "http://cam1.lan/onvif/ptz"},
        {"xmpp:cam1@cams.test/cgi-bin", NULL},
        {"xmpp:cam1@cams.test?message", NULL},
        {"xmpp:cam2@cams.test", NULL},
        {"xmpp:cam1@cams.test.evil", NULL},
        {"xmpp:alice@example.org/replies", NULL},
        {"http://cam1.lan/", NULL},
    };
    struct gw_backend backend;
    set_up("{node}@cams.test", "http://{node}.lan/onvif/device_service");
    ASSERT_TEXT(find(&backend, "cam1@cams.test"), "http://cam1.lan/onvif/device_service");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_mapped(&backend, gw_backend_to_http, rows[i][0], rows[i][1]);
    tear_down();
}

static void what_goes_there_comes_back(void)
{
    static const char *const urls[] = {"http://cam1.lan/onvif/a%20b",
                                       "http://cam1.lan/onvif/%C3%B6",
                                       "http://cam1.lan/onvif/x?y=%26&z=1"};
    struct gw_backend backend;
    set_up("{node}@cams.test", "http://{node}.lan/onvif/device_service");
    serve.with_query = true;
    find(&backend, "cam1@cams.test");
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        char there[GW_REWRITE_ADDRESS_BYTES], back[GW_REWRITE_ADDRESS_BYTES];
        CU_ASSERT_EQUAL(gw_backend_to_xmpp(&backend, urls[i], there, sizeof there), 1);
        CU_ASSERT_EQUAL(gw_backend_to_http(&backend, there, back, sizeof back), 1);
        ASSERT_TEXT(back, urls[i]);
    }
    tear_down();
}

static void an_accounts_address_has_its_logins_resource(void)
{
    static const char *const rows[][3] = {
        /* the link's JID, what stands behind it, the address */
        {"cam@example.org/desk", "", "xmpp:cam@example.org/desk"},
        {"cam@example.org/desk", "/onvif/ptz", "xmpp:cam@example.org/desk/onvif/ptz"},
        {"cam@example.org/soap", "", "xmpp:cam@example.org"},
        {"cam@example.org", "/onvif/ptz", "xmpp:cam@example.org/onvif/ptz"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct gw_link_config account = {.name = "main", .jid = (char *)rows[i][0]};
        struct gw_backend backend;
        char url[100];
        snprintf(url, sizeof url, "http://cam.lan/onvif%s", rows[i][1] + (*rows[i][1] ? 6 : 0));
        set_up("cam@example.org", "http://cam.lan/onvif");
        serve.link = &account;
        serve.path = GW_PATH_HEADER;
        find(&backend, "cam@example.org/desk");
        assert_mapped(&backend, gw_backend_to_xmpp, url, rows[i][2]);
        assert_mapped(&backend, gw_backend_to_http, rows[i][2], url);
        tear_down();
    }
}

/* 512 bytes, encoded three times as long, behind a login's resource. */
static void the_longest_path_comes_back(void)
{
    struct gw_link_config account = {.name = "main", .jid = "cam@example.org/desk"};
    struct gw_backend backend;
    char url[2000] = "http://cam.lan/", there[GW_REWRITE_ADDRESS_BYTES], back[sizeof there];
    for (int i = 0; i < 511; i++)
        memcpy(url + strlen(url), "%20", 4);
    set_up("cam@example.org", "http://cam.lan/x");
    serve.link = &account;
    serve.path = GW_PATH_HEADER;
    find(&backend, "cam@example.org/desk");
    CU_ASSERT_EQUAL(gw_backend_to_xmpp(&backend, url, there, sizeof there), 1);
    CU_ASSERT_EQUAL(gw_backend_to_http(&backend, there, back, sizeof back), 1);
    ASSERT_TEXT(back, url);
    tear_down();
}

static void a_path_alone_is_an_accounts_too(void)
{
    struct gw_link_config account = {.name = "main", .jid = "cam@example.org/desk"};
    struct gw_backend backend;
    set_up("cam@example.org", "http://cam.lan/onvif");
    serve.link = &account;
    serve.path = GW_PATH_HEADER;
    find(&backend, "cam@example.org/desk");
    assert_mapped(&backend, gw_backend_to_http, "xmpp:cam@example.org", "http://cam.lan/onvif");
    assert_mapped(&backend, gw_backend_to_http, "xmpp:cam@example.org/ptz", "http://cam.lan/ptz");
    assert_mapped(&backend, gw_backend_to_http, "xmpp:cam@example.org/desktop",
                  "http://cam.lan/desktop");
    tear_down();
}

CU_TestInfo gateway_tests_backend[] = {
    {"an account's address has its login's resource", an_accounts_address_has_its_logins_resource},
    {"the longest path comes back", the_longest_path_comes_back},
    {"a path alone is an account's, too", a_path_alone_is_an_accounts_too},
    {"the resource is the path", the_resource_is_the_path},
    {"a serve of another link isn't meant", a_serve_of_another_link_isnt_meant},
    {"URLs of the backend become addresses", urls_of_the_backend_become_addresses},
    {"addresses of ours become URLs", addresses_of_ours_become_urls},
    {"what goes there comes back", what_goes_there_comes_back},
    CU_TEST_INFO_NULL,
};
