/* parser.c - bytes to events: libstrophe's parser.h once more, on expat.
 *
 * Why: libstrophe's own parser loses the namespaces of attributes and all prefix declarations, and
 * a peer can make it slow. Here an envelope stays the bytes that came, and everything else becomes
 * a tree of elements, within limits.
 *
 * Invariant: expat is given every byte once, in order, but for whole stanzas that it needn't see;
 * no byte is looked at more than a few times, whoever chose the chunks; once the builder has
 * `failed` or `ended` nothing is parsed. What expat may allocate is bounded by its quota.
 *
 * Happy path: parser_feed -> feed_tags keeps a tag that isn't whole back -> read_plain, for what
 * it doesn't take XML_Parse -> the builder's events. After a stanza in which recycle_bytes are over
 * expat is suspended, a new one reads the stream's start tag again, which isn't told, and the
 * chunk's rest.
 * Failure: what RFC 6120 11 restricts, and markup that grows without end, end the
 * stream; every later chunk is refused until libstrophe resets the parser. A reset during a
 * callback is done when the chunk's parsing has returned.
 */
#include "net/parser.h"

#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/allocator.h"
#include "net/stanza_builder.h"
#include "net/strophe_stanza.h"
#include "xml/markup.h"
#include "xml/quota.h"
#include "xml/tag.h"

enum {
    STRING_DEPTH = 1000, /* for xmpp_stanza_new_from_string: freeing a tree recurses */
    /* Markup of 6 bytes with a name not seen before costs expat some 100: a stanza within its
     * limits can't come near EXPAT_GROWTH times its size. */
    EXPAT_GROWTH = 32,
    EXPAT_BASE_BYTES = 16 << 20,
    /* Of an XML declaration, a character reference; comments and the like are refused anyway. */
    MARKUP_BYTES = 1024,
    PLAIN_DEPTH = 32 /* of a stanza that is read without expat */
};

struct _parser_t {
    xmpp_ctx_t *ctx;
    parser_start_callback on_start; /* NULL allowed, as the next two */
    parser_end_callback on_end;
    parser_stanza_callback on_stanza;
    void *user;
    struct sx_stream *stream; /* NULL: serves xmpp_stanza_new_from_string */
    struct sx_stream_limits limits;
    struct sx_stanza_builder builder;
    bool feeding, reset_wanted;
    /* expat and its input; places count from the first byte after it was made */
    XML_Parser expat;
    struct sx_quota quota;
    size_t fed_bytes;
    size_t plain_bytes; /* of these, those of stanzas that were read without it */
    struct sx_markup markup;
    bool in_cdata;             /* expat stands in a CDATA section, whose end is to come */
    struct sx_tag open_tag;    /* the tag that expat has the beginning of */
    struct sx_buffer root_tag; /* the stream's start tag as it came */
    bool rereads_root;         /* a new expat is reading it, and no event is told */
    size_t suspended_at;       /* 0: not suspended */
};

/* ---- what libstrophe wants to know ---- */

static const char *find_id(const char **attributes)
{
    for (; attributes[0]; attributes += 2)
        if (strcmp(attributes[0], "id") == 0)
            return attributes[1];
    return NULL;
}

static void tell_open(void *user, const char *name, const char **attributes)
{
    const parser_t *parser = user;
    if (parser->on_start)
        parser->on_start((char *)name, (char **)attributes, parser->user);
    if (parser->stream && parser->stream->on_header)
        parser->stream->on_header(parser->stream->user, find_id(attributes));
}

static void tell_close(void *user, const char *name)
{
    const parser_t *parser = user;
    if (parser->on_end)
        parser->on_end((char *)name, parser->user);
}

static bool tell_stanza(void *user, const struct sx_element *element)
{
    const parser_t *parser = user;
    xmpp_stanza_t *stanza;
    if (!parser->on_stanza)
        return true;
    stanza = sx_strophe_stanza_new(parser->ctx, element, parser->stream != NULL);
    if (!stanza)
        return false;
    parser->on_stanza(stanza, parser->user);
    xmpp_stanza_release(stanza);
    return true;
}

/* ---- restricted XML (RFC 6120 11.1, 11.6) ---- */

