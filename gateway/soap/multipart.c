/* multipart.c - the parts of a body between its boundaries.
 *
 * Invariant: a line that begins with the delimiter and has nothing but white space behind it, or
 * "--", ends a part; the line's end before it is the delimiter's (RFC 2046 5.1.1). The first
 * delimiter's line says whether lines end in CR LF or in LF: data that ends in CR loses nothing.
 *
 * Happy path: each part is cut at the next delimiter, its header read, its bytes copied; then the
 * root is taken out of the list.
 * Failure: see gw_multipart_read().
 */
#include "soap/multipart.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/hex.h"
#include "contract/text.h"
#include "soap/base64.h"
#include "soap/mime_header.h"
#include "soap/quoted_printable.h"

enum { RANDOM_BYTES = 16, BOUNDARY_BYTES = 64 };

struct reading {
    const char *at, *behind;                                         /* what is left of the body */
    char delimiter[sizeof((struct gw_media_type *)0)->boundary + 3]; /* "--boundary" */
    size_t delimiter_len;
    bool is_crlf;
    struct gw_multipart *out;
    size_t room;
    char *why;
    size_t why_bytes;
};

static int fail(struct reading *reading, const char *sentence)
{
    snprintf(reading->why, reading->why_bytes, "%s", sentence);
    errno = EINVAL;
    return -1;
}

static int fail_memory(struct reading *reading)
{
    fail(reading, "there is no memory for the parts");
    errno = ENOMEM;
    return -1;
}

void gw_multipart_free(struct gw_multipart *multipart)
{
    struct gw_cargo cargo = {.parts = multipart->parts, .part_count = multipart->part_count};
    gw_cargo_free(&cargo);
    free(multipart->envelope);
    *multipart = (struct gw_multipart){0};
}

/* ---- delimiters ---- */

/* Behind the delimiter at line: whether it is one, or the last; *next: what follows its line. */
static bool is_delimiter(const struct reading *reading, const char *line, bool *is_last,
                         const char **next)
{
    const char *at = line + reading->delimiter_len, *behind = reading->behind;
    *is_last = behind - at >= 2 && at[0] == '-' && at[1] == '-';
    if (*is_last) {
        *next = behind;
        return true;
    }
    while (at < behind && (*at == ' ' || *at == '\t'))
        at++;
    if (at < behind && *at == '\r')
        at++;
    if (at == behind || *at != '\n')
        return false;
    *next = at + 1;
    return true;
}

/* The next line that is a delimiter, or NULL. *end: where what stands before it ends. */
static const char *find_delimiter(const struct reading *reading, const char **end, bool *is_last,
                                  const char **next)
{
    const char *at = reading->at;
    size_t len = reading->delimiter_len;
    while ((size_t)(reading->behind - at) >= len) {
        const char *found = memmem(at, (size_t)(reading->behind - at), reading->delimiter, len);
        if (!found)
            return NULL;
        bool begins_line = found == reading->at || found[-1] == '\n';
        *end = found == reading->at ? found : found - 1;
        if (reading->is_crlf && *end < found) {
            begins_line = *end > reading->at && (*end)[-1] == '\r';
            --*end;
        }
        if (begins_line && is_delimiter(reading, found, is_last, next))
            return found;
        at = found + 1;
    }
    return NULL;
}

/* Past the first delimiter; what stands before it means nothing. */
static int find_first(struct reading *reading)
{
    const char *end, *next;
    bool is_last;
    if (!find_delimiter(reading, &end, &is_last, &next))
        return fail(reading, "the body doesn't have the boundary that its Content-Type names");
    if (is_last)
        return fail(reading, "the body has no part");
    reading->is_crlf = next[-2] == '\r';
    reading->at = next;
    return 0;
}

/* ---- parts ---- */

static char *copy_bytes(const char *bytes, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy) {
        memcpy(copy, bytes, len);
        copy[len] = '\0';
    }
    return copy;
}

/* The bytes that an encoding stands for; out has room for all of them. */
static bool decode_body(const struct gw_mime_header *header, const char *bytes, size_t len,
                        char *out, size_t *out_len)
{
    struct gw_base64 base64 = {0};
    if (header->encoding == GW_MIME_QUOTED_PRINTABLE)
        return gw_quoted_printable_read(bytes, len, out, out_len);
    return gw_base64_read(&base64, bytes, len, out, out_len) && gw_base64_is_whole(&base64);
}

static int copy_body(struct reading *reading, struct gw_part *part,
                     const struct gw_mime_header *header, const char *bytes, size_t len)
{
    part->len = len;
    if (header->encoding == GW_MIME_AS_IT_IS) {
        part->bytes = copy_bytes(bytes, len);
        return part->bytes ? 0 : fail_memory(reading);
    }
    part->bytes = malloc(len + GW_BASE64_ROOM(0) + 1);
    if (!part->bytes)
        return fail_memory(reading);
    if (!decode_body(header, bytes, len, part->bytes, &part->len))
        return fail(reading, "a part isn't encoded as its header says");
    part->bytes[part->len] = '\0';
    return 0;
}

