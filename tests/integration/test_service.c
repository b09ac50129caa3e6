/* Services through real servers: the pool, the loop by hand, graceful stops, bounded queues. */
#include "soapH.h"
#include "laboratory.h"

#include <pthread.h>
#include <string.h>

#include "link/link.h"
#include "../lib/suite.h"
#include "../lib/waiting.h"

/* A call in a thread of its own. */
struct running_call {
    struct soap *soap;
    const char *endpoint;
    int ms, err, waited_ms;
    pthread_t thread;
};

static void *call_delay(void *arg)
{
    struct running_call *call = arg;
    call->err = soap_call_lab__delay(call->soap, call->endpoint, NULL, call->ms, &call->waited_ms);
    return NULL;
}

/* Returns once the operation runs. */
static void start_delay(struct running_call *call, const struct pair *pair, int ms)
{
    int runs = laboratory_runs();
    *call = (struct running_call){.endpoint = pair->endpoint, .ms = ms, .err = -1000};
    call->soap = laboratory_client(pair->caller, SOAP_IO_DEFAULT);
    pthread_create(&call->thread, NULL, call_delay, call);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
}

static void join_delay(struct running_call *call)
{
    pthread_join(call->thread, NULL);
    laboratory_client_free(call->soap);
}

/* ---- the loop by hand ---- */

struct by_hand {
    struct soap *soap;
    int served, last, stop_seen;
};

static void *accept_by_hand(void *arg)
{
    struct by_hand *hand = arg;
    while ((hand->last = soap_xmpp_accept(hand->soap, 0)) == SOAP_OK) {
        if (soap_serve(hand->soap) == SOAP_OK)
            hand->served++;
        soap_destroy(hand->soap);
        soap_end(hand->soap);
    }
    return NULL;
}

