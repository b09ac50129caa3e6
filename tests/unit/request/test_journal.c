/* The memory of requests: each id runs at most once, on a clock of the tests' own. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/journal.h"
#include "../response_fixture.h"

#define ALICE "alice@example.org/desk"
#define BOB   "bob@example.org/desk"

static const int64_t EPOCH_US = SX_JOURNAL_EPOCH_S * INT64_C(1000000);
static const int64_t START_US = 1000000;

static struct sx_journal *make(unsigned max_entries, size_t max_bytes)
{
    struct sx_journal *journal = sx_journal_new(max_entries, max_bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal);
    return journal;
}

struct id {
    char text[80];
};

/* What a caller that learned the incarnation at this time makes of its own "name". */
static struct id make_id(struct sx_journal *journal, const char *name, int64_t now_us)
{
    char incarnation[SX_INCARNATION_BYTES];
    struct id id;
    sx_journal_incarnation(journal, now_us, incarnation);
    snprintf(id.text, sizeof id.text, "%s" SX_REQUEST_ID_MARK "%s", name, incarnation);
    return id;
}

static struct sx_journal_counts count(struct sx_journal *journal)
{
    struct sx_journal_counts counts;
    sx_journal_count(journal, &counts);
    return counts;
}

/* Expects the verdict, and with SX_JOURNAL_ANSWERED this answer; outputs untouched otherwise. */
static void enter(struct sx_journal *journal, const char *from, const char *id, int64_t now_us,
                  enum sx_journal_verdict expected, const char *expected_answer)
{
    struct sx_response *untouched = response_make("untouched"), *answer = untouched;
    enum sx_journal_verdict verdict = sx_journal_enter(journal, from, id, now_us, &answer);
    char *said, *wanted = NULL;
    CU_ASSERT_EQUAL(verdict, expected);
    CU_ASSERT_EQUAL(answer != untouched, verdict == SX_JOURNAL_ANSWERED);
    if (verdict == SX_JOURNAL_ANSWERED) {
        CU_ASSERT_FATAL(asprintf(&wanted, RESPONSE_TEXT("%s"), expected_answer) > 0);
        said = response_read(answer);
        ASSERT_TEXT(said, wanted);
        free(said);
        free(wanted);
    }
    sx_response_unref(untouched);
}

static void answer(struct sx_journal *journal, const char *from, const char *id, const char *text,
                   int64_t now_us)
{
    if (text)
        response_remember(journal, from, id, text, now_us);
    else
        sx_journal_answer(journal, from, id, NULL, now_us);
}

static void test_life(void)
{
    struct sx_journal *journal = make(100, 100000);
    struct id id = make_id(journal, "1", START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_FRESH, NULL);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_RUNNING, NULL);
    answer(journal, ALICE, id.text, "<iq/>", START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_ANSWERED, "<iq/>");
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_ANSWERED, "<iq/>");
    answer(journal, ALICE, id.text, "<other/>", START_US); /* the first one counts */
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_ANSWERED, "<iq/>");
    CU_ASSERT_EQUAL(count(journal).fresh, 1);
    CU_ASSERT_EQUAL(count(journal).repeated, 4);
    CU_ASSERT_EQUAL(count(journal).replayed, 3);
    sx_journal_free(journal);
    sx_journal_free(NULL);
}

static void test_callers_are_apart(void)
{
    struct sx_journal *journal = make(100, 100000);
    struct id id = make_id(journal, "1", START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_FRESH, NULL);
    answer(journal, ALICE, id.text, "<secret/>", START_US);
    enter(journal, BOB, id.text, START_US, SX_JOURNAL_FRESH, NULL);
    enter(journal, "alice@example.net/desk", id.text, START_US, SX_JOURNAL_FRESH, NULL);
    answer(journal, BOB, id.text, "<his/>", START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_ANSWERED, "<secret/>");
    enter(journal, BOB, id.text, START_US, SX_JOURNAL_ANSWERED, "<his/>");
    sx_journal_free(journal);
}

/* A server may give a caller that comes back another resource (RFC 6120 7.7.2.2). */
static void test_other_resource(void)
{
    struct sx_journal *journal = make(100, 100000);
    struct id id = make_id(journal, "1", START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_FRESH, NULL);
    enter(journal, "alice@example.org/other", id.text, START_US, SX_JOURNAL_RUNNING, NULL);
    answer(journal, ALICE, id.text, "<iq/>", START_US);
    enter(journal, "alice@example.org/other", id.text, START_US, SX_JOURNAL_ANSWERED, "<iq/>");
    sx_journal_free(journal);
}

