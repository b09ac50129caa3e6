/* address.h - addresses to listen on, authorities and URLs, as text.
 *
 * Noun: the address. Pure: nothing is looked up; any thread. */
#ifndef GW_ADDRESS_H
#define GW_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* "127.0.0.1:8080", "[::1]:8080", "/run/gw.sock": false with a clause in why. */
bool gw_address_check(const char *address, char *why, size_t why_bytes);
/* Whether only programs of this machine reach it: 127.0.0.0/8, ::1, a socket in the file system. */
bool gw_address_is_local(const char *address);
/* Whether two listeners can't have both: not so where each gets any free port (port 0). */
bool gw_address_is_same(const char *a, const char *b);
/* "192.0.2.1", "2001:db8::1". */
bool gw_address_is_numeric(const char *text);
/* "host", "host:port", "[::1]:port"; where it may have names, {name} stands for some characters. */
bool gw_address_is_authority(const char *text, size_t len, bool with_names);
/* "http://..." or "https://...": no user, no fragment, no space; a query only if it may have one.
 * false with a clause in why. */
bool gw_address_check_url(const char *url, bool with_names, bool with_query, char *why,
                          size_t why_bytes);

#endif
