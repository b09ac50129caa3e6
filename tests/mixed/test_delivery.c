/* Calls between versions: one after the other, many at once, faults, one-way, refused by a rule. */
#include "pair.h"

#include <stdio.h>
#include <string.h>

#include "../lib/suite.h"

enum { IN_TURN = 5, AT_ONCE = 25, SIZE = 500 };

static void call_in_turn(struct pair *pair, int caller)
{
    int i;
    for (i = 0; i < IN_TURN; i++)
        pair_expect_answer(pair, pair_call(pair, caller, SIZE, false));
}

static void call_at_once(struct pair *pair)
{
    int first = pair->count, i;
    for (i = 0; i < SIDES * AT_ONCE; i++)
        (void)pair_call(pair, i % SIDES, SIZE, false);
    for (i = 0; i < SIDES * AT_ONCE; i++)
        pair_expect_answer(pair, first + i);
}

static void call_otherwise(struct pair *pair, int caller)
{
    int number = pair_order(pair, caller, "reject");
    const char *end = pair_await_end(pair, number);
    ASSERT_CONTAINS(end, "error executed");
    ASSERT_CONTAINS(end, "rejected on purpose");
    CU_ASSERT_EQUAL(pair_runs(pair, number), 1);
    pair_expect_answer(pair, pair_order(pair, caller, "note"));
}

static void call_each_other(struct pair *pair)
{
    int side;
    for (side = 0; side < SIDES; side++) {
        call_in_turn(pair, side);
        call_otherwise(pair, side);
    }
    call_at_once(pair);
}

static void deliver(const struct site *site, const char *version)
{
    struct pair pair;
    pair_open(&pair, site, version, NULL, NULL);
    call_each_other(&pair);
    pair_close(&pair);
}

static void two_versions_call_each_other(void)
{
    pair_each(deliver);
}

/* The program was compiled with the older header, and runs with the library of this tree. */
static void deliver_upgraded(const struct site *site, const char *version)
{
    struct pair pair;
    char upgraded[PAIR_PROGRAM_BYTES];
    snprintf(upgraded, sizeof upgraded, "%s-upgraded", version);
    pair_open(&pair, site, version, NULL, NULL);
    call_in_turn(&pair, NEWER);
    pair_orphan(&pair, OLDER);
    party_stop(&pair.sides[NEWER]);
    pair_orphan(&pair, NEWER);
    party_replace(&pair, &pair.sides[NEWER], upgraded);
    call_each_other(&pair);
    pair_close(&pair);
}

static void a_program_of_the_older_one_runs_with_the_newer_library(void)
{
    pair_each(deliver_upgraded);
}

/* ---- rules ---- */

static void expect_forbidden(struct pair *pair, int caller, const char *verb)
{
    int number = pair_order(pair, caller, verb);
    const char *end = pair_await_end(pair, number);
    ASSERT_CONTAINS(end, "error not-executed");
    ASSERT_CONTAINS(end, "forbidden");
    CU_ASSERT_EQUAL(pair_runs(pair, number), 0);
}

static void refuse(const struct site *site, const char *version)
{
    struct pair pair;
    char alice[SITE_NAME_BYTES + 40], bob[SITE_NAME_BYTES + 40];
    snprintf(alice, sizeof alice, "allow=alice@%s:enter", site->domain);
    snprintf(bob, sizeof bob, "allow=bob@%s:enter", site->domain);
    pair_open(&pair, site, version, bob, alice);
    expect_forbidden(&pair, NEWER, "reject");
    expect_forbidden(&pair, OLDER, "reject");
    pair_expect_answer(&pair, pair_call(&pair, NEWER, SIZE, false));
    pair_expect_answer(&pair, pair_call(&pair, OLDER, SIZE, false));
    pair_close(&pair);
}

static void who_may_not_call_is_told_by_either(void)
{
    pair_each(refuse);
}

CU_TestInfo tests_delivery[] = {
    {"two versions call each other", two_versions_call_each_other},
    {"a program of the older one runs with the newer library",
     a_program_of_the_older_one_runs_with_the_newer_library},
    {"who may not call is told, by either", who_may_not_call_is_told_by_either},
    CU_TEST_INFO_NULL,
};
