/* access.c - who may call what.
 *
 * Invariant: every rule in a table is normal (jid.h), and stands there once.
 *
 * Happy path: rules are read into a draft -> merge the draft into the rules, under the lock. A
 *             look-up tries, from narrow to wide, each WHO the JID could be meant by.
 * Failure modes: a draft that failed is dropped whole; a merge checks room and memory before it
 * moves the first rule.
 */
#include "request/access.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/access_draft.h"
#include "request/access_rule.h"
#include "request/access_service.h"
#include "request/access_table.h"
#include "soap/scan.h"
#include "wire/jid.h"

/* {namespace}operation, NUL */
enum { OPERATION_BYTES = SX_SCAN_URI_BYTES + SX_SCAN_NAME_BYTES + 2 };

struct sx_access {
    /* under mu */
    pthread_mutex_t mu;
    struct sx_access_table rules;
    struct sx_access_table known; /* each WHO once, with "" for an operation; and with the local
                                   * names of those operations that rules name with their
                                   * namespaces */
    struct sx_access_service service;
};

struct sx_access *sx_access_new(void)
{
    struct sx_access *access = calloc(1, sizeof *access);

    if (!access)
        return NULL;
    if (pthread_mutex_init(&access->mu, NULL)) {
        free(access);
        return NULL;
    }
    return access;
}

void sx_access_free(struct sx_access *access)
{
    if (!access)
        return;
    sx_access_table_fini(&access->rules);
    sx_access_table_fini(&access->known);
    sx_access_service_fini(&access->service);
    pthread_mutex_destroy(&access->mu);
    free(access);
}

/* ---- adding ---- */

/* Puts into known what the rules of a draft make known. SX_OK; SX_ENOMEM: known lacks some of it,
 * so the draft must not be taken. */
static enum sx_err derive(struct sx_access_table *known, const struct sx_access_table *draft)
{
    const struct sx_access_entry *rule = NULL;
    enum sx_err err = SX_OK;

    while (err == SX_OK && (rule = sx_access_table_next(draft, rule))) {
        const char *local = sx_access_rule_local(rule->operation);
        err = sx_access_table_put(known, rule->kind, rule->who, "");
        if (err == SX_OK && local != rule->operation)
            err = sx_access_table_put(known, rule->kind, rule->who, local);
    }
    return err;
}

/* The namespaces that the rules of a draft name. */
static enum sx_err name_namespaces_locked(struct sx_access *access,
                                          const struct sx_access_table *draft)
{
    char uri[SX_SCAN_URI_BYTES];
    const struct sx_access_entry *rule = NULL;
    enum sx_err err = SX_OK;

    while (err == SX_OK && (rule = sx_access_table_next(draft, rule)))
        if (sx_access_rule_copy_namespace(rule->operation, uri))
            err = sx_access_service_add_named(&access->service, uri);
    return err;
}

static enum sx_err merge_locked(struct sx_access *access, struct sx_access_table *draft,
                                struct sx_access_table *known)
{
    if (sx_access_table_count_new(&access->rules, draft) > SX_ACCESS_RULES - access->rules.count)
        return SX_EFULL;
    if (sx_access_table_reserve(&access->rules, draft->count) ||
        sx_access_table_reserve(&access->known, known->count) ||
        name_namespaces_locked(access, draft))
        return SX_ENOMEM;
    sx_access_table_move(&access->rules, draft);
    sx_access_table_move(&access->known, known);
    return SX_OK;
}

/* Moves what is new out of the draft; all of it or, on an error, nothing. */
static enum sx_err merge(struct sx_access *access, struct sx_access_table *draft, char *why,
                         size_t why_bytes)
{
    struct sx_access_table known = {0};
    enum sx_err err = derive(&known, draft);

    if (err == SX_OK) {
        pthread_mutex_lock(&access->mu);
        err = merge_locked(access, draft, &known);
        pthread_mutex_unlock(&access->mu);
    }
    sx_access_table_fini(&known);
    return err == SX_EFULL ? sx_access_draft_refuse_full(why, why_bytes) : err;
}

enum sx_err sx_access_allow(struct sx_access *access, const char *who, const char *operation,
                            char *why, size_t why_bytes)
{
    struct sx_access_table draft = {0};
    enum sx_err err = sx_access_draft_add(&draft, who, operation, why, why_bytes);

    if (err == SX_OK)
        err = merge(access, &draft, why, why_bytes);
    sx_access_table_fini(&draft);
    return err;
}

enum sx_err sx_access_parse(struct sx_access *access, const char *rules, char *why,
                            size_t why_bytes)
{
    struct sx_access_table draft = {0};
    enum sx_err err = sx_access_draft_parse(&draft, rules, why, why_bytes);

    if (err == SX_OK)
        err = merge(access, &draft, why, why_bytes);
    sx_access_table_fini(&draft);
    return err;
}

