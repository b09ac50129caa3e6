/* Shipments of a link that never comes online: who owns their bytes, who gives up when, and what is
 * left when memory is short.
 */
#include "shipment_fixture.h"

#include <sched.h>

#include "exchange/retry.h"
#include "../../lib/shortage.h"
#include "../../lib/stopped_clock.h"

extern CU_TestInfo tests_shipment[];

#define HEAD "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body><add>"
#define TAIL "</add></e:Body></e:Envelope>"

/* ---- calls ---- */

static void test_unwanted(void)
{
    struct quay quay;
    struct soap_xmpp_call *call;
    quay_open(&quay, 0);
    call = ship_call(&quay);
    CU_ASSERT_TRUE(step(&quay) < SX_NEVER); /* it is looked at again before long */
    sx_exchange_release(call);
    CU_ASSERT_EQUAL(step(&quay), SX_NEVER);
    /* one that has ended before it was taken over */
    sx_exchange_release(ship_call(&quay));
    CU_ASSERT_EQUAL(step(&quay), SX_NEVER);
    quay_close(&quay);
}

/* ---- answers ---- */

static void test_patience(void)
{
    struct quay quay;
    int64_t deadline = sx_clock_deadline(LONG_US);
    char *said = NULL, id[200];
    quay_open(&quay, 1);
    snprintf(id, sizeof id, "%s", enter(&quay, 1));
    CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
    CU_ASSERT_FALSE(sx_shipments_drained(quay.shipments, PAST));
    while (!said && sx_clock_now_us() < deadline) {
        (void)step(&quay);
        said = look(&quay, id);
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(said);
    ASSERT_CONTAINS(said, "<internal-server-error");
    ASSERT_CONTAINS(said, "100000 bytes of the answer");
    CU_ASSERT_TRUE(sx_shipments_drained(quay.shipments, PAST));
    free(said);
    quay_close(&quay);
}

/* A receiver that takes 1,000 bytes at each open, and then says nothing until the next one, each
 * 33 s: as it is asked for 32 MiB, this would take twelve days. */
static void test_too_slow(void)
{
    enum { HUGE_BYTES = 32 << 20, STEP_S = 11, MOST_STEPS = 100 };
    struct quay quay;
    struct sx_payload payload = make_payload_of(HUGE_BYTES);
    struct sx_buffer reference = {0};
    struct sx_shipment *shipment = NULL;
    struct sx_response *response = response_make("<iq/>");
    struct hearing hearing = {.id = ""};
    int64_t now_us = sx_clock_now_us();
    char id[200], *said = NULL;
    unsigned i, taken = 0;
    quay_open(&quay, 60000);
    stopped_clock_set(now_us);
    posted_take(sx_session_loop(quay.link->session), hear, &hearing);
    CU_ASSERT_EQUAL_FATAL(sx_shipment_new(quay.link->session, &payload, NULL, PEER, "add", NULL,
                                          &reference, &shipment),
                          SX_OK);
    sx_buffer_fini(&reference);
    snprintf(id, sizeof id, "%s", enter(&quay, 1));
    sx_shipments_online(quay.shipments);
    CU_ASSERT_EQUAL(sx_shipments_add_answer(quay.shipments, shipment, id, response), SX_OK);
    sx_response_unref(response);
    for (i = 0; i < MOST_STEPS && !said; i++) {
        char received[16];
        const struct sx_sender_reply reply = {.received = received};
        snprintf(received, sizeof received, "%u", taken);
        (void)sx_shipments_step(quay.shipments, 1);
        said = look(&quay, id);
        if (strstr(hearing.id, ".open") &&
            sx_shipments_reply(quay.shipments, 1, PEER, hearing.id, &reply) == SX_SHIPMENTS_OURS)
            taken += 1000;
        stopped_clock_set(now_us += STEP_S * INT64_C(1000000));
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(said);
    ASSERT_CONTAINS(said, "recipient-unavailable: they are taken too slowly");
    CU_ASSERT(taken >= 4000 && i <= 240 / STEP_S + 2);
    free(said);
    posted_take(sx_session_loop(quay.link->session), NULL, NULL);
    quay_close(&quay);
    stopped_clock_release();
}

/* Its caller has come back under another name: what goes ahead goes there, and then the answer. */
static void test_readdress(void)
{
    struct hearing hearing = {.id = ""};
    struct quay quay;
    char id[200];
    quay_open(&quay, 60000);
    posted_take(sx_session_loop(quay.link->session), hear, &hearing);
    snprintf(id, sizeof id, "%s", enter(&quay, 1));
    CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
    sx_shipments_online(quay.shipments);
    (void)sx_shipments_step(quay.shipments, 1);
    ASSERT_CONTAINS(hearing.id, ".open");
    CU_ASSERT_FALSE(hearing.is_to_new);
    sx_shipments_readdress(quay.shipments, "other@example.org/new", id);
    sx_shipments_readdress(quay.shipments, NEW_PEER, "another id");
    sx_shipments_readdress(quay.shipments, PEER, id);
    (void)sx_shipments_step(quay.shipments, 1);
    CU_ASSERT_FALSE(hearing.is_to_new);
    sx_shipments_readdress(quay.shipments, NEW_PEER, id);
    (void)sx_shipments_step(quay.shipments, 1);
    CU_ASSERT_TRUE(hearing.is_to_new);
    ASSERT_CONTAINS(hearing.id, ".open");
    posted_take(sx_session_loop(quay.link->session), NULL, NULL);
    quay_close(&quay);
}

/* Its caller has come back before the loop thread has looked at the answer. */
static void test_readdress_added(void)
{
    struct hearing hearing = {.id = ""};
    struct quay quay;
    char id[200];
    quay_open(&quay, 60000);
    posted_take(sx_session_loop(quay.link->session), hear, &hearing);
    snprintf(id, sizeof id, "%s", enter(&quay, 1));
    CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
    sx_shipments_readdress(quay.shipments, NEW_PEER, id);
    sx_shipments_online(quay.shipments);
    (void)sx_shipments_step(quay.shipments, 1);
    ASSERT_CONTAINS(hearing.id, ".open");
    CU_ASSERT_TRUE(hearing.is_to_new);
    posted_take(sx_session_loop(quay.link->session), NULL, NULL);
    quay_close(&quay);
}

/* One account has half of the places. The rest of its share, which is all of them while it is
 * alone, waits. */
static void test_hopeless(void)
{
    struct quay quay;
    int64_t begun_us = sx_clock_now_us();
    quay_open(&quay, 0);
    CU_ASSERT_TRUE(sx_shipments_drained(quay.shipments, PAST));
    CU_ASSERT_EQUAL(ship_answer(&quay, "1"), SX_OK);
    sx_shipments_lost(quay.shipments, true, false);
    CU_ASSERT_FALSE(sx_shipments_drained(quay.shipments, sx_clock_deadline(LONG_US)));
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < LONG_US);
    quay_close(&quay);
}

/* ---- short memory ---- */

static bool attempt_new(struct shortage shortage)
{
    struct quay quay;
    struct sx_payload payload = make_payload();
    struct sx_buffer reference = {0};
    struct sx_shipment *shipment = NULL;
    enum sx_err err;
    bool has_failed;
    quay_open(&quay, 0);
    shortage_begin(shortage);
    err = sx_shipment_new(quay.link->session, &payload, NULL, PEER, "add", NULL, &reference,
                          &shipment);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err != SX_OK || reference.failed, has_failed);
    CU_ASSERT_EQUAL(payload.bytes != NULL, err != SX_OK);
    CU_ASSERT_EQUAL(shipment != NULL, err == SX_OK);
    sx_buffer_fini(&reference);
    sx_shipment_free(shipment);
    free(payload.bytes);
    quay_close(&quay);
    return has_failed;
}
SHORTAGE_TEST(new, 4)

