/* Kept calls: when they are sent again, when they end, and what may have run. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/exchange.h"
#include "exchange/retry.h"
#include "exchange/table.h"

#define PEER   "calc@example.org/soap"
#define OTHER  "calc@example.net/soap"
#define FIRST  "00112233445566ff.1"
#define SECOND "ffeeddccbbaa9988.1"
#define NEXT   "8899aabbccddeeff.7"

static const int64_t PAST = 1; /* microseconds after boot */
static const int64_t SECOND_US = 1000000;

static struct sx_exchange *make(void)
{
    struct sx_exchange *exchange = sx_exchange_new(100, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(exchange);
    return exchange;
}

static struct soap_xmpp_call *begin(struct sx_exchange *exchange)
{
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, PEER, "add", PAST, &call), SX_OK);
    return call;
}

static struct soap_xmpp_call *begin_kept(struct sx_exchange *exchange, const char *payload)
{
    struct soap_xmpp_call *call = begin(exchange);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, FIRST, payload, strlen(payload)), SX_OK);
    return call;
}

static struct sx_reply make_error(const char *condition)
{
    struct sx_reply reply = {.err = SX_ESTANZA};
    snprintf(reply.condition, sizeof reply.condition, "%s", condition);
    return reply;
}

static struct sx_reply make_stale(const char *incarnation)
{
    struct sx_reply reply = make_error("unexpected-request");
    snprintf(reply.delivery.stale_for, sizeof reply.delivery.stale_for, "%s", incarnation);
    return reply;
}

/* Ends the call by a cancel, if nothing has ended it, and says what has. */
static enum sx_err end(struct soap_xmpp_call *call)
{
    struct sx_reply reply;
    enum sx_err err;
    sx_exchange_wait(call, PAST, &reply);
    err = reply.err;
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    return err;
}

/* Takes what is due: this payload, or nothing (NULL). */
static void take(struct sx_exchange *exchange, int64_t now_us, const char *payload)
{
    struct sx_copy due = {0};
    bool taken = sx_retry_take_due(exchange, now_us, &due);
    CU_ASSERT_EQUAL(taken, payload != NULL);
    ASSERT_TEXT(taken ? due.payload : "", payload ? payload : "");
    if (taken) {
        ASSERT_TEXT(due.peer, PEER);
        CU_ASSERT_EQUAL(due.payload_len, strlen(due.payload));
    }
    sx_copy_fini(&due);
}

/* ---- keeping ---- */

static void test_keep(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin(exchange);
    char old_id[100];
    int64_t before_us = sx_clock_now_us(), due_us;
    struct sx_reply reply = {.err = SX_OK};
    snprintf(old_id, sizeof old_id, "%s", sx_exchange_id(call));
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    CU_ASSERT_EQUAL(sx_retry_keep(call, FIRST, "<E/>", 4), SX_OK);
    due_us = sx_retry_due_us(exchange);
    CU_ASSERT_TRUE(due_us >= before_us + 2 * SECOND_US);
    CU_ASSERT_TRUE(due_us <= sx_clock_now_us() + 2 * SECOND_US);
    ASSERT_CONTAINS(sx_exchange_id(call), "~" FIRST);
    CU_ASSERT_FALSE(sx_exchange_complete(exchange, PEER, old_id, &reply));
    CU_ASSERT_TRUE(sx_exchange_complete(exchange, PEER, sx_exchange_id(call), &reply));
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    take(exchange, SX_NEVER - 1, NULL);
    CU_ASSERT_EQUAL(end(call), SX_OK);
    sx_exchange_free(exchange);
}

static void test_keep_after_the_end(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin(exchange);
    sx_exchange_fail_all(exchange, SX_ELOST, "lost");
    CU_ASSERT_EQUAL(sx_retry_keep(call, FIRST, "<E/>", 4), SX_ELOST);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    CU_ASSERT_EQUAL(end(call), SX_ELOST);
    sx_exchange_free(exchange);
}

