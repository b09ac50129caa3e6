/* Big messages that would like to arrive: which are let in. */
#include "receiver_fixture.h"

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
    struct sx_receiver *receiver = make(100, 4);
    struct sx_receiver_answer answer;
    unsigned i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        answer = ask(receiver, ALICE, bad[i].open, S);
        expect(&answer, bad[i].condition);
        ASSERT_TEXT(answer.transfer, "");
    }
    answer = announce(receiver, NULL, "t", 10, S);
    expect(&answer, "bad-request");
    CU_ASSERT_EQUAL(count(receiver).transfers, 0);
    CU_ASSERT_EQUAL(count(receiver).refused, sizeof bad / sizeof *bad + 1);
    sx_receiver_free(receiver);
}

static void too_large_a_message_is_refused_with_size_and_limit(void)
{
    struct sx_receiver *receiver = make(100, 4);
    struct sx_receiver_answer answer = announce(receiver, ALICE, "t", 76, S);
    expect(&answer, "not-acceptable");
    ASSERT_TEXT(answer.text, "the message is 76 bytes; the limit is 75");
    answer = announce(receiver, ALICE, "t", 75, S);
    expect(&answer, NULL);
    sx_receiver_free(receiver);
}

/* What could never have room must not be told to wait. */
static void no_message_is_larger_than_all_together(void)
{
    const struct sx_receiver_limits limits = {1000, 100, 4096, 4};
    struct sx_receiver *receiver = sx_receiver_new(&limits);
    struct sx_receiver_answer answer;
    CU_ASSERT_PTR_NOT_NULL_FATAL(receiver);
    answer = announce(receiver, ALICE, "t", 101, S);
    expect(&answer, "not-acceptable");
    answer = announce(receiver, ALICE, "t", 100, S);
    expect(&answer, NULL);
    sx_receiver_free(receiver);
}

static void larger_blocks_than_wanted_are_to_be_halved(void)
{
    struct sx_receiver *receiver = make(100, 4);
    struct sx_receiver_open open = {"t", "4097", "iq", "t", "10", HASH};
    struct sx_receiver_answer answer = ask(receiver, ALICE, open, S);
    expect(&answer, "resource-constraint");
    ASSERT_TEXT(answer.type, "modify");
    open.block_size = "4096";
    answer = ask(receiver, ALICE, open, S);
    expect(&answer, NULL);
    sx_receiver_free(receiver);
}

/* ---- room ---- */

static void expect_no_room(struct sx_receiver *receiver, const char *from, const char *transfer,
                           size_t size)
{
    struct sx_receiver_answer answer = announce(receiver, from, transfer, size, S);
    expect(&answer, "resource-constraint");
    ASSERT_TEXT(answer.type, "wait");
}

static void expect_room(struct sx_receiver *receiver, const char *from, const char *transfer,
                        size_t size)
{
    struct sx_receiver_answer answer = announce(receiver, from, transfer, size, S);
    expect(&answer, NULL);
}

static void all_bytes_together_are_bounded(void)
{
    struct sx_receiver *receiver = make(100, 8);
    expect_room(receiver, ALICE, "t", 60);
    expect_no_room(receiver, BOB, "t", 41);
    expect_room(receiver, BOB, "t", 40);
    expect_no_room(receiver, CAROL, "t", 1);
    CU_ASSERT_EQUAL(count(receiver).announced_bytes, 100);
    sx_receiver_drop(receiver, ALICE, "u");
    expect_no_room(receiver, CAROL, "t", 1);
    sx_receiver_drop(receiver, ALICE, "t");
    expect_room(receiver, CAROL, "t", 60);
    sx_receiver_free(receiver);
}

static void all_places_together_are_bounded(void)
{
    struct sx_receiver *receiver = make(100, 3);
    expect_room(receiver, ALICE, "t", 1);
    expect_room(receiver, BOB, "t", 1);
    expect_room(receiver, CAROL, "t", 1);
    expect_no_room(receiver, "dave@example.org/desk", "t", 1);
    expect_room(receiver, ALICE, "t", 1); /* it has its place */
    CU_ASSERT_EQUAL(count(receiver).transfers, 3);
    sx_receiver_free(receiver);
}

static void one_peer_has_half_of_the_places(void)
{
    struct sx_receiver *receiver = make(100, 4);
    expect_room(receiver, ALICE, "t", 1);
    expect_room(receiver, ALICE, "u", 1);
    expect_no_room(receiver, ALICE, "v", 1);
    expect_room(receiver, BOB, "t", 1);
    sx_receiver_free(receiver);
    receiver = make(100, 1);
    expect_room(receiver, ALICE, "t", 1);
    expect_no_room(receiver, ALICE, "u", 1);
    sx_receiver_free(receiver);
}

static void one_peer_has_half_of_the_bytes_unless_it_has_none(void)
{
    struct sx_receiver *receiver = make(100, 8);
    expect_room(receiver, ALICE, "t", 75);
    expect_no_room(receiver, ALICE, "u", 1);
    sx_receiver_drop(receiver, ALICE, "t");
    expect_room(receiver, ALICE, "t", 20);
    expect_no_room(receiver, ALICE, "u", 31);
    expect_no_room(receiver, ALICE, "u", 51);
    expect_room(receiver, ALICE, "u", 30);
    expect_no_room(receiver, ALICE, "v", 1);
    expect_room(receiver, BOB, "t", 50);
    sx_receiver_free(receiver);
}

static void an_announcement_takes_no_memory(void)
{
    enum { SIZE = 1 << 24, BLOCK = 4096 };
    static char block[BLOCK];
    struct sx_receiver *receiver = make(4 * (size_t)SIZE, 8);
    struct sx_receiver_answer answer = ask(
        receiver, ALICE, (struct sx_receiver_open){"t", "4096", "iq", "t", "16777216", HASH}, S);
    unsigned long i;
    char seq[32];
    expect(&answer, NULL);
    CU_ASSERT_EQUAL(count(receiver).held_bytes, 0);
    for (i = 0; i < SIZE / BLOCK / 2; i++) {
        snprintf(seq, sizeof seq, "%lu", i);
        sx_receiver_data(receiver, ALICE, "t", seq, block, BLOCK, S, &answer);
        if (answer.condition || count(receiver).held_bytes > 2 * answer.received + 65536)
            break;
    }
    expect(&answer, NULL);
    CU_ASSERT_EQUAL(answer.received, SIZE / 2);
    CU_ASSERT(count(receiver).held_bytes <= 2 * answer.received + 65536);
    CU_ASSERT(count(receiver).held_bytes <= SIZE);
    sx_receiver_drop(receiver, ALICE, "t");
    CU_ASSERT(count(receiver).held_bytes == 0 && count(receiver).announced_bytes == 0);
    sx_receiver_free(receiver);
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
    CU_TEST_INFO_NULL,
};
