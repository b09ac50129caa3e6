/* fact.c - facts in a list of bytes.
 *
 * Invariant: fact.h. Failure: no memory: the list that is being made has failed, and isn't given
 * out.
 */
#include "wire/fact.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static bool is_short(const char *text)
{
    return strnlen(text, SX_FACT_BYTES) < SX_FACT_BYTES;
}

void sx_facts_add(struct sx_facts *facts, const char *kind, const char *name, const char *value)
{
    size_t value_len;
    kind = kind ? kind : "";
    name = name ? name : "";
    value = value ? value : "";
    if (!*kind || !is_short(kind) || !is_short(name) || facts->count == SX_FACTS)
        return;
    value_len = strnlen(value, SX_FACT_BYTES);
    if (value_len == SX_FACT_BYTES)
        value_len = sx_utf8_cut(value, SX_FACT_BYTES - 1);
    sx_buffer_add(&facts->bytes, kind, strlen(kind) + 1);
    sx_buffer_add(&facts->bytes, name, strlen(name) + 1);
    sx_buffer_add(&facts->bytes, value, value_len);
    sx_buffer_add(&facts->bytes, "", 1);
    facts->count++;
}

char *sx_facts_take(struct sx_facts *facts)
{
    size_t len;
    /* the NUL that ends every buffer is the empty kind that ends the list */
    char *list = sx_buffer_take(&facts->bytes, &len);
    *facts = (struct sx_facts){0};
    return list;
}

const char *sx_facts_next(const char *list, struct sx_fact *fact)
{
    if (!*list)
        return NULL;
    fact->kind = list;
    fact->name = fact->kind + strlen(fact->kind) + 1;
    fact->value = fact->name + strlen(fact->name) + 1;
    return fact->value + strlen(fact->value) + 1;
}

char *sx_facts_copy(const char *list)
{
    struct sx_fact fact;
    const char *end = list, *next;
    char *copy;
    while ((next = sx_facts_next(end, &fact)) != NULL)
        end = next;
    copy = malloc((size_t)(end - list) + 1);
    return copy ? memcpy(copy, list, (size_t)(end - list) + 1) : NULL;
}
