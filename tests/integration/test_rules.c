/* Rules that change while a service runs, through real servers: who is let in, thrown out and let
 * in again; what waits, runs and travels in pieces meanwhile. */
#include "soapH.h"
#include "laboratory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"
#include "../lib/suite.h"
#include "scale.h"

#define BIG_BYTES scale_bytes(1 << 20)
#define CALL_S    scale_seconds(60)

enum { TEXT_BYTES = 300, LATER = 3 };

/* A service of bob's with a file of rules, and alice before it. */
struct gate {
    const struct site *site;
    struct soap_xmpp_link *service, *caller;
    struct laboratory *laboratory;
    struct soap *soap;
    const char *endpoint;
    char path[40];
};

/* In the text % stands for the site's domain. */
static const char *spell(const struct gate *gate, const char *text, char out[TEXT_BYTES])
{
    size_t len = strcspn(text, "%");
    snprintf(out, TEXT_BYTES, "%.*s%s%s", (int)len, text, text[len] ? gate->site->domain : "",
             text[len] ? text + len + 1 : "");
    return out;
}

static void write_rules(const struct gate *gate, const char *rules)
{
    char spelt[TEXT_BYTES];
    FILE *file = fopen(gate->path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file, "# who may call\r\n%s\r\n", spell(gate, rules, spelt));
    fclose(file);
}

