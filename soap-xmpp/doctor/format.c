/* format.c - invariant: format.h. What standard output doesn't take is noticed at the end of the
 * program. */
#include "doctor/format.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "terminal.h"

enum { ID_WIDTH = 11, LABEL_BYTES = 64 };

static const enum finding_state states[] = {FINDING_OK, FINDING_SKIP, FINDING_WARN, FINDING_FAIL};

struct format_sum format_count(const struct finding *findings, size_t count)
{
    struct format_sum sum = {.worst = FINDING_OK};
    size_t i;
    for (i = 0; i < count; i++) {
        sum.of_state[findings[i].state]++;
        if (findings[i].state > sum.worst)
            sum.worst = findings[i].state;
    }
    return sum;
}

/* ---- for people ---- */

static enum terminal_colour colour_of(enum finding_state state)
{
    static const enum terminal_colour colours[] = {TERMINAL_GREEN, TERMINAL_DIM, TERMINAL_YELLOW,
                                                   TERMINAL_RED};
    return colours[state];
}

static void print_lines(const char *mark, const char *lines)
{
    while (lines && *lines) {
        size_t len = strcspn(lines, "\n");
        printf("      %s%.*s\n", mark, (int)len, lines);
        lines += len + (lines[len] == '\n');
    }
}

void format_text(const struct finding *finding, bool has_details)
{
    printf("%s%-4s%s  %-*s %s\n", terminal_begin(stdout, colour_of(finding->state)),
           finding_state_text(finding->state), terminal_end(stdout), ID_WIDTH, finding->id,
           finding->found ? finding->found : "");
    if (has_details || finding->state >= FINDING_WARN)
        print_lines("  ", finding->details);
    if (has_details || finding->state >= FINDING_WARN)
        print_lines("-> ", finding->advice);
    fflush(stdout);
}

/* ---- JSON ---- */

static json_t *lines_of(const char *lines)
{
    json_t *array = json_array();
    while (lines && *lines) {
        size_t len = strcspn(lines, "\n");
        json_array_append_new(array, json_stringn(lines, len));
        lines += len + (lines[len] == '\n');
    }
    return array;
}

static json_t *object_of(const struct finding *finding)
{
    json_t *numbers = json_object();
    unsigned i;
    for (i = 0; i < finding->number_count; i++)
        json_object_set_new(numbers, finding->numbers[i].name,
                            json_real(finding->numbers[i].value));
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:f}", "id", finding->id, "state",
                     finding_state_text(finding->state), "found",
                     finding->found ? finding->found : "", "details", lines_of(finding->details),
                     "advice", lines_of(finding->advice), "numbers", numbers, "seconds",
                     finding->seconds);
}

json_t *format_json(const struct finding *findings, size_t count)
{
    json_t *array = json_array();
    size_t i;
    for (i = 0; i < count; i++)
        json_array_append_new(array, object_of(&findings[i]));
    return array;
}

/* ---- Nagios ---- */

/* "|" would begin the perfdata. */
static void print_without_bar(const char *text)
{
    for (; *text; text++)
        putchar(*text == '|' ? '/' : *text);
}

/* "rtt_p50_seconds" is "rtt_p50" in "s". */
static void print_perfdata(const struct finding *finding, const struct finding_number *number)
{
    static const struct {
        const char *suffix, *unit;
    } units[] = {{"_seconds", "s"}, {"_bytes", "B"}};
    char label[LABEL_BYTES];
    const char *unit = "";
    size_t i, len;
    snprintf(label, sizeof label, "%s_%s", finding->id, number->name);
    len = strlen(label);
    for (i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t suffix_len = strlen(units[i].suffix);
        if (len > suffix_len && strcmp(label + len - suffix_len, units[i].suffix) == 0) {
            label[len - suffix_len] = '\0';
            unit = units[i].unit;
            break;
        }
    }
    printf(" %s=%.9g%s", label, number->value, unit);
}

int format_nagios(const struct finding *findings, size_t count)
{
    static const char *const words[] = {"OK", "OK", "WARNING", "CRITICAL"};
    static const int codes[] = {0, 0, 1, 2};
    struct format_sum sum = format_count(findings, count);
    unsigned j;
    size_t i, told = 0;
    printf("SOAP-XMPP %s -", words[sum.worst]);
    for (i = 0; i < count; i++) {
        if (findings[i].state < FINDING_WARN)
            continue;
        printf("%s %s: ", told++ ? ";" : "", findings[i].id);
        print_without_bar(findings[i].found ? findings[i].found : "");
    }
    if (!told)
        printf(" %u checks, %u skipped", (unsigned)count, sum.of_state[FINDING_SKIP]);
    printf(" |");
    for (i = 0; i < count; i++)
        for (j = 0; j < findings[i].number_count; j++)
            print_perfdata(&findings[i], &findings[i].numbers[j]);
    putchar('\n');
    return codes[sum.worst];
}

/* ---- Prometheus ---- */

static void print_head(const char *name, const char *help)
{
    printf("# HELP soapxmpp_doctor_%s %s\n# TYPE soapxmpp_doctor_%s gauge\n", name, help, name);
}

static void print_numbers(const struct finding *finding)
{
    unsigned i;
    for (i = 0; i < finding->number_count; i++) {
        const struct finding_number *number = &finding->numbers[i];
        char name[LABEL_BYTES], help[2 * LABEL_BYTES];
        snprintf(name, sizeof name, "%s_%s", finding->id, number->name);
        snprintf(help, sizeof help, "What the check %s has measured.", finding->id);
        print_head(name, help);
        printf("soapxmpp_doctor_%s %.9g\n", name, number->value);
    }
}

void format_prometheus(const struct finding *findings, size_t count)
{
    size_t i, j;
    print_head("state", "1 for the state that a check has ended in.");
    for (i = 0; i < count; i++)
        for (j = 0; j < sizeof states / sizeof states[0]; j++)
            printf("soapxmpp_doctor_state{check=\"%s\",state=\"%s\"} %d\n", findings[i].id,
                   finding_state_text(states[j]), findings[i].state == states[j]);
    print_head("check_seconds", "How long a check has taken.");
    for (i = 0; i < count; i++)
        printf("soapxmpp_doctor_check_seconds{check=\"%s\"} %.6f\n", findings[i].id,
               findings[i].seconds);
    print_head("run_timestamp_seconds", "When the checks were run.");
    printf("soapxmpp_doctor_run_timestamp_seconds %lld\n", (long long)time(NULL));
    for (i = 0; i < count; i++)
        print_numbers(&findings[i]);
}
