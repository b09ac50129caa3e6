/* Calls by bytes that never block (soap_xmpp_post), through real servers.
 */
#include "soapH.h"
#include "parley.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "../lib/stranger.h"
#include "../lib/suite.h"
#include "scale.h"
#include "scene.h"

extern CU_TestInfo tests_post[];

#define OPERATIONS "'urn:soapxmpp:lab'" /* as each server writes it, once in a request */

#define WHOAMI ENVELOPE("<l:whoami xmlns:l='urn:soapxmpp:lab'/>")
#define SAY    ENVELOPE(LAB("say", "<text xmlns=''>%s</text>"))

enum { SEVERAL = 64, FEW = 3 };

#define LONG_MS   (scale_seconds(20) * 1000)
#define BIG_BYTES scale_of(300000, 12000)

/* ---- calls ---- */

static struct soap_xmpp_post make_post(const char *endpoint, const char *envelope)
{
    struct soap_xmpp_post post;
    soap_xmpp_post_init(&post);
    post.endpoint = endpoint;
    post.envelope = envelope;
    post.envelope_bytes = strlen(envelope);
    post.timeout_ms = LONG_MS;
    return post;
}

static struct soap_xmpp_call *post_it(struct soap_xmpp_link *link,
                                      const struct soap_xmpp_post *post)
{
    char why[400] = "";
    struct soap_xmpp_call *call = soap_xmpp_post(link, post, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    return call;
}

static struct soap_xmpp_call *post_to(struct soap_xmpp_link *link, const char *endpoint,
                                      const char *envelope)
{
    const struct soap_xmpp_post post = make_post(endpoint, envelope);
    return post_it(link, &post);
}

/* The answer of a call that has one, malloc'ed. */
static char *read_all(struct soap_xmpp_call *call)
{
    struct sx_buffer all = {0};
    char piece[1000], why[400] = "";
    size_t len;
    long got;
    while ((got = soap_xmpp_call_read(call, piece, sizeof piece, why, sizeof why)) > 0)
        sx_buffer_add(&all, piece, (size_t)got);
    CU_ASSERT_EQUAL(got, 0);
    ASSERT_TEXT(why, "");
    return sx_buffer_take(&all, &len);
}

static void expect_answer_from(struct soap_xmpp_link *link, struct soap_xmpp_call *call,
                               const char *part)
{
    char *answer;
    CU_ASSERT_PTR_EQUAL_FATAL(soap_xmpp_wait(link, LONG_MS), call);
    ASSERT_TEXT(soap_xmpp_call_text(call), "");
    CU_ASSERT_EQUAL(soap_xmpp_call_end(call), SOAP_XMPP_END_ANSWER);
    CU_ASSERT_EQUAL(soap_xmpp_call_outcome(call), SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(soap_xmpp_call_version(call), 11);
    answer = read_all(call);
    ASSERT_CONTAINS(answer, part);
    free(answer);
    soap_xmpp_cancel(call);
}

/* ---- a peer that says nothing ---- */

static void nobody_waits_for_a_silent_peer(const struct site *site)
{
    struct parley parley;
    struct soap_xmpp_call *silent[SEVERAL];
    struct stranger *mute;
    const char *endpoint = site_endpoint(site, "bob", "mute"), *heard = "";
    int64_t begun_us;
    int i;
    parley_open(&parley, site, 2, NULL, NULL);
    mute = scene_open_stranger(site, "bob", "mute");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mute);
    for (i = 0; i < SEVERAL; i++)
        silent[i] = post_to(parley.caller, endpoint, ADD);
    begun_us = sx_clock_now_us();
    expect_answer_from(parley.caller, post_to(parley.caller, parley.endpoint, ADD), ">3<");
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(parley.caller, 0)); /* none of the others has an end yet */
    CU_ASSERT(sx_clock_now_us() - begun_us < (int64_t)LONG_MS * 1000);
    for (i = 0; i < SEVERAL && heard; i++)
        heard = stranger_hear(mute, OPERATIONS);
    CU_ASSERT_PTR_NOT_NULL(heard);
    CU_ASSERT_EQUAL(stranger_count(mute, "disco#info"), 1);
    for (i = 0; i < SEVERAL; i++)
        soap_xmpp_cancel(silent[i]);
    stranger_close(mute);
    parley_close(&parley);
}

