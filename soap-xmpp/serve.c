/* serve.c - soap-xmpp serve: makes a command, an echo, a file or a fault a service.
 *
 * Happy path: the link with its rules, the description, the address told, the server.
 * Failure modes: what was typed makes no sense: exit 2 before there is a link. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "document.h"
#include "interrupt.h"
#include "server.h"
#include "soap_xmpp.h"

enum { WHY_BYTES = 1024, WORDS = 256, RULES_BYTES = 64 * 1024, KILL_AFTER_MS = 30000 };

static const struct option_row options[] = {
    {.name = "command", .value = "CMD", .summary = "started for each request: words, no shell"},
    {.name = "shell", .summary = "CMD is a line for sh"},
    {.name = "echo", .summary = "answers with the request itself"},
    {.name = "answer", .value = "FILE", .summary = "an envelope, or what belongs into its Body"},
    {.name = "fault", .value = "TEXT", .summary = "answers with a SOAP fault"},
    {.name = "operation",
     .value = "NAME",
     .is_repeatable = true,
     .summary = "answers this one alone; others are not executed"},
    {.name = "allow",
     .value = "RULE",
     .is_repeatable = true,
     .summary = "who may call: alice@example.org, '*@x.org:{urn:x}add', '*'"},
    {.name = "jobs", .value = "N", .summary = "commands at once; 4"},
    {.name = "kill-after", .value = "SECONDS", .summary = "what a command may take; 30"},
    {.name = "wsdl", .value = "FILE", .summary = "describes itself with it: call, wsdl, info"},
    {.name = NULL},
};

static const char description[] =
    "Serves requests until a signal. For each one CMD is started: the envelope is its\n"
    "standard input, SOAPXMPP_FROM, _TO, _OPERATION, _NAMESPACE, _ACTION, _ID and\n"
    "TRACEPARENT are in its environment, SOAP_XMPP_PASSWORD isn't. What it writes is the\n"
    "answer: an envelope, or what belongs into its Body. Exit code 0: answered; 1: a\n"
    "SOAP fault with the first line of its standard error; any other: the caller isn't\n"
    "told whether it ran.\n"
    "\n"
    "Nobody may call unless --allow or SOAP_XMPP_ALLOW says so; who was refused is told\n"
    "with the rule that would let them in. A rule names an operation with its namespace,\n"
    "'*:{urn:x}add'; add alone is enough if the WSDL of --wsdl has one namespace.\n"
    "Without --resource the address is a new one each time; it is told when it is\n"
    "online. SIGTERM: what runs is finished.";

struct service {
    struct run *run;
    struct server_plan plan;
    char *words[WORDS + 1];
    char *text;  /* of --command, cut into words, or of --answer */
    char *rules; /* --allow and the environment's */
};

static int choose_answer(struct service *service)
{
    static const char *const names[] = {"command", "echo", "answer", "fault"};
    const struct options *typed = &service->run->options;
    int i, count = 0;
    for (i = 0; i < 4; i++) {
        if (!option_text(typed, names[i]))
            continue;
        service->plan.answer = (enum server_answer)i;
        count++;
    }
    if (count != 1)
        return report_end(&service->run->report, REPORT_USAGE,
                          "serve wants one of --command, --echo, --answer, --fault");
    if (option_text(typed, "shell") && !option_text(typed, "command"))
        return report_end(&service->run->report, REPORT_USAGE, "--shell is for --command");
    service->plan.reason = option_text(typed, "fault");
    return 0;
}

static int split_command(struct service *service)
{
    const char *command = option_text(&service->run->options, "command");
    size_t count = 0;
    char *word, *rest;
    service->text = strdup(command);
    if (!service->text)
        return report_end(&service->run->report, REPORT_USAGE, "no memory");
    service->plan.argv = service->words;
    if (option_text(&service->run->options, "shell")) {
        service->words[0] = "/bin/sh";
        service->words[1] = "-c";
        service->words[2] = service->text;
        return 0;
    }
    for (word = strtok_r(service->text, " \t\n", &rest); word && count < WORDS;
         word = strtok_r(NULL, " \t\n", &rest))
        service->words[count++] = word;
    if (!count || word)
        return report_end(&service->run->report, REPORT_USAGE, "--command is 1 to %d words", WORDS);
    return 0;
}

static int read_answer(struct service *service)
{
    const char *path = option_text(&service->run->options, "answer");
    char why[WHY_BYTES], *bytes;
    size_t len, clean_len;
    if (document_read(service->run, path, &bytes, &len, why, sizeof why))
        return report_end(&service->run->report, REPORT_USAGE, "%s", why);
    service->text = soap_xmpp_clean(bytes, len, NULL, &clean_len, why, sizeof why);
    free(bytes);
    if (!service->text)
        return report_end(&service->run->report, REPORT_USAGE, "%s: %s", path, why);
    service->plan.file = service->text;
    service->plan.name = path;
    return 0;
}

