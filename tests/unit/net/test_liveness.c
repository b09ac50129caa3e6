/* Signs of life on a fake clock: when a ping goes out, when a connection is given up. */
#include "../../lib/suite.h"

#include "net/liveness.h"

enum {
    S = 1000000,
    KEEPALIVE_US = 60 * S,
    TIMEOUT_US = 10 * S,
    LOOK_US = TIMEOUT_US / 4, /* between two looks at a flight */
    BYTE_US = S / SX_LIVENESS_READ_BYTES_PER_S,
    ACKED_BYTES = 5000
};

static struct sx_liveness begun(void)
{
    struct sx_liveness liveness;
    sx_liveness_begin(&liveness, KEEPALIVE_US, TIMEOUT_US, 1000, ACKED_BYTES, 0);
    return liveness;
}

/* Of a connection whose TCP has nothing out. */
static struct sx_flight flight(uint64_t acked_bytes, uint64_t owed_bytes)
{
    return (struct sx_flight){.acked_bytes = acked_bytes, .owed_bytes = owed_bytes};
}

static void see(struct sx_liveness *liveness, uint64_t acked_bytes, uint64_t owed_bytes,
                int64_t now_us)
{
    struct sx_flight seen = flight(acked_bytes, owed_bytes);
    sx_liveness_see(liveness, &seen, now_us);
}

static void ask(struct sx_liveness *liveness, uint64_t owed_bytes, int64_t now_us)
{
    struct sx_flight seen = flight(ACKED_BYTES, owed_bytes);
    sx_liveness_ask(liveness, &seen, now_us);
}

/* A ping that went out at now_us, with nothing before it. */
static struct sx_liveness asking(int64_t now_us)
{
    struct sx_liveness liveness = begun();
    ask(&liveness, 0, now_us);
    return liveness;
}

#define LOOK(liveness, now_us, verdict, due_us)                                                    \
    look((liveness), (now_us), (verdict), (due_us), __LINE__)
static void look(const struct sx_liveness *liveness, int64_t now_us,
                 enum sx_liveness_verdict verdict, int64_t due_us, int line)
{
    int64_t due = -1;
    enum sx_liveness_verdict said = sx_liveness_look(liveness, now_us, &due);
    if (said != verdict || (verdict == SX_LIVENESS_CALM && due != due_us))
        printf("\n    line %d: verdict %d, due at %.6f s", line, (int)said, (double)due / 1e6);
    CU_ASSERT_EQUAL(said, verdict);
    if (verdict == SX_LIVENESS_CALM)
        CU_ASSERT_EQUAL(due, due_us);
    CU_ASSERT_TRUE(verdict == SX_LIVENESS_GONE || due > now_us);
}

static void nothing_is_asked_before_the_silence_lasted(void)
{
    struct sx_liveness liveness = begun();
    LOOK(&liveness, 0, SX_LIVENESS_CALM, KEEPALIVE_US);
    LOOK(&liveness, KEEPALIVE_US - 1, SX_LIVENESS_CALM, KEEPALIVE_US);
    LOOK(&liveness, KEEPALIVE_US, SX_LIVENESS_ASK, 0);
}

static void a_byte_begins_the_silence_anew(void)
{
    struct sx_liveness liveness = begun();
    sx_liveness_hear(&liveness, 1001, 40 * S);
    LOOK(&liveness, 40 * S, SX_LIVENESS_CALM, 100 * S);
    sx_liveness_hear(&liveness, 1001, 90 * S); /* the same byte */
    LOOK(&liveness, 90 * S, SX_LIVENESS_CALM, 100 * S);
    LOOK(&liveness, 100 * S, SX_LIVENESS_ASK, 0);
}

static void a_ping_without_an_answer_is_the_end(void)
{
    struct sx_liveness liveness = asking(60 * S);
    LOOK(&liveness, 60 * S, SX_LIVENESS_CALM, 70 * S);
    LOOK(&liveness, 70 * S - 1, SX_LIVENESS_CALM, 70 * S);
    LOOK(&liveness, 70 * S, SX_LIVENESS_GONE, 0);
}

static void any_byte_answers_a_ping(void)
{
    struct sx_liveness liveness = asking(60 * S);
    sx_liveness_hear(&liveness, 1001, 70 * S - 1);
    LOOK(&liveness, 70 * S, SX_LIVENESS_CALM, 130 * S - 1);
}

