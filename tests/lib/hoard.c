/* hoard.c - /dev/null, opened over and over.
 *
 * Invariant: what it has opened is in fds, and only that is closed.
 */
#include "hoard.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

enum { ROOM = HOARD_DESCRIPTORS + FD_SETSIZE, LEAST_LIMIT = ROOM + FD_SETSIZE, GREED_US = 200 };

struct hoard {
    int fds[ROOM];
    unsigned count;
    atomic_uint taken;
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
        if (take_one(hoard))
            atomic_fetch_add(&hoard->taken, 1);
        else if (hoard->count > HOARD_DESCRIPTORS)
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

struct hoard *hoard_start(void)
{
    struct hoard *hoard = calloc(1, sizeof *hoard);
    struct rlimit wanted;
    if (!hoard)
        return NULL;
    getrlimit(RLIMIT_NOFILE, &hoard->limit);
    wanted = hoard->limit;
    if (wanted.rlim_cur < LEAST_LIMIT)
        wanted.rlim_cur = LEAST_LIMIT;
    if (wanted.rlim_max < LEAST_LIMIT || setrlimit(RLIMIT_NOFILE, &wanted) != 0) {
        free(hoard);
        return NULL;
    }
    while (hoard->count < HOARD_DESCRIPTORS)
        (void)take_one(hoard);
    if (pthread_create(&hoard->thread, NULL, snatch, hoard)) {
        close_all(hoard);
        return NULL;
    }
    return hoard;
}

unsigned hoard_taken(struct hoard *hoard)
{
    return atomic_load(&hoard->taken);
}

void hoard_stop(struct hoard *hoard)
{
    if (!hoard)
        return;
    atomic_store(&hoard->stopping, true);
    pthread_join(hoard->thread, NULL);
    close_all(hoard);
}
