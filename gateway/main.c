/* main.c - soap-xmpp-gateway: SOAP over HTTP on one side, over XMPP on the other.
 *
 * Invariant: signals come by a descriptor, in the main thread alone; every other thread inherits
 * their mask. The main thread waits for nothing but signals, the watchdog's turn and the end of a
 * stop, which has a thread of its own.
 *
 * Happy path: arguments -> configuration -> start -> READY=1 once links are online -> TERM: stop.
 * Failure modes: exit 2: arguments or configuration, with file and line; 1: it can't start, or was
 * ended by a second signal before all was done. A reload that fails leaves everything as it was. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "base/clock.h"
#include "base/log.h"
#include "contract/plain.h"
#include "gateway.h"
#include "soap_xmpp.h"
#include "status/notify.h"
#include "status/probe.h"

#ifndef GW_CONFIG_FILE
#define GW_CONFIG_FILE "/etc/soap-xmpp/gateway.conf"
#endif

enum { WHY_BYTES = 1024, EXIT_CONFIG = 2 };
enum {
    TURN_MS = 1000,
    EAGER_MS = 50,              /* between looks until it is ready */
    READY_LATEST_MS = 30 * 1000 /* it runs, and says why it isn't ready */
};

/* ---- arguments ---- */

enum action { ACTION_RUN, ACTION_CHECK, ACTION_PRINT, ACTION_READY, ACTION_HELP, ACTION_VERSION };

struct arguments {
    const char *file, *address; /* address: of --ready; NULL: the configuration's */
    enum action action;
};

static int complain(const char *text)
{
    fprintf(stderr, "soap-xmpp-gateway: %s\n", text);
    return EXIT_CONFIG;
}

static void print_help(void)
{
    puts(
        "usage: soap-xmpp-gateway [OPTION...]\n"
        "\n"
        "Carries SOAP from HTTP to XMPP, and from XMPP to HTTP, as gateway.conf(5) says.\n"
        "\n"
        "  -f, --file FILE       the configuration (" GW_CONFIG_FILE ")\n"
        "  --check               looks for mistakes in it, and ends\n"
        "  --print               prints it whole, defaults too, without secrets, and ends\n"
        "  --ready [ADDRESS]     asks a running gateway, by its admin listener, whether its links\n"
        "                        are online: exit 0 or 1\n"
        "  --help, --version\n"
        "\n"
        "HUP reads the configuration again, USR1 has links try at once, TERM ends it.\n"
        "Exit: 0 ended as asked, 1 failed or not ready, 2 arguments or configuration.");
}

static int read_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"file", required_argument, NULL, 'f'},
                                            {"check", no_argument, NULL, ACTION_CHECK},
                                            {"print", no_argument, NULL, ACTION_PRINT},
                                            {"ready", no_argument, NULL, ACTION_READY},
                                            {"help", no_argument, NULL, ACTION_HELP},
                                            {"version", no_argument, NULL, ACTION_VERSION},
                                            {NULL, 0, NULL, 0}};
    int option;
    *arguments = (struct arguments){.file = GW_CONFIG_FILE, .action = ACTION_RUN};
    while ((option = getopt_long(argc, argv, "f:", options, NULL)) != -1) {
        if (option == '?')
            return complain("try --help");
        if (option == 'f')
            arguments->file = optarg;
        else if (arguments->action != ACTION_RUN)
            return complain("one of --check, --print, --ready, --help, --version at a time");
        else
            arguments->action = (enum action)option;
    }
    if (arguments->action == ACTION_READY && optind < argc)
        arguments->address = argv[optind++];
    return optind < argc ? complain("what isn't an option is one argument too many: try --help")
                         : 0;
}

/* ---- what doesn't run ---- */

static struct gw_config *read_config(const char *file)
{
    char why[WHY_BYTES] = "";
    struct gw_config *config = gw_config_read(file, why, sizeof why);
    if (config && gw_gateway_check(config, why, sizeof why)) {
        gw_config_release(config);
        config = NULL;
    }
    if (!config)
        complain(why);
    return config;
}

