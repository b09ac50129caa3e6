/* resolver.h - the addresses of a server: DNS SRV (RFC 6120 3.2, RFC 2782) and host names.
 *
 * Noun: the look-up. Why a thread of its own for each: libresolv and getaddrinfo() block for as
 * long as they like and can't be interrupted. A look-up that takes too long is let go: its thread
 * ends whenever the resolver does, and touches nothing but what it owns.
 *
 * Thread: one owner, the loop thread.
 */
#ifndef SX_NET_RESOLVER_H
#define SX_NET_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "base/fault.h"
#include "net/redirect.h"

enum {
    SX_RESOLVER_ADDRESSES = 16,
    SX_RESOLVER_LITERAL_BYTES = 64, /* IPv6 with the scope's name and NUL */
    SX_RESOLVER_ABANDONED = 16,     /* look-ups of the process that were let go and still run */
};

/* In the order in which they are to be tried. */
struct sx_addresses {
    unsigned count;
    struct sx_resolver_address {
        char literal[SX_RESOLVER_LITERAL_BYTES];
        int port;
        bool is_direct_tls; /* TLS begins with the first byte */
    } at[SX_RESOLVER_ADDRESSES];
    const char *source; /* "/etc/hosts" or "SRV"; NULL: they are the name's own */
};

struct sx_resolver;

/* Begins to look for the server of config, which is needed no longer then: its host, or what
 * /etc/hosts says of the JID's domain, or the domain's SRV records, or that domain itself if it has
 * none. Of the time until the deadline silent name servers take a third, so that the domain itself
 * is asked for in any case. With TLS required
 * _xmpps-client and _xmpp-client are one list, by priority and weight (XEP-0368 3); with direct TLS
 * only the former is asked for, without TLS only the latter. Names are asked for in A-labels. A
 * literal address is its own answer, at once. Without TLS "localhost" has addresses of this machine
 * alone (SX_ENOHOST if there is none). target, NULL allowed, is looked up in its place: without SRV
 * records, at its port or the usual one; where TLS perhaps begins with the first byte, each address
 * comes with STARTTLS, too, unless direct TLS is required: half of the room is for each. When there
 * is an answer, 1 is added to the eventfd wake_fd (duplicated). NULL: no memory, threads or
 * descriptors, or too many look-ups hang; why gets one clause and *err SX_ENOMEM or SX_EUNRESOLVED.
 */
struct sx_resolver *sx_resolver_start(const struct sx_config *config,
                                      const struct sx_redirect_target *target, int64_t deadline,
                                      int wake_fd, enum sx_err *err, char *why, size_t why_bytes);

bool sx_resolver_is_done(struct sx_resolver *resolver);

/* Once it is done: the addresses, at least one; or, with one clause in why, SX_ENOHOST (the name
 * doesn't exist), SX_EUNRESOLVED (for the moment nobody can tell), SX_ENOMEM. */
enum sx_err sx_resolver_answer(struct sx_resolver *resolver, struct sx_addresses *out, char *why,
                               size_t why_bytes);

/* Done or not. NULL allowed. */
void sx_resolver_free(struct sx_resolver *resolver);

#endif
