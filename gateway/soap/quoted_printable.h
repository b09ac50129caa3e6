/* quoted_printable.h - the Content-Transfer-Encoding of that name (RFC 2045 6.7), which mail
 * libraries choose for text that isn't ASCII. Pure; any thread. */
#ifndef GW_QUOTED_PRINTABLE_H
#define GW_QUOTED_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads it into out, which has room for len bytes. false: a '=' with neither two digits nor a
 * line's end behind it. */
bool gw_quoted_printable_read(const char *chars, size_t len, char *out, size_t *out_len);

#endif
