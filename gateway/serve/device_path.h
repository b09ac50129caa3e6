/* device_path.h - a path that a caller has chosen, checked and made part of a URL.
 *
 * Noun: the path of a device. Pure; any thread.
 *
 * Whoever could choose any of it could have the gateway call what it likes of the backend's host:
 * so it begins with '/', stays below the folder of the serve's URL or within its `paths`, and has
 * no "..", no "//", no '\', no control character, and a query only where the serve says so. */
#ifndef GW_DEVICE_PATH_H
#define GW_DEVICE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

enum { GW_DEVICE_PATH_BYTES = 512 };

/* NULL: it may be asked for; else a clause, why not. path is decoded, but for its query. */
const char *gw_device_path_check(const struct gw_serve_config *serve, const char *url,
                                 const char *path);
/* As in a URL: percent-encoded, its query as it is. false: no room. */
bool gw_device_path_encode(const char *path, char *out, size_t out_bytes);
/* The other way: what stands behind a URL's authority, without its fragment. false: no room, a NUL,
 * or an encoded '?', which would begin a query once it is decoded. */
bool gw_device_path_decode(const char *raw, char *out, size_t out_bytes);
/* Of an xmpp: address, which encodes all of it, the query too. false: no room, a NUL. */
bool gw_device_path_decode_resource(const char *raw, char *out, size_t out_bytes);
/* Whether text is the pattern, in which each '*' is any text. */
bool gw_device_path_match(const char *pattern, const char *text);

#endif
