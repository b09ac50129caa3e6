/* Packing: what comes back, what is refused, what is bounded. */
#include <openssl/sha.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "soap/dictionary.h"
#include "soap/pack.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

extern CU_TestInfo tests_pack[];

enum { MAGIC = 4, PLENTY = 1 << 26, WORKERS = 4, TURNS = 100 };

static const char request[] =
    "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://www.w3.org/2003/05/soap-envelope\" "
    "xmlns:SOAP-ENC=\"http://www.w3.org/2003/05/soap-encoding\" "
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
    "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:c=\"urn:soapxmpp:calculator\">"
    "<SOAP-ENV:Body><c:add><c:a>2</c:a><c:b>3</c:b></c:add></SOAP-ENV:Body></SOAP-ENV:Envelope>";

/* Some envelope of so many records. */
static void make_records(struct sx_buffer *out, unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++)
        sx_buffer_add_format(out, "<c:record><c:id>%u</c:id><c:name>pump %u</c:name></c:record>", i,
                             i * 2654435761U >> 12);
}

static void make_noise(struct sx_buffer *out, size_t len)
{
    unsigned noise = 1;
    char byte;

    for (; len; len--) {
        noise = noise * 1664525 + 1013904223;
        byte = (char)(noise >> 24);
        sx_buffer_add(out, &byte, 1);
    }
}

static enum sx_form pack(const char *bytes, size_t len, struct sx_buffer *out)
{
    enum sx_form form = SX_FORM_PLAIN;

    CU_ASSERT_EQUAL(sx_pack(bytes, len, out, &form), SX_OK);
    return form;
}

/* What unpacking these bytes says; they are copied so that reading beyond them shows. */
static enum sx_err unpack(enum sx_form form, const char *packed, size_t len, size_t max_bytes,
                          struct sx_buffer *out)
{
    char *copy = malloc(len ? len : 1);
    enum sx_err err;

    CU_ASSERT_FATAL(copy != NULL);
    if (len)
        memcpy(copy, packed, len);
    sx_buffer_clear(out);
    err = sx_unpack(form, copy, len, max_bytes, out);
    CU_ASSERT(err == SX_OK || (out->len == 0 && !out->failed));
    free(copy);
    return err;
}

/* A frame as others might make it: another level, window, dictionary; without its magic number. */
static void make_frame(struct sx_buffer *out, const struct sx_buffer *bytes, const char *dictionary,
                       size_t dictionary_len, void (*set)(ZSTD_CCtx *))
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t room = ZSTD_compressBound(bytes->len), len;
    char *frame = malloc(room);

    CU_ASSERT_FATAL(context && frame);
    ZSTD_CCtx_loadDictionary(context, dictionary, dictionary_len);
    if (set)
        set(context);
    len = ZSTD_compress2(context, frame, room, bytes->bytes, bytes->len);
    CU_ASSERT_FATAL(!ZSTD_isError(len));
    sx_buffer_clear(out);
    sx_buffer_add(out, frame + MAGIC, len - MAGIC);
    free(frame);
    ZSTD_freeCCtx(context);
}

/* ---- there and back ---- */

static void assert_back(const char *bytes, size_t len, enum sx_form expected)
{
    static const size_t rooms[] = {1, 7, 100, 4096, 1 << 20};
    struct sx_buffer packed = {0}, back = {0};
    enum sx_form form = pack(bytes, len, &packed);
    struct sx_unpacker *unpacker;
    size_t i, got, at;
    char *room = malloc(1 << 20);

    CU_ASSERT_EQUAL(form, expected);
    CU_ASSERT(packed.len < len || form == SX_FORM_STORED);
    CU_ASSERT_EQUAL(unpack(form, packed.bytes, packed.len, len, &back), SX_OK);
    CU_ASSERT(back.len == len && (!len || memcmp(back.bytes, bytes, len) == 0));
    for (i = len > 10000 ? 2 : 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        unpacker = sx_unpacker_new(form, packed.bytes, packed.len, len);
        CU_ASSERT_FATAL(unpacker && room);
        for (at = 0;; at += got) {
            CU_ASSERT_FATAL(sx_unpacker_read(unpacker, room, rooms[i], &got) == SX_OK);
            if (!got)
                break;
            CU_ASSERT_FATAL(got <= len - at && memcmp(room, bytes + at, got) == 0);
        }
        CU_ASSERT_EQUAL(at, len);
        CU_ASSERT(sx_unpacker_read(unpacker, room, 1, &got) == SX_OK && got == 0);
        sx_unpacker_free(unpacker);
    }
    free(room);
    sx_buffer_fini(&packed);
    sx_buffer_fini(&back);
}

