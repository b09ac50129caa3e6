/* Kept calls to a JID that several processes share: first copies, later ones, and what is known. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/exchange.h"
#include "exchange/reroute.h"
#include "exchange/hold.h"
#include "exchange/retry.h"

#define PEER    "calc.example.org"
#define PAYLOAD "<packed xmlns='urn:soap-xmpp:packed:1'>AAAA</packed>"
#define AGAIN   "<again xmlns='urn:soap-xmpp:delivery:1'/>"
#define ALONE   "00000000000000bb.1"

enum { LONG_US = 1900000 }; /* less than the first interval */

static const int64_t PAST = 1; /* microseconds after boot */

static struct sx_exchange *exchange;
static struct soap_xmpp_call *call;
static char first[100]; /* the id of the first copy */

static void note_id(void)
{
    snprintf(first, sizeof first, "%s", sx_exchange_id(call));
}

static void setup(void)
{
    exchange = sx_exchange_new(10, NULL);
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, PEER, "add", PAST, &call), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, "any", PAYLOAD, strlen(PAYLOAD)), SX_OK);
    note_id();
    ASSERT_CONTAINS(first, "~any");
}

static void teardown(void)
{
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* The id that later copies have. */
static const char *again(void)
{
    static char id[110];
    snprintf(id, sizeof id, "%.*s~again", (int)(strlen(first) - strlen("~any")), first);
    return id;
}

static struct sx_reply make(const char *condition)
{
    struct sx_reply reply = {.err = SX_ESTANZA};
    snprintf(reply.condition, sizeof reply.condition, "%s", condition);
    return reply;
}

/* Whether the error under this id leaves the call under way. */
static bool say(const char *id, const char *condition)
{
    struct sx_reply reply = make(condition);
    return sx_retry_decide(exchange, PEER, id, &reply);
}

static bool refuse(const char *id, const char *condition)
{
    struct sx_reply reply = make(condition);
    reply.delivery.refused = true;
    return sx_retry_decide(exchange, PEER, id, &reply);
}

static bool run(const char *id)
{
    struct sx_reply reply = make("unexpected-request");
    reply.delivery.running = true;
    return sx_retry_decide(exchange, PEER, id, &reply);
}

static struct sx_reply last_denial;

static bool deny(const char *id, const char *incarnation, uint64_t process)
{
    last_denial = make("unexpected-request");
    snprintf(last_denial.delivery.stale_for, sizeof last_denial.delivery.stale_for, "%s",
             incarnation);
    last_denial.delivery.denier = process;
    return sx_retry_decide(exchange, PEER, id, &last_denial);
}

/* What is due goes out: a first copy under an id that note_id finds, or a later one. */
static void send_first(void)
{
    struct sx_copy due = {0};
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(exchange, sx_retry_due_us(exchange), &due));
    ASSERT_TEXT(due.id, sx_exchange_id(call));
    ASSERT_TEXT(due.payload, PAYLOAD);
    ASSERT_TEXT(due.peer, PEER);
    CU_ASSERT_EQUAL(due.payload_len, strlen(due.payload));
    sx_copy_fini(&due);
    note_id();
}

static void send_again(void)
{
    struct sx_copy due = {0};
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(exchange, sx_retry_due_us(exchange), &due));
    ASSERT_TEXT(due.id, again());
    ASSERT_TEXT(due.payload, AGAIN);
    CU_ASSERT_EQUAL(due.payload_len, strlen(due.payload));
    sx_copy_fini(&due);
}

static void lose(void)
{
    sx_retry_lose(exchange, SX_ELOST, "", SIZE_MAX);
}

/* Whether it may have run, ended by its deadline. */
static bool may_have_run(void)
{
    struct sx_reply reply = {0};
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ETIMEOUT);
    return sx_exchange_may_have_run(call, &reply);
}

/* Whether it may have run, ended by this error. */
static bool may_have_run_when(const char *id, struct sx_reply reply)
{
    CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, id, &reply));
    CU_ASSERT_TRUE(sx_exchange_complete(exchange, PEER, id, &reply));
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ESTANZA);
    return sx_exchange_may_have_run(call, &reply);
}

/* ---- copies ---- */

static void test_later_copies_ask(void)
{
    setup();
    send_again();
    lose();
    CU_ASSERT_TRUE(sx_retry_due_us(exchange) <= sx_clock_now_us());
    send_again();
    ASSERT_TEXT(sx_exchange_id(call), first);
    CU_ASSERT_TRUE(may_have_run());
    teardown();
}

