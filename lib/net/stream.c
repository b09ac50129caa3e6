/* stream.c - stanzas made of expat's events, for streams that carry SOAP.
 *
 * Why: libstrophe's own parser loses the namespaces of attributes and all prefix declarations, and
 * a peer can make it slow. Here an envelope stays the bytes that came, and everything else becomes
 * a tree of elements, within limits.
 *
 * Invariants: scan.namespaces holds the declarations of every element open. raw holds the envelope
 * under way up to byte `copied`. verdict is SX_OK, or the tree is pruned and gets nothing more.
 * Nothing is delivered once `failed`. What expat may allocate is bounded by its tally.
 *
 * Happy path: parser.c -> XML_Parse, or markup.c -> on_start/on_text/on_end build the tree, or
 * drive the scan while the chunk's bytes are copied -> close_stanza delivers, and may ask for a new
 * expat. Costs a stanza: drop_stanza() sets the verdict; from then on only depth is counted. Costs
 * the stream: sx_parser_fail(); expat is stopped, every later chunk is refused. Ended by the
 * server: expat is stopped, what follows isn't looked at (RFC 6120 4.4).
 */
#include "net/stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "net/negotiation.h"
#include "net/parser_state.h"
#include "net/strophe_stanza.h"
#include "wire/namespaces.h"

enum {
    STANZA_DEPTH = 1,   /* the stream's root is at 0 */
    ENVELOPE_DEPTH = 2, /* directly inside a stanza */
    STREAM_ATTRIBUTES = 16
};

/* ---- failure and verdict ---- */

void sx_parser_fail(parser_t *parser, enum sx_err err, const char *format, ...)
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

void sx_parser_fail_memory(parser_t *parser)
{
    sx_parser_fail(parser, SX_ENOMEM, "memory is short");
}

size_t sx_parser_token_end(parser_t *parser)
{
    if (parser->reading_plain)
        return parser->chunk_start + (size_t)(parser->markup.at - parser->chunk);
    return parser->spared_bytes + (size_t)XML_GetCurrentByteIndex(parser->expat) +
           (size_t)XML_GetCurrentByteCount(parser->expat);
}

const char *sx_parser_token(parser_t *parser, size_t *len)
{
    int offset = 0, size = 0;
    const char *input;
    if (parser->reading_plain) {
        *len = (size_t)(parser->markup.at - parser->markup.token);
        return parser->markup.token;
    }
    input = XML_GetInputContext(parser->expat, &offset, &size);
    *len = (size_t)XML_GetCurrentByteCount(parser->expat);
    return input ? input + offset : NULL;
}

/* The stanza will be delivered with a verdict, its children and the rest of it are forgotten. A
 * string can't be half a stanza, so its parser fails. */
