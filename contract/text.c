/* See text.h. */
#include "contract/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/plain.h"

enum { FIRST_BYTES = 256 };

void ct_text_fini(struct ct_text *text)
{
    free(text->bytes);
    *text = (struct ct_text){0};
}

void ct_text_clear(struct ct_text *text)
{
    text->len = 0;
    text->no_memory = text->over_limit = false;
    if (text->bytes)
        text->bytes[0] = '\0';
}

static size_t limit_of(const struct ct_text *text)
{
    return text->limit ? text->limit : CT_TEXT_BYTES;
}

static bool make_room(struct ct_text *text, size_t more)
{
    if (ct_text_failed(text))
        return false;
    if (more > limit_of(text) - text->len) {
        text->over_limit = true;
        return false;
    }
    if (text->bytes && more < text->capacity - text->len)
        return true;
    size_t capacity = text->capacity ? text->capacity : FIRST_BYTES;
    while (capacity <= text->len + more)
        capacity *= 2;
    char *bytes = realloc(text->bytes, capacity);
    if (!bytes) {
        text->no_memory = true;
        return false;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    bytes[text->len] = '\0';
    return true;
}

void ct_text_add(struct ct_text *text, const char *bytes, size_t len)
{
    ct_text_insert(text, text->len, bytes, len);
}

void ct_text_put(struct ct_text *text, const char *string)
{
    ct_text_add(text, string, strlen(string));
}

void ct_text_print(struct ct_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len < 0 || !make_room(text, (size_t)len))
        return;
    va_start(arguments, format);
    vsnprintf(text->bytes + text->len, (size_t)len + 1, format, arguments);
    va_end(arguments);
    text->len += (size_t)len;
}

void ct_text_insert(struct ct_text *text, size_t at, const char *bytes, size_t len)
{
    if (len == 0 || !make_room(text, len))
        return;
    memmove(text->bytes + at + len, text->bytes + at, text->len - at + 1);
    memcpy(text->bytes + at, bytes, len);
    text->len += len;
}

void ct_text_cut(struct ct_text *text, size_t len)
{
    text->len = len;
    if (text->bytes)
        text->bytes[len] = '\0';
}

/* The length of the character at string, or 0 if XML 1.0 (2.2) has none there. */
static size_t character_bytes(const char *string)
{
    unsigned code = 0;
    size_t len = ct_plain_character(string, &code);
    bool is_xml = code >= 0x20 ? code != 0xFFFE && code != 0xFFFF
                               : code == '\t' || code == '\n' || code == '\r';
    return is_xml ? len : 0;
}

static const char *reference_of(char c)
{
    switch (c) {
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
    case '\t':
        return "&#9;";
    case '\n':
        return "&#10;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

void ct_text_put_xml(struct ct_text *text, const char *string)
{
    const char *run = string;
    while (*string) {
        size_t len = character_bytes(string);
        const char *other = len == 0 ? "\xEF\xBF\xBD" : len == 1 ? reference_of(*string) : NULL;
        if (other) {
            ct_text_add(text, run, (size_t)(string - run));
            ct_text_put(text, other);
            run = string + 1;
        }
        string += len ? len : 1;
    }
    ct_text_add(text, run, (size_t)(string - run));
}

bool ct_text_is_xml(const char *string)
{
    while (*string) {
        size_t len = character_bytes(string);
        if (len == 0)
            return false;
        string += len;
    }
    return true;
}

bool ct_text_failed(const struct ct_text *text)
{
    return text->no_memory || text->over_limit;
}

enum ct_err ct_text_check(const struct ct_text *text, const char *what, struct ct_error *error)
{
    if (text->no_memory)
        return ct_error_no_memory(error);
    if (text->over_limit)
        return ct_error_set(error, CT_ELIMIT, "%s would be larger than %zu bytes", what,
                            limit_of(text));
    return CT_OK;
}

char *ct_text_take(struct ct_text *text)
{
    char *bytes = ct_text_failed(text) ? NULL : text->bytes;
    if (!bytes && !ct_text_failed(text))
        bytes = calloc(1, 1);
    else if (bytes)
        text->bytes = NULL;
    ct_text_fini(text);
    return bytes;
}
