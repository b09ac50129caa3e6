/* Signs of life on a fake clock: when a ping goes out, when a connection is given up. */
#include "../../lib/suite.h"

#include "net/liveness.h"

enum { S = 1000000, KEEPALIVE_US = 60 * S, TIMEOUT_US = 10 * S };

static struct sx_liveness begun(void)
{
    struct sx_liveness liveness;
    sx_liveness_begin(&liveness, KEEPALIVE_US, TIMEOUT_US, 1000, 0);
    return liveness;
}

/* A ping that went out at now_us, with nothing before it. */
static struct sx_liveness asking(int64_t now_us)
{
    struct sx_liveness liveness = begun();
    sx_liveness_ask(&liveness, 0, 0, now_us);
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
    sx_liveness_ask(&liveness, 0, 0, 80 * S);
    LOOK(&liveness, 80 * S, SX_LIVENESS_CALM, 90 * S);
    LOOK(&liveness, 90 * S, SX_LIVENESS_GONE, 0);
}

static void who_doubts_asks_at_once_and_once(void)
{
    struct sx_liveness liveness = begun();
    sx_liveness_want(&liveness);
    LOOK(&liveness, 1 * S, SX_LIVENESS_ASK, 0);
    sx_liveness_ask(&liveness, 0, 0, 1 * S);
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
    sx_liveness_ask(&liveness, 5000, 300, 60 * S);
    LOOK(&liveness, 60 * S, SX_LIVENESS_CALM, 62500000);
    sx_liveness_reach(&liveness, 5200, 69 * S);
    LOOK(&liveness, 70 * S, SX_LIVENESS_CALM, 72500000);
    LOOK(&liveness, 78 * S, SX_LIVENESS_CALM, 79 * S);
    LOOK(&liveness, 79 * S, SX_LIVENESS_GONE, 0);
}

static void the_wait_begins_when_the_ping_is_there(void)
{
    struct sx_liveness liveness = begun();
    sx_liveness_ask(&liveness, 5000, 300, 60 * S);
    sx_liveness_reach(&liveness, 5300, 69 * S);
    LOOK(&liveness, 69 * S, SX_LIVENESS_CALM, 79 * S);
    LOOK(&liveness, 79 * S, SX_LIVENESS_GONE, 0);
}

static void a_kernel_that_acknowledges_for_a_hanging_server_is_no_life(void)
{
    struct sx_liveness liveness = begun();
    sx_liveness_ask(&liveness, 5000, 300, 60 * S);
    sx_liveness_reach(&liveness, 5300, 61 * S);
    sx_liveness_reach(&liveness, 9000, 70 * S); /* what was sent after the ping */
    LOOK(&liveness, 71 * S, SX_LIVENESS_GONE, 0);
}

static void a_queue_that_stands_still_is_no_life(void)
{
    struct sx_liveness liveness = begun();
    sx_liveness_ask(&liveness, 5000, 300, 60 * S);
    sx_liveness_reach(&liveness, 5000, 69 * S);
    LOOK(&liveness, 70 * S, SX_LIVENESS_GONE, 0);
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
    {"the wait begins when the ping is there", the_wait_begins_when_the_ping_is_there},
    {"a kernel that acknowledges for a hanging server is no life",
     a_kernel_that_acknowledges_for_a_hanging_server_is_no_life},
    {"a queue that stands still is no life", a_queue_that_stands_still_is_no_life},
    CU_TEST_INFO_NULL,
};
