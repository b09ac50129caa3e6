/* packing.c - answers that go packed.
 *
 * A short one is packed at once. A long one is packed in blocks by the listener's thread as its
 * client reads it, so that neither who answers nor other connections wait. */
#include "http/packing.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum {
    BLOCK_BYTES = 16 * 1024,
    SHORTEST_BYTES = 1024, /* below, packing saves no packet */
    AT_ONCE_BYTES = 64 * 1024,
    GZIP_WINDOW = 15 + 16
};

/* Whether an element "gzip;q=0.5" of a list is text's, with a weight above 0. */
static bool is_wanted(const char *element, size_t length, const char *name)
{
    size_t name_length = strlen(name);
    if (length < name_length || strncasecmp(element, name, name_length) != 0)
        return false;
    const char *end = element + length;
    for (element += name_length; element < end; element++) {
        if (*element == ' ' || *element == '\t' || *element == ';')
            continue;
        if ((*element | 0x20) != 'q' || element + 1 == end || element[1] != '=')
            return false;
        return strcspn(element + 2, "123456789") < (size_t)(end - element - 2);
    }
    return true;
}

bool gw_packing_is_taken(const char *accepted)
{
    while (accepted && *accepted) {
        accepted += strspn(accepted, " \t,");
        size_t length = strcspn(accepted, ",");
        if (is_wanted(accepted, length, "gzip") || is_wanted(accepted, length, "x-gzip"))
            return true;
        accepted += length;
    }
    return false;
}

/* An answer that is packed while it is sent. */
struct sending {
    z_stream stream;
    char *body;
};

static ssize_t send_more(void *user, uint64_t position, char *out, size_t room)
{
    struct sending *sending = user;
    (void)position;
    sending->stream.next_out = (unsigned char *)out;
    sending->stream.avail_out = (uInt)room;
    int result = deflate(&sending->stream, Z_FINISH);
    size_t made = room - sending->stream.avail_out;
    if (made)
        return (ssize_t)made;
    return result == Z_STREAM_END ? MHD_CONTENT_READER_END_OF_STREAM
                                  : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_sending(void *user)
{
    struct sending *sending = user;
    deflateEnd(&sending->stream);
    free(sending->body);
    free(sending);
}

static bool begin_packing(z_stream *stream, const char *body, size_t bytes)
{
    memset(stream, 0, sizeof *stream);
    if (deflateInit2(stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    stream->next_in = (unsigned char *)body;
    stream->avail_in = (uInt)bytes;
    return true;
}

static struct MHD_Response *answer_in_blocks(char *body, size_t bytes)
{
    struct sending *sending = calloc(1, sizeof *sending);
    if (!sending || !begin_packing(&sending->stream, body, bytes)) {
        free(sending);
        return NULL;
    }
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_BYTES, send_more, sending, free_sending);
    if (response) {
        sending->body = body;
        return response;
    }
    free_sending(sending);
    return NULL;
}

static struct MHD_Response *answer_at_once(char *body, size_t bytes)
{
    z_stream stream;
    char *packed = malloc(bytes);
    if (!packed || !begin_packing(&stream, body, bytes)) {
        free(packed);
        return NULL;
    }
    stream.next_out = (unsigned char *)packed;
    stream.avail_out = (uInt)bytes; /* no more than it was, or it isn't worth it */
    bool is_smaller = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    size_t packed_bytes = bytes - stream.avail_out;
    deflateEnd(&stream);
    struct MHD_Response *response =
        is_smaller ? MHD_create_response_from_buffer(packed_bytes, packed, MHD_RESPMEM_MUST_FREE)
                   : NULL;
    free(response ? body : packed);
    return response;
}

struct MHD_Response *gw_packing_answer(char *body, size_t bytes)
{
    if (bytes < SHORTEST_BYTES || bytes > UINT32_MAX)
        return NULL;
    return bytes <= AT_ONCE_BYTES ? answer_at_once(body, bytes) : answer_in_blocks(body, bytes);
}
