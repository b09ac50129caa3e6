/* Shipments of a link that has more of them than places: who gets one, and who waits. */
#include "shipment_fixture.h"

#include "../../lib/stopped_clock.h"

extern CU_TestInfo tests_shipments[];

static void test_crowd(void)
{
    struct quay quay;
    struct soap_xmpp_call *calls[PLACES + 2];
    unsigned i;
    quay_open(&quay, 0);
    for (i = 0; i < PLACES + 2; i++)
        calls[i] = ship_call(&quay);
    (void)step(&quay);
    for (i = 0; i < PLACES + 2; i++)
        CU_ASSERT_TRUE(
            sx_hold_is_wanted(sx_link_exchange(quay.link), sx_exchange_number(calls[i])));
    for (i = 0; i < PLACES + 2; i++) {
        sx_exchange_release(calls[i]);
        (void)step(&quay);
    }
    CU_ASSERT_EQUAL(step(&quay), SX_NEVER);
    quay_close(&quay);
}

static void test_answers_crowd(void)
{
    struct quay quay;
    char *said, id[200] = "";
    unsigned i;
    quay_open(&quay, 60000);
    for (i = 0; i < PLACES; i++) {
        snprintf(id, sizeof id, "%s", enter(&quay, i));
        CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
        (void)step(&quay);
        CU_ASSERT_PTR_NULL(said = look(&quay, id));
        free(said);
    }
    snprintf(id, sizeof id, "%s", enter(&quay, i));
    CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
    (void)step(&quay);
    CU_ASSERT_PTR_NOT_NULL_FATAL(said = look(&quay, id));
    ASSERT_CONTAINS(said, "too many are on their way");
    free(said);
    quay_close(&quay);
}

/* The opens that the link posts. */
struct opens {
    char ids[PLACES][200];
    unsigned count;
};

static void note_open(void *user, uint64_t session, char *stanza, size_t len)
{
    struct opens *opens = user;
    const char *id = strstr(stanza, " id='") + 5;
    (void)session, (void)len;
    if (opens->count < PLACES)
        snprintf(opens->ids[opens->count++], sizeof opens->ids[0], "%.*s", (int)strcspn(id, "'"),
                 id);
    free(stanza);
}

/* An answer that gets no place in time is an error: those of 64 accounts get on. */
static void test_waits_in_vain(void)
{
    const struct sx_sender_reply taken = {.received = "1"};
    struct quay quay;
    struct opens opens = {.count = 0};
    int64_t now_us = sx_clock_now_us();
    char id[200], *said;
    unsigned i;
    quay_open(&quay, 5000);
    stopped_clock_set(now_us);
    posted_take(sx_session_loop(quay.link->session), note_open, &opens);
    sx_shipments_online(quay.shipments);
    for (i = 0; i <= PLACES; i++) {
        snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(i), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i), id), SX_OK);
    }
    CU_ASSERT(sx_shipments_step(quay.shipments, 1) <= now_us + 1000000);
    CU_ASSERT_FALSE(has_failed(&quay, PLACES, id, ""));
    CU_ASSERT_EQUAL(opens.count, PLACES);
    stopped_clock_set(now_us += 1000000);
    for (i = 0; i < PLACES; i++)
        (void)sx_shipments_reply(quay.shipments, 1, name_account(i), opens.ids[i], &taken);
    stopped_clock_set(now_us + 4000000);
    (void)sx_shipments_step(quay.shipments, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(said = look_of(&quay, name_account(PLACES), id));
    ASSERT_CONTAINS(said, "resource-constraint: too many are on their way");
    free(said);
    posted_take(sx_session_loop(quay.link->session), NULL, NULL);
    quay_close(&quay);
    stopped_clock_release();
}

/* A place is free, and somebody new comes along with somebody who waits for it. */
static void test_first_come(void)
{
    const struct sx_sender_reply refused = {.condition = "forbidden"};
    struct quay quay;
    struct opens opens = {.count = 0};
    struct hearing hearing = {.id = ""};
    char id[200];
    unsigned i;
    quay_open(&quay, 60000);
    posted_take(sx_session_loop(quay.link->session), note_open, &opens);
    sx_shipments_online(quay.shipments);
    for (i = 0; i <= PLACES; i++) {
        const char *to = i < PLACES ? name_account(i) : NEW_PEER;
        snprintf(id, sizeof id, "%s", enter_of(&quay, to, i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, to, id), SX_OK);
    }
    (void)sx_shipments_step(quay.shipments, 1);
    CU_ASSERT_EQUAL(opens.count, PLACES);
    posted_take(sx_session_loop(quay.link->session), hear, &hearing);
    (void)sx_shipments_reply(quay.shipments, 1, name_account(0), opens.ids[0], &refused);
    snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(i), i));
    CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i), id), SX_OK);
    CU_ASSERT_TRUE(sx_shipments_step(quay.shipments, 1) < SX_NEVER);
    ASSERT_CONTAINS(hearing.id, ".open");
    CU_ASSERT_TRUE(hearing.is_to_new);
    CU_ASSERT_FALSE(has_failed(&quay, i, id, ""));
    posted_take(sx_session_loop(quay.link->session), NULL, NULL);
    quay_close(&quay);
}

