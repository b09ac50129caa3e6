/* stream.c - libstrophe's parser.h once more, on expat, for streams that carry SOAP.
 *
 * Why: libstrophe's own parser loses the namespaces of attributes and all prefix declarations, and
 * a peer can make it slow. Here an envelope stays the bytes that came, and everything else becomes
 * the tree that libstrophe expects, within limits.
 *
 * Invariants: scan.namespaces holds the declarations of every element open. raw holds the envelope
 * under way up to byte `copied`. verdict is SX_OK, or the tree is pruned and gets nothing more.
 * Nothing is delivered once `failed`. What expat may allocate is bounded by its tally.
 *
 * Happy path: parser_feed -> XML_Parse -> on_start/on_text/on_end build the tree, or drive the scan
 * while the chunk's bytes are copied -> close_stanza delivers -> every recycle_bytes expat is
 * suspended there, a new one reads the stream's start tag again, unheard, and the chunk's rest.
 * Costs a stanza: drop_stanza() sets the verdict; from then on only depth is counted.
 * Costs the stream: fail(); expat is stopped, every later chunk is refused.
 * Reset by libstrophe during a callback: done when the chunk's parsing has returned.
 */
#include "stream.h"

#include <expat.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buffer.h"
#include "memory.h"
#include "namespace.h"
#include "negotiation.h"
#include "tally.h"
#include "tree.h"

enum {
    STANZA_DEPTH = 1,   /* the stream's root is at 0 */
    ENVELOPE_DEPTH = 2, /* directly inside a stanza */
    STREAM_ATTRIBUTES = 16,
    STRING_DEPTH = 1000, /* for xmpp_stanza_new_from_string: freeing a tree recurses */
    /* Markup of 6 bytes with a name not seen before costs expat some 100: a stanza within its
     * limits can't come near EXPAT_GROWTH times its size. */
    EXPAT_GROWTH = 32,
    EXPAT_BASE_BYTES = 16 << 20
};

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
    bool failed, feeding, reset_wanted;
    /* expat and its input; positions count from the first byte it was fed */
    XML_Parser expat;
    struct sx_tally tally;
    size_t fed_bytes;
    const char *chunk; /* being fed, at position chunk_start */
    size_t chunk_start;
    struct sx_buffer root_tag; /* the stream's start tag as it came */
    bool muted;                /* a new expat is reading it */
    size_t suspended_at;       /* 0: not suspended */

    /* the stanza */
    unsigned depth; /* elements open, the stream's root among them */
    size_t stanza_start;
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
};

static _Thread_local struct sx_stream *armed;

/* ---- failure and verdict ---- */

__attribute__((format(printf, 3, 4))) static void fail(parser_t *parser, enum sx_err err,
                                                       const char *format, ...)
{
    va_list arguments;
    if (parser->failed)
        return;
    parser->failed = true;
    if (parser->stream && !parser->stream->err) {
        parser->stream->err = err;
        va_start(arguments, format);
        vsnprintf(parser->stream->why, sizeof parser->stream->why, format, arguments);
        va_end(arguments);
    }
    if (parser->expat)
        XML_StopParser(parser->expat, XML_FALSE);
}

static void fail_memory(parser_t *parser)
{
    fail(parser, SX_ENOMEM, "memory is short");
}

/* The end of the token that expat tells about right now. */
static size_t token_end(parser_t *parser)
{
    return (size_t)XML_GetCurrentByteIndex(parser->expat) +
           (size_t)XML_GetCurrentByteCount(parser->expat);
}

/* The stanza will be delivered with a verdict, its children and the rest of it are forgotten. A
 * string can't be half a stanza, so its parser fails. */
__attribute__((format(printf, 3, 4))) static void drop_stanza(parser_t *parser, enum sx_err err,
                                                              const char *format, ...)
{
    va_list arguments;
    if (err == SX_ENOMEM) {
        fail_memory(parser);
        return;
    }
    if (!parser->stream) {
        fail(parser, err, "a string is no stanza within limits");
        return;
    }
    parser->verdict = err;
    va_start(arguments, format);
    vsnprintf(parser->verdict_why, sizeof parser->verdict_why, format, arguments);
    va_end(arguments);
    parser->scanning = false;
    sx_buffer_fini(&parser->raw);
    sx_envelope_fini(&parser->envelope);
    if (sx_tree_prune(&parser->tree))
        fail_memory(parser);
}

