/* hex.h - bytes and numbers as hexadecimal digits, lower case alone, both ways.
 *
 * Pure functions, any thread.
 */
#ifndef SX_BASE_HEX_H
#define SX_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SX_HEX_NUMBER_DIGITS = 16 }; /* of the largest number */

/* Writes 2 * len digits and a NUL. */
void sx_hex_format(const void *bytes, size_t len, char *out);

/* Reads 2 * len digits into len bytes; false at the first that is none, out spoilt. A NUL ends the
 * text, no byte beyond it is read. */
bool sx_hex_parse(const char *text, size_t len, void *out);

/* Writes the number without leading zeros, and no NUL. Returns the end. */
char *sx_hex_format_number(uint64_t number, char *out);

/* Reads all digits that text begins with, 16 at most. Returns their end; NULL, *number untouched:
 * there is none, or more. */
const char *sx_hex_parse_number(const char *text, uint64_t *number);

/* 0 to 15, or -1. */
int sx_hex_digit(char c);

#endif
