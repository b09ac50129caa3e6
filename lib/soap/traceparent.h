/* traceparent.h - which step of a larger piece of work a call is (W3C Trace Context).
 *
 * Noun: the traceparent, "00-<trace>-<parent>-<flags>" in lower-case hexadecimal digits. It goes
 * along with a packed envelope, as an attribute of its element, and with a plain one, if the link
 * is told so, as a SOAP header block that nobody has to understand. Nothing here depends on what it
 * says: it is handed on to whom it means something.
 *
 * Any thread; no memory.
 */
#ifndef SX_SOAP_TRACEPARENT_H
#define SX_SOAP_TRACEPARENT_H

#include <stdbool.h>

/* With NUL. Version 00 has 55 characters, later ones may have more. */
enum { SX_TRACEPARENT_BYTES = 128 };

/* Whether text (NULL: no) is a traceparent of version 00 or, as far as that is known today (section
 * 3.2.4: fields are only ever appended), of a later one that fits. */
bool sx_traceparent_is_valid(const char *text);

#endif
