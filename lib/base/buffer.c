/* buffer.c - bytes that grow, NUL-terminated, with one owner.
 *
 * Invariant: bytes is NULL, or capacity bytes long with capacity > len and bytes[len] == NUL; once
 * failed, len doesn't change until clear, fini or take.
 *
 * Happy path: add... -> take, or add... -> read bytes and len -> clear -> add... -> fini.
 * Failure: no memory, or a length beyond size_t: `failed`, bytes and len as they were.
 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { FIRST_CAPACITY_BYTES = 256 };

void sx_buffer_fini(struct sx_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct sx_buffer){0};
}

void sx_buffer_wipe(struct sx_buffer *buffer)
{
    if (buffer->bytes)
        explicit_bzero(buffer->bytes, buffer->capacity);
    sx_buffer_fini(buffer);
}

void sx_buffer_clear(struct sx_buffer *buffer)
{
    buffer->len = 0;
    buffer->failed = false;
    if (buffer->bytes)
        buffer->bytes[0] = '\0';
}

/* Doubling keeps a sequence of small appends linear. */
static size_t grown_capacity(size_t capacity, size_t needed)
{
    if (capacity < FIRST_CAPACITY_BYTES)
        capacity = FIRST_CAPACITY_BYTES;
    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    return capacity;
}

bool sx_buffer_reserve(struct sx_buffer *buffer, size_t more)
{
    size_t capacity;
    char *bytes;

    if (buffer->failed)
        return false;
    if (buffer->bytes && more < buffer->capacity - buffer->len)
        return true;
    if (more >= SIZE_MAX - buffer->len) {
        buffer->failed = true;
        return false;
    }
    capacity = grown_capacity(buffer->capacity, buffer->len + more + 1);
    bytes = realloc(buffer->bytes, capacity);
    if (!bytes) {
        buffer->failed = true;
        return false;
    }
    bytes[buffer->len] = '\0';
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

void sx_buffer_add(struct sx_buffer *buffer, const char *bytes, size_t len)
{
    if (!len || !sx_buffer_reserve(buffer, len))
        return;
    memcpy(buffer->bytes + buffer->len, bytes, len);
    buffer->len += len;
    buffer->bytes[buffer->len] = '\0';
}

void sx_buffer_add_text(struct sx_buffer *buffer, const char *text)
{
    sx_buffer_add(buffer, text, strlen(text));
}

/* What stands for the character at text, *len bytes long; NULL if it stands for itself. */
static const char *replacement(const char *text, size_t *len)
{
    *len = 1;
    switch (*text) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    case '\t': /* raw, a reader would see spaces in an attribute and LF for CR (XML 1.0 3.3.3) */
        return "&#9;";
    case '\n':
        return "&#10;";
    case '\r':
        return "&#13;";
    default:
        *len = sx_utf8_xml_len(text);
        if (*len)
            return NULL;
        *len = 1;
        return "\xEF\xBF\xBD";
    }
}

/* Bytes at text that stand for themselves: printable ASCII without the five, nearly all there is.
 */
static size_t plain_len(const char *text)
{
    static const unsigned char is_special[256] = {
        ['&'] = 1, ['<'] = 1, ['>'] = 1, ['"'] = 1, ['\''] = 1};
    const unsigned char *byte = (const unsigned char *)text;
    while (*byte >= ' ' && *byte < 0x80 && !is_special[*byte])
        byte++;
    return (size_t)(byte - (const unsigned char *)text);
}

static size_t escaped_len(const char *text)
{
    size_t total = 0, len;
    for (; *text; text += len) {
        const char *instead = NULL;
        len = plain_len(text);
        if (!len)
            instead = replacement(text, &len);
        total += instead ? strlen(instead) : len;
    }
    return total;
}

void sx_buffer_add_escaped(struct sx_buffer *buffer, const char *text)
{
    size_t len = plain_len(text);

    if (!text[len]) { /* as nearly always */
        sx_buffer_add(buffer, text, len);
        return;
    }
    /* Whole or not at all: half an append would break the promise of a failed one. */
    if (!sx_buffer_reserve(buffer, escaped_len(text)))
        return;
    for (; *text; text += len) {
        const char *instead = NULL;
        len = plain_len(text);
        if (!len)
            instead = replacement(text, &len);
        sx_buffer_add(buffer, instead ? instead : text, instead ? strlen(instead) : len);
    }
}

void sx_buffer_add_attribute(struct sx_buffer *buffer, const char *name, const char *value)
{
    sx_buffer_add_text(buffer, " ");
    sx_buffer_add_text(buffer, name);
    sx_buffer_add_text(buffer, "='");
    sx_buffer_add_escaped(buffer, value);
    sx_buffer_add_text(buffer, "'");
}

void sx_buffer_add_format(struct sx_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len < 0) {
        buffer->failed = true;
        return;
    }
    if (!sx_buffer_reserve(buffer, (size_t)len))
        return;
    va_start(arguments, format);
    vsnprintf(buffer->bytes + buffer->len, (size_t)len + 1, format, arguments);
    va_end(arguments);
    buffer->len += (size_t)len;
}

char *sx_buffer_take(struct sx_buffer *buffer, size_t *len)
{
    char *bytes;

    if (!sx_buffer_reserve(buffer, 0)) {
        sx_buffer_fini(buffer);
        return NULL;
    }
    bytes = buffer->bytes;
    if (len)
        *len = buffer->len;
    *buffer = (struct sx_buffer){0};
    return bytes;
}
