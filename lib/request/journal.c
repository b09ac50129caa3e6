/* journal.c - entries by caller and id, answers that go first when room is short, epochs that end.
 *
 * Invariant: an entry is in its bucket and in order; in kept exactly while it has an answer. bytes
 * is the sum of entries and answers, at most max_bytes. What runs stays, however old its epoch;
 * what was answered stays for the rest of that epoch and the next one, however old its id: a caller
 * whose ids are going stale must still find the answers it has lost.
 *
 * Happy path: enter finds nothing and adds -> answer keeps a copy -> enter finds it.
 * Failure: no room for an answer: the oldest answers go, their entries stay. No place for an entry:
 * an epoch ends early. Only what runs is left: full.
 */
#include "request/journal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/pages.h"
#include "base/random.h"
#include "wire/jid.h"

enum {
    MAX_BUCKETS = 1 << 16,
    MIN_BUCKETS = 16,
    ACCEPTED_EPOCHS = 2,
    ENDS = 64,         /* of epochs, whose time is known */
    MAX_ID_BYTES = 256 /* ours have a third of it */
};

#define EPOCH_US ((int64_t)SX_JOURNAL_EPOCH_S * 1000000)

struct entry {
    LIST_ENTRY(entry) in_bucket;
    TAILQ_ENTRY(entry) in_order, in_kept;
    uint64_t
        epoch; /* in which it came, then in which it was answered: no matter what its id says */
    bool answered;
    char *answer;             /* NULL while running, or when it isn't kept */
    size_t answer_len, bytes; /* bytes without the answer */
    const char *id;           /* inside caller[] */
    char caller[];            /* bare: a server may change the resource of one that comes back */
};

LIST_HEAD(bucket, entry);
TAILQ_HEAD(entry_list, entry);

struct sx_journal {
    /* immutable */
    unsigned max_entries;
    size_t max_bytes;
    bool is_shared;
    uint64_t process, hash_key, bucket_mask;
    /* under mu */
    pthread_mutex_t mu;
    struct bucket *buckets;
    struct entry_list order; /* as they came */
    struct entry_list kept;  /* those with an answer, in the order of their answers */
    size_t answer_bytes;     /* of them all */
    unsigned long answered;
    uint64_t epoch;
    int64_t epoch_begun_us;
    int64_t ended_us[ENDS];      /* when the latest epochs ceased to be accepted, modulo ENDS */
    unsigned long epoch_entries; /* added since */
    size_t epoch_bytes;
    struct sx_journal_counts counts;
};

static void free_buckets(struct sx_journal *journal)
{
    sx_pages_free(journal->buckets, (journal->bucket_mask + 1) * sizeof *journal->buckets);
}

struct sx_journal *sx_journal_new(unsigned max_entries, size_t max_bytes)
{
    struct sx_journal *journal = calloc(1, sizeof *journal);
    uint64_t random[2], buckets = MIN_BUCKETS;
    if (!journal)
        return NULL;
    if (!sx_random_fill(random, sizeof random))
        goto err_after_alloc;
    while (buckets < MAX_BUCKETS && buckets * 4 < max_entries)
        buckets *= 2;
    journal->process = random[0];
    journal->hash_key = random[1];
    journal->max_entries = max_entries;
    journal->max_bytes = max_bytes;
    journal->bucket_mask = buckets - 1;
    journal->buckets = sx_pages_new(buckets * sizeof *journal->buckets);
    if (!journal->buckets)
        goto err_after_alloc;
    if (pthread_mutex_init(&journal->mu, NULL))
        goto err_after_buckets;
    TAILQ_INIT(&journal->order);
    TAILQ_INIT(&journal->kept);
    journal->epoch = 1;
    return journal;

err_after_buckets:
    free_buckets(journal);
err_after_alloc:
    free(journal);
    return NULL;
}

void sx_journal_share(struct sx_journal *journal)
{
    journal->is_shared = true;
}

bool sx_journal_is_shared(const struct sx_journal *journal)
{
    return journal->is_shared;
}

uint64_t sx_journal_process(const struct sx_journal *journal)
{
    return journal->process;
}

/* ---- entries ---- */

struct key {
    char caller[SX_JID_BYTES];
    const char *id;
    size_t id_len; /* the same for all copies */
    struct bucket *bucket;
};

