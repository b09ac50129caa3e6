/* What the exchange's lock is held for: steps that a peer can cause grow no faster than what they
 * are for. Counted, not timed, for n calls and for four times as many.
 */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/reroute.h"
#include "exchange/hold.h"
#include "exchange/retry.h"

#define PEER     "calc@example.org/soap"
#define OTHER    "calc@example.net/soap"
#define STRANGER "mallory@example.com/x"
#define BARE     "calc@example.org"
#define ALONE    "00112233445566ff.1"
#define PACKED   "<packed xmlns='urn:soap-xmpp:packed:1'>AAAA</packed>"

enum { FEW = 500, MANY = 4 * FEW };

static const int64_t PAST = 1; /* microseconds after boot */
static const int64_t FUTURE = SX_NEVER / 2;

static struct sx_exchange *exchange;
static struct soap_xmpp_call *calls[MANY];
static unsigned count;

static void begin(unsigned i, const char *peer, const char *payload)
{
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, peer, "add", PAST, &calls[i]), SX_OK);
    if (payload)
        CU_ASSERT_EQUAL_FATAL(sx_retry_keep(calls[i], ALONE, payload, strlen(payload)), SX_OK);
}

static void setup(unsigned calls_count)
{
    count = calls_count;
    exchange = sx_exchange_new(count, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(exchange);
}

static void teardown(void)
{
    unsigned i;
    for (i = 0; i < count; i++)
        sx_exchange_release(calls[i]);
    sx_exchange_free(exchange);
}

static unsigned long count_steps(void)
{
    struct sx_exchange_counts counts;
    sx_exchange_count(exchange, &counts);
    return counts.steps;
}

/* Steps for so many calls. */
typedef unsigned long measure_fn(unsigned calls_count);

/* Four times as many cost four times as much, and a bit for the heap's depth: 16 times as much,
 * were all walked for each. */
static void expect_linear(measure_fn *measure)
{
    unsigned long few = measure(FEW), many = measure(MANY);
    CU_ASSERT_TRUE(few >= FEW / 2); /* something was counted */
    CU_ASSERT_TRUE(many < 6 * few);
    if (many >= 6 * few)
        printf("\n    %lu steps, then %lu", few, many);
}

/* However many there are. */
static void expect_constant(measure_fn *measure)
{
    unsigned long few = measure(FEW), many = measure(MANY);
    CU_ASSERT_TRUE(many <= few + 20);
    if (many > few + 20)
        printf("\n    %lu steps, then %lu", few, many);
}

/* ---- a packed peer that has become another ---- */

static unsigned long fall_back(unsigned calls_count)
{
    struct sx_copy copy;
    unsigned long steps;
    unsigned i, fallen = 0;
    setup(calls_count);
    for (i = 0; i < count; i++)
        begin(i, i % 2 ? PEER : OTHER, PACKED);
    steps = count_steps();
    while (sx_retry_take_packed(exchange, PEER, &copy)) {
        sx_retry_replace(exchange, copy.id, strdup("<E/>"), 4, true, SX_OK, "");
        sx_copy_fini(&copy);
        fallen++;
    }
    steps = count_steps() - steps;
    CU_ASSERT_EQUAL(fallen, count / 2);
    teardown();
    return steps;
}

static void test_fall_back(void)
{
    expect_linear(fall_back);
}

/* A disco#info answer of somebody to whom nothing went packed. */
static unsigned long fall_back_in_vain(unsigned calls_count)
{
    struct sx_copy copy;
    unsigned long steps;
    unsigned i;
    setup(calls_count);
    for (i = 0; i < count; i++)
        begin(i, i % 2 ? PEER : OTHER, i % 4 < 2 ? "<E/>" : NULL);
    steps = count_steps();
    CU_ASSERT_FALSE(sx_retry_take_packed(exchange, PEER, &copy));
    CU_ASSERT_FALSE(sx_retry_take_packed(exchange, STRANGER, &copy));
    steps = count_steps() - steps;
    teardown();
    return steps;
}

static void test_fall_back_in_vain(void)
{
    expect_constant(fall_back_in_vain);
}

/* ---- bounces ---- */

static struct sx_reply make_bounce(void)
{
    struct sx_reply reply = {.err = SX_ESTANZA};
    snprintf(reply.condition, sizeof reply.condition, "service-unavailable");
    return reply;
}

/* From the last to the first: what a sorted list takes worst. */
static unsigned long bounce(unsigned calls_count)
{
    struct sx_reply reply = make_bounce();
    struct sx_copy copy;
    unsigned long steps;
    unsigned i, times;
    setup(calls_count);
    for (i = 0; i < count; i++)
        begin(i, PEER, "<E/>");
    steps = count_steps();
    for (times = 0; times < 3; times++) {
        for (i = count; i-- > 0;)
            CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(calls[i]), &reply));
        for (i = 0; i < count; i++) {
            CU_ASSERT_TRUE(sx_retry_take_due(exchange, FUTURE, &copy));
            sx_copy_fini(&copy);
        }
    }
    steps = count_steps() - steps;
    teardown();
    return steps;
}

