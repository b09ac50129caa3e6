/* stream_peer.c - the log, the feeding, and an allocator that can run dry. */
#include "stream_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/allocator.h"
#include "../lib/suite.h"

xmpp_ctx_t *peer_ctx;
long peer_allocations_left = -1;

static bool is_refused(void)
{
    if (peer_allocations_left < 0)
        return false;
    if (!peer_allocations_left)
        return true;
    peer_allocations_left--;
    return false;
}

static void *allocate(size_t size, void *user)
{
    return is_refused() ? NULL : sx_allocator.alloc(size, user);
}

static void *reallocate(void *block, size_t size, void *user)
{
    return is_refused() ? NULL : sx_allocator.realloc(block, size, user);
}

static void release(void *block, void *user)
{
    sx_allocator.free(block, user);
}

static const xmpp_mem_t memory = {allocate, release, reallocate, NULL};

void peer_log_stanza(struct sx_buffer *log, xmpp_stanza_t *stanza)
{
    const char *pairs[64];
    int count, i;

    if (xmpp_stanza_is_text(stanza)) {
        sx_buffer_add_format(log, "[%s]", xmpp_stanza_get_text_ptr(stanza));
        return;
    }
    sx_buffer_add_format(log, "(%s", xmpp_stanza_get_name(stanza));
    count = xmpp_stanza_get_attributes(stanza, pairs, 64);
    for (i = 0; i + 1 < count; i += 2)
        sx_buffer_add_format(log, " %s=%s", pairs[i], pairs[i + 1]);
    for (stanza = xmpp_stanza_get_children(stanza); stanza; stanza = xmpp_stanza_get_next(stanza))
        peer_log_stanza(log, stanza);
    sx_buffer_add_text(log, ")");
}

static bool log_open(void *log, const struct sx_element *element)
{
    const struct sx_attribute *attribute = sx_element_attributes(element);
    sx_buffer_add_format(log, "(%s xmlns=%s", sx_element_name(element), sx_element_ns(element));
    for (; attribute; attribute = attribute->next)
        sx_buffer_add_format(log, " %s=%s", attribute->name, attribute->value);
    return true;
}

static bool log_text(void *log, const char *text, size_t len)
{
    sx_buffer_add_format(log, "[%.*s]", (int)len, text);
    return true;
}

static bool log_close(void *log, const struct sx_element *element)
{
    (void)element;
    sx_buffer_add_text(log, ")");
    return true;
}

void peer_log_element(struct sx_buffer *log, const struct sx_element *element)
{
    const struct sx_element_visitor visitor = {log, log_open, log_text, log_close};
    CU_ASSERT(sx_element_walk(element, &visitor));
}

static void on_start(char *name, char **attributes, void *user)
{
    struct peer *peer = user;
    peer->starts++;
    snprintf(peer->start, sizeof peer->start, "%s", name);
    for (; *attributes; attributes += 2)
        snprintf(peer->start + strlen(peer->start), sizeof peer->start - strlen(peer->start),
                 " %s=%s", attributes[0], attributes[1]);
}

static void on_end(char *name, void *user)
{
    struct peer *peer = user;
    ASSERT_TEXT(name, "stream");
    peer->ends++;
}

static void on_stanza(xmpp_stanza_t *stanza, void *user)
{
    struct peer *peer = user;
    long allocations_left = peer_allocations_left;
    const char *id = xmpp_stanza_get_id(stanza), *from = xmpp_stanza_get_from(stanza);

    /* The allocations that are to fail are the parser's, not those of the log. */
    peer_allocations_left = -1;
    peer->stanzas++;
    snprintf(peer->id, sizeof peer->id, "%s", id ? id : "");
    snprintf(peer->from, sizeof peer->from, "%s", from ? from : "");
    peer->has_children = xmpp_stanza_get_children(stanza) != NULL;
    peer->verdict = peer->stream.verdict;
    snprintf(peer->verdict_why, sizeof peer->verdict_why, "%s", peer->stream.verdict_why);
    peer_log_stanza(&peer->log, stanza);
    sx_envelope_fini(&peer->envelope);
    peer->has_envelope = sx_stream_envelope(&peer->stream, &peer->envelope);
    if (peer->has_envelope)
        sx_buffer_add_format(&peer->log, "{%s}", peer->envelope.bytes ? peer->envelope.bytes : "");
    sx_buffer_add_text(&peer->log, "\n");
    peer_allocations_left = allocations_left;
    if (peer->reset_in_callback)
        CU_ASSERT(parser_reset(peer->parser) == 1);
}

void peer_start(struct peer *peer, const struct sx_stream_limits *limits)
{
    memset(peer, 0, sizeof *peer);
    peer->stream.limits = *limits;
    sx_stream_arm(&peer->stream);
    peer->parser = parser_new(peer_ctx, on_start, on_end, on_stanza, peer);
    CU_ASSERT_PTR_NOT_NULL_FATAL(peer->parser);
}

void peer_stop(struct peer *peer)
{
    parser_free(peer->parser);
    sx_buffer_fini(&peer->log);
    sx_envelope_fini(&peer->envelope);
}

int peer_feed_bytes(struct peer *peer, const char *bytes, size_t len)
{
    char *chunk = malloc(len ? len : 1);
    int ok;
    CU_ASSERT_PTR_NOT_NULL_FATAL(chunk);
    memcpy(chunk, bytes, len);
    ok = parser_feed(peer->parser, chunk, (int)len);
    free(chunk);
    return ok;
}

int peer_feed(struct peer *peer, const char *text)
{
    return peer_feed_bytes(peer, text, strlen(text));
}

int peer_feed_times(struct peer *peer, const char *text, unsigned times)
{
    int ok = 1;
    while (times--)
        ok &= peer_feed(peer, text);
    return ok;
}

void peer_run(void (*test)(void))
{
    peer_ctx = xmpp_ctx_new(&memory, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(peer_ctx);
    test();
    xmpp_ctx_free(peer_ctx);
    peer_ctx = NULL;
}
