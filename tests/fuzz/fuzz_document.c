/* fuzz_document.c - documents that others wrote, made fit for a stanza.
 *
 * Input: a byte that chooses the charset, then the document.
 * Claims: what is refused says why and leaves nothing behind. What comes out is as it is the second
 * time, begins and ends as an element, and no stanza's check finds markup or characters in it that
 * XMPP or XML forbids; an envelope is carriable, unless SOAP is in the way.
 */
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "fuzz.h"
#include "soap/checker.h"
#include "soap/document.h"

/* NULL: none is given. */
static const char *const charsets[] = {NULL,      NULL,        NULL,          "utf-8",
                                       "utf-16",  "UTF-16LE",  "iso-8859-1",  "windows-1252",
                                       "utf-32",  "shift_jis", "iso-2022-jp", "utf-7",
                                       "gb18030", "ibm037",    "big5-hkscs",  "x//TRANSLIT"};

/* What the checker may still say of what is clean: words about SOAP, and its own bound, which is
 * lower. */
static bool is_about_soap(const char *why)
{
    static const char *const words[] = {"Envelope", "Body", "too many namespace declarations",
                                        "is too long"};
    size_t i;
    for (i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(why, words[i]))
            return true;
    return false;
}

static void claim_clean(const struct sx_buffer *out)
{
    static struct sx_checker *checker;
    struct sx_buffer again = {0};
    const struct sx_scan *scan;
    size_t bad_byte = 0;
    char why[200] = "";
    enum sx_err err;

    if (!checker)
        checker = sx_checker_new(SX_DOCUMENT_DEPTH);
    CLAIM(checker && !out->failed && out->len >= strlen("<a/>"));
    CLAIM(out->bytes[0] == '<' && out->bytes[out->len - 1] == '>');
    CLAIM(strlen(out->bytes) == out->len);
    CLAIM(sx_document_clean(out->bytes, out->len, NULL, &again, why, sizeof why) == SX_OK);
    CLAIM(again.len == out->len && memcmp(again.bytes, out->bytes, out->len) == 0);
    err = sx_checker_check(checker, out->bytes, out->len, &scan, &bad_byte, why, sizeof why);
    if (err != SX_OK && !is_about_soap(why))
        fuzz_fail(why, __FILE__, __LINE__);
    sx_buffer_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    unsigned chosen = fuzz_draw(&input, sizeof charsets / sizeof *charsets);
    char *document = fuzz_bytes(input.bytes, input.len), why[200] = "";
    struct sx_buffer out = {0};
    enum sx_err err =
        sx_document_clean(document, input.len, charsets[chosen], &out, why, sizeof why);

    if (err == SX_OK)
        claim_clean(&out);
    else
        CLAIM(why[0] && out.len == 0 &&
              (err == SX_EUNCARRIABLE || err == SX_EDEPTH || err == SX_ETOOBIG));
    sx_buffer_fini(&out);
    free(document);
    return 0;
}