static void test_intervals(void)
{
    static const int seconds[] = {4, 8, 16, 30, 30, 30};
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, "<E/>");
    char id[100];
    size_t i;
    snprintf(id, sizeof id, "%s", sx_exchange_id(call));
    for (i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        int64_t due_us = sx_retry_due_us(exchange);
        take(exchange, due_us - 1, NULL);
        take(exchange, due_us, "<E/>");
        take(exchange, due_us, NULL);
        /* the time that is set now is the interval from before; it doubles for the next */
        due_us = sx_retry_due_us(exchange) - due_us;
        CU_ASSERT_EQUAL(due_us, (i == 0 ? 2 : seconds[i - 1]) * SECOND_US);
    }
    ASSERT_TEXT(sx_exchange_id(call), id);
    CU_ASSERT_EQUAL(end(call), SX_ETIMEOUT);
    sx_exchange_free(exchange);
}

static void test_order(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *first = begin_kept(exchange, "1"), *second, *third;
    int64_t due_us = sx_retry_due_us(exchange);
    take(exchange, due_us, "1");
    take(exchange, sx_retry_due_us(exchange), "1"); /* due again some 8 s from now */
    second = begin_kept(exchange, "2");
    third = begin_kept(exchange, "3");
    take(exchange, sx_clock_now_us() + 3 * SECOND_US, "2");
    take(exchange, sx_clock_now_us() + 3 * SECOND_US, "3");
    take(exchange, sx_clock_now_us() + 3 * SECOND_US, NULL);
    take(exchange, due_us + 20 * SECOND_US, "2");
    end(second);
    take(exchange, due_us + 20 * SECOND_US, "3");
    take(exchange, due_us + 20 * SECOND_US, "1");
    end(first);
    end(third);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    sx_exchange_free(exchange);
}

static void test_lose(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *first = begin_kept(exchange, "1"), *plain = begin(exchange);
    struct soap_xmpp_call *second = begin_kept(exchange, "2");
    struct sx_exchange_counts counts;
    sx_retry_lose(exchange, SX_ELOST, "lost", SIZE_MAX);
    sx_exchange_count(exchange, &counts);
    CU_ASSERT_EQUAL(counts.under_way, 2);
    CU_ASSERT_EQUAL(end(plain), SX_ELOST);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), 0);
    take(exchange, PAST, "1");
    take(exchange, PAST, "2");
    take(exchange, PAST, NULL);
    sx_retry_lose(exchange, SX_ELOST, "lost again", SIZE_MAX);
    take(exchange, PAST, "1");
    sx_exchange_fail_all(exchange, SX_ESTOPPED, "stopped");
    take(exchange, SX_NEVER - 1, NULL);
    CU_ASSERT_EQUAL(end(first), SX_ESTOPPED);
    CU_ASSERT_EQUAL(end(second), SX_ESTOPPED);
    sx_exchange_free(exchange);
}

/* ---- errors instead of an answer ---- */

static const struct {
    const char *condition;
    bool is_bounce, may_have_run_once;
} conditions[] = {
    {"service-unavailable", true, false},
    {"recipient-unavailable", true, true},
    {"remote-server-timeout", true, true},
    {"remote-server-not-found", true, false},
    {"item-not-found", true, false},
    {"forbidden", false, false},
    {"bad-request", false, false},
    {"policy-violation", false, false},
    {"resource-constraint", false, false},
    {"gone", false, false},
    {"internal-server-error", false, true},
    {"undefined-condition", false, true},
    {"service-unavailable-not", false, false},
};

/* How long from now until the next copy, when this one has bounced. */
static int64_t bounce_us(struct sx_exchange *exchange, const struct soap_xmpp_call *call,
                         const char *condition)
{
    struct sx_reply reply = make_error(condition);
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    return sx_retry_due_us(exchange) - sx_clock_now_us();
}

static void test_lose_large(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *small = begin_kept(exchange, "1"), *large = begin_kept(exchange, "22");
    sx_retry_lose(exchange, SX_ELOST, "policy-violation", 1);
    CU_ASSERT_EQUAL(end(large), SX_ELOST);
    take(exchange, PAST, "1");
    take(exchange, PAST, NULL);
    CU_ASSERT_EQUAL(end(small), SX_ETIMEOUT);
    sx_exchange_free(exchange);
}

static void test_absence(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, "1");
    CU_ASSERT_TRUE(bounce_us(exchange, call, "recipient-unavailable") > SECOND_US);
    CU_ASSERT_TRUE(bounce_us(exchange, call, "service-unavailable") <= SECOND_US / 4);
    take(exchange, sx_retry_due_us(exchange), "1");
    CU_ASSERT_TRUE(bounce_us(exchange, call, "service-unavailable") <= SECOND_US / 2);
    end(call);
    sx_exchange_free(exchange);
}

