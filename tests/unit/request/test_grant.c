/* access.c, access_service.c: what a rule lets its caller do, by namespace. */
#include "request/access.h"

#include <string.h>

#include "../../lib/suite.h"
#include "request/access_rule.h"
#include "request/access_service.h"
#include "request/denial.h"
#include "rules.h"

#define ALICE "alice@example.org/desk"

static struct sx_access *make(const char *rules)
{
    struct sx_access *access = sx_access_new();
    char why[256] = "";
    CU_ASSERT_PTR_NOT_NULL_FATAL(access);
    CU_ASSERT_EQUAL(sx_access_parse(access, rules, why, sizeof why), SX_OK);
    ASSERT_TEXT(why, "");
    return access;
}

struct asked {
    const char *uri, *operation;
    enum sx_grant grant;
};

static void ask_all(struct sx_access *access, const struct asked *rows, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++)
        CU_ASSERT_EQUAL(sx_access_grant(access, ALICE, rows[i].uri, rows[i].operation),
                        rows[i].grant);
}

static void of_a_service_that_is_known(void)
{
    static const char *const table[] = {"urn:c", "http://www.w3.org/*/x"};
    static const struct asked rows[] = {
        {"urn:c", "read", SX_GRANT_LOCAL},
        {"http://www.w3.org/2003/X", "read", SX_GRANT_LOCAL},
        {"http://www.w3.org/x", "read", SX_GRANT_NONE},
        {"urn:other", "read", SX_GRANT_NONE},
        {"", "read", SX_GRANT_NONE},
        {NULL, "read", SX_GRANT_NONE},
        {"urn:c", "write", SX_GRANT_NONE},
        {"urn:c", "", SX_GRANT_NONE},
        {"urn:d", "note", SX_GRANT_NAMED},
        {"urn:c", "note", SX_GRANT_NONE},
        {"", "plain", SX_GRANT_NAMED},
        {"urn:c", "plain", SX_GRANT_NONE},
        {SX_SCAN_LONG_URI, "read", SX_GRANT_NONE},
    };
    struct sx_access *access = make("alice@example.org:read+{urn:d}note+{}plain");
    CU_ASSERT_EQUAL(sx_access_serve(access, table, COUNT(table)), SX_OK);
    ask_all(access, rows, COUNT(rows));
    CU_ASSERT_EQUAL(sx_access_grant(access, "bob@example.org/x", "urn:c", "read"), SX_GRANT_NONE);
    sx_access_free(access);
}

static void a_fault_as_a_request(void)
{
    static const char *const table[] = {"urn:c"};
    static const struct asked rows[] = {
        {SX_NS_SOAP11, "Fault", SX_GRANT_LOCAL},
        {SX_NS_SOAP12, "Fault", SX_GRANT_LOCAL},
        {SX_NS_SOAP12, "read", SX_GRANT_NONE},
        {SX_NS_SOAP12 "#", "Fault", SX_GRANT_NONE},
        {"", "Fault", SX_GRANT_NONE},
        {"urn:c", "Fault", SX_GRANT_NONE}, /* an operation without input would run for it */
    };
    struct sx_access *access = make("alice@example.org:read+Fault");
    CU_ASSERT_EQUAL(sx_access_serve(access, table, COUNT(table)), SX_OK);
    ask_all(access, rows, COUNT(rows));
    CU_ASSERT_EQUAL(sx_access_grant(access, "bob@example.org/x", SX_NS_SOAP12, "Fault"),
                    SX_GRANT_NONE);
    sx_access_free(access);
}

static void of_a_service_without_namespaces(void)
{
    static const char *const table[] = {""};
    static const struct asked rows[] = {
        {"", "read", SX_GRANT_LOCAL},
        {"urn:c", "read", SX_GRANT_NONE},
    };
    struct sx_access *access = make("alice@example.org:read");
    CU_ASSERT_EQUAL(sx_access_serve(access, table, COUNT(table)), SX_OK);
    ask_all(access, rows, COUNT(rows));
    sx_access_free(access);
}

