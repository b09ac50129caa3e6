/* bench_count.c - what a bench is to do, and what it has counted.
 *
 * Invariant: each call is counted once, by its end and by its outcome. */
#include "bench_count.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "exchange.h"
#include "terminal.h"

enum { SHOW_US = 100000, BAR_WIDTH = 40, OCTAVES = 44 };

static const char *const outcome_words[] = {"executed", "not-executed", "unknown"};

/* ---- the plan ---- */

void bench_plan_begin(struct bench_plan *plan)
{
    plan->begun_us = deadline_now_us();
}

bool bench_plan_has_more(const struct bench_plan *plan, unsigned long sent)
{
    if (plan->most)
        return sent < plan->most;
    return deadline_now_us() < plan->begun_us + plan->duration_ms * 1000LL;
}

long long bench_plan_due_us(const struct bench_plan *plan, unsigned long sent)
{
    return plan->rate ? plan->begun_us + (long long)((double)sent * 1e6 / plan->rate) : 0;
}

/* ---- counting ---- */

void bench_count_call(struct bench_count *count, enum soap_xmpp_end_value end,
                      enum soap_xmpp_outcome_value outcome, unsigned long long us, const char *text)
{
    count->total++;
    count->ends[end]++;
    count->outcomes[outcome]++;
    if (end <= SOAP_XMPP_END_EMPTY)
        histogram_add(&count->times, us);
    if (end >= SOAP_XMPP_END_REFUSED)
        snprintf(count->failure, sizeof count->failure, "%s", text);
}

void bench_count_end(struct bench_count *count, long long begun_us)
{
    count->seconds = (double)(deadline_now_us() - begun_us) / 1e6;
    if (count->shown_us)
        fprintf(stderr, "\r\033[K");
}

void bench_count_show(struct bench_count *count, const struct report *report)
{
    long long now_us = deadline_now_us();
    if (!terminal_has_progress(report->is_quiet) || now_us - count->shown_us < SHOW_US)
        return;
    count->shown_us = now_us;
    fprintf(stderr, "\r\033[K%lu done, %lu not answered, median %.1f ms", count->total,
            count->total - count->times.count, histogram_percentile_ms(&count->times, 50));
}

/* ---- telling ---- */

/* From good to bad, and what the exit code of each is. */
static int exit_code_of(const struct bench_count *count)
{
    if (count->ends[SOAP_XMPP_END_BAD])
        return REPORT_UNUSABLE;
    if (count->outcomes[SOAP_XMPP_UNKNOWN])
        return REPORT_UNKNOWN;
    if (count->outcomes[SOAP_XMPP_NOT_EXECUTED])
        return REPORT_NOT_EXECUTED;
    return count->ends[SOAP_XMPP_END_FAULT] ? REPORT_FAULT : REPORT_OK;
}

static unsigned long largest_row(const struct histogram *times)
{
    unsigned long most = 1;
    unsigned octave;
    for (octave = 0; octave < OCTAVES; octave++) {
        unsigned long here = histogram_between(times, 1ULL << octave, 2ULL << octave);
        most = here > most ? here : most;
    }
    return most;
}

static void print_histogram(const struct histogram *times)
{
    unsigned long most = largest_row(times);
    unsigned octave;
    for (octave = 0; octave < OCTAVES; octave++) {
        unsigned long here = histogram_between(times, 1ULL << octave, 2ULL << octave);
        int width = (int)((here * BAR_WIDTH + most - 1) / most);
        if (here)
            printf("%10.3f to %10.3f ms %-*.*s %lu\n", (double)(1ULL << octave) / 1e3,
                   (double)(2ULL << octave) / 1e3, BAR_WIDTH, width,
                   "########################################", here);
    }
}

static void print_words(const char *label, const char *const *words, const unsigned long *counts,
                        size_t many)
{
    size_t i;
    printf("%s", label);
    for (i = 0; i < many; i++)
        if (counts[i])
            printf(" %s %lu", words[i], counts[i]);
    printf("\n");
}

