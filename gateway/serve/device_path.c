/* See device_path.h. */
#include "serve/device_path.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "contract/plain.h"

/* ---- check ---- */

static bool is_plain(const char *path)
{
    while (*path) {
        unsigned code;
        size_t bytes = ct_plain_character(path, &code);
        if (bytes == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) || code == '\\')
            return false;
        path += bytes;
    }
    return true;
}

/* "." or ".." between slashes; a ';' ends a segment for some servers. */
static bool has_dots(const char *path, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        size_t segment = 0, name;
        while (at + segment < bytes && path[at + segment] != '/')
            segment++;
        for (name = 0; name < segment && path[at + name] != ';';)
            name++;
        if (name > 0 && name <= 2 && strspn(path + at, ".") >= name)
            return true;
        at += segment + 1;
    }
    return false;
}

/* Iterative: '*' goes back to the last one alone, so that no text takes longer than both lengths
 * multiplied. */
bool gw_device_path_match(const char *pattern, const char *text)
{
    const char *star = NULL, *again = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            again = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++again;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* Where the path of a URL begins; its end if it has none. */
static const char *path_of(const char *url)
{
    const char *authority = strstr(url, "://");
    authority = authority ? authority + 3 : url;
    return authority + strcspn(authority, "/?#");
}

/* The folder of the URL, with the '/' at its end; "/" if it has no path. */
static size_t folder_bytes(const char *url_path)
{
    size_t bytes = strcspn(url_path, "?#");
    while (bytes > 0 && url_path[bytes - 1] != '/')
        bytes--;
    return bytes;
}

static bool is_allowed(const struct gw_serve_config *serve, const char *url, const char *path,
                       size_t bytes)
{
    char asked[GW_DEVICE_PATH_BYTES + 1], folder[GW_DEVICE_PATH_BYTES + 1];
    const char *own = path_of(url);
    size_t own_bytes = folder_bytes(own);
    memcpy(asked, path, bytes);
    asked[bytes] = '\0';
    for (size_t i = 0; i < serve->paths.count; i++)
        if (gw_device_path_match(serve->paths.list[i], asked))
            return true;
    if (serve->paths.count > 0 || own_bytes > GW_DEVICE_PATH_BYTES)
        return false;
    if (own_bytes == 0)
        return true;
    memcpy(asked, own, own_bytes);
    asked[own_bytes] = '\0';
    return gw_device_path_decode(asked, folder, sizeof folder) &&
           strncmp(path, folder, strlen(folder)) == 0;
}

const char *gw_device_path_check(const struct gw_serve_config *serve, const char *url,
                                 const char *path)
{
    size_t bytes = strcspn(path, "?");
    if (*path != '/')
        return "the path doesn't begin with '/'";
    if (strlen(path) > GW_DEVICE_PATH_BYTES)
        return "the path is longer than 512 bytes";
    if (!is_plain(path))
        return "the path has a character in it that none may have";
    if (path[bytes] && !serve->with_query)
        return "the path has a query, and none is taken";
    if (has_dots(path, bytes))
        return "the path has \".\" or \"..\" in it";
    for (size_t i = 0; i + 1 < bytes; i++)
        if (path[i] == '/' && path[i + 1] == '/')
            return "the path has \"//\" in it";
    if (!is_allowed(serve, url, path, bytes))
        return "the path isn't one of those that may be called";
    return NULL;
}

/* ---- percent-encoding (RFC 3986) ---- */

static bool is_kept(const char *at, bool in_query)
{
    unsigned char c = (unsigned char)*at;
    if (c == '%')
        return in_query && gw_hex_byte(at + 1) >= 0;
    if (c == '?')
        return in_query;
    return isalnum(c) ? c < 0x80 : strchr("-._~!$&'()*+,;=:@/", c) != NULL;
}

bool gw_device_path_encode(const char *path, char *out, size_t out_bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    bool in_query = false;
    size_t used = 0;
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        if (used + 4 > out_bytes)
            return false;
        if ((c == '?' && !in_query) || is_kept(path, in_query)) {
            in_query = in_query || c == '?';
            out[used++] = (char)c;
            continue;
        }
        out[used++] = '%';
        out[used++] = digits[c >> 4];
        out[used++] = digits[c & 15];
    }
    if (used >= out_bytes)
        return false;
    out[used] = '\0';
    return true;
}

static bool decode(const char *raw, bool is_url, char *out, size_t out_bytes)
{
    bool in_query = false;
    size_t used = 0;
    for (; *raw && !(is_url && *raw == '#'); raw++) {
        char c = *raw;
        in_query = is_url && (in_query || c == '?');
        int byte = c == '%' && !in_query ? gw_hex_byte(raw + 1) : -1;
        if (byte >= 0) {
            c = (char)byte;
            raw += 2;
            if (c == '\0' || (is_url && c == '?'))
                return false;
        }
        if (used + 1 >= out_bytes)
            return false;
        out[used++] = c;
    }
    out[used] = '\0';
    return used < out_bytes;
}

bool gw_device_path_decode(const char *raw, char *out, size_t out_bytes)
{
    return decode(raw, true, out, out_bytes);
}

bool gw_device_path_decode_resource(const char *raw, char *out, size_t out_bytes)
{
    return decode(raw, false, out, out_bytes);
}
