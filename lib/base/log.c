/* log.c - lines to standard error, syslog or a file.
 *
 * Invariant: a line is written in one piece, as far as the kernel keeps that. Nothing stays open
 * between lines.
 *
 * Happy path: init chooses -> write. Failure: log.h.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/stderr.h"

enum { TIME_BYTES = 40, MAY_READ = 0600 /* who called whom is nobody else's business */ };

/* ---- priorities ---- */

static int find_priority(enum soap_xmpp_trace_level level)
{
    switch (level) {
    case SOAP_XMPP_TRACE_ERROR:
        return LOG_ERR;
    case SOAP_XMPP_TRACE_INFO:
        return LOG_INFO;
    default:
        return LOG_DEBUG;
    }
}

/* systemd.exec(5): "device:inode", decimal, of what was given to the service as standard output or
 * error. It may have been redirected since, or this may be a child of the service. */
static void read_journal_stream(struct sx_log *log)
{
    const char *text = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    char rest;
    log->has_journal = text && sscanf(text, "%llu:%llu%c", &device, &inode, &rest) == 2;
    if (!log->has_journal)
        return;
    log->device = (dev_t)device;
    log->inode = (ino_t)inode;
}

static bool is_journal(const struct sx_log *log)
{
    struct stat status;
    return log->has_journal && fstat(STDERR_FILENO, &status) == 0 && status.st_dev == log->device &&
           status.st_ino == log->inode;
}

static void write_stderr(const struct sx_log *log, enum soap_xmpp_trace_level level,
                         const char *line)
{
    char prefix[8] = "";
    if (log->has_no_stderr)
        return;
    if (is_journal(log))
        snprintf(prefix, sizeof prefix, "<%d>", find_priority(level));
    sx_stderr_write(prefix, line);
}

/* ---- a file ---- */

/* Not blocking: it may be a FIFO that nobody reads. */
static int open_file(const char *file)
{
    return open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, MAY_READ);
}

/* RFC 3339, to the millisecond. */
static void write_time(char text[TIME_BYTES])
{
    struct timespec now;
    struct tm parts;
    size_t len;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    len = strftime(text, TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + len, TIME_BYTES - len, ".%03dZ ", (int)(now.tv_nsec / 1000000));
}

static bool write_file(struct sx_log *log, const char *line)
{
    char when[TIME_BYTES];
    size_t line_len = strlen(line), missing_len = log->is_cut ? 1 : 0;
    struct iovec parts[] = {
        {(char *)"\n", missing_len}, {when, 0}, {(char *)line, line_len}, {(char *)"\n", 1}};
    int fd = open_file(log->file);
    ssize_t written;
    if (fd < 0)
        return false;
    write_time(when);
    parts[1].iov_len = strlen(when);
    written = sx_stderr_write_quietly(fd, parts, 4);
    close(fd);
    if (written <= 0)
        return false;
    log->is_cut = (size_t)written < missing_len + parts[1].iov_len + line_len + 1;
    return !log->is_cut;
}

/* ---- the log ---- */

int sx_log_init(struct sx_log *log, const char *to)
{
    int fd;
    *log =
        (struct sx_log){.kind = SX_LOG_STDERR, .has_no_stderr = fcntl(STDERR_FILENO, F_GETFD) < 0};
    read_journal_stream(log);
    if (!to || strcmp(to, "stderr") == 0)
        return 0;
    if (strcmp(to, "syslog") == 0) {
        log->kind = SX_LOG_SYSLOG;
        return 0;
    }
    if (!strchr(to, '/')) /* "sylog" is no file */
        return EINVAL;
    fd = open_file(to);
    if (fd < 0)
        return errno;
    close(fd);
    log->kind = SX_LOG_FILE;
    log->file = to;
    return 0;
}

void sx_log_write(struct sx_log *log, enum soap_xmpp_trace_level level, const char *line)
{
    if (log->kind == SX_LOG_SYSLOG)
        syslog(find_priority(level), "%s", line);
    else if (log->kind == SX_LOG_STDERR || !write_file(log, line))
        write_stderr(log, level, line);
}
