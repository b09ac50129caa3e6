/* single.h - a contract of several documents as one: ?singleWsdl.
 *
 * Noun: the single document. Its schemas stand in wsdl:types, each once for each namespace that it
 * has; what imports them has no schemaLocation any more, and nothing includes them, since schemas
 * of one namespace beside each other are one. All else stays byte for byte. */
#ifndef GW_SINGLE_H
#define GW_SINGLE_H

#include <stddef.h>

#include "contract/metadata.h"

/* malloc'ed; NULL with one sentence in why: the WSDL imports another one, a schema is redefined,
 * there is no XML, no memory, too much. Any thread; takes as long as its bytes want. */
char *gw_single_write(const struct ct_metadata *metadata, size_t root, size_t *bytes, char *why,
                      size_t why_bytes);

#endif
