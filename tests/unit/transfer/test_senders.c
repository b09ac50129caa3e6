/* Many transfers on one link: turns, bounds, and what leaves the table when. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "transfer/senders.h"

#define BOB "bob@example.org/soap"

enum { COUNT = 3, SIZE = 8 };

static const int64_t S = 1000000; /* a second */

static const struct sx_sender_reply RESULT = {0};

struct bench {
    struct sx_senders *transfers;
    struct sx_sender *each[COUNT];
    struct sx_sender *moved; /* by the last reply or close */
};

static struct sx_sender *make(size_t block_bytes)
{
    const struct sx_sender_settings settings = {.window = 2, .block_bytes = block_bytes};
    char *bytes = calloc(1, SIZE);
    struct sx_sender *transfer = bytes ? sx_sender_new(BOB, bytes, SIZE, &settings, NULL) : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(transfer);
    return transfer;
}

/* Online, so many transfers added. */
static void set_up(struct bench *bench, unsigned count)
{
    unsigned i;
    memset(bench, 0, sizeof *bench);
    bench->transfers = sx_senders_new(COUNT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bench->transfers);
    sx_senders_online(bench->transfers);
    for (i = 0; i < COUNT; i++)
        bench->each[i] = make(1);
    for (i = 0; i < count; i++)
        CU_ASSERT_EQUAL(sx_senders_add(bench->transfers, bench->each[i], 0), SX_OK);
}

static void tear_down(struct bench *bench)
{
    unsigned i;
    for (i = 0; i < COUNT; i++)
        sx_senders_remove(bench->transfers, bench->each[i], NULL);
    sx_senders_free(bench->transfers);
    for (i = 0; i < COUNT; i++)
        sx_sender_free(bench->each[i]);
}

/* The next stanza's id: "0.1.open" with the transfer's place in the bench for its id; "" if none
 * goes out. */
static const char *say(struct bench *bench, int64_t now_us)
{
    static char name[100];
    struct sx_buffer out = {0};
    const char *id;
    unsigned i;
    name[0] = '\0';
    if (sx_senders_next(bench->transfers, now_us, &out)) {
        id = strstr(out.bytes, " id='");
        CU_ASSERT_PTR_NOT_NULL_FATAL(id);
        id += 5;
        for (i = 0; i < COUNT; i++)
            if (sx_sender_gave_out(bench->each[i], id))
                snprintf(name, sizeof name, "%u%.*s", i,
                         (int)strcspn(id + SX_SENDER_ID_BYTES - 1, "'"),
                         id + SX_SENDER_ID_BYTES - 1);
    }
    CU_ASSERT_FALSE(out.failed);
    sx_buffer_fini(&out);
    return name;
}

/* A reply to what say() called so. */
static bool hear(struct bench *bench, const char *name, const struct sx_sender_reply *reply)
{
    char id[100];
    snprintf(id, sizeof id, "%s%s", sx_sender_id(bench->each[name[0] - '0']), name + 1);
    return sx_senders_reply(bench->transfers, BOB, id, reply, S, &bench->moved);
}

static void they_take_turns(void)
{
    struct bench bench;
    unsigned i;
    set_up(&bench, 3);
    ASSERT_TEXT(say(&bench, S), "0.1.open");
    ASSERT_TEXT(say(&bench, S), "1.1.open");
    ASSERT_TEXT(say(&bench, S), "2.1.open");
    ASSERT_TEXT(say(&bench, S), "");
    for (i = 0; i < 3; i++) {
        char name[] = "?.1.open";
        name[0] = (char)('0' + i);
        CU_ASSERT(hear(&bench, name, &RESULT));
        CU_ASSERT(bench.moved == bench.each[i]);
    }
    ASSERT_TEXT(say(&bench, S), "0.1.1");
    ASSERT_TEXT(say(&bench, S), "1.1.1");
    ASSERT_TEXT(say(&bench, S), "2.1.1");
    CU_ASSERT(hear(&bench, "0.1.1", &RESULT));
    CU_ASSERT(hear(&bench, "1.1.1", &RESULT));
    ASSERT_TEXT(say(&bench, S), "0.1.2");
    ASSERT_TEXT(say(&bench, S), "1.1.2");
    ASSERT_TEXT(say(&bench, S), "2.1.2");
    ASSERT_TEXT(say(&bench, S), "0.1.3"); /* 2's window is full */
    ASSERT_TEXT(say(&bench, S), "1.1.3");
    ASSERT_TEXT(say(&bench, S), "");
    CU_ASSERT_EQUAL(sx_senders_due_us(bench.transfers), S + SX_SENDER_SILENCE_US);
    tear_down(&bench);
}

