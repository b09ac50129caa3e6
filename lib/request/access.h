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
 * in any case (jid.h), and operation the local name of the body's first child, in a namespace of
 * the service; or "{namespace}name", "{}name" for one in no namespace; NULL or "*" stands for every
 * operation, and for bodies without one. On SX_ECONFIG (this can't be a rule) and
 * SX_EFULL (access_table.h: SX_ACCESS_RULES are there) why gets one clause ("the domain is empty");
 * why may be NULL with why_bytes 0. SX_ENOMEM. */
enum sx_err sx_access_allow(struct sx_access *access, const char *who, const char *operation,
                            char *why, size_t why_bytes);

/* Adds the rules of a text, all or, on any error, none. They are separated by white space or
 * commas; each is WHO, WHO:OPERATION or WHO:OPERATION+OPERATION. WHO is percent-encoded as in an
 * xmpp: URI (RFC 5122): white space and , : % ? # of a name are written %20 %2C %3A %25 %3F %23,
 * and what is encoded is no wildcard. A namespace stands there as it is, in braces. Errors as
 * above; why names the rule, too. */
enum sx_err sx_access_parse(struct sx_access *access, const char *rules, char *why,
                            size_t why_bytes);

/* What a rule lets its caller do with a request. */
enum sx_grant {
    SX_GRANT_NONE = 0,
    SX_GRANT_LOCAL, /* run this operation, which is in a namespace of the service */
    SX_GRANT_NAMED, /* run it in the namespace that the rule names */
    SX_GRANT_EVERYTHING
};

/* What the rules let `from`, the full JID as it was stamped, do: call this operation (NULL or "":
 * the body has none) in this namespace (NULL or "": none), or everything. NULL and what lacks a
 * domain are denied; that it is a JID otherwise is up to the server that stamped it. Allocates
 * nothing; its time doesn't grow with the number of rules. */
enum sx_grant sx_access_grant(struct sx_access *access, const char *from, const char *uri,
                              const char *operation);

/* The namespaces of a service's table (access_service.h), added to those that are known: from now
 * on a rule without a namespace means an operation in one of these. SX_OK or SX_ENOMEM. */
enum sx_err sx_access_serve(struct sx_access *access, const char *const *namespaces, size_t count);

/* Whether a rule with this local name alone can mean an operation in this namespace. */
bool sx_access_serves(struct sx_access *access, const char *uri, const char *operation);

/* Whether some rule lets `from` call an operation of this name, in whatever namespace: to ask
 * before the namespace is known. */
bool sx_access_allows(struct sx_access *access, const char *from, const char *operation);

/* False only if no rule names this caller, for whatever operation: to ask before it costs much to
 * know which operation it is. */
bool sx_access_may_know(struct sx_access *access, const char *from);

/* Whether there is a rule at all. */
bool sx_access_has_rules(struct sx_access *access);

#endif
