/* access.c, access_list.c: rules that are taken back, replaced and read from a file's text. */
#include "../../lib/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/access.h"
#include "request/access_table.h"
#include "rules.h"

#define ALICE "alice@example.org/desk"
#define BOB   "bob@example.org/desk"

static struct sx_access *make(const char *rules)
{
    struct sx_access *access = rules_make();
    rules_parse(access, rules);
    return access;
}

static void disallow(struct sx_access *access, const char *who, const char *operation)
{
    char why[160] = "";
    CU_ASSERT_EQUAL(sx_access_disallow(access, who, operation, why, sizeof why), SX_OK);
    ASSERT_TEXT(why, "");
}

static void refuse_to_disallow(struct sx_access *access, const char *who, const char *operation,
                               const char *clause)
{
    unsigned long version = sx_access_version(access);
    char why[160] = "";
    CU_ASSERT_EQUAL(sx_access_disallow(access, who, operation, why, sizeof why), SX_ECONFIG);
    ASSERT_TEXT(why, clause);
    CU_ASSERT_EQUAL(sx_access_disallow(access, who, operation, NULL, 0), SX_ECONFIG);
    CU_ASSERT_EQUAL(sx_access_version(access), version);
}

/* NULL: every rule is good. */
static void load(struct sx_access *access, const char *text, unsigned long bad_line,
                 const char *clause)
{
    char why[256] = "";
    unsigned long line = 0;
    enum sx_err err =
        sx_access_load(access, sx_access_begin_load(access), text, &line, why, sizeof why);
    CU_ASSERT_EQUAL(err == SX_OK, !clause);
    ASSERT_TEXT(why, clause ? clause : "");
    if (clause)
        CU_ASSERT_EQUAL(line, bad_line);
}

static size_t count(struct sx_access *access)
{
    size_t program, file;
    sx_access_count(access, &program, &file);
    CU_ASSERT_EQUAL(sx_access_has_rules(access), program + file > 0);
    return 1000 * file + program;
}

/* ---- one rule ---- */

static void a_rule_that_is_taken_back_lets_nobody_in(void)
{
    struct sx_access *access = make("alice@example.org:add+sub bob@example.org");
    unsigned long version = sx_access_version(access);
    disallow(access, "Alice@EXAMPLE.org", "add");
    CU_ASSERT_NOT_EQUAL(sx_access_version(access), version);
    CU_ASSERT_FALSE(sx_access_allows(access, ALICE, "add"));
    CU_ASSERT_TRUE(sx_access_allows(access, ALICE, "sub"));
    CU_ASSERT_TRUE(sx_access_may_know(access, ALICE));
    disallow(access, "alice@example.org", "sub");
    CU_ASSERT_FALSE(sx_access_allows(access, ALICE, "sub"));
    CU_ASSERT_FALSE(sx_access_may_know(access, ALICE));
    CU_ASSERT_TRUE(sx_access_allows(access, BOB, "mul"));
    disallow(access, "bob@example.org", "*");
    CU_ASSERT_FALSE(sx_access_has_rules(access));
    rules_allow(access, "alice@example.org", "add");
    CU_ASSERT_TRUE(sx_access_allows(access, ALICE, "add"));
    CU_ASSERT_TRUE(sx_access_may_know(access, ALICE));
    sx_access_free(access);
}

static void without_an_operation_all_rules_of_the_caller_go(void)
{
    struct sx_access *access = make("alice@example.org alice@example.org:add+sub+{urn:x}note "
                                    "alice@example.org/desk:mul *@example.org:div");
    disallow(access, "alice@example.org", NULL);
    CU_ASSERT_FALSE(sx_access_allows(access, "alice@example.org/x", "add"));
    CU_ASSERT_FALSE(sx_access_allows(access, "alice@example.org/x", "note"));
    /* those are for others, of whom it is one */
    CU_ASSERT_TRUE(sx_access_allows(access, ALICE, "mul"));
    CU_ASSERT_TRUE(sx_access_allows(access, ALICE, "div"));
    disallow(access, "alice@example.org/desk", NULL);
    disallow(access, "*@example.org", NULL);
    CU_ASSERT_FALSE(sx_access_may_know(access, ALICE));
    CU_ASSERT_EQUAL(count(access), 0);
    sx_access_free(access);
}

