/* doctor.c - soap-xmpp doctor: what is wrong, and what to do, from the configuration to the peer.
 *
 * Invariant: it never runs an operation of a service, and tells no secret. It ends in 30 seconds,
 * or as --timeout says; --idle comes on top.
 *
 * Happy path: the checks, one after the other; each prints as soon as it is done.
 * Failure modes: one that needs what an earlier one hasn't found is skipped, with that reason. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "contract/nearest.h"
#include "doctor/dns.h"
#include "doctor/format.h"
#include "doctor/survey.h"
#include "interrupt.h"
#include "settings.h"
#include "terminal.h"

enum { ALL_MS = 30000, LONGEST_IDLE_S = 24 * 3600, WHY_BYTES = 512, SOURCES_BYTES = 2048 };

/* ---- the checks ---- */

enum check_need {
    NEEDS_NOTHING = 0,
    NEEDS_NAMES = 1, /* dns has run */
    NEEDS_PORTS = 2, /* tcp has */
    NEEDS_LINK = 4,  /* login or component */
    NEEDS_FEATURES = 8
};

static const struct check {
    const char *id;
    check_fn *run;
    unsigned needs, gives;
} checks[] = {
    {"config", config_check, NEEDS_NOTHING, 0},
    {"dns", address_check_names, NEEDS_NOTHING, NEEDS_NAMES},
    {"tcp", address_check_ports, NEEDS_NAMES, NEEDS_PORTS},
    {"tls", tls_check, NEEDS_NAMES | NEEDS_PORTS, 0},
    {"login", login_check, NEEDS_NOTHING, NEEDS_LINK},
    {"component", login_check_component, NEEDS_NOTHING, NEEDS_LINK},
    {"server", server_check, NEEDS_LINK, NEEDS_FEATURES},
    {"rtt", speed_check_rtt, NEEDS_LINK, 0},
    {"rate", speed_check_rate, NEEDS_LINK, 0},
    {"idle", speed_check_idle, NEEDS_LINK, 0},
    {"clock", machine_check_clock, NEEDS_LINK, 0},
    {"limits", machine_check_limits, NEEDS_NOTHING, 0},
    {"message", server_check_message, NEEDS_LINK | NEEDS_FEATURES, 0},
    {"federation", peer_check_federation, NEEDS_LINK, 0},
    {"peer", peer_check, NEEDS_LINK, 0},
    {"allowed", peer_check_allowed, NEEDS_LINK, 0},
};

enum { CHECKS = sizeof checks / sizeof checks[0] };

enum output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_NAGIOS, OUTPUT_PROMETHEUS };

/* What was asked for, and what was found. */
struct visit {
    struct run *run;
    enum output output;
    bool has_details;
    bool is_wanted[CHECKS]; /* to be told */
    bool is_run[CHECKS];    /* those, and what they need */
    struct finding findings[CHECKS];
    size_t count;
};

static size_t find_check(const char *id, size_t len)
{
    size_t i;
    for (i = 0; i < CHECKS; i++)
        if (strlen(checks[i].id) == len && strncmp(checks[i].id, id, len) == 0)
            return i;
    return CHECKS;
}

static int refuse_check(struct run *run, const char *id, size_t len)
{
    const char *names[CHECKS], *close;
    char typed[64];
    size_t i;
    for (i = 0; i < CHECKS; i++)
        names[i] = checks[i].id;
    snprintf(typed, sizeof typed, "%.*s", (int)(len < sizeof typed ? len : sizeof typed - 1), id);
    close = ct_nearest_one(typed, names, CHECKS);
    return report_end(&run->report, REPORT_USAGE, "--only: there is no check '%s'%s%s%s", typed,
                      close ? "; is it " : "", close ? close : "", close ? "?" : "");
}

/* Those that give what a chosen one needs are run as well. */
static void add_needed(struct visit *visit)
{
    unsigned needs = 0;
    size_t i;
    for (i = CHECKS; i-- > 0;) {
        visit->is_run[i] = visit->is_wanted[i] || (checks[i].gives & needs);
        needs |= visit->is_run[i] ? checks[i].needs : 0;
    }
}

static int choose_checks(struct visit *visit)
{
    size_t typed, i, count = option_count(&visit->run->options, "only");
    for (i = 0; i < CHECKS; i++)
        visit->is_wanted[i] = count == 0;
    for (typed = 0; typed < count; typed++) {
        const char *ids = option_at(&visit->run->options, "only", typed);
        while (*ids) {
            size_t len = strcspn(ids, ",");
            i = find_check(ids, len);
            if (i == CHECKS)
                return refuse_check(visit->run, ids, len);
            visit->is_wanted[i] = true;
            ids += len + (ids[len] == ',');
        }
    }
    add_needed(visit);
    return 0;
}

/* ---- running them ---- */

