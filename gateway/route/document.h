/* document.h - a WSDL's file and all that it imports, as a service would give it away.
 *
 * Noun: the document. Invariant: what is read lies in the WSDL's own folder or below it; 32
 * documents, 4 MiB together; a symbolic link is followed, wherever it leads. Any
 * thread. */
#ifndef GW_DOCUMENT_H
#define GW_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/metadata.h"

/* 0 with *metadata, the WSDL its first section, each location as it is seen from the folder; or -1
 * with one sentence in why. Imports of absolute URLs stay what they are. Blocks while files are
 * read. */
int gw_document_read(const char *path, struct ct_metadata *metadata, char *why, size_t why_bytes);

/* What a location means that stands in the document at from, both as they are seen from the folder:
 * "common/a.xsd" of "../common/a.xsd" in "media/b.xsd". false: it is absolute or leads out. */
bool gw_document_resolve(const char *from, const char *location, char *out, size_t out_bytes);
/* Which section that is: it has that location, seen from the document at from or as it stands. */
bool gw_document_find(const struct ct_metadata *metadata, const char *from, const char *location,
                      size_t *which);

#endif
