/* Callers and services, under faults without end: what they need must not grow.
 *
 * One course per server: a caller and a service, each behind a fault proxy, and a thread that keeps
 * so many calls under way. Delivery is on: each call ends, no request runs twice, and all but a few
 * calls are answered, the others with the outcome unknown.
 *
 * Invariant: memory and descriptors are looked at in a lull alone, with no call under way, no fault
 * due and every link online, so that two lulls have to be equal but for what has leaked. The first
 * is after a minute, when all that has a limit has reached it.
 *
 * SOAK_SECONDS tells how long; shorter than that minute it ends with the first lull.
 */
#include "soapH.h"
#include "../integration/laboratory.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "../lib/proxy.h"
#include "../lib/suite.h"

enum {
    WARM_S = 60,
    PROGRESS_S = 10,
    UNDER_WAY = 16,
    NUMBERS = 50000, /* per course; lab__tick counts up to 100,000 numbers */
    DEADLINE_S = 60,
    LULL_MS = 120000, /* a call's deadline, and as much again for links that connect anew */
    LOOK_AGAIN_US = 20000,
    REMEMBERED = 8000, /* reached within the first minute */
    /* A request that is lost just when the service's memory ends an epoch is told so, honestly; a
     * memory as small as this one ends them every few seconds. */
    CALLS_PER_UNKNOWN = 500,
    GROWTH_PERCENT = 5,
    GROWTH_KIB = 2048, /* what malloc's arenas need is a matter of luck */
};

struct course {
    const struct site *site;
    struct proxy *near, *far;
    struct soap_xmpp_link *caller, *service;
    struct laboratory *laboratory;
    struct soap *soap;
    const char *endpoint;
    pthread_t thread;
    int first_number, next_number, under_way;
    unsigned char runs[NUMBERS]; /* of each number so far, modulo 256 */
    atomic_bool resting, ended;
    atomic_uint calls, answered, unknown, wrong, idle;
};

struct usage {
    long rss_kib;
    int descriptors;
};

/* ---- what the process needs ---- */

static long read_rss_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%*s %ld", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = -3; /* ".", "..", and the folder's own */
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

static struct usage read_usage(void)
{
    return (struct usage){read_rss_kib(), count_descriptors()};
}

/* ---- one course ---- */

static struct soap_xmpp_link *open_through(const struct site *site, const struct proxy *proxy,
                                           const char *user, const char *resource)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.port = proxy_port(proxy);
    account.config.plain_delivery = 0;
    account.config.timeout_ms = DEADLINE_S * 1000;
    account.config.max_remembered = REMEMBERED;
    account.config.trace = SOAP_XMPP_TRACE_NONE;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

static struct proxy_plan plan_faults(uint64_t seed)
{
    return (struct proxy_plan){
        .seed = seed,
        .weights = {[PROXY_CUT] = 3,
                    [PROXY_RESET] = 3,
                    [PROXY_HALF_CLOSE] = 1,
                    [PROXY_STALL] = 2,
                    [PROXY_DELAY] = 2,
                    [PROXY_SPLIT] = 2},
        .min_gap_bytes = 50000,
        .max_gap_bytes = 2000000,
        .min_gap_ms = 500,
        .max_gap_ms = 8000,
        .min_hold_ms = 20,
        .max_hold_ms = 500,
    };
}

static void open_course(struct course *course, const struct site *site, int number)
{
    struct proxy_plan near = plan_faults(2 * (uint64_t)number + 1);
    struct proxy_plan far = plan_faults(2 * (uint64_t)number + 2);
    memset(course, 0, sizeof *course);
    course->site = site;
    course->first_number = number * NUMBERS;
    course->near = proxy_start(site->port, &near);
    course->far = proxy_start(site->port, &far);
    CU_ASSERT_FATAL(course->near && course->far);
    course->service = open_through(site, course->far, "bob", "soap");
    course->caller = open_through(site, course->near, "alice", "desk");
    course->laboratory = laboratory_start(course->service, 4);
    course->soap = laboratory_client(course->caller, SOAP_IO_DEFAULT);
    course->soap->connect_timeout = course->soap->send_timeout = DEADLINE_S;
    course->soap->recv_timeout = DEADLINE_S;
    course->endpoint = site_endpoint(site, "bob", "soap");
}

