/* Who may call what: whom a rule is for, how many there may be, and who asks meanwhile. */
#include "../../lib/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/access.h"
#include "request/access_rule.h"
#include "request/access_table.h"
#include "rules.h"
#include "wire/jid.h"

/* ---- whom a rule is for ---- */

static void without_rules_all_are_denied(void)
{
    static const struct rules_asked rows[] = {
        {"", "alice@example.org/desk", "add", false},
        {"", "example.org", "add", false},
        {"", "alice@example.org/desk", NULL, false},
        {" ,\t\n", "example.org", "add", false},
        {"", NULL, "add", false},
        {"", "", "", false},
    };
    rules_ask_all(rows, COUNT(rows));
    sx_access_free(NULL);
}

static void an_account_has_all_its_resources(void)
{
    static const struct rules_asked rows[] = {
        {"alice@example.org", "alice@example.org/desk", "add", true},
        {"alice@example.org", "alice@example.org/Other one", "add", true},
        {"alice@example.org", "alice@example.org", "add", true},
        {"alice@example.org", "bob@example.org/desk", "add", false},
        {"alice@example.org", "example.org", "add", false},
        {"alice@example.org", "example.org/alice", "add", false},
        {"alice@example.org", "alice@sub.example.org/desk", "add", false},
        {"alice@sub.example.org", "alice@example.org/desk", "add", false},
    };
    rules_ask_all(rows, COUNT(rows));
}

