/* One component, several processes: ejabberd deals the requests out among them, and the promise of
 * delivery holds while connections break and processes die.
 *
 * Processes and callers are children (mortal), each caller behind a proxy of its own. Each process
 * writes into a ledger what it runs: no request runs twice, each call ends, and what it says of
 * the outcome is true.
 */
#include "soapH.h"
#include "laboratory.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "../lib/child.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "witness.h"
#include "scale.h"

enum { PROCESSES = 4, CALLERS = 2, MANY_CALLS = 400, SOON_MS = 20000, LATE_MS = 5000 };
/* The server draws lots: once in 250,000 one of the processes gets none of them. */
enum { CALLS_FOR_ALL = 48 };
enum { DEADLINE_S = 60, TEXT_BYTES = 600 };

/* Too large for a stanza of the service's, and for one of the caller's. */
#define LARGE_BYTES scale_of(60000, 15000)
enum { SERVICE_BYTES = 10000, HUGE_BYTES = 400000 };

struct caller {
    struct proxy *proxy;
    struct child *child;
};

struct house {
    const struct site *site;
    char ledger[SITE_PATH_BYTES + 32], domain[256];
    struct child *processes[PROCESSES];
    int process_count;
    struct caller callers[CALLERS];
    int caller_of[MANY_CALLS], count; /* by number of the call */
};

/* ---- processes and callers ---- */

static void name_ledger(const struct house *house, int process, char path[TEXT_BYTES])
{
    snprintf(path, TEXT_BYTES, "%s.%d", house->ledger, process);
}

static void start_process(struct house *house, int number)
{
    struct site_account component;
    char port[16], ledger[TEXT_BYTES];
    name_ledger(house, number, ledger);
    site_component(house->site, &component);
    snprintf(house->domain, sizeof house->domain, "%s", component.jid);
    snprintf(port, sizeof port, "%d", house->site->component_port);
    house->processes[number] =
        child_start("mortal", (const char *[]){"mortal", ledger, component.jid, component.password,
                                               port, "", NULL});
    CU_ASSERT_PTR_NOT_NULL_FATAL(house->processes[number]);
}

static void await_online(struct child *child)
{
    CU_ASSERT_PTR_NOT_NULL(child_await(child, "online", SOON_MS));
}

