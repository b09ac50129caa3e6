/* Calls by message in the exchange table: answered by an account, received by the own server, found
 * by a later process. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"
#include "../../lib/waiting.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/exchange.h"
#include "exchange/message_call.h"
#include "exchange/retry.h"

#define BARE   "calc@example.org"
#define SUFFIX ".0123456789abcdef~message"

static const int64_t PAST = 1; /* microseconds after boot */

static int64_t distant(void)
{
    return sx_clock_deadline(30 * INT64_C(1000000));
}

static struct sx_exchange *make(void)
{
    struct sx_exchange *exchange = sx_exchange_new(10, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(exchange);
    CU_ASSERT_EQUAL(sx_exchange_set_own_jid(exchange, "alice@example.org/desk"), SX_OK);
    return exchange;
}

static struct soap_xmpp_call *mail(struct sx_exchange *exchange, const char *peer, const char *name)
{
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, peer, "add", PAST, &call), SX_OK);
    CU_ASSERT_FALSE(sx_message_call_is_one(call));
    CU_ASSERT_EQUAL_FATAL(sx_message_call_set(call, SUFFIX, name), SX_OK);
    CU_ASSERT_TRUE(sx_message_call_is_one(call));
    return call;
}

static struct sx_reply answer(void)
{
    struct sx_reply reply = {0};
    reply.envelope.bytes = strdup("<Envelope/>");
    reply.envelope.len = strlen("<Envelope/>");
    return reply;
}

static bool complete(struct sx_exchange *exchange, const char *from, const char *id)
{
    struct sx_reply reply = answer();
    return sx_exchange_complete(exchange, from, id, &reply);
}

static enum sx_err ending(struct soap_xmpp_call *call, int64_t deadline)
{
    struct sx_reply reply;
    enum sx_err err;
    sx_exchange_wait(call, deadline, &reply);
    err = reply.err;
    sx_reply_fini(&reply);
    return err;
}

static enum sx_err receiving(struct soap_xmpp_call *call, int64_t deadline)
{
    struct sx_reply reply;
    enum sx_err err;
    sx_message_call_wait_received(call, deadline, &reply);
    err = reply.err;
    sx_reply_fini(&reply);
    return err;
}

static bool take_receipt(struct soap_xmpp_call *call)
{
    char id[SX_RECEIPT_ID_BYTES];
    sx_message_call_receipt_id(call, id);
    return sx_message_call_take_receipt(sx_exchange_of(call), id);
}

static void any_resource_answers(void)
{
    struct sx_exchange *exchange = make();
    static const char *const peers[] = {BARE, BARE "/soap", "comp.example.org"};
    static const char *const from[] = {BARE "/other", "Calc@example.org/other",
                                       "comp.example.org/x"};
    int i;
    for (i = 0; i < 3; i++) {
        struct soap_xmpp_call *call = mail(exchange, peers[i], NULL);
        const char *id = sx_exchange_id(call);
        ASSERT_CONTAINS(id, SUFFIX);
        CU_ASSERT_TRUE(sx_exchange_gave_out(exchange, id));
        CU_ASSERT_FALSE(complete(exchange, "mallory@example.org/soap", id));
        CU_ASSERT_FALSE(complete(exchange, "example.org", id));
        CU_ASSERT_FALSE(complete(exchange, NULL, id));
        CU_ASSERT_FALSE(sx_exchange_expects(exchange, "mallory@example.org", id));
        CU_ASSERT_TRUE(sx_exchange_expects(exchange, from[i], id));
        CU_ASSERT_TRUE(complete(exchange, from[i], id));
        CU_ASSERT_FALSE(complete(exchange, from[i], id));
        CU_ASSERT_EQUAL(ending(call, distant()), SX_OK);
        sx_exchange_release(call);
    }
    sx_exchange_free(exchange);
}