static void a_byte_that_waited_while_we_were_away_counts(void)
{
    struct sx_liveness liveness = asking(60 * S);
    sx_liveness_hear(&liveness, 1001, 500 * S);
    LOOK(&liveness, 500 * S, SX_LIVENESS_CALM, 560 * S);
}

static void who_was_away_for_long_asks_once_more(void)
{
    struct sx_liveness liveness = asking(60 * S);
    LOOK(&liveness, 80 * S - 1, SX_LIVENESS_GONE, 0);
    LOOK(&liveness, 80 * S, SX_LIVENESS_ASK, 0);
    ask(&liveness, 0, 80 * S);
    LOOK(&liveness, 80 * S, SX_LIVENESS_CALM, 90 * S);
    LOOK(&liveness, 90 * S, SX_LIVENESS_GONE, 0);
}

static void who_doubts_asks_at_once_and_once(void)
{
    struct sx_liveness liveness = begun();
    sx_liveness_want(&liveness);
    LOOK(&liveness, 1 * S, SX_LIVENESS_ASK, 0);
    ask(&liveness, 0, 1 * S);
    sx_liveness_want(&liveness); /* the ping is out already */
    LOOK(&liveness, 1 * S, SX_LIVENESS_CALM, 11 * S);
    sx_liveness_hear(&liveness, 1001, 2 * S);
    LOOK(&liveness, 2 * S, SX_LIVENESS_CALM, 62 * S);
}

static void a_ping_that_could_not_be_sent_is_asked_for_later(void)
{
    struct sx_liveness liveness = begun();
    int64_t due_us = 0;
    CU_ASSERT_EQUAL(sx_liveness_look(&liveness, 60 * S, &due_us), SX_LIVENESS_ASK);
    CU_ASSERT_EQUAL(due_us, 70 * S);
    LOOK(&liveness, 70 * S, SX_LIVENESS_ASK, 0);
}

/* ---- a ping behind a queue ---- */

static void a_queue_that_drains_before_the_ping_is_progress(void)
{
    struct sx_liveness liveness = begun();
    int64_t read_us;
    ask(&liveness, 300, 60 * S);
    LOOK(&liveness, 60 * S, SX_LIVENESS_CALM, 60 * S + LOOK_US);
    see(&liveness, ACKED_BYTES + 200, 100, 69 * S);
    read_us = 69 * S + 200 * BYTE_US;
    LOOK(&liveness, 70 * S, SX_LIVENESS_CALM, 69 * S + LOOK_US);
    see(&liveness, ACKED_BYTES + 200, 100, 78 * S);
    LOOK(&liveness, 78 * S, SX_LIVENESS_CALM, read_us + TIMEOUT_US);
    LOOK(&liveness, read_us + TIMEOUT_US, SX_LIVENESS_GONE, 0);
}

static void the_wait_begins_when_the_ping_is_read(void)
{
    struct sx_liveness liveness = begun();
    int64_t read_us = 69 * S + 300 * BYTE_US;
    ask(&liveness, 300, 60 * S);
    see(&liveness, ACKED_BYTES + 300, 0, 69 * S);
    LOOK(&liveness, 69 * S, SX_LIVENESS_CALM, read_us + TIMEOUT_US);
    LOOK(&liveness, read_us + TIMEOUT_US, SX_LIVENESS_GONE, 0);
}

static void a_kernel_that_acknowledges_for_a_hanging_server_is_no_life(void)
{
    struct sx_liveness liveness = begun();
    ask(&liveness, 300, 60 * S);
    see(&liveness, ACKED_BYTES + 300, 0, 61 * S);
    see(&liveness, ACKED_BYTES + 90000, 0, 71 * S); /* what was sent after the ping */
    LOOK(&liveness, 71 * S + 300 * BYTE_US, SX_LIVENESS_GONE, 0);
}

static void a_queue_that_stands_still_is_no_life(void)
{
    struct sx_liveness liveness = begun();
    ask(&liveness, 300, 60 * S);
    see(&liveness, ACKED_BYTES, 300, 69 * S);
    LOOK(&liveness, 70 * S, SX_LIVENESS_GONE, 0);
}

/* ---- a server that throttles ---- */

