/* test_answer.c - what a call can end with, and what both sides learn of it.
 *
 * Invariant: end, outcome, condition and version are what the table says, whatever the version of
 * SOAP and whether envelopes go plain or packed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/suite.h"
#include "envelope.h"
#include "pair.h"

extern CU_TestInfo tests_answer[];

/* ---- ends ---- */

static const struct end_row {
    const char *operation;
    enum soap_xmpp_end_value end;
    enum soap_xmpp_outcome_value outcome;
    const char *condition, *text; /* text: part of the sentence */
} ends[] = {
    {"echo", SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED, "", ""},
    {"nothing", SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED, "", ""},
    {"fault", SOAP_XMPP_END_FAULT, SOAP_XMPP_EXECUTED, "", ""},
    {"spoil", SOAP_XMPP_END_FAULT, SOAP_XMPP_EXECUTED, "", ""},
    {"refuse", SOAP_XMPP_END_REFUSED, SOAP_XMPP_UNKNOWN, "internal-server-error",
     "the desk has lost it"},
    {"decline", SOAP_XMPP_END_REFUSED, SOAP_XMPP_NOT_EXECUTED, "service-unavailable",
     "the desk doesn't want it"},
    {"busy", SOAP_XMPP_END_REFUSED, SOAP_XMPP_NOT_EXECUTED, "resource-constraint",
     "the desk is full"},
};

