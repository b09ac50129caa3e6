/* Calls between two servers, Prosody and ejabberd, in both directions: the same patterns as through
 * one, and the promise of delivery when what breaks is neither side's connection, but the one
 * between the servers, or the server of the other side.
 *
 * The servers find each other through roads of ours: a proxy before each server's port for others,
 * which is what the zone tells. A request from A to B comes by B's road, its answer by A's.
 */
#include "soapH.h"
#include "../integration/laboratory.h"

#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"

extern char **environ;

enum { LONG_MS = 60000, LONG_US = 60000000, LONG_S = 60, LOOK_AGAIN_US = 10000 };

static const char *const labels[] = {"prosody", "ejabberd"};
enum { SERVERS = sizeof labels / sizeof *labels };

static struct proxy *roads[SERVERS];

/* ---- the roads ---- */

static const char *variable(const char *label, const char *name)
{
    char key[100];
    const char *value;
    size_t i;
    snprintf(key, sizeof key, "SOAPXMPP_TEST_%s_%s", label, name);
    for (i = 0; key[i]; i++)
        if (key[i] >= 'a' && key[i] <= 'z')
            key[i] = (char)(key[i] - 'a' + 'A');
    value = getenv(key);
    return value ? value : "";
}

static struct proxy *road_to(const struct site *site)
{
    return roads[strcmp(site->label, labels[0]) == 0 ? 0 : 1];
}

static int write_zone(void)
{
    const char *zone = getenv("SOAPXMPP_TEST_ZONE");
    char fresh[SITE_PATH_BYTES];
    FILE *file;
    int i;
    if (!zone)
        return -1;
    snprintf(fresh, sizeof fresh, "%s.new", zone);
    file = fopen(fresh, "w");
    if (!file)
        return -1;
    for (i = 0; i < SERVERS; i++)
        fprintf(file, "%s %d\n", variable(labels[i], "DOMAIN"), proxy_port(roads[i]));
    return fclose(file) == 0 ? rename(fresh, zone) : -1;
}

int federation_begin(void);
int federation_end(void);

int federation_begin(void)
{
    int i;
    for (i = 0; i < SERVERS; i++) {
        roads[i] = proxy_start(atoi(variable(labels[i], "S2S_PORT")), NULL);
        if (!roads[i])
            return -1;
    }
    return write_zone();
}

int federation_end(void)
{
    int i;
    for (i = 0; i < SERVERS; i++)
        proxy_stop(roads[i]);
    return 0;
}

static unsigned cut_roads(void)
{
    return proxy_cut_now(roads[0]) + proxy_cut_now(roads[1]);
}

static int control(const struct site *site, const char *verb)
{
    char *argv[] = {(char *)variable(site->label, "CONTROL"), (char *)verb,
                    (char *)variable(site->label, "DIR"), NULL};
    pid_t pid;
    int status = -1;
    if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0)
        return -1;
    waitpid(pid, &status, 0);
    return status;
}

/* ---- a caller here, a service there ---- */

struct crossing {
    struct soap_xmpp_link *caller, *service;
    struct laboratory *laboratory;
    struct soap *soap;
    const char *endpoint;
};

static struct soap_xmpp_link *open_link(const struct site *site, const char *user,
                                        const char *resource)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.plain_delivery = 0;
    account.config.timeout_ms = LONG_MS;
    account.config.trace = SOAP_XMPP_TRACE_NONE;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

