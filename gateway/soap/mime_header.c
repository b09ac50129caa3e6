/* See mime_header.h. */
#include "soap/mime_header.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct reading {
    struct gw_mime_header *out;
    char *why;
    size_t why_bytes;
};

static int fail(struct reading *reading, const char *sentence)
{
    snprintf(reading->why, reading->why_bytes, "%s", sentence);
    errno = EINVAL;
    return -1;
}

/* The next line of a header, without its end; NULL: there is no end. */
static const char *next_line(const char **at, const char *behind, size_t *len)
{
    const char *line = *at, *end = memchr(line, '\n', (size_t)(behind - line));
    if (!end)
        return NULL;
    *at = end + 1;
    *len = (size_t)(end - line);
    if (*len && line[*len - 1] == '\r')
        --*len;
    return line;
}

/* The value of "name: value" when the field is so called, white space off, into out. */
static bool read_field(const char *field, const char *name, char *out, size_t out_bytes)
{
    size_t len = strlen(name);
    if (strncasecmp(field, name, len) != 0)
        return true;
    const char *value = field + len + strspn(field + len, " \t");
    if (*value != ':')
        return true;
    value += 1 + strspn(value + 1, " \t");
    len = strlen(value);
    while (len && strchr(" \t", value[len - 1]))
        len--;
    if (len >= out_bytes)
        return false;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)(value[i] == '\t' ? ' ' : value[i]);
    out[len] = '\0';
    return true;
}

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7E)
            return false;
    return true;
}

/* One field, unfolded. */
static int keep_field(struct reading *reading, const char *field)
{
    struct gw_mime_header *header = reading->out;
    char encoding[32] = "";
    if (!read_field(field, "Content-ID", header->id, sizeof header->id) ||
        !read_field(field, "Content-Type", header->type, sizeof header->type) ||
        !read_field(field, "Content-Transfer-Encoding", encoding, sizeof encoding))
        return fail(reading, "a part's header has a value that is too long");
    if (!is_printable(header->id) || !is_printable(header->type))
        return fail(reading, "a part's Content-ID or Content-Type isn't printable ASCII");
    if (!*encoding)
        return 0;
    if (strcasecmp(encoding, "base64") == 0)
        header->encoding = GW_MIME_BASE64;
    else if (strcasecmp(encoding, "quoted-printable") == 0)
        header->encoding = GW_MIME_QUOTED_PRINTABLE;
    else if (strcasecmp(encoding, "binary") != 0 && strcasecmp(encoding, "8bit") != 0 &&
             strcasecmp(encoding, "7bit") != 0)
        return fail(reading, "a part's Content-Transfer-Encoding is none of binary, 8bit, 7bit, "
                             "base64, quoted-printable");
    return 0;
}

/* "<id>" or "id" */
void gw_mime_header_cut_brackets(char *id)
{
    size_t len = strlen(id);
    if (len < 2 || id[0] != '<' || id[len - 1] != '>')
        return;
    memmove(id, id + 1, len - 2);
    id[len - 2] = '\0';
}

/* From *at past the empty line. Lines that begin with white space go on with the one before. */
int gw_mime_header_read(struct gw_mime_header *header, const char **at, const char *end, char *why,
                        size_t why_bytes)
{
    struct reading reading = {header, why, why_bytes};
    char field[GW_MIME_HEADER_BYTES];
    size_t held = 0, len = 0, read = 0;
    const char *line;
    *header = (struct gw_mime_header){0};
    for (;;) {
        line = next_line(at, end, &len);
        if (!line)
            len = 0;
        read += len + 2;
        /* The empty line's end may be the delimiter's, when a part is a header alone. */
        if ((!line && *at != end) || read > sizeof field)
            return fail(&reading, "a part's header has no end within 8 KiB");
        bool goes_on = len && (*line == ' ' || *line == '\t');
        if (held && !goes_on) {
            field[held] = '\0';
            if (keep_field(&reading, field) < 0)
                return -1;
            held = 0;
        }
        if (!len)
            break;
        memcpy(field + held, line, len);
        held += len;
    }
    gw_mime_header_cut_brackets(header->id);
    if (strlen(header->id) >= GW_MIME_ID_BYTES)
        return fail(&reading, "a part's header has a value that is too long");
    return 0;
}