static void try_end(struct bytes_pair *pair, const struct end_row *row, int version)
{
    int has_envelope = row->end == SOAP_XMPP_END_ANSWER || row->end == SOAP_XMPP_END_FAULT;
    struct reply reply;
    reply_ask(pair->caller, pair->endpoint, envelope_write(version, row->operation, ""), &reply);
    reply_expect(&reply, row->end, row->outcome);
    ASSERT_TEXT(reply.condition, row->condition);
    ASSERT_CONTAINS(reply.text, row->text);
    CU_ASSERT_EQUAL(reply.text[0] == '\0', row->outcome == SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(reply.version, has_envelope ? version : 0);
    CU_ASSERT_EQUAL(reply.envelope_bytes > 0, has_envelope);
    if (strcmp(row->operation, "fault") == 0)
        ASSERT_CONTAINS(reply.envelope, "not like this");
    if (strcmp(row->operation, "spoil") == 0)
        ASSERT_CONTAINS(reply.envelope, "no way to carry it");
    reply_free(&reply);
}

static void try_ends(const struct site *site)
{
    bytes_tweak_fn *const tweaks[] = {NULL, bytes_tweak_full};
    size_t i, k;
    for (k = 0; k < 2; k++) {
        struct bytes_pair pair;
        bytes_pair_open(&pair, site, tweaks[k]);
        for (i = 0; i < sizeof ends / sizeof *ends; i++) {
            try_end(&pair, &ends[i], 11);
            try_end(&pair, &ends[i], 12);
        }
        CU_ASSERT_EQUAL(desk_runs(pair.desk), 2 * (int)(sizeof ends / sizeof *ends));
        bytes_pair_close(&pair);
    }
}

static void each_end_is_told_with_its_outcome(void)
{
    site_each(try_ends);
}

/* ---- calls that nobody runs ---- */

static void forbid(struct soap_xmpp_config *config)
{
    config->allow = "carol@example.org";
}

static void try_nobody(const struct site *site)
{
    struct bytes_pair pair;
    struct reply reply;
    bytes_pair_open(&pair, site, forbid);
    reply_ask(pair.caller, pair.endpoint, envelope_write(12, "echo", ""), &reply);
    reply_expect(&reply, SOAP_XMPP_END_REFUSED, SOAP_XMPP_NOT_EXECUTED);
    ASSERT_TEXT(reply.condition, "forbidden");
    reply_free(&reply);
    reply_ask(pair.caller, site_endpoint(site, "bob", "nobody"), envelope_write(12, "echo", ""),
              &reply);
    reply_expect(&reply, SOAP_XMPP_END_REFUSED, SOAP_XMPP_NOT_EXECUTED);
    ASSERT_TEXT(reply.condition, "service-unavailable");
    reply_free(&reply);
    CU_ASSERT_EQUAL(desk_runs(pair.desk), 0);
    bytes_pair_close(&pair);
}

static void who_may_not_call_and_who_calls_nobody_is_told(void)
{
    site_each(try_nobody);
}

static void try_time(const struct site *site)
{
    struct bytes_pair pair;
    struct soap_xmpp_post post;
    struct soap_xmpp_call *call;
    struct reply reply;
    char *envelope = envelope_write(12, "hold", "");
    bytes_pair_open(&pair, site, bytes_tweak_full);
    soap_xmpp_post_init(&post);
    post.endpoint = pair.endpoint;
    post.envelope = envelope;
    post.envelope_bytes = strlen(envelope);
    post.timeout_ms = 60000;
    call = reply_post(pair.caller, &post);
    desk_await_runs(pair.desk, 1);
    post.timeout_ms = 300;
    post.user = &post;
    reply_to(pair.caller, reply_post(pair.caller, &post), &reply);
    reply_expect(&reply, SOAP_XMPP_END_TIMEOUT, SOAP_XMPP_UNKNOWN);
    CU_ASSERT_PTR_EQUAL(reply.user, &post);
    reply_free(&reply);
    desk_await_runs(pair.desk, 2);
    desk_release(pair.desk);
    reply_to(pair.caller, call, &reply); /* the late answer to the other one is nobody's */
    reply_expect(&reply, SOAP_XMPP_END_EMPTY, SOAP_XMPP_EXECUTED);
    reply_free(&reply);
    free(envelope);
    bytes_pair_close(&pair);
}

static void a_call_ends_with_its_time(void)
{
    site_each(try_time);
}

static void try_stop(const struct site *site)
{
    struct bytes_pair pair;
    struct soap_xmpp_call *call;
    struct reply reply;
    char *envelope = envelope_write(12, "hold", ""), why[256] = "";
    struct soap_xmpp_post post;
    bytes_pair_open(&pair, site, bytes_tweak_full);
    call = reply_begin(pair.caller, pair.endpoint, envelope);
    desk_await_runs(pair.desk, 1);
    soap_xmpp_stop(pair.caller, 0);
    reply_to(pair.caller, call, &reply);
    reply_expect(&reply, SOAP_XMPP_END_STOPPED, SOAP_XMPP_UNKNOWN);
    reply_free(&reply);
    soap_xmpp_post_init(&post);
    post.endpoint = pair.endpoint;
    post.envelope = envelope;
    post.envelope_bytes = strlen(envelope);
    CU_ASSERT_PTR_NULL(soap_xmpp_post(pair.caller, &post, why, sizeof why));
    CU_ASSERT_TRUE(why[0] != '\0');
    free(envelope);
    bytes_pair_close(&pair);
}

static void a_stopped_link_ends_its_calls_and_begins_none(void)
{
    site_each(try_stop);
}

/* ---- what both learn ---- */

static void try_facts(const struct site *site)
{
    struct bytes_pair pair;
    struct desk_request seen;
    struct soap_xmpp_post post;
    struct reply reply;
    char *envelope = envelope_write(11, "echo", "<x/>"), jid[300];
    bytes_pair_open(&pair, site, bytes_tweak_full);
    soap_xmpp_post_init(&post);
    post.endpoint = pair.endpoint;
    post.envelope = envelope;
    post.envelope_bytes = strlen(envelope);
    post.action = "urn:action";
    reply_to(pair.caller, reply_post(pair.caller, &post), &reply);
    reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
    seen = desk_last(pair.desk);
    soap_xmpp_jid(pair.caller, jid, sizeof jid);
    ASSERT_TEXT(seen.from, jid);
    soap_xmpp_jid(pair.service, jid, sizeof jid);
    ASSERT_TEXT(seen.to, jid);
    ASSERT_TEXT(reply.peer, jid);
    ASSERT_TEXT(seen.operation, "echo");
    ASSERT_TEXT(seen.ns, BYTES_NS);
    ASSERT_TEXT(seen.action, "urn:action");
    CU_ASSERT_TRUE(seen.id[0] != '\0');
    CU_ASSERT_EQUAL(seen.version, 11);
    CU_ASSERT_EQUAL(seen.is_message, 0);
    reply_free(&reply);
    free(envelope);
    bytes_pair_close(&pair);
}

static void a_request_tells_whose_it_is_and_what_it_wants(void)
{
    site_each(try_facts);
}

static void take_messages(struct soap_xmpp_config *config)
{
    config->plain_delivery = 0;
    config->messages = 1;
}

static void try_messages(const struct site *site)
{
    struct bytes_pair pair;
    struct soap_xmpp_post post;
    struct reply reply;
    char *envelope = envelope_write(12, "echo", ""), endpoint[300];
    bytes_pair_open(&pair, site, take_messages);
    snprintf(endpoint, sizeof endpoint, "%s?message", pair.endpoint);
    soap_xmpp_post_init(&post);
    post.endpoint = endpoint;
    post.envelope = envelope;
    post.envelope_bytes = strlen(envelope);
    reply_to(pair.caller, reply_post(pair.caller, &post), &reply);
    reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(desk_last(pair.desk).is_message, 1);
    reply_free(&reply);
    post.is_one_way = 1;
    reply_to(pair.caller, reply_post(pair.caller, &post), &reply);
    if (reply.end == SOAP_XMPP_END_ANSWER) /* it came before our server's word */
        reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
    else
        reply_expect(&reply, SOAP_XMPP_END_EMPTY, SOAP_XMPP_UNKNOWN);
    reply_free(&reply);
    desk_await_runs(pair.desk, 2);
    free(envelope);
    bytes_pair_close(&pair);
}

static void a_message_is_answered_and_a_one_way_one_is_done_once_sent(void)
{
    site_each(try_messages);
}

static void try_bad_posts(const struct site *site)
{
    static const struct {
        const char *endpoint, *envelope, *why;
    } rows[] = {{"http://example.org/", "<e:Envelope/>", "xmpp"},
                {"xmpp:@", "<e:Envelope/>", "xmpp:@"},
                {"xmpp:bob@example.org/soap", "no envelope", ""},
                {"xmpp:bob@example.org/soap", "<a><b></a>", ""}};
    struct bytes_pair pair;
    struct soap_xmpp_post post;
    size_t i;
    bytes_pair_open(&pair, site, NULL);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[600] = "";
        soap_xmpp_post_init(&post);
        post.endpoint = rows[i].endpoint;
        post.envelope = rows[i].envelope;
        post.envelope_bytes = strlen(rows[i].envelope);
        CU_ASSERT_PTR_NULL(soap_xmpp_post(pair.caller, &post, why, sizeof why));
        CU_ASSERT_TRUE(why[0] != '\0');
        ASSERT_CONTAINS(why, rows[i].why);
    }
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(pair.caller, 0));
    bytes_pair_close(&pair);
}

static void what_cant_be_sent_is_told_at_once(void)
{
    try_bad_posts(site_any());
}

CU_TestInfo tests_answer[] = {
    {"each end is told with its outcome", each_end_is_told_with_its_outcome},
    {"who may not call and who calls nobody is told",
     who_may_not_call_and_who_calls_nobody_is_told},
    {"a call ends with its time", a_call_ends_with_its_time},
    {"a stopped link ends its calls and begins none",
     a_stopped_link_ends_its_calls_and_begins_none},
    {"a request tells whose it is and what it wants",
     a_request_tells_whose_it_is_and_what_it_wants},
    {"a message is answered, and a one-way one is done once it is sent",
     a_message_is_answered_and_a_one_way_one_is_done_once_sent},
    {"what can't be sent is told at once", what_cant_be_sent_is_told_at_once},
    CU_TEST_INFO_NULL,
};