static void fail_memory(parser_t *parser)
{
    sx_stanza_builder_fail(&parser->builder, SX_ENOMEM, "memory is short");
}

static void on_restricted(void *user, enum sx_quota_markup markup, const char *encoding)
{
    static const char *const names[] = {[SX_QUOTA_COMMENT] = "a comment",
                                        [SX_QUOTA_INSTRUCTION] = "a processing instruction",
                                        [SX_QUOTA_DOCTYPE] = "a DOCTYPE"};
    parser_t *parser = user;
    if (markup != SX_QUOTA_DECLARATION)
        sx_stanza_builder_fail(&parser->builder, SX_EPROTOCOL, "the server sent %s", names[markup]);
    else if (encoding && strcasecmp(encoding, "UTF-8") != 0)
        sx_stanza_builder_fail(&parser->builder, SX_EPROTOCOL,
                               "the server's encoding is %.40s, not UTF-8", encoding);
    else
        return;
    XML_StopParser(parser->expat, XML_FALSE);
}

/* ---- expat's events ---- */

static size_t token_end(const parser_t *parser)
{
    return parser->plain_bytes + (size_t)XML_GetCurrentByteIndex(parser->expat) +
           (size_t)XML_GetCurrentByteCount(parser->expat);
}

/* The bytes of the tag that is being told; expat keeps a token whole. */
static void find_bytes(const parser_t *parser, struct sx_stanza_builder_token *token)
{
    int offset = 0, size = 0;
    const char *input = XML_GetInputContext(parser->expat, &offset, &size);
    token->len = (size_t)XML_GetCurrentByteCount(parser->expat);
    token->bytes = input ? input + offset : NULL;
}

static void stop_if_over(parser_t *parser)
{
    if (parser->builder.failed || parser->builder.ended)
        XML_StopParser(parser->expat, XML_FALSE);
}

static void keep_root_tag(parser_t *parser, const struct sx_stanza_builder_token *tag)
{
    if (!parser->stream || !tag->bytes)
        return;
    sx_buffer_add(&parser->root_tag, tag->bytes, tag->len);
    if (parser->root_tag.failed)
        fail_memory(parser);
}

static void XMLCALL on_start(void *user, const XML_Char *qname, const XML_Char **attributes)
{
    parser_t *parser = user;
    struct sx_stanza_builder_token token = {0};
    if (parser->rereads_root)
        return;
    token.end = token_end(parser);
    if (parser->builder.depth == 0 || parser->builder.depth == SX_ENVELOPE_DEPTH)
        find_bytes(parser, &token);
    if (parser->builder.depth == 0)
        keep_root_tag(parser, &token);
    sx_stanza_builder_start(&parser->builder, &token, qname, attributes);
    stop_if_over(parser);
}

static void XMLCALL on_text(void *user, const XML_Char *text, int len)
{
    parser_t *parser = user;
    struct sx_stanza_builder_token token = {0};
    if (parser->rereads_root)
        return;
    token.end = token_end(parser);
    sx_stanza_builder_text(&parser->builder, &token, text, len);
    stop_if_over(parser);
}

/* Whether a new expat is due, behind the stanza that ends here. */
static bool is_grown(const parser_t *parser, size_t end)
{
    return parser->limits.recycle_bytes && parser->root_tag.len &&
           (end - parser->plain_bytes >= parser->limits.recycle_bytes ||
            parser->quota.held_bytes >= parser->quota.max_bytes / 4);
}

static void XMLCALL on_end(void *user, const XML_Char *qname)
{
    parser_t *parser = user;
    struct sx_stanza_builder_token token = {0};
    if (parser->rereads_root)
        return;
    token.end = token_end(parser);
    sx_stanza_builder_end(&parser->builder, &token, qname);
    stop_if_over(parser);
    if (!parser->builder.failed && parser->builder.depth == SX_STANZA_DEPTH &&
        is_grown(parser, token.end) && XML_StopParser(parser->expat, XML_TRUE) == XML_STATUS_OK)
        parser->suspended_at = token.end;
}

/* ---- feeding ---- */

/* In between what looks like a stanza is text. */
static void XMLCALL on_cdata(void *user)
{
    ((parser_t *)user)->in_cdata = true;
}

