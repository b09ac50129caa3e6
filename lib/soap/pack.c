/* pack.c - zstd frames against the built-in dictionary, without their magic number.
 *
 * Invariant: a context belongs to the pool or to one message. What an unpacker has given out is the
 * beginning of what was packed, if the frame is whole; at most `limit` bytes of it.
 *
 * Happy path: sx_pack -> base64 ... base64 -> sx_unpacker_new, read..., read says 0, free.
 * Failure: memory (SX_ENOMEM; the next message tries again), and for frames from elsewhere
 * SX_EMALFORMED and SX_ETOOBIG, which end the unpacker.
 *
 * The four bytes of magic that each zstd frame begins with (RFC 8878 section 3.1.1) say nothing
 * here: they are cut off and put back. The dictionary's identifier stays, one byte: without it, a
 * frame made with another dictionary would be unpacked to rubbish. Checksums are TLS's business.
 */
#include "soap/pack.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/thread.h"
#include "soap/dictionary.h"

enum {
    LEVEL_SMALL = 4, /* up to SMALL_BYTES, then LEVEL: docs/internals/packing.md says why */
    LEVEL = 3,
    SMALL_BYTES = 16384,
    WINDOW_LOG = 20,      /* both ends: 1 MiB to look back, and to allocate for a peer */
    IDLE_MOST = 4,        /* contexts of a kind that wait for a message */
    IDLE_BYTES = 1 << 20, /* of each: those that grew for a large one go */
    MAGIC_BYTES = 4,
    HEADER_BYTES = 14, /* of a frame, at most, without magic (RFC 8878 section 3.1.1.1) */
    READ_BYTES = 32768
};

static const char magic[MAGIC_BYTES] = {'\x28', '\xB5', '\x2F', '\xFD'};

/* ---- the pool ---- */

static struct {
    pthread_mutex_t mu;
    /* under mu */
    ZSTD_CDict *to_pack_small, *to_pack; /* made with the first message, then for good */
    ZSTD_DDict *to_unpack;
    ZSTD_CCtx *packing[IDLE_MOST];
    ZSTD_DCtx *unpacking[IDLE_MOST];
    unsigned packing_count, unpacking_count;
} pool = {.mu = PTHREAD_MUTEX_INITIALIZER};

__attribute__((constructor)) static void hold_at_fork(void)
{
    sx_thread_hold_at_fork(&pool.mu);
}

static ZSTD_CCtx *new_packing(void)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();

    if (context && ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, WINDOW_LOG))) {
        ZSTD_freeCCtx(context);
        return NULL;
    }
    return context;
}

static ZSTD_DCtx *new_unpacking(const ZSTD_DDict *dictionary)
{
    ZSTD_DCtx *context = dictionary ? ZSTD_createDCtx() : NULL;

    if (!context)
        return NULL;
    if (ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG)) ||
        ZSTD_isError(ZSTD_DCtx_refDDict(context, dictionary))) {
        ZSTD_freeDCtx(context);
        return NULL;
    }
    return context;
}

static const ZSTD_CDict *prepared_locked(size_t len)
{
    bool is_small = len <= SMALL_BYTES;
    ZSTD_CDict **prepared = is_small ? &pool.to_pack_small : &pool.to_pack;

    if (!*prepared)
        *prepared =
            ZSTD_createCDict(sx_dictionary, sx_dictionary_len, is_small ? LEVEL_SMALL : LEVEL);
    return *prepared;
}

/* For an envelope of so many bytes. */
static ZSTD_CCtx *take_packing(size_t len)
{
    const ZSTD_CDict *dictionary;
    ZSTD_CCtx *context = NULL;

    pthread_mutex_lock(&pool.mu);
    dictionary = prepared_locked(len);
    if (dictionary && pool.packing_count)
        context = pool.packing[--pool.packing_count];
    pthread_mutex_unlock(&pool.mu);
    if (dictionary && !context)
        context = new_packing();
    if (!context)
        return NULL;
    ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
    if (ZSTD_isError(ZSTD_CCtx_refCDict(context, dictionary))) {
        ZSTD_freeCCtx(context);
        return NULL;
    }
    return context;
}

static void give_packing(ZSTD_CCtx *context)
{
    pthread_mutex_lock(&pool.mu);
    if (pool.packing_count < IDLE_MOST && ZSTD_sizeof_CCtx(context) <= IDLE_BYTES) {
        pool.packing[pool.packing_count++] = context;
        context = NULL;
    }
    pthread_mutex_unlock(&pool.mu);
    ZSTD_freeCCtx(context);
}