static void test_answered_by_either_id(void)
{
    struct sx_reply reply = {.err = SX_OK};
    setup();
    send_again();
    CU_ASSERT_TRUE(sx_exchange_expects(exchange, PEER, again()));
    CU_ASSERT_FALSE(sx_exchange_expects(exchange, "other.example.org", again()));
    CU_ASSERT_TRUE(sx_exchange_complete(exchange, PEER, first, &reply));
    CU_ASSERT_FALSE(sx_exchange_expects(exchange, PEER, again()));
    teardown();
    setup();
    send_again();
    CU_ASSERT_TRUE(sx_exchange_complete(exchange, PEER, again(), &reply));
    teardown();
}

static void test_other_ids(void)
{
    char id[120];
    setup();
    snprintf(id, sizeof id, "%s~again", first);
    CU_ASSERT_FALSE(sx_exchange_expects(exchange, PEER, id));
    snprintf(id, sizeof id, "%.*s~again", (int)(strlen(first) - strlen("x~any")), first);
    CU_ASSERT_FALSE(sx_exchange_expects(exchange, PEER, id));
    teardown();
    exchange = sx_exchange_new(10, NULL);
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, PEER, "add", PAST, &call), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, ALONE, PAYLOAD, strlen(PAYLOAD)), SX_OK);
    snprintf(id, sizeof id, "%.*s~again", (int)strcspn(sx_exchange_id(call), "~"),
             sx_exchange_id(call));
    CU_ASSERT_FALSE(sx_exchange_expects(exchange, PEER, id));
    teardown();
}

/* ---- nothing has run ---- */

static void test_bounced(void)
{
    char before[100];
    setup();
    snprintf(before, sizeof before, "%s", first);
    CU_ASSERT_TRUE(say(first, "service-unavailable"));
    CU_ASSERT_TRUE(sx_retry_due_us(exchange) < sx_clock_now_us() + LONG_US);
    CU_ASSERT_FALSE(sx_exchange_expects(exchange, PEER, before));
    send_first();
    CU_ASSERT_STRING_NOT_EQUAL(first, before);
    CU_ASSERT_TRUE(say(first, "remote-server-not-found"));
    CU_ASSERT_FALSE(may_have_run());
    teardown();
}

/* Later copies are none that could be run. */
static void test_bounced_after_a_loss(void)
{
    setup();
    lose();
    send_again();
    CU_ASSERT_TRUE(say(first, "service-unavailable"));
    send_first();
    CU_ASSERT_TRUE(may_have_run());
    teardown();
}

static void test_bounce_of_a_later_copy(void)
{
    setup();
    lose();
    send_again();
    CU_ASSERT_TRUE(say(again(), "service-unavailable"));
    send_again();
    CU_ASSERT_TRUE(may_have_run());
    teardown();
}

static void test_doubtful_bounce(void)
{
    setup();
    CU_ASSERT_TRUE(say(first, "recipient-unavailable"));
    send_again();
    CU_ASSERT_TRUE(say(first, "remote-server-timeout"));
    CU_ASSERT_TRUE(may_have_run());
    teardown();
}

static void test_refused(void)
{
    struct sx_reply reply = make("resource-constraint");
    reply.delivery.refused = true;
    setup();
    CU_ASSERT_FALSE(may_have_run_when(first, reply));
    teardown();
    setup();
    lose();
    send_again();
    CU_ASSERT_FALSE(may_have_run_when(first, reply));
    teardown();
}

static void test_stopping(void)
{
    setup();
    CU_ASSERT_TRUE(refuse(first, "service-unavailable"));
    send_first();
    CU_ASSERT_TRUE(refuse(first, "service-unavailable"));
    CU_ASSERT_FALSE(may_have_run());
    teardown();
}

static void test_errors_of_a_process(void)
{
    setup();
    CU_ASSERT_TRUE(may_have_run_when(first, make("internal-server-error")));
    teardown();
    setup();
    CU_ASSERT_FALSE(may_have_run_when(first, make("bad-request")));
    teardown();
    setup();
    lose();
    send_again();
    CU_ASSERT_TRUE(may_have_run_when(again(), make("bad-request")));
    teardown();
}

static void test_not_posted(void)
{
    setup();
    CU_ASSERT_FALSE(sx_retry_unpost(call, SX_EROOM));
    teardown();
    setup();
    CU_ASSERT_TRUE(sx_retry_unpost(call, SX_ELOST));
    send_first();
    CU_ASSERT_TRUE(may_have_run());
    teardown();
    setup();
    lose();
    send_again();
    CU_ASSERT_TRUE(sx_retry_unpost(call, SX_ELOST));
    CU_ASSERT_TRUE(deny(again(), "any", 1));
    send_first();
    teardown();
    setup();
    lose();
    send_again();
    CU_ASSERT_FALSE(sx_retry_unpost(call, SX_EROOM));
    teardown();
}

