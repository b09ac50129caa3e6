/* daemon.c - a process of the demo that may outlive the command which started it.
 *
 * Invariant: what is signalled is what was started: its number, and the moment it began in the
 * kernel's clock ticks, are those of the file.
 *
 * Failure modes: a file that can't be read, a process that is gone: there is nothing to stop. */
#include "demo/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deadline.h"

enum { PATH_BYTES = 4096, STAT_BYTES = 1024, STEP_MS = 20, FIELDS_BEFORE_START = 19 };

extern char **environ;

/* When the process began (proc(5): field 22 of stat), 0: there is none, or a zombie. */
static unsigned long long find_start(pid_t pid)
{
    char path[64], text[STAT_BYTES], *at;
    unsigned long long start = 0;
    int field;
    FILE *in;
    size_t len;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    in = fopen(path, "re");
    if (!in)
        return 0;
    len = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    text[len] = '\0';
    at = strrchr(text, ')'); /* its name may hold anything */
    if (!at || at[1] != ' ' || at[2] == 'Z')
        return 0;
    for (field = 0, at += 2; at && field < FIELDS_BEFORE_START; field++)
        at = (at = strchr(at, ' ')) ? at + 1 : NULL;
    if (at)
        start = strtoull(at, NULL, 10);
    return start;
}

static void write_path(const char *folder, const char *name, const char *end, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%s.%s", folder, name, end);
}

/* Its number, or 0 if it doesn't run. */
static pid_t find(const char *folder, const char *name)
{
    char path[PATH_BYTES], text[128] = "";
    unsigned long long start;
    char *end;
    long pid;
    FILE *in;
    write_path(folder, name, "pid", path);
    in = fopen(path, "re");
    if (!in)
        return 0;
    if (!fgets(text, sizeof text, in))
        text[0] = '\0';
    fclose(in);
    pid = strtol(text, &end, 10);
    start = strtoull(end, NULL, 10);
    return pid > 1 && start && find_start((pid_t)pid) == start ? (pid_t)pid : 0;
}

static int spawn(pid_t *pid, int log, char *const argv[], char *const environment[])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    int error;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, log, 1);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, log, 2);
    if (!error)
        error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF);
    if (!error)
        error = posix_spawnattr_setsigdefault(&attributes, &defaults);
    if (!error)
        error = posix_spawnp(pid, argv[0], &actions, &attributes, argv,
                             environment ? environment : environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

pid_t daemon_start(const char *folder, const char *name, char *const argv[],
                   char *const environment[])
{
    char path[PATH_BYTES];
    pid_t pid = -1;
    FILE *out;
    int log, error;
    write_path(folder, name, "log", path);
    log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log < 0)
        return -1;
    error = spawn(&pid, log, argv, environment);
    close(log);
    if (error) {
        errno = error;
        return -1;
    }
    write_path(folder, name, "pid", path);
    out = fopen(path, "we");
    if (out) {
        fprintf(out, "%d %llu\n", (int)pid, find_start(pid));
        fclose(out);
    }
    return pid;
}

bool daemon_runs(const char *folder, const char *name)
{
    return find(folder, name) != 0;
}

void daemon_stop(const char *folder, const char *name, int patience_ms)
{
    pid_t pid = find(folder, name);
    long long until_ms = deadline_now_ms() + patience_ms;
    char path[PATH_BYTES];
    if (pid)
        kill(pid, SIGTERM);
    while (pid && find(folder, name)) {
        if (deadline_now_ms() >= until_ms)
            kill(-pid, SIGKILL);
        poll(NULL, 0, STEP_MS);
    }
    if (pid)
        waitpid(pid, NULL, WNOHANG); /* ours, if this process started it */
    write_path(folder, name, "pid", path);
    unlink(path);
}