static void test_back(void)
{
    struct sx_buffer bytes = {0};
    unsigned count;

    assert_back(request, sizeof request - 1, SX_FORM_ZSTD);
    for (count = 1; count < 50000; count = count * 3 + 1) {
        sx_buffer_clear(&bytes);
        make_records(&bytes, count); /* up to 2 MB, beyond the window */
        assert_back(bytes.bytes, bytes.len, SX_FORM_ZSTD);
    }
    sx_buffer_fini(&bytes);
}

static void test_stored(void)
{
    struct sx_buffer bytes = {0};

    make_noise(&bytes, 3000);
    assert_back("", 0, SX_FORM_STORED);
    assert_back("<a/>", 4, SX_FORM_STORED);
    assert_back(bytes.bytes, bytes.len, SX_FORM_STORED);
    sx_buffer_fini(&bytes);
}

static void test_small(void)
{
    struct sx_buffer packed = {0};

    CU_ASSERT_EQUAL(pack(request, sizeof request - 1, &packed), SX_FORM_ZSTD);
    CU_ASSERT(packed.len <= 64);
    sx_buffer_fini(&packed);
}

static void test_dictionary(void)
{
    static const char pinned[] = "b3531f1e5cf3b388460612e29097591a15216e315aa94dbc606a1cbe4ce233e1";
    unsigned char digest[SHA256_DIGEST_LENGTH];
    char hex[2 * SHA256_DIGEST_LENGTH + 1];
    size_t i;

    SHA256((const unsigned char *)sx_dictionary, sx_dictionary_len, digest);
    for (i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    ASSERT_TEXT(hex, pinned);
    CU_ASSERT_EQUAL(sx_dictionary_len, 10521);
    CU_ASSERT_EQUAL(ZSTD_getDictID_fromDict(sx_dictionary, sx_dictionary_len), SX_DICTIONARY_ID);
}

/* Frames made before must be understood for ever. */
static void test_old_frame(void)
{
    static const char packed[] =
        "\x61\x01\x64\x00\xAD\x01\x00\xA3\x01\x05\xE2\x8E\x88\x7E\x04\x2F\xA8\x23"
        "\x24\x19\xFA\x31\x65\x43\xB4\x1D\xD1\x70\x1C\x03\x0B\xFC\x32\xA9\x0C\x66"
        "\xBC\x45\x1E\x0F\xCE\xF5\xB7\x8A\x0A\x62\x1C\x9D\x88\x72\xFD\x1C\x61\xBF"
        "\x70\xED\xC0\xED\x29\x4B";
    struct sx_buffer back = {0};

    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, packed, sizeof packed - 1, PLENTY, &back), SX_OK);
    ASSERT_TEXT(back.bytes ? back.bytes : "", request);
    sx_buffer_fini(&back);
}

static void test_append(void)
{
    struct sx_buffer packed = {0}, out = {0};
    enum sx_form form;

    sx_buffer_add_text(&packed, "kept");
    sx_buffer_add_text(&out, "kept");
    form = pack(request, sizeof request - 1, &packed);
    CU_ASSERT(strncmp(packed.bytes, "kept", 4) == 0);
    CU_ASSERT_EQUAL(sx_unpack(form, packed.bytes + 4, packed.len - 5, PLENTY, &out), SX_EMALFORMED);
    ASSERT_TEXT(out.bytes, "kept");
    CU_ASSERT_EQUAL(out.len, 4);
    CU_ASSERT_EQUAL(sx_unpack(form, packed.bytes + 4, packed.len - 4, PLENTY, &out), SX_OK);
    CU_ASSERT(strncmp(out.bytes, "kept", 4) == 0);
    ASSERT_TEXT(out.bytes + 4, request);
    sx_buffer_fini(&packed);
    sx_buffer_fini(&out);
}

