/* Messages over the stanza limit: in pieces, both ways, through both servers, and broken on
 * purpose.
 */
#include "soapH.h"
#include "laboratory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "parley.h"
#include "scale.h"

#define BIG_BYTES  scale_bytes(2 << 20)
#define SOME_BYTES scale_bytes(1 << 20)
#define LESS_BYTES scale_of((1 << 20) / 2, 10000) /* the least limit that there is */
#define CALL_S     scale_seconds(60)
#define CROWD_S    (CALLERS * CALL_S) /* one after the other, on a loaded machine */

enum { LONG_US = 30000000 };

/* What a progress callback has seen. */
struct watch {
    pthread_mutex_t mu;
    size_t done[2], size[2]; /* [is_outgoing] */
    unsigned calls;
    bool fell;
    struct proxy *cut;  /* once a third is there; NULL: no more */
    struct proxy *hold; /* stands still then, of that way; NULL: none, or it does */
    int hold_way;
    pthread_cond_t changed;
};

static void watch_progress(void *user, const struct soap_xmpp_progress *progress)
{
    struct watch *watch = user;
    int way = progress->is_outgoing != 0;
    pthread_mutex_lock(&watch->mu);
    watch->fell |=
        progress->done_bytes < watch->done[way] && progress->size_bytes == watch->size[way];
    watch->done[way] = progress->done_bytes;
    watch->size[way] = progress->size_bytes;
    watch->calls++;
    if (watch->cut && progress->done_bytes > progress->size_bytes / 3) {
        (void)proxy_cut_now(watch->cut);
        watch->cut = NULL;
    }
    if (watch->hold && way == watch->hold_way && progress->done_bytes > progress->size_bytes / 3) {
        proxy_black_hole(watch->hold);
        watch->hold = NULL;
    }
    pthread_cond_broadcast(&watch->changed);
    pthread_mutex_unlock(&watch->mu);
}

/* Waits until a third of that way's bytes are there, and nothing goes on. */
static void await_hold(struct watch *watch)
{
    int64_t deadline = sx_clock_deadline(LONG_US);
    bool in_time = true;
    pthread_mutex_lock(&watch->mu);
    while (watch->hold && in_time)
        in_time = sx_clock_cond_wait(&watch->changed, &watch->mu, deadline);
    pthread_mutex_unlock(&watch->mu);
    CU_ASSERT_TRUE(in_time);
}

/* A caller and a service that reach their server through a proxy each. */
struct big {
    const struct site *site;
    struct witness far_sight;
    struct proxy *near, *far;
    struct soap_xmpp_link *caller, *service;
    struct laboratory *laboratory;
    struct soap *soap;
    struct watch watch;
    const char *endpoint;
};

static struct soap_xmpp_link *open_through(const struct site *site, const struct proxy *proxy,
                                           const char *user, const char *resource,
                                           struct watch *watch, struct witness *witness,
                                           size_t max_message_bytes)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.port = proxy_port(proxy);
    account.config.plain_delivery = 0;
    account.config.timeout_ms = CALL_S * 1000;
    account.config.trace = SOAP_XMPP_TRACE_NONE;
    if (witness) {
        witness_watch(witness, &account.config);
        account.config.trace = SOAP_XMPP_TRACE_STANZA;
    }
    account.config.max_message_bytes = max_message_bytes;
    account.config.max_outgoing_bytes = scale_outgoing_bytes();
    account.config.progress_callback = watch ? watch_progress : NULL;
    account.config.progress_user = watch;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    return link;
}

static void serve(struct big *big, size_t max_bytes)
{
    big->service =
        open_through(big->site, big->far, "bob", "soap", NULL, &big->far_sight, max_bytes);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(big->service, -1), 0);
    big->laboratory = laboratory_start(big->service, 4);
}

static void stop_serving(struct big *big, int drain_ms)
{
    CU_ASSERT_EQUAL(laboratory_stop(big->laboratory, drain_ms), SOAP_OK);
    soap_xmpp_close(big->service);
    big->service = NULL;
}

