/* reason.c - a refusal, explained in one sentence that stays on one line. */
#include "config/reason.h"

#include <stdarg.h>
#include <stdio.h>

enum sx_err sx_reason_refuse(const struct sx_reason *why, const char *format, ...)
{
    va_list arguments;
    size_t i;
    if (!why->text || why->bytes == 0)
        return SX_ECONFIG;
    va_start(arguments, format);
    vsnprintf(why->text, why->bytes, format, arguments);
    va_end(arguments);
    /* values come from files and environments: one sentence must stay one line */
    for (i = 0; why->text[i]; i++)
        if ((unsigned char)why->text[i] < 0x20 || why->text[i] == 0x7F)
            why->text[i] = '?';
    return SX_ECONFIG;
}
