/* pair.c - see pair.h.
 *
 * Invariant: a party's proxy lives as long as the pair, whatever becomes of its process.
 */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "../lib/suite.h"

enum { MOST_ARGUMENTS = 6 + PAIR_OPTIONS + 1, LATE_MS = 10000, LOOK_MS = 500 };

/* "0.1.0-45ffffb 0.2.0-1234567": mk/tests.mk */
static const char older_versions[] = OLDER_VERSIONS;

static void (*each_run)(const struct site *site, const char *version);

static void run_versions(const struct site *site)
{
    char versions[] = OLDER_VERSIONS, *version, *rest = versions;
    while ((version = strtok_r(rest, " ", &rest)))
        each_run(site, version);
}

void pair_each(void (*run)(const struct site *site, const char *version))
{
    CU_ASSERT_FATAL(sizeof older_versions > 1);
    each_run = run;
    site_each(run_versions);
}

void pair_each_fragile(void (*run)(const struct site *site, const char *version))
{
    CU_ASSERT_FATAL(sizeof older_versions > 1);
    each_run = run;
    site_each_fragile(run_versions);
}

bool pair_is_long(void)
{
    return getenv("MIXED_LONG") != NULL;
}

bool pair_has_turn(const struct site *site, int side)
{
    bool is_prosody = strcmp(site->label, "prosody") == 0 || strcmp(site->label, "fragile") == 0;
    return pair_is_long() || is_prosody == (side == NEWER);
}

/* ---- parties ---- */

void party_set_version(struct party *party, const char *version)
{
    snprintf(party->program, sizeof party->program, "peer%s%s", version ? "-" : "",
             version ? version : "");
}

void party_start(struct pair *pair, struct party *party)
{
    const char *argv[MOST_ARGUMENTS] = {party->program, pair->ledger};
    struct site_account account;
    char port[16];
    int i;
    if (party->user)
        site_account(pair->site, party->user, party->resource, &account);
    else
        site_component(pair->site, &account);
    snprintf(port, sizeof port, "%d", proxy_port(party->proxy));
    argv[2] = account.jid;
    argv[3] = account.password;
    argv[4] = port;
    argv[5] = pair->site->ca_file;
    for (i = 0; i < PAIR_OPTIONS && party->options[i]; i++)
        argv[6 + i] = party->options[i];
    party->child = child_start(party->program, argv);
    CU_ASSERT_PTR_NOT_NULL_FATAL(party->child);
}

void party_expect(struct party *party, const char *words)
{
    CU_ASSERT_PTR_NOT_NULL(child_await(party->child, words, PAIR_SOON_MS));
}

void party_expect_number(struct party *party, const char *event, int number)
{
    char words[64];
    snprintf(words, sizeof words, "%s %d", event, number);
    party_expect(party, words);
}

void party_await_online(struct party *party)
{
    party_expect(party, "online");
}

void party_replace(struct pair *pair, struct party *party, const char *version)
{
    party_set_version(party, version);
    party_start(pair, party);
    party_await_online(party);
}

void party_stop(struct party *party)
{
    CU_ASSERT_EQUAL(child_stop(party->child), 0);
    party->child = NULL;
}

void party_kill(struct party *party)
{
    child_kill(party->child);
    CU_ASSERT_EQUAL(child_stop(party->child), 128 + 9);
    party->child = NULL;
}

const char *party_endpoint(const struct pair *pair, const struct party *party)
{
    static char component[256];
    struct site_account account;
    if (!party->user) {
        site_component(pair->site, &account);
        snprintf(component, sizeof component, "xmpp:%.200s", account.jid);
        return component;
    }
    return site_endpoint(pair->site, party->user, party->resource);
}

void party_await_gone(const struct pair *pair, const struct party *party)
{
    struct soap_xmpp_link *link = site_open(pair->site, "alice", "mourner");
    int64_t deadline = sx_clock_deadline((int64_t)PAIR_SOON_MS * 1000);
    char why[400] = "";
    while (link && !strstr(why, "service-unavailable") && sx_clock_now_us() < deadline)
        CU_ASSERT_EQUAL(soap_xmpp_discover(link, party_endpoint(pair, party), SOAP_XMPP_FEATURE,
                                           LOOK_MS, why, sizeof why),
                        -1);
    ASSERT_CONTAINS(why, "service-unavailable");
    soap_xmpp_close(link);
}

/* ---- the pair ---- */

static void fill(struct pair *pair, int side, const char *user, const char *option)
{
    struct party *party = &pair->sides[side];
    party_set_version(party, side == OLDER ? pair->version : NULL);
    party->user = user;
    party->resource = "mixed";
    party->options[0] = option;
}

void pair_fill(struct pair *pair, const struct site *site, const char *version,
               const char *newer_option, const char *older_option)
{
    static int number;
    *pair = (struct pair){.site = site, .version = version};
    snprintf(pair->ledger, sizeof pair->ledger, "%s/mixed%d-%d", site->folder, (int)getpid(),
             ++number);
    fill(pair, NEWER, "alice", newer_option);
    fill(pair, OLDER, "bob", older_option);
}

