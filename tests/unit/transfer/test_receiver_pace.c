/* How long big messages that arrive may stay: peers that bring next to nothing, and others who want
 * their places. Time is the tests' own. */
#include "receiver_fixture.h"

#include "base/clock.h"

enum { PLACES = 64, BLOCK_BYTES = 4096 };

/* The next block of a transfer in blocks of up to BLOCK_BYTES; false: it is refused. */
static bool bring(struct sx_receiver *receiver, const char *from, const char *transfer,
                  unsigned seq, size_t len, int64_t now_us)
{
    static const char bytes[BLOCK_BYTES];
    struct sx_receiver_answer answer;
    char number[16];
    snprintf(number, sizeof number, "%u", seq);
    sx_receiver_data(receiver, from, transfer, number, bytes, len, now_us, &answer);
    return !answer.condition;
}

static struct sx_receiver_answer begin(struct sx_receiver *receiver, const char *from,
                                       const char *transfer, size_t size, int64_t now_us)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", size);
    return ask(receiver, from,
               (struct sx_receiver_open){transfer, "4096", "iq", transfer, text, HASH}, now_us);
}

/* An account of that number opens so many. */
static unsigned begin_many(struct sx_receiver *receiver, unsigned account, unsigned count,
                           size_t size, int64_t now_us)
{
    unsigned i, let_in = 0;
    char from[64], transfer[16];
    for (i = 0; i < count; i++) {
        snprintf(from, sizeof from, "a%u@example.org/%u", account, i);
        snprintf(transfer, sizeof transfer, "t%u", i);
        let_in += !begin(receiver, from, transfer, size, now_us).condition;
    }
    return let_in;
}

/* ---- alone ---- */

static void idle_transfers_are_forgotten(void)
{
    struct sx_receiver *receiver = make(100000, 4);
    struct sx_receiver_answer answer;
    CU_ASSERT_EQUAL(sx_receiver_due_us(receiver), SX_NEVER);
    CU_ASSERT_EQUAL(sx_receiver_expire(receiver, 1000 * S), 0);
    begin(receiver, ALICE, "t", 10000, S);
    begin(receiver, BOB, "t", 10000, 2 * S);
    CU_ASSERT_EQUAL(sx_receiver_due_us(receiver), 121 * S);
    CU_ASSERT_TRUE(bring(receiver, ALICE, "t", 0, 1024, 10 * S));
    CU_ASSERT_EQUAL(sx_receiver_due_us(receiver), 122 * S);
    CU_ASSERT_EQUAL(sx_receiver_expire(receiver, 122 * S - 1), 0);
    CU_ASSERT_EQUAL(sx_receiver_expire(receiver, 122 * S), 1);
    CU_ASSERT_EQUAL(sx_receiver_due_us(receiver), 130 * S);
    CU_ASSERT_TRUE(bring(receiver, ALICE, "t", 1, 0, 20 * S)); /* brings nothing, keeps nothing */
    CU_ASSERT_EQUAL(sx_receiver_due_us(receiver), 130 * S);
    answer = begin(receiver, ALICE, "t", 10000, 130 * S);
    CU_ASSERT_EQUAL(answer.received, 0);
    CU_ASSERT_EQUAL(count(receiver).expired, 2);
    sx_receiver_free(receiver);
}

static void all_that_are_idle_go_at_once(void)
{
    struct sx_receiver *receiver = make(100, 8);
    announce(receiver, ALICE, "t", 10, S);
    announce(receiver, ALICE, "u", 10, 2 * S);
    announce(receiver, BOB, "t", 10, 3 * S);
    CU_ASSERT_EQUAL(sx_receiver_expire(receiver, 122 * S), 2);
    CU_ASSERT(count(receiver).transfers == 1 && count(receiver).expired == 2);
    CU_ASSERT_EQUAL(sx_receiver_due_us(receiver), 123 * S);
    sx_receiver_free(receiver);
}

