/* deadline.c - when a command has to be done, all of it.
 *
 * Invariant: what is left never grows. */
#include "deadline.h"

#include <time.h>

long long deadline_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

long long deadline_now_ms(void)
{
    return deadline_now_us() / 1000;
}

struct deadline deadline_after(long long timeout_ms)
{
    struct deadline deadline = {.end_ms = timeout_ms < 0 ? -1 : deadline_now_ms() + timeout_ms};
    return deadline;
}

int deadline_left_ms(const struct deadline *deadline, int most_ms)
{
    long long left;
    if (deadline->end_ms < 0)
        return most_ms;
    left = deadline->end_ms - deadline_now_ms();
    if (left < 0)
        return 0;
    return left < most_ms ? (int)left : most_ms;
}

int deadline_is_over(const struct deadline *deadline)
{
    return deadline->end_ms >= 0 && deadline_now_ms() >= deadline->end_ms;
}
