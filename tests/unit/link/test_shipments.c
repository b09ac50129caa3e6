/* Shipments of a link that has more of them than places: who gets one, who waits, who makes room.
 */
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

static const char *name_account(unsigned i)
{
    static char jid[64];
    snprintf(jid, sizeof jid, "a%u@example.org/1", i);
    return jid;
}

/* Whether the answer to this account has been given up. */
static bool has_failed(struct quay *quay, unsigned account, const char *id, const char *why)
{
    char *said = look_of(quay, name_account(account), id);
    bool has = said != NULL;
    if (has)
        ASSERT_CONTAINS(said, why);
    free(said);
    return has;
}

/* Two accounts have all places. Once they have had their time, each of others gets one. */
static void test_answers_make_room(void)
{
    struct quay quay;
    int64_t now_us = sx_clock_now_us();
    char ids[PLACES + 2][200];
    unsigned i, failed = 0;
    quay_open(&quay, 60000);
    stopped_clock_set(now_us);
    for (i = 0; i < PLACES; i++) {
        snprintf(ids[i], sizeof ids[i], "%s", enter_of(&quay, name_account(i % 2), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i % 2), ids[i]), SX_OK);
    }
    (void)step(&quay);
    for (; i < PLACES + 2; i++) {
        snprintf(ids[i], sizeof ids[i], "%s", enter_of(&quay, name_account(i), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i), ids[i]), SX_OK);
        (void)step(&quay);
        CU_ASSERT_FALSE(has_failed(&quay, i, ids[i], "")); /* the first of them waits */
        stopped_clock_set(now_us += 12000000);
    }
    (void)step(&quay);
    CU_ASSERT_FALSE(has_failed(&quay, PLACES, ids[PLACES], ""));
    CU_ASSERT_FALSE(has_failed(&quay, PLACES + 1, ids[PLACES + 1], ""));
    for (i = 0; i < PLACES; i++)
        failed += has_failed(&quay, i % 2, ids[i], "others need its place");
    CU_ASSERT_EQUAL(failed, 2);
    snprintf(ids[0], sizeof ids[0], "%s", enter_of(&quay, name_account(0), 1000));
    CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(0), ids[0]), SX_OK);
    (void)step(&quay); /* it has more than its share, and doesn't wait */
    CU_ASSERT_TRUE(has_failed(&quay, 0, ids[0], "too many are on their way"));
    quay_close(&quay);
    stopped_clock_release();
}

/* a0 has half of the places, a1 all of the rest but one, and a2 that one. What a2 has beyond it
 * waits, and comes to be more than its share by the 28 others that come then. All of them get in,
 * at the cost of a0 and a1, whatever waits before them. */
static void test_waits_ahead_of_others(void)
{
    enum { ACCOUNTS = 28, WAIT = 5, FIRST = PLACES + WAIT };
    struct quay quay;
    int64_t now_us = sx_clock_now_us();
    char ids[FIRST + ACCOUNTS][200];
    unsigned i, displaced = 0;
    quay_open(&quay, 60000);
    stopped_clock_set(now_us);
    for (i = 0; i < FIRST; i++) {
        unsigned account = i < 32 ? 0 : i < 63 ? 1 : 2;
        snprintf(ids[i], sizeof ids[i], "%s", enter_of(&quay, name_account(account), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(account), ids[i]), SX_OK);
    }
    (void)step(&quay);
    for (; i < FIRST + ACCOUNTS; i++) {
        snprintf(ids[i], sizeof ids[i], "%s", enter_of(&quay, name_account(i), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i), ids[i]), SX_OK);
        stopped_clock_set(now_us += 150000);
        (void)step(&quay);
    }
    for (i = 0; i < 10; i++) {
        stopped_clock_set(now_us += 1200000);
        (void)step(&quay);
    }
    for (i = 0; i < 63; i++)
        displaced += has_failed(&quay, i >= 32, ids[i], "others need its place");
    for (; i < FIRST; i++)
        CU_ASSERT_FALSE(has_failed(&quay, 2, ids[i], ""));
    for (; i < FIRST + ACCOUNTS; i++)
        CU_ASSERT_FALSE(has_failed(&quay, i, ids[i], ""));
    CU_ASSERT_EQUAL(displaced, ACCOUNTS + 1);
    quay_close(&quay);
    stopped_clock_release();
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

/* Takes what is left of the memory for answers, but for so many bytes. */
static void take_rest(struct quay *quay, size_t but_bytes, struct sx_charge *charge)
{
    struct sx_memory *memory = sx_session_memory(quay->link->session);
    struct sx_memory_counts counts;
    sx_memory_count(memory, &counts);
    CU_ASSERT_TRUE(sx_memory_take(memory, SX_MEMORY_ANSWER, "rest@example.org/1",
                                  counts.free_bytes[SX_MEMORY_ANSWER] - but_bytes, charge));
}

