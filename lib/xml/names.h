/* names.h - the different attribute names of one XML document, and what they make its parser do.
 *
 * Noun: the names. gSOAP keeps all attribute names that it has seen in a message in a list, which
 * it walks for each element and for each attribute. So elements times names is what a message
 * costs, and a peer chooses both; packed, 20 KB are enough for minutes.
 *
 * A name is a hash that nobody outside can aim at. One thread at a time. No allocation.
 */
#ifndef SX_XML_NAMES_H
#define SX_XML_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

enum {
    SX_NAMES_COUNT = 1000, /* different ones in a document */
    SX_NAMES_FREE = 64,    /* walking so many is no more than reading an element costs anyway */
    SX_NAMES_STEPS =
        10000000 /* over all elements and attributes: names beyond those that are free */
};

struct sx_names {
    unsigned count;
    uint64_t steps;
    uint32_t slots[2048]; /* open addressing; 0: empty */
};

/* Forgets them: a document begins. Cheap if there are none. */
void sx_names_clear(struct sx_names *names);

/* A tag, a declaration, or an attribute, which has been added before: one more walk. SX_ETOOBIG
 * once there are too many names or steps. */
enum sx_err sx_names_walk(struct sx_names *names);

/* Adds the attribute's name, unless it is there, and walks. SX_ETOOBIG as above. */
enum sx_err sx_names_add(struct sx_names *names, uint64_t hash);

/* The hash of a name that comes in pieces: begin with 0. Another one in each process. */
uint64_t sx_names_hash(uint64_t hash, const char *bytes, size_t len);

#endif
