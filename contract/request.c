/* See request.h.
 *
 * First all arguments become a tree, each looked up in the contract as it comes; then the
 * contract's content is gone through in its order, and what was given is written. What is left over
 * then was given too often, or excludes what was written. */
#include "contract/request.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "contract/argument.h"
#include "contract/emission.h"
#include "contract/literal.h"
#include "contract/nearest.h"
#include "contract/operation.h"
#include "contract/shape.h"
#include "contract/writer.h"
#include "contract/xml.h"

/* The building of one request. */
struct building {
    struct ct_pool pool;
    struct ct_shapes shapes;
    const struct ct_contract *contract;
    const char *operation;
};

/* ---- looking arguments up ------------------------------------------------------------------- */

static const char *within(const struct ct_argument *parent, const struct building *building,
                          char path[CT_ARGUMENT_PATH_BYTES])
{
    ct_argument_path(parent, NULL, path);
    return *path ? path : building->operation;
}

static enum ct_err explain_unknown(const struct building *building,
                                   const struct ct_argument *argument, struct ct_error *error)
{
    const struct ct_shape *shape = argument->parent->shape;
    struct ct_nearest nearest = {.typed = argument->key};
    char list[CT_NEAREST_BYTES], path[CT_ARGUMENT_PATH_BYTES];
    if (argument->is_attribute)
        for (const struct ct_shape_attribute *a = shape->attributes; a; a = a->next)
            ct_nearest_tell(&nearest, a->key);
    else
        for (const struct ct_slot *s = NULL; (s = ct_shape_next(shape, s));)
            ct_nearest_tell(&nearest, s->key);
    return ct_error_set(error, CT_EUSAGE, "no %s '%.100s' in %s; has: %s%s",
                        argument->is_attribute ? "attribute" : "parameter", argument->key,
                        within(argument->parent, building, path), ct_nearest_list(&nearest, list),
                        shape->has_any && !argument->is_attribute
                            ? ", and elements of other schemas, which have to be written as XML"
                            : "");
}

/* "Circle, Square": the types that can stand in the place of base. */
static const char *list_derived(const struct building *building, const struct ct_type *base,
                                const char *typed, char list[CT_NEAREST_BYTES])
{
    const struct ct_model *model = &building->contract->wsdl.model;
    struct ct_nearest nearest = {.typed = typed};
    for (const struct ct_type *type = model->types; type; type = type->next_type)
        if (!type->is_abstract && type != base && ct_model_derives(model, type, base))
            ct_nearest_tell(&nearest, type->name.local);
    return ct_nearest_list(&nearest, list);
}

/* The type that 'x<TYPE>' means; *count: how many there are. */
static const struct ct_type *find_type(const struct building *building, const char *text,
                                       const struct ct_type *base, unsigned *count)
{
    const struct ct_model *model = &building->contract->wsdl.model;
    const char *brace = *text == '{' ? strchr(text, '}') : NULL;
    const char *colon = strchr(text, ':');
    const struct ct_type *found = NULL;
    *count = 0;
    if (brace) {
        const struct ct_type *type =
            ct_table_find(&model->table, CT_KIND_LOCAL_TYPE, (struct ct_name){"", brace + 1});
        for (; type; type = type->next_namesake)
            if (strncmp(type->name.ns, text + 1, (size_t)(brace - text - 1)) == 0 &&
                type->name.ns[brace - text - 1] == '\0')
                found = type;
    } else if (colon) {
        found = ct_builtin_find(colon + 1);
    } else {
        const struct ct_type *type =
            ct_table_find(&model->table, CT_KIND_LOCAL_TYPE, (struct ct_name){"", text});
        for (; type; type = type->next_namesake)
            if (ct_model_derives(model, type, base) && (*count)++ == 0)
                found = type;
        if (!found)
            found = ct_builtin_find(text);
    }
    if (found && !ct_model_derives(model, found, base))
        found = NULL;
    if (found && *count == 0)
        *count = 1;
    return found;
}

