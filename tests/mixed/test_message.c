/* Calls by message between versions, and to and from processes that were replaced by one of another
 * version meanwhile.
 */
#include "pair.h"

#include <stdio.h>

#include "../lib/suite.h"

static int post(struct pair *pair, int caller, bool held)
{
    int number = pair_number(pair, caller);
    child_tell(pair->sides[caller].child, "post %d xmpp:%s@%s?message %d %d", number,
               pair->sides[!caller].user, pair->site->domain, PAIR_CALL_S, held);
    return number;
}

static void expect_found(struct pair *pair, int number)
{
    struct party *caller = &pair->sides[pair->calls[number].caller];
    char words[64];
    snprintf(words, sizeof words, "found job %d: %d", number, number);
    child_tell(caller->child, "wait %d", PAIR_CALL_S);
    party_expect(caller, words);
    CU_ASSERT_EQUAL(pair_runs(pair, number), 1);
}

static void post_both_ways(const struct site *site, const char *version)
{
    struct pair pair;
    pair_open(&pair, site, version, "messages", "messages");
    expect_found(&pair, post(&pair, NEWER, false));
    expect_found(&pair, post(&pair, OLDER, false));
    pair_close(&pair);
}

static void two_versions_call_each_other_by_message(void)
{
    pair_each(post_both_ways);
}

/* The party's server has taken what the party has sent, as it brings it a call to itself that came
 * behind. A message that it still held when somebody comes online might be put away just after it
 * has looked for such. */
static void await_server(struct pair *pair, int side)
{
    int number = pair_number(pair, side);
    child_tell(pair->sides[side].child, "call %d %s %d 0 0", number,
               party_endpoint(pair, &pair->sides[side]), PAIR_CALL_S);
    party_expect_number(&pair->sides[side], "end", number);
}

/* Nobody of the caller's account is there when the answer is given: it finds its successor. */
static void replace_caller(struct pair *pair, int side)
{
    struct party *caller = &pair->sides[side], *service = &pair->sides[!side];
    int number = post(pair, side, true);
    party_expect_number(service, "run", number);
    party_stop(caller);
    party_await_gone(pair, caller);
    pair_finish(pair, number);
    party_expect(service, "mailed");
    await_server(pair, !side);
    party_replace(pair, caller, side == NEWER ? pair->version : NULL);
    expect_found(pair, number);
}

static void replace_callers(const struct site *site, const char *version)
{
    pair_each_side(site, version, "messages", replace_caller);
}

static void an_answer_finds_a_caller_that_was_replaced_by_another_version(void)
{
    pair_each(replace_callers);
}

/* The request waits at the server for a service, whichever version that is. */
static void replace_service(struct pair *pair, int side)
{
    struct party *service = &pair->sides[!side];
    int number;
    party_stop(service);
    party_await_gone(pair, service);
    number = post(pair, side, false);
    party_expect_number(&pair->sides[side], "posted", number);
    await_server(pair, side);
    party_replace(pair, service, side == OLDER ? pair->version : NULL);
    expect_found(pair, number);
}

static void replace_services(const struct site *site, const char *version)
{
    pair_each_side(site, version, "messages", replace_service);
}

static void a_request_waits_for_a_service_of_either_version(void)
{
    pair_each(replace_services);
}

CU_TestInfo tests_message[] = {
    {"two versions call each other by message", two_versions_call_each_other_by_message},
    {"an answer finds a caller that was replaced by another version",
     an_answer_finds_a_caller_that_was_replaced_by_another_version},
    {"a request waits for a service of either version",
     a_request_waits_for_a_service_of_either_version},
    CU_TEST_INFO_NULL,
};
