/* schema_type.c - types of a schema: see schema.h. */
#include <stdlib.h>
#include <string.h>

#include "contract/schema.h"
#include "contract/xml.h"

static bool is_schema(const xmlNode *node, const char *local)
{
    return ct_xml_is(node, CT_XML_SCHEMA, local);
}

static long length_of(const xmlNode *facet)
{
    const char *value = ct_xml_attribute(facet, "value");
    char *end;
    long length = value ? strtol(value, &end, 10) : -1;
    return length >= 0 ? length : -1;
}

/* The enumeration among node's children, NULL behind the last word. */
static void read_words(struct ct_schema *schema, const xmlNode *node, struct ct_facets *facets)
{
    size_t count = 0, at = 0;
    for (const xmlNode *child = ct_xml_first(node); child; child = ct_xml_next(child))
        count += is_schema(child, "enumeration");
    if (count == 0)
        return;
    const char **words = ct_schema_take(schema, (count + 1) * sizeof *words);
    for (const xmlNode *child = ct_xml_first(node); child && words; child = ct_xml_next(child)) {
        const char *word =
            is_schema(child, "enumeration") ? ct_xml_attribute(child, "value") : NULL;
        size_t bytes = word ? strlen(word) + 1 : 0;
        char *copy = word ? ct_schema_take(schema, bytes) : NULL;
        if (copy)
            words[at++] = memcpy(copy, word, bytes);
    }
    facets->words = words;
}

static void read_facets(struct ct_schema *schema, const xmlNode *node, struct ct_facets *facets)
{
    read_words(schema, node, facets);
    for (const xmlNode *child = ct_xml_first(node); child; child = ct_xml_next(child)) {
        if (is_schema(child, "length"))
            facets->length = length_of(child);
        else if (is_schema(child, "minLength"))
            facets->least_length = length_of(child);
        else if (is_schema(child, "maxLength"))
            facets->most_length = length_of(child);
        else if (is_schema(child, "minInclusive"))
            facets->least = ct_schema_text(schema, child, "value");
        else if (is_schema(child, "maxInclusive"))
            facets->most = ct_schema_text(schema, child, "value");
        else if (is_schema(child, "minExclusive"))
            facets->above = ct_schema_text(schema, child, "value");
        else if (is_schema(child, "maxExclusive"))
            facets->below = ct_schema_text(schema, child, "value");
    }
}

/* How many names an attribute lists. */
static size_t count_names(const char *list)
{
    size_t count = 0;
    for (; list && *(list += strspn(list, " \t\r\n")); list += strcspn(list, " \t\r\n"))
        count++;
    return count;
}

static void read_union(struct ct_schema *schema, const xmlNode *node, struct ct_type *type)
{
    const char *list = ct_xml_attribute(node, "memberTypes");
    size_t count = count_names(list);
    for (const xmlNode *child = ct_xml_first(node); child; child = ct_xml_next(child))
        count += is_schema(child, "simpleType");
    type->is_union = true;
    type->members = ct_schema_take(schema, (count + 1) * sizeof *type->members);
    if (!type->members)
        return;
    for (; list && *(list += strspn(list, " \t\r\n")); list += strcspn(list, " \t\r\n"))
        if (ct_schema_resolve(schema, node, list, &type->members[type->member_count].name))
            type->member_count++;
    for (const xmlNode *child = ct_xml_first(node); child; child = ct_xml_next(child))
        if (is_schema(child, "simpleType"))
            type->members[type->member_count++].type = ct_schema_type(schema, child);
}

static void read_simple(struct ct_schema *schema, const xmlNode *node, struct ct_type *type)
{
    for (const xmlNode *child = ct_xml_first(node); child; child = ct_xml_next(child)) {
        if (is_schema(child, "restriction")) {
            if (!ct_schema_name(schema, child, "base", &type->base.name))
                type->base.type = ct_schema_type_within(schema, child);
            read_facets(schema, child, &type->facets);
        } else if (is_schema(child, "list")) {
            type->is_list = true;
            if (!ct_schema_name(schema, child, "itemType", &type->item.name))
                type->item.type = ct_schema_type_within(schema, child);
        } else if (is_schema(child, "union")) {
            read_union(schema, child, type);
        }
    }
}

/* Whether the restriction is of SOAP's own arrays: rpc/encoded. */
static bool is_encoded(struct ct_name base)
{
    return base.local && (strcmp(base.ns, "http://schemas.xmlsoap.org/soap/encoding/") == 0 ||
                          strcmp(base.ns, "http://www.w3.org/2003/05/soap-encoding") == 0);
}

/* What a complexType, or a derivation within one, holds: content and attributes. */
static void read_content(struct ct_schema *schema, const xmlNode *node, struct ct_type *type)
{
    static const char *const kinds[] = {"sequence", "choice", "all", "group"};
    for (const xmlNode *child = ct_xml_first(node); child; child = ct_xml_next(child))
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            if (is_schema(child, kinds[i]) && !type->content)
                type->content = ct_schema_particle(schema, child);
    type->attributes = ct_schema_attributes(schema, node);
}

static void read_derivation(struct ct_schema *schema, const xmlNode *content, struct ct_type *type)
{
    for (const xmlNode *child = ct_xml_first(content); child; child = ct_xml_next(child)) {
        bool extends = is_schema(child, "extension");
        if (!extends && !is_schema(child, "restriction"))
            continue;
        type->is_extension = extends;
        ct_schema_name(schema, child, "base", &type->base.name);
        if (is_encoded(type->base.name))
            type->unsupported = "is an array of SOAP's encoding, which isn't understood";
        read_content(schema, child, type);
        if (type->has_simple_content) {
            read_facets(schema, child, &type->facets);
            type->item.type = ct_schema_type_within(schema, child);
        }
    }
}

static void read_complex(struct ct_schema *schema, const xmlNode *node, struct ct_type *type)
{
    const xmlNode *simple = ct_xml_child(node, CT_XML_SCHEMA, "simpleContent");
    const xmlNode *complex = ct_xml_child(node, CT_XML_SCHEMA, "complexContent");
    type->is_complex = true;
    type->is_abstract = ct_schema_flag(node, "abstract");
    type->is_mixed = ct_schema_flag(node, "mixed") || (complex && ct_schema_flag(complex, "mixed"));
    type->has_simple_content = simple != NULL;
    if (simple || complex)
        read_derivation(schema, simple ? simple : complex, type);
    else
        read_content(schema, node, type);
}

struct ct_type *ct_schema_type(struct ct_schema *schema, const xmlNode *node)
{
    struct ct_type *type = ct_schema_take(schema, sizeof *type);
    if (!type)
        return NULL;
    type->place = ct_schema_place(schema, node);
    type->facets.length = type->facets.least_length = type->facets.most_length = -1;
    if (node->parent && is_schema(node->parent, "redefine"))
        type->unsupported = "is redefined, which isn't understood";
    if (is_schema(node, "simpleType"))
        read_simple(schema, node, type);
    else
        read_complex(schema, node, type);
    return type;
}
