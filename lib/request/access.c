/* access.c - who may call what.
 *
 * Invariant: every rule in a table is normal (jid.h), and stands there once.
 *
 * Happy path: rules are read into a draft -> the draft is added to a list, or made one that takes a
 *             list's place, under the lock. A look-up tries, from narrow to wide, each WHO the JID
 *             could be meant by.
 * Failure modes: a draft that failed is dropped whole, and no list has changed.
 */
#include "request/access.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/access_draft.h"
#include "request/access_list.h"
#include "request/access_rule.h"
#include "request/access_service.h"
#include "request/access_table.h"
#include "soap/scan.h"
#include "wire/jid.h"

/* {namespace}operation, NUL */
enum { OPERATION_BYTES = SX_SCAN_URI_BYTES + SX_SCAN_NAME_BYTES + 2 };

enum { OF_PROGRAM, OF_FILE, OWNERS };

struct sx_access {
    /* under mu */
    pthread_mutex_t mu;
    struct sx_access_list lists[OWNERS];
    struct sx_access_service service;
    uint64_t begun, loaded; /* the load that began last; that stands */
    /* atomic, changed under mu */
    atomic_ulong version;
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
    sx_access_list_fini(&access->lists[OF_PROGRAM]);
    sx_access_list_fini(&access->lists[OF_FILE]);
    sx_access_service_fini(&access->service);
    pthread_mutex_destroy(&access->mu);
    free(access);
}

/* ---- adding ---- */

/* Takes a draft that was read with this result. */
static enum sx_err add(struct sx_access *access, struct sx_access_table *draft, enum sx_err err,
                       char *why, size_t why_bytes)
{
    if (err == SX_OK) {
        pthread_mutex_lock(&access->mu);
        err = sx_access_list_add(&access->lists[OF_PROGRAM], draft);
        pthread_mutex_unlock(&access->mu);
        if (err == SX_EFULL)
            sx_access_draft_refuse_full(why, why_bytes);
    }
    sx_access_table_fini(draft);
    return err;
}

enum sx_err sx_access_allow(struct sx_access *access, const char *who, const char *operation,
                            char *why, size_t why_bytes)
{
    struct sx_access_table draft = {0};
    enum sx_err err = sx_access_draft_add(&draft, who, operation, why, why_bytes);

    return add(access, &draft, err, why, why_bytes);
}

enum sx_err sx_access_parse(struct sx_access *access, const char *rules, char *why,
                            size_t why_bytes)
{
    struct sx_access_table draft = {0};
    enum sx_err err = sx_access_draft_parse(&draft, rules, why, why_bytes);

    return add(access, &draft, err, why, why_bytes);
}

/* ---- replacing ---- */

/* Takes a draft that was read with this result. load 0: none. */
static enum sx_err replace(struct sx_access *access, int owner, struct sx_access_table *draft,
                           enum sx_err err, uint64_t load)
{
    struct sx_access_list list = {0}, old;

    if (err == SX_OK)
        err = sx_access_list_add(&list, draft);
    if (err == SX_OK) {
        pthread_mutex_lock(&access->mu);
        if (!load || load > access->loaded) {
            old = access->lists[owner];
            access->lists[owner] = list;
            list = old;
            access->loaded = load ? load : access->loaded;
            atomic_fetch_add(&access->version, 1);
        }
        pthread_mutex_unlock(&access->mu);
    }
    sx_access_list_fini(&list);
    sx_access_table_fini(draft);
    return err;
}

enum sx_err sx_access_replace(struct sx_access *access, const char *rules, char *why,
                              size_t why_bytes)
{
    struct sx_access_table draft = {0};
    enum sx_err err = sx_access_draft_parse(&draft, rules, why, why_bytes);

    return replace(access, OF_PROGRAM, &draft, err, 0);
}

uint64_t sx_access_begin_load(struct sx_access *access)
{
    uint64_t load;

    pthread_mutex_lock(&access->mu);
    load = ++access->begun;
    pthread_mutex_unlock(&access->mu);
    return load;
}

enum sx_err sx_access_load(struct sx_access *access, uint64_t load, const char *text,
                           unsigned long *line, char *why, size_t why_bytes)
{
    struct sx_access_table draft = {0};
    enum sx_err err = sx_access_draft_parse_lines(&draft, text, line, why, why_bytes);

    return replace(access, OF_FILE, &draft, err, load);
}

/* ---- taking back ---- */

/* For which operation there is no rule, and where there is one. */
static void tell_absent(const struct sx_access_entry *rule, bool is_in_file, bool is_known,
                        char *why, size_t why_bytes)
{
    const char *clause = "there is none";

    if (is_in_file)
        clause = "it stands in allow_file, where it is to be taken out";
    else if (is_known && strcmp(rule->operation, SX_ACCESS_EVERY) != 0)
        clause = "there is none; others are there for that caller";
    if (why_bytes)
        snprintf(why, why_bytes, "%s", clause);
}

/* Whether a list has a rule that the one given means. */
static bool has_like(const struct sx_access_list *list, const struct sx_access_entry *rule)
{
    if (strcmp(rule->operation, SX_ACCESS_EVERY) == 0)
        return sx_access_list_knows(list, rule->kind, rule->who);
    return sx_access_table_has(&list->rules, rule->kind, rule->who, rule->operation);
}

