/* Big messages that would like to arrive: which are let in, and how long they may stay. */
#include "arriving.h"

#include "base/clock.h"

/* ---- opens that are refused ---- */

static void malformed_opens_are_refused(void)
{
    static const struct {
        struct sx_receiver_open open;
        const char *condition;
    } bad[] = {
        {{NULL, "4", "iq", "t", "10", HASH}, "bad-request"},
        {{"", "4", "iq", "t", "10", HASH}, "bad-request"},
        {{"a b", "4", "iq", "t", "10", HASH}, "bad-request"},
        {{"a'", "4", "iq", "t", "10", HASH}, "bad-request"},
        {{TOO_LONG, "4", "iq", "t", "10", HASH}, "bad-request"},
        {{"t", NULL, "iq", "t", "10", HASH}, "bad-request"},
        {{"t", "0", "iq", "t", "10", HASH}, "bad-request"},
        {{"t", "65536", "iq", "t", "10", HASH}, "bad-request"},
        {{"t", "-4", "iq", "t", "10", HASH}, "bad-request"},
        {{"t", "4", "message", "t", "10", HASH}, "not-acceptable"},
        {{"t", "4", "iq", NULL, NULL, NULL}, "not-acceptable"},
        {{"t", "4", "iq", NULL, "10", HASH}, "bad-request"},
        {{"t", "4", "iq", "", "10", HASH}, "bad-request"},
        {{"t", "4", "iq", "<", "10", HASH}, "bad-request"},
        {{"t", "4", "iq", TOO_LONG, "10", HASH}, "bad-request"},
        {{"t", "4", "iq", "t", NULL, HASH}, "bad-request"},
        {{"t", "4", "iq", "t", "0", HASH}, "bad-request"},
        {{"t", "4", "iq", "t", "x", HASH}, "bad-request"},
        {{"t", "4", "iq", "t", "-10", HASH}, "bad-request"},
        {{"t", "4", "iq", "t", "99999999999999999999999", HASH}, "bad-request"},
        {{"t", "4", "iq", "t", "10", NULL}, "bad-request"},
        {{"t", "4", "iq", "t", "10", ""}, "bad-request"},
        {{"t", "4", "iq", "t", "10", HASH "0"}, "bad-request"},
        {{"t", "4", "iq", "t", "10", "G" HASH}, "bad-request"},
        {{"t", "4", "iq", "t", "10", ZEROS_BUT_ONE "g"}, "bad-request"},
    };
    struct sx_receiver *intake = make(100, 4);
    struct sx_receiver_answer answer;
    unsigned i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        answer = ask(intake, ALICE, bad[i].open, S);
        expect(&answer, bad[i].condition);
        ASSERT_TEXT(answer.transfer, "");
    }
    answer = announce(intake, NULL, "t", 10, S);
    expect(&answer, "bad-request");
    CU_ASSERT_EQUAL(count(intake).transfers, 0);
    CU_ASSERT_EQUAL(count(intake).refused, sizeof bad / sizeof *bad + 1);
    sx_receiver_free(intake);
}

static void too_large_a_message_is_refused_with_size_and_limit(void)
{
    struct sx_receiver *intake = make(100, 4);
    struct sx_receiver_answer answer = announce(intake, ALICE, "t", 76, S);
    expect(&answer, "not-acceptable");
    ASSERT_TEXT(answer.text, "the message is 76 bytes; the limit is 75");
    answer = announce(intake, ALICE, "t", 75, S);
    expect(&answer, NULL);
    sx_receiver_free(intake);
}

/* What could never have room must not be told to wait. */
static void no_message_is_larger_than_all_together(void)
{
    const struct sx_receiver_limits limits = {1000, 100, 4096, 4};
    struct sx_receiver *intake = sx_receiver_new(&limits);
    struct sx_receiver_answer answer;
    CU_ASSERT_PTR_NOT_NULL_FATAL(intake);
    answer = announce(intake, ALICE, "t", 101, S);
    expect(&answer, "not-acceptable");
    answer = announce(intake, ALICE, "t", 100, S);
    expect(&answer, NULL);
    sx_receiver_free(intake);
}

static void larger_blocks_than_wanted_are_to_be_halved(void)
{
    struct sx_receiver *intake = make(100, 4);
    struct sx_receiver_open open = {"t", "4097", "iq", "t", "10", HASH};
    struct sx_receiver_answer answer = ask(intake, ALICE, open, S);
    expect(&answer, "resource-constraint");
    ASSERT_TEXT(answer.type, "modify");
    open.block_size = "4096";
    answer = ask(intake, ALICE, open, S);
    expect(&answer, NULL);
    sx_receiver_free(intake);
}

