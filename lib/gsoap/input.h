/* input.h - what a struct soap reads while no call or request of its own is there to be read: a
 * string, a file or a socket that its program gave it, else standard input.
 *
 * Noun: the input. Standard input is what gSOAP falls back to, and waits for, when a program
 * receives on another struct soap than the one that has the call or the request: over HTTP these
 * share the connection. What a context knows of it is context->missing.
 *
 * Thread: that of the struct soap.
 */
#ifndef SX_GSOAP_INPUT_H
#define SX_GSOAP_INPUT_H

#include "gsoap/context.h"

/* fprepareinitrecv while idle: fails with a sentence on a copy whose original has what would be
 * read here, unless the program gave it something to read. What is written then, a fault of
 * soap_serve(), is dropped. SOAP_OK or soap->error = SOAP_USER_ERROR. */
int sx_input_begin(struct soap *soap, struct sx_context *context);

/* fpreparefinalrecv while idle, and fpoll: what was read, in the original before the copy was made,
 * is not run here, and a fault of it isn't written. SOAP_OK or soap->error = SOAP_USER_ERROR. */
int sx_input_end(struct soap *soap, struct sx_context *context);

/* frecv while idle, by the callback before ours. Where standard input is at its end, as it is in
 * most services from the beginning, soap's fault says what else there might have been to read. */
size_t sx_input_next(struct soap *soap, struct sx_context *context, char *buf, size_t buf_bytes);

#endif