static void gate_open(struct gate *gate, const struct site *site, const char *rules, int threads)
{
    struct site_account account;
    char why[400] = "";
    int fd;
    memset(gate, 0, sizeof *gate);
    gate->site = site;
    snprintf(gate->path, sizeof gate->path, "/tmp/soapxmpp-rules-XXXXXX");
    fd = mkstemp(gate->path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    write_rules(gate, rules);
    site_account(site, "bob", "soap", &account);
    account.config.allow = NULL;
    account.config.allow_file = gate->path;
    account.config.trace = SOAP_XMPP_TRACE_NONE; /* of files that are none */
    account.config.plain_delivery = 0;
    gate->service = soap_xmpp_open(&account.config, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(gate->service);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(gate->service, -1), 0);
    gate->laboratory = laboratory_start(gate->service, threads);
    gate->endpoint = site_endpoint(site, "bob", "soap");
}

/* watch: NULL for none. */
static void gate_call(struct gate *gate, soap_xmpp_progress_fn *progress, void *user)
{
    struct site_account account;
    site_account(gate->site, "alice", "desk", &account);
    account.config.plain_delivery = 0;
    account.config.max_outgoing_bytes = scale_outgoing_bytes();
    account.config.progress_callback = progress;
    account.config.progress_user = user;
    gate->caller = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(gate->caller);
    gate->soap = laboratory_client(gate->caller, SOAP_IO_DEFAULT);
    gate->soap->connect_timeout = gate->soap->send_timeout = gate->soap->recv_timeout = CALL_S;
}

static void gate_close(struct gate *gate)
{
    laboratory_client_free(gate->soap);
    soap_xmpp_close(gate->caller);
    CU_ASSERT_EQUAL(laboratory_stop(gate->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(gate->service);
    unlink(gate->path);
}

static void expect_in(const struct gate *gate)
{
    double sum = 0;
    CU_ASSERT_EQUAL(soap_call_lab__add(gate->soap, gate->endpoint, NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

static void expect_refused(struct soap *soap, int err)
{
    CU_ASSERT_EQUAL(err, 403);
    ASSERT_TEXT(soap_xmpp_condition(soap), "forbidden");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
}

static void expect_out(const struct gate *gate)
{
    int runs = laboratory_runs();
    double sum;
    expect_refused(gate->soap, soap_call_lab__add(gate->soap, gate->endpoint, NULL, 1, 2, &sum));
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
}

static void set_rules(const struct gate *gate, const char *rules)
{
    char spelt[TEXT_BYTES], why[TEXT_BYTES] = "";
    CU_ASSERT_EQUAL(soap_xmpp_set_rules(gate->service, spell(gate, rules, spelt), why, sizeof why),
                    0);
    ASSERT_TEXT(why, "");
}

static void reload(const struct gate *gate, const char *rules)
{
    char why[TEXT_BYTES] = "";
    write_rules(gate, rules);
    CU_ASSERT_EQUAL(soap_xmpp_reload(gate->service, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
}

/* ---- in, out and in again ---- */

static void come_and_go(const struct site *site)
{
    struct gate gate;
    char alice[TEXT_BYTES];
    gate_open(&gate, site, "alice@%:add", 2);
    gate_call(&gate, NULL, NULL);
    expect_in(&gate);
    reload(&gate, "");
    expect_out(&gate);
    CU_ASSERT_EQUAL(soap_xmpp_allow(gate.service, spell(&gate, "alice@%", alice), "add", NULL, 0),
                    0);
    expect_in(&gate);
    CU_ASSERT_EQUAL(soap_xmpp_disallow(gate.service, alice, NULL, NULL, 0), 0);
    expect_out(&gate);
    set_rules(&gate, "*@%");
    expect_in(&gate);
    write_rules(&gate, "alice@");
    CU_ASSERT_EQUAL(soap_xmpp_reload(gate.service, NULL, 0), -1);
    set_rules(&gate, "");
    expect_out(&gate);
    reload(&gate, "alice@%/desk:add");
    expect_in(&gate);
    gate_close(&gate);
}

static void an_account_is_let_in_thrown_out_and_let_in_again(void)
{
    site_each(come_and_go);
}

/* ---- what waits, and what runs ---- */

static struct soap_xmpp_call *detach(struct soap *soap)
{
    struct soap_xmpp_call *call = soap_xmpp_detach(soap);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    return call;
}

static void await_queued(const struct gate *gate, unsigned long count)
{
    int64_t deadline = sx_clock_deadline(CALL_S * INT64_C(1000000));
    struct sx_queue_counts counts = {0};
    while (counts.queued != count && sx_clock_now_us() < deadline) {
        usleep(1000);
        sx_queue_count(sx_link_queue(gate->service), &counts);
    }
    CU_ASSERT_EQUAL(counts.queued, count);
}

static void throw_out_while_others_run(const struct site *site)
{
    struct gate gate;
    struct soap_xmpp_call *running, *waiting[LATER];
    int i, runs = laboratory_runs(), waited_ms = -1;
    double sum;
    gate_open(&gate, site, "alice@%", 1);
    gate_call(&gate, NULL, NULL);
    expect_in(&gate);
    CU_ASSERT_EQUAL(soap_send_lab__delay(gate.soap, gate.endpoint, NULL, 60000), SOAP_OK);
    running = detach(gate.soap);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 2));
    for (i = 0; i < LATER; i++) {
        CU_ASSERT_EQUAL(soap_send_lab__add(gate.soap, gate.endpoint, NULL, 1, i), SOAP_OK);
        waiting[i] = detach(gate.soap);
    }
    await_queued(&gate, LATER);
    reload(&gate, "alice@%:delay");
    laboratory_hurry();
    CU_ASSERT_EQUAL(soap_xmpp_attach(gate.soap, running), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_lab__delay(gate.soap, &waited_ms), SOAP_OK);
    CU_ASSERT_TRUE(waited_ms >= 0);
    for (i = 0; i < LATER; i++) {
        CU_ASSERT_EQUAL(soap_xmpp_attach(gate.soap, waiting[i]), SOAP_OK);
        expect_refused(gate.soap, soap_recv_lab__add(gate.soap, &sum));
    }
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 2);
    set_rules(&gate, "alice@%:add");
    expect_in(&gate);
    gate_close(&gate);
}

static void what_runs_is_finished_and_what_waits_is_refused(void)
{
    site_each(throw_out_while_others_run);
}

/* ---- in pieces ---- */

/* The caller's link stands still from a third of its bytes on, until it is let go. */
struct hold {
    pthread_mutex_t mu;
    pthread_cond_t changed;
    bool is_held, is_over;
};

static void hold_at_a_third(void *user, const struct soap_xmpp_progress *progress)
{
    struct hold *hold = user;
    int64_t deadline = sx_clock_deadline(CALL_S * INT64_C(1000000));
    bool in_time = true;
    pthread_mutex_lock(&hold->mu);
    if (progress->is_outgoing && progress->done_bytes > progress->size_bytes / 3 &&
        progress->done_bytes < progress->size_bytes) {
        hold->is_held = true;
        pthread_cond_broadcast(&hold->changed);
        while (!hold->is_over && in_time)
            in_time = sx_clock_cond_wait(&hold->changed, &hold->mu, deadline);
    }
    pthread_mutex_unlock(&hold->mu);
}

static bool await_hold(struct hold *hold)
{
    int64_t deadline = sx_clock_deadline(CALL_S * INT64_C(1000000));
    bool in_time = true;
    pthread_mutex_lock(&hold->mu);
    while (!hold->is_held && in_time)
        in_time = sx_clock_cond_wait(&hold->changed, &hold->mu, deadline);
    pthread_mutex_unlock(&hold->mu);
    return in_time;
}

static void let_go(struct hold *hold)
{
    pthread_mutex_lock(&hold->mu);
    hold->is_over = true;
    pthread_cond_broadcast(&hold->changed);
    pthread_mutex_unlock(&hold->mu);
}

struct speech {
    struct soap *soap;
    const char *endpoint;
    char *text;
    int err;
};

static void *speak(void *argument)
{
    struct speech *speech = argument;
    char *said = NULL;
    speech->err = soap_call_lab__say(speech->soap, speech->endpoint, NULL, speech->text, &said);
    return NULL;
}

/* Until the service's link holds nothing for others. */
static void await_nothing_held(const struct gate *gate)
{
    int64_t deadline = sx_clock_deadline(CALL_S * INT64_C(1000000));
    struct sx_memory_counts counts = {.held_bytes = 1};
    while (counts.held_bytes && sx_clock_now_us() < deadline) {
        usleep(1000);
        sx_memory_count(sx_link_memory(gate->service), &counts);
    }
    CU_ASSERT_EQUAL(counts.held_bytes, 0);
    CU_ASSERT_TRUE(counts.most_bytes > 0);
}

static void throw_out_in_the_middle(const struct site *site)
{
    struct hold hold = {.is_held = false};
    struct gate gate;
    struct speech speech = {.text = laboratory_random_text(BIG_BYTES)};
    pthread_t thread;
    int runs = laboratory_runs();
    pthread_mutex_init(&hold.mu, NULL);
    sx_clock_cond_init(&hold.changed);
    gate_open(&gate, site, "alice@%:say+add", 2);
    gate_call(&gate, hold_at_a_third, &hold);
    speech.soap = gate.soap;
    speech.endpoint = gate.endpoint;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, speak, &speech), 0);
    CU_ASSERT_TRUE(await_hold(&hold));
    reload(&gate, "");
    await_nothing_held(&gate);
    let_go(&hold);
    pthread_join(thread, NULL);
    expect_refused(gate.soap, speech.err);
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    reload(&gate, "alice@%");
    expect_in(&gate);
    gate_close(&gate);
    pthread_cond_destroy(&hold.changed);
    pthread_mutex_destroy(&hold.mu);
    free(speech.text);
}

static void what_travels_in_pieces_ends(void)
{
    site_each(throw_out_in_the_middle);
}

CU_TestInfo tests_rules[] = {
    {"an account is let in, thrown out and let in again",
     an_account_is_let_in_thrown_out_and_let_in_again},
    {"what runs is finished, and what waits is refused",
     what_runs_is_finished_and_what_waits_is_refused},
    {"what travels in pieces ends, and nothing of it is kept", what_travels_in_pieces_ends},
    CU_TEST_INFO_NULL,
};
