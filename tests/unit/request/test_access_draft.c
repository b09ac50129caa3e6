/* What can't be a rule, and rules as a text. */
#include "request/access_draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/suite.h"
#include "request/access.h"
#include "rules.h"

struct refused {
    const char *who, *operation, *why;
};

struct unparsed {
    const char *rules, *why;
};

/* ---- what can't be a rule ---- */

static void what_cannot_be_a_rule_is_refused(void)
{
    static const struct refused rows[] = {
        {NULL, NULL, "who is meant is empty"},
        {"", NULL, "who is meant is empty"},
        {"alice@", NULL, "the domain is empty"},
        {"@example.org", NULL, "the node is empty"},
        {"alice@example.org/", NULL, "the resource is empty"},
        {"/desk", NULL, "the domain is empty"},
        {"al ice@example.org", NULL, "the node has a space"},
        {"alice@example.org:add", NULL, "the domain has a character that domain names forbid"},
        {"alice@exa\xFFmple.org", NULL, "the domain is not valid UTF-8"},
        {"xmpp:alice@example.org", NULL, "a JID is wanted, without xmpp:"},
        {"*@", NULL, "the domain is empty"},
        {"*@*", NULL, "a * can't stand for a domain or a part of one"},
        {"*@a@b", NULL, "*@ is followed by a domain and nothing else"},
        {"*@example.org/desk", NULL, "*@ is followed by a domain and nothing else"},
        {"*/desk", NULL, "a * can't stand for a domain or a part of one"},
        {"*@*.example.org", NULL, "a * can't stand for a domain or a part of one"},
        {"a*@b", NULL, "a * stands for a whole account name, not for a part of one"},
        {"**@b", NULL, "a * stands for a whole account name, not for a part of one"},
        {"a@b/*", NULL, "every resource is meant when none is given, not by /*"},
        {"a@b", "", "the operation is empty"},
        {"a@b", "c:add", "the operation has a colon, but it is named without its prefix"},
        {"a@b", "add sub", "the operation is no name that an element can have"},
        {"a@b", "add+sub", "the operation is no name that an element can have"},
        {"a@b", "get*", "the operation is no name that an element can have"},
        {"a@b", "**", "the operation is no name that an element can have"},
        {"a@b", "add\n", "the operation is no name that an element can have"},
        {"a@b", "a\xC3", "the operation is no name that an element can have"},
        {"a@b", "a\xC1\xA1", "the operation is no name that an element can have"},
        {"a@b", "a\xE0\x81\xA1", "the operation is no name that an element can have"},
    };
    struct sx_access *access = rules_make();
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        char why[160] = "";
        CU_ASSERT_EQUAL(sx_access_allow(access, rows[i].who, rows[i].operation, why, sizeof why),
                        SX_ECONFIG);
        ASSERT_TEXT(why, rows[i].why);
        CU_ASSERT_EQUAL(sx_access_allow(access, rows[i].who, rows[i].operation, NULL, 0),
                        SX_ECONFIG);
    }
    CU_ASSERT_FALSE(sx_access_allows(access, "alice@example.org/desk", "add"));
    CU_ASSERT_FALSE(sx_access_allows(access, "a@b/desk", "add"));
    sx_access_free(access);
}

static void a_rule_in_code_is_not_decoded(void)
{
    struct sx_access *access = rules_make();

    rules_allow(access, "al%2Fice@example.org", "add");
    rules_allow(access, "bob@example.org/a b:c,d?e#f%20", NULL);
    CU_ASSERT_TRUE(sx_access_allows(access, "al%2fice@example.org/x", "add"));
    CU_ASSERT_FALSE(sx_access_allows(access, "al/ice@example.org/x", "add"));
    CU_ASSERT_TRUE(sx_access_allows(access, "bob@example.org/a b:c,d?e#f%20", "sub"));
    CU_ASSERT_FALSE(sx_access_allows(access, "bob@example.org/a", "sub"));
    sx_access_free(access);
}

/* ---- the text form ---- */

