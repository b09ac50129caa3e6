/* See literal.h. */
#include "contract/literal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/nearest.h"

#define WHITE " \t\r\n"

/* What a type restricts: by name, in place, or (with simple content) in place within. */
static const struct ct_type *base_of(const struct ct_model *model, const struct ct_type *type)
{
    if (type->has_simple_content && type->item.type)
        return type->item.type;
    return ct_model_used(model, &type->base);
}

const struct ct_builtin *ct_literal_builtin(const struct ct_model *model,
                                            const struct ct_type *type)
{
    for (int i = 0; type && i < CT_MODEL_DERIVATIONS; i++) {
        if (type->builtin)
            return type->builtin;
        if (type->is_list || type->is_union)
            return NULL;
        type = base_of(model, type);
    }
    return NULL;
}

const char *const *ct_literal_words(const struct ct_model *model, const struct ct_type *type)
{
    for (int i = 0; type && i < CT_MODEL_DERIVATIONS && !type->builtin; i++) {
        if (type->facets.words)
            return type->facets.words;
        type = type->is_list ? ct_model_used(model, &type->item) : base_of(model, type);
    }
    return NULL;
}

const char *ct_literal_type_text(const struct ct_model *model, const struct ct_type *type)
{
    bool is_simple = !type->is_complex || type->has_simple_content;
    const struct ct_builtin *builtin =
        is_simple && !ct_literal_words(model, type) ? ct_literal_builtin(model, type) : NULL;
    return builtin ? builtin->name : ct_model_type_text(model, type);
}

/* value without the white space around it; malloc'ed. */
static char *trim(const char *value)
{
    value += strspn(value, WHITE);
    size_t len = strlen(value);
    while (len > 0 && strchr(WHITE, value[len - 1]))
        len--;
    return strndup(value, len);
}

static bool has_word(const char *const *words, const char *value)
{
    while (*words && strcmp(*words, value) != 0)
        words++;
    return *words != NULL;
}

/* As the facets of length count: characters, bytes, or items. */
static long length_of(const struct ct_type *type, const struct ct_builtin *builtin,
                      const char *value)
{
    long count = 0;
    if (type->is_list || !builtin) {
        for (; *(value += strspn(value, WHITE)); value += strcspn(value, WHITE))
            count++;
        return count;
    }
    if (strcmp(builtin->name, "hexBinary") == 0)
        return (long)strlen(value) / 2;
    bool is_base64 = strcmp(builtin->name, "base64Binary") == 0;
    for (; *value; value++)
        count += is_base64 ? !strchr(WHITE "=", *value) : ((unsigned char)*value & 0xC0) != 0x80;
    return is_base64 ? count * 3 / 4 : count;
}

static bool check_length(const struct ct_type *type, const struct ct_builtin *builtin,
                         const char *value, char why[CT_LITERAL_WHY_BYTES])
{
    const struct ct_facets *facets = &type->facets;
    if (facets->length < 0 && facets->least_length < 0 && facets->most_length < 0)
        return true;
    long length = length_of(type, builtin, value);
    if (facets->length >= 0 && length != facets->length)
        snprintf(why, CT_LITERAL_WHY_BYTES, "has the length %ld, not %ld", length, facets->length);
    else if (length < facets->least_length)
        snprintf(why, CT_LITERAL_WHY_BYTES, "has the length %ld, less than %ld", length,
                 facets->least_length);
    else if (facets->most_length >= 0 && length > facets->most_length)
        snprintf(why, CT_LITERAL_WHY_BYTES, "has the length %ld, more than %ld", length,
                 facets->most_length);
    else
        return true;
    return false;
}

static bool check_bounds(const struct ct_facets *facets, const struct ct_builtin *builtin,
                         const char *value, char why[CT_LITERAL_WHY_BYTES])
{
    const struct {
        const char *bound, *text;
        int sign;
        bool may_be_equal;
    } bounds[] = {{facets->least, "is less than", -1, true},
                  {facets->most, "is more than", 1, true},
                  {facets->above, "isn't more than", -1, false},
                  {facets->below, "isn't less than", 1, false}};
    for (size_t i = 0; builtin && i < sizeof bounds / sizeof bounds[0]; i++) {
        if (!bounds[i].bound)
            continue;
        int order = ct_builtin_compare(builtin, value, bounds[i].bound);
        if (order == bounds[i].sign || (order == 0 && !bounds[i].may_be_equal)) {
            snprintf(why, CT_LITERAL_WHY_BYTES, "%s %.60s", bounds[i].text, bounds[i].bound);
            return false;
        }
    }
    return true;
}

static bool check_facets(const struct ct_model *model, const struct ct_type *type,
                         const char *value, const char *trimmed, char why[CT_LITERAL_WHY_BYTES])
{
    const struct ct_builtin *builtin = ct_literal_builtin(model, type);
    const char *exact = builtin && builtin->keeps_space ? value : trimmed;
    if (type->facets.words && !has_word(type->facets.words, exact)) {
        struct ct_nearest nearest = {.typed = exact};
        char list[CT_NEAREST_BYTES];
        for (const char *const *word = type->facets.words; *word; word++)
            ct_nearest_tell(&nearest, *word);
        snprintf(why, CT_LITERAL_WHY_BYTES, "is none of %s", ct_nearest_list(&nearest, list));
        return false;
    }
    return check_length(type, builtin, exact, why) &&
           check_bounds(&type->facets, builtin, trimmed, why);
}

/* A look at one value. Invariant: at most STEPS types are looked at, whatever unions of unions a
 * stranger has written. */
struct look {
    const struct ct_model *model;
    unsigned steps_left;
};

enum { STEPS = 100000 };

static bool is_valid(struct look *look, const struct ct_type *type, const char *value,
                     unsigned depth, char why[CT_LITERAL_WHY_BYTES]);

