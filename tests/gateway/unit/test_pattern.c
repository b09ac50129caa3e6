/* Paths and JIDs with names in braces. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <string.h>

#include "config/pattern.h"

static char why[256];

/* What the names stand for and what is left over, as text: "name=cam1 rest=/media"; "-": none. */
static const char *match(const char *text, const char *path, bool is_jid)
{
    static char told[512];
    struct gw_pattern *pattern = gw_pattern_new(text, why, sizeof why);
    struct gw_match found;
    size_t used = 0, i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(pattern);
    strcpy(told, "-");
    if (is_jid ? gw_pattern_match_jid(pattern, path, &found)
               : gw_pattern_match_path(pattern, path, &found)) {
        for (i = 0; i < found.count; i++)
            used += (size_t)snprintf(told + used, sizeof told - used, "%s=%s ", found.names[i],
                                     found.values[i]);
        snprintf(told + used, sizeof told - used, "rest=%s", found.rest);
    }
    gw_pattern_free(pattern);
    return told;
}

static void test_a_path_begins_with_its_pattern_and_has_a_rest(void)
{
    ASSERT_TEXT(match("/calc", "/calc", false), "rest=");
    ASSERT_TEXT(match("/calc", "/calc/mex", false), "rest=/mex");
    ASSERT_TEXT(match("/calc", "/calculator", false), "-");
    ASSERT_TEXT(match("/calc", "/Calc", false), "-");
    ASSERT_TEXT(match("/cam/{name}", "/cam/front", false), "name=front rest=");
    ASSERT_TEXT(match("/cam/{name}", "/cam/front/onvif/media", false),
                "name=front rest=/onvif/media");
    ASSERT_TEXT(match("/cam/{name}", "/cam/", false), "-");
    ASSERT_TEXT(match("/cam/{name}", "/cam", false), "-");
    ASSERT_TEXT(match("/", "/", false), "rest=");
    ASSERT_TEXT(match("/", "/a/b", false), "rest=/a/b");
    ASSERT_TEXT(match("/{site}/cam-{n}.soap", "/hq/cam-7.soap/x", false), "site=hq n=7 rest=/x");
    ASSERT_TEXT(match("/{site}/cam-{n}.soap", "/hq/cam-7.soapy", false), "-");
    ASSERT_TEXT(match("/{a}/{b}/{c}/{d}", "/1/2/3/4/5", false), "a=1 b=2 c=3 d=4 rest=/5");
}

static void test_a_name_takes_what_it_may_and_no_more(void)
{
    char path[200] = "/";
    ASSERT_TEXT(match("/{n}", "/a.b_c~d-9", false), "n=a.b_c~d-9 rest=");
    ASSERT_TEXT(match("/{n}", "/a b", false), "-");
    ASSERT_TEXT(match("/{n}", "/a{b}", false), "-");
    ASSERT_TEXT(match("/{n}", "/a@b", false), "-");
    ASSERT_TEXT(match("/{n}", "/\xc3\xa4", false), "-");
    memset(path + 1, 'x', 64);
    ASSERT_CONTAINS(match("/{n}", path, false), "n=xxx");
    path[65] = 'x';
    ASSERT_TEXT(match("/{n}", path, false), "-");
    ASSERT_TEXT(match("/{a}.x", "/a.x.x", false), "a=a.x rest=");
    ASSERT_TEXT(match("/{a}-{b}", "/1-2-3", false), "a=1 b=2-3 rest=");
    ASSERT_TEXT(match("/{a}-{b}", "/-2", false), "-");
}

static void test_a_jid_is_all_of_its_pattern(void)
{
    ASSERT_TEXT(match("{node}@cams.example.org", "cam1@cams.example.org", true), "node=cam1 rest=");
    ASSERT_TEXT(match("{node}@cams.example.org", "cam1@CAMS.example.org", true), "node=cam1 rest=");
    ASSERT_TEXT(match("{node}@cams.example.org", "cam1@cams.example.org.evil", true), "-");
    ASSERT_TEXT(match("{node}@cams.example.org", "cams.example.org", true), "-");
    ASSERT_TEXT(match("{node}@cams.example.org", "a@b@cams.example.org", true), "-");
    ASSERT_TEXT(match("cam-{n}@cams.example.org", "CAM-3@cams.example.org", true), "n=3 rest=");
    ASSERT_TEXT(match("calc@example.org", "calc@example.org", true), "rest=");
}

static const char *refusal(const char *text)
{
    struct gw_pattern *pattern = gw_pattern_new(text, why, sizeof why);
    CU_ASSERT_PTR_NULL(pattern);
    gw_pattern_free(pattern);
    return why;
}

