/* cargo.c - a header block put in and taken out.
 *
 * Invariant: what is taken out is what was put in, so that the envelope is byte for byte what it
 * was. Where there was no Header, or an empty one ("<s:Header/>"), the block says so.
 *
 * Happy path: one pass up to the end of the Header finds the place or the block; the Body is never
 * read.
 * Failure: no envelope, a block that is there already or twice or isn't as put() writes it, over
 * the limit, no memory: nothing is given out.
 */
#include "soap/cargo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/text.h"
#include "soap/base64.h"
#include "soap/fault.h"
#include "soap/scan.h"

#define NS_SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define NS_SOAP12 "http://www.w3.org/2003/05/soap-envelope"

/* header="..": what was there before. */
#define NO_HEADER    "none"
#define EMPTY_HEADER "empty"

enum { DEPTH_ENVELOPE = 1, DEPTH_HEADER, DEPTH_BLOCK, DEPTH_PART };

void gw_cargo_free(struct gw_cargo *cargo)
{
    for (size_t i = 0; i < cargo->part_count; i++) {
        free(cargo->parts[i].id);
        free(cargo->parts[i].type);
        free(cargo->parts[i].bytes);
    }
    free(cargo->parts);
    free(cargo->path);
    *cargo = (struct gw_cargo){0};
}

/* What a field of MIME may hold. */
static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7E)
            return false;
    return true;
}

/* Bytes of the envelope. */
struct span {
    size_t begin, end;
};

struct look {
    const char *envelope, *namespace_;
    struct span envelope_tag, header_tag, header_end, block;
    size_t prefix_len; /* of the Envelope's tag, with its colon */
    bool has_header, has_empty, has_block;
    /* take() alone */
    bool is_taking, was_none, was_empty;
    struct gw_cargo *cargo;
    struct gw_base64 base64; /* of the part that is read */
    size_t capacity;         /* of its bytes */
    size_t held, most_bytes; /* of all parts */
    size_t part_room;
    char *why;
    size_t why_bytes;
};

static int fail(struct look *look, const char *sentence)
{
    snprintf(look->why, look->why_bytes, "%s", sentence);
    errno = EINVAL;
    return -1;
}

static int fail_memory(struct look *look)
{
    fail(look, "there is no memory for what goes along with the envelope");
    errno = ENOMEM;
    return -1;
}

/* ---- the block as it is read ---- */

static char *copy_attribute(const struct gw_scan_event *event, const char *name)
{
    const char *value = gw_scan_attribute(event, "", name);
    return strdup(value ? value : "");
}

static int start_block(struct look *look, const struct gw_scan_event *event)
{
    const char *header = gw_scan_attribute(event, "", "header");
    if (look->has_block)
        return fail(look, "the envelope holds two cargoes");
    look->has_block = true;
    look->block.begin = event->begin;
    if (!look->is_taking)
        return fail(look, "the envelope holds a cargo already");
    look->was_none = header && strcmp(header, NO_HEADER) == 0;
    look->was_empty = header && strcmp(header, EMPTY_HEADER) == 0;
    look->cargo->path = copy_attribute(event, "path");
    return look->cargo->path ? 0 : fail_memory(look);
}

static int start_part(struct look *look, const struct gw_scan_event *event)
{
    struct gw_cargo *cargo = look->cargo;
    if (!gw_scan_is(event, GW_FAULT_NAMESPACE, "part"))
        return fail(look, "a cargo holds parts alone");
    if (cargo->part_count == GW_CARGO_PARTS)
        return fail(look, "a cargo has more than 1,000 parts");
    if (cargo->part_count == look->part_room) {
        size_t room = look->part_room ? 2 * look->part_room : 4;
        struct gw_part *parts = realloc(cargo->parts, room * sizeof *parts);
        if (!parts)
            return fail_memory(look);
        cargo->parts = parts;
        look->part_room = room;
    }
    struct gw_part *part = &cargo->parts[cargo->part_count++];
    *part = (struct gw_part){.id = copy_attribute(event, "id"),
                             .type = copy_attribute(event, "type"),
                             .bytes = calloc(1, 1)};
    look->base64 = (struct gw_base64){0};
    look->capacity = 1;
    if (!part->id || !part->type || !part->bytes)
        return fail_memory(look);
    if (!is_printable(part->id) || !is_printable(part->type))
        return fail(look, "a cargo's part has an id or a type that can't be written");
    return 0;
}

