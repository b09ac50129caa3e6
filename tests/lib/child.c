/* child.c - a process at the other end of a socket.
 *
 * Invariant: heard holds whole lines, each NUL-terminated, in the order they came; behind them the
 * beginning of the next one.
 *
 * Happy path: start -> tell -> await reads until the line is there -> stop.
 * Failure: a child that says more than heard can hold ends the test program: such a test is wrong.
 */
#include "child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { HEARD_BYTES = 64 * 1024, LINE_BYTES = 1024, STOP_MS = 20000, US_PER_MS = 1000 };

struct child {
    pid_t pid; /* 0: reaped */
    int fd;    /* its input and output */
    int status;
    size_t len, lines_len; /* of heard; of the whole lines in it */
    char heard[HEARD_BYTES];
};

/* ---- life ---- */

static void find_program(const char *name, char *path, size_t path_bytes)
{
    ssize_t len = readlink("/proc/self/exe", path, path_bytes - 1);
    char *slash;
    path[len < 0 ? 0 : len] = '\0';
    slash = strrchr(path, '/');
    if (slash)
        snprintf(slash + 1, path_bytes - (size_t)(slash + 1 - path), "%s", name);
}

static int spawn(const char *path, const char *const *argv, int fd, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int err;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
    err = posix_spawn(pid, path, &actions, &attributes, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return err;
}

struct child *child_start(const char *name, const char *const *argv)
{
    struct child *child = calloc(1, sizeof *child);
    int fds[2], err;
    char path[4096];
    if (!child)
        return NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        goto err_after_alloc;
    find_program(name, path, sizeof path);
    err = spawn(path, argv, fds[1], &child->pid);
    if (err)
        goto err_after_sockets;
    close(fds[1]);
    child->fd = fds[0];
    return child;

err_after_sockets:
    fprintf(stderr, "%s: %s\n", path, strerror(err));
    close(fds[0]);
    close(fds[1]);
err_after_alloc:
    free(child);
    return NULL;
}

static void reap(struct child *child)
{
    if (!child->pid)
        return;
    while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
        ;
    child->pid = 0;
}

/* The kernel tells a stop once the last thread has stopped. */
bool child_freeze(struct child *child)
{
    siginfo_t info;
    int err;
    if (!child->pid || kill(child->pid, SIGSTOP) != 0)
        return false;
    do
        err = waitid(P_PID, (id_t)child->pid, &info, WSTOPPED);
    while (err && errno == EINTR);
    return err == 0;
}

void child_thaw(struct child *child)
{
    if (child->pid)
        kill(child->pid, SIGCONT);
}

void child_kill(struct child *child)
{
    if (child->pid)
        kill(child->pid, SIGKILL);
    reap(child);
}

/* ---- talk ---- */

void child_tell(struct child *child, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    int len;
    va_start(arguments, format);
    len = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (!child->pid || len < 0 || (size_t)len >= sizeof line - 1)
        return;
    line[len++] = '\n';
    if (send(child->fd, line, (size_t)len, MSG_NOSIGNAL) != len)
        fprintf(stderr, "a child doesn't listen: %s\n", strerror(errno));
}

/* What begins with the words, whole ones: "run 1" isn't "run 10". */
static const char *find_line(const struct child *child, const char *words)
{
    size_t at = 0, words_len = strlen(words);
    while (at < child->lines_len) {
        const char *line = child->heard + at;
        if (strncmp(line, words, words_len) == 0 &&
            (line[words_len] == ' ' || line[words_len] == '\0'))
            return line;
        at += strlen(line) + 1;
    }
    return NULL;
}

/* False when it will say no more, or not in time. */
static bool hear(struct child *child, int64_t deadline)
{
    struct pollfd fd = {child->fd, POLLIN, 0};
    ssize_t got;
    int ready = poll(&fd, 1, sx_clock_poll_ms(deadline));
    if (ready < 0 && errno == EINTR)
        return true;
    if (ready <= 0)
        return false;
    if (child->len == HEARD_BYTES)
        abort();
    got = read(child->fd, child->heard + child->len, HEARD_BYTES - child->len);
    if (got <= 0)
        return false;
    for (; got > 0; got--, child->len++)
        if (child->heard[child->len] == '\n') {
            child->heard[child->len] = '\0';
            child->lines_len = child->len + 1;
        }
    return true;
}

static void show(const struct child *child, const char *words)
{
    size_t at;
    fprintf(stderr, "\n    \"%s\" was not said, but:\n", words);
    for (at = 0; at < child->lines_len; at += strlen(child->heard + at) + 1)
        fprintf(stderr, "        %s\n", child->heard + at);
}

const char *child_await(struct child *child, const char *words, int timeout_ms)
{
    int64_t deadline = sx_clock_deadline((int64_t)timeout_ms * US_PER_MS);
    const char *line;
    while ((line = find_line(child, words)) == NULL)
        if (!hear(child, deadline)) {
            show(child, words);
            return NULL;
        }
    return line;
}

bool child_has(struct child *child, const char *words)
{
    while (!find_line(child, words))
        if (!hear(child, 0))
            return false;
    return true;
}

int child_stop(struct child *child)
{
    int64_t deadline = sx_clock_deadline((int64_t)STOP_MS * US_PER_MS);
    int status;
    if (!child)
        return 0;
    shutdown(child->fd, SHUT_WR);
    child->len = child->lines_len = 0;
    while (hear(child, deadline)) /* the end of its output is its own end */
        child->len = child->lines_len = 0;
    if (sx_clock_now_us() >= deadline)
        child_kill(child);
    reap(child);
    status =
        WIFSIGNALED(child->status) ? 128 + WTERMSIG(child->status) : WEXITSTATUS(child->status);
    close(child->fd);
    free(child);
    return status;
}
