/* tag.h - a tag that hasn't come whole yet, kept back until it has.
 *
 * Why: expat looks at an incomplete token from its first byte again with every chunk that it is
 * fed: a tag of a million attributes would cost the square of its length. Kept back here, each byte
 * is looked at a few times, whoever chose the chunks.
 *
 * Invariant: while is_open, expat has the beginning of a start or end tag, and held has what came
 * behind it; no '>' outside of quotes is in either (XML 1.0 3.1).
 */
#ifndef SX_XML_TAG_H
#define SX_XML_TAG_H

#include "base/buffer.h"

struct sx_tag {
    bool is_open;
    char quote;         /* of the attribute value that is open, else NUL */
    size_t begun_bytes; /* of the tag, expat has them */
    struct sx_buffer held;
};

/* These bytes are the beginning of a token that expat waits for the rest of. Other markup than a
 * tag, and what is too short to tell, isn't kept back: false. */
bool sx_tag_begin(struct sx_tag *tag, const char *bytes, size_t len);

/* Keeps the bytes; true once the tag's end is among them: then held is expat's. No memory:
 * held.failed. */
bool sx_tag_add(struct sx_tag *tag, const char *bytes, size_t len);

void sx_tag_fini(struct sx_tag *tag); /* none is open */

#endif
