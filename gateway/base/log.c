/* log.c - one line each on standard error.
 *
 * Invariant: no write here waits for a reader. O_NONBLOCK belongs to the open file, which other
 * processes share, so descriptor 2 never gets it: a pipe, FIFO or terminal is opened anew by /proc,
 * with flags of our own; a socket (the journal's) is written with MSG_DONTWAIT; a file as it
 * is, since nobody reads at its other end.
 *
 * Happy path: a sentence or fields -> one line in a buffer -> one write. Failure: no room at the
 * other end, or no reader: the line is lost and counted. main() ignores SIGPIPE.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "contract/json.h"
#include "contract/plain.h"

enum {
    LINE_BYTES = PIPE_BUF, /* a pipe takes as many in one piece, or none */
    SENTENCE_BYTES = 3000,
    TIME_BYTES = 40,
    SELDOM = 64, /* sentences that are told once a minute */
    SELDOM_MS = 60 * 1000
};

static atomic_bool is_json;
static atomic_int least_level = GW_LOG_INFO;
static atomic_ulong lost;

/* ---- where it goes ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int output = STDERR_FILENO;
static atomic_bool is_socket, is_journal, is_polled;

/* systemd.exec(5): "device:inode", decimal, of what the service was given. It may have been
 * redirected since, or we may be a child of the service. */
static bool is_journal_stream(const struct stat *status)
{
    const char *text = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    char rest;
    return text && sscanf(text, "%llu:%llu%c", &device, &inode, &rest) == 2 &&
           status->st_dev == (dev_t)device && status->st_ino == (ino_t)inode;
}

/* Another descriptor takes the old one's number at once, since a thread may be writing to it. */
static void open_output(void)
{
    struct stat status;
    int fd = -1, before = output;
    if (fstat(STDERR_FILENO, &status) != 0)
        return;
    bool is_shared = S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
    is_socket = S_ISSOCK(status.st_mode);
    is_journal = is_journal_stream(&status);
    if (is_shared)
        fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    is_polled = is_shared && fd < 0; /* no /proc, or a FIFO that nobody reads yet */
    if (before != STDERR_FILENO)
        dup3(fd < 0 ? STDERR_FILENO : fd, before, O_CLOEXEC);
    if (before != STDERR_FILENO && fd >= 0)
        close(fd);
    else if (fd >= 0)
        output = fd;
}

static bool has_room(void)
{
    struct pollfd poller = {.fd = output, .events = POLLOUT};
    return poll(&poller, 1, 0) == 1 && poller.revents == POLLOUT;
}

static bool write_bytes(const char *bytes, size_t len)
{
    if (is_polled && !has_room())
        return false;
    ssize_t written = is_socket ? send(output, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL)
                                : write(output, bytes, len);
    return written == (ssize_t)len;
}

/* len bytes with the newline, which is the last. */
static void write_line(const char *line, size_t len)
{
    unsigned long untold = atomic_exchange(&lost, 0);
    if (untold) {
        char notice[80];
        int notice_len =
            snprintf(notice, sizeof notice,
                     atomic_load(&is_json) ? "{\"level\": \"warning\", \"lost\": %lu}\n"
                                           : "%lu lines lost, standard error was full\n",
                     untold);
        if (write_bytes(notice, (size_t)notice_len))
            untold = 0;
    }
    if (untold || !write_bytes(line, len))
        atomic_fetch_add(&lost, untold + 1);
}

/* ---- a line ---- */

static const char *level_text(enum gw_log_level level)
{
    switch (level) {
    case GW_LOG_ERROR:
        return "error";
    case GW_LOG_WARNING:
        return "warning";
    case GW_LOG_NOTICE:
        return "notice";
    default:
        return "info";
    }
}

