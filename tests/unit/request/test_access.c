/* Who may call what: whom a rule is for, what can't be a rule, the text form, what is advised. */
#include "../../lib/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/access.h"
#include "request/denial.h"
#include "request/access_rule.h"
#include "wire/jid.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A text of rules, a caller, an operation; and whether it may be called. */
struct asked {
    const char *rules, *from, *operation;
    bool allowed;
};

struct refused {
    const char *who, *operation, *why;
};

struct unparsed {
    const char *rules, *why;
};

static struct sx_access *make(void)
{
    struct sx_access *access = sx_access_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(access);
    return access;
}

static void allow(struct sx_access *access, const char *who, const char *operation)
{
    char why[160] = "";
    CU_ASSERT_EQUAL(sx_access_allow(access, who, operation, why, sizeof why), SX_OK);
    ASSERT_TEXT(why, "");
}

static void parse(struct sx_access *access, const char *rules)
{
    char why[256] = "";
    CU_ASSERT_EQUAL(sx_access_parse(access, rules, why, sizeof why), SX_OK);
    ASSERT_TEXT(why, "");
}

static void ask(struct sx_access *access, const struct asked *row)
{
    static char label[256]; /* CUnit keeps the pointer of one that fails */
    bool allowed = sx_access_allows(access, row->from, row->operation);

    if (allowed != row->allowed)
        snprintf(label, sizeof label, "\"%s\" for %s, %s: %s", row->rules ? row->rules : "",
                 row->from ? row->from : "(null)", row->operation ? row->operation : "(null)",
                 allowed ? "allowed" : "denied");
    CU_assertImplementation(allowed == row->allowed, __LINE__, label, __FILE__, "", CU_FALSE);
}

static void ask_all(const struct asked *rows, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        struct sx_access *access = make();
        parse(access, rows[i].rules);
        ask(access, &rows[i]);
        sx_access_free(access);
    }
}

/* ---- whom a rule is for ---- */

static void without_rules_all_are_denied(void)
{
    static const struct asked rows[] = {
        {"", "alice@example.org/desk", "add", false},
        {"", "example.org", "add", false},
        {"", "alice@example.org/desk", NULL, false},
        {" ,\t\n", "example.org", "add", false},
        {"", NULL, "add", false},
        {"", "", "", false},
    };
    ask_all(rows, COUNT(rows));
    sx_access_free(NULL);
}

static void an_account_has_all_its_resources(void)
{
    static const struct asked rows[] = {
        {"alice@example.org", "alice@example.org/desk", "add", true},
        {"alice@example.org", "alice@example.org/Other one", "add", true},
        {"alice@example.org", "alice@example.org", "add", true},
        {"alice@example.org", "bob@example.org/desk", "add", false},
        {"alice@example.org", "example.org", "add", false},
        {"alice@example.org", "example.org/alice", "add", false},
        {"alice@example.org", "alice@sub.example.org/desk", "add", false},
        {"alice@sub.example.org", "alice@example.org/desk", "add", false},
    };
    ask_all(rows, COUNT(rows));
}

static void a_full_jid_is_that_one(void)
{
    static const struct asked rows[] = {
        {"alice@example.org/desk", "alice@example.org/desk", "add", true},
        {"alice@example.org/desk", "Alice@EXAMPLE.org/desk", "add", true},
        {"alice@example.org/desk", "alice@example.org/Desk", "add", false},
        {"alice@example.org/desk", "alice@example.org/desk2", "add", false},
        {"alice@example.org/desk", "alice@example.org/desk/", "add", false},
        {"alice@example.org/desk", "alice@example.org", "add", false},
        {"alice@example.org/desk", "alice@example.org/", "add", false},
        {"alice@example.org/a/b", "alice@example.org/a/b", "add", true},
        {"alice@example.org/a/b", "alice@example.org/a", "add", false},
        {"example.org/hall", "example.org/hall", "add", true},
        {"example.org/hall", "example.org", "add", false},
        {"example.org/hall", "alice@example.org/hall", "add", false},
    };
    ask_all(rows, COUNT(rows));
}

