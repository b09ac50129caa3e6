/* path.c - a request's path, decoded once.
 *
 * What two programs could read in two ways is refused instead of being put right: who looks at the
 * path behind us (a route, a device) must see what we have seen. */
#include "http/path.h"

#include <string.h>

#include "base/hex.h"
#include "contract/text.h"

/* Whether a segment of the decoded path is "." or "..". */
static bool has_dots(const char *path)
{
    for (const char *segment = path; segment; segment = strchr(segment, '/')) {
        segment += *segment == '/';
        size_t length = strcspn(segment, "/");
        if ((length == 1 && segment[0] == '.') ||
            (length == 2 && segment[0] == '.' && segment[1] == '.'))
            return true;
    }
    return false;
}

bool gw_path_unescape(const char *path, char *out)
{
    char *end = out;
    if (*path != '/')
        return false;
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        if (c == '%') {
            int byte = gw_hex_byte(path + 1);
            if (byte < 0)
                return false;
            c = (unsigned char)byte;
            path += 2;
        }
        if (c < 0x20 || c == 0x7f || c == '\\')
            return false;
        *end++ = (char)c;
    }
    *end = '\0';
    return ct_text_is_xml(out) && !has_dots(out);
}
