/* header_text.c - a header as it stood on the wire.
 *
 * libmicrohttpd up to 0.9.76 takes more than RFC 9112 has, and its values don't tell: a NUL ends
 * one, LF alone ends a line. But it reads the header where it was received, in one piece, and puts
 * a NUL where a blank, a colon, CR or LF was; its length is known, too. So CR LF are two NULs, and
 * what is anything else is refused. Later versions are strict by an option (listener.c), and are
 * left alone here. */
#include "http/header_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_STRICT = 77, VERSION_BYTES = 8 }; /* "HTTP/1.1" */

static bool is_lenient(void)
{
    int patch;
    return sscanf(MHD_get_version(), "0.9.%d", &patch) == 1 && patch < FIRST_STRICT;
}

static bool is_line_end(const char *at, const char *end)
{
    return at + 2 <= end && !at[0] && !at[1];
}

/* The line behind "NAME: VALUE" CR LF at `at`, or NULL. */
static const char *skip_field(const char *at, const char *end)
{
    if (*at == ' ' || *at == '\t')
        return NULL;
    for (int i = 0; i < 2; i++) { /* to the colon, to the line's end */
        at = memchr(at, '\0', (size_t)(end - at));
        if (!at)
            return NULL;
        at += i == 0;
    }
    return is_line_end(at, end) ? at + 2 : NULL;
}

static bool is_right(const struct gw_request *request, const char *method, const char *version)
{
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (!size)
        return false;
    const char *end = method + size->header_size;
    const char *at = method + strlen(method) + 1 + request->target_bytes + 1;
    if (at != version || at + VERSION_BYTES > end || !is_line_end(at + VERSION_BYTES, end))
        return false;
    for (at += VERSION_BYTES + 2; at && at < end; at = skip_field(at, end))
        if (is_line_end(at, end))
            return at + 2 == end;
    return false;
}

void gw_header_text_check(struct gw_request *request, const char *method, const char *version)
{
    if (is_lenient() && !is_right(request, method, version))
        gw_request_refuse(request, 400, "the header isn't made of lines that end with CR LF");
}
