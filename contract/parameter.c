/* See parameter.h.
 *
 * The content is gone through in its order, types within types; a type that is met again within
 * itself, or too deep, isn't entered. */
#include "contract/parameter.h"

#include <stdio.h>
#include <string.h>

#include "contract/literal.h"
#include "contract/operation.h"
#include "contract/shape.h"

enum { DEPTH = 16, PATH_BYTES = 1024, STEPS = 1000000 };

struct list {
    struct ct_pool pool;
    struct ct_shapes shapes;
    ct_parameter_fn *told;
    void *context;
    struct ct_error *error;
    enum ct_err err;
    bool is_over;                      /* whoever is told has enough */
    unsigned count, steps;             /* what was told, what was looked at */
    const struct ct_slot *choices[64]; /* numbered from 1 */
    int choice_count;
    int choice, branch; /* that all is in which is told now */
    char path[PATH_BYTES];
    const struct ct_type *types[DEPTH]; /* that are entered */
    unsigned depth;
};

/* A path that is longer by a step, and how long it was. */
static size_t extend(struct list *list, const char *format, const char *key)
{
    size_t len = strlen(list->path);
    if (len + strlen(key) + 16 < PATH_BYTES) {
        char step[PATH_BYTES];
        snprintf(step, sizeof step, format, key);
        snprintf(list->path + len, PATH_BYTES - len, "%s%s", len ? "." : "", step);
    }
    return len;
}

static void tell(struct list *list, const struct ct_parameter *parameter)
{
    if (list->err || list->is_over)
        return;
    if (++list->count > CT_PARAMETER_COUNT)
        list->err = ct_error_set(list->error, CT_ELIMIT, "there are more than %d parameters",
                                 CT_PARAMETER_COUNT);
    else
        list->is_over = !list->told(list->context, parameter);
}

static int number_of(struct list *list, const struct ct_slot *choice)
{
    for (int i = 0; i < list->choice_count; i++)
        if (list->choices[i] == choice)
            return i + 1;
    if (list->choice_count == (int)(sizeof list->choices / sizeof list->choices[0]))
        return list->choice_count;
    list->choices[list->choice_count++] = choice;
    return list->choice_count;
}

/* Which choice the slot is in, and in which of its branches. */
static void find_choice(struct list *list, const struct ct_slot *slot)
{
    while (slot->parent && slot->parent->kind != CT_PARTICLE_CHOICE)
        slot = slot->parent;
    if (!slot->parent || slot->parent->most != 1)
        return;
    list->choice = number_of(list, slot->parent);
    list->branch = 0;
    for (const struct ct_slot *branch = slot->parent->first; branch; branch = branch->next) {
        list->branch++;
        if (branch == slot)
            break;
    }
}

static bool is_always_there(const struct ct_slot *slot)
{
    for (; slot; slot = slot->parent)
        if (slot->least == 0 || (slot->parent && slot->parent->kind == CT_PARTICLE_CHOICE))
            return false;
    return true;
}

static void tell_attributes(struct list *list, const struct ct_shape *shape, bool is_required)
{
    for (const struct ct_shape_attribute *a = shape->attributes; a; a = a->next) {
        const struct ct_type *type = ct_model_used(list->shapes.model, &a->type);
        size_t len = extend(list, "@%s", a->key);
        struct ct_parameter parameter = {.path = list->path,
                                         .type = "",
                                         .least = a->is_required,
                                         .most = 1,
                                         .choice = list->choice,
                                         .branch = list->branch,
                                         .is_required = a->is_required && is_required,
                                         .documentation = a->documentation};
        if (type) {
            parameter.type = ct_literal_type_text(list->shapes.model, type);
            parameter.words = ct_literal_words(list->shapes.model, type);
        }
        tell(list, &parameter);
        list->path[len] = '\0';
    }
}

static void tell_shape(struct list *list, const struct ct_shape *shape, bool is_required);

static bool is_entered(const struct list *list, const struct ct_type *type)
{
    for (unsigned i = 0; i < list->depth; i++)
        if (list->types[i] == type)
            return true;
    return list->depth == DEPTH;
}

static void tell_value(struct list *list, const struct ct_slot *slot, const struct ct_shape *shape,
                       bool is_required)
{
    const struct ct_model *model = list->shapes.model;
    struct ct_parameter parameter = {.path = list->path,
                                     .type = ct_literal_type_text(model, shape->type),
                                     .least = slot->least,
                                     .most = slot->may_repeat ? CT_PARAMETER_UNBOUNDED : 1,
                                     .is_required = is_required,
                                     .is_nillable = slot->element->is_nillable,
                                     .choice = list->choice,
                                     .branch = list->branch,
                                     .documentation = slot->documentation};
    if (slot->may_repeat && slot->most > 1)
        parameter.most = slot->most;
    if (shape->simple)
        parameter.words = ct_literal_words(model, shape->simple);
    tell(list, &parameter);
}

