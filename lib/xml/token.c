/* token.c - where tags and texts begin and end (XML 1.0, sections 2.4 to 3.1).
 *
 * Invariant: each token has at least one byte and ends at `end` at the latest.
 * Failure: none; what has no end goes to the end of the bytes.
 */
#include "xml/token.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool begins(const char *at, const char *end, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(end - at) >= len && memcmp(at, text, len) == 0;
}

/* The length with what it ends in. */
static size_t len_until(const char *at, const char *end, const char *text)
{
    const char *found = memmem(at, (size_t)(end - at), text, strlen(text));
    return found ? (size_t)(found - at) + strlen(text) : (size_t)(end - at);
}

/* An attribute's value may hold '>'. */
static size_t start_tag_len(const char *at, const char *end)
{
    const char *c;
    char quote = '\0';
    for (c = at; c < end; c++) {
        if (quote && *c == quote)
            quote = '\0';
        else if (!quote && (*c == '"' || *c == '\''))
            quote = *c;
        else if (!quote && *c == '>')
            return (size_t)(c - at) + 1;
    }
    return (size_t)(end - at);
}

bool sx_token_read(struct sx_token *token, const char *at, const char *end)
{
    const char *tag;
    if (at >= end)
        return false;
    token->bytes = at;
    token->kind = SX_TOKEN_OTHER;
    if (*at != '<') {
        token->kind = SX_TOKEN_TEXT;
        tag = memchr(at, '<', (size_t)(end - at));
        token->len = (size_t)((tag ? tag : end) - at);
    } else if (begins(at, end, "<![CDATA[")) {
        token->len = len_until(at, end, "]]>");
    } else if (begins(at, end, "<!--")) {
        token->len = len_until(at, end, "-->");
    } else if (begins(at, end, "<!") || begins(at, end, "<?")) {
        token->len = len_until(at, end, ">");
    } else if (begins(at, end, "</")) {
        token->kind = SX_TOKEN_END;
        token->len = len_until(at, end, ">");
    } else {
        token->len = start_tag_len(at, end);
        token->kind = token->len > 2 && at[token->len - 2] == '/' ? SX_TOKEN_EMPTY : SX_TOKEN_START;
    }
    return true;
}

size_t sx_token_name_len(const struct sx_token *token)
{
    size_t len = 0;
    while (len + 1 < token->len && !is_space(token->bytes[len + 1]) &&
           token->bytes[len + 1] != '/' && token->bytes[len + 1] != '>')
        len++;
    return len;
}

bool sx_token_attribute(const struct sx_token *token, const char **at,
                        struct sx_token_attribute *attribute)
{
    const char *c = *at, *end = token->bytes + token->len, *value_end;
    while (c < end && is_space(*c))
        c++;
    attribute->name = c;
    while (c < end && !is_space(*c) && *c != '=' && *c != '/' && *c != '>')
        c++;
    attribute->name_len = (size_t)(c - attribute->name);
    while (c < end && (is_space(*c) || *c == '='))
        c++;
    if (!attribute->name_len || c >= end || (*c != '"' && *c != '\''))
        return false;
    attribute->value = c + 1;
    value_end = memchr(c + 1, *c, (size_t)(end - c - 1));
    if (!value_end)
        return false;
    attribute->value_len = (size_t)(value_end - attribute->value);
    *at = value_end + 1;
    return true;
}
