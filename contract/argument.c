/* See argument.h.
 *
 * An argument is read from left to right, a step at a time: name, <TYPE>, [N]; then '.' and the
 * next one, or what the value is. */
#include "contract/argument.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 1024 };

/* One argument while it is read. */
struct scan {
    struct ct_arguments *arguments;
    const char *text, *at; /* the whole; what isn't read yet */
    size_t order;
    struct ct_error *error;
};

/* A step of a path. */
struct step {
    char key[KEY_BYTES];
    bool is_attribute;
    const char *type; /* in the pool, or NULL */
    size_t number;    /* 0: none was given */
};

static enum ct_err complain(const struct scan *scan, const char *why)
{
    return ct_error_set(scan->error, CT_EUSAGE, "argument '%.150s': %s", scan->text, why);
}

static void *take(const struct scan *scan, size_t bytes)
{
    return ct_pool_take(scan->arguments->pool, bytes);
}

static enum ct_err no_room(const struct scan *scan)
{
    return ct_pool_error(scan->arguments->pool, "the arguments", scan->error);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Where the name at `at` ends, the first end at or behind `from`; its text without '\' in key.
 * NULL: it is too long. */
static const char *read_name(const char *at, const char *from, char key[KEY_BYTES])
{
    size_t len = 0;
    int braces = 0;
    for (; *at; at++) {
        if (*at == '{' && len == 0)
            braces = 1;
        bool is_end = !braces && strchr(".[<=", *at);
        if (is_end && (*at != '.' || at >= from))
            break;
        if (!braces && at[0] == ':' && at[1] == '=')
            break;
        if (*at == '}')
            braces = 0;
        if (*at == '\\' && at[1])
            at++;
        if (len + 1 >= KEY_BYTES)
            return NULL;
        key[len++] = *at;
    }
    key[len] = '\0';
    return at;
}

/* The name of a step: the shortest that parent has, since names may have dots in them. */
static const char *choose_name(const struct scan *scan, const struct ct_argument *parent,
                               char key[KEY_BYTES])
{
    const struct ct_arguments *arguments = scan->arguments;
    const char *end = read_name(scan->at, scan->at, key);
    while (end && arguments->has && *end == '.' && !arguments->has(arguments->context, parent, key))
        end = read_name(scan->at, end + 1, key);
    if (!end || !arguments->has || arguments->has(arguments->context, parent, key))
        return end;
    return read_name(scan->at, scan->at, key);
}

static enum ct_err read_step(struct scan *scan, const struct ct_argument *parent, struct step *step)
{
    *step = (struct step){.is_attribute = *scan->at == '@'};
    if (step->is_attribute)
        scan->at++;
    const char *end = step->is_attribute
                          ? read_name(scan->at, scan->at + strlen(scan->at), step->key)
                          : choose_name(scan, parent, step->key);
    if (!end)
        return complain(scan, "a name is too long");
    if (!step->key[0])
        return complain(scan, "a name is missing; it has to be like NAME=VALUE");
    scan->at = end;
    if (*scan->at == '<') {
        const char *close = strchr(scan->at, '>');
        if (!close)
            return complain(scan, "a '>' is missing behind the type");
        step->type =
            ct_pool_copy(scan->arguments->pool, scan->at + 1, (size_t)(close - scan->at - 1));
        if (!step->type)
            return no_room(scan);
        scan->at = close + 1;
    }
    if (*scan->at == '[') {
        char *close;
        long number = isdigit((unsigned char)scan->at[1]) ? strtol(scan->at + 1, &close, 10) : 0;
        if (number < 1 || number > CT_REQUEST_ARGUMENTS || *close != ']')
            return complain(scan, "what is in [] has to be a number from 1");
        step->number = (size_t)number;
        scan->at = close + 1;
    }
    return CT_OK;
}

static char *encode_base64(struct ct_pool *pool, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = ct_pool_take(pool, (len + 2) / 3 * 4 + 1), *at = out;
    for (size_t i = 0; out && i < len; i += 3) {
        unsigned word = (unsigned)bytes[i] << 16;
        word |= i + 1 < len ? (unsigned)bytes[i + 1] << 8 : 0;
        word |= i + 2 < len ? bytes[i + 2] : 0;
        *at++ = digits[word >> 18];
        *at++ = digits[word >> 12 & 63];
        *at++ = i + 1 < len ? digits[word >> 6 & 63] : '=';
        *at++ = i + 2 < len ? digits[word & 63] : '=';
    }
    return out;
}

static enum ct_err read_file(struct scan *scan, const char *path, bool is_binary,
                             const char **value)
{
    struct ct_arguments *arguments = scan->arguments;
    char *bytes = NULL, why[200] = "";
    size_t len = 0;
    if (!arguments->form->read_file)
        return complain(scan, "files aren't read here");
    if (arguments->form->read_file(arguments->form->file_context, path, arguments->bytes_left,
                                   &bytes, &len, why, sizeof why))
        return complain(scan, why);
    arguments->bytes_left -= len < arguments->bytes_left ? len : arguments->bytes_left;
    char *copy = is_binary ? encode_base64(arguments->pool, (unsigned char *)bytes, len)
                           : ct_pool_copy(arguments->pool, bytes, len);
    free(bytes);
    if (!copy)
        return no_room(scan);
    if (!is_binary && (strlen(copy) != len || !ct_text_is_xml(copy)))
        return complain(scan, "the file isn't text that XML can carry; '@@' sends it as base64");
    *value = copy;
    return CT_OK;
}

/* What stands behind '=' or ':='. */
static enum ct_err read_value(struct scan *scan, struct ct_argument *argument)
{
    enum ct_err err = CT_OK;
    const char *value = NULL;
    if (*scan->at == ':') {
        if (scan->at[2])
            return complain(scan, "nothing can stand behind ':=', which means nil");
        argument->is_nil = argument->has_value = true;
        argument->value = "";
        return CT_OK;
    }
    const char *text = scan->at + 1;
    if (*text == '@') {
        bool is_binary = text[1] == '@';
        err = read_file(scan, text + (is_binary ? 2 : 1), is_binary, &value);
    } else {
        if (text[0] == '\\' && (text[1] == '@' || text[1] == '\\'))
            text++;
        if (!ct_text_is_xml(text))
            return complain(scan, "it isn't text that XML can carry");
        value = ct_pool_copy(scan->arguments->pool, text, strlen(text));
        err = value ? CT_OK : no_room(scan);
    }
    argument->value = value;
    argument->has_value = true;
    return err;
}

/* ---- the tree ------------------------------------------------------------------------------- */

struct ct_argument_group *ct_argument_group(const struct ct_argument *argument, const char *key,
                                            bool is_attribute)
{
    return ct_table_find(&argument->by_key, is_attribute, (struct ct_name){"", key});
}

const char *ct_argument_path(const struct ct_argument *argument, const char *child,
                             char path[CT_ARGUMENT_PATH_BYTES])
{
    const struct ct_argument *line[CT_REQUEST_DEPTH + 1] = {NULL};
    size_t depth = 0, len = 0;
    path[0] = '\0';
    for (; argument && argument->parent && depth < CT_REQUEST_DEPTH; argument = argument->parent)
        line[depth++] = argument;
    while (depth-- > 0 && len < CT_ARGUMENT_PATH_BYTES - 1) {
        const struct ct_argument *a = line[depth];
        char number[24] = "";
        if (!a->is_attribute && a->slot && a->slot->may_repeat && (depth > 0 || child))
            snprintf(number, sizeof number, "[%zu]", a->number);
        len += (size_t)snprintf(path + len, CT_ARGUMENT_PATH_BYTES - len, "%s%s%.100s%s",
                                len ? "." : "", a->is_attribute ? "@" : "", a->key, number);
    }
    if (child && len < CT_ARGUMENT_PATH_BYTES - 1)
        snprintf(path + len, CT_ARGUMENT_PATH_BYTES - len, "%s%.100s", len ? "." : "", child);
    return path;
}

static struct ct_argument_group *group_of(struct scan *scan, struct ct_argument *parent,
                                          const struct step *step)
{
    struct ct_argument_group *group = ct_argument_group(parent, step->key, step->is_attribute);
    if (group)
        return group;
    group = take(scan, sizeof *group);
    char *key = ct_pool_copy(scan->arguments->pool, step->key, strlen(step->key));
    if (!group || !key ||
        !ct_table_add(&parent->by_key, scan->arguments->pool, step->is_attribute,
                      (struct ct_name){"", key}, group))
        return NULL;
    group->key = key;
    group->is_attribute = step->is_attribute;
    *(parent->last_group ? parent->last_group : &parent->groups) = group;
    parent->last_group = &group->next;
    return group;
}

static bool make_room(struct scan *scan, struct ct_argument_group *group)
{
    if (group->count < group->capacity)
        return true;
    size_t capacity = group->capacity ? group->capacity * 2 : 2;
    struct ct_argument **list = take(scan, capacity * sizeof(struct ct_argument *));
    if (!list)
        return false;
    if (group->count)
        memcpy(list, group->list, group->count * sizeof(struct ct_argument *));
    group->list = list;
    group->capacity = capacity;
    return true;
}

static enum ct_err add_child(struct scan *scan, struct ct_argument *parent,
                             struct ct_argument_group *group, const struct step *step,
                             struct ct_argument **added)
{
    struct ct_argument *child = take(scan, sizeof *child);
    if (!child || !make_room(scan, group))
        return no_room(scan);
    *child = (struct ct_argument){.key = group->key,
                                  .type = step->type,
                                  .is_attribute = step->is_attribute,
                                  .order = scan->order,
                                  .number = group->count + 1,
                                  .parent = parent};
    group->list[group->count++] = child;
    *(parent->last ? parent->last : &parent->first) = child;
    parent->last = &child->next;
    *added = child;
    const struct ct_arguments *arguments = scan->arguments;
    return arguments->look_up ? arguments->look_up(arguments->context, child, scan->error) : CT_OK;
}

/* The child that a step means: one that is there, or a new one. A value goes to a new one, unless
 * there is one that is named already and has neither value nor children. */
static enum ct_err find_child(struct scan *scan, struct ct_argument *parent,
                              const struct step *step, bool is_last, struct ct_argument **child)
{
    struct ct_argument_group *group = group_of(scan, parent, step);
    if (!group)
        return no_room(scan);
    struct ct_argument *newest = group->count ? group->list[group->count - 1] : NULL;
    bool waits = newest && !newest->has_value;
    for (const struct ct_argument *c = newest ? newest->first : NULL; c && waits; c = c->next)
        waits = c->is_attribute;
    if (step->number > group->count + 1)
        return complain(scan, "what is in [] is more than one behind those before");
    if (step->number && step->number <= group->count)
        *child = group->list[step->number - 1];
    else if (!step->number && newest && (is_last ? waits : true))
        *child = newest;
    else
        return add_child(scan, parent, group, step, child);
    const char *type = (*child)->type;
    if (step->type && (!type || strcmp(type, step->type) != 0))
        return complain(scan, "its type has to stand where it is named first");
    return CT_OK;
}

enum ct_err ct_argument_add(struct ct_arguments *arguments, struct ct_argument *top,
                            const char *text, size_t order, struct ct_error *error)
{
    struct scan scan = {arguments, text, text, order, error};
    struct ct_argument *at = top;
    for (unsigned depth = 0;; depth++) {
        struct step step;
        if (depth >= CT_REQUEST_DEPTH)
            return complain(&scan, "it is too deep");
        enum ct_err err = read_step(&scan, at, &step);
        bool is_last = *scan.at != '.';
        if (!err && is_last && *scan.at != '=' && strncmp(scan.at, ":=", 2) != 0)
            return complain(&scan, "it has to be like NAME=VALUE");
        if (!err && step.is_attribute && (!is_last || step.type || step.number))
            return complain(&scan, "nothing but a value can stand behind an attribute");
        if (!err)
            err = find_child(&scan, at, &step, is_last, &at);
        if (err)
            return err;
        if (is_last)
            break;
        scan.at++;
    }
    if (at->has_value)
        return complain(&scan, "it has a value already");
    return read_value(&scan, at);
}
