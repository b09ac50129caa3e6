/* answer_room.c - places and memory of large answers. Invariant and paths: answer_room.h. */
#include "link/answer_room.h"

#include "base/clock.h"

enum { MAKE_PLACE_AGAIN_US = 100000 };

static size_t count_free_bytes(const struct sx_answer_room *room)
{
    struct sx_memory_counts counts;
    sx_memory_count(sx_session_memory(room->session), &counts);
    return counts.free_bytes[SX_MEMORY_ANSWER];
}

void sx_answer_room_init(struct sx_answer_room *room, const struct sx_session *session,
                         const struct sx_shipment_list *answers)
{
    *room = (struct sx_answer_room){.session = session, .answers = answers};
    sx_share_init(&room->share, SX_ANSWER_ROOM_PLACES, count_free_bytes(room));
}

void sx_answer_room_fini(struct sx_answer_room *room)
{
    sx_share_fini(&room->share);
}

bool sx_answer_room_may_wait(const struct sx_answer_room *room, const struct sx_shipment *answer)
{
    const char *to = sx_sender_to(answer->sender);
    const struct sx_shipment *other;
    size_t own_bytes = sx_sender_size(answer->sender);
    unsigned own = 1;
    TAILQ_FOREACH(other, room->answers, in_list) {
        if (other == answer || !other->waits || !sx_shipment_is_akin(answer, other))
            continue;
        own_bytes += sx_sender_size(other->sender);
        own++;
    }
    if (own == 1 && !sx_share_find(&room->share, to))
        own_bytes = 0;
    return sx_share_is_within(&room->share, to, own, own_bytes);
}

/* ---- who yields ---- */

static int64_t step_us(const struct sx_shipment *answer)
{
    return sx_sender_pace(answer->sender)->step_us;
}

/* Answers that are being sent, the one whose last step is longest ago first. */
static void list_sent(const struct sx_answer_room *room, struct sx_answer_room_yielders *sent)
{
    struct sx_shipment *answer;
    unsigned i;
    sent->count = 0;
    TAILQ_FOREACH(answer, room->answers, in_list) {
        if (!answer->is_sending)
            continue;
        for (i = sent->count++; i > 0 && step_us(sent->list[i - 1]) > step_us(answer); i--)
            sent->list[i] = sent->list[i - 1];
        sent->list[i] = answer;
    }
}

/* Leaves in the list only those that yield; whether they make room. */
static bool choose(struct sx_answer_room *room, const struct sx_share_claim *claim, int64_t now_us,
                   struct sx_answer_room_yielders *list)
{
    struct sx_share_holder holders[SX_ANSWER_ROOM_PLACES];
    unsigned count = list->count, i;
    bool has_room;
    for (i = 0; i < count; i++) {
        const struct sx_sender *sender = list->list[i]->sender;
        holders[i] = (struct sx_share_holder){
            .account = list->list[i]->account,
            .bytes = sx_sender_size(sender),
            .has_had_its_time = sx_pace_has_had_its_time(sx_sender_pace(sender), now_us)};
    }
    has_room = sx_share_yield(&room->share, claim, holders, count, now_us);
    list->count = 0;
    for (i = 0; i < count; i++)
        if (holders[i].yields)
            list->list[list->count++] = list->list[i];
    return has_room;
}

/* Yielders are looked for once in MAKE_PLACE_AGAIN_US, not for each answer that waits. The share is
 * asked each time, so that each account is waited for (share.h). */
bool sx_answer_room_make_place(struct sx_answer_room *room, const struct sx_shipment *answer,
                               struct sx_answer_room_yielders *yielders)
{
    const struct sx_share_claim claim = {.jid = sx_sender_to(answer->sender),
                                         .max_bytes = room->share.max_bytes};
    int64_t now_us = sx_clock_now_us();
    bool is_due = now_us >= room->make_place_us;
    yielders->count = 0;
    if (!sx_share_is_within(&room->share, claim.jid, 1, 0))
        return false;
    if (is_due)
        list_sent(room, yielders);
    if (choose(room, &claim, now_us, yielders))
        return true;
    if (is_due)
        room->make_place_us = now_us + MAKE_PLACE_AGAIN_US;
    return false;
}

/* The whole, for shares: the bytes of the answers that are being sent, and what is free. */
bool sx_answer_room_make_memory(struct sx_answer_room *room, const struct sx_shipment *answer,
                                struct sx_answer_room_yielders *yielders)
{
    const struct sx_share_claim claim = {.jid = sx_sender_to(answer->sender),
                                         .bytes = sx_shipment_bytes(answer),
                                         .max_bytes = room->share.bytes + count_free_bytes(room)};
    list_sent(room, yielders);
    return choose(room, &claim, sx_clock_now_us(), yielders);
}
