/* bench.c - soap-xmpp bench: many calls, or pings, at once: how many in a second, how long each.
 *
 * Invariant: never more than --outstanding are under way. With --rate the time of a call counts
 * from when it was due, so that a service that stands still is seen as it is.
 *
 * Happy path: calls are posted as there is room and time -> each end is counted -> the sum.
 * Failure modes: calls that fail are counted by kind, and the worst kind is the exit code; a link
 * that is lost ends those under way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_count.h"
#include "bench_ping.h"
#include "command.h"
#include "connection.h"
#include "endpoint.h"
#include "exchange.h"
#include "interrupt.h"
#include "request.h"

enum {
    WHY_BYTES = 512,
    COUNT = 1000,
    COUNT_MOST = 100000000,
    OUTSTANDING = 64,
    OUTSTANDING_MOST = 10000,
    RATE_MOST = 1000000,
    SIZE_MOST = 16 * 1024 * 1024,
    LONGEST_S = 24 * 3600,
    CALL_MS = 60000,
    SLICE_MS = 100
};

/* ---- what is sent ---- */

/* An echo of so many bytes: for `serve --echo`, or any service that doesn't mind. */
static int write_sized(struct ct_text *envelope, size_t bytes)
{
    static const char head[] =
        "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body>"
        "<b:echo xmlns:b=\"urn:soap-xmpp:bench:1\"><b:data>",
                      tail[] = "</b:data></b:echo></e:Body></e:Envelope>";
    char block[1024];
    size_t frame = sizeof head + sizeof tail - 2, left = bytes > frame ? bytes - frame : 0;
    memset(block, 'x', sizeof block);
    ct_text_add(envelope, head, sizeof head - 1);
    for (; left; left -= left < sizeof block ? left : sizeof block)
        ct_text_add(envelope, block, left < sizeof block ? left : sizeof block);
    ct_text_add(envelope, tail, sizeof tail - 1);
    return ct_text_failed(envelope) ? -1 : 0;
}

/* ---- calls ---- */

/* A call under way. */
struct slot {
    long long due_us;
    struct soap_xmpp_call *call; /* NULL: this slot is free */
};

/* One bench of calls. */
struct bench {
    struct run *run;
    struct soap_xmpp_link *link;
    struct bench_plan plan;
    struct bench_count *count;
    struct request *request;
    struct soap_xmpp_post post;
    bool is_anew; /* each envelope is another one */
    struct slot *slots;
    size_t *free_slots, free_count;
    unsigned long posted;
    bool is_over; /* no more can be posted */
};

static bool has_more(const struct bench *bench)
{
    return !bench->is_over && !interrupt_signal() && !deadline_is_over(&bench->run->deadline) &&
           bench_plan_has_more(&bench->plan, bench->posted);
}

/* What can't be posted wasn't executed, and what follows wouldn't be either. */
static void note_refused(struct bench *bench, const char *why)
{
    bench_count_call(bench->count, SOAP_XMPP_END_REFUSED, SOAP_XMPP_NOT_EXECUTED, 0, why);
    bench->is_over = true;
}

static void post_one(struct bench *bench, long long due_us)
{
    struct run *run = bench->run;
    struct slot *slot = &bench->slots[bench->free_slots[bench->free_count - 1]];
    char why[WHY_BYTES];
    int timeout_ms = deadline_left_ms(&run->deadline, CALL_MS);
    if (bench->is_anew && request_write(run, bench->request)) {
        note_refused(bench, run->report.text);
        return;
    }
    bench->post.envelope = bench->request->envelope.bytes;
    bench->post.envelope_bytes = bench->request->envelope.len;
    bench->post.timeout_ms = timeout_ms > 0 ? timeout_ms : 1;
    bench->post.user = slot;
    slot->due_us = due_us;
    slot->call = soap_xmpp_post(bench->link, &bench->post, why, sizeof why);
    if (!slot->call) {
        note_refused(bench, why);
        return;
    }
    bench->free_count--;
    bench->posted++;
}

