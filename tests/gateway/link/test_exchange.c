/* Each way in which a request can be ended reaches its caller as that, with its outcome. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/suite.h"
#include "pair.h"

extern CU_TestInfo tests_exchange[];

static void expect(const struct pair_end *end, enum gw_end way, enum gw_outcome outcome,
                   const char *condition, const char *text)
{
    CU_ASSERT_EQUAL(end->end, way);
    CU_ASSERT_EQUAL(end->outcome, outcome);
    ASSERT_TEXT(end->condition, condition);
    ASSERT_CONTAINS(end->text, text);
}

static void try_ends(const struct site *site)
{
    struct pair *pair = pair_open(site);
    struct pair_end end = {0};
    pair_ask(pair, "echo", "<n>1</n>", &end);
    expect(&end, GW_END_ANSWER, GW_EXECUTED, "", "");
    CU_ASSERT_EQUAL(end.version, 12);
    ASSERT_CONTAINS(end.envelope, "<n>1</n></b:echo></e:Body></e:Envelope>");
    ASSERT_CONTAINS(end.from, "alice@");
    ASSERT_TEXT(end.operation, "{urn:soapxmpp:bytes}echo");
    ASSERT_TEXT(end.trace, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    pair_ask(pair, "fault", "", &end);
    expect(&end, GW_END_FAULT, GW_EXECUTED, "", "");
    ASSERT_CONTAINS(end.envelope, "on purpose");
    pair_ask(pair, "nothing", "", &end);
    expect(&end, GW_END_EMPTY, GW_EXECUTED, "", "");
    ASSERT_TEXT(end.envelope, "");
    pair_ask(pair, "refuse", "", &end);
    expect(&end, GW_END_REFUSED, GW_UNKNOWN, "internal-server-error", "it may have run");
    pair_ask(pair, "decline", "", &end);
    expect(&end, GW_END_REFUSED, GW_NOT_EXECUTED, "recipient-unavailable", "it hasn't run");
    pair_end_free(&end);
    pair_close(pair);
}

/* Neither ends the link, nor is anything forgotten. */
static void try_limits(const struct site *site)
{
    struct pair *pair = pair_open(site);
    struct pair_end end = {0};
    char *inside = malloc(LARGE_BYTES + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(inside);
    pair_ask(pair, "spoil", "", &end);
    expect(&end, GW_END_REFUSED, GW_UNKNOWN, "internal-server-error", "can't be carried");
    pair_ask(pair, "large", "", &end);
    CU_ASSERT_NOT_EQUAL(end.end, GW_END_ANSWER);
    CU_ASSERT_NOT_EQUAL(end.outcome, GW_NOT_EXECUTED);
    memset(inside, ' ', LARGE_BYTES);
    inside[LARGE_BYTES] = '\0';
    pair_ask(pair, "echo", inside, &end);
    CU_ASSERT_NOT_EQUAL(end.end, GW_END_ANSWER);
    CU_ASSERT_EQUAL(end.outcome, GW_NOT_EXECUTED);
    pair_ask(pair, "echo", "<n>2</n>", &end);
    expect(&end, GW_END_ANSWER, GW_EXECUTED, "", "");
    free(inside);
    pair_end_free(&end);
    pair_close(pair);
}

static void each_way_to_end_a_request_reaches_its_caller(void)
{
    site_each(try_ends);
}

static void what_is_too_large_ends_nothing_else(void)
{
    site_each(try_limits);
}

CU_TestInfo tests_exchange[] = {
    {"each way to end a request reaches its caller", each_way_to_end_a_request_reaches_its_caller},
    {"what is too large, or can't be carried, ends nothing else",
     what_is_too_large_ends_nothing_else},
    CU_TEST_INFO_NULL,
};
