/* envelope.c - envelopes on their way out (format) and in (set, glance).
 *
 * Invariant: the bytes of an envelope are only ever cut at its ends and inserted into at the end of
 * a start tag's name or right after a start tag; nothing else is changed, nothing is re-serialised.
 * (repair.c changes prefixes of values.)
 *
 * Happy path out: checker.c has checked gSOAP's bytes, format appends them to a stanza.
 * Happy path in:  the parser scans and captures, set takes the bytes. Failure: no memory, or an
 * envelope that its scan refused: err and why say so, and the bytes never get to gSOAP.
 */
#include "soap/envelope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- out ---- */

/* Length of a start tag's "<name"; bytes begin with it, and are known to be well-formed. */
static size_t tag_name_len(const char *bytes)
{
    return strcspn(bytes, " \t\r\n/>");
}

/* Length of a start tag with its '>'. An attribute value may hold '>' (XML 1.0 section 2.4). */
static size_t tag_len(const char *bytes)
{
    size_t len = 0;
    while (bytes[len] != '>') {
        if (bytes[len] == '"' || bytes[len] == '\'')
            len += strcspn(bytes + len + 1, bytes[len] == '"' ? "\"" : "'") + 1;
        len++;
    }
    return len + 1;
}

/* Bytes of an envelope to copy from, and how far they have been copied; and the blocks that are
 * added, NULL: not this one. */
struct copy {
    struct sx_buffer *out;
    const char *bytes;
    size_t len, done;
    const char *action, *traceparent;
};

static void add_blocks(const struct copy *copy)
{
    if (copy->action) {
        sx_buffer_add_text(copy->out, "<soapAction xmlns=\"" SX_NS_ACTION "\">");
        sx_buffer_add_escaped(copy->out, copy->action);
        sx_buffer_add_text(copy->out, "</soapAction>");
    }
    if (copy->traceparent)
        sx_buffer_add_format(copy->out, "<t:trace xmlns:t=\"" SX_NS_TRACE "\" parent=\"%s\"/>",
                             copy->traceparent);
}

static void copy_to(struct copy *copy, size_t offset)
{
    sx_buffer_add(copy->out, copy->bytes + copy->done, offset - copy->done);
    copy->done = offset;
}

static void add_into_header(struct copy *copy, size_t header)
{
    const char *tag = copy->bytes + header;
    size_t end = header + tag_len(tag);
    bool is_empty = copy->bytes[end - 2] == '/';

    copy_to(copy, is_empty ? end - 2 : end);
    if (is_empty) {
        sx_buffer_add_text(copy->out, ">");
        copy->done = end;
    }
    add_blocks(copy);
    if (is_empty) {
        sx_buffer_add_text(copy->out, "</");
        sx_buffer_add(copy->out, tag + 1, tag_name_len(tag) - 1);
        sx_buffer_add_text(copy->out, ">");
    }
}

/* The Header is the Envelope's first child, in the same namespace: it can use the same prefix. */
static void add_header(struct copy *copy)
{
    size_t name_len = tag_name_len(copy->bytes);
    const char *colon = memchr(copy->bytes, ':', name_len);
    int prefix_len = colon ? (int)(colon - copy->bytes) : 0;
    const char *prefix = copy->bytes + 1;

    copy_to(copy, tag_len(copy->bytes));
    sx_buffer_add_format(copy->out, "<%.*sHeader>", prefix_len, prefix);
    add_blocks(copy);
    sx_buffer_add_format(copy->out, "</%.*sHeader>", prefix_len, prefix);
}

/* Of two blocks a receiver reads the first: one that is there already stays the only one. */
static const char *choose(const char *text, const char *present)
{
    return text && *text && !*present ? text : NULL;
}

void sx_envelope_format(struct sx_buffer *out, const char *bytes, size_t len,
                        const struct sx_scan *scan, const char *action, const char *traceparent)
{
    size_t lead = sx_scan_spaces(bytes, len);
    struct copy copy = {.out = out,
                        .bytes = bytes + lead,
                        .len = len - lead,
                        .action = choose(action, scan->action),
                        .traceparent = choose(traceparent, scan->traceparent)};

    while (copy.len && sx_scan_is_space(copy.bytes[copy.len - 1]))
        copy.len--;
    sx_buffer_reserve(out, copy.len + sizeof " xmlns=\"\"");
    copy_to(&copy, tag_name_len(copy.bytes));
    if (!scan->root_declares_default)
        sx_buffer_add_text(out, " xmlns=\"\"");
    if (copy.action || copy.traceparent) {
        if (scan->has_header)
            add_into_header(&copy, scan->header_byte - lead);
        else
            add_header(&copy);
    }
    copy_to(&copy, copy.len);
}

/* ---- in ---- */

void sx_envelope_fini(struct sx_envelope *envelope)
{
    free(envelope->bytes);
    envelope->bytes = NULL;
    envelope->len = 0;
    sx_memory_give(&envelope->charge);
    envelope->version = 0;
    envelope->has_body = envelope->is_fault = false;
    envelope->err = SX_OK;
    /* Texts, not 2 KiB of zeros: this is done several times per call. */
    envelope->why[0] = envelope->operation[0] = envelope->operation_uri[0] = '\0';
    envelope->action[0] = envelope->traceparent[0] = envelope->unbound[0] = '\0';
    envelope->ambiguity = NULL;
    envelope->has_doubtful = false;
}

