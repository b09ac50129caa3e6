/* The promise of delivery when a process dies: the server, the caller or the responder, at every
 * phase of a call.
 *
 * A scene has one responder and a caller for each phase, each a process of its own that reaches the
 * server through a proxy of its own. Calls are brought into their phases, by events; then somebody
 * dies, and comes back; then each call is judged by the ledger, in which the responder writes what
 * it runs: no request runs twice, each call ends, and what it says of the outcome is true.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "../lib/child.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "site.h"

/* Where a call is when death comes. */
enum phase {
    QUESTION, /* the responder was asked what it can; no request has left */
    REQUEST,  /* the request is on its way to the server */
    RUNNING,  /* the operation runs */
    ANSWER,   /* it has run, and the answer is on its way from the server */
    AFTER,    /* the call has been answered; another one is made while somebody is dead */
    PHASES
};

enum { MANY_CALLS = 64, SOON_MS = 20000, LATE_MS = 5000 };

/* Copies are due after 2 s, 4 s, 8 s: the fruitless deadline comes long after one has bounced. */
enum { DEADLINE_S = 40, SHORT_S = 3, FRUITLESS_S = 7, SECOND_COPY_US = 1900000 };

/* A process and its way to the server. */
struct party {
    const char *user;
    char resource[16];
    struct proxy *proxy;
    struct child *child;
};

struct call {
    struct party *caller;
    int seconds;
    bool orphaned; /* its caller has died */
};

struct scene {
    const struct site *site;
    char ledger[SITE_PATH_BYTES + 32];
    struct party responder, callers[PHASES];
    struct call calls[MANY_CALLS]; /* by number */
    int count;
    int held[PHASES];     /* the number of the call that is in that phase */
    int64_t requested_us; /* when the one in REQUEST was told to call */
};

/* ---- parties ---- */

static void birth(struct scene *scene, struct party *party)
{
    struct site_account account;
    char port[16];
    site_account(scene->site, party->user, party->resource, &account);
    snprintf(port, sizeof port, "%d", proxy_port(party->proxy));
    party->child = child_start("mortal", (const char *[]){"mortal", scene->ledger, account.jid,
                                                          account.password, port,
                                                          account.config.ca_file, NULL});
    CU_ASSERT_PTR_NOT_NULL_FATAL(party->child);
}

static void await_online(struct party *party)
{
    CU_ASSERT_PTR_NOT_NULL(child_await(party->child, "online", SOON_MS));
}

