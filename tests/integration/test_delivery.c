/* The promise of delivery: each call ends once, each request runs at most once, and its answer
 * arrives although connections break. Broken on purpose by a fault proxy on either side.
 */
#include "soapH.h"
#include "parley.h"

#include <sched.h>

#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "scene.h"

/* A caller and a service that reach their server through a proxy each. */
struct broken {
    struct proxy *near, *far;
    struct soap_xmpp_link *caller, *service;
    struct laboratory *laboratory;
    struct soap *soap;
    const char *endpoint;
};

static struct soap_xmpp_link *open_through(const struct site *site, const struct proxy *proxy,
                                           const char *user, const char *resource, int plain)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.port = proxy_port(proxy);
    account.config.plain_delivery = plain;
    account.config.timeout_ms = 60000;
    account.config.trace = SOAP_XMPP_TRACE_NONE;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    return link;
}

/* plain: neither end knows what the other can do. */
static void broken_open(struct broken *broken, const struct site *site, int plain)
{
    broken->near = proxy_start(site->port, NULL);
    broken->far = proxy_start(site->port, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(broken->near);
    CU_ASSERT_PTR_NOT_NULL_FATAL(broken->far);
    broken->service = open_through(site, broken->far, "bob", "soap", plain);
    broken->caller = open_through(site, broken->near, "alice", "desk", plain);
    broken->laboratory = laboratory_start(broken->service, 4);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(broken->service, -1), 0);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(broken->caller, -1), 0);
    broken->soap = laboratory_client(broken->caller, SOAP_IO_DEFAULT);
    broken->soap->connect_timeout = broken->soap->send_timeout = broken->soap->recv_timeout = 60;
    broken->endpoint = site_endpoint(site, "bob", "soap");
}