/* As many as there is room and time for; returns for how long nothing is due. */
static int post_due(struct bench *bench)
{
    while (has_more(bench) && bench->free_count) {
        long long due_us = bench_plan_due_us(&bench->plan, bench->posted);
        long long now_us = deadline_now_us();
        if (due_us > now_us)
            return due_us - now_us < SLICE_MS * 1000LL ? (int)((due_us - now_us + 999) / 1000)
                                                       : SLICE_MS;
        post_one(bench, due_us ? due_us : now_us);
    }
    return SLICE_MS;
}

static void take_end(struct bench *bench, struct soap_xmpp_call *call)
{
    struct slot *slot = soap_xmpp_call_user(call);
    bench_count_call(bench->count, soap_xmpp_call_end(call), soap_xmpp_call_outcome(call),
                     (unsigned long long)(deadline_now_us() - slot->due_us),
                     soap_xmpp_call_text(call));
    bench->free_slots[bench->free_count++] = (size_t)(slot - bench->slots);
    slot->call = NULL;
    soap_xmpp_cancel(call);
}

static void call_all(struct bench *bench)
{
    while (has_more(bench) || bench->free_count < bench->plan.outstanding) {
        int idle_ms = post_due(bench);
        struct soap_xmpp_call *call;
        if (bench->free_count == bench->plan.outstanding) {
            if (has_more(bench))
                interrupt_wait(idle_ms);
            continue;
        }
        call = soap_xmpp_wait(bench->link, idle_ms);
        if (call)
            take_end(bench, call);
        else if (soap_xmpp_state(bench->link) >= SOAP_XMPP_STOPPING)
            break; /* a signal: what was under way is told as that */
        bench_count_show(bench->count, &bench->run->report);
    }
}

/* What is still under way after a signal. */
static void abandon(struct bench *bench)
{
    size_t i;
    for (i = 0; i < bench->plan.outstanding; i++)
        if (bench->slots[i].call)
            soap_xmpp_cancel(bench->slots[i].call);
    bench->count->abandoned = bench->plan.outstanding - bench->free_count;
}

static int bench_calls(struct bench *bench)
{
    size_t i, outstanding = bench->plan.outstanding;
    int result = 0;
    bench->slots = calloc(outstanding, sizeof *bench->slots);
    bench->free_slots = calloc(outstanding, sizeof *bench->free_slots);
    if (bench->slots && bench->free_slots) {
        for (i = 0; i < outstanding; i++)
            bench->free_slots[bench->free_count++] = i;
        bench_plan_begin(&bench->plan);
        call_all(bench);
        abandon(bench);
        bench_count_end(bench->count, bench->plan.begun_us);
    } else {
        result = report_end(&bench->run->report, REPORT_USAGE, "no memory");
    }
    free(bench->slots);
    free(bench->free_slots);
    return result;
}

/* ---- the command ---- */

static int read_plan(struct run *run, struct bench_plan *plan, long *size)
{
    char why[WHY_BYTES];
    long count, outstanding, rate, duration_ms;
    if (option_number(&run->options, "count", 1, COUNT_MOST, 0, &count, why, sizeof why) ||
        option_number(&run->options, "outstanding", 1, OUTSTANDING_MOST, OUTSTANDING, &outstanding,
                      why, sizeof why) ||
        option_number(&run->options, "rate", 1, RATE_MOST, 0, &rate, why, sizeof why) ||
        option_number(&run->options, "size", 1, SIZE_MOST, 0, size, why, sizeof why) ||
        option_seconds(&run->options, "duration", LONGEST_S, 0, &duration_ms, why, sizeof why))
        return report_end(&run->report, REPORT_USAGE, "%s", why);
    if (count && duration_ms)
        return report_end(&run->report, REPORT_USAGE, "--count and --duration: one of them");
    *plan = (struct bench_plan){.most = count || duration_ms ? (unsigned long)count : COUNT,
                                .duration_ms = duration_ms,
                                .outstanding = (size_t)outstanding,
                                .rate = (unsigned)rate};
    return 0;
}