static void judge_tree(parser_t *parser, enum sx_err err)
{
    if (err)
        drop_stanza(parser, err, "%s", parser->tree.why);
}

/* What the scan has against an envelope costs its stanza, too. */
static void judge_scan(parser_t *parser, enum sx_err err)
{
    if (err)
        drop_stanza(parser, err, "%s", parser->scan.why);
}

static bool is_within_bytes(parser_t *parser, size_t position)
{
    if (position - parser->stanza_start <= parser->limits.max_stanza_bytes)
        return true;
    drop_stanza(parser, SX_ETOOBIG, "the stanza is larger than %zu bytes",
                parser->limits.max_stanza_bytes);
    return false;
}

/* ---- envelope ---- */

static void copy_raw(parser_t *parser, size_t position)
{
    if (position > parser->copied) {
        sx_buffer_add(&parser->raw, parser->chunk + (parser->copied - parser->chunk_start),
                      position - parser->copied);
        parser->copied = position;
    }
    if (parser->raw.failed)
        fail_memory(parser);
}

static bool is_hidden(const struct sx_namespaces *namespaces, size_t i)
{
    size_t j;
    for (j = i + 1; j < namespaces->count; j++)
        if (strcmp(namespaces->items[j].prefix, namespaces->items[i].prefix) == 0)
            return true;
    return false;
}

/* Declarations of the ancestors that the root, whose own are on top of the stack, inherits. */
static void inject_declarations(struct sx_buffer *raw, const struct sx_namespaces *namespaces)
{
    size_t i;
    for (i = 0; i < namespaces->count; i++) {
        const struct sx_namespace *item = &namespaces->items[i];
        if (item->depth >= ENVELOPE_DEPTH)
            break;
        if (is_hidden(namespaces, i))
            continue;
        sx_buffer_add_text(raw, *item->prefix ? " xmlns:" : " xmlns");
        sx_buffer_add_text(raw, item->prefix);
        sx_buffer_add_text(raw, "=\"");
        sx_buffer_add_escaped(raw, item->uri);
        sx_buffer_add_text(raw, "\"");
    }
}

/* Starts the copy: the root's tag may have begun in an earlier chunk, but expat keeps a token
 * whole. */
static void start_raw(parser_t *parser, const char *qname)
{
    int offset = 0, size = 0;
    const char *input = XML_GetInputContext(parser->expat, &offset, &size);
    size_t tag_len = (size_t)XML_GetCurrentByteCount(parser->expat), name_len = 1 + strlen(qname);
    if (!input) {
        fail(parser, SX_EPROTOCOL, "expat was built without XML_CONTEXT_BYTES");
        return;
    }
    sx_buffer_clear(&parser->raw);
    sx_buffer_add(&parser->raw, input + offset, name_len);
    inject_declarations(&parser->raw, &parser->scan.namespaces);
    sx_buffer_add(&parser->raw, input + offset + name_len, tag_len - name_len);
    parser->copied = token_end(parser);
    parser->scanning = true;
    if (parser->raw.failed)
        fail_memory(parser);
}

static void open_envelope(parser_t *parser, const char *qname, const char **attributes, int version)
{
    const char *uri = version == 11 ? SX_NS_SOAP11 : SX_NS_SOAP12;
    if (parser->envelope_version) {
        drop_stanza(parser, SX_EMALFORMED, "the stanza holds two envelopes");
        return;
    }
    parser->envelope_version = version;
    judge_tree(parser, sx_tree_open_placeholder(&parser->tree, uri, "Envelope"));
    if (parser->verdict || parser->failed)
        return;
    sx_scan_reset(&parser->scan, ENVELOPE_DEPTH);
    judge_scan(parser, sx_scan_start(&parser->scan, qname, attributes));
    if (!parser->verdict && !parser->failed)
        start_raw(parser, qname);
}

