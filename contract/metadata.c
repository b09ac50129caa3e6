/* See metadata.h. WS-MetadataExchange: what the library answers, and .NET, is of 2004/09; a
 * Metadata of another year looks the same. */
#include "contract/metadata.h"

#include <stdlib.h>
#include <string.h>

#include "contract/xml.h"

enum { MOST_ELEMENTS = 200000 };

#define SERVICE "urn:soap-xmpp:service:1"

void ct_metadata_fini(struct ct_metadata *metadata)
{
    for (size_t i = 0; i < metadata->count; i++) {
        struct ct_metadata_section *section = &metadata->sections[i];
        free(section->dialect);
        free(section->identifier);
        free(section->bytes);
        free(section->location);
    }
    free(metadata->sections);
    *metadata = (struct ct_metadata){0};
}

static char *copy(const char *text)
{
    return strdup(text ? text : "");
}

/* The text of the element's first descendant that is called so, whatever namespace it is in. */
static char *find_text(const xmlNode *node, const char *local)
{
    for (const xmlNode *child = ct_xml_first(node); child; child = ct_xml_next(child)) {
        if (strcmp(ct_xml_local(child), local) == 0) {
            xmlChar *content = xmlNodeGetContent(child);
            char *text = copy((const char *)content);
            xmlFree(content);
            return text;
        }
        char *inner = find_text(child, local);
        if (inner)
            return inner;
    }
    return NULL;
}

/* What a section holds: a document, or where it is. false: no memory. */
static bool fill(struct ct_metadata_section *section, const xmlNode *node, xmlNode *content)
{
    const char *dialect = node ? ct_xml_attribute(node, "Dialect") : NULL;
    const char *identifier = node ? ct_xml_attribute(node, "Identifier") : NULL;
    const char *name = node ? ct_xml_attribute_of(node, SERVICE, "location") : NULL;
    const char *ns = content ? ct_xml_ns(content) : "";
    bool is_document = content && (ct_xml_is(content, CT_XML_WSDL, "definitions") ||
                                   ct_xml_is(content, CT_XML_SCHEMA, "schema"));
    if (is_document) {
        struct ct_text text = {0};
        bool ok = ct_xml_write(content, false, &text);
        section->len = text.len;
        section->bytes = ok ? ct_text_take(&text) : NULL;
        ct_text_fini(&text);
        if (!section->bytes)
            return false;
        identifier = ct_xml_attribute(content, "targetNamespace");
        section->location = copy(name);
    } else if (content && strcmp(ct_xml_local(content), "Location") == 0) {
        xmlChar *location = xmlNodeGetContent(content);
        section->location = copy((const char *)location);
        xmlFree(location);
    } else if (content) {
        section->location = find_text(content, "Address");
    }
    section->dialect = copy(dialect ? dialect : ns);
    section->identifier = copy(identifier);
    if (!section->location)
        section->location = copy(NULL);
    return section->dialect && section->identifier && section->location;
}

static enum ct_err add(struct ct_metadata *metadata, const xmlNode *node, xmlNode *content,
                       struct ct_error *error)
{
    if (metadata->count == CT_CONTRACT_DOCUMENTS)
        return ct_error_set(error, CT_ELIMIT, "the service describes itself in more than %d parts",
                            CT_CONTRACT_DOCUMENTS);
    return fill(&metadata->sections[metadata->count++], node, content) ? CT_OK
                                                                       : ct_error_no_memory(error);
}

static enum ct_err read_body(struct ct_metadata *metadata, xmlNode *content, struct ct_error *error)
{
    enum ct_err err = CT_OK;
    if (ct_xml_is(content, CT_XML_WSDL, "definitions"))
        return add(metadata, NULL, content, error);
    if (strcmp(ct_xml_local(content), "Metadata") != 0)
        return ct_error_set(error, CT_EANSWER,
                            "the answer holds no description of the service, but {%.100s}%.100s",
                            ct_xml_ns(content), ct_xml_local(content));
    for (xmlNode *child = ct_xml_first(content); child && !err; child = ct_xml_next(child))
        if (strcmp(ct_xml_local(child), "MetadataSection") == 0)
            err = add(metadata, child, ct_xml_first(child), error);
    if (!err && metadata->count == 0)
        err = ct_error_set(error, CT_EANSWER, "the service's description of itself is empty");
    return err;
}

enum ct_err ct_metadata_read(const char *bytes, size_t len, struct ct_metadata *metadata,
                             struct ct_error *error)
{
    xmlDocPtr doc = NULL;
    struct ct_metadata read = {0};
    enum ct_err err =
        ct_xml_parse(bytes, len, MOST_ELEMENTS, "the answer", CT_EANSWER, &doc, error);
    if (err)
        return err;
    const xmlNode *root = xmlDocGetRootElement(doc);
    const xmlNode *body = strcmp(ct_xml_local(root), "Envelope") == 0
                              ? ct_xml_child(root, ct_xml_ns(root), "Body")
                              : NULL;
    xmlNode *content = body ? ct_xml_first(body) : NULL;
    read.sections = calloc(CT_CONTRACT_DOCUMENTS, sizeof *read.sections);
    if (!read.sections)
        err = ct_error_no_memory(error);
    else if (!content)
        err = ct_error_set(error, CT_EANSWER, "the answer's Body is empty");
    else
        err = read_body(&read, content, error);
    if (err)
        ct_metadata_fini(&read);
    else
        *metadata = read;
    xmlFreeDoc(doc);
    return err;
}
