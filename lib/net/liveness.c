#include "net/liveness.h"

/* How often within ping_timeout_us it is looked whether a ping behind a queue comes nearer. */
enum { LOOKS_PER_TIMEOUT = 4 };

void sx_liveness_begin(struct sx_liveness *pulse, int64_t keepalive_us, int64_t ping_timeout_us,
                       uint64_t heard_bytes, int64_t now_us)
{
    *pulse = (struct sx_liveness){
        .keepalive_us = keepalive_us,
        .ping_timeout_us = ping_timeout_us,
        .heard_bytes = heard_bytes,
        .heard_us = now_us,
    };
}

void sx_liveness_hear(struct sx_liveness *pulse, uint64_t heard_bytes, int64_t now_us)
{
    if (heard_bytes == pulse->heard_bytes)
        return;
    pulse->heard_bytes = heard_bytes;
    pulse->heard_us = now_us;
    pulse->asking = false;
}

void sx_liveness_want(struct sx_liveness *pulse)
{
    if (!pulse->asking)
        pulse->wanted = true;
}

void sx_liveness_ask(struct sx_liveness *pulse, uint64_t acked_bytes, uint64_t owed_bytes,
                     int64_t now_us)
{
    pulse->wanted = false;
    pulse->asking = true;
    pulse->asked_us = now_us;
    pulse->acked_bytes = acked_bytes;
    pulse->ping_at_bytes = acked_bytes + owed_bytes;
}

/* What follows the ping doesn't count: a server's kernel acknowledges for a program that hangs. */
static bool is_on_its_way(const struct sx_liveness *pulse)
{
    return pulse->acked_bytes < pulse->ping_at_bytes;
}

void sx_liveness_reach(struct sx_liveness *pulse, uint64_t acked_bytes, int64_t now_us)
{
    if (!pulse->asking || acked_bytes <= pulse->acked_bytes)
        return;
    if (is_on_its_way(pulse))
        pulse->asked_us = now_us;
    pulse->acked_bytes = acked_bytes;
}

enum sx_liveness_verdict sx_liveness_look(const struct sx_liveness *pulse, int64_t now_us,
                                          int64_t *due_us)
{
    int64_t waited_us = now_us - pulse->asked_us, left_us = pulse->ping_timeout_us - waited_us;
    int64_t step_us = pulse->ping_timeout_us / LOOKS_PER_TIMEOUT;
    *due_us = now_us + pulse->ping_timeout_us;
    if (!pulse->asking) {
        if (pulse->wanted || now_us - pulse->heard_us >= pulse->keepalive_us)
            return SX_LIVENESS_ASK;
        *due_us = pulse->heard_us + pulse->keepalive_us;
        return SX_LIVENESS_CALM;
    }
    if (left_us <= 0)
        return waited_us < 2 * pulse->ping_timeout_us ? SX_LIVENESS_GONE : SX_LIVENESS_ASK;
    *due_us = now_us + (is_on_its_way(pulse) && step_us < left_us ? step_us : left_us);
    return SX_LIVENESS_CALM;
}
