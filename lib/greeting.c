/* greeting.c - the presence that a link sends of its own accord.
 *
 * Invariant: without config.presence none is sent. With it, each session begins with an available
 * one, before anything else, and none says unavailable: that is the server's to say when the stream
 * closes (RFC 6121 4.5.2). A component's presence would reach nobody (XEP-0114 has no roster).
 *
 * Happy path: online -> greet. Failure: without memory or room the session has no presence, which
 * is traced; the next one has.
 *
 * Thread: the loop thread.
 */
#include "link_parts.h"

/* Without messages a priority that keeps the server from handing us those for the bare JID, stored
 * ones too (RFC 6121 4.7.2.3): they are for a person's client. */
static const char GREETING[] = "<presence><priority>-1</priority></presence>";
static const char GREETING_FOR_MESSAGES[] = "<presence/>";

void sx_link_greet(struct soap_xmpp_link *link, uint64_t session)
{
    struct sx_buffer stanza = {0};
    enum sx_err err = SX_ENOMEM;
    size_t len;
    char *bytes;
    if (!link->config.presence || link->config.is_component)
        return;
    sx_buffer_add_text(&stanza, link->config.messages ? GREETING_FOR_MESSAGES : GREETING);
    bytes = sx_buffer_take(&stanza, &len);
    if (bytes)
        err = sx_loop_post(link->loop, session, bytes, len, 0);
    if (err != SX_OK)
        sx_trace(&link->trace, SOAP_XMPP_TRACE_ERROR, "no presence sent: %s", sx_fault_text(err));
}
