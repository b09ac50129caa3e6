/* document.h - documents that are named on the command line: a file, "-", a URL.
 *
 * The program's first thread. Blocks for files, and for a URL up to the command's deadline. */
#ifndef SOAP_XMPP_TOOL_DOCUMENT_H
#define SOAP_XMPP_TOOL_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

struct run;

enum { DOCUMENT_BYTES = 64 * 1024 * 1024 }; /* of a file; of a URL CT_CONTRACT_BYTES */

/* Reads a file, "-": standard input. Returns 0 with *bytes (malloc'ed, NUL-terminated beyond *len),
 * or -1 with one sentence in why. A signal ends the reading of standard input. */
int document_read(const char *path, char **bytes, size_t *len, char *why, size_t why_bytes);

/* The same, of an http: or https: URL as well. */
int document_fetch(struct run *run, const char *location, char **bytes, size_t *len, char *why,
                   size_t why_bytes);
bool document_is_url(const char *location);

/* What a contract imports, a ct_fetch_fn whose context is the run. ..._from_file: files and URLs,
 * for a contract that is a file of this user's; ..._from_url: URLs alone, since a stranger wrote
 * it. */
int document_import_from_file(void *run, const char *location, size_t most_bytes, char **bytes,
                              size_t *len, char *why, size_t why_bytes);
int document_import_from_url(void *run, const char *location, size_t most_bytes, char **bytes,
                             size_t *len, char *why, size_t why_bytes);

#endif
