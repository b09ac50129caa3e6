/* See emission.h.
 *
 * A group of the content is gone through as long as arguments of its elements wait; of a choice
 * that branch is taken whose argument was given first. Each element takes as many as it may. */
#include "contract/emission.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "contract/literal.h"
#include "contract/nearest.h"

static const char *path_of(const struct ct_emission *emission, const struct ct_argument *argument,
                           const char *child, char path[CT_ARGUMENT_PATH_BYTES])
{
    ct_argument_path(argument, child, path);
    return *path ? path : emission->operation;
}

static const char *type_text(const struct ct_emission *emission, const struct ct_type_use *use)
{
    const struct ct_type *type = ct_model_used(emission->shapes->model, use);
    const char *text = type ? ct_literal_type_text(emission->shapes->model, type) : "";
    return *text ? text : "its own type";
}

/* ---- values --------------------------------------------------------------------------------- */

/* A name in braces becomes one with a prefix that is declared. */
static const char *declare_value(struct ct_emission *emission, const char *value)
{
    const char *brace = *value == '{' ? strchr(value, '}') : NULL;
    char *ns =
        brace ? ct_pool_copy(emission->shapes->pool, value + 1, (size_t)(brace - value - 1)) : NULL;
    if (!brace)
        return value;
    const char *qname =
        ns ? ct_writer_qname(emission->writer, (struct ct_name){ns, brace + 1}) : NULL;
    return qname ? qname : value;
}

/* The value as it is written, if it is one of the type; NULL after an error. */
static const char *check_value(struct ct_emission *emission, const struct ct_type *type,
                               const char *value, const struct ct_argument *argument,
                               const char *child)
{
    const struct ct_model *model = emission->shapes->model;
    const struct ct_builtin *builtin = ct_literal_builtin(model, type);
    bool is_qname = builtin && strcmp(builtin->name, "QName") == 0;
    char why[CT_LITERAL_WHY_BYTES], path[CT_ARGUMENT_PATH_BYTES];
    if (is_qname && *value != '{' && strchr(value, ':')) {
        emission->err = ct_error_set(emission->error, CT_EUSAGE,
                                     "%s is '%.100s', but a prefix means nothing here: write"
                                     " {namespace}name",
                                     path_of(emission, argument, child, path), value);
        return NULL;
    }
    if (is_qname)
        return declare_value(emission, value);
    if (ct_literal_is_valid(model, type, value, why))
        return value;
    emission->err = ct_error_set(emission->error, CT_EUSAGE, "%s is '%.100s', which %s",
                                 path_of(emission, argument, child, path), value, why);
    return NULL;
}

static void write_attribute(struct ct_emission *emission, const struct ct_argument *argument,
                            const struct ct_shape_attribute *attribute)
{
    const struct ct_argument_group *group =
        argument ? ct_argument_group(argument, attribute->key, true) : NULL;
    const char *value = group ? group->list[0]->value : NULL;
    char path[CT_ARGUMENT_PATH_BYTES], name[128];
    snprintf(name, sizeof name, "@%.120s", attribute->key);
    if (!value && attribute->is_required)
        value = attribute->fixed ? attribute->fixed : attribute->preset;
    if (!value && attribute->is_required)
        emission->err = ct_error_set(emission->error, CT_EUSAGE, "missing %s (%.100s)",
                                     path_of(emission, argument, name, path),
                                     type_text(emission, &attribute->type));
    const struct ct_type *type = ct_model_used(emission->shapes->model, &attribute->type);
    if (value && type)
        value = check_value(emission, type, value, argument, name);
    if (value && !emission->err)
        ct_writer_attribute(emission->writer, attribute->name, value);
}

/* ---- content -------------------------------------------------------------------------------- */

static struct ct_argument_group *group_of(const struct ct_argument *argument,
                                          const struct ct_slot *slot)
{
    return argument ? ct_argument_group(argument, slot->key, false) : NULL;
}

/* The order of the first argument that waits for slot or what is in it; SIZE_MAX: none does. */
static size_t first_waiting(const struct ct_argument *argument, const struct ct_slot *slot)
{
    if (slot->most == 0)
        return SIZE_MAX;
    if (slot->kind == CT_PARTICLE_ELEMENT) {
        const struct ct_argument_group *group = group_of(argument, slot);
        return group && group->taken < group->count ? group->list[group->taken]->order : SIZE_MAX;
    }
    size_t first = SIZE_MAX;
    for (const struct ct_slot *child = slot->first; child; child = child->next) {
        size_t order = first_waiting(argument, child);
        first = order < first ? order : first;
    }
    return first;
}

