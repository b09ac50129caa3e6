/* token.h - the tags and texts of bytes that somebody has found well-formed, one after the other.
 *
 * Noun: the token, where it stands in the bytes. For whoever changes bytes in their place: nothing
 * is decoded or copied. Bytes that aren't well-formed give senseless tokens, none beyond the end.
 */
#ifndef SX_XML_TOKEN_H
#define SX_XML_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

enum sx_token_kind {
    SX_TOKEN_START,
    SX_TOKEN_EMPTY, /* <a/> */
    SX_TOKEN_END,
    SX_TOKEN_TEXT,
    SX_TOKEN_OTHER /* CDATA, a comment, an instruction */
};

struct sx_token {
    enum sx_token_kind kind;
    const char *bytes;
    size_t len;
};

/* The token at `at`; false at the end. The next one is at bytes + len. */
bool sx_token_read(struct sx_token *token, const char *at, const char *end);

/* The name of a start or an empty tag: its length, at token->bytes + 1. */
size_t sx_token_name_len(const struct sx_token *token);

struct sx_token_attribute {
    const char *name, *value; /* value: between its quotes */
    size_t name_len, value_len;
};

/* The attribute behind *at, which is moved on; false: there is none any more. *at begins as
 * token->bytes + 1 + sx_token_name_len(token). */
bool sx_token_attribute(const struct sx_token *token, const char **at,
                        struct sx_token_attribute *attribute);

#endif
