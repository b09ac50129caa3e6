/* journal.c - what is remembered of requests, for how long, and what is forgotten first.
 *
 * Invariant: an id of an epoch that is accepted from its caller is among the entries, or was never
 * run. What runs stays, however old its epoch; what was answered stays for the rest of that epoch
 * and those of the next five minutes, however old its id: a caller whose ids are going stale must
 * still find the answers it has lost. Entries and bytes are at most max_entries and max_bytes.
 *
 * Happy path: enter finds nothing and adds -> answer keeps it -> enter finds it.
 * Failure: no room for an answer: the oldest answers go, their entries stay. No place for an entry:
 * the oldest that were answered go, by an end of the epochs until then. Only what runs is left:
 * full.
 *
 * Who gives way. Epochs may end for one caller alone, since its floor can be above that of all. A
 * caller that would have more than its share (half of the journal, while others have something in
 * it) gives way itself, and as long as all that it has runs, the journal is full for it. Otherwise
 * the caller that has most gives way; the same goes for answers' bytes. If even that one has
 * little, there are too many callers to blame one: then the oldest entries go, whosever they are.
 *
 * Modelled in tests/model: iq.pml, liveness.pml, message.pml, shared.pml.
 */
#include "request/journal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "request/journal_entries.h"

enum {
    MAX_ID_BYTES = 256, /* ours have a third of it */
    TURNS = 2,          /* of five minutes: after so many no epoch from before is accepted */
    RISES = 64,         /* of the floor whose times are remembered */
    EPOCHS_IN_ALL = 16, /* an epoch begins whenever this part of the journal was filled */
    LITTLE = 64         /* a caller with less than this part of the journal isn't to blame */
};

#define EPOCH_US ((int64_t)SX_JOURNAL_EPOCH_S * 1000000)

/* Since at_us no id of an epoch before floor is accepted. */
struct rise {
    uint64_t floor;
    int64_t at_us;
};

struct sx_journal {
    /* immutable */
    unsigned max_entries;
    size_t max_bytes;
    bool is_shared;
    uint64_t process;
    /* under mu */
    pthread_mutex_t mu;
    struct sx_journal_entries entries;
    uint64_t epoch;
    unsigned long epoch_entries; /* added since it began, and not refused */
    size_t epoch_bytes;
    uint64_t floor;      /* no id of an earlier epoch is accepted, from whomever */
    uint64_t next_floor; /* what it will be when this turn of five minutes is over */
    int64_t turn_us;     /* when that began */
    struct rise rises[RISES];
    unsigned long rise_count;
    struct sx_journal_counts counts;
};

struct sx_journal *sx_journal_new(unsigned max_entries, size_t max_bytes)
{
    struct sx_journal *journal = calloc(1, sizeof *journal);
    if (!journal)
        return NULL;
    if (!sx_random_fill(&journal->process, sizeof journal->process) ||
        !sx_journal_entries_init(&journal->entries, max_entries))
        goto err_after_alloc;
    if (pthread_mutex_init(&journal->mu, NULL))
        goto err_after_entries;
    journal->max_entries = max_entries;
    journal->max_bytes = max_bytes;
    journal->epoch = journal->floor = journal->next_floor = 1;
    return journal;

err_after_entries:
    sx_journal_entries_fini(&journal->entries);
err_after_alloc:
    free(journal);
    return NULL;
}

