/* hoard.c - /dev/null, opened over and over.
 *
 * Invariant: what it has opened is in fds, and only that is closed. From start to stop no number
 * below FD_SETSIZE is free for longer than it takes to snatch it, and SPARE above it are.
 */
#include "hoard.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

enum {
    ROOM = HOARD_DESCRIPTORS + FD_SETSIZE,
    SPARE = 256, /* for the test's own servers and connections */
    GREED_US = 200
};

struct hoard {
    int fds[ROOM];
    unsigned count, wanted;
    atomic_bool stopping;
    pthread_t thread;
    struct rlimit limit; /* before */
};

static bool take_one(struct hoard *hoard)
{
    int fd = hoard->count < ROOM ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    hoard->fds[hoard->count++] = fd;
    return fd < FD_SETSIZE;
}

static void *snatch(void *arg)
{
    struct hoard *hoard = arg;
    while (!atomic_load(&hoard->stopping)) {
        if (!take_one(hoard) && hoard->count > hoard->wanted)
            close(hoard->fds[--hoard->count]);
        usleep(GREED_US);
    }
    return NULL;
}

static void close_all(struct hoard *hoard)
{
    while (hoard->count)
        close(hoard->fds[--hoard->count]);
    setrlimit(RLIMIT_NOFILE, &hoard->limit);
    free(hoard);
}

/* Raises the limit as far as need be and as it may; false if no number beyond FD_SETSIZE would be
 * left, which nobody should overlook. */
static bool raise_limit(struct hoard *hoard)
{
    struct rlimit wanted;
    getrlimit(RLIMIT_NOFILE, &hoard->limit);
    wanted = hoard->limit;
    if (wanted.rlim_cur < ROOM + SPARE)
        wanted.rlim_cur = wanted.rlim_max < ROOM + SPARE ? wanted.rlim_max : ROOM + SPARE;
    if (wanted.rlim_cur < FD_SETSIZE + 2 * SPARE || setrlimit(RLIMIT_NOFILE, &wanted) != 0) {
        fprintf(stderr,
                "NOT TESTED: a process full of descriptors, which may have no more than %llu\n",
                (unsigned long long)hoard->limit.rlim_max);
        return false;
    }
    hoard->wanted = HOARD_DESCRIPTORS;
    if (hoard->wanted > wanted.rlim_cur - SPARE)
        hoard->wanted = (unsigned)(wanted.rlim_cur - SPARE);
    return true;
}

/* What the process has open besides may be more than SPARE: then as many as there are. */
static void fill(struct hoard *hoard)
{
    unsigned before;
    do {
        before = hoard->count;
        (void)take_one(hoard);
    } while (hoard->count > before && hoard->count < hoard->wanted);
    hoard->wanted = hoard->count;
}

struct hoard *hoard_start(void)
{
    struct hoard *hoard = calloc(1, sizeof *hoard);
    if (!hoard)
        return NULL;
    if (!raise_limit(hoard)) {
        free(hoard);
        return NULL;
    }
    fill(hoard);
    if (pthread_create(&hoard->thread, NULL, snatch, hoard)) {
        close_all(hoard);
        return NULL;
    }
    return hoard;
}

void hoard_stop(struct hoard *hoard)
{
    if (!hoard)
        return;
    atomic_store(&hoard->stopping, true);
    pthread_join(hoard->thread, NULL);
    close_all(hoard);
}
