/* attribute.h - what an attribute says, in a stanza as the library writes it: with apostrophes. */
#ifndef TESTS_ATTRIBUTE_H
#define TESTS_ATTRIBUTE_H

#include <stddef.h>

/* The attribute's value, cut out of the first tag of text that is named so, as far as it fits; it
 * is as it was written, escaped. Returns out; NULL if that tag has none, or isn't there: "". */
const char *attribute_find(const char *text, const char *tag, const char *name, char *out,
                           size_t out_bytes);

#endif
