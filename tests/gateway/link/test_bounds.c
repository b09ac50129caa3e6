/* How many requests are held, and what a stop does with them. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/suite.h"
#include "pair.h"

extern CU_TestInfo tests_bounds[];

/* So many requests of this size are held that they are four times what one may have. */
enum {
    REQUEST_BYTES = 10000,
    REQUESTS = 50,
    FIT = (4 * PAIR_MOST_BYTES + REQUEST_BYTES - 1) / REQUEST_BYTES,
    TRIES = 10000
};

static void try_full(const struct site *site)
{
    struct pair *pair = pair_open(site);
    struct pair_end end = {0};
    unsigned ended = 0;
    pair_begin(pair, "hold", REQUEST_BYTES, REQUESTS);
    pair_await_held(pair, FIT);
    while (ended < REQUESTS) {
        pair_await_held(pair, 1);
        CU_ASSERT(pair_held(pair) <= FIT);
        ended += pair_end_held(pair);
    }
    pair_await_ends(pair, REQUESTS);
    CU_ASSERT_EQUAL(pair_ends(pair, GW_END_EMPTY), REQUESTS);
    pair_ask(pair, "echo", "", &end);
    CU_ASSERT_EQUAL(end.end, GW_END_ANSWER);
    pair_end_free(&end);
    pair_close(pair);
}

/* Calls until the service has begun to stop, which declines them; then ends what it waits for. */
static void *end_in_time(void *user)
{
    struct pair *pair = user;
    struct pair_end end = {0};
    int i;
    for (i = 0; i < TRIES && end.end == GW_END_ANSWER; i++)
        pair_ask(pair, "echo", "", &end);
    CU_ASSERT_EQUAL(end.end, GW_END_REFUSED);
    CU_ASSERT_EQUAL(end.outcome, GW_NOT_EXECUTED);
    ASSERT_TEXT(end.condition, "service-unavailable");
    pair_end_free(&end);
    CU_ASSERT_EQUAL(pair_end_held(pair), 3);
    return NULL;
}

static void try_drain(const struct site *site)
{
    struct pair *pair = pair_open(site);
    pthread_t thread;
    pair_begin(pair, "hold", 10, 3);
    pair_await_held(pair, 3);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, end_in_time, pair), 0);
    gw_link_stop(pair_service(pair), 60000);
    pthread_join(thread, NULL);
    pair_await_ends(pair, 3);
    CU_ASSERT_EQUAL(pair_ends(pair, GW_END_EMPTY), 3);
    pair_close(pair);
}

static void try_late_end(const struct site *site)
{
    struct pair *pair = pair_open(site);
    pair_begin(pair, "hold", 10, 5);
    pair_await_held(pair, 5);
    pair_close_service(pair);
    CU_ASSERT_EQUAL(pair_end_held(pair), 5);
    gw_link_stop(pair_caller(pair), 0);
    pair_await_ends(pair, 5);
    CU_ASSERT_EQUAL(pair_ends(pair, GW_END_EMPTY), 0);
    pair_close(pair);
}

static void requests_that_are_held_are_bounded_and_none_is_lost(void)
{
    site_each(try_full);
}

static void a_stop_gives_requests_their_time_and_declines_new_ones(void)
{
    site_each(try_drain);
}

static void requests_are_ended_after_their_link_was_closed(void)
{
    site_each(try_late_end);
}

CU_TestInfo tests_bounds[] = {
    {"requests that are held are bounded, and none is lost",
     requests_that_are_held_are_bounded_and_none_is_lost},
    {"a stop gives requests their time, and declines new ones",
     a_stop_gives_requests_their_time_and_declines_new_ones},
    {"requests may be ended after their link was closed",
     requests_are_ended_after_their_link_was_closed},
    CU_TEST_INFO_NULL,
};
