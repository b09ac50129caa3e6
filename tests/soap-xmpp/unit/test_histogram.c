/* Percentiles out of cells. */
#include "histogram.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_histogram[];

static struct histogram times; /* too large for a stack */

static void begin(void)
{
    static const struct histogram empty;
    times = empty;
}

/* Within a cell: 1.6 percent. */
static void check_percentile(double percent, double ms)
{
    double found = histogram_percentile_ms(&times, percent);
    CU_ASSERT(found >= ms * 0.999 && found <= ms * 1.017);
}

static void test_percentiles(void)
{
    unsigned long long us;
    begin();
    for (us = 1; us <= 100000; us++)
        histogram_add(&times, us);
    check_percentile(50, 50);
    check_percentile(90, 90);
    check_percentile(99, 99);
    check_percentile(0.001, 0.001);
    CU_ASSERT_EQUAL(histogram_percentile_ms(&times, 100), 100);
    CU_ASSERT_DOUBLE_EQUAL(histogram_mean_ms(&times), 50.0005, 1e-9);
    CU_ASSERT_EQUAL(times.least_us, 1);
    CU_ASSERT_EQUAL(times.most_us, 100000);
}

static void test_rows_come_to_the_count(void)
{
    unsigned long sum = 0;
    unsigned octave;
    unsigned long long us;
    begin();
    for (us = 1; us < 1ULL << 43; us = us * 3 + 1)
        histogram_add(&times, us);
    for (octave = 0; octave < 44; octave++)
        sum += histogram_between(&times, 1ULL << octave, 2ULL << octave);
    CU_ASSERT_EQUAL(sum, times.count);
    begin();
    histogram_add(&times, 1023);
    histogram_add(&times, 1024);
    histogram_add(&times, 2047);
    histogram_add(&times, 2048);
    CU_ASSERT_EQUAL(histogram_between(&times, 1024, 2048), 2);
}

static void test_none_one_and_the_longest(void)
{
    begin();
    CU_ASSERT_EQUAL(histogram_percentile_ms(&times, 50), 0);
    CU_ASSERT_EQUAL(histogram_mean_ms(&times), 0);
    histogram_add(&times, 0);
    CU_ASSERT_EQUAL(histogram_percentile_ms(&times, 99), 0);
    histogram_add(&times, ~0ULL);
    CU_ASSERT_EQUAL(times.most_us, ~0ULL);
    CU_ASSERT(histogram_percentile_ms(&times, 100) > 0);
}

CU_TestInfo tests_histogram[] = {
    {"percentiles are right within a cell", test_percentiles},
    {"its rows come to the count", test_rows_come_to_the_count},
    {"none, one, and the longest", test_none_one_and_the_longest},
    CU_TEST_INFO_NULL,
};
