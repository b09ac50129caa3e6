/* See schema.h.
 *
 * Global components go into the model's table, the first of each name; a schema that is there twice
 * changes nothing. */
#include "contract/schema.h"

#include <stdio.h>
#include <string.h>

#include "contract/xml.h"

enum { DOCUMENTATION_BYTES = 400 };

void *ct_schema_take(struct ct_schema *schema, size_t bytes)
{
    if (schema->err)
        return NULL;
    void *taken = ct_pool_take(&schema->model->pool, bytes);
    if (!taken)
        schema->err = ct_pool_error(&schema->model->pool, "the contract", schema->error);
    return taken;
}

bool ct_schema_fail(struct ct_schema *schema, const xmlNode *node, const char *format,
                    const char *detail)
{
    if (!schema->err) {
        char why[256];
        snprintf(why, sizeof why, format, detail);
        schema->err = ct_error_set(schema->error, CT_ECONTRACT, "%s, line %ld: %s",
                                   schema->document, xmlGetLineNo(node), why);
    }
    return false;
}

const char *ct_schema_text(struct ct_schema *schema, const xmlNode *node, const char *attribute)
{
    const char *value = ct_xml_attribute(node, attribute);
    if (!value || schema->err)
        return NULL;
    value += strspn(value, " \t\r\n");
    size_t len = strlen(value);
    while (len > 0 && strchr(" \t\r\n", value[len - 1]))
        len--;
    const char *copy = ct_pool_copy(&schema->model->pool, value, len);
    if (!copy)
        schema->err = ct_pool_error(&schema->model->pool, "the contract", schema->error);
    return copy;
}

