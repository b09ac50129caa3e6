/* What a refusal tells the owner of the service. */
#include "request/denial.h"

#include <string.h>

#include "../../lib/suite.h"
#include "request/access.h"
#include "rules.h"
#include "wire/jid.h"

static void a_refusal_tells_how_to_allow_it(void)
{
    static const struct {
        const char *from, *operation, *text;
    } rows[] = {
        {"alice@example.org/desk", "add",
         "alice@example.org/desk may not call add: allow it with "
         "SOAP_XMPP_ALLOW=alice@example.org:add or soap_xmpp_allow()"},
        {"example.org", "add",
         "example.org may not call add: allow it with SOAP_XMPP_ALLOW=example.org:add or "
         "soap_xmpp_allow()"},
        {"a@[::1]/x", "add",
         "a@[::1]/x may not call add: allow it with SOAP_XMPP_ALLOW=a@%5B%3A%3A1%5D:add or "
         "soap_xmpp_allow()"},
        {"$(id)*;~@b/x\ny", "add",
         "$(id)*;~@b/x?y may not call add: allow it with "
         "SOAP_XMPP_ALLOW=%24%28id%29%2A%3B%7E@b:add or soap_xmpp_allow()"},
        {"\xC3\xB6@b", "add",
         "\xC3\xB6@b may not call add: allow it with SOAP_XMPP_ALLOW=\xC3\xB6@b:add or "
         "soap_xmpp_allow()"},
        {"a@b/c", "", "a@b/c may not call without an operation"},
        {"a@b/c", NULL, "a@b/c may not call without an operation"},
        {"a@b/c", "x y", "a@b/c may not call x y"},
        {NULL, "add", "a caller without a JID may not call add"},
        {"@b/c", "add", "@b/c may not call add"},
        {"a@b@c/d", "add", "a@b@c/d may not call add"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        char text[512] = "";
        sx_denial_describe(rows[i].from, rows[i].operation, text, sizeof text);
        ASSERT_TEXT(text, rows[i].text);
    }
}

static void what_is_advised_allows_that_account_alone(void)
{
    static const char *const callers[] = {"alice@example.org/desk",
                                          "example.org/x",
                                          "*@example.org/x",
                                          "a,b%2A+c@example.org",
                                          "a@[2001:db8::1]/x",
                                          "\xC3\xB6@\xC3\xB6.org",
                                          "a?b#c@x.org",
                                          "soap@xmpp"};
    size_t i;

    for (i = 0; i < COUNT(callers); i++) {
        char text[512], *rule, *end;
        struct sx_access *access = rules_make();
        sx_denial_describe(callers[i], "add", text, sizeof text);
        rule = strstr(text, "SOAP_XMPP_ALLOW=");
        CU_ASSERT_PTR_NOT_NULL_FATAL(rule);
        rule += strlen("SOAP_XMPP_ALLOW=");
        end = strchr(rule, ' ');
        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        *end = '\0';
        rules_parse(access, rule);
        CU_ASSERT_TRUE(sx_access_allows(access, callers[i], "add"));
        CU_ASSERT_FALSE(sx_access_allows(access, callers[i], "sub"));
        CU_ASSERT_FALSE(sx_access_allows(access, "other@example.org/x", "add"));
        sx_access_free(access);
    }
}

static void advice_that_does_not_fit_is_left_out(void)
{
    static const char whole[] = "\xC3\xB6@b/c may not call add: allow it with "
                                "SOAP_XMPP_ALLOW=\xC3\xB6@b:add or soap_xmpp_allow()";
    char text[sizeof whole], from[2 * SX_JID_PART_BYTES], long_text[1000];

    sx_denial_describe("\xC3\xB6@b/c", "add", text, sizeof whole);
    ASSERT_TEXT(text, whole);
    sx_denial_describe("\xC3\xB6@b/c", "add", text, sizeof whole - 1);
    ASSERT_TEXT(text, "\xC3\xB6@b/c may not call add");
    sx_denial_describe("\xC3\xB6@b/c", "add", text, 5);
    ASSERT_TEXT(text, "...");
    sx_denial_describe("\xC3\xB6@b/c", "add", text, 6);
    ASSERT_TEXT(text, "\xC3\xB6...");
    sx_denial_describe("\xC3\xB6@b/c", "add", text, 1);
    ASSERT_TEXT(text, "");
    strcpy(text, "keep");
    sx_denial_describe("\xC3\xB6@b/c", "add", text, 0);
    ASSERT_TEXT(text, "keep");
    memset(from, 'n', sizeof from);
    strcpy(from + 1000, "@b/c");
    sx_denial_describe(from, "add", long_text, sizeof long_text);
    ASSERT_CONTAINS(long_text, "nnn... may not call add");
    ASSERT_LACKS(long_text, "SOAP_XMPP_ALLOW");
}

CU_TestInfo tests_denial[] = {
    {"a refusal tells how to allow it", a_refusal_tells_how_to_allow_it},
    {"the rule that is advised allows that account and operation alone",
     what_is_advised_allows_that_account_alone},
    {"advice that doesn't fit is left out, not cut", advice_that_does_not_fit_is_left_out},
    CU_TEST_INFO_NULL,
};
