/* features.c - what we answer to disco#info, and a small memory of what others answered.
 *
 * Invariant: each cached JID has one entry at most; entries are in the tree and in order, of which
 * the time they were put only grows.
 *
 * Happy path: a disco#info result is parsed into a feature list -> put -> has answers from it until
 *             the entry is SX_DISCO_TTL_S old.
 * Failure modes: no memory for a copy: nothing is remembered, and the question is asked again. What
 *             a peer lists beyond the bounds is left out.
 */
#include "peers/features.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "wire/jid.h"
#include "wire/request_id.h"
#include "wire/stanza.h"
#include "wire/namespaces.h"

enum {
    MAX_FEATURES = 200,
    FEATURE_BYTES = 256 /* with NUL; longer ones are left out, so that an entry is 50 KiB at most */
};

/* ---- answers ---- */

void sx_disco_format_info(struct sx_buffer *out, bool serving, const char *incarnation, bool packs)
{
    sx_buffer_add_text(out, "<query xmlns='" SX_NS_DISCO_INFO "'>");
    if (serving)
        sx_buffer_add_text(out, "<identity category='automation' type='soap' name='soapxmpp'/>");
    else
        sx_buffer_add_text(out, "<identity category='client' type='bot' name='soapxmpp'/>");
    /* sorted, as XEP-0115 5.1 hashes them */
    sx_buffer_add_text(out, "<feature var='" SX_NS_DISCO_INFO "'/>");
    if (serving)
        sx_buffer_add_text(out, "<feature var='" SX_NS_SOAP "'/>");
    if (serving && incarnation)
        sx_buffer_add_format(out,
                             "<feature var='" SX_NS_DELIVERY "'/>"
                             "<feature var='" SX_NS_DELIVERY "#%s'/>",
                             incarnation);
    if (packs)
        sx_buffer_add_text(out, "<feature var='" SX_NS_PACKED "'/>");
    sx_buffer_add_text(out, "<feature var='" SX_NS_PING "'/></query>");
}

void sx_disco_format_question(struct sx_buffer *out)
{
    sx_buffer_add_text(out, "<query xmlns='" SX_NS_DISCO_INFO "'/>");
}

/* The var of a <feature/>, NULL for every other child. */
static const char *get_feature(struct sx_element *child)
{
    const char *name = sx_element_name(child);
    const char *ns = sx_element_ns(child);
    const char *feature;

    if (!name || strcmp(name, "feature") != 0)
        return NULL;
    /* a child without xmlns of its own has its parent's */
    if (ns && strcmp(ns, SX_NS_DISCO_INFO) != 0)
        return NULL;
    feature = sx_element_attribute(child, "var");
    return feature && *feature && strlen(feature) < FEATURE_BYTES ? feature : NULL;
}

char *sx_disco_parse_features(struct sx_element *query)
{
    struct sx_buffer list = {0};
    struct sx_element *child = query ? sx_element_first(query) : NULL;
    unsigned count = 0;
    size_t len;

    for (; child && count < MAX_FEATURES; child = sx_element_next(child)) {
        const char *feature = get_feature(child);
        if (!feature)
            continue;
        sx_buffer_add(&list, feature, strlen(feature) + 1);
        count++;
    }
    /* the NUL that ends every buffer is the empty feature that ends the list */
    return sx_buffer_take(&list, &len);
}

bool sx_disco_list_has(const char *features, const char *feature)
{
    if (!features || !*feature)
        return false;
    for (; *features; features += strlen(features) + 1)
        if (strcmp(features, feature) == 0)
            return true;
    return false;
}

/* ---- cache ---- */

struct peer {
    char *jid, *features;
    int64_t put_us;
    int64_t fresh_us; /* when it was put or renewed, or found to be worn */
    unsigned calls;   /* since then */
    TAILQ_ENTRY(peer) in_order;
};

struct sx_features {
    unsigned max_peers; /* immutable */
    /* under mu */
    pthread_mutex_t mu;
    TAILQ_HEAD(peer_list, peer) order; /* oldest first */
    void *by_jid;                      /* a tree, see tsearch(3) */
    unsigned count;
};