static bool attempt_table(struct shortage shortage)
{
    struct quay quay;
    struct sx_shipments *shipments;
    bool has_failed;
    quay_open(&quay, 0);
    shortage_begin(shortage);
    shipments = sx_shipments_new(quay.link->session, quay.link->exchange, quay.link->journal);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(shipments == NULL, has_failed);
    sx_shipments_free(shipments);
    quay_close(&quay);
    return has_failed;
}
SHORTAGE_TEST(table, 2)

static bool attempt_add_answer(struct shortage shortage)
{
    struct quay quay;
    struct sx_shipment *shipment;
    struct sx_response *response = response_make("<iq/>");
    enum sx_err err;
    bool has_failed;
    quay_open(&quay, 0);
    shipment = make_shipment(&quay);
    shortage_begin(shortage);
    err = sx_shipments_add_answer(quay.shipments, shipment, "1", response);
    has_failed = shortage_end();
    CU_ASSERT(err == SX_OK || has_failed);
    CU_ASSERT_EQUAL(sx_shipments_drained(quay.shipments, PAST), err != SX_OK);
    (void)step(&quay); /* what has no share yet may get it now */
    CU_ASSERT_EQUAL(sx_shipments_drained(quay.shipments, PAST), err != SX_OK);
    if (err)
        sx_shipment_free(shipment);
    sx_response_unref(response);
    quay_close(&quay);
    return has_failed;
}
SHORTAGE_TEST(add_answer, 1)

