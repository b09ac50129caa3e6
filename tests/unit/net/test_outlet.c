/* The outlet: which stanza leaves next, at servers of three speeds. */
#include "../../lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/outlet.h"

enum { LARGE_BYTES = 20000, S = 1000000 };

/* "<iq>3", say, with what fills it behind. */
static void add(struct sx_outlet *outlet, const char *text, size_t len, bool keeps_order)
{
    char *bytes = calloc(1, len + 1);
    struct sx_inbox_item *item = calloc(1, sizeof *item);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(item);
    memset(bytes, ' ', len);
    memcpy(bytes, text, strlen(text));
    *item = (struct sx_inbox_item){.bytes = bytes, .len = len, .keeps_order = keeps_order};
    sx_outlet_add(outlet, item);
}

static void add_small(struct sx_outlet *outlet, const char *text)
{
    add(outlet, text, 100, false);
}

static void add_large(struct sx_outlet *outlet, const char *text)
{
    add(outlet, text, LARGE_BYTES, false);
}

/* All that leaves now, by the character behind its tag. */
static void expect(struct sx_outlet *outlet, const char *expected)
{
    struct sx_inbox_item *item;
    char said[40] = "";
    while ((item = sx_outlet_next(outlet, 0))) {
        strncat(said, strchr(item->bytes, '>') + 1, 1);
        sx_inbox_free_items(item);
    }
    ASSERT_TEXT(said, expected);
}

static struct sx_outlet at(enum sx_speed_verdict verdict)
{
    struct sx_outlet outlet = {.speed.verdict = verdict};
    return outlet;
}

static void a_fast_server_gets_all_in_its_order(void)
{
    struct sx_outlet outlet = at(SX_SPEED_FAST);
    add_large(&outlet, "<iq>1");
    add_small(&outlet, "<iq>2");
    add_large(&outlet, "<iq>3");
    add_large(&outlet, "<message>4");
    add_small(&outlet, "<iq>5");
    add_small(&outlet, "<presence>6");
    CU_ASSERT_EQUAL(sx_outlet_bytes(&outlet), 3 * LARGE_BYTES + 300);
    expect(&outlet, "123456");
    CU_ASSERT_EQUAL(sx_outlet_bytes(&outlet), 0);
    CU_ASSERT_FALSE(sx_outlet_is_waiting(&outlet));
}

static void an_unknown_one_gets_16_kib_of_large_ones_at_first(void)
{
    struct sx_outlet outlet = at(SX_SPEED_UNKNOWN);
    add_large(&outlet, "<iq>1");
    add_large(&outlet, "<iq>2");
    add_large(&outlet, "<iq>3");
    add_small(&outlet, "<iq>4");
    expect(&outlet, "14");
    CU_ASSERT_TRUE(sx_outlet_is_waiting(&outlet));
    sx_speed_mark(&outlet.speed, 0, 0);
    sx_speed_answer(&outlet.speed, 10);
    expect(&outlet, "2");
    CU_ASSERT_TRUE(sx_outlet_is_waiting(&outlet));
    sx_outlet_clear(&outlet);
}

static void a_slow_one_gets_small_ones_first(void)
{
    struct sx_outlet outlet = at(SX_SPEED_SLOW);
    add_large(&outlet, "<iq>1");
    add_large(&outlet, "<iq>2");
    add_small(&outlet, "<iq>3");
    expect(&outlet, "31");
    add_small(&outlet, "<iq>4");
    expect(&outlet, "4");
    CU_ASSERT_TRUE(sx_outlet_is_waiting(&outlet));
    sx_speed_mark(&outlet.speed, 0, 0);
    sx_speed_answer(&outlet.speed, 5 * S);
    expect(&outlet, "2");
}

/* What is small, and isn't alone: a message, presence, the ping behind a message, a block. */
static void what_keeps_its_order_does(void)
{
    struct sx_outlet outlet = at(SX_SPEED_SLOW);
    add(&outlet, "<iq>b", 5000, true);
    add(&outlet, "<iq>l", 10, true);
    add_small(&outlet, "<message>m");
    add(&outlet, "<iq>r", 50, true);
    add_small(&outlet, "<presence>p");
    add_small(&outlet, "<iq>c");
    expect(&outlet, "cb");
    sx_speed_mark(&outlet.speed, 0, 0);
    sx_speed_answer(&outlet.speed, 5 * S);
    expect(&outlet, "lmrp");
}