struct sx_features *sx_features_new(unsigned max_peers)
{
    struct sx_features *disco = calloc(1, sizeof *disco);

    if (!disco)
        return NULL;
    if (pthread_mutex_init(&disco->mu, NULL)) {
        free(disco);
        return NULL;
    }
    disco->max_peers = max_peers;
    TAILQ_INIT(&disco->order);
    return disco;
}

static void free_peer(struct peer *peer)
{
    if (!peer)
        return;
    free(peer->jid);
    free(peer->features);
    free(peer);
}

static int compare_peers(const void *a, const void *b)
{
    return sx_jid_compare(((const struct peer *)a)->jid, ((const struct peer *)b)->jid);
}

/* NULL allowed. It is the caller's then. */
static struct peer *take_out_locked(struct sx_features *disco, struct peer *peer)
{
    if (peer) {
        tdelete(peer, &disco->by_jid, compare_peers);
        TAILQ_REMOVE(&disco->order, peer, in_order);
        disco->count--;
    }
    return peer;
}

void sx_features_free(struct sx_features *disco)
{
    struct peer *peer;

    if (!disco)
        return;
    while ((peer = TAILQ_FIRST(&disco->order)) != NULL)
        free_peer(take_out_locked(disco, peer));
    pthread_mutex_destroy(&disco->mu);
    free(disco);
}

static char *copy_list(const char *features)
{
    const char *end = features;
    char *copy;

    while (*end)
        end += strlen(end) + 1;
    copy = malloc((size_t)(end - features) + 1);
    return copy ? memcpy(copy, features, (size_t)(end - features) + 1) : NULL;
}

static struct peer *find_locked(struct sx_features *disco, const char *jid)
{
    const struct peer key = {.jid = (char *)jid};
    struct peer **node = jid ? tfind(&key, &disco->by_jid, compare_peers) : NULL;
    return node ? *node : NULL;
}

/* NULL: no memory. */
static struct peer *make_peer(const char *jid, const char *features, int64_t now_us)
{
    struct peer *peer = calloc(1, sizeof *peer);

    if (!peer)
        return NULL;
    peer->jid = strdup(jid);
    peer->features = copy_list(features);
    peer->put_us = peer->fresh_us = now_us;
    if (peer->jid && peer->features)
        return peer;
    free_peer(peer);
    return NULL;
}

/* One of ours. For minutes it would be taken for a foreign one, which it will be for a moment. */
static bool is_yet_to_serve(const char *features)
{
    return sx_disco_list_has(features, SX_NS_PACKED) && !sx_disco_list_has(features, SX_NS_SOAP);
}

void sx_features_put(struct sx_features *disco, const char *jid, const char *features,
                     int64_t now_us)
{
    struct peer *fresh, *old;

    if (!jid || !features || is_yet_to_serve(features) ||
        !(fresh = make_peer(jid, features, now_us)))
        return;
    pthread_mutex_lock(&disco->mu);
    old = find_locked(disco, jid);
    if (!old && disco->count >= disco->max_peers)
        old = TAILQ_FIRST(&disco->order);
    take_out_locked(disco, old);
    if (tsearch(fresh, &disco->by_jid, compare_peers)) {
        TAILQ_INSERT_TAIL(&disco->order, fresh, in_order);
        disco->count++;
        fresh = NULL;
    }
    pthread_mutex_unlock(&disco->mu);
    free_peer(old);
    free_peer(fresh);
}

int sx_features_has(struct sx_features *disco, const char *jid, const char *feature, int64_t now_us)
{
    const struct peer *peer;
    int has = -1;

    pthread_mutex_lock(&disco->mu);
    peer = find_locked(disco, jid);
    if (peer && now_us - peer->put_us < SX_DISCO_TTL_S * INT64_C(1000000))
        has = sx_disco_list_has(peer->features, feature);
    pthread_mutex_unlock(&disco->mu);
    return has;
}

