/* Who may call, through real servers: rules against JIDs as servers stamp them, what those who are
 * refused learn, and what the service's trace says of them.
 *
 * A door is a service of bob's with rules, and alice before it. Its trace lines are kept; a line
 * comes from another thread, so that tests wait for it. */
#include "soapH.h"
#include "laboratory.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"
#include "wire/namespaces.h"
#include "../lib/suite.h"
#include "scale.h"

enum { AWAIT_US = 30000000, TEXT_BYTES = 512 };

/* ---- lines of a trace ---- */

struct lines {
    pthread_mutex_t mu;
    pthread_cond_t come;
    struct sx_buffer text; /* under mu; one after the other */
};

static void keep_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct lines *lines = user;
    (void)level;
    pthread_mutex_lock(&lines->mu);
    sx_buffer_add_format(&lines->text, "%s\n", line);
    pthread_cond_broadcast(&lines->come);
    pthread_mutex_unlock(&lines->mu);
}

static void lines_init(struct lines *lines, struct soap_xmpp_config *config)
{
    memset(lines, 0, sizeof *lines);
    pthread_mutex_init(&lines->mu, NULL);
    sx_clock_cond_init(&lines->come);
    config->trace = SOAP_XMPP_TRACE_INFO;
    config->trace_callback = keep_line;
    config->trace_user = lines;
}

static void lines_fini(struct lines *lines)
{
    sx_buffer_fini(&lines->text);
    pthread_cond_destroy(&lines->come);
    pthread_mutex_destroy(&lines->mu);
}

static bool has_locked(const struct lines *lines, const char *part)
{
    return lines->text.bytes && strstr(lines->text.bytes, part);
}

/* Whether one of these texts has come, the second may be NULL; false after AWAIT_US. */
static bool await_either(struct lines *lines, const char *part, const char *other)
{
    int64_t deadline = sx_clock_deadline(AWAIT_US);
    bool in_time = true, has;
    pthread_mutex_lock(&lines->mu);
    while (!(has = has_locked(lines, part) || (other && has_locked(lines, other))) && in_time)
        in_time = sx_clock_cond_wait(&lines->come, &lines->mu, deadline);
    pthread_mutex_unlock(&lines->mu);
    return has;
}

static unsigned count_lines(struct lines *lines, const char *part)
{
    const char *at;
    unsigned count = 0;
    pthread_mutex_lock(&lines->mu);
    for (at = lines->text.bytes; at && (at = strstr(at, part)); at += strlen(part))
        count++;
    pthread_mutex_unlock(&lines->mu);
    return count;
}

/* ---- a door ---- */

struct door {
    struct lines lines; /* of the service, at INFO */
    struct soap_xmpp_link *service, *caller;
    struct laboratory *laboratory;
    struct soap *soap;
    const char *endpoint;
};

/* In the text % stands for the site's domain, ^ for the same in capitals. */
static const char *spell(const char *text, const struct site *site, char out[TEXT_BYTES])
{
    struct sx_buffer spelt = {0};
    for (; *text; text++) {
        const char *letter = *text == '%' || *text == '^' ? site->domain : "";
        for (; *letter; letter++)
            sx_buffer_add_format(&spelt, "%c", *text == '^' ? toupper(*letter) : *letter);
        if (*text != '%' && *text != '^')
            sx_buffer_add(&spelt, text, 1);
    }
    snprintf(out, TEXT_BYTES, "%s", spelt.bytes ? spelt.bytes : "");
    sx_buffer_fini(&spelt);
    return out;
}

/* rules: NULL for none; plain: no delivery is promised. */
static void open_service(struct door *door, const struct site *site, const char *rules, int plain)
{
    struct site_account account;
    char spelt[TEXT_BYTES], why[300] = "";
    site_account(site, "bob", "soap", &account);
    account.config.allow = rules ? spell(rules, site, spelt) : NULL;
    account.config.plain_delivery = plain;
    lines_init(&door->lines, &account.config);
    door->service = soap_xmpp_open(&account.config, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(door->service);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(door->service, -1), 0);
    door->laboratory = laboratory_start(door->service, 2);
}

