/* ping.c - pings of our own server (XEP-0199): signs of life, and receipts for messages.
 *
 * Invariant: whom it is to depends on the configuration alone, so that any thread may write one.
 *
 * Happy path: written -> answered by whoever has the address -> its id tells what it was for.
 */
#include <stdio.h>

#include "wire/jid.h"
#include "link/link_parts.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"

/* Whom to ask so that the server says something on this very stream. A component's domain is the
 * component itself: its ping comes back, as a question, then as its own answer. Whose the domain
 * above it is nobody knows. One that shares its domain might see its ping dealt out to another
 * process; an address that is none is refused by the server itself (RFC 6120 8.3.3.8). */
static const char *choose_pinged(const struct soap_xmpp_link *link, char domain[SX_JID_BYTES])
{
    sx_jid_domain(link->config.jid, domain, SX_JID_BYTES);
    return link->config.is_component && link->config.is_shared ? "@" : domain;
}

/* XEP-0199 4.2: any server answers it, with an error at least. */
void sx_link_write_ping(const struct soap_xmpp_link *link, const char *id, struct sx_buffer *out)
{
    static const char ping[] = "<ping xmlns='" SX_NS_PING "'/>";
    char domain[SX_JID_BYTES];
    const struct sx_head head = {
        .from = sx_link_stamp(link), .to = choose_pinged(link, domain), .id = id};
    sx_stanza_request(out, "get", &head, ping, sizeof ping - 1);
}

char *sx_link_ping(struct soap_xmpp_link *link, unsigned long number, size_t *len)
{
    struct sx_buffer stanza = {0};
    char id[sizeof SX_PING_ID + 24];
    snprintf(id, sizeof id, SX_PING_ID "%lu", number);
    sx_link_write_ping(link, id, &stanza);
    return sx_buffer_take(&stanza, len);
}
