/* markup.h - a scan over plain markup, without expat.
 *
 * Noun: plain markup, what gSOAP writes for nearly every envelope: elements and attributes with
 * ASCII names, no references in attribute values, and in texts the five predefined ones alone. It
 * is read several times faster here than by expat.
 *
 * Invariant: what is read here is well-formed, carriable, and tells a scan the same as through
 * expat. All else, faulty or just unusual, is left to expat, which knows better.
 */
#ifndef SX_MARKUP_H
#define SX_MARKUP_H

#include "buffer.h"
#include "scan.h"

enum { SX_MARKUP_ATTRIBUTES = 16 /* of an element; each is compared with each */ };

/* Where an open element's name stands. */
struct sx_markup_name {
    const char *bytes;
    size_t len;
};

/* Zero, then init. One thread at a time. */
struct sx_markup {
    struct sx_markup_name *open; /* room for max_depth */
    unsigned depth, max_depth;
    unsigned char classes[256]; /* of bytes: what they may be */
    const char *at, *end;
    struct sx_buffer tag; /* its names and values, NUL-terminated */
};

bool sx_markup_init(struct sx_markup *markup, unsigned max_depth); /* false: no memory */
void sx_markup_fini(struct sx_markup *markup);

/* Drives the scan, which was reset, over one whole element, white space behind it. True when all of
 * it was read and the scan had nothing against it; false: it has to be looked at otherwise, the
 * scan reset again. header_byte is an offset into these bytes. */
bool sx_markup_scan(struct sx_markup *markup, const char *bytes, size_t len, struct sx_scan *scan);

#endif
