/* See shape.h.
 *
 * Groups may refer to groups, and types extend types, in circles as well: each step goes one level
 * deeper, and CT_SHAPE_DEPTH ends it. */
#include "contract/shape.h"

#include <stdio.h>
#include <string.h>

#include "contract/builtin.h"
#include "contract/xml.h"

enum { BY_NAME, BY_KEY, ATTRIBUTE_BY_NAME, ATTRIBUTE_BY_KEY };

struct builder {
    struct ct_shapes *shapes;
    struct ct_shape *shape;
    struct ct_shape_attribute **last_attribute;
    unsigned depth;
    enum ct_err err;
    struct ct_error *error;
};

static void *take(struct builder *builder, size_t bytes)
{
    void *taken = builder->err ? NULL : ct_pool_take(builder->shapes->pool, bytes);
    if (!taken && !builder->err)
        builder->err = ct_pool_error(builder->shapes->pool, "what the types hold", builder->error);
    return taken;
}

static bool enter(struct builder *builder, struct ct_place place)
{
    if (!builder->err && ++builder->depth > CT_SHAPE_DEPTH)
        builder->err = ct_error_set(builder->error, CT_ELIMIT,
                                    "%s, line %d: groups or types within each other, more than %d",
                                    place.document, place.line, CT_SHAPE_DEPTH);
    return !builder->err;
}

static void undefined(struct builder *builder, struct ct_place place, const char *kind,
                      struct ct_name name)
{
    if (!builder->err)
        builder->err = ct_error_set(builder->error, CT_ECONTRACT,
                                    "%s, line %d: %s {%.150s}%.150s isn't defined", place.document,
                                    place.line, kind, name.ns, name.local);
}

static const char *make_key(struct builder *builder, struct ct_name name)
{
    const char *key = builder->err ? NULL : ct_name_write(name, builder->shapes->pool);
    if (!key && !builder->err)
        builder->err = ct_pool_error(builder->shapes->pool, "what the types hold", builder->error);
    return key;
}

static void *add(struct builder *builder, unsigned kind, struct ct_name name, void *what)
{
    void *there = builder->err ? NULL
                               : ct_table_add(&builder->shape->by_name, builder->shapes->pool, kind,
                                              name, what);
    if (!there && !builder->err)
        builder->err = ct_pool_error(builder->shapes->pool, "what the types hold", builder->error);
    return there;
}

/* ---- elements ------------------------------------------------------------------------------- */

/* Whether the two are in different branches of one choice. */
static bool exclude_each_other(const struct ct_slot *a, const struct ct_slot *b)
{
    for (const struct ct_slot *up = a->parent; up; up = up->parent)
        for (const struct ct_slot *other = b->parent; other; other = other->parent)
            if (other == up)
                return up->kind == CT_PARTICLE_CHOICE;
    return false;
}

static bool is_repeated(const struct ct_slot *slot)
{
    while (slot && (slot->most == 0 || slot->most == 1))
        slot = slot->parent;
    return slot != NULL;
}

static void register_element(struct builder *builder, struct ct_slot *slot)
{
    struct ct_name name = slot->element->name;
    slot->number = builder->shape->element_count++;
    slot->may_repeat = is_repeated(slot);
    slot->key = name.local;
    struct ct_slot *first = add(builder, BY_NAME, name, slot);
    if (first && first != slot) {
        slot->key = first->key;
        slot->number = first->number;
        slot->may_repeat = first->may_repeat =
            slot->may_repeat || first->may_repeat || !exclude_each_other(slot, first);
        return;
    }
    struct ct_slot *namesake = add(builder, BY_KEY, (struct ct_name){"", name.local}, slot);
    if (!namesake || namesake == slot)
        return;
    slot->key = make_key(builder, name);
    if (slot->key)
        add(builder, BY_KEY, (struct ct_name){"", slot->key}, slot);
}

/* An element that an import would have brought, had it been read. */
static const struct ct_element *stand_in(struct builder *builder,
                                         const struct ct_particle *particle)
{
    struct ct_element *element = take(builder, sizeof *element);
    if (element)
        *element = (struct ct_element){.name = particle->reference,
                                       .place = particle->place,
                                       .type = {.name = particle->reference}};
    return element;
}

