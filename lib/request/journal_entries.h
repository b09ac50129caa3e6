/* journal_entries.h - what a journal holds: entries by caller and id, and what each caller has of
 * it.
 *
 * Noun: the entries. For journal.c alone, which decides what is forgotten. All functions: with the
 * journal's mutex held.
 *
 * Invariant: an entry is in its bucket, and in one of the lists running and answered. Once answered
 * it is in its caller's list answered, too, and in kept exactly while it has an answer. Lists of
 * answered entries are in the order of their epochs. A caller is kept while it has entries, or a
 * floor of its own above the journal's; without entries it is idle, and takes a place as an entry
 * does.
 *
 * Happy path: add -> answer -> keep -> find; drop. Failure: no memory: nothing is added.
 */
#ifndef SX_REQUEST_JOURNAL_ENTRIES_H
#define SX_REQUEST_JOURNAL_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "request/response.h"
#include "wire/jid.h"

enum { SX_JOURNAL_CLASSES = 40 }; /* of sizes, each twice the one before: more than memory has */

TAILQ_HEAD(sx_journal_list, sx_journal_entry);
TAILQ_HEAD(sx_journal_callers, sx_journal_caller);

/* What a caller can be asked to give up. */
enum sx_journal_kind {
    SX_JOURNAL_PAST,    /* entries that were answered, without their answers */
    SX_JOURNAL_ANSWERS, /* answers */
    SX_JOURNAL_KINDS
};

/* How much a caller has of one kind, and its place among the callers that have about as much. */
struct sx_journal_holding {
    TAILQ_ENTRY(sx_journal_caller) in_class;
    unsigned class; /* 0: it has nothing, and is in no list */
    size_t bytes;
};

struct sx_journal_caller {
    LIST_ENTRY(sx_journal_caller) in_bucket;
    TAILQ_ENTRY(sx_journal_caller) in_idle;
    struct sx_journal_list answered, kept; /* its own */
    unsigned long entries;
    size_t entry_bytes; /* of its entries without their answers */
    struct sx_journal_holding holdings[SX_JOURNAL_KINDS];
    uint64_t floor;   /* its own: from it no id of an earlier epoch is accepted; 0: none */
    int64_t floor_us; /* at least since then */
    bool is_idle;     /* it has no entries */
    char jid[];       /* bare: a server may change the resource */
};

struct sx_journal_entry {
    LIST_ENTRY(sx_journal_entry) in_bucket;
    TAILQ_ENTRY(sx_journal_entry) in_order, in_own, in_kept;
    struct sx_journal_caller *caller;
    uint64_t
        epoch; /* in which it came, then in which it was answered; its id may name another one */
    bool is_answered;
    struct sx_response *answer; /* NULL while running, or when it isn't kept */
    size_t bytes;               /* without the answer */
    char id[];
};

LIST_HEAD(sx_journal_bucket, sx_journal_entry);
LIST_HEAD(sx_journal_caller_bucket, sx_journal_caller);

struct sx_journal_entries {
    uint64_t hash_key, bucket_mask;
    struct sx_journal_bucket *buckets;
    struct sx_journal_caller_bucket *caller_buckets;
    struct sx_journal_list running, answered; /* of all callers */
    struct sx_journal_callers idle;           /* without entries */
    struct sx_journal_callers classes[SX_JOURNAL_KINDS][SX_JOURNAL_CLASSES];
    unsigned long count, idle_count;
    size_t bytes;        /* of entries and callers, without answers */
    size_t answer_bytes; /* of all answers */
};

/* Whose request, and which. */
struct sx_journal_key {
    char caller[SX_JID_BYTES];
    const char *id;
    size_t id_len; /* the same for all copies */
    uint64_t caller_hash, hash;
};

/* For so many entries at most. False: no memory. */
bool sx_journal_entries_init(struct sx_journal_entries *entries, unsigned max_entries);
void sx_journal_entries_fini(struct sx_journal_entries *entries);

/* id stays the caller's, and must outlive the key. */
void sx_journal_entries_make_key(const struct sx_journal_entries *entries, const char *from,
                                 const char *id, struct sx_journal_key *key);

/* Each NULL: there is none. */
struct sx_journal_entry *sx_journal_entries_find(const struct sx_journal_entries *entries,
                                                 const struct sx_journal_key *key);
struct sx_journal_caller *sx_journal_entries_find_caller(const struct sx_journal_entries *entries,
                                                         const struct sx_journal_key *key);

/* What an entry with this key would add to bytes. */
size_t sx_journal_entries_measure(const struct sx_journal_entries *entries,
                                  const struct sx_journal_key *key);

/* A request that runs. NULL: no memory. */
struct sx_journal_entry *sx_journal_entries_add(struct sx_journal_entries *entries,
                                                const struct sx_journal_key *key, uint64_t epoch);

/* It was answered in this epoch, the latest there is. */
void sx_journal_entries_answer(struct sx_journal_entries *entries, struct sx_journal_entry *entry,
                               uint64_t epoch);

/* keep: the entry takes a reference to its answer. drop_answer: gives it back; a later copy of the
 * request is stale from then on. */
void sx_journal_entries_keep(struct sx_journal_entries *entries, struct sx_journal_entry *entry,
                             struct sx_response *answer);
void sx_journal_entries_drop_answer(struct sx_journal_entries *entries,
                                    struct sx_journal_entry *entry);

/* Forgets the entry, and its caller if that has no other and no epoch of its own beyond floor. */
void sx_journal_entries_drop(struct sx_journal_entries *entries, struct sx_journal_entry *entry,
                             uint64_t floor);

/* Forgets those without entries whose own epoch isn't beyond floor any longer. */
void sx_journal_entries_drop_idle(struct sx_journal_entries *entries, uint64_t floor);

/* A caller that has most of that kind, or at least half as much as the one that has: preferred (or
 * NULL) if it is one of these. NULL: nobody has any. */
struct sx_journal_caller *sx_journal_entries_largest(struct sx_journal_entries *entries,
                                                     enum sx_journal_kind kind,
                                                     struct sx_journal_caller *preferred);

#endif
