/* Held calls: what keeps them, what lets them go, and how they end meanwhile. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/exchange.h"
#include "exchange/hold.h"
#include "exchange/retry.h"

#define PEER      "calc@example.org/soap"
#define OTHER     "calc@example.net/soap"
#define FIRST     "00112233445566ff.1"
#define NEXT      "8899aabbccddeeff.7"
#define REFERENCE "<packed xmlns='urn:soap-xmpp:packed:1' transfer='1' size='1' sha256='0'/>"

enum { MOST_HOLDS = 5, LATER_US = 60000000, FIRST_INTERVAL_US = 2000000 };

static const int64_t PAST = 1; /* microseconds after boot */

static struct sx_exchange *make(void)
{
    struct sx_exchange *exchange = sx_exchange_new(100, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(exchange);
    return exchange;
}

static struct soap_xmpp_call *begin(struct sx_exchange *exchange)
{
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, PEER, "add", PAST, &call), SX_OK);
    return call;
}

static struct soap_xmpp_call *begin_kept(struct sx_exchange *exchange, const char *payload)
{
    struct soap_xmpp_call *call = begin(exchange);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, FIRST, payload, strlen(payload)), SX_OK);
    return call;
}

static struct soap_xmpp_call *begin_held(struct sx_exchange *exchange)
{
    struct soap_xmpp_call *call = begin(exchange);
    CU_ASSERT_EQUAL_FATAL(sx_hold_keep(call, FIRST, REFERENCE, strlen(REFERENCE)), SX_OK);
    return call;
}

/* How it has ended, or a cancel's SX_ETIMEOUT; and whether it may have run. */
static enum sx_err end(struct soap_xmpp_call *call, bool *may_have_run)
{
    struct sx_reply reply;
    enum sx_err err;
    sx_exchange_wait(call, PAST, &reply);
    err = reply.err;
    *may_have_run = sx_exchange_may_have_run(call, &reply);
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    return err;
}

static void expect_end(struct soap_xmpp_call *call, enum sx_err err, bool may_have_run)
{
    bool may;
    CU_ASSERT_EQUAL(end(call, &may), err);
    CU_ASSERT_EQUAL(may, may_have_run);
}

/* Whether a call is due, a minute later than the last time. */
static bool take(struct sx_exchange *exchange)
{
    static int64_t later_us;
    struct sx_copy due = {0};
    bool taken;
    later_us += LATER_US;
    taken = sx_retry_take_due(exchange, sx_clock_now_us() + later_us, &due);
    sx_copy_fini(&due);
    return taken;
}

static bool hold_again(struct soap_xmpp_call *call, const char *from, uint64_t *number)
{
    return sx_hold_again(sx_exchange_of(call), from, sx_exchange_id(call), number);
}

static bool retry(struct soap_xmpp_call *call, const char *condition, const char *stale_for)
{
    struct sx_reply reply = {.err = SX_ESTANZA};
    snprintf(reply.condition, sizeof reply.condition, "%s", condition);
    snprintf(reply.delivery.stale_for, sizeof reply.delivery.stale_for, "%s", stale_for);
    return sx_retry_decide(sx_exchange_of(call), PEER, sx_exchange_id(call), &reply);
}

static void complete(struct soap_xmpp_call *call)
{
    struct sx_reply reply = {.err = SX_OK};
    CU_ASSERT_TRUE(sx_exchange_complete(sx_exchange_of(call), PEER, sx_exchange_id(call), &reply));
}

/* ---- holding, letting go ---- */

static void test_hold(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *held = begin_held(exchange), *kept = begin_kept(exchange, "<E/>");
    uint64_t number = sx_exchange_number(held);
    CU_ASSERT_NOT_EQUAL(number, sx_exchange_number(kept));
    CU_ASSERT_TRUE(sx_hold_is_wanted(exchange, number));
    CU_ASSERT_FALSE(sx_hold_is_wanted(exchange, sx_exchange_number(kept)));
    CU_ASSERT_TRUE(sx_retry_due_us(exchange) < SX_NEVER);
    complete(kept);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    CU_ASSERT_FALSE(take(exchange));
    sx_hold_end(exchange, number);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), 0);
    CU_ASSERT_TRUE(take(exchange));
    CU_ASSERT_TRUE(sx_hold_is_wanted(exchange, number));
    complete(held);
    CU_ASSERT_FALSE(sx_hold_is_wanted(exchange, number));
    sx_hold_end(exchange, number);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    expect_end(held, SX_OK, true);
    expect_end(kept, SX_OK, true);
    sx_exchange_free(exchange);
}