/* ---- what is refused ---- */

static void test_cut(void)
{
    struct sx_buffer bytes = {0}, packed = {0}, back = {0};
    size_t len;

    make_records(&bytes, 40);
    CU_ASSERT_EQUAL(pack(bytes.bytes, bytes.len, &packed), SX_FORM_ZSTD);
    for (len = 0; len < packed.len; len++)
        CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, packed.bytes, len, PLENTY, &back), SX_EMALFORMED);
    sx_buffer_fini(&bytes);
    sx_buffer_fini(&packed);
    sx_buffer_fini(&back);
}

static void test_followed(void)
{
    struct sx_buffer packed = {0}, back = {0};
    size_t len;

    CU_ASSERT_EQUAL(pack(request, sizeof request - 1, &packed), SX_FORM_ZSTD);
    len = packed.len;
    sx_buffer_add(&packed, "", 1);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, packed.bytes, packed.len, PLENTY, &back), SX_EMALFORMED);
    packed.len = len; /* another frame, with its magic number and without, and one to be skipped */
    pack(request, sizeof request - 1, &packed);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, packed.bytes, packed.len, PLENTY, &back), SX_EMALFORMED);
    packed.len = len;
    sx_buffer_add(&packed, "\x28\xB5\x2F\xFD", 4);
    sx_buffer_add(&packed, packed.bytes, len);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, packed.bytes, packed.len, PLENTY, &back), SX_EMALFORMED);
    packed.len = len;
    sx_buffer_add(&packed, "\x50\x2A\x4D\x18\0\0\0\0", 8);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, packed.bytes, packed.len, PLENTY, &back), SX_EMALFORMED);
    sx_buffer_fini(&packed);
    sx_buffer_fini(&back);
}

/* There is no checksum: a frame may be damaged and yet be one. What comes out is bounded even so.
 */
static void test_damaged(void)
{
    struct sx_buffer bytes = {0}, packed = {0}, back = {0};
    size_t bit;
    enum sx_err err;

    make_records(&bytes, 40);
    CU_ASSERT_EQUAL(pack(bytes.bytes, bytes.len, &packed), SX_FORM_ZSTD);
    for (bit = 0; bit < 8 * packed.len; bit++) {
        packed.bytes[bit / 8] ^= (char)(1 << bit % 8);
        err = unpack(SX_FORM_ZSTD, packed.bytes, packed.len, bytes.len, &back);
        CU_ASSERT(err == SX_OK || err == SX_EMALFORMED || err == SX_ETOOBIG);
        CU_ASSERT(back.len <= bytes.len);
        if (bit / 8 == 1) /* the dictionary's identifier */
            CU_ASSERT(err != SX_OK);
        packed.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    sx_buffer_fini(&bytes);
    sx_buffer_fini(&packed);
    sx_buffer_fini(&back);
}

static void without_size(ZSTD_CCtx *context)
{
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
}

static void without_identifier(ZSTD_CCtx *context)
{
    ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0);
}

static void with_wide_window(ZSTD_CCtx *context)
{
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 21);
}

static void test_other_frames(void)
{
    struct sx_buffer bytes = {0}, frame = {0}, back = {0}, other = {0};
    size_t len = sx_dictionary_len;

    make_records(&bytes, 40000);
    make_frame(&frame, &bytes, sx_dictionary, len, NULL);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, frame.bytes, frame.len, PLENTY, &back),
                    SX_EMALFORMED); /* a window of 2 MiB is the default */
    make_frame(&frame, &bytes, sx_dictionary, len, with_wide_window);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, frame.bytes, frame.len, PLENTY, &back), SX_EMALFORMED);
    bytes.len = 5000;
    make_frame(&frame, &bytes, sx_dictionary, len, with_wide_window);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, frame.bytes, frame.len, PLENTY, &back), SX_OK);
    make_frame(&frame, &bytes, sx_dictionary, len, without_size);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, frame.bytes, frame.len, PLENTY, &back), SX_EMALFORMED);
    make_frame(&frame, &bytes, sx_dictionary, len, without_identifier);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, frame.bytes, frame.len, PLENTY, &back), SX_EMALFORMED);
    make_frame(&frame, &bytes, NULL, 0, NULL);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, frame.bytes, frame.len, PLENTY, &back), SX_EMALFORMED);
    make_frame(&frame, &bytes, "<c:record><c:id>", 16, NULL);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, frame.bytes, frame.len, PLENTY, &back), SX_EMALFORMED);
    sx_buffer_add(&other, sx_dictionary, len);
    other.bytes[4] = SX_DICTIONARY_ID + 1; /* behind its magic number: RFC 8878 section 5 */
    make_frame(&frame, &bytes, other.bytes, other.len, NULL);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, frame.bytes, frame.len, PLENTY, &back), SX_EMALFORMED);
    sx_buffer_fini(&other);
    sx_buffer_fini(&bytes);
    sx_buffer_fini(&frame);
    sx_buffer_fini(&back);
}