static const char lookalike[] = "a namespace looks like SOAP's before the operation";

/* The findings of a scan, but for what it has against the envelope. */
static void set_findings(struct sx_envelope *envelope, const struct sx_scan *scan)
{
    envelope->version = scan->version;
    envelope->has_body = scan->has_body;
    envelope->is_fault = scan->is_fault;
    memcpy(envelope->operation, scan->operation, sizeof envelope->operation);
    memcpy(envelope->operation_uri, scan->operation_uri, sizeof envelope->operation_uri);
    memcpy(envelope->addressing_action, scan->addressing_action,
           sizeof envelope->addressing_action);
    memcpy(envelope->unbound, scan->unbound, sizeof envelope->unbound);
    envelope->has_doubtful = scan->has_doubtful;
}

/* What stands beside a packed one goes before what is in it. */
static void set_traceparent(struct sx_envelope *envelope, const struct sx_scan *scan)
{
    if (scan->traceparent[0] && !envelope->traceparent[0])
        memcpy(envelope->traceparent, scan->traceparent, sizeof envelope->traceparent);
}

void sx_envelope_set(struct sx_envelope *envelope, char *bytes, size_t len,
                     const struct sx_scan *scan)
{
    envelope->bytes = bytes;
    envelope->len = len;
    envelope->form = SX_FORM_PLAIN;
    set_findings(envelope, scan);
    envelope->err = scan->err;
    memcpy(envelope->why, scan->why, sizeof envelope->why);
    memcpy(envelope->action, scan->action, sizeof envelope->action);
    set_traceparent(envelope, scan);
    envelope->ambiguity = NULL;
    if (!envelope->err && !envelope->has_body) {
        envelope->err = SX_EMALFORMED;
        snprintf(envelope->why, sizeof envelope->why, "the envelope has no Body");
    }
    if (!envelope->err && bytes) {
        struct sx_preamble preamble = {0};
        envelope->ambiguity = sx_preamble_feed(&preamble, bytes, len);
        if (scan->has_lookalike)
            envelope->ambiguity = lookalike;
    }
}

/* Full pieces, however small those are in which they were packed: expat looks at a token that is
 * cut from its beginning again. */
static enum sx_err read_piece(struct sx_unpacker *unpacker, char *piece, size_t room, size_t *len)
{
    size_t got = 1;
    *len = 0;
    while (*len < room && got) {
        enum sx_err err = sx_unpacker_read(unpacker, piece + *len, room - *len, &got);
        if (err)
            return err;
        *len += got;
    }
    return SX_OK;
}

/* What stands before the operation of nearly all envelopes, signed ones too: it is read as plain
 * markup if it comes at once. */
enum { PIECE_BYTES = 8192 };

static enum sx_err glance_packed(struct sx_checker *checker, struct sx_unpacker *unpacker,
                                 const struct sx_scan **scan, const char **ambiguity, char *why,
                                 size_t why_bytes)
{
    struct sx_preamble preamble = {0};
    enum sx_err err = SX_OK;
    char piece[PIECE_BYTES];
    size_t len = 0, bad_byte;
    *scan = NULL;
    while (err == SX_OK && !*scan) {
        err = read_piece(unpacker, piece, sizeof piece, &len);
        if (err)
            snprintf(why, why_bytes, "%s", sx_fault_text(err));
        else
            err = sx_checker_glance(checker, piece, len, len < sizeof piece, scan, &bad_byte, why,
                                    why_bytes);
        if (err == SX_OK)
            *ambiguity = sx_preamble_feed(&preamble, piece, len);
    }
    return err;
}

unsigned long sx_envelope_glance(struct sx_envelope *envelope, struct sx_checker *checker,
                                 size_t max_bytes, unsigned long max_steps)
{
    struct sx_unpacker *unpacker =
        sx_unpacker_new(envelope->form, envelope->bytes, envelope->len, max_bytes);
    const struct sx_scan *scan;
    envelope->ambiguity = NULL;
    if (!unpacker) {
        envelope->err = SX_ENOMEM;
        snprintf(envelope->why, sizeof envelope->why, "memory is short");
        return 0;
    }
    sx_checker_begin(checker, max_steps);
    envelope->err = glance_packed(checker, unpacker, &scan, &envelope->ambiguity, envelope->why,
                                  sizeof envelope->why);
    if (envelope->err == SX_EUNCARRIABLE)
        envelope->err = SX_EMALFORMED;
    if (envelope->err == SX_OK) {
        envelope->why[0] = '\0';
        set_findings(envelope, scan);
        set_traceparent(envelope, scan);
        if (scan->has_lookalike)
            envelope->ambiguity = lookalike;
    }
    sx_unpacker_free(unpacker);
    return sx_checker_steps(checker);
}