static void close_service(struct door *door)
{
    CU_ASSERT_EQUAL(laboratory_stop(door->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(door->service);
    lines_fini(&door->lines);
}

static void open_caller(struct door *door, const struct site *site, int plain)
{
    struct site_account account;
    site_account(site, "alice", "desk", &account);
    account.config.plain_delivery = plain;
    door->caller = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(door->caller);
    door->soap = laboratory_client(door->caller, SOAP_IO_DEFAULT);
    door->endpoint = site_endpoint(site, "bob", "soap");
}

static void close_caller(struct door *door)
{
    laboratory_client_free(door->soap);
    soap_xmpp_close(door->caller);
}

static void door_open(struct door *door, const struct site *site, const char *rules)
{
    open_service(door, site, rules, 1);
    open_caller(door, site, 1);
}

static void door_close(struct door *door)
{
    close_caller(door);
    close_service(door);
}

static int call_add(struct soap *soap, const char *endpoint)
{
    double sum = 0;
    int err = soap_call_lab__add(soap, endpoint, NULL, 1, 2, &sum);
    if (err == SOAP_OK)
        CU_ASSERT_EQUAL(sum, 3);
    return err;
}

static int call_say(struct soap *soap, const char *endpoint)
{
    char word[] = "word", *said = NULL;
    int err = soap_call_lab__say(soap, endpoint, NULL, word, &said);
    if (err == SOAP_OK)
        ASSERT_TEXT(said, "word");
    return err;
}

static void assert_forbidden(struct soap *soap, int err, int runs)
{
    CU_ASSERT_EQUAL(err, 403);
    ASSERT_TEXT(soap_xmpp_condition(soap), "forbidden");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
    ASSERT_CONTAINS(laboratory_fault(soap),
                    " doesn't let us call this: forbidden (403): the caller may not call this "
                    "operation");
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
}

/* ---- rules ---- */

static const struct {
    const char *rules;
    bool may_add, may_say;
} doors[] = {
    {NULL, false, false},
    {"alice@%", true, true},
    {"ALICE@^", true, true},
    {"*@%", true, true},
    {"*", true, true},
    {"alice@%:add", true, false},
    {"*@%:say, alice@%/desk:add", true, true},
    {"alice@%/desk", true, true},
    {"alice@%/other", false, false},
    {"alice@%/DESK", false, false},
    {"alice@%:ADD *:Say", false, false},
    {"%, bob@%, alice@sub.%, *@sub.%", false, false},
    {"*@elsewhere.example alice@elsewhere.example", false, false},
};

static void stand_before(struct door *door, bool may_add, bool may_say)
{
    int runs = laboratory_runs(), err;
    err = call_add(door->soap, door->endpoint);
    if (may_add)
        CU_ASSERT_EQUAL(err, SOAP_OK)
    else
        assert_forbidden(door->soap, err, runs);
    runs = laboratory_runs();
    err = call_say(door->soap, door->endpoint);
    if (may_say)
        CU_ASSERT_EQUAL(err, SOAP_OK)
    else
        assert_forbidden(door->soap, err, runs);
}

static void try_doors(const struct site *site)
{
    struct door door;
    size_t i;
    open_caller(&door, site, 1);
    for (i = 0; i < sizeof doors / sizeof *doors; i++) {
        open_service(&door, site, doors[i].rules, 1);
        stand_before(&door, doors[i].may_add, doors[i].may_say);
        close_service(&door);
    }
    close_caller(&door);
}

static void a_service_answers_those_whom_a_rule_allows_and_forbids_the_others(void)
{
    site_each(try_doors);
}

static void allow_later(const struct site *site)
{
    struct door door;
    char who[TEXT_BYTES], why[200] = "?";
    door_open(&door, site, "bob@%");
    assert_forbidden(door.soap, call_add(door.soap, door.endpoint), laboratory_runs());
    CU_ASSERT_EQUAL(
        soap_xmpp_allow(door.service, spell("alice@%", site, who), "add", why, sizeof why), 0);
    ASSERT_TEXT(why, "");
    stand_before(&door, true, false);
    CU_ASSERT_EQUAL(soap_xmpp_allow(door.service, "*", NULL, NULL, 0), 0);
    stand_before(&door, true, true);
    door_close(&door);
}

static void a_rule_added_while_serving_holds_at_once(void)
{
    site_each(allow_later);
}

static void call_one_way(const struct site *site)
{
    struct door door;
    int notes = laboratory_notes();
    door_open(&door, site, "alice@%:add");
    CU_ASSERT_EQUAL(soap_send_lab__note(door.soap, door.endpoint, NULL, "hello"), SOAP_OK);
    assert_forbidden(door.soap, soap_recv_empty_response(door.soap), laboratory_runs());
    CU_ASSERT_EQUAL(call_add(door.soap, door.endpoint), SOAP_OK);
    CU_ASSERT_EQUAL(laboratory_notes(), notes);
    door_close(&door);
}

static void a_one_way_call_is_forbidden_like_any_other(void)
{
    site_each(call_one_way);
}

/* With delivery promised the caller keeps what it sent; a refusal ends that. */
static void call_with_delivery(const struct site *site)
{
    struct door door;
    open_service(&door, site, "*:say", 0);
    open_caller(&door, site, 0);
    assert_forbidden(door.soap, call_add(door.soap, door.endpoint), laboratory_runs());
    CU_ASSERT_EQUAL(call_say(door.soap, door.endpoint), SOAP_OK);
    door_close(&door);
}

static void a_kept_call_that_is_forbidden_ends_and_was_not_executed(void)
{
    site_each(call_with_delivery);
}

/* ---- who is who ---- */

/* One whole stanza as it is. */
static void post_raw(struct soap_xmpp_link *link, const char *stanza)
{
    char why[200];
    uint64_t session = 0;
    int64_t deadline = sx_clock_deadline(AWAIT_US);
    CU_ASSERT_EQUAL_FATAL(sx_session_await(link->session, deadline, &session, why, sizeof why),
                          SX_OK);
    CU_ASSERT_EQUAL(sx_loop_post(sx_session_loop(link->session), session, strdup(stanza),
                                 strlen(stanza), false, deadline),
                    SX_OK);
}

static void look_at_the_caller(const struct site *site)
{
    struct door door;
    struct lab__Seen seen = {0};
    char expected[TEXT_BYTES];
    door_open(&door, site, "*@%");
    CU_ASSERT_EQUAL(soap_call_lab__whoami(door.soap, door.endpoint, NULL, &seen), SOAP_OK);
    ASSERT_TEXT(seen.from, spell("alice@%/desk", site, expected));
    door_close(&door);
}

static void an_operation_sees_the_full_jid_of_the_caller(void)
{
    site_each(look_at_the_caller);
}

/* Prosody puts the true name in its place, ejabberd ends the stream (RFC 6120 8.1.2.1). */
static void forge_a_name(const struct site *site)
{
    struct door door;
    struct site_account account;
    struct soap_xmpp_link *forger;
    char stanza[3 * TEXT_BYTES], refused[TEXT_BYTES];
    int runs = laboratory_runs();
    door_open(&door, site, "bob@%, alice@%/desk");
    site_account(site, "alice", "forger", &account);
    account.config.trace = SOAP_XMPP_TRACE_INFO;
    account.config.trace_callback = keep_line;
    account.config.trace_user = &door.lines;
    CU_ASSERT_PTR_NOT_NULL_FATAL(forger = soap_xmpp_open(&account.config, NULL, 0));
    snprintf(
        stanza, sizeof stanza,
        "<iq type='set' id='forged' to='bob@%s/soap' from='alice@%s/desk'>"
        "<e:Envelope xmlns='' xmlns:e='" SX_NS_SOAP11 "'><e:Body>"
        "<l:add xmlns:l='urn:soapxmpp:lab'><a>1</a><b>2</b></l:add></e:Body></e:Envelope></iq>",
        site->domain, site->domain);
    post_raw(forger, stanza);
    CU_ASSERT_TRUE(await_either(
        &door.lines, spell("alice@%/forger may not call add", site, refused), "invalid-from"));
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    CU_ASSERT_EQUAL(call_add(door.soap, door.endpoint), SOAP_OK);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    soap_xmpp_close(forger);
    door_close(&door);
}

static void a_caller_that_forges_its_name_is_not_believed(void)
{
    site_each(forge_a_name);
}

/* ---- what a stranger still gets ---- */

/* gSOAP would take the Body inside of the Header for the Envelope's, and run add. */
#define ATTACK                                                                                     \
    "<e:Envelope xmlns='' xmlns:e='" SX_NS_SOAP11 "' xmlns:p='" SX_NS_SOAP11 "'><e:Header>"        \
    "<u xmlns='urn:u' xmlns:p='urn:x'><w><y>/>/></y></w><p:Body>"                                  \
    "<l:add xmlns:l='urn:soapxmpp:lab'><a>1</a><b>2</b></l:add></p:Body></u></e:Header><e:Body>"   \
    "<l:say xmlns:l='urn:soapxmpp:lab'><text>word</text></l:say></e:Body></e:Envelope>"

static void smuggle(const struct site *site)
{
    struct door door;
    struct sx_buffer stanza = {0};
    int runs = laboratory_runs();
    open_service(&door, site, "alice@%:say", 0); /* takes packed ones */
    open_caller(&door, site, 0);
    sx_buffer_add_format(&stanza,
                         "<iq type='set' id='packed' to='bob@%s/soap'>"
                         "<packed xmlns='urn:soap-xmpp:packed:1' form='stored'>",
                         site->domain);
    sx_base64_add(&stanza, ATTACK, strlen(ATTACK));
    sx_buffer_add_text(&stanza, "</packed></iq>");
    post_raw(door.caller, stanza.bytes);
    CU_ASSERT_EQUAL(call_say(door.soap, door.endpoint), SOAP_OK);
    door_close(&door); /* whatever was queued has run */
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    sx_buffer_fini(&stanza);
}

static void what_is_smuggled_in_a_header_runs_nothing(void)
{
    site_each(smuggle);
}

static void ask_and_ping(const struct site *site)
{
    struct door door;
    struct site_account account;
    struct soap_xmpp_link *stranger;
    char stanza[TEXT_BYTES];
    door_open(&door, site, "*@elsewhere.example");
    CU_ASSERT_EQUAL(soap_xmpp_discover(door.caller, door.endpoint, SOAP_XMPP_FEATURE, -1, NULL, 0),
                    1);
    site_account(site, "alice", "pinger", &account);
    account.config.trace = SOAP_XMPP_TRACE_STANZA;
    account.config.trace_callback = keep_line;
    account.config.trace_user = &door.lines;
    CU_ASSERT_PTR_NOT_NULL_FATAL(stranger = soap_xmpp_open(&account.config, NULL, 0));
    snprintf(stanza, sizeof stanza,
             "<iq type='get' id='are-you-there' to='bob@%s/soap'><ping xmlns='" SX_NS_PING
             "'/></iq>",
             site->domain);
    post_raw(stranger, stanza);
    /* Its answer has no call that waits for it, and the trace says so. */
    CU_ASSERT_TRUE(await_either(&door.lines, "result are-you-there from", NULL));
    assert_forbidden(door.soap, call_add(door.soap, door.endpoint), laboratory_runs());
    soap_xmpp_close(stranger);
    door_close(&door);
}

static void discovery_and_ping_are_answered_to_anybody(void)
{
    site_each(ask_and_ping);
}

static void look_before_serving(const struct site *site)
{
    struct door door;
    door_open(&door, site, NULL);
    CU_ASSERT_TRUE(await_either(&door.lines, "nobody may call the service", NULL));
    ASSERT_CONTAINS(door.lines.text.bytes, "SOAP_XMPP_ALLOW");
    assert_forbidden(door.soap, call_add(door.soap, door.endpoint), laboratory_runs());
    CU_ASSERT_EQUAL(count_lines(&door.lines, "nobody may call the service"), 1);
    door_close(&door);
}

static void a_service_without_rules_says_once_that_nobody_may_call(void)
{
    site_each(look_before_serving);
}

static void serve_nothing(const struct site *site)
{
    struct soap_xmpp_link *idle;
    struct site_account account;
    struct door door;
    open_caller(&door, site, 1);
    site_account(site, "bob", "soap", &account);
    account.config.allow = NULL;
    lines_init(&door.lines, &account.config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(idle = soap_xmpp_open(&account.config, NULL, 0));
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(idle, -1), 0);
    CU_ASSERT_EQUAL(call_add(door.soap, door.endpoint), 503);
    ASSERT_TEXT(soap_xmpp_condition(door.soap), "service-unavailable");
    soap_xmpp_close(idle);
    CU_ASSERT_EQUAL(count_lines(&door.lines, "may "), 0);
    lines_fini(&door.lines);
    close_caller(&door);
}

static void a_link_that_serves_nothing_needs_no_rules_and_tells_of_none(void)
{
    site_each(serve_nothing);
}

/* ---- who hammers ---- */

#define KNOCKS       scale_calls(300)
#define HONEST_CALLS scale_calls(30)

/* Calls that nobody waits for, one after the other; each is to be forbidden. */
static unsigned take_refusals(struct soap *soap, struct soap_xmpp_link *link)
{
    struct soap_xmpp_call *call;
    unsigned refused = 0;
    while ((call = soap_xmpp_wait(link, -1))) {
        double sum;
        soap_xmpp_attach(soap, call);
        refused += soap_recv_lab__add(soap, &sum) == 403;
        soap_end(soap);
    }
    return refused;
}

static void knock(const struct site *site)
{
    struct door door;
    struct soap_xmpp_link *friend;
    struct soap *soap;
    char refused[TEXT_BYTES];
    int i, runs = laboratory_runs();
    int64_t begun_us = sx_clock_now_us();
    unsigned long seconds;
    door_open(&door, site, "alice@%/friend:add");
    CU_ASSERT_PTR_NOT_NULL_FATAL(friend = site_open(site, "alice", "friend"));
    soap = laboratory_client(friend, SOAP_IO_DEFAULT);
    for (i = 0; i < KNOCKS; i++) {
        if (soap_send_lab__add(door.soap, door.endpoint, NULL, i, 1) ||
            !soap_xmpp_detach(door.soap))
            break;
        if (i % (KNOCKS / HONEST_CALLS) == 0)
            CU_ASSERT_EQUAL(call_add(soap, door.endpoint), SOAP_OK);
    }
    CU_ASSERT_EQUAL(take_refusals(door.soap, door.caller), KNOCKS);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + HONEST_CALLS);
    seconds = (unsigned long)((sx_clock_now_us() - begun_us) / 1000000);
    spell("alice@%/desk may not call add: allow it with SOAP_XMPP_ALLOW=alice@%:add", site,
          refused);
    CU_ASSERT_TRUE(count_lines(&door.lines, refused) >= 1);
    CU_ASSERT_TRUE(count_lines(&door.lines, "may not call") <= seconds + 1);
    laboratory_client_free(soap);
    soap_xmpp_close(friend);
    door_close(&door);
}

static void who_hammers_is_forbidden_each_time_and_neither_the_trace_nor_others_suffer(void)
{
    site_each(knock);
}

/* ---- rules that are none ---- */

static void rules_that_are_none_are_refused_by_name(void)
{
    static const char *const rules[][2] = {
        {"alice@example.org, alice@:add", "allow (SOAP_XMPP_ALLOW) fails at \"alice@:add\": the "
                                          "domain is empty; allowed: "},
        {"*@", "allow (SOAP_XMPP_ALLOW) fails at \"*@\": the domain is empty; allowed: "},
        {"*.org", "allow (SOAP_XMPP_ALLOW) fails at \"*.org\": a * can't stand for a domain"},
    };
    struct site_account account;
    char why[300];
    size_t i;
    site_account(site_any(), "bob", "soap", &account);
    for (i = 0; i < sizeof rules / sizeof *rules; i++) {
        account.config.allow = rules[i][0];
        CU_ASSERT_PTR_NULL(soap_xmpp_open(&account.config, why, sizeof why));
        ASSERT_CONTAINS(why, rules[i][1]);
        CU_ASSERT_PTR_NULL(soap_xmpp_open(&account.config, NULL, 0));
    }
}

static void a_rule_in_code_that_is_none_is_refused_with_a_sentence(void)
{
    static const char *const rules[][3] = {
        {"alice@", "add", "alice@ can't be allowed add: the domain is empty"},
        {"alice@example.org", "a b",
         "alice@example.org can't be allowed a b: the operation is no name that an element can "
         "have"},
        {"", NULL, "\"\" can't be allowed every operation: who is meant is empty"},
        {NULL, NULL, "\"\" can't be allowed every operation: who is meant is empty"},
    };
    const struct site *site = site_any();
    struct site_account account;
    struct soap_xmpp_link *link;
    char why[300];
    size_t i;
    site_account(site, "bob", "soap", &account);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link = soap_xmpp_open(&account.config, NULL, 0));
    for (i = 0; i < sizeof rules / sizeof *rules; i++) {
        CU_ASSERT_EQUAL(soap_xmpp_allow(link, rules[i][0], rules[i][1], why, sizeof why), -1);
        ASSERT_TEXT(why, rules[i][2]);
        CU_ASSERT_EQUAL(soap_xmpp_allow(link, rules[i][0], rules[i][1], NULL, 0), -1);
    }
    soap_xmpp_close(link);
}