static ZSTD_DCtx *take_unpacking(void)
{
    const ZSTD_DDict *dictionary;
    ZSTD_DCtx *context = NULL;

    pthread_mutex_lock(&pool.mu);
    if (!pool.to_unpack)
        pool.to_unpack = ZSTD_createDDict(sx_dictionary, sx_dictionary_len);
    dictionary = pool.to_unpack;
    if (dictionary && pool.unpacking_count)
        context = pool.unpacking[--pool.unpacking_count];
    pthread_mutex_unlock(&pool.mu);
    if (context)
        ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
    return context ? context : new_unpacking(dictionary);
}

static void give_unpacking(ZSTD_DCtx *context)
{
    pthread_mutex_lock(&pool.mu);
    if (pool.unpacking_count < IDLE_MOST && ZSTD_sizeof_DCtx(context) <= IDLE_BYTES) {
        pool.unpacking[pool.unpacking_count++] = context;
        context = NULL;
    }
    pthread_mutex_unlock(&pool.mu);
    ZSTD_freeDCtx(context);
}

void sx_pack_trim(void)
{
    pthread_mutex_lock(&pool.mu);
    while (pool.packing_count)
        ZSTD_freeCCtx(pool.packing[--pool.packing_count]);
    while (pool.unpacking_count)
        ZSTD_freeDCtx(pool.unpacking[--pool.unpacking_count]);
    ZSTD_freeCDict(pool.to_pack_small);
    ZSTD_freeCDict(pool.to_pack);
    ZSTD_freeDDict(pool.to_unpack);
    pool.to_pack_small = pool.to_pack = NULL;
    pool.to_unpack = NULL;
    pthread_mutex_unlock(&pool.mu);
}

/* ---- packing ---- */

/* What may come out of so many packed bytes. */
static size_t ratio_limit(size_t packed_len)
{
    return packed_len > (SIZE_MAX - SX_PACK_FREE_BYTES) / SX_PACK_RATIO
               ? SIZE_MAX
               : packed_len * SX_PACK_RATIO + SX_PACK_FREE_BYTES;
}

enum sx_err sx_pack(const char *bytes, size_t len, struct sx_buffer *out, enum sx_form *form)
{
    size_t room = ZSTD_compressBound(len), frame_len, packed_len;
    ZSTD_CCtx *context;
    char *frame;

    if (out->failed || ZSTD_isError(room) || !(context = take_packing(len)))
        return SX_ENOMEM;
    if (!sx_buffer_reserve(out, room)) {
        out->failed = false;
        give_packing(context);
        return SX_ENOMEM;
    }
    frame = out->bytes + out->len;
    frame_len = ZSTD_compress2(context, frame, room, bytes, len);
    give_packing(context);
    if (ZSTD_isError(frame_len)) {
        *frame = '\0';
        return SX_ENOMEM;
    }
    packed_len = frame_len - MAGIC_BYTES;
    if (packed_len < len && len <= ratio_limit(packed_len)) {
        memmove(frame, frame + MAGIC_BYTES, packed_len);
        *form = SX_FORM_ZSTD;
    } else {
        packed_len = len;
        memcpy(frame, bytes, len);
        *form = SX_FORM_STORED;
    }
    frame[packed_len] = '\0';
    out->len += packed_len;
    return SX_OK;
}

/* ---- unpacking ---- */

struct sx_unpacker {
    const char *packed; /* borrowed */
    size_t len, taken;  /* of packed */
    size_t limit, made; /* of what comes out */
    ZSTD_DCtx *context; /* NULL: stored */
    bool has_ended;
    enum sx_err err;
};

/* What the frame's header says, before anything is allocated for it. */
static enum sx_err judge_header(const struct sx_unpacker *unpacker)
{
    size_t len = unpacker->len < HEADER_BYTES ? unpacker->len : HEADER_BYTES;
    char header[MAGIC_BYTES + HEADER_BYTES];
    unsigned long long claimed;

    memcpy(header, magic, MAGIC_BYTES);
    if (len)
        memcpy(header + MAGIC_BYTES, unpacker->packed, len);
    claimed = ZSTD_getFrameContentSize(header, MAGIC_BYTES + len);
    if (claimed == ZSTD_CONTENTSIZE_ERROR || claimed == ZSTD_CONTENTSIZE_UNKNOWN ||
        ZSTD_getDictID_fromFrame(header, MAGIC_BYTES + len) != SX_DICTIONARY_ID)
        return SX_EMALFORMED;
    return claimed > unpacker->limit ? SX_ETOOBIG : SX_OK;
}

