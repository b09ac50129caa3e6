/* http.h - endpoints that aren't ours, for callbacks.c's fconnect. */
#ifndef SX_GSOAP_HTTP_H
#define SX_GSOAP_HTTP_H

#include "gsoap/context.h"

/* Connects soap to an endpoint that isn't an xmpp: one, as gSOAP would do it without the plugin.
 * SOAP_OK, or soap's error. Blocks as long as gSOAP's connect does. */
int sx_http_connect(struct soap *soap, struct sx_context *context, const char *endpoint,
                    const char *host, int port);

#endif
