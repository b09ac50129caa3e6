/* One component that processes on two nodes of a cluster share, with callers on both: who gets
 * what, and what becomes of each call when a process or a node is killed.
 *
 * Every process is a mortal (tests/integration/mortal): it writes each number that it runs into a
 * ledger that outlives it, and tells how each call of its own ended.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "../integration/site.h"
#include "../lib/child.h"
#include "../lib/suite.h"

enum {
    NODES = 2,
    PROCESSES = 4,
    LATE = 1
}; /* processes on each node by turns; one that comes late */
enum { ONLINE_MS = 60000, END_MS = 150000, CALL_S = 120, LOOK_AGAIN_US = 10000, RUN_US = 60000000 };
enum { HELD = 16, MANY = 40 };
enum { PROBES = 16, PROBE_S = 5, PROBE_ROUNDS = 12 };

struct scene {
    const struct site *nodes[NODES];
    struct child *processes[PROCESSES + LATE], *callers[NODES];
    char ledger[SITE_PATH_BYTES + 32], domain[SITE_NAME_BYTES + 32];
    int count, called; /* processes; numbers that were called */
};

/* ---- who is there ---- */

static struct child *start(struct scene *scene, const struct site *node,
                           const struct site_account *who, int port)
{
    char text[16];
    snprintf(text, sizeof text, "%d", port);
    return child_start("mortal", (const char *[]){"mortal", scene->ledger, who->jid, who->password,
                                                  text, node->ca_file, NULL});
}

static void start_process(struct scene *scene, int node)
{
    struct site_account component;
    site_component(scene->nodes[node], &component);
    snprintf(scene->domain, sizeof scene->domain, "%.90s", component.jid);
    scene->processes[scene->count] =
        start(scene, scene->nodes[node], &component, scene->nodes[node]->component_port);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scene->processes[scene->count]);
    scene->count++;
}

static void start_caller(struct scene *scene, int node)
{
    struct site_account account;
    site_account(scene->nodes[node], node ? "bob" : "alice", "cluster", &account);
    scene->callers[node] = start(scene, scene->nodes[node], &account, scene->nodes[node]->port);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scene->callers[node]);
}

static void set_up(struct scene *scene)
{
    static int number;
    int i;
    memset(scene, 0, sizeof *scene);
    scene->nodes[0] = site_find("node1");
    scene->nodes[1] = site_find("node2");
    CU_ASSERT_FATAL(scene->nodes[0] && scene->nodes[1]);
    snprintf(scene->ledger, sizeof scene->ledger, "%s/ledger%d-%d", scene->nodes[0]->folder,
             (int)getpid(), ++number);
    while (scene->count < PROCESSES)
        start_process(scene, scene->count % NODES);
    for (i = 0; i < NODES; i++)
        start_caller(scene, i);
    for (i = 0; i < PROCESSES; i++)
        CU_ASSERT_PTR_NOT_NULL_FATAL(child_await(scene->processes[i], "online", ONLINE_MS));
    for (i = 0; i < NODES; i++)
        CU_ASSERT_PTR_NOT_NULL_FATAL(child_await(scene->callers[i], "online", ONLINE_MS));
}

static void tear_down(struct scene *scene)
{
    int i;
    for (i = 0; i < NODES; i++)
        child_stop(scene->callers[i]);
    for (i = 0; i < scene->count; i++)
        child_stop(scene->processes[i]);
    unlink(scene->ledger);
}

/* ---- calls ---- */

static int call_within(struct scene *scene, int caller, int seconds, bool held)
{
    int number = scene->called++;
    child_tell(scene->callers[caller], "call %d xmpp:%s %d %d", number, scene->domain, seconds,
               held);
    return number;
}

static int call(struct scene *scene, int caller, bool held)
{
    return call_within(scene, caller, CALL_S, held);
}

/* The first number; the others follow. */
static int call_many(struct scene *scene, int caller, int count, bool held)
{
    int first = scene->called;
    while (count-- > 0)
        call(scene, caller, held);
    return first;
}

static int runs(const struct scene *scene, int number)
{
    FILE *file = fopen(scene->ledger, "r");
    int entered, count = 0;
    while (file && fscanf(file, "%d", &entered) == 1)
        count += entered == number;
    if (file)
        fclose(file);
    return count;
}

static bool ran_by(struct child *process, int number)
{
    char words[32];
    snprintf(words, sizeof words, "run %d", number);
    return child_has(process, words);
}

/* Until one of a node's processes has told that it runs it. */
static void await_run(struct scene *scene, int node, int number)
{
    int64_t deadline = sx_clock_deadline(RUN_US);
    do {
        int i;
        for (i = node; i < PROCESSES; i += NODES)
            if (ran_by(scene->processes[i], number))
                return;
        usleep(LOOK_AGAIN_US);
    } while (sx_clock_now_us() < deadline);
    CU_FAIL("a request reached no process");
}

/* How the call ended: "answer executed", "error unknown", ... */
static const char *ending(struct scene *scene, int caller, int number)
{
    static char text[64];
    char words[32], kind[16] = "", outcome[32] = "";
    const char *line;
    snprintf(words, sizeof words, "end %d", number);
    line = child_await(scene->callers[caller], words, END_MS);
    if (line)
        (void)sscanf(line, "end %*d %15s %31s", kind, outcome);
    snprintf(text, sizeof text, "%s %s", kind, outcome);
    return text;
}