static struct ct_slot *add_particle(struct builder *builder, const struct ct_particle *particle,
                                    struct ct_slot *parent);

static void add_particles(struct builder *builder, const struct ct_particle *first,
                          struct ct_slot *parent)
{
    struct ct_slot **last = &parent->first;
    while (*last)
        last = &(*last)->next;
    for (const struct ct_particle *p = first; p && !builder->err; p = p->next) {
        *last = add_particle(builder, p, parent);
        if (*last)
            last = &(*last)->next;
    }
}

static void fill_element(struct builder *builder, const struct ct_particle *particle,
                         struct ct_slot *slot)
{
    const struct ct_model *model = builder->shapes->model;
    slot->kind = CT_PARTICLE_ELEMENT;
    slot->element = particle->kind == CT_PARTICLE_ELEMENT
                        ? particle->element
                        : ct_model_element(model, particle->reference);
    if (!slot->element)
        slot->element = stand_in(builder, particle);
    if (!slot->element)
        return;
    slot->documentation =
        particle->documentation ? particle->documentation : slot->element->documentation;
    register_element(builder, slot);
}

/* The slot of a reference to a group is that of the group, with the reference's occurrence. */
static void fill_group(struct builder *builder, const struct ct_particle *particle,
                       struct ct_slot *slot)
{
    const struct ct_particle *group =
        ct_table_find(&builder->shapes->model->table, CT_KIND_GROUP, particle->reference);
    if (!group) {
        undefined(builder, particle->place, "group", particle->reference);
        return;
    }
    slot->kind = group->kind;
    add_particles(builder, group->first, slot);
}

static struct ct_slot *add_particle(struct builder *builder, const struct ct_particle *particle,
                                    struct ct_slot *parent)
{
    if (!enter(builder, particle->place))
        return NULL;
    struct ct_slot *slot = NULL;
    if (builder->shapes->slots_left == 0)
        builder->err = ct_error_set(builder->error, CT_ELIMIT,
                                    "%s, line %d: the types hold more than %d elements in all",
                                    particle->place.document, particle->place.line, CT_SHAPE_SLOTS);
    else
        slot = take(builder, sizeof *slot);
    if (slot) {
        builder->shapes->slots_left--;
        slot->kind = particle->kind;
        slot->least = particle->least;
        slot->most = particle->most;
        slot->place = particle->place;
        slot->parent = parent;
        if (particle->kind == CT_PARTICLE_ELEMENT || particle->kind == CT_PARTICLE_REFERENCE)
            fill_element(builder, particle, slot);
        else if (particle->kind == CT_PARTICLE_GROUP)
            fill_group(builder, particle, slot);
        else
            add_particles(builder, particle->first, slot);
        builder->shape->has_any |= slot->kind == CT_PARTICLE_ANY;
    }
    builder->depth--;
    return slot;
}

/* ---- attributes ------------------------------------------------------------------------------ */

static void drop_attribute(struct ct_shape *shape, struct builder *builder,
                           const struct ct_shape_attribute *dropped)
{
    struct ct_shape_attribute **at = &shape->attributes;
    while (*at && *at != dropped)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = dropped->next;
    if (!*at)
        builder->last_attribute = at;
}

/* What a reference refers to; that of xml:lang and the like, and of what wasn't read, is text. */
static const struct ct_attribute *referred(struct builder *builder,
                                           const struct ct_attribute *attribute)
{
    static const struct ct_attribute text = {.type = {.name = {CT_XML_SCHEMA, "string"}}};
    const struct ct_attribute *global =
        attribute->is_reference
            ? ct_table_find(&builder->shapes->model->table, CT_KIND_ATTRIBUTE, attribute->name)
            : attribute;
    return global ? global : &text;
}

