/* stderr.c - lines on standard error, for which nobody waits.
 *
 * Invariant: no write here can wait for a reader. O_NONBLOCK belongs to the open file, which other
 * processes share, so fd 2 never gets it. Instead, by what it is:
 *
 *   pipe, FIFO, terminal, device   opened anew by /proc, non-blocking: flags of our own
 *   socket                         sendmsg() with MSG_DONTWAIT
 *   file                           written as it is: its offset is shared, and nobody reads it
 *
 * Where /proc is missing or forbids it, the room that poll() sees is all that is known: no more
 * than PIPE_BUF bytes follow, which a pipe with room takes, and one thread at a time is between the
 * two. (Another process that writes to the same pipe can still come between.)
 *
 * Happy path: the number of lost lines, if any; prefix; line; newline; all in one write.
 * Failure: nothing written: the line is lost and counted. A part written: likewise, and the next
 * line begins with the newline that is missing.
 *
 * No lock: a process that was forked in the middle of a line must be able to write.
 */
#include "base/stderr.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static _Atomic unsigned long lost;
static _Atomic bool is_cut;     /* the last line that was written has no newline */
static _Atomic pid_t polled_by; /* the process of which a thread is between poll() and write() */

enum { PARTS = 4, NOTICE_BYTES = 80 };

static ssize_t send_parts(struct iovec *parts)
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = PARTS};
    return sendmsg(STDERR_FILENO, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void cut(struct iovec *parts, size_t room)
{
    size_t i;
    for (i = 0; i < PARTS; i++) {
        if (parts[i].iov_len > room)
            parts[i].iov_len = room;
        room -= parts[i].iov_len;
    }
}

static void take_back(int number)
{
    static const struct timespec at_once = {0};
    sigset_t alone;
    sigemptyset(&alone);
    sigaddset(&alone, number);
    (void)sigtimedwait(&alone, NULL, &at_once);
}

/* Without a SIGPIPE when the reader has gone, or a SIGXFSZ when a file has the size that files may
 * have: the program's own handlers aren't called for our lines. */
ssize_t sx_stderr_write_quietly(int fd, const struct iovec *parts, int count)
{
    sigset_t ours, before, pending;
    ssize_t written;
    int failure;
    sigemptyset(&ours);
    sigaddset(&ours, SIGPIPE);
    sigaddset(&ours, SIGXFSZ);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    written = writev(fd, parts, count);
    failure = written < 0 ? errno : 0;
    if (failure == EPIPE && !sigismember(&pending, SIGPIPE))
        take_back(SIGPIPE);
    if (failure == EFBIG && !sigismember(&pending, SIGXFSZ))
        take_back(SIGXFSZ);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return written;
}

static ssize_t write_polled(struct iovec *parts)
{
    struct pollfd poller = {.fd = STDERR_FILENO, .events = POLLOUT};
    ssize_t written = -1;
    pid_t own = getpid(), holder = atomic_load(&polled_by);
    if (holder == own || !atomic_compare_exchange_strong(&polled_by, &holder, own))
        return -1;
    cut(parts, PIPE_BUF);
    if (poll(&poller, 1, 0) == 1 && poller.revents == POLLOUT)
        written = sx_stderr_write_quietly(STDERR_FILENO, parts, PARTS);
    atomic_store(&polled_by, 0);
    return written;
}

static ssize_t write_anew(struct iovec *parts)
{
    ssize_t written;
    int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENXIO ? -1 : write_polled(parts); /* ENXIO: its reader has gone */
    written = sx_stderr_write_quietly(fd, parts, PARTS);
    close(fd);
    return written;
}

static ssize_t write_parts(struct iovec *parts)
{
    struct stat status;
    if (fstat(STDERR_FILENO, &status) != 0)
        return -1;
    if (S_ISSOCK(status.st_mode))
        return send_parts(parts);
    if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode))
        return write_anew(parts);
    return sx_stderr_write_quietly(STDERR_FILENO, parts, PARTS);
}

void sx_stderr_write(const char *prefix, const char *line)
{
    char notice[NOTICE_BYTES] = "";
    struct iovec parts[PARTS] = {{notice, 0},
                                 {(char *)prefix, strlen(prefix)},
                                 {(char *)line, strlen(line)},
                                 {(char *)"\n", 1}};
    unsigned long untold = atomic_exchange(&lost, 0);
    bool was_cut = atomic_exchange(&is_cut, false);
    size_t due;
    ssize_t written;
    if (untold)
        snprintf(notice, sizeof notice, "%s%ssoapxmpp: %lu lines lost, standard error was full\n",
                 was_cut ? "\n" : "", prefix, untold);
    else if (was_cut)
        snprintf(notice, sizeof notice, "\n");
    parts[0].iov_len = strlen(notice);
    due = parts[0].iov_len + parts[1].iov_len + parts[2].iov_len + 1;
    written = write_parts(parts);
    if (written > 0 && (size_t)written == due)
        return;
    if (written > 0 || was_cut)
        atomic_store(&is_cut, true);
    if (written > 0 && (size_t)written >= parts[0].iov_len)
        untold = 0; /* these were told */
    atomic_fetch_add(&lost, untold + 1);
}

unsigned long sx_stderr_lost(void)
{
    return atomic_load(&lost);
}
