/* liveness.c - the machine: silent or not, asked or not, and since when.
 *
 * Invariant: asked_us, acked_bytes and ping_at_bytes mean something only while asking.
 *
 * Happy path and failure: liveness.h. Nothing here can fail.
 */
#include "net/liveness.h"

/* How often within ping_timeout_us it is looked whether a ping behind a queue comes nearer. */
enum { LOOKS_PER_TIMEOUT = 4 };

void sx_liveness_begin(struct sx_liveness *liveness, int64_t keepalive_us, int64_t ping_timeout_us,
                       uint64_t heard_bytes, int64_t now_us)
{
    *liveness = (struct sx_liveness){
        .keepalive_us = keepalive_us,
        .ping_timeout_us = ping_timeout_us,
        .heard_bytes = heard_bytes,
        .heard_us = now_us,
    };
}

void sx_liveness_hear(struct sx_liveness *liveness, uint64_t heard_bytes, int64_t now_us)
{
    if (heard_bytes == liveness->heard_bytes)
        return;
    liveness->heard_bytes = heard_bytes;
    liveness->heard_us = now_us;
    liveness->asking = false;
}

void sx_liveness_want(struct sx_liveness *liveness)
{
    if (!liveness->asking)
        liveness->wanted = true;
}

void sx_liveness_ask(struct sx_liveness *liveness, uint64_t acked_bytes, uint64_t owed_bytes,
                     int64_t now_us)
{
    liveness->wanted = false;
    liveness->asking = true;
    liveness->asked_us = now_us;
    liveness->acked_bytes = acked_bytes;
    liveness->ping_at_bytes = acked_bytes + owed_bytes;
}

/* What follows the ping doesn't count: a server's kernel acknowledges for a program that hangs. */
static bool is_on_its_way(const struct sx_liveness *liveness)
{
    return liveness->acked_bytes < liveness->ping_at_bytes;
}

void sx_liveness_reach(struct sx_liveness *liveness, uint64_t acked_bytes, int64_t now_us)
{
    if (!liveness->asking || acked_bytes <= liveness->acked_bytes)
        return;
    if (is_on_its_way(liveness))
        liveness->asked_us = now_us;
    liveness->acked_bytes = acked_bytes;
}

enum sx_liveness_verdict sx_liveness_look(const struct sx_liveness *liveness, int64_t now_us,
                                          int64_t *due_us)
{
    int64_t waited_us = now_us - liveness->asked_us,
            left_us = liveness->ping_timeout_us - waited_us;
    int64_t step_us = liveness->ping_timeout_us / LOOKS_PER_TIMEOUT;
    *due_us = now_us + liveness->ping_timeout_us;
    if (!liveness->asking) {
        if (liveness->wanted || now_us - liveness->heard_us >= liveness->keepalive_us)
            return SX_LIVENESS_ASK;
        *due_us = liveness->heard_us + liveness->keepalive_us;
        return SX_LIVENESS_CALM;
    }
    if (left_us <= 0)
        return waited_us < 2 * liveness->ping_timeout_us ? SX_LIVENESS_GONE : SX_LIVENESS_ASK;
    *due_us = now_us + (is_on_its_way(liveness) && step_us < left_us ? step_us : left_us);
    return SX_LIVENESS_CALM;
}
