/* Calls that are prepared: parked, woken, taken, sent and taken back; and what ends them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/draft.h"
#include "exchange/hold.h"
#include "exchange/retry.h"
#include "wire/jid.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#define PEER  "calc@example.org/soap"
#define OTHER "calc@example.org/other"
#define ONCE  "0123456789abcdef.1"

extern CU_TestInfo tests_draft[];

enum { MOST = 3, WORD = 7 };

static const int64_t PAST = 1; /* microseconds after boot */

static struct sx_exchange *exchange;
static unsigned freed;

static void setup(void)
{
    exchange = sx_exchange_new(MOST, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(exchange);
    freed = 0;
}

static void teardown(void)
{
    sx_exchange_free(exchange);
}

static void free_it(void *draft)
{
    *(char *)draft = 'f';
    freed++;
}

static struct soap_xmpp_call *begin(void)
{
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_draft_begin(exchange, PEER, "add", NULL, false, &call), SX_OK);
    sx_exchange_detach(call, sx_clock_deadline(30000000), NULL);
    return call;
}

static void park(const struct soap_xmpp_call *call, char *draft, enum call_wait wait)
{
    CU_ASSERT_TRUE(sx_draft_park(exchange, sx_exchange_id(call), draft, free_it, wait,
                                 wait == WAIT_PEER || wait == WAIT_PRESENCE ? PEER : NULL));
}

static enum sx_err send_as(const struct soap_xmpp_call *call, const struct sx_draft_way *way,
                           char id[SX_EXCHANGE_ID_BYTES])
{
    uint64_t number;
    return sx_draft_send(exchange, sx_exchange_id(call), way, id, &number);
}

static const struct sx_draft_way foreign = {.peer = PEER, .payload = "<x/>", .payload_len = 4};
static const struct sx_draft_way kept = {
    .peer = PEER, .incarnation = ONCE, .payload = "<x/>", .payload_len = 4};

static bool complete(const char *from, const char *id)
{
    struct sx_reply reply = {0};
    return sx_exchange_complete(exchange, from, id, &reply);
}

/* ---- */

static void what_waits_is_woken_by_whom_it_waits_for(void)
{
    struct soap_xmpp_call *calls[MOST];
    char drafts[MOST] = "abc";
    unsigned word = 1;
    setup();
    calls[0] = begin();
    calls[1] = begin();
    calls[2] = begin();
    park(calls[0], &drafts[0], WAIT_PEER);
    park(calls[1], &drafts[1], WAIT_PRESENCE);
    park(calls[2], &drafts[2], WAIT_PEER);
    CU_ASSERT_PTR_NULL(sx_draft_take(exchange, WAIT_LINK, &word));
    CU_ASSERT_TRUE(sx_draft_is_any(exchange));
    sx_draft_wake(exchange, WAIT_PEER, OTHER, WORD);
    CU_ASSERT_PTR_NULL(sx_draft_take(exchange, WAIT_LINK, &word));
    sx_draft_wake(exchange, WAIT_PEER, PEER, WORD);
    CU_ASSERT_PTR_EQUAL(sx_draft_take(exchange, WAIT_LINK, &word), &drafts[0]);
    CU_ASSERT_EQUAL(word, WORD);
    CU_ASSERT_PTR_EQUAL(sx_draft_take(exchange, WAIT_LINK, &word), &drafts[2]);
    CU_ASSERT_PTR_NULL(sx_draft_take(exchange, WAIT_LINK, &word));
    CU_ASSERT_TRUE(sx_draft_waits(exchange, WAIT_PRESENCE, PEER));
    CU_ASSERT_FALSE(sx_draft_waits(exchange, WAIT_PEER, NULL));
    sx_draft_wake(exchange, WAIT_PRESENCE, NULL, 0);
    CU_ASSERT_PTR_EQUAL(sx_draft_take(exchange, WAIT_LINK, &word), &drafts[1]);
    CU_ASSERT_EQUAL(word, 0);
    park(calls[1], &drafts[1], WAIT_LINK);
    CU_ASSERT_PTR_EQUAL(sx_draft_take(exchange, WAIT_LINK, &word), &drafts[1]);
    sx_exchange_release(calls[0]);
    sx_exchange_release(calls[1]);
    sx_exchange_release(calls[2]);
    CU_ASSERT_EQUAL(freed, 0); /* they were taken */
    CU_ASSERT_FALSE(sx_draft_is_any(exchange));
    teardown();
}

