/* Kept calls: which copies of one may have run, what that allows, and what is known at its end. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/exchange.h"
#include "exchange/retry.h"
#include "exchange/table.h"

#define PEER "calc@example.org/soap"
#define OLD  "00000000000000aa.1"
#define NEW  "00000000000000bb.1"

static const int64_t PAST = 1; /* microseconds after boot */

/* Later each time, so that what was sent again is due again. */
static int64_t later(void)
{
    static int64_t hours;
    return sx_clock_deadline(++hours * 3600 * INT64_C(1000000));
}

static struct sx_exchange *exchange;
static struct soap_xmpp_call *call;

/* A call that was posted once. */
static void setup(void)
{
    exchange = sx_exchange_new(10, NULL);
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, PEER, "add", PAST, &call), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, OLD, "<Envelope/>", 11), SX_OK);
}

static void teardown(void)
{
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* Whether the error leaves the call under way. */
static bool retry(const char *condition, const char *stale_for)
{
    struct sx_reply reply = {.err = SX_ESTANZA};
    snprintf(reply.condition, sizeof reply.condition, "%s", condition);
    snprintf(reply.delivery.stale_for, sizeof reply.delivery.stale_for, "%s", stale_for);
    return sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply);
}

static bool bounce(void)
{
    return retry("service-unavailable", "");
}

static bool stale(const char *incarnation)
{
    return retry("unexpected-request", incarnation);
}

static void send_again(void)
{
    struct sx_copy due;
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(exchange, later(), &due));
    ASSERT_TEXT(due.id, sx_exchange_id(call));
    sx_copy_fini(&due);
}

/* Whether it may have run, ended by its deadline or with this condition. */
static bool may_have_run(const char *condition)
{
    struct sx_reply reply = {.err = SX_ESTANZA};
    if (condition) {
        snprintf(reply.condition, sizeof reply.condition, "%s", condition);
        CU_ASSERT_TRUE(sx_exchange_complete(exchange, PEER, sx_exchange_id(call), &reply));
    }
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, condition ? SX_ESTANZA : SX_ETIMEOUT);
    return sx_exchange_may_have_run(call, &reply);
}

static void test_stale_at_first(void)
{
    setup();
    CU_ASSERT_TRUE(stale(NEW));
    ASSERT_CONTAINS(sx_exchange_id(call), "~" NEW);
    CU_ASSERT_TRUE(sx_retry_due_us(exchange) <= sx_clock_now_us());
    send_again();
    teardown();
}

static void test_stale_after_a_loss(void)
{
    setup();
    sx_retry_lose(exchange, SX_ELOST, "", SIZE_MAX);
    send_again();
    CU_ASSERT_FALSE(stale(NEW));
    ASSERT_CONTAINS(sx_exchange_id(call), "~" OLD);
    CU_ASSERT_TRUE(may_have_run(NULL));
    teardown();
}

static void test_stale_after_a_bounce(void)
{
    setup();
    CU_ASSERT_TRUE(bounce());
    send_again();
    CU_ASSERT_TRUE(bounce());
    send_again();
    CU_ASSERT_TRUE(stale(NEW));
    ASSERT_CONTAINS(sx_exchange_id(call), "~" NEW);
    teardown();
}

static void test_a_bounce_accounts_for_one_copy(void)
{
    setup();
    sx_retry_lose(exchange, SX_ELOST, "", SIZE_MAX);
    send_again();
    CU_ASSERT_TRUE(bounce());
    send_again();
    CU_ASSERT_FALSE(stale(NEW));
    CU_ASSERT_TRUE(may_have_run(NULL));
    teardown();
}

static void test_a_doubtful_bounce(void)
{
    static const char *const doubtful[] = {"recipient-unavailable", "remote-server-timeout"};
    int i;
    for (i = 0; i < 2; i++) {
        setup();
        CU_ASSERT_TRUE(retry(doubtful[i], ""));
        send_again();
        CU_ASSERT_FALSE(stale(NEW));
        teardown();
        setup();
        CU_ASSERT_TRUE(may_have_run(doubtful[i]));
        teardown();
    }
}

static void test_deadline_with_every_copy_bounced(void)
{
    setup();
    CU_ASSERT_TRUE(bounce());
    send_again();
    CU_ASSERT_TRUE(bounce());
    CU_ASSERT_FALSE(may_have_run(NULL));
    teardown();
}

static void test_deadline_of_one_copy(void)
{
    setup();
    CU_ASSERT_TRUE(may_have_run(NULL));
    teardown();
}

static void test_deadline_before_the_renewed_is_sent(void)
{
    setup();
    CU_ASSERT_TRUE(stale(NEW));
    CU_ASSERT_FALSE(may_have_run(NULL));
    teardown();
}

static void test_deadline_of_a_call_that_is_not_kept(void)
{
    exchange = sx_exchange_new(10, NULL);
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, PEER, "add", PAST, &call), SX_OK);
    CU_ASSERT_FALSE(bounce());
    CU_ASSERT_TRUE(may_have_run(NULL));
    teardown();
}

static void test_errors_of_the_peer(void)
{
    static const char *const half_way[] = {"internal-server-error", "undefined-condition"};
    int i;
    for (i = 0; i < 2; i++) {
        setup();
        CU_ASSERT_FALSE(retry(half_way[i], ""));
        CU_ASSERT_TRUE(may_have_run(half_way[i]));
        teardown();
    }
    setup();
    CU_ASSERT_FALSE(retry("forbidden", ""));
    CU_ASSERT_FALSE(may_have_run("forbidden"));
    teardown();
}

