/* features.c - what peers have answered to disco#info, for a while.
 *
 * Invariant: each cached JID has one entry at most; entries are in the tree and in order, of which
 * the time they were put only grows.
 *
 * Happy path: a peer's list of features (disco.h) -> put -> has answers from it until the entry is
 *             SX_FEATURES_TTL_S old.
 * Failure modes: no memory for a copy, or no room (base/memory.h): nothing is remembered, and the
 *                question is asked again.
 */
#include "peers/features.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buffer.h"
#include "wire/disco.h"
#include "wire/jid.h"
#include "wire/namespaces.h"
#include "wire/request_id.h"

struct peer {
    char *jid, *list;
    int64_t put_us;
    int64_t fresh_us; /* when it was put or renewed, or found to be old */
    unsigned calls;   /* since then */
    struct sx_charge charge;
    TAILQ_ENTRY(peer) in_order;
};

struct sx_features {
    /* immutable */
    unsigned max_peers;
    struct sx_memory *memory;
    /* under mu */
    pthread_mutex_t mu;
    TAILQ_HEAD(peer_list, peer) order; /* oldest first */
    void *by_jid;                      /* a tree, see tsearch(3) */
    unsigned count;
};

struct sx_features *sx_features_new(unsigned max_peers, struct sx_memory *memory)
{
    struct sx_features *features = calloc(1, sizeof *features);

    if (!features)
        return NULL;
    if (pthread_mutex_init(&features->mu, NULL)) {
        free(features);
        return NULL;
    }
    features->max_peers = max_peers;
    features->memory = memory;
    TAILQ_INIT(&features->order);
    return features;
}

static void free_peer(struct peer *peer)
{
    if (!peer)
        return;
    free(peer->jid);
    free(peer->list);
    sx_memory_give(&peer->charge);
    free(peer);
}

static int compare_peers(const void *a, const void *b)
{
    return sx_jid_compare(((const struct peer *)a)->jid, ((const struct peer *)b)->jid);
}

/* NULL allowed. It is the caller's then. */
static struct peer *take_out_locked(struct sx_features *features, struct peer *peer)
{
    if (peer) {
        tdelete(peer, &features->by_jid, compare_peers);
        TAILQ_REMOVE(&features->order, peer, in_order);
        features->count--;
    }
    return peer;
}

void sx_features_free(struct sx_features *features)
{
    struct peer *peer;

    if (!features)
        return;
    while ((peer = TAILQ_FIRST(&features->order)) != NULL)
        free_peer(take_out_locked(features, peer));
    pthread_mutex_destroy(&features->mu);
    free(features);
}

static size_t list_bytes(const char *list)
{
    const char *end = list;

    while (*end)
        end += strlen(end) + 1;
    return (size_t)(end - list) + 1;
}

static char *copy_list(const char *list)
{
    size_t bytes = list_bytes(list);
    char *copy = malloc(bytes);
    return copy ? memcpy(copy, list, bytes) : NULL;
}

static struct peer *find_locked(struct sx_features *features, const char *jid)
{
    const struct peer key = {.jid = (char *)jid};
    struct peer **node = jid ? tfind(&key, &features->by_jid, compare_peers) : NULL;
    return node ? *node : NULL;
}

/* NULL: no memory, or no room. A call waits for the answer. */
static struct peer *make_peer(struct sx_features *features, const char *jid, const char *list,
                              int64_t now_us)
{
    struct peer *peer = calloc(1, sizeof *peer);

    if (!peer)
        return NULL;
    if (!sx_memory_take(features->memory, SX_MEMORY_REPLY, jid,
                        sizeof *peer + strlen(jid) + list_bytes(list), &peer->charge)) {
        free(peer);
        return NULL;
    }
    peer->jid = strdup(jid);
    peer->list = copy_list(list);
    peer->put_us = peer->fresh_us = now_us;
    if (peer->jid && peer->list)
        return peer;
    free_peer(peer);
    return NULL;
}

/* One of this library's that doesn't serve yet but is about to. If this were remembered, it would
 * be taken for a foreign service for minutes. */
static bool is_yet_to_serve(const char *list)
{
    return sx_disco_list_has(list, SX_NS_PACKED) && !sx_disco_list_has(list, SX_NS_SOAP);
}

/* fresh is taken; it goes if there is one of its JID that is newer. */
static void enter(struct sx_features *features, struct peer *fresh, bool is_newest)
{
    struct peer *old;

    pthread_mutex_lock(&features->mu);
    old = find_locked(features, fresh->jid);
    if (old && !is_newest) {
        old = NULL;
    } else {
        if (!old && features->count >= features->max_peers)
            old = TAILQ_FIRST(&features->order);
        take_out_locked(features, old);
        if (tsearch(fresh, &features->by_jid, compare_peers)) {
            TAILQ_INSERT_TAIL(&features->order, fresh, in_order);
            features->count++;
            fresh = NULL;
        }
    }
    pthread_mutex_unlock(&features->mu);
    free_peer(old);
    free_peer(fresh);
}

