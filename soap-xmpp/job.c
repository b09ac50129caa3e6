/* job.c - a request in the hands of a command: a child process with pipes, and what it has said.
 *
 * Invariant: a job that has ended has no process, no descriptor and no group left.
 *
 * Happy path: the child reads the envelope, writes an answer, exits; then its pipes are read to
 * their end. Failure modes: too slow or too much output: the group is killed. A child that reads
 * nothing is no failure: what it doesn't want is dropped. */
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deadline.h"
#include "interrupt.h"

enum { STEP_BYTES = 64 * 1024, VARIABLES = 7 };

extern char **environ;

/* What is left out of a command's environment beside those. */
static const char password_name[] = "SOAP_XMPP_PASSWORD=";

/* The environment with our variables behind it; those that it had of these names are left out, and
 * so is the password: what a command writes is an answer to somebody. */
static char **make_environment(const struct soap_xmpp_request *request, char *own[VARIABLES])
{
    const char *names[VARIABLES] = {
        "SOAPXMPP_FROM=",   "SOAPXMPP_TO=", "SOAPXMPP_OPERATION=", "SOAPXMPP_NAMESPACE=",
        "SOAPXMPP_ACTION=", "SOAPXMPP_ID=", "TRACEPARENT="};
    const char *values[VARIABLES] = {
        soap_xmpp_request_from(request),       soap_xmpp_request_to(request),
        soap_xmpp_request_operation(request),  soap_xmpp_request_namespace(request),
        soap_xmpp_request_action(request),     soap_xmpp_request_id(request),
        soap_xmpp_request_traceparent(request)};
    size_t count = 0, kept = 0, i, v;
    char **environment;
    while (environ[count])
        count++;
    environment = calloc(count + VARIABLES + 1, sizeof *environment);
    for (i = 0; environment && i < count; i++) {
        for (v = 0; v < VARIABLES && strncmp(environ[i], names[v], strlen(names[v])) != 0; v++)
            ;
        if (v == VARIABLES && strncmp(environ[i], password_name, strlen(password_name)) != 0)
            environment[kept++] = environ[i];
    }
    for (v = 0; environment && v < VARIABLES; v++) {
        if (asprintf(&own[v], "%s%s", names[v], values[v]) < 0) {
            own[v] = NULL;
            free(environment);
            environment = NULL;
        } else {
            environment[kept++] = own[v];
        }
    }
    return environment;
}

static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes,
                  const int theirs[3])
{
    sigset_t none, defaults;
    int i, error = 0;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    sigaddset(&defaults, SIGALRM);
    for (i = 0; i < 3 && !error; i++)
        error = posix_spawn_file_actions_adddup2(actions, theirs[i], i);
    if (!error)
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!error)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error)
        error = posix_spawnattr_setsigdefault(attributes, &defaults);
    return error;
}

static int spawn(pid_t *child, char *const argv[], const int theirs[3],
                 const struct soap_xmpp_request *request)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char *own[VARIABLES] = {NULL}, **environment = make_environment(request, own);
    int error, i;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    error = environment ? set_up(&actions, &attributes, theirs) : ENOMEM;
    if (!error)
        error = posix_spawnp(child, argv[0], &actions, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    for (i = 0; i < VARIABLES; i++)
        free(own[i]);
    free(environment);
    return error;
}

static void close_all(int *descriptors, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        if (descriptors[i] >= 0)
            close(descriptors[i]);
        descriptors[i] = -1;
    }
}

