/* What a program asks of others: pings, service discovery, other questions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "exchange/retry.h"
#include "wire/namespaces.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"
#include "../link/responder.h"

extern CU_TestInfo tests_question[];

#define PEER   RESPONDER_PEER
#define SERVER "example.org"
#define ERROR(condition)                                                                           \
    "<error type='cancel'><" condition " xmlns='" SX_NS_STANZAS "'/><text xmlns='" SX_NS_STANZAS   \
    "'>so</text></error>"
#define LOST    "the session ends before it is answered"
#define LONG_MS 30000

static struct responder responder;
static const char *said; /* to each question; NULL: nothing */
static unsigned asked;
static char asked_of[100], question[400];

/* Answers at once, before whoever asked begins to wait. */
static void answer(void *user, uint64_t session, char *stanza, size_t len)
{
    struct sx_buffer iq = {0};
    struct soap_xmpp_counts counts;
    char id[200] = "";
    (void)user, (void)session, (void)len;
    asked++;
    soap_xmpp_count(responder.link, &counts);
    CU_ASSERT_EQUAL(counts.calls_under_way, 0); /* it is none */
    CU_ASSERT_EQUAL(sscanf(stanza, "<iq type='get' to='%99[^']' id='%199[^']'>%399[^\n]", asked_of,
                           id, question),
                    3);
    if (!said)
        return;
    shortage_pause();
    if (strcmp(said, LOST) == 0) {
        sx_retry_lose(responder.link->exchange, SX_ELOST, "the connection broke", SIZE_MAX);
    } else {
        sx_buffer_add_format(
            &iq, "<iq type='%s' from='%s' to='calc@example.org/soap' id='%s'>%s</iq>",
            strncmp(said, "<error", 6) == 0 ? "error" : "result", asked_of, id, said);
        responder_hear(&responder, iq.bytes, iq.len);
    }
    sx_buffer_fini(&iq);
    shortage_resume();
}

static void start(struct soap_xmpp_config *config, const char *says)
{
    responder_start(&responder, config);
    CU_ASSERT_TRUE(sx_session_set_state(responder.link->session, SOAP_XMPP_ONLINE, NULL));
    responder.pass = answer;
    said = says;
    asked = 0;
}

static void setup(const char *says)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    start(&config, says);
}

static void teardown(void)
{
    responder.pass = NULL;
    responder_stop(&responder);
}

/* ---- ping ---- */

/* What is said of a ping, or "". */
static const char *ping(const char *jid, int timeout_ms)
{
    static char why[400];
    long rtt_us = -7;
    int result;
    snprintf(why, sizeof why, "untouched");
    result = soap_xmpp_ping(responder.link, jid, timeout_ms, &rtt_us, why, sizeof why);
    CU_ASSERT_EQUAL(result, *why ? -1 : 0);
    CU_ASSERT(*why ? rtt_us == -7 : rtt_us >= 0);
    return why;
}

TEST(who_answers_a_ping_is_there)
{
    setup("");
    ASSERT_TEXT(ping(PEER, LONG_MS), "");
    ASSERT_TEXT(asked_of, PEER);
    ASSERT_TEXT(question, "<ping xmlns='urn:xmpp:ping'/></iq>");
    said = "<x xmlns='urn:x'/>";
    ASSERT_TEXT(ping("xmpp:alice@example.org/desk", -1), "");
    CU_ASSERT_EQUAL(soap_xmpp_ping(responder.link, PEER, LONG_MS, NULL, NULL, 0), 0);
    CU_ASSERT_EQUAL(asked, 3);
    teardown();
}

TEST(who_knows_no_pings_has_answered)
{
    setup(ERROR("feature-not-implemented"));
    ASSERT_TEXT(ping(PEER, LONG_MS), "");
    teardown();
}

/* Servers say so in the place of who isn't there. */
TEST(who_is_not_there_has_not_answered)
{
    setup(ERROR("service-unavailable"));
    ASSERT_CONTAINS(ping(PEER, LONG_MS), PEER ": ");
    ASSERT_CONTAINS(ping(PEER, LONG_MS), "service-unavailable");
    said = ERROR("remote-server-not-found");
    ASSERT_CONTAINS(ping("example.com", LONG_MS), "remote-server-not-found");
    said = NULL;
    ASSERT_TEXT(ping(PEER, 0), PEER ": no answer in time");
    said = LOST;
    ASSERT_CONTAINS(ping(PEER, LONG_MS), "the connection broke");
    teardown();
}

