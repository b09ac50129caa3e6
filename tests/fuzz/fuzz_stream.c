/* fuzz_stream.c - the stanza parser against a server that sends anything.
 *
 * Input: what the server sends; its last two bytes choose the sizes of the chunks and the limits.
 * Claims, beside feed.c's: how the bytes are cut into chunks changes nothing, nor does it which
 * stanzas are read without expat; in a login all of them are libstrophe's; the same bytes as a
 * string for xmpp_stanza_new_from_string() do no harm, and a reset at any stanza neither.
 */
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "feed.h"
#include "fuzz.h"

enum { FEW_NODES = 12, MANY_NODES = 100, RECYCLE_BYTES = 300 };

/* What the input's last byte stands for. */
enum {
    BITS_BYTES = 3,
    BIT_NODES = 4,
    BIT_RECYCLE = 8,
    BIT_RESET = 16,
    BIT_STRING = 32,
    BIT_PASSES = 64
};

static void start(struct feed *feed, unsigned options)
{
    static const size_t sizes[] = {200, 600, 4000, 100000};
    memset(feed, 0, sizeof *feed);
    feed->stream.limits =
        (struct sx_stream_limits){.max_stanza_bytes = sizes[options & BITS_BYTES],
                                  .max_depth = CLAIMS_DEPTH,
                                  .max_nodes = options & BIT_NODES ? FEW_NODES : MANY_NODES,
                                  .recycle_bytes = options & BIT_RECYCLE ? RECYCLE_BYTES : 0};
    feed->resets = options & BIT_RESET;
    feed->logs_in = !(options & BIT_PASSES);
    feed_start(feed);
}

/* Chunks of 1 to max_bytes, none of them like the last. */
static void feed_chunks(struct feed *feed, const char *bytes, size_t len, unsigned max_bytes)
{
    uint32_t state = max_bytes;
    while (len) {
        size_t size = 1 + (state >> 16) % max_bytes;
        if (size > len)
            size = len;
        feed_bytes(feed, bytes, size);
        bytes += size;
        len -= size;
        state = state * 1103515245U + 12345U;
    }
}

/* A chunk begins with each iq: so it is read without expat if it can be. */
static void feed_iqs(struct feed *feed, const char *bytes, size_t len)
{
    while (len) {
        const char *next = len > 1 ? memmem(bytes + 1, len - 1, "<iq ", 4) : NULL;
        size_t size = next ? (size_t)(next - bytes) : len;
        feed_bytes(feed, bytes, size);
        bytes += size;
        len -= size;
    }
}

/* A tag that is too large ends the stream when it comes in pieces and costs its stanza when it
 * comes whole: so after a failure the log may be shorter. */
static void claim_same(const struct feed *feed, const struct feed *other)
{
    size_t len = feed->log.len < other->log.len ? feed->log.len : other->log.len;
    CLAIM(!len || memcmp(feed->log.bytes, other->log.bytes, len) == 0);
    CLAIM(feed->log.len == other->log.len ||
          (feed->log.len < other->log.len ? feed : other)->stream.err);
}

static void parse_string(const char *bytes, size_t len)
{
    char *text = fuzz_text(bytes, len);
    xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(feed_ctx(), text);
    if (stanza)
        xmpp_stanza_release(stanza);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes;
    struct feed whole, chunked, passing;
    unsigned options, max_bytes;

    if (len < 2)
        return 0;
    len -= 2;
    options = bytes[len + 1];
    max_bytes = 1 + bytes[len];
    start(&chunked, options);
    feed_chunks(&chunked, text, len, max_bytes);
    if (!chunked.resets) {
        start(&whole, options);
        feed_bytes(&whole, text, len);
        claim_same(&chunked, &whole);
        if (options & BIT_PASSES) {
            start(&passing, options);
            feed_iqs(&passing, text, len);
            claim_same(&passing, &whole);
            feed_stop(&passing);
        }
        feed_stop(&whole);
    }
    feed_stop(&chunked);
    if (options & BIT_STRING)
        parse_string(text, len);
    return 0;
}
