/* The header fields of a request to a backend. */
#include <string.h>

#include "serve/post.h"
#include "suite.h"

static const char *value_of(const struct gw_post *post, const char *name)
{
    const struct gw_header *header = post->headers;
    while (header->name && strcmp(header->name, name) != 0)
        header++;
    return header->value;
}

static struct gw_post_of of(int version, const char *action, const char *from)
{
    return (struct gw_post_of){
        .version = version, .action = action, .from = from, .traceparent = "00-1-2-01"};
}

static void each_version_says_its_action_in_its_way(void)
{
    struct gw_post_of as_11 = of(11, "urn:add", "a@b.test/c"), as_12 = of(12, "urn:add", "a@b");
    struct gw_post_of none = of(11, "", "a@b.test");
    struct gw_post post;
    char why[200];
    CU_ASSERT_EQUAL_FATAL(gw_post_write(&post, &as_11, why, sizeof why), 0);
    ASSERT_TEXT(value_of(&post, "Content-Type"), "text/xml; charset=utf-8");
    ASSERT_TEXT(value_of(&post, "SOAPAction"), "\"urn:add\"");
    ASSERT_TEXT(value_of(&post, "traceparent"), "00-1-2-01");
    ASSERT_CONTAINS(value_of(&post, "User-Agent"), "soap-xmpp-gateway/");
    gw_post_fini(&post);
    CU_ASSERT_EQUAL_FATAL(gw_post_write(&post, &as_12, why, sizeof why), 0);
    ASSERT_CONTAINS(value_of(&post, "Content-Type"), "application/soap+xml");
    ASSERT_CONTAINS(value_of(&post, "Content-Type"), "action=\"urn:add\"");
    CU_ASSERT_PTR_NULL(value_of(&post, "SOAPAction"));
    gw_post_fini(&post);
    CU_ASSERT_EQUAL_FATAL(gw_post_write(&post, &none, why, sizeof why), 0);
    ASSERT_TEXT(value_of(&post, "SOAPAction"), "\"\"");
    gw_post_fini(&post);
}

static void who_calls_is_said_in_ascii(void)
{
    struct gw_post_of asked = of(11, "", "j\303\266rg@b.test/a b%41\r\nX: y");
    struct gw_post post;
    char why[200];
    CU_ASSERT_EQUAL_FATAL(gw_post_write(&post, &asked, why, sizeof why), 0);
    ASSERT_TEXT(value_of(&post, "X-Xmpp-From"), "j%C3%B6rg@b.test/a%20b%2541%0D%0AX:%20y");
    gw_post_fini(&post);
}

static void an_action_that_ends_its_field_is_refused(void)
{
    static const char *const bad[] = {"a\r\nX: y", "a\"b", "a\\b", "a\177", "\t"};
    char why[200], longer[GW_POST_ACTION_BYTES];
    struct gw_post_of asked;
    struct gw_post post;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        asked = of(i % 2 ? 11 : 12, bad[i], "a@b.test");
        CU_ASSERT_EQUAL(gw_post_write(&post, &asked, why, sizeof why), -1);
    }
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    asked = of(11, longer, "a@b.test");
    CU_ASSERT_EQUAL(gw_post_write(&post, &asked, why, sizeof why), -1);
}

CU_TestInfo gateway_tests_post[] = {
    {"each version says its action in its way", each_version_says_its_action_in_its_way},
    {"who calls is said in ASCII", who_calls_is_said_in_ascii},
    {"an action that ends its field is refused", an_action_that_ends_its_field_is_refused},
    CU_TEST_INFO_NULL,
};