static void every_kind_of_rule_can_be_taken_back(void)
{
    static const char *const who[] = {"*",
                                      "*@example.org",
                                      "example.org",
                                      "example.org/hall",
                                      "alice@example.org",
                                      "alice@example.org/desk"};
    size_t i;
    for (i = 0; i < COUNT(who); i++) {
        struct sx_access *access = rules_make();
        rules_allow(access, who[i], "add");
        rules_allow(access, who[i], "{urn:x}add");
        disallow(access, who[i], "add");
        CU_ASSERT_EQUAL(count(access), 1);
        disallow(access, who[i], "{urn:x}add");
        CU_ASSERT_EQUAL(count(access), 0);
        sx_access_free(access);
    }
}

static void a_rule_that_is_not_there_can_not_be_taken_back(void)
{
    struct sx_access *access = make("alice@example.org:add *@example.org");
    load(access, "carol@example.org:add\n", 0, NULL);
    refuse_to_disallow(access, "bob@example.org", "add", "there is none");
    refuse_to_disallow(access, "bob@example.org", NULL, "there is none");
    refuse_to_disallow(access, "alice@example.org/desk", "add", "there is none");
    refuse_to_disallow(access, "alice@example.org", "sub",
                       "there is none; others are there for that caller");
    refuse_to_disallow(access, "alice@example.org", "{urn:x}add",
                       "there is none; others are there for that caller");
    refuse_to_disallow(access, "carol@example.org", "add",
                       "it stands in allow_file, where it is to be taken out");
    refuse_to_disallow(access, "carol@example.org", NULL,
                       "it stands in allow_file, where it is to be taken out");
    refuse_to_disallow(access, "carol@", "add", "the domain is empty");
    refuse_to_disallow(access, NULL, NULL, "who is meant is empty");
    refuse_to_disallow(access, "alice@example.org", "a b",
                       "the operation is no name that an element can have");
    CU_ASSERT_EQUAL(count(access), 1002);
    sx_access_free(access);
}

/* Given twice, one taking back is enough. */
static void a_rule_that_was_given_twice_goes_at_once(void)
{
    struct sx_access *access = make("alice@example.org:{urn:x}add alice@example.org:{urn:x}add");
    rules_parse(access, "ALICE@example.org:{urn:x}add");
    disallow(access, "alice@example.org", "{urn:x}add");
    CU_ASSERT_FALSE(sx_access_may_know(access, ALICE));
    CU_ASSERT_FALSE(sx_access_allows(access, ALICE, "add"));
    sx_access_free(access);
}

/* As if the link had been opened with what is left. */
static void the_namespaces_that_rules_name_go_with_the_last_of_them(void)
{
    struct sx_access *access =
        make("alice@example.org:add+{urn:x}note bob@example.org:{urn:x}note");
    CU_ASSERT_EQUAL(sx_access_grant(access, ALICE, "urn:x", "add"), SX_GRANT_LOCAL);
    CU_ASSERT_EQUAL(sx_access_grant(access, ALICE, "urn:y", "add"), SX_GRANT_NONE);
    disallow(access, "alice@example.org", "{urn:x}note");
    CU_ASSERT_EQUAL(sx_access_grant(access, ALICE, "urn:y", "add"), SX_GRANT_NONE);
    CU_ASSERT_EQUAL(sx_access_grant(access, ALICE, "urn:x", "note"), SX_GRANT_NONE);
    disallow(access, "bob@example.org", "{urn:x}note");
    CU_ASSERT_EQUAL(sx_access_grant(access, ALICE, "urn:y", "add"), SX_GRANT_LOCAL);
    sx_access_free(access);
}

static void there_is_room_again(void)
{
    struct sx_access *access = rules_make();
    char *all = rules_many(0, SX_ACCESS_RULES);
    unsigned i;
    rules_parse(access, all);
    CU_ASSERT_EQUAL(sx_access_allow(access, "new@b", "add", NULL, 0), SX_EFULL);
    for (i = 0; i < SX_ACCESS_RULES; i++) {
        char who[40];
        snprintf(who, sizeof who, "u%u@b", i);
        disallow(access, who, i % 100 ? "add" : NULL);
    }
    CU_ASSERT_FALSE(sx_access_has_rules(access));
    rules_parse(access, all);
    CU_ASSERT_EQUAL(count(access), SX_ACCESS_RULES);
    free(all);
    sx_access_free(access);
}

/* ---- all rules ---- */

