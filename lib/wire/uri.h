/* uri.h - a JID as an xmpp: URI (RFC 5122), and the path in it.
 *
 * Noun: the URI, written here; jid.h reads it.
 *
 * Invariant: a URI is that of one JID alone, and holds no byte that a path, a query or a list of
 * endpoints gives a meaning: what isn't unreserved, one of "!$&'()*+,;=:@" or '/' (RFC 3986 3.3) is
 * %XX.
 *
 * Pure functions, any thread.
 */
#ifndef SX_WIRE_URI_H
#define SX_WIRE_URI_H

#include <stddef.h>

/* Writes "xmpp:" and the JID, of any text as a server stamps it, if that and a NUL fit, else "".
 * Returns the length that it has, or would have. out NULL: out_bytes is 0, and it only counts. */
size_t sx_uri_write(const char *jid, char *out, size_t out_bytes);

/* What stands behind the resource, as a path: "/onvif/media" of xmpp:cam@example.org/onvif/media,
 * and of .../soap/onvif/media, too, for "soap" is the resource that an endpoint without one means.
 * "/" if nothing stands there. It begins with '/' and points into uri, which sx_uri_write wrote, or
 * at a constant. */
const char *sx_uri_path(const char *uri);

#endif