TEST(our_own_server_answers_whatever_it_says)
{
    setup("");
    ASSERT_TEXT(ping(NULL, LONG_MS), "");
    ASSERT_TEXT(asked_of, SERVER);
    said = ERROR("service-unavailable");
    ASSERT_TEXT(ping(NULL, LONG_MS), "");
    said = NULL;
    ASSERT_TEXT(ping(NULL, 0), "our server: no answer in time");
    teardown();
}

/* ---- whom ---- */

TEST(an_account_stands_for_a_resource)
{
    struct soap_xmpp_config config;
    static const char presence[] =
        "<presence from='bob@example.org/two' to='calc@example.org/soap'>"
        "<soap xmlns='" SX_NS_PRESENCE "' incarnation='0123456789abcdef.1'/>"
        "</presence>";
    setup("");
    ASSERT_TEXT(ping("bob@example.org", LONG_MS), "");
    ASSERT_TEXT(asked_of, "bob@example.org/soap");
    ASSERT_TEXT(ping("xmpp:bob@example.org", LONG_MS), "");
    ASSERT_TEXT(asked_of, "bob@example.org/soap");
    teardown();
    responder_configure(&config);
    config.presence = 1;
    start(&config, "");
    responder_hear(&responder, presence, strlen(presence));
    ASSERT_TEXT(ping("bob@example.org", LONG_MS), "");
    ASSERT_TEXT(asked_of, "bob@example.org/two");
    teardown();
}

TEST(what_is_no_endpoint_is_not_asked)
{
    setup("");
    ASSERT_CONTAINS(ping("@", LONG_MS), "@: ");
    ASSERT_CONTAINS(ping("xmpp:", LONG_MS), "xmpp:: ");
    CU_ASSERT_EQUAL(asked, 0);
    teardown();
}

/* ---- service discovery ---- */

static char told[2000];

static int note_fact(void *user, const char *kind, const char *name, const char *value)
{
    int *left = user;
    size_t len = strlen(told);
    snprintf(told + len, sizeof told - len, "%s|%s|%s\n", kind, name, value);
    return left && --*left == 0;
}

#define INFO                                                                                       \
    "<query xmlns='" SX_NS_DISCO_INFO "'><identity category='automation' type='soap' "             \
    "name='soapxmpp'/><feature var='urn:a'/><feature var='urn:b'/></query>"
#define ITEMS                                                                                      \
    "<query xmlns='" SX_NS_DISCO_ITEMS "'><item jid='a.example.org' name='A'/>"                    \
    "<item jid='b.example.org'/></query>"

TEST(an_entity_says_what_it_is)
{
    char why[400];
    int left = 2;
    setup(INFO);
    told[0] = '\0';
    CU_ASSERT_EQUAL(soap_xmpp_info(responder.link, PEER, LONG_MS, note_fact, NULL, why, sizeof why),
                    0);
    ASSERT_TEXT(told, "identity|automation/soap|soapxmpp\nfeature|urn:a|\nfeature|urn:b|\n");
    ASSERT_TEXT(question, "<query xmlns='" SX_NS_DISCO_INFO "'/></iq>");
    told[0] = '\0'; /* whoever is told can end it */
    CU_ASSERT_EQUAL(
        soap_xmpp_info(responder.link, PEER, LONG_MS, note_fact, &left, why, sizeof why), 0);
    ASSERT_TEXT(told, "identity|automation/soap|soapxmpp\nfeature|urn:a|\n");
    CU_ASSERT_EQUAL(asked, 2); /* anew each time, and calls know it, too */
    CU_ASSERT_EQUAL(soap_xmpp_discover(responder.link, PEER, "urn:b", LONG_MS, why, sizeof why), 1);
    CU_ASSERT_EQUAL(asked, 2);
    teardown();
}

TEST(an_entity_says_what_there_is)
{
    char why[400];
    setup(ITEMS);
    told[0] = '\0';
    CU_ASSERT_EQUAL(
        soap_xmpp_items(responder.link, SERVER, LONG_MS, note_fact, NULL, why, sizeof why), 0);
    ASSERT_TEXT(told, "item|a.example.org|A\nitem|b.example.org|\n");
    ASSERT_TEXT(asked_of, SERVER);
    ASSERT_TEXT(question, "<query xmlns='" SX_NS_DISCO_ITEMS "'/></iq>");
    teardown();
}

