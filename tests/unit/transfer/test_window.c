/* window.c on a clock of its own: a way with a fixed delay and a bottleneck, and what the window
 * becomes.
 */
#include "transfer/window.h"

#include "../../lib/suite.h"

/* A way on which a block takes delay_us, and the next one comes gap_us behind it at the earliest.
 */
struct way {
    struct sx_window window;
    int64_t delay_us, gap_us, free_us, now_us;
    int64_t back_us[SX_WINDOW_MOST];
    size_t sent, answered;
};

static void send(struct way *way)
{
    int64_t begins_us = way->free_us > way->now_us ? way->free_us : way->now_us;
    way->sent++;
    sx_window_sent(&way->window, way->sent, way->now_us);
    way->free_us = begins_us + way->gap_us;
    way->back_us[way->sent % SX_WINDOW_MOST] = begins_us + way->delay_us;
}

/* So many blocks, as many under way as the window allows. Returns what that took. */
static int64_t run(struct way *way, size_t blocks)
{
    int64_t begun_us = way->now_us;
    size_t last = way->sent + blocks;
    while (way->answered < last) {
        while (way->sent < last && way->sent - way->answered < way->window.blocks)
            send(way);
        way->answered++;
        way->now_us = way->back_us[way->answered % SX_WINDOW_MOST];
        sx_window_answered(&way->window, way->answered, way->sent, way->now_us);
    }
    return way->now_us - begun_us;
}

static void test_far(void)
{
    struct way way = {.delay_us = 50000, .gap_us = 100};
    sx_window_begin(&way.window, 1, SX_WINDOW_MOST);
    CU_ASSERT_EQUAL(way.window.blocks, 1);
    run(&way, 10000);
    CU_ASSERT_EQUAL(way.window.blocks, SX_WINDOW_MOST);
}

static void test_narrow(void)
{
    struct way way = {.delay_us = 1000, .gap_us = 900};
    sx_window_begin(&way.window, 1, SX_WINDOW_MOST);
    run(&way, 1000);
    CU_ASSERT(way.window.blocks <= 2);
    /* nothing is lost by it: the bottleneck never rests */
    CU_ASSERT(run(&way, 1000) < 1000 * 1100);
}

static void test_worse(void)
{
    struct way way = {.delay_us = 10000, .gap_us = 100};
    sx_window_begin(&way.window, 1, SX_WINDOW_MOST);
    run(&way, 5000);
    CU_ASSERT_EQUAL(way.window.blocks, SX_WINDOW_MOST);
    way.gap_us = 5000;
    run(&way, 1000);
    CU_ASSERT(way.window.blocks <= 4);
    way.gap_us = 100;
    run(&way, 10000);
    CU_ASSERT_EQUAL(way.window.blocks, SX_WINDOW_MOST);
}

/* Slow because of nothing that a smaller window would mend. */
static void test_farther(void)
{
    struct way way = {.delay_us = 1000, .gap_us = 10};
    sx_window_begin(&way.window, 1, 8);
    run(&way, 100);
    way.delay_us = 46000;
    run(&way, 200);
    CU_ASSERT_EQUAL(way.window.blocks, 8);
}

static void test_fixed(void)
{
    struct way way = {.delay_us = 1000, .gap_us = 900};
    sx_window_begin(&way.window, 8, 8);
    run(&way, 100);
    CU_ASSERT_EQUAL(way.window.blocks, 8);
}

static void test_restart(void)
{
    struct way way = {.delay_us = 1000, .gap_us = 10};
    sx_window_begin(&way.window, 1, 8);
    run(&way, 100);
    CU_ASSERT_EQUAL(way.window.blocks, 8);
    sx_window_restart(&way.window);
    CU_ASSERT_EQUAL(way.window.blocks, 8);
    /* it may be a slower way: the first block says what is fast */
    sx_window_sent(&way.window, 1, way.now_us);
    sx_window_answered(&way.window, 1, 1, way.now_us + 100000);
    CU_ASSERT_EQUAL(way.window.blocks, 8);
    sx_window_sent(&way.window, 2, way.now_us);
    sx_window_answered(&way.window, 2, 2, way.now_us + 1000000);
    CU_ASSERT_EQUAL(way.window.blocks, 6);
}

CU_TestInfo tests_window[] = {
    {"a distant peer gets the whole window", test_far},
    {"a bottleneck gets no queue, and no rest", test_narrow},
    {"the window follows the way when it changes", test_worse},
    {"a way that has become longer gets the whole window again", test_farther},
    {"a window may be fixed", test_fixed},
    {"a new session goes on at the pace of the last", test_restart},
    CU_TEST_INFO_NULL,
};