static void test_bounces(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *kept = begin_kept(exchange, "1"), *plain = begin(exchange);
    size_t i;
    for (i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        struct sx_reply reply = make_error(conditions[i].condition);
        const char *id = sx_exchange_id(kept);
        CU_ASSERT_EQUAL(sx_retry_decide(exchange, PEER, id, &reply), conditions[i].is_bounce);
        CU_ASSERT_FALSE(sx_retry_decide(exchange, OTHER, id, &reply));
        CU_ASSERT_FALSE(sx_retry_decide(exchange, NULL, id, &reply));
        CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, "unknown", &reply));
        CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, sx_exchange_id(plain), &reply));
        reply.delivery.refused = true;
        CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, id, &reply));
        reply = (struct sx_reply){.err = SX_EMALFORMED};
        CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, id, &reply));
    }
    end(kept);
    end(plain);
    sx_exchange_free(exchange);
}

static void test_stale_once(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, "1");
    struct sx_reply stale = make_stale(NEXT);
    char old_id[100];
    snprintf(old_id, sizeof old_id, "%s", sx_exchange_id(call));
    CU_ASSERT_FALSE(sx_retry_decide(exchange, OTHER, old_id, &stale));
    ASSERT_TEXT(sx_exchange_id(call), old_id);
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, old_id, &stale));
    ASSERT_CONTAINS(sx_exchange_id(call), "~" NEXT);
    CU_ASSERT_NOT_EQUAL(strncmp(sx_exchange_id(call), old_id, strcspn(old_id, "~")), 0);
    CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, old_id, &stale)); /* late, of nobody */
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), 0);
    take(exchange, PAST, "1");
    CU_ASSERT_EQUAL(end(call), SX_ETIMEOUT);
    sx_exchange_free(exchange);
}

/* Nobody knows whether the first copy ran: the call must not go out under another id. */
static void test_stale_twice(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, "1");
    struct sx_reply stale = make_stale(NEXT);
    char id[100];
    snprintf(id, sizeof id, "%s", sx_exchange_id(call));
    take(exchange, sx_retry_due_us(exchange), "1");
    CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, id, &stale));
    ASSERT_TEXT(sx_exchange_id(call), id);
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &stale));
    CU_ASSERT_TRUE(sx_exchange_complete(exchange, PEER, id, &stale));
    CU_ASSERT_EQUAL(end(call), SX_ESTANZA);
    sx_exchange_free(exchange);
}

/* Sent twice, and that long ago for the first time. */
static struct soap_xmpp_call *begin_old(struct sx_exchange *exchange, int64_t out_us)
{
    struct soap_xmpp_call *call = begin_kept(exchange, "1");
    take(exchange, sx_retry_due_us(exchange), "1");
    call->first_sent.boot_us -= out_us;
    return call;
}

/* The peer has let in no such id since before the first copy went out. */
static void test_stale_from_the_first(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_old(exchange, 60 * SECOND_US);
    struct sx_reply stale = make_stale(NEXT);
    stale.delivery.since_ms = 300000;
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &stale));
    ASSERT_CONTAINS(sx_exchange_id(call), "~" NEXT);
    CU_ASSERT_EQUAL(call->first_sent.boot_us, 0);
    take(exchange, PAST, "1");
    CU_ASSERT_TRUE(sx_clock_since_us(&call->first_sent) < 60 * SECOND_US);
    /* of the new id this is said by nobody who tells the truth, but who knows */
    take(exchange, sx_retry_due_us(exchange), "1");
    stale.delivery.since_ms = 0;
    CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &stale));
    end(call);
    sx_exchange_free(exchange);
}

static void test_stale_since_not_long_enough(void)
{
    static const int64_t since_ms[] = {0, 1, 59000, 60000, 61000, 61500};
    struct sx_exchange *exchange = make();
    size_t i;
    for (i = 0; i < sizeof since_ms / sizeof *since_ms; i++) {
        struct soap_xmpp_call *call = begin_old(exchange, 60 * SECOND_US);
        struct sx_reply stale = make_stale(NEXT);
        stale.delivery.since_ms = since_ms[i];
        CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &stale));
        CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &stale));
        end(call);
    }
    sx_exchange_free(exchange);
}