static bool begin_frame(struct sx_unpacker *unpacker)
{
    ZSTD_inBuffer in = {magic, MAGIC_BYTES, 0};
    ZSTD_outBuffer none = {NULL, 0, 0};

    unpacker->context = take_unpacking();
    if (!unpacker->context)
        return false;
    if (ZSTD_isError(ZSTD_decompressStream(unpacker->context, &none, &in)))
        unpacker->err = SX_ENOMEM;
    return true;
}

struct sx_unpacker *sx_unpacker_new(enum sx_form form, const char *packed, size_t len,
                                    size_t max_bytes)
{
    struct sx_unpacker *unpacker = calloc(1, sizeof *unpacker);

    if (!unpacker)
        return NULL;
    unpacker->packed = packed;
    unpacker->len = len;
    if (form != SX_FORM_ZSTD) {
        unpacker->err = len > max_bytes ? SX_ETOOBIG : SX_OK;
        return unpacker;
    }
    unpacker->limit = ratio_limit(len);
    if (unpacker->limit > max_bytes)
        unpacker->limit = max_bytes;
    unpacker->err = judge_header(unpacker);
    if (!unpacker->err && !begin_frame(unpacker)) {
        free(unpacker);
        return NULL;
    }
    return unpacker;
}

static enum sx_err read_stored(struct sx_unpacker *unpacker, char *out, size_t room, size_t *got)
{
    size_t left = unpacker->len - unpacker->taken;

    if (room > left)
        room = left;
    if (room)
        memcpy(out, unpacker->packed + unpacker->taken, room);
    unpacker->taken += room;
    *got = room;
    return SX_OK;
}

/* One step of the decompressor into room bytes. A frame may not end before its bytes do, and its
 * bytes not before it. */
static enum sx_err step(struct sx_unpacker *unpacker, ZSTD_outBuffer *to)
{
    ZSTD_inBuffer from = {unpacker->packed, unpacker->len, unpacker->taken};
    size_t hint = ZSTD_decompressStream(unpacker->context, to, &from);

    unpacker->taken = from.pos;
    if (ZSTD_isError(hint))
        return ZSTD_getErrorCode(hint) == ZSTD_error_memory_allocation ? SX_ENOMEM : SX_EMALFORMED;
    unpacker->has_ended = hint == 0;
    if (unpacker->has_ended ? from.pos < from.size : from.pos == from.size && !to->pos)
        return SX_EMALFORMED;
    return SX_OK;
}

static enum sx_err read_frame(struct sx_unpacker *unpacker, char *out, size_t room, size_t *got)
{
    size_t left = unpacker->limit - unpacker->made;
    char beyond;
    ZSTD_outBuffer to = {left ? out : &beyond, left ? (room < left ? room : left) : 1, 0};
    enum sx_err err = SX_OK;

    while (!err && !to.pos && !unpacker->has_ended)
        err = step(unpacker, &to);
    if (err)
        return err;
    if (!left && to.pos)
        return SX_ETOOBIG;
    unpacker->made += to.pos;
    *got = to.pos;
    return SX_OK;
}

enum sx_err sx_unpacker_read(struct sx_unpacker *unpacker, char *out, size_t room, size_t *got)
{
    if (!unpacker->err)
        unpacker->err = unpacker->context ? read_frame(unpacker, out, room, got)
                                          : read_stored(unpacker, out, room, got);
    return unpacker->err;
}

void sx_unpacker_free(struct sx_unpacker *unpacker)
{
    if (!unpacker)
        return;
    if (unpacker->context)
        give_unpacking(unpacker->context);
    free(unpacker);
}

static enum sx_err read_all(struct sx_unpacker *unpacker, struct sx_buffer *out)
{
    enum sx_err err;
    size_t got;

    do {
        if (!sx_buffer_reserve(out, READ_BYTES))
            return SX_ENOMEM;
        err = sx_unpacker_read(unpacker, out->bytes + out->len, READ_BYTES, &got);
        if (err)
            return err;
        out->len += got;
    } while (got);
    return SX_OK;
}

enum sx_err sx_unpack(enum sx_form form, const char *packed, size_t len, size_t max_bytes,
                      struct sx_buffer *out)
{
    struct sx_unpacker *unpacker;
    size_t before = out->len;
    enum sx_err err;

    if (out->failed || !(unpacker = sx_unpacker_new(form, packed, len, max_bytes)))
        return SX_ENOMEM;
    err = read_all(unpacker, out);
    sx_unpacker_free(unpacker);
    if (err) {
        out->len = before;
        out->failed = false;
    }
    if (out->bytes)
        out->bytes[out->len] = '\0';
    return err;
}
