/* encoding.h - in which encoding a document's bytes are, and the same document in UTF-8.
 *
 * Noun: the encoding (XML 1.0 4.3.3 and appendix F, RFC 7303 3). What the bytes say of themselves
 * counts: a byte order mark before all else, and the width of a character before what a declaration
 * claims, since programs write "utf-16" there and send UTF-8.
 *
 * Thread: any; nothing blocks but iconv_open(), which may load a file of libc's.
 */
#ifndef SX_SOAP_ENCODING_H
#define SX_SOAP_ENCODING_H

#include "base/buffer.h"
#include "base/fault.h"

enum { SX_ENCODING_NAME_BYTES = 41 }; /* with NUL; IANA's names have 40 characters at most */

struct sx_encoding {
    char name[SX_ENCODING_NAME_BYTES]; /* as iconv(3) knows it, if it does */
    size_t mark_bytes;                 /* of the byte order mark, which isn't part of the text */
};

/* The encoding of a document, from its mark, its charset (what stands so in its Content-Type; NULL
 * or "": nothing does), the width of its first characters and its declaration; UTF-8 if none of
 * them tells. SX_EUNCARRIABLE with a clause in why: what names it is no name, or it is EBCDIC and
 * doesn't say which. */
enum sx_err sx_encoding_find(const char *document, size_t len, const char *charset,
                             struct sx_encoding *encoding, char *why, size_t why_bytes);

/* Whether it is UTF-8, by any of its names: then there is nothing to convert. */
bool sx_encoding_is_utf8(const struct sx_encoding *encoding);

/* Appends the text in UTF-8, max_bytes at most. SX_EUNCARRIABLE (iconv(3) doesn't know the
 * encoding; a byte that stands for nothing in it), SX_ETOOBIG, SX_ENOMEM, with a clause in why. */
enum sx_err sx_encoding_convert(const struct sx_encoding *encoding, const char *document,
                                size_t len, size_t max_bytes, struct sx_buffer *out, char *why,
                                size_t why_bytes);

#endif
