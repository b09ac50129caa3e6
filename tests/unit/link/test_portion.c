/* What one stanza makes the loop thread do with calls, however many there are: counted in steps of
 * the exchange and in calls that are changed, not timed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/hold.h"
#include "exchange/reroute.h"
#include "exchange/retry.h"
#include "exchange/table.h"
#include "wire/namespaces.h"
#include "wire/presence.h"
#include "wire/stanza.h"
#include "../../lib/suite.h"
#include "responder.h"

#define TO       " to='calc@example.org/soap'"
#define BARE     "bob@example.org"
#define PEER     BARE "/soap"
#define STRANGER "mallory@example.com/x"
#define ALONE    "0123456789abcdef.1"
#define ENVELOPE                                                                                   \
    "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body><c:add "                                       \
    "xmlns:c='urn:c'/></e:Body></e:Envelope>"

enum {
    FEW = 500,
    MANY = 4 * FEW,
    PORTION = 64,    /* calls that one stanza changes at most */
    MORE_STEPS = 100 /* of a tree that is a bit higher */
};

static struct responder responder;
static struct soap_xmpp_call *calls[MANY];
static unsigned count;

/* So many calls to one peer, or to one each. */
static void setup(unsigned calls_count, bool is_one_peer)
{
    struct soap_xmpp_config config;
    char *packed = responder_pack(ENVELOPE), peer[100];
    unsigned i;
    responder_configure(&config);
    config.allow = "alice@example.org";
    config.presence = 1;
    config.max_calls = MANY;
    responder_serve_with(&responder, &config);
    for (i = count = 0; i < calls_count; i++, count++) {
        snprintf(peer, sizeof peer, is_one_peer ? PEER : "bob%u@example.org/soap", i);
        CU_ASSERT_EQUAL_FATAL(
            sx_exchange_begin(responder.link->exchange, peer, "add", 1, &calls[i]), SX_OK);
        sx_reroute_allow(calls[i]);
        CU_ASSERT_EQUAL_FATAL(sx_retry_keep(calls[i], ALONE, packed, strlen(packed)), SX_OK);
    }
    free(packed);
}

static void teardown(void)
{
    while (count)
        sx_exchange_release(calls[--count]);
    responder_stop(&responder);
}

static unsigned long count_steps(void)
{
    struct sx_exchange_counts counts;
    sx_exchange_count(responder.link->exchange, &counts);
    return counts.steps;
}

static void hear(const char *stanza)
{
    responder_hear(&responder, stanza, strlen(stanza));
}

static void bounce(unsigned i)
{
    char stanza[400];
    snprintf(stanza, sizeof stanza,
             "<iq type='error' id='%s' from='" PEER "'" TO "><error type='cancel'>"
             "<service-unavailable xmlns='" SX_NS_STANZAS "'/></error></iq>",
             sx_exchange_id(calls[i]));
    hear(stanza);
}

static unsigned count_to(const char *peer)
{
    unsigned i, found = 0;
    for (i = 0; i < count; i++)
        found += strcmp(sx_exchange_peer(calls[i]), peer) == 0;
    return found;
}

static unsigned count_packed(void)
{
    unsigned i, found = 0;
    for (i = 0; i < count; i++)
        found += sx_retry_is_packed(responder.link->exchange, PEER, sx_exchange_id(calls[i]));
    return found;
}

/* ---- stanzas ---- */

/* Under an id that the link has given out. */
static void say_features(const char *from, const char *features)
{
    char stanza[600], id[SX_EXCHANGE_ID_BYTES];
    sx_exchange_make_id(responder.link->exchange, id);
    snprintf(stanza, sizeof stanza,
             "<iq type='result' id='%s' from='%s'" TO "><query xmlns='" SX_NS_DISCO_INFO
             "'>%s</query></iq>",
             id, from, features);
    hear(stanza);
}

static void say_available(const char *from)
{
    struct sx_presence_mark mark = {.serves = true, .packs = true, .incarnation = ALONE};
    struct sx_buffer presence = {0};
    sx_buffer_add_format(&presence, "<presence from='%s'" TO ">", from);
    sx_presence_format_mark(&presence, &mark);
    sx_buffer_add_text(&presence, "</presence>");
    hear(presence.bytes);
    sx_buffer_fini(&presence);
}

