/* feed.h - a stream's parser, fed by hand, through the functions that libstrophe calls.
 *
 * What it delivers is written to a log, so that one run can be compared with another.
 */
#ifndef TESTS_FUZZ_FEED_H
#define TESTS_FUZZ_FEED_H

#include <strophe.h>

#include "net/stream.h"

#define FEED_HEAD                                                                                  \
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

struct feed {
    /* set by the owner, the rest zero */
    struct sx_stream stream;                                               /* its limits */
    void (*on_stanza)(struct feed *feed, const struct sx_element *stanza); /* NULL allowed */
    void *user;
    bool resets;  /* after each stanza */
    bool logs_in; /* all stanzas are libstrophe's, none is read without expat; no on_stanza */
    /* its own */
    struct _parser_t *parser;
    struct sx_buffer log;
    unsigned stanzas;
    uint64_t fed_bytes;
};

xmpp_ctx_t *feed_ctx(void);

void feed_start(struct feed *feed);
void feed_bytes(struct feed *feed, const char *bytes, size_t len); /* as one chunk */
void feed_stop(struct feed *feed);

#endif