static void test_bounce(void)
{
    expect_linear(bounce);
}

/* ---- who is awaited ---- */

static unsigned long ask_for_strangers(unsigned calls_count)
{
    char peer[100];
    unsigned long steps;
    unsigned i;
    setup(calls_count);
    for (i = 0; i < count; i++) {
        snprintf(peer, sizeof peer, "peer%u@example.org/soap", i);
        begin(i, peer, NULL);
    }
    steps = count_steps();
    CU_ASSERT_FALSE(sx_exchange_awaits(exchange, STRANGER));
    CU_ASSERT_FALSE(sx_exchange_awaits(exchange, "peer7@example.org/other"));
    CU_ASSERT_FALSE(sx_exchange_awaits(exchange, NULL));
    CU_ASSERT_TRUE(sx_exchange_awaits(exchange, "peer7@example.org/soap"));
    steps = count_steps() - steps;
    teardown();
    return steps;
}

static void test_awaits(void)
{
    expect_constant(ask_for_strangers);
}

/* ---- somebody comes ---- */

/* All wait for their peer; half of them have a copy out, and must stay. */
static unsigned long come(unsigned calls_count)
{
    struct sx_reply reply = make_bounce();
    struct sx_reroute reroute;
    unsigned long steps;
    unsigned i, moved = 0;
    setup(calls_count);
    for (i = 0; i < count; i++) {
        begin(i, PEER, NULL);
        sx_reroute_allow(calls[i]);
        CU_ASSERT_EQUAL(sx_retry_keep(calls[i], ALONE, "<E/>", 4), SX_OK);
        CU_ASSERT_TRUE(
            sx_reroute_judge(exchange, PEER, sx_exchange_id(calls[i]), SX_REROUTE_ONE, &reroute));
        CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(calls[i]), &reply));
    }
    for (i = 0; i < count / 2; i++) {
        struct sx_copy copy;
        CU_ASSERT_TRUE(sx_retry_take_due(exchange, FUTURE, &copy));
        sx_copy_fini(&copy);
    }
    steps = count_steps();
    while (sx_reroute_find(exchange, BARE, &reroute)) {
        CU_ASSERT_TRUE(sx_reroute_move(exchange, reroute.id, 0, BARE "/two", ALONE));
        moved++;
    }
    steps = count_steps() - steps;
    CU_ASSERT_EQUAL(moved, count / 2);
    teardown();
    return steps;
}

static void test_come(void)
{
    expect_linear(come);
}

static unsigned long come_in_vain(unsigned calls_count)
{
    struct sx_reroute reroute;
    unsigned long steps;
    unsigned i;
    setup(calls_count);
    for (i = 0; i < count; i++) {
        begin(i, PEER, NULL);
        sx_reroute_allow(calls[i]);
        CU_ASSERT_EQUAL(sx_retry_keep(calls[i], ALONE, "<E/>", 4), SX_OK);
    }
    steps = count_steps();
    CU_ASSERT_FALSE(sx_reroute_find(exchange, BARE, &reroute));
    steps = count_steps() - steps;
    teardown();
    return steps;
}

static void test_come_in_vain(void)
{
    expect_constant(come_in_vain);
}

/* ---- bytes that go ahead, and deadlines ---- */

static unsigned long hold(unsigned calls_count)
{
    unsigned long steps;
    unsigned i;
    setup(calls_count);
    for (i = 0; i < count; i++) {
        begin(i, PEER, NULL);
        CU_ASSERT_EQUAL(sx_hold_keep(calls[i], ALONE, PACKED, strlen(PACKED)), SX_OK);
    }
    steps = count_steps();
    for (i = 0; i < count; i++)
        CU_ASSERT_TRUE(sx_hold_is_wanted(exchange, sx_exchange_number(calls[i])));
    for (i = count; i-- > 0;)
        sx_hold_end(exchange, sx_exchange_number(calls[i]));
    steps = count_steps() - steps;
    teardown();
    return steps;
}

static void test_hold(void)
{
    expect_linear(hold);
}

/* Each deadline earlier than those before. */
static unsigned long detach(unsigned calls_count)
{
    unsigned long steps;
    unsigned i;
    setup(calls_count);
    for (i = 0; i < count; i++)
        begin(i, PEER, NULL);
    steps = count_steps();
    for (i = 0; i < count; i++)
        sx_exchange_detach(calls[i], SX_NEVER - 1 - i, NULL);
    steps = count_steps() - steps;
    teardown();
    return steps;
}

static void test_detach(void)
{
    expect_linear(detach);
}

CU_TestInfo tests_cost[] = {
    {"falling back costs by what falls back", test_fall_back},
    {"who has nothing to fall back costs nothing", test_fall_back_in_vain},
    {"bounces cost by their number", test_bounce},
    {"a stranger's bytes cost nothing, however many calls there are", test_awaits},
    {"a resource that comes costs by what moves", test_come},
    {"a resource that comes costs nothing when nothing can move", test_come_in_vain},
    {"bytes that go ahead cost by their number", test_hold},
    {"deadlines cost by their number", test_detach},
    CU_TEST_INFO_NULL,
};