static void test_silent(void)
{
    site_each(nobody_waits_for_a_silent_peer);
}

/* ---- links that come and go ---- */

static void it_waits_for_the_link(const struct site *site)
{
    struct parley parley;
    struct site_account alice;
    struct soap_xmpp_link *link;
    parley_open(&parley, site, 2, NULL, NULL);
    site_account(site, "alice", "early", &alice);
    alice.config.plain_delivery = 0;
    link = soap_xmpp_open(&alice.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    expect_answer_from(link, post_to(link, parley.endpoint, ADD), ">3<");
    soap_xmpp_close(link);
    parley_close(&parley);
}

static void test_early(void)
{
    site_each(it_waits_for_the_link);
}

static void it_waits_for_the_server(const struct site *site)
{
    struct parley parley;
    struct soap_xmpp_post post;
    struct soap_xmpp_call *calls[FEW], *done;
    int i, answered = 0;
    parley_open(&parley, site, 2, NULL, NULL);
    post = make_post(parley.endpoint, ADD);
    post.timeout_ms = 60000;
    expect_answer_from(parley.caller, post_it(parley.caller, &post), ">3<");
    site_kill(site);
    for (i = 0; i < FEW; i++)
        calls[i] = post_it(parley.caller, &post);
    (void)calls;
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(parley.caller, 0));
    site_restart(site);
    soap_xmpp_kick(parley.caller);
    soap_xmpp_kick(parley.service);
    while (answered < FEW && (done = soap_xmpp_wait(parley.caller, 60000)) != NULL) {
        ASSERT_TEXT(soap_xmpp_call_text(done), "");
        CU_ASSERT_EQUAL(soap_xmpp_call_end(done), SOAP_XMPP_END_ANSWER);
        soap_xmpp_cancel(done);
        answered++;
    }
    CU_ASSERT_EQUAL(answered, FEW);
    parley_close(&parley);
}

static void test_restart(void)
{
    site_each_fragile(it_waits_for_the_server);
}

/* ---- ends ---- */

static void it_can_be_cancelled_and_stopped(const struct site *site)
{
    struct site_account alice;
    struct soap_xmpp_link *link;
    struct soap_xmpp_call *call;
    struct stranger *mute = scene_open_stranger(site, "bob", "mute");
    const char *endpoint = site_endpoint(site, "bob", "mute");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mute);
    site_account(site, "alice", "brief", &alice);
    alice.config.plain_delivery = 0;
    link = soap_xmpp_open(&alice.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    soap_xmpp_cancel(post_to(link, endpoint, ADD));
    call = post_to(link, endpoint, ADD);
    CU_ASSERT_PTR_NOT_NULL(stranger_hear(mute, "disco#info"));
    soap_xmpp_stop(link, 0);
    CU_ASSERT_PTR_EQUAL(soap_xmpp_wait(link, 0), call);
    CU_ASSERT_EQUAL(soap_xmpp_call_end(call), SOAP_XMPP_END_STOPPED);
    CU_ASSERT_EQUAL(soap_xmpp_call_outcome(call), SOAP_XMPP_NOT_EXECUTED);
    soap_xmpp_cancel(call);
    soap_xmpp_close(link);
    CU_ASSERT_EQUAL(stranger_count(mute, OPERATIONS), 0);
    stranger_close(mute);
}

static void test_ends(void)
{
    site_each(it_can_be_cancelled_and_stopped);
}

static void faults_and_refusals_are_told_apart(const struct site *site)
{
    struct parley parley;
    struct soap_xmpp_call *call;
    parley_open(&parley, site, 2, NULL, NULL);
    call = post_to(parley.caller, parley.endpoint,
                   ENVELOPE(LAB("divide", "<a xmlns=''>1</a><b xmlns=''>0</b>")));
    CU_ASSERT_PTR_EQUAL_FATAL(soap_xmpp_wait(parley.caller, LONG_MS), call);
    CU_ASSERT_EQUAL(soap_xmpp_call_end(call), SOAP_XMPP_END_FAULT);
    CU_ASSERT_EQUAL(soap_xmpp_call_outcome(call), SOAP_XMPP_EXECUTED);
    soap_xmpp_cancel(call);
    call = post_to(parley.caller, site_endpoint(site, "bob", "nobody"), ADD);
    CU_ASSERT_PTR_EQUAL_FATAL(soap_xmpp_wait(parley.caller, LONG_MS), call);
    CU_ASSERT_EQUAL(soap_xmpp_call_end(call), SOAP_XMPP_END_REFUSED);
    CU_ASSERT_EQUAL(soap_xmpp_call_outcome(call), SOAP_XMPP_NOT_EXECUTED);
    ASSERT_TEXT(soap_xmpp_call_condition(call), "service-unavailable");
    soap_xmpp_cancel(call);
    parley_close(&parley);
}

