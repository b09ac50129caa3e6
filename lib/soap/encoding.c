/* encoding.c - a document's encoding is found, and converted by iconv(3).
 *
 * Invariant: nothing but the characters of a name reaches iconv_open(), whose names can hold orders
 * ("//TRANSLIT"). A document in UTF-8 never passes through iconv.
 *
 * Happy path: mark, else charset, else the family of the first bytes and, in that family, the
 * encoding that a declaration names -> iconv, a piece of output at a time.
 * Failure: a name that iconv doesn't know; a byte that stands for nothing, with its offset.
 */
#include "soap/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    DECLARATION_BYTES = 1024, /* of the document, in which its declaration is looked for */
    PIECE_BYTES = 65536
};

/* iconv() changes no byte of its input, which it wants as one that it may. */
union input {
    const char *read;
    char *at;
};

#define NOT_OPEN ((iconv_t)-1) /* NOLINT(performance-no-int-to-ptr): POSIX has it so */

#define ASCII  "US-ASCII"
#define EBCDIC "IBM037"

/* ---- names ---- */

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_.:+()", c));
}

/* Copies a name; false: it is none. */
static bool take_name(const char *name, size_t len, char out[SX_ENCODING_NAME_BYTES])
{
    size_t i;
    if (len == 0 || len >= SX_ENCODING_NAME_BYTES)
        return false;
    for (i = 0; i < len; i++)
        if (!is_name_byte(name[i]))
            return false;
    memcpy(out, name, len);
    out[len] = '\0';
    return true;
}

static void set_name(struct sx_encoding *encoding, const char *name)
{
    snprintf(encoding->name, sizeof encoding->name, "%s", name);
}

static enum sx_err refuse(char *why, size_t why_bytes, const char *clause)
{
    snprintf(why, why_bytes, "%s", clause);
    return SX_EUNCARRIABLE;
}

/* ---- what the first bytes say ---- */

/* Byte order marks; those of UTF-32 before UTF-16's, one of which begins one of them. */
static const struct {
    const char *bytes;
    size_t len;
    const char *name;
} marks[] = {
    {"\x00\x00\xFE\xFF", 4, "UTF-32BE"}, {"\xFF\xFE\x00\x00", 4, "UTF-32LE"},
    {"\xEF\xBB\xBF", 3, "UTF-8"},        {"\xFE\xFF", 2, "UTF-16BE"},
    {"\xFF\xFE", 2, "UTF-16LE"},
};

static bool take_mark(const char *document, size_t len, struct sx_encoding *encoding)
{
    size_t i;
    for (i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (len < marks[i].len || memcmp(document, marks[i].bytes, marks[i].len) != 0)
            continue;
        set_name(encoding, marks[i].name);
        encoding->mark_bytes = marks[i].len;
        return true;
    }
    return false;
}

/* By the width of the first character, which is '<' or white space; that no document holds U+0000
 * tells the widths apart. EBCDIC has another '<' than all the others. */
static const char *find_family(const char *document, size_t len)
{
    char first[4] = {1, 1, 1, 1};
    memcpy(first, document, len < sizeof first ? len : sizeof first);
    if (memcmp(first, "\x4C\x6F\xA7\x94", 4) == 0) /* "<?xm" */
        return EBCDIC;
    if (!first[0])
        return first[1] ? "UTF-16BE" : "UTF-32BE";
    if (!first[1])
        return first[2] || first[3] ? "UTF-16LE" : "UTF-32LE";
    return ASCII;
}

static bool is_wide(const char *name)
{
    static const char *const stems[] = {"UTF-16",         "UTF16", "UTF-32",  "UTF32",
                                        "UCS-2",          "UCS2",  "UCS-4",   "UCS4",
                                        "ISO-10646-UCS-", "CSUCS", "CSUTF16", "CSUTF32"};
    size_t i;
    for (i = 0; i < sizeof stems / sizeof *stems; i++)
        if (strncasecmp(name, stems[i], strlen(stems[i])) == 0)
            return true;
    return false;
}

/* ---- the declaration ---- */

