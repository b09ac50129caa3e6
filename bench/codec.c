/* codec.c - what packing costs and saves: zstd against zlib, and what else looks at each byte.
 *
 *     codec ENVELOPE...
 *
 * The files are packed one after the other, as messages are, with the context kept from one to the
 * next; then the same for one envelope of 900 records, made here. Both codecs know the same
 * dictionary: zlib its content, zstd its tables, too. Times are processor time per envelope, the
 * best of several rounds; bytes are what comes out, as it is and in base64.
 */
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zdict.h>
#include <zlib.h>
#include <zstd.h>

#include "base/base64.h"
#include "soap/dictionary.h"
#include "xml/gauge.h"
#include "soap/pack.h"

enum { ENVELOPES_MOST = 200, RECORDS = 900, ROUNDS = 20, ROUND_US = 10000, OUT_BYTES = 1 << 19 };

struct envelope {
    char *bytes;
    size_t len;
};

struct set {
    const char *name;
    struct envelope envelopes[ENVELOPES_MOST];
    size_t count;
};

/* A way to pack: prepared once, then one message after the other. */
struct codec {
    const char *name;
    int level;
    ZSTD_CCtx *compress;
    ZSTD_DCtx *decompress;
    z_stream deflate, inflate;
    size_t (*pack)(struct codec *codec, const struct envelope *envelope, char *out);
    size_t (*unpack)(struct codec *codec, const struct envelope *packed, char *out);
};

static char out_bytes[OUT_BYTES], more_bytes[OUT_BYTES];

