/* What became of the requests for each operation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/statistics.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

static void write_row(void *user, const struct sx_statistics_row *row)
{
    char *text = user;
    size_t len = strlen(text);
    snprintf(text + len, 400 - len, "%s %lu %lu %lld %lld;", row->operation, row->calls,
             row->faults, (long long)row->sum_us, (long long)row->max_us);
}

static void expect_rows(struct sx_statistics *statistics, const char *expected)
{
    char text[400] = "";
    sx_statistics_tell(statistics, write_row, text);
    ASSERT_TEXT(text, expected);
}

static void operations_of_the_wsdl_have_rows(void)
{
    struct sx_statistics *statistics = sx_statistics_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(statistics);
    CU_ASSERT_EQUAL(sx_statistics_begin(statistics, "{urn:c}sub\0{urn:c}add\0"), SX_OK);
    expect_rows(statistics, "");
    sx_statistics_note(statistics, "urn:c", "add", false, 30);
    sx_statistics_note(statistics, "urn:c", "add", true, 50);
    sx_statistics_note(statistics, "urn:c", "add", false, 10);
    sx_statistics_note(statistics, "urn:c", "sub", false, 1);
    /* whatever a caller makes up */
    sx_statistics_note(statistics, "urn:d", "add", true, 7);
    sx_statistics_note(statistics, "", "", false, 8);
    expect_rows(statistics, "* 2 1 15 8;{urn:c}add 3 1 90 50;{urn:c}sub 1 0 1 1;");
    CU_ASSERT_EQUAL(sx_statistics_begin(statistics, ""), SX_OK);
    sx_statistics_note(statistics, "urn:c", "add", false, 30);
    expect_rows(statistics, "* 1 0 30 30;");
    sx_statistics_free(statistics);
}

static void nobody_counts_unless_asked(void)
{
    struct sx_statistics *statistics = sx_statistics_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(statistics);
    sx_statistics_note(statistics, "urn:c", "add", false, 30);
    expect_rows(statistics, "");
    CU_ASSERT_EQUAL(sx_statistics_begin(statistics, "{urn:c}add\0"), SX_OK);
    CU_ASSERT_EQUAL(sx_statistics_begin(statistics, NULL), SX_OK);
    sx_statistics_note(statistics, "urn:c", "add", false, 30);
    expect_rows(statistics, "");
    sx_statistics_free(statistics);
}

static void rows_are_bounded(void)
{
    enum { NAMES = SX_STATISTICS_ROWS + 1 };
    static char names[NAMES * 8 + 1];
    struct sx_statistics *statistics = sx_statistics_new();
    size_t len = 0;
    int i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(statistics);
    for (i = 0; i < NAMES; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "{}n%d", i) + 1;
    names[len] = '\0';
    CU_ASSERT_EQUAL(sx_statistics_begin(statistics, names), SX_OK);
    sx_statistics_note(statistics, "", "n199", false, 1);
    sx_statistics_note(statistics, "", "n200", false, 1);
    expect_rows(statistics, "* 1 0 1 1;{}n199 1 0 1 1;");
    sx_statistics_free(statistics);
}

static bool attempt_begin(struct shortage shortage)
{
    struct sx_statistics *statistics;
    enum sx_err err = SX_ENOMEM;
    bool has_failed;
    shortage_begin(shortage);
    statistics = sx_statistics_new();
    if (statistics)
        err = sx_statistics_begin(statistics, "a\0");
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    if (statistics && has_failed) {
        sx_statistics_note(statistics, "", "a", false, 1);
        expect_rows(statistics, "");
    }
    sx_statistics_free(statistics);
    return has_failed;
}

SHORTAGE_TEST(begin, 3)

CU_TestInfo tests_statistics[] = {
    {"operations of the WSDL have rows", operations_of_the_wsdl_have_rows},
    {"nobody counts unless asked", nobody_counts_unless_asked},
    {"rows are bounded", rows_are_bounded},
    {"short memory is told", test_begin},
    CU_TEST_INFO_NULL,
};
