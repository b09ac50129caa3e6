/* answer_patience.c - when an answer is given up. Invariant and paths: answer_patience.h. */
#include "link/answer_patience.h"

#include "link/answer_room.h"

enum { LOOK_AGAIN_US = 1000000 /* whether there is a place */ };

static int64_t least(int64_t one_us, int64_t other_us)
{
    return one_us < other_us ? one_us : other_us;
}

/* As sx_pace_due_us says, but for the time that we weren't online. */
static int64_t count_pace_us(const struct sx_sender *sender, int64_t online_us, int64_t now_us)
{
    int64_t pause_us = sx_sender_stalled_us(sender, now_us);
    int64_t step_us = now_us - sx_sender_pace(sender)->step_us;
    return least(SX_PACE_PAUSE_US - least(pause_us, online_us),
                 SX_PACE_STEP_US - least(step_us, online_us));
}

int64_t sx_answer_patience_left_us(const struct sx_session *session,
                                   const struct sx_shipment *answer, int64_t online_since_us,
                                   int64_t now_us, const char **condition, const char **why)
{
    const struct sx_sender *sender = answer->sender;
    int64_t online_us = now_us - online_since_us;
    int64_t idle_us =
        answer->waits ? now_us - answer->added_us : sx_sender_stalled_us(sender, now_us);
    int64_t idle_left_us = sx_session_timeout_us(session) - least(idle_us, online_us);
    if (answer->waits) {
        *condition = "resource-constraint";
        *why = SX_ANSWER_ROOM_FULL;
        return least(idle_left_us, LOOK_AGAIN_US);
    }
    *condition = "recipient-unavailable";
    *why = idle_left_us <= 0 ? "nobody takes them" : "they are taken too slowly";
    return least(idle_left_us, count_pace_us(sender, online_us, now_us));
}
