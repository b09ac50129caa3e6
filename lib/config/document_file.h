/* document_file.h - a file that is given away to peers, as bytes.
 *
 * Noun: the document file. What its bytes mean is soap/wsdl.h's.
 */
#ifndef SX_CONFIG_DOCUMENT_FILE_H
#define SX_CONFIG_DOCUMENT_FILE_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/fault.h"

/* Appends the bytes of a regular file of max_bytes at most. SX_OK; with one clause in why: SX_EFILE
 * (it can't be opened or read, or is no regular file), SX_ETOOBIG; SX_ENOMEM. After an error *out
 * is as it was. Any thread; blocks as long as the disk does, never for a writer. */
enum sx_err sx_document_file_read(const char *path, size_t max_bytes, struct sx_buffer *out,
                                  char *why, size_t why_bytes);

#endif
