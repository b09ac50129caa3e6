/* See token.h. */
#include "config/token.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "contract/text.h"

enum { TEXT_BYTES = 8192, VARIABLE_BYTES = 64 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int skip_comment(struct gw_tokens *tokens, const struct gw_why *why)
{
    int line = tokens->place.line;
    const char *end = strstr(tokens->at + 2, "*/");
    if (!end)
        return gw_place_tell((struct gw_place){tokens->place.path, line}, why,
                             "a comment begins here and doesn't end");
    for (; tokens->at < end + 2; tokens->at++)
        tokens->place.line += *tokens->at == '\n';
    return 0;
}

/* White space and comments. */
static int skip(struct gw_tokens *tokens, const struct gw_why *why)
{
    for (;;) {
        const char *at = tokens->at;
        if (is_blank(*at)) {
            tokens->place.line += *at == '\n';
            tokens->at++;
        } else if (*at == '#' || (at[0] == '/' && at[1] == '/')) {
            tokens->at += strcspn(at, "\n");
        } else if (at[0] == '/' && at[1] == '*') {
            if (skip_comment(tokens, why))
                return -1;
        } else {
            return 0;
        }
    }
}

/* ${NAME}: its value. */
static int add_variable(struct gw_tokens *tokens, struct ct_text *text, const struct gw_why *why)
{
    const char *name = tokens->at + 2, *value;
    size_t len = strcspn(name, "}\"\n");
    char copy[VARIABLE_BYTES];
    if (name[len] != '}' || len == 0 || len >= sizeof copy)
        return gw_place_tell(tokens->place, why,
                             "${ begins the name of a variable, which ends with }");
    memcpy(copy, name, len);
    copy[len] = '\0';
    value = getenv(copy);
    if (!value)
        return gw_place_tell(tokens->place, why, "the variable ${%s} isn't set", copy);
    ct_text_put(text, value);
    tokens->at = name + len + 1;
    return 0;
}

/* One character of a text, as it is written. */
static int add_character(struct gw_tokens *tokens, char quote, struct ct_text *text,
                         const struct gw_why *why)
{
    const char *at = tokens->at;
    if (*at == '\\' && (at[1] == '\\' || at[1] == quote)) {
        ct_text_add(text, at + 1, 1);
        tokens->at += 2;
        return 0;
    }
    if (*at == '\\' && quote == '"')
        return gw_place_tell(tokens->place, why,
                             "behind \\ stands \\ or \"; other text that has "
                             "one stands between single quotes");
    if (quote == '"' && at[0] == '$' && at[1] == '{')
        return add_variable(tokens, text, why);
    if ((unsigned char)*at < ' ' || *at == 127)
        return gw_place_tell(tokens->place, why,
                             "a text has no line breaks or other control "
                             "characters in it");
    ct_text_add(text, at, 1);
    tokens->at++;
    return 0;
}

static int read_text(struct gw_tokens *tokens, struct gw_token *token, const struct gw_why *why)
{
    struct ct_text text = {.limit = TEXT_BYTES};
    char quote = *tokens->at++;
    int result = 0;
    token->kind = GW_TOKEN_TEXT;
    while (result == 0 && *tokens->at != quote) {
        if (*tokens->at == '\0' || *tokens->at == '\n')
            result = gw_place_tell(tokens->place, why,
                                   "a text begins in this line and doesn't end "
                                   "in it: there is a quote too much, or one "
                                   "too few");
        else
            result = add_character(tokens, quote, &text, why);
    }
    tokens->at += result == 0;
    if (result == 0 && text.over_limit)
        result = gw_place_tell(tokens->place, why, "a text is longer than 8 KiB");
    if (result == 0 && !ct_text_is_xml(text.bytes ? text.bytes : ""))
        result = gw_place_tell(tokens->place, why, "a text isn't UTF-8");
    if (result == 0) {
        token->text = text.no_memory
                          ? NULL
                          : ct_pool_copy(tokens->pool, text.bytes ? text.bytes : "", text.len);
        if (!token->text)
            result = gw_place_no_memory(why);
    }
    if (text.bytes)
        explicit_bzero(text.bytes, text.len); /* it may be a password */
    ct_text_fini(&text);
    return result;
}

static int read_word(struct gw_tokens *tokens, struct gw_token *token, const struct gw_why *why)
{
    size_t len = strcspn(tokens->at, " \t\r\n{}()=,\"'#"), i;
    token->kind = GW_TOKEN_WORD;
    for (i = 0; i < len; i++) {
        if ((unsigned char)tokens->at[i] < ' ' || (unsigned char)tokens->at[i] > 126)
            return gw_place_tell(tokens->place, why, "a character that only stands between quotes");
    }
    if (len > TEXT_BYTES)
        return gw_place_tell(tokens->place, why, "a word is longer than 8 KiB");
    token->text = ct_pool_copy(tokens->pool, tokens->at, len);
    tokens->at += len;
    return token->text ? 0 : gw_place_no_memory(why);
}

int gw_token_next(struct gw_tokens *tokens, struct gw_token *token, const struct gw_why *why)
{
    static const char signs[] = "{}()=,";
    static const char *const texts[] = {"{", "}", "(", ")", "=", ","};
    const char *sign;
    if (skip(tokens, why))
        return -1;
    *token = (struct gw_token){.kind = GW_TOKEN_END, .text = "the file's end"};
    token->line = tokens->place.line;
    if (*tokens->at == '\0')
        return 0;
    if (*tokens->at == '"' || *tokens->at == '\'')
        return read_text(tokens, token, why);
    sign = strchr(signs, *tokens->at);
    if (!sign)
        return read_word(tokens, token, why);
    token->kind = GW_TOKEN_SIGN;
    token->sign = *sign;
    token->text = texts[sign - signs];
    tokens->at++;
    return 0;
}