static void a_byte_now_and_then_keeps_no_place(void)
{
    struct sx_receiver *receiver = make(100000, 4);
    unsigned i;
    begin(receiver, ALICE, "t", 10000, 0);
    for (i = 0; i < 10; i++)
        if (!bring(receiver, ALICE, "t", i, 1, (i + 1) * 119 * S) ||
            sx_receiver_expire(receiver, (i + 1) * 119 * S + S))
            break;
    CU_ASSERT_EQUAL(i, 2);
    CU_ASSERT_EQUAL(count(receiver).transfers, 0);
    sx_receiver_free(receiver);
}

static void opens_without_bytes_keep_no_place(void)
{
    struct sx_receiver *receiver = make(100000, 4);
    struct sx_receiver_answer answer;
    begin(receiver, ALICE, "t", 10000, 0);
    CU_ASSERT_TRUE(bring(receiver, ALICE, "t", 0, 4000, 0));
    answer = begin(receiver, ALICE, "t", 10000, 119 * S); /* who was cut off gets time to go on */
    CU_ASSERT_EQUAL(answer.received, 4000);
    answer = begin(receiver, ALICE, "t", 10000, 238 * S);
    CU_ASSERT_EQUAL(answer.received, 4000);
    CU_ASSERT_EQUAL(sx_receiver_expire(receiver, 240 * S), 1);
    sx_receiver_free(receiver);
}

static void complete_ones_are_forgotten_too(void)
{
    struct sx_receiver *receiver = make(100, 4);
    struct sx_receiver_answer answer;
    expect_opened(receiver, 0);
    expect_sent(receiver, "t", "0", "0123", NULL);
    expect_sent(receiver, "t", "1", "4567", NULL);
    expect_sent(receiver, "t", "2", "89", NULL);
    answer = announce(receiver, ALICE, "t", 10, 120 * S); /* nothing is to come any more */
    CU_ASSERT_EQUAL(answer.received, 10);
    CU_ASSERT_EQUAL(sx_receiver_expire(receiver, 121 * S), 1);
    expect_not_taken(receiver, ALICE, "t", 10, HASH);
    sx_receiver_free(receiver);
}

/* At 1 KB/s, cut every ten minutes for 100 s. */
static void a_slow_line_brings_its_message(void)
{
    enum { SIZE = 1 << 20, BLOCK_S = 6, CUT_AFTER = 100, CUT_S = 100 };
    struct sx_receiver *receiver = make(2 * (size_t)SIZE, 4);
    struct sx_receiver_answer answer = begin(receiver, ALICE, "t", SIZE, 0);
    int64_t now_us = 0;
    unsigned blocks, seq = 0;
    expect(&answer, NULL);
    for (blocks = 0; blocks < SIZE / BLOCK_BYTES - 1; blocks++) {
        now_us += BLOCK_S * S;
        if (!bring(receiver, ALICE, "t", seq++, BLOCK_BYTES, now_us))
            break;
        if (blocks % CUT_AFTER != CUT_AFTER - 1)
            continue;
        now_us += CUT_S * S;
        answer = begin(receiver, ALICE, "t", SIZE, now_us);
        CU_ASSERT_EQUAL(answer.received, (blocks + 1) * BLOCK_BYTES);
        seq = 0;
    }
    CU_ASSERT_EQUAL(blocks, SIZE / BLOCK_BYTES - 1);
    CU_ASSERT_EQUAL(count(receiver).expired, 0);
    sx_receiver_free(receiver);
}

/* ---- in others' way ---- */

/* An open finds the room that idle ones have left, without anybody calling expire. */
static void idle_transfers_make_room(void)
{
    struct sx_receiver *receiver = make(100, 4);
    struct sx_receiver_answer answer = announce(receiver, ALICE, "t", 75, S);
    expect(&answer, NULL);
    answer = announce(receiver, BOB, "t", 75, 121 * S - 1);
    expect(&answer, "resource-constraint");
    answer = announce(receiver, BOB, "t", 75, 121 * S);
    expect(&answer, NULL);
    sx_receiver_free(receiver);
}

