/* nearest.h - which name was meant by one that is misspelt. */
#ifndef SOAP_XMPP_TOOL_NEAREST_H
#define SOAP_XMPP_TOOL_NEAREST_H

#include <stddef.h>

/* The name of count ones that differs in the fewest characters from text, or NULL when all differ
 * in too many. Doesn't block; allocates nothing. */
const char *nearest_name(const char *text, const char *const *names, size_t count);

#endif
