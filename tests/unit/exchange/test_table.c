/* Calls go through their phases. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/hold.h"
#include "exchange/retry.h"
#include "exchange/table.h"
#include "exchange/message_call.h"

#define PEER   "calc@example.org/soap"
#define ALONE  "00112233445566ff.1"
#define PACKED "<packed xmlns='urn:soap-xmpp:packed:1'>AAAA</packed>"

static const int64_t PAST = 1; /* microseconds after boot */
static const int64_t FUTURE = SX_NEVER / 2;

static struct sx_exchange *exchange;
static struct soap_xmpp_call *call;

static void setup(const char *incarnation)
{
    exchange = sx_exchange_new(10, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(exchange);
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, PEER, "add", PAST, &call), SX_OK);
    if (incarnation)
        CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, incarnation, PACKED, strlen(PACKED)), SX_OK);
}

static void setup_held(void)
{
    setup(NULL);
    CU_ASSERT_EQUAL_FATAL(sx_hold_keep(call, ALONE, PACKED, strlen(PACKED)), SX_OK);
}

static void teardown(void)
{
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void expect(enum call_kind kind, const char *phase)
{
    CU_ASSERT_EQUAL(call->kind, kind);
    ASSERT_TEXT(sx_phase_name(call->phase), phase);
}

static void take_due(void)
{
    struct sx_copy copy = {0};
    CU_ASSERT_TRUE(sx_retry_take_due(exchange, FUTURE, &copy));
    sx_copy_fini(&copy);
}

static void replace(bool runs_once)
{
    sx_retry_replace(exchange, sx_exchange_id(call), strdup("<E/>"), 4, runs_once, SX_OK, "");
}

static void complete(const char *from)
{
    struct sx_reply reply = {.err = SX_OK};
    CU_ASSERT_TRUE(sx_exchange_complete(exchange, from, sx_exchange_id(call), &reply));
}

static void bounce(void)
{
    struct sx_reply reply = {.err = SX_ESTANZA, .condition = "service-unavailable"};
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
}

/* ---- calls ---- */

static void test_once(void)
{
    setup(NULL);
    expect(CALL_ONCE, "sent");
    complete(PEER);
    expect(CALL_ONCE, "ended");
    teardown();
}

static void test_held(void)
{
    uint64_t number;
    setup_held();
    expect(CALL_KEPT, "held");
    sx_hold_end(exchange, sx_exchange_number(call));
    expect(CALL_KEPT, "sent");
    CU_ASSERT_TRUE(sx_hold_again(exchange, PEER, sx_exchange_id(call), &number));
    expect(CALL_KEPT, "held");
    CU_ASSERT_EQUAL(number, sx_exchange_number(call));
    teardown();
}

/* What was said of the bytes of a call that has fallen back doesn't concern it. */
static void test_last(void)
{
    uint64_t number;
    setup_held();
    replace(false);
    expect(CALL_KEPT, "last");
    CU_ASSERT_FALSE(sx_hold_is_wanted(exchange, sx_exchange_number(call)));
    take_due();
    expect(CALL_KEPT, "last sent");
    sx_hold_end(exchange, sx_exchange_number(call));
    sx_hold_refuse(exchange, sx_exchange_number(call), "item-not-found", "no");
    CU_ASSERT_FALSE(sx_hold_again(exchange, PEER, sx_exchange_id(call), &number));
    expect(CALL_KEPT, "last sent");
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    complete(PEER);
    expect(CALL_KEPT, "ended");
    teardown();
}

/* It fell back as soon as it was kept, before it was posted. */
static void test_last_before_posted(void)
{
    setup(ALONE);
    replace(false);
    expect(CALL_KEPT, "last");
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    CU_ASSERT_TRUE(sx_retry_unpost(call, SX_ELOST));
    expect(CALL_KEPT, "last");
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), 0);
    teardown();
}

/* It fell back while its bytes travelled, and the plain copy is out. */
static void test_replaced_while_held(void)
{
    uint64_t number;
    setup_held();
    number = sx_exchange_number(call);
    replace(true);
    take_due();
    expect(CALL_KEPT, "sent");
    CU_ASSERT_FALSE(sx_hold_is_wanted(exchange, number));
    CU_ASSERT_TRUE(sx_retry_due_us(exchange) < SX_NEVER);
    sx_hold_refuse(exchange, number, "item-not-found", "no");
    expect(CALL_KEPT, "sent");
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    bounce();
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    teardown();
}

static void test_replaced_unposted(void)
{
    setup(ALONE);
    replace(true);
    CU_ASSERT_TRUE(sx_retry_unpost(call, SX_ELOST));
    expect(CALL_KEPT, "sent");
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), 0);
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    take_due();
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    teardown();
}