static void big_open(struct big *big, const struct site *site, size_t service_max_bytes)
{
    memset(big, 0, sizeof *big);
    big->site = site;
    pthread_mutex_init(&big->watch.mu, NULL);
    sx_clock_cond_init(&big->watch.changed);
    witness_init(&big->far_sight);
    big->near = proxy_start(site->port, NULL);
    big->far = proxy_start(site->port, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(big->near);
    CU_ASSERT_PTR_NOT_NULL_FATAL(big->far);
    serve(big, service_max_bytes);
    big->caller = open_through(site, big->near, "alice", "desk", &big->watch, NULL, 0);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(big->caller, -1), 0);
    big->soap = laboratory_client(big->caller, SOAP_IO_DEFAULT);
    big->soap->connect_timeout = big->soap->send_timeout = big->soap->recv_timeout = CALL_S;
    big->endpoint = site_endpoint(site, "bob", "soap");
}

static void big_close(struct big *big)
{
    laboratory_client_free(big->soap);
    if (big->service)
        stop_serving(big, 5000);
    soap_xmpp_close(big->caller);
    proxy_stop(big->near);
    proxy_stop(big->far);
    witness_fini(&big->far_sight);
    pthread_cond_destroy(&big->watch.changed);
    pthread_mutex_destroy(&big->watch.mu);
}