static int read_part(struct look *look, const struct gw_scan_event *event)
{
    struct gw_part *part = &look->cargo->parts[look->cargo->part_count - 1];
    size_t needed = part->len + GW_BASE64_ROOM(event->len) + 1, got;
    if (needed > look->capacity) {
        size_t capacity = needed > 2 * look->capacity ? needed : 2 * look->capacity;
        char *bytes = realloc(part->bytes, capacity);
        if (!bytes)
            return fail_memory(look);
        part->bytes = bytes;
        look->capacity = capacity;
    }
    if (!gw_base64_read(&look->base64, event->chars, event->len, part->bytes + part->len, &got))
        return fail(look, "a cargo's part isn't base64");
    part->len += got;
    look->held += got;
    if (look->held <= look->most_bytes)
        return 0;
    snprintf(look->why, look->why_bytes, "a cargo has more than %zu bytes", look->most_bytes);
    errno = EFBIG;
    return -1;
}

static int end_part(struct look *look)
{
    struct gw_part *part = &look->cargo->parts[look->cargo->part_count - 1];
    part->bytes[part->len] = '\0';
    return gw_base64_is_whole(&look->base64) ? 0 : fail(look, "a cargo's part isn't base64");
}

/* ---- the Header ---- */

static int start_envelope(struct look *look, const struct gw_scan_event *event)
{
    const char *namespace_ = gw_scan_is(event, NS_SOAP11, "Envelope")   ? NS_SOAP11
                             : gw_scan_is(event, NS_SOAP12, "Envelope") ? NS_SOAP12
                                                                        : NULL;
    if (!namespace_ || (look->namespace_ && look->namespace_ != namespace_))
        return fail(look, "there is no SOAP envelope");
    look->namespace_ = namespace_;
    look->envelope_tag = (struct span){event->begin, event->end};
    look->prefix_len = (size_t)(event->local - event->tag - 1);
    return 0;
}

static int start(struct look *look, const struct gw_scan_event *event)
{
    switch (event->depth) {
    case DEPTH_ENVELOPE:
        return start_envelope(look, event);
    case DEPTH_HEADER:
        if (!gw_scan_is(event, look->namespace_, "Header"))
            return 1;
        look->has_header = true;
        look->has_empty = event->is_empty;
        look->header_tag = (struct span){event->begin, event->end};
        return 0;
    case DEPTH_BLOCK:
        if (gw_scan_is(event, GW_FAULT_NAMESPACE, "cargo"))
            return start_block(look, event);
        return 0;
    default:
        if (!look->has_block || look->block.end)
            return 0;
        return event->depth == DEPTH_PART ? start_part(look, event)
                                          : fail(look, "a cargo's part isn't base64");
    }
}

static int end(struct look *look, const struct gw_scan_event *event)
{
    bool is_in_block = look->has_block && !look->block.end;
    switch (event->depth) {
    case DEPTH_ENVELOPE:
        return fail(look, "the envelope has no Body");
    case DEPTH_HEADER:
        look->header_end = (struct span){event->begin, event->end};
        return 1;
    case DEPTH_BLOCK:
        if (is_in_block)
            look->block.end = event->end;
        return 0;
    case DEPTH_PART:
        return is_in_block ? end_part(look) : 0;
    default:
        return 0;
    }
}

static int take(void *user, const struct gw_scan_event *event)
{
    struct look *look = user;
    if (event->kind == GW_SCAN_START)
        return start(look, event);
    if (event->kind == GW_SCAN_END)
        return end(look, event);
    if (event->kind == GW_SCAN_TEXT && event->depth == DEPTH_PART && look->has_block &&
        !look->block.end)
        return read_part(look, event);
    return 0;
}

/* ---- the envelope that is written ---- */

static void add_span(struct ct_text *out, const struct look *look, size_t begin, size_t end)
{
    ct_text_add(out, look->envelope + begin, end - begin);
}

static void write_attribute(struct ct_text *out, const char *name, const char *value)
{
    ct_text_print(out, " %s=\"", name);
    ct_text_put_xml(out, value);
    ct_text_put(out, "\"");
}

static void write_block(struct ct_text *out, const struct look *look, const struct gw_cargo *cargo)
{
    ct_text_put(out, "<g:cargo xmlns:g=\"" GW_FAULT_NAMESPACE "\"");
    if (cargo->part_count) {
        write_attribute(out, "xmlns:e", look->namespace_);
        ct_text_put(out, " e:mustUnderstand=\"1\"");
    }
    if (cargo->path && *cargo->path)
        write_attribute(out, "path", cargo->path);
    if (!look->has_header || look->has_empty)
        write_attribute(out, "header", look->has_header ? EMPTY_HEADER : NO_HEADER);
    ct_text_put(out, ">");
    for (size_t i = 0; i < cargo->part_count; i++) {
        const struct gw_part *part = &cargo->parts[i];
        ct_text_put(out, "<g:part");
        write_attribute(out, "id", part->id);
        write_attribute(out, "type", part->type);
        ct_text_put(out, ">");
        gw_base64_put(out, part->bytes, part->len);
        ct_text_put(out, "</g:part>");
    }
    ct_text_put(out, "</g:cargo>");
}

