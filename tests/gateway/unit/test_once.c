/* Tests of gateway/route/once.c: a named call runs once, on a clock of the test's own. */
#include "shortage.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "../../lib/suite.h"
#include "route/once.h"

enum { MOST = 64 * 1024, KEPT = GW_ONCE_KEPT_MS };

/* What those that have asked again were told. */
struct told {
    unsigned count;
    int status;
    enum gw_outcome outcome;
    bool is_dropped;
    char body[64];
};

static void on_told(void *user, const struct gw_once_answer *answer)
{
    struct told *told = user;
    told->count++;
    told->status = answer->status;
    told->outcome = answer->outcome;
    told->is_dropped = answer->is_dropped;
    snprintf(told->body, sizeof told->body, "%.*s", (int)answer->body_bytes,
             answer->body ? answer->body : "");
}

static enum gw_once_place begin_within(struct gw_once *once, const char *name, const char *body,
                                       size_t most, long long now, struct told *told,
                                       struct gw_once_entry **entry)
{
    unsigned char digest[GW_DIGEST_BYTES];
    const struct gw_digest_text text = {body, strlen(body)};
    const struct gw_digest_text parts[] = {{"/calc", 5}, {name, strlen(name)}};
    if (gw_digest_make(&text, 1, digest))
        return GW_ONCE_FULL;
    return gw_once_begin(once, parts, 2, digest, most, now, on_told, told, entry);
}

static enum gw_once_place begin(struct gw_once *once, const char *name, const char *body,
                                long long now, struct told *told, struct gw_once_entry **entry)
{
    return begin_within(once, name, body, MOST, now, told, entry);
}

static void end_with(struct gw_once *once, struct gw_once_entry *entry, enum gw_outcome outcome,
                     const char *body, size_t bytes, size_t most, long long now)
{
    const struct gw_once_answer answer = {.status = 200,
                                          .outcome = outcome,
                                          .end = "answer",
                                          .content_type = "text/xml",
                                          .text = "",
                                          .body = body,
                                          .body_bytes = bytes};
    gw_once_end(once, entry, &answer, most, now);
}

static void end(struct gw_once *once, struct gw_once_entry *entry, enum gw_outcome outcome,
                const char *body, long long now)
{
    end_with(once, entry, outcome, body, strlen(body), MOST, now);
}

static void test_a_second_one_gets_the_same_answer(void)
{
    struct gw_once *once = gw_once_new();
    struct gw_once_entry *entry = NULL, *other = NULL;
    struct told told = {0};
    CU_ASSERT_EQUAL(begin(once, "k", "a", 0, &told, &entry), GW_ONCE_FIRST);
    end(once, entry, GW_EXECUTED, "five", 1000);
    CU_ASSERT_EQUAL(told.count, 0);
    CU_ASSERT_EQUAL(begin(once, "k", "a", 2000, &told, &other), GW_ONCE_AGAIN);
    CU_ASSERT_EQUAL(told.count, 1);
    CU_ASSERT_EQUAL(told.status, 200);
    ASSERT_TEXT(told.body, "five");
    CU_ASSERT_EQUAL(begin(once, "k", "a", 1000 + KEPT - 1, &told, &other), GW_ONCE_AGAIN);
    CU_ASSERT_EQUAL(told.count, 2);
    /* ten minutes after its end it is forgotten */
    CU_ASSERT_EQUAL(begin(once, "k", "a", 1000 + KEPT, &told, &entry), GW_ONCE_FIRST);
    end(once, entry, GW_NOT_EXECUTED, "", 1000 + KEPT);
    CU_ASSERT_EQUAL(gw_once_bytes(once), 0);
    gw_once_free(once);
}