static void the_rules_are_replaced_as_a_whole(void)
{
    struct sx_access *access = make("alice@example.org:add+{urn:x}note");
    unsigned long version = sx_access_version(access);
    char why[160] = "";
    CU_ASSERT_EQUAL(sx_access_replace(access, "bob@example.org, *:ping", why, sizeof why), SX_OK);
    ASSERT_TEXT(why, "");
    CU_ASSERT_NOT_EQUAL(sx_access_version(access), version);
    CU_ASSERT_FALSE(sx_access_allows(access, ALICE, "add"));
    CU_ASSERT_FALSE(sx_access_allows(access, ALICE, "note"));
    CU_ASSERT_TRUE(sx_access_allows(access, ALICE, "ping"));
    CU_ASSERT_TRUE(sx_access_allows(access, BOB, "mul"));
    CU_ASSERT_EQUAL(sx_access_grant(access, ALICE, "urn:any", "ping"), SX_GRANT_LOCAL);
    CU_ASSERT_EQUAL(sx_access_replace(access, " ", why, sizeof why), SX_OK);
    CU_ASSERT_FALSE(sx_access_has_rules(access));
    sx_access_free(access);
}

static void one_bad_rule_among_ten_changes_nothing_and_is_named(void)
{
    struct sx_access *access = make("alice@example.org:add");
    unsigned long version = sx_access_version(access);
    char why[256] = "";
    CU_ASSERT_EQUAL(sx_access_replace(access,
                                      "a@b b@b c@b d@b e@b f@b bad@:add g@b h@b alice@example.org",
                                      why, sizeof why),
                    SX_ECONFIG);
    ASSERT_TEXT(why, "\"bad@:add\": the domain is empty");
    CU_ASSERT_EQUAL(sx_access_replace(access, "a@b bad@", NULL, 0), SX_ECONFIG);
    CU_ASSERT_TRUE(sx_access_allows(access, ALICE, "add"));
    CU_ASSERT_FALSE(sx_access_allows(access, ALICE, "sub"));
    CU_ASSERT_FALSE(sx_access_may_know(access, "a@b/c"));
    CU_ASSERT_EQUAL(sx_access_version(access), version);
    sx_access_free(access);
}

static void too_many_rules_change_nothing(void)
{
    struct sx_access *access = make("alice@example.org:add");
    char *all = rules_many(0, SX_ACCESS_RULES), *more = rules_many(0, SX_ACCESS_RULES + 1);
    char why[256] = "";
    CU_ASSERT_EQUAL(sx_access_replace(access, more, why, sizeof why), SX_EFULL);
    ASSERT_TEXT(why, "\"u10000@b:add\": there are more than 10000 rules");
    CU_ASSERT_TRUE(sx_access_allows(access, ALICE, "add"));
    CU_ASSERT_EQUAL(sx_access_replace(access, all, why, sizeof why), SX_OK);
    CU_ASSERT_EQUAL(sx_access_replace(access, all, why, sizeof why), SX_OK);
    CU_ASSERT_FALSE(sx_access_allows(access, ALICE, "add"));
    load(access, all, 0, NULL); /* the file's are others */
    CU_ASSERT_EQUAL(count(access), 1001 * (size_t)SX_ACCESS_RULES);
    free(more);
    free(all);
    sx_access_free(access);
}

/* ---- of a file ---- */

static void a_call_may_be_allowed_by_either(void)
{
    struct sx_access *access = make("alice@example.org:add");
    load(access, "bob@example.org:add\n*@example.org:{urn:f}list\n", 0, NULL);
    CU_ASSERT_TRUE(sx_access_allows(access, ALICE, "add"));
    CU_ASSERT_TRUE(sx_access_allows(access, ALICE, "list"));
    CU_ASSERT_TRUE(sx_access_allows(access, BOB, "add"));
    CU_ASSERT_EQUAL(sx_access_grant(access, BOB, "urn:f", "add"), SX_GRANT_LOCAL);
    CU_ASSERT_EQUAL(sx_access_grant(access, BOB, "urn:g", "add"), SX_GRANT_NONE);
    CU_ASSERT_EQUAL(sx_access_replace(access, "", NULL, 0), SX_OK);
    CU_ASSERT_FALSE(sx_access_allows(access, ALICE, "add"));
    CU_ASSERT_TRUE(sx_access_allows(access, BOB, "add"));
    CU_ASSERT_TRUE(sx_access_may_know(access, ALICE));
    load(access, "# nobody\n", 0, NULL);
    CU_ASSERT_FALSE(sx_access_has_rules(access));
    sx_access_free(access);
}

