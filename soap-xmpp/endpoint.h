/* endpoint.h - an endpoint as it is typed: "xmpp:cam@x/soap", or shorter "cam@x/soap". */
#ifndef SOAP_XMPP_TOOL_ENDPOINT_H
#define SOAP_XMPP_TOOL_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

enum { ENDPOINT_BYTES = 4096 };

/* Writes it as the library wants it: with "xmpp:" before it, and with "?message" behind it if it is
 * to go by message. Returns 0, or -1: too long, or of another scheme. */
int endpoint_write(const char *typed, bool is_message, char out[ENDPOINT_BYTES]);

#endif
