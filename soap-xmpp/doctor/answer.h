/* answer.h - what soap_xmpp_ask() has returned, read.
 *
 * Noun: the answer: the element that an IQ of type result holds, from anybody.
 *
 * Thread: the owner's. Nothing blocks.
 */
#ifndef SOAP_XMPP_TOOL_DOCTOR_ANSWER_H
#define SOAP_XMPP_TOOL_DOCTOR_ANSWER_H

#include <stddef.h>

/* Copies the text of its first child of that name; "" if there is none, or no XML at all. */
void answer_child(const char *xml, const char *name, char *out, size_t out_bytes);

#endif
