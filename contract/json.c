/* See json.h. */
#include "contract/json.h"

#include <ctype.h>

static void break_line(struct ct_json *json)
{
    if (json->indent == 0)
        return;
    ct_text_add(json->out, "\n", 1);
    for (unsigned i = 0; i < json->indent * json->level; i++)
        ct_text_add(json->out, " ", 1);
}

/* Bytes that are no UTF-8 never come here: what is written was read as XML. */
static void put_string(struct ct_text *out, const char *value)
{
    ct_text_add(out, "\"", 1);
    const char *run = value;
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        bool is_c1 = c == 0xC2 && (unsigned char)value[1] >= 0x80 && (unsigned char)value[1] < 0xA0;
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F && !is_c1)
            continue;
        ct_text_add(out, run, (size_t)(value - run));
        if (is_c1) /* a terminal may take it as a command */
            c = (unsigned char)*++value;
        run = value + 1;
        if (c == '"' || c == '\\')
            ct_text_print(out, "\\%c", c);
        else if (c == '\n' || c == '\r' || c == '\t')
            ct_text_put(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else
            ct_text_print(out, "\\u%04x", c);
    }
    ct_text_add(out, run, (size_t)(value - run));
    ct_text_add(out, "\"", 1);
}

/* What stands before a value: comma, line, name. */
static void begin_value(struct ct_json *json, const char *name)
{
    if (json->has_value)
        ct_text_put(json->out, json->indent ? "," : ", ");
    if (json->level > 0)
        break_line(json);
    json->has_value = true;
    if (name) {
        put_string(json->out, name);
        ct_text_add(json->out, ": ", 2);
    }
}

void ct_json_begin(struct ct_json *json, const char *name, char bracket)
{
    begin_value(json, name);
    ct_text_add(json->out, &bracket, 1);
    json->level++;
    json->has_value = false;
}

void ct_json_end(struct ct_json *json, char bracket)
{
    json->level--;
    if (json->has_value)
        break_line(json);
    ct_text_add(json->out, &bracket, 1);
    json->has_value = true;
}

void ct_json_string(struct ct_json *json, const char *name, const char *value)
{
    begin_value(json, name);
    put_string(json->out, value);
}

void ct_json_bool(struct ct_json *json, const char *name, bool value)
{
    ct_json_raw(json, name, value ? "true" : "false");
}

void ct_json_integer(struct ct_json *json, const char *name, long long value)
{
    begin_value(json, name);
    ct_text_print(json->out, "%lld", value);
}

void ct_json_null(struct ct_json *json, const char *name)
{
    ct_json_raw(json, name, "null");
}

void ct_json_raw(struct ct_json *json, const char *name, const char *value)
{
    begin_value(json, name);
    ct_text_put(json->out, value);
}

static bool skip_digits(const char **at)
{
    const char *first = *at;
    while (isdigit((unsigned char)**at))
        ++*at;
    return *at > first;
}

bool ct_json_is_number(const char *text)
{
    if (*text == '-')
        text++;
    if (*text == '0')
        text++;
    else if (!skip_digits(&text))
        return false;
    if (*text == '.' && (text++, !skip_digits(&text)))
        return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        if (*text == '+' || *text == '-')
            text++;
        if (!skip_digits(&text))
            return false;
    }
    return *text == '\0';
}
