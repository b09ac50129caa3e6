/* Tests of gateway/route/endpoint.c and address.c: what a path calls, and the other way round. */
#include <stdio.h>
#include <string.h>

#include "../../lib/suite.h"
#include "route/address.h"
#include "route/endpoint.h"

enum { MOST_ROUTES = 8 };

static struct gw_route_config routes[MOST_ROUTES];
static struct gw_config config;
static char why[256];

/* Adds a route; longer patterns first, as the configuration has them. */
static struct gw_route_config *add(const char *pattern, char *to, enum gw_path path)
{
    struct gw_route_config *route = &routes[config.route_count++];
    *route = (struct gw_route_config){
        .pattern = gw_pattern_new(pattern, why, sizeof why), .to = to, .path = path, .from = ""};
    CU_ASSERT_PTR_NOT_NULL_FATAL(route->pattern);
    config.routes = routes;
    return route;
}

static void end_routes(void)
{
    for (size_t i = 0; i < config.route_count; i++)
        gw_pattern_free(routes[i].pattern);
    config = (struct gw_config){0};
}

/* Writes the endpoint of a path; the status if it is refused. */
static int write_endpoint(const char *path, const char *query, const char *user, bool is_message,
                          char out[GW_ENDPOINT_BYTES])
{
    struct gw_match match = {.rest = ""};
    const struct gw_route_config *route = gw_endpoint_route(&config, path, &match);
    const struct gw_endpoint_of of = {route, &match, user, query, is_message};
    CU_ASSERT_PTR_NOT_NULL_FATAL(route);
    why[0] = '\0';
    return gw_endpoint_write(&of, out, why, sizeof why);
}

static void check_endpoint(const char *path, const char *query, const char *expected)
{
    char out[GW_ENDPOINT_BYTES];
    CU_ASSERT_EQUAL(write_endpoint(path, query, "", false, out), 0);
    ASSERT_TEXT(out, expected);
}

static void check_refused(const char *path, const char *told)
{
    char out[GW_ENDPOINT_BYTES];
    CU_ASSERT_EQUAL(write_endpoint(path, "", "", false, out), 404);
    ASSERT_TEXT(out, "");
    ASSERT_CONTAINS(why, told);
}

/* JIDs don't know capitals, so both names are one device's. */
static void test_no_capital_leads_past_a_route_of_its_own(void)
{
    struct gw_match match;
    struct gw_route_config *own = add("/cam/cam1", "xmpp:cam1@cams.test", GW_PATH_RESOURCE);
    struct gw_route_config *all = add("/cam/{name}", "xmpp:{name}@cams.test", GW_PATH_RESOURCE);
    CU_ASSERT_PTR_EQUAL(gw_endpoint_route(&config, "/cam/CAM1/Onvif", &match), own);
    ASSERT_TEXT(match.rest, "/Onvif");
    CU_ASSERT_EQUAL(match.count, 0);
    CU_ASSERT_PTR_EQUAL(gw_endpoint_route(&config, "/cam/Cam2/Onvif", &match), all);
    ASSERT_TEXT(match.rest, "/Onvif");
    ASSERT_TEXT(match.values[0], "Cam2");
    CU_ASSERT_PTR_NULL(gw_endpoint_route(&config, "/CAM/cam1", &match));
    end_routes();
}

static void test_a_path_behind_the_pattern_is_the_resource(void)
{
    add("/cam/{name}", "xmpp:{name}@cams.example.org", GW_PATH_RESOURCE);
    check_endpoint("/cam/1", "", "xmpp:1@cams.example.org");
    check_endpoint("/cam/1/", "", "xmpp:1@cams.example.org");
    check_endpoint("/cam/1/onvif/media", "", "xmpp:1@cams.example.org/onvif/media");
    check_endpoint("/cam/1/a b?c#d%e\xC3\xA4", "",
                   "xmpp:1@cams.example.org/a%20b%3Fc%23d%25e%C3%A4");
    check_endpoint("/cam/1/a", "x=1", "xmpp:1@cams.example.org/a%3Fx=1");
    check_endpoint("/cam/1", "x=1", "xmpp:1@cams.example.org");
    end_routes();
}

