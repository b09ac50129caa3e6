/* random.h - numbers that nobody can guess, from the kernel.
 *
 * Any thread. Waits only while the machine has just been started (getrandom(2)).
 */
#ifndef SX_BASE_RANDOM_H
#define SX_BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SX_RANDOM_MOST_BYTES = 256 }; /* up to here the kernel gives all or nothing */

/* Fills len <= SX_RANDOM_MOST_BYTES bytes. false: the kernel gives none, out is undefined; for what
 * must not be guessed that is an error. */
bool sx_random_fill(void *out, size_t len);

/* For a choice that may be guessed: without the kernel's help it is the clock's. */
uint64_t sx_random_number(void);

#endif
