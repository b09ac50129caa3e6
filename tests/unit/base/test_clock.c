/* Monotonic time: deadlines saturate, waits round up and end. */
#include "../../lib/suite.h"

#include <limits.h>
#include <time.h>

#include "base/clock.h"

static const int64_t MS = 1000;
static const int64_t HOUR = 3600 * INT64_C(1000000);

static void never_goes_back(void)
{
    int64_t last = sx_clock_now_us();
    int i;
    for (i = 0; i < 1000; i++) {
        int64_t now = sx_clock_now_us();
        CU_ASSERT_TRUE_FATAL(now >= last);
        last = now;
    }
}

static void is_the_monotonic_clock(void)
{
    struct timespec now;
    int64_t before = sx_clock_now_us(), between;
    clock_gettime(CLOCK_MONOTONIC, &now);
    between = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    CU_ASSERT_TRUE(before <= between);
    CU_ASSERT_TRUE(between <= sx_clock_now_us());
}

static void deadline_is_now_plus_us(void)
{
    int64_t before = sx_clock_now_us();
    int64_t deadline = sx_clock_deadline(5 * MS);
    CU_ASSERT_TRUE(deadline >= before + 5 * MS);
    CU_ASSERT_TRUE(deadline <= sx_clock_now_us() + 5 * MS);
}

static void deadline_saturates(void)
{
    CU_ASSERT_EQUAL(sx_clock_deadline(-1), SX_NEVER);
    CU_ASSERT_EQUAL(sx_clock_deadline(INT64_MIN), SX_NEVER);
    CU_ASSERT_EQUAL(sx_clock_deadline(INT64_MAX), SX_NEVER);
    CU_ASSERT_EQUAL(sx_clock_deadline(INT64_MAX - 1), SX_NEVER);
    CU_ASSERT_NOT_EQUAL(sx_clock_deadline(HOUR), SX_NEVER);
}

static void poll_rounds_up(void)
{
    int64_t deadline = sx_clock_deadline(HOUR + 1);
    int64_t before = sx_clock_now_us();
    int ms = sx_clock_poll_ms(deadline);
    int64_t after = sx_clock_now_us();
    CU_ASSERT_TRUE(ms * MS >= deadline - after);
    CU_ASSERT_TRUE(ms * MS < deadline - before + MS);
}

static void poll_has_bounds(void)
{
    CU_ASSERT_EQUAL(sx_clock_poll_ms(SX_NEVER), -1);
    CU_ASSERT_EQUAL(sx_clock_poll_ms(SX_NEVER - 1), INT_MAX);
    CU_ASSERT_EQUAL(sx_clock_poll_ms(sx_clock_now_us()), 0);
    CU_ASSERT_EQUAL(sx_clock_poll_ms(0), 0);
    CU_ASSERT_EQUAL(sx_clock_poll_ms(-1), 0);
}

/* Waits for what never comes; the result of the last wait. */
static bool wait_until(int64_t deadline)
{
    pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond;
    bool in_time = true;
    int wakeups = 0;
    CU_ASSERT_EQUAL_FATAL(sx_clock_cond_init(&cond), 0);
    pthread_mutex_lock(&mu);
    while (in_time && wakeups++ < 1000)
        in_time = sx_clock_cond_wait(&cond, &mu, deadline);
    pthread_mutex_unlock(&mu);
    pthread_cond_destroy(&cond);
    return in_time;
}

static void wait_ends_at_the_deadline(void)
{
    int64_t deadline = sx_clock_deadline(20 * MS);
    CU_ASSERT_FALSE(wait_until(deadline));
    CU_ASSERT_TRUE(sx_clock_now_us() >= deadline);
}

static void wait_for_the_past_ends_at_once(void)
{
    int64_t begun = sx_clock_now_us();
    CU_ASSERT_FALSE(wait_until(begun - 1));
    CU_ASSERT_FALSE(wait_until(0));
    CU_ASSERT_FALSE(wait_until(-1));
    CU_ASSERT_FALSE(wait_until(INT64_MIN));
    CU_ASSERT_TRUE(sx_clock_now_us() - begun < HOUR);
}

struct signal {
    pthread_mutex_t mu;
    pthread_cond_t cond;
    bool come;
};

static void *send_signal(void *argument)
{
    struct signal *signal = argument;
    pthread_mutex_lock(&signal->mu);
    signal->come = true;
    pthread_cond_signal(&signal->cond);
    pthread_mutex_unlock(&signal->mu);
    return NULL;
}

static void wait_for_signal(int64_t deadline)
{
    struct signal signal = {.mu = PTHREAD_MUTEX_INITIALIZER, .come = false};
    bool in_time = true;
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(sx_clock_cond_init(&signal.cond), 0);
    pthread_mutex_lock(&signal.mu);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, send_signal, &signal), 0);
    while (!signal.come && in_time)
        in_time = sx_clock_cond_wait(&signal.cond, &signal.mu, deadline);
    pthread_mutex_unlock(&signal.mu);
    pthread_join(thread, NULL);
    pthread_cond_destroy(&signal.cond);
    CU_ASSERT_TRUE(in_time);
}

static void wait_ends_with_a_signal(void)
{
    wait_for_signal(sx_clock_deadline(HOUR));
    wait_for_signal(SX_NEVER);
}

static void what_passed_is_the_longer_time(void)
{
    struct sx_clock_moment moment = sx_clock_moment();
    CU_ASSERT_TRUE(sx_clock_since_us(&moment) >= 0);
    moment.boot_us -= HOUR;
    CU_ASSERT_TRUE(sx_clock_since_us(&moment) >= HOUR);
    moment.wall_us -= 2 * HOUR;
    CU_ASSERT_TRUE(sx_clock_since_us(&moment) >= 2 * HOUR);
    moment.wall_us += 5 * HOUR; /* set back */
    CU_ASSERT_TRUE(sx_clock_since_us(&moment) >= HOUR);
}

CU_TestInfo tests_clock[] = {
    {"time never goes back", never_goes_back},
    {"time is CLOCK_MONOTONIC in microseconds", is_the_monotonic_clock},
    {"what passed since a moment is the longer of two times", what_passed_is_the_longer_time},
    {"a deadline is now plus the microseconds", deadline_is_now_plus_us},
    {"a deadline too far or negative is never", deadline_saturates},
    {"milliseconds for poll are rounded up", poll_rounds_up},
    {"milliseconds for poll stay inside an int", poll_has_bounds},
    {"a wait ends at its deadline, not before", wait_ends_at_the_deadline},
    {"a wait for a time in the past ends at once", wait_for_the_past_ends_at_once},
    {"a wait ends with a signal", wait_ends_with_a_signal},
    CU_TEST_INFO_NULL,
};
