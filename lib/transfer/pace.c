/* pace.c - the steps of a transfer. Invariant: pace.h. */
#include "transfer/pace.h"

enum {
    STEPS = 1024,
    LEAST_STEP_BYTES = 1024, /* no block is smaller but the last */
    MOST_STEP_BYTES = 32768,
    LEAST_TIME_US = 10000000,
    GOOD_BYTES_PER_MS = 64
};

void sx_pace_begin(struct sx_pace *pace, size_t size, int64_t now_us)
{
    *pace =
        (struct sx_pace){.step_us = now_us, .begun_us = now_us, .heard_us = now_us, .size = size};
}

static size_t step_bytes(size_t size)
{
    size_t bytes = size / STEPS;
    if (bytes < LEAST_STEP_BYTES)
        return LEAST_STEP_BYTES;
    return bytes < MOST_STEP_BYTES ? bytes : MOST_STEP_BYTES;
}

bool sx_pace_note(struct sx_pace *pace, size_t done, int64_t now_us)
{
    if (done <= pace->most)
        return false;
    pace->most = done;
    pace->heard_us = now_us;
    if (done < pace->size && done - pace->counted < step_bytes(pace->size))
        return false;
    pace->counted = done;
    pace->step_us = now_us;
    return true;
}

void sx_pace_resume(struct sx_pace *pace, int64_t now_us)
{
    pace->heard_us = now_us;
}

int64_t sx_pace_due_us(const struct sx_pace *pace)
{
    int64_t pause_us = pace->heard_us + SX_PACE_PAUSE_US;
    int64_t step_us = pace->step_us + SX_PACE_STEP_US;
    return pause_us < step_us ? pause_us : step_us;
}

bool sx_pace_has_had_its_time(const struct sx_pace *pace, int64_t now_us)
{
    return now_us - pace->begun_us >=
           LEAST_TIME_US + (int64_t)(pace->size / GOOD_BYTES_PER_MS) * 1000;
}
