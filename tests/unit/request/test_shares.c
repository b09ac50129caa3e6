/* What one caller can cost the others in the journal: whose answers are forgotten, whose ids go
 * stale, who is refused. Time is given; nothing here waits.
 */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/journal.h"
#include "../response_fixture.h"

enum { PLACES = 160, FEW = 8, FLOOD = 20000, BYTES = 1 << 20 };

#define ALICE   "alice@example.org/desk"
#define MALLORY "mallory@example.org/x"
#define TRENT   "trent@example.net/y"

static const int64_t NOW_US = 1000000;
static const int64_t EPOCH_US = (int64_t)SX_JOURNAL_EPOCH_S * 1000000;

struct id {
    char text[100];
};

static struct sx_journal *make(unsigned max_entries, size_t max_bytes)
{
    struct sx_journal *journal = sx_journal_new(max_entries, max_bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal);
    return journal;
}

static struct id make_id(struct sx_journal *journal, int number, int64_t now_us)
{
    char incarnation[SX_INCARNATION_BYTES];
    struct id id;
    sx_journal_incarnation(journal, now_us, incarnation);
    snprintf(id.text, sizeof id.text, "%d" SX_REQUEST_ID_MARK "%s", number, incarnation);
    return id;
}

static enum sx_journal_verdict enter(struct sx_journal *journal, const char *from, const char *id)
{
    struct sx_response *answer = NULL;
    enum sx_journal_verdict verdict = sx_journal_enter(journal, from, id, NOW_US, &answer);
    sx_response_unref(answer);
    return verdict;
}

static void answer(struct sx_journal *journal, const char *from, const char *id, const char *text)
{
    response_remember(journal, from, id, text, NOW_US);
}

static struct sx_journal_counts count(struct sx_journal *journal)
{
    struct sx_journal_counts counts;
    sx_journal_count(journal, &counts);
    return counts;
}

/* A few requests of an honest caller, answered. */
static struct id ids[FEW];

static void run_few(struct sx_journal *journal)
{
    int i;
    for (i = 0; i < FEW; i++) {
        ids[i] = make_id(journal, i, NOW_US);
        CU_ASSERT_EQUAL(enter(journal, ALICE, ids[i].text), SX_JOURNAL_FRESH);
        answer(journal, ALICE, ids[i].text, "<iq/>");
    }
}

static void few_are_there(struct sx_journal *journal)
{
    int i;
    for (i = 0; i < FEW; i++)
        CU_ASSERT_EQUAL(enter(journal, ALICE, ids[i].text), SX_JOURNAL_ANSWERED);
}

/* So many requests of one caller, each let in at once or, as stale, under its next id. */
static void flood(struct sx_journal *journal, const char *from, int requests, const char *text)
{
    int i;
    for (i = 0; i < requests; i++) {
        struct id id = make_id(journal, i, NOW_US);
        enum sx_journal_verdict verdict = enter(journal, from, id.text);
        if (verdict == SX_JOURNAL_STALE) {
            id = make_id(journal, i, NOW_US);
            verdict = enter(journal, from, id.text);
        }
        CU_ASSERT_EQUAL(verdict, SX_JOURNAL_FRESH);
        answer(journal, from, id.text, text);
        CU_ASSERT_TRUE(count(journal).entries <= PLACES && count(journal).bytes <= BYTES);
    }
}

static void what_is_refused_costs_nobody_anything(void)
{
    struct sx_journal *journal = make(PLACES, BYTES);
    char before[SX_INCARNATION_BYTES], incarnation[SX_INCARNATION_BYTES];
    int i;
    run_few(journal);
    sx_journal_incarnation(journal, NOW_US, before);
    for (i = 0; i < FLOOD; i++) {
        struct id id = make_id(journal, i, NOW_US);
        CU_ASSERT_EQUAL(enter(journal, MALLORY, id.text), SX_JOURNAL_FRESH);
        sx_journal_forget(journal, MALLORY, id.text);
    }
    sx_journal_incarnation(journal, NOW_US, incarnation);
    ASSERT_TEXT(incarnation, before);
    CU_ASSERT_EQUAL(count(journal).entries, FEW);
    few_are_there(journal);
    sx_journal_free(journal);
}