static void a_full_jid_is_that_one(void)
{
    static const struct rules_asked rows[] = {
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
    rules_ask_all(rows, COUNT(rows));
}

static void a_domain_is_not_its_accounts(void)
{
    static const struct rules_asked rows[] = {
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
    rules_ask_all(rows, COUNT(rows));
}

static void anybody_is_whoever_has_a_jid(void)
{
    char from[SX_JID_BYTES + 1] = "a@b/";
    struct rules_asked longest = {"*", from, "add", true}, too_long = {"*", from, "add", false};
    static const struct rules_asked rows[] = {
        {"*", "alice@example.org/desk", "add", true},
        {"*", "alice@example.org/desk", NULL, true},
        {"*:add", "alice@example.org/desk", "add", true},
        {"*:add", "alice@example.org/desk", "sub", false},
        {"*", NULL, "add", false},
        {"*", "", "add", false},
        {"*", "@example.org", "add", false},
    };
    rules_ask_all(rows, COUNT(rows));
    memset(from + 4, 'r', SX_JID_BYTES - 5);
    rules_ask_all(&longest, 1);
    from[SX_JID_BYTES - 1] = 'r';
    rules_ask_all(&too_long, 1);
}

static void look_alikes_are_denied(void)
{
    static const struct rules_asked rows[] = {
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
    rules_ask_all(rows, COUNT(rows));
}

static void an_equal_key_opens_nothing(void)
{
    /* found by trying: each pair has one 32-bit key, and will until keys are made otherwise */
    static const struct rules_asked rows[] = {
        {"u6715228@b:add", "uc427566@b", "add", false},
        {"ufa4b6c7@b:add", "u6b9e557@b", "add", false},
        {"a@b:op8d18652", "a@b", "op1c0f026", false},
        {"a@b:op81cdfbb", "a@b", "opa80cc9b", false},
    };
    rules_ask_all(rows, COUNT(rows));
}

static void a_cut_jid_would_be_anothers(void)
{
    char from[SX_JID_BYTES + 16] = "";
    size_t i;
    struct rules_asked row = {NULL, from, "add", false};
    struct sx_access *access = rules_make();

    rules_allow(access, "*@b", NULL);
    /* U+212A has 3 bytes and folds to k: this node is short enough once it is folded */
    for (i = 0; i < SX_JID_PART_BYTES; i++)
        strcat(from, "\xE2\x84\xAA");
    strcat(from, "@b.evil.net");
    CU_ASSERT_EQUAL(sx_access_allows(access, row.from, row.operation), row.allowed);
    sx_access_free(access);
}

static void rules_are_prepared_beyond_ascii(void)
{
    /* U+00D6 and U+00F6; U+0416 and U+0436; U+023A, whose small letter Unicode 3.2 doesn't know;
     * U+212A (Kelvin) and k; bytes that are no UTF-8 */
    static const struct rules_asked rows[] = {
        {"\xC3\x96@M\xC3\x9CNCHEN.de", "\xC3\xB6@m\xC3\xBCnchen.de/x", "add", true},
        {"\xC3\xB6@m\xC3\xBCnchen.de", "\xC3\x96@M\xC3\x9CNCHEN.DE/x", "add", false},
        {"\xC3\xB6@m\xC3\xBCnchen.de", "\xC3\xB6@M\xC3\xBCNCHEN.DE/x", "add", true},
        {"\xC3\xB6@example.org", "o@example.org/x", "add", false},
        {"\xC3\xB6@example.org", "\xC3\xA4@example.org/x", "add", false},
        {"*@M\xC3\x9CNCHEN.de", "a@m\xC3\xBCnchen.de/x", "add", true},
        {"\xD0\x96@x.org/\xD0\xB6", "\xD0\xB6@x.org/\xD0\xB6", "add", true},
        {"\xD0\xB6@x.org/\xD0\xB6", "\xD0\x96@x.org/\xD0\x96", "add", false},
        {"\xC8\xBA@x.org", "\xC8\xBA@x.org", "add", true},
        {"\xC8\xBA@x.org", "\xE2\xB1\xA5@x.org", "add", false},
        {"\xE2\x84\xAAim@x.org", "kim@x.org", "add", true},
        /* decomposed; U+00DF, which nodeprep folds, but not the domain's; full width */
        {"o\xCC\x88@x.org", "\xC3\xB6@x.org", "add", true},
        {"\xC3\xB6@x.org", "o\xCC\x88@x.org", "add", false},
        {"stra\xC3\x9F"
         "e@x.org",
         "strasse@x.org", "add", true},
        {"strasse@x.org",
         "stra\xC3\x9F"
         "e@x.org",
         "add", false},
        {"*@fa\xC3\x9F.de", "a@fass.de", "add", false},
        {"*@fa\xC3\x9F.de", "a@fa\xC3\x9F.de", "add", true},
        {"\xEF\xBC\xA1@x.org/\xEF\xBC\xA1", "a@x.org/A", "add", true},
        {"\xE1\xB2\x92@x.org", "\xE1\xB2\x92@x.org/y", "add", true},
        {"\xE1\xB2\x92@x.org", "\xE1\x83\x92@x.org/y", "add", false},
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
    rules_ask_all(rows, COUNT(rows));
}

static void operations_are_exact(void)
{
    static const struct rules_asked rows[] = {
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
    rules_ask_all(rows, COUNT(rows));
}

static void a_cut_operation_matches_no_rule(void)
{
    char name[SX_ACCESS_RULE_OPERATION_BYTES + 2] = "", why[160] = "";
    struct sx_access *access = rules_make();

    memset(name, 'n', SX_ACCESS_RULE_OPERATION_BYTES);
    rules_allow(access, "a@b", name);
    CU_ASSERT_TRUE(sx_access_allows(access, "a@b/c", name));
    name[SX_ACCESS_RULE_OPERATION_BYTES] = 'n';
    CU_ASSERT_EQUAL(sx_access_allow(access, "a@b", name, why, sizeof why), SX_ECONFIG);
    ASSERT_TEXT(why, "the operation is longer than 123 bytes");
    CU_ASSERT_FALSE(sx_access_allows(access, "a@b/c", name));
    rules_allow(access, "a@b", "*");
    CU_ASSERT_TRUE(sx_access_allows(access, "a@b/c", name));
    sx_access_free(access);
}

/* ---- how many ---- */

static void a_rule_is_kept_once(void)
{
    struct sx_access *access = rules_make();
    char *all = rules_many(0, SX_ACCESS_RULES), *more = rules_many(SX_ACCESS_RULES - 1, 2);
    char why[160] = "";
    int again;

    for (again = 0; again < 2; again++)
        rules_parse(access, all);
    rules_allow(access, "U7@B", "add");
    rules_parse(access, "u7@b:add u7@b.:add U7@b:add+add");
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
    struct race race = {.access = rules_make()};
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
        rules_allow(race.access, who, "add");
        __atomic_store_n(&race.added, i + 1, __ATOMIC_RELEASE);
    }
    for (i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_FALSE(race.wrong[i]);
    }
    sx_access_free(race.access);
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
    {"rules are prepared, what a server stamps is taken as it is but for ASCII",
     rules_are_prepared_beyond_ascii},
    {"operations are compared byte for byte", operations_are_exact},
    {"an operation long enough to have been cut matches no rule by name",
     a_cut_operation_matches_no_rule},
    {"a rule that is there already takes no room", a_rule_is_kept_once},
    {"who or what shares no more than a key with a rule is denied", an_equal_key_opens_nothing},
    {"rules may be added while other threads ask", rules_may_be_added_while_others_ask},
    CU_TEST_INFO_NULL,
};