static void lines_are_read_as_people_write_them(void)
{
    static const struct {
        const char *text, *from, *operation;
        bool allowed;
    } rows[] = {
        {"alice@example.org", ALICE, "add", true},
        {"alice@example.org\n", ALICE, "add", true},
        {"\n\n  \talice@example.org:add\r\n", ALICE, "add", true},
        {"# alice@example.org\r\nbob@example.org\r\n", ALICE, "add", false},
        {"# alice@example.org\r\nbob@example.org\r\n", BOB, "add", true},
        {"# alice@example.org\rbob@example.org\r", BOB, "add", true},
        {"bob@example.org # alice@example.org\nx@y", ALICE, "add", false},
        {"bob@example.org # alice@example.org\nx@y", BOB, "add", true},
        {"bob@example.org,#alice@example.org, bob@example.org", ALICE, "add", false},
        {"bob@example.org, alice@example.org:add+sub\n", ALICE, "sub", true},
        {"alice@example.org:{http://x/#}add\n", ALICE, "add", true},
        {"alice@example.org:{http://x/#}add # {\n", ALICE, "add", true},
        {"alice@example.org:{http://x/#}add # alice@example.org\n", ALICE, "sub", false},
        {"#", ALICE, "add", false},
        {"##\n#\n", ALICE, "add", false},
        {"", ALICE, "add", false},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct sx_access *access = rules_make();
        load(access, rows[i].text, 0, NULL);
        CU_ASSERT_EQUAL(sx_access_allows(access, rows[i].from, rows[i].operation), rows[i].allowed);
        sx_access_free(access);
    }
}

static void a_bad_line_is_named_and_the_old_rules_stay(void)
{
    static const struct {
        const char *text;
        unsigned long line;
        const char *why;
    } rows[] = {
        {"bad@", 1, "\"bad@\": the domain is empty"},
        {"# one\n\nbob@example.org\nx@y, bad@ # no\n", 4, "\"bad@\": the domain is empty"},
        {"a@b\r\nb@b\r\nbad@\r\n", 3, "\"bad@\": the domain is empty"},
        {"a@b\rb@b\rbad@", 3, "\"bad@\": the domain is empty"},
        {"a@b\n\rbad@", 3, "\"bad@\": the domain is empty"},
        {"a@b#c\n", 1, "\"a@b#c\": a ? or # in a JID is written %3F or %23"},
        {"a@b:add#c\n", 1, "\"a@b:add#c\": the operation is no name that an element can have"},
        {"a@b\nc@d:1x+add\n", 2,
         "\"c@d:1x+add\": the operation is no name that an element can have"},
    };
    struct sx_access *access = rules_make();
    unsigned long version;
    size_t i;
    load(access, "alice@example.org:add", 0, NULL);
    version = sx_access_version(access);
    for (i = 0; i < COUNT(rows); i++)
        load(access, rows[i].text, rows[i].line, rows[i].why);
    CU_ASSERT_TRUE(sx_access_allows(access, ALICE, "add"));
    CU_ASSERT_EQUAL(count(access), 1000);
    CU_ASSERT_EQUAL(sx_access_version(access), version);
    sx_access_free(access);
}

