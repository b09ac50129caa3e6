/* once.c - calls that have a name run once: who asks again gets the first one's answer.
 *
 * Happy path: the name is hashed with a salt of this process, an entry is made, the call ends, its
 * answer is copied into the entry, ten minutes later it goes. Ended entries stand in a list, the
 * oldest first. Waiters are told after the lock was given back.
 * Failure modes: no room, no memory: the name isn't taken. An answer that has no room: its entry
 * lives on without the body. */
#include "route/once.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { BUCKETS = 65536, MOST_PARTS = 8, NAME_BYTES = 16, ENTRY_BYTES = 128 };

struct waiter {
    gw_once_told_fn *told;
    void *user;
    struct waiter *next;
};

/* What is dropped when room is needed: the content type, the text and the body, behind each other,
 * the first two with a NUL. */
struct kept {
    size_t type_bytes, text_bytes, body_bytes;
    char bytes[];
};

/* Of digests half is enough to tell names and bodies apart. */
struct gw_once_entry {
    unsigned char name[NAME_BYTES], body[NAME_BYTES];
    struct gw_once_entry *next_in_bucket;
    struct gw_once_entry *next_ended; /* younger */
    struct waiter *waiters;
    struct kept *kept; /* NULL: there was nothing, or it was dropped */
    const char *end;
    long long until_ms;
    unsigned readers; /* that copy the answer outside the lock */
    short status;
    unsigned char outcome;
    bool has_ended, is_dropped;
    bool is_gone; /* to be freed by its last reader */
};

_Static_assert(sizeof(struct gw_once_entry) <= ENTRY_BYTES - 16, "with what malloc() adds");

struct gw_once {
    pthread_mutex_t mu;
    unsigned char salt[GW_DIGEST_BYTES];
    /* under mu */
    struct gw_once_entry *buckets[BUCKETS];
    struct gw_once_entry *oldest, **youngest;
    size_t bytes;
};

struct gw_once *gw_once_new(void)
{
    struct gw_once *once = calloc(1, sizeof *once);
    if (!once)
        return NULL;
    /* Without it somebody could choose keys that all lie in one bucket. */
    if (getrandom(once->salt, sizeof once->salt, 0) != sizeof once->salt) {
        free(once);
        return NULL;
    }
    pthread_mutex_init(&once->mu, NULL);
    once->youngest = &once->oldest;
    return once;
}

static struct gw_once_entry **bucket_of(struct gw_once *once, const unsigned char *name)
{
    return &once->buckets[(name[0] | name[1] << 8) % BUCKETS];
}

static size_t size_of(const struct kept *kept)
{
    return kept ? sizeof *kept + kept->type_bytes + kept->text_bytes + kept->body_bytes : 0;
}

static void free_entry(struct gw_once_entry *entry)
{
    free(entry->kept);
    free(entry);
}

static void drop_locked(struct gw_once *once, struct gw_once_entry *entry)
{
    if (!entry->kept || entry->readers)
        return;
    once->bytes -= size_of(entry->kept);
    entry->is_dropped = entry->kept->body_bytes > 0;
    free(entry->kept);
    entry->kept = NULL;
}

/* Takes an entry out of its bucket, and frees it once nobody reads it. */
static void forget_locked(struct gw_once *once, struct gw_once_entry *entry)
{
    struct gw_once_entry **at = bucket_of(once, entry->name);
    while (*at != entry)
        at = &(*at)->next_in_bucket;
    *at = entry->next_in_bucket;
    once->bytes -= ENTRY_BYTES + size_of(entry->kept);
    entry->is_gone = true;
    if (!entry->readers)
        free_entry(entry);
}

static void expire_locked(struct gw_once *once, long long now_ms)
{
    while (once->oldest && once->oldest->until_ms <= now_ms) {
        struct gw_once_entry *entry = once->oldest;
        once->oldest = entry->next_ended;
        if (!once->oldest)
            once->youngest = &once->oldest;
        forget_locked(once, entry);
    }
}

/* Drops answers, the oldest first, until that many bytes fit. */
static bool make_room_locked(struct gw_once *once, size_t bytes, size_t most_bytes)
{
    if (bytes > most_bytes)
        return false;
    for (struct gw_once_entry *entry = once->oldest; entry && once->bytes > most_bytes - bytes;
         entry = entry->next_ended)
        drop_locked(once, entry);
    return once->bytes <= most_bytes - bytes;
}

void gw_once_free(struct gw_once *once)
{
    if (!once)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (once->buckets[i])
            forget_locked(once, once->buckets[i]);
    }
    pthread_mutex_destroy(&once->mu);
    free(once);
}

static struct gw_once_entry *find_locked(struct gw_once *once, const unsigned char *name)
{
    struct gw_once_entry *entry = *bucket_of(once, name);
    while (entry && memcmp(entry->name, name, NAME_BYTES) != 0)
        entry = entry->next_in_bucket;
    return entry;
}

static enum gw_once_place add_locked(struct gw_once *once, const unsigned char *name,
                                     const unsigned char *body, size_t most_bytes,
                                     struct gw_once_entry **entry)
{
    struct gw_once_entry *added =
        make_room_locked(once, ENTRY_BYTES, most_bytes) ? calloc(1, sizeof *added) : NULL;
    if (!added)
        return GW_ONCE_FULL;
    struct gw_once_entry **bucket = bucket_of(once, name);
    memcpy(added->name, name, NAME_BYTES);
    memcpy(added->body, body, NAME_BYTES);
    added->next_in_bucket = *bucket;
    *bucket = added;
    once->bytes += ENTRY_BYTES;
    *entry = added;
    return GW_ONCE_FIRST;
}