void sx_journal_free(struct sx_journal *journal)
{
    if (!journal)
        return;
    sx_journal_entries_fini(&journal->entries);
    pthread_mutex_destroy(&journal->mu);
    free(journal);
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

/* ---- epochs ---- */

/* Whether ids of the epoch are accepted from this caller; NULL: nothing is known of it. */
static bool is_accepted(const struct sx_journal *journal, const struct sx_journal_caller *caller,
                        uint64_t epoch)
{
    return epoch >= journal->floor && epoch <= journal->epoch && !(caller && epoch < caller->floor);
}

/* Ids of earlier epochs are still accepted. */
static void begin_epoch_locked(struct sx_journal *journal)
{
    journal->epoch++;
    journal->epoch_entries = 0;
    journal->epoch_bytes = 0;
}

/* Since at_us ids of epochs before floor are no longer accepted. */
static void raise_floor_locked(struct sx_journal *journal, uint64_t floor, int64_t at_us)
{
    struct sx_journal_entry *entry;
    if (floor <= journal->floor)
        return;
    journal->floor = floor;
    journal->rises[journal->rise_count++ % RISES] = (struct rise){floor, at_us};
    while ((entry = TAILQ_FIRST(&journal->entries.answered)) && entry->epoch < floor)
        sx_journal_entries_drop(&journal->entries, entry, floor);
    sx_journal_entries_drop_idle(&journal->entries, floor);
}

/* Ends the epochs whose time is over, as of the end of that time: nobody has asked since, so no id
 * of theirs was let in after it. */
static void advance_locked(struct sx_journal *journal, int64_t now_us)
{
    int64_t turns, end_us;
    if (journal->turn_us == 0)
        journal->turn_us = now_us;
    end_us = journal->turn_us;
    turns = (now_us - end_us) / EPOCH_US;
    if (turns > TURNS)
        turns = TURNS;
    while (turns-- > 0) {
        raise_floor_locked(journal, journal->next_floor, end_us += EPOCH_US);
        begin_epoch_locked(journal);
        journal->next_floor = journal->epoch;
        journal->turn_us = now_us;
    }
}

/* The epoch after that one, which is begun if it hasn't been yet. */
static uint64_t end_of_locked(struct sx_journal *journal, uint64_t epoch)
{
    if (epoch >= journal->epoch)
        begin_epoch_locked(journal);
    return epoch + 1;
}

/* ---- room ---- */

static bool has_place_locked(const struct sx_journal *journal, size_t bytes)
{
    const struct sx_journal_entries *entries = &journal->entries;
    return entries->count + entries->idle_count < journal->max_entries &&
           entries->bytes + bytes <= journal->max_bytes;
}

/* Whether with one more it has more than its share. NULL: it has nothing yet. */
static bool is_greedy_locked(const struct sx_journal *journal,
                             const struct sx_journal_caller *caller, size_t bytes)
{
    return caller && journal->entries.count > caller->entries &&
           (caller->entries >= (journal->max_entries + 1) / 2 ||
            caller->entry_bytes + bytes > journal->max_bytes / 2);
}

/* More than one entry: a caller that gives up its only one still takes a place. */
static bool has_much(const struct sx_journal *journal, const struct sx_journal_caller *caller)
{
    return caller->entries > 1 &&
           (caller->entries > journal->max_entries / LITTLE ||
            caller->holdings[SX_JOURNAL_PAST].bytes > journal->max_bytes / LITTLE);
}

/* Ends, for this caller alone, all epochs up to that of its oldest answered entry. False: it has
 * none. */
static bool give_way_locked(struct sx_journal *journal, struct sx_journal_caller *caller,
                            int64_t now_us)
{
    struct sx_journal_entry *entry = TAILQ_FIRST(&caller->answered), *next;
    uint64_t end;
    if (!entry)
        return false;
    end = end_of_locked(journal, entry->epoch);
    if (!journal->is_shared) {
        caller->floor = end;
        caller->floor_us = now_us;
    }
    for (; entry && entry->epoch < end; entry = next) {
        next = TAILQ_NEXT(entry, in_own); /* NULL: the caller may be forgotten with this one */
        sx_journal_entries_drop(&journal->entries, entry, journal->floor);
    }
    return true;
}

/* The same for all callers, up to the oldest answered entry of all. */
static bool give_way_all_locked(struct sx_journal *journal, int64_t now_us)
{
    const struct sx_journal_entry *entry = TAILQ_FIRST(&journal->entries.answered);
    const struct sx_journal_caller *idle = TAILQ_FIRST(&journal->entries.idle);
    if (entry)
        raise_floor_locked(journal, end_of_locked(journal, entry->epoch), now_us);
    else if (idle)
        raise_floor_locked(journal, idle->floor, now_us);
    return entry || idle;
}

/* Forgets something that was answered: of the caller that has most, unless that is little. */
static bool free_place_locked(struct sx_journal *journal, struct sx_journal_caller *caller,
                              int64_t now_us)
{
    struct sx_journal_caller *largest =
        sx_journal_entries_largest(&journal->entries, SX_JOURNAL_PAST, caller);
    if (largest && has_much(journal, largest))
        return give_way_locked(journal, largest, now_us);
    return give_way_all_locked(journal, now_us);
}

/* Forgets answers, but not their entries, so their requests still don't run twice: always the
 * oldest of the caller that has most. */
static void drop_answers_locked(struct sx_journal *journal, struct sx_journal_caller *preferred,
                                size_t bytes)
{
    struct sx_journal_entries *entries = &journal->entries;
    struct sx_journal_caller *largest;
    while (entries->bytes + entries->answer_bytes + bytes > journal->max_bytes &&
           (largest = sx_journal_entries_largest(entries, SX_JOURNAL_ANSWERS, preferred)))
        sx_journal_entries_drop_answer(entries, TAILQ_FIRST(&largest->kept));
}

/* Makes room for one more entry. The caller is looked up each time: it may have been forgotten. */
static bool make_place_locked(struct sx_journal *journal, const struct sx_journal_key *key,
                              int64_t now_us)
{
    struct sx_journal_entries *entries = &journal->entries;
    struct sx_journal_caller *caller;
    size_t bytes;
    for (;;) {
        caller = sx_journal_entries_find_caller(entries, key);
        bytes = sx_journal_entries_measure(entries, key);
        if (is_greedy_locked(journal, caller, bytes)) {
            if (!give_way_locked(journal, caller, now_us))
                return false;
        } else if (has_place_locked(journal, bytes)) {
            break;
        } else if (!free_place_locked(journal, caller, now_us)) {
            return false;
        }
    }
    drop_answers_locked(journal, caller, bytes);
    return true;
}

/* Makes room for an answer: beyond its share the caller's own answers go. False, and nothing is
 * forgotten: it is more than the share, or than there can ever be room for. */
static bool make_room_locked(struct sx_journal *journal, struct sx_journal_caller *caller,
                             size_t len)
{
    struct sx_journal_entries *entries = &journal->entries;
    const struct sx_journal_holding *answers = &caller->holdings[SX_JOURNAL_ANSWERS];
    bool is_alone = entries->answer_bytes == answers->bytes;
    if (entries->bytes + len > journal->max_bytes || (!is_alone && len > journal->max_bytes / 2))
        return false;
    while (!is_alone && answers->bytes + len > journal->max_bytes / 2)
        sx_journal_entries_drop_answer(entries, TAILQ_FIRST(&caller->kept));
    drop_answers_locked(journal, caller, len);
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

/* When the caller's ids of this epoch ceased to be accepted, or somewhat later. 0: they haven't. */
static int64_t find_end_locked(const struct sx_journal *journal,
                               const struct sx_journal_caller *caller, uint64_t epoch)
{
    unsigned long i = journal->rise_count > RISES ? journal->rise_count - RISES : 0;
    int64_t end_us = caller && epoch < caller->floor ? caller->floor_us : INT64_MAX;
    while (i < journal->rise_count && journal->rises[i % RISES].floor <= epoch)
        i++;
    if (i < journal->rise_count && journal->rises[i % RISES].at_us < end_us)
        end_us = journal->rises[i % RISES].at_us;
    return end_us == INT64_MAX ? 0 : end_us;
}

int64_t sx_journal_stale_us(struct sx_journal *journal, const char *from, const char *id,
                            int64_t now_us)
{
    struct sx_journal_key key;
    uint64_t process, epoch;
    int64_t end_us;
    if (journal->is_shared || !sx_request_id_parse(id, &process, &epoch) ||
        process != journal->process || epoch == 0)
        return 0;
    sx_journal_entries_make_key(&journal->entries, from, id, &key);
    pthread_mutex_lock(&journal->mu);
    advance_locked(journal, now_us);
    end_us =
        find_end_locked(journal, sx_journal_entries_find_caller(&journal->entries, &key), epoch);
    pthread_mutex_unlock(&journal->mu);
    return end_us ? now_us - end_us : 0;
}

/* Whether a request under this id may be run here if nothing is known of it: a message, the first
 * copy of a shared JID's, or one for this process and an epoch that is accepted. */
static bool may_run_locked(const struct sx_journal *journal, const struct sx_journal_key *key)
{
    uint64_t process, epoch;
    if (sx_request_id_is_message(key->id))
        return true;
    if (journal->is_shared)
        return sx_request_id_is_any(sx_request_id_tail(key->id));
    return sx_request_id_parse(key->id, &process, &epoch) && process == journal->process &&
           is_accepted(journal, sx_journal_entries_find_caller(&journal->entries, key), epoch);
}

/* ---- requests ---- */

static enum sx_journal_verdict repeat_locked(struct sx_journal *journal,
                                             const struct sx_journal_entry *entry,
                                             struct sx_response **answer)
{
    journal->counts.repeated++;
    if (!entry->is_answered)
        return SX_JOURNAL_RUNNING;
    if (!entry->answer)
        return journal->is_shared ? SX_JOURNAL_SPENT : SX_JOURNAL_STALE;
    *answer = sx_response_ref(entry->answer);
    journal->counts.replayed++;
    return SX_JOURNAL_ANSWERED;
}

/* The epoch begins before the entry comes: what is refused then ends no other one. */
static bool add_locked(struct sx_journal *journal, const struct sx_journal_key *key)
{
    const struct sx_journal_entry *entry;
    if (journal->epoch_entries * EPOCHS_IN_ALL >= journal->max_entries ||
        journal->epoch_bytes * EPOCHS_IN_ALL >= journal->max_bytes)
        begin_epoch_locked(journal);
    entry = sx_journal_entries_add(&journal->entries, key, journal->epoch);
    if (!entry)
        return false;
    journal->epoch_entries++;
    journal->epoch_bytes += entry->bytes;
    return true;
}

static enum sx_journal_verdict enter_locked(struct sx_journal *journal,
                                            const struct sx_journal_key *key, int64_t now_us)
{
    bool has_place = may_run_locked(journal, key) && make_place_locked(journal, key, now_us);
    /* Making room may have ended the very epoch. */
    if (!may_run_locked(journal, key)) {
        journal->counts.stale++;
        return SX_JOURNAL_STALE;
    }
    if (!has_place || !add_locked(journal, key))
        return SX_JOURNAL_FULL;
    journal->counts.fresh++;
    return SX_JOURNAL_FRESH;
}

static enum sx_journal_verdict look_locked(struct sx_journal *journal,
                                           const struct sx_journal_key *key)
{
    if (may_run_locked(journal, key))
        return SX_JOURNAL_FRESH;
    journal->counts.stale++;
    return SX_JOURNAL_STALE;
}

static enum sx_journal_verdict judge(struct sx_journal *journal, const char *from, const char *id,
                                     int64_t now_us, bool enters, struct sx_response **answer)
{
    struct sx_journal_key key;
    enum sx_journal_verdict verdict;
    const struct sx_journal_entry *entry;
    if (strlen(id) > MAX_ID_BYTES || !(sx_request_id_is_tagged(id) || sx_request_id_is_message(id)))
        return SX_JOURNAL_FOREIGN;
    sx_journal_entries_make_key(&journal->entries, from, id, &key);
    pthread_mutex_lock(&journal->mu);
    advance_locked(journal, now_us);
    entry = sx_journal_entries_find(&journal->entries, &key);
    if (entry)
        verdict = repeat_locked(journal, entry, answer);
    else if (enters)
        verdict = enter_locked(journal, &key, now_us);
    else
        verdict = look_locked(journal, &key);
    pthread_mutex_unlock(&journal->mu);
    return verdict;
}

enum sx_journal_verdict sx_journal_enter(struct sx_journal *journal, const char *from,
                                         const char *id, int64_t now_us,
                                         struct sx_response **answer)
{
    return judge(journal, from, id, now_us, true, answer);
}

enum sx_journal_verdict sx_journal_look(struct sx_journal *journal, const char *from,
                                        const char *id, int64_t now_us, struct sx_response **answer)
{
    return judge(journal, from, id, now_us, false, answer);
}

static void answer_locked(struct sx_journal *journal, struct sx_journal_entry *entry,
                          struct sx_response *answer)
{
    sx_journal_entries_answer(&journal->entries, entry, journal->epoch);
    if (answer && make_room_locked(journal, entry->caller, sx_response_bytes(answer)))
        sx_journal_entries_keep(&journal->entries, entry, answer);
}

void sx_journal_answer(struct sx_journal *journal, const char *from, const char *id,
                       struct sx_response *answer, int64_t now_us)
{
    struct sx_journal_entry *entry;
    struct sx_journal_key key;
    sx_journal_entries_make_key(&journal->entries, from, id, &key);
    pthread_mutex_lock(&journal->mu);
    advance_locked(journal, now_us);
    entry = sx_journal_entries_find(&journal->entries, &key);
    if (entry && !entry->is_answered)
        answer_locked(journal, entry, answer);
    pthread_mutex_unlock(&journal->mu);
}

bool sx_journal_decline(struct sx_journal *journal, const char *from, const char *id,
                        struct sx_response *answer, int64_t now_us)
{
    struct sx_journal_entry *entry;
    struct sx_journal_key key;
    bool stays = false;
    sx_journal_entries_make_key(&journal->entries, from, id, &key);
    pthread_mutex_lock(&journal->mu);
    advance_locked(journal, now_us);
    entry = sx_journal_entries_find(&journal->entries, &key);
    if (entry && !entry->is_answered && !journal->is_shared && !sx_request_id_is_message(id)) {
        answer_locked(journal, entry, answer);
        stays = true;
    }
    pthread_mutex_unlock(&journal->mu);
    if (!stays)
        sx_journal_forget(journal, from, id);
    return stays;
}

/* Its place is free again, and what was refused brings no epoch nearer to its end. */
static void give_back_locked(struct sx_journal *journal, struct sx_journal_entry *entry)
{
    if (entry->epoch == journal->epoch) {
        journal->epoch_entries--;
        journal->epoch_bytes -= entry->bytes;
    }
    sx_journal_entries_drop(&journal->entries, entry, journal->floor);
}

void sx_journal_forget(struct sx_journal *journal, const char *from, const char *id)
{
    struct sx_journal_entry *entry;
    struct sx_journal_key key;
    sx_journal_entries_make_key(&journal->entries, from, id, &key);
    pthread_mutex_lock(&journal->mu);
    entry = sx_journal_entries_find(&journal->entries, &key);
    if (entry && !entry->is_answered && sx_request_id_is_message(id))
        answer_locked(journal, entry, NULL);
    else if (entry && !entry->is_answered)
        give_back_locked(journal, entry);
    pthread_mutex_unlock(&journal->mu);
}

void sx_journal_shrink(struct sx_journal *journal, size_t max_answer_bytes)
{
    struct sx_journal_entry *entry;
    pthread_mutex_lock(&journal->mu);
    TAILQ_FOREACH(entry, &journal->entries.answered, in_order)
        if (entry->answer && sx_response_bytes(entry->answer) > max_answer_bytes)
            sx_journal_entries_drop_answer(&journal->entries, entry);
    pthread_mutex_unlock(&journal->mu);
}

void sx_journal_count(struct sx_journal *journal, struct sx_journal_counts *counts)
{
    pthread_mutex_lock(&journal->mu);
    *counts = journal->counts;
    counts->entries = journal->entries.count;
    counts->bytes = journal->entries.bytes + journal->entries.answer_bytes;
    pthread_mutex_unlock(&journal->mu);
}
