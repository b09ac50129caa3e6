/* bindings.h - channel bindings that our side of a connection lacks, whatever its TLS has.
 *
 * For programs linked with --wrap=sx_tls_read_binding (mk/tests.mk). Any thread.
 */
#ifndef TESTS_BINDINGS_H
#define TESTS_BINDINGS_H

/* A set, by 1 << enum sx_binding, for each login from now on; 0, as at first: none is lacking. */
void bindings_lack(unsigned set);

#endif