static void say(struct big *big, char *text)
{
    char *said = NULL;
    int runs = laboratory_runs();
    int err = soap_call_lab__say(big->soap, big->endpoint, NULL, text, &said);
    if (err)
        printf("\n    %s", laboratory_fault(big->soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(big->soap), SOAP_XMPP_EXECUTED);
    CU_ASSERT(said && strcmp(said, text) == 0);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    soap_end(big->soap);
}

static void say_much(const struct site *site)
{
    struct big big;
    char *text = laboratory_random_text(BIG_BYTES);
    big_open(&big, site, 0);
    say(&big, text);
    CU_ASSERT_EQUAL(big.watch.done[1], big.watch.size[1]);
    CU_ASSERT_EQUAL(big.watch.done[0], big.watch.size[0]);
    CU_ASSERT(big.watch.size[0] > BIG_BYTES / 2 && big.watch.size[0] < BIG_BYTES);
    CU_ASSERT(big.watch.calls > scale_of(100, 4));
    CU_ASSERT_FALSE(big.watch.fell);
    big_close(&big);
    free(text);
}

static void a_call_and_its_answer_travel_in_pieces(void)
{
    site_each(say_much);
}

static void cut_the_caller(const struct site *site)
{
    struct big big;
    char *text = laboratory_random_text(BIG_BYTES);
    big_open(&big, site, 0);
    big.watch.cut = big.near;
    say(&big, text);
    CU_ASSERT_PTR_NULL(big.watch.cut);
    big_close(&big);
    free(text);
}

static void a_big_call_outlives_its_callers_connection(void)
{
    site_each(cut_the_caller);
}

static void cut_the_service(const struct site *site)
{
    struct big big;
    char *text = laboratory_random_text(BIG_BYTES);
    big_open(&big, site, 0);
    big.watch.cut = big.far;
    say(&big, text);
    CU_ASSERT_PTR_NULL(big.watch.cut);
    big_close(&big);
    free(text);
}

static void a_big_call_outlives_the_services_connection(void)
{
    site_each(cut_the_service);
}

static void exceed_the_service(const struct site *site)
{
    struct big big;
    char *text = laboratory_random_text(BIG_BYTES), *said, limit[20];
    int runs = laboratory_runs();
    snprintf(limit, sizeof limit, "%zu", SOME_BYTES);
    big_open(&big, site, SOME_BYTES);
    CU_ASSERT_NOT_EQUAL(soap_call_lab__say(big.soap, big.endpoint, NULL, text, &said), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(big.soap), SOAP_XMPP_NOT_EXECUTED);
    ASSERT_CONTAINS(laboratory_fault(big.soap), limit);
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    text[1000] = '\0';
    say(&big, text);
    big_close(&big);
    free(text);
}

static void a_service_refuses_what_is_over_its_limit(void)
{
    site_each(exceed_the_service);
}

/* ---- while something is under way ---- */

/* One call in a thread of its own. */
struct speech {
    pthread_t thread;
    struct soap *soap;
    const char *endpoint;
    char *text;
    int err;
    bool is_right;
    enum soap_xmpp_outcome_value outcome;
    char fault[600];
};

static void *speak(void *argument)
{
    struct speech *speech = argument;
    char *said = NULL;
    speech->err = soap_call_lab__say(speech->soap, speech->endpoint, NULL, speech->text, &said);
    speech->outcome = soap_xmpp_outcome(speech->soap);
    speech->is_right = !speech->err && said && strcmp(said, speech->text) == 0;
    speech->fault[0] = '\0';
    if (speech->err)
        soap_sprint_fault(speech->soap, speech->fault, sizeof speech->fault);
    soap_end(speech->soap);
    return NULL;
}

static void speech_begin(struct speech *speech, struct soap *soap, const char *endpoint, char *text)
{
    *speech = (struct speech){.soap = soap, .endpoint = endpoint, .text = text};
    CU_ASSERT_EQUAL_FATAL(pthread_create(&speech->thread, NULL, speak, speech), 0);
}

static void speech_end(struct speech *speech)
{
    CU_ASSERT_EQUAL(pthread_join(speech->thread, NULL), 0);
}

static void expect_said(struct speech *speech)
{
    speech_end(speech);
    if (!speech->is_right)
        printf("\n    %s", speech->fault);
    CU_ASSERT_TRUE(speech->is_right);
    CU_ASSERT_EQUAL(speech->outcome, SOAP_XMPP_EXECUTED);
}

/* A call that stands still when a third of it, or of its answer, is there. */
static void begin_held(struct big *big, struct speech *speech, char *text, bool is_outgoing)
{
    big->watch.hold_way = is_outgoing;
    big->watch.hold = big->near;
    speech_begin(speech, big->soap, big->endpoint, text);
    await_hold(&big->watch);
}

static void replace_the_service(const struct site *site)
{
    struct big big;
    struct speech speech;
    char *text = laboratory_random_text(BIG_BYTES);
    int runs = laboratory_runs();
    big_open(&big, site, 0);
    begin_held(&big, &speech, text, true);
    stop_serving(&big, 0);
    serve(&big, 0);
    proxy_resume(big.near);
    expect_said(&speech);
    CU_ASSERT_TRUE(big.watch.fell);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    big_close(&big);
    free(text);
}

static void a_big_call_outlives_its_service(void)
{
    site_each(replace_the_service);
}

static void lose_patience(const struct site *site)
{
    struct big big;
    struct speech speech;
    char *text = laboratory_random_text(BIG_BYTES);
    int runs = laboratory_runs();
    size_t done;
    big_open(&big, site, 0);
    big.soap->recv_timeout = 3;
    begin_held(&big, &speech, text, true);
    speech_end(&speech);
    CU_ASSERT_NOT_EQUAL(speech.err, SOAP_OK);
    CU_ASSERT_EQUAL(speech.outcome, SOAP_XMPP_NOT_EXECUTED);
    ASSERT_LACKS(speech.fault, "unknown");
    proxy_resume(big.near);
    CU_ASSERT_TRUE(witness_await_trace(&big.far_sight, "received <iq", "<close "));
    done = big.watch.done[1];
    CU_ASSERT_TRUE(done < scale_of(BIG_BYTES / 2, BIG_BYTES));
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    big.soap->recv_timeout = CALL_S;
    say(&big, text);
    big_close(&big);
    free(text);
}

static void a_call_that_times_out_under_way_is_not_executed(void)
{
    site_each(lose_patience);
}

static void cancel(const struct site *site)
{
    struct big big;
    struct soap_xmpp_call *call;
    char *text = laboratory_random_text(BIG_BYTES);
    int runs = laboratory_runs();
    big_open(&big, site, 0);
    big.watch.hold_way = 1;
    big.watch.hold = big.near;
    CU_ASSERT_EQUAL(soap_send_lab__say(big.soap, big.endpoint, NULL, text), SOAP_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call = soap_xmpp_detach(big.soap));
    soap_end(big.soap);
    await_hold(&big.watch);
    soap_xmpp_cancel(call);
    proxy_resume(big.near);
    CU_ASSERT_TRUE(witness_await_trace(&big.far_sight, "received <iq", "<close "));
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    say(&big, text);
    big_close(&big);
    free(text);
}

static void a_call_that_is_cancelled_under_way_stops(void)
{
    site_each(cancel);
}

static void drain(const struct site *site)
{
    struct big big;
    struct speech speech;
    char *text = laboratory_random_text(BIG_BYTES);
    big_open(&big, site, 0);
    begin_held(&big, &speech, text, false);
    proxy_resume(big.near);
    stop_serving(&big, 20000);
    expect_said(&speech);
    big_close(&big);
    free(text);
}

static void a_stop_waits_for_a_big_answer(void)
{
    site_each(drain);
}

static void stop_at_once(const struct site *site)
{
    struct big big;
    struct speech speech;
    char *text = laboratory_random_text(BIG_BYTES);
    int64_t begun_us;
    big_open(&big, site, 0);
    big.soap->recv_timeout = 15; /* longer than it takes to come so far, under a sanitizer */
    begin_held(&big, &speech, text, false);
    begun_us = sx_clock_now_us();
    stop_serving(&big, 0);
    CU_ASSERT_TRUE(sx_clock_now_us() - begun_us < 4000000);
    proxy_resume(big.near);
    speech_end(&speech);
    CU_ASSERT_NOT_EQUAL(speech.err, SOAP_OK);
    CU_ASSERT_EQUAL(speech.outcome, SOAP_XMPP_UNKNOWN);
    big_close(&big);
    free(text);
}

static void a_stop_that_waits_for_nothing_doesnt_wait(void)
{
    site_each(stop_at_once);
}

/* ---- beside each other ---- */

static void call_small(const struct site *site)
{
    struct big big;
    struct speech speech;
    struct soap *small;
    char *text = laboratory_random_text(scale_of(2, 1) * BIG_BYTES);
    int64_t longest_us = 0;
    unsigned calls = 0;
    big_open(&big, site, 0);
    small = laboratory_client(big.caller, SOAP_IO_DEFAULT);
    begin_held(&big, &speech, text, true);
    proxy_resume(big.near);
    do {
        int64_t begun_us = sx_clock_now_us();
        double sum = 0;
        CU_ASSERT_EQUAL(soap_call_lab__add(small, big.endpoint, NULL, calls, 1, &sum), SOAP_OK);
        CU_ASSERT_EQUAL(sum, calls + 1);
        soap_end(small);
        if (sx_clock_now_us() - begun_us > longest_us)
            longest_us = sx_clock_now_us() - begun_us;
        calls++;
    } while (pthread_tryjoin_np(speech.thread, NULL) != 0);
    CU_ASSERT_TRUE(speech.is_right);
    CU_ASSERT_TRUE(calls > scale_of(5, 1));
    printf("\n    %s: %u small calls beside a big one, the longest took %.0f ms\n    ", site->label,
           calls, (double)longest_us / 1e3);
    CU_ASSERT_TRUE(longest_us < (int64_t)scale_of(5000000, 20000000));
    laboratory_client_free(small);
    big_close(&big);
    free(text);
}

static void small_calls_pass_a_big_one(void)
{
    site_each(call_small);
}

/* The service has room for two. */
static void crowd(const struct site *site)
{
    enum { CALLERS = 4 };
    struct big big;
    struct speech speeches[CALLERS];
    struct soap_xmpp_link *links[CALLERS], *link = NULL;
    const size_t bytes = scale_is_small() ? SOME_BYTES : BIG_BYTES;
    char *text = laboratory_random_text(bytes), name[] = "desk-0";
    int runs = laboratory_runs(), i;
    big_open(&big, site, bytes + 10000);
    for (i = 0; i < CALLERS; i++) {
        struct soap *soap;
        name[5] = (char)('0' + i / 2); /* two a link */
        links[i] = i % 2 ? NULL : open_through(site, big.near, "alice", name, NULL, NULL, 0);
        if (links[i]) {
            link = links[i];
            CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
        }
        soap = laboratory_client(link, SOAP_IO_DEFAULT);
        soap->connect_timeout = soap->send_timeout = soap->recv_timeout = CROWD_S;
        speech_begin(&speeches[i], soap, big.endpoint, text);
    }
    for (i = 0; i < CALLERS; i++) {
        expect_said(&speeches[i]);
        laboratory_client_free(speeches[i].soap);
    }
    for (i = 0; i < CALLERS; i++)
        soap_xmpp_close(links[i]);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + CALLERS);
    big_close(&big);
    free(text);
}

