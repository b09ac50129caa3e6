/* log.h - what the gateway says while it runs: one line each on standard error, never blocking.
 *
 * Text with "<N>" before it where systemd's journal reads, or JSON:
 *   {"time": "2026-03-01T12:00:00.123Z", "level": "warning", "text": ".."}
 * No payload and no secret is ever logged; text of strangers is made fit for a line: control
 * characters and what isn't UTF-8 become '?'. A line has PIPE_BUF bytes at most, what is longer is
 * cut. Lines for which standard error has no room are lost; the next one tells how many. */
#ifndef GW_LOG_H
#define GW_LOG_H

#include <stdbool.h>

enum gw_log_level { GW_LOG_ERROR = 3, GW_LOG_WARNING = 4, GW_LOG_NOTICE = 5, GW_LOG_INFO = 6 };

/* By the main thread, at the start and at a reload; looks anew at what standard error is. Until
 * then: text, all levels. */
void gw_log_set(bool is_json, enum gw_log_level least);
/* One sentence. Any thread. */
void gw_log(enum gw_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same at most once a minute for each `what`, a constant, with how many were left out. */
void gw_log_rarely(const char *what, enum gw_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One line of several values: name=value name="value with spaces", or JSON's members. The list ends
 * with a NULL name; a value that is NULL or "" is left out. Any thread. */
struct gw_log_field {
    const char *name, *value;
    bool is_number; /* value is one as JSON writes it */
};
void gw_log_fields(enum gw_log_level level, const struct gw_log_field *fields);

#endif
