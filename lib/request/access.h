/* access.h - who may call what. What no rule allows is denied.
 *
 * Noun: the rule: somebody, and an operation or every one. Rules stand in two lists, the program's
 * and that of its file, and each counts as long as it stands in one of them. Who asks is any peer.
 * A peer is known by the JID that its server stamped (RFC 6120 8.1.2.1), which is as trustworthy as
 * the servers on the way.
 *
 * Invariant: what may be done depends on the rules that stand there now, not on those that did.
 * Whoever was let in by rules of before asks again once sx_access_version() has changed.
 *
 * Thread: any; one mutex, no call out with it held.
 */
#ifndef SX_REQUEST_ACCESS_H
#define SX_REQUEST_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct sx_access;

struct sx_access *sx_access_new(void); /* NULL: no memory. Denies everything. */
void sx_access_free(struct sx_access *access);

/* Adds a rule to the program's; one that is there already is kept once. who is
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

/* Adds the rules of a text to the program's, all or, on any error, none. They are separated by
 * white space or commas; each is WHO, WHO:OPERATION or WHO:OPERATION+OPERATION. WHO is
 * percent-encoded as in an xmpp: URI (RFC 5122): white space and , : % ? # of a name are written
 * %20 %2C %3A %25 %3F %23, and what is encoded is no wildcard. A namespace stands there as it is,
 * in braces. Errors as above; why names the rule, too. */
enum sx_err sx_access_parse(struct sx_access *access, const char *rules, char *why,
                            size_t why_bytes);

/* Takes back rules of the program's for this very who: the one for this operation or, for NULL and
 * "*", all of them, whatever their operations. SX_ECONFIG, with one clause in why: this can't be a
 * rule, or there is none. SX_ENOMEM. */
enum sx_err sx_access_disallow(struct sx_access *access, const char *who, const char *operation,
                               char *why, size_t why_bytes);

/* The rules of a text take the place of the program's; on any error nothing changes. */
enum sx_err sx_access_replace(struct sx_access *access, const char *rules, char *why,
                              size_t why_bytes);

/* Before a file of rules is read: the load's number, which grows. */
uint64_t sx_access_begin_load(struct sx_access *access);

/* The rules of a file's text, as access_draft.h reads lines, take the place of the file's; on any
 * error nothing changes, and *line is where the error is. Of loads that overlap the one that began
 * last stands: what it read is no older than what the others did. */
enum sx_err sx_access_load(struct sx_access *access, uint64_t load, const char *text,
                           unsigned long *line, char *why, size_t why_bytes);

/* Changes whenever rules may have gone. To be read before a grant that is kept. */
unsigned long sx_access_version(const struct sx_access *access);

/* How many rules there are: the program's, the file's. */
void sx_access_count(struct sx_access *access, size_t *program, size_t *file);

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
 * on a rule without a namespace means an operation in one of these. Where no table is known it is
 * those that the rules name; where there are neither, any. SX_OK or SX_ENOMEM. */
enum sx_err sx_access_serve(struct sx_access *access, const char *const *namespaces, size_t count);

/* Requests are served as bytes: what chooses their operations is not ours to see, and may run one
 * without input for an element that it doesn't know. So where neither a table nor a rule names a
 * namespace, a rule without one means, from now on, an operation that is in none. */
void sx_access_serve_bytes(struct sx_access *access);

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
