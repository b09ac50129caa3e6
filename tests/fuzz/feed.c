/* feed.c - feeds a parser, and claims of all that it delivers what stream.h promises.
 *
 * A log has one line for each stanza: its verdict, its tree as libstrophe prints it, its envelope.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "net/allocator.h"
#include "claims.h"
#include "fuzz.h"

typedef struct _parser_t parser_t;
parser_t *parser_new(xmpp_ctx_t *ctx, void (*on_start)(char *, char **, void *),
                     void (*on_end)(char *, void *), void (*on_stanza)(xmpp_stanza_t *, void *),
                     void *user);
void parser_free(parser_t *parser);
int parser_reset(parser_t *parser);
int parser_feed(parser_t *parser, char *chunk, int len);

xmpp_ctx_t *feed_ctx(void)
{
    static xmpp_ctx_t *ctx;
    if (!ctx)
        ctx = xmpp_ctx_new(&sx_allocator, NULL);
    CLAIM(ctx);
    return ctx;
}

/* depth: of the stanza, where the stream's root is at 0 */
static unsigned count_nodes(xmpp_stanza_t *stanza, unsigned depth, unsigned max_depth)
{
    unsigned nodes = 1;
    CLAIM(depth <= max_depth + 1); /* texts stand below the deepest element */
    for (stanza = xmpp_stanza_get_children(stanza); stanza; stanza = xmpp_stanza_get_next(stanza))
        nodes += count_nodes(stanza, depth + 1, max_depth);
    return nodes;
}

static void claim_envelope(const struct sx_stream *stream)
{
    const struct sx_envelope *envelope = stream->envelope;
    if (!envelope)
        return;
    if (stream->verdict) {
        CLAIM(!envelope->bytes && envelope->err == stream->verdict && envelope->why[0]);
    } else if (envelope->err) {
        CLAIM(envelope->err == SX_EMALFORMED && !envelope->has_body && envelope->why[0]);
    } else {
        CLAIM(envelope->bytes);
        claims_about_envelope(envelope);
    }
}

static void log_stanza(struct feed *feed, xmpp_stanza_t *stanza)
{
    const struct sx_envelope *envelope = feed->stream.envelope;
    char *text = NULL;
    size_t len = 0;

    CLAIM(xmpp_stanza_to_text(stanza, &text, &len) == XMPP_EOK);
    sx_buffer_add_format(&feed->log, "%d %s %s ", feed->stream.verdict, feed->stream.verdict_why,
                         text);
    if (envelope)
        sx_buffer_add_format(&feed->log, "{%d %s %s}", envelope->err, envelope->operation,
                             envelope->bytes ? envelope->bytes : "");
    sx_buffer_add_text(&feed->log, "\n");
    xmpp_free(feed_ctx(), text);
}

static void on_stanza(xmpp_stanza_t *stanza, void *user)
{
    struct feed *feed = user;
    struct sx_stream *stream = &feed->stream;

    CLAIM(!stream->err);
    CLAIM(xmpp_stanza_is_tag(stanza));
    CLAIM(count_nodes(stanza, 1, stream->limits.max_depth) <= stream->limits.max_nodes);
    CLAIM(!stream->verdict || (stream->verdict_why[0] && !xmpp_stanza_get_children(stanza)));
    claim_envelope(stream);
    log_stanza(feed, stanza);
    feed->stanzas++;
    if (feed->on_stanza)
        feed->on_stanza(feed, stanza);
    if (feed->resets)
        CLAIM(parser_reset(feed->parser));
}

static void on_iq(void *user, xmpp_stanza_t *stanza)
{
    on_stanza(stanza, user);
}

static void on_start(char *name, char **attributes, void *user)
{
    struct feed *feed = user;
    sx_buffer_add_format(&feed->log, "stream %s", name);
    for (; *attributes; attributes += 2)
        sx_buffer_add_format(&feed->log, " %s=%s", attributes[0], attributes[1]);
    sx_buffer_add_text(&feed->log, "\n");
}

static void on_end(char *name, void *user)
{
    struct feed *feed = user;
    sx_buffer_add_format(&feed->log, "end %s\n", name);
}

void feed_start(struct feed *feed)
{
    if (feed->passes) {
        feed->stream.on_iq = on_iq;
        feed->stream.user = feed;
        feed->stream.wants_trees = true;
    }
    sx_stream_arm(&feed->stream);
    feed->parser = parser_new(feed_ctx(), on_start, on_end, on_stanza, feed);
    CLAIM(feed->parser);
}

void feed_bytes(struct feed *feed, const char *bytes, size_t len)
{
    char *chunk = fuzz_bytes(bytes, len);
    unsigned stanzas = feed->stanzas;
    bool had_failed = feed->stream.err != SX_OK;
    int is_good;

    is_good = parser_feed(feed->parser, chunk, (int)len);
    feed->fed_bytes += len;
    CLAIM(feed->stream.fed_bytes == feed->fed_bytes);
    CLAIM(!is_good == (feed->stream.err != SX_OK));
    CLAIM(!feed->stream.err || feed->stream.why[0]);
    CLAIM(!had_failed || feed->stanzas == stanzas);
    CLAIM(!feed->stream.envelope && !feed->stream.verdict);
    free(chunk);
}

void feed_stop(struct feed *feed)
{
    parser_free(feed->parser);
    sx_buffer_fini(&feed->log);
}
