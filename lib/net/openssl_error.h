/* openssl_error.h - what OpenSSL says went wrong in the calling thread.
 *
 * Noun: an error of OpenSSL's. It has a queue of them for each thread; the oldest is the cause, the
 * others are what followed from it. Nothing here empties the queue, or blocks.
 */
#ifndef SX_NET_OPENSSL_ERROR_H
#define SX_NET_OPENSSL_ERROR_H

#include <stdbool.h>

/* Whether it was memory, or a descriptor: without it a certificate doesn't verify and a message
 * can't be decoded, and that is what the newer errors say. */
bool sx_openssl_error_is_shortage(void);

/* Whether the newest says that a text has no such PEM block (any more). */
bool sx_openssl_error_is_end_of_pem(void);

/* The cause in OpenSSL's words, "unknown reason" if the queue is empty. Never NULL. */
const char *sx_openssl_error_reason(void);

#endif
