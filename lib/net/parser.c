/* parser.c - bytes for a stream's parser: libstrophe's parser_state.h once more, on expat.
 *
 * Noun: the feed. Invariant: expat is given every byte once, in order, but for whole stanzas that
 * it needn't see; no byte is looked at more than a few times, whoever chose the chunks; once
 * `failed` or `ended` nothing is parsed.
 *
 * Happy path: parser_feed -> feed_tokens keeps a tag that isn't whole back -> read_plain, for what
 * it doesn't take XML_Parse -> stream.c's handlers. After a stanza in which recycle_bytes are over
 * expat is suspended, a new one reads the stream's start tag again, unheard, and the chunk's rest.
 * Failure: what RFC 6120 11 restricts, and markup that grows without end, end the stream; every
 * later chunk is refused until libstrophe resets the parser. A reset during a callback is done when
 * the chunk's parsing has returned.
 */
#include "net/parser_state.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/allocator.h"

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

/* ---- restricted XML (RFC 6120 11.1, 11.6) ---- */

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_subset;
    sx_parser_fail(user, SX_EPROTOCOL, "the server sent a DOCTYPE");
}

static void XMLCALL on_instruction(void *user, const XML_Char *target, const XML_Char *data)
{
    (void)target, (void)data;
    sx_parser_fail(user, SX_EPROTOCOL, "the server sent a processing instruction");
}

static void XMLCALL on_comment(void *user, const XML_Char *text)
{
    (void)text;
    sx_parser_fail(user, SX_EPROTOCOL, "the server sent a comment");
}

static void XMLCALL on_declaration(void *user, const XML_Char *version, const XML_Char *encoding,
                                   int standalone)
{
    (void)version, (void)standalone;
    if (encoding && strcasecmp(encoding, "UTF-8") != 0)
        sx_parser_fail(user, SX_EPROTOCOL, "the server's encoding is %.40s, not UTF-8", encoding);
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
    parser->expat = sx_quota_parser(&parser->tally);
    parser->fed_bytes = parser->stanza_start = parser->suspended_at = parser->spared_bytes = 0;
    parser->in_cdata = false;
    if (!parser->expat) {
        sx_parser_fail_memory(parser);
        return false;
    }
    XML_SetUserData(parser->expat, parser);
    XML_SetElementHandler(parser->expat, sx_parser_on_start, sx_parser_on_end);
    XML_SetCharacterDataHandler(parser->expat, sx_parser_on_text);
    XML_SetStartDoctypeDeclHandler(parser->expat, on_doctype);
    XML_SetProcessingInstructionHandler(parser->expat, on_instruction);
    XML_SetCommentHandler(parser->expat, on_comment);
    XML_SetCdataSectionHandler(parser->expat, on_cdata, on_cdata_end);
    XML_SetXmlDeclHandler(parser->expat, on_declaration);
    return true;
}

static bool is_tag_within_bytes(parser_t *parser, size_t len)
{
    if (len <= parser->limits.max_stanza_bytes)
        return true;
    sx_parser_fail(parser, SX_EPROTOCOL, "the server sent a tag of more than %zu bytes",
                   parser->limits.max_stanza_bytes);
    return false;
}

/* What expat has been fed and not told. */
static size_t count_open_bytes(parser_t *parser)
{
    XML_Index index = XML_GetCurrentByteIndex(parser->expat);
    return index >= 0 ? parser->fed_bytes - parser->spared_bytes - (size_t)index : 0;
}

/* After a chunk without an error: what of it is still open. */
static void check_open_ends(parser_t *parser)
{
    size_t open_bytes = count_open_bytes(parser);
    int offset = 0, size = 0;
    const char *input = XML_GetInputContext(parser->expat, &offset, &size);

    if (parser->scanning && sx_parser_is_within_bytes(parser, parser->fed_bytes))
        sx_parser_copy_raw(parser, parser->fed_bytes);
    if (parser->failed || !open_bytes || !is_tag_within_bytes(parser, open_bytes))
        return;
    if (!(input && sx_tag_begin(&parser->token, input + offset, (size_t)(size - offset))) &&
        open_bytes > MARKUP_BYTES)
        sx_parser_fail(parser, SX_EPROTOCOL,
                       "the server sent more than %d bytes of markup that is no tag", MARKUP_BYTES);
}

/* True when all of it was parsed, or all up to suspended_at. */
static bool parse_bytes(parser_t *parser, const char *bytes, int len)
{
    enum XML_Status status;
    enum XML_Error error;

    parser->chunk = bytes;
    parser->chunk_start = parser->fed_bytes;
    parser->fed_bytes += (size_t)len;
    status = sx_quota_parse(&parser->tally, parser->expat, bytes, len);
    if (parser->failed || parser->ended)
        return false;
    error = XML_GetErrorCode(parser->expat);
    if (status == XML_STATUS_OK)
        check_open_ends(parser);
    else if (status == XML_STATUS_ERROR && error == XML_ERROR_NO_MEMORY)
        sx_parser_fail(parser, SX_ENOMEM, "memory is short for the names and nesting of a stanza");
    else if (status == XML_STATUS_ERROR)
        sx_parser_fail(parser, SX_EPROTOCOL, "the server sent what is no XML: %s",
                       XML_ErrorString(error));
    return !parser->failed;
}

