/* twin.h - two attributes of one element that are the same one under two prefixes.
 *
 * Noun: the twin. Namespaces in XML 1.0, section 6.3, allows none: a parser that knows namespaces,
 * as a server's does, takes an element with one for not well-formed, and ends the stream. expat
 * without them sees two names.
 *
 * Cost: nothing without two prefixed attributes; n log n of them, however many there are.
 */
#ifndef SX_XML_TWIN_H
#define SX_XML_TWIN_H

#include "base/fault.h"
#include "xml/namespace.h"

/* Of an element's attributes as expat tells them, whose declarations were pushed: *twin is one that
 * stands there under another prefix as well, NULL if none does. A prefix that is bound nowhere is
 * passed over. SX_OK or SX_ENOMEM. */
enum sx_err sx_twin_find(const struct sx_namespaces *namespaces, const char **attributes,
                         const char **twin);

#endif
