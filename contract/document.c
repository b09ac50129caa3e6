/* See document.h. */
#include "contract/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/uri.h>

#include "contract/xml.h"

enum { MOST_ELEMENTS = 200000, LOCATION_BYTES = 2048 };

const char *ct_document_name(const struct ct_document *document)
{
    const char *slash = strrchr(document->location, '/');
    const char *name = slash && slash[1] ? slash + 1 : document->location;
    return *name ? name : "the contract";
}

/* Takes a place for the document at location, and parses its bytes. */
static enum ct_err add(struct ct_documents *documents, const char *location, const char *bytes,
                       size_t len, struct ct_document **added, struct ct_error *error)
{
    if (documents->count == CT_CONTRACT_DOCUMENTS)
        return ct_error_set(error, CT_ELIMIT, "the contract has more than %d documents: %.300s",
                            CT_CONTRACT_DOCUMENTS, location);
    struct ct_document *document = &documents->list[documents->count];
    *document = (struct ct_document){.location = strdup(location)};
    if (!document->location)
        return ct_error_no_memory(error);
    documents->count++;
    *added = document;
    if (!bytes)
        return CT_OK;
    if (len > documents->bytes_left)
        return ct_error_set(error, CT_ELIMIT, "the contract's documents have more than %d bytes",
                            CT_CONTRACT_BYTES);
    documents->bytes_left -= len;
    return ct_xml_parse(bytes, len, MOST_ELEMENTS, ct_document_name(document), CT_ECONTRACT,
                        &document->doc, error);
}

enum ct_err ct_document_begin(struct ct_documents *documents, const struct ct_reading *reading,
                              struct ct_error *error)
{
    *documents = (struct ct_documents){.reading = reading, .bytes_left = CT_CONTRACT_BYTES};
    enum ct_err err = CT_OK;
    for (size_t i = 0; i < reading->source_count && !err; i++) {
        const struct ct_source *source = &reading->sources[i];
        struct ct_document *added;
        err =
            add(documents, source->location ? source->location : "",
                source->bytes ? source->bytes : "", source->bytes ? source->len : 0, &added, error);
    }
    if (!err && documents->count == 0)
        err = ct_error_set(error, CT_ECONTRACT, "there is no contract");
    return err;
}

void ct_document_fini(struct ct_documents *documents)
{
    for (size_t i = 0; i < documents->count; i++) {
        xmlFreeDoc(documents->list[i].doc);
        free(documents->list[i].location);
    }
    documents->count = 0;
}

/* Of those that were there from the start: of what is fetched there may be several of a namespace.
 * The first one is the WSDL, which may well have types in its own namespace elsewhere. */
static struct ct_document *of_namespace(struct ct_documents *documents, const char *ns)
{
    for (size_t i = 1; i < documents->reading->source_count && ns; i++) {
        xmlDocPtr doc = documents->list[i].doc;
        const char *target =
            doc ? ct_xml_attribute(xmlDocGetRootElement(doc), "targetNamespace") : NULL;
        if (target && strcmp(target, ns) == 0)
            return &documents->list[i];
    }
    return NULL;
}

static struct ct_document *at_location(struct ct_documents *documents, const char *location)
{
    for (size_t i = 0; i < documents->count; i++)
        if (strcmp(documents->list[i].location, location) == 0)
            return &documents->list[i];
    return NULL;
}

static enum ct_err fetch(struct ct_documents *documents, const char *location,
                         struct ct_document **found, struct ct_error *error)
{
    char *bytes = NULL;
    size_t len = 0;
    char why[sizeof(*found)->why] = "nothing is fetched here";
    const struct ct_reading *reading = documents->reading;
    bool got = reading->fetch && reading->fetch(reading->context, location, documents->bytes_left,
                                                &bytes, &len, why, sizeof why) == 0;
    enum ct_err err = add(documents, location, got ? bytes : NULL, len, found, error);
    if (got)
        free(bytes);
    if (err == CT_ECONTRACT && *found) { /* it is as good as not there: who needs it will say so */
        snprintf((*found)->why, sizeof(*found)->why, "%.255s", error->text);
        return CT_OK;
    }
    if (!err && !got && *found)
        memcpy((*found)->why, why, sizeof why);
    return err;
}

/* location made absolute by the importer's; false: no memory, or it is too long. */
static bool make_absolute(const struct ct_document *importer, const char *location,
                          char absolute[LOCATION_BYTES])
{
    xmlChar *built = *importer->location ? xmlBuildURI((const xmlChar *)location,
                                                       (const xmlChar *)importer->location)
                                         : xmlStrdup((const xmlChar *)location);
    bool fits = built && strlen((const char *)built) < LOCATION_BYTES;
    if (fits)
        memcpy(absolute, built, strlen((const char *)built) + 1);
    xmlFree(built);
    return fits;
}

enum ct_err ct_document_find(struct ct_documents *documents, const struct ct_document *importer,
                             const char *location, const char *ns, struct ct_document **found,
                             struct ct_error *error)
{
    char absolute[LOCATION_BYTES];
    *found = NULL;
    if (location && strlen(location) >= LOCATION_BYTES)
        return ct_error_set(error, CT_ELIMIT, "%s imports from a location of more than %d bytes",
                            ct_document_name(importer), LOCATION_BYTES);
    if (location && *location && !make_absolute(importer, location, absolute))
        return ct_error_set(error, CT_ECONTRACT, "%s imports from '%.300s', which is no location",
                            ct_document_name(importer), location);
    if (location && *location)
        *found = at_location(documents, absolute);
    if (!*found)
        *found = of_namespace(documents, ns);
    if (*found || !location || !*location)
        return CT_OK;
    return fetch(documents, absolute, found, error);
}