static void assert_unknown(const char *says, const char *clause)
{
    char why[400] = "";
    said = says;
    told[0] = '\0';
    CU_ASSERT_EQUAL(
        soap_xmpp_info(responder.link, PEER, says ? LONG_MS : 0, note_fact, NULL, why, sizeof why),
        -1);
    ASSERT_CONTAINS(why, clause);
    ASSERT_TEXT(told, "");
}

TEST(what_is_no_answer_is_told_as_none)
{
    char why[400];
    setup("");
    assert_unknown("", PEER ": the answer is empty");
    assert_unknown("<x xmlns='urn:x'/>",
                   "the answer is to another question: it holds <x xmlns='urn:x'>");
    assert_unknown(ERROR("item-not-found"), "item-not-found: so");
    assert_unknown("<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body/></e:Envelope>", PEER ": ");
    assert_unknown(NULL, PEER ": no answer in time");
    CU_ASSERT_EQUAL(soap_xmpp_info(responder.link, NULL, 0, note_fact, NULL, why, sizeof why), -1);
    ASSERT_TEXT(why, "no endpoint was given");
    teardown();
}

/* More than the parser's bounds let through costs the answer, not the link. */
TEST(an_answer_over_the_limits_is_refused)
{
    struct sx_buffer items = {0};
    unsigned i;
    sx_buffer_add_text(&items, "<query xmlns='" SX_NS_DISCO_INFO "'>");
    for (i = 0; i < 2000; i++)
        sx_buffer_add_text(&items, "<feature var='urn:a'/>");
    sx_buffer_add_text(&items, "</query>");
    setup("");
    assert_unknown(items.bytes, PEER ": ");
    said = INFO;
    told[0] = '\0';
    CU_ASSERT_EQUAL(soap_xmpp_info(responder.link, PEER, LONG_MS, note_fact, NULL, NULL, 0), 0);
    CU_ASSERT_TRUE(*told);
    sx_buffer_fini(&items);
    teardown();
}

/* ---- other questions ---- */

#define TIME "<time xmlns='urn:xmpp:time'/>"

static void assert_refused(const char *element, const char *clause)
{
    char why[400] = "";
    asked = 0;
    CU_ASSERT_PTR_NULL(soap_xmpp_ask(responder.link, PEER, element, LONG_MS, why, sizeof why));
    ASSERT_CONTAINS(why, clause);
    CU_ASSERT_EQUAL(asked, 0);
}

TEST(any_question_is_answered_as_xml)
{
    char why[400], *xml;
    setup("<time xmlns='urn:xmpp:time'><tzo a=\"1\">+01:00</tzo><utc>&lt;</utc></time>");
    xml = soap_xmpp_ask(responder.link, NULL, TIME, LONG_MS, why, sizeof why);
    ASSERT_TEXT(xml,
                "<time xmlns=\"urn:xmpp:time\"><tzo a=\"1\">+01:00</tzo><utc>&lt;</utc></time>");
    ASSERT_TEXT(question, TIME "</iq>");
    ASSERT_TEXT(asked_of, SERVER);
    free(xml);
    said = "";
    xml = soap_xmpp_ask(responder.link, PEER, TIME, LONG_MS, NULL, 0);
    ASSERT_TEXT(xml, "");
    free(xml);
    free(soap_xmpp_ask(responder.link, "bob@example.org", TIME, LONG_MS, NULL, 0));
    ASSERT_TEXT(asked_of, "bob@example.org"); /* the account itself */
    free(soap_xmpp_ask(responder.link, "xmpp:bob@example.org", TIME, LONG_MS, NULL, 0));
    ASSERT_TEXT(asked_of, "bob@example.org/soap");
    said = ERROR("forbidden");
    CU_ASSERT_PTR_NULL(soap_xmpp_ask(responder.link, PEER, TIME, LONG_MS, why, sizeof why));
    ASSERT_CONTAINS(why, "forbidden");
    said = "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body/></e:Envelope>";
    CU_ASSERT_PTR_NULL(soap_xmpp_ask(responder.link, PEER, TIME, LONG_MS, why, sizeof why));
    ASSERT_TEXT(why, PEER ": the answer is a SOAP envelope");
    teardown();
}

