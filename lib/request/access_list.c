/* access_list.c - the rules of one owner. Invariant: access_list.h.
 *
 * Happy path: add... -> asked in its tables -> drop. Failure: room and memory are looked for before
 * the first rule moves; to drop needs neither.
 */
#include "request/access_list.h"

#include <string.h>

#include "request/access_draft.h"
#include "request/access_rule.h"

void sx_access_list_fini(struct sx_access_list *list)
{
    sx_access_table_fini(&list->rules);
    sx_access_table_fini(&list->known);
    sx_access_table_fini(&list->named);
}

/* ---- adding ---- */

static enum sx_err derive_from(struct sx_access_list *made, const struct sx_access_entry *rule)
{
    const char *local = sx_access_rule_local(rule->operation);
    char uri[SX_SCAN_URI_BYTES];
    enum sx_err err = sx_access_table_put(&made->known, rule->kind, rule->who, "");

    if (err == SX_OK && local != rule->operation)
        err = sx_access_table_put(&made->known, rule->kind, rule->who, local);
    if (err == SX_OK && sx_access_rule_copy_namespace(rule->operation, uri))
        err = sx_access_table_put(&made->named, SX_ACCESS_ANYBODY, "", uri);
    return err;
}

/* What the rules of a draft make known. SX_ENOMEM: some of it is missing. */
static enum sx_err derive(struct sx_access_list *made, const struct sx_access_table *draft)
{
    const struct sx_access_entry *rule = NULL;
    enum sx_err err = SX_OK;

    while (err == SX_OK && (rule = sx_access_table_next(draft, rule)))
        err = derive_from(made, rule);
    return err;
}

static enum sx_err reserve(struct sx_access_list *list, const struct sx_access_table *draft,
                           const struct sx_access_list *made)
{
    if (sx_access_table_reserve(&list->rules, draft->count) ||
        sx_access_table_reserve(&list->known, made->known.count) ||
        sx_access_table_reserve(&list->named, made->named.count))
        return SX_ENOMEM;
    return SX_OK;
}

enum sx_err sx_access_list_add(struct sx_access_list *list, struct sx_access_table *draft)
{
    struct sx_access_list made = {0};
    enum sx_err err;

    sx_access_table_subtract(draft, &list->rules); /* each rule counts once */
    if (draft->count > SX_ACCESS_RULES - list->rules.count)
        return SX_EFULL;
    err = derive(&made, draft);
    if (err == SX_OK)
        err = reserve(list, draft, &made);
    if (err == SX_OK) {
        sx_access_table_move(&list->rules, draft);
        sx_access_table_move(&list->known, &made.known);
        sx_access_table_move(&list->named, &made.named);
    }
    sx_access_list_fini(&made);
    return err;
}

/* ---- taking back ---- */

static void drop(struct sx_access_list *list, enum sx_access_who kind, const char *who,
                 const char *operation)
{
    const char *local = sx_access_rule_local(operation);
    char uri[SX_SCAN_URI_BYTES];

    sx_access_table_drop(&list->known, kind, who, "");
    if (local != operation)
        sx_access_table_drop(&list->known, kind, who, local);
    if (sx_access_rule_copy_namespace(operation, uri))
        sx_access_table_drop(&list->named, SX_ACCESS_ANYBODY, "", uri);
    sx_access_table_drop(&list->rules, kind, who, operation); /* operation may be the entry's */
}

static size_t drop_all(struct sx_access_list *list, enum sx_access_who kind, const char *who)
{
    const struct sx_access_entry *rule = sx_access_table_next(&list->rules, NULL), *next;
    size_t count = 0;

    for (; rule && sx_access_list_knows(list, kind, who); rule = next) {
        next = sx_access_table_next(&list->rules, rule);
        if (rule->kind != kind || !sx_jid_equal(rule->who, who))
            continue;
        drop(list, kind, who, rule->operation);
        count++;
    }
    return count;
}

size_t sx_access_list_drop(struct sx_access_list *list, enum sx_access_who kind, const char *who,
                           const char *operation)
{
    if (strcmp(operation, SX_ACCESS_EVERY) == 0)
        return drop_all(list, kind, who);
    if (!sx_access_table_has(&list->rules, kind, who, operation))
        return 0;
    drop(list, kind, who, operation);
    return 1;
}

/* ---- asking ---- */

bool sx_access_list_knows(const struct sx_access_list *list, enum sx_access_who kind,
                          const char *who)
{
    return sx_access_table_has(&list->known, kind, who, "");
}

bool sx_access_list_names(const struct sx_access_list *list, const char *uri)
{
    return sx_access_table_has(&list->named, SX_ACCESS_ANYBODY, "", uri);
}
