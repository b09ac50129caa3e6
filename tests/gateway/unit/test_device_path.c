/* Paths that callers choose. */
#include <stdio.h>
#include <string.h>

#include "serve/device_path.h"
#include "suite.h"

#define URL "http://cam1.lan:8080/onvif/device_service"

static struct gw_serve_config serve_with(char **paths, size_t count, bool with_query)
{
    return (struct gw_serve_config){.paths = {paths, count}, .with_query = with_query};
}

static void a_path_stays_below_the_folder(void)
{
    static const struct {
        const char *path;
        bool is_allowed;
    } rows[] = {
        {"/onvif/media", true},
        {"/onvif/a/b.c", true},
        {"/onvif/\303\266", true},
        {"/onvif/a%2e%2e", true}, /* encoded once more as it is sent */
        {"/onvif/...", true},
        {"/onvif/.hidden", true},
        {"/onvif/", true},
        {"/onvif", false},
        {"/", false},
        {"/cgi-bin/reboot", false},
        {"/onvif/../cgi-bin", false},
        {"/onvif/..", false},
        {"/onvif/./x", false},
        {"/onvif/..;x/y", false},
        {"/onvif//x", false},
        {"//evil.test/onvif/", false},
        {"/onvif/http://evil.test/", false},
        {"http://evil.test/onvif/", false},
        {"onvif/media", false},
        {"/onvif/a\\..\\b", false},
        {"/onvif/a\nb", false},
        {"/onvif/a\177", false},
        {"/onvif/\302\205", false}, /* C1 */
        {"/onvif/\377", false},     /* no UTF-8 */
        {"/onvif/\300\256\300\256/", false},
        {"/onvif/media?x=y", false},
        {"", false},
    };
    struct gw_serve_config serve = serve_with(NULL, 0, false);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *no = gw_device_path_check(&serve, URL, rows[i].path);
        if (!no != rows[i].is_allowed)
            printf("\n%s: %s", rows[i].path, no ? no : "allowed");
        CU_ASSERT_EQUAL(!no, rows[i].is_allowed);
    }
}

static void a_path_has_512_bytes(void)
{
    char path[GW_DEVICE_PATH_BYTES + 2];
    struct gw_serve_config serve = serve_with(NULL, 0, false);
    memset(path, 'a', sizeof path);
    memcpy(path, "/onvif/", 7);
    path[GW_DEVICE_PATH_BYTES] = '\0';
    CU_ASSERT_PTR_NULL(gw_device_path_check(&serve, URL, path));
    path[GW_DEVICE_PATH_BYTES] = 'a';
    path[GW_DEVICE_PATH_BYTES + 1] = '\0';
    CU_ASSERT_PTR_NOT_NULL(gw_device_path_check(&serve, URL, path));
}

static void a_list_stands_in_the_place_of_the_folder(void)
{
    char *paths[] = {"/a/*", "/b"};
    struct gw_serve_config serve = serve_with(paths, 2, true);
    CU_ASSERT_PTR_NULL(gw_device_path_check(&serve, URL, "/a/x"));
    CU_ASSERT_PTR_NULL(gw_device_path_check(&serve, URL, "/b"));
    CU_ASSERT_PTR_NULL(gw_device_path_check(&serve, URL, "/b?x=/../y"));
    CU_ASSERT_PTR_NOT_NULL(gw_device_path_check(&serve, URL, "/b/c"));
    CU_ASSERT_PTR_NOT_NULL(gw_device_path_check(&serve, URL, "/onvif/media"));
    CU_ASSERT_PTR_NOT_NULL(gw_device_path_check(&serve, URL, "/a/../b"));
    CU_ASSERT_PTR_NOT_NULL(gw_device_path_check(&serve, URL, "/c?/a/"));
}

static void a_star_is_any_text(void)
{
    CU_ASSERT_TRUE(gw_device_path_match("/a/*", "/a/"));
    CU_ASSERT_TRUE(gw_device_path_match("/*/b*c", "/x/y/bbc"));
    CU_ASSERT_TRUE(gw_device_path_match("*", ""));
    CU_ASSERT_FALSE(gw_device_path_match("/a/*x", "/a/b"));
    CU_ASSERT_FALSE(gw_device_path_match("/a", "/ab"));
    CU_ASSERT_FALSE(gw_device_path_match("/ab", "/a"));
}

static void a_path_is_encoded_as_in_a_url(void)
{
    char out[64];
    CU_ASSERT_TRUE(gw_device_path_encode("/a b/%2e/\303\266#x", out, sizeof out));
    ASSERT_TEXT(out, "/a%20b/%252e/%C3%B6%23x");
    CU_ASSERT_TRUE(gw_device_path_encode("/a?b=%26&c=%zz?\r\n", out, sizeof out));
    ASSERT_TEXT(out, "/a?b=%26&c=%25zz?%0D%0A");
    CU_ASSERT_FALSE(gw_device_path_encode("/abcdefgh", out, 9));
    CU_ASSERT_TRUE(gw_device_path_decode("/a%20b/%252e?c=%26#x", out, sizeof out));
    ASSERT_TEXT(out, "/a b/%2e?c=%26");
    CU_ASSERT_FALSE(gw_device_path_decode("/a%00b", out, sizeof out));
    CU_ASSERT_FALSE(gw_device_path_decode("/a%3Fb", out, sizeof out));
    CU_ASSERT_FALSE(gw_device_path_decode("/abc", out, 4));
    CU_ASSERT_TRUE(gw_device_path_decode("/abc", out, 5));
}

CU_TestInfo gateway_tests_device_path[] = {
    {"a path stays below the folder", a_path_stays_below_the_folder},
    {"a path has 512 bytes", a_path_has_512_bytes},
    {"a list stands in the place of the folder", a_list_stands_in_the_place_of_the_folder},
    {"a star is any text", a_star_is_any_text},
    {"a path is encoded as in a URL", a_path_is_encoded_as_in_a_url},
    CU_TEST_INFO_NULL,
};
