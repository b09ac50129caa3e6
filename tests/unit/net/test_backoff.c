/* Waits between attempts: they double, have a bound, and spread over all of it. */
#include "../../lib/suite.h"

#include "net/backoff.h"

/* With it a wait is as long as the bound allows; the bounds are far below. */
static int64_t longest_us(struct sx_backoff *backoff)
{
    struct sx_backoff copy = *backoff;
    sx_backoff_next_us(&copy, 0);
    return sx_backoff_next_us(backoff, (uint64_t)copy.bound_us);
}

static void waits_double_up_to_a_minute(void)
{
    static const int64_t bounds_us[] = {500000,   1000000,  2000000,  4000000, 8000000,
                                        16000000, 32000000, 60000000, 60000000};
    struct sx_backoff backoff = {0};
    size_t i;
    for (i = 0; i < sizeof bounds_us / sizeof *bounds_us; i++)
        CU_ASSERT_EQUAL(longest_us(&backoff), bounds_us[i]);
}

static void a_wait_is_anything_from_nothing_to_the_bound(void)
{
    uint64_t random;
    for (random = 0; random < 3000000; random += 499979) {
        struct sx_backoff backoff = {0};
        int64_t wait_us = sx_backoff_next_us(&backoff, random);
        CU_ASSERT_EQUAL(wait_us, (int64_t)(random % 500001));
    }
}

static void after_a_reset_the_first_wait_comes_again(void)
{
    struct sx_backoff backoff = {0};
    int i;
    for (i = 0; i < 10; i++)
        sx_backoff_next_us(&backoff, UINT64_MAX);
    sx_backoff_reset(&backoff);
    CU_ASSERT_EQUAL(longest_us(&backoff), 500000);
    CU_ASSERT_EQUAL(longest_us(&backoff), 1000000);
}

static void who_was_refused_waits_minutes_and_up_to_half_as_much_again(void)
{
    static const int64_t least_us[] = {60000000,  60000000,  120000000,
                                       300000000, 600000000, 600000000};
    unsigned refusals;
    for (refusals = 0; refusals < sizeof least_us / sizeof *least_us; refusals++) {
        int64_t most_us = least_us[refusals] * 3 / 2;
        CU_ASSERT_EQUAL(sx_backoff_refused_us(refusals, 0), least_us[refusals]);
        CU_ASSERT_EQUAL(sx_backoff_refused_us(refusals, (uint64_t)least_us[refusals] / 2), most_us);
        CU_ASSERT_TRUE(sx_backoff_refused_us(refusals, UINT64_MAX) <= most_us);
    }
    CU_ASSERT_EQUAL(sx_backoff_refused_us(UINT32_MAX, 0), 600000000);
}

static void looks_after_changes_in_vain_double_up_to_ten_minutes(void)
{
    CU_ASSERT_EQUAL(sx_backoff_look_us(0), 2000000);
    CU_ASSERT_EQUAL(sx_backoff_look_us(1), 4000000);
    CU_ASSERT_EQUAL(sx_backoff_look_us(8), 512000000);
    CU_ASSERT_EQUAL(sx_backoff_look_us(9), 600000000);
    CU_ASSERT_EQUAL(sx_backoff_look_us(UINT32_MAX), 600000000);
}

CU_TestInfo tests_backoff[] = {
    {"waits double, up to a minute", waits_double_up_to_a_minute},
    {"a wait is anything from nothing to the bound", a_wait_is_anything_from_nothing_to_the_bound},
    {"after a reset the first wait comes again", after_a_reset_the_first_wait_comes_again},
    {"who was refused waits minutes, and up to half as much again",
     who_was_refused_waits_minutes_and_up_to_half_as_much_again},
    {"looks after changes in vain double, up to ten minutes",
     looks_after_changes_in_vain_double_up_to_ten_minutes},
    CU_TEST_INFO_NULL,
};