/* While a machine sleeps its deadlines wait, and a request that it has sent may run. */
static void test_stale_after_a_sleep(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_old(exchange, 0);
    struct sx_reply stale = make_stale(NEXT);
    stale.delivery.since_ms = 300000;
    call->first_sent.wall_us -= 600 * SECOND_US;
    CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &stale));
    end(call);
    sx_exchange_free(exchange);
}

/* It isn't sent again, and the caller may know that it did not run. */
static void test_stale_from_the_first_too_often(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_old(exchange, 0);
    struct sx_reply stale = make_stale(NEXT);
    stale.delivery.since_ms = 300000;
    while (sx_retry_decide(exchange, PEER, sx_exchange_id(call), &stale)) {
        take(exchange, PAST, "1");
        take(exchange, sx_retry_due_us(exchange), "1");
    }
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &stale));
    end(call);
    sx_exchange_free(exchange);
}

static void test_renewals_end(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, "1");
    struct sx_reply stale = make_stale(NEXT);
    int renewals = 0;
    while (renewals < 100 && sx_retry_decide(exchange, PEER, sx_exchange_id(call), &stale)) {
        take(exchange, PAST, "1");
        renewals++;
    }
    CU_ASSERT_EQUAL(renewals, 5);
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &stale));
    end(call);
    sx_exchange_free(exchange);
}

/* ---- what may have run ---- */

static void test_may_have_run(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *plain = begin(exchange), *once = begin_kept(exchange, "1"), *twice;
    struct sx_reply reply = make_stale(NEXT);
    size_t i;
    enum sx_err err;
    twice = begin_kept(exchange, "2");
    sx_retry_lose(exchange, SX_ELOST, "lost", SIZE_MAX); /* plain is over */
    end(once);
    once = begin_kept(exchange, "1");
    take(exchange, PAST, "2");
    CU_ASSERT_FALSE(sx_exchange_may_have_run(once, &reply));
    CU_ASSERT_TRUE(sx_exchange_may_have_run(twice, &reply));
    for (i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        reply = make_error(conditions[i].condition);
        CU_ASSERT_EQUAL(sx_exchange_may_have_run(plain, &reply), conditions[i].may_have_run_once);
        CU_ASSERT_EQUAL(sx_exchange_may_have_run(once, &reply), conditions[i].may_have_run_once);
        CU_ASSERT_TRUE(sx_exchange_may_have_run(twice, &reply));
        reply.delivery.refused = true;
        CU_ASSERT_FALSE(sx_exchange_may_have_run(once, &reply));
        CU_ASSERT_TRUE(sx_exchange_may_have_run(twice, &reply));
    }
    for (err = SX_OK; err < SX_ERR_COUNT; err++) {
        reply = (struct sx_reply){.err = err};
        if (err != SX_ESTANZA)
            CU_ASSERT_TRUE(sx_exchange_may_have_run(once, &reply));
    }
    end(plain);
    end(once);
    end(twice);
    sx_exchange_free(exchange);
}

/* ---- short memory ---- */

static bool attempt_short_keep(struct shortage shortage)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin(exchange);
    enum sx_err err;
    bool has_failed;
    shortage_begin(shortage);
    err = sx_retry_keep(call, FIRST, "<E/>", 4);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT_EQUAL(strchr(sx_exchange_id(call), '~') == NULL, has_failed);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange) == SX_NEVER, has_failed);
    end(call);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(short_keep, 1)

/* It has its turn again later, and counts as sent: that is the safe side. */
static bool attempt_short_take(struct shortage shortage)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, "1");
    struct sx_copy due = {0};
    int64_t due_us = sx_retry_due_us(exchange);
    bool has_failed, taken;
    shortage_begin(shortage);
    taken = sx_retry_take_due(exchange, due_us, &due);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(taken, !has_failed);
    CU_ASSERT_TRUE(taken || (!due.peer && !due.id && !due.payload));
    sx_copy_fini(&due);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), due_us + 2 * SECOND_US);
    take(exchange, due_us + 2 * SECOND_US, "1");
    end(call);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(short_take, 3)

