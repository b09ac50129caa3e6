/* pretty.h - an envelope for people: a line for each element.
 *
 * What is between tags alone is indented anew; texts, tags and attributes stay byte for byte, but
 * for control characters that a terminal would obey, which become references. Whatever it is given,
 * XML or not, it writes and ends: nothing is parsed that could fail. Any thread. */
#ifndef SOAP_XMPP_TOOL_PRETTY_H
#define SOAP_XMPP_TOOL_PRETTY_H

#include <stddef.h>
#include <stdio.h>

/* As it is; on a terminal the same XML, with references for what a terminal would obey. */
void pretty_write(FILE *out, const char *xml, size_t len);

/* Each line begins with so many spaces more. */
void pretty_print(FILE *out, const char *xml, size_t len, unsigned indent);

#endif
