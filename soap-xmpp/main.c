/* main.c - soap-xmpp: SOAP services over XMPP from a command line.
 *
 * Invariant: whatever happens, report_print() is the last that speaks.
 *
 * Happy path: the global options, the command's name, its options and arguments, its function, and
 * what it reports.
 * Failure modes: what was typed makes no sense: one sentence, exit 2. A signal: 128 and its number,
 * whatever the command has returned. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>
#include <libxml/parser.h>

#include "command.h"
#include "contract/nearest.h"
#include "interrupt.h"
#include "soap_xmpp.h"
#include "terminal.h"
#include "usage.h"

enum { WHY_BYTES = 512, TIMEOUT_MS = 60000, LONGEST_S = 30 * 24 * 3600, COMMANDS = 32 };

/* Before anything is understood: a mistake is told in the form that was asked for. */
static bool is_typed(int argc, char **argv, const char *option)
{
    int i;
    for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], option) == 0)
            return true;
    }
    return false;
}

static int refuse(struct run *run, const char *why)
{
    return report_end(&run->report, REPORT_USAGE, "%s (soap-xmpp%s%s --help)", why,
                      run->command ? " " : "", run->command ? run->command->name : "");
}

static int refuse_command(struct run *run, const char *name)
{
    const char *names[COMMANDS], *close;
    char why[WHY_BYTES];
    size_t count = 0;
    while (count < COMMANDS && command_table[count]) {
        names[count] = command_table[count]->name;
        count++;
    }
    close = ct_nearest_one(name, names, count);
    snprintf(why, sizeof why, "unknown command '%s'%s%s%s", name, close ? "; is it " : "",
             close ? close : "", close ? "?" : "");
    return refuse(run, why);
}

static int check_arguments(struct run *run)
{
    const struct command *command = run->command;
    char why[WHY_BYTES];
    size_t count = run->options.argument_count;
    if (count >= command->least_arguments && count <= command->most_arguments)
        return 0;
    if (count < command->least_arguments)
        snprintf(why, sizeof why, "%s wants %s", command->name, command->arguments);
    else
        snprintf(why, sizeof why, "%s takes no argument '%s'", command->name,
                 run->options.arguments[command->most_arguments]);
    return refuse(run, why);
}

static int set_timeout(struct run *run)
{
    const char *text = command_global(run, "timeout");
    char why[WHY_BYTES];
    long timeout_ms = run->command->is_endless ? DEADLINE_NEVER : TIMEOUT_MS;
    if (text && option_read_seconds(text, LONGEST_S, &timeout_ms)) {
        snprintf(why, sizeof why, "--timeout is '%s'; can be 0.001 to %d seconds", text, LONGEST_S);
        return refuse(run, why);
    }
    run->has_timeout = text != NULL;
    run->deadline = deadline_after(timeout_ms);
    return 0;
}

static int print_version(struct run *run)
{
    if (run->report.is_json)
        report_set_text(&run->report, "version", SOAP_XMPP_VERSION);
    else
        printf("soap-xmpp %s\n", SOAP_XMPP_VERSION);
    return report_end(&run->report, REPORT_OK, NULL);
}

static int print_help(struct run *run)
{
    FILE *out = run->report.is_json ? stderr : stdout;
    if (run->command)
        usage_print_command(out, run->command);
    else
        usage_print(out);
    return report_end(&run->report, REPORT_OK, NULL);
}

static int run_command(struct run *run)
{
    int result;
    run->report.is_json = command_global(run, "json") != NULL;
    run->report.is_quiet = command_global(run, "quiet") != NULL;
    if (command_global(run, "color"))
        terminal_choose_colour(command_global(run, "color"));
    if (command_global(run, "help"))
        return print_help(run);
    if (command_global(run, "version"))
        return print_version(run);
    if (!run->command)
        return refuse(run, "which command?");
    if ((result = check_arguments(run)) || (result = set_timeout(run)))
        return result;
    return run->command->run(run);
}

static int understand(struct run *run, int argc, char **argv)
{
    char why[WHY_BYTES];
    int at, result;
    run->command = NULL;
    if (option_parse(&run->globals, command_globals, NULL, true, argc, argv, &at, why, sizeof why))
        return refuse(run, why);
    if (at >= argc) {
        result = run_command(run);
    } else if (!(run->command = command_find(argv[at]))) {
        result = refuse_command(run, argv[at]);
    } else if (option_parse(&run->options, run->command->options, command_globals, false, argc - at,
                            argv + at, NULL, why, sizeof why)) {
        result = refuse(run, why);
    } else {
        result = run_command(run);
        option_free(&run->options);
    }
    option_free(&run->globals);
    return result;
}

/* A number of the three that is closed would be given to the next pipe or socket, and what is
 * printed would go into it. So it holds /dev/null, in the direction that nobody uses: reading
 * standard input and writing the others fails as it would have. */
static int hold_standard_descriptors(void)
{
    int fd;
    for (fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct run run = {0};
    int result;
    bool is_quiet = is_typed(argc, argv, "-q") || is_typed(argc, argv, "--quiet");
    report_begin(&run.report, is_typed(argc, argv, "--json"), is_quiet);
    if (hold_standard_descriptors() || interrupt_begin())
        return report_end(&run.report, REPORT_USAGE, "no descriptors, or no signal handlers"),
               report_print(&run.report);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    understand(&run, argc, argv);
    if (interrupt_signal())
        report_end(&run.report, 128 + interrupt_signal(), "interrupted");
    if (run.command)
        report_set_text(&run.report, "command", run.command->name);
    result = report_print(&run.report);
    curl_global_cleanup();
    xmlCleanupParser();
    return result;
}
