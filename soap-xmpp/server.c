/* server.c - requests of a link, answered by a command, an echo, a file or a fault.
 *
 * Invariant: each request that was taken is ended exactly once: answered, refused or declined.
 *
 * Happy path: poll, take requests while a place is free, let jobs go on, answer those that ended.
 * Failure modes: an answer that is none: the caller learns that it may have run, and standard error
 * why. SIGTERM: no more requests, the jobs finish; SIGINT, or a second signal: they are killed. */
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "command.h"
#include "contract/envelope.h"
#include "fault.h"
#include "interrupt.h"
#include "job.h"

enum { SLICE_MS = 250, STEP_BYTES = 256 * 1024, WHY_BYTES = 1024, LINE_BYTES = 1024 };

struct server {
    struct run *run;
    struct soap_xmpp_link *link;
    const struct server_plan *plan;
    struct job jobs[SERVER_JOBS];
    long running;
    bool is_stopping, is_stopped; /* no more is wanted; no more comes */
    long answered, faulted, failed, declined;
};

static void note_failure(struct server *server, const struct soap_xmpp_request *request,
                         const char *what)
{
    report_note(&server->run->report, "%s from %s: %s", soap_xmpp_request_operation(request),
                soap_xmpp_request_from(request), what);
}

static void refuse(struct server *server, struct soap_xmpp_request *request, const char *why)
{
    server->failed++;
    note_failure(server, request, why);
    soap_xmpp_refuse(request, why);
}

static void decline(struct server *server, struct soap_xmpp_request *request, const char *condition,
                    const char *why)
{
    server->declined++;
    note_failure(server, request, why);
    soap_xmpp_decline(request, condition, why);
}

static void answer(struct server *server, struct soap_xmpp_request *request, const char *envelope,
                   size_t bytes, bool is_fault)
{
    char why[WHY_BYTES];
    if (soap_xmpp_answer(request, envelope, bytes, why, sizeof why)) {
        refuse(server, request, why);
        return;
    }
    if (is_fault)
        server->faulted++;
    else
        server->answered++;
}

static void answer_fault(struct server *server, struct soap_xmpp_request *request,
                         const char *reason)
{
    struct ct_text envelope = {0};
    fault_write(soap_xmpp_request_version(request), reason, &envelope);
    if (ct_text_failed(&envelope))
        refuse(server, request, "no memory");
    else
        answer(server, request, envelope.bytes, envelope.len, true);
    ct_text_fini(&envelope);
}

/* Makes an envelope of what a command or a file gave: as it is, or around a Body's content in the
 * version of the request. Nothing but blanks is an empty answer. */
static void answer_document(struct server *server, struct soap_xmpp_request *request,
                            const char *document, size_t bytes, const char *name)
{
    enum ct_version version = soap_xmpp_request_version(request) == 11 ? CT_SOAP_11 : CT_SOAP_12,
                    its = CT_SOAP_ANY;
    struct ct_text envelope = {0};
    struct ct_error error = {0};
    char why[WHY_BYTES], *clean;
    size_t clean_bytes;
    if (document[strspn(document, " \t\r\n")] == '\0') {
        answer(server, request, NULL, 0, false);
        return;
    }
    clean = soap_xmpp_clean(document, bytes, NULL, &clean_bytes, why, sizeof why);
    if (!clean)
        refuse(server, request, why);
    else if (ct_envelope_look(clean, clean_bytes, name, &its, &error) ||
             (its == CT_SOAP_ANY &&
              ct_envelope_wrap(version, NULL, clean, name, &envelope, &error)))
        refuse(server, request, error.text);
    else if (its == CT_SOAP_ANY)
        answer(server, request, envelope.bytes, envelope.len, false);
    else
        answer(server, request, clean, clean_bytes, false);
    ct_text_fini(&envelope);
    free(clean);
}

