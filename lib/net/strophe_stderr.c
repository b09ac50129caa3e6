/* strophe_stderr.c - the stderr that libstrophe sees inside libsoapxmpp.
 *
 * Debian's libstrophe.a is compiled for executables: it refers to stderr by an offset that a
 * shared library can't resolve, the only such reference it has. The libraries are linked with
 * --wrap=stderr, which sends every use of stderr here instead, to a variable of the library's own;
 * with it goes the last obstacle to -z text.
 *
 * Invariant: __wrap_stderr is the C library's stderr from before the first constructor of the
 * program's on. A program that assigns stderr anew isn't followed. Not linked into executables.
 */
#include <stdio.h>

extern FILE *__real_stderr;
extern FILE *__wrap_stderr;

FILE *__wrap_stderr;

__attribute__((constructor(101))) static void adopt_stderr(void)
{
    __wrap_stderr = __real_stderr;
}
