/* utf8.h - characters in bytes (RFC 3629): read, write, and cut between them.
 *
 * Texts end in a NUL, and no byte beyond it is read. Any thread; nothing blocks.
 */
#ifndef SX_BASE_UTF8_H
#define SX_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SX_UTF8_CHAR_BYTES = 4 }; /* the longest character */

/* Decodes the character at text. Its length; 0, *c untouched: there is none (an overlong form, a
 * surrogate, beyond U+10FFFF, not whole). */
size_t sx_utf8_decode(const char *text, uint32_t *c);

/* The length of the character at text if XML 1.0 allows it (section 2.2), else 0. Text ends in a
 * NUL or holds four bytes. */
size_t sx_utf8_xml_len(const char *text);

/* Takes the next character off a text that isn't empty. A byte that begins none stands for itself,
 * as 0x110000 and more: no character, so that two texts differ when their bytes do. */
uint32_t sx_utf8_next(const char **text);

/* Writes a character that decode may give, without NUL. Its length. */
size_t sx_utf8_encode(uint32_t c, char out[SX_UTF8_CHAR_BYTES]);

/* Whether all of a text's bytes are ASCII. */
bool sx_utf8_is_ascii(const char *text);

/* A space or a line's end that Unicode knows beside those of ASCII; of ASCII, ' ' alone. */
bool sx_utf8_is_space(uint32_t c);

/* How much of a text of len bytes is left once a character is taken off that the cut at len has
 * split. Reads nothing at len or beyond. */
size_t sx_utf8_cut(const char *text, size_t len);

/* Takes out of a text, in place, each byte that is part of no character: a format with a precision
 * has split it. */
void sx_utf8_drop_broken(char *text);

#endif