enum sx_err sx_access_disallow(struct sx_access *access, const char *who, const char *operation,
                               char *why, size_t why_bytes)
{
    struct sx_access_table draft = {0};
    const struct sx_access_entry *rule;
    bool is_in_file, is_known;
    size_t count;
    enum sx_err err = sx_access_draft_add(&draft, who, operation, why, why_bytes);

    if (err != SX_OK)
        return err;
    rule = sx_access_table_next(&draft, NULL);
    pthread_mutex_lock(&access->mu);
    count = sx_access_list_drop(&access->lists[OF_PROGRAM], rule->kind, rule->who, rule->operation);
    if (count)
        atomic_fetch_add(&access->version, 1);
    is_in_file = has_like(&access->lists[OF_FILE], rule);
    is_known = sx_access_list_knows(&access->lists[OF_PROGRAM], rule->kind, rule->who);
    pthread_mutex_unlock(&access->mu);
    if (!count)
        tell_absent(rule, is_in_file, is_known, why, why_bytes);
    sx_access_table_fini(&draft);
    return count ? SX_OK : SX_ECONFIG;
}

unsigned long sx_access_version(const struct sx_access *access)
{
    return atomic_load(&access->version);
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

static bool is_in(const struct sx_access_table *table, const struct asker *asker,
                  const char *operation)
{
    enum sx_access_who kind;

    for (kind = SX_ACCESS_ANYBODY; kind <= SX_ACCESS_FULL; kind++)
        if (asker->who[kind] && sx_access_table_has(table, kind, asker->who[kind], operation))
            return true;
    return false;
}

static bool has_rule_locked(const struct sx_access *access, const struct asker *asker,
                            const char *operation)
{
    return is_in(&access->lists[OF_PROGRAM].rules, asker, operation) ||
           is_in(&access->lists[OF_FILE].rules, asker, operation);
}

static bool is_known_locked(const struct sx_access *access, const struct asker *asker,
                            const char *operation)
{
    return is_in(&access->lists[OF_PROGRAM].known, asker, operation) ||
           is_in(&access->lists[OF_FILE].known, asker, operation);
}

/* Of a service without a table: whether rules name the namespace, or none names any; if it is
 * opaque, then none is meant. */
static bool is_named_locked(const struct sx_access *access, const char *uri)
{
    const struct sx_access_list *program = &access->lists[OF_PROGRAM],
                                *file = &access->lists[OF_FILE];

    if (access->service.has_table)
        return false;
    if (!program->named.count && !file->named.count)
        return !access->service.is_opaque || !*uri;
    return sx_access_list_names(program, uri) || sx_access_list_names(file, uri);
}

/* Where a rule with a local name alone means its operation: in the service's namespaces; but a
 * fault that comes as a request (WS-Addressing's FaultTo) is SOAP's own element. The service's of
 * that name has to be named with its namespace: if there is none, one without input would run for
 * it. */
static bool is_meant_locked(const struct sx_access *access, const char *uri, const char *operation)
{
    if (strcmp(operation, "Fault") == 0)
        return strcmp(uri, SX_NS_SOAP11) == 0 || strcmp(uri, SX_NS_SOAP12) == 0;
    return sx_access_service_has(&access->service, uri) || is_named_locked(access, uri);
}

static enum sx_grant grant_locked(const struct sx_access *access, const struct asker *asker,
                                  const char *uri, const char *operation)
{
    char named[OPERATION_BYTES];

    if (has_rule_locked(access, asker, SX_ACCESS_EVERY))
        return SX_GRANT_EVERYTHING;
    if (!*operation)
        return SX_GRANT_NONE;
    if ((size_t)snprintf(named, sizeof named, "{%s}%s", uri, operation) < sizeof named &&
        has_rule_locked(access, asker, named))
        return SX_GRANT_NAMED;
    if (has_rule_locked(access, asker, operation) && is_meant_locked(access, uri, operation))
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
    allowed = has_rule_locked(access, &asker, SX_ACCESS_EVERY) ||
              (operation && *operation &&
               (has_rule_locked(access, &asker, operation) ||
                is_known_locked(access, &asker, operation)));
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
    may = is_known_locked(access, &asker, "");
    pthread_mutex_unlock(&access->mu);
    return may;
}

enum sx_err sx_access_serve(struct sx_access *access, const char *const *namespaces, size_t count)
{
    enum sx_err err;

    pthread_mutex_lock(&access->mu);
    /* Rules mean less than before. Of others gSOAP's gate knows the namespaces by itself. */
    if (access->service.is_opaque && !access->service.has_table)
        atomic_fetch_add(&access->version, 1);
    err = sx_access_service_add_table(&access->service, namespaces, count);
    pthread_mutex_unlock(&access->mu);
    return err;
}

void sx_access_serve_bytes(struct sx_access *access)
{
    pthread_mutex_lock(&access->mu);
    if (!access->service.is_opaque)
        atomic_fetch_add(&access->version, 1);
    access->service.is_opaque = true;
    pthread_mutex_unlock(&access->mu);
}

bool sx_access_serves(struct sx_access *access, const char *uri, const char *operation)
{
    bool serves;

    pthread_mutex_lock(&access->mu);
    serves = is_meant_locked(access, uri, operation);
    pthread_mutex_unlock(&access->mu);
    return serves;
}

void sx_access_count(struct sx_access *access, size_t *program, size_t *file)
{
    pthread_mutex_lock(&access->mu);
    *program = access->lists[OF_PROGRAM].rules.count;
    *file = access->lists[OF_FILE].rules.count;
    pthread_mutex_unlock(&access->mu);
}

bool sx_access_has_rules(struct sx_access *access)
{
    size_t program, file;

    sx_access_count(access, &program, &file);
    return program + file > 0;
}
