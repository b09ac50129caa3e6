/* token.h - the words and signs of gateway.conf, which looks as libconfuse's files do.
 *
 *   word   'text'   "text, with ${VARIABLE} of the environment"   { } ( ) = ,
 *   # comment     // comment     (slash star) comment (star slash)
 *
 * libconfuse itself isn't used: of 3.3 the lines are wrong behind a comment of C, an end of the
 * file closes sections and comments, the last of two settings wins silently, "//" of a bare URL is
 * a comment, and memory that runs short ends the process, which reads again at each SIGHUP.
 *
 * Noun: the token. */
#ifndef GW_TOKEN_H
#define GW_TOKEN_H

#include "config/place.h"
#include "contract/pool.h"

enum gw_token_kind { GW_TOKEN_END, GW_TOKEN_WORD, GW_TOKEN_TEXT, GW_TOKEN_SIGN };

struct gw_token {
    enum gw_token_kind kind;
    char sign;        /* one of {}()=, */
    const char *text; /* of a word or text, in the pool; a sign's for a sentence */
    int line;
};

/* Where the reading of a file is; one thread. */
struct gw_tokens {
    struct ct_pool *pool;
    struct gw_place place; /* path, and the line it has come to */
    const char *at;        /* NUL-terminated */
};

/* 0, or -1 with a sentence: a text or comment without its end, an escape or character that isn't
 * one, a variable that isn't set, no memory. */
int gw_token_next(struct gw_tokens *tokens, struct gw_token *token, const struct gw_why *why);

#endif