static void XMLCALL on_cdata_end(void *user)
{
    ((parser_t *)user)->in_cdata = false;
}

/* A new expat, not XML_ParserReset(): only so its tables of names are freed. */
static bool renew_expat(parser_t *parser)
{
    if (parser->expat)
        XML_ParserFree(parser->expat);
    parser->expat = sx_quota_parser(&parser->quota);
    parser->fed_bytes = parser->suspended_at = parser->plain_bytes = 0;
    parser->builder.stanza_start = 0;
    parser->in_cdata = false;
    if (!parser->expat) {
        fail_memory(parser);
        return false;
    }
    XML_SetUserData(parser->expat, parser);
    XML_SetElementHandler(parser->expat, on_start, on_end);
    XML_SetCharacterDataHandler(parser->expat, on_text);
    XML_SetCdataSectionHandler(parser->expat, on_cdata, on_cdata_end);
    return true;
}

static bool is_tag_within_bytes(parser_t *parser, size_t len)
{
    if (len <= parser->limits.max_stanza_bytes)
        return true;
    sx_stanza_builder_fail(&parser->builder, SX_EPROTOCOL,
                           "the server sent a tag of more than %zu bytes",
                           parser->limits.max_stanza_bytes);
    return false;
}

/* What expat has been fed and not told. */
static size_t count_open_bytes(parser_t *parser)
{
    XML_Index index = XML_GetCurrentByteIndex(parser->expat);
    return index >= 0 ? parser->fed_bytes - parser->plain_bytes - (size_t)index : 0;
}

/* After a chunk without an error: what of it is still open. */
static void check_open_ends(parser_t *parser)
{
    size_t open_bytes = count_open_bytes(parser);
    int offset = 0, size = 0;
    const char *input = XML_GetInputContext(parser->expat, &offset, &size);

    sx_stanza_builder_end_chunk(&parser->builder);
    if (parser->builder.failed || !open_bytes || !is_tag_within_bytes(parser, open_bytes))
        return;
    if (!(input && sx_tag_begin(&parser->open_tag, input + offset, (size_t)(size - offset))) &&
        open_bytes > MARKUP_BYTES)
        sx_stanza_builder_fail(&parser->builder, SX_EPROTOCOL,
                               "the server sent more than %d bytes of markup that is no tag",
                               MARKUP_BYTES);
}

/* True when all of it was parsed, or all up to suspended_at. */
static bool parse_bytes(parser_t *parser, const char *bytes, int len)
{
    enum XML_Status status;
    enum XML_Error error;

    sx_stanza_builder_begin_chunk(&parser->builder, bytes, (size_t)len, parser->fed_bytes);
    parser->fed_bytes += (size_t)len;
    status = sx_quota_parse(&parser->quota, parser->expat, bytes, len, false);
    if (parser->builder.failed || parser->builder.ended)
        return false;
    error = XML_GetErrorCode(parser->expat);
    if (status == XML_STATUS_OK)
        check_open_ends(parser);
    else if (status == XML_STATUS_ERROR && error == XML_ERROR_NO_MEMORY)
        sx_stanza_builder_fail(&parser->builder, SX_ENOMEM,
                               "memory is short for the names and nesting of a stanza");
    else if (status == XML_STATUS_ERROR)
        sx_stanza_builder_fail(&parser->builder, SX_EPROTOCOL, "the server sent what is no XML: %s",
                               XML_ErrorString(error));
    return !parser->builder.failed;
}

/* ---- plain stanzas ---- */

static void find_plain(const parser_t *parser, struct sx_stanza_builder_token *token)
{
    const struct sx_markup *markup = &parser->markup;
    token->bytes = markup->token;
    token->len = (size_t)(markup->at - markup->token);
    token->end = parser->fed_bytes + (size_t)(markup->at - parser->builder.chunk.bytes);
}

static bool goes_on(const parser_t *parser)
{
    return !parser->builder.failed && !parser->builder.verdict;
}

static bool read_start(void *user, const char *qname, const char **attributes)
{
    parser_t *parser = user;
    struct sx_stanza_builder_token token;
    find_plain(parser, &token);
    sx_stanza_builder_start(&parser->builder, &token, qname, attributes);
    return goes_on(parser);
}

