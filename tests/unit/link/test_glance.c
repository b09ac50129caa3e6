/* What one account can make the loop thread read before it knows whether a request is run: counted
 * in steps, so that no machine is too slow for it.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/retry.h"
#include "wire/namespaces.h"
#include "wire/stanza.h"
#include "../../lib/stopped_clock.h"
#include "../../lib/suite.h"
#include "../response_fixture.h"
#include "responder.h"

#define ROOT        "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'>"
#define BODY(inner) "<e:Body>" inner "</e:Body></e:Envelope>"
#define ADD         "<c:add xmlns:c='urn:c'/>"
#define FAULT       "<e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code></e:Fault>"
#define BOB         "bob@example.org/desk"
#define INCARNATION "0123456789abcdef.1"

enum {
    FLOOD = 1000,
    PAUSE_US = 100, /* between two of them */
    LARGE_BYTES = 90000,
    FILE_BYTES = 1 << 20,
    LATE_BYTES = 20000,
    PIECE_STEPS = 300000, /* what one may take more than it is allowed, at most; ... */
    TAG_STEPS = 5000,     /* ... where the budget is used up: it is stopped behind a tag */
    BOUND = SX_BUDGET_FREE_STEPS + SX_BUDGET_BURST_STEPS
};

/* Its operation stands behind so many bytes of a header, each name of which is compared with many
 * declarations. malloc'ed. */
static char *write_costly(size_t header_bytes)
{
    struct sx_buffer out = {0};
    size_t len;
    int i;
    sx_buffer_add_text(&out, ROOT "<e:Header><h>");
    for (i = 0; i < 200; i++)
        sx_buffer_add_format(&out, "%s xmlns:n%d='u'%s", i % 10 ? "" : "<d", i,
                             i % 10 == 9 ? ">" : "");
    while (out.len < header_bytes)
        sx_buffer_add_text(&out, "<n0:a n0:b='' n0:c='' n0:d=''/>");
    for (i = 0; i < 20; i++)
        sx_buffer_add_text(&out, "</d>");
    sx_buffer_add_text(&out, "</h></e:Header>" BODY(ADD));
    return sx_buffer_take(&out, &len);
}

/* A header without any harm in it, as WS-Security writes them. */
static char *write_late(size_t header_bytes)
{
    struct sx_buffer out = {0};
    size_t len;
    sx_buffer_add_text(&out, ROOT "<e:Header><s:Token xmlns:s='urn:s'>");
    while (out.len < header_bytes)
        sx_buffer_add_text(&out, "MIIC5zCCAc+gAwIBAgIUYlhl");
    sx_buffer_add_text(&out, "</s:Token></e:Header>" BODY(ADD));
    return sx_buffer_take(&out, &len);
}

static char *pack(char *envelope)
{
    char *element = responder_pack(envelope);
    free(envelope);
    return element;
}

static void say_packed(struct responder *responder, const char *id, char *envelope)
{
    char *element = pack(envelope);
    responder_say(responder, "set", responder_tag(responder, id), element);
    free(element);
}

static unsigned long count_steps(const struct responder *responder)
{
    return sx_checker_steps(responder->link->checker);
}

static void use_up(const struct responder *responder, const char *from)
{
    sx_budget_spend(responder->link->budget, from, INT_MAX, sx_clock_now_us());
}

/* ---- how much is read ---- */

/* Whatever the rules say of it. */
static void flood(const char *rules)
{
    struct responder responder;
    unsigned long steps = 0, most;
    unsigned declined = 0, i;
    int64_t now_us = sx_clock_now_us();
    char id[20], *element = pack(write_costly(LARGE_BYTES));
    CU_ASSERT_TRUE(strlen(element) < 2000);
    stopped_clock_set(now_us);
    responder_serve(&responder, rules);
    for (i = 0; i < FLOOD; i++) {
        stopped_clock_set(now_us + (int64_t)i * PAUSE_US);
        sx_checker_begin(responder.link->checker, 0); /* no glance: no steps */
        snprintf(id, sizeof id, "%u", i);
        responder_say(&responder, "set", responder_tag(&responder, id), element);
        steps += count_steps(&responder);
        declined += strstr(responder_said(&responder), "<resource-constraint") != NULL;
    }
    most = BOUND + PIECE_STEPS + (unsigned long)FLOOD * (SX_BUDGET_FREE_STEPS + TAG_STEPS) +
           (unsigned long)FLOOD * PAUSE_US * SX_BUDGET_STEPS_PER_US;
    CU_ASSERT_TRUE(steps <= most);
    if (steps > most)
        printf("\n    %lu steps, %lu at most", steps, most);
    CU_ASSERT_TRUE(count_steps(&responder) <= BOUND + PIECE_STEPS);
    if (strstr(rules, "alice"))
        CU_ASSERT_TRUE(declined > 0);
    free(element);
    responder_stop(&responder);
    stopped_clock_release();
}