/* What breaks a line, or turns its direction round (Unicode's bidirectional controls). */
static bool is_unfit(unsigned code)
{
    return (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

/* Copies text, cut to what out has room for at the end of a character. */
static void make_fit(const char *text, char *out, size_t out_bytes)
{
    if ((size_t)snprintf(out, out_bytes, "%s", text) >= out_bytes)
        ct_plain_cut(out);
    ct_plain_make(out);
    for (char *at = out; *at;) {
        unsigned code = 0;
        size_t len = ct_plain_character(at, &code);
        if (is_unfit(code))
            memset(at, '?', len);
        at += len ? len : 1;
    }
}

/* RFC 3339, to the millisecond. */
static void write_time(char text[TIME_BYTES])
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t len = strftime(text, TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + len, TIME_BYTES - len, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

static bool needs_quotes(const char *value)
{
    return strpbrk(value, " \"=\\") != NULL;
}

static void put_quoted(struct ct_text *line, const char *value)
{
    ct_text_put(line, "\"");
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            ct_text_put(line, "\\");
        ct_text_add(line, value, 1);
    }
    ct_text_put(line, "\"");
}

/* is_sentence: the one field is written without its name. */
static void put_text(struct ct_text *line, enum gw_log_level level,
                     const struct gw_log_field *fields, bool is_sentence)
{
    char value[SENTENCE_BYTES];
    const char *between = "";
    if (is_journal)
        ct_text_print(line, "<%d>", (int)level);
    for (; fields->name; fields++) {
        if (!fields->value || !*fields->value)
            continue;
        make_fit(fields->value, value, sizeof value);
        ct_text_put(line, between);
        if (!is_sentence)
            ct_text_print(line, "%s=", fields->name);
        if (!is_sentence && needs_quotes(value))
            put_quoted(line, value);
        else
            ct_text_put(line, value);
        between = " ";
    }
}

static void put_json(struct ct_text *line, enum gw_log_level level,
                     const struct gw_log_field *fields)
{
    char value[SENTENCE_BYTES];
    struct ct_json json = {.out = line};
    write_time(value);
    ct_json_begin(&json, NULL, '{');
    ct_json_string(&json, "time", value);
    ct_json_string(&json, "level", level_text(level));
    for (; fields->name; fields++) {
        if (!fields->value || !*fields->value)
            continue;
        make_fit(fields->value, value, sizeof value);
        if (fields->is_number && ct_json_is_number(value))
            ct_json_raw(&json, fields->name, value);
        else
            ct_json_string(&json, fields->name, value);
    }
    ct_json_end(&json, '}');
}

/* Without room for all of it, or memory, JSON says that much: half an object is of no use. */
static void write_fields(enum gw_log_level level, const struct gw_log_field *fields,
                         bool is_sentence)
{
    struct ct_text line = {.limit = LINE_BYTES - 1};
    if ((int)level > atomic_load(&least_level))
        return;
    pthread_once(&once, open_output);
    if (atomic_load(&is_json))
        put_json(&line, level, fields);
    else
        put_text(&line, level, fields, is_sentence);
    if (ct_text_failed(&line) && atomic_load(&is_json)) {
        ct_text_clear(&line);
        ct_text_print(&line, "{\"level\": \"%s\", \"text\": \"a line too long to tell\"}",
                      level_text(level));
    }
    if (line.bytes) {
        line.bytes[line.len] = '\n'; /* capacity is more than len */
        write_line(line.bytes, line.len + 1);
    } else {
        atomic_fetch_add(&lost, 1);
    }
    ct_text_fini(&line);
}

/* ---- what is told seldom ---- */

struct seldom {
    const char *what;
    long long told_ms;
    unsigned long turn; /* the later, the higher: several are told in one millisecond */
    unsigned long left_out;
};

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static struct seldom seldoms[SELDOM]; /* under mu */
static unsigned long turns;           /* under mu */

/* The one of what, or the one that was told longest ago. */
static struct seldom *find_seldom_locked(const char *what)
{
    struct seldom *oldest = &seldoms[0];
    for (size_t i = 0; i < SELDOM; i++) {
        if (seldoms[i].what && strcmp(seldoms[i].what, what) == 0)
            return &seldoms[i];
        if (oldest->what && (!seldoms[i].what || seldoms[i].turn < oldest->turn))
            oldest = &seldoms[i];
    }
    *oldest = (struct seldom){.what = what, .told_ms = -SELDOM_MS};
    return oldest;
}

/* Whether it is told now, and how many were left out before. */
static bool is_due(const char *what, unsigned long *left_out)
{
    long long now_ms = gw_clock_ms();
    pthread_mutex_lock(&mu);
    struct seldom *seldom = find_seldom_locked(what);
    bool due = now_ms - seldom->told_ms >= SELDOM_MS;
    *left_out = seldom->left_out;
    seldom->left_out = due ? 0 : seldom->left_out + 1;
    if (due) {
        seldom->told_ms = now_ms;
        seldom->turn = ++turns;
    }
    pthread_mutex_unlock(&mu);
    return due;
}

/* ---- the log ---- */

void gw_log_set(bool json, enum gw_log_level least)
{
    pthread_once(&once, open_output);
    open_output();
    atomic_store(&is_json, json);
    atomic_store(&least_level, (int)least);
}

void gw_log_fields(enum gw_log_level level, const struct gw_log_field *fields)
{
    write_fields(level, fields, false);
}

void gw_log(enum gw_log_level level, const char *format, ...)
{
    char sentence[SENTENCE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    write_fields(level, (struct gw_log_field[]){{"text", sentence, false}, {0}}, true);
}

void gw_log_rarely(const char *what, enum gw_log_level level, const char *format, ...)
{
    char sentence[SENTENCE_BYTES];
    unsigned long left_out;
    va_list arguments;
    if (!is_due(what, &left_out))
        return;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    size_t len = strlen(sentence);
    if (left_out)
        snprintf(sentence + len, sizeof sentence - len, " (and %lu more since this was last told)",
                 left_out);
    write_fields(level, (struct gw_log_field[]){{"text", sentence, false}, {0}}, true);
}
