/* single.c - a contract of several documents as one: ?singleWsdl.
 *
 * Happy path: the WSDL is copied; what its schemas refer to is noted on the way; where its types
 * end the schemas are copied likewise, and what they refer to, until all are there. Failure modes:
 * one sentence. */
#include "route/single.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/text.h"
#include "route/document.h"
#include "soap/scan.h"

enum { MOST_SCHEMAS = 64, NAMESPACE_BYTES = 256, ATTRIBUTE_BYTES = sizeof "schemaLocation" - 1 };

#define WSDL   "http://schemas.xmlsoap.org/wsdl/"
#define SCHEMA "http://www.w3.org/2001/XMLSchema"

/* One that is to be in the types, as a schema of that namespace. */
struct schema {
    size_t section;
    char ns[NAMESPACE_BYTES]; /* of a schema without one: that of whoever includes it */
};

struct single {
    const struct ct_metadata *metadata;
    struct schema schemas[MOST_SCHEMAS];
    size_t count, written;
    struct ct_text out;
    char *why;
    size_t why_bytes;
};

/* A document that is being copied. */
struct copying {
    struct single *single;
    const struct ct_metadata_section *section;
    const char *given_ns;     /* for a schema without one; NULL: the WSDL */
    char ns[NAMESPACE_BYTES]; /* of the schema around */
    size_t copied;            /* bytes of the document */
    unsigned left_out;        /* depth of an element that is left out; 0: none is */
    bool has_types;
};

static int fail(struct single *single, const char *what)
{
    snprintf(single->why, single->why_bytes, "%s: ?wsdl has its documents one by one", what);
    return -1;
}

static void copy_up_to(struct copying *copying, size_t at)
{
    ct_text_add(&copying->single->out, copying->section->bytes + copying->copied,
                at - copying->copied);
    copying->copied = at;
}

/* Notes that a schema is wanted; one of a namespace of its own is so but once. */
static int want(struct single *single, size_t section, const char *ns)
{
    for (size_t i = 0; i < single->count; i++) {
        if (single->schemas[i].section == section && strcmp(single->schemas[i].ns, ns) == 0)
            return 0;
    }
    if (single->count == MOST_SCHEMAS || strlen(ns) >= NAMESPACE_BYTES)
        return fail(single, "the contract has too many schemas to be one document");
    struct schema *schema = &single->schemas[single->count++];
    schema->section = section;
    snprintf(schema->ns, sizeof schema->ns, "%s", ns);
    return 0;
}

/* Leaves schemaLocation="..." out, with the white space before it. */
static void leave_location_out(struct copying *copying, const struct gw_scan_event *event)
{
    size_t begin, end;
    if (!gw_scan_find_value(event, "schemaLocation", &begin, &end))
        return;
    const char *document = copying->section->bytes;
    size_t at = begin - 1;
    while (at > event->begin && document[at] != '=')
        at--;
    while (at > event->begin && strchr(" \t\r\n=", document[at]))
        at--;
    if (at <= event->begin + ATTRIBUTE_BYTES)
        return;
    at -= ATTRIBUTE_BYTES; /* the white space before the name */
    copy_up_to(copying, at);
    copying->copied = end + 1;
}

/* An import or include of a document that is here. */
static int refer(struct copying *copying, const struct gw_scan_event *event, bool is_include)
{
    const char *location = gw_scan_attribute(event, "", "schemaLocation");
    const char *ns = is_include ? copying->ns : gw_scan_attribute(event, "", "namespace");
    size_t which;
    if (!location ||
        !gw_document_find(copying->single->metadata, copying->section->location, location, &which))
        return 0;
    if (want(copying->single, which, ns ? ns : ""))
        return -1;
    if (!is_include) {
        leave_location_out(copying, event);
        return 0;
    }
    copy_up_to(copying, event->begin);
    copying->copied = event->end;
    copying->left_out = event->is_empty ? 0 : event->depth;
    return 0;
}

/* The root of a schema: its namespace, or the one that it is given with the default that its own
 * names are in. */
static void begin_schema(struct copying *copying, const struct gw_scan_event *event)
{
    const char *ns = gw_scan_attribute(event, "", "targetNamespace");
    bool is_given = !ns && event->depth == 1 && copying->given_ns && *copying->given_ns;
    snprintf(copying->ns, sizeof copying->ns, "%s", ns ? ns : is_given ? copying->given_ns : "");
    if (!is_given)
        return;
    struct ct_text *out = &copying->single->out;
    copy_up_to(copying, event->end - (event->is_empty ? 2 : 1));
    ct_text_put(out, " targetNamespace=\"");
    ct_text_put_xml(out, copying->given_ns);
    if (!memmem(event->tag, event->tag_bytes, "xmlns=", 6)) {
        ct_text_put(out, "\" xmlns=\"");
        ct_text_put_xml(out, copying->given_ns);
    }
    ct_text_put(out, "\"");
}

