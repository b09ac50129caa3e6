/* access.c - who may call what.
 *
 * Invariant: every rule in a table is normal (jid.h), stands there once, and in the bucket of
 * its key; two JIDs that sx_jid_equal calls equal have the same key. Whether a rule is for a
 * JID is decided by sx_jid_equal alone: the key only saves asking.
 *
 * Happy path: read WHO and the operation -> a rule in a table of one's own (the draft) -> merge the
 *             draft into the rules, under the lock.   A look-up tries, from narrow to wide, each
 *             WHO the JID could be meant by.
 * Failure modes: what can't be a rule is SX_ECONFIG with a clause; a draft that failed is dropped
 *             whole; a merge checks room and memory before it moves the first rule.
 */
#include "request/access.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request/access_rule.h"
#include "request/access_service.h"
#include "soap/scan.h"
#include "wire/jid.h"

#define EVERY      "*" /* no name of an element, so it can stand among them */
#define SEPARATORS " \t\r\n\f\v,"

enum {
    FIRST_BUCKETS = 64, /* a power of two, as all later sizes */
    CLAUSE_BYTES = 160,
    /* {namespace}operation, NUL */
    OPERATION_BYTES = SX_SCAN_URI_BYTES + SX_SCAN_NAME_BYTES + 2
};

enum who {
    WHO_ANYBODY,  /* "" */
    WHO_ACCOUNTS, /* a domain: its accounts */
    WHO_BARE,     /* an account or a domain, with any resource */
    WHO_FULL      /* with that resource */
};

struct rule {
    struct rule *next;
    uint32_t key;
    enum who kind;
    const char *operation; /* inside text[] */
    char text[];           /* who; then the operation */
};

struct table {
    struct rule **buckets;
    size_t bucket_count, count;
};

struct sx_access {
    /* under mu */
    pthread_mutex_t mu;
    struct table rules;
    struct table known; /* each WHO once, with "" for an operation; and with the local names of
                         * those operations that rules name with their namespaces */
    struct sx_access_service service;
};

/* Where it is said why. */
struct reason {
    char *text; /* NULL allowed with bytes 0 */
    size_t bytes;
};

static enum sx_err refuse(const struct reason *why, const char *clause)
{
    if (why->bytes)
        snprintf(why->text, why->bytes, "%s", clause);
    return SX_ECONFIG;
}

static enum sx_err refuse_full(const struct reason *why)
{
    if (why->bytes)
        snprintf(why->text, why->bytes, "there are more than %d rules", SX_ACCESS_RULES);
    return SX_EFULL;
}

/* ---- keys (FNV-1a over characters) ---- */

static uint32_t add_to_key(uint32_t key, uint32_t value)
{
    return (key ^ value) * 16777619u;
}

/* All that sx_jid_equal overlooks is overlooked here: case of ASCII, a final dot of the domain. */
static uint32_t key_of(enum who kind, const char *who)
{
    const char *resource = kind == WHO_FULL ? sx_jid_resource(who) : NULL;
    const char *end = who + strcspn(who, "/");
    uint32_t key = add_to_key(2166136261u, kind);

    if (end > who && end[-1] == '.')
        end--;
    for (; who < end; who++)
        key = add_to_key(key, (unsigned char)(*who >= 'A' && *who <= 'Z' ? *who | 0x20 : *who));
    for (; resource && *resource; resource++)
        key = add_to_key(key, (unsigned char)*resource);
    return key;
}

static uint32_t with_operation(uint32_t key, const char *operation)
{
    for (; *operation; operation++)
        key = add_to_key(key, (unsigned char)*operation);
    return key ^ key >> 16; /* buckets are chosen by the low bits */
}

/* ---- tables ---- */

static const struct rule *find(const struct table *table, uint32_t key, enum who kind,
                               const char *who, const char *operation)
{
    const struct rule *rule;

    if (!table->bucket_count)
        return NULL;
    for (rule = table->buckets[key & (table->bucket_count - 1)]; rule; rule = rule->next)
        if (rule->key == key && rule->kind == kind && strcmp(rule->operation, operation) == 0 &&
            sx_jid_equal(rule->text, who))
            return rule;
    return NULL;
}