/* "a, b": the first element of each branch. */
static const char *list_branches(const struct ct_slot *choice, char list[CT_NEAREST_BYTES])
{
    struct ct_nearest nearest = {.typed = ""};
    for (const struct ct_slot *branch = choice->first; branch; branch = branch->next) {
        const struct ct_slot *leaf = branch;
        while (leaf && leaf->kind != CT_PARTICLE_ELEMENT)
            leaf = leaf->first;
        if (leaf)
            ct_nearest_tell(&nearest, leaf->key);
    }
    return ct_nearest_list(&nearest, list);
}

static void write_slot(struct ct_emission *emission, struct ct_argument *argument,
                       const struct ct_slot *slot);

/* An element that is required, and wasn't given: fixed or preset, if the contract says what. */
static void write_missing(struct ct_emission *emission, const struct ct_argument *argument,
                          const struct ct_slot *slot)
{
    const struct ct_element *element = slot->element;
    const char *value = element->fixed ? element->fixed : element->preset;
    const struct ct_shape *shape;
    char path[CT_ARGUMENT_PATH_BYTES];
    emission->err = ct_text_check(emission->writer->out, "the request", emission->error);
    if (emission->err)
        return;
    if (value) {
        ct_writer_open(emission->writer, element->name);
        ct_writer_text(emission->writer, value);
        ct_writer_close(emission->writer, element->name);
        return;
    }
    emission->err = ct_shape_of_slot(emission->shapes, slot, &shape, emission->error);
    if (emission->err)
        return;
    const struct ct_slot *inner = ct_shape_next(shape, NULL);
    path_of(emission, argument, slot->key, path);
    emission->err =
        inner ? ct_error_set(emission->error, CT_EUSAGE,
                             "missing %s (%.100s): %s.%.100s=..., or %s= for an empty one", path,
                             type_text(emission, &element->type), path, inner->key, path)
              : ct_error_set(emission->error, CT_EUSAGE, "missing %s (%.100s)", path,
                             type_text(emission, &element->type));
}

static void write_elements(struct ct_emission *emission, struct ct_argument *argument,
                           const struct ct_slot *slot)
{
    struct ct_argument_group *group = group_of(argument, slot);
    int written = 0;
    while (!emission->err && group && group->taken < group->count &&
           (slot->most == CT_MODEL_UNBOUNDED || written < slot->most)) {
        ct_emission_write(emission, slot->element, group->list[group->taken++]);
        written++;
    }
    for (; !emission->err && written < slot->least; written++)
        write_missing(emission, argument, slot);
}

static void write_choice(struct ct_emission *emission, struct ct_argument *argument,
                         const struct ct_slot *slot)
{
    const struct ct_slot *chosen = NULL;
    size_t first = SIZE_MAX;
    char list[CT_NEAREST_BYTES], path[CT_ARGUMENT_PATH_BYTES];
    for (const struct ct_slot *branch = slot->first; branch; branch = branch->next) {
        size_t order = first_waiting(argument, branch);
        if (order < first) {
            first = order;
            chosen = branch;
        }
    }
    if (chosen)
        write_slot(emission, argument, chosen);
    else if (!ct_shape_is_optional(slot))
        emission->err =
            ct_error_set(emission->error, CT_EUSAGE, "missing in %s: one of %s",
                         path_of(emission, argument, NULL, path), list_branches(slot, list));
}

static void write_group(struct ct_emission *emission, struct ct_argument *argument,
                        const struct ct_slot *slot)
{
    bool waits = true;
    for (int n = 0; !emission->err && (slot->most == CT_MODEL_UNBOUNDED || n < slot->most); n++) {
        bool waited = waits;
        waits = first_waiting(argument, slot) != SIZE_MAX;
        if (!waits && (n >= slot->least || !waited)) /* once is enough to find what is missing */
            break;
        if (slot->kind == CT_PARTICLE_CHOICE) {
            write_choice(emission, argument, slot);
            continue;
        }
        for (const struct ct_slot *child = slot->first; child && !emission->err;
             child = child->next)
            write_slot(emission, argument, child);
    }
}

