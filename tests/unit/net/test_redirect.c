/* Where a server may send us to, and where it may not. */
#include <string.h>

#include "net/redirect.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char no_host[] = "which is no host with or without a port";

static void test_targets(void)
{
    static const struct {
        const char *text, *host;
        int port;
    } rows[] = {
        {"node2.example.org", "node2.example.org", 0},
        {"node2.example.org:5223", "node2.example.org", 5223},
        {"Node2.Example.ORG.:1", "Node2.Example.ORG", 1},
        {"node2", "node2", 0},
        {"under_score.example:65535", "under_score.example", 65535},
        {"xn--bcher-kva.test", "xn--bcher-kva.test", 0},
        {"b\303\274cher.test:5222", "b\303\274cher.test", 5222},
        {"192.0.2.1", "192.0.2.1", 0},
        {"192.0.2.1:05222", "192.0.2.1", 5222},
        {"[2001:db8::1]", "2001:db8::1", 0},
        {"[2001:db8::1]:5999", "2001:db8::1", 5999},
        {"[::ffff:192.0.2.1]:1", "::ffff:192.0.2.1", 1},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct sx_redirect redirect = {0};
        const char *why;
        CU_ASSERT_EQUAL(sx_redirect_add(&redirect, rows[i].text, i % 2, &why), SX_OK);
        CU_ASSERT_EQUAL_FATAL(redirect.count, 1);
        ASSERT_TEXT(redirect.at[0].host, rows[i].host);
        CU_ASSERT_EQUAL(redirect.at[0].port, rows[i].port);
        CU_ASSERT_EQUAL(redirect.at[0].is_direct, i % 2);
    }
}

static void test_malformed(void)
{
    static const char *const texts[] = {
        "",
        ".",
        ":5222",
        "node2:",
        "node2:0",
        "node2:65536",
        "node2:4294972518",
        "node2:-1",
        "node2:+1",
        "node2: 1",
        "node2:5222/",
        "node2:http",
        " node2",
        "node2 ",
        "node2\n",
        "node 2",
        "node2..example",
        "alice@node2",
        "node2/desk",
        "xmpp:node2",
        "https://node2/",
        "no\\de2",
        "no%de2",
        "no'de2",
        "2001:db8::1",
        "2001:db8::1:5222",
        "[2001:db8::1",
        "[2001:db8::1]5222",
        "[2001:db8::1]:",
        "[2001:db8::1]:x",
        "[fe80::1%eth0]:5222",
        "[192.0.2.1]:5222",
        "[node2]",
        "[]",
        "[[::1]]",
        "127.1",
        "1.2.3.4.5",
        "256.0.0.1",
        "b\303\274 cher.test",
        "node\302\2402",
    };
    size_t i;
    for (i = 0; i < COUNT(texts); i++) {
        struct sx_redirect redirect = {0};
        const char *why = "";
        enum sx_err err = sx_redirect_add(&redirect, texts[i], false, &why);
        if (err == SX_OK)
            ASSERT_TEXT(texts[i], "");
        CU_ASSERT_EQUAL(err, SX_ESTREAM);
        ASSERT_TEXT(why, no_host);
        CU_ASSERT_EQUAL(redirect.count, 0);
    }
}

/* As long as its reader leaves it, a target may have lost its end. */
static void test_length(void)
{
    struct sx_redirect redirect = {0};
    char text[400], cut[5] = "";
    const char *why;
    size_t len;
    memset(text, '0', sizeof text);
    memcpy(text, "n:", 2);
    text[sizeof text - 1] = '\0';
    CU_ASSERT_EQUAL(sx_redirect_add(&redirect, text, false, &why), SX_ESTREAM);
    memcpy(cut, "\303\274", 3);
    for (len = 0; len + 2 < sizeof text; len += 2)
        memcpy(text + len, len % 40 == 38 ? "a." : cut, 2);
    for (len = SX_REDIRECT_HOST_BYTES; len < SX_REDIRECT_HOST_BYTES + 4; len++) {
        text[len] = '\0';
        CU_ASSERT_EQUAL(sx_redirect_add(&redirect, text, false, &why), SX_ESTREAM);
        ASSERT_TEXT(why, no_host);
        text[len] = 'a';
    }
}

static void test_circle(void)
{
    struct sx_redirect redirect = {0};
    const char *why;
    CU_ASSERT_EQUAL(sx_redirect_add(&redirect, "node2", false, &why), SX_OK);
    CU_ASSERT_EQUAL(sx_redirect_add(&redirect, "NODE2", true, &why), SX_ESTREAM);
    ASSERT_TEXT(why, "where we were sent before");
    CU_ASSERT_EQUAL(sx_redirect_add(&redirect, "node2:5222", false, &why), SX_OK);
    CU_ASSERT_EQUAL(sx_redirect_add(&redirect, "node2:5223", false, &why), SX_OK);
    CU_ASSERT_EQUAL(sx_redirect_add(&redirect, "node2:5222", false, &why), SX_ESTREAM);
    ASSERT_TEXT(why, "where we were sent before");
    CU_ASSERT_EQUAL(sx_redirect_add(&redirect, "node3", false, &why), SX_ESTREAM);
    ASSERT_TEXT(why, "the fourth in a row");
    CU_ASSERT_EQUAL(redirect.count, SX_REDIRECT_MOST);
}

static bool add(struct shortage shortage)
{
    struct sx_redirect redirect = {0};
    const char *why;
    enum sx_err err;
    bool has_failed;
    shortage_begin(shortage);
    err = sx_redirect_add(&redirect, "b\303\274cher.test:5222", false, &why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    if (has_failed)
        ASSERT_TEXT(why, "and memory is short");
    return has_failed;
}

static void test_shortage(void)
{
    CU_ASSERT(shortage_sweep(add) >= 1);
}

CU_TestInfo tests_redirect[] = {
    {"a target is a host with or without a port", test_targets},
    {"what is no host is told", test_malformed},
    {"a target that may have been cut is refused", test_length},
    {"no target comes twice, and no fourth is followed", test_circle},
    {"a target that finds no memory is refused", test_shortage},
    CU_TEST_INFO_NULL,
};