static void test_a_path_is_bounded(void)
{
    char path[1024] = "/cam/1/";
    add("/cam/{name}", "xmpp:{name}@cams.example.org", GW_PATH_RESOURCE);
    memset(path + 7, 'a', 511);
    check_endpoint(path, "",
                   "xmpp:1@cams.example.org/"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    path[7 + 511] = 'a';
    check_refused(path, "longer than 512 bytes");
    end_routes();
}

static void test_a_route_without_paths_takes_none(void)
{
    add("/calc", "xmpp:calc@example.org/soap", GW_PATH_NONE);
    check_endpoint("/calc", "", "xmpp:calc@example.org/soap");
    check_endpoint("/calc/", "wsdl", "xmpp:calc@example.org/soap");
    check_refused("/calc/other", "no route has this path");
    end_routes();
}

static void test_a_path_in_the_header_is_no_part_of_the_endpoint(void)
{
    struct gw_match match = {.rest = ""};
    char out[GW_ENDPOINT_PATH_BYTES + 1];
    const struct gw_route_config *route = add("/cam", "xmpp:cam@example.org", GW_PATH_HEADER);
    check_endpoint("/cam/onvif/media", "", "xmpp:cam@example.org");
    CU_ASSERT_PTR_EQUAL(gw_endpoint_route(&config, "/cam/onvif/a b", &match), route);
    const struct gw_endpoint_of of = {route, &match, "", "x=1", false};
    CU_ASSERT_EQUAL(gw_endpoint_path(&of, out, why, sizeof why), 0);
    ASSERT_TEXT(out, "/onvif/a b?x=1");
    end_routes();
}

static void test_a_message_says_so_at_its_end(void)
{
    char out[GW_ENDPOINT_BYTES];
    add("/later", "xmpp:meter@example.org?message", GW_PATH_RESOURCE);
    check_endpoint("/later", "", "xmpp:meter@example.org?message");
    check_endpoint("/later/a", "", "xmpp:meter@example.org/a?message");
    CU_ASSERT_EQUAL(write_endpoint("/later", "message", "", true, out), 0);
    ASSERT_TEXT(out, "xmpp:meter@example.org?message");
    end_routes();
}

static int write_from(char *from, const char *user, char out[GW_ENDPOINT_FROM_BYTES])
{
    struct gw_match match = {.rest = ""};
    struct gw_route_config route = {.from = from};
    const struct gw_endpoint_of of = {&route, &match, user, "", false};
    return gw_endpoint_from(&of, out, why, sizeof why);
}

static void test_a_user_becomes_a_jid_by_escaping(void)
{
    static const struct {
        const char *user, *jid;
    } rows[] = {
        {"alice", "alice@gw.example.org"},
        {"Alice.B-c_d", "Alice.B-c_d@gw.example.org"},
        {"alice@example.org", "alice\\40example.org@gw.example.org"},
        {"a b/c:d<e>f\"g&h'i", "a\\20b\\2fc\\3ad\\3ce\\3ef\\22g\\26h\\27i@gw.example.org"},
        {"a\\b", "a\\b@gw.example.org"},
        {"a\\40b", "a\\5c40b@gw.example.org"},
    };
    char out[GW_ENDPOINT_FROM_BYTES];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(write_from("{user}@gw.example.org", rows[i].user, out), 0);
        ASSERT_TEXT(out, rows[i].jid);
    }
    CU_ASSERT_EQUAL(write_from("", "", out), 0);
    ASSERT_TEXT(out, "");
}

static void test_a_user_that_no_jid_can_hold_is_refused(void)
{
    static const char *const users[] = {"", " alice", "alice ", "a\nb", "\xC3\xA4", "a\x7F"};
    char out[GW_ENDPOINT_FROM_BYTES], long_user[2000];
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        CU_ASSERT_EQUAL(write_from("{user}@gw.example.org", users[i], out), 403);
        ASSERT_TEXT(out, "");
    }
    memset(long_user, 'a', sizeof long_user);
    long_user[1100] = '\0';
    CU_ASSERT_EQUAL(write_from("{user}@gw.example.org", long_user, out), 403);
}

static void test_a_user_in_an_endpoint_is_escaped_as_in_a_uri(void)
{
    char out[GW_ENDPOINT_BYTES];
    add("/mine", "xmpp:{user}@example.org/soap", GW_PATH_NONE);
    CU_ASSERT_EQUAL(write_endpoint("/mine", "", "a@b", false, out), 0);
    ASSERT_TEXT(out, "xmpp:a%5C40b@example.org/soap");
    CU_ASSERT_EQUAL(write_endpoint("/mine", "", "", false, out), 403);
    end_routes();
}

/* ---- addresses ---- */

static void add_cameras(void)
{
    add("/cam/{name}", "xmpp:{name}@cams.example.org", GW_PATH_RESOURCE);
    add("/home", "xmpp:home@example.org/soap", GW_PATH_HEADER);
    add("/calc", "xmpp:calc@example.org/soap", GW_PATH_NONE);
    add("/odd", "xmpp:odd@example.org/desk", GW_PATH_RESOURCE);
    add("/login", "xmpp:login@example.org/desk", GW_PATH_HEADER);
    add("/mine", "xmpp:{user}@users.example.org", GW_PATH_RESOURCE);
}

