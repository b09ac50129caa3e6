/* stderr.h - lines on standard error, for which nobody waits.
 *
 * Nobody may read it: a full pipe, a terminal that was stopped. A line that can't be written at
 * once is lost and counted; how many were is told with the next one that goes out. The file's flags
 * stay as they are, since the program and its relatives share them.
 */
#ifndef SX_BASE_STDERR_H
#define SX_BASE_STDERR_H

#include <stddef.h>
#include <sys/types.h>

struct iovec;

/* Writes prefix, line and a newline, in one write where the kernel keeps that whole. Any thread;
 * never blocks but for a disk (and without /proc, if another process fills the pipe in that moment,
 * or a terminal has room for less than the line); raises no SIGPIPE for a reader that has gone. */
void sx_stderr_write(const char *prefix, const char *line);

/* As writev(), but that no SIGPIPE is raised if the reader has gone, and no SIGXFSZ if a file is as
 * large as one may be. */
ssize_t sx_stderr_write_quietly(int fd, const struct iovec *parts, int count);

/* Lines lost and not told yet, in this process. */
unsigned long sx_stderr_lost(void);

#endif