static void start_caller(struct house *house, int number)
{
    struct caller *caller = &house->callers[number];
    struct site_account account;
    char resource[16], port[16];
    snprintf(resource, sizeof resource, "c%d", number);
    site_account(house->site, "alice", resource, &account);
    caller->proxy = proxy_start(house->site->port, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(caller->proxy);
    snprintf(port, sizeof port, "%d", proxy_port(caller->proxy));
    caller->child = child_start("mortal", (const char *[]){"mortal", house->ledger, account.jid,
                                                           account.password, port,
                                                           account.config.ca_file, NULL});
    CU_ASSERT_PTR_NOT_NULL_FATAL(caller->child);
}

static void house_open(struct house *house, int processes)
{
    static int number;
    int i;
    memset(house, 0, sizeof *house);
    house->site = site_find("ejabberd");
    CU_ASSERT_PTR_NOT_NULL_FATAL(house->site);
    snprintf(house->ledger, sizeof house->ledger, "%s/shared%d-%d", house->site->folder,
             (int)getpid(), ++number);
    for (i = 0; i < processes; i++)
        start_process(house, i);
    house->process_count = processes;
    for (i = 0; i < CALLERS; i++)
        start_caller(house, i);
    for (i = 0; i < processes; i++)
        await_online(house->processes[i]);
    for (i = 0; i < CALLERS; i++)
        await_online(house->callers[i].child);
}

static void kill_process(struct house *house, int number)
{
    child_kill(house->processes[number]);
    CU_ASSERT_EQUAL(child_stop(house->processes[number]), 128 + 9);
    house->processes[number] = NULL;
}

/* ---- the ledger ---- */

static int runs_in(const struct house *house, int process, int number)
{
    char path[TEXT_BYTES];
    FILE *file;
    int written, count = 0;
    name_ledger(house, process, path);
    file = fopen(path, "r");
    while (file && fscanf(file, "%d", &written) == 1)
        count += written == number;
    if (file)
        fclose(file);
    return count;
}

static int runs(const struct house *house, int number)
{
    int i, count = 0;
    for (i = 0; i < house->process_count; i++)
        count += runs_in(house, i, number);
    return count;
}

/* ---- calls ---- */

static int call(struct house *house, int caller, int held)
{
    int number = house->count++;
    CU_ASSERT_TRUE_FATAL(number < MANY_CALLS);
    house->caller_of[number] = caller;
    child_tell(house->callers[caller].child, "call %d xmpp:%s %d %d", number, house->domain,
               DEADLINE_S, held);
    return number;
}

static void call_times(struct house *house, int times)
{
    for (; times > 0; times--)
        (void)call(house, (times - 1) % CALLERS, 0);
}

static void call_each(struct house *house, int times)
{
    call_times(house, scale_calls(times));
}

/* The process that runs the call. */
static int find_runner(const struct house *house, int number)
{
    int64_t deadline = sx_clock_deadline((int64_t)SOON_MS * 1000);
    int i;
    while (sx_clock_now_us() < deadline) {
        for (i = 0; i < house->process_count; i++)
            if (runs_in(house, i, number))
                return i;
        poll(NULL, 0, 5);
    }
    CU_FAIL_FATAL("nobody runs the call");
    return 0;
}

/* A call that runs, and is held there. Those that met others may end. */
static int call_held_by(struct house *house, int caller, int process)
{
    int number = call(house, caller, 1), runner = find_runner(house, number);
    while (runner != process) {
        child_tell(house->processes[runner], "finish %d", number);
        number = call(house, caller, 1);
        runner = find_runner(house, number);
    }
    return number;
}

/* Whoever runs them lets the calls answer, all so far. */
static void finish(struct house *house, int process)
{
    int number;
    for (number = 0; number < house->count; number++)
        child_tell(house->processes[process], "finish %d", number);
}

static void finish_all(struct house *house)
{
    int i;
    for (i = 0; i < house->process_count; i++)
        if (house->processes[i])
            finish(house, i);
}

/* "error unknown 2013 the words", of the call that has ended. */
static const char *await_end(struct house *house, int number)
{
    char words[32];
    const char *end;
    snprintf(words, sizeof words, "end %d", number);
    end = child_await(house->callers[house->caller_of[number]].child, words,
                      2 * DEADLINE_S * 1000 + LATE_MS);
    CU_ASSERT_PTR_NOT_NULL(end);
    return end ? end + strlen(words) + 1 : "";
}

/* What holds for each call, whatever happened; whether it was answered. */
static bool judge(struct house *house, int number)
{
    const char *end = await_end(house, number);
    int run_count = runs(house, number);
    char how[8] = "", outcome[16] = "";
    CU_ASSERT_EQUAL(sscanf(end, "%7s %15s", how, outcome), 2);
    CU_ASSERT_TRUE(run_count <= 1);
    if (strcmp(how, "answer") == 0 || strcmp(outcome, "executed") == 0)
        CU_ASSERT_EQUAL(run_count, 1);
    if (strcmp(outcome, "not-executed") == 0)
        CU_ASSERT_EQUAL(run_count, 0);
    return strcmp(how, "answer") == 0;
}

static void expect_answers(struct house *house, int from)
{
    for (; from < house->count; from++)
        if (!judge(house, from))
            ASSERT_TEXT(await_end(house, from), "answer executed");
}

static void house_close(struct house *house)
{
    int i;
    for (i = 0; i < house->count; i++)
        (void)judge(house, i);
    for (i = 0; i < CALLERS; i++) {
        CU_ASSERT_EQUAL(child_stop(house->callers[i].child), 0);
        proxy_stop(house->callers[i].proxy);
    }
    for (i = 0; i < house->process_count; i++)
        CU_ASSERT_EQUAL(child_stop(house->processes[i]), 0);
}

/* ---- everybody lives ---- */

static void each_call_is_answered_by_one_of_them(void)
{
    struct house house;
    int i;
    house_open(&house, PROCESSES);
    call_times(&house, CALLS_FOR_ALL);
    expect_answers(&house, 0);
    for (i = 0; i < PROCESSES; i++)
        CU_ASSERT_PTR_NOT_NULL(child_await(house.processes[i], "run", SOON_MS));
    house_close(&house);
}

/* ---- the caller's connection breaks ---- */

/* The requests run; the answers of some are lost with the connection, others come after it. */
static void a_caller_that_loses_its_connection_finds_its_answers(void)
{
    struct house house;
    struct caller *caller = &house.callers[0];
    int i, lost[PROCESSES], late[PROCESSES];
    char words[32];
    house_open(&house, PROCESSES);
    (void)call(&house, 0, 0);
    expect_answers(&house, 0);
    for (i = 0; i < PROCESSES; i++) {
        lost[i] = call_held_by(&house, 0, i);
        late[i] = call_held_by(&house, 0, i);
    }
    proxy_black_hole(caller->proxy);
    for (i = 0; i < PROCESSES; i++) {
        child_tell(house.processes[i], "finish %d", lost[i]);
        snprintf(words, sizeof words, "sent answer %d", lost[i]);
        CU_ASSERT_PTR_NOT_NULL(child_await(house.processes[i], words, SOON_MS));
    }
    proxy_reset_now(caller->proxy);
    proxy_resume(caller->proxy);
    for (i = 0; i < PROCESSES; i++)
        ASSERT_CONTAINS(await_end(&house, lost[i]), "answer executed");
    for (i = 0; i < PROCESSES; i++)
        CU_ASSERT_EQUAL(runs(&house, late[i]), 1);
    finish_all(&house);
    expect_answers(&house, 0);
    house_close(&house);
}

/* A request that is lost on its way can't be sent again: nobody knows for certain that it is lost.
 */
static void what_has_run_is_answered_however_often_the_connection_breaks(void)
{
    struct house house;
    int i, first;
    house_open(&house, 3);
    call_each(&house, 6);
    expect_answers(&house, 0);
    first = house.count;
    for (i = 0; i < 6; i++) {
        call_each(&house, 20);
        proxy_reset_now(house.callers[i % CALLERS].proxy);
        (void)await_end(&house, house.count - 1);
    }
    for (; first < house.count; first++) {
        bool is_answered = judge(&house, first);
        CU_ASSERT_EQUAL(runs(&house, first), is_answered);
        if (!is_answered)
            ASSERT_CONTAINS(await_end(&house, first), "error unknown");
    }
    house_close(&house);
}

/* ---- a process dies ---- */

static void what_a_process_took_with_it_is_unknown_and_the_others_go_on(void)
{
    struct house house;
    int taken, kept[2], first;
    house_open(&house, 3);
    (void)call(&house, 0, 0);
    taken = call_held_by(&house, 0, 0);
    kept[0] = call_held_by(&house, 0, 1);
    kept[1] = call_held_by(&house, 1, 2);
    kill_process(&house, 0);
    ASSERT_CONTAINS(await_end(&house, taken), "error unknown");
    ASSERT_CONTAINS(await_end(&house, taken), "what became of the request");
    ASSERT_CONTAINS(await_end(&house, taken), "(outcome unknown)");
    CU_ASSERT_EQUAL(runs(&house, taken), 1);
    first = house.count;
    call_each(&house, 40);
    expect_answers(&house, first);
    finish(&house, 1);
    finish(&house, 2);
    ASSERT_CONTAINS(await_end(&house, kept[0]), "answer executed");
    ASSERT_CONTAINS(await_end(&house, kept[1]), "answer executed");
    house_close(&house);
}

static void a_process_that_dies_under_load_costs_at_most_what_it_had(void)
{
    struct house house;
    int i, first, answered = 0;
    house_open(&house, 3);
    call_each(&house, 6);
    expect_answers(&house, 0);
    for (i = 0; i < 3; i++) {
        first = house.count;
        call_each(&house, 60);
        if (i < 2)
            kill_process(&house, i);
        call_each(&house, 60);
        for (; first < house.count; first++)
            answered += judge(&house, first);
        if (i < 2) {
            start_process(&house, i);
            await_online(house.processes[i]);
        }
    }
    /* Of 60 calls the one that died had a third, if the others hadn't been faster; two more, since
     * the server draws lots. */
    CU_ASSERT_TRUE(answered >= 6 * scale_calls(60) - 2 * (scale_calls(40) + 2));
    house_close(&house);
}

/* Requests that the server still writes to a stream that is being closed are lost with it. */
static void a_process_that_stops_refuses_and_the_others_are_asked(void)
{
    struct house house;
    int first, number, answered = 0;
    house_open(&house, 3);
    call_each(&house, 6);
    expect_answers(&house, 0);
    first = house.count;
    call_each(&house, 60);
    CU_ASSERT_EQUAL(child_stop(house.processes[0]), 0);
    house.processes[0] = NULL;
    for (number = first; number < house.count; number++) {
        bool is_answered = judge(&house, number);
        CU_ASSERT_EQUAL(runs(&house, number), is_answered);
        answered += is_answered;
    }
    CU_ASSERT_TRUE(answered >= scale_calls(60) / 2);
    first = house.count;
    call_each(&house, 60);
    expect_answers(&house, first);
    house_close(&house);
}

static void a_call_waits_until_one_of_them_is_back(void)
{
    struct house house;
    int first, number;
    house_open(&house, 1);
    (void)call(&house, 0, 0);
    expect_answers(&house, 0);
    kill_process(&house, 0);
    first = house.count;
    call_each(&house, 10);
    start_process(&house, 0);
    for (number = first; number < house.count; number++)
        (void)judge(&house, number);
    first = house.count;
    call_each(&house, 10);
    expect_answers(&house, first);
    house_close(&house);
}

/* ---- what several processes can't ---- */

/* A process in this one, beside none. */
struct post {
    struct witness witness;
    struct soap_xmpp_link *service, *caller;
    struct laboratory *laboratory;
    struct soap *soap;
    char endpoint[TEXT_BYTES];
};

static void post_open(struct post *post)
{
    const struct site *site = site_find("ejabberd");
    struct site_account component, alice;
    CU_ASSERT_PTR_NOT_NULL_FATAL(site);
    site_component(site, &component);
    component.config.shared_jid = 1;
    component.config.plain_delivery = 0;
    component.config.max_outgoing_bytes = SERVICE_BYTES;
    witness_init(&post->witness);
    witness_watch(&post->witness, &component.config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(post->service = soap_xmpp_open(&component.config, NULL, 0));
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(post->service, SOON_MS), 0);
    post->laboratory = laboratory_start(post->service, 2);
    site_account(site, "alice", "desk", &alice);
    alice.config.plain_delivery = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(post->caller = soap_xmpp_open(&alice.config, NULL, 0));
    post->soap = laboratory_client(post->caller, SOAP_IO_DEFAULT);
    snprintf(post->endpoint, sizeof post->endpoint, "xmpp:%s", component.jid);
}

static void post_close(struct post *post)
{
    laboratory_client_free(post->soap);
    soap_xmpp_close(post->caller);
    CU_ASSERT_EQUAL(laboratory_stop(post->laboratory, LATE_MS), SOAP_OK);
    soap_xmpp_close(post->service);
    witness_fini(&post->witness);
}

static void what_is_too_large_for_a_stanza_is_refused_with_the_reason(void)
{
    static const char reason[] = "it can't go in pieces, because several processes share";
    struct post post;
    char *large = laboratory_random_text(LARGE_BYTES), *huge = laboratory_random_text(HUGE_BYTES);
    char *said = NULL;
    int before = laboratory_runs();
    post_open(&post);
    CU_ASSERT_EQUAL(soap_call_lab__say(post.soap, post.endpoint, NULL, huge, &said), SOAP_LENGTH);
    ASSERT_CONTAINS(laboratory_fault(post.soap), reason);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(post.soap), SOAP_XMPP_NOT_EXECUTED);
    CU_ASSERT_EQUAL(laboratory_runs(), before);
    CU_ASSERT_EQUAL(soap_call_lab__say(post.soap, post.endpoint, NULL, large, &said), 500);
    ASSERT_CONTAINS(laboratory_fault(post.soap), "internal-server-error (500): the answer is ");
    ASSERT_CONTAINS(laboratory_fault(post.soap), reason);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(post.soap), SOAP_XMPP_UNKNOWN);
    CU_ASSERT_EQUAL(laboratory_runs(), before + 1);
    free(huge);
    free(large);
    post_close(&post);
}