/* What anybody may send, and nothing comes of. */
static unsigned long say_all(unsigned calls_count, bool is_one_peer)
{
    static const char *const stanzas[] = {
        "<iq type='set' id='1' from='" STRANGER "'" TO "><open xmlns='" SX_NS_IBB
        "' sid='a' block-size='4096'/></iq>",
        "<iq type='set' id='1' from='" STRANGER "'" TO "><data xmlns='" SX_NS_IBB
        "' sid='a' seq='0'>AAAA</data></iq>",
        "<iq type='set' id='1' from='" STRANGER "'" TO "><close xmlns='" SX_NS_IBB
        "' sid='a'/></iq>",
        "<iq type='get' id='1' from='" STRANGER "'" TO "><query xmlns='" SX_NS_DISCO_INFO
        "'/></iq>",
        "<iq type='result' id='1' from='" STRANGER "'" TO "/>",
        "<presence from='" STRANGER "'" TO "/>",
        "<presence type='unavailable' from='" STRANGER "'" TO "/>",
        "<presence type='unsubscribed' from='" STRANGER "'" TO "/>",
        "<presence type='subscribe' from='" STRANGER "'" TO "/>",
        "<presence type='unavailable' from='" PEER "'" TO "/>",
        "<message id='1' from='" STRANGER "'" TO "><body>words</body></message>",
        "<message type='error' id='1' from='" STRANGER "'" TO "/>",
    };
    unsigned long steps;
    size_t i;
    setup(calls_count, is_one_peer);
    steps = count_steps();
    for (i = 0; i < sizeof stanzas / sizeof *stanzas; i++)
        hear(stanzas[i]);
    say_features(STRANGER, "<feature var='urn:x'/>");
    say_features(PEER, "<feature var='" SX_NS_PACKED "'/>");
    say_available(STRANGER);
    say_available(BARE "/other");
    steps = count_steps() - steps;
    teardown();
    return steps;
}

TEST(what_nothing_comes_of_costs_the_same_however_many_calls_there_are)
{
    CU_ASSERT_TRUE(say_all(MANY, true) <= say_all(FEW, true) + MORE_STEPS);
    CU_ASSERT_TRUE(say_all(MANY, false) <= say_all(FEW, false) + MORE_STEPS);
}

/* ---- one stanza for all calls ---- */

TEST(calls_fall_back_a_portion_at_a_time)
{
    unsigned left, before;
    setup(MANY, true);
    CU_ASSERT_EQUAL(count_packed(), MANY);
    say_features(PEER, "<feature var='" SX_NS_SOAP "'/>");
    left = count_packed();
    CU_ASSERT_TRUE(left >= MANY - PORTION && left < MANY);
    say_features(PEER, "<feature var='" SX_NS_SOAP "'/>"); /* no more by that */
    CU_ASSERT_EQUAL(count_packed(), left);
    while (left) {
        before = left;
        CU_ASSERT_EQUAL(sx_fallback_step(&responder.link->fallback), 0);
        left = count_packed();
        CU_ASSERT_TRUE_FATAL(left < before && left + PORTION >= before);
    }
    while (sx_fallback_step(&responder.link->fallback) != SX_NEVER)
        ;
    teardown();
}

static unsigned count_phase(enum call_phase phase)
{
    unsigned i, found = 0;
    for (i = 0; i < count; i++)
        found += calls[i]->phase == phase;
    return found;
}

/* One that runs nothing twice was there when they began to. */
TEST(who_has_come_meanwhile_gets_the_rest_once_at_most)
{
    unsigned first;
    setup(FEW, true);
    say_features(PEER, "<feature var='" SX_NS_SOAP "'/><feature var='" SX_NS_DELIVERY "'/>"
                       "<feature var='" SX_NS_DELIVERY "#" ALONE "'/>");
    CU_ASSERT_EQUAL(count_phase(PHASE_LAST), 0);
    first = FEW - count_packed();
    CU_ASSERT_TRUE_FATAL(first > 0 && first < FEW);
    say_features(PEER, "<feature var='" SX_NS_SOAP "'/>");
    while (sx_fallback_step(&responder.link->fallback) != SX_NEVER)
        ;
    CU_ASSERT_EQUAL(count_packed(), 0);
    CU_ASSERT_EQUAL(count_phase(PHASE_LAST), FEW - first);
    teardown();
}

TEST(calls_move_a_portion_at_a_time)
{
    unsigned moved = 0, before, i;
    setup(FEW, true);
    for (i = 0; i < FEW; i++)
        bounce(i);
    say_available(BARE "/other");
    moved = count_to(BARE "/other");
    CU_ASSERT_TRUE(moved > 0 && moved <= PORTION);
    say_available(BARE "/other");
    CU_ASSERT_EQUAL(count_to(BARE "/other"), moved);
    while (moved < FEW) {
        before = moved;
        CU_ASSERT_EQUAL(sx_routing_step(&responder.link->routing), 0);
        moved = count_to(BARE "/other");
        CU_ASSERT_TRUE_FATAL(moved > before && moved <= before + PORTION);
    }
    while (sx_routing_step(&responder.link->routing) != SX_NEVER)
        ;
    teardown();
}

/* Of a process that stops. Each call has two copies out. */
TEST(a_call_moves_whose_copies_are_all_refused)
{
    static const char *const refusals[] = {"", " copies='all'"};
    char stanza[800];
    unsigned i;
    setup(2, true);
    say_available(PEER);
    say_available(BARE "/other");
    for (i = 0; i < 2; i++) {
        struct sx_copy copy;
        CU_ASSERT_TRUE_FATAL(sx_retry_take_due(responder.link->exchange, SX_NEVER / 2, &copy));
        sx_copy_fini(&copy);
    }
    for (i = 0; i < 2; i++) {
        snprintf(stanza, sizeof stanza,
                 "<iq type='error' from='" PEER "'" TO " id='%s'><error type='cancel'>"
                 "<service-unavailable xmlns='" SX_NS_STANZAS "'/><refused xmlns='" SX_NS_DELIVERY
                 "'%s/></error></iq>",
                 sx_exchange_id(calls[i]), refusals[i]);
        hear(stanza);
        CU_ASSERT_EQUAL(count_to(BARE "/other"), i);
    }
    teardown();
}

