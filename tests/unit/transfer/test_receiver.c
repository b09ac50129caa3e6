/* Big messages that arrive: what is kept, what is taken, what is refused with which words. */
#include "../../lib/shortage.h"

#include "receiver_fixture.h"

/* ---- the happy path ---- */

static void a_message_arrives_in_blocks_and_is_taken_once(void)
{
    struct sx_receiver *receiver = make(100, 4);
    struct sx_receiver_answer answer;
    expect_opened(receiver, 0);
    expect_sent(receiver, "t", "0", "0123", NULL);
    answer = send(receiver, ALICE, "t", "1", "4567", S);
    expect(&answer, NULL);
    ASSERT_TEXT(answer.transfer, "t");
    CU_ASSERT(answer.received == 8 && answer.size == 10);
    expect_not_taken(receiver, ALICE, "t", 10, HASH);
    expect_sent(receiver, "t", "2", "89", NULL);
    expect_left(receiver, "t", NULL);
    CU_ASSERT(count(receiver).completed == 1 && count(receiver).transfers == 1);
    expect_taken(receiver, ALICE, "t");
    expect_not_taken(receiver, ALICE, "t", 10, HASH);
    CU_ASSERT(count(receiver).taken == 1 && count(receiver).transfers == 0);
    CU_ASSERT(count(receiver).announced_bytes == 0 && count(receiver).held_bytes == 0);
    CU_ASSERT_EQUAL(count(receiver).refused, 0);
    expect_opened(receiver, 0);
    sx_receiver_free(receiver);
    sx_receiver_free(NULL);
}

/* The last block's result may overtake nothing, but the close may be lost. */
static void a_message_can_be_taken_before_its_session_is_closed(void)
{
    struct sx_receiver *receiver = make(100, 4);
    expect_opened(receiver, 0);
    expect_sent(receiver, "t", "0", "0123", NULL);
    expect_sent(receiver, "t", "1", "4567", NULL);
    expect_sent(receiver, "t", "2", "89", NULL);
    expect_taken(receiver, ALICE, "t");
    expect_left(receiver, "t", "item-not-found");
    sx_receiver_free(receiver);
}

static void only_what_was_described_is_taken(void)
{
    struct sx_receiver *receiver = make(100, 4);
    expect_opened(receiver, 0);
    expect_sent(receiver, "t", "0", "0123", NULL);
    expect_sent(receiver, "t", "1", "4567", NULL);
    expect_sent(receiver, "t", "2", "89", NULL);
    expect_not_taken(receiver, BOB, "t", 10, HASH);
    expect_not_taken(receiver, "alice@example.org/other", "t", 10, HASH);
    expect_not_taken(receiver, "alice@example.org", "t", 10, HASH);
    expect_not_taken(receiver, NULL, "t", 10, HASH);
    expect_not_taken(receiver, ALICE, "u", 10, HASH);
    expect_not_taken(receiver, ALICE, NULL, 10, HASH);
    expect_not_taken(receiver, ALICE, "t", 9, HASH);
    expect_not_taken(receiver, ALICE, "t", 10, ZEROS);
    expect_not_taken(receiver, ALICE, "t", 10, NULL);
    expect_taken(receiver, ALICE, "t");
    sx_receiver_free(receiver);
}

static void peers_and_transfers_are_apart(void)
{
    struct sx_receiver *receiver = make(100, 8);
    struct sx_receiver_answer answer;
    const char *const from[] = {ALICE, ALICE, BOB}, *const id[] = {"t", "u", "t"};
    unsigned i;
    for (i = 0; i < 3; i++) {
        answer = announce(receiver, from[i], id[i], 10, S);
        expect(&answer, NULL);
    }
    for (i = 0; i < 3; i++)
        send(receiver, from[i], id[i], "0", "0123", S);
    for (i = 0; i < 3; i++)
        send(receiver, from[i], id[i], "1", "4567", S);
    for (i = 0; i < 3; i++)
        send(receiver, from[i], id[i], "2", "89", S);
    for (i = 0; i < 3; i++)
        expect_taken(receiver, from[i], id[i]);
    sx_receiver_free(receiver);
}

