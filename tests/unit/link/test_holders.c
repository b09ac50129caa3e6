/* What peers can make a link hold: each holder takes from one memory, and refuses in its own way
 * what finds no room.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "exchange/retry.h"
#include "wire/namespaces.h"
#include "wire/stanza.h"
#include "../../lib/suite.h"
#include "responder.h"

#define ENVELOPE(body)                                                                             \
    "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body>" body "</e:Body></e:Envelope>"
#define IBB  "http://jabber.org/protocol/ibb"
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum {
    PAST = 1, /* microsecond after boot */
    MEMORY_BYTES = 20 << 20,
    MESSAGE_BYTES = 1 << 20,
    PLAIN_BYTES = 20000,
    BLOCK_BYTES = 3000,
    OUTGOING_BYTES = 10000,
    ANSWER_BYTES = 100000,
    ACCOUNTS = 1000
};

static void serve(struct responder *responder)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.allow = "*";
    config.max_memory_bytes = MEMORY_BYTES;
    config.max_message_bytes = MESSAGE_BYTES;
    config.max_stanza_bytes = 100000;
    config.max_queued_bytes = 200000;
    config.max_outgoing_bytes = OUTGOING_BYTES;
    config.max_remembered_bytes = MESSAGE_BYTES;
    responder_serve_with(responder, &config);
}

static struct sx_memory *memory_of(const struct responder *responder)
{
    return sx_session_memory(responder->link->session);
}

static struct sx_memory_counts count(const struct responder *responder)
{
    struct sx_memory_counts counts;
    sx_memory_count(memory_of(responder), &counts);
    return counts;
}

/* All that is left, taken by others: of one kind, and of all. */
static void take_kind(const struct responder *responder, enum sx_memory_kind kind,
                      struct sx_charge *charge)
{
    char who[40];
    snprintf(who, sizeof who, "mallory%d@example.net", (int)kind);
    CU_ASSERT_TRUE(
        sx_memory_take(memory_of(responder), kind, who, count(responder).free_bytes[kind], charge));
}

struct rest {
    struct sx_charge charges[SX_MEMORY_KINDS];
};

static void take_rest(const struct responder *responder, struct rest *rest)
{
    int kind;
    *rest = (struct rest){0};
    for (kind = 0; kind < SX_MEMORY_KINDS; kind++)
        take_kind(responder, (enum sx_memory_kind)kind, &rest->charges[kind]);
}

static void give_rest(struct rest *rest)
{
    int kind;
    for (kind = 0; kind < SX_MEMORY_KINDS; kind++)
        sx_memory_give(&rest->charges[kind]);
}

/* The letter behind this one, in a row that nothing makes much shorter. */
static char next_letter(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return (char)('a' + (*state >> 16) % 26);
}

/* An envelope with so many letters; malloc'ed. */
static char *make_envelope(size_t letters, size_t *len)
{
    struct sx_buffer envelope = {0};
    uint32_t state = 1;
    size_t i;
    sx_buffer_add_text(&envelope, "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body>"
                                  "<c:say xmlns:c='urn:c'>");
    for (i = 0; i < letters; i++) {
        char one = next_letter(&state);
        sx_buffer_add(&envelope, &one, 1);
    }
    sx_buffer_add_text(&envelope, "</c:say></e:Body></e:Envelope>");
    CU_ASSERT_FATAL(!envelope.failed);
    return sx_buffer_take(&envelope, len);
}

static void hear(struct responder *responder, struct sx_buffer *stanza)
{
    CU_ASSERT_FATAL(!stanza->failed);
    responder_hear(responder, stanza->bytes, stanza->len);
    sx_buffer_fini(stanza);
}

/* ---- requests ---- */

/* A request of this account's; whether it was queued. */
static bool ask(struct responder *responder, unsigned account, size_t letters)
{
    unsigned long queued = responder_queued(responder);
    struct sx_buffer stanza = {0};
    size_t len;
    char *envelope = make_envelope(letters, &len);
    sx_buffer_add_format(&stanza,
                         "<iq type='set' to='calc@example.org/soap' id='%s' "
                         "from='u%u@example.org/r'>",
                         responder_tag(responder, "1"), account);
    sx_buffer_add(&stanza, envelope, len);
    sx_buffer_add_text(&stanza, "</iq>");
    free(envelope);
    hear(responder, &stanza);
    return responder_queued(responder) > queued;
}

