/* The policies: who is chosen, and what is remembered. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdio.h>
#include <string.h>

#include "peers/policy.h"

#define BARE  "calc@example.org"
#define COUNT 3

static const char *const all[COUNT] = {BARE "/a", BARE "/b", BARE "/c"};
static const char *const outer[2] = {BARE "/a", BARE "/c"};
static const unsigned idle[COUNT] = {0};

static struct sx_policy *make(enum soap_xmpp_policy policy, unsigned max_contacts)
{
    struct sx_policy *choice = sx_policy_new(policy, max_contacts);
    CU_ASSERT_PTR_NOT_NULL_FATAL(choice);
    return choice;
}

static void test_sticky(void)
{
    struct sx_policy *choice = make(SOAP_XMPP_POLICY_STICKY, 10);
    unsigned i;
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, idle, COUNT, 7), 1); /* 7 of 3 */
    for (i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, idle, COUNT, i), 1);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, outer, idle, 2, 1), 1); /* b has gone */
    for (i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, idle, COUNT, i), 2); /* b is back */
    CU_ASSERT_EQUAL(sx_policy_choose(choice, "x@b", all, idle, COUNT, 0), 0);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, idle, COUNT, 0), 2);
    sx_policy_free(choice);
}

static void test_round_robin(void)
{
    struct sx_policy *choice = make(SOAP_XMPP_POLICY_ROUND_ROBIN, 10);
    unsigned i;
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, idle, COUNT, 5), 2);
    for (i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, idle, COUNT, 5), i % 3);
    /* The last one was a. */
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, idle, COUNT, 5), 1);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, outer, idle, 2, 5), 1); /* b's turn was over */
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, outer, idle, 2, 5), 0);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, outer + 1, idle, 1, 5), 0);
    sx_policy_free(choice);
}

static void test_least_outstanding(void)
{
    struct sx_policy *choice = make(SOAP_XMPP_POLICY_LEAST_OUTSTANDING, 10);
    static const unsigned first[COUNT] = {0, 3, 2}, second[COUNT] = {3, 3, 2},
                          third[COUNT] = {2, 4, 2};
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, first, COUNT, 1), 0);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, second, COUNT, 1), 2);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, third, COUNT, 1), 0); /* c had its turn */
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, third, COUNT, 1), 2);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, idle, COUNT, 1), 0);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, idle, COUNT, 1), 1);
    sx_policy_free(choice);
}

static void test_memory_is_bounded(void)
{
    struct sx_policy *choice = make(SOAP_XMPP_POLICY_STICKY, 2);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, "a@b", all, idle, COUNT, 1), 1);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, "b@b", all, idle, COUNT, 1), 1);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, "a@b", all, idle, COUNT, 0), 1);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, "c@b", all, idle, COUNT, 1), 1);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, "a@b", all, idle, COUNT, 0), 1);
    CU_ASSERT_EQUAL(sx_policy_choose(choice, "b@b", all, idle, COUNT, 0), 0); /* forgotten */
    sx_policy_free(choice);
}

static bool attempt_choose(struct shortage shortage)
{
    struct sx_policy *choice;
    unsigned chosen = 1;
    bool has_failed;
    shortage_begin(shortage);
    choice = sx_policy_new(SOAP_XMPP_POLICY_STICKY, 2);
    if (choice)
        chosen = sx_policy_choose(choice, BARE, all, idle, COUNT, 1);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(chosen, 1);
    if (choice) /* remembered or not */
        CU_ASSERT_EQUAL(sx_policy_choose(choice, BARE, all, idle, COUNT, 0), has_failed ? 0 : 1);
    sx_policy_free(choice);
    return has_failed;
}
SHORTAGE_TEST(choose, 3)

CU_TestInfo tests_policy[] = {
    {"sticky: the last one as long as it is there, then any", test_sticky},
    {"round robin: the next one by name, whoever has come and gone", test_round_robin},
    {"least outstanding: the fewest calls, and turns where they are equal", test_least_outstanding},
    {"what was chosen is remembered for so many contacts", test_memory_is_bounded},
    {"without memory somebody is chosen, and not remembered", test_choose},
    CU_TEST_INFO_NULL,
};
