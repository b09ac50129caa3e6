/* speed.c - marks, samples, the verdict.
 *
 * Invariant: read <= marked <= written, and run <= marked while a mark is out and is_running.
 *
 * Happy path and failure: speed.h. Nothing here can fail.
 *
 * What is measured begins with the first large stanza behind what was proved: small ones before it
 * may have been read long ago. It goes on from each proof while more has been written.
 */
#include "net/speed.h"

#include "base/clock.h"
#include "net/liveness.h"

enum {
    SLOW_US = 1000000, /* a mark that makes the verdict slow takes longer */
    SHORT_US = 100000, /* and any slow one longer than this */
    REST_US = 500000,  /* after so long a server may take a burst again */
    AHEAD_US = 500000, /* what a slow server may have to read, and its round trip */
    LEAST_AHEAD_BYTES = 1024,
    UNKNOWN_AHEAD_BYTES = 16384,
    UNKNOWN_MARK_BYTES = 16384, /* of large stanzas, from mark to mark */
    FAST_MARK_BYTES = 262144,
    SURE_SAMPLES = 3,
    SURE_US = 2000000,
    REMEMBERED_US = 20000000, /* older samples count half */
    VALID_US = 30000000       /* who is refused for a speed measures nothing */
};

void sx_speed_begin(struct sx_speed *speed, int64_t round_trip_us, int64_t now_us)
{
    *speed = (struct sx_speed){
        .verdict = speed->verdict,
        .round_trip_us = round_trip_us,
        .answered_us = now_us - REST_US,
        .slow_samples = speed->slow_samples,
        .slow_bytes = speed->slow_bytes,
        .slow_us = speed->slow_us,
        .longest_bytes = speed->longest_bytes,
        .longest_us = speed->longest_us,
        .sampled_us = speed->sampled_us,
    };
}

/* ---- what a slow server may be given ---- */

static uint64_t bytes_in(uint64_t bytes_per_s, int64_t us)
{
    return bytes_per_s * (uint64_t)us / 1000000;
}

static uint64_t slow_bytes_per_s(const struct sx_speed *speed)
{
    return speed->slow_us ? speed->slow_bytes * 1000000 / (uint64_t)speed->slow_us : 0;
}

static uint64_t most_ahead(const struct sx_speed *speed)
{
    uint64_t bytes = bytes_in(slow_bytes_per_s(speed), AHEAD_US + speed->round_trip_us);
    return bytes > LEAST_AHEAD_BYTES ? bytes : LEAST_AHEAD_BYTES;
}

/* Small stanzas alone must not keep large ones back for ever. */
static bool has_turn(const struct sx_speed *speed)
{
    return speed->large == speed->large_read &&
           speed->written - speed->last_large_end >= speed->last_large_bytes;
}

bool sx_speed_may_write(const struct sx_speed *speed)
{
    switch (speed->verdict) {
    case SX_SPEED_FAST:
        return true;
    case SX_SPEED_UNKNOWN:
        return speed->large - speed->large_read < UNKNOWN_AHEAD_BYTES;
    case SX_SPEED_SLOW:
        break;
    }
    return speed->written - speed->read < most_ahead(speed) || has_turn(speed);
}

/* ---- what is written ---- */

/* What was written before a rest and has no mark was read long ago, or else this one tells. */
static void begin_run(struct sx_speed *speed, int64_t now_us)
{
    bool has_rested = !speed->is_marked && now_us >= speed->last_large_us + REST_US;
    if (speed->is_running && !has_rested)
        return;
    speed->is_running = true;
    speed->run = speed->written;
    speed->run_us = now_us;
    if (now_us >= speed->answered_us + REST_US)
        speed->prompt_bytes = 0;
}

void sx_speed_write(struct sx_speed *speed, size_t bytes, bool is_large, int64_t now_us)
{
    if (is_large)
        begin_run(speed, now_us);
    speed->written += bytes;
    if (!is_large)
        return;
    speed->last_large_us = now_us;
    speed->large += bytes;
    speed->last_large_end = speed->written;
    speed->last_large_bytes = bytes;
}

void sx_speed_note_post(struct sx_speed *speed, int64_t posted_us)
{
    if (!speed->oldest_us)
        speed->oldest_us = posted_us;
}

int64_t sx_speed_unread_us(const struct sx_speed *speed)
{
    if (speed->oldest_marked_us)
        return speed->oldest_marked_us;
    return speed->oldest_us ? speed->oldest_us : SX_NEVER;
}

void sx_speed_ask(struct sx_speed *speed)
{
    speed->is_asked = speed->oldest_us != 0;
}

static uint64_t bytes_per_mark(const struct sx_speed *speed)
{
    switch (speed->verdict) {
    case SX_SPEED_FAST:
        return FAST_MARK_BYTES;
    case SX_SPEED_UNKNOWN:
        return UNKNOWN_MARK_BYTES;
    case SX_SPEED_SLOW:
        break;
    }
    return 1;
}

bool sx_speed_wants_mark(const struct sx_speed *speed, bool is_waiting)
{
    return !speed->is_marked && (is_waiting || speed->is_asked ||
                                 speed->large - speed->large_marked >= bytes_per_mark(speed));
}