static void test_no_room(void)
{
    struct sx_copy due;
    setup();
    CU_ASSERT_FALSE(sx_retry_unpost(call, SX_EROOM));
    CU_ASSERT_FALSE(sx_retry_take_due(exchange, later(), &due));
    teardown();
}

static void test_no_room_but_sent_meanwhile(void)
{
    setup();
    send_again();
    CU_ASSERT_TRUE(sx_retry_unpost(call, SX_EROOM));
    CU_ASSERT_TRUE(sx_retry_due_us(exchange) > sx_clock_now_us());
    CU_ASSERT_TRUE(may_have_run(NULL));
    teardown();
}

static void test_no_room_but_ended_meanwhile(void)
{
    setup();
    CU_ASSERT_FALSE(may_have_run("forbidden"));
    CU_ASSERT_TRUE(sx_retry_unpost(call, SX_EROOM));
    teardown();
}

static void test_lost_before_it_was_posted(void)
{
    setup();
    CU_ASSERT_TRUE(sx_retry_unpost(call, SX_ELOST));
    CU_ASSERT_TRUE(sx_retry_due_us(exchange) <= sx_clock_now_us());
    CU_ASSERT_FALSE(may_have_run(NULL));
    teardown();
}

/* The first copy isn't posted yet, and the one that went out meanwhile came too late for its epoch:
 * the call has another id. */
static void setup_renamed(void)
{
    struct sx_reply reply = {.err = SX_ESTANZA, .delivery.stale_for = NEW};
    setup();
    send_again();
    call->first_sent.boot_us -= 60 * INT64_C(1000000);
    reply.delivery.since_ms = 300000;
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    ASSERT_CONTAINS(sx_exchange_id(call), "~" NEW);
}

static void test_unposted_after_another_id(void)
{
    static const enum sx_err errs[] = {SX_EROOM, SX_ELOST};
    size_t i;
    for (i = 0; i < sizeof errs / sizeof *errs; i++) {
        setup_renamed();
        send_again();
        CU_ASSERT_TRUE(sx_retry_unpost(call, errs[i]));
        CU_ASSERT_TRUE(may_have_run(NULL));
        teardown();
    }
}

static void test_no_room_but_to_go_out_under_another_id(void)
{
    setup_renamed();
    CU_ASSERT_TRUE(sx_retry_unpost(call, SX_EROOM));
    send_again();
    teardown();
}

static void test_first_id(void)
{
    char id[SX_EXCHANGE_ID_BYTES] = "untouched";
    setup();
    CU_ASSERT_TRUE(sx_retry_first_id(call, id));
    ASSERT_TEXT(id, sx_exchange_id(call));
    teardown();
    setup_renamed();
    CU_ASSERT_FALSE(sx_retry_first_id(call, id));
    ASSERT_CONTAINS(id, "~" OLD);
    teardown();
}

static bool may_have_run_when_refused(void)
{
    struct sx_reply reply = {.err = SX_ESTANZA, .delivery.refused = true};
    snprintf(reply.condition, sizeof reply.condition, "resource-constraint");
    CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    return sx_exchange_may_have_run(call, &reply);
}

/* Which copies the peer speaks of, it says itself. */
static void test_refusal_of_all(void)
{
    struct sx_reply reply = {.err = SX_ESTANZA,
                             .condition = "item-not-found",
                             .delivery = {.refused = true, .refused_all = true}};
    setup();
    send_again();
    send_again();
    CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &reply));
    reply.is_own = true;
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &reply));
    teardown();
}

static void test_refusal(void)
{
    setup();
    CU_ASSERT_FALSE(may_have_run_when_refused());
    send_again();
    CU_ASSERT_TRUE(may_have_run_when_refused());
    teardown();
}

CU_TestInfo tests_copies[] = {
    {"a stale id of the only copy is renewed and due at once", test_stale_at_first},
    {"a stale id ends the call when a copy was lost", test_stale_after_a_loss},
    {"copies that bounced don't keep a stale id from being renewed", test_stale_after_a_bounce},
    {"a bounce accounts for one copy, not for the lost one", test_a_bounce_accounts_for_one_copy},
    {"an error that a server may send after delivery accounts for nothing", test_a_doubtful_bounce},
    {"a call whose every copy bounced was not executed at its deadline",
     test_deadline_with_every_copy_bounced},
    {"a call that was sent may have run at its deadline", test_deadline_of_one_copy},
    {"a renewed call that wasn't sent yet was not executed",
     test_deadline_before_the_renewed_is_sent},
    {"a call that isn't kept may have run at its deadline",
     test_deadline_of_a_call_that_is_not_kept},
    {"the peer's own errors may come half-way, its refusals don't", test_errors_of_the_peer},
    {"a call without room is never sent", test_no_room},
    {"a call without room that was sent meanwhile goes on", test_no_room_but_sent_meanwhile},
    {"a call without room that ended meanwhile tells how", test_no_room_but_ended_meanwhile},
    {"a call that lost its connection before it was posted is due, and was not executed",
     test_lost_before_it_was_posted},
    {"a refusal of one copy says nothing of another", test_refusal},
    {"a refusal of all copies is one of those that are out, too", test_refusal_of_all},
    {"a first copy that isn't posted takes none back that went out under another id",
     test_unposted_after_another_id},
    {"nor does it end a call that goes out under another id",
     test_no_room_but_to_go_out_under_another_id},
    {"the first copy goes out under the id that it is counted under, or not at all", test_first_id},
    CU_TEST_INFO_NULL,
};