static void serve_by_hand(const struct site *site)
{
    struct soap_xmpp_link *service = site_open(site, "bob", "hand");
    struct soap_xmpp_link *caller = site_open(site, "alice", "desk");
    struct by_hand hand = {0};
    struct soap *soap = laboratory_client(caller, SOAP_IO_DEFAULT);
    pthread_t thread;
    double sum = 0;
    hand.soap = soap_new();
    CU_ASSERT_EQUAL(soap_register_plugin_arg(hand.soap, soap_xmpp, service), SOAP_OK);
    /* Nobody calls: the wait ends by its deadline, in gSOAP's microseconds. */
    CU_ASSERT_EQUAL(soap_xmpp_accept(hand.soap, -1000), SOAP_TCP_ERROR);
    CU_ASSERT_EQUAL(hand.soap->errnum, 0);
    pthread_create(&thread, NULL, accept_by_hand, &hand);
    CU_ASSERT_EQUAL(soap_call_lab__add(soap, site_endpoint(site, "bob", "hand"), NULL, 1, 2, &sum),
                    SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    soap_xmpp_stop(service, 1000);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(hand.last, SOAP_STOP);
    CU_ASSERT_EQUAL(hand.served, 1);
    laboratory_client_free(hand.soap);
    laboratory_client_free(soap);
    soap_xmpp_close(service);
    soap_xmpp_close(caller);
}

static void a_service_may_accept_and_serve_by_hand(void)
{
    site_each(serve_by_hand);
}

/* ---- stopping ---- */

struct stopper {
    struct laboratory *laboratory;
    int drain_ms, result;
    pthread_t thread;
};

static void *stop_laboratory(void *arg)
{
    struct stopper *stopper = arg;
    stopper->result = laboratory_stop(stopper->laboratory, stopper->drain_ms);
    return NULL;
}

/* A stopping service refuses; until the stop has begun it still serves. */
static void await_refusal(const struct pair *pair)
{
    double sum;
    int tries;
    for (tries = 0; tries < 10000; tries++) {
        int err = soap_call_lab__add(pair->soap, pair->endpoint, NULL, 1, 2, &sum);
        if (err == SOAP_OK)
            continue;
        CU_ASSERT_EQUAL(err, 503);
        ASSERT_TEXT(soap_xmpp_condition(pair->soap), "service-unavailable");
        return;
    }
    CU_FAIL("a stopping service still serves");
}

static void stop_gracefully(const struct site *site)
{
    struct pair pair;
    struct running_call call;
    struct stopper stopper = {.drain_ms = 15000, .result = -1};
    if (pair_open(&pair, site, 2))
        return;
    start_delay(&call, &pair, 15000);
    stopper.laboratory = pair.laboratory;
    pthread_create(&stopper.thread, NULL, stop_laboratory, &stopper);
    await_refusal(&pair);
    laboratory_hurry();
    join_delay(&call);
    CU_ASSERT_EQUAL(call.err, SOAP_OK);
    pthread_join(stopper.thread, NULL);
    CU_ASSERT_EQUAL(stopper.result, SOAP_OK);
    laboratory_client_free(pair.soap);
    soap_xmpp_close(pair.service);
    soap_xmpp_close(pair.caller);
}

static void a_graceful_stop_lets_running_operations_answer_and_refuses_new_ones(void)
{
    site_each(stop_gracefully);
}

/* Holds the loop while it writes one answer, until the other is posted and the stop waits for the
 * loop: the stream must not be closed before the second has gone out. */
struct holder {
    struct soap_xmpp_link *link;
    struct stopper stopper;
    pid_t stopper_tid;
    int held;
};

static void *stop_held(void *arg)
{
    struct holder *holder = arg;
    __atomic_store_n(&holder->stopper_tid, gettid(), __ATOMIC_RELEASE);
    return stop_laboratory(&holder->stopper);
}

static void hold(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct holder *holder = user;
    struct sx_queue_counts counts;
    (void)level;
    if (!strstr(line, "sent") || !strstr(line, "delayResponse") || holder->held++)
        return;
    do {
        sx_queue_count(sx_link_queue(holder->link), &counts);
        sched_yield();
    } while (counts.running ||
             !is_blocked(__atomic_load_n(&holder->stopper_tid, __ATOMIC_ACQUIRE)));
}

static void stop_while_writing(const struct site *site)
{
    struct pair pair;
    struct site_account account;
    struct running_call calls[2];
    struct holder holder = {.stopper = {.drain_ms = 15000}};
    if (pair_open(&pair, site, 1))
        return;
    laboratory_stop(pair.laboratory, 0);
    soap_xmpp_close(pair.service);
    site_account(site, "bob", "soap", &account);
    account.config.trace = SOAP_XMPP_TRACE_STANZA;
    account.config.trace_callback = hold;
    account.config.trace_user = &holder;
    holder.link = pair.service = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(pair.service, -1), 0);
    holder.stopper.laboratory = laboratory_start(pair.service, 3);
    start_delay(&calls[0], &pair, 15000);
    start_delay(&calls[1], &pair, 15000);
    pthread_create(&holder.stopper.thread, NULL, stop_held, &holder);
    await_refusal(&pair);
    laboratory_hurry();
    join_delay(&calls[0]);
    join_delay(&calls[1]);
    CU_ASSERT_EQUAL(calls[0].err, SOAP_OK);
    CU_ASSERT_EQUAL(calls[1].err, SOAP_OK);
    pthread_join(holder.stopper.thread, NULL);
    CU_ASSERT_EQUAL(holder.held, 2);
    laboratory_client_free(pair.soap);
    soap_xmpp_close(pair.service);
    soap_xmpp_close(pair.caller);
}

static void the_last_answer_before_a_stop_goes_out(void)
{
    site_each(stop_while_writing);
}