static void test_faults(void)
{
    site_each(faults_and_refusals_are_told_apart);
}

/* ---- envelopes ---- */

static void a_big_one_comes_and_goes_in_pieces(const struct site *site)
{
    struct parley parley;
    struct sx_buffer envelope = {0};
    char *text = laboratory_random_text(BIG_BYTES);
    parley_open(&parley, site, 2, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    sx_buffer_add_format(&envelope, SAY, text);
    expect_answer_from(parley.caller, post_to(parley.caller, parley.endpoint, envelope.bytes),
                       text);
    sx_buffer_fini(&envelope);
    free(text);
    parley_close(&parley);
}

static void test_big(void)
{
    site_each(a_big_one_comes_and_goes_in_pieces);
}

/* ---- by message ---- */

static void take_messages(struct soap_xmpp_config *config)
{
    config->messages = 1;
}

static void a_message_is_answered_or_only_taken(const struct site *site)
{
    struct parley parley;
    char endpoint[200];
    struct soap_xmpp_post post;
    struct soap_xmpp_call *call;
    int notes = laboratory_notes();
    parley_open(&parley, site, 2, NULL, take_messages);
    snprintf(endpoint, sizeof endpoint, "xmpp:bob@%s?message", site->domain);
    expect_answer_from(parley.caller, post_to(parley.caller, endpoint, ADD), ">3<");
    post = make_post(endpoint, ENVELOPE(LAB("note", "<text xmlns=''>hello</text>")));
    post.is_one_way = 1;
    call = post_it(parley.caller, &post);
    CU_ASSERT_PTR_EQUAL_FATAL(soap_xmpp_wait(parley.caller, LONG_MS), call);
    CU_ASSERT_EQUAL(soap_xmpp_call_end(call), SOAP_XMPP_END_EMPTY);
    CU_ASSERT_EQUAL(soap_xmpp_call_outcome(call), SOAP_XMPP_UNKNOWN);
    soap_xmpp_cancel(call);
    CU_ASSERT_TRUE(laboratory_await_notes(notes + 1));
    parley_close(&parley);
}

static void test_message(void)
{
    site_each(a_message_is_answered_or_only_taken);
}

/* ---- a component ---- */

static void a_component_is_whoever_it_says(const struct site *site)
{
    struct parley parley;
    struct site_account component;
    struct soap_xmpp_link *gate;
    struct soap_xmpp_post post;
    char lamp[300], seen[320];
    parley_open(&parley, site, 2, NULL, NULL);
    site_component(site, &component);
    gate = soap_xmpp_open(&component.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(gate);
    snprintf(lamp, sizeof lamp, "lamp@%s/7", component.jid);
    snprintf(seen, sizeof seen, ">%s<", lamp);
    post = make_post(parley.endpoint, WHOAMI);
    post.from = lamp;
    expect_answer_from(gate, post_it(gate, &post), seen);
    post.from = NULL;
    snprintf(seen, sizeof seen, ">%s<", component.jid);
    expect_answer_from(gate, post_it(gate, &post), seen);
    soap_xmpp_close(gate);
    parley_close(&parley);
}

static void test_component(void)
{
    site_each(a_component_is_whoever_it_says);
}

CU_TestInfo tests_post[] = {
    {"nobody waits for a silent peer, which is asked once", test_silent},
    {"what is posted before the link is online is sent then", test_early},
    {"what is posted while the server is down is sent when it is back", test_restart},
    {"it can be cancelled, and is stopped with the link", test_ends},
    {"faults and refusals are told apart", test_faults},
    {"a big one comes and goes in pieces", test_big},
    {"a message is answered, or only taken", test_message},
    {"a component calls as whoever it says it is", test_component},
    CU_TEST_INFO_NULL,
};
