/* watch.c - soap-xmpp watch: what happens on a link, a line for each event.
 *
 * Invariant: the link's thread never waits for whoever reads the lines: it hands them over by a
 * pipe, and what finds no room there is counted.
 *
 * Happy path: the link's states, what its trace tells (info: who comes, who is refused), and the
 * requests that a rule lets pass, each of which is declined: nothing is run.
 * Failure modes: a link that is offline is an event, no end; only a configuration that the library
 * refuses ends it at once. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "contract/plain.h"
#include "interrupt.h"
#include "settings.h"

enum { EVENT_BYTES = 2048, WHY_BYTES = 1024, SLICE_MS = 1000, TIME_BYTES = 32 };

/* As it passes through the pipe, in one piece: less than PIPE_BUF. */
struct event {
    char kind[16], name[32], text[EVENT_BYTES];
};

struct watching {
    struct run *run;
    struct soap_xmpp_link *link;
    bool has_rules; /* somebody may call */
    int pipe[2];
    atomic_ulong lost;
};

/* ---- on the link's thread ---- */

static void hand_over(struct watching *watching, const char *kind, const char *name,
                      const char *text)
{
    struct event event = {{0}, {0}, {0}};
    snprintf(event.kind, sizeof event.kind, "%s", kind);
    snprintf(event.name, sizeof event.name, "%s", name);
    if (snprintf(event.text, sizeof event.text, "%s", text) >= (int)sizeof event.text)
        ct_plain_cut(event.text);
    if (write(watching->pipe[1], &event, sizeof event) != (ssize_t)sizeof event)
        atomic_fetch_add(&watching->lost, 1);
}

static void note_state(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    hand_over(user, "state", soap_xmpp_state_text(state), reason);
}

/* A change of state, which note_state() has told. */
static bool is_state(const char *line)
{
    int state;
    for (state = SOAP_XMPP_BACKING_OFF; state <= SOAP_XMPP_CLOSED; state++) {
        char arrow[64];
        snprintf(arrow, sizeof arrow, " -> %s",
                 soap_xmpp_state_text((enum soap_xmpp_state_value)state));
        if (strstr(line, arrow))
            return true;
    }
    return false;
}

static void note_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    static const char *const words[] = {"none", "", "error", "info", "debug", "stanza"};
    if (level != SOAP_XMPP_TRACE_INFO || !is_state(line))
        hand_over(user, "trace", words[level + 1], line);
}

/* ---- on ours ---- */

static void write_time(char out[TIME_BYTES])
{
    struct timespec now;
    struct tm moment;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &moment);
    strftime(out, TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &moment);
}

static void tell(struct watching *watching, const char *kind, const char *name, const char *text)
{
    char now[TIME_BYTES];
    write_time(now);
    report_event(
        &watching->run->report,
        json_pack("{s:s, s:s, s:s, s:s}", "event", kind, "time", now, "name", name, "text", text),
        "%s  %-7s  %s%s%s", now, kind, name, *text ? ": " : "", text);
}

static void tell_handed_over(struct watching *watching)
{
    struct event event;
    unsigned long lost;
    while (read(watching->pipe[0], &event, sizeof event) == (ssize_t)sizeof event)
        tell(watching, event.kind, event.name, event.text);
    lost = atomic_exchange(&watching->lost, 0);
    if (lost)
        report_note(&watching->run->report, "%lu events were lost: they came too fast", lost);
}

/* "alice@x/desk calls add" */
static void tell_request(struct watching *watching, struct soap_xmpp_request *request)
{
    char text[EVENT_BYTES];
    const char *operation = soap_xmpp_request_operation(request);
    snprintf(text, sizeof text, "%s%s to %s, declined: not executed",
             *operation ? operation : "(an empty body)",
             soap_xmpp_request_is_message(request) ? " by message" : "",
             soap_xmpp_request_to(request));
    tell(watching, "request", soap_xmpp_request_from(request), text);
    soap_xmpp_decline(request, NULL, "this process only watches");
}

static void watch_events(struct watching *watching)
{
    int is_stopped = 0;
    while (!interrupt_signal() && !deadline_is_over(&watching->run->deadline) && !is_stopped) {
        struct pollfd polled[] = {{.fd = watching->pipe[0], .events = POLLIN},
                                  {.fd = soap_xmpp_fd(watching->link), .events = POLLIN},
                                  {.fd = interrupt_fd(), .events = POLLIN}};
        struct soap_xmpp_request *request = NULL;
        (void)poll(polled, 3, deadline_left_ms(&watching->run->deadline, SLICE_MS));
        tell_handed_over(watching);
        if (watching->has_rules)
            request = soap_xmpp_take(watching->link, 0, &is_stopped);
        else
            is_stopped = soap_xmpp_state(watching->link) == SOAP_XMPP_CLOSED;
        if (request)
            tell_request(watching, request);
    }
}

/* ---- the command ---- */

static int watch_link(struct watching *watching, struct settings *settings)
{
    struct run *run = watching->run;
    char why[WHY_BYTES];
    int result = settings_ask_password(run, settings);
    if (result)
        return result;
    settings->config.state_callback = note_state;
    settings->config.state_user = watching;
    settings->config.trace_callback = note_line;
    settings->config.trace_user = watching;
    if (settings->config.trace < SOAP_XMPP_TRACE_INFO)
        settings->config.trace = SOAP_XMPP_TRACE_INFO;
    if (option_text(&run->options, "presence"))
        settings->config.presence = 1;
    watching->has_rules = settings->config.allow || settings->config.allow_file;
    watching->link = soap_xmpp_open(&settings->config, why, sizeof why);
    if (!watching->link)
        return report_end(&run->report, REPORT_USAGE, "%s", why);
    interrupt_watch_link(watching->link);
    watch_events(watching);
    interrupt_watch_link(NULL);
    soap_xmpp_close(watching->link);
    tell_handed_over(watching);
    return report_end(&run->report, REPORT_OK, NULL);
}

static int run_watch(struct run *run)
{
    struct watching watching = {.run = run};
    struct settings settings;
    int result = settings_resolve(run, &settings);
    if (result)
        return result;
    if (pipe2(watching.pipe, O_CLOEXEC | O_NONBLOCK)) {
        settings_free(&settings);
        return report_end(&run->report, REPORT_USAGE, "no pipe: %s", strerror(errno));
    }
    result = watch_link(&watching, &settings);
    close(watching.pipe[0]);
    close(watching.pipe[1]);
    settings_free(&settings);
    return result;
}

static const struct option_row options[] = {
    {.name = "presence", .summary = "shows that we are there, and tells who of our contacts is"},
    {.name = NULL},
};

const struct command command_watch = {
    .name = "watch",
    .summary = "what happens on a link, a line for each event",
    .arguments = "",
    .options = options,
    .description =
        "Logs in and stays, and prints each change of the link's state and why, what its\n"
        "trace tells (-vv: each call as well), and each request that a rule lets pass\n"
        "(SOAP_XMPP_ALLOW): it is declined, not run. A link that is offline comes back by\n"
        "itself, so this ends by a signal or --timeout alone.",
    .is_endless = true,
    .run = run_watch,
};
