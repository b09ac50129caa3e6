/* text.h - text that grows up to a limit: always NUL-terminated beyond len, one owner.
 *
 * Noun: the text. Invariant: a failed addition leaves the text as it was and marks it; later ones
 * do nothing, so that a long sequence is checked once, at its end. Any thread, one at a time. */
#ifndef CT_TEXT_H
#define CT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/error.h"

struct ct_text {
    char *bytes; /* NULL while nothing was added */
    size_t len, capacity;
    size_t limit;               /* bytes; 0: CT_TEXT_BYTES */
    bool no_memory, over_limit; /* what made an addition fail */
};

/* What a text holds that has no limit of its own. */
enum { CT_TEXT_BYTES = 64 * 1024 * 1024 };

void ct_text_fini(struct ct_text *text);  /* frees, zeroes */
void ct_text_clear(struct ct_text *text); /* len 0, no marks; keeps limit and capacity */
void ct_text_add(struct ct_text *text, const char *bytes, size_t len);
void ct_text_put(struct ct_text *text, const char *string); /* NUL-terminated */
void ct_text_print(struct ct_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts bytes in before what stands at `at`, which is at most len. */
void ct_text_insert(struct ct_text *text, size_t at, const char *bytes, size_t len);
/* The text cut to its first len bytes, which is at most what it has. */
void ct_text_cut(struct ct_text *text, size_t len);
/* As text or attribute value of XML: & < > " ' TAB LF CR as references. What isn't a character of
 * XML 1.0 in UTF-8 becomes U+FFFD. */
void ct_text_put_xml(struct ct_text *text, const char *string);

/* Whether string is UTF-8 that holds characters of XML 1.0 alone. */
bool ct_text_is_xml(const char *string);

/* Whether an addition has failed. */
bool ct_text_failed(const struct ct_text *text);
/* CT_OK, or CT_ENOMEM or CT_ELIMIT with a sentence; what: "the answer's JSON". */
enum ct_err ct_text_check(const struct ct_text *text, const char *what, struct ct_error *error);
/* The bytes (malloc'ed, NUL-terminated, "" if nothing was added) become the caller's, and the text
 * is empty. NULL when an addition has failed, or there is no memory for "". */
char *ct_text_take(struct ct_text *text);

#endif