static void encoded_names_are_decoded(void)
{
    static const struct rules_asked rows[] = {
        {"a@b/x%20y%2Cz%3A1%25:add", "a@b/x y,z:1%", "add", true},
        {"a@b/x%2By:add", "a@b/x+y", "add", true},
        {"a@b/x+y:add", "a@b/x+y", "add", true},
        {"a@b/soap", "a@b/soap", "add", true},
        {"a@b", "a@b/other", "add", true}, /* the "soap" of endpoints is not added */
        {"a,b@c", "a,b@c", "add", false},
        {"a,b@c", "b@c", "add", true},
        {"a%2Cb@c", "a,b@c", "add", true},
        {"%2A@c", "*@c/x", "add", true}, /* an account that is called so */
        {"%2A@c", "alice@c/x", "add", false},
        {"a%2A@c", "a*@c/x", "add", true},
        {"a%2A@c", "ab@c/x", "add", false},
        {"a@b/%2A", "a@b/*", "add", true},
        {"a@b/%2A", "a@b/c", "add", false},
        {"%78mpp:add", "xmpp/x", "add", true}, /* a domain that is called so */
    };
    rules_ask_all(rows, COUNT(rows));
}

static void rules_stand_between_blanks_and_commas(void)
{
    struct sx_access *access = rules_make();

    rules_parse(access, " a@b:add,c@d\t,\n ,example.org:sub+mul\r\n*@e:add ");
    CU_ASSERT_TRUE(sx_access_allows(access, "a@b/r", "add"));
    CU_ASSERT_TRUE(sx_access_allows(access, "c@d/r", "any"));
    CU_ASSERT_TRUE(sx_access_allows(access, "example.org", "mul"));
    CU_ASSERT_TRUE(sx_access_allows(access, "x@e/r", "add"));
    CU_ASSERT_FALSE(sx_access_allows(access, "x@e/r", "sub"));
    CU_ASSERT_FALSE(sx_access_allows(access, "example.org", "add"));
    sx_access_free(access);
}

static const struct unparsed unparsed[] = {
    {"alice@:add", "\"alice@:add\": the domain is empty"},
    {":add", "\":add\": who is meant is empty"},
    {"a@b:", "\"a@b:\": the operation is empty"},
    {"a@b: add", "\"a@b:\": the operation is empty"},
    {"a@b:add+", "\"a@b:add+\": the operation is empty"},
    {"a@b:add*", "\"a@b:add*\": the operation is no name that an element can have"},
    {"a@b:c:add", "\"a@b:c:add\": it has two colons, and one in a JID is written %3A"},
    {"a@[::1:add", "\"a@[::1:add\": it has two colons, and one in a JID is written %3A"},
    {"a@[::1]x:add", "\"a@[::1]x:add\": the domain is no IPv6 address in brackets"},
    {"xmpp:alice@b", "\"xmpp:alice@b\": a JID is wanted, without xmpp:"},
    {"*@", "\"*@\": the domain is empty"},
    {"a*@b", "\"a*@b\": a * stands for a whole account name, not for a part of one"},
    {"*.b", "\"*.b\": a * can't stand for a domain or a part of one"},
    {"%2A", "\"%2A\": the domain has a character that domain names forbid"},
    {"*%40b", "\"*%40b\": a * can't stand for a domain or a part of one"},
    {"*@b%2Fc", "\"*@b%2Fc\": the domain has a character that domain names forbid"},
    {"a%40b@c", "\"a%40b@c\": the node has one of \" & ' / : < > @"},
    {"a%2Fb@c", "\"a%2Fb@c\": the node has one of \" & ' / : < > @"},
    {"a@b?c", "\"a@b?c\": a ? or # in a JID is written %3F or %23"},
    {"a@b/%", "\"a@b/%\": the resource has a % without two hexadecimal digits"},
    {"a@b/%00", "\"a@b/%00\": the resource has a NUL (%00)"},
    {"//a@b", "\"//a@b\": the domain is empty"},
    {"a@b\x01", "\"a@b?\": the domain has a control character"},
};