/* Keyed, so that no peer can choose ids that fall into one bucket. */
static struct bucket *bucket_of(struct sx_journal *journal, const struct key *key)
{
    uint64_t hash = journal->hash_key ^ UINT64_C(14695981039346656037);
    const char *texts[2] = {key->caller, key->id};
    const size_t lens[2] = {strlen(key->caller) + 1, key->id_len};
    size_t i, j;
    for (i = 0; i < 2; i++)
        for (j = 0; j < lens[i]; j++)
            hash = (hash ^ (unsigned char)texts[i][j]) * UINT64_C(1099511628211) +
                   (journal->hash_key >> 7);
    hash ^= hash >> 29;
    return &journal->buckets[hash & journal->bucket_mask];
}

static void make_key(struct sx_journal *journal, const char *from, const char *id, struct key *key)
{
    sx_jid_bare(from, key->caller, sizeof key->caller);
    key->id = id;
    key->id_len = sx_request_id_stem_len(id);
    key->bucket = bucket_of(journal, key);
}

static struct entry *find_locked(const struct key *key)
{
    struct entry *entry = LIST_FIRST(key->bucket);
    while (entry && (strncmp(entry->id, key->id, key->id_len) != 0 || entry->id[key->id_len] ||
                     strcmp(entry->caller, key->caller) != 0))
        entry = LIST_NEXT(entry, in_bucket);
    return entry;
}

/* A second copy is stale from now on. */
static void drop_answer_locked(struct sx_journal *journal, struct entry *entry)
{
    if (!entry->answer)
        return;
    TAILQ_REMOVE(&journal->kept, entry, in_kept);
    journal->answer_bytes -= entry->answer_len;
    journal->counts.bytes -= entry->answer_len;
    free(entry->answer);
    entry->answer = NULL;
}

static void drop_locked(struct sx_journal *journal, struct entry *entry)
{
    drop_answer_locked(journal, entry);
    LIST_REMOVE(entry, in_bucket);
    TAILQ_REMOVE(&journal->order, entry, in_order);
    journal->counts.entries--;
    journal->counts.bytes -= entry->bytes;
    journal->answered -= entry->answered;
    free(entry);
}

void sx_journal_free(struct sx_journal *journal)
{
    struct entry *entry;
    if (!journal)
        return;
    while ((entry = TAILQ_FIRST(&journal->order)) != NULL)
        drop_locked(journal, entry);
    pthread_mutex_destroy(&journal->mu);
    free_buckets(journal);
    free(journal);
}

static size_t entry_bytes(const struct key *key)
{
    return sizeof(struct entry) + strlen(key->caller) + key->id_len + 2;
}

static struct entry *add_locked(struct sx_journal *journal, const struct key *key)
{
    size_t caller_bytes = strlen(key->caller) + 1, bytes = entry_bytes(key);
    struct entry *entry = calloc(1, bytes);
    if (!entry)
        return NULL;
    memcpy(entry->caller, key->caller, caller_bytes);
    entry->id = memcpy(entry->caller + caller_bytes, key->id, key->id_len);
    entry->epoch = journal->epoch;
    entry->bytes = bytes;
    LIST_INSERT_HEAD(key->bucket, entry, in_bucket);
    TAILQ_INSERT_TAIL(&journal->order, entry, in_order);
    journal->counts.entries++;
    journal->counts.bytes += bytes;
    journal->epoch_entries++;
    journal->epoch_bytes += bytes;
    return entry;
}

/* ---- epochs ---- */

/* Epochs begin at 1. */
static bool is_accepted(const struct sx_journal *journal, uint64_t epoch)
{
    return (epoch > 0 && epoch <= journal->epoch && epoch + ACCEPTED_EPOCHS > journal->epoch);
}

/* What runs stays until it is answered, however old. end_us: when that of the epochs ended which
 * isn't accepted any longer. */
static void begin_epoch_locked(struct sx_journal *journal, int64_t now_us, int64_t end_us)
{
    struct entry *entry = TAILQ_FIRST(&journal->order), *next;
    journal->epoch++;
    journal->ended_us[(journal->epoch - ACCEPTED_EPOCHS) % ENDS] = end_us;
    journal->epoch_begun_us = now_us;
    journal->epoch_entries = journal->epoch_bytes = 0;
    for (; entry; entry = next) {
        next = TAILQ_NEXT(entry, in_order);
        if (entry->answered && !is_accepted(journal, entry->epoch))
            drop_locked(journal, entry);
    }
}

/* Since the time that an epoch has was over nobody has asked, so that it let nobody in. */
static void advance_locked(struct sx_journal *journal, int64_t now_us)
{
    int64_t turns, end_us;
    if (journal->epoch_begun_us == 0)
        journal->epoch_begun_us = now_us;
    end_us = journal->epoch_begun_us;
    turns = (now_us - end_us) / EPOCH_US;
    if (turns > ACCEPTED_EPOCHS)
        turns = ACCEPTED_EPOCHS;
    while (turns-- > 0)
        begin_epoch_locked(journal, now_us, end_us += EPOCH_US);
}