/* ---- asking ---- */

/* Who a JID may be meant by. */
struct asker {
    char bare[SX_JID_BYTES];
    const char *who[4]; /* NULL: none of this kind; by enum sx_access_who */
};

static bool read_asker(struct asker *asker, const char *from)
{
    const char *at;

    if (!sx_access_rule_copy_bare(from, asker->bare))
        return false;
    at = strchr(asker->bare, '@');
    asker->who[SX_ACCESS_ANYBODY] = "";
    asker->who[SX_ACCESS_ACCOUNTS] = at ? at + 1 : NULL;
    asker->who[SX_ACCESS_BARE] = asker->bare;
    asker->who[SX_ACCESS_FULL] = sx_jid_resource(from) ? from : NULL;
    return true;
}

static bool has_rule_locked(const struct sx_access_table *table, const struct asker *asker,
                            const char *operation)
{
    enum sx_access_who kind;

    for (kind = SX_ACCESS_ANYBODY; kind <= SX_ACCESS_FULL; kind++)
        if (asker->who[kind] && sx_access_table_has(table, kind, asker->who[kind], operation))
            return true;
    return false;
}

/* Where a rule with a local name alone means its operation: in the service's namespaces; but a
 * fault that comes as a request (WS-Addressing's FaultTo) is SOAP's own element. The service's of
 * that name has to be named with its namespace: if there is none, one without input would run for
 * it. */
static bool is_meant_locked(const struct sx_access *access, const char *uri, const char *operation)
{
    if (strcmp(operation, "Fault") == 0)
        return strcmp(uri, SX_NS_SOAP11) == 0 || strcmp(uri, SX_NS_SOAP12) == 0;
    return sx_access_service_has(&access->service, uri);
}

static enum sx_grant grant_locked(const struct sx_access *access, const struct asker *asker,
                                  const char *uri, const char *operation)
{
    char named[OPERATION_BYTES];

    if (has_rule_locked(&access->rules, asker, SX_ACCESS_EVERY))
        return SX_GRANT_EVERYTHING;
    if (!*operation)
        return SX_GRANT_NONE;
    if ((size_t)snprintf(named, sizeof named, "{%s}%s", uri, operation) < sizeof named &&
        has_rule_locked(&access->rules, asker, named))
        return SX_GRANT_NAMED;
    if (has_rule_locked(&access->rules, asker, operation) &&
        is_meant_locked(access, uri, operation))
        return SX_GRANT_LOCAL;
    return SX_GRANT_NONE;
}

enum sx_grant sx_access_grant(struct sx_access *access, const char *from, const char *uri,
                              const char *operation)
{
    struct asker asker;
    enum sx_grant grant;

    if (!read_asker(&asker, from))
        return SX_GRANT_NONE;
    pthread_mutex_lock(&access->mu);
    grant = grant_locked(access, &asker, uri ? uri : "", operation ? operation : "");
    pthread_mutex_unlock(&access->mu);
    return grant;
}

bool sx_access_allows(struct sx_access *access, const char *from, const char *operation)
{
    struct asker asker;
    bool allowed;

    if (!read_asker(&asker, from))
        return false;
    pthread_mutex_lock(&access->mu);
    allowed = has_rule_locked(&access->rules, &asker, SX_ACCESS_EVERY) ||
              (operation && *operation &&
               (has_rule_locked(&access->rules, &asker, operation) ||
                has_rule_locked(&access->known, &asker, operation)));
    pthread_mutex_unlock(&access->mu);
    return allowed;
}

bool sx_access_may_know(struct sx_access *access, const char *from)
{
    struct asker asker;
    bool may;

    if (!read_asker(&asker, from))
        return false;
    pthread_mutex_lock(&access->mu);
    may = has_rule_locked(&access->known, &asker, "");
    pthread_mutex_unlock(&access->mu);
    return may;
}

enum sx_err sx_access_serve(struct sx_access *access, const char *const *namespaces, size_t count)
{
    enum sx_err err;

    pthread_mutex_lock(&access->mu);
    err = sx_access_service_add_table(&access->service, namespaces, count);
    pthread_mutex_unlock(&access->mu);
    return err;
}

bool sx_access_serves(struct sx_access *access, const char *uri, const char *operation)
{
    bool serves;

    pthread_mutex_lock(&access->mu);
    serves = is_meant_locked(access, uri, operation);
    pthread_mutex_unlock(&access->mu);
    return serves;
}

bool sx_access_has_rules(struct sx_access *access)
{
    bool has_rules;

    pthread_mutex_lock(&access->mu);
    has_rules = access->rules.count > 0;
    pthread_mutex_unlock(&access->mu);
    return has_rules;
}
