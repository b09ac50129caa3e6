/* See value_text.h. */
#include "contract/value_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lines ---------------------------------------------------------------------------------- */

static void put_path_name(struct ct_text *path, const char *key)
{
    if (path->len)
        ct_text_put(path, ".");
    if (*key == '{') { /* braces quote all that is in them */
        const char *end = strchr(key, '}');
        size_t len = end ? (size_t)(end - key) + 1 : 0;
        ct_text_add(path, key, len);
        key += len;
    }
    for (; *key; key++)
        ct_text_print(path, *key == '.' ? "\\%c" : "%c", *key);
}

/* The character at text as it stands in a line: NULL, as it is. */
static const char *escape_of(const char *text, bool is_path, char escape[8])
{
    unsigned char c = (unsigned char)*text, behind = (unsigned char)text[1];
    if (c == '\\' && !is_path)
        return "\\\\";
    if (c == '\n' || c == '\r' || c == '\t')
        return c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    if (c < 0x20 || c == 0x7F)
        snprintf(escape, 8, "\\x%02x", c);
    else if (c == 0xC2 && behind >= 0x80 && behind < 0xA0)
        snprintf(escape, 8, "\\u%04x", behind);
    else
        return NULL;
    return escape;
}

static void put_escaped(struct ct_text *out, const char *text, bool is_path)
{
    const char *run = text;
    char escape[8];
    for (; *text; text++) {
        const char *other = escape_of(text, is_path, escape);
        if (!other)
            continue;
        ct_text_add(out, run, (size_t)(text - run));
        ct_text_put(out, other);
        text += (unsigned char)*text == 0xC2;
        run = text + 1;
    }
    ct_text_add(out, run, (size_t)(text - run));
}

static void put_line(const struct ct_text *path, const struct ct_value *value, struct ct_text *out)
{
    if (ct_text_failed(path))
        out->no_memory = true;
    put_escaped(out, path->bytes ? path->bytes : "", true);
    ct_text_put(out, value->is_nil ? ":=" : "=");
    put_escaped(out, value->text && !value->is_nil ? value->text : "", false);
    ct_text_put(out, "\n");
}

static void put_groups(struct ct_text *path, const struct ct_value *value, struct ct_text *out);

/* Whether one of the group needs more than one line. */
static bool is_complex(const struct ct_value_group *group)
{
    const struct ct_value *value = group->first;
    while (value && !value->groups)
        value = value->next;
    return value != NULL;
}

static void put_group(struct ct_text *path, const struct ct_value_group *group, struct ct_text *out)
{
    size_t before = path->len, number = 0;
    bool is_numbered = (group->is_array || group->count > 1) && is_complex(group);
    for (const struct ct_value *value = group->first; value; value = value->next) {
        if (group->is_attribute && before)
            ct_text_put(path, ".");
        if (group->is_attribute)
            ct_text_put(path, "@");
        if (group->is_attribute)
            ct_text_put(path, group->key);
        else
            put_path_name(path, group->key);
        if (value->type)
            ct_text_print(path, "<%s>", value->type);
        if (is_numbered)
            ct_text_print(path, "[%zu]", ++number);
        if (value->text || value->is_nil || !value->groups)
            put_line(path, value, out);
        put_groups(path, value, out);
        ct_text_cut(path, before);
    }
}

static void put_groups(struct ct_text *path, const struct ct_value *value, struct ct_text *out)
{
    const struct ct_value_group *group = value->groups;
    for (; group && !ct_text_failed(out); group = group->next)
        put_group(path, group, out);
}

void ct_value_text_lines(const struct ct_value *value, struct ct_text *out)
{
    struct ct_text path = {0};
    put_groups(&path, value, out);
    ct_text_fini(&path);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

/* A number as JSON writes it, digit by digit as it came; NULL: JSON can't express it. number has
 * room for as many bytes as text, and two more. */
static const char *number_of(const char *text, char *number)
{
    size_t len = 0;
    text += strspn(text, " \t\r\n");
    if (*text == '-')
        number[len++] = '-';
    text += *text == '-' || *text == '+';
    while (text[0] == '0' && text[1] >= '0' && text[1] <= '9')
        text++;
    if (*text == '.')
        number[len++] = '0';
    for (; *text && !strchr(" \t\r\n", *text); text++) {
        bool is_lonely_point = *text == '.' && (text[1] < '0' || text[1] > '9');
        if (!is_lonely_point)
            number[len++] = *text;
    }
    number[len] = '\0';
    return ct_json_is_number(number) ? number : NULL;
}

/* Whether text is the word, white space around it aside. */
static bool is_word(const char *text, const char *word)
{
    text += strspn(text, " \t\r\n");
    size_t len = strcspn(text, " \t\r\n");
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

static void put_text(struct ct_json *json, const char *name, const struct ct_value *value)
{
    const char *text = value->text ? value->text : "";
    bool is_true = is_word(text, "true") || is_word(text, "1");
    bool is_false = is_word(text, "false") || is_word(text, "0");
    char few[64];
    size_t len = strlen(text);
    char *number = len + 3 <= sizeof few ? few : NULL; /* longer ones are no numbers of 32 bits */
    const char *written = value->json == CT_JSON_NUMBER && number ? number_of(text, number) : NULL;
    if (value->is_nil)
        ct_json_null(json, name);
    else if (value->json == CT_JSON_BOOLEAN && (is_true || is_false))
        ct_json_bool(json, name, is_true);
    else if (written)
        ct_json_raw(json, name, written);
    else
        ct_json_string(json, name, text);
}

static void put_members(struct ct_json *json, const struct ct_value *value);

static void put_value(struct ct_json *json, const char *name, const struct ct_value *value)
{
    if (!value->is_object) {
        put_text(json, name, value);
        return;
    }
    ct_json_begin(json, name, '{');
    put_members(json, value);
    ct_json_end(json, '}');
}

static void put_member(struct ct_json *json, const struct ct_value_group *group)
{
    char name[256];
    size_t len = strlen(group->key);
    char *longer = group->is_attribute && len + 2 > sizeof name ? malloc(len + 2) : NULL;
    char *attribute = longer ? longer : name;
    const char *key = group->key;
    if (group->is_attribute && (longer || len + 2 <= sizeof name)) {
        snprintf(attribute, len + 2, "@%s", group->key);
        key = attribute;
    } else if (group->is_attribute) {
        json->out->no_memory = true;
    }
    bool is_array = group->is_array || group->count > 1;
    if (is_array)
        ct_json_begin(json, key, '[');
    for (const struct ct_value *v = group->first; v && !ct_text_failed(json->out); v = v->next)
        put_value(json, is_array ? NULL : key, v);
    if (is_array)
        ct_json_end(json, ']');
    free(longer);
}

static void put_members(struct ct_json *json, const struct ct_value *value)
{
    if (value->type)
        ct_json_string(json, "@xsi:type", value->type);
    const struct ct_value_group *group = value->groups;
    for (; group && !ct_text_failed(json->out); group = group->next)
        put_member(json, group);
    if (value->text || value->is_nil)
        put_text(json, "#text", value);
}

void ct_value_text_json(const struct ct_value *value, struct ct_json *json)
{
    ct_json_begin(json, NULL, '{');
    put_members(json, value);
    ct_json_end(json, '}');
}