/* What needs no link: mistakes cost no login. */
static int prepare(struct run *run, long size, struct request *request)
{
    int result;
    if (size)
        return write_sized(&request->envelope, (size_t)size)
                   ? report_end(&run->report, REPORT_USAGE, "no memory")
                   : 0;
    if ((result = request_begin(run, 1, request)) || (result = request_read_wsdl(run, request)))
        return result;
    return request_needs_service(run, request) ? 0 : request_write(run, request);
}

static int bench_online(struct run *run, struct bench *bench, const char *endpoint)
{
    struct request *request = bench->request;
    int result;
    if (!request)
        return bench_ping(run, bench->link, endpoint, &bench->plan, bench->count);
    if (request->operation && request_needs_service(run, request) &&
        ((result = request_describe(run, bench->link, endpoint, request)) ||
         (result = request_write(run, request))))
        return result;
    soap_xmpp_post_init(&bench->post);
    bench->post.endpoint = endpoint;
    bench->post.action = *request->action ? request->action : NULL;
    bench->is_anew = option_text(&run->options, "user") != NULL;
    return bench_calls(bench);
}

static int run_bench(struct run *run)
{
    char endpoint[ENDPOINT_BYTES];
    struct connection connection;
    struct bench_count count = {0};
    struct request request = {0};
    struct bench bench = {.run = run, .count = &count};
    long size = 0;
    int result;
    if (endpoint_write(run->options.arguments[0], false, endpoint))
        return report_end(&run->report, REPORT_USAGE,
                          "'%s' is no endpoint: xmpp:cam@example.org/soap",
                          run->options.arguments[0]);
    if ((result = read_plan(run, &bench.plan, &size)))
        return result;
    if (size && run->options.argument_count > 1)
        return report_end(&run->report, REPORT_USAGE, "--size and an operation: one of them");
    if (size || run->options.argument_count > 1)
        bench.request = &request;
    report_about(&run->report, endpoint, NULL);
    if (bench.request)
        result = prepare(run, size, &request);
    if (!result && (result = connection_open(run, &connection)) == 0) {
        bench.link = connection.link;
        result = bench_online(run, &bench, endpoint);
        connection_close(&connection);
        if (count.total || count.abandoned)
            result = bench_count_report(&count, run, &bench.plan, bench.request != NULL);
    }
    if (bench.request)
        request_free(&request);
    return result;
}

static const struct option_row options[] = {
    {.name = "count", .letter = 'n', .value = "N", .summary = "so many; 1,000"},
    {.name = "duration", .letter = 'd', .value = "SECONDS", .summary = "or as many as fit"},
    {.name = "outstanding", .value = "N", .summary = "so many at once; 64"},
    {.name = "rate", .value = "N", .summary = "no more than so many a second"},
    {.name = "size",
     .value = "BYTES",
     .summary = "envelopes of that size, for a service that echoes (serve --echo)"},
    REQUEST_OPTIONS,
    {.name = NULL},
};

const struct command command_bench = {
    .name = "bench",
    .summary = "many calls at once: how many in a second, how long each",
    .arguments = "ENDPOINT [OPERATION [NAME=VALUE...] | -|FILE]",
    .options = options,
    .description =
        "Calls the operation, as call would, many times; without one it pings. Prints calls\n"
        "in a second, percentiles, a histogram, and how the calls have ended. With --rate\n"
        "the time of a call counts from when it was due. The operation is run each time:\n"
        "take one that does no harm. Exit code: that of the worst end.",
    .least_arguments = 1,
    .most_arguments = 1000,
    .is_endless = true,
    .run = run_bench,
};