__attribute__((format(printf, 3, 4))) static void drop_stanza(parser_t *parser, enum sx_err err,
                                                              const char *format, ...)
{
    va_list arguments;
    if (err == SX_ENOMEM) {
        sx_parser_fail_memory(parser);
        return;
    }
    if (!parser->stream) {
        sx_parser_fail(parser, err, "a string is no stanza within limits");
        return;
    }
    parser->verdict = err;
    va_start(arguments, format);
    vsnprintf(parser->verdict_why, sizeof parser->verdict_why, format, arguments);
    va_end(arguments);
    parser->scanning = false;
    parser->reading_binary = false;
    sx_buffer_fini(&parser->raw);
    sx_buffer_fini(&parser->binary);
    sx_envelope_fini(&parser->envelope);
    sx_tree_prune(&parser->tree);
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

bool sx_parser_is_within_bytes(parser_t *parser, size_t position)
{
    if (position - parser->stanza_start <= parser->limits.max_stanza_bytes)
        return true;
    drop_stanza(parser, SX_ETOOBIG, "the stanza is larger than %zu bytes",
                parser->limits.max_stanza_bytes);
    return false;
}

/* The stanza's own element has to be in the tree, so that it can be answered. */
static bool is_within_counts(parser_t *parser, const char **attributes)
{
    const struct sx_stream_limits *limits = &parser->limits;
    for (; *attributes; attributes += 2)
        ++*(sx_namespaces_declares(attributes[0]) ? &parser->declarations : &parser->attributes);
    if (limits->max_attributes && parser->attributes > limits->max_attributes)
        drop_stanza(parser, SX_ETOOBIG, "the stanza has more than %u attributes",
                    limits->max_attributes);
    else if (limits->max_namespaces && parser->declarations > limits->max_namespaces)
        drop_stanza(parser, SX_ETOOBIG, "the stanza has more than %u namespace declarations",
                    limits->max_namespaces);
    else
        return true;
    return false;
}

/* ---- envelope ---- */

void sx_parser_copy_raw(parser_t *parser, size_t position)
{
    if (position > parser->copied) {
        sx_buffer_add(&parser->raw, parser->chunk + (parser->copied - parser->chunk_start),
                      position - parser->copied);
        parser->copied = position;
    }
    if (parser->raw.failed)
        sx_parser_fail_memory(parser);
}

/* Starts the copy: the root's tag may have begun in an earlier chunk, but expat keeps a token
 * whole. */
static void start_raw(parser_t *parser, const char *qname)
{
    size_t tag_len, name_len = 1 + strlen(qname);
    const char *tag = sx_parser_token(parser, &tag_len);
    if (!tag) {
        sx_parser_fail(parser, SX_EPROTOCOL, "expat was built without XML_CONTEXT_BYTES");
        return;
    }
    sx_buffer_clear(&parser->raw);
    sx_buffer_add(&parser->raw, tag, name_len);
    sx_namespaces_write(&parser->scan.namespaces, ENVELOPE_DEPTH, &parser->raw);
    sx_buffer_add(&parser->raw, tag + name_len, tag_len - name_len);
    parser->copied = sx_parser_token_end(parser);
    parser->scanning = true;
    if (parser->raw.failed)
        sx_parser_fail_memory(parser);
}

static void open_envelope(parser_t *parser, const char *qname, const char **attributes, int version)
{
    const char *uri = version == 11 ? SX_NS_SOAP11 : SX_NS_SOAP12;
    if (parser->envelope_version) {
        drop_stanza(parser, SX_EMALFORMED, "the stanza holds two envelopes");
        return;
    }
    parser->envelope_version = version;
    judge_tree(parser, sx_tree_open_placeholder(&parser->tree, uri, "Envelope", NULL, NULL));
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
    sx_parser_copy_raw(parser, sx_parser_token_end(parser));
    bytes = sx_buffer_take(&parser->raw, &len);
    if (bytes)
        sx_envelope_set(&parser->envelope, bytes, len, &parser->scan);
    else
        sx_parser_fail_memory(parser);
}

/* ---- base64 ---- */

enum binary { NO_BINARY, PACKED, DATA };

static enum binary look_for_binary(parser_t *parser, const char *qname)
{
    const char *uri, *local;
    if (!parser->stream || parser->depth != ENVELOPE_DEPTH)
        return NO_BINARY;
    local = sx_namespaces_resolve(&parser->scan.namespaces, qname, false, &uri);
    if (local && strcmp(local, "packed") == 0 && strcmp(uri, SX_NS_PACKED) == 0)
        return PACKED;
    return local && strcmp(local, "data") == 0 && strcmp(uri, SX_NS_IBB) == 0 ? DATA : NO_BINARY;
}

/* To bytes that have come another way: its reader wants an element. */
static bool is_reference(const char **attributes)
{
    for (; *attributes; attributes += 2)
        if (strcmp(attributes[0], "transfer") == 0)
            return true;
    return false;
}

/* The element itself is in the tree already. */
static void open_binary(parser_t *parser)
{
    if (parser->has_binary) {
        drop_stanza(parser, SX_EMALFORMED, "the stanza holds two packed envelopes");
        return;
    }
    parser->has_binary = parser->reading_binary = true;
}

static void add_binary(parser_t *parser, const char *text, int len)
{
    sx_buffer_add(&parser->binary, text, (size_t)len);
    if (parser->binary.failed)
        sx_parser_fail_memory(parser);
}

static void close_binary(parser_t *parser)
{
    struct sx_buffer *binary = &parser->binary;
    parser->reading_binary = false;
    if (binary->len && !sx_base64_decode(binary->bytes, binary->len, &binary->len))
        drop_stanza(parser, SX_EMALFORMED, "the text is not base64 (RFC 4648 section 4)");
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
        sx_parser_fail_memory(parser);
    }
    sx_namespaces_pop(namespaces, ENVELOPE_DEPTH);
    return version;
}