static void close_envelope(parser_t *parser)
{
    size_t len = 0;
    char *bytes;
    parser->scanning = false;
    copy_raw(parser, token_end(parser));
    bytes = sx_buffer_take(&parser->raw, &len);
    if (bytes)
        sx_envelope_set(&parser->envelope, bytes, len, &parser->scan);
    else
        fail_memory(parser);
}

/* 11, 12, or 0 for an element that is no envelope. Its own declarations decide that, so they are
 * looked at twice. */
static int look_for_envelope(parser_t *parser, const char *qname, const char **attributes)
{
    struct sx_namespaces *namespaces = &parser->scan.namespaces;
    const char *local, *uri;
    enum sx_err err;
    int version = 0;
    if (!parser->stream || parser->depth != ENVELOPE_DEPTH ||
        strcmp(sx_tree_local_part(qname), "Envelope") != 0)
        return 0;
    err = sx_namespaces_push(namespaces, ENVELOPE_DEPTH, attributes);
    if (err == SX_OK) {
        local = sx_namespaces_resolve(namespaces, qname, false, &uri);
        version = local ? sx_envelope_version(uri, local) : 0;
    } else if (err == SX_ENOMEM) {
        fail_memory(parser);
    }
    sx_namespaces_pop(namespaces, ENVELOPE_DEPTH);
    return version;
}

/* ---- elements ---- */

static void open_stream(parser_t *parser, const char *qname, const char **attributes)
{
    const char *kept[2 * STREAM_ATTRIBUTES + 2] = {NULL}, *local, *uri;
    size_t count = 0;
    int offset = 0, size = 0;
    const char *input = XML_GetInputContext(parser->expat, &offset, &size);
    enum sx_err err;
    err = sx_namespaces_push(&parser->scan.namespaces, 0, attributes);
    if (err == SX_ENOMEM) {
        fail_memory(parser);
        return;
    }
    if (err || !(local = sx_namespaces_resolve(&parser->scan.namespaces, qname, false, &uri))) {
        fail(parser, SX_EPROTOCOL, "the start tag of the stream is not namespace-well-formed");
        return;
    }
    if (parser->stream && input)
        sx_buffer_add(&parser->root_tag, input + offset,
                      (size_t)XML_GetCurrentByteCount(parser->expat));
    if (parser->root_tag.failed) {
        fail_memory(parser);
        return;
    }
    for (; *attributes && count < 2 * STREAM_ATTRIBUTES; attributes += 2) {
        if (strchr(attributes[0], ':') || strcmp(attributes[0], "xmlns") == 0)
            continue;
        kept[count++] = attributes[0];
        kept[count++] = attributes[1];
    }
    parser->stanza_start = token_end(parser);
    if (parser->on_stream_start)
        parser->on_stream_start((char *)local, (char **)kept, parser->user);
}

static void open_element(parser_t *parser, const char *qname, const char **attributes)
{
    struct sx_namespaces *namespaces = &parser->scan.namespaces;
    int version = look_for_envelope(parser, qname, attributes);
    enum sx_err err;
    if (parser->failed)
        return;
    if (version) {
        open_envelope(parser, qname, attributes, version);
        return;
    }
    err = sx_namespaces_push(namespaces, parser->depth, attributes);
    if (err == SX_ENOMEM) {
        fail_memory(parser);
        return;
    }
    judge_tree(parser, sx_tree_open(&parser->tree, namespaces, qname, attributes));
    if (err && !parser->verdict && !parser->failed)
        drop_stanza(parser, err, "<%.60s> has forbidden or too many declarations", qname);
}

static void open_inner(parser_t *parser, const char *qname, const char **attributes)
{
    if (!is_within_bytes(parser, token_end(parser)))
        return;
    if (parser->scanning)
        judge_scan(parser, sx_scan_start(&parser->scan, qname, attributes));
    else if (parser->depth > parser->limits.max_depth)
        drop_stanza(parser, SX_EDEPTH, "the stanza is nested deeper than %u elements",
                    parser->limits.max_depth);
    else
        open_element(parser, qname, attributes);
}

