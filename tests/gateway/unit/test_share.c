/* How many calls may be under way, all together and to one endpoint. */
#include <string.h>

#include "route/share.h"
#include "suite.h"

static struct gw_share share;

/* How many of so many may begin; the others leave at once. */
static unsigned enter(unsigned slot, unsigned count, unsigned most)
{
    unsigned entered = 0;
    for (unsigned i = 0; i < count; i++) {
        if (gw_share_enter(&share, slot, most))
            entered++;
        else
            gw_share_leave(&share, slot);
    }
    return entered;
}

static void one_endpoint_has_the_limit_and_no_more(void)
{
    gw_share_init(&share);
    CU_ASSERT_EQUAL(enter(1, 2000, 1000), 1000);
    gw_share_leave(&share, 1);
    CU_ASSERT_EQUAL(enter(1, 2, 1000), 1);
}

static void others_are_called_beside_one_that_has_filled_it(void)
{
    gw_share_init(&share);
    CU_ASSERT_EQUAL(enter(1, 1000, 1000), 1000);
    CU_ASSERT_EQUAL(enter(2, 100, 1000), 16);
    CU_ASSERT_EQUAL(enter(3, 100, 1000), 16);
    CU_ASSERT_EQUAL(enter(1, 1, 1000), 0);
    for (int i = 0; i < 10000; i++) {
        CU_ASSERT_TRUE(gw_share_enter(&share, 4, 1000));
        gw_share_leave(&share, 4);
    }
}

static void all_together_have_an_eighth_more(void)
{
    unsigned entered = 0;
    gw_share_init(&share);
    for (unsigned slot = 0; slot < GW_SHARE_SLOTS; slot++)
        entered += enter(slot, 1, 1000);
    CU_ASSERT_EQUAL(entered, 1125);
}

static void a_small_limit_has_one_for_others(void)
{
    gw_share_init(&share);
    CU_ASSERT_EQUAL(enter(1, 3, 1), 1);
    CU_ASSERT_EQUAL(enter(2, 3, 1), 1);
    CU_ASSERT_EQUAL(enter(3, 3, 1), 0);
}

static void an_endpoint_is_a_route_and_its_names(void)
{
    struct gw_route_config one = {.to = "xmpp:{a}@x.test"}, other = {.to = "xmpp:{a}@y.test"};
    struct gw_match first = {.count = 1}, second = {.count = 1};
    strcpy(first.values[0], "cam1");
    strcpy(second.values[0], "cam2");
    CU_ASSERT_EQUAL(gw_share_slot(&one, &first), gw_share_slot(&one, &first));
    CU_ASSERT_NOT_EQUAL(gw_share_slot(&one, &first), gw_share_slot(&one, &second));
    CU_ASSERT_NOT_EQUAL(gw_share_slot(&one, &first), gw_share_slot(&other, &first));
}

CU_TestInfo gateway_tests_share[] = {
    {"one endpoint has the limit and no more", one_endpoint_has_the_limit_and_no_more},
    {"others are called beside one that has filled it",
     others_are_called_beside_one_that_has_filled_it},
    {"all together have an eighth more", all_together_have_an_eighth_more},
    {"a small limit has one for others", a_small_limit_has_one_for_others},
    {"an endpoint is a route and its names", an_endpoint_is_a_route_and_its_names},
    CU_TEST_INFO_NULL,
};