/* ---- elements ---- */

static void open_stream(parser_t *parser, const char *qname, const char **attributes)
{
    const char *kept[2 * STREAM_ATTRIBUTES + 2] = {NULL}, *local, *uri;
    size_t count = 0, tag_len;
    const char *tag = sx_parser_token(parser, &tag_len);
    enum sx_err err;
    err = sx_namespaces_push(&parser->scan.namespaces, 0, attributes);
    if (err == SX_ENOMEM) {
        sx_parser_fail_memory(parser);
        return;
    }
    if (err || !(local = sx_namespaces_resolve(&parser->scan.namespaces, qname, false, &uri))) {
        sx_parser_fail(parser, SX_EPROTOCOL,
                       "the start tag of the stream is not namespace-well-formed");
        return;
    }
    if (parser->stream && tag)
        sx_buffer_add(&parser->root_tag, tag, tag_len);
    if (parser->root_tag.failed) {
        sx_parser_fail_memory(parser);
        return;
    }
    for (; *attributes && count < 2 * (size_t)STREAM_ATTRIBUTES; attributes += 2) {
        if (strchr(attributes[0], ':') || strcmp(attributes[0], "xmlns") == 0)
            continue;
        kept[count++] = attributes[0];
        kept[count++] = attributes[1];
    }
    parser->stanza_start = sx_parser_token_end(parser);
    if (parser->on_stream_start)
        parser->on_stream_start((char *)local, (char **)kept, parser->user);
}

static void open_element(parser_t *parser, const char *qname, const char **attributes)
{
    struct sx_namespaces *namespaces = &parser->scan.namespaces;
    int version = look_for_envelope(parser, qname, attributes);
    enum binary binary;
    enum sx_err err;
    if (parser->failed)
        return;
    if (version) {
        open_envelope(parser, qname, attributes, version);
        return;
    }
    err = sx_namespaces_push(namespaces, parser->depth, attributes);
    if (err == SX_ENOMEM) {
        sx_parser_fail_memory(parser);
        return;
    }
    binary = look_for_binary(parser, qname);
    if (binary == PACKED && !is_reference(attributes))
        judge_tree(parser, sx_tree_open_placeholder(&parser->tree, SX_NS_PACKED, "packed",
                                                    namespaces, attributes));
    else
        judge_tree(parser, sx_tree_open(&parser->tree, namespaces, qname, attributes));
    if (err && !parser->verdict && !parser->failed)
        drop_stanza(parser, err, "<%.60s> has forbidden or too many declarations", qname);
    if (binary && !parser->verdict && !parser->failed)
        open_binary(parser);
}

static void open_inner(parser_t *parser, const char *qname, const char **attributes)
{
    if (!sx_parser_is_within_bytes(parser, sx_parser_token_end(parser)) ||
        !is_within_counts(parser, attributes))
        return;
    if (parser->scanning)
        judge_scan(parser, sx_scan_start(&parser->scan, qname, attributes));
    else if (parser->depth > parser->limits.max_depth)
        drop_stanza(parser, SX_EDEPTH, "the stanza is nested deeper than %u elements",
                    parser->limits.max_depth);
    else
        open_element(parser, qname, attributes);
}

