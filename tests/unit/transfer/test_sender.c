/* One big message on its way out: what goes out, and what counts as its answer. */
#include "../../lib/shortage.h"

#include "sender_fixture.h"

static void a_message_is_opened_sent_and_closed(void)
{
    struct sx_sender *transfer = make(10, 8, 4);
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 0);
    ASSERT_TEXT(say(transfer, S), "<iq type='set' to='" BOB "' id='T.1.open'>" OPEN
                                  "'T.1' block-size='4' stanza='iq'>" PACKED);
    ASSERT_TEXT(say(transfer, S), "");
    hear(transfer, "1.open", "0", S);
    ASSERT_TEXT(say(transfer, S), "<iq type='set' to='" BOB "' id='T.1.1'>" DATA
                                  "'T.1' seq='0'>MDEyMw==</data></iq>");
    ASSERT_TEXT(say(transfer, S), "<iq type='set' to='" BOB "' id='T.1.2'>" DATA
                                  "'T.1' seq='1'>NDU2Nw==</data></iq>");
    ASSERT_TEXT(say(transfer, S),
                "<iq type='set' to='" BOB "' id='T.1.3'>" DATA "'T.1' seq='2'>ODk=</data></iq>");
    ASSERT_TEXT(say(transfer, S), "");
    CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 0);
    hear(transfer, "1.1", NULL, S);
    CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 4);
    hear(transfer, "1.2", NULL, S);
    ASSERT_TEXT(say(transfer, S), "");
    hear(transfer, "1.3", NULL, S);
    CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 10);
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 0);
    ASSERT_TEXT(say(transfer, S),
                "<iq type='set' to='" BOB
                "' id='T.1.close'><close xmlns='http://jabber.org/protocol/ibb' sid='T.1'/></iq>");
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_CLOSING);
    hear(transfer, "1.close", NULL, S);
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_DONE);
    ASSERT_TEXT(say(transfer, 100 * S), "");
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), SX_NEVER);
    sx_sender_free(transfer);
    sx_sender_free(NULL);
}

static void it_tells_what_it_is(void)
{
    struct sx_sender *transfer = make(10, 8, 4), *other = make(10, 8, 4);
    CU_ASSERT(memcmp(sx_sender_user(transfer), "0123456789", 10) == 0);
    CU_ASSERT_EQUAL(strlen(sx_sender_id(transfer)), SX_SENDER_ID_BYTES - 1);
    CU_ASSERT_EQUAL(strspn(sx_sender_id(transfer), "0123456789abcdef"), SX_SENDER_ID_BYTES - 1);
    CU_ASSERT_STRING_NOT_EQUAL(sx_sender_id(transfer), sx_sender_id(other));
    /* printf 0123456789 | sha256sum */
    ASSERT_TEXT(sx_sender_sha256(transfer),
                "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882");
    ASSERT_TEXT(sx_sender_to(transfer), BOB);
    CU_ASSERT_EQUAL(sx_sender_size(transfer), 10);
    ASSERT_TEXT(sx_sender_condition(transfer), "");
    ASSERT_TEXT(sx_sender_text(transfer), "");
    sx_sender_free(transfer);
    sx_sender_free(other);
}

static void a_window_of_blocks_is_under_way(void)
{
    struct sx_sender *transfer = make(10, 2, 1);
    open_session(transfer, 1, NULL, S);
    ASSERT_CONTAINS(say(transfer, S), "id='T.1.1'");
    ASSERT_CONTAINS(say(transfer, S), "id='T.1.2'");
    ASSERT_TEXT(say(transfer, S), "");
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), S + SX_SENDER_SILENCE_US);
    hear(transfer, "1.1", NULL, S);
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 0);
    ASSERT_CONTAINS(say(transfer, S), "id='T.1.3'");
    ASSERT_TEXT(say(transfer, S), "");
    sx_sender_free(transfer);
}

/* The receiver takes blocks in order or not at all. */
static void an_answer_answers_the_blocks_before(void)
{
    struct sx_sender *transfer = make(10, 3, 4);
    open_session(transfer, 1, "0", S);
    say(transfer, S), say(transfer, S), say(transfer, S);
    hear(transfer, "1.2", NULL, S);
    CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 8);
    CU_ASSERT_FALSE(hear_from(transfer, BOB, "1.1", &(struct sx_sender_reply){0}, S));
    CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 8);
    hear(transfer, "1.3", NULL, S);
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_CLOSING);
    sx_sender_free(transfer);
}

