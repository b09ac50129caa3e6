/* document.h - documents that are named on the command line: a file, "-", a URL.
 *
 * The program's first thread. Blocks up to the command's deadline, also for a pipe that nobody
 * writes to; a signal ends the reading. */
#ifndef SOAP_XMPP_TOOL_DOCUMENT_H
#define SOAP_XMPP_TOOL_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct run;

enum { DOCUMENT_BYTES = 64 * 1024 * 1024 }; /* of a file; of a URL CT_CONTRACT_BYTES */

/* Reads a file, "-": standard input. Returns 0 with *bytes (malloc'ed, NUL-terminated beyond *len),
 * or -1 with one sentence in why. */
int document_read(struct run *run, const char *path, char **bytes, size_t *len, char *why,
                  size_t why_bytes);

/* The same of a file alone, up to most_bytes: a ct_fetch_fn whose context is the run, for
 * NAME=@FILE. */
int document_read_value(void *run, const char *path, size_t most_bytes, char **bytes, size_t *len,
                        char *why, size_t why_bytes);

/* The same as document_read(), of an http: or https: URL as well. */
int document_fetch(struct run *run, const char *location, char **bytes, size_t *len, char *why,
                   size_t why_bytes);
bool document_is_url(const char *location);

/* One read of a descriptor, once there is something. Returns its bytes, 0: the end, or -1 with
 * errno, ETIME: the command's time is over, EINTR: a signal came. */
ssize_t document_read_step(struct run *run, int fd, char *step, size_t step_bytes);

/* The first line of a file, without its end. Returns 0, or -1 with one sentence in why: an empty
 * line, or one that has no room, is none. The caller wipes it. */
int document_read_secret(struct run *run, const char *path, char *secret, size_t secret_bytes,
                         char *why, size_t why_bytes);

/* What a contract imports, a ct_fetch_fn whose context is the run. ..._from_file: files and URLs,
 * for a contract that is a file of this user's; ..._from_url: URLs alone, since a stranger wrote
 * it. */
int document_import_from_file(void *run, const char *location, size_t most_bytes, char **bytes,
                              size_t *len, char *why, size_t why_bytes);
int document_import_from_url(void *run, const char *location, size_t most_bytes, char **bytes,
                             size_t *len, char *why, size_t why_bytes);

#endif
