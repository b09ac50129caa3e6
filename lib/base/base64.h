/* base64.h - RFC 4648 section 4, strictly: no line breaks, no other letters, padding at the end. */
#ifndef SX_BASE_BASE64_H
#define SX_BASE_BASE64_H

#include "base/buffer.h"

/* Appends the text of the bytes. Errors show in out->failed. */
void sx_base64_add(struct sx_buffer *out, const char *bytes, size_t len);

/* Decodes in place (no NUL is written); false, text spoilt, unless every byte of it is base64. */
bool sx_base64_decode(char *text, size_t text_len, size_t *len);

/* How long the text of so many bytes is. */
size_t sx_base64_len(size_t bytes);

#endif