static void who_floods_forgets_its_own(void)
{
    struct sx_journal *journal = make(PLACES, BYTES);
    run_few(journal);
    flood(journal, MALLORY, FLOOD, "<iq/>");
    CU_ASSERT_TRUE(count(journal).entries > PLACES / 4);
    CU_ASSERT_TRUE(count(journal).entries <= FEW + PLACES / 2);
    few_are_there(journal);
    sx_journal_free(journal);
}

static void two_who_flood_forget_theirs(void)
{
    struct sx_journal *journal = make(PLACES, BYTES);
    int i;
    run_few(journal);
    for (i = 0; i < FEW; i++) {
        flood(journal, MALLORY, PLACES, "<iq/>");
        flood(journal, TRENT, PLACES, "<iq/>");
    }
    few_are_there(journal);
    sx_journal_free(journal);
}

static void long_answers_push_out_their_own(void)
{
    struct sx_journal *journal = make(PLACES, BYTES);
    char *text = calloc(1, BYTES / 10);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, 'x', BYTES / 10 - 1);
    run_few(journal);
    flood(journal, MALLORY, PLACES, text);
    CU_ASSERT_TRUE(count(journal).bytes <= BYTES / 2 + BYTES / 5);
    flood(journal, TRENT, PLACES, text);
    few_are_there(journal);
    free(text);
    sx_journal_free(journal);
}

static void who_is_alone_has_it_all(void)
{
    struct sx_journal *journal = make(PLACES, BYTES);
    struct id all[PLACES];
    int i;
    for (i = 0; i < PLACES; i++) {
        all[i] = make_id(journal, i, NOW_US);
        CU_ASSERT_EQUAL(enter(journal, MALLORY, all[i].text), SX_JOURNAL_FRESH);
        answer(journal, MALLORY, all[i].text, "<iq/>");
    }
    for (i = 0; i < PLACES; i++)
        CU_ASSERT_EQUAL(enter(journal, MALLORY, all[i].text), SX_JOURNAL_ANSWERED);
    /* until somebody else comes */
    run_few(journal);
    flood(journal, MALLORY, 1, "<iq/>");
    CU_ASSERT_TRUE(count(journal).entries <= FEW + PLACES / 2);
    few_are_there(journal);
    sx_journal_free(journal);
}

static void what_runs_makes_it_full_for_its_caller_alone(void)
{
    struct sx_journal *journal = make(PLACES, BYTES);
    struct id id, first;
    int i;
    run_few(journal);
    first = make_id(journal, 0, NOW_US);
    for (i = 0; i < PLACES / 2; i++) {
        id = make_id(journal, i, NOW_US);
        CU_ASSERT_EQUAL(enter(journal, MALLORY, id.text), SX_JOURNAL_FRESH);
    }
    id = make_id(journal, i, NOW_US);
    CU_ASSERT_EQUAL(enter(journal, MALLORY, id.text), SX_JOURNAL_FULL);
    CU_ASSERT_EQUAL(enter(journal, TRENT, id.text), SX_JOURNAL_FRESH);
    few_are_there(journal);
    answer(journal, MALLORY, first.text, "<iq/>");
    id = make_id(journal, i, NOW_US);
    CU_ASSERT_EQUAL(enter(journal, MALLORY, id.text),
                    SX_JOURNAL_STALE); /* with what was answered */
    id = make_id(journal, i, NOW_US);
    CU_ASSERT_EQUAL(enter(journal, MALLORY, id.text), SX_JOURNAL_FRESH);
    sx_journal_free(journal);
}

/* They are remembered, since their callers were told that they aren't run. */
static void messages_that_are_refused_push_out_their_own(void)
{
    struct sx_journal *journal = make(PLACES, BYTES);
    char id[40];
    int i;
    run_few(journal);
    for (i = 0; i < FLOOD; i++) {
        snprintf(id, sizeof id, "%d~message", i);
        CU_ASSERT_EQUAL(enter(journal, MALLORY, id), SX_JOURNAL_FRESH);
        sx_journal_forget(journal, MALLORY, id);
        CU_ASSERT_EQUAL(enter(journal, MALLORY, id), SX_JOURNAL_STALE);
    }
    few_are_there(journal);
    sx_journal_free(journal);
}

