/* trace.c - soap-xmpp trace: a tap between callers and a service, which shows what passes.
 *
 * Invariant: each request that was taken is ended once: answered as the service answered, or with
 * what became of the call. What the service hasn't run is declined, so that the caller knows.
 *
 * Happy path: a request is taken -> shown -> posted to the service -> its answer is shown and goes
 * back, byte for byte.
 * Failure modes: the call ends without an answer: the caller is told so by the same condition. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "connection.h"
#include "endpoint.h"
#include "exchange.h"
#include "interrupt.h"
#include "pretty.h"
#include "trace_decode.h"

enum { WHY_BYTES = 1024, UNDER_WAY = 256, CALL_MS = 60000, SLICE_MS = 1000, RULES_BYTES = 65536 };

/* A request that passes. */
struct passage {
    struct soap_xmpp_request *request; /* NULL: this place is free */
    unsigned long number;
    long long begun_us;          /* when it was passed on */
    struct soap_xmpp_call *call; /* NULL: not yet */
};

struct tap {
    struct run *run;
    struct soap_xmpp_link *link;
    const char *endpoint;
    bool is_exact;
    struct passage passages[UNDER_WAY];
    unsigned long count, under_way;
};

/* ---- showing ---- */

static void write_time(char out[32])
{
    struct timespec now;
    struct tm moment;
    size_t len;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &moment);
    len = strftime(out, 24, "%H:%M:%S", &moment);
    snprintf(out + len, 32 - len, ".%03ld", now.tv_nsec / 1000000);
}

static void show_envelope(const struct tap *tap, const char *envelope, size_t bytes)
{
    if (tap->run->report.is_json || !envelope)
        return;
    if (tap->is_exact) {
        pretty_write(stdout, envelope, bytes);
        putchar('\n');
    } else {
        pretty_print(stdout, envelope, bytes, 2);
    }
    fflush(stdout);
}

static void show_request(const struct tap *tap, const struct passage *passage, const char *envelope,
                         size_t bytes)
{
    const struct soap_xmpp_request *request = passage->request;
    const char *operation = soap_xmpp_request_operation(request);
    char now[32];
    write_time(now);
    report_event(&tap->run->report,
                 json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:s%}", "event",
                           "request", "time", now, "number", (json_int_t)passage->number, "from",
                           soap_xmpp_request_from(request), "to", soap_xmpp_request_to(request),
                           "operation", operation, "namespace",
                           soap_xmpp_request_namespace(request), "action",
                           soap_xmpp_request_action(request), "bytes", (json_int_t)bytes,
                           "envelope", envelope, bytes),
                 "%s  #%lu  %s -> %s  %s  %zu bytes, SOAP 1.%d", now, passage->number,
                 soap_xmpp_request_from(request), soap_xmpp_request_to(request),
                 *operation ? operation : "(an empty body)", bytes,
                 soap_xmpp_request_version(request) == 11 ? 1 : 2);
    show_envelope(tap, envelope, bytes);
}

static const char *word_of(enum soap_xmpp_outcome_value outcome)
{
    static const char *const words[] = {"executed", "not executed", "unknown whether it ran"};
    return words[outcome];
}

static void show_answer(const struct tap *tap, const struct passage *passage,
                        const struct exchange_answer *answer)
{
    const char *end = exchange_end_word(answer->end);
    char now[32];
    write_time(now);
    report_event(&tap->run->report,
                 json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:f, s:I, s:b, s:s%}", "event",
                           "answer", "time", now, "number", (json_int_t)passage->number, "end", end,
                           "outcome", word_of(answer->outcome), "condition", answer->condition,
                           "text", answer->text, "ms", answer->ms, "bytes",
                           (json_int_t)answer->envelope_bytes, "packed", answer->is_packed,
                           "envelope", answer->envelope ? answer->envelope : "",
                           answer->envelope_bytes),
                 "%s  #%lu  %s  %zu bytes%s  %.1f ms  %s%s%s", now, passage->number, end,
                 answer->envelope_bytes, answer->is_packed ? ", packed" : "", answer->ms,
                 word_of(answer->outcome), answer->text[0] ? ": " : "", answer->text);
    show_envelope(tap, answer->envelope, answer->envelope_bytes);
}

/* ---- passing on ---- */