static void receipts_have_ids_of_their_own(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = mail(exchange, BARE, NULL);
    CU_ASSERT_FALSE(sx_message_call_take_receipt(exchange, sx_exchange_id(call)));
    CU_ASSERT_FALSE(sx_message_call_take_receipt(exchange, "x~received"));
    CU_ASSERT_FALSE(sx_message_call_take_receipt(exchange, "~received"));
    CU_ASSERT_FALSE(sx_message_call_take_receipt(exchange, ""));
    CU_ASSERT_EQUAL(receiving(call, PAST), SX_ETIMEOUT);
    CU_ASSERT_TRUE(take_receipt(call)); /* late */
    sx_exchange_release(call);
    call = mail(exchange, BARE, NULL);
    CU_ASSERT_TRUE(take_receipt(call));
    CU_ASSERT_EQUAL(receiving(call, PAST), SX_OK);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void a_bounce_before_the_receipt_counts(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = mail(exchange, BARE, NULL);
    struct sx_reply reply = {.err = SX_ESTANZA, .condition = "service-unavailable"};
    CU_ASSERT_TRUE(sx_exchange_complete(exchange, BARE, sx_exchange_id(call), &reply));
    CU_ASSERT_TRUE(take_receipt(call));
    sx_message_call_wait_received(call, distant(), &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ESTANZA);
    CU_ASSERT_FALSE(sx_exchange_may_have_run(call, &reply));
    ASSERT_TEXT(reply.condition, "service-unavailable");
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void what_is_received_outlives_the_connection(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *sent = mail(exchange, BARE, NULL),
                          *received = mail(exchange, BARE, NULL);
    CU_ASSERT_TRUE(take_receipt(received));
    sx_retry_lose(exchange, SX_ELOST, "cut", SIZE_MAX);
    CU_ASSERT_EQUAL(ending(sent, distant()), SX_ELOST);
    CU_ASSERT_TRUE(complete(exchange, BARE "/soap", sx_exchange_id(received)));
    CU_ASSERT_EQUAL(ending(received, distant()), SX_OK);
    sx_exchange_release(sent);
    sx_exchange_release(received);
    sx_exchange_free(exchange);
}

static void *give_receipt(void *argument)
{
    CU_ASSERT_TRUE(take_receipt(argument));
    return NULL;
}

static void a_receipt_wakes_who_waits_for_it(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = mail(exchange, BARE, NULL);
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, give_receipt, call), 0);
    CU_ASSERT_EQUAL(receiving(call, distant()), SX_OK);
    pthread_join(thread, NULL);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* ---- found ---- */

static enum sx_err find(struct sx_exchange *exchange, const char *id, const char *name, bool *found)
{
    struct sx_reply reply = answer();
    snprintf(reply.envelope.operation, sizeof reply.envelope.operation, "addResponse");
    return sx_message_call_complete(exchange, BARE "/soap", id, name, &reply, found);
}

static void an_answer_is_found(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call;
    struct sx_reply reply;
    bool found = false;
    sx_message_call_expect_found(exchange, 1000);
    CU_ASSERT_EQUAL(find(exchange, "other-1" SUFFIX, "job 7", &found), SX_OK);
    CU_ASSERT_TRUE(found);
    call = sx_exchange_next_done(exchange, PAST);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    CU_ASSERT_TRUE(sx_message_call_claim(call));
    CU_ASSERT_FALSE(sx_message_call_claim(call));
    ASSERT_TEXT(sx_message_call_name(call), "job 7");
    ASSERT_TEXT(sx_exchange_peer(call), BARE "/soap");
    CU_ASSERT_PTR_NULL(sx_exchange_user(call));
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(exchange, PAST));
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_OK);
    ASSERT_TEXT(reply.envelope.bytes, "<Envelope/>");
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void a_call_under_way_is_answered_by_it(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = mail(exchange, BARE, "mine");
    bool found = true;
    sx_message_call_expect_found(exchange, 1000);
    CU_ASSERT_EQUAL(find(exchange, sx_exchange_id(call), "mine", &found), SX_OK);
    CU_ASSERT_FALSE(found);
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(exchange, PAST));
    CU_ASSERT_EQUAL(ending(call, distant()), SX_OK);
    ASSERT_TEXT(sx_message_call_name(call), "mine");
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

/* The answer is lost for good: its call must not wait for another one. */
static bool attempt_find_own(struct shortage shortage)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = mail(exchange, BARE, "mine");
    bool has_failed, found = false;
    struct sx_reply reply = answer();
    enum sx_err err;
    shortage_begin(shortage);
    err = sx_message_call_complete(exchange, BARE, sx_exchange_id(call), "mine", &reply, &found);
    has_failed = shortage_end();
    CU_ASSERT_FALSE(found);
    CU_ASSERT(err == SX_OK || err == SX_ENOMEM);
    CU_ASSERT_EQUAL(ending(call, PAST), err);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
    return has_failed;
}

SHORTAGE_TEST(find_own, 1)

