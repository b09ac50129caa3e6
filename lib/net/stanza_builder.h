/* stanza_builder.h - stanzas, made of a parser's events.
 *
 * Noun: the builder of one stream's stanzas. It knows no parser: events come with their places in
 * the input, and the owner stops its parser once `failed` or `ended`.
 *
 * Happy path: init -> reset -> begin_chunk -> start, text, end ... -> end_chunk, and so on. It
 * delivers to the stream's on_stanza and to the sink. What costs a stanza and what the stream is
 * stream.h's promise.
 *
 * Thread: the loop thread.
 */
#ifndef SX_NET_STANZA_BUILDER_H
#define SX_NET_STANZA_BUILDER_H

#include "net/stream.h"
#include "net/tree.h"
#include "soap/scan.h"
#include "xml/names.h"

/* Depths of elements: the stream's root is at 0, stanzas are in it, and envelopes in stanzas. */
enum { SX_STANZA_DEPTH = 1, SX_ENVELOPE_DEPTH = 2 };

/* The tag or text that an event is about. Places count bytes from wherever the owner likes. */
struct sx_stanza_builder_token {
    size_t end;
    const char *bytes; /* of a tag directly inside a stanza; else, or if unknown, NULL */
    size_t len;
};

/* What libstrophe wants to know. Strings and elements live for the call. */
struct sx_stanza_builder_sink {
    void *user;
    void (*on_open)(void *user, const char *name, const char **attributes); /* the stream */
    void (*on_close)(void *user, const char *name);
    /* A stanza about the stream itself, and during the login each. False: no memory. */
    bool (*on_stanza)(void *user, const struct sx_element *stanza);
};

struct sx_stanza_builder {
    struct sx_stream *stream; /* NULL: no envelope is captured, what is over a limit fails */
    struct sx_stream_limits limits;
    struct sx_stanza_builder_sink sink;
    bool failed, ended; /* for the owner to read; nothing is built any more */
    unsigned depth;     /* likewise: elements open, the stream's root among them */
    struct {
        const char *bytes;
        size_t len, start;
    } chunk;
    const struct sx_stanza_builder_token *token; /* of the event that is told */
    /* the stanza */
    size_t stanza_start;               /* for the owner to set when places count anew */
    unsigned attributes, declarations; /* of all its elements */
    struct sx_names names;             /* of its envelope's attributes */
    struct sx_tree tree;
    enum sx_err verdict; /* for the owner to read */
    char verdict_why[160];
    /* its envelope */
    struct sx_scan scan;
    int envelope_version; /* 0: none has begun */
    bool scanning;
    struct sx_buffer raw;
    size_t copied;
    struct sx_envelope envelope;
    /* its base64 */
    bool has_binary, reading_binary; /* of one element; a second one is malformed */
    struct sx_buffer binary;
};

/* stream NULL: serves a string. */
void sx_stanza_builder_init(struct sx_stanza_builder *builder, struct sx_stream *stream,
                            const struct sx_stream_limits *limits,
                            const struct sx_stanza_builder_sink *sink);
void sx_stanza_builder_fini(struct sx_stanza_builder *builder);

/* A new stream begins; no longer failed nor ended. */
void sx_stanza_builder_reset(struct sx_stanza_builder *builder);

/* The stanza that has begun never was: the same bytes come once more. */
void sx_stanza_builder_drop(struct sx_stanza_builder *builder);

/* Around the events of one chunk, which begins at the place start. */
void sx_stanza_builder_begin_chunk(struct sx_stanza_builder *builder, const char *bytes, size_t len,
                                   size_t start);
void sx_stanza_builder_end_chunk(struct sx_stanza_builder *builder);

/* Attributes as expat gives them. The end needs no qname inside of a stanza. */
void sx_stanza_builder_start(struct sx_stanza_builder *builder,
                             const struct sx_stanza_builder_token *token, const char *qname,
                             const char **attributes);
void sx_stanza_builder_text(struct sx_stanza_builder *builder,
                            const struct sx_stanza_builder_token *token, const char *text, int len);
void sx_stanza_builder_end(struct sx_stanza_builder *builder,
                           const struct sx_stanza_builder_token *token, const char *qname);

/* Ends the stream: the first reason counts. */
void sx_stanza_builder_fail(struct sx_stanza_builder *builder, enum sx_err err, const char *format,
                            ...) __attribute__((format(printf, 3, 4)));

#endif