static void a_domain_is_not_its_accounts(void)
{
    static const struct asked rows[] = {
        {"example.org", "example.org", "add", true},
        {"example.org", "alice@example.org/desk", "add", false},
        {"example.org", "sub.example.org", "add", false},
        {"sub.example.org", "example.org", "add", false},
        {"*@example.org", "alice@example.org/desk", "add", true},
        {"*@Example.Org", "bob@example.org", "add", true},
        {"*@example.org", "example.org", "add", false},
        {"*@example.org", "example.org/alice@example.org", "add", false},
        {"*@example.org", "alice@sub.example.org/desk", "add", false},
        {"*@sub.example.org", "alice@example.org/desk", "add", false},
        {"*@example.org", "@example.org", "add", false},
        {"*@[2001:DB8::1]:add", "alice@[2001:db8::1]/desk", "add", true},
        {"[::1]:add", "[::1]", "add", true},
    };
    ask_all(rows, COUNT(rows));
}

static void anybody_is_whoever_has_a_jid(void)
{
    char from[SX_JID_BYTES + 1] = "a@b/";
    struct asked longest = {"*", from, "add", true}, too_long = {"*", from, "add", false};
    static const struct asked rows[] = {
        {"*", "alice@example.org/desk", "add", true},
        {"*", "alice@example.org/desk", NULL, true},
        {"*:add", "alice@example.org/desk", "add", true},
        {"*:add", "alice@example.org/desk", "sub", false},
        {"*", NULL, "add", false},
        {"*", "", "add", false},
        {"*", "@example.org", "add", false},
    };
    ask_all(rows, COUNT(rows));
    memset(from + 4, 'r', SX_JID_BYTES - 5);
    ask_all(&longest, 1);
    from[SX_JID_BYTES - 1] = 'r';
    ask_all(&too_long, 1);
}

static void look_alikes_are_denied(void)
{
    static const struct asked rows[] = {
        {"alice@example.org", "alice@example.org.evil.net/desk", "add", false},
        {"alice@example.org", "alice@example.orgx", "add", false},
        {"alice@example.org", "evil@x.org/alice@example.org", "add", false},
        {"alice@example.org", "evil@x.org/alice@example.org/desk", "add", false},
        {"alice@example.org", "x.org/alice@example.org", "add", false},
        {"alice@example.org", "alice@example.org@evil.net", "add", false},
        {"alice@example.org", "evil@alice@example.org", "add", false},
        {"alice@example.org", "/alice@example.org", "add", false},
        {"alice@example.org", " alice@example.org", "add", false},
        {"alice@example.org", "alice%40example.org", "add", false},
        {"alice@example.org", "alice@example.org..", "add", false},
        {"alice@example.org/desk", "evil@x.org/alice@example.org/desk", "add", false},
        {"alice@example.org/desk", "alice@example.org/x/desk", "add", false},
        {"*@example.org", "evil@x.org/alice@example.org", "add", false},
        {"*@example.org", "alice@example.org@evil.net", "add", false},
        {"*@example.org", "evil@alice@example.org", "add", false},
        {"*@example.org", "alice@example.org.evil.net", "add", false},
        {"example.org", "x.org/example.org", "add", false},
        {"example.org", "example.org@x.org", "add", false},
    };
    ask_all(rows, COUNT(rows));
}

static void an_equal_key_opens_nothing(void)
{
    /* found by trying: each pair has one 32-bit key, and will until keys are made otherwise */
    static const struct asked rows[] = {
        {"u6715228@b:add", "uc427566@b", "add", false},
        {"ufa4b6c7@b:add", "u6b9e557@b", "add", false},
        {"a@b:op8d18652", "a@b", "op1c0f026", false},
        {"a@b:op81cdfbb", "a@b", "opa80cc9b", false},
    };
    ask_all(rows, COUNT(rows));
}

static void a_cut_jid_would_be_anothers(void)
{
    char from[SX_JID_BYTES + 16] = "";
    size_t i;
    struct asked row = {NULL, from, "add", false};
    struct sx_access *access = make();

    allow(access, "*@b", NULL);
    /* U+212A has 3 bytes and folds to k: this node is short enough once it is folded */
    for (i = 0; i < SX_JID_PART_BYTES; i++)
        strcat(from, "\xE2\x84\xAA");
    strcat(from, "@b.evil.net");
    ask(access, &row);
    sx_access_free(access);
}

