/* uri.c - a JID as an xmpp: URI, and the path in it.
 *
 * Happy path: count -> copy or escape each byte.
 * Failure modes: none; what is longer than its place isn't written.
 */
#include "wire/uri.h"

#include <stdbool.h>
#include <string.h>

#define SCHEME  "xmpp:"
#define DEFAULT "/soap"

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~!$&'()*+,;=:@/", c));
}

static void write_byte(char **out, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    if (is_plain(c)) {
        *(*out)++ = c;
        return;
    }
    *(*out)++ = '%';
    *(*out)++ = digits[(unsigned char)c >> 4];
    *(*out)++ = digits[(unsigned char)c & 15];
}

size_t sx_uri_write(const char *jid, char *out, size_t out_bytes)
{
    size_t len = strlen(SCHEME);
    const char *c;
    for (c = jid; *c; c++)
        len += is_plain(*c) ? 1 : 3;
    if (len >= out_bytes) {
        if (out_bytes)
            *out = '\0';
        return len;
    }
    memcpy(out, SCHEME, strlen(SCHEME));
    out += strlen(SCHEME);
    for (c = jid; *c; c++)
        write_byte(&out, *c);
    *out = '\0';
    return len;
}

const char *sx_uri_path(const char *uri)
{
    const char *path = strchr(uri, '/');
    size_t len = strlen(DEFAULT);
    if (!path)
        return "/";
    if (strncmp(path, DEFAULT, len) != 0 || (path[len] && path[len] != '/'))
        return path;
    return path[len] ? path + len : "/";
}