static void test_those_that_come_meanwhile_wait(void)
{
    struct gw_once *once = gw_once_new();
    struct gw_once_entry *entry = NULL, *other = NULL;
    struct told told[3] = {{0}};
    CU_ASSERT_EQUAL(begin(once, "k", "a", 0, &told[0], &entry), GW_ONCE_FIRST);
    CU_ASSERT_EQUAL(begin(once, "k", "a", 1, &told[1], &other), GW_ONCE_AGAIN);
    CU_ASSERT_EQUAL(begin(once, "k", "a", KEPT * 5LL, &told[2], &other), GW_ONCE_AGAIN);
    CU_ASSERT_EQUAL(told[1].count + told[2].count, 0);
    end(once, entry, GW_UNKNOWN, "lost", KEPT * 5LL);
    for (int i = 1; i < 3; i++) {
        CU_ASSERT_EQUAL(told[i].count, 1);
        CU_ASSERT_EQUAL(told[i].outcome, GW_UNKNOWN);
        ASSERT_TEXT(told[i].body, "lost");
    }
    /* nobody knows whether it ran, so nobody runs it again */
    CU_ASSERT_EQUAL(begin(once, "k", "a", KEPT * 5LL + 1, &told[1], &other), GW_ONCE_AGAIN);
    CU_ASSERT_EQUAL(told[1].count, 2);
    gw_once_free(once);
}

static void test_what_was_not_executed_may_run(void)
{
    struct gw_once *once = gw_once_new();
    struct gw_once_entry *entry = NULL;
    struct told told = {0};
    CU_ASSERT_EQUAL(begin(once, "k", "a", 0, &told, &entry), GW_ONCE_FIRST);
    CU_ASSERT_EQUAL(begin(once, "k", "a", 0, &told, &entry), GW_ONCE_AGAIN);
    end(once, entry, GW_NOT_EXECUTED, "no", 0);
    CU_ASSERT_EQUAL(told.count, 1);
    CU_ASSERT_EQUAL(told.outcome, GW_NOT_EXECUTED);
    CU_ASSERT_EQUAL(begin(once, "k", "b", 0, &told, &entry), GW_ONCE_FIRST);
    end(once, entry, GW_NOT_EXECUTED, "", 0);
    gw_once_free(once);
}

static void test_another_body_under_the_name_is_told(void)
{
    struct gw_once *once = gw_once_new();
    struct gw_once_entry *entry = NULL, *other = NULL;
    struct told told = {0};
    CU_ASSERT_EQUAL(begin(once, "k", "a", 0, &told, &entry), GW_ONCE_FIRST);
    CU_ASSERT_EQUAL(begin(once, "k", "b", 0, &told, &other), GW_ONCE_OTHER);
    CU_ASSERT_EQUAL(begin(once, "K", "b", 0, &told, &other), GW_ONCE_FIRST);
    end(once, entry, GW_EXECUTED, "a", 0);
    end(once, other, GW_EXECUTED, "b", 0);
    CU_ASSERT_EQUAL(begin(once, "k", "b", 0, &told, &other), GW_ONCE_OTHER);
    CU_ASSERT_EQUAL(told.count, 0);
    gw_once_free(once);
}

static void test_a_name_that_cannot_be_kept_is_not_taken(void)
{
    struct gw_once *once = gw_once_new();
    struct gw_once_entry *entries[8] = {NULL}, *one_more = NULL;
    struct told told = {0};
    char name[8];
    unsigned taken = 0;
    for (; taken < 8; taken++) {
        snprintf(name, sizeof name, "%u", taken);
        if (begin_within(once, name, "a", 512, 0, &told, &entries[taken]) != GW_ONCE_FIRST)
            break;
    }
    CU_ASSERT_TRUE(taken > 0 && taken < 8);
    CU_ASSERT_TRUE(gw_once_bytes(once) <= 512);
    CU_ASSERT_EQUAL(begin_within(once, "x", "a", 512, 0, &told, &one_more), GW_ONCE_FULL);
    for (unsigned i = 0; i < taken; i++)
        end_with(once, entries[i], GW_EXECUTED, "", 0, 512, 0);
    /* names that have ended aren't dropped for it, they expire */
    CU_ASSERT_EQUAL(begin_within(once, "x", "a", 512, 1, &told, &one_more), GW_ONCE_FULL);
    CU_ASSERT_EQUAL(begin_within(once, "x", "a", 512, KEPT, &told, &one_more), GW_ONCE_FIRST);
    end_with(once, one_more, GW_EXECUTED, "", 0, 512, KEPT);
    gw_once_free(once);
}

