/* namespace.h - the namespace declarations in scope (Namespaces in XML 1.0) of one element path.
 *
 * Why our own: a namespace-aware expat stops for good at a prefix bound nowhere, and any peer
 * behind ejabberd can send one (docs/internals/servers.md). Here it costs that stanza alone.
 *
 * Invariant: the declarations of depth d stand above those of every depth < d.
 *
 * Folder xml/: reading XML, whatever it is for: namespaces in scope, plain markup read without
 * expat (markup.h), expat with bounded memory (quota.h), bounds for a document that nothing else
 * scans (gauge.h), a tag that comes in pieces (tag.h). Nothing in here builds a tree, does I/O, or
 * knows SOAP; of XMPP no more than what RFC 6120 11 restricts. May include base; of the outside
 * expat.
 */
#ifndef SX_XML_NAMESPACE_H
#define SX_XML_NAMESPACE_H

#include "base/buffer.h"
#include "base/fault.h"

/* Declarations in scope at once, unless max_count says otherwise. Every look-up may pass all of
 * them, and a peer chooses how many there are of both. */
enum { SX_NAMESPACES_COUNT = 256 };

struct sx_namespace {
    char *prefix; /* "" is the default namespace */
    char *uri;    /* "" is no namespace */
    unsigned depth;
    unsigned key; /* hash of prefix: most comparisons end here */
    size_t bytes; /* of the allocation that holds both */
};

struct sx_namespaces {
    struct sx_namespace *items;
    size_t count, capacity;
    size_t kept; /* items with an allocation, from 0 on: those from count on are for the next */
    size_t max_count; /* 0: SX_NAMESPACES_COUNT */
};

void sx_namespaces_fini(struct sx_namespaces *ns);

/* Pushes the xmlns declarations among expat's name/value pairs for the element at depth.
 * SX_EMALFORMED for what Namespaces in XML forbids (xmlns:p="", binding xml or xmlns),
 * SX_ETOOBIG over max_count, SX_ENOMEM. What was pushed before an error goes with the next pop. */
enum sx_err sx_namespaces_push(struct sx_namespaces *ns, unsigned depth, const char **attributes);

/* Whether an attribute of this name declares a namespace. */
bool sx_namespaces_declares(const char *attribute);

/* Appends the declarations in scope that were made above depth, as attributes. */
void sx_namespaces_write(const struct sx_namespaces *ns, unsigned depth, struct sx_buffer *out);

/* Forgets the declarations made at depth or deeper. */
void sx_namespaces_pop(struct sx_namespaces *ns, unsigned depth);

/* URI that the prefix (prefix_len bytes, 0 for the default namespace) is bound to; "" for an
 * undeclared default namespace, NULL for a prefix bound nowhere. "xml" is always bound. */
const char *sx_namespaces_lookup(const struct sx_namespaces *ns, const char *prefix,
                                 size_t prefix_len);

/* Splits a qualified name and looks its prefix up. Attributes (is_attribute) without prefix are in
 * no namespace. Returns the local name (inside qname) with *uri set, or NULL when unbound. */
const char *sx_namespaces_resolve(const struct sx_namespaces *ns, const char *qname,
                                  bool is_attribute, const char **uri);

#endif
