/* waits.h - what the calling thread waits for, between begin and end.
 *
 * For programs linked with --wrap (mk/tests.mk): calls of what is linked statically, libstrophe's
 * among them, that could keep the thread waiting. OpenSSL is a shared library: it waits for nothing
 * on a socket that doesn't block. The resolver is tests/lib/names.h's affair.
 */
#ifndef TESTS_WAITS_H
#define TESTS_WAITS_H

/* From now on it is counted how often something was called that can wait: poll() and select()
 * unless their time is 0, usleep(), and what connects, reads or writes a descriptor that blocks. */
void waits_begin(void);
unsigned waits_end(void);

/* The last that was counted, "" if none was: "select", for messages. */
const char *waits_last(void);

#endif
