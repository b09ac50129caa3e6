/* path.h - a request's path, decoded once. Pure; any thread. */
#ifndef GW_PATH_H
#define GW_PATH_H

#include <stdbool.h>

/* Decodes %XX of path into out, which has room for all of it. false: it doesn't begin with '/', a
 * '%' has no two digits behind it, or it decodes to NUL, to a control character, to no UTF-8, to a
 * backslash, or to a segment "." or "..". */
bool gw_path_unescape(const char *path, char *out);

#endif