/* Nobody knows what chooses its operations. */
static void of_a_service_as_bytes(void)
{
    static const char *const table[] = {"urn:c"};
    static const struct asked unnamed[] = {
        {"", "read", SX_GRANT_LOCAL},
        {"urn:c", "read", SX_GRANT_NONE},
        {"urn:n", "read", SX_GRANT_NONE},
    };
    static const struct asked named[] = {
        {"", "read", SX_GRANT_NONE},
        {"urn:c", "read", SX_GRANT_NONE},
        {"urn:n", "read", SX_GRANT_LOCAL},
        {"urn:n", "write", SX_GRANT_NAMED},
    };
    static const struct asked served[] = {
        {"", "read", SX_GRANT_NONE},
        {"urn:c", "read", SX_GRANT_LOCAL},
        {"urn:n", "read", SX_GRANT_NONE},
        {"urn:n", "write", SX_GRANT_NAMED},
    };
    struct sx_access *access = make("alice@example.org:read");
    sx_access_serve_bytes(access);
    ask_all(access, unnamed, COUNT(unnamed));
    rules_parse(access, "alice@example.org:{urn:n}write");
    ask_all(access, named, COUNT(named));
    CU_ASSERT_EQUAL(sx_access_serve(access, table, COUNT(table)), SX_OK);
    ask_all(access, served, COUNT(served));
    sx_access_free(access);
}

/* Whoever was let in before asks again. */
static void what_narrows_rules_is_a_change(void)
{
    static const char *const table[] = {"urn:c"};
    struct sx_access *access = make("alice@example.org:read");
    unsigned long version = sx_access_version(access);
    sx_access_serve_bytes(access);
    CU_ASSERT_EQUAL(sx_access_version(access), version + 1);
    sx_access_serve_bytes(access);
    CU_ASSERT_EQUAL(sx_access_version(access), version + 1);
    CU_ASSERT_EQUAL(sx_access_serve(access, table, COUNT(table)), SX_OK);
    CU_ASSERT_EQUAL(sx_access_version(access), version + 2);
    CU_ASSERT_EQUAL(sx_access_serve(access, table, COUNT(table)), SX_OK);
    CU_ASSERT_EQUAL(sx_access_version(access), version + 2); /* more namespaces take none away */
    sx_access_free(access);
}

/* Tables add up; what rules name no longer counts once there is one. */
static void of_several_services(void)
{
    static const char *const first[] = {"urn:a"}, *const second[] = {"urn:b"};
    static const struct asked before[] = {
        {"urn:n", "read", SX_GRANT_LOCAL},
        {"urn:a", "read", SX_GRANT_NONE},
        {"", "read", SX_GRANT_NONE},
        {"urn:n", "note", SX_GRANT_NAMED},
    };
    static const struct asked after[] = {
        {"urn:a", "read", SX_GRANT_LOCAL},
        {"urn:b", "read", SX_GRANT_LOCAL},
        {"urn:n", "read", SX_GRANT_NONE},
        {"urn:n", "note", SX_GRANT_NAMED},
    };
    struct sx_access *access = make("alice@example.org:read alice@example.org:{urn:n}note");
    ask_all(access, before, COUNT(before));
    CU_ASSERT_EQUAL(sx_access_serve(access, first, 1), SX_OK);
    CU_ASSERT_EQUAL(sx_access_serve(access, second, 1), SX_OK);
    CU_ASSERT_EQUAL(sx_access_serve(access, second, 1), SX_OK);
    ask_all(access, after, COUNT(after));
    sx_access_free(access);
}

static void of_a_service_that_is_not_known(void)
{
    static const struct asked rows[] = {
        {"urn:c", "read", SX_GRANT_LOCAL},
        {"", "read", SX_GRANT_LOCAL},
        {"urn:c", "note", SX_GRANT_NONE},
    };
    struct sx_access *access = make("alice@example.org:read");
    ask_all(access, rows, COUNT(rows));
    sx_access_free(access);
}

static void everything(void)
{
    static const char *const table[] = {"urn:c"};
    static const struct asked rows[] = {
        {"urn:c", "read", SX_GRANT_EVERYTHING},
        {"urn:other", "read", SX_GRANT_EVERYTHING},
        {"", "", SX_GRANT_EVERYTHING},
    };
    struct sx_access *access = make("alice@example.org:read *@example.org");
    CU_ASSERT_EQUAL(sx_access_serve(access, table, 1), SX_OK);
    ask_all(access, rows, COUNT(rows));
    sx_access_free(access);
}

/* Before its namespace is known: an operation's name alone. */
static void by_name_alone(void)
{
    struct sx_access *access = make("alice@example.org:{urn:a:b+c}read+write");
    CU_ASSERT_TRUE(sx_access_allows(access, ALICE, "read"));
    CU_ASSERT_TRUE(sx_access_allows(access, ALICE, "write"));
    CU_ASSERT_FALSE(sx_access_allows(access, ALICE, "{urn:a:b+c}"));
    CU_ASSERT_FALSE(sx_access_allows(access, ALICE, "note"));
    CU_ASSERT_FALSE(sx_access_allows(access, ALICE, ""));
    CU_ASSERT_FALSE(sx_access_allows(access, "bob@example.org/x", "read"));
    CU_ASSERT_TRUE(sx_access_may_know(access, ALICE));
    sx_access_free(access);
}

