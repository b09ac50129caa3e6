/* demo.c - soap-xmpp demo: a server, a service and a call, on this machine alone.
 *
 * Invariant: without --keep nothing is left when it ends, however it ends; with it, what --stop
 * ends.
 *
 * Happy path: the folder, Prosody, the service, three calls, each explained.
 * Failure modes: no Prosody; a service that doesn't come online: one sentence, and all is ended. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "demo/account.h"
#include "demo/calculator.h"
#include "demo/daemon.h"
#include "demo/folder.h"
#include "demo/prosody.h"
#include "interrupt.h"
#include "terminal.h"

enum { PATH_BYTES = 4096, WHY_BYTES = 1024, STEP_MS = 20, SERVICE_MS = 20000, STOP_MS = 5000 };

static const struct option_row options[] = {
    {.name = "keep",
     .summary = "leaves server, service and the context 'demo' for what you type next"},
    {.name = "stop", .summary = "ends what --keep has left"},
    {.name = NULL},
};

static const char description[] =
    "Starts an XMPP server (a Prosody of its own, on loopback, with a certificate of its\n"
    "own), makes a shell script the service xmpp:calc@localhost/soap, calls it, and\n"
    "explains each step. Nothing is left of it. With --keep everything is, and the context\n"
    "'demo' is the default: account demo@localhost. Prosody must be installed:\n"
    "  apt-get install prosody";

struct demo {
    struct run *run;
    char folder[FOLDER_BYTES];
    char program[PATH_BYTES];
    int port;
    pid_t server, service;
    bool is_kept;
};

static void say(const struct demo *demo, const char *text)
{
    if (!demo->run->report.is_json)
        printf("%s\n", text);
    fflush(stdout);
}

static int refuse(struct demo *demo, const char *what)
{
    return report_end(&demo->run->report, REPORT_USAGE, "%s: %s", what, strerror(errno));
}

static void stop(struct demo *demo)
{
    daemon_stop(demo->folder, "calc", STOP_MS);
    daemon_stop(demo->folder, "prosody", STOP_MS);
    folder_remove(demo->folder);
}

/* ---- the service ---- */

static bool serves(const struct demo *demo)
{
    char path[PATH_BYTES], line[256];
    bool is_told = false;
    FILE *in;
    snprintf(path, sizeof path, "%s/calc.log", demo->folder);
    in = fopen(path, "re");
    if (!in)
        return false;
    while (!is_told && fgets(line, sizeof line, in))
        is_told = strstr(line, "serving at xmpp:") != NULL;
    fclose(in);
    return is_told;
}

static int await_service(struct demo *demo)
{
    struct deadline deadline = deadline_after(deadline_left_ms(&demo->run->deadline, SERVICE_MS));
    while (!serves(demo)) {
        if (interrupt_wait(STEP_MS))
            return report_end(&demo->run->report, REPORT_USAGE, "interrupted");
        if (!daemon_runs(demo->folder, "calc") || deadline_is_over(&deadline))
            return report_end(&demo->run->report, REPORT_OFFLINE,
                              "the service doesn't come online: %s/calc.log says why",
                              demo->folder);
    }
    return 0;
}

static int start_service(struct demo *demo)
{
    char command[PATH_BYTES], contract[PATH_BYTES];
    char *argv[] = {demo->program, "serve",     "--resource", "soap",   "--color",
                    "never",       "--command", command,      "--wsdl", contract,
                    "--allow",     "*",         NULL};
    char **environment;
    snprintf(command, sizeof command, "%s/calculator.sh", demo->folder);
    snprintf(contract, sizeof contract, "%s/calculator.wsdl", demo->folder);
    if (folder_write(demo->folder, "calculator.sh", calculator_script, 0700) ||
        folder_write(demo->folder, "calculator.wsdl", calculator_wsdl, 0600))
        return refuse(demo, demo->folder);
    environment = account_make_environment(demo->folder, "calc", demo->port);
    if (!environment)
        return refuse(demo, "the service");
    demo->service = daemon_start(demo->folder, "calc", argv, environment);
    account_free_environment(environment);
    if (demo->service < 0)
        return refuse(demo, demo->program);
    interrupt_watch_group(demo->service);
    return await_service(demo);
}

/* ---- the calls ---- */

