/* media_type.c - Content-Type and SOAPAction in all the forms that clients send.
 *
 * Happy path: type/subtype, then name=value, bare or quoted, with semicolons between them; unknown
 * parameters are passed over. Failure modes: a control character, no subtype, a quote without its
 * other, a value that is too long or told twice: one sentence. */
#include "soap/media_type.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAME_BYTES = 32, VALUE_BYTES = 512 };

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

static bool is_printable(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 ? *text != '\t' : *text == 0x7F)
            return false;
    }
    return true;
}

/* Cuts white space and one pair of quotes, of either kind, off text in place. */
static void trim(char *text)
{
    size_t len = strlen(text);
    while (len && strchr(" \t", text[len - 1]))
        text[--len] = '\0';
    if (len >= 2 && text[0] == '\'' && text[len - 1] == '\'') {
        text[len - 1] = '\0';
        memmove(text, text + 1, len - 1);
    }
}

/* Reads a quoted string, whose first quote stands at *at, past its last one. */
static bool read_quoted(const char **at, char *value, size_t value_bytes)
{
    size_t len = 0;
    const char *c = *at + 1;
    for (; *c && *c != '"'; c++) {
        if (*c == '\\' && c[1])
            c++;
        if (len + 1 >= value_bytes)
            return false;
        value[len++] = *c;
    }
    value[len] = '\0';
    if (*c != '"')
        return false;
    *at = c + 1;
    return true;
}

static bool read_bare(const char **at, char *value, size_t value_bytes)
{
    size_t len = strcspn(*at, ";");
    if (len >= value_bytes)
        return false;
    memcpy(value, *at, len);
    value[len] = '\0';
    trim(value);
    *at += len;
    return true;
}

/* Reads the next "; name=value". 1, 0: no more, -1: it can't be read. A parameter without '=' has
 * an empty value. */
static int read_parameter(const char **at, char name[NAME_BYTES], char value[VALUE_BYTES])
{
    const char *c = *at + strspn(*at, "; \t");
    if (!*c)
        return 0;
    size_t len = strcspn(c, "=; \t");
    snprintf(name, NAME_BYTES, "%.*s", (int)(len < NAME_BYTES ? len : 0), c);
    c = skip_space(c + len);
    value[0] = '\0';
    if (*c == '=') {
        c = skip_space(c + 1);
        bool is_read =
            *c == '"' ? read_quoted(&c, value, VALUE_BYTES) : read_bare(&c, value, VALUE_BYTES);
        if (!is_read)
            return -1;
    }
    *at = c;
    return 1;
}

static enum gw_media media_of(const char *text, size_t len)
{
    static const struct {
        const char *name;
        enum gw_media media;
    } rows[] = {
        {"text/xml", GW_MEDIA_SOAP_11},
        {"application/xml", GW_MEDIA_SOAP_11},
        {"application/soap+xml", GW_MEDIA_SOAP_12},
        {"application/xop+xml", GW_MEDIA_XOP},
        {"multipart/related", GW_MEDIA_MULTIPART},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strlen(rows[i].name) == len && strncasecmp(rows[i].name, text, len) == 0)
            return rows[i].media;
    }
    return GW_MEDIA_OTHER;
}

/* Cuts parameters off a value that is a media type itself; an action among them is kept. */
static bool cut_parameters(char *value, char *action, size_t action_bytes)
{
    char *rest = strchr(value, ';');
    char name[NAME_BYTES], inner[VALUE_BYTES];
    if (!rest)
        return true;
    const char *at = rest;
    int found;
    while ((found = read_parameter(&at, name, inner)) > 0) {
        if (strcasecmp(name, "action") == 0 && !*action && strlen(inner) < action_bytes)
            snprintf(action, action_bytes, "%s", inner);
    }
    *rest = '\0';
    trim(value);
    return found == 0;
}