static bool has(const struct table *table, const struct rule *rule)
{
    return find(table, rule->key, rule->kind, rule->text, rule->operation) != NULL;
}

static void insert(struct table *table, struct rule *rule)
{
    struct rule **bucket = &table->buckets[rule->key & (table->bucket_count - 1)];

    rule->next = *bucket;
    *bucket = rule;
    table->count++;
}

/* The first rule of a table that is being emptied, NULL at its end. */
static struct rule *take(struct table *table, size_t *bucket)
{
    for (; *bucket < table->bucket_count; ++*bucket) {
        struct rule *rule = table->buckets[*bucket];
        if (!rule)
            continue;
        table->buckets[*bucket] = rule->next;
        table->count--;
        return rule;
    }
    return NULL;
}

/* Room for `more` rules, one to a bucket. */
static enum sx_err reserve(struct table *table, size_t more)
{
    struct table grown = {.bucket_count = FIRST_BUCKETS};
    struct rule *rule;
    size_t bucket = 0;

    while (grown.bucket_count < table->count + more)
        grown.bucket_count *= 2;
    if (grown.bucket_count <= table->bucket_count)
        return SX_OK;
    grown.buckets = calloc(grown.bucket_count, sizeof(struct rule *));
    if (!grown.buckets)
        return SX_ENOMEM;
    while ((rule = take(table, &bucket)))
        insert(&grown, rule);
    free(table->buckets);
    *table = grown;
    return SX_OK;
}

static void empty(struct table *table)
{
    struct rule *rule;
    size_t bucket = 0;

    while ((rule = take(table, &bucket)))
        free(rule);
    free(table->buckets);
    *table = (struct table){0};
}

/* ---- reading a rule ---- */

static const char *check_wildcards(const char *who)
{
    const char *domain = who, *at = memchr(who, '@', strcspn(who, "/"));
    const char *resource = sx_jid_resource(who);

    if (at) {
        domain = at + 1;
        if (memchr(who, '*', (size_t)(at - who)))
            return "a * stands for a whole account name, not for a part of one";
    }
    if (memchr(domain, '*', strcspn(domain, "/")))
        return "a * can't stand for a domain or a part of one";
    if (resource && strcmp(resource, "*") == 0)
        return "every resource is meant when none is given, not by /*";
    return NULL;
}

static enum sx_err read_encoded(const char *who, char **jid, const struct reason *why)
{
    enum sx_err err;
    char *uri;

    if (asprintf(&uri, "xmpp:%s", who) < 0)
        return SX_ENOMEM;
    err = sx_jid_parse_uri(uri, jid, why->text, why->bytes);
    free(uri);
    /* a URI without a resource gets one, a rule means every resource */
    if (err == SX_OK && !strchr(who, '/'))
        (*jid)[strcspn(*jid, "/")] = '\0';
    return err;
}

static enum sx_err read_jid(const char *who, bool is_encoded, char **jid, const struct reason *why)
{
    const char *wrong = check_wildcards(who);
    enum sx_err err;

    if (wrong)
        return refuse(why, wrong);
    if (sx_jid_is_xmpp(who))
        return refuse(why, "a JID is wanted, without xmpp:");
    if (who[0] == '/')
        return refuse(why, "the domain is empty");
    if (is_encoded && strpbrk(who, "?#"))
        return refuse(why, "a ? or # in a JID is written %3F or %23");
    err = is_encoded ? read_encoded(who, jid, why)
                     : sx_jid_parse(who, NULL, jid, why->text, why->bytes);
    return err == SX_EENDPOINT ? SX_ECONFIG : err;
}