/* attached, and detached once more before it was read: like any other from then on */
static void a_found_one_may_be_detached(void)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call;
    bool found;
    sx_message_call_expect_found(exchange, strlen("<Envelope/>"));
    CU_ASSERT_EQUAL(find(exchange, "a", "1", &found), SX_OK);
    call = sx_exchange_next_done(exchange, PAST);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    CU_ASSERT_TRUE(sx_message_call_claim(call));
    sx_exchange_attach(call);
    sx_exchange_detach(call, PAST, exchange);
    CU_ASSERT_EQUAL(find(exchange, "b", "2", &found), SX_OK);
    CU_ASSERT_EQUAL(find(exchange, "c", "3", &found), SX_EFULL);
    CU_ASSERT_PTR_EQUAL(sx_exchange_next_done(exchange, PAST), call);
    CU_ASSERT_FALSE(sx_message_call_claim(call));
    CU_ASSERT_EQUAL(find(exchange, "c", "3", &found), SX_EFULL);
    CU_ASSERT_PTR_EQUAL(sx_exchange_user(call), exchange);
    CU_ASSERT_EQUAL(ending(call, PAST), SX_OK);
    sx_exchange_release(call);
    sx_exchange_free(exchange);
}

static void found_ones_are_bounded(void)
{
    struct sx_exchange *exchange = make();
    size_t bytes = strlen("<Envelope/>");
    bool found;
    sx_message_call_expect_found(exchange, 2 * bytes);
    CU_ASSERT_EQUAL(find(exchange, "a", "1", &found), SX_OK);
    CU_ASSERT_EQUAL(find(exchange, "b", "2", &found), SX_OK);
    CU_ASSERT_EQUAL(find(exchange, "c", "3", &found), SX_EFULL);
    sx_exchange_release(sx_exchange_next_done(exchange, PAST));
    CU_ASSERT_EQUAL(find(exchange, "c", "3", &found), SX_OK);
    sx_exchange_free(exchange); /* with those that nobody took */
    exchange = make();
    sx_message_call_expect_found(exchange, SIZE_MAX);
    for (int i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(find(exchange, "a", "1", &found), SX_OK);
    CU_ASSERT_EQUAL(find(exchange, "a", "1", &found), SX_EFULL);
    sx_exchange_stop(exchange, SX_ESTOPPED, "stopped");
    CU_ASSERT_EQUAL(find(exchange, "a", "1", &found), SX_ESTOPPED);
    sx_exchange_free(exchange);
}

static void *stop(void *argument)
{
    sx_exchange_stop(argument, SX_ESTOPPED, "stopped");
    return NULL;
}

static void who_has_called_nobody_waits(void)
{
    struct sx_exchange *exchange = make();
    pthread_t thread;
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(exchange, SX_NEVER)); /* at once */
    sx_message_call_expect_found(exchange, 1000);
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(exchange, sx_clock_deadline(1000)));
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, stop, exchange), 0);
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(exchange, SX_NEVER));
    pthread_join(thread, NULL);
    sx_exchange_free(exchange);
}

/* ---- short of memory ---- */

static bool attempt_mail(struct shortage shortage)
{
    struct sx_exchange *exchange = make();
    struct soap_xmpp_call *call = NULL;
    enum sx_err err;
    bool has_failed;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, BARE, "add", PAST, &call), SX_OK);
    shortage_begin(shortage);
    err = sx_message_call_set(call, SUFFIX, "name");
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT_EQUAL(sx_message_call_is_one(call), !has_failed);
    ASSERT_TEXT(sx_message_call_name(call), has_failed ? "" : "name");
    sx_exchange_release(call);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(mail, 2)

static bool attempt_find(struct shortage shortage)
{
    struct sx_exchange *exchange = make();
    struct sx_reply reply = answer();
    enum sx_err err;
    bool has_failed, found = false;
    sx_message_call_expect_found(exchange, 1000);
    shortage_begin(shortage);
    err = sx_message_call_complete(exchange, BARE, "x", "job", &reply, &found);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT_PTR_NULL(reply.envelope.bytes);
    CU_ASSERT_EQUAL(found, !has_failed);
    sx_exchange_free(exchange);
    return has_failed;
}
SHORTAGE_TEST(find, 4)

CU_TestInfo tests_message_call[] = {
    {"any resource of the account answers, and nobody else", any_resource_answers},
    {"receipts have ids of their own", receipts_have_ids_of_their_own},
    {"a bounce before the receipt counts", a_bounce_before_the_receipt_counts},
    {"what our server has received outlives the connection",
     what_is_received_outlives_the_connection},
    {"a receipt wakes who waits for it", a_receipt_wakes_who_waits_for_it},
    {"an answer to an earlier process is found, once", an_answer_is_found},
    {"a call under way is answered by it", a_call_under_way_is_answered_by_it},
    {"without memory for an answer its call ends", test_find_own},
    {"a found one may be detached like any other", a_found_one_may_be_detached},
    {"found ones are bounded by number and bytes, and go with the table", found_ones_are_bounded},
    {"without memory a call stays as it was", test_mail},
    {"without memory an answer is lost, and nothing else", test_find},
    {"with nothing under way who expects some waits, until the stop", who_has_called_nobody_waits},
    CU_TEST_INFO_NULL,
};
