/* Answers of a link that has more of them than places or memory: which are given up for others'. */
#include "shipment_fixture.h"

#include "../../lib/stopped_clock.h"

extern CU_TestInfo tests_answer_room[];

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

CU_TestInfo tests_answer_room[] = {
    {"answers that are taken slowly make room for others'", test_answers_make_room},
    {"who waits beyond its share keeps no others out", test_waits_ahead_of_others},
    {"answers of one account make room in memory for others'", test_answers_make_memory},
    {"an answer waits within its account's share of memory", test_waits_within_memory},
    CU_TEST_INFO_NULL,
};