static void it_goes_on_where_the_receiver_is(void)
{
    struct sx_sender *transfer = make(10, 3, 4);
    open_session(transfer, 1, "7", S);
    CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 7);
    ASSERT_TEXT(say(transfer, S),
                "<iq type='set' to='" BOB "' id='T.1.1'>" DATA "'T.1' seq='0'>Nzg5</data></iq>");
    hear(transfer, "1.1", NULL, S);
    ASSERT_CONTAINS(say(transfer, S), "id='T.1.close'");
    sx_sender_free(transfer);
}

static void it_goes_on_under_another_name_of_the_receiver(void)
{
    struct sx_sender *transfer = make(10, 1, 4);
    open_session(transfer, 1, "0", S);
    say(transfer, S);
    hear(transfer, "1.1", NULL, S);
    say(transfer, S);
    sx_sender_readdress(transfer, BOB, S); /* the same */
    ASSERT_TEXT(say(transfer, S), "");
    sx_sender_readdress(transfer, "bob@b.org/new", S);
    ASSERT_TEXT(sx_sender_to(transfer), "bob@b.org/new");
    ASSERT_CONTAINS(say(transfer, S), "<iq type='set' to='bob@b.org/new' id='T.2.open'>");
    CU_ASSERT_FALSE(hear_from(transfer, BOB, "1.2", &(struct sx_sender_reply){0}, S));
    CU_ASSERT_FALSE(
        hear_from(transfer, BOB, "2.open", &(struct sx_sender_reply){.received = "4"}, S));
    CU_ASSERT_TRUE(hear_from(transfer, "bob@b.org/new", "2.open",
                             &(struct sx_sender_reply){.received = "4"}, S));
    ASSERT_CONTAINS(say(transfer, S), "seq='0'>NDU2Nw==");
    sx_sender_free(transfer);
}

/* It asks again for what is on its way: its connection may be another one than before. */
static void a_doubtful_receiver_has_less_time(void)
{
    struct sx_sender *transfer = make(10, 1, 4);
    open_session(transfer, 1, "0", S);
    ASSERT_CONTAINS(say(transfer, S), "seq='0'>");
    sx_sender_readdress(transfer, BOB, 2 * S);
    sx_sender_readdress(transfer, BOB, 3 * S); /* the first time counts */
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 4 * S);
    ASSERT_TEXT(say(transfer, 4 * S - 1), "");
    ASSERT_TEXT(say(transfer, 4 * S), "");
    ASSERT_CONTAINS(say(transfer, 5 * S), "id='T.2.open'");
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 15 * S); /* it has asked nothing since */
    sx_sender_free(transfer);
}

static void one_that_answers_after_all_has_all_the_time(void)
{
    struct sx_sender *transfer = make(20, 1, 4);
    open_session(transfer, 1, "0", S);
    say(transfer, S);
    sx_sender_readdress(transfer, BOB, 2 * S);
    hear(transfer, "1.1", NULL, 3 * S);
    ASSERT_CONTAINS(say(transfer, 3 * S), "seq='1'>");
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 13 * S);
    sx_sender_set_silence(transfer, 60 * S); /* our own server is slow: blocks wait there */
    sx_sender_readdress(transfer, BOB, 4 * S);
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 16 * S);
    sx_sender_free(transfer);
}

static void a_receiver_that_asks_again_is_there(void)
{
    struct sx_sender *transfer = make(10, 1, 4);
    int64_t now_us = S;
    int i;
    for (i = 1; i <= 5; i++) {
        char id[20];
        snprintf(id, sizeof id, "%d.open", i);
        ASSERT_CONTAINS(say(transfer, now_us), id);
        hear_error(transfer, id, "service-unavailable", "cancel", now_us);
        now_us = sx_sender_due_us(transfer);
    }
    sx_sender_readdress(transfer, BOB, now_us - 2 * S);
    ASSERT_CONTAINS(say(transfer, now_us - 2 * S), "id='T.6.open'");
    sx_sender_free(transfer);
}

