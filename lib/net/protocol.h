/* protocol.h - what answers at a port, by the first bytes that it says.
 *
 * Noun: the protocol. Pure functions, any thread.
 */
#ifndef SX_NET_PROTOCOL_H
#define SX_NET_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

enum {
    SX_PROTOCOL_FIRST_BYTES = 64, /* that suffice */
    SX_PROTOCOL_CLAUSE_BYTES = 160
};

/* True, and one clause, if this is something else than the XMPP that is awaited: with is_direct TLS
 * stands before it, unless has_tls. False, *clause untouched, if it may be that, or nothing was
 * said. */
bool sx_protocol_explain(const char *first, size_t len, bool is_direct, bool has_tls,
                         char clause[SX_PROTOCOL_CLAUSE_BYTES]);

#endif