static void a_shared_component_calls_nobody(void)
{
    struct post post;
    struct soap *soap;
    char why[TEXT_BYTES] = "";
    double sum = 0;
    post_open(&post);
    soap = laboratory_client(post.service, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(soap_call_lab__add(soap, "xmpp:bob@xmpp.test/soap", NULL, 1, 2, &sum),
                    SOAP_USER_ERROR);
    ASSERT_CONTAINS(laboratory_fault(soap), "several processes share this JID");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
    CU_ASSERT_EQUAL(soap_xmpp_discover(post.service, "xmpp:bob@xmpp.test/soap", "urn:a", SOON_MS,
                                       why, sizeof why),
                    -1);
    ASSERT_CONTAINS(why, "several processes share this JID");
    laboratory_client_free(soap);
    post_close(&post);
}

/* ---- a server with one place ---- */

static void prosody_refuses_the_second_with_a_reason(void)
{
    const struct site *site = site_find("prosody");
    struct site_account component;
    struct soap_xmpp_link *first, *second;
    struct witness witness;
    CU_ASSERT_PTR_NOT_NULL_FATAL(site);
    site_component(site, &component);
    component.config.shared_jid = 1;
    CU_ASSERT_PTR_NOT_NULL_FATAL(first = soap_xmpp_open(&component.config, NULL, 0));
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(first, SOON_MS), 0);
    witness_init(&witness);
    witness_watch(&witness, &component.config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second = soap_xmpp_open(&component.config, NULL, 0));
    CU_ASSERT_TRUE(witness_await_trace(&witness, "refused the component",
                                       "conflict, another process holds it"));
    CU_ASSERT_EQUAL(soap_xmpp_state(first), SOAP_XMPP_ONLINE);
    soap_xmpp_close(first);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(second, SOON_MS), 0); /* it takes over */
    soap_xmpp_close(second);
    witness_fini(&witness);
}

CU_TestInfo tests_shared[] = {
    {"each call is answered by one of them", each_call_is_answered_by_one_of_them},
    {"a caller that loses its connection finds its answers",
     a_caller_that_loses_its_connection_finds_its_answers},
    {"what has run is answered, however often the connection breaks",
     what_has_run_is_answered_however_often_the_connection_breaks},
    {"what a process took with it is unknown, and the others go on",
     what_a_process_took_with_it_is_unknown_and_the_others_go_on},
    {"a process that dies under load costs at most what it had",
     a_process_that_dies_under_load_costs_at_most_what_it_had},
    {"a process that stops refuses, and the others are asked",
     a_process_that_stops_refuses_and_the_others_are_asked},
    {"a call waits until one of them is back", a_call_waits_until_one_of_them_is_back},
    {"what is too large for a stanza is refused with the reason",
     what_is_too_large_for_a_stanza_is_refused_with_the_reason},
    {"a shared component calls nobody", a_shared_component_calls_nobody},
    {"Prosody has one place, and says so to the second", prosody_refuses_the_second_with_a_reason},
    CU_TEST_INFO_NULL,
};