/* ---- room ---- */

static bool has_place_locked(const struct sx_journal *journal, size_t bytes)
{
    return journal->counts.entries < journal->max_entries &&
           journal->counts.bytes - journal->answer_bytes + bytes <= journal->max_bytes;
}

/* Answers go before entries do: their requests still don't run twice. */
static void drop_answers_locked(struct sx_journal *journal, size_t bytes)
{
    while (journal->counts.bytes + bytes > journal->max_bytes && !TAILQ_EMPTY(&journal->kept))
        drop_answer_locked(journal, TAILQ_FIRST(&journal->kept));
}

/* For one more entry. An epoch has half of the room, so that the one before it can stay; entries
 * are forgotten early rather than without a trace: their ids go stale with their epoch. */
static bool make_place_locked(struct sx_journal *journal, size_t bytes, int64_t now_us)
{
    int turns;
    if (journal->epoch_entries >= (journal->max_entries + 1) / 2 ||
        journal->epoch_bytes + bytes > journal->max_bytes / 2)
        begin_epoch_locked(journal, now_us, now_us);
    for (turns = 0;
         turns < ACCEPTED_EPOCHS && journal->answered && !has_place_locked(journal, bytes); turns++)
        begin_epoch_locked(journal, now_us, now_us);
    if (!has_place_locked(journal, bytes))
        return false;
    drop_answers_locked(journal, bytes);
    return true;
}

/* For an answer; what can't fit costs no other one. */
static bool make_room_locked(struct sx_journal *journal, size_t len)
{
    if (journal->counts.bytes - journal->answer_bytes + len > journal->max_bytes)
        return false;
    drop_answers_locked(journal, len);
    return true;
}

/* ---- incarnations ---- */

void sx_journal_incarnation(struct sx_journal *journal, int64_t now_us,
                            char out[SX_INCARNATION_BYTES])
{
    pthread_mutex_lock(&journal->mu);
    advance_locked(journal, now_us);
    if (journal->is_shared)
        snprintf(out, SX_INCARNATION_BYTES, "%s", SX_REQUEST_ID_ANY);
    else
        sx_request_id_format_incarnation(journal->process, journal->epoch, out);
    pthread_mutex_unlock(&journal->mu);
}

static int64_t stale_us_locked(const struct sx_journal *journal, uint64_t epoch, int64_t now_us)
{
    uint64_t first = journal->epoch > ENDS + 1 ? journal->epoch - ENDS - 1 : 1; /* that is known */
    if (epoch == 0 || epoch + ACCEPTED_EPOCHS > journal->epoch)
        return 0;
    return now_us - journal->ended_us[(epoch > first ? epoch : first) % ENDS];
}

int64_t sx_journal_stale_us(struct sx_journal *journal, const char *id, int64_t now_us)
{
    uint64_t process, epoch;
    int64_t stale_us = 0;
    if (journal->is_shared || !sx_request_id_parse(id, &process, &epoch) ||
        process != journal->process)
        return 0;
    pthread_mutex_lock(&journal->mu);
    advance_locked(journal, now_us);
    stale_us = stale_us_locked(journal, epoch, now_us);
    pthread_mutex_unlock(&journal->mu);
    return stale_us;
}

/* Whether a request under this id may be run here if nothing is known of it: a message, the first
 * copy of a shared JID's, or one for this process and an epoch that is accepted. */
static bool may_run_locked(const struct sx_journal *journal, const char *id)
{
    uint64_t process, epoch;
    if (sx_request_id_is_message(id))
        return true;
    if (journal->is_shared)
        return sx_request_id_is_any(sx_request_id_tail(id));
    return sx_request_id_parse(id, &process, &epoch) && process == journal->process &&
           is_accepted(journal, epoch);
}

/* ---- requests ---- */

static enum sx_journal_verdict repeat_locked(struct sx_journal *journal, const struct entry *entry,
                                             char **answer, size_t *answer_len)
{
    char *copy;
    journal->counts.repeated++;
    if (!entry->answered)
        return SX_JOURNAL_RUNNING;
    copy = entry->answer ? malloc(entry->answer_len + 1) : NULL;
    if (!copy)
        return journal->is_shared ? SX_JOURNAL_SPENT : SX_JOURNAL_STALE;
    memcpy(copy, entry->answer, entry->answer_len + 1);
    *answer = copy;
    *answer_len = entry->answer_len;
    journal->counts.replayed++;
    return SX_JOURNAL_ANSWERED;
}

