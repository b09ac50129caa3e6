/* table.h - what stands for a name in a namespace: a hash table in a pool.
 *
 * Noun: the table. Invariant: one entry for each kind, namespace and local name. Look-ups take the
 * same time however many entries there are; whoever chooses the names can't change that, since the
 * hash has a key that is drawn for each table. */
#ifndef CT_TABLE_H
#define CT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contract/pool.h"

/* A name; ns is "" where there is none, local NULL where there is no name at all. */
struct ct_name {
    const char *ns, *local;
};

struct ct_table_entry {
    uint64_t hash;
    unsigned kind;
    struct ct_name name; /* the texts are the caller's, and outlive the table */
    const void *what;    /* NULL: the place is free */
};

struct ct_table {
    struct ct_table_entry *entries;
    size_t count, capacity; /* a power of two, or 0 */
    uint64_t key[2];
};

/* An empty one. The zeroed struct will do, too, where nobody else chooses the names. */
void ct_table_init(struct ct_table *table);
/* What is there, or NULL. */
void *ct_table_find(const struct ct_table *table, unsigned kind, struct ct_name name);
/* Puts it in, unless there is one: what is there in the end, or NULL if the pool gives no more. */
void *ct_table_add(struct ct_table *table, struct ct_pool *pool, unsigned kind, struct ct_name name,
                   void *what);

bool ct_name_equal(struct ct_name a, struct ct_name b);
/* "{ns}local", in the pool; NULL if it gives no more. */
const char *ct_name_write(struct ct_name name, struct ct_pool *pool);

#endif
