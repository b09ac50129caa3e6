/* preamble.h - what stands before an envelope's operation, and whether another parser could read it
 * as something else.
 *
 * Noun: the preamble, the bytes before the start tag of the Body's first child. gSOAP skips what it
 * doesn't know by counting '<', "</" and "/>", wherever these stand: in text, CDATA and values,
 * too. So bytes that are sound XML can end a Header early for it, and a Body inside is taken for
 * the Envelope's. A caller that may run some operations only must not be able to write such bytes.
 *
 * It looks at raw bytes, after somebody else has found them well-formed. One thread at a time; no
 * allocation.
 */
#ifndef SX_SOAP_PREAMBLE_H
#define SX_SOAP_PREAMBLE_H

#include <stdbool.h>
#include <stddef.h>

/* gSOAP keeps a list of them, and walks it for each name. */
enum { SX_PREAMBLE_DECLARATIONS = 64 };

/* Zero is one that has not begun. */
struct sx_preamble {
    const char *ambiguity; /* the first; static */
    bool is_over;          /* the operation has begun, or there is an ambiguity */
    bool had_body, in_body;
    unsigned depth;        /* elements open */
    unsigned declarations; /* of namespaces, so far */
    /* where in the text the last piece ended: preamble.c's */
    unsigned char state, last, quote, matched, name_len;
    char name[8]; /* local name of the start tag that is being read, cut */
};

/* The next piece of a well-formed envelope; pieces may end anywhere, and what follows the
 * operation's name isn't looked at. One clause when there is something in it that could be read in
 * two ways, else NULL: "/>" in text, CDATA or a value; a Body that isn't the Envelope's child, or a
 * second one; text in the Body; more than SX_PREAMBLE_DECLARATIONS declarations. */
const char *sx_preamble_feed(struct sx_preamble *preamble, const char *bytes, size_t len);

#endif
