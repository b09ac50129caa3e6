/* See template.h.
 *
 * The content is gone through in its order. What is optional and can't be shown (any, a type that
 * isn't defined, a type within itself) is left out, with a comment in a template that has them;
 * what is required and can't be shown is an error. */
#include "contract/template.h"

#include <stdio.h>
#include <string.h>

#include "contract/literal.h"
#include "contract/operation.h"
#include "contract/shape.h"
#include "contract/writer.h"

enum { NOTE_BYTES = 400 };

struct drawing {
    struct ct_pool pool;
    struct ct_shapes shapes;
    struct ct_writer writer;
    struct ct_text text;
    const struct ct_template_form *form;
    struct ct_error *error;
    enum ct_err err;
    const struct ct_type *types[CT_TEMPLATE_DEPTH]; /* that are entered */
    unsigned depth;
};

static void note(struct drawing *drawing, const char *text, bool is_beside)
{
    if (!drawing->form->is_sample && *text)
        ct_writer_comment(&drawing->writer, text, is_beside);
}

static bool is_entered(const struct drawing *drawing, const struct ct_type *type)
{
    for (unsigned i = 0; i < drawing->depth; i++)
        if (drawing->types[i] == type)
            return true;
    return drawing->depth == CT_TEMPLATE_DEPTH;
}

/* Appends to a note, after "; " if something stands there. */
static void append(char text[NOTE_BYTES], const char *more)
{
    size_t len = strlen(text);
    snprintf(text + len, NOTE_BYTES - len, "%s%s", len ? "; " : "", more);
}

static void append_words(char text[NOTE_BYTES], const char *const *words)
{
    char list[200] = "";
    for (size_t len = 0; *words; words++) {
        if (len + strlen(*words) + 6 > sizeof list) {
            snprintf(list + len, sizeof list - len, "|...");
            break;
        }
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len ? "|" : "", *words);
    }
    append(text, list);
}

static void append_occurrence(char text[NOTE_BYTES], const struct ct_slot *slot)
{
    char count[40];
    if (slot->most == CT_MODEL_UNBOUNDED)
        snprintf(count, sizeof count, "%d or more", slot->least);
    else if (slot->most > 1)
        snprintf(count, sizeof count, "%d to %d", slot->least, slot->most);
    else
        snprintf(count, sizeof count, "%s", slot->least == 0 ? "optional" : "");
    if (*count)
        append(text, count);
}

static void append_derived(const struct drawing *drawing, const struct ct_type *base,
                           char text[NOTE_BYTES])
{
    const struct ct_model *model = drawing->shapes.model;
    char list[200] = "xsi:type ";
    size_t len = strlen(list), begin = len;
    for (const struct ct_type *type = model->types; type; type = type->next_type) {
        if (type->is_abstract || !ct_model_derives(model, type, base))
            continue;
        if (len + strlen(type->name.local) + 6 > sizeof list) {
            snprintf(list + len, sizeof list - len, "|...");
            break;
        }
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len > begin ? "|" : "",
                                type->name.local);
    }
    append(text, list);
}

static void describe(const struct drawing *drawing, const struct ct_slot *slot,
                     const struct ct_shape *shape, char text[NOTE_BYTES])
{
    text[0] = '\0';
    const char *const *words =
        shape && shape->simple ? ct_literal_words(drawing->shapes.model, shape->simple) : NULL;
    if (words)
        append_words(text, words);
    if (shape && shape->type->is_abstract)
        append_derived(drawing, shape->type, text);
    append_occurrence(text, slot);
    if (slot->element->is_nillable)
        append(text, "nillable");
}

static void put_value(struct drawing *drawing, const struct ct_type *type, const char *fixed,
                      struct ct_text *value)
{
    if (fixed)
        ct_text_put(value, fixed);
    else if (drawing->form->is_sample)
        ct_literal_sample(drawing->shapes.model, type, value);
    else
        ct_text_put(value, ct_literal_type_text(drawing->shapes.model, type));
}

static void draw_attributes(struct drawing *drawing, const struct ct_shape *shape)
{
    for (const struct ct_shape_attribute *a = shape->attributes; a; a = a->next) {
        const struct ct_type *type = ct_model_used(drawing->shapes.model, &a->type);
        if ((drawing->form->is_minimal && !a->is_required) || (!type && !a->fixed))
            continue;
        struct ct_text value = {0};
        put_value(drawing, type, a->fixed, &value);
        if (ct_text_failed(&value))
            drawing->err = ct_text_check(&value, "a value", drawing->error);
        else
            ct_writer_attribute(&drawing->writer, a->name, value.bytes ? value.bytes : "");
        ct_text_fini(&value);
    }
}

