/* Tests of gateway/route/outcome.c: the table of statuses, row by row. */
#include "../../lib/suite.h"
#include "route/outcome.h"

static const struct {
    enum gw_end end;
    enum gw_outcome outcome;
    const char *condition;
    int status;
    bool is_sender, may_retry;
} rows[] = {
    {GW_END_ANSWER, GW_EXECUTED, "", 200, false, false},
    {GW_END_FAULT, GW_EXECUTED, "", 500, false, false},
    {GW_END_EMPTY, GW_EXECUTED, "", 202, false, false},
    {GW_END_EMPTY, GW_UNKNOWN, "", 202, false, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "bad-request", 400, true, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "forbidden", 403, true, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "not-allowed", 403, true, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "not-authorized", 403, true, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "registration-required", 403, true, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "subscription-required", 403, true, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "item-not-found", 404, true, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "policy-violation", 413, true, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "not-acceptable", 413, true, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "resource-constraint", 503, false, true},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "service-unavailable", 502, false, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "recipient-unavailable", 502, false, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "remote-server-not-found", 502, false, false},
    {GW_END_REFUSED, GW_NOT_EXECUTED, "gone", 502, false, false},
    {GW_END_REFUSED, GW_UNKNOWN, "internal-server-error", 502, false, false},
    {GW_END_REFUSED, GW_UNKNOWN, "", 502, false, false},
    {GW_END_REFUSED, GW_UNKNOWN, "something-new", 502, false, false},
    {GW_END_REFUSED, GW_UNKNOWN, "remote-server-timeout", 504, false, false},
    {GW_END_TIMEOUT, GW_UNKNOWN, "", 504, false, false},
    {GW_END_TIMEOUT, GW_NOT_EXECUTED, "", 504, false, false},
    {GW_END_LOST, GW_UNKNOWN, "", 502, false, false},
    {GW_END_LOST, GW_NOT_EXECUTED, "", 503, false, true},
    {GW_END_STOPPED, GW_UNKNOWN, "", 502, false, false},
    {GW_END_STOPPED, GW_NOT_EXECUTED, "", 503, false, true},
    {GW_END_BAD, GW_EXECUTED, "", 502, false, false},
    {GW_END_BAD, GW_UNKNOWN, "", 502, false, false},
    {GW_END_BAD, GW_NOT_EXECUTED, "", 413, true, false},
};

static void test_each_end_and_condition_has_its_status(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct gw_outcome_row row =
            gw_outcome_of_end(rows[i].end, rows[i].outcome, rows[i].condition);
        CU_ASSERT_EQUAL(row.status, rows[i].status);
        CU_ASSERT_EQUAL(row.is_sender, rows[i].is_sender);
        CU_ASSERT_EQUAL(row.may_retry, rows[i].may_retry);
    }
}

static void test_a_call_that_was_not_begun_has_the_status_of_its_condition(void)
{
    CU_ASSERT_EQUAL(gw_outcome_of_refusal("policy-violation").status, 413);
    CU_ASSERT_EQUAL(gw_outcome_of_refusal("resource-constraint").status, 503);
    CU_ASSERT_TRUE(gw_outcome_of_refusal("resource-constraint").may_retry);
    CU_ASSERT_EQUAL(gw_outcome_of_refusal("bad-request").status, 400);
    CU_ASSERT_EQUAL(gw_outcome_of_refusal("").status, 502);
}

static void test_faults_have_the_status_of_their_binding(void)
{
    CU_ASSERT_EQUAL(gw_outcome_of_fault(11, GW_FAULT_SENDER, 0), 500);
    CU_ASSERT_EQUAL(gw_outcome_of_fault(11, GW_FAULT_RECEIVER, 0), 500);
    CU_ASSERT_EQUAL(gw_outcome_of_fault(12, GW_FAULT_SENDER, 0), 400);
    CU_ASSERT_EQUAL(gw_outcome_of_fault(12, GW_FAULT_RECEIVER, 0), 500);
    CU_ASSERT_EQUAL(gw_outcome_of_fault(12, GW_FAULT_OTHER, 0), 500);
    CU_ASSERT_EQUAL(gw_outcome_of_fault(12, GW_FAULT_SENDER, 500), 500);
    CU_ASSERT_EQUAL(gw_outcome_of_fault(11, GW_FAULT_OTHER, 200), 200);
}

static void test_what_http_refused_blames_by_its_status(void)
{
    CU_ASSERT_TRUE(gw_outcome_of_status(413).is_sender);
    CU_ASSERT_FALSE(gw_outcome_of_status(413).may_retry);
    CU_ASSERT_FALSE(gw_outcome_of_status(503).is_sender);
    CU_ASSERT_TRUE(gw_outcome_of_status(503).may_retry);
    ASSERT_TEXT(gw_outcome_condition(401), "not-authorized");
    ASSERT_TEXT(gw_outcome_condition(413), "policy-violation");
    ASSERT_TEXT(gw_outcome_condition(503), "resource-constraint");
    ASSERT_TEXT(gw_outcome_condition(400), "bad-request");
}

CU_TestInfo gateway_tests_outcome[] = {
    {"each end and condition has its status", test_each_end_and_condition_has_its_status},
    {"a call that wasn't begun has the status of its condition",
     test_a_call_that_was_not_begun_has_the_status_of_its_condition},
    {"faults have the status of their binding", test_faults_have_the_status_of_their_binding},
    {"what HTTP refused blames by its status", test_what_http_refused_blames_by_its_status},
    CU_TEST_INFO_NULL,
};
