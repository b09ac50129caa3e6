/* The promise of delivery between versions when a process dies: the responder, which one of either
 * version follows, the caller, the server.
 *
 * Envelopes are plain, so that a peer can tell which request it has sent.
 */
#include "pair.h"

#include <stdio.h>

#include "base/clock.h"
#include "../lib/suite.h"

#define PLAIN "unpacked"

/* A second copy is due after 2 s. */
enum { SMALL = 10, SECOND_COPY_US = 1900000 };

/* Each calls the other once more: nothing has remained of what happened. */
static void call_once_more(struct pair *pair)
{
    int side;
    for (side = 0; side < SIDES; side++)
        pair_expect_answer(pair, pair_call(pair, side, SMALL, false));
}

/* ---- the responder ---- */

/* Of two calls one runs, the other is on its way, when the responder dies. */
static void kill_responder(struct pair *pair, int side, const char *successor)
{
    struct party *caller = &pair->sides[side], *responder = &pair->sides[!side];
    int running, waiting;
    int64_t begun_us;
    bool sent_once;
    pair_expect_answer(pair, pair_call(pair, side, SMALL, false));
    running = pair_call(pair, side, SMALL, true);
    party_expect_number(responder, "run", running);
    proxy_black_hole(caller->proxy);
    begun_us = sx_clock_now_us();
    waiting = pair_call(pair, side, SMALL, false);
    party_expect_number(caller, "sent", waiting);
    party_kill(responder);
    party_replace(pair, responder, successor);
    sent_once = sx_clock_now_us() - begun_us < SECOND_COPY_US;
    proxy_resume(caller->proxy);
    /* Nobody knows how far it came with this one, and nobody tries again. */
    ASSERT_CONTAINS(pair_await_end(pair, running), "error unknown");
    ASSERT_CONTAINS(pair_await_end(pair, running), "restarted");
    CU_ASSERT_EQUAL(pair_runs(pair, running), 1);
    /* On a slow machine a second copy was out: too late to be sure. */
    if (sent_once)
        pair_expect_answer(pair, waiting);
    call_once_more(pair);
}

static void kill_responder_before_a_newer(struct pair *pair, int side)
{
    kill_responder(pair, side, NULL);
}

static void kill_responder_before_an_older(struct pair *pair, int side)
{
    kill_responder(pair, side, pair->version);
}

static void kill_responders(const struct site *site, const char *version)
{
    pair_each_side(site, version, PLAIN, kill_responder_before_a_newer);
    pair_each_side(site, version, PLAIN, kill_responder_before_an_older);
}

static void a_responder_that_is_killed_runs_nothing_twice_whoever_follows(void)
{
    pair_each(kill_responders);
}

/* A call is made while nobody is there. */
static void call_a_dead_one(struct pair *pair, int side)
{
    struct party *responder = &pair->sides[!side];
    int number;
    pair_expect_answer(pair, pair_call(pair, side, SMALL, false));
    party_stop(responder);
    number = pair_call(pair, side, SMALL, false);
    party_expect_number(&pair->sides[side], "sent", number);
    party_replace(pair, responder, side == OLDER ? pair->version : NULL);
    pair_expect_answer(pair, number);
}

static void call_the_dead(const struct site *site, const char *version)
{
    pair_each_side(site, version, PLAIN, call_a_dead_one);
}

static void a_call_to_nobody_runs_in_the_one_that_follows(void)
{
    pair_each(call_the_dead);
}

/* What it runs it answers; what comes now it refuses itself, which is final. This is short: each
 * side is tried at each server. */