static void bad_namespaces(void)
{
    static const char *const rows[][2] = {
        {"{urn:x", "the namespace's brace isn't closed"},
        {"{urn:x}", "the operation is empty"},
        {"{urn x}read", "the namespace has white space or a control character"},
        {"{urn:x}a:b", "the operation has a colon, but it is named without its prefix"},
        {"read{urn:x}", "the operation has a colon, but it is named without its prefix"},
        {"{urn:x}{urn:y}read", "the operation has a colon, but it is named without its prefix"},
    };
    struct sx_access *access = make("");
    char why[256], longer[400] = "{";
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_EQUAL(sx_access_allow(access, "alice@example.org", rows[i][0], why, sizeof why),
                        SX_ECONFIG);
        ASSERT_TEXT(why, rows[i][1]);
    }
    for (i = 1; i <= 255; i++)
        longer[i] = 'u';
    strcpy(longer + 256, "}read");
    CU_ASSERT_EQUAL(sx_access_allow(access, "alice@example.org", longer, why, sizeof why), SX_OK);
    longer[256] = 'u';
    strcpy(longer + 257, "}read");
    CU_ASSERT_EQUAL(sx_access_allow(access, "alice@example.org", longer, why, sizeof why),
                    SX_ECONFIG);
    ASSERT_TEXT(why, "the namespace is longer than 255 bytes");
    sx_access_free(access);
}

static void patterns(void)
{
    static const struct {
        const char *pattern, *uri;
        bool has;
    } rows[] = {
        {"urn:c", "urn:c", true},
        {"urn:c", "URN:C", true},
        {"urn:c", "urn:cc", false},
        {"urn:c", "urn:", false},
        {"*", "", true},
        {"*", "x", true},
        {"a*c", "abbc", true},
        {"a*c", "abcb", false},
        {"a*b*c", "aXbYbZc", true},
        {"a*b*c", "ac", false},
        {"a**", "a", true},
        {"", "", true},
        {"", "x", false},
        {"*/soap", "http://x/soap", true},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct sx_access_service service = {0};
        CU_ASSERT_EQUAL(sx_access_service_add_table(&service, &rows[i].pattern, 1), SX_OK);
        CU_ASSERT_EQUAL(sx_access_service_has(&service, rows[i].uri), rows[i].has);
        sx_access_service_fini(&service);
    }
}

static void advice(void)
{
    static const struct {
        const char *from, *operation, *text;
    } rows[] = {
        {ALICE, "{urn:c}read",
         ALICE " may not call {urn:c}read: allow it with SOAP_XMPP_ALLOW=alice@example.org:"
               "{urn:c}read or soap_xmpp_allow()"},
        {ALICE, "{}read",
         ALICE " may not call {}read: allow it with SOAP_XMPP_ALLOW=alice@example.org:{}read or "
               "soap_xmpp_allow()"},
        {ALICE, "{$(reboot)}read", ALICE " may not call {$(reboot)}read"},
        /* a rule for it would be another account's */
        {"stra\xC3\x9F"
         "e@x.org",
         "read",
         "stra\xC3\x9F"
         "e@x.org may not call read"},
        {"\xC3\x96@x.org", "read", "\xC3\x96@x.org may not call read"},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        char text[512];
        sx_denial_describe(rows[i].from, rows[i].operation, text, sizeof text);
        ASSERT_TEXT(text, rows[i].text);
    }
}

CU_TestInfo tests_grant[] = {
    {"an operation is meant in the namespaces of the table, or in the one that is named",
     of_a_service_that_is_known},
    {"a rule for Fault means SOAP's own element", a_fault_as_a_request},
    {"a service without namespaces has operations in none", of_a_service_without_namespaces},
    {"of a service as bytes nothing is meant that nobody has named", of_a_service_as_bytes},
    {"what narrows rules is a change of them", what_narrows_rules_is_a_change},
    {"tables add up, and count more than what rules name", of_several_services},
    {"where nothing is known, the local name counts", of_a_service_that_is_not_known},
    {"who is allowed everything is asked for no namespace", everything},
    {"before the namespace is known, some rule will do", by_name_alone},
    {"a namespace that can't be one is told", bad_namespaces},
    {"who is refused for a namespace is told a rule that has it, if any", advice},
    {"patterns are those of gSOAP's tables", patterns},
    CU_TEST_INFO_NULL,
};
