/* payload.c - envelopes as payload of their stanzas, plain or packed.
 *
 * Invariant: a plain payload has passed the checker, a packed one is base64 in one element of ours:
 * neither can end a stream.
 *
 * Happy path: check -> format, or glance -> pack -> base64. A packed payload can be taken apart
 * again, for a peer that turns out not to understand it.
 * Failure: nothing is made, why tells the first byte in the way.
 */
#include "soap/payload.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "wire/namespaces.h"

#define PACKED_TAG    "<packed xmlns='" SX_NS_PACKED "'"
#define REFERENCE_TAG PACKED_TAG " transfer='"
#define STORED        "stored"

void sx_payload_fini(struct sx_payload *payload)
{
    free(payload->bytes);
    *payload = (struct sx_payload){0};
}

static enum sx_err take(struct sx_payload *payload, struct sx_buffer *bytes,
                        const struct sx_scan *scan, size_t rewritten_bytes)
{
    size_t len;
    char *taken = sx_buffer_take(bytes, &len);
    if (!taken)
        return SX_ENOMEM;
    *payload = (struct sx_payload){
        .bytes = taken, .len = len, .rewritten_bytes = rewritten_bytes, .scan = scan};
    return SX_OK;
}

static enum sx_err explain(enum sx_err err, size_t byte, const char *clause, char *why,
                           size_t why_bytes)
{
    if (err == SX_ENOMEM)
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
    else
        snprintf(why, why_bytes, "byte %zu: %s", byte, clause);
    return err;
}

/* ---- plain ---- */

/* White space around the envelope, which isn't sent. */
static size_t outer_spaces(const char *envelope, size_t len)
{
    size_t lead = sx_scan_spaces(envelope, len), end = len;
    while (end > lead && sx_scan_is_space(envelope[end - 1]))
        end--;
    return len - (end - lead);
}

enum sx_err sx_payload_plain(struct sx_payload *payload, struct sx_checker *checker,
                             const char *envelope, size_t len, const char *action,
                             const char *traceparent, char *why, size_t why_bytes)
{
    struct sx_buffer bytes = {0};
    const struct sx_scan *scan;
    char clause[160] = "";
    size_t bad_byte = 0, inserted;
    enum sx_err err =
        sx_checker_check(checker, envelope, len, &scan, &bad_byte, clause, sizeof clause);
    if (err)
        return explain(err, bad_byte, clause, why, why_bytes);
    sx_envelope_format(&bytes, envelope, len, scan, action, traceparent);
    len -= outer_spaces(envelope, len);
    inserted = bytes.len > len ? bytes.len - len : 0;
    if (take(payload, &bytes, scan, scan->rewritten_bytes + inserted))
        return explain(SX_ENOMEM, 0, "", why, why_bytes);
    return SX_OK;
}

/* ---- packed ---- */

enum {
    PIECE_BYTES = 8192, /* as in a receiver's glance */
    FRAME_BYTES = 4096  /* element and iq around the base64, with the longest of names */
};

static enum sx_err glance(struct sx_checker *checker, const char *envelope, size_t len,
                          const struct sx_scan **scan, size_t *bad_byte, char *why,
                          size_t why_bytes)
{
    enum sx_err err = SX_OK;
    size_t done = 0;
    *scan = NULL;
    sx_checker_begin(checker, ULONG_MAX);
    while (err == SX_OK && !*scan) {
        size_t piece = len - done < PIECE_BYTES ? len - done : PIECE_BYTES;
        err = sx_checker_glance(checker, envelope + done, piece, done + piece == len, scan,
                                bad_byte, why, why_bytes);
        done += piece;
    }
    return err;
}

static void add_attributes(struct sx_buffer *out, enum sx_form form, const char *action)
{
    if (form == SX_FORM_STORED)
        sx_buffer_add_attribute(out, "form", STORED);
    if (action && *action && strlen(action) < SX_SCAN_ACTION_BYTES)
        sx_buffer_add_attribute(out, "action", action);
}

static void add_element(struct sx_buffer *out, const char *packed, size_t len, enum sx_form form,
                        const struct sx_payload_marks *marks)
{
    sx_buffer_reserve(out, sx_base64_len(len) + sizeof PACKED_TAG + 64);
    sx_buffer_add_text(out, PACKED_TAG);
    add_attributes(out, form, marks->action);
    if (marks->traceparent && *marks->traceparent)
        sx_buffer_add_attribute(out, "traceparent", marks->traceparent);
    sx_buffer_add_text(out, ">");
    sx_base64_add(out, packed, len);
    sx_buffer_add_text(out, "</packed>");
}

static size_t rewritten_marks_bytes(const struct sx_payload_marks *marks)
{
    return sx_scan_quoted_bytes(marks->action ? marks->action : "");
}

bool sx_payload_may_join(const struct sx_payload *loose, size_t max_element_bytes)
{
    return sx_base64_len(loose->len) + FRAME_BYTES <= max_element_bytes;
}

enum sx_err sx_payload_join(const struct sx_payload *loose, const struct sx_payload_marks *marks,
                            struct sx_payload *element)
{
    struct sx_buffer bytes = {0};
    add_element(&bytes, loose->bytes, loose->len, loose->form, marks);
    if (take(element, &bytes, loose->scan, 0))
        return SX_ENOMEM;
    element->form = loose->form;
    element->rewritten_bytes = element->len + rewritten_marks_bytes(marks);
    return SX_OK;
}

