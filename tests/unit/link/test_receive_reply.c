/* Replies to packed calls, and what is learned from them of who packs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/message_call.h"
#include "exchange/retry.h"
#include "wire/namespaces.h"
#include "wire/stanza.h"
#include "../../lib/suite.h"
#include "responder.h"

#define INCARNATION "0123456789abcdef.1"
#define ENVELOPE(body)                                                                             \
    "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body>" body "</e:Body></e:Envelope>"
#define FAULT "<e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code></e:Fault>"

static const int64_t PAST = 1; /* microsecond after boot */

static struct soap_xmpp_call *begin_packed(struct responder *responder)
{
    struct soap_xmpp_call *call = NULL;
    char *element = responder_pack(ENVELOPE("<add/>"));
    CU_ASSERT_EQUAL_FATAL(
        sx_exchange_begin(responder->link->exchange, RESPONDER_PEER, "add", PAST, &call), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, INCARNATION, element, strlen(element)), SX_OK);
    free(element);
    return call;
}

static void end_packed(struct soap_xmpp_call *call, struct sx_reply *reply)
{
    sx_exchange_wait(call, PAST, reply);
    sx_exchange_release(call);
}

TEST(a_packed_answer_completes_its_call)
{
    static const struct {
        const char *type, *envelope, *error;
        enum sx_err err;
    } rows[] = {
        {"result", ENVELOPE("<added/>"), "", SX_OK},
        {"error", ENVELOPE(FAULT), "<error type='modify'/>", SX_OK},
        {"error", ENVELOPE("<add/>"),
         "<error type='cancel'><gone xmlns='" SX_NS_STANZAS "'/></error>", SX_ESTANZA},
    };
    struct responder responder;
    size_t i;
    responder_serve(&responder, "*");
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct soap_xmpp_call *call = begin_packed(&responder);
        struct sx_buffer content = {0};
        struct sx_reply reply;
        char *element = responder_pack(rows[i].envelope);
        sx_buffer_add_text(&content, element);
        sx_buffer_add_text(&content, rows[i].error);
        responder_say(&responder, rows[i].type, sx_exchange_id(call), content.bytes);
        ASSERT_TEXT(responder_said(&responder), ""); /* the peer isn't doubted */
        end_packed(call, &reply);
        CU_ASSERT_EQUAL(reply.err, rows[i].err);
        CU_ASSERT_EQUAL(reply.envelope.bytes != NULL, rows[i].err == SX_OK);
        CU_ASSERT_EQUAL(reply.envelope.is_fault, i == 1);
        sx_reply_fini(&reply);
        free(element);
        sx_buffer_fini(&content);
    }
    responder_stop(&responder);
}

/* The next copy of the call, whose peer is this link itself: takes the way of a request. */
static void deliver_copy(struct responder *responder)
{
    struct sx_copy copy;
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(responder->link->exchange, SX_NEVER / 2, &copy));
    responder_say(responder, "set", copy.id, copy.payload);
    sx_copy_fini(&copy);
}

/* A call has moved under the incarnation of a mark that was old, its first copy was lost, and the
 * second one is stale. */
TEST(a_call_whose_copies_all_came_too_late_goes_on)
{
    struct responder responder;
    struct soap_xmpp_call *call = NULL;
    char old[SX_INCARNATION_BYTES], id[SX_EXCHANGE_ID_BYTES], *error, *element;
    responder_serve(&responder, "*");
    sx_journal_incarnation(responder.link->journal, sx_clock_now_us() - 1200 * INT64_C(1000000),
                           old);
    element = responder_pack(ENVELOPE("<c:add xmlns:c='urn:c'/>"));
    CU_ASSERT_EQUAL_FATAL(
        sx_exchange_begin(responder.link->exchange, RESPONDER_PEER, "add", PAST, &call), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, old, element, strlen(element)), SX_OK);
    sx_exchange_copy_id(call, id);
    deliver_copy(&responder);
    ASSERT_CONTAINS(responder_said(&responder), "' since='");
    CU_ASSERT_PTR_NOT_NULL_FATAL(error = strdup(strstr(responder_said(&responder), "<error ")));
    *strstr(error, "</iq>") = '\0';
    responder_say(&responder, "error", id, error);
    deliver_copy(&responder);
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    free(error);
    free(element);
    sx_exchange_release(call);
    responder_stop(&responder);
}

TEST(who_refuses_a_packed_call_like_a_stranger_is_doubted)
{
    static const char unavailable[] =
        "<error type='cancel'><service-unavailable xmlns='" SX_NS_STANZAS "'/></error>";
    struct responder responder;
    struct soap_xmpp_call *call;
    struct sx_reply reply;
    responder_serve(&responder, "*");
    call = begin_packed(&responder);
    responder_say(&responder, "error", sx_exchange_id(call), unavailable);
    CU_ASSERT_EQUAL(responder.posts, 1);
    ASSERT_CONTAINS(responder_said(&responder), "<iq type='get' to='" RESPONDER_PEER "' id='");
    ASSERT_CONTAINS(responder_said(&responder), "<query xmlns='" SX_NS_DISCO_INFO "'/>");
    responder_say(&responder, "error", sx_exchange_id(call), unavailable);
    ASSERT_TEXT(responder_said(&responder), ""); /* it was asked just now */
    responder.link->fallback.asked_us = 0;
    responder_say(&responder, "error", sx_exchange_id(call),
                  "<error type='cancel'><service-unavailable xmlns='" SX_NS_STANZAS
                  "'/><refused xmlns='" SX_NS_DELIVERY "'/></error>");
    ASSERT_TEXT(responder_said(&responder), "");
    end_packed(call, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ESTANZA);
    sx_reply_fini(&reply);
    responder_stop(&responder);
}

