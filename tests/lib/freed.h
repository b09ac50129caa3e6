/* freed.h - what stands in memory when it is freed, by the calling thread.
 *
 * For programs linked with --wrap (mk/tests.mk) and shortage.c: free and realloc of what is linked
 * statically, libstrophe's among them. OpenSSL's own memory is not looked at.
 */
#ifndef TESTS_FREED_H
#define TESTS_FREED_H

#include <stdbool.h>
#include <stddef.h>

struct freed_secret {
    const char *name; /* for messages */
    const void *bytes;
    size_t len;
};

/* From now on, until freed_end, it is counted how often a secret stood in a block that was freed,
 * or that was moved to make room. secrets outlive it. What is allocated meanwhile is zero, so that
 * all of it may be read. */
void freed_begin(const struct freed_secret *secrets, size_t count);
unsigned freed_end(void);

/* The name of the secret that was found last, "" if none was. */
const char *freed_last(void);

/* shortage.c's: whether it is between begin and end; realloc as if it always moved. */
bool freed_is_watching(void);
void *freed_move(void *block, size_t size);

#endif