static void test_forget(void)
{
    struct sx_journal *journal = make(100, 100000);
    struct id id = make_id(journal, "1", START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_FRESH, NULL);
    sx_journal_forget(journal, ALICE, id.text);
    CU_ASSERT_EQUAL(count(journal).entries, 0);
    CU_ASSERT_EQUAL(count(journal).bytes, 0);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_FRESH, NULL);
    answer(journal, ALICE, id.text, "<iq/>", START_US);
    sx_journal_forget(journal, ALICE, id.text); /* it has run */
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_ANSWERED, "<iq/>");
    sx_journal_forget(journal, BOB, "unknown");
    sx_journal_free(journal);
}

static bool decline(struct sx_journal *journal, const char *id, const char *condition)
{
    struct sx_response *answer = condition ? sx_response_decline(condition, NULL) : NULL;
    bool is_for_all = sx_journal_decline(journal, ALICE, id, answer, START_US);
    sx_response_unref(answer);
    return is_for_all;
}

static void test_decline(void)
{
    struct sx_journal *journal = make(100, 100000);
    struct id id = make_id(journal, "1", START_US), other = make_id(journal, "2", START_US);
    struct sx_response *answer = NULL;
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_FRESH, NULL);
    CU_ASSERT_TRUE(decline(journal, id.text, "gone"));
    CU_ASSERT_FALSE(decline(journal, id.text, "forbidden")); /* it was answered */
    CU_ASSERT_EQUAL(sx_journal_enter(journal, ALICE, id.text, START_US, &answer),
                    SX_JOURNAL_ANSWERED);
    sx_response_unref(answer);
    enter(journal, ALICE, other.text, START_US, SX_JOURNAL_FRESH, NULL);
    CU_ASSERT_TRUE(decline(journal, other.text, NULL)); /* no memory for what was said */
    enter(journal, ALICE, other.text, START_US, SX_JOURNAL_STALE, NULL);
    CU_ASSERT_FALSE(decline(journal, "foreign", "gone"));
    enter(journal, ALICE, "3~message", START_US, SX_JOURNAL_FRESH, NULL);
    CU_ASSERT_FALSE(decline(journal, "3~message", "gone"));
    enter(journal, ALICE, "3~message", START_US, SX_JOURNAL_STALE, NULL);
    sx_journal_free(journal);
}

/* Only a server makes a second copy of one, after its caller was told that it isn't run. */
static void test_forget_message(void)
{
    static const char id[] = "1~message";
    struct sx_journal *journal = make(100, 100000);
    enter(journal, ALICE, id, START_US, SX_JOURNAL_FRESH, NULL);
    sx_journal_forget(journal, ALICE, id);
    enter(journal, ALICE, id, START_US, SX_JOURNAL_STALE, NULL);
    enter(journal, BOB, id, START_US, SX_JOURNAL_FRESH, NULL);
    CU_ASSERT_EQUAL(count(journal).entries, 2);
    sx_journal_free(journal);
}

static void test_foreign(void)
{
    static const char *const ids[] = {"1",
                                      "",
                                      "a~b",
                                      "~",
                                      "a~1",
                                      "a~1.",
                                      "a~.1",
                                      "a~1.1x",
                                      "a~12345678901234567.1",
                                      "a~1.12345678901234567",
                                      "a~1.1.1",
                                      "a~-1.1",
                                      "a~0x1.1"};
    struct sx_journal *journal = make(100, 100000);
    size_t i;
    for (i = 0; i < sizeof ids / sizeof *ids; i++) {
        enter(journal, ALICE, ids[i], START_US, SX_JOURNAL_FOREIGN, NULL);
        answer(journal, ALICE, ids[i], "<iq/>", START_US);
        enter(journal, ALICE, ids[i], START_US, SX_JOURNAL_FOREIGN, NULL);
        CU_ASSERT_FALSE(sx_request_id_is_tagged(ids[i]));
    }
    CU_ASSERT_EQUAL(count(journal).entries, 0);
    sx_journal_free(journal);
}