static void what_the_receiver_has_already_is_only_closed(void)
{
    struct sx_sender *transfer = make(10, 3, 4);
    open_session(transfer, 1, "10", S);
    /* not asked yet */
    CU_ASSERT_FALSE(hear_from(transfer, BOB, "1.close", &(struct sx_sender_reply){0}, S));
    ASSERT_CONTAINS(say(transfer, S), "id='T.1.close'");
    hear(transfer, "1.close", NULL, S);
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_DONE);
    sx_sender_free(transfer);
}

static void a_receiver_that_lost_all_gets_all(void)
{
    struct sx_sender *transfer = make(10, 3, 4);
    open_session(transfer, 1, "8", S);
    say(transfer, S);
    hear_error(transfer, "1.1", "item-not-found", "cancel", S);
    expect_open_at(transfer, 2, S + S / 4);
    hear(transfer, "2.open", "0", 2 * S);
    CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 0);
    ASSERT_CONTAINS(say(transfer, 2 * S), "id='T.2.1'>" DATA "'T.2' seq='0'>MDEyMw==<");
    sx_sender_free(transfer);
}

static void a_number_of_bytes_that_cannot_be_fails(void)
{
    static const char *const numbers[] = {
        "11", "-1", "+1", " 1", "1 ", "x", "", "0x1", "99999999999999999999999", NULL};
    unsigned i;
    for (i = 0; numbers[i]; i++) {
        struct sx_sender *transfer = make(10, 3, 4);
        open_session(transfer, 1, numbers[i], S);
        CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_FAILED);
        ASSERT_TEXT(sx_sender_condition(transfer), "undefined-condition");
        ASSERT_CONTAINS(sx_sender_text(transfer), "number of bytes");
        sx_sender_free(transfer);
    }
}

static void ignores(struct sx_sender *transfer, const char *from, const char *name)
{
    static const struct sx_sender_reply result = {0},
                                        error = {.condition = "forbidden", .type = "auth"};
    enum sx_sender_state state = sx_sender_state(transfer);
    CU_ASSERT_FALSE(hear_from(transfer, from, name, &result, S));
    CU_ASSERT_FALSE(hear_from(transfer, from, name, &error, S));
    CU_ASSERT_EQUAL(sx_sender_state(transfer), state);
    CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 0);
}

static void what_answers_nothing_under_way_is_ignored(void)
{
    static const char *const names[] = {"1.close", "1.open", "1.2", "1.0",  "1.-1",  "1.", "1",
                                        "",        "2.1",    "0.1", "1.1x", "1.1.1", NULL};
    struct sx_sender *transfer = make(10, 1, 4);
    unsigned i;
    ignores(transfer, BOB, "0.open");
    ignores(transfer, BOB, "0.close");
    ignores(transfer, BOB, "0.1");
    say(transfer, S);
    ignores(transfer, EVE, "1.open");
    ignores(transfer, NULL, "1.open");
    ignores(transfer, "bob@example.org", "1.open");
    ignores(transfer, BOB, "1.1");
    hear(transfer, "1.open", "0", S);
    say(transfer, S);
    for (i = 0; names[i]; i++)
        ignores(transfer, BOB, names[i]);
    ignores(transfer, EVE, "1.1");
    hear_error(transfer, "1.1", "unexpected-request", "cancel", S);
    ignores(transfer, BOB, "1.1");
    say(transfer, 2 * S);
    ignores(transfer, BOB, "1.open");
    ignores(transfer, BOB, "1.1");
    hear(transfer, "2.open", "0", 2 * S);
    sx_sender_free(transfer);
}

static void ids_that_it_gave_out_are_known(void)
{
    struct sx_sender *transfer = make(10, 1, 4);
    char id[100];
    snprintf(id, sizeof id, "%s.17.x", sx_sender_id(transfer));
    CU_ASSERT(sx_sender_gave_out(transfer, id));
    CU_ASSERT_FALSE(sx_sender_gave_out(transfer, sx_sender_id(transfer)));
    CU_ASSERT_FALSE(sx_sender_gave_out(transfer, "1"));
    id[3] = id[3] == 'a' ? 'b' : 'a';
    CU_ASSERT_FALSE(sx_sender_gave_out(transfer, id));
    sx_sender_free(transfer);
}

/* ---- the end ---- */

static bool is_closed_by(struct sx_sender *transfer, const char *from, const char *attempt)
{
    char sid[100];
    snprintf(sid, sizeof sid, "%s.%s", sx_sender_id(transfer), attempt);
    return sx_sender_closed(transfer, from, sid, S);
}