/* Sends all of each[0] and closes. */
static void send_all(struct bench *bench)
{
    const char *name;
    while (sx_sender_state(bench->each[0]) != SX_SENDER_DONE) {
        name = say(bench, S);
        CU_ASSERT_FATAL(*name);
        CU_ASSERT(hear(bench, name, &RESULT));
    }
}

static void whoever_is_done_is_out(void)
{
    struct bench bench;
    set_up(&bench, 1);
    send_all(&bench);
    CU_ASSERT(bench.moved == bench.each[0]);
    CU_ASSERT_EQUAL(sx_senders_count(bench.transfers), 0);
    CU_ASSERT_EQUAL(sx_senders_due_us(bench.transfers), SX_NEVER);
    CU_ASSERT_FALSE(hear(&bench, "0.1.close", &RESULT));
    CU_ASSERT_PTR_NULL(bench.moved);
    CU_ASSERT_EQUAL(sx_senders_add(bench.transfers, bench.each[0], S), SX_OK);
    ASSERT_TEXT(say(&bench, S), "0.2.open");
    tear_down(&bench);
}

static void whoever_is_refused_is_out(void)
{
    static const struct sx_sender_reply refusal = {.condition = "forbidden", .type = "auth"};
    struct bench bench;
    set_up(&bench, 3);
    say(&bench, S), say(&bench, S);
    CU_ASSERT(hear(&bench, "1.1.open", &refusal));
    CU_ASSERT(bench.moved == bench.each[1]);
    CU_ASSERT_EQUAL(sx_sender_state(bench.each[1]), SX_SENDER_FAILED);
    CU_ASSERT_EQUAL(sx_senders_count(bench.transfers), 2);
    CU_ASSERT(hear(&bench, "0.1.open", &RESULT));
    ASSERT_TEXT(say(&bench, S), "2.1.open");
    ASSERT_TEXT(say(&bench, S), "0.1.1");
    tear_down(&bench);
}

static void what_belongs_to_others_is_left_to_them(void)
{
    struct bench bench;
    set_up(&bench, 1);
    bench.moved = bench.each[0];
    CU_ASSERT_FALSE(sx_senders_reply(bench.transfers, BOB, "1", &RESULT, S, &bench.moved));
    CU_ASSERT_PTR_NULL(bench.moved);
    CU_ASSERT_FALSE(hear(&bench, "1.1.open", &RESULT)); /* not in the table */
    say(&bench, S);
    bench.moved = bench.each[0];
    CU_ASSERT(hear(&bench, "0.7.open", &RESULT)); /* ours, but not under way */
    CU_ASSERT_PTR_NULL(bench.moved);
    CU_ASSERT_FALSE(sx_senders_closed(bench.transfers, BOB, "x", S, &bench.moved));
    tear_down(&bench);
}

static void a_receiver_may_close(void)
{
    struct bench bench;
    char sid[100];
    set_up(&bench, 2);
    say(&bench, S), say(&bench, S);
    CU_ASSERT(hear(&bench, "1.1.open", &RESULT));
    snprintf(sid, sizeof sid, "%s.1", sx_sender_id(bench.each[1]));
    CU_ASSERT(sx_senders_closed(bench.transfers, BOB, sid, S, &bench.moved));
    CU_ASSERT(bench.moved == bench.each[1]);
    CU_ASSERT_EQUAL(sx_sender_state(bench.each[1]), SX_SENDER_WAITING);
    CU_ASSERT_EQUAL(sx_senders_count(bench.transfers), 2);
    CU_ASSERT_EQUAL(sx_senders_due_us(bench.transfers), S + S / 4);
    ASSERT_TEXT(say(&bench, S + S / 4), "1.2.open");
    tear_down(&bench);
}

static void no_more_than_may_be(void)
{
    struct bench bench;
    struct sx_sender *one_more = make(1);
    set_up(&bench, 3);
    CU_ASSERT_EQUAL(sx_senders_count(bench.transfers), 3);
    CU_ASSERT_EQUAL(sx_senders_add(bench.transfers, one_more, 0), SX_EFULL);
    sx_senders_remove(bench.transfers, one_more, NULL);
    CU_ASSERT_EQUAL(sx_senders_count(bench.transfers), 3);
    sx_senders_remove(bench.transfers, bench.each[1], NULL);
    CU_ASSERT_EQUAL(sx_senders_add(bench.transfers, one_more, 0), SX_OK);
    sx_senders_remove(bench.transfers, one_more, NULL);
    ASSERT_TEXT(say(&bench, S), "0.1.open");
    ASSERT_TEXT(say(&bench, S), "2.1.open");
    sx_sender_free(one_more);
    tear_down(&bench);
}

