/* pretty.c - an envelope for people: a line for each element.
 *
 * Invariant: each byte of a tag or of a text is written once, in order. An element that has a text
 * and elements beside it (mixed content) is indented all the same: this is for looking at.
 *
 * Failure modes: none; a tag that doesn't end is the rest. */
#include "pretty.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { STEP = 2, DEEPEST = 40 };

/* A tag, comment, CDATA section or processing instruction; or the text before the next of them. */
struct token {
    const char *bytes;
    size_t len;
    bool is_markup, is_open, is_close; /* <a>; </a> */
};

static size_t length_to(const char *bytes, size_t len, const char *end)
{
    const char *at = memmem(bytes, len, end, strlen(end));
    return at ? (size_t)(at - bytes) + strlen(end) : len;
}

/* A ">" in an attribute's value doesn't end the tag. */
static size_t tag_length(const char *bytes, size_t len)
{
    char quote = 0;
    size_t i;
    for (i = 1; i < len; i++) {
        if (quote)
            quote = bytes[i] == quote ? 0 : quote;
        else if (bytes[i] == '\'' || bytes[i] == '"')
            quote = bytes[i];
        else if (bytes[i] == '>')
            return i + 1;
    }
    return len;
}

static bool begins(const char *bytes, size_t len, const char *prefix)
{
    return len >= strlen(prefix) && memcmp(bytes, prefix, strlen(prefix)) == 0;
}

static struct token next_token(const char *bytes, size_t len)
{
    struct token token = {.bytes = bytes, .is_markup = bytes[0] == '<'};
    const char *markup;
    if (!token.is_markup) {
        markup = memchr(bytes, '<', len);
        token.len = markup ? (size_t)(markup - bytes) : len;
        return token;
    }
    if (begins(bytes, len, "<!--"))
        token.len = length_to(bytes, len, "-->");
    else if (begins(bytes, len, "<![CDATA["))
        token.len = length_to(bytes, len, "]]>");
    else if (begins(bytes, len, "<?"))
        token.len = length_to(bytes, len, "?>");
    else
        token.len = tag_length(bytes, len);
    token.is_close = begins(bytes, len, "</");
    token.is_open = !token.is_close && bytes[1] != '!' && bytes[1] != '?' &&
                    (token.len < 2 || bytes[token.len - 2] != '/');
    return token;
}

static bool is_blank(const struct token *token)
{
    size_t i;
    for (i = 0; i < token->len; i++)
        if (!strchr(" \t\r\n", token->bytes[i]))
            return false;
    return !token->is_markup;
}

/* U+0080 to U+009F, which XML allows, and DEL; and what no XML has. */
static void write_bytes(FILE *out, const char *bytes, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte == 0xc2 && i + 1 < len && (unsigned char)bytes[i + 1] >= 0x80 &&
            (unsigned char)bytes[i + 1] < 0xa0)
            fprintf(out, "&#x%x;", (unsigned char)bytes[++i]);
        else if ((byte < ' ' && byte != '\t' && byte != '\n') || byte == 0x7f)
            fprintf(out, "&#x%x;", byte);
        else
            putc(byte, out);
    }
}

void pretty_write(FILE *out, const char *xml, size_t len)
{
    if (isatty(fileno(out)))
        write_bytes(out, xml, len);
    else
        fwrite(xml, 1, len, out);
}

static void begin_line(FILE *out, unsigned indent, unsigned depth, bool *is_first)
{
    fprintf(out, "%s%*s", *is_first ? "" : "\n",
            (int)(indent + STEP * (depth < DEEPEST ? depth : DEEPEST)), "");
    *is_first = false;
}

void pretty_print(FILE *out, const char *xml, size_t len, unsigned indent)
{
    struct token before = {.is_markup = true};
    bool is_first = true;
    unsigned depth = 0;
    while (len) {
        struct token token = next_token(xml, len);
        xml += token.len;
        len -= token.len;
        if (is_blank(&token) && len)
            continue;
        depth -= token.is_close && depth;
        /* <a>text</a> and <a></a> stay in one line. */
        if (token.is_markup &&
            (is_first || (before.is_markup && !(before.is_open && token.is_close))))
            begin_line(out, indent, depth, &is_first);
        write_bytes(out, token.bytes, token.len);
        depth += token.is_open;
        before = token;
    }
    putc('\n', out);
}