static void big_calls_share_the_services_room(void)
{
    site_each(crowd);
}

/* ---- answers ---- */

#define FAULT_HEAD                                                                                 \
    "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><e:Fault>"            \
    "<faultcode>e:Server</faultcode><faultstring>"
#define FAULT_TAIL "</faultstring></e:Fault></e:Body></e:Envelope>"
#define REPORT_HEAD                                                                                \
    "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"                     \
    "<l:Inspection xmlns:l='urn:soapxmpp:lab'><report>"
#define REPORT_TAIL "</report><subject/></l:Inspection></e:Body></e:Envelope>"

static char *join(const char *head, const char *text, const char *tail)
{
    char *joined = malloc(strlen(head) + strlen(text) + strlen(tail) + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(joined);
    sprintf(joined, "%s%s%s", head, text, tail);
    return joined;
}

/* A small call to which the service says this. */
static int inspect(struct big *big, const char *envelope, struct lab__Inspection *inspection)
{
    struct lab__Subject subject = {0};
    int err;
    laboratory_recite(envelope);
    err = soap_call_lab__inspect(big->soap, big->endpoint, NULL, &subject, inspection);
    laboratory_recite(NULL);
    return err;
}

static void answer_much(const struct site *site)
{
    struct big big;
    struct lab__Inspection inspection = {0};
    char *text = laboratory_random_text(SOME_BYTES), *report = join(REPORT_HEAD, text, REPORT_TAIL);
    char *fault = join(FAULT_HEAD, text, FAULT_TAIL);
    big_open(&big, site, 0);
    if (inspect(&big, report, &inspection) != SOAP_OK)
        printf("\n    %s", laboratory_fault(big.soap));
    CU_ASSERT(inspection.report && strcmp(inspection.report, text) == 0);
    soap_end(big.soap);
    CU_ASSERT_EQUAL(big.watch.size[1], 0);
    CU_ASSERT_EQUAL(inspect(&big, fault, &inspection), SOAP_FAULT);
    CU_ASSERT(*soap_faultstring(big.soap) && strcmp(*soap_faultstring(big.soap), text) == 0);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(big.soap), SOAP_XMPP_EXECUTED);
    soap_end(big.soap);
    big_close(&big);
    free(text);
    free(report);
    free(fault);
}

