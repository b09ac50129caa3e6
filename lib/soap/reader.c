/* reader.c - an envelope's bytes, copied or unpacked into the reader's buffer.
 *
 * Invariant: what has been given out has passed the gauge.
 *
 * Happy path: next ... next (got 0) -> fini. Failure: the error, again with each further next.
 */
#include "soap/reader.h"

#include <stdio.h>
#include <string.h>

static enum sx_err explain(enum sx_err err, const char *clause, char *why, size_t why_bytes)
{
    snprintf(why, why_bytes, "%s", clause);
    return err;
}

static size_t copy(struct sx_reader *reader, const struct sx_envelope *envelope, char *out,
                   size_t room)
{
    size_t left = envelope->len - reader->done_bytes, len = left < room ? left : room;
    memcpy(out, envelope->bytes + reader->done_bytes, len);
    return len;
}

static enum sx_err unpack(struct sx_reader *reader, const struct sx_envelope *envelope,
                          const struct sx_reader_limits *limits, char *out, size_t room,
                          size_t *got)
{
    enum sx_err err;
    if (!reader->unpacker) {
        reader->unpacker =
            sx_unpacker_new(envelope->form, envelope->bytes, envelope->len, limits->max_bytes);
        sx_gauge_init(&reader->gauge, &limits->gauge);
    }
    if (!reader->unpacker)
        return SX_ENOMEM;
    err = sx_unpacker_read(reader->unpacker, out, room, got);
    return err ? err : sx_gauge_feed(&reader->gauge, out, *got);
}

enum sx_err sx_reader_next(struct sx_reader *reader, const struct sx_envelope *envelope,
                           const struct sx_reader_limits *limits, char *out, size_t room,
                           size_t *got, char *why, size_t why_bytes)
{
    size_t len = 0;
    enum sx_err err = SX_OK;
    *got = 0;
    if (envelope->form == SX_FORM_PLAIN)
        len = copy(reader, envelope, out, room);
    else
        err = unpack(reader, envelope, limits, out, room, &len);
    if (err == SX_ETOOBIG && reader->gauge.err)
        return explain(err, "the unpacked envelope has too many attributes, names or declarations",
                       why, why_bytes);
    if (err)
        return explain(err, sx_fault_text(err), why, why_bytes);
    reader->done_bytes += len;
    *got = len;
    return SX_OK;
}

void sx_reader_fini(struct sx_reader *reader)
{
    sx_unpacker_free(reader->unpacker);
    reader->unpacker = NULL;
    reader->done_bytes = 0;
    reader->gauge.err = SX_OK; /* the rest of it begins with the next unpacker */
}
