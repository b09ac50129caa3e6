/* log.h - what the gateway says while it runs: one line each on standard error, never blocking.
 *
 * Text with "<N>" before it where systemd's journal reads, or JSON. No payload and no secret is
 * ever logged; text of strangers is made fit for a line. */
#ifndef GW_LOG_H
#define GW_LOG_H

#include <stdbool.h>

enum gw_log_level { GW_LOG_ERROR = 3, GW_LOG_WARNING = 4, GW_LOG_NOTICE = 5, GW_LOG_INFO = 6 };

/* Before any thread is started, and at a reload. */
void gw_log_set(bool is_json, enum gw_log_level least);
/* One sentence. Any thread. */
void gw_log(enum gw_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same at most once a minute for each `what`, a constant, with how many were left out. */
void gw_log_rarely(const char *what, enum gw_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