/* ---- room ---- */

static void expect_no_room(struct sx_receiver *intake, const char *from, const char *transfer,
                           size_t size)
{
    struct sx_receiver_answer answer = announce(intake, from, transfer, size, S);
    expect(&answer, "resource-constraint");
    ASSERT_TEXT(answer.type, "wait");
}

static void expect_room(struct sx_receiver *intake, const char *from, const char *transfer,
                        size_t size)
{
    struct sx_receiver_answer answer = announce(intake, from, transfer, size, S);
    expect(&answer, NULL);
}

static void all_bytes_together_are_bounded(void)
{
    struct sx_receiver *intake = make(100, 8);
    expect_room(intake, ALICE, "t", 60);
    expect_no_room(intake, BOB, "t", 41);
    expect_room(intake, BOB, "t", 40);
    expect_no_room(intake, CAROL, "t", 1);
    CU_ASSERT_EQUAL(count(intake).announced_bytes, 100);
    sx_receiver_drop(intake, ALICE, "u");
    expect_no_room(intake, CAROL, "t", 1);
    sx_receiver_drop(intake, ALICE, "t");
    expect_room(intake, CAROL, "t", 60);
    sx_receiver_free(intake);
}

static void all_places_together_are_bounded(void)
{
    struct sx_receiver *intake = make(100, 3);
    expect_room(intake, ALICE, "t", 1);
    expect_room(intake, BOB, "t", 1);
    expect_room(intake, CAROL, "t", 1);
    expect_no_room(intake, "dave@example.org/desk", "t", 1);
    expect_room(intake, ALICE, "t", 1); /* it has its place */
    CU_ASSERT_EQUAL(count(intake).transfers, 3);
    sx_receiver_free(intake);
}

static void one_peer_has_half_of_the_places(void)
{
    struct sx_receiver *intake = make(100, 4);
    expect_room(intake, ALICE, "t", 1);
    expect_room(intake, ALICE, "u", 1);
    expect_no_room(intake, ALICE, "v", 1);
    expect_room(intake, BOB, "t", 1);
    sx_receiver_free(intake);
    intake = make(100, 1);
    expect_room(intake, ALICE, "t", 1);
    expect_no_room(intake, ALICE, "u", 1);
    sx_receiver_free(intake);
}

static void one_peer_has_half_of_the_bytes_unless_it_has_none(void)
{
    struct sx_receiver *intake = make(100, 8);
    expect_room(intake, ALICE, "t", 75);
    expect_no_room(intake, ALICE, "u", 1);
    sx_receiver_drop(intake, ALICE, "t");
    expect_room(intake, ALICE, "t", 20);
    expect_no_room(intake, ALICE, "u", 31);
    expect_no_room(intake, ALICE, "u", 51);
    expect_room(intake, ALICE, "u", 30);
    expect_no_room(intake, ALICE, "v", 1);
    expect_room(intake, BOB, "t", 50);
    sx_receiver_free(intake);
}

static void an_announcement_takes_no_memory(void)
{
    enum { SIZE = 1 << 24, BLOCK = 4096 };
    static char block[BLOCK];
    struct sx_receiver *intake = make(4 * (size_t)SIZE, 8);
    struct sx_receiver_answer answer =
        ask(intake, ALICE, (struct sx_receiver_open){"t", "4096", "iq", "t", "16777216", HASH}, S);
    unsigned long i;
    char seq[32];
    expect(&answer, NULL);
    CU_ASSERT_EQUAL(count(intake).held_bytes, 0);
    for (i = 0; i < SIZE / BLOCK / 2; i++) {
        snprintf(seq, sizeof seq, "%lu", i);
        sx_receiver_data(intake, ALICE, "t", seq, block, BLOCK, S, &answer);
        if (answer.condition || count(intake).held_bytes > 2 * answer.received + 65536)
            break;
    }
    expect(&answer, NULL);
    CU_ASSERT_EQUAL(answer.received, SIZE / 2);
    CU_ASSERT(count(intake).held_bytes <= 2 * answer.received + 65536);
    CU_ASSERT(count(intake).held_bytes <= SIZE);
    sx_receiver_drop(intake, ALICE, "t");
    CU_ASSERT(count(intake).held_bytes == 0 && count(intake).announced_bytes == 0);
    sx_receiver_free(intake);
}