/* Who has come is gone again before all have moved: the rest stays, and nothing waits. */
TEST(the_rest_stays_where_nobody_is)
{
    unsigned i, moved;
    setup(FEW, true);
    for (i = 0; i < FEW; i++)
        bounce(i);
    say_available(BARE "/other");
    moved = count_to(BARE "/other");
    hear("<presence type='unavailable' from='" BARE "/other'" TO "/>");
    CU_ASSERT_EQUAL(sx_routing_step(&responder.link->routing), 0);
    CU_ASSERT_EQUAL(sx_routing_step(&responder.link->routing), SX_NEVER);
    CU_ASSERT_EQUAL(count_to(BARE "/other"), moved);
    teardown();
}

/* ---- big calls ---- */

static void add_held(unsigned i)
{
    struct sx_payload payload = {.bytes = strdup("bytes"), .len = 5, .is_loose = true};
    struct sx_buffer reference = {0};
    struct sx_shipment *shipment = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(responder.link->exchange, PEER, "add", 1, &calls[i]),
                          SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_shipment_new(responder.link->session, &payload, NULL, PEER, "add",
                                          NULL, &reference, &shipment),
                          SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_hold_keep(calls[i], ALONE, reference.bytes, reference.len), SX_OK);
    sx_shipments_add_call(responder.link->shipments, shipment, sx_exchange_number(calls[i]));
    sx_buffer_fini(&reference);
    sx_payload_fini(&payload);
}

static void setup_held(unsigned calls_count)
{
    setup(0, true);
    for (count = 0; count < calls_count; count++)
        add_held(count);
    sx_shipments_online(responder.link->shipments);
    (void)sx_shipments_step(responder.link->shipments, 1);
}

/* Every stanza that comes makes the loop take such a step. */
static unsigned long step_held(unsigned calls_count)
{
    unsigned long steps;
    setup_held(calls_count);
    steps = count_steps();
    (void)sx_shipments_step(responder.link->shipments, 1);
    steps = count_steps() - steps;
    teardown();
    return steps;
}

TEST(a_turn_of_the_loop_costs_the_same_however_many_big_calls_wait)
{
    CU_ASSERT_TRUE(step_held(FEW) > 0);
    CU_ASSERT_TRUE(step_held(MANY) < MANY); /* or each was looked at */
}

/* None is overlooked. */
TEST(big_calls_that_have_ended_give_their_bytes_back)
{
    unsigned turns, i;
    int64_t due_us = 0;
    setup_held(FEW);
    for (i = 0; i < FEW; i++)
        sx_exchange_release(calls[i]);
    count = 0;
    for (turns = 0; turns < FEW && due_us != SX_NEVER; turns++)
        due_us = sx_shipments_step(responder.link->shipments, 1);
    CU_ASSERT_EQUAL(due_us, SX_NEVER);
    CU_ASSERT_TRUE(turns < FEW / PORTION);
    teardown();
}

/* A peer may say so again and again. */
TEST(a_big_call_whose_bytes_are_lost_is_found)
{
    char stanza[500];
    unsigned i;
    setup_held(FEW);
    for (i = 0; i < FEW; i++) {
        snprintf(stanza, sizeof stanza,
                 "<iq type='error' id='%s' from='" PEER "'" TO "><error type='cancel'>"
                 "<item-not-found xmlns='" SX_NS_STANZAS "'/><refused xmlns='" SX_NS_DELIVERY
                 "'/></error></iq>",
                 sx_exchange_id(calls[i]));
        hear(stanza);
        CU_ASSERT_TRUE(sx_hold_is_wanted(responder.link->exchange, sx_exchange_number(calls[i])));
    }
    teardown();
}

CU_TestInfo tests_portion[] = {
    {"what nothing comes of costs the same, however many calls there are",
     what_nothing_comes_of_costs_the_same_however_many_calls_there_are},
    {"calls fall back a portion at a time", calls_fall_back_a_portion_at_a_time},
    {"who has come meanwhile gets the rest once at most",
     who_has_come_meanwhile_gets_the_rest_once_at_most},
    {"calls move a portion at a time", calls_move_a_portion_at_a_time},
    {"a call moves whose copies are all refused", a_call_moves_whose_copies_are_all_refused},
    {"the rest stays where nobody is", the_rest_stays_where_nobody_is},
    {"a turn of the loop costs the same, however many big calls wait",
     a_turn_of_the_loop_costs_the_same_however_many_big_calls_wait},
    {"big calls that have ended give their bytes back",
     big_calls_that_have_ended_give_their_bytes_back},
    {"a big call whose bytes are lost is found", a_big_call_whose_bytes_are_lost_is_found},
    CU_TEST_INFO_NULL,
};
