/* Bytestreams at a link: who may open one, and what its bytes are for. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/hex.h"
#include "exchange/retry.h"
#include "soap/pack.h"
#include "wire/namespaces.h"
#include "../../lib/suite.h"
#include "responder.h"

#define TRACEPARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define OWN         "calc@example.org/soap"
#define STRANGER    "mallory@example.com/x"
#define ENVELOPE                                                                                   \
    "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body><c:add "                                       \
    "xmlns:c='urn:c'/></e:Body></e:Envelope>"
#define RESULT "<iq type='result' to='" RESPONDER_PEER "'"

enum { SHA256_BYTES = 32 };

static const int64_t PAST = 1; /* microsecond after boot */

static struct responder responder;
static struct sx_buffer packed; /* an envelope's bytes */
static const char *form;
static char sha256[2 * SHA256_BYTES + 1];

static void setup(const char *rules, bool serves)
{
    unsigned char digest[SHA256_BYTES];
    struct soap_xmpp_config config;
    enum sx_form made;
    packed = (struct sx_buffer){0};
    CU_ASSERT_EQUAL_FATAL(sx_pack(ENVELOPE, strlen(ENVELOPE), &packed, &made), SX_OK);
    form = made == SX_FORM_STORED ? " form='stored'" : "";
    CU_ASSERT_FATAL(EVP_Digest(packed.bytes, packed.len, digest, NULL, EVP_sha256(), NULL));
    sx_hex_format(digest, sizeof digest, sha256);
    sha256[sizeof sha256 - 1] = '\0';
    responder_configure(&config);
    config.allow = rules;
    responder_start(&responder, &config);
    if (serves)
        sx_queue_open(responder.link->queue);
}

static void teardown(void)
{
    responder_stop(&responder);
    sx_buffer_fini(&packed);
}

/* What is said to this content from there. */
static const char *ask(const char *type, const char *from, const char *content)
{
    struct sx_buffer iq = {0};
    sx_buffer_add_format(&iq, "<iq type='%s' id='1' to='" OWN "' from='%s'>%s</iq>", type, from,
                         content);
    responder_hear(&responder, iq.bytes, iq.len);
    sx_buffer_fini(&iq);
    return responder_said(&responder);
}

/* operation: an attribute, or "". */
static const char *open_stream(const char *type, const char *from, const char *operation)
{
    char content[600];
    snprintf(content, sizeof content,
             "<open xmlns='" SX_NS_IBB "' sid='s' block-size='4096' stanza='iq'><packed "
             "xmlns='" SX_NS_PACKED "' transfer='t' size='%zu' sha256='%s' %s/></open>",
             packed.len, sha256, operation);
    return ask(type, from, content);
}

static const char *send_bytes(const char *from, const char *bytes, size_t len)
{
    struct sx_buffer content = {0};
    const char *said;
    sx_buffer_add_text(&content, "<data xmlns='" SX_NS_IBB "' sid='s' seq='0'>");
    sx_base64_add(&content, bytes, len);
    sx_buffer_add_text(&content, "</data>");
    said = ask("set", from, content.bytes);
    sx_buffer_fini(&content);
    return said;
}

static const char *close_stream(const char *from)
{
    return ask("set", from, "<close xmlns='" SX_NS_IBB "' sid='s'/>");
}

static const char *refer(void)
{
    static char reference[400];
    snprintf(reference, sizeof reference,
             "<packed xmlns='" SX_NS_PACKED "'%s transfer='t' size='%zu' sha256='%s' "
             "traceparent='" TRACEPARENT "'/>",
             form, packed.len, sha256);
    return reference;
}

/* ---- who may open one ---- */

TEST(who_may_call_may_send_bytes)
{
    setup("alice@example.org:add", true);
    ASSERT_CONTAINS(open_stream("set", RESPONDER_PEER, "operation='add'"), RESULT);
    ASSERT_CONTAINS(responder_said(&responder), "received='0'");
    teardown();
}

TEST(who_may_not_call_is_refused_and_told_of)
{
    setup("alice@example.org:add", true);
    ASSERT_CONTAINS(open_stream("set", STRANGER, "operation='add'"), "<forbidden ");
    CU_ASSERT_EQUAL(responder.line_count, 1);
    ASSERT_CONTAINS(responder.lines[0], STRANGER);
    ASSERT_CONTAINS(open_stream("set", RESPONDER_PEER, "operation='sub'"), "<forbidden ");
    ASSERT_CONTAINS(send_bytes(STRANGER, packed.bytes, packed.len), "<forbidden ");
    ASSERT_CONTAINS(send_bytes(RESPONDER_PEER, packed.bytes, packed.len), "<item-not-found ");
    teardown();
}

