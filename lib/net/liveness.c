/* liveness.c - the machine: silent or not, asked or not, and since when.
 *
 * Invariant: asked_us and ping_at_bytes mean something only while asking, missed_us only while
 * missing, flight_us only while sent.
 *
 * Happy path and failure: liveness.h. Nothing here can fail.
 */
#include "net/liveness.h"

/* How often within ping_timeout_us the flight is looked at, while there is any. */
enum { LOOKS_PER_TIMEOUT = 4, SOON_US = 1000 };

void sx_liveness_begin(struct sx_liveness *liveness, int64_t keepalive_us, int64_t ping_timeout_us,
                       uint64_t heard_bytes, uint64_t acked_bytes, int64_t now_us)
{
    *liveness = (struct sx_liveness){
        .keepalive_us = keepalive_us,
        .ping_timeout_us = ping_timeout_us,
        .heard_bytes = heard_bytes,
        .heard_us = now_us,
        .acked_bytes = acked_bytes,
        .read_us = now_us,
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

void sx_liveness_send(struct sx_liveness *liveness, int64_t now_us)
{
    if (liveness->sent)
        return;
    liveness->sent = true;
    liveness->flight_us = now_us + liveness->ping_timeout_us / LOOKS_PER_TIMEOUT;
}

/* While asking at each look: an answer that comes then finds the ping acknowledged, and an idle
 * link needs no further look for that. */
bool sx_liveness_wants_flight(const struct sx_liveness *liveness, int64_t now_us)
{
    return liveness->asking || (liveness->sent && now_us >= liveness->flight_us);
}

/* How many bytes are new to the server that it has to read before it can answer. What follows a
 * ping doesn't count: a server's kernel acknowledges for a program that hangs. */
static uint64_t count_new(const struct sx_liveness *liveness, uint64_t acked_bytes)
{
    if (liveness->asking && acked_bytes > liveness->ping_at_bytes)
        acked_bytes = liveness->ping_at_bytes;
    return acked_bytes > liveness->acked_bytes ? acked_bytes - liveness->acked_bytes : 0;
}

static void grant_reading(struct sx_liveness *liveness, uint64_t new_bytes, int64_t now_us)
{
    const int64_t byte_us = 1000000 / SX_LIVENESS_READ_BYTES_PER_S;
    int64_t latest_us = now_us + SX_LIVENESS_UNREAD_BYTES * byte_us;
    if (new_bytes > SX_LIVENESS_UNREAD_BYTES)
        new_bytes = SX_LIVENESS_UNREAD_BYTES;
    if (liveness->read_us < now_us)
        liveness->read_us = now_us;
    liveness->read_us += (int64_t)new_bytes * byte_us;
    if (liveness->read_us > latest_us)
        liveness->read_us = latest_us;
}

static void note_missing(struct sx_liveness *liveness, const struct sx_flight *flight,
                         int64_t now_us)
{
    if (!liveness->missing || flight->acked_bytes > liveness->acked_bytes)
        liveness->missed_us = now_us;
    if (liveness->missed_us < flight->acked_us)
        liveness->missed_us = flight->acked_us;
    liveness->missing = flight->is_missed;
}

void sx_liveness_see(struct sx_liveness *liveness, const struct sx_flight *flight, int64_t now_us)
{
    uint64_t new_bytes = count_new(liveness, flight->acked_bytes);
    if (new_bytes) {
        liveness->asked_us = now_us;
        grant_reading(liveness, new_bytes, now_us);
    }
    note_missing(liveness, flight, now_us);
    if (flight->acked_bytes > liveness->acked_bytes)
        liveness->acked_bytes = flight->acked_bytes;
    liveness->sent = flight->owed_bytes > 0;
    liveness->flight_us = now_us + liveness->ping_timeout_us / LOOKS_PER_TIMEOUT;
}

void sx_liveness_ask(struct sx_liveness *liveness, const struct sx_flight *flight, int64_t now_us)
{
    sx_liveness_see(liveness, flight, now_us);
    liveness->wanted = false;
    liveness->asking = true;
    liveness->asked_us = now_us;
    liveness->ping_at_bytes = flight->acked_bytes + flight->owed_bytes;
}

static int64_t later(int64_t a_us, int64_t b_us)
{
    return a_us > b_us ? a_us : b_us;
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

/* Of the ping that is out. */
static enum sx_liveness_verdict judge_ping(const struct sx_liveness *liveness, int64_t now_us,
                                           int64_t *due_us)
{
    int64_t since_us = later(liveness->asked_us, liveness->read_us);
    int64_t end_us = since_us + liveness->ping_timeout_us;
    *due_us = now_us < end_us ? end_us : now_us + liveness->ping_timeout_us;
    if (now_us < end_us)
        return SX_LIVENESS_CALM;
    return now_us < end_us + liveness->ping_timeout_us ? SX_LIVENESS_GONE : SX_LIVENESS_ASK;
}

/* Of the silence, as long as no ping is out. */
static enum sx_liveness_verdict judge_silence(const struct sx_liveness *liveness, int64_t now_us,
                                              int64_t *due_us)
{
    int64_t end_us = liveness->heard_us + liveness->keepalive_us;
    bool asks = liveness->wanted || now_us >= end_us;
    *due_us = asks ? now_us + liveness->ping_timeout_us : end_us;
    return asks ? SX_LIVENESS_ASK : SX_LIVENESS_CALM;
}

enum sx_liveness_verdict sx_liveness_look(const struct sx_liveness *liveness, int64_t now_us,
                                          int64_t *due_us)
{
    int64_t missed_until_us = liveness->missed_us + liveness->ping_timeout_us;
    enum sx_liveness_verdict verdict = liveness->asking ? judge_ping(liveness, now_us, due_us)
                                                        : judge_silence(liveness, now_us, due_us);
    if (liveness->missing && now_us >= missed_until_us)
        return SX_LIVENESS_GONE;
    if (liveness->missing)
        *due_us = earlier(*due_us, missed_until_us);
    if (liveness->sent)
        *due_us = earlier(*due_us, later(liveness->flight_us, now_us + SOON_US));
    return verdict;
}