void XMLCALL sx_parser_on_start(void *user, const XML_Char *qname, const XML_Char **attributes)
{
    parser_t *parser = user;
    if (parser->failed || parser->muted)
        return;
    if (parser->depth == 0) {
        open_stream(parser, qname, attributes);
    } else if (parser->depth == STANZA_DEPTH) {
        open_element(parser, qname, attributes);
        if (!parser->verdict && !parser->failed)
            is_within_counts(parser, attributes);
    } else if (!parser->verdict) {
        open_inner(parser, qname, attributes);
    }
    parser->depth++;
}

void XMLCALL sx_parser_on_text(void *user, const XML_Char *text, int len)
{
    parser_t *parser = user;
    if (parser->failed || parser->muted)
        return;
    if (parser->depth <= STANZA_DEPTH) {
        /* A keep-alive (RFC 6120 4.6.1) is no part of the next stanza. */
        parser->stanza_start = sx_parser_token_end(parser);
        return;
    }
    if (parser->verdict || !sx_parser_is_within_bytes(parser, sx_parser_token_end(parser)))
        return;
    if (parser->scanning) {
        judge_scan(parser, sx_scan_text(&parser->scan, text, len));
        return;
    }
    if (parser->reading_binary) {
        add_binary(parser, text, len);
        return;
    }
    judge_tree(parser, sx_tree_text(&parser->tree, text, (size_t)len));
}

void sx_parser_clear_stanza(parser_t *parser)
{
    sx_tree_clear(&parser->tree);
    parser->verdict = SX_OK;
    parser->scanning = parser->has_binary = parser->reading_binary = false;
    parser->envelope_version = 0;
    parser->attributes = parser->declarations = 0;
    sx_buffer_fini(&parser->raw);
    sx_buffer_fini(&parser->binary);
    sx_envelope_fini(&parser->envelope);
    sx_namespaces_pop(&parser->scan.namespaces, STANZA_DEPTH);
}

/* What the stanza says about the stream itself; false when that ends it. */
static bool inspect_stanza(parser_t *parser, const struct sx_element *stanza)
{
    struct sx_stream *stream = parser->stream;
    const char *why = NULL;
    enum sx_err err = sx_negotiation_inspect(stream, stanza, &why);
    if (err) {
        sx_parser_fail(parser, err, "%s", why);
        return false;
    }
    /* Whoever sits in between could put it there, and it would count as told through TLS. */
    if (sx_negotiation_begins_tls(stream, stanza) &&
        sx_parser_token_end(parser) < parser->fed_bytes) {
        sx_parser_fail(parser, SX_ETLS,
                       "the server sent text in clear behind its go-ahead for TLS");
        return false;
    }
    return true;
}

static void tell_findings(parser_t *parser)
{
    struct sx_stream *stream = parser->stream;
    if (parser->verdict && parser->envelope_version) {
        parser->envelope.version = parser->envelope_version;
        parser->envelope.err = parser->verdict;
        snprintf(parser->envelope.why, sizeof parser->envelope.why, "%s", parser->verdict_why);
    }
    stream->tree = &parser->tree;
    stream->verdict = parser->verdict;
    if (parser->verdict)
        snprintf(stream->verdict_why, sizeof stream->verdict_why, "%s", parser->verdict_why);
    stream->envelope = parser->envelope_version ? &parser->envelope : NULL;
    stream->binary = parser->has_binary && !parser->verdict ? &parser->binary : NULL;
}

static void take_findings_back(struct sx_stream *stream)
{
    stream->tree = NULL;
    stream->envelope = NULL;
    stream->binary = NULL;
    stream->verdict = SX_OK;
    stream->verdict_why[0] = '\0';
}

