/* access.h - who may call what. What no rule allows is denied.
 *
 * Noun: the rule: somebody, and an operation or every one. The rules are written once, by the
 * owner of the service; who asks is any peer. A peer is known by the JID that its server stamped
 * (RFC 6120 8.1.2.1), which is as trustworthy as the servers on the way.
 *
 * Thread: any; one mutex, no call out with it held. Rules are only ever added.
 */
#ifndef SX_REQUEST_ACCESS_H
#define SX_REQUEST_ACCESS_H

#include <stdbool.h>

#include "base/fault.h"

enum { SX_ACCESS_RULES = 10000 /* of one list */ };

struct sx_access;

struct sx_access *sx_access_new(void); /* NULL: no memory. Denies everything. */
void sx_access_free(struct sx_access *access);

/* Adds a rule; one that is there already is kept once. who is
 *
 *     "alice@example.org"       that account, any of its resources
 *     "alice@example.org/desk"  that resource of it alone
 *     "example.org"             the domain itself (a server, a component), any of its resources
 *     "example.org/hall"        that resource of it alone
 *     "*@example.org"           any account of that domain; not the domain, not its sub-domains
 *     "*"                       anybody
 *
 * in any case (jid.h), and operation the local name of the body's first child; NULL or "*"
 * stands for every operation, and for bodies without one. On SX_ECONFIG (this can't be a rule) and
 * SX_EFULL (SX_ACCESS_RULES are there) why gets one clause ("the domain is empty"); why may be NULL
 * with why_bytes 0. SX_ENOMEM. */
enum sx_err sx_access_allow(struct sx_access *access, const char *who, const char *operation,
                            char *why, size_t why_bytes);

/* Adds the rules of a text, all or, on any error, none. They are separated by white space or
 * commas; each is WHO, WHO:OPERATION or WHO:OPERATION+OPERATION. WHO is percent-encoded as in an
 * xmpp: URI (RFC 5122): white space and , : % ? # of a name are written %20 %2C %3A %25 %3F %23,
 * and what is encoded is no wildcard. Errors as above; why names the rule, too. */
enum sx_err sx_access_parse(struct sx_access *access, const char *rules, char *why,
                            size_t why_bytes);

/* Whether a rule lets `from`, the full JID as it was stamped, call the operation (NULL or "": the
 * body has none). NULL and what lacks a domain are denied; that it is a JID otherwise is up to the
 * server that stamped it. Allocates nothing; its time doesn't grow with the number of rules. */
bool sx_access_allows(struct sx_access *access, const char *from, const char *operation);

/* False only if no rule names this caller, for whatever operation: to ask before it costs much to
 * know which operation it is. */
bool sx_access_may_know(struct sx_access *access, const char *from);

/* Whether there is a rule at all. */
bool sx_access_has_rules(struct sx_access *access);

#endif
