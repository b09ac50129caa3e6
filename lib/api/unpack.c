/* unpack.c - the envelope that a <packed/> element holds, for programs that show what travels.
 *
 * Invariant: never more than max_bytes come out, and never more than the packed form allows for its
 * length (pack.h), so that an element of a stranger costs what it weighs.
 *
 * Happy path: white space goes -> base64 -> unpacked in one go -> the caller's. Failure: NULL, one
 * sentence in why, and *out_bytes as it was.
 */
#ifndef SOAP_XMPP_NO_GSOAP
#define SOAP_XMPP_NO_GSOAP
#endif
#include "soap_xmpp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "base/fault.h"
#include "soap/pack.h"

/* A copy without white space, which who pastes a line brings along. */
static enum sx_err copy_letters(const char *base64, size_t len, struct sx_buffer *out)
{
    size_t i;
    if (!sx_buffer_reserve(out, len))
        return SX_ENOMEM;
    for (i = 0; i < len; i++) {
        if (base64[i] != ' ' && base64[i] != '\t' && base64[i] != '\r' && base64[i] != '\n')
            sx_buffer_add(out, base64 + i, 1);
    }
    return out->failed ? SX_ENOMEM : SX_OK;
}

static enum sx_err unpack(const char *base64, size_t len, enum sx_form form, size_t max_bytes,
                          struct sx_buffer *envelope, const char **clause)
{
    struct sx_buffer packed = {0};
    size_t packed_len = 0;
    enum sx_err err = copy_letters(base64, len, &packed);
    *clause = NULL;
    if (err == SX_OK && (!packed.len || !sx_base64_decode(packed.bytes, packed.len, &packed_len))) {
        err = SX_EMALFORMED;
        *clause = "this is no base64";
    }
    if (err == SX_OK) {
        err = sx_unpack(form, packed.bytes, packed_len, max_bytes, envelope);
        if (err == SX_EMALFORMED)
            *clause = "these bytes are no packed envelope, or a part of one";
    }
    sx_buffer_fini(&packed);
    return err;
}

char *soap_xmpp_unpack(const char *base64, size_t base64_bytes, int is_stored, size_t max_bytes,
                       size_t *out_bytes, char *why, size_t why_bytes)
{
    struct sx_buffer envelope = {0};
    const char *clause = NULL;
    char *taken = NULL;
    enum sx_err err = SX_EMALFORMED;
    if (!base64)
        clause = "no packed element was given";
    else
        err = unpack(base64, base64_bytes, is_stored ? SX_FORM_STORED : SX_FORM_ZSTD, max_bytes,
                     &envelope, &clause);
    if (err == SX_OK) {
        size_t len = 0;
        taken = sx_buffer_take(&envelope, &len);
        if (taken && out_bytes)
            *out_bytes = len;
        if (!taken)
            err = SX_ENOMEM;
    }
    if (!taken && why && why_bytes)
        snprintf(why, why_bytes, "%s", clause ? clause : sx_fault_text(err));
    sx_buffer_fini(&envelope);
    return taken;
}
