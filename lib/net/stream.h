/* stream.h - what comes from a server: bounded stanzas, and envelopes as the bytes that they were.
 *
 * Noun: the incoming stream of one connection, as its parser shares it with its owner. No I/O.
 *
 * Invariant: after a failure the parser stays failed until libstrophe resets it for a new stream;
 * nothing is delivered after a failure. Memory per stanza is bounded by the limits.
 *
 * Happy path: sx_stream_arm(stream); xmpp_conn_new() -> parser_new() adopts the stream -> bytes are
 * fed -> on_login or on_stanza runs, and the latter calls sx_stream_envelope(). An envelope
 * ({SOAP 1.1 or 1.2}Envelope directly inside a stanza) is an empty placeholder child in the tree;
 * its bytes, with the declarations in scope from its ancestors injected into the root tag, are
 * here.
 *
 * What ends the stream (failure): not well-formed, DOCTYPE, processing instruction, comment,
 * encoding other than UTF-8 (RFC 6120 11), a token longer than max_stanza_bytes, more names and
 * nesting than expat is given memory for (only beyond every limit of a stanza), an empty
 * <stream:error/>. What costs only its stanza (verdict): a prefix bound nowhere, too deep, too many
 * nodes, bytes, attributes or declarations, too much memory. The tree then holds the stanza's own
 * name and attributes and no children.
 *
 * Thread: the loop thread. The parser also serves xmpp_stanza_new_from_string(), without capture.
 */
#ifndef SX_NET_STREAM_H
#define SX_NET_STREAM_H

#include <stdint.h>

#include "soap/envelope.h"
#include "base/fault.h"
#include "net/negotiation.h"
#include "net/protocol.h"
#include "wire/element.h"

struct sx_tree;

struct sx_stream_limits {
    size_t max_stanza_bytes; /* from the end of one stanza to the end of the next */
    unsigned max_depth;      /* elements, in and out of the envelope */
    unsigned max_nodes;      /* elements, attributes and texts of a tree */
    size_t recycle_bytes;    /* a fresh expat after so many: its name tables only grow */
    unsigned max_attributes; /* of a stanza's elements, in and out of the envelope; 0: no limit */
    unsigned max_namespaces; /* declarations, likewise */
};

/* What the parser of one connection shares with its owner. Set limits, zero the rest. */
struct sx_stream {
    struct sx_stream_limits limits;
    char first[SX_PROTOCOL_FIRST_BYTES]; /* that were fed */
    size_t first_len;
    uint64_t fed_bytes; /* ever; unchanged after xmpp_run_once means nothing was read */
    enum sx_err err;    /* the first failure: SX_EPROTOCOL, SX_ESTREAM, SX_ENOMEM; else SX_OK */
    char why[200];      /* one clause that explains err */
    struct sx_negotiation negotiation;
    /* During the login: a stream's header with its id (NULL: none), then each stanza; has_more:
     * bytes stand behind it already. NULL: libstrophe's handlers get the stanzas. */
    void (*on_header)(void *user, const char *id);
    void (*on_login)(void *user, const struct sx_element *stanza, bool has_more);
    /* Set once the login is over: takes each stanza. stanza is NULL if it is an <iq/> with nothing
     * in it but, perhaps, an envelope, packed or not, unless wants_trees. */
    void (*on_stanza)(void *user, const struct sx_element *stanza);
    void *user;
    bool wants_trees;
    const struct sx_tree *tree; /* of the stanza being delivered */
    enum sx_err verdict;        /* of the stanza being delivered */
    char verdict_why[160];
    unsigned long recycled;       /* expats that grew too large */
    unsigned long plain_iqs;      /* that were read without expat */
    struct sx_envelope *envelope; /* of the stanza being delivered, NULL if it has none */
    struct sx_buffer *binary;     /* likewise: what its base64 says */
};

/* The next parser_new() of this thread, that is the xmpp_conn_new() that follows, adopts stream,
 * which must outlive the connection. */
void sx_stream_arm(struct sx_stream *stream);
/* parser_new()'s: the armed one, once; NULL: none. */
struct sx_stream *sx_stream_take_armed(void);

/* Inside a stanza handler, of the stanza itself: its local name, and the value of its attribute (by
 * local name, see tree.h) or NULL. Valid until the handler returns. */
const char *sx_stream_name(const struct sx_stream *stream);
const char *sx_stream_attribute(const struct sx_stream *stream, const char *name);

/* Inside a stanza handler: moves the envelope's bytes and findings to *out and returns true; false,
 * *out untouched, if the stanza has none. Once per stanza. A stanza with a verdict whose envelope
 * had begun has one without bytes, its err and why the verdict's. */
bool sx_stream_envelope(struct sx_stream *stream, struct sx_envelope *out);

/* The same for <packed xmlns='urn:soap-xmpp:packed:1'/> and <data/> of XEP-0047 directly inside a
 * stanza: moves the bytes that their text stands for (malloc'ed). Elements and attributes are in
 * the tree, if one is made, their text isn't. False if there is none, or a verdict, which text that
 * is no base64 is. */
bool sx_stream_binary(struct sx_stream *stream, char **bytes, size_t *len);

/* Of a <packed/> that no tree was made for: the only one with binary and no stanza. As
 * sx_stream_attribute. */
const char *sx_stream_packed_attribute(const struct sx_stream *stream, const char *name);

#endif