static void assert_answered(struct scene *scene, int caller, int first, int count)
{
    int number;
    for (number = first; number < first + count; number++) {
        ASSERT_TEXT(ending(scene, caller, number), "answer executed");
        CU_ASSERT_EQUAL(runs(scene, number), 1);
    }
}

/* Whatever it was: what the caller was told is true. */
static void assert_honest(struct scene *scene, int caller, int first, int count)
{
    int number;
    for (number = first; number < first + count; number++) {
        const char *how = ending(scene, caller, number);
        int ran = runs(scene, number);
        CU_ASSERT(ran <= 1);
        if (strcmp(how, "answer executed") == 0) {
            CU_ASSERT_EQUAL(ran, 1);
        } else if (strcmp(how, "error not-executed") == 0) {
            CU_ASSERT_EQUAL(ran, 0);
        } else {
            ASSERT_TEXT(how, "error unknown");
        }
    }
}

/* A server hears of a process's death by the end of its connection, and deals it requests until
 * then, which are lost. Once each of some calls is answered it has heard. */
static void await_takeover(struct scene *scene, int caller)
{
    int rounds = PROBE_ROUNDS, lost = 1, i;
    while (lost > 0 && rounds-- > 0) {
        int first = scene->called;
        for (i = 0; i < PROBES; i++)
            (void)call_within(scene, caller, PROBE_S, false);
        assert_honest(scene, caller, first, PROBES);
        for (i = lost = 0; i < PROBES; i++)
            lost += strcmp(ending(scene, caller, first + i), "answer executed") != 0;
    }
    CU_ASSERT_EQUAL(lost, 0);
}

static void release(struct child *process)
{
    child_tell(process, "finish -1");
}

/* ---- tests ---- */

static void every_process_on_both_nodes_gets_its_share(void)
{
    struct scene scene;
    int i, first[NODES];
    set_up(&scene);
    for (i = 0; i < NODES; i++)
        first[i] = call_many(&scene, i, MANY, false);
    for (i = 0; i < NODES; i++)
        assert_answered(&scene, i, first[i], MANY);
    for (i = 0; i < PROCESSES; i++)
        CU_ASSERT(child_has(scene.processes[i], "run"));
    tear_down(&scene);
}

/* Process 0 dies, on node 1 with 2: what it had run is unknown, what the other had is answered. */
static void what_a_killed_process_ran_is_unknown_and_runs_nowhere_else(void)
{
    struct scene scene;
    int number, first, lost = 0;
    set_up(&scene);
    first = call_many(&scene, 0, HELD, true);
    for (number = first; number < first + HELD; number++)
        await_run(&scene, 0, number);
    child_kill(scene.processes[0]);
    release(scene.processes[2]);
    for (number = first; number < first + HELD; number++) {
        bool is_lost = ran_by(scene.processes[0], number);
        ASSERT_TEXT(ending(&scene, 0, number), is_lost ? "error unknown" : "answer executed");
        CU_ASSERT_EQUAL(runs(&scene, number), 1);
        lost += is_lost;
    }
    CU_ASSERT(lost > 0 && lost < HELD);
    tear_down(&scene);
}

static void survivors_take_over_and_a_late_comer_gets_its_share(void)
{
    struct scene scene;
    int first;
    set_up(&scene);
    child_kill(scene.processes[0]);
    await_takeover(&scene, 0);
    first = call_many(&scene, 0, MANY, false);
    assert_answered(&scene, 0, first, MANY);
    start_process(&scene, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(child_await(scene.processes[PROCESSES], "online", ONLINE_MS));
    first = call_many(&scene, 0, MANY, false);
    assert_answered(&scene, 0, first, MANY);
    CU_ASSERT(child_has(scene.processes[PROCESSES], "run"));
    tear_down(&scene);
}

/* With its processes, which live on and come back with it. */
static void the_other_node_serves_on_when_one_is_killed(void)
{
    struct scene scene;
    int i, number, first[NODES], meanwhile, afterwards;
    set_up(&scene);
    for (i = 0; i < NODES; i++)
        first[i] = call_many(&scene, i, HELD, true);
    for (i = 0; i < NODES; i++)
        for (number = first[i]; number < first[i] + HELD; number++)
            await_run(&scene, i, number);
    site_kill(scene.nodes[1]);
    meanwhile = call_many(&scene, 0, MANY, false);
    assert_answered(&scene, 0, meanwhile, MANY);
    site_restart(scene.nodes[1]);
    for (i = 0; i < PROCESSES; i++)
        release(scene.processes[i]);
    assert_answered(&scene, 0, first[0], HELD);
    assert_honest(&scene, 1, first[1], HELD);
    afterwards = call_many(&scene, 1, MANY, false);
    assert_answered(&scene, 1, afterwards, MANY);
    tear_down(&scene);
}

CU_TestInfo tests_cluster[] = {
    {"every process on both nodes gets its share", every_process_on_both_nodes_gets_its_share},
    {"what a killed process ran is unknown, and runs nowhere else",
     what_a_killed_process_ran_is_unknown_and_runs_nowhere_else},
    {"survivors take over, and a late-comer gets its share",
     survivors_take_over_and_a_late_comer_gets_its_share},
    {"the other node serves on when one is killed", the_other_node_serves_on_when_one_is_killed},
    CU_TEST_INFO_NULL,
};
