/* slice.h - one slice of a measurement: so many calls under way, for a time or for a count.
 *
 * Noun: the slice. Every measuring program of the benchmark says "ready" once it is connected, then
 * reads orders on standard input, one line each, and answers with one line. So run.py can let
 * programs that stand side by side measure in turn, while the others wait without a wake-up.
 *
 *     order:   PAYLOAD OUTSTANDING THREADS LIMIT     LIMIT is "0.5s" or "1000n"
 *     answer:  CALLS SECONDS P50_US P99_US SWITCHES
 *
 * SWITCHES counts the context switches of the whole process during the slice, those of threads that
 * have ended among them, which nobody sees from outside.
 * A program ends at the end of its input, so none outlives run.py.
 *
 * Thread: slice_asks and slice_done any, the others the reader's.
 */
#ifndef BENCH_SLICE_H
#define BENCH_SLICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { SLICE_CALLS = 2000000, SLICE_OUTSTANDING = 16384 };

struct slice {
    char payload[32];
    unsigned outstanding, threads;
    int64_t begun_ns, until_ns; /* until: INT64_MAX when calls are counted */
    long limit_calls;
    atomic_long asked, done;
    float *latency_us; /* of each call done, room for SLICE_CALLS */
    long switches;     /* of the process until the order came */
};

/* Prints one sentence on standard error and ends the program with 1. */
void slice_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

int64_t slice_now_ns(void);

/* Prints "ready". */
void slice_ready(void);

/* The next order; its time begins now. False at the end of the input. Dies of a bad order. Zero the
 * slice before the first. Blocks. */
bool slice_read(struct slice *slice);

/* Whether one more call is to be made; each true counts as one. */
bool slice_asks(struct slice *slice);

/* A call that was begun at begun_ns has its answer. */
void slice_done(struct slice *slice, int64_t begun_ns);

/* Prints the answer. */
void slice_print(struct slice *slice);

/* The whole file FOLDER/PAYLOAD.SUFFIX, NUL-terminated, the caller's; dies if it can't be had. */
char *slice_file(const char *folder, const char *payload, const char *suffix, unsigned long *len);

#endif