CU_TestInfo tests_access[] = {
    {"a service answers those whom a rule allows and forbids the others",
     a_service_answers_those_whom_a_rule_allows_and_forbids_the_others},
    {"a rule added while serving holds at once", a_rule_added_while_serving_holds_at_once},
    {"a one-way call is forbidden like any other", a_one_way_call_is_forbidden_like_any_other},
    {"a kept call that is forbidden ends, and was not executed",
     a_kept_call_that_is_forbidden_ends_and_was_not_executed},
    {"an operation sees the full JID of the caller", an_operation_sees_the_full_jid_of_the_caller},
    {"a caller that forges its name is not believed",
     a_caller_that_forges_its_name_is_not_believed},
    {"what is smuggled in a Header runs nothing", what_is_smuggled_in_a_header_runs_nothing},
    {"discovery and ping are answered to anybody", discovery_and_ping_are_answered_to_anybody},
    {"a service without rules says once that nobody may call",
     a_service_without_rules_says_once_that_nobody_may_call},
    {"a link that serves nothing needs no rules and tells of none",
     a_link_that_serves_nothing_needs_no_rules_and_tells_of_none},
    {"who hammers is forbidden each time, and neither the trace nor others suffer",
     who_hammers_is_forbidden_each_time_and_neither_the_trace_nor_others_suffer},
    {"a rule that is none is refused by name when the link is opened",
     rules_that_are_none_are_refused_by_name},
    {"a rule in code that is none is refused with a sentence",
     a_rule_in_code_that_is_none_is_refused_with_a_sentence},
    CU_TEST_INFO_NULL,
};