static void case_is_folded_beyond_ascii(void)
{
    /* U+00D6 and U+00F6; U+0416 and U+0436; U+023A with U+2C65, which is longer; U+212A (Kelvin)
     * and k; bytes that are no UTF-8 */
    static const struct asked rows[] = {
        {"\xC3\x96@M\xC3\x9CNCHEN.de", "\xC3\xB6@m\xC3\xBCnchen.de/x", "add", true},
        {"\xC3\xB6@m\xC3\xBCnchen.de", "\xC3\x96@M\xC3\x9CNCHEN.DE/x", "add", false},
        {"\xC3\xB6@m\xC3\xBCnchen.de", "\xC3\xB6@M\xC3\xBCNCHEN.DE/x", "add", true},
        {"\xC3\xB6@example.org", "o@example.org/x", "add", false},
        {"\xC3\xB6@example.org", "\xC3\xA4@example.org/x", "add", false},
        {"*@M\xC3\x9CNCHEN.de", "a@m\xC3\xBCnchen.de/x", "add", true},
        {"\xD0\x96@x.org/\xD0\xB6", "\xD0\xB6@x.org/\xD0\xB6", "add", true},
        {"\xD0\xB6@x.org/\xD0\xB6", "\xD0\x96@x.org/\xD0\x96", "add", false},
        {"\xC8\xBA@x.org", "\xE2\xB1\xA5@x.org", "add", true},
        {"kim@x.org", "\xE2\x84\xAAim@x.org", "add", false},
        /* U+10D2 and U+1C92, U+2C61 and U+2C60: on a server they are two accounts */
        {"\xE1\x83\x92@x.org", "\xE1\x83\x92@x.org/y", "add", true},
        {"\xE1\x83\x92@x.org", "\xE1\xB2\x92@x.org/y", "add", false},
        {"\xE2\xB1\xA1@x.org", "\xE2\xB1\xA0@x.org/y", "add", false},
        {"\xF0\x90\x90\x80@x.org", "\xF0\x90\x90\xA8@x.org", "add", true},
        {"\xC3\xB6@x.org", "\xC3@x.org", "add", false},
        {"ALICE@X.ORG:add", "alice@x.org/y", "add", true},
        {"alice@x.org.", "alice@x.org/y", "add", true},
        {"alice@x.org", "alice@x.org./y", "add", true},
        {"alice@x.org/y", "alice@x.org./y", "add", true},
        {"*@x.org", "alice@x.org./y", "add", true},
    };
    ask_all(rows, COUNT(rows));
}

static void operations_are_exact(void)
{
    static const struct asked rows[] = {
        {"a@b:add", "a@b/c", "add", true},
        {"a@b:add", "a@b/c", "Add", false},
        {"a@b:add", "a@b/c", "add2", false},
        {"a@b:add", "a@b/c", "", false},
        {"a@b:add", "a@b/c", NULL, false},
        {"a@b:add", "a@b/c", "*", false},
        {"a@b:*", "a@b/c", "", true},
        {"a@b:_get-All.v2+sub", "a@b/c", "_get-All.v2", true},
        {"a@b:add+sub", "a@b/c", "add+sub", false},
        {"a@b:add+*", "a@b/c", "mul", true},
        {"a@b:add b@b:sub", "a@b/c", "sub", false},
        {"a@b/c:add a@b:sub", "a@b/c", "sub", true},
        {"a@b/c:add a@b:sub", "a@b/d", "add", false},
        {"a@b:\xC3\xA9t\xC3\xA9", "a@b/c", "\xC3\xA9t\xC3\xA9", true},
        {"a@b:\xC3\xA9t\xC3\xA9", "a@b/c", "\xC3\x89t\xC3\xA9", false},
    };
    ask_all(rows, COUNT(rows));
}

