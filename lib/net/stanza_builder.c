/* stanza_builder.c - stanzas made of a parser's events, for streams that carry SOAP.
 *
 * Invariants: scan.namespaces holds the declarations of every element open. raw holds the envelope
 * under way up to byte `copied`. verdict is SX_OK, or the tree is pruned and gets nothing more.
 * Nothing is delivered once `failed`.
 *
 * Happy path: open, text and close build the tree, or drive the scan while the chunk's bytes are
 * copied -> close_stanza delivers. Failure that costs a stanza: drop_stanza() sets the verdict;
 * from then on only depth is counted. Failure that costs the stream: sx_stanza_builder_fail(); the
 * parser stops, every later chunk is refused. Ended by the server: what follows isn't looked at
 * (RFC 6120 4.4).
 */
#include "net/stanza_builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "net/negotiation.h"
#include "wire/namespaces.h"

enum {
    STREAM_ATTRIBUTES = 16,
    /* A tree with as many nodes as it may have, and eight times its text: more than there is by
     * text that grows piece by piece. Only namespaces can take more. */
    TREE_BASE_BYTES = 1 << 20,
    TREE_GROWTH = 8
};

/* ---- failure and verdict ---- */

void sx_stanza_builder_fail(struct sx_stanza_builder *builder, enum sx_err err, const char *format,
                            ...)
{
    va_list arguments;
    if (builder->failed)
        return;
    builder->failed = true;
    if (builder->stream && !builder->stream->err) {
        builder->stream->err = err;
        va_start(arguments, format);
        vsnprintf(builder->stream->why, sizeof builder->stream->why, format, arguments);
        va_end(arguments);
    }
}

static void fail_memory(struct sx_stanza_builder *builder)
{
    sx_stanza_builder_fail(builder, SX_ENOMEM, "memory is short");
}

/* The stanza will be delivered with a verdict, its children and the rest of it are forgotten. A
 * string can't be half a stanza, so its parser fails. */
__attribute__((format(printf, 3, 4))) static void
drop_stanza(struct sx_stanza_builder *builder, enum sx_err err, const char *format, ...)
{
    va_list arguments;
    if (err == SX_ENOMEM) {
        fail_memory(builder);
        return;
    }
    if (!builder->stream) {
        sx_stanza_builder_fail(builder, err, "a string is no stanza within limits");
        return;
    }
    builder->verdict = err;
    va_start(arguments, format);
    vsnprintf(builder->verdict_why, sizeof builder->verdict_why, format, arguments);
    va_end(arguments);
    builder->scanning = false;
    builder->reading_binary = false;
    sx_buffer_fini(&builder->raw);
    sx_buffer_fini(&builder->binary);
    sx_envelope_fini(&builder->envelope);
    sx_tree_prune(&builder->tree);
}

static void judge_tree(struct sx_stanza_builder *builder, enum sx_err err)
{
    if (err)
        drop_stanza(builder, err, "%s", builder->tree.why);
}

/* What the scan has against an envelope costs its stanza, too. */
static void judge_scan(struct sx_stanza_builder *builder, enum sx_err err)
{
    if (err)
        drop_stanza(builder, err, "%s", builder->scan.why);
}

static bool is_within_bytes(struct sx_stanza_builder *builder, size_t position)
{
    if (position - builder->stanza_start <= builder->limits.max_stanza_bytes)
        return true;
    drop_stanza(builder, SX_ETOOBIG, "the stanza is larger than %zu bytes",
                builder->limits.max_stanza_bytes);
    return false;
}

/* What gSOAP has to do for the names of an envelope's attributes. */
static bool count_names(struct sx_stanza_builder *builder, const char **attributes)
{
    enum sx_err err = sx_names_walk(&builder->names);
    for (; *attributes && !err; attributes += 2) {
        const char *name = attributes[0];
        err = sx_namespaces_declares(name)
                  ? sx_names_walk(&builder->names)
                  : sx_names_add(&builder->names, sx_names_hash(0, name, strlen(name)));
    }
    if (err)
        drop_stanza(builder, err, "there are too many attribute names, or elements for so many");
    return !err;
}