static void XMLCALL on_start(void *user, const XML_Char *qname, const XML_Char **attributes)
{
    parser_t *parser = user;
    if (parser->failed || parser->muted)
        return;
    if (parser->depth == 0) {
        open_stream(parser, qname, attributes);
    } else if (parser->depth == STANZA_DEPTH) {
        open_element(parser, qname, attributes);
    } else if (!parser->verdict) {
        open_inner(parser, qname, attributes);
    }
    parser->depth++;
}

static void XMLCALL on_text(void *user, const XML_Char *text, int len)
{
    parser_t *parser = user;
    if (parser->failed || parser->muted)
        return;
    if (parser->depth <= STANZA_DEPTH) {
        /* A keep-alive (RFC 6120 4.6.1) is no part of the next stanza. */
        parser->stanza_start = token_end(parser);
        return;
    }
    if (parser->verdict || !is_within_bytes(parser, token_end(parser)))
        return;
    if (parser->scanning) {
        judge_scan(parser, sx_scan_text(&parser->scan, text, len));
        return;
    }
    judge_tree(parser, sx_tree_text(&parser->tree, text, (size_t)len));
}

static void clear_stanza(parser_t *parser)
{
    sx_tree_clear(&parser->tree);
    parser->verdict = SX_OK;
    parser->scanning = false;
    parser->envelope_version = 0;
    sx_buffer_fini(&parser->raw);
    sx_envelope_fini(&parser->envelope);
    sx_namespaces_pop(&parser->scan.namespaces, STANZA_DEPTH);
}

static void deliver_stanza(parser_t *parser)
{
    struct sx_stream *stream = parser->stream;
    const char *why = NULL;
    enum sx_err err;

    if (stream) {
        err = sx_negotiation_inspect(stream, parser->tree.path[0], &why);
        if (err) {
            fail(parser, err, "%s", why);
            return;
        }
        if (parser->verdict && parser->envelope_version) {
            parser->envelope.version = parser->envelope_version;
            parser->envelope.err = parser->verdict;
            snprintf(parser->envelope.why, sizeof parser->envelope.why, "%s", parser->verdict_why);
        }
        stream->verdict = parser->verdict;
        snprintf(stream->verdict_why, sizeof stream->verdict_why, "%s",
                 parser->verdict ? parser->verdict_why : "");
        stream->envelope = parser->envelope_version ? &parser->envelope : NULL;
    }
    if (parser->on_stanza)
        parser->on_stanza(parser->tree.path[0], parser->user);
    if (stream) {
        stream->envelope = NULL;
        stream->verdict = SX_OK;
        stream->verdict_why[0] = '\0';
    }
}

static void close_stanza(parser_t *parser)
{
    size_t end = token_end(parser);

    deliver_stanza(parser);
    clear_stanza(parser);
    parser->stanza_start = end;
    if (parser->failed || !parser->limits.recycle_bytes || !parser->root_tag.len)
        return;
    if (end < parser->limits.recycle_bytes &&
        parser->tally.held_bytes < parser->tally.max_bytes / 4)
        return;
    if (XML_StopParser(parser->expat, XML_TRUE) == XML_STATUS_OK)
        parser->suspended_at = end;
}

static void close_element(parser_t *parser)
{
    if (parser->scanning) {
        judge_scan(parser, sx_scan_end(&parser->scan));
        if (parser->verdict || parser->failed || parser->depth != ENVELOPE_DEPTH)
            return;
        close_envelope(parser);
    }
    judge_tree(parser, sx_tree_close(&parser->tree));
    sx_namespaces_pop(&parser->scan.namespaces, parser->depth);
}