static void the_receiver_may_close(void)
{
    struct sx_sender *transfer = make(10, 2, 4);
    open_session(transfer, 1, "0", S);
    CU_ASSERT_FALSE(is_closed_by(transfer, EVE, "1"));
    CU_ASSERT_FALSE(is_closed_by(transfer, NULL, "1"));
    CU_ASSERT_FALSE(is_closed_by(transfer, BOB, "2"));
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_SENDING);
    CU_ASSERT(is_closed_by(transfer, BOB, "1"));
    ASSERT_CONTAINS(sx_sender_text(transfer), "closed the session");
    CU_ASSERT(is_closed_by(transfer, BOB, "1")); /* it is ours still, and no second pause */
    expect_open_at(transfer, 2, S + S / 4);
    CU_ASSERT_FALSE(is_closed_by(transfer, BOB, "1"));
    hear(transfer, "2.open", "10", S);
    CU_ASSERT(is_closed_by(transfer, BOB, "2")); /* after the last byte: it is done */
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_DONE);
    sx_sender_free(transfer);
}

static void a_session_that_the_receiver_has_closed_is_closed(void)
{
    struct sx_sender *transfer = make(10, 2, 4);
    open_session(transfer, 1, "10", S);
    say(transfer, S);
    hear_error(transfer, "1.close", "item-not-found", "cancel", S);
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_DONE);
    sx_sender_free(transfer);
}

static void a_close_that_finds_nobody_is_asked_after(void)
{
    struct sx_sender *transfer = make(10, 2, 4);
    open_session(transfer, 1, "10", S);
    say(transfer, S);
    hear_error(transfer, "1.close", "recipient-unavailable", "wait", S);
    expect_open_at(transfer, 2, S + S / 4);
    sx_sender_free(transfer);
}

static void what_is_over_can_begin_again(void)
{
    struct sx_sender *transfer = make(10, 2, 4);
    open_session(transfer, 1, "10", S);
    say(transfer, S);
    hear(transfer, "1.close", NULL, S);
    CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 10);
    sx_sender_begin(transfer, 2 * S);
    CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 0);
    open_session(transfer, 2, "0", 2 * S);
    hear_error(transfer, (say(transfer, S), "2.1"), "forbidden", "auth", 2 * S);
    sx_sender_begin(transfer, 3 * S);
    ASSERT_TEXT(sx_sender_condition(transfer), "");
    open_session(transfer, 3, "0", 3 * S);
    sx_sender_free(transfer);
}

static void expect_farewell(const struct sx_sender *transfer, const char *expected)
{
    struct sx_buffer out = {0};
    sx_sender_format_close(transfer, &out);
    if (*expected)
        ASSERT_CONTAINS(out.bytes ? out.bytes : "", expected);
    else
        CU_ASSERT_EQUAL(out.len, 0);
    sx_buffer_fini(&out);
}

static void giving_up_closes_what_is_open(void)
{
    struct sx_sender *transfer = make(10, 2, 4);
    expect_farewell(transfer, "");
    say(transfer, S);
    expect_farewell(transfer, ".1.farewell'><close xmlns='http://jabber.org/protocol/ibb' sid='");
    hear(transfer, "1.open", "0", S);
    expect_farewell(transfer, ".1'/></iq>");
    sx_sender_lost(transfer, S);
    expect_farewell(transfer, "");
    sx_sender_free(transfer);
}

/* XEP-0047 2.2: after 65535 comes 0. */
static void the_sequence_wraps(void)
{
    struct sx_sender *transfer = make(65540, 4, 1);
    struct sx_buffer out = {0};
    unsigned i;
    open_session(transfer, 1, "0", S);
    for (i = 0; i < 65540; i++) {
        char name[32], seq[32];
        sx_buffer_clear(&out);
        CU_ASSERT_FATAL(sx_sender_next(transfer, S, &out));
        snprintf(seq, sizeof seq, " seq='%u'>", i % 65536);
        if (i < 3 || i > 65530)
            ASSERT_CONTAINS(out.bytes, seq);
        snprintf(name, sizeof name, "1.%u", i + 1);
        hear(transfer, name, NULL, S);
    }
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_CLOSING);
    sx_buffer_fini(&out);
    sx_sender_free(transfer);
}