/* A copy that couldn't be made reached nobody: the first one is still the only one. */
static bool attempt_short_take_is_no_copy(struct shortage shortage)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, "1");
    struct sx_reply stale = make_stale(NEXT), bounce = make_error("service-unavailable");
    struct sx_copy due = {0};
    bool has_failed;
    shortage_begin(shortage);
    (void)sx_retry_take_due(exchange, sx_retry_due_us(exchange), &due);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(sx_exchange_may_have_run(call, &bounce), !has_failed);
    CU_ASSERT_EQUAL(sx_exchange_may_have_run(call, &stale), !has_failed);
    CU_ASSERT_EQUAL(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &stale), has_failed);
    sx_copy_fini(&due);
    end(call);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(short_take_is_no_copy, 3)

/* Nor did it where no other copy is out: one that has fallen back goes out later. */
static bool attempt_short_last_take(struct shortage shortage)
{
    static const char packed[] = "<packed xmlns='urn:soap-xmpp:packed:1'>AAAA</packed>";
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, packed);
    struct sx_reply bounce = make_error("service-unavailable");
    struct sx_copy due = {0};
    bool has_failed;
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &bounce));
    sx_retry_replace(exchange, sx_exchange_id(call), strdup("plain"), 5, false, SX_OK, "");
    shortage_begin(shortage);
    (void)sx_retry_take_due(exchange, 0, &due);
    has_failed = shortage_end();
    sx_copy_fini(&due);
    take(exchange, SX_NEVER - 1, has_failed ? "plain" : NULL);
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &bounce));
    end(call);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(short_last_take, 3)

/* ---- packed calls that fall back ---- */

#define PACKED "<packed xmlns='urn:soap-xmpp:packed:1'>AAAA</packed>"

static void replace(struct sx_exchange *exchange, const char *payload, bool runs_once)
{
    struct sx_copy due;
    CU_ASSERT_TRUE_FATAL(sx_retry_take_packed(exchange, PEER, &due));
    ASSERT_TEXT(due.payload, PACKED);
    sx_retry_replace(exchange, due.id, payload ? strdup(payload) : NULL,
                     payload ? strlen(payload) : 0, runs_once, SX_EUNCARRIABLE, "no way");
    sx_copy_fini(&due);
}

static void test_fall_back(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, PACKED), *plain = begin_kept(exchange, "p");
    struct sx_copy due;
    CU_ASSERT_TRUE(sx_retry_is_packed(exchange, PEER, sx_exchange_id(call)));
    CU_ASSERT_FALSE(sx_retry_is_packed(exchange, OTHER, sx_exchange_id(call)));
    CU_ASSERT_FALSE(sx_retry_is_packed(exchange, NULL, sx_exchange_id(call)));
    CU_ASSERT_FALSE(sx_retry_is_packed(exchange, PEER, sx_exchange_id(plain)));
    CU_ASSERT_FALSE(sx_retry_take_packed(exchange, OTHER, &due));
    replace(exchange, "plain", true);
    CU_ASSERT_FALSE(sx_retry_take_packed(exchange, PEER, &due));
    take(exchange, PAST, "plain");
    CU_ASSERT_TRUE(sx_retry_due_us(exchange) != SX_NEVER);
    sx_exchange_release(call);
    sx_exchange_release(plain);
    sx_exchange_free(exchange);
}

/* Whatever comes in its place, or doesn't: who takes one after the other comes to an end. */
static void test_fall_back_ends(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, PACKED),
                          *other = begin_kept(exchange, PACKED);
    struct sx_copy due = {0};
    replace(exchange, PACKED, true);
    CU_ASSERT_TRUE(sx_retry_take_packed(exchange, PEER, &due));
    ASSERT_TEXT(due.id, sx_exchange_id(other));
    sx_retry_replace(exchange, "unknown", NULL, 0, true, SX_EUNCARRIABLE, "no way");
    sx_copy_fini(&due);
    CU_ASSERT_FALSE(sx_retry_take_packed(exchange, PEER, &due));
    sx_copy_fini(&due);
    sx_exchange_release(call);
    sx_exchange_release(other);
    sx_exchange_free(exchange);
}

