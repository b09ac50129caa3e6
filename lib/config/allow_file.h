/* allow_file.h - the file that says who may call, as text.
 *
 * Noun: the allow file. What its lines mean is request/access_draft.h's.
 */
#ifndef SX_CONFIG_ALLOW_FILE_H
#define SX_CONFIG_ALLOW_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

enum { SX_ALLOW_FILE_BYTES = 4 << 20 /* of a file at most */ };

struct sx_allow_file {
    char *text;      /* the caller's to free: without byte order mark, and not empty */
    bool is_exposed; /* everybody on this machine may write it */
};

/* Reads a regular file. SX_OK; SX_EFILE with one clause in why: it can't be opened or read, is no
 * regular file, is empty or too large, or has a NUL byte, in *line (otherwise 0); SX_ENOMEM. After
 * an error *file is untouched. Any thread; blocks as long as the disk does, never for a writer. */
enum sx_err sx_allow_file_read(const char *path, struct sx_allow_file *file, unsigned long *line,
                               char *why, size_t why_bytes);

#endif