static void numbers_are_digits(void)
{
    static const char *const none[] = {
        "", "-1", "+1", "1 ", " 1", "1x", "0x1", "8", "10", "17", "99999999999999999999999", NULL};
    size_t number = 42;
    unsigned i;
    CU_ASSERT_FALSE(sx_sender_parse_number(NULL, 7, &number));
    for (i = 0; none[i]; i++)
        CU_ASSERT_FALSE(sx_sender_parse_number(none[i], 7, &number));
    CU_ASSERT_EQUAL(number, 42);
    CU_ASSERT(sx_sender_parse_number("7", 7, &number) && number == 7);
    CU_ASSERT(sx_sender_parse_number("0", 0, &number) && number == 0);
    CU_ASSERT(sx_sender_parse_number("007", 7, &number) && number == 7);
    CU_ASSERT(sx_sender_parse_number("18446744073709551615", SIZE_MAX, &number) &&
              number == SIZE_MAX);
    CU_ASSERT_FALSE(sx_sender_parse_number("18446744073709551616", SIZE_MAX, &number));
}

/* ---- memory ---- */

/* Nothing happens for want of memory: the stanza goes out the next time. */
static void say_somehow(struct sx_sender *transfer, struct sx_buffer *out)
{
    sx_buffer_clear(out);
    if (sx_sender_next(transfer, S, out))
        return;
    CU_ASSERT(out->failed);
    shortage_pause();
    sx_buffer_fini(out);
    CU_ASSERT(sx_sender_next(transfer, S, out));
    shortage_resume();
}

static bool attempt_short_life(struct shortage shortage)
{
    static const struct sx_sender_settings settings = {.window = 2, .block_bytes = 4};
    static const char *const names[] = {"1.open", "1.1", "1.2", "1.3", "1.close"};
    struct sx_buffer out = {0};
    char *bytes = strdup("0123456789"); /* not counted */
    struct sx_sender *transfer;
    bool has_failed;
    unsigned i;

    shortage_begin(shortage);
    transfer = sx_sender_new(BOB, bytes, 10, &settings, NULL);
    if (!transfer) {
        free(bytes);
        return shortage_end();
    }
    sx_sender_begin(transfer, S);
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        say_somehow(transfer, &out);
        CU_ASSERT(hear_from(transfer, BOB, names[i], &(struct sx_sender_reply){0}, S));
        sx_buffer_fini(&out);
    }
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_DONE);
    sx_sender_free(transfer);
    return has_failed;
}
SHORTAGE_TEST(short_life, 12)

CU_TestInfo tests_sender[] = {
    {"a message is opened, sent and closed", a_message_is_opened_sent_and_closed},
    {"a transfer tells what it is, and hands its bytes back", it_tells_what_it_is},
    {"a window of blocks is under way", a_window_of_blocks_is_under_way},
    {"an answer to a block answers those before it", an_answer_answers_the_blocks_before},
    {"it goes on where the receiver is", it_goes_on_where_the_receiver_is},
    {"it goes on under another name of the receiver's",
     it_goes_on_under_another_name_of_the_receiver},
    {"a receiver that asks again has less time to answer", a_doubtful_receiver_has_less_time},
    {"one that answers after all has all the time", one_that_answers_after_all_has_all_the_time},
    {"a receiver that asks again is there", a_receiver_that_asks_again_is_there},
    {"what the receiver has already is only closed", what_the_receiver_has_already_is_only_closed},
    {"a receiver that lost all gets all", a_receiver_that_lost_all_gets_all},
    {"a number of bytes that can't be fails", a_number_of_bytes_that_cannot_be_fails},
    {"what answers nothing under way is ignored", what_answers_nothing_under_way_is_ignored},
    {"ids that it gave out are known", ids_that_it_gave_out_are_known},
    {"the receiver may close", the_receiver_may_close},
    {"a session that the receiver has closed is closed",
     a_session_that_the_receiver_has_closed_is_closed},
    {"a close that finds nobody is asked after", a_close_that_finds_nobody_is_asked_after},
    {"what is over can begin again", what_is_over_can_begin_again},
    {"giving up closes what is open", giving_up_closes_what_is_open},
    {"the sequence wraps", the_sequence_wraps},
    {"numbers are digits", numbers_are_digits},
    {"short of memory nothing happens, and goes on later", test_short_life},
    CU_TEST_INFO_NULL,
};