static int read_options(struct service *service)
{
    const struct options *typed = &service->run->options;
    char why[WHY_BYTES];
    int result = choose_answer(service);
    if (result)
        return result;
    if (option_number(typed, "jobs", 1, SERVER_JOBS, 4, &service->plan.jobs, why, sizeof why) ||
        option_seconds(typed, "kill-after", 3600, KILL_AFTER_MS, &service->plan.kill_after_ms, why,
                       sizeof why))
        return report_end(&service->run->report, REPORT_USAGE, "%s", why);
    if (service->plan.answer == SERVER_COMMAND)
        return split_command(service);
    return service->plan.answer == SERVER_FILE ? read_answer(service) : 0;
}

static int collect_operations(struct service *service, const char **operations)
{
    size_t count = option_count(&service->run->options, "operation"), i;
    for (i = 0; i < count; i++)
        operations[i] = option_at(&service->run->options, "operation", i);
    service->plan.operations = operations;
    service->plan.operation_count = count;
    return 0;
}

/* --allow's rules join those of the environment. */
static int join_rules(struct service *service, struct settings *settings)
{
    const struct options *typed = &service->run->options;
    size_t count = option_count(typed, "allow"), i, len = 0;
    service->rules = calloc(1, RULES_BYTES);
    if (!service->rules)
        return report_end(&service->run->report, REPORT_USAGE, "no memory");
    if (settings->config.allow)
        len = (size_t)snprintf(service->rules, RULES_BYTES, "%s", settings->config.allow);
    for (i = 0; i < count && len < RULES_BYTES; i++)
        len += (size_t)snprintf(service->rules + len, RULES_BYTES - len, "%s%s", len ? ", " : "",
                                option_at(typed, "allow", i));
    if (len >= RULES_BYTES)
        return report_end(&service->run->report, REPORT_USAGE,
                          "too many rules: SOAP_XMPP_ALLOW_FILE takes more");
    if (len)
        settings->config.allow = service->rules;
    return 0;
}

/* Who was refused is told even without -v, with the option that would let them in. */
static void tell(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct service *service = user;
    const char *advice = strstr(line, ": allow it with SOAP_XMPP_ALLOW=");
    size_t verbose = command_global_count(service->run, "verbose");
    if (strstr(line, " may not call ")) {
        const char *rule = advice ? strchr(advice, '=') + 1 : NULL;
        if (rule)
            report_note(&service->run->report, "%.*s; --allow '%.*s' would let it in",
                        (int)(advice - line), line, (int)strcspn(rule, " "), rule);
        else
            report_note(&service->run->report, "%s", line);
    } else if (level <= SOAP_XMPP_TRACE_ERROR || verbose) {
        fprintf(stderr, "soap-xmpp: %s\n", line);
    }
}

static void set_trace(struct service *service, struct settings *settings)
{
    if (settings->config.trace < SOAP_XMPP_TRACE_INFO)
        settings->config.trace = SOAP_XMPP_TRACE_INFO;
    settings->config.trace_callback = tell;
    settings->config.trace_user = service;
}

static int describe(struct run *run, struct soap_xmpp_link *link)
{
    const char *path = option_text(&run->options, "wsdl");
    struct soap_xmpp_description about;
    char why[WHY_BYTES];
    if (!path)
        return 0;
    soap_xmpp_description_init(&about);
    about.wsdl_file = path;
    about.has_statistics = 1;
    if (soap_xmpp_describe(link, &about, why, sizeof why))
        return report_end(&run->report, REPORT_USAGE, "--wsdl %s: %s", path, why);
    return 0;
}

static int serve_online(struct service *service, struct connection *connection)
{
    struct run *run = service->run;
    int result = describe(run, connection->link);
    if (result)
        return result;
    if (!connection->settings.config.allow && !connection->settings.config.allow_file)
        report_note(&run->report, "nobody may call: --allow RULE");
    interrupt_let_drain();
    interrupt_watch_link(NULL); /* the server stops it */
    return server_run(run, connection->link, &service->plan);
}

static int run_serve(struct run *run)
{
    const char *operations[1 + option_count(&run->options, "operation")];
    struct service service = {.run = run};
    struct connection connection;
    int result = read_options(&service);
    if (!result)
        result = collect_operations(&service, operations);
    if (!result && (result = settings_resolve(run, &connection.settings)) == 0) {
        result = join_rules(&service, &connection.settings);
        if (result) {
            settings_free(&connection.settings);
        } else {
            set_trace(&service, &connection.settings);
            result = connection_start(run, &connection);
            if (!result) {
                result = serve_online(&service, &connection);
                connection_close(&connection);
            }
        }
    }
    free(service.text);
    free(service.rules);
    return result;
}

const struct command command_serve = {
    .name = "serve",
    .summary = "makes a command a service",
    .arguments = "",
    .options = options,
    .description = description,
    .is_endless = true,
    .run = run_serve,
};