static char *read_envelope(struct soap_xmpp_request *request, size_t *bytes, char *why,
                           size_t why_bytes)
{
    char *envelope = NULL;
    size_t len = 0;
    for (;;) {
        char *more = realloc(envelope, len + STEP_BYTES + 1);
        long got = -1;
        if (more) {
            envelope = more;
            got = soap_xmpp_request_read(request, more + len, STEP_BYTES, why, why_bytes);
        } else {
            snprintf(why, why_bytes, "no memory");
        }
        if (got < 0) {
            free(envelope);
            return NULL;
        }
        len += (size_t)got;
        if (got == 0)
            break;
    }
    envelope[len] = '\0';
    *bytes = len;
    return envelope;
}

static struct job *free_place(struct server *server)
{
    long i;
    for (i = 0; i < server->plan->jobs; i++) {
        if (!server->jobs[i].child)
            return &server->jobs[i];
    }
    return NULL;
}

static void start(struct server *server, struct soap_xmpp_request *request, char *envelope,
                  size_t bytes)
{
    struct job *job = free_place(server);
    char why[WHY_BYTES] = "no place";
    if (job && job_start(job, server->plan->argv, request, envelope, bytes,
                         server->plan->kill_after_ms, why, sizeof why) == 0) {
        server->running++;
        return;
    }
    free(envelope);
    decline(server, request, "resource-constraint", why);
}

/* A question for the contract (WS-MetadataExchange) comes here only if none was given away. No
 * command has to know it, unless --operation names it. */
static bool is_wanted(const struct server *server, const struct soap_xmpp_request *request)
{
    bool is_for_metadata = strcmp(soap_xmpp_request_namespace(request),
                                  "http://schemas.xmlsoap.org/ws/2004/09/mex") == 0;
    size_t i;
    for (i = 0; i < server->plan->operation_count; i++) {
        if (strcmp(server->plan->operations[i], soap_xmpp_request_operation(request)) == 0)
            return true;
    }
    return !server->plan->operation_count && !is_for_metadata;
}

static void serve(struct server *server, struct soap_xmpp_request *request)
{
    const struct server_plan *plan = server->plan;
    char why[WHY_BYTES] = "", *envelope;
    size_t bytes = 0;
    if (!is_wanted(server, request)) {
        decline(server, request, "feature-not-implemented", "no such operation here");
        return;
    }
    envelope = read_envelope(request, &bytes, why, sizeof why);
    if (!envelope) {
        decline(server, request, "bad-request", why);
        return;
    }
    if (plan->answer == SERVER_COMMAND) {
        start(server, request, envelope, bytes);
        return;
    }
    if (plan->answer == SERVER_ECHO)
        answer(server, request, envelope, bytes, false);
    else if (plan->answer == SERVER_FILE)
        answer_document(server, request, plan->file, strlen(plan->file), plan->name);
    else
        answer_fault(server, request, plan->reason);
    free(envelope);
}

/* The first line is a fault's reason; all that a command says on standard error goes to ours. */
static void finish(struct server *server, struct job *job)
{
    struct soap_xmpp_request *request = job->request;
    const char *complaint = job->complaint.bytes ? job->complaint.bytes : "";
    int code = WIFEXITED(job->status) ? WEXITSTATUS(job->status) : -1;
    char line[LINE_BYTES];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(complaint, "\r\n"), complaint);
    if (*complaint && code != 1 && !server->run->report.is_quiet)
        fputs(complaint, stderr);
    if (job->is_over_limit)
        refuse(server, request, "its command wrote too much");
    else if (job->is_killed)
        refuse(server, request, "its command took too long");
    else if (code == 0)
        answer_document(server, request, job->answer.bytes ? job->answer.bytes : "",
                        job->answer.len, server->plan->argv[0]);
    else if (code == 1)
        answer_fault(server, request, *line ? line : "the command failed");
    else
        refuse(server, request, code == 127 ? "its command was not found" : "its command failed");
    server->running--;
    job_end(job);
}

