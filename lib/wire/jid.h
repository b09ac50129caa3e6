/* jid.h - xmpp: URIs (RFC 5122) and JIDs (RFC 7622): parse, check, compare.
 *
 * A parsed address is normal: node and resource prepared (prep.h), the domain too (domain.h),
 * percent-encoding decoded. That is for what a program gives: rules, endpoints, its own JID. What
 * servers stamp they have prepared already, and it is read and compared as it is, but for the case
 * of ASCII and a final dot of the domain. Invariant: node, domain and resource are 1 to 1,023 bytes
 * of valid UTF-8 each, or absent (domain never).
 */
#ifndef SX_WIRE_JID_H
#define SX_WIRE_JID_H

#include <stdbool.h>

#include "base/fault.h"

enum { SX_JID_PART_BYTES = 1023, SX_JID_BYTES = 3 * SX_JID_PART_BYTES + 3 }; /* with @, / and NUL */

/* Checks and normalises a JID. resource: the default for a JID with a node but no resource, or
 * NULL; domain JIDs stay as they are. On success *jid is malloc'ed, the caller's. On SX_EENDPOINT
 * why gets one clause ("the domain is empty"); outputs other than why untouched. SX_ENOMEM. */
enum sx_err sx_jid_parse(const char *text, const char *resource, char **jid, char *why,
                         size_t why_bytes);

/* Checks a JID that a server has stamped and copies it, node and domain in small ASCII letters and
 * without a final dot. On success *jid is malloc'ed, the caller's; SX_EENDPOINT, SX_ENOMEM: it is
 * untouched. */
enum sx_err sx_jid_read(const char *stamped, char **jid);

/* The same as sx_jid_parse for an endpoint "xmpp:node@domain/resource": percent-encoded octets are
 * decoded, an authority ("xmpp://account@...") and a fragment are refused, and so is a query other
 * than
 * "?message" (RFC 5122 2.5). A node without a resource gets "soap", but not with that query: a
 * message is for whoever is there. */
enum sx_err sx_jid_parse_uri(const char *uri, char **jid, char *why, size_t why_bytes);

/* What an endpoint says beside its JID; otherwise as sx_jid_parse_uri. */
struct sx_endpoint {
    char *jid;         /* as that of sx_jid_parse_uri, the caller's */
    bool has_resource; /* one was given; else any resource of a node's may do */
    bool is_message;   /* "?message" */
};
enum sx_err sx_jid_parse_endpoint(const char *uri, struct sx_endpoint *endpoint, char *why,
                                  size_t why_bytes);

/* True for what begins with "xmpp:" in any case (RFC 3986 3.1). */
bool sx_jid_is_xmpp(const char *endpoint);

/* Same entity: node and domain compared as servers stamp them, but for the case of ASCII and a
 * final dot; resources byte for byte. Of what lies beyond ASCII a server has folded what it takes
 * for the same account: those that it keeps apart must not become one here. NULL equals nothing. */
bool sx_jid_equal(const char *jid, const char *other);

/* An order in which just equal entities compare as 0. */
int sx_jid_compare(const char *jid, const char *other);

/* Writes the JID without its resource (out_bytes >= SX_JID_BYTES is always enough). */
void sx_jid_bare(const char *jid, char *out, size_t out_bytes);

/* Points at the resource inside jid, NULL if it has none. */
const char *sx_jid_resource(const char *jid);

/* Writes the domain part. */
void sx_jid_domain(const char *jid, char *out, size_t out_bytes);

/* 127.0.0.0/8, ::1 (in brackets or not) or "localhost" */
bool sx_jid_is_loopback(const char *host);

#endif