static void it_is_so_where_processes_share_a_jid(void)
{
    struct sx_journal *journal = make(PLACES, BYTES);
    char id[40];
    int i;
    sx_journal_share(journal);
    CU_ASSERT_EQUAL(enter(journal, ALICE, "1~any"), SX_JOURNAL_FRESH);
    answer(journal, ALICE, "1~any", "<iq/>");
    for (i = 0; i < FLOOD; i++) {
        snprintf(id, sizeof id, "%d~any", i);
        CU_ASSERT_EQUAL(enter(journal, MALLORY, id), SX_JOURNAL_FRESH);
        if (i % 3)
            answer(journal, MALLORY, id, "<iq/>");
        else
            sx_journal_forget(journal, MALLORY, id);
    }
    CU_ASSERT_EQUAL(enter(journal, ALICE, "1~again"), SX_JOURNAL_ANSWERED);
    sx_journal_free(journal);
}

/* Who has given up all that it had: its ids stay stale as long as those of others are accepted. */
static void an_end_for_one_caller_outlives_its_entries(void)
{
    struct sx_journal *journal = make(4, BYTES);
    struct id old = make_id(journal, 1, NOW_US), others = make_id(journal, 2, NOW_US);
    int i;
    CU_ASSERT_EQUAL(enter(journal, MALLORY, old.text), SX_JOURNAL_FRESH);
    answer(journal, MALLORY, old.text, "<iq/>");
    CU_ASSERT_EQUAL(enter(journal, ALICE, others.text), SX_JOURNAL_FRESH);
    for (i = 0; i < 9; i++)
        flood(journal, MALLORY, 1, "<iq/>");
    CU_ASSERT_EQUAL(enter(journal, MALLORY, old.text), SX_JOURNAL_STALE);
    CU_ASSERT_EQUAL(enter(journal, ALICE, others.text), SX_JOURNAL_RUNNING);
    CU_ASSERT_EQUAL(enter(journal, TRENT, others.text), SX_JOURNAL_FRESH);
    sx_journal_free(journal);
}

/* ---- at random ---- */

enum { STEPS = 200000, CALLERS = 7, IDS = 40 };

/* What becomes of the ids that one caller has now. */
struct seen {
    struct id id;
    uint64_t epoch;
    bool was_fresh, runs;
    int64_t let_in_us;
};

struct world {
    struct sx_journal *journal;
    struct seen seen[CALLERS][IDS];
    int64_t now_us;
    unsigned random;
    int ids;
    unsigned long runs, answered, stale, told_since, full;
};

static unsigned draw(struct world *world, unsigned below)
{
    world->random = world->random * 1103515245u + 12345u;
    return (world->random >> 16) % below;
}

static void renew(struct world *world, struct seen *seen)
{
    uint64_t process;
    *seen = (struct seen){.id = make_id(world->journal, world->ids++, world->now_us)};
    CU_ASSERT_TRUE(sx_request_id_parse(seen->id.text, &process, &seen->epoch));
}

/* What is said of when an epoch ended must be true of each id of that caller and epoch. */
static void check_since(struct world *world, unsigned caller, const char *from,
                        const struct seen *seen)
{
    int64_t stale_us = sx_journal_stale_us(world->journal, from, seen->id.text, world->now_us);
    int i;
    for (i = 0; stale_us > 0 && i < IDS; i++) {
        const struct seen *other = &world->seen[caller][i];
        CU_ASSERT_FALSE(other->was_fresh && other->epoch == seen->epoch &&
                        other->let_in_us > world->now_us - stale_us);
    }
    world->told_since += stale_us > 0;
}

