/* gauge.h - bounds for an XML document that is read in pieces: nesting, attributes, declarations.
 *
 * Noun: the gauge. What comes out of a packed envelope goes to gSOAP's parser unscanned; the gauge
 * sees each piece first. It is no parser: whatever it makes of bytes that are no well-formed XML,
 * it never counts less nesting or fewer attributes than gSOAP's parser can find in them.
 *
 * One thread at a time. No allocation.
 */
#ifndef SX_GAUGE_H
#define SX_GAUGE_H

#include <stddef.h>

#include "fault.h"

struct sx_gauge_limits {
    unsigned max_depth;      /* elements open at once */
    unsigned max_attributes; /* of all elements together; 0: no limit */
    unsigned max_namespaces; /* declarations, likewise; 0: no limit */
};

struct sx_gauge {
    struct sx_gauge_limits limits;
    enum sx_err err; /* the first one: SX_EDEPTH, SX_ETOOBIG, or SX_EMALFORMED for a DOCTYPE */
    unsigned depth, attributes, declarations;
    /* where in the text the last piece ended: gauge.c's */
    unsigned char state, quote, held[10], held_len;
};

void sx_gauge_init(struct sx_gauge *gauge, const struct sx_gauge_limits *limits);

/* The next piece; pieces may end anywhere. Returns gauge->err, which is final. */
enum sx_err sx_gauge_feed(struct sx_gauge *gauge, const char *bytes, size_t len);

#endif