/* Another process's ids, and epochs that never were here. */
static void test_never_accepted(void)
{
    struct sx_journal *journal = make(100, 100000), *other = make(100, 100000);
    struct id theirs = make_id(other, "1", START_US), ours = make_id(journal, "1", START_US);
    char *epoch = strrchr(ours.text, '.') + 1;
    static const char *const epochs[] = {"0", "2", "3", "ffffffffffffffff", "fffffffffffffffe"};
    size_t i;
    enter(journal, ALICE, theirs.text, START_US, SX_JOURNAL_STALE, NULL);
    ASSERT_TEXT(epoch, "1");
    for (i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        strcpy(epoch, epochs[i]);
        enter(journal, ALICE, ours.text, START_US, SX_JOURNAL_STALE, NULL);
        CU_ASSERT_TRUE(sx_request_id_is_tagged(ours.text));
    }
    CU_ASSERT_EQUAL(count(journal).stale, 6);
    CU_ASSERT_EQUAL(count(journal).entries, 0);
    sx_journal_free(other);
    sx_journal_free(journal);
}

static void test_epochs(void)
{
    struct sx_journal *journal = make(100, 100000);
    struct id first = make_id(journal, "1", START_US), second, third;
    int64_t end_us = START_US + EPOCH_US;
    enter(journal, ALICE, first.text, START_US, SX_JOURNAL_FRESH, NULL);
    answer(journal, ALICE, first.text, "<1/>", START_US);
    second = make_id(journal, "2", end_us - 1);
    ASSERT_TEXT(strrchr(second.text, '.'), ".1");
    second = make_id(journal, "2", end_us);
    ASSERT_TEXT(strrchr(second.text, '.'), ".2");
    /* of the epoch before: remembered, and still accepted */
    enter(journal, ALICE, first.text, end_us, SX_JOURNAL_ANSWERED, "<1/>");
    first.text[0] = '3';
    enter(journal, ALICE, first.text, end_us, SX_JOURNAL_FRESH, NULL);
    answer(journal, ALICE, first.text, "<3/>", end_us);
    first.text[0] = '1';
    enter(journal, ALICE, second.text, end_us + EPOCH_US, SX_JOURNAL_FRESH, NULL);
    third = make_id(journal, "4", end_us + EPOCH_US);
    ASSERT_TEXT(strrchr(third.text, '.'), ".3");
    enter(journal, ALICE, first.text, end_us + EPOCH_US, SX_JOURNAL_STALE, NULL);
    /* it came in the second epoch, whatever its id says */
    first.text[0] = '3';
    enter(journal, ALICE, first.text, end_us + EPOCH_US, SX_JOURNAL_ANSWERED, "<3/>");
    CU_ASSERT_EQUAL(count(journal).entries, 2);
    sx_journal_free(journal);
}

/* After a long silence nothing old is left. */
static int64_t stale_s(struct sx_journal *journal, const char *id, int64_t now_us)
{
    return sx_journal_stale_us(journal, ALICE, id, now_us) / 1000000;
}

/* A caller can conclude from it what was not let in. */
static void test_stale_since(void)
{
    struct sx_journal *journal = make(100, 100000), *other = make(100, 100000);
    struct id first = make_id(journal, "1", START_US), theirs = make_id(other, "1", START_US);
    int64_t end_us = START_US + 2 * EPOCH_US;
    CU_ASSERT_EQUAL(stale_s(journal, first.text, START_US), 0);
    CU_ASSERT_EQUAL(stale_s(journal, first.text, START_US + EPOCH_US), 0);
    CU_ASSERT_EQUAL(stale_s(journal, first.text, end_us - 1), 0);
    CU_ASSERT_EQUAL(stale_s(journal, first.text, end_us), 0);
    CU_ASSERT_EQUAL(stale_s(journal, first.text, end_us + 7000000), 7);
    CU_ASSERT_EQUAL(stale_s(journal, first.text, end_us + EPOCH_US), SX_JOURNAL_EPOCH_S);
    CU_ASSERT_EQUAL(stale_s(journal, theirs.text, end_us + EPOCH_US), 0);
    CU_ASSERT_EQUAL(stale_s(journal, "1", end_us + EPOCH_US), 0);
    CU_ASSERT_EQUAL(stale_s(journal, "1~any", end_us + EPOCH_US), 0);
    sx_journal_free(other);
    sx_journal_free(journal);
}

