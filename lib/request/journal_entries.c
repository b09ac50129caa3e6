/* journal_entries.c - entries by caller and id, and what each caller has of them. Invariants and
 * paths: journal_entries.h.
 *
 * Each function takes the same time however many entries and callers there are, but for drop_idle.
 *
 * Modelled in tests/model: iq.pml.
 */
#include "request/journal_entries.h"

#include <stdlib.h>
#include <string.h>

#include "base/pages.h"
#include "base/random.h"
#include "wire/request_id.h"

enum { MAX_BUCKETS = 1 << 16, MIN_BUCKETS = 16, ENTRIES_PER_BUCKET = 4 };

static size_t buckets_bytes(const struct sx_journal_entries *entries)
{
    return (entries->bucket_mask + 1) * sizeof *entries->buckets;
}

static size_t caller_buckets_bytes(const struct sx_journal_entries *entries)
{
    return (entries->bucket_mask + 1) * sizeof *entries->caller_buckets;
}

bool sx_journal_entries_init(struct sx_journal_entries *entries, unsigned max_entries)
{
    uint64_t buckets = MIN_BUCKETS;
    size_t i;
    if (!sx_random_fill(&entries->hash_key, sizeof entries->hash_key))
        return false;
    while (buckets < MAX_BUCKETS && buckets * ENTRIES_PER_BUCKET < max_entries)
        buckets *= 2;
    entries->bucket_mask = buckets - 1;
    TAILQ_INIT(&entries->running);
    TAILQ_INIT(&entries->answered);
    TAILQ_INIT(&entries->idle);
    for (i = 0; i < SX_JOURNAL_CLASSES; i++) {
        TAILQ_INIT(&entries->classes[SX_JOURNAL_PAST][i]);
        TAILQ_INIT(&entries->classes[SX_JOURNAL_ANSWERS][i]);
    }
    entries->buckets = sx_pages_new(buckets_bytes(entries));
    entries->caller_buckets = sx_pages_new(caller_buckets_bytes(entries));
    if (entries->buckets && entries->caller_buckets)
        return true;
    sx_journal_entries_fini(entries);
    return false;
}

void sx_journal_entries_fini(struct sx_journal_entries *entries)
{
    struct sx_journal_entry *entry;
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): what is dropped is in no list any more */
    while ((entry = TAILQ_FIRST(&entries->running)) != NULL)
        sx_journal_entries_drop(entries, entry, UINT64_MAX);
    while ((entry = TAILQ_FIRST(&entries->answered)) != NULL)
        sx_journal_entries_drop(entries, entry, UINT64_MAX);
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
    sx_journal_entries_drop_idle(entries, UINT64_MAX);
    sx_pages_free(entries->buckets, buckets_bytes(entries));
    sx_pages_free(entries->caller_buckets, caller_buckets_bytes(entries));
}

/* ---- finding one ---- */

/* Keyed, so that no peer can choose ids that fall into one bucket. */
static uint64_t hash_text(const struct sx_journal_entries *entries, uint64_t hash, const char *text,
                          size_t len)
{
    size_t i;
    for (i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211) + (entries->hash_key >> 7);
    return hash;
}

static uint64_t mix(uint64_t hash)
{
    return hash ^ hash >> 29;
}

void sx_journal_entries_make_key(const struct sx_journal_entries *entries, const char *from,
                                 const char *id, struct sx_journal_key *key)
{
    sx_jid_bare(from, key->caller, sizeof key->caller);
    key->id = id;
    key->id_len = sx_request_id_stem_len(id);
    key->caller_hash = hash_text(entries, entries->hash_key ^ UINT64_C(14695981039346656037),
                                 key->caller, strlen(key->caller) + 1);
    key->hash = hash_text(entries, key->caller_hash, id, key->id_len);
}

static struct sx_journal_bucket *bucket_of(const struct sx_journal_entries *entries,
                                           const struct sx_journal_key *key)
{
    return &entries->buckets[mix(key->hash) & entries->bucket_mask];
}

static struct sx_journal_caller_bucket *caller_bucket_of(const struct sx_journal_entries *entries,
                                                         const struct sx_journal_key *key)
{
    return &entries->caller_buckets[mix(key->caller_hash) & entries->bucket_mask];
}