static bool attempt_short_fall_back(struct shortage shortage)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, PACKED);
    struct sx_copy due = {0};
    bool has_failed, taken;
    shortage_begin(shortage);
    taken = sx_retry_take_packed(exchange, PEER, &due);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(taken, !has_failed);
    sx_copy_fini(&due);
    CU_ASSERT_EQUAL(sx_retry_take_packed(exchange, PEER, &due), has_failed); /* not lost */
    sx_copy_fini(&due);
    end(call);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(short_fall_back, 3)

/* Who doesn't run each id once gets it once. */
static void test_fall_back_once(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, PACKED);
    struct sx_reply reply = make_error("service-unavailable");
    struct sx_copy due;
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    replace(exchange, "plain", false);
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ELOST}));
    take(exchange, PAST, "plain");
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ELOST}));
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    CU_ASSERT_FALSE(sx_retry_take_due(exchange, SX_NEVER - 1, &due));
    CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    sx_retry_lose(exchange, SX_ELOST, "lost", 1000);
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ELOST);
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* A copy that may have run stands between it and a peer that runs what comes. */
static void test_fall_back_never_twice(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, PACKED);
    struct sx_reply reply = make_error("service-unavailable");
    struct sx_copy due;
    take(exchange, sx_clock_now_us() + INT64_C(10000000), PACKED);
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    replace(exchange, "plain", false);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    CU_ASSERT_FALSE(sx_retry_take_due(exchange, SX_NEVER - 1, &due));
    /* the other copy comes back, too */
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    take(exchange, PAST, "plain");
    CU_ASSERT_FALSE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* Packed copies that went out before the plain one bounce behind it. */
static void test_fall_back_late_bounce(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, PACKED);
    struct sx_reply reply = make_error("service-unavailable");
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    replace(exchange, "plain", true);
    take(exchange, PAST, "plain");
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_fall_back_in_vain(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, PACKED);
    struct sx_reply reply = make_error("service-unavailable");
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    replace(exchange, NULL, true);
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_EUNCARRIABLE);
    ASSERT_TEXT(reply.text, "no way");
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &reply));
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* ---- copies that our server hasn't read ---- */

/* A call of which a copy was posted before `after_us`. */
static struct soap_xmpp_call *begin_posted(struct sx_exchange *exchange, int64_t *after_us)
{
    struct soap_xmpp_call *call = begin_kept(exchange, PACKED);
    sx_retry_note_post(exchange, sx_exchange_id(call));
    *after_us = sx_clock_now_us() + 1;
    return call;
}

static void test_unread(void)
{
    struct sx_exchange *exchange = make();
    int64_t after_us, now_us = sx_clock_now_us() + 10 * SECOND_US;
    struct soap_xmpp_call *call = begin_posted(exchange, &after_us);
    int i;
    for (i = 0; i < 20; i++) {
        CU_ASSERT_FALSE(sx_retry_await_read(exchange, now_us, 1));
        CU_ASSERT_TRUE(sx_retry_due_us(exchange) > now_us);
        now_us = sx_retry_due_us(exchange);
    }
    CU_ASSERT_FALSE(sx_retry_await_read(exchange, now_us, after_us)); /* it begins now */
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), now_us + 2 * SECOND_US);
    now_us += 2 * SECOND_US;
    CU_ASSERT_TRUE(sx_retry_await_read(exchange, now_us, after_us));
    take(exchange, now_us, PACKED);
    CU_ASSERT_FALSE(sx_retry_await_read(exchange, now_us, after_us));
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void test_unread_beside_others(void)
{
    struct sx_exchange *exchange = make();
    int64_t after_us, now_us = sx_clock_now_us() + 10 * SECOND_US;
    struct soap_xmpp_call *unread = begin_posted(exchange, &after_us);
    struct soap_xmpp_call *other = begin_kept(exchange, "<E/>");
    CU_ASSERT_TRUE(sx_retry_await_read(exchange, now_us, 1));
    take(exchange, now_us, "<E/>");
    CU_ASSERT_FALSE(sx_retry_await_read(exchange, now_us, 1));
    take(exchange, now_us, NULL);
    sx_exchange_release(unread);
    sx_exchange_release(other);
    sx_exchange_free(exchange);
}