/* Of a link that packs nothing. */
TEST(a_packed_answer_is_not_told_as_empty)
{
    struct soap_xmpp_config config;
    char why[400] = "";
    responder_configure(&config);
    config.plain_delivery = 1;
    start(&config, "<packed xmlns='" SX_NS_PACKED "'>aGk=</packed>");
    CU_ASSERT_PTR_NULL(soap_xmpp_ask(responder.link, PEER, TIME, LONG_MS, why, sizeof why));
    ASSERT_CONTAINS(why, "the answer is to another question: it holds <packed ");
    teardown();
}

TEST(a_question_that_would_end_the_stream_is_not_sent)
{
    struct sx_buffer large = {0};
    setup("");
    assert_refused(NULL, "the question can't be asked: there is none");
    assert_refused("", "it is empty");
    assert_refused("<a>", "before its elements do");
    assert_refused("<a xmlns='urn:a'/><b/>", "junk");
    assert_refused("<p:a/>", "bound nowhere");
    assert_refused("<!DOCTYPE a><a/>", "DOCTYPE");
    sx_buffer_add_text(&large, "<a>");
    while (large.len < 300000)
        sx_buffer_add_text(&large, "0123456789");
    sx_buffer_add_text(&large, "</a>");
    assert_refused(large.bytes, "the limit is");
    sx_buffer_fini(&large);
    free(soap_xmpp_ask(responder.link, PEER, "<!-- --><a xmlns='urn:a'/>", LONG_MS, NULL, 0));
    ASSERT_TEXT(question, "<a xmlns='urn:a'/></iq>");
    teardown();
}

/* ---- our own stream ---- */

static int end_telling(void *user, const char *kind, const char *name, const char *value)
{
    (void)note_fact(NULL, kind, name, value);
    return *(int *)user;
}

TEST(what_a_link_knows_of_itself_is_told_at_once)
{
    struct soap_xmpp_config config;
    int result = 7;
    responder_configure(&config);
    responder_start(&responder, &config);
    told[0] = '\0';
    CU_ASSERT_EQUAL(soap_xmpp_facts(responder.link, note_fact, NULL), 0);
    ASSERT_CONTAINS(told, "fact|jid|calc@example.org/soap\nfact|state|");
    ASSERT_CONTAINS(told, "fact|reason|");
    ASSERT_CONTAINS(told, "fact|reconnects|0\n");
    sx_session_begin(responder.link->session, 3, "calc@example.org/soap");
    told[0] = '\0';
    CU_ASSERT_EQUAL(soap_xmpp_facts(responder.link, note_fact, NULL), 0);
    ASSERT_CONTAINS(told, "fact|reconnects|2\n");
    told[0] = '\0';
    CU_ASSERT_EQUAL(soap_xmpp_facts(responder.link, end_telling, &result), 7);
    ASSERT_TEXT(told, "fact|jid|calc@example.org/soap\n");
    CU_ASSERT_EQUAL(soap_xmpp_facts(responder.link, NULL, NULL), 0);
    CU_ASSERT_EQUAL(soap_xmpp_facts(NULL, note_fact, NULL), 0);
    responder_stop(&responder);
}

/* ---- links that can't ask ---- */

/* What each of them says; it must be the same. */
static const char *ask_all(struct soap_xmpp_link *link, int timeout_ms)
{
    static char why[400];
    char other[400];
    CU_ASSERT_EQUAL(soap_xmpp_ping(link, PEER, timeout_ms, NULL, why, sizeof why), -1);
    CU_ASSERT_EQUAL(soap_xmpp_info(link, PEER, timeout_ms, note_fact, NULL, other, sizeof other),
                    -1);
    CU_ASSERT(strlen(other) > 0);
    CU_ASSERT_EQUAL(soap_xmpp_items(link, PEER, timeout_ms, note_fact, NULL, other, sizeof other),
                    -1);
    CU_ASSERT(strlen(other) > 0);
    CU_ASSERT_PTR_NULL(soap_xmpp_ask(link, PEER, TIME, timeout_ms, other, sizeof other));
    CU_ASSERT(strlen(other) > 0);
    return why;
}

TEST(who_cannot_ask_says_why)
{
    struct soap_xmpp_config config;
    ASSERT_TEXT(ask_all(NULL, LONG_MS), "there is no link");
    responder_configure(&config);
    responder_start(&responder, &config);
    ASSERT_CONTAINS(ask_all(responder.link, 0), PEER ": not online after");
    sx_session_set_state(responder.link->session, SOAP_XMPP_STOPPING, NULL);
    ASSERT_TEXT(ask_all(responder.link, LONG_MS), PEER ": the link was stopped");
    CU_ASSERT_EQUAL(responder.all_posts, 0);
    responder_stop(&responder);
}

