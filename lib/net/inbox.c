/* inbox.c - a bounded list under a lock.
 *
 * Invariant: queued_bytes is the sum of the items' lengths; without a session there are no items.
 *
 * Happy path: open -> post -> take -> write -> free_items -> set_unsent ... -> close.
 * Failure: no memory, no room in time, another session: the stanza is freed.
 */
#include "net/inbox.h"

#include <stdlib.h>

#include "base/clock.h"

int sx_inbox_init(struct sx_inbox *inbox, size_t max_bytes)
{
    int err;
    *inbox = (struct sx_inbox){.max_bytes = max_bytes};
    err = pthread_mutex_init(&inbox->mu, NULL);
    if (err)
        return err;
    err = sx_clock_cond_init(&inbox->room);
    if (err)
        pthread_mutex_destroy(&inbox->mu);
    return err;
}

void sx_inbox_fini(struct sx_inbox *inbox)
{
    sx_inbox_free_items(inbox->first);
    pthread_cond_destroy(&inbox->room);
    pthread_mutex_destroy(&inbox->mu);
}

void sx_inbox_free_items(struct sx_inbox_item *items)
{
    while (items) {
        struct sx_inbox_item *next = items->next;
        free(items->bytes);
        free(items);
        items = next;
    }
}

void sx_inbox_open(struct sx_inbox *inbox, uint64_t session)
{
    pthread_mutex_lock(&inbox->mu);
    inbox->session = session;
    pthread_mutex_unlock(&inbox->mu);
}

void sx_inbox_close(struct sx_inbox *inbox)
{
    struct sx_inbox_item *items;
    pthread_mutex_lock(&inbox->mu);
    inbox->session = 0;
    items = inbox->first;
    inbox->first = inbox->last = NULL;
    inbox->queued_bytes = inbox->unsent_bytes = inbox->ordered = 0;
    pthread_cond_broadcast(&inbox->room);
    pthread_mutex_unlock(&inbox->mu);
    sx_inbox_free_items(items);
}

static bool has_room_locked(const struct sx_inbox *inbox, size_t len)
{
    return inbox->queued_bytes + inbox->unsent_bytes + len <= inbox->max_bytes;
}

/* SX_OK: the session is there and has room. */
static enum sx_err await_room_locked(struct sx_inbox *inbox, uint64_t session, size_t len,
                                     int64_t deadline)
{
    bool is_late = deadline == SX_INBOX_NO_WAIT;
    while (inbox->session == session && !has_room_locked(inbox, len) && !is_late)
        is_late = !sx_clock_cond_wait(&inbox->room, &inbox->mu, deadline);
    if (session == 0 || inbox->session != session)
        return SX_ELOST;
    return has_room_locked(inbox, len) ? SX_OK : SX_EROOM;
}

static void append_locked(struct sx_inbox *inbox, struct sx_inbox_item *item)
{
    item->posted_us = sx_clock_now_us();
    if (inbox->last)
        inbox->last->next = item;
    else
        inbox->first = item;
    inbox->last = item;
    inbox->queued_bytes += item->len;
    inbox->ordered += item->keeps_order;
}

enum sx_err sx_inbox_post(struct sx_inbox *inbox, uint64_t session, char *stanza, size_t len,
                          bool keeps_order, int64_t deadline)
{
    struct sx_inbox_item *item = malloc(sizeof *item);
    enum sx_err err;
    if (!item) {
        free(stanza);
        return SX_ENOMEM;
    }
    *item = (struct sx_inbox_item){
        .session = session, .bytes = stanza, .len = len, .keeps_order = keeps_order};
    pthread_mutex_lock(&inbox->mu);
    err = await_room_locked(inbox, session, len, deadline);
    if (err == SX_OK)
        append_locked(inbox, item);
    pthread_mutex_unlock(&inbox->mu);
    if (err != SX_OK)
        sx_inbox_free_items(item);
    return err;
}

struct sx_inbox_item *sx_inbox_take(struct sx_inbox *inbox)
{
    struct sx_inbox_item *items;
    pthread_mutex_lock(&inbox->mu);
    items = inbox->first;
    inbox->first = inbox->last = NULL;
    inbox->unsent_bytes += inbox->queued_bytes;
    inbox->queued_bytes = inbox->ordered = 0;
    pthread_mutex_unlock(&inbox->mu);
    return items;
}

void sx_inbox_set_unsent(struct sx_inbox *inbox, size_t bytes)
{
    pthread_mutex_lock(&inbox->mu);
    if (inbox->unsent_bytes != bytes) {
        inbox->unsent_bytes = bytes;
        pthread_cond_broadcast(&inbox->room);
    }
    pthread_mutex_unlock(&inbox->mu);
}

bool sx_inbox_is_empty(struct sx_inbox *inbox)
{
    bool is_empty;
    pthread_mutex_lock(&inbox->mu);
    is_empty = inbox->first == NULL;
    pthread_mutex_unlock(&inbox->mu);
    return is_empty;
}

bool sx_inbox_has_ordered(struct sx_inbox *inbox)
{
    bool has_ordered;
    pthread_mutex_lock(&inbox->mu);
    has_ordered = inbox->ordered > 0;
    pthread_mutex_unlock(&inbox->mu);
    return has_ordered;
}

size_t sx_inbox_backlog_bytes(struct sx_inbox *inbox)
{
    size_t bytes;
    pthread_mutex_lock(&inbox->mu);
    bytes = inbox->queued_bytes + inbox->unsent_bytes;
    pthread_mutex_unlock(&inbox->mu);
    return bytes;
}
