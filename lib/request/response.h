/* response.h - what a request was answered with, whoever asks for it again.
 *
 * Noun: the response: a result, a SOAP fault, an error or a refusal, without the head of a stanza.
 * So it can be given to a later copy of the request, under that copy's id and to where that copy
 * came from.
 *
 * Invariant: a response doesn't change, and lives as long as somebody refers to it.
 *
 * Happy path: made of a payload -> written for the first copy -> remembered (journal.h) -> written
 * for a later one. Failure: no memory: there is none. Thread: any.
 */
#ifndef SX_REQUEST_RESPONSE_H
#define SX_REQUEST_RESPONSE_H

#include "wire/stanza.h"

struct sx_response;

/* Each returns a response with one reference, which is the caller's. NULL: no memory. */

/* payload (malloc'ed, NULL: an empty result) is taken in any case. fault_code: the local part of a
 * SOAP fault's code; NULL: it is none. rewritten_bytes: its length once
 * servers have rewritten it, at most. */
struct sx_response *sx_response_new(char *payload, size_t len, size_t rewritten_bytes,
                                    const char *fault_code);

/* A stanza error; text may be NULL. */
struct sx_response *sx_response_error(const char *condition, const char *text);

/* The same of a request that wasn't run, and never will be. */
struct sx_response *sx_response_decline(const char *condition, const char *text);

struct sx_response *sx_response_ref(struct sx_response *response); /* one more, the caller's */
void sx_response_unref(struct sx_response *response);              /* NULL allowed */

/* The memory that it takes. */
size_t sx_response_bytes(const struct sx_response *response);

/* As given to new; 0 for errors. */
size_t sx_response_rewritten_bytes(const struct sx_response *response);
bool sx_response_is_fault(const struct sx_response *response);

/* Appends the whole stanza; errors show in out->failed. */
void sx_response_write(const struct sx_response *response, const struct sx_head *head,
                       struct sx_buffer *out);

#endif
