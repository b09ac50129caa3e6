/* mtom.c - splices of base64 into an envelope and out of it.
 *
 * Invariant: out holds what the envelope has up to done, with what was replaced.
 *
 * Happy path: one pass for each direction. put() replaces an Include from its start tag to its end
 * tag by its part, encoded into place; take() remembers where the text of an element begins that
 * may become a part, and looks at it when the element ends with no other one in it.
 * Failure: see mtom.h.
 */
#include "soap/mtom.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/text.h"
#include "soap/base64.h"
#include "soap/scan.h"

#define NS_XOP "http://www.w3.org/2004/08/xop/include"

struct packing {
    const char *envelope;
    struct ct_text out;
    size_t done;
    /* put() */
    const struct gw_multipart *package;
    bool *is_used;              /* of each part */
    const struct gw_part *part; /* of the Include that we are in */
    unsigned include_depth;     /* 0: we are in none */
    size_t include_begin;       /* its start tag */
    unsigned opened;            /* depth of the element whose start tag was the last tag; 0 */
    bool was_include;           /* the last tag was an Include's end */
    unsigned includes;
    /* take() */
    struct gw_multipart *made;
    const struct gw_strings *elements;
    size_t room;
    bool may_be_part; /* of the element whose start tag was the last tag */
    char type[128];   /* of that part */
    size_t text_begin;
    char *why;
    size_t why_bytes;
};

static int fail(struct packing *packing, const char *sentence)
{
    snprintf(packing->why, packing->why_bytes, "%s", sentence);
    errno = EINVAL;
    return -1;
}

static int fail_memory(struct packing *packing)
{
    fail(packing, "there is no memory for the parts");
    errno = ENOMEM;
    return -1;
}

static void add_up_to(struct packing *packing, size_t end)
{
    ct_text_add(&packing->out, packing->envelope + packing->done, end - packing->done);
    packing->done = end;
}

/* ---- parts into the envelope ---- */

static int start_include(struct packing *packing, const struct gw_scan_event *event)
{
    const char *href = gw_scan_attribute(event, "", "href");
    if (!packing->opened || packing->opened != event->depth - 1)
        return fail(packing, "an xop:Include isn't alone in its element");
    if (++packing->includes > GW_CARGO_PARTS)
        return fail(packing, "the envelope has more than 1,000 xop:Includes");
    packing->part = href ? gw_multipart_find(packing->package, href) : NULL;
    if (!packing->part)
        return fail(packing, "an xop:Include names a part that isn't there");
    packing->is_used[packing->part - packing->package->parts] = true;
    packing->include_depth = event->depth;
    packing->include_begin = event->begin;
    return 0;
}

static int end_include(struct packing *packing, const struct gw_scan_event *event)
{
    const struct gw_part *part = packing->part;
    size_t chars = gw_base64_size(part->len), limit = packing->out.limit;
    add_up_to(packing, packing->include_begin);
    if (chars > limit || packing->out.len > limit - chars)
        packing->out.over_limit = true;
    gw_base64_put(&packing->out, part->bytes, part->len);
    packing->done = event->end;
    packing->include_depth = 0;
    return 0;
}

static int put(void *user, const struct gw_scan_event *event)
{
    struct packing *packing = user;
    bool is_end = event->kind == GW_SCAN_END;
    if (!is_end && event->kind != GW_SCAN_START)
        return 0;
    if (is_end) {
        packing->was_include = packing->include_depth == event->depth;
        packing->opened = 0;
        return packing->was_include ? end_include(packing, event) : 0;
    }
    if (packing->was_include)
        return fail(packing, "an xop:Include isn't alone in its element");
    if (!packing->include_depth && gw_scan_is(event, NS_XOP, "Include")) {
        int result = start_include(packing, event);
        packing->opened = event->depth;
        return result;
    }
    packing->opened = event->depth;
    return 0;
}

/* What is left, as text of its own; NULL with why. */
static char *finish(struct packing *packing, size_t bytes, size_t *out_bytes)
{
    add_up_to(packing, bytes);
    size_t len = packing->out.len, limit = packing->out.limit;
    bool over_limit = packing->out.over_limit;
    char *text = ct_text_take(&packing->out);
    if (text) {
        *out_bytes = len;
    } else if (over_limit) {
        snprintf(packing->why, packing->why_bytes,
                 "the envelope with its parts in it has more than %zu bytes", limit);
        errno = EFBIG;
    } else {
        fail_memory(packing);
    }
    return text;
}

