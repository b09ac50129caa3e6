/* document.h - an XML document that somebody else has written, made fit for a stanza.
 *
 * Noun: the document. XMPP is UTF-8 and has neither XML declarations nor comments, processing
 * instructions or a DOCTYPE inside a stream (RFC 6120 11.1, 11.6), which tools put into the
 * envelopes that they write or generate.
 *
 * Invariant: what is clean stays as it is, byte for byte. What comes out is one element, in UTF-8,
 * well-formed and each of its prefixes bound: nothing in it would end a stream.
 *
 * Thread: any; nothing blocks.
 */
#ifndef SX_SOAP_DOCUMENT_H
#define SX_SOAP_DOCUMENT_H

#include "base/buffer.h"
#include "base/fault.h"

enum { SX_DOCUMENT_DEPTH = 256 }; /* of nested elements: what links take unless told otherwise */

/* Appends the document's root element in UTF-8 (encoding.h; charset may be NULL), without comments
 * and processing instructions; what stands around it is left out. All else stays byte for byte, but
 * for a '>' that would come to stand behind "]]" where a comment was: "&gt;". With one clause in
 * why, which names a line or a byte: SX_EUNCARRIABLE (an unknown encoding or a byte that stands for
 * nothing in it, a DOCTYPE, not well-formed, a prefix bound nowhere, one attribute under two
 * prefixes, characters that XML forbids, empty), SX_EDEPTH, SX_ETOOBIG (2 GiB, or
 * SX_NAMESPACES_COUNT declarations in scope), SX_ENOMEM; *out then holds what it held. */
enum sx_err sx_document_clean(const char *document, size_t len, const char *charset,
                              struct sx_buffer *out, char *why, size_t why_bytes);

#endif