/* One account's answers hold memory, and there is no more. Once they have had their time, that of
 * another gets what it needs; before, or if it is one of its own, it is an error. */
static void test_answers_make_memory(void)
{
    enum { OWN = 10 };
    struct sx_charge rest = {0};
    struct quay quay;
    int64_t now_us = sx_clock_now_us();
    char ids[OWN][200], id[200];
    unsigned i, failed = 0;
    quay_open(&quay, 600000);
    stopped_clock_set(now_us);
    for (i = 0; i < OWN; i++) {
        snprintf(ids[i], sizeof ids[i], "%s", enter_of(&quay, name_account(0), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(0), ids[i]), SX_OK);
    }
    (void)step(&quay);
    take_rest(&quay, 0, &rest);
    snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(1), i));
    CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(1), id), SX_OK);
    (void)step(&quay);
    CU_ASSERT_TRUE(has_failed(&quay, 1, id, "as much memory is taken as may be"));
    stopped_clock_set(now_us + 12000000);
    snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(0), i + 1));
    CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(0), id), SX_OK);
    (void)step(&quay);
    CU_ASSERT_TRUE(has_failed(&quay, 0, id, "as much memory is taken as may be"));
    snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(2), i + 2));
    CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(2), id), SX_OK);
    (void)step(&quay);
    CU_ASSERT_FALSE(has_failed(&quay, 2, id, ""));
    for (i = 0; i < OWN; i++)
        failed += has_failed(&quay, 0, ids[i], "others need its memory");
    CU_ASSERT_EQUAL(failed, 2); /* an answer takes a few bytes more than what goes ahead of it */
    sx_memory_give(&rest);
    quay_close(&quay);
    stopped_clock_release();
}

/* Two accounts have all places. Of a third, one answer waits, however large it is; what comes to
 * more than its share of the memory doesn't. */
static void test_waits_within_memory(void)
{
    enum { SHARES = 21000000, LARGE = 12000000 };
    struct quay quay;
    struct sx_payload payload = make_payload_of(LARGE);
    struct sx_buffer reference = {0};
    struct sx_shipment *shipment = NULL;
    struct sx_response *response = response_make("<iq/>");
    struct sx_charge rest = {0};
    char id[200];
    unsigned i;
    quay_open(&quay, 60000);
    sx_shipments_free(quay.shipments);
    take_rest(&quay, SHARES, &rest);
    quay.shipments = sx_shipments_new(quay.link->session, quay.link->exchange, quay.link->journal);
    CU_ASSERT_PTR_NOT_NULL_FATAL(quay.shipments);
    sx_memory_give(&rest);
    for (i = 0; i < PLACES; i++) {
        snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(i % 2), i));
        CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(i % 2), id), SX_OK);
    }
    (void)step(&quay);
    CU_ASSERT_EQUAL_FATAL(sx_shipment_new(quay.link->session, &payload, NULL, name_account(2),
                                          "add", NULL, &reference, &shipment),
                          SX_OK);
    sx_buffer_fini(&reference);
    snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(2), i));
    CU_ASSERT_EQUAL(sx_shipments_add_answer(quay.shipments, shipment, id, response), SX_OK);
    (void)step(&quay);
    CU_ASSERT_FALSE(has_failed(&quay, 2, id, ""));
    snprintf(id, sizeof id, "%s", enter_of(&quay, name_account(2), i + 1));
    CU_ASSERT_EQUAL(ship_answer_to(&quay, name_account(2), id), SX_OK);
    (void)step(&quay);
    CU_ASSERT_TRUE(has_failed(&quay, 2, id, "too many are on their way"));
    sx_response_unref(response);
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
    {"answers that are taken slowly make room for others'", test_answers_make_room},
    {"who waits beyond its share keeps no others out", test_waits_ahead_of_others},
    {"answers of one account make room in memory for others'", test_answers_make_memory},
    {"an answer waits within its account's share of memory", test_waits_within_memory},
    {"few answers that have no memory yet wait to be looked at", test_uncounted},
    {"an answer that waits for a place in vain is an error", test_waits_in_vain},
    {"a place goes to who waits, not to who comes", test_first_come},
    {"calls leave answers their places", test_calls_leave_room},
    {"and so does what waits for a place", test_readdress_waiting},
    {"no more answers wait to be looked at than five times the places", test_answers_pile_up},
    CU_TEST_INFO_NULL,
};