/* On SX_OK *jid is malloc'ed, the caller's. */
static enum sx_err read_who(const char *who, bool is_encoded, enum who *kind, char **jid,
                            const struct reason *why)
{
    enum who read = WHO_BARE;
    enum sx_err err;

    if (!who || !*who)
        return refuse(why, "who is meant is empty");
    if (strcmp(who, "*") == 0) {
        *kind = WHO_ANYBODY;
        *jid = strdup("");
        return *jid ? SX_OK : SX_ENOMEM;
    }
    if (strncmp(who, "*@", 2) == 0) {
        who += 2;
        read = WHO_ACCOUNTS;
        if (strpbrk(who, "@/"))
            return refuse(why, "*@ is followed by a domain and nothing else");
    }
    err = read_jid(who, is_encoded, jid, why);
    if (err != SX_OK)
        return err;
    *kind = read == WHO_BARE && sx_jid_resource(*jid) ? WHO_FULL : read;
    return SX_OK;
}

static struct rule *make_rule(enum who kind, const char *who, const char *operation)
{
    size_t who_bytes = strlen(who) + 1, operation_bytes = strlen(operation) + 1;
    struct rule *rule = malloc(sizeof *rule + who_bytes + operation_bytes);

    if (!rule)
        return NULL;
    memcpy(rule->text, who, who_bytes);
    rule->operation = memcpy(rule->text + who_bytes, operation, operation_bytes);
    rule->kind = kind;
    rule->key = with_operation(key_of(kind, who), operation);
    rule->next = NULL;
    return rule;
}

/* One that is there already is kept once. */
static enum sx_err put(struct table *table, enum who kind, const char *who, const char *operation)
{
    struct rule *rule = make_rule(kind, who, operation);
    enum sx_err err = SX_OK;

    if (!rule)
        return SX_ENOMEM;
    if (has(table, rule)) {
        free(rule);
        return SX_OK;
    }
    err = reserve(table, 1);
    if (err == SX_OK)
        insert(table, rule);
    else
        free(rule);
    return err;
}

static enum sx_err add_rule(struct table *draft, enum who kind, const char *who,
                            const char *operation, const struct reason *why)
{
    const char *wrong =
        strcmp(operation, EVERY) == 0 ? NULL : sx_access_rule_check_operation(operation);
    bool is_full = draft->count == SX_ACCESS_RULES;

    if (wrong)
        return refuse(why, wrong);
    if (is_full && !find(draft, with_operation(key_of(kind, who), operation), kind, who, operation))
        return refuse_full(why);
    return put(draft, kind, who, operation);
}

/* ---- adding ---- */

static size_t count_new_locked(const struct sx_access *access, const struct table *draft)
{
    const struct rule *rule;
    size_t bucket, count = 0;

    for (bucket = 0; bucket < draft->bucket_count; bucket++)
        for (rule = draft->buckets[bucket]; rule; rule = rule->next)
            count += !has(&access->rules, rule);
    return count;
}

/* What the rules of a draft make known. SX_OK or SX_ENOMEM: what is there says too little, so the
 * draft isn't taken. */
static enum sx_err derive(struct table *known, const struct table *draft)
{
    const struct rule *rule;
    size_t bucket;
    enum sx_err err = SX_OK;

    for (bucket = 0; bucket < draft->bucket_count; bucket++)
        for (rule = draft->buckets[bucket]; rule && err == SX_OK; rule = rule->next) {
            err = put(known, rule->kind, rule->text, "");
            if (err == SX_OK && sx_access_rule_local(rule->operation) != rule->operation)
                err = put(known, rule->kind, rule->text, sx_access_rule_local(rule->operation));
        }
    return err;
}

static void move_new(struct table *table, struct table *draft)
{
    struct rule *rule;
    size_t bucket = 0;

    while ((rule = take(draft, &bucket))) {
        if (has(table, rule))
            free(rule);
        else
            insert(table, rule);
    }
}

/* The namespaces that the rules of a draft name. */
static enum sx_err name_namespaces_locked(struct sx_access *access, const struct table *draft)
{
    char uri[SX_SCAN_URI_BYTES];
    const struct rule *rule;
    size_t bucket;
    enum sx_err err = SX_OK;

    for (bucket = 0; bucket < draft->bucket_count; bucket++)
        for (rule = draft->buckets[bucket]; rule && err == SX_OK; rule = rule->next)
            if (sx_access_rule_copy_namespace(rule->operation, uri))
                err = sx_access_service_add_named(&access->service, uri);
    return err;
}

