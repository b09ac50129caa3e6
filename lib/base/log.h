/* log.h - where the lines of a trace go that no callback of the program takes.
 *
 * Noun: the log: standard error, syslog, or a file. Standard error may be systemd's journal, which
 * then learns each line's priority (sd-daemon(3)). Lines in a file begin with the time, and the
 * file is opened anew for each of them: it may be moved away and made again.
 *
 * Failure: a file that can't be opened any longer, or takes no whole line: it goes to standard
 * error. Lines are lost there as stderr.h says. Standard error that is closed when the link is
 * opened is never written: the next file that the program opens, or a connection, has its number.
 */
#ifndef SX_BASE_LOG_H
#define SX_BASE_LOG_H

#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap_xmpp.h"

#include <stdbool.h>
#include <sys/types.h>

enum sx_log_kind { SX_LOG_STDERR, SX_LOG_SYSLOG, SX_LOG_FILE };

/* Zero: standard error, of which it isn't known whether it is the journal. */
struct sx_log {
    enum sx_log_kind kind;
    const char *file; /* borrowed, for SX_LOG_FILE */
    bool has_journal; /* JOURNAL_STREAM names a file: this one */
    dev_t device;
    ino_t inode;
    bool has_no_stderr;
    bool is_cut; /* the file's last line has no newline; of the thread that writes */
};

/* to: "stderr", "syslog", a path with a '/' in it, which is created if it isn't there, or NULL:
 * standard error. Reads JOURNAL_STREAM. 0, EINVAL if it is none of these, or why the file can't be
 * opened. The environment must not change meanwhile. */
int sx_log_init(struct sx_log *log, const char *to);

/* One line without its newline. Any thread; to a file one at a time. syslog and files may block,
 * standard error doesn't. */
void sx_log_write(struct sx_log *log, enum soap_xmpp_trace_level level, const char *line);

#endif