/* Puts a parameter where it belongs. */
static int keep(struct gw_media_type *type, const char *name, char *value, char *why,
                size_t why_bytes)
{
    const struct {
        const char *name;
        char *out;
        size_t bytes;
        bool is_media_type;
    } rows[] = {
        {"charset", type->charset, sizeof type->charset, false},
        {"action", type->action, sizeof type->action, false},
        {"boundary", type->boundary, sizeof type->boundary, false},
        {"start", type->start, sizeof type->start, false},
        {"type", type->type, sizeof type->type, true},
        {"start-info", type->start_info, sizeof type->start_info, true},
    };
    char inner[sizeof type->action] = "";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcasecmp(rows[i].name, name) != 0)
            continue;
        if (rows[i].is_media_type && !cut_parameters(value, inner, sizeof inner))
            return snprintf(why, why_bytes, "Content-Type: its %s can't be read", rows[i].name), -1;
        if (strlen(value) >= rows[i].bytes)
            return snprintf(why, why_bytes, "Content-Type: its %s is longer than %zu bytes",
                            rows[i].name, rows[i].bytes - 1),
                   -1;
        if (*rows[i].out && strcmp(rows[i].out, value) != 0)
            return snprintf(why, why_bytes, "Content-Type: it says %s twice", rows[i].name), -1;
        snprintf(rows[i].out, rows[i].bytes, "%s", value);
        if (*inner && !*type->action)
            snprintf(type->action, sizeof type->action, "%s", inner);
    }
    return 0;
}

static int read_all(struct gw_media_type *type, const char *text, char *why, size_t why_bytes)
{
    char name[NAME_BYTES], value[VALUE_BYTES];
    if (!is_printable(text))
        return snprintf(why, why_bytes, "Content-Type: it has a control character in it"), -1;
    size_t len = strcspn(text, "; \t");
    if (!memchr(text, '/', len))
        return snprintf(why, why_bytes, "Content-Type: it has no '/'"), -1;
    type->media = media_of(text, len);
    const char *at = text + len;
    int found;
    while ((found = read_parameter(&at, name, value)) > 0) {
        if (keep(type, name, value, why, why_bytes))
            return -1;
    }
    if (found < 0)
        return snprintf(why, why_bytes,
                        "Content-Type: a parameter is longer than %d bytes, or a quote has no "
                        "other",
                        VALUE_BYTES - 1),
               -1;
    return 0;
}

int gw_media_type_read(struct gw_media_type *type, const char *text, char *why, size_t why_bytes)
{
    *type = (struct gw_media_type){.media = GW_MEDIA_NONE};
    text = text ? skip_space(text) : "";
    if (!*text)
        return 0;
    int result = read_all(type, text, why, why_bytes);
    if (result)
        *type = (struct gw_media_type){.media = GW_MEDIA_OTHER};
    return result;
}

int gw_media_type_read_action(const char *header, char *action, size_t action_bytes)
{
    action[0] = '\0';
    if (!header)
        return 0;
    header = skip_space(header);
    size_t len = strlen(header);
    while (len && strchr(" \t", header[len - 1]))
        len--;
    /* One quote without the other is taken for the client's slip. */
    if (len && strchr("\"'", header[0])) {
        header++;
        len--;
    }
    if (len && strchr("\"'", header[len - 1]))
        len--;
    if (len >= action_bytes || !is_printable(header))
        return -1;
    snprintf(action, action_bytes, "%.*s", (int)len, header);
    return 0;
}

void gw_media_type_write(int version, const char *action, char *out, size_t out_bytes)
{
    static const char of_12[] = "application/soap+xml; charset=utf-8";
    if (version != 12 || !*action || !is_printable(action)) {
        snprintf(out, out_bytes, "%s", version == 12 ? of_12 : "text/xml; charset=utf-8");
        return;
    }
    size_t len = (size_t)snprintf(out, out_bytes, "%s; action=\"", of_12);
    for (; *action && len + 4 < out_bytes; action++) {
        if (strchr("\"\\", *action))
            out[len++] = '\\';
        out[len++] = *action;
    }
    if (*action || len + 2 > out_bytes)
        snprintf(out, out_bytes, "%s", of_12);
    else
        memcpy(out + len, "\"", 2);
}