static void broken_close(struct broken *broken)
{
    laboratory_client_free(broken->soap);
    CU_ASSERT_EQUAL(laboratory_stop(broken->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(broken->service);
    soap_xmpp_close(broken->caller);
    proxy_stop(broken->near);
    proxy_stop(broken->far);
}

/* ---- one break at a time ---- */

static void expect_delay(struct broken *broken)
{
    int waited_ms, err = soap_recv_lab__delay(broken->soap, &waited_ms);
    if (err)
        printf("\n    %s", laboratory_fault(broken->soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(broken->soap), SOAP_XMPP_EXECUTED);
}

static void lose_the_caller(const struct site *site)
{
    struct broken broken;
    int runs = laboratory_runs();
    broken_open(&broken, site, 0);
    CU_ASSERT_EQUAL(soap_send_lab__delay(broken.soap, broken.endpoint, NULL, 60000), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
    CU_ASSERT_TRUE(proxy_cut_now(broken.near) > 0);
    laboratory_hurry();
    expect_delay(&broken);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    broken_close(&broken);
}

static void an_answer_finds_a_caller_that_was_cut_off(void)
{
    site_each(lose_the_caller);
}

static void lose_the_service(const struct site *site)
{
    struct broken broken;
    int runs = laboratory_runs();
    broken_open(&broken, site, 0);
    CU_ASSERT_EQUAL(soap_send_lab__delay(broken.soap, broken.endpoint, NULL, 60000), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
    CU_ASSERT_TRUE(proxy_reset_now(broken.far) > 0);
    laboratory_hurry();
    expect_delay(&broken);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    broken_close(&broken);
}

static void an_answer_survives_the_service_being_cut_off(void)
{
    site_each(lose_the_service);
}

/* A request runs that came in a session before the present one. */
static void run_into_the_next_session(struct broken *broken, const struct site *site)
{
    struct proxy_counts counts;
    int runs = laboratory_runs();
    broken_open(broken, site, 1);
    CU_ASSERT_EQUAL(soap_send_lab__delay(broken->soap, broken->endpoint, NULL, 60000), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
    CU_ASSERT_TRUE(proxy_cut_now(broken->far) > 0);
    do
        proxy_counts(broken->far, &counts);
    while (counts.connections < 2 || soap_xmpp_wait_online(broken->service, 100) != 0);
}

static void answer_in_the_next_session(const struct site *site)
{
    struct broken broken;
    int waited_ms;
    run_into_the_next_session(&broken, site);
    laboratory_hurry();
    CU_ASSERT_EQUAL(soap_recv_lab__delay(broken.soap, &waited_ms), SOAP_OK);
    broken_close(&broken);
}

static void an_answer_goes_out_in_the_next_session_also_to_a_foreign_caller(void)
{
    site_each(answer_in_the_next_session);
}

static void answer_while_stopping(const struct site *site)
{
    struct broken broken;
    int waited_ms;
    run_into_the_next_session(&broken, site);
    soap_xmpp_interrupt(broken.service);
    while (soap_xmpp_state(broken.service) != SOAP_XMPP_STOPPING)
        sched_yield();
    laboratory_hurry();
    CU_ASSERT_EQUAL(soap_recv_lab__delay(broken.soap, &waited_ms), SOAP_OK);
    broken_close(&broken);
}

static void an_answer_goes_out_in_the_next_session_also_while_the_service_stops(void)
{
    site_each(answer_while_stopping);
}

/* ---- a new process under the old name ---- */

static void restart_the_service(const struct site *site)
{
    struct broken broken;
    double sum = 0;
    int waited_ms, runs = laboratory_runs();
    broken_open(&broken, site, 0);
    CU_ASSERT_EQUAL(soap_call_lab__add(broken.soap, broken.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    /* One link after the other is to the caller what one process after the other is. */
    CU_ASSERT_EQUAL(soap_send_lab__delay(broken.soap, broken.endpoint, NULL, 60000), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 2));
    proxy_black_hole(broken.far); /* it dies without a word */
    laboratory_hurry();
    laboratory_stop(broken.laboratory, 0);
    soap_xmpp_close(broken.service);
    proxy_cut_now(broken.far); /* with what it had to say */
    proxy_resume(broken.far);
    broken.service = open_through(site, broken.far, "bob", "soap", 0);
    broken.laboratory = laboratory_start(broken.service, 4);
    CU_ASSERT_EQUAL(soap_recv_lab__delay(broken.soap, &waited_ms), SOAP_EOF);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(broken.soap), SOAP_XMPP_UNKNOWN);
    ASSERT_CONTAINS(laboratory_fault(broken.soap), "restarted");
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 2);
    /* A call that begins now learns of the new incarnation and runs. */
    CU_ASSERT_EQUAL(soap_call_lab__add(broken.soap, broken.endpoint, NULL, 3, 4, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 7);
    broken_close(&broken);
}

static void a_restarted_service_refuses_what_its_predecessor_may_have_run(void)
{
    site_each(restart_the_service);
}

/* ---- an epoch that has ended ---- */

#define PACKED "<packed xmlns="

enum { REMEMBERED = 16, FIRST_WAIT_MS = 3000, LAST_WAIT_MS = 24000 };

static struct proxy *detour; /* a parley_change_fn has no argument for it */

static void go_through(struct soap_xmpp_config *config)
{
    config->port = proxy_port(detour);
    config->timeout_ms = 60000;
}

static void remember_few(struct soap_xmpp_config *config)
{
    config->max_remembered = REMEMBERED;
}

/* So many calls that no epoch of before is left, and one that lasts. */
static void end_epochs(struct soap *other, const char *endpoint, int wait_ms)
{
    int i, waited_ms;
    double sum;
    for (i = 0; i < 2 * REMEMBERED; i++) {
        CU_ASSERT_EQUAL(soap_call_lab__add(other, endpoint, NULL, i, 1, &sum), SOAP_OK);
        soap_end(other);
    }
    CU_ASSERT_EQUAL(soap_call_lab__delay(other, endpoint, NULL, wait_ms, &waited_ms), SOAP_OK);
    soap_end(other);
}

/* The call's first copy is lost with the connection; its id is of an epoch that has ended. */
static int call_late(struct parley *parley, double *sum)
{
    witness_clear(&parley->near);
    proxy_black_hole(detour);
    CU_ASSERT_EQUAL(soap_send_lab__add(parley->soap, parley->endpoint, NULL, 1, 2), SOAP_OK);
    CU_ASSERT_TRUE(witness_await_trace(&parley->near, "sent <iq", PACKED));
    CU_ASSERT_EQUAL(proxy_cut_now(detour), 1);
    proxy_resume(detour);
    return soap_recv_lab__add(parley->soap, sum);
}

/* A machine that is slow to be back online makes the caller doubt: the epoch ended too late for
 * that. Then it is tried again. */
static void call_in_an_old_epoch(const struct site *site)
{
    struct parley parley;
    struct soap_xmpp_link *link;
    struct soap *other;
    double sum = 0;
    int wait_ms, runs, err = SOAP_EOF;
    detour = proxy_start(site->port, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(detour);
    parley_open(&parley, site, 2, go_through, remember_few);
    parley.soap->send_timeout = parley.soap->recv_timeout = 60;
    link = scene_open_link(site, "alice", "other", 0);
    other = laboratory_client(link, SOAP_IO_DEFAULT);
    other->recv_timeout = 60;
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, parley.endpoint, NULL, 1, 1, &sum), SOAP_OK);
    for (wait_ms = FIRST_WAIT_MS; err && wait_ms <= LAST_WAIT_MS; wait_ms *= 2) {
        end_epochs(other, parley.endpoint, wait_ms);
        runs = laboratory_runs();
        err = call_late(&parley, &sum);
        CU_ASSERT_TRUE(parley_count(&parley.near, "received", " since=") > 0);
        CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap),
                        err ? SOAP_XMPP_UNKNOWN : SOAP_XMPP_EXECUTED);
        CU_ASSERT_EQUAL(laboratory_runs(), runs + !err);
    }
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    laboratory_client_free(other);
    soap_xmpp_close(link);
    parley_close(&parley);
    proxy_stop(detour);
}

static void a_call_with_an_id_of_an_epoch_that_has_ended_gets_a_new_one(void)
{
    site_each(call_in_an_old_epoch);
}

CU_TestInfo tests_delivery[] = {
    {"an answer finds a caller that was cut off", an_answer_finds_a_caller_that_was_cut_off},
    {"an answer survives the service being cut off", an_answer_survives_the_service_being_cut_off},
    {"a restarted service refuses what its predecessor may have run",
     a_restarted_service_refuses_what_its_predecessor_may_have_run},
    {"a call with an id of an epoch that has ended gets a new one, although its first copy was "
     "lost",
     a_call_with_an_id_of_an_epoch_that_has_ended_gets_a_new_one},
    {"an answer goes out in the next session, also to a foreign caller",
     an_answer_goes_out_in_the_next_session_also_to_a_foreign_caller},
    {"an answer goes out in the next session, also while the service stops",
     an_answer_goes_out_in_the_next_session_also_while_the_service_stops},
    CU_TEST_INFO_NULL,
};
