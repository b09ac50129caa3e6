/* Loads: how many calls there are to a JID. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdio.h>

#include "exchange/load.h"

#define ONE "calc@example.org/one"
#define TWO "calc@example.org/two"

static void test_count(void)
{
    struct sx_loads loads = {0};
    struct sx_load *one = sx_load_add(&loads, ONE), *same = sx_load_add(&loads, ONE);
    struct sx_load *two = sx_load_add(&loads, TWO);
    CU_ASSERT_PTR_EQUAL(one, same);
    CU_ASSERT_PTR_NOT_EQUAL(one, two);
    CU_ASSERT_EQUAL(sx_load_count(&loads, ONE), 2);
    CU_ASSERT_EQUAL(sx_load_count(&loads, "Calc@Example.ORG/one"), 2);
    CU_ASSERT_EQUAL(sx_load_count(&loads, TWO), 1);
    CU_ASSERT_EQUAL(sx_load_count(&loads, "calc@example.org"), 0);
    CU_ASSERT_PTR_EQUAL(sx_load_find(&loads, TWO), two);
    sx_load_drop(&loads, one);
    CU_ASSERT_EQUAL(sx_load_count(&loads, ONE), 1);
    sx_load_drop(&loads, same);
    CU_ASSERT_PTR_NULL(sx_load_find(&loads, ONE));
    sx_load_drop(&loads, NULL);
    sx_load_drop(&loads, two);
    CU_ASSERT_PTR_NULL(loads.tree);
}

static bool attempt_add(struct shortage shortage)
{
    struct sx_loads loads = {0};
    struct sx_load *load;
    bool has_failed;
    shortage_begin(shortage);
    load = sx_load_add(&loads, ONE);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(load != NULL, !has_failed);
    CU_ASSERT_EQUAL(sx_load_count(&loads, ONE), has_failed ? 0 : 1);
    sx_load_drop(&loads, load);
    return has_failed;
}
SHORTAGE_TEST(add, 1)

CU_TestInfo tests_load[] = {
    {"calls are counted to the JID, however it is spelt", test_count},
    {"without memory nothing is counted", test_add},
    CU_TEST_INFO_NULL,
};
