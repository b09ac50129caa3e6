/* See table.h. */
#include "contract/table.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { FIRST_ENTRIES = 16 };

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void mix(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void absorb(uint64_t v[4], const char *text)
{
    size_t len = strlen(text) + 1; /* its NUL, too: ("ab", "c") isn't ("a", "bc") */
    for (size_t at = 0; at < len; at += 8) {
        uint64_t word = 0;
        memcpy(&word, text + at, len - at < 8 ? len - at : 8);
        v[3] ^= word;
        mix(v);
        v[0] ^= word;
    }
}

/* SipHash-1-3, but for its padding. */
static uint64_t hash_of(const struct ct_table *table, unsigned kind, struct ct_name name)
{
    uint64_t v[4] = {table->key[0] ^ 0x736f6d6570736575U, table->key[1] ^ 0x646f72616e646f6dU,
                     table->key[0] ^ 0x6c7967656e657261U,
                     table->key[1] ^ 0x7465646279746573U ^ kind};
    absorb(v, name.ns);
    absorb(v, name.local);
    v[2] ^= 0xFF;
    mix(v);
    mix(v);
    mix(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void ct_table_init(struct ct_table *table)
{
    *table = (struct ct_table){0};
    if (getrandom(table->key, sizeof table->key, GRND_NONBLOCK) != (ssize_t)sizeof table->key) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        table->key[0] = (uint64_t)now.tv_nsec * 0x9E3779B97F4A7C15U;
        table->key[1] = (uint64_t)(uintptr_t)table;
    }
}

bool ct_name_equal(struct ct_name a, struct ct_name b)
{
    return strcmp(a.local, b.local) == 0 && strcmp(a.ns, b.ns) == 0;
}

static struct ct_table_entry *place_of(const struct ct_table *table, uint64_t hash, unsigned kind,
                                       struct ct_name name)
{
    size_t at = hash & (table->capacity - 1);
    for (;; at = (at + 1) & (table->capacity - 1)) {
        struct ct_table_entry *entry = &table->entries[at];
        if (!entry->what ||
            (entry->hash == hash && entry->kind == kind && ct_name_equal(entry->name, name)))
            return entry;
    }
}

void *ct_table_find(const struct ct_table *table, unsigned kind, struct ct_name name)
{
    if (table->count == 0)
        return NULL;
    return (void *)place_of(table, hash_of(table, kind, name), kind, name)->what;
}

static bool grow(struct ct_table *table, struct ct_pool *pool)
{
    struct ct_table larger = *table;
    larger.capacity = table->capacity ? table->capacity * 2 : FIRST_ENTRIES;
    larger.entries = ct_pool_take(pool, larger.capacity * sizeof *larger.entries);
    if (!larger.entries)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        const struct ct_table_entry *entry = &table->entries[i];
        if (entry->what)
            *place_of(&larger, entry->hash, entry->kind, entry->name) = *entry;
    }
    *table = larger;
    return true;
}

void *ct_table_add(struct ct_table *table, struct ct_pool *pool, unsigned kind, struct ct_name name,
                   void *what)
{
    if (table->count * 2 >= table->capacity && !grow(table, pool))
        return NULL;
    uint64_t hash = hash_of(table, kind, name);
    struct ct_table_entry *entry = place_of(table, hash, kind, name);
    if (!entry->what) {
        *entry = (struct ct_table_entry){hash, kind, name, what};
        table->count++;
    }
    return (void *)entry->what;
}

const char *ct_name_write(struct ct_name name, struct ct_pool *pool)
{
    size_t len = strlen(name.ns) + strlen(name.local) + 3;
    char *written = ct_pool_take(pool, len);
    if (written)
        snprintf(written, len, "{%s}%s", name.ns, name.local);
    return written;
}