/* A peer that says the same of one copy twice has its last one before the first could be posted. */
static void test_last_sent_before_unposted(void)
{
    setup(ALONE);
    take_due();
    bounce();
    replace(false);
    expect(CALL_KEPT, "last");
    bounce();
    take_due();
    expect(CALL_KEPT, "last sent");
    CU_ASSERT_TRUE(sx_retry_unpost(call, SX_EROOM));
    expect(CALL_KEPT, "last sent");
    CU_ASSERT_TRUE(sx_retry_unpost(call, SX_ELOST));
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    teardown();
}

/* The last copy waits while another one may be run, a lost connection or not. */
static void test_last_is_never_second(void)
{
    struct sx_copy copy = {0};
    setup(ALONE);
    take_due();
    replace(false);
    CU_ASSERT_TRUE(sx_retry_unpost(call, SX_ELOST));
    CU_ASSERT_FALSE(sx_retry_take_due(exchange, FUTURE, &copy));
    expect(CALL_KEPT, "last");
    teardown();
}

static void test_asked(void)
{
    setup("any");
    expect(CALL_SHARED, "sent");
    take_due();
    expect(CALL_SHARED, "asked");
    replace(false);
    expect(CALL_SHARED, "last");
    teardown();
}

static void test_received(void)
{
    struct sx_reply reply;
    char id[SX_EXCHANGE_ID_BYTES];
    setup(NULL);
    CU_ASSERT_EQUAL(sx_message_call_set(call, "~message", NULL), SX_OK);
    expect(CALL_BY_MESSAGE, "sent");
    sx_message_call_receipt_id(call, id);
    CU_ASSERT_TRUE(sx_message_call_take_receipt(exchange, id));
    expect(CALL_BY_MESSAGE, "received");
    sx_message_call_wait_received(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_OK);
    expect(CALL_BY_MESSAGE, "received");
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ETIMEOUT);
    expect(CALL_BY_MESSAGE, "ended");
    sx_message_call_wait_received(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_OK);
    teardown();
}

static void test_found(void)
{
    struct sx_reply reply = {.err = SX_OK};
    bool found = false;
    exchange = sx_exchange_new(10, NULL);
    sx_message_call_expect_found(exchange, 1000);
    CU_ASSERT_EQUAL(sx_message_call_complete(exchange, PEER, "x", "name", &reply, &found), SX_OK);
    CU_ASSERT_TRUE(found);
    call = sx_exchange_next_done(exchange, PAST);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    expect(CALL_BY_MESSAGE, "returned");
    CU_ASSERT_TRUE(sx_message_call_claim(call));
    expect(CALL_BY_MESSAGE, "ended");
    CU_ASSERT_FALSE(sx_message_call_claim(call));
    teardown();
}

/* ---- ids without a call ---- */

static void test_make_id(void)
{
    struct sx_reply reply = {.err = SX_OK};
    struct sx_exchange_counts counts;
    char id[SX_EXCHANGE_ID_BYTES], other[SX_EXCHANGE_ID_BYTES];
    exchange = sx_exchange_new(1, NULL);
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, PEER, "add", PAST, &call), SX_OK);
    sx_exchange_make_id(exchange, id);
    sx_exchange_make_id(exchange, other);
    CU_ASSERT_TRUE(strcmp(id, other) != 0 && strcmp(id, sx_exchange_id(call)) != 0);
    CU_ASSERT_TRUE(sx_exchange_gave_out(exchange, id));
    CU_ASSERT_FALSE(sx_exchange_expects(exchange, PEER, id));
    CU_ASSERT_FALSE(sx_exchange_complete(exchange, PEER, id, &reply));
    sx_exchange_count(exchange, &counts);
    CU_ASSERT_EQUAL(counts.under_way, 1);
    teardown();
}

CU_TestInfo tests_table[] = {
    {"a call that is sent once", test_once},
    {"a call that waits for its bytes", test_held},
    {"a call whose last copy goes out, whatever becomes of its bytes", test_last},
    {"a call that falls back before it could be posted", test_last_before_posted},
    {"a call that is out plain while it waited for its bytes", test_replaced_while_held},
    {"a call that is due plain before it could be posted", test_replaced_unposted},
    {"a last copy that is out before the first was posted", test_last_sent_before_unposted},
    {"a last copy doesn't go out beside another one", test_last_is_never_second},
    {"a call to a shared JID", test_asked},
    {"a call by message", test_received},
    {"an answer that was found", test_found},
    {"a question of the link's own takes no room", test_make_id},
    CU_TEST_INFO_NULL,
};
