/* 20,000 calls, 64 outstanding, while a fault proxy on either side of the server cuts, resets,
 * half-closes, stalls, delays and splits on a seeded schedule. What docs/guarantees.md promises is
 * counted: how often each request ran, how each call ended.
 *
 * STORM_CALLS (both servers together) and STORM_SEED in the environment make it longer, or another
 * one. Links are kicked when they are thrown off: the back-off is for a network that is down.
 */
#include "soapH.h"
#include "laboratory.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "scale.h"

enum { OUTSTANDING = 64, DEFAULT_CALLS = 20000, SERVERS = 2, CALL_S = 60, DEFAULT_SEED = 72 };
enum { SMALL_CALLS = 50 }; /* at one server as Debian configures it */

/* Faults for a caller's or service's connection, about one a second and one each 150 KB. */
static const struct proxy_plan weather = {
    .weights = {[PROXY_CUT] = 4,
                [PROXY_RESET] = 4,
                [PROXY_HALF_CLOSE] = 2,
                [PROXY_STALL] = 2,
                [PROXY_DELAY] = 2,
                [PROXY_SPLIT] = 4},
    .min_gap_bytes = 20000,
    .max_gap_bytes = 300000,
    .min_gap_ms = 300,
    .max_gap_ms = 2000,
    .min_hold_ms = 20,
    .max_hold_ms = 300,
};

struct end {
    struct proxy *proxy;
    struct soap_xmpp_link *link;
    unsigned breaks; /* times it was thrown off; written on the link's thread */
};

struct storm {
    struct end near, far;
    struct laboratory *laboratory;
    struct soap *soap;
    const char *endpoint;
    int calls, begun, ended;
    int answered, unknown, not_executed; /* how they ended */
    int twice, wrong;                    /* a call that ended twice; an answer to another call */
    char *seen;                          /* per call: it has ended */
};

static unsigned number_from(const char *variable, unsigned preset)
{
    const char *text = getenv(variable);
    return text ? (unsigned)strtoul(text, NULL, 10) : preset;
}

static void get_up(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    struct end *end = user;
    (void)reason;
    if (state != SOAP_XMPP_BACKING_OFF)
        return;
    end->breaks++;
    soap_xmpp_kick(end->link);
}

/* In a short storm three times as many by bytes, so that enough of them come however fast the
 * machine is. */
static struct proxy_plan plan_for(int calls, unsigned seed)
{
    struct proxy_plan plan = weather;
    unsigned part = calls < DEFAULT_CALLS / SERVERS / 2 ? 3 : 1;
    if (scale_is_small())
        part = 32;
    plan.min_gap_bytes /= part;
    plan.max_gap_bytes /= part;
    plan.seed = seed;
    return plan;
}

