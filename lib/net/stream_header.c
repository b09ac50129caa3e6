/* stream_header.c - the attributes of <stream:stream>, escaped.
 *
 * Invariant: libstrophe, which writes them as they are, gets them escaped. Failure: no memory for
 * one of them, nothing is sent.
 */
#include "net/stream_header.h"

#include <stdlib.h>
#include <strophe.h>

#include "base/buffer.h"
#include "wire/jid.h"
#include "wire/namespaces.h"

enum { MOST_ATTRIBUTES = 6 };

/* Names and values in turn, as libstrophe wants them. */
struct attributes {
    char *at[2 * MOST_ATTRIBUTES];
    size_t count;
};

static bool add(struct attributes *attributes, const char *name, const char *value)
{
    struct sx_buffer text = {0};
    sx_buffer_add_escaped(&text, value);
    attributes->at[attributes->count++] = (char *)name;
    attributes->at[attributes->count] = sx_buffer_take(&text, NULL);
    return attributes->at[attributes->count++] != NULL;
}

bool sx_stream_header_send(xmpp_conn_t *conn, const struct sx_config *config, const char *domain,
                           bool is_private)
{
    struct attributes attributes = {.count = 0};
    char bare[SX_JID_BYTES];
    bool sent;
    size_t i;
    sx_jid_bare(config->jid, bare, sizeof bare);
    sent = add(&attributes, "to", domain) && add(&attributes, "xml:lang", "en") &&
           add(&attributes, "version", "1.0") &&
           add(&attributes, "xmlns",
               config->is_component ? "jabber:component:accept" : "jabber:client") &&
           add(&attributes, "xmlns:stream", SX_NS_STREAMS) &&
           (!is_private || add(&attributes, "from", bare)) &&
           xmpp_conn_open_stream(conn, attributes.at, attributes.count) == XMPP_EOK;
    for (i = 1; i < attributes.count; i += 2)
        free(attributes.at[i]);
    return sent;
}