void sx_speed_mark(struct sx_speed *speed, size_t bytes, int64_t now_us)
{
    speed->written += bytes;
    speed->marked = speed->written;
    speed->large_marked = speed->large;
    speed->oldest_marked_us = speed->oldest_us;
    speed->oldest_us = 0;
    speed->is_asked = false;
    speed->is_marked = true;
    speed->marked_us = now_us;
}

/* ---- what was read ---- */

void sx_speed_pass(struct sx_speed *speed, int64_t now_us)
{
    speed->is_marked = false;
    speed->oldest_marked_us = 0;
    speed->read = speed->marked;
    speed->large_read = speed->large_marked;
    speed->answered_us = now_us;
    speed->is_running = speed->large > speed->large_marked;
    speed->run = speed->marked;
    speed->run_us = now_us;
}

static void forget_slow(struct sx_speed *speed)
{
    speed->slow_samples = 0;
    speed->slow_bytes = speed->longest_bytes = 0;
    speed->slow_us = speed->longest_us = 0;
}

static void fade(struct sx_speed *speed)
{
    speed->slow_us /= 2;
    speed->slow_bytes /= 2;
    speed->longest_us /= 2;
    speed->longest_bytes /= 2;
}

static void add_slow(struct sx_speed *speed, uint64_t bytes, int64_t us, int64_t now_us)
{
    if (now_us >= speed->sampled_us + VALID_US)
        forget_slow(speed);
    if (speed->slow_us > REMEMBERED_US)
        fade(speed);
    if (us > speed->longest_us) {
        speed->longest_us = us;
        speed->longest_bytes = bytes;
    }
    speed->slow_samples++;
    speed->slow_bytes += bytes;
    speed->slow_us += us;
    speed->sampled_us = now_us;
}

static void add_prompt(struct sx_speed *speed, uint64_t bytes)
{
    speed->prompt_bytes += bytes;
    if (speed->prompt_bytes < SX_SPEED_FAST_BYTES)
        return;
    speed->verdict = SX_SPEED_FAST;
    forget_slow(speed);
}

/* It is prompt by the time since the first of the bytes was written, and slow by the time since the
 * last was: what passes in between may be the sender's own rest. A mark that came back at once
 * behind little was not kept waiting: its sender had no more. */
static void take_sample(struct sx_speed *speed, int64_t now_us)
{
    uint64_t bytes = speed->marked - speed->run;
    int64_t us = now_us - speed->run_us - speed->round_trip_us;
    int64_t delay_us = now_us - speed->marked_us - speed->round_trip_us;
    if (us <= 0 || bytes >= bytes_in(SX_SPEED_SLOW_BYTES_PER_S, us)) {
        add_prompt(speed, bytes);
        return;
    }
    speed->prompt_bytes = 0;
    if (delay_us <= SHORT_US || bytes >= bytes_in(SX_SPEED_SLOW_BYTES_PER_S, delay_us))
        return;
    if (delay_us > SLOW_US)
        speed->verdict = SX_SPEED_SLOW;
    if (speed->verdict == SX_SPEED_SLOW)
        add_slow(speed, bytes, delay_us, now_us);
}

void sx_speed_answer(struct sx_speed *speed, int64_t now_us)
{
    if (!speed->is_marked)
        return;
    if (speed->is_running)
        take_sample(speed, now_us);
    sx_speed_pass(speed, now_us);
}

static int64_t us_for(uint64_t bytes, unsigned bytes_per_s)
{
    return (int64_t)(bytes * 1000000 / bytes_per_s);
}

/* From when on the mark that is out makes the server slow. */
static int64_t slow_from_us(const struct sx_speed *speed)
{
    int64_t us = us_for(speed->marked - speed->run, SX_SPEED_SLOW_BYTES_PER_S);
    return speed->marked_us + speed->round_trip_us + (us > SLOW_US ? us : SLOW_US) + 1;
}

int64_t sx_speed_look(struct sx_speed *speed, int64_t now_us)
{
    int64_t end_us = speed->marked_us + SX_SPEED_PATIENCE_US +
                     us_for(speed->marked - speed->read, SX_LIVENESS_READ_BYTES_PER_S);
    if (!speed->is_marked)
        return SX_NEVER;
    if (now_us >= end_us) {
        sx_speed_pass(speed, now_us);
        return SX_NEVER;
    }
    if (!speed->is_running || speed->verdict == SX_SPEED_SLOW)
        return end_us;
    if (now_us < slow_from_us(speed))
        return slow_from_us(speed);
    speed->prompt_bytes = 0;
    speed->verdict = SX_SPEED_SLOW;
    return end_us;
}

/* A server that reads well and stood still once isn't one that reads slowly: the longest sample
 * says nothing here. */
unsigned sx_speed_bytes_per_s(const struct sx_speed *speed, int64_t now_us)
{
    int64_t us = speed->slow_us - speed->longest_us;
    uint64_t rate;
    if (speed->verdict != SX_SPEED_SLOW || speed->slow_samples < SURE_SAMPLES || us < SURE_US ||
        now_us >= speed->sampled_us + VALID_US)
        return 0;
    rate = (speed->slow_bytes - speed->longest_bytes) * 1000000 / (uint64_t)us;
    return rate ? (unsigned)rate : 1;
}