static void two_accounts_do_not_hold_all_places(void)
{
    struct sx_receiver *receiver = make(1 << 20, PLACES);
    unsigned account;
    CU_ASSERT_EQUAL(begin_many(receiver, 1, PLACES, 2000, S), PLACES / 2);
    CU_ASSERT_EQUAL(begin_many(receiver, 2, PLACES, 2000, S), PLACES / 2);
    CU_ASSERT_EQUAL(begin_many(receiver, 3, 1, 2000, 11 * S), 0); /* they have their time */
    CU_ASSERT_EQUAL(begin_many(receiver, 3, PLACES, 2000, 12 * S), PLACES / 3);
    for (account = 4; account <= 20; account++)
        CU_ASSERT_EQUAL(begin_many(receiver, account, 1, 2000, 13 * S), 1);
    CU_ASSERT_EQUAL(begin_many(receiver, 3, PLACES, 2000, 30 * S), PLACES / 3); /* it has them */
    CU_ASSERT_EQUAL(count(receiver).transfers, PLACES);
    CU_ASSERT_EQUAL(count(receiver).displaced, PLACES / 3 + 17);
    sx_receiver_free(receiver);
}

/* One transfer is an account's, however many there are: it holds as long as it keeps its pace. */
static void many_accounts_hold_a_place_each(void)
{
    struct sx_receiver *receiver = make(1 << 20, PLACES);
    unsigned account;
    for (account = 1; account <= PLACES; account++)
        CU_ASSERT_EQUAL(begin_many(receiver, account, 1, 2000, S), 1);
    CU_ASSERT_EQUAL(begin_many(receiver, PLACES + 1, 1, 2000, 100 * S), 0);
    CU_ASSERT_EQUAL(begin_many(receiver, PLACES + 1, 1, 2000, 121 * S), 1);
    sx_receiver_free(receiver);
}

static void two_accounts_do_not_hold_all_bytes(void)
{
    struct sx_receiver *receiver = make(120000, PLACES);
    CU_ASSERT_EQUAL(begin_many(receiver, 1, 1, 60000, S), 1);
    CU_ASSERT_EQUAL(begin_many(receiver, 2, 30, 2000, S), 30);
    CU_ASSERT_EQUAL(begin_many(receiver, 3, 1, 50000, 20 * S), 0); /* more than a third */
    CU_ASSERT_EQUAL(begin_many(receiver, 3, 1, 40000, 20 * S), 1);
    CU_ASSERT(count(receiver).announced_bytes <= 120000);
    sx_receiver_free(receiver);
}

/* Two accounts that close each transfer before it has had its time, and open another at once. */
static void nobody_keeps_places_by_opening_again(void)
{
    struct sx_receiver *receiver = make(1 << 20, 8);
    unsigned round, account, i, let_in = 0;
    CU_ASSERT_EQUAL(begin_many(receiver, 1, 4, 2000, S), 4);
    CU_ASSERT_EQUAL(begin_many(receiver, 2, 4, 2000, S), 4);
    for (round = 1; round < 10 && !let_in; round++) {
        let_in = begin_many(receiver, 3, 1, 2000, (1 + 5 * round) * S);
        for (account = 1; account <= 2; account++)
            for (i = 0; i < 4; i++) {
                char from[64], sid[16];
                snprintf(from, sizeof from, "a%u@example.org/%u", account, i);
                snprintf(sid, sizeof sid, "t%u", i);
                leave(receiver, from, sid);
                begin_many(receiver, account, 4, 2000, (2 + 5 * round) * S);
            }
    }
    CU_ASSERT_EQUAL(round, 3);
    sx_receiver_free(receiver);
}

