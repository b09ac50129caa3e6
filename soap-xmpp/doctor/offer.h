/* offer.h - what a server offers at the beginning of a stream: <stream:features/> (RFC 6120 4.3.2).
 *
 * Noun: the offer, read from bytes as they arrive. What is in it comes from somebody who isn't
 * known yet: 64 KiB of it are read, by libxml2, without entities or the network.
 *
 * Thread: the owner's. Nothing blocks.
 */
#ifndef SOAP_XMPP_TOOL_DOCTOR_OFFER_H
#define SOAP_XMPP_TOOL_DOCTOR_OFFER_H

#include <stdbool.h>
#include <stddef.h>

enum { OFFER_WORDS_BYTES = 512, OFFER_WORD_BYTES = 64, OFFER_MOST_BYTES = 65536 };

enum offer_state {
    OFFER_INCOMPLETE = 0,
    OFFER_FEATURES, /* all of it is there */
    OFFER_ELEMENT,  /* another element: its name is in `element` */
    OFFER_BROKEN    /* no XML, no stream, or too much */
};

struct offer {
    enum offer_state state;
    bool has_starttls, requires_starttls;
    char mechanisms[OFFER_WORDS_BYTES]; /* with spaces between them */
    size_t max_bytes;                   /* XEP-0478; 0: not told */
    char element[OFFER_WORD_BYTES];     /* "proceed", "error" */
    char condition[OFFER_WORD_BYTES];   /* its first child: "host-unknown"; or "" */
    /* private */
    void *parser;
    size_t read_bytes;
    int depth;
    char text[OFFER_WORD_BYTES];
};

/* A new stream; -1: no memory. An element may follow without one (after <starttls/>): in_stream. */
int offer_begin(struct offer *offer, bool in_stream);
void offer_end(struct offer *offer); /* the answers stay */
/* Reads so many more bytes; those behind the first element are left out. */
enum offer_state offer_read(struct offer *offer, const char *bytes, size_t count);

#endif