static void a_small_call_gets_a_big_answer_or_fault(void)
{
    site_each(answer_much);
}

static void answer_too_much(const struct site *site)
{
    struct big big;
    struct lab__Inspection inspection = {0};
    char *text = laboratory_random_text(SOME_BYTES), *report = join(REPORT_HEAD, text, REPORT_TAIL);
    struct soap *modest;
    struct soap_xmpp_link *link;
    char limit[40];
    snprintf(limit, sizeof limit, "the limit is %zu", LESS_BYTES);
    big_open(&big, site, LESS_BYTES);
    CU_ASSERT_NOT_EQUAL(inspect(&big, report, &inspection), SOAP_OK);
    CU_ASSERT_NOT_EQUAL(soap_xmpp_outcome(big.soap), SOAP_XMPP_NOT_EXECUTED);
    ASSERT_CONTAINS(laboratory_fault(big.soap), limit);
    stop_serving(&big, 0);
    serve(&big, 0);
    link = open_through(site, big.near, "alice", "modest", NULL, NULL, LESS_BYTES);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    modest = big.soap;
    big.soap = laboratory_client(link, SOAP_IO_DEFAULT);
    CU_ASSERT_NOT_EQUAL(inspect(&big, report, &inspection), SOAP_OK);
    CU_ASSERT_NOT_EQUAL(soap_xmpp_outcome(big.soap), SOAP_XMPP_NOT_EXECUTED);
    ASSERT_CONTAINS(laboratory_fault(big.soap), limit);
    laboratory_client_free(big.soap);
    soap_xmpp_close(link);
    big.soap = modest;
    big_close(&big);
    free(text);
    free(report);
}

