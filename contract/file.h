/* file.h - a file read whole, up to a size.
 *
 * What a program may give as callback where a contract or an argument names a file; another one
 * that must not read files gives another. Blocks as reading files does. */
#ifndef CT_FILE_H
#define CT_FILE_H

#include <stddef.h>

/* Reads the file; a file: URL names one, too. Returns 0 with *bytes (malloc'ed, NUL-terminated
 * beyond *len), or -1 with a clause in why: "cam.wsdl: No such file or directory". context is
 * ignored: it is a ct_fetch_fn. */
int ct_file_read(void *context, const char *path, size_t most_bytes, char **bytes, size_t *len,
                 char *why, size_t why_bytes);

#endif
