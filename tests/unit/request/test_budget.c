/* budget.c: what one caller takes isn't missing to another, and comes back with time. */
#include "request/budget.h"

#include <stdio.h>

#include "../../lib/suite.h"

#define ALICE "alice@example.org/desk"
#define BOB   "bob@example.org/desk"

enum { ALL = SX_BUDGET_FREE_STEPS + SX_BUDGET_BURST_STEPS, NOW_US = 1000000, CALLERS = 3 };

static const int64_t FULL_US = SX_BUDGET_BURST_STEPS / SX_BUDGET_STEPS_PER_US; /* from empty */

static struct sx_budget *setup(void)
{
    struct sx_budget *budget = sx_budget_new(CALLERS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(budget);
    return budget;
}

static void cheap_looks_cost_nothing(void)
{
    struct sx_budget *budget = setup();
    int i;
    for (i = 0; i < 100000; i++)
        sx_budget_spend(budget, ALICE, SX_BUDGET_FREE_STEPS, NOW_US);
    CU_ASSERT_EQUAL(sx_budget_left(budget, ALICE, NOW_US), ALL);
    CU_ASSERT_EQUAL(sx_budget_count(budget), 0);
    sx_budget_free(budget);
}

static void what_is_taken_comes_back(void)
{
    struct sx_budget *budget = setup();
    sx_budget_spend(budget, ALICE, ALL, NOW_US);
    CU_ASSERT_EQUAL(sx_budget_left(budget, ALICE, NOW_US), SX_BUDGET_FREE_STEPS);
    CU_ASSERT_EQUAL(sx_budget_left(budget, "ALICE@Example.org/other", NOW_US),
                    SX_BUDGET_FREE_STEPS);
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US), ALL);
    CU_ASSERT_EQUAL(sx_budget_left(budget, NULL, NOW_US), ALL);
    CU_ASSERT_EQUAL(sx_budget_left(budget, ALICE, NOW_US + 10),
                    SX_BUDGET_FREE_STEPS + 10 * SX_BUDGET_STEPS_PER_US);
    CU_ASSERT_EQUAL(sx_budget_left(budget, ALICE, NOW_US + FULL_US), ALL);
    CU_ASSERT_EQUAL(sx_budget_left(budget, ALICE, NOW_US + 10 * FULL_US), ALL);
    sx_budget_free(budget);
}

static void what_is_owed_is_paid_first(void)
{
    struct sx_budget *budget = setup();
    sx_budget_spend(budget, ALICE, ALL + SX_BUDGET_BURST_STEPS, NOW_US);
    CU_ASSERT_EQUAL(sx_budget_left(budget, ALICE, NOW_US + FULL_US), SX_BUDGET_FREE_STEPS);
    CU_ASSERT_EQUAL(sx_budget_left(budget, ALICE, NOW_US + 2 * FULL_US), ALL);
    sx_budget_free(budget);
}

static void strangers_are_one(void)
{
    struct sx_budget *budget = setup();
    sx_budget_spend(budget, NULL, ALL, NOW_US);
    CU_ASSERT_EQUAL(sx_budget_left(budget, NULL, NOW_US), SX_BUDGET_FREE_STEPS);
    CU_ASSERT_EQUAL(sx_budget_left(budget, ALICE, NOW_US), ALL);
    CU_ASSERT_EQUAL(sx_budget_count(budget), 0);
    sx_budget_free(budget);
}

static void spend_all(struct sx_budget *budget, int first, int last, int64_t now_us)
{
    char name[40];
    for (; first < last; first++) {
        snprintf(name, sizeof name, "m%d@example.org/x", first);
        sx_budget_spend(budget, name, ALL, now_us);
    }
}

static void all_together_have_one_too(void)
{
    struct sx_budget *budget = sx_budget_new(100);
    CU_ASSERT_PTR_NOT_NULL_FATAL(budget);
    spend_all(budget, 0, SX_BUDGET_CALLERS, NOW_US);
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US), SX_BUDGET_FREE_STEPS);
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US + 10),
                    SX_BUDGET_FREE_STEPS + 10 * SX_BUDGET_STEPS_PER_US * SX_BUDGET_CALLERS);
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US + FULL_US / SX_BUDGET_CALLERS), ALL);
    CU_ASSERT_EQUAL(sx_budget_left(budget, "m0@example.org/x", NOW_US + 10),
                    SX_BUDGET_FREE_STEPS + 10 * SX_BUDGET_STEPS_PER_US);
    sx_budget_free(budget);
}