/* ---- bounds ---- */

static void test_max_bytes(void)
{
    struct sx_buffer packed = {0}, back = {0};
    size_t len = sizeof request - 1;

    CU_ASSERT_EQUAL(pack(request, len, &packed), SX_FORM_ZSTD);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, packed.bytes, packed.len, len, &back), SX_OK);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, packed.bytes, packed.len, len - 1, &back), SX_ETOOBIG);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, packed.bytes, packed.len, 0, &back), SX_ETOOBIG);
    CU_ASSERT_EQUAL(unpack(SX_FORM_STORED, request, len, len, &back), SX_OK);
    CU_ASSERT_EQUAL(unpack(SX_FORM_STORED, request, len, len - 1, &back), SX_ETOOBIG);
    sx_buffer_fini(&packed);
    sx_buffer_fini(&back);
}

/* A header that claims less than its blocks hold, and one that claims more. */
static void test_wrong_claim(void)
{
    struct sx_buffer packed = {0}, back = {0};

    CU_ASSERT_EQUAL(pack(request, sizeof request - 1, &packed), SX_FORM_ZSTD);
    packed.bytes[2]--; /* two bytes of size behind the descriptor and the identifier */
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, packed.bytes, packed.len, PLENTY, &back), SX_EMALFORMED);
    packed.bytes[2] += 2;
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, packed.bytes, packed.len, PLENTY, &back), SX_EMALFORMED);
    sx_buffer_fini(&packed);
    sx_buffer_fini(&back);
}

static void test_ratio(void)
{
    struct sx_buffer bytes = {0}, frame = {0}, back = {0};
    size_t len = 1000000;

    CU_ASSERT_FATAL(sx_buffer_reserve(&bytes, len));
    memset(bytes.bytes, ' ', len);
    bytes.len = len;
    make_frame(&frame, &bytes, sx_dictionary, sx_dictionary_len, NULL);
    CU_ASSERT_FATAL(frame.len * SX_PACK_RATIO + SX_PACK_FREE_BYTES < len);
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, frame.bytes, frame.len, PLENTY, &back), SX_ETOOBIG);
    assert_back(bytes.bytes, len, SX_FORM_STORED);
    assert_back(bytes.bytes, SX_PACK_FREE_BYTES, SX_FORM_ZSTD);
    sx_buffer_fini(&bytes);
    sx_buffer_fini(&frame);
    sx_buffer_fini(&back);
}

static void test_final(void)
{
    struct sx_buffer packed = {0};
    struct sx_unpacker *unpacker;
    char out[100];
    size_t got = 77;

    CU_ASSERT_EQUAL(pack(request, sizeof request - 1, &packed), SX_FORM_ZSTD);
    unpacker = sx_unpacker_new(SX_FORM_ZSTD, packed.bytes, packed.len - 1, PLENTY);
    CU_ASSERT_FATAL(unpacker != NULL);
    while (sx_unpacker_read(unpacker, out, sizeof out, &got) == SX_OK)
        CU_ASSERT_FATAL(got != 0);
    got = 77;
    CU_ASSERT_EQUAL(sx_unpacker_read(unpacker, out, sizeof out, &got), SX_EMALFORMED);
    CU_ASSERT_EQUAL(got, 77);
    sx_unpacker_free(unpacker);
    sx_unpacker_free(NULL);
    sx_buffer_fini(&packed);
}

