/* disco#info: what a peer is to a call, as it says itself, or a server, or nobody. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/retry.h"
#include "wire/namespaces.h"
#include "../../lib/suite.h"
#include "responder.h"

#define PEER             RESPONDER_PEER
#define FEATURE(f)       "<feature var='" f "'/>"
#define QUERY(more)      "<query xmlns='" SX_NS_DISCO_INFO "'>" FEATURE(SX_NS_SOAP) more "</query>"
#define ONCE(inc)        QUERY(FEATURE(SX_NS_DELIVERY) FEATURE(SX_NS_DELIVERY "#" inc))
#define OLD              "0123456789abcdef.1"
#define NEW              "0123456789abcdef.2"
#define ERROR(condition) "<error type='cancel'><" condition " xmlns='" SX_NS_STANZAS "'/></error>"
#define LOST             "the session ends before it is answered"

enum { MOST_ANSWERS = 3 };

static const int64_t PAST = 1; /* microsecond after boot */

static struct responder responder;
static const char *answers[MOST_ANSWERS]; /* to one question each; NULL: none comes */
static unsigned asked;

/* Answers at once, before whoever asked begins to wait. */
static void answer(void *user, uint64_t session, char *stanza, size_t len)
{
    const char *said = asked < MOST_ANSWERS ? answers[asked] : NULL, *id = strstr(stanza, " id='");
    char copy[200];
    (void)user, (void)session, (void)len;
    asked++;
    ASSERT_CONTAINS(stanza, "<iq type='get' to='" PEER "' id='");
    ASSERT_CONTAINS(stanza, "<query xmlns='" SX_NS_DISCO_INFO "'/>");
    if (!said)
        return;
    if (strcmp(said, LOST) == 0) {
        sx_retry_lose(responder.link->exchange, SX_ELOST, "lost", SIZE_MAX);
        return;
    }
    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(id + 5, "'"), id + 5);
    responder_say(&responder, strncmp(said, "<error", 6) == 0 ? "error" : "result", copy, said);
}

static void setup(bool is_online)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    responder_start(&responder, &config);
    if (is_online)
        CU_ASSERT_TRUE(sx_session_set_state(responder.link->session, SOAP_XMPP_ONLINE, NULL));
    responder.pass = answer;
    memset(answers, 0, sizeof answers);
    asked = 0;
}

static void teardown(void)
{
    responder.pass = NULL;
    responder_stop(&responder);
}

static int64_t soon(void)
{
    return sx_clock_deadline(30000000);
}

/* What it is, within the deadline; the incarnation that is found, or "". */
static const char *learn(enum sx_query_peer peer, int64_t deadline)
{
    static char incarnation[SX_INCARNATION_BYTES];
    incarnation[0] = '\0';
    CU_ASSERT_EQUAL(sx_query_learn(&responder.link->query, PEER, deadline, incarnation), peer);
    return peer == SX_QUERY_RUNS_ONCE ? incarnation : "";
}

TEST(who_lists_an_incarnation_runs_each_id_once)
{
    setup(true);
    answers[0] = ONCE(OLD);
    ASSERT_TEXT(learn(SX_QUERY_RUNS_ONCE, soon()), OLD);
    ASSERT_TEXT(learn(SX_QUERY_RUNS_ONCE, soon()), OLD);
    CU_ASSERT_EQUAL(asked, 1);
    teardown();
}

TEST(who_lists_none_is_foreign_and_not_asked_twice)
{
    setup(true);
    answers[0] = QUERY("");
    (void)learn(SX_QUERY_FOREIGN, soon());
    (void)learn(SX_QUERY_FOREIGN, soon());
    CU_ASSERT_EQUAL(asked, 1);
    teardown();
}

TEST(who_is_not_there_is_asked_again_with_the_next_call)
{
    setup(true);
    answers[0] = ERROR("service-unavailable");
    answers[1] = ERROR("recipient-unavailable");
    answers[2] = ONCE(NEW);
    (void)learn(SX_QUERY_ABSENT, soon());
    (void)learn(SX_QUERY_ABSENT, soon());
    ASSERT_TEXT(learn(SX_QUERY_RUNS_ONCE, soon()), NEW);
    CU_ASSERT_EQUAL(asked, 3);
    teardown();
}

TEST(who_refuses_the_question_is_foreign)
{
    setup(true);
    answers[0] = ERROR("forbidden");
    (void)learn(SX_QUERY_FOREIGN, soon());
    CU_ASSERT_EQUAL(asked, 1);
    teardown();
}

/* And so it is for the calls that follow at once: they don't wait each. */
TEST(who_says_nothing_is_foreign_for_a_while)
{
    setup(true);
    (void)learn(SX_QUERY_FOREIGN, PAST);
    (void)learn(SX_QUERY_FOREIGN, soon());
    CU_ASSERT_EQUAL(asked, 1);
    teardown();
}