/* Prosody and ejabberd as Debian configures them, on loopback: 64 KiB fit into their window, which
 * opens again when most of that is read. 200,000 bytes were sent, with a ping behind. */
static void survive_shut_windows(int read_bytes_per_s)
{
    enum { WINDOW_BYTES = 65536, SENT_BYTES = 200000 };
    struct sx_liveness liveness = begun();
    uint64_t taken_bytes = 0;
    int64_t now_us = 60 * S, due_us;
    ask(&liveness, SENT_BYTES, now_us);
    while (taken_bytes < SENT_BYTES) {
        uint64_t left_bytes = SENT_BYTES - taken_bytes;
        uint64_t more_bytes = left_bytes < WINDOW_BYTES ? left_bytes : WINDOW_BYTES;
        int64_t open_us = now_us + (int64_t)WINDOW_BYTES * S / read_bytes_per_s;
        taken_bytes += more_bytes;
        for (; now_us < open_us; now_us += LOOK_US) {
            see(&liveness, ACKED_BYTES + taken_bytes, SENT_BYTES - taken_bytes, now_us);
            CU_ASSERT_EQUAL(sx_liveness_look(&liveness, now_us, &due_us), SX_LIVENESS_CALM);
        }
    }
    sx_liveness_hear(&liveness, 1100, now_us);
    LOOK(&liveness, now_us, SX_LIVENESS_CALM, now_us + KEEPALIVE_US);
}

static void a_window_that_is_shut_for_long_is_no_death(void)
{
    survive_shut_windows(10000);
    survive_shut_windows(3000);
}

static void a_ping_behind_what_was_sent_before_waits_for_that_to_be_read(void)
{
    struct sx_liveness liveness = begun();
    int64_t read_us = 60 * S + 50000 * BYTE_US;
    struct sx_flight ping = flight(ACKED_BYTES + 50000, 100);
    see(&liveness, ACKED_BYTES + 50000, 0, 60 * S);
    sx_liveness_ask(&liveness, &ping, 60 * S);
    see(&liveness, ACKED_BYTES + 50000, 100, 69 * S);
    see(&liveness, ACKED_BYTES + 50100, 0, 69 * S);
    LOOK(&liveness, read_us + TIMEOUT_US, SX_LIVENESS_CALM, read_us + 100 * BYTE_US + TIMEOUT_US);
    LOOK(&liveness, read_us + 100 * BYTE_US + TIMEOUT_US, SX_LIVENESS_GONE, 0);
}

static void a_server_that_never_reads_again_is_left_in_the_end(void)
{
    const int64_t read_us = 60 * S + SX_LIVENESS_UNREAD_BYTES * BYTE_US;
    struct sx_liveness liveness = begun();
    see(&liveness, 100000000, 0, 60 * S); /* more than buffers hold: it has read most of it */
    ask(&liveness, 70000, 60 * S);
    see(&liveness, 100000000, 70000, read_us);
    LOOK(&liveness, read_us + TIMEOUT_US - 1, SX_LIVENESS_CALM, read_us + TIMEOUT_US);
    LOOK(&liveness, read_us + TIMEOUT_US, SX_LIVENESS_GONE, 0);
}

static void what_was_read_long_ago_is_not_waited_for(void)
{
    struct sx_liveness liveness = begun();
    see(&liveness, ACKED_BYTES + 50000, 0, 10 * S);
    ask(&liveness, 0, 60 * S);
    LOOK(&liveness, 70 * S, SX_LIVENESS_GONE, 0);
}

/* ---- a network that is gone ---- */

/* Sent and not acknowledged, since an acknowledgement at acked_us. */
static void miss(struct sx_liveness *liveness, int64_t acked_us, int64_t now_us)
{
    struct sx_flight seen = flight(ACKED_BYTES, 100);
    seen.is_missed = true;
    seen.acked_us = acked_us;
    sx_liveness_see(liveness, &seen, now_us);
}