TEST(a_request_that_finds_no_room_is_not_run)
{
    struct responder responder;
    unsigned account = 0;
    size_t held;
    serve(&responder);
    while (ask(&responder, account, PLAIN_BYTES) && ++account < ACCOUNTS)
        ;
    CU_ASSERT(account > 100 && account < ACCOUNTS);
    ASSERT_CONTAINS(responder_said(&responder), "<resource-constraint");
    ASSERT_CONTAINS(responder_said(&responder), "as much memory is taken as may be");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    held = count(&responder).held_bytes;
    CU_ASSERT(held > account * (size_t)PLAIN_BYTES);
    CU_ASSERT(held <= count(&responder).max_bytes / 8 * 5 + 8);
    CU_ASSERT_EQUAL(count(&responder).owners, account);
    ASSERT_CONTAINS(responder.lines[0], "calc@example.org: no room for ");
    CU_ASSERT_EQUAL(responder.line_count, 1);
    sx_request_free(responder_take(&responder));
    CU_ASSERT_TRUE(ask(&responder, account, PLAIN_BYTES)); /* under the same id: it has not run */
    responder_stop(&responder);
}

TEST(one_account_leaves_room_for_others)
{
    struct responder responder;
    unsigned own = 0;
    char id[20];
    serve(&responder);
    for (;;) {
        unsigned long queued = responder_queued(&responder);
        struct sx_buffer stanza = {0};
        size_t len;
        char *envelope = make_envelope(PLAIN_BYTES, &len);
        snprintf(id, sizeof id, "%u", own);
        sx_buffer_add_format(&stanza,
                             "<iq type='set' to='calc@example.org/soap' id='%s' "
                             "from='mallory@example.org/r%u'>",
                             responder_tag(&responder, id), own);
        sx_buffer_add(&stanza, envelope, len);
        sx_buffer_add_text(&stanza, "</iq>");
        free(envelope);
        hear(&responder, &stanza);
        if (responder_queued(&responder) == queued)
            break;
        own++;
    }
    CU_ASSERT(own > 50);
    CU_ASSERT(count(&responder).held_bytes <=
              count(&responder).max_bytes / 16 * 5 + 2 * PLAIN_BYTES);
    CU_ASSERT_TRUE(ask(&responder, 1, PLAIN_BYTES));
    responder_stop(&responder);
}

/* ---- transfers ---- */

static void open_transfer(struct responder *responder, const char *from, unsigned number)
{
    struct sx_buffer stanza = {0};
    sx_buffer_add_format(
        &stanza,
        "<iq type='set' to='calc@example.org/soap' id='o' from='%s'><open "
        "xmlns='" IBB "' sid='s%u' block-size='%d' stanza='iq'><packed xmlns='" SX_NS_PACKED
        "' transfer='t%u' size='100000' sha256='" HASH "' operation='say'/></open></iq>",
        from, number, (int)BLOCK_BYTES, number);
    hear(responder, &stanza);
}

static void send_block(struct responder *responder, const char *from, unsigned number,
                       unsigned block)
{
    static const char bytes[BLOCK_BYTES];
    struct sx_buffer stanza = {0};
    sx_buffer_add_format(&stanza,
                         "<iq type='set' to='calc@example.org/soap' id='d' from='%s'><data "
                         "xmlns='" IBB "' sid='s%u' seq='%u'>",
                         from, number, block);
    sx_base64_add(&stanza, bytes, sizeof bytes);
    sx_buffer_add_text(&stanza, "</data></iq>");
    hear(responder, &stanza);
}

