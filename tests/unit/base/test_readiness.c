/* A descriptor that tells of several sources. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/readiness.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_readiness[];

enum { LONG_MS = 30000, TURNS = 20000 };

static bool is_readable(const struct sx_readiness *readiness)
{
    struct pollfd fd = {sx_readiness_descriptor(readiness), POLLIN, 0};
    return poll(&fd, 1, 0) == 1;
}

static bool becomes_readable(const struct sx_readiness *readiness)
{
    struct pollfd fd = {sx_readiness_descriptor(readiness), POLLIN, 0};
    return poll(&fd, 1, LONG_MS) == 1;
}

static struct sx_readiness *make(void)
{
    struct sx_readiness *readiness = sx_readiness_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(readiness);
    CU_ASSERT_FALSE(is_readable(readiness));
    return readiness;
}

static void it_is_readable_while_any_source_is_ready(void)
{
    struct sx_readiness *readiness = make();
    struct sx_readiness_source one = {0}, other = {0};
    sx_readiness_join(&one, readiness);
    sx_readiness_join(&other, readiness);
    CU_ASSERT_FALSE(is_readable(readiness));
    sx_readiness_set(&one, true);
    CU_ASSERT_TRUE(is_readable(readiness));
    CU_ASSERT_TRUE(is_readable(readiness));
    sx_readiness_set(&one, true);
    sx_readiness_set(&other, true);
    sx_readiness_set(&one, false);
    CU_ASSERT_TRUE(is_readable(readiness));
    sx_readiness_set(&other, false);
    sx_readiness_set(&other, false);
    CU_ASSERT_FALSE(is_readable(readiness));
    sx_readiness_free(readiness);
}

static void a_source_that_nobody_polls_does_nothing(void)
{
    struct sx_readiness_source source = {0};
    sx_readiness_set(&source, true);
    sx_readiness_set(&source, false);
    sx_readiness_alarm(&source, 1);
    sx_readiness_realarm(&source, 1, 2);
    CU_ASSERT_PTR_NULL(source.readiness);
    sx_readiness_free(NULL);
}

static void a_second_joining_changes_nothing(void)
{
    struct sx_readiness *readiness = make();
    struct sx_readiness_source source = {0};
    sx_readiness_join(&source, readiness);
    sx_readiness_set(&source, true);
    sx_readiness_join(&source, readiness);
    sx_readiness_set(&source, true);
    sx_readiness_set(&source, false);
    CU_ASSERT_FALSE(is_readable(readiness));
    sx_readiness_free(readiness);
}

static void it_is_readable_once_the_alarm_has_passed(void)
{
    struct sx_readiness *readiness = make();
    struct sx_readiness_source source = {0};
    int64_t soon_us = sx_clock_now_us() + 20000;
    sx_readiness_join(&source, readiness);
    sx_readiness_alarm(&source, sx_clock_now_us() + 1000000 * INT64_C(1000));
    sx_readiness_alarm(&source, soon_us);
    sx_readiness_alarm(&source, soon_us + 1000000 * INT64_C(1000)); /* later: no change */
    CU_ASSERT_TRUE(becomes_readable(readiness));
    CU_ASSERT(sx_clock_now_us() >= soon_us);
    CU_ASSERT_TRUE(is_readable(readiness));
    sx_readiness_realarm(&source, SX_NEVER, sx_clock_now_us());
    CU_ASSERT_FALSE(is_readable(readiness));
    sx_readiness_alarm(&source, 0); /* long ago */
    CU_ASSERT_TRUE(becomes_readable(readiness));
    sx_readiness_free(readiness);
}

static void an_alarm_that_has_not_passed_stays(void)
{
    struct sx_readiness *readiness = make();
    struct sx_readiness_source source = {0};
    int64_t now_us = sx_clock_now_us();
    sx_readiness_join(&source, readiness);
    sx_readiness_alarm(&source, now_us + 10000);
    sx_readiness_realarm(&source, SX_NEVER, now_us);
    CU_ASSERT_TRUE(becomes_readable(readiness));
    sx_readiness_free(readiness);
}

