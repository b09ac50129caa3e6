/* unpacking.c - a body that comes packed.
 *
 * It is unpacked as it comes, so that who unpacks it can stop at a limit: a few bytes that become
 * gigabytes hold no more than that. "deflate" is zlib's format by RFC 9110, and bare deflate by
 * some who send it; the first byte tells. */
#include "http/unpacking.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum { PIECE_BYTES = 16 * 1024, ANY_WINDOW = 15 + 32 /* gzip or zlib, by its header */ };

struct gw_unpacking {
    z_stream stream;
    bool has_begun, has_ended;
};

bool gw_unpacking_is_known(const char *encoding)
{
    return strcasecmp(encoding, "gzip") == 0 || strcasecmp(encoding, "x-gzip") == 0 ||
           strcasecmp(encoding, "deflate") == 0;
}

struct gw_unpacking *gw_unpacking_new(void)
{
    return calloc(1, sizeof(struct gw_unpacking));
}

void gw_unpacking_free(struct gw_unpacking *unpacking)
{
    if (unpacking && unpacking->has_begun)
        inflateEnd(&unpacking->stream);
    free(unpacking);
}

static bool begin(struct gw_unpacking *unpacking, unsigned char first)
{
    bool has_header = first == 0x1f || ((first & 0x0f) == Z_DEFLATED && first >> 4 <= 7);
    unpacking->has_begun =
        inflateInit2(&unpacking->stream, has_header ? ANY_WINDOW : -MAX_WBITS) == Z_OK;
    return unpacking->has_begun;
}

int gw_unpacking_add(struct gw_unpacking *unpacking, const char *bytes, size_t count,
                     gw_unpacking_fn *each, void *user)
{
    unsigned char piece[PIECE_BYTES];
    z_stream *stream = &unpacking->stream;
    int status = 0, result = Z_OK;
    if (!count)
        return 0;
    if (unpacking->has_ended)
        return 400;
    if (!unpacking->has_begun && !begin(unpacking, (unsigned char)bytes[0]))
        return 503;
    stream->next_in = (unsigned char *)bytes;
    stream->avail_in = (uInt)count;
    do {
        stream->next_out = piece;
        stream->avail_out = sizeof piece;
        result = inflate(stream, Z_NO_FLUSH);
        if (result == Z_MEM_ERROR)
            return 503;
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            return 400;
        size_t made = sizeof piece - stream->avail_out;
        status = made ? each(user, (const char *)piece, made) : 0;
    } while (!status && result == Z_OK && (stream->avail_in || !stream->avail_out));
    unpacking->has_ended = result == Z_STREAM_END;
    return status ? status : unpacking->has_ended && stream->avail_in ? 400 : 0;
}

bool gw_unpacking_is_whole(const struct gw_unpacking *unpacking)
{
    return unpacking->has_ended || !unpacking->has_begun;
}
