/* rewrite.c - finds addresses by the names of their elements, and writes others in their place.
 *
 * Invariant: out holds what the document has up to done, with what was replaced; spots are found in
 * the order in which they stand. One text is collected at a time: an element in it ends that.
 *
 * Happy path: start() looks an element up in RULES and in the configuration's list. An attribute is
 * replaced at once; a text is collected, and replaced at its end. What is behind the last spot
 * follows in the end.
 * Failure: see gw_rewrite(). A signature that is found ends the pass, and what was written is
 * thrown away.
 */
#include "soap/rewrite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "contract/text.h"
#include "soap/scan.h"

#define NS_WSDL   "http://schemas.xmlsoap.org/wsdl/"
#define NS_SOAP11 "http://schemas.xmlsoap.org/wsdl/soap/"
#define NS_SOAP12 "http://schemas.xmlsoap.org/wsdl/soap12/"
#define NS_XSD    "http://www.w3.org/2001/XMLSchema"
#define NS_MEX    "http://schemas.xmlsoap.org/ws/2004/09/mex"
#define NS_TDS    "http://www.onvif.org/ver10/device/wsdl"
#define NS_TT     "http://www.onvif.org/ver10/schema"
#define NS_TRT    "http://www.onvif.org/ver10/media/wsdl"
#define NS_TR2    "http://www.onvif.org/ver20/media/wsdl"
#define NS_WSA04  "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define NS_WSA05  "http://www.w3.org/2005/08/addressing"
#define NS_DS     "http://www.w3.org/2000/09/xmldsig#"

/* What an element is for us: an address somewhere in it, or that which one stands in. */
enum spot {
    SPOT_NONE,
    SPOT_ADDRESS,
    SPOT_SNAPSHOT, /* an address, within SPOT_SNAPSHOTS */
    SPOT_IMPORT,
    SPOT_TRANSPORT,
    SPOT_PORT,
    SPOT_SNAPSHOTS,
    SPOT_SIGNATURE
};

#define LOCAL(NAME) (NAME), sizeof(NAME) - 1

static const struct rule {
    const char *namespace_, *local;
    size_t local_len;
    const char *attribute; /* NULL: the text */
    enum spot spot;
    unsigned category;
} rules[] = {
    {NS_SOAP11, LOCAL("address"), "location", SPOT_ADDRESS, GW_REWRITE_WSDL},
    {NS_SOAP12, LOCAL("address"), "location", SPOT_ADDRESS, GW_REWRITE_WSDL},
    {NS_SOAP11, LOCAL("binding"), "transport", SPOT_TRANSPORT, GW_REWRITE_WSDL},
    {NS_SOAP12, LOCAL("binding"), "transport", SPOT_TRANSPORT, GW_REWRITE_WSDL},
    {NS_WSDL, LOCAL("import"), "location", SPOT_IMPORT, GW_REWRITE_WSDL},
    {NS_XSD, LOCAL("import"), "schemaLocation", SPOT_IMPORT, GW_REWRITE_WSDL},
    {NS_XSD, LOCAL("include"), "schemaLocation", SPOT_IMPORT, GW_REWRITE_WSDL},
    {NS_XSD, LOCAL("redefine"), "schemaLocation", SPOT_IMPORT, GW_REWRITE_WSDL},
    {NS_MEX, LOCAL("Location"), NULL, SPOT_IMPORT, GW_REWRITE_WSDL},
    {NS_TDS, LOCAL("XAddr"), NULL, SPOT_ADDRESS, GW_REWRITE_XADDR},
    {NS_TT, LOCAL("XAddr"), NULL, SPOT_ADDRESS, GW_REWRITE_XADDR},
    {NS_TT, LOCAL("Uri"), NULL, SPOT_SNAPSHOT, GW_REWRITE_XADDR},
    {NS_TR2, LOCAL("Uri"), NULL, SPOT_SNAPSHOT, GW_REWRITE_XADDR},
    {NS_WSA04, LOCAL("To"), NULL, SPOT_ADDRESS, GW_REWRITE_WSA},
    {NS_WSA05, LOCAL("To"), NULL, SPOT_ADDRESS, GW_REWRITE_WSA},
    {NS_WSA04, LOCAL("Address"), NULL, SPOT_ADDRESS, GW_REWRITE_WSA},
    {NS_WSA05, LOCAL("Address"), NULL, SPOT_ADDRESS, GW_REWRITE_WSA},
    {NS_WSDL, LOCAL("port"), NULL, SPOT_PORT, 0},
    {NS_TRT, LOCAL("GetSnapshotUriResponse"), NULL, SPOT_SNAPSHOTS, 0},
    {NS_TR2, LOCAL("GetSnapshotUriResponse"), NULL, SPOT_SNAPSHOTS, 0},
    {NS_DS, LOCAL("Signature"), NULL, SPOT_SIGNATURE, 0},
};

