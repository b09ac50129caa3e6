/* envelope.h - envelopes as text, written without a stub.
 *
 * Noun: the envelope. Each function returns memory that the caller frees, never NULL. Any thread.
 */
#ifndef TESTS_ENVELOPE_H
#define TESTS_ENVELOPE_H

#include <stddef.h>

#define BYTES_NS "urn:soapxmpp:bytes"

/* SOAP 1.1 or 1.2 (11, 12) around an element of BYTES_NS with this name, and this XML inside. */
char *envelope_write(int version, const char *operation, const char *inside);

/* The same with len letters of the text inside <text/>, which don't get smaller. */
char *envelope_write_big(int version, const char *operation, size_t len);

/* A fault that is the caller's. */
char *envelope_write_fault(int version, const char *reason);

#endif