static void write_slot(struct ct_emission *emission, struct ct_argument *argument,
                       const struct ct_slot *slot)
{
    char path[CT_ARGUMENT_PATH_BYTES];
    if (slot->kind == CT_PARTICLE_ELEMENT)
        write_elements(emission, argument, slot);
    else if (slot->kind != CT_PARTICLE_ANY)
        write_group(emission, argument, slot);
    else if (slot->least > 0)
        emission->err = ct_error_unsupported(
            emission->error, "%s, line %d: %s needs an element of another schema (any)",
            slot->place.document, slot->place.line, path_of(emission, argument, NULL, path));
}

/* What waits still: given too often, or beside what excludes it. */
static void explain_left(struct ct_emission *emission, const struct ct_argument *argument,
                         const struct ct_argument_group *group)
{
    const struct ct_slot *slot = group->list[group->taken]->slot;
    const struct ct_slot *choice = slot->parent;
    char path[CT_ARGUMENT_PATH_BYTES], list[CT_NEAREST_BYTES];
    while (choice && choice->kind != CT_PARTICLE_CHOICE)
        choice = choice->parent;
    path_of(emission, argument, group->key, path);
    if (choice && group->taken == 0)
        emission->err = ct_error_set(emission->error, CT_EUSAGE,
                                     "%s excludes what is given beside it: one of %s", path,
                                     list_branches(choice, list));
    else
        emission->err =
            ct_error_set(emission->error, CT_EUSAGE, "%s is given %zu times, and may be %zu times",
                         path, group->count, group->taken);
}

enum ct_err ct_emission_write_children(struct ct_emission *emission, struct ct_argument *argument)
{
    const struct ct_shape *shape = argument->shape;
    char path[CT_ARGUMENT_PATH_BYTES];
    const char *value = argument->has_value ? argument->value : NULL;
    if (value && shape->simple)
        value = check_value(emission, shape->simple, value, argument, NULL);
    else if (value && *value)
        emission->err = ct_error_set(emission->error, CT_EUSAGE, "%s holds elements, no value",
                                     path_of(emission, argument, NULL, path));
    if (value && !emission->err)
        ct_writer_text(emission->writer, value);
    if (shape->content && !emission->err)
        write_slot(emission, argument, shape->content);
    const struct ct_argument_group *group = argument->groups;
    for (; group && !emission->err; group = group->next)
        if (!group->is_attribute && group->taken < group->count)
            explain_left(emission, argument, group);
    return emission->err;
}

/* An element with simple content has a value, even if it is given attributes alone. */
static void check_has_value(struct ct_emission *emission, const struct ct_argument *argument)
{
    const struct ct_shape *shape = argument->shape;
    char path[CT_ARGUMENT_PATH_BYTES];
    if (argument->parent && shape->simple && !shape->content && !shape->is_mixed &&
        !argument->has_value &&
        !ct_literal_is_valid(emission->shapes->model, shape->simple, "",
                             (char[CT_LITERAL_WHY_BYTES]){0}))
        emission->err = ct_error_set(emission->error, CT_EUSAGE, "missing %s (%.100s)",
                                     path_of(emission, argument, NULL, path),
                                     ct_literal_type_text(emission->shapes->model, shape->type));
}

enum ct_err ct_emission_write(struct ct_emission *emission, const struct ct_element *element,
                              struct ct_argument *argument)
{
    const struct ct_shape *shape = argument->shape;
    char path[CT_ARGUMENT_PATH_BYTES];
    ct_writer_open(emission->writer, element->name);
    if (argument->type)
        ct_writer_type(emission->writer, shape->type->name);
    if (argument->is_nil && !element->is_nillable)
        emission->err = ct_error_set(emission->error, CT_EUSAGE, "%s can't be nil",
                                     path_of(emission, argument, NULL, path));
    else if (argument->is_nil)
        ct_writer_nil(emission->writer);
    for (const struct ct_shape_attribute *a = shape->attributes; a && !emission->err; a = a->next)
        write_attribute(emission, argument, a);
    if (!argument->is_nil && !emission->err)
        check_has_value(emission, argument);
    if (!argument->is_nil && !emission->err)
        ct_emission_write_children(emission, argument);
    else if (argument->is_nil && !emission->err)
        for (const struct ct_argument *c = argument->first; c && !emission->err; c = c->next)
            if (!c->is_attribute)
                emission->err =
                    ct_error_set(emission->error, CT_EUSAGE, "%s is nil, and has elements",
                                 path_of(emission, argument, NULL, path));
    ct_writer_close(emission->writer, element->name);
    return emission->err;
}