/* ---- plain stanzas ---- */

static bool tell_start(void *user, const char *qname, const char **attributes)
{
    parser_t *parser = user;
    sx_parser_on_start(parser, qname, attributes);
    return !parser->failed && !parser->verdict;
}

static bool tell_text(void *user, const char *text, int len)
{
    parser_t *parser = user;
    sx_parser_on_text(parser, text, len);
    return !parser->failed && !parser->verdict;
}

static bool tell_end(void *user)
{
    parser_t *parser = user;
    sx_parser_on_end(parser, "");
    return !parser->failed && !parser->verdict;
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
    return parser->stream && parser->stream->on_stanza && parser->depth == 1 && !parser->in_cdata &&
           len > sizeof begin + sizeof end && memcmp(bytes, begin, sizeof begin - 1) == 0 &&
           holds(bytes, len, end, sizeof end - 1) && count_open_bytes(parser) == 0;
}

/* The length of the stanza that the bytes begin with, once it is delivered, or 0: it is expat's,
 * that something is wrong with it among others. Expat needn't see it: a whole element leaves it
 * where it was. */
static size_t read_plain_iq(parser_t *parser, const char *bytes, size_t len)
{
    const struct sx_markup_sink sink = {tell_start, tell_text, tell_end, parser};
    size_t used;
    if (!begins_whole_iq(parser, bytes, len) ||
        (!parser->markup.open && !sx_markup_init(&parser->markup, PLAIN_DEPTH)))
        return 0;
    parser->chunk = bytes;
    parser->chunk_start = parser->fed_bytes;
    parser->reading_plain = true;
    used = sx_markup_read(&parser->markup, bytes, len, &sink);
    parser->reading_plain = false;
    if (used) {
        parser->fed_bytes += used;
        parser->spared_bytes += used;
        parser->stream->plain_iqs++;
    } else if (!parser->failed) {
        sx_parser_clear_stanza(parser);
        parser->depth = 1;
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
        if (parser->failed || !len || !parse_bytes(parser, bytes, len) || !parser->suspended_at)
            return;
        used = (int)(parser->suspended_at - parser->chunk_start);
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

/* The chunk goes to expat now, or when the tag that it belongs to is whole. */
static void feed_tokens(parser_t *parser, const char *chunk, int len)
{
    struct sx_tag token = parser->token;
    if (!token.is_open) {
        feed_chunk(parser, chunk, len);
        return;
    }
    if (sx_tag_add(&token, chunk, (size_t)len) && token.held.len <= INT_MAX && !token.held.failed) {
        parser->token = (struct sx_tag){0};
        feed_chunk(parser, token.held.bytes, (int)token.held.len);
        sx_tag_fini(&token);
        return;
    }
    parser->token = token;
    if (token.held.failed)
        sx_parser_fail_memory(parser);
    else
        is_tag_within_bytes(parser, token.begun_bytes + token.held.len);
}

static int restart(parser_t *parser)
{
    sx_parser_clear_stanza(parser);
    sx_tag_fini(&parser->token);
    sx_scan_reset(&parser->scan, 0);
    sx_buffer_clear(&parser->root_tag);
    parser->depth = 0;
    parser->failed = parser->ended = parser->reset_wanted = false;
    return renew_expat(parser);
}

/* ---- libstrophe's parser_state.h ---- */

static _Thread_local struct sx_stream *armed;

void sx_stream_arm(struct sx_stream *stream)
{
    armed = stream;
}

static void set_limits(parser_t *parser)
{
    size_t spare = (SIZE_MAX - EXPAT_BASE_BYTES) / EXPAT_GROWTH;

    if (parser->stream)
        parser->limits = parser->stream->limits;
    else
        parser->limits = (struct sx_stream_limits){INT_MAX, STRING_DEPTH, UINT_MAX, 0, 0, 0};
    if (spare > parser->limits.max_stanza_bytes)
        spare = parser->limits.max_stanza_bytes;
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
    parser->ctx = ctx;
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
    sx_parser_clear_stanza(parser);
    if (parser->expat)
        XML_ParserFree(parser->expat);
    sx_tag_fini(&parser->token);
    sx_markup_fini(&parser->markup);
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

/* UTF-16 begins with one, and expat would take it, whatever encoding it was told (RFC 6120 11.6).
 */
static void feed_until_nul(parser_t *parser, const char *chunk, int len)
{
    const char *nul = memchr(chunk, '\0', (size_t)len);
    feed_tokens(parser, chunk, nul ? (int)(nul - chunk) : len);
    if (nul)
        sx_parser_fail(parser, SX_EPROTOCOL, "the server sent a NUL byte");
}

int parser_feed(parser_t *parser, char *chunk, int len)
{
    if (len < 0 || parser->feeding)
        return 0;
    if (parser->stream)
        parser->stream->fed_bytes += (uint64_t)len;
    if (parser->failed || parser->ended)
        return !parser->failed;
    parser->feeding = true;
    feed_until_nul(parser, chunk, len);
    parser->feeding = false;
    if (parser->reset_wanted)
        return restart(parser);
    return !parser->failed;
}

char *parser_attr_name(xmpp_ctx_t *ctx, char *qname)
{
    (void)ctx; /* made with sx_allocator, so libstrophe may free what is from there */
    return sx_allocator_strdup(sx_tree_local_part(qname));
}
