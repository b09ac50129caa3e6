/* endpoint.c - an endpoint as it is typed: "xmpp:cam@x/soap", or shorter "cam@x/soap".
 *
 * Failure modes: another scheme (http://), or too long: -1. The rest is the library's to say. */
#include "endpoint.h"

#include <stdio.h>
#include <string.h>

int endpoint_write(const char *typed, bool is_message, char out[ENDPOINT_BYTES])
{
    bool has_scheme = strncmp(typed, "xmpp:", 5) == 0,
         has_query = strstr(typed, "?message") != NULL;
    int len;
    if (!has_scheme && strstr(typed, "://"))
        return -1;
    len = snprintf(out, ENDPOINT_BYTES, "%s%s%s", has_scheme ? "" : "xmpp:", typed,
                   is_message && !has_query ? "?message" : "");
    return len < ENDPOINT_BYTES ? 0 : -1;
}