static void take(struct server *server)
{
    const struct server_plan *plan = server->plan;
    while (plan->answer != SERVER_COMMAND || server->running < plan->jobs) {
        int is_stopped;
        struct soap_xmpp_request *request = soap_xmpp_take(server->link, 0, &is_stopped);
        if (!request) {
            server->is_stopped = is_stopped;
            return;
        }
        serve(server, request);
    }
}

static void wait_for_something(struct server *server)
{
    struct pollfd polled[2 + SERVER_JOBS * JOB_PIPES];
    const struct server_plan *plan = server->plan;
    bool has_place = plan->answer != SERVER_COMMAND || server->running < plan->jobs;
    nfds_t count = 2;
    long i;
    polled[0].fd = has_place && !server->is_stopped ? soap_xmpp_fd(server->link) : -1;
    polled[1].fd = server->is_stopping ? -1 : interrupt_fd();
    polled[0].events = polled[1].events = POLLIN;
    for (i = 0; i < plan->jobs && plan->answer == SERVER_COMMAND; i++, count += JOB_PIPES)
        job_poll(&server->jobs[i], polled + count);
    poll(polled, count, deadline_left_ms(&server->run->deadline, SLICE_MS));
}

/* A signal, or -t: no more requests; after SIGINT no more patience either. */
static void look_at_signals(struct server *server)
{
    bool is_over = deadline_is_over(&server->run->deadline);
    if (server->is_stopping || (!interrupt_signal() && !is_over))
        return;
    server->is_stopping = true;
    soap_xmpp_interrupt(server->link);
    if (server->running)
        report_note(&server->run->report, "finishing %ld under way; a second signal ends at once",
                    server->running);
}

static void kill_all(struct server *server)
{
    long i;
    for (i = 0; i < server->plan->jobs; i++) {
        if (server->jobs[i].child) {
            soap_xmpp_refuse(server->jobs[i].request, "the service was ended meanwhile");
            server->failed++;
            job_end(&server->jobs[i]);
        }
    }
    server->running = 0;
}

static int end_report(struct server *server)
{
    struct report *report = &server->run->report;
    char reason[WHY_BYTES];
    report_set(report, "answered", json_integer(server->answered));
    report_set(report, "faulted", json_integer(server->faulted));
    report_set(report, "failed", json_integer(server->failed));
    report_set(report, "declined", json_integer(server->declined));
    if (server->is_stopping)
        return report_end(report, REPORT_OK, NULL);
    soap_xmpp_reason(server->link, reason, sizeof reason);
    return report_end(report, REPORT_OFFLINE, "no longer online: %s", reason);
}

/* Once it serves, and not before: who reads it calls. */
static void tell_address(struct server *server)
{
    char jid[3200];
    soap_xmpp_jid(server->link, jid, sizeof jid);
    report_set_text(&server->run->report, "jid", jid);
    if (server->run->report.is_json)
        report_print_event(&server->run->report);
    else
        report_note(&server->run->report, "serving at xmpp:%s", jid);
}

int server_run(struct run *run, struct soap_xmpp_link *link, const struct server_plan *plan)
{
    struct server *server = calloc(1, sizeof *server);
    int result;
    long i;
    if (!server)
        return report_end(&run->report, REPORT_USAGE, "no memory");
    server->run = run;
    server->link = link;
    server->plan = plan;
    take(server);
    tell_address(server);
    while (!(server->is_stopped && !server->running)) {
        take(server);
        for (i = 0; i < plan->jobs; i++) {
            if (server->jobs[i].child && job_advance(&server->jobs[i]))
                finish(server, &server->jobs[i]);
        }
        look_at_signals(server);
        if (server->is_stopping && interrupt_signal() == SIGINT)
            kill_all(server);
        if (!(server->is_stopped && !server->running))
            wait_for_something(server);
    }
    result = end_report(server);
    free(server);
    return result;
}
