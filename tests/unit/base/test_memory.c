/* Memory for peers: what is taken is counted, each kind has room of its own, owners share it. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

enum { MIB = 1 << 20, MAX_BYTES = 16 * MIB };

static struct sx_trace trace;
static unsigned line_count;
static char last_line[1100];

static void keep_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user;
    CU_ASSERT_EQUAL(level, SOAP_XMPP_TRACE_ERROR);
    snprintf(last_line, sizeof last_line, "%s", line);
    line_count++;
}

static struct sx_memory *make_memory_of(size_t bytes)
{
    struct sx_memory *memory;
    sx_trace_init(&trace, SOAP_XMPP_TRACE_ERROR, keep_line, NULL, "calc@x");
    line_count = 0;
    memory = sx_memory_new(bytes, &trace);
    CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
    return memory;
}

static struct sx_memory *make_memory(void)
{
    return make_memory_of(MAX_BYTES);
}

static struct sx_memory_counts count(struct sx_memory *memory)
{
    struct sx_memory_counts counts;
    sx_memory_count(memory, &counts);
    return counts;
}

/* Whether so many MiB find room; the charge is given back by the test. */
static bool take(struct sx_memory *memory, enum sx_memory_kind kind, const char *who, size_t mib,
                 struct sx_charge *charge)
{
    return sx_memory_take(memory, kind, who, mib * MIB, charge);
}

static void give_all(struct sx_charge *charges, size_t number)
{
    while (number--)
        sx_memory_give(&charges[number]);
}

static void what_is_taken_is_counted_until_it_is_given_back(void)
{
    struct sx_memory *memory = make_memory();
    struct sx_charge charges[2] = {{0}};
    CU_ASSERT_TRUE(sx_memory_take(memory, SX_MEMORY_REQUEST, "a@x/1", 100, &charges[0]));
    CU_ASSERT_TRUE(sx_memory_take(memory, SX_MEMORY_REQUEST, "a@x/1", 0, &charges[1]));
    CU_ASSERT_TRUE(sx_memory_take(memory, SX_MEMORY_READING, "a@x/1", MIB, &charges[0]));
    CU_ASSERT_TRUE(sx_memory_take(memory, SX_MEMORY_ANSWER, NULL, MIB, &charges[1]));
    CU_ASSERT_EQUAL(sx_memory_charged_bytes(&charges[0]), MIB + 100);
    CU_ASSERT_EQUAL(count(memory).held_bytes, 2 * MIB + 100);
    CU_ASSERT_EQUAL(count(memory).owners, 2);
    give_all(charges, 2);
    give_all(charges, 2); /* holds nothing now */
    CU_ASSERT_EQUAL(count(memory).held_bytes, 0);
    CU_ASSERT_EQUAL(count(memory).owners, 0);
    CU_ASSERT_EQUAL(count(memory).most_bytes, 2 * MIB + 100);
    CU_ASSERT_EQUAL(count(memory).refused, 0);
    CU_ASSERT_EQUAL(line_count, 0);
    sx_memory_free(memory);
}

/* Owners of 1 MiB each until there is no room: how many. */
static size_t fill(struct sx_memory *memory, enum sx_memory_kind kind, struct sx_charge *charges)
{
    char who[40];
    size_t number = 0;
    do
        snprintf(who, sizeof who, "%d-%zu@x/1", (int)kind, number);
    while (take(memory, kind, who, 1, &charges[number]) && ++number);
    return number;
}

static void each_kind_has_a_part_of_its_own(void)
{
    struct sx_memory *memory = make_memory();
    struct sx_charge charges[18] = {{0}}; /* and one that finds no room */
    CU_ASSERT_EQUAL(count(memory).free_bytes[SX_MEMORY_REPLY], 10 * MIB);
    CU_ASSERT_EQUAL(fill(memory, SX_MEMORY_ANSWER, charges), 10);
    CU_ASSERT_EQUAL(count(memory).free_bytes[SX_MEMORY_ANSWER], 0);
    CU_ASSERT_EQUAL(fill(memory, SX_MEMORY_REQUEST, charges + 10), 2);
    CU_ASSERT_EQUAL(fill(memory, SX_MEMORY_REPLY, charges + 12), 2);
    sx_memory_give(&charges[0]);
    CU_ASSERT_EQUAL(fill(memory, SX_MEMORY_READING, charges + 14), 3);
    CU_ASSERT_EQUAL(count(memory).held_bytes, MAX_BYTES);
    CU_ASSERT_FALSE(take(memory, SX_MEMORY_ANSWER, "z@x", 1, &charges[0]));
    CU_ASSERT_EQUAL(sx_memory_charged_bytes(&charges[0]), 0);
    CU_ASSERT_PTR_NULL(charges[0].memory);
    give_all(charges, 17);
    CU_ASSERT_EQUAL(count(memory).held_bytes, 0);
    sx_memory_free(memory);
}