static void XMLCALL on_end(void *user, const XML_Char *qname)
{
    parser_t *parser = user;

    if (parser->failed || parser->muted)
        return;
    parser->depth--;
    if (parser->depth == 0) {
        if (parser->on_stream_end)
            parser->on_stream_end((char *)sx_tree_local_part(qname), parser->user);
        return;
    }
    if (!parser->verdict && is_within_bytes(parser, token_end(parser)))
        close_element(parser);
    if (parser->depth == STANZA_DEPTH && !parser->failed)
        close_stanza(parser);
}

/* ---- restricted XML (RFC 6120 11.1, 11.6) ---- */

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_subset;
    fail(user, SX_EPROTOCOL, "the server sent a DOCTYPE");
}

static void XMLCALL on_instruction(void *user, const XML_Char *target, const XML_Char *data)
{
    (void)target, (void)data;
    fail(user, SX_EPROTOCOL, "the server sent a processing instruction");
}

static void XMLCALL on_comment(void *user, const XML_Char *text)
{
    (void)text;
    fail(user, SX_EPROTOCOL, "the server sent a comment");
}

static void XMLCALL on_declaration(void *user, const XML_Char *version, const XML_Char *encoding,
                                   int standalone)
{
    (void)version, (void)standalone;
    if (encoding && strcasecmp(encoding, "UTF-8") != 0)
        fail(user, SX_EPROTOCOL, "the server's encoding is %.40s, not UTF-8", encoding);
}

/* ---- feeding ---- */

/* A new expat, not XML_ParserReset(): only so its tables of names are freed. */
static bool renew_expat(parser_t *parser)
{
    if (parser->expat)
        XML_ParserFree(parser->expat);
    parser->expat = sx_tally_parser(&parser->tally);
    parser->fed_bytes = parser->stanza_start = parser->suspended_at = 0;
    if (!parser->expat) {
        fail_memory(parser);
        return false;
    }
    XML_SetUserData(parser->expat, parser);
    XML_SetElementHandler(parser->expat, on_start, on_end);
    XML_SetCharacterDataHandler(parser->expat, on_text);
    XML_SetStartDoctypeDeclHandler(parser->expat, on_doctype);
    XML_SetProcessingInstructionHandler(parser->expat, on_instruction);
    XML_SetCommentHandler(parser->expat, on_comment);
    XML_SetXmlDeclHandler(parser->expat, on_declaration);
    return true;
}

/* After a chunk without an error: what of it is still open. */
static void check_open_ends(parser_t *parser)
{
    XML_Index token = XML_GetCurrentByteIndex(parser->expat);

    if (parser->scanning && is_within_bytes(parser, parser->fed_bytes))
        copy_raw(parser, parser->fed_bytes);
    if (token >= 0 && parser->fed_bytes - (size_t)token > parser->limits.max_stanza_bytes)
        fail(parser, SX_EPROTOCOL, "the server sent a tag of more than %zu bytes",
             parser->limits.max_stanza_bytes);
}

/* True when all of it was parsed, or all up to suspended_at. */
static bool parse_bytes(parser_t *parser, const char *bytes, int len)
{
    enum XML_Status status;
    enum XML_Error error;

    parser->chunk = bytes;
    parser->chunk_start = parser->fed_bytes;
    parser->fed_bytes += (size_t)len;
    status = sx_tally_parse(&parser->tally, parser->expat, bytes, len);
    if (parser->failed)
        return false;
    error = XML_GetErrorCode(parser->expat);
    if (status == XML_STATUS_OK)
        check_open_ends(parser);
    else if (status == XML_STATUS_ERROR && error == XML_ERROR_NO_MEMORY)
        fail(parser, SX_ENOMEM, "memory is short for the names and nesting of a stanza");
    else if (status == XML_STATUS_ERROR)
        fail(parser, SX_EPROTOCOL, "the server sent what is no XML: %s", XML_ErrorString(error));
    return !parser->failed;
}