/* Runs this program as demo@localhost; its output is ours. Returns its exit code, or -1. */
static int run_tool(struct demo *demo, char *const argv[])
{
    char **environment = account_make_environment(demo->folder, "demo", demo->port);
    posix_spawn_file_actions_t actions;
    int status = -1, error;
    pid_t child;
    posix_spawn_file_actions_init(&actions);
    error = environment ? posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0) : ENOMEM;
    if (!error && demo->run->report.is_json)
        error = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);
    if (!error)
        error = posix_spawn(&child, argv[0], &actions, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    account_free_environment(environment);
    if (error)
        return -1;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (interrupt_wait(STEP_MS))
            kill(child, SIGTERM);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int call(struct demo *demo, const char *endpoint, const char *operation, const char *a,
                const char *b, int expected, const char *explanation)
{
    char *argv[] = {
        demo->program, "call", (char *)endpoint, (char *)operation, (char *)a, (char *)b, "-t",
        "20",          NULL};
    int code;
    if (!demo->run->report.is_json)
        printf("\n%s$ soap-xmpp call %s %s %s %s%s\n", terminal_begin(stdout, TERMINAL_BOLD),
               endpoint, operation, a, b, terminal_end(stdout));
    fflush(stdout);
    code = run_tool(demo, argv);
    if (interrupt_signal())
        return report_end(&demo->run->report, REPORT_USAGE, "interrupted");
    if (code != expected)
        return report_end(&demo->run->report, code > 0 ? code : REPORT_UNKNOWN,
                          "that call should have ended with exit code %d, and has with %d",
                          expected, code);
    say(demo, explanation);
    return 0;
}

static int make_calls(struct demo *demo)
{
    int result = call(demo, "xmpp:calc@localhost/soap", "add", "a=1", "b=2", 0,
                      "  Exit code 0: answered. What `add` takes, the service told itself.");
    if (!result)
        result = call(demo, "xmpp:calc@localhost/soap", "div", "a=1", "b=0", 1,
                      "  Exit code 1: a SOAP fault. The service ran it, and said no.");
    if (!result)
        result = call(demo, "xmpp:calc@localhost/absent", "add", "a=1", "b=2", 3,
                      "  Exit code 3: nobody is there, and certainly nobody has run it.");
    return result;
}

/* ---- the command ---- */

static void tell_start(const struct demo *demo)
{
    char text[PATH_BYTES];
    snprintf(text, sizeof text,
             "A Prosody of our own listens at 127.0.0.1:%d. It is the XMPP server of the domain "
             "localhost\n"
             "with the accounts demo and calc; its certificate is its own, and expires in 30 days.",
             demo->port);
    say(demo, text);
    say(demo,
        "\nxmpp:calc@localhost/soap is a service now. It is a shell script, and this one ran it:\n"
        "  soap-xmpp serve --resource soap --command calculator.sh --wsdl calculator.wsdl --allow "
        "'*'");
}

static void tell_rest(const struct demo *demo)
{
    if (!demo->is_kept) {
        say(demo, "\nAll of it has been ended. soap-xmpp demo --keep leaves it for you.");
        return;
    }
    say(demo, "\nServer and service stay, and you are demo@localhost until soap-xmpp demo --stop:\n"
              "  soap-xmpp call xmpp:calc@localhost/soap mul a=6 b=7\n"
              "  soap-xmpp wsdl xmpp:calc@localhost/soap\n"
              "  soap-xmpp serve --resource echo --echo --allow '*'");
}

static int start(struct demo *demo)
{
    char port[16];
    int result;
    if (folder_make(demo->folder))
        return refuse(demo, demo->folder);
    if ((result = prosody_start(demo->run, demo->folder, &demo->port, &demo->server)) ||
        (result = start_service(demo)))
        return result;
    snprintf(port, sizeof port, "%d", demo->port);
    return folder_write(demo->folder, "port", port, 0600) ? refuse(demo, demo->folder) : 0;
}

/* What --keep has left is used again. */
static int start_or_find(struct demo *demo)
{
    char port[16];
    if (daemon_runs(demo->folder, "prosody") && daemon_runs(demo->folder, "calc")) {
        folder_read(demo->folder, "port", port, sizeof port);
        demo->port = atoi(port);
        if (demo->port)
            return 0;
    }
    stop(demo);
    return start(demo);
}

static int run_start(struct demo *demo)
{
    bool was_kept = daemon_runs(demo->folder, "prosody") && daemon_runs(demo->folder, "calc");
    char why[WHY_BYTES];
    int result;
    demo->is_kept = option_text(&demo->run->options, "keep") || was_kept;
    result = start_or_find(demo);
    if (!result) {
        tell_start(demo);
        report_set(&demo->run->report, "port", json_integer(demo->port));
        result = make_calls(demo);
    }
    if (!result && demo->is_kept && account_save(demo->folder, demo->port, why, sizeof why))
        result = report_end(&demo->run->report, REPORT_USAGE, "%s", why);
    if (!demo->is_kept || (result && !was_kept))
        stop(demo);
    if (result)
        return result;
    tell_rest(demo);
    return report_end(&demo->run->report, REPORT_OK, NULL);
}

static int run_stop(struct demo *demo)
{
    char why[WHY_BYTES];
    int failed = account_forget(demo->folder, why, sizeof why);
    stop(demo);
    return failed ? report_end(&demo->run->report, REPORT_USAGE, "%s", why)
                  : report_end(&demo->run->report, REPORT_OK, NULL);
}

static int run_demo(struct run *run)
{
    struct demo demo = {.run = run};
    ssize_t len = readlink("/proc/self/exe", demo.program, sizeof demo.program - 1);
    mode_t before;
    int result;
    if (len < 0)
        return refuse(&demo, "/proc/self/exe");
    demo.program[len] = '\0';
    if (folder_find(demo.folder))
        return report_end(&run->report, REPORT_USAGE, "XDG_RUNTIME_DIR can't be used");
    if (option_text(&run->options, "keep") && option_text(&run->options, "stop"))
        return report_end(&run->report, REPORT_USAGE, "--keep or --stop, not both");
    before = umask(077);
    result = option_text(&run->options, "stop") ? run_stop(&demo) : run_start(&demo);
    umask(before);
    return result;
}

const struct command command_demo = {
    .name = "demo",
    .summary = "a server, a service and a call to try it",
    .arguments = "",
    .options = options,
    .description = description,
    .run = run_demo,
};
