/* Rules that a program changes, and those of its file: what is said of each, and what stays. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/shortage.h"
#include "../../lib/suite.h"
#include "responder.h"

#define ALICE   RESPONDER_PEER
#define BOB     "bob@example.org/x"
#define ALLOWED "; allowed: WHO or WHO:OPERATION, where WHO is a JID, *@DOMAIN or *"
#define FAILS   "allow_file (SOAP_XMPP_ALLOW_FILE) fails at "

enum { WHY_BYTES = 1000, PATH_BYTES = 64, TEXT_BYTES = 1200 };

static char path[PATH_BYTES];

static void write_file(const char *text)
{
    FILE *file = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void make_file(const char *text)
{
    int fd;
    snprintf(path, sizeof path, "/tmp/test_rules_XXXXXX");
    fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    write_file(text);
}

static void serve(struct responder *responder, const char *rules, const char *file)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.allow = rules;
    config.allow_file = file;
    responder_serve_with(responder, &config);
}

static bool may(const struct responder *responder, const char *from, const char *operation)
{
    return sx_access_allows(responder->link->access, from, operation);
}

/* The last line of the trace, without who tells. */
static const char *last_line(const struct responder *responder)
{
    const char *line = responder->line_count ? responder->lines[responder->line_count - 1] : "";
    const char *colon = strstr(line, ": ");
    return colon ? colon + 2 : line;
}

TEST(a_rule_is_taken_back_or_the_program_learns_why_not)
{
    static const char *const rows[][3] = {
        {"bob@example.org", "add",
         "bob@example.org: the rule for add can't be taken back: there is none"},
        {"bob@example.org", NULL, "bob@example.org: the rules can't be taken back: there is none"},
        {"alice@", "add", "alice@: the rule for add can't be taken back: the domain is empty"},
        {NULL, NULL, "\"\": the rules can't be taken back: who is meant is empty"},
    };
    struct responder responder;
    char why[WHY_BYTES] = "?";
    size_t i;
    serve(&responder, "alice@example.org:add", NULL);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(soap_xmpp_disallow(responder.link, rows[i][0], rows[i][1], why, sizeof why),
                        -1);
        ASSERT_TEXT(why, rows[i][2]);
        CU_ASSERT_EQUAL(soap_xmpp_disallow(responder.link, rows[i][0], rows[i][1], NULL, 0), -1);
    }
    CU_ASSERT_EQUAL(responder.line_count, 0);
    CU_ASSERT_EQUAL(soap_xmpp_disallow(responder.link, "alice@example.org", "add", why, sizeof why),
                    0);
    ASSERT_TEXT(why, "");
    ASSERT_TEXT(last_line(&responder),
                "who may call has changed: there are 0 rules of the program, "
                "and 0 of allow_file");
    CU_ASSERT_FALSE(may(&responder, ALICE, "add"));
    CU_ASSERT_EQUAL(soap_xmpp_disallow(NULL, "a@b", NULL, why, sizeof why), -1);
    ASSERT_TEXT(why, "there is no link");
    responder_stop(&responder);
}

TEST(the_rules_are_replaced_or_the_program_learns_which_is_none)
{
    struct responder responder;
    char why[WHY_BYTES] = "?";
    make_file("carol@example.org\n");
    serve(&responder, "alice@example.org:add", path);
    CU_ASSERT_EQUAL(soap_xmpp_set_rules(responder.link,
                                        "a@b c@d e@f g@h i@j k@l bad@:x m@n o@p q@r", why,
                                        sizeof why),
                    -1);
    ASSERT_TEXT(why,
                "the rules stay: the new ones fail at \"bad@:x\": the domain is empty" ALLOWED);
    CU_ASSERT_EQUAL(soap_xmpp_set_rules(responder.link, "bad@", NULL, 0), -1);
    CU_ASSERT_EQUAL(soap_xmpp_set_rules(responder.link, NULL, why, sizeof why), -1);
    ASSERT_TEXT(why, "no rules were given; \"\" lets nobody call");
    CU_ASSERT_TRUE(may(&responder, ALICE, "add"));
    CU_ASSERT_FALSE(may(&responder, "a@b/c", "add"));
    CU_ASSERT_EQUAL(responder.line_count, 0);
    CU_ASSERT_EQUAL(soap_xmpp_set_rules(responder.link, "bob@example.org:add+sub", why, sizeof why),
                    0);
    ASSERT_TEXT(why, "");
    CU_ASSERT_FALSE(may(&responder, ALICE, "add"));
    CU_ASSERT_TRUE(may(&responder, BOB, "sub"));
    CU_ASSERT_TRUE(may(&responder, "carol@example.org/x", "add"));
    ASSERT_TEXT(last_line(&responder),
                "who may call has changed: there are 2 rules of the program, "
                "and 1 of allow_file");
    CU_ASSERT_EQUAL(soap_xmpp_disallow(responder.link, "carol@example.org", NULL, why, sizeof why),
                    -1);
    ASSERT_TEXT(why, "carol@example.org: the rules can't be taken back: it stands in allow_file, "
                     "where it is to be taken out");
    CU_ASSERT_EQUAL(soap_xmpp_set_rules(NULL, "", why, sizeof why), -1);
    responder_stop(&responder);
    unlink(path);
}

