/* See value.h.
 *
 * What the contract doesn't know, or can't say (a type that isn't defined), is read as if there
 * were none: an answer is shown in any case. */
#include "contract/value.h"

#include <string.h>

#include "contract/literal.h"
#include "contract/xml.h"

enum { FEW_GROUPS = 8, BY_NAME = 0, BY_KEY = 2 /* beside them attributes: 1, 3 */ };

struct ct_value *ct_value_new(const struct ct_values *values)
{
    return ct_pool_take(values->pool, sizeof(struct ct_value));
}

const char *ct_value_text(const struct ct_values *values, const xmlNode *node)
{
    size_t len = 0;
    for (const xmlNode *child = node->children; child; child = child->next)
        if (child->type == XML_TEXT_NODE && child->content)
            len += strlen((const char *)child->content);
    char *text = ct_pool_take(values->pool, len + 1);
    size_t at = 0;
    for (const xmlNode *child = node->children; child && text; child = child->next) {
        if (child->type != XML_TEXT_NODE || !child->content)
            continue;
        size_t more = strlen((const char *)child->content);
        memcpy(text + at, child->content, more);
        at += more;
    }
    return text;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

/* ---- groups --------------------------------------------------------------------------------- */

static struct ct_value_group *find_name(const struct ct_value *value, struct ct_name name,
                                        bool is_attribute)
{
    if (value->by_name)
        return ct_table_find(value->by_name, BY_NAME + is_attribute, name);
    struct ct_value_group *group = value->groups;
    while (group && !(group->is_attribute == is_attribute && ct_name_equal(group->name, name)))
        group = group->next;
    return group;
}

static bool has_key(const struct ct_value *value, const char *key, bool is_attribute)
{
    if (value->by_name)
        return ct_table_find(value->by_name, BY_KEY + is_attribute, (struct ct_name){"", key});
    const struct ct_value_group *group = value->groups;
    while (group && !(group->is_attribute == is_attribute && strcmp(group->key, key) == 0))
        group = group->next;
    return group != NULL;
}

static bool index_group(const struct ct_values *values, struct ct_value *value,
                        struct ct_value_group *group)
{
    struct ct_name key = {"", group->key};
    return ct_table_add(value->by_name, values->pool, BY_NAME + group->is_attribute, group->name,
                        group) &&
           ct_table_add(value->by_name, values->pool, BY_KEY + group->is_attribute, key, group);
}

/* From now on groups are found by a table: there are many. */
static bool begin_index(const struct ct_values *values, struct ct_value *value)
{
    value->by_name = ct_pool_take(values->pool, sizeof *value->by_name);
    if (!value->by_name)
        return false;
    ct_table_init(value->by_name);
    for (struct ct_value_group *group = value->groups; group; group = group->next)
        if (!index_group(values, value, group))
            return false;
    return true;
}

/* key: the contract's, or NULL. The texts of name are the document's, which the answer keeps. */
static struct ct_value_group *add_group(const struct ct_values *values, struct ct_value *value,
                                        struct ct_name name, const char *key, bool is_attribute)
{
    struct ct_value_group *group = ct_pool_take(values->pool, sizeof *group);
    if (!group)
        return NULL;
    if (!key)
        key = has_key(value, name.local, is_attribute) ? ct_name_write(name, values->pool)
                                                       : name.local;
    *group = (struct ct_value_group){.name = name, .key = key, .is_attribute = is_attribute};
    group->last = &group->first;
    if (!key || (value->by_name && !index_group(values, value, group)))
        return NULL;
    *(value->last_group ? value->last_group : &value->groups) = group;
    value->last_group = &group->next;
    if (++value->group_count == FEW_GROUPS && !begin_index(values, value))
        return NULL;
    return group;
}

static bool put(const struct ct_values *values, struct ct_value *value, struct ct_name name,
                const char *key, bool is_attribute, bool is_array, struct ct_value *child)
{
    struct ct_value_group *group = find_name(value, name, is_attribute);
    if (!group)
        group = add_group(values, value, name, key, is_attribute);
    if (!group || !child)
        return false;
    group->is_array = is_array;
    *group->last = child;
    group->last = &child->next;
    group->count++;
    value->is_object = true;
    return true;
}

bool ct_value_add(const struct ct_values *values, struct ct_value *value, const char *key,
                  struct ct_value *child)
{
    return put(values, value, (struct ct_name){"", key}, key, false, false, child);
}

bool ct_value_add_text(const struct ct_values *values, struct ct_value *value, const char *key,
                       const char *text)
{
    struct ct_value *child = ct_value_new(values);
    if (child)
        child->text = text;
    return ct_value_add(values, value, key, child);
}

/* ---- elements ------------------------------------------------------------------------------- */

static enum ct_builtin_json json_of(const struct ct_values *values, const struct ct_type *type)
{
    const struct ct_builtin *builtin =
        type && values->shapes ? ct_literal_builtin(values->shapes->model, type) : NULL;
    return builtin ? builtin->json : CT_JSON_TEXT;
}

const struct ct_shape *ct_value_global_shape(const struct ct_values *values, const xmlNode *node)
{
    struct ct_name name = {ct_xml_ns(node), ct_xml_local(node)};
    const struct ct_element *element =
        values->shapes ? ct_model_element(values->shapes->model, name) : NULL;
    const struct ct_shape *shape = NULL;
    struct ct_error ignored;
    if (element && ct_shape_of_element(values->shapes, element, &shape, &ignored))
        return NULL;
    return shape;
}

/* What xsi:type says: the value's type, and the shape of that type. */
static bool read_type(const struct ct_values *values, const xmlNode *node, struct ct_value *value,
                      const struct ct_shape **shape)
{
    const char *qname = ct_xml_attribute_of(node, CT_XML_INSTANCE, "type");
    struct ct_name name;
    struct ct_error ignored;
    int found = qname ? ct_xml_resolve(node, qname, "", values->pool, &name) : -1;
    if (found == -1)
        return true;
    if (found != 0)
        return false;
    const struct ct_type *type = values->shapes ? ct_model_type(values->shapes->model, name) : NULL;
    bool is_declared = *shape && type == (*shape)->type;
    if (!is_declared && (values->shapes || strcmp(name.ns, CT_XML_SCHEMA) != 0))
        value->type = name.local;
    const struct ct_shape *other = NULL;
    if (type && !is_declared && ct_shape_of(values->shapes, type, &other, &ignored) == CT_OK)
        *shape = other;
    return true;
}

static bool read_attributes(const struct ct_values *values, const xmlNode *node,
                            struct ct_value *value, const struct ct_shape *shape)
{
    for (const xmlAttr *a = node->properties; a; a = a->next) {
        struct ct_name name = {a->ns ? (const char *)a->ns->href : "", (const char *)a->name};
        if (strcmp(name.ns, CT_XML_INSTANCE) == 0)
            continue;
        const struct ct_shape_attribute *known = shape ? ct_shape_attribute(shape, name) : NULL;
        struct ct_value *child = ct_value_new(values);
        if (!child)
            return false;
        child->text = ct_xml_value(a);
        child->json = known && values->shapes
                          ? json_of(values, ct_model_used(values->shapes->model, &known->type))
                          : CT_JSON_TEXT;
        if (!put(values, value, name, known ? known->key : NULL, true, false, child))
            return false;
    }
    return true;
}

bool ct_value_add_child(const struct ct_values *values, struct ct_value *value,
                        const xmlNode *child, const struct ct_slot *slot)
{
    struct ct_name name = {ct_xml_ns(child), ct_xml_local(child)};
    const struct ct_shape *shape = NULL;
    struct ct_error ignored;
    if (slot && ct_shape_of_slot(values->shapes, slot, &shape, &ignored))
        shape = NULL;
    if (!slot)
        shape = ct_value_global_shape(values, child);
    return put(values, value, name, slot ? slot->key : NULL, false, slot && slot->may_repeat,
               ct_value_read(values, child, shape));
}

static bool is_true(const char *text)
{
    return text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

struct ct_value *ct_value_read(const struct ct_values *values, const xmlNode *node,
                               const struct ct_shape *shape)
{
    struct ct_value *value = ct_value_new(values);
    if (!value || !read_type(values, node, value, &shape) ||
        !read_attributes(values, node, value, shape))
        return NULL;
    value->is_nil = is_true(ct_xml_attribute_of(node, CT_XML_INSTANCE, "nil"));
    value->is_object |= value->type != NULL;
    if (shape && !value->is_nil)
        value->is_object |= shape->attributes || (!shape->simple && shape->type->is_complex);
    for (const xmlNode *child = ct_xml_first(node); child; child = ct_xml_next(child)) {
        struct ct_name name = {ct_xml_ns(child), ct_xml_local(child)};
        if (!ct_value_add_child(values, value, child, shape ? ct_shape_slot(shape, name) : NULL))
            return NULL;
    }
    bool has_children = ct_xml_first(node) != NULL;
    if (shape && !shape->simple && shape->type->is_complex)
        return value;
    const char *text = ct_value_text(values, node);
    if (text && !(has_children && is_blank(text)))
        value->text = text;
    if (shape && shape->simple)
        value->json = json_of(values, shape->simple);
    return text ? value : NULL;
}