static enum ct_err use_type(struct building *building, struct ct_argument *argument,
                            struct ct_error *error)
{
    const struct ct_type *base = argument->shape->type;
    char list[CT_NEAREST_BYTES], path[CT_ARGUMENT_PATH_BYTES];
    unsigned count;
    const struct ct_type *type = find_type(building, argument->type, base, &count);
    if (count > 1)
        return ct_error_set(error, CT_EUSAGE,
                            "several types are called '%.100s': say %s<{%.200s}%.100s>",
                            argument->type, argument->key, type->name.ns, type->name.local);
    if (!type)
        return ct_error_set(error, CT_EUSAGE, "'%.100s' is no type that %s may have; has: %s",
                            argument->type, ct_argument_path(argument, NULL, path),
                            list_derived(building, base, argument->type, list));
    return ct_shape_of(&building->shapes, type, &argument->shape, error);
}

static enum ct_err look_up(void *context, struct ct_argument *argument, struct ct_error *error)
{
    struct building *building = context;
    const struct ct_shape *shape = argument->parent->shape;
    char path[CT_ARGUMENT_PATH_BYTES], list[CT_NEAREST_BYTES];
    if (argument->is_attribute) {
        argument->attribute = ct_shape_attribute_called(shape, argument->key);
        return argument->attribute ? CT_OK : explain_unknown(building, argument, error);
    }
    argument->slot = ct_shape_slot_called(shape, argument->key);
    if (!argument->slot && !shape->content && argument->parent->parent)
        return ct_error_set(error, CT_EUSAGE, "%s holds no '%.100s': it is a value (%.100s)",
                            ct_argument_path(argument->parent, NULL, path), argument->key,
                            ct_model_type_text(building->shapes.model, shape->type));
    if (!argument->slot)
        return explain_unknown(building, argument, error);
    enum ct_err err = ct_shape_of_slot(&building->shapes, argument->slot, &argument->shape, error);
    if (!err && argument->type)
        err = use_type(building, argument, error);
    if (!err && argument->shape->type->is_abstract)
        return ct_error_set(error, CT_EUSAGE,
                            "%s is of the abstract type %.100s: say %.100s<TYPE>,"
                            " one of: %s",
                            ct_argument_path(argument, NULL, path),
                            argument->shape->type->name.local, argument->key,
                            list_derived(building, argument->shape->type, argument->key, list));
    if (!err && argument->slot->element->is_abstract)
        return ct_error_unsupported(error,
                                    "%s, line %d: element %.100s is abstract, another one"
                                    " stands in its place (substitutionGroup)",
                                    argument->slot->place.document, argument->slot->place.line,
                                    argument->slot->element->name.local);
    return err;
}

static bool has(void *context, const struct ct_argument *parent, const char *key)
{
    (void)context;
    return ct_shape_slot_called(parent->shape, key) != NULL;
}

/* ---- building ------------------------------------------------------------------------------- */

/* The argument that stands for the whole content of the Body. An element whose content is a value
 * is itself a parameter: it is put into one that holds nothing else. */
static enum ct_err find_top(struct building *building, const struct ct_element *root,
                            struct ct_argument *top, bool *is_value, struct ct_error *error)
{
    enum ct_err err = ct_shape_of_element(&building->shapes, root, &top->shape, error);
    if (err)
        return err;
    *is_value = top->shape->simple && !top->shape->content;
    if (!*is_value)
        return CT_OK;
    struct ct_type *type = ct_pool_take(&building->pool, sizeof *type);
    struct ct_particle *particle = ct_pool_take(&building->pool, sizeof *particle);
    if (!type || !particle)
        return ct_error_no_memory(error);
    *particle = (struct ct_particle){.kind = CT_PARTICLE_ELEMENT, .least = 1, .most = 1};
    particle->place = root->place;
    particle->element = root;
    type->is_complex = true;
    type->content = particle;
    type->place = root->place;
    return ct_shape_of(&building->shapes, type, &top->shape, error);
}