static void one_owner_gets_half_whatever_its_resource(void)
{
    struct sx_memory *memory = make_memory();
    struct sx_charge charges[8] = {{0}};
    CU_ASSERT_TRUE(take(memory, SX_MEMORY_REQUEST, "a@x/1", 4, &charges[0]));
    CU_ASSERT_TRUE(take(memory, SX_MEMORY_REQUEST, "a@x/2", 1, &charges[1]));
    CU_ASSERT_FALSE(take(memory, SX_MEMORY_REQUEST, "a@x/3", 1, &charges[2]));
    CU_ASSERT_FALSE(take(memory, SX_MEMORY_REQUEST, "a@x/1", 1, &charges[0])); /* nor the same */
    CU_ASSERT_TRUE(take(memory, SX_MEMORY_REQUEST, "b@x/3", 2, &charges[3]));
    CU_ASSERT_FALSE(take(memory, SX_MEMORY_REQUEST, "b@x/3", 2, &charges[4]));
    CU_ASSERT_TRUE(take(memory, SX_MEMORY_REQUEST, "a@xy", 1, &charges[5]));
    CU_ASSERT_EQUAL(sx_memory_charged_bytes(&charges[0]), 4 * MIB);
    CU_ASSERT_EQUAL(count(memory).owners, 3);
    give_all(charges, 8);
    CU_ASSERT_EQUAL(count(memory).owners, 0);
    sx_memory_free(memory);
}

/* What peers get of 1 GiB, and of the least that is allowed with messages of MESSAGE_MIB. */
enum { PEERS_MIB = 956, MESSAGE_MIB = 64, LEAST_MIB = 6 * MESSAGE_MIB, WORKERS = 4 };

/* One account's requests, all of which have come; they are read by the MiB, in turns. What doesn't
 * find room is declined, and gives back what it has. How many are read to their end. */
static unsigned read_requests(struct sx_memory *memory, size_t request_mib, size_t unpacked_mib,
                              struct sx_charge charges[WORKERS])
{
    bool is_declined[WORKERS] = {false};
    unsigned i, left = WORKERS;
    size_t mib;
    for (i = 0; i < WORKERS; i++)
        CU_ASSERT_TRUE(take(memory, SX_MEMORY_REQUEST, "a@x/1", request_mib, &charges[i]));
    for (mib = 0; mib < unpacked_mib; mib++)
        for (i = 0; i < WORKERS; i++)
            if (!is_declined[i] && !take(memory, SX_MEMORY_READING, "a@x/1", 1, &charges[i])) {
                is_declined[i] = true;
                sx_memory_give(&charges[i]);
                left--;
            }
    return left;
}

/* Four workers of one account's, while nobody else has anything. */
static void what_one_account_sends_is_read_to_its_end(void)
{
    static const struct {
        size_t mib, request_mib, unpacked_mib;
        unsigned read;
    } cases[] = {
        {PEERS_MIB, 48, 64, WORKERS},
        {PEERS_MIB, 40, 53, WORKERS},
        {PEERS_MIB, 59, 59, WORKERS}, /* a quarter of all, for what doesn't shrink */
        {PEERS_MIB, 64, 64, WORKERS - 1},
        {LEAST_MIB, MESSAGE_MIB * 3 / 8, MESSAGE_MIB * 3 / 8, WORKERS},
        {LEAST_MIB, MESSAGE_MIB / 2, MESSAGE_MIB / 2, WORKERS - 1},
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sx_memory *memory = make_memory_of(cases[i].mib * MIB);
        struct sx_charge charges[WORKERS] = {{0}};
        CU_ASSERT_EQUAL(read_requests(memory, cases[i].request_mib, cases[i].unpacked_mib, charges),
                        cases[i].read);
        give_all(charges, WORKERS);
        CU_ASSERT_EQUAL(count(memory).owners, 0);
        sx_memory_free(memory);
    }
}

static void four_accounts_have_the_largest_message_each(void)
{
    struct sx_memory *memory = make_memory_of((size_t)PEERS_MIB * MIB);
    struct sx_charge requests[WORKERS] = {{0}}, answers[WORKERS] = {{0}};
    char who[] = "a@x/1";
    int i, kind;
    for (kind = SX_MEMORY_REQUEST; kind <= SX_MEMORY_ANSWER; kind++)
        for (i = 0; i < WORKERS; i++) {
            who[0] = (char)('a' + i);
            CU_ASSERT_TRUE(take(memory, (enum sx_memory_kind)kind, who, MESSAGE_MIB,
                                kind == SX_MEMORY_ANSWER ? &answers[i] : &requests[i]));
        }
    give_all(requests, WORKERS);
    give_all(answers, WORKERS);
    sx_memory_free(memory);
}