struct sx_journal_entry *sx_journal_entries_find(const struct sx_journal_entries *entries,
                                                 const struct sx_journal_key *key)
{
    struct sx_journal_entry *entry = LIST_FIRST(bucket_of(entries, key));
    while (entry && (strncmp(entry->id, key->id, key->id_len) != 0 || entry->id[key->id_len] ||
                     strcmp(entry->caller->jid, key->caller) != 0))
        entry = LIST_NEXT(entry, in_bucket);
    return entry;
}

struct sx_journal_caller *sx_journal_entries_find_caller(const struct sx_journal_entries *entries,
                                                         const struct sx_journal_key *key)
{
    struct sx_journal_caller *caller = LIST_FIRST(caller_bucket_of(entries, key));
    while (caller && strcmp(caller->jid, key->caller) != 0)
        caller = LIST_NEXT(caller, in_bucket);
    return caller;
}

/* ---- what a caller has ---- */

static unsigned class_of(size_t bytes)
{
    unsigned size_class = 0;
    for (; bytes && size_class < SX_JOURNAL_CLASSES - 1; bytes >>= 1)
        size_class++;
    return size_class;
}

static void set_holding(struct sx_journal_entries *entries, struct sx_journal_caller *caller,
                        enum sx_journal_kind kind, size_t bytes)
{
    struct sx_journal_holding *holding = &caller->holdings[kind];
    unsigned size_class = class_of(bytes);
    holding->bytes = bytes;
    if (size_class == holding->class)
        return;
    if (holding->class)
        TAILQ_REMOVE(&entries->classes[kind][holding->class], caller, holdings[kind].in_class);
    if (size_class)
        TAILQ_INSERT_TAIL(&entries->classes[kind][size_class], caller, holdings[kind].in_class);
    holding->class = size_class;
}

struct sx_journal_caller *sx_journal_entries_largest(struct sx_journal_entries *entries,
                                                     enum sx_journal_kind kind,
                                                     struct sx_journal_caller *preferred)
{
    unsigned size_class = SX_JOURNAL_CLASSES - 1;
    while (size_class && TAILQ_EMPTY(&entries->classes[kind][size_class]))
        size_class--;
    if (preferred && size_class && preferred->holdings[kind].class == size_class)
        return preferred;
    return TAILQ_FIRST(&entries->classes[kind][size_class]);
}

/* ---- callers ---- */

static size_t caller_bytes(const char *jid)
{
    return sizeof(struct sx_journal_caller) + strlen(jid) + 1;
}

static struct sx_journal_caller *make_caller(struct sx_journal_entries *entries,
                                             const struct sx_journal_key *key)
{
    size_t bytes = caller_bytes(key->caller);
    struct sx_journal_caller *caller = calloc(1, bytes);
    if (!caller)
        return NULL;
    memcpy(caller->jid, key->caller, bytes - sizeof *caller);
    TAILQ_INIT(&caller->answered);
    TAILQ_INIT(&caller->kept);
    LIST_INSERT_HEAD(caller_bucket_of(entries, key), caller, in_bucket);
    entries->bytes += bytes;
    return caller;
}

static void set_idle(struct sx_journal_entries *entries, struct sx_journal_caller *caller,
                     bool is_idle)
{
    if (is_idle == caller->is_idle)
        return;
    caller->is_idle = is_idle;
    if (is_idle) {
        TAILQ_INSERT_TAIL(&entries->idle, caller, in_idle);
        entries->idle_count++;
    } else {
        TAILQ_REMOVE(&entries->idle, caller, in_idle);
        entries->idle_count--;
    }
}

static void drop_caller(struct sx_journal_entries *entries, struct sx_journal_caller *caller)
{
    set_idle(entries, caller, false);
    LIST_REMOVE(caller, in_bucket);
    entries->bytes -= caller_bytes(caller->jid);
    free(caller);
}

void sx_journal_entries_drop_idle(struct sx_journal_entries *entries, uint64_t floor)
{
    struct sx_journal_caller *caller = TAILQ_FIRST(&entries->idle), *next;
    for (; caller; caller = next) {
        next = TAILQ_NEXT(caller, in_idle);
        if (caller->floor <= floor)
            drop_caller(entries, caller);
    }
}

/* ---- entries ---- */