static void stop_in_a_hurry(const struct site *site)
{
    struct pair pair;
    struct running_call running, queued;
    struct stopper stopper = {.drain_ms = 0, .result = -1};
    if (pair_open(&pair, site, 1))
        return;
    start_delay(&running, &pair, 15000);
    queued = (struct running_call){.endpoint = pair.endpoint, .ms = 1, .err = -1000};
    queued.soap = laboratory_client(pair.caller, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(soap_send_lab__delay(queued.soap, queued.endpoint, NULL, queued.ms), SOAP_OK);
    /* Stanzas keep their order: when this answer is here, the request has arrived. */
    CU_ASSERT_EQUAL(soap_xmpp_discover(pair.caller, pair.endpoint, SOAP_XMPP_FEATURE, -1, NULL, 0),
                    1);
    stopper.laboratory = pair.laboratory;
    pthread_create(&stopper.thread, NULL, stop_laboratory, &stopper);
    /* The queued request never ran and says so. */
    CU_ASSERT_EQUAL(soap_recv_lab__delay(queued.soap, &queued.waited_ms), 503);
    laboratory_client_free(queued.soap);
    laboratory_hurry();
    pthread_join(stopper.thread, NULL);
    running.soap->recv_timeout = 1;
    soap_xmpp_stop(pair.caller, 0);
    join_delay(&running);
    CU_ASSERT_NOT_EQUAL(running.err, -1000);
    laboratory_client_free(pair.soap);
    soap_xmpp_close(pair.service);
    soap_xmpp_close(pair.caller);
}

static void a_stop_without_drain_refuses_what_was_queued(void)
{
    site_each(stop_in_a_hurry);
}

static void interrupt(const struct site *site)
{
    struct pair pair;
    double sum = 0;
    if (pair_open(&pair, site, 3))
        return;
    CU_ASSERT_EQUAL(soap_call_lab__add(pair.soap, pair.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    soap_xmpp_interrupt(pair.service);
    pair_close(&pair);
}

static void an_interrupt_ends_serving(void)
{
    site_each(interrupt);
}

/* ---- refusals ---- */

static void call_a_caller(const struct site *site)
{
    struct soap_xmpp_link *a = site_open(site, "alice", "one"), *b = site_open(site, "bob", "two");
    struct soap *soap = laboratory_client(a, SOAP_IO_DEFAULT);
    double sum;
    CU_ASSERT_EQUAL(soap_call_lab__add(soap, site_endpoint(site, "bob", "two"), NULL, 1, 2, &sum),
                    503);
    ASSERT_TEXT(soap_xmpp_condition(soap), "service-unavailable");
    laboratory_client_free(soap);
    soap_xmpp_close(a);
    soap_xmpp_close(b);
}

static void a_link_that_serves_nothing_answers_service_unavailable(void)
{
    site_each(call_a_caller);
}

static void fill_the_queue(const struct site *site)
{
    enum { EXTRA = 3 };
    struct pair pair;
    struct site_account account;
    struct running_call running;
    struct soap *waiting[EXTRA];
    int i, refused = 0;
    if (pair_open(&pair, site, 1))
        return;
    site_account(site, "bob", "soap", &account);
    account.config.max_requests = 1;
    pair_reopen_service(&pair, &account, 1);
    start_delay(&running, &pair, 15000);
    for (i = 0; i < EXTRA; i++) {
        waiting[i] = laboratory_client(pair.caller, SOAP_IO_DEFAULT);
        CU_ASSERT_EQUAL(soap_send_lab__delay(waiting[i], pair.endpoint, NULL, 0), SOAP_OK);
    }
    /* One runs, one waits for it, the others come back at once. */
    for (i = 1; i < EXTRA; i++) {
        int waited_ms, err = soap_recv_lab__delay(waiting[i], &waited_ms);
        refused +=
            err == 500 && strcmp(soap_xmpp_condition(waiting[i]), "resource-constraint") == 0;
    }
    CU_ASSERT_EQUAL(refused, EXTRA - 1);
    laboratory_hurry();
    CU_ASSERT_EQUAL(soap_recv_lab__delay(waiting[0], &i), SOAP_OK);
    for (i = 0; i < EXTRA; i++)
        laboratory_client_free(waiting[i]);
    join_delay(&running);
    CU_ASSERT_EQUAL(running.err, SOAP_OK);
    pair_close(&pair);
}

static void requests_beyond_the_queue_are_refused_and_the_service_lives_on(void)
{
    site_each(fill_the_queue);
}

CU_TestInfo tests_service[] = {
    {"a service may accept and serve by hand", a_service_may_accept_and_serve_by_hand},
    {"a graceful stop lets running operations answer and refuses new ones",
     a_graceful_stop_lets_running_operations_answer_and_refuses_new_ones},
    {"the last answer before a stop goes out", the_last_answer_before_a_stop_goes_out},
    {"a stop without drain refuses what was queued", a_stop_without_drain_refuses_what_was_queued},
    {"an interrupt ends serving", an_interrupt_ends_serving},
    {"a link that serves nothing answers service-unavailable",
     a_link_that_serves_nothing_answers_service_unavailable},
    {"requests beyond the queue are refused and the service lives on",
     requests_beyond_the_queue_are_refused_and_the_service_lives_on},
    CU_TEST_INFO_NULL,
};