static void draw_slot(struct drawing *drawing, const struct ct_slot *slot, bool is_needed);

/* The first type that can stand in the place of an abstract one; NULL: there is none. */
static const struct ct_type *find_derived(const struct ct_model *model, const struct ct_type *base)
{
    const struct ct_type *type = model->types;
    while (type && (type->is_abstract || !ct_model_derives(model, type, base)))
        type = type->next_type;
    return type;
}

/* In a sample a type that is abstract is one that is derived from it. */
static void choose_type(struct drawing *drawing, const struct ct_shape **shape)
{
    const struct ct_type *type = drawing->form->is_sample && (*shape)->type->is_abstract
                                     ? find_derived(drawing->shapes.model, (*shape)->type)
                                     : NULL;
    if (!type)
        return;
    drawing->err = ct_shape_of(&drawing->shapes, type, shape, drawing->error);
    if (!drawing->err)
        ct_writer_type(&drawing->writer, type->name);
}

/* The element with all that it holds; about: what is to be said of it, or "". */
static void draw_element(struct drawing *drawing, const struct ct_element *element,
                         const struct ct_shape *shape, const char *about)
{
    struct ct_text value = {0};
    ct_writer_open(&drawing->writer, element->name);
    choose_type(drawing, &shape);
    draw_attributes(drawing, shape);
    if (shape->simple && !shape->content)
        put_value(drawing, shape->simple, element->fixed, &value);
    if (!drawing->err)
        drawing->err = ct_text_check(&value, "a value", drawing->error);
    if (value.bytes)
        ct_writer_text(&drawing->writer, value.bytes);
    ct_text_fini(&value);
    if (shape->content)
        note(drawing, about, true);
    drawing->types[drawing->depth++] = shape->type;
    if (shape->content && !drawing->err)
        draw_slot(drawing, shape->content, true);
    drawing->depth--;
    ct_writer_close(&drawing->writer, element->name);
    if (!shape->content)
        note(drawing, about, true);
}

/* Why the element can't be shown, or NULL; an error only if memory or a limit is the reason. */
static const char *find_obstacle(struct drawing *drawing, const struct ct_slot *slot,
                                 const struct ct_shape **shape, struct ct_error *why)
{
    *shape = NULL;
    enum ct_err err = ct_shape_of_slot(&drawing->shapes, slot, shape, why);
    if (err == CT_ENOMEM || err == CT_ELIMIT) {
        drawing->err = err;
        *drawing->error = *why;
    }
    if (err)
        return why->text;
    if (is_entered(drawing, (*shape)->type) && (*shape)->content)
        return "as above, within itself";
    if (slot->element->is_abstract)
        return "abstract: another element stands in its place";
    return (*shape)->type->is_abstract && drawing->form->is_sample &&
                   !find_derived(drawing->shapes.model, (*shape)->type)
               ? "abstract"
               : NULL;
}

/* What is not needed, and holds what can't be shown, is taken away again. */
static void try_element(struct drawing *drawing, const struct ct_slot *slot,
                        const struct ct_shape *shape, const char *about, bool is_needed)
{
    struct ct_writer *writer = &drawing->writer;
    size_t len = drawing->text.len;
    struct ct_writer before = *writer;
    unsigned depth = drawing->depth;
    draw_element(drawing, slot->element, shape, about);
    if (drawing->err != CT_EUNSUPPORTED || (is_needed && slot->least > 0))
        return;
    drawing->err = CT_OK;
    drawing->depth = depth;
    ct_text_cut(&drawing->text, len);
    writer->level = before.level;
    writer->is_tag_open = before.is_tag_open;
    writer->has_children = before.has_children;
}

static void draw_leaf(struct drawing *drawing, const struct ct_slot *slot, bool is_needed)
{
    const struct ct_shape *shape;
    struct ct_error why;
    char text[NOTE_BYTES];
    const char *obstacle = find_obstacle(drawing, slot, &shape, &why);
    if (drawing->err)
        return;
    if (!obstacle) {
        describe(drawing, slot, shape, text);
        try_element(drawing, slot, shape, text, is_needed);
    } else if (is_needed && slot->least > 0 && drawing->form->is_sample) {
        drawing->err =
            ct_error_unsupported(drawing->error, "%s, line %d: no sample of %.100s: %s",
                                 slot->place.document, slot->place.line, slot->key, obstacle);
    } else {
        snprintf(text, sizeof text, "%.100s: %.250s", slot->key, obstacle);
        note(drawing, text, false);
    }
}

