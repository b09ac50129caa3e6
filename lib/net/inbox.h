/* inbox.h - stanzas on their way from any thread to the one that writes them.
 *
 * Noun: the inbox of one link. It takes stanzas for one session at a time, in their order, up to
 * max_bytes together with what the connection has and hasn't written yet.
 *
 * Invariant: what was posted to a session is taken in that session or freed.
 *
 * Thread: post, is_empty and backlog_bytes: any; the others: the loop thread. A lock of its own, no
 * call out under it.
 */
#ifndef SX_NET_INBOX_H
#define SX_NET_INBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define SX_INBOX_NO_WAIT INT64_C(0) /* a deadline: room is there at once, or not */

struct sx_inbox_item {
    struct sx_inbox_item *next;
    uint64_t session;
    char *bytes; /* bytes[len] is NUL */
    size_t len;
    bool keeps_order;  /* it doesn't overtake others */
    int64_t posted_us; /* when it was appended */
    uint64_t turn;     /* outlet.c's */
};

struct sx_inbox {
    size_t max_bytes; /* immutable */
    pthread_mutex_t mu;
    /* under mu */
    pthread_cond_t room;
    struct sx_inbox_item *first, *last;
    size_t queued_bytes; /* of these */
    size_t ordered;      /* how many of them keep their order */
    size_t unsent_bytes; /* taken and not written yet, as of the last look */
    uint64_t session;    /* 0 while offline */
};

/* 0 or an errno; nothing is to be undone then. */
int sx_inbox_init(struct sx_inbox *inbox, size_t max_bytes);
void sx_inbox_fini(struct sx_inbox *inbox);

/* From now on it takes stanzas for this session. */
void sx_inbox_open(struct sx_inbox *inbox, uint64_t session);
/* It takes none, what it has is freed, and whoever waits for room gets SX_ELOST. */
void sx_inbox_close(struct sx_inbox *inbox);

/* Appends a stanza (malloc'ed), which is the inbox's in any case. Waits for room until the
 * deadline. SX_EROOM: there was none; SX_ELOST: the session isn't there, or no longer; SX_ENOMEM.
 */
enum sx_err sx_inbox_post(struct sx_inbox *inbox, uint64_t session, char *stanza, size_t len,
                          bool keeps_order, int64_t deadline);

/* All that is there, in order; NULL: nothing. It counts as unsent until the next set_unsent. */
struct sx_inbox_item *sx_inbox_take(struct sx_inbox *inbox);
void sx_inbox_free_items(struct sx_inbox_item *items); /* NULL allowed */

/* How much of what was taken isn't written yet. */
void sx_inbox_set_unsent(struct sx_inbox *inbox, size_t bytes);

bool sx_inbox_is_empty(struct sx_inbox *inbox);
bool sx_inbox_has_ordered(struct sx_inbox *inbox); /* one that keeps its order */
/* Bytes posted and not written yet. */
size_t sx_inbox_backlog_bytes(struct sx_inbox *inbox);

#endif
