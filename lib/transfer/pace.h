/* pace.h - whether the bytes of a transfer come fast enough for the place that it has.
 *
 * Noun: the pace. It is counted in steps: a 1,024th of the message, 1 KiB at least, 32 KiB at most.
 * A transfer that makes no step for SX_PACE_STEP_US is given up. So a message of 64 MiB needs 273
 * bytes a second, one of 1 MiB needs 9, and each is over after some 34 hours (68 for 64 MiB) even
 * if its peer does no more than it must. A line of 20 kbit/s brings 1,800 bytes a second, a server
 * that slows its clients down to 1 KB/s lets 700 through.
 *
 * Invariant: the most bytes that were there at any time count. To lose some and bring them again is
 * no progress, nor is it to bring none: a session that is opened again counts once in a step, so
 * that one who was cut off for long has time for its first block.
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

enum { SX_PACE_STEP_US = 120000000 };

struct sx_pace {
    int64_t step_us; /* when the last step was made, or the session was opened again */
    /* pace.c's */
    int64_t begun_us;
    size_t size, counted; /* bytes: of the message, at the last step */
    bool has_resumed;     /* since that step */
};

void sx_pace_begin(struct sx_pace *pace, size_t size, int64_t now_us);

/* So many bytes are there now; whether that is a step. */
bool sx_pace_note(struct sx_pace *pace, size_t done, int64_t now_us);

/* Its session was opened again; whether that counts. */
bool sx_pace_resume(struct sx_pace *pace, int64_t now_us);

/* When it is given up unless it makes a step. */
int64_t sx_pace_due_us(const struct sx_pace *pace);

bool sx_pace_has_had_its_time(const struct sx_pace *pace, int64_t now_us);

#endif