static int make_room(struct reading *reading)
{
    struct gw_multipart *out = reading->out;
    if (out->part_count > GW_CARGO_PARTS)
        return fail(reading, "the body has more than 1,000 parts");
    if (out->part_count < reading->room)
        return 0;
    size_t room = reading->room ? 2 * reading->room : 4;
    struct gw_part *parts = realloc(out->parts, room * sizeof *parts);
    if (!parts)
        return fail_memory(reading);
    out->parts = parts;
    reading->room = room;
    return 0;
}

static int read_part(struct reading *reading, const char *end)
{
    struct gw_mime_header header = {0};
    const char *at = reading->at;
    struct gw_multipart *out = reading->out;
    if (gw_mime_header_read(&header, &at, end, reading->why, reading->why_bytes) < 0 ||
        make_room(reading) < 0)
        return -1;
    for (size_t i = 0; *header.id && i < out->part_count; i++)
        if (strcmp(out->parts[i].id, header.id) == 0)
            return fail(reading, "two parts have one Content-ID");
    struct gw_part *part = &out->parts[out->part_count++];
    *part = (struct gw_part){.id = strdup(header.id), .type = strdup(header.type)};
    if (!part->id || !part->type)
        return fail_memory(reading);
    return copy_body(reading, part, &header, at, (size_t)(end - at));
}

static int read_parts(struct reading *reading)
{
    bool is_last = false;
    while (!is_last) {
        const char *end, *next;
        if (!find_delimiter(reading, &end, &is_last, &next))
            return fail(reading, "the body ends before its last boundary");
        if (read_part(reading, end) < 0)
            return -1;
        reading->at = next;
    }
    return 0;
}

/* The part that start names, or the first one. */
static int take_root(struct reading *reading, const char *start)
{
    struct gw_multipart *out = reading->out;
    struct gw_part *root = *start ? gw_multipart_find(out, start) : out->parts;
    char clause[256];
    if (!root)
        return fail(reading, "no part has the Content-ID that start names");
    if (gw_media_type_read(&out->root, root->type, clause, sizeof clause) < 0) {
        snprintf(reading->why, reading->why_bytes, "the envelope's part: %s", clause);
        errno = EINVAL;
        return -1;
    }
    out->is_xop = out->root.media == GW_MEDIA_XOP;
    out->envelope = root->bytes;
    out->envelope_bytes = root->len;
    free(root->id);
    free(root->type);
    memmove(root, root + 1, sizeof *root * (size_t)(out->parts + --out->part_count - root));
    return 0;
}

int gw_multipart_read(struct gw_multipart *multipart, const struct gw_media_type *type,
                      const char *body, size_t bytes, char *why, size_t why_bytes)
{
    char start[sizeof type->start];
    struct reading reading = {
        .at = body, .behind = body + bytes, .out = multipart, .why = why, .why_bytes = why_bytes};
    *multipart = (struct gw_multipart){0};
    if (!*type->boundary)
        return fail(&reading, "Content-Type: it has no boundary");
    snprintf(reading.delimiter, sizeof reading.delimiter, "--%s", type->boundary);
    reading.delimiter_len = strlen(reading.delimiter);
    snprintf(start, sizeof start, "%s", type->start);
    gw_mime_header_cut_brackets(start);
    if (find_first(&reading) < 0 || read_parts(&reading) < 0 || take_root(&reading, start) < 0) {
        gw_multipart_free(multipart);
        return -1;
    }
    return 0;
}

/* ---- ids ---- */

/* The text with %XX decoded; at most as long as it was. */
static void decode(char *text)
{
    char *out = text;
    for (; *text; text++) {
        int byte = *text == '%' ? gw_hex_byte(text + 1) : -1;
        if (byte < 0) {
            *out++ = *text;
            continue;
        }
        *out++ = (char)byte;
        text += 2;
    }
    *out = '\0';
}

struct gw_part *gw_multipart_find(const struct gw_multipart *multipart, const char *url)
{
    char decoded[GW_MIME_ID_BYTES], id[GW_MIME_ID_BYTES];
    const char *raw = strncasecmp(url, "cid:", 4) == 0 ? url + 4 : url;
    struct gw_part *likely = NULL;
    if (!*raw || strlen(raw) >= sizeof decoded)
        return NULL;
    snprintf(decoded, sizeof decoded, "%s", raw);
    decode(decoded);
    for (size_t i = 0; i < multipart->part_count; i++) {
        struct gw_part *part = &multipart->parts[i];
        if (strcmp(part->id, decoded) == 0)
            return part;
        snprintf(id, sizeof id, "%s", part->id);
        decode(id);
        if (!likely && (strcmp(part->id, raw) == 0 || strcmp(id, decoded) == 0))
            likely = part;
    }
    return likely;
}

/* ---- writing ---- */

