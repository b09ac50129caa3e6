/* The rules of several serves, said so that none changes what another one means. */
#include <stdlib.h>
#include <string.h>

#include "serve/rules.h"
#include "soap_xmpp.h"
#include "suite.h"

static char *made_of(char **list, size_t count, bool with_metadata)
{
    struct ct_text text = {0};
    struct gw_strings allow = {list, count};
    char *out;
    gw_rules_add(&text, &allow, with_metadata);
    out = ct_text_take(&text);
    ct_text_fini(&text);
    return out;
}

static void assert_made(char **list, size_t count, bool with_metadata, const char *expected)
{
    char *out = made_of(list, count, with_metadata);
    ASSERT_TEXT(out, expected);
    free(out);
}

static void a_name_without_a_namespace_keeps_its_meaning(void)
{
    char *none[] = {"*@a.test:{}add+{}sub", "b@a.test"};
    char *some[] = {"*@a.test:add", "b@a.test:{urn:x}sub+{urn:y}mul"};
    assert_made(none, 2, false, "*@a.test:{}add, *@a.test:{}sub, b@a.test");
    assert_made(some, 2, false,
                "*@a.test:{urn:x}add, *@a.test:{urn:y}add, b@a.test:{urn:x}sub, "
                "b@a.test:{urn:y}mul");
}

static void a_name_needs_a_namespace_somewhere(void)
{
    static const struct {
        const char *rules[2];
        bool is_right;
    } rows[] = {
        {{"*@a.test", "b@a.test"}, true},
        {{"*@a.test:{}add", "b@a.test:sub"}, true},
        {{"*@a.test:add", "b@a.test:sub+{urn:x}mul"}, true},
        {{"*@a.test", "b@a.test:sub"}, false},
        {{"*@a.test:add", "b@a.test"}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[400] = "";
        struct gw_strings allow = {(char **)rows[i].rules, 2};
        CU_ASSERT_EQUAL(gw_rules_check(&allow, why, sizeof why), rows[i].is_right);
        if (!rows[i].is_right)
            CU_ASSERT_PTR_NOT_NULL(strstr(why, "@a.test:{urn:example}"));
    }
}

static void who_may_call_may_ask_for_the_wsdl(void)
{
    char *list[] = {"a@a.test", "b@a.test:{}add"};
    char *out = made_of(list, 2, true), why[300];
    struct soap_xmpp_rules *rules = soap_xmpp_rules_read(out, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rules);
    CU_ASSERT_TRUE(soap_xmpp_rules_allow(rules, "b@a.test/x", GW_RULES_MEX, "GetMetadata"));
    CU_ASSERT_TRUE(soap_xmpp_rules_allow(rules, "a@a.test/x", GW_RULES_MEX, "GetMetadata"));
    CU_ASSERT_TRUE(soap_xmpp_rules_allow(rules, "b@a.test/x", "", "add"));
    CU_ASSERT_FALSE(soap_xmpp_rules_allow(rules, "b@a.test/x", GW_RULES_MEX, "add"));
    CU_ASSERT_FALSE(soap_xmpp_rules_allow(rules, "c@a.test/x", GW_RULES_MEX, "GetMetadata"));
    soap_xmpp_rules_free(rules);
    free(out);
}

static void a_plus_in_a_namespace_divides_nothing(void)
{
    char *list[] = {"b@a.test:{urn:a+b}add+sub"};
    assert_made(list, 1, false, "b@a.test:{urn:a+b}add, b@a.test:{urn:a+b}sub");
}

static void what_is_no_rule_ends(void)
{
    char *list[] = {"b@a.test:", ":", "", "b:{urn", "b:{", "b:+", "b:add+", "b:{urn}"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        free(made_of(&list[i], 1, true));
}

CU_TestInfo gateway_tests_rules[] = {
    {"a name needs a namespace somewhere", a_name_needs_a_namespace_somewhere},
    {"a name without a namespace keeps its meaning", a_name_without_a_namespace_keeps_its_meaning},
    {"who may call may ask for the WSDL", who_may_call_may_ask_for_the_wsdl},
    {"a plus in a namespace divides nothing", a_plus_in_a_namespace_divides_nothing},
    {"what is no rule ends", what_is_no_rule_ends},
    CU_TEST_INFO_NULL,
};
