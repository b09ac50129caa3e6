/* finding.c - invariant and failures: finding.h.
 *
 * Happy path: format -> make harmless -> append.
 */
#include "doctor/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void finding_init(struct finding *finding, const char *id)
{
    *finding = (struct finding){.id = id};
}

void finding_fini(struct finding *finding)
{
    free(finding->found);
    free(finding->details);
    free(finding->advice);
    *finding = (struct finding){.id = finding->id};
}

/* ---- texts ---- */

/* The length of the character of UTF-8 at text (RFC 3629), 0 if it is none. */
static size_t character_length(const unsigned char *text)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = text[0] < 0x80   ? 1
                 : text[0] < 0xc0 ? 0
                 : text[0] < 0xe0 ? 2
                 : text[0] < 0xf0 ? 3
                 : text[0] < 0xf8 ? 4
                                  : 0;
    unsigned code;
    size_t i;
    if (len < 2)
        return len;
    code = text[0] & (0xffU >> (len + 1));
    for (i = 1; i < len; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    return code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : len;
}

/* What a terminal takes for a command, and what isn't UTF-8, becomes "?". */
static void make_harmless(char *text)
{
    unsigned char *at = (unsigned char *)text;
    while (*at) {
        size_t len = character_length(at);
        if (len == 0 || (len == 1 && (*at < ' ' || *at == 0x7f)))
            *at = '?';
        else if (len == 2 && at[0] == 0xc2 && at[1] < 0xa0)
            at[0] = at[1] = '?';
        at += len ? len : 1;
    }
}

/* Takes line, which is malloc'ed. */
static void append(struct finding *finding, char **text, const char *separator, char *line)
{
    size_t len = *text ? strlen(*text) : 0;
    size_t more = line ? strlen(separator) + strlen(line) + 1 : 0;
    char *longer = line ? realloc(*text, len + more) : NULL;
    if (longer) {
        snprintf(longer + len, more, "%s%s", len ? separator : "", line);
        *text = longer;
    } else {
        finding->is_short = true;
    }
    free(line);
}

static char *format_line(const char *format, va_list arguments)
{
    char *line = NULL;
    if (vasprintf(&line, format, arguments) < 0)
        return NULL;
    make_harmless(line);
    return line;
}

void finding_say(struct finding *finding, enum finding_state state, const char *format, ...)
{
    va_list arguments;
    char *line;
    va_start(arguments, format);
    line = format_line(format, arguments);
    va_end(arguments);
    append(finding, &finding->found, "; ", line);
    if (state > finding->state)
        finding->state = state;
}

void finding_add_detail(struct finding *finding, const char *format, ...)
{
    va_list arguments;
    char *line;
    va_start(arguments, format);
    line = format_line(format, arguments);
    va_end(arguments);
    append(finding, &finding->details, "\n", line);
}

static bool has_line(const char *lines, const char *line)
{
    size_t len = strlen(line);
    while (lines) {
        if (strncmp(lines, line, len) == 0 && (lines[len] == '\n' || lines[len] == '\0'))
            return true;
        lines = strchr(lines, '\n');
        lines += lines ? 1 : 0;
    }
    return false;
}

void finding_advise(struct finding *finding, const char *format, ...)
{
    va_list arguments;
    char *line;
    va_start(arguments, format);
    line = format_line(format, arguments);
    va_end(arguments);
    if (line && has_line(finding->advice, line))
        free(line);
    else
        append(finding, &finding->advice, "\n", line);
}

/* ---- the rest ---- */

void finding_measure(struct finding *finding, const char *name, double value)
{
    if (finding->number_count < FINDING_NUMBERS)
        finding->numbers[finding->number_count++] = (struct finding_number){name, value};
}

const char *finding_state_text(enum finding_state state)
{
    static const char *const texts[] = {"ok", "skip", "warn", "FAIL"};
    return texts[state];
}
