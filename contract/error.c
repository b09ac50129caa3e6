/* See error.h. */
#include "contract/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Where a text of len bytes can be cut so that no character is: the bytes of the last, incomplete
 * one go. */
static size_t whole_characters(const char *text, size_t len)
{
    size_t start = len;
    while (start > 0 && len - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0 || (unsigned char)text[start - 1] < 0xC0)
        return len;
    unsigned char first = (unsigned char)text[start - 1];
    size_t wanted = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    return len - (start - 1) < wanted ? start - 1 : len;
}

enum ct_err ct_error_set(struct ct_error *error, enum ct_err kind, const char *format, ...)
{
    char text[CT_ERROR_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len < 0)
        text[0] = '\0';
    if (len >= (int)sizeof text)
        text[whole_characters(text, sizeof text - 1)] = '\0';
    for (char *at = text; *at; at++) {
        unsigned char c = (unsigned char)at[0], behind = (unsigned char)at[1];
        bool is_c1 = c == 0xC2 && behind >= 0x80 && behind < 0xA0;
        if (is_c1)
            *at++ = '?';
        if (is_c1 || c < 0x20 || c == 0x7F)
            *at = '?';
    }
    error->kind = kind;
    memcpy(error->text, text, sizeof text);
    return kind;
}

enum ct_err ct_error_unsupported(struct ct_error *error, const char *format, ...)
{
    char clause[CT_ERROR_BYTES - 80];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(clause, sizeof clause, format, arguments);
    va_end(arguments);
    return ct_error_set(error, CT_EUNSUPPORTED,
                        "%s; write the request as XML: soap-xmpp call ENDPOINT FILE", clause);
}

enum ct_err ct_error_no_memory(struct ct_error *error)
{
    return ct_error_set(error, CT_ENOMEM, "memory is short");
}