static void empty_blocks_count_but_carry_nothing(void)
{
    struct sx_receiver *receiver = make(100, 4);
    expect_opened(receiver, 0);
    expect_sent(receiver, "t", "0", "", NULL);
    expect_sent(receiver, "t", "1", "0123", NULL);
    expect_sent(receiver, "t", "2", "4567", NULL);
    expect_sent(receiver, "t", "3", "89", NULL);
    expect_sent(receiver, "t", "4", "", NULL);
    expect_taken(receiver, ALICE, "t");
    sx_receiver_free(receiver);
}

static void it_tells_how_far_a_transfer_is(void)
{
    struct sx_receiver *receiver = make(100, 4);
    size_t received = 77, size = 88;
    CU_ASSERT_FALSE(sx_receiver_progress(receiver, ALICE, "t", &received, &size));
    CU_ASSERT(received == 77 && size == 88);
    expect_opened(receiver, 0);
    expect_sent(receiver, "t", "0", "0123", NULL);
    CU_ASSERT(sx_receiver_progress(receiver, ALICE, "t", &received, &size));
    CU_ASSERT(received == 4 && size == 10);
    CU_ASSERT_FALSE(sx_receiver_progress(receiver, BOB, "t", &received, &size));
    sx_receiver_free(receiver);
}

/* XEP-0047 2.2: after 65535 comes 0. */
static void the_sequence_wraps(void)
{
    struct sx_receiver *receiver = make(1000000, 4);
    struct sx_receiver_answer answer = announce(receiver, ALICE, "t", 70000, S);
    char seq[32];
    unsigned i;
    expect(&answer, NULL);
    for (i = 0; i < 65538; i++) {
        snprintf(seq, sizeof seq, "%u", i % 65536);
        answer = send(receiver, ALICE, "t", seq, "x", S);
        if (answer.condition)
            break;
    }
    expect(&answer, NULL);
    CU_ASSERT_EQUAL(answer.received, 65538);
    expect_sent(receiver, "t", "65538", "x", "bad-request");
    sx_receiver_free(receiver);
}

/* ---- going on ---- */

static void the_next_session_goes_on_behind_what_has_come(void)
{
    struct sx_receiver *receiver = make(100, 4);
    struct sx_receiver_open open = {"t.2", "100", NULL, "t", "10", HASH};
    struct sx_receiver_answer answer;
    expect_opened(receiver, 0);
    expect_sent(receiver, "t", "0", "0123", NULL);
    answer = ask(receiver, ALICE, open, S);
    expect(&answer, NULL);
    CU_ASSERT(answer.received == 4 && answer.size == 10);
    ASSERT_TEXT(answer.transfer, "t");
    expect_sent(receiver, "t", "1", "4567", "item-not-found"); /* that session is over */
    expect_left(receiver, "t", "item-not-found");
    expect_sent(receiver, "t.2", "0", "456789", NULL);
    CU_ASSERT_EQUAL(count(receiver).transfers, 1);
    open.sid = "t.3";
    answer = ask(receiver, ALICE, open, S);
    CU_ASSERT_EQUAL(answer.received, 10);
    expect_left(receiver, "t.3", NULL);
    expect_taken(receiver, ALICE, "t");
    sx_receiver_free(receiver);
}

static void a_gap_ends_the_session_but_not_the_transfer(void)
{
    static const char *const wrong[] = {"2", "0", "65535", NULL};
    unsigned i;
    for (i = 0; wrong[i]; i++) {
        struct sx_receiver *receiver = make(100, 4);
        expect_opened(receiver, 0);
        expect_sent(receiver, "t", "0", "0123", NULL);
        expect_sent(receiver, "t", wrong[i], "89", "unexpected-request");
        expect_sent(receiver, "t", "1", "4567", "item-not-found");
        expect_opened(receiver, 4);
        expect_sent(receiver, "t", "0", "4567", NULL);
        expect_sent(receiver, "t", "1", "89", NULL);
        expect_taken(receiver, ALICE, "t");
        sx_receiver_free(receiver);
    }
}