static enum ct_err read_arguments(struct building *building, const struct ct_request_form *form,
                                  const char *const *arguments, size_t count,
                                  struct ct_argument *top, struct ct_error *error)
{
    struct ct_arguments reading = {.pool = &building->pool,
                                   .form = form,
                                   .bytes_left = CT_REQUEST_BYTES,
                                   .has = building->contract ? has : NULL,
                                   .look_up = building->contract ? look_up : NULL,
                                   .context = building};
    if (count > CT_REQUEST_ARGUMENTS)
        return ct_error_set(error, CT_ELIMIT, "there are more than %d arguments",
                            CT_REQUEST_ARGUMENTS);
    for (size_t i = 0; i < count; i++) {
        enum ct_err err = ct_argument_add(&reading, top, arguments[i], i, error);
        if (err)
            return err;
    }
    return CT_OK;
}

/* Adds what was written to out, all or nothing. */
static enum ct_err hand_over(struct ct_text *written, const struct ct_writer *writer,
                             struct ct_text *out, struct ct_error *error)
{
    enum ct_err err = ct_text_check(written, "the request", error);
    if (!err && writer->no_memory)
        err = ct_pool_error(writer->pool, "the request", error);
    if (err)
        return err;
    size_t before = out->len;
    ct_text_add(out, written->bytes, written->len);
    err = ct_text_check(out, "the request", error);
    if (err)
        ct_text_cut(out, before);
    return err;
}

static enum ct_err write_content(struct building *building, const struct ct_element *root,
                                 struct ct_argument *top, bool is_value, struct ct_writer *writer,
                                 struct ct_error *error)
{
    struct ct_emission emission = {.shapes = &building->shapes,
                                   .writer = writer,
                                   .operation = building->operation,
                                   .error = error};
    if (is_value)
        return ct_emission_write_children(&emission, top);
    return ct_emission_write(&emission, root, top);
}

static enum ct_err build(struct building *building, const struct ct_element *root,
                         const struct ct_request_form *form, enum ct_version version,
                         const char *const *arguments, size_t count, struct ct_text *out,
                         struct ct_error *error)
{
    struct ct_argument top = {.key = building->operation};
    bool is_value = false;
    ct_shape_begin(&building->shapes, &building->contract->wsdl.model, &building->pool);
    ct_table_init(&top.by_key);
    if (!root && count > 0)
        return ct_error_set(error, CT_EUSAGE, "%s takes no parameters, there is '%.100s'",
                            building->operation, arguments[0]);
    enum ct_err err = root ? find_top(building, root, &top, &is_value, error) : CT_OK;
    if (!err && root)
        err = read_arguments(building, form, arguments, count, &top, error);
    if (err)
        return err;
    struct ct_text written = {.limit = CT_REQUEST_BYTES};
    struct ct_writer writer;
    ct_writer_begin(&writer, building->shapes.model, &building->pool, version, false, form->header,
                    &written);
    if (root)
        err = write_content(building, root, &top, is_value, &writer, error);
    ct_writer_end(&writer);
    if (!err)
        err = hand_over(&written, &writer, out, error);
    ct_text_fini(&written);
    return err;
}

enum ct_err ct_request_write(const struct ct_contract *contract,
                             const struct ct_operation *operation,
                             const struct ct_request_form *form, const char *const *arguments,
                             size_t count, struct ct_text *out, struct ct_error *error)
{
    const struct ct_bound *bound;
    enum ct_version version;
    enum ct_err err = ct_operation_bound(operation, form->version, &bound, &version, error);
    if (err)
        return err;
    struct building building = {.contract = contract, .operation = operation->name};
    err = build(&building, bound->input, form, version, arguments, count, out, error);
    ct_pool_fini(&building.pool);
    return ct_operation_explain(contract, err, error);
}

