/* Where lines go: standard error, the journal, syslog, a file. */
#include "../../lib/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stderr.h"
#include "base/trace.h"

enum { TEXT_BYTES = 2000 };

static int saved, ends[2];
static char *saved_stream;

/* Standard error is a pipe. */
static void begin(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    saved_stream = stream ? strdup(stream) : NULL;
    unsetenv("JOURNAL_STREAM");
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    fflush(stderr);
    saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    dup2(ends[1], STDERR_FILENO);
}

static const char *take(char text[TEXT_BYTES])
{
    ssize_t len = read(ends[0], text, TEXT_BYTES - 1);
    text[len < 0 ? 0 : len] = '\0';
    return text;
}

static void end(void)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    unsetenv("JOURNAL_STREAM");
    if (saved_stream)
        setenv("JOURNAL_STREAM", saved_stream, 1);
    free(saved_stream);
}

/* As systemd sets it for a service whose standard error is this one. */
static void set_stream(const char *format, unsigned long more)
{
    char text[100];
    struct stat status;
    CU_ASSERT_EQUAL_FATAL(fstat(STDERR_FILENO, &status), 0);
    snprintf(text, sizeof text, format, (unsigned long)status.st_dev,
             (unsigned long)status.st_ino + more);
    setenv("JOURNAL_STREAM", text, 1);
}

static void write_all(const char *to)
{
    struct sx_log log;
    CU_ASSERT_EQUAL_FATAL(sx_log_init(&log, to), 0);
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "an error");
    sx_log_write(&log, SOAP_XMPP_TRACE_INFO, "news");
    sx_log_write(&log, SOAP_XMPP_TRACE_DEBUG, "a detail");
    sx_log_write(&log, SOAP_XMPP_TRACE_STANZA, "a stanza");
}

static void standard_error_gets_lines(void)
{
    char text[TEXT_BYTES];
    begin();
    write_all(NULL);
    ASSERT_TEXT(take(text), "an error\nnews\na detail\na stanza\n");
    write_all("stderr");
    ASSERT_TEXT(take(text), "an error\nnews\na detail\na stanza\n");
    end();
}

static void the_journal_gets_priorities(void)
{
    char text[TEXT_BYTES];
    begin();
    set_stream("%lu:%lu", 0);
    write_all("stderr");
    ASSERT_TEXT(take(text), "<3>an error\n<6>news\n<7>a detail\n<7>a stanza\n");
    end();
}

/* A child of the service, or one that has sent its standard error elsewhere. */
static void another_stream_is_not_the_journal(void)
{
    static const struct {
        const char *format;
        unsigned long more;
    } rows[] = {{"%lu:%lu", 1}, {"1%lu:%lu", 0}, {"%lu:%lux", 0}, {"%lu", 0}, {"", 0}, {"x:y", 0}};
    char text[TEXT_BYTES];
    size_t i;
    begin();
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_stream(rows[i].format, rows[i].more);
        write_all(NULL);
        ASSERT_TEXT(take(text), "an error\nnews\na detail\na stanza\n");
    }
    end();
}

static void lost_lines_are_told_the_journal_with_a_priority(void)
{
    char text[TEXT_BYTES];
    struct sx_log log;
    begin();
    set_stream("%lu:%lu", 0);
    CU_ASSERT_EQUAL_FATAL(sx_log_init(&log, NULL), 0);
    while (write(ends[1], "x", 1) == 1)
        ;
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "lost");
    CU_ASSERT_EQUAL(sx_stderr_lost(), 1);
    while (*take(text))
        ;
    sx_log_write(&log, SOAP_XMPP_TRACE_INFO, "after");
    ASSERT_TEXT(take(text), "<6>soapxmpp: 1 lines lost, standard error was full\n<6>after\n");
    end();
}

/* LOG_PERROR repeats on standard error what goes to syslog; the mask shows priorities. */
static void syslog_gets_priorities(void)
{
    char text[TEXT_BYTES];
    int mask;
    begin();
    openlog("ident", LOG_PERROR, LOG_USER);
    mask = setlogmask(LOG_UPTO(LOG_ERR));
    write_all("syslog");
    ASSERT_TEXT(take(text), "ident: an error\n");
    setlogmask(LOG_UPTO(LOG_INFO));
    write_all("syslog");
    ASSERT_TEXT(take(text), "ident: an error\nident: news\n");
    setlogmask(mask);
    closelog();
    end();
}

static void read_file(const char *path, char text[TEXT_BYTES])
{
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(text, 1, TEXT_BYTES - 1, file) : 0;
    text[len] = '\0';
    if (file)
        fclose(file);
}

/* "2026-11-30T11:02:03.456Z line" */
static void check_line(const char *text, const char *line)
{
    int year = 0, ms = -1, len = 0;
    CU_ASSERT_EQUAL(sscanf(text, "%4d-%*2d-%*2dT%*2d:%*2d:%*2d.%3dZ %n", &year, &ms, &len), 2);
    CU_ASSERT_TRUE(year >= 1970 && ms >= 0);
    CU_ASSERT_EQUAL(strncmp(text + len, line, strlen(line)), 0);
}