static size_t entry_bytes(const struct sx_journal_key *key)
{
    return sizeof(struct sx_journal_entry) + key->id_len + 1;
}

size_t sx_journal_entries_measure(const struct sx_journal_entries *entries,
                                  const struct sx_journal_key *key)
{
    return entry_bytes(key) +
           (sx_journal_entries_find_caller(entries, key) ? 0 : caller_bytes(key->caller));
}

struct sx_journal_entry *sx_journal_entries_add(struct sx_journal_entries *entries,
                                                const struct sx_journal_key *key, uint64_t epoch)
{
    size_t bytes = entry_bytes(key);
    struct sx_journal_entry *entry = calloc(1, bytes);
    struct sx_journal_caller *caller = sx_journal_entries_find_caller(entries, key);
    if (entry && !caller)
        caller = make_caller(entries, key);
    if (!entry || !caller) {
        free(entry);
        return NULL;
    }
    memcpy(entry->id, key->id, key->id_len);
    entry->caller = caller;
    entry->epoch = epoch;
    entry->bytes = bytes;
    LIST_INSERT_HEAD(bucket_of(entries, key), entry, in_bucket);
    TAILQ_INSERT_TAIL(&entries->running, entry, in_order);
    set_idle(entries, caller, false);
    caller->entries++;
    caller->entry_bytes += bytes;
    entries->count++;
    entries->bytes += bytes;
    return entry;
}

void sx_journal_entries_answer(struct sx_journal_entries *entries, struct sx_journal_entry *entry,
                               uint64_t epoch)
{
    struct sx_journal_caller *caller = entry->caller;
    TAILQ_REMOVE(&entries->running, entry, in_order);
    TAILQ_INSERT_TAIL(&entries->answered, entry, in_order);
    TAILQ_INSERT_TAIL(&caller->answered, entry, in_own);
    set_holding(entries, caller, SX_JOURNAL_PAST,
                caller->holdings[SX_JOURNAL_PAST].bytes + entry->bytes);
    entry->is_answered = true;
    entry->epoch = epoch;
}

void sx_journal_entries_keep(struct sx_journal_entries *entries, struct sx_journal_entry *entry,
                             struct sx_response *answer)
{
    struct sx_journal_caller *caller = entry->caller;
    size_t bytes = sx_response_bytes(answer);
    entry->answer = sx_response_ref(answer);
    TAILQ_INSERT_TAIL(&caller->kept, entry, in_kept);
    set_holding(entries, caller, SX_JOURNAL_ANSWERS,
                caller->holdings[SX_JOURNAL_ANSWERS].bytes + bytes);
    entries->answer_bytes += bytes;
}

void sx_journal_entries_drop_answer(struct sx_journal_entries *entries,
                                    struct sx_journal_entry *entry)
{
    struct sx_journal_caller *caller = entry->caller;
    size_t bytes;
    if (!entry->answer)
        return;
    bytes = sx_response_bytes(entry->answer);
    TAILQ_REMOVE(&caller->kept, entry, in_kept);
    set_holding(entries, caller, SX_JOURNAL_ANSWERS,
                caller->holdings[SX_JOURNAL_ANSWERS].bytes - bytes);
    entries->answer_bytes -= bytes;
    sx_response_unref(entry->answer);
    entry->answer = NULL;
}

void sx_journal_entries_drop(struct sx_journal_entries *entries, struct sx_journal_entry *entry,
                             uint64_t floor)
{
    struct sx_journal_caller *caller = entry->caller;
    sx_journal_entries_drop_answer(entries, entry);
    LIST_REMOVE(entry, in_bucket);
    if (entry->is_answered) {
        TAILQ_REMOVE(&entries->answered, entry, in_order);
        TAILQ_REMOVE(&caller->answered, entry, in_own);
        set_holding(entries, caller, SX_JOURNAL_PAST,
                    caller->holdings[SX_JOURNAL_PAST].bytes - entry->bytes);
    } else {
        TAILQ_REMOVE(&entries->running, entry, in_order);
    }
    caller->entry_bytes -= entry->bytes;
    entries->bytes -= entry->bytes;
    entries->count--;
    free(entry);
    if (--caller->entries > 0)
        return;
    if (caller->floor > floor)
        set_idle(entries, caller, true);
    else
        drop_caller(entries, caller);
}
