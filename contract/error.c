/* See error.h. */
#include "contract/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "contract/plain.h"

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
        ct_plain_cut(text);
    ct_plain_make(text);
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