static bool check_items(struct look *look, const struct ct_type *type, const char *value,
                        unsigned depth, char why[CT_LITERAL_WHY_BYTES])
{
    const struct ct_type *item = ct_model_used(look->model, &type->item);
    for (; item && *(value += strspn(value, WHITE)); value += strcspn(value, WHITE)) {
        char *one = strndup(value, strcspn(value, WHITE));
        char inner[CT_LITERAL_WHY_BYTES];
        bool ok = one && is_valid(look, item, one, depth, inner);
        if (!ok)
            snprintf(why, CT_LITERAL_WHY_BYTES, "has the item '%.60s', which %.300s",
                     one ? one : "", one ? inner : "there is no memory for");
        free(one);
        if (!ok)
            return false;
    }
    return true;
}

static bool check_members(struct look *look, const struct ct_type *type, const char *value,
                          unsigned depth, char why[CT_LITERAL_WHY_BYTES])
{
    for (size_t i = 0; i < type->member_count; i++) {
        const struct ct_type *member = ct_model_used(look->model, &type->members[i]);
        if (!member || is_valid(look, member, value, depth, why))
            return true;
    }
    return type->member_count == 0;
}

/* depth: how much further it goes into types of types, of which a stranger may write circles. */
static bool is_valid(struct look *look, const struct ct_type *type, const char *value,
                     unsigned depth, char why[CT_LITERAL_WHY_BYTES])
{
    if (depth == 0 || !type || look->steps_left == 0)
        return true;
    look->steps_left--;
    char *trimmed = trim(value);
    if (!trimmed) {
        snprintf(why, CT_LITERAL_WHY_BYTES, "can't be looked at: memory is short");
        return false;
    }
    bool ok;
    if (type->builtin) {
        ok = ct_builtin_accepts(type->builtin, type->builtin->keeps_space ? value : trimmed);
        if (!ok)
            snprintf(why, CT_LITERAL_WHY_BYTES, "is no %s", type->builtin->name);
    } else if (type->is_list) {
        ok = check_items(look, type, trimmed, depth - 1, why);
    } else if (type->is_union) {
        ok = check_members(look, type, value, depth / 4, why);
    } else {
        ok = is_valid(look, base_of(look->model, type), value, depth - 1, why);
    }
    ok = ok && check_facets(look->model, type, value, trimmed, why);
    free(trimmed);
    return ok;
}

bool ct_literal_is_valid(const struct ct_model *model, const struct ct_type *type,
                         const char *value, char why[CT_LITERAL_WHY_BYTES])
{
    struct look look = {model, STEPS};
    return is_valid(&look, type, value, CT_MODEL_DERIVATIONS, why);
}

/* A text of the least length that fits; a facet of a base is seen unless one nearer says more. */
static void add_length(const struct ct_model *model, const struct ct_type *type,
                       const struct ct_builtin *builtin, struct ct_text *out)
{
    long least = -1, most = -1;
    for (int i = 0; type && !type->builtin && i < CT_MODEL_DERIVATIONS; i++) {
        const struct ct_facets *facets = &type->facets;
        if (least < 0)
            least = facets->length >= 0 ? facets->length : facets->least_length;
        if (most < 0)
            most = facets->length >= 0 ? facets->length : facets->most_length;
        type = base_of(model, type);
    }
    if (most == 0 || (least <= 1 && strcmp(builtin->name, "hexBinary") != 0 &&
                      strcmp(builtin->name, "base64Binary") != 0)) {
        ct_text_put(out, most == 0 ? "" : builtin->sample);
        return;
    }
    least = least < 1 ? 1 : least > 1000 ? 1000 : least;
    bool is_base64 = strcmp(builtin->name, "base64Binary") == 0;
    const char *unit = strcmp(builtin->name, "hexBinary") == 0 ? "00" : is_base64 ? "AAAA" : "x";
    for (long i = is_base64 ? 3 : 1; i <= least; i += is_base64 ? 3 : 1)
        ct_text_put(out, unit);
    if (is_base64 && least % 3)
        ct_text_put(out, least % 3 == 1 ? "AA==" : "AAA=");
}

/* depth: of lists and unions in each other. */
static void add_sample(const struct ct_model *model, const struct ct_type *type, unsigned depth,
                       struct ct_text *out)
{
    const struct ct_type *at = type;
    const char *above = NULL;
    long items = -1;
    for (int i = 0; at && depth > 0 && i < CT_MODEL_DERIVATIONS && !at->builtin; i++) {
        const struct ct_facets *facets = &at->facets;
        const char *bound = facets->least ? facets->least : facets->most;
        if ((facets->words && facets->words[0]) || (bound && !above)) {
            ct_text_put(out, facets->words && facets->words[0] ? facets->words[0] : bound);
            return;
        }
        above = above ? above : facets->above;
        items = items > 0 ? items : facets->length > 0 ? facets->length : facets->least_length;
        for (long n = 0; at->is_list && (n == 0 || n < items) && n < 100; n++) {
            ct_text_put(out, n ? " " : "");
            add_sample(model, ct_model_used(model, &at->item), depth - 1, out);
        }
        if (at->is_union && at->member_count)
            add_sample(model, ct_model_used(model, &at->members[0]), depth - 1, out);
        if (at->is_list || at->is_union)
            return;
        at = base_of(model, at);
    }
    if (!at || !at->builtin)
        return;
    if (above) /* the next whole number is one of most types */
        ct_text_print(out, "%lld", strtoll(above, NULL, 10) + 1);
    else
        add_length(model, type, at->builtin, out);
}

void ct_literal_sample(const struct ct_model *model, const struct ct_type *type,
                       struct ct_text *out)
{
    add_sample(model, type, 3, out);
}
