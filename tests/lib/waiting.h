/* waiting.h - starts a thread and lets the test go on once that thread is blocked.
 *
 * A test of a wake-up proves nothing when the thread comes too late to be woken. The kernel tells
 * when it sleeps; whether in the wait that is meant it doesn't tell, so a test must pass either way
 * and only loses its teeth.
 */
#ifndef TESTS_WAITING_H
#define TESTS_WAITING_H

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct starting {
    void *(*run)(void *);
    void *argument;
    pid_t tid;
};

static inline void *run_starting(void *argument)
{
    struct starting *starting = (struct starting *)argument, copy = *starting;

    __atomic_store_n(&starting->tid, gettid(), __ATOMIC_RELEASE); /* it may be gone now */
    return copy.run(copy.argument);
}

/* True for a thread that sleeps or has ended. */
static inline int is_blocked(pid_t tid)
{
    char path[64], line[256] = "";
    const char *state;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    file = fopen(path, "r");
    if (!file)
        return 1;
    if (!fgets(line, sizeof line, file))
        line[0] = '\0';
    fclose(file);
    state = strrchr(line, ')'); /* "tid (name) S ..." */
    return !state || state[2] == 'S';
}

static inline pthread_t start_waiting(void *(*run)(void *), void *argument)
{
    struct starting starting = {run, argument, 0};
    pthread_t thread;
    pid_t tid;

    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, run_starting, &starting), 0);
    while ((tid = __atomic_load_n(&starting.tid, __ATOMIC_ACQUIRE)) == 0)
        sched_yield();
    while (!is_blocked(tid))
        sched_yield();
    return thread;
}

#endif