static void test_an_old_answer_makes_room_and_its_name_stays(void)
{
    struct gw_once *once = gw_once_new();
    struct gw_once_entry *first = NULL, *second = NULL, *other = NULL;
    struct told told = {0};
    static char body[40 * 1024];
    memset(body, 'x', sizeof body);
    CU_ASSERT_EQUAL(begin(once, "1", "a", 0, &told, &first), GW_ONCE_FIRST);
    CU_ASSERT_EQUAL(begin(once, "2", "a", 0, &told, &second), GW_ONCE_FIRST);
    end_with(once, first, GW_EXECUTED, body, sizeof body, MOST, 1);
    end_with(once, second, GW_EXECUTED, body, sizeof body, MOST, 2);
    CU_ASSERT_TRUE(gw_once_bytes(once) <= MOST);
    CU_ASSERT_EQUAL(begin(once, "1", "a", 3, &told, &other), GW_ONCE_AGAIN);
    CU_ASSERT_TRUE(told.is_dropped);
    CU_ASSERT_EQUAL(told.outcome, GW_EXECUTED);
    CU_ASSERT_EQUAL(begin(once, "2", "a", 3, &told, &other), GW_ONCE_AGAIN);
    CU_ASSERT_FALSE(told.is_dropped);
    gw_once_free(once);
}

static void test_an_answer_beyond_the_limit_is_not_kept(void)
{
    struct gw_once *once = gw_once_new();
    struct gw_once_entry *first = NULL, *other = NULL;
    struct told told = {0}, waits = {0};
    static char body[MOST + 1] = "begin";
    CU_ASSERT_EQUAL(begin(once, "1", "a", 0, &told, &first), GW_ONCE_FIRST);
    CU_ASSERT_EQUAL(begin(once, "1", "a", 0, &waits, &other), GW_ONCE_AGAIN);
    end_with(once, first, GW_EXECUTED, body, sizeof body, MOST, 1);
    CU_ASSERT_FALSE(waits.is_dropped); /* who has waited gets it */
    ASSERT_TEXT(waits.body, "begin");
    CU_ASSERT_EQUAL(begin(once, "1", "a", 3, &told, &other), GW_ONCE_AGAIN);
    CU_ASSERT_TRUE(told.is_dropped);
    gw_once_free(once);
}

static void test_an_end_without_a_body_is_known_without_room(void)
{
    struct gw_once *once = gw_once_new();
    struct gw_once_entry *first = NULL, *other = NULL;
    struct told told = {0};
    CU_ASSERT_EQUAL(begin_within(once, "1", "a", 128, 0, &told, &first), GW_ONCE_FIRST);
    end_with(once, first, GW_EXECUTED, "", 0, 128, 1);
    CU_ASSERT_EQUAL(gw_once_bytes(once), 128);
    CU_ASSERT_EQUAL(begin_within(once, "1", "a", 128, 3, &told, &other), GW_ONCE_AGAIN);
    CU_ASSERT_FALSE(told.is_dropped);
    CU_ASSERT_EQUAL(told.status, 200);
    gw_once_free(once);
}

static void test_many_names_are_told_apart(void)
{
    enum { NAMES = 20000 };
    struct gw_once *once = gw_once_new();
    struct gw_once_entry *entry = NULL;
    struct told told = {0};
    char name[16];
    size_t most = (size_t)NAMES * 1024;
    for (int i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "%d", i);
        CU_ASSERT_EQUAL(begin_within(once, name, "a", most, i, &told, &entry), GW_ONCE_FIRST);
        end_with(once, entry, GW_EXECUTED, name, strlen(name), most, i);
    }
    for (int i = 0; i < NAMES; i += 997) {
        snprintf(name, sizeof name, "%d", i);
        CU_ASSERT_EQUAL(begin_within(once, name, "a", most, NAMES, &told, &entry), GW_ONCE_AGAIN);
        ASSERT_TEXT(told.body, name);
    }
    CU_ASSERT_EQUAL(begin_within(once, "new", "a", most, KEPT + NAMES, &told, &entry),
                    GW_ONCE_FIRST);
    end_with(once, entry, GW_NOT_EXECUTED, "", 0, most, KEPT + NAMES);
    CU_ASSERT_EQUAL(gw_once_bytes(once), 0);
    gw_once_free(once);
}