/* Why it isn't run, or NULL. */
static const char *reason_to_skip(const struct survey *survey, const struct check *check)
{
    if (deadline_is_over(&survey->deadline))
        return "there was no time left: see --timeout";
    if (check->run != config_check && check->run != machine_check_limits && !survey->has_domain)
        return "there is no JID: see config";
    if ((check->needs & NEEDS_LINK) && !survey->is_online)
        return survey->is_component ? "not online: see component" : "not online: see login";
    return NULL;
}

static void show_progress(const struct visit *visit, const char *id)
{
    if (visit->output == OUTPUT_TEXT && terminal_has_progress(visit->run->report.is_quiet))
        fprintf(stderr, "\r\033[K%s%s%s", *id ? "...   " : "", id, *id ? "\r" : "");
}

static void run_check(struct visit *visit, struct survey *survey, size_t which)
{
    const struct check *check = &checks[which];
    struct finding *finding = &visit->findings[visit->count];
    const char *reason = reason_to_skip(survey, check);
    long long start_us = deadline_now_us();
    finding_init(finding, check->id);
    show_progress(visit, check->id);
    if (reason)
        finding_say(finding, FINDING_SKIP, "%s", reason);
    else
        check->run(survey, finding);
    finding->seconds = (double)(deadline_now_us() - start_us) / 1e6;
    show_progress(visit, "");
    /* What nobody asked for, but what was asked for needs, counts when it has failed. */
    if ((!visit->is_wanted[which] && finding->state != FINDING_FAIL) || interrupt_signal()) {
        finding_fini(finding);
        return;
    }
    if (visit->output == OUTPUT_TEXT)
        format_text(finding, visit->has_details);
    visit->count++;
}

static void run_checks(struct visit *visit, struct survey *survey)
{
    size_t i;
    for (i = 0; i < CHECKS && !interrupt_signal(); i++)
        if (visit->is_run[i])
            run_check(visit, survey, i);
}

/* ---- the end ---- */

static bool is_short(const struct visit *visit)
{
    size_t i;
    for (i = 0; i < visit->count; i++)
        if (visit->findings[i].is_short)
            return true;
    return false;
}

static void set_members(struct visit *visit, const struct format_sum *sum)
{
    struct report *report = &visit->run->report;
    report_set(report, "checks", format_json(visit->findings, visit->count));
    report_set(report, "ok", json_integer(sum->of_state[FINDING_OK]));
    report_set(report, "warn", json_integer(sum->of_state[FINDING_WARN]));
    report_set(report, "fail", json_integer(sum->of_state[FINDING_FAIL]));
    report_set(report, "skip", json_integer(sum->of_state[FINDING_SKIP]));
}

static void list_ids(const struct visit *visit, enum finding_state least, char *out, size_t bytes)
{
    size_t i, len = 0;
    out[0] = '\0';
    for (i = 0; i < visit->count && len < bytes; i++)
        if (visit->findings[i].state >= least)
            len += (size_t)snprintf(out + len, bytes - len, "%s%s", len ? ", " : "",
                                    visit->findings[i].id);
}

static int end_visit(struct visit *visit)
{
    struct report *report = &visit->run->report;
    struct format_sum sum = format_count(visit->findings, visit->count);
    bool is_strict = option_text(&visit->run->options, "strict") != NULL;
    enum finding_state least = is_strict ? FINDING_WARN : FINDING_FAIL;
    char ids[WHY_BYTES];
    int code;
    if (is_short(visit))
        return report_end(report, REPORT_USAGE, "memory is short");
    if (visit->output == OUTPUT_NAGIOS) {
        code = format_nagios(visit->findings, visit->count);
        return report_end(report, is_strict && code ? 2 : code, NULL);
    }
    if (visit->output == OUTPUT_PROMETHEUS)
        format_prometheus(visit->findings, visit->count);
    if (visit->output == OUTPUT_JSON)
        set_members(visit, &sum);
    if (visit->output == OUTPUT_TEXT)
        printf("%u ok, %u warn, %u FAIL, %u skip\n", sum.of_state[FINDING_OK],
               sum.of_state[FINDING_WARN], sum.of_state[FINDING_FAIL], sum.of_state[FINDING_SKIP]);
    fflush(stdout);
    if (sum.worst < least)
        return report_end(report, REPORT_OK, NULL);
    list_ids(visit, least, ids, sizeof ids);
    return report_end(report, REPORT_FAULT, "%s: %s", is_strict ? "not ok" : "failed", ids);
}

/* ---- what was typed ---- */

static enum output read_output(struct run *run)
{
    static const char *const words[] = {"text", "json", "nagios", "prometheus"};
    const char *typed = option_text(&run->options, "format");
    size_t i;
    for (i = 0; typed && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(typed, words[i]) == 0)
            return (enum output)i;
    return run->report.is_json ? OUTPUT_JSON : OUTPUT_TEXT;
}