/* The text of an element that may be an address, as far as it has been read. */
struct text {
    enum spot spot; /* NONE: none is collected */
    unsigned category;
    char address[GW_REWRITE_ADDRESS_BYTES]; /* white space before it left out */
    size_t len, solid_len;                  /* with and without white space behind it */
    size_t begin, end;                      /* of the solid text in the document */
    unsigned begin_cdata, end_cdata;        /* number of the section that each is in; 0: none */
};

struct rewriting {
    const struct gw_rewriting *of;
    const char *document;
    struct ct_text out;
    size_t done;
    struct gw_rewrite_result result;
    unsigned port_depth, snapshot_depth; /* of the element that we are in; 0: not */
    unsigned cdata_count, cdata;         /* cdata: the one that we are in, 0: none */
    struct text text;
    char *why;
    size_t why_bytes;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void count(struct rewriting *rewriting, unsigned category)
{
    struct gw_rewrite_result *result = &rewriting->result;
    ++*(category == GW_REWRITE_WSDL    ? &result->wsdl
        : category == GW_REWRITE_XADDR ? &result->xaddr
        : category == GW_REWRITE_WSA   ? &result->wsa
                                       : &result->other);
}

/* 1 with what it becomes in out, which has room for an address; 0: it stays; -1 with why. */
static int map(struct rewriting *rewriting, enum spot spot, const char *address, char *out)
{
    const struct gw_rewriting *of = rewriting->of;
    if (!*address || strncasecmp(address, "rtsp", 4) == 0)
        return 0;
    gw_rewrite_fn *fn = spot == SPOT_IMPORT && of->map_import ? of->map_import : of->map;
    int mapped = fn(of->user, address, out, GW_REWRITE_ADDRESS_BYTES);
    if (mapped < 0) {
        snprintf(rewriting->why, rewriting->why_bytes,
                 "an address would become longer than %d bytes", GW_REWRITE_ADDRESS_BYTES - 1);
        errno = EFBIG;
    }
    return mapped > 0 && strcmp(address, out) == 0 ? 0 : mapped;
}

/* A transport of SOAP that one of ours takes the place of. */
static bool is_of_http(const char *transport)
{
    return strcmp(transport, GW_REWRITE_HTTP) == 0 ||
           strcmp(transport, "http://www.w3.org/2003/05/soap/bindings/HTTP/") == 0;
}

static bool is_other_transport(const char *now, const char *wanted)
{
    if (is_of_http(now))
        return !is_of_http(wanted);
    return strcmp(now, GW_REWRITE_XMPP) == 0 && strcmp(wanted, GW_REWRITE_XMPP) != 0;
}

/* All up to a spot, and what stands in its place. */
static void splice(struct rewriting *rewriting, size_t begin, size_t end, const char *text)
{
    ct_text_add(&rewriting->out, rewriting->document + rewriting->done, begin - rewriting->done);
    ct_text_put_xml(&rewriting->out, text);
    rewriting->done = end;
}

/* ---- attributes ---- */

/* The value without white space around it. */
static size_t trim(const char **value)
{
    while (is_space(**value))
        ++*value;
    size_t len = strlen(*value);
    while (len && is_space((*value)[len - 1]))
        len--;
    return len;
}

static int replace_attribute(struct rewriting *rewriting, const struct gw_scan_event *event,
                             const struct rule *rule)
{
    const char *value = gw_scan_attribute(event, "", rule->attribute);
    char address[GW_REWRITE_ADDRESS_BYTES], out[GW_REWRITE_ADDRESS_BYTES];
    const char *become = out;
    size_t begin, end;
    if (!value || !gw_scan_find_value(event, rule->attribute, &begin, &end))
        return 0;
    size_t len = trim(&value);
    if (len >= sizeof address)
        return 0;
    memcpy(address, value, len);
    address[len] = '\0';
    if (rule->spot == SPOT_TRANSPORT) {
        become = rewriting->of->transport;
        if (!become || !is_other_transport(address, become))
            return 0;
    } else {
        int mapped = map(rewriting, rule->spot, address, out);
        if (mapped <= 0)
            return mapped;
    }
    while (begin < end && is_space(rewriting->document[begin]))
        begin++;
    while (begin < end && is_space(rewriting->document[end - 1]))
        end--;
    splice(rewriting, begin, end, become);
    count(rewriting, rule->category);
    return 0;
}

/* ---- text ---- */

static void collect_begin(struct rewriting *rewriting, enum spot spot, unsigned category)
{
    struct text *text = &rewriting->text;
    text->spot = spot;
    text->category = category;
    text->len = text->solid_len = 0;
}

static void collect(struct rewriting *rewriting, const struct gw_scan_event *event)
{
    struct text *text = &rewriting->text;
    /* A reference, or CR LF, is longer than what it stands for. */
    bool is_plain = event->end - event->begin == event->len;
    for (size_t i = 0; i < event->len; i++) {
        bool is_white = is_space(event->chars[i]);
        if (is_white && !text->solid_len)
            continue;
        if (text->len + 1 >= sizeof text->address) {
            text->spot = SPOT_NONE;
            return;
        }
        if (!text->solid_len) {
            text->begin = is_plain ? event->begin + i : event->begin;
            text->begin_cdata = rewriting->cdata;
        }
        text->address[text->len++] = event->chars[i];
        if (is_white)
            continue;
        text->solid_len = text->len;
        text->end = is_plain ? event->begin + i + 1 : event->end;
        text->end_cdata = rewriting->cdata;
    }
}

/* In a CDATA section references mean nothing: the text stands there as it is, or outside of it. */
static void splice_cdata(struct rewriting *rewriting, const char *become)
{
    const struct text *text = &rewriting->text;
    struct ct_text *out = &rewriting->out;
    bool is_one = text->begin_cdata == text->end_cdata;
    if (is_one && !strstr(become, "]]>") && ct_text_is_xml(become)) {
        splice(rewriting, text->begin, text->end, "");
        ct_text_put(out, become);
        return;
    }
    splice(rewriting, text->begin, text->end, "");
    ct_text_put(out, text->begin_cdata ? "]]>" : "");
    ct_text_put_xml(out, become);
    ct_text_put(out, text->end_cdata ? "<![CDATA[" : "");
}

static int collect_end(struct rewriting *rewriting)
{
    struct text *text = &rewriting->text;
    char out[GW_REWRITE_ADDRESS_BYTES];
    text->address[text->solid_len] = '\0';
    int mapped = map(rewriting, text->spot, text->address, out);
    if (mapped > 0) {
        if (text->begin_cdata || text->end_cdata)
            splice_cdata(rewriting, out);
        else
            splice(rewriting, text->begin, text->end, out);
        count(rewriting, text->category);
    }
    text->spot = SPOT_NONE;
    return mapped < 0 ? -1 : 0;
}

/* ---- elements ---- */

/* The category under which the rule holds here, or 0. */
static unsigned category_here(const struct rewriting *rewriting, const struct rule *rule)
{
    unsigned on = rewriting->of->config->categories;
    if (rule->spot == SPOT_SNAPSHOT && !rewriting->snapshot_depth)
        return 0;
    if (rule->category == GW_REWRITE_WSA && rewriting->port_depth && on & GW_REWRITE_WSDL)
        return GW_REWRITE_WSDL;
    return rule->category & on;
}

static const struct rule *find_rule(const struct gw_scan_event *event)
{
    for (const struct rule *rule = rules; rule < rules + sizeof rules / sizeof *rules; rule++)
        if (rule->local_len == event->local_len && gw_scan_is(event, rule->namespace_, rule->local))
            return rule;
    return NULL;
}

/* What stands around addresses. 1: the envelope is signed, and so left alone. */
static int enter(struct rewriting *rewriting, const struct gw_scan_event *event, enum spot spot)
{
    if (spot == SPOT_PORT && !rewriting->port_depth)
        rewriting->port_depth = event->depth;
    if (spot == SPOT_SNAPSHOTS && !rewriting->snapshot_depth)
        rewriting->snapshot_depth = event->depth;
    if (spot != SPOT_SIGNATURE || rewriting->of->config->of_signed)
        return 0;
    rewriting->result = (struct gw_rewrite_result){.is_signed = true};
    return 1;
}

static int start(struct rewriting *rewriting, const struct gw_scan_event *event)
{
    const struct rule *rule = find_rule(event);
    unsigned category = rule ? category_here(rewriting, rule) : 0;
    rewriting->text.spot = SPOT_NONE;
    if (rule && enter(rewriting, event, rule->spot))
        return 1;
    if (category && rule->attribute)
        return replace_attribute(rewriting, event, rule);
    if (category)
        collect_begin(rewriting, rule->spot, category);
    else if (gw_scan_is_listed(event, &rewriting->of->config->elements))
        collect_begin(rewriting, SPOT_ADDRESS, 0);
    return 0;
}

static int end(struct rewriting *rewriting, const struct gw_scan_event *event)
{
    if (event->depth == rewriting->port_depth)
        rewriting->port_depth = 0;
    if (event->depth == rewriting->snapshot_depth)
        rewriting->snapshot_depth = 0;
    return rewriting->text.spot ? collect_end(rewriting) : 0;
}

static int take(void *user, const struct gw_scan_event *event)
{
    struct rewriting *rewriting = user;
    switch (event->kind) {
    case GW_SCAN_START:
        return start(rewriting, event);
    case GW_SCAN_END:
        return end(rewriting, event);
    case GW_SCAN_CDATA:
        rewriting->cdata = ++rewriting->cdata_count;
        return 0;
    case GW_SCAN_CDATA_END:
        rewriting->cdata = 0;
        return 0;
    case GW_SCAN_TEXT:
        break;
    }
    if (rewriting->text.spot)
        collect(rewriting, event);
    return 0;
}

/* What is left, and the result; NULL with why. */
static char *finish(struct rewriting *rewriting, size_t bytes, size_t *out_bytes)
{
    struct ct_text *out = &rewriting->out;
    if (rewriting->result.is_signed) {
        ct_text_clear(out);
        rewriting->done = 0;
    }
    ct_text_add(out, rewriting->document + rewriting->done, bytes - rewriting->done);
    size_t len = out->len, limit = out->limit;
    bool no_memory = out->no_memory, over_limit = out->over_limit;
    char *taken = ct_text_take(out);
    errno = taken ? errno : over_limit && !no_memory ? EFBIG : ENOMEM;
    if (taken)
        *out_bytes = len;
    else if (no_memory || !over_limit)
        snprintf(rewriting->why, rewriting->why_bytes, "there is no memory for the document");
    else
        snprintf(rewriting->why, rewriting->why_bytes,
                 "the document would have more than %zu bytes", limit);
    return taken;
}

char *gw_rewrite(const struct gw_rewriting *of, const char *document, size_t bytes,
                 size_t most_bytes, size_t *out_bytes, struct gw_rewrite_result *result, char *why,
                 size_t why_bytes)
{
    struct rewriting rewriting = {.of = of,
                                  .document = document,
                                  .out.limit = most_bytes,
                                  .why = why,
                                  .why_bytes = why_bytes};
    bool has_spots = of->config->categories || of->config->elements.count;
    *result = (struct gw_rewrite_result){0};
    if (has_spots &&
        gw_scan_read(document, bytes, "the document", take, &rewriting, why, why_bytes) < 0) {
        ct_text_fini(&rewriting.out);
        return NULL;
    }
    char *out = finish(&rewriting, bytes, out_bytes);
    if (out)
        *result = rewriting.result;
    return out;
}