/* Calls to a service that takes nothing leave answers their places, and calls to others. */
static void test_calls_leave_room(void)
{
    struct quay quay;
    struct soap_xmpp_call *calls[PLACES];
    char id[200];
    unsigned i;
    quay_open(&quay, 0);
    for (i = 0; i < PLACES; i++)
        calls[i] = ship_call_to(&quay, name_account(i % 2));
    (void)step(&quay);
    snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(3), 3));
    CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(3), id), SX_OK);
    (void)step(&quay);
    CU_ASSERT_FALSE(has_failed(&quay, 3, id, ""));
    for (i = 0; i < PLACES; i++)
        sx_exchange_release(calls[i]);
    quay_close(&quay);
}

/* What the loop thread has yet to find memory for isn't counted, so it is little. */
static void test_uncounted(void)
{
    enum { MOST = 8 };
    struct sx_charge rest = {0};
    struct quay quay;
    struct sx_shipment *shipment;
    struct sx_response *response = response_make("<iq/>");
    unsigned i;
    quay_open(&quay, 60000);
    take_rest(&quay, 0, &rest);
    for (i = 0; i < MOST; i++)
        CU_ASSERT_EQUAL(ship_answer(&quay, enter(&quay, i)), SX_OK);
    shipment = make_shipment(&quay);
    CU_ASSERT_EQUAL(sx_shipments_add_answer(quay.shipments, shipment, enter(&quay, i), response),
                    SX_ETAKEN);
    sx_shipment_free(shipment);
    (void)step(&quay);
    CU_ASSERT_TRUE(sx_shipments_drained(quay.shipments, PAST));
    CU_ASSERT_EQUAL(ship_answer(&quay, enter(&quay, i + 1)), SX_OK);
    sx_memory_give(&rest);
    (void)step(&quay); /* there is room again */
    CU_ASSERT_FALSE(sx_shipments_drained(quay.shipments, PAST));
    sx_response_unref(response);
    quay_close(&quay);
}

/* Its caller has come back under another name while the answer waits for a place. */
static void test_readdress_waiting(void)
{
    const struct sx_sender_reply refusal = {.condition = "not-allowed", .type = "cancel"};
    struct quay quay;
    struct hearing hearing = {.id = ""};
    char id[200], first[sizeof hearing.id] = "";
    unsigned i;
    quay_open(&quay, 60000);
    posted_take(sx_session_loop(quay.link->session), hear, &hearing);
    sx_shipments_online(quay.shipments);
    for (i = 0; i < PLACES; i++) {
        snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(i), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i), id), SX_OK);
        (void)sx_shipments_step(quay.shipments, 1);
        if (i == 0)
            snprintf(first, sizeof first, "%s", hearing.id);
    }
    snprintf(id, sizeof id, "%s", enter(&quay, i));
    CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
    (void)sx_shipments_step(quay.shipments, 1);
    sx_shipments_readdress(quay.shipments, NEW_PEER, id);
    CU_ASSERT_EQUAL(sx_shipments_reply(quay.shipments, 1, name_account(0), first, &refusal),
                    SX_SHIPMENTS_OURS);
    (void)sx_shipments_step(quay.shipments, 1);
    ASSERT_CONTAINS(hearing.id, ".open");
    CU_ASSERT_TRUE(hearing.is_to_new);
    posted_take(sx_session_loop(quay.link->session), NULL, NULL);
    quay_close(&quay);
}

static void test_answers_pile_up(void)
{
    struct quay quay;
    struct sx_shipment *shipment;
    struct sx_response *response = response_make("<iq/>");
    char id[200] = "";
    unsigned i;
    quay_open(&quay, 0);
    for (i = 0; i < 5 * PLACES; i++) {
        snprintf(id, sizeof id, "%s", enter(&quay, i));
        CU_ASSERT_EQUAL(ship_answer(&quay, id), SX_OK);
    }
    shipment = make_shipment(&quay);
    CU_ASSERT_EQUAL(sx_shipments_add_answer(quay.shipments, shipment, id, response), SX_EFULL);
    sx_shipment_free(shipment);
    sx_response_unref(response);
    quay_close(&quay);
}

CU_TestInfo tests_shipments[] = {
    {"a call may wait for a place among those on their way", test_crowd},
    {"answers to one account have half of the places, and the rest of its share waits",
     test_answers_crowd},
    {"few answers that have no memory yet wait to be looked at", test_uncounted},
    {"an answer that waits for a place in vain is an error", test_waits_in_vain},
    {"a place goes to who waits, not to who comes", test_first_come},
    {"calls leave answers their places", test_calls_leave_room},
    {"and so does what waits for a place", test_readdress_waiting},
    {"no more answers wait to be looked at than five times the places", test_answers_pile_up},
    CU_TEST_INFO_NULL,
};