char *gw_mtom_put(const struct gw_multipart *package, size_t most_bytes, size_t *bytes, char *why,
                  size_t why_bytes)
{
    struct packing packing = {.envelope = package->envelope,
                              .out.limit = most_bytes,
                              .package = package,
                              .is_used = calloc(package->part_count + 1, sizeof(bool)),
                              .why = why,
                              .why_bytes = why_bytes};
    char *text = NULL;
    int result = packing.is_used ? gw_scan_read(package->envelope, package->envelope_bytes,
                                                "the envelope", put, &packing, why, why_bytes)
                                 : fail_memory(&packing);
    for (size_t i = 0; result == 0 && i < package->part_count; i++)
        if (!packing.is_used[i])
            result = fail(&packing, "no xop:Include names one of the parts");
    if (result == 0)
        text = finish(&packing, package->envelope_bytes, bytes);
    ct_text_fini(&packing.out);
    free(packing.is_used);
    return text;
}

/* ---- parts out of the envelope ---- */

/* What an element says its bytes are; "" if nothing. */
static const char *content_type_of(const struct gw_scan_event *event)
{
    static const char *const namespaces[] = {"http://www.w3.org/2005/05/xmlmime",
                                             "http://www.w3.org/2004/11/xmlmime",
                                             "http://www.w3.org/2004/06/xmlmime"};
    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
        const char *value = gw_scan_attribute(event, namespaces[i], "contentType");
        if (value)
            return value;
    }
    return NULL;
}

/* It becomes a field of MIME. */
static bool is_type(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7E)
            return false;
    return len && len < sizeof((struct packing *)0)->type && strchr(text, '/') && *text != ' ' &&
           text[len - 1] != ' ';
}

static int start_text(struct packing *packing, const struct gw_scan_event *event)
{
    if (gw_scan_is(event, NS_XOP, "Include"))
        return fail(packing, "the envelope has an xop:Include, which no package can hold");
    const char *type = content_type_of(event);
    packing->may_be_part = !event->is_empty && packing->made->part_count < GW_CARGO_PARTS &&
                           (type || gw_scan_is_listed(event, packing->elements));
    packing->text_begin = event->end;
    if (packing->may_be_part)
        snprintf(packing->type, sizeof packing->type, "%s",
                 type && is_type(type) ? type : "application/octet-stream");
    return 0;
}

static int add_part(struct packing *packing, const char *chars, size_t len)
{
    struct gw_multipart *made = packing->made;
    struct gw_base64 base64 = {0};
    char id[64];
    if (made->part_count == packing->room) {
        size_t room = packing->room ? 2 * packing->room : 4;
        struct gw_part *parts = realloc(made->parts, room * sizeof *parts);
        if (!parts)
            return fail_memory(packing);
        made->parts = parts;
        packing->room = room;
    }
    struct gw_part *part = &made->parts[made->part_count++];
    snprintf(id, sizeof id, "part%zu@soap-xmpp", made->part_count);
    *part = (struct gw_part){
        .id = strdup(id), .type = strdup(packing->type), .bytes = malloc(GW_BASE64_ROOM(len) + 1)};
    if (!part->id || !part->type || !part->bytes)
        return fail_memory(packing);
    gw_base64_read(&base64, chars, len, part->bytes, &part->len);
    part->bytes[part->len] = '\0';
    ct_text_print(&packing->out, "<xop:Include xmlns:xop=\"" NS_XOP "\" href=\"cid:%s\"/>", id);
    return 0;
}

static int end_text(struct packing *packing, const struct gw_scan_event *event)
{
    const char *chars = packing->envelope + packing->text_begin;
    size_t len = event->begin - packing->text_begin;
    bool is_part =
        packing->may_be_part && len >= GW_MTOM_PART_CHARS && gw_base64_is_canonical(chars, len);
    packing->may_be_part = false;
    if (!is_part)
        return 0;
    add_up_to(packing, packing->text_begin);
    packing->done = event->begin;
    return add_part(packing, chars, len);
}

static int take(void *user, const struct gw_scan_event *event)
{
    if (event->kind == GW_SCAN_START)
        return start_text(user, event);
    return event->kind == GW_SCAN_END ? end_text(user, event) : 0;
}

int gw_mtom_take(struct gw_multipart *package, const struct gw_strings *elements,
                 const char *envelope, size_t bytes, char *why, size_t why_bytes)
{
    struct packing packing = {.envelope = envelope,
                              .out.limit = SIZE_MAX / 4, /* an Include is shorter than its part */
                              .made = package,
                              .elements = elements,
                              .why = why,
                              .why_bytes = why_bytes};
    *package = (struct gw_multipart){.is_xop = true, .root.media = GW_MEDIA_XOP};
    int result = gw_scan_read(envelope, bytes, "the envelope", take, &packing, why, why_bytes);
    if (result == 0)
        package->envelope = finish(&packing, bytes, &package->envelope_bytes);
    ct_text_fini(&packing.out);
    if (package->envelope)
        return 0;
    gw_multipart_free(package);
    return -1;
}
