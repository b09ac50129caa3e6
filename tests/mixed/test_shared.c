/* Processes of different versions that serve together: a component, one that two of them share, an
 * account with two resources.
 */
#include "pair.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "../lib/suite.h"

enum { SMALL = 10, MANY = 16 };

/* ---- a component ---- */

static void call_a_component(const struct site *site, const char *version)
{
    int side, caller;
    for (side = 0; side < SIDES; side++) {
        struct pair pair;
        int number;
        if (!pair_has_turn(site, side))
            continue;
        pair_fill(&pair, site, version, NULL, NULL);
        pair.sides[side].user = NULL;
        pair_begin(&pair);
        for (caller = 0; caller < SIDES; caller++)
            pair_expect_answer(&pair, pair_call(&pair, caller, SMALL, false));
        number = pair_call(&pair, !side, SMALL, true);
        party_expect_number(&pair.sides[side], "run", number);
        (void)proxy_cut_now(pair.sides[side].proxy);
        pair_finish(&pair, number);
        pair_expect_answer(&pair, number);
        pair_close(&pair);
    }
}

static void a_component_of_either_version_calls_and_serves(void)
{
    pair_each(call_a_component);
}

/* ---- a service of two processes, and its callers: a pair each ---- */

struct house {
    struct pair callers, processes;
    char endpoint[300];
};

/* Both pairs write into the callers' ledger, which judges the calls. */
static void house_begin(struct house *house)
{
    memcpy(house->processes.ledger, house->callers.ledger, sizeof house->processes.ledger);
    pair_begin(&house->processes);
    pair_begin(&house->callers);
}

static void house_close(struct house *house)
{
    pair_close(&house->callers);
    pair_close(&house->processes);
}

/* Each caller calls some times; returns the first number, the others follow. */
static int call_many(struct house *house, bool held)
{
    int first = house->callers.count, i;
    for (i = 0; i < MANY; i++)
        (void)pair_call_to(&house->callers, i % SIDES, house->endpoint, SMALL, held);
    return first;
}

static void expect_answers(struct house *house, int first)
{
    int i;
    for (i = 0; i < MANY; i++)
        pair_expect_answer(&house->callers, first + i);
}

static bool runs_in(struct party *process, int number)
{
    char words[32];
    snprintf(words, sizeof words, "run %d", number);
    return child_has(process->child, words);
}

/* Waits until each is held by one of the processes; returns how many are by this one. */
static int await_runs(struct house *house, int first, int side)
{
    struct party *processes = house->processes.sides;
    int waits = PAIR_SOON_MS, i, count = 0;
    for (i = 0; i < MANY; i++) {
        while (!runs_in(&processes[NEWER], first + i) && !runs_in(&processes[OLDER], first + i) &&
               waits-- > 0)
            (void)poll(NULL, 0, 1);
        count += runs_in(&processes[side], first + i);
    }
    CU_ASSERT_TRUE(waits > 0);
    return count;
}

static void finish_many(struct party *process, int first)
{
    int i;
    for (i = 0; i < MANY; i++)
        child_tell(process->child, "finish %d", first + i);
}

/* The server deals the requests out; what runs in a process that is alive is answered, what ran in
 * one that is dead runs nowhere else. */
static void kill_one(struct house *house, int side)
{
    struct party *victim = &house->processes.sides[side];
    struct party *survivor = &house->processes.sides[!side];
    int first = call_many(house, true), here = await_runs(house, first, !side), i, answered = 0;
    CU_ASSERT_TRUE(here > 0 && here < MANY);
    party_kill(victim);
    finish_many(survivor, first);
    for (i = 0; i < MANY; i++)
        answered += strstr(pair_await_end(&house->callers, first + i), "answer") != NULL;
    CU_ASSERT_EQUAL(answered, here);
}

static void share_a_component(const struct site *site, const char *version)
{
    int side;
    for (side = 0; side < SIDES; side++) {
        struct house house;
        if (strcmp(site->label, "ejabberd") != 0)
            continue; /* Prosody has one connection for each component */
        if (side == OLDER && !pair_is_long())
            continue;
        pair_fill(&house.callers, site, version, NULL, NULL);
        pair_fill(&house.processes, site, version, "shared", "shared");
        house.processes.sides[NEWER].user = house.processes.sides[OLDER].user = NULL;
        snprintf(house.endpoint, sizeof house.endpoint, "%s",
                 party_endpoint(&house.processes, &house.processes.sides[NEWER]));
        house_begin(&house);
        expect_answers(&house, call_many(&house, false));
        kill_one(&house, side);
        house_close(&house);
    }
}

static void two_versions_share_a_component(void)
{
    pair_each(share_a_component);
}

/* ---- an account with two resources ---- */

/* Each caller sees the process of that side. */
static void expect_there(struct house *house, const char *word, int side)
{
    char words[300];
    int i;
    snprintf(words, sizeof words, "%s bob@%s/%s", word, house->callers.site->domain,
             house->processes.sides[side].resource);
    for (i = 0; i < SIDES; i++)
        party_expect(&house->callers.sides[i], words);
}

static void roam(const struct site *site, const char *version)
{
    struct house house;
    struct party *processes = house.processes.sides;
    pair_fill(&house.callers, site, version, "presence", "presence");
    house.callers.sides[OLDER].user = "alice";
    house.callers.sides[OLDER].resource = "older";
    pair_fill(&house.processes, site, version, "presence", "presence");
    processes[NEWER].user = "bob";
    processes[NEWER].resource = "newer";
    processes[OLDER].resource = "older";
    snprintf(house.endpoint, sizeof house.endpoint, "xmpp:bob@%s", site->domain);
    house_begin(&house);
    child_tell(house.callers.sides[NEWER].child, "subscribe %s", house.endpoint);
    expect_there(&house, "there", NEWER);
    expect_there(&house, "there", OLDER);
    expect_answers(&house, call_many(&house, false));
    party_stop(&processes[NEWER]);
    expect_answers(&house, call_many(&house, false));
    expect_there(&house, "gone", NEWER);
    /* Both have come before: what they tell now is not waited for, as the next call waits itself.
     */
    party_start(&house.processes, &processes[NEWER]);
    party_await_online(&processes[NEWER]);
    party_stop(&processes[OLDER]);
    expect_answers(&house, call_many(&house, false));
    house_close(&house);
}

static void calls_to_an_account_go_to_whichever_version_is_there(void)
{
    pair_each(roam);
}

CU_TestInfo tests_shared[] = {
    {"a component of either version calls and serves",
     a_component_of_either_version_calls_and_serves},
    {"two versions share a component", two_versions_share_a_component},
    {"calls to an account go to whichever version is there",
     calls_to_an_account_go_to_whichever_version_is_there},
    CU_TEST_INFO_NULL,
};