/* ours[0] is written to, ours[1] and ours[2] are read from. */
static int make_pipes(int ours[3], int theirs[3])
{
    int i, ends[2];
    for (i = 0; i < 3; i++)
        ours[i] = theirs[i] = -1;
    for (i = 0; i < 3; i++) {
        if (pipe2(ends, O_CLOEXEC)) {
            close_all(ours, 3);
            close_all(theirs, 3);
            return -1;
        }
        ours[i] = i == 0 ? ends[1] : ends[0];
        theirs[i] = i == 0 ? ends[0] : ends[1];
        fcntl(ours[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

int job_start(struct job *job, char *const argv[], struct soap_xmpp_request *request,
              char *envelope, size_t envelope_bytes, long kill_after_ms, char *why,
              size_t why_bytes)
{
    int ours[3], theirs[3], error;
    pid_t child = 0;
    if (make_pipes(ours, theirs)) {
        snprintf(why, why_bytes, "no pipes for %s: %s", argv[0], strerror(errno));
        return -1;
    }
    error = spawn(&child, argv, theirs, request);
    close_all(theirs, 3);
    if (error) {
        snprintf(why, why_bytes, "%s: %s", argv[0], strerror(error));
        close_all(ours, 3);
        return -1;
    }
    memset(job, 0, sizeof *job);
    interrupt_watch_group(child);
    job->request = request;
    job->child = child;
    job->input = ours[0];
    job->output = ours[1];
    job->errors = ours[2];
    job->end = pidfd_open(child, 0);
    job->envelope = envelope;
    job->envelope_bytes = envelope_bytes;
    job->complaint.limit = JOB_ERROR_BYTES;
    job->until_ms = deadline_now_ms() + kill_after_ms;
    return 0;
}

void job_poll(const struct job *job, struct pollfd polled[JOB_PIPES])
{
    const struct pollfd all[JOB_PIPES] = {
        {.fd = job->child ? job->input : -1, .events = POLLOUT},
        {.fd = job->child ? job->output : -1, .events = POLLIN},
        {.fd = job->child ? job->errors : -1, .events = POLLIN},
        {.fd = job->child ? job->end : -1, .events = POLLIN},
    };
    memcpy(polled, all, sizeof all);
}

static void close_one(int *descriptor)
{
    close_all(descriptor, 1);
}

static void write_some(struct job *job)
{
    while (job->input >= 0) {
        size_t left = job->envelope_bytes - job->written_bytes;
        ssize_t len = left ? write(job->input, job->envelope + job->written_bytes, left) : 0;
        if (len < 0 && errno == EAGAIN)
            return;
        if (len <= 0)
            close_one(&job->input);
        else
            job->written_bytes += (size_t)len;
    }
}

/* All that is there. What goes over the limit is dropped: of errors quietly. */
static void read_some(int *descriptor, struct ct_text *out)
{
    static char step[STEP_BYTES];
    ssize_t len;
    while (*descriptor >= 0) {
        len = read(*descriptor, step, sizeof step);
        if (len < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (len <= 0)
            close_one(descriptor);
        else
            ct_text_add(out, step, (size_t)len);
    }
}

static void kill_group(struct job *job)
{
    kill(-job->child, SIGKILL);
    job->is_killed = true;
}

static bool has_ended(pid_t child)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == child;
}

bool job_advance(struct job *job)
{
    bool is_over = has_ended(job->child);
    if (is_over)
        kill(-job->child, SIGKILL); /* what it has left behind, as long as the number is its own */
    write_some(job);
    read_some(&job->output, &job->answer);
    read_some(&job->errors, &job->complaint);
    if (ct_text_failed(&job->answer) && !job->is_over_limit) {
        job->is_over_limit = true;
        kill_group(job);
    }
    if (!is_over && !job->is_killed && deadline_now_ms() >= job->until_ms)
        kill_group(job);
    if (is_over) {
        waitpid(job->child, &job->status, 0);
        interrupt_forget_group(job->child);
        job->child = 0;
    }
    return is_over;
}

void job_end(struct job *job)
{
    if (job->child) {
        kill_group(job);
        waitpid(job->child, &job->status, 0);
        interrupt_forget_group(job->child);
        job->child = 0;
    }
    close_one(&job->input);
    close_one(&job->output);
    close_one(&job->errors);
    close_one(&job->end);
    free(job->envelope);
    ct_text_fini(&job->answer);
    ct_text_fini(&job->complaint);
    memset(job, 0, sizeof *job);
}
