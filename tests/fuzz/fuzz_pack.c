/* fuzz_pack.c - packed envelopes as a peer may send them, and what is read out of them.
 *
 * Input: any bytes.
 * Claims: unpacked as a frame, without its magic number, they give bytes within their bounds or an
 * error, the same in one go and piece by piece; packed they come back; as base64 they are refused
 * or are what encoding gives again; and as XML the gauge counts no less than expat, in one piece
 * and in many.
 */
#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "xml/gauge.h"
#include "soap/pack.h"
#include "fuzz.h"

enum { MAX_BYTES = 1 << 20, PIECE = 97, DEPTH = 50 };

/* ---- frames ---- */

static void claim_same_in_pieces(const char *packed, size_t len, const struct sx_buffer *whole,
                                 enum sx_err expected)
{
    struct sx_unpacker *unpacker = sx_unpacker_new(SX_FORM_ZSTD, packed, len, MAX_BYTES);
    char piece[PIECE];
    size_t got = 0, at = 0;
    enum sx_err err;

    CLAIM(unpacker);
    do {
        err = sx_unpacker_read(unpacker, piece, 1 + at % PIECE, &got);
        if (err || !got)
            break;
        CLAIM(expected || (got <= whole->len - at && !memcmp(piece, whole->bytes + at, got)));
        at += got;
    } while (at <= MAX_BYTES);
    CLAIM(err == expected && (err || at == whole->len));
    CLAIM(at <= MAX_BYTES && at <= len * SX_PACK_RATIO + SX_PACK_FREE_BYTES);
    CLAIM(sx_unpacker_read(unpacker, piece, 1, &got) == err);
    sx_unpacker_free(unpacker);
}

static void claim_bounded(const char *packed, size_t len)
{
    struct sx_buffer out = {0};
    enum sx_err err = sx_unpack(SX_FORM_ZSTD, packed, len, MAX_BYTES, &out);

    CLAIM(err == SX_OK || err == SX_EMALFORMED || err == SX_ETOOBIG);
    claim_same_in_pieces(packed, len, &out, err);
    sx_buffer_fini(&out);
}

static void claim_back(const char *bytes, size_t len)
{
    struct sx_buffer packed = {0}, back = {0};
    enum sx_form form;

    CLAIM(sx_pack(bytes, len, &packed, &form) == SX_OK);
    CLAIM(packed.len < len || (form == SX_FORM_STORED && packed.len == len));
    CLAIM(sx_unpack(form, packed.bytes, packed.len, len, &back) == SX_OK);
    CLAIM(back.len == len && (!len || memcmp(back.bytes, bytes, len) == 0));
    sx_buffer_fini(&packed);
    sx_buffer_fini(&back);
}

/* ---- base64 ---- */

static void claim_base64(const char *text, size_t text_len)
{
    char *bytes = fuzz_bytes(text, text_len);
    struct sx_buffer again = {0};
    size_t len;

    if (sx_base64_decode(bytes, text_len, &len)) {
        sx_base64_add(&again, bytes, len);
        CLAIM(again.len == text_len && (!text_len || memcmp(again.bytes, text, text_len) == 0));
    }
    sx_buffer_fini(&again);
    free(bytes);
}

/* ---- the gauge ---- */

struct found {
    unsigned depth, deepest, attributes, declarations;
    bool has_doctype, has_instruction;
    XML_Parser parser;
};

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct found *found = user;

    (void)name;
    if (++found->depth > found->deepest)
        found->deepest = found->depth;
    for (; *attributes; attributes += 2)
        if (strcmp(*attributes, "xmlns") == 0 || strncmp(*attributes, "xmlns:", 6) == 0)
            found->declarations++;
        else
            found->attributes++;
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    struct found *found = user;

    (void)name;
    found->depth--;
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int has_internal)
{
    struct found *found = user;

    (void)name, (void)system, (void)public, (void)has_internal;
    found->has_doctype = true;
    XML_StopParser(found->parser, XML_FALSE);
}

static void XMLCALL on_instruction(void *user, const XML_Char *target, const XML_Char *data)
{
    struct found *found = user;

    (void)target, (void)data;
    found->has_instruction = true;
}

/* False unless expat takes it for a document. */
static bool look(const char *text, size_t len, struct found *found)
{
    bool is_document;

    found->parser = XML_ParserCreate("UTF-8");
    CLAIM(found->parser);
    XML_SetUserData(found->parser, found);
    XML_SetElementHandler(found->parser, on_start, on_end);
    XML_SetStartDoctypeDeclHandler(found->parser, on_doctype);
    XML_SetProcessingInstructionHandler(found->parser, on_instruction);
    is_document = XML_Parse(found->parser, text, (int)len, 1) == XML_STATUS_OK;
    XML_ParserFree(found->parser);
    return is_document;
}

static void claim_counted(const char *text, size_t len)
{
    static const struct sx_gauge_limits limits = {.max_depth = DEPTH};
    struct found found = {0};
    struct sx_gauge whole, parts;
    unsigned deepest = 0;
    size_t i;
    bool is_document = look(text, len, &found);

    sx_gauge_init(&whole, &limits);
    sx_gauge_init(&parts, &limits);
    sx_gauge_feed(&whole, text, len);
    for (i = 0; i < len; i++) {
        sx_gauge_feed(&parts, text + i, 1);
        if (parts.depth > deepest)
            deepest = parts.depth;
    }
    CLAIM(whole.err == parts.err);
    CLAIM(whole.err ||
          (whole.attributes == parts.attributes && whole.declarations == parts.declarations));
    if (found.has_doctype)
        CLAIM(whole.err);
    if (!is_document || (found.has_instruction && whole.err) ||
        (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0))
        return;
    if (whole.err == SX_ETOOBIG) {
        CLAIM(found.attributes > SX_NAMES_FREE || found.declarations > SX_GAUGE_SCOPE);
        return;
    }
    CLAIM(whole.err == (found.deepest > DEPTH ? SX_EDEPTH : SX_OK));
    CLAIM(whole.err || (deepest == found.deepest && parts.depth == 0));
    CLAIM(whole.err || whole.attributes == found.attributes);
    CLAIM(whole.err || whole.declarations == found.declarations);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *exact = fuzz_bytes(bytes, len);

    claim_bounded(exact, len);
    claim_back(exact, len);
    claim_base64(exact, len);
    claim_counted(exact, len);
    free(exact);
    return 0;
}