static void a_cut_operation_matches_no_rule(void)
{
    char name[SX_ACCESS_RULE_OPERATION_BYTES + 2] = "", why[160] = "";
    struct sx_access *access = make();

    memset(name, 'n', SX_ACCESS_RULE_OPERATION_BYTES);
    allow(access, "a@b", name);
    CU_ASSERT_TRUE(sx_access_allows(access, "a@b/c", name));
    name[SX_ACCESS_RULE_OPERATION_BYTES] = 'n';
    CU_ASSERT_EQUAL(sx_access_allow(access, "a@b", name, why, sizeof why), SX_ECONFIG);
    ASSERT_TEXT(why, "the operation is longer than 123 bytes");
    CU_ASSERT_FALSE(sx_access_allows(access, "a@b/c", name));
    allow(access, "a@b", "*");
    CU_ASSERT_TRUE(sx_access_allows(access, "a@b/c", name));
    sx_access_free(access);
}

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
    struct sx_access *access = make();
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
    struct sx_access *access = make();

    allow(access, "al%2Fice@example.org", "add");
    allow(access, "bob@example.org/a b:c,d?e#f%20", NULL);
    CU_ASSERT_TRUE(sx_access_allows(access, "al%2fice@example.org/x", "add"));
    CU_ASSERT_FALSE(sx_access_allows(access, "al/ice@example.org/x", "add"));
    CU_ASSERT_TRUE(sx_access_allows(access, "bob@example.org/a b:c,d?e#f%20", "sub"));
    CU_ASSERT_FALSE(sx_access_allows(access, "bob@example.org/a", "sub"));
    sx_access_free(access);
}

/* ---- the text form ---- */

static void encoded_names_are_decoded(void)
{
    static const struct asked rows[] = {
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
    ask_all(rows, COUNT(rows));
}

static void rules_stand_between_blanks_and_commas(void)
{
    struct sx_access *access = make();

    parse(access, " a@b:add,c@d\t,\n ,example.org:sub+mul\r\n*@e:add ");
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
    struct sx_access *access = make();
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
    struct sx_access *access = make();
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
    struct sx_access *access = make();
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
    parse(access, "good@b:add");
    CU_ASSERT_TRUE(sx_access_allows(access, "good@b/c", "add"));
    sx_access_free(access);
}

/* ---- how many ---- */

/* count rules, each for another account. */
static char *many_rules(unsigned first, unsigned count)
{
    char *text = NULL;
    size_t bytes;
    FILE *file = open_memstream(&text, &bytes);
    unsigned i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (i = 0; i < count; i++)
        fprintf(file, "u%u@b:add ", first + i);
    fclose(file);
    return text;
}

static void a_rule_is_kept_once(void)
{
    struct sx_access *access = make();
    char *all = many_rules(0, SX_ACCESS_RULES), *more = many_rules(SX_ACCESS_RULES - 1, 2);
    char why[160] = "";
    int again;

    for (again = 0; again < 2; again++)
        parse(access, all);
    allow(access, "U7@B", "add");
    parse(access, "u7@b:add u7@b.:add U7@b:add+add");
    CU_ASSERT_EQUAL(sx_access_allow(access, "u7@b", "sub", why, sizeof why), SX_EFULL);
    ASSERT_TEXT(why, "there are more than 10000 rules");
    CU_ASSERT_EQUAL(sx_access_parse(access, more, why, sizeof why), SX_EFULL);
    CU_ASSERT_EQUAL(sx_access_parse(access, more, NULL, 0), SX_EFULL);
    CU_ASSERT_TRUE(sx_access_allows(access, "u0@b/c", "add"));
    CU_ASSERT_TRUE(sx_access_allows(access, "u9999@b/c", "add"));
    CU_ASSERT_FALSE(sx_access_allows(access, "u10000@b/c", "add"));
    CU_ASSERT_FALSE(sx_access_allows(access, "u7@b/c", "sub"));
    free(more);
    free(all);
    sx_access_free(access);
}

static void a_text_has_at_most_10000_rules(void)
{
    struct sx_access *access = make();
    char *text = many_rules(0, SX_ACCESS_RULES + 1), why[160] = "";

    CU_ASSERT_EQUAL(sx_access_parse(access, text, why, sizeof why), SX_EFULL);
    ASSERT_TEXT(why, "\"u10000@b:add\": there are more than 10000 rules");
    CU_ASSERT_FALSE(sx_access_allows(access, "u0@b/c", "add"));
    allow(access, "a@b", NULL);
    free(text);
    sx_access_free(access);
}

/* ---- threads ---- */

enum { ADDED = 3000, ASKERS = 3 };

struct race {
    struct sx_access *access;
    unsigned added; /* atomic: accounts below it were allowed */
    bool wrong[ASKERS];
};

struct asker {
    struct race *race;
    bool *wrong;
};

static void *ask_until_all_are_there(void *argument)
{
    struct asker *asker = (struct asker *)argument;
    unsigned added;

    do {
        char from[64];
        added = __atomic_load_n(&asker->race->added, __ATOMIC_ACQUIRE);
        snprintf(from, sizeof from, "u%u@b/c", added ? added - 1 : 0);
        if (added && !sx_access_allows(asker->race->access, from, "add"))
            *asker->wrong = true;
        if (sx_access_allows(asker->race->access, from, "sub"))
            *asker->wrong = true;
    } while (added < ADDED);
    return NULL;
}

static void rules_may_be_added_while_others_ask(void)
{
    struct race race = {.access = make()};
    struct asker askers[ASKERS];
    pthread_t threads[ASKERS];
    unsigned i;

    for (i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){&race, &race.wrong[i]};
        CU_ASSERT_EQUAL_FATAL(
            pthread_create(&threads[i], NULL, ask_until_all_are_there, &askers[i]), 0);
    }
    for (i = 0; i < ADDED; i++) {
        char who[64];
        snprintf(who, sizeof who, i % 2 ? "u%u@b" : "U%u@B", i);
        allow(race.access, who, "add");
        __atomic_store_n(&race.added, i + 1, __ATOMIC_RELEASE);
    }
    for (i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_FALSE(race.wrong[i]);
    }
    sx_access_free(race.access);
}

