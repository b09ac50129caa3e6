/* The outflow: what leaves, and when the server is asked what it has read. The connection takes
 * nothing; what left is told by what is still there. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/outflow.h"
#include "../stream_peer.h"

enum { S = 1000000, BEGUN_US = 100 * S };

struct flow {
    struct sx_outflow outflow;
    struct sx_trace trace;
    unsigned long pings;
};

static char *write_ping(void *user, unsigned long *number, size_t *len)
{
    char *ping = strdup("<iq/>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(ping);
    *number = ++*(unsigned long *)user;
    *len = strlen(ping);
    return ping;
}

static void begin(struct flow *flow)
{
    memset(flow, 0, sizeof *flow);
    CU_ASSERT_EQUAL_FATAL(sx_outflow_init(&flow->outflow, &flow->trace, write_ping, &flow->pings),
                          0);
    sx_outflow_begin(&flow->outflow, xmpp_conn_new(peer_ctx), 0, BEGUN_US);
}

static void end(struct flow *flow)
{
    xmpp_conn_release(flow->outflow.writer.conn);
    sx_outflow_end(&flow->outflow);
    CU_ASSERT_FALSE(sx_outflow_is_ready(&flow->outflow));
    sx_outflow_fini(&flow->outflow);
}

static void add(struct flow *flow, size_t len)
{
    char *bytes = calloc(1, len + 1);
    struct sx_inbox_item *item = calloc(1, sizeof *item);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(item);
    memset(bytes, ' ', len);
    memcpy(bytes, "<iq", 3);
    *item = (struct sx_inbox_item){.bytes = bytes, .len = len};
    sx_outflow_add(&flow->outflow, item);
}

/* As the loop does. */
static void send(struct flow *flow, int64_t now_us)
{
    while (sx_outflow_is_ready(&flow->outflow))
        (void)sx_outflow_send(&flow->outflow, now_us);
}

/* Large ones, one after the other; each mark is answered after so long. */
static void make_slow(struct flow *flow, int64_t *now_us, int64_t answer_us)
{
    int i;
    for (i = 0; i < 4; i++) {
        add(flow, 17000);
        send(flow, *now_us);
        CU_ASSERT_TRUE_FATAL(flow->outflow.outlet.speed.is_marked);
        *now_us += answer_us;
        sx_outflow_answer(&flow->outflow, flow->pings, *now_us);
    }
    CU_ASSERT_EQUAL_FATAL(flow->outflow.outlet.speed.verdict, SX_SPEED_SLOW);
}

/* Nobody posts anything any more: the server is asked all the same, until it has read enough. */
static void what_waits_is_asked_for(struct flow *flow, int64_t now_us)
{
    int asked;
    for (asked = 0; sx_outflow_has_large(&flow->outflow) && asked < 10; asked++) {
        send(flow, now_us);
        if (!sx_outflow_has_large(&flow->outflow))
            break;
        CU_ASSERT_TRUE_FATAL(flow->outflow.outlet.speed.is_marked);
        now_us += 2 * S;
        sx_outflow_answer(&flow->outflow, flow->pings, now_us);
    }
    CU_ASSERT_FALSE(sx_outflow_has_large(&flow->outflow));
}

/* Of a large one that has left; a small one and a large one wait behind it. */
static void begin_with_a_mark(struct flow *flow, int64_t *now_us)
{
    begin(flow);
    make_slow(flow, now_us, 5 * S);
    add(flow, 17000);
    send(flow, *now_us);
    add(flow, 4000);
    add(flow, 17000);
}

static void a_large_one_behind_small_ones_leaves_though_nothing_follows(void)
{
    struct flow flow;
    int64_t now_us = BEGUN_US;
    begin_with_a_mark(&flow, &now_us);
    send(&flow, now_us); /* the small one, past the mark */
    CU_ASSERT_TRUE(sx_outflow_has_large(&flow.outflow));
    now_us += 5 * S;
    sx_outflow_answer(&flow.outflow, flow.pings, now_us);
    what_waits_is_asked_for(&flow, now_us);
    end(&flow);
}

static void one_behind_a_large_one_does_as_well(void)
{
    struct flow flow;
    int64_t now_us = BEGUN_US;
    begin(&flow);
    make_slow(&flow, &now_us, 1200000);
    add(&flow, 1000 + SX_OUTLET_PROMPT_BYTES);
    send(&flow, now_us);
    add(&flow, 17000);
    add(&flow, 17000);
    send(&flow, now_us);
    now_us += 2 * S;
    sx_outflow_answer(&flow.outflow, flow.pings, now_us);
    what_waits_is_asked_for(&flow, now_us);
    end(&flow);
}

static void one_behind_an_answer_that_never_came_does_as_well(void)
{
    struct flow flow;
    int64_t now_us = BEGUN_US;
    begin_with_a_mark(&flow, &now_us);
    send(&flow, now_us);
    now_us += 120 * S;
    CU_ASSERT_EQUAL(sx_outflow_look(&flow.outflow, now_us), INT64_MAX);
    what_waits_is_asked_for(&flow, now_us);
    end(&flow);
}

/* The last of a transfer, say. */
static void what_left_behind_the_mark_is_asked_for_at_once(void)
{
    struct flow flow;
    int64_t now_us = BEGUN_US;
    unsigned long asked;
    begin(&flow);
    make_slow(&flow, &now_us, 1200000);
    add(&flow, 1 + SX_OUTLET_PROMPT_BYTES);
    send(&flow, now_us);
    add(&flow, 1 + SX_OUTLET_PROMPT_BYTES);
    send(&flow, now_us); /* past the mark */
    CU_ASSERT_FALSE(sx_outflow_has_large(&flow.outflow));
    asked = flow.pings;
    now_us += S;
    sx_outflow_answer(&flow.outflow, flow.pings, now_us);
    send(&flow, now_us);
    CU_ASSERT_EQUAL(flow.pings, asked + 1);
    now_us += S;
    sx_outflow_answer(&flow.outflow, flow.pings, now_us);
    send(&flow, now_us);
    CU_ASSERT_EQUAL(flow.pings, asked + 1); /* and no more */
    end(&flow);
}

static void test_small_ones(void)
{
    peer_run(a_large_one_behind_small_ones_leaves_though_nothing_follows);
}

static void test_large_ones(void)
{
    peer_run(one_behind_a_large_one_does_as_well);
}

static void test_no_answer(void)
{
    peer_run(one_behind_an_answer_that_never_came_does_as_well);
}

static void test_the_last(void)
{
    peer_run(what_left_behind_the_mark_is_asked_for_at_once);
}

CU_TestInfo tests_outflow[] = {
    {"a large one behind small ones leaves though nothing follows", test_small_ones},
    {"one behind a large one does as well", test_large_ones},
    {"one behind an answer that never came does as well", test_no_answer},
    {"what left behind the mark is asked for at once", test_the_last},
    CU_TEST_INFO_NULL,
};