static void end_open(struct end *end, const struct site *site, const char *user,
                     const char *resource, const struct proxy_plan *plan)
{
    struct site_account account;
    site_account(site, user, resource, &account);
    end->proxy = proxy_start(site->port, plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(end->proxy);
    proxy_set_calm(end->proxy, true);
    account.config.port = proxy_port(end->proxy);
    account.config.plain_delivery = 0;
    account.config.timeout_ms = CALL_S * 1000;
    account.config.trace = SOAP_XMPP_TRACE_NONE;
    account.config.state_callback = get_up;
    account.config.state_user = end;
    end->link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(end->link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(end->link, -1), 0);
}

static void end_close(struct end *end)
{
    soap_xmpp_close(end->link);
    proxy_stop(end->proxy);
}

static void set_calm(struct storm *storm, bool calm)
{
    proxy_set_calm(storm->near.proxy, calm);
    proxy_set_calm(storm->far.proxy, calm);
}

static void storm_open(struct storm *storm, const struct site *site)
{
    unsigned seed = number_from("STORM_SEED", DEFAULT_SEED);
    struct proxy_plan plan;
    memset(storm, 0, sizeof *storm);
    storm->calls =
        scale_is_small() ? SMALL_CALLS : (int)number_from("STORM_CALLS", DEFAULT_CALLS) / SERVERS;
    CU_ASSERT_TRUE_FATAL(storm->calls <= LABORATORY_TICKS);
    storm->seen = calloc((size_t)storm->calls, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(storm->seen);
    laboratory_reset_ticks();
    plan = plan_for(storm->calls, 2 * seed);
    end_open(&storm->far, site, "bob", "soap", &plan);
    plan = plan_for(storm->calls, 2 * seed + 1);
    end_open(&storm->near, site, "alice", "desk", &plan);
    storm->laboratory = laboratory_start(storm->far.link, 4);
    storm->soap = laboratory_client(storm->near.link, SOAP_IO_DEFAULT);
    storm->soap->connect_timeout = storm->soap->send_timeout = storm->soap->recv_timeout = CALL_S;
    storm->endpoint = site_endpoint(site, "bob", "soap");
    set_calm(storm, false);
}

static void storm_close(struct storm *storm)
{
    set_calm(storm, true);
    laboratory_client_free(storm->soap);
    CU_ASSERT_EQUAL(laboratory_stop(storm->laboratory, 5000), SOAP_OK);
    end_close(&storm->far);
    end_close(&storm->near);
    free(storm->seen);
}

static void note_end(struct storm *storm, int number)
{
    storm->twice += storm->seen[number];
    storm->seen[number] = 1;
    storm->ended++;
}

static void begin_call(struct storm *storm)
{
    struct soap *soap = storm->soap;
    int number = storm->begun++;
    soap->user = storm->seen + number;
    if (soap_send_lab__tick(soap, storm->endpoint, NULL, number) != SOAP_OK ||
        !soap_xmpp_detach(soap)) {
        printf("\n    call %d isn't sent: %s", number, laboratory_fault(soap));
        storm->not_executed++;
        note_end(storm, number);
    }
    soap_end(soap);
}

static bool end_call(struct storm *storm)
{
    struct soap *soap = storm->soap;
    struct soap_xmpp_call *call = soap_xmpp_wait(storm->near.link, 2 * CALL_S * 1000);
    int number, echo = -1, err;
    if (!call)
        return false;
    number = (int)((char *)soap_xmpp_call_user(call) - storm->seen);
    soap_xmpp_attach(soap, call);
    err = soap_recv_lab__tick(soap, &echo);
    if (err == SOAP_OK)
        storm->answered++;
    else if (soap_xmpp_outcome(soap) == SOAP_XMPP_NOT_EXECUTED)
        storm->not_executed++;
    else
        storm->unknown++;
    if (err != SOAP_OK)
        printf("\n    call %d: %s", number, laboratory_fault(soap));
    storm->wrong += err == SOAP_OK && echo != number;
    note_end(storm, number);
    soap_end(soap);
    return true;
}

static void ride_out(struct storm *storm)
{
    while (storm->ended < storm->calls) {
        while (storm->begun < storm->calls && storm->begun - storm->ended < OUTSTANDING)
            begin_call(storm);
        if (storm->ended < storm->begun && !end_call(storm)) {
            CU_FAIL("a call hangs");
            return;
        }
    }
}

static unsigned count_faults(const struct end *end, unsigned *breaking)
{
    struct proxy_counts counts;
    unsigned kind, all = 0;
    proxy_counts(end->proxy, &counts);
    for (kind = 0; kind < PROXY_KINDS; kind++)
        all += counts.faults[kind];
    *breaking +=
        counts.faults[PROXY_CUT] + counts.faults[PROXY_RESET] + counts.faults[PROXY_HALF_CLOSE];
    return all;
}

static void judge(const struct storm *storm, const struct site *site, int64_t took_us)
{
    unsigned breaking = 0, faults = count_faults(&storm->near, &breaking);
    int number, ran_twice = 0, never_ran = 0;
    faults += count_faults(&storm->far, &breaking);
    for (number = 0; number < storm->calls; number++) {
        ran_twice += laboratory_ticks(number) > 1;
        never_ran += laboratory_ticks(number) == 0;
    }
    printf("\n    %s: %d calls in %.1f s under %u faults, %u of which broke the connection: %d "
           "answered, %d unknown, %d not executed; %d requests never ran, %d ran twice\n    ",
           site->label, storm->calls, (double)took_us / 1e6, faults, breaking, storm->answered,
           storm->unknown, storm->not_executed, never_ran, ran_twice);
    CU_ASSERT_EQUAL(ran_twice, 0);
    CU_ASSERT_EQUAL(storm->twice, 0);
    CU_ASSERT_EQUAL(storm->wrong, 0);
    CU_ASSERT_EQUAL(storm->ended, storm->calls);
    CU_ASSERT_EQUAL(storm->answered, storm->calls);
    CU_ASSERT_TRUE(breaking > scale_of(2, 0));
}

static void ride_out_at(const struct site *site)
{
    struct storm storm;
    int64_t begun_us;
    storm_open(&storm, site);
    begun_us = sx_clock_now_us();
    ride_out(&storm);
    judge(&storm, site, sx_clock_now_us() - begun_us);
    storm_close(&storm);
}

static void each_call_is_answered_and_each_request_runs_once(void)
{
    site_each(ride_out_at);
}

CU_TestInfo tests_storm[] = {
    {"under a storm each call is answered, and each request runs once",
     each_call_is_answered_and_each_request_runs_once},
    CU_TEST_INFO_NULL,
};