static struct gw_address_map map = {
    .config = &config, .base = "https://gw.example.org:8443", .host = "10.0.0.1:80", .user = ""};

static const struct {
    const char *xmpp, *http; /* http NULL: it stays */
} to_http[] = {
    {"xmpp:1@cams.example.org", "/cam/1"},
    {"xmpp:1@cams.example.org/", "/cam/1"},
    {"xmpp:1@cams.example.org/soap", "/cam/1"},
    {"XMPP:1@CAMS.example.org/onvif/Media", "/cam/1/onvif/Media"},
    {"xmpp:1@cams.example.org/soap/onvif", "/cam/1/onvif"},
    {"xmpp:1@cams.example.org/a%20b%3Fx=1", "/cam/1/a%20b?x=1"},
    {"xmpp:1@cams.example.org/a%3Fx=%2520b%22", "/cam/1/a?x=%20b%22"},
    {"xmpp:home@example.org", "/home"},
    {"xmpp:home@example.org/onvif/media", "/home/onvif/media"},
    {"xmpp:calc@example.org/soap", "/calc"},
    {"xmpp:calc@example.org", "/calc"},
    {"xmpp:odd@example.org/desk/a", "/odd/a"},
    {"xmpp:odd@example.org/desk", "/odd"},
    {"xmpp:odd@example.org", "/odd"},
    {"xmpp:odd@example.org/other", NULL},
    {"xmpp:login@example.org/onvif/media", "/login/onvif/media"},
    {"xmpp:login@example.org/desk/onvif/media", "/login/onvif/media"},
    {"xmpp:calc@example.org/other", NULL},
    {"xmpp:stranger@example.org", NULL},
    {"xmpp:a@b@cams.example.org", NULL},
    {"xmpp:alice@users.example.org", NULL},
    {"xmpp:1@cams.example.org/%0A", NULL},
    {"xmpp:1@cams.example.org/a/../b", NULL},
    {"xmpp:1@cams.example.org/a/..%3Fb", NULL},
    {"xmpp:1@cams.example.org/a/..b/%3F/../", "/cam/1/a/..b/?/../"},
    {"xmpp:1@cams.example.org/%zz", NULL},
    {"http://gw.example.org/calc", NULL},
    {"rtsp://10.0.0.1/", NULL},
    {"", NULL},
};

static void test_a_route_of_everything_adds_no_slash(void)
{
    char out[512];
    add("/", "xmpp:home@example.org", GW_PATH_HEADER);
    CU_ASSERT_EQUAL(gw_address_to_http(&map, "xmpp:home@example.org", out, sizeof out), 1);
    ASSERT_TEXT(out, "https://gw.example.org:8443/");
    CU_ASSERT_EQUAL(gw_address_to_http(&map, "xmpp:home@example.org/onvif/x", out, sizeof out), 1);
    ASSERT_TEXT(out, "https://gw.example.org:8443/onvif/x");
    end_routes();
}

static void test_a_canonical_address_becomes_a_url_of_its_route(void)
{
    char out[512], expected[512];
    add_cameras();
    for (size_t i = 0; i < sizeof to_http / sizeof *to_http; i++) {
        int result = gw_address_to_http(&map, to_http[i].xmpp, out, sizeof out);
        CU_ASSERT_EQUAL(result, to_http[i].http ? 1 : 0);
        snprintf(expected, sizeof expected, "https://gw.example.org:8443%s",
                 to_http[i].http ? to_http[i].http : "");
        if (to_http[i].http && result == 1)
            ASSERT_TEXT(out, expected);
    }
    end_routes();
}