/* What is about the stream itself, and during the login everything, is libstrophe's. */
static bool tell_libstrophe(parser_t *parser, const struct sx_element *element)
{
    xmpp_stanza_t *stanza;
    if (parser->stream && !inspect_stanza(parser, element))
        return false;
    if (!parser->on_stanza)
        return true;
    stanza = sx_strophe_stanza_new(parser->ctx, element, parser->stream != NULL);
    if (!stanza) {
        sx_parser_fail_memory(parser);
        return false;
    }
    parser->on_stanza(stanza, parser->user);
    xmpp_stanza_release(stanza);
    return !parser->failed;
}

/* An <iq/> with an envelope alone, or nothing, has all that is asked for in the head. */
static bool needs_tree(const parser_t *parser, bool is_online)
{
    return !is_online || parser->stream->wants_trees || parser->tree.root ||
           strcmp(sx_tree_name(&parser->tree), "iq") != 0;
}

static void deliver_stanza(parser_t *parser)
{
    struct sx_stream *stream = parser->stream;
    bool is_online = stream && stream->on_stanza, goes_on = true;
    struct sx_element *element = NULL;

    if (needs_tree(parser, is_online)) {
        element = sx_tree_whole(&parser->tree);
        if (!element) {
            sx_parser_fail_memory(parser);
            return;
        }
    }
    if (stream)
        tell_findings(parser);
    if (!is_online || strcmp(sx_tree_ns(&parser->tree), SX_NS_STREAMS) == 0)
        goes_on = tell_libstrophe(parser, element);
    if (is_online && goes_on)
        stream->on_stanza(stream->user, element);
    if (stream)
        take_findings_back(stream);
}

static void close_stanza(parser_t *parser)
{
    size_t end = sx_parser_token_end(parser);

    deliver_stanza(parser);
    sx_parser_clear_stanza(parser);
    parser->stanza_start = end;
    if (parser->failed || parser->reading_plain || !parser->limits.recycle_bytes ||
        !parser->root_tag.len)
        return;
    if (end - parser->spared_bytes < parser->limits.recycle_bytes &&
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
    } else if (parser->reading_binary && parser->depth == ENVELOPE_DEPTH) {
        close_binary(parser);
        if (parser->verdict || parser->failed)
            return;
    }
    judge_tree(parser, sx_tree_close(&parser->tree));
    sx_namespaces_pop(&parser->scan.namespaces, parser->depth);
}

void XMLCALL sx_parser_on_end(void *user, const XML_Char *qname)
{
    parser_t *parser = user;

    if (parser->failed || parser->muted)
        return;
    parser->depth--;
    if (parser->depth == 0) {
        if (parser->on_stream_end)
            parser->on_stream_end((char *)sx_tree_local_part(qname), parser->user);
        parser->ended = true;
        XML_StopParser(parser->expat, XML_FALSE);
        return;
    }
    if (!parser->verdict && sx_parser_is_within_bytes(parser, sx_parser_token_end(parser)))
        close_element(parser);
    if (parser->depth == STANZA_DEPTH && !parser->failed)
        close_stanza(parser);
}

/* ---- owner ---- */

const char *sx_stream_name(const struct sx_stream *stream)
{
    return sx_tree_name(stream->tree);
}

const char *sx_stream_attribute(const struct sx_stream *stream, const char *name)
{
    return sx_tree_attribute(stream->tree, name);
}

const char *sx_stream_packed_attribute(const struct sx_stream *stream, const char *name)
{
    return sx_tree_placeholder_attribute(stream->tree, name);
}

bool sx_stream_envelope(struct sx_stream *stream, struct sx_envelope *out)
{
    if (!stream->envelope)
        return false;
    *out = *stream->envelope;
    stream->envelope->bytes = NULL;
    sx_envelope_fini(stream->envelope);
    stream->envelope = NULL;
    return true;
}

bool sx_stream_binary(struct sx_stream *stream, char **bytes, size_t *len)
{
    if (!stream->binary)
        return false;
    *bytes = stream->binary->bytes;
    *len = stream->binary->len;
    *stream->binary = (struct sx_buffer){0};
    stream->binary = NULL;
    return true;
}
