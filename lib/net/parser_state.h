/* parser_state.h - the parser of one stream, for stream.c and parser.c alone.
 *
 * parser.c gives bytes to expat, stream.c makes stanzas of expat's events.
 */
#ifndef SX_NET_PARSER_STATE_H
#define SX_NET_PARSER_STATE_H

#include <expat.h>
#include <strophe.h>

#include "xml/markup.h"
#include "soap/scan.h"
#include "net/stream.h"
#include "xml/quota.h"
#include "xml/tag.h"
#include "net/tree.h"

/* libstrophe's src/parser.h, which is not installed; the same from 0.12.2 to 0.14.0 */
typedef struct _parser_t parser_t;
typedef void (*parser_start_callback)(char *name, char **attributes, void *user);
typedef void (*parser_end_callback)(char *name, void *user);
typedef void (*parser_stanza_callback)(xmpp_stanza_t *stanza, void *user);
parser_t *parser_new(xmpp_ctx_t *ctx, parser_start_callback on_stream_start,
                     parser_end_callback on_stream_end, parser_stanza_callback on_stanza,
                     void *user);
void parser_free(parser_t *parser);
int parser_reset(parser_t *parser);
int parser_feed(parser_t *parser, char *chunk, int len);
char *parser_attr_name(xmpp_ctx_t *ctx, char *qname);

struct _parser_t {
    xmpp_ctx_t *ctx;
    parser_start_callback on_stream_start; /* NULL allowed, as the next two */
    parser_end_callback on_stream_end;
    parser_stanza_callback on_stanza;
    void *user;
    struct sx_stream *stream; /* NULL: serves xmpp_stanza_new_from_string */
    struct sx_stream_limits limits;
    bool failed, ended, feeding, reset_wanted;
    /* expat and its input; positions count from the first byte after it was made */
    XML_Parser expat;
    struct sx_quota tally;
    size_t fed_bytes;
    size_t spared_bytes; /* of these, those of stanzas that were read without it */
    struct sx_markup markup;
    bool in_cdata;       /* expat stands in a CDATA section, whose end is to come */
    bool reading_plain;  /* markup, not expat, tells the events */
    struct sx_tag token; /* the tag that expat has the beginning of */
    const char *chunk;   /* being fed, at position chunk_start */
    size_t chunk_start;
    struct sx_buffer root_tag; /* the stream's start tag as it came */
    bool muted;                /* a new expat is reading it */
    size_t suspended_at;       /* 0: not suspended */

    /* the stanza */
    unsigned depth; /* elements open, the stream's root among them */
    size_t stanza_start;
    unsigned attributes, declarations; /* of all its elements */
    struct sx_tree tree;
    enum sx_err verdict;
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

/* ---- stream.c ---- */

/* Ends the stream: the first reason counts. */
void sx_parser_fail(parser_t *parser, enum sx_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void sx_parser_fail_memory(parser_t *parser);

/* The tag or text that is being told: where it ends; its bytes (NULL: expat has none). */
size_t sx_parser_token_end(parser_t *parser);
const char *sx_parser_token(parser_t *parser, size_t *len);

/* False once the stanza is too large for position: it is dropped then. */
bool sx_parser_is_within_bytes(parser_t *parser, size_t position);
/* The bytes of the envelope up to position are the envelope's. */
void sx_parser_copy_raw(parser_t *parser, size_t position);
void sx_parser_clear_stanza(parser_t *parser);

/* expat's handlers, user is the parser. sx_parser_on_end needs no qname inside of a stanza. */
void XMLCALL sx_parser_on_start(void *user, const XML_Char *qname, const XML_Char **attributes);
void XMLCALL sx_parser_on_text(void *user, const XML_Char *text, int len);
void XMLCALL sx_parser_on_end(void *user, const XML_Char *qname);

#endif