static const char *skip_spaces(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* The value behind a pseudo-attribute's name; NULL: it isn't as XML 1.0 2.8 has it. */
static const char *find_value(const char *at, size_t *len)
{
    const char *end;
    at = skip_spaces(at);
    if (*at != '=')
        return NULL;
    at = skip_spaces(at + 1);
    if (*at != '\'' && *at != '"')
        return NULL;
    end = strchr(at + 1, *at);
    if (!end)
        return NULL;
    *len = (size_t)(end - at - 1);
    return at + 1;
}

/* The encoding that a declaration names; NULL: there is no declaration, or it names none. Whether
 * it is in order is for a parser to see. */
static const char *find_named(const char *text, size_t *len)
{
    const char *end, *at;
    if (strncmp(text, "<?xml", 5) != 0 || !strchr(" \t\r\n", text[5]) || !text[5])
        return NULL;
    end = strstr(text, "?>");
    at = strstr(text + 5, "encoding");
    return end && at && at < end ? find_value(at + strlen("encoding"), len) : NULL;
}

/* Its beginning in ASCII, as far as a declaration could go: other characters are '?'. */
static void read_beginning(const char *family, const char *document, size_t len,
                           char text[DECLARATION_BYTES])
{
    union input in = {document};
    char *out = text;
    size_t in_len = len < DECLARATION_BYTES - 1 ? len : DECLARATION_BYTES - 1, i;
    size_t out_len = DECLARATION_BYTES - 1;
    iconv_t conversion;
    memset(text, 0, DECLARATION_BYTES);
    if (strcmp(family, EBCDIC) != 0) {
        for (i = 0; i < in_len; i++)
            if (document[i])
                *out++ = document[i] > 0 ? document[i] : '?';
        return;
    }
    conversion = iconv_open("UTF-8", family);
    if (conversion == NOT_OPEN)
        return;
    (void)iconv(conversion, &in.at, &in_len, &out, &out_len);
    iconv_close(conversion);
}

/* A declaration that was read as characters of one width names none of another. */
static enum sx_err take_declared(const char *document, size_t len, struct sx_encoding *encoding,
                                 char *why, size_t why_bytes)
{
    const char *family = find_family(document, len), *named;
    char text[DECLARATION_BYTES];
    size_t named_len;
    if (is_wide(family)) {
        set_name(encoding, family);
        return SX_OK;
    }
    read_beginning(family, document, len, text);
    named = find_named(text, &named_len);
    if (!named && strcmp(family, EBCDIC) == 0)
        return refuse(why, why_bytes, "it is EBCDIC, and doesn't say which");
    if (named && !take_name(named, named_len, encoding->name))
        return refuse(why, why_bytes, "its declaration names no encoding");
    if (!named || (strcmp(family, ASCII) == 0 && is_wide(encoding->name)))
        set_name(encoding, "UTF-8");
    return SX_OK;
}

/* ---- a charset ---- */

static bool is_blank(const char *text)
{
    return !text || !text[strspn(text, " \t\"'")];
}

/* "UTF-16" leaves the order of bytes to the text (RFC 2781 4.3). */
static bool take_charset(const char *charset, const char *document, size_t len,
                         struct sx_encoding *encoding)
{
    const char *family = find_family(document, len);
    charset += strspn(charset, " \t\"'");
    if (!take_name(charset, strcspn(charset, " \t\"';"), encoding->name))
        return false;
    if (strcasecmp(encoding->name, "UTF-16") == 0)
        set_name(encoding, strcmp(family, "UTF-16LE") == 0 ? family : "UTF-16BE");
    if (strcasecmp(encoding->name, "UTF-32") == 0)
        set_name(encoding, strcmp(family, "UTF-32LE") == 0 ? family : "UTF-32BE");
    return true;
}

enum sx_err sx_encoding_find(const char *document, size_t len, const char *charset,
                             struct sx_encoding *encoding, char *why, size_t why_bytes)
{
    encoding->mark_bytes = 0;
    if (take_mark(document, len, encoding))
        return SX_OK;
    if (is_blank(charset))
        return take_declared(document, len, encoding, why, why_bytes);
    if (take_charset(charset, document, len, encoding))
        return SX_OK;
    return refuse(why, why_bytes, "its charset names no encoding");
}

bool sx_encoding_is_utf8(const struct sx_encoding *encoding)
{
    return strcasecmp(encoding->name, "UTF-8") == 0 || strcasecmp(encoding->name, "UTF8") == 0;
}

/* ---- the conversion ---- */

/* Where it has stopped, and whether it goes on. */
static enum sx_err judge(const struct sx_encoding *encoding, size_t at, size_t left, char *why,
                         size_t why_bytes)
{
    if (errno == E2BIG)
        return SX_OK;
    if (errno == EINVAL)
        snprintf(why, why_bytes, "its last %zu bytes are no whole character of %s", left,
                 encoding->name);
    else
        snprintf(why, why_bytes, "its byte %zu begins no character of %s", at, encoding->name);
    return SX_EUNCARRIABLE;
}

static enum sx_err convert(iconv_t conversion, const struct sx_encoding *encoding,
                           const char *document, size_t len, size_t max_bytes,
                           struct sx_buffer *out, char *why, size_t why_bytes)
{
    union input in = {document + encoding->mark_bytes};
    char *end;
    size_t left = len - encoding->mark_bytes, room, done;
    enum sx_err err = SX_OK;
    bool is_over = false;
    while (!is_over) {
        if (!sx_buffer_reserve(out, PIECE_BYTES))
            return SX_ENOMEM;
        end = out->bytes + out->len;
        room = PIECE_BYTES;
        /* in the end what the encoding has kept back */
        done = left ? iconv(conversion, &in.at, &left, &end, &room)
                    : iconv(conversion, NULL, NULL, &end, &room);
        is_over = done != (size_t)-1 && !left && room == PIECE_BYTES;
        if (done == (size_t)-1)
            err = judge(encoding, (size_t)(in.read - document), left, why, why_bytes);
        out->len += PIECE_BYTES - room;
        out->bytes[out->len] = '\0';
        if (err)
            return err;
        if (out->len > max_bytes) {
            snprintf(why, why_bytes, "it is larger than %zu bytes in UTF-8", max_bytes);
            return SX_ETOOBIG;
        }
    }
    return SX_OK;
}

enum sx_err sx_encoding_convert(const struct sx_encoding *encoding, const char *document,
                                size_t len, size_t max_bytes, struct sx_buffer *out, char *why,
                                size_t why_bytes)
{
    iconv_t conversion = iconv_open("UTF-8", encoding->name);
    enum sx_err err;
    if (conversion == NOT_OPEN) {
        snprintf(why, why_bytes, "%s", sx_fault_text(SX_ENOMEM));
        if (errno == ENOMEM)
            return SX_ENOMEM;
        snprintf(why, why_bytes, "its encoding %s isn't known here", encoding->name);
        return SX_EUNCARRIABLE;
    }
    err = convert(conversion, encoding, document, len, max_bytes, out, why, why_bytes);
    if (err == SX_ENOMEM)
        snprintf(why, why_bytes, "%s", sx_fault_text(SX_ENOMEM));
    iconv_close(conversion);
    return err;
}