static void the_draft_is_freed_with_its_call_alone(void)
{
    struct soap_xmpp_call *call;
    char draft[] = "a";
    unsigned word;
    int wait;
    for (wait = 0; wait < WAITS; wait++) {
        setup();
        call = begin();
        park(call, draft, (enum call_wait)wait);
        sx_draft_end(exchange, sx_exchange_id(call), SX_EUNCARRIABLE, "no");
        CU_ASSERT_EQUAL(freed, 0);
        CU_ASSERT_PTR_NULL(sx_draft_take(exchange, (enum call_wait)wait, &word));
        sx_exchange_release(call);
        CU_ASSERT_EQUAL(freed, 1);
        call = begin();
        park(call, draft, (enum call_wait)wait);
        sx_exchange_release(call);
        CU_ASSERT_EQUAL(freed, 2);
        teardown();
    }
}

static void what_has_ended_is_neither_parked_nor_sent(void)
{
    struct soap_xmpp_call *call;
    struct sx_reply reply;
    char draft[] = "a", id[SX_EXCHANGE_ID_BYTES];
    enum call_wait wait;
    setup();
    call = begin();
    sx_exchange_fail_all(exchange, SX_ELOST, "gone");
    CU_ASSERT_FALSE(sx_draft_park(exchange, sx_exchange_id(call), draft, free_it, WAIT_LINK, NULL));
    CU_ASSERT_EQUAL(send_as(call, &kept, id), SX_ESTOPPED);
    CU_ASSERT_EQUAL(send_as(call, &foreign, id), SX_ESTOPPED);
    sx_draft_end(exchange, sx_exchange_id(call), SX_EUNCARRIABLE, "no");
    CU_ASSERT_TRUE(sx_draft_was_unsent(call, &wait));
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ELOST);
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &reply));
    sx_exchange_release(call);
    CU_ASSERT_EQUAL(freed, 0);
    teardown();
}

/* Even an error by which others have been answered. */
static void what_ended_before_it_was_sent_has_not_run(void)
{
    int err;
    for (err = SX_ENOMEM; err < SX_ERR_COUNT; err++) {
        struct soap_xmpp_call *call;
        struct sx_reply reply;
        setup();
        call = begin();
        sx_draft_end(exchange, sx_exchange_id(call), (enum sx_err)err, "no");
        sx_exchange_wait(call, PAST, &reply);
        CU_ASSERT_EQUAL((int)reply.err, err);
        CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &reply));
        sx_exchange_release(call);
        teardown();
    }
}

static void a_lost_session_leaves_it_alone(void)
{
    struct soap_xmpp_call *call;
    char draft[] = "a", id[SX_EXCHANGE_ID_BYTES];
    setup();
    call = begin();
    park(call, draft, WAIT_ROOM);
    sx_retry_lose(exchange, SX_ELOST, "lost", 0);
    CU_ASSERT_TRUE(sx_draft_waits(exchange, WAIT_ROOM, NULL));
    CU_ASSERT_FALSE(complete(PEER, sx_exchange_id(call)));
    CU_ASSERT_FALSE(sx_exchange_expects(exchange, PEER, sx_exchange_id(call)));
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    (void)id;
    sx_exchange_release(call);
    teardown();
}

static void it_is_sent_once_or_kept(void)
{
    struct soap_xmpp_call *call;
    struct sx_reply reply;
    char id[SX_EXCHANGE_ID_BYTES];
    setup();
    call = begin();
    CU_ASSERT_EQUAL(send_as(call, &foreign, id), SX_OK);
    ASSERT_TEXT(id, sx_exchange_id(call));
    sx_retry_lose(exchange, SX_ELOST, "lost", SIZE_MAX);
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ELOST);
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &reply));
    sx_exchange_release(call);
    call = begin();
    CU_ASSERT_EQUAL(send_as(call, &kept, id), SX_OK);
    ASSERT_CONTAINS(id, "~" ONCE);
    sx_retry_lose(exchange, SX_ELOST, "lost", SIZE_MAX);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), 0);
    CU_ASSERT_TRUE(complete(PEER, id));
    sx_exchange_release(call);
    teardown();
}

static void it_goes_to_the_resource_that_was_chosen(void)
{
    struct sx_draft_way way = kept;
    struct soap_xmpp_call *call;
    char id[SX_EXCHANGE_ID_BYTES];
    setup();
    call = begin();
    way.peer = OTHER;
    way.any_resource = true;
    CU_ASSERT_EQUAL(send_as(call, &way, id), SX_OK);
    ASSERT_TEXT(sx_exchange_peer(call), OTHER);
    CU_ASSERT_FALSE(complete(PEER, id));
    CU_ASSERT_TRUE(complete(OTHER, id));
    sx_exchange_release(call);
    teardown();
}