static const struct {
    const char *http, *xmpp;
} to_xmpp[] = {
    {"https://gw.example.org:8443/cam/1", "xmpp:1@cams.example.org"},
    {"HTTPS://GW.example.org:8443/cam/1/", "xmpp:1@cams.example.org"},
    {"https://gw.example.org:8443/cam/1/onvif/media", "xmpp:1@cams.example.org/onvif/media"},
    {"https://gw.example.org:8443/cam/1/a%20b", "xmpp:1@cams.example.org/a%20b"},
    {"https://gw.example.org:8443/cam/1/a?x=%20b", "xmpp:1@cams.example.org/a%3Fx=%2520b"},
    {"https://gw.example.org:8443/home/a?x=1#c", "xmpp:home@example.org/a%3Fx=1"},
    {"https://gw.example.org:8443/cam/1/a%3Fx=1", NULL},
    {"https://gw.example.org:8443/calc?message", "xmpp:calc@example.org/soap"},
    {"https://gw.example.org:8443/home/onvif", "xmpp:home@example.org/onvif"},
    {"https://gw.example.org:8443/cam/1/a b", NULL},
    {"https://gw.example.org:8443/cam/1/a?\xC3\xA4", NULL},
    {"http://10.0.0.1:80/calc", "xmpp:calc@example.org/soap"},
    {"http://10.0.0.1:81/calc", NULL},
    {"https://gw.example.org/calc", NULL},
    {"https://gw.example.org:8443/calc/more", NULL},
    {"https://gw.example.org:8443/nothing", NULL},
    {"https://gw.example.org:8443", NULL},
    {"https://gw.example.org:8443/cam/1/%00", NULL},
    {"https://gw.example.org:8443.evil.example/cam/1", NULL},
    {"https://gw.example.org:8443@evil.example/cam/1", NULL},
    {"http://www.w3.org/2005/08/addressing/anonymous", NULL},
    {"xmpp:calc@example.org", NULL},
    {"", NULL},
};

static void test_a_url_of_ours_becomes_the_endpoint(void)
{
    char out[512];
    add_cameras();
    for (size_t i = 0; i < sizeof to_xmpp / sizeof *to_xmpp; i++) {
        int result = gw_address_to_xmpp(&map, to_xmpp[i].http, out, sizeof out);
        CU_ASSERT_EQUAL(result, to_xmpp[i].xmpp ? 1 : 0);
        if (to_xmpp[i].xmpp && result == 1)
            ASSERT_TEXT(out, to_xmpp[i].xmpp);
    }
    end_routes();
}

static void test_a_port_of_the_scheme_itself_may_be_there(void)
{
    struct gw_address_map other = map;
    char out[512];
    add_cameras();
    other.base = "http://gw.example.org";
    CU_ASSERT_EQUAL(gw_address_to_xmpp(&other, "http://gw.example.org:80/calc", out, sizeof out),
                    1);
    other.base = "https://gw.example.org:443";
    CU_ASSERT_EQUAL(gw_address_to_xmpp(&other, "https://gw.example.org/calc", out, sizeof out), 1);
    other.base = "";
    CU_ASSERT_EQUAL(gw_address_to_xmpp(&other, "https://gw.example.org/calc", out, sizeof out), 0);
    CU_ASSERT_EQUAL(gw_address_to_http(&other, "xmpp:calc@example.org", out, sizeof out), 0);
    end_routes();
}

static void test_an_address_without_room_is_told(void)
{
    char out[64];
    add_cameras();
    for (size_t bytes = 1; bytes < 40; bytes++) {
        int result = gw_address_to_http(&map, "xmpp:1@cams.example.org/onvif", out, bytes);
        CU_ASSERT_EQUAL(result, -1);
    }
    CU_ASSERT_EQUAL(gw_address_to_http(&map, "xmpp:1@cams.example.org/onvif", out, sizeof out), 1);
    CU_ASSERT_EQUAL(gw_address_to_xmpp(&map, "https://gw.example.org:8443/cam/1", out, 10), -1);
    end_routes();
}

CU_TestInfo gateway_tests_endpoint[] = {
    {"no capital leads past a route of its own", test_no_capital_leads_past_a_route_of_its_own},
    {"a route of everything adds no slash", test_a_route_of_everything_adds_no_slash},
    {"a path behind the pattern is the resource", test_a_path_behind_the_pattern_is_the_resource},
    {"a path is bounded", test_a_path_is_bounded},
    {"a route without paths takes none", test_a_route_without_paths_takes_none},
    {"a path in the header is no part of the endpoint",
     test_a_path_in_the_header_is_no_part_of_the_endpoint},
    {"a message says so at its end", test_a_message_says_so_at_its_end},
    {"a user becomes a JID by escaping", test_a_user_becomes_a_jid_by_escaping},
    {"a user that no JID can hold is refused", test_a_user_that_no_jid_can_hold_is_refused},
    {"a user in an endpoint is escaped as in a URI",
     test_a_user_in_an_endpoint_is_escaped_as_in_a_uri},
    {"a canonical address becomes the route's URL",
     test_a_canonical_address_becomes_a_url_of_its_route},
    {"a URL of ours becomes the endpoint", test_a_url_of_ours_becomes_the_endpoint},
    {"a port that is the scheme's own may be there", test_a_port_of_the_scheme_itself_may_be_there},
    {"an address without room is told", test_an_address_without_room_is_told},
    CU_TEST_INFO_NULL,
};