/* The stanza's own element has to be in the tree, so that it can be answered. */
static bool is_within_counts(struct sx_stanza_builder *builder, const char **attributes)
{
    const struct sx_stream_limits *limits = &builder->limits;
    for (; *attributes; attributes += 2)
        ++*(sx_namespaces_declares(attributes[0]) ? &builder->declarations : &builder->attributes);
    if (limits->max_attributes && builder->attributes > limits->max_attributes)
        drop_stanza(builder, SX_ETOOBIG, "the stanza has more than %u attributes",
                    limits->max_attributes);
    else if (limits->max_namespaces && builder->declarations > limits->max_namespaces)
        drop_stanza(builder, SX_ETOOBIG, "the stanza has more than %u namespace declarations",
                    limits->max_namespaces);
    else
        return true;
    return false;
}

/* ---- envelope ---- */

static void copy_raw(struct sx_stanza_builder *builder, size_t position)
{
    if (position > builder->copied) {
        sx_buffer_add(&builder->raw,
                      builder->chunk.bytes + (builder->copied - builder->chunk.start),
                      position - builder->copied);
        builder->copied = position;
    }
    if (builder->raw.failed)
        fail_memory(builder);
}

/* Starts the copy: the root's tag may have begun in an earlier chunk, but the parser keeps a token
 * whole. */
static void start_raw(struct sx_stanza_builder *builder, const char *qname)
{
    const struct sx_stanza_builder_token *token = builder->token;
    size_t name_len = 1 + strlen(qname);
    if (!token->bytes) {
        sx_stanza_builder_fail(builder, SX_EPROTOCOL, "expat was built without XML_CONTEXT_BYTES");
        return;
    }
    sx_buffer_clear(&builder->raw);
    sx_buffer_add(&builder->raw, token->bytes, name_len);
    sx_namespaces_write(&builder->scan.namespaces, SX_ENVELOPE_DEPTH, &builder->raw);
    sx_buffer_add(&builder->raw, token->bytes + name_len, token->len - name_len);
    builder->copied = builder->token->end;
    builder->scanning = true;
    if (builder->raw.failed)
        fail_memory(builder);
}

static void open_envelope(struct sx_stanza_builder *builder, const char *qname,
                          const char **attributes, int version)
{
    const char *uri = version == 11 ? SX_NS_SOAP11 : SX_NS_SOAP12;
    if (builder->envelope_version) {
        drop_stanza(builder, SX_EMALFORMED, "the stanza holds two envelopes");
        return;
    }
    builder->envelope_version = version;
    judge_tree(builder, sx_tree_open_placeholder(&builder->tree, uri, "Envelope", NULL, NULL));
    if (builder->verdict || builder->failed)
        return;
    if (!count_names(builder, attributes))
        return;
    sx_scan_reset(&builder->scan, SX_ENVELOPE_DEPTH);
    judge_scan(builder, sx_scan_start(&builder->scan, qname, attributes));
    if (!builder->verdict && !builder->failed)
        start_raw(builder, qname);
}

static void close_envelope(struct sx_stanza_builder *builder)
{
    size_t len = 0;
    char *bytes;
    builder->scanning = false;
    copy_raw(builder, builder->token->end);
    bytes = sx_buffer_take(&builder->raw, &len);
    if (bytes)
        sx_envelope_set(&builder->envelope, bytes, len, &builder->scan);
    else
        fail_memory(builder);
}

/* ---- base64 ---- */

enum binary { NO_BINARY, PACKED, DATA };