static bool read_text(void *user, const char *text, int len)
{
    parser_t *parser = user;
    struct sx_stanza_builder_token token;
    find_plain(parser, &token);
    sx_stanza_builder_text(&parser->builder, &token, text, len);
    return goes_on(parser);
}

static bool read_end(void *user)
{
    parser_t *parser = user;
    struct sx_stanza_builder_token token;
    find_plain(parser, &token);
    sx_stanza_builder_end(&parser->builder, &token, "");
    return goes_on(parser);
}

/* A chunk that ends with it is the most frequent. */
static bool holds(const char *bytes, size_t len, const char *text, size_t text_len)
{
    return memcmp(bytes + len - text_len, text, text_len) == 0 ||
           memmem(bytes, len, text, text_len);
}

/* Whether expat stands between two stanzas, and the next one is an iq that is ours and all there.
 */
static bool begins_whole_iq(parser_t *parser, const char *bytes, size_t len)
{
    static const char begin[] = "<iq ", end[] = "</iq>";
    return parser->stream && parser->stream->on_stanza &&
           parser->builder.depth == SX_STANZA_DEPTH && !parser->in_cdata &&
           len > sizeof begin + sizeof end && memcmp(bytes, begin, sizeof begin - 1) == 0 &&
           holds(bytes, len, end, sizeof end - 1) && count_open_bytes(parser) == 0;
}

/* The length of the stanza that the bytes begin with, once it is delivered, or 0: it is expat's,
 * that something is wrong with it among others. Expat needn't see it: a whole element leaves it
 * where it was. */
static size_t read_plain_iq(parser_t *parser, const char *bytes, size_t len)
{
    const struct sx_markup_sink sink = {read_start, read_text, read_end, parser};
    size_t used;
    if (!begins_whole_iq(parser, bytes, len) ||
        (!parser->markup.open && !sx_markup_init(&parser->markup, PLAIN_DEPTH)))
        return 0;
    sx_stanza_builder_begin_chunk(&parser->builder, bytes, len, parser->fed_bytes);
    used = sx_markup_read(&parser->markup, bytes, len, &sink);
    if (used) {
        parser->fed_bytes += used;
        parser->plain_bytes += used;
        parser->stream->plain_iqs++;
    } else if (!parser->builder.failed) {
        sx_stanza_builder_drop(&parser->builder);
    }
    return used;
}

static int read_plain(parser_t *parser, const char *bytes, int len)
{
    int done = 0, used;
    do {
        used = (int)read_plain_iq(parser, bytes + done, (size_t)(len - done));
        done += used;
    } while (used);
    return done;
}

/* ---- chunks ---- */

static void feed_chunk(parser_t *parser, const char *bytes, int len)
{
    for (;;) {
        int used = read_plain(parser, bytes, len);
        bytes += used;
        len -= used;
        if (parser->builder.failed || !len || !parse_bytes(parser, bytes, len) ||
            !parser->suspended_at)
            return;
        used = (int)(parser->suspended_at - parser->builder.chunk.start);
        bytes += used;
        len -= used;
        if (!renew_expat(parser))
            return;
        parser->stream->recycled++;
        parser->rereads_root = true;
        parse_bytes(parser, parser->root_tag.bytes, (int)parser->root_tag.len);
        parser->rereads_root = false;
        if (parser->builder.failed)
            return;
        parser->builder.stanza_start = parser->fed_bytes;
    }
}

/* The chunk goes to expat now, or when the tag that it belongs to is whole. */
static void feed_tags(parser_t *parser, const char *chunk, int len)
{
    struct sx_tag tag = parser->open_tag;
    if (!tag.is_open) {
        feed_chunk(parser, chunk, len);
        return;
    }
    if (sx_tag_add(&tag, chunk, (size_t)len) && tag.held.len <= INT_MAX && !tag.held.failed) {
        parser->open_tag = (struct sx_tag){0};
        feed_chunk(parser, tag.held.bytes, (int)tag.held.len);
        sx_tag_fini(&tag);
        return;
    }
    parser->open_tag = tag;
    if (tag.held.failed)
        fail_memory(parser);
    else
        is_tag_within_bytes(parser, tag.begun_bytes + tag.held.len);
}

