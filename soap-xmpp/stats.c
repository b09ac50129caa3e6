/* stats.c - soap-xmpp stats: how often each operation of a service was called, and how long it
 * took.
 *
 * Happy path: the service's form (SOAP_XMPP_SERVICE_FORM), its field statistics, a row for each
 * value: "calls=5 faults=1 sum-ms=12.345 max-ms=4.100 {namespace}operation".
 * Failure modes: a service that doesn't describe itself, or not to us: exit 3. One that tells no
 * statistics looks like one that nobody has called. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "endpoint.h"
#include "entity.h"
#include "interrupt.h"

enum { WHY_BYTES = 512, ANSWER_MS = 15000, LONGEST_S = 3600, NAME_BYTES = 512 };

struct row {
    unsigned long calls, faults;
    double sum_ms, max_ms;
    char operation[NAME_BYTES];
};

/* False: it is none. */
static bool read_row(const char *value, struct row *row)
{
    int end = 0;
    if (sscanf(value, "calls=%lu faults=%lu sum-ms=%lf max-ms=%lf %n", &row->calls, &row->faults,
               &row->sum_ms, &row->max_ms, &end) < 4 ||
        !end)
        return false;
    snprintf(row->operation, sizeof row->operation, "%s", value + end);
    return true;
}

static double mean_ms(const struct row *row)
{
    return row->calls ? row->sum_ms / (double)row->calls : 0;
}

static void print_rows(const json_t *values)
{
    const json_t *value;
    struct row row;
    size_t i;
    printf("%10s %10s %12s %12s  %s\n", "calls", "faults", "mean ms", "max ms", "operation");
    json_array_foreach(values, i, value) {
        if (!read_row(json_string_value(value), &row))
            continue;
        printf("%10lu %10lu %12.3f %12.3f  ", row.calls, row.faults, mean_ms(&row), row.max_ms);
        entity_print_text(strcmp(row.operation, "*") == 0 ? "(all others)" : row.operation);
        printf("\n");
    }
    fflush(stdout);
}

static json_t *objects_of(const json_t *values)
{
    json_t *rows = json_array();
    const json_t *value;
    struct row row;
    size_t i;
    json_array_foreach(values, i, value)
        if (read_row(json_string_value(value), &row))
            json_array_append_new(rows, json_pack("{s:s, s:I, s:I, s:f, s:f}", "operation",
                                                  row.operation, "calls", (json_int_t)row.calls,
                                                  "faults", (json_int_t)row.faults, "mean_ms",
                                                  mean_ms(&row), "max_ms", row.max_ms));
    return rows;
}

/* One look. Returns an exit code. */
static int look(struct run *run, struct soap_xmpp_link *link, const char *endpoint)
{
    char why[WHY_BYTES];
    int timeout_ms = deadline_left_ms(&run->deadline, ANSWER_MS);
    json_t *entity = entity_ask(link, endpoint, timeout_ms, why, sizeof why);
    const json_t *values = entity_values(entity, SOAP_XMPP_SERVICE_FORM, "statistics");
    const char *started = entity_value(entity, SOAP_XMPP_SERVICE_FORM, "started");
    int result = REPORT_OK;
    if (!entity)
        return report_end(&run->report, REPORT_NOT_EXECUTED, "%s", why);
    if (!started)
        result = report_end(&run->report, REPORT_NOT_EXECUTED,
                            "%s doesn't describe itself, or not to us", endpoint);
    else if (run->report.is_json)
        report_set(&run->report, "operations", objects_of(values));
    else
        print_rows(values);
    if (started && !values)
        report_note(&run->report, "no call yet, or it tells no statistics");
    if (started && run->report.is_json)
        report_set_text(&run->report, "started", started);
    json_decref(entity);
    return result;
}

static int look_on(struct run *run, struct soap_xmpp_link *link, const char *endpoint,
                   long interval_ms)
{
    int result = look(run, link, endpoint);
    while (interval_ms && result == REPORT_OK && !deadline_is_over(&run->deadline) &&
           !interrupt_wait(deadline_left_ms(&run->deadline, (int)interval_ms))) {
        if (run->report.is_json)
            report_event(&run->report,
                         json_pack("{s:s, s:O}", "event", "statistics", "operations",
                                   json_object_get(run->report.members, "operations")),
                         "%s", "");
        result = look(run, link, endpoint);
    }
    return result == REPORT_OK ? report_end(&run->report, REPORT_OK, NULL) : result;
}

static int run_stats(struct run *run)
{
    char endpoint[ENDPOINT_BYTES], why[WHY_BYTES];
    struct connection connection;
    long interval_ms;
    int result;
    if (endpoint_write(run->options.arguments[0], false, endpoint))
        return report_end(&run->report, REPORT_USAGE,
                          "'%s' is no endpoint: xmpp:cam@example.org/soap",
                          run->options.arguments[0]);
    if (option_seconds(&run->options, "watch", LONGEST_S, 0, &interval_ms, why, sizeof why))
        return report_end(&run->report, REPORT_USAGE, "%s", why);
    if (interval_ms && !run->has_timeout)
        run->deadline = deadline_after(DEADLINE_NEVER);
    report_set_text(&run->report, "endpoint", endpoint);
    result = connection_open(run, &connection);
    if (result)
        return result;
    result = look_on(run, connection.link, endpoint, interval_ms);
    connection_close(&connection);
    return result;
}

static const struct option_row options[] = {
    {.name = "watch", .value = "SECONDS", .summary = "looks again and again, until a signal"},
    {.name = NULL},
};

const struct command command_stats = {
    .name = "stats",
    .summary = "how often each operation was called, and how long it took",
    .arguments = "ENDPOINT",
    .options = options,
    .description =
        "Prints what a service tells of its operations since it was started: calls, faults,\n"
        "mean and longest time. It does so if its program has switched that on\n"
        "(has_statistics), and to whom its rules let call. Exit code 3: it tells\n"
        "us nothing.",
    .least_arguments = 1,
    .most_arguments = 1,
    .run = run_stats,
};
