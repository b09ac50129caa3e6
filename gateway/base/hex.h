/* hex.h - bytes that are written as two hexadecimal digits of either case: %C3, =C3. Any thread. */
#ifndef GW_HEX_H
#define GW_HEX_H

/* The value of the two digits that text begins with; -1: they are none, or text ends (NUL) before.
 */
int gw_hex_byte(const char *text);

#endif
