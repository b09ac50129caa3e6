/* random.c: bytes that differ. */
#include "base/random.h"

#include <string.h>

#include "../../lib/suite.h"

static void every_byte_is_filled(void)
{
    unsigned char bytes[SX_RANDOM_MOST_BYTES], seen[SX_RANDOM_MOST_BYTES] = {0};
    unsigned round;
    size_t i, left = 0;
    for (round = 0; round < 32; round++) {
        CU_ASSERT_TRUE_FATAL(sx_random_fill(bytes, sizeof bytes));
        for (i = 0; i < sizeof bytes; i++)
            seen[i] |= bytes[i];
    }
    for (i = 0; i < sizeof seen; i++)
        left += seen[i] == 0;
    CU_ASSERT_EQUAL(left, 0);
}

static void numbers_differ(void)
{
    CU_ASSERT_NOT_EQUAL(sx_random_number(), sx_random_number());
}

CU_TestInfo tests_random[] = {
    {"every byte is filled", every_byte_is_filled},
    {"numbers differ", numbers_differ},
    CU_TEST_INFO_NULL,
};
