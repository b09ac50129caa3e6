/* fleet.c - holds many devices, and tells what they cost, as fleet.py orders.
 *
 *     fleet DOMAIN FIRST COUNT    the environment names the server, as for any link
 *
 * Each order is a line of standard input:
 *
 *     open WINDOW   opens the devices, WINDOW of them connecting at a time
 *     await         waits for all to be online, and opens none
 *     cost          what the process has cost since it began
 *     stacks        what of the threads' stacks is resident
 *     forget        each device's events count from now on
 *     tell          each device's events
 *
 * and is answered by lines:
 *
 *     open, await   "online N" now and then, "ready" once all are
 *     cost          "cost RSS_KIB CPU_MS THREADS DESCRIPTORS SWITCHES"
 *     stacks        "stacks COUNT KIB MOST_KIB COUNT KIB MOST_KIB", of links, then of services:
 *                   how many, how much of all is resident, how much of the largest
 *     forget        "forgotten"
 *     tell          "device NUMBER LOST_US BACK_US ATTEMPTS SERVED" for each (device.h), "told"
 *
 * It ends with its input.
 */
#define SOAP_XMPP_NO_GSOAP
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/device.h"
#include "bench/slice.h"

enum { MAX_DEVICES = 500, LINE_BYTES = 128, TELL_EVERY_S = 1 };

static struct device *devices[MAX_DEVICES];
static long opened;

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void note_change(void *user)
{
    (void)user;
    pthread_mutex_lock(&mu);
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mu);
}

static long count_online(void)
{
    struct device_events events;
    long online = 0;
    for (long i = 0; i < opened; i++) {
        device_look(devices[i], &events);
        online += events.online;
    }
    return online;
}

/* Waits until the events of any device change, a second at most. */
static void wait_for_change(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += TELL_EVERY_S;
    pthread_mutex_lock(&mu);
    pthread_cond_timedwait(&changed, &mu, &until);
    pthread_mutex_unlock(&mu);
}

static void say_online(long online)
{
    static int64_t said_ns;
    int64_t now_ns = slice_now_ns();
    if (now_ns - said_ns < TELL_EVERY_S * (int64_t)1000000000)
        return;
    said_ns = now_ns;
    printf("online %ld\n", online);
    fflush(stdout);
}

static void bring_online(const char *domain, long first, long count, long window)
{
    long online;
    while ((online = count_online()) < count) {
        while (opened < count && opened - online < window) {
            devices[opened] = device_open(domain, first + opened, note_change, NULL);
            opened++;
        }
        say_online(online);
        wait_for_change();
    }
    slice_ready();
}

/* ---- costs ---- */

static long status_field(const char *name)
{
    char line[LINE_BYTES];
    long value = -1;
    size_t len = strlen(name);
    FILE *status = fopen("/proc/self/status", "r");
    while (status && value < 0 && fgets(line, sizeof line, status))
        if (strncmp(line, name, len) == 0)
            value = strtol(line + len, NULL, 10);
    if (value < 0)
        slice_die("no %s in /proc/self/status", name);
    fclose(status);
    return value;
}

static long count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    long count = -3; /* ".", "..", and the folder itself */
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

static void tell_cost(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("cost %ld %ld %ld %ld %ld\n", status_field("VmRSS:"),
           (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
               (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000,
           status_field("Threads:"), count_descriptors(), usage.ru_nvcsw + usage.ru_nivcsw);
}

struct stacks {
    long size_kib; /* that tells them from all other mappings */
    long count, resident_kib, most_kib;
};

static void add_stack(struct stacks *stacks, long size_kib, long resident_kib)
{
    if (size_kib != stacks->size_kib)
        return;
    stacks->count++;
    stacks->resident_kib += resident_kib;
    if (resident_kib > stacks->most_kib)
        stacks->most_kib = resident_kib;
}

/* A thread's stack is a mapping of its own, between guard pages. */
static void tell_stacks(void)
{
    struct stacks link = {.size_kib = DEVICE_LINK_STACK >> 10};
    struct stacks serving = {.size_kib = DEVICE_SERVING_STACK >> 10};
    char line[LINE_BYTES];
    long size_kib = 0, resident_kib;
    FILE *maps = fopen("/proc/self/smaps", "r");
    while (maps && fgets(line, sizeof line, maps)) {
        if (sscanf(line, "Size: %ld", &size_kib) == 1)
            continue;
        if (sscanf(line, "Rss: %ld", &resident_kib) == 1) {
            add_stack(&link, size_kib, resident_kib);
            add_stack(&serving, size_kib, resident_kib);
        }
    }
    if (maps)
        fclose(maps);
    printf("stacks %ld %ld %ld %ld %ld %ld\n", link.count, link.resident_kib, link.most_kib,
           serving.count, serving.resident_kib, serving.most_kib);
}

/* ---- orders ---- */

static void forget(void)
{
    for (long i = 0; i < opened; i++)
        device_forget(devices[i]);
    puts("forgotten");
}

static void tell(long first)
{
    struct device_events events;
    for (long i = 0; i < opened; i++) {
        device_look(devices[i], &events);
        printf("device %ld %lld %lld %u %lu\n", first + i, (long long)events.lost_us,
               (long long)events.back_us, events.attempts, events.served);
    }
    puts("told");
}

static void obey(const char *order, const char *domain, long first, long count)
{
    if (strncmp(order, "open ", 5) == 0)
        bring_online(domain, first, count, atol(order + 5));
    else if (strcmp(order, "await\n") == 0)
        bring_online(domain, first, count, 0);
    else if (strcmp(order, "cost\n") == 0)
        tell_cost();
    else if (strcmp(order, "stacks\n") == 0)
        tell_stacks();
    else if (strcmp(order, "forget\n") == 0)
        forget();
    else if (strcmp(order, "tell\n") == 0)
        tell(first);
    else
        slice_die("bad order: %s", order);
    fflush(stdout);
}

static void *close_one(void *device)
{
    device_close(device);
    return NULL;
}

/* At the same time, since each waits for the server to end its stream. */
static void close_all(void)
{
    pthread_t threads[MAX_DEVICES];
    long started = 0;
    while (started < opened &&
           pthread_create(&threads[started], NULL, close_one, devices[started]) == 0)
        started++;
    for (long i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    char order[LINE_BYTES];
    long count = argc == 4 ? atol(argv[3]) : 0;
    if (count < 1 || count > MAX_DEVICES) {
        fprintf(stderr, "usage: fleet DOMAIN FIRST COUNT    %d of them at most\n", MAX_DEVICES);
        return 2;
    }
    device_choose_stacks();
    slice_ready();
    while (fgets(order, sizeof order, stdin))
        obey(order, argv[1], atol(argv[2]), count);
    close_all();
    return 0;
}