static int print_config(const struct gw_config *config)
{
    char *text = gw_config_print(config);
    if (!text)
        return complain("no memory"), EXIT_FAILURE;
    int result = fputs(text, stdout) == EOF || fflush(stdout) == EOF;
    free(text);
    return result ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int ask_ready(const char *address)
{
    char why[WHY_BYTES] = "";
    bool is_ready = gw_probe_ready(address, why, sizeof why);
    fprintf(is_ready ? stdout : stderr, "%s\n", why);
    return is_ready ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int act(const struct arguments *arguments, const struct gw_config *config)
{
    if (arguments->action == ACTION_PRINT)
        return print_config(config);
    if (arguments->action == ACTION_READY)
        return config->admin ? ask_ready(config->admin->address)
                             : complain("the configuration has no admin listener to ask");
    printf("%s: no mistake found\n", arguments->file);
    return EXIT_SUCCESS;
}

/* ---- running ---- */

struct run {
    const char *file;
    struct gw_gateway *gateway;
    int signals, stopped; /* signalfd; eventfd, readable once the stop is over */
    unsigned watchdog_ms;
    long long started_ms, watched_ms;
    bool is_ready, was_told, is_stopping;
    unsigned drain_ms;
};

static void set_log(const struct gw_config *config)
{
    gw_log_set(config->log == GW_LOG_JSON, GW_LOG_INFO);
}

/* Connections of HTTP have high numbers, so that links find low ones (base/descriptor.h). */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* the server tells if it has too few */
    }
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void reload(struct run *run)
{
    char why[WHY_BYTES] = "", lines[80];
    snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%lld", gw_clock_us());
    gw_notify(lines);
    struct gw_config *config = gw_config_read(run->file, why, sizeof why);
    if (config && gw_gateway_check(config, why, sizeof why) == 0 &&
        gw_gateway_reload(run->gateway, config, why, sizeof why) == 0) {
        set_log(config);
        run->drain_ms = config->drain_ms;
        gw_log(GW_LOG_NOTICE, "%s was read again", run->file);
    } else {
        gw_log(GW_LOG_ERROR, "nothing has changed: %s", why);
    }
    gw_config_release(config);
    gw_notify("READY=1");
}

static void *run_stop(void *user)
{
    struct run *run = user;
    gw_gateway_stop(run->gateway);
    eventfd_write(run->stopped, 1);
    return NULL;
}

static void stop(struct run *run, const char *signal_name)
{
    pthread_t thread;
    if (run->is_stopping) {
        gw_log(GW_LOG_WARNING, "ended by a second signal, before all was done");
        _exit(EXIT_FAILURE);
    }
    run->is_stopping = true;
    gw_notify("STOPPING=1");
    gw_log(GW_LOG_NOTICE, "%s: stopping; what is under way has %u ms", signal_name, run->drain_ms);
    if (pthread_create(&thread, NULL, run_stop, run) == 0)
        pthread_detach(thread);
    else
        run_stop(run);
}

static void take_signals(struct run *run)
{
    struct signalfd_siginfo info;
    while (read(run->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            stop(run, info.ssi_signo == SIGTERM ? "TERM" : "INT");
        else if (run->is_stopping)
            continue;
        else if (info.ssi_signo == SIGHUP)
            reload(run);
        else
            gw_gateway_kick(run->gateway);
    }
}

/* READY=1 once, STATUS= whenever that changes. */
static void tell_ready(struct run *run)
{
    char why[WHY_BYTES] = "", lines[WHY_BYTES + 32];
    bool is_ready = gw_gateway_is_ready(run->gateway, why, sizeof why);
    bool is_due = is_ready || gw_clock_ms() - run->started_ms > READY_LATEST_MS;
    if (!is_due || (run->was_told && is_ready == run->is_ready))
        return;
    ct_plain_make(why); /* a server may have said it: no line of its own */
    snprintf(lines, sizeof lines, "READY=1\nSTATUS=%s", is_ready ? "ready" : why);
    gw_notify(lines);
    if (is_ready)
        gw_log(GW_LOG_NOTICE, "ready");
    else
        gw_log(GW_LOG_WARNING, "not ready: %s", why);
    run->was_told = true;
    run->is_ready = is_ready;
}

/* No word while a loop stands still: systemd ends and starts us then. */
static void watch(struct run *run)
{
    char why[WHY_BYTES] = "";
    if (!run->watchdog_ms || gw_clock_ms() - run->watched_ms < run->watchdog_ms)
        return;
    if (run->is_stopping || gw_gateway_is_healthy(run->gateway, why, sizeof why)) {
        run->watched_ms = gw_clock_ms();
        gw_notify("WATCHDOG=1");
    } else {
        gw_log_rarely("watchdog", GW_LOG_ERROR, "%s; systemd is told nothing", why);
    }
}

static int turn_ms(const struct run *run)
{
    unsigned ms = run->was_told || run->is_stopping ? TURN_MS : EAGER_MS;
    return (int)(run->watchdog_ms && run->watchdog_ms < ms ? run->watchdog_ms : ms);
}

static void loop(struct run *run)
{
    struct pollfd pollers[] = {{.fd = run->signals, .events = POLLIN},
                               {.fd = run->stopped, .events = POLLIN}};
    while (!pollers[1].revents) {
        poll(pollers, 2, turn_ms(run));
        if (pollers[0].revents)
            take_signals(run);
        if (!run->is_stopping)
            tell_ready(run);
        watch(run);
    }
}

static int start(struct run *run, struct gw_config *config)
{
    char why[WHY_BYTES] = "";
    enum gw_gateway_failure failure;
    run->signals = open_signals();
    run->stopped = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (run->signals < 0 || run->stopped < 0)
        return complain(strerror(errno)), EXIT_FAILURE;
    set_log(config);
    raise_descriptors();
    xmlInitParser(); /* before threads that read contracts */
    run->started_ms = gw_clock_ms();
    run->watchdog_ms = gw_notify_watchdog_ms();
    run->drain_ms = config->drain_ms;
    run->gateway = gw_gateway_start(config, &failure, why, sizeof why);
    if (run->gateway)
        return EXIT_SUCCESS;
    gw_log(GW_LOG_ERROR, "it can't start: %s", why);
    return failure == GW_FAILURE_CONFIG ? EXIT_CONFIG : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    int result = read_arguments(argc, argv, &arguments);
    if (result)
        return result;
    if (arguments.action == ACTION_HELP)
        return print_help(), EXIT_SUCCESS;
    if (arguments.action == ACTION_VERSION)
        return puts("soap-xmpp-gateway " SOAP_XMPP_VERSION), EXIT_SUCCESS;
    if (arguments.address)
        return ask_ready(arguments.address);
    struct gw_config *config = read_config(arguments.file);
    if (!config)
        return EXIT_CONFIG;
    if (arguments.action != ACTION_RUN) {
        result = act(&arguments, config);
    } else {
        struct run run = {.file = arguments.file};
        result = start(&run, config);
        if (result == EXIT_SUCCESS)
            loop(&run);
    }
    gw_config_release(config);
    return result;
}