/* ---- telling ---- */

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
        struct sx_access *access = make();
        sx_denial_describe(callers[i], "add", text, sizeof text);
        rule = strstr(text, "SOAP_XMPP_ALLOW=");
        CU_ASSERT_PTR_NOT_NULL_FATAL(rule);
        rule += strlen("SOAP_XMPP_ALLOW=");
        end = strchr(rule, ' ');
        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        *end = '\0';
        parse(access, rule);
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

CU_TestInfo tests_access[] = {
    {"without rules everybody is denied", without_rules_all_are_denied},
    {"a rule for an account is for all its resources", an_account_has_all_its_resources},
    {"a rule for a full JID is for that resource alone", a_full_jid_is_that_one},
    {"a domain, its accounts and its sub-domains are different callers",
     a_domain_is_not_its_accounts},
    {"anybody is whoever has a JID", anybody_is_whoever_has_a_jid},
    {"a JID that only looks like an allowed one is denied", look_alikes_are_denied},
    {"a JID too long is denied rather than cut", a_cut_jid_would_be_anothers},
    {"rules fold case, what a server stamps is taken as it is but for ASCII",
     case_is_folded_beyond_ascii},
    {"operations are compared byte for byte", operations_are_exact},
    {"an operation long enough to have been cut matches no rule by name",
     a_cut_operation_matches_no_rule},
    {"what can't be a rule is refused with a clause", what_cannot_be_a_rule_is_refused},
    {"a rule given in code is not percent-decoded", a_rule_in_code_is_not_decoded},
    {"a rule given as text is percent-decoded, and what was encoded is no wildcard",
     encoded_names_are_decoded},
    {"rules stand between white space and commas", rules_stand_between_blanks_and_commas},
    {"a text that can't be parsed is refused, and the rule named", what_cannot_be_parsed_is_named},
    {"a long rule is named in part, cut between two characters", a_long_rule_is_named_in_part},
    {"a text is taken whole or not at all", a_text_is_taken_whole_or_not_at_all},
    {"a rule that is there already takes no room", a_rule_is_kept_once},
    {"who or what shares no more than a key with a rule is denied", an_equal_key_opens_nothing},
    {"a text has at most 10,000 rules", a_text_has_at_most_10000_rules},
    {"rules may be added while other threads ask", rules_may_be_added_while_others_ask},
    {"a refusal tells how to allow it", a_refusal_tells_how_to_allow_it},
    {"the rule that is advised allows that account and operation alone",
     what_is_advised_allows_that_account_alone},
    {"advice that doesn't fit is left out, not cut", advice_that_does_not_fit_is_left_out},
    CU_TEST_INFO_NULL,
};
