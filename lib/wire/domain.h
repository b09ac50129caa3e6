/* domain.h - domains of JIDs and host names: their normal form, and what DNS calls them.
 *
 * Noun: the domain. A label beyond ASCII is a U-label ("bücher"), its form in DNS and in
 * certificates an A-label ("xn--bcher-kva"): IDNA2008 look-up by libidn2, which lower-cases and
 * composes first (UTS 46, non-transitional: ß is a letter of its own, faß.de isn't fass.de).
 * IPv4 addresses and IPv6 addresses in brackets are as they are. Any thread; nothing blocks.
 */
#ifndef SX_WIRE_DOMAIN_H
#define SX_WIRE_DOMAIN_H

#include "base/fault.h"

enum { SX_DOMAIN_ASCII_BYTES = 256 }; /* RFC 1035 2.3.4, and the NUL */

/* What is wrong with a domain in valid UTF-8, as a clause ("has an empty label"); NULL: nothing. Of
 * labels beyond ASCII it knows just spaces; what IDNA forbids in them only sx_domain_prep finds. */
const char *sx_domain_check(const char *domain);

/* The normal form: a final dot is off, letters are small, labels beyond ASCII are U-labels. In
 * ASCII alone it stays so, A-labels too: under which of its names its server knows a domain only
 * who gives it can tell. domain: not empty, valid UTF-8. On SX_OK *out is malloc'ed, the caller's,
 * and passes sx_domain_check. SX_EENDPOINT: *why is a clause; SX_ENOMEM. *out is untouched then. */
enum sx_err sx_domain_prep(const char *domain, char **out, const char **why);

/* The domain in A-labels, for DNS, SNI and certificates; a final dot is off. Addresses are copied,
 * an IPv6 address without brackets too. SX_EENDPOINT: it has no such form (IDNA forbids it, a label
 * is longer than 63 bytes, it is empty or no UTF-8); SX_ENOMEM. out is untouched then. */
enum sx_err sx_domain_to_ascii(const char *domain, char out[SX_DOMAIN_ASCII_BYTES]);

#endif