static void test_put_back(void)
{
    struct sx_copy due = {0};
    setup();
    CU_ASSERT_TRUE(say(first, "service-unavailable"));
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(exchange, sx_retry_due_us(exchange), &due));
    sx_retry_put_back(exchange, &due);
    sx_copy_fini(&due);
    send_first();
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(exchange, sx_retry_due_us(exchange), &due));
    ASSERT_TEXT(due.id, again());
    sx_retry_put_back(exchange, &due);
    sx_copy_fini(&due);
    send_again();
    CU_ASSERT_TRUE(may_have_run());
    teardown();
}

/* ---- denials ---- */

/* Denied by so many processes in turn, how often before the call ends. */
static unsigned count_denials(unsigned processes)
{
    unsigned denials = 0;
    bool goes_on = true;
    setup();
    while (goes_on && denials < 1000) {
        send_again();
        goes_on = deny(again(), "any", denials % processes);
        denials++;
        CU_ASSERT_TRUE(!goes_on || sx_retry_due_us(exchange) < sx_clock_now_us() + LONG_US);
    }
    CU_ASSERT_TRUE(may_have_run_when(again(), last_denial));
    ASSERT_CONTAINS(last_denial.text, "asked ");
    ASSERT_CONTAINS(last_denial.text, "the one that got it has ended, or isn't reached");
    teardown();
    return denials;
}

static void test_denied(void)
{
    CU_ASSERT_EQUAL(count_denials(1), 20);
    CU_ASSERT_EQUAL(count_denials(2), 30);
    CU_ASSERT_EQUAL(count_denials(7), 80);
}

static void deny_often(void)
{
    int i;
    for (i = 0; i < 19; i++) {
        send_again();
        CU_ASSERT_TRUE(deny(again(), "any", 1));
    }
}

static void test_counted_anew(void)
{
    setup();
    deny_often();
    send_again();
    CU_ASSERT_TRUE(run(again()));
    CU_ASSERT_TRUE(sx_retry_due_us(exchange) > sx_clock_now_us() + LONG_US / 2);
    deny_often();
    send_again(); /* nothing is said to this one */
    deny_often();
    send_again();
    CU_ASSERT_TRUE(say(again(), "remote-server-timeout"));
    deny_often();
    send_again();
    CU_ASSERT_FALSE(deny(again(), "any", 1));
    teardown();
}

static void test_denied_by_others(void)
{
    setup();
    send_again();
    CU_ASSERT_TRUE(deny(again(), ALONE, 0));
    CU_ASSERT_TRUE(refuse(again(), "bad-request"));
    send_again();
    CU_ASSERT_TRUE(may_have_run());
    teardown();
}

static void test_impossible_words(void)
{
    setup();
    CU_ASSERT_TRUE(run(first));
    send_again();
    CU_ASSERT_FALSE(deny(first, "any", 1));
    CU_ASSERT_TRUE(may_have_run());
    teardown();
}

/* ---- the peer becomes another ---- */

static void test_no_longer_shared(void)
{
    struct sx_copy due = {0};
    setup();
    CU_ASSERT_TRUE(deny(first, ALONE, 0));
    ASSERT_CONTAINS(sx_exchange_id(call), "~" ALONE);
    send_first();
    /* From now on copies are all alike. */
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(exchange, sx_retry_due_us(exchange), &due));
    ASSERT_TEXT(due.id, first);
    ASSERT_TEXT(due.payload, PAYLOAD);
    sx_copy_fini(&due);
    CU_ASSERT_FALSE(deny(first, "any", 1));
    CU_ASSERT_TRUE(may_have_run());
    teardown();
}

static void test_shared_now(void)
{
    exchange = sx_exchange_new(10, NULL);
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, PEER, "add", PAST, &call), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, ALONE, PAYLOAD, strlen(PAYLOAD)), SX_OK);
    CU_ASSERT_TRUE(deny(sx_exchange_id(call), "any", 1));
    ASSERT_CONTAINS(sx_exchange_id(call), "~any");
    send_first();
    send_again();
    teardown();
}

/* A plain copy for one who takes each as it comes. */
static void replace(void)
{
    sx_retry_replace(exchange, sx_exchange_id(call), strdup(PAYLOAD), strlen(PAYLOAD), false,
                     SX_ELOST, "");
}

