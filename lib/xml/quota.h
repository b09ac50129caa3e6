/* quota.h - an expat parser whose memory is counted and bounded.
 *
 * Why: expat's tables of names and its stack of open tags grow with what a peer sends, and expat
 * has no limit of its own for them. Beyond max_bytes its allocations fail (XML_ERROR_NO_MEMORY).
 *
 * Thread: any, one at a time; parsers may be fed from inside another's callbacks.
 */
#ifndef SX_XML_QUOTA_H
#define SX_XML_QUOTA_H

#include <expat.h>
#include <stddef.h>

struct sx_quota {
    size_t max_bytes;
    size_t held_bytes; /* by the parsers that are charged to it, which it must outlive */
};

/* For UTF-8, without namespaces; every complete token is reported at once. NULL: no memory. */
XML_Parser sx_quota_parser(struct sx_quota *tally);

/* XML_Parse() of a part that isn't the last. */
enum XML_Status sx_quota_parse(struct sx_quota *tally, XML_Parser parser, const char *bytes,
                               int len);

#endif
