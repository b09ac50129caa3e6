/* markup.h - plain markup read without expat.
 *
 * Noun: plain markup, what gSOAP writes for nearly every envelope: elements and attributes with
 * ASCII names, no references in attribute values, and in texts the five predefined ones alone. It
 * is read several times faster here than by expat.
 *
 * Invariant: what is read here is well-formed, carriable, and told as expat tells it, but for where
 * a text is cut. All else, faulty or just unusual, is left to expat, which knows better.
 */
#ifndef SX_XML_MARKUP_H
#define SX_XML_MARKUP_H

#include <stdbool.h>

#include "base/buffer.h"

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
    unsigned char classes[256];   /* of bytes: what they may be */
    const char *token, *at, *end; /* at: behind the tag or text that is being told */
    struct sx_buffer tag;         /* its names and values, NUL-terminated */
};

/* Is told start tags, texts and end tags in their order; false ends it. attributes as expat's. */
struct sx_markup_sink {
    bool (*start)(void *user, const char *qname, const char **attributes);
    bool (*text)(void *user, const char *text, int len);
    bool (*end)(void *user);
    void *user;
};

bool sx_markup_init(struct sx_markup *markup, unsigned max_depth); /* false: no memory */
void sx_markup_fini(struct sx_markup *markup);

/* Tells the sink of the one element that bytes begin with. The length of the element, or 0: it
 * isn't plain, isn't all there, or the sink has ended it; of some the sink was told all the same.
 * For the event that is told, token..at are its bytes (at..at: the end of an empty element). */
size_t sx_markup_read(struct sx_markup *markup, const char *bytes, size_t len,
                      const struct sx_markup_sink *sink);

#endif