static void try_id(struct world *world, unsigned caller, const char *from, struct seen *seen)
{
    struct sx_response *answer = NULL;
    enum sx_journal_verdict verdict =
        sx_journal_enter(world->journal, from, seen->id.text, world->now_us, &answer);
    char *said = response_read(answer);
    CU_ASSERT_EQUAL(said != NULL, verdict == SX_JOURNAL_ANSWERED);
    if (said)
        CU_ASSERT_PTR_NOT_NULL(strstr(said, seen->id.text));
    free(said);
    CU_ASSERT_FALSE(verdict == SX_JOURNAL_FRESH && seen->was_fresh);
    CU_ASSERT_EQUAL(verdict == SX_JOURNAL_RUNNING, seen->runs);
    CU_ASSERT_FALSE(verdict == SX_JOURNAL_ANSWERED && !seen->was_fresh);
    if (verdict == SX_JOURNAL_FRESH) {
        seen->was_fresh = seen->runs = true;
        seen->let_in_us = world->now_us;
        world->runs++;
    } else if (verdict == SX_JOURNAL_STALE) {
        world->stale++;
        check_since(world, caller, from, seen);
    }
    world->full += verdict == SX_JOURNAL_FULL;
    world->answered += verdict == SX_JOURNAL_ANSWERED;
}

static void end_run(struct world *world, const char *from, struct seen *seen)
{
    char text[400];
    size_t more = draw(world, 3) ? 0 : draw(world, 250);
    snprintf(text, sizeof text, "%s%*s", seen->id.text, (int)more, "");
    if (!seen->runs)
        return;
    seen->runs = false;
    if (draw(world, 4) == 0) {
        sx_journal_forget(world->journal, from, seen->id.text);
        seen->was_fresh = false; /* it may come again */
    } else {
        response_remember(world->journal, from, seen->id.text, text, world->now_us);
    }
}

static void step(struct world *world, unsigned max_entries, size_t max_bytes)
{
    unsigned caller = draw(world, 3) ? draw(world, 2) : draw(world, CALLERS);
    struct seen *seen = &world->seen[caller][draw(world, IDS)];
    struct sx_journal_counts counts;
    char from[40];
    snprintf(from, sizeof from, "c%u@example.org/%u", caller, draw(world, 3));
    switch (draw(world, 5)) {
    case 0:
        if (!seen->runs)
            renew(world, seen);
        break;
    case 1:
    case 2:
        end_run(world, from, seen);
        break;
    default:
        try_id(world, caller, from, seen);
    }
    world->now_us +=
        draw(world, 100) ? draw(world, 1000) : (int64_t)draw(world, 100) * EPOCH_US / 99;
    counts = count(world->journal);
    CU_ASSERT_TRUE(counts.entries <= max_entries && counts.bytes <= max_bytes);
}

static void walk(unsigned max_entries, size_t max_bytes)
{
    static struct world world;
    unsigned caller;
    int i;
    memset(&world, 0, sizeof world);
    world.journal = make(max_entries, max_bytes);
    world.random = max_entries;
    world.now_us = NOW_US;
    for (caller = 0; caller < CALLERS; caller++)
        for (i = 0; i < IDS; i++)
            renew(&world, &world.seen[caller][i]);
    for (i = 0; i < STEPS; i++)
        step(&world, max_entries, max_bytes);
    CU_ASSERT_TRUE(world.runs > 100 && world.answered > 0 && world.stale > 100);
    CU_ASSERT_TRUE(world.told_since > 100);
    sx_journal_free(world.journal);
}

static void at_random_nothing_runs_twice_and_what_is_told_is_true(void)
{
    walk(1000, 1 << 20);
    walk(100, 1 << 20);
    walk(30, 1 << 20);
    walk(3, 1 << 20);
    walk(1000, 10000);
    walk(1, 10000);
}

CU_TestInfo tests_shares[] = {
    {"what is refused moves no epoch and costs nobody an answer",
     what_is_refused_costs_nobody_anything},
    {"who floods forgets its own", who_floods_forgets_its_own},
    {"two who flood forget theirs", two_who_flood_forget_theirs},
    {"long answers push out their own caller's", long_answers_push_out_their_own},
    {"who is alone has it all", who_is_alone_has_it_all},
    {"what runs makes it full for its caller alone", what_runs_makes_it_full_for_its_caller_alone},
    {"messages that are refused push out their own", messages_that_are_refused_push_out_their_own},
    {"it is so where processes share a JID", it_is_so_where_processes_share_a_jid},
    {"an end for one caller outlives its entries", an_end_for_one_caller_outlives_its_entries},
    {"at random nothing runs twice, and what is told is true",
     at_random_nothing_runs_twice_and_what_is_told_is_true},
    CU_TEST_INFO_NULL,
};