static void stop_responder(const struct site *site, const char *version)
{
    int side;
    for (side = 0; side < SIDES; side++) {
        struct pair pair;
        struct party *responder = &pair.sides[!side];
        int running, refused, ms = -1;
        pair_open(&pair, site, version, PLAIN, PLAIN);
        running = pair_call(&pair, side, SMALL, true);
        party_expect_number(responder, "run", running);
        child_tell(responder->child, "stop");
        party_expect(responder, "stopping");
        refused = pair_call(&pair, side, SMALL, false);
        CU_ASSERT_EQUAL(sscanf(pair_await_end(&pair, refused), "error not-executed %d", &ms), 1);
        CU_ASSERT_TRUE(ms < PAIR_CALL_S * 1000 / 2);
        pair_finish(&pair, running);
        pair_expect_answer(&pair, running);
        pair_close(&pair);
    }
}

static void a_responder_that_stops_refuses_for_good(void)
{
    pair_each(stop_responder);
}

/* ---- the caller ---- */

static void kill_caller(struct pair *pair, int side)
{
    struct party *caller = &pair->sides[side];
    int number = pair_call(pair, side, SMALL, true);
    party_expect_number(&pair->sides[!side], "run", number);
    pair_orphan(pair, side);
    party_kill(caller);
    pair_finish(pair, number);
    party_replace(pair, caller, side == NEWER ? pair->version : NULL);
    call_once_more(pair);
    CU_ASSERT_EQUAL(pair_runs(pair, number), 1);
}

static void kill_callers(const struct site *site, const char *version)
{
    pair_each_side(site, version, PLAIN, kill_caller);
}

static void a_caller_that_is_killed_may_come_back_as_another_version(void)
{
    pair_each(kill_callers);
}

/* ---- connections, and the server ---- */

/* The answer is given while its caller, or its responder, has no connection. */
static void cut(const struct site *site, const char *version)
{
    struct pair pair;
    int caller, side;
    pair_open(&pair, site, version, PLAIN, PLAIN);
    for (caller = 0; caller < SIDES; caller++)
        for (side = 0; side < SIDES && pair_has_turn(site, caller); side++) {
            int number = pair_call(&pair, caller, SMALL, true);
            party_expect_number(&pair.sides[!caller], "run", number);
            proxy_black_hole(pair.sides[side].proxy);
            pair_finish(&pair, number);
            (void)proxy_cut_now(pair.sides[side].proxy);
            proxy_resume(pair.sides[side].proxy);
            pair_expect_answer(&pair, number);
        }
    pair_close(&pair);
}

static void an_answer_outlives_the_connections_of_both(void)
{
    pair_each(cut);
}

static void kill_server(const struct site *site, const char *version)
{
    struct pair pair;
    int held[SIDES], late[SIDES], side;
    pair_open(&pair, site, version, PLAIN, PLAIN);
    call_once_more(&pair); /* so that each knows what the other can do */
    for (side = 0; side < SIDES; side++) {
        held[side] = pair_call(&pair, side, SMALL, true);
        party_expect_number(&pair.sides[!side], "run", held[side]);
    }
    site_kill(site);
    for (side = 0; side < SIDES; side++) {
        late[side] = pair_call(&pair, side, SMALL, false);
        pair_finish(&pair, held[side]); /* its answer finds no connection */
    }
    site_restart(site);
    for (side = 0; side < SIDES; side++) {
        pair_expect_answer(&pair, held[side]);
        pair_expect_answer(&pair, late[side]);
    }
    pair_close(&pair);
}

static void a_server_that_is_killed_costs_no_call_its_answer(void)
{
    pair_each_fragile(kill_server);
}

CU_TestInfo tests_death[] = {
    {"a responder that is killed runs nothing twice, whoever follows",
     a_responder_that_is_killed_runs_nothing_twice_whoever_follows},
    {"a call to nobody runs in the one that follows",
     a_call_to_nobody_runs_in_the_one_that_follows},
    {"a responder that stops refuses, for good", a_responder_that_stops_refuses_for_good},
    {"a caller that is killed may come back as another version",
     a_caller_that_is_killed_may_come_back_as_another_version},
    {"an answer outlives the connections of both", an_answer_outlives_the_connections_of_both},
    {"a server that is killed costs no call its answer",
     a_server_that_is_killed_costs_no_call_its_answer},
    CU_TEST_INFO_NULL,
};