/* It says so when it is asked. */
static void say_features(struct responder *responder, const char *feature)
{
    struct sx_buffer query = {0};
    struct soap_xmpp_call *call;
    struct sx_reply reply;
    CU_ASSERT_EQUAL_FATAL(
        sx_exchange_begin(responder->link->exchange, RESPONDER_PEER, "disco#info", PAST, &call),
        SX_OK);
    sx_buffer_add_format(&query,
                         "<query xmlns='" SX_NS_DISCO_INFO "'><feature var='" SX_NS_SOAP
                         "'/><feature var='" SX_NS_DELIVERY "'/><feature var='" SX_NS_DELIVERY
                         "#" INCARNATION "'/><feature var='%s'/></query>",
                         feature);
    responder_say(responder, "result", sx_exchange_id(call), query.bytes);
    sx_buffer_fini(&query);
    end_packed(call, &reply);
    sx_reply_fini(&reply);
}

TEST(a_peer_that_says_it_does_not_pack_gets_its_calls_plain)
{
    struct responder responder;
    struct soap_xmpp_call *call;
    struct sx_exchange *exchange;
    struct sx_copy copy;
    responder_serve(&responder, "*");
    exchange = responder.link->exchange;
    call = begin_packed(&responder);
    say_features(&responder, SX_NS_PACKED);
    CU_ASSERT_TRUE(sx_retry_is_packed(exchange, RESPONDER_PEER, sx_exchange_id(call)));
    say_features(&responder, "urn:x");
    CU_ASSERT_FALSE(sx_retry_is_packed(exchange, RESPONDER_PEER, sx_exchange_id(call)));
    sx_retry_lose(exchange, SX_ELOST, "", SIZE_MAX);
    CU_ASSERT_TRUE_FATAL(sx_retry_take_due(exchange, sx_clock_now_us(), &copy));
    ASSERT_CONTAINS(copy.payload, "<add/>");
    sx_copy_fini(&copy);
    sx_exchange_release(call);
    responder_stop(&responder);
}

/* ---- receipts ---- */

/* Whether a call by message is taken to be with our server by this answer to its ping. */
static bool is_received_by(struct responder *responder, const char *type, const char *from)
{
    struct soap_xmpp_call *call = NULL;
    char id[SX_RECEIPT_ID_BYTES], stanza[600];
    struct sx_reply reply;
    CU_ASSERT_EQUAL_FATAL(
        sx_exchange_begin(responder->link->exchange, RESPONDER_PEER, "add", PAST, &call), SX_OK);
    CU_ASSERT_EQUAL(sx_message_call_set(call, ".0123456789abcdef~message", NULL), SX_OK);
    sx_message_call_receipt_id(call, id);
    snprintf(stanza, sizeof stanza, "<iq type='%s' id='%s' to='calc@example.org/soap'%s%s%s/>",
             type, id, from ? " from='" : "", from ? from : "", from ? "'" : "");
    responder_hear(responder, stanza, strlen(stanza));
    ASSERT_TEXT(responder_said(responder), "");
    sx_message_call_wait_received(call, PAST, &reply);
    CU_ASSERT_TRUE(reply.err == SX_OK || reply.err == SX_ETIMEOUT);
    sx_exchange_release(call);
    return reply.err == SX_OK;
}

/* A peer that was called once can tell the ids of the next calls. */
TEST(our_own_server_gives_a_receipt_and_nobody_else)
{
    static const char *const others[] = {
        RESPONDER_PEER, "alice@example.org",    "mallory@example.org/x", "example.org.evil.net",
        "evil.net",     "calc@example.org/rob", "example.org/x",
    };
    struct responder responder;
    size_t i;
    responder_serve(&responder, "*");
    for (i = 0; i < sizeof others / sizeof *others; i++) {
        CU_ASSERT_FALSE(is_received_by(&responder, "result", others[i]));
        CU_ASSERT_FALSE(is_received_by(&responder, "error", others[i]));
    }
    CU_ASSERT_TRUE(is_received_by(&responder, "result", "example.org"));
    CU_ASSERT_TRUE(is_received_by(&responder, "error", "example.org"));
    CU_ASSERT_TRUE(is_received_by(&responder, "result", NULL));
    responder_stop(&responder);
}

CU_TestInfo tests_receive_reply[] = {
    {"our own server gives a receipt, and nobody else",
     our_own_server_gives_a_receipt_and_nobody_else},
    {"a packed answer completes its call", a_packed_answer_completes_its_call},
    {"a call whose copies all came too late goes on, and is run",
     a_call_whose_copies_all_came_too_late_goes_on},
    {"who refuses a packed call like a stranger is doubted",
     who_refuses_a_packed_call_like_a_stranger_is_doubted},
    {"a peer that says it doesn't pack gets its calls plain",
     a_peer_that_says_it_does_not_pack_gets_its_calls_plain},
    CU_TEST_INFO_NULL,
};