/* Behind the boundary: the root's Content-ID, which no part's sender can know. */
#define ROOT "@soap-xmpp"

static bool has_boundary(const struct gw_multipart *multipart, const char *boundary)
{
    size_t len = strlen(boundary);
    if (memmem(multipart->envelope, multipart->envelope_bytes, boundary, len))
        return true;
    for (size_t i = 0; i < multipart->part_count; i++)
        if (memmem(multipart->parts[i].bytes, multipart->parts[i].len, boundary, len))
            return true;
    return false;
}

static bool draw_boundary(const struct gw_multipart *multipart, char boundary[BOUNDARY_BYTES])
{
    do {
        unsigned char bytes[RANDOM_BYTES];
        if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
            return false;
        int len = snprintf(boundary, BOUNDARY_BYTES, "soap-xmpp-");
        for (size_t i = 0; i < sizeof bytes; i++)
            len += snprintf(boundary + len, (size_t)(BOUNDARY_BYTES - len), "%02x", bytes[i]);
    } while (has_boundary(multipart, boundary));
    return true;
}

/* ; action="..", quotes and backslashes escaped, control characters left out. */
static void put_action(struct ct_text *out, int version, const char *action)
{
    if (version != 12 || !action || !*action)
        return;
    ct_text_put(out, "; action=\"");
    for (; *action; action++) {
        if (*action == '"' || *action == '\\')
            ct_text_add(out, "\\", 1);
        if ((unsigned char)*action >= 0x20 && *action != 0x7F)
            ct_text_add(out, action, 1);
    }
    ct_text_put(out, "\"");
}

/* "Name: <value>", what can't stand in a field left out. */
static void put_field(struct ct_text *out, const char *name, const char *before, const char *value,
                      const char *behind)
{
    ct_text_print(out, "%s: %s", name, before);
    for (; *value; value++)
        if (*value >= 0x20 && *value <= 0x7E)
            ct_text_add(out, value, 1);
    ct_text_print(out, "%s\r\n", behind);
}

static void put_root(struct ct_text *out, const struct gw_multipart *multipart, int version,
                     const char *action, const char *boundary)
{
    const char *type = version == 12 ? "application/soap+xml" : "text/xml";
    ct_text_print(out, "--%s\r\nContent-Type: ", boundary);
    if (multipart->is_xop)
        ct_text_print(out, "application/xop+xml; charset=UTF-8; type=\"%s\"", type);
    else
        ct_text_print(out, "%s; charset=UTF-8", type);
    put_action(out, version, action);
    ct_text_print(out, "\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <%s" ROOT ">\r\n\r\n",
                  boundary);
    ct_text_add(out, multipart->envelope, multipart->envelope_bytes);
}

static void put_part(struct ct_text *out, const struct gw_part *part, const char *boundary)
{
    ct_text_print(out, "\r\n--%s\r\n", boundary);
    put_field(out, "Content-Type", "", *part->type ? part->type : "application/octet-stream", "");
    ct_text_put(out, "Content-Transfer-Encoding: binary\r\n");
    if (*part->id)
        put_field(out, "Content-ID", "<", part->id, ">");
    ct_text_put(out, "\r\n");
    ct_text_add(out, part->bytes, part->len);
}

/* Of the body: false without room. */
static bool write_type(const struct gw_multipart *multipart, int version, const char *action,
                       const char *boundary, char *out, size_t out_bytes)
{
    struct ct_text text = {0};
    const char *type = version == 12 ? "application/soap+xml" : "text/xml";
    ct_text_print(&text, "multipart/related; type=\"%s\"; start=\"<%s" ROOT ">\"; boundary=\"%s\"",
                  multipart->is_xop ? "application/xop+xml" : type, boundary, boundary);
    if (multipart->is_xop)
        ct_text_print(&text, "; start-info=\"%s\"", type);
    put_action(&text, version, action);
    bool fits = !ct_text_failed(&text) && text.len < out_bytes;
    if (fits)
        memcpy(out, text.bytes, text.len + 1);
    ct_text_fini(&text);
    return fits;
}

char *gw_multipart_write(const struct gw_multipart *multipart, int version, const char *action,
                         size_t *bytes, char *content_type, size_t content_type_bytes)
{
    char boundary[BOUNDARY_BYTES];
    struct ct_text out = {.limit = SIZE_MAX / 4}; /* its parts are bounded */
    if (!draw_boundary(multipart, boundary))
        return NULL;
    put_root(&out, multipart, version, action, boundary);
    for (size_t i = 0; i < multipart->part_count; i++)
        put_part(&out, &multipart->parts[i], boundary);
    ct_text_print(&out, "\r\n--%s--\r\n", boundary);
    size_t len = out.len;
    if (ct_text_failed(&out) ||
        !write_type(multipart, version, action, boundary, content_type, content_type_bytes)) {
        ct_text_fini(&out);
        return NULL;
    }
    char *body = ct_text_take(&out);
    if (body)
        *bytes = len;
    return body;
}