/* Once it is let go it is sent as any other: once, then after a while. */
static void test_interval(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_held(exchange);
    int64_t now_us = sx_clock_now_us();
    struct sx_copy due = {0};
    sx_hold_end(exchange, sx_exchange_number(call));
    CU_ASSERT_TRUE(sx_retry_take_due(exchange, now_us, &due));
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), now_us + FIRST_INTERVAL_US);
    sx_copy_fini(&due);
    expect_end(call, SX_ETIMEOUT, true);
    sx_exchange_free(exchange);
}

static void test_numbers(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_held(exchange);
    uint64_t number = sx_exchange_number(call);
    sx_hold_end(exchange, number);
    CU_ASSERT_TRUE(take(exchange));
    CU_ASSERT_TRUE(retry(call, "unexpected-request", NEXT));
    ASSERT_CONTAINS(sx_exchange_id(call), "~" NEXT);
    CU_ASSERT_EQUAL(sx_exchange_number(call), number);
    CU_ASSERT_TRUE(sx_hold_is_wanted(exchange, number));
    expect_end(call, SX_ETIMEOUT, false);
    sx_exchange_free(exchange);
}

static void test_hold_after_the_end(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin(exchange);
    complete(call);
    CU_ASSERT_EQUAL(sx_hold_keep(call, FIRST, REFERENCE, strlen(REFERENCE)), SX_OK);
    CU_ASSERT_FALSE(sx_hold_is_wanted(exchange, sx_exchange_number(call)));
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    expect_end(call, SX_OK, true);
    sx_exchange_free(exchange);
}

static void test_lose(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *held = begin_held(exchange), *kept = begin_kept(exchange, "<E/>");
    sx_retry_lose(exchange, SX_ELOST, "gone", SIZE_MAX);
    CU_ASSERT_TRUE(take(exchange)); /* the kept one */
    complete(kept);
    CU_ASSERT_FALSE(take(exchange));
    sx_retry_lose(exchange, SX_ELOST, "gone", 0);
    CU_ASSERT_TRUE(sx_hold_is_wanted(exchange, sx_exchange_number(held)));
    expect_end(held, SX_ETIMEOUT, false);
    expect_end(kept, SX_OK, true);
    sx_exchange_free(exchange);
}

/* ---- held again ---- */

static void test_hold_again(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_held(exchange), *kept = begin_kept(exchange, "<E/>");
    uint64_t number = 0;
    unsigned i;
    CU_ASSERT_FALSE(hold_again(kept, PEER, &number)); /* never held before */
    for (i = 1; i < MOST_HOLDS; i++) {
        sx_hold_end(exchange, sx_exchange_number(call));
        CU_ASSERT_TRUE(take(exchange));
        CU_ASSERT_FALSE(hold_again(call, OTHER, &number));
        CU_ASSERT_FALSE(hold_again(call, NULL, &number));
        CU_ASSERT_EQUAL(number, 0);
        CU_ASSERT_TRUE(hold_again(call, PEER, &number));
        CU_ASSERT_EQUAL(number, sx_exchange_number(call));
        number = 0;
    }
    sx_hold_end(exchange, sx_exchange_number(call));
    CU_ASSERT_TRUE(take(exchange));
    CU_ASSERT_FALSE(hold_again(call, PEER, &number));
    CU_ASSERT_FALSE(sx_hold_again(exchange, PEER, "unknown", &number));
    CU_ASSERT_EQUAL(number, 0);
    expect_end(call, SX_ETIMEOUT, true);
    expect_end(kept, SX_ETIMEOUT, true);
    sx_exchange_free(exchange);
}

/* Two copies are refused one after the other: the second word finds the call held. */
static void test_late_words(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_held(exchange);
    uint64_t number = 0;
    sx_hold_end(exchange, sx_exchange_number(call));
    CU_ASSERT_TRUE(take(exchange));
    CU_ASSERT_TRUE(take(exchange));
    CU_ASSERT_TRUE(hold_again(call, PEER, &number));
    number = 0;
    CU_ASSERT_TRUE(hold_again(call, PEER, &number));
    CU_ASSERT_EQUAL(number, sx_exchange_number(call));
    CU_ASSERT_TRUE(retry(call, "recipient-unavailable", ""));
    CU_ASSERT_TRUE(retry(call, "unexpected-request", NEXT));
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    CU_ASSERT_FALSE(take(exchange));
    sx_hold_end(exchange, number);
    CU_ASSERT_TRUE(take(exchange));
    complete(call);
    expect_end(call, SX_OK, true);
    sx_exchange_free(exchange);
}

