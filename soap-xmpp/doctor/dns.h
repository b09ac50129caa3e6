/* dns.h - what DNS says of a domain: its servers for XMPP, and addresses.
 *
 * Noun: DNS, as the C library's resolver asks it, by a deadline; or one name server that is named.
 *
 * Thread: any; each call blocks, by its deadline at the latest. An address that the system is still
 * looking for then is given up, with some memory.
 */
#ifndef SOAP_XMPP_TOOL_DOCTOR_DNS_H
#define SOAP_XMPP_TOOL_DOCTOR_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <netdb.h>

#include "deadline.h"

enum { DNS_TARGETS = 16, DNS_NAME_BYTES = 256, DNS_ADDRESSES = 16 };

enum dns_result {
    DNS_FOUND = 0,
    DNS_NONE,        /* there is no such record, or no such name */
    DNS_NOT_OFFERED, /* SRV with the target ".": RFC 2782 */
    DNS_SILENT       /* nobody could tell */
};

struct dns_target {
    char host[DNS_NAME_BYTES];
    unsigned port, priority, weight;
    bool is_direct; /* of _xmpps-client (XEP-0368) */
};

/* In the order of their priority. */
struct dns_targets {
    unsigned count;
    struct dns_target all[DNS_TARGETS];
};

/* name_server: NULL, "ADDRESS" or "ADDRESS:PORT" with an IPv4 address. Whether it is one of these.
 */
bool dns_is_server(const char *name_server);

/* Adds the targets of _xmpp-client._tcp.DOMAIN, or of _xmpps-client._tcp. */
enum dns_result dns_find_targets(const char *ascii, bool is_direct, const char *name_server,
                                 const struct deadline *deadline, struct dns_targets *targets);

struct dns_addresses {
    unsigned count;
    struct sockaddr_storage all[DNS_ADDRESSES];
};

/* A host's addresses, or those of an address. why, of DNS_NONE and DNS_SILENT: one clause. */
enum dns_result dns_find_addresses(const char *host, const char *name_server,
                                   const struct deadline *deadline, struct dns_addresses *addresses,
                                   char *why, size_t why_bytes);

/* Whether /etc/hosts names it: then the library doesn't ask for SRV. */
bool dns_is_in_hosts(const char *host);

#endif