void pair_begin(struct pair *pair)
{
    int i;
    for (i = 0; i < SIDES; i++) {
        struct party *party = &pair->sides[i];
        party->proxy =
            proxy_start(party->user ? pair->site->port : pair->site->component_port, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(party->proxy);
        party_start(pair, party);
    }
    for (i = 0; i < SIDES; i++)
        party_await_online(&pair->sides[i]);
}

void pair_open(struct pair *pair, const struct site *site, const char *version,
               const char *newer_option, const char *older_option)
{
    pair_fill(pair, site, version, newer_option, older_option);
    pair_begin(pair);
}

static void judge(struct pair *pair, int number)
{
    int runs = pair_runs(pair, number);
    char how[8] = "", outcome[16] = "";
    CU_ASSERT_TRUE(runs <= 1);
    if (pair->calls[number].is_orphan)
        return;
    CU_ASSERT_EQUAL(sscanf(pair_await_end(pair, number), "%7s %15s", how, outcome), 2);
    if (strcmp(how, "answer") == 0)
        ASSERT_TEXT(outcome, "executed");
    if (strcmp(outcome, "executed") == 0)
        CU_ASSERT_EQUAL(runs, 1);
    if (strcmp(outcome, "not-executed") == 0)
        CU_ASSERT_EQUAL(runs, 0);
}

void pair_close(struct pair *pair)
{
    int i;
    for (i = 0; i < pair->count; i++)
        judge(pair, i);
    for (i = 0; i < SIDES; i++) {
        if (pair->sides[i].child)
            party_stop(&pair->sides[i]);
        proxy_stop(pair->sides[i].proxy);
    }
    unlink(pair->ledger);
}

void pair_each_side(const struct site *site, const char *version, const char *option,
                    void (*run)(struct pair *pair, int side))
{
    int side;
    for (side = 0; side < SIDES; side++) {
        struct pair pair;
        if (!pair_has_turn(site, side))
            continue;
        pair_open(&pair, site, version, option, option);
        run(&pair, side);
        pair_close(&pair);
    }
}

/* ---- the ledger ---- */

void pair_count_runs(const struct pair *pair, int first, int count, unsigned char *runs)
{
    FILE *file = fopen(pair->ledger, "r");
    int number;
    memset(runs, 0, (size_t)count);
    while (file && fscanf(file, "%d", &number) == 1)
        if (number >= first && number < first + count && runs[number - first] < 255)
            runs[number - first]++;
    if (file)
        fclose(file);
}

int pair_runs(const struct pair *pair, int number)
{
    unsigned char runs;
    pair_count_runs(pair, number, 1, &runs);
    return runs;
}

/* ---- calls ---- */

static int next_number(struct pair *pair, int caller)
{
    CU_ASSERT_TRUE_FATAL(pair->count < PAIR_MOST_CALLS);
    pair->calls[pair->count] = (struct pair_call){.caller = caller};
    return pair->count++;
}

int pair_number(struct pair *pair, int caller)
{
    int number = next_number(pair, caller);
    pair->calls[number].is_orphan = true;
    return number;
}

int pair_call_to(struct pair *pair, int caller, const char *endpoint, int size, bool held)
{
    int number = next_number(pair, caller);
    child_tell(pair->sides[caller].child, "call %d %s %d %d %d", number, endpoint, PAIR_CALL_S,
               size, held);
    return number;
}

int pair_call(struct pair *pair, int caller, int size, bool held)
{
    return pair_call_to(pair, caller, party_endpoint(pair, &pair->sides[!caller]), size, held);
}

int pair_order(struct pair *pair, int caller, const char *verb)
{
    int number = next_number(pair, caller);
    child_tell(pair->sides[caller].child, "%s %d %s %d", verb, number,
               party_endpoint(pair, &pair->sides[!caller]), PAIR_CALL_S);
    return number;
}

void pair_finish(struct pair *pair, int number)
{
    child_tell(pair->sides[!pair->calls[number].caller].child, "finish %d", number);
}

const char *pair_await_end(struct pair *pair, int number)
{
    const struct pair_call *call = &pair->calls[number];
    char words[32];
    const char *end;
    snprintf(words, sizeof words, "end %d", number);
    /* Its deadline holds for its connection and for its answer, as in gSOAP. */
    end = child_await(pair->sides[call->caller].child, words, 2 * PAIR_CALL_S * 1000 + LATE_MS);
    CU_ASSERT_PTR_NOT_NULL(end);
    return end ? end + strlen(words) + 1 : "";
}

void pair_expect_answer(struct pair *pair, int number)
{
    ASSERT_CONTAINS(pair_await_end(pair, number), "answer executed");
    CU_ASSERT_EQUAL(pair_runs(pair, number), 1);
}

void pair_orphan(struct pair *pair, int caller)
{
    int i;
    for (i = 0; i < pair->count; i++)
        pair->calls[i].is_orphan |= pair->calls[i].caller == caller;
}
