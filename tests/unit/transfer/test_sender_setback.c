/* One big message on its way out: silence, absence, no room, refusals, a lost connection. */
#include "sender_fixture.h"

/* ---- time ---- */

static void ten_silent_seconds_end_an_attempt(void)
{
    struct sx_sender *transfer = make(10, 2, 1);
    say(transfer, S);
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 11 * S);
    ASSERT_TEXT(say(transfer, 11 * S - 1), "");
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_OPENING);
    ASSERT_TEXT(say(transfer, 11 * S), "");
    ASSERT_TEXT(sx_sender_condition(transfer), "remote-server-timeout");
    expect_open_at(transfer, 2, 11 * S + S / 4);
    hear(transfer, "2.open", "0", 12 * S);
    say(transfer, 13 * S), say(transfer, 14 * S);
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 23 * S);
    hear(transfer, "2.1", NULL, 20 * S); /* any answer is a sign of life */
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 0);
    say(transfer, 21 * S);
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 30 * S);
    ASSERT_TEXT(say(transfer, 30 * S), "");
    expect_open_at(transfer, 3, 30 * S + S / 4);
    hear(transfer, "3.open", "10", 31 * S);
    say(transfer, 40 * S);
    ASSERT_TEXT(say(transfer, 50 * S), "");
    expect_open_at(transfer, 4, 50 * S + S / 4);
    sx_sender_free(transfer);
}

/* Silence while nothing is under way is ours: the link was busy with others. */
static void waiting_for_its_turn_is_no_silence(void)
{
    struct sx_sender *transfer = make(10, 2, 4);
    open_session(transfer, 1, "0", S);
    ASSERT_CONTAINS(say(transfer, 60 * S), "id='T.1.1'");
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_SENDING);
    hear(transfer, "1.1", NULL, 61 * S);
    ASSERT_CONTAINS(say(transfer, 120 * S), "id='T.1.2'");
    CU_ASSERT_FALSE(sx_sender_due_us(transfer) > 0);
    ASSERT_CONTAINS(say(transfer, 129 * S), "id='T.1.3'");
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 130 * S);
    sx_sender_free(transfer);
}

static void pauses_double_up_to_half_a_minute(void)
{
    static const int64_t pauses_ms[] = {250,  500,   1000,  2000,  4000,
                                        8000, 16000, 30000, 30000, 30000};
    struct sx_sender *transfer = make(10, 2, 4);
    int64_t now_us = S;
    unsigned i;
    say(transfer, now_us);
    for (i = 0; i < sizeof pauses_ms / sizeof *pauses_ms; i++) {
        char name[32];
        snprintf(name, sizeof name, "%u.open", i + 1);
        hear_error(transfer, name, "service-unavailable", "cancel", now_us);
        ASSERT_TEXT(sx_sender_condition(transfer), "service-unavailable");
        ASSERT_TEXT(sx_sender_text(transfer), "because");
        now_us += 1000 * pauses_ms[i];
        expect_open_at(transfer, i + 2, now_us);
    }
    sx_sender_free(transfer);
}

static void progress_makes_the_pause_short_again(void)
{
    struct sx_sender *transfer = make(10, 2, 4);
    open_session(transfer, 1, "0", S);
    sx_sender_lost(transfer, 2 * S);
    expect_open_at(transfer, 2, 2 * S + S / 4);
    hear(transfer, "2.open", "0", 3 * S);
    sx_sender_lost(transfer, 3 * S);
    expect_open_at(transfer, 3, 3 * S + S / 2); /* to be let in is no progress yet */
    hear(transfer, "3.open", "0", 4 * S);
    say(transfer, 4 * S);
    hear(transfer, "3.1", NULL, 4 * S);
    sx_sender_lost(transfer, 4 * S);
    expect_open_at(transfer, 4, 4 * S + S / 4);
    sx_sender_free(transfer);
}

static const char *sid(const struct sx_sender *transfer, unsigned n)
{
    static char text[100];
    snprintf(text, sizeof text, "%s.%u", sx_sender_id(transfer), n);
    return text;
}

static void it_tells_how_long_nothing_has_moved(void)
{
    struct sx_sender *transfer = make(10, 2, 4);
    sx_sender_begin(transfer, 5 * S);
    CU_ASSERT_EQUAL(sx_sender_stalled_us(transfer, 8 * S), 3 * S);
    open_session(transfer, 1, "0", 8 * S);
    CU_ASSERT_EQUAL(sx_sender_stalled_us(transfer, 9 * S), 4 * S);
    say(transfer, 9 * S);
    hear(transfer, "1.1", NULL, 10 * S);
    CU_ASSERT_EQUAL(sx_sender_stalled_us(transfer, 11 * S), S);
    sx_sender_lost(transfer, 12 * S);
    CU_ASSERT_EQUAL(sx_sender_stalled_us(transfer, 13 * S), 3 * S);
    sx_sender_free(transfer);
}