void sx_payload_add_traceparent(struct sx_buffer *reference, const char *traceparent)
{
    if (reference->failed || reference->len < 2 || !traceparent || !*traceparent)
        return;
    reference->len -= 2; /* "/>" */
    sx_buffer_add_attribute(reference, "traceparent", traceparent);
    sx_buffer_add_text(reference, "/>");
}

void sx_payload_refer(struct sx_buffer *out, enum sx_form form, const char *action,
                      const char *transfer, size_t size, const char *sha256)
{
    sx_buffer_add_text(out, REFERENCE_TAG);
    sx_buffer_add_format(out, "%s' size='%zu' sha256='%s'", transfer, size, sha256);
    add_attributes(out, form, action);
    sx_buffer_add_text(out, "/>");
}

enum sx_err sx_payload_packed(struct sx_payload *payload, struct sx_checker *checker,
                              const char *envelope, size_t len, const char *action,
                              size_t max_element_bytes, char *why, size_t why_bytes)
{
    const struct sx_payload_marks marks = {.action = action};
    struct sx_buffer packed = {0}, bytes = {0};
    enum sx_form form = SX_FORM_PLAIN;
    const struct sx_scan *scan;
    char clause[160] = "";
    bool is_loose = false;
    size_t bad_byte = 0;
    enum sx_err err = glance(checker, envelope, len, &scan, &bad_byte, clause, sizeof clause);
    if (err == SX_OK)
        err = sx_pack(envelope, len, &packed, &form);
    if (err == SX_OK) {
        is_loose = sx_base64_len(packed.len) + FRAME_BYTES > max_element_bytes;
        if (!is_loose)
            add_element(&bytes, packed.bytes, packed.len, form, &marks);
        err = take(payload, is_loose ? &packed : &bytes, scan, 0);
    }
    sx_buffer_fini(&packed);
    if (err)
        return explain(err, bad_byte, clause, why, why_bytes);
    payload->form = form;
    payload->is_loose = is_loose;
    payload->rewritten_bytes = payload->len + rewritten_marks_bytes(&marks);
    return SX_OK;
}

/* ---- and back ---- */

bool sx_payload_is_packed(const char *bytes)
{
    return strncmp(bytes, PACKED_TAG, sizeof PACKED_TAG - 1) == 0;
}

bool sx_payload_is_reference(const char *bytes)
{
    return strncmp(bytes, REFERENCE_TAG, sizeof REFERENCE_TAG - 1) == 0;
}

enum sx_form sx_payload_form(const char *attribute)
{
    if (!attribute)
        return SX_FORM_ZSTD;
    return strcmp(attribute, STORED) == 0 ? SX_FORM_STORED : SX_FORM_PLAIN;
}

/* Of an element or a reference. */
static enum sx_form read_form(const char *packed)
{
    const char *tag_end = strchr(packed, '>'), *stored = strstr(packed, " form='" STORED "'");
    return stored && stored < tag_end ? SX_FORM_STORED : SX_FORM_ZSTD;
}

/* The envelope's bytes out of a payload that add_element() has made. */
static enum sx_err open_element(const char *packed, size_t max_bytes, struct sx_buffer *envelope)
{
    const char *tag_end = strchr(packed, '>');
    struct sx_buffer text = {0};
    enum sx_err err = SX_ENOMEM;
    sx_buffer_add(&text, tag_end + 1, strcspn(tag_end + 1, "<"));
    if (!text.failed)
        err = sx_base64_decode(text.bytes, text.len, &text.len)
                  ? sx_unpack(read_form(packed), text.bytes, text.len, max_bytes, envelope)
                  : SX_EMALFORMED;
    sx_buffer_fini(&text);
    return err;
}

/* err: of unpacking it. Frees the envelope. */
static enum sx_err make_plain(struct sx_payload *payload, struct sx_checker *checker,
                              enum sx_err err, struct sx_buffer *envelope, char *why,
                              size_t why_bytes)
{
    if (err)
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
    else
        err = sx_payload_plain(payload, checker, envelope->bytes, envelope->len, NULL, NULL, why,
                               why_bytes);
    sx_buffer_fini(envelope);
    return err;
}

enum sx_err sx_payload_unpacked_loose(struct sx_payload *payload, struct sx_checker *checker,
                                      const char *reference, const char *packed, size_t len,
                                      size_t max_bytes, char *why, size_t why_bytes)
{
    struct sx_buffer envelope = {0};
    enum sx_err err = sx_unpack(read_form(reference), packed, len, max_bytes, &envelope);
    return make_plain(payload, checker, err, &envelope, why, why_bytes);
}

enum sx_err sx_payload_unpacked(struct sx_payload *payload, struct sx_checker *checker,
                                const char *packed, size_t max_bytes, char *why, size_t why_bytes)
{
    struct sx_buffer envelope = {0};
    enum sx_err err;
    if (sx_payload_is_reference(packed)) {
        snprintf(why, why_bytes, "the envelope is too large for a stanza");
        return SX_ETOOBIG;
    }
    err = open_element(packed, max_bytes, &envelope);
    return make_plain(payload, checker, err, &envelope, why, why_bytes);
}
