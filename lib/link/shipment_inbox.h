/* shipment_inbox.h - shipments that any thread has added and the loop thread has yet to take.
 *
 * Noun: the inbox of a link's shipments, which also knows how many of its answers are not over.
 *
 * Invariant: an answer is counted from add to end_answer, once each. Those that found no room in
 * memory (base/memory.h) are also counted apart, from add to take.
 *
 * Happy path: is_full? -> add -> take -> ... -> end_answer; drained waits for the last of these.
 * Failure: is_full or is_short: the caller adds none. The link will not come online again: drained
 * waits no longer.
 *
 * Thread: any, but for init and fini; one mutex, and nothing is called with it held. Only drained
 * blocks.
 */
#ifndef SX_LINK_SHIPMENT_INBOX_H
#define SX_LINK_SHIPMENT_INBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "link/answer_room.h"
#include "link/shipment.h"

/* The most answers that are being sent or wait. Shares shrink as accounts come: if 64 accounts come
 * one after the other, and each fills its share of that moment, they have 64 + 32 + 21 + ... + 1 =
 * 280. */
enum { SX_SHIPMENT_INBOX_ANSWERS = 5 * SX_ANSWER_ROOM_PLACES };

/* shipment_inbox.c's, under mu */
struct sx_shipment_inbox {
    pthread_mutex_t mu;
    pthread_cond_t drained;
    struct sx_shipment_list list;
    unsigned answers;   /* added and not over */
    unsigned uncounted; /* of those in the list */
    bool is_hopeless;   /* the link won't come online by itself */
};

bool sx_shipment_inbox_init(struct sx_shipment_inbox *inbox); /* false: no memory */
void sx_shipment_inbox_fini(struct sx_shipment_inbox *inbox); /* frees those that nobody took */

/* Whether no answer is to be added: is_full none at all, is_short none that found no memory. */
bool sx_shipment_inbox_is_full(struct sx_shipment_inbox *inbox);
bool sx_shipment_inbox_is_short(struct sx_shipment_inbox *inbox);

unsigned sx_shipment_inbox_answers(struct sx_shipment_inbox *inbox); /* added and not over */

/* Takes it over, in any case. */
void sx_shipment_inbox_add(struct sx_shipment_inbox *inbox, struct sx_shipment *shipment);

/* Moves all to the end of the list; they are the caller's then. */
void sx_shipment_inbox_take(struct sx_shipment_inbox *inbox, struct sx_shipment_list *list);

/* An answer that was added is over. */
void sx_shipment_inbox_end_answer(struct sx_shipment_inbox *inbox);

/* Waits until no answer is left; false at the deadline, or as soon as there is no hope. */
bool sx_shipment_inbox_drained(struct sx_shipment_inbox *inbox, int64_t deadline);
void sx_shipment_inbox_set_hopeless(struct sx_shipment_inbox *inbox, bool is_hopeless);

/* The shipment of a call, if nobody has taken it yet; NULL: none. It stays until somebody does. */
struct sx_shipment *sx_shipment_inbox_find(struct sx_shipment_inbox *inbox, uint64_t call_number);

/* As sx_shipment_readdress, for those that nobody has taken yet. */
void sx_shipment_inbox_readdress(struct sx_shipment_inbox *inbox, const char *from, const char *id);

#endif