/* Moves what is new out of the draft; all of it or, on an error, nothing. */
static enum sx_err merge(struct sx_access *access, struct table *draft, const struct reason *why)
{
    struct table known = {0};
    enum sx_err err = derive(&known, draft);

    pthread_mutex_lock(&access->mu);
    if (err == SX_OK && count_new_locked(access, draft) > SX_ACCESS_RULES - access->rules.count)
        err = SX_EFULL;
    else if (err == SX_OK &&
             (reserve(&access->rules, draft->count) || reserve(&access->known, known.count) ||
              name_namespaces_locked(access, draft)))
        err = SX_ENOMEM;
    if (err == SX_OK) {
        move_new(&access->rules, draft);
        move_new(&access->known, &known);
    }
    pthread_mutex_unlock(&access->mu);
    empty(&known);
    return err == SX_EFULL ? refuse_full(why) : err;
}

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
    empty(&access->rules);
    empty(&access->known);
    sx_access_service_fini(&access->service);
    pthread_mutex_destroy(&access->mu);
    free(access);
}

enum sx_err sx_access_allow(struct sx_access *access, const char *who, const char *operation,
                            char *why, size_t why_bytes)
{
    struct reason reason = {why, why_bytes};
    struct table draft = {0};
    enum who kind;
    char *jid;
    enum sx_err err = read_who(who, false, &kind, &jid, &reason);

    if (err != SX_OK)
        return err;
    err = add_rule(&draft, kind, jid, operation ? operation : EVERY, &reason);
    if (err == SX_OK)
        err = merge(access, &draft, &reason);
    empty(&draft);
    free(jid);
    return err;
}

/* ---- the text form ---- */

/* Where the colon of WHO:OPERATION is looked for: behind an IPv6 domain, whose colons are its own.
 */
static char *skip_ipv6(char *rule)
{
    char *at = memchr(rule, '@', strcspn(rule, "/"));
    char *domain = at ? at + 1 : rule;
    char *bracket = domain[0] == '[' ? strchr(domain, ']') : NULL;

    return bracket ? bracket : rule;
}

/* Cuts the next operation off, as strsep() would: a '+' inside of braces is a namespace's. */
static char *cut_operation(char **operations)
{
    char *operation = *operations, *end = operation;

    if (!operation)
        return NULL;
    if (*end == '{')
        end += strcspn(end, "}");
    end += strcspn(end, "+");
    *operations = *end ? end + 1 : NULL;
    *end = '\0';
    return operation;
}

static enum sx_err add_operations(struct table *draft, enum who kind, const char *who,
                                  char *operations, const struct reason *why)
{
    char *operation;

    while ((operation = cut_operation(&operations))) {
        enum sx_err err = add_rule(draft, kind, who, operation, why);
        if (err != SX_OK)
            return err;
    }
    return SX_OK;
}

/* Of one that isn't a namespace's. */
static bool has_colon(const char *operations)
{
    bool in_braces = false;

    for (; *operations; operations++) {
        if (*operations == '{' || *operations == '}')
            in_braces = *operations == '{';
        else if (*operations == ':' && !in_braces)
            return true;
    }
    return false;
}

/* rule is cut to pieces. */
static enum sx_err parse_rule(struct table *draft, char *rule, const struct reason *why)
{
    char every[] = EVERY, *operations = every, *colon = strchr(skip_ipv6(rule), ':');
    char *jid = NULL;
    enum who kind;
    enum sx_err err;

    if (sx_jid_is_xmpp(rule))
        return refuse(why, "a JID is wanted, without xmpp:");
    if (colon) {
        /* One of the two would be guessed to be the operation's, and a wrong guess allows another
         * resource than the one that is meant. */
        if (has_colon(colon + 1))
            return refuse(why, "it has two colons, and one in a JID is written %3A");
        *colon = '\0';
        operations = colon + 1;
    }
    err = read_who(rule, true, &kind, &jid, why);
    if (err != SX_OK)
        return err;
    err = add_operations(draft, kind, jid, operations, why);
    free(jid);
    return err;
}

