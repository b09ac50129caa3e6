/* wsdl_text.c - the texts of a set of documents.
 *
 * Invariant: `wanted` has each pair of a schema and the target namespace that it gets there once;
 * those before `done` stand in a text already.
 *
 * Happy path: a document's bytes are copied from place to place; a reference to a schema adds it to
 * `wanted`; before </wsdl:types> all that are wanted are put in, which may want others.
 * Failure: no memory, or too much: nothing is kept.
 */
#include "soap/wsdl_text.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_BYTES = 4 * SX_WSDL_SET_BYTES,
    MAX_WANTED = 4 * SX_WSDL_SET_DOCUMENTS /* a schema without a namespace may be in several */
};

struct wanted {
    const struct sx_wsdl_document *document;
    const char *target_namespace; /* of whoever includes it, where it has none */
};

struct making {
    const struct sx_wsdl_set *set;
    struct sx_buffer out;
    struct wanted wanted[MAX_WANTED];
    size_t wanted_count, done;
    size_t *holes;
    size_t hole_count;
    enum sx_err err;
};

static void fail(struct making *making, enum sx_err err)
{
    if (!making->err)
        making->err = err;
}

static void add_hole(struct making *making)
{
    size_t *more = realloc(making->holes, (making->hole_count + 1) * sizeof *more);
    if (!more) {
        fail(making, SX_ENOMEM);
        return;
    }
    making->holes = more;
    making->holes[making->hole_count++] = making->out.len;
}

/* tns: the namespace that the schema which refers to it has got. */
static void want(struct making *making, const struct sx_wsdl_document *document, const char *tns)
{
    size_t i;
    if (*document->wsdl.target_namespace)
        tns = document->wsdl.target_namespace;
    for (i = 0; i < making->wanted_count; i++)
        if (making->wanted[i].document == document &&
            strcmp(making->wanted[i].target_namespace, tns) == 0)
            return;
    if (making->wanted_count == MAX_WANTED)
        fail(making, SX_ETOOBIG);
    else
        making->wanted[making->wanted_count++] = (struct wanted){document, tns};
}

/* Of a schema that stands inside of a WSDL now: what it has no prefix for means what it meant. One
 * without a namespace has that of whoever includes it (XML Schema 1.0, 4.2.1). */
static void add_declarations(struct making *making, const struct sx_wsdl *schema, const char *tns)
{
    bool is_chameleon = !*schema->target_namespace && *tns;
    if (!schema->declares_default)
        sx_buffer_add_attribute(&making->out, "xmlns", is_chameleon ? tns : "");
    if (is_chameleon)
        sx_buffer_add_attribute(&making->out, "targetNamespace", tns);
}

/* What stands in a place's stead. tns: of the schema that is put into a WSDL; NULL: the document
 * stands alone. */
static void add_place(struct making *making, const struct sx_wsdl_document *document,
                      const struct sx_wsdl_place *place, const char *tns)
{
    const struct sx_wsdl_document *referred =
        place->location ? sx_wsdl_set_find(making->set, document, place->location) : NULL;
    bool stays = true;
    switch (place->kind) {
    case SX_WSDL_ADDRESS:
        add_hole(making);
        stays = false;
        break;
    case SX_WSDL_XSD_IMPORT:
    case SX_WSDL_XSD_INCLUDE:
        if (!referred)
            break;
        want(making, referred,
             place->kind == SX_WSDL_XSD_IMPORT ? ""
             : *place->namespace_uri || !tns   ? place->namespace_uri
                                               : tns);
        stays = false;
        break;
    case SX_WSDL_ROOT_NAME:
        if (tns)
            add_declarations(making, &document->wsdl, tns);
        break;
    case SX_WSDL_TYPES_END:
    case SX_WSDL_IMPORT:
        break;
    }
    if (stays)
        sx_buffer_add(&making->out, document->bytes + place->at, place->len);
}

/* A document of which so much stands in the text. */
struct copy {
    const struct sx_wsdl_document *document;
    size_t places, bytes;
};

/* Goes on up to where schemas belong, or to the document's end; false: that was its end. */
static bool go_on(struct making *making, struct copy *copy, const char *tns)
{
    const struct sx_wsdl_document *document = copy->document;
    while (copy->places < document->wsdl.place_count && !making->err) {
        const struct sx_wsdl_place *place = &document->wsdl.places[copy->places++];
        sx_buffer_add(&making->out, document->bytes + copy->bytes, place->at - copy->bytes);
        add_place(making, document, place, tns);
        copy->bytes = place->at + place->len;
        if (making->out.len > MAX_BYTES)
            fail(making, SX_ETOOBIG);
        if (place->kind == SX_WSDL_TYPES_END)
            return true;
    }
    sx_buffer_add(&making->out, document->bytes + copy->bytes, document->len - copy->bytes);
    return false;
}

/* Those that are wanted, and those that these want. */
static void add_schemas(struct making *making)
{
    while (making->done < making->wanted_count && !making->err) {
        struct wanted wanted = making->wanted[making->done++];
        struct copy copy = {wanted.document, 0, 0};
        while (go_on(making, &copy, wanted.target_namespace))
            ; /* no schema has wsdl:types */
    }
}

static void add_wsdl(struct making *making, const struct sx_wsdl_document *document)
{
    struct copy copy = {document, 0, 0};
    while (go_on(making, &copy, NULL))
        add_schemas(making);
}

static void take_text(struct making *making, struct sx_wsdl_text *text)
{
    if (making->out.failed)
        fail(making, SX_ENOMEM);
    text->holes = making->holes;
    text->hole_count = making->hole_count;
    making->holes = NULL;
    making->hole_count = 0;
    text->bytes = sx_buffer_take(&making->out, &text->len);
    if (!text->bytes)
        fail(making, SX_ENOMEM);
}

enum sx_err sx_wsdl_texts_make(struct sx_wsdl_text *texts, const struct sx_wsdl_set *set)
{
    struct making making = {.set = set};
    size_t i;
    memset(texts, 0, set->count * sizeof *texts);
    for (i = 0; i < set->count && !making.err; i++) {
        const struct sx_wsdl_document *document = &set->documents[i];
        if (document->wsdl.is_schema)
            sx_buffer_add(&making.out, document->bytes, document->len);
        else
            add_wsdl(&making, document);
        take_text(&making, &texts[i]);
    }
    if (making.err)
        for (i = 0; i < set->count; i++)
            sx_wsdl_text_fini(&texts[i]);
    return making.err;
}

void sx_wsdl_text_fini(struct sx_wsdl_text *text)
{
    free(text->bytes);
    free(text->holes);
    memset(text, 0, sizeof *text);
}

void sx_wsdl_text_write(const struct sx_wsdl_text *text, const char *address, struct sx_buffer *out)
{
    size_t done = 0, i;
    for (i = 0; i < text->hole_count; i++) {
        sx_buffer_add(out, text->bytes + done, text->holes[i] - done);
        sx_buffer_add_escaped(out, address);
        done = text->holes[i];
    }
    sx_buffer_add(out, text->bytes + done, text->len - done);
}