static int write_schemas(struct single *single);

/* <types/> becomes a pair of tags around the schemas. */
static int fill_empty_types(struct copying *copying, const struct gw_scan_event *event)
{
    struct ct_text *out = &copying->single->out;
    copy_up_to(copying, event->end - 2);
    ct_text_put(out, ">");
    if (write_schemas(copying->single))
        return -1;
    ct_text_put(out, "</");
    ct_text_add(out, event->tag + 1, strcspn(event->tag + 1, " \t\r\n/>"));
    ct_text_put(out, ">");
    copying->copied = event->end;
    copying->has_types = true;
    return 0;
}

/* What stands in the WSDL beside its schemas. */
static int take_wsdl(struct copying *copying, const struct gw_scan_event *event)
{
    size_t which;
    const char *location = gw_scan_attribute(event, "", "location");
    if (event->depth == 2 && gw_scan_is(event, WSDL, "import") && location &&
        gw_document_find(copying->single->metadata, copying->section->location, location, &which))
        return fail(copying->single, "its WSDL imports another one");
    if (event->depth == 2 && gw_scan_is(event, WSDL, "types") && event->is_empty)
        return fill_empty_types(copying, event);
    return 0;
}

static int take_start(struct copying *copying, const struct gw_scan_event *event)
{
    if (gw_scan_is(event, SCHEMA, "schema"))
        begin_schema(copying, event);
    else if (gw_scan_is(event, SCHEMA, "import"))
        return refer(copying, event, false);
    else if (gw_scan_is(event, SCHEMA, "include"))
        return refer(copying, event, true);
    else if (gw_scan_is(event, SCHEMA, "redefine"))
        return fail(copying->single, "it redefines a schema");
    else if (!copying->given_ns)
        return take_wsdl(copying, event);
    return 0;
}

static bool is_end_of_types(const struct copying *copying, const struct gw_scan_event *event)
{
    return !copying->given_ns && event->depth == 2 && strcmp(event->name, WSDL "\ntypes") == 0 &&
           event->end > event->begin;
}

/* gw_scan_fn. */
static int take(void *user, const struct gw_scan_event *event)
{
    struct copying *copying = user;
    if (copying->left_out) {
        if (event->kind == GW_SCAN_END && event->depth == copying->left_out) {
            copying->copied = event->end;
            copying->left_out = 0;
        }
        return 0;
    }
    if (event->kind == GW_SCAN_START)
        return take_start(copying, event);
    if (event->kind != GW_SCAN_END || !is_end_of_types(copying, event))
        return 0;
    copy_up_to(copying, event->begin);
    copying->has_types = true;
    return write_schemas(copying->single);
}

/* Copies one document. */
static int copy_document(struct copying *copying)
{
    struct single *single = copying->single;
    if (gw_scan_read(copying->section->bytes, copying->section->len, "the contract", take, copying,
                     single->why, single->why_bytes))
        return -1;
    copy_up_to(copying, copying->section->len);
    return 0;
}

/* Writes those that are wanted, until none is left that isn't there. */
static int write_schemas(struct single *single)
{
    while (single->written < single->count) {
        struct schema schema = single->schemas[single->written++];
        struct copying copying = {.single = single,
                                  .section = &single->metadata->sections[schema.section],
                                  .given_ns = schema.ns};
        if (copy_document(&copying))
            return -1;
    }
    return 0;
}

/* Schemas that are found by their namespace alone: a service that tells no locations. */
static int want_nameless(struct single *single)
{
    for (size_t i = 0; i < single->metadata->count; i++) {
        const struct ct_metadata_section *section = &single->metadata->sections[i];
        if (section->bytes && !*section->location && strcmp(section->dialect, SCHEMA) == 0 &&
            want(single, i, section->identifier))
            return -1;
    }
    return 0;
}

char *gw_single_write(const struct ct_metadata *metadata, size_t root, size_t *bytes, char *why,
                      size_t why_bytes)
{
    struct single *single = calloc(1, sizeof *single);
    if (!single)
        return snprintf(why, why_bytes, "no memory"), NULL;
    *single = (struct single){
        .metadata = metadata, .why = why, .why_bytes = why_bytes, .out.limit = CT_CONTRACT_BYTES};
    struct copying copying = {.single = single, .section = &metadata->sections[root]};
    int result = want_nameless(single);
    if (!result)
        result = copy_document(&copying);
    if (!result && single->count > 0 && !copying.has_types)
        result = fail(single, "its WSDL has no types");
    if (!result && ct_text_failed(&single->out))
        result = fail(single, single->out.no_memory ? "no memory" : "it is too large");
    size_t len = single->out.len;
    char *text = result ? NULL : ct_text_take(&single->out);
    ct_text_fini(&single->out);
    free(single);
    if (text)
        *bytes = len;
    return text;
}
