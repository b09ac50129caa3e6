/* See hex.h. */
#include "base/hex.h"

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

int gw_hex_byte(const char *text)
{
    int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);
    return low < 0 ? -1 : high << 4 | low;
}
