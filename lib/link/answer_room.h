/* answer_room.h - the room that the large answers of one link have together.
 *
 * Noun: the room: places for answers that are being sent, and memory for their bytes. Both are
 * bounded, and all accounts share them (transfer/share.h).
 *
 * Invariant: no answer is ended here. Either the yielders are enough to make room, or there are
 * none. No account is made to fall below its share.
 *
 * Happy path: while the share has room nobody asks here. Otherwise make_place or make_memory -> the
 * caller ends the yielders -> there is room.
 * Failure: no answer may be given up yet, or the account has its share already: false. An answer
 * that may_wait allows gets a place later; for memory nobody waits.
 *
 * Thread: the loop's. Nothing blocks.
 */
#ifndef SX_LINK_ANSWER_ROOM_H
#define SX_LINK_ANSWER_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "link/session.h"
#include "link/shipment.h"
#include "transfer/share.h"

enum { SX_ANSWER_ROOM_PLACES = 64 };

/* Why an answer without a place has failed. */
#define SX_ANSWER_ROOM_FULL "too many are on their way"

struct sx_answer_room {
    struct sx_share share; /* of answers being sent: the caller enters and leaves it */
    /* answer_room.c's */
    const struct sx_session *session;
    const struct sx_shipment_list *answers;
    int64_t make_place_us; /* when to look for yielders again */
};

/* Answers that are to be given up, the one whose last step is longest ago first. */
struct sx_answer_room_yielders {
    struct sx_shipment *list[SX_ANSWER_ROOM_PLACES];
    unsigned count;
};

/* answers: all that are being sent or wait. Both must outlive the room. */
void sx_answer_room_init(struct sx_answer_room *room, const struct sx_session *session,
                         const struct sx_shipment_list *answers);
void sx_answer_room_fini(struct sx_answer_room *room); /* all have left the share */

/* Whether the answer may wait for a place: its account, with this answer and all others of it that
 * wait, keeps within its share of places, and of memory, since waiting answers make no room for
 * others. For the only answer of an account the memory doesn't count: it gets a place before long.
 */
bool sx_answer_room_may_wait(const struct sx_answer_room *room, const struct sx_shipment *answer);

/* Whether there is a place, or memory, for this answer once the caller has ended the yielders,
 * which may be none. False: there is no room, and no yielder. */
bool sx_answer_room_make_place(struct sx_answer_room *room, const struct sx_shipment *answer,
                               struct sx_answer_room_yielders *yielders);
bool sx_answer_room_make_memory(struct sx_answer_room *room, const struct sx_shipment *answer,
                                struct sx_answer_room_yielders *yielders);

#endif