static void a_file_gets_lines_with_their_time(void)
{
    char folder[] = "/tmp/test_log_XXXXXX", path[64], moved[64], text[TEXT_BYTES];
    struct sx_log log;
    struct stat status;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(moved, sizeof moved, "%s/log.1", folder);
    begin();
    CU_ASSERT_EQUAL_FATAL(sx_log_init(&log, path), 0);
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & (S_IRWXG | S_IRWXO), 0);
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "one");
    sx_log_write(&log, SOAP_XMPP_TRACE_INFO, "two");
    read_file(path, text);
    check_line(text, "one\n");
    check_line(strchr(text, '\n') + 1, "two\n");
    CU_ASSERT_EQUAL(rename(path, moved), 0);
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "three");
    read_file(path, text);
    check_line(text, "three\n");
    ASSERT_TEXT(take(text), "");
    unlink(path);
    unlink(moved);
    rmdir(folder);
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "four");
    ASSERT_TEXT(take(text), "four\n");
    end();
}

/* Files of this process end at so many bytes, as on a full disk. */
static struct rlimit limit_files(rlim_t bytes)
{
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = bytes;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return before;
}

static void what_a_file_takes_in_part_goes_to_standard_error(void)
{
    char path[] = "/tmp/test_log_XXXXXX", text[TEXT_BYTES];
    struct sx_log log;
    struct rlimit before;
    struct stat status;
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    begin();
    CU_ASSERT_EQUAL_FATAL(sx_log_init(&log, path), 0);
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "one");
    fstat(fd, &status);
    before = limit_files((rlim_t)status.st_size + 40);
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "two, which is longer than what is left of the file");
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "three"); /* none of it; SIGXFSZ would be the end */
    setrlimit(RLIMIT_FSIZE, &before);
    ASSERT_TEXT(take(text), "two, which is longer than what is left of the file\nthree\n");
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "four");
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "five");
    ASSERT_TEXT(take(text), "");
    read_file(path, text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(text, "Z two"));
    check_line(strchr(strstr(text, "Z two"), '\n') + 1, "four\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(text, "four\n"));
    check_line(strstr(text, "four\n") + 5, "five\n");
    end();
    close(fd);
    unlink(path);
}

static void standard_error_that_is_a_full_file_is_no_end(void)
{
    char path[] = "/tmp/test_log_XXXXXX";
    struct sx_log log;
    struct rlimit before;
    unsigned long lost = sx_stderr_lost();
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    begin();
    dup2(fd, STDERR_FILENO);
    CU_ASSERT_EQUAL_FATAL(sx_log_init(&log, NULL), 0);
    before = limit_files(0);
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "lost");
    setrlimit(RLIMIT_FSIZE, &before);
    CU_ASSERT_EQUAL(sx_stderr_lost(), lost + 1);
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "told");
    CU_ASSERT_EQUAL(sx_stderr_lost(), 0);
    end();
    close(fd);
    unlink(path);
}

/* A daemon that has closed it: its number is soon that of a file or a connection. */
static void standard_error_that_was_closed_is_never_written(void)
{
    char path[] = "/tmp/test_log_XXXXXX", text[TEXT_BYTES];
    struct sx_log log;
    int fd;
    begin();
    close(STDERR_FILENO);
    CU_ASSERT_EQUAL(sx_log_init(&log, NULL), 0);
    fd = mkstemp(path);
    if (fd != STDERR_FILENO)
        dup2(fd, STDERR_FILENO);
    sx_log_write(&log, SOAP_XMPP_TRACE_ERROR, "an error");
    read_file(path, text);
    end();
    ASSERT_TEXT(text, "");
    if (fd != STDERR_FILENO)
        close(fd);
    unlink(path);
}

static void what_is_no_log_is_refused(void)
{
    struct sx_log log;
    CU_ASSERT_EQUAL(sx_log_init(&log, "sylog"), EINVAL);
    CU_ASSERT_EQUAL(sx_log_init(&log, ""), EINVAL);
    CU_ASSERT_EQUAL(sx_log_init(&log, "STDERR"), EINVAL);
    CU_ASSERT_EQUAL(sx_log_init(&log, "/"), EISDIR);
    CU_ASSERT_EQUAL(sx_log_init(&log, "/nowhere/at/all"), ENOENT);
}

static void a_trace_without_a_callback_uses_the_log(void)
{
    char text[TEXT_BYTES];
    struct sx_trace trace;
    begin();
    openlog("ident", LOG_PERROR, LOG_USER);
    sx_trace_init(&trace, SOAP_XMPP_TRACE_INFO, NULL, NULL, "alice");
    CU_ASSERT_EQUAL_FATAL(sx_log_init(&trace.log, "syslog"), 0);
    sx_trace(&trace, SOAP_XMPP_TRACE_ERROR, "100%% of %s", "it");
    ASSERT_TEXT(take(text), "ident: alice: 100% of it\n");
    closelog();
    end();
}

CU_TestInfo tests_log[] = {
    {"standard error gets lines", standard_error_gets_lines},
    {"the journal gets priorities", the_journal_gets_priorities},
    {"another stream isn't the journal", another_stream_is_not_the_journal},
    {"the journal is told of lost lines with a priority",
     lost_lines_are_told_the_journal_with_a_priority},
    {"syslog gets priorities", syslog_gets_priorities},
    {"a file gets lines with their time, and is opened anew", a_file_gets_lines_with_their_time},
    {"what a file takes in part goes to standard error",
     what_a_file_takes_in_part_goes_to_standard_error},
    {"standard error that is a full file is no end", standard_error_that_is_a_full_file_is_no_end},
    {"standard error that was closed is never written",
     standard_error_that_was_closed_is_never_written},
    {"what is no log is refused", what_is_no_log_is_refused},
    {"a trace without a callback uses the log", a_trace_without_a_callback_uses_the_log},
    CU_TEST_INFO_NULL,
};