static void spoilt_blocks_end_the_session_but_not_the_transfer(void)
{
    static const struct {
        const char *seq, *text;
    } spoilt[] = {{"1", NULL},    {"1", "45678"}, {NULL, "4567"},    {"", "4567"},  {"x", "4567"},
                  {"-1", "4567"}, {"1x", "4567"}, {"65536", "4567"}, {" 1", "4567"}};
    unsigned i;
    for (i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
        struct sx_receiver *receiver = make(100, 4);
        expect_opened(receiver, 0);
        expect_sent(receiver, "t", "0", "0123", NULL);
        expect_sent(receiver, "t", spoilt[i].seq, spoilt[i].text, "bad-request");
        expect_sent(receiver, "t", "1", "4567", "item-not-found");
        expect_opened(receiver, 4);
        CU_ASSERT_EQUAL(count(receiver).refused, 2);
        sx_receiver_free(receiver);
    }
}

static void sessions_of_others_are_unknown(void)
{
    struct sx_receiver *receiver = make(100, 4);
    struct sx_receiver_answer answer;
    expect_opened(receiver, 0);
    answer = send(receiver, BOB, "t", "0", "0123", S);
    expect(&answer, "item-not-found");
    ASSERT_TEXT(answer.type, "cancel");
    ASSERT_TEXT(answer.transfer, "");
    answer = leave(receiver, BOB, "t");
    expect(&answer, "item-not-found");
    answer = send(receiver, NULL, "t", "0", "0123", S);
    expect(&answer, "item-not-found");
    expect_sent(receiver, NULL, "0", "0123", "item-not-found");
    expect_sent(receiver, "", "0", "0123", "item-not-found");
    expect_left(receiver, NULL, "item-not-found");
    expect_left(receiver, "", "item-not-found");
    expect_sent(receiver, "t", "0", "0123", NULL);
    sx_receiver_free(receiver);
}

static void who_closes_before_the_end_has_given_up(void)
{
    struct sx_receiver *receiver = make(100, 4);
    expect_opened(receiver, 0);
    expect_sent(receiver, "t", "0", "0123", NULL);
    expect_left(receiver, "t", NULL);
    CU_ASSERT_EQUAL(count(receiver).transfers, 0);
    expect_opened(receiver, 0);
    sx_receiver_free(receiver);
}

/* ---- what isn't what was announced ---- */

static void more_than_announced_ends_the_transfer(void)
{
    struct sx_receiver *receiver = make(100, 4);
    expect_opened(receiver, 0);
    expect_sent(receiver, "t", "0", "0123", NULL);
    expect_sent(receiver, "t", "1", "4567", NULL);
    expect_sent(receiver, "t", "2", "890", "bad-request");
    CU_ASSERT_EQUAL(count(receiver).transfers, 0);
    expect_sent(receiver, "t", "3", "0", "item-not-found");
    sx_receiver_free(receiver);
}

static void other_bytes_than_announced_end_the_transfer(void)
{
    struct sx_receiver *receiver = make(100, 4);
    expect_opened(receiver, 0);
    expect_sent(receiver, "t", "0", "0123", NULL);
    expect_sent(receiver, "t", "1", "4576", NULL);
    expect_sent(receiver, "t", "2", "89", "not-acceptable");
    CU_ASSERT(count(receiver).transfers == 0 && count(receiver).completed == 0);
    expect_not_taken(receiver, ALICE, "t", 10, HASH);
    sx_receiver_free(receiver);
}

static void another_message_under_the_same_id_is_refused(void)
{
    struct sx_receiver *receiver = make(100, 4);
    struct sx_receiver_answer answer;
    expect_opened(receiver, 0);
    expect_sent(receiver, "t", "0", "0123", NULL);
    answer = announce(receiver, ALICE, "t", 11, S);
    expect(&answer, "not-acceptable");
    answer = ask(receiver, ALICE, (struct sx_receiver_open){"x", "4", "iq", "t", "10", ZEROS}, S);
    expect(&answer, "not-acceptable");
    expect_sent(receiver, "t", "1", "4567", NULL);
    sx_receiver_free(receiver);
}