/* ---- time ---- */

static void idle_transfers_are_forgotten(void)
{
    struct sx_receiver *intake = make(100, 4);
    struct sx_receiver_answer answer;
    CU_ASSERT_EQUAL(sx_receiver_due_us(intake), SX_NEVER);
    CU_ASSERT_EQUAL(sx_receiver_expire(intake, 1000 * S), 0);
    expect_opened(intake, 0);
    announce(intake, BOB, "t", 10, 2 * S);
    CU_ASSERT_EQUAL(sx_receiver_due_us(intake), 121 * S);
    send(intake, ALICE, "t", "0", "0123", 10 * S);
    CU_ASSERT_EQUAL(sx_receiver_due_us(intake), 122 * S);
    CU_ASSERT_EQUAL(sx_receiver_expire(intake, 122 * S - 1), 0);
    CU_ASSERT_EQUAL(sx_receiver_expire(intake, 122 * S), 1);
    CU_ASSERT_EQUAL(sx_receiver_due_us(intake), 130 * S);
    send(intake, ALICE, "t", "1", "", 20 * S); /* brings nothing, keeps nothing */
    CU_ASSERT_EQUAL(sx_receiver_due_us(intake), 130 * S);
    answer = announce(intake, ALICE, "t", 10, 129 * S);
    CU_ASSERT_EQUAL(answer.received, 4);
    CU_ASSERT_EQUAL(sx_receiver_due_us(intake), 249 * S);
    answer = announce(intake, ALICE, "t", 10, 249 * S);
    CU_ASSERT_EQUAL(answer.received, 0);
    CU_ASSERT_EQUAL(count(intake).expired, 2);
    sx_receiver_free(intake);
}

static void all_that_are_idle_go_at_once(void)
{
    struct sx_receiver *intake = make(100, 8);
    announce(intake, ALICE, "t", 10, S);
    announce(intake, ALICE, "u", 10, 2 * S);
    announce(intake, BOB, "t", 10, 3 * S);
    CU_ASSERT_EQUAL(sx_receiver_expire(intake, 122 * S), 2);
    CU_ASSERT(count(intake).transfers == 1 && count(intake).expired == 2);
    CU_ASSERT_EQUAL(sx_receiver_due_us(intake), 123 * S);
    sx_receiver_free(intake);
}

static void complete_ones_are_forgotten_too(void)
{
    struct sx_receiver *intake = make(100, 4);
    expect_opened(intake, 0);
    expect_sent(intake, "t", "0", "0123", NULL);
    expect_sent(intake, "t", "1", "4567", NULL);
    expect_sent(intake, "t", "2", "89", NULL);
    CU_ASSERT_EQUAL(sx_receiver_expire(intake, 121 * S), 1);
    expect_not_taken(intake, ALICE, "t", 10, HASH);
    sx_receiver_free(intake);
}

/* An open finds the room that idle ones have left, without anybody calling expire. */
static void idle_transfers_make_room(void)
{
    struct sx_receiver *intake = make(100, 4);
    struct sx_receiver_answer answer;
    expect_room(intake, ALICE, "t", 75);
    answer = announce(intake, BOB, "t", 75, 121 * S - 1);
    expect(&answer, "resource-constraint");
    answer = announce(intake, BOB, "t", 75, 121 * S);
    expect(&answer, NULL);
    sx_receiver_free(intake);
}

CU_TestInfo tests_receiver_room[] = {
    {"malformed opens are refused", malformed_opens_are_refused},
    {"too large a message is refused with size and limit",
     too_large_a_message_is_refused_with_size_and_limit},
    {"no message is larger than all together", no_message_is_larger_than_all_together},
    {"larger blocks than wanted are to be halved", larger_blocks_than_wanted_are_to_be_halved},
    {"all bytes together are bounded", all_bytes_together_are_bounded},
    {"all places together are bounded", all_places_together_are_bounded},
    {"one peer has half of the places", one_peer_has_half_of_the_places},
    {"one peer has half of the bytes, unless it has none",
     one_peer_has_half_of_the_bytes_unless_it_has_none},
    {"an announcement takes no memory", an_announcement_takes_no_memory},
    {"idle transfers are forgotten", idle_transfers_are_forgotten},
    {"all that are idle go at once", all_that_are_idle_go_at_once},
    {"complete ones are forgotten, too", complete_ones_are_forgotten_too},
    {"idle transfers make room", idle_transfers_make_room},
    CU_TEST_INFO_NULL,
};