static void whoever_is_given_up_says_so(void)
{
    struct bench bench;
    struct sx_buffer out = {0};
    set_up(&bench, 2);
    sx_senders_remove(bench.transfers, bench.each[1], &out);
    CU_ASSERT_EQUAL(out.len, 0);
    say(&bench, S);
    CU_ASSERT(hear(&bench, "0.1.open", &RESULT));
    sx_senders_remove(bench.transfers, bench.each[0], &out);
    ASSERT_CONTAINS(out.bytes, "<close ");
    CU_ASSERT_EQUAL(sx_senders_count(bench.transfers), 0);
    sx_buffer_fini(&out);
    tear_down(&bench);
}

static void offline_nothing_goes_out(void)
{
    struct bench bench;
    set_up(&bench, 2);
    say(&bench, S), say(&bench, S);
    CU_ASSERT(hear(&bench, "1.1.open", &RESULT));
    sx_senders_lost(bench.transfers, S);
    ASSERT_TEXT(say(&bench, 9 * S), "");
    CU_ASSERT_EQUAL(sx_senders_due_us(bench.transfers), SX_NEVER);
    CU_ASSERT_EQUAL(sx_senders_count(bench.transfers), 2);
    sx_senders_online(bench.transfers);
    CU_ASSERT_EQUAL(sx_senders_due_us(bench.transfers), S + S / 4);
    ASSERT_TEXT(say(&bench, 9 * S), "0.2.open");
    ASSERT_TEXT(say(&bench, 9 * S), "1.2.open");
    tear_down(&bench);
}

static void a_new_table_is_offline(void)
{
    struct sx_senders *transfers = sx_senders_new(1);
    struct sx_sender *transfer = make(1);
    struct sx_buffer out = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(transfers);
    CU_ASSERT_EQUAL(sx_senders_add(transfers, transfer, 0), SX_OK);
    CU_ASSERT_EQUAL(sx_senders_due_us(transfers), SX_NEVER);
    CU_ASSERT_FALSE(sx_senders_next(transfers, S, &out));
    sx_senders_remove(transfers, transfer, NULL);
    sx_sender_free(transfer);
    sx_senders_free(transfers);
    sx_senders_free(NULL);
}

static void silence_is_looked_for_in_time(void)
{
    struct bench bench;
    set_up(&bench, 2);
    say(&bench, S);
    say(&bench, 3 * S);
    CU_ASSERT_EQUAL(sx_senders_due_us(bench.transfers), 11 * S);
    ASSERT_TEXT(say(&bench, 11 * S), "");
    CU_ASSERT_EQUAL(sx_senders_due_us(bench.transfers), 11 * S + S / 4);
    ASSERT_TEXT(say(&bench, 11 * S + S / 4), "0.2.open");
    CU_ASSERT_EQUAL(sx_senders_due_us(bench.transfers), 13 * S);
    tear_down(&bench);
}

/* A loop that looks at due_us must not spin while memory is short. */
static bool attempt_short_turn(struct shortage shortage)
{
    struct bench bench;
    struct sx_buffer out = {0};
    bool has_failed, said;
    set_up(&bench, 2);
    shortage_begin(shortage);
    said = sx_senders_next(bench.transfers, S, &out);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(said, !has_failed);
    CU_ASSERT_EQUAL(out.failed, has_failed);
    if (has_failed) {
        CU_ASSERT_EQUAL(sx_senders_due_us(bench.transfers), S + S / 4);
        ASSERT_TEXT(say(&bench, S + S / 4 - 1), "");
        ASSERT_TEXT(say(&bench, S + S / 4), "0.1.open");
    } else {
        ASSERT_TEXT(say(&bench, S), "1.1.open");
    }
    sx_buffer_fini(&out);
    tear_down(&bench);
    return has_failed;
}
SHORTAGE_TEST(short_turn, 2)

static bool attempt_short_table(struct shortage shortage)
{
    struct sx_senders *transfers;
    bool has_failed;
    shortage_begin(shortage);
    transfers = sx_senders_new(3);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(transfers == NULL, has_failed);
    sx_senders_free(transfers);
    return has_failed;
}
SHORTAGE_TEST(short_table, 1)

CU_TestInfo tests_senders[] = {
    {"they take turns by the block", they_take_turns},
    {"whoever is done is out, and may come again", whoever_is_done_is_out},
    {"whoever is refused is out", whoever_is_refused_is_out},
    {"what belongs to others is left to them", what_belongs_to_others_is_left_to_them},
    {"a receiver may close", a_receiver_may_close},
    {"there are no more than may be", no_more_than_may_be},
    {"whoever is given up says so", whoever_is_given_up_says_so},
    {"offline nothing goes out", offline_nothing_goes_out},
    {"a new table is offline", a_new_table_is_offline},
    {"silence is looked for in time", silence_is_looked_for_in_time},
    {"short of memory all rest for a moment", test_short_turn},
    {"without memory there is no table", test_short_table},
    CU_TEST_INFO_NULL,
};