static void a_sid_carries_one_transfer(void)
{
    struct sx_receiver *receiver = make(100, 8);
    struct sx_receiver_answer answer;
    expect_opened(receiver, 0);
    answer = ask(receiver, ALICE, (struct sx_receiver_open){"t", "4", "iq", "u", "10", HASH}, S);
    expect(&answer, "not-acceptable");
    answer = ask(receiver, BOB, (struct sx_receiver_open){"t", "4", "iq", "u", "10", HASH}, S);
    expect(&answer, NULL); /* its own */
    expect_sent(receiver, "t", "0", "0123", NULL);
    CU_ASSERT_EQUAL(count(receiver).transfers, 2);
    sx_receiver_free(receiver);
}

/* ---- stanzas ---- */

static void expect_stanza(const struct sx_receiver_answer *answer, const char *expected)
{
    struct sx_buffer out = {0};
    sx_receiver_format_answer(&out, &(struct sx_head){.to = ALICE, .id = "7"}, answer);
    CU_ASSERT_FALSE(out.failed);
    ASSERT_TEXT(out.bytes, expected);
    sx_buffer_fini(&out);
}

static void answers_are_stanzas(void)
{
    struct sx_receiver *receiver = make(100, 4);
    struct sx_receiver_answer answer = announce(receiver, ALICE, "t", 10, S);
    struct sx_buffer out = {0};
    expect_stanza(&answer, "<iq type='result' to='" ALICE "' id='7'>"
                           "<packed xmlns='urn:soap-xmpp:packed:1' received='0'/></iq>");
    answer = send(receiver, ALICE, "t", "0", "0123", S);
    expect_stanza(&answer, "<iq type='result' to='" ALICE "' id='7'/>");
    answer = announce(receiver, ALICE, "t", 10, S);
    expect_stanza(&answer, "<iq type='result' to='" ALICE "' id='7'>"
                           "<packed xmlns='urn:soap-xmpp:packed:1' received='4'/></iq>");
    answer = send(receiver, ALICE, "t", "1", "0123", S);
    expect_stanza(&answer, "<iq type='error' to='" ALICE "' id='7'><error type='cancel' code='400'>"
                           "<unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                           "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>"
                           "a block is missing, or came twice</text></error></iq>");
    sx_receiver_format_close(&out, &(struct sx_head){.to = ALICE}, "t");
    ASSERT_TEXT(out.bytes, "<iq type='set' to='" ALICE "' id='t.closed'>"
                           "<close xmlns='http://jabber.org/protocol/ibb' sid='t'/></iq>");
    answer = leave(receiver, ALICE, "x");
    expect_stanza(&answer, "<iq type='error' to='" ALICE "' id='7'><error type='cancel' code='404'>"
                           "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                           "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>"
                           "no such session is open</text></error></iq>");
    answer = ask(receiver, ALICE, (struct sx_receiver_open){"t", "5000", "iq", "u", "10", HASH}, S);
    expect_stanza(&answer, "<iq type='error' to='" ALICE "' id='7'><error type='modify' code='500'>"
                           "<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                           "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>"
                           "blocks are 4096 bytes at most</text></error></iq>");
    sx_buffer_fini(&out);
    sx_receiver_free(receiver);
}

/* ---- memory ---- */