static void test_late_words_are_free(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_held(exchange);
    uint64_t number = 0;
    unsigned i;
    for (i = 0; i < 3 * MOST_HOLDS; i++)
        CU_ASSERT_TRUE(hold_again(call, PEER, &number));
    sx_hold_end(exchange, number);
    CU_ASSERT_TRUE(take(exchange));
    CU_ASSERT_TRUE(hold_again(call, PEER, &number));
    expect_end(call, SX_ETIMEOUT, false);
    sx_exchange_free(exchange);
}

/* ---- endings ---- */

static void test_refuse(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_held(exchange);
    struct sx_reply reply;
    sx_hold_refuse(exchange, sx_exchange_number(call) + 1, "forbidden", "no");
    CU_ASSERT_TRUE(sx_hold_is_wanted(exchange, sx_exchange_number(call)));
    sx_hold_refuse(exchange, sx_exchange_number(call), "forbidden", "no");
    sx_hold_refuse(exchange, sx_exchange_number(call), "conflict", "no");
    CU_ASSERT_FALSE(sx_hold_is_wanted(exchange, sx_exchange_number(call)));
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ESTANZA);
    CU_ASSERT_TRUE(reply.is_own);
    ASSERT_TEXT(reply.condition, "forbidden");
    ASSERT_TEXT(reply.text, "no");
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &reply));
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* Of so many copies of a held call that had its bytes once, the last are still out. */
static struct soap_xmpp_call *begin_held_again(struct sx_exchange *exchange, unsigned copies,
                                               unsigned refusals)
{
    struct soap_xmpp_call *call = begin_held(exchange);
    uint64_t number;
    unsigned i;
    sx_hold_end(exchange, sx_exchange_number(call));
    for (i = 0; i < copies; i++)
        CU_ASSERT_TRUE(take(exchange));
    for (i = 0; i < refusals; i++)
        CU_ASSERT_TRUE(hold_again(call, PEER, &number));
    return call;
}

/* A transfer that this side takes for a failure may be complete there: a copy that comes later
 * finds its bytes, and is run. */
static void test_refuse_with_a_copy_out(void)
{
    unsigned copies, refusals;
    for (copies = 1; copies <= 3; copies++) {
        for (refusals = 1; refusals <= copies; refusals++) {
            struct sx_exchange *exchange = make();
            struct soap_xmpp_call *call = begin_held_again(exchange, copies, refusals);
            sx_hold_refuse(exchange, sx_exchange_number(call), "policy-violation", "no");
            expect_end(call, SX_ESTANZA, refusals < copies);
            sx_exchange_free(exchange);
        }
    }
}

/* The same, of a call whose time is over. */
static void test_deadline_with_a_copy_out(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *out = begin_held_again(exchange, 2, 1);
    expect_end(out, SX_ETIMEOUT, true);
    expect_end(begin_held_again(exchange, 2, 2), SX_ETIMEOUT, false);
    sx_exchange_free(exchange);
}

/* One copy is refused, another is stale: none is out, so the call goes on under another id. */
static void test_stale_after_refusals(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_held_again(exchange, 3, 2);
    CU_ASSERT_TRUE(retry(call, "unexpected-request", NEXT));
    ASSERT_CONTAINS(sx_exchange_id(call), "~" NEXT);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    sx_hold_refuse(exchange, sx_exchange_number(call), "forbidden", "no");
    expect_end(call, SX_ESTANZA, false);
    sx_exchange_free(exchange);
}

static bool attempt_keep_in_need(struct shortage shortage)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin(exchange);
    enum sx_err err;
    bool has_failed;
    shortage_begin(shortage);
    err = sx_hold_keep(call, FIRST, REFERENCE, strlen(REFERENCE));
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT_EQUAL(sx_hold_is_wanted(exchange, sx_exchange_number(call)), !has_failed);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(keep_in_need, 1)

static bool attempt_refuse_in_need(struct shortage shortage)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_held(exchange);
    enum sx_err err;
    bool has_failed, may_have_run;
    shortage_begin(shortage);
    sx_hold_refuse(exchange, sx_exchange_number(call), "forbidden", "no");
    has_failed = shortage_end();
    CU_ASSERT_FALSE(sx_hold_is_wanted(exchange, sx_exchange_number(call)));
    err = end(call, &may_have_run);
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_ESTANZA);
    CU_ASSERT_FALSE(may_have_run);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(refuse_in_need, 1)

static void test_endings(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *calls[4];
    size_t i;
    for (i = 0; i < 4; i++)
        calls[i] = begin_held(exchange);
    expect_end(calls[1], SX_ETIMEOUT, false);
    sx_exchange_release(calls[2]); /* a cancel */
    CU_ASSERT_TRUE(sx_hold_is_wanted(exchange, sx_exchange_number(calls[0])));
    CU_ASSERT_TRUE(sx_hold_is_wanted(exchange, sx_exchange_number(calls[3])));
    complete(calls[0]); /* an answer, whoever made it up */
    CU_ASSERT_TRUE(sx_hold_is_wanted(exchange, sx_exchange_number(calls[3])));
    sx_exchange_stop(exchange, SX_ESTOPPED, "stopped");
    CU_ASSERT_FALSE(sx_hold_is_wanted(exchange, sx_exchange_number(calls[3])));
    expect_end(calls[3], SX_ESTOPPED, false);
    expect_end(calls[0], SX_OK, true);
    sx_exchange_free(exchange);
}