/* A receiver that takes a block, says that it has none, and takes it again. */
static void going_back_is_no_progress(void)
{
    struct sx_sender *transfer = make(10, 2, 4);
    unsigned n;
    int64_t now_us = S;
    open_session(transfer, 1, "0", S);
    say(transfer, S);
    hear(transfer, "1.1", NULL, S);
    for (n = 2; n < 12; n++) {
        char name[32];
        CU_ASSERT(sx_sender_closed(transfer, BOB, sid(transfer, n - 1), now_us));
        now_us += 30 * S;
        open_session(transfer, n, n % 2 ? "4" : "0", now_us);
        if (n % 2)
            continue;
        CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 0);
        say(transfer, now_us);
        snprintf(name, sizeof name, "%u.1", n);
        hear(transfer, name, NULL, now_us);
        CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 4);
    }
    CU_ASSERT_EQUAL(sx_sender_stalled_us(transfer, now_us), now_us - S);
    CU_ASSERT_EQUAL(sx_sender_pace(transfer)->step_us, 0);
    sx_sender_lost(transfer, now_us); /* nor does it shorten the pause */
    expect_open_at(transfer, n, now_us + 30 * S);
    sx_sender_free(transfer);
}

/* It counts anew for one that begins again: the receiver has lost all of it. */
static void what_begins_again_makes_progress_again(void)
{
    struct sx_sender *transfer = make(10, 4, 4);
    open_session(transfer, 1, "10", S);
    CU_ASSERT_EQUAL(sx_sender_pace(transfer)->step_us, S);
    sx_sender_begin(transfer, 5 * S);
    CU_ASSERT_EQUAL(sx_sender_stalled_us(transfer, 6 * S), S);
    open_session(transfer, 2, "0", 7 * S);
    say(transfer, 7 * S);
    hear(transfer, "2.1", NULL, 8 * S);
    CU_ASSERT_EQUAL(sx_sender_stalled_us(transfer, 9 * S), S);
    sx_sender_free(transfer);
}

/* ---- failures ---- */

static void nobody_there_means_again(void)
{
    static const char *const conditions[] = {"service-unavailable",
                                             "recipient-unavailable",
                                             "remote-server-timeout",
                                             "remote-server-not-found",
                                             "item-not-found",
                                             "unexpected-request",
                                             NULL};
    unsigned i;
    for (i = 0; conditions[i]; i++) {
        struct sx_sender *transfer = make(10, 2, 4);
        open_session(transfer, 1, "0", S);
        say(transfer, S), say(transfer, S);
        hear_error(transfer, "1.2", conditions[i], "wait", S);
        expect_open_at(transfer, 2, S + S / 4);
        hear_error(transfer, "2.open", conditions[i], "cancel", 2 * S);
        expect_open_at(transfer, 3, 2 * S + S / 2);
        sx_sender_free(transfer);
    }
}

static void no_room_means_later(void)
{
    struct sx_sender *transfer = make(10, 2, 4);
    say(transfer, S);
    hear_error(transfer, "1.open", "resource-constraint", "wait", S);
    expect_open_at(transfer, 2, 2 * S);
    hear_error(transfer, "2.open", "resource-constraint", NULL, 2 * S); /* its usual type */
    expect_open_at(transfer, 3, 4 * S);
    hear(transfer, "3.open", "0", 4 * S);
    say(transfer, 4 * S);
    hear_error(transfer, "3.1", "resource-constraint", "wait", 4 * S);
    expect_open_at(transfer, 4, 8 * S);
    hear_error(transfer, "4.open", "not-allowed", "wait", 8 * S); /* whatever is to be waited for */
    expect_open_at(transfer, 5, 16 * S);
    sx_sender_free(transfer);
}

static void a_rest_is_a_second_at_least(void)
{
    struct sx_sender *transfer = make(10, 2, 4);
    say(transfer, S);
    hear_error(transfer, "1.open", "service-unavailable", "cancel", S);
    expect_open_at(transfer, 2, S + S / 4);
    hear_error(transfer, "2.open", "resource-constraint", "wait", 2 * S);
    expect_open_at(transfer, 3, 3 * S);
    sx_sender_free(transfer);
}