/* malloc'ed; NULL: the request can't be read, and why says so. */
static char *read_request(struct soap_xmpp_request *request, size_t *bytes, char *why,
                          size_t why_bytes)
{
    char *envelope = NULL;
    size_t room = 0;
    long count;
    *bytes = 0;
    do {
        if (room - *bytes < 4096) {
            char *longer = realloc(envelope, room = room ? room * 2 : 16384);
            if (!longer) {
                snprintf(why, why_bytes, "no memory");
                free(envelope);
                return NULL;
            }
            envelope = longer;
        }
        count =
            soap_xmpp_request_read(request, envelope + *bytes, room - *bytes - 1, why, why_bytes);
        *bytes += count > 0 ? (size_t)count : 0;
    } while (count > 0);
    if (count < 0) {
        free(envelope);
        return NULL;
    }
    envelope[*bytes] = '\0';
    return envelope;
}

static struct passage *free_passage(struct tap *tap)
{
    size_t i;
    for (i = 0; i < UNDER_WAY; i++)
        if (!tap->passages[i].request)
            return &tap->passages[i];
    return NULL;
}

static void end_passage(struct tap *tap, struct passage *passage)
{
    passage->request = NULL;
    tap->under_way--;
}

/* A call that wasn't made: the caller may be sure that nothing ran. */
static void decline(struct tap *tap, struct passage *passage, const char *why)
{
    report_event(&tap->run->report,
                 json_pack("{s:s, s:I, s:s}", "event", "declined", "number",
                           (json_int_t)passage->number, "text", why),
                 "          #%lu  not passed on: %s", passage->number, why);
    soap_xmpp_decline(passage->request, NULL, why);
    end_passage(tap, passage);
}

static void pass_on(struct tap *tap, struct passage *passage, const char *envelope, size_t bytes)
{
    const char *action = soap_xmpp_request_action(passage->request);
    const char *traceparent = soap_xmpp_request_traceparent(passage->request);
    struct soap_xmpp_post post;
    char why[WHY_BYTES];
    soap_xmpp_post_init(&post);
    post.endpoint = tap->endpoint;
    post.envelope = envelope;
    post.envelope_bytes = bytes;
    post.action = *action ? action : NULL;
    post.traceparent = *traceparent ? traceparent : NULL;
    post.timeout_ms = CALL_MS;
    post.user = passage;
    passage->begun_us = deadline_now_us();
    passage->call = soap_xmpp_post(tap->link, &post, why, sizeof why);
    if (!passage->call)
        decline(tap, passage, why);
}

static void take_request(struct tap *tap, struct soap_xmpp_request *request)
{
    struct passage *passage = free_passage(tap);
    char why[WHY_BYTES], *envelope;
    size_t bytes;
    if (!passage) {
        soap_xmpp_decline(request, "resource-constraint", "too many requests are under way");
        return;
    }
    *passage = (struct passage){.request = request, .number = ++tap->count};
    tap->under_way++;
    envelope = read_request(request, &bytes, why, sizeof why);
    if (!envelope) {
        decline(tap, passage, why);
        return;
    }
    show_request(tap, passage, envelope, bytes);
    pass_on(tap, passage, envelope, bytes);
    free(envelope);
}

static void answer_request(struct passage *passage, const struct exchange_answer *answer)
{
    char why[WHY_BYTES];
    if (answer->end <= SOAP_XMPP_END_EMPTY) {
        if (soap_xmpp_answer(passage->request, answer->envelope, answer->envelope_bytes, why,
                             sizeof why))
            soap_xmpp_refuse(passage->request, why);
    } else if (answer->outcome == SOAP_XMPP_NOT_EXECUTED) {
        soap_xmpp_decline(passage->request, answer->condition[0] ? answer->condition : NULL,
                          answer->text);
    } else {
        soap_xmpp_refuse(passage->request, answer->text);
    }
}

static void take_end(struct tap *tap, struct soap_xmpp_call *call)
{
    struct passage *passage = soap_xmpp_call_user(call);
    struct exchange_answer answer = {.ms = (double)(deadline_now_us() - passage->begun_us) / 1e3};
    exchange_take(call, soap_xmpp_request_operation(passage->request), &answer);
    show_answer(tap, passage, &answer);
    answer_request(passage, &answer);
    exchange_free(&answer);
    end_passage(tap, passage);
}

static void wait_for_more(struct tap *tap)
{
    struct pollfd polled[] = {{.fd = soap_xmpp_fd(tap->link), .events = POLLIN},
                              {.fd = interrupt_fd(), .events = POLLIN}};
    (void)poll(polled, 2, deadline_left_ms(&tap->run->deadline, SLICE_MS));
}