/* ---- without a contract --------------------------------------------------------------------- */

/* The name of an argument: "{ns}local", or local in the namespace of all. */
static struct ct_name name_of(struct building *building, const struct ct_argument *argument,
                              const char *otherwise)
{
    const char *brace = *argument->key == '{' ? strchr(argument->key, '}') : NULL;
    if (!brace)
        return (struct ct_name){otherwise, argument->key};
    const char *ns =
        ct_pool_copy(&building->pool, argument->key + 1, (size_t)(brace - argument->key - 1));
    return (struct ct_name){ns ? ns : "", brace + 1};
}

/* Writes all that lies in argument: attributes first, then the rest in its order. */
static void write_plain(struct building *building, struct ct_writer *writer,
                        const struct ct_argument *argument, struct ct_name name,
                        const char *children_ns)
{
    const char *colon = argument->type ? strchr(argument->type, ':') : NULL;
    ct_writer_open(writer, name);
    if (argument->type)
        ct_writer_type(writer, (struct ct_name){CT_XML_SCHEMA, colon ? colon + 1 : argument->type});
    if (argument->is_nil)
        ct_writer_nil(writer);
    for (const struct ct_argument *child = argument->first; child; child = child->next)
        if (child->is_attribute)
            ct_writer_attribute(writer, name_of(building, child, ""), child->value);
    if (argument->value)
        ct_writer_text(writer, argument->value);
    for (const struct ct_argument *child = argument->first; child; child = child->next)
        if (!child->is_attribute)
            write_plain(building, writer, child, name_of(building, child, children_ns),
                        children_ns);
    ct_writer_close(writer, name);
}

static bool is_name(const char *text)
{
    const char *brace = *text == '{' ? strchr(text, '}') : NULL;
    return xmlValidateNCName((const xmlChar *)(brace ? brace + 1 : text), 0) == 0;
}

static enum ct_err check_names(const struct ct_argument *argument, struct ct_error *error)
{
    for (const struct ct_argument_group *group = argument->groups; group; group = group->next)
        if (!is_name(group->key))
            return ct_error_set(error, CT_EUSAGE, "'%.150s' is no name of an %s", group->key,
                                group->is_attribute ? "attribute" : "element");
    for (const struct ct_argument *child = argument->first; child; child = child->next) {
        if (child->type &&
            !ct_builtin_find(strchr(child->type, ':') ? strchr(child->type, ':') + 1 : child->type))
            return ct_error_set(error, CT_EUSAGE,
                                "'%.100s' is no type of XML Schema, and there is"
                                " no contract that has others",
                                child->type);
        enum ct_err err = check_names(child, error);
        if (err)
            return err;
    }
    return CT_OK;
}

enum ct_err ct_request_write_plain(const char *namespace_uri, bool qualified, const char *operation,
                                   const struct ct_request_form *form, const char *const *arguments,
                                   size_t count, struct ct_text *out, struct ct_error *error)
{
    struct building building = {.operation = operation};
    struct ct_argument top = {.key = operation};
    struct ct_text written = {.limit = CT_REQUEST_BYTES};
    struct ct_writer writer;
    ct_table_init(&top.by_key);
    enum ct_err err = read_arguments(&building, form, arguments, count, &top, error);
    if (!err && !is_name(operation))
        err = ct_error_set(error, CT_EUSAGE, "'%.150s' is no name of an element", operation);
    if (!err)
        err = check_names(&top, error);
    if (!err) {
        ct_writer_begin(&writer, NULL, &building.pool, form->version, false, form->header,
                        &written);
        write_plain(&building, &writer, &top, (struct ct_name){namespace_uri, operation},
                    qualified ? namespace_uri : "");
        ct_writer_end(&writer);
        err = hand_over(&written, &writer, out, error);
    }
    ct_text_fini(&written);
    ct_pool_fini(&building.pool);
    return err;
}
