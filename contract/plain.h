/* plain.h - text of others, as it may stand on a line of a terminal or a log.
 *
 * Noun: plain text: UTF-8 without control characters. Allocates nothing, doesn't block; any thread.
 */
#ifndef CT_PLAIN_H
#define CT_PLAIN_H

#include <stddef.h>

/* The length of the character of UTF-8 at text (RFC 3629), which a NUL ends; 0: it is none. Its
 * code in *code, unless NULL. */
size_t ct_plain_character(const char *text, unsigned *code);

/* Makes text plain, line ends gone: each byte of what a terminal takes for a command (C0, DEL, C1),
 * and of what isn't UTF-8, becomes '?'. Its length stays, and so does what is plain already. */
void ct_plain_make(char *text);

/* Ends text behind its last whole character, after it was cut at any byte. */
void ct_plain_cut(char *text);

#endif