static void what_nobody_acknowledges_is_the_end_without_a_ping(void)
{
    struct sx_liveness liveness = begun();
    LOOK(&liveness, 0, SX_LIVENESS_CALM, KEEPALIVE_US);
    sx_liveness_send(&liveness, 1 * S);
    sx_liveness_send(&liveness, 2 * S);
    CU_ASSERT_FALSE(sx_liveness_wants_flight(&liveness, S + LOOK_US - 1));
    CU_ASSERT_TRUE(sx_liveness_wants_flight(&liveness, S + LOOK_US));
    LOOK(&liveness, 2 * S, SX_LIVENESS_CALM, S + LOOK_US);
    miss(&liveness, 0, S + LOOK_US);
    LOOK(&liveness, 4 * S, SX_LIVENESS_CALM, S + 2 * LOOK_US);
    miss(&liveness, 0, 11 * S);
    LOOK(&liveness, 11 * S, SX_LIVENESS_CALM, S + LOOK_US + TIMEOUT_US);
    LOOK(&liveness, S + LOOK_US + TIMEOUT_US, SX_LIVENESS_GONE, 0);
}

static void what_is_acknowledged_in_the_end_is_no_death(void)
{
    struct sx_liveness liveness = begun();
    miss(&liveness, 0, 1 * S);
    see(&liveness, ACKED_BYTES + 100, 0, 10 * S);
    LOOK(&liveness, 11 * S, SX_LIVENESS_CALM, KEEPALIVE_US);
    miss(&liveness, 0, 20 * S); /* something else, later */
    LOOK(&liveness, 29 * S, SX_LIVENESS_CALM, 29 * S + 1000);
}

/* The server's TCP is there and has no room for it. */
static void any_acknowledgement_is_a_sign_of_the_network(void)
{
    struct sx_liveness liveness = begun();
    miss(&liveness, 0, 1 * S);
    miss(&liveness, 9 * S, 10 * S);
    LOOK(&liveness, 18 * S, SX_LIVENESS_CALM, 18 * S + 1000);
    LOOK(&liveness, 19 * S, SX_LIVENESS_GONE, 0);
}

static void a_flight_that_is_over_is_not_looked_at_again(void)
{
    struct sx_liveness liveness = begun();
    sx_liveness_send(&liveness, 1 * S);
    see(&liveness, ACKED_BYTES + 100, 0, 1 * S + LOOK_US);
    CU_ASSERT_FALSE(sx_liveness_wants_flight(&liveness, 50 * S));
    LOOK(&liveness, 4 * S, SX_LIVENESS_CALM, KEEPALIVE_US);
}

CU_TestInfo tests_liveness[] = {
    {"nothing is asked before the silence has lasted", nothing_is_asked_before_the_silence_lasted},
    {"a byte begins the silence anew", a_byte_begins_the_silence_anew},
    {"a ping without an answer is the end", a_ping_without_an_answer_is_the_end},
    {"any byte answers a ping", any_byte_answers_a_ping},
    {"a byte that waited while we were away counts", a_byte_that_waited_while_we_were_away_counts},
    {"who was away for long asks once more", who_was_away_for_long_asks_once_more},
    {"who doubts asks at once, and once", who_doubts_asks_at_once_and_once},
    {"a ping that could not be sent is asked for later",
     a_ping_that_could_not_be_sent_is_asked_for_later},
    {"a queue that drains before the ping is progress",
     a_queue_that_drains_before_the_ping_is_progress},
    {"the wait begins when the ping is read", the_wait_begins_when_the_ping_is_read},
    {"a kernel that acknowledges for a hanging server is no life",
     a_kernel_that_acknowledges_for_a_hanging_server_is_no_life},
    {"a queue that stands still is no life", a_queue_that_stands_still_is_no_life},
    {"a window that is shut for long is no death", a_window_that_is_shut_for_long_is_no_death},
    {"a ping behind what was sent before waits for that to be read",
     a_ping_behind_what_was_sent_before_waits_for_that_to_be_read},
    {"a server that never reads again is left in the end",
     a_server_that_never_reads_again_is_left_in_the_end},
    {"what was read long ago is not waited for", what_was_read_long_ago_is_not_waited_for},
    {"what nobody acknowledges is the end, without a ping",
     what_nobody_acknowledges_is_the_end_without_a_ping},
    {"what is acknowledged in the end is no death", what_is_acknowledged_in_the_end_is_no_death},
    {"any acknowledgement is a sign of the network", any_acknowledgement_is_a_sign_of_the_network},
    {"a flight that is over is not looked at again", a_flight_that_is_over_is_not_looked_at_again},
    CU_TEST_INFO_NULL,
};
