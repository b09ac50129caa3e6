/* See rules.h. */
#include "serve/rules.h"

#include <stdio.h>
#include <string.h>

/* Where a rule's operations begin: behind the first ':' of it; NULL: it has none. */
static const char *operations_of(const char *rule)
{
    const char *colon = strchr(rule, ':');
    return colon ? colon + 1 : NULL;
}

/* The length of the first operation at text: to the next '+' outside of its braces. */
static size_t operation_bytes(const char *text)
{
    const char *end = *text == '{' ? strchr(text, '}') : text;
    return end ? (size_t)(end - text) + strcspn(end, "+") : strlen(text);
}

static size_t next_operation(const char *text)
{
    size_t bytes = operation_bytes(text);
    return text[bytes] == '+' ? bytes + 1 : bytes;
}

static void begin(struct ct_text *out, const char *rule)
{
    size_t who_bytes = strcspn(rule, ":");
    if (out->len > 0)
        ct_text_put(out, ", ");
    ct_text_add(out, rule, who_bytes);
    ct_text_put(out, ":");
}

static bool has_namespace(const struct gw_strings *allow)
{
    for (size_t i = 0; i < allow->count; i++) {
        const char *operation = operations_of(allow->list[i]);
        if (operation && strchr(operation, '{'))
            return true;
    }
    return false;
}

bool gw_rules_check(const struct gw_strings *allow, char *why, size_t why_bytes)
{
    if (has_namespace(allow))
        return true;
    for (size_t i = 0; i < allow->count; i++) {
        const char *rule = allow->list[i], *operation = operations_of(rule);
        if (!operation)
            continue;
        snprintf(why, why_bytes,
                 "allow has \"%.80s\": it has to say in which namespace, "
                 "\"%.*s{urn:example}%.80s\"; a namespace that one rule of the list says holds "
                 "for those that say none; {} is none",
                 rule, (int)(operation - rule), rule, operation);
        return false;
    }
    return true;
}

/* The operation in each namespace that any rule of the list names. */
static void add_everywhere(struct ct_text *out, const char *rule, const struct gw_strings *allow,
                           const char *name, size_t name_bytes)
{
    for (size_t i = 0; i < allow->count; i++) {
        const char *other = operations_of(allow->list[i]);
        for (; other && *other; other += next_operation(other)) {
            size_t bytes = *other == '{' ? strcspn(other, "}") + 1 : 0;
            if (bytes == 0)
                continue;
            begin(out, rule);
            ct_text_add(out, other, bytes);
            ct_text_add(out, name, name_bytes);
        }
    }
}

void gw_rules_add(struct ct_text *out, const struct gw_strings *allow, bool with_metadata)
{
    for (size_t i = 0; i < allow->count; i++) {
        const char *rule = allow->list[i], *operation = operations_of(rule);
        if (!operation) {
            if (out->len > 0)
                ct_text_put(out, ", ");
            ct_text_put(out, rule);
            continue;
        }
        for (; *operation; operation += next_operation(operation)) {
            size_t bytes = operation_bytes(operation);
            if (*operation != '{') {
                add_everywhere(out, rule, allow, operation, bytes);
                continue;
            }
            begin(out, rule);
            ct_text_add(out, operation, bytes);
        }
        if (with_metadata) {
            begin(out, rule);
            ct_text_put(out, "{" GW_RULES_MEX "}GetMetadata");
        }
    }
}