bool ct_schema_flag(const xmlNode *node, const char *attribute)
{
    const char *value = ct_xml_attribute(node, attribute);
    return value && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

bool ct_schema_resolve(struct ct_schema *schema, const xmlNode *node, const char *qname,
                       struct ct_name *name)
{
    if (schema->err)
        return false;
    int found = ct_xml_resolve(node, qname, schema->is_chameleon ? schema->ns : "",
                               &schema->model->pool, name);
    if (found == -1)
        return ct_schema_fail(schema, node, "'%.100s' has a prefix that isn't declared", qname);
    if (found == -2)
        schema->err = ct_pool_error(&schema->model->pool, "the contract", schema->error);
    return found == 0;
}

bool ct_schema_name(struct ct_schema *schema, const xmlNode *node, const char *attribute,
                    struct ct_name *name)
{
    const char *value = ct_xml_attribute(node, attribute);
    return value && ct_schema_resolve(schema, node, value, name);
}

struct ct_place ct_schema_place(const struct ct_schema *schema, const xmlNode *node)
{
    return (struct ct_place){schema->document, (int)xmlGetLineNo(node)};
}

const char *ct_schema_documentation(struct ct_schema *schema, const xmlNode *node)
{
    const xmlNode *annotation = ct_xml_child(node, CT_XML_SCHEMA, "annotation");
    const xmlNode *text =
        annotation ? ct_xml_child(annotation, CT_XML_SCHEMA, "documentation") : NULL;
    return text && !schema->err ? ct_xml_line(text, DOCUMENTATION_BYTES, &schema->model->pool)
                                : NULL;
}

struct ct_type *ct_schema_type_within(struct ct_schema *schema, const xmlNode *node)
{
    const xmlNode *type = ct_xml_child(node, CT_XML_SCHEMA, "complexType");
    if (!type)
        type = ct_xml_child(node, CT_XML_SCHEMA, "simpleType");
    return type ? ct_schema_type(schema, type) : NULL;
}

static void add(struct ct_schema *schema, enum ct_kind kind, struct ct_name name, void *what)
{
    if (what && !schema->err &&
        !ct_table_add(&schema->model->table, &schema->model->pool, kind, name, what))
        schema->err = ct_pool_error(&schema->model->pool, "the contract", schema->error);
}

static void add_type(struct ct_schema *schema, struct ct_name name, const xmlNode *node)
{
    if (ct_model_type(schema->model, name))
        return;
    struct ct_type *type = ct_schema_type(schema, node);
    if (!type || schema->err)
        return;
    type->name = name;
    add(schema, CT_KIND_TYPE, name, type);
    struct ct_name local = {"", name.local};
    struct ct_type *namesake = ct_table_find(&schema->model->table, CT_KIND_LOCAL_TYPE, local);
    if (namesake) {
        type->next_namesake = namesake->next_namesake;
        namesake->next_namesake = type;
    } else {
        add(schema, CT_KIND_LOCAL_TYPE, local, type);
    }
    *schema->model->last_type = type;
    schema->model->last_type = &type->next_type;
}

static void add_element(struct ct_schema *schema, struct ct_name name, const xmlNode *node)
{
    if (ct_model_element(schema->model, name))
        return;
    struct ct_element *element = ct_schema_element(schema, node, true);
    struct ct_name head;
    add(schema, CT_KIND_ELEMENT, name, element);
    if (element && ct_schema_name(schema, node, "substitutionGroup", &head))
        add(schema, CT_KIND_SUBSTITUTE, head, element);
}

static void add_attribute_group(struct ct_schema *schema, struct ct_name name, const xmlNode *node)
{
    struct ct_attribute_group *group = ct_schema_take(schema, sizeof *group);
    if (!group)
        return;
    group->attributes = ct_schema_attributes(schema, node);
    add(schema, CT_KIND_ATTRIBUTE_GROUP, name, group);
}

/* A group is what it holds: the first sequence, choice or all. */
static void add_group(struct ct_schema *schema, struct ct_name name, const xmlNode *node)
{
    const xmlNode *child = ct_xml_first(node);
    while (child && strcmp(ct_xml_local(child), "annotation") == 0)
        child = ct_xml_next(child);
    if (child)
        add(schema, CT_KIND_GROUP, name, ct_schema_particle(schema, child));
}

static void add_global(struct ct_schema *schema, const xmlNode *node)
{
    const char *kind = ct_xml_local(node);
    const char *local = ct_schema_text(schema, node, "name");
    if (!local || strcmp(ct_xml_ns(node), CT_XML_SCHEMA) != 0)
        return;
    struct ct_name name = {schema->ns, local};
    if (strcmp(kind, "complexType") == 0 || strcmp(kind, "simpleType") == 0)
        add_type(schema, name, node);
    else if (strcmp(kind, "element") == 0)
        add_element(schema, name, node);
    else if (strcmp(kind, "attribute") == 0)
        add(schema, CT_KIND_ATTRIBUTE, name, ct_schema_attribute(schema, node, true));
    else if (strcmp(kind, "attributeGroup") == 0)
        add_attribute_group(schema, name, node);
    else if (strcmp(kind, "group") == 0)
        add_group(schema, name, node);
}

static bool is_qualified(const xmlNode *node, const char *attribute)
{
    const char *value = ct_xml_attribute(node, attribute);
    return value && strcmp(value, "qualified") == 0;
}

enum ct_err ct_schema_read(struct ct_model *model, xmlNode *node, const char *ns, bool is_chameleon,
                           const char *document, struct ct_error *error)
{
    struct ct_schema schema = {
        .model = model,
        .ns = ns,
        .is_chameleon = is_chameleon,
        .elements_are_qualified = is_qualified(node, "elementFormDefault"),
        .attributes_are_qualified = is_qualified(node, "attributeFormDefault"),
        .document = document,
        .error = error,
    };
    for (const xmlNode *child = ct_xml_first(node); child && !schema.err;
         child = ct_xml_next(child)) {
        if (!ct_xml_is(child, CT_XML_SCHEMA, "redefine")) {
            add_global(&schema, child);
            continue;
        }
        for (const xmlNode *inner = ct_xml_first(child); inner; inner = ct_xml_next(inner))
            add_global(&schema, inner);
    }
    return schema.err;
}