static void enter_party(struct scene *scene, struct party *party, const char *user, int number)
{
    party->user = user;
    snprintf(party->resource, sizeof party->resource, "p%d", number);
    party->proxy = proxy_start(scene->site->port, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(party->proxy);
    birth(scene, party);
}

static void leave(struct party *party)
{
    CU_ASSERT_EQUAL(child_stop(party->child), 0);
    proxy_stop(party->proxy);
}

static void die(struct party *party)
{
    child_kill(party->child);
    CU_ASSERT_EQUAL(child_stop(party->child), 128 + 9);
    party->child = NULL;
}

static const char *await(struct party *party, const char *event, int number)
{
    char words[64];
    snprintf(words, sizeof words, "%s %d", event, number);
    return child_await(party->child, words, SOON_MS);
}

static void expect(struct party *party, const char *event, int number)
{
    CU_ASSERT_PTR_NOT_NULL(await(party, event, number));
}

/* ---- the ledger ---- */

static int runs(const struct scene *scene, int number)
{
    FILE *file = fopen(scene->ledger, "r");
    int written, count = 0;
    while (file && fscanf(file, "%d", &written) == 1)
        count += written == number;
    if (file)
        fclose(file);
    return count;
}

/* ---- calls ---- */

static int call_within(struct scene *scene, struct party *caller, int held, int seconds)
{
    int number = scene->count++;
    CU_ASSERT_TRUE_FATAL(number < MANY_CALLS);
    scene->calls[number] = (struct call){.caller = caller, .seconds = seconds};
    child_tell(caller->child, "call %d %s %d %d", number,
               site_endpoint(scene->site, scene->responder.user, scene->responder.resource),
               seconds, held);
    return number;
}

static int call(struct scene *scene, struct party *caller, int held)
{
    return call_within(scene, caller, held, DEADLINE_S);
}

static void finish(struct scene *scene, int number)
{
    child_tell(scene->responder.child, "finish %d", number);
}

/* "error unknown 2013 the words", of the call that has ended; NULL if it doesn't end. Its deadline
 * holds for its connection and for its answer, as in gSOAP. */
static const char *await_end(struct scene *scene, int number)
{
    struct call *one = &scene->calls[number];
    char words[32];
    const char *end;
    snprintf(words, sizeof words, "end %d ", number);
    words[strlen(words) - 1] = '\0';
    end = child_await(one->caller->child, words, 2 * one->seconds * 1000 + LATE_MS);
    CU_ASSERT_PTR_NOT_NULL(end);
    return end ? end + strlen(words) + 1 : NULL;
}

static void expect_answer(struct scene *scene, int number)
{
    const char *end = await_end(scene, number);
    CU_ASSERT_EQUAL(runs(scene, number), 1);
    if (end)
        ASSERT_CONTAINS(end, "answer executed");
}

static int end_ms(const char *end)
{
    int ms = -1;
    sscanf(end, "%*s %*s %d", &ms);
    return ms;
}

/* What holds for each call, whatever happened. */
static void judge(struct scene *scene, int number)
{
    int run_count = runs(scene, number);
    char how[8], outcome[16];
    const char *end;
    CU_ASSERT_TRUE(run_count <= 1);
    if (scene->calls[number].orphaned)
        return;
    end = await_end(scene, number);
    if (!end || sscanf(end, "%7s %15s", how, outcome) != 2)
        return;
    if (strcmp(how, "answer") == 0)
        ASSERT_TEXT(outcome, "executed");
    if (strcmp(outcome, "executed") == 0)
        CU_ASSERT_EQUAL(run_count, 1);
    if (strcmp(outcome, "not-executed") == 0)
        CU_ASSERT_EQUAL(run_count, 0);
}

/* ---- scenes ---- */

static void scene_open(struct scene *scene, const struct site *site)
{
    static int number;
    int i;
    memset(scene, 0, sizeof *scene);
    scene->site = site;
    snprintf(scene->ledger, sizeof scene->ledger, "%s/ledger%d-%d", site->folder, (int)getpid(),
             ++number);
    enter_party(scene, &scene->responder, "bob", 0);
    for (i = 0; i < PHASES; i++)
        enter_party(scene, &scene->callers[i], "alice", i);
    await_online(&scene->responder);
    for (i = 0; i < PHASES; i++)
        await_online(&scene->callers[i]);
}

static void scene_close(struct scene *scene)
{
    int i;
    for (i = 0; i < scene->count; i++)
        judge(scene, i);
    for (i = 0; i < PHASES; i++)
        leave(&scene->callers[i]);
    leave(&scene->responder);
}

/* Five callers, each with a call in its phase; those frozen under way are held by their proxies. */
static void reach_phases(struct scene *scene)
{
    struct party *callers = scene->callers;
    int *held = scene->held, i;
    for (i = REQUEST; i < PHASES; i++)
        held[i] = call(scene, &callers[i], 0);
    for (i = REQUEST; i < PHASES; i++)
        expect_answer(scene, held[i]);

    held[RUNNING] = call(scene, &callers[RUNNING], 1);
    held[ANSWER] = call(scene, &callers[ANSWER], 1);
    expect(&scene->responder, "run", held[RUNNING]);
    expect(&scene->responder, "run", held[ANSWER]);

    proxy_black_hole(callers[QUESTION].proxy);
    held[QUESTION] = call(scene, &callers[QUESTION], 0);
    expect(&callers[QUESTION], "sent question", 0);
    proxy_black_hole(callers[REQUEST].proxy);
    scene->requested_us = sx_clock_now_us();
    held[REQUEST] = call(scene, &callers[REQUEST], 0);
    expect(&callers[REQUEST], "sent request", held[REQUEST]);
    proxy_black_hole(callers[ANSWER].proxy);
    finish(scene, held[ANSWER]);
    expect(&scene->responder, "sent answer", held[ANSWER]);
}

static void resume(struct scene *scene)
{
    proxy_resume(scene->callers[QUESTION].proxy);
    proxy_resume(scene->callers[REQUEST].proxy);
    proxy_resume(scene->callers[ANSWER].proxy);
}

/* Each caller's next call is answered: nothing has remained of what happened. */
static void call_once_more(struct scene *scene)
{
    int numbers[PHASES], i;
    for (i = 0; i < PHASES; i++)
        numbers[i] = call(scene, &scene->callers[i], 0);
    for (i = 0; i < PHASES; i++)
        expect_answer(scene, numbers[i]);
}

/* ---- the server dies ---- */

static void kill_the_server(const struct site *site)
{
    struct scene scene;
    int i;
    scene_open(&scene, site);
    reach_phases(&scene);
    site_kill(site);
    scene.held[AFTER] = call(&scene, &scene.callers[AFTER], 0);
    finish(&scene, scene.held[RUNNING]); /* its answer finds no connection */
    resume(&scene);
    site_restart(site);
    /* Its caller may be back before the responder: then the question finds nobody. */
    for (i = REQUEST; i < PHASES; i++)
        expect_answer(&scene, scene.held[i]);
    (void)await_end(&scene, scene.held[QUESTION]);
    call_once_more(&scene);
    scene_close(&scene);
}

static void a_server_that_is_killed_costs_no_call_its_answer(void)
{
    site_each_fragile(kill_the_server);
}

/* ---- the callers die ---- */

static void kill_the_callers(const struct site *site)
{
    struct scene scene;
    int i;
    scene_open(&scene, site);
    reach_phases(&scene);
    for (i = 0; i < scene.count; i++)
        scene.calls[i].orphaned = true;
    for (i = 0; i < PHASES; i++)
        die(&scene.callers[i]);
    finish(&scene, scene.held[RUNNING]);
    resume(&scene);
    for (i = 0; i < PHASES; i++)
        birth(&scene, &scene.callers[i]);
    for (i = 0; i < PHASES; i++)
        await_online(&scene.callers[i]);
    call_once_more(&scene);
    CU_ASSERT_EQUAL(runs(&scene, scene.held[QUESTION]), 0);
    CU_ASSERT_EQUAL(runs(&scene, scene.held[RUNNING]), 1);
    CU_ASSERT_EQUAL(runs(&scene, scene.held[ANSWER]), 1);
    scene_close(&scene);
}

static void a_caller_that_is_killed_leaves_a_responder_that_serves_its_successor(void)
{
    site_each_fragile(kill_the_callers);
}

/* ---- the responder dies ---- */

/* What the server gets before it has noticed goes nowhere, and nobody hears of it. */
static void await_noticed(struct scene *scene)
{
    struct soap_xmpp_link *link = site_open(scene->site, "alice", "mourner");
    const char *endpoint =
        site_endpoint(scene->site, scene->responder.user, scene->responder.resource);
    int64_t deadline = sx_clock_deadline((int64_t)SOON_MS * 1000);
    char why[400] = "";
    while (link && !strstr(why, "service-unavailable") && sx_clock_now_us() < deadline)
        CU_ASSERT_EQUAL(soap_xmpp_discover(link, endpoint, SOAP_XMPP_FEATURE, 500, why, sizeof why),
                        -1);
    ASSERT_CONTAINS(why, "service-unavailable");
    soap_xmpp_close(link);
}

static void kill_the_responder(const struct site *site)
{
    struct scene scene;
    const char *end;
    bool sent_once;
    scene_open(&scene, site);
    reach_phases(&scene);
    die(&scene.responder);
    await_noticed(&scene);
    scene.held[AFTER] = call(&scene, &scene.callers[AFTER], 0);
    expect(&scene.callers[AFTER], "sent request", scene.held[AFTER]);
    birth(&scene, &scene.responder);
    await_online(&scene.responder);
    resume(&scene);
    /* On a slow machine a second copy left before the first was refused: too late to be sure. */
    sent_once = sx_clock_now_us() - scene.requested_us < SECOND_COPY_US;
    /* Those that it hadn't got run once, at its successor. */
    expect_answer(&scene, scene.held[QUESTION]);
    if (sent_once)
        expect_answer(&scene, scene.held[REQUEST]);
    expect_answer(&scene, scene.held[AFTER]);
    /* Nobody knows how far it came with this one, and nobody tries again. */
    end = await_end(&scene, scene.held[RUNNING]);
    CU_ASSERT_EQUAL(runs(&scene, scene.held[RUNNING]), 1);
    if (end) {
        ASSERT_CONTAINS(end, "error unknown");
        ASSERT_CONTAINS(end, "restarted");
        CU_ASSERT_TRUE(end_ms(end) < DEADLINE_S * 1000 / 2);
    }
    (void)await_end(&scene, scene.held[ANSWER]);
    CU_ASSERT_EQUAL(runs(&scene, scene.held[ANSWER]), 1);
    call_once_more(&scene);
    scene_close(&scene);
}

static void a_responder_that_is_killed_runs_nothing_twice_and_its_callers_are_told(void)
{
    site_each_fragile(kill_the_responder);
}

/* The caller hears of a deadline that is over, and of no other. */
static void expect_in_time(struct scene *scene, int number, const char *outcome)
{
    const char *end = await_end(scene, number);
    if (!end)
        return;
    ASSERT_CONTAINS(end, outcome);
    CU_ASSERT_TRUE(end_ms(end) >= scene->calls[number].seconds * 1000);
    CU_ASSERT_TRUE(end_ms(end) < scene->calls[number].seconds * 1000 + LATE_MS);
}

static void bury_the_responder(const struct site *site)
{
    struct scene scene;
    int running, bounced, i;
    scene_open(&scene, site);
    for (i = REQUEST; i <= RUNNING; i++)
        expect_answer(&scene, call(&scene, &scene.callers[i], 0));
    running = call_within(&scene, &scene.callers[RUNNING], 1, FRUITLESS_S);
    expect(&scene.responder, "run", running);
    die(&scene.responder);
    await_noticed(&scene);
    bounced = call_within(&scene, &scene.callers[REQUEST], 0, FRUITLESS_S);
    expect_in_time(&scene, running, "error unknown");
    expect_in_time(&scene, bounced, "error not-executed");
    birth(&scene, &scene.responder);
    await_online(&scene.responder);
    call_once_more(&scene);
    scene_close(&scene);
}

static void a_responder_that_stays_dead_costs_its_callers_their_deadline(void)
{
    site_each_fragile(bury_the_responder);
}

/* ---- between server and responder ---- */

/* A request on its way to the responder, and an answer on its way from it. */
static void reach_the_last_mile(struct scene *scene)
{
    struct party *callers = scene->callers;
    int *held = scene->held, i;
    for (i = REQUEST; i < PHASES; i++)
        expect_answer(scene, call(scene, &callers[i], 0));
    held[ANSWER] = call(scene, &callers[ANSWER], 1);
    expect(&scene->responder, "run", held[ANSWER]);
    proxy_black_hole(scene->responder.proxy);
    held[REQUEST] = call(scene, &callers[REQUEST], 0);
    expect(&callers[REQUEST], "sent request", held[REQUEST]);
    finish(scene, held[ANSWER]);
    expect(&scene->responder, "sent answer", held[ANSWER]);
}

static void kill_the_server_on_the_last_mile(const struct site *site)
{
    struct scene scene;
    scene_open(&scene, site);
    reach_the_last_mile(&scene);
    site_kill(site);
    proxy_resume(scene.responder.proxy);
    site_restart(site);
    expect_answer(&scene, scene.held[REQUEST]);
    expect_answer(&scene, scene.held[ANSWER]);
    scene_close(&scene);
}

static void kill_the_responder_on_the_last_mile(const struct site *site)
{
    struct scene scene;
    const char *end;
    scene_open(&scene, site);
    reach_the_last_mile(&scene);
    die(&scene.responder);
    proxy_cut_now(scene.responder.proxy);
    proxy_resume(scene.responder.proxy);
    birth(&scene, &scene.responder);
    await_online(&scene.responder);
    /* The answer is lost with the only one who knew it. */
    end = await_end(&scene, scene.held[ANSWER]);
    CU_ASSERT_EQUAL(runs(&scene, scene.held[ANSWER]), 1);
    if (end)
        ASSERT_CONTAINS(end, "error unknown");
    call_once_more(&scene);
    scene_close(&scene);
}

static void what_dies_between_server_and_responder_is_delivered_once_or_told(void)
{
    site_each_fragile(kill_the_server_on_the_last_mile);
    site_each_fragile(kill_the_responder_on_the_last_mile);
}

/* ---- the server stands still ---- */

static void freeze_the_server(const struct site *site)
{
    struct scene scene;
    struct party *callers = scene.callers;
    int *held = scene.held, running, sent, i;
    scene_open(&scene, site);
    for (i = REQUEST; i < PHASES; i++)
        expect_answer(&scene, call(&scene, &callers[i], 0));
    running = call_within(&scene, &callers[RUNNING], 1, SHORT_S);
    held[ANSWER] = call(&scene, &callers[ANSWER], 1);
    expect(&scene.responder, "run", running);
    expect(&scene.responder, "run", held[ANSWER]);
    site_freeze(site);
    finish(&scene, held[ANSWER]);
    held[QUESTION] = call(&scene, &callers[QUESTION], 0);
    held[REQUEST] = call(&scene, &callers[REQUEST], 0);
    sent = call_within(&scene, &callers[AFTER], 0, SHORT_S);
    expect_in_time(&scene, running, "error unknown");
    expect_in_time(&scene, sent, "error unknown");
    expect(&callers[QUESTION], "sent request", held[QUESTION]); /* it has given up asking */
    site_thaw(site);
    expect_answer(&scene, held[QUESTION]);
    expect_answer(&scene, held[REQUEST]);
    expect_answer(&scene, held[ANSWER]);
    /* Nor is the peer that couldn't answer in time taken for a foreign one. */
    held[RUNNING] = call(&scene, &callers[QUESTION], 1);
    expect(&scene.responder, "run", held[RUNNING]);
    CU_ASSERT_EQUAL(proxy_cut_now(callers[QUESTION].proxy), 1);
    finish(&scene, held[RUNNING]);
    expect_answer(&scene, held[RUNNING]);
    call_once_more(&scene);
    scene_close(&scene);
}

static void a_server_that_stands_still_costs_time_and_deadlines_hold(void)
{
    site_each_fragile(freeze_the_server);
}

CU_TestInfo tests_death[] = {
    {"a server that is killed costs no call its answer",
     a_server_that_is_killed_costs_no_call_its_answer},
    {"a caller that is killed leaves a responder that serves its successor",
     a_caller_that_is_killed_leaves_a_responder_that_serves_its_successor},
    {"a responder that is killed runs nothing twice, and its callers are told",
     a_responder_that_is_killed_runs_nothing_twice_and_its_callers_are_told},
    {"a responder that stays dead costs its callers their deadline",
     a_responder_that_stays_dead_costs_its_callers_their_deadline},
    {"what dies between server and responder is delivered once, or told",
     what_dies_between_server_and_responder_is_delivered_once_or_told},
    {"a server that stands still costs time, and deadlines hold",
     a_server_that_stands_still_costs_time_and_deadlines_hold},
    CU_TEST_INFO_NULL,
};