void sx_features_put(struct sx_features *features, const char *jid, const char *list,
                     int64_t now_us)
{
    struct peer *fresh;

    if (!jid || !list || is_yet_to_serve(list) || !(fresh = make_peer(features, jid, list, now_us)))
        return;
    enter(features, fresh, true);
}

int sx_features_has(struct sx_features *features, const char *jid, const char *feature,
                    int64_t now_us)
{
    const struct peer *peer;
    int has = -1;

    pthread_mutex_lock(&features->mu);
    peer = find_locked(features, jid);
    if (peer && now_us - peer->put_us < SX_FEATURES_TTL_S * INT64_C(1000000))
        has = sx_disco_list_has(peer->list, feature);
    pthread_mutex_unlock(&features->mu);
    return has;
}

bool sx_features_account_has(struct sx_features *features, const char *jid, const char *feature,
                             int64_t now_us)
{
    char bare[SX_JID_BYTES], other[SX_JID_BYTES];
    const struct peer *peer;
    bool has = false;

    sx_jid_bare(jid, bare, sizeof bare);
    pthread_mutex_lock(&features->mu);
    TAILQ_FOREACH(peer, &features->order, in_order) {
        if (has || now_us - peer->put_us >= SX_FEATURES_TTL_S * INT64_C(1000000))
            continue;
        sx_jid_bare(peer->jid, other, sizeof other);
        has = sx_jid_equal(bare, other) && sx_disco_list_has(peer->list, feature);
    }
    pthread_mutex_unlock(&features->mu);
    return has;
}

int sx_features_incarnation(struct sx_features *features, const char *jid, int64_t now_us,
                            char *out, size_t out_bytes)
{
    const struct peer *peer;
    const char *incarnation = NULL;
    int known = -1;

    pthread_mutex_lock(&features->mu);
    peer = find_locked(features, jid);
    if (peer && now_us - peer->put_us < SX_FEATURES_TTL_S * INT64_C(1000000)) {
        incarnation = sx_disco_find_incarnation(peer->list);
        /* it becomes part of our ids */
        known = incarnation && strlen(incarnation) < out_bytes &&
                sx_request_id_is_incarnation(incarnation);
    }
    if (known == 1)
        memcpy(out, incarnation, strlen(incarnation) + 1);
    pthread_mutex_unlock(&features->mu);
    return known;
}

bool sx_features_is_old(struct sx_features *features, const char *jid, int64_t now_us)
{
    struct peer *peer;
    bool is_old = false;

    pthread_mutex_lock(&features->mu);
    peer = find_locked(features, jid);
    if (peer) {
        peer->calls++;
        is_old = peer->calls > SX_FEATURES_FRESH_CALLS ||
                 now_us - peer->fresh_us >= SX_FEATURES_FRESH_S * INT64_C(1000000);
    }
    if (is_old) {
        peer->calls = 0;
        peer->fresh_us = now_us;
    }
    pthread_mutex_unlock(&features->mu);
    return is_old;
}

/* The list without the old incarnation, and with the new one. */
static char *renew_list(const char *list, const char *incarnation)
{
    struct sx_buffer out = {0};
    const char *old = sx_disco_find_incarnation(list);
    size_t len;
    for (; *list; list += strlen(list) + 1)
        if (!old || old < list || old > list + strlen(list))
            sx_buffer_add(&out, list, strlen(list) + 1);
    sx_buffer_add_format(&out, SX_NS_DELIVERY "#%s", incarnation);
    sx_buffer_add(&out, "", 1);
    return sx_buffer_take(&out, &len);
}

static struct peer *take_out(struct sx_features *features, const char *jid)
{
    struct peer *peer;

    pthread_mutex_lock(&features->mu);
    peer = take_out_locked(features, find_locked(features, jid));
    pthread_mutex_unlock(&features->mu);
    return peer;
}

/* The entry is out of the table meanwhile: no memory is taken under a lock (base/memory.h). */
void sx_features_renew(struct sx_features *features, const char *jid, const char *incarnation,
                       int64_t now_us)
{
    struct peer *old = take_out(features, jid), *fresh = NULL;
    char *renewed = old ? renew_list(old->list, incarnation) : NULL;

    free_peer(old);
    if (renewed)
        fresh = make_peer(features, jid, renewed, now_us);
    free(renewed);
    if (fresh)
        enter(features, fresh, false);
}

void sx_features_forget(struct sx_features *features, const char *jid)
{
    free_peer(take_out(features, jid));
}