TEST(a_file_is_read_anew)
{
    struct responder responder;
    char why[WHY_BYTES] = "?";
    make_file("\xEF\xBB\xBF# who may call\r\n*@example.org:add # all\r\n");
    serve(&responder, "alice@example.org:sub", path);
    CU_ASSERT_EQUAL(responder.line_count, 0);
    CU_ASSERT_TRUE(may(&responder, BOB, "add"));
    write_file("bob@example.org:sub\n");
    CU_ASSERT_TRUE(may(&responder, BOB, "add"));
    CU_ASSERT_EQUAL(soap_xmpp_reload(responder.link, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
    CU_ASSERT_FALSE(may(&responder, BOB, "add"));
    CU_ASSERT_TRUE(may(&responder, BOB, "sub"));
    CU_ASSERT_TRUE(may(&responder, ALICE, "sub")); /* the program's stay */
    CU_ASSERT_EQUAL(chmod(path, 0606), 0);
    CU_ASSERT_EQUAL(soap_xmpp_reload(responder.link, NULL, 0), 0);
    CU_ASSERT_EQUAL_FATAL(responder.line_count, 3);
    ASSERT_CONTAINS(responder.lines[1], "everybody on this machine may write the allow_file");
    ASSERT_CONTAINS(responder.lines[1], path);
    responder_stop(&responder);
    unlink(path);
}

static void refuse_reload(struct responder *responder, const char *line, const char *clause)
{
    char why[WHY_BYTES] = "?", expected[TEXT_BYTES];
    responder->line_count = 0;
    CU_ASSERT_EQUAL(soap_xmpp_reload(responder->link, why, sizeof why), -1);
    snprintf(expected, sizeof expected, "the rules stay: " FAILS "%s%s: %s", path, line, clause);
    ASSERT_TEXT(why, expected);
    CU_ASSERT_EQUAL(responder->line_count, 1);
    ASSERT_TEXT(last_line(responder), expected);
    CU_ASSERT_TRUE(may(responder, ALICE, "add"));
    CU_ASSERT_FALSE(may(responder, BOB, "add"));
}

TEST(a_file_that_is_none_changes_nothing_and_is_told_of)
{
    struct responder responder;
    char why[WHY_BYTES] = "";
    make_file("alice@example.org\n");
    serve(&responder, NULL, path);
    write_file("");
    refuse_reload(&responder, "",
                  "it is empty, and one that lets nobody in has at least a comment (#)");
    write_file("# bob comes\r\nbob@example.org\r\nbob@\r\n");
    refuse_reload(&responder, ":3", "\"bob@\": the domain is empty");
    unlink(path);
    refuse_reload(&responder, "", "No such file or directory");
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    refuse_reload(&responder, "", "Is a directory");
    rmdir(path);
    write_file("# nobody\n");
    CU_ASSERT_EQUAL(soap_xmpp_reload(responder.link, why, sizeof why), 0);
    CU_ASSERT_FALSE(may(&responder, ALICE, "add"));
    CU_ASSERT_EQUAL(soap_xmpp_reload(NULL, why, sizeof why), -1);
    ASSERT_TEXT(why, "there is no link");
    responder_stop(&responder);
    unlink(path);
}

TEST(without_a_file_there_is_nothing_to_reload)
{
    struct responder responder;
    char why[WHY_BYTES] = "";
    serve(&responder, "alice@example.org", NULL);
    CU_ASSERT_EQUAL(soap_xmpp_reload(responder.link, why, sizeof why), -1);
    ASSERT_TEXT(why, "the rules stay: the link has no allow_file (SOAP_XMPP_ALLOW_FILE)");
    CU_ASSERT_TRUE(may(&responder, ALICE, "add"));
    responder_stop(&responder);
}

static void refuse_link(const char *file, const char *line, const char *clause)
{
    struct soap_xmpp_config config;
    char why[WHY_BYTES] = "", expected[TEXT_BYTES];
    responder_configure(&config);
    config.allow_file = file;
    CU_ASSERT_PTR_NULL(sx_link_new(&config, why, sizeof why));
    snprintf(expected, sizeof expected, FAILS "%s%s: %s" ALLOWED, file, line, clause);
    ASSERT_TEXT(why, expected);
    CU_ASSERT_PTR_NULL(sx_link_new(&config, NULL, 0));
}

TEST(a_link_is_not_opened_with_a_bad_file)
{
    struct soap_xmpp_config config;
    char why[WHY_BYTES] = "";
    make_file("alice@example.org:add\n\nmallory@:add\n");
    refuse_link(path, ":3", "\"mallory@:add\": the domain is empty");
    unlink(path);
    refuse_link(path, "", "No such file or directory");
    responder_configure(&config);
    config.allow_file = "";
    CU_ASSERT_PTR_NULL(sx_link_new(&config, why, sizeof why));
    ASSERT_TEXT(why, "allow_file (SOAP_XMPP_ALLOW_FILE) is \"\"; allowed: the path of a file");
}

/* ---- short memory ---- */

#define SHORT "memory is short"

static bool attempt_disallow(struct shortage shortage)
{
    struct responder responder;
    char why[WHY_BYTES] = "?";
    bool has_failed;
    int result;
    serve(&responder, "alice@example.org:add", NULL);
    shortage_begin(shortage);
    result = soap_xmpp_disallow(responder.link, "alice@example.org", "add", why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(result, has_failed ? -1 : 0);
    ASSERT_TEXT(why, has_failed ? "alice@example.org: the rule for add can't be taken back: " SHORT
                                : "");
    CU_ASSERT_EQUAL(may(&responder, ALICE, "add"), has_failed);
    CU_ASSERT_EQUAL(responder.line_count, has_failed ? 0 : 1);
    responder_stop(&responder);
    return has_failed;
}

TEST(without_memory_no_rule_is_taken_back)
{
    CU_ASSERT(shortage_sweep(attempt_disallow) >= 3);
}

static bool attempt_replace(struct shortage shortage)
{
    struct responder responder;
    char why[WHY_BYTES] = "?";
    bool has_failed;
    int result;
    serve(&responder, "alice@example.org:add", NULL);
    shortage_begin(shortage);
    result = soap_xmpp_set_rules(responder.link, "*@example.org:sub bob@example.org:{urn:x}add",
                                 why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(result, has_failed ? -1 : 0);
    ASSERT_TEXT(why, has_failed ? "the rules stay: " SHORT : "");
    CU_ASSERT_EQUAL(may(&responder, ALICE, "add"), has_failed);
    CU_ASSERT_EQUAL(may(&responder, ALICE, "sub"), !has_failed);
    CU_ASSERT_EQUAL(may(&responder, BOB, "add"), !has_failed);
    CU_ASSERT_EQUAL(responder.line_count, has_failed ? 0 : 1);
    responder_stop(&responder);
    return has_failed;
}

TEST(without_memory_all_rules_stay)
{
    CU_ASSERT(shortage_sweep(attempt_replace) >= 10);
}

/* What makes the text of the file smaller may fail, and does no harm. */
static bool attempt_reload(struct shortage shortage)
{
    struct responder responder;
    char why[WHY_BYTES] = "?";
    bool has_failed, is_same;
    int result;
    write_file("alice@example.org:add\n");
    serve(&responder, NULL, path);
    write_file("# others\nbob@example.org:add+{urn:x}sub\n\n*@example.org:sub\n");
    shortage_begin(shortage);
    result = soap_xmpp_reload(responder.link, why, sizeof why);
    has_failed = shortage_end();
    is_same = result != 0;
    CU_ASSERT(has_failed || !is_same);
    ASSERT_TEXT(why, is_same ? "the rules stay: " SHORT : "");
    CU_ASSERT_EQUAL(may(&responder, ALICE, "add"), is_same);
    CU_ASSERT_EQUAL(may(&responder, ALICE, "sub"), !is_same);
    CU_ASSERT_EQUAL(may(&responder, BOB, "add"), !is_same);
    CU_ASSERT_EQUAL(responder.line_count, 1);
    if (is_same)
        ASSERT_TEXT(last_line(&responder), why);
    responder_stop(&responder);
    return has_failed;
}

TEST(without_memory_the_file_is_not_read_and_the_trace_tells)
{
    make_file("");
    CU_ASSERT(shortage_sweep(attempt_reload) >= 10);
    unlink(path);
}

static bool attempt_open(struct shortage shortage)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    char why[WHY_BYTES] = "";
    bool has_failed;
    responder_configure(&config);
    config.allow = "alice@example.org:add";
    config.allow_file = path;
    shortage_begin(shortage);
    link = sx_link_new(&config, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(link || has_failed);
    CU_ASSERT_EQUAL(!*why, link != NULL);
    if (link) {
        CU_ASSERT_TRUE(sx_access_allows(link->access, ALICE, "add"));
        CU_ASSERT_TRUE(sx_access_allows(link->access, BOB, "sub"));
        sx_link_unref(link);
    }
    return has_failed;
}

TEST(without_memory_no_link_is_opened_with_some_of_its_rules)
{
    make_file("bob@example.org:sub\n");
    CU_ASSERT(shortage_sweep(attempt_open) >= 10);
    unlink(path);
}

/* ---- a link that another thread closes ---- */

struct change {
    struct soap_xmpp_link *link;
    int (*change)(struct change *change);
    sem_t told, go;
};

static int take_back(struct change *change)
{
    return soap_xmpp_disallow(change->link, "alice@example.org", NULL, NULL, 0);
}

static int replace(struct change *change)
{
    return soap_xmpp_set_rules(change->link, "bob@example.org", NULL, 0);
}

static int reload(struct change *change)
{
    return soap_xmpp_reload(change->link, NULL, 0);
}

static void hold_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct change *change = user;
    (void)level;
    if (!strstr(line, "who may call has changed"))
        return;
    sem_post(&change->told);
    sem_wait(&change->go);
}

static void *make_change(void *user)
{
    struct change *change = user;
    CU_ASSERT_EQUAL(change->change(change), 0);
    return NULL;
}

TEST(a_link_may_be_closed_while_its_trace_tells_of_a_change)
{
    static int (*const changes[])(struct change *) = {take_back, replace, reload};
    size_t i;
    make_file("carol@example.org\n");
    for (i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct change change = {.change = changes[i]};
        struct soap_xmpp_config config;
        pthread_t thread;
        responder_configure(&config);
        config.allow = "alice@example.org";
        config.allow_file = path;
        config.trace = SOAP_XMPP_TRACE_INFO;
        config.trace_callback = hold_line;
        config.trace_user = &change;
        sem_init(&change.told, 0, 0);
        sem_init(&change.go, 0, 0);
        change.link = soap_xmpp_open(&config, NULL, 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(change.link);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, make_change, &change), 0);
        sem_wait(&change.told);
        soap_xmpp_close(change.link);
        sem_post(&change.go);
        pthread_join(thread, NULL);
        sem_destroy(&change.told);
        sem_destroy(&change.go);
    }
    unlink(path);
}

CU_TestInfo tests_rules[] = {
    {"a rule is taken back, or the program learns why not",
     a_rule_is_taken_back_or_the_program_learns_why_not},
    {"the rules are replaced, or the program learns which is none",
     the_rules_are_replaced_or_the_program_learns_which_is_none},
    {"a file is read anew", a_file_is_read_anew},
    {"a file that is none changes nothing, and is told of",
     a_file_that_is_none_changes_nothing_and_is_told_of},
    {"without a file there is nothing to reload", without_a_file_there_is_nothing_to_reload},
    {"a link isn't opened with a bad file", a_link_is_not_opened_with_a_bad_file},
    {"without memory no rule is taken back", without_memory_no_rule_is_taken_back},
    {"without memory all rules stay", without_memory_all_rules_stay},
    {"without memory the file isn't read, and the trace tells",
     without_memory_the_file_is_not_read_and_the_trace_tells},
    {"without memory no link is opened with some of its rules",
     without_memory_no_link_is_opened_with_some_of_its_rules},
    {"a link may be closed while its trace tells of a change",
     a_link_may_be_closed_while_its_trace_tells_of_a_change},
    CU_TEST_INFO_NULL,
};
