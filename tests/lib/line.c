/* line.c - a line, in one write. */
#include "line.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void line_tell(const char *format, ...)
{
    char line[LINE_BYTES], *end;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    for (end = line; *end; end++)
        if (*end == '\n')
            *end = ' ';
    *end++ = '\n';
    if (write(STDOUT_FILENO, line, (size_t)(end - line)) < 0)
        _exit(3);
}
