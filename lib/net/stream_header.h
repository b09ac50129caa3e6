/* stream_header.h - the header that each stream of ours begins with (RFC 6120 4.7, XEP-0114).
 *
 * Noun: the stream's header, <stream:stream>.
 *
 * Thread: the loop thread. Never blocks.
 */
#ifndef SX_NET_STREAM_HEADER_H
#define SX_NET_STREAM_HEADER_H

#include <stdbool.h>

#include "config/config.h"

struct _xmpp_conn_t;

/* Queues it, and what comes is read as a new stream. domain: the server's, the JID's. is_private:
 * nobody else may read who we are, so that it is said (from: RFC 6120 4.7.1). False: no memory, or
 * no connection. */
bool sx_stream_header_send(struct _xmpp_conn_t *conn, const struct sx_config *config,
                           const char *domain, bool is_private);

#endif
