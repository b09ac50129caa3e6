/* store.c - contracts that are kept for a while.
 *
 * Happy path: a place of an array has a key, a contract and the moment at which it goes. Failure
 * modes: no memory for a key, or more than fits: it is got anew the next time. */
#include "route/store.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* key NULL: the place is free. */
struct place {
    char *key;
    struct gw_description *contract;
    long long until_ms;
};

struct gw_store {
    pthread_mutex_t mu;
    /* under mu */
    struct place places[GW_STORE_CONTRACTS];
    size_t bytes;
};

struct gw_store *gw_store_new(void)
{
    struct gw_store *store = calloc(1, sizeof *store);
    if (store)
        pthread_mutex_init(&store->mu, NULL);
    return store;
}

static void empty_locked(struct gw_store *store, struct place *place)
{
    if (!place->key)
        return;
    store->bytes -= place->contract->bytes;
    gw_description_release(place->contract);
    free(place->key);
    *place = (struct place){0};
}

void gw_store_clear(struct gw_store *store)
{
    pthread_mutex_lock(&store->mu);
    for (size_t i = 0; i < GW_STORE_CONTRACTS; i++)
        empty_locked(store, &store->places[i]);
    pthread_mutex_unlock(&store->mu);
}

void gw_store_free(struct gw_store *store)
{
    if (!store)
        return;
    gw_store_clear(store);
    pthread_mutex_destroy(&store->mu);
    free(store);
}

static struct place *find_locked(struct gw_store *store, const char *key)
{
    for (size_t i = 0; i < GW_STORE_CONTRACTS; i++) {
        if (store->places[i].key && strcmp(store->places[i].key, key) == 0)
            return &store->places[i];
    }
    return NULL;
}

static void expire_locked(struct gw_store *store, long long now_ms)
{
    for (size_t i = 0; i < GW_STORE_CONTRACTS; i++) {
        if (store->places[i].until_ms <= now_ms)
            empty_locked(store, &store->places[i]);
    }
}

/* A free place, if bytes fit then: those that would go next go now. */
static struct place *make_room_locked(struct gw_store *store, size_t bytes, size_t most_bytes)
{
    for (;;) {
        struct place *vacant = NULL, *next = NULL;
        for (size_t i = 0; i < GW_STORE_CONTRACTS; i++) {
            struct place *place = &store->places[i];
            if (!place->key)
                vacant = place;
            else if (!next || place->until_ms < next->until_ms)
                next = place;
        }
        if (vacant && store->bytes + bytes <= most_bytes)
            return vacant;
        if (!next)
            return NULL;
        empty_locked(store, next);
    }
}

void gw_store_keep(struct gw_store *store, const char *key, struct gw_description *contract,
                   size_t most_bytes, long long now_ms)
{
    char *copy = contract->bytes <= most_bytes ? strdup(key) : NULL;
    if (!copy)
        return;
    pthread_mutex_lock(&store->mu);
    struct place *before = find_locked(store, key);
    if (before)
        empty_locked(store, before);
    struct place *place = make_room_locked(store, contract->bytes, most_bytes);
    if (place) {
        *place = (struct place){copy, gw_description_hold(contract), now_ms + GW_STORE_KEPT_MS};
        store->bytes += contract->bytes;
        copy = NULL;
    }
    pthread_mutex_unlock(&store->mu);
    free(copy);
}

struct gw_description *gw_store_find(struct gw_store *store, const char *key, long long now_ms)
{
    pthread_mutex_lock(&store->mu);
    expire_locked(store, now_ms);
    struct place *place = find_locked(store, key);
    struct gw_description *contract = place ? gw_description_hold(place->contract) : NULL;
    pthread_mutex_unlock(&store->mu);
    return contract;
}

size_t gw_store_bytes(struct gw_store *store)
{
    pthread_mutex_lock(&store->mu);
    size_t bytes = store->bytes;
    pthread_mutex_unlock(&store->mu);
    return bytes;
}