TEST(a_flood_of_costly_requests_is_read_within_a_budget)
{
    flood("alice@example.org:add");
    flood("alice@example.org:sub");
    flood("*");
    flood("bob@example.org");
}

TEST(a_look_ends_where_its_steps_do)
{
    static const unsigned long allowed[] = {0, 100, SX_BUDGET_FREE_STEPS, 20000, 100000, 1000000};
    struct sx_checker *checker = sx_checker_new(64);
    char *bytes = write_costly(LARGE_BYTES);
    size_t i;
    for (i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        struct sx_envelope envelope = {
            .form = SX_FORM_STORED, .bytes = bytes, .len = strlen(bytes)};
        unsigned long steps = sx_envelope_glance(&envelope, checker, LARGE_BYTES * 2, allowed[i]);
        CU_ASSERT_EQUAL(envelope.err, SX_EFULL);
        ASSERT_CONTAINS(envelope.why, "before the operation");
        CU_ASSERT_TRUE(steps <= allowed[i] + PIECE_STEPS);
        ASSERT_TEXT(envelope.operation, "");
    }
    free(bytes);
    sx_checker_free(checker);
}

/* What toolkits write, signed or with tokens: an honest caller never pays. */
static void look_at_folder(struct sx_checker *checker, const char *folder, unsigned *count)
{
    DIR *files = opendir(folder);
    const struct dirent *entry;
    char *bytes = malloc(FILE_BYTES), path[400];
    CU_ASSERT_PTR_NOT_NULL_FATAL(files); /* tests are run in the project's folder */
    while ((entry = readdir(files))) {
        struct sx_envelope envelope = {.form = SX_FORM_STORED, .bytes = bytes};
        FILE *file;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (!file)
            continue;
        envelope.len = fread(bytes, 1, FILE_BYTES, file);
        fclose(file);
        CU_ASSERT_TRUE(sx_envelope_glance(&envelope, checker, FILE_BYTES, ULONG_MAX) <=
                       SX_BUDGET_FREE_STEPS);
        ++*count;
    }
    closedir(files);
    free(bytes);
}

TEST(what_toolkits_write_is_free)
{
    struct sx_checker *checker = sx_checker_new(256);
    unsigned count = 0;
    look_at_folder(checker, "tools/dictionary/samples", &count);
    look_at_folder(checker, "tools/dictionary/held", &count);
    CU_ASSERT_TRUE(count > 50);
    sx_checker_free(checker);
}

/* ---- who has used its budget up ---- */

TEST(cheap_requests_are_admitted_whatever_was_used_up)
{
    struct responder responder;
    char id[20];
    int i;
    responder_serve(&responder, "alice@example.org:add");
    use_up(&responder, RESPONDER_PEER);
    for (i = 0; i < 10; i++) {
        snprintf(id, sizeof id, "%d", i);
        say_packed(&responder, id, strdup(ROOT BODY(ADD)));
        ASSERT_TEXT(responder_said(&responder), "");
    }
    CU_ASSERT_EQUAL(responder_queued(&responder), 10);
    responder_stop(&responder);
}