static enum gw_once_place wait_locked(struct gw_once_entry *entry, gw_once_told_fn *told,
                                      void *user)
{
    struct waiter *waiter = malloc(sizeof *waiter);
    if (!waiter)
        return GW_ONCE_FULL;
    *waiter = (struct waiter){told, user, entry->waiters};
    entry->waiters = waiter;
    return GW_ONCE_AGAIN;
}

/* Tells an entry's answer, which stays as it is meanwhile: the caller is among its readers. */
static void tell(struct gw_once *once, struct gw_once_entry *entry, gw_once_told_fn *told,
                 void *user)
{
    const struct kept *kept = entry->kept;
    const struct gw_once_answer answer = {
        .status = entry->status,
        .outcome = (enum gw_outcome)entry->outcome,
        .end = entry->end,
        .content_type = kept ? kept->bytes : "",
        .text = kept ? kept->bytes + kept->type_bytes : "",
        .body = kept ? kept->bytes + kept->type_bytes + kept->text_bytes : NULL,
        .body_bytes = kept ? kept->body_bytes : 0,
        .is_dropped = entry->is_dropped,
    };
    told(user, &answer);
    pthread_mutex_lock(&once->mu);
    bool is_last = --entry->readers == 0 && entry->is_gone;
    pthread_mutex_unlock(&once->mu);
    if (is_last)
        free_entry(entry);
}

static int hash_name(const struct gw_once *once, const struct gw_digest_text *name, size_t parts,
                     unsigned char digest[GW_DIGEST_BYTES])
{
    struct gw_digest_text texts[MOST_PARTS + 1] = {{once->salt, sizeof once->salt}};
    if (parts > MOST_PARTS)
        return -1;
    memcpy(texts + 1, name, parts * sizeof *name);
    return gw_digest_make(texts, parts + 1, digest);
}

enum gw_once_place gw_once_begin(struct gw_once *once, const struct gw_digest_text *name,
                                 size_t parts, const unsigned char body[GW_DIGEST_BYTES],
                                 size_t most_bytes, long long now_ms, gw_once_told_fn *told,
                                 void *user, struct gw_once_entry **entry)
{
    unsigned char digest[GW_DIGEST_BYTES];
    enum gw_once_place place;
    if (hash_name(once, name, parts, digest))
        return GW_ONCE_FULL;
    pthread_mutex_lock(&once->mu);
    expire_locked(once, now_ms);
    struct gw_once_entry *found = find_locked(once, digest);
    bool has_ended = found && found->has_ended;
    if (!found)
        place = add_locked(once, digest, body, most_bytes, entry);
    else if (memcmp(found->body, body, NAME_BYTES) != 0)
        place = GW_ONCE_OTHER;
    else
        place = has_ended ? GW_ONCE_AGAIN : wait_locked(found, told, user);
    bool is_told = place == GW_ONCE_AGAIN && has_ended;
    if (is_told)
        found->readers++;
    pthread_mutex_unlock(&once->mu);
    if (is_told)
        tell(once, found, told, user);
    return place;
}

/* A copy of what may be dropped; NULL: no memory. */
static struct kept *copy(const struct gw_once_answer *answer)
{
    size_t type_bytes = strlen(answer->content_type) + 1, text_bytes = strlen(answer->text) + 1;
    struct kept *kept = malloc(sizeof *kept + type_bytes + text_bytes + answer->body_bytes);
    if (!kept)
        return NULL;
    *kept = (struct kept){type_bytes, text_bytes, answer->body_bytes};
    memcpy(kept->bytes, answer->content_type, type_bytes);
    memcpy(kept->bytes + type_bytes, answer->text, text_bytes);
    if (answer->body_bytes)
        memcpy(kept->bytes + type_bytes + text_bytes, answer->body, answer->body_bytes);
    return kept;
}

/* The end of an entry that lives on, with what was copied of the answer, if there is room. Returns
 * what wasn't kept, to be freed. */
static struct kept *keep_locked(struct gw_once *once, struct gw_once_entry *entry,
                                const struct gw_once_answer *answer, struct kept *kept,
                                size_t most_bytes)
{
    bool has_room = kept && make_room_locked(once, size_of(kept), most_bytes);
    entry->status = (short)answer->status;
    entry->outcome = (unsigned char)answer->outcome;
    entry->end = answer->end;
    entry->kept = has_room ? kept : NULL;
    entry->is_dropped = !has_room && answer->body_bytes > 0;
    once->bytes += size_of(entry->kept);
    entry->has_ended = true;
    *once->youngest = entry;
    once->youngest = &entry->next_ended;
    return has_room ? NULL : kept;
}

void gw_once_end(struct gw_once *once, struct gw_once_entry *entry,
                 const struct gw_once_answer *answer, size_t most_bytes, long long now_ms)
{
    bool lives_on = answer->outcome != GW_NOT_EXECUTED;
    struct kept *kept = lives_on ? copy(answer) : NULL;
    pthread_mutex_lock(&once->mu);
    struct waiter *waiter = entry->waiters;
    entry->waiters = NULL;
    entry->until_ms = now_ms + GW_ONCE_KEPT_MS;
    if (lives_on)
        kept = keep_locked(once, entry, answer, kept, most_bytes);
    else
        forget_locked(once, entry);
    pthread_mutex_unlock(&once->mu);
    free(kept);
    /* They get the very answer, kept or not. */
    while (waiter) {
        struct waiter *next = waiter->next;
        waiter->told(waiter->user, answer);
        free(waiter);
        waiter = next;
    }
}

size_t gw_once_bytes(struct gw_once *once)
{
    pthread_mutex_lock(&once->mu);
    size_t bytes = once->bytes;
    pthread_mutex_unlock(&once->mu);
    return bytes;
}