/* Of one account, twice: nothing is left of the first time. */
static void at_the_least_size_the_largest_message_is_answered(void)
{
    struct sx_memory *memory = make_memory_of((size_t)LEAST_MIB * MIB);
    struct sx_charge request = {0}, answer = {0};
    int i;
    for (i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(take(memory, SX_MEMORY_REQUEST, "a@x/1", MESSAGE_MIB, &request));
        CU_ASSERT_TRUE(take(memory, SX_MEMORY_READING, "a@x/1", MESSAGE_MIB, &request));
        CU_ASSERT_TRUE(take(memory, SX_MEMORY_ANSWER, "a@x/1", MESSAGE_MIB, &answer));
        sx_memory_give(&request);
        sx_memory_give(&answer);
    }
    sx_memory_free(memory);
}

/* Whose request ran is answered, from the part that answers have for themselves. */
static void what_an_owner_has_of_one_kind_counts_for_no_other(void)
{
    struct sx_memory *memory = make_memory_of((size_t)PEERS_MIB * MIB);
    struct sx_charge request = {0}, charges[3] = {{0}};
    CU_ASSERT_TRUE(take(memory, SX_MEMORY_REQUEST, "a@x/1", 40, &request));
    CU_ASSERT_TRUE(take(memory, SX_MEMORY_READING, "a@x/1", 64, &request));
    CU_ASSERT_TRUE(sx_memory_take(memory, SX_MEMORY_READING, "b@x/1",
                                  count(memory).free_bytes[SX_MEMORY_READING], &charges[0]));
    CU_ASSERT_EQUAL(count(memory).free_bytes[SX_MEMORY_ANSWER], (size_t)PEERS_MIB * MIB / 8);
    CU_ASSERT_TRUE(take(memory, SX_MEMORY_ANSWER, "a@x/1", 20, &charges[1]));
    CU_ASSERT_TRUE(take(memory, SX_MEMORY_ANSWER, "a@x/1", 16, &charges[2]));
    CU_ASSERT_FALSE(take(memory, SX_MEMORY_ANSWER, "a@x/1", 48, &charges[2])); /* half of it */
    CU_ASSERT_FALSE(take(memory, SX_MEMORY_READING, "a@x/1", 1, &request));
    CU_ASSERT_EQUAL(count(memory).owners, 2);
    sx_memory_give(&request);
    CU_ASSERT_EQUAL(count(memory).owners, 2); /* it has answers */
    give_all(charges, 3);
    CU_ASSERT_EQUAL(count(memory).owners, 0);
    sx_memory_free(memory);
}

static void an_owner_that_has_none_may_take_all_that_is_free(void)
{
    struct sx_memory *memory = make_memory();
    struct sx_charge charge = {0};
    CU_ASSERT_FALSE(take(memory, SX_MEMORY_REQUEST, "a@x", 11, &charge));
    CU_ASSERT_TRUE(take(memory, SX_MEMORY_REQUEST, "a@x", 10, &charge));
    sx_memory_give(&charge);
    CU_ASSERT_FALSE(sx_memory_take(memory, SX_MEMORY_ANSWER, "a@x", (size_t)-1, &charge));
    sx_memory_free(memory);
}

static void small_charges_have_no_share_until_they_grow(void)
{
    struct sx_memory *memory = make_memory();
    struct sx_charge charges[3] = {{0}};
    CU_ASSERT_TRUE(
        sx_memory_take(memory, SX_MEMORY_REQUEST, "a@x", SX_MEMORY_SMALL_BYTES, &charges[0]));
    CU_ASSERT_EQUAL(count(memory).owners, 0);
    CU_ASSERT_TRUE(sx_memory_take(memory, SX_MEMORY_REQUEST, "a@x", 1, &charges[0]));
    CU_ASSERT_EQUAL(count(memory).owners, 1);
    CU_ASSERT_TRUE(take(memory, SX_MEMORY_REQUEST, "a@x", 2, &charges[1]));
    sx_memory_give(&charges[0]);
    CU_ASSERT_EQUAL(count(memory).held_bytes, 2 * MIB);
    CU_ASSERT_EQUAL(count(memory).owners, 1);
    give_all(charges, 3);
    CU_ASSERT_EQUAL(count(memory).owners, 0);
    sx_memory_free(memory);
}

