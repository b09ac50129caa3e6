/* gauge.h - bounds for an XML document that is read in pieces: nesting, attributes and their names,
 * declarations in all and in scope.
 *
 * Noun: the gauge. What comes out of a packed envelope goes to gSOAP's parser unscanned; the gauge
 * sees each piece first. It never counts less nesting or fewer attributes than gSOAP's parser can
 * find in what it let pass: bytes that the two could read differently it refuses.
 *
 * One thread at a time. No allocation.
 */
#ifndef SX_XML_GAUGE_H
#define SX_XML_GAUGE_H

#include <stddef.h>

#include "base/fault.h"
#include "xml/names.h"

struct sx_gauge_limits {
    unsigned max_depth;      /* elements open at once */
    unsigned max_attributes; /* of all elements together, declarations aside; 0: no limit */
    unsigned max_namespaces; /* declarations, likewise; 0: no limit */
};

enum { SX_GAUGE_SCOPE = 256 }; /* declarations in scope at once, as in namespace.h */

struct sx_gauge {
    struct sx_gauge_limits limits;
    enum sx_err err; /* the first one: SX_EDEPTH, SX_ETOOBIG, or SX_EMALFORMED for a DOCTYPE and for
                      * what the tokens of no XML document look like */
    unsigned depth, attributes, declarations;
    struct sx_names names;
    uint64_t name; /* hash of the attribute's that is being read */
    /* The open elements that declare something: how deep, and how many declarations. */
    struct {
        unsigned depth, count;
    } scopes[SX_GAUGE_SCOPE];
    unsigned scopes_count, in_scope;
    /* where in the text the last piece ended: gauge.c's */
    unsigned char state, quote, matched, due;
};

void sx_gauge_init(struct sx_gauge *gauge, const struct sx_gauge_limits *limits);

/* The next piece; pieces may end anywhere. Returns gauge->err, which is final. Whether the document
 * is complete is for the parser to see. */
enum sx_err sx_gauge_feed(struct sx_gauge *gauge, const char *bytes, size_t len);

#endif
