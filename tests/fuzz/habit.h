/* habit.h - an input of which some draws are noted, to be drawn again when it has been read.
 *
 * For fuzzers whose hostile ones go on, in the end, with the last things that they have done.
 */
#ifndef TESTS_FUZZ_HABIT_H
#define TESTS_FUZZ_HABIT_H

#include <stdbool.h>

#include "fuzz.h"

enum { HABIT_BYTES = 96 };

struct habit {
    struct fuzz_input input; /* set by the owner, the rest zero; fuzz_draw() notes nothing */
    /* its own */
    uint8_t bytes[HABIT_BYTES];
    size_t len; /* 0: nothing has been noted */
    bool is_noting;
};

/* As fuzz_draw(). Between begin and end it is noted; the 0 behind the input's end isn't. */
unsigned habit_draw(struct habit *habit, unsigned below);

/* Forgets what was noted, unless there is room for so many bytes more. */
void habit_make_room(struct habit *habit, size_t bytes);

/* Something begins that will be done again: first its number, below 256, is noted. */
void habit_begin(struct habit *habit, unsigned number);
void habit_end(struct habit *habit); /* allowed without a begin */

/* What was noted is the input again. It has been read. */
void habit_repeat(struct habit *habit);

#endif
