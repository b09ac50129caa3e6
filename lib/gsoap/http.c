/* http.c - endpoints that aren't ours: they are connected as if the plugin weren't there.
 *
 * Noun: HTTP beside XMPP. With an fconnect in struct soap gSOAP doesn't connect by itself any
 * longer, so what it would have done is done here.
 *
 * Invariant: http_host and http_port name the peer of soap->socket, or http_port is 0.
 *
 * Happy path: an open connection to the same host serves the next call; else one is opened.
 * Failure modes: gSOAP's own, with gSOAP's own errors. A message whose length nobody has counted,
 * because an xmpp: endpoint was expected, is stored first.
 */
#include "gsoap/http.h"

#include <string.h>

/* What gSOAP's soap_try_connect_command() does when there is no fconnect. Whether the socket leads
 * to host can't be seen from soap->host, which an xmpp: endpoint has overwritten. */
static int connect_as_gsoap(struct soap *soap, struct sx_context *context, const char *endpoint)
{
    if (!soap->fopen || !*soap->host)
        return SOAP_OK;
    if (soap->keep_alive && soap_valid_socket(soap->socket) && context->http_port == soap->port &&
        strcmp(context->http_host, soap->host) == 0 && soap->fpoll && soap->fpoll(soap) == SOAP_OK)
        return SOAP_OK;
    soap->error = SOAP_OK;
    if (strncmp(endpoint, "soap.udp:", 9) == 0 || strncmp(endpoint, "udp:", 4) == 0) {
        soap->omode |= SOAP_IO_UDP;
    } else {
        soap->keep_alive = 0;
        soap->omode &= ~(soap_mode)SOAP_IO_UDP;
    }
    (void)soap_closesock(soap);
    if (soap->keep_alive && soap_valid_socket(soap->socket))
        return SOAP_OK;
    context->http_port = 0;
    soap->socket = soap->fopen(soap, endpoint, soap->host, soap->port);
    if (!soap_valid_socket(soap->socket) || soap->error)
        return soap->error ? soap->error : (soap->error = SOAP_TCP_ERROR);
    soap->keep_alive = -((soap->omode & SOAP_IO_KEEPALIVE) != 0);
    soap_strcpy(context->http_host, sizeof context->http_host, soap->host);
    context->http_port = soap->port;
    return SOAP_OK;
}

int sx_http_connect(struct soap *soap, struct sx_context *context, const char *endpoint,
                    const char *host, int port)
{
    bool skipped_count = context->skipped_count;
    soap_mode io;
    int err;
    context->expects_xmpp = context->skipped_count = context->restored_at_close = false;
    context->missing = SX_MISSING_NOTHING;
    if (context->previous.fconnect)
        err = context->previous.fconnect(soap, endpoint, host, port);
    else
        err = connect_as_gsoap(soap, context, endpoint);
    io = soap->omode & SOAP_IO;
    if (err || !skipped_count || io == SOAP_IO_STORE || io == SOAP_IO_CHUNK)
        return err;
    /* The guess was wrong, the length of the message is unknown: let gSOAP store it to find out.
     * fdisconnect puts the mode back. */
    sx_context_park_modes(soap, context);
    soap->omode = (soap->omode & ~(soap_mode)SOAP_IO) | SOAP_IO_STORE;
    return SOAP_OK;
}
