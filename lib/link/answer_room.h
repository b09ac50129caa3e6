/* answer_room.h - the room that the large answers of one link have together.
 *
 * Noun: the room, places among those that are being sent and memory for what they are. Both are
 * bounded, and all accounts share them (transfer/share.h).
 *
 * Invariant: nothing ends here. Either it says which answers of others are to be given up so that
 * there is room, or nobody has to go. An account keeps its share.
 *
 * Happy path: the share has room, and nobody asks here. Without: make_place or make_memory -> the
 * caller ends those that yield -> there is room.
 * Failure: nobody may go yet, or the account has its share: false. What may_wait allows gets a
 * place later; for memory nobody waits.
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
    struct sx_share share; /* of those that are being sent: the caller lets them enter and leave */
    /* answer_room.c's */
    const struct sx_session *session;
    const struct sx_shipment_list *answers;
    int64_t make_place_us; /* not before: nobody may go yet */
};

/* Those that are to be given up, the one that got on longest ago first. */
struct sx_answer_room_yielders {
    struct sx_shipment *list[SX_ANSWER_ROOM_PLACES];
    unsigned count;
};

/* Its memory is what is free now. answers: all that are sent or wait. Both must outlive it. */
void sx_answer_room_init(struct sx_answer_room *room, const struct sx_session *session,
                         const struct sx_shipment_list *answers);
void sx_answer_room_fini(struct sx_answer_room *room); /* all have left the share */

/* Whether its account, with those of its answers that wait, keeps within its share. In memory, too:
 * what waits makes no room for others. Its only one gets a place before long. */
bool sx_answer_room_may_wait(const struct sx_answer_room *room, const struct sx_shipment *answer);

/* Whether there is a place, or memory, for this answer once the yielders have gone. False: there
 * are none. */
bool sx_answer_room_make_place(struct sx_answer_room *room, const struct sx_shipment *answer,
                               struct sx_answer_room_yielders *yielders);
bool sx_answer_room_make_memory(struct sx_answer_room *room, const struct sx_shipment *answer,
                                struct sx_answer_room_yielders *yielders);

#endif