static char *make_envelope(size_t *len)
{
    struct sx_buffer envelope = {0};
    size_t i;
    sx_buffer_add_text(&envelope, HEAD);
    for (i = 0; i < BIG_BYTES; i++) {
        char one = letter(i * i);
        sx_buffer_add(&envelope, &one, 1);
    }
    sx_buffer_add_text(&envelope, TAIL);
    return sx_buffer_take(&envelope, len);
}

/* A worker's answer: whatever fails, the request isn't run a second time. */
static bool attempt_answer(struct shortage shortage)
{
    struct quay quay;
    struct sx_checker *checker = sx_checker_new(64);
    struct sx_request *request;
    struct sx_response *again = NULL;
    size_t len;
    char *envelope = make_envelope(&len), why[200];
    enum sx_err err;
    bool has_failed;
    quay_open(&quay, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = sx_request_new(PEER, "me@b/x", enter(&quay, 1)));
    request->envelope.form = SX_FORM_ZSTD;
    shortage_begin(shortage);
    err = sx_link_answer(quay.link, request, checker, envelope, len, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(err == SX_OK || err == SX_ENOMEM);
    CU_ASSERT_NOT_EQUAL(
        sx_journal_look(quay.link->journal, PEER, request->id, sx_clock_now_us(), &again),
        SX_JOURNAL_FRESH);
    sx_response_unref(again);
    sx_request_free(request);
    sx_checker_free(checker);
    free(envelope);
    quay_close(&quay);
    return has_failed;
}
SHORTAGE_TEST(answer, 8)

/* As if online, with a peer that packs. */
static void come_online(struct quay *quay)
{
    static const char features[] =
        "http://jabber.org/protocol/soap\0" SX_NS_PACKED "\0" SX_NS_DELIVERY "#" INCARNATION "\0";
    sx_features_put(quay->link->features, PEER, features, sx_clock_now_us());
    while (soap_xmpp_state(quay->link) != SOAP_XMPP_CONNECTING) /* and so it stays */
        sched_yield();
    sx_session_set_state(quay->link->session, SOAP_XMPP_ONLINE, NULL);
}

/* The peer's features come while the caller's thread is in the trace, and its plain copy goes out.
 */
static void fall_back(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct quay *quay = user;
    struct sx_copy copy = {0};
    if (level != SOAP_XMPP_TRACE_DEBUG || !strstr(line, " to " PEER ": add"))
        return;
    CU_ASSERT_TRUE_FATAL(sx_retry_take_packed(quay->link->exchange, PEER, &copy));
    sx_retry_replace(quay->link->exchange, copy.id, strdup("<E/>"), 4, true, SX_OK, "");
    sx_copy_fini(&copy);
    CU_ASSERT_TRUE(sx_retry_take_due(quay->link->exchange, sx_clock_now_us(), &copy));
    ASSERT_TEXT(copy.payload, "<E/>");
    sx_copy_fini(&copy);
}

/* The caller's thread stays in the trace for longer than a call waits for its first answer. */
static void wait_past_due(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct quay *quay = user;
    struct sx_copy copy = {0};
    if (level != SOAP_XMPP_TRACE_DEBUG || !strstr(line, " to " PEER ": add"))
        return;
    quay->lines++;
    CU_ASSERT_FALSE(sx_retry_take_due(quay->link->exchange, SX_NEVER - 1, &copy));
    sx_copy_fini(&copy);
}

static void test_held_in_the_trace(void)
{
    struct quay quay;
    struct sx_checker *checker = sx_checker_new(64);
    struct sx_outgoing out = {.to = PEER, .checker = checker, .room_deadline = PAST};
    char *envelope = make_envelope(&out.envelope_len), why[500] = "";
    struct soap_xmpp_call *call = NULL;
    quay_open_traced(&quay, 0, SOAP_XMPP_TRACE_DEBUG, wait_past_due);
    out.envelope = envelope;
    come_online(&quay);
    CU_ASSERT_EQUAL_FATAL(sx_link_request(quay.link, &out, &call, why, sizeof why), SX_OK);
    CU_ASSERT_EQUAL(quay.lines, 1);
    CU_ASSERT_TRUE(sx_hold_is_wanted(quay.link->exchange, sx_exchange_number(call)));
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    sx_exchange_release(call);
    sx_checker_free(checker);
    free(envelope);
    quay_close(&quay);
}

/* A program may send a call and receive its answer much later: only from then on, or once the call
 * was detached, does a deadline count. */
static void test_not_awaited(void)
{
    struct quay quay;
    struct sx_checker *checker = sx_checker_new(64);
    struct sx_outgoing out = {.to = PEER, .checker = checker, .room_deadline = PAST};
    char *envelope = make_envelope(&out.envelope_len), why[500] = "";
    struct soap_xmpp_call *call = NULL;
    struct sx_reply reply;
    quay_open(&quay, 0);
    out.envelope = envelope;
    out.answer_deadline = sx_clock_deadline(5000000);
    come_online(&quay);
    posted_set_speed(sx_session_loop(quay.link->session), SX_SPEED_SLOW, 100);
    CU_ASSERT_EQUAL_FATAL(sx_link_request(quay.link, &out, &call, why, sizeof why), SX_OK);
    (void)sx_shipments_step(quay.link->shipments, 1);
    CU_ASSERT_TRUE(sx_hold_is_wanted(quay.link->exchange, sx_exchange_number(call)));
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ETIMEOUT);
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    posted_set_speed(NULL, SX_SPEED_UNKNOWN, 0);
    sx_checker_free(checker);
    free(envelope);
    quay_close(&quay);
}

