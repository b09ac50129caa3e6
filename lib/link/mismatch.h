/* mismatch.h - a request whose Envelope is in a namespace of no version of SOAP.
 *
 * Noun: the mismatch. Its sender gets the fault that SOAP has for it, VersionMismatch, where it
 * would take a stanza error for the word that nobody serves SOAP here. gSOAP over HTTP takes such
 * an Envelope for no SOAP, and closes the connection without an answer.
 *
 * Thread: the loop thread.
 */
#ifndef SX_LINK_MISMATCH_H
#define SX_LINK_MISMATCH_H

#include "link/reception.h"

/* The child of a stanza that is an Envelope of no version of SOAP; NULL without one. stanza may be
 * NULL. */
const struct sx_element *sx_mismatch_find(const struct sx_element *stanza);

/* Answers with the fault, as SOAP 1.1, which both versions read (SOAP 1.2 part 1, 5.4.7). Nobody's
 * rules are asked, since nothing is run. By the Envelope; by a clause that names its namespace, of
 * a packed one. */
void sx_mismatch_answer(const struct sx_reception *reception, const struct sx_incoming *incoming,
                        const struct sx_element *envelope);
void sx_mismatch_answer_packed(const struct sx_reception *reception,
                               const struct sx_incoming *incoming, const char *why);

#endif
