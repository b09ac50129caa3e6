/* identity.h - whose a certificate is: the domains that it names, and whether ours is one of them.
 *
 * Noun: the identity (RFC 9525, RFC 6120 13.7.1.2). Names count in subjectAltName alone: dNSName
 * with one whole left-most label as wildcard ("*.example.org", never "*.org"), SRVName of XMPP
 * clients, xmppAddr that is the domain, iPAddress. A common name is none.
 *
 * Thread: any; nothing blocks.
 */
#ifndef SX_NET_IDENTITY_H
#define SX_NET_IDENTITY_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether the certificate names the domain of a JID. ascii: the same in A-labels, which all names
 * but xmppAddr are in; an address, IPv6 in brackets or not, is named by its bytes alone. Without
 * memory: false. "": there is no such form. */
bool sx_identity_matches(const X509 *certificate, const char *domain, const char *ascii);

/* The names that sx_identity_matches looks at, for people: "a.example, *.b.example, ...", cut to
 * out_bytes with whole names; characters that could do harm on a terminal are "?". "": none. */
void sx_identity_list(const X509 *certificate, char *out, size_t out_bytes);

#endif