static void test_what_is_no_pattern_is_refused(void)
{
    char text[600] = "";
    ASSERT_TEXT(refusal(""), "it is empty");
    memset(text, 'x', 513);
    ASSERT_TEXT(refusal(text), "it is longer than 512 bytes");
    ASSERT_TEXT(refusal("/{}"), "a name in braces is empty");
    ASSERT_TEXT(refusal("/{a}/{a}"), "a name stands there twice");
    ASSERT_TEXT(refusal("/{a}{b}"), "two names need something between them");
    ASSERT_TEXT(refusal("/{a"), "a '{' has no '}' behind it");
    ASSERT_TEXT(refusal("/{a{b}"), "a '{' has no '}' behind it");
    ASSERT_TEXT(refusal("/a}"), "a '}' has no '{' before it");
    ASSERT_TEXT(refusal("/{a b}"), "a name is made of letters, digits, '-' and '_'");
    ASSERT_TEXT(refusal("/{a}/{b}/{c}/{d}/{e}"), "there are more than four names");
    ASSERT_TEXT(refusal("/{abcdefghijklmnopqrstuvwxyz012345}"),
                "a name is longer than 31 characters");
}

static int compare(const char *a, const char *b)
{
    struct gw_pattern *one = gw_pattern_new(a, why, sizeof why),
                      *other = gw_pattern_new(b, why, sizeof why);
    int order = gw_pattern_compare(one, other), back = gw_pattern_compare(other, one);
    CU_ASSERT((order < 0) == (back > 0) && (order == 0) == (back == 0));
    gw_pattern_free(one);
    gw_pattern_free(other);
    return order < 0 ? -1 : order > 0;
}

static void test_the_more_exact_pattern_is_tried_first(void)
{
    CU_ASSERT(compare("/cam/{name}", "/cam") < 0);
    CU_ASSERT(compare("/cam/front", "/cam/{name}") < 0);
    CU_ASSERT(compare("/cam/{name}/x", "/cam/front") < 0);
    CU_ASSERT(compare("/cam/f{name}", "/cam/{name}") < 0);
    CU_ASSERT(compare("/cam/{name}.soap", "/cam/{name}") < 0);
    CU_ASSERT(compare("/{a}/x", "/{b}/x") == 0);
    CU_ASSERT(compare("/a", "/b") != 0);
    CU_ASSERT(compare("/", "/a") > 0);
    CU_ASSERT(compare("cam1@x", "{node}@x") < 0);
}

static void test_names_are_replaced_once(void)
{
    struct gw_pattern *pattern = gw_pattern_new("/{site}/{n}", why, sizeof why);
    struct gw_match found;
    char out[64];
    CU_ASSERT_FATAL(gw_pattern_match_path(pattern, "/hq/7", &found));
    CU_ASSERT(gw_pattern_expand("xmpp:{n}@{site}.x/{n}", &found, "", out, sizeof out));
    ASSERT_TEXT(out, "xmpp:7@hq.x/7");
    CU_ASSERT(gw_pattern_expand("{user}@x", &found, "{n}", out, sizeof out));
    ASSERT_TEXT(out, "{n}@x");
    CU_ASSERT_FALSE(gw_pattern_expand("{other}@x", &found, "", out, sizeof out));
    CU_ASSERT_FALSE(gw_pattern_expand("{user}@x", &found, NULL, out, sizeof out));
    CU_ASSERT_FALSE(gw_pattern_expand("{n", &found, "", out, sizeof out));
    CU_ASSERT(gw_pattern_expand("abcd", NULL, NULL, out, 5));
    CU_ASSERT_FALSE(gw_pattern_expand("abcde", NULL, NULL, out, 5));
    CU_ASSERT_FALSE(gw_pattern_expand("abc{n}{n}", &found, NULL, out, 5));
    CU_ASSERT(gw_pattern_covers(pattern, "{n}{site}{user}", true, why, sizeof why));
    CU_ASSERT_FALSE(gw_pattern_covers(pattern, "{user}", false, why, sizeof why));
    ASSERT_TEXT(why, "its {user} is no name of the pattern /{site}/{n}");
    CU_ASSERT_FALSE(gw_pattern_covers(pattern, "{n", false, why, sizeof why));
    gw_pattern_free(pattern);
}

CU_TestInfo gateway_tests_pattern[] = {
    {"a path begins with its pattern and has a rest",
     test_a_path_begins_with_its_pattern_and_has_a_rest},
    {"a name takes what it may and no more", test_a_name_takes_what_it_may_and_no_more},
    {"a JID is all of its pattern", test_a_jid_is_all_of_its_pattern},
    {"what is no pattern is refused", test_what_is_no_pattern_is_refused},
    {"the more exact pattern is tried first", test_the_more_exact_pattern_is_tried_first},
    {"names are replaced once", test_names_are_replaced_once},
    CU_TEST_INFO_NULL};