static void add_attribute(struct builder *builder, const struct ct_attribute *attribute)
{
    struct ct_shape *shape = builder->shape;
    struct ct_shape_attribute *new = take(builder, sizeof *new);
    if (!new)
        return;
    struct ct_shape_attribute *old = add(builder, ATTRIBUTE_BY_NAME, attribute->name, new);
    if (!old)
        return;
    const struct ct_attribute *global = referred(builder, attribute);
    bool is_first = old == new;
    if (is_first) { /* a derived type's takes the place of what it inherits */
        *builder->last_attribute = new;
        builder->last_attribute = &new->next;
        new->name = attribute->name;
        new->key = attribute->name.local;
        if (add(builder, ATTRIBUTE_BY_KEY, (struct ct_name){"", new->key}, new) != new) {
            new->key = make_key(builder, attribute->name);
            if (new->key)
                add(builder, ATTRIBUTE_BY_KEY, (struct ct_name){"", new->key}, new);
        }
    }
    old->is_required = attribute->is_required;
    if (is_first || global->type.type || global->type.name.local)
        old->type = global->type;
    old->fixed = attribute->fixed ? attribute->fixed : global->fixed;
    old->preset = attribute->preset ? attribute->preset : global->preset;
    old->documentation =
        attribute->documentation ? attribute->documentation : global->documentation;
    if (attribute->is_prohibited) {
        drop_attribute(shape, builder, old);
        old->key = NULL; /* nobody finds it any more */
    }
}

static void add_attributes(struct builder *builder, const struct ct_attribute *first,
                           struct ct_place place)
{
    if (!enter(builder, place))
        return;
    for (const struct ct_attribute *a = first; a && !builder->err; a = a->next) {
        if (!a->is_group) {
            add_attribute(builder, a);
            continue;
        }
        const struct ct_attribute_group *group =
            ct_table_find(&builder->shapes->model->table, CT_KIND_ATTRIBUTE_GROUP, a->name);
        if (builder->shapes->slots_left == 0)
            builder->err = ct_error_set(builder->error, CT_ELIMIT,
                                        "%s, line %d: the types refer to too many groups",
                                        place.document, place.line);
        else if (group) /* one that wasn't read has no attributes that would be needed */
            builder->shapes->slots_left--, add_attributes(builder, group->attributes, place);
    }
    builder->depth--;
}

/* ---- types ------------------------------------------------------------------------------------
 */

/* Adds what a complex type holds: an extension what its base does, and more; a restriction what it
 * says itself, but for the base's attributes. */
static void add_type(struct builder *builder, const struct ct_type *type, bool with_content)
{
    if (!enter(builder, type->place))
        return;
    if (type->unsupported && !builder->err)
        builder->err = ct_error_unsupported(
            builder->error, "%s, line %d: type %.150s %s", type->place.document, type->place.line,
            type->name.local ? type->name.local : "without a name", type->unsupported);
    const struct ct_type *base =
        type->base.name.local ? ct_model_type(builder->shapes->model, type->base.name) : NULL;
    if (type->base.name.local && !base)
        undefined(builder, type->place, "type", type->base.name);
    if (base && base->is_complex && !builder->err)
        add_type(builder, base, with_content && type->is_extension);
    if (with_content && type->content) {
        struct ct_slot *slot = add_particle(builder, type->content, builder->shape->content);
        struct ct_slot **last = &builder->shape->content->first;
        while (*last)
            last = &(*last)->next;
        *last = slot;
    }
    add_attributes(builder, type->attributes, type->place);
    builder->depth--;
}

static void fill(struct builder *builder, const struct ct_type *type)
{
    struct ct_shape *shape = builder->shape;
    shape->type = type;
    shape->is_any = ct_model_is_any(type);
    shape->is_mixed = type->is_mixed || shape->is_any;
    if (shape->is_any || !type->is_complex || type->has_simple_content)
        shape->simple = shape->is_any ? ct_builtin_string() : type;
    else if (shape->is_mixed)
        shape->simple = ct_builtin_string();
    if (!type->is_complex)
        return;
    shape->content = take(builder, sizeof *shape->content);
    if (!shape->content)
        return;
    shape->content->kind = CT_PARTICLE_SEQUENCE;
    shape->content->least = shape->content->most = 1;
    shape->content->place = type->place;
    add_type(builder, type, !type->has_simple_content);
    if (!shape->content->first)
        shape->content = NULL;
}

void ct_shape_begin(struct ct_shapes *shapes, const struct ct_model *model, struct ct_pool *pool)
{
    *shapes = (struct ct_shapes){.model = model, .pool = pool, .slots_left = CT_SHAPE_SLOTS};
    ct_table_init(&shapes->table);
}

