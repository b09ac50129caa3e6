/* buffer.h - bytes that grow: always NUL-terminated beyond len, one owner.
 *
 * A failed append leaves the buffer as it was and marks it `failed`; later appends are no-ops, so
 * that a long formatting sequence checks once, at its end.
 */
#ifndef SX_BASE_BUFFER_H
#define SX_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct sx_buffer {
    char *bytes; /* NULL while empty and never reserved */
    size_t len, capacity;
    bool failed;
};

void sx_buffer_fini(struct sx_buffer *buffer);  /* frees, zeroes */
void sx_buffer_wipe(struct sx_buffer *buffer);  /* as fini, but first the bytes become zero */
void sx_buffer_clear(struct sx_buffer *buffer); /* len 0, keeps capacity, clears failed */
bool sx_buffer_reserve(struct sx_buffer *buffer, size_t more); /* room for more bytes beyond len */
void sx_buffer_add(struct sx_buffer *buffer, const char *bytes, size_t len);
void sx_buffer_add_text(struct sx_buffer *buffer, const char *text);
/* text with & < > " ' TAB LF CR escaped, for text nodes and attribute values alike. Bytes that
 * would end a stream (invalid UTF-8, characters XML 1.0 forbids) become U+FFFD. */
void sx_buffer_add_escaped(struct sx_buffer *buffer, const char *text);
/* " name='value'", the value escaped. */
void sx_buffer_add_attribute(struct sx_buffer *buffer, const char *name, const char *value);
void sx_buffer_add_format(struct sx_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The bytes (malloc'ed, NUL-terminated) become the caller's; the buffer is empty afterwards.
 * NULL when an append had failed (the buffer is emptied then, too). An empty buffer gives an
 * allocated "". */
char *sx_buffer_take(struct sx_buffer *buffer, size_t *len);

#endif