/* It may come again, as any request. */
TEST(a_request_for_who_does_not_serve_yet_is_unavailable)
{
    setup("*", false);
    ASSERT_CONTAINS(open_stream("set", RESPONDER_PEER, "operation='add'"), "<service-unavailable ");
    ASSERT_CONTAINS(open_stream("set", RESPONDER_PEER, ""), "<forbidden ");
    teardown();
}

TEST(it_comes_in_iqs_of_type_set)
{
    setup("*", true);
    ASSERT_CONTAINS(open_stream("get", RESPONDER_PEER, "operation='add'"), "<bad-request ");
    teardown();
}

/* ---- what it is for ---- */

TEST(a_request_finds_the_bytes_that_went_ahead)
{
    struct sx_request *request;
    setup("*", true);
    (void)open_stream("set", RESPONDER_PEER, "operation='add'");
    ASSERT_CONTAINS(send_bytes(RESPONDER_PEER, packed.bytes, packed.len), RESULT);
    ASSERT_CONTAINS(close_stream(RESPONDER_PEER), RESULT);
    ASSERT_TEXT(ask("set", RESPONDER_PEER, refer()), "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    CU_ASSERT_EQUAL(request->envelope.len, packed.len);
    CU_ASSERT_EQUAL(memcmp(request->envelope.bytes, packed.bytes, packed.len), 0);
    ASSERT_TEXT(request->envelope.traceparent, TRACEPARENT);
    sx_request_free(request);
    ASSERT_CONTAINS(ask("set", RESPONDER_PEER, refer()), "<item-not-found "); /* they are taken */
    teardown();
}

TEST(the_bytes_are_their_senders_alone)
{
    setup("*", true);
    (void)open_stream("set", RESPONDER_PEER, "operation='add'");
    (void)send_bytes(RESPONDER_PEER, packed.bytes, packed.len);
    ASSERT_CONTAINS(ask("set", STRANGER, refer()), "<item-not-found ");
    ASSERT_CONTAINS(send_bytes(STRANGER, packed.bytes, packed.len), "<item-not-found ");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    teardown();
}

/* Bytes that aren't those that were announced end the stream: twice said, once as the answer. */
TEST(other_bytes_than_announced_end_it)
{
    setup("*", true);
    (void)open_stream("set", RESPONDER_PEER, "operation='add'");
    packed.bytes[packed.len - 1] ^= 1;
    (void)send_bytes(RESPONDER_PEER, packed.bytes, packed.len);
    ASSERT_CONTAINS(responder_said(&responder), "<iq type='error'");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    ASSERT_CONTAINS(send_bytes(RESPONDER_PEER, packed.bytes, packed.len), "<item-not-found ");
    teardown();
}

/* Nobody may call: but whom we called may answer. */
TEST(an_answer_that_is_awaited_finds_its_bytes)
{
    struct soap_xmpp_call *call = NULL;
    struct sx_reply reply;
    setup(NULL, false);
    ASSERT_CONTAINS(open_stream("set", RESPONDER_PEER, ""), "<forbidden ");
    CU_ASSERT_EQUAL_FATAL(
        sx_exchange_begin(responder.link->exchange, RESPONDER_PEER, "add", PAST, &call), SX_OK);
    ASSERT_CONTAINS(open_stream("set", STRANGER, ""), "<forbidden ");
    ASSERT_CONTAINS(open_stream("set", RESPONDER_PEER, ""), RESULT);
    ASSERT_CONTAINS(send_bytes(RESPONDER_PEER, packed.bytes, packed.len), RESULT);
    responder_say(&responder, "result", sx_exchange_id(call), refer());
    sx_exchange_wait(call, PAST, &reply);
    CU_ASSERT_EQUAL(reply.err, SX_OK);
    CU_ASSERT_EQUAL(reply.envelope.len, packed.len);
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    teardown();
}

/* ---- a rule that is taken back meanwhile ---- */

static unsigned transfers(void)
{
    struct sx_receiver_counts counts;
    sx_receiver_count(responder.link->receiver, &counts);
    CU_ASSERT_EQUAL(counts.transfers == 0, counts.announced_bytes == 0);
    CU_ASSERT_TRUE(counts.transfers || !counts.held_bytes);
    return counts.transfers;
}

static size_t held_bytes(void)
{
    struct sx_memory_counts counts;
    sx_memory_count(sx_session_memory(responder.link->session), &counts);
    return counts.held_bytes;
}

static void disallow(const char *who, const char *operation)
{
    char why[300];
    CU_ASSERT_EQUAL(soap_xmpp_disallow(responder.link, who, operation, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
    sx_revocation_step(&responder.link->revocation);
}

TEST(what_a_caller_without_a_rule_was_sending_ends)
{
    setup("alice@example.org:add+sub *@example.net:add", true);
    (void)open_stream("set", RESPONDER_PEER, "operation='add'");
    ASSERT_CONTAINS(send_bytes(RESPONDER_PEER, packed.bytes, 5), RESULT);
    (void)open_stream("set", "bob@example.net/x", "operation='add'");
    ASSERT_CONTAINS(send_bytes("bob@example.net/x", packed.bytes, packed.len), "type='result'");
    CU_ASSERT_EQUAL(transfers(), 2);
    disallow("alice@example.org", "add"); /* its request may be another */
    CU_ASSERT_EQUAL(transfers(), 2);
    disallow("alice@example.org", "sub");
    CU_ASSERT_EQUAL(transfers(), 1);
    ASSERT_CONTAINS(responder.lines[responder.line_count - 1],
                    "1 of the messages that were arriving");
    ASSERT_CONTAINS(send_bytes(RESPONDER_PEER, packed.bytes, packed.len), "<forbidden ");
    ASSERT_CONTAINS(open_stream("set", RESPONDER_PEER, "operation='add'"), "<forbidden ");
    disallow("*@example.net", NULL); /* it has come whole, and waits */
    CU_ASSERT_EQUAL(transfers(), 0);
    CU_ASSERT_EQUAL(held_bytes(), 0);
    ASSERT_CONTAINS(close_stream("bob@example.net/x"), "<item-not-found ");
    CU_ASSERT_EQUAL(soap_xmpp_allow(responder.link, "alice@example.org", NULL, NULL, 0), 0);
    ASSERT_CONTAINS(open_stream("set", RESPONDER_PEER, "operation='add'"), "received='0'");
    teardown();
}

/* All at once, and those that stay allowed notice nothing. */
TEST(replaced_rules_end_what_they_do_not_name)
{
    setup("*", true);
    (void)open_stream("set", RESPONDER_PEER, "operation='add'");
    (void)open_stream("set", "bob@example.net/x", "operation='add'");
    CU_ASSERT_EQUAL(soap_xmpp_set_rules(responder.link, "alice@example.org/desk:add", NULL, 0), 0);
    sx_revocation_step(&responder.link->revocation);
    CU_ASSERT_EQUAL(transfers(), 1);
    ASSERT_CONTAINS(send_bytes("bob@example.net/x", packed.bytes, packed.len), "<forbidden ");
    ASSERT_CONTAINS(send_bytes(RESPONDER_PEER, packed.bytes, packed.len), RESULT);
    ASSERT_TEXT(ask("set", RESPONDER_PEER, refer()), "");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    teardown();
}

/* Rules are about requests. Once the call has ended its peer is like any other. */
TEST(an_answer_that_is_awaited_needs_no_rule)
{
    struct soap_xmpp_call *call = NULL;
    setup("alice@example.org", true);
    CU_ASSERT_EQUAL_FATAL(
        sx_exchange_begin(responder.link->exchange, RESPONDER_PEER, "add", PAST, &call), SX_OK);
    ASSERT_CONTAINS(open_stream("set", RESPONDER_PEER, ""), RESULT);
    disallow("alice@example.org", NULL);
    CU_ASSERT_EQUAL(transfers(), 1);
    ASSERT_CONTAINS(send_bytes(RESPONDER_PEER, packed.bytes, packed.len), RESULT);
    sx_exchange_release(call);
    sx_revocation_step(&responder.link->revocation);
    CU_ASSERT_EQUAL(transfers(), 0);
    teardown();
}

TEST(it_wants_to_be_asked_again_while_bytes_wait)
{
    setup("*", true);
    CU_ASSERT_EQUAL(sx_bytestream_step(&responder.link->bytestream), SX_NEVER);
    (void)open_stream("set", RESPONDER_PEER, "operation='add'");
    CU_ASSERT_TRUE(sx_bytestream_step(&responder.link->bytestream) < SX_NEVER);
    teardown();
}

CU_TestInfo tests_link_bytestream[] = {
    {"who may call may send bytes", who_may_call_may_send_bytes},
    {"who may not call is refused, and told of", who_may_not_call_is_refused_and_told_of},
    {"a request for who doesn't serve yet is unavailable",
     a_request_for_who_does_not_serve_yet_is_unavailable},
    {"it comes in iqs of type set", it_comes_in_iqs_of_type_set},
    {"a request finds the bytes that went ahead", a_request_finds_the_bytes_that_went_ahead},
    {"the bytes are their sender's alone", the_bytes_are_their_senders_alone},
    {"other bytes than announced end it", other_bytes_than_announced_end_it},
    {"an answer that is awaited finds its bytes", an_answer_that_is_awaited_finds_its_bytes},
    {"what a caller without a rule was sending ends",
     what_a_caller_without_a_rule_was_sending_ends},
    {"replaced rules end what they don't name", replaced_rules_end_what_they_do_not_name},
    {"an answer that is awaited needs no rule", an_answer_that_is_awaited_needs_no_rule},
    {"it wants to be asked again while bytes wait", it_wants_to_be_asked_again_while_bytes_wait},
    CU_TEST_INFO_NULL,
};