static void watch_passages(struct tap *tap)
{
    int is_stopped = 0;
    while (!is_stopped && !interrupt_signal() && !deadline_is_over(&tap->run->deadline)) {
        struct soap_xmpp_request *request = soap_xmpp_take(tap->link, 0, &is_stopped);
        struct soap_xmpp_call *call = tap->under_way ? soap_xmpp_wait(tap->link, 0) : NULL;
        if (request)
            take_request(tap, request);
        if (call)
            take_end(tap, call);
        if (!request && !call)
            wait_for_more(tap);
    }
}

/* What is still under way: nobody knows what becomes of it. */
static void leave(struct tap *tap)
{
    size_t i;
    for (i = 0; i < UNDER_WAY; i++) {
        if (!tap->passages[i].request)
            continue;
        soap_xmpp_cancel(tap->passages[i].call);
        soap_xmpp_refuse(tap->passages[i].request, "the tap was ended meanwhile");
    }
}

/* ---- the command ---- */

static int write_rules(struct run *run, char rules[RULES_BYTES])
{
    size_t i, len = 0, count = option_count(&run->options, "allow");
    rules[0] = '\0';
    for (i = 0; i < count; i++) {
        len += (size_t)snprintf(rules + len, RULES_BYTES - len, "%s%s", len ? ", " : "",
                                option_at(&run->options, "allow", i));
        if (len >= RULES_BYTES)
            return report_end(&run->report, REPORT_USAGE, "--allow: too many rules");
    }
    return 0;
}

static int open_tap(struct run *run, struct connection *connection, const char *rules)
{
    int result = settings_resolve(run, &connection->settings);
    if (result)
        return result;
    if (*rules)
        connection->settings.config.allow = rules;
    return connection_start(run, connection);
}

static int run_tap(struct run *run, const char *endpoint, const char *rules)
{
    struct connection connection;
    struct tap *tap = calloc(1, sizeof *tap);
    char jid[ENDPOINT_BYTES];
    int result;
    if (!tap)
        return report_end(&run->report, REPORT_USAGE, "no memory");
    result = open_tap(run, &connection, rules);
    if (result) {
        free(tap);
        return result;
    }
    *tap = (struct tap){.run = run,
                        .link = connection.link,
                        .endpoint = endpoint,
                        .is_exact = option_text(&run->options, "exact") != NULL};
    soap_xmpp_jid(connection.link, jid, sizeof jid);
    report_note(&run->report, "call xmpp:%s in the place of %s", jid, endpoint);
    if (!connection.settings.config.allow && !connection.settings.config.allow_file)
        report_note(&run->report, "nobody may call yet: --allow RULE, or SOAP_XMPP_ALLOW");
    watch_passages(tap);
    leave(tap);
    report_set(&run->report, "requests", json_integer((json_int_t)tap->count));
    connection_close(&connection);
    free(tap);
    return report_end(&run->report, REPORT_OK, NULL);
}

static int run_trace(struct run *run)
{
    char endpoint[ENDPOINT_BYTES], rules[RULES_BYTES];
    bool is_decoding = option_text(&run->options, "decode") != NULL;
    int result;
    if (is_decoding == (run->options.argument_count == 1))
        return report_end(&run->report, REPORT_USAGE, "trace wants ENDPOINT, or --decode");
    if (is_decoding)
        return trace_decode(run);
    if (endpoint_write(run->options.arguments[0], false, endpoint))
        return report_end(&run->report, REPORT_USAGE,
                          "'%s' is no endpoint: xmpp:cam@example.org/soap",
                          run->options.arguments[0]);
    report_set_text(&run->report, "endpoint", endpoint);
    result = write_rules(run, rules);
    return result ? result : run_tap(run, endpoint, rules);
}

static const struct option_row options[] = {
    {.name = "allow",
     .value = "RULE",
     .is_repeatable = true,
     .summary = "who may call: alice@example.org, *@example.org:add"},
    {.name = "exact", .summary = "envelopes byte for byte, in the place of indented ones"},
    {.name = "decode",
     .summary = "reads lines from standard input, and unpacks each <packed/> in them"},
    {.name = NULL},
};

const struct command command_trace = {
    .name = "trace",
    .summary = "a tap: shows the calls that go through it, both envelopes",
    .arguments = "ENDPOINT | --decode",
    .options = options,
    .description =
        "Logs in and passes each request on to ENDPOINT, and the answer back; shows both\n"
        "envelopes, sizes, times, and whether it ran. Callers use the address that it prints\n"
        "in the place of ENDPOINT's, and the service has to let this account call.\n"
        "With --decode it needs no account: it unpacks envelopes in what a server or a\n"
        "client has logged. The library's own trace (-vvv) shows them unpacked already.",
    .most_arguments = 1,
    .is_endless = true,
    .run = run_trace,
};