enum ct_err ct_shape_of(struct ct_shapes *shapes, const struct ct_type *type,
                        const struct ct_shape **shape, struct ct_error *error)
{
    char number[24];
    snprintf(number, sizeof number, "%p", (const void *)type);
    struct ct_shape *there = ct_table_find(&shapes->table, 0, (struct ct_name){"", number});
    if (there) {
        *shape = there;
        return CT_OK;
    }
    struct builder builder = {.shapes = shapes, .error = error};
    builder.shape = take(&builder, sizeof *builder.shape);
    const char *key = ct_pool_copy(shapes->pool, number, strlen(number));
    if (!builder.shape || !key)
        return ct_pool_error(shapes->pool, "what the types hold", error);
    builder.last_attribute = &builder.shape->attributes;
    ct_table_init(&builder.shape->by_name);
    fill(&builder, type);
    if (builder.err)
        return builder.err;
    if (!ct_table_add(&shapes->table, shapes->pool, 0, (struct ct_name){"", key}, builder.shape))
        return ct_pool_error(shapes->pool, "what the types hold", error);
    *shape = builder.shape;
    return CT_OK;
}

enum ct_err ct_shape_of_element(struct ct_shapes *shapes, const struct ct_element *element,
                                const struct ct_shape **shape, struct ct_error *error)
{
    const struct ct_type *type = ct_model_used(shapes->model, &element->type);
    if (!type)
        return ct_error_set(error, CT_ECONTRACT,
                            "%s, line %d: the type {%.150s}%.100s of %.100s isn't defined",
                            element->place.document, element->place.line, element->type.name.ns,
                            element->type.name.local, element->name.local);
    return ct_shape_of(shapes, type, shape, error);
}

enum ct_err ct_shape_of_slot(struct ct_shapes *shapes, const struct ct_slot *slot,
                             const struct ct_shape **shape, struct ct_error *error)
{
    enum ct_err err = CT_OK;
    if (!slot->shape) {
        const struct ct_shape *made = NULL;
        err = ct_shape_of_element(shapes, slot->element, &made, error);
        ((struct ct_slot *)slot)->shape = made;
    }
    *shape = slot->shape;
    return err;
}

const struct ct_slot *ct_shape_slot(const struct ct_shape *shape, struct ct_name name)
{
    return ct_table_find(&shape->by_name, BY_NAME, name);
}

const struct ct_slot *ct_shape_slot_called(const struct ct_shape *shape, const char *key)
{
    return ct_table_find(&shape->by_name, BY_KEY, (struct ct_name){"", key});
}

const struct ct_shape_attribute *ct_shape_attribute(const struct ct_shape *shape,
                                                    struct ct_name name)
{
    const struct ct_shape_attribute *found =
        ct_table_find(&shape->by_name, ATTRIBUTE_BY_NAME, name);
    return found && found->key ? found : NULL;
}

const struct ct_shape_attribute *ct_shape_attribute_called(const struct ct_shape *shape,
                                                           const char *key)
{
    const struct ct_shape_attribute *found =
        ct_table_find(&shape->by_name, ATTRIBUTE_BY_KEY, (struct ct_name){"", key});
    return found && found->key ? found : NULL;
}

bool ct_shape_is_optional(const struct ct_slot *slot)
{
    if (slot->least == 0)
        return true;
    if (slot->kind == CT_PARTICLE_ELEMENT || slot->kind == CT_PARTICLE_ANY)
        return false;
    bool is_choice = slot->kind == CT_PARTICLE_CHOICE;
    for (const struct ct_slot *child = slot->first; child; child = child->next)
        if (ct_shape_is_optional(child) == is_choice)
            return is_choice;
    return !is_choice || !slot->first;
}

const struct ct_slot *ct_shape_next(const struct ct_shape *shape, const struct ct_slot *slot)
{
    const struct ct_slot *at = slot ? slot : shape->content;
    while (at) {
        if (at->first && at->kind != CT_PARTICLE_ELEMENT) {
            at = at->first;
        } else {
            while (at && !at->next)
                at = at->parent;
            at = at ? at->next : NULL;
        }
        if (at && at->kind == CT_PARTICLE_ELEMENT)
            return at;
    }
    return NULL;
}
