/* feed.c - feeds a parser, and claims of all that it delivers what stream.h promises.
 *
 * A log has one line for each stanza: its verdict, its tree, its envelope.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "net/allocator.h"
#include "net/parser.h"
#include "claims.h"
#include "fuzz.h"

xmpp_ctx_t *feed_ctx(void)
{
    static xmpp_ctx_t *ctx;
    if (!ctx)
        ctx = xmpp_ctx_new(&sx_allocator, NULL);
    CLAIM(ctx);
    return ctx;
}

/* depth: of the stanza, where the stream's root is at 0 */
static unsigned count_nodes(const struct sx_element *element, unsigned depth, unsigned max_depth)
{
    const struct sx_attribute *attribute = sx_element_attributes(element);
    unsigned nodes = 1 + (*sx_element_text(element) != '\0');
    CLAIM(depth <= max_depth);
    for (; attribute; attribute = attribute->next)
        nodes++;
    for (element = sx_element_first(element); element; element = sx_element_next(element))
        nodes += count_nodes(element, depth + 1, max_depth);
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

static void log_stanza(struct feed *feed, const char *text)
{
    const struct sx_envelope *envelope = feed->stream.envelope;

    sx_buffer_add_format(&feed->log, "%d %s %s ", feed->stream.verdict, feed->stream.verdict_why,
                         text);
    if (envelope)
        sx_buffer_add_format(&feed->log, "{%d %s %s}", envelope->err, envelope->operation,
                             envelope->bytes ? envelope->bytes : "");
    sx_buffer_add_text(&feed->log, "\n");
}

static void count_stanza(struct feed *feed, bool is_empty)
{
    const struct sx_stream *stream = &feed->stream;
    CLAIM(!stream->err);
    CLAIM(!stream->verdict || (stream->verdict_why[0] && is_empty));
    claim_envelope(stream);
    feed->stanzas++;
}

static void on_stanza(void *user, const struct sx_element *stanza)
{
    struct feed *feed = user;
    const struct sx_stream_limits *limits = &feed->stream.limits;
    struct sx_buffer text = {0};

    count_stanza(feed, !sx_element_first(stanza) && !*sx_element_text(stanza));
    CLAIM(count_nodes(stanza, 1, limits->max_depth) <= limits->max_nodes);
    sx_element_write(stanza, &text);
    CLAIM(!text.failed);
    log_stanza(feed, text.bytes);
    sx_buffer_fini(&text);
    if (feed->on_stanza)
        feed->on_stanza(feed, stanza);
    if (feed->resets)
        CLAIM(parser_reset(feed->parser));
}

/* libstrophe's: all of a login, later what is about the stream. */
static void on_strophe_stanza(xmpp_stanza_t *stanza, void *user)
{
    struct feed *feed = user;
    char *text = NULL;
    size_t len = 0;

    CLAIM(xmpp_stanza_is_tag(stanza));
    CLAIM(xmpp_stanza_to_text(stanza, &text, &len) == XMPP_EOK);
    if (feed->logs_in) {
        count_stanza(feed, !xmpp_stanza_get_children(stanza));
        log_stanza(feed, text);
    }
    xmpp_free(feed_ctx(), text);
    if (feed->logs_in && feed->resets)
        CLAIM(parser_reset(feed->parser));
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
    if (!feed->logs_in) {
        feed->stream.on_stanza = on_stanza;
        feed->stream.user = feed;
        feed->stream.wants_trees = true;
    }
    sx_stream_arm(&feed->stream);
    feed->parser = parser_new(feed_ctx(), on_start, on_end, on_strophe_stanza, feed);
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