/* ---- memory and threads ---- */

static bool attempt_pack(struct shortage shortage)
{
    struct sx_buffer out = {0};
    enum sx_form form = SX_FORM_PLAIN;
    enum sx_err err;
    bool has_failed;

    sx_pack_trim();
    shortage_begin(shortage);
    err = sx_pack(request, sizeof request - 1, &out, &form);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT(!out.failed && (err ? !out.len && form == SX_FORM_PLAIN : form == SX_FORM_ZSTD));
    sx_buffer_clear(&out);
    CU_ASSERT_EQUAL(pack(request, sizeof request - 1, &out), SX_FORM_ZSTD);
    sx_buffer_fini(&out);
    return has_failed;
}
SHORTAGE_TEST(pack, 4)

static bool attempt_unpack(struct shortage shortage)
{
    struct sx_buffer packed = {0}, back = {0};
    enum sx_err err;
    bool has_failed;

    CU_ASSERT_EQUAL(pack(request, sizeof request - 1, &packed), SX_FORM_ZSTD);
    sx_pack_trim();
    shortage_begin(shortage);
    err = sx_unpack(SX_FORM_ZSTD, packed.bytes, packed.len, PLENTY, &back);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT(!back.failed && (!err || !back.len));
    CU_ASSERT_EQUAL(unpack(SX_FORM_ZSTD, packed.bytes, packed.len, PLENTY, &back), SX_OK);
    ASSERT_TEXT(back.bytes, request);
    sx_buffer_fini(&packed);
    sx_buffer_fini(&back);
    return has_failed;
}
SHORTAGE_TEST(unpack, 4)

static void *work(void *user)
{
    struct sx_buffer bytes = {0}, packed = {0}, back = {0};
    unsigned *failures = user, turn;
    enum sx_form form;

    for (turn = 0; turn < TURNS; turn++) {
        sx_buffer_clear(&bytes);
        sx_buffer_clear(&packed);
        sx_buffer_clear(&back);
        make_records(&bytes, turn * 7 + 1); /* small ones and others */
        if (sx_pack(bytes.bytes, bytes.len, &packed, &form) ||
            sx_unpack(form, packed.bytes, packed.len, PLENTY, &back) || back.len != bytes.len ||
            memcmp(back.bytes, bytes.bytes, bytes.len) != 0)
            ++*failures;
    }
    sx_buffer_fini(&bytes);
    sx_buffer_fini(&packed);
    sx_buffer_fini(&back);
    return NULL;
}

static void test_threads(void)
{
    pthread_t threads[WORKERS];
    unsigned failures[WORKERS] = {0}, i;

    sx_pack_trim(); /* the first message of all makes what the others share */
    for (i = 0; i < WORKERS; i++)
        CU_ASSERT_FATAL(pthread_create(&threads[i], NULL, work, &failures[i]) == 0);
    for (i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(failures[i], 0);
    }
}

CU_TestInfo tests_pack[] = {
    {"what was packed comes back byte for byte, in whatever pieces", test_back},
    {"what doesn't get smaller is stored", test_stored},
    {"a small request becomes a sixth of itself", test_small},
    {"the dictionary is what it has always been", test_dictionary},
    {"a frame packed long ago is understood", test_old_frame},
    {"both append, and leave what was there", test_append},
    {"a frame cut off at any byte is refused", test_cut},
    {"a frame with something behind it is refused", test_followed},
    {"a damaged frame stays within its bounds", test_damaged},
    {"a frame of another dictionary, without a size or with a wide window is refused",
     test_other_frames},
    {"max_bytes may come out, and no more", test_max_bytes},
    {"a frame that claims another size than it has is refused", test_wrong_claim},
    {"beyond the ratio nothing is unpacked, and packing stores", test_ratio},
    {"an error is final and leaves the outputs alone", test_final},
    {"packing without memory leaves the buffer alone, and works again later", test_pack},
    {"unpacking without memory leaves the buffer alone, and works again later", test_unpack},
    {"threads pack and unpack at the same time", test_threads},
    CU_TEST_INFO_NULL,
};