static enum sx_journal_verdict enter_locked(struct sx_journal *journal, const struct key *key,
                                            int64_t now_us)
{
    bool has_place =
        may_run_locked(journal, key->id) && make_place_locked(journal, entry_bytes(key), now_us);
    /* Making room may have ended the very epoch. */
    if (!may_run_locked(journal, key->id)) {
        journal->counts.stale++;
        return SX_JOURNAL_STALE;
    }
    if (!has_place || !add_locked(journal, key))
        return SX_JOURNAL_FULL;
    journal->counts.fresh++;
    return SX_JOURNAL_FRESH;
}

static enum sx_journal_verdict look_locked(struct sx_journal *journal, const struct key *key)
{
    if (may_run_locked(journal, key->id))
        return SX_JOURNAL_FRESH;
    journal->counts.stale++;
    return SX_JOURNAL_STALE;
}

static enum sx_journal_verdict judge(struct sx_journal *journal, const char *from, const char *id,
                                     int64_t now_us, bool enters, char **answer, size_t *answer_len)
{
    struct key key;
    enum sx_journal_verdict verdict;
    const struct entry *entry;
    if (strlen(id) > MAX_ID_BYTES || !(sx_request_id_is_tagged(id) || sx_request_id_is_message(id)))
        return SX_JOURNAL_FOREIGN;
    make_key(journal, from, id, &key);
    pthread_mutex_lock(&journal->mu);
    advance_locked(journal, now_us);
    entry = find_locked(&key);
    if (entry)
        verdict = repeat_locked(journal, entry, answer, answer_len);
    else if (enters)
        verdict = enter_locked(journal, &key, now_us);
    else
        verdict = look_locked(journal, &key);
    pthread_mutex_unlock(&journal->mu);
    return verdict;
}

enum sx_journal_verdict sx_journal_enter(struct sx_journal *journal, const char *from,
                                         const char *id, int64_t now_us, char **answer,
                                         size_t *answer_len)
{
    return judge(journal, from, id, now_us, true, answer, answer_len);
}

enum sx_journal_verdict sx_journal_look(struct sx_journal *journal, const char *from,
                                        const char *id, int64_t now_us, char **answer,
                                        size_t *answer_len)
{
    return judge(journal, from, id, now_us, false, answer, answer_len);
}

/* Takes the answer if it is kept: then NULL is returned. */
static char *keep_answer_locked(struct sx_journal *journal, struct entry *entry, char *answer,
                                size_t len)
{
    entry->answered = true;
    journal->answered++;
    entry->epoch = journal->epoch;
    if (!answer || !make_room_locked(journal, len))
        return answer;
    entry->answer = answer;
    entry->answer_len = len;
    TAILQ_INSERT_TAIL(&journal->kept, entry, in_kept);
    journal->answer_bytes += len;
    journal->counts.bytes += len;
    return NULL;
}

void sx_journal_answer(struct sx_journal *journal, const char *from, const char *id,
                       const char *stanza, size_t len, int64_t now_us)
{
    char *copy = stanza ? malloc(len + 1) : NULL;
    struct entry *entry;
    struct key key;
    make_key(journal, from, id, &key);
    if (copy) {
        memcpy(copy, stanza, len);
        copy[len] = '\0';
    }
    pthread_mutex_lock(&journal->mu);
    advance_locked(journal, now_us);
    entry = find_locked(&key);
    if (entry && !entry->answered)
        copy = keep_answer_locked(journal, entry, copy, len);
    pthread_mutex_unlock(&journal->mu);
    free(copy);
}

void sx_journal_forget(struct sx_journal *journal, const char *from, const char *id)
{
    struct entry *entry;
    struct key key;
    make_key(journal, from, id, &key);
    pthread_mutex_lock(&journal->mu);
    entry = find_locked(&key);
    if (entry && !entry->answered && sx_request_id_is_message(id))
        (void)keep_answer_locked(journal, entry, NULL, 0);
    else if (entry && !entry->answered)
        drop_locked(journal, entry);
    pthread_mutex_unlock(&journal->mu);
}

void sx_journal_shrink(struct sx_journal *journal, size_t max_answer_bytes)
{
    struct entry *entry;
    pthread_mutex_lock(&journal->mu);
    TAILQ_FOREACH(entry, &journal->order, in_order)
        if (entry->answer_len > max_answer_bytes)
            drop_answer_locked(journal, entry);
    pthread_mutex_unlock(&journal->mu);
}

void sx_journal_count(struct sx_journal *journal, struct sx_journal_counts *counts)
{
    pthread_mutex_lock(&journal->mu);
    *counts = journal->counts;
    pthread_mutex_unlock(&journal->mu);
}
