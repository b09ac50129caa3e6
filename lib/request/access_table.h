/* access_table.h - a set of rules, each once, found by caller and operation.
 *
 * Noun: the table. An entry is a caller and the name of an operation; what a name means is up to
 * whoever puts it there. Zero is an empty table. For access.c, whose lock guards its tables,
 * access_list.c and access_draft.c. Invariant: access_table.c. Nothing here blocks.
 */
#ifndef SX_REQUEST_ACCESS_TABLE_H
#define SX_REQUEST_ACCESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

enum { SX_ACCESS_RULES = 10000 /* of one list; the table itself has no bound */ };

enum sx_access_who {
    SX_ACCESS_ANYBODY,  /* "" */
    SX_ACCESS_ACCOUNTS, /* a domain: its accounts */
    SX_ACCESS_BARE,     /* an account or a domain, with any resource */
    SX_ACCESS_FULL      /* an account or a domain, with that resource alone */
};

struct sx_access_entry {
    struct sx_access_entry *next;
    uint32_t key;
    unsigned uses; /* how often it was put there, 1 at least */
    enum sx_access_who kind;
    const char *operation; /* inside who[] */
    char who[];            /* a normal JID (jid.h), "" for anybody; behind it the operation */
};

struct sx_access_table {
    struct sx_access_entry **buckets; /* owned, as the entries are */
    size_t bucket_count, count;
};

void sx_access_table_fini(struct sx_access_table *table);

/* Whether there is an entry for this operation and for who, by sx_jid_equal. Its time doesn't grow
 * with the number of entries. */
bool sx_access_table_has(const struct sx_access_table *table, enum sx_access_who kind,
                         const char *who, const char *operation);

/* Puts one there; one that is there already is kept once, and has one use more. SX_OK, or
 * SX_ENOMEM: nothing changed. */
enum sx_err sx_access_table_put(struct sx_access_table *table, enum sx_access_who kind,
                                const char *who, const char *operation);

/* Takes back one use: the entry goes with the last. False: there is none. */
bool sx_access_table_drop(struct sx_access_table *table, enum sx_access_who kind, const char *who,
                          const char *operation);

/* Drops from `table` what is in `other`, whatever its uses. */
void sx_access_table_subtract(struct sx_access_table *table, const struct sx_access_table *other);

/* Room for `more` entries, for a move that can't fail. SX_OK, or SX_ENOMEM: nothing changed. */
enum sx_err sx_access_table_reserve(struct sx_access_table *table, size_t more);

/* Moves what isn't there yet, and adds the uses of the rest: `from` is empty then. Can't fail: room
 * for it was reserved. */
void sx_access_table_move(struct sx_access_table *table, struct sx_access_table *from);

/* The next entry, in no particular order; after NULL comes the first. NULL: no more. */
const struct sx_access_entry *sx_access_table_next(const struct sx_access_table *table,
                                                   const struct sx_access_entry *entry);

#endif
