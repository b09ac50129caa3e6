/* stream.c - what a stanza's receiver asks of the stream that it came by.
 *
 * Invariant: envelope and binary are given away once; what nobody took the builder frees.
 *
 * Happy path: arm -> the parser takes the stream -> in on_stanza: name, attribute, envelope.
 * Failure: there is none.
 */
#include "net/stream.h"

#include "net/tree.h"

static _Thread_local struct sx_stream *armed;

void sx_stream_arm(struct sx_stream *stream)
{
    armed = stream;
}

struct sx_stream *sx_stream_take_armed(void)
{
    struct sx_stream *stream = armed;
    armed = NULL;
    return stream;
}

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