/* Memory is short while a name is taken, while another waits for it, and at its end. */
static bool attempt_both(unsigned number, bool lasts)
{
    struct gw_once *once = gw_once_new();
    struct gw_once_entry *entry = NULL, *other = NULL;
    struct told told = {0};
    shortage_begin(number, lasts);
    enum gw_once_place first = begin(once, "k", "a", 0, &told, &entry), second = GW_ONCE_FULL;
    if (first == GW_ONCE_FIRST)
        second = begin(once, "k", "a", 0, &told, &other);
    if (first == GW_ONCE_FIRST)
        end(once, entry, GW_EXECUTED, "five", 0);
    bool has_failed = shortage_end();
    CU_ASSERT_TRUE(first == GW_ONCE_FIRST || first == GW_ONCE_FULL);
    CU_ASSERT_EQUAL(told.count, second == GW_ONCE_AGAIN ? 1 : 0);
    if (first == GW_ONCE_FIRST) { /* whatever failed, it isn't run again */
        CU_ASSERT_EQUAL(begin(once, "k", "a", 1, &told, &other), GW_ONCE_AGAIN);
        CU_ASSERT_EQUAL(told.outcome, GW_EXECUTED);
    }
    gw_once_free(once);
    return has_failed;
}

static void test_shortages_of_memory_run_nothing_twice(void)
{
    CU_ASSERT_TRUE(shortage_sweep(attempt_both) >= 3);
}

enum { THREADS = 6, ROUNDS = 300 };

struct race {
    struct gw_once *once;
    atomic_uint firsts, told;
};

static void count_told(void *user, const struct gw_once_answer *answer)
{
    struct race *race = user;
    CU_ASSERT_EQUAL(answer->status, 200);
    atomic_fetch_add(&race->told, 1);
}

static void *run_race(void *user)
{
    struct race *race = user;
    for (int i = 0; i < ROUNDS; i++) {
        struct gw_once_entry *entry;
        unsigned char digest[GW_DIGEST_BYTES];
        const struct gw_digest_text name = {&i, sizeof i};
        gw_digest_make(&name, 1, digest);
        if (gw_once_begin(race->once, &name, 1, digest, (size_t)1 << 20, i, count_told, race,
                          &entry) == GW_ONCE_FIRST) {
            atomic_fetch_add(&race->firsts, 1);
            end_with(race->once, entry, GW_EXECUTED, "body", 4, (size_t)1 << 20, i);
        }
    }
    return NULL;
}

static void test_of_many_threads_one_is_the_first(void)
{
    struct race race = {.once = gw_once_new()};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, run_race, &race), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(race.firsts, ROUNDS);
    CU_ASSERT_EQUAL(race.told, ROUNDS * (THREADS - 1));
    gw_once_free(race.once);
}

static void test_texts_are_told_apart_by_their_length(void)
{
    unsigned char one[GW_DIGEST_BYTES], other[GW_DIGEST_BYTES];
    const struct gw_digest_text ab_c[] = {{"ab", 2}, {"c", 1}}, a_bc[] = {{"a", 1}, {"bc", 2}};
    CU_ASSERT_EQUAL(gw_digest_make(ab_c, 2, one), 0);
    CU_ASSERT_EQUAL(gw_digest_make(a_bc, 2, other), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(one, other, sizeof one), 0);
    CU_ASSERT_EQUAL(gw_digest_make(ab_c, 2, other), 0);
    CU_ASSERT_EQUAL(memcmp(one, other, sizeof one), 0);
}

CU_TestInfo gateway_tests_once[] = {
    {"a second one gets the first one's answer", test_a_second_one_gets_the_same_answer},
    {"those that come meanwhile wait", test_those_that_come_meanwhile_wait},
    {"what wasn't executed may run", test_what_was_not_executed_may_run},
    {"another body under the name is told", test_another_body_under_the_name_is_told},
    {"a name that can't be kept isn't taken", test_a_name_that_cannot_be_kept_is_not_taken},
    {"an old answer makes room, and its name stays",
     test_an_old_answer_makes_room_and_its_name_stays},
    {"an answer beyond the limit isn't kept", test_an_answer_beyond_the_limit_is_not_kept},
    {"an end without a body is known without room",
     test_an_end_without_a_body_is_known_without_room},
    {"many names are told apart", test_many_names_are_told_apart},
    {"shortages of memory run nothing twice", test_shortages_of_memory_run_nothing_twice},
    {"of many threads one is the first", test_of_many_threads_one_is_the_first},
    {"texts are told apart by their length", test_texts_are_told_apart_by_their_length},
    CU_TEST_INFO_NULL,
};