bool sx_features_account_has(struct sx_features *disco, const char *jid, const char *feature,
                             int64_t now_us)
{
    char bare[SX_JID_BYTES], other[SX_JID_BYTES];
    const struct peer *peer;
    bool has = false;

    sx_jid_bare(jid, bare, sizeof bare);
    pthread_mutex_lock(&disco->mu);
    TAILQ_FOREACH(peer, &disco->order, in_order) {
        if (has || now_us - peer->put_us >= SX_DISCO_TTL_S * INT64_C(1000000))
            continue;
        sx_jid_bare(peer->jid, other, sizeof other);
        has = sx_jid_equal(bare, other) && sx_disco_list_has(peer->features, feature);
    }
    pthread_mutex_unlock(&disco->mu);
    return has;
}

static const char *find_incarnation(const char *features)
{
    static const char mark[] = SX_NS_DELIVERY "#";
    for (; *features; features += strlen(features) + 1)
        if (strncmp(features, mark, sizeof mark - 1) == 0)
            return features + sizeof mark - 1;
    return NULL;
}

int sx_features_incarnation(struct sx_features *disco, const char *jid, int64_t now_us, char *out,
                            size_t out_bytes)
{
    const struct peer *peer;
    const char *incarnation = NULL;
    int known = -1;

    pthread_mutex_lock(&disco->mu);
    peer = find_locked(disco, jid);
    if (peer && now_us - peer->put_us < SX_DISCO_TTL_S * INT64_C(1000000)) {
        incarnation = find_incarnation(peer->features);
        /* it becomes part of our ids */
        known = incarnation && strlen(incarnation) < out_bytes &&
                sx_request_id_is_incarnation(incarnation);
    }
    if (known == 1)
        memcpy(out, incarnation, strlen(incarnation) + 1);
    pthread_mutex_unlock(&disco->mu);
    return known;
}

bool sx_features_is_worn(struct sx_features *disco, const char *jid, int64_t now_us)
{
    struct peer *peer;
    bool worn = false;

    pthread_mutex_lock(&disco->mu);
    peer = find_locked(disco, jid);
    if (peer) {
        peer->calls++;
        worn = peer->calls > SX_DISCO_FRESH_CALLS ||
               now_us - peer->fresh_us >= SX_DISCO_FRESH_S * INT64_C(1000000);
    }
    if (worn) {
        peer->calls = 0;
        peer->fresh_us = now_us;
    }
    pthread_mutex_unlock(&disco->mu);
    return worn;
}

/* The list without the old incarnation, and with the new one. */
static char *renew_list(const char *features, const char *incarnation)
{
    struct sx_buffer list = {0};
    const char *old = find_incarnation(features);
    size_t len;
    for (; *features; features += strlen(features) + 1)
        if (!old || old < features || old > features + strlen(features))
            sx_buffer_add(&list, features, strlen(features) + 1);
    sx_buffer_add_format(&list, SX_NS_DELIVERY "#%s", incarnation);
    sx_buffer_add(&list, "", 1);
    return sx_buffer_take(&list, &len);
}

void sx_features_renew(struct sx_features *disco, const char *jid, const char *incarnation,
                       int64_t now_us)
{
    struct peer *peer;
    char *renewed = NULL;

    pthread_mutex_lock(&disco->mu);
    peer = find_locked(disco, jid);
    if (peer)
        renewed = renew_list(peer->features, incarnation);
    if (renewed) {
        free(peer->features);
        peer->features = renewed;
        peer->put_us = peer->fresh_us = now_us;
        peer->calls = 0;
        TAILQ_REMOVE(&disco->order, peer, in_order);
        TAILQ_INSERT_TAIL(&disco->order, peer, in_order);
    }
    pthread_mutex_unlock(&disco->mu);
}

void sx_features_forget(struct sx_features *disco, const char *jid)
{
    struct peer *old;

    pthread_mutex_lock(&disco->mu);
    old = take_out_locked(disco, find_locked(disco, jid));
    pthread_mutex_unlock(&disco->mu);
    free_peer(old);
}
