/* quota.h - expat parsers whose memory is counted and bounded, and which tell of what XMPP
 * restricts.
 *
 * Why: expat's tables of names and its stack of open tags grow with what a peer sends, and expat
 * has no limit of its own for them. Beyond max_bytes its allocations fail (XML_ERROR_NO_MEMORY).
 *
 * Thread: any, one at a time; parsers may be fed from inside another's callbacks.
 */
#ifndef SX_XML_QUOTA_H
#define SX_XML_QUOTA_H

#include <expat.h>
#include <stdbool.h>
#include <stddef.h>

/* What a stream may not hold, or not as it likes (RFC 6120 11.1, 11.6). */
enum sx_quota_markup {
    SX_QUOTA_COMMENT,
    SX_QUOTA_INSTRUCTION, /* a processing instruction */
    SX_QUOTA_DOCTYPE,     /* told behind its name */
    SX_QUOTA_DECLARATION  /* "<?xml ...?>", with its encoding, NULL: it names none */
};

struct sx_quota {
    size_t max_bytes;
    size_t held_bytes; /* by the parsers that are charged to it, which it must outlive */
    /* Is told of restricted markup while a parser is fed; user: the parser's user data. It stops
     * the parser if it likes. */
    void (*restricted)(void *user, enum sx_quota_markup markup, const char *encoding);
};

/* For UTF-8, without namespaces; every complete token is reported at once. NULL: no memory. */
XML_Parser sx_quota_parser(struct sx_quota *quota);

/* The same parser for another document: as new, but for its user data and handlers, which are to
 * be set again. False: no memory, it can't be used. */
bool sx_quota_reset(struct sx_quota *quota, XML_Parser parser);

/* XML_Parse(). */
enum XML_Status sx_quota_parse(struct sx_quota *quota, XML_Parser parser, const char *bytes,
                               int len, bool is_last);

#endif
