/* Unit tests of lib/xml/token.c: where tags and texts stand. */
#include "xml/token.h"

#include <stdio.h>
#include <string.h>

#include "../../lib/suite.h"

/* Each token as its kind's letter and its bytes in brackets; of start tags name and attributes. */
static void expect(const char *bytes, const char *expected)
{
    static const char letters[] = "sxeto";
    const char *at = bytes, *end = bytes + strlen(bytes);
    char told[512] = "";
    struct sx_token token;
    for (; sx_token_read(&token, at, end); at += token.len) {
        struct sx_token_attribute attribute;
        size_t name_len = sx_token_name_len(&token);
        const char *inside = token.bytes + 1 + name_len;
        size_t len = strlen(told);
        if (token.kind != SX_TOKEN_START && token.kind != SX_TOKEN_EMPTY) {
            snprintf(told + len, sizeof told - len, "%c(%.*s)", letters[token.kind], (int)token.len,
                     token.bytes);
            continue;
        }
        snprintf(told + len, sizeof told - len, "%c(%.*s)", letters[token.kind], (int)name_len,
                 token.bytes + 1);
        while (sx_token_attribute(&token, &inside, &attribute)) {
            len = strlen(told);
            snprintf(told + len, sizeof told - len, "%.*s{%.*s}", (int)attribute.name_len,
                     attribute.name, (int)attribute.value_len, attribute.value);
        }
    }
    CU_ASSERT_PTR_EQUAL(at, end);
    ASSERT_TEXT(told, expected);
}

static void test_tokens(void)
{
    expect("", "");
    expect("<a/>", "x(a)");
    expect("<a>b</a>\r\n", "s(a)t(b)e(</a>)t(\r\n)");
    expect("<p:a b='1'\n c:d = \"/>'\"/><q></q >", "x(p:a)b{1}c:d{/>'}s(q)e(</q >)");
    expect("x<![CDATA[<a>]]]><b c=']]>'/>y", "t(x)o(<![CDATA[<a>]]]>)x(b)c{]]>}t(y)");
    expect("<?p <?><!-- <a> --><a b=''/>", "o(<?p <?>)o(<!-- <a> -->)x(a)b{}");
}

static void test_endless(void)
{
    expect("<", "s()");
    expect("<a b='", "s(a)");
    expect("<a b", "s(a)");
    expect("<a b='1' c=", "s(a)b{1}");
    expect("</a", "e(</a)");
    expect("<![CDATA[]]", "o(<![CDATA[]])");
    expect("<a b='1' =/>", "x(a)b{1}");
}

CU_TestInfo tests_token[] = {
    {"tags, texts and sections follow one another, attributes stand in their tag", test_tokens},
    {"what has no end goes to the end", test_endless},
    CU_TEST_INFO_NULL,
};