TEST(who_has_used_it_up_may_send_again)
{
    struct responder responder;
    struct sx_request *request;
    responder_serve(&responder, "alice@example.org:add");
    use_up(&responder, RESPONDER_PEER);
    say_packed(&responder, "1", write_late(LATE_BYTES));
    ASSERT_CONTAINS(responder_said(&responder), "<resource-constraint");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    sx_budget_free(responder.link->budget);
    responder.link->content.budget = responder.link->budget = sx_budget_new(1);
    say_packed(&responder, "1", write_late(LATE_BYTES));
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    ASSERT_TEXT(request->envelope.operation, "add");
    sx_request_free(request);
    responder_stop(&responder);
}

TEST(others_have_budgets_of_their_own)
{
    struct responder responder;
    responder_serve(&responder, "alice@example.org:add bob@example.org:add");
    use_up(&responder, BOB);
    use_up(&responder, NULL);
    say_packed(&responder, "1", write_late(LATE_BYTES));
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

/* Which operation it is doesn't matter. */
TEST(who_may_call_everything_is_admitted_all_the_same)
{
    struct responder responder;
    responder_serve(&responder, "alice@example.org");
    use_up(&responder, RESPONDER_PEER);
    say_packed(&responder, "1", write_late(LATE_BYTES));
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

TEST(who_may_call_nothing_is_told_that_and_no_more)
{
    struct responder responder;
    responder_serve(&responder, "bob@example.org");
    use_up(&responder, NULL);
    say_packed(&responder, "1", write_late(LATE_BYTES));
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    responder_stop(&responder);
}

/* To say that it isn't run would be wrong: the first copy is. */
TEST(a_copy_of_what_runs_is_not_declined)
{
    struct responder responder;
    struct sx_request *request;
    responder_serve(&responder, "alice@example.org:add");
    say_packed(&responder, "1", write_late(LATE_BYTES));
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    use_up(&responder, RESPONDER_PEER);
    say_packed(&responder, "1", write_late(LATE_BYTES));
    ASSERT_TEXT(responder_said(&responder), "");
    response_remember(responder.link->journal, request->from, request->id, "<a/>",
                      sx_clock_now_us());
    say_packed(&responder, "1", write_late(LATE_BYTES));
    ASSERT_CONTAINS(responder_said(&responder), "<iq type='result' ");
    ASSERT_CONTAINS(responder_said(&responder), "<a/>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    sx_request_free(request);
    responder_stop(&responder);
}

/* ---- messages ---- */

static void send_message(struct responder *responder, const char *id)
{
    char *element = pack(write_late(LATE_BYTES));
    struct sx_buffer message = {0};
    sx_buffer_add_format(&message,
                         "<message from='" RESPONDER_PEER "' to='calc@example.org' id='%s'>", id);
    sx_buffer_add_text(&message, element);
    sx_buffer_add_text(&message, "</message>");
    responder_hear(responder, message.bytes, message.len);
    sx_buffer_fini(&message);
    free(element);
}

TEST(a_message_that_was_declined_is_not_run_later)
{
    struct soap_xmpp_config config;
    struct responder responder;
    responder_configure(&config);
    config.messages = 1;
    config.allow = "alice@example.org:add";
    responder_serve_with(&responder, &config);
    use_up(&responder, RESPONDER_PEER);
    send_message(&responder, "1~message");
    ASSERT_CONTAINS(responder_said(&responder), "<resource-constraint");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    sx_budget_free(responder.link->budget);
    responder.link->content.budget = responder.link->budget = sx_budget_new(1);
    send_message(&responder, "1~message");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    send_message(&responder, "2~message");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    use_up(&responder, RESPONDER_PEER);
    send_message(&responder, "2~message");
    ASSERT_TEXT(responder_said(&responder), "");
    responder_stop(&responder);
}

/* ---- answers ---- */

static enum sx_err answer_with_fault(struct responder *responder, char *envelope)
{
    static const char question[] = "<packed xmlns='" SX_NS_PACKED "'>AAAA</packed>";
    struct soap_xmpp_call *call = NULL;
    struct sx_reply reply;
    struct sx_buffer content = {0};
    char *element = pack(envelope);
    enum sx_err err;
    CU_ASSERT_EQUAL_FATAL(
        sx_exchange_begin(responder->link->exchange, RESPONDER_PEER, "add", 1, &call), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, INCARNATION, question, strlen(question)), SX_OK);
    sx_buffer_add_text(&content, element);
    sx_buffer_add_text(&content, "<error type='modify'/>");
    responder_say(responder, "error", sx_exchange_id(call), content.bytes);
    sx_exchange_wait(call, 1, &reply);
    sx_exchange_release(call);
    err = reply.err;
    sx_reply_fini(&reply);
    sx_buffer_fini(&content);
    free(element);
    return err;
}

/* A service that answers each call so would take the caller's loop thread. */
TEST(faults_are_looked_into_within_a_budget)
{
    struct responder responder;
    responder_serve(&responder, "bob@example.org");
    CU_ASSERT_EQUAL(answer_with_fault(&responder, write_costly(LARGE_BYTES)), SX_ESTANZA);
    CU_ASSERT_TRUE(count_steps(&responder) > BOUND / 8);
    use_up(&responder, RESPONDER_PEER);
    CU_ASSERT_EQUAL(answer_with_fault(&responder, write_costly(LARGE_BYTES)), SX_ESTANZA);
    CU_ASSERT_TRUE(count_steps(&responder) < SX_BUDGET_FREE_STEPS + TAG_STEPS);
    CU_ASSERT_EQUAL(answer_with_fault(&responder, strdup(ROOT BODY(FAULT))), SX_OK);
    responder_stop(&responder);
}

/* A fault of a service with a long header; malloc'ed. */
static char *write_late_fault(void)
{
    struct sx_buffer out = {0};
    size_t len;
    sx_buffer_add_text(&out, ROOT "<e:Header><s:Token xmlns:s='urn:s'>");
    while (out.len < LATE_BYTES)
        sx_buffer_add_text(&out, "MIIC5zCCAc+gAwIBAgIUYlhl");
    sx_buffer_add_text(&out, "</s:Token></e:Header>" BODY(FAULT));
    return sx_buffer_take(&out, &len);
}

/* Each call of ours has one answer: whatever callers do, it is paid by its service alone. */
TEST(faults_that_are_awaited_are_recognised_whatever_callers_use_up)
{
    struct responder responder;
    char caller[40];
    int i;
    stopped_clock_set(sx_clock_now_us());
    responder_serve(&responder, "*");
    for (i = 0; i < SX_BUDGET_CALLERS; i++) {
        snprintf(caller, sizeof caller, "mallory%d@example.net/r", i);
        use_up(&responder, caller);
    }
    CU_ASSERT_EQUAL(sx_budget_left(responder.link->budget, BOB, sx_clock_now_us()),
                    SX_BUDGET_FREE_STEPS);
    CU_ASSERT_EQUAL(answer_with_fault(&responder, write_late_fault()), SX_OK);
    CU_ASSERT_TRUE(count_steps(&responder) > SX_BUDGET_FREE_STEPS);
    use_up(&responder, RESPONDER_PEER);
    CU_ASSERT_EQUAL(answer_with_fault(&responder, write_late_fault()), SX_ESTANZA);
    responder_stop(&responder);
    stopped_clock_release();
}

CU_TestInfo tests_glance[] = {
    {"a flood of costly requests is read within a budget, whatever the rules say",
     a_flood_of_costly_requests_is_read_within_a_budget},
    {"a look ends where its steps do", a_look_ends_where_its_steps_do},
    {"what toolkits write is free", what_toolkits_write_is_free},
    {"cheap requests are admitted, whatever was used up",
     cheap_requests_are_admitted_whatever_was_used_up},
    {"who has used its budget up isn't run, and may send again", who_has_used_it_up_may_send_again},
    {"others have budgets of their own", others_have_budgets_of_their_own},
    {"who may call everything is admitted all the same",
     who_may_call_everything_is_admitted_all_the_same},
    {"who may call nothing is told that, and no more",
     who_may_call_nothing_is_told_that_and_no_more},
    {"a copy of what runs is not declined", a_copy_of_what_runs_is_not_declined},
    {"a message that was declined is not run later", a_message_that_was_declined_is_not_run_later},
    {"faults are looked into within a budget", faults_are_looked_into_within_a_budget},
    {"faults that are awaited are recognised, whatever callers use up",
     faults_that_are_awaited_are_recognised_whatever_callers_use_up},
    CU_TEST_INFO_NULL,
};