/* Of an account that has too much the one goes first that made no step for longest. */
static void who_gets_on_goes_last(void)
{
    struct sx_receiver *receiver = make(100000, 4);
    size_t received, size;
    begin(receiver, ALICE, "t", 10000, S);
    begin(receiver, ALICE, "u", 10000, S);
    begin(receiver, BOB, "t", 10000, S);
    begin(receiver, BOB, "u", 10000, S);
    CU_ASSERT_TRUE(bring(receiver, ALICE, "t", 0, 2000, 15 * S));
    begin(receiver, CAROL, "t", 10000, 20 * S);
    CU_ASSERT_TRUE(sx_receiver_progress(receiver, ALICE, "t", &received, &size));
    CU_ASSERT_FALSE(sx_receiver_progress(receiver, ALICE, "u", &received, &size));
    CU_ASSERT_TRUE(sx_receiver_progress(receiver, CAROL, "t", &received, &size));
    CU_ASSERT_FALSE(bring(receiver, ALICE, "u", 0, 2000, 21 * S));
    sx_receiver_free(receiver);
}

static bool is_called(void *user, const char *from)
{
    return strcmp(*(const char **)user, from) == 0;
}

/* An answer to a call, whole or not, makes no room for callers while the call is under way. What a
 * peer sends that is called, and what has come of an answer that nobody awaits, does. */
static void answers_to_our_calls_stay(void)
{
    struct sx_receiver *receiver = make(1 << 20, 8);
    const char *called = BOB;
    size_t received, size;
    unsigned i;
    sx_receiver_ask_awaited(receiver, is_called, &called);
    for (i = 0; i < 4; i++) {
        static const char *const names[] = {"0", "1", "2", "3"};
        begin(receiver, BOB, names[i], i ? 2000 : 10, S);
        if (i < 2)
            sx_receiver_await(receiver, BOB, names[i]);
    }
    sx_receiver_data(receiver, BOB, "0", "0", "0123456789", 10, S, &(struct sx_receiver_answer){0});
    CU_ASSERT_EQUAL(count(receiver).completed, 1);
    CU_ASSERT_EQUAL(begin_many(receiver, 1, 4, 2000, S), 4);
    for (i = 2; i < 7; i++)
        CU_ASSERT_EQUAL(begin_many(receiver, i, 1, 2000, 20 * S), 1);
    CU_ASSERT_TRUE(sx_receiver_progress(receiver, BOB, "0", &received, &size));
    CU_ASSERT_TRUE(sx_receiver_progress(receiver, BOB, "1", &received, &size));
    CU_ASSERT_FALSE(sx_receiver_progress(receiver, BOB, "2", &received, &size));
    CU_ASSERT_FALSE(sx_receiver_progress(receiver, BOB, "3", &received, &size));
    called = ALICE;
    CU_ASSERT_EQUAL(begin_many(receiver, 9, 1, 2000, 21 * S), 1);
    CU_ASSERT_TRUE(sx_receiver_progress(receiver, BOB, "0", &received, &size));
    CU_ASSERT_FALSE(sx_receiver_progress(receiver, BOB, "1", &received, &size));
    sx_receiver_free(receiver);
}

CU_TestInfo tests_receiver_pace[] = {
    {"idle transfers are forgotten", idle_transfers_are_forgotten},
    {"all that are idle go at once", all_that_are_idle_go_at_once},
    {"a byte now and then keeps no place", a_byte_now_and_then_keeps_no_place},
    {"opens without bytes keep no place", opens_without_bytes_keep_no_place},
    {"complete ones are forgotten, too", complete_ones_are_forgotten_too},
    {"a slow line brings its message", a_slow_line_brings_its_message},
    {"idle transfers make room", idle_transfers_make_room},
    {"two accounts don't hold all places", two_accounts_do_not_hold_all_places},
    {"many accounts hold a place each", many_accounts_hold_a_place_each},
    {"two accounts don't hold all bytes", two_accounts_do_not_hold_all_bytes},
    {"nobody keeps places by opening again", nobody_keeps_places_by_opening_again},
    {"who gets on goes last", who_gets_on_goes_last},
    {"answers to our calls stay", answers_to_our_calls_stay},
    CU_TEST_INFO_NULL,
};
