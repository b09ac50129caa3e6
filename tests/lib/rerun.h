/* rerun.h - a test that needs another OpenSSL than the rest runs in a process of its own. */
#ifndef TESTS_RERUN_H
#define TESTS_RERUN_H

#include <stdbool.h>

/* Whether this is such a process. */
bool rerun_is_here(void);

/* Runs this program's test of that name alone, with this configuration of OpenSSL for every
 * connection (the lines of a section, see config(5ssl)): a failed assertion if it fails there. */
void rerun_with_openssl(const char *test, const char *lines);

#endif
