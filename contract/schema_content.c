/* schema_content.c - elements, groups and attributes of a schema: see schema.h. */
#include <stdlib.h>
#include <string.h>

#include "contract/schema.h"
#include "contract/xml.h"

static bool is_schema(const xmlNode *node, const char *local)
{
    return ct_xml_is(node, CT_XML_SCHEMA, local);
}

/* minOccurs or maxOccurs; what is larger than an int is as good as unbounded. */
static int read_occurrence(const xmlNode *node, const char *attribute)
{
    const char *value = ct_xml_attribute(node, attribute);
    if (!value)
        return 1;
    if (strcmp(value, "unbounded") == 0)
        return CT_MODEL_UNBOUNDED;
    long number = strtol(value, NULL, 10);
    return number < 0 ? 0 : number > 1000000 ? CT_MODEL_UNBOUNDED : (int)number;
}

static bool is_qualified(const xmlNode *node, bool otherwise)
{
    const char *form = ct_xml_attribute(node, "form");
    return form ? strcmp(form, "qualified") == 0 : otherwise;
}

static void read_type(struct ct_schema *schema, const xmlNode *node, struct ct_type_use *use)
{
    if (!ct_schema_name(schema, node, "type", &use->name))
        use->type = ct_schema_type_within(schema, node);
}

struct ct_element *ct_schema_element(struct ct_schema *schema, const xmlNode *node, bool is_global)
{
    struct ct_element *element = ct_schema_take(schema, sizeof *element);
    const char *local = ct_schema_text(schema, node, "name");
    if (!element)
        return NULL;
    if (!local || !*local) {
        ct_schema_fail(schema, node, "an element has no name%s", "");
        return NULL;
    }
    bool is_in_ns = is_global || is_qualified(node, schema->elements_are_qualified);
    element->name = (struct ct_name){is_in_ns ? schema->ns : "", local};
    element->place = ct_schema_place(schema, node);
    element->is_nillable = ct_schema_flag(node, "nillable");
    element->is_abstract = ct_schema_flag(node, "abstract");
    element->fixed = ct_schema_text(schema, node, "fixed");
    element->preset = ct_schema_text(schema, node, "default");
    element->documentation = ct_schema_documentation(schema, node);
    read_type(schema, node, &element->type);
    return element;
}

static void read_children(struct ct_schema *schema, const xmlNode *node, struct ct_particle *group)
{
    static const char *const kinds[] = {"element", "sequence", "choice", "all", "group", "any"};
    struct ct_particle **last = &group->first;
    for (const xmlNode *child = ct_xml_first(node); child; child = ct_xml_next(child)) {
        size_t i = 0, count = sizeof kinds / sizeof kinds[0];
        while (i < count && !is_schema(child, kinds[i]))
            i++;
        struct ct_particle *particle = i < count ? ct_schema_particle(schema, child) : NULL;
        if (!particle)
            continue;
        *last = particle;
        last = &particle->next;
    }
}

static void read_element(struct ct_schema *schema, const xmlNode *node,
                         struct ct_particle *particle)
{
    if (ct_schema_name(schema, node, "ref", &particle->reference)) {
        particle->kind = CT_PARTICLE_REFERENCE;
        particle->documentation = ct_schema_documentation(schema, node);
    } else {
        particle->kind = CT_PARTICLE_ELEMENT;
        particle->element = ct_schema_element(schema, node, false);
    }
}

struct ct_particle *ct_schema_particle(struct ct_schema *schema, const xmlNode *node)
{
    struct ct_particle *particle = ct_schema_take(schema, sizeof *particle);
    if (!particle)
        return NULL;
    particle->least = read_occurrence(node, "minOccurs");
    particle->most = read_occurrence(node, "maxOccurs");
    particle->place = ct_schema_place(schema, node);
    if (is_schema(node, "element")) {
        read_element(schema, node, particle);
    } else if (is_schema(node, "any")) {
        particle->kind = CT_PARTICLE_ANY;
    } else if (is_schema(node, "group")) {
        particle->kind = CT_PARTICLE_GROUP;
        if (!ct_schema_name(schema, node, "ref", &particle->reference))
            ct_schema_fail(schema, node, "a group within a type refers to none%s", "");
    } else {
        particle->kind = is_schema(node, "choice") ? CT_PARTICLE_CHOICE
                         : is_schema(node, "all")  ? CT_PARTICLE_ALL
                                                   : CT_PARTICLE_SEQUENCE;
        read_children(schema, node, particle);
    }
    return schema->err ? NULL : particle;
}

struct ct_attribute *ct_schema_attribute(struct ct_schema *schema, const xmlNode *node,
                                         bool is_global)
{
    struct ct_attribute *attribute = ct_schema_take(schema, sizeof *attribute);
    if (!attribute)
        return NULL;
    const char *use = ct_xml_attribute(node, "use");
    attribute->is_required = use && strcmp(use, "required") == 0;
    attribute->is_prohibited = use && strcmp(use, "prohibited") == 0;
    attribute->is_group = is_schema(node, "attributeGroup");
    attribute->fixed = ct_schema_text(schema, node, "fixed");
    attribute->preset = ct_schema_text(schema, node, "default");
    attribute->documentation = ct_schema_documentation(schema, node);
    if (ct_schema_name(schema, node, "ref", &attribute->name)) {
        attribute->is_reference = true;
        return attribute;
    }
    const char *local = ct_schema_text(schema, node, "name");
    if (!local) {
        ct_schema_fail(schema, node, "an attribute has no name%s", "");
        return NULL;
    }
    bool is_in_ns = is_global || is_qualified(node, schema->attributes_are_qualified);
    attribute->name = (struct ct_name){is_in_ns ? schema->ns : "", local};
    read_type(schema, node, &attribute->type);
    return attribute;
}

struct ct_attribute *ct_schema_attributes(struct ct_schema *schema, const xmlNode *node)
{
    struct ct_attribute *first = NULL, **last = &first;
    for (const xmlNode *child = ct_xml_first(node); child && !schema->err;
         child = ct_xml_next(child)) {
        if (!is_schema(child, "attribute") && !is_schema(child, "attributeGroup"))
            continue;
        struct ct_attribute *attribute = ct_schema_attribute(schema, child, false);
        if (!attribute)
            break;
        *last = attribute;
        last = &attribute->next;
    }
    return first;
}