static void what_is_awaited_is_paid_by_its_peer_alone(void)
{
    struct sx_budget *budget = sx_budget_new(100);
    CU_ASSERT_PTR_NOT_NULL_FATAL(budget);
    spend_all(budget, 0, SX_BUDGET_CALLERS, NOW_US);
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US), SX_BUDGET_FREE_STEPS);
    CU_ASSERT_EQUAL(sx_budget_left_awaited(budget, BOB, NOW_US), ALL);
    sx_budget_spend_awaited(budget, BOB, ALL - 100, NOW_US);
    CU_ASSERT_EQUAL(sx_budget_left_awaited(budget, BOB, NOW_US), SX_BUDGET_FREE_STEPS + 100);
    CU_ASSERT_EQUAL(sx_budget_left_awaited(budget, "bob@example.org/other", NOW_US),
                    SX_BUDGET_FREE_STEPS + 100);
    sx_budget_free(budget);
}

/* Nor do services take from callers. */
static void what_is_awaited_is_not_missing_to_others(void)
{
    struct sx_budget *budget = sx_budget_new(100);
    char name[40];
    int i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(budget);
    for (i = 0; i < 2 * SX_BUDGET_CALLERS; i++) {
        snprintf(name, sizeof name, "s%d@example.org/x", i);
        sx_budget_spend_awaited(budget, name, SX_BUDGET_FREE_STEPS, NOW_US);
        CU_ASSERT_EQUAL(sx_budget_left_awaited(budget, name, NOW_US), ALL);
        sx_budget_spend_awaited(budget, name, ALL, NOW_US);
        CU_ASSERT_EQUAL(sx_budget_left(budget, name, NOW_US), SX_BUDGET_FREE_STEPS);
    }
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US), ALL);
    sx_budget_free(budget);
}

static void what_one_owes_is_not_missing_to_others(void)
{
    struct sx_budget *budget = setup();
    int i;
    for (i = 0; i < 10; i++)
        sx_budget_spend(budget, ALICE, ALL, NOW_US);
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US), ALL);
    sx_budget_free(budget);
}

static void nobody_is_forgotten_for_others(void)
{
    struct sx_budget *budget = setup();
    sx_budget_spend(budget, ALICE, ALL, NOW_US);
    spend_all(budget, 0, 1000, NOW_US);
    CU_ASSERT_EQUAL(sx_budget_count(budget), CALLERS);
    CU_ASSERT_EQUAL(sx_budget_left(budget, ALICE, NOW_US), SX_BUDGET_FREE_STEPS);
    /* Those without a bucket of their own share one. */
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US), SX_BUDGET_FREE_STEPS);
    sx_budget_free(budget);
}

static void full_buckets_make_room(void)
{
    struct sx_budget *budget = setup();
    spend_all(budget, 0, CALLERS, NOW_US);
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US), ALL);
    spend_all(budget, CALLERS, CALLERS + 1, NOW_US);
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US), SX_BUDGET_FREE_STEPS);
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US + FULL_US), ALL);
    sx_budget_spend(budget, BOB, ALL, NOW_US + FULL_US);
    CU_ASSERT_EQUAL(sx_budget_count(budget), 1);
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US + FULL_US), SX_BUDGET_FREE_STEPS);
    CU_ASSERT_EQUAL(sx_budget_left(budget, ALICE, NOW_US + FULL_US), ALL);
    sx_budget_free(budget);
}

static void without_a_table_all_share(void)
{
    struct sx_budget *budget = sx_budget_new(0);
    sx_budget_spend(budget, ALICE, ALL, NOW_US);
    CU_ASSERT_EQUAL(sx_budget_left(budget, BOB, NOW_US), SX_BUDGET_FREE_STEPS);
    sx_budget_free(budget);
}

CU_TestInfo tests_budget[] = {
    {"cheap looks cost nothing, however many they are", cheap_looks_cost_nothing},
    {"what an account has taken comes back with time", what_is_taken_comes_back},
    {"what is owed is paid first", what_is_owed_is_paid_first},
    {"those whom no rule names are one", strangers_are_one},
    {"all together have a budget, too", all_together_have_one_too},
    {"what one owes isn't missing to others", what_one_owes_is_not_missing_to_others},
    {"nobody's debt is forgotten because others come", nobody_is_forgotten_for_others},
    {"buckets that are full again make room", full_buckets_make_room},
    {"without a table all share one bucket", without_a_table_all_share},
    {"what is awaited is paid by its peer alone", what_is_awaited_is_paid_by_its_peer_alone},
    {"what is awaited is not missing to others", what_is_awaited_is_not_missing_to_others},
    CU_TEST_INFO_NULL,
};