static void an_answer_over_a_limit_is_an_error(void)
{
    site_each(answer_too_much);
}

static void spell_otherwise(const struct site *site)
{
    struct big big;
    char *text = laboratory_random_text(SOME_BYTES), endpoint[300];
    big_open(&big, site, 0);
    snprintf(endpoint, sizeof endpoint, "xmpp:BOB@%s/soap", site->domain);
    big.endpoint = endpoint;
    say(&big, text);
    big_close(&big);
    free(text);
}

static void an_answer_finds_whoever_spells_names_otherwise(void)
{
    site_each(spell_otherwise);
}

/* ---- without packing ---- */

static void never_pack(struct soap_xmpp_config *config)
{
    config->packing = SOAP_XMPP_PACKING_NEVER;
    config->max_outgoing_bytes = scale_outgoing_bytes();
}

static void send_little(struct soap_xmpp_config *config)
{
    config->max_outgoing_bytes = scale_outgoing_bytes();
}

static void be_foreign(struct soap_xmpp_config *config)
{
    config->plain_delivery = 1;
}

static void expect_length(const struct site *site, parley_change_fn *caller,
                          parley_change_fn *service)
{
    struct parley parley;
    char *text = laboratory_random_text(SOME_BYTES), *said = NULL;
    int runs = laboratory_runs();
    parley_open(&parley, site, 1, caller, service);
    CU_ASSERT_EQUAL(soap_call_lab__say(parley.soap, parley.endpoint, NULL, text, &said),
                    SOAP_LENGTH);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_NOT_EXECUTED);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "the limit is ");
    text[100] = '\0';
    CU_ASSERT_EQUAL(soap_call_lab__say(parley.soap, parley.endpoint, NULL, text, &said), SOAP_OK);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent", "jabber.org/protocol/ibb"), 0);
    parley_close(&parley);
    free(text);
}

static void say_to_strangers(const struct site *site)
{
    expect_length(site, never_pack, NULL);
    expect_length(site, send_little, never_pack);
    expect_length(site, send_little, be_foreign);
}

static void without_packing_a_big_call_is_too_long(void)
{
    site_each(say_to_strangers);
}

CU_TestInfo tests_big[] = {
    {"a call and its answer travel in pieces", a_call_and_its_answer_travel_in_pieces},
    {"a big call outlives its caller's connection", a_big_call_outlives_its_callers_connection},
    {"a big call outlives the service's connection", a_big_call_outlives_the_services_connection},
    {"a service refuses what is over its limit", a_service_refuses_what_is_over_its_limit},
    {"a big call outlives its service and runs once", a_big_call_outlives_its_service},
    {"a call that times out under way isn't executed, and stops",
     a_call_that_times_out_under_way_is_not_executed},
    {"a call that is cancelled under way stops", a_call_that_is_cancelled_under_way_stops},
    {"a stop waits for a big answer", a_stop_waits_for_a_big_answer},
    {"a stop without patience doesn't", a_stop_that_waits_for_nothing_doesnt_wait},
    {"small calls pass a big one", small_calls_pass_a_big_one},
    {"big calls share the service's room", big_calls_share_the_services_room},
    {"a small call gets a big answer, or a big fault", a_small_call_gets_a_big_answer_or_fault},
    {"an answer over a limit is an error, not a silence", an_answer_over_a_limit_is_an_error},
    {"an answer finds whoever spells names otherwise",
     an_answer_finds_whoever_spells_names_otherwise},
    {"without packing on both sides a big call is too long",
     without_packing_a_big_call_is_too_long},
    CU_TEST_INFO_NULL,
};