/* The branch of a choice that a sample takes: the first that holds no obstacle of its own. */
static const struct ct_slot *choose(struct drawing *drawing, const struct ct_slot *choice)
{
    const struct ct_shape *shape;
    struct ct_error why;
    for (const struct ct_slot *branch = choice->first; branch; branch = branch->next)
        if (branch->most != 0 && branch->kind != CT_PARTICLE_ANY &&
            (branch->kind != CT_PARTICLE_ELEMENT || !find_obstacle(drawing, branch, &shape, &why)))
            return branch;
    return choice->first;
}

static void draw_group(struct drawing *drawing, const struct ct_slot *slot, bool is_needed)
{
    char text[NOTE_BYTES] = "";
    size_t branches = 0;
    bool is_choice = slot->kind == CT_PARTICLE_CHOICE;
    if (is_choice && drawing->form->is_sample) {
        const struct ct_slot *branch = choose(drawing, slot);
        if (branch)
            draw_slot(drawing, branch, is_needed);
        return;
    }
    for (const struct ct_slot *child = slot->first; child; child = child->next)
        branches++;
    if (is_choice)
        snprintf(text, sizeof text, "one of the next %zu", branches);
    else if (slot->parent &&
             (slot->least != 1 || slot->most != 1 || slot->parent->kind == CT_PARTICLE_CHOICE))
        snprintf(text, sizeof text, "the next %zu together", branches);
    append_occurrence(text, slot);
    note(drawing, branches > 1 ? text : "", false);
    for (const struct ct_slot *child = slot->first; child && !drawing->err; child = child->next)
        draw_slot(drawing, child, is_needed && !is_choice);
}

/* is_needed: what it is in is there in any case. */
static void draw_slot(struct drawing *drawing, const struct ct_slot *slot, bool is_needed)
{
    if (!drawing->err)
        drawing->err = ct_text_check(&drawing->text, "the template", drawing->error);
    if (drawing->err || slot->most == 0 || (slot->least == 0 && drawing->form->is_minimal))
        return;
    is_needed = is_needed && slot->least > 0;
    if (slot->kind == CT_PARTICLE_ELEMENT)
        draw_leaf(drawing, slot, is_needed);
    else if (slot->kind != CT_PARTICLE_ANY)
        draw_group(drawing, slot, is_needed);
    else if (slot->least > 0 && is_needed && drawing->form->is_sample)
        drawing->err = ct_error_unsupported(
            drawing->error, "%s, line %d: an element of another schema (any) has to stand there",
            slot->place.document, slot->place.line);
    else
        note(drawing, "elements of other schemas", false);
}

static void draw(struct drawing *drawing, const struct ct_contract *contract,
                 const struct ct_element *root, enum ct_version version, struct ct_text *out)
{
    const struct ct_shape *shape;
    drawing->text.limit = CT_TEMPLATE_BYTES;
    ct_shape_begin(&drawing->shapes, &contract->wsdl.model, &drawing->pool);
    ct_writer_begin(&drawing->writer, &contract->wsdl.model, &drawing->pool, version, true, NULL,
                    &drawing->text);
    if (root)
        drawing->err = ct_shape_of_element(&drawing->shapes, root, &shape, drawing->error);
    if (root && !drawing->err)
        draw_element(drawing, root, shape, "");
    ct_writer_end(&drawing->writer);
    if (!drawing->err)
        drawing->err = ct_text_check(&drawing->text, "the template", drawing->error);
    if (!drawing->err && drawing->writer.no_memory)
        drawing->err = ct_pool_error(&drawing->pool, "the template", drawing->error);
    if (drawing->err)
        return;
    size_t before = out->len;
    ct_text_add(out, drawing->text.bytes, drawing->text.len);
    drawing->err = ct_text_check(out, "the template", drawing->error);
    if (drawing->err)
        ct_text_cut(out, before);
}

enum ct_err ct_template_write(const struct ct_contract *contract,
                              const struct ct_operation *operation,
                              const struct ct_template_form *form, struct ct_text *out,
                              struct ct_error *error)
{
    const struct ct_bound *bound;
    enum ct_version version;
    enum ct_err err = ct_operation_bound(operation, form->version, &bound, &version, error);
    if (!err && form->is_answer && bound->no_output)
        err = ct_error_unsupported(error, "the answer of %s isn't known: %s", operation->name,
                                   bound->no_output);
    if (err)
        return err;
    struct drawing drawing = {.form = form, .error = error};
    draw(&drawing, contract, form->is_answer ? bound->output : bound->input, version, out);
    ct_text_fini(&drawing.text);
    ct_pool_fini(&drawing.pool);
    return ct_operation_explain(contract, drawing.err, error);
}