static void what_is_left_is_freed(void)
{
    struct sx_outlet outlet = at(SX_SPEED_SLOW);
    add_large(&outlet, "<iq>1");
    add_large(&outlet, "<iq>2");
    add_small(&outlet, "<iq>3");
    sx_outlet_clear(&outlet);
    CU_ASSERT_EQUAL(sx_outlet_bytes(&outlet), 0);
    expect(&outlet, "");
    add_small(&outlet, "<iq>4");
    expect(&outlet, "4");
}

/* ---- what the server has read ---- */

static void post(struct sx_outlet *outlet, const char *text, int64_t posted_us)
{
    add_large(outlet, text);
    outlet->large.last->posted_us = posted_us;
}

static void what_was_posted_is_read_once_a_mark_behind_it_is_answered(void)
{
    struct sx_outlet outlet = at(SX_SPEED_FAST);
    CU_ASSERT_EQUAL(sx_outlet_unread_us(&outlet), SX_NEVER);
    add_small(&outlet, "<iq>0");
    CU_ASSERT_EQUAL(sx_outlet_unread_us(&outlet), SX_NEVER);
    post(&outlet, "<iq>1", 11);
    CU_ASSERT_EQUAL(sx_outlet_unread_us(&outlet), 11);
    expect(&outlet, "01");
    CU_ASSERT_EQUAL(sx_outlet_unread_us(&outlet), 11);
    sx_speed_mark(&outlet.speed, 0, 20);
    post(&outlet, "<iq>2", 22);
    post(&outlet, "<iq>3", 23);
    expect(&outlet, "23");
    CU_ASSERT_EQUAL(sx_outlet_unread_us(&outlet), 11);
    sx_speed_answer(&outlet.speed, 30);
    CU_ASSERT_EQUAL(sx_outlet_unread_us(&outlet), 22);
    sx_speed_mark(&outlet.speed, 0, 40);
    sx_speed_pass(&outlet.speed, 50);
    CU_ASSERT_EQUAL(sx_outlet_unread_us(&outlet), SX_NEVER);
}

static void what_waits_is_not_read(void)
{
    struct sx_outlet outlet = at(SX_SPEED_SLOW);
    post(&outlet, "<iq>1", 11);
    post(&outlet, "<iq>2", 12);
    expect(&outlet, "1");
    sx_speed_mark(&outlet.speed, 0, 20);
    sx_speed_answer(&outlet.speed, 5 * S);
    CU_ASSERT_EQUAL(sx_outlet_unread_us(&outlet), 12);
    sx_outlet_clear(&outlet);
    CU_ASSERT_EQUAL(sx_outlet_unread_us(&outlet), SX_NEVER);
}

/* A fast server has no mark behind so little. */
static void a_mark_can_be_asked_for(void)
{
    struct sx_outlet outlet = at(SX_SPEED_FAST);
    sx_speed_ask(&outlet.speed);
    CU_ASSERT_FALSE(sx_speed_wants_mark(&outlet.speed, false));
    post(&outlet, "<iq>1", 11);
    expect(&outlet, "1");
    CU_ASSERT_FALSE(sx_speed_wants_mark(&outlet.speed, false));
    sx_speed_ask(&outlet.speed);
    CU_ASSERT_TRUE(sx_speed_wants_mark(&outlet.speed, false));
    sx_speed_mark(&outlet.speed, 0, 20);
    sx_speed_ask(&outlet.speed);
    CU_ASSERT_FALSE(sx_speed_wants_mark(&outlet.speed, false));
    sx_speed_answer(&outlet.speed, 30);
    CU_ASSERT_FALSE(sx_speed_wants_mark(&outlet.speed, false));
}

CU_TestInfo tests_outlet[] = {
    {"a fast server gets all in its order", a_fast_server_gets_all_in_its_order},
    {"an unknown one gets 16 KiB of large ones at first",
     an_unknown_one_gets_16_kib_of_large_ones_at_first},
    {"a slow one gets small ones first", a_slow_one_gets_small_ones_first},
    {"what keeps its order does", what_keeps_its_order_does},
    {"what is left is freed", what_is_left_is_freed},
    {"what was posted is read once a mark behind it is answered",
     what_was_posted_is_read_once_a_mark_behind_it_is_answered},
    {"what waits is not read", what_waits_is_not_read},
    {"a mark can be asked for", a_mark_can_be_asked_for},
    CU_TEST_INFO_NULL,
};