/* "jid: --jid", a line for each value that was said. */
static void write_sources(const struct settings *settings, char *out, size_t bytes)
{
    size_t i, len = 0;
    out[0] = '\0';
    for (i = 0; i < CONTEXT_FIELDS && len < bytes; i++)
        if (settings->origins[i][0])
            len += (size_t)snprintf(out + len, bytes - len, "%s%s: %s", len ? "\n" : "",
                                    context_file_names[i], settings->origins[i]);
}

static int examine(struct visit *visit, struct settings *settings)
{
    struct run *run = visit->run;
    struct survey survey;
    char sources[SOURCES_BYTES], why[WHY_BYTES];
    long idle_s;
    size_t i;
    int result;
    if (option_number(&run->options, "idle", 1, LONGEST_IDLE_S, 0, &idle_s, why, sizeof why))
        return report_end(&run->report, REPORT_USAGE, "%s", why);
    survey_init(&survey, &settings->config,
                run->has_timeout ? run->deadline : deadline_after(ALL_MS + idle_s * 1000));
    write_sources(settings, sources, sizeof sources);
    survey.sources = sources;
    survey.idle_s = (int)idle_s;
    survey.name_server = option_text(&run->options, "name-server");
    survey.endpoint = run->options.argument_count > 0 ? run->options.arguments[0] : NULL;
    survey.operation = run->options.argument_count > 1 ? run->options.arguments[1] : NULL;
    if (survey.endpoint)
        report_set_text(&run->report, "endpoint", survey.endpoint);
    run_checks(visit, &survey);
    interrupt_watch_link(NULL);
    survey_fini(&survey);
    result = end_visit(visit);
    for (i = 0; i < visit->count; i++)
        finding_fini(&visit->findings[i]);
    return result;
}

static int start_visit(struct visit *visit)
{
    struct settings settings;
    const char *name_server = option_text(&visit->run->options, "name-server");
    int result = choose_checks(visit);
    if (result)
        return result;
    if (name_server && !dns_is_server(name_server))
        return report_end(&visit->run->report, REPORT_USAGE,
                          "--name-server is '%s'; can be an IPv4 address, and :PORT", name_server);
    result = settings_resolve(visit->run, &settings);
    if (result)
        return result;
    (void)settings_ask_password(visit->run, &settings); /* without one, config says so */
    result = examine(visit, &settings);
    settings_free(&settings);
    return result;
}

static int run_doctor(struct run *run)
{
    struct visit visit = {.run = run, .output = read_output(run)};
    int result;
    if (run->report.is_json && visit.output != OUTPUT_JSON)
        return report_end(&run->report, REPORT_USAGE, "--json and --format %s: one of them",
                          option_text(&run->options, "format"));
    if (visit.output == OUTPUT_JSON)
        run->report.is_json = true;
    visit.has_details = option_text(&run->options, "details") != NULL;
    result = start_visit(&visit);
    /* A plugin of a monitor speaks on standard output alone, and 3 means that it doesn't know. */
    if (visit.output == OUTPUT_NAGIOS && run->report.text[0]) {
        printf("SOAP-XMPP UNKNOWN - %s\n", run->report.text);
        return report_end(&run->report, 3, NULL);
    }
    return result;
}

static const struct option_row options[] = {
    {.name = "only",
     .value = "CHECKS",
     .is_repeatable = true,
     .summary = "these checks alone, with commas between them"},
    {.name = "format",
     .value = "HOW",
     .words = "text|json|nagios|prometheus",
     .summary = "with nagios its exit codes as well"},
    {.name = "strict", .summary = "a warning is a failure"},
    {.name = "details", .summary = "all that was found, also of what is ok"},
    {.name = "idle",
     .value = "SECONDS",
     .summary = "leaves the connection alone for so long, then looks whether it lives"},
    {.name = "name-server",
     .value = "ADDRESS[:PORT]",
     .summary = "for dns: asks this one in the place of the system's"},
    {.name = NULL},
};

const struct command command_doctor = {
    .name = "doctor",
    .summary = "what is wrong between here and a service, and what to do",
    .arguments = "[ENDPOINT [OPERATION]]",
    .options = options,
    .description = "Checks one after the other: config, dns, tcp, tls, login, component, server,\n"
                   "rtt, rate, idle, clock, limits, message; with ENDPOINT also federation, peer,\n"
                   "allowed. Each is ok, warn, FAIL or skip, with what was found and what to do.\n"
                   "It never runs an operation, and ends in 30 seconds, or as --timeout says.\n"
                   "\n"
                   "Exit code 0, 1 if a check has failed; with --format nagios 0, 1, 2, 3.",
    .least_arguments = 0,
    .most_arguments = 2,
    .run = run_doctor,
};