static void what_was_not_posted_is_prepared_again(void)
{
    const struct sx_draft_way *const ways[] = {&foreign, &kept};
    int i;
    for (i = 0; i < 2; i++) {
        struct soap_xmpp_call *call;
        struct sx_reply reply;
        char id[SX_EXCHANGE_ID_BYTES], again[SX_EXCHANGE_ID_BYTES], draft[] = "a";
        setup();
        call = begin();
        CU_ASSERT_EQUAL(send_as(call, ways[i], id), SX_OK);
        CU_ASSERT_TRUE(sx_draft_unsend(exchange, id));
        CU_ASSERT_FALSE(sx_draft_unsend(exchange, id));
        CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
        CU_ASSERT_FALSE(complete(PEER, id));
        park(call, draft, WAIT_ROOM);
        CU_ASSERT_PTR_EQUAL(sx_draft_take(exchange, WAIT_ROOM, &(unsigned){0}), draft);
        CU_ASSERT_EQUAL(sx_draft_send(exchange, id, ways[1 - i], again, &(uint64_t){0}), SX_OK);
        CU_ASSERT_TRUE(sx_draft_unsend(exchange, again));
        sx_exchange_stop(exchange, SX_ESTOPPED, "stop");
        sx_exchange_wait(call, PAST, &reply);
        CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &reply));
        sx_exchange_release(call);
        teardown();
    }
}

/* The poster stood still while the session was lost, and the loop posted the call in the next. */
static void a_copy_that_went_out_meanwhile_stays(void)
{
    struct soap_xmpp_call *call;
    struct sx_reply reply;
    struct sx_copy copy;
    char id[SX_EXCHANGE_ID_BYTES];
    setup();
    call = begin();
    CU_ASSERT_EQUAL(send_as(call, &kept, id), SX_OK);
    sx_retry_lose(exchange, SX_ELOST, "lost", SIZE_MAX);
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(exchange, sx_clock_now_us(), &copy));
    CU_ASSERT_FALSE(sx_draft_unsend(exchange, id));
    ASSERT_TEXT(copy.id, id);
    sx_copy_fini(&copy);
    sx_exchange_fail_all(exchange, SX_ELOST, "gone");
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &reply)); /* one is out */
    sx_exchange_release(call);
    teardown();
}

static void one_that_is_held_waits_for_its_bytes(void)
{
    struct sx_draft_way way = kept;
    struct soap_xmpp_call *call;
    char id[SX_EXCHANGE_ID_BYTES];
    uint64_t number = 0;
    setup();
    call = begin();
    way.is_held = true;
    CU_ASSERT_EQUAL(sx_draft_send(exchange, sx_exchange_id(call), &way, id, &number), SX_OK);
    CU_ASSERT_EQUAL(number, sx_exchange_number(call));
    CU_ASSERT_TRUE(sx_hold_is_wanted(exchange, number));
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), SX_NEVER);
    sx_hold_end(exchange, number);
    CU_ASSERT_EQUAL(sx_retry_due_us(exchange), 0);
    sx_exchange_release(call);
    teardown();
}

static void it_has_a_place_or_is_refused(void)
{
    struct soap_xmpp_call *calls[MOST], *more = NULL;
    int i;
    setup();
    for (i = 0; i < MOST; i++)
        calls[i] = begin();
    CU_ASSERT_EQUAL(sx_draft_begin(exchange, PEER, "add", NULL, false, &more), SX_EFULL);
    sx_exchange_release(calls[0]);
    CU_ASSERT_EQUAL(sx_draft_begin(exchange, PEER, "add", "me@here", false, &more), SX_OK);
    CU_ASSERT_TRUE(sx_draft_is_of(more));
    sx_exchange_release(more);
    sx_exchange_release(calls[1]);
    sx_exchange_release(calls[2]);
    CU_ASSERT_EQUAL(sx_exchange_begin(exchange, PEER, "add", PAST, &more), SX_OK);
    CU_ASSERT_FALSE(sx_draft_is_of(more));
    sx_exchange_release(more);
    sx_exchange_stop(exchange, SX_ESTOPPED, "stop");
    CU_ASSERT_EQUAL(sx_draft_begin(exchange, PEER, "add", NULL, false, &more), SX_ESTOPPED);
    teardown();
}

static void an_answer_comes_to_whose_call_it_is(void)
{
    struct soap_xmpp_call *call = NULL;
    struct sx_copy copy;
    char id[SX_EXCHANGE_ID_BYTES];
    setup();
    CU_ASSERT_EQUAL_FATAL(sx_draft_begin(exchange, PEER, "add", "lamp@gate/x", false, &call),
                          SX_OK);
    CU_ASSERT_EQUAL(send_as(call, &kept, id), SX_OK);
    CU_ASSERT_TRUE(sx_exchange_is_for(exchange, id, "lamp@gate/x"));
    CU_ASSERT_FALSE(sx_exchange_is_for(exchange, id, "lamp@gate/y"));
    CU_ASSERT_FALSE(sx_exchange_is_for(exchange, id, NULL));
    CU_ASSERT_TRUE(sx_exchange_is_for(exchange, "another", "gate"));
    sx_retry_lose(exchange, SX_ELOST, "lost", SIZE_MAX);
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(exchange, sx_clock_now_us(), &copy));
    ASSERT_TEXT(copy.from, "lamp@gate/x");
    sx_copy_fini(&copy);
    sx_exchange_release(call);
    teardown();
}