TEST(a_block_that_finds_no_room_is_refused_for_now)
{
    struct responder responder;
    struct rest rest;
    serve(&responder);
    open_transfer(&responder, RESPONDER_PEER, 1);
    CU_ASSERT_EQUAL(count(&responder).held_bytes, 0); /* an announcement costs nothing */
    take_rest(&responder, &rest);
    send_block(&responder, RESPONDER_PEER, 1, 0);
    ASSERT_CONTAINS(responder_said(&responder), "<resource-constraint");
    ASSERT_CONTAINS(responder_said(&responder), "type='wait'");
    give_rest(&rest);
    open_transfer(&responder, RESPONDER_PEER, 1);
    ASSERT_CONTAINS(responder_said(&responder), "received='0'");
    send_block(&responder, RESPONDER_PEER, 1, 0);
    ASSERT_CONTAINS(responder_said(&responder), "type='result'");
    CU_ASSERT(count(&responder).held_bytes >= BLOCK_BYTES);
    sx_receiver_drop(responder.link->receiver, RESPONDER_PEER, "t1");
    CU_ASSERT_EQUAL(count(&responder).held_bytes, 0);
    responder_stop(&responder);
}

static struct soap_xmpp_call *begin_call(struct responder *responder)
{
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(
        sx_exchange_begin(responder->link->exchange, RESPONDER_PEER, "say", PAST, &call), SX_OK);
    CU_ASSERT_EQUAL_FATAL(sx_retry_keep(call, "0123456789abcdef.1", "<say/>", 6), SX_OK);
    return call;
}

TEST(what_may_be_our_answer_comes_when_requests_find_no_room)
{
    struct responder responder;
    struct sx_charge all = {0};
    struct soap_xmpp_call *call;
    serve(&responder);
    take_kind(&responder, SX_MEMORY_REQUEST, &all);
    call = begin_call(&responder);
    open_transfer(&responder, "bob@example.org/r", 1);
    open_transfer(&responder, RESPONDER_PEER, 2);
    send_block(&responder, "bob@example.org/r", 1, 0);
    ASSERT_CONTAINS(responder_said(&responder), "<resource-constraint");
    send_block(&responder, RESPONDER_PEER, 2, 0);
    ASSERT_CONTAINS(responder_said(&responder), "type='result'");
    sx_memory_give(&all);
    sx_exchange_release(call);
    responder_stop(&responder);
}

/* ---- answers ---- */

/* A request that waits for its answer; then the answer, so large that it goes in pieces. */
static struct sx_request *begin_request(struct responder *responder)
{
    char *element = responder_pack(ENVELOPE("<c:say xmlns:c='urn:c'/>"));
    struct sx_request *request;
    responder_say(responder, "set", responder_tag(responder, "1"), element);
    request = responder_take(responder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    free(element);
    return request;
}

static void end_request(struct responder *responder, struct sx_request *request)
{
    char *envelope, why[300];
    size_t len;
    envelope = make_envelope(ANSWER_BYTES, &len);
    CU_ASSERT_EQUAL(sx_answer_send(&responder->link->answers, request, responder->link->checker,
                                   envelope, len, why, sizeof why),
                    SX_OK);
    sx_request_free(request);
    free(envelope);
}

TEST(a_large_answer_has_room_when_requests_have_none)
{
    struct responder responder;
    struct sx_request *request;
    struct sx_charge all = {0};
    size_t held;
    serve(&responder);
    request = begin_request(&responder);
    take_kind(&responder, SX_MEMORY_REQUEST, &all);
    CU_ASSERT_FALSE(ask(&responder, 1, PLAIN_BYTES));
    held = count(&responder).held_bytes;
    end_request(&responder, request);
    CU_ASSERT(count(&responder).held_bytes > held + OUTGOING_BYTES);
    sx_memory_give(&all);
    responder_stop(&responder);
}

TEST(a_request_is_run_when_large_answers_have_no_room)
{
    struct responder responder;
    struct sx_charge all = {0};
    serve(&responder);
    take_kind(&responder, SX_MEMORY_ANSWER, &all);
    CU_ASSERT_TRUE(ask(&responder, 1, PLAIN_BYTES));
    sx_memory_give(&all);
    responder_stop(&responder);
}

/* Its caller hears that it has run, which is what the journal remembers. */
TEST(a_request_that_ran_is_answered_without_room)
{
    struct responder responder;
    struct sx_request *request;
    struct rest rest;
    serve(&responder);
    request = begin_request(&responder);
    take_rest(&responder, &rest);
    end_request(&responder, request);
    (void)sx_shipments_step(responder.link->shipments, 1); /* nobody makes room for it */
    ASSERT_CONTAINS(responder_said(&responder), "<internal-server-error");
    ASSERT_CONTAINS(responder_said(&responder), "as much memory is taken as may be");
    ASSERT_LACKS(responder_said(&responder), "<refused");
    give_rest(&rest);
    responder_ask(&responder, RESPONDER_PEER, responder_tag(&responder, "1"), "say");
    ASSERT_CONTAINS(responder_said(&responder), "<internal-server-error"); /* the same again */
    CU_ASSERT_EQUAL(count(&responder).held_bytes, 0);
    responder_stop(&responder);
}

TEST(an_answer_to_our_call_is_held_until_it_is_read)
{
    struct responder responder;
    struct soap_xmpp_call *call;
    struct rest rest;
    struct sx_reply reply;
    serve(&responder);
    call = begin_call(&responder);
    responder_say(&responder, "result", sx_exchange_id(call), ENVELOPE("<said/>"));
    sx_exchange_wait(call, PAST, &reply);
    sx_exchange_release(call);
    CU_ASSERT_EQUAL(reply.err, SX_OK);
    CU_ASSERT_EQUAL(count(&responder).held_bytes, reply.envelope.len);
    sx_reply_fini(&reply);
    CU_ASSERT_EQUAL(count(&responder).held_bytes, 0);
    take_rest(&responder, &rest);
    call = begin_call(&responder);
    responder_say(&responder, "result", sx_exchange_id(call), ENVELOPE("<said/>"));
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_ETAKEN);
    CU_ASSERT_PTR_NULL(reply.envelope.bytes);
    ASSERT_CONTAINS(reply.text, "bytes came, and as much memory is taken as may be");
    CU_ASSERT_TRUE(sx_exchange_may_have_run(call, &reply));
    sx_exchange_release(call);
    sx_reply_fini(&reply);
    give_rest(&rest);
    responder_stop(&responder);
}