static void assert_adds(struct soap *soap, const char *endpoint)
{
    double sum = 0;
    int err = soap_call_lab__add(soap, endpoint, NULL, 1, 2, &sum);
    if (err)
        printf("\n    %s", laboratory_fault(soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    soap_end(soap);
}

/* One thread: the answers of the service leave in the order of its requests. The first call lets
 * the two sides know that each runs an id once. */
static void cross(struct crossing *crossing, const struct site *near, const struct site *far)
{
    crossing->service = open_link(far, "bob", "soap");
    crossing->caller = open_link(near, "alice", "desk");
    crossing->laboratory = laboratory_start(crossing->service, 1);
    crossing->soap = laboratory_client(crossing->caller, SOAP_IO_DEFAULT);
    crossing->soap->connect_timeout = crossing->soap->send_timeout = LONG_S;
    crossing->soap->recv_timeout = LONG_S;
    crossing->endpoint = site_endpoint(far, "bob", "soap");
    assert_adds(crossing->soap, crossing->endpoint);
}

static void part(struct crossing *crossing)
{
    laboratory_client_free(crossing->soap);
    CU_ASSERT_EQUAL(laboratory_stop(crossing->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(crossing->service);
    soap_xmpp_close(crossing->caller);
}

static void each_way(void (*run)(const struct site *near, const struct site *far))
{
    const struct site *prosody = site_find(labels[0]), *ejabberd = site_find(labels[1]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(prosody);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ejabberd);
    run(prosody, ejabberd);
    run(ejabberd, prosody);
}

/* The service need not wait for the end of its back-off. */
static void bring_back(const struct site *far, struct crossing *crossing)
{
    CU_ASSERT_EQUAL(control(far, "restart"), 0);
    soap_xmpp_kick(crossing->service);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(crossing->service, -1), 0);
}

/* ---- nothing breaks ---- */

static void call_and_fail(const struct site *near, const struct site *far)
{
    struct crossing crossing;
    struct lab__Seen seen = {0};
    double quotient;
    char expected[300];
    cross(&crossing, near, far);
    CU_ASSERT_EQUAL(soap_call_lab__whoami(crossing.soap, crossing.endpoint, NULL, &seen), SOAP_OK);
    snprintf(expected, sizeof expected, "alice@%s/desk", near->domain);
    ASSERT_TEXT(seen.from, expected);
    snprintf(expected, sizeof expected, "bob@%s/soap", far->domain);
    ASSERT_TEXT(seen.to, expected);
    CU_ASSERT_EQUAL(soap_call_lab__divide(crossing.soap, crossing.endpoint, NULL, 1, 0, &quotient),
                    SOAP_CLI_FAULT);
    ASSERT_CONTAINS(laboratory_fault(crossing.soap), "division by zero");
    ASSERT_CONTAINS(laboratory_fault(crossing.soap), "divisor");
    ASSERT_TEXT(soap_xmpp_condition(crossing.soap), "");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(crossing.soap), SOAP_XMPP_EXECUTED);
    part(&crossing);
}

static void a_call_and_a_fault_cross_from_server_to_server(void)
{
    each_way(call_and_fail);
}

enum { LARGE_BYTES = 150000, RECORDS = 500 };

static void echo_large(const struct site *near, const struct site *far)
{
    struct crossing crossing;
    char *text = malloc(LARGE_BYTES + 1), *said = NULL;
    struct lab__Record record = {"screw & nut", 100, 0.25}, *all = calloc(RECORDS, sizeof *all);
    struct lab__Records in = {RECORDS, all}, out = {0};
    int i;
    CU_ASSERT_FATAL(text && all);
    for (i = 0; i < LARGE_BYTES; i++)
        text[i] = (char)('a' + i % 26);
    text[LARGE_BYTES] = '\0';
    for (i = 0; i < RECORDS; i++)
        all[i] = record;
    cross(&crossing, near, far);
    CU_ASSERT_EQUAL(soap_call_lab__say(crossing.soap, crossing.endpoint, NULL, text, &said),
                    SOAP_OK);
    CU_ASSERT_TRUE(said && strcmp(said, text) == 0);
    CU_ASSERT_EQUAL(soap_call_lab__echo(crossing.soap, crossing.endpoint, NULL, &in, &out),
                    SOAP_OK);
    CU_ASSERT_EQUAL_FATAL(out.__sizerecord, RECORDS);
    ASSERT_TEXT(out.record[RECORDS - 1].name, record.name);
    part(&crossing);
    free(all);
    free(text);
}

static void large_envelopes_cross_unchanged(void)
{
    each_way(echo_large);
}

enum { BURST = 200 };

static int send_burst(struct crossing *crossing)
{
    int i;
    for (i = 0; i < BURST; i++)
        if (soap_send_lab__add(crossing->soap, crossing->endpoint, NULL, i, i) ||
            !soap_xmpp_detach(crossing->soap))
            break;
    return i;
}

/* The sums of i and i, each once. */
static int receive_burst(struct crossing *crossing)
{
    char seen[BURST] = {0};
    struct soap_xmpp_call *call;
    int right = 0;
    while ((call = soap_xmpp_wait(crossing->caller, -1))) {
        double sum = -1;
        soap_xmpp_attach(crossing->soap, call);
        if (soap_recv_lab__add(crossing->soap, &sum) == SOAP_OK && sum >= 0 && sum < 2 * BURST &&
            !seen[(int)sum / 2]) {
            seen[(int)sum / 2] = 1;
            right++;
        }
        soap_end(crossing->soap);
    }
    return right;
}

static void burst(const struct site *near, const struct site *far)
{
    struct crossing crossing;
    int runs;
    cross(&crossing, near, far);
    runs = laboratory_runs();
    CU_ASSERT_EQUAL(send_burst(&crossing), BURST);
    CU_ASSERT_EQUAL(receive_burst(&crossing), BURST);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + BURST);
    part(&crossing);
}

static void two_hundred_calls_at_once_each_get_their_own_answer(void)
{
    each_way(burst);
}

/* ---- the connection between the servers breaks ---- */

static void expect_delay(struct crossing *crossing, int runs)
{
    int waited_ms, err = soap_recv_lab__delay(crossing->soap, &waited_ms);
    if (err)
        printf("\n    %s", laboratory_fault(crossing->soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(crossing->soap), SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
}

/* A server answers in the order of what it was sent: all that the link wrote before is with it. */
static void flush_link(struct soap_xmpp_link *link, const struct site *site)
{
    CU_ASSERT_NOT_EQUAL(soap_xmpp_discover(link, site->domain, "urn:no:such", -1, NULL, 0), -1);
}

static void lose_a_request(const struct site *near, const struct site *far)
{
    struct crossing crossing;
    int runs;
    cross(&crossing, near, far);
    runs = laboratory_runs();
    proxy_black_hole(road_to(far));
    CU_ASSERT_EQUAL(soap_send_lab__delay(crossing.soap, crossing.endpoint, NULL, 0), SOAP_OK);
    flush_link(crossing.caller, near);
    CU_ASSERT_TRUE(cut_roads() > 0);
    proxy_resume(road_to(far));
    expect_delay(&crossing, runs + 1);
    part(&crossing);
}

static void a_request_lost_between_the_servers_is_sent_again_and_runs_once(void)
{
    each_way(lose_a_request);
}

static void lose_an_answer(const struct site *near, const struct site *far)
{
    struct crossing crossing;
    struct soap_xmpp_link *neighbour_link = open_link(far, "alice", "desk");
    struct soap *neighbour = laboratory_client(neighbour_link, SOAP_IO_DEFAULT);
    int runs;
    cross(&crossing, near, far);
    runs = laboratory_runs();
    CU_ASSERT_EQUAL(soap_send_lab__delay(crossing.soap, crossing.endpoint, NULL, LONG_MS), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
    proxy_black_hole(road_to(near));
    laboratory_hurry();
    /* It is served after the other one, so that answer is out when this one is here. */
    assert_adds(neighbour, crossing.endpoint);
    CU_ASSERT_TRUE(cut_roads() > 0);
    proxy_resume(road_to(near));
    expect_delay(&crossing, runs + 2);
    laboratory_client_free(neighbour);
    soap_xmpp_close(neighbour_link);
    part(&crossing);
}

static void an_answer_lost_between_the_servers_comes_again_without_another_run(void)
{
    each_way(lose_an_answer);
}

/* ---- the other server goes away ---- */

static void restart_under_way(const struct site *near, const struct site *far)
{
    struct crossing crossing;
    int runs;
    cross(&crossing, near, far);
    runs = laboratory_runs();
    CU_ASSERT_EQUAL(soap_send_lab__delay(crossing.soap, crossing.endpoint, NULL, LONG_MS), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 1));
    bring_back(far, &crossing);
    laboratory_hurry();
    expect_delay(&crossing, runs + 1);
    part(&crossing);
}

static void an_answer_survives_the_restart_of_the_services_server(void)
{
    each_way(restart_under_way);
}

static int await_refusal(struct proxy *road, unsigned refused)
{
    int64_t deadline = sx_clock_deadline(LONG_US);
    struct proxy_counts counts;
    do {
        usleep(LOOK_AGAIN_US); /* a server's attempt has no other sign */
        proxy_counts(road, &counts);
    } while (counts.refused <= refused && sx_clock_now_us() < deadline);
    return counts.refused > refused;
}

static void call_one_who_is_away(const struct site *near, const struct site *far)
{
    struct crossing crossing;
    struct proxy_counts counts;
    int runs;
    cross(&crossing, near, far);
    runs = laboratory_runs();
    CU_ASSERT_EQUAL(control(far, "stop"), 0);
    proxy_counts(road_to(far), &counts);
    CU_ASSERT_EQUAL(soap_send_lab__delay(crossing.soap, crossing.endpoint, NULL, 0), SOAP_OK);
    CU_ASSERT_TRUE(await_refusal(road_to(far), counts.refused));
    bring_back(far, &crossing);
    expect_delay(&crossing, runs + 1);
    part(&crossing);
}

static void a_call_that_bounces_is_sent_again_until_the_server_is_back(void)
{
    each_way(call_one_who_is_away);
}

/* What a stranger is told: nothing was learned of the peer, so nothing is sent again. A server that
 * found nobody is sure of it, one that says timeout (ejabberd does) may have sent the stanza. */
static void assert_unreachable(const struct site *near, const char *endpoint)
{
    struct soap_xmpp_link *link = open_link(near, "bob", "new");
    struct soap *soap = laboratory_client(link, SOAP_IO_DEFAULT);
    double sum;
    CU_ASSERT_NOT_EQUAL(soap_call_lab__add(soap, endpoint, NULL, 1, 2, &sum), SOAP_OK);
    if (strcmp(soap_xmpp_condition(soap), "remote-server-timeout") == 0) {
        CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_UNKNOWN);
    } else {
        ASSERT_TEXT(soap_xmpp_condition(soap), "remote-server-not-found");
        CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
    }
    laboratory_client_free(soap);
    soap_xmpp_close(link);
}

static void give_up(const struct site *near, const struct site *far)
{
    struct crossing crossing;
    int64_t begun_us, took_us;
    double sum;
    int runs;
    cross(&crossing, near, far);
    runs = laboratory_runs();
    CU_ASSERT_EQUAL(control(far, "stop"), 0);
    crossing.soap->recv_timeout = 3;
    begun_us = sx_clock_now_us();
    CU_ASSERT_EQUAL(soap_call_lab__add(crossing.soap, crossing.endpoint, NULL, 1, 2, &sum),
                    SOAP_EOF);
    took_us = sx_clock_now_us() - begun_us;
    CU_ASSERT_TRUE(took_us >= 3000000 && took_us < LONG_US / 2);
    CU_ASSERT_NOT_EQUAL(soap_xmpp_outcome(crossing.soap), SOAP_XMPP_EXECUTED);
    assert_unreachable(near, crossing.endpoint);
    bring_back(far, &crossing);
    crossing.soap->recv_timeout = LONG_S;
    assert_adds(crossing.soap, crossing.endpoint);
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    part(&crossing);
}

static void a_call_to_a_server_that_stays_away_ends_at_its_deadline_and_never_runs(void)
{
    each_way(give_up);
}

CU_TestInfo tests_federation[] = {
    {"a call and a fault cross from server to server",
     a_call_and_a_fault_cross_from_server_to_server},
    {"large envelopes cross unchanged", large_envelopes_cross_unchanged},
    {"two hundred calls at once each get their own answer",
     two_hundred_calls_at_once_each_get_their_own_answer},
    {"a request lost between the servers is sent again and runs once",
     a_request_lost_between_the_servers_is_sent_again_and_runs_once},
    {"an answer lost between the servers comes again without another run",
     an_answer_lost_between_the_servers_comes_again_without_another_run},
    {"an answer survives the restart of the service's server",
     an_answer_survives_the_restart_of_the_services_server},
    {"a call that bounces is sent again until the server is back",
     a_call_that_bounces_is_sent_again_until_the_server_is_back},
    {"a call to a server that stays away ends at its deadline and never runs",
     a_call_to_a_server_that_stays_away_ends_at_its_deadline_and_never_runs},
    CU_TEST_INFO_NULL,
};
