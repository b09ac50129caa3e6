/* shortage.h - memory that runs short at a chosen allocation of the calling thread.
 *
 * Noun: the shortage. Allocations are counted from 1 between begin and end; that with the chosen
 * number fails with ENOMEM, and if the shortage lasts so do all that follow. Other threads, and
 * this one outside, get what they ask for.
 *
 * For programs linked with --wrap (mk/tests.mk): malloc, calloc, realloc, mmap, strdup, strndup and
 * asprintf of what is linked statically are counted, libstrophe's and libidn's among them, and all
 * that expat and zstd's contexts allocate; a call of libidn2 counts as one. Or else all that
 * OpenSSL allocates. Other shared libraries keep their own.
 */
#ifndef TESTS_SHORTAGE_H
#define TESTS_SHORTAGE_H

#include <stdbool.h>

#include "suite.h"

struct shortage {
    unsigned number; /* of the first allocation that fails */
    bool lasts;
    bool is_openssl; /* OpenSSL's are counted, and no others */
};

/* No fatal assertion in between: it would leave the shortage on. */
void shortage_begin(struct shortage shortage);
bool shortage_end(void); /* whether any allocation has failed */

/* For a test's own allocations, in callbacks. Nothing is counted meanwhile. */
void shortage_pause(void);
void shortage_resume(void);

/* Calls attempt with every shortage that it can notice, then once without any, until an assertion
 * fails. attempt begins and ends the shortage and returns what the end has told. Returns how many
 * allocations there were to fail, 0 after a failed assertion. */
unsigned shortage_sweep(bool (*attempt)(struct shortage shortage));

/* Likewise with OpenSSL's allocations, every so many of them: a handshake has thousands. What it
 * makes once for the process must be there. */
unsigned shortage_sweep_openssl(bool (*attempt)(struct shortage shortage), unsigned stride);

/* Defines the CUnit test test_NAME, which sweeps attempt_NAME; LEAST allocations must be there to
 * fail. */
#define SHORTAGE_TEST(NAME, LEAST)                                                                 \
    static void test_##NAME(void)                                                                  \
    {                                                                                              \
        CU_ASSERT(shortage_sweep(attempt_##NAME) >= (LEAST));                                      \
    }

#endif