/* Nobody asked for an hour: nobody was let in. */
static void test_stale_since_silence(void)
{
    struct sx_journal *journal = make(100, 100000);
    struct id first = make_id(journal, "1", START_US);
    CU_ASSERT_EQUAL(stale_s(journal, first.text, START_US + 12 * EPOCH_US),
                    10 * SX_JOURNAL_EPOCH_S);
    sx_journal_free(journal);
}

static void test_silence(void)
{
    struct sx_journal *journal = make(100, 100000);
    struct id id = make_id(journal, "1", START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_FRESH, NULL);
    answer(journal, ALICE, id.text, "<1/>", START_US);
    enter(journal, ALICE, id.text, START_US + 2 * EPOCH_US, SX_JOURNAL_STALE, NULL);
    CU_ASSERT_EQUAL(count(journal).entries, 0);
    sx_journal_free(journal);
}

/* A second copy waits for the first as long as that runs, and has its answer for as long after that
 * as if it had come then. */
static void test_long_run(void)
{
    struct sx_journal *journal = make(100, 100000);
    struct id id = make_id(journal, "1", START_US);
    int64_t now_us = START_US;
    int i;
    enter(journal, ALICE, id.text, now_us, SX_JOURNAL_FRESH, NULL);
    for (i = 0; i < 5; i++)
        enter(journal, ALICE, id.text, now_us += EPOCH_US, SX_JOURNAL_RUNNING, NULL);
    answer(journal, ALICE, id.text, "<1/>", now_us);
    enter(journal, ALICE, id.text, now_us + EPOCH_US, SX_JOURNAL_ANSWERED, "<1/>");
    enter(journal, ALICE, id.text, now_us + 2 * EPOCH_US, SX_JOURNAL_STALE, NULL);
    CU_ASSERT_EQUAL(count(journal).entries, 0);
    CU_ASSERT_EQUAL(count(journal).bytes, 0);
    sx_journal_free(journal);
}

enum { PLACES = 10 };

static struct id ids[3 * PLACES];

static void enter_many(struct sx_journal *journal, int first, int count_of, bool answered)
{
    int i;
    for (i = first; i < first + count_of; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        ids[i] = make_id(journal, name, START_US);
        enter(journal, ALICE, ids[i].text, START_US, SX_JOURNAL_FRESH, NULL);
        if (answered)
            answer(journal, ALICE, ids[i].text, "<iq/>", START_US);
    }
}

/* A full memory ends epochs early: what it forgets is stale, and never fresh again. */
static void test_full_of_answers(void)
{
    struct sx_journal *journal = make(PLACES, 100000);
    int i;
    enter_many(journal, 0, PLACES, true);
    for (i = 0; i < PLACES; i++)
        enter(journal, ALICE, ids[i].text, START_US, SX_JOURNAL_ANSWERED, "<iq/>");
    enter_many(journal, PLACES, 2 * PLACES, true);
    CU_ASSERT_TRUE(count(journal).entries <= PLACES);
    for (i = 0; i < PLACES; i++)
        enter(journal, ALICE, ids[i].text, START_US, SX_JOURNAL_STALE, NULL);
    for (i = 0; i < 3 * PLACES; i++) {
        struct sx_response *again = NULL;
        enum sx_journal_verdict verdict =
            sx_journal_enter(journal, ALICE, ids[i].text, START_US, &again);
        CU_ASSERT_TRUE(verdict == SX_JOURNAL_STALE || verdict == SX_JOURNAL_ANSWERED);
        sx_response_unref(again);
    }
    sx_journal_free(journal);
}

static void test_full_of_running(void)
{
    struct sx_journal *journal = make(PLACES, 100000);
    struct id id;
    int i;
    enter_many(journal, 0, PLACES, false);
    id = make_id(journal, "more", START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_FULL, NULL);
    for (i = 0; i < PLACES; i++)
        enter(journal, ALICE, ids[i].text, START_US, SX_JOURNAL_RUNNING, NULL);
    sx_journal_forget(journal, ALICE, ids[0].text);
    id = make_id(journal, "more", START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_FRESH, NULL);
    CU_ASSERT_EQUAL(count(journal).entries, PLACES);
    sx_journal_free(journal);
}