/* A copy that came back has been read, and one to a connection that is gone won't be. */
static void test_unread_no_longer(void)
{
    struct sx_exchange *exchange = make();
    int64_t after_us, now_us = sx_clock_now_us() + 10 * SECOND_US;
    struct soap_xmpp_call *call = begin_posted(exchange, &after_us);
    struct sx_reply reply = make_error("service-unavailable");
    CU_ASSERT_FALSE(sx_retry_await_read(exchange, now_us, 1));
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, sx_exchange_id(call), &reply));
    CU_ASSERT_TRUE(sx_retry_await_read(exchange, now_us, 1));
    take(exchange, now_us, PACKED);
    sx_retry_note_post(exchange, sx_exchange_id(call));
    after_us = sx_clock_now_us() + 1;
    now_us = sx_retry_due_us(exchange);
    CU_ASSERT_FALSE(sx_retry_await_read(exchange, now_us, 1));
    sx_retry_lose(exchange, SX_ELOST, "", 1000);
    CU_ASSERT_TRUE(sx_retry_await_read(exchange, now_us, after_us));
    take(exchange, now_us, PACKED);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* Who takes no packed envelopes any longer is often another process. */
static void test_renew(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = begin_kept(exchange, PACKED);
    struct sx_reply reply = make_error("service-unavailable");
    char id[SX_EXCHANGE_ID_BYTES];
    sx_exchange_copy_id(call, id);
    sx_retry_renew(exchange, id, SECOND);
    ASSERT_TEXT(sx_exchange_id(call), id); /* a copy may have run */
    CU_ASSERT_TRUE(sx_retry_decide(exchange, PEER, id, &reply));
    sx_retry_renew(exchange, id, FIRST);
    sx_retry_renew(exchange, id, "any");
    sx_retry_renew(exchange, "unknown", SECOND);
    ASSERT_TEXT(sx_exchange_id(call), id);
    replace(exchange, "plain", true);
    sx_retry_renew(exchange, id, SECOND);
    ASSERT_CONTAINS(sx_exchange_id(call), "~" SECOND);
    take(exchange, sx_clock_now_us(), "plain");
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

CU_TestInfo tests_retry[] = {
    {"a kept call carries the incarnation, and is due until it ends", test_keep},
    {"a call that is over can't be kept", test_keep_after_the_end},
    {"a call is due after 2 s, then later and later, at most 30 s", test_intervals},
    {"what is due first is taken first", test_order},
    {"a lost connection makes kept calls due and ends the others", test_lose},
    {"a bounce leaves a kept call under way, a refusal doesn't", test_bounces},
    {"a call sent once to a peer that restarted goes out under a new id", test_stale_once},
    {"a call sent twice to a peer that restarted ends", test_stale_twice},
    {"a call sent twice under an id that was stale before goes out under another",
     test_stale_from_the_first},
    {"but not if the first copy may have come before", test_stale_since_not_long_enough},
    {"nor if it went out before the machine slept", test_stale_after_a_sleep},
    {"nor too often: then it ends, not executed", test_stale_from_the_first_too_often},
    {"a call is renewed five times at most", test_renewals_end},
    {"what certainly didn't run is told from what may have", test_may_have_run},
    {"without memory a call isn't kept", test_short_keep},
    {"without memory a call is due again later", test_short_take},
    {"without memory for a copy no copy is counted", test_short_take_is_no_copy},
    {"without memory for the last copy it goes out later", test_short_last_take},
    {"a bounced call is sent again soon, unless a copy may still be under way", test_absence},
    {"what may have been too large for a server is not sent again", test_lose_large},
    {"a packed call falls back to another payload, due at once", test_fall_back},
    {"calls that fall back are taken once each", test_fall_back_ends},
    {"a call that finds no memory to fall back is taken later", test_short_fall_back},
    {"one that falls back to a foreign peer is sent once", test_fall_back_once},
    {"one of which a copy may have run doesn't go to a foreign peer", test_fall_back_never_twice},
    {"a bounce behind the plain copy ends nothing", test_fall_back_late_bounce},
    {"one that can't fall back ends, not executed", test_fall_back_in_vain},
    {"while our server hasn't read a copy no other goes out", test_unread},
    {"other calls do", test_unread_beside_others},
    {"one that falls back goes to the process that is there now", test_renew},
    {"nor is a copy waited for that came back, or is lost", test_unread_no_longer},
    CU_TEST_INFO_NULL,
};
