/* ssl_read.h - an OpenSSL that has nothing to read for the calling thread any more, whatever comes.
 *
 * For programs linked with --wrap (mk/tests.mk). It is as if memory had failed inside of
 * OpenSSL: it may say so for ever, also of a connection that is shut down.
 */
#ifndef TESTS_SSL_READ_H
#define TESTS_SSL_READ_H

void ssl_read_stop(void);
void ssl_read_go_on(void);

#endif