/* ---- features ---- */

static int knows_features(struct responder *responder)
{
    return sx_features_has(responder->link->features, RESPONDER_PEER, SX_NS_SOAP,
                           sx_clock_now_us());
}

static void tell_features(struct responder *responder)
{
    char id[SX_EXCHANGE_ID_BYTES];
    sx_exchange_make_id(responder->link->exchange, id);
    responder_say(responder, "result", id,
                  "<query xmlns='" SX_NS_DISCO_INFO "'><feature var='" SX_NS_SOAP "'/></query>");
}

TEST(features_without_room_are_not_remembered)
{
    struct responder responder;
    struct rest rest;
    serve(&responder);
    take_rest(&responder, &rest);
    tell_features(&responder);
    CU_ASSERT_EQUAL(knows_features(&responder), -1);
    give_rest(&rest);
    tell_features(&responder);
    CU_ASSERT_EQUAL(knows_features(&responder), 1);
    CU_ASSERT(count(&responder).held_bytes > 0);
    sx_features_forget(responder.link->features, RESPONDER_PEER);
    CU_ASSERT_EQUAL(count(&responder).held_bytes, 0);
    responder_stop(&responder);
}

CU_TestInfo tests_holders[] = {
    {"a request that finds no room is not run", a_request_that_finds_no_room_is_not_run},
    {"one account leaves room for others", one_account_leaves_room_for_others},
    {"a block that finds no room is refused for now",
     a_block_that_finds_no_room_is_refused_for_now},
    {"what may be our answer comes when requests find no room",
     what_may_be_our_answer_comes_when_requests_find_no_room},
    {"a large answer has room when requests have none",
     a_large_answer_has_room_when_requests_have_none},
    {"a request is run when large answers have no room",
     a_request_is_run_when_large_answers_have_no_room},
    {"a request that ran is answered without room", a_request_that_ran_is_answered_without_room},
    {"an answer to our call is held until it is read",
     an_answer_to_our_call_is_held_until_it_is_read},
    {"features without room are not remembered", features_without_room_are_not_remembered},
    CU_TEST_INFO_NULL,
};
