/* delivery.c: what a peer says of a request, and when it is believed. */
#include "wire/delivery.h"

#include "../../lib/element_text.h"
#include "../../lib/suite.h"

#define OURS  "00112233445566ff"
#define XMLNS " xmlns='urn:soap-xmpp:delivery:1'"

static struct sx_delivery read(const char *xml)
{
    struct sx_element *element = element_text_parse(xml);
    struct sx_delivery delivery = {0};
    sx_delivery_read(element, &delivery);
    sx_element_free(element);
    return delivery;
}

static void each_word_is_read(void)
{
    struct sx_delivery delivery = read("<refused" XMLNS "/>");
    CU_ASSERT(delivery.refused && !delivery.running && !delivery.stale_for[0]);
    CU_ASSERT_FALSE(delivery.refused_all);
    delivery = read("<refused" XMLNS " copies='2'/>");
    CU_ASSERT(delivery.refused && !delivery.refused_all);
    delivery = read("<refused" XMLNS " copies='all'/>");
    CU_ASSERT(delivery.refused && delivery.refused_all);
    delivery = read("<running" XMLNS "/>");
    CU_ASSERT(!delivery.refused && delivery.running && !delivery.stale_for[0]);
    delivery = read("<stale" XMLNS " incarnation='" OURS ".7' process='1f'/>");
    CU_ASSERT(!delivery.refused && !delivery.running);
    ASSERT_TEXT(delivery.stale_for, OURS ".7");
    CU_ASSERT_EQUAL(delivery.denier, 0x1f);
}

static void other_elements_and_forms_say_nothing(void)
{
    static const char *const xml[] = {"<refused xmlns='urn:soap-xmpp:delivery:2'/>",
                                      "<gone" XMLNS "/>", "<stale" XMLNS "/>",
                                      "<stale" XMLNS " incarnation='no incarnation'/>"};
    size_t i;
    for (i = 0; i < sizeof xml / sizeof *xml; i++) {
        struct sx_delivery delivery = read(xml[i]);
        CU_ASSERT(!delivery.refused && !delivery.running && !delivery.stale_for[0]);
    }
}

static void what_became_of_a_stale_copy_is_told(void)
{
    struct sx_delivery delivery = read("<stale" XMLNS " incarnation='" OURS ".7'/>");
    ASSERT_CONTAINS(sx_delivery_judge("x~" OURS ".1", &delivery), "max_remembered");
    ASSERT_CONTAINS(sx_delivery_judge("x~00112233445566fe.1", &delivery), "was restarted");
    ASSERT_TEXT(delivery.stale_for, OURS ".7");
    delivery = read("<refused" XMLNS "/>");
    CU_ASSERT_PTR_NULL(sx_delivery_judge("x~" OURS ".1", &delivery));
    CU_ASSERT_TRUE(delivery.refused);
}

static int64_t read_since(const char *attributes, const char *id)
{
    struct sx_delivery delivery;
    char xml[200];
    snprintf(xml, sizeof xml, "<stale" XMLNS " incarnation='" OURS ".7'%s/>", attributes);
    delivery = read(xml);
    (void)sx_delivery_judge(id, &delivery);
    ASSERT_TEXT(delivery.stale_for, OURS ".7");
    return delivery.since_ms;
}

static void since_when_is_read_of_the_same_process(void)
{
    static const char id[] = "x~" OURS ".1";
    CU_ASSERT_EQUAL(read_since(" since='61234'", id), 61234);
    CU_ASSERT_EQUAL(read_since(" since='999999999999999'", id), INT64_C(999999999999999));
    CU_ASSERT_EQUAL(read_since(" since='61234'", "x~00112233445566fe.1"), 0);
    CU_ASSERT_EQUAL(read_since("", id), 0);
    CU_ASSERT_EQUAL(read_since(" since=''", id), 0);
    CU_ASSERT_EQUAL(read_since(" since='-1'", id), 0);
    CU_ASSERT_EQUAL(read_since(" since='+1'", id), 0);
    CU_ASSERT_EQUAL(read_since(" since='1 '", id), 0);
    CU_ASSERT_EQUAL(read_since(" since='1e9'", id), 0);
    CU_ASSERT_EQUAL(read_since(" since='1234567890123456'", id), 0);
}

/* Nobody was asked to run it once. */
static void an_id_without_an_incarnation_is_not_spoken_of(void)
{
    struct sx_delivery delivery = read("<stale" XMLNS " incarnation='" OURS ".7'/>");
    delivery.refused = delivery.refused_all = delivery.running = true;
    CU_ASSERT_PTR_NULL(sx_delivery_judge("x-1", &delivery));
    CU_ASSERT(!delivery.refused && !delivery.running && !delivery.stale_for[0]);
    CU_ASSERT_FALSE(delivery.refused_all);
}

CU_TestInfo tests_delivery[] = {
    {"each word is read", each_word_is_read},
    {"other elements and forms say nothing", other_elements_and_forms_say_nothing},
    {"what became of a stale copy is told", what_became_of_a_stale_copy_is_told},
    {"since when an epoch is over is read, of an id of that process",
     since_when_is_read_of_the_same_process},
    {"an id without an incarnation isn't spoken of", an_id_without_an_incarnation_is_not_spoken_of},
    CU_TEST_INFO_NULL,
};
