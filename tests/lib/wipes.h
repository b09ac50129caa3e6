/* wipes.h - what was wiped from memory, of the calling thread.
 *
 * For programs linked with --wrap (mk/tests.mk): explicit_bzero and OPENSSL_cleanse of what is
 * linked statically.
 */
#ifndef TESTS_WIPES_H
#define TESTS_WIPES_H

#include <stdbool.h>

/* From now on, until wipes_end, it is counted in how many of the blocks that are wiped the secret
 * stood. secret outlives it. */
void wipes_begin(const char *secret);
unsigned wipes_end(void);

#endif