static void test_replaced(void)
{
    struct sx_copy due;
    setup();
    lose();
    send_again();
    replace();
    CU_ASSERT_FALSE(sx_retry_take_due(exchange, SX_NEVER - 1, &due));
    CU_ASSERT_TRUE(say(again(), "service-unavailable"));
    CU_ASSERT_TRUE(deny(again(), "any", 1));
    CU_ASSERT_FALSE(sx_retry_take_due(exchange, SX_NEVER - 1, &due));
    CU_ASSERT_TRUE(say(first, "service-unavailable"));
    send_first();
    CU_ASSERT_FALSE(sx_retry_take_due(exchange, SX_NEVER - 1, &due));
    CU_ASSERT_FALSE(may_have_run_when(first, make("service-unavailable")));
    teardown();
    setup();
    CU_ASSERT_TRUE(say(first, "service-unavailable"));
    replace();
    send_first();
    CU_ASSERT_TRUE(may_have_run());
    teardown();
}

/* ---- what later copies can't do ---- */

/* To one of several resources, as its endpoint says; they share its JID all the same. */
static void test_any_resource(void)
{
    struct sx_reroute mover;
    setup();
    sx_reroute_allow(call);
    lose();
    send_again();
    CU_ASSERT_TRUE(sx_reroute_judge(exchange, PEER, again(), SX_REROUTE_ONE, &mover));
    CU_ASSERT_FALSE(mover.may_move);
    CU_ASSERT_FALSE(sx_reroute_move(exchange, again(), 1, "calc@example.org/two", ALONE));
    ASSERT_TEXT(sx_exchange_id(call), first);
    ASSERT_TEXT(sx_exchange_peer(call), PEER);
    CU_ASSERT_TRUE(may_have_run());
    teardown();
}

/* Of a process that has become one of several while its bytes were on their way. */
static void test_held(void)
{
    uint64_t number;
    exchange = sx_exchange_new(10, NULL);
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, PEER, "add", PAST, &call), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_hold_keep(call, ALONE, PAYLOAD, strlen(PAYLOAD)), SX_OK);
    sx_hold_end(exchange, sx_exchange_number(call));
    send_first();
    CU_ASSERT_TRUE(deny(first, "any", 1));
    send_first();
    lose();
    send_again();
    CU_ASSERT_FALSE(sx_hold_again(exchange, PEER, again(), &number));
    ASSERT_TEXT(sx_exchange_id(call), first);
    CU_ASSERT_TRUE(sx_hold_again(exchange, PEER, first, &number));
    CU_ASSERT_FALSE(may_have_run());
    teardown();
}

/* Words about a copy that is still to be posted: it says nothing true, but numbers stay numbers. */
static void test_words_before_the_post(void)
{
    setup();
    CU_ASSERT_TRUE(say(first, "service-unavailable"));
    CU_ASSERT_FALSE(sx_retry_unpost(call, SX_EROOM));
    teardown();
    setup();
    CU_ASSERT_TRUE(say(first, "service-unavailable"));
    CU_ASSERT_TRUE(sx_retry_unpost(call, SX_ELOST));
    send_first();
    teardown();
}

CU_TestInfo tests_shared[] = {
    {"later copies carry no request, under an id of their own", test_later_copies_ask},
    {"an answer counts under either id, from the peer", test_answered_by_either_id},
    {"other ids are no later copy's", test_other_ids},
    {"a bounced first copy is followed by another, under another id", test_bounced},
    {"whatever later copies are out", test_bounced_after_a_loss},
    {"the bounce of a later copy says nothing of the first", test_bounce_of_a_later_copy},
    {"a bounce after which it may have run is followed by later copies", test_doubtful_bounce},
    {"a refusal of the first copy is one of the call, whatever others are out", test_refused},
    {"who stops is asked no more, another one is", test_stopping},
    {"an error speaks for the copy it is about", test_errors_of_a_process},
    {"a first copy that wasn't posted is still to come", test_not_posted},
    {"so is one that found no room when it was due", test_put_back},
    {"denials end the call once nobody can know", test_denied},
    {"who runs it, is silent or can't be reached may know", test_counted_anew},
    {"who shares no JID doesn't know either", test_denied_by_others},
    {"what nobody can say of a first copy proves nothing", test_impossible_words},
    {"a JID that is shared no longer gives another id", test_no_longer_shared},
    {"so does one that is shared now", test_shared_now},
    {"who falls back waits for the word about the first copy", test_replaced},
    {"a bounced later copy moves no call to another resource", test_any_resource},
    {"a refused later copy lets no call be held again", test_held},
    {"what is said of a copy before it was posted is counted no further than to none",
     test_words_before_the_post},
    CU_TEST_INFO_NULL,
};