static void name_rule(const char *rule, size_t len, const char *clause, const struct reason *why)
{
    char shown[SX_ACCESS_RULE_SHOWN_BYTES];

    sx_access_rule_show(rule, len, shown, sizeof shown);
    if (why->bytes)
        snprintf(why->text, why->bytes, "\"%s\": %s", shown, clause);
}

static enum sx_err parse_rules(struct table *draft, const char *rules, const struct reason *why)
{
    char *copy = strdup(rules), *rule, *rest = NULL;
    enum sx_err err = copy ? SX_OK : SX_ENOMEM;

    for (rule = copy ? strtok_r(copy, SEPARATORS, &rest) : NULL; rule && err == SX_OK;
         rule = strtok_r(NULL, SEPARATORS, &rest)) {
        char clause[CLAUSE_BYTES];
        const char *original = rules + (rule - copy);
        err = parse_rule(draft, rule, &(struct reason){clause, sizeof clause});
        if (err == SX_ECONFIG || err == SX_EFULL)
            name_rule(original, strcspn(original, SEPARATORS), clause, why);
    }
    free(copy);
    return err;
}

enum sx_err sx_access_parse(struct sx_access *access, const char *rules, char *why,
                            size_t why_bytes)
{
    struct reason reason = {why, why_bytes};
    struct table draft = {0};
    enum sx_err err = parse_rules(&draft, rules, &reason);

    if (err == SX_OK)
        err = merge(access, &draft, &reason);
    empty(&draft);
    return err;
}

/* ---- asking ---- */

/* Who a JID may be meant by. */
struct asker {
    char bare[SX_JID_BYTES];
    const char *who[4]; /* NULL: none of this kind; by enum who */
};

static bool read_asker(struct asker *asker, const char *from)
{
    const char *at;

    if (!sx_access_rule_copy_bare(from, asker->bare))
        return false;
    at = strchr(asker->bare, '@');
    asker->who[WHO_ANYBODY] = "";
    asker->who[WHO_ACCOUNTS] = at ? at + 1 : NULL;
    asker->who[WHO_BARE] = asker->bare;
    asker->who[WHO_FULL] = sx_jid_resource(from) ? from : NULL;
    return true;
}

static bool has_rule_locked(const struct table *table, const struct asker *asker,
                            const char *operation)
{
    enum who kind;

    for (kind = WHO_ANYBODY; kind <= WHO_FULL; kind++)
        if (asker->who[kind] &&
            find(table, with_operation(key_of(kind, asker->who[kind]), operation), kind,
                 asker->who[kind], operation))
            return true;
    return false;
}

/* SOAP's own element, which is no service's: a fault that comes as a request (WS-Addressing's
 * FaultTo). */
static bool is_fault(const char *uri, const char *operation)
{
    return strcmp(operation, "Fault") == 0 &&
           (strcmp(uri, SX_NS_SOAP11) == 0 || strcmp(uri, SX_NS_SOAP12) == 0);
}

static enum sx_grant grant_locked(const struct sx_access *access, const struct asker *asker,
                                  const char *uri, const char *operation)
{
    char named[OPERATION_BYTES];

    if (has_rule_locked(&access->rules, asker, EVERY))
        return SX_GRANT_EVERYTHING;
    if (!*operation)
        return SX_GRANT_NONE;
    if ((size_t)snprintf(named, sizeof named, "{%s}%s", uri, operation) < sizeof named &&
        has_rule_locked(&access->rules, asker, named))
        return SX_GRANT_NAMED;
    if (has_rule_locked(&access->rules, asker, operation) &&
        (sx_access_service_has(&access->service, uri) || is_fault(uri, operation)))
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
    allowed = has_rule_locked(&access->rules, &asker, EVERY) ||
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

bool sx_access_serves(struct sx_access *access, const char *uri)
{
    bool serves;

    pthread_mutex_lock(&access->mu);
    serves = sx_access_service_has(&access->service, uri);
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