static void feed_chunk(parser_t *parser, const char *bytes, int len)
{
    while (parse_bytes(parser, bytes, len) && parser->suspended_at) {
        int used = (int)(parser->suspended_at - parser->chunk_start);
        bytes += used;
        len -= used;
        if (!renew_expat(parser))
            return;
        parser->stream->recycled++;
        parser->muted = true;
        parse_bytes(parser, parser->root_tag.bytes, (int)parser->root_tag.len);
        parser->muted = false;
        if (parser->failed)
            return;
        parser->stanza_start = parser->fed_bytes;
    }
}

static int restart(parser_t *parser)
{
    clear_stanza(parser);
    sx_scan_reset(&parser->scan, 0);
    sx_buffer_clear(&parser->root_tag);
    parser->depth = 0;
    parser->failed = parser->reset_wanted = false;
    return renew_expat(parser);
}

/* ---- libstrophe's parser.h ---- */

static void set_limits(parser_t *parser)
{
    size_t spare = (SIZE_MAX - EXPAT_BASE_BYTES) / EXPAT_GROWTH;

    if (parser->stream)
        parser->limits = parser->stream->limits;
    else
        parser->limits = (struct sx_stream_limits){INT_MAX, STRING_DEPTH, UINT_MAX, 0};
    if (spare > parser->limits.max_stanza_bytes)
        spare = parser->limits.max_stanza_bytes;
    parser->tree.names_no_namespace = parser->stream != NULL;
    parser->tree.max_nodes = parser->limits.max_nodes;
    parser->tally.max_bytes = EXPAT_BASE_BYTES + EXPAT_GROWTH * spare;
}

parser_t *parser_new(xmpp_ctx_t *ctx, parser_start_callback on_stream_start,
                     parser_end_callback on_stream_end, parser_stanza_callback on_stanza,
                     void *user)
{
    struct sx_stream *stream = armed;
    parser_t *parser = calloc(1, sizeof *parser);

    armed = NULL;
    if (!parser) {
        if (stream)
            stream->err = SX_ENOMEM;
        return NULL;
    }
    parser->tree.ctx = parser->ctx = ctx;
    parser->on_stream_start = on_stream_start;
    parser->on_stream_end = on_stream_end;
    parser->on_stanza = on_stanza;
    parser->user = user;
    parser->stream = stream;
    set_limits(parser);
    sx_scan_init(&parser->scan, parser->limits.max_depth);
    if (!restart(parser)) {
        parser_free(parser);
        return NULL;
    }
    return parser;
}

void parser_free(parser_t *parser)
{
    if (!parser) /* libstrophe takes a parser that there was no memory for for one */
        return;
    clear_stanza(parser);
    if (parser->expat)
        XML_ParserFree(parser->expat);
    sx_scan_fini(&parser->scan);
    sx_buffer_fini(&parser->root_tag);
    sx_tree_fini(&parser->tree);
    free(parser);
}

int parser_reset(parser_t *parser)
{
    if (!parser->feeding)
        return restart(parser);
    /* expat is on the stack: the rest of the chunk belongs to the old stream and is skipped. */
    parser->reset_wanted = parser->failed = true;
    XML_StopParser(parser->expat, XML_FALSE);
    return 1;
}

int parser_feed(parser_t *parser, char *chunk, int len)
{
    if (len < 0 || parser->feeding)
        return 0;
    if (parser->stream)
        parser->stream->fed_bytes += (uint64_t)len;
    if (parser->failed)
        return 0;
    parser->feeding = true;
    feed_chunk(parser, chunk, len);
    parser->feeding = false;
    if (parser->reset_wanted)
        return restart(parser);
    return !parser->failed;
}

char *parser_attr_name(xmpp_ctx_t *ctx, char *qname)
{
    (void)ctx; /* made with sx_memory, so libstrophe may free what is from there */
    return sx_memory_strdup(sx_tree_local_part(qname));
}

/* ---- owner ---- */

void sx_stream_arm(struct sx_stream *stream)
{
    armed = stream;
}

bool sx_stream_envelope(struct sx_stream *stream, struct sx_envelope *out)
{
    if (!stream->envelope)
        return false;
    *out = *stream->envelope;
    *stream->envelope = (struct sx_envelope){0};
    stream->envelope = NULL;
    return true;
}
