/* Calls between versions, both ways at once, while a proxy on either side of the server breaks
 * connections on a seeded schedule: each runs once, all are answered.
 *
 * MIXED_LONG in the environment makes it longer, STORM_SEED another one.
 */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "../lib/suite.h"

enum {
    SHORT_CALLS = 400,
    LONG_CALLS = 10000,
    DEFAULT_SEED = 72,
    CALL_S = 60,
    FIRST = 1000,
    LONG_MS = 600000
};

/* A fault each 60 KB or so and each second. With more of them, or with more calls outstanding, a
 * connection would end before all that is under way has been sent through it. */
static const struct proxy_plan weather = {
    .weights = {[PROXY_CUT] = 4,
                [PROXY_RESET] = 4,
                [PROXY_HALF_CLOSE] = 2,
                [PROXY_STALL] = 1,
                [PROXY_DELAY] = 1,
                [PROXY_SPLIT] = 2},
    .min_gap_bytes = 20000,
    .max_gap_bytes = 100000,
    .min_gap_ms = 300,
    .max_gap_ms = 2000,
    .min_hold_ms = 20,
    .max_hold_ms = 200,
};

static unsigned storm_seed(void)
{
    const char *text = getenv("STORM_SEED");
    return text ? (unsigned)strtoul(text, NULL, 10) : DEFAULT_SEED;
}

/* Both come back under a proxy with faults. */
static void raise_storm(struct pair *pair)
{
    unsigned seed = storm_seed();
    int side;
    for (side = 0; side < SIDES; side++) {
        struct proxy_plan plan = weather;
        struct party *party = &pair->sides[side];
        plan.seed = SIDES * seed + (unsigned)side;
        party_stop(party);
        proxy_stop(party->proxy);
        party->proxy = proxy_start(pair->site->port, &plan);
        CU_ASSERT_PTR_NOT_NULL_FATAL(party->proxy);
        proxy_set_calm(party->proxy, true);
        party->options[0] = "kick";
        party_start(pair, party);
    }
    for (side = 0; side < SIDES; side++)
        party_await_online(&pair->sides[side]);
}

static void set_calm(struct pair *pair, bool calm)
{
    proxy_set_calm(pair->sides[NEWER].proxy, calm);
    proxy_set_calm(pair->sides[OLDER].proxy, calm);
}

/* Faults that broke a connection. */
static unsigned count_breaks(const struct pair *pair)
{
    unsigned breaks = 0;
    int side;
    for (side = 0; side < SIDES; side++) {
        struct proxy_counts counts;
        proxy_counts(pair->sides[side].proxy, &counts);
        breaks +=
            counts.faults[PROXY_CUT] + counts.faults[PROXY_RESET] + counts.faults[PROXY_HALF_CLOSE];
    }
    return breaks;
}

static void judge(const struct pair *pair, int calls, int64_t begun_us)
{
    unsigned char *runs = malloc((size_t)calls * SIDES);
    int i, twice = 0, never = 0;
    unsigned breaks = count_breaks(pair);
    CU_ASSERT_PTR_NOT_NULL_FATAL(runs);
    pair_count_runs(pair, FIRST, calls * SIDES, runs);
    for (i = 0; i < calls * SIDES; i++) {
        twice += runs[i] > 1;
        never += runs[i] == 0;
    }
    printf("\n    %s, %s: %d calls in %.1f s, %u connections broken: %d ran twice, %d never\n    ",
           pair->site->label, pair->version, calls * SIDES,
           (double)(sx_clock_now_us() - begun_us) / 1e6, breaks, twice, never);
    CU_ASSERT_EQUAL(twice, 0);
    CU_ASSERT_EQUAL(never, 0);
    CU_ASSERT_TRUE(breaks > 2);
    free(runs);
}

/* What was not answered is told by "end" lines. */
static void expect_stormed(struct party *party, int first, int calls)
{
    char words[64], wanted[64];
    const char *line;
    snprintf(words, sizeof words, "stormed %d", first);
    snprintf(wanted, sizeof wanted, "stormed %d %d", first, calls);
    line = child_await(party->child, words, LONG_MS);
    ASSERT_TEXT(line, wanted);
    if (line && strcmp(line, wanted) != 0)
        (void)child_await(party->child, wanted, 0);
}

static void ride_out(const struct site *site, const char *version)
{
    int calls = pair_is_long() ? LONG_CALLS : SHORT_CALLS, side;
    struct pair pair;
    int64_t begun_us;
    pair_open(&pair, site, version, NULL, NULL);
    raise_storm(&pair);
    set_calm(&pair, false);
    begun_us = sx_clock_now_us();
    for (side = 0; side < SIDES; side++)
        child_tell(pair.sides[side].child, "storm %d %d %s %d", FIRST + side * calls, calls,
                   party_endpoint(&pair, &pair.sides[!side]), CALL_S);
    for (side = 0; side < SIDES; side++)
        expect_stormed(&pair.sides[side], FIRST + side * calls, calls);
    judge(&pair, calls, begun_us);
    set_calm(&pair, true);
    pair_close(&pair);
}

static void each_call_is_answered_and_each_request_runs_once(void)
{
    pair_each(ride_out);
}

CU_TestInfo tests_storm[] = {
    {"under a storm each call of either version is answered, and each request runs once",
     each_call_is_answered_and_each_request_runs_once},
    CU_TEST_INFO_NULL,
};