static void fail(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* ---- the envelopes ---- */

static struct envelope read_envelope(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct envelope envelope = {malloc(OUT_BYTES), 0};

    if (file && envelope.bytes)
        envelope.len = fread(envelope.bytes, 1, OUT_BYTES, file);
    if (!envelope.len || envelope.len == OUT_BYTES)
        fail(path);
    fclose(file);
    return envelope;
}

static struct envelope make_records(void)
{
    struct sx_buffer out = {0};
    struct envelope envelope;
    unsigned i, noise = 1;

    sx_buffer_add_text(
        &out, "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://www.w3.org/2003/05/soap-envelope\" "
              "xmlns:SOAP-ENC=\"http://www.w3.org/2003/05/soap-encoding\" "
              "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
              "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:w=\"urn:example:wells\">"
              "<SOAP-ENV:Body><w:listResponse>");
    for (i = 0; i < RECORDS; i++) {
        noise = noise * 1664525 + 1013904223;
        sx_buffer_add_format(&out,
                             "<w:record><w:well>%u</w:well><w:name>well %c-%u</w:name>"
                             "<w:level>%u.%02u</w:level></w:record>",
                             10000 + i, 'A' + (int)(noise >> 28), noise >> 16 & 1023,
                             noise >> 20 & 127, noise >> 8 & 63);
    }
    sx_buffer_add_text(&out, "</w:listResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>");
    envelope.bytes = sx_buffer_take(&out, &envelope.len);
    if (!envelope.bytes)
        fail("no memory");
    return envelope;
}

/* ---- the codecs ---- */

static size_t zstd_pack(struct codec *codec, const struct envelope *envelope, char *out)
{
    size_t len = ZSTD_compress2(codec->compress, out, OUT_BYTES, envelope->bytes, envelope->len);

    if (ZSTD_isError(len))
        return 0;
    memmove(out, out + 4, len - 4); /* the magic number is left out */
    return len - 4;
}

static size_t zstd_unpack(struct codec *codec, const struct envelope *packed, char *out)
{
    ZSTD_inBuffer magic = {"\x28\xB5\x2F\xFD", 4, 0}, in = {packed->bytes, packed->len, 0};
    ZSTD_outBuffer to = {out, OUT_BYTES, 0};

    ZSTD_DCtx_reset(codec->decompress, ZSTD_reset_session_only);
    ZSTD_decompressStream(codec->decompress, &to, &magic);
    return ZSTD_decompressStream(codec->decompress, &to, &in) ? 0 : to.pos;
}

static void zstd_begin(struct codec *codec)
{
    const ZSTD_CDict *to_pack = ZSTD_createCDict(sx_dictionary, sx_dictionary_len, codec->level);
    const ZSTD_DDict *to_unpack = ZSTD_createDDict(sx_dictionary, sx_dictionary_len);

    codec->compress = ZSTD_createCCtx();
    codec->decompress = ZSTD_createDCtx();
    ZSTD_CCtx_setParameter(codec->compress, ZSTD_c_windowLog, 20);
    ZSTD_CCtx_refCDict(codec->compress, to_pack);
    ZSTD_DCtx_refDDict(codec->decompress, to_unpack);
    codec->pack = zstd_pack;
    codec->unpack = zstd_unpack;
}

static const unsigned char *content(unsigned *len)
{
    size_t header = ZDICT_getDictHeaderSize(sx_dictionary, sx_dictionary_len);

    *len = sx_dictionary_len - (unsigned)header;
    return (const unsigned char *)sx_dictionary + header;
}

static size_t zlib_pack(struct codec *codec, const struct envelope *envelope, char *out)
{
    z_stream *stream = &codec->deflate;
    unsigned dictionary_len;
    const unsigned char *dictionary = content(&dictionary_len);

    deflateReset(stream);
    deflateSetDictionary(stream, dictionary, dictionary_len);
    stream->next_in = (unsigned char *)envelope->bytes;
    stream->avail_in = (unsigned)envelope->len;
    stream->next_out = (unsigned char *)out;
    stream->avail_out = OUT_BYTES;
    return deflate(stream, Z_FINISH) == Z_STREAM_END ? stream->total_out : 0;
}

static size_t zlib_unpack(struct codec *codec, const struct envelope *packed, char *out)
{
    z_stream *stream = &codec->inflate;
    unsigned dictionary_len;
    const unsigned char *dictionary = content(&dictionary_len);

    inflateReset(stream);
    inflateSetDictionary(stream, dictionary, dictionary_len);
    stream->next_in = (unsigned char *)packed->bytes;
    stream->avail_in = (unsigned)packed->len;
    stream->next_out = (unsigned char *)out;
    stream->avail_out = OUT_BYTES;
    return inflate(stream, Z_FINISH) == Z_STREAM_END ? stream->total_out : 0;
}

static void zlib_begin(struct codec *codec)
{
    if (deflateInit2(&codec->deflate, codec->level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) ||
        inflateInit2(&codec->inflate, -15))
        fail("zlib");
    codec->pack = zlib_pack;
    codec->unpack = zlib_unpack;
}

/* What the library does, all of it but base64. */
static size_t our_pack(struct codec *codec, const struct envelope *envelope, char *out)
{
    static struct sx_buffer packed;
    enum sx_form form;

    (void)codec;
    sx_buffer_clear(&packed);
    if (sx_pack(envelope->bytes, envelope->len, &packed, &form) || form != SX_FORM_ZSTD)
        return 0;
    memcpy(out, packed.bytes, packed.len);
    return packed.len;
}

static size_t our_unpack(struct codec *codec, const struct envelope *packed, char *out)
{
    static struct sx_buffer unpacked;

    (void)codec;
    sx_buffer_clear(&unpacked);
    if (sx_unpack(SX_FORM_ZSTD, packed->bytes, packed->len, OUT_BYTES, &unpacked))
        return 0;
    memcpy(out, unpacked.bytes, unpacked.len);
    return unpacked.len;
}

/* ---- measuring ---- */

/* Microseconds for each envelope of the set. */
static double time_of(const struct set *set, void (*turn)(const struct envelope *, void *),
                      void *user)
{
    double best = 0, begin, took;
    unsigned round, turns;
    size_t i;

    for (round = 0; round < ROUNDS; round++) {
        begin = cpu_us();
        for (turns = 0; turns == 0 || cpu_us() - begin < ROUND_US; turns++)
            for (i = 0; i < set->count; i++)
                turn(&set->envelopes[i], user);
        took = (cpu_us() - begin) / turns / (double)set->count;
        if (!round || took < best)
            best = took;
    }
    return best;
}

static void pack_turn(const struct envelope *envelope, void *user)
{
    struct codec *codec = user;

    if (!codec->pack(codec, envelope, out_bytes))
        fail(codec->name);
}

static void unpack_turn(const struct envelope *packed, void *user)
{
    struct codec *codec = user;

    if (!codec->unpack(codec, packed, out_bytes))
        fail(codec->name);
}

static struct set packed_set(struct codec *codec, const struct set *set)
{
    struct set packed = {set->name, {{NULL, 0}}, set->count};
    size_t i;

    for (i = 0; i < set->count; i++) {
        struct envelope *envelope = &packed.envelopes[i];

        envelope->len = codec->pack(codec, &set->envelopes[i], out_bytes);
        envelope->bytes = envelope->len ? malloc(envelope->len) : NULL;
        if (!envelope->bytes)
            fail(codec->name);
        memcpy(envelope->bytes, out_bytes, envelope->len);
        if (codec->unpack(codec, envelope, more_bytes) != set->envelopes[i].len ||
            memcmp(more_bytes, set->envelopes[i].bytes, set->envelopes[i].len) != 0)
            fail("what was unpacked isn't what was packed");
    }
    return packed;
}

static size_t total(const struct set *set, size_t (*measure)(size_t))
{
    size_t sum = 0, i;

    for (i = 0; i < set->count; i++)
        sum += measure(set->envelopes[i].len);
    return sum;
}

static size_t itself(size_t len)
{
    return len;
}

static void show_codec(struct codec *codec, const struct set *set)
{
    struct set packed = packed_set(codec, set);
    double pack_us = time_of(set, pack_turn, codec);
    double unpack_us = time_of(&packed, unpack_turn, codec);
    size_t i;

    printf("  %-8s %2d  %9.1f %9.1f %9.1f %9.1f\n", codec->name, codec->level,
           (double)total(&packed, itself) / (double)set->count,
           (double)total(&packed, sx_base64_len) / (double)set->count, pack_us, unpack_us);
    for (i = 0; i < packed.count; i++)
        free(packed.envelopes[i].bytes);
}

static void encode_turn(const struct envelope *envelope, void *user)
{
    sx_buffer_clear(user);
    sx_base64_add(user, envelope->bytes, envelope->len);
}

static void decode_turn(const struct envelope *text, void *user)
{
    size_t len;

    (void)user;
    memcpy(out_bytes, text->bytes, text->len);
    if (!sx_base64_decode(out_bytes, text->len, &len))
        fail("base64");
}

static void gauge_turn(const struct envelope *envelope, void *user)
{
    static const struct sx_gauge_limits limits = {.max_depth = 100};
    struct sx_gauge gauge;

    (void)user;
    sx_gauge_init(&gauge, &limits);
    if (sx_gauge_feed(&gauge, envelope->bytes, envelope->len))
        fail("gauge");
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    (void)user, (void)name, (void)attributes;
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    (void)user, (void)name;
}

static void expat_turn(const struct envelope *envelope, void *user)
{
    XML_ParserReset(user, NULL);
    XML_SetElementHandler(user, on_start, on_end);
    if (XML_Parse(user, envelope->bytes, (int)envelope->len, 1) != XML_STATUS_OK)
        fail("expat");
}

static void show_rest(const struct set *set)
{
    XML_Parser parser = XML_ParserCreate(NULL);
    struct sx_buffer text = {0};
    struct set texts = {set->name, {{NULL, 0}}, set->count};
    size_t i;

    for (i = 0; i < set->count; i++) {
        sx_buffer_clear(&text);
        sx_base64_add(&text, set->envelopes[i].bytes, set->envelopes[i].len);
        texts.envelopes[i].bytes = sx_buffer_take(&text, &texts.envelopes[i].len);
    }
    printf("  of the whole envelope: base64 %.2f us, back %.2f us, gauge %.2f us, expat %.2f us\n",
           time_of(set, encode_turn, &text), time_of(&texts, decode_turn, NULL),
           time_of(set, gauge_turn, NULL), time_of(set, expat_turn, parser));
    for (i = 0; i < set->count; i++)
        free(texts.envelopes[i].bytes);
    sx_buffer_fini(&text);
    XML_ParserFree(parser);
}

static void show(const struct set *set)
{
    static const int zstd_levels[] = {-3, 1, 2, 3, 4, 5, 6, 7, 9, 12, 19};
    static const int zlib_levels[] = {1, 6, 9};
    struct codec ours = {.name = "sx_pack", .pack = our_pack, .unpack = our_unpack};
    size_t i;

    printf("%s: %zu of %.0f bytes\n", set->name, set->count,
           (double)total(set, itself) / (double)set->count);
    printf("  codec  level   packed    base64   pack us unpack us   (each)\n");
    for (i = 0; i < sizeof zstd_levels / sizeof zstd_levels[0]; i++) {
        struct codec codec = {.name = "zstd", .level = zstd_levels[i]};

        zstd_begin(&codec);
        show_codec(&codec, set);
    }
    for (i = 0; i < sizeof zlib_levels / sizeof zlib_levels[0]; i++) {
        struct codec codec = {.name = "zlib", .level = zlib_levels[i]};

        zlib_begin(&codec);
        show_codec(&codec, set);
    }
    show_codec(&ours, set);
    show_rest(set);
}

int main(int argc, char **argv)
{
    static struct set files = {.name = "envelopes"}, records = {.name = "900 records", .count = 1};
    int i;

    if (argc < 2 || argc > ENVELOPES_MOST) {
        fprintf(stderr, "usage: %s ENVELOPE...\n", argv[0]);
        return 2;
    }
    for (i = 1; i < argc; i++)
        files.envelopes[files.count++] = read_envelope(argv[i]);
    records.envelopes[0] = make_records();
    show(&files);
    show(&records);
    return 0;
}