static void print_count(const struct bench_count *count, const struct bench_plan *plan,
                        bool is_call)
{
    const char *ends[BENCH_ENDS];
    int i;
    for (i = 0; i < BENCH_ENDS; i++)
        ends[i] = exchange_end_word((enum soap_xmpp_end_value)i);
    printf("%lu %s, %zu at once, in %.2f s: %.1f a second\n", count->total,
           is_call ? "calls" : "pings", plan->outstanding, count->seconds,
           (double)count->total / count->seconds);
    if (count->times.count) {
        printf("p50 %.3f ms, p90 %.3f ms, p99 %.3f ms, max %.3f ms\n",
               histogram_percentile_ms(&count->times, 50),
               histogram_percentile_ms(&count->times, 90),
               histogram_percentile_ms(&count->times, 99), (double)count->times.most_us / 1e3);
        print_histogram(&count->times);
    }
    print_words("ends:", ends, count->ends, BENCH_ENDS);
    if (is_call)
        print_words("outcomes:", outcome_words, count->outcomes, 3);
    if (count->abandoned)
        printf("interrupted, with %zu under way\n", count->abandoned);
}

static json_t *ends_of(const struct bench_count *count)
{
    json_t *ends = json_object();
    int i;
    for (i = 0; i < BENCH_ENDS; i++)
        json_object_set_new(ends, exchange_end_word((enum soap_xmpp_end_value)i),
                            json_integer((json_int_t)count->ends[i]));
    return ends;
}

static json_t *histogram_of(const struct histogram *times)
{
    json_t *rows = json_array();
    unsigned octave;
    for (octave = 0; octave < OCTAVES; octave++) {
        unsigned long here = histogram_between(times, 1ULL << octave, 2ULL << octave);
        if (here)
            json_array_append_new(rows, json_pack("{s:f, s:f, s:I}", "from_ms",
                                                  (double)(1ULL << octave) / 1e3, "to_ms",
                                                  (double)(2ULL << octave) / 1e3, "count",
                                                  (json_int_t)here));
    }
    return rows;
}

static void set_members(const struct bench_count *count, struct report *report)
{
    const struct histogram *times = &count->times;
    json_t *outcomes = json_object();
    int i;
    for (i = 0; i < 3; i++)
        json_object_set_new(outcomes, outcome_words[i],
                            json_integer((json_int_t)count->outcomes[i]));
    report_set(report, "count", json_integer((json_int_t)count->total));
    report_set(report, "seconds", json_real(count->seconds));
    report_set(report, "per_second", json_real((double)count->total / count->seconds));
    report_set(report, "ms",
               json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "min", (double)times->least_us / 1e3,
                         "mean", histogram_mean_ms(times), "p50",
                         histogram_percentile_ms(times, 50), "p90",
                         histogram_percentile_ms(times, 90), "p99",
                         histogram_percentile_ms(times, 99), "max", (double)times->most_us / 1e3));
    report_set(report, "histogram", histogram_of(times));
    report_set(report, "ends", ends_of(count));
    report_set(report, "outcomes", outcomes);
    report_set(report, "abandoned", json_integer((json_int_t)count->abandoned));
}

int bench_count_report(const struct bench_count *count, struct run *run,
                       const struct bench_plan *plan, bool is_call)
{
    int code = exit_code_of(count);
    if (run->report.is_json)
        set_members(count, &run->report);
    else
        print_count(count, plan, is_call);
    if (code == REPORT_OK)
        return report_end(&run->report, code, NULL);
    return report_end(&run->report, code, "%lu of %lu were not answered as they should%s%s",
                      count->total - count->ends[SOAP_XMPP_END_ANSWER] -
                          count->ends[SOAP_XMPP_END_EMPTY],
                      count->total, count->failure[0] ? ", the last one: " : "", count->failure);
}
