/* Deadlines that can't be met, at a speed that the test sets: who is told, when, and in which
 * words. */
#include "shipment_fixture.h"

#include "../../lib/stopped_clock.h"
#include "link/lateness.h"
#include "link/size_limit.h"

enum { RATE = 3000 };

static struct sx_loop *loop_of(struct quay *quay)
{
    return sx_session_loop(quay->link->session);
}

static void set_rate(struct quay *quay, unsigned bytes_per_s)
{
    posted_set_speed(loop_of(quay), SX_SPEED_SLOW, bytes_per_s);
}

static int64_t in_s(int64_t s)
{
    return sx_clock_now_us() + s * 1000000;
}

/* ---- before anything is sent ---- */

static bool is_certain(struct quay *quay, size_t len, bool is_loose, int64_t deadline, char *why)
{
    const struct sx_payload payload = {.len = len, .is_loose = is_loose};
    return sx_lateness_is_certain(quay->link->session, &payload, deadline, why, 300);
}

static void a_call_that_would_be_late_is_refused(void)
{
    struct quay quay;
    char why[300] = "";
    quay_open(&quay, 0);
    set_rate(&quay, RATE);
    CU_ASSERT_TRUE(is_certain(&quay, 150000, false, in_s(30), why));
    ASSERT_CONTAINS(why, "the server reads too slowly for the deadline: 150000 bytes, at 3000 "
                         "bytes/s, take 50 s; the deadline is in ");
    CU_ASSERT_TRUE(is_certain(&quay, 100000, true, in_s(25), why));
    ASSERT_CONTAINS(why, ": 141000 bytes, at 3000 bytes/s, take 47 s; ");
    posted_set_speed(NULL, SX_SPEED_UNKNOWN, 0);
    quay_close(&quay);
}

static void one_that_may_be_in_time_is_not(void)
{
    struct quay quay;
    char why[300] = "";
    quay_open(&quay, 0);
    set_rate(&quay, RATE);
    CU_ASSERT_FALSE(is_certain(&quay, 150000, false, in_s(45), why)); /* a burst, and a margin */
    CU_ASSERT_FALSE(is_certain(&quay, 150000, false, SX_NEVER, why));
    CU_ASSERT_FALSE(is_certain(&quay, 150000, false, sx_clock_now_us() - 1, why));
    CU_ASSERT_FALSE(is_certain(&quay, SX_SPEED_BURST_BYTES, false, in_s(1), why));
    set_rate(&quay, 0);
    CU_ASSERT_FALSE(is_certain(&quay, 150000, false, in_s(1), why));
    ASSERT_TEXT(why, "");
    posted_set_speed(NULL, SX_SPEED_UNKNOWN, 0);
    quay_close(&quay);
}

/* ---- on the way ---- */

static struct soap_xmpp_call *ship_until(struct quay *quay, int64_t deadline)
{
    struct soap_xmpp_call *call = ship_call(quay);
    sx_exchange_detach(call, deadline, NULL);
    (void)step(quay);
    return call;
}

static bool is_wanted(struct quay *quay, const struct soap_xmpp_call *call)
{
    return sx_hold_is_wanted(sx_link_exchange(quay->link), sx_exchange_number(call));
}

static void expect_late(struct soap_xmpp_call *call, const char *text)
{
    struct sx_reply reply;
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ESLOW);
    ASSERT_CONTAINS(reply.text, text);
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &reply));
    sx_reply_fini(&reply);
    sx_exchange_release(call);
}

/* 141,000 bytes each: one has 47 s, two have 94 s. */
static void of_several_the_last_one_makes_room(void)
{
    struct quay quay;
    struct soap_xmpp_call *first, *second, *third, *patient;
    quay_open(&quay, 0);
    first = ship_until(&quay, in_s(60));
    patient = ship_until(&quay, in_s(1000));
    second = ship_until(&quay, in_s(61));
    third = ship_until(&quay, SX_NEVER);
    set_rate(&quay, 2 * RATE);
    (void)step(&quay);
    CU_ASSERT_TRUE(is_wanted(&quay, first));
    CU_ASSERT_FALSE(is_wanted(&quay, second));
    CU_ASSERT_TRUE(is_wanted(&quay, third));
    expect_late(second, "141000 bytes and 423000 before them, at 6000 bytes/s, take 94 s; ");
    (void)step(&quay); /* a second later at the soonest */
    CU_ASSERT_TRUE(is_wanted(&quay, first));
    CU_ASSERT_TRUE(is_wanted(&quay, patient));
    sx_exchange_release(first);
    sx_exchange_release(third);
    sx_exchange_release(patient);
    (void)step(&quay);
    posted_set_speed(NULL, SX_SPEED_UNKNOWN, 0);
    quay_close(&quay);
}

