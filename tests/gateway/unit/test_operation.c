/* Operations are counted by name, a bounded number of them. */
#include <stdio.h>
#include <string.h>

#include "../../lib/suite.h"
#include "base/operation.h"

static struct gw_operation last, wanted;
static size_t seen;

static void look(void *user, const struct gw_operation *operation)
{
    const char *name = user;
    seen++;
    last = *operation;
    if (strcmp(operation->name, name) == 0)
        wanted = *operation;
}

static size_t find(char *name)
{
    seen = 0;
    memset(&wanted, 0, sizeof wanted);
    gw_operation_each(look, name);
    return seen;
}

static void nothing_is_counted_unless_it_is_wanted(void)
{
    gw_operation_switch(false);
    gw_operation_count(true, "/quiet", "quiet", "executed");
    find("quiet");
    CU_ASSERT_STRING_EQUAL(wanted.name, "");
}

static void each_outcome_is_counted(void)
{
    gw_operation_switch(true);
    gw_operation_count(true, "/calc", "add", "executed");
    gw_operation_count(true, "/calc", "add", "unknown");
    gw_operation_count(true, "/calc", "add", "not-executed");
    gw_operation_count(true, "/calc", "add", "executed");
    gw_operation_count(true, "/calc", "", "executed");
    find("add");
    CU_ASSERT_STRING_EQUAL(wanted.route, "/calc");
    CU_ASSERT(wanted.is_from_http);
    CU_ASSERT_EQUAL(wanted.executed, 2);
    CU_ASSERT_EQUAL(wanted.not_executed, 1);
    CU_ASSERT_EQUAL(wanted.unknown, 1);
}

static void a_peer_can_make_a_bounded_number(void)
{
    char name[300];
    gw_operation_switch(true);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "made-up-%d", i);
        gw_operation_count(false, "bob@example.org", name, "executed");
    }
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    gw_operation_count(false, "bob@example.org", name, "executed");
    CU_ASSERT_EQUAL(find("other"), GW_OPERATIONS + 1);
    CU_ASSERT_STRING_EQUAL(last.name, "other");
    CU_ASSERT(wanted.executed >= 1000 - GW_OPERATIONS + 1);
}

extern CU_TestInfo gateway_tests_operation[];
CU_TestInfo gateway_tests_operation[] = {
    {"nothing is counted unless it is wanted", nothing_is_counted_unless_it_is_wanted},
    {"each outcome is counted", each_outcome_is_counted},
    {"a peer can make a bounded number of series", a_peer_can_make_a_bounded_number},
    CU_TEST_INFO_NULL,
};
