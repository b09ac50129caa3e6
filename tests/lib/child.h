/* child.h - a process of a test's own, which talks in lines and may be killed at any time.
 *
 * What it says stays: an event that has come before it is awaited isn't lost. It gets the end of
 * its input when the test ends, however that ends, and is to end with it.
 *
 * Thread: one at a time.
 */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <stdbool.h>

struct child;

/* The program of that name, from the folder of this one; argv[0] is for it to choose. NULL: no
 * memory, descriptors or processes. */
struct child *child_start(const char *name, const char *const *argv);

/* A line for its input; one that has died doesn't hear it. */
void child_tell(struct child *child, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first line it said, ever, that begins with these words; waits for it. NULL, with all that was
 * said on standard error, when the time is over or it says no more. Valid until the child is freed.
 */
const char *child_await(struct child *child, const char *words, int timeout_ms);

/* Whether it has said such a line by now, as far as that has come here. Doesn't wait. */
bool child_has(struct child *child, const char *words);

/* Lets it stand still; true when all of its threads do. And go on. */
bool child_freeze(struct child *child);
void child_thaw(struct child *child);

/* SIGKILL; returns when it is dead. */
void child_kill(struct child *child);

/* Ends its input, waits for it and frees. Returns its exit code; 128 and the signal that ended it.
 * A child that doesn't end within 20 s is killed. NULL allowed: 0. */
int child_stop(struct child *child);

#endif