static void exhaustion_is_told_once_a_second(void)
{
    struct sx_memory *memory = make_memory();
    struct sx_charge charge = {0};
    CU_ASSERT_FALSE(take(memory, SX_MEMORY_REQUEST, "a@x/1", 11, &charge));
    CU_ASSERT_FALSE(take(memory, SX_MEMORY_REQUEST, "a@x/1", 11, &charge));
    CU_ASSERT_EQUAL(line_count, 1);
    CU_ASSERT_EQUAL(count(memory).refused, 2);
    ASSERT_TEXT(last_line,
                "calc@x: no room for 11534336 bytes of a@x/1: peers make the link hold 0 "
                "of 16777216 bytes (max_memory_bytes)");
    sx_memory_free(memory);
}

static void what_a_call_of_ours_found_no_room_for_is_told_as_that(void)
{
    struct sx_memory *memory = make_memory();
    struct sx_charge charge = {0};
    CU_ASSERT_FALSE(take(memory, SX_MEMORY_CALL, "a@x/1", 17, &charge));
    ASSERT_TEXT(last_line,
                "calc@x: no room for 17825792 bytes of a call of ours to a@x/1: the link holds 0 "
                "of 16777216 bytes (max_memory_bytes)");
    sx_memory_free(memory);
}

static void without_memory_for_a_share_nothing_is_taken(void)
{
    struct sx_memory *memory = make_memory();
    struct sx_charge charge = {0};
    shortage_begin((struct shortage){.number = 1, .lasts = false});
    CU_ASSERT_FALSE(take(memory, SX_MEMORY_REQUEST, "a@x", 1, &charge));
    CU_ASSERT_TRUE(shortage_end());
    CU_ASSERT_EQUAL(count(memory).held_bytes, 0);
    CU_ASSERT_EQUAL(sx_memory_charged_bytes(&charge), 0);
    CU_ASSERT_TRUE(take(memory, SX_MEMORY_REQUEST, "a@x", 1, &charge));
    sx_memory_give(&charge);
    sx_memory_free(memory);
}

static void where_none_is_kept_nothing_is_counted(void)
{
    struct sx_charge charge = {0};
    CU_ASSERT_TRUE(sx_memory_take(NULL, SX_MEMORY_REQUEST, "a@x", (size_t)-1, &charge));
    CU_ASSERT_EQUAL(sx_memory_charged_bytes(&charge), 0);
    sx_memory_give(&charge);
    sx_memory_free(NULL);
}

static void *come_and_go(void *user)
{
    struct sx_memory *memory = user;
    struct sx_charge charges[4] = {{0}};
    char who[2] = "a";
    int i;
    for (i = 0; i < 20000; i++) {
        who[0] = (char)('a' + i % 3);
        if (!sx_memory_take(memory, (enum sx_memory_kind)(i % SX_MEMORY_KINDS), who,
                            i % 2 ? MIB : SX_MEMORY_SMALL_BYTES / 2, &charges[i % 4]))
            CU_ASSERT(count(memory).held_bytes <= MAX_BYTES);
        if (i % 4 == 3)
            give_all(charges, 4);
        else
            sx_memory_give(&charges[i % 4]);
    }
    give_all(charges, 4);
    return NULL;
}

static void threads_leave_nothing_behind(void)
{
    struct sx_memory *memory = make_memory();
    pthread_t threads[4];
    int i;
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, come_and_go, memory), 0);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(count(memory).held_bytes, 0);
    CU_ASSERT_EQUAL(count(memory).owners, 0);
    CU_ASSERT(count(memory).most_bytes <= MAX_BYTES);
    sx_memory_free(memory);
}

CU_TestInfo tests_memory[] = {
    {"what is taken is counted until it is given back",
     what_is_taken_is_counted_until_it_is_given_back},
    {"each kind has a part of its own", each_kind_has_a_part_of_its_own},
    {"one owner gets half, whatever its resource", one_owner_gets_half_whatever_its_resource},
    {"what one account sends is read to its end, as far as the documents say",
     what_one_account_sends_is_read_to_its_end},
    {"four accounts have the largest message each", four_accounts_have_the_largest_message_each},
    {"at the least size the largest message is answered",
     at_the_least_size_the_largest_message_is_answered},
    {"what an owner has of one kind counts for no other",
     what_an_owner_has_of_one_kind_counts_for_no_other},
    {"an owner that has none may take all that is free",
     an_owner_that_has_none_may_take_all_that_is_free},
    {"small charges have no share until they grow", small_charges_have_no_share_until_they_grow},
    {"exhaustion is told once a second", exhaustion_is_told_once_a_second},
    {"what a call of ours found no room for is told as that",
     what_a_call_of_ours_found_no_room_for_is_told_as_that},
    {"without memory for a share nothing is taken", without_memory_for_a_share_nothing_is_taken},
    {"where none is kept nothing is counted", where_none_is_kept_nothing_is_counted},
    {"threads leave nothing behind", threads_leave_nothing_behind},
    CU_TEST_INFO_NULL,
};