/* The place that a request has is enough for its answer. */
static void test_answers_of_a_full_journal(void)
{
    struct sx_journal *journal = make(PLACES, 100000);
    int i;
    enter_many(journal, 0, PLACES, false);
    for (i = 0; i < PLACES; i++)
        answer(journal, ALICE, ids[i].text, "<iq/>", START_US);
    for (i = 0; i < PLACES; i++)
        enter(journal, ALICE, ids[i].text, START_US, SX_JOURNAL_ANSWERED, "<iq/>");
    sx_journal_free(journal);
}

static char *make_text(size_t len)
{
    char *text = calloc(1, len + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    return memset(text, 'x', len);
}

static void test_large_answer(void)
{
    struct sx_journal *journal = make(100, 5000);
    char *large = make_text(5001);
    struct id id;
    enter_many(journal, 0, 5, true);
    id = make_id(journal, "large", START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_FRESH, NULL);
    answer(journal, ALICE, id.text, large, START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_STALE, NULL);
    /* what could never fit costs nobody else's answer */
    enter(journal, ALICE, ids[0].text, START_US, SX_JOURNAL_ANSWERED, "<iq/>");
    enter(journal, ALICE, ids[4].text, START_US, SX_JOURNAL_ANSWERED, "<iq/>");
    free(large);
    sx_journal_free(journal);
}

static void test_bytes_are_bounded(void)
{
    struct sx_journal *journal = make(1000, 20000);
    char *text = make_text(3000);
    struct sx_response *again = NULL;
    int i;
    for (i = 0; i < 100; i++) {
        char name[16];
        struct id id;
        snprintf(name, sizeof name, "%d", i);
        id = make_id(journal, name, START_US);
        enter(journal, ALICE, id.text, START_US, SX_JOURNAL_FRESH, NULL);
        answer(journal, ALICE, id.text, text, START_US);
        CU_ASSERT_TRUE(count(journal).bytes <= 20000);
        CU_ASSERT_NOT_EQUAL(sx_journal_enter(journal, ALICE, id.text, START_US, &again),
                            SX_JOURNAL_FRESH);
        if (i == 0)
            CU_ASSERT_TRUE(count(journal).bytes > 3000);
        sx_response_unref(again);
        again = NULL;
    }
    free(text);
    sx_journal_free(journal);
}

/* There was no memory for an answer: the request has run all the same. */
static void test_answered_without_an_answer(void)
{
    struct sx_journal *journal = make(100, 100000);
    struct id id = make_id(journal, "1", START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_FRESH, NULL);
    answer(journal, ALICE, id.text, NULL, START_US);
    enter(journal, ALICE, id.text, START_US, SX_JOURNAL_STALE, NULL);
    sx_journal_free(journal);
}

/* ---- short memory ---- */

static bool attempt_new(struct shortage shortage)
{
    struct sx_journal *journal;
    bool has_failed;
    shortage_begin(shortage);
    journal = sx_journal_new(100, 10000);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(journal == NULL, has_failed);
    sx_journal_free(journal);
    return has_failed;
}
SHORTAGE_TEST(new, 3)

/* Whatever fails: it runs once or not at all. */
static bool attempt_short_life(struct shortage shortage)
{
    struct sx_journal *journal = make(100, 10000);
    struct id id = make_id(journal, "1", START_US);
    struct sx_response *answer = response_make("<iq/>"), *again = NULL;
    enum sx_journal_verdict first, second;
    bool has_failed;
    shortage_begin(shortage);
    first = sx_journal_enter(journal, ALICE, id.text, START_US, &again);
    if (first == SX_JOURNAL_FRESH)
        sx_journal_answer(journal, ALICE, id.text, answer, START_US);
    second = sx_journal_enter(journal, ALICE, id.text, START_US, &again);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(first, has_failed ? SX_JOURNAL_FULL : SX_JOURNAL_FRESH);
    CU_ASSERT_EQUAL(second == SX_JOURNAL_ANSWERED, !has_failed);
    CU_ASSERT_TRUE(!has_failed || second == SX_JOURNAL_FRESH || second == SX_JOURNAL_FULL);
    CU_ASSERT_EQUAL(again != NULL, second == SX_JOURNAL_ANSWERED);
    sx_response_unref(again);
    sx_response_unref(answer);
    sx_journal_free(journal);
    return has_failed;
}
SHORTAGE_TEST(short_life, 2)

static void test_shrink(void)
{
    struct sx_journal *journal = make(100, 100000);
    struct id small = make_id(journal, "1", START_US), large = make_id(journal, "2", START_US);
    struct sx_response *limit = response_make("<iq/>");
    struct sx_journal_counts counts;
    enter(journal, ALICE, small.text, START_US, SX_JOURNAL_FRESH, NULL);
    answer(journal, ALICE, small.text, "<iq/>", START_US);
    enter(journal, ALICE, large.text, START_US, SX_JOURNAL_FRESH, NULL);
    answer(journal, ALICE, large.text, "<large/>", START_US);
    sx_journal_shrink(journal, sx_response_bytes(limit));
    sx_response_unref(limit);
    enter(journal, ALICE, small.text, START_US, SX_JOURNAL_ANSWERED, "<iq/>");
    enter(journal, ALICE, large.text, START_US, SX_JOURNAL_STALE, NULL);
    sx_journal_count(journal, &counts);
    CU_ASSERT_EQUAL(counts.entries, 2);
    sx_journal_free(journal);
}

/* ---- of a JID that several processes share ---- */

static struct sx_journal *make_shared(unsigned max_entries, size_t max_bytes)
{
    struct sx_journal *journal = make(max_entries, max_bytes);
    sx_journal_share(journal);
    CU_ASSERT_TRUE(sx_journal_is_shared(journal));
    return journal;
}

static void test_shared_life(void)
{
    struct sx_journal *journal = make_shared(100, 100000);
    struct id id = make_id(journal, "x-1", START_US);
    ASSERT_TEXT(id.text, "x-1~any");
    enter(journal, ALICE, "x-1~again", START_US, SX_JOURNAL_STALE, NULL);
    enter(journal, ALICE, "x-1~any", START_US, SX_JOURNAL_FRESH, NULL);
    enter(journal, BOB, "x-1~again", START_US, SX_JOURNAL_STALE, NULL);
    enter(journal, ALICE, "x-1~again", START_US, SX_JOURNAL_RUNNING, NULL);
    enter(journal, ALICE, "x-1~any", START_US, SX_JOURNAL_RUNNING, NULL);
    enter(journal, ALICE, "x-12~again", START_US, SX_JOURNAL_STALE, NULL);
    enter(journal, ALICE, "x-~again", START_US, SX_JOURNAL_STALE, NULL);
    answer(journal, ALICE, "x-1~any", "<iq/>", START_US);
    enter(journal, ALICE, "x-1~again", START_US, SX_JOURNAL_ANSWERED, "<iq/>");
    enter(journal, ALICE, "x-1~any", START_US, SX_JOURNAL_ANSWERED, "<iq/>");
    CU_ASSERT_EQUAL(count(journal).entries, 1);
    sx_journal_free(journal);
}

static void test_shared_others(void)
{
    struct sx_journal *shared = make_shared(100, 100000), *own = make(100, 100000);
    struct id id = make_id(own, "1", START_US);
    enter(shared, ALICE, id.text, START_US, SX_JOURNAL_STALE, NULL);
    enter(shared, ALICE, "1", START_US, SX_JOURNAL_FOREIGN, NULL);
    enter(own, ALICE, "1~any", START_US, SX_JOURNAL_STALE, NULL);
    enter(own, ALICE, "1~again", START_US, SX_JOURNAL_STALE, NULL);
    enter(own, ALICE, id.text, START_US, SX_JOURNAL_FRESH, NULL);
    enter(own, ALICE, "1~again", START_US, SX_JOURNAL_STALE, NULL);
    CU_ASSERT_EQUAL(count(shared).entries, 0);
    sx_journal_free(own);
    sx_journal_free(shared);
}

static void test_shared_is_ageless(void)
{
    struct sx_journal *journal = make_shared(100, 100000);
    enter(journal, ALICE, "1~any", START_US, SX_JOURNAL_FRESH, NULL);
    enter(journal, ALICE, "2~any", START_US + 9 * EPOCH_US, SX_JOURNAL_FRESH, NULL);
    enter(journal, ALICE, "1~again", START_US + 9 * EPOCH_US, SX_JOURNAL_RUNNING, NULL);
    answer(journal, ALICE, "1~any", "<iq/>", START_US + 9 * EPOCH_US);
    enter(journal, ALICE, "1~again", START_US + 10 * EPOCH_US, SX_JOURNAL_ANSWERED, "<iq/>");
    enter(journal, ALICE, "1~again", START_US + 11 * EPOCH_US, SX_JOURNAL_STALE, NULL);
    CU_ASSERT_EQUAL(count(journal).entries, 1);
    sx_journal_free(journal);
}

static void test_shared_full(void)
{
    struct sx_journal *journal = make_shared(4, 100000);
    char id[16];
    int i;
    for (i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "%d~any", i);
        enter(journal, ALICE, id, START_US, SX_JOURNAL_FRESH, NULL);
        answer(journal, ALICE, id, "<iq/>", START_US);
        snprintf(id, sizeof id, "%d~again", i);
        enter(journal, ALICE, id, START_US, SX_JOURNAL_ANSWERED, "<iq/>");
        CU_ASSERT_TRUE(count(journal).entries <= 4);
    }
    sx_journal_shrink(journal, 2);
    enter(journal, ALICE, "99~again", START_US, SX_JOURNAL_SPENT, NULL);
    sx_journal_free(journal);
}