static void what_cannot_be_parsed_is_named(void)
{
    struct sx_access *access = rules_make();
    size_t i;

    for (i = 0; i < COUNT(unparsed); i++) {
        char why[256] = "";
        CU_ASSERT_EQUAL(sx_access_parse(access, unparsed[i].rules, why, sizeof why), SX_ECONFIG);
        ASSERT_TEXT(why, unparsed[i].why);
        CU_ASSERT_EQUAL(sx_access_parse(access, unparsed[i].rules, NULL, 0), SX_ECONFIG);
    }
    sx_access_free(access);
}

static void a_long_rule_is_named_in_part(void)
{
    char rule[4096], why[256] = "";
    struct sx_access *access = rules_make();
    size_t i;

    for (i = 0; i + 3 < sizeof rule; i += 2)
        memcpy(rule + i, "\xC3\xB6", 2);
    strcpy(rule + i, "@");
    CU_ASSERT_EQUAL(sx_access_parse(access, rule, why, sizeof why), SX_ECONFIG);
    /* 124 bytes are 62 whole characters */
    ASSERT_CONTAINS(why, "\xC3\xB6...\": the node is longer than 1,023 bytes");
    CU_ASSERT_EQUAL(strstr(why, "...") - why, 1 + 124);
    sx_access_free(access);
}

static void a_text_is_taken_whole_or_not_at_all(void)
{
    struct sx_access *access = rules_make();
    char why[256] = "", text[256];
    size_t i;

    for (i = 0; i < COUNT(unparsed); i++) {
        snprintf(text, sizeof text, "good@b, *:add %s", unparsed[i].rules);
        CU_ASSERT_EQUAL(sx_access_parse(access, text, why, sizeof why), SX_ECONFIG);
        ASSERT_TEXT(why, unparsed[i].why);
        snprintf(text, sizeof text, "%s good@b *:add", unparsed[i].rules);
        CU_ASSERT_EQUAL(sx_access_parse(access, text, why, sizeof why), SX_ECONFIG);
    }
    CU_ASSERT_EQUAL(sx_access_parse(access, "good@b:sub+1", why, sizeof why), SX_ECONFIG);
    CU_ASSERT_FALSE(sx_access_allows(access, "good@b/c", "add"));
    CU_ASSERT_FALSE(sx_access_allows(access, "good@b/c", "sub"));
    rules_parse(access, "good@b:add");
    CU_ASSERT_TRUE(sx_access_allows(access, "good@b/c", "add"));
    sx_access_free(access);
}

static void a_text_has_at_most_10000_rules(void)
{
    struct sx_access *access = rules_make();
    char *text = rules_many(0, SX_ACCESS_RULES + 1), why[160] = "";

    CU_ASSERT_EQUAL(sx_access_parse(access, text, why, sizeof why), SX_EFULL);
    ASSERT_TEXT(why, "\"u10000@b:add\": there are more than 10000 rules");
    CU_ASSERT_FALSE(sx_access_allows(access, "u0@b/c", "add"));
    rules_allow(access, "a@b", NULL);
    free(text);
    sx_access_free(access);
}

CU_TestInfo tests_access_draft[] = {
    {"what can't be a rule is refused with a clause", what_cannot_be_a_rule_is_refused},
    {"a rule given in code is not percent-decoded", a_rule_in_code_is_not_decoded},
    {"a rule given as text is percent-decoded, and what was encoded is no wildcard",
     encoded_names_are_decoded},
    {"rules stand between white space and commas", rules_stand_between_blanks_and_commas},
    {"a text that can't be parsed is refused, and the rule named", what_cannot_be_parsed_is_named},
    {"a long rule is named in part, cut between two characters", a_long_rule_is_named_in_part},
    {"a text is taken whole or not at all", a_text_is_taken_whole_or_not_at_all},
    {"a text has at most 10,000 rules", a_text_has_at_most_10000_rules},
    CU_TEST_INFO_NULL,
};