static void refusals_are_final(void)
{
    static const struct {
        const char *condition, *type;
    } refusals[] = {{"not-acceptable", "modify"},
                    {"policy-violation", "wait"},
                    {"forbidden", "auth"},
                    {"feature-not-implemented", "cancel"},
                    {"bad-request", "modify"},
                    {"resource-constraint", "cancel"},
                    {"internal-server-error", "cancel"},
                    {"of-their-own-making", NULL}};
    unsigned i;
    for (i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct sx_sender *transfer = make(10, 2, 4);
        say(transfer, S);
        hear_error(transfer, "1.open", refusals[i].condition, refusals[i].type, S);
        CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_FAILED);
        ASSERT_TEXT(sx_sender_condition(transfer), refusals[i].condition);
        ASSERT_TEXT(sx_sender_text(transfer), "because");
        CU_ASSERT_EQUAL(sx_sender_due_us(transfer), SX_NEVER);
        ASSERT_TEXT(say(transfer, 100 * S), "");
        sx_sender_lost(transfer, 100 * S);
        CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_FAILED);
        sx_sender_free(transfer);
    }
}

static void blocks_halve_down_to_a_kilobyte(void)
{
    static const char *const sizes[] = {"'5000'", "'2500'", "'1250'", "'1024'", NULL};
    struct sx_sender *transfer = make(10000, 2, 5000);
    char name[32];
    unsigned i;
    for (i = 0; sizes[i]; i++) {
        ASSERT_CONTAINS(say(transfer, S), sizes[i]);
        snprintf(name, sizeof name, "%u.open", i + 1);
        hear_error(transfer, name, "resource-constraint", "modify", S);
    }
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_FAILED);
    ASSERT_TEXT(sx_sender_condition(transfer), "resource-constraint");
    sx_sender_free(transfer);
}

/* Of type modify, too, but what would be modified isn't the blocks. */
static void only_a_constraint_makes_blocks_smaller(void)
{
    struct sx_sender *transfer = make(10000, 2, 5000);
    say(transfer, S);
    hear_error(transfer, "1.open", "not-acceptable", "modify", S);
    CU_ASSERT_EQUAL(sx_sender_state(transfer), SX_SENDER_FAILED);
    sx_sender_free(transfer);
}

static void a_lost_connection_ends_the_attempt(void)
{
    struct sx_sender *transfer = make(10, 2, 4);
    sx_sender_lost(transfer, S); /* nothing has begun */
    CU_ASSERT_EQUAL(sx_sender_due_us(transfer), 0);
    open_session(transfer, 1, "0", S);
    say(transfer, S);
    hear(transfer, "1.1", NULL, S);
    say(transfer, S);
    sx_sender_lost(transfer, 2 * S);
    ASSERT_TEXT(sx_sender_condition(transfer), "");
    ASSERT_CONTAINS(sx_sender_text(transfer), "connection was lost");
    CU_ASSERT_EQUAL(sx_sender_done_bytes(transfer), 4);
    CU_ASSERT_FALSE(hear_from(transfer, BOB, "1.2", &(struct sx_sender_reply){0}, 2 * S));
    sx_sender_lost(transfer, 20 * S); /* the next connection, too, before it was of use */
    expect_open_at(transfer, 2, 2 * S + S / 4);
    sx_sender_free(transfer);
}

CU_TestInfo tests_sender_setback[] = {
    {"ten silent seconds end an attempt", ten_silent_seconds_end_an_attempt},
    {"waiting for its turn is no silence", waiting_for_its_turn_is_no_silence},
    {"pauses double up to half a minute", pauses_double_up_to_half_a_minute},
    {"progress makes the pause short again", progress_makes_the_pause_short_again},
    {"it tells how long nothing has moved", it_tells_how_long_nothing_has_moved},
    {"going back is no progress", going_back_is_no_progress},
    {"what begins again makes progress again", what_begins_again_makes_progress_again},
    {"nobody there means again", nobody_there_means_again},
    {"no room means later", no_room_means_later},
    {"a rest is a second at least", a_rest_is_a_second_at_least},
    {"refusals are final", refusals_are_final},
    {"blocks halve down to a kilobyte", blocks_halve_down_to_a_kilobyte},
    {"only a constraint makes blocks smaller", only_a_constraint_makes_blocks_smaller},
    {"a lost connection ends the attempt", a_lost_connection_ends_the_attempt},
    CU_TEST_INFO_NULL,
};