static void all_that_wait_can_be_ended_at_once(void)
{
    struct soap_xmpp_call *calls[2];
    char drafts[] = "ab", id[SX_EXCHANGE_ID_BYTES];
    setup();
    calls[0] = begin();
    calls[1] = begin();
    park(calls[0], drafts, WAIT_PEER);
    CU_ASSERT_EQUAL(send_as(calls[1], &kept, id), SX_OK);
    sx_draft_end_all(exchange, SX_ELOST, "in vain");
    CU_ASSERT_PTR_EQUAL(sx_exchange_next_done(exchange, PAST), calls[0]);
    ASSERT_TEXT(sx_exchange_reply(calls[0])->text, "in vain");
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(exchange, PAST));
    sx_exchange_release(calls[0]);
    sx_exchange_release(calls[1]);
    teardown();
}

/* ---- short memory ---- */

static bool attempt_begin(struct shortage shortage)
{
    struct soap_xmpp_call *call = NULL;
    enum sx_err err;
    bool has_failed;
    setup();
    shortage_begin(shortage);
    err = sx_draft_begin(exchange, PEER, "add", "me@here", false, &call);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT_EQUAL(call == NULL, has_failed);
    sx_exchange_release(call);
    teardown();
    return has_failed;
}
SHORTAGE_TEST(begin, 3)

static bool attempt_send(struct shortage shortage)
{
    struct sx_draft_way way = kept;
    struct soap_xmpp_call *call;
    char id[SX_EXCHANGE_ID_BYTES];
    enum sx_err err;
    bool has_failed;
    setup();
    call = begin();
    way.peer = OTHER;
    shortage_begin(shortage);
    err = send_as(call, &way, id);
    has_failed = shortage_end();
    CU_ASSERT(err == SX_OK || (has_failed && err == SX_ENOMEM));
    if (err != SX_OK)
        CU_ASSERT_EQUAL(send_as(call, &way, id), SX_OK);
    CU_ASSERT_TRUE(complete(OTHER, id));
    sx_exchange_release(call);
    teardown();
    return has_failed;
}
SHORTAGE_TEST(send, 2)

/* Without memory for whom it waits it waits for room, which is looked for again and again. */
static bool attempt_park(struct shortage shortage)
{
    struct soap_xmpp_call *call;
    char draft[] = "a";
    bool has_failed;
    setup();
    call = begin();
    shortage_begin(shortage);
    park(call, draft, WAIT_PEER);
    has_failed = shortage_end();
    CU_ASSERT_TRUE(sx_draft_waits(exchange, has_failed ? WAIT_ROOM : WAIT_PEER, NULL));
    sx_exchange_release(call);
    teardown();
    return has_failed;
}
SHORTAGE_TEST(park, 1)

CU_TestInfo tests_draft[] = {
    {"what waits is woken by whom it waits for", what_waits_is_woken_by_whom_it_waits_for},
    {"the draft is freed with its call alone", the_draft_is_freed_with_its_call_alone},
    {"what has ended is neither parked nor sent", what_has_ended_is_neither_parked_nor_sent},
    {"what ended before it was sent hasn't run", what_ended_before_it_was_sent_has_not_run},
    {"a lost session leaves it alone, and no answer fits", a_lost_session_leaves_it_alone},
    {"it is sent once, or kept", it_is_sent_once_or_kept},
    {"it goes to the resource that was chosen", it_goes_to_the_resource_that_was_chosen},
    {"what wasn't posted is prepared again", what_was_not_posted_is_prepared_again},
    {"a copy that went out meanwhile stays", a_copy_that_went_out_meanwhile_stays},
    {"one that is held waits for its bytes", one_that_is_held_waits_for_its_bytes},
    {"it has a place, or is refused", it_has_a_place_or_is_refused},
    {"an answer comes to whose call it is", an_answer_comes_to_whose_call_it_is},
    {"all that wait can be ended at once", all_that_wait_can_be_ended_at_once},
    {"short memory: it begins", test_begin},
    {"short memory: it is sent", test_send},
    {"short memory: it is parked", test_park},
    CU_TEST_INFO_NULL,
};
