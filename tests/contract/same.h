/* same.h - whether two documents say the same: names in their namespaces, attributes in any order,
 * text; prefixes, comments and white space between elements aside. */
#ifndef TESTS_CONTRACT_SAME_H
#define TESTS_CONTRACT_SAME_H

#include <stdbool.h>

enum same_text { SAME_TEXT, ANY_TEXT };

/* Looks at what is in the Body of both envelopes. what: told when they differ, with the first
 * difference. Returns whether they are the same. */
bool same_bodies(const char *a, const char *b, enum same_text text, const char *what);

#endif