/* An answer may reach another process. */
TEST(who_shares_its_jid_asks_nobody)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.jid = "calc.example.org";
    config.shared_jid = 1;
    start(&config, "");
    ASSERT_CONTAINS(ask_all(responder.link, LONG_MS), sx_fault_text(SX_ESHARED));
    CU_ASSERT_EQUAL(asked, 0);
    teardown();
}

static int ask_in_child(void)
{
    char why[400] = "";
    alarm(60);
    return soap_xmpp_ping(responder.link, PEER, LONG_MS, NULL, why, sizeof why) == -1 &&
                   strcmp(why, "the link was opened before a fork") == 0
               ? 0
               : 1;
}

TEST(a_child_asks_nobody)
{
    int status = -1;
    pid_t child;
    setup("");
    child = fork();
    if (child == 0)
        suite_end_child(ask_in_child());
    CU_ASSERT_TRUE_FATAL(child > 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
    teardown();
}

/* ---- short memory ---- */

/* What the link makes of the stanza counts; a parser without memory would end the stream. */
static void receive_short(void *user, const struct sx_element *stanza)
{
    struct responder *self = user;
    shortage_resume();
    sx_receive_stanza(&self->link->reception, 1, stanza, &self->stream);
    shortage_pause();
}

static bool attempt_info(struct shortage shortage)
{
    char why[400] = "";
    int result;
    bool has_failed;
    said = INFO;
    told[0] = '\0';
    shortage_begin(shortage);
    result = soap_xmpp_info(responder.link, PEER, 0, note_fact, NULL, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(result == 0 || (*why && has_failed));
    if (result == 0)
        ASSERT_CONTAINS(told, "feature|urn:b|\n");
    return has_failed;
}

TEST(without_memory_a_question_is_answered_or_says_so)
{
    setup(INFO);
    responder.stream.on_stanza = receive_short;
    CU_ASSERT(shortage_sweep(attempt_info) >= 5);
    teardown();
}

static bool attempt_ask(struct shortage shortage)
{
    char why[400] = "", *xml;
    bool has_failed;
    said = TIME;
    shortage_begin(shortage);
    xml = soap_xmpp_ask(responder.link, PEER, TIME, 0, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(xml || (*why && has_failed));
    if (xml)
        ASSERT_TEXT(xml, "<time xmlns=\"urn:xmpp:time\"/>");
    free(xml);
    return has_failed;
}

TEST(without_memory_any_question_does_likewise)
{
    setup(TIME);
    responder.stream.on_stanza = receive_short;
    CU_ASSERT(shortage_sweep(attempt_ask) >= 5);
    teardown();
}

CU_TestInfo tests_question[] = {
    {"who answers a ping is there", who_answers_a_ping_is_there},
    {"who knows no pings has answered", who_knows_no_pings_has_answered},
    {"who is not there has not answered", who_is_not_there_has_not_answered},
    {"our own server answers whatever it says", our_own_server_answers_whatever_it_says},
    {"an account stands for a resource", an_account_stands_for_a_resource},
    {"what is no endpoint is not asked", what_is_no_endpoint_is_not_asked},
    {"an entity says what it is", an_entity_says_what_it_is},
    {"an entity says what there is", an_entity_says_what_there_is},
    {"what is no answer is told as none", what_is_no_answer_is_told_as_none},
    {"an answer over the limits is refused", an_answer_over_the_limits_is_refused},
    {"any question is answered as xml", any_question_is_answered_as_xml},
    {"a packed answer is not told as empty", a_packed_answer_is_not_told_as_empty},
    {"a question that would end the stream is not sent",
     a_question_that_would_end_the_stream_is_not_sent},
    {"what a link knows of itself is told at once", what_a_link_knows_of_itself_is_told_at_once},
    {"who cannot ask says why", who_cannot_ask_says_why},
    {"who shares its jid asks nobody", who_shares_its_jid_asks_nobody},
    {"a child asks nobody", a_child_asks_nobody},
    {"without memory a question is answered or says so",
     without_memory_a_question_is_answered_or_says_so},
    {"without memory any question does likewise", without_memory_any_question_does_likewise},
    CU_TEST_INFO_NULL,
};