static void test_detached(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *late = begin_held(exchange), *call = begin_held(exchange);
    uint64_t number = sx_exchange_number(late);
    sx_exchange_detach(late, PAST, NULL);
    sx_exchange_detach(call, SX_NEVER, NULL);
    CU_ASSERT_PTR_EQUAL(sx_exchange_next_done(exchange, PAST), late);
    CU_ASSERT_FALSE(sx_hold_is_wanted(exchange, number));
    sx_hold_end(exchange, number);
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(exchange, PAST));
    sx_hold_refuse(exchange, sx_exchange_number(call), "forbidden", "no");
    CU_ASSERT_PTR_EQUAL(sx_exchange_next_done(exchange, PAST), call);
    expect_end(late, SX_ETIMEOUT, false);
    expect_end(call, SX_ESTANZA, false);
    sx_exchange_free(exchange);
}

/* ---- the peer takes no packed envelopes any longer ---- */

static void test_fall_back(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_held(exchange);
    struct sx_copy due = {0};
    CU_ASSERT_TRUE(sx_retry_is_packed(exchange, PEER, sx_exchange_id(call)));
    CU_ASSERT_TRUE_FATAL(sx_retry_take_packed(exchange, PEER, &due));
    ASSERT_TEXT(due.payload, REFERENCE);
    sx_retry_replace(exchange, due.id, NULL, 0, true, SX_EUNCARRIABLE, "too large");
    CU_ASSERT_FALSE(sx_hold_is_wanted(exchange, sx_exchange_number(call)));
    sx_copy_fini(&due);
    expect_end(call, SX_EUNCARRIABLE, false);
    sx_exchange_free(exchange);
}

static void test_replace(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_held(exchange);
    sx_retry_replace(exchange, sx_exchange_id(call), strdup("<E/>"), 4, true, SX_OK, "");
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), 0);
    CU_ASSERT_TRUE(take(exchange));
    complete(call);
    expect_end(call, SX_OK, true);
    sx_exchange_free(exchange);
}

/* ---- who is awaited ---- */

static void test_awaits(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_FALSE(sx_exchange_awaits(exchange, PEER));
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, "Calc@Example.ORG/soap", "add", PAST, &call),
                          SX_OK);
    CU_ASSERT_TRUE(sx_exchange_awaits(exchange, PEER)); /* as the server spells it */
    CU_ASSERT_FALSE(sx_exchange_awaits(exchange, "calc@example.org/SOAP"));
    CU_ASSERT_FALSE(sx_exchange_awaits(exchange, "calc@example.org"));
    CU_ASSERT_FALSE(sx_exchange_awaits(exchange, OTHER));
    sx_exchange_release(call);
    CU_ASSERT_FALSE(sx_exchange_awaits(exchange, PEER));
    sx_exchange_free(exchange);
}

CU_TestInfo tests_hold[] = {
    {"a held call is not sent before it is let go", test_hold},
    {"a held call that is let go is sent once, then after a while", test_interval},
    {"a call keeps its number under another id", test_numbers},
    {"a call that has ended isn't held", test_hold_after_the_end},
    {"the loss of the connection leaves held calls alone", test_lose},
    {"a call whose bytes the peer has lost is held again, a few times", test_hold_again},
    {"what is said of older copies leaves a held call held", test_late_words},
    {"what is said of older copies isn't counted", test_late_words_are_free},
    {"a call whose bytes are refused ends unexecuted, once", test_refuse},
    {"bytes that can't be brought there say nothing of a copy that is out",
     test_refuse_with_a_copy_out},
    {"a held call with a copy out may have run at its deadline", test_deadline_with_a_copy_out},
    {"a held call whose copies were refused gets another id", test_stale_after_refusals},
    {"a call that finds no memory isn't held", test_keep_in_need},
    {"a refusal that finds no memory ends the call all the same", test_refuse_in_need},
    {"held calls end like others, unexecuted", test_endings},
    {"a detached call ends while it is held", test_detached},
    {"a reference ends with a peer that takes no packed envelopes", test_fall_back},
    {"a held call that gets another payload is due", test_replace},
    {"a peer is awaited however its name was spelt", test_awaits},
    CU_TEST_INFO_NULL,
};