/* 10,001 rules in one line; a word without end. */
static void long_lines_are_lines(void)
{
    struct sx_access *access = rules_make();
    char *all = rules_many(0, SX_ACCESS_RULES), *more = rules_many(0, SX_ACCESS_RULES + 1);
    enum { LONG = 1000000 };
    char *word = malloc(LONG + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(word);
    load(access, all, 0, NULL);
    load(access, more, 1, "\"u10000@b:add\": there are more than 10000 rules");
    CU_ASSERT_TRUE(sx_access_allows(access, "u9999@b/c", "add"));
    memset(word, 'a', LONG);
    word[LONG] = '\0';
    memcpy(word, "#\n", 2);
    memcpy(word + LONG - 5, "@b:x\n", 5);
    load(access, word, 2,
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\": the node is longer than 1,023 bytes");
    free(word);
    free(more);
    free(all);
    sx_access_free(access);
}

/* Two read the file at once: what the later one read stands, whichever comes first. */
static void the_load_that_began_last_stands(void)
{
    struct sx_access *access = rules_make();
    uint64_t first = sx_access_begin_load(access), second = sx_access_begin_load(access);
    unsigned long line;
    CU_ASSERT_EQUAL(sx_access_load(access, second, "bob@example.org", &line, NULL, 0), SX_OK);
    CU_ASSERT_EQUAL(sx_access_load(access, first, "alice@example.org", &line, NULL, 0), SX_OK);
    CU_ASSERT_TRUE(sx_access_allows(access, BOB, "add"));
    CU_ASSERT_FALSE(sx_access_may_know(access, ALICE));
    first = sx_access_begin_load(access);
    second = sx_access_begin_load(access);
    CU_ASSERT_EQUAL(sx_access_load(access, second, "bad@", &line, NULL, 0), SX_ECONFIG);
    CU_ASSERT_EQUAL(sx_access_load(access, first, "alice@example.org", &line, NULL, 0), SX_OK);
    CU_ASSERT_TRUE(sx_access_may_know(access, ALICE));
    sx_access_free(access);
}

/* ---- threads ---- */

enum { ROUNDS = 300, CHANGERS = 3, ASKERS = 3 };

struct race {
    struct sx_access *access;
    unsigned ended; /* atomic: changers that are done */
    unsigned wrong; /* atomic: answers that no state of the rules gives */
};

/* Both rules are there, or none: by either list. */
static void *change_all(void *argument)
{
    struct race *race = argument;
    unsigned i;
    for (i = 0; i < ROUNDS; i++) {
        unsigned long line;
        sx_access_replace(race->access, i % 2 ? "" : "p@b:add p@b:{urn:x}sub", NULL, 0);
        sx_access_load(race->access, sx_access_begin_load(race->access),
                       i % 2 ? "#\n" : "f@b:add\nf@b:{urn:x}sub\n", &line, NULL, 0);
    }
    __atomic_add_fetch(&race->ended, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void *change_one(void *argument)
{
    struct race *race = argument;
    unsigned i;
    for (i = 0; i < ROUNDS; i++) {
        sx_access_allow(race->access, "one@b", "add", NULL, 0);
        sx_access_disallow(race->access, "one@b", "add", NULL, 0);
        sx_access_disallow(race->access, "*", NULL, NULL, 0);
    }
    __atomic_add_fetch(&race->ended, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void *ask(void *argument)
{
    struct race *race = argument;
    while (__atomic_load_n(&race->ended, __ATOMIC_ACQUIRE) < CHANGERS + 1) {
        unsigned long version = sx_access_version(race->access);
        bool one = sx_access_allows(race->access, "p@b/c", "add");
        bool other = sx_access_allows(race->access, "p@b/c", "sub");
        bool wrong = sx_access_allows(race->access, "q@b/c", "add") ||
                     sx_access_grant(race->access, "f@b/c", NULL, "mul") != SX_GRANT_NONE;
        if (wrong || (one != other && version == sx_access_version(race->access)))
            __atomic_add_fetch(&race->wrong, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void nobody_sees_half_a_change(void)
{
    struct race race = {.access = rules_make()};
    pthread_t threads[CHANGERS + 1 + ASKERS];
    int i;
    for (i = 0; i < CHANGERS + 1 + ASKERS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL,
                                             i < CHANGERS    ? change_all
                                             : i == CHANGERS ? change_one
                                                             : ask,
                                             &race),
                              0);
    for (i = 0; i < CHANGERS + 1 + ASKERS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(race.wrong, 0);
    CU_ASSERT_FALSE(sx_access_has_rules(race.access)); /* the last round leaves none */
    sx_access_free(race.access);
}

CU_TestInfo tests_access_change[] = {
    {"a rule that is taken back lets nobody in", a_rule_that_is_taken_back_lets_nobody_in},
    {"without an operation all rules of the caller go",
     without_an_operation_all_rules_of_the_caller_go},
    {"every kind of rule can be taken back", every_kind_of_rule_can_be_taken_back},
    {"a rule that isn't there can't be taken back", a_rule_that_is_not_there_can_not_be_taken_back},
    {"a rule that was given twice goes at once", a_rule_that_was_given_twice_goes_at_once},
    {"the namespaces that rules name go with the last of them",
     the_namespaces_that_rules_name_go_with_the_last_of_them},
    {"there is room again", there_is_room_again},
    {"the rules are replaced as a whole", the_rules_are_replaced_as_a_whole},
    {"one bad rule among ten changes nothing, and is named",
     one_bad_rule_among_ten_changes_nothing_and_is_named},
    {"too many rules change nothing", too_many_rules_change_nothing},
    {"a call may be allowed by either list", a_call_may_be_allowed_by_either},
    {"lines are read as people write them", lines_are_read_as_people_write_them},
    {"a bad line is named, and the old rules stay", a_bad_line_is_named_and_the_old_rules_stay},
    {"long lines are lines", long_lines_are_lines},
    {"the load that began last stands", the_load_that_began_last_stands},
    {"nobody sees half a change", nobody_sees_half_a_change},
    CU_TEST_INFO_NULL,
};