static void test_plain(void)
{
    struct quay quay;
    struct sx_checker *checker = sx_checker_new(64);
    struct sx_outgoing out = {.to = PEER, .checker = checker, .room_deadline = PAST};
    char *envelope = make_envelope(&out.envelope_len), why[500] = "";
    struct soap_xmpp_call *call = NULL;
    uint64_t number;
    quay_open_traced(&quay, 0, SOAP_XMPP_TRACE_DEBUG, fall_back);
    out.envelope = envelope;
    come_online(&quay);
    CU_ASSERT_EQUAL_FATAL(sx_link_request(quay.link, &out, &call, why, sizeof why), SX_OK);
    number = sx_exchange_number(call);
    CU_ASSERT_FALSE(sx_hold_is_wanted(quay.link->exchange, number));
    CU_ASSERT_EQUAL(sx_shipments_step(quay.link->shipments, 0), SX_NEVER);
    sx_hold_refuse(quay.link->exchange, number, "item-not-found", "no");
    CU_ASSERT_TRUE(sx_exchange_expects(quay.link->exchange, PEER, sx_exchange_id(call)));
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &(struct sx_reply){.err = SX_ETIMEOUT}));
    sx_exchange_release(call);
    sx_checker_free(checker);
    free(envelope);
    quay_close(&quay);
}

/* A call is made, held and shipped, or not made. */
static bool attempt_request(struct shortage shortage)
{
    struct quay quay;
    struct sx_checker *checker = sx_checker_new(64);
    struct sx_outgoing out = {.to = PEER, .checker = checker, .room_deadline = PAST};
    char untouched, *envelope = make_envelope(&out.envelope_len), why[500] = "";
    struct soap_xmpp_call *call = (struct soap_xmpp_call *)&untouched;
    enum sx_err err;
    bool has_failed;
    quay_open(&quay, 0);
    out.envelope = envelope;
    come_online(&quay);
    shortage_begin(shortage);
    err = sx_link_request(quay.link, &out, &call, why, sizeof why);
    has_failed = shortage_end();
    if (err == SX_OK) {
        CU_ASSERT_PTR_NOT_EQUAL_FATAL(call, &untouched);
        CU_ASSERT_TRUE(sx_hold_is_wanted(sx_link_exchange(quay.link), sx_exchange_number(call)));
        sx_exchange_release(call);
    } else {
        CU_ASSERT_PTR_EQUAL(call, &untouched);
        ASSERT_CONTAINS(why, "xmpp:" PEER ": ");
    }
    CU_ASSERT(err == SX_OK || has_failed);
    sx_checker_free(checker);
    free(envelope);
    quay_close(&quay);
    return has_failed;
}
SHORTAGE_TEST(request, 8)

CU_TestInfo tests_shipment[] = {
    {"a call that has ended gives its bytes back", test_unwanted},
    {"an answer that nobody takes is an error in the end", test_patience},
    {"an answer that is taken too slowly is an error, too", test_too_slow},
    {"what goes ahead of an answer follows its caller to another resource", test_readdress},
    {"and so does what the loop thread has not looked at yet", test_readdress_added},
    {"nobody waits for answers of a link that won't come back", test_hopeless},
    {"without memory a shipment is not made, and the bytes stay", test_new},
    {"shipments are made whole or not at all", test_table},
    {"an answer that finds no memory is not taken, or waits for it", test_add_answer},
    {"a big answer that finds no memory loses nothing else", test_answer},
    {"no copy of a big call goes out before its bytes, however long its caller stands still",
     test_held_in_the_trace},
    {"a call in pieces isn't late before its answer is awaited", test_not_awaited},
    {"a big call that becomes plain before it has a shipment ships nothing", test_plain},
    {"a big call that finds no memory is not made", test_request},
    CU_TEST_INFO_NULL,
};
