/* pace.h - whether the bytes of a transfer come fast enough for the place that it has.
 *
 * Noun: the pace. It is counted in steps: a 1,024th of the message, 1 KiB at least, 32 KiB at most.
 * A transfer that brings nothing new for SX_PACE_PAUSE_US, or makes no step for SX_PACE_STEP_US, is
 * given up. The latter is twice the former: a peer that makes a step in every 120 s may be cut off
 * for 120 s at any time. For that a message of 64 MiB needs 273 bytes a second and one of 1 MiB 9,
 * half of it if they are never cut off. Each is over after some 68 hours (137 for 64 MiB) even if
 * its peer does no more than it must. A line of 20 kbit/s brings 1,800 bytes a second, a server
 * that slows its clients down to 1 KB/s lets 700 through.
 *
 * Invariant: only bytes beyond the most that were ever there count. To lose some and bring them
 * again is no progress. Opening the session again ends a pause, so that a peer that was cut off for
 * long has time for its first block, but it is no step.
 *
 * A transfer that has had its time (10 s, and as long as its bytes take at 64 KiB a second) may
 * have to make room for others (share.h), whatever its pace.
 *
 * No clock: now_us is the caller's. One thread at a time.
 */
#ifndef SX_TRANSFER_PACE_H
#define SX_TRANSFER_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SX_PACE_PAUSE_US = 120000000, SX_PACE_STEP_US = 240000000 };

struct sx_pace {
    int64_t step_us; /* when the last step was made */
    /* pace.c's */
    int64_t begun_us, heard_us; /* heard: something new, or an open */
    size_t size, counted, most; /* bytes: of the message, at the last step, the most ever */
};

void sx_pace_begin(struct sx_pace *pace, size_t size, int64_t now_us);

/* done: bytes that are there now. Whether that is a step. */
bool sx_pace_note(struct sx_pace *pace, size_t done, int64_t now_us);

/* Its session was opened again. */
void sx_pace_resume(struct sx_pace *pace, int64_t now_us);

/* When it is to be given up unless it makes progress before. */
int64_t sx_pace_due_us(const struct sx_pace *pace);

bool sx_pace_has_had_its_time(const struct sx_pace *pace, int64_t now_us);

#endif