static bool attempt_short_intake(struct shortage shortage)
{
    static const char *const blocks[] = {"0123", "4567", "89"};
    const struct sx_receiver_limits limits = {100, 100, 4096, 4};
    struct sx_receiver_answer answer = {0};
    struct sx_receiver *receiver;
    size_t received = 0;
    char *bytes = NULL;
    bool has_failed;
    shortage_begin(shortage);
    receiver = sx_receiver_new(&limits);
    if (receiver)
        answer = announce(receiver, ALICE, "t", 10, S);
    if (receiver && !answer.condition)
        answer = send(receiver, ALICE, "t", "0", blocks[0], S);
    if (receiver && !answer.condition)
        answer = send(receiver, ALICE, "t", "1", blocks[1], S);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(has_failed, !receiver || answer.condition);
    if (!receiver)
        return true;
    if (has_failed) {
        ASSERT_TEXT(answer.condition, "resource-constraint");
        ASSERT_TEXT(answer.type, "wait");
        ASSERT_TEXT(answer.text, "memory is short");
        CU_ASSERT_EQUAL(count(receiver).held_bytes, 0);
    }
    answer = announce(receiver, ALICE, "t", 10, S);
    for (received = answer.received; received < 10; received = answer.received) {
        char seq[2] = {(char)('0' + (received - (has_failed ? 0 : 8)) / 4), '\0'};
        answer = send(receiver, ALICE, "t", seq, blocks[received / 4], S);
        CU_ASSERT_FATAL(!answer.condition);
    }
    CU_ASSERT(sx_receiver_take(receiver, ALICE, "t", 10, HASH, &bytes));
    CU_ASSERT(bytes && memcmp(bytes, "0123456789", 10) == 0);
    free(bytes);
    sx_receiver_free(receiver);
    return has_failed;
}
SHORTAGE_TEST(short_intake, 4)

static bool attempt_short_answer(struct shortage shortage)
{
    static const struct sx_receiver_answer opened = {.is_open = true},
                                           refused = {.condition = "unexpected-request",
                                                      .type = "cancel",
                                                      .text = "why"};
    struct sx_buffer out[3] = {{0}, {0}, {0}};
    bool has_failed;
    unsigned i;
    shortage_begin(shortage);
    sx_receiver_format_answer(&out[0], &(struct sx_head){.to = ALICE, .id = "7"}, &opened);
    sx_receiver_format_answer(&out[1], &(struct sx_head){.to = ALICE, .id = "7"}, &refused);
    sx_receiver_format_close(&out[2], &(struct sx_head){.to = ALICE}, "t");
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(out[0].failed || out[1].failed || out[2].failed, has_failed);
    for (i = 0; i < 3; i++)
        sx_buffer_fini(&out[i]);
    return has_failed;
}
SHORTAGE_TEST(short_answer, 4)

CU_TestInfo tests_receiver[] = {
    {"a message arrives in blocks and is taken once",
     a_message_arrives_in_blocks_and_is_taken_once},
    {"a message can be taken before its session is closed",
     a_message_can_be_taken_before_its_session_is_closed},
    {"only what was described is taken", only_what_was_described_is_taken},
    {"peers and transfers are apart", peers_and_transfers_are_apart},
    {"empty blocks count but carry nothing", empty_blocks_count_but_carry_nothing},
    {"it tells how far a transfer is", it_tells_how_far_a_transfer_is},
    {"the sequence wraps", the_sequence_wraps},
    {"the next session goes on behind what has come",
     the_next_session_goes_on_behind_what_has_come},
    {"a gap ends the session but not the transfer", a_gap_ends_the_session_but_not_the_transfer},
    {"spoilt blocks end the session but not the transfer",
     spoilt_blocks_end_the_session_but_not_the_transfer},
    {"sessions of others are unknown", sessions_of_others_are_unknown},
    {"who closes before the end has given up", who_closes_before_the_end_has_given_up},
    {"more than announced ends the transfer", more_than_announced_ends_the_transfer},
    {"other bytes than announced end the transfer", other_bytes_than_announced_end_the_transfer},
    {"another message under the same id is refused", another_message_under_the_same_id_is_refused},
    {"a sid carries one transfer", a_sid_carries_one_transfer},
    {"answers are stanzas", answers_are_stanzas},
    {"short of memory an intake says so, and goes on later", test_short_intake},
    {"short of memory an answer is marked as failed", test_short_answer},
    CU_TEST_INFO_NULL,
};
