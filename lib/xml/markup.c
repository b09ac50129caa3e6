/* markup.c - plain markup read byte by byte.
 *
 * Invariant: at never passes end, and no byte behind end is read. open[0..depth) are the names of
 * the elements that have begun and not ended. token <= at: the tag or text that the sink is told.
 *
 * Happy path: start tag -> (text | start tag | end tag)... -> the root's end tag.
 * Failure: the first byte that isn't plain, or a sink that objects, ends it.
 */
#include "xml/markup.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* What a byte may be; DEL, controls and bytes from 0x80 on are nothing of these. */
enum {
    NAME_START = 1,
    NAME = 2,
    SPACE = 4, /* CR is none: expat makes LF of it */
    TEXT = 8,  /* stands for itself in texts; ']' doesn't: it may begin "]]>" */
    VALUE = 16 /* stands for itself in attribute values */
};

static unsigned char classify(unsigned char byte)
{
    bool is_letter =
        (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == ':';
    if (is_letter)
        return NAME_START | NAME | TEXT | VALUE;
    if ((byte >= '0' && byte <= '9') || byte == '-' || byte == '.')
        return NAME | TEXT | VALUE;
    if (byte == ' ')
        return SPACE | TEXT | VALUE;
    if (byte == '\t' || byte == '\n')
        return SPACE | TEXT;
    if (byte < ' ' || byte >= 0x7F || byte == '<' || byte == '&')
        return 0;
    return byte == ']' ? VALUE : TEXT | VALUE;
}

bool sx_markup_init(struct sx_markup *markup, unsigned max_depth)
{
    unsigned byte;
    markup->open = calloc(max_depth, sizeof *markup->open);
    markup->max_depth = max_depth;
    for (byte = 0; byte < sizeof markup->classes; byte++)
        markup->classes[byte] = classify((unsigned char)byte);
    return markup->open != NULL;
}

void sx_markup_fini(struct sx_markup *markup)
{
    free(markup->open);
    sx_buffer_fini(&markup->tag);
    memset(markup, 0, sizeof *markup);
}

/* ---- bytes ---- */

static bool is_at(const struct sx_markup *markup, unsigned char classes)
{
    return markup->at < markup->end && (markup->classes[(unsigned char)*markup->at] & classes);
}

/* Runs over every byte: what it looks at stays in registers. */
static void skip(struct sx_markup *markup, unsigned char classes)
{
    const char *at = markup->at, *end = markup->end;
    while (at < end && (markup->classes[(unsigned char)*at] & classes))
        at++;
    markup->at = at;
}

static bool take(struct sx_markup *markup, char byte)
{
    if (markup->at == markup->end || *markup->at != byte)
        return false;
    markup->at++;
    return true;
}

static bool read_name(struct sx_markup *markup, struct sx_markup_name *name)
{
    name->bytes = markup->at;
    if (!is_at(markup, NAME_START))
        return false;
    skip(markup, NAME);
    name->len = (size_t)(markup->at - name->bytes);
    return true;
}

/* Characters beyond ASCII. */
static bool skip_high(struct sx_markup *markup)
{
    while (markup->at < markup->end && (unsigned char)*markup->at >= 0x80) {
        char last[4] = {0};
        size_t left = (size_t)(markup->end - markup->at), len;
        const char *bytes = markup->at;
        if (left < sizeof last)
            bytes = memcpy(last, markup->at, left);
        len = sx_utf8_xml_len(bytes);
        if (!len)
            return false;
        markup->at += len;
    }
    return true;
}

/* ---- tags ---- */

/* The name's or value's place in tag: kept as an offset, for tag moves as it grows. */
static size_t keep(struct sx_markup *markup, const char *bytes, size_t len)
{
    struct sx_buffer *tag = &markup->tag;
    size_t place = tag->len;
    if (!sx_buffer_reserve(tag, len + 1))
        return 0;
    memcpy(tag->bytes + place, bytes, len);
    tag->bytes[place + len] = tag->bytes[place + len + 1] = '\0';
    tag->len += len + 1;
    return place;
}

static void skip_value(struct sx_markup *markup, char quote)
{
    const char *at = markup->at, *end = markup->end;
    while (at < end && *at != quote && (markup->classes[(unsigned char)*at] & VALUE))
        at++;
    markup->at = at;
}

static bool read_value(struct sx_markup *markup, size_t *place)
{
    const char *begin;
    char quote;
    skip(markup, SPACE);
    if (!take(markup, '='))
        return false;
    skip(markup, SPACE);
    quote = take(markup, '"') ? '"' : '\'';
    if (quote == '\'' && !take(markup, quote))
        return false;
    begin = markup->at;
    for (;;) {
        skip_value(markup, quote);
        if (markup->at < markup->end && (unsigned char)*markup->at < 0x80)
            break;
        if (markup->at == markup->end || !skip_high(markup))
            return false;
    }
    *place = keep(markup, begin, (size_t)(markup->at - begin));
    return take(markup, quote);
}

/* XML 1.0 3.1, "Unique Att Spec". A value stands right behind its name and NUL. */
static bool is_new(const struct sx_markup *markup, const size_t *places, size_t count)
{
    const char *tag = markup->tag.bytes, *name = tag + places[2 * count];
    size_t bytes = places[2 * count + 1] - places[2 * count], i;
    for (i = 0; i < count; i++)
        if (places[2 * i + 1] - places[2 * i] == bytes &&
            memcmp(tag + places[2 * i], name, bytes) == 0)
            return false;
    return true;
}

/* Up to '>' or "/>". */
static bool read_attributes(struct sx_markup *markup, size_t *places, size_t *count)
{
    struct sx_markup_name name;
    for (*count = 0;; ++*count) {
        bool is_apart = is_at(markup, SPACE);
        skip(markup, SPACE);
        if (!is_at(markup, NAME_START))
            return true;
        if (!is_apart || *count == SX_MARKUP_ATTRIBUTES || !read_name(markup, &name))
            return false;
        places[2 * *count] = keep(markup, name.bytes, name.len);
        if (!read_value(markup, &places[2 * *count + 1]) || markup->tag.failed ||
            !is_new(markup, places, *count))
            return false;
    }
}

static bool end_element(struct sx_markup *markup, const struct sx_markup_sink *sink)
{
    markup->depth--;
    return sink->end(sink->user);
}

/* Behind '<'. */
static bool read_start_tag(struct sx_markup *markup, const struct sx_markup_sink *sink)
{
    const char *attributes[2 * SX_MARKUP_ATTRIBUTES + 1];
    size_t places[2 * SX_MARKUP_ATTRIBUTES + 2];
    struct sx_markup_name name;
    bool is_empty;
    size_t count, i;
    if (markup->depth == markup->max_depth || !read_name(markup, &name))
        return false;
    sx_buffer_clear(&markup->tag);
    keep(markup, name.bytes, name.len);
    if (!read_attributes(markup, places, &count) || markup->tag.failed)
        return false;
    is_empty = take(markup, '/');
    if (!take(markup, '>'))
        return false;
    for (i = 0; i < 2 * count; i++)
        attributes[i] = markup->tag.bytes + places[i];
    attributes[2 * count] = NULL;
    if (!sink->start(sink->user, markup->tag.bytes, attributes))
        return false;
    markup->open[markup->depth++] = name;
    return !is_empty || end_element(markup, sink);
}

/* Behind "</". */
static bool read_end_tag(struct sx_markup *markup, const struct sx_markup_sink *sink)
{
    const struct sx_markup_name *open = &markup->open[markup->depth - 1];
    struct sx_markup_name name;
    if (!read_name(markup, &name) || name.len != open->len ||
        memcmp(name.bytes, open->bytes, name.len) != 0)
        return false;
    skip(markup, SPACE);
    return take(markup, '>') && end_element(markup, sink);
}

/* ---- texts ---- */

/* Behind '&'. */
static bool read_reference(struct sx_markup *markup, const struct sx_markup_sink *sink)
{
    static const struct {
        const char *name, *text;
    } known[] = {{"amp;", "&"}, {"lt;", "<"}, {"gt;", ">"}, {"quot;", "\""}, {"apos;", "'"}};
    size_t i;
    for (i = 0; i < sizeof known / sizeof *known; i++) {
        size_t len = strlen(known[i].name);
        if (len > (size_t)(markup->end - markup->at) || memcmp(markup->at, known[i].name, len) != 0)
            continue;
        markup->at += len;
        return sink->text(sink->user, known[i].text, 1);
    }
    return false;
}

/* Up to a '<', or what isn't plain. */
static bool read_text(struct sx_markup *markup, const struct sx_markup_sink *sink)
{
    const char *begin = markup->token = markup->at;
    do {
        skip(markup, TEXT);
        if (!skip_high(markup))
            return false;
    } while (is_at(markup, TEXT));
    return begin == markup->at || sink->text(sink->user, begin, (int)(markup->at - begin));
}

static bool read_content(struct sx_markup *markup, const struct sx_markup_sink *sink)
{
    while (markup->depth) {
        bool goes_on;
        if (!read_text(markup, sink))
            return false;
        markup->token = markup->at;
        if (take(markup, '&'))
            goes_on = read_reference(markup, sink);
        else if (!take(markup, '<'))
            goes_on = false;
        else if (take(markup, '/'))
            goes_on = read_end_tag(markup, sink);
        else
            goes_on = read_start_tag(markup, sink);
        if (!goes_on)
            return false;
    }
    return true;
}

size_t sx_markup_read(struct sx_markup *markup, const char *bytes, size_t len,
                      const struct sx_markup_sink *sink)
{
    markup->token = markup->at = bytes;
    markup->end = bytes + len;
    markup->depth = 0;
    if (len > INT_MAX || !take(markup, '<') || !read_start_tag(markup, sink) ||
        !read_content(markup, sink))
        return 0;
    return (size_t)(markup->at - bytes);
}
