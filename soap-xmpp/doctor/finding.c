/* finding.c - invariant and failures: finding.h.
 *
 * Happy path: format -> make plain -> append.
 */
#include "doctor/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/plain.h"

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
    ct_plain_make(line);
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
