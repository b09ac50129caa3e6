/* Times of day as XMPP writes them: what is read, and what isn't. */
#include "../../lib/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "wire/timestamp.h"

static void expect(const char *text, int64_t us)
{
    int64_t read_us = -1;
    CU_ASSERT_TRUE(sx_timestamp_parse(text, &read_us));
    if (read_us != us)
        fprintf(stderr, "%s: %" PRId64 " instead of %" PRId64 "\n", text, read_us, us);
    CU_ASSERT_EQUAL(read_us, us);
}

#define S INT64_C(1000000)

static void stamps_are_read(void)
{
    expect("1970-01-01T00:00:00Z", 0);
    expect("2002-09-10T23:08:25Z", 1031699305 * S);
    expect("2002-09-10T23:08:25.5Z", 1031699305 * S + 500000);
    expect("2026-11-26T01:03:11.566603Z", 1795654991 * S + 566603);
    expect("2026-11-26T01:03:11.5666031239Z", 1795654991 * S + 566603);
}

static void offsets_count(void)
{
    expect("1970-01-01T01:30:00+01:30", 0);
    expect("2000-03-01T00:00:00+00:00", 951868800 * S);
    expect("2000-02-29T23:59:60Z", 951868800 * S);
}

static void calendars_are_known(void)
{
    int64_t us;
    expect("2024-02-29T00:00:00Z", 1709164800 * S);
    expect("2100-03-01T00:00:00Z", INT64_C(4107542400) * S);
    expect("9999-12-31T23:59:59Z", INT64_C(253402300799) * S);
    CU_ASSERT_FALSE(sx_timestamp_parse("2023-02-29T00:00:00Z", &us));
    CU_ASSERT_FALSE(sx_timestamp_parse("2100-02-29T00:00:00Z", &us));
    CU_ASSERT_FALSE(sx_timestamp_parse("2024-04-31T00:00:00Z", &us));
}

static void all_else_is_refused(void)
{
    static const char *const texts[] = {"",
                                        "2",
                                        "20260101T00:00:00",
                                        "2026-01-01",
                                        "2026-01-01T00:00:00",
                                        "2026-01-01 00:00:00Z",
                                        "2026-01-01T00:00Z",
                                        "2026-1-01T00:00:00Z",
                                        "2026-00-01T00:00:00Z",
                                        "2026-13-01T00:00:00Z",
                                        "2026-01-00T00:00:00Z",
                                        "2026-01-32T00:00:00Z",
                                        "2026-01-01T24:00:00Z",
                                        "2026-01-01T00:60:00Z",
                                        "2026-01-01T00:00:61Z",
                                        "2026-01-01T00:00:00.Z",
                                        "2026-01-01T00:00:00,5Z",
                                        "2026-01-01T00:00:00z",
                                        "2026-01-01T00:00:00Zx",
                                        "2026-01-01T00:00:00+1:00",
                                        "2026-01-01T00:00:00+01:00Z",
                                        "2026-01-01T00:00:00+24:00",
                                        "2026-01-01T00:00:00+01:60",
                                        "2026-01-01T00:00:00 Z",
                                        " 2026-01-01T00:00:00Z",
                                        "+026-01-01T00:00:00Z",
                                        "-2026-01-01T00:00:00Z",
                                        "12026-01-01T00:00:00Z",
                                        "1969-12-31T23:59:59Z"};
    size_t i;
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t us = 42;
        if (sx_timestamp_parse(texts[i], &us))
            CU_FAIL("read");
        CU_ASSERT_EQUAL(us, 42);
    }
}

static void what_is_written_is_read(void)
{
    char text[SX_TIMESTAMP_BYTES];
    int64_t now_us = sx_timestamp_now_us(), us;
    sx_timestamp_write(now_us, text);
    CU_ASSERT_TRUE(sx_timestamp_parse(text, &us));
    CU_ASSERT_EQUAL(us, now_us - now_us % S);
}

CU_TestInfo tests_timestamp[] = {
    {"stamps are read, with their fractions", stamps_are_read},
    {"offsets count", offsets_count},
    {"days that don't exist are none", calendars_are_known},
    {"all else is refused, and nothing written", all_else_is_refused},
    {"what is written is read", what_is_written_is_read},
    CU_TEST_INFO_NULL,
};