static void tell_slot(struct list *list, const struct ct_slot *slot, bool is_required)
{
    const struct ct_shape *shape = NULL;
    struct ct_error ignored;
    if (slot->most == 0)
        return;
    if (++list->steps > STEPS)
        list->err = ct_error_set(list->error, CT_ELIMIT, "the types hold too much in each other");
    if (list->err)
        return;
    is_required = is_required && is_always_there(slot);
    enum ct_err err = ct_shape_of_slot(&list->shapes, slot, &shape, &ignored);
    if (err == CT_ENOMEM || err == CT_ELIMIT || (err && is_required)) {
        *list->error = ignored;
        list->err = err;
    }
    if (err) /* nobody can give it, but nobody has to */
        return;
    bool has_inner = shape->content && ct_shape_next(shape, NULL);
    bool is_inner = has_inner && !is_entered(list, shape->type);
    bool is_numbered = is_inner && slot->may_repeat;
    int choice = list->choice, branch = list->branch;
    size_t len = shape->type->is_abstract
                     ? extend(list, is_numbered ? "%s<TYPE>[1]" : "%s<TYPE>", slot->key)
                     : extend(list, is_numbered ? "%s[1]" : "%s", slot->key);
    find_choice(list, slot);
    if (!is_inner)
        tell_value(list, slot, shape, is_required);
    if (is_inner || !has_inner)
        tell_shape(list, shape, is_required);
    list->path[len] = '\0';
    list->choice = choice;
    list->branch = branch;
}

static void tell_shape(struct list *list, const struct ct_shape *shape, bool is_required)
{
    if (list->depth < DEPTH)
        list->types[list->depth++] = shape->type;
    else
        return;
    tell_attributes(list, shape, is_required);
    const struct ct_slot *slot = ct_shape_next(shape, NULL);
    for (; slot && !list->err && !list->is_over; slot = ct_shape_next(shape, slot))
        tell_slot(list, slot, is_required);
    list->depth--;
}

static void tell_root(struct list *list, const struct ct_element *root)
{
    const struct ct_shape *shape = NULL;
    list->err = ct_shape_of_element(&list->shapes, root, &shape, list->error);
    if (list->err)
        return;
    struct ct_slot slot = {.kind = CT_PARTICLE_ELEMENT, .least = 1, .most = 1, .element = root};
    slot.key = root->name.local;
    slot.documentation = root->documentation;
    if (shape->simple && !shape->content)
        tell_slot(list, &slot, true);
    else
        tell_shape(list, shape, true);
}

enum ct_err ct_parameter_list(const struct ct_contract *contract,
                              const struct ct_operation *operation, bool is_answer,
                              ct_parameter_fn *told, void *context, struct ct_error *error)
{
    const struct ct_bound *bound;
    enum ct_version version;
    enum ct_err err = ct_operation_bound(operation, CT_SOAP_ANY, &bound, &version, error);
    if (!err && is_answer && bound->no_output)
        err = ct_error_unsupported(error, "the answer of %s isn't known: %s", operation->name,
                                   bound->no_output);
    const struct ct_element *root = err ? NULL : is_answer ? bound->output : bound->input;
    if (!root)
        return err;
    struct list list = {.told = told, .context = context, .error = error};
    ct_shape_begin(&list.shapes, &contract->wsdl.model, &list.pool);
    tell_root(&list, root);
    ct_pool_fini(&list.pool);
    return ct_operation_explain(contract, list.err, error);
}

/* A line while it is written. */
struct line {
    struct ct_text text;
    size_t most_bytes;
    bool is_cut;
};

static bool add_to_line(void *context, const struct ct_parameter *parameter)
{
    struct line *line = context;
    bool repeats = parameter->most == CT_PARAMETER_UNBOUNDED || parameter->most > 1;
    size_t before = line->text.len;
    ct_text_print(&line->text, " %s%s=%s%s%s", parameter->is_required ? "" : "[", parameter->path,
                  *parameter->type ? parameter->type : "...", repeats ? "..." : "",
                  parameter->is_required ? "" : "]");
    if (line->text.len + 4 <= line->most_bytes)
        return true;
    ct_text_cut(&line->text, before);
    line->is_cut = true;
    return false;
}

enum ct_err ct_parameter_write_line(const struct ct_contract *contract,
                                    const struct ct_operation *operation, size_t most_bytes,
                                    struct ct_text *out, struct ct_error *error)
{
    struct line line = {.most_bytes = most_bytes};
    struct ct_error ignored; /* an answer that isn't understood doesn't matter here */
    ct_text_put(&line.text, operation->name);
    enum ct_err err = ct_parameter_list(contract, operation, false, add_to_line, &line, error);
    if (!err && !line.is_cut && !operation->one_way) {
        ct_text_put(&line.text, " ->");
        ct_parameter_list(contract, operation, true, add_to_line, &line, &ignored);
    }
    if (line.is_cut)
        ct_text_put(&line.text, " ...");
    if (!err)
        err = ct_text_check(&line.text, "a line", error);
    size_t before = out->len;
    if (!err) {
        ct_text_add(out, line.text.bytes, line.text.len);
        err = ct_text_check(out, "a line", error);
    }
    if (err)
        ct_text_cut(out, before);
    ct_text_fini(&line.text);
    return err;
}
