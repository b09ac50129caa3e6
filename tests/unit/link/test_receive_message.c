/* Messages that arrive: requests, answers, and what disturbs neither.
 *
 * Stanzas as a server would deliver them go through the parser to sx_receive_stanza(); what it
 * posts, queues and traces is looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "soap/pack.h"
#include "wire/timestamp.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"
#include "responder.h"
#include "exchange/message_call.h"

#define ALICE "alice@example.org/desk"
#define ENVELOPE(operation)                                                                        \
    "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body><c:" operation " xmlns:c='urn:c'/></e:Body>"   \
    "</e:Envelope>"
#define FAULT                                                                                      \
    "<e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value>"  \
    "</e:Code></e:Fault></e:Body></e:Envelope>"

enum { MANY = 200, PAST = 1 };

/* A service that lets alice call, and takes messages from them. */
static void configure(struct soap_xmpp_config *config)
{
    responder_configure(config);
    config->allow = "alice@example.org";
    config->name_key = "secret";
    config->max_depth = 64;
    config->max_calls = 10;
    config->messages = 1;
}

static void serve(struct responder *responder)
{
    struct soap_xmpp_config config;
    configure(&config);
    responder_serve_with(responder, &config);
}

static void hear(struct responder *responder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void hear(struct responder *responder, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    int len;
    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    CU_ASSERT_FATAL(len > 0);
    responder_hear(responder, text, (size_t)len);
    free(text);
}

#define MESSAGE(id, inner)                                                                         \
    "<message from='" ALICE "' to='calc@example.org' id='" id "'>" inner "</message>"

/* ---- requests ---- */

TEST(a_request_is_queued)
{
    struct responder responder;
    struct sx_request *request;
    serve(&responder);
    hear(&responder,
         MESSAGE("1",
                 "<thread>t</thread><body>SOAP</body>" ENVELOPE(
                     "add") "<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/>"
                            "<stanza-id xmlns='urn:xmpp:sid:0' by='calc@example.org' id='x'/>"));
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    CU_ASSERT_TRUE(request->is_message);
    ASSERT_TEXT(request->from, ALICE);
    ASSERT_TEXT(request->to, "calc@example.org");
    ASSERT_TEXT(request->id, "1");
    ASSERT_TEXT(request->envelope.operation, "add");
    sx_request_free(request);
    /* of type chat as well, and not knowing who serves yet */
    hear(&responder, "<message type='chat' from='" ALICE "' id='2'>" ENVELOPE("add") "</message>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

TEST(requests_wait_for_who_will_serve)
{
    struct responder responder;
    struct soap_xmpp_config config;
    configure(&config);
    responder_start(&responder, &config);
    hear(&responder, MESSAGE("1", ENVELOPE("add")));
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

TEST(who_takes_none_says_so)
{
    struct responder responder;
    struct soap_xmpp_config config;
    configure(&config);
    config.messages = 0;
    responder_serve_with(&responder, &config);
    hear(&responder, "<message from='" ALICE
                     "' to='calc@example.org/soap' id='1~message'>" ENVELOPE("add") "</message>");
    ASSERT_CONTAINS(responder_said(&responder),
                    "<message type='error' to='" ALICE "' id='1~message'>"
                    "<error type='cancel' code='503'><service-unavailable ");
    ASSERT_CONTAINS(responder_said(&responder), "<refused xmlns='" SX_NS_DELIVERY "'/>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

/* Another process of the account may run it, to which the server hands it as well. */
TEST(who_takes_none_says_nothing_for_the_account)
{
    static const char *const receivers[] = {" to='calc@example.org'", "",
                                            " to='calc@example.org/other'"};
    struct responder responder;
    struct soap_xmpp_config config;
    size_t i;
    configure(&config);
    config.messages = 0;
    responder_serve_with(&responder, &config);
    for (i = 0; i < sizeof receivers / sizeof *receivers; i++) {
        hear(&responder, "<message from='" ALICE "' id='1~message'%s>" ENVELOPE("add") "</message>",
             receivers[i]);
        ASSERT_TEXT(responder_said(&responder), "");
        CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    }
    responder_stop(&responder);
}

TEST(rules_hold)
{
    struct responder responder;
    serve(&responder);
    hear(&responder, "<message from='bob@example.org/x' id='1'>" ENVELOPE("add") "</message>");
    ASSERT_CONTAINS(responder_said(&responder),
                    "<message type='error' to='bob@example.org/x' id='1'>"
                    "<error type='auth' code='403'><forbidden ");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

TEST(one_of_ours_runs_once)
{
    struct responder responder;
    int i;
    serve(&responder);
    for (i = 0; i < 3; i++) {
        hear(&responder, MESSAGE("1~message", ENVELOPE("add")));
        CU_ASSERT_EQUAL(responder_queued(&responder), 1);
        ASSERT_TEXT(responder_said(&responder), "");
    }
    sx_request_free(responder_take(&responder));
    sx_journal_answer(responder.link->journal, ALICE, "1~message", NULL, sx_clock_now_us());
    hear(&responder,
         "<message from='alice@example.org/other' id='1~message'>" ENVELOPE("add") "</message>");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    ASSERT_TEXT(responder_said(&responder), "");
    /* another's id, and a foreign one */
    hear(&responder, MESSAGE("2~message", ENVELOPE("add")));
    hear(&responder, MESSAGE("3", ENVELOPE("add")));
    hear(&responder, MESSAGE("3", ENVELOPE("add")));
    CU_ASSERT_EQUAL(responder_queued(&responder), 3);
    responder_stop(&responder);
}

TEST(one_of_ours_runs_once_where_the_jid_is_shared)
{
    struct responder responder;
    serve(&responder);
    sx_journal_share(responder.link->journal);
    hear(&responder, MESSAGE("1~message", ENVELOPE("add")));
    sx_request_free(responder_take(&responder));
    sx_journal_answer(responder.link->journal, ALICE, "1~message", NULL, sx_clock_now_us());
    hear(&responder, MESSAGE("1~message", ENVELOPE("add")));
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    ASSERT_TEXT(responder_said(&responder), "");
    responder_stop(&responder);
}

TEST(noise_is_ignored)
{
    static const char *const noise[] = {
        MESSAGE("1", "<body>hello</body>"),
        MESSAGE("1", "<composing xmlns='http://jabber.org/protocol/chatstates'/>"),
        MESSAGE("1", ""),
        "<message from='" ALICE "'>" ENVELOPE("add") "</message>",
        "<message id='1'>" ENVELOPE("add") "</message>",
        "<message type='groupchat' from='room@x/" ALICE "' id='1'>" ENVELOPE("add") "</message>",
        "<message type='headline' from='" ALICE "' id='1'>" ENVELOPE("add") "</message>",
        "<message type='error' from='" ALICE "' id='1'>" ENVELOPE("add") "</message>",
        "<message type='error' from='" ALICE "' id='1~message'><error type='cancel'/></message>",
        "<message from='calc@example.org' id='1'><received xmlns='urn:xmpp:carbons:2'>"
        "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='2' from='" ALICE
        "'>" ENVELOPE("add") "</message></forwarded></received></message>",
        "<message from='calc@example.org' id='1'><result xmlns='urn:xmpp:mam:2' id='a'>"
        "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay'/>"
        "<message xmlns='jabber:client' id='2' from='" ALICE
        "'>" ENVELOPE("add") "</message></forwarded></result></message>",
    };
    struct responder responder;
    size_t i;
    serve(&responder);
    for (i = 0; i < sizeof noise / sizeof *noise; i++) {
        hear(&responder, "%s", noise[i]);
        ASSERT_TEXT(responder_said(&responder), "");
        CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    }
    responder_stop(&responder);
}

TEST(what_is_no_envelope_is_refused)
{
    char deep[2000] = "";
    struct responder responder;
    int i;
    serve(&responder);
    for (i = 0; i < 100; i++)
        strcat(deep, "<a>");
    for (i = 0; i < 100; i++)
        strcat(deep, "</a>");
    hear(&responder,
         "<message from='" ALICE "' id='1'><e:Envelope xmlns:e='" SX_NS_SOAP12
         "'><e:Body>%s</e:Body></e:Envelope></message>",
         deep);
    ASSERT_CONTAINS(responder_said(&responder), "<message type='error'");
    CU_ASSERT_EQUAL(responder.posts, 1);
    hear(&responder, MESSAGE("1", ENVELOPE("add") ENVELOPE("add")));
    ASSERT_CONTAINS(responder_said(&responder), "<message type='error'");
    ASSERT_CONTAINS(responder_said(&responder), "two envelopes");
    hear(&responder, MESSAGE("2", "<packed xmlns='" SX_NS_PACKED "'>****</packed>"));
    ASSERT_TEXT(responder_said(&responder), ""); /* it might be anybody's */
    hear(&responder, MESSAGE("2~message", "<packed xmlns='" SX_NS_PACKED "'>****</packed>"));
    ASSERT_CONTAINS(responder_said(&responder), "bad-request");
    hear(&responder, MESSAGE("3~message", "<packed xmlns='" SX_NS_PACKED "'>AAAA</packed>"));
    ASSERT_CONTAINS(responder_said(&responder), "bad-request");
    ASSERT_CONTAINS(responder_said(&responder), "<refused");
    hear(&responder, MESSAGE("4~message", "<packed xmlns='" SX_NS_PACKED "' transfer='x'/>"));
    ASSERT_CONTAINS(responder_said(&responder), "bad-request");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    responder_stop(&responder);
}

TEST(a_packed_request_is_queued)
{
    static const char envelope[] = ENVELOPE("add");
    struct sx_buffer packed = {0}, text = {0};
    struct responder responder;
    struct sx_request *request;
    enum sx_form form;
    serve(&responder);
    CU_ASSERT_EQUAL_FATAL(sx_pack(envelope, sizeof envelope - 1, &packed, &form), SX_OK);
    sx_base64_add(&text, packed.bytes, packed.len);
    hear(&responder,
         MESSAGE("1~message", "<packed xmlns='" SX_NS_PACKED "'>%s</packed>" SX_STANZA_HINTS),
         text.bytes);
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    CU_ASSERT_EQUAL(request->envelope.form, SX_FORM_ZSTD);
    ASSERT_TEXT(request->envelope.operation, "add");
    sx_request_free(request);
    sx_buffer_fini(&packed);
    sx_buffer_fini(&text);
    responder_stop(&responder);
}

TEST(who_does_not_unpack_says_so)
{
    struct responder responder;
    serve(&responder);
    responder.link->content.packs = false;
    hear(&responder, MESSAGE("1~message", "<packed xmlns='" SX_NS_PACKED "'>AAAA</packed>"));
    ASSERT_CONTAINS(responder_said(&responder), "<service-unavailable");
    ASSERT_CONTAINS(responder_said(&responder), "<refused");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    hear(&responder, MESSAGE("1", "<packed xmlns='" SX_NS_PACKED "'>AAAA</packed>"));
    ASSERT_TEXT(responder_said(&responder), ""); /* it might be anybody's */
    responder_stop(&responder);
}

/* ---- age ---- */

static const char *stamp(int64_t age_s)
{
    static char texts[4][SX_TIMESTAMP_BYTES];
    static unsigned next;
    char *text = texts[next++ % 4];
    sx_timestamp_write(sx_timestamp_now_us() - age_s * 1000000, text);
    return text;
}

#define DELAYED(id)                                                                                \
    MESSAGE(id, "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='%s'/>" ENVELOPE(          \
                    "add") "<delay xmlns='urn:xmpp:delay' from='calc@example.org' "                \
                           "stamp='%s'>Offline</delay>")

TEST(old_ones_are_refused)
{
    struct responder responder;
    struct soap_xmpp_config config;
    configure(&config);
    config.max_age_s = 60;
    responder_serve_with(&responder, &config);
    hear(&responder, DELAYED("1~message"), stamp(10), stamp(20));
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    hear(&responder, DELAYED("2~message"), stamp(-100), stamp(-200));
    CU_ASSERT_EQUAL(responder_queued(&responder), 2);
    hear(&responder, DELAYED("3~message"), stamp(90), stamp(10));
    ASSERT_CONTAINS(responder_said(&responder), "<not-acceptable");
    ASSERT_CONTAINS(responder_said(&responder), "<refused");
    ASSERT_CONTAINS(responder_said(&responder),
                    "s old; none older than 60 s is served here (max_age_s)");
    hear(&responder, DELAYED("4~message"), stamp(10), stamp(90));
    ASSERT_CONTAINS(responder_said(&responder), "<not-acceptable");
    hear(&responder, DELAYED("5~message"), stamp(10), "yesterday");
    ASSERT_CONTAINS(responder_said(&responder), "without a readable stamp");
    CU_ASSERT_EQUAL(responder_queued(&responder), 2);
    CU_ASSERT_EQUAL(responder.line_count, 3);
    ASSERT_CONTAINS(responder.lines[0], "add of " ALICE " isn't run: the request is of ");
    /* what was run before isn't said not to have been */
    hear(&responder, DELAYED("1~message"), stamp(90), stamp(90));
    ASSERT_TEXT(responder_said(&responder), "");
    /* and who may not call learns nothing */
    hear(&responder,
         "<message from='bob@b/c' id='1'>" ENVELOPE(
             "add") "<delay xmlns='urn:xmpp:delay' stamp='%s'/></message>",
         stamp(90));
    ASSERT_CONTAINS(responder_said(&responder), "<forbidden");
    ASSERT_LACKS(responder_said(&responder), "max_age_s");
    responder_stop(&responder);
}

TEST(without_a_limit_none_is_too_old)
{
    struct responder responder;
    serve(&responder);
    hear(&responder, DELAYED("1"), "1970-01-01T00:00:00Z", "garbage");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

/* ---- answers ---- */

static struct soap_xmpp_call *mail(struct responder *responder, const char *name)
{
    struct sx_exchange *exchange = responder->link->exchange;
    struct sx_buffer suffix = {0};
    struct soap_xmpp_call *call = NULL;
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(exchange, "alice@example.org", "add", PAST, &call),
                          SX_OK);
    sx_message_ids_write(responder->link->names, &suffix, sx_exchange_id(call), name,
                         "alice@example.org");
    CU_ASSERT_EQUAL_FATAL(sx_message_call_set(call, suffix.bytes, name), SX_OK);
    sx_buffer_fini(&suffix);
    return call;
}

/* What the call ended with, SX_ETIMEOUT: nothing yet. The reply is in the static result. */
static const struct sx_reply *finish(struct soap_xmpp_call *call)
{
    static struct sx_reply reply;
    sx_reply_fini(&reply);
    sx_exchange_wait(call, PAST, &reply);
    sx_exchange_release(call);
    sx_memory_give(&reply.envelope.charge); /* the reply outlives the link */
    return &reply;
}

#define ANSWER "<message from='" ALICE "' id='%s'>" ENVELOPE("addResponse") "</message>"

TEST(an_answer_ends_its_call)
{
    struct responder responder;
    struct soap_xmpp_call *call;
    const struct sx_reply *reply;
    serve(&responder);
    call = mail(&responder, NULL);
    hear(&responder,
         "<message from='bob@example.org/x' id='%s'>" ENVELOPE("addResponse") "</message>",
         sx_exchange_id(call));
    hear(&responder, "<message from='" ALICE "' id='%s'><body>wait</body></message>",
         sx_exchange_id(call));
    hear(&responder, "<iq type='result' from='" ALICE "' id='%s'/>", sx_exchange_id(call));
    hear(&responder, ANSWER, sx_exchange_id(call));
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    reply = finish(call);
    CU_ASSERT_EQUAL(reply->err, SX_OK);
    ASSERT_CONTAINS(reply->envelope.bytes, "addResponse");
    responder_stop(&responder);
}

TEST(a_fault_is_an_answer)
{
    struct responder responder;
    struct soap_xmpp_call *call;
    const struct sx_reply *reply;
    serve(&responder);
    call = mail(&responder, NULL);
    hear(&responder,
         "<message type='error' from='" ALICE "' id='%s'>" FAULT
         "<error type='modify'><undefined-condition xmlns='" SX_NS_STANZAS "'/></error>"
         "</message>",
         sx_exchange_id(call));
    reply = finish(call);
    CU_ASSERT_EQUAL(reply->err, SX_OK);
    CU_ASSERT_TRUE(reply->envelope.is_fault);
    responder_stop(&responder);
}

/* With the request in it, as ejabberd sends it back. */
TEST(a_bounce_ends_the_call)
{
    struct responder responder;
    struct soap_xmpp_call *call;
    const struct sx_reply *reply;
    serve(&responder);
    call = mail(&responder, NULL);
    hear(&responder,
         "<message type='error' from='alice@example.org' id='%s'>" ENVELOPE(
             "add") "<error type='cancel'><service-unavailable xmlns='" SX_NS_STANZAS "'/></error>"
                    "</message>",
         sx_exchange_id(call));
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    reply = finish(call);
    CU_ASSERT_EQUAL(reply->err, SX_ESTANZA);
    ASSERT_TEXT(reply->condition, "service-unavailable");
    CU_ASSERT_FALSE(reply->delivery.refused);
    responder_stop(&responder);
}

TEST(an_answer_to_a_predecessor_is_no_request)
{
    struct responder responder;
    struct sx_buffer id = {0};
    serve(&responder);
    sx_buffer_add_text(&id, "0123-1");
    sx_message_ids_write(responder.link->names, &id, "0123-1", NULL, "alice@example.org");
    hear(&responder, ANSWER, id.bytes);
    ASSERT_TEXT(responder_said(&responder), "");
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(responder.link->exchange, PAST));
    sx_buffer_fini(&id);
    responder_stop(&responder);
}

TEST(a_named_one_is_found_once)
{
    struct responder responder;
    struct soap_xmpp_call *call;
    struct sx_buffer id = {0};
    int i;
    serve(&responder);
    sx_buffer_add_text(&id, "0123-1");
    sx_message_ids_write(responder.link->names, &id, "0123-1", "job 7", "alice@example.org");
    hear(&responder,
         "<message from='bob@example.org/x' id='%s'>" ENVELOPE("addResponse") "</message>",
         id.bytes);
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(responder.link->exchange, PAST));
    for (i = 0; i < 2; i++)
        hear(&responder, ANSWER, id.bytes);
    CU_ASSERT_EQUAL(responder_queued(&responder), 0);
    call = sx_exchange_next_done(responder.link->exchange, PAST);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    ASSERT_TEXT(sx_message_call_name(call), "job 7");
    ASSERT_CONTAINS(finish(call)->envelope.bytes, "addResponse");
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(responder.link->exchange, PAST));
    sx_buffer_fini(&id);
    responder_stop(&responder);
}

TEST(a_named_call_under_way_is_answered)
{
    struct responder responder;
    struct soap_xmpp_call *call;
    char *id;
    serve(&responder);
    call = mail(&responder, "job 8");
    id = strdup(sx_exchange_id(call));
    CU_ASSERT_PTR_NOT_NULL_FATAL(id);
    hear(&responder, ANSWER, id);
    CU_ASSERT_EQUAL(finish(call)->err, SX_OK);
    hear(&responder, ANSWER, id);
    CU_ASSERT_PTR_NULL(sx_exchange_next_done(responder.link->exchange, PAST));
    free(id);
    /* one that was given up is found */
    call = mail(&responder, "job 9");
    id = strdup(sx_exchange_id(call));
    CU_ASSERT_PTR_NOT_NULL_FATAL(id);
    CU_ASSERT_EQUAL(finish(call)->err, SX_ETIMEOUT);
    hear(&responder,
         "<message type='error' from='" ALICE "' id='%s'>" FAULT
         "<error type='modify'><undefined-condition xmlns='" SX_NS_STANZAS "'/></error>"
         "</message>",
         id);
    call = sx_exchange_next_done(responder.link->exchange, PAST);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    ASSERT_TEXT(sx_message_call_name(call), "job 9");
    CU_ASSERT_TRUE(finish(call)->envelope.is_fault);
    free(id);
    responder_stop(&responder);
}

/* ---- copies that a server makes ---- */

static void assert_dropped(struct responder *responder, const char *stanza)
{
    hear(responder, "%s", stanza);
    ASSERT_TEXT(responder_said(responder), "");
    CU_ASSERT_EQUAL(responder_queued(responder), 0);
}

#define REFUSED "<refused xmlns='" SX_NS_DELIVERY "'/>"

TEST(what_found_no_room_is_not_run_later)
{
    struct responder responder;
    struct soap_xmpp_config config;
    configure(&config);
    config.max_requests = 1;
    responder_serve_with(&responder, &config);
    hear(&responder, MESSAGE("1~message", ENVELOPE("add")));
    ASSERT_TEXT(responder_said(&responder), "");
    hear(&responder, MESSAGE("2~message", ENVELOPE("add")));
    ASSERT_CONTAINS(responder_said(&responder), REFUSED);
    sx_request_free(responder_take(&responder));
    assert_dropped(&responder, MESSAGE("2~message", ENVELOPE("add")));
    responder_stop(&responder);
}

/* Whichever allocation fails: for a plain message, and for one that must be unpacked for the rules.
 */
static bool attempt_message(struct shortage shortage, bool is_packed)
{
    char *packed = responder_pack(ENVELOPE("add")), *stanza = NULL;
    struct responder responder;
    struct soap_xmpp_config config;
    bool failed, is_over;
    configure(&config);
    config.allow = "alice@example.org:add";
    responder_serve_with(&responder, &config);
    CU_ASSERT_FATAL(
        asprintf(&stanza, MESSAGE("1~message", "%s"), is_packed ? packed : ENVELOPE("add")) > 0);
    shortage_begin(shortage);
    is_over = parser_feed(responder.parser, stanza, (int)strlen(stanza)) != 1;
    failed = shortage_end();
    if (!is_over && strstr(responder_said(&responder), REFUSED))
        assert_dropped(&responder, stanza);
    sx_request_free(responder_take(&responder));
    responder_stop(&responder);
    free(stanza);
    free(packed);
    return failed;
}

static bool attempt_plain_message(struct shortage shortage)
{
    return attempt_message(shortage, false);
}

static bool attempt_packed_message(struct shortage shortage)
{
    return attempt_message(shortage, true);
}

TEST(what_found_no_memory_is_not_run_later)
{
    CU_ASSERT(shortage_sweep(attempt_plain_message) > 3);
    CU_ASSERT(shortage_sweep(attempt_packed_message) > 3);
}

TEST(what_a_worker_declined_is_not_run_later)
{
    struct responder responder;
    struct sx_request *request;
    serve(&responder);
    hear(&responder, MESSAGE("1~message", ENVELOPE("add")));
    CU_ASSERT_PTR_NOT_NULL_FATAL(request = responder_take(&responder));
    sx_answer_decline(&responder.link->answers, request, "service-unavailable", "stopping", 0);
    sx_request_free(request);
    assert_dropped(&responder, MESSAGE("1~message", ENVELOPE("add")));
    responder_stop(&responder);
}

TEST(what_was_too_old_is_not_run_later)
{
    struct responder responder;
    struct soap_xmpp_config config;
    configure(&config);
    config.max_age_s = 60;
    responder_serve_with(&responder, &config);
    hear(&responder,
         MESSAGE("1~message",
                 ENVELOPE("add") "<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/>"));
    ASSERT_CONTAINS(responder_said(&responder), REFUSED);
    assert_dropped(&responder, MESSAGE("1~message", ENVELOPE("add")));
    hear(&responder, MESSAGE("2~message", ENVELOPE("add")));
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

static void assert_stays_declined(const char *rules, const char *stanza)
{
    struct responder responder;
    struct soap_xmpp_config config;
    configure(&config);
    config.allow = rules;
    responder_serve_with(&responder, &config);
    hear(&responder, "%s", stanza);
    ASSERT_CONTAINS(responder_said(&responder), REFUSED);
    CU_ASSERT_EQUAL(soap_xmpp_set_rules(responder.link, "*", NULL, 0), 0);
    assert_dropped(&responder, stanza);
    hear(&responder, MESSAGE("2~message", ENVELOPE("add")));
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

/* The rules may have changed when the second copy comes; its caller was told that it doesn't run.
 */
TEST(what_no_rule_allowed_is_not_run_later)
{
    char *packed = responder_pack(ENVELOPE("add")), *stanza = NULL;
    CU_ASSERT_FATAL(asprintf(&stanza, MESSAGE("1~message", "%s"), packed) > 0);
    assert_stays_declined("bob@example.org", MESSAGE("1~message", ENVELOPE("add")));
    assert_stays_declined("alice@example.org:sub", MESSAGE("1~message", ENVELOPE("add")));
    assert_stays_declined("bob@example.org", stanza);
    assert_stays_declined("alice@example.org:add",
                          MESSAGE("1~message", "<e:Envelope xmlns:e='" SX_NS_SOAP12
                                               "'><e:Header><a xmlns='urn:a'>/></a></e:Header>"
                                               "<e:Body><c:add xmlns:c='urn:c'/></e:Body>"
                                               "</e:Envelope>"));
    free(stanza);
    free(packed);
}

/* Of the last thousand; and ids of others may mean several messages. */
TEST(what_is_remembered_of_refusals_is_bounded)
{
    struct responder responder;
    int i;
    serve(&responder);
    for (i = 0; i <= SX_REFUSALS; i++)
        hear(&responder, "<message from='bob@example.org/x' id='%d~message'>%s</message>", i,
             ENVELOPE("add"));
    hear(&responder,
         "<message from='bob@example.org/x' id='foreign'>" ENVELOPE("add") "</message>");
    CU_ASSERT_EQUAL(soap_xmpp_set_rules(responder.link, "*", NULL, 0), 0);
    assert_dropped(&responder, "<message from='bob@example.org/y' id='1~message'>" ENVELOPE(
                                   "add") "</message>");
    hear(&responder,
         "<message from='bob@example.org/x' id='0~message'>" ENVELOPE("add") "</message>");
    hear(&responder,
         "<message from='bob@example.org/x' id='foreign'>" ENVELOPE("add") "</message>");
    hear(&responder, MESSAGE("1~message", ENVELOPE("add")));
    CU_ASSERT_EQUAL(responder_queued(&responder), 3);
    responder_stop(&responder);
}

TEST(what_was_too_old_and_cannot_be_remembered_is_not_said_to_be_refused)
{
    struct responder responder;
    struct soap_xmpp_config config;
    configure(&config);
    config.max_age_s = 60;
    config.max_remembered = 1;
    responder_serve_with(&responder, &config);
    hear(&responder, MESSAGE("1~message", ENVELOPE("add")));
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    hear(&responder,
         MESSAGE("2~message",
                 ENVELOPE("add") "<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/>"));
    ASSERT_CONTAINS(responder_said(&responder), "<internal-server-error");
    ASSERT_LACKS(responder_said(&responder), REFUSED);
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

/* Where nothing more can be remembered, nobody is told that no copy will run. */
TEST(what_cannot_be_remembered_is_not_said_to_be_refused)
{
    struct responder responder;
    struct soap_xmpp_config config;
    configure(&config);
    config.max_remembered = 1;
    responder_serve_with(&responder, &config);
    hear(&responder, MESSAGE("1~message", ENVELOPE("add")));
    ASSERT_TEXT(responder_said(&responder), "");
    hear(&responder, MESSAGE("2~message", ENVELOPE("add")));
    ASSERT_CONTAINS(responder_said(&responder), "<internal-server-error ");
    ASSERT_LACKS(responder_said(&responder), "<refused");
    CU_ASSERT_EQUAL(responder_queued(&responder), 1);
    responder_stop(&responder);
}

CU_TestInfo tests_receive_message[] = {
    {"a request is queued, whatever stands beside it", a_request_is_queued},
    {"requests wait for who will serve", requests_wait_for_who_will_serve},
    {"who takes none says so", who_takes_none_says_so},
    {"who takes none says nothing of what is for the whole account",
     who_takes_none_says_nothing_for_the_account},
    {"rules hold", rules_hold},
    {"one of this library's runs once", one_of_ours_runs_once},
    {"and so it does where the JID is shared", one_of_ours_runs_once_where_the_jid_is_shared},
    {"what found no room isn't run later", what_found_no_room_is_not_run_later},
    {"what no rule allowed isn't run later", what_no_rule_allowed_is_not_run_later},
    {"what is remembered of refusals is bounded", what_is_remembered_of_refusals_is_bounded},
    {"what found no memory isn't run later", what_found_no_memory_is_not_run_later},
    {"what a worker declined isn't run later", what_a_worker_declined_is_not_run_later},
    {"what was too old isn't run later", what_was_too_old_is_not_run_later},
    {"what can't be remembered isn't said to be refused",
     what_cannot_be_remembered_is_not_said_to_be_refused},
    {"nor is what was too old, if it can't be remembered",
     what_was_too_old_and_cannot_be_remembered_is_not_said_to_be_refused},
    {"noise is ignored, and never answered", noise_is_ignored},
    {"what is no envelope is refused", what_is_no_envelope_is_refused},
    {"a packed request is queued", a_packed_request_is_queued},
    {"who doesn't unpack says so", who_does_not_unpack_says_so},
    {"old ones are refused, by the oldest stamp", old_ones_are_refused},
    {"without a limit none is too old", without_a_limit_none_is_too_old},
    {"an answer ends its call", an_answer_ends_its_call},
    {"a fault is an answer", a_fault_is_an_answer},
    {"a bounce ends the call", a_bounce_ends_the_call},
    {"an answer to a predecessor is no request", an_answer_to_a_predecessor_is_no_request},
    {"a named one is found, once", a_named_one_is_found_once},
    {"a named call under way is answered, one that was given up is found",
     a_named_call_under_way_is_answered},
    CU_TEST_INFO_NULL,
};
