/* access_table.c - a hash table of rules.
 *
 * Invariant: every entry stands there once, in the bucket of its key; two JIDs that sx_jid_equal
 * calls equal have the same key. Whether an entry is for a JID is decided by sx_jid_equal alone:
 * the key only saves asking.
 *
 * Happy path: put..., or reserve -> move -> has -> drop. Failure: no memory: nothing has changed.
 */
#include "request/access_table.h"

#include <stdlib.h>
#include <string.h>

#include "wire/jid.h"

enum { FIRST_BUCKETS = 64 /* a power of two, as all later sizes */ };

/* ---- keys (FNV-1a over characters) ---- */

static uint32_t add_to_key(uint32_t key, uint32_t value)
{
    return (key ^ value) * 16777619u;
}

/* All that sx_jid_equal overlooks is overlooked here: case of ASCII, a final dot of the domain. */
static uint32_t key_of_who(enum sx_access_who kind, const char *who)
{
    const char *resource = kind == SX_ACCESS_FULL ? sx_jid_resource(who) : NULL;
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

static uint32_t key_of(enum sx_access_who kind, const char *who, const char *operation)
{
    uint32_t key = key_of_who(kind, who);

    for (; *operation; operation++)
        key = add_to_key(key, (unsigned char)*operation);
    return key ^ key >> 16; /* buckets are chosen by the low bits */
}

/* ---- buckets ---- */

static struct sx_access_entry **bucket_of(const struct sx_access_table *table, uint32_t key)
{
    return &table->buckets[key & (table->bucket_count - 1)];
}

/* Where the entry hangs; NULL: there is none. */
static struct sx_access_entry **find(const struct sx_access_table *table, uint32_t key,
                                     enum sx_access_who kind, const char *who,
                                     const char *operation)
{
    struct sx_access_entry **place = table->bucket_count ? bucket_of(table, key) : NULL;

    for (; place && *place; place = &(*place)->next)
        if ((*place)->key == key && (*place)->kind == kind &&
            strcmp((*place)->operation, operation) == 0 && sx_jid_equal((*place)->who, who))
            return place;
    return NULL;
}

static struct sx_access_entry **find_like(const struct sx_access_table *table,
                                          const struct sx_access_entry *entry)
{
    return find(table, entry->key, entry->kind, entry->who, entry->operation);
}

bool sx_access_table_has(const struct sx_access_table *table, enum sx_access_who kind,
                         const char *who, const char *operation)
{
    return table->count && find(table, key_of(kind, who, operation), kind, who, operation);
}

static void insert(struct sx_access_table *table, struct sx_access_entry *entry)
{
    struct sx_access_entry **bucket = bucket_of(table, entry->key);

    entry->next = *bucket;
    *bucket = entry;
    table->count++;
}

/* The first entry of a table that is being emptied, NULL at its end. */
static struct sx_access_entry *take(struct sx_access_table *table, size_t *bucket)
{
    for (; *bucket < table->bucket_count; ++*bucket) {
        struct sx_access_entry *entry = table->buckets[*bucket];
        if (!entry)
            continue;
        table->buckets[*bucket] = entry->next;
        table->count--;
        return entry;
    }
    return NULL;
}

const struct sx_access_entry *sx_access_table_next(const struct sx_access_table *table,
                                                   const struct sx_access_entry *entry)
{
    size_t bucket = 0;

    if (entry && entry->next)
        return entry->next;
    if (entry)
        bucket = (entry->key & (table->bucket_count - 1)) + 1;
    for (; bucket < table->bucket_count; bucket++)
        if (table->buckets[bucket])
            return table->buckets[bucket];
    return NULL;
}

/* One entry to a bucket. */
enum sx_err sx_access_table_reserve(struct sx_access_table *table, size_t more)
{
    struct sx_access_table grown = {.bucket_count = FIRST_BUCKETS};
    struct sx_access_entry *entry;
    size_t bucket = 0;

    while (grown.bucket_count < table->count + more)
        grown.bucket_count *= 2;
    if (grown.bucket_count <= table->bucket_count)
        return SX_OK;
    grown.buckets = calloc(grown.bucket_count, sizeof(struct sx_access_entry *));
    if (!grown.buckets)
        return SX_ENOMEM;
    while ((entry = take(table, &bucket)))
        insert(&grown, entry);
    free(table->buckets);
    *table = grown;
    return SX_OK;
}

void sx_access_table_fini(struct sx_access_table *table)
{
    struct sx_access_entry *entry;
    size_t bucket = 0;

    while ((entry = take(table, &bucket)))
        free(entry);
    free(table->buckets);
    *table = (struct sx_access_table){0};
}

/* ---- entries ---- */

static struct sx_access_entry *make_entry(enum sx_access_who kind, const char *who,
                                          const char *operation)
{
    size_t who_bytes = strlen(who) + 1, operation_bytes = strlen(operation) + 1;
    struct sx_access_entry *entry = malloc(sizeof *entry + who_bytes + operation_bytes);

    if (!entry)
        return NULL;
    memcpy(entry->who, who, who_bytes);
    entry->operation = memcpy(entry->who + who_bytes, operation, operation_bytes);
    entry->kind = kind;
    entry->uses = 1;
    entry->key = key_of(kind, who, operation);
    entry->next = NULL;
    return entry;
}

enum sx_err sx_access_table_put(struct sx_access_table *table, enum sx_access_who kind,
                                const char *who, const char *operation)
{
    struct sx_access_entry *entry = make_entry(kind, who, operation), **same;
    enum sx_err err = SX_OK;

    if (!entry)
        return SX_ENOMEM;
    same = find_like(table, entry);
    if (same) {
        (*same)->uses++;
        free(entry);
        return SX_OK;
    }
    err = sx_access_table_reserve(table, 1);
    if (err == SX_OK)
        insert(table, entry);
    else
        free(entry);
    return err;
}

static void unlink_entry(struct sx_access_table *table, struct sx_access_entry **place)
{
    struct sx_access_entry *entry = *place;

    *place = entry->next;
    table->count--;
    free(entry);
}

bool sx_access_table_drop(struct sx_access_table *table, enum sx_access_who kind, const char *who,
                          const char *operation)
{
    struct sx_access_entry **place =
        find(table, key_of(kind, who, operation), kind, who, operation);

    if (!place)
        return false;
    if (--(*place)->uses == 0)
        unlink_entry(table, place);
    return true;
}

void sx_access_table_subtract(struct sx_access_table *table, const struct sx_access_table *other)
{
    const struct sx_access_entry *entry = sx_access_table_next(table, NULL), *next;

    for (; entry; entry = next) {
        next = sx_access_table_next(table, entry);
        if (find_like(other, entry))
            unlink_entry(table, find_like(table, entry));
    }
}

void sx_access_table_move(struct sx_access_table *table, struct sx_access_table *from)
{
    struct sx_access_entry *entry, **same;
    size_t bucket = 0;

    while ((entry = take(from, &bucket))) {
        same = find_like(table, entry);
        if (!same) {
            insert(table, entry);
            continue;
        }
        (*same)->uses += entry->uses;
        free(entry);
    }
    sx_access_table_fini(from);
}