/* As in libuv and asyncio. */
static void it_can_be_watched_by_another_epoll(void)
{
    struct sx_readiness *readiness = make();
    struct sx_readiness_source source = {0};
    struct epoll_event event = {.events = EPOLLIN | EPOLLET}, seen;
    int outer = epoll_create1(EPOLL_CLOEXEC);
    CU_ASSERT_EQUAL(epoll_ctl(outer, EPOLL_CTL_ADD, sx_readiness_descriptor(readiness), &event), 0);
    sx_readiness_join(&source, readiness);
    CU_ASSERT_EQUAL(epoll_wait(outer, &seen, 1, 0), 0);
    sx_readiness_set(&source, true);
    CU_ASSERT_EQUAL(epoll_wait(outer, &seen, 1, LONG_MS), 1);
    sx_readiness_set(&source, false);
    sx_readiness_set(&source, true);
    CU_ASSERT_EQUAL(epoll_wait(outer, &seen, 1, LONG_MS), 1);
    close(outer);
    sx_readiness_free(readiness);
}

struct turner {
    pthread_mutex_t mu;
    struct sx_readiness_source source;
    pthread_t thread;
};

static void *turn(void *arg)
{
    struct turner *turner = arg;
    int i;
    for (i = 0; i < TURNS; i++) {
        pthread_mutex_lock(&turner->mu);
        sx_readiness_set(&turner->source, i % 2 == 0);
        pthread_mutex_unlock(&turner->mu);
    }
    return NULL;
}

/* Each with its own lock, and none knows of the others. */
static void sources_of_several_threads_leave_nothing_behind(void)
{
    struct sx_readiness *readiness = make();
    struct turner turners[4] = {{PTHREAD_MUTEX_INITIALIZER, {0}, 0},
                                {PTHREAD_MUTEX_INITIALIZER, {0}, 0},
                                {PTHREAD_MUTEX_INITIALIZER, {0}, 0},
                                {PTHREAD_MUTEX_INITIALIZER, {0}, 0}};
    int i;
    for (i = 0; i < 4; i++) {
        sx_readiness_join(&turners[i].source, readiness);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&turners[i].thread, NULL, turn, &turners[i]), 0);
    }
    for (i = 0; i < 4; i++)
        pthread_join(turners[i].thread, NULL);
    CU_ASSERT_FALSE(is_readable(readiness));
    sx_readiness_set(&turners[0].source, true);
    CU_ASSERT_TRUE(is_readable(readiness));
    sx_readiness_free(readiness);
}

static int count_descriptors(void)
{
    int fd, count = 0;
    struct rlimit limit;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (fd = 0; fd < 4096 && fd < (int)limit.rlim_cur; fd++)
        if (dup2(fd, fd) == fd)
            count++;
    return count;
}

/* The lowest number that is free. */
static int next_descriptor(void)
{
    int fd = dup(0);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    return fd;
}

static void without_descriptors_there_is_none_and_none_is_left(void)
{
    struct rlimit limit, low;
    struct sx_readiness *readiness;
    int before = count_descriptors(), spare;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (spare = 0; spare < 3; spare++) {
        low = limit;
        low.rlim_cur = (rlim_t)next_descriptor() + (rlim_t)spare;
        CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &low), 0);
        errno = 0;
        readiness = sx_readiness_new();
        CU_ASSERT_EQUAL(errno, EMFILE);
        CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
        CU_ASSERT_PTR_NULL(readiness);
        CU_ASSERT_EQUAL(count_descriptors(), before);
    }
}

CU_TestInfo tests_readiness[] = {
    {"it is readable while any source is ready", it_is_readable_while_any_source_is_ready},
    {"a source that nobody polls does nothing", a_source_that_nobody_polls_does_nothing},
    {"a second joining changes nothing", a_second_joining_changes_nothing},
    {"it is readable once the alarm has passed", it_is_readable_once_the_alarm_has_passed},
    {"an alarm that has not passed stays", an_alarm_that_has_not_passed_stays},
    {"it can be watched by another epoll", it_can_be_watched_by_another_epoll},
    {"sources of several threads leave nothing behind",
     sources_of_several_threads_leave_nothing_behind},
    {"without descriptors there is none, and none is left",
     without_descriptors_there_is_none_and_none_is_left},
    CU_TEST_INFO_NULL,
};
