/* habit.c - the last draws of an input.
 *
 * Invariant: while they are drawn again nothing is noted, so they stay as they are.
 */
#include "habit.h"

static void note(struct habit *habit, unsigned drawn)
{
    if (habit->len < HABIT_BYTES)
        habit->bytes[habit->len++] = (uint8_t)drawn;
}

unsigned habit_draw(struct habit *habit, unsigned below)
{
    if (habit->is_noting && habit->input.len)
        note(habit, *habit->input.bytes);
    return fuzz_draw(&habit->input, below);
}

void habit_make_room(struct habit *habit, size_t bytes)
{
    if (habit->len > HABIT_BYTES - bytes)
        habit->len = 0;
}

void habit_begin(struct habit *habit, unsigned number)
{
    habit->is_noting = true;
    note(habit, number);
}

void habit_end(struct habit *habit)
{
    habit->is_noting = false;
}

void habit_repeat(struct habit *habit)
{
    CLAIM(!habit->is_noting && !habit->input.len);
    habit->input = (struct fuzz_input){habit->bytes, habit->len};
}