/* The answer comes when nobody waits any longer: it counts. */
TEST(an_answer_that_is_late_is_remembered)
{
    char id[200];
    setup(true);
    (void)learn(SX_QUERY_FOREIGN, PAST);
    snprintf(id, sizeof id, "%s", strstr(responder_said(&responder), " id='") + 5);
    *strchr(id, '\'') = '\0';
    responder_say(&responder, "result", id, ONCE(NEW));
    ASSERT_TEXT(learn(SX_QUERY_RUNS_ONCE, soon()), NEW);
    CU_ASSERT_EQUAL(asked, 1);
    teardown();
}

TEST(a_session_that_ends_costs_the_question_alone)
{
    setup(true);
    answers[0] = answers[1] = LOST;
    answers[2] = ONCE(OLD);
    ASSERT_TEXT(learn(SX_QUERY_RUNS_ONCE, soon()), OLD);
    CU_ASSERT_EQUAL(asked, 3);
    teardown();
}

TEST(without_a_session_nobody_is_asked)
{
    struct sx_reply reply;
    char why[400] = "";
    setup(false);
    (void)learn(SX_QUERY_FOREIGN, PAST);
    CU_ASSERT_NOT_EQUAL(
        sx_query_ask(&responder.link->query, PEER, PAST, -1, &reply, why, sizeof why), SX_OK);
    CU_ASSERT_TRUE(*why);
    CU_ASSERT_EQUAL(asked, 0);
    teardown();
}

static void learn_until_asked(unsigned questions)
{
    unsigned calls;
    for (calls = 0; asked < questions && calls < 2 * SX_FEATURES_FRESH_CALLS; calls++)
        (void)learn(SX_QUERY_RUNS_ONCE, PAST);
    CU_ASSERT_EQUAL(asked, questions);
}

/* Ids that are made of it could soon be stale; but a slow answer holds nobody. */
TEST(an_incarnation_is_asked_for_again_after_many_calls)
{
    setup(true);
    answers[0] = ONCE(OLD);
    answers[1] = ONCE(NEW);
    learn_until_asked(2);
    ASSERT_TEXT(learn(SX_QUERY_RUNS_ONCE, soon()), NEW);
    learn_until_asked(3); /* in vain */
    ASSERT_TEXT(learn(SX_QUERY_RUNS_ONCE, soon()), NEW);
    teardown();
}

TEST(where_nothing_is_sent_again_nobody_is_asked)
{
    struct soap_xmpp_config config;
    char incarnation[SX_INCARNATION_BYTES];
    responder_configure(&config);
    config.plain_delivery = 1;
    responder_start(&responder, &config);
    CU_ASSERT_TRUE(sx_session_set_state(responder.link->session, SOAP_XMPP_ONLINE, NULL));
    CU_ASSERT_EQUAL(sx_query_learn(&responder.link->query, PEER, PAST, incarnation),
                    SX_QUERY_FOREIGN);
    CU_ASSERT_EQUAL(responder.all_posts, 0);
    responder_stop(&responder);
}

TEST(a_question_of_the_link_itself_is_no_call)
{
    struct sx_exchange_counts counts;
    setup(true);
    answers[0] = ONCE(OLD);
    sx_query_post(&responder.link->query, 1, PEER);
    sx_exchange_count(responder.link->exchange, &counts);
    CU_ASSERT(counts.under_way == 0 && counts.completed == 0);
    ASSERT_TEXT(learn(SX_QUERY_RUNS_ONCE, soon()), OLD);
    CU_ASSERT_EQUAL(asked, 1);
    teardown();
}

CU_TestInfo tests_query[] = {
    {"who lists an incarnation runs each id once", who_lists_an_incarnation_runs_each_id_once},
    {"who lists none is foreign, and isn't asked twice",
     who_lists_none_is_foreign_and_not_asked_twice},
    {"who isn't there is asked again with the next call",
     who_is_not_there_is_asked_again_with_the_next_call},
    {"who refuses the question is foreign", who_refuses_the_question_is_foreign},
    {"who says nothing is foreign for a while", who_says_nothing_is_foreign_for_a_while},
    {"an answer that is late is remembered", an_answer_that_is_late_is_remembered},
    {"a session that ends costs the question alone", a_session_that_ends_costs_the_question_alone},
    {"without a session nobody is asked", without_a_session_nobody_is_asked},
    {"an incarnation is asked for again after many calls",
     an_incarnation_is_asked_for_again_after_many_calls},
    {"where nothing is sent again nobody is asked", where_nothing_is_sent_again_nobody_is_asked},
    {"a question of the link itself is no call", a_question_of_the_link_itself_is_no_call},
    CU_TEST_INFO_NULL,
};