/* "<" or "</", the Envelope's prefix, "Header>" */
static void write_header_tag(struct ct_text *out, const struct look *look, const char *begin)
{
    ct_text_put(out, begin);
    ct_text_add(out, look->envelope + look->envelope_tag.begin + 1, look->prefix_len);
    ct_text_put(out, "Header>");
}

/* "</", the name in the Header's own tag, ">" */
static void write_header_end(struct ct_text *out, const struct look *look)
{
    const char *name = look->envelope + look->header_tag.begin + 1;
    ct_text_put(out, "</");
    ct_text_add(out, name, strcspn(name, " \t\r\n/>"));
    ct_text_put(out, ">");
}

static void write_with(struct ct_text *out, const struct look *look, const struct gw_cargo *cargo,
                       size_t bytes)
{
    size_t behind;
    if (!look->has_header) {
        behind = look->envelope_tag.end;
        add_span(out, look, 0, behind);
        write_header_tag(out, look, "<");
        write_block(out, look, cargo);
        write_header_tag(out, look, "</");
    } else if (look->has_empty) {
        behind = look->header_tag.end;
        add_span(out, look, 0, behind - 2);
        ct_text_put(out, ">");
        write_block(out, look, cargo);
        write_header_end(out, look);
    } else {
        behind = look->header_end.begin;
        add_span(out, look, 0, behind);
        write_block(out, look, cargo);
    }
    add_span(out, look, behind, bytes);
}

static void write_without(struct ct_text *out, const struct look *look, size_t bytes)
{
    bool is_alone =
        look->header_tag.end == look->block.begin && look->block.end == look->header_end.begin;
    size_t begin = look->block.begin, behind = look->block.end;
    if (is_alone && (look->was_none || look->was_empty)) {
        begin = look->was_none ? look->header_tag.begin : look->header_tag.end - 1;
        behind = look->header_end.end;
    }
    add_span(out, look, 0, begin);
    if (is_alone && look->was_empty)
        ct_text_put(out, "/>");
    add_span(out, look, behind, bytes);
}

/* The text, or NULL with why. */
static char *finish(struct look *look, struct ct_text *out, size_t *out_bytes)
{
    size_t len = out->len, limit = out->limit;
    bool over_limit = out->over_limit;
    char *text = ct_text_take(out);
    if (text) {
        *out_bytes = len;
    } else if (over_limit) {
        snprintf(look->why, look->why_bytes,
                 "the envelope with what goes along with it has more than %zu bytes", limit);
        errno = EFBIG;
    } else {
        fail_memory(look);
    }
    return text;
}

char *gw_cargo_put(const struct gw_cargo *cargo, int version, const char *envelope, size_t bytes,
                   size_t most_bytes, size_t *out_bytes, char *why, size_t why_bytes)
{
    struct look look = {.envelope = envelope,
                        .namespace_ = version == 11 ? NS_SOAP11 : NS_SOAP12,
                        .why = why,
                        .why_bytes = why_bytes};
    struct ct_text out = {.limit = most_bytes};
    for (size_t i = 0; i < cargo->part_count; i++)
        if (!is_printable(cargo->parts[i].id) || !is_printable(cargo->parts[i].type)) {
            fail(&look, "a part's id or type isn't printable ASCII");
            return NULL;
        }
    if (cargo->path && !ct_text_is_xml(cargo->path)) {
        fail(&look, "the path can't be written in XML");
        return NULL;
    }
    if (gw_scan_read(envelope, bytes, "the envelope", take, &look, why, why_bytes) < 0)
        return NULL;
    write_with(&out, &look, cargo, bytes);
    return finish(&look, &out, out_bytes);
}

char *gw_cargo_take(struct gw_cargo *cargo, const char *envelope, size_t bytes, size_t most_bytes,
                    size_t *out_bytes, char *why, size_t why_bytes)
{
    struct gw_cargo taken = {0};
    struct look look = {.envelope = envelope,
                        .is_taking = true,
                        .cargo = &taken,
                        .most_bytes = most_bytes,
                        .why = why,
                        .why_bytes = why_bytes};
    struct ct_text out = {.limit = SIZE_MAX / 4}; /* it is no longer than what came */
    char *text = NULL;
    *cargo = (struct gw_cargo){0};
    if (gw_scan_read(envelope, bytes, "the envelope", take, &look, why, why_bytes) == 0) {
        if (look.has_block)
            write_without(&out, &look, bytes);
        else
            add_span(&out, &look, 0, bytes);
        if (!taken.path)
            taken.path = calloc(1, 1);
        if (taken.path)
            text = finish(&look, &out, out_bytes);
        else
            fail_memory(&look);
    }
    ct_text_fini(&out);
    if (text)
        *cargo = taken;
    else
        gw_cargo_free(&taken);
    return text;
}