static int restart(parser_t *parser)
{
    sx_stanza_builder_reset(&parser->builder);
    sx_tag_fini(&parser->open_tag);
    sx_buffer_clear(&parser->root_tag);
    parser->reset_wanted = false;
    return renew_expat(parser);
}

/* ---- libstrophe's parser.h ---- */

static void set_limits(parser_t *parser)
{
    size_t spare = (SIZE_MAX - EXPAT_BASE_BYTES) / EXPAT_GROWTH;

    if (parser->stream)
        parser->limits = parser->stream->limits;
    else
        parser->limits = (struct sx_stream_limits){INT_MAX, STRING_DEPTH, UINT_MAX, 0, 0, 0};
    if (spare > parser->limits.max_stanza_bytes)
        spare = parser->limits.max_stanza_bytes;
    parser->quota.restricted = on_restricted;
    parser->quota.max_bytes = EXPAT_BASE_BYTES + EXPAT_GROWTH * spare;
}

parser_t *parser_new(xmpp_ctx_t *ctx, parser_start_callback on_start_tag,
                     parser_end_callback on_end_tag, parser_stanza_callback on_stanza, void *user)
{
    struct sx_stream *stream = sx_stream_take_armed();
    parser_t *parser = calloc(1, sizeof *parser);
    const struct sx_stanza_builder_sink sink = {parser, tell_open, tell_close, tell_stanza};

    if (!parser) {
        if (stream)
            stream->err = SX_ENOMEM;
        return NULL;
    }
    parser->ctx = ctx;
    parser->on_start = on_start_tag;
    parser->on_end = on_end_tag;
    parser->on_stanza = on_stanza;
    parser->user = user;
    parser->stream = stream;
    set_limits(parser);
    sx_stanza_builder_init(&parser->builder, stream, &parser->limits, &sink);
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
    sx_stanza_builder_fini(&parser->builder);
    if (parser->expat)
        XML_ParserFree(parser->expat);
    sx_tag_fini(&parser->open_tag);
    sx_markup_fini(&parser->markup);
    sx_buffer_fini(&parser->root_tag);
    free(parser);
}

int parser_reset(parser_t *parser)
{
    if (!parser->feeding)
        return restart(parser);
    /* expat is on the stack: the rest of the chunk belongs to the old stream and is skipped. */
    parser->reset_wanted = parser->builder.failed = true;
    XML_StopParser(parser->expat, XML_FALSE);
    return 1;
}

/* UTF-16 begins with one, and expat would take it, whatever encoding it was told (RFC 6120 11.6).
 */
static void feed_until_nul(parser_t *parser, const char *chunk, int len)
{
    const char *nul = memchr(chunk, '\0', (size_t)len);
    feed_tags(parser, chunk, nul ? (int)(nul - chunk) : len);
    if (nul)
        sx_stanza_builder_fail(&parser->builder, SX_EPROTOCOL, "the server sent a NUL byte");
}

/* A server says so much in one piece. */
static void note_first(struct sx_stream *stream, const char *chunk, size_t len)
{
    stream->first_len = len < sizeof stream->first ? len : sizeof stream->first;
    memcpy(stream->first, chunk, stream->first_len);
}

int parser_feed(parser_t *parser, char *chunk, int len)
{
    if (len < 0 || parser->feeding)
        return 0;
    if (parser->stream && !parser->stream->fed_bytes)
        note_first(parser->stream, chunk, (size_t)len);
    if (parser->stream)
        parser->stream->fed_bytes += (uint64_t)len;
    if (parser->builder.failed || parser->builder.ended)
        return !parser->builder.failed;
    parser->feeding = true;
    feed_until_nul(parser, chunk, len);
    parser->feeding = false;
    if (parser->reset_wanted)
        return restart(parser);
    return !parser->builder.failed;
}

char *parser_attr_name(xmpp_ctx_t *ctx, char *qname)
{
    (void)ctx; /* made with sx_allocator, so libstrophe may free what is from there */
    return sx_allocator_strdup(sx_tree_local_part(qname));
}