/* An answer to a device that sleeps takes none of the time. */
static void a_transfer_that_stands_still_is_not_before_others(void)
{
    struct quay quay;
    struct soap_xmpp_call *stalled, *call;
    quay_open(&quay, 0);
    stopped_clock_set(sx_clock_now_us() - 11000000);
    stalled = ship_until(&quay, SX_NEVER);
    stopped_clock_release();
    call = ship_until(&quay, in_s(60));
    set_rate(&quay, RATE);
    (void)step(&quay);
    CU_ASSERT_TRUE(is_wanted(&quay, call));
    sx_exchange_release(stalled);
    sx_exchange_release(call);
    (void)step(&quay);
    posted_set_speed(NULL, SX_SPEED_UNKNOWN, 0);
    quay_close(&quay);
}

/* The id of what was posted last. */
static void note_id(void *user, uint64_t session, char *stanza, size_t len)
{
    const char *id = strstr(stanza, " id='") + 5;
    (void)session, (void)len;
    snprintf(user, 200, "%.*s", (int)strcspn(id, "'"), id);
    free(stanza);
}

/* Its receiver has been silent for a while, and acknowledges all at once before long. */
static void what_the_server_has_is_not_late(void)
{
    const struct sx_sender_reply opened = {.received = "90000"};
    struct quay quay;
    struct soap_xmpp_call *call;
    char id[200] = "";
    quay_open(&quay, 0);
    posted_take(loop_of(&quay), note_id, id);
    sx_shipments_online(quay.shipments);
    call = ship_call(&quay);
    sx_exchange_detach(call, in_s(9), NULL);
    (void)sx_shipments_step(quay.shipments, 1);
    (void)sx_shipments_reply(quay.shipments, 1, PEER, id, &opened);
    (void)sx_shipments_step(quay.shipments, 1);
    ASSERT_CONTAINS(id, ".1"); /* a block */
    set_rate(&quay, 1000);     /* of 14,100 bytes on the wire the server has 8,663 */
    (void)sx_shipments_step(quay.shipments, 1);
    CU_ASSERT_TRUE(is_wanted(&quay, call));
    sx_exchange_release(call);
    (void)sx_shipments_step(quay.shipments, 1);
    posted_take(loop_of(&quay), NULL, NULL);
    posted_set_speed(NULL, SX_SPEED_UNKNOWN, 0);
    quay_close(&quay);
}

static void a_speed_that_is_not_known_ends_none(void)
{
    struct quay quay;
    struct soap_xmpp_call *call;
    quay_open(&quay, 0);
    call = ship_until(&quay, in_s(3));
    set_rate(&quay, 0);
    (void)step(&quay);
    CU_ASSERT_TRUE(is_wanted(&quay, call));
    sx_exchange_release(call);
    posted_set_speed(NULL, SX_SPEED_UNKNOWN, 0);
    quay_close(&quay);
}

/* ---- what goes whole ---- */

static void less_goes_whole_toward_a_slow_server(void)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    soap_xmpp_config_init(&config);
    config.jid = "alice@example.org/desk";
    config.password = "secret";
    config.host = "127.0.0.1";
    config.port = 1;
    config.trace = SOAP_XMPP_TRACE_NONE;
    CU_ASSERT_PTR_NOT_NULL_FATAL(link = soap_xmpp_open(&config, NULL, 0));
    CU_ASSERT_EQUAL(sx_size_limit_whole(link->session), 32768);
    posted_set_speed(sx_session_loop(link->session), SX_SPEED_SLOW, 0);
    CU_ASSERT_EQUAL(sx_size_limit_whole(link->session), 16384);
    posted_set_speed(sx_session_loop(link->session), SX_SPEED_FAST, 0);
    CU_ASSERT_EQUAL(sx_size_limit_whole(link->session), 256 << 10);
    posted_set_speed(NULL, SX_SPEED_UNKNOWN, 0);
    soap_xmpp_close(link);
}

CU_TestInfo tests_lateness[] = {
    {"a call that would be late is refused", a_call_that_would_be_late_is_refused},
    {"one that may be in time is not", one_that_may_be_in_time_is_not},
    {"of several the last one makes room", of_several_the_last_one_makes_room},
    {"a transfer that stands still isn't before others",
     a_transfer_that_stands_still_is_not_before_others},
    {"what the server has isn't late", what_the_server_has_is_not_late},
    {"a speed that isn't known ends none", a_speed_that_is_not_known_ends_none},
    {"less goes whole toward a slow server", less_goes_whole_toward_a_slow_server},
    CU_TEST_INFO_NULL,
};