static void test_decline_shared(void)
{
    struct sx_journal *journal = make_shared(100, 100000);
    enter(journal, ALICE, "1~any", START_US, SX_JOURNAL_FRESH, NULL);
    CU_ASSERT_FALSE(decline(journal, "1~any", "gone"));
    enter(journal, ALICE, "1~again", START_US, SX_JOURNAL_STALE, NULL);
    CU_ASSERT_EQUAL(count(journal).entries, 0);
    sx_journal_free(journal);
}

static void test_refused_where_shared(void)
{
    struct sx_journal *journal = make_shared(2, 100000);
    enter(journal, ALICE, "1~any", START_US, SX_JOURNAL_FRESH, NULL);
    enter(journal, ALICE, "2~any", START_US, SX_JOURNAL_FRESH, NULL);
    enter(journal, ALICE, "3~any", START_US, SX_JOURNAL_FULL, NULL);
    enter(journal, ALICE, "3~again", START_US, SX_JOURNAL_STALE, NULL);
    sx_journal_forget(journal, ALICE, "2~any");
    enter(journal, ALICE, "2~again", START_US, SX_JOURNAL_STALE, NULL);
    sx_journal_free(journal);
}

CU_TestInfo tests_journal[] = {
    {"a request is fresh once, runs, and is answered from then on", test_life},
    {"the same id of another caller is another request", test_callers_are_apart},
    {"a caller with another resource is the same caller", test_other_resource},
    {"what was refused may come again, what has run may not", test_forget},
    {"what was declined for all copies runs no more", test_decline},
    {"shared: what was declined is forgotten", test_decline_shared},
    {"a message that was refused stays so", test_forget_message},
    {"ids without an incarnation are foreign and not remembered", test_foreign},
    {"epoch 0, later epochs and other processes' ids are never accepted", test_never_accepted},
    {"what belongs to the two latest epochs is accepted, older is stale", test_epochs},
    {"since when an epoch isn't accepted is known", test_stale_since},
    {"since when is known after a long silence", test_stale_since_silence},
    {"after two epochs of silence nothing is left", test_silence},
    {"what runs for longer than two epochs doesn't run twice", test_long_run},
    {"a memory full of answers forgets, and runs nothing twice", test_full_of_answers},
    {"a memory full of running requests refuses and keeps them", test_full_of_running},
    {"a full memory takes the answers to what is in it", test_answers_of_a_full_journal},
    {"an answer too large isn't kept, and the request doesn't run again", test_large_answer},
    {"bytes never exceed their bound", test_bytes_are_bounded},
    {"what was answered with nothing doesn't run again", test_answered_without_an_answer},
    {"no journal without memory", test_new},
    {"without memory a request is refused or runs once", test_short_life},
    {"an answer that may have been too large for a server is not given again", test_shrink},
    {"shared: a first copy runs once, a later one never", test_shared_life},
    {"shared or not, the other kind's ids are stale", test_shared_others},
    {"shared: a first copy runs in any epoch, and answers age", test_shared_is_ageless},
    {"shared: answers make room, and the one that knows says so", test_shared_full},
    {"shared: what is refused isn't known", test_refused_where_shared},
    CU_TEST_INFO_NULL,
};
