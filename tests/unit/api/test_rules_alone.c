/* Rules without a link: soap_xmpp_rules_read(), soap_xmpp_rules_allow(). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap_xmpp.h"
#include "request/access.h"
#include "../../lib/shortage.h"

extern CU_TestInfo tests_rules_alone[];

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct soap_xmpp_rules *read_rules(const char *text)
{
    char why[200] = "";
    struct soap_xmpp_rules *rules = soap_xmpp_rules_read(text, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rules);
    ASSERT_TEXT(why, "");
    return rules;
}

static void rules_let_pass_what_they_name(void)
{
    static const struct {
        const char *from, *uri, *operation;
        int allowed;
    } rows[] = {
        {"alice@example.org/desk", "urn:ops", "anything", 1},
        {"alice@example.org/desk", "", "", 1}, /* an empty body */
        {"alice@example.org", NULL, NULL, 1},
        {"bob@example.org/x", "urn:ops", "add", 1},
        {"bob@example.org/x", "urn:ops", "sub", 1},
        {"bob@example.org/x", "urn:ops", "mul", 0},
        {"bob@example.org/x", "urn:other", "add", 0},
        {"bob@example.org/x", "", "add", 0},
        {"bob@example.org/x", "", "", 0},
        {"carol@cams.example/x", "urn:ops", "snap", 1}, /* the one namespace that is named */
        {"carol@cams.example/x", "urn:other", "snap", 0},
        {"cams.example", "urn:ops", "snap", 0},
        {"bob@other.example/x", "urn:ops", "add", 0},
        {"", "urn:ops", "add", 0},
        {NULL, "urn:ops", "add", 0},
    };
    struct soap_xmpp_rules *rules = read_rules("alice@example.org bob@example.org:{urn:ops}add,\n"
                                               "bob@example.org:{urn:ops}sub *@cams.example:snap");
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        int allowed = soap_xmpp_rules_allow(rules, rows[i].from, rows[i].uri, rows[i].operation);
        CU_ASSERT_EQUAL(allowed, rows[i].allowed);
        if (allowed != rows[i].allowed)
            printf("row %zu\n", i);
    }
    soap_xmpp_rules_free(rules);
}

/* As soap_xmpp_take() has it. */
static void a_local_name_means_no_namespace_where_none_is_named(void)
{
    struct soap_xmpp_rules *rules = read_rules("*:add");
    CU_ASSERT_EQUAL(soap_xmpp_rules_allow(rules, "a@b/c", "", "add"), 1);
    CU_ASSERT_EQUAL(soap_xmpp_rules_allow(rules, "a@b/c", NULL, "add"), 1);
    CU_ASSERT_EQUAL(soap_xmpp_rules_allow(rules, "a@b/c", "urn:ops", "add"), 0);
    soap_xmpp_rules_free(rules);
}

static void no_rules_let_nobody_pass(void)
{
    struct soap_xmpp_rules *rules = read_rules("");
    CU_ASSERT_EQUAL(soap_xmpp_rules_allow(rules, "a@b/c", "urn:ops", "add"), 0);
    CU_ASSERT_EQUAL(soap_xmpp_rules_allow(NULL, "a@b/c", "urn:ops", "add"), 0);
    soap_xmpp_rules_free(rules);
    soap_xmpp_rules_free(NULL);
}

static void what_is_no_rule_is_named(void)
{
    char why[200] = "", text[16 * (10000 + 2)];
    size_t used = 0;
    int i;
    CU_ASSERT_PTR_NULL(soap_xmpp_rules_read("alice@b bob@", why, sizeof why));
    ASSERT_TEXT(why, "\"bob@\": the domain is empty");
    CU_ASSERT_PTR_NULL(soap_xmpp_rules_read("xmpp:a@b", NULL, 0));
    CU_ASSERT_PTR_NULL(soap_xmpp_rules_read(NULL, why, sizeof why));
    ASSERT_TEXT(why, "no rules were given; \"\" lets nobody call");
    for (i = 0; i < 10001; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "a%d@b ", i);
    CU_ASSERT_PTR_NULL(soap_xmpp_rules_read(text, why, sizeof why));
    ASSERT_CONTAINS(why, "there are more than 10000 rules");
}

/* One reading of rules: a link that takes requests says the same. */
static void a_link_answers_the_same(void)
{
    static const char *const texts[] = {"*:add", "*:{urn:a}add b@c:sub", "*:Fault",
                                        "b@c:{}add d@e:{urn:a}add", "b@c/d:add+{urn:a}sub"};
    static const char *const callers[] = {"b@c/d", "b@c/e", "d@e/f", "c"};
    static const char *const uris[] = {"", "urn:a", "urn:b",
                                       "http://www.w3.org/2003/05/soap-envelope"};
    static const char *const operations[] = {"", "add", "sub", "Fault"};
    size_t t, i;
    for (t = 0; t < COUNT(texts); t++) {
        struct soap_xmpp_rules *rules = read_rules(texts[t]);
        struct sx_access *access = sx_access_new();
        CU_ASSERT_PTR_NOT_NULL_FATAL(access);
        CU_ASSERT_EQUAL(sx_access_replace(access, texts[t], NULL, 0), SX_OK);
        sx_access_serve_bytes(access);
        for (i = 0; i < 4 * 4 * 4; i++) {
            const char *from = callers[i % 4], *uri = uris[i / 4 % 4],
                       *operation = operations[i / 16];
            CU_ASSERT_EQUAL(soap_xmpp_rules_allow(rules, from, uri, operation),
                            sx_access_grant(access, from, uri, operation) != SX_GRANT_NONE);
        }
        sx_access_free(access);
        soap_xmpp_rules_free(rules);
    }
}

static bool attempt_read(struct shortage shortage)
{
    struct soap_xmpp_rules *rules;
    char why[200] = "";
    bool failed;
    shortage_begin(shortage);
    rules = soap_xmpp_rules_read("alice@example.org:{urn:ops}add", why, sizeof why);
    failed = shortage_end();
    CU_ASSERT_EQUAL(!rules, failed);
    ASSERT_TEXT(why, failed ? "memory is short" : "");
    soap_xmpp_rules_free(rules);
    return failed;
}
SHORTAGE_TEST(read, 3)

CU_TestInfo tests_rules_alone[] = {
    {"rules let pass what they name, and nothing else", rules_let_pass_what_they_name},
    {"a local name means no namespace where none is named",
     a_local_name_means_no_namespace_where_none_is_named},
    {"no rules let nobody pass", no_rules_let_nobody_pass},
    {"what is no rule is named, and there are no rules then", what_is_no_rule_is_named},
    {"a link that takes requests answers the same", a_link_answers_the_same},
    {"rules that find no memory are none", test_read},
    CU_TEST_INFO_NULL,
};
