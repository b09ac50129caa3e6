/* slice.c - see slice.h. */
#include "bench/slice.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void slice_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    _exit(1); /* other threads may be at work on what exit() would take down */
}

int64_t slice_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static long context_switches(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_nvcsw + used.ru_nivcsw;
}

void slice_ready(void)
{
    puts("ready");
    fflush(stdout);
}

bool slice_read(struct slice *slice)
{
    char line[128], unit = 0;
    double limit = 0;
    if (!slice->latency_us)
        slice->latency_us = malloc(SLICE_CALLS * sizeof *slice->latency_us);
    if (!slice->latency_us)
        slice_die("no memory");
    if (!fgets(line, sizeof line, stdin))
        return false;
    if (sscanf(line, "%31s %u %u %lf%c", slice->payload, &slice->outstanding, &slice->threads,
               &limit, &unit) != 5 ||
        slice->outstanding < 1 || slice->outstanding > SLICE_OUTSTANDING || slice->threads < 1 ||
        (unit != 's' && unit != 'n'))
        slice_die("bad order: %s", line);
    atomic_store(&slice->asked, 0);
    atomic_store(&slice->done, 0);
    slice->switches = context_switches();
    slice->begun_ns = slice_now_ns();
    slice->limit_calls = unit == 'n' && limit < SLICE_CALLS ? (long)limit : SLICE_CALLS;
    slice->until_ns = unit == 's' ? slice->begun_ns + (int64_t)(limit * 1e9) : INT64_MAX;
    return true;
}

bool slice_asks(struct slice *slice)
{
    /* At least one, however short the time. */
    if (atomic_load(&slice->asked) > 0 && slice_now_ns() >= slice->until_ns)
        return false;
    return atomic_fetch_add(&slice->asked, 1) < slice->limit_calls;
}

void slice_done(struct slice *slice, int64_t begun_ns)
{
    long place = atomic_fetch_add(&slice->done, 1);
    slice->latency_us[place] = (float)((double)(slice_now_ns() - begun_ns) / 1e3);
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void slice_print(struct slice *slice)
{
    double seconds = (double)(slice_now_ns() - slice->begun_ns) / 1e9;
    long done = atomic_load(&slice->done), switches = context_switches() - slice->switches;
    if (done == 0)
        slice_die("no call was answered");
    qsort(slice->latency_us, (size_t)done, sizeof *slice->latency_us, compare);
    printf("%ld %.6f %.2f %.2f %ld\n", done, seconds, slice->latency_us[done / 2],
           slice->latency_us[done * 99 / 100], switches);
    fflush(stdout);
}

char *slice_file(const char *folder, const char *payload, const char *suffix, unsigned long *len)
{
    char path[512], *bytes = NULL;
    size_t room = 0;
    FILE *file, *copy;
    int c;
    snprintf(path, sizeof path, "%s/%s.%s", folder, payload, suffix);
    file = fopen(path, "r");
    copy = open_memstream(&bytes, &room);
    if (!file || !copy)
        slice_die("can't read %s", path);
    while ((c = getc(file)) != EOF)
        putc(c, copy);
    fclose(file);
    if (fclose(copy) || room == 0)
        slice_die("can't read %s", path);
    *len = room;
    return bytes;
}