static void close_course(struct course *course)
{
    laboratory_client_free(course->soap);
    CU_ASSERT_EQUAL(laboratory_stop(course->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(course->service);
    soap_xmpp_close(course->caller);
    proxy_stop(course->near);
    proxy_stop(course->far);
}

/* Anything but an unknown outcome is wrong: servers and services are up, and no deadline is near.
 */
static void tell_failure(struct course *course, int number)
{
    if (soap_xmpp_outcome(course->soap) == SOAP_XMPP_UNKNOWN)
        course->unknown++;
    else
        course->wrong++;
    printf("  %s %d: %s\n", course->site->label, number, laboratory_fault(course->soap));
}

static void send_next(struct course *course)
{
    int number = course->next_number;
    course->next_number = (number + 1) % NUMBERS;
    course->calls++;
    course->soap->user = &course->runs[number];
    if (soap_send_lab__tick(course->soap, course->endpoint, NULL, course->first_number + number) ||
        !soap_xmpp_detach(course->soap))
        tell_failure(course, number);
    else
        course->under_way++;
}

/* Whatever the caller was told: since the last look the number has run once, or not at all if the
 * call has failed. */
static void count_runs(struct course *course, int number, bool has_failed)
{
    unsigned char runs = (unsigned char)laboratory_ticks(course->first_number + number);
    unsigned char more = (unsigned char)(runs - course->runs[number]);
    course->runs[number] = runs;
    if (more != 1 && !(more == 0 && has_failed))
        course->wrong++;
}

static void receive_one(struct course *course)
{
    struct soap_xmpp_call *call = soap_xmpp_wait(course->caller, -1);
    bool has_failed;
    int number, runs = 0;
    if (!call)
        return;
    course->under_way--;
    number = (int)((unsigned char *)soap_xmpp_call_user(call) - course->runs);
    soap_xmpp_attach(course->soap, call);
    has_failed = soap_recv_lab__tick(course->soap, &runs) != SOAP_OK;
    if (has_failed)
        tell_failure(course, number);
    else
        course->answered++;
    count_runs(course, number, has_failed);
    soap_end(course->soap);
}

static void *call_without_end(void *arg)
{
    struct course *course = arg;
    while (!course->ended || course->under_way > 0) {
        if (course->resting && course->under_way == 0) {
            course->idle = 1;
            usleep(LOOK_AGAIN_US);
            continue;
        }
        course->idle = 0;
        while (!course->resting && !course->ended && course->under_way < UNDER_WAY)
            send_next(course);
        receive_one(course);
    }
    return NULL;
}

/* ---- all of them ---- */

enum { COURSES = 2 };

static struct course courses[COURSES];

static unsigned count_reconnects(void)
{
    struct proxy_counts near, far;
    unsigned connections = 0;
    int i;
    for (i = 0; i < COURSES; i++) {
        proxy_counts(courses[i].near, &near);
        proxy_counts(courses[i].far, &far);
        connections += near.connections + far.connections - 2;
    }
    return connections;
}

static void print_progress(const char *when, const struct usage *usage)
{
    unsigned calls = 0, answered = 0;
    int i;
    for (i = 0; i < COURSES; i++) {
        answered += courses[i].answered;
        calls += courses[i].calls;
    }
    printf("  %s: %u calls, %u answered, %u reconnects, RSS %ld KiB, %d descriptors\n", when, calls,
           answered, count_reconnects(), usage->rss_kib, usage->descriptors);
}

static void set_resting(bool resting)
{
    int i;
    for (i = 0; i < COURSES; i++) {
        proxy_set_calm(courses[i].near, resting);
        proxy_set_calm(courses[i].far, resting);
        courses[i].resting = resting;
        if (!resting)
            courses[i].idle = 0;
    }
}

/* The back-off is for servers that are down; ours are up, only cut off. */
static void kick_idle_links(void)
{
    int i;
    for (i = 0; i < COURSES; i++) {
        if (soap_xmpp_state(courses[i].caller) == SOAP_XMPP_BACKING_OFF)
            soap_xmpp_kick(courses[i].caller);
        if (soap_xmpp_state(courses[i].service) == SOAP_XMPP_BACKING_OFF)
            soap_xmpp_kick(courses[i].service);
    }
}

static void look_again(void)
{
    usleep(LOOK_AGAIN_US);
    kick_idle_links();
}

static bool is_quiet(void)
{
    struct proxy_counts near, far;
    int i;
    for (i = 0; i < COURSES; i++) {
        proxy_counts(courses[i].near, &near);
        proxy_counts(courses[i].far, &far);
        if (!courses[i].idle || near.open != 1 || far.open != 1 ||
            soap_xmpp_wait_online(courses[i].caller, 0) != 0 ||
            soap_xmpp_wait_online(courses[i].service, 0) != 0)
            return false;
    }
    return true;
}

static struct usage lull(void)
{
    int64_t deadline = sx_clock_deadline((int64_t)LULL_MS * 1000);
    struct usage usage;
    set_resting(true);
    while (!is_quiet() && sx_clock_now_us() < deadline)
        look_again();
    CU_ASSERT_TRUE(is_quiet());
    usage = read_usage();
    set_resting(false);
    return usage;
}

static void run_until(int64_t begun_us, int until_s)
{
    char when[32];
    int64_t elapsed_s;
    while ((elapsed_s = (sx_clock_now_us() - begun_us) / 1000000) < until_s) {
        int64_t next_s = (elapsed_s / PROGRESS_S + 1) * PROGRESS_S;
        struct usage usage;
        if (next_s > until_s)
            next_s = until_s;
        while (sx_clock_now_us() < begun_us + next_s * 1000000)
            look_again();
        usage = read_usage();
        snprintf(when, sizeof when, "%4d s", (int)next_s);
        print_progress(when, &usage);
    }
}

static void assert_flat(const struct usage *first, const struct usage *last)
{
    CU_ASSERT_EQUAL(last->descriptors, first->descriptors);
    CU_ASSERT_TRUE(last->rss_kib <=
                   first->rss_kib + first->rss_kib * GROWTH_PERCENT / 100 + GROWTH_KIB);
}

static void nothing_grows_while_connections_break(void)
{
    const char *text = getenv("SOAK_SECONDS");
    int i, seconds = text && atoi(text) > 0 ? atoi(text) : WARM_S;
    int64_t begun_us;
    struct usage first, last;
    CU_ASSERT_FATAL(site_find("prosody") && site_find("ejabberd"));
    laboratory_reset_ticks();
    printf("\n");
    open_course(&courses[0], site_find("prosody"), 0);
    open_course(&courses[1], site_find("ejabberd"), 1);
    begun_us = sx_clock_now_us();
    for (i = 0; i < COURSES; i++)
        CU_ASSERT_EQUAL_FATAL(
            pthread_create(&courses[i].thread, NULL, call_without_end, &courses[i]), 0);
    run_until(begun_us, seconds < WARM_S ? seconds : WARM_S);
    first = last = lull();
    print_progress("first lull", &first);
    if (seconds > WARM_S) {
        run_until(begun_us, seconds);
        last = lull();
        print_progress("last lull", &last);
    }
    assert_flat(&first, &last);
    for (i = 0; i < COURSES; i++) {
        courses[i].ended = true;
        pthread_join(courses[i].thread, NULL);
    }
    for (i = 0; i < COURSES; i++) {
        CU_ASSERT_EQUAL(courses[i].wrong, 0);
        CU_ASSERT_EQUAL(courses[i].answered + courses[i].unknown, courses[i].calls);
        CU_ASSERT_TRUE(courses[i].answered > CALLS_PER_UNKNOWN * courses[i].unknown);
        close_course(&courses[i]);
    }
}

CU_TestInfo tests_soak[] = {
    {"nothing grows while connections break", nothing_grows_while_connections_break},
    CU_TEST_INFO_NULL,
};