static enum binary look_for_binary(struct sx_stanza_builder *builder, const char *qname)
{
    const char *uri, *local;
    if (!builder->stream || builder->depth != SX_ENVELOPE_DEPTH)
        return NO_BINARY;
    local = sx_namespaces_resolve(&builder->scan.namespaces, qname, false, &uri);
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
static void open_binary(struct sx_stanza_builder *builder)
{
    if (builder->has_binary) {
        drop_stanza(builder, SX_EMALFORMED, "the stanza holds two packed envelopes");
        return;
    }
    builder->has_binary = builder->reading_binary = true;
}

static void add_binary(struct sx_stanza_builder *builder, const char *text, int len)
{
    sx_buffer_add(&builder->binary, text, (size_t)len);
    if (builder->binary.failed)
        fail_memory(builder);
}

static void close_binary(struct sx_stanza_builder *builder)
{
    struct sx_buffer *binary = &builder->binary;
    builder->reading_binary = false;
    if (binary->len && !sx_base64_decode(binary->bytes, binary->len, &binary->len))
        drop_stanza(builder, SX_EMALFORMED, "the text is not base64 (RFC 4648 section 4)");
}

/* 11, 12, or 0 for an element that is no envelope. Its own declarations decide that, so they are
 * looked at twice. */
static int look_for_envelope(struct sx_stanza_builder *builder, const char *qname,
                             const char **attributes)
{
    struct sx_namespaces *namespaces = &builder->scan.namespaces;
    const char *local, *uri;
    enum sx_err err;
    int version = 0;
    if (!builder->stream || builder->depth != SX_ENVELOPE_DEPTH ||
        strcmp(sx_tree_local_part(qname), "Envelope") != 0)
        return 0;
    err = sx_namespaces_push(namespaces, SX_ENVELOPE_DEPTH, attributes);
    if (err == SX_OK) {
        local = sx_namespaces_resolve(namespaces, qname, false, &uri);
        version = local ? sx_scan_version(uri, local) : 0;
    } else if (err == SX_ENOMEM) {
        fail_memory(builder);
    }
    sx_namespaces_pop(namespaces, SX_ENVELOPE_DEPTH);
    return version;
}

/* ---- elements ---- */

static void open_stream(struct sx_stanza_builder *builder, const char *qname,
                        const char **attributes)
{
    const char *kept[2 * STREAM_ATTRIBUTES + 2] = {NULL}, *local, *uri;
    size_t count = 0;
    enum sx_err err;
    err = sx_namespaces_push(&builder->scan.namespaces, 0, attributes);
    if (err == SX_ENOMEM) {
        fail_memory(builder);
        return;
    }
    if (err || !(local = sx_namespaces_resolve(&builder->scan.namespaces, qname, false, &uri))) {
        sx_stanza_builder_fail(builder, SX_EPROTOCOL,
                               "the start tag of the stream is not namespace-well-formed");
        return;
    }
    if (builder->stream && (strcmp(local, "stream") != 0 || strcmp(uri, SX_NS_STREAMS) != 0)) {
        sx_stanza_builder_fail(builder, SX_EPROTOCOL, "the server's stream begins with <%.60s>",
                               qname);
        return;
    }
    for (; *attributes && count < 2 * (size_t)STREAM_ATTRIBUTES; attributes += 2) {
        if (strchr(attributes[0], ':') || strcmp(attributes[0], "xmlns") == 0)
            continue;
        kept[count++] = attributes[0];
        kept[count++] = attributes[1];
    }
    builder->stanza_start = builder->token->end;
    builder->sink.on_open(builder->sink.user, local, kept);
}

static void open_element(struct sx_stanza_builder *builder, const char *qname,
                         const char **attributes)
{
    struct sx_namespaces *namespaces = &builder->scan.namespaces;
    int version = look_for_envelope(builder, qname, attributes);
    enum binary binary;
    enum sx_err err;
    if (builder->failed)
        return;
    if (version) {
        open_envelope(builder, qname, attributes, version);
        return;
    }
    err = sx_namespaces_push(namespaces, builder->depth, attributes);
    if (err == SX_ENOMEM) {
        fail_memory(builder);
        return;
    }
    binary = look_for_binary(builder, qname);
    if (binary == PACKED && !is_reference(attributes))
        judge_tree(builder, sx_tree_open_placeholder(&builder->tree, SX_NS_PACKED, "packed",
                                                     namespaces, attributes));
    else
        judge_tree(builder, sx_tree_open(&builder->tree, namespaces, qname, attributes));
    if (err && !builder->verdict && !builder->failed)
        drop_stanza(builder, err, "<%.60s> has forbidden or too many declarations", qname);
    if (binary && !builder->verdict && !builder->failed)
        open_binary(builder);
}

static void open_inner(struct sx_stanza_builder *builder, const char *qname,
                       const char **attributes)
{
    if (!is_within_bytes(builder, builder->token->end) || !is_within_counts(builder, attributes))
        return;
    if (builder->scanning) {
        if (count_names(builder, attributes))
            judge_scan(builder, sx_scan_start(&builder->scan, qname, attributes));
        return;
    }
    if (builder->depth > builder->limits.max_depth)
        drop_stanza(builder, SX_EDEPTH, "the stanza is nested deeper than %u elements",
                    builder->limits.max_depth);
    else
        open_element(builder, qname, attributes);
}

void sx_stanza_builder_start(struct sx_stanza_builder *builder,
                             const struct sx_stanza_builder_token *token, const char *qname,
                             const char **attributes)
{
    if (builder->failed)
        return;
    builder->token = token;
    if (builder->depth == 0) {
        open_stream(builder, qname, attributes);
    } else if (builder->depth == SX_STANZA_DEPTH) {
        open_element(builder, qname, attributes);
        if (!builder->verdict && !builder->failed)
            is_within_counts(builder, attributes);
    } else if (!builder->verdict) {
        open_inner(builder, qname, attributes);
    }
    builder->depth++;
}

void sx_stanza_builder_text(struct sx_stanza_builder *builder,
                            const struct sx_stanza_builder_token *token, const char *text, int len)
{
    if (builder->failed)
        return;
    builder->token = token;
    if (builder->depth <= SX_STANZA_DEPTH) {
        /* A keep-alive (RFC 6120 4.6.1) is no part of the next stanza. */
        builder->stanza_start = builder->token->end;
        return;
    }
    if (builder->verdict || !is_within_bytes(builder, builder->token->end))
        return;
    if (builder->scanning) {
        judge_scan(builder, sx_scan_text(&builder->scan, text, len));
        return;
    }
    if (builder->reading_binary) {
        add_binary(builder, text, len);
        return;
    }
    judge_tree(builder, sx_tree_text(&builder->tree, text, (size_t)len));
}

static void clear_stanza(struct sx_stanza_builder *builder)
{
    sx_tree_clear(&builder->tree);
    builder->verdict = SX_OK;
    builder->scanning = builder->has_binary = builder->reading_binary = false;
    builder->envelope_version = 0;
    builder->attributes = builder->declarations = 0;
    sx_names_clear(&builder->names);
    sx_buffer_fini(&builder->raw);
    sx_buffer_fini(&builder->binary);
    sx_envelope_fini(&builder->envelope);
    sx_namespaces_pop(&builder->scan.namespaces, SX_STANZA_DEPTH);
}

/* What the stanza says about the stream itself; false when that ends it. */
static bool read_negotiation(struct sx_stanza_builder *builder, const struct sx_element *stanza)
{
    const char *why = NULL;
    enum sx_err err = sx_negotiation_read(&builder->stream->negotiation, stanza, &why);
    if (err)
        sx_stanza_builder_fail(builder, err, "%s", why);
    return !err;
}

static void tell_findings(struct sx_stanza_builder *builder)
{
    struct sx_stream *stream = builder->stream;
    if (builder->verdict && builder->envelope_version) {
        builder->envelope.version = builder->envelope_version;
        builder->envelope.err = builder->verdict;
        snprintf(builder->envelope.why, sizeof builder->envelope.why, "%s", builder->verdict_why);
    }
    stream->tree = &builder->tree;
    stream->verdict = builder->verdict;
    if (builder->verdict)
        snprintf(stream->verdict_why, sizeof stream->verdict_why, "%s", builder->verdict_why);
    stream->envelope = builder->envelope_version ? &builder->envelope : NULL;
    stream->binary = builder->has_binary && !builder->verdict ? &builder->binary : NULL;
}

static void take_findings_back(struct sx_stream *stream)
{
    stream->tree = NULL;
    stream->envelope = NULL;
    stream->binary = NULL;
    stream->verdict = SX_OK;
    stream->verdict_why[0] = '\0';
}

/* What has come once the login is over. A stanza without a tree is an <iq/> with an envelope alone,
 * or nothing: all that is asked for is in its head. */
static void deliver_online(struct sx_stanza_builder *builder)
{
    struct sx_stream *stream = builder->stream;
    bool is_iq = strcmp(sx_tree_name(&builder->tree), "iq") == 0;
    const struct sx_element *element = builder->tree.root;

    if (!element && (!is_iq || stream->wants_trees)) {
        element = sx_tree_whole(&builder->tree);
        if (!element) {
            fail_memory(builder);
            return;
        }
    }
    if (!is_iq && strcmp(sx_tree_ns(&builder->tree), SX_NS_STREAMS) == 0 &&
        !read_negotiation(builder, element))
        return;
    stream->on_stanza(stream->user, element);
}

static void deliver_login(struct sx_stanza_builder *builder)
{
    struct sx_stream *stream = builder->stream;
    const struct sx_element *element = sx_tree_whole(&builder->tree);
    if (!element) {
        fail_memory(builder);
        return;
    }
    if (stream && !read_negotiation(builder, element))
        return;
    if (stream && stream->on_login)
        stream->on_login(stream->user, element,
                         builder->token->end < builder->chunk.start + builder->chunk.len);
    else if (!builder->sink.on_stanza(builder->sink.user, element))
        fail_memory(builder);
}

static void deliver_stanza(struct sx_stanza_builder *builder)
{
    struct sx_stream *stream = builder->stream;
    if (stream)
        tell_findings(builder);
    if (stream && stream->on_stanza)
        deliver_online(builder);
    else
        deliver_login(builder);
    if (stream)
        take_findings_back(stream);
}

static void close_stanza(struct sx_stanza_builder *builder)
{
    deliver_stanza(builder);
    clear_stanza(builder);
    builder->stanza_start = builder->token->end;
}

static void close_element(struct sx_stanza_builder *builder)
{
    if (builder->scanning) {
        judge_scan(builder, sx_scan_end(&builder->scan));
        if (builder->verdict || builder->failed || builder->depth != SX_ENVELOPE_DEPTH)
            return;
        close_envelope(builder);
    } else if (builder->reading_binary && builder->depth == SX_ENVELOPE_DEPTH) {
        close_binary(builder);
        if (builder->verdict || builder->failed)
            return;
    }
    judge_tree(builder, sx_tree_close(&builder->tree));
    sx_namespaces_pop(&builder->scan.namespaces, builder->depth);
}

void sx_stanza_builder_end(struct sx_stanza_builder *builder,
                           const struct sx_stanza_builder_token *token, const char *qname)
{
    if (builder->failed)
        return;
    builder->token = token;
    builder->depth--;
    if (builder->depth == 0) {
        builder->ended = true;
        builder->sink.on_close(builder->sink.user, sx_tree_local_part(qname));
        return;
    }
    if (!builder->verdict && is_within_bytes(builder, builder->token->end))
        close_element(builder);
    if (builder->depth == SX_STANZA_DEPTH && !builder->failed)
        close_stanza(builder);
}

/* ---- owner ---- */

void sx_stanza_builder_begin_chunk(struct sx_stanza_builder *builder, const char *bytes, size_t len,
                                   size_t start)
{
    builder->chunk.bytes = bytes;
    builder->chunk.len = len;
    builder->chunk.start = start;
}

void sx_stanza_builder_end_chunk(struct sx_stanza_builder *builder)
{
    size_t end = builder->chunk.start + builder->chunk.len;
    if (builder->scanning && is_within_bytes(builder, end))
        copy_raw(builder, end);
}

void sx_stanza_builder_init(struct sx_stanza_builder *builder, struct sx_stream *stream,
                            const struct sx_stream_limits *limits,
                            const struct sx_stanza_builder_sink *sink)
{
    *builder = (struct sx_stanza_builder){.stream = stream, .limits = *limits, .sink = *sink};
    builder->tree.max_nodes = limits->max_nodes;
    builder->tree.max_bytes =
        stream ? TREE_BASE_BYTES + TREE_GROWTH * limits->max_stanza_bytes : SIZE_MAX;
    sx_scan_init(&builder->scan, limits->max_depth);
    builder->scan.has_passed_server = true;
}

void sx_stanza_builder_fini(struct sx_stanza_builder *builder)
{
    clear_stanza(builder);
    sx_scan_fini(&builder->scan);
    sx_tree_fini(&builder->tree);
}

void sx_stanza_builder_reset(struct sx_stanza_builder *builder)
{
    clear_stanza(builder);
    sx_scan_reset(&builder->scan, 0);
    builder->depth = 0;
    builder->failed = builder->ended = false;
}

void sx_stanza_builder_drop(struct sx_stanza_builder *builder)
{
    clear_stanza(builder);
    builder->depth = SX_STANZA_DEPTH;
}
