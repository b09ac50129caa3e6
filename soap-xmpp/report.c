/* report.c - how a command ends: its exit code, one sentence, and with --json one object.
 *
 * Invariant: with --json standard output holds objects alone, one a line, and the last is the end.
 * A sentence is one line of UTF-8, whatever a peer or a user has put into it.
 *
 * Failure modes: no memory for a member: it is left out. Standard output that takes nothing: 5 in
 * the place of 0, since nobody has the answer. */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/plain.h"
#include "terminal.h"

void report_begin(struct report *report, bool is_json, bool is_quiet)
{
    memset(report, 0, sizeof *report);
    report->is_json = is_json;
    report->is_quiet = is_quiet;
    report->members = json_object();
    report_set_text(report, "command", "");
    report_set(report, "exit", json_integer(0));
}

void report_about(struct report *report, const char *endpoint, const char *operation)
{
    snprintf(report->context, sizeof report->context, "%s: %s%s", endpoint,
             operation ? operation : "", operation ? ": " : "");
    ct_plain_make(report->context);
    report_set_text(report, "endpoint", endpoint);
    if (operation)
        report_set_text(report, "operation", operation);
}

void report_ran(struct report *report, int exit_code)
{
    static const char *const words[] = {
        "executed", "executed",    NULL, "not executed", "unknown whether it ran",
        "executed", "not executed"};
    static const char *const outcomes[] = {"executed", "executed", "not-executed", "not-executed",
                                           "unknown",  "executed", "not-executed"};
    report->ran = words[exit_code];
    report_set_text(report, "outcome", outcomes[exit_code]);
}

void report_set(struct report *report, const char *name, json_t *value)
{
    if (value)
        json_object_set_new(report->members, name, value);
}

void report_set_text(struct report *report, const char *name, const char *text)
{
    json_t *value = json_string(text);
    char *copy = value ? NULL : strdup(text); /* JSON is UTF-8 alone */
    if (copy) {
        ct_plain_make(copy);
        value = json_string(copy);
    }
    free(copy);
    report_set(report, name, value);
}

void report_set_raw(struct report *report, const char *name, const char *json)
{
    size_t i;
    for (i = 0; i < sizeof report->raw / sizeof *report->raw; i++) {
        if (report->raw[i].name && strcmp(report->raw[i].name, name) != 0)
            continue;
        free(report->raw[i].json);
        report->raw[i].name = name;
        report->raw[i].json = strdup(json);
        return;
    }
}

int report_end(struct report *report, int exit_code, const char *format, ...)
{
    report->exit_code = exit_code;
    report->text[0] = '\0';
    if (format) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(report->text, sizeof report->text, format, arguments);
        va_end(arguments);
        ct_plain_make(report->text);
    }
    return exit_code;
}

void report_note(const struct report *report, const char *format, ...)
{
    char line[sizeof report->context + sizeof report->text];
    va_list arguments;
    if (report->is_quiet)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    ct_plain_make(line);
    fprintf(stderr, "%ssoap-xmpp: %s%s\n", terminal_begin(stderr, TERMINAL_DIM), line,
            terminal_end(stderr));
}

void report_event(const struct report *report, json_t *event, const char *format, ...)
{
    if (report->is_json) {
        if (event)
            json_dumpf(event, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    } else {
        va_list arguments;
        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
    }
    printf("\n");
    fflush(stdout);
    json_decref(event);
}

static void print_line(const struct report *report)
{
    const char *colour = terminal_begin(stderr, report->exit_code ? TERMINAL_RED : TERMINAL_PLAIN);
    fprintf(stderr, "%ssoap-xmpp:%s %s%s%s%s\n", colour, terminal_end(stderr), report->context,
            report->text, report->ran ? ": " : "", report->ran ? report->ran : "");
}

static void print_object(struct report *report)
{
    char *object = json_dumps(report->members, JSON_COMPACT | JSON_REAL_PRECISION(9));
    size_t len = object ? strlen(object) : 0, i;
    printf("%.*s", len ? (int)len - 1 : 0, object ? object : "");
    for (i = 0; i < sizeof report->raw / sizeof *report->raw; i++) {
        if (report->raw[i].json)
            printf(",\"%s\":%s", report->raw[i].name, report->raw[i].json);
    }
    printf("}\n");
    free(object);
}

void report_print_event(struct report *report)
{
    report_set(report, "exit", json_integer(report->exit_code));
    print_object(report);
    fflush(stdout);
}

int report_print(struct report *report)
{
    bool is_written;
    size_t i;
    if (report->is_json) {
        report_set(report, "exit", json_integer(report->exit_code));
        if (*report->text)
            report_set_text(report, "text", report->text);
        print_object(report);
    } else if (*report->text) {
        print_line(report);
    }
    is_written = fflush(stdout) == 0 && !ferror(stdout);
    if (!is_written && report->exit_code == REPORT_OK) {
        fprintf(stderr, "soap-xmpp: standard output: %s\n", strerror(errno));
        report->exit_code = REPORT_UNUSABLE;
    }
    for (i = 0; i < sizeof report->raw / sizeof *report->raw; i++)
        free(report->raw[i].json);
    json_decref(report->members);
    report->members = NULL;
    return report->exit_code;
}
