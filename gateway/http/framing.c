/* framing.c - where a request ends, and whether all agree on it.
 *
 * A proxy before us and libmicrohttpd behind us must find the same end, or what one takes for a
 * body is the other's next request. libmicrohttpd takes one of two lengths, ignores Content-Length
 * beside Transfer-Encoding, and reads to the end of the connection for an encoding that it doesn't
 * know: all that is refused here. It takes a bare LF for the end of a chunk's line, too, of which
 * nobody is told; so a chunked request is the last of its connection. */
#include "http/framing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What stands once at most, since two make two readers. */
static const char *const SINGLE[] = {"Content-Length",  "Transfer-Encoding", "Host",
                                     "Content-Type",    "Authorization",     "Expect",
                                     "Content-Encoding"};

static void check_length(struct gw_request *request, const char *length)
{
    size_t digits = strspn(length, "0123456789");
    if (!digits || length[digits] || digits > 18) {
        gw_request_refuse(request, 400, "Content-Length is no number of bytes");
        return;
    }
    request->announced_bytes = strtoull(length, NULL, 10);
    if (request->announced_bytes > request->config->limits.body_bytes)
        gw_request_refuse(request, 413, "the body has %s bytes; at most %zu are taken", length,
                          request->config->limits.body_bytes);
}

static void check_encoding(struct gw_request *request, const char *encoding)
{
    request->is_chunked = true;
    request->is_last = true;
    if (gw_request_header(request, "Content-Length"))
        gw_request_refuse(request, 400, "Content-Length stands beside Transfer-Encoding");
    if (strcasecmp(encoding, "chunked") != 0)
        gw_request_refuse(request, 400, "Transfer-Encoding is something else than chunked");
    if (request->is_http_1_0)
        gw_request_refuse(request, 400, "HTTP/1.0 knows no Transfer-Encoding");
}

void gw_framing_check(struct gw_request *request)
{
    const char *length = gw_request_header(request, "Content-Length");
    const char *encoding = gw_request_header(request, "Transfer-Encoding");
    const char *expect = gw_request_header(request, "Expect");

    for (size_t i = 0; i < sizeof SINGLE / sizeof *SINGLE; i++)
        if (gw_request_has_twice(request, SINGLE[i]))
            gw_request_refuse(request, 400, "%s stands twice", SINGLE[i]);
    if (!request->is_http_1_0 && !gw_request_header(request, "Host"))
        gw_request_refuse(request, 400, "Host is missing");
    if (encoding)
        check_encoding(request, encoding);
    else if (length)
        check_length(request, length);
    if (expect && strcasecmp(expect, "100-continue") != 0)
        gw_request_refuse(request, 417, "Expect is something else than 100-continue");
    if (strcmp(request->method, "TRACE") == 0 || strcmp(request->method, "CONNECT") == 0)
        gw_request_refuse(request, 405, "%s isn't known here", request->method);
}
