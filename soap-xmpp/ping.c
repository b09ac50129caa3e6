/* ping.c - soap-xmpp ping: how long a service's entity, or our server, takes to answer (XEP-0199).
 *
 * Happy path: one question after the other, a line for each, and what they come to.
 * Failure modes: one without an answer is lost, and the next one follows; none answered: exit 3.
 * One that the command's end cuts off counts only if no other was answered. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "endpoint.h"
#include "interrupt.h"

enum { WHY_BYTES = 512, MOST = 1000000, ANSWER_MS = 5000, INTERVAL_MS = 1000, LONGEST_S = 3600 };

/* What has been sent, and what came of it. */
struct pings {
    long sent, received;
    double least_ms, most_ms, sum_ms;
    char why[WHY_BYTES]; /* of the last one that was lost */
};

static void note(struct pings *pings, double ms)
{
    if (!pings->received++ || ms < pings->least_ms)
        pings->least_ms = ms;
    if (ms > pings->most_ms)
        pings->most_ms = ms;
    pings->sum_ms += ms;
}

static void ping_once(struct run *run, struct soap_xmpp_link *link, const char *endpoint,
                      struct pings *pings)
{
    const struct report *report = &run->report;
    long rtt_us = 0;
    int timeout_ms = deadline_left_ms(&run->deadline, ANSWER_MS);
    int result = soap_xmpp_ping(link, endpoint, timeout_ms, &rtt_us, pings->why, WHY_BYTES);
    pings->sent++;
    if (interrupt_signal() ||
        (result && timeout_ms < ANSWER_MS && pings->received && deadline_is_over(&run->deadline))) {
        pings->sent -= result != 0;
        return;
    }
    if (result) {
        report_event(report,
                     json_pack("{s:s, s:I, s:s}", "event", "lost", "number",
                               (json_int_t)pings->sent, "text", pings->why),
                     "%ld: %s", pings->sent, pings->why);
        return;
    }
    note(pings, (double)rtt_us / 1e3);
    report_event(report,
                 json_pack("{s:s, s:I, s:f}", "event", "answer", "number", (json_int_t)pings->sent,
                           "ms", (double)rtt_us / 1e3),
                 "%ld: %.2f ms", pings->sent, (double)rtt_us / 1e3);
}

static int end_pings(struct run *run, const struct pings *pings)
{
    struct report *report = &run->report;
    double mean_ms = pings->received ? pings->sum_ms / (double)pings->received : 0;
    report_set(report, "sent", json_integer(pings->sent));
    report_set(report, "lost", json_integer(pings->sent - pings->received));
    if (pings->received)
        report_set(report, "ms",
                   json_pack("{s:f, s:f, s:f}", "min", pings->least_ms, "avg", mean_ms, "max",
                             pings->most_ms));
    if (!report->is_json && pings->received)
        printf("%ld sent, %ld lost, min/avg/max %.2f/%.2f/%.2f ms\n", pings->sent,
               pings->sent - pings->received, pings->least_ms, mean_ms, pings->most_ms);
    else if (!report->is_json)
        printf("%ld sent, all lost\n", pings->sent);
    if (pings->received || !pings->sent)
        return report_end(report, REPORT_OK, NULL);
    return report_end(report, REPORT_NOT_EXECUTED, "%s", pings->why);
}

static int ping_all(struct run *run, const char *endpoint, long count, long interval_ms)
{
    struct connection connection;
    struct pings pings = {0};
    int result = connection_open(run, &connection);
    if (result)
        return result;
    while (pings.sent < count && !deadline_is_over(&run->deadline)) {
        if (pings.sent && interrupt_wait(deadline_left_ms(&run->deadline, (int)interval_ms)))
            break;
        ping_once(run, connection.link, endpoint, &pings);
        if (interrupt_signal())
            break;
    }
    connection_close(&connection);
    return end_pings(run, &pings);
}

static int run_ping(struct run *run)
{
    char endpoint[ENDPOINT_BYTES], why[WHY_BYTES];
    const char *typed = run->options.argument_count ? run->options.arguments[0] : NULL;
    bool is_server = option_text(&run->options, "server") != NULL;
    long count, interval_ms;
    if (is_server == (typed != NULL))
        return report_end(&run->report, REPORT_USAGE, "ping wants ENDPOINT, or --server");
    if (typed && endpoint_write(typed, false, endpoint))
        return report_end(&run->report, REPORT_USAGE,
                          "'%s' is no endpoint: xmpp:cam@example.org/soap", typed);
    if (option_number(&run->options, "count", 1, MOST, 5, &count, why, sizeof why) ||
        option_seconds(&run->options, "interval", LONGEST_S, INTERVAL_MS, &interval_ms, why,
                       sizeof why))
        return report_end(&run->report, REPORT_USAGE, "%s", why);
    if (typed)
        report_about(&run->report, endpoint, NULL);
    return ping_all(run, typed ? endpoint : NULL, count, interval_ms);
}

static const struct option_row options[] = {
    {.name = "count", .letter = 'n', .value = "N", .summary = "how often; 5"},
    {.name = "interval", .value = "SECONDS", .summary = "between two of them; 1"},
    {.name = "server", .summary = "our own server, in the place of ENDPOINT"},
    {.name = NULL},
};

const struct command command_ping = {
    .name = "ping",
    .summary = "how long a service, or our server, takes to answer",
    .arguments = "ENDPOINT | --server",
    .options = options,
    .description =
        "Asks for a sign of life (XEP-0199), and prints how long each took, and how many\n"
        "were lost. An answer tells that the service's process is there and its link is\n"
        "up; it runs nothing. Exit code 3: none was answered.",
    .most_arguments = 1,
    .run = run_ping,
};
